/* What Walrus servers are asked, and what their answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "walrus/service.h"

#include "base/banned.h"

#define ID "M4hsZGQ1oCktdzegB6HnI6Mi28S2nqOPHxK-W7_4BUk"

static blob_id some_id(void)
{
    blob_id id;
    assert_true(blob_id_parse(untrusted(ID), &id));
    return id;
}

static void test_urls(void **state)
{
    (void)state;
    blob_id id = some_id();
    struct buf b;
    buf_init(&b, 4096);
    walrus_url_blob(&b, "https://a.example/", &id);
    buf_addc(&b, ' ');
    walrus_url_metadata(&b, "https://a.example", &id);
    buf_addc(&b, ' ');
    walrus_url_status(&b, "https://a.example//", &id);
    buf_addc(&b, ' ');
    walrus_url_health(&b, "https://a.example/");
    buf_addc(&b, ' ');
    walrus_url_publish(&b, "https://a.example/", 10, false);
    buf_addc(&b, ' ');
    walrus_url_publish(&b, "https://a.example", 53, true);
    assert_string_equal(b.p, "https://a.example/v1/blobs/" ID " https://a.example/v1/blobs/" ID
                             "/metadata https://a.example/v1/blobs/" ID
                             "/status https://a.example/v1/health "
                             "https://a.example/v1/blobs?epochs=10 "
                             "https://a.example/v1/blobs?epochs=53&permanent=true");
    buf_release(&b);
}

static void test_ranges(void **state)
{
    (void)state;
    char text[WALRUS_RANGE];
    uint64_t a, b, n;
    assert_string_equal(walrus_range(text, 0, 0), "Range: bytes=0-0");
    assert_string_equal(walrus_range(text, 1, UINT64_MAX), "Range: bytes=1-18446744073709551615");
    assert_true(walrus_content_range(untrusted("bytes 10-19/300"), &a, &b, &n));
    assert_int_equal(a, 10);
    assert_int_equal(b, 19);
    assert_int_equal(n, 300);
    assert_true(walrus_content_range(untrusted("bytes 0-0/1"), &a, &b, &n));
    static const char *const bad[] = {
        "",
        "bytes",
        "bytes ",
        "bytes 1-2",
        "bytes 1-2/",
        "bytes 1-2/*",
        "bytes */3",
        "bytes 2-1/3",
        "bytes 0-3/3",
        "bytes 0-2/3 ",
        "bytes -0-2/3",
        "bytes 0 -2/3",
        "bytes=0-2/3",
        "items 0-2/3",
        "bytes 0-2/18446744073709551616",
        "bytes 0-99999999999999999999999/3",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (walrus_content_range(untrusted(bad[i]), &a, &b, &n))
            fail_msg("\"%s\" passed", bad[i]);
    }
    assert_false(walrus_content_range(untrusted_n(NULL, 0), &a, &b, &n));
}

static enum blob_answer meaning(long status, const char *body, struct err *words)
{
    struct http_response r = {.status = status};
    buf_init(&r.body, 1 << 16);
    buf_adds(&r.body, body);
    enum blob_answer a = walrus_answer(&r, "https://user:secret@a.example/v1/x", words);
    buf_release(&r.body);
    return a;
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        long status;
        enum blob_answer is;
    } table[] = {{200, BLOB_BYTES},     {206, BLOB_BYTES}, {404, BLOB_GONE},  {451, BLOB_FORBIDDEN},
                 {403, BLOB_TOO_LARGE}, {429, BLOB_LATER}, {503, BLOB_LATER}, {416, BLOB_RANGE},
                 {400, BLOB_RANGE},     {302, BLOB_OTHER}, {500, BLOB_OTHER}, {204, BLOB_OTHER}};
    struct err e;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        e = (struct err){0};
        assert_int_equal(meaning(table[i].status, "", &e), table[i].is);
        if (table[i].is == BLOB_BYTES)
            continue;
        assert_non_null(strstr(e.msg, "a.example"));
        assert_null(strstr(e.msg, "secret"));
        assert_int_equal(e.code, table[i].is == BLOB_GONE ? SOUK_ENOTFOUND : SOUK_ENET);
    }
    meaning(404, "{\"error\":{\"message\":\"no such \\u001b[31m blob\\nhere\"}}", &e);
    assert_non_null(strstr(e.msg, "no such"));
    assert_null(strchr(e.msg, 0x1b));
    assert_null(strchr(e.msg, '\n'));
    meaning(503, "<html><title>503</title>", &e);
    assert_null(strstr(e.msg, "html"));
    meaning(429, "slow down", &e);
    assert_non_null(strstr(e.msg, "slow down"));
    meaning(302, "", &e);
    assert_non_null(strstr(e.msg, "follows nobody"));
    assert_int_equal(meaning(500, "{\"error\":", NULL), BLOB_OTHER);

    struct http_response dead = {.err = {SOUK_ENET, "a.example could not be reached"}};
    assert_int_equal(walrus_answer(&dead, "https://a.example/", &e), BLOB_UNREACHABLE);
    assert_string_equal(e.msg, "a.example could not be reached");
}

static souk_err stored(const char *body, struct blob_stored *out, struct err *e)
{
    static struct arena a;
    arena_release(&a);
    arena_init(&a, 4096);
    return walrus_stored_parse(body, strlen(body), &a, out, e);
}

static void test_publisher(void **state)
{
    (void)state;
    struct blob_stored s;
    struct err e;
    assert_int_equal(
        stored("{\"newlyCreated\":{\"blobObject\":{\"id\":\"0xabc\",\"registeredEpoch\":20,"
               "\"blobId\":\"" ID "\",\"size\":17,\"encodingType\":\"RS2\",\"certifiedEpoch\":20,"
               "\"storage\":{\"id\":\"0x1\",\"startEpoch\":20,\"endEpoch\":25,\"storageSize\":1},"
               "\"deletable\":true},\"cost\":1}}",
               &s, &e),
        SOUK_OK);
    blob_id id = some_id();
    assert_true(blob_hash_eq(&s.id, &id));
    assert_false(s.was_there);
    assert_true(s.certified);
    assert_true(s.deletable);
    assert_int_equal(s.end_epoch, 25);
    assert_int_equal(s.size, 17);
    assert_string_equal(s.object.p, "0xabc");

    assert_int_equal(stored("{\"alreadyCertified\":{\"blobId\":\"" ID
                            "\",\"event\":{\"txDigest\":\"x\"},\"endEpoch\":\"31\"}}",
                            &s, &e),
                     SOUK_OK);
    assert_true(s.was_there);
    assert_int_equal(s.end_epoch, 31);

    assert_int_equal(stored("{\"newlyCreated\":{\"blobObject\":{\"blobId\":\"" ID
                            "\",\"certifiedEpoch\":null}}}",
                            &s, &e),
                     SOUK_OK);
    assert_false(s.certified);
    assert_int_equal(s.end_epoch, 0);
    assert_string_equal(s.object.p, "");

    assert_int_equal(stored("{\"markedInvalid\":{\"blobId\":\"" ID "\"}}", &s, &e), SOUK_EVERIFY);
    assert_int_equal(stored("{\"error\":{\"message\":\"no \\u0007 money\"}}", &s, &e), SOUK_ENET);
    assert_non_null(strstr(e.msg, "money"));
    assert_null(strchr(e.msg, 7));
    static const char *const bad[] = {
        "",
        "[]",
        "null",
        "{",
        "{\"newlyCreated\":{}}",
        "{\"newlyCreated\":{\"blobObject\":{\"blobId\":\"short\"}}}",
        "{\"alreadyCertified\":7}",
        "{\"error\":\"x\"}",
        "{\"error\":null}",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        e = (struct err){0};
        assert_int_equal(stored(bad[i], &s, &e), SOUK_ENET);
        assert_true(e.msg[0] != '\0');
        assert_int_equal(stored(bad[i], &s, NULL), SOUK_ENET);
    }
}

static void test_node(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int is;
        uint64_t end;
    } table[] = {
        {"{\"success\":{\"code\":200,\"data\":\"nonexistent\"}}", STORED_NOT, 0},
        {"{\"success\":{\"data\":{\"permanent\":{\"endEpoch\":61,\"isCertified\":true}}}}",
         STORED_PERMANENT, 61},
        {"{\"success\":{\"data\":{\"permanent\":{}}}}", STORED_PERMANENT, 0},
        {"{\"success\":{\"data\":{\"deletable\":{\"initialCertifiedEpoch\":3}}}}", STORED_DELETABLE,
         0},
        {"{\"success\":{\"data\":{\"invalid\":{\"event\":{}}}}}", STORED_INVALID, 0},
    };
    struct blob_status s;
    struct err e;
    uint64_t epoch;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *p = table[i].body;
        assert_int_equal(walrus_status_parse(p, strlen(p), &s, &e), SOUK_OK);
        assert_int_equal(s.is, table[i].is);
        assert_int_equal(s.end_epoch, table[i].end);
    }
    static const char *const bad[] = {"", "{}", "[1]", "{\"success\":{\"data\":\"what\"}}",
                                      "{\"error\":{\"message\":\"busy\"}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(walrus_status_parse(bad[i], strlen(bad[i]), &s, &e), SOUK_ENET);
        assert_false(walrus_epoch_parse(bad[i], strlen(bad[i]), &epoch));
    }
    const char *health = "{\"success\":{\"code\":200,\"data\":{\"epoch\":33}}}";
    assert_true(walrus_epoch_parse(health, strlen(health), &epoch));
    assert_int_equal(epoch, 33);
    const char *negative = "{\"success\":{\"data\":{\"epoch\":-1}}}";
    assert_false(walrus_epoch_parse(negative, strlen(negative), &epoch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),    cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_answers), cmocka_unit_test(test_publisher),
        cmocka_unit_test(test_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
