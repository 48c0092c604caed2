/*
 * run.h against runners of all kinds. This program is started again as souk-runner, by a link
 * beside it, and then behaves as the request's folder says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "onnx/run/ending.h"
#include "runner/runner.h"

#include "base/banned.h"

/* --- the other side */

static struct wire_out out;

static void answer_times(void)
{
    uint8_t b[4 * 8 + 1 + 4] = {0};
    wire_frame(&out, WIRE_ENGINE, "1.27.0", 6);
    wire_frame(&out, WIRE_TIMES, b, sizeof b);
}

static void answer_inputs(const struct request *rq)
{
    answer_times();
    wire_values(&out, &rq->inputs);
    wire_frame(&out, WIRE_END, NULL, 0);
    wire_flush(&out);
}

_Noreturn static void for_ever(void)
{
    for (;;)
        pause();
}

static void flood(void)
{
    static uint8_t zeros[WIRE_BODY];
    uint8_t head[3 + 8 + 8] = {VALUE_TENSOR, ELEM_UINT8, 1};
    const uint64_t n = RUN_OUTPUT_MAX;
    const uint32_t values = 100;
    memcpy(head + 3, &n, 8);
    memcpy(head + 11, &n, 8);
    answer_times();
    wire_frame(&out, WIRE_VALUES, &values, sizeof values);
    for (;;) {
        wire_frame(&out, WIRE_VALUE, head, sizeof head);
        for (uint64_t i = 0; i < n; i += sizeof zeros)
            wire_frame(&out, WIRE_DATA, zeros, sizeof zeros);
    }
}

static int fake_runner(void)
{
    struct request rq;
    struct err e;
    if (request_read(RUNNER_REQUEST, &rq, &e))
        return 99;
    wire_out_init(&out, RUNNER_ANSWER);
    const char *how = rq.folder;
    if (strcmp(how, "echo") == 0) {
        for (uint64_t i = 0; i < 3; i++)
            say_step(&out, STEP_REPEAT, i, 3);
        answer_inputs(&rq);
    } else if (strcmp(how, "echo and stay") == 0) {
        answer_inputs(&rq);
        for_ever();
    } else if (strcmp(how, "half") == 0) {
        answer_times();
        wire_flush(&out);
        fputs("some words\nand the last\n", stderr);
        return 3;
    } else if (strcmp(how, "noise") == 0) {
        if (write(RUNNER_ANSWER, "this is no frame at all", 23) < 0)
            return 1;
        for_ever();
    } else if (strcmp(how, "flood") == 0) {
        flood();
    } else if (strcmp(how, "stay") == 0) {
        say_step(&out, STEP_ENGINE, 0, 0);
        for_ever();
    } else if (strcmp(how, "crash") == 0) {
        signal(SIGSEGV, SIG_DFL); /* not the sanitiser's */
        raise(SIGSEGV);
    } else if (strcmp(how, "model") == 0) { /* it can be read, and not written */
        char b[8] = {0};
        ssize_t n = read(RUNNER_MODEL, b, sizeof b);
        ssize_t w = write(RUNNER_MODEL, "x", 1);
        wire_frame(&out, WIRE_ERROR, "\x08it was the model", 17);
        if (n == 5 && memcmp(b, "model", 5) == 0 && w < 0)
            wire_flush(&out);
    } else if (strcmp(how, "descriptors") == 0) { /* those three, and the standard ones */
        int open = 0;
        for (int fd = 0; fd < 256; fd++)
            open += fcntl(fd, F_GETFD) >= 0;
        char b[64] = {SOUK_EINPUT};
        int n = snprintf(b + 1, sizeof b - 1, "%d open, %s", open,
                         getenv("SECRET") ? "and a secret" : "no secret");
        wire_frame(&out, WIRE_ERROR, b, 1 + (size_t)n);
        wire_flush(&out);
    }
    return 0;
}

/* --- this side */

struct told {
    struct loop *l;
    struct onnx_run *run;
    int done, steps;
    bool cancel_at_step, took;
    struct err err;
    struct run_result r;
};

static char beside[PATH_BUF];
static int model = -1;
static float numbers[3] = {1, 2, 3};

static int link_runner(void **state)
{
    (void)state;
    char self[PATH_BUF];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n <= 0)
        return -1;
    self[n] = '\0';
    snprintf(beside, sizeof beside, "%.*s/souk-runner", (int)(strrchr(self, '/') - self), self);
    unlink(beside);
    setenv("SECRET", "of the user", 1);
    model = memfd_create("model", MFD_CLOEXEC);
    return link(self, beside) == 0 && write(model, "model", 5) == 5 ? 0 : -1;
}

static int unlink_runner(void **state)
{
    (void)state;
    close(model);
    return unlink(beside);
}

static void on_step(void *ud, const char *words, uint64_t n, uint64_t total)
{
    struct told *t = ud;
    assert_true(words[0] && n <= total);
    t->steps++;
    if (t->cancel_at_step)
        onnx_run_cancel(t->run);
}

static void on_done(void *ud, struct run_result *r, const struct err *e)
{
    struct told *t = ud;
    assert_true((r == NULL) == (e != NULL));
    t->done++;
    t->took = r != NULL;
    if (r) {
        t->r = *r;
        *r = (struct run_result){0};
    } else {
        t->err = *e;
    }
    loop_stop(t->l, 0);
}

static struct onnx_run *begin(struct told *t, const char *how, int timeout_ms, struct err *e)
{
    static const struct run_events ev = {.step = on_step, .done = on_done};
    static struct named_value one = {.name = {"x", 1},
                                     .v = {.kind = VALUE_TENSOR,
                                           .elem = ELEM_FLOAT,
                                           .rank = 1,
                                           .dim = {3},
                                           .count = 3,
                                           .data = numbers}};
    static const struct values in = {.of = &one, .n = 1};
    static const struct engine_search engine = {.places = 1, .place = {"none"}};
    const struct run_request rq = {.model = model,
                                   .folder = how,
                                   .inputs = &in,
                                   .engine = &engine,
                                   .level = -1,
                                   .timeout_ms = timeout_ms};
    return onnx_run_start(t->l, &rq, &ev, t, e);
}

static struct told told_by(const char *how, int timeout_ms, bool cancel_at_step)
{
    struct err e;
    struct told t = {.cancel_at_step = cancel_at_step};
    t.l = loop_new(&e);
    t.run = begin(&t, how, timeout_ms, &e);
    if (!t.run)
        fail_msg("%s", e.msg);
    assert_false(loop_idle(t.l));
    loop_run(t.l);
    assert_int_equal(t.done, 1);
    assert_true(loop_idle(t.l));
    loop_free(t.l);
    return t;
}

static void fails(const char *how, int timeout_ms, souk_err code, const char *words)
{
    struct told t = told_by(how, timeout_ms, false);
    assert_false(t.took);
    assert_int_equal(t.err.code, code);
    if (!strstr(t.err.msg, words))
        fail_msg("%s: %s", how, t.err.msg);
}

static void values_come_back(void **state)
{
    (void)state;
    static const char *const ways[] = {"echo", "echo and stay"};
    for (size_t i = 0; i < 2; i++) {
        struct told t = told_by(ways[i], 0, false);
        assert_true(t.took);
        assert_int_equal(t.steps, i == 0 ? 3 : 0);
        assert_string_equal(t.r.engine, "1.27.0");
        const struct value *x = values_find(&t.r.outputs, untrusted("x"));
        assert_non_null(x);
        assert_memory_equal(x->data, numbers, sizeof numbers);
        run_result_release(&t.r);
    }
}

static void runners_that_fail(void **state)
{
    (void)state;
    fails("half", 0, SOUK_EFAIL, "without an answer (status 3): and the last");
    fails("noise", 0, SOUK_EFAIL, "nonsense");
    fails("crash", 0, SOUK_EFAIL, "crashed the engine (a wrong memory access)");
    fails("stay", 50, SOUK_ELIMIT, "stopped after 0.05 s");
}

static void more_than_is_taken_back(void **state)
{
    (void)state;
    fails("flood", 0, SOUK_ELIMIT, "larger than souk takes back");
}

static void a_cancelled_run_says_so_once(void **state)
{
    (void)state;
    struct told t = told_by("stay", 0, true);
    assert_false(t.took);
    assert_int_equal(t.err.code, SOUK_ECANCEL);
    assert_int_equal(t.steps, 1);
}

static void what_it_is_handed(void **state)
{
    (void)state;
    fails("model", 0, SOUK_EINPUT, "it was the model");
    fails("descriptors", 0, SOUK_EINPUT, "6 open, no secret");
}

static int descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Each allocation fails in turn: an error, or none, and nothing is left open. */
static void without_memory(void **state)
{
    (void)state;
    struct err e;
    bool worked = false;
    for (unsigned long i = 1; !worked; i++) {
        int before = descriptors();
        struct told t = {0};
        t.l = loop_new(&e);
        mem_fail_at(i, false);
        t.run = begin(&t, "echo", 0, &e);
        if (t.run)
            loop_run(t.l);
        worked = t.run && t.took && mem_count() > 0;
        mem_fail_at(0, false);
        if (t.run && t.took)
            run_result_release(&t.r);
        else if (t.run)
            assert_true(t.err.code == SOUK_ENOMEM || t.err.code == SOUK_EFAIL);
        loop_free(t.l);
        assert_int_equal(descriptors(), before);
        assert_true(i < 100);
    }
}

static void requests_that_are_none(void **state)
{
    (void)state;
    struct err e;
    struct told t = {.l = loop_new(&e)};
    const struct run_events ev = {.done = on_done};
    struct values none = {0};
    struct engine_search engine = {0};
    struct run_request rq = {.model = -1, .inputs = &none, .engine = &engine};
    assert_null(onnx_run_start(t.l, &rq, &ev, &t, &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    rq.model = model;
    rq.threads = RUN_THREADS_MAX + 1;
    assert_null(onnx_run_start(t.l, &rq, &ev, &t, &e));
    assert_int_equal(e.code, SOUK_EUSAGE);
    assert_int_equal(t.done, 0);
    loop_free(t.l);
}

int main(int argc, char **argv)
{
    if (argc == 1 && strcmp(argv[0], "souk-runner") == 0)
        _exit(fake_runner());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_come_back),        cmocka_unit_test(runners_that_fail),
        cmocka_unit_test(more_than_is_taken_back), cmocka_unit_test(a_cancelled_run_says_so_once),
        cmocka_unit_test(what_it_is_handed),       cmocka_unit_test(without_memory),
        cmocka_unit_test(requests_that_are_none),
    };
    return cmocka_run_group_tests(tests, link_runner, unlink_runner);
}
