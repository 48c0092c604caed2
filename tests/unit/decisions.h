/*
 * decisions.h: the decision vectors that are the policy's business, as requests to it.
 *
 * What reading an offer refuses never becomes a typed message, and is left out.
 */
#ifndef SOUK_TESTS_DECISIONS_H
#define SOUK_TESTS_DECISIONS_H

#include "wallet/policy.h"

struct decision_case {
    char name[96], reason[32]; /* "": to be signed */
    struct typed typed[2];     /* one per offer; one of them must pass */
    struct spent spent[2];
    size_t offers;
    u256 quoted;
    bool killed;
};

struct decisions {
    struct limits limits[8];
    size_t n_limits;
    address payer, pinned;
    uint8_t key[32]; /* the payer's */
    int64_t now;
    struct decision_case c[40];
    size_t n;
};
void decisions_load(struct decisions *d);

#endif
