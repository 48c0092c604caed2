#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/json.h"

static json *parse(const char *s, struct err *e)
{
    return json_parse(s, strlen(s), "the list", e);
}

static void refused(const char *s, const char *word)
{
    struct err e = {0};
    assert_null(parse(s, &e));
    assert_int_equal(e.code, SOUK_ENET);
    if (!strstr(e.msg, word))
        fail_msg("\"%s\" does not say \"%s\"", e.msg, word);
}

static void test_members(void **state)
{
    (void)state;
    struct err e;
    json *j =
        parse(" {\"s\":\"a\",\"n\":7,\"b\":true,\"z\":null,\"a\":[1,2],\"s\":\"second\"} \n", &e);
    assert_non_null(j);
    int64_t n = 0;
    assert_string_equal(json_cstr(j, "s"), "a");
    assert_int_equal(json_str(j, "s").n, 1);
    assert_true(json_int(j, "n", &n));
    assert_int_equal(n, 7);
    assert_true(json_bool(j, "b", false));
    assert_int_equal(json_first(json_get(j, "a"))->valueint, 1);
    assert_int_equal(json_next(json_first(json_get(j, "a")))->valueint, 2);
    assert_null(json_next(json_next(json_first(json_get(j, "a")))));
    json_free(j);
}

/* Servers leave fields out and change their types: reading them is never a failure. */
static void test_absent(void **state)
{
    (void)state;
    struct err e;
    json *j = parse("{\"s\":1,\"n\":\"7\",\"b\":\"yes\",\"a\":{},\"S\":\"x\"}", &e);
    int64_t n = -5;
    assert_null(json_cstr(j, "s"));
    assert_int_equal(json_str(j, "nothing").n, 0);
    assert_false(json_int(j, "n", &n));
    assert_int_equal(n, -5);
    assert_true(json_bool(j, "b", true));
    assert_false(json_bool(j, "b", false));
    assert_null(json_first(json_get(j, "a")));
    assert_null(json_get(NULL, "s"));
    assert_null(json_get(json_get(j, "s"), "s"));
    assert_null(json_next(NULL));
    json_free(j);
}

static void test_integers_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"{\"n\":9007199254740991}", true, 9007199254740991},
        {"{\"n\":-9007199254740991}", true, -9007199254740991},
        {"{\"n\":9007199254740992}", false, 0},
        {"{\"n\":9007199254740993}", false, 0},
        {"{\"n\":-9007199254740993}", false, 0},
        {"{\"n\":1e3}", true, 1000},
        {"{\"n\":1.5}", false, 0},
        {"{\"n\":1e999}", false, 0},
        {"{\"n\":-1e999}", false, 0},
        {"{\"n\":0}", true, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e;
        json *j = parse(cases[i].text, &e);
        int64_t n = 0;
        assert_non_null(j);
        assert_int_equal(json_int(j, "n", &n), cases[i].ok);
        assert_int_equal(n, cases[i].value);
        json_free(j);
    }
}

static void test_what_is_no_json(void **state)
{
    (void)state;
    refused("", "the list is empty");
    refused(" \n", "empty");
    refused("<!DOCTYPE html><html>", "web page");
    refused("{\"a\":1} x", "follows");
    refused("{} {}", "follows");
    refused("{\"a\":[1,2", "cut off after 9 bytes");
    refused("{\"a\":\"half", "cut off");
    refused("{\"a\":\"half\\", "cut off");
    refused("{\"a\":\"half\\u00", "cut off");
    refused("{\"a\":\"\\u00zz\"}", "escape");
    refused("{\"a\":\"\\x\"}", "not valid JSON");
    refused("[1]]", "bracket");
    refused("[1}", "not valid JSON");
    refused("{a:1}", "not valid JSON");
    refused("[1,]", "not valid JSON");
    refused("[tru]", "not valid JSON");
    refused("[NaN]", "not valid JSON");
    refused("[\001]", "control");
}

static void test_nul_byte(void **state)
{
    (void)state;
    static const char inside[] = "{\"a\":\"x\0y\"}", after[] = "{}\0";
    struct err e;
    assert_null(json_parse(inside, sizeof inside - 1, "it", &e));
    assert_non_null(strstr(e.msg, "NUL"));
    assert_null(json_parse(after, sizeof after - 1, "it", &e));
    assert_null(json_parse(inside, sizeof inside - 1, "it", NULL));
}

static json *parse_nested(size_t depth, struct err *e)
{
    char text[400];
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return json_parse(text, 2 * depth, "it", e);
}

static void test_depth(void **state)
{
    (void)state;
    struct err e;
    json *j = parse_nested(64, &e);
    assert_non_null(j);
    json_free(j);
    assert_null(parse_nested(65, &e));
    assert_non_null(strstr(e.msg, "nested"));
    j = parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"]",
              &e);
    assert_non_null(j); /* brackets in a string nest nothing */
    json_free(j);
}

/* Two bytes of text a value, eighty bytes of tree: a count is the bound that works. */
static void test_too_many_values(void **state)
{
    (void)state;
    size_t n = (4u << 20) + 64;
    char *text = mem_alloc(n);
    text[0] = '[';
    for (size_t i = 1; i < n - 1; i += 2) {
        text[i] = '0';
        text[i + 1] = ',';
    }
    text[n - 1] = ']';
    struct err e;
    unsigned long before = mem_count();
    assert_null(json_parse(text, n, "it", &e));
    assert_non_null(strstr(e.msg, "more than 2097152 values"));
    assert_int_equal(mem_count(), before); /* found out before a tree was begun */
    mem_free(text);
}

/* One author's odd string must not cost the page. */
static void test_strings_are_repaired(void **state)
{
    (void)state;
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"[\"a\\u0000b\"]", "a\xEF\xBF\xBD"
                            "b"},
        {"[\"a\\ud83db\"]", "a\xEF\xBF\xBD"
                            "b"},
        {"[\"a\\ude00b\"]", "a\xEF\xBF\xBD"
                            "b"},
        {"[\"\\ud83d\\ud83d\\ude00\"]", "\xEF\xBF\xBD\xF0\x9F\x98\x80"},
        {"[\"\\uD83D\\uDE00\"]", "\xF0\x9F\x98\x80"},
        {"[\"\\\\u0000\"]", "\\u0000"},
        {"[\"\\u001b[2J\"]", "\033[2J"},
        {"[\"\xff\xfe\"]", "\xff\xfe"},
        {"[\"\\\"\\/\\b\\f\\n\\r\\t\"]", "\"/\b\f\n\r\t"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e;
        json *j = parse(cases[i].text, &e);
        if (!j)
            fail_msg("%s: %s", cases[i].text, e.msg);
        assert_string_equal(cJSON_GetStringValue(json_first(j)), cases[i].value);
        json_free(j);
    }
}

/* What json_parse repairs, json_parse_strict refuses, and it sees twins at any depth. */
static void test_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n; /* 0: strlen */
        bool good;
    } cases[] = {
        {"{\"a\":\"1\",\"A\":\"2\",\"b\":{\"a\":\"\303\251\"}}", 0, true},
        {"{\"a\":\"1\",\"a\":\"2\"}", 0, false},
        {"[{\"x\":{\"c\":1,\"b\":2,\"c\":3}}]", 0, false},
        {"{\"a\":1,\"\\u0061\":2}", 0, false},
        {"\"\\u0000\"", 0, false},
        {"\"\\ud800\"", 0, false},
        {"\"\033[31m\"", 0, false},
        {"\"\377\"", 0, false},
        {"\"\\n\\u001b\"", 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        json *j = json_parse_strict(cases[i].text, strlen(cases[i].text), "this", &e);
        assert_int_equal(j != NULL, cases[i].good);
        assert_int_equal(e.msg[0] != 0, !cases[i].good);
        json_free(j);
    }
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,\"x\\u0000\",{\"b\":null}],\"c\":\"long enough\"}";
    struct err e;
    unsigned long before = mem_count();
    json_free(parse(text, &e));
    unsigned long all = mem_count() - before;
    assert_in_range(all, 8, 100);
    for (unsigned long nth = 1; nth <= all; nth++) {
        mem_fail_at(nth, false);
        json *j = parse(text, &e);
        mem_fail_at(0, false);
        assert_null(j);
        assert_int_equal(e.code, SOUK_ENOMEM);
    }
    json *j = parse(text, &e);
    assert_non_null(j);
    json_free(j);
}

static void test_writing(void **state)
{
    (void)state;
    struct buf b;
    struct json_out o;
    buf_init(&b, 4096);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_int(&o, "n", INT64_MIN);
    json_arr_open(&o, "list");
    json_out_bool(&o, NULL, true);
    json_obj_open(&o, NULL);
    json_obj_close(&o);
    json_out_null(&o, NULL);
    json_arr_close(&o);
    json_out_cstr(&o, "none", NULL);
    json_out_cstr(&o, "k\"", "v");
    json_out_str(&o, "empty", untrusted(NULL));
    json_obj_close(&o);
    assert_string_equal(b.p, "{\"n\":-9223372036854775808,\"list\":[true,{},null],\"none\":null,"
                             "\"k\\\"\":\"v\",\"empty\":\"\"}");
    buf_release(&b);
}

static const char *written(struct buf *b, const char *p, size_t n)
{
    struct json_out o;
    buf_clear(b);
    json_out_init(&o, b);
    json_out_str(&o, NULL, untrusted_n(p, n));
    return b->p;
}

/* Exact for a reader, and nothing a terminal would act on. */
static void test_written_strings(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        size_t n;
        const char *out;
    } cases[] = {
        {"a\0b", 3, "\"a\\u0000b\""},
        {"\033[2J\x7f", 5, "\"\\u001b[2J\\u007f\""},
        {"\xC2\x9B"
         "2J",
         4, "\"\\u009b2J\""},
        {"\xE2\x80\xAE"
         "abc",
         6, "\"\\u202eabc\""},
        {"\xF3\xA0\x81\xA1", 4, "\"\\udb40\\udc61\""},
        {"\xff\xC3", 2, "\"\\ufffd\\ufffd\""},
        {"\xD7\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80", 11,
         "\"\xD7\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80\""},
        /* four marks on a letter are writing, a tower of them is an attack */
        {"e\xCC\x81\xCC\x82\xCC\x83\xCC\x84\xCC\x85\xCC\x86o\xCC\x81", 16,
         "\"e\xCC\x81\xCC\x82\xCC\x83\xCC\x84\\u0305\\u0306o\xCC\x81\""},
        {"\"\\\n\r\t/", 6, "\"\\\"\\\\\\n\\r\\t/\""},
    };
    struct buf b;
    buf_init(&b, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(written(&b, cases[i].in, cases[i].n), cases[i].out);
    buf_release(&b);
}

static void test_written_is_read_back(void **state)
{
    (void)state;
    char all[2048];
    size_t n = 0;
    for (uint32_t cp = 1; cp < 0x300; cp++)
        n += utf8_put(all + n, cp);
    struct buf b;
    struct err e;
    buf_init(&b, 16384);
    written(&b, all, n);
    json *j = json_parse(b.p, b.len, "it", &e);
    assert_non_null(j);
    assert_string_equal(cJSON_GetStringValue(j), all);
    json_free(j);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_integers_are_exact),
        cmocka_unit_test(test_what_is_no_json),
        cmocka_unit_test(test_nul_byte),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_too_many_values),
        cmocka_unit_test(test_strings_are_repaired),
        cmocka_unit_test(test_strict),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_written_strings),
        cmocka_unit_test(test_written_is_read_back),
    };
    return cmocka_run_group_tests_name("net/json", tests, NULL, NULL);
}
