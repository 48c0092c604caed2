/*
 * cmd_wallet.h: the two halves of `souk wallet`: keys and files (cmd_wallet.c), money
 * (cmd_purse.c).
 */
#ifndef SOUK_CLI_CMD_WALLET_H
#define SOUK_CLI_CMD_WALLET_H

#include "cli/paying.h"

/* Opens the wallet asked for, acts, closes it. */
souk_err with_purse(const struct options *o, souk_err (*act)(struct paying *p, struct err *e),
                    struct err *e);

souk_err purse_do_address(const struct options *o, struct err *e);
souk_err purse_do_balance(const struct options *o, struct err *e);
souk_err purse_do_send(const struct options *o, struct err *e);
souk_err purse_do_approve(const struct options *o, struct err *e);
souk_err purse_do_revoke(const struct options *o, struct err *e);
souk_err purse_do_allowances(const struct options *o, struct err *e);
souk_err purse_do_history(const struct options *o, struct err *e);
souk_err purse_do_speed_up(const struct options *o, struct err *e);
souk_err purse_do_drop(const struct options *o, struct err *e);
souk_err purse_do_kill(const struct options *o, struct err *e);

#endif
