/*
 * What our table says of a token, asked of its contract: the decimals its amounts are shown with
 * and the domain its signatures are for. Nothing is paid with a token whose contract says
 * otherwise. (That the nodes are of the right chain, nodes.h sees to.)
 */
#include "market/purchase/internal.h"

#include <string.h>

#include "market/market.h"

#include "base/banned.h"

enum { QUESTIONS = 2, WORD = 32 };

struct nodes *payment_nodes(struct purchase *x, struct err *e)
{
    struct http *h = market_http(x->m);
    if (x->payment == NULL && h == NULL)
        err_nomem(e);
    else if (x->payment == NULL)
        nodes_new(h, &x->net->payment, "the payment chain", &x->payment, e);
    return x->payment;
}

static bool needs_domain(const struct asset *a)
{
    return (a->can & (ASSET_EIP3009 | ASSET_EIP2612)) != 0;
}

static bool read_word(const struct rpc_result *r, struct buf *word)
{
    buf_clear(word);
    return answer_bytes(r, word) && word->len == WORD;
}

static souk_err judge(const struct asset *a, const struct rpc_result r[QUESTIONS], struct err *e)
{
    uint8_t decimals;
    bytes32 said, ours = eip712_domain(a->name, a->version, a->chain, a->token);
    struct buf word;
    souk_err rc = SOUK_OK;
    buf_init(&word, 64 << 10);
    if (!read_word(&r[0], &word) || !result_u8((const uint8_t *)word.p, word.len, &decimals))
        rc = err_set(e, SOUK_EVERIFY, "the contract of %s does not tell its decimals", a->symbol);
    else if (decimals != a->decimals)
        rc = err_set(e, SOUK_EVERIFY,
                     "%s has %u decimals by its contract and %u in your configuration: nothing is "
                     "paid with it until that is put right",
                     a->symbol, decimals, a->decimals);
    else if (needs_domain(a) && (!read_word(&r[1], &word) ||
                                 !result_bytes32((const uint8_t *)word.p, word.len, &said) ||
                                 memcmp(said.b, ours.b, sizeof ours.b) != 0))
        rc = err_set(e, SOUK_EVERIFY,
                     "the signature domain of %s is not (\"%s\", \"%s\") by its contract: nothing "
                     "is signed for it until the configuration is put right",
                     a->symbol, a->name, a->version);
    buf_release(&word);
    return rc;
}

static void on_facts(void *ud, const struct answers *a, const struct err *e)
{
    struct purchase *x = ud;
    struct quote_box *q = x->q;
    x->asks[0] = NULL;
    if (a == NULL)
        q->facts = *e;
    for (size_t i = 0; a != NULL && i < q->assets; i++) {
        struct err why = {0};
        if (judge(&q->asset[i], a->one + QUESTIONS * i, &why) == SOUK_OK)
            q->confirmed |= 1u << i;
        else if (q->facts.code == SOUK_OK)
            q->facts = why;
    }
    quote_part(x);
}

void facts_ask(struct purchase *x)
{
    struct quote_box *q = x->q;
    struct nodes *n = payment_nodes(x, &q->facts);
    x->parts++;
    if (n != NULL && q->assets > 0) {
        struct asking k;
        asking_init(&k);
        for (size_t i = 0; i < q->assets; i++) {
            struct buf data;
            buf_init(&data, 64);
            call_decimals(&data);
            asking_call(&k, q->asset[i].token, &data, "a token's decimals");
            buf_init(&data, 64);
            call_domain_separator(&data);
            asking_call(&k, q->asset[i].token, &data, "a token's signature domain");
        }
        x->asks[0] = asking_send(&k, n, 0, on_facts, x, &q->facts);
    }
    if (x->asks[0] == NULL)
        quote_part(x);
}
