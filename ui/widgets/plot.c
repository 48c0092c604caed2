#include "ui/widgets/plot.h"

#include <string.h>

#include "base/banned.h"

enum { DOTS_X = 2, DOTS_Y = 4, MIN_W = 12, MIN_H = 5, SOME = 2, MANY = 5 };

static int width_of(const char *own)
{
    struct line_text t;
    text_line(&t, untrusted(own), STRIP_MAX, TEXT_UNICODE);
    int w = t.width;
    text_release(&t);
    return w;
}

/* Title, axes and their ends; returns where the data goes, empty where there is no room. */
static struct rect frame(const struct plot *p, struct canvas *c, struct rect area)
{
    if (p->title)
        canvas_str(c, area.x, area.y, area.w, p->title, ST_TITLE);
    rect_cut_top(&area, p->title ? 1 : 0);
    if (area.w < MIN_W || area.h < MIN_H)
        return (struct rect){area.x, area.y, 0, 0};
    int low = width_of(p->y_low), high = width_of(p->y_high), label = low > high ? low : high;
    label = label > area.w / 3 ? area.w / 3 : label;
    struct rect r = area;
    rect_cut_left(&r, label + 1);
    rect_cut_bottom(&r, 2);
    int x = r.x - 1, y = r.y + r.h;
    canvas_str(c, area.x, r.y, -label, p->y_high, ST_DIM);
    canvas_str(c, area.x, y - 1, -label, p->y_low, ST_DIM);
    canvas_vline(c, x, r.y, r.h, ST_AXIS);
    canvas_hline(c, r.x, y, r.w, ST_AXIS);
    canvas_glyph(c, x, y, GL_CROSSING, ST_AXIS);
    canvas_str(c, r.x, y + 1, r.w / 2, p->x_low, ST_DIM);
    canvas_str(c, r.x + r.w / 2, y + 1, -(r.w - r.w / 2), p->x_high, ST_DIM);
    return r;
}

static int along(uint64_t v, int dots)
{
    v = v > PLOT_FULL ? PLOT_FULL : v;
    return (int)(v * (uint64_t)(dots - 1) / PLOT_FULL);
}

static void dot(struct canvas *c, struct rect r, int dx, int dy, enum style s, uint32_t ascii)
{
    static const uint8_t bit[DOTS_Y][DOTS_X] = {
        {0x40, 0x80}, {0x04, 0x20}, {0x02, 0x10}, {0x01, 0x08}}; /* from the bottom */
    int x = r.x + dx / DOTS_X, y = r.y + r.h - 1 - dy / DOTS_Y;
    if (!rect_has(canvas_rect(c), x, y))
        return;
    if (canvas_charset(c) == TEXT_ASCII) {
        canvas_cp(c, x, y, ascii, s);
        return;
    }
    uint32_t there = canvas_row(c, y)[x].cp[0];
    uint32_t dots = there >= 0x2800 && there < 0x2900 ? there : 0x2800;
    canvas_cp(c, x, y, dots | bit[dy % DOTS_Y][dx % DOTS_X], s);
}

void plot_curve(const struct plot *p, struct canvas *c, struct rect area, const uint32_t *v,
                size_t n)
{
    struct rect before = canvas_clip(c, area), r = frame(p, c, area);
    int w = r.w * DOTS_X, h = r.h * DOTS_Y, last = 0;
    for (int dx = 0; dx < w; dx += 3) /* sparse: it is there to compare with */
        dot(c, r, dx, dx * (h - 1) / (w - 1), ST_AXIS, '.');
    for (int dx = 0; dx < w && n > 1; dx++) {
        size_t at = (size_t)dx * (n - 1), i = at / (size_t)(w - 1);
        int64_t part = (int64_t)(at % (size_t)(w - 1));
        int64_t a = v[i], b = i + 1 < n ? v[i + 1] : v[i];
        int y = along((uint64_t)(a + (b - a) * part / (w - 1)), h);
        for (int dy = dx && y > last ? last + 1 : y; dy <= y; dy++)
            dot(c, r, dx, dy, ST_CHART1, '*');
        last = y;
    }
    canvas_unclip(c, before);
}

void plot_points(const struct plot *p, struct canvas *c, struct rect area,
                 const struct plot_point *v, size_t n)
{
    struct rect before = canvas_clip(c, area), r = frame(p, c, area);
    static const enum glyph_id sign[] = {GL_DOT, GL_RING, GL_MARK};
    for (int y = 0; y < r.h; y++) {
        int count[CANVAS_MAX_W] = {0};
        for (size_t i = 0; i < n; i++)
            if (r.h - 1 - along(v[i].y, r.h) == y)
                count[along(v[i].x, r.w)]++;
        for (int x = 0; x < r.w; x++)
            if (count[x])
                canvas_glyph(c, r.x + x, r.y + y,
                             sign[count[x] >= MANY   ? 2
                                  : count[x] >= SOME ? 1
                                                     : 0],
                             ST_CHART1);
    }
    canvas_unclip(c, before);
}
