#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "walrus/encode.h"
#include "walrus/rows.h"
#include "walrus_world.h"

/* A file and its metadata. */
struct blob {
    uint8_t *p;
    size_t n;
    struct walrus_meta m;
};

static void blob_release(struct blob *b)
{
    mem_free(b->p);
    walrus_meta_release(&b->m);
}

/* Noise of any size; what it is called is encode.h's business, and tested there. */
static void blob_make(struct blob *b, unsigned shards, size_t n)
{
    struct encode_options o = {.shards = shards};
    struct err e;
    uint32_t x = (uint32_t)n + shards;
    *b = (struct blob){.p = mem_alloc(n), .n = n};
    assert_non_null(b->p);
    noise_fill(&x, b->p, n);
    assert_int_equal(walrus_encode(b->p, n, &o, &b->m, &e), SOUK_OK);
}

static struct rows *rows_of(const struct blob *b, enum walrus_cpu cpu)
{
    struct rows *r;
    struct err e;
    assert_int_equal(rows_new(&b->m, cpu, &r, &e), SOUK_OK);
    return r;
}

/* Row `row` alone, in memory that ends where it does. */
static bool check(const struct blob *b, struct rows *r, unsigned row)
{
    uint64_t from, len;
    walrus_row_range(&b->m.shape, row, &from, &len);
    uint8_t *p = mem_alloc((size_t)len);
    assert_non_null(p);
    if (len)
        memcpy(p, b->p + from, (size_t)len);
    bool right = rows_check(r, row, p, (size_t)len);
    mem_free(p);
    return right;
}

/* Every row of b but `wrong` is right, on every processor path. */
static void check_rows(const struct blob *b, unsigned wrong)
{
    for (enum walrus_cpu cpu = WALRUS_CPU_PORTABLE; cpu < WALRUS_CPU_COUNT; cpu++) {
        if (!walrus_cpu_has(cpu))
            continue;
        struct rows *r = rows_of(b, cpu);
        for (unsigned row = 0; row < b->m.shape.rows; row++) {
            if (check(b, r, row) == (row == wrong))
                fail_msg("%s: row %u of %u", walrus_cpu_name(cpu), row, b->m.shape.rows);
        }
        rows_free(r);
    }
}

enum { NONE = UINT16_MAX };

static void rows_have_the_oracles_hashes(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    unsigned seen = 0;
    for (const json *v = json_first(json_get(all, "intermediate_vectors")); v; v = json_next(v)) {
        struct blob b;
        if (vector_u64(v, "n_shards") > 10)
            continue;
        b.p = vector_content(v, &b.n);
        vector_meta(v, &b.m);
        check_rows(&b, NONE);
        blob_release(&b);
        seen++;
    }
    assert_int_equal(seen, 5);
    json_free(all);
}

/* The hashes the oracle gives of some rows of a thousand shards. */
static void rows_of_a_thousand_shards(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    for (const json *v = json_first(json_get(all, "intermediate_vectors")); v; v = json_next(v)) {
        struct blob b;
        struct err e;
        if (vector_u64(v, "n_shards") != WALRUS_SHARDS)
            continue;
        b.p = vector_content(v, &b.n);
        walrus_meta_init(&b.m);
        assert_int_equal(walrus_shape(WALRUS_SHARDS, b.n, &b.m.shape, &e), SOUK_OK);
        b.m.pair = mem_array(WALRUS_SHARDS, sizeof *b.m.pair);
        assert_non_null(b.m.pair);
        struct rows *r = rows_of(&b, WALRUS_CPU_BEST);
        for (const json *s = json_first(json_get(v, "sliver_hashes")); s; s = json_next(s)) {
            unsigned row = (unsigned)vector_u64(s, "pair_index");
            if (row >= b.m.shape.rows)
                continue;
            assert_false(check(&b, r, row));
            b.m.pair[row].primary = vector_hash(s, "primary_hash");
            assert_true(check(&b, r, row));
        }
        rows_free(r);
        blob_release(&b);
    }
    json_free(all);
}

/* Symbols of 2 to some thousand bytes; rows that end in a symbol, between two, and not at all. */
static void rows_of_any_size_are_right(void **state)
{
    (void)state;
    const struct {
        unsigned shards;
        size_t size;
    } cases[] = {
        {4, 0},      {4, 1},      {4, 5},      {5, 3},      {7, 31},          {10, 27},
        {10, 28},    {10, 29},    {10, 57},    {13, 4000},  {10, 28 * 510},   {10, 28 * 512},
        {10, 14337}, {10, 14400}, {10, 40000}, {33, 99999}, {10, 28 * 2047},  {100, 250000},
        {31, 1},     {31, 300},   {64, 65536}, {6, 100000}, {300, 20001 * 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct blob b;
        blob_make(&b, cases[i].shards, cases[i].size);
        check_rows(&b, NONE);
        blob_release(&b);
    }
}

static unsigned row_of(const struct blob *b, size_t at)
{
    return (unsigned)(at / ((size_t)b->m.shape.columns * b->m.shape.symbol));
}

static void a_changed_byte_is_found_in_its_row(void **state)
{
    (void)state;
    struct blob b;
    uint32_t x = 7;
    blob_make(&b, 10, 1850);
    struct rows *r = rows_of(&b, WALRUS_CPU_BEST);
    for (size_t at = 0; at < b.n; at++) {
        uint8_t bit = (uint8_t)(1 << noise_next(&x) % 8);
        b.p[at] ^= bit;
        for (unsigned row = 0; row < b.m.shape.rows; row++)
            assert_int_equal(check(&b, r, row), row != row_of(&b, at));
        b.p[at] ^= bit;
    }
    rows_free(r);
    blob_release(&b);

    blob_make(&b, 10, 40001); /* symbols of several steps */
    for (unsigned i = 0; i < 60; i++) {
        size_t at = noise_next(&x) % b.n;
        b.p[at] ^= 0x40;
        check_rows(&b, row_of(&b, at));
        b.p[at] ^= 0x40;
    }
    blob_release(&b);
}

static void a_row_of_another_length_is_wrong(void **state)
{
    (void)state;
    struct blob b;
    uint64_t from, len;
    blob_make(&b, 10, 1850);
    struct rows *r = rows_of(&b, WALRUS_CPU_BEST);
    for (unsigned row = 0; row < b.m.shape.rows; row++) {
        walrus_row_range(&b.m.shape, row, &from, &len);
        assert_true(rows_check(r, row, b.p + from, (size_t)len));
        assert_false(rows_check(r, row, b.p + from, (size_t)len - 1));
        assert_false(rows_check(r, row, b.p, 0));
        if (from + len < b.n)
            assert_false(rows_check(r, row, b.p + from, (size_t)len + 1));
    }
    rows_free(r);
    blob_release(&b);
}

static int file_of(const uint8_t *p, size_t n)
{
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fflush(f), 0);
    int fd = dup(fileno(f));
    fclose(f);
    return fd;
}

struct seen {
    atomic_bool cancel;
    atomic_ullong last, total;
};

static void see(void *ud, uint64_t done, uint64_t total)
{
    struct seen *s = ud;
    atomic_store(&s->last, done);
    atomic_store(&s->total, total);
}

static void a_file_is_checked_by_threads(void **state)
{
    (void)state;
    struct blob b;
    struct err e;
    bool bad[64];
    blob_make(&b, 100, 400001);
    unsigned rows = b.m.shape.rows;
    assert_true(rows <= 64);
    for (unsigned threads = 0; threads < 4; threads++) {
        struct seen s = {0};
        struct rows_options o = {.threads = threads, .progress = see, .ud = &s};
        int fd = file_of(b.p, b.n);
        assert_int_equal(rows_check_fd(&b.m, fd, &o, bad, &e), SOUK_OK);
        assert_int_equal(rows_check_fd(&b.m, fd, NULL, NULL, &e), SOUK_OK);
        for (unsigned i = 0; i < rows; i++)
            assert_false(bad[i]);
        assert_true(s.last == s.total);
        /* Two bytes in one row, one in another. */
        const size_t at[] = {20000, 20001, 399999};
        for (size_t i = 0; i < 3; i++) {
            uint8_t other = (uint8_t)(b.p[at[i]] ^ 1);
            assert_int_equal(pwrite(fd, &other, 1, (off_t)at[i]), 1);
        }
        assert_int_equal(rows_check_fd(&b.m, fd, &o, bad, &e), SOUK_EVERIFY);
        assert_non_null(strstr(e.msg, "2 of 34 rows"));
        for (unsigned i = 0; i < rows; i++)
            assert_int_equal(bad[i], i == row_of(&b, at[0]) || i == row_of(&b, at[2]));
        assert_int_equal(rows_check_fd(&b.m, fd, &o, NULL, &e), SOUK_EVERIFY);
        close(fd);
    }
    blob_release(&b);
}

static void a_file_of_another_size_is_wrong(void **state)
{
    (void)state;
    struct blob b;
    struct err e;
    bool bad[64];
    blob_make(&b, 100, 100000);
    unsigned rows = b.m.shape.rows, half = row_of(&b, 50000);
    int fd = file_of(b.p, b.n);
    assert_int_equal(ftruncate(fd, 50000), 0);
    assert_int_equal(rows_check_fd(&b.m, fd, NULL, bad, &e), SOUK_EVERIFY);
    assert_non_null(strstr(e.msg, "50000"));
    for (unsigned i = 0; i < rows; i++) {
        uint64_t from, len;
        walrus_row_range(&b.m.shape, i, &from, &len);
        assert_int_equal(bad[i], len > 0 && i >= half);
    }
    close(fd);
    fd = file_of(b.p, b.n);
    assert_int_equal(ftruncate(fd, 100001), 0);
    assert_int_equal(rows_check_fd(&b.m, fd, NULL, bad, &e), SOUK_EVERIFY);
    for (unsigned i = 0; i < rows; i++)
        assert_false(bad[i]);
    close(fd);
    blob_release(&b);
}

static void a_check_can_be_stopped(void **state)
{
    (void)state;
    struct blob b;
    struct err e;
    struct seen s = {.cancel = true};
    struct rows_options o = {.cancel = &s.cancel};
    int two[2];
    blob_make(&b, 10, 1850);
    int fd = file_of(b.p, b.n);
    assert_int_equal(rows_check_fd(&b.m, fd, &o, NULL, &e), SOUK_ECANCEL);
    close(fd);
    assert_int_equal(pipe(two), 0);
    assert_int_equal(rows_check_fd(&b.m, two[0], NULL, NULL, &e), SOUK_EINPUT);
    close(two[0]);
    close(two[1]);
    blob_release(&b);
}

static void without_memory_it_says_so(void **state)
{
    (void)state;
    struct blob b;
    struct err e;
    struct rows_options o = {.threads = 2};
    blob_make(&b, 10, 1850);
    int fd = file_of(b.p, b.n);
    unsigned long before = mem_count();
    assert_int_equal(rows_check_fd(&b.m, fd, &o, NULL, &e), SOUK_OK);
    unsigned long all = mem_count() - before;
    for (unsigned long nth = 1; nth <= all; nth++) {
        mem_fail_at(nth, false);
        souk_err r = rows_check_fd(&b.m, fd, &o, NULL, &e);
        mem_fail_at(0, false);
        assert_int_equal(r, SOUK_ENOMEM);
    }
    close(fd);
    blob_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_the_oracles_hashes),
        cmocka_unit_test(rows_of_a_thousand_shards),
        cmocka_unit_test(rows_of_any_size_are_right),
        cmocka_unit_test(a_changed_byte_is_found_in_its_row),
        cmocka_unit_test(a_row_of_another_length_is_wrong),
        cmocka_unit_test(a_file_is_checked_by_threads),
        cmocka_unit_test(a_file_of_another_size_is_wrong),
        cmocka_unit_test(a_check_can_be_stopped),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
