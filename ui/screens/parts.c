#include "ui/screens/parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "market/rules.h"
#include "market/stats.h"
#include "ui/widgets/bars.h"
#include "ui/widgets/wrap.h"

#include "base/banned.h"

const struct column part_call_columns[PART_CALL_COLS] = {
    [PART_CALL_TIME] = {"WHEN", 8, 8, ALIGN_RIGHT, 0, 0, false, false},
    [PART_CALL_KIND] = {"KIND", 10, 10, ALIGN_LEFT, 3, 0, false, false},
    [PART_CALL_AMOUNT] = {"AMOUNT", 12, 14, ALIGN_RIGHT, 0, 0, false, false},
    [PART_CALL_PAYER] = {"PAYER", 13, 13, ALIGN_LEFT, 1, 0, false, false},
    [PART_CALL_TX] = {"TRANSACTION", 13, 66, ALIGN_LEFT, 2, 1, false, false},
    [PART_CALL_MODEL] = {"MODEL", 12, 30, ALIGN_LEFT, 0, 1, false, false},
};

void part_mark(enum mark m, struct strip *out)
{
    if (m == MARK_PROVEN)
        strip_glyph(out, GL_CHECK, ST_GOOD);
    else if (m == MARK_UNPROVEN)
        strip_str(out, "?", ST_WARN);
    else
        strip_glyph(out, GL_DASH, ST_DIM);
}

void part_name(const char *name, enum style s, struct strip *out)
{
    if (text_mixed_scripts(untrusted(name)))
        strip_str(out, "△ ", ST_WARN);
    strip_untrusted(out, untrusted(name), s);
}

/* Ages count from as_of, the end of the window: they do not move while no block arrives. */
void part_call_cell(const struct call_row *call, const struct untrusted *model, int col,
                    int64_t as_of, struct strip *out)
{
    static const char *const kinds[] = {"payment", "settlement", "inference", "transfer"};
    char text[256];
    bool paid = call->kind != CALL_INFERENCE;
    switch (col) {
    case PART_CALL_TIME:
        strip_str(out, human_age(text, as_of > call->time ? as_of - call->time : 0), ST_NORMAL);
        break;
    case PART_CALL_KIND:
        strip_str(out, kinds[call->kind], ST_DIM);
        break;
    case PART_CALL_AMOUNT:
        if (paid)
            strip_str(out, amount_format(&call->amount, text, sizeof text), ST_MONEY);
        else
            strip_str(out, "unpaid", ST_DIM);
        break;
    case PART_CALL_PAYER:
        if (paid)
            part_address(out, call->payer, 0);
        break;
    case PART_CALL_TX:
        strip_str(out, call->tx, ST_CODE);
        break;
    case PART_CALL_MODEL:
        if (model && model->n)
            strip_untrusted(out, *model, ST_STRONG);
        else
            strip_str(out, "unattributed", ST_WARN);
        break;
    default:
        break;
    }
}

static int wrap_width(struct rect r, int x)
{
    int width = r.x + r.w - 1 - x;
    return width > 10 ? width : 10;
}

static int draw_doc(struct doc *d, struct canvas *c, struct rect r, int x, int y)
{
    for (size_t i = 0; i < d->n && y < r.y + r.h; i++)
        canvas_cells(c, x, y++, wrap_width(r, x), d->line[i].cells, d->line[i].n);
    doc_release(d);
    return y;
}

int part_words(struct canvas *c, struct rect r, int x, int y, const char *own, enum style s)
{
    struct doc d;
    struct wrap w;
    doc_init(&d);
    wrap_init(&w, &d, wrap_width(r, x), canvas_charset(c), NULL, NULL);
    wrap_own(&w, own, s);
    wrap_end(&w);
    return draw_doc(&d, c, r, x, y);
}

int part_text(struct canvas *c, struct rect r, int x, int y, struct untrusted u, enum style s)
{
    struct doc d;
    doc_init(&d);
    doc_wrap(&d, u, wrap_width(r, x), canvas_charset(c), s);
    return draw_doc(&d, c, r, x, y);
}

void part_failure(const struct err *e, struct canvas *c, struct rect *area, int gap)
{
    if (!e->code)
        return;
    canvas_glyph(c, area->x + 1, area->y, GL_CROSS, ST_BAD);
    int y = part_text(c, *area, area->x + 3, area->y, untrusted(e->msg), ST_BAD);
    rect_cut_top(area, y - area->y + gap);
}

void part_unread(const struct err *e, struct canvas *c, struct rect area)
{
    rect_cut_top(&area, 1);
    if (!e->code)
        canvas_str(c, area.x + 1, area.y, area.w - 2, "reading…", ST_DIM);
    else if (e->code == SOUK_ENOTFOUND) /* nothing went wrong */
        part_text(c, area, area.x + 1, area.y, untrusted(e->msg), ST_DIM);
    else
        part_failure(e, c, &area, 0);
}

void part_tabs(struct canvas *c, struct rect r, const char *const *names, int n, int chosen,
               const char *right)
{
    enum { NARROW = 80 };
    int x = r.x;
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    for (int i = 0; i < n; i++) {
        bool on = i == chosen;
        if (on || r.w >= NARROW)
            x += canvas_strf(c, x, r.y, r.x + r.w - x, on ? ST_SORTED : ST_DIM,
                             on ? "[%s]" : " %s ", names[i]);
    }
    canvas_strf(c, x, r.y, -(r.x + r.w - x), ST_DIM, " %s ", right);
}

int part_provenance(struct canvas *c, struct rect r, int y, const char *label,
                    const struct provenance *p)
{
    int x = r.x + 20, w = r.w - 21;
    canvas_str(c, r.x + 1, y, 18, label, ST_DIM);
    if (!p->place[0]) {
        canvas_str(c, x, y, w, "not read yet", ST_DIM);
        return y + 1;
    }
    struct strip st;
    char a[HUMAN_BUF], b[HUMAN_BUF];
    strip_init(&st, canvas_charset(c));
    strip_untrusted(&st, untrusted(p->place), ST_NORMAL);
    if (p->chain)
        strip_strf(&st, ST_NORMAL, ", chain %lld, blocks %s to %s", (long long)p->chain,
                   human_count(a, (uint64_t)p->first), human_count(b, (uint64_t)p->last));
    else if (p->first >= 0)
        strip_strf(&st, ST_NORMAL, ", page %lld", (long long)p->first);
    else
        strip_str(&st, ", a model's files", ST_NORMAL);
    if (st.width + 30 > w) { /* the time goes below where it would be cut */
        canvas_strip(c, x, y++, w, &st);
        strip_init(&st, canvas_charset(c));
    } else {
        strip_str(&st, ", ", ST_DIM);
    }
    strip_strf(&st, ST_DIM, "read %s", human_time(a, p->time));
    canvas_strip(c, x, y++, w, &st);
    if (p->hash[0])
        canvas_strf(c, x, y++, w, ST_CODE, "%s", p->hash);
    return y;
}

void part_spark(const struct figures *f, int room, struct strip *out)
{
    uint32_t v[SPARK_DAYS];
    for (int i = 0; f->spark && i < SPARK_DAYS; i++)
        v[i] = f->spark[i];
    if (f->spark && room) /* each column must stand for as many days */
        spark_strip(out, room >= SPARK_DAYS ? SPARK_DAYS : SPARK_DAYS / 2, v, SPARK_DAYS,
                    ST_CHART1);
}

void part_address(struct strip *out, address a, int room)
{
    char full[ADDRESS_BUF];
    if (address_is_zero(a))
        strip_str(out, "unknown", ST_WARN);
    else if (room >= ADDRESS_BUF - 1)
        strip_str(out, address_format(a, full), ST_CODE);
    else
        strip_strf(out, ST_CODE, "%.6s…%s", address_format(a, full), full + 36);
}

void part_rules(struct strip *out, unsigned bits)
{
    for (int r = 0, n = 0; r < RULE_COUNT; r++) {
        if (bits & 1u << r) {
            strip_strf(out, rule_effect((enum rule)r) == RULE_EXCLUDE ? ST_WARN : ST_NORMAL,
                       n++ ? " %s" : "%s", rule_name((enum rule)r));
        }
    }
    if (!bits)
        strip_str(out, "–", ST_DIM);
}

void part_money(void *ud, uint64_t v, char out[CHART_LABEL])
{
    enum { FRAC = 4 };
    const struct amount *unit = ud;
    char text[U256_FMT];
    u256 value;
    u256_mul_u64(unit->value, v, &value);
    snprintf(out, CHART_LABEL, "%s", u256_format(value, unit->decimals, FRAC, text));
}

void part_count(struct strip *out, uint64_t n)
{
    char text[HUMAN_BUF];
    strip_str(out, n ? human_count(text, n) : "–", n ? ST_NORMAL : ST_DIM);
}

void part_income(struct strip *out, const struct income *in)
{
    char text[256];
    strip_str(out, income_format(in, text, sizeof text), in->n ? ST_MONEY : ST_DIM);
}

void part_age(struct strip *out, int64_t last, int64_t as_of)
{
    char text[HUMAN_BUF];
    strip_str(out, last ? human_age(text, as_of - last) : "–", last ? ST_NORMAL : ST_DIM);
}

/* --- estimates and intervals */

enum { GROWTH_BUF = 24 };

/* A ratio as a signed change: "+18 %"; what is beyond a hundredfold as "×340". */
static char *change(char out[GROWTH_BUF], double ratio, bool unit)
{
    double by = (ratio - 1) * 100;
    if (!isfinite(ratio))
        snprintf(out, GROWTH_BUF, "any");
    else if (ratio >= 100)
        snprintf(out, GROWTH_BUF, "×%.0f", ratio);
    else
        snprintf(out, GROWTH_BUF, "%s%.0f%s", by < -0.5 ? "−" : "+", fabs(by), unit ? " %" : "");
    return out;
}

static bool is_flat(double low, double high)
{
    return low <= 1 && high >= 1;
}

static enum style growth_style(double low, double high)
{
    return is_flat(low, high) ? ST_NORMAL : low > 1 ? ST_GOOD : ST_WARN;
}

void part_growth(struct strip *out, bool known, double ratio, double low, double high)
{
    char r[GROWTH_BUF], l[GROWTH_BUF], h[GROWTH_BUF];
    if (!known) {
        strip_str(out, "too few to tell", ST_DIM);
        return;
    }
    if (!isfinite(ratio)) {
        strip_str(out, "from nothing", ST_GOOD);
        return;
    }
    strip_strf(out, growth_style(low, high), "%s", change(r, ratio, true));
    strip_strf(out, ST_DIM, " (%s…%s)", change(l, low, false), change(h, high, true));
    if (is_flat(low, high))
        strip_str(out, ": flat", ST_DIM);
}

void part_growth_short(struct strip *out, const struct trend *t)
{
    char r[GROWTH_BUF];
    if (!t->known) {
        strip_str(out, "few", ST_DIM);
        return;
    }
    if (!isfinite(t->ratio)) {
        strip_str(out, "from 0", ST_GOOD);
        return;
    }
    strip_strf(out, growth_style(t->low, t->high), "%s", change(r, t->ratio, true));
    if (is_flat(t->low, t->high))
        strip_str(out, " flat", ST_DIM);
}

enum { FRAC_WHOLE = 6, FRAC_SHORT = 2 };

/* For a place that is narrow: what is a whole unit or more has two digits behind the point. */
static int digits_of(const struct amount *a, bool brief)
{
    u256 whole = u256_from_u64(1);
    for (unsigned i = 0; i < a->decimals; i++)
        u256_mul_u64(whole, 10, &whole);
    return brief && u256_cmp(a->value, whole) >= 0 ? FRAC_SHORT : FRAC_WHOLE;
}

/* Both ends are cut as the income beside them is: at most never reads more than there was. */
static void interval(struct strip *out, const struct income *low, const struct income *high,
                     bool brief)
{
    for (size_t i = 0; i < high->n; i++) {
        const struct amount *to = &high->of[i];
        char a[U256_FMT], b[U256_FMT];
        int digits = digits_of(to, brief);
        u256 least = income_in(low, to).value;
        bool point = u256_cmp(least, to->value) == 0;
        if (i)
            strip_str(out, " + ", ST_DIM);
        if (!point)
            strip_strf(out, ST_MONEY, "%s … ", u256_format(least, to->decimals, digits, a));
        strip_strf(out, ST_MONEY, "%s %s", u256_format(to->value, to->decimals, digits, b),
                   to->symbol);
    }
    if (!high->n)
        strip_str(out, "–", ST_DIM);
}

void part_interval(struct strip *out, const struct income *low, const struct income *high)
{
    interval(out, low, high, false);
}

void part_interval_short(struct strip *out, const struct income *low, const struct income *high)
{
    interval(out, low, high, true);
}

void part_income_short(struct strip *out, const struct income *in)
{
    interval(out, in, in, true);
}

void part_share(struct strip *out, uint32_t a, uint32_t b, enum style s)
{
    char text[HUMAN_BUF];
    strip_str(out, human_percents(text, a < b ? a : b, a < b ? b : a, PPM, " … "), s);
}
