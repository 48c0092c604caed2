/*
 * internal.h: how a judgement is made, in three runs over the moves (rules.h has the words).
 *
 *   people    whose the addresses are; the first run: who pays, who funds how many
 *   windows   the second run: first funders; per pair and window what went there and back; bursts,
 *             circles
 *   crowds    between the runs: who is linked with whom, and cohorts
 *   verdicts  the third run: the author's money in each balance; each payment's bits and what they
 *             take of it
 *   sums      what models, authors and the market come to
 *   findings  what to tell of it, with the rows to show for it
 *
 * Everything in memory is numbered densely from 0; NOBODY is no number.
 */
#ifndef SOUK_MARKET_GENUINE_INTERNAL_H
#define SOUK_MARKET_GENUINE_INTERNAL_H

#include "base/list.h"
#include "market/derive/attrib.h"
#include "market/genuine.h"
#include "market/map.h"
#include "store/rollup.h"

#define NOBODY UINT32_MAX
enum { SLOTS = INCOME_MAX, DAY = 86400 };

#define AT(l, type, i) ((type *)(l).p + (i))

struct place {
    uint64_t block, log;
};

/* --- people.c */

struct actor {                  /* an address that moved money, or is somebody's */
    int64_t id;                 /* addr.id; 0: the zero address, or not known */
    uint32_t control, controls; /* of whose C() it is: a stretch of people.control */
    uint32_t fundees;
    uint32_t payer; /* number among those that ever paid a listed payee */
    bool hub, hub_said, trusted;
};

struct people {
    struct attrib *attrib;
    struct map by_id;
    struct list actor;   /* struct actor */
    struct list control; /* uint32_t: numbers of authors, ascending for each address */
    struct list author;  /* int64_t: author.id, ascending: those with addresses */
    struct list payer;   /* uint32_t: actors */
    struct asset_row asset[SLOTS];
    size_t assets;
};

/* Loads who is whose, and makes the first run. s: in a transaction or snapshot. */
souk_err people_load(struct people *p, struct store *s, const struct network *n,
                     const struct rules *r, const struct known *k, const atomic_bool *stop,
                     struct err *e);
void people_release(struct people *p);
bool people_controls(const struct people *p, uint32_t author, uint32_t actor);

/* One row, understood. */
enum move_kind { MOVE_TRANSFER, MOVE_PAYMENT, MOVE_REFUND, MOVE_DEPOSIT, MOVE_WITHDRAWAL };
struct move {
    enum move_kind kind;
    uint32_t from, to; /* actors: payer and payee of a payment or refund */
    unsigned slot;     /* the asset */
    u256 amount;
    int64_t time;
    struct place at;
    int64_t who;     /* of judged payments and their refunds: a model, an author negated; else 0 */
    uint32_t author; /* then his number */
    bool call;       /* pay_is_call() */
};
typedef souk_err (*move_fn)(void *ud, const struct move *m, struct err *e);
/* The moves of the index, in their order. Those of an address to itself come only when judged. */
souk_err people_each_move(const struct people *p, struct store *s, const struct network *n,
                          const atomic_bool *stop, move_fn fn, void *ud, struct err *e);

static inline struct actor *actor_at(const struct people *p, uint32_t i)
{
    return AT(p->actor, struct actor, i);
}
static inline int64_t author_at(const struct people *p, uint32_t i)
{
    return *AT(p->author, int64_t, i);
}
static inline int64_t window_of(const struct rules *r, int64_t time)
{
    int64_t length = (int64_t)r->window_days * DAY;
    return time / length - (time % length < 0);
}
static inline int64_t minute_of(int64_t time)
{
    return time / 60 - (time % 60 < 0);
}

/* --- windows.c */

/* (payer, author, asset). There may be millions of them: what one window needs is in a turn. */
struct pair {
    uint32_t payer, author;
    uint32_t n;              /* judged payments, over the whole index */
    uint32_t group, cohort;  /* numbers of crowds.c */
    uint32_t turn;           /* of this window, if that turn is this pair's */
    uint32_t run;            /* of full minutes, up to the last one; NOBODY: none */
    uint32_t burst;          /* verdicts.c: the next of its bursts */
    uint32_t minute_n;       /* payments in the minute under way */
    uint16_t minute_squares; /* of the seconds between them */
    uint16_t shown;          /* verdicts.c: rules whose funding findings.c was told */
    uint8_t minute_seconds;  /* from its first to its last */
    uint8_t slot;
    bool own;             /* the payer is one of the author's addresses */
    bool trusted;         /* by the user's file */
    bool returns;         /* verdicts.c: in the window under way */
    int64_t first;        /* time of the first judged payment */
    int64_t minute_first; /* of the first one of the minute */
};

struct turn { /* what a pair did in the window under way */
    uint32_t pair, runs_paid, runs_back;
    bool paid_last;
    u256 paid, back;
};

struct funder {
    uint32_t actor; /* NOBODY: none */
    bool sent;      /* something, before any inflow */
    int64_t time;
    struct place at;
};

struct minutes { /* an unbroken run of full minutes */
    int64_t first_minute, last_minute, first, last, squares;
    uint64_t gaps;
};
struct burst {
    uint32_t pair;
    int64_t first_minute, last_minute;
    uint32_t payments;
};
struct circle {
    int64_t window;
    unsigned slot;
    uint32_t rounds;
    size_t member, members; /* a stretch of windows.member */
};
struct flagged { /* a pair whose payments came back in this window */
    int64_t window;
    uint32_t pair;
};

struct windows {
    const struct people *p;
    const struct rules *r;
    struct map by_pair;
    struct list pair;   /* struct pair */
    struct list funder; /* struct funder: payer * SLOTS + slot */
    struct list burst;  /* struct burst, by pair */
    struct list back;   /* struct flagged, by window */
    struct list circle; /* struct circle, by window */
    struct list member; /* uint32_t: nodes */
    struct map rounds;  /* by node and slot: how often the money went round there */

    /* the window under way */
    int64_t window;
    bool any;
    struct list turn; /* struct turn */
    struct map by_edge[SLOTS];
    struct list edge[SLOTS];   /* struct edge */
    struct list run, free_run; /* struct minutes; uint32_t */
};

souk_err windows_run(struct windows *w, const struct people *p, struct store *s,
                     const struct network *n, const struct rules *r, const atomic_bool *stop,
                     struct err *e);
void windows_release(struct windows *w);
/* The number of a pair, NOBODY: never came up. */
uint32_t windows_pair(const struct windows *w, uint32_t payer, uint32_t author, unsigned slot);
/* An author's node when the address is one's, else its own. */
uint32_t windows_node(const struct people *p, uint32_t actor);
const struct funder *windows_funder(const struct windows *w, uint32_t payer, unsigned slot);

static inline uint64_t node_key(uint32_t node, unsigned slot)
{
    return ((uint64_t)node << 3 | slot) + 1;
}

/* --- crowds.c */

struct group { /* payers of one author, first funded by one address, within a day */
    uint32_t author, funder, payers;
    unsigned slot;
};
struct cohort {
    uint32_t author, payers, of; /* so many of so many new ones that day */
    unsigned slot;
};
struct crowds {
    struct list group, cohort;
    uint32_t *cluster; /* for each payer: the payer that stands for its cluster */
};
/* Sets group and cohort of the pairs. */
souk_err crowds_find(struct crowds *c, struct windows *w, struct err *e);
void crowds_release(struct crowds *c);

/* --- what a judgement is told of, payment by payment in the order of the chain */

struct judged {
    bool refund; /* then bits are not set */
    int64_t who;
    uint32_t author, payer, cluster, pair; /* payer, cluster, pair: NOBODY when not known */
    uint32_t payee;                        /* an actor */
    unsigned slot;
    u256 amount, excluded, funded; /* funded: what the rule of this name takes */
    unsigned bits;
    int64_t time;
    struct place at;
    bool own, call;
    unsigned funded_share; /* per mille of the payer's inflow that was the author's */
};

/* --- sums.c */

struct sums {
    const struct people *p;
    const struct rules *r;
    int64_t since[WINDOW_COUNT]; /* a window is time > since */
    struct map by_who, by_spender, by_taken;
    struct list account;        /* struct ledger; the first is the market's */
    struct list spender, large; /* spenders.c */
    struct list taken;          /* struct taken: per account, rule and asset */
    struct list week;           /* struct week */
    struct list value[SLOTS];   /* u256: single payments of the week under way */
    uint16_t *seen;             /* for each cluster: what it was in each window, of the market */
};
souk_err sums_init(struct sums *t, const struct people *p, const struct rules *r, int64_t as_of,
                   struct err *e);
void sums_release(struct sums *t);
souk_err sums_add(struct sums *t, const struct judged *j, struct err *e);
souk_err sums_finish(struct sums *t, struct err *e); /* counts payers; once, at the end */
u256 sums_low(const struct sums *t, enum window w, unsigned slot); /* of the market */
souk_err sums_write(const struct sums *t, struct store *w, struct err *e);

/* --- findings.c */

struct findings_made {
    struct store *w;
    const struct people *p;
    const struct windows *win;
    const struct crowds *crowds;
    const struct rules *r;
    int64_t chain;
    struct map by_key, by_payer;
    struct list found; /* struct found */
};
void findings_init(struct findings_made *f);
void findings_release(struct findings_made *f);
/* A payment with bits. */
souk_err findings_payment(struct findings_made *f, const struct judged *j, struct err *e);
/* A transfer that shows why: pair NOBODY for what is the author's as a whole. */
souk_err findings_transfer(struct findings_made *f, enum rule rule, uint32_t pair, uint32_t author,
                           unsigned slot, struct place at, struct err *e);
souk_err findings_write(struct findings_made *f, struct err *e);

/* --- one.c: tags those of one window's judged payments */
souk_err one_tag(const struct list *rows, const struct windows *w, const struct rules *r,
                 struct err *e);

/* --- verdicts.c */

souk_err verdicts_run(const struct people *p, struct windows *w, const struct crowds *c,
                      struct store *s, const struct network *n, const struct rules *r,
                      const atomic_bool *stop, struct sums *sums, struct findings_made *f,
                      struct err *e);

/* All of it, into out and p, which are zeroed and the caller's to release, whatever comes of it. s:
 * in a transaction when it writes, else in a snapshot. */
souk_err judge_all(struct store *s, const struct network *n, const struct rules *r,
                   const struct known *k, const atomic_bool *stop, bool write, struct sums *out,
                   struct people *p, struct err *e);

#endif
