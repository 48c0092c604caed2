/*
 * souk-runner: runs one model and ends; see runner.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner/jail.h"
#include "runner/runner.h"

#include "base/banned.h"

enum { HEAPS = 2 }; /* each of a thread's own would take 64 MiB of address space */

static void be_silent(void *ud, int level, const char *category, const char *id, const char *place,
                      const char *words)
{
    (void)ud, (void)level, (void)category, (void)id, (void)place, (void)words;
}

/* The first of the places that is usable; none: what each of them is. */
static souk_err open_engine(const struct engine_search *s, struct ort *o, struct err *e)
{
    struct buf said;
    struct err one;
    souk_err r = SOUK_EFAIL;
    buf_init(&said, 1 << 16);
    for (unsigned i = 0; r && i < s->places; i++) {
        r = ort_open(s->place[i], true, o, &one);
        if (r)
            buf_addf(&said, "%s%s", said.len ? "; " : "", one.msg);
    }
    if (r)
        r = err_set(e, SOUK_ENOTFOUND,
                    "no ONNX Runtime that can be used: `souk doctor --engine` gets one (%s)",
                    said.p);
    buf_release(&said);
    return r;
}

static souk_err start_engine(const struct ort *o, struct ort_use *u, struct err *e)
{
    u->o = o;
    souk_err r = ort_fail(
        o, o->CreateEnvWithCustomLogger(be_silent, NULL, ORT_LOG_FATAL, "souk", &u->env), e);
    if (!r)
        r = ort_fail(o, o->GetAllocatorWithDefaultOptions(&u->allocator), e);
    if (!r)
        r = ort_fail(o, o->CreateCpuMemoryInfo(ORT_ARENA, ORT_MEM_DEFAULT, &u->memory), e);
    return r;
}

static souk_err map_model(struct model_bytes *m, struct err *e)
{
    struct stat st;
    void *p = MAP_FAILED;
    if (fstat(RUNNER_MODEL, &st) == 0 && st.st_size > 0)
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, RUNNER_MODEL, 0);
    if (p == MAP_FAILED)
        return err_set(e, SOUK_EINPUT, "the model cannot be read: %s",
                       st.st_size ? strerror(errno) : "it is empty");
    *m = (struct model_bytes){.p = p, .n = (size_t)st.st_size};
    close(RUNNER_MODEL);
    return SOUK_OK;
}

static souk_err open_folder(const char *path, int *fd, struct err *e)
{
    *fd = -1;
    if (!path[0])
        return SOUK_OK;
    *fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return *fd >= 0 ? SOUK_OK
                    : err_set(e, SOUK_EINPUT, "the folder of the model's weights, %s: %s", path,
                              strerror(errno));
}

static souk_err run(struct wire_out *out, struct request *rq, struct err *e)
{
    struct ort o;
    struct ort_use u;
    struct model_bytes m = {0};
    struct jail j = {.answer = RUNNER_ANSWER};
    souk_err r = jail_prepare(rq->task.parent, e);
    if (r)
        return r;
    int64_t start = nanoseconds();
    ort_prepare();
    say_step(out, STEP_ENGINE, 0, 0);
    r = open_engine(&rq->engine, &o, e);
    if (!r)
        r = start_engine(&o, &u, e);
    if (r)
        return r;
    int64_t engine = nanoseconds() - start;
    wire_frame(out, WIRE_ENGINE, o.version, strlen(o.version));
    r = map_model(&m, e);
    if (!r)
        r = open_folder(rq->folder, &j.folder, e);
    /* What normalises texts asks for this one. Once loaded it needs no file any more; where it is
     * not installed, such a model says so. */
    locale_t texts = newlocale(LC_ALL_MASK, "en_US.UTF-8", NULL);
    (void)texts;
    j.status = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    j.memory = rq->task.memory;
    j.seconds = rq->task.seconds;
    j.threads = rq->task.threads > 1;
    if (!r)
        r = jail_enter(&j, e);
    return r ? r : session_run(&u, rq, m, engine, j.status, out, e);
}

static souk_err answer_error(struct wire_out *out, const struct request *rq, struct err *e)
{
    if (e->code == SOUK_ENOMEM)
        wire_over_memory(rq->task.memory, e);
    uint8_t b[1 + ERR_MSG_MAX] = {(uint8_t)e->code};
    size_t n = strlen(e->msg);
    memcpy(b + 1, e->msg, n);
    wire_frame(out, WIRE_ERROR, b, 1 + n);
    wire_flush(out);
    return e->code;
}

static souk_err probe(const char *path, struct err *e)
{
    struct ort o;
    souk_err r = ort_open(path, false, &o, e);
    if (!r)
        puts(o.version);
    return r;
}

int main(int argc, char **argv)
{
    static struct wire_out out;
    struct request rq;
    struct err e = {0};
    souk_err r;
    signal(SIGPIPE, SIG_IGN);
    mallopt(M_ARENA_MAX, HEAPS);
    if (argc == 3 && strcmp(argv[1], "--probe") == 0) {
        ort_prepare();
        r = probe(argv[2], &e);
    } else {
        r = request_read(RUNNER_REQUEST, &rq, &e);
        if (!r) {
            close(RUNNER_REQUEST);
            wire_out_init(&out, RUNNER_ANSWER);
            r = run(&out, &rq, &e);
            if (r)
                answer_error(&out, &rq, &e);
            _exit(r ? 1 : 0); /* not through what the engine would tidy up */
        }
    }
    if (r)
        fprintf(stderr, "%s\n", e.msg);
    fflush(stdout);
    _exit((int)r);
}
