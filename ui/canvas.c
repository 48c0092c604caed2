#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/mem.h"
#include "base/banned.h"

struct canvas {
    struct cell *cells;
    size_t room; /* cells allocated */
    int w, h;
    enum text_charset cs;
    struct rect clip;
    int cursor_x, cursor_y;
    bool cursor_visible, has_age;
};

static const struct cell blank = {.cp = {' '}, .width = 1, .style = ST_NORMAL};

/* --- rectangles */

static int least(int a, int b)
{
    return a < b ? a : b;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

struct rect rect_inset(struct rect r, int dx, int dy)
{
    return (struct rect){r.x + dx, r.y + dy, most(0, r.w - 2 * dx), most(0, r.h - 2 * dy)};
}

struct rect rect_cut_top(struct rect *r, int h)
{
    h = least(most(0, h), r->h);
    struct rect top = {r->x, r->y, r->w, h};
    r->y += h;
    r->h -= h;
    return top;
}

struct rect rect_cut_bottom(struct rect *r, int h)
{
    h = least(most(0, h), r->h);
    r->h -= h;
    return (struct rect){r->x, r->y + r->h, r->w, h};
}

struct rect rect_cut_left(struct rect *r, int w)
{
    w = least(most(0, w), r->w);
    struct rect left = {r->x, r->y, w, r->h};
    r->x += w;
    r->w -= w;
    return left;
}

struct rect rect_cut_right(struct rect *r, int w)
{
    w = least(most(0, w), r->w);
    r->w -= w;
    return (struct rect){r->x + r->w, r->y, w, r->h};
}

struct rect rect_center(struct rect r, int w, int h)
{
    w = least(most(0, w), r.w);
    h = least(most(0, h), r.h);
    return (struct rect){r.x + (r.w - w) / 2, r.y + (r.h - h) / 2, w, h};
}

bool rect_has(struct rect r, int x, int y)
{
    return x >= r.x && y >= r.y && x < r.x + r.w && y < r.y + r.h;
}

static struct rect intersect(struct rect a, struct rect b)
{
    int x = most(a.x, b.x), y = most(a.y, b.y);
    int right = least(a.x + a.w, b.x + b.w), bottom = least(a.y + a.h, b.y + b.h);
    return (struct rect){x, y, most(0, right - x), most(0, bottom - y)};
}

/* --- life */

struct canvas *canvas_new(int w, int h, enum text_charset cs, struct err *e)
{
    struct canvas *c = mem_zalloc(sizeof *c);
    if (!c) {
        err_nomem(e);
        return NULL;
    }
    c->cs = cs;
    if (canvas_resize(c, w, h, e)) {
        canvas_free(c);
        return NULL;
    }
    return c;
}

void canvas_free(struct canvas *c)
{
    if (c) {
        mem_free(c->cells);
        mem_free(c);
    }
}

souk_err canvas_resize(struct canvas *c, int w, int h, struct err *e)
{
    w = least(most(1, w), CANVAS_MAX_W);
    h = least(most(1, h), CANVAS_MAX_H);
    size_t need = (size_t)w * (size_t)h;
    if (need > c->room) {
        struct cell *cells = mem_array(need, sizeof *cells);
        if (!cells) {
            return err_nomem(e);
        }
        mem_free(c->cells);
        c->cells = cells;
        c->room = need;
    }
    c->w = w;
    c->h = h;
    canvas_clear(c);
    return SOUK_OK;
}

void canvas_clear(struct canvas *c)
{
    size_t n = (size_t)c->w * (size_t)c->h;
    for (size_t i = 0; i < n; i++) {
        c->cells[i] = blank;
    }
    c->clip = canvas_rect(c);
    c->cursor_x = c->cursor_y = 0;
    c->cursor_visible = c->has_age = false;
}

struct rect canvas_rect(const struct canvas *c)
{
    return (struct rect){0, 0, c->w, c->h};
}

enum text_charset canvas_charset(const struct canvas *c)
{
    return c->cs;
}

const struct cell *canvas_row(const struct canvas *c, int y)
{
    if (y < 0 || y >= c->h) {
        BUG("no row %d in a canvas of %d", y, c->h);
    }
    return c->cells + (size_t)y * (size_t)c->w;
}

void canvas_copy(struct canvas *c, const struct canvas *from)
{
    if (c->w != from->w || c->h != from->h) {
        BUG("a canvas of %dx%d copied to one of %dx%d", from->w, from->h, c->w, c->h);
    }
    memcpy(c->cells, from->cells, (size_t)c->w * (size_t)c->h * sizeof *c->cells);
}

struct rect canvas_clip(struct canvas *c, struct rect r)
{
    struct rect before = c->clip;
    c->clip = intersect(before, r);
    return before;
}

void canvas_unclip(struct canvas *c, struct rect before)
{
    c->clip = before;
}

/* --- cells */

static struct cell *cell_at(struct canvas *c, int x, int y)
{
    return c->cells + (size_t)y * (size_t)c->w + x;
}

/* A wide glyph of which x is one half is about to lose it: the other half becomes a blank. */
static void split_wide(struct canvas *c, int x, int y)
{
    struct cell *p = cell_at(c, x, y);
    if (p->width == 0 && x > 0) {
        p[-1] = blank;
    } else if (p->width == 2 && x + 1 < c->w) {
        p[1] = blank;
    }
}

static void put(struct canvas *c, int x, int y, const struct cell *what)
{
    int last = x + what->width - 1;
    if (!rect_has(c->clip, x, y) || !rect_has(c->clip, last, y)) {
        return;
    }
    split_wide(c, x, y);
    split_wide(c, last, y);
    *cell_at(c, x, y) = *what;
    if (what->width == 2) {
        *cell_at(c, last, y) = (struct cell){.style = what->style, .over = what->over};
    }
}

static struct cell cell_of_glyph(const struct glyph *g, enum style s)
{
    struct cell out = {.width = g->width, .style = (uint8_t)s};
    for (int i = 0; i < CELL_CPS && g->cp[i]; i++) {
        out.cp[i] = g->cp[i];
    }
    return out;
}

static struct cell cell_of_cp(uint32_t cp, enum style s)
{
    return (struct cell){.cp = {cp}, .width = 1, .style = (uint8_t)s};
}

/* Foreign glyphs or composed cells, seen as a row of cells. */
struct source {
    const struct glyph *glyph;
    const struct cell *cell;
    size_t n;
    int width;
    bool cut;
    enum style style; /* of glyphs */
};

static struct cell source_cell(const struct source *s, size_t i)
{
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference) */
    return s->glyph ? cell_of_glyph(&s->glyph[i], s->style) : s->cell[i];
}

static int draw_source(struct canvas *c, int x, int y, int cols, const struct source *s)
{
    int room = cols < 0 ? -cols : cols;
    bool cut = s->cut || s->width > room;
    if (room == 0) {
        return 0;
    }
    if (cols < 0 && !cut) {
        x += room - s->width;
    }
    if (cut) {
        room--;
    }
    int used = 0;
    struct cell k = cell_of_cp(0, s->style);
    for (size_t i = 0; i < s->n; i++) {
        struct cell next = source_cell(s, i);
        if (used + next.width > room) {
            break;
        }
        k = next;
        put(c, x + used, y, &k);
        used += k.width;
    }
    if (cut) {
        k = cell_of_cp(glyph_cp(GL_ELLIPSIS, c->cs), (enum style)k.style);
        put(c, x + used, y, &k);
        used++;
    }
    return used;
}

int canvas_text(struct canvas *c, int x, int y, int cols, const struct line_text *t, enum style s)
{
    struct source src = {
        .glyph = t->glyph, .n = t->n, .width = t->width, .cut = t->cut, .style = s};
    return draw_source(c, x, y, cols, &src);
}

int canvas_cells(struct canvas *c, int x, int y, int cols, const struct cell *cells, int n)
{
    struct source src = {.cell = cells, .n = (size_t)n};
    for (int i = 0; i < n; i++) {
        src.width += cells[i].width;
    }
    return draw_source(c, x, y, cols, &src);
}

int canvas_strip(struct canvas *c, int x, int y, int cols, const struct strip *s)
{
    struct source src = {.cell = s->cell, .n = (size_t)s->n, .width = s->width, .cut = s->cut};
    return draw_source(c, x, y, cols, &src);
}

int canvas_untrusted(struct canvas *c, int x, int y, int cols, struct untrusted u, enum style s)
{
    struct line_text t;
    int room = least(cols < 0 ? -cols : cols, CANVAS_MAX_W);
    text_line(&t, u, (size_t)room + 1, c->cs);
    int used = canvas_text(c, x, y, cols, &t, s);
    text_release(&t);
    return used;
}

int canvas_str(struct canvas *c, int x, int y, int cols, const char *own, enum style s)
{
    struct strip t;
    strip_init(&t, c->cs);
    strip_str(&t, own, s);
    return canvas_strip(c, x, y, cols, &t);
}

enum { FORMAT_MAX = 1024 };

static void strip_vstrf(struct strip *s, enum style st, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

int canvas_strf(struct canvas *c, int x, int y, int cols, enum style s, const char *fmt, ...)
{
    struct strip t;
    strip_init(&t, c->cs);
    va_list ap;
    va_start(ap, fmt);
    strip_vstrf(&t, s, fmt, ap);
    va_end(ap);
    return canvas_strip(c, x, y, cols, &t);
}

int canvas_ago(struct canvas *c, int x, int y, int cols, int64_t when, enum style s)
{
    char age[HUMAN_BUF];
    int64_t seconds = clock_now() - when;
    human_age(age, seconds > 0 ? seconds : 0);
    canvas_note_age(c);
    return canvas_strf(c, x, y, cols, s, seconds < 60 ? "%s" : "%s ago", age);
}

void canvas_note_age(struct canvas *c)
{
    c->has_age = true;
}

bool canvas_has_age(const struct canvas *c)
{
    return c->has_age;
}

/* --- shapes */

static void fill(struct canvas *c, struct rect r, struct cell k)
{
    r = intersect(r, c->clip);
    for (int y = r.y; y < r.y + r.h; y++) {
        for (int x = r.x; x < r.x + r.w; x++) {
            put(c, x, y, &k);
        }
    }
}

void canvas_fill(struct canvas *c, struct rect r, enum glyph_id g, enum style s)
{
    fill(c, r, cell_of_cp(glyph_cp(g, c->cs), s));
}

void canvas_blank(struct canvas *c, struct rect r)
{
    fill(c, r, blank);
}

void canvas_glyph(struct canvas *c, int x, int y, enum glyph_id g, enum style s)
{
    struct cell k = cell_of_cp(glyph_cp(g, c->cs), s);
    put(c, x, y, &k);
}

/* One of our own signs as it is drawn in this charset. */
static uint32_t own_cp(uint32_t cp, enum text_charset cs)
{
    if (!text_drawable(cp) || text_cp_width(cp) != 1) {
        BUG("U+%04X is not a sign of one column", (unsigned)cp);
    }
    return cs == TEXT_ASCII ? glyph_ascii(cp) : cp;
}

void canvas_cp(struct canvas *c, int x, int y, uint32_t cp, enum style s)
{
    struct cell k = cell_of_cp(own_cp(cp, c->cs), s);
    put(c, x, y, &k);
}

void canvas_hline(struct canvas *c, int x, int y, int w, enum style s)
{
    canvas_fill(c, (struct rect){x, y, w, 1}, GL_HLINE, s);
}

void canvas_vline(struct canvas *c, int x, int y, int h, enum style s)
{
    canvas_fill(c, (struct rect){x, y, 1, h}, GL_VLINE, s);
}

void canvas_box(struct canvas *c, struct rect r, enum style s)
{
    if (r.w < 2 || r.h < 2) {
        return;
    }
    int right = r.x + r.w - 1, bottom = r.y + r.h - 1;
    canvas_hline(c, r.x + 1, r.y, r.w - 2, s);
    canvas_hline(c, r.x + 1, bottom, r.w - 2, s);
    canvas_vline(c, r.x, r.y + 1, r.h - 2, s);
    canvas_vline(c, right, r.y + 1, r.h - 2, s);
    canvas_glyph(c, r.x, r.y, GL_TL, s);
    canvas_glyph(c, right, r.y, GL_TR, s);
    canvas_glyph(c, r.x, bottom, GL_BL, s);
    canvas_glyph(c, right, bottom, GL_BR, s);
}

void canvas_over(struct canvas *c, struct rect r, int over)
{
    r = intersect(r, c->clip);
    for (int y = r.y; y < r.y + r.h; y++) {
        for (int x = r.x; x < r.x + r.w; x++) {
            cell_at(c, x, y)->over = (uint8_t)over;
        }
    }
}

void canvas_cursor(struct canvas *c, int x, int y, bool visible)
{
    c->cursor_x = least(most(0, x), c->w - 1);
    c->cursor_y = least(most(0, y), c->h - 1);
    c->cursor_visible = visible;
}

void canvas_cursor_get(const struct canvas *c, int *x, int *y, bool *visible)
{
    *x = c->cursor_x;
    *y = c->cursor_y;
    *visible = c->cursor_visible;
}

/* --- strips */

void strip_init(struct strip *s, enum text_charset cs)
{
    s->cs = cs;
    s->cut = false;
    s->n = 0;
    s->width = 0;
}

static void strip_put(struct strip *s, struct cell k)
{
    if (s->cut || s->n == STRIP_MAX) {
        s->cut = true;
        return;
    }
    s->cell[s->n++] = k;
    s->width += k.width;
}

void strip_text(struct strip *s, const struct line_text *t, enum style st)
{
    for (size_t i = 0; i < t->n && !s->cut; i++) {
        strip_put(s, cell_of_glyph(&t->glyph[i], st));
    }
    s->cut = s->cut || t->cut;
}

void strip_untrusted(struct strip *s, struct untrusted u, enum style st)
{
    struct line_text t;
    text_line(&t, u, (size_t)(STRIP_MAX - s->n), s->cs);
    strip_text(s, &t, st);
    text_release(&t);
}

void strip_str(struct strip *s, const char *own, enum style st)
{
    size_t n = strlen(own);
    while (n) {
        uint32_t cp;
        size_t used = utf8_get(own, n, &cp, NULL);
        strip_put(s, cell_of_cp(own_cp(cp, s->cs), st));
        own += used;
        n -= used;
    }
}

/* Sanitised as Unicode first, so that our own signs get our own twins. */
static void strip_vstrf(struct strip *s, enum style st, const char *fmt, va_list ap)
{
    char text[FORMAT_MAX];
    vsnprintf(text, sizeof text, fmt, ap);
    struct line_text t;
    text_line(&t, untrusted(text), (size_t)(STRIP_MAX - s->n), TEXT_UNICODE);
    for (size_t i = 0; s->cs == TEXT_ASCII && i < t.n; i++) {
        t.glyph[i] = (struct glyph){.cp = {glyph_ascii(t.glyph[i].cp[0])}, .width = 1};
    }
    strip_text(s, &t, st);
    text_release(&t);
}

void strip_strf(struct strip *s, enum style st, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    strip_vstrf(s, st, fmt, ap);
    va_end(ap);
}

void strip_glyph(struct strip *s, enum glyph_id g, enum style st)
{
    strip_put(s, cell_of_cp(glyph_cp(g, s->cs), st));
}

void strip_cp(struct strip *s, uint32_t cp, enum style st)
{
    strip_put(s, cell_of_cp(own_cp(cp, s->cs), st));
}

void strip_pad(struct strip *s, int to_width)
{
    while (s->width < to_width && !s->cut) {
        strip_put(s, blank);
    }
}
