/*
 * overlay.h: what lies on top of a screen: a menu, a question, words, help.
 *
 * One at a time; opening one cancels the one before. Its callback is called
 * exactly once, after it has left the screen, so it may open the next. A
 * question ignores events until it has been drawn once: keys typed ahead of
 * it never answer it. The open calls return false without memory (then the
 * callback has been called as for a cancel).
 */
#ifndef SOUK_UI_OVERLAY_H
#define SOUK_UI_OVERLAY_H

#include "ui/widgets/dialog.h"
#include "ui/widgets/menu.h"

struct overlay {
    struct menu *menu;
    struct dialog *dialog;
    bool seen;
    void (*menu_fn)(void *ud, long index);
    void (*confirm_fn)(void *ud, bool yes);
    void *ud;
};

bool overlay_is_open(const struct overlay *o);
void overlay_close(struct overlay *o); /* as a cancel */

bool overlay_menu(struct overlay *o, const char *title, const struct menu_item *items, size_t n,
                  size_t selected, void (*fn)(void *ud, long index), void *ud);
bool overlay_confirm(struct overlay *o, const char *title, struct untrusted body, const char *yes,
                     void (*fn)(void *ud, bool yes), void *ud);
bool overlay_confirm_made(struct overlay *o, const char *title, dialog_make_fn make,
                          const char *yes, void (*fn)(void *ud, bool yes),
                          void *ud); /* ud is make's too */
bool overlay_message(struct overlay *o, const char *title, struct untrusted body);
/* All keys: the screen's, how to move, the app's. */
bool overlay_help(struct overlay *o, const char *title, const enum action *actions, size_t n,
                  enum text_charset cs);

void overlay_event(struct overlay *o, const struct event *ev);
void overlay_draw(struct overlay *o, struct canvas *c, struct rect area);

#endif
