/* The Run screen's looks: a pure function of its state. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "ui/screens/call.h"
#include "ui/screens/parts.h"
#include "ui/screens/run.h"
#include "ui/widgets/bars.h"

#include "base/banned.h"

enum { WIDE = 110, PAST_ROWS = 6, ROOMY = 17, GAUGE_COLS = 24, NUMBER_MAX = 32, NS_MS = 1000000 };

const struct column run_output_columns[OUT_COLS] = {
    [OUT_NAME] = {"OUTPUT", 10, 24, ALIGN_LEFT, 0, 0, false, false},
    [OUT_TYPE] = {"TYPE", 12, 18, ALIGN_LEFT, 0, 0, false, false},
    [OUT_MIN] = {"MIN", 9, 11, ALIGN_RIGHT, 2, 0, false, false},
    [OUT_MAX] = {"MAX", 9, 11, ALIGN_RIGHT, 2, 0, false, false},
    [OUT_MEAN] = {"MEAN", 9, 11, ALIGN_RIGHT, 3, 0, false, false},
    [OUT_VALUES] = {"VALUES", 12, 30, ALIGN_LEFT, 0, 1, false, false},
};

const struct column run_past_columns[PAST_COLS] = {
    [PAST_WHEN] = {"WHEN", 8, 9, ALIGN_RIGHT, 0, 0, false, false},
    [PAST_STATE] = {"RESULT", 16, 40, ALIGN_LEFT, 0, 1, false, false},
    [PAST_LATENCY] = {"LATENCY", 20, 24, ALIGN_RIGHT, 0, 0, false, false},
    [PAST_REPEAT] = {"RUNS", 7, 9, ALIGN_RIGHT, 1, 0, false, false},
    [PAST_ENGINE] = {"ENGINE", 8, 10, ALIGN_LEFT, 2, 0, false, false},
};

/* --- numbers */

/* "83 us", "1.25 ms", "2.1 s". */
static char *time_text(int64_t ns, char out[HUMAN_BUF])
{
    if (ns < 10000)
        snprintf(out, HUMAN_BUF, "%.1f us", (double)ns / 1e3);
    else if (ns < NS_MS)
        snprintf(out, HUMAN_BUF, "%.0f us", (double)ns / 1e3);
    else if (ns < 1000 * (int64_t)NS_MS)
        snprintf(out, HUMAN_BUF, "%.2f ms", (double)ns / 1e6);
    else
        snprintf(out, HUMAN_BUF, "%.2f s", (double)ns / 1e9);
    return out;
}

static void number_cell(bool there, double v, struct strip *out)
{
    if (there)
        strip_strf(out, ST_NORMAL, "%.5g", v);
    else
        strip_str(out, "–", ST_DIM);
}

static void output_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct run_output *o = &((struct run_screen *)ud)->answer->out[row];
    switch (col) {
    case OUT_NAME:
        strip_untrusted(out, o->name, ST_STRONG);
        break;
    case OUT_TYPE:
        strip_untrusted(out, o->type, ST_CODE);
        break;
    case OUT_MIN:
        number_cell(o->has_stats, o->stats.min, out);
        break;
    case OUT_MAX:
        number_cell(o->has_stats, o->stats.max, out);
        break;
    case OUT_MEAN:
        number_cell(o->has_stats, o->stats.mean, out);
        break;
    case OUT_VALUES:
        strip_untrusted(out, o->words, ST_NORMAL);
        break;
    default:
        break;
    }
}

static void past_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct run_row *r = &((struct run_screen *)ud)->past[row];
    char text[HUMAN_BUF], more[HUMAN_BUF];
    switch (col) {
    case PAST_WHEN:
        strip_str(out, human_age(text, clock_now() - r->time), ST_NORMAL);
        break;
    case PAST_STATE:
        if (r->error.n) {
            strip_str(out, "✗ ", ST_BAD);
            strip_untrusted(out, r->error, ST_BAD);
        } else {
            strip_str(out, "✓ ran", ST_GOOD);
        }
        break;
    case PAST_LATENCY:
        if (r->p50_ns)
            strip_strf(out, ST_NORMAL, "p50 %s p95 %s", time_text(r->p50_ns, text),
                       time_text(r->p95_ns, more));
        else if (r->first_ns)
            strip_str(out, time_text(r->first_ns, text), ST_NORMAL);
        else
            strip_str(out, "–", ST_DIM);
        break;
    case PAST_REPEAT:
        strip_str(out, human_count(text, r->repeats > 0 ? (uint64_t)r->repeats + 1 : 1), ST_DIM);
        break;
    case PAST_ENGINE:
        strip_untrusted(out, r->engine, ST_DIM);
        break;
    default:
        break;
    }
}

const struct table_ops run_output_ops = {output_cell, NULL}, run_past_ops = {past_cell, NULL};

/* --- head */

static void draw_head(const struct run_screen *s, struct canvas *c, struct rect r)
{
    char price[256], size[HUMAN_BUF];
    struct strip st;
    strip_init(&st, canvas_charset(c));
    if (s->model)
        strip_str(&st, "⬇ ", ST_ACCENT);
    strip_untrusted(&st, untrusted(s->label[0] ? s->label : s->what.name), ST_TITLE);
    if (s->model && s->model->row.about.version.n) {
        strip_str(&st, " ", ST_DIM);
        strip_untrusted(&st, s->model->row.about.version, ST_DIM);
    }
    if (s->model)
        strip_strf(&st, ST_DIM, " · %s", human_size(size, s->model->row.size));
    if (s->model && s->model->row.about.verified != VERIFIED_NO)
        strip_strf(&st, ST_GOOD, " · ✓ %s", verified_name(s->model->row.about.verified));
    int used = 0;
    if (s->seller.url[0] && s->seller.has_price) /* in the form a c is a letter */
        used =
            canvas_strf(c, r.x, r.y, -(r.w - 1), ST_MONEY,
                        s->focus == RUN_ON_FORM ? "%s per call" : "c calls it for %s and compares",
                        amount_format(&s->seller.price, price, sizeof price));
    canvas_strip(c, r.x + 1, r.y, r.w - used - 3, &st);
    canvas_hline(c, r.x, r.y + 1, r.w, ST_BORDER);
}

static void draw_failed(const struct run_screen *s, struct canvas *c, struct rect *area)
{
    bool no_engine = s->failed.code == SOUK_ENOTFOUND && s->model;
    part_failure(&s->failed, c, area, no_engine ? 0 : 1);
    if (no_engine) {
        int y = part_words(c, *area, area->x + 3, area->y,
                           "`souk doctor --engine` in a shell gets one: the official build, pinned "
                           "and checked.",
                           ST_NORMAL);
        rect_cut_top(area, y - area->y + 1);
    }
}

/* --- not here */

static void draw_absent(const struct run_screen *s, struct canvas *c, struct rect area)
{
    struct rect r = rect_center(area, 66, 8);
    char id[BLOB_ID_BUF], done[HUMAN_BUF], total[HUMAN_BUF];
    const struct coming *k = NULL;
    int y = r.y;
    if (s->what.has_id && s->d && s->d->getting)
        k = getting_find(s->d->getting, untrusted(blob_id_format(&s->what.id, id)));
    canvas_str(c, r.x, y++, r.w, "This model is not on this disk.", ST_TITLE);
    y++;
    if (k && k->state == COMING_FAILED) {
        y = part_text(c, r, r.x, y, untrusted(k->failed.msg), ST_BAD);
        canvas_str(c, r.x, y + 1, 1, "d", ST_KEY);
        canvas_str(c, r.x + 3, y + 1, r.w - 3, "tries again", ST_NORMAL);
    } else if (k && k->state != COMING_STOPPED) {
        canvas_strf(c, r.x, y, r.w, ST_ACCENT, "▸ it is coming: %s of %s",
                    human_size(done, k->progress.done),
                    k->progress.total ? human_size(total, k->progress.total) : "?");
        if (k->progress.total)
            gauge_draw(c, r.x, y + 1, GAUGE_COLS, k->progress.done, k->progress.total, ST_CHART1);
        canvas_untrusted(c, r.x, y + 2, r.w, untrusted(k->progress.words), ST_DIM);
    } else {
        canvas_str(c, r.x, y, 1, "d", ST_KEY);
        part_words(c, r, r.x + 3, y,
                   "gets its file from the Walrus aggregators, proved against its blob ID; the "
                   "form opens when it is here",
                   ST_NORMAL);
    }
}

/* --- busy */

static void draw_busy(const struct run_screen *s, struct canvas *c, struct rect r)
{
    char n[HUMAN_BUF], of[HUMAN_BUF];
    canvas_strf(c, r.x + 1, r.y, 2, ST_ACCENT, "▸");
    canvas_untrusted(c, r.x + 3, r.y, r.w - 4, untrusted(s->words), ST_STRONG);
    if (s->steps > 1) {
        gauge_draw(c, r.x + 3, r.y + 1, GAUGE_COLS, s->step, s->steps, ST_CHART1);
        canvas_strf(c, r.x + 4 + GAUGE_COLS, r.y + 1, r.w - 5 - GAUGE_COLS, ST_DIM, "%s of %s",
                    human_count(n, s->step), human_count(of, s->steps));
    }
    part_words(c, r, r.x + 3, r.y + 3,
               "It runs in a process of its own, without network and files. Esc stops it.", ST_DIM);
}

/* --- the answer */

static void times_line(const struct run_shown *a, struct strip *out)
{
    char text[HUMAN_BUF], more[HUMAN_BUF];
    if (a->past)
        strip_strf(out, ST_DIM, "run %s · ", human_time(text, a->past));
    else
        strip_str(out, "✓ ran · ", ST_GOOD);
    strip_strf(out, ST_STRONG, "%s", time_text(a->first_ns, text));
    strip_strf(out, ST_DIM, a->session_ns ? " after loading for %s" : "%s",
               a->session_ns ? time_text(a->session_ns, more) : "");
    if (a->engine[0]) {
        strip_str(out, " · ONNX Runtime ", ST_DIM);
        strip_untrusted(out, untrusted(a->engine), ST_DIM);
    }
    if (a->peak_rss)
        strip_strf(out, ST_DIM, " · %s of memory", human_size(text, a->peak_rss));
    if (a->varied)
        strip_str(out, " · △ not every run gave the same", ST_WARN);
}

static char *rate_text(const struct run_shown *a, char out[HUMAN_BUF])
{
    double rate = (double)a->samples * 1e9 / (double)a->total_ns;
    if (rate >= 100)
        return human_count(out, (uint64_t)rate);
    snprintf(out, HUMAN_BUF, "%.3g", rate);
    return out;
}

static void repeat_line(const struct run_shown *a, struct strip *out)
{
    char rate[HUMAN_BUF], n[HUMAN_BUF], p50[HUMAN_BUF], p95[HUMAN_BUF], p99[HUMAN_BUF];
    strip_strf(out, ST_STRONG, "p50 %s", time_text(a->p50_ns, p50));
    strip_strf(out, ST_NORMAL, "  p95 %s  p99 %s", time_text(a->p95_ns, p95),
               time_text(a->p99_ns, p99));
    if (a->total_ns > 0)
        strip_strf(out, ST_NORMAL, "  %s a second", rate_text(a, rate));
    strip_strf(out, ST_DIM, "  over %s runs", human_count(n, a->repeats));
}

static int draw_times(const struct run_shown *a, struct canvas *c, struct rect r)
{
    struct strip st;
    int y = r.y;
    char fast[HUMAN_BUF], slow[HUMAN_BUF];
    strip_init(&st, canvas_charset(c));
    times_line(a, &st);
    canvas_strip(c, r.x + 1, y++, r.w - 2, &st);
    if (!a->repeats)
        return y;
    strip_init(&st, canvas_charset(c));
    repeat_line(a, &st);
    canvas_strip(c, r.x + 1, y++, r.w - 2, &st);
    if (!a->samples || r.h < ROOMY / 2)
        return y;
    int x = r.x + 1, room = r.w - 24 < RUN_BINS ? r.w - 24 : RUN_BINS;
    x += canvas_strf(c, x, y, 10, ST_DIM, "%s ", time_text(a->fastest_ns, fast));
    x += spark_draw(c, x, y, room, a->bin, RUN_BINS, ST_CHART1);
    canvas_strf(c, x, y++, r.x + r.w - x, ST_DIM, " %s", time_text(a->slowest_ns, slow));
    return y;
}

static void draw_json(struct run_screen *s, struct canvas *c, struct rect r)
{
    if (docview_begin(&s->doc, docview_width(r)))
        answer_doc(&s->doc.text, untrusted_n(s->answer->json.p, s->answer->json.len), s->doc.width,
                   canvas_charset(c));
    if (!s->doc.text.n)
        canvas_str(c, r.x + 1, r.y, r.w - 2,
                   s->answer->past ? "What came out was too large to be kept."
                                   : "Too many numbers to be written out here.",
                   ST_DIM);
    docview_draw(&s->doc, c, r, s->focus == RUN_ON_OUTPUT);
}

/* The selected output with more of its values than a cell has room for. */
static void draw_values(const struct run_screen *s, struct canvas *c, struct rect r)
{
    size_t i = table_selected(s->outputs);
    if (i >= s->answer->n || r.h < 3)
        return;
    const struct run_output *o = &s->answer->out[i];
    struct strip st;
    strip_init(&st, canvas_charset(c));
    strip_str(&st, " ", ST_NORMAL);
    strip_untrusted(&st, o->name, ST_TITLE);
    if (o->has_stats && o->stats.nans)
        strip_strf(&st, ST_WARN, "  △ %zu are not a number", o->stats.nans);
    if (o->has_stats && o->stats.min < o->stats.max)
        strip_strf(&st, ST_DIM, "  largest at [%zu]", o->stats.largest);
    strip_str(&st, " ", ST_NORMAL);
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_strip(c, r.x + 1, r.y, r.w - 2, &st);
    rect_cut_top(&r, 1);
    part_text(c, r, r.x + 1, r.y, o->words, ST_CODE);
}

static void draw_answer(struct run_screen *s, struct canvas *c, struct rect r)
{
    rect_cut_top(&r, draw_times(s->answer, c, r) - r.y);
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_str(c, r.x + 1, r.y, r.w - 2, s->as_json ? " Outputs, as JSON " : " Outputs ",
               s->focus == RUN_ON_OUTPUT ? ST_SORTED : ST_TITLE);
    rect_cut_top(&r, 1);
    if (s->as_json) {
        draw_json(s, c, r);
        return;
    }
    int rows = (int)s->answer->n + 1, most = r.h / 2 > 3 ? r.h / 2 : 3;
    struct rect top = rect_cut_top(&r, rows < most ? rows : most);
    table_draw(s->outputs, c, top, s->focus == RUN_ON_OUTPUT, "It gave nothing.");
    draw_values(s, c, r);
}

/* --- form and history */

static void draw_form(struct run_screen *s, struct canvas *c, struct rect r)
{
    canvas_str(c, r.x + 1, r.y, r.w - 2,
               s->input == RUN_JSON ? "All inputs, as one JSON object" : "What the model takes",
               s->focus == RUN_ON_FORM ? ST_TITLE : ST_DIM);
    rect_cut_top(&r, r.h > ROOMY / 2 ? 2 : 1);
    struct rect in = {r.x + 1, r.y, r.w - 2, r.h};
    if (s->focus == RUN_ON_FORM && s->phase != RUN_BUSY)
        form_draw(s->form, c, in);
    else
        form_show(s->form, c, in);
}

static void draw_past(struct run_screen *s, struct canvas *c, struct rect r)
{
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_str(c, r.x + 1, r.y, r.w - 2, " Run before ",
               s->focus == RUN_ON_PAST ? ST_SORTED : ST_TITLE);
    rect_cut_top(&r, 1);
    canvas_note_age(c);
    table_draw(s->past_table, c, r, s->focus == RUN_ON_PAST, "Nothing yet.");
}

static void draw_rest(struct run_screen *s, struct canvas *c, struct rect area)
{
    bool wide = area.w >= WIDE;
    bool answer = s->phase == RUN_DONE && s->answer, busy = s->phase == RUN_BUSY;
    int past = s->n_past && area.h >= ROOMY ? (int)s->n_past + 2 : 0;
    past = past > area.h / 3 && past > PAST_ROWS ? (area.h / 3 > PAST_ROWS ? area.h / 3 : PAST_ROWS)
                                                 : past;
    if (past)
        draw_past(s, c, rect_cut_bottom(&area, past));
    if (wide && (answer || busy)) {
        struct rect left = rect_cut_left(&area, area.w * 2 / 5);
        if (s->form)
            draw_form(s, c, left);
        canvas_vline(c, area.x, area.y, area.h, ST_BORDER);
        rect_cut_left(&area, 1);
    }
    if (busy)
        draw_busy(s, c, area);
    else if (answer && (wide || s->focus != RUN_ON_FORM))
        draw_answer(s, c, area);
    else if (s->form)
        draw_form(s, c, area);
}

void run_draw(struct run_screen *s, struct canvas *c, struct rect area)
{
    if (s->phase == RUN_FIND) {
        draw_failed(s, c, &area);
        if (!s->failed.code)
            canvas_str(c, area.x + 1, area.y, area.w - 2, "reading…", ST_DIM);
        return;
    }
    draw_head(s, c, rect_cut_top(&area, 2));
    draw_failed(s, c, &area);
    if (s->phase == RUN_ABSENT)
        draw_absent(s, c, area);
    else
        draw_rest(s, c, area);
}
