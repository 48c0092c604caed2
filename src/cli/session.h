/*
 * session.h: a market opened for one reading command, and what those commands print in common.
 */
#ifndef SOUK_CLI_SESSION_H
#define SOUK_CLI_SESSION_H

#include "base/human.h"
#include "cli/options.h"
#include "market/market.h"
#include "base/json.h"

enum { SESSION_DOC_CAP = 256 << 20 }; /* the largest JSON document printed */

/* A market opened for one command. */
struct session {
    struct loop *loop;
    struct market *market;
    struct store *store;
    enum window window;
};

/* Opens the network asked for, offline; SOUK_ENOTFOUND tells to sync first. Close it when it was.
 */
souk_err session_open(const struct options *o, struct session *s, struct err *e);
void session_close(struct session *s);

void show_ago(char out[HUMAN_BUF], int64_t then, int64_t as_of); /* "–" for never */
const char *show_income(const struct income *in, char out[256]);
const char *show_call_kind(const struct call_row *c);
void show_figures(const struct figures *f, enum window w, int64_t as_of);
/* The latest calls as a table; model (beside call) may be NULL. */
void show_calls(const struct call_row *call, const struct untrusted *model, size_t n);

void model_json(struct json_out *o, const char *key, const struct model_row *m);
void call_json(struct json_out *o, const struct call_row *c, const struct untrusted *model);

#endif
