/*
 * Price against volume: a list, and where there is room a picture.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "ui/screens/health.h"
#include "ui/widgets/plot.h"

#include "base/banned.h"

const struct column health_price_columns[PRICE_COLS] = {
    [PRICE_MODEL] = {"MODEL", 16, 30, ALIGN_LEFT, 0, 2, false, false},
    [PRICE_AUTHOR] = {"AUTHOR", 10, 14, ALIGN_LEFT, 2, 1, false, false},
    [PRICE_EACH] = {"PRICE/CALL", 13, 14, ALIGN_RIGHT, 0, 0, false, false},
    [PRICE_PAYMENTS] = {"PAYMENTS", 8, 9, ALIGN_RIGHT, 0, 0, false, false},
    [PRICE_INCOME] = {"INCOME", 13, 16, ALIGN_RIGHT, 1, 0, false, false},
};

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct health_screen *s = ud;
    const struct price_point *p = &s->h->price[row];
    char text[256];
    switch (col) {
    case PRICE_MODEL:
        part_name(p->model, ST_STRONG, out);
        break;
    case PRICE_AUTHOR:
        part_name(p->author, ST_NORMAL, out);
        break;
    case PRICE_EACH:
        strip_str(out, amount_format(&p->price, text, sizeof text), ST_MONEY);
        break;
    case PRICE_PAYMENTS:
        part_count(out, p->payments);
        break;
    case PRICE_INCOME:
        strip_str(out, p->payments ? amount_format(&p->income, text, sizeof text) : "–",
                  p->payments ? ST_MONEY : ST_DIM);
        break;
    default:
        break;
    }
}

const struct table_ops health_price_ops = {cell, NULL};

/* --- the picture: both axes in octaves, 16 steps each */

enum { STEPS = 16 };

static unsigned octave_steps(u256 v)
{
    int top = -1;
    for (int i = 255; i >= 0 && top < 0; i--)
        if (v.w[i / 64] >> (i % 64) & 1)
            top = i;
    unsigned below = 0; /* the four bits after the highest */
    for (int k = 1; k <= 4; k++)
        below =
            below << 1 | (top >= k ? (unsigned)(v.w[(top - k) / 64] >> ((top - k) % 64)) & 1 : 0);
    return top < 0 ? 0 : (unsigned)top * STEPS + below;
}

struct range {
    unsigned least, most;
    size_t least_at, most_at; /* whose they are */
    bool any;
};

static void widen(struct range *r, unsigned v, size_t at)
{
    if (!r->any || v < r->least) {
        r->least = v;
        r->least_at = at;
    }
    if (!r->any || v > r->most) {
        r->most = v;
        r->most_at = at;
    }
    r->any = true;
}

static uint32_t place(const struct range *r, unsigned v)
{
    return r->most == r->least
               ? PLOT_FULL / 2
               : (uint32_t)((uint64_t)(v - r->least) * PLOT_FULL / (r->most - r->least));
}

static void draw_picture(const struct health *h, struct canvas *c, struct rect area)
{
    struct plot_point point[PRICE_POINTS];
    struct range x = {0}, y = {0};
    size_t n = 0;
    unsigned at[PRICE_POINTS][2];
    for (size_t i = 0; i < h->prices && i < PRICE_POINTS; i++) {
        const struct price_point *p = &h->price[i];
        if (!p->payments || !address_eq(p->price.asset, h->income_asset.asset))
            continue;
        at[n][0] = octave_steps(p->price.value);
        at[n][1] = octave_steps(u256_from_u64(p->payments));
        widen(&x, at[n][0], i);
        widen(&y, at[n++][1], i);
    }
    if (!n) {
        canvas_str(c, area.x, area.y, area.w, "No payments to draw against prices.", ST_DIM);
        return;
    }
    for (size_t i = 0; i < n; i++)
        point[i] = (struct plot_point){place(&x, at[i][0]), place(&y, at[i][1])};
    char low[128], high[128], few[HUMAN_BUF], many[HUMAN_BUF], title[96];
    snprintf(title, sizeof title, "payments by price in %s: · 1, ○ 2+, ● 5+ models",
             h->income_asset.symbol);
    const struct plot plot = {
        .title = title,
        .x_low = amount_format(&h->price[x.least_at].price, low, sizeof low),
        .x_high = amount_format(&h->price[x.most_at].price, high, sizeof high),
        .y_low = human_count(few, h->price[y.least_at].payments),
        .y_high = human_count(many, h->price[y.most_at].payments),
    };
    plot_points(&plot, c, area, point, n);
}

void health_draw_prices(struct health_screen *s, struct pen *p, struct rect r)
{
    enum { WIDE = 118, TALL = 26, PICTURE_H = 12 };
    if (r.w >= WIDE) {
        struct rect right = rect_cut_right(&r, r.w * 2 / 5);
        draw_picture(p->h, p->c, rect_inset(right, 2, 0));
    } else if (r.h >= TALL) {
        struct rect below = rect_cut_bottom(&r, PICTURE_H);
        draw_picture(p->h, p->c, rect_inset(below, 1, 0));
    }
    table_draw(s->prices, p->c, r, true, "No model is listed.");
}
