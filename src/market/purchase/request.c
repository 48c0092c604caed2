/*
 * The HTTP request of a call, unpaid or paid: the same bytes but for one header. Nothing here
 * follows a redirect; where a request may go at all is decided before it is sent, and for an
 * address out of a catalogue again when its name has been looked up (http.h: public_only).
 */
#include "market/purchase/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/market.h"

#include "base/banned.h"

enum {
    ASK_MS = 60000,
    PAID_MS = 180000, /* the seller works and settles before it answers */
    PAID_STALL_MS = 90000,
    EXCERPT = 200
};

static const char *const wanted[HEADS + 1] = {
    [HEAD_DEMAND] = "PAYMENT-REQUIRED",
    [HEAD_RECEIPT] = "PAYMENT-RESPONSE",
    [HEAD_RECEIPT_V1] = "X-PAYMENT-RESPONSE",
    [HEAD_SESSION] = "X-Upto-Session",
    [HEAD_LOCATION] = "Location",
};

/* --- where it may go */

bool trust_local(const struct network *n, const char *url, bool from_catalog)
{
    struct url u;
    return url_parse(url, strlen(url), &u) && url_is_loopback(&u) && (n->local || !from_catalog);
}

souk_err trust_url(const struct network *n, const char *url, bool from_catalog, bool *public_only,
                   struct err *e)
{
    struct url u;
    char host[104];
    http_host(url, host);
    *public_only = from_catalog && !n->local;
    if (!url_parse(url, strlen(url), &u))
        return err_set(e, SOUK_EINPUT, "%.120s is no address souk calls: https://host/path", url);
    if (!u.https && !trust_local(n, url, from_catalog))
        return err_set(e, SOUK_EINPUT,
                       "%s is not reached by https, so anyone on the way could take the payment: "
                       "souk does not call it",
                       host);
    if (*public_only && url_is_loopback(&u))
        return err_set(e, SOUK_EINPUT,
                       "the listing names this machine (%s) as its address: souk does not call it",
                       host);
    return SOUK_OK;
}

/* --- what came */

void answer_release(struct answer *a)
{
    for (size_t i = 0; i < HEADS; i++)
        MEM_FREE(a->head[i]);
    buf_release(&a->body);
    *a = (struct answer){.status = 0};
    buf_init(&a->body, ANSWER_CAP);
}

static void keep(struct answer *a, struct http_response *r)
{
    answer_release(a);
    a->err = r->err;
    a->sent = r->sent;
    a->status = (int)r->status;
    snprintf(a->type, sizeof a->type, "%s", r->content_type);
    for (size_t i = 0; i < HEADS; i++) {
        if (r->header[i] == NULL)
            continue;
        a->head[i] = mem_strdup(r->header[i]);
        if (a->head[i] == NULL && a->err.code == SOUK_OK)
            err_nomem(&a->err);
    }
    a->body = r->body;
    buf_init(&r->body, 0);
}

static void came(void *ud, struct http_response *r)
{
    struct purchase *x = ud;
    if (x->http == NULL)
        return; /* given up: nobody waits */
    x->http = NULL;
    if (x->dropped) { /* from inside the stream */
        x->calling = false;
        x->dropped = false;
        purchase_drop(x);
        return;
    }
    keep(&x->ans, r);
    if (x->chatting)
        chat_end(&x->chat);
    x->answered(x);
}

static bool streamed(void *ud, const struct http_response *so_far, const char *p, size_t n)
{
    struct purchase *x = ud;
    return chat_feed(&x->chat, so_far->content_type, p, n);
}

/* --- sending */

static void not_sent(struct purchase *x)
{
    x->ans.err = x->err;
    x->answered(x);
}

void request_send(struct purchase *x, const struct request *rq,
                  void (*answered)(struct purchase *x))
{
    const struct call *c = rq->call;
    struct buf type, more, how;
    const char *headers[6] = {"Accept: application/json, text/event-stream;q=0.9, */*;q=0.5"};
    size_t n = 1;
    struct http_request h = {
        .method = c->method,
        .url = rq->url,
        .headers = headers,
        .body = c->body,
        .body_len = c->body_len,
        .body_cap = ANSWER_CAP,
        .timeout_ms = rq->patient ? PAID_MS : ASK_MS,
        .stall_ms = rq->patient ? PAID_STALL_MS : 0,
        .want = wanted,
        .once = true,
    };
    buf_init(&type, 256);
    buf_init(&more, X402_HEADER_CAP);
    buf_init(&how, 128);
    answer_release(&x->ans);
    x->answered = answered;
    x->err = (struct err){0};
    souk_err rc = trust_url(x->net, rq->url, rq->from_catalog, &h.public_only, &x->err);
    if (c->body_len > 0) {
        buf_addf(&type, "Content-Type: %s", c->content_type);
        headers[n++] = type.p;
    }
    if (rq->name != NULL) {
        buf_addf(&more, "%s: %s", rq->name, rq->value);
        headers[n++] = more.p;
    }
    x->chatting = rq->enclave != NULL;
    if (rq->enclave != NULL) {
        chat_release(&x->chat);
        chat_init(&x->chat, x);
        h.stream = streamed;
        buf_addf(&how, "X-SETTLEMENT-TYPE: %s", c->settlement);
        headers[n++] = how.p;
        /* A fixed word its gateways want to see; no secret (facts of its SDK). */
        headers[n++] = "Authorization: Bearer "
                       "0x1234567890abcdef1234567890abcdef1234567890abcdef1234567890abcdef";
        if (rq->enclave->cert.len > 0) {
            h.pin = (const uint8_t *)rq->enclave->cert.p;
            h.pin_len = rq->enclave->cert.len;
        }
    }
    headers[n] = NULL;
    if (rc == SOUK_OK)
        rc = buf_check(&type, "the content type", &x->err);
    if (rc == SOUK_OK)
        rc = buf_check(&more, "the payment header", &x->err);
    struct http *http = market_http(x->m);
    if (rc == SOUK_OK && http == NULL)
        err_nomem(&x->err);
    else if (rc == SOUK_OK)
        x->http = http_send(http, &h, came, x, &x->err);
    buf_release(&type);
    buf_release(&more);
    buf_release(&how);
    if (x->http == NULL)
        do_later(x, 0, not_sent);
}

/* --- what a useless answer means */

souk_err answer_words(const struct purchase *x, const char *url, struct err *e)
{
    const struct answer *a = &x->ans;
    const struct buf *b = x->chatting ? &x->chat.raw : &a->body;
    char host[104];
    http_host(url, host);
    if (a->err.code != SOUK_OK)
        return err_set(e, a->err.code, "%s", a->err.msg);
    if (a->status >= 300 && a->status < 400)
        return err_set(e, SOUK_ENET,
                       "%s sends the request elsewhere (%d, to %.120s): souk follows no redirect, "
                       "because a payment might go along; use that address if you trust it",
                       host, a->status,
                       a->head[HEAD_LOCATION] != NULL ? a->head[HEAD_LOCATION] : "nowhere");
    if (b->len > 0)
        return err_set(e, SOUK_ENET, "%s answered %d: %.*s%s", host, a->status,
                       (int)(b->len < EXCERPT ? b->len : EXCERPT), b->p,
                       b->len > EXCERPT ? "…" : "");
    return err_set(e, SOUK_ENET, "%s answered %d without a word", host, a->status);
}
