/*
 * What the panes of Health have in common: the tabs, the figures under the cursor, scrolling.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "ui/screens/health.h"

#include "base/banned.h"

enum { LABEL_W = 15, FOOT_FROM = 12, METRIC_BITS = 8 };

/* --- figures */

void pen_spot(struct pen *p, enum metric m, struct rect r)
{
    int same = 0;
    for (int i = 0; i < p->spots->n; i++)
        same += (p->spots->spot[i].id & ((1 << METRIC_BITS) - 1)) == (int)m;
    spots_add(p->spots, (int)m | same << METRIC_BITS, r);
}

enum metric health_selected(const struct health_screen *s)
{
    const struct spot *at = spots_selected(&s->spots);
    return at ? (enum metric)(at->id & ((1 << METRIC_BITS) - 1)) : METRIC_COUNT;
}

int pen_figure(struct pen *p, enum metric m, int x, int y, int cols, const struct strip *s)
{
    int used = canvas_strip(p->c, x, y, cols, s);
    pen_spot(p, m, (struct rect){x, y, used, 1});
    p->last = y >= p->last ? y + 1 : p->last;
    return used;
}

int pen_row(struct pen *p, struct rect r, int y, enum metric m, const char *label,
            const struct strip *value, const struct strip *more)
{
    canvas_str(p->c, r.x + 1, y, LABEL_W - 1, label, ST_DIM);
    int x = r.x + 1 + LABEL_W, used = pen_figure(p, m, x, y, r.x + r.w - x, value);
    if (more)
        canvas_strip(p->c, x + used + 2, y, r.x + r.w - x - used - 2, more);
    return y + 1;
}

int pen_count(struct pen *p, struct rect r, int y, enum metric m, const char *label, uint64_t n,
              const char *words)
{
    struct strip value, more;
    char text[HUMAN_BUF];
    strip_init(&value, canvas_charset(p->c));
    strip_init(&more, canvas_charset(p->c));
    strip_str(&value, human_count(text, n), n ? ST_STRONG : ST_DIM);
    strip_str(&more, words, ST_DIM);
    return pen_row(p, r, y, m, label, &value, &more);
}

int pen_title(struct pen *p, struct rect r, int y, const char *own)
{
    canvas_str(p->c, r.x + 1, y, r.w - 1, own, ST_TITLE);
    p->last = y >= p->last ? y + 1 : p->last;
    return y + 1;
}

int pen_words(struct pen *p, struct rect r, int y, const char *own)
{
    struct rect tall = {r.x, r.y, r.w, CANVAS_MAX_H}; /* what is below the window is scrolled to */
    y = part_words(p->c, tall, r.x + 1, y, own, ST_DIM);
    p->last = y > p->last ? y : p->last;
    return y;
}

/* --- the frame */

static void draw_tabs(const struct health_screen *s, struct canvas *c, struct rect r)
{
    static const char *const names[HEALTH_PANES] = {
        "At a glance", "Trends", "Who returns", "Authors", "Prices", "Genuine", "Sources"};
    char block[HUMAN_BUF], right[80];
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    int x = r.x, tight = r.w < 80;
    for (int i = 0; i < HEALTH_PANES; i++) {
        bool on = i == (int)s->pane;
        if (tight && !on)
            continue;
        x += canvas_strf(c, x, r.y, r.x + r.w - x, on ? ST_SORTED : ST_DIM, on ? "[%s]" : " %s ",
                         names[i]);
    }
    snprintf(right, sizeof right, r.w >= 110 ? " %s to block %s " : " %s ",
             window_name(s->h->window), human_count(block, s->h->as_of_block));
    canvas_str(c, x, r.y, -(r.x + r.w - x), right, ST_DIM);
}

/* What the figure under the cursor is, in words, and how to learn more. */
static void draw_foot(const struct health_screen *s, struct canvas *c, struct rect r)
{
    enum metric m = s->pane == HEALTH_PRICES ? METRIC_PRICE : health_selected(s);
    if (m == METRIC_COUNT || !r.h)
        return;
    const struct metric_info *info = metric_info(m);
    char words[320];
    snprintf(words, sizeof words, "%s: %s", info->title, info->text);
    canvas_str(c, r.x + 1, r.y, 1, "?", ST_KEY);
    part_words(c, r, r.x + 3, r.y, words, ST_DIM);
}

static void draw_pane(struct health_screen *s, struct canvas *c, struct rect area)
{
    static void (*const panes[HEALTH_PANES])(struct pen *, struct rect) = {
        [HEALTH_GLANCE] = health_draw_glance,   [HEALTH_TRENDS] = health_draw_trends,
        [HEALTH_RETURN] = health_draw_return,   [HEALTH_AUTHORS] = health_draw_authors,
        [HEALTH_GENUINE] = health_draw_genuine, [HEALTH_SOURCES] = health_draw_sources,
    };
    struct pen p = {.h = s->h, .c = c, .spots = &s->spots};
    struct rect before = canvas_clip(c, area), r = area;
    r.y -= s->top;
    p.last = r.y;
    spots_begin(&s->spots);
    if (s->pane == HEALTH_PRICES)
        health_draw_prices(s, &p, area);
    else
        panes[s->pane](&p, r);
    s->beyond = p.last - (area.y + area.h);
    spots_end(&s->spots, c, true);
    canvas_unclip(c, before);
    if (s->beyond > 0)
        canvas_glyph(c, area.x + area.w - 1, area.y + area.h - 1, GL_DOWN, ST_ACCENT);
    if (s->top > 0)
        canvas_glyph(c, area.x + area.w - 1, area.y, GL_UP, ST_ACCENT);
}

void health_draw(struct health_screen *s, struct canvas *c, struct rect area)
{
    spots_begin(&s->spots);
    if (!s->h) {
        if (s->failed.code)
            canvas_untrusted(c, area.x + 1, area.y + 1, area.w - 2, untrusted(s->failed.msg),
                             s->failed.code == SOUK_ENOTFOUND ? ST_DIM : ST_BAD);
        else
            canvas_str(c, area.x + 1, area.y + 1, area.w - 2, "reading…", ST_DIM);
        return;
    }
    part_failure(&s->failed, c, &area, 0); /* what was read before stays */
    draw_tabs(s, c, rect_cut_top(&area, 1));
    struct rect foot = rect_cut_bottom(&area, area.h >= FOOT_FROM ? 2 : 0);
    draw_pane(s, c, area);
    draw_foot(s, c, foot);
}
