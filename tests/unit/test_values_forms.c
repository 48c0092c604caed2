/* values.h: CSV, generated values, OpenGradient's forms, words and figures. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "values_world.h"

#include "base/banned.h"

typedef souk_err reader(const struct model_info *m, struct untrusted text, struct values *out,
                        struct err *e);

static void expect_text(reader *read, const char *signature, const char *text, const char *want)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    if (read(m, untrusted(text), &v, &e))
        fail_msg("%s for %s: %s", text, signature, e.msg);
    char *got = values_text(&v, false);
    assert_string_equal(got, want);
    mem_free(got);
    values_release(&v);
    model_info_free(m);
}

static void expect_fail(reader *read, const char *signature, const char *text, const char *message)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    assert_int_equal(read(m, untrusted(text), &v, &e), SOUK_EINPUT);
    assert_string_equal(e.msg, message);
    assert_int_equal(v.n, 0);
    values_release(&v);
    model_info_free(m);
}

/* --- CSV */

static void test_csv_rows(void **state)
{
    (void)state;
    reader *csv = values_from_csv;
    expect_text(csv, "x:float32[batch,3]", "1,2,3\n4,5,6\n", "{\"x\":[[1,2,3],[4,5,6]]}");
    expect_text(csv, "x:float32[batch,3]", "a,b,c\r\n1, 2 ,3\r\n\r\n", "{\"x\":[[1,2,3]]}");
    expect_text(csv, "x:float32[batch,n]", "1,2\n3,4", "{\"x\":[[1,2],[3,4]]}");
    expect_text(csv, "x:float32[batch]", "1\n2\n", "{\"x\":[1,2]}");
    expect_text(csv, "x:float32[batch]", "1,2\n", "{\"x\":[1,2]}");
    expect_text(csv, "x:int64[batch,1,2]", "1,9007199254740993\n3,4\n",
                "{\"x\":[[[1,9007199254740993]],[[3,4]]]}");
    expect_text(csv, "x:int64[2,2]", "1,2\n3,4\n", "{\"x\":[[1,2],[3,4]]}");
    expect_text(csv, "x:int64[2,2]", "1,2,3,4\n", "{\"x\":[[1,2],[3,4]]}");
    expect_text(csv, "x:int64[4]", "1\n2\n3\n4\n", "{\"x\":[1,2,3,4]}");
    expect_text(csv, "x:float32[batch,2,3]", "1,2,3\n4,5,6\n", "{\"x\":[[[1,2,3],[4,5,6]]]}");
    expect_text(csv, "x:float32[]", "7", "{\"x\":7}");
    expect_text(csv, "x:float32", "1,2\n", "{\"x\":[[1,2]]}");
    expect_text(csv, "x:bool[?,2]", "true,0\nfalse,1\n", "{\"x\":[[true,false],[false,true]]}");
    expect_text(csv, "x:string[?,2]", "\"a, \"\"b\"\"\",c\n\"d\ne\",\n",
                "{\"x\":[[\"a, \\\"b\\\"\",\"c\"],[\"d\\ne\",\"\"]]}");
    expect_text(csv, "x:string[?,2]", "x[1],x[0]\na,b\n", "{\"x\":[[\"b\",\"a\"]]}");
    expect_text(csv, "x:float32[?,2]", "\xEF\xBB\xBFx[1],x[0]\n1,2\n", "{\"x\":[[2,1]]}");
    expect_text(csv, "x:float32[?,1]", "NaN\ninf\n", "{\"x\":[[\"NaN\"],[\"Infinity\"]]}");
}

static void test_csv_columns(void **state)
{
    (void)state;
    reader *csv = values_from_csv;
    expect_text(csv, "a:float32[?,2] b:int64[?] c:string[?]", "b,a[0],c,a[1]\n1,2,x,3\n4,5,y,6\n",
                "{\"a\":[[2,3],[5,6]],\"b\":[1,4],\"c\":[\"x\",\"y\"]}");
    expect_text(csv, "a:float32[2] b:int64[]", "a[0],a[1],b\n1,2,3\n", "{\"a\":[1,2],\"b\":3}");
    expect_text(csv, "a[0]:float32[] a:float32[1]", "a[0],a\n1,2\n", "{\"a[0]\":1,\"a\":[2]}");
    expect_text(csv, "a:float32[1] b:float32[1]=", "5\n", "{\"a\":[5]}");
    expect_text(csv, "a:float32[1] b:float32[1]=", "b,a\n5,6\n", "{\"a\":[6],\"b\":[5]}");

    expect_fail(csv, "a:float32[1] b:float32[1]", "1,2\n",
                "the model has 2 inputs, so each needs its name: \"a\" (float32[1]), \"b\" "
                "(float32[1])");
    expect_fail(csv, "a:float32[1] b:float32[1]", "a,a\n1,2\n",
                "column 2, \"a\", is there twice: an input of n numbers has the columns name[0] to "
                "name[n-1]");
    expect_fail(csv, "a:float32[2] b:float32[1]", "a[0],a[2],b\n1,2,3\n",
                "column 2, \"a[2]\", is out of place: an input of n numbers has the columns "
                "name[0] to name[n-1]");
    expect_fail(csv, "a:float32[1] b:float32[1]", "a\n1\n",
                "the input \"b\" (float32[1]) is missing");
}

static void test_csv_faults(void **state)
{
    (void)state;
    reader *csv = values_from_csv;
    expect_fail(csv, "x:float32[?,2]", "1,2\n3\n",
                "line 2 has fewer fields than the first line's 2");
    expect_fail(csv, "x:float32[?,2]", "1,2\n3,4,5\n",
                "line 2 has more fields than the first line's 2");
    expect_fail(csv, "x:float32[?,2]", "1,2\n3,four\n",
                "input \"x\": line 2, column 2 is four, float32 is wanted");
    expect_fail(csv, "x:float32[?,2]", "1,\n",
                "input \"x\": line 1, column 2 is empty, float32 is wanted");
    expect_fail(csv, "x:int8[?,2]", "1,128\n",
                "input \"x\": line 1, column 2 is 128, which does not fit int8");
    expect_fail(
        csv, "x:float32[?,3]", "1,2\n",
        "a line of the text is a row: input \"x\": 2 elements were given, float32[3] takes 3");
    expect_fail(csv, "x:float32[4]", "1,2\n3,4\n5,6\n",
                "input \"x\": the shape [6] was given, float32[4] is wanted");
    expect_fail(csv, "x:float32[?]", "\"1\n", "the quote in line 1, column 1 is not closed");
    expect_fail(csv, "x:float32[?]", "\"1\"2\n",
                "something follows the quoted field in line 1, column 1");
    expect_fail(csv, "x:float32[?]", "\n\n", "the input is empty");
    expect_fail(csv, "x:float32[?]", "value\n", "the input has names of columns, and no numbers");
    expect_fail(csv, "x:sequence<float32[?]>", "1\n",
                "input \"x\": CSV cannot hold sequence<float32[?]>");
    expect_fail(csv, "", "1\n", "the model has 0 inputs");
}

static void test_either(void **state)
{
    (void)state;
    expect_text(values_read, "x:float32[?]", " \n[1,2]", "{\"x\":[1,2]}");
    expect_text(values_read, "x:float32[?]", "\xEF\xBB\xBF{\"x\":[1,2]}", "{\"x\":[1,2]}");
    expect_text(values_read, "x:float32[?]", "1,2", "{\"x\":[1,2]}");
    expect_text(values_read, "x:string[]", "hello there", "{\"x\":\"hello there\"}");
    expect_fail(values_read, "x:string[]", "", "the input is empty");
    expect_fail(values_read, "x:float32[?]", "[1,2",
                "the input is not JSON: the end comes too early in line 1, column 5");
}

/* --- values made up */

static char *generated(const char *signature, uint64_t seed, const char *dims)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    if (values_generate(m, seed, dims, &v, &e))
        fail_msg("%s: %s", signature, e.msg);
    char *text = values_text(&v, true);
    values_release(&v);
    model_info_free(m);
    return text;
}

static void expect_no_dims(const char *signature, const char *dims, const char *message)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    assert_int_equal(values_generate(m, 1, dims, &v, &e), SOUK_EINPUT);
    assert_string_equal(e.msg, message);
    values_release(&v);
    model_info_free(m);
}

static void test_generate(void **state)
{
    (void)state;
    const char *signature =
        "x:float32[batch,3] i:int64[batch] s:string[1] b:bool[2] "
        "q:sequence<int8[1]> m:map<string,float32> o:optional<uint8[]> d:int8[1]=";
    char *a = generated(signature, 7, "batch=2"), *b = generated(signature, 7, "batch=2"),
         *c = generated(signature, 8, "batch=2");
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    /* the same on every machine and in every version: runs are kept with their seed only */
    assert_string_equal(
        a, "{\"x\":{\"shape\":[2,3],\"type\":\"float32\",\"data\":[[-0.023,-0.609,0.535],[0."
           "718,0.057,0.138]]},\"i\":{\"shape\":[2],\"type\":\"int64\",\"data\":[4,9]},\"s\":{"
           "\"shape\":[1],\"type\":\"string\",\"data\":[\"jade\"]},\"b\":{\"shape\":[2],\"type\":\""
           "bool\",\"data\":[false,false]},\"q\":[{\"shape\":[1],\"type\":\"int8\",\"data\":[4]"
           "},{\"shape\":[1],\"type\":\"int8\",\"data\":[8]}],\"m\":{\"amber\":-0.541,\"birch\":"
           "-0.98},\"o\":{\"shape\":[],\"type\":\"uint8\",\"data\":9}}");
    mem_free(a);
    mem_free(b);
    mem_free(c);
}

static void test_generate_every_type(void **state)
{
    (void)state;
    for (int t = 1; t < ELEM_COUNT; t++) {
        char signature[64];
        snprintf(signature, sizeof signature, "x:%s[50]", elem_name((enum elem)t));
        struct model_info *m = signature_model(signature);
        struct values v;
        assert_int_equal(values_generate(m, 1, NULL, &v, NULL), SOUK_OK);
        const struct value *x = values_find(&v, untrusted("x"));
        assert_int_equal(x->elem, t);
        assert_int_equal(x->count, 50);
        bool is_float = strstr(elem_name((enum elem)t), "float") || strstr(signature, "complex");
        for (size_t i = 0; i < x->count && t != ELEM_STRING; i++) {
            double n = tensor_number(x, i);
            assert_true(is_float ? n >= -1 && n <= 1 : n >= 0 && n <= 9 && n == trunc(n));
        }
        values_release(&v);
        model_info_free(m);
    }
}

static void test_generate_dims(void **state)
{
    (void)state;
    static const struct {
        const char *dims;
        int64_t x[2], y;
    } cases[] = {
        {NULL, {1, 1}, 1},         {"", {1, 1}, 1},       {"a=2", {2, 1}, 2},
        {"a=2,b=3", {2, 3}, 2},    {"x[0]=4", {4, 1}, 1}, {"x[0]=4,a=2", {4, 1}, 2},
        {"a=2,x[0]=4", {4, 1}, 2}, {"x[1]=0", {1, 0}, 1}, {"a=1,a=5", {5, 1}, 5},
        {"y[0]=3,", {1, 1}, 3},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model_info *m = signature_model("x:float32[a,b] y:int64[a]");
        struct values v;
        assert_int_equal(values_generate(m, 1, cases[i].dims, &v, NULL), SOUK_OK);
        assert_int_equal(v.of[0].v.dim[0], cases[i].x[0]);
        assert_int_equal(v.of[0].v.dim[1], cases[i].x[1]);
        assert_int_equal(v.of[1].v.dim[0], cases[i].y);
        values_release(&v);
        model_info_free(m);
    }
    expect_no_dims("x:float32[a,?] y:int64[2]", "c=2",
                   "the model has no free dimension c; it has: a, x[1]");
    expect_no_dims("x:float32[2]", "a=2", "the model has no free dimension a; it has: none");
    expect_no_dims("x:float32[a]", "x[1]=2", "the model has no free dimension x[1]; it has: a");
    expect_no_dims("x:float32[2]", "x[0]=3", "input \"x\": its dimension 0 is 2, not free");
    expect_no_dims("x:float32[a]", "a", "\"a\" is no size of a dimension: write name=2 or x[0]=2");
    expect_no_dims("x:float32[a]", "a=-1",
                   "\"a=-1\" is no size of a dimension: write name=2 or x[0]=2");
    expect_no_dims("x:float32[a]", "=2",
                   "\"=2\" is no size of a dimension: write name=2 or x[0]=2");
    expect_no_dims(
        "x:float32[a,b]", "a=9000000000000000000,b=9000000000000000000",
        "input \"x\": no tensor has the shape [9000000000000000000,9000000000000000000]");
    struct model_info *m = signature_model("x:float32[a]");
    struct values v;
    struct err e;
    assert_int_equal(values_generate(m, 1, "a=1000000000000", &v, &e), SOUK_ENOMEM);
    assert_string_equal(e.msg, "float32[1000000000000] needs more memory than the 1024 MiB souk "
                               "gives values");
    values_release(&v);
    model_info_free(m);
}

/* --- OpenGradient's forms */

static void test_og_in(void **state)
{
    (void)state;
    expect_text(
        values_from_json, "x:float32[?,2] s:string[1]",
        "{\"numbers\":[{\"name\":\"x\",\"values\":[{\"value\":15,\"decimals\":1},{\"value\":"
        "\"-3\",\"decimals\":\"0\"}],\"shape\":[1,2]}],\"strings\":[{\"name\":\"s\","
        "\"values\":[\"a\"],\"shape\":[1]}]}",
        "{\"x\":[[1.5,-3]],\"s\":[\"a\"]}");
    expect_text(values_from_json, "x:int64[2] y:float64[1]",
                "{\"numbers\":[{\"name\":\"x\",\"values\":[{\"value\":9007199254740993000,"
                "\"decimals\":3},{\"value\":7}],\"shape\":[2]},{\"name\":\"y\",\"values\":"
                "[{\"value\":1,\"decimals\":18}]}]}",
                "{\"x\":[9007199254740993,7],\"y\":[1e-18]}");
#define OG(values) "{\"numbers\":[{\"name\":\"x\",\"values\":[" values "],\"shape\":[1]}]}"
    expect_fail(values_from_json, "x:int64[1]", OG("{\"value\":15,\"decimals\":1}"),
                "input \"x\": value 0 is 15/10^1, int64 is wanted");
    expect_fail(values_from_json, "x:float32[1]", OG("{\"value\":1.5,\"decimals\":1}"),
                "input \"x\": value 0 is no {\"value\": integer, \"decimals\": 0 to 18}");
    expect_fail(values_from_json, "x:float32[1]", OG("{\"value\":1,\"decimals\":19}"),
                "input \"x\": the decimals of value 0 are not 0 to 18");
    expect_fail(values_from_json, "x:float32[1]", OG("1"),
                "input \"x\": value 0 is no {\"value\": integer, \"decimals\": 0 to 18}");
    expect_fail(values_from_json, "x:float32[1]", OG(""),
                "input \"x\": \"shape\" is [1], but 0 elements were given");
    expect_fail(values_from_json, "y:float32[1]", OG("{\"value\":1,\"decimals\":1}"),
                "the model has no input \"x\"; it has \"y\" (float32[1])");
}

static char *og_text(const struct values *v, bool request, struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, 1 << 20);
    json_out_init(&o, &b);
    souk_err rc = SOUK_OK;
    if (request)
        rc = values_og_request(&o, v, e);
    else
        values_og_json(&o, NULL, v);
    char *text = buf_detach(&b, NULL);
    if (rc)
        MEM_FREE(text);
    return text;
}

static void expect_og(const char *signature, const char *text, bool request, const char *want)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    assert_int_equal(values_from_json(m, untrusted(text), &v, &e), SOUK_OK);
    char *got = og_text(&v, request, &e);
    if (!got)
        assert_string_equal(e.msg, want);
    else
        assert_string_equal(got, want);
    mem_free(got);
    values_release(&v);
    model_info_free(m);
}

static void test_og_out(void **state)
{
    (void)state;
    expect_og("x:float32[1,2] s:string[1]", "{\"x\":[0.5,1e21],\"s\":[\"a\"]}", false,
              "[{\"name\":\"x\",\"shape\":[1,2],\"result\":[[0.5,1e+21]],\"type\":\"number\"},"
              "{\"name\":\"s\",\"shape\":[1],\"result\":[\"a\"],\"type\":\"string\"}]");
    expect_og("x:sequence<map<int64,float32>>", "[{\"1\":0.5}]", false,
              "[{\"name\":\"x\",\"shape\":[1],\"result\":[{\"1\":0.5}],\"type\":\"number\"}]");
    expect_og("x:float32[4] s:string[1] b:bool[1]",
              "{\"x\":[0.5,-1e21,1e-18,0],\"s\":[\"a\"],\"b\":[true]}", true,
              "{\"numbers\":[{\"name\":\"x\",\"values\":[{\"value\":5,\"decimals\":1},{\"value\":"
              "-1000000000000000000000,\"decimals\":0},{\"value\":1,\"decimals\":18},{\"value\":0,"
              "\"decimals\":0}],\"shape\":[4]},{\"name\":\"b\",\"values\":[{\"value\":1,"
              "\"decimals\":0}],\"shape\":[1]}],\"strings\":[{\"name\":\"s\",\"values\":[\"a\"],"
              "\"shape\":[1]}]}");
#define NOT_OG ", which OpenGradient's form cannot hold: an integer with up to 18 decimals"
    expect_og("x:float32[2]", "[1,\"NaN\"]", true, "input \"x\": element [1] is NaN" NOT_OG);
    expect_og("x:float32[1]", "[1e-19]", true, "input \"x\": element [0] is 1e-19" NOT_OG);
    expect_og("x:float32[1]", "[2e38]", true, "input \"x\": element [0] is 2e+38" NOT_OG);
    expect_og("x:optional<float32[1]>", "{\"x\":null}", true,
              "input \"x\": OpenGradient's form has only tensors of numbers and of texts");
}

static void test_og_round_trip(void **state)
{
    (void)state;
    const char *signature =
        "a:float32[3,2] b:int64[2] c:float64[2] d:string[2] e:bool[2] f:float16[2]";
    struct model_info *m = signature_model(signature);
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct values v, back;
        struct err e = {0};
        assert_int_equal(values_generate(m, seed, NULL, &v, &e), SOUK_OK);
        char *text = og_text(&v, true, &e), *was = values_text(&v, true);
        if (!text || values_from_json(m, untrusted(text), &back, &e))
            fail_msg("%s", e.msg);
        char *is = values_text(&back, true);
        assert_string_equal(is, was);
        mem_free(text);
        mem_free(was);
        mem_free(is);
        values_release(&back);
        values_release(&v);
    }
    model_info_free(m);
}

/* --- words and figures */

static void expect_words(const char *signature, const char *text, size_t max, const char *want)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    struct buf b;
    if (values_from_json(m, untrusted(text), &v, &e))
        fail_msg("%s", e.msg);
    buf_init(&b, 4096);
    value_words(&v.of[0].v, max, &b);
    assert_string_equal(b.p, want);
    buf_release(&b);
    values_release(&v);
    model_info_free(m);
}

static void test_words(void **state)
{
    (void)state;
    expect_words("x:float32[3]", "[0.12,0.70,0.333333343]", 3, "0.12 0.7 0.333333");
    expect_words("x:float32[5]", "[1,2,3,4,5]", 3, "1 2 3 … (5)");
    expect_words("x:float32[2]", "[\"NaN\",-0.00012345678]", 3, "NaN -0.000123457");
    expect_words("x:int64[1]", "[9007199254740993]", 3, "9007199254740993");
    expect_words("x:bool[2]", "[true,false]", 3, "true false");
    expect_words("x:string[2]", "[\"a b\",\"\"]", 3, "\"a b\" \"\"");
    expect_words("x:float32[0]", "[]", 3, "empty");
    expect_words("x:float32[]", "1", 0, "… (1)");
    expect_words("x:optional<float32[]>", "{\"x\":null}", 3, "nothing");
    expect_words("x:sequence<map<int64,float32>>", "[{\"0\":0.25,\"1\":0.75},{\"0\":1}]", 3,
                 "[0=0.25 1=0.75] [0=1]");
    expect_words("x:complex64[1]", "[[1,-2]]", 3, "(1 -2)");
}

static void test_stats(void **state)
{
    (void)state;
    struct model_info *m =
        signature_model("x:float32[5] i:int8[3] e:int8[0] n:float32[1] s:string[1]");
    struct values v;
    struct value_stats s;
    assert_int_equal(values_from_json(m,
                                      untrusted("{\"x\":[1,\"NaN\",4,-2,4],\"i\":[-1,0,1],\"e\":[],"
                                                "\"n\":[NaN],\"s\":[\"a\"]}"),
                                      &v, NULL),
                     SOUK_OK);
    assert_true(value_stats(&v.of[0].v, &s));
    assert_true(s.min == -2 && s.max == 4 && s.mean == 1.75);
    assert_int_equal(s.nans, 1);
    assert_int_equal(s.largest, 2); /* the first of two */
    assert_true(value_stats(&v.of[1].v, &s));
    assert_true(s.min == -1 && s.max == 1 && s.mean == 0);
    assert_false(value_stats(&v.of[2].v, &s));
    assert_true(value_stats(&v.of[3].v, &s));
    assert_true(isnan(s.min) && isnan(s.max) && isnan(s.mean) && s.nans == 1);
    assert_false(value_stats(&v.of[4].v, &s));
    values_release(&v);
    model_info_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_rows),      cmocka_unit_test(test_csv_columns),
        cmocka_unit_test(test_csv_faults),    cmocka_unit_test(test_either),
        cmocka_unit_test(test_generate),      cmocka_unit_test(test_generate_every_type),
        cmocka_unit_test(test_generate_dims), cmocka_unit_test(test_og_in),
        cmocka_unit_test(test_og_out),        cmocka_unit_test(test_og_round_trip),
        cmocka_unit_test(test_words),         cmocka_unit_test(test_stats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
