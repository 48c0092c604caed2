/*
 * Closing the books: what the chain says of everything that is open, row by row. The signer is told
 * nothing, it is only asked to look for itself.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/market.h"
#include "market/purchase/internal.h"

#include "base/banned.h"

enum { ROWS_MOST = 1000 };

/* --- one row and the chain's word */

static const char *money(u256 v, const struct asset *a, char out[U256_FMT + 16])
{
    struct amount m = {.value = v, .decimals = a->decimals};
    memcpy(m.symbol, a->symbol, sizeof m.symbol);
    return amount_format(&m, out, U256_FMT + 16);
}

/* 204 and 205 say so themselves. */
static bool is_empty(const struct purchase_row *r)
{
    return r->answer.n == 0 && r->status >= 200 && r->status < 300 && r->status != 204 &&
           r->status != 205;
}

static void close_settled(struct purchase_row *r, const struct fate *f, u256 expect,
                          const struct asset *a, struct buf *words)
{
    char took[U256_FMT + 16], said[U256_FMT + 16];
    bool served = r->state == PURCHASE_ANSWERED || r->state == PURCHASE_SETTLED;
    u256 most = u256_cmp(expect, r->amount) < 0 ? expect : r->amount;
    if (r->charged_known && !r->charged_by_chain && u256_cmp(r->charged, most) < 0)
        most = r->charged; /* the receipt's word */
    r->charged = f->charged;
    r->charged_known = r->charged_by_chain = true;
    r->has_tx = f->has_tx;
    r->tx = f->tx;
    r->block = (int64_t)f->block;
    r->state = PURCHASE_SETTLED;
    if (!served) {
        r->state = PURCHASE_DISPUTED;
        buf_addf(words, "paid and not served: %s was taken on chain and no answer came",
                 money(f->charged, a, took));
    } else if (is_empty(r)) {
        r->state = PURCHASE_DISPUTED;
        buf_addf(words, "paid and not served: %s was taken on chain and the answer is empty",
                 money(f->charged, a, took));
    } else if (u256_cmp(f->charged, most) > 0) {
        r->state = PURCHASE_DISPUTED;
        buf_addf(words, "charged more than said: %s instead of %s", money(f->charged, a, took),
                 money(most, a, said));
    } else if (r->scheme == TYPED_UPTO && u256_cmp(f->charged, r->amount) == 0) {
        buf_addf(words, "it charged all that the signature allowed: %s",
                 money(f->charged, a, took));
    }
}

void row_close(struct purchase_row *r, const struct fate *f, u256 expect, const struct asset *a,
               struct buf *words)
{
    if (r->state == PURCHASE_DISPUTED)
        return;
    switch (f->kind) {
    case FATE_OPEN:
        return;
    case FATE_SETTLED:
        close_settled(r, f, expect, a, words);
        return;
    case FATE_LAPSED:
        r->state = PURCHASE_LAPSED;
        buf_adds(words, "its time is over and the chain took nothing");
        return;
    case FATE_CANCELLED:
        r->state = PURCHASE_CANCELLED;
        buf_adds(words, "the signature was made void on chain");
        return;
    }
}

void release_reserve(struct purchase *x, bytes32 call)
{
    struct signer *s = NULL;
    struct entry en;
    struct err ignored; /* locked, or it could not ask: the reserve stays, which harms nobody */
    if (signer_connect(purse_card(x->purse)->name, &s, &ignored) != SOUK_OK)
        return;
    signer_check(s, call, &en, &ignored);
    signer_close(s);
}

/* --- all of them */

static void next(struct purchase *x);

static void close_run(struct purchase *x)
{
    struct asset a;
    struct buf words;
    struct purchase_row *r = &x->row;
    struct purchases *p = purse_purchases(x->purse);
    struct err e = {0};
    buf_init(&words, 1024);
    row_close(r, &x->got, x->expect, row_asset(x->net, r, &a), &words);
    if (words.len > 0 && !row_text(x, &r->words, words.p, words.len))
        err_nomem(&e);
    buf_release(&words);
    if (e.code == SOUK_OK && r->session_id.n > 0)
        session_settle(p, r, &x->arena, &e);
    if (e.code == SOUK_OK)
        row_save(x, r->state, &e);
    if (e.code != SOUK_OK)
        x->err = e;
    release_reserve(x, r->call);
}

static void closed(struct purchase *x)
{
    x->at++;
    next(x);
}

static void on_fate(void *ud, const struct fate *f)
{
    struct purchase *x = ud;
    x->fate = NULL;
    x->got = *f;
    if (f->err.code != SOUK_OK) {
        x->err = f->err;
        x->at = x->opens; /* a chain that cannot be asked about one cannot about the others */
        next(x);
    } else if (f->kind == FATE_OPEN) {
        closed(x);
    } else {
        do_work(x, close_run, closed);
    }
}

static void load_run(struct purchase *x)
{
    struct err e = {0};
    int64_t id = x->open[x->at].id;
    x->row = (struct purchase_row){.id = 0};
    if (purchase_get(purse_purchases(x->purse), id, &x->arena, &x->row, &e) != SOUK_OK) {
        x->err = e;
        x->row.id = 0;
        return;
    }
    x->typed = row_typed(x->net, &x->row);
    x->expect = plan_expect(&x->row);
}

static void loaded(struct purchase *x)
{
    struct err e = {0};
    if (x->row.id == 0) {
        closed(x);
        return;
    }
    x->fate = fate_ask(market_http(x->m), x->net, &x->typed, x->row.made, on_fate, x, &e);
    if (x->fate == NULL) {
        x->err = e;
        closed(x);
    }
}

static void next(struct purchase *x)
{
    while (x->at < x->opens && x->open[x->at].session != 0) /* closed with the one it drew from */
        x->at++;
    if (x->at < x->opens) {
        do_work(x, load_run, loaded);
        return;
    }
    x->has_row = false;
    end_row(x, &x->err);
}

/* An intent whose time is over never left this machine. */
static void lapse_intent(struct purchase *x, int64_t id)
{
    static const char words[] = "it was never sent";
    struct err ignored;
    if (purchase_get(purse_purchases(x->purse), id, &x->arena, &x->row, &ignored) != SOUK_OK)
        return;
    row_text(x, &x->row.words, words, sizeof words - 1);
    row_save(x, PURCHASE_LAPSED, &ignored);
    release_reserve(x, x->row.call);
}

static void list_run(struct purchase *x)
{
    struct purchases *p = purse_purchases(x->purse);
    struct purchase_row *row = NULL;
    size_t n = 0;
    int64_t now = clock_now();
    if (purchase_list(p, false, ROWS_MOST, &x->arena, &row, &n, &x->err) != SOUK_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        if (row[i].state == PURCHASE_INTENT && row[i].valid_before < now)
            lapse_intent(x, row[i].id);
    }
    purchase_list(p, true, ROWS_MOST, &x->arena, &x->open, &x->opens, &x->err);
}

static void listed(struct purchase *x)
{
    if (x->err.code != SOUK_OK)
        end_row(x, &x->err);
    else
        next(x);
}

static void begin(struct purchase *x)
{
    if (say_step(x, STEP_SETTLING, "asking the chain about what is open"))
        do_work(x, list_run, listed);
}

struct purchase *purchase_settle_all(struct market *m, struct purse *p,
                                     const struct purchase_events *ev, void *ud, struct err *e)
{
    return purchase_make(m, p, ev, ud, begin, e);
}
