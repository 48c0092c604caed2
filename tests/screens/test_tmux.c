/*
 * A second opinion: souk inside tmux, which is a terminal of its own making. tmux runs on the
 * harness's pty, so that waiting is for what it shows; what the pane holds is asked of tmux itself
 * (capture-pane) and must be what souk would draw on a plain grid of that size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "fixture.h"
#include "tests/tty/tty.h"

enum { COLS = 80, ROWS = 24, SCREEN_MAX = 64 << 10 };

static char *market, *scratch, socket_path[PATH_MAX];

static void see(struct tty *t, const char *text)
{
    if (!tty_wait_text(t, text))
        fail_msg("%s", tty_error(t));
}

static void write_conf(const char *term)
{
    char text[256];
    snprintf(text, sizeof text,
             "set -g default-terminal %s\nset -g status off\nset -s escape-time 0\n"
             "set -g mouse off\nset -s exit-empty on\n",
             term);
    fixture_write(scratch, "tmux.conf", text);
}

/* souk in the only pane of a tmux of its own; `env` is put before it in the shell's words. */
static struct tty *start(const char *term, const char *env)
{
    char conf[PATH_MAX], command[3 * PATH_MAX];
    static int sessions; /* a server that is ending must not be taken for a new one */
    const char *pass = getenv("ASAN_OPTIONS");
    write_conf(term);
    snprintf(conf, sizeof conf, "%s/tmux.conf", scratch);
    snprintf(socket_path, sizeof socket_path, "%s/socket%d", scratch, sessions++);
    snprintf(command, sizeof command,
             "env ASAN_OPTIONS='%s' %s %s --offline --network devnet --data %s --clock %s",
             pass ? pass : "", env, fixture_souk(), market, FIXTURE_CLOCK);
    const char *argv[] = {"tmux", "-u",          "-S",    socket_path, "-f",
                          conf,   "new-session", command, NULL};
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = COLS, .rows = ROWS});
    see(t, "og-1hr-volatility");
    see(t, "60 of 60");
    return t;
}

/* What tmux says is in the pane. */
static char *capture(void)
{
    char command[PATH_MAX + 64];
    snprintf(command, sizeof command, "tmux -S %s capture-pane -p", socket_path);
    FILE *f = popen(command, "r");
    char *text = calloc(1, SCREEN_MAX);
    assert_non_null(f);
    assert_non_null(text);
    size_t n = fread(text, 1, SCREEN_MAX - 1, f);
    text[n] = '\0';
    assert_int_equal(pclose(f), 0);
    return text;
}

/* The same screen on the test grid. */
static char *on_a_grid(const char *keys)
{
    char command[3 * PATH_MAX], script[256];
    snprintf(script, sizeof script, "wait idle\n%swait idle\ndump\n", keys);
    fixture_write(scratch, "script", script);
    snprintf(command, sizeof command,
             "LANG=C.UTF-8 %s --offline --network devnet --data %s --clock %s --term %dx%d "
             "--script %s/script",
             fixture_souk(), market, FIXTURE_CLOCK, COLS, ROWS, scratch);
    FILE *f = popen(command, "r");
    char *text = calloc(1, SCREEN_MAX);
    assert_non_null(f);
    assert_non_null(text);
    size_t n = fread(text, 1, SCREEN_MAX - 1, f);
    text[n] = '\0';
    assert_int_equal(pclose(f), 0);
    return text;
}

static void quit(struct tty *t)
{
    int status = -1;
    tty_keys(t, "Q");
    if (!tty_wait_exit(t, &status)) /* with its only pane gone, tmux ends */
        fail_msg("%s", tty_error(t));
    assert_int_equal(status, 0);
    tty_free(t);
}

static bool is_drawn(struct tty *t, void *arg)
{
    char *text = tty_text(t);
    bool same = strcmp(text, arg) == 0;
    free(text);
    return same;
}

/* What the grid has after these keys comes to stand in the pane, and on the terminal around it. */
static void check_same(struct tty *t, const char *keys)
{
    char *grid = on_a_grid(keys);
    if (!tty_wait(t, is_drawn, grid, "the screen as on the grid"))
        fail_msg("%s", tty_error(t));
    char *pane = capture();
    assert_string_equal(pane, grid);
    free(pane);
    free(grid);
}

static void test_market(void **state)
{
    (void)state;
    struct tty *t = start("tmux-256color", "");
    check_same(t, "");
    tty_keys(t, "jj");
    check_same(t, "jj\n");
    quit(t);
}

static void test_search(void **state)
{
    (void)state;
    struct tty *t = start("tmux-256color", "");
    tty_keys(t, "/eth vol");
    see(t, "4 of 60");
    char *pane = capture();
    assert_non_null(strstr(pane, "/eth vol"));
    assert_non_null(strstr(pane, "▌ og-1hr-volatility"));
    assert_null(strstr(pane, "spam-filter"));
    free(pane);
    tty_keys(t, "<Esc>");
    see(t, "60 of 60");
    quit(t);
}

static void test_model(void **state)
{
    (void)state;
    struct tty *t = start("tmux-256color", "");
    tty_keys(t, "<Enter>");
    see(t, "[ About ]");
    tty_keys(t, "<Tab><Tab><Tab>");
    see(t, "[ Calls");
    tty_keys(t, "G");
    see(t, "palette");
    tty_keys(t, "<Tab>");
    see(t, "How it is counted");
    char *pane = capture();
    assert_non_null(strstr(pane, "from the proven listing"));
    assert_null(strstr(pane, "WHEN"));
    free(pane);
    quit(t);
}

static void test_health_and_back(void **state)
{
    (void)state;
    struct tty *t = start("tmux-256color", "");
    tty_keys(t, "2");
    see(t, "called ever");
    tty_keys(t, "3");
    see(t, "▌    OpenGradient");
    tty_keys(t, "4");
    see(t, "last read");
    tty_keys(t, "1");
    check_same(t, "2341\n");
    quit(t);
}

/* Wide and foreign letters stand where tmux thinks they stand. */
static void test_foreign_names(void **state)
{
    (void)state;
    struct tty *t = start("tmux-256color", "");
    tty_keys(t, "/task:风险模型<Enter>");
    see(t, "1 of 60");
    see(t, "▌ 以太坊波动率模型");
    check_same(t, "/\ntype task:风险模型\n<Enter>\n");
    quit(t);
}

static void test_terms(void **state)
{
    (void)state;
    static const char *const terms[] = {"screen", "screen-256color", "xterm", "xterm-256color",
                                        "vt100"};
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        char env[64];
        snprintf(env, sizeof env, "TERM=%s", terms[i]);
        struct tty *t = start("screen-256color", env);
        tty_keys(t, "jj<Enter>");
        see(t, "mira/eth-vol-garch");
        see(t, "[ About ]");
        char *pane = capture();
        assert_non_null(strstr(pane, "0.005 USDC per call"));
        free(pane);
        quit(t);
    }
}

static void test_no_color(void **state)
{
    (void)state;
    struct tty *t = start("tmux-256color", "NO_COLOR=1");
    for (int y = 0; y < ROWS; y++)
        for (int x = 0; x < COLS; x++)
            assert_int_equal(tty_cell(t, y, x).fg.kind, TTY_DEFAULT);
    quit(t);
}

static void test_resize(void **state)
{
    (void)state;
    struct tty *t = start("tmux-256color", "");
    tty_resize(t, 60, 12);
    see(t, "? help  q back");
    tty_resize(t, COLS, ROWS);
    check_same(t, "");
    quit(t);
}

static int setup(void **state)
{
    (void)state;
    market = fixture_market();
    scratch = fixture_empty();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[PATH_MAX + 64];
    snprintf(command, sizeof command, "tmux -S %s kill-server 2>/dev/null", socket_path);
    int ignored = system(command); /* a test that failed may have left one */
    (void)ignored;
    fixture_free(market);
    fixture_free(scratch);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_find_souk(argv[0]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market),        cmocka_unit_test(test_search),
        cmocka_unit_test(test_model),         cmocka_unit_test(test_health_and_back),
        cmocka_unit_test(test_foreign_names), cmocka_unit_test(test_terms),
        cmocka_unit_test(test_no_color),      cmocka_unit_test(test_resize),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
