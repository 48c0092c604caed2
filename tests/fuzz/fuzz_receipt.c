/*
 * Fuzz target: PAYMENT-RESPONSE, as bytes, or (first byte odd) as the JSON inside it. A receipt
 * that is refused leaves nothing behind; one that is read says only what its text says; and any
 * reason has words or none, in bounds.
 */
#include <stdint.h>

#include "tests/fuzz/x402_checks.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_receipt(const struct x402_receipt *r, const char *header)
{
    struct buf text;
    struct err e;
    buf_init(&text, 4 << 20);
    CHECK(x402_base64_decode(header, strlen(header), &text));
    json *j = json_parse_strict(text.p, text.len, "the receipt", &e);
    CHECK(j && r->success == json_bool(j, "success", !r->success));
    CHECK(r->reason.n <= 2 * X402_TEXT + 2);
    CHECK(!r->has_payer || says_address(j, "payer", r->payer));
    bytes32 tx;
    struct untrusted said = json_str(j, "transaction");
    CHECK(r->has_tx == bytes32_parse(said.p, said.n, &tx));
    CHECK(!r->has_tx || !memcmp(tx.b, r->tx.b, sizeof tx.b));
    CHECK(!r->pending || !strcmp(json_cstr(j, "errorReason"), "settlement_pending"));
    json_free(j);
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct x402_receipt r;
    struct buf header;
    struct err e;
    buf_init(&header, 4 << 20);
    if (n > 0 && data[0] % 2)
        x402_base64_encode(data + 1, n - 1, &header);
    else if (n > 0)
        buf_add(&header, data + 1, n - 1);
    souk_err rc = x402_receipt_read(header.p, &r, &e);
    CHECK(rc == SOUK_OK || rc == SOUK_ENET);
    if (rc == SOUK_OK)
        check_receipt(&r, header.p);
    else
        CHECK(!r.own && !r.success && !r.has_tx);
    x402_error_words(r.reason);
    x402_error_words(untrusted_n((const char *)data, n));
    x402_receipt_release(&r);
    buf_release(&header);
    return 0;
}
