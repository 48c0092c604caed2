/*
 * wire.h: how the signer, its clients and its ledger put things into bytes.
 *
 * Little-endian, no padding, every length bounded; texts as a 16-bit length and
 * bytes without NUL. One function per type both writes and reads, so that the
 * two cannot drift apart: a `struct wire` either appends to a buffer or walks
 * bytes that may be anyone's. A reader never leaves its bytes; what is missing
 * or out of range makes it `bad`, and everything after reads as zero.
 *
 * A frame on the socket is a 32-bit length of what follows, at most FRAME_MAX,
 * an opcode (or in answers a souk_err and its message), and a body.
 */
#ifndef SOUK_WALLET_WIRE_H
#define SOUK_WALLET_WIRE_H

#include "base/buf.h"
#include "wallet/signer.h"

enum { FRAME_MAX = 65536, FRAME_HEAD = 4, WIRE_DATA_MAX = 4096, WIRE_MESSAGE_MAX = 8192 };
/* A wallet's tokens with limits; open signatures listed at once. */
enum { LIMITS_MAX = 32, OPEN_MAX = 64 };

enum signer_op {
    OP_STATE = 1,
    OP_LIMITS,
    OP_OPEN,
    OP_PAY,
    OP_CHECK,
    OP_TX,
    OP_CANCEL,
    OP_MESSAGE,
    OP_SET_LIMITS,
    OP_REPIN,
    OP_LOCK,
    OP_KILL,
    OP_REVIVE,
    OP_END
};

struct wire {
    struct buf *out; /* NULL: reading */
    const uint8_t *at, *end;
    bool bad;
};
struct wire wire_writer(struct buf *out);
struct wire wire_reader(const void *p, size_t n);
/* All was read, and was right. */
bool wire_done(const struct wire *w);

void wire_raw(struct wire *w, void *p, size_t n);
void wire_u8(struct wire *w, uint8_t *v);
void wire_u32(struct wire *w, uint32_t *v);
void wire_u64(struct wire *w, uint64_t *v);
void wire_i64(struct wire *w, int64_t *v);
void wire_flag(struct wire *w, bool *v);
void wire_u256(struct wire *w, u256 *v);
void wire_address(struct wire *w, address *v);
void wire_hash(struct wire *w, bytes32 *v);
void wire_text(struct wire *w, char *s, size_t room);
/* Borrowed bytes: reading, *p leads into the frame. */
void wire_blob(struct wire *w, const uint8_t **p, size_t *n, size_t max);
/* A number within lo..hi, kept as an unsigned. */
unsigned wire_choice(struct wire *w, unsigned v, unsigned lo, unsigned hi);

void wire_asset(struct wire *w, struct asset *a);
void wire_typed(struct wire *w, struct typed *t);
void wire_limits(struct wire *w, struct limits *l);
void wire_spent(struct wire *w, struct spent *s);
void wire_entry(struct wire *w, struct entry *en);
void wire_meaning(struct wire *w, struct call_meaning *m);
void wire_tx(struct wire *w, struct tx *t); /* data is borrowed; no access list */
void wire_state(struct wire *w, struct signer_state *s);
void wire_answer(struct wire *w, struct signer_answer *a);

/* --- requests, in their opcode's order */
struct pay_request { /* struct signer_payment with a place for everything */
    bytes32 call;
    struct typed typed, permit;
    u256 quoted;
    char subject[LABEL_MAX], author[LABEL_MAX];
    bool has_permit, try_only;
};
void wire_pay(struct wire *w, struct pay_request *p);
struct tx_request {
    struct tx tx;
    uint32_t account;
    bool try_only;
};
void wire_tx_request(struct wire *w, struct tx_request *t);

#endif
