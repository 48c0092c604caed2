/*
 * landed.h: what landed for those one watches, since souk was opened: a part of Activity.
 */
#ifndef SOUK_UI_LANDED_H
#define SOUK_UI_LANDED_H

#include "ui/domain.h"
#include "ui/widgets/table.h"

struct table *landed_new(struct domain *d); /* NULL without memory; the domain's, as it is then */
int landed_height(const struct domain *d);  /* rows to show all of it */
void landed_draw(struct table *t, const struct domain *d, struct canvas *c, struct rect r,
                 bool focused);

#endif
