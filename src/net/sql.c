#include "net/sql.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/sql_internal.h"

#include "base/banned.h"

enum {
    CONNECT_MS = 10000,
    ANSWER_MS = 30000, /* of one statement; the server gets a second more: begin() */
    LOOK_MS = 100,     /* how often a wait looks whether it is wanted still */
};

/* The connection; used on LANE_WAIT alone, but for its end. */
struct sql_link {
    const struct pq_api *api;
    PGconn *c;
    const char *url, *host; /* the sql's */
    const atomic_bool *stop;
};

struct sql {
    struct loop *loop;
    char *url;
    char host[104];
    struct sql_link link;
    struct sql_call *calls; /* not dropped yet */
    unsigned refs;          /* the owner's, and one for each call */
};

struct sql_call {
    struct job job; /* first */
    struct sql *sql;
    struct sql_call *next, *prev;
    http_done_fn done; /* NULL: dropped */
    void *ud;
    char *text;
    size_t n;
    bool again;
    struct http_response reply;
};

/* --- addresses */

bool sql_is_url(const char *p, size_t n)
{
    static const char *const scheme[] = {"postgresql://", "postgres://"};
    for (size_t i = 0; i < 2; i++) {
        if (n >= strlen(scheme[i]) && strncasecmp(p, scheme[i], strlen(scheme[i])) == 0)
            return true;
    }
    return false;
}

const char *sql_url_fault(const char *p, size_t n)
{
    const char *end = p + n, *host = (const char *)memchr(p, '/', n) + 2;
    const char *at = memchr(host, '@', (size_t)(end - host));
    for (const char *c = p; c < end; c++) {
        if (*c <= ' ' || *c > '~')
            return "has a character that no address has";
    }
    if (at && memchr(host, ':', (size_t)(at - host)))
        return "holds a password: write it into ~/.pgpass instead";
    for (const char *c = host; c + 9 <= end; c++) {
        if (strncasecmp(c, "password=", 9) == 0)
            return "holds a password: write it into ~/.pgpass instead";
    }
    return NULL;
}

/* --- the connection, [worker] */

/* libpq's messages are lines and end with a line feed; the first says it. */
static souk_err say(struct sql_link *k, const char *what, struct err *e)
{
    const char *m = k->c ? k->api->errorMessage(k->c) : "no memory";
    int n = (int)strcspn(m, "\n");
    return err_set(e, SOUK_ENET, "%s: %s: %.*s", k->host, what, n < 200 ? n : 200, m);
}

static void disconnect(struct sql_link *k)
{
    if (k->c)
        k->api->finish(k->c);
    k->c = NULL;
}

static void no_notice(void *ud, const char *message)
{
    (void)ud;
    (void)message;
}

/* Waits for the socket. False: stopped, or too late. */
static bool wait_for(struct sql_link *k, short events, int64_t until)
{
    struct pollfd p = {.fd = k->api->socket(k->c), .events = events};
    while (!atomic_load(k->stop)) {
        int64_t left = until - clock_mono_ms();
        if (left <= 0)
            return false;
        if (poll(&p, 1, left < LOOK_MS ? (int)left : LOOK_MS) > 0)
            return true;
    }
    return false;
}

static souk_err gave_up(const struct sql_link *k, const char *what, struct err *e)
{
    if (atomic_load(k->stop))
        return err_set(e, SOUK_ECANCEL, "stopped");
    return err_set(e, SOUK_ENET, "%s: %s", k->host, what);
}

static souk_err connect_db(struct sql_link *k, struct err *e)
{
    int64_t until = clock_mono_ms() + CONNECT_MS;
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;
    if (!k->api && !(k->api = pq_load(e)))
        return e->code;
    if (k->c && k->api->status(k->c) == CONNECTION_OK)
        return SOUK_OK;
    disconnect(k);
    k->c = k->api->connectStart(k->url);
    while (k->c && k->api->status(k->c) != CONNECTION_BAD && want != PGRES_POLLING_OK) {
        if (want == PGRES_POLLING_FAILED)
            break;
        if (!wait_for(k, want == PGRES_POLLING_READING ? POLLIN : POLLOUT, until)) {
            disconnect(k);
            return gave_up(k, "the database does not answer", e);
        }
        want = k->api->connectPoll(k->c);
    }
    if (!k->c || k->api->status(k->c) != CONNECTION_OK) {
        say(k, "the database cannot be reached", e);
        disconnect(k);
        return e->code;
    }
    k->api->setNoticeProcessor(k->c, no_notice, NULL);
    return SOUK_OK;
}

static PGresult *wait_result(struct sql_link *k, bool *again, struct err *e)
{
    int64_t until = clock_mono_ms() + ANSWER_MS;
    PGresult *r = NULL, *next;
    for (;;) {
        while (k->api->isBusy(k->c)) {
            if (!wait_for(k, POLLIN, until)) {
                *again = !atomic_load(k->stop);
                disconnect(k);
                gave_up(k, "the database took too long", e);
                goto drop;
            }
            if (!k->api->consumeInput(k->c)) {
                say(k, "the connection broke", e);
                disconnect(k);
                goto drop;
            }
        }
        next = k->api->getResult(k->c);
        if (!next) {
            if (!r) { /* no answer at all */
                say(k, "the connection broke", e);
                disconnect(k);
            }
            return r;
        }
        if (r)
            k->api->clear(r);
        r = next;
    }
drop:
    if (r)
        k->api->clear(r);
    return NULL;
}

/* Sends a statement and waits for what it gives: `want`, or an error. */
static PGresult *ask(struct sql_link *k, const struct sql_query *q, ExecStatusType want,
                     bool *again, struct err *e)
{
    *again = false;
    if (connect_db(k, e) != SOUK_OK)
        return NULL;
    if (!k->api->sendQueryParams(k->c, q->text, q->params, NULL, q->param, NULL, NULL, 0)) {
        say(k, "the question could not be sent", e);
        disconnect(k);
        return NULL;
    }
    PGresult *r = wait_result(k, again, e);
    if (r && k->api->resultStatus(r) != want) {
        const char *m = k->api->resultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
        int n = m ? (int)strcspn(m, "\n") : 0;
        err_set(e, SOUK_ENET, "%s: the database refused the question: %.*s", k->host,
                n < 200 ? n : 200, m ? m : "");
        k->api->clear(r);
        return NULL;
    }
    return r;
}

PGresult *sql_ask(struct sql_link *k, const struct sql_query *q, bool *again, struct err *e)
{
    return ask(k, q, PGRES_TUPLES_OK, again, e);
}

const struct pq_api *sql_api(const struct sql_link *k)
{
    return k->api;
}

/* --- questions */

/* What gives no rows. The connection is not used again when that fails. */
static souk_err command(struct sql_link *k, const char *text, bool *again, struct err *e)
{
    PGresult *r = ask(k, &(struct sql_query){.text = text}, PGRES_COMMAND_OK, again, e);
    if (!r) {
        disconnect(k);
        return e->code;
    }
    k->api->clear(r);
    return SOUK_OK;
}

/*
 * Everything is asked in one transaction: a batch sees one state of the database. The server ends
 * by itself what we no longer wait for: to be asked to (PQcancel) it must answer, and may not.
 */
static souk_err begin(struct sql_link *k, bool *again, struct err *e)
{
    souk_err rc = command(k, "BEGIN READ ONLY ISOLATION LEVEL REPEATABLE READ", again, e);
    return rc ? rc : command(k, "SET LOCAL statement_timeout = '31s'", again, e);
}

static souk_err answer_all(struct sql_call *c, struct sql_link *k, const json *tree, struct err *e)
{
    struct buf *out = &c->reply.body;
    const json *call = cJSON_IsArray(tree) ? json_first(tree) : tree;
    souk_err rc = SOUK_OK;
    if (cJSON_IsArray(tree))
        buf_addc(out, '[');
    for (bool first = true; call && rc == SOUK_OK; first = false) {
        if (!first)
            buf_addc(out, ',');
        rc = sql_answer(k, call, out, &c->again, e);
        call = cJSON_IsArray(tree) ? json_next(call) : NULL;
    }
    if (cJSON_IsArray(tree))
        buf_addc(out, ']');
    return rc;
}

static void call_run(struct job *j)
{
    struct sql_call *c = (struct sql_call *)j;
    struct sql_link *k = &c->sql->link;
    struct err *e = &c->reply.err;
    json *tree = json_parse(c->text, c->n, "the question", e);
    if (!tree)
        return;
    k->stop = &j->cancelled;
    bool kept = k->c != NULL; /* from before: the server may have closed it meanwhile */
    souk_err rc = begin(k, &c->again, e);
    if (rc != SOUK_OK && kept && !c->again && rc != SOUK_ECANCEL)
        rc = begin(k, &c->again, e);
    if (rc == SOUK_OK) {
        struct err end;
        bool unused;
        rc = answer_all(c, k, tree, e);
        if (k->c)
            command(k, "ROLLBACK", &unused, &end);
    }
    json_free(tree);
    if (rc == SOUK_OK) {
        c->reply.err = (struct err){.code = SOUK_OK};
        c->reply.status = 200;
        rc = buf_check(&c->reply.body, "the database's answer", e);
    }
    c->reply.timed_out = rc != SOUK_OK && c->again;
    c->reply.too_big = rc != SOUK_OK && c->reply.body.over;
}

static void unref(struct sql *s)
{
    if (--s->refs > 0)
        return;
    disconnect(&s->link);
    mem_free(s->url);
    mem_free(s);
}

static void forget(struct sql_call *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        c->sql->calls = c->next;
    if (c->next)
        c->next->prev = c->prev;
}

static void call_done(struct job *j)
{
    struct sql_call *c = (struct sql_call *)j;
    if (c->done) {
        forget(c);
        if (atomic_load(&j->cancelled))
            err_set(&c->reply.err, SOUK_ECANCEL, "stopped");
        c->done(c->ud, &c->reply);
    }
    buf_release(&c->reply.body);
    unref(c->sql);
    mem_free(c->text);
    mem_free(c);
}

struct sql_call *sql_send(struct sql *s, const char *body, size_t n, http_done_fn done, void *ud,
                          struct err *e)
{
    struct sql_call *c = mem_zalloc(sizeof *c);
    char *text = mem_strndup(body, n);
    if (!c || !text) {
        mem_free(c);
        mem_free(text);
        err_nomem(e);
        return NULL;
    }
    c->job.run = call_run;
    c->job.done = call_done;
    c->sql = s;
    c->done = done;
    c->ud = ud;
    c->text = text;
    c->n = n;
    c->reply.retry_after = -1;
    buf_init(&c->reply.body, HTTP_BODY_CAP);
    c->next = s->calls;
    if (c->next)
        c->next->prev = c;
    s->calls = c;
    s->refs++;
    loop_submit(s->loop, LANE_WAIT, &c->job);
    return c;
}

void sql_cancel(struct sql_call *c)
{
    forget(c);
    c->done = NULL;
    loop_cancel(&c->job);
}

struct sql *sql_new(struct loop *l, const char *url, struct err *e)
{
    const char *fault = sql_url_fault(url, strlen(url));
    if (fault) {
        err_set(e, SOUK_EINPUT, "the address of a database %s", fault);
        return NULL;
    }
    struct sql *s = mem_zalloc(sizeof *s);
    if (s)
        s->url = mem_strdup(url);
    if (!s || !s->url) {
        mem_free(s);
        err_nomem(e);
        return NULL;
    }
    s->loop = l;
    s->refs = 1;
    http_host(url, s->host);
    if (!s->host[0]) /* a socket on this machine */
        snprintf(s->host, sizeof s->host, "the database");
    s->link.url = s->url;
    s->link.host = s->host;
    return s;
}

void sql_free(struct sql *s)
{
    if (!s)
        return;
    while (s->calls)
        sql_cancel(s->calls);
    unref(s);
}
