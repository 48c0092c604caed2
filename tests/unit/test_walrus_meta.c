#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/mem.h"
#include "walrus_world.h"

enum { HEAD = 42, PAIR = 66 };

static void check_sum(const json *v, const struct buf *b)
{
    struct blob_hash sum, want = vector_hash(v, "metadata_bcs_sha256");
    uint8_t head[48];
    assert_int_equal(b->bad, SOUK_OK);
    assert_int_equal(b->len, vector_u64(v, "metadata_bcs_len"));
    crypto_hash_sha256(sum.b, (const uint8_t *)b->p, b->len);
    assert_hash_equal(sum, want);
    const char *hex = json_cstr(v, "metadata_bcs_first_48_bytes");
    assert_non_null(hex);
    sodium_hex2bin(head, sizeof head, hex, strlen(hex), NULL, NULL, NULL);
    assert_memory_equal(b->p, head, sizeof head);
}

/* Metadata of the smaller vectors, from the hashes of their slivers. */
static void metadata_is_as_the_oracle_writes_it(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    unsigned seen = 0;
    for (const json *v = json_first(json_get(all, "intermediate_vectors")); v; v = json_next(v)) {
        struct walrus_meta m, again;
        struct buf b;
        struct err e;
        char text[BLOB_ID_BUF];
        if (vector_u64(v, "n_shards") > 10)
            continue;
        vector_meta(v, &m);
        assert_hash_equal(m.root, vector_hash(v, "root_hash"));
        assert_string_equal(blob_id_format(&m.id, text), json_cstr(v, "blob_id"));
        buf_init(&b, 1 << 17);
        walrus_meta_write(&m, &b);
        check_sum(v, &b);
        assert_int_equal(walrus_meta_parse((const uint8_t *)b.p, b.len, &again, &e), SOUK_OK);
        assert_memory_equal(&again.shape, &m.shape, sizeof m.shape);
        assert_hash_equal(again.id, m.id);
        assert_hash_equal(again.root, m.root);
        assert_memory_equal(again.pair, m.pair, m.shape.shards * sizeof *m.pair);
        buf_release(&b);
        walrus_meta_release(&m);
        walrus_meta_release(&again);
        seen++;
    }
    assert_int_equal(seen, 5);
    json_free(all);
}

/* Metadata of any number of shards, of made-up hashes. */
static void make(unsigned shards, uint64_t size, struct buf *b)
{
    struct walrus_meta m;
    struct err e;
    uint32_t x = shards;
    walrus_meta_init(&m);
    assert_int_equal(walrus_shape(shards, size, &m.shape, &e), SOUK_OK);
    m.pair = mem_array(shards, sizeof *m.pair);
    assert_non_null(m.pair);
    noise_fill(&x, (uint8_t *)m.pair, shards * sizeof *m.pair);
    assert_int_equal(walrus_meta_seal(&m, &e), SOUK_OK);
    buf_init(b, 1 << 17);
    walrus_meta_write(&m, b);
    assert_int_equal(b->len, HEAD + (shards < 128 ? 1U : 2U) + shards * PAIR);
    walrus_meta_release(&m);
}

/* From a copy that ends where the bytes do. */
static souk_err parse(const uint8_t *p, size_t n, struct err *e)
{
    struct walrus_meta m;
    uint8_t *own = mem_alloc(n);
    assert_non_null(own);
    if (n)
        memcpy(own, p, n);
    souk_err r = walrus_meta_parse(own, n, &m, e);
    walrus_meta_release(&m);
    mem_free(own);
    return r;
}

static void any_number_of_shards_is_read_back(void **state)
{
    (void)state;
    const unsigned shards[] = {4, 5, 127, 128, 129, 255, 256, 999, 1000};
    struct err e;
    for (size_t i = 0; i < sizeof shards / sizeof *shards; i++) {
        struct buf b;
        make(shards[i], 1 + i * 7, &b);
        assert_int_equal(parse((const uint8_t *)b.p, b.len, &e), SOUK_OK);
        buf_release(&b);
    }
}

static void metadata_cut_anywhere_is_refused(void **state)
{
    (void)state;
    struct buf b;
    struct err e;
    make(130, 12345, &b);
    for (size_t n = 0; n < b.len; n++) {
        assert_int_equal(parse((const uint8_t *)b.p, n, &e), SOUK_EINPUT);
        assert_non_null(strstr(e.msg, "blob metadata"));
    }
    buf_addc(&b, '\0');
    assert_int_equal(parse((const uint8_t *)b.p, b.len, &e), SOUK_EINPUT);
    buf_release(&b);
}

/* No bit can change: a hash, the size or the ID is then not what the others say. */
static void every_changed_bit_is_found(void **state)
{
    (void)state;
    struct buf b;
    struct err e;
    make(7, 12345, &b);
    for (size_t bit = 0; bit < b.len * 8; bit++) {
        uint8_t *p = (uint8_t *)b.p;
        size_t at = bit / 8;
        p[at] ^= (uint8_t)(1 << bit % 8);
        souk_err r = parse(p, b.len, &e);
        bool tag = at >= HEAD && (at - HEAD - 1) % 33 == 0;
        bool form = at == 32 || at == 33 || at == HEAD || tag || (at > 35 && at < HEAD);
        if (r != SOUK_EVERIFY && !(form && r == SOUK_EINPUT))
            fail_msg("bit %zu of byte %zu: %d", bit % 8, at, r);
        p[at] ^= (uint8_t)(1 << bit % 8);
    }
    assert_int_equal(parse((const uint8_t *)b.p, b.len, &e), SOUK_OK);
    buf_release(&b);
}

static souk_err with_count(const struct buf *b, const char *count, size_t n, struct err *e)
{
    struct buf c;
    buf_init(&c, 1 << 17);
    buf_add(&c, b->p, HEAD);
    buf_add(&c, count, n);
    buf_add(&c, b->p + HEAD + 1, b->len - HEAD - 1);
    assert_int_equal(c.bad, SOUK_OK);
    souk_err r = parse((const uint8_t *)c.p, c.len, e);
    buf_release(&c);
    return r;
}

static void a_count_has_one_spelling(void **state)
{
    (void)state;
    static const struct {
        const char *count;
        size_t n;
    } wrong[] = {
        {"\x87\x00", 2},                 /* 7 in two bytes */
        {"\x87\x80\x00", 3},             /* 7 in three */
        {"\x00", 1},                     /* none at all */
        {"\x03", 1},                     /* fewer than there can be */
        {"\x06", 1},                     /* one less */
        {"\x08", 1},                     /* one more */
        {"\xe8\x07", 2},                 /* 1000 */
        {"\xe9\x07", 2},                 /* 1001 */
        {"\xff\xff\xff\xff\x0f", 5},     /* 2^32 - 1 */
        {"\xff\xff\xff\xff\xff\xff", 6}, /* without end */
    };
    struct buf b;
    struct err e;
    make(7, 99, &b);
    assert_int_equal(with_count(&b, "\x07", 1, &e), SOUK_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(with_count(&b, wrong[i].count, wrong[i].n, &e), SOUK_EINPUT);
    buf_release(&b);
}

static void a_foreign_id_is_named(void **state)
{
    (void)state;
    struct buf b;
    struct err e;
    blob_id zero = {{0}};
    char text[BLOB_ID_BUF];
    make(10, 99, &b);
    memset(b.p, 0, 32);
    assert_int_equal(parse((const uint8_t *)b.p, b.len, &e), SOUK_EVERIFY);
    assert_non_null(strstr(e.msg, blob_id_format(&zero, text)));
    buf_release(&b);
}

static void without_memory_nothing_leaks(void **state)
{
    (void)state;
    struct buf b;
    struct err e;
    struct walrus_meta m;
    make(10, 99, &b);
    for (unsigned long nth = 1; nth <= 3; nth++) {
        mem_fail_at(nth, false);
        souk_err r = walrus_meta_parse((const uint8_t *)b.p, b.len, &m, &e);
        mem_fail_at(0, false);
        walrus_meta_release(&m);
        assert_int_equal(r, SOUK_ENOMEM);
    }
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metadata_is_as_the_oracle_writes_it),
        cmocka_unit_test(any_number_of_shards_is_read_back),
        cmocka_unit_test(metadata_cut_anywhere_is_refused),
        cmocka_unit_test(every_changed_bit_is_found),
        cmocka_unit_test(a_count_has_one_spelling),
        cmocka_unit_test(a_foreign_id_is_named),
        cmocka_unit_test(without_memory_nothing_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
