/*
 * backend.h: where a canvas goes and bytes come from. Small on purpose: curses,
 * a test grid, and later a linear mode for screen readers are all of it.
 *
 * The curses backend owns the terminal from backend_curses_new() to
 * backend_free(): alternate screen, raw mode, SGR mouse, bracketed paste; it
 * gives them back on free, on suspend, and from its handlers for SIGSEGV,
 * SIGABRT, SIGBUS, SIGILL and SIGFPE, so that a crash leaves a usable shell.
 * (SIGTERM, SIGHUP, SIGWINCH and SIGTSTP are the app's, through the loop.) One
 * such backend per process: curses has global state, and lives in one file.
 *
 * The test backend keeps the grid in memory; test_dump() writes it as text and
 * a block of style letters with a legend, which golden tests compare.
 */
#ifndef SOUK_UI_BACKEND_H
#define SOUK_UI_BACKEND_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "ui/canvas.h"
#include "ui/style.h"

struct backend;

struct backend_ops {
    void (*size)(struct backend *b, int *w, int *h);
    void (*present)(struct backend *b, const struct canvas *c); /* writes what changed */
    void (*forget)(struct backend *b);                          /* next present writes all */
    int (*input_fd)(struct backend *b);                         /* -1: none */
    int (*open_terminal)(struct backend *b); /* to read and write, close-on-exec; -1: none */
    void (*suspend)(struct backend *b);
    void (*resume)(struct backend *b);
    void (*mouse)(struct backend *b, bool on);
    void (*resize)(struct backend *b, int w, int h);     /* the terminal has this size now */
    bool (*copy)(struct backend *b, const char *base64); /* OSC 52; false: cannot */
    void (*free)(struct backend *b);
};

struct backend {
    const struct backend_ops *ops;
    enum text_charset charset;
};

void backend_free(struct backend *b); /* NULL is a no-op */

enum { CLIPBOARD_MAX = 74994 }; /* bytes of base64 that terminals are known to take */

struct backend_options {
    const char *theme; /* "dark", "light"; NULL: dark */
    bool no_color;     /* --no-color; NO_COLOR in the environment counts too */
    bool ascii;        /* --ascii; a locale without UTF-8 counts too */
};

/* On the terminal of stdin and stdout. SOUK_EUSAGE when there is none fit for it (TERM=dumb). */
struct backend *backend_curses_new(const struct backend_options *o, struct err *e);

struct backend *backend_test_new(int w, int h, enum text_charset cs, struct err *e);
/* Rows without trailing blanks; then, when asked for, a line "--", the style letters, a legend. */
void test_dump(const struct canvas *c, bool with_styles, struct buf *out);
/* True when some row contains the UTF-8 text. */
bool test_has_text(const struct canvas *c, const char *text);
/* Cells that differed at each present, for tests of "writes only what changed". */
unsigned long test_cells_written(const struct backend *b);

#endif
