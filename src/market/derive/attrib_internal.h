/* attrib_internal.h: what attrib.c loads and verdict.c asks. */
#ifndef SOUK_MARKET_ATTRIB_INTERNAL_H
#define SOUK_MARKET_ATTRIB_INTERNAL_H

#include "base/arena.h"
#include "base/list.h"
#include "market/derive/attrib.h"

/* A Listed or Delisted event. Its place in the events is its place on the chain. */
struct event_row {
    uint64_t block, log;
    bytes32 lid;
    address owner_address;
    int64_t model, author, owner, asset, pay_to, time;
    u256 price;
    struct untrusted blob_id, endpoint;
    uint32_t next; /* the next event of the same listing, UINT32_MAX: none */
    bool listed, proven, chosen;
};

struct model_author {
    int64_t id, author;
};

/* One claim to a CID: by whom, and how near to the source (1 listing, 2 files, 3 description;
 * 4 and 5 the same of a model that left the Hub). */
struct claim {
    int64_t cid, model;
    int level;
};

/* The file that stands for a model without a listing. */
struct model_file {
    int64_t model;
    struct untrusted version, name, blob_id;
};

struct attrib {
    struct arena arena;
    struct list event;    /* struct event_row, in the chain's order */
    struct list by_payee; /* uint32_t: listed events by payee, then the chain's order */
    struct list by_model; /* uint32_t: listed events by model, then the chain's order */
    struct list model;    /* struct model_author, by id */
    struct list claim;    /* struct claim by cid: one that decides for each */
    struct list file;     /* struct model_file by model */
    struct list stated;   /* struct stated_row */
};

static inline const struct event_row *event_at(const struct attrib *a, uint32_t i)
{
    return (const struct event_row *)a->event.p + i;
}

/* Some of the events: places in by_payee or by_model. */
struct range {
    const uint32_t *at;
    size_t n;
};
/* The part of such an ordering whose key (at `field` of struct event_row) is id. */
struct range range_of(const struct attrib *a, const struct list *order, size_t field, int64_t id);

/* claims.c: reads descriptions that changed; then, of chosen listings, files and descriptions, what
 * decides for each CID (rule 5 of derive.h). */
souk_err attrib_descriptions(struct attrib *a, struct store *s, struct err *e);
souk_err attrib_claims(struct attrib *a, struct store *s, struct err *e);

#endif
