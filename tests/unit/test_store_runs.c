#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "store/runs.h"

enum { ARENA = 64 << 20 };

static char dir[64];

static int fresh(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/souk-runs-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    paths_override(dir);
    return 0;
}

static int gone(void **state)
{
    (void)state;
    static const char *const leaf[] = {"state/runs.db", "state/runs.db-wal", "state/runs.db-shm",
                                       "state"};
    char path[128];
    for (size_t i = 0; i < sizeof leaf / sizeof *leaf; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, leaf[i]);
        if (i + 1 < sizeof leaf / sizeof *leaf)
            unlink(path);
        else
            rmdir(path);
    }
    paths_override(NULL);
    return rmdir(dir);
}

static struct runs *open_runs(void)
{
    struct runs *r;
    struct err e = {0};
    if (runs_open(&r, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    return r;
}

static int64_t add(struct runs *r, const char *label, const char *blob_id, const char *file)
{
    int64_t id = 0;
    struct run_row row = {.time = 1790000000,
                          .label = untrusted(label),
                          .blob_id = untrusted(blob_id),
                          .file = untrusted(file),
                          .input = untrusted("{\"x\":[1]}"),
                          .output = untrusted("{\"y\":[2]}"),
                          .engine = untrusted("1.27.0"),
                          .session_ns = 4400000,
                          .first_ns = 6000,
                          .p50_ns = 5000,
                          .p95_ns = 7000,
                          .p99_ns = 9000,
                          .repeats = 100,
                          .peak_rss = 31457280};
    assert_int_equal(run_add(r, &row, &id, NULL), SOUK_OK);
    return id;
}

static void same(struct untrusted u, const char *s)
{
    assert_int_equal(u.n, strlen(s));
    assert_memory_equal(u.n ? u.p : "", s, u.n);
}

static void test_what_goes_in_comes_out(void **state)
{
    (void)state;
    struct arena a;
    struct run_row row;
    arena_init(&a, ARENA);
    struct runs *r = open_runs();
    int64_t id = add(r, "mira/risk", "BLOB", "risk.onnx");
    runs_close(r);
    r = open_runs();
    assert_int_equal(run_get(r, id, &a, &row, NULL), SOUK_OK);
    assert_int_equal(row.id, id);
    assert_int_equal(row.time, 1790000000);
    same(row.label, "mira/risk");
    same(row.blob_id, "BLOB");
    same(row.file, "risk.onnx");
    same(row.input, "{\"x\":[1]}");
    same(row.output, "{\"y\":[2]}");
    same(row.engine, "1.27.0");
    same(row.error, "");
    assert_int_equal(row.session_ns, 4400000);
    assert_int_equal(row.first_ns, 6000);
    assert_int_equal(row.p50_ns, 5000);
    assert_int_equal(row.p95_ns, 7000);
    assert_int_equal(row.p99_ns, 9000);
    assert_int_equal(row.repeats, 100);
    assert_int_equal(row.peak_rss, 31457280);
    struct err e;
    assert_int_equal(run_get(r, id + 1, &a, &row, &e), SOUK_ENOTFOUND);
    runs_close(r);
    arena_release(&a);
}

static void test_lists_the_newest_first_of_one_model(void **state)
{
    (void)state;
    struct arena a;
    struct run_row *row;
    size_t n;
    arena_init(&a, ARENA);
    struct runs *r = open_runs();
    add(r, "one", "A", "one.onnx");
    add(r, "two", "B", "two.onnx");
    int64_t last = add(r, "one", "A", "other.onnx");
    struct untrusted none = untrusted("");
    assert_int_equal(run_list(r, none, none, 10, &a, &row, &n, NULL), SOUK_OK);
    assert_int_equal(n, 3);
    assert_int_equal(row[0].id, last);
    same(row[0].input, ""); /* the heavy parts stay on disk */
    same(row[0].output, "");
    assert_int_equal(run_list(r, untrusted("A"), none, 10, &a, &row, &n, NULL), SOUK_OK);
    assert_int_equal(n, 2);
    assert_int_equal(run_list(r, none, untrusted("two.onnx"), 10, &a, &row, &n, NULL), SOUK_OK);
    assert_int_equal(n, 1);
    same(row[0].label, "two");
    assert_int_equal(run_list(r, untrusted("A"), untrusted("two.onnx"), 10, &a, &row, &n, NULL),
                     SOUK_OK);
    assert_int_equal(n, 0);
    assert_int_equal(run_list(r, none, none, 2, &a, &row, &n, NULL), SOUK_OK);
    assert_int_equal(n, 2);
    runs_close(r);
    arena_release(&a);
}

static void test_keeps_the_last_thousand(void **state)
{
    (void)state;
    struct arena a;
    struct run_row *row;
    size_t n;
    int64_t id = 0;
    arena_init(&a, ARENA);
    struct runs *r = open_runs();
    for (int i = 0; i < RUNS_KEPT + 5; i++)
        id = add(r, "m", "", "m.onnx");
    assert_int_equal(run_list(r, untrusted(""), untrusted(""), 2 * RUNS_KEPT, &a, &row, &n, NULL),
                     SOUK_OK);
    assert_int_equal(n, RUNS_KEPT);
    assert_int_equal(row[0].id, id);
    assert_int_equal(row[n - 1].id, id - RUNS_KEPT + 1);
    runs_close(r);
    arena_release(&a);
}

/* Half a JSON text would be worse than none. */
static void test_leaves_out_what_is_too_large(void **state)
{
    (void)state;
    struct arena a;
    struct run_row row;
    int64_t id;
    arena_init(&a, ARENA);
    char *large = mem_zalloc(RUN_TEXT_MAX + 1);
    assert_non_null(large);
    memset(large, ' ', RUN_TEXT_MAX + 1);
    struct runs *r = open_runs();
    struct run_row in = {.input = untrusted_n(large, RUN_TEXT_MAX),
                         .output = untrusted_n(large, RUN_TEXT_MAX + 1),
                         .error = untrusted("it died")};
    assert_int_equal(run_add(r, &in, &id, NULL), SOUK_OK);
    assert_int_equal(run_get(r, id, &a, &row, NULL), SOUK_OK);
    assert_int_equal(row.input.n, RUN_TEXT_MAX);
    assert_int_equal(row.output.n, 0);
    same(row.error, "it died");
    runs_close(r);
    mem_free(large);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_goes_in_comes_out, fresh, gone),
        cmocka_unit_test_setup_teardown(test_lists_the_newest_first_of_one_model, fresh, gone),
        cmocka_unit_test_setup_teardown(test_keeps_the_last_thousand, fresh, gone),
        cmocka_unit_test_setup_teardown(test_leaves_out_what_is_too_large, fresh, gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
