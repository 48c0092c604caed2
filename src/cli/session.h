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
/* "1.2 to 3 USDC"; "not judged yet". */
const char *show_genuine(const struct figures *f, char out[256]);
/* "+18 % (+9…+28 %)", "too few to tell". */
const char *show_trend(const struct trend *g, char out[128]);
/* The latest changes of price as a table: what was paid in the week before and after each. */
void show_changes(const struct price_change *c, size_t n);
/* Lines on settlements without a payer, and on refunds, when there were any. */
void show_unknown(uint64_t payers_unknown, const struct income *refunded);
void show_rules(unsigned bits, char out[128]); /* names of rules, blank-separated */
/* The largest payers as a table. */
void show_payers(const struct payer_row *p, size_t n, int64_t as_of);
const char *show_call_kind(const struct call_row *c);
void show_figures(const struct figures *f, enum window w, int64_t as_of);
/* The latest calls as a table; model (beside call) may be NULL. */
void show_calls(const struct call_row *call, const struct untrusted *model, size_t n);

void model_json(struct json_out *o, const char *key, const struct model_row *m);
void author_json(struct json_out *o, const char *key, const struct author_row *a);
void rules_found_json(struct json_out *o, const char *key, unsigned bits);
void payers_json(struct json_out *o, const char *key, const struct payer_row *p, size_t n);
void changes_json(struct json_out *o, const char *key, const struct price_change *c, size_t n);
void call_json(struct json_out *o, const struct call_row *c, const struct untrusted *model);

#endif
