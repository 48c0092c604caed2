/* Send: tokens or coin to an address. Prepared and shown before anything is signed. */
#include <string.h>

#include "ui/screens/form_screen.h"
#include "ui/screens/money.h"
#include "ui/screens/screens.h"
#include "ui/sending.h"

#include "base/banned.h"

enum { F_TOKEN, F_AMOUNT, F_TO };

struct send {
    struct asset asset[CONFIG_TOKENS + 1];
    size_t assets;
    struct sending *sending;
};

static bool fill(struct form_screen *s)
{
    struct send *o = s->own;
    const char *symbol[CONFIG_TOKENS + 1];
    o->assets = network_assets(market_network(s->d->market), o->asset, CONFIG_TOKENS + 1);
    for (size_t i = 0; i < o->assets; i++)
        symbol[i] = o->asset[i].symbol;
    return form_add_choice(s->form, "what", "left and right change it", symbol, o->assets, 0) &&
           form_add(s->form, untrusted("amount"), untrusted("0.25, or all"), untrusted("")) &&
           form_add(s->form, untrusted("to"),
                    untrusted("an address, 0x…; paste it, and compare it on the next page"),
                    untrusted(""));
}

static bool read_form(struct form_screen *s, struct draft_request *rq)
{
    struct send *o = s->own;
    const char *amount = form_value(s->form, F_AMOUNT), *to = form_value(s->form, F_TO);
    rq->kind = DRAFT_SEND;
    rq->asset = &o->asset[form_chosen(s->form, F_TOKEN)];
    rq->all = strcmp(amount, "all") == 0;
    if (!address_parse(to, strlen(to), &rq->who))
        return form_screen_fault(s, F_TO,
                                 "not an address: 0x and 40 hex digits; with letters of both cases "
                                 "its checksum must be right");
    if (!rq->all && !u256_parse_decimal(amount, rq->asset->decimals, &rq->amount))
        return form_screen_fault(s, F_AMOUNT,
                                 "not an amount: a number such as 0.25 with no more digits than "
                                 "the token has, or all");
    if (!rq->all && u256_is_zero(rq->amount))
        return form_screen_fault(s, F_AMOUNT, "nothing would be sent");
    return true;
}

static void sent(void *ud, const struct sent_row *r, const struct err *e)
{
    struct form_screen *s = ud;
    struct send *o = s->own;
    o->sending = NULL;
    s->busy = NULL;
    if (r) {
        app_toast(s->app, ST_GOOD, "sent; History tells when it is mined");
        app_pop(s->app);
    } else if (e && e->code != SOUK_ECANCEL) {
        s->failed = *e;
    }
    app_dirty(s->app);
}

static void submit(struct form_screen *s)
{
    struct send *o = s->own;
    struct draft_request rq = {0};
    if (!read_form(s, &rq))
        return;
    o->sending = sending_start(s->d, &rq, "Send", "Yes, send", sent, s);
    s->busy = o->sending ? "▸ preparing it: nonce, fee and balance are asked of the node…" : NULL;
}

static void close_own(struct form_screen *s)
{
    sending_drop(((struct send *)s->own)->sending);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    static const struct form_kind kind = {
        .intro = "Nothing is signed before you have seen what it is, what it costs and to whom it "
                 "goes.",
        .button = "Prepare it",
        .fill = fill,
        .submit = submit,
        .close = close_own,
        .own_size = sizeof(struct send),
    };
    (void)arg;
    return form_screen_open(a, &kind, self, e);
}

const struct screen_ops screen_send = {
    .name = "send",
    .title = "Send",
    .open = open_screen,
    .close = form_screen_close,
    .draw = form_screen_draw,
    .event = form_screen_event,
};
