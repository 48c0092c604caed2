/*
 * internal.h: what the files of getting share.
 *
 *   find.c      which file is meant (store, Hub)
 *   get.c       one get: its life, and the one place that decides what is next
 *   pull.c      one request to one aggregator, and the bytes it gives
 *   watch.c     how it goes: rate, time left, silence
 *   servers.c   which aggregator next; who is to blame for what was wrong
 *   nodes.c     the blob's metadata, of a storage node
 *   keeper.c    what is done on LANE_CONTENT: writing, proving, giving the name
 *   stored.c    until when it is stored
 *
 * The loop's side never touches the disk; the lane's side (struct keeper) never touches the loop.
 * What came is contiguous from the beginning, so the size of the part is all that a later get needs
 * to know; bad rows are asked for again at the end, and found again when that was cut.
 */
#ifndef SOUK_MARKET_GET_INTERNAL_H
#define SOUK_MARKET_GET_INTERNAL_H

#include "base/clock.h"
#include "market/get.h"
#include "net/http.h"
#include "walrus/encode.h"
#include "walrus/rows.h"
#include "walrus/service.h"

enum {
    SERVERS = 16,          /* config.h: at most so many addresses */
    CHUNK = 1 << 20,       /* bytes handed to the disk at once */
    CHUNKS_MOST = 8,       /* on their way to it; then the server has to wait */
    CHUNKS_FEW = 2,        /* and from here on it may send again */
    FAILS = 3,             /* without a byte in between: it is left alone */
    BAD_ROWS = 8,          /* of one server: it is left alone too */
    BYTES_MOST_SHIFT = 34, /* no blob is larger than 16 GiB (walrus.h) */
    GIVEN_BEFORE = 31      /* bit of those bytes that an earlier get left */
};
#define PIECE   (16ull << 20)
#define BY_ROWS (16ull << 20)
#define STEP    (8ull << 20)  /* room is asked for so much at a time, while the size is not known */
#define UNSAID  (64ull << 20) /* the longest body that need not say how long it is */

struct server {
    const char *url;
    char host[104];
    bool done_with; /* not asked any more, for the reason in `said` */
    bool gone;      /* that reason: it says that there is no such blob */
    bool liar;      /* or: it alone gave bytes that were not it */
    bool suspect;   /* it may have: it is asked when nobody else is left, and then alone */
    unsigned fails, bad_rows;
    unsigned refused_range; /* 1: is asked how large it is; 2: for the whole */
    int64_t later;          /* not before, monotonic ms */
    struct err said;
};

/* --- the lane's side */

struct keeper {
    struct library_part *part;
    struct walrus_meta meta;
    struct rows *rows; /* NULL: no metadata */
    bool *right;       /* one a row */
    unsigned next;     /* rows before it were looked at */
    uint64_t end;      /* what is there, from the beginning */
    uint8_t *row;      /* one row's bytes */
};

enum work_kind { WORK_OPEN, WORK_ROOM, WORK_NOTE, WORK_META, WORK_WRITE, WORK_RESTART, WORK_PROVE };

struct work {
    struct job job; /* first */
    struct get *g;
    enum work_kind kind;
    uint64_t at;    /* WRITE: where; OPEN, out: what is there; NOTE, ROOM: bytes in all */
    uint64_t total; /* OPEN, out: as it was noted, 0 unknown */
    uint8_t *p;     /* WRITE, META: owned */
    size_t n;
    int row;       /* WRITE: the end of this row, which was asked for again; -1 */
    bool here;     /* OPEN, PROVE, out: it is in the library */
    unsigned *bad; /* out: rows found wrong; owned */
    size_t bads;
    struct err err;
};

/* --- one request */

enum pull_end {
    PULL_OPEN,    /* under way */
    PULL_ENOUGH,  /* all that was wanted came */
    PULL_STOPPED, /* by us, for no fault of the server's */
    PULL_LIED,    /* what it says cannot be right: words in g->pull.err */
    PULL_SILENT
};

struct pull {
    struct http_call *call; /* NULL: none is under way */
    unsigned server;
    uint64_t from, to; /* wanted: [from, to); to 0: to the end, wherever that is */
    uint64_t at;       /* next byte to keep */
    uint64_t body;     /* next byte that comes */
    bool ranged;       /* a range was asked for */
    bool probe;        /* only to learn the size */
    bool told;         /* headers were looked at */
    bool whole;        /* 200: the body begins at 0, whatever was asked */
    bool news;         /* it said another total than was known */
    int row;           /* a bad row again; -1 */
    enum pull_end end;
    struct err err;
    uint8_t *chunk; /* being filled; its first byte belongs at `chunk_at` */
    size_t chunk_n;
    uint64_t chunk_at;
    bool paused;
    int64_t window_at; /* since when its bytes are counted, monotonic ms */
    uint64_t window;   /* and how far it was then */
};

struct given {
    uint64_t from; /* up to the next one's */
    uint32_t by;   /* servers, as bits */
};

struct bad_row {
    unsigned row, tries;
    uint32_t by;
};

enum { SAMPLES = 24, TICK_MS = 200 };

struct get {
    struct loop *loop;
    struct http *http;
    struct get_events ev;
    void *ud;
    struct keeper k;
    struct pull pull;

    /* what it knows */
    uint64_t total; /* 0: not known, or see empty */
    uint64_t have;  /* asked for and come, from the beginning */
    uint64_t budget, room, room_asked;
    struct given *given;
    size_t givens, given_room;
    struct bad_row *bad;
    size_t bads, bad_room;
    const char *source; /* host of the last bytes; "": none came now */
    struct stored_ask *asking;
    struct http_call *meta_call;
    uint64_t tick, retry, grace; /* timers */
    int64_t byte_at;             /* when the last byte came, or it was asked for */
    int64_t sample_at[SAMPLES];
    uint64_t sample[SAMPLES];
    atomic_ullong done_work, all_work; /* of the proof */
    struct library_row row;            /* in the arena, when it is here */
    struct arena arena;
    char *nodes[SERVERS];
    struct server server[SERVERS];
    struct stored stored;
    struct get_options o;
    struct get_target target;
    char urls[CONFIG_URLS], node_urls[CONFIG_URLS];
    struct err err;   /* why it ends */
    struct err limit; /* the library's or the disk's no */

    unsigned servers, at; /* at: who serves */
    unsigned n_nodes, node;
    unsigned works, writing; /* on the lane; of these, chunks */
    unsigned told_by;        /* who said total; SERVERS: a note */
    unsigned refetched, samples;
    unsigned inside; /* calls of get_turn on the stack */
    atomic_bool cancel;
    bool public_only;
    bool open, restarting, proving, proved, ending;
    bool empty;        /* it is known, and nothing */
    bool total_proved; /* by metadata */
    bool meta_wanted, meta_known, meta_over;
};

/* --- get.c */
void get_turn(struct get *g);
void get_fail(struct get *g, const struct err *why); /* it ends with this */
/* Somebody says how large it is. False: that cannot be, in words, or (SOUK_ECANCEL) all begins anew
 * with that. */
bool get_total(struct get *g, unsigned server, uint64_t total, struct err *e);
bool get_knows_total(const struct get *g);
void get_restart(struct get *g);              /* throws away what came */
void get_room(struct get *g, uint64_t bytes); /* asks whether so much may lie there in all */

/* --- pull.c */
/* row: a bad row to be asked for again, or -1. */
void pull_start(struct get *g, unsigned server, int row);
/* Ends it; what came is kept, but of a row. */
void pull_stop(struct get *g, enum pull_end why);
void pull_go_on(struct get *g); /* when the disk has caught up */

/* --- watch.c */
void get_tick(void *ud); /* the timer's, while it lasts */
void get_tell(struct get *g, int64_t now);

/* --- servers.c */
void servers_init(struct get *g, const char *urls);
/* SERVERS: nobody now; *wait: ms after which somebody may be, -1 never. not: bits. */
unsigned server_next(struct get *g, uint32_t not, int64_t *wait);
void server_failed(struct get *g, unsigned s, enum blob_answer a, int64_t after,
                   const struct err *why);
void server_done_with(struct get *g, unsigned s, const struct err *why);
bool given_add(struct get *g, uint64_t from, uint32_t by);
uint32_t given_by(const struct get *g, uint64_t from, uint64_t to);
/* The whole was not it: who gave it is a liar, or, when they were several, suspect. */
void servers_blame(struct get *g);
void servers_conclude(const struct get *g, struct err *e); /* nobody is left: why */

/* --- nodes.c */
void nodes_ask(struct get *g);
void nodes_next(struct get *g); /* what one gave was not it */

/* --- keeper.c. Each answers in get.c's work_done. */
struct work *work_new(struct get *g, enum work_kind kind); /* NULL: g ends without memory */
void work_submit(struct work *w);
void work_done(struct get *g, struct work *w);
void keeper_close(struct keeper *k, bool discard);

/* Splits a blank-separated list in place. */
unsigned urls_split(char *list, char **out, unsigned most);

#endif
