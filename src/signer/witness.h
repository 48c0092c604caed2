/*
 * witness.h: the signer's questions to its witness (market/witness.h), one at a time.
 *
 * The witness is `souk witness`, started before the signer gave up starting
 * anything. Only its word settles or releases what was signed. It has the
 * network and so may be lied to; it has no key. If it cannot be started, or
 * goes away, questions fail and nothing is released.
 */
#ifndef SOUK_SIGNER_WITNESS_H
#define SOUK_SIGNER_WITNESS_H

#include "wallet/ledger.h"

enum { WITNESS_WAIT_MS = 90000, WITNESS_LINE = 512 };

struct witness {
    int fd; /* -1: there is none */
    uint64_t id;
    bool asked; /* a question stands */
    bytes32 call;
    int64_t until; /* monotonic ms */
    char line[WITNESS_LINE];
    size_t n;
};

/* souk: path of the program. data: the --data directory, or NULL. */
void witness_start(struct witness *w, const char *souk, const char *network, const char *data);
void witness_end(struct witness *w);

souk_err witness_ask(struct witness *w, const struct entry *en, struct err *e);

struct testimony {
    enum entry_state state;
    u256 charged;
    bytes32 tx;
};
/* There may be an answer: true when the question is closed, with what was said or e->code set. */
bool witness_hear(struct witness *w, struct testimony *out, struct err *e);
/* For tests: reads one line, "ID open|settled|lapsed|cancelled CHARGED TX". */
bool testimony_parse(const char *line, uint64_t id, struct testimony *out);

#endif
