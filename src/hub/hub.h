/*
 * hub.h: what models exist and what they cost, as others tell it.
 *
 * Four sources, each read leniently and within caps, none of them trusted:
 *
 *   Hub REST    names, authors, tasks, descriptions (OpenGradient's Model Hub;
 *               no public specification: the shapes are those its known
 *               clients read, and every field but the name may be missing)
 *   blob ids    which file a model is, by Walrus blob id, and who vouches
 *   listings    an author's on-chain word about price and payee
 *   Bazaar      x402 discovery: paid resources and their offers
 *
 * The functions are pure: they build URLs and read answers; market/sync does
 * the asking. Every string read here is outside text (`struct untrusted`),
 * copied into the caller's arena and followed by a NUL that is not counted;
 * absent is {NULL, 0}. A string over its cap is cut between code points and
 * its record is marked `cut`. Records that cannot be used are counted in
 * `skipped`, never fatal; an answer that is no list at all is SOUK_ENET, in
 * words that quote the server. On failure *out is empty.
 */
#ifndef SOUK_HUB_HUB_H
#define SOUK_HUB_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"
#include "eth/eth.h"
#include "eth/events.h"

/* Caps, in bytes where nothing else is said. */
enum {
    HUB_NAME_MAX = 512,
    HUB_AUTHOR_MAX = 256,
    HUB_TASK_MAX = 128,
    HUB_LLM_PATH_MAX = 256,
    HUB_DESCRIPTION_MAX = 64 << 10,
    HUB_VERSION_MAX = 64,
    HUB_NOTES_MAX = 4 << 10,
    HUB_BLOB_ID_MAX = 128,
    HUB_URL_MAX = 512,
    HUB_SUMMARY_MAX = 4 << 10,  /* a Bazaar description */
    HUB_PAGE_MAX = 1000,        /* records of one answer; more are counted and skipped */
    HUB_EXAMPLE_MAX = 16 << 10, /* an example input of a Bazaar item; a longer one is none */
    HUB_OFFERS_MAX = 16,        /* offers of one Bazaar item */
};

/* --- 1. Hub REST */

/*
 * URLs are appended to b; base is the Hub's address with or without a final
 * slash. Names are percent-encoded, '/' too. author may be empty. Pages count
 * from 0; there is no total: the last page is the first with seen < limit.
 */
void hub_url_models(struct buf *b, const char *base, uint64_t page, unsigned limit);
void hub_url_model(struct buf *b, const char *base, struct untrusted name, struct untrusted author);
void hub_url_versions(struct buf *b, const char *base, struct untrusted name,
                      struct untrusted author);
void hub_url_files(struct buf *b, const char *base, struct untrusted name, struct untrusted author,
                   struct untrusted version);

struct hub_model {
    struct untrusted name, author, task, description, llm_path; /* only the name is always there */
    bool cut;
};

struct hub_models {
    struct hub_model *model;
    size_t count;   /* usable ones, in model[] */
    size_t seen;    /* elements the page had: compare this with the limit */
    size_t skipped; /* seen - count */
};

/* A page of models: an array, or {"models": […]}. */
souk_err hub_models_parse(const char *p, size_t n, struct arena *a, struct hub_models *out,
                          struct err *e);
/* One model: the object itself, or {"model": {…}}. */
souk_err hub_model_parse(const char *p, size_t n, struct arena *a, struct hub_model *out,
                         struct err *e);

struct hub_version {
    struct untrusted version, notes;
    bool cut;
};

struct hub_versions {
    struct hub_version *version;
    size_t count, seen, skipped;
};

/* Versions in the Hub's order: an array or {"versions": […]}, of objects or of plain strings. */
souk_err hub_versions_parse(const char *p, size_t n, struct arena *a, struct hub_versions *out,
                            struct err *e);

struct hub_file {
    struct untrusted name;
    struct untrusted blob_id; /* as stated, under any of the known keys; absent when none */
    int64_t size;             /* bytes, -1 unknown */
    bool cut;
};

struct hub_files {
    struct hub_file *file;
    size_t count, seen, skipped;
};

/* Files of one version: an array, or {"files": […]}. */
souk_err hub_files_parse(const char *p, size_t n, struct arena *a, struct hub_files *out,
                         struct err *e);

/* --- 2. blob ids and what a description vouches for */

enum { HUB_BLOB_ID = 43, HUB_IDS_MAX = 16 };

/* A Walrus blob id: 32 bytes as 43 characters of base64url, in the one canonical spelling. */
bool hub_blob_id_ok(struct untrusted id);
/* A legacy IPFS id ("Qm…", 46 characters of base58): names a file, cannot be verified by us. */
bool hub_ipfs_id_ok(struct untrusted id);

/*
 * The Walrus id an author states in a description: out holds it when there is
 * exactly one, else "". A token counts when other characters than base64url's
 * stand around it. Returns the number of distinct ids, HUB_IDS_MAX for more.
 */
size_t hub_description_blob_id(struct untrusted description, char out[HUB_BLOB_ID + 1]);

/*
 * True when a line of the description reads `souk-listing: 0x…` with this
 * address. Blanks, Markdown quote and list marks, emphasis and backticks may
 * stand around it, but no other words: "0x… is not mine" vouches for nothing.
 * There may be several such lines. A wrong checksum names nobody.
 */
bool hub_description_names_listing(struct untrusted description, address owner);

/* --- 3. listings */

/* What is wrong with a listing; bits, stored. */
enum hub_flag {
    HUB_LISTING_CUT = 1,          /* a string was longer than its cap */
    HUB_LISTING_BAD_ENDPOINT = 2, /* not an http(s) URL as hub_url_ok wants it: never call it */
    HUB_LISTING_ZERO_PAYEE = 4,   /* paying it would burn the money */
    HUB_LISTING_BAD_BLOB_ID = 8,  /* neither a Walrus nor an IPFS id */
    HUB_LISTING_NO_NAME = 16,
};

struct hub_listing {
    bool active; /* false: delisted; then only owner and id are set */
    address owner;
    bytes32 id;
    struct untrusted author, name, blob_id, endpoint; /* endpoint, blob_id may be empty: none */
    u256 price;
    address asset, pay_to;
    unsigned flags;
};

/*
 * From a decoded EV_LISTED or EV_DELISTED (anything else is a BUG). The
 * event's strings are copied, so the log may go. Fails only without memory.
 */
souk_err hub_listing_from_event(const struct event *ev, struct arena *a, struct hub_listing *out,
                                struct err *e);

/*
 * True for an http:// or https:// URL that is safe to show and to call: a
 * host, at most HUB_URL_MAX bytes, printable ASCII without blanks, no user
 * name or password before the host, no backslash.
 */
bool hub_url_ok(struct untrusted url);

/* --- 4. x402 Bazaar */

void hub_url_bazaar(struct buf *b, const char *base, uint64_t offset, unsigned limit);

struct hub_offer {
    struct untrusted scheme; /* "exact", "upto", … */
    int64_t chain;           /* EVM chain id, from CAIP-2 or a v1 name; never 0 */
    u256 amount;             /* atomic units; for "upto" the most it may cost */
    address asset, pay_to;
};

struct hub_resource {
    struct untrusted url; /* as hub_url_ok wants it; others are skipped */
    struct untrusted description;
    struct untrusted method;  /* "POST", …: how the seller says to call it; absent when unsaid */
    struct untrusted example; /* an input as JSON; absent when none is given */
    struct hub_offer *offer;
    size_t offers;
    size_t unreadable; /* further offers: other chains than EVM, amounts that are no integers */
    int64_t updated;   /* unix seconds, 0 unknown */
    bool cut;
};

struct hub_bazaar {
    struct hub_resource *resource;
    size_t count, seen, skipped;
    int64_t offset, total; /* as the server says; -1 unsaid */
};

/* A page of /discovery/resources, x402 versions 1 and 2 mixed, bazaar.info or discoveryInfo. */
souk_err hub_bazaar_parse(const char *p, size_t n, struct arena *a, struct hub_bazaar *out,
                          struct err *e);
/*
 * True when another page may follow the one asked for at `asked`, with its
 * offset in *next. A server that says it answered another offset than it was
 * asked for pages through nothing, and stops here.
 */
bool hub_bazaar_more(const struct hub_bazaar *page, uint64_t asked, uint64_t *next);

/* "eip155:8453" or a v1 name such as "base" to a chain id; 0 when it is neither. */
int64_t hub_chain_id(struct untrusted network);

#endif
