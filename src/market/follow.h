/*
 * follow.h: new blocks as they come, while souk is open or `souk sync --watch` runs.
 *
 * Both chains' nodes are asked for their newest block every few seconds (a profile's poll_seconds),
 * and where a profile names a WebSocket address (payment_ws, inference_ws) a subscription to new
 * heads tells at once; when that fails, polling goes on. A new block starts a sync of the chain's
 * sources; the Hub and Bazaar are read again every five minutes. A node that stops answering starts
 * one sync, which says so; then it is only looked for.
 */
#ifndef SOUK_MARKET_FOLLOW_H
#define SOUK_MARKET_FOLLOW_H

#include "market/market.h"

struct follow;
struct follow_events {
    struct sync_events sync; /* as of market_sync; ud is its own */
    /* How it is told of new blocks, when that changes: "polling every 4 s", "subscribed". Ours. */
    void (*how)(void *ud, const char *words);
    void *ud;
};
/* Starts with a whole sync (when another's is running, after that). NULL on failure to start: as
 * market_sync. Stop it before the market is closed. */
struct follow *follow_start(struct market *m, const struct follow_events *ev, struct err *e);
void follow_now(struct follow *f); /* a whole sync at once; nothing when one is running */
/* No event comes any more; frees it. What is being read is broken off and goes on another time.
 * From inside its events too, but for state and changed. */
void follow_stop(struct follow *f);

#endif
