/*
 * OpenGradient's gateways: which enclave to ask, by the chain's registry, and what its certificate
 * is. Of several the same payer always comes to the same one while it is there, because an upto
 * session lives at one of them.
 */
#include "market/purchase/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/market.h"

#include "base/banned.h"

enum { REGISTRY_MEMORY = 8 << 20, CERT_CAP = 64 << 10, LLM_TYPE = 0 };

static const char chat_path[] = "/v1/chat/completions";

void enclave_release(struct enclave *n)
{
    buf_release(&n->cert);
    buf_release(&n->key);
    *n = (struct enclave){.known = false};
    buf_init(&n->cert, CERT_CAP);
    buf_init(&n->key, CERT_CAP);
}

souk_err gateway_check(const struct call *c, struct err *e)
{
    json *j = json_parse(c->body, c->body_len, "the request", e);
    if (j == NULL)
        return err_set(e, SOUK_EINPUT,
                       "a gateway takes a chat request in JSON, or a question in words");
    const json *messages = json_get(j, "messages");
    bool ok = cJSON_IsArray(messages) && json_first(messages) != NULL && json_cstr(j, "model");
    bool streamed = json_bool(j, "stream", false), tools = json_first(json_get(j, "tools")) != NULL;
    json_free(j);
    if (streamed && tools)
        return err_set(e, SOUK_EINPUT,
                       "an answer with tools cannot be streamed: leave \"stream\" away");
    return ok ? SOUK_OK
              : err_set(e, SOUK_EINPUT, "a chat request names a \"model\" and has \"messages\"");
}

/* --- reading the registry */

static bool url_of(struct untrusted endpoint, char out[CONFIG_URL * 2])
{
    size_t n = endpoint.n;
    struct url u;
    while (n > 0 && endpoint.p[n - 1] == '/')
        n--;
    if (n == 0 || n + sizeof chat_path > (size_t)CONFIG_URL * 2)
        return false;
    memcpy(out, endpoint.p, n);
    memcpy(out + n, chat_path, sizeof chat_path);
    return url_parse(out, strlen(out), &u);
}

/* The order in which a payer comes to them. */
static bytes32 rank_of(bytes32 id, address payer)
{
    uint8_t both[32 + 20];
    memcpy(both, id.b, 32);
    memcpy(both + 32, payer.b, 20);
    return keccak256(both, sizeof both);
}

static bool usable(const struct purchase *x, const struct tee *t, char url[CONFIG_URL * 2])
{
    bool nowhere;
    if (!t->enabled || t->type != LLM_TYPE || t->public_key.n == 0 || !url_of(t->endpoint, url))
        return false;
    /* Without a certificate there is nothing to pin: on this machine alone that is no matter. */
    if (t->certificate.n == 0 && !trust_local(x->net, url, true))
        return false;
    return trust_url(x->net, url, true, &nowhere, NULL) == SOUK_OK;
}

static void take(struct enclave *n, const struct tee *t, bytes32 id, const char *url)
{
    enclave_release(n);
    snprintf(n->url, sizeof n->url, "%s", url);
    n->id = id;
    n->known = true;
    n->payment = t->payment;
    buf_add(&n->cert, t->certificate.p, t->certificate.n);
    buf_add(&n->key, t->public_key.p, t->public_key.n);
}

/* A gateway of the user's own choice is asked there; the registry only says whose key it is. */
static bool is_chosen(const struct purchase *x, const char *url)
{
    char own[CONFIG_URL * 2];
    struct url a, b;
    return url_of(untrusted(x->net->gateway), own) && url_parse(own, strlen(own), &a) &&
           url_parse(url, strlen(url), &b) && url_same(&a, &b);
}

static souk_err choose(struct purchase *x, const struct tee *t, size_t n, struct err *e)
{
    struct enclave *out = &x->q->enclave;
    address payer = x->purse != NULL ? purse_address(x->purse) : (address){{0}};
    char url[CONFIG_URL * 2];
    bytes32 best = {{0}};
    for (size_t i = 0; i < n; i++) {
        bytes32 id = keccak256(t[i].public_key.p, t[i].public_key.n);
        bytes32 rank = rank_of(id, payer);
        if (!usable(x, &t[i], url) || (x->net->gateway[0] != '\0' && !is_chosen(x, url)))
            continue;
        if (x->wants_enclave && memcmp(id.b, x->want_enclave.b, sizeof id.b) != 0)
            continue;
        if (out->known && memcmp(rank.b, best.b, sizeof rank.b) >= 0)
            continue;
        take(out, &t[i], id, url);
        best = rank;
    }
    if (out->known)
        return buf_check(&out->cert, "an enclave's certificate", e) == SOUK_OK
                   ? buf_check(&out->key, "an enclave's key", e)
                   : e->code;
    if (x->net->gateway[0] != '\0' && url_of(untrusted(x->net->gateway), out->url))
        return SOUK_OK; /* its answers will carry no proof that we can check */
    return x->wants_enclave ? err_set(e, SOUK_ENOTFOUND,
                                      "the enclave that was quoted is not in the registry "
                                      "any more: ask again")
                            : err_set(e, SOUK_ENOTFOUND,
                                      "no gateway is on duty: the registry of enclaves on "
                                      "the inference chain names none that can be used");
}

static souk_err read_registry(struct purchase *x, const struct rpc_result *r, struct err *e)
{
    struct arena a;
    struct buf bytes;
    struct tee *tee = NULL;
    size_t n = 0;
    souk_err rc = SOUK_OK;
    arena_init(&a, REGISTRY_MEMORY);
    buf_init(&bytes, REGISTRY_MEMORY);
    if (r->value == NULL)
        rc = answer_failed(r, "the registry of enclaves", e);
    else if (!answer_bytes(r, &bytes) ||
             !result_tees((const uint8_t *)bytes.p, bytes.len, &a, &tee, &n))
        rc = err_set(e, SOUK_ENET, "the registry of enclaves gave an answer that cannot be read");
    if (rc == SOUK_OK)
        rc = choose(x, tee, n, e);
    buf_release(&bytes);
    arena_release(&a);
    return rc;
}

static void on_registry(void *ud, const struct answers *a, const struct err *e)
{
    struct purchase *x = ud;
    struct err why = {0};
    x->asks[1] = NULL;
    if (a == NULL)
        x->err = *e;
    else if (read_registry(x, &a->one[0], &why) != SOUK_OK)
        x->err = why;
    x->found(x);
}

static void not_asked(struct purchase *x)
{
    x->found(x);
}

static struct ask *ask_registry(struct purchase *x, struct err *e)
{
    struct http *h = market_http(x->m);
    struct asking k;
    struct buf data;
    if (h == NULL) {
        err_nomem(e);
        return NULL;
    }
    if (x->inference == NULL &&
        nodes_new(h, &x->net->inference, "the inference chain", &x->inference, e) != SOUK_OK)
        return NULL;
    asking_init(&k);
    buf_init(&data, 128);
    call_active_tees(&data, LLM_TYPE);
    asking_call(&k, x->net->tee_registry, &data, "the registry of enclaves");
    return asking_send(&k, x->inference, 0, on_registry, x, e);
}

void gateway_find(struct purchase *x, void (*found)(struct purchase *x))
{
    const struct network *n = x->net;
    struct err e = {0};
    x->found = found;
    enclave_release(&x->q->enclave);
    if (n->has_tee_registry && n->inference.rpc[0] != '\0')
        x->asks[1] = ask_registry(x, &e);
    else if (!url_of(untrusted(n->gateway), x->q->enclave.url))
        err_set(&e, SOUK_EINPUT,
                "network %s has no gateway: neither `gateway` nor `tee_registry` is set", n->name);
    if (e.code != SOUK_OK)
        x->err = e;
    if (x->asks[1] == NULL)
        do_later(x, 0, not_asked);
}
