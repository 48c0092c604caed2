#include "cli/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/human.h"

#include "base/banned.h"

void progress_begin(struct progress *p, const struct options *o, const char *what, uint64_t size)
{
    memset(p, 0, sizeof *p);
    p->on = !o->set[OPT_QUIET] && isatty(STDERR_FILENO);
    p->what = what;
    p->size = size;
    p->since = clock_mono_ms();
    atomic_init(&p->shown, false);
}

void progress_tell(void *ud, uint64_t done, uint64_t total)
{
    struct progress *p = ud;
    if (!p->on || total == 0)
        return;
    char line[160], share[HUMAN_BUF], rate[HUMAN_BUF];
    int64_t ms = clock_mono_ms() - p->since;
    int n =
        snprintf(line, sizeof line, "\r\033[K%s: %s", p->what, human_percent(share, done, total));
    uint64_t thousandths = done * 1000 / total;
    if (p->size && ms > 0 && thousandths && n > 0)
        n += snprintf(
            line + n, sizeof line - (size_t)n, ", %s/s, %llu s left",
            human_size(rate, p->size * thousandths / (uint64_t)ms),
            (unsigned long long)((uint64_t)ms * (1000 - thousandths) / thousandths / 1000));
    if (n <= 0)
        return;
    atomic_store(&p->shown, true);
    /* In one piece, since threads may tell at the same time. */
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        p->on = false;
}

void progress_end(struct progress *p)
{
    if (atomic_load(&p->shown))
        fputs("\r\033[K", stderr);
}

static atomic_bool stopped;

static void on_signal(int signo)
{
    (void)signo;
    atomic_store(&stopped, true);
}

atomic_bool *stop_flag(void)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigaction(SIGINT, &a, NULL);
    sigaction(SIGTERM, &a, NULL);
    return &stopped;
}
