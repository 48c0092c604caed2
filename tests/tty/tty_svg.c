#include "tty_svg.h"

#include <stdlib.h>
#include <string.h>

#include "tty_internal.h"

/* In the picture's own units; it is shown at half their size. */
enum { CELL_W = 20, CELL_H = 40, MARGIN = 24, BASELINE = 30, FONT = 33 };
enum { CX = CELL_W / 2, CY = CELL_H / 2, LIGHT = 2, HEAVY = 4, GAP = 4 /* of a double line */ };

struct pen {
    struct tty_str *out;
    int x, y; /* of the cell */
    uint32_t color;
};

/* --- colours ----------------------------------------------------------------------------- */

enum { FOREGROUND = 0xd6d9e0, BACKGROUND = 0x14161b };

static uint32_t indexed_rgb(unsigned i)
{
    static const uint32_t system[16] = {
        0x2a2e37, 0xe06c75, 0x8fbf6f, 0xd9b45b, 0x61a0e8, 0xb98be0, 0x4fb8b8, 0xc8ccd4,
        0x6b7280, 0xf08a92, 0xa9d68a, 0xf0cf7f, 0x85b8f5, 0xcfa8f0, 0x76d3d3, 0xffffff,
    };
    static const uint8_t levels[6] = {0, 95, 135, 175, 215, 255};
    if (i < 16)
        return system[i];
    if (i >= 232)
        return (8 + 10 * (i - 232)) * 0x010101u;
    i -= 16;
    return (uint32_t)levels[i / 36] << 16 | (uint32_t)levels[i / 6 % 6] << 8 | levels[i % 6];
}

static uint32_t rgb_of(struct tty_color c, uint32_t otherwise)
{
    if (c.kind == TTY_DEFAULT)
        return otherwise;
    if (c.kind == TTY_INDEXED)
        return indexed_rgb(c.index);
    return (uint32_t)c.r << 16 | (uint32_t)c.g << 8 | c.b;
}

static uint32_t ink(const struct tty_cell *c)
{
    return c->reverse ? rgb_of(c->bg, BACKGROUND) : rgb_of(c->fg, FOREGROUND);
}

static uint32_t paper(const struct tty_cell *c)
{
    return c->reverse ? rgb_of(c->fg, FOREGROUND) : rgb_of(c->bg, BACKGROUND);
}

/* --- shapes ------------------------------------------------------------------------------ */

static void rect(const struct pen *p, double x, double y, double w, double h, double opacity)
{
    tty_str_printf(p->out, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"#%06x\"",
                   p->x + x, p->y + y, w, h, p->color);
    if (opacity < 1)
        tty_str_printf(p->out, " opacity=\"%g\"", opacity);
    tty_str_printf(p->out, "/>\n");
}

static void draw_block(const struct pen *p, uint32_t code)
{
    /* 1 upper left, 2 upper right, 4 lower left, 8 lower right */
    static const uint8_t quadrants[] = {4, 8, 1, 13, 9, 7, 11, 2, 6, 14};
    int eighths = (int)(code - 0x2580);
    if (code == 0x2580) {
        rect(p, 0, 0, CELL_W, CY, 1);
    } else if (code <= 0x2588) {
        rect(p, 0, CELL_H * (8 - eighths) / 8.0, CELL_W, CELL_H * eighths / 8.0, 1);
    } else if (code <= 0x258f) {
        rect(p, 0, 0, CELL_W * (16 - eighths) / 8.0, CELL_H, 1);
    } else if (code == 0x2590) {
        rect(p, CX, 0, CX, CELL_H, 1);
    } else if (code <= 0x2593) {
        rect(p, 0, 0, CELL_W, CELL_H, (code - 0x2590) / 4.0);
    } else if (code == 0x2594) {
        rect(p, 0, 0, CELL_W, CELL_H / 8.0, 1);
    } else if (code == 0x2595) {
        rect(p, CELL_W * 7 / 8.0, 0, CELL_W / 8.0, CELL_H, 1);
    } else {
        for (int i = 0; i < 4; i++)
            if (quadrants[code - 0x2596] >> i & 1)
                rect(p, i & 1 ? CX : 0, i & 2 ? CY : 0, CX, CY, 1);
    }
}

static void draw_braille(const struct pen *p, uint32_t code)
{
    static const uint8_t column[8] = {0, 0, 0, 1, 1, 1, 0, 1}, row[8] = {0, 1, 2, 0, 1, 2, 3, 3};
    for (int i = 0; i < 8; i++)
        if (code >> i & 1)
            tty_str_printf(p->out, "<circle cx=\"%d\" cy=\"%d\" r=\"3.6\" fill=\"#%06x\"/>\n",
                           p->x + CELL_W / 4 + column[i] * CX,
                           p->y + CELL_H / 8 + row[i] * (CELL_H / 4), p->color);
}

/* U+2500-257F: the weight of the arms up, right, down, left; 1 light, 2 heavy, 3 double. */
static const uint16_t box_arms[128] = {
    0x0101, 0x0202, 0x1010, 0x2020, 0x0101, 0x0202, 0x1010, 0x2020, 0x0101, 0x0202, 0x1010, 0x2020,
    0x0110, 0x0210, 0x0120, 0x0220, 0x0011, 0x0012, 0x0021, 0x0022, 0x1100, 0x1200, 0x2100, 0x2200,
    0x1001, 0x1002, 0x2001, 0x2002, 0x1110, 0x1210, 0x2110, 0x1120, 0x2120, 0x2210, 0x1220, 0x2220,
    0x1011, 0x1012, 0x2011, 0x1021, 0x2021, 0x2012, 0x1022, 0x2022, 0x0111, 0x0112, 0x0211, 0x0212,
    0x0121, 0x0122, 0x0221, 0x0222, 0x1101, 0x1102, 0x1201, 0x1202, 0x2101, 0x2102, 0x2201, 0x2202,
    0x1111, 0x1112, 0x1211, 0x1212, 0x2111, 0x1121, 0x2121, 0x2112, 0x2211, 0x1122, 0x1221, 0x2212,
    0x1222, 0x2122, 0x2221, 0x2222, 0x0101, 0x0202, 0x1010, 0x2020, 0x0303, 0x3030, 0x0310, 0x0130,
    0x0330, 0x0013, 0x0031, 0x0033, 0x1300, 0x3100, 0x3300, 0x1003, 0x3001, 0x3003, 0x1310, 0x3130,
    0x3330, 0x1013, 0x3031, 0x3033, 0x0313, 0x0131, 0x0333, 0x1303, 0x3101, 0x3303, 0x1313, 0x3131,
    0x3333, 0x0110, 0x0011, 0x1001, 0x1100, 0x0000, 0x0000, 0x0000, 0x0001, 0x1000, 0x0100, 0x0010,
    0x0002, 0x2000, 0x0200, 0x0020, 0x0201, 0x1020, 0x0102, 0x2010,
};

enum { UP, RIGHT, DOWN, LEFT };

static int weight(uint16_t arms, int direction)
{
    return arms >> (12 - 4 * (direction & 3)) & 0xf;
}

/* A bar from `start` (from the centre, along the arm) to the edge, `shift` to the arm's right. */
static void bar(const struct pen *p, int direction, int start, int shift, int thick)
{
    double edge = direction == UP || direction == DOWN ? CY : CX, half = thick / 2.0;
    switch (direction) {
    case UP:
        rect(p, CX + shift - half, CY - edge, thick, edge - start, 1);
        break;
    case RIGHT:
        rect(p, CX + start, CY + shift - half, edge - start, thick, 1);
        break;
    case DOWN:
        rect(p, CX - shift - half, CY + start, thick, edge - start, 1);
        break;
    default:
        rect(p, 0, CY - shift - half, edge - start, thick, 1);
        break;
    }
}

static void draw_arm(const struct pen *p, uint16_t arms, int direction)
{
    enum { DOUBLE = 3 };
    int own = weight(arms, direction);
    int right = weight(arms, direction + 1), left = weight(arms, direction + 3);
    if (own == DOUBLE) {
        /* Each of the two lines ends at the near line of a double it meets, or at the far one. */
        int on_right = right == DOUBLE ? GAP - 1 : left == DOUBLE ? -GAP - 1 : -1;
        int on_left = left == DOUBLE ? GAP - 1 : right == DOUBLE ? -GAP - 1 : -1;
        bar(p, direction, on_right, GAP, LIGHT);
        bar(p, direction, on_left, -GAP, LIGHT);
    } else if (own) {
        bool crosses = weight(arms, direction + 2) != 0;
        int start = right == 2 || left == 2 ? -HEAVY / 2 : -LIGHT / 2;
        if (!crosses && right == DOUBLE && left == DOUBLE)
            start = GAP;
        else if (!crosses && (right == DOUBLE || left == DOUBLE))
            start = -GAP - 1;
        bar(p, direction, start, 0, own == 2 ? HEAVY : LIGHT);
    }
}

static void draw_path(const struct pen *p, const char *d)
{
    tty_str_printf(p->out,
                   "<path transform=\"translate(%d %d)\" d=\"%s\" fill=\"none\" "
                   "stroke=\"#%06x\" stroke-width=\"%d\"/>\n",
                   p->x, p->y, d, p->color, LIGHT);
}

static void draw_box(const struct pen *p, uint32_t code)
{
    static const char *const arcs[] = {"M10 40V30Q10 20 20 20", "M10 40V30Q10 20 0 20",
                                       "M10 0V10Q10 20 0 20", "M10 0V10Q10 20 20 20"};
    static const char *const diagonals[] = {"M20 0L0 40", "M0 0L20 40", "M20 0L0 40M0 0L20 40"};
    /* How many dashes; 0: the line is whole. */
    int dashes = code >= 0x2504 && code <= 0x2507   ? 3
                 : code >= 0x2508 && code <= 0x250b ? 4
                 : code >= 0x254c && code <= 0x254f ? 2
                                                    : 0;
    uint16_t arms = box_arms[code - 0x2500];
    if (code >= 0x256d && code <= 0x2570) {
        draw_path(p, arcs[code - 0x256d]);
    } else if (code >= 0x2571 && code <= 0x2573) {
        draw_path(p, diagonals[code - 0x2571]);
    } else if (dashes) {
        bool across = weight(arms, RIGHT) != 0;
        int thick = (across ? weight(arms, RIGHT) : weight(arms, UP)) == 2 ? HEAVY : LIGHT;
        double step = (across ? CELL_W : CELL_H) / (double)dashes;
        for (int i = 0; i < dashes; i++) {
            double at = i * step + step * 0.2;
            if (across)
                rect(p, at, CY - thick / 2.0, step * 0.6, thick, 1);
            else
                rect(p, CX - thick / 2.0, at, thick, step * 0.6, 1);
        }
    } else {
        for (int direction = UP; direction <= LEFT; direction++)
            draw_arm(p, arms, direction);
    }
}

/* Draw a character that is a shape; false if it is text. */
static bool draw_shape(const struct pen *p, uint32_t code)
{
    if (code >= 0x2500 && code <= 0x257f)
        draw_box(p, code);
    else if (code >= 0x2580 && code <= 0x259f)
        draw_block(p, code);
    else if (code >= 0x2800 && code <= 0x28ff)
        draw_braille(p, code);
    else
        return false;
    return true;
}

/* --- text -------------------------------------------------------------------------------- */

static void put_code(struct tty_str *out, uint32_t code)
{
    tty_str_printf(out, "&#%u;", code);
}

static bool blank(const struct tty_cell *c)
{
    return c->chars[0] == 0 || c->chars[0] == ' ';
}

static void draw_text(const struct pen *p, const struct tty_cell *c)
{
    tty_str_printf(p->out, "<text x=\"%d\" y=\"%d\" fill=\"#%06x\"%s%s>", p->x, p->y + BASELINE,
                   p->color, c->bold ? " font-weight=\"bold\"" : "",
                   c->italic ? " font-style=\"italic\"" : "");
    for (int i = 0; i < TTY_CELL_CHARS && c->chars[i]; i++)
        put_code(p->out, c->chars[i]);
    tty_str_printf(p->out, "</text>\n");
}

static void draw_cell(struct tty_str *out, const struct tty_cell *c, int x, int y)
{
    struct pen p = {.out = out, .x = x, .y = y, .color = ink(c)};
    if (!blank(c) && !draw_shape(&p, c->chars[0]))
        draw_text(&p, c);
    if (c->underline)
        rect(&p, 0, CELL_H - 6, CELL_W * c->width, LIGHT, 1);
    if (c->strike)
        rect(&p, 0, CY, CELL_W * c->width, LIGHT, 1);
}

/* The backgrounds of a row, one rectangle per run of a colour; a wide glyph's right half goes with
 * its left one, whatever the emulator noted there. */
static void draw_paper(struct tty_str *out, const struct tty *t, int row)
{
    for (int col = 0; col < t->cols;) {
        struct tty_cell first = tty_cell(t, row, col), next = first;
        int end = col;
        while (end < t->cols && (next.width == 0 || paper(&next) == paper(&first)))
            if (++end < t->cols)
                next = tty_cell(t, row, end);
        struct pen p = {.out = out, .x = col * CELL_W, .y = row * CELL_H, .color = paper(&first)};
        if (p.color != BACKGROUND)
            rect(&p, 0, 0, CELL_W * (end - col), CELL_H, 1);
        col = end;
    }
}

char *tty_svg(const struct tty *t)
{
    struct tty_str out = {0};
    int w = t->cols * CELL_W + 2 * MARGIN, h = t->rows * CELL_H + 2 * MARGIN;
    tty_str_printf(
        &out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"%d %d %d %d\" font-family=\"DejaVu Sans Mono, monospace\" "
        "font-size=\"%d\">\n"
        "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"16\" fill=\"#%06x\"/>\n",
        w / 2, h / 2, -MARGIN, -MARGIN, w, h, FONT, -MARGIN, -MARGIN, w, h, BACKGROUND);
    for (int row = 0; row < t->rows; row++)
        draw_paper(&out, t, row);
    for (int row = 0; row < t->rows; row++)
        for (int col = 0; col < t->cols; col++) {
            struct tty_cell c = tty_cell(t, row, col);
            if (c.width > 0)
                draw_cell(&out, &c, col * CELL_W, row * CELL_H);
        }
    if (t->cursor_visible) {
        int row, col;
        tty_cursor(t, &row, &col);
        tty_str_printf(&out,
                       "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\" "
                       "opacity=\"0.5\"/>\n",
                       col * CELL_W, row * CELL_H, CELL_W, CELL_H, FOREGROUND);
    }
    tty_str_printf(&out, "</svg>\n");
    return tty_str_take(&out);
}
