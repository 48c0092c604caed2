/*
 * wrap.h: a stream of styled glyphs, broken into lines of a doc at words.
 *
 * `begin` writes what stands before each line (indent, quote bar, bullet); it
 * must stay narrower than the width. Words longer than a line are cut.
 */
#ifndef SOUK_UI_WRAP_H
#define SOUK_UI_WRAP_H

#include "ui/widgets/textview.h"

struct wrap {
    struct doc *doc;
    int width;
    void (*begin)(void *ud, struct strip *line); /* may be NULL */
    void *ud;
    bool open;  /* a line has begun */
    bool space; /* a blank waits for the next word */
    enum style space_style;
    int indent; /* width of what begin() wrote */
    struct strip line, word;
};

void wrap_init(struct wrap *w, struct doc *d, int width, enum text_charset cs,
               void (*begin)(void *ud, struct strip *line), void *ud);
/* Running text: blanks are where lines may break. */
void wrap_text(struct wrap *w, struct untrusted u, enum style st);
void wrap_own(struct wrap *w, const char *own, enum style st);
/* Code: blanks are kept, lines break wherever they are full. */
void wrap_raw(struct wrap *w, struct untrusted u, enum style st);
void wrap_end(struct wrap *w); /* ends the line, if one has begun */

#endif
