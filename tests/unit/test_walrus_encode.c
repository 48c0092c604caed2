/* The whole encoding, against the vectors of the network's own encoder. */
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

static int64_t number(const json *o, const char *key)
{
    int64_t v = 0;
    if (!json_int(o, key, &v))
        fail_msg("no number %s", key);
    return v;
}

static void check_id(const char *what, const struct walrus_meta *m, const char *want)
{
    char id[BLOB_ID_BUF];
    assert_non_null(want);
    if (strcmp(blob_id_format(&m->id, id), want) != 0)
        fail_msg("%s: %u shards, %llu bytes: %s, not %s", what, m->shape.shards,
                 (unsigned long long)m->shape.size, id, want);
}

static void encode(const uint8_t *p, size_t n, const struct encode_options *o, uint32_t width,
                   struct walrus_meta *m)
{
    struct encode_source s = {.fd = -1, .p = p, .size = n};
    struct err e;
    if (encode_run(&s, o, width, m, &e))
        fail_msg("%s", e.msg);
}

/* Every vector, on every way to compute; those of the largest blobs take turns, for time's sake. */
static void test_vectors(void **state)
{
    (void)state;
    json *all = vectors_load("walrus-vectors.json");
    unsigned seen = 0, heavy = 0;
    for (const json *v = json_first(json_get(all, "blob_vectors")); v; v = json_next(v), seen++) {
        size_t n;
        uint8_t *p = vector_content(v, &n);
        struct encode_options o = {.shards = (unsigned)number(v, "n_shards")};
        bool turns = o.shards * n > 100u << 20;
        heavy += turns;
        for (enum walrus_cpu c = WALRUS_CPU_PORTABLE; c < WALRUS_CPU_COUNT; c++) {
            if (!walrus_cpu_has(c) || (turns && heavy % 3 != c - WALRUS_CPU_PORTABLE))
                continue;
            struct walrus_meta m;
            o.cpu = c;
            o.threads = 1 + seen % 3;
            encode(p, n, &o, 0, &m);
            assert_int_equal(m.shape.symbol, number(v, "symbol_size"));
            struct blob_hash root = vector_hash(v, "root_hash");
            assert_hash_equal(m.root, root);
            check_id(walrus_cpu_name(c), &m, json_cstr(v, "blob_id"));
            walrus_meta_release(&m);
        }
        mem_free(p);
    }
    assert_int_equal(seen, 216);
    json_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
