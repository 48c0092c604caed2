/* What a draft shall be: whom it is sent to, what coin goes along, which call it makes. */
#include <string.h>

#include "market/purse/draft.h"

#include "base/banned.h"

enum { ROWS = 2000 };

souk_err draft_set_data(struct draft *d, struct buf *data, struct err *e)
{
    souk_err c = buf_check(data, "the call data", e);
    if (c == SOUK_OK && data->len > sizeof d->data)
        c = err_set(e, SOUK_EINPUT, "the call data is too long");
    if (c == SOUK_OK) {
        memcpy(d->data, data->p, data->len);
        d->tx.data_len = data->len;
    }
    buf_release(data);
    return c;
}

void draft_set_asset(struct draft_call *x, address token)
{
    struct asset all[CONFIG_TOKENS + 1];
    size_t n = network_assets(x->call.p->net, all, CONFIG_TOKENS + 1);
    for (size_t i = 0; i < n; i++) {
        if (address_eq(all[i].token, token))
            x->asset = all[i];
    }
}

static souk_err find_account(struct draft_call *x, address from, struct err *e)
{
    const struct wallet_card *card = &x->call.p->card;
    for (unsigned i = 0; i < card->accounts; i++) {
        if (address_eq(card->account[i], from)) {
            x->d.account = i;
            x->from = from;
            return SOUK_OK;
        }
    }
    return err_set(e, SOUK_EINPUT, "that was not done by an account of the wallet %s", card->name);
}

static souk_err bad_recipient(const struct draft_call *x, struct err *e)
{
    const struct purse *p = x->call.p;
    if (address_is_zero(x->rq.who))
        return err_set(e, SOUK_EINPUT, "the zero address is nobody's: what goes there is lost");
    if (network_token(p->net, x->rq.who) != NULL || address_eq(x->rq.who, PERMIT2))
        return err_set(e, SOUK_EINPUT,
                       "that is the address of a contract, not of anyone: what goes there is lost");
    return SOUK_OK;
}

static souk_err shape_send(struct draft_call *x, struct err *e)
{
    struct draft *d = &x->d;
    struct buf data;
    souk_err c = bad_recipient(x, e);
    if (c != SOUK_OK)
        return c;
    if (u256_is_zero(d->amount) && !x->rq.all)
        return err_set(e, SOUK_EINPUT, "there is no amount to send");
    if (asset_is_coin(&x->asset)) {
        d->tx.to = x->rq.who;
        d->tx.value = d->amount;
        return SOUK_OK;
    }
    d->tx.to = x->asset.token;
    buf_init(&data, sizeof d->data);
    call_transfer(&data, x->rq.who, d->amount);
    return draft_set_data(d, &data, e);
}

static souk_err shape_approve(struct draft_call *x, struct err *e)
{
    struct buf data;
    if (asset_is_coin(&x->asset))
        return err_set(e, SOUK_EINPUT, "nobody can be allowed to take the chain's own coin");
    if (u256_cmp(x->d.amount, NO_CAP) == 0)
        return err_set(e, SOUK_ELIMIT, "%s", refusal_words(REFUSE_UNLIMITED));
    if (address_is_zero(x->rq.who))
        return err_set(e, SOUK_EINPUT, "the zero address cannot be allowed anything");
    x->d.tx.to = x->asset.token;
    buf_init(&data, sizeof x->d.data);
    call_approve(&data, x->rq.who, x->d.amount);
    return draft_set_data(&x->d, &data, e);
}

/* The cancellation of an EIP-3009 signature is itself signed; Permit2's is a call of the payer. */
static souk_err shape_cancel(struct draft_call *x, const struct entry *en, struct err *e)
{
    struct draft *d = &x->d;
    struct purse *p = x->call.p;
    struct signer *s = NULL;
    struct buf data;
    signature sig;
    souk_err c = find_account(x, en->typed.from, e);
    if (c == SOUK_OK && en->typed.chain != d->tx.chain)
        c = err_set(e, SOUK_EINPUT, "it was signed for chain %llu: open that network",
                    (unsigned long long)en->typed.chain);
    if (c != SOUK_OK)
        return c;
    draft_set_asset(x, en->typed.token);
    d->amount = en->typed.amount;
    buf_init(&data, sizeof d->data);
    if (en->typed.kind == TYPED_EIP3009) {
        c = signer_connect(p->card.name, &s, e);
        if (c == SOUK_OK)
            c = signer_cancel(s, x->rq.call, &sig, e);
        signer_close(s);
        if (c != SOUK_OK)
            return c;
        d->tx.to = en->typed.token;
        call_cancel_authorization(&data, en->typed.from, en->typed.nonce, &sig);
    } else {
        u256 word, mask = U256_ZERO;
        unsigned bit;
        permit2_place(en->typed.nonce, &word, &bit);
        mask.w[bit / 64] = (uint64_t)1 << bit % 64;
        d->tx.to = PERMIT2;
        call_invalidate_nonces(&data, word, mask);
    }
    d->who = d->tx.to;
    return draft_set_data(d, &data, e);
}

static souk_err shape_replace(struct draft_call *x, struct err *e)
{
    struct draft *d = &x->d;
    const struct sent_row *row = NULL;
    signature sig;
    for (size_t i = 0; i < x->rows && row == NULL; i++)
        row = x->row[i].id == x->rq.replaces ? &x->row[i] : NULL;
    if (row == NULL)
        return err_set(e, SOUK_ENOTFOUND, "there is no transaction %lld",
                       (long long)x->rq.replaces);
    if (row->state != SENT_PENDING)
        return err_set(e, SOUK_EINPUT, "transaction %lld is no longer pending", (long long)row->id);
    if (row->chain != x->call.p->net->payment.chain_id)
        return err_set(e, SOUK_EINPUT, "transaction %lld is of another chain", (long long)row->id);
    souk_err c = tx_decode((const uint8_t *)row->raw.p, row->raw.n, &x->old, &sig, e);
    if (c == SOUK_OK)
        c = find_account(x, row->from, e);
    if (c != SOUK_OK)
        return c;
    d->replaces = row->id;
    d->tx.nonce = x->old.nonce;
    if (x->rq.kind == DRAFT_DROP) {
        d->tx.to = d->who = x->from;
        d->amount = U256_ZERO;
        return SOUK_OK;
    }
    struct buf data;
    buf_init(&data, sizeof d->data);
    buf_add(&data, x->old.data, x->old.data_len);
    d->tx.to = x->old.to;
    d->tx.value = x->old.value;
    d->tx.gas = x->old.gas;
    d->who = row->to;
    d->amount = row->amount;
    draft_set_asset(x, row->token);
    return draft_set_data(d, &data, e);
}

/* --- what we know ourselves */

static souk_err read_ledger(struct draft_call *x, struct err *e)
{
    struct ledger *l = NULL;
    size_t n;
    souk_err c = purse_peek(x->call.p, &l, e);
    if (c != SOUK_OK)
        return c;
    const struct limits *all = ledger_limits(l, &n);
    const struct limits *coin = limits_find(all, n, x->d.tx.chain, (address){{0}});
    if (coin != NULL)
        x->coin = *coin;
    if (x->rq.kind == DRAFT_CANCEL) {
        const struct entry *en = ledger_entry(l, x->rq.call);
        if (en == NULL)
            c = err_set(e, SOUK_ENOTFOUND, "this wallet signed no such call");
        else if (en->state != ENTRY_OPEN)
            c = err_set(e, SOUK_EINPUT, "that signature is not open any more");
        else
            c = shape_cancel(x, en, e);
    }
    ledger_close(l);
    return c;
}

void draft_shape_run(struct job *j)
{
    struct draft_call *x = (struct draft_call *)j;
    struct purse *p = x->call.p;
    struct draft *d = &x->d;
    struct err *e = &x->call.err;
    souk_err c = sent_list(p->purchases, NULL, ROWS, &x->memory, &x->row, &x->rows, e);
    if (c == SOUK_OK)
        c = read_ledger(x, e);
    if (c == SOUK_OK && x->rq.kind == DRAFT_SEND)
        c = shape_send(x, e);
    if (c == SOUK_OK && x->rq.kind == DRAFT_APPROVE)
        c = shape_approve(x, e);
    if (c == SOUK_OK && draft_lists(x))
        c = draft_shape_listing(x, e);
    if (c == SOUK_OK && draft_replaces(x))
        c = shape_replace(x, e);
    if (c == SOUK_OK && (x->rq.kind == DRAFT_SEND || x->rq.kind == DRAFT_APPROVE))
        recipient_check(p, d->who, &d->first_time, &d->like_another, e);
    d->asset = x->asset;
    d->tx.data = d->data;
}
