/*
 * heads.h: a node's own word when there is a new block: eth_subscribe newHeads over a WebSocket.
 *
 * A connection that cannot be made or breaks is made again, after 1, 2, 4 ... 60 seconds. The node
 * is not believed: a number is only a reason to look, and what is then read is checked as always.
 */
#ifndef SOUK_MARKET_HEADS_H
#define SOUK_MARKET_HEADS_H

#include <stdint.h>

#include "net/loop.h"

struct heads;
struct heads_events {
    void (*block)(void *ud, uint64_t number);
    void (*subscribed)(void *ud, bool yes); /* when that changes */
    void *ud;
};
/* url: ws:// or wss://. NULL without memory, or for another address. */
struct heads *heads_open(struct loop *l, const char *url, const struct heads_events *ev,
                         struct err *e);
void heads_close(struct heads *h); /* no event comes any more; frees it; from inside one too */

#endif
