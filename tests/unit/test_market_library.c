/*
 * The library of models: what lies on the disk after a cut at any moment, among junk, links and
 * other souks. This program defines fsync, renameat and unlinkat itself, to die in them on order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/library.h"
#include "tree.h"
#include "walrus/encode.h"

#include "base/banned.h"

/* --- dying on order */

static int die_at, steps; /* the step to die in; 0: none */

static void step(void)
{
    if (die_at != 0 && ++steps == die_at)
        _exit(99);
}

int fsync(int fd)
{
    step();
    return (int)syscall(SYS_fsync, fd);
}

int renameat(int a, const char *from, int b, const char *to)
{
    step();
    return (int)syscall(SYS_renameat2, a, from, b, to, 0);
}

int unlinkat(int dir, const char *name, int flags)
{
    step();
    return (int)syscall(SYS_unlinkat, dir, name, flags);
}

/* --- the frame */

static const char content[] = "not a model, but the library does not look into it";
static const char other[] = "not a model, but the library does not look into It";
static struct walrus_meta meta;
static char id_text[BLOB_ID_BUF], home[] = "/tmp/souk-library-XXXXXX", models[64];

static int set_up(void **state)
{
    (void)state;
    struct err e;
    snprintf(models, sizeof models, "%s/data/models", mkdtemp(home));
    paths_override(home);
    clock_fix(1800000000);
    assert_int_equal(walrus_encode(content, sizeof content - 1, NULL, &meta, &e), SOUK_OK);
    blob_id_format(&meta.id, id_text);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    walrus_meta_release(&meta);
    return tree_remove(home);
}

static char *in_models(const char *leaf)
{
    static char path[4][PATH_BUF];
    static int at;
    at = (at + 1) % 4;
    snprintf(path[at], PATH_BUF, "%s/%s", models, leaf);
    return path[at];
}

static char *of_entry(const char *part, const char *leaf)
{
    char name[256];
    snprintf(name, sizeof name, "%s%s/%s", id_text, part, leaf);
    return in_models(name);
}

static void write_file(const char *path, const void *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), n);
    close(fd);
}

static size_t names(void)
{
    size_t n = 0;
    DIR *d = opendir(models);
    while (d != NULL) {
        struct dirent *one = readdir(d);
        if (one == NULL)
            break;
        n += one->d_name[0] != '.';
    }
    if (d != NULL)
        closedir(d);
    return n;
}

static const struct library_about about = {.author = {"mira", 4},
                                           .model = {"tail-risk", 9},
                                           .version = {"1.02", 4},
                                           .file = {"a.onnx", 6},
                                           .source = {"aggregator.example", 18},
                                           .got = 1799999999,
                                           .verified = VERIFIED_STRICT};

static int source_file(void)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/source", home);
    write_file(path, content, sizeof content - 1);
    return open(path, O_RDONLY | O_CLOEXEC);
}

static void add(void)
{
    struct err e;
    int fd = source_file();
    if (library_add(fd, &meta, &about, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    close(fd);
}

/* Whole and right, or not there at all. */
static bool is_right(void)
{
    char path[PATH_BUF], got[sizeof content] = "";
    struct err e;
    if (library_find(&meta.id, path, &e) != SOUK_OK) {
        assert_int_equal(e.code, SOUK_ENOTFOUND);
        return false;
    }
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, got, sizeof got), sizeof content - 1);
    close(fd);
    assert_memory_equal(got, content, sizeof content - 1);
    return true;
}

static void gone(void)
{
    struct err e;
    souk_err rc = library_remove(&meta.id, &e);
    if (rc != SOUK_OK && rc != SOUK_ENOTFOUND)
        fail_msg("%s", e.msg);
    assert_int_equal(names(), 0);
}

/* --- one that is here */

static void test_kept(void **state)
{
    (void)state;
    struct library_row row;
    struct library_list *l;
    struct walrus_meta back;
    struct arena a;
    struct err e;
    struct stat st;
    int fd;
    assert_int_equal(library_find(&meta.id, NULL, &e), SOUK_ENOTFOUND);
    add();
    assert_true(is_right());
    add(); /* again is nothing */
    assert_int_equal(stat(of_entry("", "content"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0444);

    arena_init(&a, 1 << 16);
    assert_int_equal(library_about(&meta.id, &a, &row, &e), SOUK_OK);
    assert_string_equal(row.id, id_text);
    assert_string_equal(row.about.model.p, "tail-risk");
    assert_string_equal(row.about.source.p, "aggregator.example");
    assert_int_equal(row.about.got, 1799999999);
    assert_int_equal(row.about.verified, VERIFIED_STRICT);
    assert_int_equal(row.size, sizeof content - 1);
    assert_int_equal(row.used, 0);
    assert_int_equal(library_open(&meta.id, &fd, &e), SOUK_OK);
    close(fd);
    const struct library_about more = {.version = {"2.00", 4}, .verified = VERIFIED_ROWS};
    assert_int_equal(library_describe(&meta.id, &more, &e), SOUK_OK);
    assert_int_equal(library_load(7, &l, &e), SOUK_OK);
    assert_int_equal(l->n, 1);
    assert_int_equal(l->bytes, sizeof content - 1);
    assert_int_equal(l->budget, 7);
    assert_int_equal(l->row[0].used, 1800000000);
    assert_string_equal(l->row[0].about.version.p, "2.00");
    assert_string_equal(l->row[0].about.author.p, "mira");
    assert_int_equal(l->row[0].about.verified, VERIFIED_STRICT);
    library_free(l);
    arena_release(&a);

    assert_int_equal(library_metadata(&meta.id, &back, &e), SOUK_OK);
    assert_true(blob_hash_eq(&back.root, &meta.root));
    walrus_meta_release(&back);
    gone();
    assert_int_equal(library_remove(&meta.id, &e), SOUK_ENOTFOUND);
    assert_int_equal(library_open(&meta.id, &fd, &e), SOUK_ENOTFOUND);
    assert_int_equal(fd, -1);
}

static void test_checked(void **state)
{
    (void)state;
    struct library_check_options o = {.strict = false};
    enum verified how;
    struct err e;
    add();
    assert_int_equal(library_check(&meta.id, &o, &how, &e), SOUK_OK);
    assert_int_equal(how, VERIFIED_ROWS);
    unlink(of_entry("", "metadata"));
    assert_int_equal(library_check(&meta.id, &o, &how, &e), SOUK_OK);
    assert_int_equal(how, VERIFIED_STRICT);
    assert_int_equal(access(of_entry("", "metadata"), F_OK), 0); /* for the next time */
    write_file(of_entry("", "metadata"), "junk", 4);
    assert_int_equal(library_check(&meta.id, &o, &how, &e), SOUK_OK);
    assert_int_equal(how, VERIFIED_STRICT);

    chmod(of_entry("", "content"), 0600);
    write_file(of_entry("", "content"), other, sizeof other - 1);
    for (int strict = 0; strict < 2; strict++) {
        o.strict = strict == 1;
        assert_int_equal(library_check(&meta.id, &o, &how, &e), SOUK_EVERIFY);
        assert_int_equal(how, VERIFIED_NO);
    }
    write_file(of_entry("", "content"), content, 5);
    o.strict = false;
    assert_int_equal(library_check(&meta.id, &o, &how, &e), SOUK_EVERIFY);
    assert_int_equal(how, VERIFIED_NO);
    gone();
    assert_int_equal(library_check(&meta.id, &o, &how, &e), SOUK_ENOTFOUND);
}

/* A copy of something that is not what the metadata says is not taken in. */
static void test_adding_a_lie(void **state)
{
    (void)state;
    struct err e;
    char path[64];
    snprintf(path, sizeof path, "%s/lie", home);
    for (size_t n = sizeof other - 2; n <= sizeof other; n++) {
        write_file(path, other, n);
        int fd = open(path, O_RDONLY);
        assert_int_not_equal(library_add(fd, &meta, &about, &e), SOUK_OK);
        close(fd);
        assert_false(is_right());
        assert_int_equal(names(), 0);
    }
}

/* --- one that is coming */

static void test_part(void **state)
{
    (void)state;
    struct library_part *p, *second;
    struct library_list *l;
    struct buf note;
    struct err e;
    buf_init(&note, 4096);
    assert_int_equal(library_part_open(&meta.id, &p, &e), SOUK_OK);
    assert_int_equal(library_part_note(p, &note, &e), SOUK_OK);
    assert_int_equal(note.len, 0);
    assert_int_equal(library_part_open(&meta.id, &second, &e), SOUK_EFAIL);
    assert_null(second);
    assert_non_null(strstr(e.msg, "another souk"));
    assert_int_equal(library_remove(&meta.id, &e), SOUK_EFAIL);
    assert_int_equal(write(library_part_fd(p), content, 10), 10);
    assert_int_equal(library_part_keep(p, untrusted("total 50\n"), &e), SOUK_OK);
    library_part_close(p, false);

    assert_int_equal(library_find(&meta.id, NULL, &e), SOUK_ENOTFOUND);
    assert_int_equal(library_load(0, &l, &e), SOUK_OK);
    assert_int_equal(l->n, 1);
    assert_true(l->row[0].partial);
    assert_int_equal(l->row[0].size, 10);
    assert_int_equal(l->row[0].about.verified, VERIFIED_NO);
    library_free(l);

    assert_int_equal(library_part_open(&meta.id, &p, &e), SOUK_OK);
    assert_int_equal(library_part_note(p, &note, &e), SOUK_OK);
    assert_string_equal(note.p, "total 50\n");
    assert_int_equal(pwrite(library_part_fd(p), content + 10, sizeof content - 11, 10),
                     sizeof content - 11);
    assert_int_equal(library_part_finish(p, &meta, &about, &e), SOUK_OK);
    assert_true(is_right());
    assert_int_equal(access(of_entry("", "note"), F_OK), -1);
    assert_int_equal(names(), 1);

    assert_int_equal(library_part_open(&meta.id, &p, &e), SOUK_OK); /* once more, needlessly */
    assert_int_equal(write(library_part_fd(p), other, 3), 3);
    assert_int_equal(names(), 2);
    assert_int_equal(library_part_finish(p, &meta, &about, &e), SOUK_OK);
    assert_true(is_right()); /* the one that was there stays */
    assert_int_equal(names(), 1);

    assert_int_equal(library_part_open(&meta.id, &p, &e), SOUK_OK);
    library_part_close(p, true);
    assert_int_equal(names(), 1);
    library_part_close(NULL, true);
    buf_release(&note);
    gone();
}

/* --- cut at any moment */

static int in_a_child(void (*work)(void), int at)
{
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        die_at = at;
        work();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void finish(void)
{
    struct library_part *p;
    if (library_part_open(&meta.id, &p, NULL) != SOUK_OK ||
        pwrite(library_part_fd(p), content, sizeof content - 1, 0) != sizeof content - 1 ||
        library_part_keep(p, untrusted("total 50\n"), NULL) != SOUK_OK ||
        library_part_finish(p, &meta, &about, NULL) != SOUK_OK)
        _exit(1);
}

static void take_away(void)
{
    if (library_remove(&meta.id, NULL) != SOUK_OK)
        _exit(1);
}

static void test_cut_while_finishing(void **state)
{
    (void)state;
    int code, at = 1, whole = 0;
    for (; (code = in_a_child(finish, at)) == 99; at++) {
        whole += is_right();
        finish(); /* whoever comes next gets it done */
        assert_true(is_right());
        assert_int_equal(names(), 1);
        gone();
    }
    assert_int_equal(code, 0);
    assert_true(at > 8);
    assert_true(whole > 0); /* the last ones were cut behind the renaming */
    gone();
}

static void test_cut_while_removing(void **state)
{
    (void)state;
    int code, at = 1;
    finish();
    for (; (code = in_a_child(take_away, at)) == 99; at++) {
        struct library_list *l;
        assert_int_equal(library_load(0, &l, NULL), SOUK_OK);
        assert_int_equal(l->n, is_right() ? 1 : 0);
        library_free(l);
        if (at % 2 == 0)
            gone();
        finish();
        assert_true(is_right());
    }
    assert_int_equal(code, 0);
    assert_true(at > 3);
    gone();
}

/* --- junk */

static void test_junk(void **state)
{
    (void)state;
    static const char *const abouts[] = {
        "",
        "{",
        "[]",
        "null",
        "{\"author\":7,\"model\":[],\"got\":\"x\",\"verified\":3}",
        "{\"verified\":\"strictly\",\"got\":-5}",
        "{\"author\":\"\\u001b]0;x\\u0007\",\"model\":\"a\\u0000b\"}",
    };
    struct library_list *l;
    struct err e;
    add();
    for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++) {
        write_file(of_entry("", "about.json"), abouts[i], strlen(abouts[i]));
        assert_int_equal(library_load(0, &l, &e), SOUK_OK);
        assert_int_equal(l->n, 1);
        assert_int_equal(l->row[0].about.verified, VERIFIED_NO);
        assert_int_equal(l->row[0].about.got, 0);
        library_free(l);
    }
    char *huge = mem_zalloc(1 << 20);
    memset(huge, '[', 1 << 20);
    write_file(of_entry("", "about.json"), huge, 1 << 20);
    mem_free(huge);
    write_file(in_models("a file"), "x", 1);
    mkdir(in_models("not-an-id"), 0700);
    mkdir(in_models("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 0700); /* empty */
    mkdir(in_models("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"), 0700); /* not canonical */
    mkdir(in_models("BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 0700);
    mkdir(in_models("BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/content"), 0700);
    mkdir(in_models("CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.part"), 0700);
    assert_int_equal(
        mkfifo(in_models("CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.part/content"), 0600), 0);
    assert_int_equal(symlink(home, in_models("DAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), 0);
    unlink(of_entry("", "about.json"));
    assert_int_equal(mkfifo(of_entry("", "about.json"), 0600), 0);
    assert_int_equal(library_load(0, &l, &e), SOUK_OK);
    assert_int_equal(l->n, 1);
    assert_string_equal(l->row[0].id, id_text);
    library_free(l);
    assert_true(is_right());

    blob_id c;
    struct library_part *p;
    assert_true(blob_id_parse(untrusted("CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), &c));
    assert_int_equal(library_part_open(&c, &p, &e), SOUK_OK); /* in place of the pipe */
    library_part_close(p, true);
    assert_int_equal(library_remove(&meta.id, &e), SOUK_OK);
    static const char *const mine[] = {"a file", "not-an-id",
                                       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"};
    for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
        assert_int_equal(access(in_models(mine[i]), F_OK), 0); /* not ours: left alone */
    static const char *const all[] = {
        "a file",
        "not-an-id",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB",
        "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/content",
        "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "DAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(remove(in_models(all[i])), 0);
    assert_int_equal(names(), 0);
}

/* Whoever can put links there leads souk nowhere. */
static void test_links(void **state)
{
    (void)state;
    char outside[64], victim[80], got[8] = "";
    struct library_part *p;
    struct err e;
    int fd;
    snprintf(outside, sizeof outside, "%s/outside", home);
    snprintf(victim, sizeof victim, "%s/content", outside);
    mkdir(outside, 0700);
    write_file(victim, "mine", 4);

    assert_int_equal(symlink(outside, of_entry("", "")), -1); /* a trailing slash: no such folder */
    assert_int_equal(symlink(outside, in_models(id_text)), 0);
    assert_int_equal(library_find(&meta.id, NULL, &e), SOUK_ENOTFOUND);
    assert_int_equal(library_open(&meta.id, &fd, &e), SOUK_ENOTFOUND);
    add(); /* takes the place of the link */
    assert_true(is_right());
    gone();

    char part[80];
    snprintf(part, sizeof part, "%s.part", id_text);
    assert_int_equal(symlink(outside, in_models(part)), 0);
    assert_int_equal(library_part_open(&meta.id, &p, &e), SOUK_OK);
    library_part_close(p, true);

    mkdir(in_models(part), 0700);
    assert_int_equal(symlink(victim, of_entry(".part", "content")), 0);
    assert_int_equal(library_part_open(&meta.id, &p, &e), SOUK_OK);
    assert_int_equal(write(library_part_fd(p), "other", 5), 5);
    library_part_close(p, true);

    mkdir(in_models(part), 0700);
    assert_int_equal(link(victim, of_entry(".part", "content")), 0);
    assert_int_equal(library_part_open(&meta.id, &p, &e), SOUK_OK);
    assert_int_equal(write(library_part_fd(p), "other", 5), 5);
    library_part_close(p, true);

    fd = open(victim, O_RDONLY);
    assert_int_equal(read(fd, got, sizeof got), 4);
    close(fd);
    assert_string_equal(got, "mine");
    unlink(victim);
    rmdir(outside);
    assert_int_equal(names(), 0);
}

/* --- names and room */

static void test_named(void **state)
{
    (void)state;
    static const char *const right[] = {"tail-risk", "Mira/Tail-Risk", "mira/tail-risk@1.02",
                                        "tail-risk@1.02"};
    static const char *const wrong[] = {
        "", "/", "@", "tail", "mira/", "mira/tail-risk@1.03", "tail-risk@", "vera/tail-risk"};
    struct err e;
    blob_id id;
    add();
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        if (library_named(right[i], &id, &e) != SOUK_OK)
            fail_msg("%s: %s", right[i], e.msg);
        assert_true(blob_hash_eq(&id, &meta.id));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (library_named(wrong[i], &id, &e) != SOUK_ENOTFOUND)
            fail_msg("\"%s\" is somebody", wrong[i]);
    }
    assert_int_equal(library_named(id_text, &id, &e), SOUK_OK);

    struct walrus_meta two;
    assert_int_equal(walrus_encode(other, sizeof other - 1, NULL, &two, &e), SOUK_OK);
    struct library_about newer = about;
    newer.version = untrusted("2.00");
    newer.got++;
    char path[64];
    snprintf(path, sizeof path, "%s/other", home);
    write_file(path, other, sizeof other - 1);
    int fd = open(path, O_RDONLY);
    assert_int_equal(library_add(fd, &two, &newer, &e), SOUK_OK);
    close(fd);
    assert_int_equal(library_named("tail-risk", &id, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "mira/tail-risk@1.02"));
    assert_non_null(strstr(e.msg, "mira/tail-risk@2.00"));
    assert_int_equal(library_named("tail-risk@2.00", &id, &e), SOUK_OK);
    assert_true(blob_hash_eq(&id, &two.id));
    struct library_list *l;
    assert_int_equal(library_load(0, &l, &e), SOUK_OK);
    assert_string_equal(l->row[0].about.version.p, "2.00"); /* newest first */
    library_free(l);
    assert_int_equal(library_remove(&two.id, &e), SOUK_OK);
    walrus_meta_release(&two);
    gone();
}

static void test_room(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(library_room(100, 100, &e), SOUK_OK);
    assert_int_equal(library_room(100, 101, &e), SOUK_ELIMIT);
    assert_non_null(strstr(e.msg, "library rm"));
    add();
    assert_int_equal(library_room(sizeof content, 1, &e), SOUK_OK);
    assert_int_equal(library_room(sizeof content, 2, &e), SOUK_ELIMIT);
    assert_int_equal(library_room(1, 0, &e), SOUK_ELIMIT); /* over it already */
    assert_int_equal(library_room(UINT64_MAX, UINT64_MAX - sizeof content, &e), SOUK_EFAIL);
    assert_non_null(strstr(e.msg, "disk"));
    gone();
}

/* --- no memory */

static void test_no_memory(void **state)
{
    (void)state;
    struct library_list *l;
    struct library_part *p;
    struct walrus_meta m;
    struct err e;
    blob_id id;
    add();
    for (unsigned long n = 1; n < 200; n++) {
        mem_fail_at(n, true);
        souk_err a = library_load(0, &l, &e);
        mem_fail_at(0, false);
        mem_fail_at(n, true);
        souk_err b = library_named("tail-risk", &id, &e);
        mem_fail_at(0, false);
        mem_fail_at(n, true);
        souk_err c = library_metadata(&meta.id, &m, &e);
        mem_fail_at(0, false);
        mem_fail_at(n, true);
        souk_err d = library_part_open(&meta.id, &p, &e);
        mem_fail_at(0, false);
        walrus_meta_release(&m);
        library_free(l);
        library_part_close(p, true);
        assert_true(a == SOUK_OK || a == SOUK_ENOMEM);
        assert_true(d == SOUK_OK || d == SOUK_ENOMEM);
        assert_int_not_equal(c, SOUK_EVERIFY);
        if (a == SOUK_OK && b == SOUK_OK && c == SOUK_OK && d == SOUK_OK) {
            assert_true(n > 3);
            gone();
            return;
        }
    }
    fail_msg("it never came right");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_checked),
        cmocka_unit_test(test_adding_a_lie),
        cmocka_unit_test(test_part),
        cmocka_unit_test(test_cut_while_finishing),
        cmocka_unit_test(test_cut_while_removing),
        cmocka_unit_test(test_junk),
        cmocka_unit_test(test_links),
        cmocka_unit_test(test_named),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
