/*
 * fixture_pay: what the Call and Wallet screens draw, filled in by hand: no chain, no signer, no
 * seller. hostile: every text a stranger can set is one of fixture.h's attacks.
 */
#ifndef SOUK_TESTS_FIXTURE_PAY_H
#define SOUK_TESTS_FIXTURE_PAY_H

#include "ui/screens/call.h"
#include "ui/screens/receipts.h"
#include "ui/screens/wallet.h"

struct fixture_pay {
    struct network network;
    struct asset usdc, opg, eth;
    struct target target;
    struct x402_demand demand;
    struct quote quote;
    struct buf words, warned, refused; /* as quote_describe writes them */
    struct purchase_row receipt[6];
    struct purse_state state;
    struct entry open[2];
    struct balances balances;
    struct allowance_row allowed[2];
    struct sent_row sent[5];
    struct draft draft;
    struct untrusted attack; /* the texts of strangers; empty: honest ones */
};

void fixture_pay(struct fixture_pay *f, struct untrusted attack); /* zeroed, or filled before */
void fixture_pay_end(struct fixture_pay *f);

#endif
