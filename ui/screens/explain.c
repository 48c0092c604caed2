#include "ui/screens/explain.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/screens/parts.h"

#include "base/banned.h"

/* --- loading */

struct question {
    const struct network *network;
    struct rules rules;
    enum metric metric;
    int64_t who;
};

static souk_err load(struct store *st, const void *k, enum window w, void **out, struct err *e)
{
    struct question key;
    struct explanation *x = NULL;
    memcpy(&key, k, sizeof key);
    souk_err r = explain_load(st, key.network, &key.rules, key.metric, w, key.who, &x, e);
    *out = x;
    return r;
}

static void drop(void *x)
{
    explain_free(x);
}

static void digested(void *ud, const struct digests *d, const struct err *e)
{
    struct explain_screen *s = ud;
    s->digesting = NULL;
    s->digest_failed = *e;
    for (size_t i = 0; i < d->n; i++) {
        struct basis *b = &s->x->basis[i];
        b->digested = true;
        b->more = false;
        b->rows = d->of[i].rows;
        memcpy(b->digest, d->of[i].digest, sizeof b->digest);
    }
    docview_stale(&s->doc);
}

static void digest(struct explain_screen *s)
{
    for (size_t i = 0; i < s->x->bases; i++)
        s->x->basis[i].digested = false;
    s->digest_failed = (struct err){0};
    s->digesting = digesting_start(s->d, s->x, digested, s);
    docview_stale(&s->doc);
}

static void take(void *self, void *got, const struct err *e)
{
    struct explain_screen *s = self;
    s->job = NULL;
    s->failed = *e;
    s->x = got;
    if (s->x) {
        table_set_rows(s->rows, s->x->calls);
        docview_stale(&s->doc);
        if (s->x->bases)
            digest(s);
    }
    app_dirty(s->app);
}

/* --- what happens */

static const struct call_row *row_at(const struct explain_screen *s)
{
    size_t i = table_selected(s->rows);
    return s->x && s->pane == EXPLAIN_ROWS && i < s->x->calls ? &s->x->call[i] : NULL;
}

/* The transaction under the cursor, else the digests. */
static void copy(struct explain_screen *s)
{
    const struct call_row *row = row_at(s);
    struct buf b;
    if (row) {
        app_copy(s->app, untrusted(row->tx), "the transaction id");
        return;
    }
    buf_init(&b, 4096);
    for (size_t i = 0; s->x && i < s->x->bases; i++) {
        char hex[HASH_BUF];
        const struct basis *from = &s->x->basis[i];
        if (from->digested)
            buf_addf(&b, "%s%s %s", b.len ? "\n" : "", from->filter,
                     hex_encode(from->digest, sizeof from->digest, hex) + 2);
    }
    if (b.len)
        app_copy(s->app, untrusted_n(b.p, b.len), "the digest");
    else
        app_toast(s->app, ST_WARN, "there is no digest yet");
    buf_release(&b);
}

static bool on_action(void *self, enum action act)
{
    struct explain_screen *s = self;
    switch (act) {
    case ACT_NEXT_PANE:
    case ACT_PREV_PANE:
    case ACT_LEFT:
    case ACT_RIGHT:
        s->pane = s->pane == EXPLAIN_FROM ? EXPLAIN_ROWS : EXPLAIN_FROM;
        return true;
    case ACT_CHECK:
        if (s->digesting)
            digesting_cancel(s->digesting);
        else if (s->x && s->x->bases)
            digest(s);
        return true;
    case ACT_COPY:
    case ACT_OPEN:
        copy(s);
        return true;
    default:
        break;
    }
    if (s->pane == EXPLAIN_ROWS)
        return table_action(s->rows, act) != TABLE_IGNORED;
    return textview_action(&s->doc.view, act);
}

static bool on_event(void *self, const struct event *ev)
{
    struct explain_screen *s = self;
    if (ev->kind != EV_MOUSE)
        return false;
    if (s->pane == EXPLAIN_ROWS)
        return table_mouse(s->rows, &ev->mouse) != TABLE_IGNORED;
    return textview_wheel(&s->doc.view, &ev->mouse);
}

/* --- life */

static void close_screen(void *self)
{
    struct explain_screen *s = self;
    page_job_drop(s->job);
    digesting_drop(s->digesting);
    explain_free(s->x);
    table_free(s->rows);
    docview_release(&s->doc);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    const struct explain_arg *what = arg;
    struct explain_screen *s = mem_zalloc(sizeof *s);
    struct table *t = s ? table_new(part_call_columns, PART_CALL_COLS, &explain_row_ops, s) : NULL;
    if (!t) {
        mem_free(s);
        return err_nomem(e);
    }
    s->app = a;
    s->d = app_domain(a);
    s->metric = what->metric;
    s->who = what->who;
    snprintf(s->label, sizeof s->label, "%s", what->label ? what->label : "");
    s->rows = t;
    docview_init(&s->doc);
    struct question key = {.network = market_network(s->d->market),
                           .rules = market_config(s->d->market)->rules,
                           .metric = s->metric,
                           .who = s->who};
    s->job = page_job_start(s->d, &key, sizeof key, load, take, drop, s);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    explain_draw(self, c, area);
}

static void crumb(void *self, struct strip *out)
{
    const struct explain_screen *s = self;
    strip_str(out, metric_info(s->metric)->title, ST_TITLE);
}

static bool offers(void *self, enum action act)
{
    const struct explain_screen *s = self;
    return s->x && (act != ACT_CHECK || s->x->bases) && (act != ACT_OPEN || row_at(s));
}

static const enum action actions[] = {ACT_NEXT_PANE, ACT_COPY, ACT_CHECK, ACT_OPEN, ACT_NONE};

const struct screen_ops screen_explain = {
    .name = "explain",
    .title = "Explain",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .crumb = crumb,
    .offers = offers,
};

/* --- the menu */

struct question_which {
    struct app *app;
    enum metric metric[METRIC_COUNT];
    int64_t who;
    char label[EXPLAIN_LABEL];
};

static void chosen(void *ud, long i)
{
    struct question_which *q = ud;
    if (i >= 0)
        app_push(q->app, &screen_explain,
                 &(struct explain_arg){.metric = q->metric[i], .who = q->who, .label = q->label});
    mem_free(q);
}

void explain_menu(struct app *a, const enum metric *m, size_t n, int64_t who, const char *label)
{
    struct menu_item items[METRIC_COUNT] = {0};
    struct question_which *q = mem_zalloc(sizeof *q);
    if (!q)
        return;
    for (size_t i = 0; i < n && i < METRIC_COUNT; i++) {
        q->metric[i] = m[i];
        items[i].label = untrusted(metric_info(m[i])->title);
        items[i].hint = metric_info(m[i])->name;
    }
    q->app = a;
    q->who = who;
    snprintf(q->label, sizeof q->label, "%s", label ? label : "");
    app_menu(a, "Where which figure comes from", items, n < METRIC_COUNT ? n : METRIC_COUNT, 0,
             chosen, q);
}
