/*
 * markdown.h: an author's description as styled lines. (Parser: md4c.)
 *
 * A safe subset: headings, emphasis, lists, quotes, code, rules; tables as
 * rows with bars; links as their text and their host, dim (never followed,
 * never hidden); images as their text; HTML is shown as the text it is. All
 * text goes through the sanitiser. Bounded: MARKDOWN_MAX bytes in (the rest is
 * cut off, and said), DOC_LINES_MAX lines out; nesting deeper than 16 is flat.
 */
#ifndef SOUK_UI_MARKDOWN_H
#define SOUK_UI_MARKDOWN_H

#include "ui/widgets/textview.h"

enum { MARKDOWN_MAX = 64 * 1024 };

/* Appends src, wrapped at `width` columns, to *out. Without memory the text is cut (out->cut). */
void markdown_render(struct doc *out, struct untrusted src, int width, enum text_charset cs);

#endif
