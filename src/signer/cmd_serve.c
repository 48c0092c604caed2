/*
 * cmd_serve.c: unlocks a wallet and leaves its signer behind.
 *
 * Locked memory is not locked in a forked child, so nothing secret is read
 * before the fork: the child asks for the password (still in the terminal's
 * foreground, so that Ctrl-C reaches it), opens everything, leaves the session,
 * shuts itself in, and only then tells the waiting parent that it serves.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "signer/sandbox.h"
#include "signer/server.h"
#include "signer/signer.h"
#include "wallet/signer.h"
#include "wallet/socket.h"

#include "base/banned.h"

struct serve {
    const char *name, *dir, *socket, *network, *data, *clock;
    int lock_after, password_fd;
};

static souk_err parse(char **argv, struct serve *s, struct err *e)
{
    *s = (struct serve){.lock_after = SIGNER_LOCK_AFTER, .password_fd = -1};
    const struct arg args[] = {
        {"--dir", ARG_TEXT, &s->dir, 0, 0},
        {"--socket", ARG_TEXT, &s->socket, 0, 0},
        {"--network", ARG_TEXT, &s->network, 0, 0},
        {"--data", ARG_TEXT, &s->data, 0, 0},
        {"--clock", ARG_TEXT, &s->clock, 0, 0},
        {"--lock-after", ARG_NUMBER, &s->lock_after, 1, 7 * 86400},
        {"--password-fd", ARG_FD, &s->password_fd, 0, 0},
    };
    souk_err rc = args_parse(argv, args, sizeof args / sizeof *args, &s->name, e);
    if (!rc)
        rc = args_need(s->dir, "--dir", e);
    if (!rc)
        rc = args_need(s->socket, "--socket", e);
    return rc ? rc : args_need(s->network, "--network", e);
}

/* A test's clock must not be a way around the limits of a wallet with money. */
static souk_err set_clock(const struct serve *s, const struct wallet_card *card, struct err *e)
{
    if (!s->clock)
        return SOUK_OK;
    if (!card->play)
        return err_set(e, SOUK_EUSAGE, "--clock is for wallets with play money alone");
    clock_fix(strtoll(s->clock, NULL, 10));
    return SOUK_OK;
}

/* What was inherited is not kept open by us for as long as the wallet is unlocked. */
static void close_others(int a, int b)
{
    int low = a < b ? a : b, high = a < b ? b : a;
    unsigned from = STDERR_FILENO + 1;
    if (low > STDERR_FILENO) {
        close_range(from, (unsigned)low - 1, 0);
        from = (unsigned)low + 1;
    }
    if (high >= (int)from) {
        if (high > (int)from)
            close_range(from, (unsigned)high - 1, 0);
        from = (unsigned)high + 1;
    }
    close_range(from, ~0u, 0);
}

static souk_err leave_session(struct err *e)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    bool ok = null >= 0 && setsid() >= 0 && chdir("/") == 0 && dup2(null, STDIN_FILENO) >= 0 &&
              dup2(null, STDOUT_FILENO) >= 0 && dup2(null, STDERR_FILENO) >= 0;
    if (!ok)
        return err_set(e, SOUK_EFAIL, "the signer cannot leave the terminal: %s", strerror(errno));
    close(null);
    return SOUK_OK;
}

static souk_err unlock(const struct serve *s, int dirfd, struct vault *v, struct err *e)
{
    struct wallet_card card;
    struct secret_text *password = NULL;
    struct wallet_secret *secret = NULL;
    souk_err rc = ask_and_open(s->dir, s->name, s->password_fd, &password, &secret, &card, e);
    if (s->password_fd > STDERR_FILENO)
        close(s->password_fd); /* its other end waits for the last of us to let go */
    if (!rc)
        rc = set_clock(s, &card, e);
    if (!rc)
        rc = vault_open(v, dirfd, &card, secret, password, e);
    secret_free(secret);
    secret_free(password);
    return rc;
}

/* In the child: everything up to serving. */
static souk_err start(const struct serve *s, struct vault *v, struct witness *w,
                      struct server **out, struct err *e)
{
    int dirfd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), sockets = -1;
    if (dirfd < 0)
        return err_set(e, SOUK_ENOTFOUND, "cannot open %s: %s", s->dir, strerror(errno));
    souk_err rc = socket_dir(s->socket, &sockets, e);
    char souk[PATH_BUF];
    /* Before there is a key in this process that a new one could start with. */
    if (!rc && paths_program("souk", souk, NULL) == SOUK_OK)
        witness_start(w, souk, s->network, s->data);
    if (!rc)
        rc = unlock(s, dirfd, v, e);
    if (rc)
        return rc;
    rc = server_open(v, w, sockets, s->lock_after, out, e);
    if (!rc) {
        warn_unlocked();
        rc = leave_session(e);
    }
    return rc ? rc : sandbox_enter(sockets, e);
}

_Noreturn static void serve(const struct serve *s, int report)
{
    struct vault v = {0};
    struct witness w = {.fd = -1};
    struct server *server = NULL;
    struct err e = {0};
    close_others(report, s->password_fd);
    souk_err rc = start(s, &v, &w, &server, &e);
    e.code = rc;
    bool told = write(report, &e, sizeof e) == sizeof e;
    close(report);
    if (!rc && told)
        server_run(server);
    if (server)
        server_close(server);
    witness_end(&w);
    vault_close(&v);
    _exit(rc ? 1 : 0);
}

/* The child is gone, and said nothing. */
static souk_err ended(pid_t pid, struct err *e)
{
    int status = 0;
    bool stopped =
        waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT;
    return stopped ? err_set(e, SOUK_ECANCEL, "stopped")
                   : err_set(e, SOUK_EFAIL, "the signer ended without a word");
}

souk_err cmd_serve(char **argv, struct err *e)
{
    struct serve s;
    int report[2];
    souk_err rc = parse(argv, &s, e);
    if (rc)
        return rc;
    pid_t pid = pipe2(report, O_CLOEXEC) == 0 ? fork() : -1;
    if (pid < 0)
        return err_set(e, SOUK_EFAIL, "the signer cannot be started: %s", strerror(errno));
    if (pid == 0)
        serve(&s, report[1]);
    close(report[1]);
    signal(SIGINT, SIG_IGN); /* the child answers it, and puts the terminal in order */
    struct err said = {0};
    ssize_t n;
    do
        n = read(report[0], &said, sizeof said);
    while (n < 0 && errno == EINTR);
    if (n != sizeof said)
        return ended(pid, e);
    return said.code ? err_set(e, said.code, "%s", said.msg) : SOUK_OK;
}
