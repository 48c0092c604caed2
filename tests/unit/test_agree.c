/* agree.h: answers that say the same, nearly the same, something else, and nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "onnx/agree.h"
#include "values_world.h"

#include "base/banned.h"

enum { YES = AGREE_YES, NO = AGREE_NO, NOTHING = AGREE_NOTHING };

static struct values values_of(const char *signature, const char *text)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    if (values_from_json(m, untrusted(text), &v, &e))
        fail_msg("%s: %s", text, e.msg);
    model_info_free(m);
    return v;
}

static void expect(const char *signature, const char *here, const char *answer, int is,
                   const char *words)
{
    struct values v = values_of(signature, here);
    struct agreement a;
    agree_json(&v, untrusted(answer), AGREE_RTOL, AGREE_ATOL, &a);
    assert_string_equal(a.words, words);
    assert_int_equal(a.is, is);
    values_release(&v);
}

static void test_forms(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "{\"y\":[[1,2.5]]}",
        "{\"y\":{\"shape\":[1,2],\"type\":\"float32\",\"data\":[[1,2.5]]}}",
        "{\"y\":{\"shape\":[1,2],\"data\":[1,2.5]}}",
        "{\"author\":\"a\",\"model\":\"m\",\"output\":{\"y\":{\"shape\":[1,2],\"data\":[1,2.5]}}}",
        "{\"outputs\":{\"y\":[[1,2.5]]}}",
        "{\"result\":{\"output\":{\"y\":[[1,2.5]]}}}",
        "{\"output\":[{\"name\":\"y\",\"shape\":[1,2],\"result\":[[1,2.5]],\"type\":\"number\"}]}",
        "[{\"name\":\"y\",\"shape\":[1,2],\"result\":[[1,2.5]],\"type\":\"number\"}]",
        ("{\"numbers\":[{\"name\":\"y\",\"values\":[{\"value\":\"1\",\"decimals\":\"0\"},{"
         "\"value\":"
         "25,\"decimals\":1}],\"shape\":[1,2]}],\"strings\":[]}"),
        "{\"results\":[[1,2.5]]}",
        "[[1,2.5]]",
        "[1,2.5]",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        expect("y:float32[1,2]", "[1,2.5]", answers[i], YES, "the same (2 numbers)");
    expect("output:float32[]", "3", "{\"output\":{\"output\":3}}", YES, "the same (1 number)");
    expect("y:float32[]", "3", "{\"output\":3}", YES, "the same (1 number)");
    expect("y:float32[]", "3", "3", YES, "the same (1 number)");
    expect("a:float32[] b:string[1]", "{\"a\":3,\"b\":[\"x\"]}",
           "{\"output\":{\"b\":[\"x\"],\"a\":3}}", YES, "the same (2 values)");
}

static void test_tolerance(void **state)
{
    (void)state;
    expect("y:float32[2]", "[1,2]", "[1.00001,2]", YES, "equal within 2e-5 (2 numbers)");
    expect("y:float32[2]", "[1,2]", "[1.001,2.5]", NO,
           "\"y\"[0] is 1 here, 1.001 there; 2 of 2 numbers differ");
    expect("y:float32[1]", "[\"NaN\"]", "[\"NaN\"]", YES, "the same (1 number)");
    expect("y:float32[1]", "[\"NaN\"]", "[null]", YES, "the same (1 number)");
    expect("y:float32[1]", "[\"NaN\"]", "[0]", NO, "\"y\"[0] is NaN here, 0 there");
    expect("y:float32[1]", "[\"Infinity\"]", "[\"Infinity\"]", YES, "the same (1 number)");
    expect("y:float32[1]", "[\"Infinity\"]", "[3]", NO, "\"y\"[0] is Infinity here, 3 there");
    expect("y:float32[1]", "[1]", "[\"-Infinity\"]", NO, "\"y\"[0] is 1 here, -Infinity there");
    expect("y:float64[1]", "[1e300]", "[1.00001e300]", YES, "equal within 1e+295 (1 number)");
    /* integers are the same or not, also where doubles cannot tell */
    expect("y:int64[1]", "[9007199254740993]", "[9007199254740992]", NO,
           "\"y\"[0] is 9007199254740993 here, 9007199254740992 there");
    expect("y:int64[1]", "[9007199254740993]", "[\"9007199254740993\"]", YES,
           "the same (1 number)");
    expect("y:string[2]", "[\"a\",\"b\"]", "[\"a\",\"c\"]", NO,
           "\"y\"[1] is \"b\" here, \"c\" there");
    expect("y:bool[2]", "[true,false]", "[1,0]", YES, "the same (2 numbers)");
}

static void test_shapes(void **state)
{
    (void)state;
    expect("y:float32[3]", "[1,2,3]", "{\"y\":[1,2]}", NO,
           "output \"y\": the shape [2] was given, float32[3] is wanted");
    expect("y:float32[1,3]", "[1,2,3]", "{\"y\":{\"shape\":[3,1],\"data\":[1,2,3]}}", NO,
           "output \"y\": the shape [3,1] was given, float32[1,3] is wanted");
    expect("y:float32[1]", "[1]", "{\"y\":[\"x\"]}", NO,
           "output \"y\": element [0] is \"x\", float32 is wanted");
    expect("y:int64[1]", "[1]", "{\"y\":[null]}", NO,
           "output \"y\": element [0] is null, int64 is wanted");
}

static void test_absent(void **state)
{
    (void)state;
    expect("y:float32[1]", "[1]", "{\"error\":\"no\"}", NOTHING, "the answer has no \"y\"");
    expect("y:float32[1]", "[1]", "<html>", NOTHING,
           "the answer is not JSON: something that is no value in line 1, column 1");
    expect("y:float32[1]", "[1]", "", NOTHING, "the answer is empty");
    expect("a:float32[1] b:float32[1]", "{\"a\":[1],\"b\":[1]}", "{\"a\":[1]}", NO,
           "the answer has no \"b\"; the rest is the same (1 number)");
    expect("a:float32[1] b:float32[1]", "{\"a\":[1],\"b\":[1]}", "[1]", NOTHING,
           "the answer has no \"a\"");
    expect("", "{}", "{}", NOTHING, "there is nothing to compare");
}

static void test_containers(void **state)
{
    (void)state;
    const char *zip = "y:sequence<map<int64,float32>>";
    expect(zip, "[{\"0\":0.25,\"1\":0.75}]", "{\"y\":[{\"1\":0.75,\"0\":0.25}]}", YES,
           "the same (2 numbers)");
    expect(zip, "[{\"0\":0.25,\"1\":0.75}]", "[{\"0\":0.5,\"1\":0.75}]", NO,
           "\"y\" is 0.25 here, 0.5 there");
    expect(zip, "[{\"0\":0.25}]", "[{\"1\":0.25}]", NO, "\"y\" has other keys here than there");
    expect(zip, "[{\"0\":0.25}]", "[{}]", NO, "\"y\" has 1 keys of int64 here, 0 of int64 there");
    expect(zip, "[{\"0\":0.25}]", "[]", NO, "\"y\" has 1 items here, 0 there");
    expect("y:map<string,string>", "{\"y\":{\"a\":\"b\"}}", "{\"output\":{\"a\":\"b\"}}", YES,
           "the same (1 text)");
    expect("y:sequence<float32[?]>", "[[1],[1,2]]", "[[1],[1,2]]", YES, "the same (3 numbers)");
    expect("y:sequence<float32[?]>", "[[1],[1,2]]", "[[1],[1]]", NO,
           "\"y\" has the shape [2] here, [1] there");
    expect("y:optional<float32[1]>", "{\"y\":null}", "{\"y\":null}", YES, "the same (0 numbers)");
}

static void test_values(void **state)
{
    (void)state;
    struct values a = values_of("y:float32[2]", "[1,2]"), b = values_of("y:float64[2]", "[1,2]"),
                  c = values_of("y:string[2]", "[\"1\",\"2\"]"), d = values_of("z:int8[1]", "[1]"),
                  f = values_of("y:int8[2]", "[1,3]");
    struct agreement g;
    agree_values(&a, &b, 0, 0, &g);
    assert_int_equal(g.is, AGREE_YES);
    assert_int_equal(g.compared, 2);
    agree_values(&a, &c, 0, 0, &g);
    assert_int_equal(g.is, AGREE_NO);
    assert_string_equal(g.words, "\"y\" is float32 here, string there");
    agree_values(&a, &d, 0, 0, &g);
    assert_int_equal(g.is, AGREE_NOTHING);
    agree_values(&a, &f, 0, 0, &g);
    assert_int_equal(g.is, AGREE_NO);
    assert_true(g.worst == 1.0);
    agree_values(&a, &f, 0.5, 0, &g);
    assert_int_equal(g.is, AGREE_YES);
    values_release(&a);
    values_release(&b);
    values_release(&c);
    values_release(&d);
    values_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),      cmocka_unit_test(test_tolerance),
        cmocka_unit_test(test_shapes),     cmocka_unit_test(test_absent),
        cmocka_unit_test(test_containers), cmocka_unit_test(test_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
