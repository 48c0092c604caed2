/* Values of a network's keys: from text, each checked as its type wants it, and back. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "hub/hub.h"
#include "market/config_internal.h"
#include "net/sql.h"

#include "base/banned.h"

/* What may stand in a list of addresses of servers. */
struct url_kind {
    size_t most; /* so many words */
    bool databases;
    bool (*ok)(struct untrusted word);
    const char *wanted;
};

/* Adjacent or missing blanks do not matter; every word must be an address souk may talk to. */
static souk_err set_urls(char *out, size_t room, const struct url_kind *k, const char *value,
                         struct err *e)
{
    size_t len = 0, words = 0;
    const char *p = value + strspn(value, " \t");
    char tidy[CONFIG_URLS];
    tidy[0] = '\0';
    while (*p != '\0') {
        size_t n = strcspn(p, " \t");
        const char *fault = k->databases && sql_is_url(p, n) ? sql_url_fault(p, n) : NULL;
        if (fault != NULL)
            return err_set(e, SOUK_EINPUT, "the address %s", fault);
        if (!k->ok(untrusted_n(p, n)) && !(k->databases && sql_is_url(p, n)))
            return err_set(e, SOUK_EINPUT, "\"%.*s\" is not an address: %s is wanted",
                           (int)(n < 80 ? n : 80), p, k->wanted);
        if (++words > k->most)
            return err_set(e, SOUK_EINPUT, "only one address is wanted here");
        if (len + n + 2 > room)
            return err_set(e, SOUK_EINPUT, "too long: at most %zu bytes", room - 1);
        len += (size_t)snprintf(tidy + len, sizeof tidy - len, "%s%.*s", len > 0 ? " " : "", (int)n,
                                p);
        p += n;
        p += strspn(p, " \t");
    }
    memcpy(out, tidy, len + 1);
    return SOUK_OK;
}

/* As an http address, but for its scheme. */
static bool socket_url_ok(struct untrusted url)
{
    char http[CONFIG_URL + 8];
    size_t scheme = url.n > 6 && strncasecmp(url.p, "wss://", 6) == 0  ? 6
                    : url.n > 5 && strncasecmp(url.p, "ws://", 5) == 0 ? 5
                                                                       : 0;
    if (scheme == 0 || url.n >= CONFIG_URL)
        return false;
    int n = snprintf(http, sizeof http, "http://%.*s", (int)(url.n - scheme), url.p + scheme);
    return hub_url_ok(untrusted_n(http, (size_t)n));
}

static const struct url_kind one_url = {1, false, hub_url_ok, "http://host or https://host"},
                             urls = {16, false, hub_url_ok, "http://host or https://host"},
                             rpcs = {16, true, hub_url_ok,
                                     "http://host, https://host or postgresql://host/database"},
                             socket_url = {1, false, socket_url_ok, "ws://host or wss://host"};

static souk_err parse_u64(const char *value, uint64_t min, uint64_t max, uint64_t *out,
                          struct err *e)
{
    u256 v;
    uint64_t n;
    if (!u256_from_dec(value, strlen(value), &v) || !u256_fits_u64(v, &n) || n < min || n > max)
        return err_set(e, SOUK_EINPUT, "\"%.40s\" is not a number from %llu to %llu", value,
                       (unsigned long long)min, (unsigned long long)max);
    *out = n;
    return SOUK_OK;
}

/* "none" and nothing are the zero address. */
static souk_err set_address(address *out, const char *value, struct err *e)
{
    static const address zero;
    if (value[0] == '\0' || strcmp(value, "none") == 0) {
        *out = zero;
        return SOUK_OK;
    }
    if (!address_parse(value, strlen(value), out))
        return err_set(e, SOUK_EINPUT,
                       "\"%.60s\" is not an address: 0x and 40 hex digits are wanted, in one case "
                       "or with a right checksum",
                       value);
    return SOUK_OK;
}

/* A list of addresses among a network's, how many it holds and may hold. */
struct address_list {
    address *at;
    unsigned *n, most;
};

static struct address_list list_of(const struct network *n, const void *at)
{
    struct network *w = (struct network *)n; /* to write to only where n may be */
    if (at == n->channel)
        return (struct address_list){w->channel, &w->channels, CONFIG_SPECIAL};
    if (at == n->escrow)
        return (struct address_list){w->escrow, &w->escrows, CONFIG_SPECIAL};
    return (struct address_list){w->facilitator, &w->facilitators, CONFIG_ADDRESSES};
}

/* Blank-separated; "none" and nothing are no address. One that stands twice is one. */
static souk_err set_addresses(struct address_list l, const char *value, struct err *e)
{
    address read[CONFIG_ADDRESSES] = {0};
    unsigned n = 0;
    const char *p = value + strspn(value, " \t");
    if (strcmp(p, "none") == 0)
        p = "";
    for (; *p != '\0'; p += strspn(p, " \t")) {
        char word[64];
        size_t len = strcspn(p, " \t");
        unsigned i = 0;
        if (n == l.most)
            return err_set(e, SOUK_EINPUT, "more than %u addresses", l.most);
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), p);
        souk_err c = set_address(&read[n], word, e);
        if (c != SOUK_OK)
            return c;
        while (!address_eq(read[i], read[n]))
            i++;
        n += i == n;
        p += len;
    }
    memcpy(l.at, read, n * sizeof read[0]);
    *l.n = n;
    return SOUK_OK;
}

static const char *addresses_text(struct address_list l, char out[CONFIG_TEXT])
{
    size_t len = 0;
    snprintf(out, CONFIG_TEXT, "none");
    for (unsigned i = 0; i < *l.n; i++) {
        char a[ADDRESS_BUF];
        len += (size_t)snprintf(out + len, CONFIG_TEXT - len, "%s%s", i > 0 ? " " : "",
                                address_format(l.at[i], a));
    }
    return out;
}

static souk_err set_switch(bool *out, const char *value, struct err *e)
{
    bool on = strcmp(value, "on") == 0;
    if (!on && strcmp(value, "off") != 0)
        return err_set(e, SOUK_EINPUT, "\"%.40s\" is neither on nor off", value);
    *out = on;
    return SOUK_OK;
}

static souk_err set_symbol(char out[ASSET_SYMBOL], const char *value, struct err *e)
{
    size_t n = strlen(value);
    for (size_t i = 0; i < n; i++) {
        if (value[i] <= ' ' || value[i] > '~' || value[i] == '"')
            n = 0;
    }
    if (n == 0 || n >= ASSET_SYMBOL)
        return err_set(e, SOUK_EINPUT,
                       "\"%.40s\" is no symbol: at most %d plain letters and digits", value,
                       ASSET_SYMBOL - 1);
    memcpy(out, value, n + 1);
    return SOUK_OK;
}

souk_err network_value_set(struct network *n, const struct network_key *k, const char *value,
                           struct err *e)
{
    void *at = (char *)n + k->at;
    uint64_t v = 0;
    souk_err c = SOUK_OK;
    switch (k->type) {
    case KEY_URL:
        return set_urls(at, CONFIG_URL, &one_url, value, e);
    case KEY_URLS:
        return set_urls(at, CONFIG_URLS, &urls, value, e);
    case KEY_RPCS:
        return set_urls(at, CONFIG_URLS, &rpcs, value, e);
    case KEY_SOCKET:
        return set_urls(at, CONFIG_URL, &socket_url, value, e);
    case KEY_CHAIN:
        if ((c = parse_u64(value, 1, INT64_MAX, &v, e)) == SOUK_OK)
            *(int64_t *)at = (int64_t)v;
        return c;
    case KEY_BLOCK:
    case KEY_RANGE:
        c = parse_u64(value, k->type == KEY_RANGE, INT64_MAX, &v, e);
        if (c == SOUK_OK)
            *(uint64_t *)at = v;
        return c;
    case KEY_UNSIGNED:
    case KEY_SECONDS:
        c = k->type == KEY_UNSIGNED ? parse_u64(value, 0, 1000000, &v, e)
                                    : parse_u64(value, 1, 3600, &v, e);
        if (c == SOUK_OK)
            *(unsigned *)at = (unsigned)v;
        return c;
    case KEY_SWITCH:
        return set_switch(at, value, e);
    case KEY_ADDRESSES:
        return set_addresses(list_of(n, at), value, e);
    case KEY_ADDRESS:
        c = set_address(at, value, e);
        n->has_listings = !address_is_zero(n->listings);
        n->has_tee_registry = !address_is_zero(n->tee_registry);
        return c;
    case KEY_SYMBOL:
        return set_symbol(at, value, e);
    case KEY_TOKEN:
        return network_set_token(n, value, e);
    }
    BUG("key %s has no type", k->name);
}

const char *network_value_text(const struct network *n, const struct network_key *k,
                               char out[CONFIG_TEXT])
{
    const void *at = (const char *)n + k->at;
    switch (k->type) {
    case KEY_URL:
    case KEY_URLS:
    case KEY_RPCS:
    case KEY_SOCKET:
        return at;
    case KEY_CHAIN:
        snprintf(out, CONFIG_TEXT, "%lld", (long long)*(const int64_t *)at);
        return out;
    case KEY_BLOCK:
    case KEY_RANGE:
        snprintf(out, CONFIG_TEXT, "%llu", (unsigned long long)*(const uint64_t *)at);
        return out;
    case KEY_UNSIGNED:
    case KEY_SECONDS:
        snprintf(out, CONFIG_TEXT, "%u", *(const unsigned *)at);
        return out;
    case KEY_SWITCH:
        return *(const bool *)at ? "on" : "off";
    case KEY_ADDRESSES:
        return addresses_text(list_of(n, at), out);
    case KEY_ADDRESS:
        return address_is_zero(*(const address *)at) ? "none"
                                                     : address_format(*(const address *)at, out);
    case KEY_SYMBOL:
        return at;
    case KEY_TOKEN:
        break;
    }
    BUG("key %s is not one value", k->name);
}
