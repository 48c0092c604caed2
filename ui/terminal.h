/*
 * terminal.h: the terminal as the app has it: keys and signals in; to the shell
 * and back; lent to somebody else.
 *
 * Lent: the signer's process asks for the password itself, so for a while the
 * terminal is its own. The backend then has given it back as the shell knows
 * it, nothing is drawn, no byte is read and Ctrl-C is left to the borrower;
 * timers, sockets and workers go on. What was typed there and not read does
 * not become keys of ours.
 */
#ifndef SOUK_UI_TERMINAL_H
#define SOUK_UI_TERMINAL_H

#include "net/loop.h"
#include "ui/backend.h"
#include "ui/input.h"

struct terminal_events {
    event_fn event;                          /* a key, a paste, the mouse */
    void (*resized)(void *ud, int w, int h); /* also when it came back */
    void (*gone)(void *ud, int code);        /* end now: hung up, or told to by a signal */
    bool (*enough)(void *ud);                /* no more events are wanted in this turn */
};

struct terminal {
    struct loop *loop;
    struct backend *backend;
    struct terminal_events on;
    void *ud;
    struct input input;
    uint64_t esc_timer;
    int fd;   /* read from; -1: there is none */
    int lent; /* the borrower's descriptor; -1: it is ours */
};

void terminal_init(struct terminal *t, struct loop *l, struct backend *b,
                   const struct terminal_events *on, void *ud);
void terminal_release(struct terminal *t);

souk_err terminal_start(struct terminal *t, struct err *e); /* reads keys, hears signals */
void terminal_end(struct terminal *t);                      /* the shell gets it back */
void terminal_stop(struct terminal *t);                     /* to the shell until SIGCONT */

/*
 * A descriptor to read from and write to it, valid until terminal_take; -1: there is no terminal
 * (a script on a grid), then nothing happened. `words`, ours, are written there as a line.
 */
int terminal_lend(struct terminal *t, const char *words);
void terminal_take(struct terminal *t); /* a no-op when it is not lent */
bool terminal_is_lent(const struct terminal *t);

#endif
