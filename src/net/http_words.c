/* What went wrong with a call, in words for people. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "net/http_internal.h"

#include "base/banned.h"

/* OpenSSL's X509_V_ERR_*; their numbers are part of its interface. */
enum { CERT_NOT_YET_VALID = 9, CERT_EXPIRED = 10 };

static const char *connect_words(const struct curl_api *api, CURL *easy)
{
    long os = 0;
    api->easy_getinfo(easy, CURLINFO_OS_ERRNO, &os);
    switch (os) {
    case ECONNREFUSED:
        return "connection refused";
    case ENETUNREACH:
    case EHOSTUNREACH:
        return "there is no way to it from this network";
    case ETIMEDOUT:
        return "it does not answer";
    default:
        return "no connection";
    }
}

static souk_err address_words(struct http_call *c, const char *host)
{
    return err_set(&c->r.err, SOUK_EINPUT,
                   "%s leads to %s, %s: souk goes to public addresses only here", host,
                   c->refused_address, c->refused);
}

static souk_err timeout_words(const struct curl_api *api, struct http_call *c, const char *host)
{
    curl_off_t looked_up = 0, connected = 0;
    api->easy_getinfo(c->easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
    api->easy_getinfo(c->easy, CURLINFO_PRETRANSFER_TIME_T, &connected);
    if (!looked_up)
        return err_set(&c->r.err, SOUK_ENET,
                       "%s could not be reached: looking its name up takes too long", host);
    if (!connected)
        return err_set(&c->r.err, SOUK_ENET, "%s could not be reached: it does not answer", host);
    c->r.timed_out = true;
    return err_set(&c->r.err, SOUK_ENET, "%s did not send its whole answer within %.3g s", host,
                   c->timeout_ms / 1000.0);
}

static souk_err too_big(struct http_call *c, const char *host)
{
    c->r.too_big = true;
    return err_set(&c->r.err, SOUK_ENET,
                   "%s sent an answer larger than %zu bytes, the most souk takes here", host,
                   c->r.body.cap);
}

static souk_err headers_words(struct http_call *c, const char *host)
{
    return err_set(&c->r.err, SOUK_ENET, "%s sent more than %d bytes of headers", host, HEADER_CAP);
}

/* Our own write callback, or that of the headers, said no. */
static souk_err refused_words(struct http_call *c, const char *host)
{
    if (c->r.too_big)
        return too_big(c, host);
    if (c->no_memory)
        return err_nomem(&c->r.err);
    if (c->huge_headers)
        return headers_words(c, host);
    return err_set(&c->r.err, SOUK_ENET, "the answer of %s cannot be read: damaged data", host);
}

/* One header line beyond libcurl's own bound is told as a lack of memory, which after the request
 * went out is next to impossible otherwise. */
static souk_err memory_words(const struct curl_api *api, struct http_call *c, const char *host)
{
    curl_off_t body = 0;
    api->easy_getinfo(c->easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
    return c->r.sent && body == 0 ? headers_words(c, host) : err_nomem(&c->r.err);
}

static souk_err broken_words(struct http_call *c, const char *host)
{
    return err_set(&c->r.err, SOUK_ENET,
                   "the connection to %s broke before the answer was complete", host);
}

static souk_err stopped_words(struct http_call *c, const char *host)
{
    if (c->refused)
        return address_words(c, host);
    if (c->unreadable)
        return err_set(&c->r.err, SOUK_EFAIL, "what was to be sent to %s cannot be read any more",
                       host);
    if (c->other_certificate)
        return err_set(&c->r.err, SOUK_EVERIFY,
                       "%s has another certificate than the one it must have; nothing was sent to "
                       "it",
                       host);
    return broken_words(c, host);
}

static souk_err certificate_words(const struct curl_api *api, struct http_call *c, const char *host)
{
    long why = 0;
    api->easy_getinfo(c->easy, CURLINFO_SSL_VERIFYRESULT, &why);
    const char *words = why == CERT_EXPIRED         ? "its certificate has expired"
                        : why == CERT_NOT_YET_VALID ? "its certificate is not valid yet"
                                                    : NULL;
    if (c->pin)
        return words
                   ? err_set(&c->r.err, SOUK_EVERIFY, "%s: %s; nothing was sent to it", host, words)
                   : err_set(&c->r.err, SOUK_EVERIFY,
                             "%s has another certificate than the one it must have; nothing was "
                             "sent to it",
                             host);
    return err_set(&c->r.err, SOUK_ENET, "%s could not be reached: %s", host,
                   words ? words : "its certificate is not trusted");
}

static bool scheme_is_ours(const char *url)
{
    return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

souk_err words_for(const struct curl_api *api, struct http_call *c, CURLcode rc)
{
    struct err *e = &c->r.err;
    char host[104];
    http_host(c->url, host);
    switch (rc) {
    case CURLE_UNSUPPORTED_PROTOCOL:
        if (scheme_is_ours(c->url))
            return err_set(e, SOUK_ENET, "%s does not answer in HTTP", host);
        return err_set(e, SOUK_EINPUT, "%s is no http or https address", c->url);
    case CURLE_URL_MALFORMAT:
        return err_set(e, SOUK_EINPUT, "%s is no valid address", c->url);
    case CURLE_COULDNT_RESOLVE_HOST:
        return err_set(e, SOUK_ENET, "%s could not be reached: name not known", host);
    case CURLE_COULDNT_CONNECT:
        if (c->refused)
            return address_words(c, host);
        return err_set(e, SOUK_ENET, "%s could not be reached: %s", host,
                       connect_words(api, c->easy));
    case CURLE_ABORTED_BY_CALLBACK:
        return stopped_words(c, host);
    case CURLE_OPERATION_TIMEDOUT:
        return timeout_words(api, c, host);
    case CURLE_GOT_NOTHING:
        return err_set(e, SOUK_ENET, "%s closed the connection without an answer", host);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return broken_words(c, host);
    case CURLE_WEIRD_SERVER_REPLY:
        return err_set(e, SOUK_ENET, "%s does not answer in HTTP", host);
    case CURLE_BAD_CONTENT_ENCODING:
        return err_set(e, SOUK_ENET, "the answer of %s is damaged: it cannot be decompressed",
                       host);
    case CURLE_FILESIZE_EXCEEDED:
        return too_big(c, host);
    case CURLE_WRITE_ERROR:
        return refused_words(c, host);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
        return certificate_words(api, c, host);
    case CURLE_SSL_CONNECT_ERROR:
        return err_set(e, SOUK_ENET, "%s could not be reached: no secure connection came about",
                       host);
    case CURLE_OUT_OF_MEMORY:
        return memory_words(api, c, host);
    default:
        return err_set(e, SOUK_ENET, "%s could not be reached: %s", host, api->easy_strerror(rc));
    }
}
