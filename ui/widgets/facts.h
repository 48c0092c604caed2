/*
 * facts.h: what is known of a thing, a fact a paragraph: "label   value", the value wrapped in a
 * column of its own.
 */
#ifndef SOUK_UI_FACTS_H
#define SOUK_UI_FACTS_H

#include "ui/widgets/wrap.h"

enum { FACT_LABEL = 9 }; /* columns of the labels */

struct facts {
    struct doc *doc;
    int width;
    enum text_charset cs;
    const char *label; /* of the fact under way; ours */
    bool first;        /* its first line has not begun */
    struct wrap wrap;
};

void facts_init(struct facts *f, struct doc *d, int width, enum text_charset cs);

/* A fact in pieces: begin, then wrap_own and wrap_text on &f->wrap, then end. */
void fact_begin(struct facts *f, const char *label);
void fact_end(struct facts *f);

/* A fact in one piece. */
void fact_own(struct facts *f, const char *label, const char *own, enum style s);
void fact_text(struct facts *f, const char *label, struct untrusted u, enum style s);
void fact_strip(struct facts *f, const char *label, const struct strip *s); /* never wrapped */
void fact_blank(struct facts *f);
void fact_title(struct facts *f, const char *own);

#endif
