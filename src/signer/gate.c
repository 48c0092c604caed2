#include "signer/gate.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/mem.h"

#include "base/banned.h"

enum { TRIES = 3, SAY_WAIT_MS = 1000 };

enum { KEY_ETX = 3, KEY_EOT = 4, KEY_BS = 8, KEY_NAK = 21, KEY_ESC = 27, KEY_DEL = 127 };

struct gate {
    struct vault *v;
    int fd;
    bool tty;
    struct termios was;
    unsigned tries;
    struct secret_text *typed;
};

/* The terminal may be stopped: then what is said is lost, but nobody waits for it for long. */
static void say(const struct gate *g, const char *s, size_t n)
{
    struct pollfd p = {.fd = g->fd, .events = POLLOUT};
    while (g->tty && n && poll(&p, 1, SAY_WAIT_MS) == 1 && (p.revents & POLLOUT)) {
        ssize_t k = write(g->fd, s, n < 128 ? n : 128);
        if (k <= 0)
            return;
        s += k;
        n -= (size_t)k;
    }
}

static void says(const struct gate *g, const char *s)
{
    say(g, s, strlen(s));
}

/* Lines of our own making; the terminal is raw. */
static void say_lines(const struct gate *g, const char *s)
{
    for (const char *end; (end = strchr(s, '\n')); s = end + 1) {
        say(g, s, (size_t)(end - s));
        says(g, "\r\n");
    }
    says(g, s);
    says(g, "\r\n");
}

/* And throws away what was typed; without waiting for output, which may be stopped. */
static bool set_terminal(int fd, const struct termios *t)
{
    return tcflush(fd, TCIFLUSH) == 0 && tcsetattr(fd, TCSANOW, t) == 0;
}

static bool make_raw(struct gate *g)
{
    if (tcgetattr(g->fd, &g->was) != 0)
        return false;
    struct termios t = g->was;
    t.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ECHONL | ISIG | IEXTEN);
    t.c_iflag &= ~(tcflag_t)(IXON | ISTRIP);
    t.c_iflag |= ICRNL;
    t.c_oflag &= ~(tcflag_t)OPOST;
    t.c_cc[VMIN] = 0; /* a read never waits, whoever else reads here */
    t.c_cc[VTIME] = 0;
    return set_terminal(g->fd, &t);
}

souk_err gate_start(struct vault *v, int fd, const char *question, struct gate **out, struct err *e)
{
    *out = NULL;
    struct stat st;
    struct gate *g = mem_zalloc(sizeof *g);
    if (g)
        g->typed = secret_alloc(sizeof *g->typed);
    if (!g || !g->typed) {
        mem_free(g);
        close(fd);
        return err_nomem(e);
    }
    g->v = v;
    g->fd = fd;
    g->tty = isatty(fd) == 1;
    if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode) || (g->tty && !make_raw(g))) {
        g->tty = false;
        gate_end(g);
        return err_set(e, SOUK_EINPUT,
                       "there is nobody to ask there: give a terminal, or a pipe "
                       "with the password");
    }
    says(g, "\r\n");
    say_lines(g, question);
    says(g, "\r\nThe password of the wallet ");
    says(g, v->card.name);
    says(g, " says yes, an empty line no: ");
    *out = g;
    return SOUK_OK;
}

int gate_fd(const struct gate *g)
{
    return g->fd;
}

/* A whole line was typed. */
static enum gate_state judge(struct gate *g)
{
    struct secret_text *t = g->typed;
    bool empty = t->n == 0;
    t->s[t->n] = '\0';
    if (!empty)
        says(g, "\r\n");
    bool right = !empty && vault_password_is(g->v, t);
    secret_wipe(t, sizeof *t);
    if (right)
        return GATE_YES;
    if (empty || ++g->tries == TRIES || g->v->wrong >= VAULT_WRONG_MAX)
        return GATE_NO;
    says(g, "That is not it. Once more: ");
    return GATE_OPEN;
}

static void erase(struct secret_text *t)
{
    while (t->n && ((unsigned char)t->s[t->n - 1] & 0xC0) == 0x80)
        t->n--;
    t->n -= t->n > 0;
}

static enum gate_state key(struct gate *g, unsigned char c)
{
    struct secret_text *t = g->typed;
    if (c == '\n' || c == '\r')
        return judge(g);
    if (g->tty) {
        switch (c) {
        case KEY_ETX:
        case KEY_ESC:
            return GATE_NO;
        case KEY_EOT:
            return t->n ? GATE_OPEN : GATE_NO;
        case KEY_BS:
        case KEY_DEL:
            erase(t);
            return GATE_OPEN;
        case KEY_NAK:
            secret_wipe(t, sizeof *t);
            return GATE_OPEN;
        }
    }
    if (c == '\0' || t->n == SECRET_TEXT_MAX - 1)
        return GATE_NO;
    t->s[t->n++] = (char)c;
    return GATE_OPEN;
}

/* One byte at a time, and none beyond the line: what follows it in a pipe is not ours. */
enum gate_state gate_step(struct gate *g)
{
    unsigned char c;
    enum gate_state s = GATE_OPEN;
    struct pollfd p = {.fd = g->fd, .events = POLLIN};
    while (s == GATE_OPEN && poll(&p, 1, 0) == 1) {
        ssize_t k = read(g->fd, &c, 1);
        if (k < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (k == 1)
            s = key(g, c);
        else if (g->typed->n && !g->tty)
            s = judge(g) == GATE_YES ? GATE_YES : GATE_NO; /* a line without an end */
        else
            s = GATE_NO;
    }
    secret_wipe(&c, 1);
    return s;
}

void gate_end(struct gate *g)
{
    if (!g)
        return;
    if (g->tty) {
        says(g, "\r\n");
        set_terminal(g->fd, &g->was);
    }
    secret_free(g->typed);
    close(g->fd);
    secret_wipe(g, sizeof *g);
    mem_free(g);
}
