/*
 * An explanation as a page: what the figure means, and of each source what this cache holds of it.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "ui/screens/explain.h"
#include "ui/screens/parts.h"
#include "ui/widgets/facts.h"

#include "base/banned.h"

enum { ROOMY_H = 36 };

static void digest_fact(const struct explain_screen *s, size_t i, struct facts *f)
{
    char text[HASH_BUF];
    const struct basis *b = &s->x->basis[i];
    if (b->digested) {
        fact_own(f, "digest", hex_encode(b->digest, sizeof b->digest, text) + 2, ST_CODE);
    } else if (s->digesting) {
        bool now = digesting_progress(s->digesting) == i;
        fact_own(f, "digest", now ? "computing… v stops it" : "waits", ST_DIM);
    } else if (s->digest_failed.code && s->digest_failed.code != SOUK_ECANCEL) {
        fact_text(f, "digest", untrusted(s->digest_failed.msg), ST_BAD);
    } else {
        fact_own(f, "digest", "stopped; v computes it", ST_WARN);
    }
}

static void finality_fact(const struct basis *b, struct facts *f)
{
    char n[HUMAN_BUF], text[96] = "";
    if (b->final_to)
        snprintf(text, sizeof text, "; final up to block %s", human_count(n, b->final_to));
    else if (b->finality == FINALITY_UNKNOWN)
        snprintf(text, sizeof text, ": the node does not say");
    fact_begin(f, "finality");
    wrap_own(&f->wrap, finality_name(b->finality),
             b->finality == FINALITY_FINAL ? ST_GOOD : ST_NORMAL);
    wrap_own(&f->wrap, text, ST_DIM);
    fact_end(f);
}

static void basis_facts(const struct explain_screen *s, size_t i, struct facts *f)
{
    const struct basis *b = &s->x->basis[i];
    char text[160], first[HUMAN_BUF], last[HUMAN_BUF];
    fact_title(f, b->filter);
    if (!b->from.place[0]) {
        fact_own(f, "", "not read yet", ST_WARN);
        return;
    }
    snprintf(text, sizeof text, "%lld, blocks %s to %s", (long long)b->from.chain,
             human_count(first, (uint64_t)b->from.first),
             human_count(last, (uint64_t)b->from.last));
    fact_own(f, "chain", text, ST_NORMAL);
    if (b->from.hash[0])
        fact_own(f, "end hash", b->from.hash, ST_CODE);
    finality_fact(b, f);
    snprintf(text, sizeof text, "%s%s", b->more ? "more than " : "", human_count(first, b->rows));
    fact_own(f, "rows", text, ST_NORMAL);
    digest_fact(s, i, f);
    fact_begin(f, "told by");
    wrap_text(&f->wrap, untrusted(b->endpoints && b->endpoints[0] ? b->endpoints : b->from.place),
              ST_NORMAL);
    wrap_own(&f->wrap, b->crossed ? ", every range by two nodes alike" : ", not cross-checked",
             b->crossed ? ST_GOOD : ST_DIM);
    snprintf(text, sizeof text, ", read %s", human_time(first, b->from.time));
    wrap_own(&f->wrap, text, ST_DIM);
    fact_end(f);
}

static void rules_facts(const struct rules *r, struct facts *f)
{
    char text[64];
    fact_title(f, "Rules in force");
    snprintf(text, sizeof text, "version %d, fingerprint %016llx", (int)RULES_VERSION,
             (unsigned long long)rules_print(r));
    fact_own(f, "rules", text, ST_CODE);
    for (int k = 0; k < RULE_COUNT; k++) {
        bool on = r->on >> k & 1;
        fact_begin(f, rule_name((enum rule)k));
        wrap_own(&f->wrap, on ? "" : "off: ", ST_WARN);
        wrap_own(&f->wrap, rule_text((enum rule)k), on ? ST_NORMAL : ST_DIM);
        fact_end(f);
    }
    fact_begin(f, "with");
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        struct rules copy = *r;
        snprintf(text, sizeof text, "%s%s %u", i ? ", " : "", threshold_at(i)->name,
                 *threshold_of(&copy, i));
        wrap_own(&f->wrap, text, ST_DIM);
    }
    fact_end(f);
}

static void write_doc(struct explain_screen *s, struct facts *f)
{
    const struct explanation *x = s->x;
    const struct metric_info *info = metric_info(x->metric);
    char text[128], n[HUMAN_BUF];
    fact_own(f, "means", info->text, ST_NORMAL);
    snprintf(text, sizeof text, "%s up to %s", window_name(x->window),
             x->as_of ? human_time(n, x->as_of) : "-");
    fact_own(f, "window", text, ST_NORMAL);
    if (info->from != FROM_HUB) {
        snprintf(text, sizeof text, "%s rows in the window", human_count(n, x->counted));
        fact_own(f, "counts", text, ST_NORMAL);
    }
    if (info->from & FROM_HUB)
        fact_own(f, "Hub", "its model pages as they were read; a server's word, not a chain's",
                 ST_DIM);
    if (!x->bases && info->from != FROM_HUB)
        fact_own(f, "sources", "none: the network's profile names no chain, so nothing is read now",
                 ST_WARN);
    for (size_t i = 0; i < x->bases; i++) {
        fact_blank(f);
        basis_facts(s, i, f);
    }
    if (info->from & FROM_RULES) {
        fact_blank(f);
        rules_facts(&x->rules, f);
    }
    fact_blank(f);
    fact_own(f, "check",
             "`souk health --prove` reads the same rows from another node and compares digests. A "
             "digest depends on what the chain says alone: anyone who read these blocks has the "
             "same.",
             ST_DIM);
    fact_own(f, "help", "F1 shows all keys; Esc goes back", ST_DIM);
}

/* --- rows */

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    struct explain_screen *s = ud;
    const struct explanation *x = s->x;
    part_call_cell(&x->call[row], x->call_model ? &x->call_model[row] : NULL, col, x->as_of, out);
}

const struct table_ops explain_row_ops = {cell, NULL};

/* --- drawing */

static void draw_head(struct explain_screen *s, struct canvas *c, struct rect r)
{
    struct strip st;
    char n[HUMAN_BUF];
    strip_init(&st, canvas_charset(c));
    strip_str(&st, metric_info(s->metric)->title, ST_TITLE);
    strip_strf(&st, ST_DIM, " · %s · ", window_name(s->x->window));
    if (s->label[0])
        strip_untrusted(&st, untrusted(s->label), ST_STRONG);
    else
        strip_str(&st, "the market", ST_STRONG);
    canvas_strip(c, r.x + 1, r.y, r.w - 2, &st);
    canvas_hline(c, r.x, r.y + 1, r.w, ST_BORDER);
    bool from = s->pane == EXPLAIN_FROM;
    int x = r.x + 1;
    x += canvas_str(c, x, r.y + 1, r.w - 2, from ? "[ Where from ]" : "  Where from  ",
                    from ? ST_SORTED : ST_DIM);
    canvas_strf(c, x, r.y + 1, r.x + r.w - x, from ? ST_DIM : ST_SORTED,
                from ? "  Transactions %s  " : "[ Transactions %s ]", human_count(n, s->x->calls));
}

/* No more than its rows need. */
static int table_height(const struct explain_screen *s, int most)
{
    enum { AROUND = 3 };
    return s->x->calls + AROUND < (size_t)most ? (int)s->x->calls + AROUND : most;
}

void explain_draw(struct explain_screen *s, struct canvas *c, struct rect area)
{
    if (!s->x) {
        part_unread(&s->failed, c, area);
        return;
    }
    draw_head(s, c, rect_cut_top(&area, 2));
    bool both = area.h >= ROOMY_H;
    struct rect below = both ? rect_cut_bottom(&area, table_height(s, area.h * 2 / 5)) : area;
    if (s->pane == EXPLAIN_ROWS || both) {
        if (both)
            canvas_hline(c, below.x, below.y, below.w, ST_BORDER);
        rect_cut_top(&below, both ? 1 : 0);
        if (!(metric_info(s->metric)->from & ~(unsigned)FROM_HUB))
            canvas_str(c, below.x + 1, below.y, below.w - 2,
                       "This figure comes from the Hub's pages: there are no transactions.",
                       ST_DIM);
        else
            table_draw(s->rows, c, below, s->pane == EXPLAIN_ROWS,
                       "No transaction in the window counts here.");
    }
    if (s->pane == EXPLAIN_ROWS && !both)
        return;
    if (s->digesting)
        docview_stale(&s->doc); /* it gets on */
    if (docview_begin(&s->doc, docview_width(area))) {
        struct facts f;
        facts_init(&f, &s->doc.text, s->doc.width, canvas_charset(c));
        write_doc(s, &f);
    }
    docview_draw(&s->doc, c, area, s->pane == EXPLAIN_FROM);
}
