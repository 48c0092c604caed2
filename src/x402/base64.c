#include "x402/x402.h"

#include <string.h>

#include "base/banned.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void x402_base64_encode(const void *p, size_t n, struct buf *out)
{
    const uint8_t *in = p;
    for (size_t i = 0; i < n; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t v = (uint32_t)in[i] << 16 | (have > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
                     (have > 2 ? in[i + 2] : 0);
        char four[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63],
                        have > 1 ? alphabet[v >> 6 & 63] : '=', have > 2 ? alphabet[v & 63] : '='};
        buf_add(out, four, sizeof four);
    }
}

/* The six bits of a character, 64 for any other. */
static unsigned bits(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (unsigned)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (unsigned)(c - 'a') + 26;
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0') + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : 64;
}

bool x402_base64_decode(const char *s, size_t n, struct buf *out)
{
    if (n % 4 != 0)
        return false;
    for (size_t i = 0; i < n; i += 4) {
        size_t pad = 0;
        if (i + 4 == n && s[i + 3] == '=')
            pad = s[i + 2] == '=' ? 2 : 1;
        uint32_t v = 0;
        for (size_t k = 0; k < 4 - pad; k++) {
            unsigned six = bits(s[i + k]);
            if (six > 63)
                return false;
            v |= six << (18 - 6 * k);
        }
        uint8_t three[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
        if ((pad >= 1 && three[2]) || (pad == 2 && three[1]))
            return false; /* bits that no byte has */
        buf_add(out, three, 3 - pad);
    }
    return true;
}
