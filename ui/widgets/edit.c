#include "ui/widgets/edit.h"

#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

void edit_init(struct edit *e)
{
    *e = (struct edit){.at = -1, .cap = EDIT_MAX};
    e->text = e->local;
}

bool edit_grow(struct edit *e, size_t cap)
{
    char *text = cap > e->cap ? mem_alloc(cap + 1) : NULL;
    if (!text) {
        return cap <= e->cap;
    }
    memcpy(text, e->text, e->len + 1);
    if (e->text != e->local) {
        mem_free(e->text);
    }
    e->text = text;
    e->cap = cap;
    return true;
}

void edit_release(struct edit *e)
{
    for (int i = 0; i < e->n_history; i++) {
        mem_free(e->history[i]);
    }
    if (e->text != e->local) {
        mem_free(e->text);
    }
    edit_init(e);
}

static void erase(struct edit *e, size_t from, size_t to)
{
    memmove(e->text + from, e->text + to, e->len - to + 1);
    e->len -= to - from;
    e->caret = from;
}

/* False when there is no room. */
static bool insert(struct edit *e, uint32_t cp)
{
    char utf8[5];
    size_t n = utf8_put(utf8, cp);
    if (e->len + n > e->cap) {
        return false;
    }
    memmove(e->text + e->caret + n, e->text + e->caret, e->len - e->caret + 1);
    memcpy(e->text + e->caret, utf8, n);
    e->len += n;
    e->caret += n;
    return true;
}

void edit_set(struct edit *e, const char *text)
{
    size_t n = strlen(text);
    e->len = e->caret = 0;
    e->text[0] = '\0';
    e->at = -1;
    while (n) {
        uint32_t cp;
        size_t used = utf8_get(text, n, &cp, NULL);
        if (!insert(e, cp)) {
            return;
        }
        text += used;
        n -= used;
    }
}

/* --- moving: by glyph, so that a letter and its marks are one */

static size_t step_right(const struct edit *e, size_t at)
{
    uint32_t cp;
    do {
        if (at == e->len) {
            return at;
        }
        at += utf8_get(e->text + at, e->len - at, &cp, NULL);
        if (at < e->len) {
            utf8_get(e->text + at, e->len - at, &cp, NULL);
        }
    } while (at < e->len && text_cp_width(cp) == 0);
    return at;
}

static size_t step_left(const struct edit *e, size_t at)
{
    size_t i = 0, before = 0;
    while (i < at) {
        before = i;
        i = step_right(e, i);
    }
    return before;
}

static size_t word_left(const struct edit *e, size_t at)
{
    while (at && e->text[at - 1] == ' ') {
        at--;
    }
    while (at && e->text[at - 1] != ' ') {
        at--;
    }
    return at;
}

static enum edit_event move_to(struct edit *e, size_t at)
{
    e->caret = at;
    return EDIT_MOVED;
}

static enum edit_event cut(struct edit *e, size_t from, size_t to)
{
    if (from == to) {
        return EDIT_MOVED;
    }
    erase(e, from, to);
    return EDIT_CHANGED;
}

/* --- history */

static void remember(struct edit *e)
{
    if (!e->len || (e->n_history && !strcmp(e->history[0], e->text))) {
        return;
    }
    char *copy = mem_strdup(e->text);
    if (!copy) {
        return;
    }
    if (e->n_history == EDIT_HISTORY) {
        mem_free(e->history[--e->n_history]);
    }
    memmove(e->history + 1, e->history, (size_t)e->n_history * sizeof e->history[0]);
    e->history[0] = copy;
    e->n_history++;
}

static enum edit_event walk(struct edit *e, int by)
{
    int at = e->at + by;
    if (!e->n_history || at < -1) {
        return EDIT_IGNORED;
    }
    if (at >= e->n_history) {
        return EDIT_MOVED;
    }
    edit_set(e, at < 0 ? "" : e->history[at]);
    e->at = at;
    return EDIT_CHANGED;
}

/* --- input */

static enum edit_event control(struct edit *e, uint32_t letter)
{
    switch (letter) {
    case 'a':
        return move_to(e, 0);
    case 'e':
        return move_to(e, e->len);
    case 'b':
        return move_to(e, step_left(e, e->caret));
    case 'f':
        return move_to(e, step_right(e, e->caret));
    case 'w':
        return cut(e, word_left(e, e->caret), e->caret);
    case 'u':
        return cut(e, 0, e->caret);
    case 'k':
        return cut(e, e->caret, e->len);
    case 'd':
        return cut(e, e->caret, step_right(e, e->caret));
    case 'c':
        return EDIT_CANCEL;
    default:
        return EDIT_IGNORED;
    }
}

static enum edit_event special(struct edit *e, uint32_t code)
{
    switch (code) {
    case K_ENTER:
        remember(e);
        e->at = -1;
        return EDIT_DONE;
    case K_ESC:
        return EDIT_CANCEL;
    case K_LEFT:
        return move_to(e, step_left(e, e->caret));
    case K_RIGHT:
        return move_to(e, step_right(e, e->caret));
    case K_HOME:
        return move_to(e, 0);
    case K_END:
        return move_to(e, e->len);
    case K_BACKSPACE:
        return cut(e, step_left(e, e->caret), e->caret);
    case K_DELETE:
        return cut(e, e->caret, step_right(e, e->caret));
    case K_UP:
        return walk(e, 1);
    case K_DOWN:
        return walk(e, -1);
    default:
        return EDIT_IGNORED;
    }
}

static enum edit_event paste(struct edit *e, struct untrusted u)
{
    size_t before = e->len;
    while (u.n) {
        uint32_t cp;
        size_t used = utf8_get(u.p, u.n, &cp, NULL);
        u.p += used;
        u.n -= used;
        if (cp == '\n' || cp == '\t' || (cp == '\r' && !(u.n && *u.p == '\n'))) {
            cp = ' ';
        }
        if (cp >= 0x20 && cp != 0x7F && !insert(e, cp)) {
            break;
        }
    }
    return e->len == before ? EDIT_MOVED : EDIT_CHANGED;
}

enum edit_event edit_event(struct edit *e, const struct event *ev)
{
    if (ev->kind == EV_PASTE) {
        return paste(e, ev->paste);
    }
    if (ev->kind != EV_KEY) {
        return EDIT_IGNORED;
    }
    if (key_is_text(ev->key)) {
        return insert(e, ev->key.code) ? EDIT_CHANGED : EDIT_MOVED;
    }
    if (ev->key.mods == MOD_CTRL) {
        return control(e, ev->key.code);
    }
    return ev->key.mods ? EDIT_IGNORED : special(e, ev->key.code);
}

void edit_draw(const struct edit *e, struct canvas *c, int x, int y, int cols, enum style s,
               bool focused)
{
    struct line_text all, before;
    text_line(&all, untrusted_n(e->text, e->len), e->cap, canvas_charset(c));
    text_line(&before, untrusted_n(e->text, e->caret), e->cap, canvas_charset(c));
    int caret = before.width;
    int skip = caret >= cols ? caret - cols + 1 : 0;
    struct rect clip = canvas_clip(c, (struct rect){x, y, cols, 1});
    canvas_text(c, x - skip, y, all.width + 1, &all, s);
    canvas_unclip(c, clip);
    if (focused) {
        canvas_cursor(c, x + caret - skip, y, true);
    }
    text_release(&all);
    text_release(&before);
}
