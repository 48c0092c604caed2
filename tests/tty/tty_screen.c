/* Reading the screen: cells, text, looks. */
#include "tty_internal.h"

#include <stdlib.h>
#include <string.h>

enum { ROW_BYTES = 8192, LOOKS_MAX = 52 };

void tty_size(const struct tty *t, int *cols, int *rows)
{
    *cols = t->cols;
    *rows = t->rows;
}

static struct tty_color color_of(VTermColor c, bool background)
{
    if (background ? VTERM_COLOR_IS_DEFAULT_BG(&c) : VTERM_COLOR_IS_DEFAULT_FG(&c))
        return (struct tty_color){.kind = TTY_DEFAULT};
    if (VTERM_COLOR_IS_INDEXED(&c))
        return (struct tty_color){.kind = TTY_INDEXED, .index = c.indexed.idx};
    return (struct tty_color){.kind = TTY_RGB, .r = c.rgb.red, .g = c.rgb.green, .b = c.rgb.blue};
}

struct tty_cell tty_cell(const struct tty *t, int row, int col)
{
    VTermScreenCell c;
    if (!vterm_screen_get_cell(t->screen, (VTermPos){.row = row, .col = col}, &c))
        tty_die("no cell at row %d, column %d", row, col);
    struct tty_cell cell = {
        .width = c.width,
        .fg = color_of(c.fg, false),
        .bg = color_of(c.bg, true),
        .bold = c.attrs.bold,
        .italic = c.attrs.italic,
        .underline = c.attrs.underline != VTERM_UNDERLINE_OFF,
        .blink = c.attrs.blink,
        .reverse = c.attrs.reverse,
        .strike = c.attrs.strike,
    };
    if (c.chars[0] == (uint32_t)-1)
        cell.width = 0;
    else
        memcpy(cell.chars, c.chars, sizeof(cell.chars));
    return cell;
}

void tty_cursor(const struct tty *t, int *row, int *col)
{
    VTermPos pos;
    vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &pos);
    *row = pos.row;
    *col = pos.col;
}

bool tty_cursor_visible(const struct tty *t)
{
    return t->cursor_visible;
}

bool tty_altscreen(const struct tty *t)
{
    return t->altscreen;
}

bool tty_mouse(const struct tty *t)
{
    return t->mouse;
}

const char *tty_title(const struct tty *t)
{
    return t->title.p;
}

/* --- text -------------------------------------------------------------------------------- */

/* The text of a part of a row, blanks at the end cut off. */
static size_t row_text(const struct tty *t, int row, int end_col, char buf[ROW_BYTES])
{
    VTermRect rect = {.start_row = row, .end_row = row + 1, .start_col = 0, .end_col = end_col};
    size_t n = vterm_screen_get_text(t->screen, buf, ROW_BYTES - 1, rect);
    while (n > 0 && buf[n - 1] == ' ')
        n--;
    buf[n] = '\0';
    return n;
}

char *tty_row(const struct tty *t, int row)
{
    char buf[ROW_BYTES];
    struct tty_str b = {0};
    tty_str_put(&b, buf, row_text(t, row, t->cols, buf));
    return tty_str_take(&b);
}

char *tty_text(const struct tty *t)
{
    char buf[ROW_BYTES];
    struct tty_str b = {0};
    for (int row = 0; row < t->rows; row++) {
        tty_str_put(&b, buf, row_text(t, row, t->cols, buf));
        tty_str_put(&b, "\n", 1);
    }
    return tty_str_take(&b);
}

bool tty_find(const struct tty *t, const char *text, int *row, int *col)
{
    char buf[ROW_BYTES];
    for (int r = 0; r < t->rows; r++) {
        row_text(t, r, t->cols, buf);
        const char *at = strstr(buf, text);
        if (!at)
            continue;
        if (row)
            *row = r;
        if (col) { /* the cell after the shortest part that holds the text's first byte */
            size_t before = (size_t)(at - buf);
            int c = 0;
            while (row_text(t, r, c + 1, buf) <= before)
                c++;
            *col = c;
        }
        return true;
    }
    return false;
}

/* --- looks ------------------------------------------------------------------------------- */

static bool same_color(struct tty_color a, struct tty_color b)
{
    if (a.kind != b.kind)
        return false;
    return a.kind == TTY_INDEXED
               ? a.index == b.index
               : a.kind == TTY_DEFAULT || (a.r == b.r && a.g == b.g && a.b == b.b);
}

static bool same_look(const struct tty_cell *a, const struct tty_cell *b)
{
    return same_color(a->fg, b->fg) && same_color(a->bg, b->bg) && a->bold == b->bold &&
           a->italic == b->italic && a->underline == b->underline && a->blink == b->blink &&
           a->reverse == b->reverse && a->strike == b->strike;
}

/* The index of a look, entering it if it is new; looks[0] is the plain one. */
static size_t look_index(struct tty_cell *looks, size_t *n, const struct tty_cell *cell)
{
    size_t i = 0;
    while (i < *n && !same_look(&looks[i], cell))
        i++;
    if (i == *n) {
        if (*n == LOOKS_MAX + 1)
            tty_die("more than %d looks on one screen", LOOKS_MAX);
        looks[(*n)++] = *cell;
    }
    return i;
}

static char look_letter(size_t i)
{
    return ".abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[i];
}

static void put_color(struct tty_str *b, const char *name, struct tty_color c)
{
    if (c.kind == TTY_INDEXED)
        tty_str_printf(b, " %s=%d", name, c.index);
    else if (c.kind == TTY_RGB)
        tty_str_printf(b, " %s=#%02x%02x%02x", name, c.r, c.g, c.b);
}

static void put_legend(struct tty_str *b, char letter, const struct tty_cell *look)
{
    tty_str_printf(b, "%c ", letter);
    put_color(b, "fg", look->fg);
    put_color(b, "bg", look->bg);
    tty_str_printf(b, "%s%s%s%s%s%s\n", look->bold ? " bold" : "", look->italic ? " italic" : "",
                   look->underline ? " underline" : "", look->blink ? " blink" : "",
                   look->reverse ? " reverse" : "", look->strike ? " strike" : "");
}

char *tty_looks(const struct tty *t)
{
    struct tty_cell looks[LOOKS_MAX + 1] = {{.width = 1}};
    size_t n = 1;
    struct tty_str b = {0};
    for (int row = 0; row < t->rows; row++) {
        for (int col = 0; col < t->cols; col++) {
            struct tty_cell cell = tty_cell(t, row, col);
            char letter = look_letter(look_index(looks, &n, &cell));
            tty_str_put(&b, &letter, 1);
        }
        while (b.len > 0 && b.p[b.len - 1] == '.')
            b.len--;
        tty_str_put(&b, "\n", 1);
    }
    tty_str_put(&b, "\n", 1);
    for (size_t i = 1; i < n; i++)
        put_legend(&b, look_letter(i), &looks[i]);
    return tty_str_take(&b);
}
