/* How a run ended, in words; which engine is used; what latencies say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "onnx/run/ending.h"

#include "base/banned.h"

static void versions(void **state)
{
    (void)state;
    static const char *const good[] = {"1.24.1", "1.24.3", "1.25.0", "1.27.0", "1.28.2", "1.28.99"};
    static const struct {
        const char *version, *why;
    } bad[] = {{"1.24.0", "read any file"}, {"1.23.2", "read any file"},
               {"0.99.9", "read any file"}, {"1.29.0", "reports"},
               {"1.30.1", "reports"},       {"2.0.0", "reports"},
               {"", "no version"},          {"1.27", "no version"},
               {"x", "no version"},         {"-1.2.3", "no version"}};
    const char *why;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(engine_version_ok(good[i], &why));
        assert_string_equal(why, "");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(engine_version_ok(bad[i].version, &why));
        assert_non_null(strstr(why, bad[i].why));
    }
}

static void percentiles(void **state)
{
    (void)state;
    int64_t v[] = {50, 10, 40, 20, 30, 60, 70, 80, 100, 90};
    struct run_times t = {.sample = v, .samples = 10};
    assert_int_equal(run_percentile(&t, 0), 10);
    assert_int_equal(run_percentile(&t, 100), 10);
    assert_int_equal(run_percentile(&t, 101), 20);
    assert_int_equal(run_percentile(&t, 500), 50);
    assert_int_equal(run_percentile(&t, 950), 100);
    assert_int_equal(run_percentile(&t, 990), 100);
    assert_int_equal(run_percentile(&t, 1000), 100);
    t.samples = 1;
    assert_int_equal(run_percentile(&t, 500), 50);
    t.samples = 0;
    assert_int_equal(run_percentile(&t, 500), 0);
    assert_int_equal(v[0], 50); /* as they came */
}

static void ends(struct ending x, int code, int status, souk_err want, const char *words)
{
    struct run_answer none = {0};
    struct err e = {0};
    const siginfo_t si = {.si_code = code, .si_status = status};
    assert_false(ending_judge(&x, &si, &none, &e));
    assert_int_equal(e.code, want);
    assert_non_null(strstr(e.msg, words));
}

static void words_of_an_end(void **state)
{
    (void)state;
    struct ending x = {.memory = 512 << 20, .timeout_ms = 60000};
    ends(x, CLD_KILLED, SIGSEGV, SOUK_EFAIL, "crashed the engine (a wrong memory access)");
    ends(x, CLD_DUMPED, SIGABRT, SOUK_EFAIL, "crashed the engine (an abort)");
    ends(x, CLD_KILLED, SIGSYS, SOUK_EFAIL, "tried what no model needs");
    ends(x, CLD_KILLED, SIGXCPU, SOUK_ELIMIT, "processor time");
    ends(x, CLD_KILLED, SIGKILL, SOUK_ELIMIT, "out of memory");
    ends(x, CLD_KILLED, SIGUSR1, SOUK_EFAIL, "signal 10");
    ends(x, CLD_EXITED, 127, SOUK_EFAIL, "without an answer (status 127)");
    ending_words(&x, "terminate called after throwing 'std::bad_alloc'\n", 49);
    ends(x, CLD_DUMPED, SIGABRT, SOUK_ELIMIT, "the 512 MiB it was given (--memory raises it)");
    x.why = ENDED_LATE;
    ends(x, CLD_KILLED, SIGKILL, SOUK_ELIMIT, "stopped after 60 s (--timeout");
    x.timeout_ms = 1500;
    ends(x, CLD_KILLED, SIGKILL, SOUK_ELIMIT, "stopped after 1.5 s");
    x.why = ENDED_CANCELLED;
    ends(x, CLD_KILLED, SIGKILL, SOUK_ECANCEL, "stopped");
    x.why = ENDED_BADLY;
    err_set(&x.err, SOUK_EFAIL, "what it said");
    ends(x, CLD_KILLED, SIGKILL, SOUK_EFAIL, "what it said");
}

/* Of a flood on standard error, the end is kept. */
static void the_last_words(void **state)
{
    (void)state;
    struct ending x = {0};
    char line[64];
    for (int i = 0; i < 1000; i++) {
        int n = snprintf(line, sizeof line, "line %d\n", i);
        ending_words(&x, line, (size_t)n);
    }
    ends(x, CLD_EXITED, 1, SOUK_EFAIL, "(status 1): line 999");
    char flood[5000];
    memset(flood, 'y', sizeof flood);
    ending_words(&x, flood, sizeof flood);
    ending_words(&x, "a\0b", 3);
    assert_int_equal(strlen(x.words), sizeof x.words - 1);
    assert_non_null(strstr(x.words, "yya b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(percentiles),
        cmocka_unit_test(words_of_an_end),
        cmocka_unit_test(the_last_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
