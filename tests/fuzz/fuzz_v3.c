/*
 * A V3 key file from a stranger. The KDFs are ours here: they check that no more work is asked of
 * them than the caps allow, and give zeros, so that files whose MAC fits get further (the corpus
 * has some). What is read has its own address, or is said not to be checked.
 */
#include <stdlib.h>
#include <string.h>

#include <nettle/pbkdf2.h>
#include <sodium.h>

#include "wallet/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static void check(bool right)
{
    if (!right)
        abort();
}

int crypto_pwhash_scryptsalsa208sha256_ll(const uint8_t *password, size_t password_n,
                                          const uint8_t *salt, size_t salt_n, uint64_t work,
                                          uint32_t r, uint32_t p, uint8_t *out, size_t out_n)
{
    (void)password, (void)password_n, (void)salt;
    check(salt_n >= 1 && salt_n <= 64 && out_n == 32);
    check(work >= 2 && work <= 1 << 20 && (work & (work - 1)) == 0);
    check(r >= 1 && r <= 32 && p >= 1 && p <= 16 && 128 * work * r <= 1 << 30);
    memset(out, 0, out_n);
    return 0;
}

void pbkdf2_hmac_sha256(size_t key_n, const uint8_t *key, unsigned rounds, size_t salt_n,
                        const uint8_t *salt, size_t out_n, uint8_t *out)
{
    (void)key_n, (void)key, (void)salt;
    check(salt_n >= 1 && salt_n <= 64 && out_n == 32 && rounds >= 1 && rounds <= 10000000);
    memset(out, 0, out_n);
}

static struct secret_text *password;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    check(key_start(NULL) == SOUK_OK && secret_text_new(&password, NULL) == SOUK_OK);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct key *k;
    struct err e;
    bool checked;
    souk_err r = v3_read((const char *)data, n, password, &k, &checked, &e);
    check((r == SOUK_OK) == (k != NULL) && (k || !checked));
    check(r == SOUK_OK || r == SOUK_EINPUT || r == SOUK_EVERIFY);
    key_free(k);
    return 0;
}
