/* One model of the library: what is in its file, and how it is known to be that file. */
#include "ui/screens/inspect.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/mem.h"
#include "ui/checking.h"
#include "ui/getting.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"
#include "ui/widgets/docview.h"

#include "base/banned.h"

struct inspect_screen {
    struct app *app;
    struct domain *d;
    blob_id id;
    char text[BLOB_ID_BUF];
    struct inspected *model;
    struct inspecting *reading;
    struct stored_ask *asking;
    struct stored stored;
    struct err stored_failed;
    bool stored_known;
    struct checking *checking;
    struct err failed;
    struct docview doc;
};

/* --- what is asked */

static void on_read(void *ud, struct inspected *i, const struct err *e)
{
    struct inspect_screen *s = ud;
    s->reading = NULL;
    s->failed = *e;
    if (i) {
        inspected_unref(s->model);
        s->model = i;
        docview_stale(&s->doc);
    }
    app_dirty(s->app);
}

static void read_it(struct inspect_screen *s)
{
    if (!s->reading)
        s->reading = inspecting_start(s->d, &s->id, NULL, on_read, s);
}

static void on_stored(void *ud, const struct stored *st, const struct err *e)
{
    struct inspect_screen *s = ud;
    s->asking = NULL;
    s->stored_known = st && !e->code;
    s->stored_failed = *e;
    if (st)
        s->stored = *st;
    docview_stale(&s->doc);
    app_dirty(s->app);
}

static void ask_stored(struct inspect_screen *s)
{
    if (market_offline(s->d->market))
        err_set(&s->stored_failed, SOUK_ENET, "not asked: this is --offline");
    else if (!s->asking)
        s->asking = stored_ask(s->d->market, &s->id, on_stored, s, &s->stored_failed);
}

static void on_checked(void *ud, const struct err *e)
{
    struct inspect_screen *s = ud;
    s->checking = NULL;
    s->failed = *e;
    read_it(s);
}

static void run_it(struct inspect_screen *s)
{
    char label[512];
    struct run_arg arg = {.blob = s->text,
                          .label = library_label(&s->model->row, label, sizeof label)};
    app_push(s->app, &screen_run, &arg);
}

static bool on_action(void *self, enum action act)
{
    struct inspect_screen *s = self;
    switch (act) {
    case ACT_RUN:
        run_it(s);
        return true;
    case ACT_CHECK:
        if (s->checking)
            checking_cancel(s->checking);
        else
            s->checking = checking_start(s->d, &s->id, on_checked, s);
        return true;
    case ACT_PUBLISH:
        if (s->model)
            publish_of_row(s->app, &s->model->row);
        return s->model;
    case ACT_COPY:
        app_copy(s->app, untrusted(s->text), "the blob id");
        return true;
    case ACT_SYNC:
        ask_stored(s);
        return false;
    default:
        return textview_action(&s->doc.view, act);
    }
}

static bool offers(void *self, enum action act)
{
    struct inspect_screen *s = self;
    return act != ACT_RUN || (s->model && s->model->file.info && !s->model->unfit.code);
}

static bool on_event(void *self, const struct event *ev)
{
    struct inspect_screen *s = self;
    return ev->kind == EV_MOUSE && textview_wheel(&s->doc.view, &ev->mouse);
}

/* --- drawing */

static void draw_head(const struct inspect_screen *s, struct canvas *c, struct rect r)
{
    const struct inspected *i = s->model;
    char size[HUMAN_BUF];
    struct strip st;
    strip_init(&st, canvas_charset(c));
    strip_glyph(&st, GL_ON_DISK, ST_ACCENT);
    strip_str(&st, " ", ST_NORMAL);
    if (i->row.about.author.n) {
        strip_untrusted(&st, i->row.about.author, ST_DIM);
        strip_str(&st, "/", ST_DIM);
    }
    strip_untrusted(&st,
                    i->row.about.model.n  ? i->row.about.model
                    : i->row.about.file.n ? i->row.about.file
                                          : untrusted(i->row.id),
                    ST_TITLE);
    int used = canvas_strf(c, r.x, r.y, -(r.w - 1), ST_DIM, "%s%s%s",
                           i->file.info ? format_name(i->file.info->format) : "",
                           i->file.info ? " · " : "", human_size(size, i->row.size));
    canvas_strip(c, r.x + 1, r.y, r.w - used - 3, &st);
    canvas_hline(c, r.x, r.y + 1, r.w, ST_BORDER);
}

static void draw_checking(const struct inspect_screen *s, struct canvas *c, struct rect r)
{
    uint64_t done, total;
    checking_progress(s->checking, &done, &total);
    canvas_strf(c, r.x + 1, r.y, r.w - 2, ST_ACCENT, "▸ checking %d %%; v stops it",
                total ? (int)(done * 100 / total) : 0);
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    struct inspect_screen *s = self;
    part_failure(&s->failed, c, &area, 1);
    if (!s->model) {
        if (!s->failed.code)
            canvas_str(c, area.x + 1, area.y, area.w - 2, "reading…", ST_DIM);
        return;
    }
    draw_head(s, c, rect_cut_top(&area, 2));
    if (s->checking)
        draw_checking(s, c, rect_cut_top(&area, 1));
    if (docview_begin(&s->doc, docview_width(area))) {
        struct inspect_view v = {.model = s->model,
                                 .stored = s->stored_known ? &s->stored : NULL,
                                 .stored_failed =
                                     s->stored_failed.code ? s->stored_failed.msg : NULL};
        struct facts f;
        facts_init(&f, &s->doc.text, s->doc.width, canvas_charset(c));
        inspect_doc(&v, &f);
    }
    docview_draw(&s->doc, c, area, true);
}

/* --- life */

static void close_screen(void *self)
{
    struct inspect_screen *s = self;
    inspecting_drop(s->reading);
    if (s->asking)
        stored_ask_drop(s->asking);
    checking_drop(s->checking);
    inspected_unref(s->model);
    docview_release(&s->doc);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    struct inspect_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    docview_init(&s->doc);
    snprintf(s->text, sizeof s->text, "%s", (const char *)arg);
    if (!s->d->getting || !blob_id_parse(untrusted(s->text), &s->id)) {
        close_screen(s);
        return err_set(e, SOUK_ENOTFOUND, "there is no such file in the library");
    }
    read_it(s);
    ask_stored(s);
    *self = s;
    return SOUK_OK;
}

static void crumb(void *self, struct strip *out)
{
    struct inspect_screen *s = self;
    const struct library_about *a = s->model ? &s->model->row.about : NULL;
    if (a && (a->model.n || a->file.n))
        strip_untrusted(out, a->model.n ? a->model : a->file, ST_STRONG);
    else
        strip_str(out, s->text, ST_STRONG);
}

static const enum action actions[] = {ACT_RUN,     ACT_CHECK, ACT_COPY,
                                      ACT_PUBLISH, ACT_SYNC,  ACT_NONE};

const struct screen_ops screen_inspect = {
    .name = "inspect",
    .title = "File",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .event = on_event,
    .action = on_action,
    .crumb = crumb,
    .offers = offers,
};
