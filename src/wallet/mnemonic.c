#include "wallet/mnemonic.h"

#include <string.h>

#include <nettle/pbkdf2.h>
#include <nettle/sha2.h>
#include <utf8proc.h>

#include "base/text.h"
#include "wallet/internal.h"

#include "base/banned.h"

enum {
    WORD_BITS = 11,
    WORDS_MAX = 24,
    ROUNDS = 2048,
    NFKD_GROWTH = 6, /* code points one byte can become: U+FDFA, three bytes, becomes 18 */
};

struct indices {
    uint16_t at[WORDS_MAX];
    size_t n;
};

static bool entropy_size_ok(size_t n)
{
    return n >= 16 && n <= ENTROPY_MAX && n % 4 == 0;
}

/* The first bits of its SHA-256 follow the entropy: one for each 32 of it, eight at most. */
static uint8_t checksum(const uint8_t *entropy, size_t n)
{
    struct sha256_ctx h;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&h);
    sha256_update(&h, n, entropy);
    sha256_digest(&h, sizeof digest, digest);
    uint8_t first = digest[0];
    secret_wipe(&h, sizeof h);
    secret_wipe(digest, sizeof digest);
    secret_wipe_stack();
    return (uint8_t)(first & (0xff00u >> (n / 4)));
}

souk_err mnemonic_words(const uint8_t *entropy, size_t n, struct secret_text **out, struct err *e)
{
    *out = NULL;
    if (!entropy_size_ok(n))
        return err_set(e, SOUK_EINPUT, "words are made of 16, 20, 24, 28 or 32 bytes, not %zu", n);
    struct secret_text *t;
    souk_err r = secret_text_new(&t, e);
    if (r)
        return r;
    uint8_t sum = checksum(entropy, n);
    unsigned bits = 0, have = 0;
    for (size_t i = 0; i <= n; i++) {
        bits = (bits << 8 | (i < n ? entropy[i] : sum)) & 0xfffff;
        have += 8;
        if (have < WORD_BITS)
            continue;
        have -= WORD_BITS;
        const char *word = wordlist[bits >> have & (WORDLIST - 1)];
        size_t len = strnlen(word, WORD_MAX);
        if (t->n)
            t->s[t->n++] = ' ';
        memcpy(t->s + t->n, word, len);
        t->n += len;
    }
    t->s[t->n] = '\0';
    *out = t;
    return SOUK_OK;
}

static bool is_blank(uint32_t cp)
{
    utf8proc_category_t c = utf8proc_category((utf8proc_int32_t)cp);
    return (cp >= 0x09 && cp <= 0x0d) || cp == 0x85 || c == UTF8PROC_CATEGORY_ZS ||
           c == UTF8PROC_CATEGORY_ZL || c == UTF8PROC_CATEGORY_ZP;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Below, at or above zero, as strcmp has it; s is n bytes in any case. */
static int compare(const char *s, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        int d = (unsigned char)lower(s[i]) - (unsigned char)word[i];
        if (d != 0 || word[i] == '\0')
            return d;
    }
    return word[n] == '\0' ? 0 : -1;
}

/* The place of a word in the list; -1: it is not there. */
static int find(const char *s, size_t n)
{
    int from = 0, to = WORDLIST;
    while (n <= WORD_MAX && from < to) {
        int mid = (from + to) / 2, d = compare(s, n, wordlist[mid]);
        if (d == 0)
            return mid;
        if (d < 0)
            to = mid;
        else
            from = mid + 1;
    }
    return -1;
}

/* Cuts the text into words. Which word is wrong is said by its number: it may be a secret. */
static souk_err find_words(const struct secret_text *t, struct indices *w, struct err *e)
{
    size_t at = 0, count = 0, unknown = 0;
    while (at < t->n) {
        uint32_t cp;
        size_t from = at, used = utf8_get(t->s + at, t->n - at, &cp, NULL);
        if (is_blank(cp)) {
            at += used;
            continue;
        }
        while (at < t->n && !is_blank(cp)) {
            at += used;
            used = utf8_get(t->s + at, t->n - at, &cp, NULL);
        }
        int index = find(t->s + from, at - from);
        count++;
        if (index < 0 && !unknown)
            unknown = count;
        if (count <= WORDS_MAX)
            w->at[count - 1] = (uint16_t)index;
    }
    if (count < 12 || count > WORDS_MAX || count % 3 != 0)
        return err_set(e, SOUK_EINPUT, "there are 12, 15, 18, 21 or 24 words, not %zu", count);
    if (unknown)
        return err_set(e, SOUK_EINPUT,
                       "word %zu is not one of the 2048 English words of BIP-39: look for a typing "
                       "error",
                       unknown);
    w->n = count;
    return SOUK_OK;
}

static souk_err join(const struct indices *w, uint8_t entropy[ENTROPY_MAX], size_t *n,
                     struct err *e)
{
    unsigned bits = 0, have = 0;
    size_t made = 0;
    *n = w->n / 3 * 4;
    memset(entropy, 0, ENTROPY_MAX);
    for (size_t i = 0; i < w->n; i++) {
        bits = (bits << WORD_BITS | w->at[i]) & 0xfffff;
        for (have += WORD_BITS; have >= 8 && made < *n; have -= 8)
            entropy[made++] = (uint8_t)(bits >> (have - 8));
    }
    uint8_t sum = (uint8_t)(bits << (8 - have));
    if (sum == checksum(entropy, *n))
        return SOUK_OK;
    secret_wipe(entropy, ENTROPY_MAX);
    return err_set(e, SOUK_EINPUT,
                   "these words do not belong together: one is wrong, or two changed places");
}

souk_err mnemonic_entropy(const struct secret_text *words, uint8_t entropy[ENTROPY_MAX], size_t *n,
                          struct err *e)
{
    struct indices *w = secret_alloc(sizeof *w);
    if (!w)
        return err_nomem(e);
    souk_err r = find_words(words, w, e);
    if (!r)
        r = join(w, entropy, n, e);
    secret_free(w);
    secret_wipe_stack();
    return r;
}

/* "mnemonic" and the passphrase in NFKD, in secret memory: at `salt`, of the length *n. */
static souk_err make_salt(const struct secret_text *pass, uint8_t **salt, size_t *n, struct err *e)
{
    static const char label[] = "mnemonic";
    enum { LABEL = sizeof label - 1 };
    size_t pass_n = pass ? pass->n : 0;
    /* utf8proc writes code points, then bytes in their place, and a NUL */
    size_t room = NFKD_GROWTH * pass_n + 1;
    utf8proc_int32_t *cp = secret_alloc(room * sizeof *cp);
    *salt = secret_alloc(LABEL + room * sizeof *cp);
    if (!cp || !*salt) {
        secret_free(cp);
        return err_nomem(e);
    }
    utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT;
    utf8proc_ssize_t len = 0;
    if (pass_n)
        len = utf8proc_decompose((const uint8_t *)pass->s, (utf8proc_ssize_t)pass_n, cp,
                                 (utf8proc_ssize_t)room, how);
    if (len >= (utf8proc_ssize_t)room)
        BUG("a passphrase of %zu bytes became %zd code points", pass_n, len);
    if (len > 0)
        len = utf8proc_reencode(cp, len, how);
    if (len >= 0) {
        memcpy(*salt, label, LABEL);
        memcpy(*salt + LABEL, cp, (size_t)len);
        *n = LABEL + (size_t)len;
    }
    secret_free(cp);
    secret_wipe_stack();
    return len >= 0 ? SOUK_OK : err_set(e, SOUK_EINPUT, "the passphrase must be text in UTF-8");
}

/* The words as BIP-39 hashes them: small letters, single blanks. */
static souk_err canonical(const struct secret_text *words, struct secret_text **out, struct err *e)
{
    *out = NULL;
    uint8_t *entropy = secret_alloc(ENTROPY_MAX);
    if (!entropy)
        return err_nomem(e);
    size_t n;
    souk_err r = mnemonic_entropy(words, entropy, &n, e);
    if (!r)
        r = mnemonic_words(entropy, n, out, e);
    secret_free(entropy);
    return r;
}

souk_err mnemonic_seed(const struct secret_text *words, const struct secret_text *passphrase,
                       uint8_t seed[SEED_BYTES], struct err *e)
{
    struct secret_text *t;
    uint8_t *salt = NULL;
    size_t salt_n = 0;
    souk_err r = canonical(words, &t, e);
    if (!r)
        r = make_salt(passphrase, &salt, &salt_n, e);
    if (!r) {
        pbkdf2_hmac_sha512(t->n, (const uint8_t *)t->s, ROUNDS, salt_n, salt, SEED_BYTES, seed);
        secret_wipe_stack();
    }
    secret_free(salt);
    secret_free(t);
    return r;
}
