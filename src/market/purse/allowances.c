/*
 * Who may take what. The logs only tell whom to ask about (Approval logs of the owner, range by
 * range, and the spenders we know); what is allowed is each token's own word of now.
 */
#include <string.h>

#include "eth/events.h"
#include "market/purse/internal.h"

#include "base/banned.h"

enum {
    PAIRS = 400,
    RANGES = 8, /* asked for together */
    ASK_MOST = 100,
    MEMORY = 16 << 20,
};

struct allowances_call {
    struct purse_call call; /* first */
    address who;
    struct asset asset[CONFIG_TOKENS];
    size_t assets;
    uint64_t block, next, end, size;
    struct allowance_row pair[PAIRS];
    size_t n, asked, kept;
    allowances_fn done;
    void *ud;
};

static void ask_logs(struct purse_call *c);
static void ask_now(struct purse_call *c);

static void deliver(struct purse_call *c, const struct err *e)
{
    struct allowances_call *x = (struct allowances_call *)c;
    x->done(x->ud, e == NULL ? x->pair : NULL, e == NULL ? x->kept : 0, e);
}

static const char *name_of(const struct network *n, address a)
{
    return address_eq(a, PERMIT2)          ? "Permit2"
           : address_eq(a, n->exact_proxy) ? "x402 exact proxy"
           : address_eq(a, n->upto_proxy)  ? "x402 upto proxy"
                                           : NULL;
}

/* False: there is no room for more. */
static bool add_pair(struct allowances_call *x, const struct asset *a, address spender)
{
    for (size_t i = 0; i < x->n; i++) {
        if (address_eq(x->pair[i].asset.token, a->token) && address_eq(x->pair[i].spender, spender))
            return true;
    }
    if (x->n == PAIRS)
        return false;
    x->pair[x->n++] = (struct allowance_row){
        .asset = *a, .spender = spender, .spender_name = name_of(x->call.p->net, spender)};
    return true;
}

/* --- the logs */

static bool take_log(struct allowances_call *x, const struct eth_log *l)
{
    struct event ev;
    if (event_decode(l, &ev) != EV_APPROVAL || !address_eq(ev.approval.owner, x->who))
        return true;
    for (size_t i = 0; i < x->assets; i++) {
        if (address_eq(x->asset[i].token, l->from))
            return add_pair(x, &x->asset[i], ev.approval.spender);
    }
    return true;
}

static souk_err take_logs(struct allowances_call *x, const struct rpc_result *r, struct err *e)
{
    struct arena a;
    souk_err c = SOUK_OK;
    if (!cJSON_IsArray(r->value))
        return answer_failed(r, "your approvals", e);
    arena_init(&a, MEMORY);
    for (const json *j = json_first(r->value); j != NULL && c == SOUK_OK; j = json_next(j)) {
        struct eth_log l;
        c = eth_log_parse(j, &a, &l, e);
        if (c == SOUK_OK && !take_log(x, &l))
            c = err_set(e, SOUK_ENOMEM, "more than %d approvals were ever given: too many to list",
                        PAIRS);
    }
    arena_release(&a);
    return c;
}

static void got_logs(struct purse_call *c, const struct answers *a)
{
    struct allowances_call *x = (struct allowances_call *)c;
    struct err e = {0};
    uint64_t blocks = 0;
    for (size_t i = 0; i < a->n && e.code == SOUK_OK; i++) {
        const struct rpc_result *r = &a->one[i];
        if (r->value == NULL && x->size > 1 &&
            rpc_range_error(r->code, r->message, &blocks) == RPC_RANGE_SMALLER) {
            x->size = blocks > 0 && blocks < x->size ? blocks : x->size / 2;
            ask_logs(c); /* those that came are asked for again, and are known already */
            return;
        }
        take_logs(x, r, &e);
    }
    if (e.code != SOUK_OK) {
        call_end(c, &e);
        return;
    }
    x->next = x->end;
    if (x->next <= x->block)
        ask_logs(c);
    else
        ask_now(c);
}

static void add_range(struct asking *k, const struct allowances_call *x, uint64_t first,
                      uint64_t last)
{
    char hex[HASH_BUF];
    struct buf where;
    buf_init(&where, 4096);
    for (size_t i = 0; i < x->assets; i++)
        buf_addf(&where, "%s\"%s\"", i > 0 ? "," : "", hex_encode(x->asset[i].token.b, 20, hex));
    buf_addf(&where, "],\"topics\":[\"%s\",", bytes32_format(event_topic(EV_APPROVAL), hex));
    buf_addf(&where, "\"0x000000000000000000000000%s\"]", hex_encode(x->who.b, 20, hex) + 2);
    asking_add(k, "eth_getLogs", AT_NONE, SAME_LOGS, "your approvals",
               "{\"fromBlock\":\"0x%llx\",\"toBlock\":\"0x%llx\",\"address\":[%s}",
               (unsigned long long)first, (unsigned long long)last, where.p);
    buf_release(&where);
}

static void ask_logs(struct purse_call *c)
{
    struct allowances_call *x = (struct allowances_call *)c;
    struct asking k;
    asking_init(&k);
    x->end = x->next;
    for (int i = 0; i < RANGES && x->end <= x->block; i++) {
        uint64_t last = x->block - x->end < x->size ? x->block : x->end + x->size - 1;
        add_range(&k, x, x->end, last);
        x->end = last + 1;
    }
    call_ask(c, &k, x->block, got_logs);
}

static void got_head(struct purse_call *c, const struct answers *a)
{
    struct allowances_call *x = (struct allowances_call *)c;
    uint64_t start = c->p->net->payment.start_block;
    x->block = a->block;
    x->next = start < x->block ? start : x->block;
    ask_logs(c);
}

/* --- what is allowed now */

static void got_now(struct purse_call *c, const struct answers *a)
{
    struct allowances_call *x = (struct allowances_call *)c;
    static const u256 UNLIMITED = {{UINT64_MAX, UINT32_MAX, 0, 0}}; /* the 96 bits of some tokens */
    struct err e = {0};
    for (size_t i = 0; i < a->n && e.code == SOUK_OK; i++) {
        struct allowance_row row = x->pair[x->asked + i];
        struct buf bytes;
        buf_init(&bytes, 4096);
        if (!answer_bytes(&a->one[i], &bytes) ||
            !result_u256((const uint8_t *)bytes.p, bytes.len, &row.amount))
            answer_failed(&a->one[i], "an allowance", &e);
        buf_release(&bytes);
        row.unlimited = u256_cmp(row.amount, UNLIMITED) >= 0;
        if (e.code == SOUK_OK && !u256_is_zero(row.amount))
            x->pair[x->kept++] = row; /* never ahead of the one just read */
    }
    x->asked += a->n;
    if (e.code != SOUK_OK || x->asked == x->n)
        call_end(c, &e);
    else
        ask_now(c);
}

static void ask_now(struct purse_call *c)
{
    struct allowances_call *x = (struct allowances_call *)c;
    struct asking k;
    asking_init(&k);
    for (size_t i = x->asked; i < x->n && k.n < ASK_MOST; i++) {
        struct buf data;
        buf_init(&data, 128);
        call_allowance(&data, x->who, x->pair[i].spender);
        asking_call(&k, x->pair[i].asset.token, &data, "an allowance");
    }
    call_ask(c, &k, 0, got_now);
}

static void begin(struct purse_call *c)
{
    struct allowances_call *x = (struct allowances_call *)c;
    const struct network *n = c->p->net;
    struct asking k;
    if (x->assets == 0) {
        call_end(c, NULL);
        return;
    }
    for (size_t i = 0; i < x->assets; i++) {
        add_pair(x, &x->asset[i], PERMIT2);
        add_pair(x, &x->asset[i], n->exact_proxy);
        add_pair(x, &x->asset[i], n->upto_proxy);
    }
    asking_init(&k);
    asking_add(&k, "eth_blockNumber", AT_NONE, SAME_ANY, "the newest block", "%s", "");
    call_ask(c, &k, 0, got_head);
}

struct purse_call *purse_allowances(struct purse *p, address who, allowances_fn done, void *ud)
{
    struct asset all[CONFIG_TOKENS + 1];
    struct allowances_call *x = call_new(p, sizeof *x, begin, deliver, NULL);
    if (x == NULL)
        return NULL;
    x->assets = network_assets(p->net, all, CONFIG_TOKENS + 1) - 1; /* without the coin */
    memcpy(x->asset, all, x->assets * sizeof all[0]);
    x->who = who;
    x->size = p->net->payment.max_range > 0 ? p->net->payment.max_range : 1;
    x->done = done;
    x->ud = ud;
    return &x->call;
}
