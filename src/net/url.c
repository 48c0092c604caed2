#include "net/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/banned.h"

static bool starts(const char *p, size_t n, const char *with)
{
    size_t len = strlen(with);
    return n >= len && strncasecmp(p, with, len) == 0;
}

static bool clean(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] <= ' ' || p[i] == 0x7f || p[i] == '\\')
            return false;
    return true;
}

/* ":port" or nothing. */
static bool read_port(const char *p, size_t n, struct url *out)
{
    unsigned port = 0;
    if (n == 0) {
        out->port = out->https ? 443 : 80;
        return true;
    }
    if (n < 2 || n > 6 || p[0] != ':')
        return false;
    for (size_t i = 1; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        port = port * 10 + (unsigned)(p[i] - '0');
    }
    out->port = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX;
}

/* "[…]" with p on the bracket; *used: its length. */
static bool read_ipv6(const char *p, size_t n, struct url *out, size_t *used)
{
    const char *end = memchr(p, ']', n);
    char text[INET6_ADDRSTRLEN];
    struct in6_addr a;
    if (!end || (size_t)(end - p - 1) >= sizeof text)
        return false;
    memcpy(text, p + 1, (size_t)(end - p - 1));
    text[end - p - 1] = '\0';
    *used = (size_t)(end - p) + 1;
    out->ipv6 = true;
    return inet_pton(AF_INET6, text, &a) == 1 &&
           inet_ntop(AF_INET6, &a, out->host, sizeof out->host);
}

/* Does the last label look like a number to somebody? */
static bool ends_in_number(const char *host)
{
    const char *dot = strrchr(host, '.'), *last = dot ? dot + 1 : host;
    if (starts(last, strlen(last), "0x"))
        return last[2 + strspn(last + 2, "0123456789abcdef")] == '\0';
    return *last && last[strspn(last, "0123456789")] == '\0';
}

static bool read_name(const char *p, size_t n, struct url *out, size_t *used)
{
    size_t len = 0;
    char last = '.';
    for (; len < n && p[len] != ':'; len++) {
        unsigned char c = (unsigned char)p[len];
        if (len + 1 >= sizeof out->host || !(isalnum(c) || c == '-' || c == '.' || c == '_') ||
            c > 0x7f || (c == '.' && last == '.'))
            return false;
        last = (char)c;
        out->host[len] = (char)tolower(c);
    }
    out->host[len] = '\0';
    *used = len;
    if (len == 0)
        return false;
    struct in_addr a;
    out->ipv4 = inet_pton(AF_INET, out->host, &a) == 1;
    return out->ipv4 || !ends_in_number(out->host);
}

bool url_parse(const char *p, size_t n, struct url *out)
{
    *out = (struct url){.https = starts(p, n, "https://")};
    size_t scheme = out->https ? 8 : 7, used = 0, host = 0;
    if (n > URL_MAX || (!out->https && !starts(p, n, "http://")) || !clean(p, n))
        return false;
    p += scheme;
    n -= scheme;
    while (host < n && !strchr("/?#", p[host]))
        host++;
    bool right = n && p[0] == '[' ? read_ipv6(p, host, out, &used) : read_name(p, host, out, &used);
    out->rest = p + host;
    out->rest_len = n - host;
    return right && read_port(p + used, host - used, out);
}

bool url_default_port(const struct url *u)
{
    return u->port == (u->https ? 443 : 80);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
    return a->https == b->https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* Path and query: without the fragment, and "/" for an empty path. */
static const char *sent(const struct url *u, size_t *n)
{
    const char *hash = memchr(u->rest, '#', u->rest_len);
    *n = hash ? (size_t)(hash - u->rest) : u->rest_len;
    if (*n > 0)
        return u->rest;
    *n = 1;
    return "/";
}

bool url_same(const struct url *a, const struct url *b)
{
    size_t n, m;
    const char *p = sent(a, &n), *q = sent(b, &m);
    return url_same_origin(a, b) && n == m && memcmp(p, q, n) == 0;
}

bool url_is_loopback(const struct url *u)
{
    if (u->ipv4)
        return strncmp(u->host, "127.", 4) == 0;
    return strcmp(u->host, u->ipv6 ? "::1" : "localhost") == 0;
}
