/*
 * Compare: two to four models as columns, facts as rows; what differs stands out by weight and a
 * mark, not by colour alone, and the best value of a row carries a check.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "market/pages.h"
#include "ui/domain.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/widgets/bars.h"

#include "base/banned.h"

enum { LABEL_W = 18, LAST_DAYS = 30 };

struct compare_screen {
    struct app *app;
    struct domain *d;
    int64_t id[MARKS_MAX];
    size_t n;
    struct model_page *page[MARKS_MAX];
    struct page_job *job;
    struct err failed;
    int top; /* first row shown */
};

/* --- loading: all pages in one job */

struct pages {
    struct model_page *page[MARKS_MAX];
};

struct question {
    int64_t id[MARKS_MAX];
    size_t n;
};

static void drop(void *p)
{
    struct pages *pages = p;
    for (size_t i = 0; i < MARKS_MAX; i++)
        model_page_free(pages->page[i]);
    mem_free(pages);
}

static souk_err load(struct store *s, const void *k, enum window w, void **out, struct err *e)
{
    struct question key;
    memcpy(&key, k, sizeof key);
    struct pages *pages = mem_zalloc(sizeof *pages);
    souk_err r = pages ? SOUK_OK : err_nomem(e);
    for (size_t i = 0; !r && i < key.n; i++)
        r = model_page_load(s, key.id[i], w, &pages->page[i], e);
    if (r && pages)
        drop(pages);
    else
        *out = pages;
    return r;
}

static void take(void *self, void *got, const struct err *e)
{
    struct compare_screen *s = self;
    struct pages *pages = got;
    s->job = NULL;
    s->failed = *e;
    if (pages) {
        for (size_t i = 0; i < s->n; i++) {
            model_page_free(s->page[i]);
            s->page[i] = pages->page[i];
        }
        mem_free(pages);
    }
    app_dirty(s->app);
}

static void ask(struct compare_screen *s)
{
    struct question key = {.n = s->n};
    memcpy(key.id, s->id, sizeof key.id);
    if (!s->job)
        s->job = page_job_start(s->d, &key, sizeof key, load, take, drop, s);
}

/* --- rows */

enum better { NO_BETTER, MORE, LESS };

/* One fact: how it is written, and (for counts) how it compares. */
struct fact {
    const char *label; /* a heading when text is NULL */
    void (*text)(const struct model_page *p, struct strip *out);
    uint64_t (*value)(const struct model_page *p); /* NULL: not a count */
    enum better better;
};

static void count(struct strip *out, uint64_t n)
{
    char text[HUMAN_BUF];
    strip_str(out, n ? human_count(text, n) : "–", n ? ST_NORMAL : ST_DIM);
}

#define COUNT(name, expr)                                               \
    static uint64_t v_##name(const struct model_page *p)                \
    {                                                                   \
        return (expr);                                                  \
    }                                                                   \
    static void t_##name(const struct model_page *p, struct strip *out) \
    {                                                                   \
        count(out, v_##name(p));                                        \
    }
COUNT(calls, p->row.figures->calls)
COUNT(payments, p->row.figures->payments)
COUNT(settlements, p->row.figures->settlements)
COUNT(inferences, p->row.figures->inferences)
COUNT(payers, p->row.figures->payers)
COUNT(returning, p->returning)
COUNT(genuine_payers, p->row.figures->genuine_payers)
COUNT(files, p->files)
COUNT(offers, p->listings + p->offers)

static void t_author(const struct model_page *p, struct strip *out)
{
    strip_untrusted(out, untrusted(p->row.author), ST_NORMAL);
}
static void t_task(const struct model_page *p, struct strip *out)
{
    strip_untrusted(out, untrusted(p->row.task[0] ? p->row.task : "–"), ST_NORMAL);
}
static void t_listed(const struct model_page *p, struct strip *out)
{
    static const char *const words[] = {" not listed", " not proven", " proven"};
    part_mark(p->row.mark, out);
    strip_str(out, words[p->row.mark], ST_NORMAL);
}
static void t_price(const struct model_page *p, struct strip *out)
{
    char text[256];
    strip_str(out, p->row.price ? amount_format(p->row.price, text, sizeof text) : "–", ST_MONEY);
}
static void t_changes(const struct model_page *p, struct strip *out)
{
    count(out, p->prices > 1 ? p->prices - 1 : 0);
}
static void t_income(const struct model_page *p, struct strip *out)
{
    char text[256];
    strip_str(out, income_format(&p->row.figures->income, text, sizeof text), ST_MONEY);
}
static void t_genuine(const struct model_page *p, struct strip *out)
{
    part_interval(out, &p->row.figures->low, &p->row.figures->high);
}
static void t_growth(const struct model_page *p, struct strip *out)
{
    const struct trend *t = &p->row.figures->trend;
    part_growth(out, t->known, t->ratio, t->low, t->high);
}
static void t_spark(const struct model_page *p, struct strip *out)
{
    uint32_t v[SPARK_DAYS];
    const uint16_t *spark = p->row.figures->spark;
    for (int i = 0; spark && i < SPARK_DAYS; i++)
        v[i] = spark[i];
    if (spark)
        spark_strip(out, SPARK_DAYS / 3, v, SPARK_DAYS, ST_CHART1);
    else
        strip_str(out, "–", ST_DIM);
}
static void t_last(const struct model_page *p, struct strip *out)
{
    char text[HUMAN_BUF];
    int64_t last = p->row.figures->last;
    strip_str(out, last ? human_age(text, p->as_of - last) : "never", last ? ST_NORMAL : ST_DIM);
}
static void t_blob(const struct model_page *p, struct strip *out)
{
    strip_untrusted(out, p->blob_id.n ? p->blob_id : untrusted("not known"),
                    p->blob_id.n ? ST_CODE : ST_DIM);
}
static void t_pay_to(const struct model_page *p, struct strip *out)
{
    char text[ADDRESS_BUF];
    if (p->row.price && p->row.brief)
        strip_str(out, address_format(p->row.brief->pay_to, text), ST_CODE);
    else
        strip_str(out, "–", ST_DIM);
}

static const struct fact facts[] = {
    {"identity", NULL, NULL, NO_BETTER},
    {"author", t_author, NULL, NO_BETTER},
    {"task", t_task, NULL, NO_BETTER},
    {"blob id", t_blob, NULL, NO_BETTER},
    {"files", t_files, v_files, NO_BETTER},
    {"price", NULL, NULL, NO_BETTER},
    {"listing", t_listed, NULL, NO_BETTER},
    {"per call", t_price, NULL, NO_BETTER},
    {"price changes", t_changes, NULL, NO_BETTER},
    {"pays to", t_pay_to, NULL, NO_BETTER},
    {"offers", t_offers, v_offers, NO_BETTER},
    {"use", NULL, NULL, NO_BETTER},
    {"calls", t_calls, v_calls, MORE},
    {"payments", t_payments, v_payments, MORE},
    {"settlements", t_settlements, v_settlements, MORE},
    {"unpaid calls", t_inferences, v_inferences, NO_BETTER},
    {"payers", t_payers, v_payers, MORE},
    {"came back", t_returning, v_returning, MORE},
    {"income", t_income, NULL, NO_BETTER},
    {"genuine income", t_genuine, NULL, NO_BETTER},
    {"genuine payers", t_genuine_payers, v_genuine_payers, MORE},
    {"growth", t_growth, NULL, NO_BETTER},
    {"last call", t_last, NULL, NO_BETTER},
    {"30 days", t_spark, NULL, NO_BETTER},
};
enum { FACTS = sizeof facts / sizeof *facts };

/* Whether the models differ in this fact: by the cells they would show. */
static bool differs(const struct compare_screen *s, const struct fact *f)
{
    struct strip first, other;
    strip_init(&first, TEXT_UNICODE);
    f->text(s->page[0], &first);
    for (size_t i = 1; i < s->n; i++) {
        strip_init(&other, TEXT_UNICODE);
        f->text(s->page[i], &other);
        if (other.n != first.n ||
            memcmp(other.cell, first.cell, (size_t)first.n * sizeof first.cell[0]) != 0)
            return true;
    }
    return false;
}

static bool is_best(const struct compare_screen *s, const struct fact *f, size_t i)
{
    if (f->better == NO_BETTER || !f->value)
        return false;
    uint64_t mine = f->value(s->page[i]);
    for (size_t k = 0; k < s->n; k++) {
        uint64_t v = f->value(s->page[k]);
        if (k != i && (f->better == MORE ? v >= mine : v <= mine))
            return false;
    }
    return true;
}

static void draw_fact(struct compare_screen *s, struct canvas *c, struct rect r, int y,
                      const struct fact *f, int col_w)
{
    if (!f->text) {
        canvas_str(c, r.x + 1, y, LABEL_W, f->label, ST_TITLE);
        canvas_hline(c, r.x + LABEL_W, y, r.w - LABEL_W, ST_BORDER);
        return;
    }
    bool differ = differs(s, f);
    canvas_str(c, r.x + 1, y, 1, differ ? "≈" : " ", ST_ACCENT);
    canvas_str(c, r.x + 3, y, LABEL_W - 3, f->label, differ ? ST_STRONG : ST_DIM);
    for (size_t i = 0; i < s->n; i++) {
        struct strip st;
        strip_init(&st, canvas_charset(c));
        f->text(s->page[i], &st);
        if (is_best(s, f, i))
            strip_str(&st, " ✓", ST_GOOD);
        canvas_strip(c, r.x + LABEL_W + (int)i * col_w, y, col_w - 2, &st);
    }
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    struct compare_screen *s = self;
    if (!s->page[0]) {
        part_unread(&s->failed, c, area);
        return;
    }
    int col_w = (area.w - LABEL_W) / (int)s->n;
    for (size_t i = 0; i < s->n; i++)
        canvas_untrusted(c, area.x + LABEL_W + (int)i * col_w, area.y, col_w - 2,
                         untrusted(s->page[i]->row.name), ST_STRONG);
    canvas_strf(c, area.x + 1, area.y, LABEL_W - 2, ST_DIM, "window %s", window_name(s->d->window));
    rect_cut_top(&area, 1);
    struct rect foot = rect_cut_bottom(&area, 1);
    canvas_str(c, foot.x + 1, foot.y, foot.w - 2,
               "≈ differs   ✓ best of the row   raw but what says genuine", ST_DIM);
    int most = FACTS - area.h;
    s->top = s->top > most ? most : s->top;
    s->top = s->top < 0 ? 0 : s->top;
    for (int i = 0; i < area.h && s->top + i < FACTS; i++)
        draw_fact(s, c, area, area.y + i, &facts[s->top + i], col_w);
}

/* --- the screen */

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    struct compare_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->n = s->d->marks;
    memcpy(s->id, s->d->marked, s->n * sizeof s->id[0]);
    ask(s);
    *self = s;
    return SOUK_OK;
}

static void close_screen(void *self)
{
    struct compare_screen *s = self;
    page_job_drop(s->job);
    for (size_t i = 0; i < s->n; i++)
        model_page_free(s->page[i]);
    mem_free(s);
}

static bool on_action(void *self, enum action act)
{
    struct compare_screen *s = self;
    switch (act) {
    case ACT_UP:
        s->top--;
        return true;
    case ACT_DOWN:
        s->top++;
        return true;
    case ACT_TOP:
        s->top = 0;
        return true;
    case ACT_BOTTOM:
        s->top = FACTS;
        return true;
    case ACT_WINDOW_LESS:
    case ACT_WINDOW_MORE:
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    case ACT_CLEAR:
        domain_unmark_all(s->d);
        app_pop(s->app);
        return true;
    default:
        return false;
    }
}

static void update(void *self)
{
    ask(self);
}

static const enum action actions[] = {ACT_WINDOW_MORE, ACT_WINDOW_LESS, ACT_CLEAR, ACT_NONE};

const struct screen_ops screen_compare = {
    .name = "compare",
    .title = "Compare",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .action = on_action,
    .update = update,
};
