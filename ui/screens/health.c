/*
 * Health: a shelf or a market? What happens on the screen; health_draw.c and the panes' files draw.
 */
#include "ui/screens/health.h"

#include <string.h>

#include "base/mem.h"
#include "ui/screens/explain.h"
#include "ui/screens/findings.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

/* --- loading */

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    (void)key;
    struct health *h = NULL;
    souk_err r = health_load(st, w, &h, e);
    *out = h;
    return r;
}

static void drop(void *h)
{
    health_free(h);
}

static void ask(struct health_screen *s);

static void take(void *self, void *got, const struct err *e)
{
    struct health_screen *s = self;
    s->job = NULL;
    s->failed = *e;
    if (got) {
        health_free(s->h);
        s->h = got;
        table_set_rows(s->prices, s->h->prices);
    }
    if (s->again)
        ask(s);
    app_dirty(s->app);
}

static void ask(struct health_screen *s)
{
    char key = 0;
    s->again = s->job != NULL;
    if (!s->job)
        s->job = page_job_start(s->d, &key, sizeof key, load, take, drop, s);
}

/* --- moving */

static void turn_to(struct health_screen *s, unsigned pane)
{
    s->pane = (enum health_pane)(pane % HEALTH_PANES);
    s->top = 0;
    s->spots.at = -1; /* the first figure of that pane */
}

static void scroll(struct health_screen *s, int by)
{
    if (by > s->beyond)
        by = s->beyond > 0 ? s->beyond : 0;
    s->top = s->top + by > 0 ? s->top + by : 0;
}

/* Keeps the figure under the cursor in the window. */
static void follow(struct health_screen *s)
{
    const struct spot *at = spots_selected(&s->spots);
    struct rect r = app_area(s->app);
    int last = r.y + r.h - 3;
    if (at && at->r.y > last)
        scroll(s, at->r.y - last);
    else if (at && at->r.y <= r.y)
        scroll(s, at->r.y - r.y - 1);
}

static bool move(struct health_screen *s, enum action act)
{
    int page = app_area(s->app).h - 4;
    switch (act) {
    case ACT_PAGE_DOWN:
    case ACT_PAGE_UP:
        scroll(s, act == ACT_PAGE_DOWN ? page : -page);
        return true;
    case ACT_HALF_DOWN:
    case ACT_HALF_UP:
        scroll(s, (act == ACT_HALF_DOWN ? page : -page) / 2);
        return true;
    case ACT_DOWN:
    case ACT_UP:
    case ACT_TOP:
    case ACT_BOTTOM:
        if (!spots_move(&s->spots, act)) /* no figure there: what is left of the page */
            scroll(s, act == ACT_DOWN ? 1 : -1);
        follow(s);
        return true;
    case ACT_LEFT:
    case ACT_RIGHT:
        spots_move(&s->spots, act);
        return true;
    default:
        return false;
    }
}

static void explain(struct health_screen *s)
{
    enum metric m = s->pane == HEALTH_PRICES ? METRIC_PRICE : pen_selected(&s->spots);
    if (m != METRIC_COUNT)
        app_push(s->app, &screen_explain, &(struct explain_arg){.metric = m});
}

static bool on_action(void *self, enum action act)
{
    struct health_screen *s = self;
    switch (act) {
    case ACT_NEXT_PANE:
        turn_to(s, (unsigned)s->pane + 1);
        return true;
    case ACT_PREV_PANE:
        turn_to(s, (unsigned)s->pane + HEALTH_PANES - 1);
        return true;
    case ACT_OPEN:
    case ACT_EXPLAIN:
        explain(s);
        return true;
    case ACT_FINDINGS:
        app_push(s->app, &screen_findings, &(struct findings_arg){.who = 0});
        return true;
    case ACT_WINDOW_LESS:
    case ACT_WINDOW_MORE:
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    default:
        break;
    }
    if (s->pane == HEALTH_PRICES)
        return table_action(s->prices, act) != TABLE_IGNORED;
    return move(s, act);
}

static bool on_event(void *self, const struct event *ev)
{
    struct health_screen *s = self;
    if (ev->kind != EV_MOUSE)
        return false;
    if (s->pane == HEALTH_PRICES) {
        enum table_event te = table_mouse(s->prices, &ev->mouse);
        if (te == TABLE_OPEN)
            explain(s);
        return te != TABLE_IGNORED;
    }
    if (ev->mouse.what == MOUSE_WHEEL_DOWN || ev->mouse.what == MOUSE_WHEEL_UP) {
        scroll(s, ev->mouse.what == MOUSE_WHEEL_DOWN ? 3 : -3);
        return true;
    }
    enum spots_event se = spots_mouse(&s->spots, &ev->mouse);
    if (se == SPOTS_OPEN)
        explain(s);
    return se != SPOTS_IGNORED;
}

/* --- life */

static void close_screen(void *self)
{
    struct health_screen *s = self;
    page_job_drop(s->job);
    health_free(s->h);
    table_free(s->prices);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct health_screen *s = mem_zalloc(sizeof *s);
    struct table *t = s ? table_new(health_price_columns, PRICE_COLS, &health_price_ops, s) : NULL;
    if (!t) {
        mem_free(s);
        return err_nomem(e);
    }
    s->app = a;
    s->d = app_domain(a);
    s->prices = t;
    s->spots.at = -1;
    ask(s);
    *self = s;
    return SOUK_OK;
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    health_draw(self, c, area);
}

static void update(void *self)
{
    ask(self);
}

static bool offers(void *self, enum action act)
{
    const struct health_screen *s = self;
    return s->h != NULL || (act != ACT_EXPLAIN && act != ACT_OPEN);
}

static const enum action actions[] = {ACT_NEXT_PANE, ACT_EXPLAIN,     ACT_FINDINGS, ACT_WINDOW_MORE,
                                      ACT_OPEN,      ACT_WINDOW_LESS, ACT_NONE};

const struct screen_ops screen_health = {
    .name = "health",
    .title = "Health",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .update = update,
    .offers = offers,
};
