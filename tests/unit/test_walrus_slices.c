/* However an encoding is cut up (slices, threads, ways to compute), it comes out the same. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "walrus/encode_internal.h"
#include "walrus_world.h"

#include "base/banned.h"

static uint32_t noise = 88172645;

static uint32_t below(uint32_t n)
{
    return (noise_next(&noise) >> 7) % n;
}

static void encode(const uint8_t *p, size_t n, const struct encode_options *o, uint32_t width,
                   struct walrus_meta *m)
{
    struct encode_source s = {.fd = -1, .p = p, .size = n};
    struct err e;
    if (encode_run(&s, o, width, m, &e))
        fail_msg("%s", e.msg);
}

static void same(const struct walrus_meta *a, const struct walrus_meta *b, const char *what)
{
    if (memcmp(a->pair, b->pair, a->shape.shards * sizeof *a->pair) != 0 ||
        !blob_hash_eq(&a->id, &b->id))
        fail_msg("%s: %u shards, %llu bytes", what, a->shape.shards,
                 (unsigned long long)a->shape.size);
}

/* Small symbols, symbols around the edges of chunks and blocks, long ones; full and nearly empty.
 */
static size_t any_size(unsigned shards)
{
    static const size_t symbol[] = {2, 4, 62, 64, 66, 126, 128, 130, 190, 510, 512, 514, 640};
    struct walrus_shape s;
    assert_int_equal(walrus_shape(shards, 1, &s, NULL), SOUK_OK);
    size_t symbols = (size_t)s.rows * s.columns;
    size_t one = symbol[below(shards < 40 ? 13 : 9)];
    if (below(4) == 0) /* less than a row, or a few */
        return below((uint32_t)(3 * s.columns)) + 1;
    return symbols * (one - 1) + below((uint32_t)symbols) + 1;
}

static void ways_agree_on_any_size(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        unsigned shards = 4 + (i % 6 ? below(36) : below(150));
        size_t n = any_size(shards);
        uint8_t *p = mem_alloc(n);
        struct walrus_meta want, m;
        struct encode_options o = {.shards = shards, .threads = 1, .cpu = WALRUS_CPU_PORTABLE};
        assert_non_null(p);
        noise_fill(&noise, p, n);
        encode(p, n, &o, 0, &want);
        for (o.cpu = WALRUS_CPU_AVX2; o.cpu < WALRUS_CPU_COUNT; o.cpu++) {
            if (!walrus_cpu_has(o.cpu))
                continue;
            encode(p, n, &o, 0, &m);
            same(&m, &want, walrus_cpu_name(o.cpu));
            walrus_meta_release(&m);
        }
        walrus_meta_release(&want);
        mem_free(p);
    }
}

static void slices_of_any_width_agree(void **state)
{
    (void)state;
    const struct {
        unsigned shards;
        size_t size;
    } file[] = {{4, 7000}, {13, 45 * 1300 - 7}, {33, 253 * 514}, {70, 1128 * 388 - 1}, {10, 5000}};
    for (size_t i = 0; i < sizeof file / sizeof *file; i++) {
        struct walrus_meta want, m;
        struct encode_options o = {.shards = file[i].shards, .threads = 1};
        uint8_t *p = mem_alloc(file[i].size);
        assert_non_null(p);
        noise_fill(&noise, p, file[i].size);
        encode(p, file[i].size, &o, 0, &want);
        for (uint32_t width = 128; width < want.shape.symbol; width += 128) {
            for (o.cpu = WALRUS_CPU_PORTABLE; o.cpu < WALRUS_CPU_COUNT; o.cpu++) {
                if (!walrus_cpu_has(o.cpu))
                    continue;
                o.threads = 1 + width / 128 % 3;
                encode(p, file[i].size, &o, width, &m);
                same(&m, &want, "slices");
                walrus_meta_release(&m);
            }
        }
        walrus_meta_release(&want);
        mem_free(p);
    }
}

/* Symbols that are read in more than one window, 6 KB each. */
static void long_symbols(void **state)
{
    (void)state;
    size_t n = 6 * 6200 - 100;
    uint8_t *p = mem_alloc(n);
    struct walrus_meta whole, m;
    struct encode_options o = {.shards = 4, .cpu = WALRUS_CPU_PORTABLE};
    assert_non_null(p);
    noise_fill(&noise, p, n);
    encode(p, n, &o, 0, &whole);
    o.cpu = WALRUS_CPU_BEST;
    for (uint32_t width = 0; width < 6200; width += 2048) {
        encode(p, n, &o, width, &m);
        same(&m, &whole, "long symbols");
        walrus_meta_release(&m);
    }
    walrus_meta_release(&whole);
    mem_free(p);
}

static void any_number_of_threads_agrees(void **state)
{
    (void)state;
    struct walrus_meta want, m;
    size_t n = 345678;
    uint8_t *p = mem_alloc(n);
    assert_non_null(p);
    noise_fill(&noise, p, n);
    struct encode_options o = {.shards = 101, .threads = 1};
    encode(p, n, &o, 0, &want);
    for (o.threads = 2; o.threads<40; o.threads += o.threads> 3 ? 17 : 1) {
        encode(p, n, &o, 0, &m);
        same(&m, &want, "threads");
        walrus_meta_release(&m);
    }
    walrus_meta_release(&want);
    mem_free(p);
}

struct watch {
    atomic_bool cancel;
    uint64_t at; /* cancel then */
    atomic_ullong last, total;
};

static void on_progress(void *ud, uint64_t done, uint64_t total)
{
    struct watch *w = ud;
    atomic_store(&w->last, done);
    atomic_store(&w->total, total);
    if (done >= w->at)
        atomic_store(&w->cancel, true);
}

static void progress_ends_at_its_total(void **state)
{
    (void)state;
    static const uint8_t p[50000];
    const size_t size[] = {0, 1, 100, 50000};
    for (size_t i = 0; i < 4; i++) {
        struct watch w = {.at = UINT64_MAX};
        struct encode_options o = {.shards = 40, .progress = on_progress, .ud = &w};
        struct walrus_meta m;
        encode(p, size[i], &o, 0, &m);
        assert_true(w.total > 0);
        assert_int_equal(w.last, w.total);
        walrus_meta_release(&m);
    }
}

/* Stopped before it begins, and in the middle of it by whoever watches. */
static void cancelled(void **state)
{
    (void)state;
    size_t n = 30 << 20;
    uint8_t *p = mem_zalloc(n);
    assert_non_null(p);
    for (unsigned i = 0; i < 2; i++) {
        struct watch w = {.at = i};
        struct encode_options o = {
            .threads = 2, .cancel = &w.cancel, .progress = on_progress, .ud = &w};
        struct walrus_meta m;
        struct err e;
        atomic_store(&w.cancel, i == 0);
        assert_int_equal(walrus_encode(p, n, &o, &m, &e), SOUK_ECANCEL);
        assert_true(w.last < w.total || i == 0);
        walrus_meta_release(&m);
    }
    mem_free(p);
}

static int file_of(size_t n)
{
    char path[] = "/tmp/souk-slices-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(ftruncate(fd, (off_t)n), 0);
    return fd;
}

static void files_that_are_none(void **state)
{
    (void)state;
    int fd[2];
    struct walrus_meta m;
    struct err e;
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(walrus_encode_fd(fd[0], NULL, &m, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "not a regular file"));
    walrus_meta_release(&m);
    close(fd[0]);
    close(fd[1]);
    fd[0] = file_of(100);
    struct encode_options o = {.shards = 3};
    assert_int_equal(walrus_encode_fd(fd[0], &o, &m, &e), SOUK_EINPUT);
    walrus_meta_release(&m);
    assert_int_equal(ftruncate(fd[0], 14599533453), 0);
    assert_int_equal(walrus_encode_fd(fd[0], NULL, &m, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "too large"));
    walrus_meta_release(&m);
    close(fd[0]);
}

/* In mid-encoding, whoever watches cuts the file off, or writes into it. */
struct vandal {
    int fd;
    bool cut;
    atomic_bool done;
};

static void spoil(void *ud, uint64_t done, uint64_t total)
{
    struct vandal *v = ud;
    (void)done;
    (void)total;
    if (atomic_exchange(&v->done, true))
        return;
    if (v->cut)
        assert_int_equal(ftruncate(v->fd, 1000), 0);
    else
        assert_int_equal(pwrite(v->fd, "x", 1, 0), 1);
}

static void files_that_change(void **state)
{
    (void)state;
    for (unsigned cut = 0; cut < 2; cut++) {
        struct vandal v = {.fd = file_of(40 << 20), .cut = cut};
        struct encode_options o = {.threads = 2, .progress = spoil, .ud = &v};
        struct walrus_meta m;
        struct err e;
        assert_int_equal(walrus_encode_fd(v.fd, &o, &m, &e), SOUK_EFAIL);
        assert_true(v.done);
        assert_non_null(strstr(e.msg, cut ? "became shorter" : "changed while"));
        walrus_meta_release(&m);
        close(v.fd);
    }
}

static void without_memory(void **state)
{
    (void)state;
    static const uint8_t p[3000];
    struct encode_options o = {.shards = 10, .threads = 2};
    struct walrus_meta m;
    struct err e;
    unsigned long all = mem_count();
    encode(p, sizeof p, &o, 128, &m);
    walrus_meta_release(&m);
    all = mem_count() - all;
    for (unsigned long n = 1; n <= all; n++) {
        struct encode_source s = {.fd = -1, .p = p, .size = sizeof p};
        mem_fail_at(n, false);
        assert_int_equal(encode_run(&s, &o, 128, &m, &e), SOUK_ENOMEM);
        mem_fail_at(0, false);
        walrus_meta_release(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_agree_on_any_size),
        cmocka_unit_test(slices_of_any_width_agree),
        cmocka_unit_test(long_symbols),
        cmocka_unit_test(any_number_of_threads_agrees),
        cmocka_unit_test(progress_ends_at_its_total),
        cmocka_unit_test(cancelled),
        cmocka_unit_test(files_that_are_none),
        cmocka_unit_test(files_that_change),
        cmocka_unit_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
