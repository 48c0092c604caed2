/*
 * url.h: http and https addresses, read strictly, for deciding who is being talked to.
 *
 * Parsers that disagree about a URL are how payments end up elsewhere, so what two of them could
 * read differently is refused: a user name or password, a backslash, blanks and control
 * characters, an empty or zero port, a percent sign or a letter outside ASCII in the host, a
 * number that is no dotted quad ("127.1", "0x7f000001"), an IPv6 zone.
 *
 * Sources: RFC 3986, the WHATWG URL standard (what it calls a host ending in a number).
 */
#ifndef SOUK_NET_URL_H
#define SOUK_NET_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { URL_MAX = 8192, URL_HOST = 254 };

struct url {
    bool https;
    bool ipv4, ipv6;     /* the host is an address, not a name */
    char host[URL_HOST]; /* lower case; of IPv6 its shortest form, without brackets */
    uint16_t port;       /* 80 or 443 when none was written */
    const char *rest;    /* path, query and fragment, in the text parsed; may be empty */
    size_t rest_len;
};

bool url_parse(const char *p, size_t n, struct url *out);
bool url_default_port(const struct url *u);
/* Scheme, host and port. */
bool url_same_origin(const struct url *a, const struct url *b);
/* The same origin, path and query; a fragment does not count, "" is "/". */
bool url_same(const struct url *a, const struct url *b);
/* "localhost", 127.0.0.0/8 or ::1, as it is written: no name is resolved. */
bool url_is_loopback(const struct url *u);

#endif
