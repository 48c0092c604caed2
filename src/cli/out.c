#include "cli/out.h"

#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "cli/page.h"

#include "base/banned.h"

enum { TABLE_CAP = 64 << 20, LINE_CAP = 4 << 20 };

void out_init(struct out_table *t, const char *spec)
{
    *t = (struct out_table){0};
    arena_init(&t->head, TABLE_CAP);
    arena_init(&t->text, TABLE_CAP);
    char *words = arena_strdup(&t->head, spec);
    for (char *p = words; p && *p && t->cols < OUT_COLS;) {
        t->right[t->cols] = *p == '>';
        p += *p == '>';
        t->title[t->cols++] = p;
        p += strcspn(p, " ");
        if (*p)
            *p++ = '\0';
    }
    t->failed = !words;
}

void out_release(struct out_table *t)
{
    mem_free(t->cell);
    arena_release(&t->head);
    arena_release(&t->text);
}

void out_cell(struct out_table *t, struct untrusted v)
{
    if (t->cells == t->room) {
        size_t room = t->room ? t->room * 2 : 256;
        struct untrusted *more = mem_resize(t->cell, room * sizeof *more);
        if (!more) {
            t->failed = true;
            return;
        }
        t->cell = more;
        t->room = room;
    }
    char *copy = arena_strndup(&t->text, v.p ? v.p : "", v.n);
    if (!copy) {
        t->failed = true;
        return;
    }
    t->cell[t->cells++] = untrusted_n(copy, v.n);
}

void out_cellf(struct out_table *t, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    out_cell(t, untrusted(text));
}

static int cell_width(struct untrusted v, enum text_charset cs)
{
    struct line_text line;
    text_line(&line, v, OUT_WIDE + 1, cs);
    int w = line.width;
    text_release(&line);
    return w > OUT_WIDE ? OUT_WIDE : w;
}

static souk_err print_text(const struct out_table *t, struct err *e)
{
    enum text_charset cs = text_locale_charset();
    int width[OUT_COLS];
    for (int c = 0; c < t->cols; c++) {
        width[c] = (int)strlen(t->title[c]);
        for (size_t i = (size_t)c; i < t->cells; i += (size_t)t->cols) {
            int w = cell_width(t->cell[i], cs);
            width[c] = w > width[c] ? w : width[c];
        }
    }
    struct buf line;
    buf_init(&line, LINE_CAP);
    for (size_t i = 0; i < t->cells + (size_t)t->cols && !line.bad; i++) {
        size_t c = i % (size_t)t->cols;
        struct untrusted v = i == c ? untrusted(t->title[c]) : t->cell[i - (size_t)t->cols];
        bool last = c == (size_t)t->cols - 1;
        if (last && !t->right[c])
            text_add(&line, v, OUT_LAST, cs); /* and no blanks at the end of a line */
        else
            /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
            text_add_padded(&line, v, t->right[c] ? -width[c] : width[c], cs);
        buf_adds(&line, last ? "\n" : "  ");
        if (last && !line.bad) {
            fwrite(line.p, 1, line.len, stdout);
            buf_clear(&line);
        }
    }
    souk_err r = buf_check(&line, "a row", e);
    buf_release(&line);
    return r;
}

/* What a spreadsheet would run rather than show; numbers are harmless. */
static bool is_formula(struct untrusted v)
{
    if (v.n < 2 || !memchr("=+-@\t\r\n", v.p[0], 7))
        return false;
    bool number = v.p[0] == '-' && v.p[1] >= '0' && v.p[1] <= '9';
    for (size_t i = 1; i < v.n && number; i++)
        number = (v.p[i] >= '0' && v.p[i] <= '9') || v.p[i] == '.';
    return !number;
}

static void csv_cell(struct buf *b, struct untrusted v)
{
    bool formula = is_formula(v), quote = formula;
    for (size_t i = 0; i < v.n && !quote; i++)
        quote = memchr(",\"\r\n", v.p[i], 4) != NULL;
    if (quote)
        buf_addc(b, '"');
    if (formula)
        buf_addc(b, '\'');
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == '"')
            buf_addc(b, '"');
        buf_addc(b, v.p[i]);
    }
    if (quote)
        buf_addc(b, '"');
}

static souk_err print_csv(struct out_table *t, struct err *e)
{
    struct buf line, clean;
    buf_init(&line, LINE_CAP);
    buf_init(&clean, LINE_CAP);
    bool tty = isatty(STDOUT_FILENO);
    for (int c = 0; c < t->cols && !t->begun; c++) {
        const char *title = t->title[c];
        for (size_t i = 0; title[i]; i++) /* column names as in JSON: lower case */
            buf_addc(&line, (char)(title[i] >= 'A' && title[i] <= 'Z' ? title[i] + 32 : title[i]));
        buf_adds(&line, c == t->cols - 1 ? "\r\n" : ",");
    }
    if (!t->begun && t->cells == 0)
        fwrite(line.p, 1, line.len, stdout); /* titles alone */
    t->begun = true;
    for (size_t i = 0; i < t->cells; i++) {
        buf_clear(&clean);
        if (tty)
            text_add(&clean, t->cell[i], 0, text_locale_charset());
        csv_cell(&line, tty ? untrusted_n(clean.p, clean.len) : t->cell[i]);
        bool last = (i + 1) % (size_t)t->cols == 0;
        buf_adds(&line, last ? "\r\n" : ",");
        if (line.bad || clean.bad)
            break;
        if (last) {
            fwrite(line.p, 1, line.len, stdout);
            buf_clear(&line);
        }
    }
    souk_err r = buf_check(&clean, "a cell", e);
    if (!r)
        r = buf_check(&line, "a row", e);
    buf_release(&clean);
    buf_release(&line);
    return r;
}

souk_err out_flush(struct err *e)
{
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    struct pollfd reader = {.fd = STDOUT_FILENO, .events = POLLOUT};
    if (failed && poll(&reader, 1, 0) == 1 && (reader.revents & POLLERR))
        return SOUK_OK; /* a pipe whose reader (head, less) has seen enough */
    if (failed)
        return err_set(e, SOUK_EFAIL, "standard output could not be written");
    return SOUK_OK;
}

souk_err out_print(struct out_table *t, bool csv, struct err *e)
{
    if (t->failed)
        return err_nomem(e);
    souk_err r = csv ? print_csv(t, e) : print_text(t, e);
    return r ? r : out_flush(e);
}

souk_err out_csv_rows(struct out_table *t, struct err *e)
{
    souk_err r = out_print(t, true, e);
    t->cells = 0;
    arena_release(&t->text);
    arena_init(&t->text, TABLE_CAP);
    return r;
}

void out_field(const char *label, struct untrusted value)
{
    printf("%-16s ", label);
    text_fputs(stdout, value);
    putchar('\n');
}

void out_fieldf(const char *label, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    out_field(label, untrusted(text));
}

void out_address_json(struct json_out *o, const char *key, address a)
{
    char text[ADDRESS_BUF];
    json_out_cstr(o, key, address_is_zero(a) ? NULL : address_format(a, text));
}

const char *out_digits(const struct amount *a, char out[U256_FMT])
{
    size_t n = 0;
    u256_format(a->value, a->decimals, -1, out);
    for (const char *c = out; *c; c++)
        if (*c != ',')
            out[n++] = *c;
    out[n] = '\0';
    return out;
}

void out_exact(struct out_table *t, const struct amount *a)
{
    char text[U256_FMT];
    out_cell(t, untrusted(a ? out_digits(a, text) : ""));
}

void out_exact_income(struct out_table *t, const struct income *in)
{
    struct buf b;
    buf_init(&b, 4096);
    for (size_t i = 0; i < in->n; i++) {
        char text[U256_FMT];
        buf_addf(&b, "%s%s %s", i ? "; " : "", out_digits(&in->of[i], text), in->of[i].symbol);
    }
    out_cell(t, untrusted_n(b.p, b.len));
    buf_release(&b);
}

void out_exact_genuine(struct out_table *t, const struct figures *f)
{
    out_exact_income(t, &f->low);
    out_exact_income(t, &f->high);
    if (f->judged)
        out_cellf(t, "%llu", (unsigned long long)f->genuine_payers);
    else
        out_cell(t, untrusted(""));
}

void out_exact_trend(struct out_table *t, const struct trend *g)
{
    const double v[] = {g->ratio, g->low, g->high};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        if (g->known && isfinite(v[i]))
            out_cellf(t, "%.4f", v[i]);
        else
            out_cell(t, untrusted(""));
    }
}

void out_amount_json(struct json_out *o, const char *key, const struct amount *a)
{
    if (!a) {
        json_out_null(o, key);
        return;
    }
    char dec[U256_DEC];
    json_obj_open(o, key);
    json_out_cstr(o, "amount", u256_to_dec(a->value, dec));
    out_address_json(o, "asset", a->asset);
    json_out_cstr(o, "symbol", a->symbol);
    json_out_int(o, "decimals", a->decimals);
    json_obj_close(o);
}

void out_income_json(struct json_out *o, const char *key, const struct income *in)
{
    json_arr_open(o, key);
    for (size_t i = 0; i < in->n; i++)
        out_amount_json(o, NULL, &in->of[i]);
    json_arr_close(o);
}

void out_figures_json(struct json_out *o, const struct figures *f)
{
    json_out_int(o, "calls", (int64_t)f->calls);
    json_out_int(o, "payments", (int64_t)f->payments);
    json_out_int(o, "settlements", (int64_t)f->settlements);
    json_out_int(o, "inferences", (int64_t)f->inferences);
    json_out_int(o, "payers", (int64_t)f->payers);
    out_income_json(o, "income", &f->income);
    if (f->judged) {
        json_obj_open(o, "genuine");
        out_income_json(o, "low", &f->low);
        out_income_json(o, "high", &f->high);
        json_obj_close(o);
        json_out_int(o, "genuine_payers", (int64_t)f->genuine_payers);
    } else {
        json_out_null(o, "genuine"); /* unknown, not zero */
        json_out_null(o, "genuine_payers");
    }
    if (f->trend.known) {
        json_obj_open(o, "trend");
        json_out_ratio(o, "ratio", f->trend.ratio);
        json_out_ratio(o, "low", f->trend.low);
        json_out_ratio(o, "high", f->trend.high);
        json_obj_close(o);
    } else {
        json_out_null(o, "trend");
    }
    if (f->last)
        json_out_int(o, "last", f->last);
    else
        json_out_null(o, "last");
}

void out_series_json(struct json_out *o, const char *key, const struct series *s)
{
    json_obj_open(o, key);
    json_out_int(o, "first_day", s->first_day);
    json_arr_open(o, "values");
    for (size_t i = 0; i < s->n; i++)
        json_out_int(o, NULL, (int64_t)s->v[i]);
    json_arr_close(o);
    json_obj_close(o);
}

void out_provenance_json(struct json_out *o, const char *key, const struct provenance *p)
{
    if (!p->place[0]) {
        json_out_null(o, key);
        return;
    }
    json_obj_open(o, key);
    json_out_str(o, "source", untrusted(p->place));
    if (p->chain) {
        json_out_int(o, "chain", p->chain);
        json_out_int(o, "first_block", p->first);
        json_out_int(o, "last_block", p->last);
        json_out_cstr(o, "last_hash", p->hash[0] ? p->hash : NULL);
    } else if (p->first >= 0) {
        json_out_int(o, "page", p->first);
    }
    json_out_int(o, "at", p->time);
    json_obj_close(o);
}

const char *out_mark(enum mark m)
{
    return m == MARK_PROVEN ? "proven" : m == MARK_UNPROVEN ? "not proven" : "not listed";
}

void out_mark_json(struct json_out *o, enum mark m)
{
    json_out_bool(o, "listed", m != MARK_UNLISTED);
    json_out_bool(o, "proven", m == MARK_PROVEN);
}

souk_err out_json(struct buf *b, struct err *e)
{
    buf_addc(b, '\n');
    souk_err r = buf_check(b, "the answer", e);
    if (r)
        return r;
    fwrite(b->p, 1, b->len, stdout);
    return out_flush(e);
}

souk_err out_line(const char *line, struct err *e)
{
    puts(line);
    return out_flush(e);
}

void say(const struct options *o, const char *fmt, ...)
{
    if (o->set[OPT_QUIET])
        return;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    fputs("souk: ", stderr);
    text_fputs(stderr, untrusted(text));
    fputc('\n', stderr);
}
