/*
 * purse_world.h: a purse with a real signer behind it and a small chain in front: one account, one
 * token, transactions that are mined when the test says so.
 */
#ifndef SOUK_TESTS_PURSE_WORLD_H
#define SOUK_TESTS_PURSE_WORLD_H

#include "eth/tx.h"
#include "market/market.h"
#include "market/purse.h"
#include "node_double.h"
#include "signer_world.h"

enum { CHAIN_TXS = 16 };

struct chain_tx {
    uint8_t raw[4096];
    size_t len;
    bytes32 hash;
    struct tx tx; /* its data leads into raw */
    bool mined, forgotten;
};

struct test_chain {
    uint64_t id, block;
    int64_t time;
    u256 coin, usdc, allowance;
    uint64_t base, priority, gas;
    uint64_t nonce; /* of the account, mined */
    bool mines;     /* at once */
    struct chain_tx tx[CHAIN_TXS];
    size_t n;
    unsigned asked_raw;     /* how often eth_sendRawTransaction came */
    const char *refuse_raw; /* with these words */
    const char *refuse_gas;
    const char *logs; /* the answer to eth_getLogs; NULL: none */
    uint64_t range;   /* more blocks in one are an error; 0: any */
    bool code;
    bool proxy, listings, other_listings; /* the deployment proxy, and whose code is at listings */
    unsigned behind; /* so many calls meet a node that has not seen the block yet */
};
void chain_mine(struct test_chain *c, size_t i); /* this one, and what has its number never */

struct purse_world {
    struct signer_world s;
    struct test_chain chain, other; /* other: what the second node says */
    struct node_double *node, *second;
    struct loop *loop;
    struct market *market;
    struct purse *p;
    struct asset usdc, coin;
};
/* nodes: 1 or 2. The wallet is unlocked and has limits for USDC and the coin. */
void purse_world_make(struct purse_world *w, unsigned nodes);
void purse_world_remove(struct purse_world *w);

/* The calls, waited for. */
souk_err world_draft(struct purse_world *w, const struct draft_request *rq, struct draft *d,
                     struct err *e);
souk_err world_send(struct purse_world *w, const struct draft *d, bool wait, struct sent_row *row,
                    struct err *e);
souk_err world_refresh(struct purse_world *w, struct err *e);
/* Row i of the history, newest first; its strings are not kept. */
struct sent_row world_row(struct purse_world *w, size_t i);

#endif
