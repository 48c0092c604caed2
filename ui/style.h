/*
 * style.h: what a cell means, not how it looks.
 *
 * Whoever draws names a role; the theme and the terminal's colour depth decide
 * the look at the last moment. So screens never know colours, goldens survive
 * a new theme, and NO_COLOR is one line: without colour every role that
 * matters still differs by bold, underline or reverse, and no role is the only
 * carrier of a meaning (a sign or a word always stands beside it).
 *
 * Columns of the table: id, letter in attribute dumps, colour on a dark and on
 * a light background (0xRRGGBB, or -1: the terminal's own), colour of eight
 * (-1: own), attributes in colour, attributes without colour.
 */
#ifndef SOUK_UI_STYLE_H
#define SOUK_UI_STYLE_H

#include <stdbool.h>
#include <stdint.h>

enum { ATTR_BOLD = 1, ATTR_DIM = 2, ATTR_UNDERLINE = 4, ATTR_REVERSE = 8, ATTR_ITALIC = 16 };

/* clang-format off */
#define STYLES(X)                                                                                  \
    X(NORMAL, '.', -1, -1, -1, 0, 0)                      /* ordinary text */                      \
    X(DIM, 'd', 0x8a8f98, 0x6b7078, -1, 0, ATTR_DIM)      /* less important: units, hints */       \
    X(STRONG, 'S', -1, -1, -1, ATTR_BOLD, ATTR_BOLD)      /* the name of the thing */              \
    X(TITLE, 'T', 0xe5c07b, 0x8a5a00, 3, ATTR_BOLD, ATTR_BOLD)         /* name of a screen, pane */\
    X(HEADER, 'H', 0x9aa5b1, 0x4a5560, 6, ATTR_BOLD, ATTR_UNDERLINE)   /* column titles */         \
    X(SORTED, 'O', 0x61afef, 0x0b5cad, 6, ATTR_BOLD, ATTR_BOLD | ATTR_UNDERLINE) /* sort column */ \
    X(MARKED, 'M', 0xc678dd, 0x8a2be2, 5, ATTR_BOLD, ATTR_BOLD)        /* rows the user marked */  \
    X(GOOD, 'g', 0x98c379, 0x2f7d32, 2, 0, 0)                          /* proven, fresh, up */     \
    X(WARN, 'w', 0xe5c07b, 0x9a6700, 3, 0, ATTR_UNDERLINE)             /* look twice */            \
    X(BAD, 'b', 0xe06c75, 0xb3261e, 1, ATTR_BOLD, ATTR_BOLD | ATTR_UNDERLINE) /* failed, refused */\
    X(ACCENT, 'a', 0x61afef, 0x0b5cad, 4, 0, ATTR_BOLD)                /* what can be acted on */  \
    X(MONEY, '$', 0xd7c98b, 0x7a5c00, 3, 0, 0)                         /* amounts with token */    \
    X(LINK, 'l', 0x56b6c2, 0x00697a, 6, ATTR_UNDERLINE, ATTR_UNDERLINE)                            \
    X(CODE, 'c', 0xabb2bf, 0x3b4048, 6, 0, 0)             /* code, ids, addresses */               \
    X(BORDER, '-', 0x5c6370, 0xa0a5ad, -1, 0, ATTR_DIM)   /* lines and boxes */                    \
    X(KEY, 'k', 0x61afef, 0x0b5cad, 6, ATTR_BOLD, ATTR_BOLD)           /* a key in footer, help */ \
    X(STALE, 's', 0x8a8f98, 0x6b7078, -1, ATTR_ITALIC, ATTR_DIM)       /* old data, with a sign */ \
    X(CHART1, '1', 0x61afef, 0x0b5cad, 4, 0, 0)                                                    \
    X(CHART2, '2', 0x98c379, 0x2f7d32, 2, 0, ATTR_BOLD)                                            \
    X(CHART3, '3', 0xc678dd, 0x8a2be2, 5, 0, ATTR_UNDERLINE)                                       \
    X(AXIS, 'x', 0x5c6370, 0x8b9099, -1, 0, ATTR_DIM)
/* clang-format on */

enum style {
#define STYLE_ID(id, ...) ST_##id,
    STYLES(STYLE_ID)
#undef STYLE_ID
        ST_COUNT
};

/* On top of a role, on any cell: the selection bar and its weaker form in a pane without focus. */
enum { OVER_NONE = 0, OVER_SELECTED = 1, OVER_UNFOCUSED = 2, OVER_COUNT = 3 };

enum color_depth { COLORS_NONE, COLORS_8, COLORS_256, COLORS_TRUE };

/* How one cell looks on one kind of terminal: what a backend asks for. */
struct look {
    int32_t fg, bg; /* 0xRRGGBB, or a palette index, by depth; -1: the terminal's own */
    uint8_t attr;   /* ATTR_* */
};

struct theme;                                     /* "dark" and "light" are built in */
const struct theme *theme_find(const char *name); /* NULL when there is none; NULL name: "dark" */
struct look theme_look(const struct theme *t, enum color_depth d, enum style s, int over);

char style_letter(enum style s, int over); /* for attribute dumps; the bar shows as '#', '%' */

#endif
