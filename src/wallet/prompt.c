/*
 * prompt.c: secret_prompt and secret_yes.
 *
 * The terminal stays in canonical mode, so that the user can correct himself; a line is read only
 * when it is complete. Signals that would end us are caught while echo is off, and let through
 * only inside ppoll, so that none can fall between looking and waiting.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "wallet/secret.h"

#include "base/banned.h"

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { ENDING = sizeof ending / sizeof *ending };

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
    caught = sig;
}

struct before {
    struct termios tty;
    struct sigaction action[ENDING], stop;
    sigset_t mask;
};

static void catch_signals(struct before *b)
{
    struct sigaction a = {.sa_handler = on_signal};
    sigset_t block;
    sigemptyset(&block);
    caught = 0;
    for (int i = 0; i < ENDING; i++)
        sigaddset(&block, ending[i]);
    sigprocmask(SIG_BLOCK, &block, &b->mask);
    for (int i = 0; i < ENDING; i++)
        sigaction(ending[i], &a, &b->action[i]);
    a.sa_handler = SIG_IGN; /* a stopped prompt would leave a shell without echo */
    sigaction(SIGTSTP, &a, &b->stop);
}

static void release_signals(const struct before *b)
{
    for (int i = 0; i < ENDING; i++)
        sigaction(ending[i], &b->action[i], NULL);
    sigaction(SIGTSTP, &b->stop, NULL);
    sigprocmask(SIG_SETMASK, &b->mask, NULL);
}

static souk_err write_all(int fd, const char *s, size_t n, struct err *e)
{
    while (n) {
        ssize_t put = write(fd, s, n);
        if (put < 0 && errno == EINTR && !caught)
            continue;
        if (put < 0)
            return err_set(e, SOUK_EFAIL, "cannot write to the terminal: %s", strerror(errno));
        s += put;
        n -= (size_t)put;
    }
    return SOUK_OK;
}

/* A whole line, or a signal. */
static souk_err wait_line(int tty, const sigset_t *mask, struct err *e)
{
    sigset_t open = *mask;
    for (int i = 0; i < ENDING; i++)
        sigdelset(&open, ending[i]);
    struct pollfd p = {.fd = tty, .events = POLLIN};
    while (!caught && ppoll(&p, 1, NULL, &open) < 0) {
        if (errno != EINTR)
            return err_set(e, SOUK_EFAIL, "cannot wait for the terminal: %s", strerror(errno));
    }
    return caught ? err_set(e, SOUK_ECANCEL, "stopped") : SOUK_OK;
}

static souk_err ask(int tty, const char *prompt, const sigset_t *mask, struct secret_text **out,
                    struct err *e)
{
    souk_err r = write_all(tty, prompt, strlen(prompt), e);
    if (!r)
        r = wait_line(tty, mask, e);
    int waiting = 1;
    if (!r && ioctl(tty, FIONREAD, &waiting) == 0 && waiting == 0)
        r = err_set(e, SOUK_ECANCEL, "stopped"); /* Ctrl-D, or nobody there any more */
    if (!r)
        r = secret_read_line(tty, out, e);
    return r;
}

static souk_err prompt_line(int tty, const char *prompt, bool echo, struct secret_text **out,
                            struct err *e)
{
    struct before b;
    *out = NULL;
    if (tcgetattr(tty, &b.tty) != 0)
        return err_set(e, SOUK_EINPUT,
                       "there is no terminal to ask at: give the secret by a descriptor instead");
    catch_signals(&b);
    struct termios asking = b.tty;
    asking.c_lflag &= ~(tcflag_t)ECHO;
    asking.c_lflag |= ICANON | ISIG | ECHONL | (echo ? ECHO | ECHOE : 0);
    asking.c_iflag |= ICRNL;
    souk_err r =
        tcsetattr(tty, TCSAFLUSH, &asking) == 0
            ? ask(tty, prompt, &b.mask, out, e)
            : err_set(e, SOUK_EFAIL, "cannot switch the terminal's echo off: %s", strerror(errno));
    tcsetattr(tty, TCSAFLUSH, &b.tty); /* and forgets the rest of a line too long */
    if (r == SOUK_ECANCEL)
        write_all(tty, "\n", 1, NULL);
    release_signals(&b);
    return r;
}

souk_err secret_prompt(int tty, const char *prompt, struct secret_text **out, struct err *e)
{
    return prompt_line(tty, prompt, false, out, e);
}

souk_err secret_yes(int tty, const char *question, bool *yes, struct err *e)
{
    struct secret_text *answer;
    souk_err r = prompt_line(tty, question, true, &answer, e);
    *yes = !r && (strcasecmp(answer->s, "y") == 0 || strcasecmp(answer->s, "yes") == 0);
    secret_free(answer);
    return r;
}
