/*
 * rpc.c: see rpc.h.
 *
 * A request is a small machine. send_next() picks the next endpoint that has not failed it and was
 * not asked since the last wait; on_http() looks at what came and either hands it over, marks the
 * endpoint as failed or as busy and goes on, or changes to asking one by one.
 */
#include "net/rpc.h"

#include <string.h>

#include "base/mem.h"
#include "net/sql.h"

#include "base/banned.h"

enum {
    MAX_ENDPOINTS = 32, /* bits of a mask */
    MAX_BUSY = 5,
    FIRST_WAIT_MS = 250,
    LONGEST_WAIT_S = 60,
    REQUEST_CAP = 16 << 20,
    SMALL_BODY = 64 << 10 /* what may be parsed on the loop's thread */
};

struct rpc {
    struct http *http;
    char *label;
    char *urls[MAX_ENDPOINTS];
    char hosts[MAX_ENDPOINTS][104];
    struct sql *sql[MAX_ENDPOINTS]; /* of those that are databases */
    size_t n_urls, current;         /* the endpoint that last worked */
    int first_wait_ms;
    struct request *requests;
};

struct span {
    size_t at, n;
};

struct request {
    struct rpc *rpc;
    struct request *next, *prev;
    rpc_done_fn done;
    void *ud;
    struct buf text; /* the batch; each call in it is a span, so it can also go alone */
    struct span *calls;
    size_t n;

    size_t endpoint; /* being asked */
    uint32_t never;  /* endpoints that the caller does not want */
    uint32_t failed; /* endpoints that are no use to this request; those among them */
    uint32_t asked;  /* since the last wait */
    int busy;        /* 429s and 503s so far */
    int64_t wait_s;  /* the shortest Retry-After since the last wait, -1: none */
    bool one_by_one;
    size_t pos;          /* the call being asked when one by one */
    struct buf gathered; /* their answers, as an array */

    struct http_call *call;
    struct sql_call *asked_sql;
    uint64_t timer;
    struct rpc_reply reply;
};

static void send_next(struct request *q);

/* --- a request's life */

static struct loop *loop_of(const struct request *q)
{
    return http_loop(q->rpc->http);
}

static void free_request(struct request *q)
{
    buf_release(&q->text);
    buf_release(&q->gathered);
    buf_release(&q->reply.body);
    mem_free(q->calls);
    mem_free(q);
}

static void detach(struct request *q)
{
    if (q->prev)
        q->prev->next = q->next;
    else
        q->rpc->requests = q->next;
    if (q->next)
        q->next->prev = q->prev;
    loop_timer_cancel(loop_of(q), q->timer);
    loop_busy(loop_of(q), -1);
}

/* Calls back with q->reply as it stands. The client may be gone when this returns. */
static void finish(struct request *q)
{
    detach(q);
    q->reply.url = q->rpc->urls[q->endpoint];
    q->reply.endpoint = (unsigned)q->endpoint;
    q->done(q->ud, &q->reply);
    free_request(q);
}

static void fail(struct request *q, const struct err *why)
{
    q->reply.err = *why;
    err_prefix(&q->reply.err, "%s", q->rpc->label);
    finish(q);
}

static void drop(struct request *q)
{
    detach(q);
    struct http_call *call = q->call;
    q->call = NULL;
    q->done = NULL; /* on_http sees that nobody waits */
    if (call)
        http_cancel(call);
    if (q->asked_sql)
        sql_cancel(q->asked_sql);
    free_request(q);
}

/* --- what came */

/* What a body looks like from outside, without parsing what may be 30 MB on the loop's thread. */
static char shape(const struct buf *b)
{
    size_t from = 0, to = b->len;
    while (from < to && memchr(" \t\r\n", b->p[from], 4))
        from++;
    while (to > from && memchr(" \t\r\n", b->p[to - 1], 4))
        to--;
    if (to - from < 2)
        return 0;
    char first = b->p[from], last = b->p[to - 1];
    return (first == '{' && last == '}') || (first == '[' && last == ']') ? first : 0;
}

/* Whether one of the answers in it is that the node was asked too often. Only small bodies are
 * looked at, and of these only such as hold an error. */
static bool says_busy(const struct buf *b)
{
    if (b->len > SMALL_BODY || !memmem(b->p, b->len, "\"error\"", strlen("\"error\"")))
        return false;
    json *j = json_parse(b->p, b->len, "", NULL);
    bool busy = false;
    for (const json *a = cJSON_IsArray(j) ? json_first(j) : j; a && !busy; a = json_next(a)) {
        const json *error = json_get(a, "error");
        int64_t code = 0;
        json_int(error, "code", &code);
        busy = cJSON_IsObject(error) && rpc_busy_error(code, json_str(error, "message"));
    }
    json_free(j);
    return busy;
}

/* Whether an answer that is no 200 speaks JSON-RPC nevertheless: many nodes send errors as 400. */
static bool speaks_rpc(const struct buf *b)
{
    if (b->len > SMALL_BODY)
        return false;
    json *j = json_parse(b->p, b->len, "", NULL);
    const json *first = cJSON_IsArray(j) ? json_first(j) : j;
    bool yes = cJSON_IsObject(json_get(first, "error")) || json_get(first, "result");
    json_free(j);
    return yes;
}

static void endpoint_failed(struct request *q, const struct err *why)
{
    q->failed |= 1u << q->endpoint;
    q->one_by_one = false;
    q->reply.err = *why;
    send_next(q);
}

static void endpoint_busy(struct request *q, const struct http_response *r)
{
    const char *host = rpc_host(q->rpc, (unsigned)q->endpoint);
    if (r->status == 200)
        err_set(&q->reply.err, SOUK_ENET, "%s is overloaded: it limits how often it is asked",
                host);
    else
        err_set(&q->reply.err, SOUK_ENET, "%s is overloaded (HTTP %ld)", host, r->status);
    if (r->retry_after > LONGEST_WAIT_S) {
        err_set(&q->reply.err, SOUK_ENET, "%s is overloaded and asks to wait %lld s", host,
                (long long)r->retry_after);
        q->failed |= 1u << q->endpoint;
    } else if (r->retry_after >= 0 && (q->wait_s < 0 || r->retry_after < q->wait_s)) {
        q->wait_s = r->retry_after;
    }
    q->busy++;
    send_next(q);
}

static void no_rpc(struct request *q, const struct http_response *r)
{
    char host[104];
    struct err why;
    http_host(q->rpc->urls[q->endpoint], host);
    if (r->status != 200)
        err_set(&why, SOUK_ENET, "%s answered with HTTP %ld", host, r->status);
    else if (r->body.len == 0)
        err_set(&why, SOUK_ENET, "%s sent an empty answer", host);
    else
        err_set(&why, SOUK_ENET, "%s did not answer in JSON, or only in part", host);
    endpoint_failed(q, &why);
}

/* One answer of those asked for singly. */
static void gather(struct request *q, const struct http_response *r)
{
    buf_addc(&q->gathered, q->pos ? ',' : '[');
    buf_add(&q->gathered, r->body.p, r->body.len);
    q->pos++;
    if (q->pos == q->n)
        buf_addc(&q->gathered, ']');
    struct err why;
    if (buf_check(&q->gathered, "the answer", &why)) {
        q->reply.shrink = q->gathered.over;
        fail(q, &why);
    } else if (q->pos < q->n) {
        q->asked &= ~(1u << q->endpoint);
        send_next(q);
    } else {
        q->reply.body = q->gathered;
        buf_init(&q->gathered, HTTP_BODY_CAP);
        finish(q);
    }
}

static void accept_answer(struct request *q, struct http_response *r)
{
    char s = shape(&r->body);
    if (!q->never)
        q->rpc->current = q->endpoint;
    q->reply.err.code = SOUK_OK;
    q->reply.err.msg[0] = '\0';
    if (q->one_by_one) {
        gather(q, r);
    } else if (q->n > 1 && s == '{') { /* an error about the batch itself */
        q->one_by_one = true;
        q->pos = 0;
        buf_clear(&q->gathered);
        q->asked &= ~(1u << q->endpoint);
        send_next(q);
    } else {
        q->reply.body = r->body;
        buf_init(&r->body, HTTP_BODY_CAP);
        finish(q);
    }
}

static void on_http(void *ud, struct http_response *r)
{
    struct request *q = ud;
    if (!q->done)
        return; /* dropped */
    q->call = NULL;
    q->asked_sql = NULL;
    if (r->err.code == SOUK_ENOMEM || r->err.code == SOUK_ECANCEL) {
        fail(q, &r->err);
    } else if (r->timed_out || r->too_big) {
        q->reply.shrink = true;
        if (!q->never)
            q->rpc->current = (q->endpoint + 1) % q->rpc->n_urls;
        fail(q, &r->err);
    } else if (r->err.code != SOUK_OK) {
        endpoint_failed(q, &r->err);
    } else if (r->status == 429 || r->status == 503 || (r->status == 200 && says_busy(&r->body))) {
        endpoint_busy(q, r);
    } else if (!shape(&r->body) || (r->status != 200 && !speaks_rpc(&r->body))) {
        no_rpc(q, r);
    } else {
        accept_answer(q, r);
    }
}

/* --- asking */

static void ask(struct request *q, size_t endpoint)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct span s = {0, q->text.len};
    if (q->one_by_one)
        s = q->calls[q->pos];
    struct http_request rq = {
        .url = q->rpc->urls[endpoint],
        .headers = headers,
        .body = q->text.p + s.at,
        .body_len = s.n,
    };
    struct err why;
    q->endpoint = endpoint;
    q->asked |= 1u << endpoint;
    if (q->rpc->sql[endpoint])
        q->asked_sql = sql_send(q->rpc->sql[endpoint], rq.body, rq.body_len, on_http, q, &why);
    else
        q->call = http_send(q->rpc->http, &rq, on_http, q, &why);
    if (!q->call && !q->asked_sql)
        fail(q, &why);
}

static void after_wait(void *ud)
{
    struct request *q = ud;
    q->timer = 0;
    q->asked = 0;
    q->wait_s = -1;
    send_next(q);
}

static void wait_then_ask(struct request *q)
{
    int64_t ms = (int64_t)q->rpc->first_wait_ms << (q->busy - 1);
    if (q->wait_s >= 0)
        ms = q->wait_s * 1000;
    q->timer = loop_timer(loop_of(q), ms, after_wait, q);
    if (!q->timer) {
        struct err why;
        err_nomem(&why);
        fail(q, &why);
    }
}

static uint32_t all_of(const struct rpc *r)
{
    return r->n_urls == MAX_ENDPOINTS ? UINT32_MAX : (1u << r->n_urls) - 1;
}

static void send_next(struct request *q)
{
    const struct rpc *r = q->rpc;
    size_t from = q->one_by_one ? q->endpoint : r->current;
    for (size_t i = 0; i < r->n_urls && q->busy < MAX_BUSY; i++) {
        size_t k = (from + i) % r->n_urls;
        if (!((q->failed | q->asked) & 1u << k)) {
            if (k != q->endpoint)
                q->one_by_one = false; /* what another node said is not mixed in */
            ask(q, k);
            return;
        }
    }
    if (q->failed == all_of(r) || q->busy >= MAX_BUSY) {
        struct err why = q->reply.err;
        fail(q, &why);
    } else {
        wait_then_ask(q);
    }
}

static bool write_request(struct request *q, const struct rpc_call *calls)
{
    if (q->n > 1)
        buf_addc(&q->text, '[');
    for (size_t i = 0; i < q->n; i++) {
        if (i)
            buf_addc(&q->text, ',');
        q->calls[i].at = q->text.len;
        buf_addf(&q->text, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"%s\",\"params\":", i + 1,
                 calls[i].method);
        buf_adds(&q->text, calls[i].params ? calls[i].params : "[]");
        buf_addc(&q->text, '}');
        q->calls[i].n = q->text.len - q->calls[i].at;
    }
    if (q->n > 1)
        buf_addc(&q->text, ']');
    return !q->text.bad;
}

souk_err rpc_send(struct rpc *r, const struct rpc_call *calls, size_t n, rpc_done_fn done, void *ud,
                  struct err *e)
{
    return rpc_send_but(r, 0, calls, n, done, ud, e);
}

souk_err rpc_send_but(struct rpc *r, uint32_t never, const struct rpc_call *calls, size_t n,
                      rpc_done_fn done, void *ud, struct err *e)
{
    if (!n || !done)
        BUG("rpc_send of nothing, or to nobody");
    struct request *q = mem_zalloc(sizeof *q);
    if (!q)
        return err_nomem(e);
    *q = (struct request){.rpc = r, .done = done, .ud = ud, .n = n, .wait_s = -1};
    q->never = q->failed = never & all_of(r);
    err_set(&q->reply.err, SOUK_ENET, "there is no other node to ask");
    buf_init(&q->text, REQUEST_CAP);
    buf_init(&q->gathered, HTTP_BODY_CAP);
    buf_init(&q->reply.body, HTTP_BODY_CAP);
    q->calls = mem_array(n, sizeof *q->calls);
    souk_err bad = SOUK_OK;
    if (!q->calls)
        bad = err_nomem(e);
    else if (!write_request(q, calls))
        bad = buf_check(&q->text, "a request to the node", e);
    if (bad) {
        free_request(q);
        return bad;
    }
    /* From a timer, so that even a failure to send comes by done() and after this returns. */
    q->timer = loop_timer(loop_of(q), 0, after_wait, q);
    if (!q->timer) {
        free_request(q);
        return err_nomem(e);
    }
    q->next = r->requests;
    if (q->next)
        q->next->prev = q;
    r->requests = q;
    loop_busy(loop_of(q), 1);
    return SOUK_OK;
}

/* --- the client */

static souk_err add_urls(struct rpc *r, const char *urls, struct err *e)
{
    for (const char *p = urls + strspn(urls, " \t"); *p; p += strspn(p, " \t")) {
        size_t n = strcspn(p, " \t");
        if (r->n_urls == MAX_ENDPOINTS)
            return err_set(e, SOUK_EINPUT, "%s: more than %d nodes", r->label, MAX_ENDPOINTS);
        char *url = mem_strndup(p, n);
        if (!url)
            return err_nomem(e);
        r->urls[r->n_urls] = url;
        http_host(url, r->hosts[r->n_urls]);
        if (sql_is_url(p, n) && !(r->sql[r->n_urls] = sql_new(http_loop(r->http), url, e))) {
            mem_free(url);
            return e ? e->code : SOUK_EINPUT;
        }
        r->n_urls++;
        p += n;
    }
    if (!r->n_urls)
        return err_set(e, SOUK_EINPUT, "%s: no node is configured", r->label);
    return SOUK_OK;
}

struct rpc *rpc_new(struct http *h, const char *urls, const char *label, struct err *e)
{
    struct rpc *r = mem_zalloc(sizeof *r);
    if (!r) {
        err_nomem(e);
        return NULL;
    }
    r->http = h;
    r->first_wait_ms = FIRST_WAIT_MS;
    r->label = mem_strdup(label);
    if (!r->label)
        err_nomem(e);
    if (!r->label || add_urls(r, urls, e)) {
        rpc_free(r);
        return NULL;
    }
    return r;
}

void rpc_cancel(struct rpc *r)
{
    while (r->requests)
        drop(r->requests);
}

unsigned rpc_endpoints(const struct rpc *r)
{
    return (unsigned)r->n_urls;
}

const char *rpc_url(const struct rpc *r, unsigned endpoint)
{
    return r->urls[endpoint];
}

const char *rpc_host(const struct rpc *r, unsigned endpoint)
{
    return r->hosts[endpoint];
}

void rpc_free(struct rpc *r)
{
    if (!r)
        return;
    rpc_cancel(r);
    for (size_t i = 0; i < r->n_urls; i++) {
        mem_free(r->urls[i]);
        sql_free(r->sql[i]);
    }
    mem_free(r->label);
    mem_free(r);
}

const char *rpc_label(const struct rpc *r)
{
    return r->label;
}

void rpc_set_wait(struct rpc *r, int first_ms)
{
    r->first_wait_ms = first_ms;
}

/* --- parsing */

static souk_err read_answer(const json *a, struct rpc_result *res, struct err *e)
{
    const json *error = json_get(a, "error");
    *res = (struct rpc_result){.value = json_get(a, "result")};
    if (error && !cJSON_IsNull(error)) {
        res->value = NULL;
        json_int(error, "code", &res->code);
        res->message = json_str(error, "message");
        if (cJSON_IsString(error))
            res->message = json_str(a, "error");
    } else if (!res->value) {
        return err_set(e, SOUK_ENET, "the node sent an answer with neither a result nor an error");
    }
    return SOUK_OK;
}

/* The index an answer belongs to; an error about a request the node could not read has no id. */
static bool index_of(const json *a, size_t n, size_t *index)
{
    int64_t id;
    const json *member = json_get(a, "id");
    if (n == 1 && json_get(a, "error") && (!member || cJSON_IsNull(member))) {
        *index = 0;
        return true;
    }
    if (!json_int(a, "id", &id) || id < 1 || (uint64_t)id > n)
        return false;
    *index = (size_t)id - 1;
    return true;
}

static souk_err read_batch(const json *tree, size_t n, struct rpc_result *res, bool *seen,
                           struct err *e)
{
    size_t count = 0, i;
    for (const json *a = json_first(tree); a; a = json_next(a), count++) {
        if (!index_of(a, n, &i))
            return err_set(e, SOUK_ENET, "the node answered something that was not asked");
        if (seen[i])
            return err_set(e, SOUK_ENET, "the node answered the same question twice");
        seen[i] = true;
        souk_err bad = read_answer(a, &res[i], e);
        if (bad)
            return bad;
    }
    if (count < n)
        return err_set(e, SOUK_ENET, "the node answered only %zu of %zu questions", count, n);
    return SOUK_OK;
}

static souk_err read_single(const json *tree, struct rpc_result *res, struct err *e)
{
    size_t i;
    if (!index_of(tree, 1, &i))
        return err_set(e, SOUK_ENET, "the node answered something that was not asked");
    return read_answer(tree, res, e);
}

souk_err rpc_parse(const struct buf *body, size_t n, struct rpc_result *res, json **tree,
                   struct err *e)
{
    struct err local;
    if (!e)
        e = &local;
    *tree = json_parse(body->p, body->len, "the node's answer", e);
    if (!*tree)
        return e->code;
    souk_err bad;
    if (n == 1 && cJSON_IsObject(*tree)) {
        bad = read_single(*tree, res, e);
    } else if (n > 1 && cJSON_IsArray(*tree)) {
        bool *seen = mem_array(n, sizeof *seen);
        bad = seen ? read_batch(*tree, n, res, seen, e) : err_nomem(e);
        mem_free(seen);
    } else {
        bad = err_set(e, SOUK_ENET, "the node's answer is not of the form JSON-RPC asks for");
    }
    if (bad) {
        json_free(*tree);
        *tree = NULL;
    }
    return bad;
}
