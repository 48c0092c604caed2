/*
 * explain_print.h: the other readings of figures: where one comes from, what the rules found, what
 * their thresholds do, whether the cache holds against the chain. A ..._command is a whole
 * command's work: loads, prints text or JSON, frees.
 *
 * who: 0 the market, a model's id, an author's id negated.
 */
#ifndef SOUK_CLI_EXPLAIN_PRINT_H
#define SOUK_CLI_EXPLAIN_PRINT_H

#include "cli/session.h"
#include "market/explain.h"
#include "market/genuine.h"
#include "market/health.h"
#include "market/prove.h"

/* The metric named by --explain, with digests of the rows it rests on. */
souk_err explain_command(const struct options *o, struct session *s, int64_t who, struct err *e);
void explanation_print(const struct explanation *x);
void explanation_json(struct json_out *o, const struct explanation *x);

/* --findings, with the transactions behind each, which are read one finding after the other. */
souk_err findings_command(const struct options *o, struct session *s, int64_t who, struct err *e);
souk_err findings_print(struct store *s, const struct findings *f, struct err *e);
souk_err findings_json(struct json_out *o, struct store *s, const struct findings *f,
                       struct err *e);

/* --sensitivity, of the market's first asset. t: THRESHOLDS rows. */
souk_err sensitivity_command(const struct options *o, struct session *s, struct err *e);
void sensitivity_print(const struct sensitivity *t, const struct health *h);
void sensitivity_json(struct json_out *o, const struct sensitivity *t, const struct health *h);

/* --prove. SOUK_EVERIFY when anything does not hold. */
souk_err prove_command(const struct options *o, struct session *s, struct err *e);
void proofs_print(const struct proofs *p);
void proofs_json(struct json_out *o, const struct proofs *p);

/* Of somebody: --explain or --findings, when one of them is asked for. */
bool question_asked(const struct options *o);
souk_err question_command(const struct options *o, struct session *s, int64_t who, struct err *e);

#endif
