/*
 * sql_internal.h: what the two halves of sql share.
 *
 *   sql.c        the connection, and questions as jobs on LANE_WAIT
 *   sql_rpc.c    a JSON-RPC call -> a statement -> its answer
 */
#ifndef SOUK_NET_SQL_INTERNAL_H
#define SOUK_NET_SQL_INTERNAL_H

#include "base/json.h"
#include "net/pq.h"
#include "net/sql.h"

enum { SQL_PARAMS = 8 };

struct sql_query {
    const char *text;
    const char *param[SQL_PARAMS]; /* as text */
    int params;
};

/* Runs a statement, [worker]. NULL and *e: it failed; `again` then says that a smaller one may
 * work. */
struct sql_link;
PGresult *sql_ask(struct sql_link *k, const struct sql_query *q, bool *again, struct err *e);
const struct pq_api *sql_api(const struct sql_link *k);

/*
 * [worker] The answer to one call, with its id, added to `out`. SOUK_OK also when the answer is an
 * error in JSON-RPC's terms; anything else: the database gave nothing.
 */
souk_err sql_answer(struct sql_link *k, const json *call, struct buf *out, bool *again,
                    struct err *e);

#endif
