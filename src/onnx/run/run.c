/*
 * The client of souk-runner: starts it, hands it what it needs, listens, and tells how it ended.
 * All on the loop; the one thing that could block, a large input, goes by a memory file.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "onnx/run/answer.h"
#include "onnx/run/ending.h"

#include "base/banned.h"

enum {
    PIECE = 256 << 10,
    TURN = 4,   /* pieces read in one turn of the loop */
    ABOVE = 10, /* descriptors from here on are in nobody's way in the child */
};
#define MIB           (1ULL << 20)
#define MEMORY_FLOOR  (512 * MIB)
#define MEMORY_THREAD (16 * MIB) /* of each further thread: its stack, mostly */

struct onnx_run {
    struct loop *loop;
    struct run_events ev;
    void *ud;
    pid_t pid;
    int process;       /* descriptor of it; -1: it was not started */
    int answer, words; /* pipes from it; -1: closed */
    uint64_t timer;
    struct run_answer said;
    struct ending end;
    uint8_t piece[PIECE];
};

/* --- what is asked */

static uint64_t bytes_of(const struct value *v)
{
    uint64_t n = sizeof *v + (uint64_t)v->count *
                                 (v->elem == ELEM_STRING ? sizeof *v->text : elem_size(v->elem));
    for (size_t i = 0; v->elem == ELEM_STRING && i < v->count; i++)
        n += v->text[i].n;
    for (size_t i = 0; i < v->items; i++)
        n += bytes_of(&v->item[i]);
    return n;
}

static struct wire_task task_of(const struct run_request *rq, uint64_t size)
{
    struct wire_task t = {.memory = rq->memory,
                          .outputs = RUN_OUTPUT_MAX,
                          .parent = getpid(),
                          .threads = rq->threads ? rq->threads : 1,
                          .repeat = rq->repeat,
                          .warmup = rq->repeat ? rq->warmup : 0,
                          .level = rq->level};
    int timeout = rq->timeout_ms ? rq->timeout_ms : RUN_TIMEOUT_MS;
    t.seconds = ((uint32_t)timeout / 1000 + 2) * t.threads;
    if (!t.memory) {
        t.memory = MEMORY_FLOOR + 4 * size + (t.threads - 1) * MEMORY_THREAD;
        for (size_t i = 0; i < rq->inputs->n; i++)
            t.memory += 3 * bytes_of(&rq->inputs->of[i].v);
        t.memory = (t.memory + MIB - 1) / MIB * MIB;
    }
    return t;
}

static void write_request(struct wire_out *w, const struct run_request *rq,
                          const struct wire_task *t)
{
    const struct engine_search *s = rq->engine;
    wire_frame(w, WIRE_TASK, t, sizeof *t);
    for (unsigned i = 0; i < s->places; i++)
        wire_frame(w, WIRE_PLACE, s->place[i], strlen(s->place[i]));
    if (rq->folder)
        wire_frame(w, WIRE_FOLDER, rq->folder, strlen(rq->folder));
    wire_values(w, rq->inputs);
    wire_frame(w, WIRE_END, NULL, 0);
}

/* The request as a memory file that nobody can change any more; -1. */
static int make_request(const struct run_request *rq, const struct wire_task *t, struct err *e)
{
    int fd = memfd_create("souk-run", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    struct wire_out *w = fd >= 0 ? mem_alloc(sizeof *w) : NULL;
    bool fine = false;
    if (w) {
        wire_out_init(w, fd);
        write_request(w, rq, t);
        fine =
            wire_flush(w) &&
            fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0;
    }
    if (!fine) {
        err_set(e, SOUK_EFAIL, "the inputs cannot be handed over: %s", strerror(errno));
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    mem_free(w);
    return fd;
}

/* The model, opened once more: for reading, and with a position of its own. */
static int reopen(int model, struct err *e)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", model);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err_set(e, SOUK_EINPUT, "the model cannot be read: %s", strerror(errno));
    return fd;
}

/* --- the process */

/* Of our surroundings it gets what the loader and the sanitizers look at; no secrets that may be
 * in the rest. */
static char *const *surroundings(char *out[8])
{
    static const char *const names[] = {"LD_LIBRARY_PATH", "LOCPATH", "ASAN_OPTIONS",
                                        "UBSAN_OPTIONS"};
    size_t n = 0;
    for (char **v = environ; *v && n < 7; v++)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            size_t len = strlen(names[i]);
            if (strncmp(*v, names[i], len) == 0 && (*v)[len] == '=' && n < 7)
                out[n++] = *v;
        }
    out[n] = NULL;
    return out;
}

static int actions(posix_spawn_file_actions_t *fa, const int from[4])
{
    int rc = posix_spawn_file_actions_addopen(fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(fa, from[3], STDOUT_FILENO);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(fa, from[3], STDERR_FILENO);
    static const int to[] = {RUNNER_REQUEST, RUNNER_MODEL, RUNNER_ANSWER};
    for (int i = 0; !rc && i < 3; i++)
        rc = posix_spawn_file_actions_adddup2(fa, from[i], to[i]);
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(fa, RUNNER_ANSWER + 1);
    return rc;
}

/* from: request, model, answer, words. */
static int spawn(pid_t *pid, const char *program, const int from[4])
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    char *env[8], name[] = "souk-runner", *const argv[] = {name, NULL};
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int rc = posix_spawn_file_actions_init(&fa);
    if (rc)
        return rc;
    rc = posix_spawnattr_init(&at);
    if (!rc) {
        /* In a group of its own: an interrupt at the terminal is souk's to answer. */
        rc = posix_spawnattr_setflags(&at, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF);
        if (!rc)
            rc = posix_spawnattr_setsigmask(&at, &none);
        if (!rc)
            rc = posix_spawnattr_setsigdefault(&at, &all);
        if (!rc)
            rc = actions(&fa, from);
        if (!rc)
            rc = posix_spawn(pid, program, &fa, &at, argv, surroundings(env));
        posix_spawnattr_destroy(&at);
    }
    posix_spawn_file_actions_destroy(&fa);
    return rc;
}

/* --- its end */

static void shut(struct onnx_run *r, int *fd)
{
    if (*fd < 0)
        return;
    loop_unwatch(r->loop, *fd);
    close(*fd);
    *fd = -1;
}

static void run_free(struct onnx_run *r)
{
    shut(r, &r->answer);
    shut(r, &r->words);
    shut(r, &r->process);
    loop_timer_cancel(r->loop, r->timer);
    run_answer_release(&r->said);
    mem_free(r);
}

/* For a reason of ours; ENDED: it has said all there is. */
static void stop(struct onnx_run *r, enum ending_why why)
{
    if (r->end.why == ENDED && !r->said.ended)
        r->end.why = why;
    /* Not by its number, which may be another's by now. */
    pidfd_send_signal(r->process, SIGKILL, NULL, 0);
}

static void on_time_out(void *ud)
{
    struct onnx_run *r = ud;
    r->timer = 0;
    stop(r, ENDED_LATE);
}

static void on_words(void *ud, int fd, short revents)
{
    struct onnx_run *r = ud;
    char b[1024];
    (void)revents;
    ssize_t n = read(fd, b, sizeof b);
    if (n > 0)
        ending_words(&r->end, b, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        shut(r, &r->words);
}

/* False: there is nothing more for now. */
static bool listen_once(struct onnx_run *r)
{
    ssize_t n = read(r->answer, r->piece, sizeof r->piece);
    if (n < 0 && errno == EINTR)
        return true;
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            shut(r, &r->answer);
        return false;
    }
    if (r->end.why != ENDED || r->said.ended)
        return true;
    if (run_answer_take(&r->said, r->piece, (size_t)n, &r->end.err)) {
        r->said.ended = false; /* nonsense after the end makes all of it doubtful */
        stop(r, ENDED_BADLY);
    } else if (r->said.ended) {
        stop(r, ENDED);
    }
    return true;
}

static void on_answer(void *ud, int fd, short revents)
{
    struct onnx_run *r = ud;
    (void)fd, (void)revents;
    for (int i = 0; i < TURN && r->answer >= 0 && listen_once(r); i++)
        ;
}

/* It is dead. What it wrote before is still in the pipes. */
static void on_dead(void *ud, int fd, short revents)
{
    struct onnx_run *r = ud;
    siginfo_t si = {0};
    (void)revents;
    if (waitid(P_PIDFD, (id_t)fd, &si, WEXITED | WNOHANG) == 0 && si.si_pid == 0)
        return;
    while (r->answer >= 0 && listen_once(r))
        ;
    while (r->words >= 0) {
        size_t before = r->end.n;
        on_words(r, r->words, POLLIN);
        if (r->end.n == before)
            break;
    }
    struct err e = {0};
    bool fine = ending_judge(&r->end, &si, &r->said, &e);
    struct run_result result = r->said.r;
    r->said.r = (struct run_result){0};
    values_init(&r->said.r.outputs);
    struct run_events ev = r->ev;
    void *to = r->ud;
    loop_busy(r->loop, -1);
    run_free(r);
    ev.done(to, fine ? &result : NULL, fine ? NULL : &e);
    run_result_release(&result);
}

void onnx_run_cancel(struct onnx_run *r)
{
    stop(r, ENDED_CANCELLED);
}

/* --- the beginning */

static souk_err launch(struct onnx_run *r, const int from[4], struct err *e)
{
    char program[PATH_BUF];
    souk_err rc = paths_program("souk-runner", program, e);
    if (rc)
        return rc;
    int high[4], why = 0;
    for (int i = 0; i < 4; i++) {
        high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, ABOVE);
        why = high[i] < 0 ? errno : why;
    }
    if (!why)
        why = spawn(&r->pid, program, high);
    for (int i = 0; i < 4; i++)
        if (high[i] >= 0)
            close(high[i]);
    if (why)
        return err_set(e, SOUK_EFAIL, "souk-runner cannot be started: %s", strerror(why));
    r->process = pidfd_open(r->pid, 0);
    if (r->process < 0) {
        why = errno;
        kill(r->pid, SIGKILL);
        waitpid(r->pid, NULL, 0);
        return err_set(e, SOUK_EFAIL, "souk-runner cannot be watched: %s", strerror(why));
    }
    return SOUK_OK;
}

static souk_err watch(struct onnx_run *r, int timeout_ms, struct err *e)
{
    souk_err rc = loop_watch(r->loop, r->answer, POLLIN, on_answer, r, e);
    if (!rc)
        rc = loop_watch(r->loop, r->words, POLLIN, on_words, r, e);
    if (!rc)
        rc = loop_watch(r->loop, r->process, POLLIN, on_dead, r, e);
    r->timer = rc ? 0 : loop_timer(r->loop, timeout_ms, on_time_out, r);
    if (!rc && !r->timer)
        rc = err_nomem(e);
    if (rc) {
        stop(r, ENDED_BADLY);
        waitpid(r->pid, NULL, 0);
    }
    return rc;
}

static souk_err begin(struct onnx_run *r, const struct run_request *rq, struct err *e)
{
    int answer[2] = {-1, -1}, words[2] = {-1, -1};
    struct stat st;
    if (fstat(rq->model, &st) != 0)
        return err_set(e, SOUK_EINPUT, "the model cannot be read: %s", strerror(errno));
    struct wire_task t = task_of(rq, (uint64_t)st.st_size);
    int timeout = rq->timeout_ms ? rq->timeout_ms : RUN_TIMEOUT_MS;
    r->end = (struct ending){.memory = t.memory, .timeout_ms = timeout};
    souk_err rc = SOUK_OK;
    int request = make_request(rq, &t, e), model = request < 0 ? -1 : reopen(rq->model, e);
    if (model < 0)
        rc = SOUK_EFAIL;
    else if (pipe2(answer, O_CLOEXEC | O_NONBLOCK) != 0 ||
             pipe2(words, O_CLOEXEC | O_NONBLOCK) != 0)
        rc = err_set(e, SOUK_EFAIL, "souk-runner cannot be started: %s", strerror(errno));
    r->answer = answer[0];
    r->words = words[0];
    if (!rc) {
        /* It may wait for us, we not for it. */
        fcntl(answer[1], F_SETFL, 0);
        fcntl(words[1], F_SETFL, 0);
        fcntl(answer[0], F_SETPIPE_SZ, 1 << 20);
        rc = launch(r, (const int[]){request, model, answer[1], words[1]}, e);
    }
    const int ours[] = {request, model, answer[1], words[1]};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (ours[i] >= 0)
            close(ours[i]);
    return rc ? rc : watch(r, timeout, e);
}

struct onnx_run *onnx_run_start(struct loop *l, const struct run_request *rq,
                                const struct run_events *ev, void *ud, struct err *e)
{
    if (rq->threads > RUN_THREADS_MAX || rq->repeat > RUN_REPEAT_MAX || rq->warmup > RUN_REPEAT_MAX)
        return err_set(e, SOUK_EUSAGE, "at most %d threads and %d repeats", RUN_THREADS_MAX,
                       RUN_REPEAT_MAX),
               NULL;
    struct onnx_run *r = mem_zalloc(sizeof *r);
    if (!r)
        return err_nomem(e), NULL;
    r->loop = l;
    r->ev = *ev;
    r->ud = ud;
    r->process = r->answer = r->words = -1;
    run_answer_init(&r->said, RUN_OUTPUT_MAX);
    r->said.step = ev->step;
    r->said.ud = ud;
    if (begin(r, rq, e)) {
        run_free(r);
        return NULL;
    }
    loop_busy(l, 1);
    return r;
}
