/*
 * A transaction prepared. On LANE_SIGN what we know ourselves (our pending ones, whom we paid, the
 * one to be replaced, a cancellation's signature); from the nodes what there is, the next number
 * and the fees, then what it takes; on LANE_SIGN again, what the signer says to it.
 */
#include <stdio.h>
#include <string.h>

#include "market/purse/draft.h"

#include "base/banned.h"

enum {
    MEMORY = 64 << 20,
    ANSWER = 4096,
    GAS_MOST = 1000000, /* none of ours takes half of it: a node that says more is wrong */
    GAS_COIN = 21000,
    WAITING_MOST = 64,
    RAW_BYTES = 300, /* of ours at most beside the call data, for what a layer below takes */
};

/* Where rollups on the OP stack say what the layer below takes. */
static const address L1_ORACLE = {
    {0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0f}};

static void deliver(struct purse_call *c, const struct err *e)
{
    struct draft_call *x = (struct draft_call *)c;
    x->done(x->ud, e == NULL ? &x->d : NULL, e);
}

static void release(struct purse_call *c)
{
    arena_release(&((struct draft_call *)c)->memory);
}

/* --- what the nodes say */

static void got_needs(struct purse_call *c, const struct answers *a);
static void got_gas(struct purse_call *c, const struct answers *a);
static void judge(struct purse_call *c);

enum { Q_BLOCK, Q_COINS, Q_NONCE, Q_PENDING, Q_PRIORITY, Q_L1, Q_MORE /* balance, or code */ };

static void ask_needs(struct purse_call *c)
{
    struct draft_call *x = (struct draft_call *)c;
    struct asking k;
    struct buf data;
    char from[ADDRESS_BUF];
    address_format(x->from, from);
    asking_init(&k);
    asking_add(&k, "eth_getBlockByNumber", AT_FIRST, SAME_BLOCK, "the newest block", "false");
    asking_add(&k, "eth_getBalance", AT_LAST, SAME_VALUE, "your balance", "\"%s\"", from);
    asking_add(&k, "eth_getTransactionCount", AT_LAST, SAME_VALUE, "your transactions", "\"%s\"",
               from);
    asking_add(&k, "eth_getTransactionCount", AT_NONE, SAME_ANY, "your transactions",
               "\"%s\",\"pending\"", from);
    asking_add(&k, "eth_maxPriorityFeePerGas", AT_NONE, SAME_ANY, "fees", "%s", "");
    buf_init(&data, 128);
    call_selector(&data, "getL1FeeUpperBound(uint256)");
    uint8_t size[32];
    u256_to_be(u256_from_u64(RAW_BYTES + x->d.tx.data_len), size);
    buf_add(&data, size, sizeof size);
    asking_call(&k, L1_ORACLE, &data, "fees");
    if (!asset_is_coin(&x->asset) && x->rq.kind == DRAFT_SEND) {
        buf_init(&data, 128);
        call_balance_of(&data, x->from);
        asking_call(&k, x->asset.token, &data, "your balance");
    }
    if (draft_lists(x)) {
        char to[ADDRESS_BUF];
        asking_add(&k, "eth_getCode", AT_LAST, SAME_VALUE, "a contract", "\"%s\"",
                   address_format(x->d.tx.to, to));
    }
    call_ask(c, &k, 0, got_needs);
}

static bool result_number(const struct rpc_result *r, u256 *out)
{
    struct buf bytes;
    buf_init(&bytes, ANSWER);
    bool ok = answer_bytes(r, &bytes) && result_u256((const uint8_t *)bytes.p, bytes.len, out);
    buf_release(&bytes);
    return ok;
}

/* A call to where there is no contract would be mined, cost its fee, and do nothing. */
static souk_err need_code(const struct draft_call *x, const struct rpc_result *r, struct err *e)
{
    char to[ADDRESS_BUF];
    const char *hex = r->value != NULL ? cJSON_GetStringValue(r->value) : NULL;
    if (hex == NULL)
        return answer_failed(r, "a contract", e);
    if (strlen(hex) > 2)
        return SOUK_OK;
    address_format(x->d.tx.to, to);
    if (x->rq.kind == DRAFT_DEPLOY)
        return err_set(
            e, SOUK_EINPUT,
            "this chain has no deployment proxy at %s: ModelListings cannot be put at its "
            "usual address here",
            to);
    return err_set(
        e, SOUK_EINPUT,
        "there is no contract at %s, which the profile calls its listings: nothing could "
        "be listed there",
        to);
}

static souk_err read_needs(struct draft_call *x, const struct answers *a, struct err *e)
{
    const struct rpc_result *one = a->one;
    uint64_t latest;
    const struct rpc_result base = {.value = json_get(one[Q_BLOCK].value, "baseFeePerGas")};
    if (!answer_u256(&base, &x->fees.base))
        return answer_failed(&one[Q_BLOCK], "the base fee", e);
    if (!answer_u256(&one[Q_COINS], &x->coins))
        return answer_failed(&one[Q_COINS], "your balance", e);
    if (!answer_u64(&one[Q_NONCE], &latest))
        return answer_failed(&one[Q_NONCE], "your transactions", e);
    /* Many nodes do not show what waits; then what we know ourselves must do. A count far ahead
       would leave a gap, and the transaction waiting for ever. */
    if (!answer_u64(&one[Q_PENDING], &x->node_nonce) || x->node_nonce < latest ||
        x->node_nonce - latest > WAITING_MOST)
        x->node_nonce = latest;
    if (!answer_u256(&one[Q_PRIORITY], &x->fees.priority))
        x->fees.priority = U256_ZERO; /* the least will do */
    if (!result_number(&one[Q_L1], &x->l1))
        x->l1 = U256_ZERO; /* no such layer */
    x->balance = x->coins;
    if (draft_lists(x))
        return need_code(x, &one[Q_MORE], e);
    if (a->n > Q_MORE && !result_number(&one[Q_MORE], &x->balance))
        return answer_failed(&one[Q_MORE], "your balance", e);
    return SOUK_OK;
}

/* Everything there is: of a token its balance, now that it is known. */
static souk_err take_all(struct draft_call *x, struct err *e)
{
    struct buf data;
    if (!x->rq.all || x->rq.kind != DRAFT_SEND || asset_is_coin(&x->asset))
        return SOUK_OK;
    x->d.amount = x->balance;
    buf_init(&data, sizeof x->d.data);
    call_transfer(&data, x->rq.who, x->d.amount);
    return draft_set_data(&x->d, &data, e);
}

static souk_err enough(const struct draft_call *x, struct err *e)
{
    char has[U256_FMT], wants[U256_FMT];
    const struct asset *a = &x->asset;
    if (x->rq.kind != DRAFT_SEND || u256_cmp(x->balance, x->d.amount) >= 0)
        return x->rq.all && u256_is_zero(x->balance) && x->rq.kind == DRAFT_SEND
                   ? err_set(e, SOUK_EINPUT, "there is no %s to send", a->symbol)
                   : SOUK_OK;
    return err_set(e, SOUK_EINPUT, "there are %s %s, and %s are to be sent",
                   u256_format(x->balance, a->decimals, -1, has), a->symbol,
                   u256_format(x->d.amount, a->decimals, -1, wants));
}

static void ask_gas(struct purse_call *c)
{
    struct draft_call *x = (struct draft_call *)c;
    const struct tx *t = &x->d.tx;
    struct asking k;
    char from[2 * 20 + 3], to[2 * 20 + 3], data[2 * sizeof x->d.data + 3], value[2 * 32 + 3];
    uint8_t be[32];
    size_t zeroes = 2;
    u256_to_be(t->value, be);
    hex_encode(be, sizeof be, value);
    while (zeroes < 2 + 63 && value[zeroes] == '0')
        zeroes++;
    asking_init(&k);
    asking_add(&k, "eth_estimateGas", AT_NONE, SAME_ANY, "fees",
               "{\"from\":\"%s\",\"to\":\"%s\",\"value\":\"0x%s\",\"data\":\"%s\"}",
               hex_encode(x->from.b, 20, from), hex_encode(t->to.b, 20, to), value + zeroes,
               hex_encode(t->data, t->data_len, data));
    call_ask(c, &k, 0, got_gas);
}

static void got_needs(struct purse_call *c, const struct answers *a)
{
    struct draft_call *x = (struct draft_call *)c;
    struct err e = {0};
    souk_err code = read_needs(x, a, &e);
    if (code == SOUK_OK)
        code = enough(x, &e);
    if (code == SOUK_OK)
        code = take_all(x, &e);
    if (code != SOUK_OK) {
        call_end(c, &e);
        return;
    }
    if (!draft_replaces(x))
        x->d.tx.nonce = next_nonce(x->node_nonce, x->row, x->rows, x->from, (int64_t)x->d.tx.chain);
    if (x->rq.kind == DRAFT_SPEED_UP) {
        x->gas_likely = x->d.tx.gas;
        judge(c);
    } else {
        ask_gas(c);
    }
}

static void got_gas(struct purse_call *c, const struct answers *a)
{
    struct draft_call *x = (struct draft_call *)c;
    struct err e = {0};
    if (a->one[0].value == NULL) {
        const struct untrusted m = a->one[0].message;
        err_set(&e, SOUK_EINPUT, "the chain would refuse this transaction: %.*s",
                (int)(m.n < 200 ? m.n : 200), m.p != NULL ? m.p : "");
        if (x->rq.kind == DRAFT_DELIST)
            err_prefix(&e, "is anything of that name listed by this account (`souk listings`)?");
    } else if (!answer_u64(&a->one[0], &x->gas_likely)) {
        answer_failed(&a->one[0], "fees", &e);
    } else if (x->gas_likely > GAS_MOST || x->gas_likely < GAS_COIN) {
        err_set(&e, SOUK_EVERIFY,
                "the node says that this takes %llu gas, which cannot be: use another node",
                (unsigned long long)x->gas_likely);
    }
    if (e.code != SOUK_OK) {
        call_end(c, &e);
        return;
    }
    x->d.tx.gas = x->d.tx.data_len == 0 && x->gas_likely == GAS_COIN
                      ? GAS_COIN /* an account, not a contract: it is always that */
                      : x->gas_likely + x->gas_likely / 4;
    judge(c);
}

/* --- what it costs, and whether there is so much */

static souk_err set_fees(struct draft_call *x, struct err *e)
{
    struct draft *d = &x->d;
    char fee[U256_FMT], limit[U256_FMT];
    const char *coin = x->call.p->net->coin;
    u256 price, most;
    fees_choose(&x->fees, draft_replaces(x) ? &x->old : NULL, &d->tx.max_fee, &d->tx.max_priority);
    u256_add(x->fees.base, d->tx.max_priority, &price);
    bool fits = u256_mul_u64(price, x->gas_likely, &d->fee_likely);
    fits = u256_mul_u64(d->tx.max_fee, d->tx.gas, &most) && fits;
    fits = u256_add(most, x->l1, &d->fee_most) && fits;
    fits = u256_add(d->fee_likely, x->l1, &d->fee_likely) && fits;
    if (u256_cmp(d->fee_likely, d->fee_most) > 0)
        d->fee_likely = d->fee_most;
    bool limited = !u256_is_zero(x->coin.per_call);
    if (!fits || (limited && u256_cmp(most, x->coin.per_call) > 0))
        return err_set(e, SOUK_ELIMIT,
                       "the network fee could come to %s %s, and your limit for one call is %s: "
                       "is the node right? Try again later, or raise the limit",
                       u256_format(d->fee_most, 18, 9, fee), coin,
                       limited ? u256_format(x->coin.per_call, 18, -1, limit) : "not set");
    return SOUK_OK;
}

static souk_err afford(struct draft_call *x, struct err *e)
{
    struct draft *d = &x->d;
    char fee[U256_FMT], has[U256_FMT], wants[U256_FMT];
    u256 need, likely;
    if (x->rq.all && asset_is_coin(&x->asset) && x->rq.kind == DRAFT_SEND) {
        u256_sub(x->coins, d->fee_most, &d->amount);
        d->tx.value = d->amount;
    }
    bool fits = u256_add(d->tx.value, d->fee_most, &need);
    bool nothing = x->rq.kind == DRAFT_SEND && u256_is_zero(d->amount);
    if (!fits || nothing || u256_cmp(x->coins, need) < 0)
        return err_set(e, SOUK_EINPUT,
                       "with a network fee of up to %s this takes %s%s %s, and there are %s",
                       u256_format(d->fee_most, 18, 9, fee), nothing ? "more than " : "",
                       u256_format(need, 18, 9, wants), x->call.p->net->coin,
                       u256_format(x->coins, 18, 9, has));
    u256_add(d->tx.value, d->fee_likely, &likely);
    u256_sub(x->coins, likely, &d->coin_after);
    d->balance_after = x->balance;
    if (asset_is_coin(&x->asset))
        d->balance_after = d->coin_after;
    else if (x->rq.kind == DRAFT_SEND)
        u256_sub(x->balance, d->amount, &d->balance_after);
    return SOUK_OK;
}

/* [LANE_SIGN] What the signer says to it; a locked wallet's says nothing. */
static void try_run(struct job *j)
{
    struct draft_call *x = (struct draft_call *)j;
    struct err *e = &x->call.err;
    struct signer_tx t = {.tx = x->d.tx, .account = x->d.account, .gate = -1, .try_only = true};
    struct signer_answer answer = {0};
    struct signer *s = NULL;
    struct buf raw;
    bytes32 hash;
    souk_err c = signer_connect(x->call.p->card.name, &s, e);
    if (c == SOUK_ENOTFOUND) {
        x->d.needs_password = true;
        *e = (struct err){0};
        return;
    }
    buf_init(&raw, ANSWER);
    if (c == SOUK_OK)
        c = signer_tx(s, &t, &raw, &hash, &answer, e);
    buf_release(&raw);
    signer_close(s);
    if (c != SOUK_OK && c != SOUK_ELIMIT)
        return;
    memcpy(x->d.meaning_text, answer.meaning, sizeof x->d.meaning_text);
    x->d.needs_password = refusal_yields(answer.refusal);
    if (answer.refusal == REFUSE_NOT || x->d.needs_password)
        *e = (struct err){0};
    else
        err_set(e, SOUK_ELIMIT, "the signer would refuse it: %s", refusal_words(answer.refusal));
}

static void tried(struct purse_call *c)
{
    call_end(c, NULL);
}

static void judge(struct purse_call *c)
{
    struct draft_call *x = (struct draft_call *)c;
    struct err e = {0};
    if (set_fees(x, &e) != SOUK_OK || afford(x, &e) != SOUK_OK) {
        call_end(c, &e);
        return;
    }
    x->d.meaning = call_meaning(x->d.data, x->d.tx.data_len); /* the data stays from here on */
    call_job(c, try_run, tried);
}

static void begin(struct purse_call *c)
{
    struct draft_call *x = (struct draft_call *)c;
    struct err e = {0};
    if (c->p->card.kind == WALLET_WATCH) {
        err_set(&e, SOUK_EINPUT, "the wallet %s only watches an address: it cannot sign",
                c->p->card.name);
        call_end(c, &e);
        return;
    }
    x->from = purse_address(c->p);
    x->d.account = c->p->account;
    call_job(c, draft_shape_run, ask_needs);
}

/* The texts of a listing, which are the caller's until now. */
static bool keep_terms(struct arena *a, struct listing_terms *t)
{
    struct untrusted *text[] = {&t->author, &t->name, &t->blob_id, &t->endpoint};
    for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
        char *p = arena_strndup(a, text[i]->n > 0 ? text[i]->p : "", text[i]->n);
        if (p == NULL)
            return false;
        *text[i] = untrusted_n(p, text[i]->n);
    }
    return true;
}

void draft_copy(struct draft *to, const struct draft *from)
{
    *to = *from;
    to->tx.data = to->data;
    to->meaning = call_meaning(to->data, to->tx.data_len);
}

struct purse_call *purse_draft(struct purse *p, const struct draft_request *rq, draft_fn done,
                               void *ud)
{
    struct draft_call *x = call_new(p, sizeof *x, begin, deliver, release);
    if (x == NULL)
        return NULL;
    struct asset all[CONFIG_TOKENS + 1];
    size_t n = network_assets(p->net, all, CONFIG_TOKENS + 1);
    x->rq = *rq;
    x->asset = rq->asset != NULL ? *rq->asset : all[n - 1];
    x->rq.asset = NULL;
    x->d.who = rq->who;
    x->d.amount = rq->amount;
    x->d.tx = (struct tx){.type = TX_1559, .chain = (uint64_t)p->net->payment.chain_id};
    x->done = done;
    x->ud = ud;
    arena_init(&x->memory, MEMORY);
    if (!keep_terms(&x->memory, &x->rq.terms)) {
        purse_drop(&x->call); /* before it began */
        return NULL;
    }
    return &x->call;
}
