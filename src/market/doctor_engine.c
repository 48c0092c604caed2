/* The engine that runs models: where it is, and getting it. */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/paths.h"
#include "market/doctor.h"
#include "onnx/engine.h"

#include "base/banned.h"

void doctor_engine(const struct config *c, check_fn fn, void *ud)
{
    struct engine_search s;
    struct engine_found found[ENGINE_PLACES];
    bool usable = false;
    engine_places(c->engine, &s);
    size_t n = engine_probe(&s, found);
    for (size_t i = 0; i < n; i++) {
        const struct engine_found *f = &found[i];
        struct check one = {.name = "engine"};
        if (f->usable && !usable)
            snprintf(one.text, sizeof one.text, "ONNX Runtime %s, %.400s", f->version, f->place);
        else if (f->usable)
            continue; /* as good, and not needed */
        else if (f->version[0])
            snprintf(one.text, sizeof one.text, "%.300s is version %s, which is not used: %.100s",
                     f->place, f->version, f->words);
        else if (i + 1 < n || !usable) /* that the system has none is no news */
            snprintf(one.text, sizeof one.text, "%.500s", f->words);
        else
            continue;
        one.state = f->usable ? CHECK_OK : CHECK_NOTE;
        usable |= f->usable;
        fn(ud, &one);
    }
    if (!usable) {
        struct check none = {.name = "engine", .state = CHECK_NOTE};
        snprintf(none.text, sizeof none.text,
                 "no ONNX Runtime that can be used: `souk doctor --engine` gets one");
        fn(ud, &none);
    }
}

souk_err doctor_get_engine(struct err *e)
{
    char setup[PATH_BUF], dir[PATH_BUF], sh[] = "sh", verb[] = "engine";
    souk_err r = paths_asset("setup.sh", setup, e);
    if (!r)
        r = paths_get(PATH_DATA, "engine", dir, e);
    if (r)
        return r;
    char *const argv[] = {sh, setup, verb, dir, NULL};
    posix_spawn_file_actions_t fa;
    pid_t pid;
    int status = 0, rc = posix_spawn_file_actions_init(&fa);
    if (!rc) {
        /* What it says is talk. */
        rc = posix_spawn_file_actions_adddup2(&fa, STDERR_FILENO, STDOUT_FILENO);
        if (!rc)
            rc = posix_spawn(&pid, "/bin/sh", &fa, NULL, argv, environ);
        posix_spawn_file_actions_destroy(&fa);
    }
    if (rc)
        return err_set(e, SOUK_EFAIL, "%s cannot be run: %s", setup, strerror(rc));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT)
        return err_set(e, SOUK_ECANCEL, "stopped");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? SOUK_OK
               : err_set(e, SOUK_EFAIL, "ONNX Runtime could not be got; the line above says why");
}
