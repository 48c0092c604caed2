/*
 * drawn: one screen's draw function, called on canvases of several sizes and compared with
 * golden/NAME-WxH.screen (golden.h).
 */
#ifndef SOUK_TESTS_DRAWN_H
#define SOUK_TESTS_DRAWN_H

#include "ui/canvas.h"

typedef void (*draw_fn)(void *state, struct canvas *c, struct rect area);

/* At 80x24, 120x40 and 200x60, and once in ASCII. */
void check(const char *name, draw_fn draw, void *state);
void check_at(const char *name, draw_fn draw, void *state, int w, int h);

/* Draws at many sizes: nothing crashes, nothing is drawn that may not be. */
void survive(draw_fn draw, void *state);

#endif
