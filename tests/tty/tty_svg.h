/*
 * tty_svg: a picture of the screen, for people.
 *
 * An SVG of the cells as they are: colours (the 16 system colours and the defaults are a dark theme
 * of our own), bold, italic, underline, strike, reverse, the cursor. Text is set glyph by glyph at
 * its cell, so that no font can shift a column; box drawing, block elements and braille are drawn
 * as shapes, so that lines join and charts look alike everywhere.
 */
#ifndef SOUK_TESTS_TTY_SVG_H
#define SOUK_TESTS_TTY_SVG_H

#include "tty.h"

/* The caller frees it. */
char *tty_svg(const struct tty *t);

#endif
