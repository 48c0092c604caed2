/*
 * menu.h: a list to pick one of; typing narrows it. Sort menu, facets, palette.
 */
#ifndef SOUK_UI_MENU_H
#define SOUK_UI_MENU_H

#include "ui/canvas.h"
#include "ui/input.h"

struct menu_item {
    struct untrusted label; /* copied; foreign text is welcome */
    uint64_t count;         /* shown at the right */
    bool has_count;
    bool on;          /* already chosen: a check mark */
    const char *hint; /* ours, shown at the right where there is no count; copied; may be NULL */
};

struct menu;

enum { MENU_ITEMS_MAX = 2000 }; /* further ones are left off */

/* NULL without memory. `title` is ours and copied. */
struct menu *menu_new(const char *title, const struct menu_item *items, size_t n, size_t selected);
void menu_free(struct menu *m);

enum menu_event { MENU_HANDLED, MENU_CHOSEN, MENU_CANCEL };
enum menu_event menu_event(struct menu *m, const struct event *ev);
size_t menu_selected(const struct menu *m); /* index of the item; only after MENU_CHOSEN */
void menu_draw(struct menu *m, struct canvas *c, struct rect area); /* a box in its middle */

/*
 * How well `text` matches what was typed: 0 not at all, else more is better. Letters in order,
 * case ignored (ASCII); runs, beginnings of words and short texts count more. Pure.
 */
int menu_fuzzy(const char *typed, const char *text, size_t n);

#endif
