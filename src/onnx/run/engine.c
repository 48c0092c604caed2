#include "onnx/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

#ifdef __aarch64__
#define MACHINE "arm64"
#else
#define MACHINE "x64"
#endif
#define NPM_LIBRARY \
    "devnet/node_modules/onnxruntime-node/bin/napi-v6/linux/" MACHINE "/libonnxruntime.so.1"

enum { PROBE_MS = 10000 };

static void add(struct engine_search *s, const char *path)
{
    snprintf(s->place[s->places++], PATH_BUF, "%s", path);
}

void engine_places(const char *configured, struct engine_search *out)
{
    char dir[PATH_BUF], path[PATH_BUF + sizeof "/" ENGINE_LEAF];
    out->places = 0;
    if (configured && configured[0]) /* there or not: what the user says is said back */
        add(out, configured);
    if (paths_get(PATH_DATA, NULL, dir, NULL) == SOUK_OK) {
        snprintf(path, sizeof path, "%s/" ENGINE_LEAF, dir);
        if (strlen(path) < PATH_BUF && access(path, F_OK) == 0)
            add(out, path);
    }
    if (paths_asset(NPM_LIBRARY, dir, NULL) == SOUK_OK)
        add(out, dir);
    add(out, "libonnxruntime.so.1");
}

bool engine_version_ok(const char *version, const char **why)
{
    int major = 0, minor = 0, patch = 0;
    *why = "that is no version of ONNX Runtime";
    if (sscanf(version, "%d.%d.%d", &major, &minor, &patch) < 3 || major < 0 || minor < 0)
        return false;
    *why = "before 1.24.1, a model can read any file of its user";
    if (major < 1 || (major == 1 && (minor < 24 || (minor == 24 && patch < 1))))
        return false;
    *why = "from 1.29 on, the published library reports to its maker";
    if (major > 1 || minor > 28)
        return false;
    *why = "";
    return true;
}

/* --- asking souk-runner */

/* All it says; false when that takes too long. */
static bool listen_to(int fd, char *out, size_t room)
{
    size_t n = 0;
    int64_t end = clock_mono_ms() + PROBE_MS;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (;;) {
        int64_t left = end - clock_mono_ms();
        int rc = left > 0 ? poll(&p, 1, (int)left) : 0;
        if (rc < 0 && errno == EINTR)
            continue;
        ssize_t k = rc == 1 ? read(fd, out + n, room - 1 - n) : -1;
        if (k <= 0) {
            out[n] = '\0';
            return k == 0;
        }
        n += (size_t)k;
    }
}

/* Runs `souk-runner --probe PLACE`. True: out is a version; else it is why not. */
static bool ask(const char *program, const char *place, char out[ERR_MSG_MAX])
{
    int words[2], status = 0;
    pid_t pid;
    char name[] = "souk-runner", probe[] = "--probe";
    char *const argv[] = {name, probe, (char *)(uintptr_t)place, NULL};
    posix_spawn_file_actions_t fa;
    int rc = pipe2(words, O_CLOEXEC) == 0 ? posix_spawn_file_actions_init(&fa) : errno;
    if (rc) {
        snprintf(out, ERR_MSG_MAX, "%s", strerror(rc));
        return false;
    }
    rc = posix_spawn_file_actions_adddup2(&fa, words[1], STDOUT_FILENO);
    if (!rc)
        rc = posix_spawn_file_actions_adddup2(&fa, words[1], STDERR_FILENO);
    if (!rc)
        rc = posix_spawn(&pid, program, &fa, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&fa);
    close(words[1]);
    if (rc) {
        snprintf(out, ERR_MSG_MAX, "souk-runner cannot be started: %s", strerror(rc));
    } else {
        bool whole = listen_to(words[0], out, ERR_MSG_MAX);
        if (!whole)
            kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
        if (!whole)
            snprintf(out, ERR_MSG_MAX, "loading it takes too long");
    }
    close(words[0]);
    out[strcspn(out, "\n")] = '\0';
    return !rc && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

size_t engine_probe(const struct engine_search *s, struct engine_found out[ENGINE_PLACES])
{
    char program[PATH_BUF], words[ERR_MSG_MAX];
    struct err e = {0};
    souk_err r = paths_program("souk-runner", program, &e);
    for (unsigned i = 0; i < s->places; i++) {
        struct engine_found *f = &out[i];
        const char *why = e.msg;
        *f = (struct engine_found){.place = s->place[i]};
        if (!r && ask(program, s->place[i], words)) {
            snprintf(f->version, sizeof f->version, "%.*s", (int)sizeof f->version - 1, words);
            f->usable = engine_version_ok(f->version, &why);
        } else if (!r) {
            why = words;
        }
        snprintf(f->words, sizeof f->words, "%s", why);
    }
    return s->places;
}
