/*
 * wallet.h: the Wallet screen from within: its state, and how it is drawn. wallet.c is what
 * happens. Everything shown is a copy: of the signer's state, of the chain's answers.
 */
#ifndef SOUK_UI_WALLET_H
#define SOUK_UI_WALLET_H

#include "ui/domain.h"
#include "ui/screens/money.h"
#include "ui/widgets/table.h"

enum wallet_pane { WALLET_OVERVIEW, WALLET_OPEN, WALLET_ALLOWED, WALLET_HISTORY, WALLET_PANES };

enum { OPEN_LAPSES, OPEN_AMOUNT, OPEN_SUBJECT, OPEN_HOW, OPEN_PAYEE, OPEN_COLS };
enum { ALLOWED_AMOUNT, ALLOWED_SPENDER, ALLOWED_ADDRESS, ALLOWED_COLS };
enum { SENT_WHEN, SENT_WHAT, SENT_AMOUNT, SENT_STATE, SENT_TO, SENT_TX, SENT_COLS };
extern const struct column wallet_open_columns[OPEN_COLS];
extern const struct column wallet_allowed_columns[ALLOWED_COLS];
extern const struct column wallet_sent_columns[SENT_COLS];

struct wallet_screen {
    struct app *app;
    struct domain *d;
    const struct network *network;
    struct asset asset[CONFIG_TOKENS + 1];
    size_t assets;
    enum wallet_pane pane;

    bool none;                       /* there is no wallet on this network */
    struct err failed;               /* why there is nothing to show */
    const struct purse_state *state; /* NULL: not read yet */
    unsigned account;
    address who;

    struct balances balances;
    bool has_balances;
    struct err balances_err;
    struct allowance_row *allowed; /* NULL: not asked yet */
    size_t n_allowed;
    struct err allowed_err;
    struct sent_row *sent; /* in arena */
    size_t n_sent;
    bool sent_read;
    struct arena arena;

    struct table *open_table, *allowed_table, *sent_table;
    struct wallet_flow *flow; /* wallet.c's own: what is under way */
};

void wallet_draw(struct wallet_screen *s, struct canvas *c, struct rect area);
extern const struct table_ops wallet_open_ops, wallet_allowed_ops, wallet_sent_ops;
struct table *wallet_pane_table(const struct wallet_screen *s); /* NULL: the overview */

/* "unlocked, locks in 9 m", "locked", "KILLED: …": with its style. */
enum style wallet_lock_words(const struct purse_state *st, int64_t now, char out[64]);

#endif
