#include "ui/widgets/spots.h"

#include <limits.h>
#include <stdlib.h>

#include "base/banned.h"

enum { ROW = 4 }; /* columns as far as a row is */

void spots_begin(struct spots *s, struct rect view)
{
    s->n = 0;
    s->view = view;
}

void spots_add(struct spots *s, int id, struct rect r)
{
    if (s->n < SPOTS_MAX && r.w > 0 && r.h > 0)
        s->spot[s->n++] = (struct spot){id, r};
}

const struct spot *spots_selected(const struct spots *s)
{
    for (int i = 0; i < s->n; i++)
        if (s->spot[i].id == s->at)
            return &s->spot[i];
    return NULL;
}

void spots_end(struct spots *s, struct canvas *c, bool focused)
{
    if (!spots_selected(s) && s->n)
        s->at = s->spot[0].id;
    const struct spot *at = spots_selected(s);
    if (!at)
        return;
    canvas_over(c, at->r, focused ? OVER_SELECTED : OVER_UNFOCUSED);
    canvas_cursor(c, at->r.x, at->r.y, false);
}

/* The gap between two stretches; 0: they overlap. */
static int apart(int a, int a_len, int b, int b_len)
{
    return b >= a + a_len ? b - (a + a_len) + 1 : a >= b + b_len ? a - (b + b_len) + 1 : 0;
}

/* How far b is from a in a direction; -1: it does not lie there. */
static int distance(struct rect a, struct rect b, enum action act)
{
    bool upright = act == ACT_UP || act == ACT_DOWN;
    int ahead = act == ACT_UP     ? a.y - b.y
                : act == ACT_DOWN ? b.y - a.y
                : act == ACT_LEFT ? a.x - b.x
                                  : b.x - a.x;
    int aside = upright ? apart(a.x, a.w, b.x, b.w) : apart(a.y, a.h, b.y, b.h);
    if (ahead <= 0 || (!upright && aside))
        return -1;
    return upright ? ahead * ROW + aside : ahead;
}

bool spots_move(struct spots *s, enum action act)
{
    const struct spot *at = spots_selected(s);
    if (!at)
        return false;
    if (act == ACT_TOP || act == ACT_BOTTOM) {
        s->at = s->spot[act == ACT_TOP ? 0 : s->n - 1].id;
        return true;
    }
    if (act != ACT_UP && act != ACT_DOWN && act != ACT_LEFT && act != ACT_RIGHT)
        return false;
    int best = INT_MAX, to = s->at;
    for (int i = 0; i < s->n; i++) {
        int d = distance(at->r, s->spot[i].r, act);
        if (d >= 0 && d < best) {
            best = d;
            to = s->spot[i].id;
        }
    }
    s->at = to;
    return best < INT_MAX;
}

enum spots_event spots_mouse(struct spots *s, const struct mouse *m)
{
    const struct spot *was = spots_selected(s);
    if (m->what != MOUSE_PRESS || !rect_has(s->view, m->x, m->y))
        return SPOTS_IGNORED;
    for (int i = 0; i < s->n; i++) {
        const struct spot *one = &s->spot[i];
        if (rect_has(one->r, m->x, m->y)) {
            s->at = one->id;
            return one == was ? SPOTS_OPEN : SPOTS_MOVED;
        }
    }
    return SPOTS_IGNORED;
}
