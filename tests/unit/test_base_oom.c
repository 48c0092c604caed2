/*
 * Memory runs out at every single allocation of every base function that allocates.
 *
 * walk() first counts what a scenario allocates, then repeats it with the first, the second, the
 * third... allocation failing, once alone and once with all that follow. A scenario must then say
 * so, or keep its promise without memory; the sanitizers see leaks and wild pointers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/banned.h"

/* Returns true when it did all it set out to do, false when it reported that it could not. */
typedef bool (*scenario_fn)(void);

static void walk(scenario_fn scenario)
{
    unsigned long before = mem_count();
    assert_true(scenario());
    unsigned long n = mem_count() - before;
    assert_true(n > 0);
    for (unsigned long i = 1; i <= n; i++) {
        for (int forever = 0; forever < 2; forever++) {
            mem_fail_at(i, forever);
            bool done = scenario();
            mem_fail_at(0, false);
            assert_false(done);
        }
    }
    assert_true(scenario()); /* and nothing stayed broken */
}

static bool copies_strings(void)
{
    char *a = mem_strdup("a");
    char *b = mem_strndup("bcd", 2);
    void *c = mem_zalloc(10);
    void *d = mem_array(3, 4);
    void *e = mem_alloc(5);
    void *f = e ? mem_resize(e, 50) : NULL;
    bool done = a && b && c && d && f;
    mem_free(a);
    mem_free(b);
    mem_free(c);
    mem_free(d);
    mem_free(f ? f : e);
    return done;
}

static bool fills_a_buffer(void)
{
    struct buf b;
    struct err e;
    buf_init(&b, 100000);
    for (int i = 0; i < 500; i++) {
        buf_addf(&b, "row %d of %300s|", i % 10, "many");
        buf_addc(&b, '\n');
        buf_adds(&b, "more");
    }
    assert_int_equal(strlen(b.p), b.len);
    bool full = b.over; /* 500 * 318 bytes do not fit: the cap must be what stops it */
    souk_err rc = buf_check(&b, "rows", &e);
    assert_int_equal(rc, SOUK_ENOMEM);
    buf_release(&b);
    return full;
}

static bool hands_over_a_buffer(void)
{
    struct buf b;
    size_t n;
    buf_init(&b, 1000);
    char *empty = buf_detach(&b, &n);
    assert_int_equal(n, 0);
    buf_adds(&b, "goods");
    char *s = buf_detach(&b, &n);
    assert_int_equal(n, s ? 5 : 0);
    bool done = empty && s;
    mem_free(empty);
    mem_free(s);
    buf_release(&b);
    return done;
}

static bool fills_an_arena(void)
{
    struct arena a;
    bool done = true;
    arena_init(&a, 10 * 1024 * 1024);
    for (int i = 0; i < 3000; i++) {
        char *s = arena_strdup(&a, "name");
        char *t = arena_strndup(&a, "more than that", 4);
        void *p = arena_alloc(&a, i % 500 == 0 ? 50000 : 40);
        assert_true(!s || strcmp(s, "name") == 0);
        assert_true(!t || strcmp(t, "more") == 0);
        done = done && s && t && p;
    }
    arena_release(&a);
    return done;
}

static bool makes_a_long_line(void)
{
    char text[1000];
    memset(text, 'x', sizeof text);
    struct line_text t;
    text_line(&t, untrusted_n(text, sizeof text), SIZE_MAX, TEXT_UNICODE);
    bool done = t.n == sizeof text && !t.cut;
    assert_true(done || (t.cut && t.n >= LINE_INLINE && t.width == (int)t.n));
    text_release(&t);
    return done;
}

static bool adds_text(void)
{
    struct buf b;
    buf_init(&b, 1000);
    text_add(&b, untrusted("a description, 模型, that is cut"), 18, TEXT_UNICODE);
    text_add_padded(&b, untrusted("right"), -100, TEXT_UNICODE);
    text_add_padded(&b, untrusted("left"), 200, TEXT_ASCII);
    bool done = buf_check(&b, "text", NULL) == SOUK_OK;
    buf_release(&b);
    return done;
}

static souk_err ignore(void *ud, const char *section, const char *key, const char *value,
                       struct err *e)
{
    (void)ud, (void)section, (void)key, (void)value, (void)e;
    return SOUK_OK;
}

static char path[] = "/tmp/souk-oom-XXXXXX";

static bool reads_an_ini(void)
{
    struct err e;
    souk_err rc = ini_read(path, ignore, NULL, &e);
    assert_true(rc == SOUK_OK || rc == SOUK_ENOMEM);
    return rc == SOUK_OK;
}

/* The log may lose a line, and is told to nobody: only the file can show it. */
static bool logs_a_line(void)
{
    struct err e;
    char text[8] = "";
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(log_open(path, &e), SOUK_OK);
    log_warn("disk %d", 1);
    log_close();
    FILE *f = fopen(path, "r");
    bool done = f && fread(text, 1, 4, f) == 4;
    fclose(f);
    return done;
}

static void strings(void **state)
{
    (void)state;
    walk(copies_strings);
}

static void buffers(void **state)
{
    (void)state;
    walk(fills_a_buffer);
    walk(hands_over_a_buffer);
}

static void arenas(void **state)
{
    (void)state;
    walk(fills_an_arena);
}

static void texts(void **state)
{
    (void)state;
    walk(makes_a_long_line);
    walk(adds_text);
}

static void files(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "[s]\nk = v\n", 10), 10);
    close(fd);
    walk(reads_an_ini);
    walk(logs_a_line);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings), cmocka_unit_test(buffers), cmocka_unit_test(arenas),
        cmocka_unit_test(texts),   cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
