/*
 * signer_world.h: a wallet with play money, a souk-signer of its own that serves it, and a witness
 * that says what the test wants.
 *
 * Everything lies below one temporary directory, which paths_override() makes
 * the program's. The signer is a copy in DIR/bin, so that the `souk` beside it
 * can be a script of ours: it answers each question with the line in DIR/answer.
 */
#ifndef SOUK_TESTS_SIGNER_WORLD_H
#define SOUK_TESTS_SIGNER_WORLD_H

#include <sys/types.h>

#include "decisions.h"
#include "wallet/signer.h"

#define WORLD_PASSWORD "correct horse"

struct signer_world {
    char dir[64];
    struct decisions d; /* the wallet's key is the decisions' payer */
    struct signer *s;
    pid_t pid; /* of the signer */
};

void signer_world_make(struct signer_world *w);
void signer_world_give(struct signer_world *w, uid_t uid, gid_t gid); /* by root alone */
void signer_world_remove(struct signer_world *w);                     /* locks it first */

/* Starts the signer at this time, and connects. lock_after 0: the default. */
souk_err world_unlock_at(struct signer_world *w, int64_t clock, int lock_after, struct err *e);
void world_unlock(struct signer_world *w, int64_t clock);
void world_lock(struct signer_world *w); /* returns when the process is gone */

/* A connection to its socket, without the client. */
int world_connect(void);
/* A pipe that brings this password. */
signer_gate world_gate(const char *password);
/* Limits of the decisions' table, set with the user's yes. */
void world_set_limits(struct signer_world *w);
/* What the witness will say: "settled 5 0x…". */
void world_answer(struct signer_world *w, const char *line);
/* A payment that is within everything: 10000 units of the decisions' USDC. */
struct signer_payment world_payment(const struct signer_world *w, unsigned call);
bytes32 world_call(unsigned n);
/* Waits for the other end of fd to close. */
void world_wait_closed(int fd);

#endif
