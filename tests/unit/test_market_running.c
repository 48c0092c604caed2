/*
 * Which file is run, what of a receipt is its input, and what is kept of a run. The runner itself
 * is a double here (onnx_run_start below): it answers what the test wants, on the loop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/mem.h"
#include "market/running.h"
#include "onnx_make.h"
#include "tree.h"
#include "walrus/encode.h"

/* --- the double */

struct onnx_run {
    struct loop *loop;
    struct run_events ev;
    void *ud;
    bool cancelled;
};

static struct {
    bool fails;            /* the model does */
    char folder[PATH_BUF]; /* what it was handed */
    struct run_request seen;
} runner;

static void answer(void *ud)
{
    struct onnx_run *r = ud;
    struct err e = {0};
    if (r->cancelled || runner.fails) {
        if (r->cancelled)
            err_set(&e, SOUK_ECANCEL, "stopped");
        else
            err_set(&e, SOUK_EINPUT, "Got invalid dimensions");
        r->ev.done(r->ud, NULL, &e);
    } else {
        struct run_result result = {.engine = "1.27.0"};
        static const int64_t dim[] = {2};
        values_init(&result.outputs);
        result.outputs.of = arena_alloc(&result.outputs.arena, sizeof *result.outputs.of);
        result.outputs.n = 1;
        result.outputs.of->name = untrusted("y");
        assert_int_equal(
            tensor_make(&result.outputs, &result.outputs.of->v, ELEM_FLOAT, dim, 1, &e), SOUK_OK);
        ((float *)result.outputs.of->v.data)[1] = 0.5f;
        result.times =
            (struct run_times){.session = 4000, .first = 300, .samples = 3, .peak_rss = 1 << 20};
        result.times.sample = mem_array(3, sizeof *result.times.sample);
        for (int i = 0; i < 3; i++)
            result.times.sample[i] = 100 + i;
        r->ev.step(r->ud, "running", 1, 3);
        r->ev.done(r->ud, &result, NULL);
        run_result_release(&result);
    }
    mem_free(r);
}

struct onnx_run *onnx_run_start(struct loop *l, const struct run_request *rq,
                                const struct run_events *ev, void *ud, struct err *e)
{
    struct onnx_run *r = mem_zalloc(sizeof *r);
    (void)e;
    assert_non_null(r);
    *r = (struct onnx_run){.loop = l, .ev = *ev, .ud = ud};
    runner.seen = *rq;
    snprintf(runner.folder, sizeof runner.folder, "%s", rq->folder ? rq->folder : "");
    assert_true(fcntl(rq->model, F_GETFD) >= 0);
    loop_timer(l, 0, answer, r);
    return r;
}

void onnx_run_cancel(struct onnx_run *r)
{
    r->cancelled = true;
}

/* --- a home */

static char dir[64];
static struct loop *loop;
static struct market *market;

static int fresh(void **state)
{
    (void)state;
    struct err e = {0};
    const struct market_options o = {.network = "opengradient", .offline = true};
    snprintf(dir, sizeof dir, "/tmp/souk-running-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    paths_override(dir);
    memset(&runner, 0, sizeof runner);
    loop = loop_new(&e);
    return loop && market_open(loop, &o, &market, &e) == SOUK_OK ? 0 : -1;
}

static int gone(void **state)
{
    (void)state;
    market_close(market);
    loop_free(loop);
    paths_override(NULL);
    return tree_remove(dir);
}

static void relu(struct buf *out, const char *weights_in)
{
    struct onnx_make m;
    struct buf tensor;
    onnx_make_init(&m, 8, 17);
    onnx_make_input(&m, "x", ELEM_FLOAT, "n");
    onnx_make_output(&m, "y", ELEM_FLOAT, "n");
    if (weights_in) {
        onnx_put_external(&tensor, "w", weights_in, strlen(weights_in));
        pbw_message(&m.graph, 5, &tensor);
    }
    onnx_make_node(&m, "Relu", "", "x", "y", NULL);
    onnx_make_done(&m, out);
}

/* A file in the home; its path. */
static const char *save(const char *name, const char *p, size_t n)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
    return path;
}

static const char *save_relu(const char *name, const char *weights_in)
{
    struct buf b;
    relu(&b, weights_in);
    const char *path = save(name, b.p, b.len);
    buf_release(&b);
    return path;
}

static void open_file(const char *what, struct model_file *f)
{
    struct err e = {0};
    if (model_file_open(market, what, f, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
}

static void refused(const char *what, souk_err code, const char *word)
{
    struct model_file f;
    struct err e = {0};
    assert_int_equal(model_file_open(market, what, &f, &e), code);
    if (!strstr(e.msg, word))
        fail_msg("\"%s\" does not say \"%s\"", e.msg, word);
    assert_int_equal(f.fd, -1);
    assert_null(f.info);
}

/* --- which file */

static void test_a_file_by_its_path(void **state)
{
    (void)state;
    struct model_file f;
    open_file(save_relu("relu.onnx", NULL), &f);
    assert_string_equal(f.label, "relu.onnx");
    assert_false(f.from_library);
    assert_int_equal(f.info->inputs, 1);
    model_file_close(&f);
    assert_int_equal(f.fd, -1);
    refused("./none", SOUK_ENOTFOUND, "no such file");
    refused("none.onnx", SOUK_ENOTFOUND, "no such file");
    refused(dir, SOUK_EINPUT, "folder");
    refused("/dev/null", SOUK_EINPUT, "no regular file");
    refused(save("broken.onnx", "\x08\x08\x3a\x7f", 4), SOUK_EINPUT, "broken.onnx: not a sound");
    refused(save_relu("spy.onnx", "../../etc/passwd"), SOUK_EINPUT, "outside the model's folder");
}

static void add_to_library(const char *path, const char *author, const char *model, blob_id *id)
{
    struct walrus_meta meta;
    struct err e = {0};
    const struct encode_options o = {.threads = 1};
    const struct library_about about = {.author = untrusted(author),
                                        .model = untrusted(model),
                                        .file = untrusted("relu.onnx"),
                                        .verified = VERIFIED_STRICT};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (walrus_encode_fd(fd, &o, &meta, &e) != SOUK_OK ||
        library_add(fd, &meta, &about, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    *id = meta.id;
    walrus_meta_release(&meta);
    close(fd);
}

static void test_a_file_of_the_library(void **state)
{
    (void)state;
    struct model_file f;
    blob_id id, other;
    char text[BLOB_ID_BUF];
    struct err e = {0};
    add_to_library(save_relu("relu.onnx", NULL), "mira", "relu", &id);
    open_file(blob_id_format(&id, text), &f);
    assert_true(f.from_library);
    assert_true(blob_hash_eq(&f.id, &id));
    assert_string_equal(f.label, "mira/relu");
    model_file_close(&f);
    assert_int_equal(model_file_of_blob(&id, "as it was called", &f, &e), SOUK_OK);
    assert_string_equal(f.label, "as it was called");
    model_file_close(&f);
    other = id;
    other.b[0] ^= 1;
    refused(blob_id_format(&other, text), SOUK_ENOTFOUND, "souk get");
}

/* --- the input of a receipt */

static void input_is(const struct model_info *m, const char *body, const char *want)
{
    struct values v;
    struct err e = {0};
    struct buf b;
    struct json_out o;
    if (running_receipt_input(m, untrusted(body), &v, &e) != SOUK_OK)
        fail_msg("%s: %s", body, e.msg);
    buf_init(&b, 1 << 20);
    json_out_init(&o, &b);
    values_plain_json(&o, NULL, &v);
    assert_string_equal(b.p, want);
    buf_release(&b);
    values_release(&v);
}

static void no_input(const struct model_info *m, const char *body, const char *word)
{
    struct values v;
    struct err e = {0};
    assert_int_equal(running_receipt_input(m, untrusted(body), &v, &e), SOUK_EINPUT);
    if (!strstr(e.msg, word))
        fail_msg("\"%s\" does not say \"%s\"", e.msg, word);
    values_release(&v);
}

static struct model_info *info_of(const char *first, enum elem t, const char *second)
{
    struct onnx_make m;
    struct buf b;
    struct model_info *info;
    onnx_make_init(&m, 8, 17);
    onnx_make_input(&m, first, t, "n");
    if (second)
        onnx_make_input(&m, second, ELEM_STRING, "n");
    onnx_make_output(&m, "y", ELEM_FLOAT, "n");
    onnx_make_done(&m, &b);
    assert_int_equal(model_inspect_bytes((const uint8_t *)b.p, b.len, &info, NULL), SOUK_OK);
    buf_release(&b);
    return info;
}

static void test_the_input_of_a_receipt(void **state)
{
    (void)state;
    struct model_info *m = info_of("x", ELEM_FLOAT, NULL);
    input_is(m, "{\"x\":[1,2.5]}", "{\"x\":[1,2.5]}");
    input_is(m, " { \"id\" : \"a,}\\\"]\" , \"x\" : [ 1 , 2 ] , \"n\" : {\"x\":7} } ",
             "{\"x\":[1,2]}");
    input_is(m, "{\"input\":{\"x\":[1]},\"model\":\"mira/relu\"}", "{\"x\":[1]}");
    input_is(m, "{\"model_cid\":\"Qm\",\"model_input\":{\"x\":[3],\"y\":[4]}}", "{\"x\":[3]}");
    input_is(m, "{\"inputs\":[1,2]}", "{\"x\":[1,2]}");
    input_is(m, "[1,2]", "{\"x\":[1,2]}");
    input_is(m,
             "{\"model_input\":{\"numbers\":[{\"name\":\"x\",\"values\":[{\"value\":15,"
             "\"decimals\":1}],\"shape\":[1]}]}}",
             "{\"x\":[1.5]}");
    no_input(m, "{\"prompt\":\"hello\"}", "no input of this model in it (\"x\")");
    no_input(m, "hello", "JSON");
    no_input(m, "", "empty");
    no_input(m, "{\"x\":\"many\"}", "x");
    model_info_free(m);
    m = info_of("n", ELEM_INT64, "s"); /* whole numbers beyond a double's, as they were sent */
    input_is(m, "{\"s\":[\"\\u0041\"],\"n\":[9007199254740993],\"user\":1}",
             "{\"n\":[9007199254740993],\"s\":[\"A\"]}");
    model_info_free(m);
}

/* --- runs */

struct seen {
    int steps, dones;
    bool worked;
    int64_t history;
    struct err err;
};

static void on_step(void *ud, const char *words, uint64_t n, uint64_t total)
{
    struct seen *s = ud;
    (void)words;
    (void)n;
    (void)total;
    s->steps++;
}

static void on_done(void *ud, struct run_result *r, int64_t history, const struct err *e)
{
    struct seen *s = ud;
    s->dones++;
    s->worked = r != NULL;
    s->history = history;
    assert_true((r == NULL) == (e != NULL));
    if (e)
        s->err = *e;
    else
        assert_string_equal(r->engine, "1.27.0");
    loop_stop(loop, 0);
}

static const struct running_events events = {.step = on_step, .done = on_done};

/* Starts with the file, which is closed at once, as is the input. */
static struct running *start(const char *what, const char *input, struct seen *s, struct err *e)
{
    struct model_file f;
    struct values in;
    const struct running_options o = {.repeat = 3, .level = -1, .input = input};
    open_file(what, &f);
    assert_int_equal(values_read(f.info, untrusted("[1,2]"), &in, e), SOUK_OK);
    *s = (struct seen){0};
    struct running *r = running_start(market, &f, &in, &o, &events, s, e);
    values_release(&in);
    model_file_close(&f);
    return r;
}

static void history_is(int64_t id, struct run_row *row, struct arena *a)
{
    struct runs *runs;
    struct err e = {0};
    if (runs_open(&runs, &e) != SOUK_OK || run_get(runs, id, a, row, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    runs_close(runs);
}

static void same(struct untrusted u, const char *s)
{
    if (u.n != strlen(s) || (u.n && memcmp(u.p, s, u.n) != 0))
        fail_msg("\"%.*s\" is not \"%s\"", (int)u.n, u.n ? u.p : "", s);
}

static void test_a_run_is_kept(void **state)
{
    (void)state;
    struct seen s;
    struct err e = {0};
    struct run_row row;
    struct arena a;
    arena_init(&a, 1 << 20);
    assert_non_null(start(save_relu("relu.onnx", NULL), NULL, &s, &e));
    loop_run(loop);
    assert_int_equal(s.dones, 1);
    assert_int_equal(s.steps, 1);
    assert_true(s.worked);
    assert_int_equal(runner.seen.repeat, 3);
    assert_int_equal(runner.seen.level, -1);
    assert_string_equal(runner.folder, "");
    history_is(s.history, &row, &a);
    same(row.label, "relu.onnx");
    same(row.file, "relu.onnx");
    same(row.blob_id, "");
    same(row.input, "{\"x\":[1,2]}");
    same(row.output, "{\"y\":{\"shape\":[2],\"type\":\"float32\",\"data\":[0,0.5]}}");
    same(row.engine, "1.27.0");
    same(row.error, "");
    assert_int_equal(row.session_ns, 4000);
    assert_int_equal(row.first_ns, 300);
    assert_int_equal(row.p50_ns, 101);
    assert_int_equal(row.p99_ns, 102);
    assert_int_equal(row.repeats, 3);
    assert_int_equal(row.peak_rss, 1 << 20);
    arena_release(&a);
}

static void test_a_failure_is_kept_too(void **state)
{
    (void)state;
    struct seen s;
    struct err e = {0};
    struct run_row row;
    struct arena a;
    blob_id id;
    char text[BLOB_ID_BUF];
    arena_init(&a, 1 << 20);
    add_to_library(save_relu("relu.onnx", NULL), "mira", "relu", &id);
    runner.fails = true;
    assert_non_null(start(blob_id_format(&id, text), "{\"x\": [1, 2]}", &s, &e));
    loop_run(loop);
    assert_int_equal(s.dones, 1);
    assert_false(s.worked);
    assert_int_equal(s.err.code, SOUK_EINPUT);
    history_is(s.history, &row, &a);
    same(row.label, "mira/relu");
    same(row.blob_id, text);
    same(row.file, "");
    same(row.input, "{\"x\": [1, 2]}"); /* as it was given */
    same(row.output, "");
    same(row.error, "Got invalid dimensions");
    assert_int_equal(row.first_ns, 0);
    arena_release(&a);
}

static void test_cancelled_and_dropped(void **state)
{
    (void)state;
    struct seen s, dropped;
    struct err e = {0};
    const char *path = save_relu("relu.onnx", NULL);
    struct running *r = start(path, NULL, &s, &e);
    running_cancel(r);
    loop_run(loop);
    assert_int_equal(s.dones, 1);
    assert_int_equal(s.err.code, SOUK_ECANCEL);
    running_drop(start(path, NULL, &dropped, &e));
    assert_non_null(start(path, NULL, &s, &e));
    loop_run(loop);
    while (!loop_idle(loop))
        loop_step(loop, 100);
    assert_int_equal(s.dones, 1);
    assert_int_equal(dropped.dones, 0);
}

/* Weights in other files: in the model's folder and all there, or the engine is not asked. */
static void test_weights_beside_the_model(void **state)
{
    (void)state;
    struct seen s;
    struct err e = {0};
    blob_id id;
    char text[BLOB_ID_BUF];
    const char *path = save_relu("big.onnx", "big.data");
    assert_null(start(path, NULL, &s, &e));
    assert_int_equal(e.code, SOUK_ENOTFOUND);
    assert_non_null(strstr(e.msg, "big.data"));
    add_to_library(path, "mira", "big", &id);
    assert_null(start(blob_id_format(&id, text), NULL, &s, &e));
    assert_non_null(strstr(e.msg, "in other files"));
    save("big.data", "0123456789abcdef", 16);
    path = save_relu("big.onnx", "big.data");
    assert_non_null(start(path, NULL, &s, &e));
    loop_run(loop);
    assert_true(s.worked);
    assert_string_equal(runner.folder, dir);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, gone)
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_by_its_path),       TEST(test_a_file_of_the_library),
        TEST(test_the_input_of_a_receipt),   TEST(test_a_run_is_kept),
        TEST(test_a_failure_is_kept_too),    TEST(test_cancelled_and_dropped),
        TEST(test_weights_beside_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
