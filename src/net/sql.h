/*
 * sql.h: a PostgreSQL database that holds a chain's raw logs, in the place of a node.
 *
 * For what one machine should not fetch from nodes itself: an indexer that somebody runs already
 * (its tables, seen through three views) is read like any other endpoint. Where an address of a
 * node is configured, postgresql://… may stand; rpc.h then asks here, in JSON-RPC all the same. So
 * everything above is unchanged: ranges, checks, cross-checking it against a node, proofs.
 *
 * The views, in the search path of the connection (`?options=-csearch_path%3Dmine`):
 *
 *     souk_chain   chain_id bigint                                       one row
 *     souk_blocks  number bigint, hash bytea, parent_hash bytea, time bigint (unix seconds)
 *     souk_logs    block_number bigint, log_index integer, address bytea,
 *                  topic0 bytea, topic1 bytea, topic2 bytea, topic3 bytea (null: none),
 *                  data bytea, tx_hash bytea, block_hash bytea, block_time bigint,
 *                  tx_from bytea: who sent the transaction (null: not known; then no tier P2)
 *
 * Blocks must be there for every block number asked about, logs at least those of the addresses
 * asked about. A reader's rights on the views suffice; nothing is written, and each question runs
 * in a read-only transaction. Without an index on (address, block_number) it will be slow.
 *
 * It answers eth_chainId, eth_blockNumber, eth_getBlockByNumber (a number, or latest), eth_getLogs,
 * and of eth_getTransactionReceipt the logs; anything else is method not found. What is safe or
 * final it does not know. A password belongs into ~/.pgpass, not into the address.
 *
 * libpq waits on LANE_WAIT; one question at a time for a database. A statement has half a minute;
 * what nobody waits for any more the server ends itself (statement_timeout).
 */
#ifndef SOUK_NET_SQL_H
#define SOUK_NET_SQL_H

#include <stdbool.h>

#include "net/http.h"

struct sql;
struct sql_call;

/* Is it an address of a database? (Whether it is a good one shows when it is asked.) */
bool sql_is_url(const char *p, size_t n);
/* Why this one is refused, in words that continue "the address "; NULL: it is not. */
const char *sql_url_fault(const char *p, size_t n);

struct sql *sql_new(struct loop *l, const char *url, struct err *e);
void sql_free(struct sql *s); /* drops what is under way without calling back */

/*
 * A JSON-RPC body, one object or a batch. done comes once, as from http_send: status 200 and a
 * body, or err; timed_out and too_big say that a smaller question may work.
 */
struct sql_call *sql_send(struct sql *s, const char *body, size_t n, http_done_fn done, void *ud,
                          struct err *e);
void sql_cancel(struct sql_call *c); /* done comes no more */

#endif
