#include "ui/widgets/dialog.h"

#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum { WIDTH = 72 };

struct dialog {
    char *title, *yes, *body;
    size_t body_n;
    struct doc doc;
    int wrapped_at; /* width the body was wrapped for; 0: not yet */
    struct textview view;
    bool on_yes;
    bool all_seen, unread; /* the last line was on the screen; or, as drawn last, not yet */
    dialog_make_fn make;
    void *ud;
};

void dialog_free(struct dialog *d)
{
    if (d) {
        mem_free(d->title);
        mem_free(d->yes);
        mem_free(d->body);
        doc_release(&d->doc);
        mem_free(d);
    }
}

struct dialog *dialog_new(const char *title, struct untrusted body, const char *yes)
{
    struct dialog *d = mem_zalloc(sizeof *d);
    if (!d) {
        return NULL;
    }
    doc_init(&d->doc);
    textview_init(&d->view);
    d->title = mem_strdup(title);
    d->yes = yes ? mem_strdup(yes) : NULL;
    d->body = mem_strndup(body.n ? body.p : "", body.n);
    d->body_n = body.n;
    if (!d->title || !d->body || (yes && !d->yes)) {
        dialog_free(d);
        return NULL;
    }
    return d;
}

struct dialog *dialog_new_doc(const char *title, struct doc *doc)
{
    struct dialog *d = dialog_new(title, untrusted(NULL), NULL);
    if (d) {
        d->doc = *doc;
        doc_init(doc);
        MEM_FREE(d->body);
    }
    return d;
}

struct dialog *dialog_new_made(const char *title, dialog_make_fn make, void *ud, const char *yes)
{
    struct dialog *d = dialog_new(title, untrusted(NULL), yes);
    if (d) {
        d->make = make;
        d->ud = ud;
    }
    return d;
}

/* --- input */

static enum dialog_event answer(struct dialog *d, struct key k)
{
    if (k.code == K_ENTER && d->on_yes && d->unread) {
        textview_action(&d->view, ACT_PAGE_DOWN);
        return DIALOG_HANDLED;
    }
    if (k.code == K_ENTER && !k.mods) {
        return d->on_yes ? DIALOG_YES : DIALOG_NO;
    }
    if (k.code == K_ESC || k.code == 'n' || k.code == 'q' || (k.code == 'c' && k.mods)) {
        return DIALOG_NO;
    }
    if (k.code == 'y') {
        d->on_yes = true;
    } else if (k.code == K_TAB || k.code == K_BACKTAB || k.code == K_LEFT || k.code == K_RIGHT ||
               k.code == 'h' || k.code == 'l') {
        d->on_yes = !d->on_yes;
    }
    return DIALOG_HANDLED;
}

enum dialog_event dialog_event(struct dialog *d, const struct event *ev)
{
    if (ev->kind == EV_MOUSE) {
        bool wheel = textview_wheel(&d->view, &ev->mouse);
        bool close = !wheel && !d->yes && ev->mouse.what == MOUSE_PRESS;
        return close ? DIALOG_NO : DIALOG_HANDLED;
    }
    if (ev->kind != EV_KEY || textview_action(&d->view, action_for_key(ev->key))) {
        return DIALOG_HANDLED;
    }
    return d->yes ? answer(d, ev->key) : DIALOG_NO;
}

/* --- drawing */

static void draw_answers(const struct dialog *d, struct canvas *c, struct rect row)
{
    struct strip s;
    strip_init(&s, canvas_charset(c));
    strip_str(&s, d->on_yes ? "  No  " : "[ No ]", d->on_yes ? ST_DIM : ST_ACCENT);
    strip_str(&s, "   ", ST_NORMAL);
    strip_strf(&s, d->on_yes ? ST_BAD : ST_DIM, d->on_yes ? "[ %s ]" : "  %s  ", d->yes);
    canvas_strip(c, row.x, row.y, -row.w, &s);
    canvas_cursor(c, row.x + row.w - 1, row.y, false);
}

void dialog_draw(struct dialog *d, struct canvas *c, struct rect area)
{
    int w = area.w < WIDTH ? area.w : WIDTH;
    if (d->body && d->wrapped_at != w) {
        doc_release(&d->doc);
        if (d->make) {
            d->make(d->ud, &d->doc, w - 5, canvas_charset(c));
        } else {
            doc_wrap(&d->doc, untrusted_n(d->body, d->body_n), w - 5, canvas_charset(c), ST_NORMAL);
        }
        d->wrapped_at = w;
    }
    textview_show(&d->view, &d->doc);
    int lines = (int)d->doc.n + d->doc.cut;
    struct rect box = rect_center(area, w, lines + 2 + (d->yes ? 2 : 0));
    canvas_blank(c, box);
    canvas_box(c, box, d->yes ? ST_WARN : ST_BORDER);
    canvas_strf(c, box.x + 2, box.y, box.w - 4, ST_TITLE, " %s ", d->title);
    struct rect in = rect_inset(box, 2, 1);
    if (d->yes) {
        struct rect answers = rect_cut_bottom(&in, 1);
        rect_cut_bottom(&in, 1);
        textview_draw(&d->view, c, in, false);
        d->all_seen |= (int)d->view.top + d->view.page >= lines;
        d->unread = !d->all_seen;
        draw_answers(d, c, answers);
    } else {
        textview_draw(&d->view, c, in, true);
    }
}
