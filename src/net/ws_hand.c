/* The server's half of the handshake: RFC 6455, 4.1 and 4.2.2. */
#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <nettle/base64.h>
#include <nettle/sha1.h>

#include "net/ws.h"

#include "base/banned.h"

/* The value of a header field, between its blanks; false: not there, or there twice. */
static bool field(const char *head, size_t n, const char *name, const char **value, size_t *len)
{
    size_t want = strlen(name);
    bool found = false;
    const char *end = head + n, *line = memchr(head, '\n', n);
    for (; line && ++line < end; line = memchr(line, '\n', (size_t)(end - line))) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t size = (size_t)((stop ? stop : end) - line);
        if (size <= want || line[want] != ':' || strncasecmp(line, name, want) != 0)
            continue;
        if (found)
            return false;
        const char *p = line + want + 1, *q = line + size;
        while (p < q && (*p == ' ' || *p == '\t'))
            p++;
        while (q > p && (q[-1] == ' ' || q[-1] == '\t' || q[-1] == '\r'))
            q--;
        *value = p;
        *len = (size_t)(q - p);
        found = true;
    }
    return found;
}

static bool field_is(const char *head, size_t n, const char *name, const char *want)
{
    const char *v;
    size_t len;
    return field(head, n, name, &v, &len) && len == strlen(want) && strncasecmp(v, want, len) == 0;
}

bool ws_accepted(const char *head, size_t n, const char *key)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", status[] = "HTTP/1.1 101";
    struct sha1_ctx h;
    uint8_t sum[SHA1_DIGEST_SIZE];
    char accept[BASE64_ENCODE_RAW_LENGTH(SHA1_DIGEST_SIZE) + 1];
    const char *v;
    size_t len;
    sha1_init(&h);
    sha1_update(&h, strlen(key), (const uint8_t *)key);
    sha1_update(&h, sizeof guid - 1, (const uint8_t *)guid);
    sha1_digest(&h, sizeof sum, sum);
    base64_encode_raw(accept, sizeof sum, sum);
    size_t room = sizeof accept - 1;
    return n > sizeof status && memcmp(head, status, sizeof status - 1) == 0 &&
           (head[sizeof status - 1] == ' ' || head[sizeof status - 1] == '\r') &&
           field_is(head, n, "upgrade", "websocket") &&
           field_is(head, n, "connection", "upgrade") &&
           field(head, n, "sec-websocket-accept", &v, &len) && len == room &&
           memcmp(v, accept, room) == 0 && !field(head, n, "sec-websocket-extensions", &v, &len);
}
