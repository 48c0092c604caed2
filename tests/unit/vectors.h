/*
 * vectors.h: the test vectors of tests/vectors, and of a file that only some machines have.
 *
 * Tests run from the repository's root. A file that is missing is NULL for
 * vectors_optional (skip then) and a failed test for vectors_load.
 */
#ifndef SOUK_TESTS_VECTORS_H
#define SOUK_TESTS_VECTORS_H

#include "base/json.h"
#include "eth/eth.h"

json *vectors_load(const char *name); /* "wallet-vectors.json"; json_free it */
json *vectors_load_text(const char *name, struct buf *text); /* and the file's bytes; release it */
json *vectors_optional(const char *path); /* from $SOUK_SHARED, or ../shared; NULL: not there */

/* "0x…" members as bytes. They fail the test when the member is no hex. */
size_t vector_bytes(const json *obj, const char *key, uint8_t *out, size_t room);
bytes32 vector_bytes32(const json *obj, const char *key);
address vector_address(const json *obj, const char *key);
u256 vector_u256(const json *obj, const char *key);    /* a decimal string */
uint64_t vector_u64(const json *obj, const char *key); /* a number or a decimal string */

#endif
