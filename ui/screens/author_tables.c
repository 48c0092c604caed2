/*
 * The Author screen's tables: his models, who pays, what landed, changes of price, and what belongs
 * to no one model.
 */
#include <stdio.h>

#include "base/human.h"
#include "ui/screens/author.h"

#include "base/banned.h"

/* --- models */

enum {
    M_MARK,
    M_NAME,
    M_PRICE,
    M_CALLS,
    M_PAYERS,
    M_INCOME,
    M_GENUINE,
    M_GROWTH,
    M_LAST,
    M_NOTE,
    M_SPARK,
    M_COLS
};
static const struct column model_columns[M_COLS] = {
    [M_MARK] = {"", 1, 1, ALIGN_LEFT, 0, 0, false, false},
    [M_NAME] = {"MODEL", 16, 30, ALIGN_LEFT, 0, 2, false, false},
    [M_PRICE] = {"PRICE/CALL", 10, 13, ALIGN_RIGHT, 0, 0, false, false},
    [M_CALLS] = {"CALLS", 7, 9, ALIGN_RIGHT, 0, 0, false, false},
    [M_PAYERS] = {"PAYERS", 6, 7, ALIGN_RIGHT, 4, 0, false, false},
    [M_INCOME] = {"INCOME", 11, 16, ALIGN_RIGHT, 0, 0, false, false},
    [M_GENUINE] = {"GENUINE", 18, 22, ALIGN_RIGHT, 3, 0, false, false},
    [M_GROWTH] = {"GROWTH", 11, 11, ALIGN_RIGHT, 5, 0, false, false},
    [M_LAST] = {"LAST", 8, 8, ALIGN_RIGHT, 0, 0, false, false},
    [M_NOTE] = {"", 4, 4, ALIGN_LEFT, 0, 0, false, false},
    [M_SPARK] = {"30 DAYS", SPARK_DAYS / 2, SPARK_DAYS, ALIGN_LEFT, 6, 0, false, false},
};

static void model_figure_cell(const struct author_screen *s, const struct figures *f, int col,
                              struct strip *out)
{
    switch (col) {
    case M_CALLS:
        part_count(out, f->calls);
        break;
    case M_PAYERS:
        part_count(out, f->payers);
        break;
    case M_INCOME:
        part_income_short(out, &f->income);
        break;
    case M_GENUINE:
        part_interval_short(out, &f->low, &f->high);
        break;
    case M_GROWTH:
        if (f->calls + f->settlements)
            part_growth_short(out, &f->trend);
        else
            strip_str(out, "–", ST_DIM);
        break;
    case M_SPARK:
        part_spark(f, table_width(s->table[AUTHOR_MODELS], col), out);
        break;
    default:
        break;
    }
}

static void model_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct author_screen *s = ud;
    const struct model_row *m = &s->page->model[row];
    const struct model_note *note = &s->page->note[row];
    char text[256];
    switch (col) {
    case M_MARK:
        part_mark(m->mark, out);
        break;
    case M_NAME:
        part_name(m->name, ST_STRONG, out);
        break;
    case M_PRICE:
        strip_str(out, m->price ? amount_format(m->price, text, sizeof text) : "–",
                  m->price ? ST_MONEY : ST_DIM);
        break;
    case M_LAST:
        part_age(out, note->last, s->page->as_of);
        break;
    case M_NOTE:
        if (note->best)
            strip_str(out, "best", ST_GOOD);
        else if (note->idle)
            strip_str(out, "idle", ST_WARN);
        break;
    default:
        model_figure_cell(s, m->figures, col, out);
    }
}

/* --- payers */

enum { P_PAYER, P_PAYMENTS, P_SESSIONS, P_PAID, P_FIRST, P_LAST, P_NEW, P_DOUBTS, P_COLS };
enum { ADDRESS_W = 42, DAY_W = 10 };
static const struct column payer_columns[P_COLS] = {
    [P_PAYER] = {"PAYER", 13, ADDRESS_W, ALIGN_LEFT, 0, 0, false, false},
    [P_PAYMENTS] = {"PAYMENTS", 8, 9, ALIGN_RIGHT, 0, 0, false, false},
    [P_SESSIONS] = {"SESSIONS", 8, 8, ALIGN_RIGHT, 3, 0, false, false},
    [P_PAID] = {"PAID", 11, 20, ALIGN_RIGHT, 0, 0, false, false},
    [P_FIRST] = {"FIRST", 6, DAY_W, ALIGN_RIGHT, 1, 0, false, false},
    [P_LAST] = {"LAST", 8, 8, ALIGN_RIGHT, 0, 0, false, false},
    [P_NEW] = {"", 7, 7, ALIGN_LEFT, 0, 0, false, false},
    [P_DOUBTS] = {"DOUBTS", 11, 20, ALIGN_LEFT, 0, 1, false, false},
};

static void payer_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct author_screen *s = ud;
    const struct payer_row *p = &s->page->payer[row];
    const struct table *t = s->table[AUTHOR_PAYERS];
    char text[HUMAN_BUF];
    switch (col) {
    case P_PAYER:
        part_address(out, p->payer, table_width(t, col));
        break;
    case P_PAYMENTS:
        part_count(out, p->payments);
        break;
    case P_SESSIONS:
        part_count(out, p->settlements);
        break;
    case P_PAID:
        part_income_short(out, &p->paid);
        break;
    case P_FIRST:
        strip_str(out, (table_width(t, col) < DAY_W ? human_day_short : human_day)(text, p->first),
                  ST_NORMAL);
        break;
    case P_LAST:
        part_age(out, p->last, s->page->as_of);
        break;
    case P_NEW:
        strip_str(out, p->fresh ? "new" : "returns", p->fresh ? ST_GOOD : ST_NORMAL);
        break;
    case P_DOUBTS:
        if (p->judged)
            part_rules(out, p->bits);
        else
            strip_str(out, "not judged", ST_DIM);
        break;
    default:
        break;
    }
}

/* The selected one whole, and his doubts in words. */
static void draw_payer(const struct author_screen *s, struct canvas *c, struct rect r)
{
    size_t row = table_selected(s->table[AUTHOR_PAYERS]);
    if (row >= s->page->payers_n || r.h < 2)
        return;
    const struct payer_row *p = &s->page->payer[row];
    char payer[ADDRESS_BUF];
    int y = r.y;
    canvas_hline(c, r.x, y, r.w, ST_BORDER);
    canvas_strf(c, r.x + 2, y++, r.w - 2, ST_TITLE, " %s ", address_format(p->payer, payer));
    for (int k = 0; k < RULE_COUNT && y < r.y + r.h; k++) {
        if (p->bits & 1u << k) {
            canvas_str(c, r.x + 1, y, 9, rule_name((enum rule)k), ST_WARN);
            canvas_str(c, r.x + 10, y++, r.w - 11, rule_text((enum rule)k), ST_DIM);
        }
    }
    if (!p->bits)
        canvas_str(c, r.x + 1, y, r.w - 2,
                   p->judged ? "The rules found nothing against it." : "Nobody has judged it yet.",
                   ST_DIM);
}

/* --- payments */

static void call_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct author_screen *s = ud;
    part_call_cell(&s->page->call[row], &s->page->call_model[row], col, s->page->as_of, out);
}

/* --- prices */

enum { C_MODEL, C_WHEN, C_WAS, C_NOW, C_BEFORE, C_AFTER, C_EARNED, C_EARNS, C_COLS };
static const struct column price_columns[C_COLS] = {
    [C_MODEL] = {"MODEL", 14, 30, ALIGN_LEFT, 0, 2, false, false},
    [C_WHEN] = {"CHANGED", DAY_W, DAY_W, ALIGN_LEFT, 0, 0, false, false},
    [C_WAS] = {"WAS", 10, 14, ALIGN_RIGHT, 0, 0, false, false},
    [C_NOW] = {"NOW", 10, 14, ALIGN_RIGHT, 0, 0, false, false},
    [C_BEFORE] = {"7d BEFORE", 9, 9, ALIGN_RIGHT, 0, 0, false, false},
    [C_AFTER] = {"7d AFTER", 9, 9, ALIGN_RIGHT, 0, 0, false, false},
    [C_EARNED] = {"INCOME BEFORE", 13, 16, ALIGN_RIGHT, 2, 0, false, false},
    [C_EARNS] = {"INCOME AFTER", 13, 16, ALIGN_RIGHT, 2, 0, false, false},
};
enum { WEEK_DAYS = 7 };

static void week_cell(const struct price_week *w, bool over, bool money, struct strip *out)
{
    char text[256];
    if (!over)
        strip_str(out, "too early", ST_DIM);
    else if (!money)
        strip_str(out, human_count(text, w->payments), ST_NORMAL);
    else
        strip_str(out, amount_format(&w->income, text, sizeof text), ST_MONEY);
}

static void price_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct author_screen *s = ud;
    const struct price_change *k = &s->page->change[row];
    bool over = k->days_after >= WEEK_DAYS;
    char text[256];
    switch (col) {
    case C_MODEL:
        strip_untrusted(out, k->model, ST_STRONG);
        break;
    case C_WHEN:
        strip_str(out, human_day(text, k->time), ST_NORMAL);
        break;
    case C_WAS:
        strip_str(out, amount_format(&k->was, text, sizeof text), ST_DIM);
        break;
    case C_NOW:
        strip_str(out, amount_format(&k->now, text, sizeof text), ST_MONEY);
        break;
    case C_BEFORE:
    case C_EARNED:
        week_cell(&k->before, true, col == C_EARNED, out);
        break;
    case C_AFTER:
    case C_EARNS:
        week_cell(&k->after, over, col == C_EARNS, out);
        break;
    default:
        break;
    }
}

/* --- unattributed */

enum { S_PAYEE, S_PAYMENTS, S_INCOME, S_MODELS, S_NAMES, S_COLS };
static const struct column shared_columns[S_COLS] = {
    [S_PAYEE] = {"ADDRESS", 13, ADDRESS_W, ALIGN_LEFT, 0, 0, false, false},
    [S_PAYMENTS] = {"PAYMENTS", 8, 9, ALIGN_RIGHT, 0, 0, false, false},
    [S_INCOME] = {"INCOME", 13, 20, ALIGN_RIGHT, 0, 0, false, false},
    [S_MODELS] = {"MODELS", 6, 6, ALIGN_RIGHT, 0, 0, false, false},
    [S_NAMES] = {"WHOSE LISTINGS NAME IT", 22, 40, ALIGN_LEFT, 0, 1, false, false},
};

static size_t named(const struct shared_row *r)
{
    return r->models < SHARED_NAMED ? r->models : SHARED_NAMED;
}

static void shared_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct author_screen *s = ud;
    const struct shared_row *r = &s->page->shared[row];
    switch (col) {
    case S_PAYEE:
        part_address(out, r->payee, table_width(s->table[AUTHOR_SHARED], col));
        break;
    case S_PAYMENTS:
        part_count(out, r->payments);
        break;
    case S_INCOME:
        part_income_short(out, &r->income);
        break;
    case S_MODELS:
        part_count(out, r->models);
        break;
    case S_NAMES:
        for (size_t i = 0; i < named(r); i++) {
            if (i)
                strip_str(out, " · ", ST_DIM);
            strip_untrusted(out, r->model[i], ST_NORMAL);
        }
        break;
    default:
        break;
    }
}

/* The selected one's models, each whole: in the table they may be cut. */
static void draw_sharers(const struct author_screen *s, struct canvas *c, struct rect r)
{
    size_t row = table_selected(s->table[AUTHOR_SHARED]);
    if (row >= s->page->shared_n || r.h < 2)
        return;
    const struct shared_row *h = &s->page->shared[row];
    char payee[ADDRESS_BUF];
    canvas_strf(c, r.x + 1, r.y, r.w - 2, ST_TITLE, "%s is named by the listings of",
                address_format(h->payee, payee));
    int y = r.y + 1, end = r.y + r.h - 1;
    size_t i = 0;
    for (; i < named(h) && y < end; i++, y++)
        canvas_untrusted(c, r.x + 3, y, r.w - 4, h->model[i], ST_STRONG);
    if (i < h->models)
        canvas_strf(c, r.x + 3, y, r.w - 4, ST_DIM, "and %zu more", h->models - i);
}

/* --- all of them */

static const struct table_ops ops[AUTHOR_PANES] = {
    [AUTHOR_MODELS] = {model_cell, NULL},  [AUTHOR_PAYERS] = {payer_cell, NULL},
    [AUTHOR_PAYMENTS] = {call_cell, NULL}, [AUTHOR_PRICES] = {price_cell, NULL},
    [AUTHOR_SHARED] = {shared_cell, NULL},
};

bool author_tables_make(struct author_screen *s)
{
    s->table[AUTHOR_MODELS] = table_new(model_columns, M_COLS, &ops[AUTHOR_MODELS], s);
    s->table[AUTHOR_PAYERS] = table_new(payer_columns, P_COLS, &ops[AUTHOR_PAYERS], s);
    s->table[AUTHOR_PAYMENTS] =
        table_new(part_call_columns, PART_CALL_COLS, &ops[AUTHOR_PAYMENTS], s);
    s->table[AUTHOR_PRICES] = table_new(price_columns, C_COLS, &ops[AUTHOR_PRICES], s);
    s->table[AUTHOR_SHARED] = table_new(shared_columns, S_COLS, &ops[AUTHOR_SHARED], s);
    for (int i = AUTHOR_OVERVIEW + 1; i < AUTHOR_PANES; i++)
        if (!s->table[i])
            return false;
    return true;
}

void author_tables_release(struct author_screen *s)
{
    for (int i = 0; i < AUTHOR_PANES; i++)
        table_free(s->table[i]);
}

void author_tables_fill(struct author_screen *s)
{
    const struct author_page *p = s->page;
    table_set_rows(s->table[AUTHOR_MODELS], p->models);
    table_set_rows(s->table[AUTHOR_PAYERS], p->payers_n);
    table_set_rows(s->table[AUTHOR_PAYMENTS], p->calls_n);
    table_set_rows(s->table[AUTHOR_PRICES], p->changes);
    table_set_rows(s->table[AUTHOR_SHARED], p->shared_n);
}

static const char *const empty[AUTHOR_PANES] = {
    [AUTHOR_MODELS] = "No models.",
    [AUTHOR_PAYERS] = "Nobody has paid in this window.",
    [AUTHOR_PAYMENTS] = "Nobody has paid yet.",
    [AUTHOR_PRICES] = "No price was ever changed.",
    [AUTHOR_SHARED] = "Everything that was paid belongs to one model.",
};

/* What the pane tells, in words, above it. */
static char *about(const struct author_screen *s, char *out, size_t size)
{
    const struct author_page *p = s->page;
    char n[HUMAN_BUF], all[HUMAN_BUF];
    out[0] = '\0';
    switch (s->pane) {
    case AUTHOR_MODELS:
        snprintf(out, size,
                 "best: the largest income of the window. idle: listed, and nothing in 30 days.");
        break;
    case AUTHOR_PAYERS:
        snprintf(out, size,
                 "%s of the %s that paid in %s, with what each paid here in all. Doubts: what the "
                 "rules found in the latest payments.",
                 human_count(n, p->payers_n), human_count(all, p->row.figures.payers),
                 window_name(p->window));
        break;
    case AUTHOR_PRICES:
        snprintf(out, size,
                 "Payments and income of the seven days before a change and the seven after it, "
                 "that day in neither. Whether one made the other, they do not say.");
        break;
    case AUTHOR_SHARED:
        snprintf(out, size,
                 "Paid to addresses that several models share, where no price tells them apart: "
                 "the author's income, but no one model's. An address or a price of its own for "
                 "each would tell.");
        break;
    default:
        break;
    }
    return out;
}

void author_draw_table(struct author_screen *s, struct canvas *c, struct rect r)
{
    enum { ABOUT_FROM = 8, SHARED_ROWS = 4, DETAIL_FROM = 12, PAYER_ROWS = 4 };
    char words[256];
    if (r.h >= ABOUT_FROM && about(s, words, sizeof words)[0])
        rect_cut_top(&r, part_words(c, r, r.x + 1, r.y, words, ST_DIM) - r.y);
    struct rect below = {0};
    if (s->pane == AUTHOR_SHARED && r.h >= DETAIL_FROM) {
        int rows = s->page->shared_n < SHARED_ROWS ? (int)s->page->shared_n : SHARED_ROWS;
        below = rect_cut_bottom(&r, r.h - rows - 2);
    } else if (s->pane == AUTHOR_PAYERS && r.h >= DETAIL_FROM) {
        below = rect_cut_bottom(&r, PAYER_ROWS);
    }
    table_draw(s->table[s->pane], c, r, true, empty[s->pane]);
    if (s->pane == AUTHOR_SHARED)
        draw_sharers(s, c, below);
    else if (s->pane == AUTHOR_PAYERS)
        draw_payer(s, c, below);
}
