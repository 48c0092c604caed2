/*
 * app.h: the terminal program: one loop, a stack of screens, overlays on top.
 *
 * A screen is a table of functions (struct screen_ops) and a state of its own.
 * It holds an immutable snapshot of what it shows, draws it as a pure function
 * to cells, and sends intents (to the domain, or to the app by the calls
 * below). It touches neither sockets nor SQLite; what may take longer than
 * 10 ms is a job on LANE_QUERY (net/loop.h) whose done() swaps the snapshot in
 * and calls app_dirty().
 *
 * Drawing happens at most once per turn of the loop, and only when somebody
 * called app_dirty(): a thousand keys in one read cost one frame. Every
 * handled event makes the frame dirty by itself. Ages drawn with canvas_ago()
 * are brought up to date once a minute without anyone's help; nothing else
 * ticks, so an idle program never wakes.
 *
 * An event goes to: the overlay on top (dialog, menu, palette, help), else the
 * screen's event(), else, for keys, by the action table to the screen's
 * action(), else the app's own meaning of that action.
 *
 * Layout: row 0 is the header (tabs or breadcrumb; network and freshness), the
 * last row the footer (keys of this screen, or a toast); draw() gets the rest.
 * Below 20x5 only a note is drawn.
 */
#ifndef SOUK_UI_APP_H
#define SOUK_UI_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "net/loop.h"
#include "ui/actions.h"
#include "ui/backend.h"
#include "ui/canvas.h"
#include "ui/input.h"
#include "ui/widgets/chrome.h" /* struct app_status */
#include "ui/widgets/dialog.h" /* dialog_make_fn */
#include "ui/widgets/menu.h"   /* struct menu_item */

struct app;

struct screen_ops {
    const char *name;           /* "market": in scripts and dumps */
    const char *title;          /* "Market": its tab, and in the breadcrumb of those above it */
    const enum action *actions; /* what it takes, most useful first, ACT_NONE ends; may be NULL */

    /* Makes the state. `arg` is the opener's (app_push); copy what you keep. */
    souk_err (*open)(struct app *a, void *arg, void **self, struct err *e);
    void (*close)(void *self); /* frees the state; cancel jobs and let done() cope */
    void (*draw)(void *self, struct canvas *c, struct rect area);

    /* The rest may be NULL. The bools say "handled". */
    bool (*event)(void *self, const struct event *ev); /* raw keys (a search line), paste, mouse */
    bool (*action)(void *self, enum action act);
    void (*update)(void *self);             /* the domain's data changed (app_changed) */
    void (*shown)(void *self, bool on_top); /* came to the top, or was covered or left */
    void (*crumb)(void *self,
                  struct strip *s); /* "OpenGradient/og-1hr…": its part of the breadcrumb */
    bool (*offers)(void *self,
                   enum action act); /* false: not now (footer, help, palette); NULL: all */
};

struct app_config {
    struct loop *loop;       /* borrowed */
    struct backend *backend; /* borrowed; freed by its owner after app_free */
    void *domain;            /* what screens get from app_domain(); not looked at */
    /* What the header says at the right; asked for each frame, so it must be cheap. May be NULL. */
    void (*status)(void *domain, struct app_status *out);
    const struct screen_ops *const *tabs; /* for the keys 1, 2, …; at most 9 */
    size_t n_tabs;
};

struct app *app_new(const struct app_config *cfg, struct err *e);
void app_free(struct app *a); /* closes all screens */
/* Opens the first tab, draws, runs the loop until app_quit; returns its code. */
int app_run(struct app *a);

/* --- for screens: what is around them */
struct loop *app_loop(struct app *a);
void *app_domain(struct app *a);
enum text_charset app_charset(const struct app *a);
struct rect app_area(const struct app *a); /* what draw() gets now */

/* --- intents */
void app_dirty(struct app *a);   /* draw at the end of this turn */
void app_changed(struct app *a); /* the domain's data changed: update() on every open screen */
souk_err app_push(struct app *a, const struct screen_ops *ops,
                  void *arg); /* a failure is a toast */
souk_err app_replace(struct app *a, const struct screen_ops *ops, void *arg); /* the top one */
void app_pop(struct app *a);                 /* from the last screen: quits */
void app_tab(struct app *a, size_t number);  /* 0-based; closes what is above it; keeps its state */
bool app_do(struct app *a, enum action act); /* as if its key had been pressed */
void app_quit(struct app *a, int code);

/* What an action of the app means to the domain: ACT_SYNC, ACT_DEVNET, ACT_LOCK… Later calls
 * replace; fn NULL takes it back. */
void app_on(struct app *a, enum action act, void (*fn)(void *ud), void *ud);

/* One line in the footer for 4 s or until a key; ST_BAD ones until a key. Made safe. */
void app_toast(struct app *a, enum style s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void app_toast_err(struct app *a, const struct err *e);

/* To the clipboard by OSC 52, after the user's key only; control-free; says so in a toast. */
void app_copy(struct app *a, struct untrusted u, const char *what);

/*
 * The terminal for somebody else's questions (terminal.h): nothing is drawn and no key is read
 * until app_take_terminal. The descriptor is his gate; -1: there is no terminal to ask at.
 */
int app_lend_terminal(struct app *a, const char *words);
void app_take_terminal(struct app *a);

/* --- overlays. One at a time; a new one replaces the old (its callback gets "cancelled"). */
/* fn gets the index, or -1 when it was left. Typing narrows the list. */
void app_menu(struct app *a, const char *title, const struct menu_item *items, size_t n,
              size_t selected, void (*fn)(void *ud, long index), void *ud);

/* A question; the default and Esc are No. `body` may have several lines and foreign text. */
void app_confirm(struct app *a, const char *title, struct untrusted body, const char *yes,
                 void (*fn)(void *ud, bool yes), void *ud);
/* The same with lines made for the width there is; ud is make's too. */
void app_confirm_made(struct app *a, const char *title, dialog_make_fn make, const char *yes,
                      void (*fn)(void *ud, bool yes), void *ud);
/* Words to be read; any key closes. */
void app_message(struct app *a, const char *title, struct untrusted body);
bool app_has_overlay(const struct app *a);

/* --- for the script driver and tests */
void app_feed(struct app *a, const struct event *ev);
void app_draw_now(struct app *a); /* when dirty */
const struct canvas *app_canvas(const struct app *a);
void app_resize(struct app *a, int w, int h); /* the terminal has this size now */
bool app_settled(const struct app *a);        /* the loop is idle and nothing is left to draw */
/* Called at the end of each turn, after drawing. */
void app_on_turn(struct app *a, void (*fn)(void *ud), void *ud);

#endif
