/*
 * The Run screen's form: from what stands in its fields to the values of a run, and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx_make.h"
#include "ui/screens/run.h"
#include "base/banned.h"

static struct model_info *model;

/* Reads the fields; the error's words, "" when all is well. */
static const char *reads(struct run_input *in, const char *x, const char *n, const char *s)
{
    static struct err e;
    const char *const given[] = {x, n, s};
    e = (struct err){0};
    *in = (struct run_input){.from = RUN_FROM_FIELDS, .n = 3};
    for (size_t i = 0; i < 3; i++)
        in->text[i] = mem_strdup(given[i]);
    return run_input_read(in, model, &e) == SOUK_OK ? "" : e.msg;
}

static const struct value *at(const struct run_input *in, const char *name)
{
    const struct value *v = values_find(&in->values, untrusted(name));
    assert_non_null(v);
    return v;
}

static void test_fields(void **state)
{
    (void)state;
    struct run_input in;
    assert_string_equal(reads(&in, "[[1,2,3],[4,5,6.5]]", "7", "[\"a\"]"), "");
    assert_int_equal(at(&in, "x")->count, 6);
    assert_true(tensor_number(at(&in, "x"), 5) == 6.5);
    assert_true(tensor_number(at(&in, "n"), 0) == 7);
    run_input_release(&in);
}

/* Numbers need no brackets, and a word no quotes. */
static void test_plain(void **state)
{
    (void)state;
    struct run_input in;
    assert_string_equal(reads(&in, " 1, 2 3\t-4.5 5e-1  6 ", "[7]", "hello"), "");
    assert_int_equal(at(&in, "x")->dim[0], 2);
    assert_true(tensor_number(at(&in, "x"), 4) == 0.5);
    assert_int_equal(at(&in, "s")->text[0].n, 5);
    run_input_release(&in);
}

static void test_random(void **state)
{
    (void)state;
    struct run_input in, again, other;
    assert_string_equal(reads(&in, "random", "random", "random"), "");
    assert_string_equal(reads(&again, "random", "3", "random 1"), "");
    assert_string_equal(reads(&other, "random 2", "3", "word"), "");
    for (size_t i = 0; i < 3; i++)
        assert_true(tensor_number(at(&in, "x"), i) == tensor_number(at(&again, "x"), i));
    assert_true(tensor_number(at(&in, "x"), 0) != tensor_number(at(&other, "x"), 0));
    run_input_release(&again);
    run_input_release(&other);
    run_input_release(&in);
    in = (struct run_input){.from = RUN_FROM_FIELDS, .n = 3, .sizes = "batch=50"};
    for (size_t i = 0; i < 3; i++)
        in.text[i] = mem_strdup("random");
    assert_int_equal(run_input_read(&in, model, NULL), SOUK_OK);
    assert_int_equal(at(&in, "x")->dim[0], 50);
    run_input_release(&in);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *x, *n, *s, *words;
        size_t field; /* 3: not one of them alone */
    } faults[] = {
        {"1 2 three", "7", "a", "neither numbers nor JSON", 0},
        {"[[1,2,3]", "7", "a", "cut off", 0},
        {"1 2 3", "", "a", "a value is needed", 1},
        {"1 2 3", "7", "  ", "a value is needed", 2},
        {"randomly", "7", "a", "neither numbers nor JSON", 0},
        {"1 2 3 4", "7", "a", "multiple of 3", 3},
        {"1 2 3", "7.5", "a", "\"n\"", 3},
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct run_input in;
        const char *said = reads(&in, faults[i].x, faults[i].n, faults[i].s);
        if (!strstr(said, faults[i].words))
            fail_msg("%zu: \"%s\" says nothing of \"%s\"", i, said, faults[i].words);
        assert_int_equal(in.bad_field, faults[i].field);
        run_input_release(&in);
    }
}

/* An example that fits is taken; one that does not is passed over. */
static void test_example(void **state)
{
    (void)state;
    struct run_input in = {.from = RUN_FROM_EXAMPLE, .n = 3};
    in.text[0] = mem_strdup("{\"x\":[[1,2,3]],\"n\":[9],\"s\":[\"a\"]}");
    assert_int_equal(run_input_read(&in, model, NULL), SOUK_OK);
    assert_true(tensor_number(at(&in, "n"), 0) == 9);
    char *text = run_field_text(&in.values, 0, true);
    assert_string_equal(text, "[[1,2,3]]");
    mem_free(text);
    run_input_release(&in);
    in = (struct run_input){.from = RUN_FROM_EXAMPLE, .n = 3};
    in.text[0] = mem_strdup("{\"prompt\":\"hi\"}");
    assert_int_equal(run_input_read(&in, model, NULL), SOUK_OK);
    assert_int_equal(at(&in, "x")->count, 3);
    run_input_release(&in);
}

/* What is made up and large is not written out; what was given is. */
static void test_large(void **state)
{
    (void)state;
    struct run_input in = {.from = RUN_FROM_FIELDS, .n = 3, .sizes = "batch=100"};
    for (size_t i = 0; i < 3; i++)
        in.text[i] = mem_strdup("random");
    assert_int_equal(run_input_read(&in, model, NULL), SOUK_OK);
    char *made = run_field_text(&in.values, 0, true), *given = run_field_text(&in.values, 0, false);
    assert_string_equal(made, "random");
    assert_true(strlen(given) > 300 && given[0] == '[');
    mem_free(made);
    mem_free(given);
    run_input_release(&in);
}

static void test_form(void **state)
{
    (void)state;
    char x[] = "[[1,2,3]]";
    char *text[] = {x, NULL, NULL};
    struct run_options o;
    struct form *f = run_form(model, RUN_FIELDS, text, NULL);
    assert_int_equal(run_form_inputs(f, model), 3);
    assert_int_equal(form_count(f), 6);
    assert_true(run_form_options(f, model, &o));
    assert_int_equal(o.threads, 1);
    assert_int_equal(o.repeat, 0);
    form_set(f, 4, untrusted("65"));
    assert_false(run_form_options(f, model, &o));
    assert_int_equal(form_focus(f), 4);
    form_set(f, 4, untrusted("64"));
    form_set(f, 5, untrusted("1000000"));
    assert_true(run_form_options(f, model, &o));
    form_set(f, 5, untrusted("1000001"));
    assert_false(run_form_options(f, model, &o));
    form_set(f, 5, untrusted("-1"));
    assert_false(run_form_options(f, model, &o));
    form_free(f);
    o.text[RUN_REPEAT][0] = '9'; /* options stay when the form becomes another one */
    o.text[RUN_REPEAT][1] = '\0';
    f = run_form(model, RUN_JSON, text, &o);
    assert_int_equal(run_form_inputs(f, model), 1);
    assert_true(run_form_options(f, model, &o));
    assert_int_equal(o.repeat, 9);
    form_free(f);
}

static int setup(void **state)
{
    (void)state;
    struct onnx_make m;
    struct buf bytes;
    onnx_make_init(&m, 8, 17);
    onnx_make_input(&m, "x", ELEM_FLOAT, "batch,3");
    onnx_make_input(&m, "n", ELEM_INT64, "1");
    onnx_make_input(&m, "s", ELEM_STRING, "1");
    onnx_make_output(&m, "y", ELEM_FLOAT, "batch,3");
    onnx_make_node(&m, "Relu", "", "x", "y", NULL);
    onnx_make_done(&m, &bytes);
    souk_err c = model_inspect_bytes((const uint8_t *)bytes.p, bytes.len, &model, NULL);
    buf_release(&bytes);
    return c == SOUK_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    model_info_free(model);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),  cmocka_unit_test(test_plain),
        cmocka_unit_test(test_random),  cmocka_unit_test(test_faults),
        cmocka_unit_test(test_example), cmocka_unit_test(test_large),
        cmocka_unit_test(test_form),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
