/*
 * Library: the models on this disk, and those on their way to it.
 */
#include "ui/screens/library.h"

#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "ui/checking.h"
#include "ui/screens/screens.h"
#include "ui/work.h"

#include "base/banned.h"

struct library_flow {
    struct checking *checking;
    struct removal *removing;
    char to_remove[BLOB_ID_BUF]; /* what the open question is about */
    bool unread;                 /* reading it failed last time */
};

struct removal {
    struct work w; /* first */
    blob_id id;
};

static const struct library_entry *selected(const struct library_screen *s)
{
    size_t i = table_selected(s->table);
    return i < s->n ? &s->entry[i] : NULL;
}

/* --- rows */

static void select_again(struct library_screen *s, const char *id)
{
    char other[BLOB_ID_BUF];
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(library_id(&s->entry[i], other), id) == 0) {
            table_select(s->table, i);
            return;
        }
    }
}

/* The shelf or the queue is another one: rows anew, and the cursor stays with its model. */
static void refresh(void *ud)
{
    struct library_screen *s = ud;
    const struct getting *g = s->d->getting;
    char was[BLOB_ID_BUF] = "";
    if (selected(s))
        library_id(selected(s), was);
    s->n = 0;
    s->shelf = getting_shelf(g);
    size_t coming = getting_count(g), here = s->shelf ? s->shelf->n : 0;
    struct library_entry *e = mem_array(coming + here + 1, sizeof *e);
    mem_free(s->entry);
    s->entry = e;
    for (size_t i = 0; e && i < coming; i++)
        e[s->n++].coming = getting_at(g, i);
    for (size_t i = 0; e && i < here; i++)
        if (!getting_find(g, untrusted(s->shelf->row[i].id)))
            e[s->n++].row = &s->shelf->row[i];
    if (getting_shelf_failed(g)->code || s->flow->unread)
        s->failed = *getting_shelf_failed(g);
    s->flow->unread = getting_shelf_failed(g)->code;
    table_set_rows(s->table, s->n);
    library_sort(s);
    select_again(s, was);
    app_dirty(s->app);
}

static void take_sort(struct library_screen *s)
{
    char was[BLOB_ID_BUF] = "";
    if (selected(s))
        library_id(selected(s), was);
    table_sort_by(s->table, &s->sort, &s->desc);
    library_sort(s);
    select_again(s, was);
}

static void sort_chosen(void *ud, long i)
{
    static const int columns[] = {LIB_GOT, LIB_USED, LIB_SIZE, LIB_MODEL};
    struct library_screen *s = ud;
    if (i < 0)
        return;
    table_set_sort(s->table, columns[i], library_columns[columns[i]].desc_first);
    take_sort(s);
}

static void sort_menu(struct library_screen *s)
{
    const struct menu_item items[] = {
        {.label = untrusted("got"), .hint = "newest first", .on = s->sort == LIB_GOT},
        {.label = untrusted("used"), .hint = "latest first", .on = s->sort == LIB_USED},
        {.label = untrusted("size"), .hint = "largest first", .on = s->sort == LIB_SIZE},
        {.label = untrusted("model"), .hint = "a to z", .on = s->sort == LIB_MODEL},
    };
    app_menu(s->app, "Sort by", items, sizeof items / sizeof *items, 0, sort_chosen, s);
}

/* --- taking one away */

static souk_err remove_run(struct work *w)
{
    return library_remove(&((struct removal *)w)->id, &w->err);
}

static void removed(void *owner, struct work *w)
{
    struct library_screen *s = owner;
    s->flow->removing = NULL;
    s->failed = w->err;
    if (!w->err.code)
        app_toast(s->app, ST_NORMAL, "taken away");
    getting_look(s->d->getting);
}

static void answered(void *ud, bool yes)
{
    struct library_screen *s = ud;
    struct removal *k = yes && !s->flow->removing ? mem_zalloc(sizeof *k) : NULL;
    if (!k)
        return;
    if (!blob_id_parse(untrusted(s->flow->to_remove), &k->id))
        BUG("the library holds \"%s\"", s->flow->to_remove);
    k->w.run = remove_run;
    k->w.done = removed;
    s->flow->removing = k;
    work_start(app_loop(s->app), LANE_LOAD, &k->w, s);
}

static void ask_removal(struct library_screen *s, const struct library_entry *e)
{
    struct buf words;
    char size[HUMAN_BUF];
    if (e->coming) { /* what came so far becomes a row, to be taken away or gone on with */
        getting_cancel(s->d->getting, e->coming);
        return;
    }
    buf_init(&words, 4096);
    library_id(e, s->flow->to_remove);
    buf_adds(&words, "The file of ");
    if (library_name(e).n)
        buf_add(&words, library_name(e).p, library_name(e).n);
    else
        buf_adds(&words, s->flow->to_remove);
    buf_addf(&words,
             ", %s, is deleted from this disk. It can be got again as long as it is stored.",
             human_size(size, e->row->size));
    app_confirm(s->app, "Take it away", untrusted_n(words.p, words.len), "Delete it", answered, s);
    buf_release(&words);
}

/* --- checking one */

static void checked(void *ud, const struct err *e)
{
    struct library_screen *s = ud;
    s->flow->checking = NULL;
    s->checked[0] = '\0';
    s->failed = *e;
}

static void check(struct library_screen *s, const struct library_entry *e)
{
    blob_id id;
    if (s->flow->checking) {
        checking_cancel(s->flow->checking);
        return;
    }
    if (e->coming || e->row->partial || !blob_id_parse(untrusted(e->row->id), &id)) {
        app_toast(s->app, ST_WARN, "it is not whole yet; it is checked as it comes");
        return;
    }
    s->flow->checking = checking_start(s->d, &id, checked, s);
    if (s->flow->checking)
        snprintf(s->checked, sizeof s->checked, "%s", e->row->id);
}

/* --- going on with one, and stopping it */

static void go_on(struct library_screen *s, const struct library_row *r)
{
    struct get_target t = {.has_id = true, .size = -1};
    if (!blob_id_parse(untrusted(r->id), &t.id))
        return;
    snprintf(t.author, sizeof t.author, "%.*s", (int)r->about.author.n, r->about.author.p);
    snprintf(t.name, sizeof t.name, "%.*s", (int)r->about.model.n, r->about.model.p);
    snprintf(t.version, sizeof t.version, "%.*s", (int)r->about.version.n, r->about.version.p);
    snprintf(t.file, sizeof t.file, "%.*s", (int)r->about.file.n, r->about.file.p);
    getting_start(s->d->getting, &t);
}

static void get(struct library_screen *s, const struct library_entry *e)
{
    if (e->coming && coming_is_over(e->coming)) {
        struct get_target t = e->coming->target;
        getting_start(s->d->getting, &t);
    } else if (e->coming) {
        getting_cancel(s->d->getting, e->coming);
    } else if (e->row->partial) {
        go_on(s, e->row);
    } else {
        app_toast(s->app, ST_NORMAL, "it is here, whole; v checks it again");
    }
}

static void open_page(struct library_screen *s, const struct library_entry *e,
                      const struct screen_ops *page)
{
    char id[BLOB_ID_BUF], label[512];
    if (e->coming || e->row->partial) {
        app_toast(s->app, ST_WARN, "it is not whole yet; d goes on with it");
        return;
    }
    library_id(e, id);
    library_label(e->row, label, sizeof label);
    if (page == &screen_run)
        app_push(s->app, page, &(struct run_arg){.blob = id, .label = label});
    else
        app_push(s->app, page, id);
}

static bool on_row(struct library_screen *s, enum action act, const struct library_entry *e)
{
    char id[BLOB_ID_BUF];
    switch (act) {
    case ACT_RUN:
        open_page(s, e, &screen_run);
        return true;
    case ACT_PUBLISH:
        if (e->coming || e->row->partial)
            app_toast(s->app, ST_WARN, "it is not whole yet; d goes on with it");
        else
            publish_of_row(s->app, e->row);
        return true;
    case ACT_VOID:
        ask_removal(s, e);
        return true;
    case ACT_CHECK:
        check(s, e);
        return true;
    case ACT_GET:
        get(s, e);
        return true;
    case ACT_COPY:
        app_copy(s->app, untrusted(library_id(e, id)), "the blob id");
        return true;
    default:
        return false;
    }
}

static bool handle(struct library_screen *s, enum table_event te)
{
    if (te == TABLE_OPEN && selected(s))
        open_page(s, selected(s), &screen_inspect);
    else if (te == TABLE_SORT)
        take_sort(s);
    return te != TABLE_IGNORED;
}

static bool on_action(void *self, enum action act)
{
    struct library_screen *s = self;
    if (act == ACT_SORT) {
        sort_menu(s);
        return true;
    }
    if (act == ACT_SYNC) {
        s->failed = (struct err){0};
        getting_look(s->d->getting);
        return false; /* and what the app means by it */
    }
    return (selected(s) && on_row(s, act, selected(s))) || handle(s, table_action(s->table, act));
}

static bool on_event(void *self, const struct event *ev)
{
    struct library_screen *s = self;
    return ev->kind == EV_MOUSE && handle(s, table_mouse(s->table, &ev->mouse));
}

static bool offers(void *self, enum action act)
{
    struct library_screen *s = self;
    const struct library_entry *e = selected(s);
    bool whole = e && !e->coming && !e->row->partial;
    switch (act) {
    case ACT_OPEN:
    case ACT_RUN:
    case ACT_CHECK:
        return whole;
    case ACT_PUBLISH:
        return whole || !s->n;
    case ACT_GET:
        return e && !whole;
    case ACT_VOID:
    case ACT_COPY:
        return e;
    case ACT_SYNC:
        return true;
    default:
        return s->n > 0;
    }
}

/* --- life */

static void close_screen(void *self)
{
    struct library_screen *s = self;
    if (s->flow) {
        getting_unlisten(s->d->getting, s);
        checking_drop(s->flow->checking);
        work_drop(s->flow->removing ? &s->flow->removing->w : NULL);
    }
    table_free(s->table);
    mem_free(s->entry);
    mem_free(s->flow);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct library_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->sort = LIB_GOT;
    s->desc = true;
    s->table = table_new(library_columns, LIB_COLS, &library_ops, s);
    s->flow = s->table && s->d->getting ? mem_zalloc(sizeof *s->flow) : NULL;
    if (!s->flow) {
        close_screen(s);
        return err_nomem(e);
    }
    getting_listen(s->d->getting, refresh, s);
    refresh(s);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    struct library_screen *s = self;
    if (s->flow->checking)
        checking_progress(s->flow->checking, &s->check_done, &s->check_total);
    library_draw(s, c, area);
}

/* Another souk, or the shell, may have changed it. */
static void shown(void *self, bool on_top)
{
    struct library_screen *s = self;
    if (on_top)
        getting_look(s->d->getting);
}

static const enum action actions[] = {
    ACT_OPEN, ACT_RUN,  ACT_GET,       ACT_CHECK,      ACT_VOID,    ACT_PUBLISH, ACT_SORT,
    ACT_COPY, ACT_SYNC, ACT_SORT_LEFT, ACT_SORT_RIGHT, ACT_REVERSE, ACT_NONE};

const struct screen_ops screen_library = {
    .name = "library",
    .title = "Library",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .shown = shown,
    .offers = offers,
};
