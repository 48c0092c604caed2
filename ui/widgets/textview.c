#include "ui/widgets/textview.h"

#include <string.h>

#include "base/mem.h"
#include "ui/widgets/wrap.h"
#include "base/banned.h"

void doc_init(struct doc *d)
{
    *d = (struct doc){0};
    arena_init(&d->arena, DOC_BYTES_MAX);
}

void doc_release(struct doc *d)
{
    arena_release(&d->arena);
    mem_free(d->line);
    doc_init(d);
}

static bool more_lines(struct doc *d)
{
    size_t room = d->room ? d->room * 2 : 32;
    struct doc_line *line = mem_resize(d->line, room * sizeof *line);
    if (line) {
        d->line = line;
        d->room = room;
    }
    return line;
}

void doc_add(struct doc *d, const struct strip *s)
{
    if (d->cut || d->n == DOC_LINES_MAX || (d->n == d->room && !more_lines(d))) {
        d->cut = true;
        return;
    }
    struct cell *cells = NULL;
    if (s->n) {
        cells = arena_alloc(&d->arena, (size_t)s->n * sizeof *cells);
        if (!cells) {
            d->cut = true;
            return;
        }
        memcpy(cells, s->cell, (size_t)s->n * sizeof *cells);
    }
    d->line[d->n++] = (struct doc_line){cells, s->n};
}

void doc_blank(struct doc *d)
{
    struct strip s;
    strip_init(&s, TEXT_UNICODE);
    doc_add(d, &s);
}

struct wrap_lines {
    struct wrap w;
    enum style style;
};

static void wrap_line(void *ud, struct untrusted one)
{
    struct wrap_lines *l = ud;
    size_t before = l->w.doc->n;
    wrap_text(&l->w, one, l->style);
    wrap_end(&l->w);
    if (l->w.doc->n == before) {
        doc_blank(l->w.doc);
    }
}

void doc_wrap(struct doc *d, struct untrusted u, int width, enum text_charset cs, enum style st)
{
    struct wrap_lines l = {.style = st};
    wrap_init(&l.w, d, width, cs, NULL, NULL);
    if (text_each_line(u, DOC_LINES_MAX, wrap_line, &l) == DOC_LINES_MAX) {
        d->cut = true;
    }
}

/* --- the view */

void textview_init(struct textview *v)
{
    *v = (struct textview){0};
}

/* The line that says that there was more counts as one. */
static size_t total(const struct textview *v)
{
    return v->doc ? v->doc->n + v->doc->cut : 0;
}

static void scroll_to(struct textview *v, size_t top)
{
    size_t page = v->page > 0 ? (size_t)v->page : 0;
    size_t last = total(v) > page ? total(v) - page : 0;
    v->top = top < last ? top : last;
}

void textview_show(struct textview *v, const struct doc *d)
{
    v->doc = d;
    scroll_to(v, v->top);
}

static void scroll_by(struct textview *v, size_t lines, bool down)
{
    scroll_to(v, down ? v->top + lines : v->top > lines ? v->top - lines : 0);
}

bool textview_action(struct textview *v, enum action act)
{
    size_t page = v->page > 1 ? (size_t)v->page - 1 : 1;
    switch (act) {
    case ACT_UP:
    case ACT_DOWN:
        scroll_by(v, 1, act == ACT_DOWN);
        return true;
    case ACT_PAGE_UP:
    case ACT_PAGE_DOWN:
        scroll_by(v, page, act == ACT_PAGE_DOWN);
        return true;
    case ACT_HALF_UP:
    case ACT_HALF_DOWN:
        scroll_by(v, page / 2 + 1, act == ACT_HALF_DOWN);
        return true;
    case ACT_TOP:
    case ACT_BOTTOM:
        scroll_by(v, total(v), act == ACT_BOTTOM);
        return true;
    default:
        return false;
    }
}

bool textview_wheel(struct textview *v, const struct mouse *m)
{
    if (m->what != MOUSE_WHEEL_UP && m->what != MOUSE_WHEEL_DOWN) {
        return false;
    }
    scroll_by(v, 3, m->what == MOUSE_WHEEL_DOWN);
    return true;
}

/* A thumb at the right edge where there is more than fits. */
static void draw_thumb(const struct textview *v, struct canvas *c, struct rect area, bool focused)
{
    size_t lines = total(v), h = (size_t)area.h;
    if (lines <= h) {
        return;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
    size_t size = h * h / lines ? h * h / lines : 1;
    size_t at = v->top * (h - size) / (lines - h);
    for (size_t i = 0; i < size; i++) {
        canvas_glyph(c, area.x + area.w - 1, area.y + (int)(at + i), GL_THUMB,
                     focused ? ST_ACCENT : ST_BORDER);
    }
}

void textview_draw(struct textview *v, struct canvas *c, struct rect area, bool focused)
{
    v->page = area.h;
    scroll_to(v, v->top);
    struct rect before = canvas_clip(c, area);
    for (size_t i = 0; i < (size_t)area.h && v->top + i < total(v); i++) {
        int y = area.y + (int)i;
        if (v->top + i == v->doc->n) {
            canvas_str(c, area.x, y, area.w, "… the rest is too long to show here", ST_WARN);
        } else {
            const struct doc_line *l = &v->doc->line[v->top + i];
            canvas_cells(c, area.x, y, area.w, l->cells, l->n);
        }
    }
    draw_thumb(v, c, area, focused);
    if (focused) {
        canvas_cursor(c, area.x, area.y, false);
    }
    canvas_unclip(c, before);
}
