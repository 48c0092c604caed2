/*
 * The engine and nothing around it: what souk-runner's own loop is measured against.
 *
 *   bare_ort LIBRARY MODEL INPUT DIM,DIM… OUTPUT REPEATS
 *
 * Runs the model over and over with an input of ones (float32) and prints the median and least
 * nanoseconds of one run, as souk run --repeat does: ten runs to warm up, the clock read around
 * the engine's Run alone, one thread, all optimisations.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "onnx/run.h"
#include "runner/ort.h"

#include "base/banned.h"

enum { WARMUP = 10, RANK = 8 };

static struct ort o;

static void must(ort_status *s)
{
    struct err e;
    if (ort_fail(&o, s, &e)) {
        fprintf(stderr, "bare_ort: %s\n", e.msg);
        exit(1);
    }
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void silent(void *ud, int level, const char *category, const char *id, const char *place,
                   const char *words)
{
    (void)ud, (void)level, (void)category, (void)id, (void)place, (void)words;
}

static ort_session *load(const char *path)
{
    struct stat st;
    ort_env *env;
    ort_options *so;
    ort_session *s;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *p = fd >= 0 && fstat(fd, &st) == 0
                  ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
                  : MAP_FAILED;
    if (p == MAP_FAILED) {
        perror(path);
        exit(1);
    }
    must(o.CreateEnvWithCustomLogger(silent, NULL, ORT_LOG_FATAL, "bare", &env));
    must(o.CreateSessionOptions(&so));
    must(o.SetIntraOpNumThreads(so, 1));
    must(o.SetInterOpNumThreads(so, 1));
    must(o.SetSessionGraphOptimizationLevel(so, 99));
    must(o.CreateSessionFromArray(env, p, (size_t)st.st_size, so, &s));
    return s;
}

static ort_value *ones(const char *dims)
{
    ort_memory *memory;
    ort_value *v;
    int64_t dim[RANK];
    size_t rank = 0, count = 1;
    for (char *p = (char *)(uintptr_t)dims; *p && rank < RANK; p += *p == ',') {
        dim[rank] = strtoll(p, &p, 10);
        count *= (size_t)dim[rank++];
    }
    float *x = mem_array(count, sizeof *x);
    for (size_t i = 0; x && i < count; i++)
        x[i] = 1;
    must(o.CreateCpuMemoryInfo(ORT_ARENA, ORT_MEM_DEFAULT, &memory));
    must(o.CreateTensorWithDataAsOrtValue(memory, x, count * sizeof *x, dim, rank, 1, &v));
    return v;
}

int main(int argc, char **argv)
{
    struct err e;
    struct run_times t = {0};
    if (argc != 7) {
        fputs("usage: bare_ort LIBRARY MODEL INPUT DIM,DIM… OUTPUT REPEATS\n", stderr);
        return 2;
    }
    ort_prepare();
    if (ort_open(argv[1], true, &o, &e)) {
        fprintf(stderr, "bare_ort: %s\n", e.msg);
        return 1;
    }
    ort_session *s = load(argv[2]);
    const ort_value *in = ones(argv[4]);
    const char *const in_name[] = {argv[3]}, *const out_name[] = {argv[5]};
    size_t repeats = (size_t)strtoul(argv[6], NULL, 10);
    t.sample = mem_array(repeats, sizeof *t.sample);
    if (!t.sample)
        return 1;
    for (size_t i = 0; i < WARMUP + repeats; i++) {
        ort_value *out = NULL;
        int64_t start = now();
        ort_status *bad = o.Run(s, NULL, in_name, &in, 1, out_name, 1, &out);
        int64_t ns = now() - start;
        must(bad);
        o.ReleaseValue(out);
        if (i >= WARMUP)
            t.sample[t.samples++] = ns;
    }
    printf("{\"p50_ns\":%lld,\"min_ns\":%lld}\n", (long long)run_percentile(&t, 500),
           (long long)run_percentile(&t, 0));
    return 0;
}
