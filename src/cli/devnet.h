/*
 * devnet.h: the built-in market as processes: start, stop, status.
 *
 * A supervisor (a daemon of this same program) runs two anvil nodes and one
 * node.js process with the Hub, Walrus, facilitator, seller and gateway; see
 * assets/devnet/README.md for what they are. Nothing outlives it: children
 * carry PR_SET_PDEATHSIG, so they die with the supervisor even when it is
 * killed; the supervisor ends when told (`souk devnet down`), when a child
 * dies, or, when it was started on behalf of a process, with that process.
 *
 * The world (chain state, catalogue, ledger) is generated once for each set
 * of parameters and kept in the cache; later starts load it.
 */
#ifndef SOUK_CLI_DEVNET_H
#define SOUK_CLI_DEVNET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct devnet_options {
    int64_t seed, models, authors, payments, inferences, days;
    int64_t end;     /* unix time the history ends at; 0: the last UTC midnight */
    int64_t traffic; /* seconds between live payments; 0: none */
    int port;        /* first of seven; 0: any free */
    bool owned;      /* ends with this process */
    bool quiet;      /* no progress on stderr */
};

extern const struct devnet_options devnet_defaults;

/* Starts it unless it runs; returns when every server answers. *started: whether it was us. */
souk_err devnet_up(const struct devnet_options *o, bool *started, struct err *e);
/* Stops it and waits until every process is gone. *was: whether it ran. */
souk_err devnet_down(bool *was, struct err *e);
/* Forgets generated worlds (stops it first). */
souk_err devnet_reset(struct err *e);
/* The status document ({"running":false} when it is not). */
souk_err devnet_status(struct buf *out, bool *running, struct err *e);

/* Whether what it is made of (Node.js, its packages) is there. */
souk_err devnet_parts(struct err *e);

struct options;
/* The devnet's share of the command line (options.h). */
souk_err devnet_options_from(const struct options *o, struct devnet_options *d, struct err *e);

#endif
