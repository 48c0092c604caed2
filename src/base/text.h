/*
 * text.h: the one door between bytes from outside and anything a person sees.
 *
 * Model names, descriptions, server errors, log lines: all of it is hostile
 * until proven drawable (../tests/fuzz/fuzz_text.c proves the invariants).
 * Bytes from outside travel as `struct untrusted`. Only text_line() turns
 * them into a `struct line_text`: one line of grapheme cells with known
 * widths, which is all that widgets accept.
 *
 * Neutralised, never parsed and stripped:
 *   - bytes that are not strict UTF-8 (overlong, surrogates, > U+10FFFF,
 *     noncharacters) become U+FFFD;
 *   - C0, DEL and C1 become visible pictures (U+2400..2421; C1 as U+FFFD); a
 *     tab becomes one space; line ends (LF, CR LF, U+2028, U+2029) become a
 *     space in one-line text and a break in blocks;
 *   - invisible or direction-changing code points (all of Cf, everything Unicode
 *     calls default-ignorable, private use, unassigned) become U+FFFD;
 *   - at most 4 combining marks stay on a cell; further ones are dropped; a
 *     mark with nothing to stand on becomes U+FFFD.
 * Each replacement is counted, so a screen can say how many it hid.
 *
 * Hebrew, Arabic, CJK and emoji stay readable. Widths are those of wcwidth():
 * a line is as wide as its code points, marks counting 0, because that is
 * what curses, tmux and most terminals agree on. Terminals disagree where one
 * code point changes the width of another, so such glue never gets out:
 * after an emoji, ZWJ (before another emoji) and skin tones are dropped and a
 * family is shown as its members; the one VS15/VS16 after a base is dropped.
 * That is how these emoji look in plain terminals anyway, hides nothing worth
 * a warning and is not counted. Anywhere else the same code points are U+FFFD.
 *
 * What comes out is a fixed point: sanitising it again changes nothing.
 *
 * In ASCII mode every glyph is one ASCII byte, '?' where there is none.
 */
#ifndef SOUK_BASE_TEXT_H
#define SOUK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

/* Bytes from outside. Not terminated, not validated, not owned. */
struct untrusted {
    const char *p;
    size_t n;
};

struct untrusted untrusted(const char *s); /* s may be NULL: empty */
struct untrusted untrusted_n(const char *p, size_t n);
bool untrusted_eq(struct untrusted a, struct untrusted b); /* byte for byte */

enum { GLYPH_MAX = 6 }; /* base + 4 marks + terminator */

/* One grapheme in one or two terminal columns. */
struct glyph {
    uint32_t cp[GLYPH_MAX]; /* 0-terminated; cp[0] is never 0, never denied */
    uint8_t width;          /* 1 or 2 */
};

/* One drawable line. Lives on the stack for short fields; owns `glyph` when it had to grow.
 * Otherwise `glyph` points into the struct itself: hand it on by pointer, never copy it. */
enum { LINE_INLINE = 64 };
struct line_text {
    struct glyph *glyph;
    size_t n;        /* glyphs */
    int width;       /* columns */
    unsigned hidden; /* code points or bytes neutralised */
    bool cut;        /* the input was longer than max_glyphs */
    struct glyph local[LINE_INLINE];
};

/* Drawing charset: ASCII for terminals without Unicode (every glyph is then one ASCII byte). */
enum text_charset { TEXT_UNICODE, TEXT_ASCII };

/*
 * Sanitises at most max_glyphs glyphs of u into *out (which text_line
 * initialises). Never fails: without memory the line is cut. Release it.
 */
void text_line(struct line_text *out, struct untrusted u, size_t max_glyphs, enum text_charset cs);
void text_release(struct line_text *t);

/*
 * Splits a block (a description) into lines, calling line() for each with the
 * bytes of one line, without its end. Stops after max_lines; returns lines seen.
 * The end of the last line may be missing; a text that ends with one has no empty line after it.
 */
size_t text_each_line(struct untrusted u, size_t max_lines,
                      void (*line)(void *ud, struct untrusted one), void *ud);

/* True when cp may reach a terminal: the second guard, asked again at the last write. */
bool text_drawable(uint32_t cp);

/* Columns of a drawable code point: 0 for marks, 1, or 2. Of any other, 1: its U+FFFD. */
int text_cp_width(uint32_t cp);

/* Appends the sanitised UTF-8 of u, cut to max_cols columns (0: no limit). The mark of a
 * cut, "…" or in ASCII "~", is within max_cols. */
void text_add(struct buf *b, struct untrusted u, int max_cols, enum text_charset cs);
/* The same, padded with spaces to exactly cols columns; negative cols right-aligns. */
void text_add_padded(struct buf *b, struct untrusted u, int cols, enum text_charset cs);
/* Unicode when setlocale() chose a UTF-8 locale, else ASCII. */
enum text_charset text_locale_charset(void);
/* Writes one sanitised line, without a line end, in the locale's charset (errors, CLI tables). */
void text_fputs(FILE *f, struct untrusted u);

/* UTF-8 of one code point (up to 4 bytes, terminated), of U+FFFD for what is none; its length. */
size_t utf8_put(char out[5], uint32_t cp);
/* Next code point of p[0..n), strictly; U+FFFD and 1 byte for what is not UTF-8. Returns bytes
 * used, 0 only when n is 0. valid may be NULL. Noncharacters are valid here, though not drawable.
 */
size_t utf8_get(const char *p, size_t n, uint32_t *cp, bool *valid);

/* True when one word mixes scripts that are commonly confused: Latin, Greek, Cyrillic. A text of
 * words in several scripts is common and honest. */
bool text_mixed_scripts(struct untrusted u);

#endif
