/* The whole encoding against the network's own encoder: every vector there is. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "base/mem.h"
#include "walrus/encode.h"
#include "walrus_world.h"

#include "base/banned.h"

/* A product of shards and bytes from which plain C, with sanitizers, is too slow to try. */
enum { HEAVY = 100 << 20 };

static void check_id(const char *what, const struct walrus_meta *m, const char *want)
{
    char id[BLOB_ID_BUF];
    assert_non_null(want);
    if (strcmp(blob_id_format(&m->id, id), want) != 0)
        fail_msg("%s: %u shards, %llu bytes: %s, not %s", what, m->shape.shards,
                 (unsigned long long)m->shape.size, id, want);
}

static void encode(const uint8_t *p, size_t n, const struct encode_options *o,
                   struct walrus_meta *m)
{
    struct err e;
    if (walrus_encode(p, n, o, m, &e))
        fail_msg("%s", e.msg);
}

/* Ways for a heavy vector: the faster ones take turns. */
static enum walrus_cpu turn(unsigned i)
{
    enum walrus_cpu fast = i % 2 ? WALRUS_CPU_AVX512 : WALRUS_CPU_AVX2;
    return walrus_cpu_has(fast) ? fast : WALRUS_CPU_BEST;
}

static void every_vector_on_every_way(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    unsigned seen = 0;
    for (const json *v = json_first(json_get(all, "blob_vectors")); v; v = json_next(v), seen++) {
        size_t n;
        uint8_t *p = vector_content(v, &n);
        struct encode_options o = {.shards = (unsigned)vector_u64(v, "n_shards"),
                                   .threads = 1 + seen % 3};
        bool heavy = o.shards * (uint64_t)n > HEAVY;
        for (enum walrus_cpu c = WALRUS_CPU_PORTABLE; c < WALRUS_CPU_COUNT; c++) {
            struct walrus_meta m;
            if (!walrus_cpu_has(c) || (heavy && c != WALRUS_CPU_PORTABLE))
                continue;
            o.cpu = heavy ? turn(seen) : c;
            encode(p, n, &o, &m);
            assert_int_equal(m.shape.symbol, vector_u64(v, "symbol_size"));
            struct blob_hash root = vector_hash(v, "root_hash");
            assert_hash_equal(m.root, root);
            check_id(walrus_cpu_name(o.cpu), &m, json_cstr(v, "blob_id"));
            walrus_meta_release(&m);
        }
        mem_free(p);
    }
    assert_int_equal(seen, 216);
    json_free(all);
}

/* All hashes, not their sum alone. */
static void metadata_is_the_oracle_s(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    const json *list = json_get(all, "intermediate_vectors");
    unsigned seen = 0;
    for (const json *v = json_first(list); v; v = json_next(v), seen++) {
        size_t n;
        uint8_t *p = vector_content(v, &n);
        struct encode_options o = {.shards = (unsigned)vector_u64(v, "n_shards")};
        struct walrus_meta m;
        struct blob_hash sum, want = vector_hash(v, "metadata_bcs_sha256");
        struct buf b;
        encode(p, n, &o, &m);
        check_id("metadata", &m, json_cstr(v, "blob_id"));
        buf_init(&b, 1 << 17);
        walrus_meta_write(&m, &b);
        crypto_hash_sha256(sum.b, (const uint8_t *)b.p, b.len);
        assert_hash_equal(sum, want);
        buf_release(&b);
        walrus_meta_release(&m);
        mem_free(p);
    }
    assert_int_equal(seen, 7);
    json_free(all);
}

/* What others published: the documentation's publisher, the network's and the SDK's own tests. */
static void published_ids(void **state)
{
    (void)state;
    static const uint8_t ten[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    json *all = vectors_load("walrus-vectors.json");
    unsigned seen = 0;
    for (const json *v = json_first(json_get(all, "published_cross_checks")); v; v = json_next(v)) {
        struct encode_options o = {.shards = (unsigned)vector_u64(v, "n_shards")};
        struct walrus_meta m;
        size_t n = (size_t)vector_u64(v, "size");
        const char *p = json_cstr(v, "content_ascii");
        if (!p && n > sizeof ten)
            continue; /* the real files, below */
        encode(p ? (const uint8_t *)p : ten, n, &o, &m);
        if (json_cstr(v, "blob_id")) {
            check_id("published", &m, json_cstr(v, "blob_id"));
        } else {
            struct blob_hash want = vector_hash(v, "blob_id_hex");
            assert_hash_equal(m.id, want);
        }
        walrus_meta_release(&m);
        seen++;
    }
    assert_int_equal(seen, 4);
    json_free(all);
}

/* Two models of the Hub, when they are at hand: what it calls their CID is their blob ID. */
static void models_of_the_hub(void **state)
{
    (void)state;
    static const struct {
        const char *file, *id;
    } model[] = {
        {"erc4337-userop-risk-scorer.onnx", "KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A"},
        {"bridge-route-risk-scorer.onnx", "MieafOoPlNh9hTKb8Q4gCiFQCrgQ8Lhk7uZ82Itb4VM"},
    };
    const char *shared = getenv("SOUK_SHARED");
    for (size_t i = 0; i < sizeof model / sizeof *model; i++) {
        char path[1024];
        struct walrus_meta m;
        struct err e;
        snprintf(path, sizeof path, "%s/data/%s", shared ? shared : "../shared", model[i].file);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            skip();
        assert_int_equal(walrus_encode_fd(fd, NULL, &m, &e), SOUK_OK);
        check_id(model[i].file, &m, model[i].id);
        walrus_meta_release(&m);
        close(fd);
    }
}

static int made_file(const json *v, uint64_t size)
{
    enum { PIECE = 1 << 20 };
    static uint8_t piece[PIECE];
    char path[] = "/tmp/souk-large-XXXXXX";
    int64_t seed = 0;
    assert_true(json_int(json_get(v, "content"), "seed", &seed));
    uint32_t x = (uint32_t)seed;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    unlink(path);
    for (uint64_t at = 0; at < size; at += PIECE) {
        noise_fill(&x, piece, PIECE);
        assert_int_equal(write(fd, piece, PIECE), PIECE);
    }
    return fd;
}

/* 64 MiB; with SOUK_LARGE=1 those of 256 MiB and 4 GiB too. */
static void large_files(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    unsigned seen = 0;
    for (const json *v = json_first(json_get(all, "large_vectors")); v; v = json_next(v)) {
        uint64_t size = vector_u64(v, "size");
        struct walrus_meta m;
        struct err e;
        if (size > 64 << 20 && !getenv("SOUK_LARGE"))
            continue;
        int fd = made_file(v, size);
        assert_int_equal(walrus_encode_fd(fd, NULL, &m, &e), SOUK_OK);
        check_id("a large file", &m, json_cstr(v, "blob_id"));
        walrus_meta_release(&m);
        close(fd);
        seen++;
    }
    assert_true(seen >= 1);
    json_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_on_every_way),
        cmocka_unit_test(metadata_is_the_oracle_s),
        cmocka_unit_test(published_ids),
        cmocka_unit_test(models_of_the_hub),
        cmocka_unit_test(large_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
