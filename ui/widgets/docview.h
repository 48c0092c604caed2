/*
 * docview.h: a document as wide as its place, written anew when the place or what it tells changes.
 *
 *     if (docview_begin(&s->doc, docview_width(area)))
 *         ... write into s->doc.text, s->doc.width columns wide
 *     docview_draw(&s->doc, c, area, true);
 */
#ifndef SOUK_UI_DOCVIEW_H
#define SOUK_UI_DOCVIEW_H

#include "ui/widgets/textview.h"

struct docview {
    struct doc text;
    struct textview view;
    int width; /* that it is written for; 0: to be written */
};

void docview_init(struct docview *v);
void docview_release(struct docview *v);
void docview_stale(struct docview *v); /* what it tells has changed; the place in it is kept */
void docview_again(struct docview *v); /* it tells something else, from its first line on */

int docview_width(struct rect area);              /* what a document has there beside margins */
bool docview_begin(struct docview *v, int width); /* true: it is empty now, and to be written */
void docview_draw(struct docview *v, struct canvas *c, struct rect area, bool focused);

#endif
