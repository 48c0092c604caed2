#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "walrus_world.h"
#include "walrus/blake.h"
#include "walrus/field.h"
#include "walrus/rs.h"

#include "base/banned.h"

static uint32_t seed = 2463534242u;

static uint32_t any_byte(void)
{
    return noise_next(&seed) >> 11 & 255;
}

static int64_t number(const json *o, const char *key)
{
    int64_t v = 0;
    assert_true(json_int(o, key, &v));
    return v;
}

/* Source symbols and recovery symbols side by side, each with its pointer. */
struct symbols {
    uint8_t *byte, *scratch;
    const uint8_t **source;
    uint8_t **out;
    unsigned sources, recovery;
    size_t len;
};

static struct symbols symbols_new(unsigned sources, unsigned recovery, size_t len)
{
    struct symbols s = {.sources = sources, .recovery = recovery, .len = len};
    s.byte = mem_zalloc((sources + recovery) * len);
    s.source = mem_array(sources, sizeof *s.source);
    s.out = mem_array(recovery, sizeof *s.out);
    assert_non_null(s.byte);
    assert_non_null(s.source);
    assert_non_null(s.out);
    for (unsigned i = 0; i < sources; i++)
        s.source[i] = s.byte + i * len;
    for (unsigned i = 0; i < recovery; i++)
        s.out[i] = s.byte + (sources + i) * len;
    return s;
}

static void symbols_free(struct symbols *s)
{
    mem_free(s->byte);
    mem_free(s->source);
    mem_free(s->out);
}

static void encode(const struct symbols *s, enum walrus_cpu cpu)
{
    struct rs *r = rs_new(s->sources, s->recovery);
    assert_non_null(r);
    void *scratch = mem_alloc(rs_scratch(r, s->len));
    assert_non_null(scratch);
    rs_encode(r, cpu, s->source, s->out, s->len, scratch);
    mem_free(scratch);
    rs_free(r);
}

static void test_products(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    const json *samples = json_get(all, "field_and_rs_samples");
    size_t seen = 0;
    for (const json *v = json_first(json_get(samples, "mul_samples")); v; v = json_next(v)) {
        assert_int_equal(field_mul((uint16_t)number(v, "a"), (uint16_t)number(v, "b")),
                         number(v, "product"));
        seen++;
    }
    assert_true(seen >= 10);
    json_free(all);
}

/* The forms of a multiplier agree with the product, for every bit and some values. */
static void test_multipliers(void **state)
{
    (void)state;
    field_basis products;
    field_products(products);
    for (uint32_t c = 1; c < 65536; c = c * 3 + 1) {
        struct multiplier m;
        field_multiplier(products, (uint16_t)c, &m);
        for (unsigned i = 0; i < 64; i++) {
            uint32_t v = i < 16 ? 1u << i : (uint32_t)(any_byte() << 8 | any_byte());
            uint16_t product = field_mul((uint16_t)c, (uint16_t)v);
            unsigned low = 0, high = 0, word = 0;
            for (unsigned k = 0; k < 4; k++) {
                word ^= m.word[k][v >> 4 * k & 15];
                low ^= m.byte[k][0][v >> 4 * k & 15];
                high ^= m.byte[k][1][v >> 4 * k & 15];
            }
            assert_int_equal(word, product);
            assert_int_equal(high << 8 | low, product);
        }
    }
}

/* Published sums of recovery symbols; source i is the number i + 1. */
static void test_published(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    const json *list = json_get(json_get(all, "field_and_rs_samples"), "rs_1d");
    size_t seen = 0;
    for (const json *v = json_first(list); v; v = json_next(v), seen++) {
        unsigned sources = (unsigned)number(v, "original_count");
        unsigned recovery = (unsigned)number(v, "recovery_count");
        struct symbols s = symbols_new(sources, recovery, 2);
        for (unsigned i = 0; i < sources; i++) {
            s.byte[2 * i] = (uint8_t)(i + 1);
            s.byte[2 * i + 1] = (uint8_t)((i + 1) >> 8);
        }
        struct blob_hash want = vector_hash(v, "blake2b256_of_all_recovery_bytes");
        for (enum walrus_cpu c = WALRUS_CPU_PORTABLE; c < WALRUS_CPU_COUNT; c++) {
            if (!walrus_cpu_has(c))
                continue;
            memset(s.out[0], 0xAA, recovery * 2);
            encode(&s, c);
            struct blob_hash sum;
            blake_one(s.out[0], recovery * 2, &sum);
            assert_hash_equal(sum, want);
        }
        symbols_free(&s);
    }
    assert_true(seen >= 8);
    json_free(all);
}

/* Some sources are zero and some outputs unwanted; every way to compute says the same. */
static void fuzz_one(unsigned sources, unsigned recovery, size_t len)
{
    struct symbols s = symbols_new(sources, recovery, len);
    for (size_t i = 0; i < sources * len; i++)
        s.byte[i] = (uint8_t)any_byte();
    bool sparse = any_byte() % 2;
    unsigned used = sources - (any_byte() % 4 == 0 ? any_byte() * sources / 256 : 0);
    for (unsigned i = 0; i < sources; i++)
        if (i >= used || (sparse && any_byte() % 8 == 0)) {
            memset(s.byte + i * len, 0, len);
            s.source[i] = any_byte() % 2 ? NULL : s.source[i];
        }
    uint8_t *first = s.out[0], *want = mem_alloc(recovery * len);
    assert_non_null(want);
    encode(&s, WALRUS_CPU_PORTABLE);
    memcpy(want, first, recovery * len);
    for (unsigned i = 0; i < recovery; i++)
        if (any_byte() % 16 == 0)
            s.out[i] = NULL;
    for (enum walrus_cpu c = WALRUS_CPU_AVX2; c < WALRUS_CPU_COUNT; c++) {
        if (!walrus_cpu_has(c))
            continue;
        memset(first, 0x55, recovery * len);
        encode(&s, c);
        for (unsigned i = 0; i < recovery; i++) {
            if (!s.out[i])
                assert_int_equal(first[i * len], 0x55);
            else if (memcmp(first + i * len, want + i * len, len) != 0)
                fail_msg("%s: %u + %u symbols of %zu bytes: recovery symbol %u", walrus_cpu_name(c),
                         sources, recovery, len, i);
        }
    }
    mem_free(want);
    symbols_free(&s);
}

static void test_ways_agree(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        unsigned sources = 1 + any_byte() % (i % 3 ? 24 : 100);
        unsigned recovery = 1 + any_byte() % (i % 5 ? 24 : 100);
        fuzz_one(sources, recovery, 2 * (size_t)(1 + any_byte() % (i % 7 ? 80 : 256)));
    }
    for (unsigned shards = 4; shards <= 1000; shards += shards < 20 ? 1 : shards / 3) {
        unsigned f = (shards - 1) / 3;
        fuzz_one(shards - 2 * f, 2 * f, 2 * (size_t)(1 + any_byte() % 40));
        fuzz_one(shards - f, f, 2 * (size_t)(1 + any_byte() % 40));
    }
    fuzz_one(334, 666, 130);
    fuzz_one(667, 333, 1200);
}

static void test_slices(void **state)
{
    (void)state;
    for (enum walrus_cpu c = WALRUS_CPU_PORTABLE; c < WALRUS_CPU_COUNT; c++) {
        if (!walrus_cpu_has(c))
            continue;
        struct symbols s = symbols_new(9, 14, 1390), t;
        for (size_t i = 0; i < 9 * 1390; i++)
            s.byte[i] = (uint8_t)any_byte();
        encode(&s, c);
        for (size_t slice = 64; slice < 1400; slice += 192) {
            t = symbols_new(9, 14, 1390);
            memcpy(t.byte, s.byte, 9 * 1390);
            for (size_t at = 0; at < 1390; at += slice) {
                struct symbols piece = t;
                piece.len = 1390 - at < slice ? 1390 - at : slice;
                for (unsigned i = 0; i < 9; i++)
                    piece.source[i] = t.byte + i * 1390 + at;
                for (unsigned i = 0; i < 14; i++)
                    piece.out[i] = t.byte + (9 + i) * 1390 + at;
                encode(&piece, c);
            }
            assert_memory_equal(t.byte, s.byte, 23 * 1390);
            symbols_free(&t);
        }
        symbols_free(&s);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    for (unsigned long n = 1; n <= 2; n++) {
        mem_fail_at(n, false);
        assert_null(rs_new(5, 3));
    }
    mem_fail_at(0, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),  cmocka_unit_test(test_multipliers),
        cmocka_unit_test(test_published), cmocka_unit_test(test_ways_agree),
        cmocka_unit_test(test_slices),    cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
