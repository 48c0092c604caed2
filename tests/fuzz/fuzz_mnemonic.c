/*
 * What somebody types as words or a private key, and what grows from it. First byte: how the rest
 * is taken: 0 words, 1 a private key, 2 entropy, 3 a passphrase of known words. Words that are read
 * come out of their entropy again; no message repeats what was typed.
 */
#include <stdlib.h>
#include <string.h>

#include "wallet/mnemonic.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct secret_text *text;

static void check(bool right)
{
    if (!right)
        abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    check(key_start(NULL) == SOUK_OK && secret_text_new(&text, NULL) == SOUK_OK);
    return 0;
}

static void from_words(void)
{
    uint8_t entropy[ENTROPY_MAX], again[ENTROPY_MAX];
    size_t n, again_n;
    struct err e;
    struct secret_text *back;
    souk_err r = mnemonic_entropy(text, entropy, &n, &e);
    check(r == SOUK_OK || r == SOUK_EINPUT);
    if (r)
        return;
    check(mnemonic_words(entropy, n, &back, &e) == SOUK_OK && back->n <= text->n);
    check(mnemonic_entropy(back, again, &again_n, &e) == SOUK_OK);
    check(n == again_n && memcmp(entropy, again, n) == 0);
    secret_free(back);
}

static void from_key(void)
{
    struct key *k;
    struct err e;
    souk_err r = key_from_hex(text->s, text->n, &k, &e);
    check((r == SOUK_OK) == (k != NULL) && (r == SOUK_OK || r == SOUK_EINPUT));
    check(!k || text->n == 64 || text->n == 66);
    key_free(k);
}

static void from_entropy(const uint8_t *data, size_t n)
{
    struct secret_text *words;
    struct err e;
    souk_err r = mnemonic_words(data, n, &words, &e);
    check((r == SOUK_OK) == (words != NULL) && (r == SOUK_OK || r == SOUK_EINPUT));
    if (!words)
        return;
    uint8_t back[ENTROPY_MAX];
    size_t back_n;
    check(mnemonic_entropy(words, back, &back_n, &e) == SOUK_OK);
    check(back_n == n && memcmp(back, data, n) == 0);
    secret_free(words);
}

static void as_passphrase(void)
{
    static const uint8_t zeros[16];
    struct secret_text *words;
    uint8_t seed[SEED_BYTES];
    struct err e;
    struct key *k;
    check(mnemonic_words(zeros, sizeof zeros, &words, &e) == SOUK_OK);
    souk_err r = mnemonic_seed(words, text, seed, &e);
    check(r == SOUK_OK || r == SOUK_EINPUT);
    secret_free(words);
    if (r)
        return;
    check(hd_account(seed, sizeof seed, 0, &k, &e) == SOUK_OK);
    key_free(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 1 || n > SECRET_TEXT_MAX)
        return 0;
    text->n = n - 1;
    memcpy(text->s, data + 1, n - 1);
    text->s[n - 1] = '\0';
    switch (data[0] % 4) {
    case 0:
        from_words();
        break;
    case 1:
        from_key();
        break;
    case 2:
        from_entropy(data + 1, n - 1);
        break;
    default:
        as_passphrase();
    }
    return 0;
}
