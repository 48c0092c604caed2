#include "ui/screens/pen.h"

#include <stdio.h>

#include "base/human.h"
#include "ui/screens/parts.h"

#include "base/banned.h"

enum { LABEL_W = 15, METRIC_BITS = 8, EXACT_W = 100 };

void pen_spot(struct pen *p, enum metric m, struct rect r)
{
    int same = 0;
    for (int i = 0; i < p->spots->n; i++)
        same += (p->spots->spot[i].id & ((1 << METRIC_BITS) - 1)) == (int)m;
    spots_add(p->spots, (int)m | same << METRIC_BITS, r);
}

enum metric pen_selected(const struct spots *s)
{
    const struct spot *at = spots_selected(s);
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

int pen_income(struct pen *p, struct rect r, int y, enum metric m, const char *label,
               const struct income *in, const char *words)
{
    struct strip value, more;
    strip_init(&value, canvas_charset(p->c));
    strip_init(&more, canvas_charset(p->c));
    (r.w < EXACT_W ? part_income_short : part_income)(&value, in);
    strip_str(&more, words, ST_DIM);
    return pen_row(p, r, y, m, label, &value, &more);
}

int pen_interval(struct pen *p, struct rect r, int y, enum metric m, const char *label,
                 const struct income *low, const struct income *high, const char *words)
{
    struct strip value, more;
    strip_init(&value, canvas_charset(p->c));
    strip_init(&more, canvas_charset(p->c));
    (r.w < EXACT_W ? part_interval_short : part_interval)(&value, low, high);
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

void pen_foot(struct canvas *c, struct rect r, enum metric m)
{
    char words[320];
    if (m == METRIC_COUNT || !r.h)
        return;
    const struct metric_info *info = metric_info(m);
    snprintf(words, sizeof words, "%s: %s", info->title, info->text);
    canvas_str(c, r.x + 1, r.y, 1, "?", ST_KEY);
    part_words(c, r, r.x + 3, r.y, words, ST_DIM);
}
