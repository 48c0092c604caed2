/*
 * Every screen, drawn by the program itself on a grid and compared cell by cell with
 * golden/NAME-WxH.screen: the text, then a line "--" and the roles of the cells. At 200x60 the
 * text alone. GENERATE=1 writes what is drawn now; then read the difference as a user would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"
#include "golden.h"

enum { ARGS_MAX_TEST = 24 };

static char *market, *empty, *hostile, *scratch;

/* --- running souk */

static void run_child(const char *const *argv, const char *lang, const char *script)
{
    char lang_var[64], home[PATH_MAX], sanitizer[256];
    snprintf(lang_var, sizeof lang_var, "LANG=%s", lang);
    snprintf(home, sizeof home, "HOME=%s", scratch);
    const char *asan = getenv("ASAN_OPTIONS");
    snprintf(sanitizer, sizeof sanitizer, "ASAN_OPTIONS=%s", asan ? asan : "");
    char *env[] = {lang_var, home, (char *)"TERM=dumb", (char *)"TZ=UTC", sanitizer, NULL};
    int in = open(script, O_RDONLY), out = -1, err = -1;
    if (chdir(scratch) == 0) {
        out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    }
    if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
        _exit(126);
    execve(argv[0], (char *const *)(uintptr_t)argv, env);
    _exit(127);
}

/* Plays the script on a grid; what it dumped, freed by the caller. */
static char *play(const char *data, const char *network, const char *lang, const char *size,
                  const char *script)
{
    const char *argv[ARGS_MAX_TEST] = {fixture_souk(), "--offline", "--network", network,
                                       "--data",       data,        "--clock",   FIXTURE_CLOCK,
                                       "--script",     "-",         "--term",    size};
    char path[PATH_MAX];
    fixture_write(scratch, "script", script);
    snprintf(path, sizeof path, "%s/script", scratch);
    pid_t pid = fork();
    if (pid == 0)
        run_child(argv, lang, path);
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    size_t n, en;
    char *out = fixture_read(scratch, "out", &n), *err = fixture_read(scratch, "err", &en);
    if (status != 0 || en != 0)
        fail_msg("souk ended with %d\nscript:\n%s\nstderr:\n%s", status, script, err ? err : "");
    free(err);
    return out;
}

/* --- comparing */

/* Compares every "== NAME" section; how many there were. */
static int compare_all(const char *out)
{
    int n = 0, bad = 0;
    static const char mark[] = "== ";
    for (const char *p = out; p && *p; n++) {
        char name[64];
        assert_int_equal(strncmp(p, mark, sizeof mark - 1), 0);
        size_t len = strcspn(p, "\n") - (sizeof mark - 1);
        snprintf(name, sizeof name, "%.*s", (int)len, p + sizeof mark - 1);
        const char *body = p + sizeof mark + len, *end = strstr(body, "\n== ");
        bad += !golden_same(name, body, end ? (size_t)(end + 1 - body) : strlen(body));
        p = end ? end + 1 : NULL;
    }
    assert_int_equal(bad, 0);
    return n;
}

static void add(char *script, size_t room, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void add(char *script, size_t room, const char *fmt, ...)
{
    size_t n = strlen(script);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(script + n, room - n, fmt, ap);
    va_end(ap);
}

/* Goes there by the keys of `walk`, then dumps the screen at each size. */
static void check_at(const char *name, const char *data, const char *network, const char *walk,
                     const char *sizes)
{
    char script[4096] = "";
    int count = 0, w, h, used;
    add(script, sizeof script, "wait idle\n%swait idle\n", walk);
    for (; sscanf(sizes, "%dx%d%n", &w, &h, &used) == 2; sizes += used + (sizes[used] == ' ')) {
        add(script, sizeof script, "resize %d %d\nwait idle\n%s %s-%dx%d\n", w, h,
            w < 200 ? "styles" : "dump", name, w, h);
        count++;
    }
    char *out = play(data, network, "C.UTF-8", "80x24", script);
    assert_int_equal(compare_all(out), count);
    free(out);
}

#define SIZES "80x24 120x40 200x60"

static void check(const char *name, const char *walk)
{
    check_at(name, market, "devnet", walk, SIZES);
}

/* --- the screens */

#define OPEN_MODEL "/\ntype og-1hr\n<Enter>\n<Enter>\n"

static void test_market(void **state)
{
    (void)state;
    check_at("market", market, "devnet", "", "80x24 120x40 200x60 40x10 20x5 19x4");
}

static void test_market_rows_below(void **state)
{
    (void)state;
    check_at("market-end", market, "devnet", "G\n", "80x24 120x40");
}

static void test_search(void **state)
{
    (void)state;
    check("search", "/\ntype eth vol\n");
    check_at("search-none", market, "devnet", "/\ntype zzzqqq\n", "80x24");
}

static void test_sorted(void **state)
{
    (void)state;
    check_at("market-by-price", market, "devnet", "<lt>\n", "80x24 120x40");
}

static void test_menus(void **state)
{
    (void)state;
    check_at("menu-sort", market, "devnet", "s\n", "80x24 120x40 40x10");
    check_at("menu-facets", market, "devnet", "f\n", "80x24 120x40");
    check_at("palette", market, "devnet", ":\n", "80x24 120x40 40x10");
    check_at("palette-typed", market, "devnet", ":\ntype sort\n", "80x24");
}

static void test_filtered(void **state)
{
    (void)state;
    check_at("market-risk", market, "devnet", "f\ntype risk\n<Enter>\nf\n<Enter>\n",
             "80x24 120x40");
}

static void test_help(void **state)
{
    (void)state;
    check_at("help", market, "devnet", "?\n", "80x24 120x40 40x10");
    check_at("help-model", market, "devnet", OPEN_MODEL "<F1>\n", "80x24");
}

static void test_model(void **state)
{
    (void)state;
    check_at("model-about", market, "devnet", OPEN_MODEL, "80x24 120x40 200x60 40x10 20x5");
    check("model-versions", OPEN_MODEL "<Tab>\n");
    check("model-offers", OPEN_MODEL "<Tab><Tab>\n");
    check("model-calls", OPEN_MODEL "<Tab><Tab><Tab>\n");
    check("model-proof", OPEN_MODEL "<Tab><Tab><Tab><Tab>\n");
}

/* Nothing to show is said in words, on every pane. */
static void test_model_without_anything(void **state)
{
    (void)state;
    check_at("model-bare", market, "devnet", "/\ntype untitled\n<Enter>\n<Enter>\n",
             "80x24 120x40");
    check_at("model-bare-versions", market, "devnet", "/\ntype untitled\n<Enter>\n<Enter>\n<Tab>\n",
             "80x24");
    check_at("model-bare-offers", market, "devnet",
             "/\ntype untitled\n<Enter>\n<Enter>\n<Tab><Tab>\n", "80x24");
    check_at("model-bare-calls", market, "devnet",
             "/\ntype untitled\n<Enter>\n<Enter>\n<Tab><Tab><Tab>\n", "80x24");
    check_at("model-bare-proof", market, "devnet",
             "/\ntype untitled\n<Enter>\n<Enter>\n<Tab><Tab><Tab><Tab>\n", "80x24");
}

static void test_foreign_names(void **state)
{
    (void)state;
    check_at("market-foreign", market, "devnet", "/\ntype author:~a\n", "80x24");
    check_at("model-hebrew", market, "devnet", "/\ntype תחזית\n<Enter>\n<Enter>\n", "80x24");
    check_at("model-long", market, "devnet", "/\ntype everything there is\n<Enter>\n<Enter>\n",
             "80x24 120x40");
}

static void test_compare(void **state)
{
    (void)state;
    check_at("compare", market, "devnet", "<Space><Space>\n<Space><Space>\nC\n",
             "80x24 120x40 200x60");
    check_at("compare-two", market, "devnet", "<Space><Space>\nC\n", "80x24 40x10");
}

static void test_health(void **state)
{
    (void)state;
    check("health", "2\n");
    check_at("health-next", market, "devnet", "2\n<Tab>\n", "80x24 120x40");
    check_at("health-cursor", market, "devnet", "2\nG<Up><Right>\n", "80x24");
    check_at("health-7d", market, "devnet", "2\n[\n", "80x24");
    check_at("health-help", market, "devnet", "2\n<F1>\n", "80x24");
    check_at("health-explain", market, "devnet", "2\njjjj?\n", "80x24 120x40");
    check_at("health-explain-stopped", market, "devnet", "2\njjjj?\nwait idle\nvv\n", "80x24");
    check_at("health-explain-rows", market, "devnet", "2\njjjj?\n<Tab>\n", "80x24");
    check_at("health-findings", market, "devnet", "2\nF\n", "80x24 120x40");
    check_at("health-tried", market, "devnet", "2\nF\n<S-Tab>\n<Enter>\n", "120x40");
    check_at("health-tried-stopped", market, "devnet", "2\nF\n<S-Tab>\n<Enter><Esc>\n", "80x24");
    /* What was tried for one window is not shown under another. */
    check_at("health-tried-window", market, "devnet", "2\nF\n<S-Tab>\n<Enter>[\n", "80x24");
    check_at("health-evidence", market, "devnet", "2\nF\n<Enter>\n", "80x24");
}

/* The same of one model: `?` asks which of its figures. */
static void test_explain_model(void **state)
{
    (void)state;
    check_at("model-explain-menu", market, "devnet", OPEN_MODEL "?\n", "80x24");
    check_at("model-explain", market, "devnet", OPEN_MODEL "?\ntype income\n<Enter>\n",
             "80x24 120x40");
    check_at("model-findings", market, "devnet", OPEN_MODEL "F\n", "80x24");
}

static void test_authors(void **state)
{
    (void)state;
    check("authors", "3\n");
    check_at("authors-genuine", market, "devnet", "3\n>>\n", "80x24");
    check("author", "3\n<Enter>\n");
    check("author-models", "3\n<Enter>\n<Tab>\n");
    check("author-payers", "3\nj<Enter>\n<Tab><Tab>\n");
    check_at("author-payments", market, "devnet", "3\n<Enter>\n<Tab><Tab><Tab>\n", "80x24 120x40");
    check("author-prices", "3\nj<Enter>\n<S-Tab><S-Tab>\n");
    check_at("author-explain", market, "devnet", "3\n<Enter>\nj?\n", "80x24");
    check_at("author-findings", market, "devnet", "3\njjjj<Enter>\nF\n", "80x24");
    check_at("author-export", market, "devnet", "3\nj<Enter>\nE\n", "80x24");
    check_at("author-doubts", market, "devnet", "3\njjjj<Enter>\n<Tab><Tab>\n", "80x24");
    check_at("author-help", market, "devnet", "3\n<Enter>\n<F1>\n", "80x24");
    check_at("author-bare", market, "devnet", "3\nG<Enter>\n", "80x24 40x10");
    check_at("author-shared", market, "devnet", "/\ntype btc-fee\n<Enter>\n<Enter>\na\n",
             "80x24 120x40");
    check("author-unattributed", "/\ntype btc-fee\n<Enter>\n<Enter>\na\n<S-Tab>\n");
}

/* Whom one watches is remembered from one run to the next. */
static void test_watching(void **state)
{
    (void)state;
    check_at("authors-watch", market, "devnet", "3\nj\nW\n", "80x24");
    check_at("authors-watched", market, "devnet", "3\n", "80x24");
    check_at("author-watched", market, "devnet", "3\nj<Enter>\n", "80x24");
    check_at("activity-watching", market, "devnet", "4\n", "80x24");
    check_at("author-unwatch", market, "devnet", "3\nj<Enter>\nW\n", "80x24");
}

static void test_activity(void **state)
{
    (void)state;
    check("activity", "4\n");
    check_at("activity-failed", market, "devnet", "4\n<Down><Down>\n", "80x24");
}

/* Without a wallet, without a network: what can be done is offered, what cannot is said. */
static void test_no_wallet(void **state)
{
    (void)state;
    check_at("program-wallet-none", market, "devnet", "5\n", "80x24");
    check_at("program-new-wallet", market, "devnet", "5\nw\n<Enter>\n", "80x24 120x40 40x10");
    check_at("program-new-wallet-wrong", market, "devnet",
             "5\nw\n<Enter>\n<Right><Right><Right><Right>\n<Down>\n<C-u>\ntype Bad Name\n"
             "<Enter><Enter><Enter>\n",
             "80x24");
    check_at("program-listings-no-wallet", market, "devnet", "O\n", "80x24");
    check("program-publish", "P\n");
    check_at("program-publish-no-wallet", market, "devnet", "P\n<Up>\n<Enter>\n", "80x24");
    check_at("program-call", market, "devnet", OPEN_MODEL "c\n", "80x24");
    check_at("program-call-offline", market, "devnet",
             OPEN_MODEL "c\npaste {\"x\":1}\n<Enter><Enter>\n", "80x24");
    check_at("program-call-other", market, "devnet", "U\n", "80x24");
    check_at("program-call-unknown", market, "devnet", "U\ntype nobody/nothing\n<Enter><Enter>\n",
             "80x24");
}

/* The terminal cannot be lent where there is none, and a wallet without a key does not sign. */
static void test_watched_wallet(void **state)
{
    (void)state;
    char *dir = fixture_market();
    fixture_watch(dir);
    check_at("program-wallet", dir, "devnet", "5\n", "80x24 120x40");
    check_at("program-receive", dir, "devnet", "5\ni\n", "80x24 120x40 60x15");
    check_at("program-wallets", dir, "devnet", "5\nw\n", "80x24");
    check_at("program-receipts", dir, "devnet", "5\nR\n", "80x24");
    check_at("program-wallet-help", dir, "devnet", "5\n?\n", "80x24");
    check_at("program-listings", dir, "devnet", "O\n", "80x24 120x40 200x60 40x10");
    check_at("program-publish-watched", dir, "devnet",
             "P\ntype /tmp/model.onnx\n<Down>\ntype nobody\n<Down>\ntype untitled\n<Down>\n"
             "type 0.5\n<Up><Up><Up><Up>\n<Enter>\n",
             "80x24");
    fixture_free(dir);
}

#define OPEN_UNTITLED "/\ntype untitled\n<Enter>\n"

/* What is not here is offered; what cannot be known is asked. */
static void test_no_library(void **state)
{
    (void)state;
    check("program-library-empty", "6\n");
    check_at("program-run-absent", market, "devnet", OPEN_UNTITLED "r\n", "80x24 120x40");
    check_at("program-get-offline", market, "devnet", "d\n", "80x24");
    check_at("program-get-legacy", market, "devnet", "/\ntype resnet\n<Enter>\nd\n", "80x24");
    check("program-get-id", OPEN_UNTITLED "d\n");
    check_at("program-get-id-wrong", market, "devnet",
             OPEN_UNTITLED "d\npaste not an id\n<Enter><Enter>\n", "80x24");
}

static void test_files_here(void **state)
{
    (void)state;
    char *dir = fixture_market();
    fixture_library(dir);
    check_at("program-library", dir, "devnet", "6\n", "80x24 120x40 200x60 40x10");
    check_at("program-library-sort", dir, "devnet", "6\ns\n", "80x24");
    check_at("program-library-remove", dir, "devnet", "6\nX\n", "80x24");
    check_at("program-library-checked", dir, "devnet", "6\nv\n", "80x24");
    check_at("program-library-help", dir, "devnet", "6\n?\n", "80x24");
    check_at("program-library-publish", dir, "devnet", "6\nP\n", "80x24");
    check_at("program-file", dir, "devnet", "6\n<Enter>\n", "80x24 120x40 200x60");
    check_at("program-file-weights", dir, "devnet", "6\nj<Enter>\n", "80x24");
    check_at("program-file-pickle", dir, "devnet", "6\nG<Enter>\n", "80x24");
    check_at("program-market-here", dir, "devnet", OPEN_UNTITLED, "80x24");
    check_at("program-model-here", dir, "devnet", OPEN_UNTITLED "<Enter>\n", "80x24 120x40");
    check_at("program-model-here-proof", dir, "devnet",
             OPEN_UNTITLED "<Enter>\n<Tab><Tab><Tab><Tab>\n", "80x24");
    check_at("program-run", dir, "devnet", OPEN_UNTITLED "r\n", "80x24 120x40 200x60 40x10");
    check_at("program-run-json", dir, "devnet", OPEN_UNTITLED "r\n<C-t>\n", "80x24");
    check_at("program-run-pasted", dir, "devnet",
             OPEN_UNTITLED
             "r\npaste {\"window\":[7],\"open_high_low_close\":[[1,2,3,4],[5,6,7,8]]}\n",
             "80x24");
    check_at("program-run-wrong", dir, "devnet",
             OPEN_UNTITLED "r\n<C-e><C-u>\ntype 1 2 three\n<Up>\n<Enter>\n", "80x24");
    check_at("program-run-misfit", dir, "devnet",
             OPEN_UNTITLED "r\n<C-e><C-u>\ntype 1 2 3\n<Up>\n<Enter>\n", "80x24");
    fixture_free(dir);
}

static void test_first_screen(void **state)
{
    (void)state;
    check_at("empty", empty, "opengradient", "", "80x24 120x40 200x60 40x10");
    check_at("empty-devnet", empty, "devnet", "", "80x24");
    check_at("empty-health", empty, "opengradient", "2\n", "80x24");
    check_at("empty-authors", empty, "opengradient", "3\n", "80x24");
    check_at("empty-activity", empty, "opengradient", "4\n", "80x24");
}

static void test_hostile_screens(void **state)
{
    (void)state;
    check_at("hostile-market", hostile, "devnet", "", "80x24 120x40");
    check_at("hostile-model", hostile, "devnet", "/\ntype h06\n<Enter>\n<Enter>\n", "120x40");
    check_at("hostile-activity", hostile, "devnet", "4\n", "120x40");
}

/* A terminal without Unicode: every byte is ASCII. */
static void test_ascii(void **state)
{
    (void)state;
    char *out = play(market, "devnet", "C", "80x24",
                     "wait idle\ndump ascii-market\n" OPEN_MODEL "wait idle\ndump ascii-model\n"
                     "resize 120 40\nwait idle\ndump ascii-model-wide\n2\nwait idle\n"
                     "dump ascii-health\n3\nwait idle\ndump ascii-authors\n<Enter>\nwait idle\n"
                     "dump ascii-author\n<Tab><Tab>\nwait idle\n"
                     "dump ascii-author-payers\n4\nwait idle\ndump ascii-activity\n"
                     "1\n?\ndump ascii-help\n");
    for (const char *p = out; *p; p++)
        if ((unsigned char)*p >= 0x7f)
            fail_msg("not ASCII: %.60s", p);
    assert_int_equal(compare_all(out), 9);
    free(out);
}

static int setup(void **state)
{
    (void)state;
    market = fixture_market();
    hostile = fixture_hostile();
    empty = fixture_empty();
    scratch = fixture_empty();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_free(market);
    fixture_free(hostile);
    fixture_free(empty);
    fixture_free(scratch);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    fixture_find_souk(argv[0]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_market),
        cmocka_unit_test(test_market_rows_below),
        cmocka_unit_test(test_search),
        cmocka_unit_test(test_sorted),
        cmocka_unit_test(test_menus),
        cmocka_unit_test(test_filtered),
        cmocka_unit_test(test_help),
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_model_without_anything),
        cmocka_unit_test(test_foreign_names),
        cmocka_unit_test(test_compare),
        cmocka_unit_test(test_health),
        cmocka_unit_test(test_explain_model),
        cmocka_unit_test(test_authors),
        cmocka_unit_test(test_watching),
        cmocka_unit_test(test_activity),
        cmocka_unit_test(test_no_wallet),
        cmocka_unit_test(test_watched_wallet),
        cmocka_unit_test(test_no_library),
        cmocka_unit_test(test_files_here),
        cmocka_unit_test(test_first_screen),
        cmocka_unit_test(test_hostile_screens),
        cmocka_unit_test(test_ascii),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
