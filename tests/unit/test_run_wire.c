/* wire.h and answer.h: values there and back in pieces of any size, and a runner that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "onnx/run/answer.h"

#include "base/banned.h"

enum { ROOM = 1 << 24 };

/* What was written, read back. */
struct written {
    uint8_t p[1 << 21];
    size_t n;
};
static struct wire_out out;
static struct written w;

static void begin(void)
{
    int fd = memfd_create("test", MFD_CLOEXEC);
    assert_true(fd >= 0);
    wire_out_init(&out, fd);
}

static void end(void)
{
    assert_true(wire_flush(&out));
    ssize_t n = pread(out.fd, w.p, sizeof w.p, 0);
    assert_true(n >= 0 && (size_t)n < sizeof w.p);
    w.n = (size_t)n;
    close(out.fd);
}

static souk_err read_values(struct values *into, size_t piece, uint64_t room)
{
    struct wire_in in;
    struct wire_values_in v;
    struct wire_frame f;
    souk_err bad = SOUK_OK, r = SOUK_OK;
    wire_in_init(&in);
    values_init(into);
    wire_values_init(&v, into, room);
    for (size_t at = 0; at < w.n && !r && !bad; at += piece) {
        const uint8_t *p = w.p + at;
        size_t n = w.n - at < piece ? w.n - at : piece;
        while (!r && wire_next(&in, &p, &n, &f, &bad))
            r = wire_values_take(&v, &f);
    }
    wire_in_release(&in);
    r = r ? r : bad;
    if (!r && !wire_values_whole(&v))
        r = SOUK_EINPUT;
    return r;
}

/* A float tensor, a scalar, strings, an empty tensor, and a sequence of a map and a nothing. */
static void sample(struct values *v)
{
    static float numbers[] = {1, -2.5f, 3};
    static int64_t one = 7, keys[] = {1, 2};
    static struct untrusted texts[] = {{"a", 1}, {"", 0}, {"b\0c", 3}};
    static struct value map[2], inside[2];
    static struct named_value of[5];
    map[0] = (struct value){
        .kind = VALUE_TENSOR, .elem = ELEM_INT64, .rank = 1, .dim = {2}, .count = 2, .data = keys};
    map[1] = (struct value){.kind = VALUE_TENSOR,
                            .elem = ELEM_FLOAT,
                            .rank = 1,
                            .dim = {2},
                            .count = 2,
                            .data = numbers};
    inside[0] = (struct value){.kind = VALUE_MAP, .item = map, .items = 2};
    inside[1] = (struct value){.kind = VALUE_NONE};
    of[0].name = untrusted("x");
    of[0].v = (struct value){.kind = VALUE_TENSOR,
                             .elem = ELEM_FLOAT,
                             .rank = 2,
                             .dim = {1, 3},
                             .count = 3,
                             .data = numbers};
    of[1].name = untrusted("scalar");
    of[1].v = (struct value){.kind = VALUE_TENSOR, .elem = ELEM_INT64, .count = 1, .data = &one};
    of[2].name = untrusted("words");
    of[2].v = (struct value){.kind = VALUE_TENSOR,
                             .elem = ELEM_STRING,
                             .rank = 1,
                             .dim = {3},
                             .count = 3,
                             .text = texts};
    of[3].name = untrusted("");
    of[3].v = (struct value){
        .kind = VALUE_TENSOR, .elem = ELEM_DOUBLE, .rank = 2, .dim = {0, 4}, .count = 0};
    of[4].name = untrusted("list");
    of[4].v = (struct value){.kind = VALUE_SEQUENCE, .item = inside, .items = 2};
    *v = (struct values){.of = of, .n = 5};
}

static void check_sample(const struct values *v)
{
    assert_int_equal(v->n, 5);
    const struct value *x = values_find(v, untrusted("x"));
    assert_non_null(x);
    assert_int_equal(x->rank, 2);
    assert_int_equal(x->dim[1], 3);
    assert_true(((float *)x->data)[1] == -2.5f);
    assert_int_equal(((int64_t *)v->of[1].v.data)[0], 7);
    const struct value *t = &v->of[2].v;
    assert_int_equal(t->count, 3);
    assert_int_equal(t->text[1].n, 0);
    assert_memory_equal(t->text[2].p, "b\0c", 3);
    assert_int_equal(v->of[3].v.count, 0);
    assert_int_equal(v->of[3].v.dim[1], 4);
    const struct value *list = &v->of[4].v;
    assert_int_equal(list->items, 2);
    assert_int_equal(list->item[0].kind, VALUE_MAP);
    assert_int_equal(((int64_t *)list->item[0].item[0].data)[1], 2);
    assert_int_equal(list->item[1].kind, VALUE_NONE);
}

static void there_and_back(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 2, 3, 5, 7, 64, 1000, sizeof w.p};
    struct values in, back;
    sample(&in);
    begin();
    wire_values(&out, &in);
    end();
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        assert_int_equal(read_values(&back, pieces[i], ROOM), SOUK_OK);
        check_sample(&back);
        values_release(&back);
    }
}

/* Larger than a frame, and than the writer's own buffer. */
static void a_large_tensor(void **state)
{
    (void)state;
    enum { N = 300001 };
    int32_t *numbers = mem_array(N, sizeof *numbers);
    assert_non_null(numbers);
    for (int32_t i = 0; i < N; i++)
        numbers[i] = (int32_t)((uint32_t)i * 2654435761u & INT32_MAX);
    struct named_value one = {.name = {"n", 1},
                              .v = {.kind = VALUE_TENSOR,
                                    .elem = ELEM_INT32,
                                    .rank = 1,
                                    .dim = {N},
                                    .count = N,
                                    .data = numbers}};
    struct values v = {.of = &one, .n = 1}, back;
    begin();
    wire_values(&out, &v);
    end();
    assert_int_equal(read_values(&back, 65536, ROOM), SOUK_OK);
    assert_memory_equal(back.of[0].v.data, numbers, N * sizeof *numbers);
    values_release(&back);
    /* And one byte less than what is needed is not enough. */
    assert_int_equal(read_values(&back, 65536, N * sizeof *numbers), SOUK_ENOMEM);
    values_release(&back);
    mem_free(numbers);
}

/* --- a runner that lies */

static void value_head(unsigned kind, unsigned elem, unsigned rank, uint64_t size,
                       const uint64_t *dims, const char *name)
{
    uint8_t b[512];
    size_t n = 0, named = strlen(name);
    b[n++] = (uint8_t)kind;
    b[n++] = (uint8_t)elem;
    b[n++] = (uint8_t)rank;
    memcpy(b + n, &size, 8);
    n += 8;
    for (unsigned i = 0; i < rank && dims; i++, n += 8)
        memcpy(b + n, &dims[i], 8);
    memcpy(b + n, name, named);
    wire_frame(&out, WIRE_VALUE, b, n + named);
}

static void count(uint32_t n)
{
    wire_frame(&out, WIRE_VALUES, &n, sizeof n);
}

static void refused(souk_err want)
{
    struct values v;
    end();
    assert_int_equal(read_values(&v, sizeof w.p, ROOM), want);
    values_release(&v);
}

static void lies_about_values(void **state)
{
    (void)state;
    static const uint64_t two[] = {2}, huge[] = {1ULL << 40, 1ULL << 40}, minus[] = {UINT64_MAX};
    static const uint64_t big[] = {1 << 28};
    const float x[2] = {1, 2};
    begin();
    value_head(VALUE_TENSOR, ELEM_FLOAT, 1, 8, two, "before the count");
    refused(SOUK_EINPUT);
    begin();
    count(UINT32_MAX);
    refused(SOUK_EINPUT);
    begin();
    count(1);
    count(1);
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_FLOAT, 1, 4, two, "bytes and dims differ");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_FLOAT, 2, 0, huge, "overflows");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_FLOAT, 1, 0, minus, "negative");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_FLOAT, 1, 1ULL << 30, big, "no room");
    refused(SOUK_ENOMEM);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_FLOAT, 17, 0, NULL, "rank");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_NONE, 1, 0, two, "no type");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_COUNT, 1, 0, two, "no such type");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_MAP + 1, ELEM_NONE, 0, 0, NULL, "no such kind");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_FLOAT, 1, 8, two, "too much data");
    wire_frame(&out, WIRE_DATA, x, sizeof x);
    wire_frame(&out, WIRE_DATA, x, 1);
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_FLOAT, 1, 8, two, "too little");
    wire_frame(&out, WIRE_DATA, x, 7);
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_FLOAT, 1, 8, two, "another in its midst");
    value_head(VALUE_NONE, ELEM_NONE, 0, 0, NULL, "");
    refused(SOUK_EINPUT);
}

static void lies_about_groups(void **state)
{
    (void)state;
    static const uint64_t one[] = {1}, two[] = {2};
    const uint32_t lengths[2] = {1000, 0};
    begin();
    count(1);
    value_head(VALUE_MAP, ELEM_NONE, 0, 3, NULL, "three halves");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_SEQUENCE, ELEM_NONE, 0, UINT64_MAX / 2, NULL, "endless");
    refused(SOUK_ENOMEM);
    begin();
    count(1);
    for (int i = 0; i <= VALUES_DEPTH; i++)
        value_head(VALUE_SEQUENCE, ELEM_NONE, 0, 1, NULL, "");
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_MAP, ELEM_NONE, 0, 2, NULL, "halves of two lengths");
    value_head(VALUE_TENSOR, ELEM_INT8, 1, 1, one, "");
    wire_frame(&out, WIRE_DATA, "k", 1);
    value_head(VALUE_TENSOR, ELEM_INT8, 1, 2, two, "");
    wire_frame(&out, WIRE_DATA, "vv", 2);
    refused(SOUK_EINPUT);
    begin();
    count(1);
    value_head(VALUE_TENSOR, ELEM_STRING, 1, 8, two, "strings beyond their bytes");
    wire_frame(&out, WIRE_DATA, lengths, sizeof lengths);
    refused(SOUK_EINPUT);
}

static void answer_is(souk_err want, const char *words)
{
    struct run_answer a;
    struct err e = {0};
    end();
    run_answer_init(&a, ROOM);
    assert_int_equal(run_answer_take(&a, w.p, w.n, &e), want);
    if (words)
        assert_non_null(strstr(e.msg, words));
    run_answer_release(&a);
}

static void times(uint32_t samples)
{
    uint8_t b[4 * 8 + 1 + 4] = {0};
    memcpy(b + 33, &samples, 4);
    wire_frame(&out, WIRE_TIMES, b, sizeof b);
}

static void lies_about_the_rest(void **state)
{
    (void)state;
    static const char long_name[40] = "this is no version at all, is it, no?";
    const int64_t samples[3] = {1, 2, 3};
    const uint8_t step[17] = {STEP_COUNT};
    begin();
    wire_frame(&out, WIRE_ENGINE, long_name, sizeof long_name);
    answer_is(SOUK_EFAIL, "nonsense");
    begin();
    wire_frame(&out, WIRE_STEP, step, sizeof step);
    answer_is(SOUK_EFAIL, "nonsense");
    begin();
    times(UINT32_MAX);
    answer_is(SOUK_EFAIL, "nonsense");
    begin();
    times(2);
    wire_frame(&out, WIRE_SAMPLES, samples, sizeof samples);
    answer_is(SOUK_EFAIL, "nonsense");
    begin();
    times(2);
    count(0);
    wire_frame(&out, WIRE_END, NULL, 0); /* samples are missing */
    answer_is(SOUK_EFAIL, "nonsense");
    begin();
    times(0);
    count(1);
    wire_frame(&out, WIRE_END, NULL, 0); /* a value is */
    answer_is(SOUK_EFAIL, "nonsense");
    begin();
    times(0);
    count(0);
    wire_frame(&out, WIRE_END, NULL, 0);
    wire_frame(&out, WIRE_END, NULL, 0); /* an end after the end */
    answer_is(SOUK_EFAIL, "nonsense");
    begin();
    wire_frame(&out, WIRE_TASK, NULL, 0); /* a question for an answer */
    answer_is(SOUK_EFAIL, "nonsense");
    begin();
    const uint8_t head[WIRE_HEAD] = {0xff, 0xff, 0xff, 0xff, WIRE_DATA};
    assert_int_equal(write(out.fd, head, sizeof head), sizeof head);
    answer_is(SOUK_EFAIL, "nonsense");
}

static void an_error_is_one_line(void **state)
{
    (void)state;
    struct run_answer a;
    struct err e = {0};
    begin();
    wire_frame(&out, WIRE_ERROR, "\x05no\n\x1b[31mmemory", 15);
    end();
    run_answer_init(&a, ROOM);
    assert_int_equal(run_answer_take(&a, w.p, w.n, &e), SOUK_OK);
    assert_int_equal(a.err.code, SOUK_ELIMIT);
    assert_string_equal(a.err.msg, "no  [31mmemory");
    run_answer_release(&a);
    begin();
    wire_frame(&out, WIRE_ERROR, "\x04", 1); /* a verdict is not the runner's to give */
    end();
    run_answer_init(&a, ROOM);
    assert_int_equal(run_answer_take(&a, w.p, w.n, &e), SOUK_OK);
    assert_int_equal(a.err.code, SOUK_EFAIL);
    run_answer_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),      cmocka_unit_test(a_large_tensor),
        cmocka_unit_test(lies_about_values),   cmocka_unit_test(lies_about_groups),
        cmocka_unit_test(lies_about_the_rest), cmocka_unit_test(an_error_is_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
