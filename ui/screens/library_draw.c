/* The Library screen's looks: a pure function of its state. */
#include "ui/screens/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "ui/screens/parts.h"
#include "ui/widgets/bars.h"

#include "base/banned.h"

enum { GAUGE_COLS = 20, DETAIL_ROWS = 4, ROOMY = 12 };

const struct column library_columns[LIB_COLS] = {
    [LIB_MODEL] = {"MODEL", 22, 44, ALIGN_LEFT, 0, 2, true, false},
    [LIB_VERSION] = {"VERSION", 7, 9, ALIGN_LEFT, 3, 0, false, false},
    [LIB_SIZE] = {"SIZE", 8, 9, ALIGN_RIGHT, 0, 0, true, true},
    [LIB_STATE] = {"STATE", 22, 36, ALIGN_LEFT, 0, 1, false, false},
    [LIB_GOT] = {"GOT", 8, 8, ALIGN_RIGHT, 1, 0, true, true},
    [LIB_USED] = {"USED", 8, 8, ALIGN_RIGHT, 2, 0, true, true},
    [LIB_ID] = {"BLOB ID", BLOB_ID_TEXT, BLOB_ID_TEXT, ALIGN_LEFT, 4, 0, false, false},
};

/* --- what a row is about */

struct untrusted library_author(const struct library_entry *e)
{
    return e->coming ? untrusted(e->coming->target.author) : e->row->about.author;
}

struct untrusted library_name(const struct library_entry *e)
{
    if (e->coming)
        return untrusted(e->coming->target.name[0] ? e->coming->target.name
                                                   : e->coming->target.file);
    return e->row->about.model.n ? e->row->about.model : e->row->about.file;
}

char *library_id(const struct library_entry *e, char out[BLOB_ID_BUF])
{
    if (e->coming)
        return blob_id_format(&e->coming->target.id, out);
    memcpy(out, e->row->id, BLOB_ID_BUF);
    return out;
}

static uint64_t size_of(const struct library_entry *e)
{
    if (e->coming && e->coming->progress.total)
        return e->coming->progress.total;
    if (e->coming)
        return e->coming->target.size > 0 ? (uint64_t)e->coming->target.size : 0;
    return e->row->size;
}

/* --- order */

static int by_text(struct untrusted a, struct untrusted b)
{
    int c = memcmp(a.n ? a.p : "", b.n ? b.p : "", a.n < b.n ? a.n : b.n);
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static int by_number(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare(const void *x, const void *y, void *ud)
{
    const struct library_screen *s = ud;
    const struct library_row *a = ((const struct library_entry *)x)->row;
    const struct library_row *b = ((const struct library_entry *)y)->row;
    struct library_entry ea = {.row = a}, eb = {.row = b};
    int c = 0;
    switch (s->sort) {
    case LIB_MODEL:
        c = by_text(library_name(&ea), library_name(&eb));
        c = c ? c : by_text(a->about.author, b->about.author);
        break;
    case LIB_SIZE:
        c = by_number(a->size, b->size);
        break;
    case LIB_USED:
        c = by_number((uint64_t)a->used, (uint64_t)b->used);
        break;
    default:
        c = by_number((uint64_t)a->about.got, (uint64_t)b->about.got);
        break;
    }
    c = s->desc ? -c : c;
    return c ? c : strcmp(a->id, b->id);
}

/* What is coming keeps its place at the top. */
void library_sort(struct library_screen *s)
{
    size_t coming = 0;
    while (coming < s->n && s->entry[coming].coming)
        coming++;
    if (s->n - coming > 1)
        qsort_r(s->entry + coming, s->n - coming, sizeof *s->entry, compare, s);
    table_set_sort(s->table, s->sort, s->desc);
}

/* --- cells */

const char *library_failure(const struct err *e)
{
    switch (e->code) {
    case SOUK_ENOTFOUND:
        return "no longer stored";
    case SOUK_ENET:
        return "nobody could be reached";
    case SOUK_EVERIFY:
        return "not the right file";
    case SOUK_ELIMIT:
        return "over the disk budget";
    default:
        return "failed";
    }
}

static const char *step_words(enum get_step step)
{
    return step == GET_ASKING ? "asking" : step == GET_CHECKING ? "checking" : "keeping";
}

static void coming_cell(const struct coming *k, struct strip *out)
{
    const struct get_progress *p = &k->progress;
    char rate[HUMAN_BUF];
    switch (k->state) {
    case COMING_WAITS:
        strip_str(out, "· waits", ST_DIM);
        break;
    case COMING_STOPS:
        strip_str(out, "· stopping", ST_DIM);
        break;
    case COMING_STOPPED:
        strip_str(out, "△ stopped", ST_WARN);
        if (p->total && p->done <= p->total)
            strip_strf(out, ST_STRONG, " at %d %%", (int)(p->done * 100 / p->total));
        break;
    case COMING_FAILED:
        strip_strf(out, ST_BAD, "✗ %s", library_failure(&k->failed));
        break;
    case COMING_RUNS:
        strip_str(out, "▸ ", ST_ACCENT);
        if (p->step != GET_COMING)
            strip_str(out, step_words(p->step), ST_ACCENT);
        if (p->total && p->done <= p->total)
            strip_strf(out, ST_STRONG, "%s%d %%", p->step == GET_COMING ? "" : " ",
                       (int)(p->done * 100 / p->total));
        if (p->step == GET_COMING && p->rate)
            strip_strf(out, ST_DIM, "  %s/s", human_size(rate, p->rate));
        break;
    }
}

static void state_cell(const struct library_screen *s, const struct library_entry *e,
                       struct strip *out)
{
    if (e->coming) {
        coming_cell(e->coming, out);
    } else if (strcmp(s->checked, e->row->id) == 0) {
        strip_str(out, "▸ checking", ST_ACCENT);
        if (s->check_total)
            strip_strf(out, ST_STRONG, " %d %%", (int)(s->check_done * 100 / s->check_total));
    } else if (e->row->partial) {
        strip_str(out, "△ in part; d goes on", ST_WARN);
    } else if (e->row->about.verified == VERIFIED_NO) {
        strip_str(out, "✗ not verified", ST_BAD);
    } else {
        strip_strf(out, ST_GOOD, "✓ %s", verified_name(e->row->about.verified));
    }
}

static void ago_cell(int64_t when, const char *never, struct strip *out)
{
    char age[HUMAN_BUF];
    if (when)
        strip_str(out, human_age(age, clock_now() - when), ST_NORMAL);
    else
        strip_str(out, never, ST_DIM);
}

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    struct library_screen *s = ud;
    const struct library_entry *e = &s->entry[row];
    char text[HUMAN_BUF], id[BLOB_ID_BUF];
    switch (col) {
    case LIB_MODEL:
        if (library_author(e).n) {
            strip_untrusted(out, library_author(e), ST_DIM);
            strip_str(out, "/", ST_DIM);
        }
        if (library_name(e).n)
            strip_untrusted(out, library_name(e), ST_STRONG);
        else
            strip_str(out, library_id(e, id), ST_CODE);
        break;
    case LIB_VERSION:
        strip_untrusted(out,
                        e->coming ? untrusted(e->coming->target.version) : e->row->about.version,
                        ST_NORMAL);
        break;
    case LIB_SIZE:
        strip_str(out, size_of(e) ? human_size(text, size_of(e)) : "–", ST_NORMAL);
        break;
    case LIB_STATE:
        state_cell(s, e, out);
        break;
    case LIB_GOT:
        ago_cell(e->coming ? 0 : e->row->about.got, "–", out);
        break;
    case LIB_USED:
        ago_cell(e->coming ? 0 : e->row->used, e->coming ? "–" : "never", out);
        break;
    case LIB_ID:
        strip_str(out, library_id(e, id), ST_CODE);
        break;
    default:
        break;
    }
}

const struct table_ops library_ops = {cell, NULL};

/* --- the whole */

static void draw_totals(const struct library_screen *s, struct canvas *c, struct rect r)
{
    char used[HUMAN_BUF], all[HUMAN_BUF], n[HUMAN_BUF];
    const struct library_list *l = s->shelf;
    struct strip st;
    size_t partial = 0;
    for (size_t i = 0; i < l->n; i++)
        partial += l->row[i].partial;
    strip_init(&st, canvas_charset(c));
    bool full = l->budget && l->bytes >= l->budget - l->budget / 10;
    strip_strf(&st, ST_STRONG, "%s of %s ", human_size(used, l->bytes), human_size(all, l->budget));
    gauge_strip(&st, GAUGE_COLS, l->bytes, l->budget, full ? ST_WARN : ST_CHART1);
    strip_strf(&st, ST_DIM, l->n - partial == 1 ? "  %s model" : "  %s models",
               human_count(n, l->n - partial));
    if (partial)
        strip_strf(&st, ST_WARN, " · %zu in part", partial);
    if (full)
        strip_str(&st, " · X makes room", ST_WARN);
    canvas_strip(c, r.x + 1, r.y, r.w - 2, &st);
}

/* The selected one in full: a cell may cut what matters. */
static void draw_detail(const struct library_screen *s, struct canvas *c, struct rect r)
{
    const struct library_entry *e = &s->entry[table_selected(s->table)];
    char id[BLOB_ID_BUF], done[HUMAN_BUF], total[HUMAN_BUF], left[HUMAN_BUF];
    struct strip st;
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_str(c, r.x + 1, r.y + 1, 9, "blob", ST_DIM);
    canvas_str(c, r.x + 10, r.y + 1, r.w - 11, library_id(e, id), ST_CODE);
    struct rect words = {r.x, r.y + 2, r.w, r.h - 2};
    if (!e->coming) {
        strip_init(&st, canvas_charset(c));
        strip_untrusted(&st, e->row->about.file, ST_NORMAL);
        if (e->row->about.source.n) {
            strip_str(&st, e->row->about.file.n ? " from " : "from ", ST_DIM);
            strip_untrusted(&st, e->row->about.source, ST_NORMAL);
        } else {
            strip_str(&st, e->row->about.file.n ? " from this machine" : "from this machine",
                      ST_DIM);
        }
        canvas_str(c, r.x + 1, words.y, 9, "file", ST_DIM);
        canvas_strip(c, r.x + 10, words.y, r.w - 11, &st);
        return;
    }
    const struct coming *k = e->coming;
    if (k->state == COMING_FAILED) {
        part_text(c, words, r.x + 1, words.y, untrusted(k->failed.msg), ST_BAD);
        return;
    }
    strip_init(&st, canvas_charset(c));
    strip_strf(&st, ST_NORMAL, "%s of %s", human_size(done, k->progress.done),
               k->progress.total ? human_size(total, k->progress.total) : "?");
    if (k->progress.left >= 0)
        strip_strf(&st, ST_DIM, " · %s left",
                   k->progress.left < 60 ? "less than 1 m" : human_age(left, k->progress.left));
    if (k->progress.host[0]) {
        strip_str(&st, " · from ", ST_DIM);
        strip_untrusted(&st, untrusted(k->progress.host), ST_NORMAL);
    }
    if (k->progress.by_rows)
        strip_str(&st, " · proved as it comes", ST_GOOD);
    if (k->progress.refetched)
        strip_strf(&st, ST_WARN, " · %u bad rows asked for again", k->progress.refetched);
    canvas_strip(c, r.x + 1, words.y, r.w - 2, &st);
    canvas_untrusted(c, r.x + 1, words.y + 1, r.w - 2, untrusted(k->progress.words), ST_WARN);
}

static void draw_empty(const struct library_screen *s, struct canvas *c, struct rect area)
{
    struct rect r = rect_center(area, 66, 9);
    char budget[HUMAN_BUF];
    int y = r.y;
    canvas_str(c, r.x, y++, r.w, "No model is on this disk yet.", ST_TITLE);
    y = part_words(c, r, r.x, y + 1,
                   "d on a model, in Market (1) or on its page, gets its file: from the Walrus "
                   "aggregators, proved against its blob ID before it gets its name here.",
                   ST_NORMAL);
    y = part_words(c, r, r.x, y + 1,
                   "Then r runs it on this machine, without network and without your files.",
                   ST_NORMAL);
    if (s->shelf)
        canvas_strf(c, r.x, y + 1, r.w, ST_DIM, "The library may take %s of this disk.",
                    human_size(budget, s->shelf->budget));
}

void library_draw(struct library_screen *s, struct canvas *c, struct rect area)
{
    canvas_note_age(c);
    part_failure(&s->failed, c, &area, 0);
    if (s->shelf)
        draw_totals(s, c, rect_cut_top(&area, 1));
    if (!s->n && s->shelf) {
        draw_empty(s, c, area);
        return;
    }
    if (s->n && area.h > ROOMY)
        draw_detail(s, c, rect_cut_bottom(&area, DETAIL_ROWS));
    table_draw(s->table, c, area, true, s->failed.code ? NULL : "reading…");
}
