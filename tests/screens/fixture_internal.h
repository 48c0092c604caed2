/*
 * fixture_internal.h: the little chain behind the caches of fixture.h.
 */
#ifndef SOUK_TESTS_FIXTURE_INTERNAL_H
#define SOUK_TESTS_FIXTURE_INTERNAL_H

#include <stdbool.h>

#include "fixture.h"
#include "market/config.h"
#include "store/store.h"

enum { DAY = 86400, HISTORY = 60 * DAY, BLOCK_TIME = 60, PAY_CHAIN = 84532, INFER_CHAIN = 10740 };

struct world {
    const char *dir;
    struct store *store;
    struct config config;
    struct network *net;
    address usdc, opg;
    int64_t hub, bazaar, listings, payments, inferences; /* rows of source */
    uint64_t logs;                                       /* numbers the logs of both chains */
    uint32_t random;                                     /* state of the generator */
};

void fixture_must(souk_err rc, const struct err *e);

/* Opens the cache and writes sources and cursors; ends with all derived, judged and closed. */
void world_open(struct world *w, const char *dir);
void world_close(struct world *w);

address world_address(const char *label);
uint32_t world_random(struct world *w, uint32_t below);
u256 world_amount(const struct world *w, address asset, const char *decimal);

struct listing_in world_listing(const struct world *w, const char *owner, int64_t time);
bytes32 world_listing_id(address owner, struct untrusted name);
void world_list(struct world *w, struct listing_in *l);
void world_pay(struct world *w, address payer, address payee, address asset, u256 amount,
               enum pay_scheme scheme, int64_t time);
/* Money that moves beside payments: who funded whom. */
void world_flow(struct world *w, address from, address to, address asset, u256 amount,
                int64_t time);
void world_infer(struct world *w, struct untrusted cid, int64_t time);
void world_state(struct world *w, const char *source, enum sync_phase phase, int64_t done,
                 int64_t total, const char *message);

#endif
