/* The Listings screen's looks. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ui/screens/listings.h"
#include "ui/screens/money.h"
#include "ui/screens/parts.h"

#include "base/banned.h"

enum { DETAIL_ROWS = 6, ROOMY = 12, EMPTY_W = 66, EMPTY_H = 9, LABEL = 10 };

const struct column own_columns[OWN_COLS] = {
    [OWN_NAME] = {"MODEL", 16, 40, ALIGN_LEFT, 0, 2, false, false},
    [OWN_STATE] = {"STATE", 12, 12, ALIGN_LEFT, 0, 0, false, false},
    [OWN_PRICE] = {"PRICE/CALL", 11, 14, ALIGN_RIGHT, 0, 0, false, false},
    [OWN_PAYMENTS] = {"PAYMENTS", 8, 9, ALIGN_RIGHT, 2, 0, false, false},
    [OWN_INCOME] = {"INCOME", 12, 18, ALIGN_RIGHT, 0, 0, false, false},
    [OWN_SINCE] = {"SINCE", 8, 8, ALIGN_RIGHT, 3, 0, false, false},
    [OWN_PAY_TO] = {"PAID TO", 13, 42, ALIGN_LEFT, 4, 1, false, false},
};

char *listings_proof_line(const struct own_listings *l, char out[64])
{
    char owner[ADDRESS_BUF];
    snprintf(out, 64, "souk-listing: %s", address_format(l->owner, owner));
    return out;
}

static void state_strip(const struct own_listing *l, struct strip *out)
{
    if (!l->active)
        strip_str(out, "– withdrawn", ST_DIM);
    else if (l->proven)
        strip_str(out, "✓ proven", ST_GOOD);
    else
        strip_str(out, "? not proven", ST_WARN);
}

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    struct listings_screen *s = ud;
    const struct own_listing *l = &s->list->row[row];
    char text[256];
    switch (col) {
    case OWN_NAME:
        strip_untrusted(out, l->name, ST_STRONG);
        break;
    case OWN_STATE:
        state_strip(l, out);
        break;
    case OWN_PRICE:
        strip_str(out, amount_format(&l->price, text, sizeof text), ST_MONEY);
        break;
    case OWN_PAYMENTS:
        part_count(out, l->payments + l->settlements);
        break;
    case OWN_INCOME:
        part_income(out, &l->income);
        break;
    case OWN_SINCE:
        part_age(out, l->time, clock_now());
        break;
    case OWN_PAY_TO:
        strip_str(out, address_format(l->pay_to, text), ST_CODE);
        break;
    default:
        break;
    }
}

const struct table_ops own_ops = {cell, NULL};

static void fact(struct canvas *c, struct rect r, int y, const char *label, struct untrusted v,
                 enum style s)
{
    canvas_str(c, r.x + 1, y, LABEL - 1, label, ST_DIM);
    canvas_untrusted(c, r.x + LABEL, y, r.w - LABEL - 1, v, s);
}

/* The selected one in full, and what is left to do. */
static void draw_detail(const struct listings_screen *s, struct canvas *c, struct rect r)
{
    const struct own_listing *l = &s->list->row[table_selected(s->table)];
    char groups[GROUPS_BUF], line[64], a[HUMAN_BUF];
    struct strip st;
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    fact(c, r, r.y + 1, "blob", l->blob_id, ST_CODE);
    fact(c, r, r.y + 2, "at", l->endpoint.n ? l->endpoint : untrusted("nowhere, yet"),
         l->endpoint.n ? ST_LINK : ST_DIM);
    canvas_str(c, r.x + 1, r.y + 3, LABEL - 1, "paid to", ST_DIM);
    strip_init(&st, canvas_charset(c));
    strip_str(&st, address_groups(l->pay_to, groups), ST_CODE);
    if (l->settlements)
        strip_strf(&st, ST_DIM, "  %s by session", human_count(a, l->settlements));
    canvas_strip(c, r.x + LABEL, r.y + 3, r.w - LABEL - 1, &st);
    if (l->active && !l->proven) {
        canvas_str(
            c, r.x + 1, r.y + 4, r.w - 2,
            "△ not proven until its description on the Hub has this line; y copies it:", ST_WARN);
        canvas_str(c, r.x + LABEL, r.y + 5, r.w - LABEL - 1, listings_proof_line(s->list, line),
                   ST_STRONG);
    } else if (!l->active) {
        canvas_str(c, r.x + 1, r.y + 4, r.w - 2,
                   "Withdrawn: nobody is shown it as for sale. P lists it again.", ST_DIM);
    }
}

static void draw_empty(const struct listings_screen *s, struct canvas *c, struct rect area)
{
    struct rect r = rect_center(area, EMPTY_W, EMPTY_H);
    int y = r.y;
    if (s->none) {
        canvas_str(c, r.x, y++, r.w, "There is no wallet on this network yet.", ST_TITLE);
        part_words(c, r, r.x, y + 1,
                   "A listing belongs to an account. w makes, imports or watches a wallet.",
                   ST_NORMAL);
        return;
    }
    canvas_str(c, r.x, y++, r.w, "This account has listed nothing yet.", ST_TITLE);
    y = part_words(c, r, r.x, y + 1,
                   "P publishes a model: its file is stored on Walrus and proved, and listed with "
                   "a price and an address of its own to be paid at.",
                   ST_NORMAL);
    part_words(c, r, r.x, y + 1,
               "What was listed just now, or elsewhere, comes with the next sync (S).", ST_DIM);
}

static void draw_totals(const struct listings_screen *s, struct canvas *c, struct rect r)
{
    size_t active = 0, unproven = 0;
    for (size_t i = 0; i < s->list->n; i++) {
        active += s->list->row[i].active;
        unproven += s->list->row[i].active && !s->list->row[i].proven;
    }
    struct strip st;
    strip_init(&st, canvas_charset(c));
    strip_strf(&st, ST_STRONG, "%zu listed", active);
    if (s->list->n - active)
        strip_strf(&st, ST_DIM, " · %zu withdrawn", s->list->n - active);
    if (unproven)
        strip_strf(&st, ST_WARN, " · %zu not proven", unproven);
    strip_str(&st, " · income of all time", ST_DIM);
    canvas_strip(c, r.x + 1, r.y, r.w - 2, &st);
}

void listings_draw(struct listings_screen *s, struct canvas *c, struct rect area)
{
    canvas_note_age(c);
    part_failure(&s->failed, c, &area, 0);
    if (s->no_contract) {
        int y = part_words(c, area, area.x + 1, area.y,
                           "△ This network has no contract for listings: `souk listings deploy` "
                           "puts it there.",
                           ST_WARN);
        rect_cut_top(&area, y - area.y);
    }
    if (s->none || (s->list && !s->list->n)) {
        draw_empty(s, c, area);
        return;
    }
    if (s->list)
        draw_totals(s, c, rect_cut_top(&area, 1));
    if (s->list && area.h > ROOMY)
        draw_detail(s, c, rect_cut_bottom(&area, DETAIL_ROWS));
    table_draw(s->table, c, area, true, s->failed.code ? NULL : "reading…");
}
