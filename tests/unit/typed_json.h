/*
 * typed_json.h: EIP-712 over any JSON typed data, for tests alone.
 *
 * souk itself cannot sign such a thing; this walker is a second opinion on the
 * vectors and on typed.h, written from the specification.
 */
#ifndef SOUK_TESTS_TYPED_JSON_H
#define SOUK_TESTS_TYPED_JSON_H

#include "base/json.h"
#include "eth/eth.h"

/* types: an object of arrays of {name, type}. Fails the test when a type is none. */
bytes32 typed_json_type_hash(const json *types, const char *type);
bytes32 typed_json_struct_hash(const json *types, const char *type, const json *value);

#endif
