/*
 * decide.h: one request in, one answer out: policy, then ledger, then key.
 *
 * A pure step: no waiting, no terminal. What needs the user's yes comes back as
 * a question; with the yes the same request is decided anew, from the start,
 * and goes through only if nothing stands against it that the question did not
 * say. Nothing signed is in an answer before it is in the ledger.
 */
#ifndef SOUK_SIGNER_DECIDE_H
#define SOUK_SIGNER_DECIDE_H

#include "signer/vault.h"
#include "wallet/wire.h"

enum verdict {
    VERDICT_ANSWER,
    VERDICT_ASK,       /* question is filled */
    VERDICT_CHECK,     /* ask the chain about `call`, then decide_checked() */
    VERDICT_LOCK,      /* answer, then end */
    VERDICT_MALFORMED, /* no request at all: no answer, close */
};

struct question {
    uint32_t faults; /* what a yes would override */
    char text[MEANING_MAX + 512];
};

struct decision {
    enum verdict verdict;
    struct question question;
    bytes32 call;
    bool used; /* somebody wants something signed or changed: the wallet is in use */
};

struct asking {
    bool gate;    /* there is somewhere to ask */
    bool no;      /* it was asked, and the answer is no: nothing is done, whatever has changed */
    uint32_t yes; /* the faults of the question that was answered with yes; 0: none was */
};
/* reply: gets the frame's body: code, refusal, message, and what belongs to the op. */
void decide(struct vault *v, const uint8_t *frame, size_t n, const struct asking *a,
            struct decision *d, struct buf *reply);
/* The end of OP_CHECK: the entry as it is now, or the witness's error. */
void decide_checked(struct vault *v, bytes32 call, const struct err *e, struct buf *reply);

/* --- between decide.c and its parts */
struct job {
    struct vault *v;
    struct wire in;
    struct asking asking;
    struct decision *d;
    struct buf *reply;
    int64_t now;
};
/* The request was read to its end and nothing was wrong; before anything is done. Otherwise the
 * verdict is set. */
bool complete(struct job *j);
/* Code and message; the op's own fields follow on the wire that comes back. */
struct wire answer(struct job *j, souk_err code, const char *message);
void answer_err(struct job *j, const struct err *e);
/* May it go on? Otherwise the question is put, or *refused says why not. */
bool allowed(struct job *j, uint32_t faults, bool try_only, const char *meaning,
             enum refusal *refused);
/* The refusal's words, and more where more is known. */
struct wire answer_refusal(struct job *j, enum refusal r);
struct meaning meaning_of(const struct job *j, struct buf *out);

void decide_pay(struct job *j);
void decide_cancel(struct job *j);
void decide_tx(struct job *j);
void decide_message(struct job *j);

#endif
