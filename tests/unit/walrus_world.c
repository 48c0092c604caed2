#include "walrus_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/mem.h"

#include "base/banned.h"

uint32_t noise_next(uint32_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 17;
    *x ^= *x << 5;
    return *x;
}

void noise_fill(uint32_t *x, uint8_t *p, size_t n)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++, v >>= 8) {
        if (i % 4 == 0)
            v = noise_next(x);
        p[i] = (uint8_t)v;
    }
}

static size_t from_hex(const char *hex, uint8_t *out, size_t room)
{
    size_t n = 0;
    if (!hex || sodium_hex2bin(out, room, hex, strlen(hex), NULL, &n, NULL) != 0)
        fail_msg("no hex of at most %zu bytes: %s", room, hex ? hex : "missing");
    return n;
}

struct blob_hash vector_hash(const json *obj, const char *key)
{
    struct blob_hash h;
    assert_int_equal(from_hex(json_cstr(obj, key), h.b, sizeof h.b), sizeof h.b);
    return h;
}

uint8_t *vector_content(const json *vector, size_t *n)
{
    const json *how = json_get(vector, "content");
    const char *kind = json_cstr(how, "kind");
    *n = (size_t)vector_u64(vector, "size");
    uint8_t *p = mem_zalloc(*n);
    assert_non_null(p);
    assert_non_null(kind);
    if (strcmp(kind, "xorshift32") == 0) {
        int64_t seed;
        assert_true(json_int(how, "seed", &seed));
        uint32_t x = (uint32_t)seed;
        noise_fill(&x, p, *n);
    } else if (strcmp(kind, "inc") == 0) {
        for (size_t i = 0; i < *n; i++)
            p[i] = (uint8_t)i;
    } else if (strcmp(kind, "ff") == 0) {
        memset(p, 0xff, *n);
    } else if (strcmp(kind, "hex") == 0) {
        assert_int_equal(from_hex(json_cstr(how, "hex"), p, *n), *n);
    } else {
        assert_string_equal(kind, "zeros");
    }
    if (json_cstr(vector, "sha256")) {
        struct blob_hash sum, want = vector_hash(vector, "sha256");
        crypto_hash_sha256(sum.b, p, *n);
        assert_hash_equal(sum, want);
    }
    return p;
}

void vector_meta(const json *vector, struct walrus_meta *m)
{
    struct err e;
    walrus_meta_init(m);
    unsigned n = (unsigned)vector_u64(vector, "n_shards");
    assert_int_equal(walrus_shape(n, vector_u64(vector, "size"), &m->shape, &e), SOUK_OK);
    m->pair = mem_array(n, sizeof *m->pair);
    assert_non_null(m->pair);
    unsigned i = 0;
    for (const json *s = json_first(json_get(vector, "sliver_hashes")); s; s = json_next(s), i++) {
        assert_true(i < n && vector_u64(s, "pair_index") == i);
        m->pair[i].primary = vector_hash(s, "primary_hash");
        m->pair[i].secondary = vector_hash(s, "secondary_hash");
    }
    assert_int_equal(i, n);
    assert_int_equal(walrus_meta_seal(m, &e), SOUK_OK);
}
