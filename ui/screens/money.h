/*
 * money.h: how screens write money and whom it goes to. Amounts by our own table of tokens,
 * addresses in full, checksummed, in groups of four: what is paid to is read, not glanced at.
 */
#ifndef SOUK_UI_MONEY_H
#define SOUK_UI_MONEY_H

#include "base/human.h"
#include "market/purchase.h"
#include "ui/widgets/facts.h"

enum { GROUPS_BUF = 56, MONEY_BUF = U256_FMT + ASSET_SYMBOL + 2 };

char *address_groups(address a, char out[GROUPS_BUF]); /* "0x9deE BB5D 1b22 …" */
/* "0.01 USDC", exact; of NO_CAP "no limit". */
char *money_text(u256 v, const struct asset *a, char out[MONEY_BUF]);
/* As it is typed: "0.01", without what a reader of numbers would not take back. */
char *money_plain(u256 v, const struct asset *a, char out[U256_FMT]);
/* The profile's asset at this address (the coin for zero); symbol "?" and 0 decimals when it has
 * none. */
struct asset money_asset(const struct network *n, address token);

/* How long until `at`: "9 m", "45 s"; "0 s" when it is past. */
char *time_left(int64_t at, int64_t now, char out[HUMAN_BUF]);

/* spent of limit as a gauge of so many columns and in words; GOOD, WARN from 80 %, BAD when full.
 */
void money_gauge(struct strip *out, int cols, u256 spent, u256 limit, const struct asset *a);

const char *purchase_state_words(enum purchase_state s);
enum style purchase_state_style(enum purchase_state s);

/*
 * One payment that is about to be agreed to: the lines of its dialog (a dialog_make_fn; ud is a
 * const struct pay_ask *). The words are market's (quote_describe), the same as in the shell; here
 * they get their looks: the payee in groups, the limit as a gauge, warnings that stand out.
 */
struct pay_ask {
    struct untrusted words;
    const struct limits *limits; /* of the token paid with; NULL: no gauge */
    const struct spent *spent;
};
void pay_ask_doc(void *ud, struct doc *d, int width, enum text_charset cs);

/* A transaction before it is sent (ud: a const struct draft_ask *). */
struct draft_ask {
    const struct draft *draft;
    const struct network *network;
};
void draft_ask_doc(void *ud, struct doc *d, int width, enum text_charset cs);

/* All that a receipt holds. now: for what may still happen. */
void receipt_doc(const struct purchase_row *r, const struct network *n, int64_t now,
                 struct facts *f);
/* A receipt of one's own, texts in the arena; false without memory: then texts are missing. */
bool receipt_copy(struct arena *a, const struct purchase_row *from, struct purchase_row *to);

#endif
