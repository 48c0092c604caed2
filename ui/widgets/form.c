#include "ui/widgets/form.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/widgets/edit.h"
#include "ui/widgets/textview.h"
#include "base/banned.h"

enum { LABEL_COLS = 24, SIGN_COLS = 2, WORDS_ROWS = 3, LONG_VALUE = 40 };

struct field {
    char *label, *hint;
    size_t label_n, hint_n;
    struct edit edit;
    char *option[FORM_CHOICES];
    size_t options, chosen; /* options 0: a text */
    char fault[FORM_WORDS];
};

struct form {
    char *button;
    struct field *field[FORM_FIELDS];
    size_t n, focus, top;
    struct rect area; /* of the fields, as of the last draw */
};

static void field_free(struct field *f)
{
    mem_free(f->label);
    mem_free(f->hint);
    edit_release(&f->edit);
    for (size_t i = 0; i < f->options; i++) {
        mem_free(f->option[i]);
    }
    mem_free(f);
}

struct form *form_new(const char *button)
{
    struct form *f = mem_zalloc(sizeof *f);
    if (f && !(f->button = mem_strdup(button))) {
        MEM_FREE(f);
    }
    return f;
}

void form_free(struct form *f)
{
    for (size_t i = 0; f && i < f->n; i++) {
        field_free(f->field[i]);
    }
    if (f) {
        mem_free(f->button);
        mem_free(f);
    }
}

/* NULL without memory; not yet among the form's. */
static struct field *field_new(const struct form *f, struct untrusted label, struct untrusted hint)
{
    struct field *n = f->n < FORM_FIELDS ? mem_zalloc(sizeof *n) : NULL;
    if (!n) {
        return NULL;
    }
    edit_init(&n->edit);
    n->label = mem_strndup(label.n ? label.p : "", label.n);
    n->hint = mem_strndup(hint.n ? hint.p : "", hint.n);
    n->label_n = label.n;
    n->hint_n = hint.n;
    if (!n->label || !n->hint) {
        field_free(n);
        return NULL;
    }
    return n;
}

bool form_add(struct form *f, struct untrusted label, struct untrusted hint, struct untrusted value)
{
    struct field *n = field_new(f, label, hint);
    if (!n) {
        return false;
    }
    if (!edit_grow(&n->edit, FORM_VALUE_MAX)) {
        field_free(n);
        return false;
    }
    f->field[f->n++] = n;
    form_set(f, f->n - 1, value);
    return true;
}

bool form_add_choice(struct form *f, const char *label, const char *hint, const char *const *option,
                     size_t n, size_t chosen)
{
    struct field *d = field_new(f, untrusted(label), untrusted(hint));
    if (!d || n > FORM_CHOICES || !n) {
        if (d) {
            field_free(d);
        }
        return false;
    }
    for (; d->options < n; d->options++) {
        d->option[d->options] = mem_strdup(option[d->options]);
        if (!d->option[d->options]) {
            field_free(d);
            return false;
        }
    }
    d->chosen = chosen < n ? chosen : 0;
    f->field[f->n++] = d;
    return true;
}

/* --- what is in it */

size_t form_count(const struct form *f)
{
    return f->n;
}

struct untrusted form_label(const struct form *f, size_t i)
{
    return untrusted_n(f->field[i]->label, f->field[i]->label_n);
}

const char *form_value(const struct form *f, size_t i)
{
    const struct field *d = f->field[i];
    return d->options ? d->option[d->chosen] : d->edit.text;
}

size_t form_chosen(const struct form *f, size_t i)
{
    return f->field[i]->chosen;
}

/* As if it had been pasted: line ends become spaces, what is no text is dropped. */
void form_set(struct form *f, size_t i, struct untrusted value)
{
    struct edit *e = &f->field[i]->edit;
    edit_set(e, "");
    edit_event(e, &(struct event){.kind = EV_PASTE, .paste = value});
    if (e->len > LONG_VALUE) { /* the beginning says more than the end */
        e->caret = 0;
    }
}

void form_fault(struct form *f, size_t i, const char *words)
{
    snprintf(f->field[i]->fault, FORM_WORDS, "%s", words ? words : "");
}

bool form_has_fault(const struct form *f)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->field[i]->fault[0]) {
            return true;
        }
    }
    return false;
}

size_t form_focus(const struct form *f)
{
    return f->focus;
}

void form_focus_on(struct form *f, size_t i)
{
    f->focus = i < f->n ? i : f->n;
}

/* --- input */

static enum form_event go(struct form *f, int by)
{
    size_t stops = f->n + 1;
    f->focus = (f->focus + (by > 0 ? 1 : stops - 1)) % stops;
    return FORM_HANDLED;
}

static enum form_event turn(struct field *d, bool forward)
{
    d->chosen = (d->chosen + (forward ? 1 : d->options - 1)) % d->options;
    return FORM_CHANGED;
}

static enum form_event click(struct form *f, const struct mouse *m)
{
    if (m->what != MOUSE_PRESS || !rect_has(f->area, m->x, m->y)) {
        return FORM_IGNORED;
    }
    size_t row = f->top + (size_t)(m->y - f->area.y);
    if (row < f->n) {
        f->focus = row;
    }
    return FORM_HANDLED;
}

static enum form_event key(struct form *f, const struct event *ev)
{
    struct key k = ev->key;
    struct field *d = f->focus < f->n ? f->field[f->focus] : NULL;
    if (k.code == K_ESC || (k.code == 'c' && k.mods == MOD_CTRL)) {
        return FORM_CANCEL;
    }
    if (k.code == K_ENTER && !k.mods) {
        return d ? go(f, 1) : FORM_DONE;
    }
    if (k.code == K_DOWN || k.code == K_TAB || k.code == K_UP || k.code == K_BACKTAB) {
        return go(f, k.code == K_DOWN || k.code == K_TAB ? 1 : -1);
    }
    if (d && d->options) {
        bool back = k.code == K_LEFT || k.code == 'h', on = k.code == K_RIGHT || k.code == 'l';
        return back || on || k.code == ' ' ? turn(d, !back) : FORM_IGNORED;
    }
    if (!d) {
        return FORM_IGNORED;
    }
    enum edit_event got = edit_event(&d->edit, ev);
    return got == EDIT_CHANGED ? FORM_CHANGED : got == EDIT_IGNORED ? FORM_IGNORED : FORM_HANDLED;
}

enum form_event form_event(struct form *f, const struct event *ev)
{
    if (ev->kind == EV_MOUSE) {
        return click(f, &ev->mouse);
    }
    if (ev->kind == EV_KEY) {
        return key(f, ev);
    }
    if (ev->kind == EV_PASTE && f->focus < f->n && !f->field[f->focus]->options) {
        edit_event(&f->field[f->focus]->edit, ev);
        return FORM_CHANGED;
    }
    return ev->kind == EV_PASTE ? FORM_HANDLED : FORM_IGNORED;
}

/* --- drawing */

int form_rows(const struct form *f)
{
    return (int)f->n + 2 + WORDS_ROWS;
}

static void draw_choice(const struct field *d, struct canvas *c, int x, int y, int w, bool focused)
{
    struct strip s;
    strip_init(&s, canvas_charset(c));
    strip_str(&s, focused ? "← " : "  ", ST_KEY);
    strip_untrusted(&s, untrusted(d->option[d->chosen]), ST_STRONG);
    strip_str(&s, focused ? " →" : "", ST_KEY);
    canvas_strip(c, x, y, w, &s);
    if (focused) {
        canvas_cursor(c, x + 2, y, true);
    }
}

static void draw_field(const struct field *d, struct canvas *c, struct rect row, int label_w,
                       bool focused)
{
    int x = row.x + label_w + SIGN_COLS, w = row.w - label_w - SIGN_COLS;
    canvas_untrusted(c, row.x, row.y, label_w - 1, untrusted_n(d->label, d->label_n),
                     focused ? ST_STRONG : ST_NORMAL);
    if (d->fault[0]) {
        canvas_glyph(c, x - SIGN_COLS, row.y, GL_CROSS, ST_BAD);
    } else if (focused) {
        canvas_glyph(c, x - SIGN_COLS, row.y, GL_RIGHT, ST_KEY);
    }
    if (w < 1) {
        return;
    }
    if (d->options) {
        draw_choice(d, c, x, row.y, w, focused);
    } else if (d->edit.len || focused) {
        edit_draw(&d->edit, c, x, row.y, w, ST_CODE, focused);
    } else {
        canvas_untrusted(c, x, row.y, w, untrusted_n(d->hint, d->hint_n), ST_DIM);
    }
}

/* The focused field's hint, or what is wrong with it. */
static void draw_words(const struct form *f, struct canvas *c, struct rect area)
{
    const struct field *d = f->focus < f->n ? f->field[f->focus] : NULL;
    if (!d || area.h < 1) {
        return;
    }
    struct untrusted words = d->fault[0] ? untrusted(d->fault) : untrusted_n(d->hint, d->hint_n);
    struct doc doc;
    doc_init(&doc);
    doc_wrap(&doc, words, area.w > 10 ? area.w : 10, canvas_charset(c),
             d->fault[0] ? ST_BAD : ST_DIM);
    for (int i = 0; i < area.h && (size_t)i < doc.n; i++) {
        canvas_cells(c, area.x, area.y + i, area.w, doc.line[i].cells, doc.line[i].n);
    }
    doc_release(&doc);
}

static int label_width(const struct form *f, const struct canvas *c, int w)
{
    int widest = 4, most = w / 3 < LABEL_COLS ? w / 3 : LABEL_COLS;
    for (size_t i = 0; i < f->n; i++) {
        struct strip s;
        strip_init(&s, canvas_charset(c));
        strip_untrusted(&s, form_label(f, i), ST_NORMAL);
        widest = s.width > widest ? s.width : widest;
    }
    return (widest < most ? widest : most) + 1;
}

static void draw(struct form *f, struct canvas *c, struct rect area, bool focused)
{
    int below = area.h > (int)f->n + 2 ? area.h - (int)f->n : area.h > 3 ? 3 : 1;
    int rows = area.h - below;
    size_t room = rows > 0 ? (size_t)rows : 0, at = f->focus < f->n ? f->focus : f->n - (f->n > 0);
    if (at < f->top) {
        f->top = at;
    } else if (room && at >= f->top + room) {
        f->top = at - room + 1;
    }
    f->area = (struct rect){area.x, area.y, area.w, rows};
    int label_w = label_width(f, c, area.w);
    for (size_t i = 0; i < room && f->top + i < f->n; i++) {
        struct rect row = {area.x, area.y + (int)i, area.w, 1};
        draw_field(f->field[f->top + i], c, row, label_w, focused && f->top + i == f->focus);
    }
    rect_cut_top(&area, rows + (below > 2));
    bool on = focused && f->focus == f->n;
    canvas_strf(c, area.x, area.y, area.w, on ? ST_ACCENT : ST_DIM, on ? "[ %s ]" : "  %s  ",
                f->button);
    if (on) {
        canvas_cursor(c, area.x + 2, area.y, false);
    }
    rect_cut_top(&area, 1 + (area.h > 2));
    if (focused) {
        draw_words(f, c, area);
    }
}

void form_draw(struct form *f, struct canvas *c, struct rect area)
{
    draw(f, c, area, true);
}

void form_show(struct form *f, struct canvas *c, struct rect area)
{
    draw(f, c, area, false);
}
