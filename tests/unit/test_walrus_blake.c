#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "walrus/merkle.h"
#include "walrus_world.h"

enum { LONGEST = 1200, MOST = 40 };

/*
 * Symbols of the same length, each a piece of memory of its own: reading one byte before or behind
 * it is an error that the sanitiser finds.
 */
struct symbols {
    uint8_t *at[MOST];
    struct blob_hash want[MOST];
    size_t count, len;
};

static void symbols_make(struct symbols *s, uint32_t *x, size_t count, size_t len)
{
    uint8_t message[LONGEST + 1] = {0};
    s->count = count;
    s->len = len;
    for (size_t i = 0; i < count; i++) {
        s->at[i] = mem_alloc(len);
        assert_non_null(s->at[i]);
        noise_fill(x, message + 1, len);
        memcpy(s->at[i], message + 1, len);
        blake_one(message, len + 1, &s->want[i]);
    }
}

static void symbols_free(struct symbols *s)
{
    for (size_t i = 0; i < s->count; i++)
        mem_free(s->at[i]);
}

static void check(const struct symbols *s, const struct blob_hash *got, enum walrus_cpu cpu)
{
    for (size_t i = 0; i < s->count; i++) {
        if (!blob_hash_eq(&got[i], &s->want[i]))
            fail_msg("%s: symbol %zu of %zu, %zu bytes each", walrus_cpu_name(cpu), i, s->count,
                     s->len);
    }
}

static void check_whole(const struct symbols *s, enum walrus_cpu cpu)
{
    struct blob_hash got[MOST];
    blake_leaves(cpu, (const uint8_t *const *)s->at, s->count, s->len, got);
    check(s, got, cpu);
}

static void check_sliced(const struct symbols *s, enum walrus_cpu cpu, uint32_t *x)
{
    struct leaf_state state[MOST];
    struct blob_hash got[MOST];
    uint8_t carry[MOST];
    uint8_t *slice[MOST];
    size_t done = 0;
    leaf_begin(state, carry, s->count);
    for (bool end = false; !end;) {
        size_t len = noise_next(x) % 4 * 128;
        end = done + len >= s->len || noise_next(x) % 8 == 0;
        if (end)
            len = s->len - done;
        for (size_t i = 0; i < s->count; i++) { /* exactly its bytes, as above */
            slice[i] = mem_alloc(len);
            assert_non_null(slice[i]);
            memcpy(slice[i], s->at[i] + done, len);
        }
        const uint8_t *const *p = (const uint8_t *const *)slice;
        if (end)
            leaf_end(cpu, state, carry, p, s->count, len, done, got);
        else
            leaf_feed(cpu, state, carry, p, s->count, len, done);
        done += len;
        for (size_t i = 0; i < s->count; i++)
            mem_free(slice[i]);
    }
    check(s, got, cpu);
}

static void check_all(struct symbols *s, uint32_t *x)
{
    for (enum walrus_cpu cpu = WALRUS_CPU_PORTABLE; cpu < WALRUS_CPU_COUNT; cpu++) {
        if (!walrus_cpu_has(cpu))
            continue;
        check_whole(s, cpu);
        if (s->len > 0)
            check_sliced(s, cpu, x);
    }
}

static void leaves_are_right_at_every_length(void **state)
{
    (void)state;
    uint32_t x = 1;
    struct symbols s;
    for (size_t len = 0; len <= LONGEST; len++) {
        symbols_make(&s, &x, 9, len);
        check_all(&s, &x);
        symbols_free(&s);
    }
}

static void leaves_are_right_at_every_count(void **state)
{
    (void)state;
    const size_t edges[] = {1,   2,   62,  63,  64,  65,  120, 126, 127, 128, 129,
                            190, 191, 192, 193, 254, 255, 256, 257, 383, 384, 385};
    uint32_t x = 2;
    struct symbols s;
    for (size_t count = 0; count <= MOST; count++) {
        for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
            symbols_make(&s, &x, count, edges[i]);
            check_all(&s, &x);
            symbols_free(&s);
        }
    }
}

static void leaves_are_right_at_random(void **state)
{
    (void)state;
    uint32_t x = 3;
    struct symbols s;
    for (unsigned i = 0; i < 300; i++) {
        symbols_make(&s, &x, noise_next(&x) % MOST, noise_next(&x) % LONGEST);
        check_all(&s, &x);
        symbols_free(&s);
    }
}

static void node(const struct blob_hash *two, struct blob_hash *out)
{
    uint8_t message[65] = {1};
    memcpy(message + 1, two, 64);
    blake_one(message, sizeof message, out);
}

static void nodes_are_right(void **state)
{
    (void)state;
    uint32_t x = 4;
    for (size_t count = 0; count <= MOST; count++) {
        /* Exactly as large as they must be. */
        struct blob_hash *in = mem_array(2 * count, sizeof *in);
        struct blob_hash *got = mem_array(2 * count, sizeof *got);
        struct blob_hash want[MOST];
        assert_true(in && got);
        noise_fill(&x, in->b, 2 * count * sizeof *in);
        for (size_t i = 0; i < count; i++)
            node(in + 2 * i, &want[i]);
        for (enum walrus_cpu cpu = WALRUS_CPU_PORTABLE; cpu < WALRUS_CPU_COUNT; cpu++) {
            if (!walrus_cpu_has(cpu))
                continue;
            memset(got, 0, count * sizeof *got);
            blake_nodes(cpu, in, count, got);
            assert_memory_equal(got, want, count * sizeof *got);
            memcpy(got, in, 2 * count * sizeof *got); /* in place */
            blake_nodes(cpu, got, count, got);
            assert_memory_equal(got, want, count * sizeof *got);
        }
        mem_free(in);
        mem_free(got);
    }
}

/* The root as the definition says it, level by level, with libsodium. */
static struct blob_hash root_by_hand(struct blob_hash *leaf, size_t n)
{
    while (n > 1) {
        struct blob_hash two[2] = {0};
        for (size_t i = 0; i < n; i += 2) {
            two[0] = leaf[i];
            if (i + 1 < n)
                two[1] = leaf[i + 1];
            else
                memset(&two[1], 0, sizeof two[1]);
            node(two, &leaf[i / 2]);
        }
        n = n / 2 + n % 2;
    }
    return *leaf;
}

enum { LEAVES = 1100 };

static void trees_are_right_at_every_size(void **state)
{
    (void)state;
    static struct blob_hash leaf[LEAVES], by_hand[LEAVES];
    uint32_t x = 5;
    noise_fill(&x, leaf->b, sizeof leaf);
    for (size_t n = 1; n <= LEAVES; n++) {
        memcpy(by_hand, leaf, n * sizeof *leaf);
        struct blob_hash want = root_by_hand(by_hand, n);
        enum walrus_cpu cpu = WALRUS_CPU_BEST + (enum walrus_cpu)(n % WALRUS_CPU_COUNT);
        struct blob_hash *own = mem_array(n + 1, sizeof *own); /* exactly the room it asks for */
        assert_non_null(own);
        memcpy(own, leaf, n * sizeof *own);
        struct blob_hash got = merkle_root(walrus_cpu_has(cpu) ? cpu : WALRUS_CPU_BEST, own, n);
        assert_hash_equal(got, want);
        mem_free(own);
    }
}

static void many_trees_are_as_one_by_one(void **state)
{
    (void)state;
    enum { TREES = 19, STRIDE = 140 };
    static struct blob_hash leaf[TREES * STRIDE], work[TREES * STRIDE];
    struct blob_hash root[TREES];
    uint32_t x = 6;
    noise_fill(&x, leaf->b, sizeof leaf);
    for (size_t n = 1; n < STRIDE; n++) {
        size_t trees = noise_next(&x) % (TREES + 1);
        enum walrus_cpu cpu = WALRUS_CPU_BEST + (enum walrus_cpu)(n % WALRUS_CPU_COUNT);
        memcpy(work, leaf, sizeof work);
        merkle_roots(walrus_cpu_has(cpu) ? cpu : WALRUS_CPU_BEST, work, trees, STRIDE, n, root);
        for (size_t t = 0; t < trees; t++) {
            struct blob_hash one[STRIDE];
            memcpy(one, leaf + t * STRIDE, n * sizeof *one);
            assert_hash_equal(root[t], root_by_hand(one, n));
        }
    }
}

static void a_way_is_picked(void **state)
{
    (void)state;
    enum walrus_cpu best = walrus_cpu_pick(WALRUS_CPU_BEST);
    assert_true(best != WALRUS_CPU_BEST && walrus_cpu_has(best));
    assert_true(walrus_cpu_has(WALRUS_CPU_PORTABLE));
    for (enum walrus_cpu cpu = WALRUS_CPU_PORTABLE; cpu < WALRUS_CPU_COUNT; cpu++) {
        assert_true(!walrus_cpu_has(cpu) || cpu <= best);
        if (walrus_cpu_has(cpu))
            assert_int_equal(walrus_cpu_pick(cpu), cpu);
        else
            print_message("not on this machine: %s\n", walrus_cpu_name(cpu));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_way_is_picked),
        cmocka_unit_test(leaves_are_right_at_every_length),
        cmocka_unit_test(leaves_are_right_at_every_count),
        cmocka_unit_test(leaves_are_right_at_random),
        cmocka_unit_test(nodes_are_right),
        cmocka_unit_test(trees_are_right_at_every_size),
        cmocka_unit_test(many_trees_are_as_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
