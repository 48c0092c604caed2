/*
 * textview.h: styled lines, and a window that scrolls over them.
 *
 * A `struct doc` is a list of lines made once (by hand from strips, or by
 * markdown.h) and drawn many times. It is capped in lines and in bytes: what
 * comes after is dropped and one line says so.
 */
#ifndef SOUK_UI_TEXTVIEW_H
#define SOUK_UI_TEXTVIEW_H

#include "base/arena.h"
#include "ui/actions.h"
#include "ui/canvas.h"

enum { DOC_LINES_MAX = 2000, DOC_BYTES_MAX = 16 * 1024 * 1024 };

struct doc_line {
    const struct cell *cells;
    int n;
};

struct doc {
    struct arena arena;
    struct doc_line *line;
    size_t n, room;
    bool cut;        /* lines were dropped: over the cap, or no memory */
    unsigned hidden; /* code points the sanitiser replaced */
};

void doc_init(struct doc *d);
void doc_release(struct doc *d);
void doc_add(struct doc *d, const struct strip *s); /* one line; copied */
void doc_blank(struct doc *d);
/* A block of foreign text, wrapped at words to width columns. */
void doc_wrap(struct doc *d, struct untrusted u, int width, enum text_charset cs, enum style st);

struct textview {
    const struct doc *doc; /* borrowed; may be NULL */
    size_t top;            /* first visible line */
    int page;              /* lines that fit, as of the last draw */
};

void textview_init(struct textview *v);
void textview_show(struct textview *v, const struct doc *d); /* keeps the place where it can */
bool textview_action(struct textview *v, enum action act);   /* ACT_UP … ACT_BOTTOM */
bool textview_wheel(struct textview *v, const struct mouse *m);
void textview_draw(struct textview *v, struct canvas *c, struct rect area, bool focused);

#endif
