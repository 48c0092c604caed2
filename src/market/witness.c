#include "market/witness.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "eth/typed.h"
#include "market/fate.h"
#include "net/loop.h"

#include "base/banned.h"

enum { LINE_MOST = 1024, QUERIES = 64, FIELDS = 11, ID_MOST = 32 };

struct inquiry {
    struct witness *w;
    struct fate_query *query; /* NULL: free */
    char id[ID_MOST + 1];
};

struct witness {
    const char *network;
    struct loop *loop;
    struct http *http;
    struct inquiry inquiry[QUERIES];
    char line[LINE_MOST];
    size_t len;
    bool skipping; /* the rest of a line that is too long */
};

/* --- answering */

static void say(struct witness *w, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t put = write(STDOUT_FILENO, text, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) { /* nobody listens any more */
            loop_stop(w->loop, 0);
            return;
        }
        text += put;
        n -= (size_t)put;
    }
}

static void answer(struct witness *w, const char *id, const struct fate *f)
{
    static const char *const word[] = {
        [FATE_OPEN] = "open",
        [FATE_SETTLED] = "settled",
        [FATE_LAPSED] = "lapsed",
        [FATE_CANCELLED] = "cancelled",
    };
    char charged[U256_DEC], tx[HASH_BUF];
    struct buf line;
    buf_init(&line, LINE_MOST);
    buf_addf(&line, "%s %s %s %s\n", id, word[f->kind], u256_to_dec(f->charged, charged),
             bytes32_format(f->tx, tx));
    say(w, line.p, line.len);
    buf_release(&line);
}

static void answered(void *ud, const struct fate *f)
{
    struct inquiry *q = ud;
    q->query = NULL;
    answer(q->w, q->id, f);
}

/* --- questions */

static bool number(const char *s, u256 *out)
{
    return u256_from_dec(s, strlen(s), out);
}

static bool small(const char *s, uint64_t most, uint64_t *out)
{
    u256 v;
    return number(s, &v) && u256_fits_u64(v, out) && *out <= most;
}

static bool place(const char *s, address *out)
{
    return address_parse(s, strlen(s), out);
}

/* ID KIND CHAIN TOKEN FROM TO AMOUNT NONCE VALID_BEFORE SINCE FACILITATOR */
static bool read_question(char *const f[FIELDS], struct typed *t, int64_t *since)
{
    uint64_t kind, at;
    *t = (struct typed){.kind = TYPED_EIP3009};
    if (!small(f[1], TYPED_PERMIT, &kind) || !small(f[2], INT64_MAX, &t->chain) ||
        !place(f[3], &t->token) || !place(f[4], &t->from) || !place(f[5], &t->to) ||
        !number(f[6], &t->amount) || !bytes32_parse(f[7], strlen(f[7]), &t->nonce) ||
        !small(f[8], UINT64_MAX, &t->valid_before) || !small(f[9], INT64_MAX, &at) ||
        !place(f[10], &t->facilitator))
        return false;
    t->kind = (enum typed_kind)kind;
    *since = (int64_t)at;
    return kind == TYPED_EIP3009 || kind == TYPED_EXACT || kind == TYPED_UPTO;
}

static struct inquiry *free_place(struct witness *w)
{
    for (size_t i = 0; i < QUERIES; i++) {
        if (w->inquiry[i].query == NULL)
            return &w->inquiry[i];
    }
    return NULL;
}

/* The profile is read for each question: a devnet comes and goes with other ports. */
static struct fate_query *ask(struct inquiry *q, const struct typed *t, int64_t since)
{
    struct config *c = mem_zalloc(sizeof *c);
    struct fate_query *query = NULL;
    struct err e;
    if (c == NULL)
        return NULL;
    if (config_load(c, &e) == SOUK_OK) {
        const struct network *n = config_network(c, q->w->network);
        if (n != NULL)
            query = fate_ask(q->w->http, n, t, since, answered, q, &e);
    }
    mem_free(c);
    return query;
}

static bool id_ok(const char *id)
{
    size_t n = strlen(id);
    return n > 0 && n <= ID_MOST && strspn(id, "0123456789abcdefABCDEFx") == n;
}

/* A line that is no question is passed over; one that cannot be answered has an open fate. */
static void take_line(struct witness *w, char *line)
{
    static const struct fate open = {.kind = FATE_OPEN};
    char *field[FIELDS], *rest = line;
    struct typed t;
    int64_t since;
    size_t n = 0;
    for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL; n++) {
        if (n < FIELDS)
            field[n] = word;
    }
    if (n != FIELDS || !id_ok(field[0]))
        return;
    struct inquiry *q = free_place(w);
    if (q != NULL && read_question(field, &t, &since)) {
        memcpy(q->id, field[0], strlen(field[0]) + 1);
        q->query = ask(q, &t, since);
        if (q->query != NULL)
            return;
    }
    answer(w, field[0], &open);
}

static void take_byte(struct witness *w, char c)
{
    if (c == '\n') {
        w->line[w->len] = '\0';
        if (!w->skipping)
            take_line(w, w->line);
        w->len = 0;
        w->skipping = false;
    } else if (c == '\0' || w->len + 1 == sizeof w->line) {
        w->skipping = true;
    } else if (!w->skipping) {
        w->line[w->len++] = c;
    }
}

static void readable(void *ud, int fd, short revents)
{
    struct witness *w = ud;
    char part[4096];
    (void)revents;
    ssize_t n = read(fd, part, sizeof part);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        loop_stop(w->loop, 0);
        return;
    }
    for (ssize_t i = 0; i < n; i++)
        take_byte(w, part[i]);
}

souk_err witness_run(const char *network, struct err *e)
{
    struct witness *w = mem_zalloc(sizeof *w);
    if (w == NULL)
        return err_nomem(e);
    w->network = network;
    for (size_t i = 0; i < QUERIES; i++)
        w->inquiry[i].w = w;
    souk_err c = SOUK_OK;
    if ((w->loop = loop_new(e)) == NULL || (w->http = http_new(w->loop, e)) == NULL)
        c = SOUK_ENOMEM;
    if (c == SOUK_OK)
        c = loop_watch(w->loop, STDIN_FILENO, POLLIN, readable, w, e);
    if (c == SOUK_OK)
        loop_run(w->loop);
    for (size_t i = 0; i < QUERIES; i++)
        fate_cancel(w->inquiry[i].query);
    if (w->http != NULL)
        http_free(w->http);
    if (w->loop != NULL)
        loop_free(w->loop);
    mem_free(w);
    return c;
}
