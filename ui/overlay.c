#include "ui/overlay.h"

#include <string.h>

#include "base/banned.h"

bool overlay_is_open(const struct overlay *o)
{
    return o->menu || o->dialog;
}

/* Takes it off the screen first: the callback may open the next one. */
static void finish(struct overlay *o, long index, bool yes)
{
    struct overlay was = *o;
    *o = (struct overlay){0};
    menu_free(was.menu);
    dialog_free(was.dialog);
    if (was.menu_fn) {
        was.menu_fn(was.ud, index);
    }
    if (was.confirm_fn) {
        was.confirm_fn(was.ud, yes);
    }
}

void overlay_close(struct overlay *o)
{
    finish(o, -1, false);
}

bool overlay_menu(struct overlay *o, const char *title, const struct menu_item *items, size_t n,
                  size_t selected, void (*fn)(void *ud, long index), void *ud)
{
    overlay_close(o);
    *o = (struct overlay){
        .menu = menu_new(title, items, n, selected), .menu_fn = fn, .ud = ud, .seen = true};
    if (!o->menu) {
        overlay_close(o);
        return false;
    }
    return true;
}

static bool confirm(struct overlay *o, struct dialog *d, void (*fn)(void *ud, bool yes), void *ud)
{
    *o = (struct overlay){.dialog = d, .confirm_fn = fn, .ud = ud};
    if (!d) {
        overlay_close(o);
    }
    return d;
}

bool overlay_confirm(struct overlay *o, const char *title, struct untrusted body, const char *yes,
                     void (*fn)(void *ud, bool yes), void *ud)
{
    overlay_close(o);
    return confirm(o, dialog_new(title, body, yes), fn, ud);
}

bool overlay_confirm_made(struct overlay *o, const char *title, dialog_make_fn make,
                          const char *yes, void (*fn)(void *ud, bool yes), void *ud)
{
    overlay_close(o);
    return confirm(o, dialog_new_made(title, make, ud, yes), fn, ud);
}

bool overlay_message(struct overlay *o, const char *title, struct untrusted body)
{
    overlay_close(o);
    o->dialog = dialog_new(title, body, NULL);
    o->seen = true;
    return o->dialog;
}

/* --- help */

enum { KEYS_W = 16 };

static void help_heading(struct doc *d, const char *own, enum text_charset cs)
{
    struct strip s;
    strip_init(&s, cs);
    if (d->n) {
        doc_blank(d);
    }
    strip_str(&s, own, ST_TITLE);
    doc_add(d, &s);
}

static void help_line(struct doc *d, enum action a, enum text_charset cs)
{
    const struct action_info *info = action_info(a);
    struct strip s;
    strip_init(&s, cs);
    strip_str(&s, "  ", ST_NORMAL);
    for (const char *p = info->keys; *p; p += strspn(p, " ")) {
        char label[KEY_NAME_MAX];
        struct key k;
        p += key_parse(p, &k);
        strip_strf(&s, ST_KEY, "%s ", key_label(k, cs, label));
    }
    strip_pad(&s, KEYS_W);
    strip_str(&s, info->help, ST_NORMAL);
    doc_add(d, &s);
}

static void help_group(struct doc *d, const enum action *actions, size_t n, enum action_group g,
                       enum text_charset cs)
{
    for (size_t i = 0; i < n; i++) {
        if (action_info(actions[i])->group == g) {
            help_line(d, actions[i], cs);
        }
    }
}

bool overlay_help(struct overlay *o, const char *title, const enum action *actions, size_t n,
                  enum text_charset cs)
{
    overlay_close(o);
    struct doc d;
    doc_init(&d);
    help_heading(&d, "On this screen", cs);
    help_group(&d, actions, n, GROUP_SCREEN, cs);
    help_heading(&d, "Moving", cs);
    for (int a = ACT_NONE + 1; a < ACT_COUNT; a++) {
        if (action_info((enum action)a)->group == GROUP_MOVE) {
            help_line(&d, (enum action)a, cs);
        }
    }
    help_heading(&d, "Everywhere", cs);
    help_group(&d, actions, n, GROUP_GENERAL, cs);
    o->dialog = d.cut ? NULL : dialog_new_doc(title, &d);
    o->seen = true;
    doc_release(&d);
    return o->dialog;
}

/* --- events */

void overlay_event(struct overlay *o, const struct event *ev)
{
    if (!o->seen) {
        return;
    }
    if (o->menu) {
        enum menu_event got = menu_event(o->menu, ev);
        if (got != MENU_HANDLED) {
            finish(o, got == MENU_CHOSEN ? (long)menu_selected(o->menu) : -1, false);
        }
    } else {
        enum dialog_event got = dialog_event(o->dialog, ev);
        if (got != DIALOG_HANDLED) {
            finish(o, -1, got == DIALOG_YES);
        }
    }
}

void overlay_draw(struct overlay *o, struct canvas *c, struct rect area)
{
    if (o->menu) {
        menu_draw(o->menu, c, area);
    } else if (o->dialog) {
        dialog_draw(o->dialog, c, area);
    }
    o->seen = true;
}
