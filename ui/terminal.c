#include "ui/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/banned.h"

enum {
    READ_MAX = 4096,
    READS_MAX = 16, /* per turn, so that a paste of megabytes cannot starve the rest */
};

void terminal_init(struct terminal *t, struct loop *l, struct backend *b,
                   const struct terminal_events *on, void *ud)
{
    *t = (struct terminal){.loop = l, .backend = b, .on = *on, .ud = ud, .fd = -1, .lent = -1};
    input_init(&t->input);
}

void terminal_release(struct terminal *t)
{
    loop_timer_cancel(t->loop, t->esc_timer);
    input_release(&t->input);
    if (t->lent >= 0) {
        close(t->lent);
    }
}

/* --- keys */

static void esc_expired(void *ud)
{
    struct terminal *t = ud;
    t->esc_timer = 0;
    input_flush(&t->input, t->on.event, t->ud);
}

/* All that is there, up to a bound: a thousand keys cost one frame. */
static void on_readable(void *ud, int fd, short revents)
{
    struct terminal *t = ud;
    char bytes[READ_MAX];
    (void)revents;
    for (int i = 0; i < READS_MAX && t->lent < 0 && !t->on.enough(t->ud); i++) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) {
            t->on.gone(t->ud, 0);
            return;
        }
        if (n > 0) {
            input_feed(&t->input, bytes, (size_t)n, t->on.event, t->ud);
        }
        struct pollfd more = {.fd = fd, .events = POLLIN};
        if (poll(&more, 1, 0) <= 0) {
            break;
        }
    }
    loop_timer_cancel(t->loop, t->esc_timer);
    t->esc_timer = 0;
    if (t->lent < 0 && input_pending(&t->input)) {
        t->esc_timer = loop_timer(t->loop, INPUT_ESC_MS, esc_expired, t);
    }
}

/* --- to the shell and back */

static void measure(struct terminal *t)
{
    int w, h;
    t->backend->ops->size(t->backend, &w, &h);
    t->on.resized(t->ud, w, h);
}

void terminal_stop(struct terminal *t)
{
    if (t->lent >= 0) { /* what it looks like is the borrower's */
        raise(SIGSTOP);
        return;
    }
    t->backend->ops->suspend(t->backend);
    raise(SIGSTOP);
    t->backend->ops->resume(t->backend);
    measure(t);
}

static void on_signal(void *ud, int signo)
{
    struct terminal *t = ud;
    bool lent = t->lent >= 0;
    if (signo == SIGTSTP) {
        terminal_stop(t);
    } else if (signo == SIGWINCH && !lent) {
        measure(t);
    } else if (signo == SIGTERM || signo == SIGHUP || (signo == SIGINT && !lent)) {
        t->on.gone(t->ud, SOUK_ECANCEL);
    }
}

souk_err terminal_start(struct terminal *t, struct err *e)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP};
    int fd = t->backend->ops->input_fd(t->backend);
    if (fd < 0) {
        return SOUK_OK;
    }
    souk_err rc = loop_watch(t->loop, fd, POLLIN, on_readable, t, e);
    if (!rc) {
        t->fd = fd;
    }
    for (size_t i = 0; !rc && i < sizeof signals / sizeof signals[0]; i++) {
        rc = loop_signal(t->loop, signals[i], on_signal, t, e);
    }
    return rc;
}

void terminal_end(struct terminal *t)
{
    t->backend->ops->suspend(t->backend); /* first of all: the shell gets its terminal back */
    if (t->fd >= 0) {
        loop_unwatch(t->loop, t->fd);
        t->fd = -1;
    }
}

/* --- lending */

/* A password typed before it is asked for must not stand on the screen; whoever asks sets the
 * modes he needs, and taking it back sets ours. */
static void hide_typing(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) == 0) {
        t.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(fd, TCSANOW, &t);
    }
}

int terminal_lend(struct terminal *t, const char *words)
{
    if (t->lent >= 0) {
        BUG("the terminal is lent already");
    }
    if (t->fd < 0) {
        return -1;
    }
    int fd = t->backend->ops->open_terminal(t->backend);
    if (fd < 0) {
        return -1;
    }
    loop_unwatch(t->loop, t->fd);
    loop_timer_cancel(t->loop, t->esc_timer);
    t->esc_timer = 0;
    t->lent = fd;
    t->backend->ops->suspend(t->backend);
    hide_typing(fd);
    /* Only words for the eye: whoever borrows it says what matters. */
    ssize_t said = write(fd, words, strlen(words));
    said = said < 0 ? said : write(fd, "\n", 1);
    (void)said;
    return fd;
}

void terminal_take(struct terminal *t)
{
    if (t->lent < 0) {
        return;
    }
    tcflush(t->lent, TCIFLUSH);
    close(t->lent);
    t->lent = -1;
    input_release(&t->input);
    input_init(&t->input);
    t->backend->ops->resume(t->backend);
    struct err e = {0};
    if (t->fd >= 0 && loop_watch(t->loop, t->fd, POLLIN, on_readable, t, &e)) {
        t->on.gone(t->ud, (int)e.code); /* without keys there is nothing left to do here */
        return;
    }
    measure(t);
}

bool terminal_is_lent(const struct terminal *t)
{
    return t->lent >= 0;
}
