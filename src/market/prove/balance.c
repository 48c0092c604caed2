/*
 * balanceOf against the rows. The calls about one portion of accounts go in one request, together
 * with the block they are about: the node must be talking of the block that the cache ends at.
 */
#include <stdio.h>
#include <string.h>

#include "eth/contracts.h"
#include "market/prove/internal.h"

#include "base/banned.h"

enum { PORTION = 40, TEXT_MAX = 1 << 20 };

static struct balance_proof *proof(struct prove *p, size_t i)
{
    return &p->out.balance[i];
}

static bool open(const struct prove *p, size_t i)
{
    return p->out.balance[i].words[0] == '\0';
}

static void portion(struct prove *p);

/* --- judging */

static void show(const struct amount *like, u256 v, char out[U256_FMT + 16])
{
    struct amount a = *like;
    a.value = v;
    amount_format(&a, out, U256_FMT + 16);
}

static void judge(struct balance_proof *b)
{
    u256 came, left, diff;
    char rows[U256_FMT + 16], told[U256_FMT + 16], off[U256_FMT + 16];
    if (!u256_add(b->before.value, b->in.value, &came) || !u256_sub(came, b->out.value, &left)) {
        b->state = PROOF_FAILED;
        show(&b->in, b->out.value, rows);
        show(&b->in, came, told);
        snprintf(b->words, sizeof b->words,
                 "the rows have %s going out, of %s that there were: a transfer in is missing, or "
                 "one out is made up",
                 rows, told);
        return;
    }
    int c = u256_cmp(b->after.value, left);
    b->state = c == 0 ? PROOF_OK : PROOF_FAILED;
    if (c == 0) {
        if (b->first == 0)
            snprintf(b->words, sizeof b->words, "from the token's beginning");
        else
            snprintf(b->words, sizeof b->words, "balance before from the node");
        return;
    }
    (void)(c > 0 ? u256_sub(b->after.value, left, &diff) : u256_sub(left, b->after.value, &diff));
    show(&b->in, left, rows);
    show(&b->in, b->after.value, told);
    show(&b->in, diff, off);
    snprintf(b->words, sizeof b->words, "the rows say %s, balanceOf says %s: %s %s", rows, told,
             off,
             c > 0 ? "came in that no row tells of, or left in a row alone"
                   : "is in the rows alone, or left without a row");
}

static void finish(struct prove *p)
{
    for (size_t i = 0; i < p->out.balances; i++) {
        struct balance_proof *b = proof(p, i);
        if (open(p, i) && p->account[i].before && p->account[i].after)
            judge(b);
        else if (open(p, i))
            snprintf(b->words, sizeof b->words, "the node did not tell it");
    }
    receipts_start(p);
}

static void close_all(struct prove *p, const char *why)
{
    for (size_t i = 0; i < p->out.balances; i++) {
        if (open(p, i))
            snprintf(proof(p, i)->words, sizeof proof(p, i)->words, "%s", why);
    }
    finish(p);
}

/* --- what came */

static bool read_balance(const struct rpc_result *r, u256 *out)
{
    uint8_t be[32];
    const char *text = r->value != NULL && cJSON_IsString(r->value) ? r->value->valuestring : "";
    if (!hex_decode(text, strlen(text), be, sizeof be))
        return false;
    *out = u256_from_be(be);
    return true;
}

static void no_state(struct balance_proof *b, uint64_t block, const struct rpc_result *r)
{
    snprintf(b->words, sizeof b->words, "the node tells no balance at block %llu: %.*s",
             (unsigned long long)block, (int)(r->message.n < 200 ? r->message.n : 200),
             r->message.p != NULL ? r->message.p : "its answer is no amount");
}

/* The ends' blocks, and the newest, which are asked for before and after the calls. */
enum { ENDS = 3, NEWEST = 2 };
static const char *const end_filter[NEWEST] = {FILTER_PAYMENTS, FILTER_PAYEES};

static const char *block_text(const struct prove *p, unsigned end, char out[40])
{
    if (end == NEWEST)
        snprintf(out, 40, "[\"latest\",false]");
    else
        snprintf(out, 40, "[\"0x%llx\",false]",
                 (unsigned long long)kept_named(p, end_filter[end])->cursor.block);
    return out;
}

/* Whether a told block is the one that a filter of ours ends at. */
static bool is_end(const struct rpc_result *r, const struct kept *k)
{
    struct eth_block b;
    return r->value != NULL && eth_block_parse(r->value, &b, NULL) == SOUK_OK &&
           b.number == k->cursor.block && memcmp(&b.hash, &k->cursor.hash, sizeof b.hash) == 0;
}

/* The newest block was asked for around the calls: both times it must have been the end. */
static bool stood_still(struct prove *p, const struct rpc_result *first,
                        const struct rpc_result *last, size_t i)
{
    const struct kept *k = &p->kept[p->account[i].filter];
    return !p->newest || (is_end(first, k) && is_end(last, k));
}

static void portion_answered(struct prove *p)
{
    struct rpc_result res[2 * PORTION + 2];
    struct err e = p->heard;
    json *tree = NULL;
    size_t at = 1, i = p->at;
    if (e.code == SOUK_OK)
        rpc_parse(&p->body, p->asked, res, &tree, &e);
    if (e.code != SOUK_OK) {
        json_free(tree);
        close_all(p, e.msg);
        return;
    }
    for (; i < p->count; i++) {
        struct balance_proof *b = proof(p, i);
        struct account *a = &p->account[i];
        if (!open(p, i))
            continue;
        if (b->first > 0) {
            a->before = read_balance(&res[at], &b->before.value);
            if (!a->before)
                no_state(b, b->first - 1, &res[at]);
            at++;
        } else {
            a->before = true;
        }
        a->after = read_balance(&res[at], &b->after.value);
        if (!a->after)
            no_state(b, b->last, &res[at]);
        else if (!stood_still(p, &res[0], &res[p->asked - 1], i))
            snprintf(b->words, sizeof b->words,
                     "the node has no state of block %llu, and its newest block is another one",
                     (unsigned long long)b->last);
        at++;
    }
    json_free(tree);
    p->at = p->count;
    portion(p);
}

/* --- asking */

struct asking {
    struct buf text;
    size_t at[2 * PORTION + 2];
    size_t n;
};

static void ask_balance(struct asking *k, const struct balance_proof *b, const char *block)
{
    struct buf data;
    char hex[2 * 20 + 3], word[2 * 36 + 3];
    buf_init(&data, 64);
    call_balance_of(&data, b->payee);
    k->at[k->n++] = k->text.len;
    buf_addf(&k->text, "[{\"to\":\"%s\",\"data\":\"%s\"},\"%s\"]",
             hex_encode(b->in.asset.b, sizeof b->in.asset.b, hex),
             data.len == 36 ? hex_encode((const uint8_t *)data.p, data.len, word) : "0x", block);
    buf_addc(&k->text, '\0');
    buf_release(&data);
}

static void ask_newest(struct asking *k)
{
    char text[40];
    k->at[k->n++] = k->text.len;
    buf_adds(&k->text, block_text(NULL, NEWEST, text));
    buf_addc(&k->text, '\0');
}

static void portion(struct prove *p)
{
    struct asking k = {.n = 0};
    struct rpc_call call[2 * PORTION + 2];
    char block[24];
    prove_tell(p, "balances", (int64_t)p->at, (int64_t)p->out.balances);
    buf_init(&k.text, TEXT_MAX);
    ask_newest(&k);
    for (p->count = p->at; p->count < p->out.balances && k.n < 2 * PORTION; p->count++) {
        const struct balance_proof *b = proof(p, p->count);
        if (!open(p, p->count))
            continue;
        if (b->first > 0) {
            snprintf(block, sizeof block, "0x%llx", (unsigned long long)b->first - 1);
            ask_balance(&k, b, block);
        }
        snprintf(block, sizeof block, "0x%llx", (unsigned long long)b->last);
        ask_balance(&k, b, p->newest ? "latest" : block);
    }
    bool any = k.n > 1;
    ask_newest(&k);
    for (size_t i = 0; i < k.n; i++) {
        bool is_call = i > 0 && i + 1 < k.n;
        call[i] =
            (struct rpc_call){is_call ? "eth_call" : "eth_getBlockByNumber", k.text.p + k.at[i]};
    }
    struct err e = {0};
    if (!any)
        finish(p);
    else if (buf_check(&k.text, "the question to a node", &e) != SOUK_OK)
        prove_end(p, &e);
    else
        prove_ask(p, 0, call, k.n, portion_answered);
    buf_release(&k.text);
}

/* --- at which block */

/* Does the node have the state of the end? If not, the end may be its newest block. */
static void try_answered(struct prove *p)
{
    struct rpc_result res[ENDS + 1] = {{0}};
    struct err e = p->heard;
    json *tree = NULL;
    u256 any;
    char why[ERR_MSG_MAX] = "";
    if (e.code == SOUK_OK)
        rpc_parse(&p->body, ENDS + 1, res, &tree, &e);
    if (e.code != SOUK_OK)
        snprintf(why, sizeof why, "%s", e.msg);
    for (unsigned i = 0; i < NEWEST && why[0] == '\0'; i++) {
        const struct kept *k = kept_named(p, end_filter[i]);
        if (k->there && !is_end(&res[i], k))
            snprintf(why, sizeof why, "the node's block %llu is another one than the cache's",
                     (unsigned long long)k->cursor.block);
    }
    if (why[0] == '\0' && !read_balance(&res[ENDS], &any)) {
        const struct kept *k = kept_named(p, FILTER_PAYMENTS);
        p->newest = is_end(&res[NEWEST], k->there ? k : kept_named(p, FILTER_PAYEES));
    }
    json_free(tree);
    if (why[0] != '\0')
        close_all(p, why);
    else
        portion(p);
}

static void try_end(struct prove *p)
{
    struct asking k = {.n = 0};
    struct rpc_call call[ENDS + 1];
    char text[ENDS][40], block[24];
    const struct balance_proof *b = proof(p, p->at);
    buf_init(&k.text, TEXT_MAX);
    for (unsigned i = 0; i < ENDS; i++)
        call[i] = (struct rpc_call){"eth_getBlockByNumber", block_text(p, i, text[i])};
    snprintf(block, sizeof block, "0x%llx", (unsigned long long)b->last);
    ask_balance(&k, b, block);
    call[ENDS] = (struct rpc_call){"eth_call", k.text.p};
    struct err e = {0};
    if (buf_check(&k.text, "the question to a node", &e) != SOUK_OK)
        prove_end(p, &e);
    else
        prove_ask(p, 0, call, ENDS + 1, try_answered);
    buf_release(&k.text);
}

void balance_start(struct prove *p)
{
    if (p->chain[0].why[0] != '\0') {
        close_all(p, p->chain[0].why);
        return;
    }
    for (p->at = 0; p->at < p->out.balances && !open(p, p->at); p->at++)
        continue;
    if (p->at == p->out.balances)
        finish(p);
    else
        try_end(p);
}
