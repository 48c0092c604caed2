/*
 * rpc_range.c: what nodes say when an eth_getLogs asks for too much, or they are asked too often.
 *
 * There is no agreed code for it, only sentences. `#` in a pattern is a number: digits with
 * thousands separators, or with a k or m behind ("10,000", "2k"). Patterns are tried in order
 * against the lower-cased message, those that name the allowed number of blocks first.
 */
#include "net/rpc.h"

#include <ctype.h>
#include <string.h>

#include "base/banned.h"

enum { MESSAGE_MAX = 1024 };

static const char *const with_number[] = {
    "up to a # block range",
    "limited to a #",
    "limited to # block",
    "limit the query to at most # block",
    "maximum block range: #",
    "max block range: #",
    "max block range #",
    "max range: #",
    "block range greater than # max",
    "block range exceeds #",
    "maximum is set to #",
    "maximum allowed number of requested blocks is #",
    "maximum [from, to] blocks distance: #",
    "query must be smaller than size #",
    "max is # block",
    "ranges over # block",
};

static const char *const without_number[] = {
    "exceeds the range allowed for your plan",
    "block range is too wide",
    "block range limit exceeded",
    "block range too large",
    "no backend is currently healthy to serve traffic",
    "response too large",
    "query exceeds max results",
    "query returned more than",
    "logs matched by query exceeds limit",
    "response size should not greater than",
    "query timeout exceeded",
    "response is too big",
    "log response size exceeded",
};

static uint64_t times_plus(uint64_t v, uint64_t factor, uint64_t add)
{
    return v > (UINT64_MAX - add) / factor ? UINT64_MAX : v * factor + add;
}

/* Reads a number at p; NULL when there is none, else where it ends. */
static const char *read_number(const char *p, uint64_t *v)
{
    if (!isdigit((unsigned char)*p))
        return NULL;
    for (*v = 0; isdigit((unsigned char)*p); p++) {
        *v = times_plus(*v, 10, (uint64_t)(*p - '0'));
        if ((p[1] == ',' || p[1] == '.') && isdigit((unsigned char)p[2]) &&
            isdigit((unsigned char)p[3]) && isdigit((unsigned char)p[4]))
            p++;
    }
    if ((*p == 'k' || *p == 'm') && !isalpha((unsigned char)p[1])) {
        *v = times_plus(*v, *p == 'k' ? 1000 : 1000000, 0);
        p++;
    }
    return p;
}

/* Whether p begins with the pattern. */
static bool begins(const char *p, const char *pattern, uint64_t *v)
{
    for (; *pattern; pattern++) {
        if (*pattern == '#') {
            p = read_number(p, v);
            if (!p)
                return false;
        } else if (*p++ != *pattern) {
            return false;
        }
    }
    return true;
}

static bool finds(const char *text, const char *pattern, uint64_t *v)
{
    for (; *text; text++) {
        if (begins(text, pattern, v))
            return true;
    }
    return false;
}

static const char *read_hex(const char *p, uint64_t *v)
{
    if (p[0] != '0' || p[1] != 'x' || !isxdigit((unsigned char)p[2]))
        return NULL;
    *v = 0;
    for (p += 2; isxdigit((unsigned char)*p); p++)
        *v = times_plus(*v, 16, (uint64_t)(isdigit((unsigned char)*p) ? *p - '0' : *p - 'a' + 10));
    return p;
}

/* "[0x100, 0x1ff]": a range that would have worked; its length is what is asked for. */
static bool suggested_range(const char *text, uint64_t *blocks)
{
    for (const char *p = strchr(text, '['); p; p = strchr(p + 1, '[')) {
        uint64_t from, to;
        const char *q = read_hex(p + 1, &from);
        if (!q || *q != ',')
            continue;
        q = read_hex(q + 1 + strspn(q + 1, " "), &to);
        if (q && *q == ']' && to >= from && to - from < UINT64_MAX) {
            *blocks = to - from + 1;
            return true;
        }
    }
    return false;
}

/* "(10000 > 2000)": asked and allowed. */
static void allowed_by_plan(const char *text, uint64_t *blocks)
{
    uint64_t asked;
    for (const char *p = strchr(text, '('); p; p = strchr(p + 1, '(')) {
        const char *q = read_number(p + 1, &asked);
        if (q && strncmp(q, " > ", 3) == 0 && read_number(q + 3, blocks))
            return;
    }
}

/* Of asking too often; the numbers in them are not of blocks. */
static const char *const too_often[] = {
    "rate limit",    "rate-limit",    "ratelimit",       "rate exceeded", "request rate",
    "too many req",  "request limit", "request count",   "per second",    "rps limit",
    "compute units", "throttl",       "try again later",
};

static void lower_case(struct untrusted message, char text[MESSAGE_MAX])
{
    size_t n = message.n < MESSAGE_MAX - 1 ? message.n : MESSAGE_MAX - 1;
    for (size_t i = 0; i < n; i++)
        text[i] = message.p[i] ? (char)tolower((unsigned char)message.p[i]) : ' ';
    text[n] = '\0';
}

static bool often(int64_t code, const char *text)
{
    if (code == 429)
        return true;
    for (size_t i = 0; i < sizeof too_often / sizeof *too_often; i++) {
        if (strstr(text, too_often[i]))
            return true;
    }
    return false;
}

bool rpc_busy_error(int64_t code, struct untrusted message)
{
    char text[MESSAGE_MAX];
    uint64_t blocks;
    lower_case(message, text);
    return often(code, text) && rpc_range_error(0, message, &blocks) == RPC_RANGE_OTHER;
}

enum rpc_range rpc_range_error(int64_t code, struct untrusted message, uint64_t *blocks)
{
    char text[MESSAGE_MAX];
    lower_case(message, text);

    *blocks = 0;
    if (suggested_range(text, blocks))
        return RPC_RANGE_SMALLER;
    for (size_t i = 0; i < sizeof with_number / sizeof *with_number; i++) {
        if (finds(text, with_number[i], blocks))
            return RPC_RANGE_SMALLER;
    }
    *blocks = 0; /* a pattern that fitted only in part may have left a number */
    allowed_by_plan(text, blocks);
    for (size_t i = 0; i < sizeof without_number / sizeof *without_number; i++) {
        if (strstr(text, without_number[i]))
            return RPC_RANGE_SMALLER;
    }
    *blocks = 0;
    /* -32005 is "limit exceeded" (EIP-1474), which some nodes also say of asking too often. */
    return code == -32005 && !often(code, text) ? RPC_RANGE_SMALLER : RPC_RANGE_OTHER;
}
