/*
 * Activity: what is running, how fresh it is, what failed, and where the figures come from.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/mem.h"
#include "market/pages.h"
#include "ui/domain.h"
#include "ui/screens/landed.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/watching.h"
#include "ui/widgets/table.h"

#include "base/banned.h"

enum { S_SOURCE, S_STATE, S_PROGRESS, S_FRESH, S_MESSAGE, S_COLS };
static const struct column columns[S_COLS] = {
    [S_SOURCE] = {"SOURCE", 11, 12, ALIGN_LEFT, 0, 0, false, false},
    [S_STATE] = {"STATE", 14, 14, ALIGN_LEFT, 0, 0, false, false},
    [S_PROGRESS] = {"PROGRESS", 16, 24, ALIGN_RIGHT, 2, 0, false, false},
    [S_FRESH] = {"UP TO DATE", 12, 12, ALIGN_LEFT, 1, 0, false, false},
    [S_MESSAGE] = {"WORDS", 26, 60, ALIGN_LEFT, 0, 1, false, false},
};

/* What the sources are, for those who do not know yet. */
static const struct {
    const char *name, *is;
} known[] = {
    {"hub", "the Hub's models"},
    {"files", "blob ids from the Hub's file lists"},
    {"listings", "prices on chain"},
    {"bazaar", "sellers' offers"},
    {"payments", "the payment chain's logs"},
    {"inferences", "the inference chain's logs"},
    {"figures", "what is derived from them"},
};
enum { KNOWN = sizeof known / sizeof *known };

struct activity_screen {
    struct app *app;
    struct domain *d;
    struct activity *a;
    struct page_job *job;
    struct table *table, *landed;
    bool on_landed; /* which of them has the focus */
};

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    (void)key;
    (void)w;
    struct activity *a = NULL;
    souk_err r = activity_load(st, &a, e);
    *out = a;
    return r;
}

static void drop(void *a)
{
    activity_free(a);
}

static void take(void *self, void *got, const struct err *e)
{
    struct activity_screen *s = self;
    (void)e; /* without a cache the live states are all there is to say */
    s->job = NULL;
    if (got) {
        activity_free(s->a);
        s->a = got;
    }
    app_dirty(s->app);
}

static void ask(struct activity_screen *s)
{
    char key = 0;
    if (!s->job)
        s->job = page_job_start(s->d, &key, sizeof key, load, take, drop, s);
}

/* What is known of a source: live when this program syncs, else as the cache remembers it. */
struct source_view {
    enum sync_phase phase;
    int64_t done, total, ok_at;
    const char *message;
};

static struct source_view source_view(const struct activity_screen *s, const char *name)
{
    struct source_view v = {.message = ""};
    for (size_t i = 0; s->a && i < s->a->n; i++) {
        const struct sync_state *st = &s->a->state[i];
        if (strcmp(st->source, name) == 0)
            v = (struct source_view){st->phase, st->done, st->total, st->ok_at,
                                     st->message ? st->message : ""};
    }
    for (size_t i = 0; i < s->d->sources; i++) {
        const struct live_source *live = &s->d->source[i];
        if (strcmp(live->name, name) == 0) {
            v.phase = live->phase;
            v.done = live->done;
            v.total = live->total;
            v.message = live->message;
        }
    }
    return v;
}

static void state_cell(const struct source_view *v, struct strip *out)
{
    static const struct {
        const char *words;
        enum style style;
    } look[] = {
        [SYNC_NEVER] = {"○ never", ST_DIM},      [SYNC_RUNNING] = {"▸ running", ST_ACCENT},
        [SYNC_OK] = {"✓ up to date", ST_GOOD},   [SYNC_FAILED] = {"✗ failed", ST_BAD},
        [SYNC_STOPPED] = {"– stopped", ST_WARN},
    };
    strip_str(out, look[v->phase].words, look[v->phase].style);
    if (v->phase == SYNC_RUNNING && v->total > 0 && v->done <= v->total)
        strip_strf(out, ST_NORMAL, " %d %%", (int)(v->done * 100 / v->total));
}

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    struct activity_screen *s = ud;
    struct source_view v = source_view(s, known[row].name);
    char a[HUMAN_BUF], b[HUMAN_BUF];
    switch (col) {
    case S_SOURCE:
        strip_str(out, known[row].name, ST_STRONG);
        break;
    case S_STATE:
        state_cell(&v, out);
        break;
    case S_PROGRESS:
        if (v.phase == SYNC_RUNNING && v.total > 0)
            strip_strf(out, ST_NORMAL, "%s of %s", human_count(a, (uint64_t)v.done),
                       human_count(b, (uint64_t)v.total));
        break;
    case S_FRESH:
        if (v.ok_at) {
            human_age(a, clock_now() - v.ok_at);
            strip_strf(out, ST_NORMAL, strcmp(a, "just now") == 0 ? "%s" : "%s ago", a);
        } else {
            strip_str(out, "–", ST_DIM);
        }
        break;
    case S_MESSAGE:
        if (v.message[0])
            strip_untrusted(out, untrusted(v.message), v.phase == SYNC_FAILED ? ST_BAD : ST_NORMAL);
        else
            strip_str(out, known[row].is, ST_DIM);
        break;
    default:
        break;
    }
}

static const struct table_ops table_ops = {cell, NULL};

static void draw_provenance(const struct activity *a, struct canvas *c, struct rect r)
{
    canvas_str(c, r.x + 1, r.y, r.w - 2, "last read", ST_TITLE);
    int y = r.y + 1;
    for (size_t i = 0; i < a->sources && y < r.y + r.h; i++) {
        char label[32];
        snprintf(label, sizeof label, "%s", a->source[i].chain ? "log range" : "page");
        struct rect clip = canvas_clip(c, r);
        y = part_provenance(c, r, y, label, &a->source[i]);
        canvas_unclip(c, clip);
    }
}

static void draw_cache(const struct activity *a, struct canvas *c, struct rect r)
{
    char m[HUMAN_BUF], p[HUMAN_BUF], i[HUMAN_BUF], size[HUMAN_BUF];
    if (a)
        canvas_strf(c, r.x + 1, r.y, r.w - 2, ST_DIM,
                    "in the cache: %s models · %s payments · %s inferences · %s",
                    human_count(m, a->models), human_count(p, a->payments),
                    human_count(i, a->inferences), human_size(size, (uint64_t)a->size_bytes));
    else
        canvas_str(c, r.x + 1, r.y, r.w - 2, "nothing in the cache yet", ST_DIM);
}

/* The whole of the selected source's message: a table cell may cut it. */
static void draw_message(const struct activity_screen *s, struct canvas *c, struct rect r)
{
    struct source_view v = source_view(s, known[table_selected(s->table)].name);
    if (v.message[0])
        part_text(c, r, r.x + 1, r.y, untrusted(v.message),
                  v.phase == SYNC_FAILED ? ST_BAD : ST_NORMAL);
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    enum { LARGE = 16 }; /* rows below the sources, for all at once */
    struct activity_screen *s = self;
    canvas_note_age(c);
    draw_cache(s->a, c, rect_cut_top(&area, 1));
    if (s->d->told_how[0]) {
        struct rect how = rect_cut_top(&area, 1);
        canvas_strf(c, how.x + 1, how.y, how.w - 2, ST_DIM, "new blocks: %s", s->d->told_how);
    }
    table_draw(s->table, c, rect_cut_top(&area, KNOWN + 2), !s->on_landed, NULL);
    int want = landed_height(s->d);
    if (s->on_landed && area.h < LARGE)
        want = area.h;
    want = want > area.h / 2 && !s->on_landed ? area.h / 2 : want;
    struct rect landed = rect_cut_bottom(&area, want < area.h ? want : area.h);
    draw_message(s, c, rect_cut_top(&area, area.h > 12 ? 3 : 2));
    if (s->a && area.h > 1)
        draw_provenance(s->a, c, area);
    landed_draw(s->landed, s->d, c, landed, s->on_landed);
}

static bool on_action(void *self, enum action act)
{
    struct activity_screen *s = self;
    size_t row = table_selected(s->landed);
    switch (act) {
    case ACT_NEXT_PANE:
    case ACT_PREV_PANE:
        s->on_landed = !s->on_landed && watching_landed(s->d->watching);
        return true;
    case ACT_COPY:
        if (s->on_landed && row < watching_landed(s->d->watching))
            app_copy(s->app, untrusted(watching_at(s->d->watching, row)->tx), "the transaction id");
        return true;
    default:
        return table_action(s->on_landed ? s->landed : s->table, act) != TABLE_IGNORED;
    }
}

static bool on_event(void *self, const struct event *ev)
{
    struct activity_screen *s = self;
    if (ev->kind != EV_MOUSE)
        return false;
    for (int landed = 0; landed < 2; landed++) {
        if (table_mouse(landed ? s->landed : s->table, &ev->mouse) != TABLE_IGNORED) {
            s->on_landed = landed;
            return true;
        }
    }
    return false;
}

static void close_screen(void *self)
{
    struct activity_screen *s = self;
    page_job_drop(s->job);
    activity_free(s->a);
    table_free(s->table);
    table_free(s->landed);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct activity_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->table = table_new(columns, S_COLS, &table_ops, s);
    s->landed = landed_new(s->d);
    if (!s->table || !s->landed) {
        close_screen(s);
        return err_nomem(e);
    }
    table_set_rows(s->table, KNOWN);
    ask(s);
    *self = s;
    return SOUK_OK;
}

static void update(void *self)
{
    ask(self);
}

static bool offers(void *self, enum action act)
{
    const struct activity_screen *s = self;
    bool any = watching_landed(s->d->watching) > 0;
    return act == ACT_COPY ? any && s->on_landed : any || act != ACT_NEXT_PANE;
}

static const enum action actions[] = {ACT_SYNC, ACT_NEXT_PANE, ACT_COPY, ACT_NONE};

const struct screen_ops screen_activity = {
    .name = "activity",
    .title = "Activity",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .update = update,
    .offers = offers,
};
