/*
 * What is to be called. The name a purchase is kept under decides which payee it is pinned to, so a
 * listing without proof never shares it with the model it claims to be.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/market.h"
#include "market/purchase/internal.h"
#include "store/page_rows.h"

#include "base/banned.h"

enum { EXAMPLE_MEMORY = 1 << 20, LABEL_CUT = 140 };

/* Strangers' words as a label: one drawable line, and its own however long the words are. */
static souk_err label(char out[LABEL_MAX], struct untrusted words, struct err *e)
{
    struct buf b;
    char hash[HASH_BUF];
    buf_init(&b, 16 << 10);
    text_add(&b, words, 0, TEXT_UNICODE);
    souk_err rc = buf_check(&b, "a name", e);
    if (rc == SOUK_OK && b.len < LABEL_MAX) {
        memcpy(out, b.p, b.len + 1);
    } else if (rc == SOUK_OK) {
        size_t n = LABEL_CUT;
        while (n > 0 && ((unsigned char)b.p[n] & 0xc0) == 0x80)
            n--;
        bytes32_format(keccak256(b.p, b.len), hash);
        snprintf(out, LABEL_MAX, "%.*s~%.10s", (int)n, b.p, hash + 2);
    }
    buf_release(&b);
    return rc;
}

static souk_err labelf(char out[LABEL_MAX], struct err *e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static souk_err labelf(char out[LABEL_MAX], struct err *e, const char *fmt, ...)
{
    struct buf b;
    va_list ap;
    buf_init(&b, 16 << 10);
    va_start(ap, fmt);
    buf_vaddf(&b, fmt, ap);
    va_end(ap);
    souk_err rc = buf_check(&b, "a name", e);
    if (rc == SOUK_OK)
        rc = label(out, untrusted_n(b.p, b.len), e);
    buf_release(&b);
    return rc;
}

/* --- the three kinds */

/* "openai/gpt-5": the provider is no part of the name a gateway wants. */
static souk_err of_gateway(const char *name, struct target *out, struct err *e)
{
    const char *slash = strrchr(name, '/');
    const char *llm = slash != NULL ? slash + 1 : name;
    if (llm[0] == '\0')
        return err_set(e, SOUK_EINPUT, "which model at the gateway? gateway:NAME is wanted");
    out->gateway = true;
    out->from_catalog = true; /* the registry says where it is, not the user */
    souk_err rc = label(out->llm, untrusted(llm), e);
    if (rc == SOUK_OK)
        rc = labelf(out->subject, e, "gateway:%s", llm);
    snprintf(out->author, sizeof out->author, "gateway");
    return rc;
}

static souk_err of_url(const struct network *n, const char *url, struct target *out, struct err *e)
{
    bool nowhere;
    struct url u;
    if (strlen(url) >= sizeof out->url)
        return err_set(e, SOUK_EINPUT, "that address is longer than %zu bytes",
                       sizeof out->url - 1);
    souk_err rc = trust_url(n, url, false, &nowhere, e);
    if (rc != SOUK_OK)
        return rc;
    url_parse(url, strlen(url), &u);
    snprintf(out->url, sizeof out->url, "%s", url);
    size_t path = u.rest_len;
    for (size_t i = 0; i < path; i++) {
        if (u.rest[i] == '?' || u.rest[i] == '#')
            path = i;
    }
    rc = labelf(out->subject, e, "%s://%s:%u%.*s", u.https ? "https" : "http", u.host, u.port,
                (int)path, path > 0 ? u.rest : "");
    return rc != SOUK_OK ? rc : labelf(out->author, e, "%s:%u", u.host, u.port);
}

static const struct listing_row *listing_of(const struct model_page *p)
{
    for (size_t i = 0; i < p->listings; i++) {
        if (p->listing[i].chosen && p->listing[i].active)
            return &p->listing[i];
    }
    return NULL;
}

static souk_err of_listing(const struct model_page *p, const struct listing_row *l,
                           struct target *out, struct err *e)
{
    char owner[ADDRESS_BUF];
    souk_err rc;
    out->mark = l->proven ? MARK_PROVEN : MARK_UNPROVEN;
    out->has_price = true;
    out->price = l->price;
    out->pay_to = l->pay_to;
    address_format(l->owner, owner);
    if (l->endpoint_bad || l->endpoint.n == 0 || l->endpoint.n >= sizeof out->url)
        return err_set(e, SOUK_EINPUT, "the listing of %s/%s names no address that can be called",
                       p->row.author, p->row.name);
    memcpy(out->url, l->endpoint.p, l->endpoint.n);
    if (l->proven) {
        rc = labelf(out->subject, e, "%s/%s", p->row.author, p->row.name);
        return rc != SOUK_OK ? rc : label(out->author, untrusted(p->row.author), e);
    }
    rc = labelf(out->subject, e, "%s listed as %s/%s", owner, p->row.author, p->row.name);
    return rc != SOUK_OK ? rc : labelf(out->author, e, "%s", owner);
}

souk_err target_of_model(struct market *m, struct store *s, int64_t model, struct target *out,
                         struct err *e)
{
    struct model_page *p;
    (void)m;
    *out = (struct target){.from_catalog = true, .model = model};
    souk_err rc = model_page_load(s, model, WINDOW_30D, &p, e);
    if (rc != SOUK_OK)
        return rc;
    const struct listing_row *l = listing_of(p);
    if (l != NULL)
        rc = of_listing(p, l, out, e);
    else if (p->llm_path.n > 0 && p->llm_path.n < LABEL_MAX)
        rc = of_gateway(p->llm_path.p, out, e);
    else
        rc = err_set(e, SOUK_ENOTFOUND, "%s/%s is not listed: nobody offers to run it for money",
                     p->row.author, p->row.name);
    model_page_free(p);
    return rc;
}

souk_err target_find(struct market *m, const char *what, struct target *out, struct err *e)
{
    static const char gateway[] = "gateway:";
    int64_t model;
    *out = (struct target){.mark = MARK_UNLISTED};
    if (strncmp(what, gateway, sizeof gateway - 1) == 0)
        return of_gateway(what + sizeof gateway - 1, out, e);
    if (strstr(what, "://") != NULL)
        return of_url(market_network(m), what, out, e);
    struct store *s = market_reader(m);
    if (s == NULL)
        return err_set(e, SOUK_ENOTFOUND,
                       "nothing of the network %s is in the cache yet: run `souk sync`, or give "
                       "the address itself",
                       market_network(m)->name);
    souk_err rc = model_find(s, what, &model, e);
    return rc != SOUK_OK ? rc : target_of_model(m, s, model, out, e);
}

/* --- what to send it */

souk_err target_example(struct market *m, const struct target *t, struct buf *out, struct err *e)
{
    struct store *s = market_reader(m);
    struct arena a;
    struct untrusted example = {NULL, 0};
    souk_err rc = SOUK_OK;
    if (t->gateway)
        return target_prompt(t, untrusted("Say hello."), false, out, e);
    if (s == NULL)
        return SOUK_OK;
    arena_init(&a, EXAMPLE_MEMORY);
    rc = store_offer_example(s, untrusted(t->url), &a, &example, e);
    if (rc == SOUK_OK && example.n > 0) {
        buf_add(out, example.p, example.n);
        rc = buf_check(out, "the example", e);
    }
    arena_release(&a);
    return rc;
}
