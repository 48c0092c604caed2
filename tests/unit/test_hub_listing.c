#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "hub/hub.h"

static void assert_text(struct untrusted u, const char *want)
{
    assert_int_equal(u.n, strlen(want));
    assert_memory_equal(u.p, want, u.n);
}

#define ID_A "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M"
#define ID_B "KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A"
#define IPFS "QmRhcpDXfYCKsimTmJYrAVM4Bbvck59Zb2onj3MHv9Kw5N"

static void blob_ids_have_one_spelling(void **state)
{
    (void)state;
    char id[] = ID_A;
    assert_true(hub_blob_id_ok(untrusted(ID_A)));
    assert_true(hub_blob_id_ok(untrusted("MieafOoPlNh9hTKb8Q4gCiFQCrgQ8Lhk7uZ82Itb4VM")));
    assert_false(hub_blob_id_ok(untrusted(ID_A "A")));
    assert_false(hub_blob_id_ok(untrusted_n(ID_A, 42)));
    assert_false(hub_blob_id_ok(untrusted("")));
    assert_false(hub_blob_id_ok(untrusted(NULL)));
    for (const char *c = "NOPabcd+/=. "; *c; c++) { /* not canonical, or not base64url */
        id[42] = *c;
        assert_int_equal(hub_blob_id_ok(untrusted(id)), *c == 'c');
    }
    assert_true(hub_ipfs_id_ok(untrusted(IPFS)));
    assert_false(hub_ipfs_id_ok(untrusted("Qm0hcpDXfYCKsimTmJYrAVM4Bbvck59Zb2onj3MHv9Kw5N")));
    assert_false(hub_ipfs_id_ok(untrusted(ID_A)));
    assert_false(hub_ipfs_id_ok(untrusted("Qm")));
}

static void a_description_may_state_one_blob_id(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count;
    } cases[] = {
        {ID_A, 1},
        {"The file is `" ID_A "`.", 1},
        {"https://walruscan.example/blob/" ID_A "?x=1, also " ID_A, 1},
        {"blob:" ID_A "\nblob:" ID_B, 2},
        {"x" ID_A, 0}, /* a longer word */
        {ID_A "_", 0},
        {"-" ID_A, 0},
        {IPFS, 0},
        {"", 0},
        {"hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39N", 0}, /* not canonical */
        {"souk-listing: 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", 0},
        {"\xe2\x9c\xa8" ID_A "\xe2\x9c\xa8", 1},
    };
    char id[HUB_BLOB_ID + 1];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(hub_description_blob_id(untrusted(cases[i].text), id), cases[i].count);
        assert_string_equal(id, cases[i].count == 1 ? ID_A : "");
    }
    struct buf b;
    buf_init(&b, 1 << 16);
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "%043d ", i * 4); /* digits only, of which 0, 4 and 8 are canonical ends */
    assert_int_equal(hub_description_blob_id(untrusted_n(b.p, b.len), id), HUB_IDS_MAX);
    assert_string_equal(id, "");
    buf_release(&b);
}

#define OWNER "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
#define OTHER "0x9deEBB5D1b22e4a6e027977CeAd13893A7E4cC1a"

static void a_description_vouches_for_a_listing_on_a_line_of_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool names;
    } cases[] = {
        {"souk-listing: " OWNER, true},
        {"souk-listing:" OWNER, true},
        {"# Model\r\n\r\n  - `souk-listing: " OWNER "`\r\nmore", true},
        {"1. souk-listing: " OWNER, true},
        {"> * **souk-listing:** `" OWNER "` ", true},
        {"\"souk-listing: " OWNER "\"", true},
        {"souk-listing: 0x833589fcd6edb6e08f4c7c32d4f71b54bda02913", true},
        {"souk-listing: 0x833589FCD6EDB6E08F4C7C32D4F71B54BDA02913", true},
        {"souk-listing: " OTHER "\nsouk-listing: " OWNER, true},
        {"text\rsouk-listing: " OWNER "\r", true},
        {"souk-listing: 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA0291", false},
        {"souk-listing: " OWNER "3", false},
        {"souk-listing: 0x833589fcD6eDb6E08f4c7C32D4f71b54bdA02913", false}, /* checksum */
        {"souk-listing: " OTHER, false},
        {"souk-listing: " OTHER " " OWNER, false},
        {"souk-listing: " OWNER " is not mine", false},
        {"beware of souk-listing: " OWNER, false},
        {"not-souk-listing: " OWNER, false},
        {"souk-listing " OWNER, false},
        {"souk-listing:\n" OWNER, false},
        {OWNER, false},
        {"souk-listing:", false},
        {"", false},
    };
    address owner;
    assert_true(address_parse(OWNER, 42, &owner));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].text);
        char *exact = mem_strndup(cases[i].text, n); /* its own block, for ASan */
        bool names = hub_description_names_listing(untrusted_n(exact, n), owner);
        mem_free(exact);
        if (names != cases[i].names)
            fail_msg("case %zu: %s", i, cases[i].text);
    }
    assert_false(hub_description_names_listing(untrusted(NULL), owner));
}

static void urls_that_are_safe_to_call(void **state)
{
    (void)state;
    static const char *const good[] = {
        "http://127.0.0.1:4021/v1/run",
        "https://seller.example",
        "HTTPS://x/?a=b@c#d",
        "https://[::1]:8443/",
    };
    static const char *const bad[] = {
        "",
        "ftp://x/",
        "javascript:alert(1)",
        "http://",
        "https:///path",
        "http://?x",
        "//seller.example/",
        "https://user:pw@seller.example/",
        "https://good.example@evil.example/",
        "https://seller.example\\@evil/",
        "https://seller.example/a b",
        "https://seller.example/\n",
        "https://seller.example/\033[2J",
        "https://sell\xc3\xa9r.example/",
        " https://seller.example/",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(hub_url_ok(untrusted(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(hub_url_ok(untrusted(bad[i])));
    assert_false(hub_url_ok(untrusted_n("https://x/\0y", 12)));
    char url[HUB_URL_MAX + 2] = "https://seller.example/";
    memset(url + strlen(url), 'a', sizeof url - strlen(url));
    assert_true(hub_url_ok(untrusted_n(url, HUB_URL_MAX)));
    assert_false(hub_url_ok(untrusted_n(url, HUB_URL_MAX + 1)));
}

static struct event listed(const char *name, const char *blob_id, const char *endpoint)
{
    struct event ev = {.kind = EV_LISTED};
    assert_true(address_parse(OWNER, 42, &ev.listed.owner));
    assert_true(address_parse(OTHER, 42, &ev.listed.pay_to));
    ev.listed.id.b[0] = 0x1d;
    ev.listed.asset.b[0] = 0xa5;
    ev.listed.price = u256_from_u64(10000);
    ev.listed.author = untrusted("OpenGradient");
    ev.listed.name = untrusted(name);
    ev.listed.blob_id = untrusted(blob_id);
    ev.listed.endpoint = untrusted(endpoint);
    return ev;
}

static unsigned flags_of(const struct event *ev)
{
    struct arena a;
    struct hub_listing l;
    struct err e;
    arena_init(&a, 1 << 16);
    assert_int_equal(hub_listing_from_event(ev, &a, &l, &e), SOUK_OK);
    arena_release(&a);
    return l.flags;
}

static void a_listing_is_taken_from_its_event(void **state)
{
    (void)state;
    struct arena a;
    struct hub_listing l;
    struct err e;
    char text[ADDRESS_BUF];
    struct event ev = listed("vol", ID_A, "https://seller.example/run");
    arena_init(&a, 1 << 16);
    assert_int_equal(hub_listing_from_event(&ev, &a, &l, &e), SOUK_OK);
    assert_true(l.active);
    assert_int_equal(l.flags, 0);
    assert_string_equal(address_format(l.owner, text), OWNER);
    assert_string_equal(address_format(l.pay_to, text), OTHER);
    assert_int_equal(l.asset.b[0], 0xa5);
    assert_int_equal(l.id.b[0], 0x1d);
    assert_int_equal(u256_cmp(l.price, u256_from_u64(10000)), 0);
    assert_text(l.author, "OpenGradient");
    assert_text(l.name, "vol");
    assert_text(l.blob_id, ID_A);
    assert_text(l.endpoint, "https://seller.example/run");
    assert_true(l.name.p != ev.listed.name.p); /* a copy: the log may go */

    ev.kind = EV_DELISTED;
    assert_int_equal(hub_listing_from_event(&ev, &a, &l, &e), SOUK_OK);
    assert_false(l.active);
    assert_string_equal(address_format(l.owner, text), OWNER);
    assert_int_equal(l.id.b[0], 0x1d);
    assert_null(l.name.p);
    arena_release(&a);
}

static void what_is_wrong_with_a_listing_is_flagged_not_hidden(void **state)
{
    (void)state;
    static char long_text[2000];
    memset(long_text, 'a', sizeof long_text - 1);
    struct event ev = listed("vol", "", "");
    assert_int_equal(flags_of(&ev), 0); /* no file and no endpoint: allowed */
    ev = listed("vol", IPFS, "javascript:alert(1)");
    assert_int_equal(flags_of(&ev), HUB_LISTING_BAD_ENDPOINT);
    ev = listed("", "not an id", "http://x/");
    assert_int_equal(flags_of(&ev), HUB_LISTING_BAD_BLOB_ID | HUB_LISTING_NO_NAME);
    ev.listed.pay_to = (address){{0}};
    assert_int_equal(flags_of(&ev),
                     HUB_LISTING_BAD_BLOB_ID | HUB_LISTING_NO_NAME | HUB_LISTING_ZERO_PAYEE);
    ev = listed(long_text, ID_A, "http://x/");
    assert_int_equal(flags_of(&ev), HUB_LISTING_CUT);
    memcpy(long_text, "http://", 7);
    ev = listed("vol", ID_A, long_text); /* its first 512 bytes would be a good URL */
    assert_int_equal(flags_of(&ev), HUB_LISTING_CUT | HUB_LISTING_BAD_ENDPOINT);
}

static void without_memory_there_is_no_listing(void **state)
{
    (void)state;
    struct event ev = listed("vol", ID_A, "https://seller.example/run");
    souk_err rc = SOUK_ENOMEM;
    for (unsigned long n = 1; rc != SOUK_OK; n++) {
        struct arena a;
        struct hub_listing l;
        struct err e;
        arena_init(&a, 1 << 16);
        mem_fail_at(n, false);
        rc = hub_listing_from_event(&ev, &a, &l, &e);
        mem_fail_at(0, false);
        assert_true(rc == SOUK_OK ? n > 1 && l.active : rc == SOUK_ENOMEM && !l.active);
        arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blob_ids_have_one_spelling),
        cmocka_unit_test(a_description_may_state_one_blob_id),
        cmocka_unit_test(a_description_vouches_for_a_listing_on_a_line_of_its_own),
        cmocka_unit_test(urls_that_are_safe_to_call),
        cmocka_unit_test(a_listing_is_taken_from_its_event),
        cmocka_unit_test(what_is_wrong_with_a_listing_is_flagged_not_hidden),
        cmocka_unit_test(without_memory_there_is_no_listing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
