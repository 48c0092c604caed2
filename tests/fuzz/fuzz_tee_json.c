/*
 * Fuzz target: a chat request on its way to the hash, and an answer with a proof that is not one.
 *
 * 1. what is hashed is printable ASCII, reads back as JSON, and is its own canonical form;
 * 2. nothing made up is verified, whatever stands for the key.
 */
#include <stdint.h>
#include <string.h>

#include "x402/tee.h"

#include "base/banned.h"

#define CHECK(what)                           \
    do {                                      \
        if (!(what))                          \
            BUG("broken promise: %s", #what); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_canonical(struct untrusted request)
{
    struct buf once, again;
    struct err e;
    buf_init(&once, 64 << 20);
    buf_init(&again, 64 << 20);
    souk_err rc = tee_canonical(request, &once, &e);
    CHECK(rc == SOUK_OK || rc == SOUK_EINPUT || rc == SOUK_ENOMEM);
    CHECK(rc == SOUK_OK || once.len == 0);
    for (size_t i = 0; i < once.len; i++)
        CHECK(once.p[i] >= ' ' && once.p[i] < 0x7f);
    /* Infinity is Python's, not JSON's. */
    if (rc == SOUK_OK && !strstr(once.p, "Infinity")) {
        CHECK(tee_canonical(untrusted_n(once.p, once.len), &again, &e) == SOUK_OK);
        CHECK(again.len == once.len && memcmp(again.p, once.p, once.len) == 0);
    }
    buf_release(&once);
    buf_release(&again);
}

/* The bytes as an answer, as a request and as a key whose id the answer names. */
static void check_verdict(const uint8_t *data, size_t n)
{
    char id[HASH_BUF];
    struct untrusted text = untrusted_n((const char *)data, n);
    json *j = json_parse(text.p, n, "an answer", NULL);
    struct tee_proof p = tee_proof_read(j);
    CHECK(p.timestamp >= -1 && p.present == (p.signature.n > 0));
    CHECK(tee_verify(&p, text, text, NULL, data, n, 0) != TEE_VERIFIED);
    p.present = true;
    p.id = untrusted(bytes32_format(keccak256(data, n), id));
    CHECK(tee_verify(&p, text, text, json_get(j, "tool_calls"), data, n, 0) != TEE_VERIFIED);
    json_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    check_canonical(untrusted_n((const char *)data, n));
    check_verdict(data, n);
    return 0;
}
