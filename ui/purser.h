/*
 * purser.h: the wallet as all screens share it: the network's one purse, the state of its lock, and
 * whatever has to ask the user at the terminal.
 *
 * Nothing of a wallet is read before it is asked for, but for the lock, which is looked at in the
 * background after the first frame. Signers block: work with them is a job on LANE_SIGN.
 */
#ifndef SOUK_UI_PURSER_H
#define SOUK_UI_PURSER_H

#include "market/purse.h"
#include "net/loop.h"
#include "ui/domain.h"

struct purser;

struct purser *purser_new(struct domain *d); /* NULL without memory */
void purser_free(struct purser *p);          /* waits for its jobs, on the loop */
void purser_stop(struct purser *p);          /* the app goes; what comes back later is dropped */

struct domain *purser_domain(const struct purser *p); /* NULL: the app has gone */

/* Opens it at the first call. SOUK_ENOTFOUND: there is no wallet on this network. */
souk_err purser_purse(struct purser *p, struct purse **out, struct err *e);
/* Another wallet for this network from now on. */
souk_err purser_choose(struct purser *p, const char *wallet, struct err *e);

enum lock_kind { LOCK_UNKNOWN, LOCK_NO_WALLET, LOCK_WATCH, LOCK_LOCKED, LOCK_OPEN, LOCK_KILLED };
struct lock_view {
    enum lock_kind is;
    int64_t locks_at; /* LOCK_OPEN, LOCK_KILLED */
    char wallet[WALLET_NAME];
};
const struct lock_view *purser_lock(const struct purser *p);
void purser_look(struct purser *p); /* anew, in the background */
/* fn comes when the lock or the wallet is another one than before. */
void purser_listen(struct purser *p, void (*fn)(void *ud), void *ud);
void purser_unlisten(struct purser *p, void *ud);
void purser_tell(struct purser *p); /* comes to all who listen: the account changed */
/* For the header: "locked", "open 9 m"; NULL: nothing to say. */
const char *purser_lock_words(struct purser *p, enum style *s);

/* A job on LANE_SIGN. run() and done() as a job's; done() frees it. */
struct purser_job {
    struct job job; /* first */
    struct purser *p;
    bool at_terminal;
    bool urgent; /* does not wait for what LANE_SIGN is doing */
    signer_gate gate;
    void (*run)(struct purser_job *j);
    void (*done)(struct purser_job *j);    /* not once the app has gone: then it is only freed */
    void (*release)(struct purser_job *j); /* what it holds; may be NULL */
    struct err err;
};
void purser_submit(struct purser *p, struct purser_job *j);
/*
 * The same with the terminal lent (j->gate); it is ours again when done() comes, and the lock is
 * looked at. False: there is no terminal, said in a toast; j is freed.
 */
bool purser_submit_at_terminal(struct purser *p, struct purser_job *j, const char *words);

/* Unlocks; then() comes with how it went, unless the app has gone. then may be NULL. False: it
 * could not even be tried, as a toast says; then() will not come. */
bool purser_unlock(struct purser *p, void (*then)(void *ud, const struct err *e), void *ud);

/* --- purser_lock.c's part of purser.c */
void purser_lock_keys(struct purser *p, bool can_sign); /* gives u, L and K their meaning */

#endif
