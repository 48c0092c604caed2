/*
 * Who has the terminal: keys come while it is ours, none while it is lent, and what was typed to
 * the borrower never becomes a key of ours. On a pseudo-terminal, with a backend that only counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "ui/terminal.h"
#include "base/banned.h"

static struct {
    struct backend base;
    struct backend_ops ops;
    int master, slave, suspended, resumed;
    bool none;
} fake;

static struct {
    char typed[64];
    int resized, gone, code;
} seen;

static void fake_size(struct backend *b, int *w, int *h)
{
    (void)b;
    *w = 80;
    *h = 24;
}

static int fake_input(struct backend *b)
{
    (void)b;
    return fake.none ? -1 : fake.slave;
}

static int fake_open(struct backend *b)
{
    (void)b;
    return fcntl(fake.slave, F_DUPFD_CLOEXEC, 3);
}

/* As a shell has it: what is typed shows. */
static void fake_suspend(struct backend *b)
{
    struct termios shell;
    (void)b;
    assert_int_equal(tcgetattr(fake.slave, &shell), 0);
    shell.c_lflag |= ECHO;
    assert_int_equal(tcsetattr(fake.slave, TCSANOW, &shell), 0);
    fake.suspended++;
}

static void fake_resume(struct backend *b)
{
    (void)b;
    fake.resumed++;
}

static void on_event(void *ud, const struct event *ev)
{
    (void)ud;
    size_t n = strlen(seen.typed);
    if (ev->kind == EV_KEY && n + 1 < sizeof seen.typed) {
        seen.typed[n] = (char)ev->key.code;
    }
}

static void on_resized(void *ud, int w, int h)
{
    (void)ud;
    assert_int_equal(w, 80);
    assert_int_equal(h, 24);
    seen.resized++;
}

static void on_gone(void *ud, int code)
{
    (void)ud;
    seen.gone++;
    seen.code = code;
}

static bool enough(void *ud)
{
    (void)ud;
    return seen.gone > 0;
}

struct world {
    struct loop *loop;
    struct terminal t;
};

static int setup(void **state)
{
    struct world *w = mem_zalloc(sizeof *w);
    memset(&seen, 0, sizeof seen);
    memset(&fake, 0, sizeof fake);
    fake.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(fake.master >= 0 && grantpt(fake.master) == 0 && unlockpt(fake.master) == 0);
    fake.slave = open(ptsname(fake.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct termios raw;
    assert_int_equal(tcgetattr(fake.slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(fake.slave, TCSANOW, &raw), 0);
    fake.ops = (struct backend_ops){.size = fake_size,
                                    .input_fd = fake_input,
                                    .open_terminal = fake_open,
                                    .suspend = fake_suspend,
                                    .resume = fake_resume};
    fake.base.ops = &fake.ops;
    w->loop = loop_new(NULL);
    static const struct terminal_events on = {on_event, on_resized, on_gone, enough};
    terminal_init(&w->t, w->loop, &fake.base, &on, NULL);
    assert_int_equal(terminal_start(&w->t, NULL), SOUK_OK);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    terminal_end(&w->t);
    terminal_release(&w->t);
    loop_free(w->loop);
    close(fake.master);
    close(fake.slave);
    mem_free(w);
    return 0;
}

static void type(const char *bytes)
{
    assert_int_equal(write(fake.master, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
}

/* The bytes have arrived on the other side: the pty hands them over at once, or soon. */
static void wait_arrived(int n)
{
    int there = 0;
    while (there < n) {
        assert_int_equal(ioctl(fake.slave, FIONREAD, &there), 0);
    }
}

static void test_lent_and_taken(void **state)
{
    struct world *w = *state;
    type("a");
    while (!seen.typed[0]) {
        loop_step(w->loop, -1);
    }
    assert_string_equal(seen.typed, "a");

    int fd = terminal_lend(&w->t, "over to you");
    assert_true(fd >= 0 && terminal_is_lent(&w->t));
    assert_int_equal(fake.suspended, 1);
    char words[64] = "";
    assert_int_equal(read(fake.master, words, sizeof words - 1), 12);
    assert_string_equal(words, "over to you\n");

    type("secret");
    wait_arrived(6);
    loop_step(w->loop, 0);
    loop_step(w->loop, 0);
    assert_string_equal(seen.typed, "a"); /* not a byte was read */
    int shown = 0;
    assert_int_equal(ioctl(fake.master, FIONREAD, &shown), 0);
    assert_int_equal(shown, 0); /* nor shown, asked for or not */
    char got[4];
    assert_int_equal(read(fd, got, 3), 3); /* the borrower reads some, and leaves some */

    terminal_take(&w->t);
    assert_false(terminal_is_lent(&w->t));
    assert_int_equal(fake.resumed, 1);
    assert_int_equal(seen.resized, 1);
    type("b");
    while (!seen.typed[1]) {
        loop_step(w->loop, -1);
    }
    assert_string_equal(seen.typed, "ab");
    terminal_take(&w->t); /* nothing is lent: nothing happens */
    assert_int_equal(fake.resumed, 1);
}

/* Half a key before the loan is not the beginning of one after it. */
static void test_half_a_key_does_not_survive(void **state)
{
    struct world *w = *state;
    type("\033[");
    while (!input_pending(&w->t.input)) {
        loop_step(w->loop, -1);
    }
    terminal_lend(&w->t, "");
    terminal_take(&w->t);
    type("x");
    while (!seen.typed[0]) {
        loop_step(w->loop, -1);
    }
    assert_string_equal(seen.typed, "x");
}

static void signal_and_step(struct world *w, int signo)
{
    kill(getpid(), signo);
    for (int i = 0; i < 3; i++) {
        loop_step(w->loop, 0);
    }
}

static void test_signals_while_lent(void **state)
{
    struct world *w = *state;
    terminal_lend(&w->t, "");
    signal_and_step(w, SIGINT); /* the borrower's */
    signal_and_step(w, SIGWINCH);
    assert_int_equal(seen.gone, 0);
    assert_int_equal(seen.resized, 0);
    signal_and_step(w, SIGTERM);
    assert_int_equal(seen.gone, 1);
    assert_int_equal(seen.code, SOUK_ECANCEL);
    terminal_take(&w->t);
    seen.gone = 0;
    signal_and_step(w, SIGINT);
    assert_int_equal(seen.gone, 1);
}

static void test_no_terminal_no_loan(void **state)
{
    struct world *w = *state;
    terminal_end(&w->t);
    fake.none = true;
    assert_int_equal(terminal_start(&w->t, NULL), SOUK_OK);
    fake.suspended = 0;
    assert_int_equal(terminal_lend(&w->t, "words"), -1);
    assert_false(terminal_is_lent(&w->t));
    assert_int_equal(fake.suspended, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lent_and_taken),
        TEST(test_half_a_key_does_not_survive),
        TEST(test_signals_while_lent),
        TEST(test_no_terminal_no_loan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
