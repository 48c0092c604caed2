/* Receive: the address, in groups to be compared and as a QR code to be read by another machine. */
#include "base/mem.h"
#include "ui/purser.h"
#include "ui/screens/money.h"
#include "ui/screens/parts.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

enum { QR_MAX = 64 << 10, ABOVE_ROWS = 3 };

struct receive_screen {
    struct app *app;
    struct domain *d;
    address who;
    struct buf qr;
    struct err failed; /* there is no code: the address alone */
};

struct rows {
    struct canvas *c;
    int x, y, end, w;
};

static void qr_row(void *ud, struct untrusted one)
{
    struct rows *r = ud;
    if (r->y < r->end)
        canvas_untrusted(r->c, r->x, r->y++, r->w, one, ST_NORMAL);
}

static void count_row(void *ud, struct untrusted one)
{
    (void)one;
    ++*(int *)ud;
}

/* What stands above the code: in one line where that leaves room for all of it. */
static void draw_head(const struct receive_screen *s, struct canvas *c, struct rect *area, int rows)
{
    const struct network *n = market_network(s->d->market);
    char groups[GROUPS_BUF];
    address_groups(s->who, groups);
    if (area->h < rows + ABOVE_ROWS) {
        struct rect top = rect_cut_top(area, 1);
        int used = canvas_str(c, top.x + 1, top.y, top.w - 2, groups, ST_CODE);
        canvas_strf(c, top.x + 3 + used, top.y, top.w - 4 - used, ST_DIM, "%s, chain %lld", n->name,
                    (long long)n->payment.chain_id);
        return;
    }
    struct rect top = rect_cut_top(area, ABOVE_ROWS);
    canvas_strf(c, top.x + 1, top.y, top.w - 2, ST_TITLE, "Your address on %s, chain %lld", n->name,
                (long long)n->payment.chain_id);
    canvas_str(c, top.x + 1, top.y + 1, top.w - 2, groups, ST_CODE);
    canvas_str(c, top.x + 1, top.y + 2, top.w - 2,
               "Only coin and tokens of this chain; y copies the address.", ST_DIM);
}

static void draw(void *self, struct canvas *c, struct rect area)
{
    struct receive_screen *s = self;
    struct untrusted qr = untrusted_n(s->qr.p, s->qr.len);
    int rows = 0;
    text_each_line(qr, QR_MAX, count_row, &rows);
    draw_head(s, c, &area, rows);
    if (s->failed.code) {
        part_text(c, area, area.x + 1, area.y, untrusted(s->failed.msg), ST_WARN);
    } else if (rows > area.h) { /* half a code is none */
        canvas_strf(c, area.x + 1, area.y, area.w - 2, ST_WARN,
                    "The QR code needs a window %d rows higher.", rows - area.h);
    } else {
        struct rows r = {c, area.x + 1, area.y, area.y + area.h, area.w - 2};
        text_each_line(qr, QR_MAX, qr_row, &r);
    }
}

static bool on_action(void *self, enum action act)
{
    struct receive_screen *s = self;
    char text[ADDRESS_BUF];
    if (act == ACT_COPY)
        app_copy(s->app, untrusted(address_format(s->who, text)), "your address");
    return act == ACT_COPY;
}

static void close_screen(void *self)
{
    struct receive_screen *s = self;
    buf_release(&s->qr);
    mem_free(s);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    struct domain *d = app_domain(a);
    struct purse *purse = NULL;
    (void)arg;
    struct receive_screen *s = mem_zalloc(sizeof *s);
    if (!s || !d->purser) {
        mem_free(s);
        return err_nomem(e);
    }
    if (purser_purse(d->purser, &purse, e) != SOUK_OK) {
        mem_free(s);
        return e->code;
    }
    s->app = a;
    s->d = d;
    s->who = purse_address(purse);
    buf_init(&s->qr, QR_MAX);
    purse_qr(s->who, (uint64_t)market_network(d->market)->payment.chain_id,
             app_charset(a) == TEXT_ASCII, &s->qr, &s->failed);
    *self = s;
    return SOUK_OK;
}

static const enum action actions[] = {ACT_COPY, ACT_NONE};

const struct screen_ops screen_receive = {
    .name = "receive",
    .title = "Receive",
    .actions = actions,
    .open = open_screen,
    .close = close_screen,
    .draw = draw,
    .action = on_action,
};
