/*
 * here.h: a model's file on this disk, in a few lines for the model's page: is it here, how was it
 * verified, what does it take and give.
 */
#ifndef SOUK_UI_HERE_H
#define SOUK_UI_HERE_H

#include "ui/getting.h"
#include "ui/inspecting.h"

struct here {
    const struct library_row *row; /* NULL: it is not here */
    const struct coming *coming;   /* NULL: it is not on its way */
    const struct inspected *model; /* NULL: not read yet */
};

int here_draw(const struct here *h, struct canvas *c, struct rect r); /* rows used; 0: none */
/* For a line of its own: "✓ verified, strict; got 2026-09-20 from host". */
void here_strip(const struct here *h, struct strip *out);

#endif
