/*
 * Key files: what goes in comes out, no bit can be changed, nothing is half written, and nobody
 * else may touch them. Writing, syncing and renaming are ours here, to fail when a test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "wallet/keyfile.h"

#include "base/banned.h"

static struct err e;
static char dir[PATH_BUF];

/* --- faults of the disk */

static int calls, fail_at; /* the fail_at-th of these calls fails; 0: none */

static bool fails(void)
{
    if (++calls != fail_at)
        return false;
    errno = ENOSPC;
    return true;
}

ssize_t write(int fd, const void *p, size_t n)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "write");
    if (fd > 2 && fails())
        return -1;
    return real(fd, p, fd > 2 && n > 100 ? 100 : n); /* and never all at once */
}

int fsync(int fd)
{
    static int (*real)(int);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "fsync");
    return fails() ? -1 : real(fd);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    static int (*real)(int, const char *, int, const char *, unsigned);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "renameat2");
    return fails() ? -1 : real(a, from, b, to, flags);
}

int renameat(int a, const char *from, int b, const char *to)
{
    static int (*real)(int, const char *, int, const char *);
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "renameat");
    return fails() ? -1 : real(a, from, b, to);
}

/* --- helpers */

static void empty_dir(void)
{
    DIR *d = opendir(dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        if (f->d_name[0] != '.' || strlen(f->d_name) > 2)
            unlinkat(dirfd(d), f->d_name, 0);
    }
    if (d)
        closedir(d);
}

static int files_in_dir(void)
{
    int n = 0;
    DIR *d = opendir(dir);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static int fresh(void **state)
{
    (void)state;
    calls = fail_at = 0;
    chmod(dir, 0700);
    empty_dir();
    return 0;
}

static void path_of(const char *leaf, char out[PATH_BUF])
{
    snprintf(out, PATH_BUF, "%.900s/%.100s", dir, leaf);
}

static struct secret_text *text(const char *s)
{
    struct secret_text *t;
    assert_int_equal(secret_text_new(&t, &e), SOUK_OK);
    t->n = strlen(s);
    memcpy(t->s, s, t->n);
    return t;
}

static struct wallet_secret *words_secret(size_t entropy_n, const char *passphrase)
{
    struct wallet_secret *s = secret_alloc(sizeof *s);
    assert_non_null(s);
    s->kind = WALLET_WORDS;
    s->entropy_n = entropy_n;
    for (size_t i = 0; i < entropy_n; i++)
        s->entropy[i] = (uint8_t)(7 * i + 1);
    s->passphrase.n = strlen(passphrase);
    memcpy(s->passphrase.s, passphrase, s->passphrase.n);
    return s;
}

static struct wallet_secret *key_secret(void)
{
    struct wallet_secret *s = secret_alloc(sizeof *s);
    assert_non_null(s);
    s->kind = WALLET_KEY;
    memset(s->key, 0x42, sizeof s->key);
    return s;
}

static souk_err create(const char *name, const struct wallet_secret *s, unsigned accounts,
                       const char *password, struct wallet_card *card)
{
    struct secret_text *p = text(password);
    souk_err r = keyfile_create(dir, name, s, accounts, p, KDF_PLAY, card, &e);
    secret_free(p);
    return r;
}

static souk_err open_it(const char *name, const char *password, struct wallet_secret **out,
                        struct wallet_card *card)
{
    struct secret_text *p = text(password);
    souk_err r = keyfile_open(dir, name, p, out, card, &e);
    secret_free(p);
    return r;
}

static size_t load(const char *leaf, uint8_t *p, size_t room)
{
    char path[PATH_BUF];
    path_of(leaf, path);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, p, room);
    close(fd);
    assert_true(n > 0);
    return (size_t)n;
}

static void save(const char *leaf, const void *p, size_t n, mode_t mode)
{
    char path[PATH_BUF];
    path_of(leaf, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    for (const uint8_t *at = p; n;) {
        ssize_t put = write(fd, at, n);
        assert_true(put > 0);
        at += put;
        n -= (size_t)put;
    }
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* --- tests */

static void comes_back(const struct wallet_secret *s, unsigned accounts)
{
    struct wallet_card made, seen, card;
    struct wallet_secret *back;
    assert_int_equal(create("mine", s, accounts, "password", &made), SOUK_OK);
    assert_int_equal(wallet_card_read(dir, "mine", &seen, &e), SOUK_OK);
    assert_int_equal(open_it("mine", "password", &back, &card), SOUK_OK);
    assert_memory_equal(back, s, sizeof *s);
    assert_memory_equal(&made, &card, sizeof card);
    assert_memory_equal(&seen, &card, sizeof card);
    assert_string_equal(card.name, "mine");
    assert_int_equal(card.kind, s->kind);
    assert_int_equal(card.accounts, accounts);
    assert_true(card.play);
    for (unsigned i = 0; i < accounts; i++) {
        struct key *k;
        assert_int_equal(wallet_secret_key(back, i, &k, &e), SOUK_OK);
        assert_true(address_eq(key_account(k), card.account[i]));
        key_free(k);
    }
    secret_free(back);
    assert_int_equal(open_it("mine", "Password", &back, NULL), SOUK_EVERIFY);
    assert_null(back);
    empty_dir();
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    static const size_t sizes[] = {16, 20, 24, 28, 32};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct wallet_secret *s = words_secret(sizes[i], i % 2 ? "TREZOR é" : "");
        comes_back(s, 1 + (unsigned)i);
        secret_free(s);
    }
    struct wallet_secret *s = words_secret(16, "");
    comes_back(s, WALLET_ACCOUNTS);
    memset(s->passphrase.s, 'x', SECRET_TEXT_MAX - 1);
    s->passphrase.n = SECRET_TEXT_MAX - 1;
    comes_back(s, 1);
    secret_free(s);
    s = key_secret();
    comes_back(s, 1);
    struct key *k;
    assert_int_equal(wallet_secret_key(s, 1, &k, &e), SOUK_EINPUT);
    assert_null(k);
    secret_free(s);
}

static void nonsense_is_not_written(void **state)
{
    (void)state;
    struct wallet_secret *s = words_secret(16, "");
    assert_int_equal(create("mine", s, 0, "password", NULL), SOUK_EINPUT);
    assert_int_equal(create("mine", s, WALLET_ACCOUNTS + 1, "password", NULL), SOUK_EINPUT);
    s->entropy_n = 17;
    assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_EINPUT);
    s->kind = WALLET_WATCH;
    assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_EINPUT);
    secret_free(s);
    s = key_secret();
    assert_int_equal(create("mine", s, 2, "password", NULL), SOUK_EINPUT);
    memset(s->key, 0, sizeof s->key);
    assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_EINPUT);
    secret_free(s);
    assert_int_equal(files_in_dir(), 0);
}

/* Every single bit: of the version, the parameters, the addresses, the secret, the tag. */
static void no_bit_can_be_changed(void **state)
{
    (void)state;
    struct wallet_secret *s = words_secret(16, "p"), *back;
    assert_int_equal(create("mine", s, 2, "password", NULL), SOUK_OK);
    uint8_t file[4096];
    size_t n = load("mine.key", file, sizeof file);
    assert_int_equal(n, 60 + 2 * 20 + 1059 + 16);
    struct secret_text *p = text("password");
    for (size_t bit = 0; bit < 8 * n; bit++) {
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
        save("mine.key", file, n, 0600);
        file[bit / 8] ^= (uint8_t)(1 << bit % 8);
        souk_err r = keyfile_open(dir, "mine", p, &back, NULL, &e);
        if (r != SOUK_EVERIFY && r != SOUK_EINPUT)
            fail_msg("bit %zu of byte %zu changed: %d %s", bit % 8, bit / 8, (int)r, e.msg);
        assert_null(back);
    }
    for (size_t cut = 0; cut < n; cut++) {
        save("mine.key", file, cut, 0600);
        assert_int_equal(keyfile_open(dir, "mine", p, &back, NULL, &e), SOUK_EINPUT);
    }
    save("mine.key", file, n, 0600);
    assert_int_equal(keyfile_open(dir, "mine", p, &back, NULL, &e), SOUK_OK);
    secret_free(back);
    file[n] = 0;
    save("mine.key", file, n + 1, 0600);
    assert_int_equal(keyfile_open(dir, "mine", p, &back, NULL, &e), SOUK_EINPUT);
    secret_free(p);
    secret_free(s);
}

/* Asked for by the file, refused before anything is allocated. */
static void costs_are_bounded(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint32_t value;
    } cases[] = {{12, 0},         {12, 17}, {12, UINT32_MAX}, {16, 0}, {16, 7}, {16, (1 << 20) + 1},
                 {16, UINT32_MAX}};
    struct wallet_secret *s = key_secret(), *back;
    assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_OK);
    uint8_t file[4096];
    size_t n = load("mine.key", file, sizeof file);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t changed[4096];
        memcpy(changed, file, n);
        for (int b = 0; b < 4; b++)
            changed[cases[i].at + (size_t)b] = (uint8_t)(cases[i].value >> (24 - 8 * b));
        save("mine.key", changed, n, 0600);
        assert_int_equal(open_it("mine", "password", &back, NULL), SOUK_EINPUT);
        assert_non_null(strstr(e.msg, "that is refused"));
    }
    secret_free(s);
}

static void files_open_to_others_are_refused(void **state)
{
    (void)state;
    struct wallet_secret *s = key_secret(), *back;
    struct wallet_card card;
    char path[PATH_BUF];
    path_of("mine.key", path);
    assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_OK);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    static const mode_t wide[] = {0644, 0640, 0604, 0620, 0602, 0610, 0601, 0700};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        assert_int_equal(chmod(path, wide[i]), 0);
        assert_int_equal(open_it("mine", "password", &back, NULL), SOUK_EINPUT);
        assert_non_null(strstr(e.msg, "open to others"));
        assert_int_equal(wallet_card_read(dir, "mine", &card, &e), SOUK_EINPUT);
    }
    assert_int_equal(chmod(path, 0600), 0);
    static const mode_t wide_dir[] = {0755, 0750, 0705, 0770, 0711, 0701};
    for (size_t i = 0; i < sizeof wide_dir / sizeof *wide_dir; i++) {
        struct wallet_card *list;
        size_t n, broken;
        assert_int_equal(chmod(dir, wide_dir[i]), 0);
        assert_int_equal(open_it("mine", "password", &back, NULL), SOUK_EINPUT);
        assert_non_null(strstr(e.msg, "chmod 700"));
        assert_int_equal(create("other", s, 1, "password", NULL), SOUK_EINPUT);
        assert_int_equal(wallet_cards(dir, &list, &n, &broken, &e), SOUK_EINPUT);
    }
    assert_int_equal(chmod(dir, 0700), 0);
    if (geteuid() == 0) { /* somebody else's */
        assert_int_equal(chown(path, 65534, 65534), 0);
        assert_int_equal(open_it("mine", "password", &back, NULL), SOUK_EINPUT);
        assert_non_null(strstr(e.msg, "belongs to someone else"));
        assert_int_equal(chown(path, 0, 0), 0);
    }
    assert_int_equal(open_it("mine", "password", &back, NULL), SOUK_OK);
    secret_free(back);
    /* a link, a pipe and a directory are no files */
    char other[PATH_BUF];
    path_of("other.key", other);
    assert_int_equal(symlink(path, other), 0);
    assert_int_equal(open_it("other", "password", &back, NULL), SOUK_EINPUT);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_int_equal(open_it("other", "password", &back, NULL), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "no regular file"));
    secret_free(s);
}

static void nothing_is_overwritten(void **state)
{
    (void)state;
    struct wallet_secret *s = key_secret(), *other = words_secret(32, ""), *back;
    address a = {{[19] = 1}};
    assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_OK);
    assert_int_equal(create("mine", other, 1, "password", NULL), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "already"));
    assert_int_equal(wallet_watch(dir, "mine", a, &e), SOUK_EINPUT);
    assert_int_equal(wallet_watch(dir, "seen", a, &e), SOUK_OK);
    assert_int_equal(create("seen", s, 1, "password", NULL), SOUK_EINPUT);
    assert_int_equal(open_it("mine", "password", &back, NULL), SOUK_OK);
    assert_memory_equal(back, s, sizeof *s);
    secret_free(back);
    secret_free(other);
    secret_free(s);
    assert_int_equal(files_in_dir(), 2);
}

static void accounts_and_password_can_change(void **state)
{
    (void)state;
    struct wallet_secret *s = words_secret(16, ""), *back;
    struct wallet_card card;
    struct secret_text *second = text("second password");
    assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_OK);
    assert_int_equal(keyfile_rewrite(dir, "mine", s, 5, second, KDF_PLAY, &card, &e), SOUK_OK);
    assert_int_equal(card.accounts, 5);
    assert_string_equal(card.name, "mine");
    assert_int_equal(open_it("mine", "password", &back, NULL), SOUK_EVERIFY);
    assert_int_equal(open_it("mine", "second password", &back, &card), SOUK_OK);
    assert_int_equal(card.accounts, 5);
    secret_free(back);
    assert_int_equal(keyfile_rewrite(dir, "none", s, 1, second, KDF_PLAY, NULL, &e),
                     SOUK_ENOTFOUND);
    assert_int_equal(open_it("none", "password", &back, NULL), SOUK_ENOTFOUND);
    secret_free(second);
    secret_free(s);
}

/* Strong parameters once: they cost a second. */
static void strong_is_strong(void **state)
{
    (void)state;
    struct wallet_secret *s = key_secret(), *back;
    struct wallet_card card;
    struct secret_text *p = text("a long password");
    assert_int_equal(keyfile_create(dir, "mine", s, 1, p, KDF_STRONG, &card, &e), SOUK_OK);
    assert_false(card.play);
    uint8_t file[4096];
    load("mine.key", file, sizeof file);
    static const uint8_t cost[] = {0, 0, 0, 3, 0, 4, 0, 0}; /* 3 passes over 256 MiB */
    assert_memory_equal(file + 12, cost, sizeof cost);
    assert_int_equal(keyfile_open(dir, "mine", p, &back, NULL, &e), SOUK_OK);
    secret_free(back);
    secret_free(p);
    secret_free(s);
}

/* The disk fails at each call in turn: no wallet, or the old one, and nothing left lying about. */
static void the_disk_may_fail(void **state)
{
    (void)state;
    struct wallet_secret *s = words_secret(32, ""), *back;
    struct secret_text *second = text("second password");
    calls = 0;
    assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_OK);
    int n = calls;
    assert_true(n > 10); /* the file takes 12 writes of 100 bytes */
    for (int i = 1; i <= n; i++) {
        empty_dir();
        calls = 0;
        fail_at = i;
        assert_int_equal(create("mine", s, 1, "password", NULL), SOUK_EFAIL);
        fail_at = 0;
        assert_int_equal(files_in_dir(), i == n); /* the last syncs the directory: it is there */
    }
    assert_int_equal(open_it("mine", "password", &back, NULL), SOUK_OK);
    secret_free(back);
    for (int i = 1; i <= n; i++) {
        calls = 0;
        fail_at = i;
        assert_int_equal(keyfile_rewrite(dir, "mine", s, 3, second, KDF_PLAY, NULL, &e),
                         SOUK_EFAIL);
        fail_at = 0;
        assert_int_equal(files_in_dir(), 1);
        assert_int_equal(open_it("mine", i < n ? "password" : "second password", &back, NULL),
                         SOUK_OK);
        secret_free(back);
    }
    secret_free(second);
    secret_free(s);
}

static void memory_may_run_out(void **state)
{
    (void)state;
    struct wallet_secret *s = words_secret(16, "p");
    struct secret_text *p = text("password");
    unsigned long n = 0;
    for (souk_err r = SOUK_ENOMEM; r; n++) {
        assert_int_equal(files_in_dir(), 0);
        mem_fail_at(n + 1, true);
        r = keyfile_create(dir, "mine", s, 2, p, KDF_PLAY, NULL, &e);
        mem_fail_at(0, false);
        assert_true(r == SOUK_OK || r == SOUK_ENOMEM);
    }
    assert_true(n > 20);
    n = 0;
    for (souk_err r = SOUK_ENOMEM; r; n++) {
        struct wallet_secret *back;
        mem_fail_at(n + 1, true);
        r = keyfile_open(dir, "mine", p, &back, NULL, &e);
        mem_fail_at(0, false);
        assert_true(r == SOUK_OK || (r == SOUK_ENOMEM && !back));
        secret_free(back);
    }
    assert_true(n > 10);
    secret_free(p);
    secret_free(s);
}

static void names(void **state)
{
    (void)state;
    assert_true(wallet_name_ok("a"));
    assert_true(wallet_name_ok("my-wallet_2"));
    assert_true(wallet_name_ok("abcdefghijklmnopqrstuvwxyz012345"));
    static const char *const bad[] = {
        "", "abcdefghijklmnopqrstuvwxyz0123456", "A", "a.b", "../a", "a/b", "a b", "\xc3\xa9"};
    struct wallet_secret *s = key_secret(), *back;
    struct wallet_card card;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(wallet_name_ok(bad[i]));
        assert_int_equal(create(bad[i], s, 1, "password", NULL), SOUK_EINPUT);
        assert_int_equal(open_it(bad[i], "password", &back, NULL), SOUK_EINPUT);
        assert_int_equal(wallet_card_read(dir, bad[i], &card, &e), SOUK_EINPUT);
        assert_int_equal(wallet_watch(dir, bad[i], (address){{1}}, &e), SOUK_EINPUT);
    }
    secret_free(s);
    assert_int_equal(files_in_dir(), 0);
}

static void a_listing_of_all(void **state)
{
    (void)state;
    struct wallet_card *list, card;
    size_t n, broken;
    char other[PATH_BUF];
    path_of("none", other);
    assert_int_equal(wallet_cards(other, &list, &n, &broken, &e), SOUK_OK);
    assert_int_equal(n, 0);
    assert_null(list);
    address a; /* many letters: much checksum */
    memset(a.b, 0xbe, sizeof a.b);
    assert_int_equal(wallet_watch(dir, "seen", a, &e), SOUK_OK);
    assert_int_equal(wallet_watch(dir, "nobody", (address){{0}}, &e), SOUK_EINPUT);
    struct wallet_secret *s = words_secret(16, "");
    static const char *const made[] = {"zoo", "main", "alpha", "b", "c"};
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(create(made[i], s, 2, "password", NULL), SOUK_OK);
    secret_free(s);
    save("bad.key", "nothing", 7, 0600);
    save("main.watch", "passed over", 11, 0600); /* a key has the name */
    save("main.ledger", "another file", 12, 0600);
    save(".main.key.0123456789abcdef", "left by a crash", 15, 0600);
    assert_int_equal(wallet_cards(dir, &list, &n, &broken, &e), SOUK_OK);
    assert_int_equal(n, 6);
    assert_int_equal(broken, 1);
    static const char *const want[] = {"alpha", "b", "c", "main", "seen", "zoo"};
    for (size_t i = 0; i < n; i++) {
        assert_string_equal(list[i].name, want[i]);
        assert_int_equal(list[i].kind, i == 4 ? WALLET_WATCH : WALLET_WORDS);
        assert_int_equal(list[i].accounts, i == 4 ? 1 : 2);
    }
    assert_true(address_eq(list[4].account[0], a));
    mem_free(list);
    assert_int_equal(wallet_card_read(dir, "seen", &card, &e), SOUK_OK);
    assert_int_equal(wallet_card_read(dir, "bad", &card, &e), SOUK_EINPUT);
    assert_int_equal(wallet_card_read(dir, "none", &card, &e), SOUK_ENOTFOUND);
    assert_int_equal(wallet_card_read(other, "none", &card, &e), SOUK_ENOTFOUND);
    /* a watched address is read as it was written, or not at all */
    uint8_t line[64];
    size_t len = load("seen.watch", line, sizeof line);
    for (size_t i = 0; i < len; i++) {
        for (int b = 0; b < 8; b++) {
            line[i] ^= (uint8_t)(1 << b);
            save("seen.watch", line, len, 0600);
            line[i] ^= (uint8_t)(1 << b);
            assert_int_equal(wallet_card_read(dir, "seen", &card, &e), SOUK_EINPUT);
        }
    }
    for (unsigned long i = 1; i < 4; i++) {
        mem_fail_at(i, true);
        assert_int_equal(wallet_cards(dir, &list, &n, &broken, &e), SOUK_ENOMEM);
        mem_fail_at(0, false);
        assert_null(list);
    }
}

int main(void)
{
    if (key_start(&e))
        return 1;
    snprintf(dir, sizeof dir, "/tmp/souk-keyfile-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_goes_in_comes_out, fresh),
        cmocka_unit_test_setup(nonsense_is_not_written, fresh),
        cmocka_unit_test_setup(no_bit_can_be_changed, fresh),
        cmocka_unit_test_setup(costs_are_bounded, fresh),
        cmocka_unit_test_setup(files_open_to_others_are_refused, fresh),
        cmocka_unit_test_setup(nothing_is_overwritten, fresh),
        cmocka_unit_test_setup(accounts_and_password_can_change, fresh),
        cmocka_unit_test_setup(strong_is_strong, fresh),
        cmocka_unit_test_setup(the_disk_may_fail, fresh),
        cmocka_unit_test_setup(memory_may_run_out, fresh),
        cmocka_unit_test_setup(names, fresh),
        cmocka_unit_test_setup(a_listing_of_all, fresh),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty_dir();
    rmdir(dir);
    return failed;
}
