/*
 * The proof of the rules for untrusted text, over every sink: the hostile catalogue (fixture.h) on
 * every screen, in every command's text, CSV and JSON on a terminal, in error messages that quote
 * what was given, in the log and on the clipboard. The judge is the guard of tests/tty: an
 * allow-list over raw bytes, which knows nothing of how souk cleans text.
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

#include "fixture.h"
#include "tests/tty/tty.h"

static char *hostile, *scratch;

static void check(struct tty *t, bool ok)
{
    if (!ok)
        fail_msg("%s", tty_error(t));
}

static void see(struct tty *t, const char *text)
{
    check(t, tty_wait_text(t, text));
}

static void check_clean(struct tty *t, const char *about)
{
    char *report = tty_violation_report(t);
    if (report[0])
        fail_msg("%s:\n%s", about, report);
    free(report);
    assert_string_equal(tty_title(t), "");
}

/* --- the screens */

static struct tty *open_screens(int cols, int rows, const char *lang, const char *term,
                                const char *const *osc)
{
    const char *argv[] = {fixture_souk(), "--offline", "--network",   "devnet", "--data",
                          hostile,        "--clock",   FIXTURE_CLOCK, NULL};
    const char *env[] = {lang, NULL};
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv,
                                                 .cols = cols,
                                                 .rows = rows,
                                                 .env = env,
                                                 .term = term,
                                                 .policy = {.osc = osc}});
    see(t, " h00");
    return t;
}

static void quit(struct tty *t, const char *about)
{
    int status = -1;
    tty_keys(t, "Q");
    check(t, tty_wait_exit(t, &status));
    assert_int_equal(status, 0);
    check_clean(t, about);
    tty_free(t);
}

/* Every pane of the selected model, its author, and back. */
static void tour_model(struct tty *t, size_t i)
{
    static const char *const panes[] = {"[ About ]", "[ Versions", "[ Offers", "[ Calls",
                                        "[ Proof"};
    static const char *const of_author[] = {"[Models", "[Payers", "[Payments", "[Prices",
                                            "[Unattributed"};
    char name[32];
    snprintf(name, sizeof name, "h%02zu", i);
    tty_keys(t, "<Enter>");
    see(t, panes[0]);
    see(t, name);
    tty_keys(t, "<PageDown><PageDown>");
    for (size_t p = 1; p < sizeof panes / sizeof *panes; p++) {
        tty_keys(t, "<Tab>");
        see(t, panes[p]);
    }
    tty_keys(t, "a");
    see(t, "latest payments");
    for (size_t p = 0; p < sizeof of_author / sizeof *of_author; p++) {
        tty_keys(t, "<Tab>");
        see(t, of_author[p]);
    }
    tty_keys(t, "qq");
    see(t, "PRICE/CALL  CALLS");
    check_clean(t, fixture_attack_name(i));
}

static void test_models(void **state)
{
    (void)state;
    struct tty *t = open_screens(120, 40, "LANG=C.UTF-8", NULL, NULL);
    for (size_t i = 0; i < fixture_attacks(); i++) {
        tour_model(t, i);
        tty_keys(t, "j");
    }
    quit(t, "models");
}

static void tour_screens(struct tty *t)
{
    tty_keys(t, "Ggf");
    see(t, "alive: called");
    tty_keys(t, "<PageDown><PageDown>");
    tty_keys(t, "<Esc>");
    check(t, tty_wait_no_text(t, " Show "));
    tty_keys(t, "<Space><Space><Space><Space>C");
    see(t, "income");
    tty_keys(t, "q2");
    see(t, "called ever");
    tty_keys(t, "<S-Tab><S-Tab><S-Tab>");
    see(t, "[Prices]");
    tty_keys(t, "Gg?");
    see(t, "Where from");
    tty_keys(t, "<Tab>Gg");
    see(t, "[ Transactions");
    tty_keys(t, "qF");
    see(t, "By rule");
    tty_keys(t, "Gg<Enter><Tab><Tab>qq");
    tty_keys(t, "3");
    see(t, "UNATTRIBUTED");
    tty_keys(t, "Gg<Enter>");
    see(t, "latest payments");
    tty_keys(t, "WE");
    see(t, "--csv");
    tty_keys(t, "?");
    see(t, "Where from");
    tty_keys(t, "qF");
    see(t, "By rule");
    tty_keys(t, "q<Tab>G");
    tty_keys(t, "4");
    see(t, "last read");
    tty_keys(t, "jjjjjjkkk");
    tty_keys(t, "1/h06<Enter>y");
    see(t, "1 of");
}

static void test_screens(void **state)
{
    (void)state;
    static const char *const osc[] = {"52;c;*", NULL};
    struct tty *t = open_screens(120, 40, "LANG=C.UTF-8", NULL, osc);
    tour_screens(t);
    quit(t, "screens at 120x40");
    t = open_screens(200, 60, "LANG=C.UTF-8", "linux", osc);
    tour_screens(t);
    quit(t, "screens at 200x60 on the console");
}

static void test_screens_in_ascii(void **state)
{
    (void)state;
    static const char *const osc[] = {"52;c;*", NULL};
    struct tty *t = open_screens(120, 40, "LANG=C", NULL, osc);
    tour_screens(t);
    size_t n;
    const char *raw = tty_raw(t, &n, NULL);
    for (size_t i = 0; i < n; i++)
        assert_true((unsigned char)raw[i] < 0x80);
    quit(t, "screens in ASCII");
}

/* A form, or the word that such a name cannot be typed. */
static bool form_or_word(struct tty *t, void *arg)
{
    bool *form = arg;
    *form = tty_find(t, "Change it", NULL, NULL);
    return *form || tty_find(t, "cannot be typed", NULL, NULL);
}

/* The listings of each hostile owner as his own, and the form to change one. */
static void test_own_listings(void **state)
{
    (void)state;
    size_t forms = 0;
    for (size_t i = 0; i < fixture_attacks(); i++) {
        char name[32];
        bool form = false;
        fixture_hostile_watch(hostile, i);
        struct tty *t = open_screens(120, 40, "LANG=C.UTF-8", NULL, NULL);
        snprintf(name, sizeof name, "h%02zu", i);
        tty_keys(t, "O");
        see(t, "1 listed");
        see(t, name);
        tty_keys(t, "P");
        check(t, tty_wait(t, form_or_word, &form, "a form"));
        forms += form;
        tty_keys(t, form ? "<Esc>" : "j");
        check(t, tty_wait_no_text(t, form ? "Change it" : "cannot be typed"));
        quit(t, fixture_attack_name(i));
    }
    assert_in_range(forms, 1, fixture_attacks() - 1);
}

/* --- models' files: the library, a file's page, its form */

static void test_files(void **state)
{
    (void)state;
    struct tty *t = open_screens(120, 40, "LANG=C.UTF-8", NULL, NULL);
    tty_keys(t, "6");
    see(t, "48 models");
    for (size_t i = 0; i < fixture_attacks(); i++) {
        char name[32];
        snprintf(name, sizeof name, "x%02zu", i);
        tty_keys(t, "<Enter>");
        see(t, "Inputs");
        see(t, name);
        tty_keys(t, "G");
        see(t, "Metadata");
        if (i % 2) {
            tty_keys(t, "r");
            see(t, "What the model takes");
            see(t, name);
            tty_keys(t, "<Esc>");
            check(t, tty_wait_no_text(t, "What the model takes"));
        }
        tty_keys(t, "q");
        see(t, "GOT▾");
        check_clean(t, fixture_attack_name(i));
        tty_keys(t, "j");
    }
    quit(t, "files");
}

/* --- the clipboard */

static int digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* What the terminal would put on the clipboard, judged as if it were printed. */
static void check_copied(const char *coded)
{
    struct tty_guard g;
    tty_guard_init(&g, NULL);
    unsigned bits = 0, have = 0;
    for (; digit(*coded) >= 0; coded++) {
        bits = bits << 6 | (unsigned)digit(*coded);
        have += 6;
        if (have >= 8) {
            have -= 8;
            char byte = (char)(bits >> have & 0xff);
            tty_guard_feed(&g, &byte, 1);
        }
    }
    tty_guard_finish(&g);
    if (g.violations)
        fail_msg("copied: %s: %s", g.list[0].what, g.list[0].context);
}

static void test_clipboard(void **state)
{
    (void)state;
    static const char *const osc[] = {"52;c;*", NULL};
    struct tty *t = open_screens(120, 40, "LANG=C.UTF-8", NULL, osc);
    for (size_t i = 0; i < fixture_attacks(); i++) {
        tty_keys(t, "y");
        see(t, "copied");
        tty_keys(t, "j");
        check(t, tty_wait_no_text(t, "copied"));
    }
    size_t n, copies = 0;
    const char *raw = tty_raw(t, &n, NULL);
    static const char mark[] = "\033]52;c;";
    for (size_t i = 0; i + sizeof mark < n; i++)
        if (memcmp(raw + i, mark, sizeof mark - 1) == 0) {
            check_copied(raw + i + sizeof mark - 1);
            copies++;
        }
    assert_int_equal(copies, fixture_attacks());
    quit(t, "clipboard");
}

/* --- commands on a terminal */

/* Anywhere in the output: it may have scrolled away. */
static bool was_said(const struct tty *t, const char *words)
{
    size_t n;
    const char *raw = tty_raw(t, &n, NULL);
    return memmem(raw, n, words, strlen(words)) != NULL;
}

/* Runs souk with its output on a terminal. words: must be there; NULL: anything. */
static void command(const char *data, const char *const *args, const char *words, int expected)
{
    const char *argv[20] = {fixture_souk()};
    size_t n = 1;
    while (args[n - 1] && n < 12) {
        argv[n] = args[n - 1];
        n++;
    }
    const char *rest[] = {"--offline", "--network", "devnet",     "--data",
                          data,        "--clock",   FIXTURE_CLOCK};
    for (size_t i = 0; data && i < sizeof rest / sizeof *rest; i++)
        argv[n++] = rest[i];
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = 200, .rows = 60});
    int status = -1;
    check(t, tty_wait_exit(t, &status));
    check_clean(t, args[0] ? args[0] : "souk");
    if (status != expected || (words && !was_said(t, words))) {
        char *text = tty_text(t);
        fail_msg("souk %s: exit %d, \"%s\" wanted:\n%s", args[0], status, words, text);
    }
    tty_free(t);
}

#define COMMAND(words, ...) command(hostile, (const char *[]){__VA_ARGS__, NULL}, words, 0)

static void test_lists(void **state)
{
    (void)state;
    COMMAND("h46", "models");
    COMMAND("h46", "models", "--csv");
    COMMAND("h46", "models", "--json");
    COMMAND("h06", "models", "h06");
    COMMAND("b46", "authors");
    COMMAND("b46", "authors", "--csv");
    COMMAND("b46", "authors", "--json");
    COMMAND("paid", "health");
    COMMAND("paid", "health", "--json");
    COMMAND("devnet", "networks");
    COMMAND("USDC", "config");
    COMMAND("{", "config", "--json");
}

static void test_one_by_one(void **state)
{
    (void)state;
    char id[67], other[67], owner[43], name[32];
    for (size_t i = 0; i < fixture_attacks(); i++) {
        fixture_hostile_listing(i, id);
        fixture_hostile_owner(i, owner);
        snprintf(name, sizeof name, "h%02zu", i);
        COMMAND(NULL, "show", id);
        COMMAND(NULL, "show", "--json", id);
        COMMAND(name, "author", owner);
        COMMAND(NULL, "author", "--json", owner);
        if (i % 4 == 0) {
            fixture_hostile_listing(i + 1, other);
            COMMAND(name, "compare", id, other);
            COMMAND(name, "compare", "--csv", id, other);
            COMMAND(NULL, "compare", "--json", id, other);
        }
    }
}

/* --- what souk says about what it was given */

enum { EUSAGE = 2, EINPUT = 8 };

static void given(char out[256], size_t i)
{
    struct untrusted a = fixture_attack(i);
    size_t n = a.n < 200 ? a.n : 200;
    memcpy(out, a.p, n);
    out[n] = '\0';
}

/* Runs souk with one hostile argument; it must refuse, in one clean line. */
static void refuse(const char *const *args)
{
    const char *argv[8] = {fixture_souk()};
    for (size_t n = 1; args[n - 1]; n++)
        argv[n] = args[n - 1];
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = 1000, .rows = 5});
    int status = 0;
    check(t, tty_wait_exit(t, &status));
    check_clean(t, args[0]);
    assert_int_not_equal(status, 0);
    assert_true(tty_find(t, "souk: ", NULL, NULL));
    char *second = tty_row(t, 1);
    assert_string_equal(second, "");
    free(second);
    tty_free(t);
}

#define REFUSE(...) refuse((const char *[]){__VA_ARGS__, NULL})

static void test_arguments(void **state)
{
    (void)state;
    char word[256], both[300];
    for (size_t i = 0; i < fixture_attacks(); i++) {
        given(word, i);
        snprintf(both, sizeof both, "--x%s", word);
        switch (i % 4) {
        case 0:
            snprintf(both, sizeof both, "cmd%s", word);
            REFUSE(both, "--data", hostile);
            REFUSE("models", "--network", "devnet", "--data", hostile, "--sort", word);
            REFUSE("models", "--window", word, "--data", hostile);
            break;
        case 1:
            REFUSE(both);
            REFUSE("show", "--network", "devnet", "--data", hostile, "--", word);
            REFUSE("--theme", word, "--data", hostile);
            break;
        case 2:
            REFUSE("models", "--limit", word, "--data", hostile);
            REFUSE("author", "--network", "devnet", "--data", hostile, "--", word);
            REFUSE("help", word);
            break;
        default:
            REFUSE("models", "--network", word, "--data", hostile);
            REFUSE("models", "--clock", word, "--data", hostile);
            REFUSE("--script", word, "--term", "80x24", "--data", hostile);
        }
    }
}

/* A configuration file that is hostile in one line, for each place a line can be wrong. */
static void test_configuration(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } forms[] = {
        {"theme = ", ""},
        {"network = ", ""},
        {"", " = 1"},
        {"[", "]"},
        {"[network.", "]\nhub = http://127.0.0.1"},
        {"[network.devnet]\n", " = 1"},
        {"[network.devnet]\nhub = http://127.0.0.1/", ""},
        {"[network.devnet]\nhub = ", ""},
        {"[network.devnet]\ntoken = ", " 0x0000000000000000000000000000000000000001 6"},
        {"[network.devnet]\nlistings = ", ""},
        {"[network.devnet]\npayment_chain_id = ", ""},
        {"no equals sign ", ""},
    };
    enum { FORMS = sizeof forms / sizeof *forms };
    for (size_t i = 0; i < fixture_attacks(); i++) {
        char word[256], text[512];
        given(word, i);
        for (size_t f = i % 4; f < FORMS; f += 4) {
            snprintf(text, sizeof text, "%s%s%s\n", forms[f].before, word, forms[f].after);
            fixture_write(scratch, "config/config", text);
            const char *argv[] = {fixture_souk(), "config", "--data", scratch, NULL};
            struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = 200, .rows = 60});
            check(t, tty_wait_exit(t, NULL));
            check_clean(t, text);
            tty_free(t);
        }
    }
    fixture_write(scratch, "config/config", "");
}

static void test_doctor(void **state)
{
    (void)state;
    const char *argv[] = {fixture_souk(), "doctor", "--offline", "--data", scratch, NULL};
    fixture_write(scratch, "config/config", "theme = \033]0;PWNED\007\n");
    struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = 200, .rows = 60});
    check(t, tty_wait_exit(t, NULL));
    assert_true(tty_find(t, "PWNED", NULL, NULL));
    check_clean(t, "doctor");
    tty_free(t);
    fixture_write(scratch, "config/config", "");
}

/* --- the log */

static void check_file_clean(const char *leaf, const char *words)
{
    size_t n;
    char *text = fixture_read(scratch, leaf, &n);
    assert_non_null(text);
    struct tty_guard g;
    tty_guard_init(&g, NULL);
    tty_guard_feed(&g, text, n);
    tty_guard_finish(&g);
    if (g.violations)
        fail_msg("%s: %s: %s", leaf, g.list[0].what, g.list[0].context);
    assert_non_null(strstr(text, words));
    free(text);
}

/* The devnet's status file is somebody's text too; what is wrong with it goes to the log. */
static void test_log(void **state)
{
    (void)state;
    for (size_t i = 0; i < fixture_attacks(); i++) {
        char word[256], text[1024];
        given(word, i);
        size_t n = (size_t)snprintf(text, sizeof text, "{\"running\":true,\"hub\":\"x%02zu-", i);
        for (const char *p = word; *p && n < sizeof text - 64; p++) {
            if ((unsigned char)*p < ' ' || *p == '"' || *p == '\\')
                n += (size_t)snprintf(text + n, sizeof text - n, "\\u%04x", (unsigned char)*p);
            else
                text[n++] = *p;
        }
        snprintf(text + n, sizeof text - n, "\"}");
        fixture_write(scratch, "state/devnet/status.json", text);
        const char *argv[] = {fixture_souk(), "models", "--network", "devnet",
                              "--data",       scratch,  NULL};
        struct tty *t = tty_spawn(&(struct tty_opts){.argv = argv, .cols = 200, .rows = 60});
        check(t, tty_wait_exit(t, NULL));
        check_clean(t, fixture_attack_name(i));
        tty_free(t);
    }
    check_file_clean("state/log", "x00");
    check_file_clean("state/log", "x46");
}

static int setup(void **state)
{
    (void)state;
    hostile = fixture_hostile();
    fixture_hostile_library(hostile);
    scratch = fixture_empty();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_free(hostile);
    fixture_free(scratch);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_find_souk(argv[0]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),
        cmocka_unit_test(test_screens),
        cmocka_unit_test(test_screens_in_ascii),
        cmocka_unit_test(test_own_listings),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_clipboard),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_configuration),
        cmocka_unit_test(test_doctor),
        cmocka_unit_test(test_log),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
