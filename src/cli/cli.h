/*
 * cli.h: the commands behind the table in options.h.
 *
 * Each returns the exit code's souk_err; main() prints the error's one line.
 * stdout is data, stderr is talk and progress. Text from outside passes the
 * sanitiser on its way to either; JSON is exact data with every code point
 * that a terminal should not see escaped.
 */
#ifndef SOUK_CLI_CLI_H
#define SOUK_CLI_CLI_H

#include "cli/options.h"

souk_err cmd_sync(const struct options *o, struct err *e);
souk_err cmd_models(const struct options *o, struct err *e);
souk_err cmd_show(const struct options *o, struct err *e);
souk_err cmd_compare(const struct options *o, struct err *e);
souk_err cmd_health(const struct options *o, struct err *e);
souk_err cmd_authors(const struct options *o, struct err *e);
souk_err cmd_author(const struct options *o, struct err *e);
souk_err cmd_known(const struct options *o, struct err *e);
souk_err cmd_watch(const struct options *o, struct err *e);
souk_err cmd_get(const struct options *o, struct err *e);
souk_err cmd_library(const struct options *o, struct err *e);
souk_err cmd_blob_id(const struct options *o, struct err *e);
souk_err cmd_verify(const struct options *o, struct err *e);
souk_err cmd_inspect(const struct options *o, struct err *e);
souk_err cmd_run(const struct options *o, struct err *e);
souk_err cmd_publish(const struct options *o, struct err *e);
souk_err cmd_listings(const struct options *o, struct err *e);
souk_err cmd_quote(const struct options *o, struct err *e);
souk_err cmd_call(const struct options *o, struct err *e);
souk_err cmd_receipts(const struct options *o, struct err *e);
souk_err cmd_limits(const struct options *o, struct err *e);
souk_err cmd_wallet(const struct options *o, struct err *e);
souk_err cmd_networks(const struct options *o, struct err *e);
souk_err cmd_config(const struct options *o, struct err *e);
souk_err cmd_doctor(const struct options *o, struct err *e);
souk_err cmd_devnet(const struct options *o, struct err *e);
souk_err cmd_witness(const struct options *o, struct err *e);

/* A line of talk on stderr, sanitised; silent under --quiet. */
void say(const struct options *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
