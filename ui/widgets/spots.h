/*
 * spots.h: places on a page that a cursor moves over: its figures.
 *
 * Each draw puts them down anew, in the order they are read, with a number of the owner's; the
 * cursor stays with its number wherever that goes, and begins at the first. Moving takes the
 * nearest one in that direction; left and right stay in the row.
 */
#ifndef SOUK_UI_SPOTS_H
#define SOUK_UI_SPOTS_H

#include "ui/actions.h"
#include "ui/canvas.h"

enum { SPOTS_MAX = 128 }; /* further ones cannot be reached */

struct spot {
    int id;
    struct rect r;
};

struct spots {
    struct spot spot[SPOTS_MAX];
    int n;
    int at; /* id of the one under the cursor */
    struct rect view;
};

/* view: what is scrolled out of it is a place for the cursor, but not for the mouse. */
void spots_begin(struct spots *s, struct rect view);
void spots_add(struct spots *s, int id, struct rect r);
/* After the last: sees to it that the cursor is on one, and lays the bar over it. */
void spots_end(struct spots *s, struct canvas *c, bool focused);

const struct spot *spots_selected(const struct spots *s); /* NULL: there is none */
/* ACT_UP, DOWN, LEFT, RIGHT, TOP, BOTTOM. False: there is none in that direction. */
bool spots_move(struct spots *s, enum action act);

enum spots_event { SPOTS_IGNORED, SPOTS_MOVED, SPOTS_OPEN /* a press where the cursor was */ };
enum spots_event spots_mouse(struct spots *s, const struct mouse *m);

#endif
