/* paths.h, ini.h, log.h: what base does with files, in a directory of its own. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/ini.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/paths.h"
#include "base/banned.h"

static char home[] = "/tmp/souk-test-XXXXXX";

static char *in_home(char out[PATH_BUF], const char *leaf)
{
    snprintf(out, PATH_BUF, "%s/%s", home, leaf);
    return out;
}

static void write_file(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* The whole file, terminated; mem_free it. */
static char *read_file(const char *path, size_t *len)
{
    struct buf b;
    char part[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    buf_init(&b, 8 * 1024 * 1024);
    while ((n = fread(part, 1, sizeof part, f)) > 0) {
        buf_add(&b, part, n);
    }
    fclose(f);
    return buf_detach(&b, len);
}

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

/* --- paths --------------------------------------------------------------- */

static void expect_path(enum path_kind kind, const char *leaf, const char *below_home)
{
    char out[PATH_BUF], want[PATH_BUF];
    struct err e;
    assert_int_equal(paths_get(kind, leaf, out, &e), SOUK_OK);
    assert_string_equal(out, in_home(want, below_home));
}

static void paths_follow_xdg(void **state)
{
    (void)state;
    static const char *const vars[] = {"XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME",
                                       "XDG_DATA_HOME"};
    char dir[PATH_BUF];
    for (size_t i = 0; i < 4; i++) {
        unsetenv(vars[i]);
    }
    setenv("HOME", in_home(dir, "user"), 1);
    expect_path(PATH_CONFIG, "souk.ini", "user/.config/souk/souk.ini");
    expect_path(PATH_CACHE, "a.db", "user/.cache/souk/a.db");
    expect_path(PATH_STATE, NULL, "user/.local/state/souk");
    expect_path(PATH_DATA, "deep/er/file", "user/.local/share/souk/deep/er/file");
    assert_int_equal(mode_of(in_home(dir, "user/.local/share/souk/deep/er")), 0700);
    assert_int_equal(access(in_home(dir, "user/.local/share/souk/deep/er/file"), F_OK), -1);

    setenv("XDG_CACHE_HOME", "relative", 1);
    expect_path(PATH_CACHE, NULL, "user/.cache/souk");
    setenv("XDG_CACHE_HOME", in_home(dir, "xdg"), 1);
    expect_path(PATH_CACHE, "a.db", "xdg/souk/a.db");
    unsetenv("XDG_CACHE_HOME");
}

static void paths_override_covers_all(void **state)
{
    (void)state;
    char dir[PATH_BUF];
    paths_override(in_home(dir, "demo"));
    memset(dir, 'x', sizeof dir - 1); /* the string was copied */
    expect_path(PATH_CONFIG, NULL, "demo/config");
    expect_path(PATH_CACHE, "a.db", "demo/cache/a.db");
    expect_path(PATH_STATE, "log", "demo/state/log");
    expect_path(PATH_DATA, "w", "demo/data/w");
    paths_override(NULL);
    expect_path(PATH_CACHE, NULL, "user/.cache/souk");
}

static void paths_fail_in_words(void **state)
{
    (void)state;
    char out[PATH_BUF], dir[PATH_BUF], huge[2 * PATH_BUF];
    struct err e;
    static const char *const escapes[] = {"..", "../x", "a/..", "a/../../b", "/etc/x"};
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        assert_int_equal(paths_get(PATH_DATA, escapes[i], out, &e), SOUK_EINPUT);
    }
    expect_path(PATH_CACHE, "..a/b..", "user/.cache/souk/..a/b..");

    memset(huge, 'x', sizeof huge - 1);
    huge[0] = '/';
    huge[sizeof huge - 1] = '\0';
    assert_int_equal(paths_get(PATH_DATA, huge + 1, out, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "longer than"));
    paths_override(huge);
    assert_int_equal(paths_get(PATH_DATA, NULL, out, &e), SOUK_EINPUT);
    paths_override(NULL);

    write_file(in_home(dir, "plain"), "x", 1);
    paths_override(dir);
    assert_int_equal(paths_get(PATH_DATA, NULL, out, &e), SOUK_EFAIL);
    assert_non_null(strstr(e.msg, "plain"));
    paths_override(NULL);

    unsetenv("HOME");
    assert_int_equal(paths_get(PATH_DATA, NULL, out, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "HOME"));
    assert_int_equal(paths_get(PATH_DATA, NULL, out, NULL), SOUK_EINPUT);
    setenv("HOME", in_home(dir, "user"), 1);
}

static void assets_are_found_or_missed_in_words(void **state)
{
    (void)state;
    char out[PATH_BUF], want[PATH_BUF];
    struct err e;
    write_file(in_home(want, "theme"), "x", 1);
    setenv("SOUK_ASSETS", home, 1);
    assert_int_equal(paths_asset("theme", out, &e), SOUK_OK);
    assert_string_equal(out, want);
    assert_int_equal(paths_asset("no-such-theme", out, &e), SOUK_ENOTFOUND);
    assert_non_null(strstr(e.msg, "SOUK_ASSETS"));
    unsetenv("SOUK_ASSETS");
    assert_int_equal(paths_asset("no-such-theme", out, &e), SOUK_ENOTFOUND);
    assert_non_null(strstr(e.msg, "share/souk"));
}

/* --- ini ----------------------------------------------------------------- */

static souk_err note(void *ud, const char *section, const char *key, const char *value,
                     struct err *e)
{
    if (strcmp(key, "refuse") == 0) {
        return err_set(e, SOUK_EUSAGE, "will not");
    }
    buf_addf(ud, "[%s]%s=%s;", section, key, value);
    return SOUK_OK;
}

static void expect_ini(const char *text, souk_err rc, const char *seen, const char *message)
{
    struct buf b;
    struct err e = {SOUK_OK, ""};
    buf_init(&b, 10000);
    assert_int_equal(ini_parse("f.ini", text, strlen(text), note, &b, &e), rc);
    assert_int_equal(e.code, rc);
    assert_string_equal(b.p, seen);
    if (rc) {
        assert_non_null(strstr(e.msg, message));
        assert_int_equal(ini_parse("f.ini", text, strlen(text), note, &b, NULL), rc);
    }
    buf_release(&b);
}

static void ini_understands(void **state)
{
    (void)state;
    expect_ini("", SOUK_OK, "", NULL);
    expect_ini("a=1\n# c=2\n[ net.dev ]\r\n\thub = http://x:1/?q=#y \r\nempty=\n[n]\nb = c d\n",
               SOUK_OK, "[]a=1;[net.dev]hub=http://x:1/?q=#y;[net.dev]empty=;[n]b=c d;", NULL);
    expect_ini("last = no newline", SOUK_OK, "[]last=no newline;", NULL);
}

static void ini_names_the_line(void **state)
{
    (void)state;
    expect_ini("a=1\n\nnonsense\nb=2", SOUK_EINPUT, "[]a=1;", "f.ini:3: \"nonsense\"");
    expect_ini("=1", SOUK_EINPUT, "", "f.ini:1: ");
    expect_ini("[open\n", SOUK_EINPUT, "", "f.ini:1: ");
    expect_ini("[", SOUK_EINPUT, "", "f.ini:1: ");
    expect_ini("[ ]\n", SOUK_EINPUT, "", "no name");
    expect_ini("\nrefuse = me\na=1", SOUK_EUSAGE, "", "f.ini:2: will not");
    struct err e;
    assert_int_equal(ini_parse("f.ini", "a\0b", 3, note, NULL, &e), SOUK_EINPUT);
}

static void ini_reads_files(void **state)
{
    (void)state;
    char path[PATH_BUF];
    struct err e;
    struct buf b;
    buf_init(&b, 10000);
    in_home(path, "souk.ini");
    assert_int_equal(ini_read(path, note, &b, &e), SOUK_ENOTFOUND);
    write_file(path, "k = v\n", 6);
    assert_int_equal(ini_read(path, note, &b, &e), SOUK_OK);
    assert_string_equal(b.p, "[]k=v;");
    assert_int_equal(ini_read(home, note, &b, &e), SOUK_EINPUT); /* a directory */
    char *big = mem_alloc(64 * 1024 + 1);
    memset(big, '\n', 64 * 1024 + 1);
    write_file(path, big, 64 * 1024);
    assert_int_equal(ini_read(path, note, &b, &e), SOUK_OK);
    write_file(path, big, 64 * 1024 + 1);
    assert_int_equal(ini_read(path, note, &b, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "64 KiB"));
    mem_free(big);
    buf_release(&b);
}

/* --- log ----------------------------------------------------------------- */

static void log_writes_one_clean_line_each(void **state)
{
    (void)state;
    char path[PATH_BUF], long_text[3000];
    struct err e;
    size_t n;
    clock_fix(1795225022);
    log_warn("before it is open: nothing");
    in_home(path, "log");
    assert_int_equal(log_open(path, &e), SOUK_OK);
    assert_int_equal(mode_of(path), 0600);
    log_info("hub says \"%s\"", "a\x1b[31m\nforged line\xE2\x80\xAE");
    log_warn("%d tries", 3);
    memset(long_text, '\x1b', sizeof long_text - 1); /* each grows to three bytes */
    long_text[sizeof long_text - 1] = '\0';
    log_info("%s", long_text);
    log_close();
    log_info("after it is closed: nothing");
    log_close();

    char *text = read_file(path, &n);
    static const char want[] =
        "2026-11-21T01:37:02Z info hub says \"a␛[31m forged line\xEF\xBF\xBD\"\n"
        "2026-11-21T01:37:02Z warn 3 tries\n";
    assert_memory_equal(text, want, sizeof want - 1);
    const char *third = text + sizeof want - 1;
    const char *end = strchr(third, '\n');
    assert_ptr_equal(end, text + n - 1);
    assert_true(end - third >= 1020 && end - third < 1024);
    assert_memory_equal(end - 3, "␛", 3); /* cut between characters */
    mem_free(text);
}

static void log_is_cut_in_half(void **state)
{
    (void)state;
    char path[PATH_BUF];
    struct err e;
    struct stat st;
    size_t n;
    off_t largest = 0;
    int cuts = 0;
    in_home(path, "big-log");
    assert_int_equal(log_open(path, &e), SOUK_OK);
    off_t before = 0;
    for (int i = 0; i < 3000; i++) {
        log_info("line %d %900d", i, 0);
        assert_int_equal(stat(path, &st), 0);
        cuts += st.st_size < before;
        before = st.st_size;
        largest = st.st_size > largest ? st.st_size : largest;
    }
    log_close();
    assert_int_equal(cuts, 4); /* 2.8 MB: at 1 MiB, then at each half more */
    assert_true(largest <= 1024 * 1024);
    char *text = read_file(path, &n);
    assert_memory_equal(text, "2026-11-21T", 11);                 /* starts with a whole line */
    assert_non_null(strstr(text + n - 1000, " info line 2999 ")); /* and ends with the last one */
    mem_free(text);
}

static void log_refuses_what_it_cannot_open(void **state)
{
    (void)state;
    char path[PATH_BUF], target[PATH_BUF];
    struct err e;
    assert_int_equal(log_open(in_home(path, "no/such/dir/log"), &e), SOUK_EFAIL);
    assert_non_null(strstr(e.msg, "no/such/dir/log"));
    assert_int_equal(symlink(in_home(target, "theme"), in_home(path, "link")), 0);
    assert_int_equal(log_open(path, &e), SOUK_EFAIL); /* a link leads who knows where */
    log_info("nothing happens");
}

static void *chatter(void *ud)
{
    for (int i = 0; i < 200; i++) {
        log_info("thread %s says %d", (const char *)ud, i);
    }
    return NULL;
}

static void log_is_safe_from_threads(void **state)
{
    (void)state;
    char path[PATH_BUF], *text;
    struct err e;
    pthread_t a, b;
    static char one[] = "one", two[] = "two";
    assert_int_equal(log_open(in_home(path, "threads"), &e), SOUK_OK);
    assert_int_equal(pthread_create(&a, NULL, chatter, one), 0);
    assert_int_equal(pthread_create(&b, NULL, chatter, two), 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    log_close();
    size_t n, lines = 0;
    text = read_file(path, &n);
    for (char *p = text; (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
        assert_true(p[1] == '\0' || strncmp(p + 1, "2026-11-21T01:37:02Z info thread ", 33) == 0);
    }
    assert_int_equal(lines, 400);
    mem_free(text);
}

static int make_home(void **state)
{
    (void)state;
    return mkdtemp(home) ? 0 : -1;
}

static int remove_home(void **state)
{
    (void)state;
    char path[PATH_BUF];
    /* every name the tests made, leaves first */
    static const char *const made[] = {
        "user/.config/souk",
        "user/.config",
        "user/.cache/souk/..a",
        "user/.cache/souk",
        "user/.cache",
        "user/.local/state/souk",
        "user/.local/state",
        "user/.local/share/souk/deep/er",
        "user/.local/share/souk/deep",
        "user/.local/share/souk",
        "user/.local/share",
        "user/.local",
        "user",
        "xdg/souk",
        "xdg",
        "demo/config",
        "demo/cache",
        "demo/state",
        "demo/data",
        "demo",
        "plain",
        "theme",
        "link",
        "souk.ini",
        "log",
        "big-log",
        "threads",
    };
    for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) {
        remove(in_home(path, made[i]));
    }
    return rmdir(home); /* fails when a test left something more */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_follow_xdg),
        cmocka_unit_test(paths_override_covers_all),
        cmocka_unit_test(paths_fail_in_words),
        cmocka_unit_test(assets_are_found_or_missed_in_words),
        cmocka_unit_test(ini_understands),
        cmocka_unit_test(ini_names_the_line),
        cmocka_unit_test(ini_reads_files),
        cmocka_unit_test(log_writes_one_clean_line_each),
        cmocka_unit_test(log_is_cut_in_half),
        cmocka_unit_test(log_refuses_what_it_cannot_open),
        cmocka_unit_test(log_is_safe_from_threads),
    };
    return cmocka_run_group_tests(tests, make_home, remove_home);
}
