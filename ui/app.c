#include "ui/app.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ui/overlay.h"
#include "ui/terminal.h"
#include "base/banned.h"

enum {
    STACK_MAX = 16,
    GRAVES_MAX = 4 * STACK_MAX,
    TOAST_MAX = 256,
    LABEL_MAX = 96, /* of a line in the palette */
    TOAST_MS = 4000,
    MINUTE_MS = 60000,
    FRAME_MS = 8, /* least time between frames: what comes faster is drawn together */
    SMALLEST_W = 20,
    SMALLEST_H = 5,
};

struct screen {
    const struct screen_ops *ops;
    void *self;
};

struct app {
    struct app_config cfg;
    struct canvas *canvas;
    struct screen root[CHROME_TABS_MAX]; /* self is NULL until first shown; kept until the end */
    size_t tab;
    struct screen stack[STACK_MAX]; /* above the tab's root */
    size_t depth;
    struct screen grave[GRAVES_MAX]; /* left, closed at the end of the turn */
    size_t graves;
    struct overlay overlay;
    enum action palette[ACT_COUNT]; /* what its lines mean while it is open */
    struct {
        void (*fn)(void *ud);
        void *ud;
    } handler[ACT_COUNT];
    char toast[TOAST_MAX];
    enum style toast_style;
    uint64_t toast_timer, minute_timer, frame_timer;
    struct terminal terminal;
    bool dirty, mouse, quitting;
    bool pressed;                    /* the user did something since the last frame */
    int64_t last_frame, last_answer; /* clock_mono_ms: any, and one after `pressed` */
    void (*on_turn)(void *ud);
    void *on_turn_ud;
};

static void turn_end(void *ud);
static const struct terminal_events terminal_events;

/* --- screens */

static struct screen *top(struct app *a)
{
    return a->depth ? &a->stack[a->depth - 1] : &a->root[a->tab];
}

static void shown(struct app *a, bool on)
{
    struct screen *s = top(a);
    if (s->self && s->ops->shown) {
        s->ops->shown(s->self, on);
    }
}

/* A screen may leave from within its own callback: its state lives until the turn is over. */
static void leave(struct app *a, struct screen s)
{
    if (a->graves == GRAVES_MAX) {
        BUG("%d screens left in one turn", GRAVES_MAX);
    }
    a->grave[a->graves++] = s;
}

static void bury(struct app *a)
{
    while (a->graves) {
        struct screen s = a->grave[--a->graves];
        s.ops->close(s.self);
    }
}

static souk_err open_screen(struct app *a, const struct screen_ops *ops, void *arg,
                            struct screen *out)
{
    struct err e = {0};
    void *state = NULL;
    souk_err rc = ops->open(a, arg, &state, &e);
    if (rc) {
        app_toast_err(a, &e);
        return rc;
    }
    *out = (struct screen){ops, state};
    return SOUK_OK;
}

souk_err app_push(struct app *a, const struct screen_ops *ops, void *arg)
{
    struct screen s;
    if (a->depth == STACK_MAX) {
        app_toast(a, ST_BAD, "too many screens are open: go back first");
        return SOUK_EFAIL;
    }
    souk_err rc = open_screen(a, ops, arg, &s);
    if (rc) {
        return rc;
    }
    shown(a, false);
    a->stack[a->depth++] = s;
    shown(a, true);
    app_dirty(a);
    return SOUK_OK;
}

souk_err app_replace(struct app *a, const struct screen_ops *ops, void *arg)
{
    struct screen s;
    if (!a->depth) {
        return app_push(a, ops, arg);
    }
    souk_err rc = open_screen(a, ops, arg, &s);
    if (rc) {
        return rc;
    }
    shown(a, false);
    leave(a, *top(a));
    *top(a) = s;
    shown(a, true);
    app_dirty(a);
    return SOUK_OK;
}

void app_pop(struct app *a)
{
    if (!a->depth) {
        app_quit(a, 0);
        return;
    }
    shown(a, false);
    leave(a, a->stack[--a->depth]);
    shown(a, true);
    app_dirty(a);
}

void app_tab(struct app *a, size_t number)
{
    if (number >= a->cfg.n_tabs) {
        return;
    }
    struct screen *root = &a->root[number];
    bool first_of_all = !top(a)->self;
    if (!root->self && open_screen(a, a->cfg.tabs[number], NULL, root)) {
        return;
    }
    if (!first_of_all) {
        shown(a, false);
    }
    while (a->depth) {
        leave(a, a->stack[--a->depth]);
    }
    a->tab = number;
    shown(a, true);
    app_dirty(a);
}

/* --- life */

struct app *app_new(const struct app_config *cfg, struct err *e)
{
    if (!cfg->n_tabs || cfg->n_tabs > CHROME_TABS_MAX) {
        BUG("an app with %zu tabs", cfg->n_tabs);
    }
    struct app *a = mem_zalloc(sizeof *a);
    if (!a) {
        err_nomem(e);
        return NULL;
    }
    a->cfg = *cfg;
    a->mouse = true;
    terminal_init(&a->terminal, cfg->loop, cfg->backend, &terminal_events, a);
    int w, h;
    cfg->backend->ops->size(cfg->backend, &w, &h);
    a->canvas = canvas_new(w, h, cfg->backend->charset, e);
    if (!a->canvas) {
        app_free(a);
        return NULL;
    }
    app_tab(a, 0);
    if (!a->root[0].self) {
        err_set(e, SOUK_EFAIL, "%s", a->toast);
        app_free(a);
        return NULL;
    }
    loop_set_turn_end(cfg->loop, turn_end, a);
    return a;
}

void app_free(struct app *a)
{
    if (!a) {
        return;
    }
    overlay_close(&a->overlay);
    while (a->depth) {
        leave(a, a->stack[--a->depth]);
    }
    bury(a);
    for (size_t i = 0; i < a->cfg.n_tabs; i++) {
        if (a->root[i].self) {
            a->root[i].ops->close(a->root[i].self);
        }
    }
    loop_set_turn_end(a->cfg.loop, NULL, NULL);
    const uint64_t timers[] = {a->toast_timer, a->minute_timer, a->frame_timer};
    for (size_t i = 0; i < sizeof timers / sizeof timers[0]; i++) {
        loop_timer_cancel(a->cfg.loop, timers[i]);
    }
    terminal_release(&a->terminal);
    canvas_free(a->canvas);
    mem_free(a);
}

struct loop *app_loop(struct app *a)
{
    return a->cfg.loop;
}

void *app_domain(struct app *a)
{
    return a->cfg.domain;
}

enum text_charset app_charset(const struct app *a)
{
    return canvas_charset(a->canvas);
}

struct rect app_area(const struct app *a)
{
    struct rect r = canvas_rect(a->canvas);
    rect_cut_top(&r, 1);
    rect_cut_bottom(&r, 1);
    return r;
}

const struct canvas *app_canvas(const struct app *a)
{
    return a->canvas;
}

void app_dirty(struct app *a)
{
    a->dirty = true;
}

bool app_settled(const struct app *a)
{
    return !a->dirty && loop_idle(a->cfg.loop);
}

void app_on_turn(struct app *a, void (*fn)(void *ud), void *ud)
{
    a->on_turn = fn;
    a->on_turn_ud = ud;
}

static void update(struct screen *s)
{
    if (s->self && s->ops->update) {
        s->ops->update(s->self);
    }
}

void app_changed(struct app *a)
{
    for (size_t i = 0; i < a->cfg.n_tabs; i++) {
        update(&a->root[i]);
    }
    for (size_t i = 0; i < a->depth; i++) {
        update(&a->stack[i]);
    }
    app_dirty(a);
}

void app_quit(struct app *a, int code)
{
    a->quitting = true;
    loop_stop(a->cfg.loop, code);
}

void app_on(struct app *a, enum action act, void (*fn)(void *ud), void *ud)
{
    (void)action_info(act); /* BUG when there is none such */
    a->handler[act].fn = fn;
    a->handler[act].ud = ud;
}

/* --- toasts */

static void toast_off(void *ud)
{
    struct app *a = ud;
    loop_timer_cancel(a->cfg.loop, a->toast_timer);
    a->toast_timer = 0;
    if (a->toast[0]) {
        a->toast[0] = '\0';
        app_dirty(a);
    }
}

static void toast_expired(void *ud)
{
    ((struct app *)ud)->toast_timer = 0;
    toast_off(ud);
}

static void toast(struct app *a, enum style s)
{
    loop_timer_cancel(a->cfg.loop, a->toast_timer);
    a->toast_timer = 0;
    a->toast_style = s;
    /* With the clock standing still (tests) only a key takes it away. */
    if (s != ST_BAD && !clock_is_fixed()) {
        a->toast_timer = loop_timer(a->cfg.loop, TOAST_MS, toast_expired, a);
    }
    app_dirty(a);
}

void app_toast(struct app *a, enum style s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(a->toast, sizeof a->toast, fmt, ap);
    va_end(ap);
    toast(a, s);
}

void app_toast_err(struct app *a, const struct err *e)
{
    app_toast(a, ST_BAD, "%s", e->msg);
}

/* --- the clipboard */

static void base64(struct buf *out, const char *p, size_t n)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)p[i] << 16;
        v |= i + 1 < n ? (uint32_t)(unsigned char)p[i + 1] << 8 : 0;
        v |= i + 2 < n ? (unsigned char)p[i + 2] : 0;
        buf_addc(out, digits[v >> 18]);
        buf_addc(out, digits[v >> 12 & 63]);
        buf_addc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
        buf_addc(out, i + 2 < n ? digits[v & 63] : '=');
    }
}

void app_copy(struct app *a, struct untrusted u, const char *what)
{
    struct buf plain, coded;
    buf_init(&plain, CLIPBOARD_MAX);
    buf_init(&coded, CLIPBOARD_MAX);
    text_add(&plain, u, 0, TEXT_UNICODE);
    base64(&coded, plain.p, plain.len);
    struct backend *b = a->cfg.backend;
    if (plain.bad || coded.bad) {
        app_toast(a, ST_BAD, "%s is too long for the clipboard", what);
    } else if (!b->ops->copy(b, coded.p)) {
        app_toast(a, ST_BAD, "this terminal cannot be asked to copy");
    } else {
        app_toast(a, ST_GOOD, "%s copied", what);
    }
    buf_release(&plain);
    buf_release(&coded);
}

/* --- actions */

static bool offered(struct app *a, enum action act)
{
    const struct screen *s = top(a);
    return !s->ops->offers || s->ops->offers(s->self, act);
}

static bool takes(struct app *a, enum action act)
{
    const enum action *list = top(a)->ops->actions;
    for (; list && *list; list++) {
        if (*list == act) {
            return offered(a, act);
        }
    }
    return action_info(act)->group == GROUP_MOVE;
}

/* What only the domain can do, and it has not said how. */
static bool means_nothing(const struct app *a, enum action act)
{
    bool domains = act == ACT_SYNC || act == ACT_UNLOCK || act == ACT_LOCK || act == ACT_KILL ||
                   act == ACT_PUBLISH || act == ACT_LISTINGS;
    return domains && !a->handler[act].fn;
}

static bool has(const enum action *list, size_t n, enum action act)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] == act) {
            return true;
        }
    }
    return false;
}

/* The screen's own actions that are offered now, then (when asked for) the app's. */
static size_t list_actions(struct app *a, bool general, enum action out[ACT_COUNT])
{
    size_t n = 0;
    const enum action *list = top(a)->ops->actions;
    for (; list && *list && n < ACT_COUNT; list++) {
        if (offered(a, *list)) {
            out[n++] = *list;
        }
    }
    for (int act = ACT_NONE + 1; general && act < ACT_COUNT && n < ACT_COUNT; act++) {
        bool other_tab =
            act >= ACT_TAB_1 && act <= ACT_TAB_6 && (size_t)(act - ACT_TAB_1) >= a->cfg.n_tabs;
        bool nobody = means_nothing(a, (enum action)act);
        if (action_info((enum action)act)->group == GROUP_GENERAL && !other_tab && !nobody &&
            !has(out, n, (enum action)act)) {
            out[n++] = (enum action)act;
        }
    }
    return n;
}

static void toggle_mouse(struct app *a)
{
    struct backend *b = a->cfg.backend;
    a->mouse = !a->mouse;
    b->ops->mouse(b, a->mouse);
    app_toast(a, ST_NORMAL, a->mouse ? "mouse on" : "mouse off: the terminal selects text again");
}

static void palette_chosen(void *ud, long index)
{
    struct app *a = ud;
    if (index >= 0) {
        app_do(a, a->palette[index]);
    }
}

static void open_palette(struct app *a)
{
    struct menu_item item[ACT_COUNT];
    char hint[ACT_COUNT][KEY_NAME_MAX], label[ACT_COUNT][LABEL_MAX];
    size_t n = list_actions(a, true, a->palette);
    for (size_t i = 0; i < n; i++) {
        const struct action_info *info = action_info(a->palette[i]);
        snprintf(label[i], sizeof label[i], "%s: %s", info->name, info->help);
        item[i] = (struct menu_item){
            .label = untrusted(label[i]),
            .hint = action_key_label(a->palette[i], app_charset(a), hint[i]),
        };
    }
    app_menu(a, "What to do", item, n, 0, palette_chosen, a);
}

static void open_help(struct app *a)
{
    enum action acts[ACT_COUNT];
    size_t n = list_actions(a, true, acts);
    app_dirty(a);
    if (!overlay_help(&a->overlay, top(a)->ops->title, acts, n, app_charset(a))) {
        app_toast(a, ST_BAD, "no memory to show the help");
    }
}

/* What an action means when the screen did not take it. */
static bool own_action(struct app *a, enum action act)
{
    if (a->handler[act].fn) {
        a->handler[act].fn(a->handler[act].ud);
        return true;
    }
    switch (act) {
    case ACT_TAB_1:
    case ACT_TAB_2:
    case ACT_TAB_3:
    case ACT_TAB_4:
    case ACT_TAB_5:
    case ACT_TAB_6:
        app_tab(a, (size_t)(act - ACT_TAB_1));
        return true;
    case ACT_PALETTE:
        open_palette(a);
        return true;
    case ACT_HELP:
        open_help(a);
        return true;
    case ACT_BACK:
        app_pop(a);
        return true;
    case ACT_MOUSE:
        toggle_mouse(a);
        return true;
    case ACT_REDRAW:
        a->cfg.backend->ops->forget(a->cfg.backend);
        return true;
    case ACT_SUSPEND:
        terminal_stop(&a->terminal);
        return true;
    case ACT_QUIT:
        app_quit(a, 0);
        return true;
    default:
        return false;
    }
}

bool app_do(struct app *a, enum action act)
{
    struct screen *s = top(a);
    bool general = action_info(act)->group == GROUP_GENERAL;
    app_dirty(a);
    if ((general || takes(a, act)) && s->ops->action && s->ops->action(s->self, act)) {
        return true;
    }
    return (general || takes(a, act)) && own_action(a, act);
}

/* --- overlays */

bool app_has_overlay(const struct app *a)
{
    return overlay_is_open(&a->overlay);
}

void app_menu(struct app *a, const char *title, const struct menu_item *items, size_t n,
              size_t selected, void (*fn)(void *ud, long index), void *ud)
{
    app_dirty(a);
    if (!overlay_menu(&a->overlay, title, items, n, selected, fn, ud)) {
        app_toast(a, ST_BAD, "no memory to show the list");
    }
}

void app_confirm(struct app *a, const char *title, struct untrusted body, const char *yes,
                 void (*fn)(void *ud, bool yes), void *ud)
{
    app_dirty(a);
    if (!overlay_confirm(&a->overlay, title, body, yes, fn, ud)) {
        app_toast(a, ST_BAD, "no memory to ask \"%s\": taken as no", title);
    }
}

void app_confirm_made(struct app *a, const char *title, dialog_make_fn make, const char *yes,
                      void (*fn)(void *ud, bool yes), void *ud)
{
    app_dirty(a);
    if (!overlay_confirm_made(&a->overlay, title, make, yes, fn, ud)) {
        app_toast(a, ST_BAD, "no memory to ask \"%s\": taken as no", title);
    }
}

void app_message(struct app *a, const char *title, struct untrusted body)
{
    app_dirty(a);
    if (!overlay_message(&a->overlay, title, body)) {
        app_toast(a, ST_BAD, "no memory to show \"%s\"", title);
    }
}

/* --- events */

static struct header header_of(struct app *a, struct strip *crumb)
{
    struct header h = {.n_tabs = (int)a->cfg.n_tabs, .at = (int)a->tab};
    for (size_t i = 0; i < a->cfg.n_tabs; i++) {
        h.tab[i] = a->cfg.tabs[i]->title;
    }
    if (a->cfg.status) {
        a->cfg.status(a->cfg.domain, &h.status);
    }
    if (a->depth) {
        strip_str(crumb, a->root[a->tab].ops->title, ST_DIM);
        for (size_t i = 0; i < a->depth; i++) {
            const struct screen *s = &a->stack[i];
            strip_str(crumb, " › ", ST_DIM);
            if (s->ops->crumb) {
                s->ops->crumb(s->self, crumb);
            } else {
                strip_str(crumb, s->ops->title, ST_TITLE);
            }
        }
        h.crumb = crumb;
    }
    return h;
}

static bool click_tab(struct app *a, const struct mouse *m)
{
    struct strip crumb;
    strip_init(&crumb, app_charset(a));
    struct header h = header_of(a, &crumb);
    int tab = m->y == 0 && m->what == MOUSE_PRESS
                  ? header_tab_at(&h, canvas_rect(a->canvas).w, m->x)
                  : -1;
    if (tab >= 0) {
        app_tab(a, (size_t)tab);
    }
    return tab >= 0;
}

/* `?` asks about the figure under the cursor where there is one, else for the keys. */
static enum action meaning_of(struct app *a, struct key k)
{
    enum action act = action_for_key(k);
    return act == ACT_HELP && k.code == '?' && takes(a, ACT_EXPLAIN) ? ACT_EXPLAIN : act;
}

void app_feed(struct app *a, const struct event *ev)
{
    if (a->quitting) {
        return;
    }
    app_dirty(a);
    a->pressed = true;
    if (ev->kind == EV_KEY || (ev->kind == EV_MOUSE && ev->mouse.what == MOUSE_PRESS)) {
        toast_off(a);
    }
    if (app_has_overlay(a)) {
        overlay_event(&a->overlay, ev);
        return;
    }
    struct screen *s = top(a);
    if (s->ops->event && s->ops->event(s->self, ev)) {
        return;
    }
    if (ev->kind == EV_MOUSE) {
        click_tab(a, &ev->mouse);
    } else if (ev->kind == EV_KEY) {
        enum action act = meaning_of(a, ev->key);
        if (act != ACT_NONE) {
            app_do(a, act);
        }
    }
}

static void on_event(void *ud, const struct event *ev)
{
    app_feed(ud, ev);
}

void app_resize(struct app *a, int w, int h)
{
    struct backend *b = a->cfg.backend;
    struct err e = {0};
    if (canvas_resize(a->canvas, w, h, &e)) {
        app_toast_err(a, &e);
        return;
    }
    b->ops->resize(b, w, h);
    app_dirty(a);
}

static void on_resized(void *ud, int w, int h)
{
    app_resize(ud, w, h);
}

static void on_gone(void *ud, int code)
{
    app_quit(ud, code);
}

static bool had_enough(void *ud)
{
    return ((struct app *)ud)->quitting;
}

static const struct terminal_events terminal_events = {
    .event = on_event, .resized = on_resized, .gone = on_gone, .enough = had_enough};

int app_lend_terminal(struct app *a, const char *words)
{
    return terminal_lend(&a->terminal, words);
}

void app_take_terminal(struct app *a)
{
    terminal_take(&a->terminal);
}

/* --- drawing */

static void draw_footer(struct app *a, struct rect row)
{
    if (a->toast[0]) {
        int used = canvas_str(a->canvas, row.x + 1, row.y, row.w - 1,
                              a->toast_style == ST_BAD ? "✗ " : "· ", a->toast_style);
        canvas_untrusted(a->canvas, row.x + 1 + used, row.y, row.w - 2 - used, untrusted(a->toast),
                         a->toast_style);
        return;
    }
    enum action acts[ACT_COUNT];
    footer_draw(acts, list_actions(a, false, acts), a->canvas, row);
}

static void draw(struct app *a)
{
    struct canvas *c = a->canvas;
    struct rect area = canvas_rect(c);
    canvas_clear(c);
    if (area.w < SMALLEST_W || area.h < SMALLEST_H) {
        canvas_str(c, 0, 0, area.w, "too small", ST_NORMAL);
        return;
    }
    struct strip crumb;
    strip_init(&crumb, canvas_charset(c));
    struct header h = header_of(a, &crumb);
    header_draw(&h, c, rect_cut_top(&area, 1));
    struct rect footer = rect_cut_bottom(&area, 1);
    struct screen *s = top(a);
    struct rect before = canvas_clip(c, area);
    s->ops->draw(s->self, c, area);
    canvas_unclip(c, before);
    draw_footer(a, footer);
    overlay_draw(&a->overlay, c, area);
}

static void minute_passed(void *ud)
{
    struct app *a = ud;
    a->minute_timer = 0;
    app_dirty(a);
}

void app_draw_now(struct app *a)
{
    bury(a);
    if (!a->dirty || terminal_is_lent(&a->terminal)) {
        return;
    }
    a->dirty = false;
    draw(a);
    a->cfg.backend->ops->present(a->cfg.backend, a->canvas);
    a->last_frame = clock_mono_ms();
    a->last_answer = a->pressed ? a->last_frame : a->last_answer;
    a->pressed = false;
    loop_timer_cancel(a->cfg.loop, a->frame_timer);
    loop_timer_cancel(a->cfg.loop, a->minute_timer);
    a->frame_timer = a->minute_timer = 0;
    if (canvas_has_age(a->canvas) && !clock_is_fixed()) {
        a->minute_timer = loop_timer(a->cfg.loop, MINUTE_MS, minute_passed, a);
    }
}

static void frame_due(void *ud)
{
    ((struct app *)ud)->frame_timer = 0; /* the end of this turn draws */
}

/* A key never waits for a frame that only showed how a sync gets on. */
static void draw_in_time(struct app *a)
{
    int64_t last = a->pressed ? a->last_answer : a->last_frame;
    int64_t wait = last + FRAME_MS - clock_mono_ms();
    if (wait > 0 && !a->frame_timer) {
        a->frame_timer = loop_timer(a->cfg.loop, wait, frame_due, a);
    }
    if (wait <= 0 || !a->frame_timer) {
        app_draw_now(a);
    }
}

static void turn_end(void *ud)
{
    struct app *a = ud;
    if (!a->quitting && a->dirty && !terminal_is_lent(&a->terminal)) {
        draw_in_time(a);
    }
    bury(a);
    if (a->on_turn) {
        a->on_turn(a->on_turn_ud);
    }
}

/* --- running */

int app_run(struct app *a)
{
    struct err e = {0};
    if (terminal_start(&a->terminal, &e)) {
        app_toast_err(a, &e);
    }
    app_dirty(a);
    int code = loop_run(a->cfg.loop);
    terminal_end(&a->terminal);
    return code;
}
