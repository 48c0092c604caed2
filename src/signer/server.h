/*
 * server.h: the unlocked wallet's socket and its one poll loop.
 *
 * A frame from a client is decided at once and answered; a client that sends
 * no whole frame, or takes no answer, keeps nobody waiting. One question to
 * the user stands at a time; while it does, whatever may need another waits,
 * and state, lock, kill switch and cancellations are still served. The witness
 * is asked by clients, and by the signer itself about what has run out.
 *
 * It ends, with everything wiped, when told to lock, when nothing was asked to
 * be signed for `lock_after` seconds (counting the machine's sleep), after too
 * many wrong passwords, and on SIGTERM, SIGINT, SIGHUP.
 */
#ifndef SOUK_SIGNER_SERVER_H
#define SOUK_SIGNER_SERVER_H

#include "signer/vault.h"
#include "signer/witness.h"

struct server;

/* Listens as NAME (the vault's card) below socket_dir, which stays open as long as it. v and w are
 * borrowed. Opens all that is to be opened: after this the sandbox may close. */
souk_err server_open(struct vault *v, struct witness *w, int socket_dir, int lock_after,
                     struct server **out, struct err *e);
/* Returns when the wallet is to be locked. */
void server_run(struct server *s);
void server_close(struct server *s); /* removes the socket */

#endif
