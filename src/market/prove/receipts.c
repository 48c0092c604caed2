/*
 * One sampled block after the other: it and its receipts are fetched and checked (block.c), then
 * the headers behind it are, up to one whose hash the cache keeps. A node that gives no block's
 * receipts at once is asked for each transaction's.
 */
#include <stdio.h>
#include <string.h>

#include "eth/trie.h"
#include "market/prove/internal.h"

#include "base/banned.h"

enum { PORTION = 100, METHOD_UNKNOWN = -32601 };

static void next(struct prove *p);
static void ask_headers(struct prove *p);

static struct sampled *now(struct prove *p)
{
    return &p->sampled[p->at];
}

static struct receipt_proof *proof(struct prove *p)
{
    return &p->out.receipt[p->at];
}

static void forget(struct sampled *s)
{
    json_free(s->block);
    json_free(s->receipts);
    s->block = s->receipts = NULL;
}

void receipts_release(struct prove *p)
{
    for (size_t i = 0; i < p->out.receipts; i++)
        forget(&p->sampled[i]);
}

/* This block is through. words NULL: they are there already. */
static void settle(struct prove *p, enum proof_state state, const char *words)
{
    struct receipt_proof *r = proof(p);
    r->state = state;
    if (words != NULL)
        snprintf(r->words, sizeof r->words, "%s", words);
    forget(now(p));
    p->at++;
    next(p);
}

/* --- headers up to a hash that is kept */

/* [query] The headers that came follow each other, and each is what its hash says. */
static souk_err join(struct prove *p, struct err *e)
{
    struct sampled *s = now(p);
    struct receipt_proof *r = proof(p);
    struct rpc_result res[PORTION];
    json *tree = NULL;
    struct err why;
    if (rpc_parse(&p->body, p->asked, res, &tree, &why) != SOUK_OK) {
        snprintf(r->words, sizeof r->words, "%s", why.msg);
        return SOUK_OK;
    }
    (void)e;
    for (size_t i = 0; i < p->asked && r->words[0] == '\0'; i++) {
        struct eth_block b;
        bytes32 hash, root;
        if (res[i].value == NULL || eth_block_parse(res[i].value, &b, &why) != SOUK_OK ||
            header_hash(res[i].value, &hash, &root, &why) != SOUK_OK) {
            snprintf(r->words, sizeof r->words, "the node does not show the header of block %llu",
                     (unsigned long long)s->joined + 1);
        } else if (b.number != s->joined + 1 || memcmp(&b.parent, &s->hash, sizeof s->hash) != 0) {
            r->state = PROOF_FAILED;
            snprintf(r->words, sizeof r->words, "block %llu does not follow on it",
                     (unsigned long long)s->joined + 1);
        } else {
            s->joined++;
            s->hash = hash;
        }
    }
    json_free(tree);
    return SOUK_OK;
}

static void joined(struct prove *p)
{
    if (proof(p)->words[0] != '\0')
        settle(p, proof(p)->state == PROOF_FAILED ? PROOF_FAILED : PROOF_UNCHECKED, NULL);
    else
        ask_headers(p);
}

static void headers_answered(struct prove *p)
{
    if (p->heard.code != SOUK_OK)
        settle(p, PROOF_UNCHECKED, p->heard.msg);
    else
        prove_job(p, join, joined);
}

/* The end of the walk, or the next headers of it. */
static void ask_headers(struct prove *p)
{
    struct sampled *s = now(p);
    struct rpc_call call[PORTION];
    char params[PORTION][40], words[200];
    size_t n = 0;
    if (s->anchor.block == 0) {
        settle(p, PROOF_UNCHECKED,
               "rows, receipts and the header agree, but the cache keeps no hash near enough to "
               "know that the header is the chain's");
        return;
    }
    if (s->joined == s->anchor.block) {
        bool same = memcmp(&s->hash, &s->anchor.hash, sizeof s->hash) == 0;
        snprintf(words, sizeof words,
                 same ? "joined to block %llu, whose hash is kept"
                      : "by its header it leads to another block %llu than the one that is kept",
                 (unsigned long long)s->anchor.block);
        settle(p, same ? PROOF_OK : PROOF_FAILED, words);
        return;
    }
    for (uint64_t b = s->joined + 1; b <= s->anchor.block && n < PORTION; b++, n++) {
        snprintf(params[n], sizeof params[n], "[\"0x%llx\",false]", (unsigned long long)b);
        call[n] = (struct rpc_call){"eth_getBlockByNumber", params[n]};
    }
    prove_ask(p, s->chain, call, n, headers_answered);
}

/* --- the block */

static souk_err check(struct prove *p, struct err *e)
{
    return block_check(p, p->at, e);
}

static void checked(struct prove *p)
{
    struct sampled *s = now(p);
    s->joined = proof(p)->block;
    if (proof(p)->words[0] != '\0') {
        settle(p, proof(p)->state == PROOF_FAILED ? PROOF_FAILED : PROOF_UNCHECKED, NULL);
        return;
    }
    forget(s);
    ask_headers(p);
}

/* An answer, out of its tree; NULL: there is none. */
static json *copy_of(const struct rpc_result *r)
{
    return r->value != NULL && !cJSON_IsNull(r->value) ? cJSON_Duplicate(r->value, true) : NULL;
}

static bool is_unknown_method(const struct rpc_result *r)
{
    static const char *const words[] = {"not found",      "not supported",  "not available",
                                        "does not exist", "unknown method", "unsupported"};
    char text[256];
    if (r->value != NULL)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)(r->message.n < 250 ? r->message.n : 250),
             r->message.p != NULL ? r->message.p : "");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasestr(text, words[i]) != NULL)
            return true;
    }
    return r->code == METHOD_UNKNOWN;
}

static void say_refused(struct prove *p, const char *what, const struct rpc_result *r)
{
    snprintf(proof(p)->words, sizeof proof(p)->words, "the node does not give %s: %.*s", what,
             (int)(r->message.n < 200 ? r->message.n : 200),
             r->message.p != NULL ? r->message.p : "it has none");
}

/* [query] Large answers are parsed off the loop. False: the proof's words say why not. */
static bool parse(struct prove *p, struct rpc_result *res, json **tree)
{
    struct err why;
    bool good = rpc_parse(&p->body, p->asked, res, tree, &why) == SOUK_OK;
    if (!good)
        snprintf(proof(p)->words, sizeof proof(p)->words, "%s", why.msg);
    return good;
}

static souk_err read_block(struct prove *p, struct err *e)
{
    struct sampled *s = now(p);
    struct rpc_result res[2];
    json *tree = NULL;
    if (!parse(p, res, &tree))
        return SOUK_OK;
    s->block = copy_of(&res[0]);
    if (s->block == NULL) {
        say_refused(p, "this block", &res[0]);
    } else if (p->asked == 1 || is_unknown_method(&res[1])) {
        p->one_by_one = true;
        s->tx = json_first(json_get(s->block, "transactions"));
        s->receipts = cJSON_CreateArray();
    } else if ((s->receipts = copy_of(&res[1])) == NULL) {
        say_refused(p, "the receipts of this block", &res[1]);
    }
    json_free(tree);
    (void)e;
    return SOUK_OK;
}

static souk_err read_single(struct prove *p, struct err *e)
{
    struct rpc_result res[PORTION];
    json *tree = NULL;
    if (!parse(p, res, &tree))
        return SOUK_OK;
    for (size_t i = 0; i < p->asked && proof(p)->words[0] == '\0'; i++) {
        json *one = copy_of(&res[i]);
        if (one == NULL)
            say_refused(p, "a receipt", &res[i]);
        else
            cJSON_AddItemToArray(now(p)->receipts, one);
    }
    json_free(tree);
    (void)e;
    return SOUK_OK;
}

static void single_answered(struct prove *p);

/* There is a portion of the block: the next one, or the check of it all. */
static void block_read(struct prove *p)
{
    struct sampled *s = now(p);
    struct rpc_call call[PORTION];
    char params[PORTION][HASH_BUF + 8];
    size_t n = 0;
    if (proof(p)->words[0] != '\0') {
        settle(p, PROOF_UNCHECKED, NULL);
        return;
    }
    for (; s->tx != NULL && n < PORTION; s->tx = json_next(s->tx), n++) {
        snprintf(params[n], sizeof params[n], "[\"%.66s\"]",
                 cJSON_IsString(s->tx) ? s->tx->valuestring : "");
        call[n] = (struct rpc_call){"eth_getTransactionReceipt", params[n]};
        if (strspn(params[n] + 2, "0123456789abcdefABCDEFx") != HASH_BUF - 1) {
            settle(p, PROOF_UNCHECKED, "the node does not say which transactions the block has");
            return;
        }
    }
    if (n > 0)
        prove_ask(p, s->chain, call, n, single_answered);
    else
        prove_job(p, check, checked);
}

static void single_answered(struct prove *p)
{
    if (p->heard.code != SOUK_OK)
        settle(p, PROOF_UNCHECKED, p->heard.msg);
    else
        prove_job(p, read_single, block_read);
}

static void block_answered(struct prove *p)
{
    if (p->heard.code != SOUK_OK)
        settle(p, PROOF_UNCHECKED, p->heard.msg);
    else
        prove_job(p, read_block, block_read);
}

/*
 * A header that does not make its hash is a lie where others do; where none does, the chain has
 * rules for it that are not known here.
 */
static void judge_aliens(struct prove *p)
{
    for (size_t i = 0; i < p->out.receipts; i++) {
        struct receipt_proof *r = &p->out.receipt[i];
        bool others = false;
        if (!p->sampled[i].alien)
            continue;
        for (size_t k = 0; k < p->out.receipts; k++)
            others |=
                p->sampled[k].chain == p->sampled[i].chain && p->out.receipt[k].state == PROOF_OK;
        r->state = others ? PROOF_FAILED : PROOF_UNCHECKED;
        snprintf(r->words, sizeof r->words,
                 others ? "its header does not make the hash that the node gives it"
                        : "no header of this chain makes the hash it has: it is hashed by rules "
                          "that are not known here");
    }
}

static void next(struct prove *p)
{
    char block[2][40];
    struct rpc_call call[2];
    prove_tell(p, "receipts", (int64_t)p->at, (int64_t)p->out.receipts);
    if (p->at == p->out.receipts) {
        judge_aliens(p);
        prove_end(p, NULL);
        return;
    }
    const struct sampled *s = now(p);
    if (p->chain[s->chain].why[0] != '\0') {
        settle(p, PROOF_UNCHECKED, p->chain[s->chain].why);
        return;
    }
    unsigned long long number = proof(p)->block;
    snprintf(block[0], sizeof block[0], "[\"0x%llx\",false]", number);
    snprintf(block[1], sizeof block[1], "[\"0x%llx\"]", number);
    call[0] = (struct rpc_call){"eth_getBlockByNumber", block[0]};
    call[1] = (struct rpc_call){"eth_getBlockReceipts", block[1]};
    prove_ask(p, s->chain, call, p->one_by_one ? 1 : 2, block_answered);
}

void receipts_start(struct prove *p)
{
    p->at = 0;
    next(p);
}
