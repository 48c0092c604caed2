#include <ctype.h>
#include <string.h>

#include "hub/hub.h"

#include "base/banned.h"

/* The six bits a base64url character stands for, or -1. */
static int base64url(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

bool hub_blob_id_ok(struct untrusted id)
{
    if (id.n != HUB_BLOB_ID)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        if (base64url(id.p[i]) < 0)
            return false;
    }
    /* 43 characters are 258 bits, two more than 32 bytes have: those must be zero. */
    return base64url(id.p[id.n - 1]) % 4 == 0;
}

bool hub_ipfs_id_ok(struct untrusted id)
{
    static const char base58[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    if (id.n != 46 || memcmp(id.p, "Qm", 2) != 0)
        return false;
    for (size_t i = 0; i < id.n; i++) {
        if (!memchr(base58, id.p[i], sizeof base58 - 1))
            return false;
    }
    return true;
}

size_t hub_description_blob_id(struct untrusted description, char out[HUB_BLOB_ID + 1])
{
    const char *found[HUB_IDS_MAX];
    size_t count = 0;
    out[0] = '\0';
    for (size_t i = 0; i < description.n && count < HUB_IDS_MAX;) {
        size_t start = i, seen = 0;
        while (i < description.n && base64url(description.p[i]) >= 0)
            i++;
        struct untrusted token = untrusted_n(description.p + start, i - start);
        i++;
        if (!hub_blob_id_ok(token))
            continue;
        while (seen < count && memcmp(found[seen], token.p, HUB_BLOB_ID) != 0)
            seen++;
        if (seen == count)
            found[count++] = token.p;
    }
    if (count == 1) {
        memcpy(out, found[0], HUB_BLOB_ID);
        out[HUB_BLOB_ID] = '\0';
    }
    return count;
}

static struct untrusted skip(struct untrusted s, size_t n)
{
    return untrusted_n(s.p + n, s.n - n);
}

/* s without the leading characters that are in set. */
static struct untrusted skip_any(struct untrusted s, const char *set)
{
    while (s.n > 0 && s.p[0] != '\0' && strchr(set, s.p[0]))
        s = skip(s, 1);
    return s;
}

/* s without a leading "1." or "1)" of a numbered list. */
static struct untrusted skip_number(struct untrusted s)
{
    size_t i = 0;
    while (i < s.n && isdigit((unsigned char)s.p[i]))
        i++;
    return i > 0 && i < s.n && (s.p[i] == '.' || s.p[i] == ')') ? skip(s, i + 1) : s;
}

static bool line_names(struct untrusted line, address owner)
{
    static const char key[] = "souk-listing:";
    enum { ADDRESS_LEN = ADDRESS_BUF - 1 };
    address named;
    line = skip_any(skip_number(skip_any(line, " \t>")), " \t>*+-_`'\"");
    if (line.n < sizeof key - 1 || memcmp(line.p, key, sizeof key - 1) != 0)
        return false;
    line = skip_any(skip(line, sizeof key - 1), " \t*_`'\"");
    if (line.n < ADDRESS_LEN || !address_parse(line.p, ADDRESS_LEN, &named))
        return false;
    return skip_any(skip(line, ADDRESS_LEN), " \t*_`'\"").n == 0 && address_eq(named, owner);
}

bool hub_description_names_listing(struct untrusted description, address owner)
{
    bool named = false;
    for (size_t i = 0; i < description.n && !named; i++) {
        size_t start = i;
        while (i < description.n && description.p[i] != '\n' && description.p[i] != '\r')
            i++;
        named = line_names(untrusted_n(description.p + start, i - start), owner);
    }
    return named;
}
