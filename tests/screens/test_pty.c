/*
 * The real program on a real terminal: what it draws, what keys do, and that the terminal is given
 * back whatever happens. Nothing here waits for time: every wait is for something to be seen.
 *
 * Each session ends with the guard's verdict (tests/tty/tty_guard.h): not a byte that curses would
 * not have written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "tests/tty/tty.h"

static char *market, *empty;

/* --- sessions */

static void check(struct tty *t, bool ok)
{
    if (!ok)
        fail_msg("%s", tty_error(t));
}

static void see(struct tty *t, const char *text)
{
    check(t, tty_wait_text(t, text));
}

static void see_no(struct tty *t, const char *text)
{
    check(t, tty_wait_no_text(t, text));
}

static struct tty *start_with(const char *data, const char *network, struct tty_opts o)
{
    const char *argv[] = {fixture_souk(), "--offline", "--network",   network, "--data",
                          data,           "--clock",   FIXTURE_CLOCK, NULL};
    o.argv = argv;
    return tty_spawn(&o);
}

/* On the market, drawn and complete. */
static struct tty *start(int cols, int rows)
{
    struct tty *t = start_with(market, "devnet", (struct tty_opts){.cols = cols, .rows = rows});
    see(t, "▌ og-1hr-volatility");
    return t;
}

static void check_clean(struct tty *t)
{
    char *report = tty_violation_report(t);
    assert_string_equal(report, "");
    free(report);
}

/* The shell has its terminal back: settings, screen, cursor, mouse. */
static void check_restored(struct tty *t)
{
    char *before = tty_stty_before(t), *after = tty_stty(t);
    assert_string_equal(after, before);
    free(before);
    free(after);
    assert_false(tty_altscreen(t));
    assert_true(tty_cursor_visible(t));
    assert_false(tty_mouse(t));
}

static void ends(struct tty *t, int expected)
{
    int status = -1;
    check(t, tty_wait_exit(t, &status));
    check_restored(t);
    check_clean(t);
    if (status != expected)
        fail_msg("exit %d, not %d\n%s", status, expected, tty_text(t));
    tty_free(t);
}

static void quit(struct tty *t)
{
    tty_keys(t, "Q");
    ends(t, 0);
}

/* --- the screen and the keys */

static void test_first_frame(void **state)
{
    (void)state;
    struct tty *t = start(120, 40);
    see(t, "60 of 60");
    see(t, "by OpenGradient"); /* the preview */
    assert_true(tty_altscreen(t));
    assert_true(tty_mouse(t));
    assert_string_equal(tty_title(t), "");
    quit(t);
}

static void test_walking(void **state)
{
    (void)state;
    struct tty *t = start(80, 24);
    tty_keys(t, "j");
    see(t, "▌ og-30min");
    tty_keys(t, "<Down><Down>");
    see(t, "▌ spam-filter");
    tty_keys(t, "k");
    see(t, "▌ eth-vol-garch");
    tty_keys(t, "G");
    see_no(t, "og-1hr");
    tty_keys(t, "<Home>");
    see(t, "▌ og-1hr");
    tty_keys(t, "<Enter>");
    see(t, "Market › OpenGradient/og-1hr");
    see(t, "[ About ]");
    tty_keys(t, "<Tab>");
    see(t, "[ Versions 3 ]");
    tty_keys(t, "<Left>");
    see(t, "[ About ]");
    tty_keys(t, "<Esc>");
    see(t, "▌ og-1hr");
    quit(t);
}

static void test_search_as_you_type(void **state)
{
    (void)state;
    struct tty *t = start(80, 24);
    tty_keys(t, "/");
    tty_keys(t, "skew");
    see(t, "/skew");
    see(t, "1 of 60");
    see(t, "eth-skew-surface");
    tty_keys(t, "<Backspace><Backspace><Backspace><Backspace>funding");
    see(t, "▌ funding-rate-12");
    tty_keys(t, "<Down>"); /* the rows can be walked while the search is open */
    see(t, "▌ funding-rate");
    see_no(t, "▌ funding-rate-12");
    tty_keys(t, "<Enter>");
    tty_keys(t, "<Esc>"); /* takes the search away first */
    see(t, "60 of 60");
    assert_true(tty_altscreen(t));
    tty_keys(t, "<Esc>"); /* then leaves */
    ends(t, 0);
}

static void test_menus(void **state)
{
    (void)state;
    struct tty *t = start(80, 24);
    tty_keys(t, "s");
    see(t, "Sort by");
    tty_keys(t, "<Esc>");
    see_no(t, "Sort by");
    tty_keys(t, "s");
    see(t, "Sort by");
    tty_keys(t, "name<Enter>");
    see_no(t, "Sort by");
    see(t, "MODEL▴");
    tty_keys(t, "I");
    see(t, "MODEL▾");
    tty_keys(t, "f");
    see(t, "any task");
    tty_keys(t, "<Enter>");
    see(t, "alive only");
    tty_keys(t, ":");
    see(t, "What to do");
    tty_keys(t, "health<Enter>");
    see(t, "called ever");
    tty_keys(t, "<F1>");
    see(t, "On this screen");
    tty_keys(t, "<Esc>");
    see_no(t, "On this screen");
    tty_keys(t, "?"); /* of the figure under the cursor */
    see(t, "models on the Hub now");
    see(t, "Where from");
    quit(t);
}

/* Wherever one is, q and q again leads out. */
static void test_q_never_traps(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *on, *more, *there;
        int q;
    } ways[] = {
        {"", "60 of 60", "", "60 of 60", 1},
        {"<Enter>", "[ About ]", "", "[ About ]", 2},
        {"<Enter>", "[ About ]", "<Tab><Tab>", "[ Offers", 2},
        {"<Enter>", "[ About ]", "a", "latest payments", 3},
        {"2", "called ever", "", "called ever", 1},
        {"2", "called ever", "e", "Where from", 2},
        {"2", "called ever", "<Tab><Tab><Tab>", "Lorenz", 1},
        {"2", "called ever", "F", "By rule", 2},
        {"3", "UNATTRIBUTED", "", "▌    OpenGradient", 1},
        {"3", "▌    OpenGradient", "<Enter>", "latest payments", 2},
        {"3", "▌    OpenGradient", "<Enter><S-Tab>", "[Unattributed", 2},
        {"4", "last read", "", "last read", 1},
        {"?", "On this screen", "", "On this screen", 2},
        {"<Space><Space>C", "Compare", "", "Compare", 2},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct tty *t = start(130, 40);
        see(t, "60 of 60");
        tty_keys(t, ways[i].keys);
        see(t, ways[i].on);
        tty_keys(t, ways[i].more);
        see(t, ways[i].there);
        for (int q = 0; q < ways[i].q; q++) {
            assert_true(tty_altscreen(t));
            tty_keys(t, "q");
        }
        ends(t, 0);
    }
}

/* Newer figures come in another order: the user stays with the model he was on. */
static void test_selection_stays(void **state)
{
    (void)state;
    struct tty *t = start(120, 40);
    tty_keys(t, "jjjj");
    see(t, "▌ eth-skew-surface");
    tty_keys(t, "[");
    see(t, "CALLS 7d");
    see(t, "▌ eth-skew-surface");
    tty_keys(t, "]]");
    see(t, "CALLS 90d");
    see(t, "▌ eth-skew-surface");
    quit(t);
}

static void add_keys(char *out, const char *keys, int times)
{
    for (int i = 0; i < times; i++)
        strcat(out, keys);
}

static void test_flood(void **state)
{
    (void)state;
    char keys[2048] = "";
    struct tty *t = start(80, 24);
    add_keys(keys, "jk", 498);
    add_keys(keys, "j", 4); /* 1,000 keys, four rows down */
    tty_keys(t, keys);
    see(t, "▌ eth-skew-surface");
    tty_keys(t, "G");
    see(t, "▌ arb-window-35");
    char *bottom = tty_text(t);
    tty_keys(t, "g");
    see(t, "▌ og-1hr");
    keys[0] = '\0';
    add_keys(keys, "j", 1000);
    tty_keys(t, keys);
    see_no(t, "og-1hr");
    tty_keys(t, "?"); /* seen only after all keys before it were read */
    see(t, "On this screen");
    tty_keys(t, "<Esc>");
    see_no(t, "On this screen");
    see(t, "▌ arb-window-35");
    char *now = tty_text(t);
    assert_string_equal(now, bottom);
    free(now);
    free(bottom);
    quit(t);
}

/* --- mouse, paste, clipboard */

static void test_mouse(void **state)
{
    (void)state;
    int row, col;
    struct tty *t = start(120, 40);
    see(t, "60 of 60");
    assert_true(tty_find(t, "PAYERS", &row, &col));
    tty_click(t, 1, row, col + 2);
    see(t, "PAYERS▾");
    tty_click(t, 1, row, col + 2);
    see(t, "PAYERS▴");
    assert_true(tty_find(t, "MODEL", &row, &col));
    tty_click(t, 1, row, col);
    see(t, "MODEL▴");
    tty_click(t, 1, row + 3, col + 2);
    see_no(t, "▌ a-model");
    tty_click(t, 1, row + 3, col + 2); /* again: opens */
    see(t, "[ About ]");
    tty_keys(t, "<Esc>");
    see_no(t, "[ About ]");
    assert_true(tty_find(t, "2 Health", &row, &col));
    tty_click(t, 1, row, col + 3);
    see(t, "called ever");
    tty_keys(t, "m");
    see(t, "mouse off");
    assert_false(tty_mouse(t));
    quit(t);
}

static void test_paste(void **state)
{
    (void)state;
    struct tty *t = start(80, 24);
    see(t, "60 of 60");
    tty_paste(t, "QQqq\rjjj"); /* pasted keys are not keys */
    tty_keys(t, "/");
    tty_paste(t, "gar\x1b[2Jch\nQ");
    see(t, "/gar");
    see(t, "No model fits");
    assert_true(tty_altscreen(t));
    assert_true(tty_find(t, "souk", NULL, NULL)); /* the escape was not obeyed by anyone */
    tty_keys(t, "<Esc>");
    see(t, "▌ og-1hr");
    quit(t);
}

static size_t count(const struct tty *t, const char *what)
{
    size_t n, found = 0, len = strlen(what);
    const char *raw = tty_raw(t, &n, NULL);
    for (size_t i = 0; i + len <= n; i++)
        found += memcmp(raw + i, what, len) == 0;
    return found;
}

static void test_clipboard_only_on_demand(void **state)
{
    (void)state;
    static const char *const osc[] = {"52;c;*", NULL};
    struct tty *t = start_with(market, "devnet",
                               (struct tty_opts){.cols = 100, .rows = 30, .policy = {.osc = osc}});
    see(t, "60 of 60");
    tty_keys(t, "<Enter>");
    see(t, "[ About ]");
    tty_keys(t, "<Tab><Tab><Tab><Tab>");
    see(t, "[ Proof ]");
    assert_int_equal(count(t, "\033]"), 0);
    tty_keys(t, "y");
    see(t, "the blob id copied");
    assert_int_equal(count(t, "\033]52;c;"), 1);
    assert_int_equal(count(t, "\033]"), 1);
    quit(t);
}

/* --- sizes */

static void test_resize(void **state)
{
    (void)state;
    struct tty *t = start(80, 24);
    see(t, "60 of 60");
    tty_resize(t, 40, 10);
    see_no(t, "INCOME");
    see(t, "og-1hr");
    tty_resize(t, 200, 60);
    see(t, "unpaid calls only");
    tty_resize(t, 19, 4);
    see(t, "too small");
    tty_resize(t, 80, 24);
    see(t, "souk 1Market 2Health 3Authors 4Activity 5Wallet 6Library");
    see(t, "s sort  : palette  ? help  q back");
    char *now = tty_text(t);
    struct tty *fresh = start(80, 24);
    see(fresh, "60 of 60");
    see(fresh, "s sort  : palette  ? help  q back");
    char *same = tty_text(fresh);
    assert_string_equal(now, same);
    free(now);
    free(same);
    quit(fresh);
    quit(t);
}

static void test_resize_storm(void **state)
{
    (void)state;
    struct tty *t = start(80, 24);
    for (int i = 0; i < 50; i++)
        tty_resize(t, 60 + (i * 37) % 100, 15 + (i * 11) % 40);
    tty_resize(t, 120, 40);
    see(t, "by OpenGradient");
    see(t, "60 of 60 · 30d");
    int cols, rows;
    tty_size(t, &cols, &rows);
    assert_int_equal(cols, 120);
    tty_keys(t, "2"); /* and it still listens */
    see(t, "called ever");
    quit(t);
}

/* --- ends */

static void test_signals_restore(void **state)
{
    (void)state;
    static const int signals[] = {SIGTERM, SIGHUP, SIGINT};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct tty *t = start(80, 24);
        tty_signal(t, signals[i]);
        ends(t, 130);
    }
}

/* What a crash says goes to the restored screen; the guard has no say in that. */
static void test_crash_restores(void **state)
{
    (void)state;
    static const int signals[] = {SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct tty *t = start(80, 24);
        int status = 0;
        tty_signal(t, signals[i]);
        check(t, tty_wait_exit(t, &status));
        assert_int_not_equal(status, 0);
        check_restored(t);
        tty_free(t);
    }
}

static bool is_stopped(struct tty *t, void *arg)
{
    char path[64], stat[256] = "";
    (void)arg;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)tty_pid(t));
    FILE *f = fopen(path, "r");
    if (f) {
        stat[fread(stat, 1, sizeof stat - 1, f)] = '\0';
        fclose(f);
    }
    const char *after = strrchr(stat, ')');
    return after && after[2] == 'T' && !tty_altscreen(t);
}

static bool is_back(struct tty *t, void *arg)
{
    return tty_altscreen(t) && tty_find(t, arg, NULL, NULL);
}

static void test_suspend(void **state)
{
    (void)state;
    struct tty *t = start(80, 24);
    for (int way = 0; way < 2; way++) {
        if (way)
            tty_signal(t, SIGTSTP);
        else
            tty_keys(t, "<C-z>");
        check(t, tty_wait(t, is_stopped, NULL, "the program stopped, its terminal restored"));
        check_restored(t);
        tty_resize(t, way ? 80 : 100, 30); /* while nobody listens */
        tty_signal(t, SIGCONT);
        check(t, tty_wait(t, is_back, (void *)(uintptr_t) "▌ og-1hr", "the screen came back"));
        see(t, "60 of 60 · 30d");
        assert_true(tty_mouse(t));
        tty_keys(t, "3");
        see(t, "▌    OpenGradient");
        tty_keys(t, "1");
        see(t, "▌ og-1hr");
    }
    quit(t);
}

/* --- terminals */

static void test_kinds_of_terminal(void **state)
{
    (void)state;
    /* The last two have fonts without braille and blocks: they are drawn in ASCII. */
    static const char *const terms[] = {
        "xterm", "xterm-256color", "screen", "tmux-256color", "screen-256color", "linux", "vt100"};
    enum { UNICODE = 5 };
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        struct tty *t = start_with(market, "devnet",
                                   (struct tty_opts){.cols = 100, .rows = 30, .term = terms[i]});
        see(t, " og-1hr");
        see(t, "60 of 60");
        tty_keys(t, "<Down><Down>");
        see(t, i < UNICODE ? "▌ eth-vol-garch" : "> eth-vol-garch");
        tty_keys(t, "<Enter>");
        see(t, "[ About ]");
        tty_keys(t, "2");
        see(t, "called ever");
        quit(t);
    }
}

/* Nothing on the screen has a colour, and the selected row still stands out. */
static void check_no_color(struct tty *t)
{
    int cols, rows;
    tty_size(t, &cols, &rows);
    bool reverse = false;
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < cols; x++) {
            struct tty_cell c = tty_cell(t, y, x);
            assert_int_equal(c.fg.kind, TTY_DEFAULT);
            assert_int_equal(c.bg.kind, TTY_DEFAULT);
            reverse = reverse || c.reverse;
        }
    assert_true(reverse);
}

static void test_no_color(void **state)
{
    (void)state;
    struct tty *t =
        start_with(market, "devnet", (struct tty_opts){.cols = 100, .rows = 30, .no_color = true});
    see(t, "60 of 60");
    check_no_color(t);
    tty_keys(t, "<Enter>");
    see(t, "[ About ]");
    tty_keys(t, "2");
    see(t, "called ever");
    check_no_color(t); /* the figure under the cursor stands out too */
    static const char *const panes[] = {"[Trends]", "[Who returns]", "[Authors]",
                                        "[Prices]", "[Genuine]",     "[Sources]"};
    for (size_t i = 0; i < sizeof panes / sizeof *panes; i++) {
        tty_keys(t, "<Tab>");
        see(t, panes[i]);
        check_no_color(t);
    }
    quit(t);
    t = start_with(market, "devnet", (struct tty_opts){.cols = 100, .rows = 30, .term = "vt100"});
    see(t, "60 of 60");
    check_no_color(t);
    quit(t);
}

static void test_colors(void **state)
{
    (void)state;
    static const struct {
        const char *term;
        const char *env;
        enum tty_color_kind kind;
        int most;
    } cases[] = {
        {"xterm", "COLORTERM=", TTY_INDEXED, 7},
        {"linux", "COLORTERM=", TTY_INDEXED, 7},
        {"xterm-256color", "COLORTERM=", TTY_INDEXED, 255},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *env[] = {cases[i].env, NULL};
        struct tty *t = start_with(
            market, "devnet",
            (struct tty_opts){.cols = 100, .rows = 30, .term = cases[i].term, .env = env});
        see(t, "60 of 60");
        int colored = 0;
        for (int x = 0; x < 100; x++)
            for (int y = 0; y < 30; y++) {
                struct tty_color c = tty_cell(t, y, x).fg;
                if (c.kind != TTY_DEFAULT) {
                    colored++;
                    assert_int_equal(c.kind, cases[i].kind);
                    assert_in_range(c.index, 0, cases[i].most);
                }
            }
        assert_true(colored > 20);
        quit(t);
    }
}

static void test_no_unicode(void **state)
{
    (void)state;
    static const char *const env[] = {"LANG=C", NULL};
    struct tty *t =
        start_with(market, "devnet", (struct tty_opts){.cols = 100, .rows = 30, .env = env});
    see(t, "og-1hr-volatility");
    see(t, "60 of 60");
    tty_keys(t, "<Enter>");
    see(t, "[ About ]");
    size_t n;
    const char *raw = tty_raw(t, &n, NULL);
    for (size_t i = 0; i < n; i++)
        assert_true((unsigned char)raw[i] < 0x80);
    quit(t);
}

/* One line that says what is wrong and what to do, and nothing else. */
static void refuses(const char *term, const char *words)
{
    int status;
    /* curses keeps what it allocated to find out that it knows no such terminal */
    static const char *const env[] = {"ASAN_OPTIONS=detect_leaks=0", NULL};
    struct tty *t = start_with(
        market, "devnet", (struct tty_opts){.cols = 200, .rows = 10, .term = term, .env = env});
    check(t, tty_wait_exit(t, &status));
    assert_int_equal(status, 2);
    char *first = tty_row(t, 0), *second = tty_row(t, 1);
    assert_int_equal(strncmp(first, "souk: ", 6), 0);
    if (!strstr(first, words))
        fail_msg("\"%s\" does not say \"%s\"", first, words);
    assert_string_equal(second, "");
    free(first);
    free(second);
    check_restored(t);
    check_clean(t);
    tty_free(t);
}

static void test_unfit_terminals(void **state)
{
    (void)state;
    refuses("dumb", "TERM");
    refuses("no-such-terminal", "TERM");
}

/* Without any terminal there is one line; with standard input elsewhere the terminal still serves.
 */
static void test_not_a_terminal(void **state)
{
    (void)state;
    char script[2 * PATH_MAX];
    const char *argv[] = {"sh", "-c", script, NULL};
    snprintf(script, sizeof script, "setsid -w %s --offline --data %s </dev/null 2>&1 | cat",
             fixture_souk(), market);
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = 200, .rows = 10});
    check(t, tty_wait_exit(t, NULL));
    char *first = tty_row(t, 0), *second = tty_row(t, 1);
    assert_int_equal(strncmp(first, "souk: ", 6), 0);
    assert_string_equal(second, "");
    free(first);
    free(second);
    check_clean(t);
    tty_free(t);

    snprintf(script, sizeof script, "%s --offline --data %s --clock %s </dev/null", fixture_souk(),
             market, FIXTURE_CLOCK);
    t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = 100, .rows = 30});
    see(t, "60 of 60");
    quit(t);
}

/* --- without a network */

static void test_first_screen_offers_the_devnet(void **state)
{
    (void)state;
    static const char *const env[] = {"SOUK_ASSETS=/nonexistent", NULL};
    struct tty *t =
        start_with(empty, "opengradient", (struct tty_opts){.cols = 100, .rows = 30, .env = env});
    see(t, "Nothing of the network opengradient is on this machine yet.");
    see(t, "D   open the built-in market instead");
    tty_keys(t, "S"); /* says why not, and changes nothing */
    see(t, "offline");
    tty_keys(t, "D"); /* leaves the screen for the devnet, whose parts are not here */
    int status;
    check(t, tty_wait_exit(t, &status));
    assert_int_not_equal(status, 0);
    assert_true(tty_find(t, "souk: ", NULL, NULL));
    check_restored(t);
    check_clean(t);
    tty_free(t);
}

/* Of the whole process: no socket among its files, and the HTTP library was never loaded. */
static void check_no_network(struct tty *t)
{
    char dir[64], path[PATH_MAX], target[PATH_MAX];
    snprintf(dir, sizeof dir, "/proc/%d/fd", (int)tty_pid(t));
    DIR *d = opendir(dir);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        ssize_t n = readlink(path, target, sizeof target - 1);
        if (n > 0) {
            target[n] = '\0';
            if (strncmp(target, "socket:", 7) == 0)
                fail_msg("a socket is open: %s", path);
        }
    }
    closedir(d);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)tty_pid(t));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(target, sizeof target, f))
        assert_null(strstr(target, "libcurl"));
    fclose(f);
}

static void test_offline_asks_nobody(void **state)
{
    (void)state;
    struct tty *t = start(100, 30);
    see(t, "60 of 60");
    tty_keys(t, "S");
    see(t, "offline: nothing is asked");
    tty_keys(t, "<Enter>");
    see(t, "[ About ]");
    tty_keys(t, "<Tab>");
    see(t, "[ Versions");
    check_no_network(t);
    quit(t);
}

static int setup(void **state)
{
    (void)state;
    market = fixture_market();
    empty = fixture_empty();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_free(market);
    fixture_free(empty);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_find_souk(argv[0]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_frame),
        cmocka_unit_test(test_walking),
        cmocka_unit_test(test_search_as_you_type),
        cmocka_unit_test(test_menus),
        cmocka_unit_test(test_q_never_traps),
        cmocka_unit_test(test_selection_stays),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_mouse),
        cmocka_unit_test(test_paste),
        cmocka_unit_test(test_clipboard_only_on_demand),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_resize_storm),
        cmocka_unit_test(test_signals_restore),
        cmocka_unit_test(test_crash_restores),
        cmocka_unit_test(test_suspend),
        cmocka_unit_test(test_kinds_of_terminal),
        cmocka_unit_test(test_no_color),
        cmocka_unit_test(test_colors),
        cmocka_unit_test(test_no_unicode),
        cmocka_unit_test(test_unfit_terminals),
        cmocka_unit_test(test_not_a_terminal),
        cmocka_unit_test(test_first_screen_offers_the_devnet),
        cmocka_unit_test(test_offline_asks_nobody),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
