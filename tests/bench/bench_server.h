/*
 * bench_server: a Hub and two chains on loopback that never come to an end, to keep souk syncing
 * while keys are pressed.
 *
 * The Hub has pages of 100 models with descriptions of 2 KB; every second page gives the models of
 * the page before it other descriptions, so that every page is written. The payment chain goes on
 * where synth_cache stopped, with a proved payment in each block, to the payees of listed models;
 * the inference chain has blocks and no logs. Answers come in pieces with pauses between them.
 *
 * It is a child process and ends with us, however we end.
 */
#ifndef SOUK_TESTS_BENCH_SERVER_H
#define SOUK_TESTS_BENCH_SERVER_H

#include "bench_data.h"

struct server;

/* What has been answered to the end. souk asks for the next page or range when it has written one
 * before it: two pages and three ranges of a chain are under way at most. */
struct server_count {
    unsigned pages, ranges; /* of the Hub; of the payment chain's logs */
    unsigned long logs;     /* in those ranges */
};

struct server *server_start(void);  /* NULL with a word on stderr */
void server_stop(struct server *s); /* NULL is allowed */
struct server_count server_count(const struct server *s);

/* Writes the network "bench" that it is to a souk's configuration file. */
bool server_write_config(const struct server *s, const char *path);

#endif
