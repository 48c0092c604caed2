/*
 * What the panes of Health have in common: the tabs, the foot, scrolling.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "ui/screens/health.h"

#include "base/banned.h"

enum { FOOT_FROM = 12 };

/* --- the frame */

static void draw_tabs(const struct health_screen *s, struct canvas *c, struct rect r)
{
    static const char *const names[HEALTH_PANES] = {
        "At a glance", "Trends", "Who returns", "Authors", "Prices", "Genuine", "Sources"};
    char block[HUMAN_BUF], right[80];
    snprintf(right, sizeof right, r.w >= 110 ? "%s to block %s" : "%s", window_name(s->h->window),
             human_count(block, s->h->as_of_block));
    part_tabs(c, r, names, HEALTH_PANES, (int)s->pane, right);
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
    spots_begin(&s->spots, area);
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
    spots_begin(&s->spots, area);
    if (!s->h) {
        part_unread(&s->failed, c, area);
        return;
    }
    part_failure(&s->failed, c, &area, 0); /* what was read before stays */
    draw_tabs(s, c, rect_cut_top(&area, 1));
    struct rect foot = rect_cut_bottom(&area, area.h >= FOOT_FROM ? 2 : 0);
    draw_pane(s, c, area);
    pen_foot(c, foot, s->pane == HEALTH_PRICES ? METRIC_PRICE : pen_selected(&s->spots));
}
