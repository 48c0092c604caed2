/*
 * ledger_file.h: the ledger's records as bytes on disk, and the proof that none is missing.
 *
 *   NAME.ledger   "souk ledger 1\n\0\0", then records:
 *                 u32 length of what follows | u64 number | i64 time | u8 kind | body | mac[32]
 *   NAME.head     two slots, 512 bytes apart, written in turn:
 *                 "souk head 1\n\0\0\0\0" | u64 number | mac[32] | tag[32]
 *
 * All numbers little-endian; hashes are BLAKE2b-256 keyed by the wallet. A
 * record's mac covers the mac before it and all of its own bytes; the first
 * one's predecessor is the mac of the wallet's name. A head slot's tag covers
 * the slot. The record is on disk before the head is written, the head before
 * the append returns. So after a crash:
 *
 *   - bytes beyond the head that are no whole record were never released: cut;
 *   - one whole record beyond the head: the head is brought up to it;
 *   - anything else was done by someone: SOUK_EVERIFY.
 */
#ifndef SOUK_WALLET_LEDGER_FILE_H
#define SOUK_WALLET_LEDGER_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { LEDGER_MAC = 32, RECORD_MAX = 2048 };

enum record_kind {
    REC_LIMITS = 1,
    REC_ENTRY,
    REC_OUTCOME,
    REC_PIN,
    REC_KILL,
    REC_TX,
};

struct record {
    uint64_t seq; /* from 1 */
    int64_t at;
    enum record_kind kind;
    const uint8_t *body;
    size_t len;
};

struct ledger_file {
    int fd, head_fd;
    uint8_t *key; /* secret; NULL: nothing is verified or written */
    uint8_t mac[LEDGER_MAC];
    uint64_t seq;
    int64_t newest; /* time of the newest record */
    uint64_t end;   /* where the next one goes */
    bool broken;    /* a write failed half-way: no more of them */
};

/* Opens, verifies (with a key) and hands each record to fold, oldest first. fold's error ends it.
 * key NULL: read only; what is not there is empty. */
souk_err ledger_file_open(struct ledger_file *f, int dirfd, const char *name, const uint8_t *key,
                          souk_err (*fold)(void *ud, const struct record *r, struct err *e),
                          void *ud, struct err *e);
void ledger_file_close(struct ledger_file *f);
/* On disk when it returns; r->seq and a time that never goes back are filled in. */
souk_err ledger_file_append(struct ledger_file *f, struct record *r, struct err *e);

#endif
