/*
 * edit.h: one line of text being typed.
 *
 * Emacs and arrow keys: ^a ^e ^b ^f ^w ^u ^k, Home, End, Delete; Up and Down
 * walk the history where there is one. At most EDIT_MAX bytes of UTF-8, or what
 * edit_grow allowed; pasted line ends become spaces. What was typed or pasted is untrusted like the
 * rest.
 */
#ifndef SOUK_UI_EDIT_H
#define SOUK_UI_EDIT_H

#include "ui/canvas.h"
#include "ui/input.h"

enum { EDIT_MAX = 512, EDIT_HISTORY = 20 };

struct edit {
    char *text;                  /* terminated, valid UTF-8 */
    size_t len, caret, cap;      /* bytes */
    char *history[EDIT_HISTORY]; /* newest first */
    int n_history, at;           /* at: -1 while editing a new line */
    char local[EDIT_MAX + 1];    /* what text is at first: never copy the struct */
};

enum edit_event { EDIT_IGNORED, EDIT_MOVED, EDIT_CHANGED, EDIT_DONE, EDIT_CANCEL };

void edit_init(struct edit *e);
/* Takes texts up to cap bytes from now on; false without memory: then it stays as it was. */
bool edit_grow(struct edit *e, size_t cap);
void edit_release(struct edit *e);               /* then it is as after edit_init */
void edit_set(struct edit *e, const char *text); /* caret at the end */
/* Enter is EDIT_DONE (and goes into the history), Esc and ^c EDIT_CANCEL. */
enum edit_event edit_event(struct edit *e, const struct event *ev);
/* Scrolls sideways to keep the caret visible; places the cursor when focused. */
void edit_draw(const struct edit *e, struct canvas *c, int x, int y, int cols, enum style s,
               bool focused);

#endif
