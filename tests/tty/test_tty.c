/*
 * The harness, proved on programs whose behaviour is known: sh, printf, cat, stty and minicurses
 * (../bench/minicurses beside this program's directory, or argv[1]).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tty.h"
#include "tty_svg.h"

static char minicurses[4096];

static struct tty *spawn_sh(const char *script)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    return tty_spawn(&(struct tty_opts){.argv = argv, .cols = 40, .rows = 10});
}

static void check(struct tty *t, bool ok)
{
    if (!ok)
        fail_msg("%s", tty_error(t));
}

static void check_clean(const struct tty *t)
{
    char *report = tty_violation_report(t);
    assert_string_equal(report, "");
    free(report);
}

static void finish(struct tty *t, int expected)
{
    int status = -1;
    check(t, tty_wait_exit(t, &status));
    assert_int_equal(status, expected);
    tty_free(t);
}

static void assert_text(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    free(text);
}

/* --- the child and its world ------------------------------------------------------------- */

static void test_exit_status(void **state)
{
    (void)state;
    finish(spawn_sh("exit 7"), 7);
    finish(spawn_sh("kill -TERM $$"), 128 + SIGTERM);
    const char *argv[] = {"/nonexistent/program", NULL};
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv});
    check(t, tty_wait_text(t, "/nonexistent/program: No such file"));
    finish(t, 127);
}

static void test_all_output_is_read_after_exit(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done");
    check(t, tty_wait_exit(t, NULL));
    assert_true(tty_find(t, "line 2999", NULL, NULL));
    check_clean(t);
    tty_free(t);
}

static void test_environment_is_pinned(void **state)
{
    (void)state;
    setenv("LINES", "99", 1);
    setenv("TTY_TEST_LEAK", "leaked", 1);
    const char *argv[] = {"sh", "-c",
                          "echo $TERM,$COLORTERM,$LANG,$TZ,$TTY_TEST_LEAK,$LINES,$EXTRA,$NO_COLOR.;"
                          "[ \"$HOME\" = \"$PWD\" ] && echo at home; ls -A; stty size",
                          NULL};
    const char *env[] = {"EXTRA=1", "TZ=Asia/Tokyo", NULL};
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .env = env, .cols = 70, .rows = 9});
    check(t, tty_wait_exit(t, NULL));
    assert_text(tty_text(t), "xterm-256color,truecolor,C.UTF-8,Asia/Tokyo,,,1,.\n"
                             "at home\n9 70\n\n\n\n\n\n\n");
    char *home = strdup(tty_home(t));
    assert_int_equal(access(home, F_OK), 0);
    tty_free(t);
    assert_int_not_equal(access(home, F_OK), 0);
    free(home);

    argv[2] = "echo $TERM,$COLORTERM,$NO_COLOR.";
    t = tty_spawn(&(struct tty_opts){.argv = argv, .term = "vt100", .no_color = true});
    check(t, tty_wait_text(t, "vt100,,1."));
    finish(t, 0);
}

static void test_has_a_terminal_and_session_of_its_own(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("tty; cut -d' ' -f6 /proc/$$/stat; echo via /dev/tty > /dev/tty");
    char sid[32];
    snprintf(sid, sizeof(sid), "%d", tty_pid(t));
    check(t, tty_wait_text(t, "/dev/pts/"));
    check(t, tty_wait_text(t, sid));
    check(t, tty_wait_text(t, "via /dev/tty"));
    finish(t, 0);
}

static void test_free_ends_the_child(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("trap '' HUP TERM INT; echo ready; exec cat");
    check(t, tty_wait_text(t, "ready"));
    pid_t pid = tty_pid(t);
    assert_int_equal(kill(pid, 0), 0);
    tty_free(t);
    assert_int_not_equal(kill(pid, 0), 0);
}

/* --- waits ------------------------------------------------------------------------------- */

static void test_a_wait_fails_at_its_deadline_and_says_why(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("echo something else; cat");
    check(t, tty_wait_text(t, "something"));
    tty_set_deadline(t, 20);
    assert_false(tty_wait_text(t, "never there"));
    assert_non_null(strstr(tty_error(t), "too late: waited for the text \"never there\""));
    assert_non_null(strstr(tty_error(t), "something else"));
    assert_false(tty_wait_no_text(t, "something"));
    assert_false(tty_wait_exit(t, NULL));
    tty_mark(t);
    assert_false(tty_wait_output(t));
    assert_true(tty_wait_quiet(t, 5));
    tty_free(t);

    t = spawn_sh("true");
    assert_false(tty_wait_text(t, "x"));
    assert_non_null(strstr(tty_error(t), "the program ended: waited for"));
    finish(t, 0);
}

static void test_quiet_begins_with_the_last_byte(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("i=0; while [ $i -lt 5000 ]; do echo x; i=$((i+1)); done; exec cat");
    check(t, tty_wait_output(t));
    check(t, tty_wait_quiet(t, 20));
    assert_true(tty_now() - tty_burst(t).last_ns >= 20 * 1000000);
    tty_free(t);
}

static bool cursor_at_top(struct tty *t, void *col)
{
    int r, c;
    tty_cursor(t, &r, &c);
    return r == 0 && c == *(int *)col;
}

static void test_waiting_for_a_condition(void **state)
{
    (void)state;
    int col = 5;
    struct tty *t = spawn_sh("printf 12345; cat");
    check(t, tty_wait(t, cursor_at_top, &col, "the cursor"));
    tty_free(t);
}

static void test_bursts_are_stamped(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("stty raw -echo; printf ready; exec cat");
    check(t, tty_wait_text(t, "ready"));
    struct tty_burst start = tty_burst(t);
    assert_true(start.mark_ns < start.first_ns && start.first_ns <= start.last_ns);
    assert_int_equal(start.bytes, 5);
    tty_mark(t);
    assert_int_equal(tty_burst(t).bytes, 0);
    tty_send(t, "abc", 3);
    check(t, tty_wait_text(t, "readyabc"));
    struct tty_burst echo = tty_burst(t);
    assert_true(echo.mark_ns > start.last_ns && echo.first_ns > echo.mark_ns);
    assert_int_equal(echo.bytes, 3);
    tty_free(t);
}

static void test_more_input_than_the_terminal_takes(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("stty raw -echo; printf 'ready '; head -c 300000 | wc -c");
    check(t, tty_wait_text(t, "ready"));
    char *flood = malloc(300000);
    assert_non_null(flood);
    memset(flood, 'x', 300000);
    tty_send(t, flood, 300000);
    free(flood);
    check(t, tty_wait_text(t, "ready 300000"));
    finish(t, 0);
}

/* --- input ------------------------------------------------------------------------------- */

/* What a program reads, in hexadecimal, after it has written `setup`. */
static void expect_keys(const char *setup, const char *keys, const char *expected)
{
    char script[512];
    size_t count = (strlen(expected) + 1) / strlen("00 ");
    snprintf(script, sizeof(script),
             "stty raw -echo; printf '%sready\\r\\n';"
             "dd bs=1 count=%zu 2>/dev/null | od -An -tx1 -v -w60",
             setup, count);
    const char *argv[] = {"sh", "-c", script, NULL};
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv});
    check(t, tty_wait_text(t, "ready"));
    tty_keys(t, keys);
    check(t, tty_wait_exit(t, NULL));
    char *row = tty_row(t, 1);
    assert_string_equal(row + strspn(row, " "), expected);
    free(row);
    tty_free(t);
}

static void test_key_notation(void **state)
{
    (void)state;
    expect_keys("", "j<lt>é<Space><Enter><Tab><Esc><Backspace>", "6a 3c c3 a9 20 0d 09 1b 7f");
    expect_keys("", "<C-l><C-c><C-i><M-x>", "0c 03 09 1b 78");
    expect_keys("", "<Down><S-Right><PageDown>", "1b 5b 42 1b 5b 31 3b 32 43 1b 5b 36 7e");
    expect_keys("\\033[?1h", "<Down><F1><F5>", "1b 4f 42 1b 4f 50 1b 5b 31 35 7e");
}

static void test_paste_and_mouse_follow_the_modes(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("stty raw -echo; printf '\\033[?2004h\\033[?1000;1006hready\\r\\n';"
                             "dd bs=1 count=34 2>/dev/null | cat -v");
    check(t, tty_wait_text(t, "ready"));
    assert_true(tty_mouse(t));
    tty_paste(t, "hi");
    tty_click(t, 1, 4, 9);
    check(t, tty_wait_exit(t, NULL));
    assert_text(tty_row(t, 1), "^[[200~hi^[[201~^[[<0;10;5M^[[<0;10;5m");
    tty_free(t);
}

static void test_the_terminal_answers(void **state)
{
    (void)state;
    struct tty *t =
        spawn_sh("stty raw -echo; printf 'ab\\033[6n'; dd bs=1 count=6 2>/dev/null | cat -v");
    check(t, tty_wait_text(t, "ab^[[1;3R"));
    assert_int_equal(tty_violations(t, NULL), 1);
    finish(t, 0);
}

static void test_resize(void **state)
{
    (void)state;
    struct tty *t =
        spawn_sh("trap 'stty size; exit 0' WINCH; echo ready; while :; do read x; done");
    check(t, tty_wait_text(t, "ready"));
    tty_resize(t, 61, 17);
    check(t, tty_wait_text(t, "17 61"));
    int cols, rows;
    tty_size(t, &cols, &rows);
    assert_int_equal(cols, 61);
    assert_int_equal(rows, 17);
    finish(t, 0);
}

/* --- the screen -------------------------------------------------------------------------- */

static void test_text_and_looks(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("printf 'plain \\033[1;31mbold\\033[m \\033[7mrev\\033[m\\r\\n';"
                             "printf '\\033[38;5;208m\\033[48;2;1;2;3mx\\033[m\\033[1;31my\\033[m';"
                             "printf '\\r\\n\\347\\214\\253z\\r\\n'; printf '\\033[4mu\\033[m'");
    check(t, tty_wait_exit(t, NULL));
    assert_text(tty_text(t), "plain bold rev\nxy\n猫z\nu\n\n\n\n\n\n\n");
    assert_text(tty_row(t, 1), "xy");
    assert_text(tty_looks(t), "......aaaa.bbb\nca\n\nd\n\n\n\n\n\n\n\n"
                              "a  fg=1 bold\nb  reverse\nc  fg=208 bg=#010203\nd  underline\n");
    int row, col;
    assert_true(tty_find(t, "bold", &row, &col));
    assert_int_equal(row, 0);
    assert_int_equal(col, 6);
    assert_true(tty_find(t, "z", &row, &col));
    assert_int_equal(col, 2);
    assert_false(tty_find(t, "absent", NULL, NULL));

    struct tty_cell cell = tty_cell(t, 0, 6);
    assert_int_equal(cell.chars[0], 'b');
    assert_int_equal(cell.fg.kind, TTY_INDEXED);
    assert_int_equal(cell.fg.index, 1);
    assert_int_equal(cell.bg.kind, TTY_DEFAULT);
    assert_true(cell.bold && !cell.reverse);
    cell = tty_cell(t, 1, 0);
    assert_int_equal(cell.bg.kind, TTY_RGB);
    assert_int_equal(cell.bg.b, 3);
    assert_int_equal(tty_cell(t, 2, 0).width, 2);
    assert_int_equal(tty_cell(t, 2, 1).width, 0);
    tty_free(t);
}

static void test_picture(void **state)
{
    (void)state;
    /* a block, a line, a braille dot, a wide letter, text that is markup elsewhere */
    struct tty *t = spawn_sh("printf '\342\226\210\342\224\200\342\240\201\347\214\253<\033[?25l'");
    check(t, tty_wait_exit(t, NULL));
    char *svg = tty_svg(t);
    assert_non_null(strstr(svg, "<rect x=\"0\" y=\"0\" width=\"20\" height=\"40\""));
    assert_non_null(strstr(svg, "<rect x=\"29\" y=\"19\" width=\"11\" height=\"2\""));
    assert_non_null(strstr(svg, "<circle cx=\"45\" cy=\"5\""));
    assert_non_null(strstr(svg, "<text x=\"60\" y=\"30\" fill=\"#d6d9e0\">&#29483;</text>"));
    assert_non_null(strstr(svg, "<text x=\"100\" y=\"30\" fill=\"#d6d9e0\">&#60;</text>"));
    assert_null(strstr(svg, "&#9608;"));
    free(svg);
    tty_free(t);
}

static void test_modes_title_and_cursor(void **state)
{
    (void)state;
    const char *argv[] = {
        "sh", "-c",
        "stty raw -echo; printf '\\033[?1049h\\033[?25l\\033]2;ti'; head -c1 >/dev/null;"
        "printf 'tle\\033\\134\\033[3;5Hhere'; head -c1 >/dev/null;"
        "printf '\\033[?1049l\\033[?25hback'",
        NULL};
    const char *osc[] = {"2;title", NULL};
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .policy.osc = osc});
    check(t, tty_wait_output(t)); /* half a title */
    tty_send(t, "x", 1);
    check(t, tty_wait_text(t, "here"));
    int row, col;
    tty_cursor(t, &row, &col);
    assert_int_equal(row, 2);
    assert_int_equal(col, 8);
    assert_true(tty_altscreen(t));
    assert_false(tty_cursor_visible(t));
    assert_string_equal(tty_title(t), "title");
    tty_send(t, "x", 1);
    check(t, tty_wait_text(t, "back"));
    assert_false(tty_altscreen(t));
    assert_true(tty_cursor_visible(t));
    check_clean(t);
    finish(t, 0);
}

static bool third_row_is_reverse(struct tty *t, void *unused)
{
    (void)unused;
    return tty_cell(t, 2, 0).reverse;
}

/* A real curses program, in the terminals we care for, draws what it should and stays clean. */
static void test_curses_is_clean(void **state)
{
    (void)state;
    static const char *const terms[] = {"xterm-256color", "tmux-256color", "screen",
                                        "linux",          "vt100",         "xterm"};
    for (size_t i = 0; i < sizeof(terms) / sizeof(terms[0]); i++) {
        const char *argv[] = {minicurses, "500", NULL};
        struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .term = terms[i]});
        check(t, tty_wait_text(t, "row 23"));
        assert_true(tty_cell(t, 0, 0).reverse);
        tty_keys(t, "jj");
        check(t, tty_wait(t, third_row_is_reverse, NULL, "the third row in reverse"));
        assert_false(tty_cell(t, 0, 0).reverse);
        tty_keys(t, "jjjjjjjjjjjjjjjjjjjjjjjj");
        check(t, tty_wait_text(t, "row 26"));
        tty_keys(t, "q");
        check(t, tty_wait_exit(t, NULL));
        check_clean(t);
        char *before = tty_stty_before(t), *after = tty_stty(t);
        assert_string_equal(before, after);
        free(before);
        free(after);
        tty_free(t);
    }
}

static void test_terminal_settings_left_behind_are_seen(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("stty -echo -icanon; stty -g; echo set; read x");
    check(t, tty_wait_text(t, "set"));
    char *before = tty_stty_before(t), *now = tty_stty(t);
    assert_string_not_equal(before, now);
    char *text = tty_text(t); /* our string is stty's own; it may be wrapped on the screen */
    assert_int_equal(strncmp(text, now, 38), 0);
    free(text);
    tty_send(t, "\n", 1);
    check(t, tty_wait_exit(t, NULL));
    char *after = tty_stty(t);
    assert_string_equal(now, after);
    free(before);
    free(now);
    free(after);
    tty_free(t);
}

static void test_usage(void **state)
{
    (void)state;
    struct tty *t = spawn_sh("stty -echo; i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done;"
                             "echo ready; cat; true");
    check(t, tty_wait_text(t, "ready"));
    tty_send(t, "cat runs\n", 9);
    check(t, tty_wait_text(t, "cat runs"));
    struct tty_usage u = tty_usage(t), idle = u;
    assert_int_equal(u.processes, 2);
    assert_int_equal(u.threads, 2);
    assert_true(u.cpu_ns > 1000000 && u.rss_kib > 100 && u.peak_kib >= u.rss_kib);
    /* Once cat is back at reading, nothing is spent any more. */
    bool same = false;
    for (int i = 0; i < 500 && !same; i++) {
        u = idle;
        tty_run(t, 10 * 1000000);
        idle = tty_usage(t);
        same = idle.cpu_ns == u.cpu_ns && idle.voluntary == u.voluntary;
    }
    assert_true(same);
    assert_true(idle.voluntary > 0);
    tty_send(t, "\x04", 1);
    check(t, tty_wait_exit(t, NULL));
    u = tty_usage(t);
    assert_true(u.cpu_ns >= 1000000 && u.peak_kib > 100);
    tty_free(t);
}

/* --- the guard --------------------------------------------------------------------------- */

static size_t offences(const char *bytes, size_t len, const struct tty_policy *policy)
{
    struct tty_guard g;
    tty_guard_init(&g, policy);
    tty_guard_feed(&g, bytes, len);
    tty_guard_finish(&g);
    return g.violations;
}

#define HOSTILE(name, bytes)           \
    {                                  \
        name, bytes, sizeof(bytes) - 1 \
    }

/* The payloads that terminal programs were seen to let through, and their relatives. */
static const struct {
    const char *name, *bytes;
    size_t len;
} hostile[] = {
    HOSTILE("OSC 0, title, BEL", "\x1b]0;owned\a"),
    HOSTILE("OSC 2, title, ST", "\x1b]2;owned\x1b\\"),
    HOSTILE("OSC 52, clipboard", "\x1b]52;c;cm0gLXJm\a"),
    HOSTILE("OSC 8, link", "\x1b]8;;http://evil\x1b\\text\x1b]8;;\x1b\\"),
    HOSTILE("OSC 4, palette", "\x1b]4;1;rgb:00/00/00\x1b\\"),
    HOSTILE("OSC without end", "\x1b]0;owned"),
    HOSTILE("DSR, cursor report", "\x1b[6n"),
    HOSTILE("DA", "\x1b[c"),
    HOSTILE("DA 2", "\x1b[>c"),
    HOSTILE("title report", "\x1b[21t"),
    HOSTILE("window resize", "\x1b[8;1;1t"),
    HOSTILE("printing", "\x1b[5i"),
    HOSTILE("erase scrollback", "\x1b[3J"),
    HOSTILE("reset", "\x1b"
                     "c"),
    HOSTILE("soft reset", "\x1b[!p"),
    HOSTILE("132 columns", "\x1b[?3h"),
    HOSTILE("modifyOtherKeys", "\x1b[>4;2m"),
    HOSTILE("Linux console palette", "\x1b]P7000000"),
    HOSTILE("DECUDK", "\x1bP0;1|17/0d\x1b\\"),
    HOSTILE("APC", "\x1b_Gq=1\x1b\\"),
    HOSTILE("PM", "\x1b^x\x1b\\"),
    HOSTILE("SOS", "\x1bXx\x1b\\"),
    HOSTILE("DECID", "\x1bZ"),
    HOSTILE("C1 CSI, UTF-8", "\xc2\x9b"
                             "31m"),
    HOSTILE("C1 OSC, UTF-8", "\xc2\x9d"
                             "0;owned\xc2\x9c"),
    HOSTILE("C1 CSI, raw", "\x9b"
                           "31m"),
    HOSTILE("NEL", "\xc2\x85"),
    HOSTILE("DEL", "a\x7f"),
    HOSTILE("NUL", "a\0b"),
    HOSTILE("BEL", "\a"),
    HOSTILE("VT", "\v"),
    HOSTILE("FF", "\f"),
    HOSTILE("ENQ", "\x05"),
    HOSTILE("XOFF", "\x13"),
    HOSTILE("SUB", "\x1a"),
    HOSTILE("control inside CSI", "\x1b[3\n1m"),
    HOSTILE("endless CSI",
            "\x1b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1m"),
    HOSTILE("CSI cut short", "\x1b[31"),
    HOSTILE("U+202E override", "\xe2\x80\xae"
                               "abc"),
    HOSTILE("U+2066 isolate", "\xe2\x81\xa6"),
    HOSTILE("U+061C Arabic letter mark", "\xd8\x9c"),
    HOSTILE("U+200E LRM", "\xe2\x80\x8e"),
    HOSTILE("U+200B zero-width space", "a\xe2\x80\x8b"),
    HOSTILE("U+200C zero-width non-joiner", "a\xe2\x80\x8c"),
    HOSTILE("U+200D outside emoji", "a\xe2\x80\x8d"
                                    "b"),
    HOSTILE("U+200D after emoji, before text", "\xf0\x9f\x91\xa9\xe2\x80\x8d"
                                               "b"),
    HOSTILE("U+200D at a sequence", "\xf0\x9f\x91\xa9\xe2\x80\x8d\x1b[m"),
    HOSTILE("U+2060 word joiner", "\xe2\x81\xa0"),
    HOSTILE("U+FEFF", "\xef\xbb\xbf"),
    HOSTILE("U+00AD soft hyphen", "\xc2\xad"),
    HOSTILE("U+115F Hangul filler", "\xe1\x85\x9f"),
    HOSTILE("U+3164 Hangul filler", "\xe3\x85\xa4"),
    HOSTILE("U+2028 line separator", "\xe2\x80\xa8"),
    HOSTILE("U+FFF9 annotation", "\xef\xbf\xb9"),
    HOSTILE("U+FE0F without a character", "\xef\xb8\x8f"),
    HOSTILE("two variation selectors", "a\xef\xb8\x8f\xef\xb8\x8f"),
    HOSTILE("U+E0041 tag", "\xf3\xa0\x81\x81"),
    HOSTILE("U+E000 private use", "\xee\x80\x80"),
    HOSTILE("U+FFFE noncharacter", "\xef\xbf\xbe"),
    HOSTILE("surrogate", "\xed\xa0\x80"),
    HOSTILE("overlong", "\xc0\xaf"),
    HOSTILE("overlong, three bytes", "\xe0\x80\xaf"),
    HOSTILE("above U+10FFFF", "\xf4\x90\x80\x80"),
    HOSTILE("character cut short", "\xe2\x82"),
    HOSTILE("character broken off", "\xe2\x82z"),
    HOSTILE("five marks", "a\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81"),
    HOSTILE("mark without a character", "\x1b[m\xcc\x81"),
};

static void test_guard_fires_on_each_hostile_sequence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        if (!offences(hostile[i].bytes, hostile[i].len, NULL))
            fail_msg("not seen: %s", hostile[i].name);
}

static void test_guard_does_not_depend_on_how_the_bytes_come(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct tty_guard g;
        tty_guard_init(&g, NULL);
        for (size_t j = 0; j < hostile[i].len; j++)
            tty_guard_feed(&g, hostile[i].bytes + j, 1);
        tty_guard_finish(&g);
        assert_int_equal(g.violations, offences(hostile[i].bytes, hostile[i].len, NULL));
    }
}

/* The same written by a real program to a real terminal. */
static void test_hostile_output_of_a_program_is_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        struct tty *t = spawn_sh("stty raw -echo; printf 'ready\\r\\n'; exec cat");
        check(t, tty_wait_text(t, "ready"));
        check_clean(t);
        tty_mark(t);
        tty_send(t, hostile[i].bytes, hostile[i].len);
        check(t, tty_wait_output(t));
        tty_signal(t, SIGTERM);
        check(t, tty_wait_exit(t, NULL));
        /* at least: cat also returns what the terminal answered */
        assert_true(tty_burst(t).bytes >= hostile[i].len);
        if (!tty_violations(t, NULL))
            fail_msg("not seen: %s", hostile[i].name);
        tty_free(t);
    }
}

static void test_guard_lets_clean_text_and_curses_through(void **state)
{
    (void)state;
    static const char *const clean[] = {
        "plain text\r\n\ttab\b",
        "Hebrew \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d, Arabic \xd8\xb3\xd9\x84\xd8\xa7\xd9\x85",
        "e\xcc\x81 with a mark, \xe7\x8c\xab, \xe2\x96\x81\xe2\xa3\xbf\xe2\x94\x80",
        "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb and \xe2\x9c\x94\xef\xb8\x8f",
        "\x1b[?1049h\x1b[22;0;0t\x1b[1;24r\x1b(B\x1b[m\x1b[4l\x1b[?7h\x1b[?1h\x1b=",
        "\x1b[H\x1b[2J\x1b[12;40H\x1b[K\x1b[1K\x1b[3X\x1b[40b\x1b[5d\x1b[7G\x1b[2S\x1b[T\x1bM",
        "\x1b[38;5;208;48;2;1;2;3m\x1b[0;1;7m\x1b[39;49m\x1b(0lqk\x1b(B\x0elqk\x0f",
        "\x1b[?25l\x1b[?12l\x1b[?25h\x1b[?1006;1000h\x1b[?2004h\x1b[?2026h\x1b[?2026l",
        "\x1b[?2004l\x1b[?1006;1000l\x1b[?1049l\x1b[23;0;0t\x1b[?1l\x1b>\x1b"
        "7\x1b"
        "8",
    };
    for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
        if (offences(clean[i], strlen(clean[i]), NULL))
            fail_msg("refused: line %zu", i);
}

static void test_guard_policy(void **state)
{
    (void)state;
    static const char *const osc[] = {"2;souk", "52;c;*", NULL};
    struct tty_policy policy = {.osc = osc, .bell = true};
#define OFFENCES(s) offences(s, sizeof(s) - 1, &policy)
    assert_int_equal(OFFENCES("\x1b]2;souk\a\a\x1b]52;c;aGk=\x1b\\"), 0);
    assert_int_equal(OFFENCES("\x1b]2;souk2\a"), 1);
    assert_int_equal(OFFENCES("\x1b]2;sou\a"), 1);
    assert_int_equal(OFFENCES("\x1b]2;souk"), 1);
    assert_int_equal(OFFENCES("\x1b]52;c;a\nGk=\a"), 1);
    assert_int_equal(OFFENCES("\x1b]52;c;a\x1b[6n"), 2);
    assert_int_equal(OFFENCES("\x1b]52;p;aGk=\a"), 1);
    assert_int_equal(OFFENCES("\x1bP2;souk\x1b\\"), 1);
#undef OFFENCES
}

static void test_violations_say_where_and_what(void **state)
{
    (void)state;
    struct tty *t =
        spawn_sh("stty raw -echo; printf 'ok \\033[31mred\\033[m\\033[6n\\033]0;x\\a.'");
    check(t, tty_wait_exit(t, NULL));
    const struct tty_violation *v;
    assert_int_equal(tty_violations(t, &v), 2);
    assert_int_equal(v[0].offset, 14);
    assert_string_equal(v[0].context, "ok \\e[31mred\\e[m\\e[6n");
    assert_string_equal(v[1].what, "OSC");
    assert_int_equal(v[1].offset, 18);
    size_t len;
    const char *raw = tty_raw(t, &len, NULL);
    assert_int_equal(len, 25);
    assert_memory_equal(raw, "ok \x1b[31mred\x1b[m\x1b[6n\x1b]0;x\a.", len);
    tty_free(t);

    t = spawn_sh("stty raw -echo; printf '\\033]52;c;aGk=\\a'");
    check(t, tty_wait_exit(t, NULL));
    char *report = tty_violation_report(t);
    assert_non_null(strstr(report, "at byte 0: OSC: \\e]"));
    assert_non_null(strstr(report, "libvterm: unknown OSC: 52;c;aGk="));
    free(report);
    tty_free(t);
}

int main(int argc, char **argv)
{
    char self[3000];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    self[n > 0 ? n : 0] = '\0';
    if (argc > 1)
        snprintf(minicurses, sizeof(minicurses), "%s", argv[1]);
    else
        snprintf(minicurses, sizeof(minicurses), "%s/../bench/minicurses", dirname(self));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_status),
        cmocka_unit_test(test_all_output_is_read_after_exit),
        cmocka_unit_test(test_environment_is_pinned),
        cmocka_unit_test(test_has_a_terminal_and_session_of_its_own),
        cmocka_unit_test(test_free_ends_the_child),
        cmocka_unit_test(test_a_wait_fails_at_its_deadline_and_says_why),
        cmocka_unit_test(test_quiet_begins_with_the_last_byte),
        cmocka_unit_test(test_waiting_for_a_condition),
        cmocka_unit_test(test_bursts_are_stamped),
        cmocka_unit_test(test_more_input_than_the_terminal_takes),
        cmocka_unit_test(test_key_notation),
        cmocka_unit_test(test_paste_and_mouse_follow_the_modes),
        cmocka_unit_test(test_the_terminal_answers),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_text_and_looks),
        cmocka_unit_test(test_picture),
        cmocka_unit_test(test_modes_title_and_cursor),
        cmocka_unit_test(test_curses_is_clean),
        cmocka_unit_test(test_terminal_settings_left_behind_are_seen),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_guard_fires_on_each_hostile_sequence),
        cmocka_unit_test(test_guard_does_not_depend_on_how_the_bytes_come),
        cmocka_unit_test(test_hostile_output_of_a_program_is_reported),
        cmocka_unit_test(test_guard_lets_clean_text_and_curses_through),
        cmocka_unit_test(test_guard_policy),
        cmocka_unit_test(test_violations_say_where_and_what),
    };
    return cmocka_run_group_tests_name("tty", tests, NULL, NULL);
}
