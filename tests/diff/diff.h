/*
 * diff.h: the parts of eth/, the numbers of onnx/ and the rules of market/genuine behind one line
 * of text each, so that another program can compare them with an implementation it trusts
 * (tests/interop/eth_diff.test.mjs does, with viem, values.test.mjs, with JavaScript's own
 * numbers, and genuine_diff.test.mjs, with the rules written again).
 *
 * A line in, a line out, in the same order. Words are separated by one blank; bytes are 0x hex,
 * numbers decimal, "-" is nothing: no value, refused, did not fit.
 */
#ifndef SOUK_TESTS_DIFF_H
#define SOUK_TESTS_DIFF_H

#include "base/arena.h"
#include "base/buf.h"
#include "eth/eth.h"

enum { DIFF_WORDS = 40, DIFF_LINE = 1 << 20 };

struct ask {
    char *word[DIFF_WORDS]; /* [0] names the question */
    size_t n;
    struct arena *a;
};

/* The words as what they must be; anything else ends the program: the asker is wrong then. */
const char *ask_word(const struct ask *q, size_t i);
bool ask_none(const struct ask *q, size_t i);
u256 ask_u256(const struct ask *q, size_t i);
uint64_t ask_u64(const struct ask *q, size_t i);
struct untrusted ask_bytes(const struct ask *q, size_t i);
const char *ask_text(const struct ask *q, size_t i); /* bytes with a NUL behind them */
address ask_address(const struct ask *q, size_t i);
bytes32 ask_bytes32(const struct ask *q, size_t i);

/* Each appends a blank and a word. */
void say(struct buf *out, const char *word);
void say_u256(struct buf *out, u256 v);
void say_u64(struct buf *out, uint64_t v);
void say_bytes(struct buf *out, const void *p, size_t n);
void say_address(struct buf *out, address a); /* with its checksum */

/* num dec fmt par; rlp.enc rlp.dec; call.* meaning res; typed; tx.enc tx.dec; elem.*; gen.*, which
 * are about one cache and remember it. False: no such question. */
bool diff_numbers(const struct ask *q, struct buf *out);
bool diff_rlp(const struct ask *q, struct buf *out);
bool diff_abi(const struct ask *q, struct buf *out);
bool diff_typed(const struct ask *q, struct buf *out);
bool diff_tx(const struct ask *q, struct buf *out);
bool diff_values(const struct ask *q, struct buf *out);
bool diff_genuine(const struct ask *q, struct buf *out);

#endif
