/*
 * Fuzz target: what a souk-runner that a model has taken over may answer.
 *
 * The first byte says how large the pieces are that it comes in. Promises:
 *
 * 1. what is allocated for it stays within what was allowed;
 * 2. an answer that was taken whole can be shown: every tensor has its elements, every map two
 *    halves of one length, nothing is nested too deep;
 * 3. how it was cut into pieces changes nothing.
 */
#include <string.h>

#include "base/mem.h"
#include "onnx/run/answer.h"

#include "base/banned.h"

#define CHECK(what)                           \
    do {                                      \
        if (!(what)) {                        \
            BUG("broken promise: %s", #what); \
        }                                     \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ROOM = 1 << 20, TALK = 16 << 20 };

static unsigned sum; /* so that every byte is really read */

static void read_all(const void *p, size_t n)
{
    const uint8_t *b = p;
    for (size_t i = 0; i < n; i++)
        sum += b[i];
}

static void check_value(const struct value *v, unsigned depth)
{
    CHECK(depth <= VALUES_DEPTH);
    if (v->kind == VALUE_TENSOR) {
        size_t count = 1;
        CHECK(v->elem > ELEM_NONE && v->elem < ELEM_COUNT && v->rank <= VALUES_RANK);
        for (size_t i = 0; i < v->rank; i++) {
            CHECK(v->dim[i] >= 0);
            count *= (size_t)v->dim[i];
        }
        CHECK(count == v->count);
        if (v->elem == ELEM_STRING)
            for (size_t i = 0; i < count; i++)
                read_all(v->text[i].p, v->text[i].n);
        else
            read_all(v->data, count * elem_size(v->elem));
        return;
    }
    CHECK(v->kind != VALUE_MAP || v->items == 2);
    CHECK(v->kind != VALUE_NONE || v->items == 0);
    if (v->kind == VALUE_MAP)
        CHECK(v->item[0].kind == VALUE_TENSOR && v->item[0].count == v->item[1].count);
    for (size_t i = 0; i < v->items; i++)
        check_value(&v->item[i], depth + 1);
}

static void on_step(void *ud, const char *words, uint64_t n, uint64_t total)
{
    (void)ud;
    CHECK(words[0] && n <= total);
}

static souk_err take(struct run_answer *a, const uint8_t *p, size_t n, size_t piece)
{
    struct err e = {0};
    souk_err r = SOUK_OK;
    run_answer_init(a, ROOM);
    a->step = on_step;
    for (size_t at = 0; !r && at < n; at += piece)
        r = run_answer_take(a, p + at, n - at < piece ? n - at : piece, &e);
    CHECK(!r || e.msg[0]);
    CHECK(a->r.outputs.arena.used <= (size_t)ROOM + TALK + 4096);
    return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct run_answer whole, cut;
    if (n < 1)
        return 0;
    souk_err r = take(&whole, data + 1, n - 1, n),
             s = take(&cut, data + 1, n - 1, 1 + data[0] % 64);
    CHECK(r == s && whole.ended == cut.ended && whole.err.code == cut.err.code);
    if (!r && whole.ended && !whole.err.code) {
        CHECK(whole.r.times.samples <= RUN_SAMPLES && strlen(whole.r.engine) < ENGINE_VERSION);
        for (size_t i = 0; i < whole.r.outputs.n; i++) {
            read_all(whole.r.outputs.of[i].name.p, whole.r.outputs.of[i].name.n);
            check_value(&whole.r.outputs.of[i].v, 0);
        }
        CHECK(whole.r.outputs.n == cut.r.outputs.n);
    }
    run_answer_release(&whole);
    run_answer_release(&cut);
    return 0;
}
