/*
 * Going on with a kept purchase. What its row says decides:
 *
 *   intent      nothing left this machine: the signer is asked again with the same key, while the
 *               message is still valid; after that the row lapses
 *   signed, sent  the chain is asked; unused and valid, the same bytes go again
 *   answered, refused   only the chain is asked
 *   others      are over
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/market.h"
#include "market/purchase/internal.h"

#include "base/banned.h"

static bool valid_still(const struct purchase *x)
{
    return x->row.valid_before - clock_now() > VALID_MARGIN;
}

static void say_over(struct purchase *x)
{
    static const char words[] = "it was never sent, and its time is over: buy it anew";
    x->row.state = PURCHASE_LAPSED;
    row_text(x, &x->row.words, words, sizeof words - 1);
    err_set(&x->say, SOUK_EFAIL, "%s", words);
    finish_row(x);
}

static void on_ready(struct purchase *x)
{
    if (x->err.code != SOUK_OK) {
        end_row(x, &x->err);
    } else if (x->row.state == PURCHASE_INTENT) {
        x->committed = true;
        if (say_step(x, STEP_SIGNING, "signing"))
            do_work(x, sign_run, sign_then);
    } else {
        ask_chain(x, ASK_RESUME);
    }
}

static void ready(struct purchase *x)
{
    struct err e = {0};
    if (plan_read(x, &e) != SOUK_OK) {
        end_row(x, &e);
        return;
    }
    x->err = (struct err){0};
    if (x->q->pub.target.gateway)
        gateway_find(x, on_ready);
    else
        on_ready(x);
}

static void loaded(struct purchase *x)
{
    struct purchase_row *r = &x->row;
    x->has_row = x->err.code == SOUK_OK;
    if (x->err.code != SOUK_OK) {
        end_row(x, &x->err);
        return;
    }
    x->typed = row_typed(x->net, r);
    x->expect = plan_expect(r);
    x->from_session = r->session != 0;
    if (r->state == PURCHASE_INTENT && !valid_still(x))
        say_over(x);
    else if (r->state <= PURCHASE_SENT && valid_still(x) && r->session == 0)
        ready(x);
    else if (r->state <= PURCHASE_SENT && r->session != 0)
        err_set(&x->say, SOUK_EUNKNOWN,
                "no answer came to this call; whether it was charged shows when the session it "
                "drew from settles: `souk receipts`"),
            finish_row(x);
    else if (r->state <= PURCHASE_SENT)
        ask_chain(x, ASK_UNKNOWN);
    else if ((r->state == PURCHASE_ANSWERED && r->session_id.n == 0) ||
             r->state == PURCHASE_REFUSED)
        ask_chain(x, r->state == PURCHASE_REFUSED ? ASK_REFUSED : ASK_SERVED);
    else
        end_row(x, &x->err);
}

static void load_run(struct purchase *x)
{
    purchase_get(purse_purchases(x->purse), x->row.id, &x->arena, &x->row, &x->err);
}

static void begin(struct purchase *x)
{
    do_work(x, load_run, loaded);
}

struct purchase *purchase_resume(struct market *m, struct purse *p, int64_t id,
                                 const struct purchase_events *ev, void *ud, struct err *e)
{
    struct purchase *x = purchase_make(m, p, ev, ud, begin, e);
    if (x != NULL)
        x->row.id = id;
    return x;
}
