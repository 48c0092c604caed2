/*
 * prove.h: check the cache against the chain instead of believing it.
 *
 *   digest    the payment and inference logs of the cache's block range are read again, from
 * another node where there is one, into a cache of its own, and the digests compared (explain.h)
 *   balance   for each payee and asset: what came in less what went out, over all blocks read, is
 *             what balanceOf says at the end less what it said before the first block; a transfer
 *             missed or invented breaks it. A node without old state (no archive) can only be asked
 *             about the end, and then only a chain read from the token's beginning proves anything
 *   receipts  of sampled blocks all receipts are fetched, the receipts root is computed and held
 *             against the header's, the header's hash against the one the cache rests on, and the
 *             block's rows against what the receipts say: no log of that block is missing
 *
 * What cannot be checked is said to be unchecked, never passed.
 */
#ifndef SOUK_MARKET_PROVE_H
#define SOUK_MARKET_PROVE_H

#include "market/config.h"
#include "market/explain.h"
#include "net/http.h"
#include "net/loop.h"

enum proof_state { PROOF_UNCHECKED, PROOF_RUNNING, PROOF_OK, PROOF_FAILED };

struct digest_proof {
    const char *filter;
    enum proof_state state;
    uint64_t first, last, rows, rows_there;
    uint8_t ours[32], theirs[32];
    char place[104]; /* the node asked */
    bool same_node;  /* there is only the node the cache came from: that it still says the same */
    char words[ERR_MSG_MAX];
};
struct balance_proof {
    address payee;
    struct amount in, out, before, after; /* after - before should be in - out */
    enum proof_state state;
    char words[ERR_MSG_MAX]; /* why unchecked; or by how much it is off */
};
struct receipt_proof {
    uint64_t block;
    uint64_t receipts, logs, rows; /* in the block; of ours among them */
    enum proof_state state;
    char words[ERR_MSG_MAX];
};
struct proofs {
    struct digest_proof digest[4];
    size_t digests;
    struct balance_proof *balance;
    size_t balances;
    struct receipt_proof *receipt;
    size_t receipts;
    unsigned failed, unchecked, passed;
};

struct prove_options {
    const char *rpc,
        *inference_rpc; /* another node; NULL: the profile's second, else its only one */
    unsigned sample;    /* blocks whose receipts are checked, spread over the range */
    unsigned payees;    /* at most so many, by income */
};
struct prove_events {
    void (*progress)(void *ud, const char *what, int64_t done, int64_t total);
    /* On the loop, once. p is the proving's and lives until prove_free. err: could not be done. */
    void (*done)(void *ud, const struct proofs *p, const struct err *e);
    void *ud;
};
struct prove;
/* s: a reader, used on LANE_QUERY while it runs. */
struct prove *prove_start(struct loop *l, struct http *h, struct store *s, const struct network *n,
                          const struct prove_options *o, const struct prove_events *ev,
                          struct err *e);
void prove_cancel(struct prove *p); /* done comes, with SOUK_ECANCEL */
void prove_free(struct prove *p);   /* after done */

#endif
