/*
 * Market: is anything here alive, and what does it cost?
 *
 * One row a model; search as you type; every column sorts. The table shows a
 * view (catalog.h) built on a worker; what is on the screen stays until the
 * next one is ready.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "market/catalog.h"
#include "ui/getting.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/widgets/bars.h"
#include "ui/widgets/edit.h"
#include "ui/widgets/markdown.h"
#include "ui/widgets/table.h"

#include "base/banned.h"

enum { PREVIEW_ROWS = 6, PREVIEW_MIN_W = 100, PREVIEW_MIN_H = 26 };

enum {
    COL_MODEL,
    COL_MARK,
    COL_AUTHOR,
    COL_TASK,
    COL_PRICE,
    COL_CALLS,
    COL_PAYERS,
    COL_INCOME,
    COL_GENUINE,
    COL_GENUINE_PAYERS,
    COL_GROWTH,
    COL_SPARK,
    COL_NOTE,
    COLS
};

static const struct column columns[COLS] = {
    [COL_MODEL] = {"MODEL", 20, 36, ALIGN_LEFT, 0, 3, true, false},
    [COL_MARK] = {"", 2, 2, ALIGN_LEFT, 0, 0, false, false},
    [COL_AUTHOR] = {"AUTHOR", 10, 12, ALIGN_LEFT, 4, 1, true, false},
    [COL_TASK] = {"TASK", 18, 18, ALIGN_LEFT, 8, 0, true, false},
    [COL_PRICE] = {"PRICE/CALL", 13, 13, ALIGN_RIGHT, 0, 0, true, false},
    [COL_CALLS] = {"CALLS", 10, 10, ALIGN_RIGHT, 1, 0, true, true},
    [COL_PAYERS] = {"PAYERS", 7, 7, ALIGN_RIGHT, 5, 0, true, true},
    [COL_INCOME] = {"INCOME", 13, 15, ALIGN_RIGHT, 2, 0, true, true},
    [COL_GENUINE] = {"GENUINE", 18, 22, ALIGN_RIGHT, 3, 0, true, true},
    [COL_GENUINE_PAYERS] = {"GENUINE PAYERS", 14, 14, ALIGN_RIGHT, 6, 0, false, false},
    [COL_GROWTH] = {"GROWTH", 11, 11, ALIGN_RIGHT, 5, 0, true, true},
    [COL_SPARK] = {"30 DAYS", SPARK_DAYS / 2, SPARK_DAYS, ALIGN_LEFT, 6, 0, false, false},
    [COL_NOTE] = {"", 18, 22, ALIGN_LEFT, 7, 0, false, false},
};

static const enum sort_key sort_of[COLS] = {
    [COL_MODEL] = SORT_NAME,    [COL_AUTHOR] = SORT_AUTHOR,   [COL_TASK] = SORT_TASK,
    [COL_PRICE] = SORT_PRICE,   [COL_CALLS] = SORT_CALLS,     [COL_PAYERS] = SORT_PAYERS,
    [COL_INCOME] = SORT_INCOME, [COL_GENUINE] = SORT_GENUINE, [COL_GROWTH] = SORT_GROWTH,
};

static const char *const calls_title[WINDOW_COUNT] = {"CALLS 7d", "CALLS 30d", "CALLS 90d",
                                                      "CALLS"};
static const char *const income_title[WINDOW_COUNT] = {"INCOME 7d", "INCOME 30d", "INCOME 90d",
                                                       "INCOME"};

enum { FACET_ALIVE, FACET_LISTED, FACET_PROVEN, FACET_ANY_TASK, FACET_TASKS, FACETS_MAX = 64 };

struct view_job;

struct market_screen {
    struct app *app;
    struct domain *d;
    struct table *table;
    struct view *view; /* what the table shows; NULL: nothing yet */
    struct query query;
    bool sorted_by_hand; /* the user chose a sort: searching does not change it */
    struct edit edit;
    bool editing;
    struct view_job *job;
    bool again;
    char facet_task[FACETS_MAX][128]; /* what the open facet menu's entries mean */
    struct {
        int64_t id;              /* whose page this is */
        struct model_page *page; /* NULL: none yet */
        struct page_job *job;
    } preview;
};

static const struct model_row *row_at(const struct market_screen *s, size_t i)
{
    return &s->view->catalog->row[s->view->row[i]];
}

static const struct model_row *selected(const struct market_screen *s)
{
    size_t i = table_selected(s->table);
    return s->view && i < s->view->n ? row_at(s, i) : NULL;
}

/* --- views ---------------------------------------------------------------------------------------
 */

struct view_job {
    struct market_job mj;
    struct market_screen *screen; /* NULL: it closed */
    struct catalog *catalog;
    struct query query;
    struct view *view;
};

static void take_view(struct market_screen *s, struct view *v)
{
    const struct model_row *was = selected(s);
    bool same_question = s->view && memcmp(&s->view->query, &v->query, sizeof v->query) == 0;
    size_t at = 0;
    if (was && same_question) /* newer data: stay with the model the user was on */
        for (size_t i = 0; i < v->n; i++)
            if (v->catalog->row[v->row[i]].id == was->id) {
                at = i;
                break;
            }
    struct view *old = s->view;
    s->view = v;
    table_set_rows(s->table, v->n);
    table_select(s->table, at);
    view_free(old);
}

static void ask_view(struct market_screen *s);

static void view_run(struct market_job *mj, struct store *store)
{
    struct view_job *j = (struct view_job *)mj;
    view_make(j->catalog, &j->query, store, &j->view, &mj->err);
}

static void view_done(struct market_job *mj)
{
    struct view_job *j = (struct view_job *)mj;
    struct market_screen *s = j->screen;
    if (s) {
        s->job = NULL;
        if (j->view)
            take_view(s, j->view);
        else if (mj->err.code != SOUK_ECANCEL)
            app_toast_err(s->app, &mj->err);
        app_dirty(s->app);
        if (s->again)
            ask_view(s);
    } else {
        view_free(j->view);
    }
    catalog_unref(j->catalog);
    mem_free(j);
}

/* Builds the view of what is asked now; one job at a time, the latest question wins. */
static void ask_view(struct market_screen *s)
{
    s->again = s->job != NULL;
    if (s->job || !s->d->catalog)
        return;
    struct view_job *j = mem_zalloc(sizeof *j);
    if (!j)
        return;
    j->screen = s;
    j->catalog = catalog_ref(s->d->catalog);
    j->query = s->query;
    j->mj.run = view_run;
    j->mj.done = view_done;
    s->job = j;
    market_submit(s->d->market, &j->mj);
}

static void show_sort(struct market_screen *s)
{
    int col = -1;
    for (int c = 0; c < COLS; c++)
        if (columns[c].sortable && sort_of[c] == s->query.sort)
            col = c;
    table_set_sort(s->table, col, sort_descends(s->query.sort) != s->query.reverse);
}

static void ask_sort(struct market_screen *s, enum sort_key k, bool reverse)
{
    s->query.sort = k;
    s->query.reverse = reverse;
    s->sorted_by_hand = true;
    show_sort(s);
    ask_view(s);
}

static void ask_text(struct market_screen *s)
{
    snprintf(s->query.text, sizeof s->query.text, "%.*s", (int)sizeof s->query.text - 1,
             s->edit.text);
    if (!s->sorted_by_hand) { /* best match first while searching, busiest first otherwise */
        s->query.sort = s->query.text[0] ? SORT_MATCH : SORT_CALLS;
        s->query.reverse = false;
        show_sort(s);
    }
    ask_view(s);
}

/* --- cells */

/* The whole of it on this disk, or on its way there. */
static void cell_disk(const struct getting *g, const struct model_row *m, struct strip *out)
{
    const struct coming *c = getting_find_model(g, m->id);
    bool here = m->brief && m->brief->blob_id
                    ? getting_have(g, untrusted(m->brief->blob_id)) != NULL
                    : getting_have_model(g, m->author, m->name) != NULL;
    if (here)
        strip_glyph(out, GL_ON_DISK, ST_ACCENT);
    else if (c)
        strip_glyph(out, c->state == COMING_FAILED ? GL_CROSS : GL_DOWN,
                    c->state == COMING_FAILED    ? ST_BAD
                    : c->state == COMING_STOPPED ? ST_WARN
                                                 : ST_ACCENT);
}

static void cell_mark(const struct model_row *m, const struct getting *g, struct strip *out)
{
    if (m->mark == MARK_PROVEN)
        strip_glyph(out, GL_CHECK, ST_GOOD);
    else
        strip_str(out, m->mark == MARK_UNPROVEN ? "?" : "–",
                  m->mark == MARK_UNPROVEN ? ST_WARN : ST_DIM);
    if (g) /* not in the very first frame */
        cell_disk(g, m, out);
}

static void cell_count(struct strip *out, uint64_t n)
{
    char text[HUMAN_BUF];
    if (n)
        strip_str(out, human_count(text, n), ST_NORMAL);
    else
        strip_str(out, "–", ST_DIM);
}

/* Per cent of the income that a rule takes out: of its first asset. -1: none, or not judged. */
static int linked(const struct figures *f)
{
    if (!f->judged || !f->income.n)
        return -1;
    const struct amount *all = &f->income.of[0];
    return 100 - (int)((u256_permille(income_in(&f->low, all).value, all->value) + 9) / 10);
}

/* What a number hides, in words. */
static void cell_note(const struct model_row *m, enum window w, struct strip *out)
{
    enum { FEW = 3, MANY_CALLS = 20, MOST = 50 };
    const struct figures *f = m->figures;
    int by_rules = linked(f);
    bool few = f->payers > 0 && f->payers <= FEW && f->payments + f->settlements >= MANY_CALLS;
    if (m->gone)
        strip_str(out, "gone from the Hub", ST_WARN);
    else if (f->calls + f->settlements == 0)
        strip_strf(out, ST_DIM, w == WINDOW_ALL ? "never called" : "no calls in %s",
                   window_name(w));
    else if (few && by_rules > 0)
        strip_strf(out, ST_WARN, "%u payer%s, %d %% linked", (unsigned)f->payers,
                   f->payers == 1 ? "" : "s", by_rules);
    else if (few)
        strip_strf(out, ST_WARN, "only %u payer%s", (unsigned)f->payers, f->payers == 1 ? "" : "s");
    else if (by_rules >= MOST)
        strip_strf(out, ST_WARN, "%d %% linked", by_rules);
    else if (f->payments + f->settlements == 0)
        strip_str(out, "unpaid calls only", ST_DIM);
    else if (m->mark == MARK_UNPROVEN)
        strip_str(out, "listing not proven", ST_WARN);
}

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    struct market_screen *s = ud;
    const struct model_row *m = row_at(s, row);
    const struct figures *f = m->figures;
    char text[256];
    switch (col) {
    case COL_MODEL:
        part_name(m->name, ST_STRONG, out);
        break;
    case COL_MARK:
        cell_mark(m, s->d->getting, out);
        break;
    case COL_AUTHOR:
        part_name(m->author, ST_NORMAL, out);
        break;
    case COL_TASK:
        strip_untrusted(out, untrusted(m->task), ST_DIM);
        break;
    case COL_PRICE:
        strip_str(out, m->price ? amount_format(m->price, text, sizeof text) : "–",
                  m->price ? ST_MONEY : ST_DIM);
        break;
    case COL_CALLS:
        cell_count(out, f->calls);
        break;
    case COL_PAYERS:
        cell_count(out, f->payers);
        break;
    case COL_INCOME:
        strip_str(out, income_format(&f->income, text, sizeof text),
                  f->income.n ? ST_MONEY : ST_DIM);
        break;
    case COL_GENUINE:
        part_interval_short(out, &f->low, &f->high);
        break;
    case COL_GENUINE_PAYERS:
        cell_count(out, f->genuine_payers);
        break;
    case COL_GROWTH:
        if (f->calls + f->settlements)
            part_growth_short(out, &f->trend);
        else
            strip_str(out, "–", ST_DIM);
        break;
    case COL_SPARK:
        part_spark(f, table_width(s->table, COL_SPARK), out);
        break;
    case COL_NOTE:
        cell_note(m, s->view->catalog->window, out);
        break;
    default:
        break;
    }
}

static bool is_marked(void *ud, size_t row)
{
    struct market_screen *s = ud;
    return domain_is_marked(s->d, row_at(s, row)->id);
}

static const struct table_ops table_ops = {cell, is_marked};

/* --- preview */

static souk_err preview_load(struct store *st, const void *key, enum window w, void **out,
                             struct err *e)
{
    int64_t id;
    struct model_page *page = NULL;
    memcpy(&id, key, sizeof id);
    souk_err r = model_page_load(st, id, w, &page, e);
    *out = page;
    return r;
}

static void preview_free(void *page)
{
    model_page_free(page);
}

static void preview_take(void *self, void *page, const struct err *e)
{
    struct market_screen *s = self;
    (void)e; /* a preview that cannot be had is simply not there */
    model_page_free(s->preview.page);
    s->preview.page = page;
    s->preview.job = NULL;
    app_dirty(s->app);
}

/* Asks for the selected model's page unless it is there or on its way. */
static void preview_want(struct market_screen *s, const struct model_row *m)
{
    if (s->preview.job || s->preview.id == m->id)
        return;
    s->preview.id = m->id;
    s->preview.job =
        page_job_start(s->d, &m->id, sizeof m->id, preview_load, preview_take, preview_free, s);
}

/* The first line of a description that says something: not a heading, rule, image or link alone. */
struct first_words {
    struct untrusted text;
};

static void find_words(void *ud, struct untrusted line)
{
    struct first_words *w = ud;
    size_t letters = 0;
    for (size_t i = 0; i < line.n; i++)
        letters += (line.p[i] >= 'a' && line.p[i] <= 'z') || (unsigned char)line.p[i] >= 0xc3;
    if (!w->text.n && letters > 20 && !memchr("#|!<[-=`", line.p[0], 8))
        w->text = line;
}

/* Two lines of it, without its Markdown. */
static void draw_words(struct untrusted words, struct canvas *c, int x, int y, int w)
{
    struct doc d;
    enum { LINES = 2, MOST = 2048 };
    doc_init(&d);
    markdown_render(&d, untrusted_n(words.p, words.n < MOST ? words.n : MOST), w,
                    canvas_charset(c));
    for (size_t i = 0; i < d.n && i < LINES; i++)
        canvas_cells(c, x, y + (int)i, w, d.line[i].cells, d.line[i].n);
    doc_release(&d);
}

/* At the right end, where it fits whole. */
static void draw_genuine(const struct figures *f, struct canvas *c, int x, int y, int room)
{
    struct strip s;
    strip_init(&s, canvas_charset(c));
    if (f->judged && f->income.n) {
        strip_str(&s, "genuine ", ST_DIM);
        part_interval_short(&s, &f->low, &f->high);
        strip_str(&s, " · ", ST_DIM);
    }
    strip_str(&s, "growth ", ST_DIM);
    part_growth(&s, f->trend.known, f->trend.ratio, f->trend.low, f->trend.high);
    if (s.width + 2 <= room && f->calls + f->settlements)
        canvas_strip(c, x, y, -room, &s);
}

static void draw_preview(struct market_screen *s, struct canvas *c, struct rect area)
{
    canvas_hline(c, area.x, area.y, area.w, ST_BORDER);
    const struct model_row *m = selected(s);
    if (!m)
        return;
    preview_want(s, m);
    int x = area.x + 2, y = area.y + 1, w = area.w - 4;
    int used = canvas_untrusted(c, x, y, w / 2, untrusted(m->name), ST_TITLE);
    canvas_str(c, x + used + 2, y, 4, "by", ST_DIM);
    used += canvas_untrusted(c, x + used + 5, y, w - used - 5, untrusted(m->author), ST_NORMAL);
    draw_genuine(m->figures, c, x + used + 5, y, w - used - 5);
    const struct model_page *p = s->preview.page;
    if (!p || p->row.id != m->id) {
        canvas_str(c, x, y + 1, w, "…", ST_DIM);
        return;
    }
    struct first_words words = {{NULL, 0}};
    text_each_line(p->description, 60, find_words, &words);
    if (words.text.n)
        draw_words(words.text, c, x, y + 1, w);
    else
        canvas_str(c, x, y + 1, w, "no description", ST_DIM);

    char a[HUMAN_BUF], b[HUMAN_BUF], d[HUMAN_BUF];
    const struct figures *f = p->row.figures;
    canvas_strf(c, x, y + 3, w, ST_NORMAL,
                "%s paid calls · %s session settlements · %s unpaid inferences · %u payers, %u of "
                "them on two days or more",
                human_count(a, f->payments), human_count(b, f->settlements),
                human_count(d, f->inferences), (unsigned)f->payers, (unsigned)p->returning);
    if (p->blob_id.n) {
        used = canvas_str(c, x, y + 4, w, "blob ", ST_DIM);
        used += canvas_untrusted(c, x + used, y + 4, w - used, p->blob_id, ST_CODE);
        if (p->blob_from == BLOB_DESCRIPTION)
            canvas_str(c, x + used, y + 4, w - used, "  as the description says", ST_DIM);
    } else {
        canvas_str(c, x, y + 4, w, "blob id not known", ST_DIM);
    }
}

/* --- the screen */

static souk_err market_open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct market_screen *s = mem_zalloc(sizeof *s);
    struct table *t = s ? table_new(columns, COLS, &table_ops, s) : NULL;
    if (!t) {
        mem_free(s);
        return err_nomem(e);
    }
    s->app = a;
    s->d = app_domain(a);
    s->table = t;
    s->query.sort = SORT_CALLS;
    edit_init(&s->edit);
    show_sort(s);
    /* The head is small and in order: its view costs nothing and makes the first frame. */
    struct view *v;
    if (s->d->catalog && view_make(s->d->catalog, &s->query, NULL, &v, NULL) == SOUK_OK)
        take_view(s, v);
    *self = s;
    return SOUK_OK;
}

static void market_close_screen(void *self)
{
    struct market_screen *s = self;
    if (s->job)
        s->job->screen = NULL;
    page_job_drop(s->preview.job);
    model_page_free(s->preview.page);
    view_free(s->view);
    table_free(s->table);
    edit_release(&s->edit);
    mem_free(s);
}

static void market_update(void *self)
{
    struct market_screen *s = self;
    s->preview.id = 0; /* ask anew */
    ask_view(s);
}

/* The switches that are on, strongest first: proven models are listed ones. */
static const char *facet_words(const struct query *q)
{
    if (q->proven)
        return q->alive ? " · alive, proven" : " · proven only";
    if (q->listed)
        return q->alive ? " · alive, listed" : " · listed only";
    return q->alive ? " · alive only" : "";
}

static void draw_search(struct market_screen *s, struct canvas *c, int x, int y, int w)
{
    const struct view *v = s->view;
    char n[HUMAN_BUF], total[HUMAN_BUF], right[256] = "";
    if (v) {
        snprintf(right, sizeof right, "%s of %s%s · %s%s%s", human_count(n, v->n),
                 human_count(total, s->d->catalog->total), facet_words(&s->query),
                 window_name(s->d->window), s->query.task[0] ? " · " : "",
                 s->d->complete ? "" : " · loading");
    }
    struct strip st;
    strip_init(&st, canvas_charset(c));
    strip_str(&st, right, ST_DIM);
    if (s->query.task[0])
        strip_untrusted(&st, untrusted(s->query.task), ST_ACCENT);
    if (s->d->marks)
        strip_strf(&st, ST_MARKED, " · %u marked", (unsigned)s->d->marks);
    int room = w - st.width - 3;
    if (s->editing || s->edit.len) {
        canvas_str(c, x, y, 1, "/", ST_KEY);
        edit_draw(&s->edit, c, x + 1, y, room > 10 ? room - 1 : 10, ST_STRONG, s->editing);
    } else if (v && v->note[0]) {
        canvas_untrusted(c, x, y, room, untrusted(v->note), ST_DIM);
    } else {
        canvas_str(c, x, y, room, "/ search by name, author, task, description", ST_DIM);
    }
    canvas_strip(c, x + w - st.width, y, st.width, &st);
}

/* Not while it is being asked. */
static bool devnet_helps(const struct domain *d)
{
    return !(market_network(d->market)->local && d->syncing);
}

static int offer_key(struct canvas *c, struct rect r, int y, const char *key, const char *words)
{
    canvas_str(c, r.x, y, 3, key, ST_KEY);
    return part_words(c, r, r.x + 4, y, words, ST_NORMAL);
}

/* Nothing in the cache: say what this is, what is being tried, and what can be done. */
static void draw_empty(struct market_screen *s, struct canvas *c, struct rect area)
{
    struct domain *d = s->d;
    const char *name = market_network(d->market)->name;
    struct rect r = rect_center(area, 72, 12);
    int y = r.y;
    canvas_strf(c, r.x, y++, r.w, ST_TITLE, "Nothing of the network %s is on this machine yet.",
                name);
    y++;
    if (d->syncing)
        canvas_str(c, r.x, y++, r.w, "Asking its servers now; what they answer appears here.",
                   ST_NORMAL);
    else if (market_offline(d->market))
        canvas_str(c, r.x, y++, r.w, "This is --offline: nothing is fetched.", ST_NORMAL);
    else
        canvas_str(c, r.x, y++, r.w, "Its servers could not be reached:", ST_NORMAL);
    bool failed = false;
    for (size_t i = 0; i < d->sources && y < r.y + r.h - 4; i++) {
        const struct live_source *src = &d->source[i];
        if (src->phase != SYNC_FAILED)
            continue;
        failed = true;
        canvas_str(c, r.x, y, 1, "✗", ST_BAD);
        canvas_untrusted(c, r.x + 2, y++, area.x + area.w - r.x - 2, untrusted(src->message),
                         ST_NORMAL);
    }
    y++;
    if (!market_offline(d->market))
        y = offer_key(c, r, y, "S", "try again now");
    if (devnet_helps(d))
        y = offer_key(c, r, y, "D",
                      market_network(d->market)->local
                          ? "start the built-in market: 2,000 models and two chains, all on "
                            "this machine; no account and no money needed"
                          : "open the built-in market instead: 2,000 models and two chains, all on "
                            "this machine; no account and no money needed");
    if (failed)
        offer_key(c, r, y, "4", "see what failed and why");
}

static void market_draw(void *self, struct canvas *c, struct rect area)
{
    struct market_screen *s = self;
    if (!s->d->catalog || s->d->catalog->total == 0) {
        draw_empty(s, c, area);
        return;
    }
    struct rect top = rect_cut_top(&area, 1);
    draw_search(s, c, top.x + 1, top.y, top.w - 2);
    if (area.w >= PREVIEW_MIN_W && area.h >= PREVIEW_MIN_H) {
        struct rect bottom = rect_cut_bottom(&area, PREVIEW_ROWS);
        draw_preview(s, c, bottom);
    }
    enum window w = s->view ? s->view->catalog->window : s->d->window;
    table_set_title(s->table, COL_CALLS, calls_title[w]);
    table_set_title(s->table, COL_INCOME, income_title[w]);
    table_draw(s->table, c, area, !s->editing,
               s->query.text[0] ? "No model fits. Esc takes the search back; x all filters."
                                : "No model fits these filters. x takes them off.");
}

static bool market_event(void *self, const struct event *ev)
{
    struct market_screen *s = self;
    if (ev->kind == EV_MOUSE) {
        enum table_event te = table_mouse(s->table, &ev->mouse);
        if (te == TABLE_OPEN && selected(s)) {
            int64_t id = selected(s)->id;
            app_push(s->app, &screen_model, &id);
        } else if (te == TABLE_SORT) {
            int col;
            bool desc;
            table_sort_by(s->table, &col, &desc);
            ask_sort(s, sort_of[col], desc != sort_descends(sort_of[col]));
        }
        return te != TABLE_IGNORED;
    }
    if (!s->editing)
        return false;
    if (ev->kind == EV_KEY && (ev->key.code == K_UP || ev->key.code == K_DOWN ||
                               ev->key.code == K_PGUP || ev->key.code == K_PGDN))
        return false; /* the rows can be walked while the search is open */
    switch (edit_event(&s->edit, ev)) {
    case EDIT_CHANGED:
        ask_text(s);
        break;
    case EDIT_CANCEL:
        edit_set(&s->edit, "");
        s->editing = false;
        ask_text(s);
        break;
    case EDIT_DONE:
        s->editing = false;
        break;
    default:
        break;
    }
    return true;
}

/* --- menus */

static void sort_chosen(void *ud, long i)
{
    if (i >= 0)
        ask_sort(ud, (enum sort_key)i, false);
}

static void sort_menu(struct market_screen *s)
{
    static const char *const hints[SORT_COUNT] = {
        [SORT_CALLS] = "most first",       [SORT_INCOME] = "most first",
        [SORT_PAYERS] = "most first",      [SORT_PRICE] = "cheapest first",
        [SORT_NEW] = "listed last first",  [SORT_NAME] = "a to z",
        [SORT_AUTHOR] = "a to z",          [SORT_TASK] = "a to z",
        [SORT_PAYMENTS] = "most first",    [SORT_LAST] = "called last first",
        [SORT_MATCH] = "best match first", [SORT_GENUINE] = "most for certain",
        [SORT_GROWTH] = "fastest first",
    };
    struct menu_item items[SORT_COUNT] = {0};
    for (int k = 0; k < SORT_COUNT; k++) {
        items[k].label = untrusted(sort_name((enum sort_key)k));
        items[k].hint = hints[k];
        items[k].on = s->query.sort == (enum sort_key)k;
    }
    app_menu(s->app, "Sort by", items, SORT_COUNT, (size_t)s->query.sort, sort_chosen, s);
}

static bool *facet_switch(struct query *q, long i)
{
    return i == FACET_ALIVE ? &q->alive : i == FACET_LISTED ? &q->listed : &q->proven;
}

static void facet_chosen(void *ud, long i)
{
    struct market_screen *s = ud;
    if (i < 0)
        return;
    if (i < FACET_ANY_TASK)
        *facet_switch(&s->query, i) ^= true;
    else if (i == FACET_ANY_TASK)
        s->query.task[0] = '\0';
    else
        snprintf(s->query.task, sizeof s->query.task, "%s", s->facet_task[i]);
    ask_view(s);
}

static void facet_menu(struct market_screen *s)
{
    const struct catalog *c = s->d->catalog;
    struct menu_item items[FACETS_MAX] = {0};
    size_t n = FACET_TASKS;
    if (!c)
        return;
    const struct {
        const char *label;
        uint32_t count;
    } first[FACET_TASKS] = {
        [FACET_ALIVE] = {"alive: called in the window", c->alive},
        [FACET_LISTED] = {"listed: has a price on chain", c->listed},
        [FACET_PROVEN] = {"proven: the author confirms the listing", c->proven},
        [FACET_ANY_TASK] = {"any task", c->total},
    };
    for (long i = 0; i < FACET_TASKS; i++)
        items[i] = (struct menu_item){.label = untrusted(first[i].label),
                                      .count = first[i].count,
                                      .has_count = true,
                                      .on = i == FACET_ANY_TASK ? !s->query.task[0]
                                                                : *facet_switch(&s->query, i)};
    for (uint32_t i = 0; i < c->tasks && n < FACETS_MAX; i++) {
        const struct facet *t = &c->task[i];
        if (!t->value[0])
            continue; /* models without a task are not a kind of their own */
        snprintf(s->facet_task[n], sizeof s->facet_task[n], "%s", t->value);
        items[n++] = (struct menu_item){.label = untrusted(t->value),
                                        .count = t->count,
                                        .has_count = true,
                                        .on = strcmp(s->query.task, t->value) == 0};
    }
    app_menu(s->app, "Show", items, n, 0, facet_chosen, s);
}

static void clear_all(struct market_screen *s)
{
    edit_set(&s->edit, "");
    s->editing = false;
    s->query.alive = s->query.listed = s->query.proven = false;
    s->query.task[0] = s->query.author[0] = '\0';
    domain_unmark_all(s->d);
    ask_text(s);
}

static bool market_action(void *self, enum action act)
{
    struct market_screen *s = self;
    const struct model_row *m = selected(s);
    switch (table_action(s->table, act)) {
    case TABLE_MOVED:
        return true;
    case TABLE_OPEN:
        if (m) {
            int64_t id = m->id;
            app_push(s->app, &screen_model, &id);
        }
        return true;
    case TABLE_SORT: {
        int col;
        bool desc;
        table_sort_by(s->table, &col, &desc);
        ask_sort(s, sort_of[col], desc != sort_descends(sort_of[col]));
        return true;
    }
    case TABLE_IGNORED:
        break;
    }
    switch (act) {
    case ACT_FILTER:
        s->editing = true;
        return true;
    case ACT_BACK:
        if (!s->edit.len)
            return false;
        edit_set(&s->edit, "");
        ask_text(s);
        return true;
    case ACT_SORT:
        sort_menu(s);
        return true;
    case ACT_FACETS:
        facet_menu(s);
        return true;
    case ACT_CLEAR:
        clear_all(s);
        return true;
    case ACT_MARK:
        if (m && !domain_mark(s->d, m->id))
            app_toast(s->app, ST_WARN, "Four models are marked already; C compares them");
        table_action(s->table, ACT_DOWN);
        return true;
    case ACT_COMPARE:
        if (s->d->marks < 2)
            app_toast(s->app, ST_WARN, "Mark two to four models with space, then C compares them");
        else
            app_push(s->app, &screen_compare, NULL);
        return true;
    case ACT_WINDOW_LESS:
    case ACT_WINDOW_MORE:
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    case ACT_AUTHOR:
        if (m)
            app_push(s->app, &screen_author, (void *)(uintptr_t)m->author);
        return true;
    case ACT_CALL:
        if (m)
            app_push(s->app, &screen_call, &(struct call_arg){.model = m->id});
        return true;
    case ACT_RUN:
        if (m)
            app_push(s->app, &screen_run, &(struct run_arg){.model = m->id});
        return true;
    case ACT_GET:
        if (m)
            getting_model(s->d->getting, m->id, NULL, NULL);
        return true;
    case ACT_CALL_OTHER:
        app_push(s->app, &screen_call_other, NULL);
        return true;
    case ACT_COPY:
        if (m && m->brief && m->brief->blob_id)
            app_copy(s->app, untrusted(m->brief->blob_id), "the blob id");
        else if (m)
            app_copy(s->app, untrusted(m->name), "the model's name");
        return true;
    default:
        return false;
    }
}

/* The devnet is offered where it helps: on the empty screen. */
static bool market_offers(void *self, enum action act)
{
    struct market_screen *s = self;
    bool empty = !s->d->catalog || s->d->catalog->total == 0;
    if (act == ACT_DEVNET)
        return empty && devnet_helps(s->d);
    return !empty || act == ACT_CALL_OTHER;
}

static const enum action actions[] = {
    ACT_OPEN,        ACT_CALL,      ACT_RUN,        ACT_GET,     ACT_FILTER,
    ACT_SORT,        ACT_FACETS,    ACT_MARK,       ACT_COMPARE, ACT_WINDOW_MORE,
    ACT_WINDOW_LESS, ACT_AUTHOR,    ACT_REVERSE,    ACT_COPY,    ACT_CLEAR,
    ACT_CALL_OTHER,  ACT_SORT_LEFT, ACT_SORT_RIGHT, ACT_DEVNET,  ACT_NONE};

const struct screen_ops screen_market = {
    .name = "market",
    .title = "Market",
    .actions = actions,
    .open = market_open_screen,
    .close = market_close_screen,
    .draw = market_draw,
    .event = market_event,
    .action = market_action,
    .update = market_update,
    .offers = market_offers,
};
