#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "walrus_world.h"

static const char example[] = "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk";

static void an_id_is_read_and_written(void **state)
{
    (void)state;
    json *v = vectors_load("walrus-vectors.json");
    size_t n = 0;
    for (const json *b = json_first(json_get(v, "blob_vectors")); b; b = json_next(b), n++) {
        blob_id id;
        char text[BLOB_ID_BUF];
        assert_true(blob_id_parse(json_str(b, "blob_id"), &id));
        assert_hash_equal(id, vector_hash(b, "blob_id_hex"));
        assert_string_equal(blob_id_format(&id, text), json_cstr(b, "blob_id"));
    }
    assert_true(n > 200);
    json_free(v);
}

/* Of all texts of one changed byte, only those of the same alphabet are IDs, and no two are alike.
 */
static void an_id_has_one_spelling(void **state)
{
    (void)state;
    char text[BLOB_ID_BUF];
    blob_id id, other;
    assert_true(blob_id_parse(untrusted(example), &id));
    for (size_t at = 0; at < BLOB_ID_TEXT; at++) {
        unsigned good = 0;
        for (int c = 0; c < 256; c++) {
            char again[BLOB_ID_BUF];
            memcpy(text, example, sizeof text);
            text[at] = (char)c;
            if (!blob_id_parse(untrusted_n(text, BLOB_ID_TEXT), &other))
                continue;
            good++;
            assert_int_equal(blob_hash_eq(&id, &other), text[at] == example[at]);
            assert_string_equal(blob_id_format(&other, again), text);
        }
        assert_int_equal(good, at == BLOB_ID_TEXT - 1 ? 16 : 64);
    }
}

static void what_is_no_id_is_refused(void **state)
{
    (void)state;
    blob_id id;
    memset(&id, 0x5a, sizeof id);
    const char *wrong[] = {
        "",
        "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BU",
        "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUkA",
        "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk=",
        "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK+W7/4BUk",
        " 4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk",
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(blob_id_parse(untrusted(wrong[i]), &id));
    assert_false(blob_id_parse(untrusted(NULL), &id));
    for (size_t n = 0; n < BLOB_ID_TEXT; n++)
        assert_false(blob_id_parse(untrusted_n(example, n), &id));
    for (size_t i = 0; i < sizeof id.b; i++)
        assert_int_equal(id.b[i], 0x5a); /* nothing was written */
}

static void a_shape_follows_from_shards_and_size(void **state)
{
    (void)state;
    struct walrus_shape s;
    struct err e;
    json *v = vectors_load("walrus-vectors.json");
    const json *lists[] = {json_get(v, "blob_vectors"), json_get(v, "large_vectors")};
    for (size_t i = 0; i < 2; i++) {
        for (const json *b = json_first(lists[i]); b; b = json_next(b)) {
            uint64_t size = vector_u64(b, "size");
            unsigned shards = (unsigned)vector_u64(b, "n_shards");
            assert_int_equal(walrus_shape(shards, size, &s, &e), SOUK_OK);
            assert_int_equal(s.symbol, vector_u64(b, "symbol_size"));
            assert_true(s.size == size && s.shards == shards);
        }
    }
    for (const json *b = json_first(json_get(v, "intermediate_vectors")); b; b = json_next(b)) {
        assert_int_equal(
            walrus_shape((unsigned)vector_u64(b, "n_shards"), vector_u64(b, "size"), &s, &e),
            SOUK_OK);
        assert_int_equal(s.rows, vector_u64(b, "n_primary"));
        assert_int_equal(s.columns, vector_u64(b, "n_secondary"));
    }
    json_free(v);
    assert_int_equal(walrus_shape(1000, 0, &s, &e), SOUK_OK);
    assert_int_equal(s.symbol, 2);
}

static void a_shape_has_bounds(void **state)
{
    (void)state;
    struct walrus_shape s;
    struct err e;
    const uint64_t most = 14599533452;
    assert_int_equal(walrus_shape(1000, most, &s, &e), SOUK_OK);
    assert_int_equal(s.symbol, 65534);
    assert_int_equal(walrus_shape(1000, most + 1, &s, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "14599533452"));
    assert_int_equal(walrus_shape(1000, UINT64_MAX, &s, &e), SOUK_EINPUT);
    for (unsigned n = 0; n < 4; n++)
        assert_int_equal(walrus_shape(n, 1, &s, &e), SOUK_EINPUT);
    assert_int_equal(walrus_shape(1001, 1, &s, &e), SOUK_EINPUT);
    assert_int_equal(walrus_shape(4, 6 * 65534, &s, &e), SOUK_OK);
    assert_int_equal(walrus_shape(4, 6 * 65534 + 1, &s, &e), SOUK_EINPUT);
}

/* The rows cover the file once, in order, whatever its size. */
static void rows_cover_the_file(void **state)
{
    (void)state;
    const uint64_t sizes[] = {0, 1, 1333, 1334, 1335, 445556, 445557, 1 << 20, 14599533452};
    const unsigned shards[] = {4, 10, 1000};
    struct err e;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (size_t j = 0; j < sizeof shards / sizeof *shards; j++) {
            struct walrus_shape s;
            uint64_t at = 0, from, len;
            if (walrus_shape(shards[j], sizes[i], &s, &e) != SOUK_OK)
                continue;
            for (unsigned r = 0; r < s.rows; r++, at += len) {
                walrus_row_range(&s, r, &from, &len);
                assert_true(from == at);
                assert_true(len == (uint64_t)s.columns * s.symbol || from + len == s.size);
            }
            assert_true(at == s.size);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_read_and_written),
        cmocka_unit_test(an_id_has_one_spelling),
        cmocka_unit_test(what_is_no_id_is_refused),
        cmocka_unit_test(a_shape_follows_from_shards_and_size),
        cmocka_unit_test(a_shape_has_bounds),
        cmocka_unit_test(rows_cover_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
