/*
 * An ask has one or two sides, each a node with a client of its own. Round one (HEAD): which chain,
 * how far; round two (ASK): the questions, at the block both have. A side whose node fails takes
 * the next node of the list and begins again with round one.
 */
#include "market/nodes_internal.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum { NODES = 16, TRIES = 4, TRY_WAIT_MS = 250 };

struct node {
    char url[CONFIG_URL];
    bool failed; /* the last time: asked after the others */
    bool known;  /* to be on the right chain, and to have come to `head` */
    uint64_t head;
};

struct nodes {
    struct http *http;
    char label[64];
    int64_t chain;
    struct node node[NODES];
    size_t n;
    struct ask *asks;
};

enum side_step { SIDE_NEW, SIDE_HEAD, SIDE_READY, SIDE_ASKED, SIDE_ANSWERED };

struct side {
    struct ask *ask;
    struct node *node;
    struct rpc *rpc;
    enum side_step step;
    uint64_t head;
    unsigned tries; /* of the questions */
    uint64_t timer;
    struct rpc_result *result;
    json *tree;
};

struct ask {
    struct nodes *nodes;
    struct ask *next;
    ask_fn done;
    void *ud;
    struct side side[2];
    size_t sides;
    uint32_t tried; /* nodes, by index */
    bool has_block;
    uint64_t block;
    struct asking k;
    uint64_t timer;
};

/* --- the nodes */

static void add_node(struct nodes *n, const char *url, size_t len)
{
    struct node *d = &n->node[n->n];
    if (n->n == NODES || len >= sizeof d->url) /* more than anyone asks */
        return;
    snprintf(d->url, sizeof d->url, "%.*s", (int)len, url);
    for (size_t i = 0; i < n->n; i++) {
        if (strcmp(n->node[i].url, d->url) == 0) /* the same one twice is no second opinion */
            return;
    }
    n->n++;
}

souk_err nodes_new(struct http *h, const struct chain_config *c, const char *label,
                   struct nodes **out, struct err *e)
{
    struct nodes *n = mem_zalloc(sizeof *n);
    *out = NULL;
    if (n == NULL)
        return err_nomem(e);
    n->http = h;
    n->chain = c->chain_id;
    snprintf(n->label, sizeof n->label, "%s", label);
    for (const char *p = c->rpc; *p != '\0'; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        add_node(n, p, len);
        p += len;
    }
    if (n->n == 0) {
        mem_free(n);
        return err_set(e, SOUK_EINPUT, "%s: no node is configured", label);
    }
    *out = n;
    return SOUK_OK;
}

static void side_stop(struct side *s)
{
    if (s->rpc != NULL)
        loop_timer_cancel(http_loop(s->ask->nodes->http), s->timer);
    s->timer = 0;
    rpc_free(s->rpc);
    s->rpc = NULL;
}

static void side_release(struct side *s)
{
    side_stop(s);
    json_free(s->tree);
    mem_free(s->result);
    *s = (struct side){.ask = s->ask};
}

static void unlink_ask(struct ask *a)
{
    struct ask **at = &a->nodes->asks;
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
}

static void ask_free(struct ask *a)
{
    for (size_t i = 0; i < a->sides; i++)
        side_release(&a->side[i]);
    buf_release(&a->k.text);
    mem_free(a);
}

void ask_drop(struct ask *a)
{
    if (a == NULL)
        return;
    unlink_ask(a);
    loop_timer_cancel(http_loop(a->nodes->http), a->timer);
    ask_free(a);
}

void nodes_free(struct nodes *n)
{
    if (n == NULL)
        return;
    while (n->asks != NULL)
        ask_drop(n->asks);
    mem_free(n);
}

/* Nothing of the ask is under way when done() begins, so that it may free the nodes. */
static void finish(struct ask *a, const struct answers *answers, const struct err *e)
{
    unlink_ask(a);
    for (size_t i = 0; i < a->sides; i++)
        side_stop(&a->side[i]);
    a->done(a->ud, answers, e);
    ask_free(a);
}

/* --- comparing */

static bool agree(struct ask *a, struct err *e)
{
    struct side *x = &a->side[0], *y = &a->side[1];
    for (size_t i = 0; i < a->k.n && a->sides == 2; i++) {
        char one[104], other[104];
        if (x->result[i].value == NULL)
            continue;
        if (y->result[i].value == NULL && a->k.q[i].same != SAME_ANY) {
            x->result[i] = y->result[i]; /* an error of either is the answer */
            continue;
        }
        if (y->result[i].value == NULL ||
            answers_same(x->result[i].value, y->result[i].value, a->k.q[i].same))
            continue;
        http_host(x->node->url, one);
        http_host(y->node->url, other);
        err_set(e, SOUK_EVERIFY,
                "%s: the two nodes %s and %s differ about %s: one of them is wrong, so nothing "
                "follows from it; try again, or leave the wrong one out of the profile",
                a->nodes->label, one, other, a->k.q[i].what);
        return false;
    }
    return true;
}

/* --- asking */

static void go_on(struct ask *a);

static bool side_start(struct side *s, struct err *e)
{
    struct nodes *n = s->ask->nodes;
    for (int round = 0; round < 2; round++) { /* those that failed the last time come second */
        for (size_t i = 0; i < n->n; i++) {
            if ((s->ask->tried & 1u << i) != 0 || (round == 0 && n->node[i].failed))
                continue;
            s->ask->tried |= 1u << i;
            s->node = &n->node[i];
            s->rpc = rpc_new(n->http, s->node->url, n->label, e);
            return s->rpc != NULL;
        }
    }
    return false;
}

/* The node is of no use: the next one's turn, or the end. */
static void side_failed(struct side *s, const struct err *why)
{
    struct ask *a = s->ask;
    struct err e = *why;
    s->node->failed = true;
    side_release(s);
    if (why->code != SOUK_ECANCEL && side_start(s, &e)) {
        go_on(a);
        return;
    }
    if (a->nodes->n > 1 && e.code == SOUK_ENET)
        err_prefix(&e, "two nodes must answer and agree, or the profile name one alone");
    finish(a, NULL, &e);
}

static void head_came(void *ud, struct rpc_reply *r)
{
    struct side *s = ud;
    struct nodes *n = s->ask->nodes;
    struct rpc_result res[2];
    struct err e = r->err;
    json *tree = NULL;
    uint64_t id = 0;
    char host[104];
    http_host(s->node->url, host);
    if (e.code == SOUK_OK && rpc_parse(&r->body, 2, res, &tree, &e) == SOUK_OK) {
        if (!answer_u64(&res[0], &id) || !answer_u64(&res[1], &s->head))
            err_set(&e, SOUK_ENET, "%s: the node at %s does not say which chain it is on, or where",
                    n->label, host);
        else if (id != (uint64_t)n->chain)
            err_set(&e, SOUK_EVERIFY,
                    "%s: the node at %s is on chain %llu, not %lld: nothing of it is believed",
                    n->label, host, (unsigned long long)id, (long long)n->chain);
        else if (s->ask->has_block && s->ask->block > s->head)
            err_set(&e, SOUK_ENET, "%s: the node at %s does not have block %llu yet", n->label,
                    host, (unsigned long long)s->ask->block);
    }
    json_free(tree);
    if (e.code != SOUK_OK) {
        side_failed(s, &e);
        return;
    }
    s->step = SIDE_READY;
    s->node->known = true;
    s->node->head = s->head;
    go_on(s->ask);
}

/*
 * Behind many a name stand several nodes, and the one asked now need not have the block that
 * another one named a moment ago.
 */
static bool behind(const struct side *s)
{
    static const char *const words[] = {
        "header not found",     "block not found",          "unknown block",
        "could not find block", "cannot query unfinalized", "not yet available"};
    for (size_t i = 0; s->result != NULL && i < s->ask->k.n; i++) {
        const struct rpc_result *r = &s->result[i];
        bool block = strcmp(s->ask->k.q[i].method, "eth_getBlockByNumber") == 0;
        if (block && cJSON_IsNull(r->value))
            return true;
        for (size_t w = 0; r->value == NULL && w < sizeof words / sizeof words[0]; w++) {
            if (r->message.p != NULL &&
                memmem(r->message.p, r->message.n, words[w], strlen(words[w])) != NULL)
                return true;
        }
    }
    return false;
}

static void ask_again(void *ud)
{
    struct side *s = ud;
    s->timer = 0;
    json_free(s->tree);
    s->tree = NULL;
    MEM_FREE(s->result);
    s->step = SIDE_READY;
    go_on(s->ask);
}

static void answers_came(void *ud, struct rpc_reply *r)
{
    struct side *s = ud;
    struct ask *a = s->ask;
    struct err e = r->err;
    if (e.code == SOUK_OK) {
        s->result = mem_array(a->k.n, sizeof *s->result);
        if (s->result == NULL)
            err_nomem(&e);
        else
            rpc_parse(&r->body, a->k.n, s->result, &s->tree, &e);
    }
    if (e.code != SOUK_OK) {
        side_failed(s, &e);
        return;
    }
    if (behind(s) && ++s->tries < TRIES &&
        (s->timer = loop_timer(http_loop(a->nodes->http), (int64_t)TRY_WAIT_MS << (s->tries - 1),
                               ask_again, s)) != 0)
        return;
    s->step = SIDE_ANSWERED;
    s->node->failed = false;
    go_on(a);
}

static souk_err ask_head(struct side *s, struct err *e)
{
    static const struct rpc_call head[] = {{"eth_chainId", "[]"}, {"eth_blockNumber", "[]"}};
    return rpc_send(s->rpc, head, 2, head_came, s, e);
}

static souk_err ask_questions(struct side *s, struct err *e)
{
    const struct ask *a = s->ask;
    struct rpc_call call[ASKING_MAX];
    size_t at[ASKING_MAX];
    struct buf text;
    buf_init(&text, ASK_TEXT_MAX);
    for (size_t i = 0; i < a->k.n; i++) {
        const struct question *q = &a->k.q[i];
        const char *params = a->k.text.p + q->params;
        at[i] = text.len;
        const char *comma = params[0] != '\0' ? "," : "";
        unsigned long long block = a->block;
        if (q->at == AT_NONE)
            buf_addf(&text, "[%s]", params);
        else if (q->at == AT_LAST)
            buf_addf(&text, "[%s%s\"0x%llx\"]", params, comma, block);
        else
            buf_addf(&text, "[\"0x%llx\"%s%s]", block, comma, params);
        buf_addc(&text, '\0');
    }
    souk_err c = buf_check(&text, "the question to a node", e);
    for (size_t i = 0; i < a->k.n && c == SOUK_OK; i++)
        call[i] = (struct rpc_call){a->k.q[i].method, text.p + at[i]};
    if (c == SOUK_OK)
        c = rpc_send(s->rpc, call, a->k.n, answers_came, s, e);
    buf_release(&text);
    return c;
}

static void settle_block(struct ask *a)
{
    a->block = UINT64_MAX;
    for (size_t i = 0; i < a->sides; i++)
        a->block = a->side[i].head < a->block ? a->side[i].head : a->block;
    a->has_block = true;
}

/* Sends whatever can be sent now; at the end, compares. */
static void go_on(struct ask *a)
{
    struct err e = {0};
    souk_err c = SOUK_OK;
    size_t ready = 0, answered = 0;
    for (size_t i = 0; i < a->sides && c == SOUK_OK; i++) {
        struct side *s = &a->side[i];
        if (s->step == SIDE_NEW && a->has_block && s->node->known && s->node->head >= a->block) {
            s->step = SIDE_READY; /* it need not say it again */
        } else if (s->step == SIDE_NEW) {
            s->step = SIDE_HEAD;
            c = ask_head(s, &e);
        }
        ready += s->step >= SIDE_READY;
    }
    if (ready == a->sides && !a->has_block)
        settle_block(a);
    for (size_t i = 0; i < a->sides && ready == a->sides && c == SOUK_OK; i++) {
        struct side *s = &a->side[i];
        if (s->step == SIDE_READY) {
            s->step = SIDE_ASKED;
            c = ask_questions(s, &e);
        }
        answered += s->step == SIDE_ANSWERED;
    }
    if (c != SOUK_OK) {
        finish(a, NULL, &e);
    } else if (answered == a->sides) {
        const struct answers all = {.block = a->block, .one = a->side[0].result, .n = a->k.n};
        bool same = agree(a, &e);
        finish(a, same ? &all : NULL, same ? NULL : &e);
    }
}

static void begin(void *ud)
{
    struct ask *a = ud;
    struct err e = {0};
    a->timer = 0;
    for (size_t i = 0; i < a->sides; i++) {
        a->side[i].ask = a;
        if (!side_start(&a->side[i], &e)) {
            finish(a, NULL, &e);
            return;
        }
    }
    go_on(a);
}

struct ask *asking_send(struct asking *k, struct nodes *n, uint64_t at, ask_fn done, void *ud,
                        struct err *e)
{
    struct ask *a = NULL;
    if (buf_check(&k->text, "the question to a node", e) != SOUK_OK ||
        (a = mem_zalloc(sizeof *a)) == NULL) {
        if (a == NULL && k->text.bad == SOUK_OK)
            err_nomem(e);
        buf_release(&k->text);
        return NULL;
    }
    if (k->n == 0)
        BUG("nothing to ask");
    *a = (struct ask){.nodes = n, .next = n->asks, .done = done, .ud = ud, .k = *k};
    a->has_block = at > 0;
    a->block = at;
    a->sides = n->n > 1 ? 2 : 1;
    n->asks = a;
    buf_init(&k->text, 0);
    /* From a timer, so that even a failure comes by done() and after this returns. */
    a->timer = loop_timer(http_loop(n->http), 0, begin, a);
    if (a->timer == 0) {
        err_nomem(e);
        ask_drop(a);
        return NULL;
    }
    return a;
}
