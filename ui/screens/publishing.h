/*
 * publishing.h: a publish under way, from within: its state, and how it is drawn. publishing.c is
 * what happens.
 */
#ifndef SOUK_UI_PUBLISHING_H
#define SOUK_UI_PUBLISHING_H

#include "market/publish.h"
#include "ui/domain.h"
#include "ui/screens/money.h"
#include "ui/widgets/docview.h"

enum { PUBLISHING_WORDS = 160 };

struct publishing_screen {
    struct app *app;
    struct domain *d;
    const struct network *network;
    char name[LISTING_NAME_MAX + 1], author[LISTING_AUTHOR_MAX + 1]; /* of the Hub: outside text */
    bool has_file;
    enum publish_step step;
    char words[PUBLISHING_WORDS]; /* of the step */
    uint64_t done, total;
    bool over, stopping;
    struct err failed; /* once it is over; code 0: it went well */
    struct publish_result result;
    struct docview doc;           /* of the end */
    struct publishing_flow *flow; /* NULL where it is only drawn */
};

void publishing_draw(struct publishing_screen *s, struct canvas *c, struct rect area);

/* What is agreed to (a dialog_make_fn; ud is a const struct publish_ask *). */
struct publish_ask {
    const struct draft *draft;
    const struct listing_terms *before; /* in force now; NULL: a new listing */
    const struct network *network;
};
void publish_ask_doc(void *ud, struct doc *d, int width, enum text_charset cs);

#endif
