/*
 * chrome.h: the first and the last row: where am I, how fresh is this, what can I press.
 */
#ifndef SOUK_UI_CHROME_H
#define SOUK_UI_CHROME_H

#include "ui/actions.h"
#include "ui/canvas.h"

enum { CHROME_TABS_MAX = 9, ACTIVITY_MAX = 64 };

/* What the header says at the right. */
struct app_status {
    const char *network; /* ours; NULL: nothing */
    enum style light;    /* ST_GOOD, ST_WARN, ST_BAD, ST_DIM: each with a sign of its own */
    int64_t synced_at;   /* unix seconds; 0: never */
    bool offline;
    char activity[ACTIVITY_MAX]; /* "syncing 43 %", instead of the age; made safe */
    const char *lock;            /* ours, short: "locked", "open 9 m"; NULL: nothing to say */
    enum style lock_style;
};

struct header {
    const char *tab[CHROME_TABS_MAX]; /* titles, ours */
    int n_tabs, at;
    const struct strip *crumb; /* shown instead of the tabs; NULL: the tabs */
    struct app_status status;
};

void header_draw(const struct header *h, struct canvas *c, struct rect row);
/* Which tab stands at column x of the last row header_draw would draw; -1: none. */
int header_tab_at(const struct header *h, int width, int x);

/* As many of the actions as fit, in their order; help and back always, at the end. */
void footer_draw(const enum action *actions, size_t n, struct canvas *c, struct rect row);

#endif
