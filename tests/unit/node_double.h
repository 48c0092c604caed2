/*
 * node_double.h: an EVM node that says what the test wants: JSON-RPC on the loopback, in a thread
 * of its own, each call answered by the test's function.
 */
#ifndef SOUK_TESTS_NODE_DOUBLE_H
#define SOUK_TESTS_NODE_DOUBLE_H

#include "base/buf.h"
#include "base/json.h"

struct node_double;
/*
 * Writes the JSON value of the result onto `result`; or returns an error's message. Called on the
 * node's thread, one call at a time; the test may change what it reads while no request is under
 * way.
 */
typedef const char *(*node_fn)(void *ud, const char *method, const json *params,
                               struct buf *result);

struct node_double *node_start(node_fn fn, void *ud);
void node_stop(struct node_double *n);
const char *node_url(const struct node_double *n);

#endif
