#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "ui/screens/findings.h"
#include "ui/screens/parts.h"

#include "base/banned.h"

const struct column finding_columns[FINDING_COLS] = {
    [FINDING_RULE] = {"RULE", 7, 7, ALIGN_LEFT, 0, 0, false, false},
    [FINDING_WHO] = {"AUTHOR / MODEL", 16, 34, ALIGN_LEFT, 0, 2, false, false},
    [FINDING_PAYEE] = {"PAYEE", 13, 13, ALIGN_LEFT, 3, 0, false, false},
    [FINDING_PAYERS] = {"PAYERS", 7, 7, ALIGN_RIGHT, 1, 0, false, false},
    [FINDING_PAYMENTS] = {"PAYMENTS", 8, 9, ALIGN_RIGHT, 0, 0, false, false},
    [FINDING_AMOUNT] = {"AMOUNT", 14, 18, ALIGN_RIGHT, 0, 0, false, false},
    [FINDING_WHEN] = {"WHEN", 13, 13, ALIGN_LEFT, 2, 0, false, false},
};

const struct column try_columns[TRY_COLS] = {
    [TRY_NAME] = {"THRESHOLD", 16, 16, ALIGN_LEFT, 0, 0, false, false},
    [TRY_LESS] = {"HALF OF IT", 16, 26, ALIGN_RIGHT, 0, 0, false, false},
    [TRY_NOW] = {"AS IT IS", 16, 26, ALIGN_RIGHT, 0, 0, false, false},
    [TRY_MORE] = {"HALF AS MUCH AGAIN", 18, 26, ALIGN_RIGHT, 0, 0, false, false},
    [TRY_TEXT] = {"WHAT IT IS", 20, 40, ALIGN_LEFT, 1, 1, false, false},
};

static enum style rule_style(enum rule r)
{
    return rule_effect(r) == RULE_EXCLUDE ? ST_WARN : ST_NORMAL;
}

static void put_who(struct strip *out, const char *author, const char *model)
{
    part_name(author, ST_NORMAL, out);
    if (model[0]) {
        strip_str(out, "/", ST_DIM);
        part_name(model, ST_STRONG, out);
    }
}

static void finding_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct findings_screen *s = ud;
    const struct finding_row *f = &s->f->row[row];
    enum { MONTH = 4 }; /* "Sep " */
    char text[256], from[HUMAN_BUF], to[HUMAN_BUF];
    switch (col) {
    case FINDING_RULE:
        strip_str(out, rule_name(f->rule), rule_style(f->rule));
        break;
    case FINDING_WHO:
        put_who(out, f->author, f->model);
        break;
    case FINDING_PAYEE:
        if (address_is_zero(f->payee))
            strip_str(out, "several", ST_DIM);
        else
            part_address(out, f->payee, 0);
        break;
    case FINDING_PAYERS:
        part_count(out, f->payers);
        break;
    case FINDING_PAYMENTS:
        part_count(out, f->payments);
        break;
    case FINDING_AMOUNT:
        strip_str(out, amount_format(&f->amount, text, sizeof text), ST_MONEY);
        break;
    case FINDING_WHEN:
        human_day_short(from, f->since);
        human_day_short(to, f->until);
        if (strcmp(from, to) == 0)
            strip_str(out, to, ST_NORMAL);
        else
            strip_strf(out, ST_NORMAL, "%s–%s", from, to + (memcmp(from, to, MONTH) ? 0 : MONTH));
        break;
    default:
        break;
    }
}

const struct table_ops finding_ops = {finding_cell, NULL};

/* --- other thresholds */

static void try_value(const struct findings_screen *s, const struct sensitivity *v, int k,
                      struct strip *out)
{
    enum { FRAC = 6 };
    char text[U256_FMT];
    int moved = u256_cmp(v->low[k], v->low[1]);
    strip_strf(out, ST_DIM, "%u: ", v->value[k]);
    strip_strf(out, moved ? ST_WARN : ST_NORMAL, "%s%s",
               moved < 0   ? "↓ "
               : moved > 0 ? "↑ "
                           : "",
               u256_format(v->low[k], s->unit.decimals, FRAC, text));
}

static void try_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct findings_screen *s = ud;
    const struct sensitivity *v = &s->row[row];
    switch (col) {
    case TRY_NAME:
        strip_str(out, threshold_at(v->threshold)->name, ST_STRONG);
        break;
    case TRY_LESS:
    case TRY_NOW:
    case TRY_MORE:
        try_value(s, v, col - TRY_LESS, out);
        break;
    case TRY_TEXT:
        strip_str(out, threshold_at(v->threshold)->text, ST_DIM);
        break;
    default:
        break;
    }
}

const struct table_ops try_ops = {try_cell, NULL};

static void draw_other(struct findings_screen *s, struct canvas *c, struct rect r)
{
    char intro[256];
    snprintf(intro, sizeof intro,
             "How much%s%s is genuine at least, if one threshold were half of what it is, or half "
             "as much again. What moves much hangs on a choice; what stands still does not.",
             s->unit.symbol[0] ? " " : "", s->unit.symbol);
    if (s->try_failed.code != SOUK_ECANCEL)
        part_failure(&s->try_failed, c, &r, 0);
    int y = part_words(c, r, r.x + 1, r.y, intro, ST_DIM);
    rect_cut_top(&r, y - r.y);
    struct rect line = rect_cut_top(&r, 1);
    if (s->who)
        canvas_str(c, line.x + 1, line.y, line.w - 2, "Of the whole market.", ST_DIM);
    if (s->trying)
        canvas_strf(c, line.x + 1, line.y, line.w - 2, ST_ACCENT,
                    "Judging again: %u of %u thresholds. Esc stops.", s->tried,
                    (unsigned)THRESHOLDS);
    else if (!s->has_rows)
        canvas_str(c, line.x + 1, line.y, line.w - 2,
                   "Enter judges all payments again for each: it may take a while.", ST_ACCENT);
    if (s->has_rows && !s->trying)
        table_draw(s->tries, c, r, true, "");
}

/* --- by rule */

static void draw_rules(const struct findings_screen *s, struct canvas *c, struct rect r)
{
    static const char *const then[] = {[RULE_EXCLUDE] = "taken out",
                                       [RULE_CLUSTER] = "counted as one payer",
                                       [RULE_TAG] = "only told"};
    int y = r.y;
    canvas_str(c, r.x + 1, y, 9, "RULE", ST_HEADER);
    canvas_str(c, r.x + 10, y, -9, "PAYMENTS", ST_HEADER);
    canvas_str(c, r.x + 20, y, -30, "AMOUNT", ST_HEADER);
    canvas_str(c, r.x + 52, y++, r.w - 52, "WHAT THEN", ST_HEADER);
    for (int k = 0; k < RULE_COUNT; k++) {
        struct strip st;
        char n[HUMAN_BUF];
        uint64_t with = s->f->by_rule[k];
        strip_init(&st, canvas_charset(c));
        part_income(&st, &s->f->amount[k]);
        canvas_str(c, r.x + 1, y, 9, rule_name((enum rule)k), rule_style((enum rule)k));
        canvas_str(c, r.x + 10, y, -9, human_count(n, with), with ? ST_STRONG : ST_DIM);
        canvas_strip(c, r.x + 20, y, -30, &st);
        canvas_str(c, r.x + 52, y++, r.w - 53, then[rule_effect((enum rule)k)], ST_NORMAL);
        canvas_str(c, r.x + 10, y++, r.w - 11, rule_text((enum rule)k), ST_DIM);
    }
    part_words(c, r, r.x + 1, y + 1,
               "Payments in the window with the rule's mark; one may carry several, so the rows do "
               "not add up. A rule is switched off, and a threshold changed, in the section "
               "[genuine] of the configuration; the file `known` there names addresses.",
               ST_DIM);
}

/* --- the list */

static void draw_selected(const struct finding_row *f, struct canvas *c, struct rect r)
{
    struct strip st;
    char who[ADDRESS_BUF];
    if (!r.h)
        return;
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    strip_init(&st, canvas_charset(c));
    strip_str(&st, rule_name(f->rule), rule_style(f->rule));
    strip_str(&st, " · ", ST_DIM);
    put_who(&st, f->author, f->model);
    canvas_strip(c, r.x + 1, r.y + 1, r.w - 2, &st);
    canvas_str(c, r.x + 1, r.y + 2, r.w - 2, rule_text(f->rule), ST_NORMAL);
    rect_cut_top(&r, 3);
    int y = part_words(c, r, r.x + 1, r.y, f->words, ST_DIM);
    if (!address_is_zero(f->payer) && y < r.y + r.h)
        canvas_strf(c, r.x + 1, y++, r.w - 2, ST_CODE, "from %s", address_format(f->payer, who));
    if (!address_is_zero(f->payee) && y < r.y + r.h)
        canvas_strf(c, r.x + 1, y, r.w - 2, ST_CODE, "to   %s", address_format(f->payee, who));
}

static void draw_list(struct findings_screen *s, struct canvas *c, struct rect r)
{
    enum { BELOW = 7, LEAST = 14 };
    size_t i = table_selected(s->list);
    if (s->f->total > s->f->n) {
        char a[HUMAN_BUF], b[HUMAN_BUF];
        struct rect note = rect_cut_top(&r, 1);
        canvas_strf(c, note.x + 1, note.y, note.w - 2, ST_WARN, "the newest %s of %s",
                    human_count(a, s->f->n), human_count(b, s->f->total));
    }
    if (i < s->f->n && r.h >= LEAST)
        draw_selected(&s->f->row[i], c, rect_cut_bottom(&r, BELOW));
    table_draw(s->list, c, r, true, "The rules found nothing in this window.");
}

static void draw_tabs(const struct findings_screen *s, struct canvas *c, struct rect r)
{
    static const char *const names[FINDINGS_PANES] = {"Findings", "By rule", "Other thresholds"};
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    int x = r.x + 1;
    for (int i = 0; i < FINDINGS_PANES; i++) {
        char n[HUMAN_BUF] = "";
        bool on = i == (int)s->pane;
        if (i == FINDINGS_LIST)
            human_count(n, s->f->total);
        x += canvas_strf(c, x, r.y, r.x + r.w - x, on ? ST_SORTED : ST_DIM,
                         on ? "[ %s%s%s ]" : "  %s%s%s  ", names[i], n[0] ? " " : "", n);
    }
    struct strip st;
    strip_init(&st, canvas_charset(c));
    strip_strf(&st, ST_DIM, " %s ", window_name(s->f->window));
    if (s->label[0])
        strip_untrusted(&st, untrusted(s->label), ST_STRONG);
    else
        strip_str(&st, "the market", ST_DIM);
    strip_str(&st, " ", ST_DIM);
    canvas_strip(c, x, r.y, -(r.x + r.w - x), &st);
}

void findings_draw(struct findings_screen *s, struct canvas *c, struct rect area)
{
    if (!s->f) {
        part_unread(&s->failed, c, area);
        return;
    }
    draw_tabs(s, c, rect_cut_top(&area, 1));
    part_failure(&s->failed, c, &area, 0);
    if (s->pane == FINDINGS_LIST)
        draw_list(s, c, area);
    else if (s->pane == FINDINGS_RULES)
        draw_rules(s, c, area);
    else
        draw_other(s, c, area);
}

/* --- the transactions behind one */

enum { WHOLE_TIME = 23 };

const struct column evidence_columns[EVIDENCE_COLS] = {
    [EVIDENCE_WHEN] = {"WHEN (UTC)", 16, WHOLE_TIME, ALIGN_LEFT, 0, 0, false, false},
    [EVIDENCE_WHAT] = {"WHAT", 8, 8, ALIGN_LEFT, 2, 0, false, false},
    [EVIDENCE_FROM] = {"FROM", 13, 42, ALIGN_LEFT, 0, 1, false, false},
    [EVIDENCE_TO] = {"TO", 13, 42, ALIGN_LEFT, 0, 1, false, false},
    [EVIDENCE_AMOUNT] = {"AMOUNT", 14, 18, ALIGN_RIGHT, 0, 0, false, false},
    [EVIDENCE_TX] = {"TRANSACTION", 13, 66, ALIGN_LEFT, 1, 2, false, false},
};

static void evidence_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct evidence_screen *s = ud;
    const struct evidence_row *v = &s->v->row[row];
    char text[256];
    switch (col) {
    case EVIDENCE_WHEN:
        if (table_width(s->table, col) < WHOLE_TIME)
            strip_strf(out, ST_NORMAL, "%.16s", human_time(text, v->time));
        else
            strip_str(out, human_time(text, v->time), ST_NORMAL);
        break;
    case EVIDENCE_WHAT:
        strip_str(out, v->payment ? "payment" : "transfer", v->payment ? ST_STRONG : ST_NORMAL);
        break;
    case EVIDENCE_FROM:
        part_address(out, v->from, table_width(s->table, col));
        break;
    case EVIDENCE_TO:
        part_address(out, v->to, table_width(s->table, col));
        break;
    case EVIDENCE_AMOUNT:
        strip_str(out, amount_format(&v->amount, text, sizeof text), ST_MONEY);
        break;
    case EVIDENCE_TX:
        strip_str(out, v->tx, ST_CODE);
        break;
    default:
        break;
    }
}

const struct table_ops evidence_ops = {evidence_cell, NULL};

static void draw_row(const struct evidence_row *v, struct canvas *c, struct rect r)
{
    char from[ADDRESS_BUF], to[ADDRESS_BUF], block[HUMAN_BUF];
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_strf(c, r.x + 1, r.y + 1, r.w - 2, ST_CODE, "from %s", address_format(v->from, from));
    canvas_strf(c, r.x + 1, r.y + 2, r.w - 2, ST_CODE, "to   %s", address_format(v->to, to));
    canvas_strf(c, r.x + 1, r.y + 3, r.w - 2, ST_CODE, "tx   %s", v->tx);
    canvas_strf(c, r.x + 1, r.y + 4, r.w - 2, ST_DIM, "block %s, log %llu",
                human_count(block, v->block), (unsigned long long)v->log);
}

void evidence_draw(struct evidence_screen *s, struct canvas *c, struct rect area)
{
    struct strip st;
    struct rect top = rect_cut_top(&area, 1);
    strip_init(&st, canvas_charset(c));
    strip_str(&st, rule_name(s->rule), ST_TITLE);
    strip_str(&st, " · ", ST_DIM);
    put_who(&st, s->author, s->model);
    canvas_strip(c, top.x + 1, top.y, top.w - 2, &st);
    int y = part_words(c, area, area.x + 1, area.y, rule_text(s->rule), ST_NORMAL);
    y = part_words(c, area, area.x + 1, y, s->words, ST_DIM);
    rect_cut_top(&area, y - area.y);
    if (!s->v) {
        part_unread(&s->failed, c, area);
        return;
    }
    rect_cut_top(&area, 1);
    enum { BELOW = 5, LEAST = 11 };
    size_t i = table_selected(s->table);
    if (i < s->v->n && area.h >= LEAST)
        draw_row(&s->v->row[i], c, rect_cut_bottom(&area, BELOW));
    table_draw(s->table, c, area, true, "Its transactions are in the cache no longer.");
}
