/* ort.h: places in the engine's table, held against its published header where that is installed;
 * and the engine's words, made fit for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "onnx/inspect.h"
#include "runner/ort.h"

#if __has_include(<onnxruntime/onnxruntime_c_api.h>)
#include <onnxruntime/onnxruntime_c_api.h>
#define HEADER 1
#endif

#include "base/banned.h"

static void places_in_the_table(void **state)
{
    (void)state;
#ifdef HEADER
#define X(slot, name, ret, args) \
    _Static_assert(offsetof(OrtApi, name) == (slot) * sizeof(void *), "the place of " #name);
    ORT_CALLS(X)
#undef X
    _Static_assert(ORT_LOG_FATAL == (int)ORT_LOGGING_LEVEL_FATAL, "log level");
    _Static_assert(ORT_ARENA == (int)OrtArenaAllocator, "allocator");
    _Static_assert(ORT_MEM_DEFAULT == (int)OrtMemTypeDefault, "memory");
    _Static_assert(ORT_OPTIONAL == (int)ONNX_TYPE_OPTIONAL && ORT_MAP == (int)ONNX_TYPE_MAP,
                   "kinds");
    _Static_assert(ELEM_BFLOAT16 == (int)ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, "elements");
#endif
    /* Ascending and each once, so that a slip of the hand shows here too. */
    static const unsigned slots[] = {
#define X(slot, name, ret, args) slot,
        ORT_CALLS(X)
#undef X
    };
    for (size_t i = 1; i < sizeof slots / sizeof *slots; i++)
        assert_true(slots[i - 1] < slots[i]);
}

static void says(const char *words, const char *want)
{
    char out[ERR_MSG_MAX];
    ort_clean(words, out);
    assert_string_equal(out, want);
}

static void words_without_source(void **state)
{
    (void)state;
    says("Missing Input: y", "Missing Input: y");
    says("a\n\tb\r\n  c \n", "a b c");
    says("Non-zero status code returned while running Expand node. Name:'' Status Message: "
         "/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:359 void* "
         "onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*) Failed to "
         "allocate memory for requested buffer of size 4\n",
         "Non-zero status code returned while running Expand node. Name:'' Status Message: Failed "
         "to allocate memory for requested buffer of size 4");
    says("/onnxruntime_src/onnxruntime/core/graph/graph.cc:1415 onnxruntime::Graph::Graph(const "
         "onnxruntime::Model&, const std::vector<std::pair<int, int> >&) [ShapeInferenceError] no",
         "[ShapeInferenceError] no");
    says("/a/b.h:12 T ns::f(int) const [with T = float; U = std::array<int, 3>] x > 0 was false.",
         "x > 0 was false.");
    says("/a/s.cc:89 ns::Locale::Locale(const std::string&)::<lambda()> Failed to construct locale",
         "Failed to construct locale");
    /* What only looks like one stays. */
    says("cannot open /etc/passwd: no", "cannot open /etc/passwd: no");
    says("see /x/y.cc:3 for more", "see for more");
    says("Message: element_wise_ops.cc:692 Compute Integer division by zero",
         "Message: Integer division by zero");
    says("a.cc:7 operator() no", "no");
    says("model.cc: is no place, nor is 3.h:x", "model.cc: is no place, nor is 3.h:x");
    says("/x/y.cc:3", "");
    says("/x/y.cc:3 a::b(never closed", "a::b(never closed");
}

static void long_words_are_cut(void **state)
{
    (void)state;
    char words[2000], out[ERR_MSG_MAX];
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    ort_clean(words, out);
    assert_int_equal(strlen(out), ERR_MSG_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_in_the_table),
        cmocka_unit_test(words_without_source),
        cmocka_unit_test(long_words_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
