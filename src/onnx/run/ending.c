#include "onnx/run/ending.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/banned.h"

void ending_words(struct ending *x, const char *p, size_t n)
{
    enum { KEPT = sizeof x->words - 1 };
    size_t have = strlen(x->words);
    x->n += n;
    if (n > KEPT) {
        p += n - KEPT;
        n = KEPT;
    }
    if (have + n > KEPT) { /* the latest is the best */
        size_t drop = have + n - KEPT;
        memmove(x->words, x->words + drop, have - drop);
        have -= drop;
    }
    for (size_t i = 0; i < n; i++)
        x->words[have + i] = p[i] ? p[i] : ' ';
    x->words[have + n] = '\0';
}

static const char *signal_words(int signo)
{
    switch (signo) {
    case SIGSEGV:
        return "a wrong memory access";
    case SIGBUS:
        return "a memory error";
    case SIGABRT:
        return "an abort";
    case SIGFPE:
        return "an arithmetic fault";
    case SIGILL:
        return "an illegal instruction";
    default:
        return NULL;
    }
}

static souk_err by_signal(const struct ending *x, int signo, struct err *e)
{
    const char *words = signal_words(signo);
    if (signo == SIGXCPU)
        return err_set(e, SOUK_ELIMIT, "it took more processor time than it was given (--timeout)");
    if (signo == SIGSYS)
        return err_set(
            e, SOUK_EFAIL,
            "the model tried what no model needs (a program, a socket), and was stopped");
    /* The engine's own heap gives up by an exception that nobody catches. */
    if (signo == SIGABRT && strstr(x->words, "bad_alloc"))
        return wire_over_memory(x->memory, e);
    if (signo == SIGKILL)
        return err_set(e, SOUK_ELIMIT, "it was killed: the machine may be out of memory");
    if (words)
        return err_set(e, SOUK_EFAIL, "the model crashed the engine (%s)", words);
    return err_set(e, SOUK_EFAIL, "souk-runner was ended by signal %d", signo);
}

/* The last line it wrote. */
static void last_line(const struct ending *x, char out[256])
{
    size_t end = strlen(x->words);
    while (end && x->words[end - 1] == '\n')
        end--;
    size_t from = end;
    while (from && x->words[from - 1] != '\n')
        from--;
    size_t n = end - from < 255 ? end - from : 255;
    memcpy(out, x->words + from, n);
    out[n] = '\0';
}

bool ending_judge(const struct ending *x, const siginfo_t *si, const struct run_answer *said,
                  struct err *e)
{
    char line[256];
    switch (x->why) {
    case ENDED_LATE:
        err_set(e, SOUK_ELIMIT, "it was stopped after %g s (--timeout gives it more)",
                x->timeout_ms / 1000.0);
        return false;
    case ENDED_CANCELLED:
        err_set(e, SOUK_ECANCEL, "stopped");
        return false;
    case ENDED_BADLY:
        *e = x->err;
        return false;
    case ENDED:
        break;
    }
    if (said->ended && !said->err.code)
        return true;
    if (said->ended) {
        *e = said->err;
        return false;
    }
    if (si->si_code != CLD_EXITED) {
        by_signal(x, si->si_status, e);
        return false;
    }
    last_line(x, line);
    err_set(e, SOUK_EFAIL, "souk-runner ended without an answer (status %d)%s%s", si->si_status,
            line[0] ? ": " : "", line);
    return false;
}
