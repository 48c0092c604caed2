/* Models made to do harm, and models that are broken: refused, each in one line that says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/mem.h"
#include "onnx_make.h"

/* Inspects and frees b. */
static souk_err inspect(struct buf *b, struct model_info **m, struct err *e)
{
    *e = (struct err){0};
    souk_err r = model_inspect_bytes((const uint8_t *)b->p, b->len, m, e);
    buf_release(b);
    assert_true((r == SOUK_OK) == (*m != NULL));
    return r;
}

static void refused(struct buf *b, const char *word)
{
    struct model_info *m;
    struct err e;
    if (inspect(b, &m, &e) != SOUK_EINPUT)
        fail_msg("\"%s\" was not refused (%s)", word, e.msg);
    if (!strstr(e.msg, word))
        fail_msg("\"%s\" does not say \"%s\"", e.msg, word);
    assert_null(strchr(e.msg, '\n'));
}

static void accepted(struct buf *b)
{
    struct model_info *m;
    struct err e;
    if (inspect(b, &m, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    model_info_free(m);
}

/* --- where weights lie */

enum holder {
    IN_GRAPH,
    IN_CONSTANT,
    IN_LIST,
    IN_SPARSE,
    IN_INDICES,
    IN_BRANCH,
    IN_FUNCTION,
    IN_DEFAULT,
    IN_TRAINING,
    HOLDERS
};

static void add_attribute(struct buf *node, unsigned field, struct buf *value)
{
    struct buf a;
    buf_init(&a, ONNX_MAKE_CAP);
    pbw_str(&a, 1, "value");
    pbw_message(&a, field, value);
    pbw_message(node, 5, &a);
}

/* A model with the tensor somewhere an engine may load it from. */
static void hold(enum holder where, struct buf *tensor, struct buf *out)
{
    struct onnx_make mk;
    struct buf node, outer, graph;
    onnx_make_init(&mk, 8, 17);
    onnx_make_output(&mk, "y", ELEM_FLOAT, "4");
    buf_init(&node, ONNX_MAKE_CAP);
    buf_init(&outer, ONNX_MAKE_CAP);
    buf_init(&graph, ONNX_MAKE_CAP);
    switch (where) {
    case IN_GRAPH:
        pbw_message(&mk.graph, 5, tensor);
        break;
    case IN_CONSTANT:
        add_attribute(&node, 5, tensor);
        break;
    case IN_LIST:
        add_attribute(&node, 10, tensor);
        break;
    case IN_SPARSE:
        pbw_message(&outer, 1, tensor);
        pbw_bytes(&mk.graph, 15, outer.p, outer.len);
        break;
    case IN_INDICES:
        pbw_message(&outer, 2, tensor);
        add_attribute(&node, 22, &outer);
        break;
    case IN_BRANCH:
        pbw_message(&graph, 5, tensor);
        add_attribute(&node, 6, &graph);
        break;
    case IN_FUNCTION:
        add_attribute(&node, 5, tensor);
        pbw_bytes(&outer, 7, node.p, node.len);
        pbw_bytes(&mk.model, 25, outer.p, outer.len);
        buf_clear(&node);
        break;
    case IN_DEFAULT: /* of a function's attribute */
        pbw_str(&graph, 1, "value");
        pbw_message(&graph, 5, tensor);
        pbw_bytes(&outer, 11, graph.p, graph.len);
        pbw_bytes(&mk.model, 25, outer.p, outer.len);
        break;
    case IN_TRAINING:
        pbw_message(&graph, 5, tensor);
        pbw_bytes(&outer, 2, graph.p, graph.len);
        pbw_bytes(&mk.model, 20, outer.p, outer.len);
        break;
    case HOLDERS:
        abort();
    }
    if (node.len)
        onnx_make_node(&mk, "Constant", "", "", "y", &node);
    onnx_make_done(&mk, out);
    buf_release(&node);
    buf_release(&outer);
    buf_release(&graph);
}

static const struct {
    const char *place;
    size_t n;
    const char *word;
} places[] = {
#define PLACE(text, word)           \
    {                               \
        text, sizeof text - 1, word \
    }
    PLACE("/etc/passwd", "outside the model's folder"),
    PLACE("../../../etc/passwd", "outside the model's folder"),
    PLACE("a/../../b", "outside the model's folder"),
    PLACE("a/..", "outside the model's folder"),
    PLACE("..", "outside the model's folder"),
    PLACE("..\\..\\secrets", "outside the model's folder"),
    PLACE("a\\..\\..\\b", "outside the model's folder"),
    PLACE("\\\\server\\share", "outside the model's folder"),
    PLACE("C:\\Windows\\win.ini", "outside the model's folder"),
    PLACE("~/.ssh/id_ed25519", "outside the model's folder"),
    PLACE("*/_ORT_MEM_ADDR_/*", "engine's memory"),
    PLACE("*/anything", "engine's memory"),
    PLACE("x/_ORT_MEM_ADDR_/y", "engine's memory"),
    PLACE("weights.bin\0/../../etc/passwd", "control characters"),
    PLACE("weights\nbin", "control characters"),
    PLACE("", "without a name"),
    PLACE("weights/", "in a folder"),
    PLACE("weights/.", "in a folder"),
    PLACE(".", "in a folder"),
#undef PLACE
};

static void test_weights_elsewhere(void **state)
{
    (void)state;
    for (enum holder where = 0; where < HOLDERS; where++) {
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            struct buf tensor, b;
            onnx_put_external(&tensor, "w", places[i].place, places[i].n);
            hold(where, &tensor, &b);
            refused(&b, places[i].word);
        }
    }
}

static void test_an_endless_place(void **state)
{
    (void)state;
    static char place[3000];
    struct buf tensor, b;
    memset(place, 'a', sizeof place);
    static const size_t lengths[] = {1025, 2048, sizeof place};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        onnx_put_external(&tensor, "w", place, lengths[i]);
        hold(IN_GRAPH, &tensor, &b);
        refused(&b, "endless name");
    }
    onnx_put_external(&tensor, "w", place, 1024);
    hold(IN_GRAPH, &tensor, &b);
    accepted(&b);
}

static void test_weights_beside_the_model(void **state)
{
    (void)state;
    static const char *const good[] = {
        "weights.bin", "model.onnx.data", "weights/layer.0", "./weights.bin", "..a",
        "a..b",        "weights.bin"};
    struct onnx_make mk;
    struct buf tensor, b;
    struct model_info *m;
    struct err e;
    onnx_make_init(&mk, 8, 17);
    onnx_make_output(&mk, "y", ELEM_FLOAT, "4");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        onnx_put_external(&tensor, "w", good[i], strlen(good[i]));
        pbw_message(&mk.graph, 5, &tensor);
    }
    onnx_make_done(&mk, &b);
    assert_int_equal(inspect(&b, &m, &e), SOUK_OK);
    assert_true(m->has_external);
    assert_int_equal(m->externals, 6); /* each once */
    assert_int_equal(m->external[2].n, strlen(good[2]));
    assert_memory_equal(m->external[2].p, good[2], strlen(good[2]));
    assert_int_equal(m->parameters, 7 * 4);
    assert_int_equal(m->parameter_bytes, 7 * 16);
    model_info_free(m);
}

/*
 * What an engine would put together from pieces: of two keys the last counts, a value may come
 * before its key, a message sent twice is melted into one, and "external" may be said elsewhere.
 */
static void test_a_place_in_disguise(void **state)
{
    (void)state;
    static const char bad[] = "../secret";
    for (int how = 0; how < 5; how++) {
        struct buf tensor, entry, b;
        buf_init(&tensor, ONNX_MAKE_CAP);
        buf_init(&entry, ONNX_MAKE_CAP);
        pbw_str(&tensor, 8, "w");
        pbw_varint(&tensor, 2, ELEM_FLOAT);
        switch (how) {
        case 0: /* the key after the value */
            pbw_str(&entry, 2, bad);
            pbw_str(&entry, 1, "location");
            break;
        case 1: /* another key first */
            pbw_str(&entry, 1, "checksum");
            pbw_str(&entry, 2, bad);
            pbw_str(&entry, 1, "location");
            break;
        case 2: /* a good value first */
            pbw_str(&entry, 1, "location");
            pbw_str(&entry, 2, "good.bin");
            pbw_str(&entry, 2, bad);
            break;
        case 3: /* a good entry first */
            pbw_str(&entry, 1, "location");
            pbw_str(&entry, 2, "good.bin");
            pbw_message(&tensor, 13, &entry);
            pbw_str(&entry, 1, "location");
            pbw_str(&entry, 2, bad);
            break;
        case 4: /* and nowhere that it is external: a second piece may say so */
            pbw_str(&entry, 1, "location");
            pbw_str(&entry, 2, bad);
            break;
        default:
            abort();
        }
        pbw_message(&tensor, 13, &entry);
        if (how != 4)
            pbw_varint(&tensor, 14, 1);
        hold(IN_GRAPH, &tensor, &b);
        refused(&b, "outside the model's folder");
    }
}

static void test_external_without_a_place(void **state)
{
    (void)state;
    struct buf tensor, entry, b;
    for (int key = 0; key <= 1; key++) {
        buf_init(&tensor, ONNX_MAKE_CAP);
        buf_init(&entry, ONNX_MAKE_CAP);
        pbw_varint(&tensor, 2, ELEM_FLOAT);
        pbw_varint(&tensor, 14, 1);
        if (key)
            pbw_str(&entry, 1, "location");
        pbw_message(&tensor, 13, &entry);
        hold(IN_GRAPH, &tensor, &b);
        refused(&b, "without a name");
    }
}

static void test_two_graphs(void **state)
{
    (void)state;
    struct onnx_make mk;
    struct buf b, graph;
    onnx_make_init(&mk, 8, 17);
    onnx_make_done(&mk, &b);
    buf_init(&graph, ONNX_MAKE_CAP);
    pbw_str(&graph, 2, "another");
    pbw_message(&b, 7, &graph);
    refused(&b, "two graphs");
}

/* --- sizes that lie */

static void test_dimensions_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char *dims;
        size_t bytes;
        const char *word;
    } cases[] = {
        {"4", 15, "\"w\" should be 16 bytes and is 15"},
        {"4294967296,4294967296", 0, "18446744073709551615"},
        {"9223372036854775807,2", 8, "should be"},
        {"1000000000000", 4, "should be 4000000000000 bytes"},
        {"-1", 4, "negative"},
        {"0,9223372036854775807", 4, "should be 0 bytes"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static const char data[16] = {0};
        struct buf tensor, b;
        onnx_put_tensor(&tensor, "w", ELEM_FLOAT, cases[i].dims, data, cases[i].bytes);
        hold(IN_GRAPH, &tensor, &b);
        refused(&b, cases[i].word);
    }
    struct buf tensor, b; /* no data at all */
    buf_init(&tensor, ONNX_MAKE_CAP);
    pbw_varint(&tensor, 1, 1000000);
    pbw_varint(&tensor, 2, ELEM_STRING);
    pbw_str(&tensor, 6, "one");
    hold(IN_CONSTANT, &tensor, &b);
    refused(&b, "should have 1000000 elements and has at most 1");
}

static void test_input_shapes_that_bomb(void **state)
{
    (void)state;
    struct onnx_make mk;
    struct buf b;
    onnx_make_init(&mk, 8, 17);
    onnx_make_input(&mk, "x", ELEM_FLOAT, "9223372036854775807,9223372036854775807,-5");
    onnx_make_output(&mk, "y", ELEM_FLOAT, "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1");
    onnx_make_done(&mk, &b);
    struct model_info *m;
    struct err e;
    assert_int_equal(inspect(&b, &m, &e), SOUK_OK);
    assert_int_equal(m->input[0].type.dim[0].size, INT64_MAX);
    assert_int_equal(m->input[0].type.dim[2].size, -1);
    assert_int_equal(m->output[0].type.rank, 16);
    model_info_free(m);
    onnx_make_init(&mk, 8, 17);
    onnx_make_input(&mk, "x", ELEM_FLOAT, "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1");
    onnx_make_done(&mk, &b);
    refused(&b, "more than 16 dimensions");
}

/* --- depth and number */

/* What stands before a graph of n bytes to make it the branch of an If in another graph. */
static void put_around(struct buf *out, size_t n)
{
    struct buf attribute, node;
    buf_init(out, ONNX_MAKE_CAP);
    buf_init(&attribute, ONNX_MAKE_CAP);
    buf_init(&node, ONNX_MAKE_CAP);
    pbw_str(&attribute, 1, "then_branch");
    pbw_number(&attribute, 6 << 3 | 2);
    pbw_number(&attribute, n);
    pbw_str(&node, 4, "If");
    pbw_number(&node, 5 << 3 | 2);
    pbw_number(&node, attribute.len + n);
    buf_add(&node, attribute.p, attribute.len);
    pbw_number(out, 1 << 3 | 2);
    pbw_number(out, node.len + n);
    buf_add(out, node.p, node.len);
    buf_release(&attribute);
    buf_release(&node);
}

/* Ten thousand Ifs, each in the branch of the one before. */
static void test_deep_graphs(void **state)
{
    (void)state;
    static const int levels[] = {INSPECT_DEPTH - 1, INSPECT_DEPTH, 10000};
    enum { MOST = 10000 };
    struct buf *around = mem_array(MOST, sizeof *around);
    assert_non_null(around);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        struct onnx_make mk;
        struct buf b;
        size_t n = 0;
        for (int k = 0; k < levels[i]; k++) {
            put_around(&around[k], n);
            n += around[k].len;
        }
        onnx_make_init(&mk, 8, 17);
        for (int k = levels[i]; k-- > 0;) {
            buf_add(&mk.graph, around[k].p, around[k].len);
            buf_release(&around[k]);
        }
        onnx_make_done(&mk, &b);
        if (levels[i] < INSPECT_DEPTH)
            accepted(&b);
        else
            refused(&b, "nested more than 32 deep");
    }
    mem_free(around);
}

static void test_deep_types(void **state)
{
    (void)state;
    struct buf type;
    onnx_put_type(&type, ELEM_FLOAT, NULL);
    for (int i = 0; i < 1000; i++) {
        struct buf inner, outer;
        buf_init(&inner, ONNX_MAKE_CAP);
        pbw_message(&inner, 1, &type);
        buf_init(&outer, ONNX_MAKE_CAP);
        pbw_message(&outer, 4, &inner);
        type = outer;
    }
    struct onnx_make mk;
    struct buf value, b;
    onnx_put_value(&value, "x", &type);
    onnx_make_init(&mk, 8, 17);
    pbw_message(&mk.graph, 11, &value);
    onnx_make_done(&mk, &b);
    refused(&b, "nested more than 32 deep");
}

static void test_a_hundred_thousand_nodes(void **state)
{
    (void)state;
    struct onnx_make mk;
    struct buf b;
    struct model_info *m;
    struct err e;
    onnx_make_init(&mk, 8, 17);
    onnx_make_output(&mk, "y", ELEM_FLOAT, "1");
    for (int i = 0; i < 100000; i++)
        onnx_make_node(&mk, i % 2 ? "Relu" : "Neg", "", "x", "y", NULL);
    onnx_make_done(&mk, &b);
    int fd = onnx_make_file(&b);
    buf_release(&b);
    assert_int_equal(model_inspect(fd, &m, &e), SOUK_OK);
    assert_int_equal(m->nodes, 100000);
    assert_int_equal(m->op[0].n, 50000);
    model_info_free(m);
    close(fd);
}

static void test_too_many_of_something(void **state)
{
    (void)state;
    static const struct {
        int of;
        int n;
        const char *word;
    } cases[] = {
        {0, 4097, "more than 4096 different ops"}, {1, 4097, "more than 4096 inputs"},
        {2, 4097, "more than 4096 outputs"},       {3, 257, "more than 256 opsets"},
        {4, 4097, "more than 4096 files"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct onnx_make mk;
        struct buf b, tensor;
        onnx_make_init(&mk, 8, 0);
        for (int k = 0; k < cases[i].n; k++) {
            char name[16];
            snprintf(name, sizeof name, "n%d", k);
            if (cases[i].of == 0)
                onnx_make_node(&mk, name, "", "x", "y", NULL);
            else if (cases[i].of == 1)
                onnx_make_input(&mk, name, ELEM_FLOAT, "1");
            else if (cases[i].of == 2)
                onnx_make_output(&mk, name, ELEM_FLOAT, "1");
            else if (cases[i].of == 3)
                onnx_make_opset(&mk, name, 1);
            else {
                onnx_put_external(&tensor, "w", name, strlen(name));
                pbw_message(&mk.graph, 5, &tensor);
            }
        }
        onnx_make_done(&mk, &b);
        refused(&b, cases[i].word);
    }
}

/* Ten thousand pairs of metadata: told, not kept. */
static void test_much_metadata(void **state)
{
    (void)state;
    struct onnx_make mk;
    struct buf b;
    struct model_info *m;
    struct err e;
    onnx_make_init(&mk, 8, 17);
    for (int i = 0; i < 10000; i++)
        onnx_make_meta(&mk, "k", "v");
    onnx_make_done(&mk, &b);
    assert_int_equal(inspect(&b, &m, &e), SOUK_OK);
    assert_int_equal(m->metas, 256);
    assert_int_equal(m->metas_all, 10000);
    model_info_free(m);
}

/* Names of megabytes are cut, and such an input cannot be given. */
static void test_endless_names(void **state)
{
    (void)state;
    enum { LONG = 8 << 20 };
    char *name = mem_alloc(LONG + 1);
    assert_non_null(name);
    memset(name, 'n', LONG);
    name[LONG] = '\0';
    struct onnx_make mk;
    struct buf b;
    struct model_info *m;
    struct err e;
    onnx_make_init(&mk, 8, 17);
    onnx_make_meta(&mk, name, name);
    pbw_str(&mk.model, 6, name);
    onnx_make_input(&mk, name, ELEM_FLOAT, "1");
    onnx_make_output(&mk, "y", ELEM_FLOAT, "1");
    onnx_make_weight(&mk, name, ELEM_FLOAT, "1", "\0\0\0\0", 4);
    pbw_str(&mk.graph, 2, name);
    struct buf node;
    buf_init(&node, ONNX_MAKE_CAP);
    pbw_str(&node, 4, name);
    pbw_str(&node, 7, name);
    pbw_message(&mk.graph, 1, &node);
    onnx_make_done(&mk, &b);
    assert_int_equal(inspect(&b, &m, &e), SOUK_OK);
    assert_int_equal(m->input[0].name.n, INSPECT_TEXT);
    assert_int_equal(m->description.n, INSPECT_TEXT);
    assert_int_equal(m->meta[0].value.n, INSPECT_TEXT);
    assert_int_equal(model_runnable(m, &e), SOUK_EINPUT);
    model_info_free(m);
    mem_free(name);
}

/* Names that fill more memory than a description may take. */
static void test_names_without_end(void **state)
{
    (void)state;
    struct onnx_make mk;
    struct buf b;
    char name[4001];
    memset(name, 'n', 4000);
    name[4000] = '\0';
    onnx_make_init(&mk, 3, 9);
    for (int i = 0; i < 20000; i++) {
        memcpy(name, &i, sizeof i);
        for (size_t k = 0; k < sizeof i; k++)
            name[k] = (char)(name[k] | 0x40);
        onnx_make_input(&mk, name, ELEM_FLOAT, "1");
    }
    onnx_make_done(&mk, &b);
    refused(&b, "more in it than a model has to say");
}

/* --- broken */

static void good_model(struct buf *out)
{
    struct onnx_make mk;
    struct buf attributes, branch, node, tensor, function;
    static const float w[4] = {0};
    onnx_make_init(&mk, 8, 17);
    onnx_make_meta(&mk, "k", "v");
    onnx_make_input(&mk, "x", ELEM_FLOAT, "batch,4");
    onnx_make_output(&mk, "y", ELEM_FLOAT, "batch,4");
    onnx_make_weight(&mk, "w", ELEM_FLOAT, "4", w, sizeof w);
    onnx_put_external(&tensor, "v", "weights.bin", 11);
    pbw_message(&mk.graph, 5, &tensor);
    buf_init(&branch, ONNX_MAKE_CAP);
    onnx_put_node(&node, "Relu", "", "x", "y");
    pbw_message(&branch, 1, &node);
    buf_init(&attributes, ONNX_MAKE_CAP);
    onnx_attr_graph(&attributes, "then_branch", &branch);
    onnx_make_node(&mk, "If", "", "c", "y", &attributes);
    buf_init(&function, ONNX_MAKE_CAP);
    pbw_str(&function, 1, "f");
    pbw_message(&mk.model, 25, &function);
    onnx_make_done(&mk, out);
}

/* Cut at every byte: an error each time that says so; in memory and as a file. */
static void test_cut_at_every_byte(void **state)
{
    (void)state;
    struct buf whole;
    good_model(&whole);
    for (size_t n = 1; n < whole.len; n++) {
        struct buf part;
        struct model_info *m, *f;
        struct err e, fe = {0};
        buf_init(&part, ONNX_MAKE_CAP);
        buf_add(&part, whole.p, n);
        int fd = onnx_make_file(&part);
        souk_err rf = model_inspect(fd, &f, &fe);
        close(fd);
        souk_err r = inspect(&part, &m, &e);
        assert_int_equal(r, rf);
        assert_string_equal(e.msg, fe.msg);
        if (r == SOUK_OK) { /* so short that it could be anything */
            assert_true(n < 2);
            assert_int_not_equal(m->format, FORMAT_ONNX);
            model_info_free(m);
            model_info_free(f);
            continue;
        }
        assert_int_equal(r, SOUK_EINPUT);
        assert_non_null(strstr(e.msg, "not a sound ONNX file"));
        assert_true(strstr(e.msg, "cut short") || strstr(e.msg, "no graph"));
    }
    buf_release(&whole);
}

/* Every byte replaced by some others: whatever comes of it, nothing breaks. */
static void test_every_byte_changed(void **state)
{
    (void)state;
    static const unsigned char with[] = {0x00, 0x01, 0x08, 0x7f, 0x80, 0xff};
    struct buf whole;
    good_model(&whole);
    for (size_t at = 0; at < whole.len; at++) {
        for (size_t w = 0; w < sizeof with; w++) {
            struct buf b;
            struct model_info *m;
            struct err e;
            buf_init(&b, ONNX_MAKE_CAP);
            buf_add(&b, whole.p, whole.len);
            b.p[at] = (char)with[w];
            souk_err r = inspect(&b, &m, &e);
            assert_true(r == SOUK_OK || (r == SOUK_EINPUT && e.msg[0]));
            model_info_free(m);
        }
    }
    buf_release(&whole);
}

static void test_wire_format(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *word;
    } cases[] = {
#define RAW(bytes, word) {bytes, sizeof bytes - 1, word}
        RAW("\x08\x08\x3a\x02\x0b\x0c", "kind of field"), /* a group */
        RAW("\x08\x08\x3a\x02\x0e\x0f", "kind of field"), /* wire type 6 */
        RAW("\x08\x08\x3a\x02\x02\x01", "no field"),      /* number 0 */
        RAW("\x08\x08\x3a\x01\x80", "cut short"),         /* a tag without an end */
        RAW("\x08\x08\x3a\x02\x12\x7f", "longer than what is left"),
        RAW("\x08\x08\x3a\x0b\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "longer than"),
        RAW("\x08\x08\x3a\x0b\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "too long"),
        RAW("\x08\x08\x3a\x0c\x12\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "too long"),
        RAW("\x08\x08\x3a\x03\x0d\x01\x02", "cut short"),         /* half of 32 bits */
        RAW("\x08\x08\x3a\x05\x09\x01\x02\x03\x04", "cut short"), /* half of 64 */
        RAW("\x08\x08\x12\x01p", "no graph"),
#undef RAW
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        buf_init(&b, 4096);
        buf_add(&b, cases[i].bytes, cases[i].n);
        refused(&b, cases[i].word);
    }
}

/* The file shrinks while it is looked at: SIGBUS for a mapping, one line for us. */
static void test_a_file_that_shrinks(void **state)
{
    (void)state;
    struct buf b;
    struct model_info *m;
    struct err e;
    good_model(&b);
    int fd = onnx_make_file(&b);
    for (size_t n = b.len; n-- > 0;) {
        assert_int_equal(ftruncate(fd, (off_t)n), 0);
        souk_err r = model_inspect(fd, &m, &e);
        assert_true(r == SOUK_EINPUT || n == 1);
        model_info_free(m);
    }
    close(fd);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_elsewhere),
        cmocka_unit_test(test_an_endless_place),
        cmocka_unit_test(test_weights_beside_the_model),
        cmocka_unit_test(test_a_place_in_disguise),
        cmocka_unit_test(test_external_without_a_place),
        cmocka_unit_test(test_two_graphs),
        cmocka_unit_test(test_dimensions_that_lie),
        cmocka_unit_test(test_input_shapes_that_bomb),
        cmocka_unit_test(test_deep_graphs),
        cmocka_unit_test(test_deep_types),
        cmocka_unit_test(test_a_hundred_thousand_nodes),
        cmocka_unit_test(test_too_many_of_something),
        cmocka_unit_test(test_much_metadata),
        cmocka_unit_test(test_endless_names),
        cmocka_unit_test(test_names_without_end),
        cmocka_unit_test(test_cut_at_every_byte),
        cmocka_unit_test(test_every_byte_changed),
        cmocka_unit_test(test_wire_format),
        cmocka_unit_test(test_a_file_that_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
