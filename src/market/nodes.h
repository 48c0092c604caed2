/*
 * nodes.h: a chain asked of one node, or of two that must agree.
 *
 * One node can lie, and what it says decides money. So where a profile names
 * two nodes or more, two are asked each time, by connections of their own, and
 * their answers are compared; where they differ the question fails
 * (SOUK_EVERIFY) and the words say about what. A node that does not answer is
 * replaced by the next in the list; when one alone is left the question fails
 * too, for then there is nothing to compare. A profile with one node trusts it.
 *
 * Before anything else a node must say that it is on the profile's chain. All
 * questions of one ask are about the same block: the newest both have, or one
 * that was named.
 */
#ifndef SOUK_MARKET_NODES_H
#define SOUK_MARKET_NODES_H

#include "base/buf.h"
#include "market/config.h"
#include "net/rpc.h"

struct nodes;
souk_err nodes_new(struct http *h, const struct chain_config *c, const char *label,
                   struct nodes **out, struct err *e);
void nodes_free(struct nodes *n); /* what is under way ends without calling back; before h */

/* What counts as the same answer. */
enum ask_same {
    SAME_VALUE, /* a hex string, in any case, or null */
    SAME_BLOCK, /* number, hash, time and base fee */
    SAME_LOGS,
    SAME_TX,  /* a transaction or a receipt: its hash, block, input, status */
    SAME_ANY, /* nodes may well differ: the first one's word is taken */
};

enum ask_at { AT_NONE, AT_LAST, AT_FIRST }; /* where among the params the block's number goes */

/* The questions of one ask, made one after the other; a failure is remembered until asking_send. */
enum { ASKING_MAX = 128 };
struct asking {
    struct buf text;
    struct question {
        const char *method;
        size_t params; /* in text */
        enum ask_at at;
        enum ask_same same;
        const char *what;
    } q[ASKING_MAX];
    size_t n;
};
void asking_init(struct asking *k);
/* fmt: the inside of the JSON array of params, or "". what: "your balance", for the message when
 * they differ; a literal. */
void asking_add(struct asking *k, const char *method, enum ask_at at, enum ask_same same,
                const char *what, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* eth_call. data is released. */
void asking_call(struct asking *k, address to, struct buf *data, const char *what);
void asking_block(struct asking *k, uint64_t number, const char *what);

struct answers {
    uint64_t block;               /* that `at` stood for */
    const struct rpc_result *one; /* in the order of the questions; value NULL: a node answered
                                     this one with an error */
    size_t n;
};
/* a is NULL when e says why; both live until this returns. */
typedef void (*ask_fn)(void *ud, const struct answers *a, const struct err *e);

/* Asks, and releases k in any case. done comes once, on the loop, never from within. NULL: e says
 * why, done does not come. at: the block; 0: the newest they have. */
struct ask *asking_send(struct asking *k, struct nodes *n, uint64_t at, ask_fn done, void *ud,
                        struct err *e);
void ask_drop(struct ask *a); /* done will not come; NULL is nothing */

/* --- answers read: false when it is no such thing */
bool answer_u64(const struct rpc_result *r, uint64_t *out);     /* a quantity */
bool answer_u256(const struct rpc_result *r, u256 *out);        /* a quantity, any size */
bool answer_bytes(const struct rpc_result *r, struct buf *out); /* appended; "0x": none */
/* What went wrong with it, as one line. */
souk_err answer_failed(const struct rpc_result *r, const char *what, struct err *e);

#endif
