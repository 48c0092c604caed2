/*
 * Who may be talked to. A name says little: what it resolves to is examined when the socket is
 * opened, and again when a connection kept from before is used; a certificate is compared with the
 * one expected before the request's first byte leaves.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include <nettle/base64.h>
#include <nettle/sha2.h>

#include "base/mem.h"
#include "net/http_internal.h"

#include "base/banned.h"

/* --- addresses */

struct range {
    uint8_t prefix[4];
    unsigned bits;
    const char *words;
};

#define RESERVED "a reserved address"
#define PRIVATE  "an address of a private network"
#define EXAMPLE  "an address for documentation only"

/* IANA's registry of special IPv4 addresses, and multicast. */
static const struct range special4[] = {
    {{0}, 8, "an address that names no host"},
    {{10}, 8, PRIVATE},
    {{100, 64}, 10, "an address inside a provider's network"},
    {{127}, 8, "a loopback address"},
    {{169, 254}, 16, "a link-local address"},
    {{172, 16}, 12, PRIVATE},
    {{192, 0, 0}, 24, RESERVED},
    {{192, 0, 2}, 24, EXAMPLE},
    {{192, 88, 99}, 24, RESERVED},
    {{192, 168}, 16, PRIVATE},
    {{198, 18}, 15, "an address for benchmarks only"},
    {{198, 51, 100}, 24, EXAMPLE},
    {{203, 0, 113}, 24, EXAMPLE},
    {{224}, 4, "a multicast address"},
    {{255, 255, 255, 255}, 32, "the broadcast address"},
    {{240}, 4, RESERVED},
};

/* Public IPv6 lies in 2000::/3; these are what is special outside and inside of it. */
static const struct range special6[] = {
    {{0xfc}, 7, PRIVATE},
    {{0xfe, 0x80}, 10, "a link-local address"},
    {{0xff}, 8, "a multicast address"},
    {{0x20, 0x01, 0x00}, 23, RESERVED}, /* 2001::/23: Teredo, ORCHID, benchmarks */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, EXAMPLE},
    {{0x3f, 0xff}, 20, EXAMPLE},
};

static bool in_range(const uint8_t *a, const struct range *r)
{
    unsigned whole = r->bits / 8, rest = r->bits % 8;
    return memcmp(a, r->prefix, whole) == 0 &&
           (rest == 0 || (uint8_t)((a[whole] ^ r->prefix[whole]) >> (8 - rest)) == 0);
}

static const char *fault_of(const uint8_t *a, const struct range *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (in_range(a, &r[i]))
            return r[i].words;
    }
    return NULL;
}

static const char *fault4(const uint8_t a[4])
{
    return fault_of(a, special4, sizeof special4 / sizeof special4[0]);
}

/* The IPv4 address that an IPv6 one stands for; NULL: none. */
static const uint8_t *embedded4(const uint8_t a[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0)
        return a + 12;
    return a[0] == 0x20 && a[1] == 0x02 ? a + 2 : NULL; /* 6to4 */
}

static const char *fault6(const uint8_t a[16])
{
    static const uint8_t one[16] = {[15] = 1}, zero[16];
    const uint8_t *v4 = embedded4(a);
    if (v4)
        return fault4(v4);
    if (memcmp(a, one, 16) == 0)
        return "a loopback address";
    if (memcmp(a, zero, 16) == 0)
        return "an address that names no host";
    const char *words = fault_of(a, special6, sizeof special6 / sizeof special6[0]);
    return words || (a[0] & 0xe0) == 0x20 ? words : RESERVED;
}

const char *trust_address_fault(const struct sockaddr *a)
{
    if (a->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, a, sizeof in);
        return fault4((const uint8_t *)&in.sin_addr);
    }
    if (a->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, a, sizeof in6);
        return fault6(in6.sin6_addr.s6_addr);
    }
    return "no address of the internet";
}

static bool address_refused(struct http_call *c, const struct sockaddr *a)
{
    const char *words = trust_address_fault(a);
    if (!words)
        return false;
    c->refused = words;
    const void *bytes =
        a->sa_family == AF_INET6
            ? (const void *)&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr
            : (const void *)&((const struct sockaddr_in *)(const void *)a)->sin_addr;
    if (!inet_ntop(a->sa_family, bytes, c->refused_address, sizeof c->refused_address))
        snprintf(c->refused_address, sizeof c->refused_address, "?");
    return true;
}

/* libcurl asks for a socket to one address of several: a refusal makes it try the next. */
static curl_socket_t open_socket(void *ud, curlsocktype purpose, struct curl_sockaddr *to)
{
    (void)purpose;
    if (address_refused(ud, &to->addr))
        return CURL_SOCKET_BAD;
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Of a connection that stands, maybe one that another call opened. */
static bool peer_refused(struct http_call *c, const char *ip)
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, ip, &in.sin_addr) == 1)
        return address_refused(c, (const struct sockaddr *)(const void *)&in);
    if (inet_pton(AF_INET6, ip, &in6.sin6_addr) == 1)
        return address_refused(c, (const struct sockaddr *)(const void *)&in6);
    c->refused = "no address of the internet";
    snprintf(c->refused_address, sizeof c->refused_address, "%.40s", ip);
    return true;
}

/* --- certificates */

struct der {
    const uint8_t *p, *end;
};

/* The next element: one-byte tag, length in its shortest form. False: malformed, or the end. */
static bool der_next(struct der *d, uint8_t *tag, struct der *body)
{
    size_t left = (size_t)(d->end - d->p), len, more;
    if (left < 2 || (d->p[0] & 0x1f) == 0x1f)
        return false;
    *tag = d->p[0];
    len = d->p[1];
    d->p += 2;
    left -= 2;
    if (len >= 0x80) {
        more = len & 0x7f;
        if (more < 1 || more > 3 || more > left || d->p[0] == 0)
            return false;
        for (len = 0; more > 0; more--, left--)
            len = len << 8 | *d->p++;
        if (len < 0x80)
            return false;
    }
    if (len > left)
        return false;
    body->p = d->p;
    body->end = d->p += len;
    return true;
}

static bool der_take(struct der *d, uint8_t wanted, struct der *body)
{
    uint8_t tag;
    return der_next(d, &tag, body) && tag == wanted;
}

enum { INTEGER = 0x02, BIT_STRING = 0x03, SEQUENCE = 0x30, VERSION = 0xa0 };

/* RFC 5280's Certificate, as far as the key; what stands behind it need only be well-formed. */
static bool find_spki(const uint8_t *der, size_t n, const uint8_t **spki, size_t *spki_len)
{
    struct der all = {der, der + n}, cert, tbs, part, key;
    uint8_t tag;
    if (!der_take(&all, SEQUENCE, &cert) || all.p != all.end || !der_take(&cert, SEQUENCE, &tbs))
        return false;
    if (!der_take(&cert, SEQUENCE, &part) || !der_take(&cert, BIT_STRING, &part) ||
        cert.p != cert.end)
        return false;
    if (tbs.p < tbs.end && *tbs.p == VERSION && !der_next(&tbs, &tag, &part))
        return false;
    if (!der_take(&tbs, INTEGER, &part))
        return false;
    for (int i = 0; i < 4; i++) { /* signature algorithm, issuer, validity, subject */
        if (!der_take(&tbs, SEQUENCE, &part))
            return false;
    }
    *spki = tbs.p;
    if (!der_take(&tbs, SEQUENCE, &key))
        return false;
    *spki_len = (size_t)(tbs.p - *spki);
    if (!der_take(&key, SEQUENCE, &part) || !der_take(&key, BIT_STRING, &part) ||
        key.p != key.end || part.end - part.p < 2 || part.p[0] != 0)
        return false;
    while (tbs.p < tbs.end) {
        if (!der_next(&tbs, &tag, &part))
            return false;
    }
    return true;
}

bool trust_key_of(const uint8_t *der, size_t n, char out[PIN_KEY])
{
    const uint8_t *spki;
    size_t len;
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx ctx;
    if (!find_spki(der, n, &spki, &len))
        return false;
    sha256_init(&ctx);
    sha256_update(&ctx, len, spki);
    sha256_digest(&ctx, sizeof digest, digest);
    memcpy(out, "sha256//", 8);
    base64_encode_raw(out + 8, sizeof digest, digest);
    out[PIN_KEY - 1] = '\0';
    return true;
}

/* As OpenSSL writes it, byte for byte: libcurl shows the server's certificate that way. */
static char *pem_of(const uint8_t *der, size_t n)
{
    struct buf b;
    buf_init(&b, 2 * PIN_CAP);
    buf_adds(&b, "-----BEGIN CERTIFICATE-----\n");
    for (size_t at = 0; at < n; at += 48) {
        char line[BASE64_ENCODE_RAW_LENGTH(48)];
        size_t len = n - at < 48 ? n - at : 48;
        base64_encode_raw(line, len, der + at);
        buf_add(&b, line, BASE64_ENCODE_RAW_LENGTH(len));
        buf_addc(&b, '\n');
    }
    buf_adds(&b, "-----END CERTIFICATE-----\n");
    return buf_detach(&b, NULL);
}

/*
 * The pinned key alone would let in another certificate of that key, and libcurl's trust in the
 * pinned one alone whatever it signed: so the server's own is compared. One is shown only when the
 * connection is new; a connection that is used again was compared then, for libcurl shares one only
 * among calls of the same pin.
 */
static bool certificate_is_other(const struct curl_api *api, struct http_call *c)
{
    struct curl_certinfo *shown = NULL;
    long connects = 0;
    api->easy_getinfo(c->easy, CURLINFO_NUM_CONNECTS, &connects);
    api->easy_getinfo(c->easy, CURLINFO_CERTINFO, &shown);
    if (connects == 0)
        return false;
    struct curl_slist *field = shown && shown->num_of_certs > 0 ? shown->certinfo[0] : NULL;
    for (; field; field = field->next) {
        if (strncmp(field->data, "Cert:", 5) == 0)
            return strcmp(field->data + 5, c->pin) != 0;
    }
    return true;
}

/* --- the last word before the request leaves */

static int before_request(void *ud, char *peer, char *local, int peer_port, int local_port)
{
    struct http_call *c = ud;
    (void)local;
    (void)peer_port;
    (void)local_port;
    if (c->public_only && peer_refused(c, peer))
        return CURL_PREREQFUNC_ABORT;
    if (c->pin && certificate_is_other(c->api, c)) {
        c->other_certificate = true;
        return CURL_PREREQFUNC_ABORT;
    }
    if (c->once && c->r.sent) /* libcurl would say it again on a new connection */
        return CURL_PREREQFUNC_ABORT;
    c->r.sent = true;
    return CURL_PREREQFUNC_OK;
}

souk_err trust_copy(struct http_call *c, const struct http_request *rq, struct err *e)
{
    c->public_only = rq->public_only;
    c->once = rq->once;
    if (!rq->pin)
        return SOUK_OK;
    if (strncasecmp(rq->url, "https://", 8) != 0)
        return err_set(e, SOUK_EINPUT,
                       "%.200s is no https address, so no certificate vouches for it", rq->url);
    if (rq->pin_len > PIN_CAP || !trust_key_of(rq->pin, rq->pin_len, c->pin_key)) {
        char host[104];
        http_host(rq->url, host);
        return err_set(e, SOUK_EINPUT, "the certificate registered for %s cannot be read", host);
    }
    c->pin = pem_of(rq->pin, rq->pin_len);
    return c->pin ? SOUK_OK : err_nomem(e);
}

#define SET(option, value) (api->easy_setopt(c->easy, (option), (value)) == CURLE_OK)

/* HTTP/1.1: a connection on which a stranger was found is closed, not kept for other streams. */
static bool set_pin(const struct curl_api *api, struct http_call *c)
{
    struct curl_blob pem = {.data = c->pin, .len = strlen(c->pin), .flags = CURL_BLOB_COPY};
    return SET(CURLOPT_CAINFO_BLOB, &pem) && SET(CURLOPT_CAPATH, NULL) &&
           SET(CURLOPT_SSL_VERIFYHOST, 0L) && SET(CURLOPT_SSL_VERIFYPEER, 1L) &&
           SET(CURLOPT_PINNEDPUBLICKEY, c->pin_key) && SET(CURLOPT_CERTINFO, 1L) &&
           SET(CURLOPT_SSL_SESSIONID_CACHE, 0L) && SET(CURLOPT_PROTOCOLS_STR, "https") &&
           SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
}

bool trust_to_curl(const struct curl_api *api, struct http_call *c)
{
    if (!SET(CURLOPT_PREREQFUNCTION, before_request) || !SET(CURLOPT_PREREQDATA, c))
        return false;
    if (c->public_only &&
        !(SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, c)))
        return false;
    return !c->pin || set_pin(api, c);
}

#undef SET
