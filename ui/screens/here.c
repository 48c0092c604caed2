#include "ui/screens/here.h"

#include "base/human.h"
#include "ui/screens/inspect.h"

#include "base/banned.h"

enum { PORTS_SHOWN = 3, NAME_COLS = 24, LOW = 10 };

static void coming_strip(const struct coming *k, struct strip *out)
{
    char rate[HUMAN_BUF];
    const struct get_progress *p = &k->progress;
    if (k->state == COMING_FAILED) {
        strip_str(out, "✗ ", ST_BAD);
        strip_untrusted(out, untrusted(k->failed.msg), ST_BAD);
        return;
    }
    strip_str(out,
              k->state == COMING_WAITS     ? "· waits for others to come"
              : k->state == COMING_STOPPED ? "△ stopped"
                                           : "▸ coming",
              k->state == COMING_STOPPED ? ST_WARN : ST_ACCENT);
    if (p->total && p->done <= p->total)
        strip_strf(out, ST_STRONG, " %d %%", (int)(p->done * 100 / p->total));
    if (p->rate && k->state == COMING_RUNS)
        strip_strf(out, ST_DIM, " %s/s", human_size(rate, p->rate));
    strip_str(out, k->state == COMING_STOPPED ? " · d goes on with it" : " · d stops it", ST_DIM);
}

static void row_strip(const struct library_row *r, struct strip *out)
{
    char day[HUMAN_BUF];
    bool good = r->about.verified != VERIFIED_NO;
    strip_strf(out, good ? ST_GOOD : ST_BAD, good ? "✓ %s" : "✗ %s",
               verified_name(r->about.verified));
    strip_strf(out, ST_DIM, "; got %s", human_day(day, r->about.got));
    if (r->about.source.n) {
        strip_str(out, " from ", ST_DIM);
        strip_untrusted(out, r->about.source, ST_DIM);
    }
}

void here_strip(const struct here *h, struct strip *out)
{
    if (h->row)
        row_strip(h->row, out);
    else if (h->coming)
        coming_strip(h->coming, out);
    else
        strip_str(out, "not on this disk; d gets it and proves it", ST_DIM);
}

static int ports(const struct port *p, size_t n, const char *label, struct canvas *c, struct rect r)
{
    int y = r.y;
    for (size_t i = 0; i < n && i < PORTS_SHOWN && y < r.y + r.h; i++) {
        struct strip s;
        strip_init(&s, canvas_charset(c));
        strip_str(&s, i ? "" : label, ST_DIM);
        strip_pad(&s, 5);
        port_strip(&p[i], NAME_COLS, &s);
        if (i + 1 == PORTS_SHOWN && n > PORTS_SHOWN)
            strip_strf(&s, ST_DIM, "  and %zu more", n - PORTS_SHOWN);
        canvas_strip(c, r.x + 3, y++, r.w - 4, &s);
    }
    return y - r.y;
}

int here_draw(const struct here *h, struct canvas *c, struct rect r)
{
    struct strip s;
    char size[HUMAN_BUF];
    if (!h->row && !h->coming)
        return 0;
    int y = r.y;
    strip_init(&s, canvas_charset(c));
    if (h->row) {
        strip_str(&s, "⬇ on this disk", ST_ACCENT);
        strip_strf(&s, ST_DIM, " · %s · ", human_size(size, h->row->size));
    }
    here_strip(h, &s);
    canvas_strip(c, r.x + 1, y++, r.w - 2, &s);
    const struct model_info *m = h->row && h->model ? h->model->file.info : NULL;
    if (!m || r.h < LOW)
        return y - r.y;
    r.y++;
    r.h--;
    if (h->model->unfit.code) {
        canvas_untrusted(c, r.x + 3, y++, r.w - 4, untrusted(h->model->unfit.msg), ST_WARN);
        return y - r.y + 1;
    }
    int used = ports(m->input, m->inputs, "in", c, r);
    rect_cut_top(&r, used);
    used += ports(m->output, m->outputs, "out", c, r);
    return used + 1;
}
