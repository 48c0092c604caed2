#include "ui/widgets/wrap.h"

#include <string.h>

#include "base/err.h"
#include "base/banned.h"

enum { WIDTH_MIN = 8 };

void wrap_init(struct wrap *w, struct doc *d, int width, enum text_charset cs,
               void (*begin)(void *ud, struct strip *line), void *ud)
{
    w->doc = d;
    w->width = width < WIDTH_MIN ? WIDTH_MIN : width > STRIP_MAX ? STRIP_MAX : width;
    w->begin = begin;
    w->ud = ud;
    w->open = w->space = false;
    w->space_style = ST_NORMAL;
    w->indent = 0;
    strip_init(&w->line, cs);
    strip_init(&w->word, cs);
}

static void open_line(struct wrap *w)
{
    if (w->open) {
        return;
    }
    strip_init(&w->line, w->line.cs);
    if (w->begin) {
        w->begin(w->ud, &w->line);
    }
    w->indent = w->line.width;
    w->open = true;
}

static void close_line(struct wrap *w)
{
    doc_add(w->doc, &w->line);
    w->open = w->space = false;
}

static void append(struct strip *s, const struct cell *k)
{
    if (s->n < STRIP_MAX) {
        s->cell[s->n++] = *k;
        s->width += k->width;
    }
}

static void flush_word(struct wrap *w)
{
    if (!w->word.n) {
        return;
    }
    open_line(w);
    bool fresh = w->line.width == w->indent;
    if (!fresh && w->line.width + w->space + w->word.width > w->width) {
        close_line(w);
        open_line(w);
        fresh = true;
    }
    if (w->space && !fresh) {
        append(&w->line, &(struct cell){.cp = {' '}, .width = 1, .style = (uint8_t)w->space_style});
    }
    for (int i = 0; i < w->word.n; i++) {
        append(&w->line, &w->word.cell[i]);
    }
    w->space = false;
    strip_init(&w->word, w->word.cs);
}

static void add_cell(struct wrap *w, const struct cell *k)
{
    if (k->cp[0] == ' ' && !k->cp[1]) {
        flush_word(w);
        w->space = true;
        w->space_style = (enum style)k->style;
        return;
    }
    open_line(w);
    if (w->indent + w->word.width + k->width > w->width) {
        flush_word(w); /* a word longer than a line */
    }
    append(&w->word, k);
}

static void add_raw(struct wrap *w, const struct cell *k)
{
    open_line(w);
    if (w->line.width + k->width > w->width) {
        close_line(w);
        open_line(w);
    }
    append(&w->line, k);
}

/* Takes a block apart in pieces that fit a strip. */
static void feed(struct wrap *w, struct untrusted u, enum style st,
                 void (*add)(struct wrap *w, const struct cell *k))
{
    struct line_text t;
    text_line(&t, u, u.n, w->line.cs);
    for (size_t i = 0; i < t.n && !w->doc->cut; i++) {
        struct cell k = {.width = t.glyph[i].width, .style = (uint8_t)st};
        for (int j = 0; j < CELL_CPS && t.glyph[i].cp[j]; j++) {
            k.cp[j] = t.glyph[i].cp[j];
        }
        add(w, &k);
    }
    w->doc->cut = w->doc->cut || t.cut;
    w->doc->hidden += t.hidden;
    text_release(&t);
}

void wrap_text(struct wrap *w, struct untrusted u, enum style st)
{
    feed(w, u, st, add_cell);
}

void wrap_raw(struct wrap *w, struct untrusted u, enum style st)
{
    flush_word(w);
    feed(w, u, st, add_raw);
}

/* A piece that fits a strip, at a blank where it is not the last: its length. */
static size_t piece_of(const char *own)
{
    size_t n = strlen(own);
    if (n < STRIP_MAX) {
        return n;
    }
    for (n = STRIP_MAX - 1; own[n - 1] != ' ';) {
        if (!--n) {
            BUG("words of ours without a blank");
        }
    }
    return n;
}

void wrap_own(struct wrap *w, const char *own, enum style st)
{
    while (*own) {
        char piece[STRIP_MAX];
        struct strip s;
        size_t n = piece_of(own);
        memcpy(piece, own, n);
        piece[n] = '\0';
        strip_init(&s, w->line.cs);
        strip_str(&s, piece, st);
        for (int i = 0; i < s.n; i++) {
            add_cell(w, &s.cell[i]);
        }
        own += n;
    }
}

void wrap_end(struct wrap *w)
{
    flush_word(w);
    if (w->open) {
        close_line(w);
    }
    w->space = false;
}
