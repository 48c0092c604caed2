/* A 402 answer as a demand: where it stands, what may be believed of it, its offers. */
#include <string.h>

#include "base/mem.h"
#include "x402/internal.h"

#include "base/banned.h"

struct untrusted cut_text(struct untrusted s)
{
    size_t n = 0;
    while (n < s.n) {
        uint32_t cp;
        size_t used = utf8_get(s.p + n, s.n - n, &cp, NULL);
        if (n + used > X402_TEXT)
            break;
        n += used;
    }
    return untrusted_n(s.p, n);
}

bool resource_is_of(struct untrusted resource, const struct url *asked)
{
    struct url u;
    if (resource.n == 0)
        return true;
    if (resource.p[0] == '/') /* "//host" and "/\host" name a server */
        return resource.n == 1 || (resource.p[1] != '/' && resource.p[1] != '\\');
    /* Behind a proxy that ends TLS, sellers say http of themselves: the scheme does not count, a
     * port that was written does. */
    return url_parse(resource.p, resource.n, &u) && strcmp(u.host, asked->host) == 0 &&
           (u.port == asked->port || (url_default_port(&u) && url_default_port(asked)));
}

const json *extension_info(const json *extensions, const char *name)
{
    const json *info = json_get(json_get(extensions, name), "info");
    return cJSON_IsObject(info) ? info : NULL;
}

/* Servers' values are never overwritten, so an extension whose place is taken cannot be used. */
static bool has_any(const json *obj, const char *const *keys)
{
    for (; *keys; keys++)
        if (json_get(obj, *keys))
            return true;
    return false;
}

static void read_extensions(struct x402_demand *d, const json *extensions)
{
    static const char *const permit_keys[] = {"from",  "asset",    "spender",   "amount",
                                              "nonce", "deadline", "signature", NULL};
    static const char *const id_keys[] = {"id", NULL};
    const json *permit = extension_info(extensions, EXT_PERMIT);
    const json *id = extension_info(extensions, EXT_ID);
    d->sponsors_permit = permit && !has_any(permit, permit_keys);
    d->sponsors_approval = json_get(extensions, EXT_APPROVAL) != NULL;
    d->takes_id = id && !has_any(id, id_keys);
    d->needs_id = d->takes_id && json_bool(id, "required", false);
}

/* "error" as x402 writes it, or as other servers do: a text, or an object with a message. */
static struct untrusted error_of(const json *root)
{
    const json *error = json_get(root, "error");
    return cut_text(cJSON_IsObject(error) ? json_str(error, "message") : json_str(root, "error"));
}

static void read_resource(struct x402_demand *d, const json *root, const struct url *asked)
{
    const json *r = d->version == 1 ? json_first(json_get(root, "accepts")) : NULL;
    struct untrusted url = json_str(r, "resource");
    if (d->version == 2) {
        r = json_get(root, "resource");
        url = json_str(r, "url");
        if (!resource_is_of(url, asked))
            d->fault = X402_BAD_RESOURCE;
    }
    d->url = cut_text(url);
    d->description = cut_text(json_str(r, "description"));
    d->mime = cut_text(json_str(r, "mimeType"));
    d->service = cut_text(json_str(r, "serviceName"));
}

/* The whole of a demand once its JSON is known to be x402. */
static enum x402_fault read_offers(struct x402_demand *d, const json *root,
                                   const struct x402_terms *t, const struct url *asked)
{
    struct x402_own *own = d->own;
    struct slice all = {own->text.p, own->text.len}, accepts;
    const json *list = json_get(root, "accepts");
    const json *resource = json_get(root, "resource"), *ext = json_get(root, "extensions");
    if (cJSON_IsObject(resource) && !raw_member(all, root, resource, &own->resource))
        return X402_BAD_UNREADABLE;
    if (d->version == 2 && cJSON_IsObject(ext)) {
        if (!raw_member(all, root, ext, &own->extensions))
            return X402_BAD_UNREADABLE;
        own->extensions_tree = ext;
        read_extensions(d, ext);
    }
    if (!json_first(list))
        return X402_BAD_NO_OFFERS;
    if (!raw_member(all, root, list, &accepts))
        return X402_BAD_UNREADABLE;
    struct raw_walk w = raw_walk(accepts, list);
    while (d->offers < X402_OFFERS && raw_step(&w)) {
        struct x402_offer *o = &d->offer[d->offers];
        o->index = d->offers++;
        o->raw = w.value.p;
        o->raw_len = w.value.n;
        offer_read(d->version, w.member, t, asked, o);
    }
    return d->offers ? X402_FINE : X402_BAD_UNREADABLE;
}

/* Where the answer came from: nothing in it counts when that is not who was asked, safely. */
static enum x402_fault judge_place(const struct x402_terms *t, struct url *asked)
{
    struct url from;
    if (!url_parse(t->url, strlen(t->url), asked))
        return X402_BAD_RESOURCE;
    if (t->effective_url &&
        (!url_parse(t->effective_url, strlen(t->effective_url), &from) || !url_same(asked, &from)))
        return X402_BAD_REDIRECTED;
    if (!asked->https && !(t->local && url_is_loopback(asked)))
        return X402_BAD_NOT_HTTPS;
    return X402_FINE;
}

static bool no_memory(const struct err *e)
{
    return e->code == SOUK_ENOMEM;
}

/* Fills own->text and own->tree from the header. SOUK_ENOMEM in *e: no memory. */
static enum x402_fault open_header(struct x402_own *own, const char *header, struct err *e)
{
    size_t n = strnlen(header, X402_HEADER_CAP + 1);
    if (n > X402_HEADER_CAP)
        return X402_BAD_TOO_LARGE;
    bool right = x402_base64_decode(header, n, &own->text);
    if (buf_check(&own->text, "an offer", e) || !right)
        return X402_BAD_UNREADABLE;
    own->tree = json_parse_strict(own->text.p, own->text.len, "the offer", e);
    return own->tree ? X402_FINE : X402_BAD_UNREADABLE;
}

/*
 * The same from the body: version 1's place, and where some sellers put version 2. Of a body that
 * is no offer only its words are kept, so it may be read leniently for them.
 */
static enum x402_fault open_body(struct x402_own *own, const char *body, size_t n, struct err *e)
{
    if (n > X402_BODY_CAP)
        return X402_BAD_TOO_LARGE;
    buf_add(&own->text, body, n);
    if (buf_check(&own->text, "an offer", e))
        return X402_BAD_UNREADABLE;
    own->tree = json_parse_strict(own->text.p, n, "the offer", e);
    if (own->tree || no_memory(e))
        return json_get(own->tree, "x402Version") ? X402_FINE : X402_BAD_NOT_X402;
    own->tree = json_parse(own->text.p, n, "the answer", e);
    return json_get(own->tree, "x402Version") ? X402_BAD_UNREADABLE : X402_BAD_NOT_X402;
}

static void read_demand(struct x402_demand *d, bool in_header, const struct x402_terms *t)
{
    struct x402_own *own = d->own;
    struct url asked;
    int64_t version = 0;
    enum x402_fault place = judge_place(t, &asked), fault;
    d->error = error_of(own->tree);
    json_int(own->tree, "x402Version", &version);
    if (version != 2 && (version != 1 || in_header)) {
        d->fault = place ? place : X402_BAD_VERSION;
        return;
    }
    d->version = (int)version;
    read_resource(d, own->tree, &asked);
    fault = read_offers(d, own->tree, t, &asked);
    if (place || !d->fault)
        d->fault = place ? place : fault;
}

souk_err x402_demand_read(const char *header, const char *body, size_t body_len,
                          const struct x402_terms *t, struct x402_demand **out, struct err *e)
{
    struct x402_demand *d = mem_zalloc(sizeof *d);
    struct x402_own *own = mem_zalloc(sizeof *own);
    struct err said = {0};
    *out = NULL;
    if (!d || !own) {
        mem_free(d);
        mem_free(own);
        return err_nomem(e);
    }
    buf_init(&own->text, header ? X402_HEADER_CAP : X402_BODY_CAP);
    d->own = own;
    d->fault = header ? open_header(own, header, &said) : open_body(own, body, body_len, &said);
    if (no_memory(&said)) {
        x402_demand_free(d);
        return err_nomem(e);
    }
    if (d->fault)
        d->error = error_of(own->tree);
    else
        read_demand(d, header != NULL, t);
    for (size_t i = 0; d->fault && i < d->offers; i++)
        if (!d->offer[i].fault)
            d->offer[i].fault = d->fault;
    *out = d;
    return SOUK_OK;
}

void x402_demand_free(struct x402_demand *d)
{
    if (!d)
        return;
    struct x402_own *own = d->own;
    json_free(own->tree);
    buf_release(&own->text);
    mem_free(own);
    mem_free(d);
}
