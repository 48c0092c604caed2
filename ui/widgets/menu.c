#include "ui/widgets/menu.h"

#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "ui/widgets/edit.h"
#include "base/banned.h"

enum { WIDTH = 60, TITLE_MAX = 64, LABEL_MAX = 512, WHEEL_ROWS = 3 };

struct entry {
    char *label;
    size_t label_n;
    char *hint;
    uint64_t count;
    bool has_count, on;
    int score;
};

struct menu {
    char *title;
    struct entry *entry;
    size_t n;
    size_t *order; /* entries that match, best first */
    size_t n_order;
    size_t selected, first; /* in order */
    struct edit typed;
    struct rect list; /* as of the last draw */
};

/* --- matching */

static unsigned char fold(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 32 : c;
}

static bool word_start(const char *text, size_t i)
{
    return i == 0 || strchr(" -_/.:", text[i - 1]);
}

int menu_fuzzy(const char *typed, const char *text, size_t n)
{
    int score = 1000;
    size_t i = 0;
    bool run = false;
    for (; *typed; typed++) {
        if (*typed == ' ') {
            run = false;
            continue;
        }
        size_t at = i;
        while (at < n && fold((unsigned char)text[at]) != fold((unsigned char)*typed)) {
            at++;
        }
        if (at == n) {
            return 0;
        }
        score += run && at == i ? 15 : word_start(text, at) ? 10 : 0;
        score -= at - i < 10 ? (int)(at - i) : 10;
        run = true;
        i = at + 1;
    }
    return score - (n < 100 ? (int)n / 10 : 10) > 1 ? score - (n < 100 ? (int)n / 10 : 10) : 1;
}

static void narrow(struct menu *m)
{
    m->n_order = 0;
    for (size_t i = 0; i < m->n; i++) {
        struct entry *e = &m->entry[i];
        e->score = menu_fuzzy(m->typed.text, e->label, e->label_n);
        if (!e->score) {
            continue;
        }
        size_t at = m->n_order++;
        /* Few match, and they come in order of the list: insertion keeps equals in that order. */
        while (at > 0 && m->typed.len && m->entry[m->order[at - 1]].score < e->score) {
            m->order[at] = m->order[at - 1];
            at--;
        }
        m->order[at] = i;
    }
    m->selected = m->first = 0;
}

/* --- life */

void menu_free(struct menu *m)
{
    if (!m) {
        return;
    }
    for (size_t i = 0; i < m->n && m->entry; i++) {
        mem_free(m->entry[i].label);
        mem_free(m->entry[i].hint);
    }
    mem_free(m->entry);
    mem_free(m->order);
    mem_free(m->title);
    edit_release(&m->typed);
    mem_free(m);
}

static bool copy_item(struct entry *e, const struct menu_item *from)
{
    size_t n = from->label.n < LABEL_MAX ? from->label.n : LABEL_MAX;
    *e = (struct entry){.label = mem_strndup(from->label.n ? from->label.p : "", n),
                        .label_n = n,
                        .hint = from->hint ? mem_strdup(from->hint) : NULL,
                        .count = from->count,
                        .has_count = from->has_count,
                        .on = from->on};
    return e->label && (e->hint || !from->hint);
}

struct menu *menu_new(const char *title, const struct menu_item *items, size_t n, size_t selected)
{
    struct menu *m = mem_zalloc(sizeof *m);
    if (!m) {
        return NULL;
    }
    edit_init(&m->typed);
    m->n = n < MENU_ITEMS_MAX ? n : MENU_ITEMS_MAX;
    m->title = mem_strdup(title);
    m->entry = mem_array(m->n + 1, sizeof *m->entry);
    m->order = mem_array(m->n + 1, sizeof *m->order);
    bool ok = m->title && m->entry && m->order;
    for (size_t i = 0; ok && i < m->n; i++) {
        ok = copy_item(&m->entry[i], &items[i]);
    }
    if (!ok) {
        menu_free(m);
        return NULL;
    }
    narrow(m);
    m->selected = selected < m->n_order ? selected : 0;
    return m;
}

size_t menu_selected(const struct menu *m)
{
    if (m->selected >= m->n_order) {
        BUG("nothing is selected in the menu");
    }
    return m->order[m->selected];
}

/* --- input */

static enum menu_event move(struct menu *m, size_t by, bool down)
{
    size_t last = m->n_order ? m->n_order - 1 : 0;
    if (down) {
        m->selected = by < last - m->selected ? m->selected + by : last;
    } else {
        m->selected = by < m->selected ? m->selected - by : 0;
    }
    return MENU_HANDLED;
}

static enum menu_event mouse(struct menu *m, const struct mouse *p)
{
    if (p->what == MOUSE_WHEEL_UP || p->what == MOUSE_WHEEL_DOWN) {
        return move(m, WHEEL_ROWS, p->what == MOUSE_WHEEL_DOWN);
    }
    if (p->what != MOUSE_PRESS) {
        return MENU_HANDLED;
    }
    size_t row = m->first + (size_t)(p->y - m->list.y);
    if (!rect_has(m->list, p->x, p->y)) {
        return MENU_CANCEL;
    }
    if (row >= m->n_order) {
        return MENU_HANDLED;
    }
    m->selected = row;
    return MENU_CHOSEN;
}

enum menu_event menu_event(struct menu *m, const struct event *ev)
{
    if (ev->kind == EV_MOUSE) {
        return mouse(m, &ev->mouse);
    }
    size_t page = m->list.h > 1 ? (size_t)m->list.h - 1 : 1;
    bool key = ev->kind == EV_KEY;
    if (key && (ev->key.code == K_UP || ev->key.code == K_DOWN)) {
        return move(m, 1, ev->key.code == K_DOWN);
    }
    if (key && ev->key.mods == MOD_CTRL && (ev->key.code == 'p' || ev->key.code == 'n')) {
        return move(m, 1, ev->key.code == 'n');
    }
    if (key && (ev->key.code == K_PGUP || ev->key.code == K_PGDN)) {
        return move(m, page, ev->key.code == K_PGDN);
    }
    switch (edit_event(&m->typed, ev)) {
    case EDIT_CHANGED:
        narrow(m);
        return MENU_HANDLED;
    case EDIT_DONE:
        return m->n_order ? MENU_CHOSEN : MENU_HANDLED;
    case EDIT_CANCEL:
        return MENU_CANCEL;
    default:
        return MENU_HANDLED;
    }
}

/* --- drawing */

static void draw_entry(const struct menu *m, struct canvas *c, size_t i, struct rect row)
{
    const struct entry *e = &m->entry[m->order[i]];
    bool selected = i == m->selected;
    if (selected) {
        canvas_glyph(c, row.x, row.y, GL_SELECT, ST_ACCENT);
    }
    if (e->on) {
        canvas_glyph(c, row.x + 1, row.y, GL_CHECK, ST_GOOD);
    }
    int right = 0;
    char count[HUMAN_BUF];
    if (e->has_count) {
        right =
            canvas_strf(c, row.x, row.y, -(row.w - 1), ST_DIM, "%s", human_count(count, e->count));
    } else if (e->hint) {
        right = canvas_strf(c, row.x, row.y, -(row.w - 1), ST_KEY, "%s", e->hint);
    }
    canvas_untrusted(c, row.x + 3, row.y, row.w - right - 5, untrusted_n(e->label, e->label_n),
                     selected ? ST_STRONG : ST_NORMAL);
    if (selected) {
        canvas_over(c, row, OVER_SELECTED);
    }
}

void menu_draw(struct menu *m, struct canvas *c, struct rect area)
{
    int want = m->n > (size_t)area.h ? area.h : (int)m->n + 3;
    struct rect box = rect_center(area, WIDTH, want < 4 ? 4 : want);
    canvas_blank(c, box);
    canvas_box(c, box, ST_BORDER);
    struct rect before = canvas_clip(c, box);
    int used = canvas_strf(c, box.x + 2, box.y, box.w - 4, ST_TITLE, " %s ", m->title);
    canvas_strf(c, box.x + 2 + used, box.y, -(box.w - 4 - used), ST_DIM, " %zu of %zu ", m->n_order,
                m->n);
    struct rect in = rect_inset(box, 1, 1);
    struct rect line = rect_cut_top(&in, 1);
    canvas_glyph(c, line.x + 1, line.y, GL_CHEVRON, ST_KEY);
    m->list = in;
    size_t page = in.h > 0 ? (size_t)in.h : 0;
    if (m->selected < m->first) {
        m->first = m->selected;
    } else if (page && m->selected >= m->first + page) {
        m->first = m->selected - page + 1;
    }
    for (size_t i = 0; i < page && m->first + i < m->n_order; i++) {
        draw_entry(m, c, m->first + i, (struct rect){in.x, in.y + (int)i, in.w, 1});
    }
    if (!m->n_order) {
        canvas_str(c, in.x + 3, in.y, in.w - 4, "nothing matches", ST_DIM);
    }
    edit_draw(&m->typed, c, line.x + 3, line.y, line.w - 4, ST_STRONG, true);
    canvas_unclip(c, before);
}
