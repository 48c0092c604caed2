/*
 * Memory for secrets, and reading them: from a pipe here, from a terminal in
 * tests/screens/test_signer_tty.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "wallet/secret.h"

#include "base/banned.h"

static struct err e;

static int in_child(int (*fn)(void))
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn());
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* --- memory */

static void blocks_are_zeroed_and_locked(void **state)
{
    (void)state;
    static const uint8_t zero[5000];
    for (int i = 0; i < 3; i++) {
        uint8_t *p = secret_alloc(sizeof zero);
        assert_memory_equal(p, zero, sizeof zero);
        memset(p, 0xff, sizeof zero);
        secret_free(p);
    }
    assert_true(secret_locked());
    secret_free(secret_alloc(0));
    secret_free(NULL);
    mem_fail_at(1, false);
    assert_null(secret_alloc(1));
    mem_fail_at(0, false);
}

static int without_locks(void)
{
    const struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
        return 2;
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) /* root may lock all it wants */
        return 3;
    if (!secret_locked())
        return 4;
    uint8_t *p = secret_alloc(32);
    if (!p)
        return 5;
    p[31] = 1;
    secret_free(p);
    return secret_locked() ? 6 : 0;
}

static void a_refused_lock_is_told(void **state)
{
    (void)state;
    assert_int_equal(in_child(without_locks), 0);
    assert_true(secret_locked());
}

static int beyond_the_end(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGSEGV, SIG_DFL); /* ASan would report it otherwise */
    volatile uint8_t *p = secret_alloc(32);
    if (p)
        p[32] = 1;
    return 0;
}

static void blocks_are_guarded(void **state)
{
    (void)state;
    assert_int_equal(in_child(beyond_the_end), 128 + SIGSEGV);
}

static int hardened(void)
{
    struct rlimit core;
    if (secret_harden(NULL) != SOUK_OK || prctl(PR_GET_DUMPABLE) != 0)
        return 1;
    return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 ? 0 : 2;
}

static void a_hardened_process_leaves_no_core(void **state)
{
    (void)state;
    assert_int_equal(in_child(hardened), 0);
}

static bool memory_opens(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int fd = open(path, O_RDONLY);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Hardens itself when told to, and says so. */
static void victim(int from, int to)
{
    char c;
    if (read(from, &c, 1) == 1 && secret_harden(NULL) == SOUK_OK && write(to, &c, 1) == 1)
        _exit(read(from, &c, 1) != 0);
    _exit(1);
}

/* As an ordinary user, who may look into his other processes, this one's child included. */
static int looks_in(void)
{
    int to[2], from[2];
    char c = 0;
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        return 2;
    if (prctl(PR_SET_DUMPABLE, 1) != 0 || pipe(to) != 0 || pipe(from) != 0)
        return 3;
    pid_t pid = fork();
    if (pid == 0) {
        close(to[1]);
        victim(to[0], from[1]);
    }
    bool before = memory_opens(pid);
    if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
        return 4;
    bool after = memory_opens(pid);
    close(to[1]);
    int status = 1;
    waitpid(pid, &status, 0);
    return !before ? 5 : after ? 6 : status != 0;
}

static void nobody_looks_into_a_hardened_process(void **state)
{
    (void)state;
    assert_int_equal(in_child(looks_in), 0);
}

/* --- reading */

/* Reads a line from a pipe that holds these bytes and is closed behind them. */
static souk_err read_from(const char *bytes, size_t n, struct secret_text **out)
{
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(write(fd[1], bytes, n), n);
    close(fd[1]);
    souk_err r = secret_read_line(fd[0], out, &e);
    close(fd[0]);
    return r;
}

static void reads(const char *bytes, size_t n, const char *want)
{
    struct secret_text *t;
    assert_int_equal(read_from(bytes, n, &t), SOUK_OK);
    assert_int_equal(t->n, strlen(want));
    assert_string_equal(t->s, want);
    secret_free(t);
}

static void refuses(const char *bytes, size_t n, const char *why)
{
    struct secret_text *t;
    assert_int_equal(read_from(bytes, n, &t), SOUK_EINPUT);
    assert_null(t);
    assert_non_null(strstr(e.msg, why));
}

static void lines_are_read(void **state)
{
    (void)state;
    reads("word\n", 5, "word");
    reads("word\r\n", 6, "word");
    reads("word", 4, "word");
    reads("\n", 1, "");
    reads("w\xc3\xb6rd \t\n", 8, "w\xc3\xb6rd \t");
    refuses("", 0, "before a secret came");
    refuses("wo\0rd\n", 6, "NUL");
    refuses("w\xc3\x28\n", 4, "UTF-8");
    refuses("\xc0\xaf\n", 3, "UTF-8");
    struct secret_text *t;
    assert_int_equal(secret_read_line(-1, &t, &e), SOUK_EINPUT);
    assert_null(t);
}

static void long_lines_are_refused(void **state)
{
    (void)state;
    char line[SECRET_TEXT_MAX + 2];
    memset(line, 'a', sizeof line);
    struct secret_text *t;
    line[SECRET_TEXT_MAX - 1] = '\n';
    assert_int_equal(read_from(line, SECRET_TEXT_MAX, &t), SOUK_OK);
    assert_int_equal(t->n, SECRET_TEXT_MAX - 1);
    secret_free(t);
    line[SECRET_TEXT_MAX - 1] = 'a';
    line[SECRET_TEXT_MAX] = '\n';
    refuses(line, SECRET_TEXT_MAX + 1, "longer than");
}

static void nothing_beyond_the_line_is_read(void **state)
{
    (void)state;
    int fd[2];
    struct secret_text *t;
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(write(fd[1], "one\ntwo\n", 8), 8);
    assert_int_equal(secret_read_line(fd[0], &t, &e), SOUK_OK);
    assert_string_equal(t->s, "one");
    secret_free(t);
    assert_int_equal(secret_read_line(fd[0], &t, &e), SOUK_OK);
    assert_string_equal(t->s, "two");
    secret_free(t);
    close(fd[1]);
    /* and a pipe is no terminal to ask at */
    assert_int_equal(secret_prompt(fd[0], "? ", &t, &e), SOUK_EINPUT);
    assert_null(t);
    close(fd[0]);
}

int main(void)
{
    if (secret_start(&e))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_zeroed_and_locked),
        cmocka_unit_test(a_refused_lock_is_told),
        cmocka_unit_test(blocks_are_guarded),
        cmocka_unit_test(a_hardened_process_leaves_no_core),
        cmocka_unit_test(nobody_looks_into_a_hardened_process),
        cmocka_unit_test(lines_are_read),
        cmocka_unit_test(long_lines_are_refused),
        cmocka_unit_test(nothing_beyond_the_line_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
