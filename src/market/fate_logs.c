/*
 * The search for the log that tells. Ranges go backwards from the head, because a question is
 * mostly about something that just happened; they end where the blocks are older than the
 * signature.
 */
#include <string.h>

#include "base/mem.h"
#include "eth/contracts.h"
#include "eth/events.h"
#include "market/fate_internal.h"

#include "base/banned.h"

enum {
    SLACK = 3600,    /* seconds that a block's clock may be ahead of ours */
    CARRY_MOST = 64, /* transactions looked at together */
    INPUT_MAX = 1 << 20,
    MEMORY = 32 << 20,
};

/* --- ranges */

static void add_address_topic(struct buf *b, address a)
{
    char hex[2 * 20 + 3];
    buf_addf(b, "\"0x000000000000000000000000%s\"", hex_encode(a.b, 20, hex) + 2);
}

static void ask_logs(struct asking *k, address from, uint64_t first, uint64_t last,
                     const char *topics)
{
    char hex[2 * 20 + 3];
    asking_add(
        k, "eth_getLogs", AT_NONE, SAME_LOGS, "the logs of a payment",
        "{\"address\":\"%s\",\"fromBlock\":\"0x%llx\",\"toBlock\":\"0x%llx\",\"topics\":[%s]}",
        hex_encode(from.b, 20, hex), (unsigned long long)first, (unsigned long long)last, topics);
}

static void ask_3009(const struct fate_query *q, struct asking *k, struct buf *topics)
{
    char used[HASH_BUF], cancelled[HASH_BUF], nonce[HASH_BUF];
    buf_addf(topics, "[\"%s\",\"%s\"],", bytes32_format(event_topic(EV_AUTHORIZATION_USED), used),
             bytes32_format(event_topic(EV_AUTHORIZATION_CANCELED), cancelled));
    add_address_topic(topics, q->t.from);
    buf_addf(topics, ",\"%s\"", bytes32_format(q->t.nonce, nonce));
    ask_logs(k, q->t.token, q->first, q->last, topics->p);
}

static void ask_permit2(const struct fate_query *q, struct asking *k, struct buf *topics)
{
    char hex[HASH_BUF];
    buf_addf(topics, "\"%s\",", bytes32_format(event_topic(EV_TRANSFER), hex));
    add_address_topic(topics, q->t.from);
    buf_addc(topics, ',');
    add_address_topic(topics, q->t.to);
    ask_logs(k, q->t.token, q->first, q->last, topics->p);
    buf_clear(topics);
    buf_addf(topics, "\"%s\",", bytes32_format(event_topic(EV_NONCE_INVALIDATION), hex));
    add_address_topic(topics, q->t.from);
    ask_logs(k, PERMIT2, q->first, q->last, topics->p);
}

void fate_search_ask(struct fate_query *q, struct asking *k)
{
    struct buf topics;
    buf_init(&topics, 1024);
    q->first = q->last - q->start_block >= q->size ? q->last - q->size + 1 : q->start_block;
    if (q->permit2)
        ask_permit2(q, k, &topics);
    else
        ask_3009(q, k, &topics);
    asking_block(k, q->first, "a block");
    if (topics.bad != SOUK_OK)
        k->text.bad = SOUK_ENOMEM;
    buf_release(&topics);
}

/* --- reading a range */

static void took(struct fate_query *q, const struct eth_log *l, u256 amount)
{
    if (q->n_found < FATE_CANDIDATES)
        q->found[q->n_found++] = (struct candidate){l->tx, l->block, l->index, amount};
}

static void take_log(struct fate_query *q, const struct eth_log *l)
{
    struct event ev;
    enum event_kind k = event_decode(l, &ev);
    bool token = address_eq(l->from, q->t.token);
    bool same = memcmp(&ev.authorization.nonce, &q->t.nonce, sizeof q->t.nonce) == 0;
    const struct candidate here = {l->tx, l->block, l->index, U256_ZERO};
    u256 word;
    unsigned bit;
    if (l->removed || l->block < q->first || l->block > q->last)
        return;
    if (q->permit2 && k == EV_TRANSFER && token && address_eq(ev.transfer.from, q->t.from) &&
        address_eq(ev.transfer.to, q->t.to)) {
        took(q, l, ev.transfer.value);
    } else if (q->permit2 && k == EV_NONCE_INVALIDATION && address_eq(l->from, PERMIT2) &&
               address_eq(ev.invalidation.owner, q->t.from)) {
        permit2_place(q->t.nonce, &word, &bit);
        if (u256_cmp(word, ev.invalidation.word) == 0 &&
            (ev.invalidation.mask.w[bit / 64] >> bit % 64 & 1) != 0) {
            q->cancelled = true;
            q->cancel = here;
        }
    } else if (!q->permit2 && k == EV_AUTHORIZATION_USED && token && same &&
               address_eq(ev.authorization.authorizer, q->t.from)) {
        q->used = true;
        q->n_found = 0;
        took(q, l, q->t.amount);
    } else if (!q->permit2 && k == EV_AUTHORIZATION_CANCELED && token && same &&
               address_eq(ev.authorization.authorizer, q->t.from)) {
        q->cancelled = true;
        q->cancel = here;
    }
}

static souk_err take_logs(struct fate_query *q, const json *list, struct err *e)
{
    struct arena a;
    souk_err c = SOUK_OK;
    if (!cJSON_IsArray(list))
        return err_set(e, SOUK_ENET, "a node's answer is no list of logs");
    arena_init(&a, MEMORY);
    for (const json *j = json_first(list); j != NULL && c == SOUK_OK; j = json_next(j)) {
        struct eth_log l;
        c = eth_log_parse(j, &a, &l, e);
        if (c == SOUK_OK)
            take_log(q, &l);
    }
    arena_release(&a);
    return c;
}

/* The node's error, when it is about the size of the range: a smaller one is next. */
static enum fate_search smaller(struct fate_query *q, const struct rpc_result *r, struct err *e)
{
    uint64_t blocks = 0;
    if (rpc_range_error(r->code, r->message, &blocks) != RPC_RANGE_SMALLER || q->size <= 1) {
        answer_failed(r, "the logs of a payment", e);
        return SEARCH_FAILED;
    }
    q->size = blocks > 0 && blocks < q->size ? blocks : q->size / 2;
    return SEARCH_MORE;
}

enum fate_search fate_search_read(struct fate_query *q, const struct answers *a, struct err *e)
{
    struct eth_block first;
    for (size_t i = 0; i + 1 < a->n; i++) {
        if (a->one[i].value == NULL)
            return smaller(q, &a->one[i], e);
    }
    if (a->one[a->n - 1].value == NULL) {
        answer_failed(&a->one[a->n - 1], "a block", e);
        return SEARCH_FAILED;
    }
    for (size_t i = 0; i + 1 < a->n; i++) {
        if (take_logs(q, a->one[i].value, e) != SOUK_OK)
            return SEARCH_FAILED;
    }
    if (eth_block_parse(a->one[a->n - 1].value, &first, e) != SOUK_OK)
        return SEARCH_FAILED;
    q->at_end = q->first <= q->start_block || first.time < q->since - SLACK;
    if (!q->permit2 && (q->used || q->cancelled))
        return SEARCH_FOUND;
    if (q->seen < q->n_found)
        return SEARCH_CANDIDATES;
    if (q->at_end)
        return SEARCH_OVER;
    q->last = q->first - 1;
    return SEARCH_MORE;
}

/* --- Permit2: which transaction carries the nonce */

void fate_carry_ask(struct fate_query *q, struct asking *k)
{
    for (size_t i = q->seen; i < q->n_found && i < q->seen + CARRY_MOST; i++) {
        char hash[HASH_BUF];
        asking_add(k, "eth_getTransactionByHash", AT_NONE, SAME_TX, "a transaction", "\"%s\"",
                   bytes32_format(q->found[i].tx, hash));
    }
}

static bool carries(const json *tx, bytes32 nonce)
{
    struct buf input;
    const struct rpc_result r = {.value = json_get(tx, "input")};
    buf_init(&input, INPUT_MAX);
    bool is = answer_bytes(&r, &input) && memmem(input.p, input.len, nonce.b, sizeof nonce.b);
    buf_release(&input);
    return is;
}

enum fate_search fate_carry_read(struct fate_query *q, const struct answers *a, struct err *e)
{
    const struct candidate *best = NULL;
    for (size_t i = 0; i < a->n; i++) {
        const struct candidate *c = &q->found[q->seen + i];
        if (a->one[i].value == NULL) {
            answer_failed(&a->one[i], "a transaction", e);
            return SEARCH_FAILED;
        }
        /* Of several transfers in one such transaction the largest is taken for ours: the record
           of what was spent may be above the truth, never below. */
        if (u256_cmp(c->amount, q->t.amount) <= 0 && carries(a->one[i].value, q->t.nonce) &&
            (best == NULL || u256_cmp(c->amount, best->amount) > 0))
            best = c;
    }
    q->seen += a->n;
    if (best != NULL) {
        q->found[0] = *best;
        q->carried = true;
        return SEARCH_FOUND;
    }
    if (q->seen < q->n_found)
        return SEARCH_CANDIDATES;
    if (q->n_found == FATE_CANDIDATES) {
        err_set(e, SOUK_ENET, "there are too many transfers to this payee to look through");
        return SEARCH_FAILED;
    }
    q->n_found = q->seen = 0;
    if (q->at_end)
        return SEARCH_OVER;
    q->last = q->first - 1;
    return SEARCH_MORE;
}

/* --- EIP-3009: what it took */

void fate_charge_ask(struct fate_query *q, struct asking *k)
{
    char hex[HASH_BUF];
    struct buf topics;
    buf_init(&topics, 1024);
    buf_addf(&topics, "\"%s\",", bytes32_format(event_topic(EV_TRANSFER), hex));
    add_address_topic(&topics, q->t.from);
    ask_logs(k, q->t.token, q->found[0].block, q->found[0].block, topics.p);
    if (topics.bad != SOUK_OK)
        k->text.bad = SOUK_ENOMEM;
    buf_release(&topics);
}

/* The payer's transfer right behind the log that used the authorization; else the nearest behind
 * it, else before it, in the same transaction. */
bool fate_charge_read(const struct fate_query *q, const struct rpc_result *r, u256 *charged,
                      struct err *e)
{
    const struct candidate *used = &q->found[0];
    uint64_t nearest = UINT64_MAX;
    struct arena a;
    bool ok = cJSON_IsArray(r->value);
    if (!ok)
        answer_failed(r, "the logs of a payment", e);
    arena_init(&a, MEMORY);
    for (const json *j = json_first(r->value); ok && j != NULL; j = json_next(j)) {
        struct eth_log l;
        struct event ev;
        ok = eth_log_parse(j, &a, &l, e) == SOUK_OK;
        if (!ok || memcmp(&l.tx, &used->tx, sizeof l.tx) != 0 || !address_eq(l.from, q->t.token) ||
            event_decode(&l, &ev) != EV_TRANSFER || !address_eq(ev.transfer.from, q->t.from))
            continue;
        uint64_t far =
            l.index > used->index ? l.index - used->index : UINT32_MAX + (used->index - l.index);
        if (far < nearest) {
            nearest = far;
            *charged = ev.transfer.value;
        }
    }
    arena_release(&a);
    return ok;
}
