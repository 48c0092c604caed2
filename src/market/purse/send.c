/*
 * Signed, kept, sent, mined: in this order. What the signer returns is compared with what was asked
 * for, and is on disk before a node sees it.
 */
#include <string.h>

#include "base/clock.h"
#include "market/purse/internal.h"

#include "base/banned.h"

enum {
    RAW_MAX = DRAFT_DATA + 512,
    ROWS = 2000,
    MEMORY = 64 << 20,
    WAIT_FIRST_MS = 100,
    WAIT_MOST_MS = 2000,
    WAIT_ALL_MS = 10 * 60 * 1000,
};

struct send_call {
    struct purse_call call; /* first */
    struct draft d;
    signer_gate gate;
    bool wait, kept, taken;
    struct buf raw;
    struct sent_row row;
    char refused[ERR_MSG_MAX]; /* a node's word */
    int64_t wait_ms, waited_ms;
    sent_fn done;
    void (*signed_fn)(void *ud);
    void *ud;
};

static void deliver(struct purse_call *c, const struct err *e)
{
    struct send_call *x = (struct send_call *)c;
    x->done(x->ud, x->kept ? &x->row : NULL, e);
}

/* What is signed is neither done nor undone by an error on the way. */
static void mend(struct purse_call *c, struct err *e)
{
    const struct send_call *x = (const struct send_call *)c;
    if (!x->kept || x->row.state != SENT_PENDING)
        return;
    err_prefix(e, "%s",
               x->taken ? "it was sent, and whether it was mined is not known yet"
                        : "it is signed and kept, and will be sent when the history is looked at");
    e->code = SOUK_EUNKNOWN;
}

static void release(struct purse_call *c)
{
    buf_release(&((struct send_call *)c)->raw);
}

/* --- shared with the history */

souk_err receipt_read(const json *receipt, struct sent_row *r, struct err *e)
{
    const struct rpc_result status = {.value = json_get(receipt, "status")},
                            block = {.value = json_get(receipt, "blockNumber")},
                            used = {.value = json_get(receipt, "gasUsed")},
                            price = {.value = json_get(receipt, "effectiveGasPrice")},
                            layer = {.value = json_get(receipt, "l1Fee")};
    uint64_t ok, at, gas;
    u256 each, below;
    if (!answer_u64(&status, &ok) || !answer_u64(&block, &at) || at > INT64_MAX ||
        !answer_u64(&used, &gas) || !answer_u256(&price, &each) ||
        !u256_mul_u64(each, gas, &r->fee_paid))
        return err_set(e, SOUK_ENET, "the node gave a receipt that cannot be read");
    if (answer_u256(&layer, &below)) /* what a rollup's layer below took besides */
        u256_add(r->fee_paid, below, &r->fee_paid);
    r->state = ok != 0 ? SENT_MINED : SENT_FAILED;
    r->block = (int64_t)at;
    return SOUK_OK;
}

souk_err sent_settled(struct purchases *p, const struct sent_row *r, struct err *e)
{
    struct sent_row *row;
    struct arena a;
    size_t n = 0;
    souk_err c = sent_save(p, r, e);
    arena_init(&a, MEMORY);
    if (c == SOUK_OK && (r->state == SENT_MINED || r->state == SENT_FAILED))
        c = sent_list(p, &r->from, ROWS, &a, &row, &n, e);
    for (size_t i = 0; i < n && c == SOUK_OK; i++) {
        if (row[i].id == r->id || row[i].nonce != r->nonce || row[i].chain != r->chain ||
            (row[i].state != SENT_PENDING && row[i].state != SENT_DROPPED))
            continue;
        row[i].state = SENT_REPLACED;
        c = sent_save(p, &row[i], e);
    }
    arena_release(&a);
    return c;
}

bool refusal_is_known(struct untrusted m)
{
    static const char *const words[] = {"already known", "already imported", "known transaction",
                                        "already in mempool", "already exists"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (m.p != NULL && memmem(m.p, m.n, words[i], strlen(words[i])) != NULL)
            return true;
    }
    return false;
}

void ask_raw(struct asking *k, struct untrusted raw)
{
    static const char digit[] = "0123456789abcdef";
    struct buf hex;
    buf_init(&hex, 2 * RAW_MAX + 2);
    for (size_t i = 0; i < raw.n; i++) {
        buf_addc(&hex, digit[(uint8_t)raw.p[i] >> 4]);
        buf_addc(&hex, digit[(uint8_t)raw.p[i] & 15]);
    }
    if (hex.bad != SOUK_OK)
        k->text.bad = SOUK_ENOMEM;
    asking_add(k, "eth_sendRawTransaction", AT_NONE, SAME_ANY, "a transaction", "\"0x%s\"", hex.p);
    buf_release(&hex);
}

/* --- signing and keeping */

/* The signer did what it was asked, and by the account it was asked for. */
static souk_err check_signed(const struct send_call *x, bytes32 hash, struct err *e)
{
    const struct tx *want = &x->d.tx;
    const uint8_t *raw = (const uint8_t *)x->raw.p;
    struct tx got;
    signature sig;
    address who;
    bytes32 is = tx_hash(raw, x->raw.len);
    souk_err c = tx_decode(raw, x->raw.len, &got, &sig, e);
    if (c != SOUK_OK)
        return c;
    bytes32 digest = tx_digest(&got), asked = tx_digest(want);
    if (memcmp(&digest, &asked, sizeof digest) != 0 || memcmp(&is, &hash, sizeof is) != 0 ||
        !sig_recover(digest, &sig, &who) || !address_eq(who, x->call.p->card.account[x->d.account]))
        return err_set(e, SOUK_EVERIFY,
                       "the signer signed something else than it was asked: nothing was sent; lock "
                       "the wallet");
    return SOUK_OK;
}

static void fill_row(struct send_call *x, bytes32 hash)
{
    const struct tx *t = &x->d.tx;
    static const address nobody;
    int kind = (int)x->d.meaning.kind;
    bool direct = kind == CALL_NOTHING;
    bool transfers = kind == CALL_TRANSFER || kind == CALL_APPROVE;
    x->row = (struct sent_row){
        .made = clock_now(),
        .chain = (int64_t)t->chain,
        .from = x->call.p->card.account[x->d.account],
        .to = transfers ? x->d.meaning.who : t->to,
        .token = direct ? nobody : x->d.asset.token,
        .kind = kind,
        .amount = direct ? t->value : x->d.amount,
        .nonce = t->nonce,
        .max_fee = t->max_fee,
        .max_priority = t->max_priority,
        .gas = t->gas,
        .data = untrusted_n((const char *)x->d.data, t->data_len),
        .value = t->value,
        .hash = hash,
        .raw = untrusted_n(x->raw.p, x->raw.len),
        .state = SENT_PENDING,
    };
}

static void sign_run(struct job *j)
{
    struct send_call *x = (struct send_call *)j;
    struct purse *p = x->call.p;
    struct err *e = &x->call.err;
    const struct signer_tx t = {.tx = x->d.tx, .account = x->d.account, .gate = x->gate};
    struct signer_answer answer = {0};
    struct signer *s = NULL;
    bytes32 hash;
    souk_err c = signer_connect(p->card.name, &s, e);
    if (c == SOUK_OK)
        c = signer_tx(s, &t, &x->raw, &hash, &answer, e);
    signer_close(s);
    if (c == SOUK_OK)
        c = check_signed(x, hash, e);
    if (c != SOUK_OK)
        return;
    fill_row(x, hash);
    c = sent_add(p->purchases, &x->row, &x->row.id, e);
    x->kept = c == SOUK_OK;
}

/* --- sending */

static void sent(struct purse_call *c, const struct answers *a);
static void looked(struct purse_call *c, const struct answers *a);
static void poll(struct purse_call *c);

static void send_it(struct purse_call *c)
{
    struct send_call *x = (struct send_call *)c;
    struct asking k;
    c->goes_on = true; /* it is signed now */
    if (x->signed_fn != NULL && !c->dropped)
        x->signed_fn(x->ud);
    asking_init(&k);
    ask_raw(&k, x->row.raw);
    call_ask(c, &k, 0, sent);
}

static void ask_receipt(struct purse_call *c,
                        void (*got)(struct purse_call *, const struct answers *))
{
    struct send_call *x = (struct send_call *)c;
    struct asking k;
    char hash[HASH_BUF];
    bytes32_format(x->row.hash, hash);
    asking_init(&k);
    asking_add(&k, "eth_getTransactionReceipt", AT_NONE, SAME_ANY, "a receipt", "\"%s\"", hash);
    asking_add(&k, "eth_getTransactionByHash", AT_NONE, SAME_ANY, "a transaction", "\"%s\"", hash);
    call_ask(c, &k, 0, got);
}

static void taken(struct purse_call *c)
{
    struct send_call *x = (struct send_call *)c;
    x->taken = true;
    if (!x->wait) {
        call_end(c, NULL);
        return;
    }
    x->wait_ms = WAIT_FIRST_MS;
    poll(c);
}

static void sent(struct purse_call *c, const struct answers *a)
{
    struct send_call *x = (struct send_call *)c;
    const struct rpc_result *r = &a->one[0];
    if (r->value != NULL || refusal_is_known(r->message)) {
        taken(c);
        return;
    }
    struct err e;
    err_set(&e, SOUK_ENET, "%.*s", (int)(r->message.n < 200 ? r->message.n : 200),
            r->message.p != NULL ? r->message.p : "");
    memcpy(x->refused, e.msg, sizeof x->refused);
    ask_receipt(c, looked); /* another node may have it all the same */
}

static void drop_run(struct job *j)
{
    struct send_call *x = (struct send_call *)j;
    x->row.state = SENT_DROPPED;
    sent_save(x->call.p->purchases, &x->row, &x->call.err);
}

static void dropped(struct purse_call *c)
{
    struct send_call *x = (struct send_call *)c;
    struct err e;
    err_set(&e, SOUK_ENET, "the node refused the transaction, so it was not sent: %s", x->refused);
    call_end(c, &e);
}

static void looked(struct purse_call *c, const struct answers *a)
{
    if (a->one[1].value != NULL && !cJSON_IsNull(a->one[1].value))
        taken(c);
    else
        call_job(c, drop_run, dropped);
}

/* --- waiting for its block */

static void settle_run(struct job *j)
{
    struct send_call *x = (struct send_call *)j;
    sent_settled(x->call.p->purchases, &x->row, &x->call.err);
}

static void settled(struct purse_call *c)
{
    struct send_call *x = (struct send_call *)c;
    struct err e = {0};
    if (x->row.state == SENT_FAILED)
        err_set(&e, SOUK_EFAIL,
                "the transaction was mined in block %lld and failed: nothing moved but its fee",
                (long long)x->row.block);
    call_end(c, &e);
}

static void polled(struct purse_call *c, const struct answers *a)
{
    struct send_call *x = (struct send_call *)c;
    struct err e = {0};
    const json *receipt = a->one[0].value;
    if (receipt != NULL && !cJSON_IsNull(receipt)) {
        if (receipt_read(receipt, &x->row, &e) != SOUK_OK)
            call_end(c, &e);
        else
            call_job(c, settle_run, settled);
        return;
    }
    x->waited_ms += x->wait_ms;
    if (x->waited_ms > WAIT_ALL_MS) {
        err_set(&e, SOUK_EUNKNOWN,
                "no block has had it for ten minutes; it can be hurried or dropped");
        call_end(c, &e);
        return;
    }
    x->wait_ms = x->wait_ms * 2 < WAIT_MOST_MS ? x->wait_ms * 2 : WAIT_MOST_MS;
    call_later(c, x->wait_ms, poll);
}

static void poll(struct purse_call *c)
{
    ask_receipt(c, polled);
}

static void begin(struct purse_call *c)
{
    call_job(c, sign_run, send_it);
}

struct purse_call *purse_send(struct purse *p, const struct draft *d, signer_gate gate, bool wait,
                              sent_fn done, void *ud)
{
    struct send_call *x = call_new(p, sizeof *x, begin, deliver, release);
    if (x == NULL)
        return NULL;
    x->call.mend = mend;
    draft_copy(&x->d, d);
    x->gate = gate;
    x->wait = wait;
    x->done = done;
    x->ud = ud;
    buf_init(&x->raw, RAW_MAX);
    return &x->call;
}

void purse_on_signed(struct purse_call *sending, void (*fn)(void *ud))
{
    ((struct send_call *)sending)->signed_fn = fn;
}
