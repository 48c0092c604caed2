#include "ui/screens/landed.h"

#include "base/clock.h"
#include "base/human.h"
#include "ui/screens/parts.h"
#include "ui/watching.h"

#include "base/banned.h"

enum { L_WHEN, L_AMOUNT, L_WHAT, L_PAYER, L_NEW, L_DOUBT, L_TX, L_COLS };
static const struct column columns[L_COLS] = {
    [L_WHEN] = {"WHEN", 8, 8, ALIGN_RIGHT, 0, 0, false, false},
    [L_AMOUNT] = {"AMOUNT", 13, 16, ALIGN_RIGHT, 0, 0, false, false},
    [L_WHAT] = {"AUTHOR / MODEL", 16, 40, ALIGN_LEFT, 0, 1, false, false},
    [L_PAYER] = {"PAYER", 13, 13, ALIGN_LEFT, 1, 0, false, false},
    [L_NEW] = {"", 4, 4, ALIGN_LEFT, 1, 0, false, false},
    [L_DOUBT] = {"DOUBTS", 8, 16, ALIGN_LEFT, 0, 0, false, false},
    [L_TX] = {"TRANSACTION", 13, 66, ALIGN_LEFT, 3, 0, false, false},
};

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct domain *d = ud;
    const struct landed *l = watching_at(d->watching, row);
    char text[256];
    switch (col) {
    case L_WHEN:
        strip_str(out, human_age(text, clock_now() - l->time), ST_NORMAL);
        break;
    case L_AMOUNT:
        strip_strf(out, l->refund ? ST_WARN : ST_MONEY, "%s%s", l->refund ? "−" : "+",
                   amount_format(&l->amount, text, sizeof text));
        break;
    case L_WHAT:
        strip_untrusted(out, untrusted(l->author), ST_STRONG);
        if (l->model[0]) {
            strip_str(out, " / ", ST_DIM);
            strip_untrusted(out, untrusted(l->model), ST_NORMAL);
        }
        break;
    case L_PAYER:
        part_address(out, l->payer_known ? l->payer : (address){0}, 0);
        break;
    case L_NEW:
        strip_str(out, l->refund ? "back" : l->payer_new ? "new" : "", ST_GOOD);
        break;
    case L_DOUBT:
        part_rules(out, l->bits);
        break;
    case L_TX:
        strip_str(out, l->tx, ST_CODE);
        break;
    default:
        break;
    }
}

static const struct table_ops ops = {cell, NULL};

struct table *landed_new(struct domain *d)
{
    return table_new(columns, L_COLS, &ops, d);
}

int landed_height(const struct domain *d)
{
    enum { TITLE_AND_HEADER = 2 };
    size_t n = watching_landed(d->watching);
    return TITLE_AND_HEADER + (int)n;
}

void landed_draw(struct table *t, const struct domain *d, struct canvas *c, struct rect r,
                 bool focused)
{
    size_t watched = watching_count(d->watching);
    char n[HUMAN_BUF];
    if (r.h < 2)
        return;
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_str(c, r.x + 2, r.y, r.w - 2, " landed for whom you watch ", ST_TITLE);
    rect_cut_top(&r, 1);
    table_set_rows(t, watching_landed(d->watching));
    if (table_rows(t))
        table_draw(t, c, r, focused, NULL);
    else if (watched)
        canvas_strf(c, r.x + 1, r.y, r.w - 2, ST_DIM, "Nothing yet; %s watched.",
                    human_count(n, watched));
    else
        canvas_str(c, r.x + 1, r.y, r.w - 2,
                   "Nobody is watched yet: W on an author tells of each payment as it lands.",
                   ST_DIM);
}
