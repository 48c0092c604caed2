/*
 * catalog.h: all models of a network as one immutable table in memory.
 *
 * A catalogue is loaded on a worker and shared by reference count; nothing in
 * it changes afterwards, so a screen may draw from it while the next one
 * loads. Strings are outside text (struct untrusted at the point of drawing).
 *
 * The first frame asks for a head: the first `limit` rows by calls, read
 * through an index in about a millisecond whatever the size of the cache. Its
 * rows are the first ones of the full catalogue's view by calls; facets are
 * counted only when it holds every model (n == total).
 *
 * A view is a catalogue filtered and sorted: an array of row numbers. It is
 * built on a worker too.
 */
#ifndef SOUK_MARKET_CATALOG_H
#define SOUK_MARKET_CATALOG_H

#include "base/text.h"
#include "market/types.h"
#include "store/store.h"

/* What is known of a model beyond its row; most models have none. */
struct model_brief {
    const char *blob_id; /* outside text; NULL: unknown */
    enum blob_source blob_from;
    const char *endpoint; /* outside text; NULL: not listed */
    address owner, pay_to;
};

struct provenance; /* pages.h */

struct model_row {
    int64_t id;
    const struct model_brief *brief;  /* NULL: neither blob nor listing */
    const struct provenance *hub;     /* the Hub page it came from (shared by its rows) */
    const char *author, *name, *task; /* terminated, outside text; task may be "" */
    const struct amount *price;       /* NULL: not listed */
    const struct figures *figures;    /* never NULL */
    int64_t listed_at, first_seen;    /* 0: not listed */
    uint8_t mark;                     /* enum mark */
    bool has_blob, gone;
};

struct facet {
    const char *value; /* a task's name ("" for none) */
    uint32_t count;
};

struct catalog {
    struct model_row *row;
    uint32_t n;     /* rows here */
    uint32_t total; /* models in the cache (n < total for a head) */
    enum window window;
    int64_t as_of; /* end of the windows; 0: no chain read yet */
    uint64_t as_of_block;
    int64_t synced_at;        /* when any source last succeeded; 0: never */
    const struct facet *task; /* most frequent first */
    uint32_t tasks;
    uint32_t listed, proven, alive; /* alive: any call or settlement in the window */
};

souk_err catalog_load(struct store *s, enum window w, struct catalog **out, struct err *e);
souk_err catalog_head(struct store *s, enum window w, uint32_t limit, struct catalog **out,
                      struct err *e);
struct catalog *catalog_ref(struct catalog *c);
void catalog_unref(struct catalog *c); /* thread-safe */

/* The columns everything can be sorted by; names are the CLI's --sort words. */
/* clang-format off */
#define SORT_LIST(X)                                                                               \
    X(SORT_CALLS, "calls", true)                                                                   \
    X(SORT_INCOME, "income", true)                                                                 \
    X(SORT_PAYERS, "payers", true)                                                                 \
    X(SORT_PRICE, "price", false)                                                                  \
    X(SORT_NEW, "new", true)                                                                       \
    X(SORT_NAME, "name", false)                                                                    \
    X(SORT_AUTHOR, "author", false)                                                                \
    X(SORT_TASK, "task", false)                                                                    \
    X(SORT_PAYMENTS, "payments", true)                                                             \
    X(SORT_LAST, "last", true)                                                                     \
    X(SORT_GENUINE, "genuine", true)                                                               \
    X(SORT_GROWTH, "growth", true)                                                                 \
    X(SORT_MATCH, "match", true)
/* clang-format on */
#define X(id, name, desc) id,
enum sort_key { SORT_LIST(X) SORT_COUNT };
#undef X
const char *sort_name(enum sort_key k);
bool sort_parse(const char *s, enum sort_key *out);
bool sort_descends(enum sort_key k); /* the natural direction */

/*
 * What to show. The query language of the filter box, the CLI and saved views:
 *
 *     eth volatility             words: prefix and typo tolerant, over name, author, task and
 *                                description
 *     task:risk author:mira      facets: begins with; author:~x contains; author:"x" is exactly
 *     alive listed proven free   states; -alive or !alive negates; "never" = never called
 *     price<0.01 calls>1k        also payers, payments, settlements, inferences; k and m;
 *     payers>=3                  < <= = >= >
 *     income>5 genuine>1         in whole units of the profile's first asset; genuine: the lower
 *                                bound of genuine income
 *     growth>20 growth<-5        in percent, of those with enough to tell
 *     growing shrinking          the interval of growth is above, below nothing
 *     genuine                    paid by a genuine payer, strictly
 *
 * Case does not matter (ASCII). One or two letters are looked for as the beginning of words in
 * names, authors and tasks, and as whole words in descriptions.
 * A query never fails: what is not understood is searched as a word.
 */
struct query {
    char text[256];
    enum sort_key sort;
    bool reverse;                /* against the natural direction */
    bool alive, listed, proven;  /* switches besides the text: only such models */
    char task[128], author[256]; /* exact facets set by menus; "" none */
};

struct view {
    struct catalog *catalog; /* a reference */
    struct query query;
    uint32_t *row; /* indexes into catalog->row, in order */
    uint32_t n;
    char note[160]; /* e.g. `no "volatilty": showing "volatility"`; may quote the user only */
};

/* s: a reader of the same cache, for the text search; may be NULL when the query has no words. */
souk_err view_make(struct catalog *c, const struct query *q, struct store *s, struct view **out,
                   struct err *e);
void view_free(struct view *v);

/*
 * Finds the model a person named: author/name, a unique name, a blob id, or a
 * listing id (0x…). SOUK_ENOTFOUND suggests near names; SOUK_EINPUT lists the
 * candidates of an ambiguous one.
 */
souk_err model_find(struct store *s, const char *word, int64_t *id, struct err *e);

#endif
