#include <ctype.h>
#include <string.h>

#include "eth/eth.h"

#include "base/banned.h"

static int nibble(char c)
{
    unsigned char u = (unsigned char)c;
    return isxdigit(u) ? (u & 15) + (u >> 6) * 9 : -1; /* letters start at 0x41 and 0x61 */
}

static bool has_0x(const char *s, size_t n)
{
    return n >= 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X');
}

bool hex_decode(const char *s, size_t n, uint8_t *out, size_t want)
{
    if (!has_0x(s, n) || n % 2 != 0 || (n - 2) / 2 != want)
        return false;
    for (size_t i = 0; i < want; i++) {
        int hi = nibble(s[2 + 2 * i]), lo = nibble(s[3 + 2 * i]);
        if (hi < 0 || lo < 0)
            return false;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

bool hex_u64(const char *s, size_t n, uint64_t *out)
{
    uint64_t v = 0;
    if (!has_0x(s, n) || n == 2 || n > 18)
        return false;
    for (size_t i = 2; i < n; i++) {
        int d = nibble(s[i]);
        if (d < 0)
            return false;
        v = v << 4 | (uint64_t)d;
    }
    *out = v;
    return true;
}

char *hex_encode(const uint8_t *p, size_t n, char *out)
{
    static const char digit[] = "0123456789abcdef";
    char *o = out;
    *o++ = '0';
    *o++ = 'x';
    for (size_t i = 0; i < n; i++) {
        *o++ = digit[p[i] >> 4];
        *o++ = digit[p[i] & 15];
    }
    *o = '\0';
    return out;
}

/* EIP-55: a letter is a capital where the hash of the lower-case text has a high nibble >= 8. */
char *address_format(address a, char out[ADDRESS_BUF])
{
    hex_encode(a.b, sizeof a.b, out);
    bytes32 h = keccak256(out + 2, 40);
    for (size_t i = 0; i < 40; i++) {
        uint8_t high = h.b[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;
        if (out[2 + i] >= 'a' && high >= 8)
            out[2 + i] = (char)(out[2 + i] - 'a' + 'A');
    }
    return out;
}

bool address_parse(const char *s, size_t n, address *out)
{
    address a = {{0}};
    bool lower = false, upper = false;
    char right[ADDRESS_BUF];
    if (!hex_decode(s, n, a.b, sizeof a.b))
        return false;
    for (size_t i = 2; i < n; i++) {
        lower |= s[i] >= 'a';
        upper |= s[i] >= 'A' && s[i] <= 'F';
    }
    if (lower && upper && memcmp(address_format(a, right) + 2, s + 2, 40) != 0)
        return false;
    *out = a;
    return true;
}

bool address_eq(address a, address b)
{
    return memcmp(a.b, b.b, sizeof a.b) == 0;
}

bool address_is_zero(address a)
{
    return address_eq(a, (address){{0}});
}

bool bytes32_parse(const char *s, size_t n, bytes32 *out)
{
    return hex_decode(s, n, out->b, sizeof out->b);
}

char *bytes32_format(bytes32 h, char out[HASH_BUF])
{
    return hex_encode(h.b, sizeof h.b, out);
}
