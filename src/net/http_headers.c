/* Header fields: those of the request, and what is kept of the answer's. */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/http_internal.h"

#include "base/banned.h"

/* --- of the request */

bool headers_copy(struct http_call *c, const struct http_request *rq)
{
    size_t n = 0;
    while (rq->headers && rq->headers[n])
        n++;
    c->headers = mem_array(n + 2, sizeof *c->headers);
    if (!c->headers)
        return false;
    for (size_t i = 0; i < n; i++) {
        c->headers[i] = mem_strdup(rq->headers[i]);
        if (!c->headers[i])
            return false;
    }
    for (; rq->want && rq->want[c->wants]; c->wants++) {
        if (c->wants == HTTP_WANT)
            BUG("more than %d response headers wanted", HTTP_WANT);
        c->want[c->wants] = mem_strdup(rq->want[c->wants]);
        if (!c->want[c->wants])
            return false;
    }
    if (!rq->etag)
        return true;
    struct buf b;
    buf_init(&b, 4096);
    buf_addf(&b, "If-None-Match: %s", rq->etag);
    c->headers[n] = buf_detach(&b, NULL);
    return c->headers[n] != NULL;
}

/* A line end in a header would smuggle in another one. */
bool headers_are_lines(const struct http_call *c)
{
    for (char **s = c->headers; *s; s++) {
        for (const char *p = *s; *p; p++) {
            if ((unsigned char)*p < ' ' || *p == 0x7f)
                return false;
        }
    }
    return true;
}

bool headers_to_curl(const struct curl_api *api, struct http_call *c)
{
    static const char *const no_expect[] = {"Expect:", NULL}; /* "100 Continue" costs a second */
    const char *const *lists[] = {no_expect, (const char *const *)c->headers};
    for (size_t i = 0; i < 2; i++) {
        /* A body that is read may be large: whoever would refuse it can say so before it is sent.
         */
        for (const char *const *s = i == 0 && c->read ? NULL : lists[i]; s && *s; s++) {
            struct curl_slist *longer = api->slist_append(c->curl_headers, *s);
            if (!longer)
                return false;
            c->curl_headers = longer;
        }
    }
    return true;
}

static void forget_kept(struct http_call *c)
{
    for (size_t i = 0; i < c->wants; i++) {
        MEM_FREE(c->kept[i]);
        c->r.header[i] = NULL;
    }
}

void headers_free(struct http_call *c)
{
    for (char **s = c->headers; s && *s; s++)
        mem_free(*s);
    mem_free(c->headers);
    forget_kept(c);
    for (size_t i = 0; i < HTTP_WANT; i++)
        mem_free(c->want[i]);
}

/* --- of the answer */

static void trim(const char **p, size_t *n)
{
    while (*n && (**p == ' ' || **p == '\t'))
        ++*p, --*n;
    while (*n && strchr(" \t\r\n", (*p)[*n - 1]))
        --*n;
}

/* Copies a header's value; "" when it does not fit or is not text. */
static void copy_value(char *out, size_t room, const char *p, size_t n)
{
    trim(&p, &n);
    bool fits = n < room;
    for (size_t i = 0; i < n && fits; i++)
        fits = (unsigned char)p[i] >= ' ' && p[i] != 0x7f;
    if (!fits)
        n = 0;
    memcpy(out, p, n);
    out[n] = '\0';
}

/* Retry-After in seconds from now: a number, or a date; -1 when it is neither. */
static int64_t retry_after(const struct curl_api *api, const char *value)
{
    if (isdigit((unsigned char)value[0])) {
        char *end;
        errno = 0;
        long long s = strtoll(value, &end, 10);
        return *end ? -1 : errno || s > INT_MAX ? INT_MAX : s;
    }
    time_t at = value[0] ? api->getdate(value, NULL) : -1;
    if (at < 0)
        return -1;
    int64_t left = (int64_t)at - clock_now();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : left;
}

/* A wanted header is kept whole, whatever its bytes; one that a string cannot hold is "". */
static bool keep_wanted(struct http_call *c, const char *p, size_t len)
{
    for (size_t i = 0; i < c->wants; i++) {
        size_t n = strlen(c->want[i]);
        if (c->kept[i] || len <= n || p[n] != ':' || strncasecmp(p, c->want[i], n) != 0)
            continue;
        const char *value = p + n + 1;
        size_t value_len = len - n - 1;
        trim(&value, &value_len);
        if (memchr(value, '\0', value_len))
            value_len = 0;
        c->kept[i] = mem_strndup(value, value_len);
        c->r.header[i] = c->kept[i];
        if (!c->kept[i])
            return false;
    }
    return true;
}

size_t headers_on_line(char *p, size_t size, size_t n, void *ud)
{
    struct http_call *c = ud;
    struct http_response *r = &c->r;
    size_t len = size * n;
    c->header_bytes += len;
    if (c->header_bytes > HEADER_CAP) {
        c->huge_headers = true;
        return 0;
    }
    char value[128];
    if (len > 5 && strncasecmp(p, "HTTP/", 5) == 0) { /* a 1xx came before: start afresh */
        r->etag[0] = r->content_type[0] = '\0';
        r->retry_after = -1;
        forget_kept(c);
    } else if (len > 5 && strncasecmp(p, "ETag:", 5) == 0) {
        copy_value(r->etag, sizeof r->etag, p + 5, len - 5);
    } else if (len > 13 && strncasecmp(p, "Content-Type:", 13) == 0) {
        copy_value(r->content_type, sizeof r->content_type, p + 13, len - 13);
    } else if (len > 12 && strncasecmp(p, "Retry-After:", 12) == 0) {
        copy_value(value, sizeof value, p + 12, len - 12);
        r->retry_after = retry_after(c->api, value);
    }
    if (keep_wanted(c, p, len))
        return len;
    c->no_memory = true;
    return 0;
}
