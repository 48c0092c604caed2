#include <string.h>

#include "base/mem.h"
#include "x402/internal.h"

#include "base/banned.h"

/* "code: message" as one text that the receipt owns. */
static souk_err take_reason(const json *j, struct x402_receipt *r, struct err *e)
{
    struct untrusted code = cut_text(json_str(j, "errorReason"));
    struct untrusted words = cut_text(json_str(j, "errorMessage"));
    struct buf b;
    size_t n;
    buf_init(&b, (size_t)2 * X402_TEXT + 2);
    buf_add(&b, code.p, code.n);
    if (code.n && words.n)
        buf_adds(&b, ": ");
    buf_add(&b, words.p, words.n);
    char *p = buf_detach(&b, &n);
    if (!p)
        return err_nomem(e);
    r->own = p;
    r->reason = untrusted_n(p, n);
    r->pending = is_word(code, "settlement_pending");
    return SOUK_OK;
}

static souk_err read_settlement(const json *j, struct x402_receipt *r, struct err *e)
{
    struct untrusted tx = json_str(j, "transaction"), amount = json_str(j, "amount");
    struct untrusted payer = json_str(j, "payer");
    if (!cJSON_IsBool(json_get(j, "success")))
        return err_set(e, SOUK_ENET, "the receipt does not say whether the payment succeeded");
    r->success = json_bool(j, "success", false);
    r->has_tx = bytes32_parse(tx.p, tx.n, &r->tx);
    r->has_amount = amount.n > 0 && u256_from_dec(amount.p, amount.n, &r->amount);
    r->has_payer = address_parse(payer.p, payer.n, &r->payer);
    return take_reason(j, r, e);
}

souk_err x402_receipt_read(const char *header, struct x402_receipt *out, struct err *e)
{
    struct err local = {0};
    struct buf text;
    e = e ? e : &local;
    *out = (struct x402_receipt){0};
    size_t n = strnlen(header, X402_HEADER_CAP + 1);
    if (n > X402_HEADER_CAP)
        return err_set(e, SOUK_ENET, "the receipt is larger than any honest one");
    buf_init(&text, X402_HEADER_CAP);
    souk_err rc = SOUK_OK;
    bool right = x402_base64_decode(header, n, &text);
    if (buf_check(&text, "the receipt", e))
        rc = e->code;
    else if (!right)
        rc = err_set(e, SOUK_ENET, "the receipt is not readable: it is no base64");
    json *j = rc ? NULL : json_parse_strict(text.p, text.len, "the receipt", e);
    if (!rc)
        rc = j ? read_settlement(j, out, e) : e->code;
    json_free(j);
    buf_release(&text);
    if (rc)
        x402_receipt_release(out);
    return rc;
}

void x402_receipt_release(struct x402_receipt *r)
{
    mem_free(r->own);
    *r = (struct x402_receipt){0};
}
