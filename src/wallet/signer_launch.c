#include "wallet/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/banned.h"

enum { ARGS_MAX = 32 };

souk_err signer_dir(char out[PATH_BUF], struct err *e)
{
    char leaf[PATH_BUF];
    souk_err rc = paths_get(PATH_DATA, "wallets/.", leaf, e); /* makes the directory */
    return rc ? rc : paths_get(PATH_DATA, "wallets", out, e);
}

/* In the child, between fork and exec: system calls alone. */
_Noreturn static void become(const char *program, char *const *argv, const int *keep, int words)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    for (const int *k = keep; k && *k >= 0; k++)
        fcntl(*k, F_SETFD, 0);
    if (dup2(words, STDERR_FILENO) >= 0)
        execv(program, argv);
    _exit(127);
}

/* What it wrote to stderr, as one line without our own name in front. */
static void read_words(int fd, char out[ERR_MSG_MAX])
{
    static const char name[] = "souk-signer: ";
    char text[2 * ERR_MSG_MAX];
    size_t n = 0;
    ssize_t k;
    while ((k = read(fd, text + n, sizeof text - 1 - n)) > 0 || (k < 0 && errno == EINTR)) {
        n += k > 0 ? (size_t)k : 0;
        if (n == sizeof text - 1)
            n /= 2; /* a flood: the end of it is as good */
    }
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\r'))
        n--;
    text[n] = '\0';
    const char *line = strrchr(text, '\n');
    line = line ? line + 1 : text;
    if (strncmp(line, name, sizeof name - 1) == 0)
        line += sizeof name - 1;
    snprintf(out, ERR_MSG_MAX, "%.*s", ERR_MSG_MAX - 1, line);
}

static souk_err outcome_of(pid_t pid, const char *words, struct err *e)
{
    int status = 0;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return err_set(e, SOUK_EFAIL, "souk-signer cannot be waited for: %s", strerror(errno));
    }
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == 0)
        return SOUK_OK;
    if (code > 0 && words[0])
        return err_set(e, (souk_err)code, "%s", words);
    return err_set(e, code > 0 && code != 127 ? (souk_err)code : SOUK_EFAIL,
                   "souk-signer ended without saying why");
}

souk_err signer_run(const char *const *argv, const int *keep, struct err *e)
{
    char program[PATH_BUF];
    char *args[ARGS_MAX + 2];
    size_t n = 0;
    int words[2];
    souk_err rc = paths_program("souk-signer", program, e);
    if (rc)
        return rc;
    args[n++] = program;
    for (; *argv; argv++) {
        if (n > ARGS_MAX)
            BUG("souk-signer is started with more than %d arguments", ARGS_MAX);
        args[n++] = (char *)(uintptr_t)*argv;
    }
    args[n] = NULL;
    pid_t pid = pipe2(words, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid < 0)
        return err_set(e, SOUK_EFAIL, "souk-signer cannot be started: %s", strerror(errno));
    if (pid == 0)
        become(program, args, keep, words[1]);
    close(words[1]);
    char text[ERR_MSG_MAX];
    read_words(words[0], text);
    close(words[0]);
    return outcome_of(pid, text, e);
}

souk_err signer_unlock(const struct signer_start *s, struct err *e)
{
    char dir[PATH_BUF], sockets[PATH_BUF], leaf[PATH_BUF], after[16], password[16];
    if (s->gate < 0)
        return err_set(e, SOUK_EINPUT,
                       "the wallet %s is locked, and there is nowhere to ask for its password",
                       s->wallet);
    souk_err rc = signer_dir(dir, e);
    if (!rc)
        rc = paths_get(PATH_STATE, "signer/.", leaf, e);
    if (!rc)
        rc = paths_get(PATH_STATE, "signer", sockets, e);
    if (rc)
        return rc;
    snprintf(after, sizeof after, "%d", s->lock_after ? s->lock_after : SIGNER_LOCK_AFTER);
    snprintf(password, sizeof password, "%d", s->gate);
    const char *argv[ARGS_MAX] = {"serve",        s->wallet, "--dir",     dir,
                                  "--socket",     sockets,   "--network", s->network,
                                  "--lock-after", after};
    size_t n = 10;
    if (paths_overridden()) {
        argv[n++] = "--data";
        argv[n++] = paths_overridden();
    }
    const int keep[] = {s->gate, -1};
    bool terminal = isatty(s->gate) == 1; /* it asks at its own, which is the same */
    if (!terminal) {
        argv[n++] = "--password-fd";
        argv[n++] = password;
    }
    return signer_run(argv, terminal ? NULL : keep, e);
}
