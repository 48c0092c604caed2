/* x402.h: receipts, base64, and the protocol's error codes in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "vectors.h"
#include "x402_world.h"

#include "base/banned.h"

static souk_err read_text(const char *text, struct x402_receipt *r)
{
    struct buf b;
    struct err e;
    buf_init(&b, 1 << 20);
    x402_base64_encode(text, strlen(text), &b);
    souk_err rc = x402_receipt_read(b.p, r, &e);
    buf_release(&b);
    return rc;
}

static void expect_reason(const struct x402_receipt *r, const char *reason)
{
    assert_int_equal(r->reason.n, strlen(reason));
    assert_memory_equal(r->reason.p, reason, r->reason.n);
}

static void reads_every_recorded_receipt(void **state)
{
    (void)state;
    json *all = vectors_load("x402-vectors.json");
    const json *samples = json_get(all, "httpSamples"), *v2 = json_get(samples, "v2");
    const address payer = vector_address(json_get(all, "specExample"), "recovered");
    size_t n = 0;
    for (const json *pair = v2->child; pair; pair = pair->next) {
        const json *answer = json_get(json_next(json_first(pair)), "response");
        const char *header = json_cstr(json_get(answer, "headers"), "payment-response");
        struct x402_receipt r;
        struct err e;
        if (!header) { /* the missing allowance: another demand, no receipt */
            assert_int_equal(vector_u64(answer, "status"), 412);
            continue;
        }
        n++;
        assert_int_equal(x402_receipt_read(header, &r, &e), SOUK_OK);
        assert_true(r.has_payer && !address_eq(r.payer, payer));
        assert_int_equal(r.success, vector_u64(answer, "status") == 200);
        assert_false(r.pending);
        if (strcmp(pair->string, "upto-partial") == 0) {
            uint64_t amount = 0;
            assert_true(r.has_tx && r.has_amount && u256_fits_u64(r.amount, &amount));
            assert_int_equal(amount, 12345);
        } else if (strcmp(pair->string, "upto-zero") == 0) {
            assert_true(!r.has_tx && r.has_amount && u256_is_zero(r.amount));
        } else if (strcmp(pair->string, "upto-overcharge") == 0) {
            assert_false(r.has_tx || r.has_amount);
            expect_reason(&r, "invalid_upto_evm_payload_settlement_exceeds_amount");
        } else {
            assert_true(r.has_tx && !r.has_amount);
            expect_reason(&r, "");
        }
        x402_receipt_release(&r);
    }
    assert_int_equal(n, 6);
    const json *v1 = json_get(json_next(json_first(json_get(samples, "v1"))), "response");
    struct x402_receipt r;
    struct err e;
    assert_int_equal(
        x402_receipt_read(json_cstr(json_get(v1, "headers"), "x-payment-response"), &r, &e),
        SOUK_OK);
    assert_true(r.success && r.has_tx && r.has_payer);
    x402_receipt_release(&r);
    json_free(all);
}

static void tells_pending_from_failed(void **state)
{
    (void)state;
    struct x402_receipt r;
    assert_int_equal(
        read_text("{\"success\":false,\"errorReason\":\"settlement_pending\",\"errorMessage\":"
                  "\"no receipt yet\",\"transaction\":"
                  "\"0x3aa51c9800e991723088cdfbde4121241ccffa97c3c8cd8572ef5f42049f4893\"}",
                  &r),
        SOUK_OK);
    assert_true(!r.success && r.pending && r.has_tx && !r.has_payer);
    expect_reason(&r, "settlement_pending: no receipt yet");
    x402_receipt_release(&r);
    assert_int_equal(read_text("{\"success\":false,\"errorReason\":\"settlement_pending_no\"}", &r),
                     SOUK_OK);
    assert_false(r.pending);
    x402_receipt_release(&r);
}

static void says_less_of_what_is_not_right(void **state)
{
    (void)state;
    struct x402_receipt r;
    assert_int_equal(read_text("{\"success\":true,\"transaction\":\"0x12\",\"amount\":12345,"
                               "\"payer\":\"me\",\"errorMessage\":\"m\"}",
                               &r),
                     SOUK_OK);
    assert_true(r.success && !r.has_tx && !r.has_amount && !r.has_payer);
    expect_reason(&r, "m");
    x402_receipt_release(&r);
    static const char *const bad[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"success\":\"true\"}",
        "{\"success\":1}",
        "{\"success\":true,\"success\":false}",
        "{\"success\":true",
        "{\"success\":true} x",
        "{\"success\":true,\"errorMessage\":\"\xff\"}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (read_text(bad[i], &r) != SOUK_ENET)
            fail_msg("%s was read", bad[i]);
        assert_null(r.own);
    }
    struct err e;
    assert_int_equal(x402_receipt_read("not base64", &r, &e), SOUK_ENET);
    assert_int_equal(x402_receipt_read("eyJ", &r, &e), SOUK_ENET);
    char *huge = mem_alloc(X402_HEADER_CAP + 5);
    memset(huge, 'A', X402_HEADER_CAP + 4);
    huge[X402_HEADER_CAP + 4] = '\0';
    assert_int_equal(x402_receipt_read(huge, &r, &e), SOUK_ENET);
    mem_free(huge);
    bool done = false;
    for (unsigned long at = 1; !done; at++) {
        mem_fail_at(at, false); /* eyJzdWNjZXNzIjp0cnVlfQ== is {"success":true} */
        souk_err rc = x402_receipt_read("eyJzdWNjZXNzIjp0cnVlfQ==", &r, &e);
        mem_fail_at(0, false);
        done = rc == SOUK_OK;
        assert_true(done || rc == SOUK_ENOMEM);
        x402_receipt_release(&r);
    }
}

/* --- base64 */

static void encodes_and_decodes(void **state)
{
    (void)state;
    static const struct {
        const char *plain, *coded;
    } rows[] = {{"", ""},
                {"f", "Zg=="},
                {"fo", "Zm8="},
                {"foo", "Zm9v"},
                {"foob", "Zm9vYg=="},
                {"fooba", "Zm9vYmE="},
                {"\xff\xfe\xfb", "//77"},
                {"foobar", "Zm9vYmFy"}};
    struct buf b;
    buf_init(&b, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_clear(&b);
        x402_base64_encode(rows[i].plain, strlen(rows[i].plain), &b);
        assert_string_equal(b.p, rows[i].coded);
        buf_clear(&b);
        assert_true(x402_base64_decode(rows[i].coded, strlen(rows[i].coded), &b));
        assert_string_equal(b.p, rows[i].plain);
    }
    static const char *const bad[] = {
        "Zg",    "Zg=",    "Zm8",   "=",    "====", "Z===",    "Zg==Zg==", "Zh==", "Zm9=", " Zm9v",
        "Zm9v ", "Zm9v\n", "Zm\n9", "Zm9-", "Zm9_", "Zm9\x80", "Zm=v",     "=m9v", "Zg=a",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        buf_clear(&b);
        if (x402_base64_decode(bad[i], strlen(bad[i]), &b))
            fail_msg("%s was decoded", bad[i]);
    }
    assert_false(x402_base64_decode("Zm9v\0m9v", 8, &b));
    buf_release(&b);
    buf_init(&b, 2); /* a cap is the buffer's to report */
    assert_true(x402_base64_decode("Zm9v", 4, &b));
    assert_int_equal(b.bad, SOUK_ENOMEM);
    buf_release(&b);
}

/* --- words */

static void has_words_for_every_known_code(void **state)
{
    (void)state;
    static const struct {
        const char *code, *part;
    } rows[] = {
        {"invalid_exact_evm_payload_signature", "signature"},
        {"invalid_exact_evm_signature", "signature"},
        {"invalid_permit2_signature", "signature"},
        {"insufficient_funds", "too little"},
        {"invalid_exact_evm_insufficient_balance", "too little"},
        {"permit2_insufficient_balance", "too little"},
        {"invalid_exact_evm_nonce_already_used", "settled before"},
        {"permit2_invalid_nonce", "settled before"},
        {"permit2_simulation_failed", "fail on chain"},
        {"invalid_exact_evm_transaction_simulation_failed", "fail on chain"},
        {"invalid_exact_evm_payload_authorization_valid_before", "clock"},
        {"invalid_exact_evm_payload_authorization_valid_after", "clock"},
        {"permit2_deadline_expired", "clock"},
        {"permit2_not_yet_valid", "clock"},
        {"permit2_payment_too_early", "clock"},
        {"invalid_exact_evm_payload_authorization_value_mismatch", "amount"},
        {"invalid_exact_evm_authorization_value", "amount"},
        {"permit2_amount_mismatch", "amount"},
        {"permit2_invalid_amount", "amount"},
        {"invalid_exact_evm_recipient_mismatch", "payee"},
        {"invalid_permit2_recipient_mismatch", "payee"},
        {"permit2_invalid_destination", "payee"},
        {"permit2_token_mismatch", "token"},
        {"invalid_permit2_spender", "contract"},
        {"upto_facilitator_mismatch", "facilitator"},
        {"upto_unauthorized_facilitator", "facilitator"},
        {"upto_amount_exceeds_permitted", "more than was signed"},
        {"invalid_upto_evm_payload_settlement_exceeds_amount", "more than was signed"},
        {"invalid_exact_evm_network_mismatch", "chain"},
        {"invalid_upto_evm_network_mismatch", "chain"},
        {"invalid_network", "chain"},
        {"permit2_allowance_required", "approve"},
        {"permit2_proxy_not_deployed", "contract"},
        {"permit2_2612_amount_mismatch", "approval"},
        {"eip2612_deadline_expired", "approval"},
        {"invalid_eip2612_extension_format", "approval"},
        {"erc20_approval_tx_failed", "without bound"},
        {"invalid_erc20_approval_extension_format", "without bound"},
        {"settlement_pending", "do not pay again"},
        {"invalid_exact_evm_transaction_failed", "ask the chain"},
        {"invalid_upto_evm_transaction_failed", "ask the chain"},
        {"invalid_exact_evm_transaction_failed: execution reverted:\n\nRequest body", "ask the"},
        {"invalid_exact_evm_transfer_event_mismatch", "chain"},
        {"invalid_exact_evm_token_name_mismatch", "name"},
        {"invalid_exact_evm_token_version_mismatch", "version"},
        {"invalid_exact_evm_missing_eip712_domain", "domain"},
        {"invalid_exact_evm_eip3009_not_supported", "EIP-3009"},
        {"invalid_exact_evm_failed_to_parse_signature", "could not read"},
        {"invalid_exact_evm_payload_undeployed_smart_wallet", "contract"},
        {"eip6492_factory_not_allowed", "contract"},
        {"smart_wallet_deployment_failed", "contract"},
        {"asset_not_deployed_contract", "no such token"},
        {"permit2_invalid_owner", "payer"},
        {"invalid_exact_evm_scheme", "scheme"},
        {"invalid_upto_evm_scheme", "scheme"},
        {"invalid_scheme", "scheme"},
        {"unsupported_scheme", "scheme"},
        {"unsupported_payload_type", "kind of payment"},
        {"invalid_x402_version", "version"},
        {"invalid_payload", "could not read"},
        {"invalid_payment_requirements", "own offer"},
        {"invalid_transaction_state", "chain"},
        {"unexpected_verify_error", "checking"},
        {"unexpected_settle_error", "settling"},
        {"extension_echo_mismatch", "extensions"},
        {"invalid_batch_settlement_evm_channel_busy", "channels"},
        {"Session expired or exhausted", "session"},
        {"Payment authorization deadline missing or too soon", "longer"},
        {"Pricing unavailable", "price"},
        {"No matching payment requirements", "no longer"},
        {"X-PAYMENT header is required", "asks for payment"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *words = x402_error_words(untrusted(rows[i].code));
        if (!words || !strstr(words, rows[i].part))
            fail_msg("%s: %s", rows[i].code, words ? words : "no words");
    }
    assert_null(x402_error_words(untrusted("")));
    assert_null(x402_error_words(untrusted(NULL)));
    assert_null(x402_error_words(untrusted("out of coffee")));
}

static void has_words_for_everything_observed(void **state)
{
    (void)state;
    json *all = vectors_load("x402-vectors.json");
    size_t n = 0;
    for (const json *v = json_first(json_get(all, "observedErrors")); v; v = json_next(v), n++)
        if (!x402_error_words(json_str(v, "error")))
            fail_msg("%s", json_cstr(v, "error"));
    assert_int_equal(n, 12);
    json_free(all);
}

static void every_fault_has_a_code_and_words(void **state)
{
    (void)state;
    assert_string_equal(x402_fault_code(X402_FINE), "");
    for (int i = 1; i < X402_FAULT_COUNT; i++) {
        const char *code = x402_fault_code((enum x402_fault)i);
        assert_true(strlen(code) > 3 && strlen(x402_fault_words((enum x402_fault)i)) > 10);
        for (int k = 1; k < i; k++)
            assert_string_not_equal(code, x402_fault_code((enum x402_fault)k));
    }
    assert_non_null(strstr(x402_fault_words(X402_BAD_BATCH), "deposit"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_recorded_receipt),
        cmocka_unit_test(tells_pending_from_failed),
        cmocka_unit_test(says_less_of_what_is_not_right),
        cmocka_unit_test(encodes_and_decodes),
        cmocka_unit_test(has_words_for_every_known_code),
        cmocka_unit_test(has_words_for_everything_observed),
        cmocka_unit_test(every_fault_has_a_code_and_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
