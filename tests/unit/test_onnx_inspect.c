/* What inspect says of models made on the spot, and of Debian's conformance models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

#include "base/mem.h"
#include "onnx_make.h"

static struct model_info *inspect(struct buf *b)
{
    struct model_info *m;
    struct err e = {0};
    if (model_inspect_bytes((const uint8_t *)b->p, b->len, &m, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    buf_release(b);
    return m;
}

static struct model_info *inspect_made(struct onnx_make *mk)
{
    struct buf b;
    onnx_make_done(mk, &b);
    return inspect(&b);
}

static void same(struct untrusted u, const char *s)
{
    if (u.n != strlen(s) || (u.n && memcmp(u.p, s, u.n) != 0))
        fail_msg("\"%.*s\" is not \"%s\"", (int)u.n, u.n ? u.p : "", s);
}

static void type_is(const struct value_type *t, const char *words)
{
    struct buf b;
    buf_init(&b, 4096);
    value_type_format(t, &b);
    assert_string_equal(b.p, words);
    buf_release(&b);
}

static void port_is(const struct port *p, const char *name, const char *type)
{
    same(p->name, name);
    type_is(&p->type, type);
}

static void test_says_what_a_model_says(void **state)
{
    (void)state;
    static const float w[8] = {0};
    struct onnx_make mk;
    onnx_make_init(&mk, 8, 17);
    onnx_make_opset(&mk, "ai.onnx.ml", 3);
    onnx_make_meta(&mk, "task", "risk");
    onnx_make_meta(&mk, "units", "");
    pbw_str(&mk.model, 3, "1.2");
    pbw_str(&mk.model, 4, "org.example");
    pbw_varint(&mk.model, 5, 42);
    pbw_str(&mk.model, 6, "What it is for.\nAnd more.");
    onnx_make_input(&mk, "x", ELEM_FLOAT, "batch,4");
    onnx_make_input(&mk, "n", ELEM_INT64, "");
    onnx_make_input(&mk, "any", ELEM_STRING, NULL);
    onnx_make_output(&mk, "y", ELEM_DOUBLE, "?,2");
    onnx_make_weight(&mk, "w", ELEM_FLOAT, "4,2", w, sizeof w);
    onnx_make_node(&mk, "MatMul", "", "x w", "h", NULL);
    onnx_make_node(&mk, "Relu", "", "h", "i", NULL);
    onnx_make_node(&mk, "Relu", "ai.onnx", "i", "y", NULL);
    struct model_info *m = inspect_made(&mk);
    assert_int_equal(m->format, FORMAT_ONNX);
    assert_int_equal(m->ir_version, 8);
    assert_int_equal(m->model_version, 42);
    same(m->producer, "souk-test");
    same(m->producer_version, "1.2");
    same(m->domain, "org.example");
    same(m->graph, "g");
    same(m->description, "What it is for.\nAnd more.");
    assert_int_equal(m->opsets, 2);
    same(m->opset[0].key, "");
    same(m->opset[0].value, "17");
    same(m->opset[1].key, "ai.onnx.ml");
    same(m->opset[1].value, "3");
    assert_int_equal(m->metas, 2);
    same(m->meta[0].key, "task");
    same(m->meta[0].value, "risk");
    same(m->meta[1].value, "");
    assert_int_equal(m->inputs, 3);
    port_is(&m->input[0], "x", "float32[batch,4]");
    port_is(&m->input[1], "n", "int64[]");
    port_is(&m->input[2], "any", "string");
    assert_int_equal(m->outputs, 1);
    port_is(&m->output[0], "y", "float64[?,2]");
    assert_int_equal(m->parameters, 8);
    assert_int_equal(m->parameter_bytes, 32);
    assert_int_equal(m->nodes, 3);
    assert_int_equal(m->ops, 2);
    same(m->op[0].op, "Relu"); /* most used first; ai.onnx is the empty domain */
    same(m->op[0].domain, "");
    assert_int_equal(m->op[0].n, 2);
    same(m->op[1].op, "MatMul");
    assert_false(m->custom_ops);
    assert_false(m->has_external);
    assert_int_equal(model_runnable(m, NULL), SOUK_OK);
    model_info_free(m);
}

/* TypeProto: sequence 4, map 5, sparse 8, optional 9 */
static void put_inner(struct buf *out, unsigned field, struct buf *of)
{
    struct buf inner;
    buf_init(&inner, ONNX_MAKE_CAP);
    if (field == 5)
        pbw_varint(&inner, 1, ELEM_INT64);
    pbw_message(&inner, field == 5 ? 2 : 1, of);
    buf_init(out, ONNX_MAKE_CAP);
    pbw_message(out, field, &inner);
}

static void add_input(struct onnx_make *mk, const char *name, struct buf *type)
{
    struct buf value;
    onnx_put_value(&value, name, type);
    pbw_message(&mk->graph, 11, &value);
}

static void test_names_every_type(void **state)
{
    (void)state;
    struct onnx_make mk;
    struct buf t, u, v;
    char name[8];
    onnx_make_init(&mk, 8, 17);
    for (unsigned i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "e%u", i);
        onnx_make_input(&mk, name, (enum elem)i, "1");
    }
    onnx_put_type(&t, ELEM_FLOAT, NULL);
    put_inner(&u, 5, &t);
    put_inner(&v, 4, &u);
    add_input(&mk, "zipmap", &v);
    onnx_put_type(&t, ELEM_STRING, "n");
    put_inner(&u, 9, &t);
    add_input(&mk, "optional", &u);
    onnx_put_type(&t, ELEM_FLOAT, "3,3");
    t.p[0] = 8 << 3 | 2; /* the same fields as a tensor's */
    add_input(&mk, "sparse", &t);
    add_input(&mk, "untyped", NULL);
    struct model_info *m = inspect_made(&mk);
    static const char *const names[] = {"?",
                                        "float32",
                                        "uint8",
                                        "int8",
                                        "uint16",
                                        "int16",
                                        "int32",
                                        "int64",
                                        "string",
                                        "bool",
                                        "float16",
                                        "float64",
                                        "uint32",
                                        "uint64",
                                        "complex64",
                                        "complex128",
                                        "bfloat16",
                                        "float8e4m3fn",
                                        "float8e4m3fnuz",
                                        "float8e5m2",
                                        "float8e5m2fnuz",
                                        "uint4",
                                        "int4",
                                        "float4e2m1",
                                        "float8e8m0",
                                        "uint2",
                                        "int2",
                                        "?",
                                        "?",
                                        "?"};
    for (size_t i = 0; i < 30; i++) {
        char words[32];
        snprintf(words, sizeof words, "%s[1]", names[i]);
        type_is(&m->input[i].type, words);
        assert_int_equal(m->input[i].type.number, i);
        assert_int_equal(m->input[i].type.elem, i < ELEM_COUNT ? i : ELEM_NONE);
    }
    port_is(&m->input[30], "zipmap", "sequence<map<int64,float32>>");
    port_is(&m->input[31], "optional", "optional<string[n]>");
    port_is(&m->input[32], "sparse", "sparse float32[3,3]");
    port_is(&m->input[33], "untyped", "?");
    model_info_free(m);
}

/* Before IR 4 every weight was listed as an input, and nobody could give it. */
static void test_an_input_with_a_weight(void **state)
{
    (void)state;
    static const float one[1] = {1};
    for (int ir = 3; ir <= 4; ir++) {
        struct onnx_make mk;
        onnx_make_init(&mk, ir, 9);
        onnx_make_weight(&mk, "w", ELEM_FLOAT, "1", one, sizeof one);
        onnx_make_input(&mk, "w", ELEM_FLOAT, "1");
        onnx_make_input(&mk, "x", ELEM_FLOAT, "1");
        onnx_make_output(&mk, "y", ELEM_FLOAT, "1");
        struct model_info *m = inspect_made(&mk);
        assert_int_equal(m->inputs, ir < 4 ? 1 : 2);
        same(m->input[m->inputs - 1].name, "x");
        assert_false(m->input[m->inputs - 1].has_default);
        if (ir >= 4)
            assert_true(m->input[0].has_default);
        model_info_free(m);
    }
}

/* An If with a weight, a constant and a node in a branch; each counts. */
static void test_looks_into_nested_graphs(void **state)
{
    (void)state;
    static const int64_t three[3] = {1, 2, 3};
    struct onnx_make mk;
    struct buf node, branch, tensor, attributes, inner;
    onnx_make_init(&mk, 8, 17);
    onnx_make_output(&mk, "y", ELEM_INT64, NULL);
    buf_init(&branch, ONNX_MAKE_CAP);
    onnx_put_tensor(&tensor, "w", ELEM_INT64, "3", three, sizeof three);
    pbw_message(&branch, 5, &tensor);
    onnx_put_node(&node, "Constant", "", "", "c");
    onnx_put_tensor(&tensor, "", ELEM_INT64, "", three, sizeof *three);
    onnx_attr_tensor(&node, "value", &tensor);
    pbw_message(&branch, 1, &node);
    onnx_put_node(&node, "Add", "", "w c", "b");
    pbw_message(&branch, 1, &node);
    buf_init(&attributes, ONNX_MAKE_CAP);
    buf_init(&inner, ONNX_MAKE_CAP);
    buf_add(&inner, branch.p, branch.len);
    onnx_attr_graph(&attributes, "then_branch", &branch);
    onnx_attr_graph(&attributes, "else_branch", &inner);
    onnx_make_node(&mk, "If", "", "c", "y", &attributes);
    struct model_info *m = inspect_made(&mk);
    assert_int_equal(m->nodes, 5);
    assert_int_equal(m->ops_all, 3);
    assert_int_equal(m->parameters, 2 * (3 + 1));
    assert_int_equal(m->parameter_bytes, 2 * (24 + 8));
    model_info_free(m);
}

static void test_counts_what_trees_learned(void **state)
{
    (void)state;
    static const float c[10] = {0};
    struct onnx_make mk;
    struct buf attributes;
    onnx_make_init(&mk, 8, 0);
    onnx_make_opset(&mk, "ai.onnx.ml", 1);
    onnx_make_output(&mk, "y", ELEM_FLOAT, "?,1");
    buf_init(&attributes, ONNX_MAKE_CAP);
    onnx_attr_floats(&attributes, "coefficients", c, 10);
    onnx_make_node(&mk, "LinearRegressor", "ai.onnx.ml", "x", "y", &attributes);
    struct model_info *m = inspect_made(&mk);
    assert_int_equal(m->parameters, 10);
    assert_int_equal(m->parameter_bytes, 40);
    model_info_free(m);
}

/* FunctionProto: name 1, node 7, domain 10. */
static void test_knows_the_models_own_ops(void **state)
{
    (void)state;
    for (int local = 0; local <= 1; local++) {
        struct onnx_make mk;
        struct buf function, node, b;
        struct err e = {0};
        onnx_make_init(&mk, 8, 17);
        onnx_make_output(&mk, "y", ELEM_FLOAT, "1");
        onnx_make_node(&mk, "Gelu2", "custom.ops", "x", "y", NULL);
        onnx_make_done(&mk, &b);
        if (local) {
            buf_init(&function, ONNX_MAKE_CAP);
            pbw_str(&function, 1, "Gelu2");
            pbw_str(&function, 10, "custom.ops");
            onnx_put_node(&node, "Erf", "", "x", "y");
            pbw_message(&function, 7, &node);
            pbw_message(&b, 25, &function);
        }
        struct model_info *m = inspect(&b);
        assert_int_equal(m->custom_ops, !local);
        assert_int_equal(m->functions, local);
        assert_int_equal(m->nodes, 1 + local);
        if (!local) {
            same(m->custom_domain, "custom.ops");
            same(m->custom_op, "Gelu2");
            assert_int_equal(model_runnable(m, &e), SOUK_EINPUT);
            assert_non_null(strstr(e.msg, "custom.ops"));
        }
        model_info_free(m);
    }
}

static void test_what_cannot_run(void **state)
{
    (void)state;
    static const struct {
        int ir, opset;
        enum elem in;
        bool output;
        const char *word;
    } cases[] = {
        {0, 17, ELEM_FLOAT, true, "IR version"},
        {8, 0, ELEM_FLOAT, true, "opset"},
        {8, 17, ELEM_FLOAT, false, "no outputs"},
        {8, 17, (enum elem)17, true, "element type"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_make mk;
        struct err e = {0};
        onnx_make_init(&mk, cases[i].ir, cases[i].opset);
        onnx_make_input(&mk, "x", cases[i].in, "1");
        if (cases[i].output)
            onnx_make_output(&mk, "y", ELEM_FLOAT, "1");
        struct model_info *m = inspect_made(&mk);
        assert_int_equal(model_runnable(m, &e), SOUK_EINPUT);
        if (!strstr(e.msg, cases[i].word))
            fail_msg("\"%s\" does not say \"%s\"", e.msg, cases[i].word);
        model_info_free(m);
    }
}

/* Packed and unpacked repeated numbers are the same thing (dims; int64_data). */
static void test_packed_or_not(void **state)
{
    (void)state;
    for (int packed = 0; packed <= 1; packed++) {
        struct onnx_make mk;
        struct buf tensor;
        onnx_make_init(&mk, 8, 17);
        buf_init(&tensor, ONNX_MAKE_CAP);
        if (packed) {
            pbw_bytes(&tensor, 1, "\x02\x03", 2);
            pbw_bytes(&tensor, 7, "\x01\x02\x03\x04\x05\xac\x02", 7);
        } else {
            pbw_varint(&tensor, 1, 2);
            pbw_varint(&tensor, 1, 3);
            for (uint64_t i = 0; i < 6; i++)
                pbw_varint(&tensor, 7, i * 100);
        }
        pbw_varint(&tensor, 2, ELEM_INT64);
        pbw_str(&tensor, 8, "w");
        pbw_message(&mk.graph, 5, &tensor);
        struct model_info *m = inspect_made(&mk);
        assert_int_equal(m->parameters, 6);
        model_info_free(m);
    }
}

/* A file larger than the window, whose weights are stepped over: not one of their bytes is read,
 * for they are a hole in the file. */
static void test_steps_over_weights(void **state)
{
    (void)state;
    enum { WEIGHT = 1 << 30 };
    struct onnx_make mk;
    struct buf graph, head, tail, value, type;
    struct model_info *m;
    struct err e = {0};
    buf_init(&graph, 4096); /* the fields of a weight before its data, and their length */
    pbw_varint(&graph, 1, WEIGHT / 4);
    pbw_varint(&graph, 2, ELEM_FLOAT);
    pbw_str(&graph, 8, "w");
    pbw_number(&graph, 9 << 3 | 2);
    pbw_number(&graph, WEIGHT);
    buf_init(&tail, 4096);
    onnx_put_type(&type, ELEM_FLOAT, "n");
    onnx_put_value(&value, "x", &type);
    pbw_message(&tail, 11, &value);
    buf_init(&head, 4096);
    pbw_number(&head, 5 << 3 | 2);
    pbw_number(&head, graph.len + WEIGHT);
    onnx_make_init(&mk, 8, 17);
    pbw_number(&mk.model, 7 << 3 | 2);
    pbw_number(&mk.model, head.len + graph.len + WEIGHT + tail.len);
    buf_add(&mk.model, head.p, head.len);
    buf_add(&mk.model, graph.p, graph.len);
    int fd = onnx_make_file(&mk.model);
    assert_int_equal(pwrite(fd, tail.p, tail.len, (off_t)(mk.model.len + WEIGHT)), tail.len);
    assert_int_equal(model_inspect(fd, &m, &e), SOUK_OK);
    assert_int_equal(m->parameters, WEIGHT / 4);
    assert_int_equal(m->parameter_bytes, WEIGHT);
    assert_int_equal(m->inputs, 1);
    assert_int_equal(m->size, mk.model.len + WEIGHT + tail.len);
    model_info_free(m);
    close(fd);
    buf_release(&mk.model);
    buf_release(&mk.graph);
    buf_release(&graph);
    buf_release(&head);
    buf_release(&tail);
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    struct model_info *m;
    struct err e = {0};
    int pipes[2], folder = open("/tmp", O_RDONLY | O_DIRECTORY);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(model_inspect(folder, &m, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "folder"));
    assert_int_equal(model_inspect(pipes[0], &m, &e), SOUK_EINPUT);
    assert_int_equal(model_inspect_bytes((const uint8_t *)"", 0, &m, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "empty"));
    assert_null(m);
    close(folder);
    close(pipes[0]);
    close(pipes[1]);
}

/* Every allocation fails once: an error each time, and nothing is lost. */
static void test_without_memory(void **state)
{
    (void)state;
    struct onnx_make mk;
    struct buf b;
    struct model_info *m;
    onnx_make_init(&mk, 8, 17);
    onnx_make_meta(&mk, "k", "v");
    onnx_make_input(&mk, "x", ELEM_FLOAT, "batch,4");
    onnx_make_output(&mk, "y", ELEM_FLOAT, "batch,4");
    onnx_make_node(&mk, "Relu", "", "x", "y", NULL);
    onnx_make_done(&mk, &b);
    for (unsigned long nth = 1;; nth++) {
        struct err e = {0};
        mem_fail_at(nth, false);
        souk_err r = model_inspect_bytes((const uint8_t *)b.p, b.len, &m, &e);
        mem_fail_at(0, false);
        if (r == SOUK_OK)
            break;
        assert_int_equal(r, SOUK_ENOMEM);
        assert_null(m);
    }
    model_info_free(m);
    buf_release(&b);
}

/* --- Debian's conformance models */

static size_t models, broken;

static int one_model(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)at;
    size_t n = strlen(path);
    if (kind != FTW_F || n < 5 || strcmp(path + n - 5, ".onnx") != 0)
        return 0;
    struct model_info *m;
    struct err e = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    souk_err r = model_inspect(fd, &m, &e);
    close(fd);
    models++;
    if (r != SOUK_OK || m->format != FORMAT_ONNX || m->outputs == 0 || m->nodes == 0 ||
        m->opsets == 0 || model_runnable(m, &e) != SOUK_OK) {
        print_error("%s: %s\n", path, e.msg);
        broken++;
    }
    if (r == SOUK_OK)
        model_info_free(m);
    return 0;
}

static void test_conformance_models(void **state)
{
    (void)state;
    static const char dir[] = "/usr/share/libonnx-testdata/data";
    if (access(dir, R_OK) != 0) {
        print_message("skipped: libonnx-testdata is not installed\n");
        skip();
    }
    assert_int_equal(nftw(dir, one_model, 16, FTW_PHYS), 0);
    assert_true(models > 1000);
    assert_int_equal(broken, 0);
}

/* Two models of the Hub, when they are at hand: formulas of three ops, in which nothing was
 * learned.
 */
static void test_models_of_the_hub(void **state)
{
    (void)state;
    static const struct {
        const char *file, *output;
    } model[] = {
        {"erc4337-userop-risk-scorer.onnx", "userop_risk_probability"},
        {"bridge-route-risk-scorer.onnx", "route_risk"},
    };
    const char *shared = getenv("SOUK_SHARED");
    for (size_t i = 0; i < sizeof model / sizeof *model; i++) {
        char path[1024];
        struct model_info *m;
        struct err e = {0};
        snprintf(path, sizeof path, "%s/data/%s", shared ? shared : "../shared", model[i].file);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            skip();
        if (model_inspect(fd, &m, &e) != SOUK_OK)
            fail_msg("%s", e.msg);
        close(fd);
        assert_int_equal(m->inputs, 1);
        port_is(&m->input[0], "features", "float32[1,10]");
        port_is(&m->output[0], model[i].output, "float32[1,1]");
        same(m->producer, "cryptoyasenka");
        assert_int_equal(m->nodes, 3);
        assert_int_equal(m->parameters, 0);
        model_info_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_a_model_says),
        cmocka_unit_test(test_names_every_type),
        cmocka_unit_test(test_an_input_with_a_weight),
        cmocka_unit_test(test_looks_into_nested_graphs),
        cmocka_unit_test(test_counts_what_trees_learned),
        cmocka_unit_test(test_knows_the_models_own_ops),
        cmocka_unit_test(test_what_cannot_run),
        cmocka_unit_test(test_packed_or_not),
        cmocka_unit_test(test_steps_over_weights),
        cmocka_unit_test(test_files_that_are_none),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_conformance_models),
        cmocka_unit_test(test_models_of_the_hub),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
