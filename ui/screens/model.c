/*
 * Model: what is it, does it work, who uses it, what do I do next.
 *
 * One page (pages.h), loaded on a worker, shown in five panes.
 */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"
#include "market/genuine.h"
#include "market/pages.h"
#include "ui/getting.h"
#include "ui/inspecting.h"
#include "ui/screens/explain.h"
#include "ui/screens/findings.h"
#include "ui/screens/here.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/widgets/chart.h"
#include "ui/widgets/markdown.h"
#include "ui/widgets/table.h"
#include "ui/widgets/docview.h"

#include "base/banned.h"

enum pane { PANE_ABOUT, PANE_VERSIONS, PANE_OFFERS, PANE_CALLS, PANE_PROOF, PANES };

enum { WIDE = 110, CHART_ROWS = 10, OFFER_ROWS = 4 };

/* Offers pane: the listings first, then Bazaar's claims. */
enum { OF_FROM, OF_PRICE, OF_STATE, OF_PAYMENTS, OF_INCOME, OF_PAYEE, OF_ENDPOINT, OF_COLS };
static const struct column offer_columns[OF_COLS] = {
    [OF_FROM] = {"FROM", 8, 10, ALIGN_LEFT, 0, 0, false, false},
    [OF_PRICE] = {"PRICE", 11, 14, ALIGN_RIGHT, 0, 0, false, false},
    [OF_STATE] = {"", 14, 22, ALIGN_LEFT, 0, 0, false, false},
    [OF_PAYMENTS] = {"PAYMENTS", 8, 9, ALIGN_RIGHT, 2, 0, false, false},
    [OF_INCOME] = {"INCOME", 12, 16, ALIGN_RIGHT, 3, 0, false, false},
    [OF_PAYEE] = {"PAY TO", 42, 42, ALIGN_LEFT, 4, 0, false, false},
    [OF_ENDPOINT] = {"ENDPOINT", 14, 40, ALIGN_LEFT, 1, 1, false, false},
};

enum { VE_VERSION, VE_FILE, VE_SIZE, VE_BLOB, VE_NOTES, VE_COLS };
static const struct column version_columns[VE_COLS] = {
    [VE_VERSION] = {"VERSION", 7, 9, ALIGN_LEFT, 0, 0, false, false},
    [VE_FILE] = {"FILE", 12, 28, ALIGN_LEFT, 0, 1, false, false},
    [VE_SIZE] = {"SIZE", 8, 9, ALIGN_RIGHT, 1, 0, false, false},
    [VE_BLOB] = {"BLOB ID", 20, 43, ALIGN_LEFT, 2, 0, false, false},
    [VE_NOTES] = {"NOTES", 10, 30, ALIGN_LEFT, 3, 1, false, false},
};

struct model_screen {
    struct app *app;
    struct domain *d;
    int64_t id;
    struct model_page *page; /* NULL: not loaded yet */
    uint64_t findings;
    struct page_job *job;
    struct err failed;
    enum pane pane;
    struct table *calls, *offers, *versions;
    struct docview doc;
    bool files_asked;
    struct inspecting *reading; /* the file on this disk */
    struct inspected *file;
    struct rect chart_area;
    struct chart chart; /* as drawn last, for the pointer */
    long hover;
};

/* --- loading */

struct loaded {
    struct model_page *page;
    uint64_t findings; /* of the rules, in the window */
};

static void drop(void *got)
{
    model_page_free(((struct loaded *)got)->page);
    mem_free(got);
}

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    int64_t id;
    struct findings *found = NULL;
    struct loaded *l = mem_zalloc(sizeof *l);
    memcpy(&id, key, sizeof id);
    souk_err r = l ? model_page_load(st, id, w, &l->page, e) : err_nomem(e);
    if (!r && findings_load(st, w, id, 1, &found, NULL) == SOUK_OK) {
        l->findings = found->total;
        findings_free(found);
    }
    if (r && l)
        drop(l);
    else
        *out = l;
    return r;
}

static void ask(struct model_screen *s);
static void look_here(void *ud);

static void files_came(void *ud, const struct err *e)
{
    struct model_screen *s = ud;
    if (e->code == SOUK_OK)
        ask(s);
}

static void take(void *self, void *got, const struct err *e)
{
    struct model_screen *s = self;
    struct loaded *l = got;
    s->job = NULL;
    s->failed = *e;
    if (l) {
        model_page_free(s->page);
        s->page = l->page;
        s->findings = l->findings;
        mem_free(l);
        docview_stale(&s->doc);
        table_set_rows(s->calls, s->page->calls_n);
        table_set_rows(s->offers, s->page->listings + s->page->offers);
        table_set_rows(s->versions, s->page->files);
        if (!s->page->files && !s->files_asked) {
            s->files_asked = true;
            market_files(s->d->market, s->id, files_came, s);
        }
        look_here(s);
    }
    app_dirty(s->app);
}

static void ask(struct model_screen *s)
{
    if (!s->job)
        s->job = page_job_start(s->d, &s->id, sizeof s->id, load, take, drop, s);
}

/* --- the file on this disk */

static const struct library_row *row_here(const struct model_screen *s)
{
    const struct model_page *p = s->page;
    return !p             ? NULL
           : p->blob_id.n ? getting_have(s->d->getting, p->blob_id)
                          : getting_have_model(s->d->getting, p->row.author, p->row.name);
}

static void on_read(void *ud, struct inspected *i, const struct err *e)
{
    struct model_screen *s = ud;
    (void)e; /* what cannot be read is simply not told */
    s->reading = NULL;
    inspected_unref(s->file);
    s->file = i;
    app_dirty(s->app);
}

/* The shelf is another one, or the page is: what is in the file is read once. */
static void look_here(void *ud)
{
    struct model_screen *s = ud;
    const struct library_row *r = row_here(s);
    blob_id id;
    if (s->file && (!r || strcmp(r->id, s->file->row.id) != 0)) {
        inspected_unref(s->file);
        s->file = NULL;
    }
    if (r && !s->file && !s->reading && blob_id_parse(untrusted(r->id), &id))
        s->reading = inspecting_start(s->d, &id, NULL, on_read, s);
}

static struct here here_of(const struct model_screen *s)
{
    return (struct here){
        .row = row_here(s), .coming = getting_find_model(s->d->getting, s->id), .model = s->file};
}

/* --- cells */

static void call_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct model_screen *s = ud;
    part_call_cell(&s->page->call[row], NULL, col, s->page->as_of, out);
}

static void listing_state(const struct listing_row *l, struct strip *out)
{
    if (!l->active)
        strip_str(out, "withdrawn ", ST_DIM);
    if (l->proven) {
        strip_glyph(out, GL_CHECK, ST_GOOD);
        strip_str(out, " proven", ST_GOOD);
    } else {
        strip_str(out, l->chosen ? "? not proven" : "✗ a stranger's copy", ST_WARN);
    }
}

static void listing_cell(const struct listing_row *l, int col, struct strip *out)
{
    char text[256];
    switch (col) {
    case OF_FROM:
        strip_str(out, "listing", ST_NORMAL);
        break;
    case OF_PRICE:
        strip_str(out, amount_format(&l->price, text, sizeof text), ST_MONEY);
        break;
    case OF_STATE:
        listing_state(l, out);
        break;
    case OF_PAYMENTS:
        strip_str(out, human_count(text, l->payments + l->settlements), ST_NORMAL);
        break;
    case OF_INCOME:
        strip_str(out, income_format(&l->income, text, sizeof text), ST_MONEY);
        break;
    case OF_PAYEE:
        strip_str(out, address_format(l->pay_to, text), ST_CODE);
        break;
    case OF_ENDPOINT:
        strip_untrusted(out, l->endpoint, l->endpoint_bad ? ST_WARN : ST_LINK);
        break;
    default:
        break;
    }
}

static void bazaar_cell(const struct offer_row *o, int col, struct strip *out)
{
    char text[256];
    switch (col) {
    case OF_FROM:
        strip_str(out, "bazaar", ST_DIM);
        break;
    case OF_PRICE:
        strip_str(out, amount_format(&o->amount, text, sizeof text), ST_MONEY);
        break;
    case OF_STATE:
        strip_untrusted(out, o->scheme, ST_NORMAL);
        strip_str(out, o->same_payee ? ", same payee" : ", other payee",
                  o->same_payee ? ST_GOOD : ST_WARN);
        break;
    case OF_PAYEE:
        strip_str(out, address_format(o->pay_to, text), ST_CODE);
        break;
    case OF_ENDPOINT:
        strip_untrusted(out, o->resource, ST_LINK);
        break;
    default:
        break;
    }
}

static void offer_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct model_screen *s = ud;
    if (row < s->page->listings)
        listing_cell(&s->page->listing[row], col, out);
    else
        bazaar_cell(&s->page->offer[row - s->page->listings], col, out);
}

static void version_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct model_screen *s = ud;
    const struct file_row *f = &s->page->file[row];
    char text[HUMAN_BUF];
    switch (col) {
    case VE_VERSION:
        strip_untrusted(out, f->version, ST_STRONG);
        break;
    case VE_FILE:
        strip_untrusted(out, f->name, ST_NORMAL);
        break;
    case VE_SIZE:
        strip_str(out, f->size >= 0 ? human_size(text, (uint64_t)f->size) : "–", ST_NORMAL);
        break;
    case VE_BLOB:
        strip_untrusted(out, f->blob_id, ST_CODE);
        break;
    case VE_NOTES:
        strip_untrusted(out, f->notes, ST_DIM);
        break;
    default:
        break;
    }
}

static const struct table_ops call_ops = {call_cell, NULL};
static const struct table_ops offer_ops = {offer_cell, NULL};
static const struct table_ops version_ops = {version_cell, NULL};

/* --- drawing */

static void draw_head(const struct model_page *p, struct canvas *c, struct rect r)
{
    struct strip st;
    char text[256], a[HUMAN_BUF], b[HUMAN_BUF], n[HUMAN_BUF], last[HUMAN_BUF];
    const struct figures *f = p->row.figures;
    strip_init(&st, canvas_charset(c));
    part_mark(p->row.mark, &st);
    strip_str(&st, " ", ST_NORMAL);
    strip_untrusted(&st, untrusted(p->row.name), ST_TITLE);
    strip_str(&st, "  by ", ST_DIM);
    strip_untrusted(&st, untrusted(p->row.author), ST_STRONG);
    if (text_mixed_scripts(untrusted(p->row.author)) || text_mixed_scripts(untrusted(p->row.name)))
        strip_str(&st, "  △ letters of several scripts", ST_WARN);
    if (p->row.task[0]) {
        strip_str(&st, " · ", ST_DIM);
        strip_untrusted(&st, untrusted(p->row.task), ST_DIM);
    }
    canvas_strip(c, r.x + 1, r.y, r.w - 24, &st);
    if (p->row.price)
        canvas_strf(c, r.x, r.y, -(r.w - 1), ST_MONEY, "%s per call",
                    amount_format(p->row.price, text, sizeof text));
    else
        canvas_str(c, r.x, r.y, -(r.w - 1), "not listed", ST_DIM);

    strip_init(&st, canvas_charset(c));
    if (!f->last) {
        canvas_strf(c, r.x + 1, r.y + 1, r.w - 2, ST_DIM,
                    p->window == WINDOW_ALL ? "never called" : "no calls in %s",
                    window_name(p->window));
        return;
    }
    strip_strf(&st, ST_STRONG, "%s calls", human_count(a, f->calls));
    strip_strf(&st, ST_DIM, " (%s paid, %s unpaid) · ", human_count(b, f->payments),
               human_count(n, f->inferences));
    strip_strf(&st, ST_NORMAL, f->payers == 1 ? "%s payer · " : "%s payers · ",
               human_count(a, f->payers));
    strip_strf(&st, ST_MONEY, "%s", income_format(&f->income, text, sizeof text));
    if (f->settlements)
        strip_strf(&st, ST_DIM, " · %s session settlements", human_count(b, f->settlements));
    strip_strf(&st, ST_DIM, " · %s · last ", window_name(p->window));
    strip_str(&st, human_age(last, p->as_of - f->last), ST_DIM);
    canvas_strip(c, r.x + 1, r.y + 1, r.w - 2, &st);
}

/* "genuine 88.99 … 110.08 USDC · 96 genuine payers · growth +18 % (+9…+28 %) · F 3 findings" */
static void draw_genuine(const struct model_screen *s, struct canvas *c, struct rect r)
{
    const struct figures *f = s->page->row.figures;
    struct strip st;
    char n[HUMAN_BUF];
    strip_init(&st, canvas_charset(c));
    if (f->judged && f->income.n) {
        strip_str(&st, "genuine ", ST_DIM);
        part_interval_short(&st, &f->low, &f->high);
        strip_strf(&st, ST_NORMAL, f->genuine_payers == 1 ? " by %s payer · " : " by %s payers · ",
                   human_count(n, f->genuine_payers));
    }
    strip_str(&st, "growth ", ST_DIM);
    part_growth(&st, f->trend.known, f->trend.ratio, f->trend.low, f->trend.high);
    if (s->findings) {
        strip_str(&st, " · ", ST_DIM);
        strip_str(&st, "F ", ST_KEY);
        strip_strf(&st, ST_WARN, s->findings == 1 ? "%s finding" : "%s findings",
                   human_count(n, s->findings));
    }
    canvas_strip(c, r.x + 1, r.y, r.w - 2, &st);
}

static void draw_tabs(struct model_screen *s, struct canvas *c, struct rect r)
{
    static const char *const names[PANES] = {"About", "Versions", "Offers", "Calls", "Proof"};
    const struct model_page *p = s->page;
    size_t counts[PANES] = {0, p->files, p->listings + p->offers, p->row.figures->calls, 0};
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    int x = r.x + 1;
    for (int i = 0; i < PANES; i++) {
        char text[64], n[HUMAN_BUF];
        snprintf(text, sizeof text, counts[i] ? " %s %s " : " %s ", names[i],
                 human_count(n, counts[i]));
        x += canvas_strf(c, x, r.y, r.x + r.w - x, i == (int)s->pane ? ST_SORTED : ST_DIM,
                         i == (int)s->pane ? "[%s]" : " %s ", text);
    }
}

static void draw_chart(struct model_screen *s, struct canvas *c, struct rect r)
{
    const struct model_page *p = s->page;
    s->chart = (struct chart){
        .title = "calls per day",
        .kind = CHART_LINE,
        .series = {{"all calls", p->calls.v, p->calls.n, ST_CHART1},
                   {"paid", p->paid.v, p->paid.n, ST_CHART2}},
        .n_series = 2,
        .t0 = p->calls.first_day * 86400,
        .step = 86400,
        .hover = s->hover,
    };
    uint64_t any = 0;
    for (size_t i = 0; i < p->calls.n; i++)
        any |= p->calls.v[i];
    s->chart_area = any ? r : (struct rect){0, 0, 0, 0};
    if (any)
        chart_draw(&s->chart, c, r);
    else
        canvas_strf(c, r.x, r.y, r.w, ST_DIM, "No calls by the day%s.",
                    p->window == WINDOW_ALL ? "" : " in this window");
}

static void draw_text(struct model_screen *s, struct canvas *c, struct rect r)
{
    const struct model_page *p = s->page;
    if (docview_begin(&s->doc, docview_width(r)))
        markdown_render(&s->doc.text, p->description, s->doc.width, canvas_charset(c));
    if (!p->description.n) {
        canvas_str(c, r.x + 1, r.y, r.w - 2, "The author wrote no description.", ST_DIM);
        return;
    }
    if (s->doc.text.hidden) {
        struct rect note = rect_cut_bottom(&r, 1);
        canvas_strf(c, note.x + 1, note.y, note.w - 2, ST_WARN,
                    "△ %u hidden or control characters, shown as signs", s->doc.text.hidden);
    }
    docview_draw(&s->doc, c, r, true);
}

static void draw_about(struct model_screen *s, struct canvas *c, struct rect r)
{
    struct here here = here_of(s);
    int used = here_draw(&here, c, r);
    rect_cut_top(&r, used ? used + 1 : 0);
    if (r.w >= WIDE) {
        struct rect right = rect_cut_right(&r, r.w * 9 / 20);
        canvas_vline(c, right.x, right.y, right.h, ST_BORDER);
        rect_cut_left(&right, 2);
        struct rect top = rect_cut_top(&right, right.h / 2 < 16 ? right.h / 2 : 16);
        draw_chart(s, c, top);
        canvas_str(c, right.x, right.y + 1, right.w, "latest calls", ST_TITLE);
        rect_cut_top(&right, 2);
        table_draw(s->calls, c, right, false, "No call yet.");
    } else if (r.h >= 18 && s->page->row.figures->last) {
        draw_chart(s, c, rect_inset(rect_cut_top(&r, 8), 1, 0));
        rect_cut_top(&r, 1);
    }
    draw_text(s, c, r);
}

/* The selected offer in full: a table cell may cut what decides. */
static void draw_offer(struct model_screen *s, struct canvas *c, struct rect r)
{
    const struct model_page *p = s->page;
    size_t row = table_selected(s->offers);
    char to[ADDRESS_BUF];
    if (!r.h)
        return;
    bool listing = row < p->listings;
    const struct offer_row *o = listing ? NULL : &p->offer[row - p->listings];
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_str(c, r.x + 1, r.y + 1, 10, "pays to", ST_DIM);
    canvas_str(c, r.x + 12, r.y + 1, r.w - 13,
               address_format(listing ? p->listing[row].pay_to : o->pay_to, to), ST_CODE);
    canvas_str(c, r.x + 1, r.y + 2, 10, "endpoint", ST_DIM);
    canvas_untrusted(c, r.x + 12, r.y + 2, r.w - 13,
                     listing ? p->listing[row].endpoint : o->resource, ST_LINK);
    canvas_str(c, r.x + 1, r.y + 3, 10, listing ? "listing" : "says", ST_DIM);
    if (listing)
        canvas_str(c, r.x + 12, r.y + 3, r.w - 13, p->listing[row].id, ST_CODE);
    else
        canvas_untrusted(c, r.x + 12, r.y + 3, r.w - 13, o->description, ST_NORMAL);
}

static int proof_line(struct canvas *c, struct rect r, int y, const char *label)
{
    canvas_str(c, r.x + 1, y, 18, label, ST_DIM);
    return r.x + 20;
}

static void draw_proof(struct model_screen *s, struct canvas *c, struct rect r)
{
    static const char *const from[] = {"unknown", "the proven listing", "the Hub's file list",
                                       "the author's description"};
    const struct model_page *p = s->page;
    int y = r.y, x = proof_line(c, r, y, "blob id");
    if (p->blob_id.n) {
        canvas_untrusted(c, x, y++, r.w - 21, p->blob_id, ST_CODE);
        canvas_strf(c, x, y++, r.w - 21, ST_DIM, "from %s", from[p->blob_from]);
    } else {
        canvas_str(c, x, y++, r.w - 21, "not known: no listing, file or description names one",
                   ST_DIM);
    }
    struct here here = here_of(s);
    struct strip disk;
    strip_init(&disk, canvas_charset(c));
    here_strip(&here, &disk);
    x = proof_line(c, r, y, "file");
    canvas_strip(c, x, y++, r.w - 21, &disk);
    if (p->legacy_blob)
        canvas_str(c, x, y++, r.w - 21, "△ an old IPFS id: it cannot be verified the Walrus way",
                   ST_WARN);
    y++;
    x = proof_line(c, r, y, "listing");
    if (p->row.mark == MARK_PROVEN)
        y = part_words(
            c, r, x, y,
            "✓ proven: it names this model, and the author's description names its owner", ST_GOOD);
    else if (p->row.mark == MARK_UNPROVEN)
        y = part_words(c, r, x, y,
                       "? not proven: the author's description does not name the listing's owner",
                       ST_WARN);
    else
        y = part_words(c, r, x, y, "– nobody listed this model on chain", ST_DIM);
    y++;
    y = part_provenance(c, r, y, "record", &p->hub);
    y = part_provenance(c, r, y, "figures", &p->chain);
    y++;
    canvas_str(c, r.x + 1, y++, r.w - 2, "How it is counted", ST_TITLE);
    static const struct {
        const char *what, *words;
    } how[] = {
        {"payment", "one settled exact transfer to the listing's address, with its protocol event: "
                    "one paid call"},
        {"settlement", "one settled session (upto): income, an unknown number of calls"},
        {"inference", "one ModelInferenceEvent of this blob id: unpaid usage"},
        {"raw", "every proved settlement counts, whoever made it"},
        {"genuine", "from: without any payment a rule excludes; to: without the author's own"},
    };
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        canvas_str(c, r.x + 1, y, 18, how[i].what, ST_DIM);
        y = part_words(c, r, x, y, how[i].words, ST_NORMAL);
    }
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    struct model_screen *s = self;
    if (!s->page) {
        part_unread(&s->failed, c, area);
        return;
    }
    enum { ROOMY = 16 };
    draw_head(s->page, c, rect_cut_top(&area, 2));
    if (area.h >= ROOMY && s->page->row.figures->last)
        draw_genuine(s, c, rect_cut_top(&area, 1));
    draw_tabs(s, c, rect_cut_top(&area, 1));
    s->chart_area = (struct rect){0, 0, 0, 0};
    switch (s->pane) {
    case PANE_ABOUT:
        draw_about(s, c, area);
        break;
    case PANE_VERSIONS:
        table_draw(s->versions, c, area, true,
                   market_offline(s->d->market) ? "No files in the cache, and this is --offline."
                                                : "The Hub told of no files.");
        break;
    case PANE_OFFERS:
        draw_offer(s, c,
                   rect_cut_bottom(&area, area.h >= 10 && table_rows(s->offers) ? OFFER_ROWS : 0));
        table_draw(s->offers, c, area, true, "Nobody sells calls of this model.");
        break;
    case PANE_CALLS:
        if (s->page->row.figures->last)
            draw_chart(
                s, c,
                rect_inset(rect_cut_top(&area, area.h / 2 < CHART_ROWS ? area.h / 2 : CHART_ROWS),
                           1, 0));
        table_draw(s->calls, c, area, true, "No call yet.");
        break;
    case PANE_PROOF:
        draw_proof(s, c, area);
        break;
    case PANES:
        break;
    }
}

/* --- input */

static struct table *pane_table(const struct model_screen *s)
{
    return s->pane == PANE_VERSIONS ? s->versions
           : s->pane == PANE_OFFERS ? s->offers
           : s->pane == PANE_CALLS  ? s->calls
                                    : NULL;
}

static bool on_event(void *self, const struct event *ev)
{
    struct model_screen *s = self;
    if (ev->kind != EV_MOUSE || !s->page)
        return false;
    if (rect_has(s->chart_area, ev->mouse.x, ev->mouse.y)) {
        s->hover = chart_index_at(&s->chart, s->chart_area, ev->mouse.x);
        return true;
    }
    if (pane_table(s))
        return table_mouse(pane_table(s), &ev->mouse) != TABLE_IGNORED;
    return textview_wheel(&s->doc.view, &ev->mouse);
}

static char *label_of(const struct model_screen *s, char out[EXPLAIN_LABEL])
{
    snprintf(out, EXPLAIN_LABEL, "%s/%s", s->page->row.author, s->page->row.name);
    return out;
}

/* The transaction under the cursor in Calls, else the model's blob id. */
static void copy(struct model_screen *s)
{
    const struct model_page *p = s->page;
    size_t row = table_selected(s->calls);
    if (s->pane == PANE_CALLS && row < p->calls_n)
        app_copy(s->app, untrusted(p->call[row].tx), "the transaction id");
    else if (p->blob_id.n)
        app_copy(s->app, p->blob_id, "the blob id");
    else
        app_copy(s->app, untrusted(p->row.name), "the model's name");
}

static void explain(struct model_screen *s)
{
    static const enum metric of[] = {
        METRIC_CALLS,  METRIC_PAYMENTS, METRIC_SETTLEMENTS,    METRIC_INFERENCES,   METRIC_PAYERS,
        METRIC_INCOME, METRIC_SPENDING, METRIC_GENUINE_PAYERS, METRIC_SELF_DEALING, METRIC_GROWTH};
    char label[EXPLAIN_LABEL];
    explain_menu(s->app, of, sizeof of / sizeof *of, s->id, label_of(s, label));
}

/* In Versions the selected file, which need not be the model's own word. */
static const struct file_row *chosen_file(const struct model_screen *s)
{
    size_t i = table_selected(s->versions);
    return s->pane == PANE_VERSIONS && i < s->page->files ? &s->page->file[i] : NULL;
}

static void get_or_run(struct model_screen *s, enum action act)
{
    const struct file_row *f = chosen_file(s);
    char version[64], name[256];
    if (f) {
        snprintf(version, sizeof version, "%.*s", (int)f->version.n, f->version.p);
        snprintf(name, sizeof name, "%.*s", (int)f->name.n, f->name.p);
    }
    struct run_arg run = {.model = s->id, .version = f ? version : NULL, .file = f ? name : NULL};
    if (act == ACT_RUN)
        app_push(s->app, &screen_run, &run);
    else
        getting_model(s->d->getting, s->id, run.version, run.file);
}

static bool on_action(void *self, enum action act)
{
    struct model_screen *s = self;
    if (act == ACT_NEXT_PANE || act == ACT_RIGHT || act == ACT_PREV_PANE || act == ACT_LEFT) {
        unsigned step = act == ACT_NEXT_PANE || act == ACT_RIGHT ? 1 : PANES - 1;
        s->pane = (enum pane)(((unsigned)s->pane + step) % PANES);
        return true;
    }
    if (!s->page)
        return false;
    switch (act) {
    case ACT_WINDOW_LESS:
    case ACT_WINDOW_MORE:
        domain_window_step(s->d, act == ACT_WINDOW_MORE ? 1 : -1);
        return true;
    case ACT_AUTHOR:
        app_push(s->app, &screen_author, (void *)(uintptr_t)s->page->row.author);
        return true;
    case ACT_MARK:
        if (!domain_mark(s->d, s->id))
            app_toast(s->app, ST_WARN, "Four models are marked already; C compares them");
        else
            app_toast(s->app, ST_MARKED,
                      domain_is_marked(s->d, s->id) ? "Marked; C compares the marked ones"
                                                    : "Mark taken off");
        return true;
    case ACT_COMPARE:
        if (s->d->marks >= 2)
            app_push(s->app, &screen_compare, NULL);
        else
            app_toast(s->app, ST_WARN, "Mark two to four models with space, then C compares them");
        return true;
    case ACT_CALL:
        app_push(s->app, &screen_call, &(struct call_arg){.model = s->id});
        return true;
    case ACT_RUN:
    case ACT_GET:
        get_or_run(s, act);
        return true;
    case ACT_COPY:
        copy(s);
        return true;
    case ACT_EXPLAIN:
        explain(s);
        return true;
    case ACT_FINDINGS: {
        char label[EXPLAIN_LABEL];
        app_push(s->app, &screen_findings,
                 &(struct findings_arg){.who = s->id, .label = label_of(s, label)});
        return true;
    }
    default:
        break;
    }
    if (pane_table(s))
        return table_action(pane_table(s), act) != TABLE_IGNORED;
    return textview_action(&s->doc.view, act);
}

/* --- life */

static void close_screen(void *self)
{
    struct model_screen *s = self;
    market_files_drop(s->d->market, s);
    if (s->d->getting)
        getting_unlisten(s->d->getting, s);
    inspecting_drop(s->reading);
    inspected_unref(s->file);
    page_job_drop(s->job);
    model_page_free(s->page);
    table_free(s->calls);
    table_free(s->offers);
    table_free(s->versions);
    docview_release(&s->doc);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    struct model_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->id = *(const int64_t *)arg;
    s->hover = -1;
    docview_init(&s->doc);
    s->calls = table_new(part_call_columns, PART_CALL_COLS - 1, &call_ops, s);
    s->offers = table_new(offer_columns, OF_COLS, &offer_ops, s);
    s->versions = table_new(version_columns, VE_COLS, &version_ops, s);
    if (!s->calls || !s->offers || !s->versions || !s->d->getting) {
        close_screen(s);
        return err_nomem(e);
    }
    getting_listen(s->d->getting, look_here, s);
    ask(s);
    *self = s;
    return SOUK_OK;
}

static void update(void *self)
{
    ask(self);
}

static void crumb(void *self, struct strip *out)
{
    struct model_screen *s = self;
    if (!s->page)
        return;
    strip_untrusted(out, untrusted(s->page->row.author), ST_DIM);
    strip_str(out, "/", ST_DIM);
    strip_untrusted(out, untrusted(s->page->row.name), ST_STRONG);
}

static const enum action actions[] = {
    ACT_NEXT_PANE,   ACT_CALL,        ACT_RUN,  ACT_GET,     ACT_AUTHOR,   ACT_MARK, ACT_COMPARE,
    ACT_WINDOW_MORE, ACT_WINDOW_LESS, ACT_COPY, ACT_EXPLAIN, ACT_FINDINGS, ACT_NONE};

const struct screen_ops screen_model = {
    .name = "model",
    .title = "Model",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .update = update,
    .crumb = crumb,
};
