/* values.h: tensors, sequences, maps and optionals from ONNX's own files. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "values_world.h"

#include "base/banned.h"

/* --- messages, written by hand */

struct message {
    uint8_t b[512];
    size_t n;
};

static void put(struct message *m, const void *p, size_t n)
{
    assert_true(m->n + n <= sizeof m->b);
    if (n)
        memcpy(m->b + m->n, p, n);
    m->n += n;
}

static void put_varint(struct message *m, uint64_t v)
{
    do {
        uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        put(m, &byte, 1);
        v >>= 7;
    } while (v > 0);
}

static void put_number(struct message *m, unsigned field, uint64_t v)
{
    put_varint(m, field << 3);
    put_varint(m, v);
}

static void put_bytes(struct message *m, unsigned field, const void *p, size_t n)
{
    put_varint(m, field << 3 | 2);
    put_varint(m, n);
    put(m, p, n);
}

static void put_message(struct message *m, unsigned field, const struct message *inner)
{
    put_bytes(m, field, inner->b, inner->n);
}

static struct message tensor(enum elem t, uint64_t dim)
{
    struct message m = {.n = 0};
    put_number(&m, 1, dim);
    put_number(&m, 2, t);
    return m;
}

static souk_err add(const struct message *m, const char *type, struct values *v, struct err *e)
{
    char signature[128];
    snprintf(signature, sizeof signature, "x:%s", type);
    struct model_info *model = signature_model(signature);
    values_init(v);
    uint8_t *tight = mem_alloc(m->n ? m->n : 1); /* for the sanitizer to see a step too far */
    assert_non_null(tight);
    memcpy(tight, m->b, m->n);
    souk_err rc = values_add_pb(v, untrusted("x"), &model->input[0].type, tight, m->n, e);
    mem_free(tight);
    model_info_free(model);
    return rc;
}

static void expect(const struct message *m, const char *type, const char *want)
{
    struct values v;
    struct err e = {0};
    if (add(m, type, &v, &e))
        fail_msg("%s: %s", type, e.msg);
    char *got = values_text(&v, true);
    assert_string_equal(got, want);
    mem_free(got);
    values_release(&v);
}

static void expect_fail(const struct message *m, const char *type, const char *message)
{
    struct values v;
    struct err e = {0};
    assert_int_equal(add(m, type, &v, &e), SOUK_EINPUT);
    assert_string_equal(e.msg, message);
    assert_int_equal(v.n, 0);
    values_release(&v);
}

/* --- every type, raw */

static void test_raw(void **state)
{
    (void)state;
    static const struct {
        enum elem t;
        const char *name;
        uint8_t bytes[32]; /* two numbers, little-endian */
        const char *data;
    } cases[] = {
        {ELEM_FLOAT, "float32", {0, 0, 0x80, 0x3f, 0, 0, 0xc0, 0x7f}, "[1,\"NaN\"]"},
        {ELEM_UINT8, "uint8", {0, 255}, "[0,255]"},
        {ELEM_INT8, "int8", {0x80, 0x7f}, "[-128,127]"},
        {ELEM_UINT16, "uint16", {1, 2, 0xff, 0xff}, "[513,65535]"},
        {ELEM_INT16, "int16", {1, 2, 0, 0x80}, "[513,-32768]"},
        {ELEM_INT32, "int32", {1, 2, 3, 4, 0, 0, 0, 0x80}, "[67305985,-2147483648]"},
        {ELEM_INT64,
         "int64",
         {1, 0, 0, 0, 0, 0, 0x20, 0, 255, 255, 255, 255, 255, 255, 255, 255},
         "[9007199254740993,-1]"},
        {ELEM_BOOL, "bool", {0, 2}, "[false,true]"},
        {ELEM_FLOAT16, "float16", {0, 0x3c, 1, 0}, "[1,6e-8]"},
        {ELEM_DOUBLE, "float64", {0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 1}, "[1,5e-324]"},
        {ELEM_UINT32, "uint32", {1, 2, 3, 4, 255, 255, 255, 255}, "[67305985,4294967295]"},
        {ELEM_UINT64,
         "uint64",
         {1, 0, 0, 0, 0, 0, 0x20, 0, 255, 255, 255, 255, 255, 255, 255, 255},
         "[9007199254740993,18446744073709551615]"},
        {ELEM_COMPLEX64,
         "complex64",
         {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0x80, 0xbf},
         "[[1,2],[0,-1]]"},
        {ELEM_COMPLEX128, "complex128", {0, 0, 0, 0, 0, 0, 0xf0, 0x3f}, "[[1,0],[0,0]]"},
        {ELEM_BFLOAT16, "bfloat16", {0x80, 0x3f, 0x80, 0xff}, "[1,\"-Infinity\"]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct message m = tensor(cases[i].t, 2);
        char want[256];
        put_bytes(&m, 9, cases[i].bytes, 2 * elem_size(cases[i].t));
        snprintf(want, sizeof want, "{\"x\":{\"shape\":[2],\"type\":\"%s\",\"data\":%s}}",
                 cases[i].name, cases[i].data);
        expect(&m, cases[i].name, want);
    }
}

/* --- every type, in the fields made for it: packed and one by one */

static void typed_case(enum elem t, unsigned field, const uint64_t n[2], const char *data)
{
    char want[256];
    struct message packed = tensor(t, 2), single = packed, inner = {.n = 0};
    snprintf(want, sizeof want, "{\"x\":{\"shape\":[2],\"type\":\"%s\",\"data\":%s}}", elem_name(t),
             data);
    for (int i = 0; i < 2; i++) {
        put_varint(&inner, n[i]);
        put_number(&single, field, n[i]);
    }
    put_message(&packed, field, &inner);
    expect(&packed, elem_name(t), want);
    expect(&single, elem_name(t), want);
}

static void test_typed(void **state)
{
    (void)state;
    const uint64_t minus = UINT64_MAX; /* -1, as a varint has it */
    typed_case(ELEM_INT8, 5, (const uint64_t[]){minus, 5}, "[-1,5]");
    typed_case(ELEM_UINT8, 5, (const uint64_t[]){255, 5}, "[255,5]");
    typed_case(ELEM_INT16, 5, (const uint64_t[]){minus, 5}, "[-1,5]");
    typed_case(ELEM_UINT16, 5, (const uint64_t[]){65535, 5}, "[65535,5]");
    typed_case(ELEM_INT32, 5, (const uint64_t[]){minus, 5}, "[-1,5]");
    typed_case(ELEM_BOOL, 5, (const uint64_t[]){1, 0}, "[true,false]");
    typed_case(ELEM_FLOAT16, 5, (const uint64_t[]){0x3c00, 0x8000}, "[1,-0]");
    typed_case(ELEM_BFLOAT16, 5, (const uint64_t[]){0x3f80, 0x8000}, "[1,-0]");
    typed_case(ELEM_INT64, 7, (const uint64_t[]){minus, (UINT64_C(1) << 53) + 1},
               "[-1,9007199254740993]");
    typed_case(ELEM_UINT32, 11, (const uint64_t[]){4294967295, 5}, "[4294967295,5]");
    typed_case(ELEM_UINT64, 11, (const uint64_t[]){UINT64_MAX, 5}, "[18446744073709551615,5]");

    static const uint8_t floats[] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40};
    struct message m = tensor(ELEM_FLOAT, 2);
    put_bytes(&m, 4, floats, sizeof floats);
    expect(&m, "float32", "{\"x\":{\"shape\":[2],\"type\":\"float32\",\"data\":[1,2]}}");
    m = tensor(ELEM_FLOAT, 2);
    for (size_t i = 0; i < 2; i++) {
        put_varint(&m, 4 << 3 | 5); /* 32 bits, one by one */
        put(&m, floats + 4 * i, 4);
    }
    expect(&m, "float32", "{\"x\":{\"shape\":[2],\"type\":\"float32\",\"data\":[1,2]}}");
    m = tensor(ELEM_COMPLEX64, 1);
    put_bytes(&m, 4, floats, sizeof floats);
    expect(&m, "complex64", "{\"x\":{\"shape\":[1],\"type\":\"complex64\",\"data\":[[1,2]]}}");
    static const uint8_t doubles[] = {0, 0, 0, 0, 0, 0, 0xf0, 0x3f};
    m = tensor(ELEM_DOUBLE, 1);
    put_bytes(&m, 10, doubles, sizeof doubles);
    expect(&m, "float64", "{\"x\":{\"shape\":[1],\"type\":\"float64\",\"data\":[1]}}");
    m = tensor(ELEM_STRING, 2);
    put_bytes(&m, 6, "a\"b", 3);
    put_bytes(&m, 6, "", 0);
    expect(&m, "string", "{\"x\":{\"shape\":[2],\"type\":\"string\",\"data\":[\"a\\\"b\",\"\"]}}");
}

static void test_what_the_file_says_counts(void **state)
{
    (void)state;
    struct message m = tensor(ELEM_UINT16, 1);
    put_bytes(&m, 9, "\x80?", 2);
    expect(&m, "float32", "{\"x\":{\"shape\":[1],\"type\":\"uint16\",\"data\":[16256]}}");
    /* but for tests that keep bfloat16 as bits */
    expect(&m, "bfloat16", "{\"x\":{\"shape\":[1],\"type\":\"bfloat16\",\"data\":[1]}}");

    struct message scalar = {.n = 0}, packed = {.n = 0}, dims = {.n = 0};
    put_number(&scalar, 2, ELEM_INT64);
    put_number(&scalar, 7, 7);
    expect(&scalar, "int64", "{\"x\":{\"shape\":[],\"type\":\"int64\",\"data\":7}}");
    put_varint(&dims, 1);
    put_varint(&dims, 0);
    put_message(&packed, 1, &dims);
    put_number(&packed, 2, ELEM_INT64);
    expect(&packed, "int64", "{\"x\":{\"shape\":[1,0],\"type\":\"int64\",\"data\":[[]]}}");
}

static struct message one_int(int64_t v)
{
    struct message m = tensor(ELEM_INT64, 1);
    put_number(&m, 7, (uint64_t)v);
    return m;
}

static void test_containers(void **state)
{
    (void)state;
    const char *two = "{\"x\":[{\"shape\":[1],\"type\":\"int64\",\"data\":[1]},{\"shape\":[1],"
                      "\"type\":\"int64\",\"data\":[2]}]}";
    struct message sequence = {.n = 0}, one = one_int(1), other = one_int(2), none = {.n = 0};
    put_bytes(&sequence, 1, "name", 4);
    put_number(&sequence, 2, 1);
    put_message(&sequence, 3, &one);
    put_message(&sequence, 3, &other);
    expect(&sequence, "sequence<int64[1]>", two);
    expect(&none, "sequence<int64[1]>", "{\"x\":[]}");

    struct message optional = {.n = 0}, inner = {.n = 0};
    expect(&optional, "optional<int64[1]>", "{\"x\":null}");
    put_message(&optional, 3, &one);
    expect(&optional, "optional<int64[1]>",
           "{\"x\":{\"shape\":[1],\"type\":\"int64\",\"data\":[1]}}");
    put_message(&inner, 5, &sequence);
    expect(&inner, "optional<sequence<int64[1]>>", two);

    struct message map = {.n = 0}, keys = {.n = 0};
    put_number(&map, 2, ELEM_INT64);
    put_varint(&keys, 7);
    put_varint(&keys, UINT64_MAX);
    put_message(&map, 3, &keys);
    put_message(&map, 5, &sequence);
    expect(&map, "map<int64,int64>", "{\"x\":{\"7\":1,\"-1\":2}}");
    struct message words = {.n = 0};
    put_number(&words, 2, ELEM_STRING);
    put_bytes(&words, 4, "a", 1);
    put_bytes(&words, 4, "b", 1);
    put_message(&words, 5, &sequence);
    expect(&words, "map<string,int64>", "{\"x\":{\"a\":1,\"b\":2}}");
    put_bytes(&words, 4, "c", 1);
    expect_fail(&words, "map<string,int64>",
                "input \"x\": a map whose values are not one number or text for each key");
}

/* --- what is wrong */

static void test_broken(void **state)
{
    (void)state;
    struct message m = tensor(ELEM_INT64, 3);
    put_number(&m, 7, 1);
    expect_fail(&m, "int64", "input \"x\": 1 numbers where its shape [3] has 3");
    m = tensor(ELEM_INT64, 1);
    put_number(&m, 7, 1);
    put_number(&m, 7, 1);
    expect_fail(&m, "int64", "input \"x\": more numbers than its shape [1] has");
    m = tensor(ELEM_INT64, 1);
    put_bytes(&m, 9, "1234567", 7);
    expect_fail(&m, "int64", "input \"x\": half a number");
    m = tensor(ELEM_INT8, 1);
    put_number(&m, 5, 128);
    expect_fail(&m, "int8", "input \"x\": a number that does not fit int8");
    m = tensor(ELEM_INT8, UINT64_C(1) << 62);
    put_number(&m, 1, 8);
    expect_fail(&m, "int8", "input \"x\": no tensor has the shape [4611686018427387904,8]");
    m = tensor(ELEM_INT8, UINT64_MAX);
    expect_fail(&m, "int8", "input \"x\": no tensor has the shape [-1]");
    m = tensor(ELEM_COUNT, 1);
    expect_fail(&m, "int8", "input \"x\": there are no tensors of type 0");
    m = tensor(ELEM_INT8, 1);
    put_number(&m, 14, 1);
    expect_fail(&m, "int8", "input \"x\": its numbers are in another file");
    m = tensor(ELEM_INT8, 1);
    for (int i = 0; i < VALUES_RANK; i++)
        put_number(&m, 1, 1);
    expect_fail(&m, "int8", "input \"x\": a tensor of more than 16 dimensions");
    m = tensor(ELEM_STRING, 1);
    put_bytes(&m, 6, "a\0b", 3);
    expect_fail(&m, "string", "input \"x\": a text holds a NUL character, which no engine takes");
    m = tensor(ELEM_INT8, 1);
    put_bytes(&m, 9, "a", 1);
    m.n--;
    expect_fail(&m, "int8",
                "input \"x\": at byte 6 it is cut short: a field is longer than what is left");

    struct message nest = {.n = 0};
    for (int i = 0; i < VALUES_DEPTH; i++) {
        struct message outer = {.n = 0};
        put_message(&outer, 5, &nest);
        nest = outer;
    }
    expect_fail(&nest, "sequence<int8>", "input \"x\": nested deeper than 8");
    m = tensor(ELEM_INT8, 2ULL << 30);
    struct values v;
    struct err e = {0};
    assert_int_equal(add(&m, "int8", &v, &e), SOUK_ENOMEM);
    assert_string_equal(e.msg,
                        "int8[2147483648] needs more memory than the 1024 MiB souk gives values");
    values_release(&v);
}

static void test_no_memory(void **state)
{
    (void)state;
    struct message sequence = {.n = 0}, one = one_int(1);
    put_message(&sequence, 3, &one);
    for (unsigned long n = 2;; n++) { /* the first is the test's own model */
        struct model_info *model = signature_model("x:sequence<int64[1]>");
        struct values v;
        values_init(&v);
        mem_fail_at(n - 1, false);
        souk_err rc =
            values_add_pb(&v, untrusted("x"), &model->input[0].type, sequence.b, sequence.n, NULL);
        mem_fail_at(0, false);
        values_release(&v);
        model_info_free(model);
        if (rc == SOUK_OK) {
            assert_true(n > 2);
            return;
        }
        assert_int_equal(rc, SOUK_ENOMEM);
    }
}

/* --- all of ONNX's own tests, where they are installed */

static const char *const data_dirs[] = {"node", "simple", "pytorch-converted", "pytorch-operator"};

static uint8_t *whole_file(const char *path, size_t *n)
{
    struct stat st;
    uint8_t *p = NULL;
    FILE *f = fopen(path, "rb");
    if (f && fstat(fileno(f), &st) == 0 && (p = mem_alloc((size_t)st.st_size + 1)))
        *n = fread(p, 1, (size_t)st.st_size, f);
    if (f)
        fclose(f);
    return p;
}

/* Files NAME_0.pb, NAME_1.pb … of one test: how many were read. */
static size_t read_files(const char *dir, const char *name, const struct port *port, size_t ports)
{
    size_t i = 0;
    for (; i < ports; i++) {
        char path[1024];
        size_t n = 0;
        snprintf(path, sizeof path, "%s/test_data_set_0/%s_%zu.pb", dir, name, i);
        uint8_t *p = whole_file(path, &n);
        if (!p)
            break;
        struct values v;
        struct err e = {0};
        values_init(&v);
        if (values_add_pb(&v, port[i].name, &port[i].type, p, n, &e))
            fail_msg("%s: %s", path, e.msg);
        char *text = values_text(&v, true);
        assert_non_null(text);
        mem_free(text);
        values_release(&v);
        mem_free(p);
    }
    return i;
}

/* And every model can be tried with values made up for it, as JSON too. */
static void make_up(const char *path, const struct model_info *m)
{
    struct values v, back;
    struct err e = {0};
    if (values_generate(m, 1, NULL, &v, &e))
        fail_msg("%s: %s", path, e.msg);
    char *text = values_text(&v, true);
    if (values_from_json(m, untrusted(text), &back, &e))
        fail_msg("%s: %s", path, e.msg);
    char *again = values_text(&back, true);
    assert_string_equal(text, again);
    mem_free(text);
    mem_free(again);
    values_release(&v);
    values_release(&back);
}

static size_t read_test(const char *dir)
{
    char path[600];
    struct model_info *m;
    struct err e;
    snprintf(path, sizeof path, "%s/model.onnx", dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    souk_err rc = model_inspect(fd, &m, &e);
    close(fd);
    if (rc)
        fail_msg("%s: %s", path, e.msg);
    size_t n = read_files(dir, "input", m->input, m->inputs) +
               read_files(dir, "output", m->output, m->outputs);
    make_up(path, m);
    model_info_free(m);
    return n;
}

static void test_onnx_data(void **state)
{
    (void)state;
    size_t files = 0;
    for (size_t i = 0; i < sizeof data_dirs / sizeof *data_dirs; i++) {
        char path[256], one[512];
        snprintf(path, sizeof path, "/usr/share/libonnx-testdata/data/%s", data_dirs[i]);
        DIR *d = opendir(path);
        if (!d)
            skip();
        for (struct dirent *entry; (entry = readdir(d));) {
            snprintf(one, sizeof one, "%s/%s", path, entry->d_name);
            files += entry->d_name[0] != '.' ? read_test(one) : 0;
        }
        closedir(d);
    }
    print_message("%zu files\n", files);
    assert_true(files > 3000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raw),
        cmocka_unit_test(test_typed),
        cmocka_unit_test(test_what_the_file_says_counts),
        cmocka_unit_test(test_containers),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_onnx_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
