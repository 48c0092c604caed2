/* mem.h, buf.h, arena.h: allocation, caps, ownership. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/banned.h"

static void counts_and_fails_on_demand(void **state)
{
    (void)state;
    unsigned long before = mem_count();
    void *p = mem_alloc(0);
    assert_non_null(p);
    mem_free(p);
    mem_free(NULL);
    assert_int_equal(mem_count(), before + 1);

    mem_fail_at(2, false);
    void *a = mem_alloc(8);
    void *b = mem_alloc(8);
    void *c = mem_alloc(8);
    assert_non_null(a);
    assert_null(b);
    assert_non_null(c);

    mem_fail_at(1, true);
    assert_null(mem_zalloc(8));
    assert_null(mem_array(2, 8));
    assert_null(mem_strdup("x"));
    assert_null(mem_resize(a, 16)); /* a is still there */
    mem_fail_at(0, false);
    a = mem_resize(a, 16);
    assert_non_null(a);
    MEM_FREE(a);
    assert_null(a);
    mem_free(c);
}

static void zeroes_and_guards_products(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX / 2; /* volatile: the compiler would warn of it */
    assert_null(mem_array(huge, 4));
    unsigned char *p = mem_array(100, 3);
    for (int i = 0; i < 300; i++) {
        assert_int_equal(p[i], 0);
    }
    mem_free(p);
    char *s = mem_strndup("market", 4);
    assert_string_equal(s, "mark");
    mem_free(s);
    s = mem_strndup(NULL, 0);
    assert_string_equal(s, "");
    mem_free(s);
}

static int by_value(const void *x, const void *y)
{
    const int *a = x, *b = y;
    return *a < *b ? -1 : *a > *b;
}

static void lists_grow_and_stand_without_memory(void **state)
{
    (void)state;
    struct list l = {.size = sizeof(int)};
    for (int i = 0; i < 100; i++) {
        int *at = list_add(&l);
        assert_non_null(at);
        assert_int_equal(*at, 0);
        *at = 99 - i;
    }
    while (l.n < l.room) {
        assert_non_null(list_add(&l));
    }
    size_t n = l.n;
    mem_fail_at(1, true);
    assert_null(list_add(&l));
    mem_fail_at(0, false);
    assert_int_equal(l.n, n);
    assert_int_equal(((int *)l.p)[0], 99);
    assert_non_null(list_add(&l));
    list_sort(&l, by_value);
    for (size_t i = 1; i < l.n; i++) {
        assert_true(((int *)l.p)[i - 1] <= ((int *)l.p)[i]);
    }
    assert_int_equal(((int *)l.p)[l.n - 1], 99);
    list_release(&l);
    assert_null(l.p);
    size_t room = (size_t)1 << 33;
    assert_null(mem_grow(NULL, room, &room, 4)); /* more than is allowed */
    assert_int_equal(room, (size_t)1 << 33);
}

static void buf_grows_and_stays_terminated(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 10000);
    assert_string_equal(b.p, "");
    for (int i = 0; i < 1000; i++) {
        buf_addf(&b, "%d,", i);
        assert_int_equal(b.p[b.len], 0);
    }
    assert_int_equal(b.len, 10 * 2 + 90 * 3 + 900 * 4);
    assert_memory_equal(b.p + b.len - 8, "998,999,", 8);
    buf_clear(&b);
    assert_string_equal(b.p, "");
    buf_adds(&b, "one");
    buf_addc(&b, ' ');
    buf_add(&b, "two-", 3);
    buf_add(&b, NULL, 0);
    assert_string_equal(b.p, "one two");
    assert_int_equal(buf_check(&b, "it", NULL), SOUK_OK);
    buf_release(&b);
    assert_string_equal(b.p, "");
    assert_int_equal(b.cap, 10000);
}

static void buf_formats_more_than_its_room(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 5000);
    char text[1001];
    memset(text, 'q', 1000);
    text[1000] = '\0';
    buf_addf(&b, "<%s>", text);
    assert_int_equal(b.len, 1002);
    assert_int_equal(b.p[1001], '>');
    buf_release(&b);
}

static void buf_stops_at_its_cap(void **state)
{
    (void)state;
    struct buf b;
    struct err e;
    for (size_t cap = 0; cap < 200; cap++) {
        buf_init(&b, cap);
        for (size_t i = 0; i < cap; i++) {
            buf_addc(&b, 'x');
        }
        assert_int_equal(b.bad, SOUK_OK);
        assert_int_equal(b.len, cap);
        buf_addc(&b, 'y');
        assert_int_equal(b.bad, SOUK_ENOMEM);
        buf_add(&b, "", 0);
        buf_adds(&b, "");
        assert_int_equal(b.len, cap);
        assert_int_equal(strlen(b.p), cap);
        assert_true(b.room <= cap + 1);
        assert_int_equal(buf_check(&b, "the answer", &e), SOUK_ENOMEM);
        assert_non_null(strstr(e.msg, "the answer is larger than"));
        assert_null(buf_detach(&b, NULL)); /* half an answer is not handed out */
        assert_string_equal(b.p, "");
        buf_release(&b);
    }
    buf_init(&b, 300);
    buf_addf(&b, "%400d", 1);
    assert_int_equal(b.len, 0);
    assert_true(b.over);
    buf_clear(&b); /* forgets */
    buf_adds(&b, "ok");
    assert_string_equal(b.p, "ok");
    buf_release(&b);
}

static void buf_hands_over(void **state)
{
    (void)state;
    struct buf b;
    size_t n = 9;
    buf_init(&b, 100);
    char *s = buf_detach(&b, &n);
    assert_string_equal(s, "");
    assert_int_equal(n, 0);
    mem_free(s);
    buf_adds(&b, "goods");
    s = buf_detach(&b, &n);
    assert_string_equal(s, "goods");
    assert_int_equal(n, 5);
    assert_int_equal(b.len, 0);
    buf_adds(&b, "new"); /* the buffer is usable, and no longer theirs */
    assert_string_equal(s, "goods");
    mem_free(s);
    buf_release(&b);
}

static void buf_says_out_of_memory(void **state)
{
    (void)state;
    struct buf b;
    struct err e;
    buf_init(&b, 1000);
    buf_adds(&b, "kept");
    mem_fail_at(1, true);
    buf_addf(&b, "%500d", 1);
    mem_fail_at(0, false);
    buf_adds(&b, "ignored");
    assert_string_equal(b.p, "kept");
    assert_int_equal(buf_check(&b, "the list", &e), SOUK_ENOMEM);
    assert_non_null(strstr(e.msg, "the list: out of memory"));
    assert_int_equal(buf_check(&b, "the list", NULL), SOUK_ENOMEM);
    buf_release(&b);
}

/* Every piece is zeroed, aligned, and apart from every other. */
static void arena_pieces_do_not_touch(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 8 * 1024 * 1024);
    unsigned char *piece[400];
    size_t size[400];
    for (size_t i = 0; i < 400; i++) {
        size[i] = i % 50 == 49 ? 70000 : i * 7 % 900;
        piece[i] = arena_alloc(&a, size[i]);
        assert_non_null(piece[i]);
        assert_int_equal((uintptr_t)piece[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size[i]; k++) {
            assert_int_equal(piece[i][k], 0);
        }
        memset(piece[i], (int)(i & 0xFF), size[i]);
        assert_string_equal(arena_strdup(&a, "between"), "between");
    }
    for (size_t i = 0; i < 400; i++) {
        for (size_t k = 0; k < size[i]; k++) {
            assert_int_equal(piece[i][k], i & 0xFF);
        }
    }
    assert_string_equal(arena_strndup(&a, "cut here", 3), "cut");
    assert_string_equal(arena_strndup(&a, NULL, 0), "");
    assert_null(arena_strdup(&a, NULL));
    arena_release(&a);
    assert_int_equal(a.used, 0);
    assert_non_null(arena_alloc(&a, 1)); /* usable again */
    arena_release(&a);
}

static void arena_stops_at_its_cap(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 1000);
    assert_non_null(arena_alloc(&a, 900));
    assert_null(arena_alloc(&a, 101));
    assert_null(arena_strndup(&a, "", SIZE_MAX));
    volatile size_t huge = SIZE_MAX - 500; /* with the 900 it would wrap round */
    assert_null(arena_alloc(&a, huge));
    assert_non_null(arena_alloc(&a, 100));
    assert_int_equal(a.used, 1000);
    assert_null(arena_strdup(&a, ""));
    arena_release(&a);
}

static void arena_makes_few_allocations(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 64 * 1024 * 1024);
    unsigned long before = mem_count();
    for (int i = 0; i < 100000; i++) {
        assert_non_null(arena_strdup(&a, "a name of some thirty characters"));
    }
    assert_true(mem_count() - before < 20);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_fails_on_demand),
        cmocka_unit_test(zeroes_and_guards_products),
        cmocka_unit_test(lists_grow_and_stand_without_memory),
        cmocka_unit_test(buf_grows_and_stays_terminated),
        cmocka_unit_test(buf_formats_more_than_its_room),
        cmocka_unit_test(buf_stops_at_its_cap),
        cmocka_unit_test(buf_hands_over),
        cmocka_unit_test(buf_says_out_of_memory),
        cmocka_unit_test(arena_pieces_do_not_touch),
        cmocka_unit_test(arena_stops_at_its_cap),
        cmocka_unit_test(arena_makes_few_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
