/*
 * rpc.h: JSON-RPC 2.0 over HTTP for EVM nodes, with batching. (An endpoint postgresql://… is a
 * database of logs, asked the same way: sql.h.)
 *
 * A client has one or more endpoints of the same chain; a request goes to the
 * one that last worked, and moves to the next when an endpoint cannot be
 * reached, answers no JSON, or says it is overloaded (429, 503, or HTTP 200
 * with an error that says so: small answers are looked at). When every
 * endpoint left is overloaded, it waits (Retry-After, else doubling from 250 ms)
 * and asks again; the fifth such answer, or a Retry-After beyond a minute, is
 * the end. A time-out after connecting and an answer beyond the body cap end
 * the request at once with `shrink`; the next one goes to another endpoint.
 *
 * One rpc_send is one HTTP request: a single object for n == 1, a batch array
 * otherwise. Answers are matched by id, whatever their order. An endpoint that
 * refuses batches (an error object instead of an array) is asked one by one,
 * and the answers are handed over as one array all the same.
 *
 * The raw body is handed over so that large answers (logs) are parsed on a
 * worker: rpc_parse() there gives the results or errors in order.
 */
#ifndef SOUK_NET_RPC_H
#define SOUK_NET_RPC_H

#include "base/buf.h"
#include "base/err.h"
#include "net/http.h"
#include "base/json.h"

struct rpc;

struct rpc_call {
    const char *method;
    const char *params; /* a JSON array as text, e.g. "[\"latest\",false]" */
};

struct rpc_reply {
    struct err err;  /* transport: nothing usable came from any endpoint */
    bool shrink;     /* err suggests that a smaller request may work (time-out, too big) */
    const char *url; /* the endpoint that answered; which one of the list: */
    unsigned endpoint;
    struct buf body; /* the JSON body; buf_detach to keep it beyond the callback */
};

typedef void (*rpc_done_fn)(void *ud, struct rpc_reply *r);

/*
 * urls: blank-separated list, copied; at most 32. label names the chain in
 * messages ("the payment chain"). Free the client before h.
 */
struct rpc *rpc_new(struct http *h, const char *urls, const char *label, struct err *e);
void rpc_free(struct rpc *r); /* cancels what is under way without calling back */
const char *rpc_label(const struct rpc *r);

/* Sends n calls as one request; copies them. done comes exactly once. */
souk_err rpc_send(struct rpc *r, const struct rpc_call *calls, size_t n, rpc_done_fn done, void *ud,
                  struct err *e);
/* The same, but never to the endpoints whose bits are set: a second opinion. It changes nothing in
 * which endpoint other requests go to first. */
souk_err rpc_send_but(struct rpc *r, uint32_t never, const struct rpc_call *calls, size_t n,
                      rpc_done_fn done, void *ud, struct err *e);
unsigned rpc_endpoints(const struct rpc *r);
const char *rpc_url(const struct rpc *r, unsigned endpoint);
const char *rpc_host(const struct rpc *r, unsigned endpoint); /* of it, as http_host says */
/* Drops everything under way without calling back. */
void rpc_cancel(struct rpc *r);
/* The first wait after a 429 without Retry-After, for tests; 250 ms. */
void rpc_set_wait(struct rpc *r, int first_ms);

/* One answer of a parsed body. */
struct rpc_result {
    const json *value;        /* NULL when the node answered with an error */
    int64_t code;             /* the node's error code */
    struct untrusted message; /* the node's error text; lives as long as the tree */
};

/* Parses a body with n expected answers into res[0..n). *tree owns the values: json_free it. */
souk_err rpc_parse(const struct buf *body, size_t n, struct rpc_result *res, json **tree,
                   struct err *e);

/*
 * What a node's error about eth_getLogs means (texts: ponder's and rindexer's
 * published lists, Infura, Alchemy, QuickNode documentation).
 */
enum rpc_range {
    RPC_RANGE_OTHER,  /* not about the range: report it */
    RPC_RANGE_SMALLER /* ask for fewer blocks; *blocks is the number it named, or 0 */
};
enum rpc_range rpc_range_error(int64_t code, struct untrusted message, uint64_t *blocks);
/* It has been asked too often: the same question may be answered later. */
bool rpc_busy_error(int64_t code, struct untrusted message);

#endif
