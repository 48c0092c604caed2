/*
 * Wallet files that somebody has written into. First byte: 0 the text of a NAME.watch, else a
 * NAME.key. The KDF and the cipher are ours here: the first checks the caps, the second takes every
 * tag, so that a secret of any shape reaches what reads it. What is opened can be sealed again.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "wallet/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { TAG = 16 };

static char dir[] = "/tmp/souk-fuzz-keyfile-XXXXXX";
static struct secret_text *password;

static void check(bool right)
{
    if (!right)
        abort();
}

int crypto_pwhash_argon2id(unsigned char *const out, unsigned long long out_n,
                           const char *const text, unsigned long long text_n,
                           const unsigned char *const salt, unsigned long long passes,
                           size_t memory, int algorithm)
{
    (void)text, (void)text_n, (void)salt;
    check(out_n == 32 && algorithm == crypto_pwhash_argon2id_ALG_ARGON2ID13);
    check(passes >= 1 && passes <= 16 && memory >= 8192 && memory <= 1 << 30);
    memset(out, 0, out_n);
    return 0;
}

int crypto_aead_xchacha20poly1305_ietf_encrypt(unsigned char *c, unsigned long long *c_n,
                                               const unsigned char *m, unsigned long long m_n,
                                               const unsigned char *ad, unsigned long long ad_n,
                                               const unsigned char *nsec,
                                               const unsigned char *nonce, const unsigned char *k)
{
    (void)c_n, (void)ad, (void)ad_n, (void)nsec, (void)nonce, (void)k;
    memcpy(c, m, m_n);
    memset(c + m_n, 0, TAG);
    return 0;
}

int crypto_aead_xchacha20poly1305_ietf_decrypt(unsigned char *m, unsigned long long *m_n,
                                               unsigned char *nsec, const unsigned char *c,
                                               unsigned long long c_n, const unsigned char *ad,
                                               unsigned long long ad_n, const unsigned char *nonce,
                                               const unsigned char *k)
{
    (void)m_n, (void)nsec, (void)ad, (void)ad_n, (void)nonce, (void)k;
    check(c_n >= TAG);
    memcpy(m, c, c_n - TAG);
    return 0;
}

static void leave(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/w.key", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/w.watch", dir);
    unlink(path);
    rmdir(dir);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    check(key_start(NULL) == SOUK_OK && secret_text_new(&password, NULL) == SOUK_OK);
    check(mkdtemp(dir) != NULL && atexit(leave) == 0);
    return 0;
}

static void save(const char *leaf, const uint8_t *p, size_t n)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", dir, leaf);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(fd >= 0 && write(fd, p, n) == (ssize_t)n);
    close(fd);
}

static void check_card(const struct wallet_card *c)
{
    check(strcmp(c->name, "w") == 0 && c->accounts >= 1 && c->accounts <= WALLET_ACCOUNTS);
    check(c->kind == WALLET_WORDS || c->accounts == 1);
}

static void open_key(const uint8_t *data, size_t n)
{
    struct wallet_card before, card;
    struct wallet_secret *s;
    save("w.key", data, n);
    souk_err seen = wallet_card_read(dir, "w", &before, NULL);
    if (!seen)
        check_card(&before);
    souk_err r = keyfile_open(dir, "w", password, &s, &card, NULL);
    check((r == SOUK_OK) == (s != NULL) && (seen == SOUK_OK || r != SOUK_OK));
    if (s) {
        check_card(&card);
        check(memcmp(&card, &before, sizeof card) == 0);
        check(strlen(s->passphrase.s) <= s->passphrase.n && s->passphrase.n < SECRET_TEXT_MAX);
        check(keyfile_rewrite(dir, "w", s, card.accounts, password, KDF_PLAY, &before, NULL) ==
              SOUK_OK);
        check(memcmp(card.account, before.account, sizeof card.account) == 0);
    }
    secret_free(s);
}

static void read_watch(const uint8_t *data, size_t n)
{
    struct wallet_card card;
    char path[64];
    snprintf(path, sizeof path, "%s/w.key", dir);
    unlink(path);
    save("w.watch", data, n);
    if (wallet_card_read(dir, "w", &card, NULL) != SOUK_OK)
        return;
    char hex[ADDRESS_BUF];
    check_card(&card);
    check(n == 43 && memcmp(address_format(card.account[0], hex), data, 42) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n && data[0] == 0)
        read_watch(data + 1, n - 1);
    else if (n)
        open_key(data + 1, n - 1);
    return 0;
}
