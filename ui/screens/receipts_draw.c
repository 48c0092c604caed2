/* The Receipts screen's looks. */
#include <stdio.h>

#include "base/clock.h"
#include "ui/screens/parts.h"
#include "ui/screens/receipts.h"

#include "base/banned.h"

enum { DETAIL_ROWS = 4 };

const struct column receipt_columns[RECEIPT_COLS] = {
    [RECEIPT_WHEN] = {"WHEN", 8, 9, ALIGN_RIGHT, 0, 0, false, false},
    [RECEIPT_WHAT] = {"CALL OF", 16, 44, ALIGN_LEFT, 0, 2, false, false},
    [RECEIPT_AMOUNT] = {"AMOUNT", 13, 18, ALIGN_RIGHT, 0, 0, false, false},
    [RECEIPT_STATE] = {"STATE", 20, 31, ALIGN_LEFT, 0, 0, false, false},
    [RECEIPT_TX] = {"TRANSACTION", 13, 66, ALIGN_LEFT, 1, 1, false, false},
};

static void amount_cell(const struct receipts_screen *s, const struct purchase_row *r,
                        struct strip *out)
{
    struct asset a = money_asset(s->network, r->asset);
    char text[MONEY_BUF];
    if (r->state == PURCHASE_FREE || r->state == PURCHASE_INTENT)
        strip_str(out, "–", ST_DIM);
    else if (r->session)
        strip_str(out, u256_is_zero(r->cost) ? "by session" : money_text(r->cost, &a, text),
                  ST_MONEY);
    else if (r->charged_known)
        strip_str(out, money_text(r->charged, &a, text), ST_MONEY);
    else
        strip_strf(out, ST_DIM, "at most %s", money_text(r->amount, &a, text));
}

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    struct receipts_screen *s = ud;
    const struct purchase_row *r = &s->row[row];
    char text[HASH_BUF];
    switch (col) {
    case RECEIPT_WHEN:
        strip_str(out, human_age(text, clock_now() - r->made), ST_NORMAL);
        break;
    case RECEIPT_WHAT:
        strip_untrusted(out, r->subject, ST_STRONG);
        break;
    case RECEIPT_AMOUNT:
        amount_cell(s, r, out);
        break;
    case RECEIPT_STATE: {
        enum style st = purchase_state_style(r->state);
        strip_str(out,
                  st == ST_GOOD   ? "✓ "
                  : st == ST_BAD  ? "✗ "
                  : st == ST_WARN ? "△ "
                                  : "· ",
                  st);
        strip_str(out, purchase_state_words(r->state), st);
        break;
    }
    case RECEIPT_TX:
        if (r->has_tx)
            strip_str(out, bytes32_format(r->tx, text), ST_CODE);
        break;
    default:
        break;
    }
}

const struct table_ops receipt_ops = {cell, NULL};

static void draw_detail(const struct receipts_screen *s, struct canvas *c, struct rect r)
{
    const struct purchase_row *p = &s->row[table_selected(s->table)];
    char groups[GROUPS_BUF];
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_strf(c, r.x + 1, r.y + 1, 9, ST_DIM, "%lld", (long long)p->id);
    canvas_untrusted(c, r.x + 10, r.y + 1, r.w - 11, p->url, ST_LINK);
    canvas_str(c, r.x + 1, r.y + 2, 9, "to", ST_DIM);
    canvas_str(c, r.x + 10, r.y + 2, r.w - 11, address_groups(p->pay_to, groups), ST_CODE);
    canvas_untrusted(c, r.x + 10, r.y + 3, r.w - 11, p->words, ST_WARN);
}

void receipts_draw(struct receipts_screen *s, struct canvas *c, struct rect area)
{
    struct rect top = rect_cut_top(&area, 1);
    canvas_note_age(c);
    if (s->failed.code) {
        struct rect words = {top.x, top.y, top.w, top.h + 2};
        int y = part_text(c, words, top.x + 1, top.y, untrusted(s->failed.msg), ST_BAD);
        rect_cut_top(&area, y - top.y - 1);
    } else if (s->asking) {
        canvas_str(c, top.x + 1, top.y, top.w - 2, "▸ asking the chain what became of them…",
                   ST_ACCENT);
    } else {
        size_t open = 0;
        for (size_t i = 0; i < s->n; i++)
            open += s->row[i].state == PURCHASE_SENT || s->row[i].state == PURCHASE_SIGNED ||
                    s->row[i].state == PURCHASE_ANSWERED || s->row[i].state == PURCHASE_REFUSED;
        if (open)
            canvas_strf(c, top.x + 1, top.y, top.w - 2, ST_WARN,
                        open == 1 ? "%zu call waits for the chain's word; S asks it"
                                  : "%zu calls wait for the chain's word; S asks it",
                        open);
        else
            canvas_str(c, top.x + 1, top.y, top.w - 2,
                       "what was bought, and what the chain says of it", ST_DIM);
    }
    if (s->n && area.h > 2 * DETAIL_ROWS)
        draw_detail(s, c, rect_cut_bottom(&area, DETAIL_ROWS));
    table_draw(s->table, c, area, true, s->read ? "Nothing was bought yet." : "reading…");
}
