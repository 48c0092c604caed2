/*
 * pages.h: what the Model, Author, Health and Compare views show, read in one go.
 *
 * Each page is one heap object with everything it points to (an arena
 * inside), loaded on a worker from a reader connection, immutable, freed
 * whole. Text from outside is marked in the comments.
 */
#ifndef SOUK_MARKET_PAGES_H
#define SOUK_MARKET_PAGES_H

#include "market/catalog.h"
#include "market/types.h"

/* A series of daily values, oldest first; day 0 is `first_day` (unix day number). */
struct series {
    int64_t first_day;
    size_t n;
    uint64_t *v;
};

struct provenance {
    const char *place;   /* server or node; "": not read yet */
    int64_t chain;       /* 0: not a chain */
    int64_t first, last; /* blocks, or page (-1: of one model, no page) */
    char hash[HASH_BUF]; /* "" none */
    int64_t time;
};

struct listing_row {
    char id[HASH_BUF];
    address owner, pay_to;
    struct amount price;
    struct untrusted author, name, blob_id, endpoint;
    bool active, proven, chosen; /* chosen: the one whose figures the model shows */
    bool endpoint_bad;
    int64_t time; /* of its latest event */
    uint64_t block;
    char tx[HASH_BUF];
    uint64_t payments, settlements; /* to its payTo, in the window */
    struct income income;
};

struct offer_row { /* from Bazaar: a seller's claim */
    struct untrusted resource, scheme, description;
    struct amount amount;
    address pay_to;
    int64_t chain, updated;
    bool same_payee; /* pays the model's proven listing's address */
};

struct file_row {
    struct untrusted version, name, blob_id, notes;
    int64_t size;
};

struct call_row {
    enum {
        CALL_PAYMENT,
        CALL_SETTLEMENT,
        CALL_INFERENCE,
        CALL_INFLOW /* explain.h alone: a plain one, no call */
    } kind;
    int64_t time;
    uint64_t block;
    int64_t chain;
    char tx[HASH_BUF];
    address payer;        /* not for inferences */
    struct amount amount; /* not for inferences */
};

struct price_row {
    int64_t time;
    struct amount price;
};

/* A price that was changed, and what followed: of the seven UTC days before the day of the change,
 * and the seven after it; the day itself is in neither. No claim that one made the other. */
struct price_change {
    struct untrusted model;
    int64_t time;
    struct amount was, now;
    struct price_week {
        uint64_t payments;
        struct amount income; /* in the asset of `now` */
    } before, after;
    unsigned days_after; /* of the seven that are over; fewer: it is too early to compare */
};

/* One payer, and what he paid here in all (not only in the window he was chosen by). */
struct payer_row {
    address payer;
    uint64_t payments, settlements;
    struct income paid;
    int64_t first, last; /* times */
    bool fresh;          /* the first is in the window; else he returns */
    unsigned bits;       /* 1 << enum rule: found in his latest payments */
    bool judged;         /* genuine_judge has run: bits 0 then means nothing was found */
};
enum { PAYERS_SHOWN = 50, PRICE_CHANGES = 64 };

struct model_page {
    struct model_row row; /* with figures of the window */
    struct untrusted description, blob_id, llm_path;
    enum blob_source blob_from;
    bool legacy_blob; /* an IPFS id: cannot be verified the Walrus way */
    enum window window;
    int64_t as_of;
    struct series calls, settlements,
        paid;                   /* per day: calls, settlements, payments; at most 120 days */
    struct series income;       /* of income_asset, atomic units scaled to fit u64: see scale */
    struct amount income_asset; /* value = atomic units per series unit */
    const struct listing_row *listing;
    size_t listings;
    const struct offer_row *offer;
    size_t offers;
    const struct file_row *file;
    size_t files;
    const struct call_row *call; /* latest first, at most 200 */
    size_t calls_n;
    const struct price_row *price; /* history, newest first */
    size_t prices;
    uint64_t returning;      /* payers that paid on two or more days of the window */
    uint64_t payers_unknown; /* payments and settlements in the window whose payer no log names */
    struct income refunded;  /* in the window; already taken off income */
    const struct payer_row *payer;     /* those that paid in the window, by what they paid */
    size_t payers_n;                   /* at most PAYERS_SHOWN */
    const struct price_change *change; /* newest first, at most PRICE_CHANGES */
    size_t changes;
    struct provenance hub, chain;
};
souk_err model_page_load(struct store *s, int64_t id, enum window w, struct model_page **out,
                         struct err *e);
void model_page_free(struct model_page *p);

struct author_row {
    const char *author; /* outside text */
    uint32_t models, listed;
    struct figures figures;     /* of his models and what is his but no one model's */
    struct income unattributed; /* of that: paid to an address several of the models share */
};
struct author_list {
    struct author_row *row;
    size_t n;
    enum window window;
    int64_t as_of;
};
souk_err author_list_load(struct store *s, enum window w, struct author_list **out, struct err *e);
void author_list_free(struct author_list *l);
/* Authors can be sorted by calls, income, payers, payments, last, author, genuine and growth. */
bool author_sortable(enum sort_key k);
/* Fills order[0..l->n) with row numbers in that order. */
void author_order(const struct author_list *l, enum sort_key k, bool reverse, uint32_t *order);

enum { SHARED_NAMED = 16 };
/* What is paid to an address that several of his models share, and which these are. */
struct shared_row {
    address payee;
    const struct untrusted *model; /* whose listings named it, at most SHARED_NAMED */
    size_t models;                 /* in all */
    uint64_t payments;             /* in the window; payments and settlements, unattributed */
    struct income income;          /* of them */
};

struct asset_days { /* income of one asset by day, as author_page.income */
    struct amount unit;
    struct series income;
};

/* Beside author_page.model. */
struct model_note {
    int64_t last; /* of any call or settlement, ever; 0: never */
    bool idle;    /* listed, and nothing in the last 30 days */
    bool best;    /* has the largest income of the window */
};

struct author_page {
    int64_t id;
    struct author_row row;
    enum window window;
    int64_t as_of;
    const struct model_row *model; /* by calls */
    size_t models;
    struct series calls, settlements, income;
    struct amount income_asset;
    const struct call_row *call; /* latest payments and settlements, newest first, at most 200 */
    const struct untrusted *call_model; /* beside call: which model, empty: unattributed */
    size_t calls_n;
    uint64_t payers_new, payers_returning; /* first paid him in the window; had paid before */
    uint64_t payers_unknown; /* payments and settlements in the window whose payer no log names */
    const struct model_note *note;  /* beside model */
    const struct asset_days *asset; /* each asset he ever earned, in the profile's order */
    size_t assets;
    const struct payer_row *payer;     /* those that paid in the window, by what they paid */
    size_t payers_n;                   /* at most PAYERS_SHOWN */
    const struct price_change *change; /* of all his models, newest first, at most PRICE_CHANGES */
    size_t changes;
    const struct shared_row *shared; /* why something is unattributed, by income */
    size_t shared_n;
    struct income refunded; /* in the window; already taken off income */
    struct income inflow;   /* plain transfers to his addresses in the window (P1): no income */
    uint64_t inflows;
    size_t addresses; /* that his listings ever named as payee */
    struct provenance chain;
};
/* who: an author's name, or an address that is owner or payTo of one of his listings. */
souk_err author_find(struct store *s, const char *who, int64_t *id, struct err *e);
souk_err author_page_load(struct store *s, const char *who, enum window w, struct author_page **out,
                          struct err *e);
void author_page_free(struct author_page *p);

/* One payment, settlement or refund to an author, for his books. Texts are valid inside fn only. */
struct book_row {
    int64_t time;
    int64_t chain;
    uint64_t block, log;
    char tx[HASH_BUF];
    struct untrusted model; /* empty: unattributed */
    address payer;          /* zero: no log names him */
    struct amount amount;
    bool refund;          /* given back: takes from the income */
    const char *scheme;   /* "eip3009" "permit2" "upto" "batch" "escrow" "refund" */
    const char *finality; /* explain.h finality_name() */
    unsigned bits;        /* 1 << enum rule, as far as judged */
};
/* All of the window, in the order of the chain, however many there are. who: as above. What fn
 * returns other than SOUK_OK ends it. */
souk_err author_book(struct store *s, const char *who, enum window w,
                     souk_err (*fn)(void *ud, const struct book_row *r, struct err *e), void *ud,
                     struct err *e);

/* Activity: what each source last did, and where the figures come from. */
struct activity {
    struct sync_state *state;
    size_t n;
    uint64_t models, listings, payments, inferences, offers; /* rows in the cache */
    int64_t size_bytes;
    struct provenance *source; /* newest first, at most 50 */
    size_t sources;
};
souk_err activity_load(struct store *s, struct activity **out, struct err *e);
void activity_free(struct activity *a);

#endif
