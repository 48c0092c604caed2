/*
 * prove.h: check the cache against the chain instead of believing it.
 *
 *   digest    each log filter's blocks are read again, from another node where there is one, by the
 *             same sync into a cache of its own, and the digests compared (explain.h); where they
 *             differ, the first block that does is named
 *   balance   for each payee and token: what came in less what went out, over the blocks read, is
 *             what balanceOf says at the end less what it said before them; a transfer that is
 *             missing or made up breaks it. It needs a node with the state of those two blocks;
 *             before block 0 there was nothing, and the end may be the chain's newest block. Of a
 *             busy token, whose log is not read whole, only payees that `funding` follows can be
 *             checked, from the block of their first listing on
 *   receipts  of sampled blocks, half of them with rows of ours where there are such: all receipts
 *             are fetched and their root computed and held against the header's, the header's hash
 *             computed and, header by header, joined to a hash that the cache rests on, and the
 *             block's rows held against the logs: none is missing, none made up, none altered
 *
 * Which blocks are sampled follows from the hash of the last one, which nobody knew while they were
 * told; repeated, they are the same ones. What cannot be checked is said to be unchecked, never
 * passed.
 */
#ifndef SOUK_MARKET_PROVE_H
#define SOUK_MARKET_PROVE_H

#include "market/config.h"
#include "market/explain.h"
#include "net/http.h"
#include "net/loop.h"

enum proof_state { PROOF_UNCHECKED, PROOF_RUNNING, PROOF_OK, PROOF_FAILED };

struct digest_proof {
    const char *filter; /* store.h's names */
    int64_t chain;
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
    uint64_t first, last;                 /* over these blocks */
    enum proof_state state;
    char words[ERR_MSG_MAX]; /* why unchecked; by how much it is off; what `before` rests on */
};
struct receipt_proof {
    int64_t chain;
    uint64_t block;
    uint64_t receipts, logs, rows; /* in the block; of ours among them */
    enum proof_state state;
    char words[ERR_MSG_MAX];
};
struct proofs {
    struct digest_proof digest[5];
    size_t digests;
    struct balance_proof *balance;
    size_t balances;
    struct receipt_proof *receipt;
    size_t receipts;
    unsigned failed, unchecked, passed;
};

enum { SAMPLE_MOST = 512 };
struct prove_options {
    const char *rpc,
        *inference_rpc; /* another node; NULL: the profile's second, else its only one */
    unsigned sample;    /* blocks of each chain whose receipts are checked: at most SAMPLE_MOST */
    unsigned payees;    /* at most so many, by income */
};
struct prove_events {
    void (*progress)(void *ud, const char *what, int64_t done, int64_t total);
    /* On the loop, once, not from within prove_start. p is the proving's and lives until
     * prove_free. e: it could not be done at all, or was stopped. */
    void (*done)(void *ud, const struct proofs *p, const struct err *e);
    void *ud;
};
struct prove;
/* s: a reader, used on LANE_QUERY while it runs. It and n stay the caller's and outlive the proof.
 */
struct prove *prove_start(struct loop *l, struct http *h, struct store *s, const struct network *n,
                          const struct prove_options *o, const struct prove_events *ev,
                          struct err *e);
void prove_cancel(struct prove *p); /* done comes, with SOUK_ECANCEL */
void prove_free(struct prove *p);   /* after done */

#endif
