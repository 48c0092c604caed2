/*
 * One block: its header makes its hash, its receipts make the header's receipts root, and our rows
 * of it are what its logs say, by the same decoding that made them. A log's place is where the
 * receipts have it, for the number it claims is in no root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eth/events.h"
#include "eth/trie.h"
#include "hub/hub.h"
#include "market/prove/internal.h"
#include "market/sync/internal.h"

#include "base/banned.h"

enum { MEMORY = 256 << 20 };

/* A row that the block's logs make. */
struct wanted {
    struct proof_row row;
    address from, to; /* of a transfer: as the money moved */
    bool must;        /* the cache has to have it */
    bool facilitated; /* sent by a known facilitator */
};

struct checking {
    struct prove *p;
    struct receipt_proof *proof;
    int64_t chain;
    struct arena memory;
    struct wanted *wanted; /* by log */
    size_t n, room;
    struct proof_row *ours; /* by log */
    size_t have, ours_room;
};

__attribute__((format(printf, 2, 3))) static void fail(struct checking *k, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    k->proof->state = PROOF_FAILED;
    vsnprintf(k->proof->words, sizeof k->proof->words, fmt, ap);
    va_end(ap);
}

static void cannot(struct checking *k, const char *why)
{
    snprintf(k->proof->words, sizeof k->proof->words, "%s", why);
}

static bool open(const struct checking *k)
{
    return k->proof->words[0] == '\0';
}

/* --- what the logs make */

static souk_err want(struct checking *k, const struct wanted *w, struct err *e)
{
    struct wanted *bigger = mem_grow(k->wanted, k->n, &k->room, sizeof *bigger);
    if (bigger == NULL)
        return err_nomem(e);
    k->wanted = bigger;
    k->wanted[k->n++] = *w;
    return SOUK_OK;
}

static bool escrow_of(void *ud, bytes32 hash, struct escrow_in *out)
{
    struct checking *k = ud;
    return store_escrow_get(k->p->s, k->chain, hash, out);
}

static souk_err want_transfers(struct checking *k, const struct eth_log *log, size_t n,
                               bool facilitated, struct err *e)
{
    const struct network *net = k->p->net;
    const struct pay_facts facts = {net, escrow_of, k};
    struct paid *paid = arena_alloc(&k->memory, (n + 1) * sizeof *paid);
    bool sure;
    souk_err c = SOUK_OK;
    if (paid == NULL)
        return err_nomem(e);
    size_t found = pay_pair(&facts, log, n, paid, &sure);
    for (size_t i = 0; i < found && c == SOUK_OK; i++) {
        const struct paid *t = &paid[i];
        const struct token *token = network_token(net, t->log->from);
        bool payment = t->scheme != PAY_PLAIN;
        if (token == NULL || u256_is_zero(t->amount))
            continue;
        struct wanted w = {.row = {.kind = payment ? PROOF_PAY : PROOF_FLOW,
                                   .block = t->log->block,
                                   .log = t->log->index,
                                   .tx = t->log->tx,
                                   .scheme = payment ? (int)t->scheme : (int)t->flow,
                                   .tier = payment ? TIER_PROVED : 0,
                                   .from = payment ? t->payer : t->from,
                                   .to = payment ? t->payee : t->to,
                                   .asset = t->log->from,
                                   .amount = t->amount},
                           .from = t->from,
                           .to = t->to,
                           .must = token->whole_log ||
                                   payee_among(t->to, k->proof->block, k->p->payee, k->p->payees_n),
                           .facilitated = facilitated};
        c = want(k, &w, e);
    }
    return c;
}

static souk_err want_event(struct checking *k, const struct eth_log *l, struct err *e)
{
    const struct network *net = k->p->net;
    struct wanted w = {.row = {.block = l->block, .log = l->index, .tx = l->tx}, .must = true};
    struct event ev;
    struct hub_listing h;
    enum event_kind kind = event_decode(l, &ev);
    if (k->chain == net->inference.chain_id && address_eq(l->from, net->inference_emitter) &&
        kind != EV_NONE && rows_inference(&ev)) {
        w.row.kind = PROOF_INFER;
        w.row.cid = ev.inference.cid;
        return want(k, &w, e);
    }
    if (k->chain != net->payment.chain_id || !net->has_listings ||
        !address_eq(l->from, net->listings) || (kind != EV_LISTED && kind != EV_DELISTED))
        return SOUK_OK;
    souk_err c = hub_listing_from_event(&ev, &k->memory, &h, e);
    if (c != SOUK_OK)
        return c;
    w.row.kind = PROOF_LISTING;
    w.row.listed = h.active;
    w.row.from = h.owner;
    w.row.lid = h.id;
    if (h.active) {
        w.row.author = h.author;
        w.row.name = h.name;
        w.row.blob_id = h.blob_id;
        w.row.endpoint = h.endpoint;
        w.row.amount = h.price;
        w.row.asset = h.asset;
        w.row.to = h.pay_to;
    }
    return want(k, &w, e);
}

/* --- the receipts */

/* One transaction's logs, in the order of the block; *at: how many there were before. */
static souk_err read_receipt(struct checking *k, const json *receipt, size_t *at, struct err *e)
{
    const json *logs = json_get(receipt, "logs");
    struct untrusted hash = json_str(receipt, "transactionHash"),
                     sender = json_str(receipt, "from");
    size_t n = 0;
    bytes32 tx;
    address from = {{0}};
    for (const json *l = json_first(logs); l != NULL; l = json_next(l))
        n++;
    struct eth_log *log = arena_alloc(&k->memory, (n + 1) * sizeof *log);
    if (log == NULL)
        return err_nomem(e);
    if (hash.p == NULL || !bytes32_parse(hash.p, hash.n, &tx)) {
        cannot(k, "the node gave a receipt without its transaction");
        return SOUK_OK;
    }
    if (sender.p != NULL)
        hex_decode(sender.p, sender.n, from.b, sizeof from.b);
    n = 0;
    souk_err c = SOUK_OK;
    for (const json *l = json_first(logs); l != NULL && c == SOUK_OK; l = json_next(l)) {
        c = eth_log_parse(l, &k->memory, &log[n], e);
        log[n].index = (*at)++;
        log[n].block = k->proof->block;
        log[n++].tx = tx;
    }
    for (size_t i = 0; i < n && c == SOUK_OK; i++)
        c = want_event(k, &log[i], e);
    if (c == SOUK_OK && k->chain == k->p->net->payment.chain_id)
        c = want_transfers(k, log, n,
                           address_among(from, k->p->net->facilitator, k->p->net->facilitators), e);
    return c;
}

static int by_log(const void *pa, const void *pb)
{
    const struct wanted *a = pa, *b = pb;
    return (a->row.log > b->row.log) - (a->row.log < b->row.log);
}

static souk_err read_receipts(struct checking *k, const json *receipts, struct err *e)
{
    size_t at = 0;
    souk_err c = SOUK_OK;
    for (const json *r = json_first(receipts); r != NULL && c == SOUK_OK; r = json_next(r)) {
        k->proof->receipts++;
        c = read_receipt(k, r, &at, e);
    }
    k->proof->logs = at;
    if (k->n > 0)
        qsort(k->wanted, k->n, sizeof *k->wanted, by_log);
    return c;
}

/* --- our rows */

static bool keep_text(struct checking *k, struct untrusted *t)
{
    if (t->p != NULL)
        t->p = arena_strndup(&k->memory, t->p, t->n);
    return t->p != NULL || t->n == 0;
}

static souk_err on_ours(void *ud, const struct proof_row *row, struct err *e)
{
    struct checking *k = ud;
    struct proof_row *bigger = mem_grow(k->ours, k->have, &k->ours_room, sizeof *bigger);
    if (bigger == NULL)
        return err_nomem(e);
    k->ours = bigger;
    struct proof_row *r = &k->ours[k->have++];
    *r = *row;
    return keep_text(k, &r->cid) && keep_text(k, &r->author) && keep_text(k, &r->name) &&
                   keep_text(k, &r->blob_id) && keep_text(k, &r->endpoint)
               ? SOUK_OK
               : err_nomem(e);
}

/* --- comparing */

static const char *what_is(const struct proof_row *r)
{
    static const char *const names[] = {[PROOF_PAY] = "payment",
                                        [PROOF_FLOW] = "transfer",
                                        [PROOF_INFER] = "inference",
                                        [PROOF_LISTING] = "listing"};
    return names[r->kind];
}

/* A transfer that no protocol proves is a payment by list when a facilitator sent it to a payee. */
static bool by_list(const struct wanted *w, const struct proof_row *r)
{
    return r->kind == PROOF_PAY && r->tier == TIER_LISTED && r->scheme == PAY_PLAIN &&
           w->row.kind == PROOF_FLOW && w->row.scheme == FLOW_PLAIN && w->facilitated;
}

/*
 * What moves in a busy token between those who matter is kept as a transfer, whatever it was beside
 * that: the transaction's other logs were not asked for.
 */
static bool as_transfer(const struct wanted *w, const struct proof_row *r)
{
    return !w->must && r->kind == PROOF_FLOW && w->row.kind <= PROOF_FLOW;
}

/* NULL: they say the same; else what differs. */
static const char *difference(const struct wanted *w, const struct proof_row *r)
{
    const struct proof_row *t = &w->row;
    if (memcmp(&t->tx, &r->tx, sizeof t->tx) != 0)
        return "transaction";
    if (as_transfer(w, r)) {
        if (u256_cmp(t->amount, r->amount) != 0)
            return "amount";
        return address_eq(t->asset, r->asset) && address_eq(w->from, r->from) &&
                       address_eq(w->to, r->to)
                   ? NULL
                   : "payer or payee";
    }
    if (!by_list(w, r) && (t->kind != r->kind || t->scheme != r->scheme || t->tier != r->tier))
        return "kind";
    if (t->listed != r->listed || memcmp(&t->lid, &r->lid, sizeof t->lid) != 0)
        return "listing";
    if (u256_cmp(t->amount, r->amount) != 0)
        return "amount";
    if (!address_eq(t->asset, r->asset))
        return "token";
    if (!address_eq(t->from, r->from) || !address_eq(t->to, r->to))
        return "payer or payee";
    if (!untrusted_eq(t->cid, r->cid))
        return "model";
    return untrusted_eq(t->author, r->author) && untrusted_eq(t->name, r->name) &&
                   untrusted_eq(t->blob_id, r->blob_id) && untrusted_eq(t->endpoint, r->endpoint)
               ? NULL
               : "text";
}

static void compare(struct checking *k)
{
    size_t i = 0, j = 0;
    while (open(k) && (i < k->n || j < k->have)) {
        bool more_wanted = i < k->n, more_ours = j < k->have;
        const struct wanted *w = more_wanted ? &k->wanted[i] : NULL;
        const struct proof_row *r = more_ours ? &k->ours[j] : NULL;
        if (more_wanted && (!more_ours || w->row.log < r->log)) {
            if (w->must)
                fail(k, "the cache lacks the %s of log %llu", what_is(&w->row),
                     (unsigned long long)w->row.log);
            i++;
        } else if (!more_wanted || r->log < w->row.log) {
            fail(k, "the cache has a %s at log %llu that the block does not have", what_is(r),
                 (unsigned long long)r->log);
        } else {
            const char *wrong = difference(w, r);
            if (wrong != NULL)
                fail(k, "the cache has another %s for the %s of log %llu than the block", wrong,
                     what_is(&w->row), (unsigned long long)r->log);
            i++;
            j++;
        }
    }
}

/* --- the whole */

static souk_err check_roots(struct checking *k, struct sampled *s, struct err *e)
{
    bytes32 named, made;
    struct eth_block b;
    struct err why;
    if (eth_block_parse(s->block, &b, &why) != SOUK_OK ||
        header_hash(s->block, &s->hash, &named, &why) != SOUK_OK) {
        cannot(k, why.msg);
        return SOUK_OK;
    }
    if (b.number != k->proof->block) {
        cannot(k, "the node gave another block");
        return SOUK_OK;
    }
    souk_err c = receipts_root(s->receipts, &k->memory, &made, &why);
    if (c == SOUK_ENOMEM)
        return err_nomem(e);
    if (c != SOUK_OK)
        cannot(k, why.msg);
    else if (memcmp(&made, &named, sizeof made) != 0)
        fail(k,
             "its %d receipts do not make the receipts root of its header: one is missing, "
             "altered or made up",
             cJSON_GetArraySize(s->receipts));
    s->alien = memcmp(&s->hash, &b.hash, sizeof b.hash) != 0;
    if (open(k) && s->alien)
        cannot(k, "its header does not make its hash");
    return SOUK_OK;
}

souk_err block_check(struct prove *p, size_t i, struct err *e)
{
    struct sampled *s = &p->sampled[i];
    struct checking k = {
        .p = p, .proof = &p->out.receipt[i], .chain = p->chain[s->chain].cfg->chain_id};
    arena_init(&k.memory, MEMORY);
    souk_err c = check_roots(&k, s, e);
    if (c == SOUK_OK && open(&k))
        c = read_receipts(&k, s->receipts, e);
    if (c == SOUK_OK && open(&k))
        c = store_each_proof_row(p->s, k.chain, NULL, k.proof->block, k.proof->block, on_ours, &k,
                                 e);
    k.proof->rows = k.have;
    if (c == SOUK_OK && open(&k))
        compare(&k);
    mem_free(k.wanted);
    mem_free(k.ours);
    arena_release(&k.memory);
    return c;
}
