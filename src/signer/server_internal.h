/*
 * server_internal.h: what the loop (server.c) shares with the checks on the chain
 * (server_check.c).
 */
#ifndef SOUK_SIGNER_SERVER_INTERNAL_H
#define SOUK_SIGNER_SERVER_INTERNAL_H

#include "signer/decide.h"
#include "signer/gate.h"
#include "signer/server.h"

enum { CLIENTS = 16 };

enum client_state {
    CLIENT_READS,
    CLIENT_BLOCKED, /* a whole frame waits for the question that stands */
    CLIENT_GATE,    /* its question stands */
    CLIENT_CHECK,   /* the witness is asked for it, or will be */
    CLIENT_WRITES,
};

struct client {
    int fd; /* -1: free */
    enum client_state state;
    uint8_t in[FRAME_HEAD + FRAME_MAX];
    size_t n;
    int passed; /* the descriptor that came with the frame; -1 */
    struct buf out;
    size_t sent;
    bytes32 call;  /* CLIENT_CHECK */
    bool spoke;    /* a whole request came from it */
    uint64_t last; /* when it last did something, by count */
};

struct server {
    struct vault *v;
    struct witness *w;
    int listener, signals, timer, dir;
    char name[WALLET_NAME];
    int lock_after;
    bool stop;
    struct client client[CLIENTS];
    uint64_t turn;
    struct gate *gate;
    struct client *asker;
    uint32_t faults; /* of the question */
    struct buf reply;
    int64_t own_at;   /* monotonic ms before which it asks nothing of its own accord */
    uint64_t own_seq; /* the entry it asked for last */
};

/* Sends s->reply to c. */
void server_reply(struct server *s, struct client *c);
/* Hears the witness, if it spoke or is late, and asks it the next thing. */
void server_checks(struct server *s, bool spoke);

#endif
