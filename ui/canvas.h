/*
 * canvas.h: a grid of cells, and the only ways to put something on it.
 *
 * Drawing is a pure function from a snapshot to cells: nothing here touches a
 * terminal. A backend (backend.h) later compares the canvas with what is on
 * the screen. Coordinates are absolute, from 0 at the top left; everything is
 * clipped to the canvas and to the current clip, so drawing outside is
 * harmless. A wide glyph that would be cut in half is not drawn.
 *
 * Text comes in three kinds, and the compiler tells them apart:
 *   - foreign text: `struct untrusted` or sanitised `struct line_text` (text.h);
 *   - our own words: string literals in UTF-8 (canvas_str; not drawable: BUG);
 *   - our own formats (canvas_strf): sanitised as a second guard, but never
 *     hand foreign text to them where canvas_untrusted would do.
 *
 * `cols` is the room for the text: longer text is cut and ends in an ellipsis,
 * shorter text leaves the rest untouched; negative cols right-aligns within
 * -cols. All text calls return the columns drawn.
 *
 * On a terminal without Unicode (TEXT_ASCII) our own words and signs change to
 * the twins in glyphs.h one for one, so layouts are the same: write "✓" and
 * "·" and "▾" freely, as long as they are in that table (anything else in a
 * literal is '?' there).
 */
#ifndef SOUK_UI_CANVAS_H
#define SOUK_UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "ui/glyphs.h"
#include "ui/style.h"

struct rect {
    int x, y, w, h;
};

struct rect rect_inset(struct rect r, int dx, int dy); /* never negative sizes */
struct rect rect_cut_top(struct rect *r, int h);       /* takes h rows off *r, returns them */
struct rect rect_cut_bottom(struct rect *r, int h);
struct rect rect_cut_left(struct rect *r, int w);
struct rect rect_cut_right(struct rect *r, int w);
struct rect rect_center(struct rect r, int w, int h); /* w x h (or less) in the middle */
bool rect_has(struct rect r, int x, int y);

enum { CELL_CPS = GLYPH_MAX - 1 };

struct cell {
    uint32_t cp[CELL_CPS]; /* 0-padded; cp[0] == 0: right half of the wide glyph to the left */
    uint8_t width;         /* 1 or 2; 0 for a right half */
    uint8_t style;         /* enum style */
    uint8_t over;          /* OVER_* */
    uint8_t pad;
};

struct canvas;

enum { CANVAS_MAX_W = 1000, CANVAS_MAX_H = 500 }; /* a larger terminal is used up to here */

struct canvas *canvas_new(int w, int h, enum text_charset cs, struct err *e);
void canvas_free(struct canvas *c);
souk_err canvas_resize(struct canvas *c, int w, int h, struct err *e); /* and clears */
void canvas_clear(struct canvas *c); /* blanks, no clip, cursor at 0,0 and hidden, no ages */

struct rect canvas_rect(const struct canvas *c);
enum text_charset canvas_charset(const struct canvas *c);
const struct cell *canvas_row(const struct canvas *c, int y); /* for backends and tests */

/* Takes over what another canvas of the same size shows; BUG when it has another size. */
void canvas_copy(struct canvas *c, const struct canvas *from);

/* Narrows the clip to r; returns the clip before, to be given to canvas_unclip. */
struct rect canvas_clip(struct canvas *c, struct rect r);
void canvas_unclip(struct canvas *c, struct rect before);

/* --- text */
int canvas_text(struct canvas *c, int x, int y, int cols, const struct line_text *t, enum style s);
int canvas_untrusted(struct canvas *c, int x, int y, int cols, struct untrusted u, enum style s);
int canvas_str(struct canvas *c, int x, int y, int cols, const char *own, enum style s);
int canvas_strf(struct canvas *c, int x, int y, int cols, enum style s, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* "3 m ago", "just now", from clock_now(); marks the frame so that the app redraws as it ages. */
int canvas_ago(struct canvas *c, int x, int y, int cols, int64_t when, enum style s);
void canvas_note_age(struct canvas *c); /* the same mark, for ages drawn some other way */
bool canvas_has_age(const struct canvas *c);

/* --- shapes */
void canvas_fill(struct canvas *c, struct rect r, enum glyph_id g, enum style s);
void canvas_blank(struct canvas *c, struct rect r); /* spaces in ST_NORMAL */
void canvas_glyph(struct canvas *c, int x, int y, enum glyph_id g, enum style s);
void canvas_cp(struct canvas *c, int x, int y, uint32_t cp,
               enum style s); /* one column; BUG else */
void canvas_hline(struct canvas *c, int x, int y, int w, enum style s);
void canvas_vline(struct canvas *c, int x, int y, int h, enum style s);
void canvas_box(struct canvas *c, struct rect r, enum style s); /* the frame only */
void canvas_over(struct canvas *c, struct rect r, int over);    /* lays OVER_* on what is there */

/* Where screen readers and the caret find the focus. The last call of a frame wins. */
void canvas_cursor(struct canvas *c, int x, int y, bool visible);
void canvas_cursor_get(const struct canvas *c, int *x, int *y, bool *visible);

/*
 * --- strips: one line composed of pieces with styles, before it is known where it goes.
 * Table cells and lines of text views are strips. Fixed size, on the stack, never fails:
 * what does not fit is cut (and shows as an ellipsis when drawn).
 */
enum { STRIP_MAX = 240 };

struct strip {
    enum text_charset cs;
    bool cut;
    int n;     /* cells in use; a wide glyph takes one here */
    int width; /* columns */
    struct cell cell[STRIP_MAX];
};

void strip_init(struct strip *s, enum text_charset cs);
void strip_untrusted(struct strip *s, struct untrusted u, enum style st);
void strip_text(struct strip *s, const struct line_text *t, enum style st);
void strip_str(struct strip *s, const char *own, enum style st);
void strip_strf(struct strip *s, enum style st, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void strip_glyph(struct strip *s, enum glyph_id g, enum style st);
void strip_cp(struct strip *s, uint32_t cp, enum style st); /* of width 1; BUG else */
void strip_pad(struct strip *s, int to_width);              /* spaces up to that width */

int canvas_strip(struct canvas *c, int x, int y, int cols, const struct strip *s);
/* The same for cells that live elsewhere (a text view's line). */
int canvas_cells(struct canvas *c, int x, int y, int cols, const struct cell *cells, int n);

#endif
