/*
 * gate.h: asking the user, at a terminal or through a pipe that brings the password.
 *
 * The descriptor came from a front end; what is shown on it and read from it
 * is ours. It is polled like everything else, so that the wallet can be locked
 * or its kill switch thrown while a question stands. Yes is the right
 * password, in at most three tries; anything else is no: an empty line, Esc,
 * Ctrl-C, the end of the input, the asker gone. What was typed before the
 * question is thrown away.
 */
#ifndef SOUK_SIGNER_GATE_H
#define SOUK_SIGNER_GATE_H

#include "signer/vault.h"

enum gate_state { GATE_OPEN, GATE_YES, GATE_NO };

struct gate;

/* Puts the question; takes fd over. SOUK_EINPUT: nobody can be asked there. */
souk_err gate_start(struct vault *v, int fd, const char *question, struct gate **out,
                    struct err *e);
int gate_fd(const struct gate *g); /* to be polled for input */
/* There is input, or its end. */
enum gate_state gate_step(struct gate *g);
/* Restores the terminal, wipes, closes. NULL is a no-op. */
void gate_end(struct gate *g);

#endif
