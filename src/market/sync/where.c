/* What each log filter asks for: addresses and topics, and a fingerprint of them. */
#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

#include "base/banned.h"

static void add_address(struct buf *b, address a, bool *first)
{
    char hex[2 * 20 + 3];
    buf_addf(b, "%s\"%s\"", *first ? "" : ",", hex_encode(a.b, 20, hex));
    *first = false;
}

static void add_topics(struct buf *b, const enum event_kind *kind, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char hex[HASH_BUF];
        buf_addf(b, "%s\"%s\"", i > 0 ? "," : "", bytes32_format(event_topic(kind[i]), hex));
    }
}

static void where_payments(struct buf *b, const struct network *n)
{
    static const enum event_kind kinds[] = {EV_TRANSFER,
                                            EV_AUTHORIZATION_USED,
                                            EV_SETTLED,
                                            EV_SETTLED_WITH_PERMIT,
                                            EV_CHANNEL_SETTLED,
                                            EV_PAYMENT_AUTHORIZED,
                                            EV_PAYMENT_CHARGED,
                                            EV_PAYMENT_CAPTURED,
                                            EV_PAYMENT_CHARGED_FEE,
                                            EV_PAYMENT_CAPTURED_FEE,
                                            EV_PAYMENT_VOIDED,
                                            EV_PAYMENT_RECLAIMED,
                                            EV_PAYMENT_REFUNDED};
    bool first = true;
    for (unsigned i = 0; i < n->tokens; i++) {
        if (n->token[i].whole_log)
            add_address(b, n->token[i].addr, &first);
    }
    add_address(b, n->exact_proxy, &first);
    add_address(b, n->upto_proxy, &first);
    for (unsigned i = 0; i < n->channels; i++)
        add_address(b, n->channel[i], &first);
    for (unsigned i = 0; i < n->escrows; i++)
        add_address(b, n->escrow[i], &first);
    buf_adds(b, "],\"topics\":[[");
    add_topics(b, kinds, sizeof kinds / sizeof kinds[0]);
    buf_adds(b, "]]");
}

/* Left open for who pays or is paid. */
static void where_busy(struct buf *b, const struct network *n)
{
    static const enum event_kind kinds[] = {EV_TRANSFER};
    bool first = true;
    for (unsigned i = 0; i < n->tokens; i++) {
        if (!n->token[i].whole_log)
            add_address(b, n->token[i].addr, &first);
    }
    buf_adds(b, "],\"topics\":[");
    add_topics(b, kinds, 1);
}

bool where_tokens(const struct network *n, bool whole)
{
    for (unsigned i = 0; i < n->tokens; i++) {
        if (n->token[i].whole_log == whole)
            return true;
    }
    return false;
}

bool sync_reads(const struct network *n, const char *filter)
{
    if (strcmp(filter, FILTER_INFERENCES) == 0)
        return n->inference.rpc[0] != '\0';
    if (n->payment.rpc[0] == '\0')
        return false;
    if (strcmp(filter, FILTER_LISTINGS) == 0)
        return n->has_listings;
    if (strcmp(filter, FILTER_PAYMENTS) == 0) /* escrows' events are about the busy tokens too */
        return where_tokens(n, true) || (n->tokens > 0 && n->escrows > 0);
    return n->has_listings && where_tokens(n, false);
}

static void where_one(struct buf *b, address a, const enum event_kind *kinds, size_t n)
{
    bool first = true;
    add_address(b, a, &first);
    buf_adds(b, "],\"topics\":[[");
    add_topics(b, kinds, n);
    buf_adds(b, "]]");
}

souk_err filter_where(struct filter *f, struct err *e)
{
    static const enum event_kind listings[] = {EV_LISTED, EV_DELISTED},
                                 inferences[] = {EV_MODEL_INFERENCE};
    const struct network *n = f->chain->s->net;
    struct buf *b = &f->where;
    struct buf print;
    buf_adds(b, "\"address\":[");
    switch (f->kind) {
    case LOGS_LISTINGS:
        where_one(b, n->listings, listings, 2);
        break;
    case LOGS_PAYMENTS:
        where_payments(b, n);
        break;
    case LOGS_PAYEES:
    case LOGS_FUNDING:
        where_busy(b, n);
        break;
    case LOGS_INFERENCES:
        where_one(b, n->inference_emitter, inferences, 1);
        break;
    }
    /* Whose payees they are belongs to the payees' filter too. */
    buf_init(&print, FILTER_TEXT);
    buf_add(&print, b->p, b->len);
    if (f->kind == LOGS_PAYEES || f->kind == LOGS_FUNDING)
        buf_add(&print, n->listings.b, sizeof n->listings.b);
    bytes32 h = keccak256(print.p, print.len);
    memcpy(&f->print, h.b, sizeof f->print);
    souk_err c = buf_check(b, "a log filter", e);
    if (c == SOUK_OK)
        c = buf_check(&print, "a log filter", e);
    buf_release(&print);
    return c;
}
