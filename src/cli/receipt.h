/*
 * receipt.h: one purchase, printed: by `souk call` when it is made, by `souk receipts` later.
 */
#ifndef SOUK_CLI_RECEIPT_H
#define SOUK_CLI_RECEIPT_H

#include "cli/paying.h"

/* answer: the seller's answer as well. */
void receipt_json(struct json_out *j, const char *key, const struct paying *p,
                  const struct purchase_row *r, bool answer);
/* "label   value" lines on stdout. */
void receipt_print(const struct paying *p, const struct purchase_row *r);
/* What came back: exact bytes into a pipe or file, made safe on a terminal. */
void answer_print(struct untrusted answer);
/* The charge as far as it is known: "0.01 USDC", "up to 0.4 USDC". */
char *receipt_charge(const struct paying *p, const struct purchase_row *r, char out[MONEY_BUF + 8]);

#endif
