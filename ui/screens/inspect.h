/*
 * inspect.h: a model of the library as lines to read: what it is, how that was proved, what it
 * takes and gives. Pure, of what inspecting.h found.
 */
#ifndef SOUK_UI_INSPECT_H
#define SOUK_UI_INSPECT_H

#include "market/get.h"
#include "ui/inspecting.h"
#include "ui/widgets/facts.h"

struct inspect_view {
    const struct inspected *model;
    const struct stored *stored; /* NULL: being asked */
    const char *stored_failed;   /* instead: outside text; NULL */
};
void inspect_doc(const struct inspect_view *v, struct facts *f);

/* "open_high_low_close  float32[10,4]": one line. */
void port_strip(const struct port *p, int name_cols, struct strip *out);

#endif
