/*
 * ledger_state.h: what the ledger's records add up to, in memory.
 *
 * Records are bodies of bytes (written and read by the same lines) and applied
 * one after another; applying needs no memory that was not there before
 * (ledger_make_room), so that what was written can always be remembered too.
 */
#ifndef SOUK_WALLET_LEDGER_STATE_H
#define SOUK_WALLET_LEDGER_STATE_H

#include <sodium.h>

#include "wallet/ledger.h"
#include "wallet/ledger_file.h"
#include "wallet/wire.h"

/* Where things lie in an array, found by a keyed hash of their name (names come from outside). */
struct index {
    struct slot {
        uint64_t hash;
        uint32_t at; /* + 1; 0: free */
    } * slot;
    size_t room, used;
};

struct pin {
    char subject[LABEL_MAX];
    address payee;
    int64_t since;
    uint64_t paid;
};

struct ledger {
    struct ledger_file file;
    uint8_t hash_key[crypto_shorthash_KEYBYTES];
    struct limits *limits;
    size_t n_limits, limits_room;
    struct entry *entry;
    size_t n_entries, entries_room, open;
    struct pin *pin;
    size_t n_pins, pins_room;
    struct ledger_tx *tx;
    size_t n_txs, txs_room;
    struct index by_call, by_subject;
    bool killed;
};

/* Room for what one more record can add; false: memory is out. */
bool ledger_make_room(struct ledger *l);
/* Decodes and applies; false for a body that is none, or a step that cannot have been taken. */
bool ledger_fold(struct ledger *l, const struct record *r);
void ledger_state_release(struct ledger *l);

/* Where it is, or SIZE_MAX. */
size_t ledger_find_entry(const struct ledger *l, bytes32 call);
size_t ledger_find_pin(const struct ledger *l, const char *subject);
bool outcome_allowed(const struct entry *en, enum entry_state to);

/* --- the bodies */
struct outcome {
    bytes32 call, tx;
    enum entry_state state;
    u256 charged;
};
void body_entry(struct wire *w, struct entry *en);
void body_outcome(struct wire *w, struct outcome *o);
void body_pin(struct wire *w, char subject[LABEL_MAX], address *payee);
void body_tx(struct wire *w, struct ledger_tx *t);

#endif
