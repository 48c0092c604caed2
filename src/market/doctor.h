/*
 * doctor.h: is everything there, and does it answer?
 *
 * Each check is one line for a person: what was looked at, what was found,
 * what to do. Server checks ask each server of a network one small question;
 * nodes must also be on the chain the profile says.
 */
#ifndef SOUK_MARKET_DOCTOR_H
#define SOUK_MARKET_DOCTOR_H

#include "market/config.h"
#include "net/loop.h"

enum check_state { CHECK_OK, CHECK_NOTE, CHECK_BAD };

struct check {
    const char *name;
    enum check_state state;
    char text[ERR_MSG_MAX]; /* may quote a server: untrusted */
};

typedef void (*check_fn)(void *ud, const struct check *c);

/* Configuration and cache: at once. */
void doctor_local(const struct network *n, check_fn fn, void *ud);
/* The engine that runs models: what each place holds, and why it is not used. Blocks for some 50
 * ms. */
void doctor_engine(const struct config *c, check_fn fn, void *ud);
/* Gets the pinned one to DATA/engine, by assets/setup.sh, which talks on standard error. */
souk_err doctor_get_engine(struct err *e);
/* Runs the loop until every server answered or gave up (a few seconds). */
souk_err doctor_servers(struct loop *l, const struct network *n, check_fn fn, void *ud,
                        struct err *e);

#endif
