/* values.h: values from JSON, every form and type, and what is said of those that do not fit. */
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

/* The text read for a signature, and written again: plain, or typed. */
static void expect_text(const char *signature, const char *text, bool typed, const char *want)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    if (values_from_json(m, untrusted(text), &v, &e))
        fail_msg("%s for %s: %s", text, signature, e.msg);
    char *got = values_text(&v, typed);
    assert_string_equal(got, want);
    mem_free(got);
    values_release(&v);
    model_info_free(m);
}

static void expect_same(const char *signature, const char *text)
{
    expect_text(signature, text, false, text);
}

static void expect_fail(const char *signature, const char *text, const char *message)
{
    struct model_info *m = signature_model(signature);
    struct values v;
    struct err e = {0};
    assert_int_equal(values_from_json(m, untrusted(text), &v, &e), SOUK_EINPUT);
    assert_string_equal(e.msg, message);
    assert_int_equal(v.n, 0); /* nothing is left of it */
    values_release(&v);
    model_info_free(m);
}

/* --- forms */

static void test_forms(void **state)
{
    (void)state;
    expect_same("x:float32[2,2]", "{\"x\":[[1,2.5],[-3,1e+21]]}");
    expect_same("x:float32[] y:int64[?]", "{\"x\":0.1,\"y\":[1,2,3]}");
    expect_text("x:float32[2]", "[1, 2]", false, "{\"x\":[1,2]}");
    expect_text("x:int64[]", " 7 ", false, "{\"x\":7}");
    expect_text("x:int64[2,1]", "{\"inputs\":{\"x\":[[1],[2]]}, \"model\":[\"m\"]}", false,
                "{\"x\":[[1],[2]]}");
    expect_text("x:int64[2]", "{\"input\": [1,2]}", false, "{\"x\":[1,2]}");
    expect_text("input:int64[2]", "{\"input\": [1,2]}", false, "{\"input\":[1,2]}");
    expect_text("x:int64[2,?]", "{\"x\":{\"shape\":[2,3],\"data\":[1,2,3,4,5,6]}}", false,
                "{\"x\":[[1,2,3],[4,5,6]]}");
    expect_text("x:int64[2,?]", "{\"data\":[[1,2,3],[4,5,6]]}", true,
                "{\"x\":{\"shape\":[2,3],\"type\":\"int64\",\"data\":[[1,2,3],[4,5,6]]}}");
    /* in the model's order, and without what has a default */
    expect_text("x:bool[1] y:string[1] z:int8[1]=", "{\"y\":[\"a\"],\"x\":[true]}", false,
                "{\"x\":[true],\"y\":[\"a\"]}");
    expect_text("x:int8[1] y:int8[1]=", "[4]", false, "{\"x\":[4]}");
    expect_text("x:int8[?,0]", "[[],[]]", true,
                "{\"x\":{\"shape\":[2,0],\"type\":\"int8\",\"data\":[[],[]]}}");
    expect_text("x:int8", "{\"x\":{\"shape\":[4097,0],\"data\":[]}}", true,
                "{\"x\":{\"shape\":[4097,0],\"type\":\"int8\",\"data\":[]}}");
    expect_text("", "{}", false, "{}");
}

static void test_shapes(void **state)
{
    (void)state;
    expect_text("x:float32[batch,2]", "[1,2,3,4]", false, "{\"x\":[[1,2],[3,4]]}");
    expect_text("x:float32[batch,2]", "[]", true,
                "{\"x\":{\"shape\":[0,2],\"type\":\"float32\",\"data\":[]}}");
    expect_text("x:float32[2,?,1]", "[1,2,3,4]", false, "{\"x\":[[[1],[2]],[[3],[4]]]}");
    expect_text("x:float32[a,b]", "5", false, "{\"x\":[[5]]}");
    expect_text("x:float32[1,1]", "[5]", false, "{\"x\":[[5]]}");
    expect_text("x:float32[]", "[5]", false, "{\"x\":5}");
    expect_text("x:float32[batch,2,2]", "[[1,2],[3,4]]", false, "{\"x\":[[[1,2],[3,4]]]}");
    expect_same("x:float32", "{\"x\":[[[1],[2]]]}"); /* any shape at all */

    expect_fail("x:float32[2]", "[1,2,3]",
                "input \"x\": the shape [3] was given, float32[2] is wanted");
    expect_fail("x:float32[batch,4]", "[1,2,3]",
                "input \"x\": 3 elements were given, float32[batch,4] takes a multiple of 4");
    expect_fail("x:float32[2,2]", "[1]", "input \"x\": 1 element was given, float32[2,2] takes 4");
    expect_text("x:float32[a,b]", "[1,2]", false, "{\"x\":[[1,2]]}");
    expect_fail(
        "x:float32[a,b,c]", "[1,2]",
        "input \"x\": 2 elements in a row do not say the shape of float32[a,b,c]: nest them, "
        "or give {\"shape\": […], \"data\": […]}");
    expect_fail("x:float32[2,2]", "[[1],[2,3]]",
                "input \"x\": the lists are ragged: [1] holds 2, those before it 1");
    expect_fail("x:float32[2,2]", "[[1,2],3]",
                "input \"x\": [1] is no list, and those before it are");
    expect_fail("x:float32[2]", "[1,[2]]",
                "input \"x\": [1] is a list, and those before it are not");
    expect_fail("x:float32[2,2]", "{\"x\":{\"shape\":[4],\"data\":[1,2,3,4]}}",
                "input \"x\": the shape [4] was given, float32[2,2] is wanted");
    expect_fail("x:float32[4]", "{\"x\":{\"shape\":[4],\"data\":[1,2,3]}}",
                "input \"x\": \"shape\" is [4], but 3 elements were given");
    expect_fail("x:float32", "{\"x\":{\"shape\":[4,1],\"data\":[[1,2],[3,4]]}}",
                "input \"x\": \"shape\" is [4,1], but \"data\" is nested as [2,2]");
}

static void test_names(void **state)
{
    (void)state;
    expect_fail("x:float32[1,4] y:int64[]", "{\"z\":1}",
                "the model has no input \"z\"; it has \"x\" (float32[1,4]), \"y\" (int64[])");
    expect_fail("", "{\"z\":1}", "the model has no input \"z\", and takes none");
    expect_fail("x:float32[1] y:int64[]", "{\"x\":[1]}", "the input \"y\" (int64[]) is missing");
    expect_fail("x:float32[1]", "{}", "the input \"x\" (float32[1]) is missing");
    expect_fail("x:float32[1] y:int64[]", "[1]",
                "the model has 2 inputs, so each needs its name: \"x\" (float32[1]), \"y\" "
                "(int64[])");
    expect_fail("x:float32[1]", "{\"x\":[1],\"\\u0078\":[2]}", "input \"x\": it is given twice");
}

/* --- elements */

static void test_integers(void **state)
{
    (void)state;
    expect_same("x:int64[4]",
                "{\"x\":[9007199254740993,-9223372036854775808,9223372036854775807,0]}");
    expect_same("x:uint64[2]", "{\"x\":[18446744073709551615,9007199254740993]}");
    expect_same("x:int32[2]", "{\"x\":[-2147483648,2147483647]}");
    expect_same("x:uint32[2]", "{\"x\":[0,4294967295]}");
    expect_same("x:int16[2]", "{\"x\":[-32768,32767]}");
    expect_same("x:uint16[2]", "{\"x\":[0,65535]}");
    expect_same("x:int8[2]", "{\"x\":[-128,127]}");
    expect_same("x:uint8[2]", "{\"x\":[0,255]}");
    expect_text("x:int64[5]", "[\"9007199254740993\", 1e3, 5.0, -0, 120e-1]", false,
                "{\"x\":[9007199254740993,1000,5,0,12]}");
    expect_text("x:bool[4]", "[true,false,1,0]", false, "{\"x\":[true,false,true,false]}");

    expect_fail("x:int64[2,2]", "[[1,2],[3,9223372036854775808]]",
                "input \"x\": element [1][1] is 9223372036854775808, which does not fit int64");
    expect_fail("x:uint8[2]", "[1,-1]", "input \"x\": element [1] is -1, which does not fit uint8");
    expect_fail("x:int8[1]", "[128]", "input \"x\": element [0] is 128, which does not fit int8");
    expect_fail("x:int8[1]", "[1.5]", "input \"x\": element [0] is 1.5, int8 is wanted");
    expect_fail("x:int8[1]", "[1e-400]", "input \"x\": element [0] is 1e-400, int8 is wanted");
    expect_fail("x:int8[1]", "[NaN]", "input \"x\": element [0] is NaN, int8 is wanted");
    expect_fail("x:int8[1]", "[true]", "input \"x\": element [0] is true, int8 is wanted");
    expect_fail("x:bool[1]", "[2]", "input \"x\": element [0] is 2, which does not fit bool");
    expect_fail("x:int64[]", "{\"x\":null}",
                "input \"x\": what was given is null, int64 is wanted");
}

static void test_floats(void **state)
{
    (void)state;
    expect_same("x:float32[5]", "{\"x\":[0.1,1e-45,3.4028235e+38,-0,16777216]}");
    expect_same("x:float64[5]",
                "{\"x\":[0.1,5e-324,1.7976931348623157e+308,-0,123456789012345680]}");
    expect_same("x:float16[4]", "{\"x\":[0.1,6e-8,65500,-0]}");
    expect_same("x:bfloat16[3]", "{\"x\":[0.1,3.39e+38,9e-41]}");
    expect_text("x:float32[6]", "[\"NaN\",\"Infinity\",\"-inf\",NaN,-Infinity,\"1.5\"]", false,
                "{\"x\":[\"NaN\",\"Infinity\",\"-Infinity\",\"NaN\",\"-Infinity\",1.5]}");
    expect_text("x:complex64[2]", "[[1,-2],[0.5,0]]", true,
                "{\"x\":{\"shape\":[2],\"type\":\"complex64\",\"data\":[[1,-2],[0.5,0]]}}");
    expect_same("x:complex128[]", "{\"x\":[0.1,0.2]}");

    expect_fail("x:float32[3,2]", "[[1,2],[3,4],[5,\"abc\"]]",
                "input \"x\": element [2][1] is \"abc\", float32 is wanted");
    expect_fail("x:float32[1]", "[1e39]",
                "input \"x\": element [0] is 1e39, which does not fit float32");
    expect_fail("x:float16[1]", "[65520]",
                "input \"x\": element [0] is 65520, which does not fit float16");
    expect_fail("x:float64[1]", "[1e309]",
                "input \"x\": element [0] is 1e309, which does not fit float64");
    expect_fail("x:float32[1]", "[null]", "input \"x\": element [0] is null, float32 is wanted");
    expect_fail("x:float32[1]", "[\"\"]", "input \"x\": element [0] is \"\", float32 is wanted");
    expect_fail("x:float32[1]", "[{}]", "input \"x\": element [0] is an object");
    expect_fail("x:complex64[2]", "[1,2,3]",
                "input \"x\": complex numbers are pairs: [real, imaginary]");
}

static void test_strings(void **state)
{
    (void)state;
    expect_same("x:string[3]", "{\"x\":[\"\",\"a \\\"b\\\" \\\\\",\"déjà\"]}");
    expect_text("x:string[3]", "[\"\\u00e9\\n\", \"\\ud83d\\ude00\", \"\\ud83d\"]", false,
                "{\"x\":[\"é\\n\",\"😀\",\"\xEF\xBF\xBD\"]}");
    expect_fail("x:string[1]", "[5]", "input \"x\": element [0] is 5, string is wanted");
    expect_fail("x:string[1]", "[\"\\u0000\"]",
                "input \"x\": a text holds a NUL character, which no engine takes");
}

static void test_containers(void **state)
{
    (void)state;
    expect_same("x:sequence<float32[?]>", "{\"x\":[[1,2],[],[3]]}");
    expect_same("x:sequence<map<int64,float32[]>>", "{\"x\":[{\"0\":0.25,\"-7\":0.75},{}]}");
    expect_same("x:map<string,int64>", "{\"x\":{\"a\":1,\"b c\":2}}");
    expect_text("x:map<string,int64>", "{\"a\":1}", false, "{\"x\":{\"a\":1}}");
    expect_same("x:optional<int64[1]> y:optional<int64[1]>", "{\"x\":null,\"y\":[3]}");
    expect_text("x:sequence<float32[1]>", "[[1]]", true,
                "{\"x\":[{\"shape\":[1],\"type\":\"float32\",\"data\":[1]}]}");
    expect_text("x:sequence<float32[1]>",
                "{\"x\":[{\"shape\":[1],\"type\":\"float32\",\"data\":[1]}]}", false,
                "{\"x\":[[1]]}");
    expect_fail("x:sequence<int64[1]>", "[[1],[2,3]]",
                "input \"x\": the shape [2] was given, int64[1] is wanted");
    expect_fail("x:sequence<int64[1]>", "5",
                "input \"x\": no list was given, sequence<int64[1]> is wanted");
    expect_fail("x:map<int64,float32>", "{\"x\":{\"a\":1}}",
                "input \"x\": element [0] is \"a\", int64 is wanted");
}

/* --- every type in every form there and back */

static void round_trip(const char *signature, uint64_t seed, const char *dims, bool typed)
{
    struct model_info *m = signature_model(signature);
    struct values v, back;
    struct err e = {0};
    if (values_generate(m, seed, dims, &v, &e))
        fail_msg("%s: %s", signature, e.msg);
    char *text = values_text(&v, typed), *exact = values_text(&v, true);
    if (values_from_json(m, untrusted(text), &back, &e))
        fail_msg("%s: %s", text, e.msg);
    char *again = values_text(&back, true);
    assert_string_equal(again, exact);
    mem_free(text);
    mem_free(exact);
    mem_free(again);
    values_release(&back);
    values_release(&v);
    model_info_free(m);
}

static void test_round_trips(void **state)
{
    (void)state;
    static const char *const shapes[] = {"[]",    "[4]",     "[2,3]",
                                         "[a,2]", "[a,b,2]", "[1,1,1,1,1,1,1,2]"};
    static const char *const around[] = {"", "sequence<", "optional<"};
    for (int t = 1; t < ELEM_COUNT; t++)
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
            for (size_t k = 0; k < sizeof around / sizeof *around; k++) {
                char signature[128] = "x:";
                size_t n = strlen(signature);
                snprintf(signature + n, sizeof signature - n, "%s%s%s%s", around[k],
                         elem_name((enum elem)t), shapes[i], k ? ">" : "");
                round_trip(signature, i, NULL, true);
                round_trip(signature, i, NULL, false);
            }
    round_trip("x:float32[a,2,b]", 1, "a=3,b=5", false);
    round_trip("x:float32[a,2,b]", 1, "a=0,b=5", true);
    round_trip("x:map<int64,float32> y:map<string,string> z:map<string,int64>", 1, NULL, false);
}

/* --- texts made to do harm */

static void repeat(struct buf *b, const char *s, size_t n)
{
    while (n-- > 0)
        buf_adds(b, s);
}

static void test_hostile(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",       " ",       "{",         "[",           "[1",        "[1,",         "[1,]",
        "[,1]",   "{\"x\"}", "{\"x\":}",  "{\"x\":1,}",  "{x:1}",     "[1 2]",       "[1]]",
        "[1}",    "{]",      "]",         "}",           "nul",       "tru",         "-",
        "01",     "1.",      "1e",        ".5",          "+1",        "'a'",         "\"",
        "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"",  "[1]x",        "{\"a\" 1}",
        "{1:2}",  "NaNa",    "--1",       "-Inf",        "[\"a\":1]", "{\"a\":1:2}", "{\"a\",1}",
    };
    struct model_info *m = signature_model("x:float32");
    struct values v;
    struct err e;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        size_t n = strlen(broken[i]);
        char *tight = mem_alloc(n ? n : 1); /* for the sanitizer to see a step too far */
        memcpy(tight, broken[i], n);
        e = (struct err){0};
        assert_int_equal(values_from_json(m, untrusted_n(tight, n), &v, &e), SOUK_EINPUT);
        assert_true(strncmp(e.msg, "the input is ", 13) == 0);
        values_release(&v);
        mem_free(tight);
    }
    struct buf b;
    buf_init(&b, 16 << 20);
    repeat(&b, "[", 1000000);
    assert_int_equal(values_from_json(m, untrusted_n(b.p, b.len), &v, &e), SOUK_EINPUT);
    assert_string_equal(e.msg,
                        "the input is not JSON: values nested too deeply in line 1, column 65");
    buf_clear(&b);
    repeat(&b, "[", 18);
    repeat(&b, "]", 18);
    assert_int_equal(values_from_json(m, untrusted_n(b.p, b.len), &v, &e), SOUK_EINPUT);
    assert_string_equal(e.msg, "input \"x\": lists nested deeper than 16");
    buf_clear(&b);
    repeat(&b, "[", 17);
    repeat(&b, "]", 17);
    assert_int_equal(values_from_json(m, untrusted_n(b.p, b.len), &v, &e), SOUK_EINPUT);
    buf_clear(&b);
    repeat(&b, "[", 16);
    repeat(&b, "]", 16);
    assert_int_equal(values_from_json(m, untrusted_n(b.p, b.len), &v, &e), SOUK_OK);
    assert_int_equal(v.of[0].v.rank, 16);
    values_release(&v);
    buf_release(&b);
    model_info_free(m);

    expect_fail("x:float32", "{\"x\":{\"shape\":[4611686018427387904,4],\"data\":[]}}",
                "input \"x\": \"shape\" is [4611686018427387904,4], but 0 elements were given");
    expect_fail("x:float32",
                "{\"x\":{\"shape\":[9223372036854775807,9223372036854775807,0],\"data\":[]}}",
                "input \"x\": no tensor has the shape [9223372036854775807,9223372036854775807,0]");
    expect_fail("x:float32",
                "{\"x\":{\"shape\":[0,9223372036854775807,9223372036854775807],\"data\":[]}}",
                "input \"x\": no tensor has the shape [0,9223372036854775807,9223372036854775807]");
    expect_fail("x:float32", "{\"x\":{\"shape\":[-1],\"data\":[]}}",
                "input \"x\": \"shape\" holds -1, which is no size");
    expect_fail("x:float32", "{\"x\":{\"shape\":[1e40],\"data\":[]}}",
                "input \"x\": \"shape\" holds 1e40, which is no size");
    expect_fail("x:float32", "{\"x\":{\"shape\":5,\"data\":[]}}",
                "input \"x\": \"shape\" is no list");
    expect_fail("x:float32", "{\"x\":{\"shape\":[]}}",
                "input \"x\": an object without \"data\" was given");
    expect_fail(
        "x:float32[9223372036854775807,9223372036854775807]", "[1]",
        "input \"x\": float32[9223372036854775807,9223372036854775807] is larger than memory");
    expect_fail(
        "x:sequence<sequence<sequence<sequence<sequence<sequence<sequence<sequence<int8[1]>>>>>>>>",
        "{\"x\":[[[[[[[[[1]]]]]]]]]}", "input \"x\": nested deeper than 8");
}

/* Every allocation fails once: said as such, and nothing is left. */
static void test_no_memory(void **state)
{
    (void)state;
    const char *signature = "x:float32[2] s:string[1] q:sequence<map<int64,float32>>";
    const char *text = "{\"x\":[1,2],\"s\":[\"\\u00e9\"],\"q\":[{\"1\":2}]}";
    for (unsigned long n = 1;; n++) {
        struct model_info *m = signature_model(signature);
        struct values v;
        mem_fail_at(n, false);
        souk_err rc = values_from_json(m, untrusted(text), &v, NULL);
        mem_fail_at(0, false);
        values_release(&v);
        model_info_free(m);
        if (rc == SOUK_OK) {
            assert_true(n > 2);
            return;
        }
        assert_int_equal(rc, SOUK_ENOMEM);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),      cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_names),      cmocka_unit_test(test_integers),
        cmocka_unit_test(test_floats),     cmocka_unit_test(test_strings),
        cmocka_unit_test(test_containers), cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_hostile),    cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
