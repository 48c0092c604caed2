/*
 * walrus_world.h: the files of tests/vectors/walrus-vectors.json, made from their recipes, and what
 * a test of hashes needs besides.
 */
#ifndef SOUK_TESTS_WALRUS_WORLD_H
#define SOUK_TESTS_WALRUS_WORLD_H

#include "walrus/walrus.h"
#include "vectors.h"

/* The bytes a vector is about; its sha256 is checked where the vector has one. mem_free them. */
uint8_t *vector_content(const json *vector, size_t *n);

/* A member of 32 bytes in hex, without 0x. */
struct blob_hash vector_hash(const json *obj, const char *key);

/* The metadata of a vector that lists the hashes of all its slivers: sealed. Release it. */
void vector_meta(const json *vector, struct walrus_meta *m);

/* xorshift32 again: reproducible noise. */
uint32_t noise_next(uint32_t *x);
void noise_fill(uint32_t *x, uint8_t *p, size_t n);

#define assert_hash_equal(one, other) assert_memory_equal((one).b, (other).b, 32)

#endif
