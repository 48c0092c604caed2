/*
 * Which nodes of a chain can be read, and how far it is.
 *
 * Every node is asked itself, at once when ranges are to be cross-checked, else one after the other
 * until one is good. One on another chain, or far behind the others, is not read. The range that
 * is read ends where all that are read are; what is safe and final is the least they say.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum {
    NODES = 32,
    CALLS = 4,
    PATIENCE_MS = 2000, /* with the others, once one is good */
    BEHIND = 64,        /* blocks; more, and the node is not waited for */
};

struct head_node {
    struct head *head;
    bool asked, answered, good;
    uint64_t latest, safe, final;
    struct err err;
};

struct head {
    struct chain *c;
    struct rpc *rpc;
    struct head_node node[NODES];
    unsigned nodes;
    bool cross;
    uint64_t timer;
};

void head_free(struct head *h)
{
    if (h == NULL)
        return;
    loop_timer_cancel(h->c->s->loop, h->timer);
    rpc_free(h->rpc);
    mem_free(h);
}

/* --- who is good */

static uint64_t furthest(const struct head *h)
{
    uint64_t most = 0;
    for (unsigned i = 0; i < h->nodes; i++) {
        if (h->node[i].good && h->node[i].latest > most)
            most = h->node[i].latest;
    }
    return most;
}

/* Turns away those far behind. Not all may be: nobody is behind himself. */
static void turn_away(struct head *h)
{
    uint64_t most = furthest(h);
    for (unsigned i = 0; i < h->nodes; i++) {
        struct head_node *n = &h->node[i];
        if (!n->good || most - n->latest <= BEHIND)
            continue;
        n->good = false;
        err_set(&n->err, SOUK_ENET, "%s is %llu blocks behind", rpc_host(h->rpc, i),
                (unsigned long long)(most - n->latest));
    }
}

/* 0: one of them does not say; another's word alone does not make it so. */
static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The list of those that are read, the first good one first; of the others, those not known to be
 * bad may help out when they are not to check each other. */
static souk_err choose(struct head *h, struct err *e)
{
    struct chain *c = h->c;
    struct chain_head *out = &c->head;
    char urls[CONFIG_URLS + NODES];
    size_t len = 0;
    unsigned good = 0;
    const struct err *why = NULL;
    for (int round = 0; round < (h->cross ? 1 : 2); round++) {
        for (unsigned i = 0; i < h->nodes; i++) {
            const struct head_node *n = &h->node[i];
            if (round == 0 ? !n->good : n->good || n->answered)
                continue;
            len += (size_t)snprintf(urls + len, sizeof urls - len, " %s", rpc_url(h->rpc, i));
            if (round > 0)
                continue;
            *out = good++ == 0 ? (struct chain_head){n->latest, n->safe, n->final, clock_now()}
                               : (struct chain_head){least(out->latest, n->latest),
                                                     least(out->safe, n->safe),
                                                     least(out->final, n->final), out->time};
        }
    }
    for (unsigned i = h->nodes; i-- > 0;) {
        if (!h->node[i].good && h->node[i].err.code != SOUK_OK)
            why = &h->node[i].err;
    }
    if (good == 0)
        return why != NULL ? (*e = *why).code : err_set(e, SOUK_ENET, "%s: no node", c->label);
    c->crossing = h->cross && good > 1;
    if (h->cross && good == 1 && why != NULL)
        snprintf(c->uncrossed, sizeof c->uncrossed, "not cross-checked: %.400s", why->msg);
    c->rpc = rpc_new(c->s->http, urls, c->label, e);
    return c->rpc != NULL ? SOUK_OK : e->code;
}

static void decide(struct head *h)
{
    struct chain *c = h->c;
    struct err e = {0};
    turn_away(h);
    souk_err code = choose(h, &e);
    c->asking = NULL;
    head_free(h);
    chain_headed(c, code == SOUK_OK ? NULL : &e);
}

/* --- asking */

static void impatient(void *ud)
{
    struct head *h = ud;
    h->timer = 0;
    for (unsigned i = 0; i < h->nodes; i++) {
        if (!h->node[i].answered)
            err_set(&h->node[i].err, SOUK_ENET, "%s does not answer", rpc_host(h->rpc, i));
    }
    decide(h);
}

/* The number in an answer, or in a block's answer; false: it is none. */
static bool number_of(const json *value, uint64_t *out)
{
    const char *text = cJSON_IsString(value) ? value->valuestring : json_cstr(value, "number");
    return text != NULL && hex_u64(text, strlen(text), out);
}

static souk_err read_answer(struct head_node *n, const struct rpc_reply *r, struct err *e)
{
    const struct chain *c = n->head->c;
    struct rpc_result res[CALLS];
    json *tree = NULL;
    uint64_t id = 0;
    if (rpc_parse(&r->body, CALLS, res, &tree, e) != SOUK_OK)
        return e->code;
    souk_err code = SOUK_OK;
    if (!number_of(res[0].value, &id))
        code = err_set(e, SOUK_ENET, "%s: the node does not say which chain it is on", c->label);
    else if (id != (uint64_t)c->cfg->chain_id)
        code = err_set(e, SOUK_ENET,
                       "%s: the node at %s is on chain %llu, not %lld: nothing of it was read",
                       c->label, rpc_host(n->head->rpc, r->endpoint), (unsigned long long)id,
                       (long long)c->cfg->chain_id);
    else if (!number_of(res[1].value, &n->latest))
        code = err_set(e, SOUK_ENET, "%s: the node does not say how far it is", c->label);
    /* Not all nodes know these words. */
    if (!number_of(res[2].value, &n->safe))
        n->safe = 0;
    if (!number_of(res[3].value, &n->final))
        n->final = 0;
    json_free(tree);
    return code;
}

static souk_err ask(struct head *h, unsigned i, struct err *e);

static void answered(void *ud, struct rpc_reply *r)
{
    struct head_node *n = ud;
    struct head *h = n->head;
    struct err e = {0};
    unsigned waiting = 0, good = 0, next = h->nodes;
    n->answered = true;
    n->err = r->err;
    n->good = r->err.code == SOUK_OK && read_answer(n, r, &n->err) == SOUK_OK;
    for (unsigned i = h->nodes; i-- > 0;) {
        waiting += h->node[i].asked && !h->node[i].answered;
        good += h->node[i].good;
        if (!h->node[i].asked)
            next = i;
    }
    if (good == 0 && next < h->nodes) {
        if (ask(h, next, &e) == SOUK_OK)
            return;
    }
    if (waiting == 0)
        decide(h);
    else if (good > 0 && h->timer == 0 &&
             (h->timer = loop_timer(h->c->s->loop, PATIENCE_MS, impatient, h)) == 0)
        decide(h);
}

static souk_err ask(struct head *h, unsigned i, struct err *e)
{
    static const struct rpc_call calls[CALLS] = {
        {"eth_chainId", "[]"},
        {"eth_blockNumber", "[]"},
        {"eth_getBlockByNumber", "[\"safe\",false]"},
        {"eth_getBlockByNumber", "[\"finalized\",false]"},
    };
    uint32_t all = h->nodes == NODES ? UINT32_MAX : (1u << h->nodes) - 1;
    h->node[i].head = h;
    h->node[i].asked = true;
    return rpc_send_but(h->rpc, all & ~(1u << i), calls, CALLS, answered, &h->node[i], e);
}

souk_err head_start(struct chain *c, struct err *e)
{
    struct head *h = mem_zalloc(sizeof *h);
    if (h == NULL)
        return err_nomem(e);
    h->c = c;
    c->asking = h;
    h->rpc = rpc_new(c->s->http, c->cfg->rpc, c->label, e);
    if (h->rpc == NULL)
        return e->code;
    h->nodes = rpc_endpoints(h->rpc);
    h->cross = c->s->net->cross_check && h->nodes > 1;
    souk_err code = SOUK_OK;
    for (unsigned i = 0; i < (h->cross ? h->nodes : 1) && code == SOUK_OK; i++)
        code = ask(h, i, e);
    return code;
}
