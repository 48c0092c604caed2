/*
 * Author: what did I earn, from whom, and what should I change. What happens on the screen;
 * author_draw.c and author_tables.c draw.
 */
#include "ui/screens/author.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/screens/explain.h"
#include "ui/screens/findings.h"
#include "ui/screens/screens.h"
#include "ui/watching.h"

#include "base/banned.h"

/* --- loading */

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    struct author_page *p = NULL;
    souk_err r = author_page_load(st, key, w, &p, e);
    *out = p;
    return r;
}

static void drop(void *p)
{
    author_page_free(p);
}

static void ask(struct author_screen *s);

static void take(void *self, void *got, const struct err *e)
{
    struct author_screen *s = self;
    s->job = NULL;
    s->failed = *e;
    if (got) {
        author_page_free(s->page);
        s->page = got;
        author_tables_fill(s);
    }
    if (s->again)
        ask(s);
    app_dirty(s->app);
}

static void ask(struct author_screen *s)
{
    s->again = s->job != NULL;
    if (!s->job)
        s->job = page_job_start(s->d, s->name, sizeof s->name, load, take, drop, s);
}

/* --- what is under the cursor */

static const struct model_row *selected_model(const struct author_screen *s)
{
    size_t row = table_selected(s->table[AUTHOR_MODELS]);
    return s->pane == AUTHOR_MODELS && row < s->page->models ? &s->page->model[row] : NULL;
}

/* A change of price knows its model by name only. */
static const struct model_row *repriced_model(const struct author_screen *s)
{
    size_t row = table_selected(s->table[AUTHOR_PRICES]);
    if (s->pane != AUTHOR_PRICES || row >= s->page->changes)
        return NULL;
    struct untrusted name = s->page->change[row].model;
    for (size_t i = 0; i < s->page->models; i++)
        if (strlen(s->page->model[i].name) == name.n &&
            memcmp(s->page->model[i].name, name.p, name.n) == 0)
            return &s->page->model[i];
    return NULL;
}

static enum metric selected_metric(const struct author_screen *s)
{
    static const enum metric of[AUTHOR_PANES] = {
        [AUTHOR_PAYERS] = METRIC_PAYERS,
        [AUTHOR_PAYMENTS] = METRIC_PAYMENTS,
        [AUTHOR_PRICES] = METRIC_PRICE,
        [AUTHOR_SHARED] = METRIC_UNATTRIBUTED,
    };
    return s->pane == AUTHOR_OVERVIEW ? pen_selected(&s->spots) : of[s->pane];
}

/* In Models the figures of the selected one: its row has several. */
static void explain(struct author_screen *s)
{
    static const enum metric of[] = {METRIC_CALLS,  METRIC_PAYMENTS, METRIC_SETTLEMENTS,
                                     METRIC_PAYERS, METRIC_INCOME,   METRIC_SPENDING,
                                     METRIC_GROWTH};
    const struct model_row *m = selected_model(s);
    enum metric metric = selected_metric(s);
    if (m) {
        char label[EXPLAIN_LABEL];
        snprintf(label, sizeof label, "%s/%s", m->author, m->name);
        explain_menu(s->app, of, sizeof of / sizeof *of, m->id, label);
    } else if (s->pane != AUTHOR_MODELS && metric != METRIC_COUNT) {
        app_push(s->app, &screen_explain,
                 &(struct explain_arg){.metric = metric, .who = -s->page->id, .label = s->name});
    }
}

static void open_selected(struct author_screen *s)
{
    const struct model_row *m = selected_model(s);
    m = m ? m : repriced_model(s);
    if (m) {
        int64_t id = m->id;
        app_push(s->app, &screen_model, &id);
    } else if (s->pane == AUTHOR_OVERVIEW) {
        explain(s);
    }
}

static void copy(struct author_screen *s)
{
    const struct author_page *p = s->page;
    char text[ADDRESS_BUF];
    size_t row = s->table[s->pane] ? table_selected(s->table[s->pane]) : 0;
    if (s->pane == AUTHOR_PAYMENTS && row < p->calls_n)
        app_copy(s->app, untrusted(p->call[row].tx), "the transaction id");
    else if (s->pane == AUTHOR_PAYERS && row < p->payers_n)
        app_copy(s->app, untrusted(address_format(p->payer[row].payer, text)),
                 "the payer's address");
    else if (s->pane == AUTHOR_SHARED && row < p->shared_n)
        app_copy(s->app, untrusted(address_format(p->shared[row].payee, text)), "the address");
    else
        app_copy(s->app, untrusted(s->name), "the author's name");
}

/* A command to be typed must not do more than it says: a name that a shell would read in its own
 * way is not put into one. */
static bool is_plain(const char *name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
    return name[0] && name[strspn(name, plain)] == '\0';
}

static void tell_export(struct author_screen *s)
{
    app_toast(s->app, ST_NORMAL, "each payment as a line: souk author %s --csv > books.csv",
              is_plain(s->name) ? s->name : "NAME-OR-ADDRESS");
}

/* --- actions */

static bool on_table(struct author_screen *s, enum table_event te)
{
    if (te == TABLE_OPEN)
        open_selected(s);
    return te != TABLE_IGNORED;
}

static void turn_to(struct author_screen *s, unsigned pane)
{
    s->pane = (enum author_pane)(pane % AUTHOR_PANES);
}

static bool move(struct author_screen *s, enum action act)
{
    if (s->pane != AUTHOR_OVERVIEW)
        return on_table(s, table_action(s->table[s->pane], act));
    switch (act) {
    case ACT_UP:
    case ACT_DOWN:
    case ACT_LEFT:
    case ACT_RIGHT:
    case ACT_TOP:
    case ACT_BOTTOM:
        spots_move(&s->spots, act);
        return true;
    default:
        return false;
    }
}

static bool on_page(struct author_screen *s, enum action act)
{
    switch (act) {
    case ACT_OPEN:
        open_selected(s);
        return true;
    case ACT_EXPLAIN:
        explain(s);
        return true;
    case ACT_FINDINGS:
        app_push(s->app, &screen_findings,
                 &(struct findings_arg){.who = -s->page->id, .label = s->name});
        return true;
    case ACT_COPY:
        copy(s);
        return true;
    default:
        return move(s, act);
    }
}

static bool on_action(void *self, enum action act)
{
    struct author_screen *s = self;
    switch (act) {
    case ACT_NEXT_PANE:
        turn_to(s, (unsigned)s->pane + 1);
        return true;
    case ACT_PREV_PANE:
        turn_to(s, (unsigned)s->pane + AUTHOR_PANES - 1);
        return true;
    case ACT_WINDOW_LESS:
    case ACT_WINDOW_MORE:
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    case ACT_WATCH:
        watching_toggle(s->d->watching, s->name);
        return true;
    case ACT_EXPORT:
        tell_export(s);
        return true;
    case ACT_PUBLISH:
        app_push(s->app, &screen_publish, &(struct publish_arg){.author = s->name});
        return true;
    default:
        return s->page && on_page(s, act);
    }
}

static bool on_event(void *self, const struct event *ev)
{
    struct author_screen *s = self;
    if (ev->kind != EV_MOUSE || !s->page)
        return false;
    if (s->pane != AUTHOR_OVERVIEW)
        return on_table(s, table_mouse(s->table[s->pane], &ev->mouse));
    enum spots_event se = spots_mouse(&s->spots, &ev->mouse);
    if (se == SPOTS_OPEN)
        explain(s);
    return se != SPOTS_IGNORED;
}

/* --- life */

static void close_screen(void *self)
{
    struct author_screen *s = self;
    page_job_drop(s->job);
    author_page_free(s->page);
    author_tables_release(s);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    struct author_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->spots.at = -1;
    snprintf(s->name, sizeof s->name, "%s", (const char *)arg);
    if (!author_tables_make(s)) {
        close_screen(s);
        return err_nomem(e);
    }
    ask(s);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    author_draw(self, c, area);
}

static void update(void *self)
{
    ask(self);
}

static void crumb(void *self, struct strip *out)
{
    struct author_screen *s = self;
    strip_untrusted(out, untrusted(s->name), ST_STRONG);
}

static bool offers(void *self, enum action act)
{
    const struct author_screen *s = self;
    if (act == ACT_OPEN)
        return s->page && (s->pane == AUTHOR_OVERVIEW || selected_model(s) || repriced_model(s));
    return s->page || (act != ACT_EXPLAIN && act != ACT_FINDINGS && act != ACT_COPY);
}

static const enum action actions[] = {ACT_NEXT_PANE, ACT_OPEN,    ACT_EXPLAIN,     ACT_FINDINGS,
                                      ACT_WATCH,     ACT_EXPORT,  ACT_WINDOW_MORE, ACT_WINDOW_LESS,
                                      ACT_COPY,      ACT_PUBLISH, ACT_NONE};

const struct screen_ops screen_author = {
    .name = "author",
    .title = "Author",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .update = update,
    .crumb = crumb,
    .offers = offers,
};
