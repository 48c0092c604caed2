/* err.h and clock.h: messages, codes, BUG, the fixed clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/banned.h"

static void sets_code_and_message(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(err_set(&e, SOUK_ENET, "no answer from %s:%d", "host", 80), SOUK_ENET);
    assert_int_equal(e.code, SOUK_ENET);
    assert_string_equal(e.msg, "no answer from host:80");
    assert_int_equal(err_set(NULL, SOUK_EVERIFY, "unheard"), SOUK_EVERIFY);
    assert_int_equal(err_nomem(&e), SOUK_ENOMEM);
    assert_int_equal(e.code, SOUK_ENOMEM);
    assert_non_null(strstr(e.msg, "out of memory"));
}

static void prefixes_keep_the_code(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, SOUK_EINPUT, "bad value");
    assert_int_equal(err_prefix(&e, "%s:%d", "souk.ini", 3), SOUK_EINPUT);
    assert_string_equal(e.msg, "souk.ini:3: bad value");
    err_set(&e, SOUK_EFAIL, "again: %s", e.msg); /* its own message as an argument */
    assert_string_equal(e.msg, "again: souk.ini:3: bad value");
    assert_int_equal(err_prefix(NULL, "nobody"), SOUK_EFAIL);
}

/* Wherever the cut falls in a multi-byte character, the message ends with a whole one. */
static void cuts_between_characters(void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        size_t n;
    } units[] = {{"x", 1}, {"é", 2}, {"語", 3}, {"🙂", 4}};
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++) {
        for (size_t shift = 0; shift < 4; shift++) {
            char text[ERR_MSG_MAX * 4];
            size_t len = 0;
            while (len < shift) {
                text[len++] = '-';
            }
            while (len < ERR_MSG_MAX * 2) {
                memcpy(text + len, units[u].unit, units[u].n);
                len += units[u].n;
            }
            text[len] = '\0';
            struct err e;
            err_set(&e, SOUK_EFAIL, "%s", text);
            size_t want = (ERR_MSG_MAX - 1 - shift) / units[u].n * units[u].n + shift;
            assert_int_equal(strlen(e.msg), want);
            assert_memory_equal(e.msg, text, want);
        }
    }
}

/* The signal that ended a child which called f. */
static int death_of(void (*f)(void))
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (!freopen("/dev/null", "w", stderr)) {
            _exit(1);
        }
        f();
        _exit(0);
    }
    int status = 0;
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void bug(void)
{
    BUG("%d is not %s", 1, "two");
}

static void advance_running_clock(void)
{
    clock_advance(1);
}

static void bugs_abort(void **state)
{
    (void)state;
    assert_int_equal(death_of(bug), SIGABRT);
    assert_false(clock_is_fixed());
    assert_int_equal(death_of(advance_running_clock), SIGABRT);
}

static void clock_stands_when_fixed(void **state)
{
    (void)state;
    assert_true(clock_now() > 1700000000); /* the real time, before it is fixed */
    clock_fix(1795000000);
    assert_true(clock_is_fixed());
    assert_int_equal(clock_now(), 1795000000);
    clock_advance(90);
    assert_int_equal(clock_now(), 1795000090);
    int64_t a = clock_mono_ms();
    assert_true(clock_mono_ms() >= a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_code_and_message),   cmocka_unit_test(prefixes_keep_the_code),
        cmocka_unit_test(cuts_between_characters), cmocka_unit_test(bugs_abort),
        cmocka_unit_test(clock_stands_when_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
