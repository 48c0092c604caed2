/* tee.h: every signed answer of the vectors, and each way it can be wrong; Python's JSON exactly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "vectors.h"
#include "x402/internal.h"
#include "x402/tee.h"

#include "base/banned.h"

static struct buf file;
static json *all;
static uint8_t der[1024];
static size_t der_len;

/* One case as a client has it. */
struct answer {
    char *request; /* the body as sent */
    struct tee_proof proof;
    struct untrusted output;
    int64_t time;
};

/* A case's request as it stands in the file: printing the tree again would change its numbers. */
static char *text_of(const json *v)
{
    const json *tee = json_get(all, "tee"), *cases = json_get(tee, "cases");
    struct slice s = {file.p, file.len};
    assert_true(raw_member(s, all, tee, &s) && raw_member(s, tee, cases, &s) &&
                raw_member(s, cases, v, &s) && raw_member(s, v, json_get(v, "requestBody"), &s));
    return mem_strndup(s.p, s.n);
}

static struct answer answer_of(const json *v)
{
    struct answer a = {.output = json_str(v, "output"),
                       .time = (int64_t)vector_u64(v, "tee_timestamp")};
    a.request = text_of(v);
    a.proof = tee_proof_read(v);
    assert_non_null(a.request);
    assert_true(a.proof.present);
    return a;
}

static enum tee_verdict verify(const struct answer *a)
{
    return tee_verify(&a->proof, untrusted(a->request), a->output, NULL, der, der_len, a->time);
}

static const json *case_named(const char *name)
{
    const json *v = json_first(json_get(json_get(all, "tee"), "cases"));
    while (v && strcmp(json_cstr(v, "name"), name) != 0)
        v = json_next(v);
    assert_non_null(v);
    return v;
}

static void verifies_every_case(void **state)
{
    (void)state;
    size_t n = 0;
    for (const json *v = json_first(json_get(json_get(all, "tee"), "cases")); v;
         v = json_next(v), n++) {
        struct answer a = answer_of(v);
        struct buf b;
        struct err e;
        buf_init(&b, 1 << 20);
        assert_int_equal(tee_canonical(untrusted(a.request), &b, &e), SOUK_OK);
        assert_string_equal(b.p, json_cstr(v, "canonicalRequest"));
        if (verify(&a) != TEE_VERIFIED)
            fail_msg("%s: %s", json_cstr(v, "name"), tee_verdict_code(verify(&a)));
        buf_release(&b);
        mem_free(a.request);
    }
    assert_int_equal(n, 11);
}

static void hashes_tool_calls_however_they_come(void **state)
{
    (void)state;
    struct answer a = answer_of(case_named("tools"));
    static const char loose[] =
        "[ {\"index\":0, \"type\":\"function\",\"id\":\"call_1\",\"function\":{\"name\":"
        "\"get_weather\",\"arguments\":\"{\\\"city\\\": \\\"Paris\\\"}\"}} ]";
    struct err e;
    json *calls = json_parse(loose, strlen(loose), "calls", &e);
    assert_int_equal(
        tee_verify(&a.proof, untrusted(a.request), untrusted(""), calls, der, der_len, a.time),
        TEE_VERIFIED);
    cJSON_SetValuestring(cJSON_GetObjectItemCaseSensitive(calls->child, "id"), "call_2");
    assert_int_equal(
        tee_verify(&a.proof, untrusted(a.request), a.output, calls, der, der_len, a.time),
        TEE_OTHER_OUTPUT);
    json_free(calls);
    calls = json_parse("{}", 2, "calls", &e);
    bool ok = true;
    tee_tool_calls_hash(calls, &ok);
    assert_false(ok);
    json_free(calls);
    mem_free(a.request);
}

/* --- each verdict */

static void tells_what_is_wrong(void **state)
{
    (void)state;
    const json *v = case_named("simple");
    struct answer right = answer_of(v), a = right;
    char other[512], id[HASH_BUF], hash[65], sig[512];

    a.proof.present = false;
    assert_int_equal(verify(&a), TEE_UNSIGNED);
    assert_false(tee_proof_read(json_get(v, "requestBody")).present);
    assert_false(tee_proof_read(NULL).present);

    a = right;
    snprintf(id, sizeof id, "%.*s", (int)a.proof.id.n, a.proof.id.p);
    id[10] = id[10] == '0' ? '1' : '0';
    a.proof.id = untrusted(id);
    assert_int_equal(verify(&a), TEE_OTHER_KEY);
    a.proof.id = untrusted("");
    assert_int_equal(verify(&a), TEE_OTHER_KEY);
    a.proof.id = untrusted_n(right.proof.id.p + 2, right.proof.id.n - 2); /* without 0x */
    assert_int_equal(verify(&a), TEE_VERIFIED);

    a = right;
    snprintf(other, sizeof other, "%s", a.request);
    *strstr(other, "Hello!") = 'h';
    a.request = other;
    assert_int_equal(verify(&a), TEE_OTHER_REQUEST);
    snprintf(other, sizeof other, "no JSON");
    assert_int_equal(verify(&a), TEE_OTHER_REQUEST);
    a = right;
    a.proof.request_hash = untrusted("");
    assert_int_equal(verify(&a), TEE_OTHER_REQUEST);

    a = right;
    a.output = untrusted("Hello! How can I help");
    assert_int_equal(verify(&a), TEE_OTHER_OUTPUT);
    a = right;
    snprintf(hash, sizeof hash, "%.*s", (int)a.proof.output_hash.n, a.proof.output_hash.p);
    hash[0] = hash[0] == '0' ? '1' : '0';
    a.proof.output_hash = untrusted(hash);
    assert_int_equal(verify(&a), TEE_OTHER_OUTPUT);

    a = right;
    a.proof.timestamp++;
    assert_int_equal(verify(&a), TEE_FORGED);
    a.proof.timestamp = -1;
    assert_int_equal(verify(&a), TEE_FORGED);
    a = right;
    for (size_t at = 0; at < 340; at += 17) { /* any place of it */
        snprintf(sig, sizeof sig, "%.*s", (int)a.proof.signature.n, a.proof.signature.p);
        sig[at] = sig[at] == 'A' ? 'B' : 'A';
        a.proof.signature = untrusted(sig);
        assert_int_equal(verify(&a), TEE_FORGED);
        a = right;
    }
    a.proof.signature = untrusted_n(right.proof.signature.p, right.proof.signature.n - 4);
    assert_int_equal(verify(&a), TEE_FORGED);
    a.proof.signature = untrusted("AA==");
    assert_int_equal(verify(&a), TEE_FORGED);
    a = right;
    a.proof.signature = json_str(case_named("sdk-default"), "tee_signature");
    assert_int_equal(verify(&a), TEE_FORGED);

    a = right;
    a.time = right.time + 3600;
    assert_int_equal(verify(&a), TEE_VERIFIED);
    a.time = right.time + 3601;
    assert_int_equal(verify(&a), TEE_STALE);
    a.time = right.time - 300;
    assert_int_equal(verify(&a), TEE_VERIFIED);
    a.time = right.time - 301;
    assert_int_equal(verify(&a), TEE_STALE);
    mem_free(right.request);
}

/* A key that is not exactly an RSA key of a sane size is no key, even if its hash is the id. */
static void takes_no_odd_keys(void **state)
{
    (void)state;
    struct answer a = answer_of(case_named("simple"));
    char id[HASH_BUF];
    uint8_t bad[sizeof der];
    for (size_t i = 0; i < der_len + 2; i++) {
        size_t n = der_len;
        memcpy(bad, der, der_len);
        if (i < 32) /* all of the structure before the number */
            bad[i] ^= 0x10;
        else if (i < der_len)
            n = i; /* cut off there */
        else
            bad[n++] = 0; /* and something behind it */
        bytes32 h = keccak256(bad, n);
        a.proof.id = untrusted(bytes32_format(h, id));
        enum tee_verdict v =
            tee_verify(&a.proof, untrusted(a.request), a.output, NULL, bad, n, a.time);
        if (v != TEE_OTHER_KEY)
            fail_msg("byte %zu: %s", i, tee_verdict_code(v));
    }
    bytes32 none = keccak256("", 0);
    a.proof.id = untrusted(bytes32_format(none, id));
    assert_int_equal(tee_verify(&a.proof, untrusted(a.request), a.output, NULL, der, 0, a.time),
                     TEE_OTHER_KEY);
    mem_free(a.request);
}

/* --- Python's JSON */

static void writes_json_as_python_does(void **state)
{
    (void)state;
    /* a request, and what Python makes of it */
    static const char *const rows[][2] = {
        {"{\"model\":\"m\",\"messages\":[]}",
         "{\"messages\": [], \"model\": \"m\", \"temperature\": 0.0}"},
        {"{\"model\":\"m\",\"messages\":[],\"temperature\":null,\"max_tokens\":null,\"stop\":[],"
         "\"tools\":[],\"response_format\":{},\"web_search\":false,\"seed\":7}",
         "{\"messages\": [], \"model\": \"m\", \"temperature\": 0.0}"},
        {"{\"web_search\":true,\"stop\":\"x\",\"temperature\":-0,\"messages\":[],\"max_tokens\":0,"
         "\"model\":\"\"}",
         "{\"max_tokens\": 0, \"messages\": [], \"model\": \"\", \"stop\": \"x\", \"temperature\": "
         "-0.0, \"web_search\": true}"},
        /* numbers keep their kind, and integers their size */
        {"{\"model\":\"m\",\"messages\":[],\"tools\":[1,1.0,1e3,-0,-0.0,"
         "123456789012345678901234567890,"
         "1E-7,0.1e1,1e16,123456789012345680.0,1e22,5e-324,0.00012,1.5e300]}",
         "{\"messages\": [], \"model\": \"m\", \"temperature\": 0.0, \"tools\": [1, 1.0, 1000.0, "
         "0, "
         "-0.0, 123456789012345678901234567890, 1e-07, 1.0, 1e+16, 1.2345678901234568e+17, 1e+22, "
         "5e-324, 0.00012, 1.5e+300]}"},
        /* keys sort by code points at every level; escapes in names and strings */
        {"{\"model\":\"m\",\"messages\":[],\"tools\":[ {\"b\" : "
         "{\"\\uffe0\":1,\"\\ud83d\\ude80\":2,"
         "\"a\":[ ],\"B\":{ }} , \"\\u0061a\":true,\"a\":null, \"\":\"\\/\\u007f\\u00e9\"} ]}",
         "{\"messages\": [], \"model\": \"m\", \"temperature\": 0.0, \"tools\": [{\"\": "
         "\"/\\u007f\\u00e9\", \"a\": null, \"aa\": true, \"b\": {\"B\": {}, \"a\": [], "
         "\"\\uffe0\": 1, \"\\ud83d\\ude80\": 2}}]}"},
        /* messages: what is kept of each */
        {"{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":[1.0]},{\"role\":"
         "\"developer\",\"content\":\"d\",\"name\":\"x\"},{\"role\":\"user\",\"content\":\"u\","
         "\"name\":\"x\"},{\"role\":\"assistant\",\"content\":\"\"},{\"role\":\"assistant\","
         "\"content\":\"a\",\"tool_calls\":[]},{\"role\":\"tool\",\"content\":\"t\"},{\"role\":"
         "\"function\",\"content\":null,\"name\":\"f\"}]}",
         "{\"messages\": [{\"content\": [1.0], \"role\": \"system\"}, {\"content\": \"d\", "
         "\"role\": "
         "\"system\"}, {\"content\": \"u\", \"role\": \"user\"}, {\"content\": \"\", \"role\": "
         "\"assistant\"}, {\"content\": \"a\", \"role\": \"assistant\"}, {\"content\": \"t\", "
         "\"role\": \"tool\", \"tool_call_id\": null}, {\"content\": null, \"name\": \"f\", "
         "\"role\": \"function\"}], \"model\": \"m\", \"temperature\": 0.0}"},
        /* attachments: type and file name only */
        {"{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\","
         "\"text\":\"hi\",\"x\":1},\"plain\",{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:"
         "\"}},"
         "{\"type\":\"file\",\"file\":{\"filename\":\"a.pdf\",\"file_data\":\"AAAA\"}},"
         "{\"type\":\"file\",\"filename\":\"b\"},{\"type\":\"text\"}]}]}",
         "{\"messages\": [{\"content\": [{\"text\": \"hi\", \"type\": \"text\"}, {\"text\": "
         "\"plain\", \"type\": \"text\"}, {\"type\": \"image_url\"}, {\"filename\": \"a.pdf\", "
         "\"type\": \"file\"}, {\"filename\": \"b\", \"type\": \"file\"}, {\"text\": \"\", "
         "\"type\": \"text\"}], \"role\": \"user\"}], \"model\": \"m\", \"temperature\": 0.0}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        struct err e;
        buf_init(&b, 1 << 20);
        if (tee_canonical(untrusted(rows[i][0]), &b, &e) != SOUK_OK)
            fail_msg("%s: %s", rows[i][0], e.msg);
        assert_string_equal(b.p, rows[i][1]);
        buf_release(&b);
    }
}

/* repr() of doubles: the shortest that reads back; some just below or at a power of two. */
static void writes_floats_as_python_does(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"0.1", "0.1"},
        {"1e0", "1.0"},
        {"0.30000000000000004", "0.30000000000000004"},
        {"100.0", "100.0"},
        {"0.0001", "0.0001"},
        {"0.00001", "1e-05"},
        {"9999999999999998.0", "9999999999999998.0"},
        {"1e15", "1000000000000000.0"},
        {"12345678901234567890", "1.2345678901234567e+19"},
        {"7.1202363472230444e-307", "7.120236347223045e-307"},
        {"2.2250738585072014e-308", "2.2250738585072014e-308"},
        {"1.7976931348623157e308", "1.7976931348623157e+308"},
        {"9.5367431640625e-07", "9.5367431640625e-07"},
        {"-1.5", "-1.5"},
        {"1e999", "Infinity"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf b;
        char text[128], want[128];
        buf_init(&b, 1 << 12);
        snprintf(text, sizeof text, "{\"model\":\"m\",\"messages\":[],\"temperature\":%s}",
                 rows[i][0]);
        snprintf(want, sizeof want, "{\"messages\": [], \"model\": \"m\", \"temperature\": %s}",
                 rows[i][1]);
        assert_int_equal(tee_canonical(untrusted(text), &b, NULL), SOUK_OK);
        assert_string_equal(b.p, want);
        buf_release(&b);
    }
}

static void refuses_what_is_no_chat(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"model\":\"m\"}",
        "{\"messages\":[]}",
        "{\"model\":1,\"messages\":[]}",
        "{\"model\":\"m\",\"messages\":{}}",
        "{\"model\":\"m\",\"messages\":[1]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"king\",\"content\":\"x\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\"}]}",
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[1]}]}",
        "{\"model\":\"m\",\"messages\":[],\"temperature\":\"0\"}",
        "{\"model\":\"m\",\"model\":\"m\",\"messages\":[]}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct buf b;
        struct err e;
        buf_init(&b, 1 << 20);
        if (tee_canonical(untrusted(bad[i]), &b, &e) != SOUK_EINPUT)
            fail_msg("%s", bad[i]);
        assert_int_equal(b.len, 0);
        buf_release(&b);
    }
}

static void says_when_memory_is_out(void **state)
{
    (void)state;
    static const char text[] =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"x\"}],"
        "\"tools\":[{\"a\":[1,2]}]}";
    bool done = false;
    for (unsigned long at = 1; !done; at++) {
        struct buf b;
        struct err e;
        buf_init(&b, 1 << 20);
        mem_fail_at(at, false);
        souk_err rc = tee_canonical(untrusted(text), &b, &e);
        mem_fail_at(0, false);
        done = rc == SOUK_OK;
        assert_true(done || rc == SOUK_ENOMEM);
        buf_release(&b);
    }
}

static void every_verdict_has_a_code_and_words(void **state)
{
    (void)state;
    for (int i = 0; i <= TEE_FORGED; i++)
        assert_true(strlen(tee_verdict_code((enum tee_verdict)i)) > 4 &&
                    strlen(tee_verdict_words((enum tee_verdict)i)) > 20);
}

static int load(void **state)
{
    (void)state;
    all = vectors_load_text("x402-vectors.json", &file);
    der_len = vector_bytes(json_get(all, "tee"), "publicKeySpkiDerHex", der, sizeof der);
    return 0;
}

static int unload(void **state)
{
    (void)state;
    json_free(all);
    buf_release(&file);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verifies_every_case),
        cmocka_unit_test(hashes_tool_calls_however_they_come),
        cmocka_unit_test(tells_what_is_wrong),
        cmocka_unit_test(takes_no_odd_keys),
        cmocka_unit_test(writes_json_as_python_does),
        cmocka_unit_test(writes_floats_as_python_does),
        cmocka_unit_test(refuses_what_is_no_chat),
        cmocka_unit_test(says_when_memory_is_out),
        cmocka_unit_test(every_verdict_has_a_code_and_words),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
