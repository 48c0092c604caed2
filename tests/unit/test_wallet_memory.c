/*
 * No copy of a secret is left in memory once it is freed.
 *
 * A child process reads a password and words from a pipe, as souk-signer does, and does everything
 * with them that a wallet can. It stops twice: while it holds the secrets, when they must be found
 * (or this test looks in the wrong place), and when it has freed them, when nothing may be. We
 * make the secrets after the child has split off, so that it inherits none of ours. What a call
 * leaves on the stack the next deep one may cover, so each kind of call is the last one once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <secp256k1.h>
#include <sodium.h>

#include "base/mem.h"
#include "memscan.h"
#include "wallet/keyfile.h"

#include "base/banned.h"

static struct err e;
static char dir[PATH_BUF];
static const char name[] = "scanned";

/* --- the child */

static void must(souk_err r)
{
    if (r)
        _exit((int)r);
}

static bytes32 digest_of(int i)
{
    bytes32 d = {{[0] = 1, [31] = (uint8_t)i}};
    return d;
}

static void sign_some(const struct key *k)
{
    signature s;
    for (int i = 0; i < 3; i++)
        must(key_sign(k, digest_of(i), &s, &e));
}

static void use_v3(const struct key *k, const struct secret_text *password)
{
    char *file;
    size_t n;
    struct key *back;
    bool checked;
    must(v3_write(k, password, &file, &n, &e));
    must(v3_read(file, n, password, &back, &checked, &e));
    key_free(back);
    mem_free(file);
}

enum last { LAST_SIGN, LAST_GROW, LAST_OPEN, LAST_V3, LAST_HEX };

/* What souk-signer does with words, from the pipe to the last free. */
static void child(int from, enum last last)
{
    struct secret_text *password, *words, *again;
    struct wallet_secret *s, *opened;
    struct key *k, *typed;
    must(key_start(&e));
    must(secret_read_line(from, &password, &e));
    must(secret_read_line(from, &words, &e));
    s = secret_alloc(sizeof *s);
    s->kind = WALLET_WORDS;
    must(mnemonic_entropy(words, s->entropy, &s->entropy_n, &e));
    memcpy(&s->passphrase, password, sizeof *password); /* an awkward one, for good measure */
    must(keyfile_create(dir, name, s, 3, password, KDF_PLAY, NULL, &e));
    must(keyfile_open(dir, name, password, &opened, NULL, &e));
    must(mnemonic_words(opened->entropy, opened->entropy_n, &again, &e));
    must(wallet_secret_key(opened, 1, &k, &e));
    sign_some(k);
    if (last == LAST_V3)
        use_v3(k, password);
    /* a private key as text, as it is typed at an import */
    char *hex = secret_alloc(2 * 32 + 3);
    hex_encode(key_bytes(k), 32, hex);
    must(key_from_hex(hex, 66, &typed, &e));
    if (last == LAST_SIGN) {
        sign_some(k);
    } else if (last == LAST_GROW) {
        key_free(k);
        must(wallet_secret_key(opened, 1, &k, &e));
    } else if (last == LAST_OPEN) {
        secret_free(opened);
        must(keyfile_open(dir, name, password, &opened, NULL, &e));
    } else if (last == LAST_V3) {
        use_v3(k, password);
    }
    raise(SIGSTOP);
    key_free(typed);
    secret_free(hex);
    secret_free(again);
    key_free(k);
    secret_free(opened);
    secret_free(s);
    secret_free(words);
    secret_free(password);
    raise(SIGSTOP);
    _exit(0);
}

/* --- what to look for */

struct secrets {
    uint8_t entropy[16], seed[SEED_BYTES], key[32], reversed[32], nonce[32], nonce_reversed[32];
    uint8_t file_key[32];
    struct hd_node master;
    struct secret_text *password, *words;
    char hex[67];
};

static void reverse(const uint8_t in[32], uint8_t out[32])
{
    for (int i = 0; i < 32; i++)
        out[i] = in[31 - i];
}

static void grow(struct secrets *s)
{
    struct key *k;
    assert_int_equal(secret_random(s->entropy, sizeof s->entropy, &e), SOUK_OK);
    assert_int_equal(mnemonic_words(s->entropy, sizeof s->entropy, &s->words, &e), SOUK_OK);
    assert_int_equal(secret_text_new(&s->password, &e), SOUK_OK);
    uint8_t noise[16];
    assert_int_equal(secret_random(noise, sizeof noise, &e), SOUK_OK);
    s->password->n = (size_t)snprintf(s->password->s, 64, "pass %02x%02x%02x%02x%02x%02x word",
                                      noise[0], noise[1], noise[2], noise[3], noise[4], noise[5]);
    assert_int_equal(mnemonic_seed(s->words, s->password, s->seed, &e), SOUK_OK);
    assert_int_equal(hd_master(s->seed, SEED_BYTES, &s->master, &e), SOUK_OK);
    assert_int_equal(hd_account(s->seed, SEED_BYTES, 1, &k, &e), SOUK_OK);
    memcpy(s->key, key_bytes(k), 32);
    key_free(k);
    hex_encode(s->key, 32, s->hex);
    reverse(s->key, s->reversed); /* as the library's numbers hold it */
    secp256k1_nonce_function_rfc6979(s->nonce, digest_of(2).b, s->key, NULL, NULL, 0);
    reverse(s->nonce, s->nonce_reversed); /* whoever has it has the key */
}

static void find_file_key(struct secrets *s)
{
    uint8_t head[60];
    char path[PATH_BUF + 64];
    snprintf(path, sizeof path, "%s/%s.key", dir, name);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_int_equal(fread(head, 1, sizeof head, f), sizeof head);
    fclose(f);
    assert_int_equal(crypto_pwhash_argon2id(s->file_key, 32, s->password->s, s->password->n,
                                            head + 20, 1, 8192,
                                            crypto_pwhash_argon2id_ALG_ARGON2ID13),
                     0);
}

enum { NEEDLES = 24, HELD = 10 };

/* Halves, since a copy need not be whole. The first HELD are those that a wallet in use holds. */
static void list(const struct secrets *s, struct needle out[NEEDLES])
{
    const struct needle whole[NEEDLES / 2] = {
        {"the password", s->password->s, s->password->n, 0},
        {"the words", s->words->s, s->words->n, 0},
        {"the entropy", s->entropy, sizeof s->entropy, 0},
        {"the key", s->key, 32, 0},
        {"the key in hex", s->hex + 2, 64, 0},
        {"the key as a number", s->reversed, 32, 0},
        {"the seed", s->seed, sizeof s->seed, 0},
        {"the master key", s->master.key, 32, 0},
        {"the master chain code", s->master.chain_code, 32, 0},
        {"the signature's nonce", s->nonce, 32, 0},
        {"the signature's nonce as a number", s->nonce_reversed, 32, 0},
        {"the key file's key", s->file_key, 32, 0},
    };
    for (size_t i = 0; i < NEEDLES; i++) {
        out[i] = whole[i / 2];
        out[i].n /= 2;
        if (i % 2)
            out[i].p = (const char *)out[i].p + out[i].n;
    }
}

/* Waits until the child stops or ends. */
static int wait_for(pid_t pid)
{
    int status = 0;
    assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
    return status;
}

static void leaves_nothing(enum last last)
{
    struct secrets s = {.words = NULL};
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fd[1]);
        child(fd[0], last);
    }
    close(fd[0]);
    assert_int_equal(key_start(&e), SOUK_OK);
    grow(&s);
    FILE *to = fdopen(fd[1], "w");
    assert_true(fprintf(to, "%s\n%s\n", s.password->s, s.words->s) > 0);
    assert_int_equal(fclose(to), 0);

    int status = wait_for(pid);
    if (!WIFSTOPPED(status))
        fail_msg("the child ended with %x", (unsigned)status);
    find_file_key(&s);
    struct needle needles[NEEDLES];
    list(&s, needles);
    memscan(pid, needles, HELD);
    for (size_t i = 0; i < HELD; i++)
        assert_true(needles[i].found > 0);

    assert_int_equal(kill(pid, SIGCONT), 0);
    status = wait_for(pid);
    assert_true(WIFSTOPPED(status));
    size_t left = memscan(pid, needles, NEEDLES);
    for (size_t i = 0; i < NEEDLES; i++) {
        if (needles[i].found)
            print_error("half of %s is left %zu times\n", needles[i].what, needles[i].found);
    }
    kill(pid, SIGCONT);
    status = wait_for(pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    secret_free(s.words);
    secret_free(s.password);
    char path[PATH_BUF + 64];
    snprintf(path, sizeof path, "%s/%s.key", dir, name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(left, 0);
}

static void signing_leaves_nothing(void **state)
{
    (void)state;
    leaves_nothing(LAST_SIGN);
}

static void growing_a_key_leaves_nothing(void **state)
{
    (void)state;
    leaves_nothing(LAST_GROW);
}

static void opening_a_file_leaves_nothing(void **state)
{
    (void)state;
    leaves_nothing(LAST_OPEN);
}

static void a_v3_file_leaves_nothing(void **state)
{
    (void)state;
    leaves_nothing(LAST_V3);
}

static void a_typed_key_leaves_nothing(void **state)
{
    (void)state;
    leaves_nothing(LAST_HEX);
}

int main(void)
{
    snprintf(dir, sizeof dir, "/tmp/souk-memory-XXXXXX");
    if (!mkdtemp(dir))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signing_leaves_nothing),
        cmocka_unit_test(growing_a_key_leaves_nothing),
        cmocka_unit_test(opening_a_file_leaves_nothing),
        cmocka_unit_test(a_v3_file_leaves_nothing),
        cmocka_unit_test(a_typed_key_leaves_nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
