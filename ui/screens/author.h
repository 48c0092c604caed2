/*
 * author.h: the Author screen from within: what did I earn, from whom, and what should I change.
 *
 * author.c is what happens, author_draw.c the overview and the frame, author_tables.c the panes
 * that are tables.
 */
#ifndef SOUK_UI_AUTHOR_H
#define SOUK_UI_AUTHOR_H

#include "market/explain.h"
#include "ui/domain.h"
#include "ui/screens/parts.h"
#include "ui/screens/pen.h"

enum author_pane {
    AUTHOR_OVERVIEW,
    AUTHOR_MODELS,
    AUTHOR_PAYERS,
    AUTHOR_PAYMENTS,
    AUTHOR_PRICES,
    AUTHOR_SHARED,
    AUTHOR_PANES
};

enum { AUTHOR_NAME = 512 };

struct author_screen {
    struct app *app;
    struct domain *d;
    char name[AUTHOR_NAME];   /* outside text */
    struct author_page *page; /* NULL: not loaded yet */
    struct page_job *job;
    bool again; /* what is asked has changed since the job began */
    struct err failed;
    enum author_pane pane;
    struct spots spots;                /* the figures of the overview */
    struct table *table[AUTHOR_PANES]; /* of AUTHOR_OVERVIEW NULL */
};

/* false without memory: what was made is the caller's to release even so. */
bool author_tables_make(struct author_screen *s);
void author_tables_release(struct author_screen *s);
void author_tables_fill(struct author_screen *s); /* the page is another */

/* The pane that is a table, whole. */
void author_draw_table(struct author_screen *s, struct canvas *c, struct rect r);

void author_draw(struct author_screen *s, struct canvas *c, struct rect area);

#endif
