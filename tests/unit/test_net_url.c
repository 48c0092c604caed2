/* url.h: who a URL talks to, and the many ways to hide it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/url.h"

#include "base/banned.h"

static bool parse(const char *s, struct url *u)
{
    return url_parse(s, strlen(s), u);
}

static void reads_what_is_there(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *rest;
        uint16_t port;
        bool https, ipv4, ipv6, loopback;
    } good[] = {
        {"https://api.example.org/v1/m?q=1#f", "api.example.org", "/v1/m?q=1#f", 443, true, false,
         false, false},
        {"HTTPS://API.Example.ORG", "api.example.org", "", 443, true, false, false, false},
        {"http://a.b:8080?x", "a.b", "?x", 8080, false, false, false, false},
        {"https://a_b-c.d:443/", "a_b-c.d", "/", 443, true, false, false, false},
        {"http://127.0.0.1:4021/x", "127.0.0.1", "/x", 4021, false, true, false, true},
        {"http://127.255.0.9/", "127.255.0.9", "/", 80, false, true, false, true},
        {"http://128.0.0.1/", "128.0.0.1", "/", 80, false, true, false, false},
        {"http://LOCALHOST:1/", "localhost", "/", 1, false, false, false, true},
        {"http://localhost.evil.example/", "localhost.evil.example", "/", 80, false, false, false,
         false},
        {"http://127.0.0.1.evil.example/", "127.0.0.1.evil.example", "/", 80, false, false, false,
         false},
        {"https://[::1]:65535/", "::1", "/", 65535, true, false, true, true},
        {"https://[0:0:0:0:0:0:0:1]", "::1", "", 443, true, false, true, true},
        {"https://[2001:DB8::1]/", "2001:db8::1", "/", 443, true, false, true, false},
        {"https://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", "/", 443, true, false, true, false},
        {"https://api.example.com/\xc3\xa9?q=\xe2\x9c\x93", "api.example.com",
         "/\xc3\xa9?q=\xe2\x9c\x93", 443, true, false, false, false},
        {"https://a.b/x@y", "a.b", "/x@y", 443, true, false, false, false},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct url u;
        if (!parse(good[i].text, &u))
            fail_msg("%s was refused", good[i].text);
        assert_string_equal(u.host, good[i].host);
        assert_int_equal(u.port, good[i].port);
        assert_int_equal(u.https, good[i].https);
        assert_int_equal(u.ipv4, good[i].ipv4);
        assert_int_equal(u.ipv6, good[i].ipv6);
        assert_int_equal(url_is_loopback(&u), good[i].loopback);
        assert_int_equal(u.rest_len, strlen(good[i].rest));
        assert_memory_equal(u.rest, good[i].rest, u.rest_len);
    }
}

static void refuses_what_two_could_read_differently(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "https:",
        "https://",
        "https:///path",
        "//a.b/",
        "ftp://a.b/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        " https://a.b/",
        "https://a.b/ x",
        "https://a.b/\t",
        "https://a.b/\n",
        "https://a.b\x7f/",
        "https://good.example@evil.example/",
        "https://user:pass@a.b/",
        "https://good.example:443@evil.example/",
        "https://good.example\\@evil.example/",
        "https://a.b\\c",
        "https://a.b/c\\d",
        "https://a.b:",
        "https://a.b:/",
        "https://a.b:0/",
        "https://a.b:65536/",
        "https://a.b:123456/",
        "https://a.b:+80/",
        "https://a.b:8o/",
        "https://a.b:80:80/",
        "https://%61.b/",
        "https://\xc3\xa9.b/",
        "https://a..b/",
        "https://.a/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.0.0.0x1/",
        "https://127.0.0.01/",
        "https://256.0.0.1/",
        "https://1.2.3.4.5/",
        "https://a.0x/",
        "https://[::1/",
        "https://[::1]x/",
        "https://[::1%25lo]/",
        "https://[::1%lo]/",
        "https://[1.2.3.4]/",
        "https://[]/",
        "https://::1/",
        "https://a b/",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct url u;
        if (parse(bad[i], &u))
            fail_msg("%s was read as host %s", bad[i], u.host);
    }
}

static void keeps_within_its_sizes(void **state)
{
    (void)state;
    static char text[URL_MAX + 2];
    struct url u;
    memset(text, 'a', sizeof text - 1);
    memcpy(text, "https://a.b/", 12);
    assert_true(url_parse(text, URL_MAX, &u));
    assert_false(url_parse(text, URL_MAX + 1, &u));
    memset(text + 8, 'a', 300); /* a host of 253 bytes, then of 254 */
    text[8 + 253] = '/';
    text[8 + 255] = '\0';
    assert_true(parse(text, &u));
    assert_int_equal(strlen(u.host), 253);
    text[8 + 253] = 'a';
    text[8 + 254] = '/';
    assert_false(parse(text, &u));
    assert_false(url_parse("https://a\0b/", 12, &u));
}

static void tells_servers_apart(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool origin, same;
    } pair[] = {
        {"https://a.b/x", "https://A.B:443/x#there", true, true},
        {"https://a.b", "https://a.b/", true, true},
        {"https://a.b/x?1", "https://a.b/x?2", true, false},
        {"https://a.b/x", "https://a.b/x/", true, false},
        {"https://a.b/", "http://a.b/", false, false},
        {"https://a.b/", "https://a.b:8443/", false, false},
        {"https://a.b/", "https://a.b./", false, false},
        {"https://a.b/", "https://c.a.b/", false, false},
        {"https://[::1]/", "https://[0::1]/", true, true},
        {"http://a.b:80/", "http://a.b/", true, true},
    };
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        struct url a, b;
        assert_true(parse(pair[i].a, &a) && parse(pair[i].b, &b));
        assert_int_equal(url_same_origin(&a, &b), pair[i].origin);
        assert_int_equal(url_same(&a, &b), pair[i].same);
        assert_int_equal(url_same(&b, &a), pair[i].same);
    }
    struct url u;
    assert_true(parse("http://a.b:443/", &u));
    assert_false(url_default_port(&u));
    assert_true(parse("https://a.b:443/", &u));
    assert_true(url_default_port(&u));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_is_there),
        cmocka_unit_test(refuses_what_two_could_read_differently),
        cmocka_unit_test(keeps_within_its_sizes),
        cmocka_unit_test(tells_servers_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
