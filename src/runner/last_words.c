#include "runner/last_words.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "runner/runner.h"

#include "base/banned.h"

enum { STACK = 64 << 10 };

static struct {
    uint64_t memory;
    int answer, status;
    uint8_t frame[WIRE_HEAD + 1 + ERR_MSG_MAX];
    size_t n;
} dying;
static char stack[STACK];

/* Nearly all that was given is taken: it is that. Else the signal comes again, and ends it. */
static void on_death(int signo)
{
    (void)signo;
    if (status_bytes(dying.status, "VmPeak:") < dying.memory - dying.memory / 8)
        return;
    ssize_t told = write(dying.answer, dying.frame, dying.n);
    _exit(told < 0);
}

void last_words(uint64_t memory, int answer, int status)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT};
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction a = {.sa_handler = on_death, .sa_flags = (int)(SA_ONSTACK | SA_RESETHAND)};
    struct err e;
    wire_over_memory(memory, &e);
    size_t words = strlen(e.msg);
    uint32_t body = (uint32_t)(1 + words);
    memcpy(dying.frame, &body, sizeof body);
    dying.frame[4] = WIRE_ERROR;
    dying.frame[WIRE_HEAD] = SOUK_ELIMIT;
    memcpy(dying.frame + WIRE_HEAD + 1, e.msg, words);
    dying.n = WIRE_HEAD + 1 + words;
    dying.memory = memory;
    dying.answer = answer;
    dying.status = status;
    sigaltstack(&own, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &a, NULL);
}
