/*
 * chain_double.h: a small chain for node doubles: blocks that follow each other, logs in them,
 * filters that work, blooms that are right. Several nodes may tell of one chain; each may lie in
 * its own way.
 */
#ifndef SOUK_TESTS_CHAIN_DOUBLE_H
#define SOUK_TESTS_CHAIN_DOUBLE_H

#include "eth/events.h"
#include "node_double.h"

enum { CHAIN_LOGS = 512, CHAIN_TIME = 1700000000 };

struct chain_log {
    struct eth_log log;
    uint8_t data[512];
    address sender; /* of its transaction */
};

struct fake_chain {
    uint64_t id, latest, safe, final; /* safe and final 0: it does not know these words */
    uint64_t forked;                  /* from this block on, hashes are of fork `fork` */
    uint8_t fork;
    bool timeless; /* logs come without their block's time */
    struct chain_log log[CHAIN_LOGS];
    size_t n;
};

/* The next log of block; tx: a number, logs of one must follow each other. */
struct eth_log *chain_add(struct fake_chain *c, uint64_t block, unsigned tx, address from,
                          enum event_kind k);
void chain_transfer(struct fake_chain *c, uint64_t block, unsigned tx, address token, address from,
                    address to, uint64_t amount);
/* A listing of owner's, named by the number, in the block's ModelListings. */
void chain_listed(struct fake_chain *c, uint64_t block, unsigned tx, address listings,
                  address owner, address pay_to, address asset);
/* An authorised one: two logs. */
void chain_payment(struct fake_chain *c, uint64_t block, unsigned tx, address token, address from,
                   address to, uint64_t amount);
bytes32 chain_hash(const struct fake_chain *c, uint64_t block);

/* A node's view of it. */
struct fake_node {
    const struct fake_chain *chain;
    struct node_double *node;
    unsigned logs_asked, receipts_asked, blocks_asked; /* calls so far */
    uint64_t behind;                                   /* it is so many blocks behind */
    unsigned omit_each;                                /* each n-th eth_getLogs is answered [] */
    bool omit_always;                                  /* all are */
    bool hide_one;      /* of each answer the first log is left out */
    uint64_t max_range; /* more blocks are an error that names it */
    bool down;          /* every call is an error of no use */
};
void fake_node_start(struct fake_node *n, const struct fake_chain *c);
void fake_node_stop(struct fake_node *n);

#endif
