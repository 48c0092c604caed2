#include <string.h>
#include <time.h>

#include "eth/chains.h"
#include "hub/internal.h"

#include "base/banned.h"

int64_t hub_chain_id(struct untrusted network)
{
    static const char caip[] = "eip155:";
    const size_t len = sizeof caip - 1;
    if (chain_of_name(network))
        return (int64_t)chain_of_name(network);
    u256 id;
    uint64_t small;
    if (network.n <= len || memcmp(network.p, caip, len) != 0 ||
        !u256_from_dec(network.p + len, network.n - len, &id) || !u256_fits_u64(id, &small) ||
        small > INT64_MAX)
        return 0;
    return (int64_t)small;
}

/* Version 2 says "amount", version 1 "maxAmountRequired". Numbers are refused: JSON's are inexact.
 */
static bool take_offer(struct intake *in, const json *j, struct hub_offer *o)
{
    struct untrusted amount = json_str(j, "amount");
    struct untrusted asset = json_str(j, "asset");
    struct untrusted pay_to = json_str(j, "payTo");
    bool cut = false;
    if (!amount.p)
        amount = json_str(j, "maxAmountRequired");
    o->chain = hub_chain_id(json_str(j, "network"));
    if (o->chain == 0 || !amount.p || !u256_from_dec(amount.p, amount.n, &o->amount) || !asset.p ||
        !address_parse(asset.p, asset.n, &o->asset) || !pay_to.p ||
        !address_parse(pay_to.p, pay_to.n, &o->pay_to))
        return false;
    o->scheme = hub_member(in, j, "scheme", 32, &cut);
    return o->scheme.n > 0 && !cut;
}

static void take_offers(struct intake *in, const json *accepts, struct hub_resource *r)
{
    size_t seen = 0;
    for (const json *j = json_first(accepts); j; j = json_next(j))
        seen++;
    size_t room = seen < HUB_OFFERS_MAX ? seen : HUB_OFFERS_MAX;
    if (room == 0)
        return;
    r->offer = arena_alloc(in->a, room * sizeof *r->offer);
    in->nomem |= !r->offer;
    for (const json *j = json_first(accepts); j && r->offers < room && !in->nomem;
         j = json_next(j)) {
        if (take_offer(in, j, &r->offer[r->offers]))
            r->offers++;
        else
            r->offer[r->offers] = (struct hub_offer){0};
    }
    r->unreadable = seen - r->offers;
}

/* "2025-02-27T16:01:29.000Z", with an offset, or with no zone (then UTC); 0 for anything else. */
static int64_t iso_time(const char *s)
{
    struct tm t = {0};
    int64_t shift = 0;
    const char *at = strptime(s, "%Y-%m-%dT%H:%M:%S", &t);
    if (!at)
        return 0;
    if (*at == '.')
        at += 1 + strspn(at + 1, "0123456789");
    if (*at == '+' || *at == '-') {
        struct tm zone = {0};
        const char *end = strptime(at + 1, "%H:%M", &zone);
        if (!end)
            return 0;
        shift = (int64_t)zone.tm_hour * 3600 + zone.tm_min * 60;
        shift = *at == '+' ? shift : -shift;
        at = end;
    } else if (*at == 'Z') {
        at++;
    }
    return *at == '\0' ? (int64_t)timegm(&t) - shift : 0;
}

/* The specification says unix seconds, the SDK writes ISO text, JavaScript leaks milliseconds. */
static int64_t take_time(const json *j)
{
    const int64_t year_5138 = 100000000000; /* in seconds; in milliseconds, 1973 */
    const int64_t year_9999 = 253402300799;
    const char *text = json_cstr(j, "lastUpdated");
    int64_t t = 0;
    if (text)
        t = iso_time(text);
    else if (json_int(j, "lastUpdated", &t) && t >= year_5138)
        t /= 1000;
    return t > 0 && t <= year_9999 ? t : 0;
}

/* How to call it: extensions.bazaar.info (v2), discoveryInfo (OpenGradient), outputSchema (v1). */
static void take_call(struct intake *in, const json *item, const json *offer,
                      struct hub_resource *r)
{
    const json *how[] = {
        json_get(json_get(json_get(item, "extensions"), "bazaar"), "info"),
        json_get(item, "discoveryInfo"),
        json_get(offer, "outputSchema"),
    };
    for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
        const json *input = json_get(how[i], "input");
        const json *body = json_get(input, "body");
        if (r->method.n == 0)
            r->method = hub_copy(in, json_str(input, "method"), 16, &r->cut);
        if (r->example.n == 0 && cJSON_IsObject(body)) {
            char *text = cJSON_PrintUnformatted(body);
            in->nomem |= text == NULL;
            if (text != NULL && strlen(text) <= HUB_EXAMPLE_MAX)
                r->example = hub_copy(in, untrusted(text), HUB_EXAMPLE_MAX, &r->cut);
            cJSON_free(text);
        }
    }
}

static struct untrusted either(struct untrusted a, struct untrusted b)
{
    return a.n > 0 ? a : b;
}

static bool take_resource(struct intake *in, const json *j, void *record)
{
    struct hub_resource *r = record;
    const json *accepts = json_get(j, "accepts");
    const json *first = json_first(accepts);
    const json *resource = json_get(j, "resource"); /* text, or (as in a 402) an object */
    struct untrusted url = either(json_str(j, "resource"), json_str(resource, "url"));
    struct untrusted about = either(json_str(j, "description"), json_str(resource, "description"));

    url = either(url, json_str(first, "resource"));
    about = either(about, json_str(first, "description"));
    if (!hub_url_ok(url))
        return false;
    r->url = hub_copy(in, url, HUB_URL_MAX, &r->cut);
    r->description = hub_copy(in, about, HUB_SUMMARY_MAX, &r->cut);
    take_call(in, j, first, r);
    r->updated = take_time(j);
    take_offers(in, accepts, r);
    return true;
}

souk_err hub_bazaar_parse(const char *p, size_t n, struct arena *a, struct hub_bazaar *out,
                          struct err *e)
{
    static const struct hub_kind kind = {"the Bazaar", "a list of paid resources", "items",
                                         sizeof(struct hub_resource), take_resource};
    struct hub_taken t;
    struct err why;
    *out = (struct hub_bazaar){0};
    json *answer = json_parse(p, n, "the Bazaar's answer", &why);
    if (!answer)
        return err_set(e, why.code, "%s", why.msg);
    souk_err rc = hub_take_list(answer, &kind, a, &t, e);
    if (rc == SOUK_OK) {
        const json *place = json_get(answer, "pagination");
        *out = (struct hub_bazaar){t.record, t.count, t.seen, t.seen - t.count, -1, -1};
        if (!json_int(place, "offset", &out->offset) || out->offset < 0)
            out->offset = -1;
        if (!json_int(place, "total", &out->total) || out->total < 0)
            out->total = -1;
    }
    json_free(answer);
    return rc;
}

bool hub_bazaar_more(const struct hub_bazaar *page, uint64_t asked, uint64_t *next)
{
    *next = asked + page->seen;
    return page->seen > 0 && page->offset >= 0 && (uint64_t)page->offset == asked &&
           (page->total < 0 || *next < (uint64_t)page->total);
}
