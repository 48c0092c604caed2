/*
 * glyphs.h: every sign the program draws, with its twin for terminals without Unicode.
 *
 * A twin is one ASCII character for one column, so a layout is the same in
 * both. Literals given to canvas_str are mapped by this table too. Block,
 * eighth-bar and braille ranges are handled as ranges by glyph_ascii().
 */
#ifndef SOUK_UI_GLYPHS_H
#define SOUK_UI_GLYPHS_H

#include <stdint.h>

#include "base/text.h"

/* clang-format off */
#define GLYPHS(X)                                                                                  \
    X(SPACE, 0x20, ' ')                                                                            \
    X(ELLIPSIS, 0x2026, '~')                                                                       \
    X(DOT, 0xb7, '.')        /* · between facts */                                                 \
    X(BULLET, 0x2022, '*')   /* • */                                                               \
    X(DASH, 0x2013, '-')     /* – nothing here */                                                  \
    X(EM_DASH, 0x2014, '-')                                                                        \
    X(MINUS, 0x2212, '-')                                                                          \
    X(CHEVRON, 0x203a, '>')  /* › breadcrumb */                                                    \
    X(CHECK, 0x2713, '+')    /* ✓ proven */                                                        \
    X(CROSS, 0x2717, 'x')    /* ✗ failed */                                                        \
    X(ON_DISK, 0x2b07, 'v')  /* ⬇ on this disk */                                                  \
    X(MARK, 0x25cf, '*')     /* ● marked; connection light */                                      \
    X(RING, 0x25cb, 'o')     /* ○ connection light, off */                                         \
    X(DIAMOND, 0x25c6, '#')  /* ◆ */                                                               \
    X(DESC, 0x25be, 'v')     /* ▾ sorted downwards */                                              \
    X(ASC, 0x25b4, '^')      /* ▴ sorted upwards */                                                \
    X(RIGHT, 0x25b8, '>')    /* ▸ closed, chosen */                                                \
    X(SELECT, 0x258c, '>')   /* ▌ selected row */                                                  \
    X(CARET, 0x258f, '|')    /* ▏ */                                                               \
    X(UP, 0x2191, '^')                                                                             \
    X(DOWN, 0x2193, 'v')                                                                           \
    X(ARROW_LEFT, 0x2190, '<')                                                                     \
    X(ARROW_RIGHT, 0x2192, '>')                                                                    \
    X(STALE, 0x25f7, '!')    /* ◷ old data */                                                      \
    X(WARN, 0x25b3, '!')     /* △ look twice */                                                    \
    X(TIMES, 0xd7, 'x')      /* × */                                                               \
    X(APPROX, 0x2248, '~')   /* ≈ */                                                               \
    X(AT_LEAST, 0x2265, '>') /* ≥ */                                                               \
    X(AT_MOST, 0x2264, '<')  /* ≤ */                                                               \
    X(PLUS_MINUS, 0xb1, '~') /* ± */                                                               \
    X(QUOTE_L, 0x201c, '"')                                                                        \
    X(QUOTE_R, 0x201d, '"')                                                                        \
    X(APOSTROPHE, 0x2019, '\'')                                                                    \
    X(HLINE, 0x2500, '-')                                                                          \
    X(VLINE, 0x2502, '|')                                                                          \
    X(TL, 0x250c, '+')                                                                             \
    X(TR, 0x2510, '+')                                                                             \
    X(BL, 0x2514, '+')                                                                             \
    X(BR, 0x2518, '+')                                                                             \
    X(T_LEFT, 0x2524, '+')   /* ┤ tick of a y axis */                                              \
    X(T_RIGHT, 0x251c, '+')  /* ├ */                                                               \
    X(T_UP, 0x2534, '+')     /* ┴ */                                                               \
    X(T_DOWN, 0x252c, '+')   /* ┬ tick of an x axis */                                             \
    X(CROSSING, 0x253c, '+') /* ┼ */                                                               \
    X(SHADE, 0x2591, '.')    /* ░ empty part of a gauge */                                         \
    X(BLOCK, 0x2588, '#')    /* █ */                                                               \
    X(THUMB, 0x2590, '|')    /* ▐ scroll bar */                                                    \
    X(REPLACEMENT, 0xfffd, '?')
/* clang-format on */

enum glyph_id {
#define GLYPH_ID(id, cp, ascii) GL_##id,
    GLYPHS(GLYPH_ID)
#undef GLYPH_ID
        GL_COUNT
};

uint32_t glyph_cp(enum glyph_id g, enum text_charset cs);
uint32_t glyph_ascii(uint32_t cp); /* the twin of a sign of ours; '?' when it has none */

/* Level 0..8 of a vertical eighth bar (▁…█; ASCII " .,:-=+*#"), and 0..8 of a horizontal one. */
uint32_t glyph_vbar(int level, enum text_charset cs);
uint32_t glyph_hbar(int level, enum text_charset cs);

#endif
