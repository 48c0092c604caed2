#include <string.h>
#include <strings.h>

#include "hub/internal.h"

#include "base/banned.h"

bool hub_url_ok(struct untrusted url)
{
    size_t scheme = 0;
    if (url.n > HUB_URL_MAX)
        return false;
    if (url.n > 7 && strncasecmp(url.p, "http://", 7) == 0)
        scheme = 7;
    else if (url.n > 8 && strncasecmp(url.p, "https://", 8) == 0)
        scheme = 8;
    if (scheme == 0 || strchr("/?#:", url.p[scheme]))
        return false;
    bool in_host = true;
    for (size_t i = scheme; i < url.n; i++) {
        char c = url.p[i];
        in_host &= c != '/' && c != '?' && c != '#';
        if (c <= ' ' || c > '~' || c == '\\' || (in_host && c == '@'))
            return false;
    }
    return true;
}

souk_err hub_listing_from_event(const struct event *ev, struct arena *a, struct hub_listing *out,
                                struct err *e)
{
    struct intake in = {a, false};
    bool cut = false;
    if (ev->kind != EV_LISTED && ev->kind != EV_DELISTED)
        BUG("event %d is no listing", (int)ev->kind);
    *out = (struct hub_listing){.owner = ev->listed.owner, .id = ev->listed.id};
    if (ev->kind == EV_DELISTED)
        return SOUK_OK;

    out->active = true;
    out->price = ev->listed.price;
    out->asset = ev->listed.asset;
    out->pay_to = ev->listed.pay_to;
    out->author = hub_copy(&in, ev->listed.author, HUB_AUTHOR_MAX, &cut);
    out->name = hub_copy(&in, ev->listed.name, HUB_NAME_MAX, &cut);
    out->blob_id = hub_copy(&in, ev->listed.blob_id, HUB_BLOB_ID_MAX, &cut);
    out->endpoint = hub_copy(&in, ev->listed.endpoint, HUB_URL_MAX, &cut);
    if (in.nomem) {
        *out = (struct hub_listing){0};
        return err_nomem(e);
    }
    /* The endpoint is judged before it was cut: a cut URL is another URL. */
    if (ev->listed.endpoint.n > 0 && !hub_url_ok(ev->listed.endpoint))
        out->flags |= HUB_LISTING_BAD_ENDPOINT;
    if (out->blob_id.n > 0 && !hub_blob_id_ok(out->blob_id) && !hub_ipfs_id_ok(out->blob_id))
        out->flags |= HUB_LISTING_BAD_BLOB_ID;
    if (address_is_zero(out->pay_to))
        out->flags |= HUB_LISTING_ZERO_PAYEE;
    if (out->name.n == 0)
        out->flags |= HUB_LISTING_NO_NAME;
    if (cut)
        out->flags |= HUB_LISTING_CUT;
    return SOUK_OK;
}
