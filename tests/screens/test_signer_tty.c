/*
 * The key holder at a real terminal: what it asks, that nothing typed is shown, that words are seen
 * on the alternate screen alone, and that the terminal is given back whatever happens.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/tty/tty.h"
#include "wallet/keyfile.h"

static char signer[PATH_MAX];
static char dir[PATH_BUF]; /* the wallets of this run */

enum { WORDS = 12 };

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

static bool cursor_left(struct tty *t, void *arg)
{
    int row, col;
    tty_cursor(t, &row, &col);
    return row != *(int *)arg;
}

/* A line, taken: what comes before a question is forgotten, so nothing is sent ahead. */
static void type(struct tty *t, const char *line)
{
    int row, col;
    tty_cursor(t, &row, &col);
    tty_send(t, line, strlen(line));
    tty_send(t, "\r", 1);
    check(t, tty_wait(t, cursor_left, &row, "the line to be taken"));
}

static bool is_asked(struct tty *t, void *question)
{
    int row, col;
    tty_cursor(t, &row, &col);
    char *line = tty_row(t, row);
    bool there = strstr(line, question) != NULL;
    free(line);
    return there;
}

/* Waits for a question and answers it. */
static void answer(struct tty *t, const char *question, const char *line)
{
    check(t, tty_wait(t, is_asked, (void *)(uintptr_t)question, question));
    type(t, line);
}

static struct tty *start(const char *command, const char *name, const char *a, const char *b,
                         const char *c)
{
    const char *argv[] = {signer, command, name, "--dir", dir, a, b, c, NULL};
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv});
    tty_set_deadline(t, 30000); /* strong parameters under a sanitizer, on a busy machine */
    return t;
}

static void ends(struct tty *t, int expected)
{
    int status = -1;
    check(t, tty_wait_exit(t, &status));
    char *before = tty_stty_before(t), *after = tty_stty(t), *report = tty_violation_report(t);
    assert_string_equal(after, before);
    assert_false(tty_altscreen(t));
    assert_string_equal(report, "");
    free(before);
    free(after);
    free(report);
    if (status != expected)
        fail_msg("exit %d, not %d\n%s", status, expected, tty_text(t));
}

static void ends_and_free(struct tty *t, int expected)
{
    ends(t, expected);
    tty_free(t);
}

/* How often a text was written to the terminal, from the start. */
static size_t written(struct tty *t, const char *text)
{
    size_t n, count = 0;
    const char *raw = tty_raw(t, &n, NULL);
    for (const char *p = raw; (p = memmem(p, n - (size_t)(p - raw), text, strlen(text))); p++)
        count++;
    return count;
}

static bool exists(const char *name)
{
    struct wallet_card card;
    return wallet_card_read(dir, name, &card, NULL) == SOUK_OK;
}

/* --- creating */

static void read_words(struct tty *t, char words[WORDS][16])
{
    char *text = tty_text(t);
    for (int i = 0; i < WORDS; i++) {
        char number[16];
        snprintf(number, sizeof number, "%4d. ", i + 1);
        const char *at = strstr(text, number);
        assert_non_null(at);
        assert_int_equal(sscanf(at + strlen(number), "%15s", words[i]), 1);
    }
    free(text);
}

/* The number in the "Word N" that is asked for. */
static int asked(struct tty *t)
{
    int row, col;
    check(t, tty_wait(t, is_asked, (void *)(uintptr_t) "Word ", "the question for a word"));
    tty_cursor(t, &row, &col);
    char *line = tty_row(t, row);
    int n = atoi(strstr(line, "Word ") + 5);
    free(line);
    assert_in_range(n, 1, WORDS);
    return n;
}

static void to_the_words(struct tty *t, const char *password, char words[WORDS][16])
{
    answer(t, "New password for the wallet:", password);
    answer(t, "The same again:", password);
    see(t, "Press Enter when you have them");
    assert_true(tty_altscreen(t));
    read_words(t, words);
}

static void a_wallet_is_made(void **state)
{
    (void)state;
    char words[WORDS][16];
    struct tty *t = start("create", "made", NULL, NULL, NULL);
    answer(t, "New password for the wallet:", "too short");
    see(t, "at least 10 characters");
    answer(t, "New password for the wallet:", "a good password");
    answer(t, "The same again:", "another password");
    see(t, "these were not the same");
    to_the_words(t, "a good password", words);
    type(t, "");
    check(t, tty_wait_no_text(t, words[0]));
    int last = 0;
    for (int i = 0; i < 3; i++) {
        int n = asked(t);
        assert_true(n > last); /* different ones, in order */
        last = n;
        type(t, words[n - 1]);
    }
    ends(t, 0);
    assert_true(exists("made"));
    assert_false(tty_altscreen(t));
    assert_int_equal(written(t, "good password"), 0);
    assert_int_equal(written(t, "another password"), 0);
    /* the words are written between the two, and never after */
    size_t n;
    const char *raw = tty_raw(t, &n, NULL), *left = memmem(raw, n, "\033[?1049l", 8);
    assert_non_null(left);
    for (int i = 0; i < WORDS; i++) {
        char one[24];
        int len = snprintf(one, sizeof one, ". %.15s", words[i]);
        assert_non_null(memmem(raw, (size_t)(left - raw), one, (size_t)len));
        assert_null(memmem(left, n - (size_t)(left - raw), one, (size_t)len));
    }
    tty_free(t);
}

static void words_not_written_down_make_no_wallet(void **state)
{
    (void)state;
    char words[WORDS][16];
    struct tty *t = start("create", "careless", "--play", NULL, NULL);
    to_the_words(t, "pw", words);
    type(t, "");
    for (int i = 0; i < 3; i++) {
        asked(t);
        type(t, "nonsense");
    }
    see(t, "no wallet was made");
    ends_and_free(t, 8);
    assert_false(exists("careless"));
}

static void stopped_at(struct tty *t, int sig)
{
    if (sig)
        tty_signal(t, sig);
    else
        tty_keys(t, "<C-c>");
    ends_and_free(t, 130);
    assert_false(exists("stopped"));
}

/* Ctrl-C and the signals that end programs, with echo off and on the alternate screen. */
static void stopping_gives_the_terminal_back(void **state)
{
    (void)state;
    static const int how[] = {0, SIGTERM, SIGHUP, SIGQUIT};
    char words[WORDS][16];
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        struct tty *t = start("create", "stopped", "--play", NULL, NULL);
        see(t, "New password");
        tty_send(t, "half", 4);
        stopped_at(t, how[i]);
        t = start("create", "stopped", "--play", NULL, NULL);
        to_the_words(t, "pw", words);
        stopped_at(t, how[i]);
    }
    struct tty *t = start("create", "stopped", "--play", NULL, NULL);
    see(t, "New password");
    tty_keys(t, "<C-d>");
    ends_and_free(t, 130);
    t = start("create", "stopped", "--play", NULL, NULL);
    see(t, "New password");
    tty_keys(t, "<C-z>"); /* would leave a shell without echo: it does nothing */
    type(t, "pw");
    see(t, "The same again");
    stopped_at(t, 0);
}

/* --- the rest */

static void words_are_imported_and_shown(void **state)
{
    (void)state;
    static const char junk[] = "test test test test test test test test test test test junk";
    struct tty *t = start("import", "junk", "--play", NULL, NULL);
    answer(t, "Words or private key", junk);
    answer(t, "BIP-39 passphrase", "x");
    answer(t, "The same again", "x");
    answer(t, "New password", "pw");
    answer(t, "The same again:", "pw");
    ends(t, 0);
    assert_int_equal(written(t, "junk"), 0);
    tty_free(t);
    t = start("export", "junk", "--words", NULL, NULL);
    answer(t, "Password of the wallet junk:", "wrong");
    answer(t, "That was not it. Password of the wallet junk:", "pw");
    see(t, "12. junk");
    see(t, "need the BIP-39 passphrase");
    assert_true(tty_altscreen(t));
    type(t, "");
    ends(t, 0);
    char *text = tty_text(t);
    assert_null(strstr(text, "12. junk"));
    free(text);
    tty_free(t);
    t = start("export", "junk", "--words", NULL, NULL);
    answer(t, "Password of the wallet junk:", "wrong");
    answer(t, "That was not it", "wrong");
    answer(t, "That was not it", "wrong");
    ends_and_free(t, 4);
}

static void save(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void a_file_without_an_address_asks(void **state)
{
    (void)state;
    static const char nameless[] =
        "{\"version\":3,\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":"
        "\"4c19c610c282c36f8e0db2223ae6b16d\"},\"ciphertext\":\"a7ae546738c779cb067f92b18b06448564"
        "641c72e5cb8249998e5670dc4452e8\",\"kdf\":\"scrypt\",\"kdfparams\":{\"salt\":\"37ff470af37"
        "550e2fc4e67be9ddc88765adfe56cfcc1997fff301bb0b6f49fbc\",\"n\":8192,\"dklen\":32,\"p\":1,"
        "\"r\":8},\"mac\":\"eb4641d0ac7ac2ad64c2b68d3cbe501029e9c5b36188a8a88be0aeb61e4ffb3b\"}}";
    char path[PATH_BUF];
    snprintf(path, sizeof path, "%.900s/nameless.json", dir);
    save(path, nameless);
    static const char *const no[] = {"", "n", "yo", "0x92CF49E53c23Adc1C3F6a538AD31c6732AaD7dE0"};
    for (size_t i = 0; i <= sizeof no / sizeof *no; i++) {
        bool yes = i == sizeof no / sizeof *no;
        struct tty *t = start("import", "nameless", "--v3", path, "--play");
        answer(t, "Password of the file:", "testpassword");
        see(t, "0x92CF49E53c23Adc1C3F6a538AD31c6732AaD7dE0");
        answer(t, "Is that yours? [y/N]", yes ? "Yes" : no[i]);
        if (yes) {
            answer(t, "New password", "pw");
            answer(t, "The same again:", "pw");
        }
        ends(t, yes ? 0 : 130);
        assert_int_equal(written(t, "testpassword"), 0);
        tty_free(t);
        assert_int_equal(exists("nameless"), yes);
    }
    unlink(path);
}

static void a_password_is_changed(void **state)
{
    (void)state;
    struct tty *t = start("password", "junk", NULL, NULL, NULL);
    answer(t, "Password of the wallet junk:", "pw");
    answer(t, "New password", "p2");
    answer(t, "The same again:", "p2");
    ends_and_free(t, 0);
    t = start("accounts", "junk", "--count", "2", NULL);
    answer(t, "Password of the wallet junk:", "p2");
    ends_and_free(t, 0);
    struct wallet_card card;
    assert_int_equal(wallet_card_read(dir, "junk", &card, NULL), SOUK_OK);
    assert_int_equal(card.accounts, 2);
}

static void remove_all(void)
{
    static const char *const names[] = {"made", "junk", "nameless"};
    char path[PATH_BUF];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%.900s/%s.key", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

int main(void)
{
    const char *souk = getenv("SOUK");
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.4000s-signer", souk ? souk : "./souk");
    if (!realpath(path, signer)) {
        fprintf(stderr, "there is no %s: make it first\n", path);
        return 1;
    }
    snprintf(dir, sizeof dir, "/tmp/souk-signer-tty-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wallet_is_made),
        cmocka_unit_test(words_not_written_down_make_no_wallet),
        cmocka_unit_test(stopping_gives_the_terminal_back),
        cmocka_unit_test(words_are_imported_and_shown),
        cmocka_unit_test(a_file_without_an_address_asks),
        cmocka_unit_test(a_password_is_changed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_all();
    return failed;
}
