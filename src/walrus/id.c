#include "walrus/walrus.h"

#include <string.h>

#include "base/banned.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 256 bits in 43 digits of 6: the last one carries 4, so that its two lowest must be zero. */
enum { SPARE = BLOB_ID_TEXT * 6 - 256 };

bool blob_id_parse(struct untrusted text, blob_id *out)
{
    blob_id id;
    uint32_t bits = 0;
    unsigned have = 0;
    size_t at = 0;
    if (text.n != BLOB_ID_TEXT)
        return false;
    for (size_t i = 0; i < BLOB_ID_TEXT; i++) {
        const char *d = text.p[i] ? strchr(digits, text.p[i]) : NULL;
        if (!d)
            return false;
        bits = bits << 6 | (uint32_t)(d - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            id.b[at++] = (uint8_t)(bits >> have);
        }
    }
    if (bits & ((1U << SPARE) - 1))
        return false;
    *out = id;
    return true;
}

char *blob_id_format(const blob_id *id, char out[BLOB_ID_BUF])
{
    uint32_t bits = 0;
    unsigned have = 0;
    size_t at = 0;
    for (size_t i = 0; i < sizeof id->b; i++) {
        bits = bits << 8 | id->b[i];
        for (have += 8; have >= 6;) {
            have -= 6;
            out[at++] = digits[bits >> have & 63];
        }
    }
    out[at++] = digits[bits << SPARE & 63];
    out[at] = '\0';
    return out;
}

bool blob_hash_eq(const struct blob_hash *a, const struct blob_hash *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}
