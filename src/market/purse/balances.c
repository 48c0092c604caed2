/*
 * What an address has: the coin, the tokens, and what Permit2 may take of them. By Multicall3 where
 * the chain has it (one question, and all of one block), else each by itself.
 */
#include <string.h>

#include "market/purse/internal.h"

#include "base/banned.h"

const address MULTICALL3 = {{0xca, 0x11, 0xbd, 0xe0, 0x59, 0x77, 0xb3, 0x63, 0x11, 0x67,
                             0x02, 0x88, 0x62, 0xbe, 0x2a, 0x17, 0x39, 0x76, 0xca, 0x11}};

enum { CALLS = 2 * CONFIG_TOKENS, CALL_DATA = 128, MULTI_DATA = 64 << 10, ANSWER = 64 << 10 };

struct balances_call {
    struct purse_call call; /* first */
    struct balances b;
    bool multi; /* asked for at once */
    balances_fn done;
    void *ud;
};

static void deliver(struct purse_call *c, const struct err *e)
{
    struct balances_call *x = (struct balances_call *)c;
    x->done(x->ud, e == NULL ? &x->b : NULL, e);
}

/* Each token has two calls: what there is, and what Permit2 may take. */
static void token_call(struct buf *data, const struct balances_call *x, size_t i)
{
    buf_init(data, CALL_DATA);
    if (i % 2 == 0)
        call_balance_of(data, x->b.who);
    else
        call_allowance(data, x->b.who, PERMIT2);
}

static void ask_at_once(struct asking *k, const struct balances_call *x, size_t calls)
{
    struct call3 one[CALLS];
    struct buf data[CALLS], all;
    for (size_t i = 0; i < calls; i++) {
        token_call(&data[i], x, i);
        one[i] = (struct call3){.target = x->call.p->net->token[i / 2].addr,
                                .data = (const uint8_t *)data[i].p,
                                .len = data[i].len};
    }
    buf_init(&all, MULTI_DATA);
    call_aggregate3(&all, one, calls);
    asking_call(k, MULTICALL3, &all, "your balances");
    for (size_t i = 0; i < calls; i++)
        buf_release(&data[i]);
}

static void got(struct purse_call *c, const struct answers *a);

static void ask(struct purse_call *c)
{
    struct balances_call *x = (struct balances_call *)c;
    const struct network *net = c->p->net;
    struct asking k;
    char who[ADDRESS_BUF];
    address_format(x->b.who, who);
    asking_init(&k);
    asking_add(&k, "eth_getBlockByNumber", AT_FIRST, SAME_BLOCK, "the newest block", "false");
    asking_add(&k, "eth_getBalance", AT_LAST, SAME_VALUE, "your balance", "\"%s\"", who);
    asking_add(&k, "eth_getCode", AT_LAST, SAME_VALUE, "the code of your address", "\"%s\"", who);
    x->multi = net->tokens > 0 && !c->p->no_multicall;
    if (x->multi)
        ask_at_once(&k, x, 2 * net->tokens);
    for (size_t i = 0; i < 2 * net->tokens && !x->multi; i++) {
        struct buf data;
        token_call(&data, x, i);
        asking_call(&k, net->token[i / 2].addr, &data, "your balances");
    }
    call_ask(c, &k, 0, got);
}

static u256 *place(struct balances_call *x, size_t i)
{
    return i % 2 == 0 ? &x->b.of[i / 2].amount.value : &x->b.of[i / 2].permit2;
}

/* False: there is no Multicall3. */
static bool read_at_once(struct balances_call *x, const struct rpc_result *r, struct err *e)
{
    struct call3_result one[CALLS];
    struct buf bytes;
    size_t n = 2 * x->call.p->net->tokens;
    buf_init(&bytes, ANSWER);
    bool is = answer_bytes(r, &bytes) && bytes.len > 0 &&
              result_aggregate3((const uint8_t *)bytes.p, bytes.len, one, n);
    for (size_t i = 0; i < n && is && e->code == SOUK_OK; i++) {
        if (!one[i].ok || !result_u256((const uint8_t *)one[i].data.p, one[i].data.n, place(x, i)))
            err_set(e, SOUK_ENET, "the token %s does not say what you have",
                    x->b.of[i / 2].amount.symbol);
    }
    buf_release(&bytes);
    return is;
}

static void read_each(struct balances_call *x, const struct rpc_result *r, struct err *e)
{
    for (size_t i = 0; i < 2 * x->call.p->net->tokens && e->code == SOUK_OK; i++) {
        struct buf bytes;
        buf_init(&bytes, ANSWER);
        if (!answer_bytes(&r[i], &bytes) ||
            !result_u256((const uint8_t *)bytes.p, bytes.len, place(x, i)))
            answer_failed(&r[i], x->b.of[i / 2].amount.symbol, e);
        buf_release(&bytes);
    }
}

static void got(struct purse_call *c, const struct answers *a)
{
    struct balances_call *x = (struct balances_call *)c;
    struct eth_block block = {0};
    struct err e = {0};
    struct buf code;
    if (a->one[0].value == NULL)
        answer_failed(&a->one[0], "the newest block", &e);
    else
        eth_block_parse(a->one[0].value, &block, &e);
    x->b.block = block.number;
    x->b.time = block.time;
    if (e.code == SOUK_OK && !answer_u256(&a->one[1], &x->b.of[x->b.n - 1].amount.value))
        answer_failed(&a->one[1], "your balance", &e);
    buf_init(&code, ANSWER);
    if (e.code == SOUK_OK && !answer_bytes(&a->one[2], &code))
        answer_failed(&a->one[2], "the code of your address", &e);
    x->b.has_code = code.len > 0;
    buf_release(&code);
    if (e.code == SOUK_OK && x->multi && !read_at_once(x, &a->one[3], &e)) {
        c->p->no_multicall = true;
        ask(c);
        return;
    }
    if (e.code == SOUK_OK && !x->multi)
        read_each(x, a->one + 3, &e);
    call_end(c, &e);
}

struct purse_call *purse_balances(struct purse *p, address who, balances_fn done, void *ud)
{
    struct asset asset[CONFIG_TOKENS + 1];
    struct balances_call *x = call_new(p, sizeof *x, ask, deliver, NULL);
    if (x == NULL)
        return NULL;
    x->done = done;
    x->ud = ud;
    x->b.who = who;
    x->b.n = network_assets(p->net, asset, CONFIG_TOKENS + 1);
    for (size_t i = 0; i < x->b.n; i++) {
        struct amount *m = &x->b.of[i].amount;
        *m = (struct amount){
            .asset = asset[i].token, .decimals = asset[i].decimals, .rank = (unsigned)i};
        memcpy(m->symbol, asset[i].symbol, sizeof m->symbol);
    }
    return &x->call;
}
