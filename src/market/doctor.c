#include "market/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/paths.h"
#include "eth/contracts.h"
#include "net/http.h"
#include "base/json.h"
#include "store/store.h"

#include "base/banned.h"

enum { QUESTIONS = 16, ANSWER_CAP = 1 << 20, ANSWER_MS = 6000 };

static void tell(check_fn fn, void *ud, const char *name, enum check_state state, const char *fmt,
                 ...) __attribute__((format(printf, 5, 6)));
static void tell(check_fn fn, void *ud, const char *name, enum check_state state, const char *fmt,
                 ...)
{
    struct check c = {.name = name, .state = state};
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(c.text, sizeof c.text, fmt, ap);
    va_end(ap);
    fn(ud, &c);
}

void doctor_local(const struct network *n, check_fn fn, void *ud)
{
    char leaf[64], path[PATH_BUF];
    struct err e = {0};
    struct stat st;
    struct store *s = NULL;
    snprintf(leaf, sizeof leaf, "%s.db", n->name);
    if (paths_get(PATH_CACHE, leaf, path, &e)) {
        tell(fn, ud, "cache", CHECK_BAD, "%s", e.msg);
        return;
    }
    souk_err r = store_open(path, STORE_READ, &s, &e);
    if (r == SOUK_ENOTFOUND) {
        tell(fn, ud, "cache", CHECK_NOTE, "nothing of %s yet: run `souk sync`", n->name);
    } else if (r) {
        tell(fn, ud, "cache", CHECK_BAD, "%s", e.msg);
    } else {
        char size[HUMAN_BUF];
        human_size(size, stat(path, &st) == 0 ? (uint64_t)st.st_size : 0);
        tell(fn, ud, "cache", CHECK_OK, "%s, %s, schema %d", path, size, store_version(s));
    }
    store_close(s);
}

/* One server asked one thing. */
struct question {
    struct round *round;
    const char *name;
    char url[512];
    int64_t chain;                  /* the id a node must answer; 0: not a node */
    const struct network *listings; /* whose contract for listings a node is asked about */
    char body[192];
};

struct round {
    struct question q[QUESTIONS];
    int n, open;
    struct loop *loop;
    check_fn fn;
    void *ud;
};

static void judge_node(const struct question *q, const struct http_response *h, const char *host)
{
    struct round *r = q->round;
    uint64_t id = 0;
    json *j = json_parse(h->body.p, h->body.len, "the node's answer", NULL);
    struct untrusted text = json_str(j, "result");
    if (h->status != 200 || !hex_u64(text.p ? text.p : "", text.n, &id))
        tell(r->fn, r->ud, q->name, CHECK_BAD, "%s answers, but not as a node does (status %ld)",
             host, h->status);
    else if (id != (uint64_t)q->chain)
        tell(r->fn, r->ud, q->name, CHECK_BAD,
             "%s is on chain %llu, not on %lld: nothing of it will be believed", host,
             (unsigned long long)id, (long long)q->chain);
    else
        tell(r->fn, r->ud, q->name, CHECK_OK, "%s answers, chain %lld", host, (long long)q->chain);
    json_free(j);
}

/* Without one configured, there may be one all the same: where everybody's is. */
static void judge_listings(const struct question *q, const struct http_response *h)
{
    const struct round *r = q->round;
    const struct network *n = q->listings;
    char at[ADDRESS_BUF];
    json *j = json_parse(h->body.p, h->body.len, "the node's answer", NULL);
    struct untrusted code = json_str(j, "result");
    address_format(n->has_listings ? n->listings : listings_address(), at);
    if (h->status != 200 || code.n < 2)
        tell(r->fn, r->ud, q->name, CHECK_NOTE, "whether the contract is at %s is not known", at);
    else if (n->has_listings)
        tell(r->fn, r->ud, q->name, code.n > 2 ? CHECK_OK : CHECK_BAD,
             code.n > 2 ? "there is a contract at %s" : "there is no contract at %s", at);
    else if (code.n > 2)
        tell(r->fn, r->ud, q->name, CHECK_NOTE,
             "somebody has deployed the contract: write listings = %s under [network.%s]", at,
             n->name);
    else
        tell(r->fn, r->ud, q->name, CHECK_NOTE,
             "none is configured, and nobody has deployed one at %s: `souk listings deploy` does",
             at);
    json_free(j);
}

static void answered(void *ud, struct http_response *h)
{
    struct question *q = ud;
    struct round *r = q->round;
    char host[104];
    http_host(q->url, host);
    if (h->err.code)
        tell(r->fn, r->ud, q->name, CHECK_BAD, "%s", h->err.msg);
    else if (q->listings)
        judge_listings(q, h);
    else if (q->chain)
        judge_node(q, h, host);
    else if (h->status >= 400)
        tell(r->fn, r->ud, q->name, CHECK_BAD, "%s answers with status %ld", host, h->status);
    else
        tell(r->fn, r->ud, q->name, CHECK_OK, "%s answers", host);
    if (--r->open == 0)
        loop_stop(r->loop, 0);
}

static struct question *ask(struct round *r, const char *name, int64_t chain, const char *suffix,
                            const char *base, size_t len)
{
    if (r->n == QUESTIONS || len == 0)
        return NULL;
    struct question *q = &r->q[r->n++];
    *q = (struct question){.round = r, .name = name, .chain = chain};
    snprintf(q->url, sizeof q->url, "%.*s%s", (int)len, base, suffix);
    if (chain)
        snprintf(q->body, sizeof q->body,
                 "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_chainId\",\"params\":[]}");
    return q;
}

/* The first node of the payment chain. */
static void ask_listings(struct round *r, const struct network *n)
{
    char at[ADDRESS_BUF];
    const char *rpc = n->payment.rpc;
    struct question *q = ask(r, "listings", n->payment.chain_id, "", rpc, strcspn(rpc, " "));
    if (!q)
        return;
    q->listings = n;
    snprintf(
        q->body, sizeof q->body,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getCode\",\"params\":[\"%s\",\"latest\"]}",
        address_format(n->has_listings ? n->listings : listings_address(), at));
}

static void ask_each(struct round *r, const char *name, int64_t chain, const char *suffix,
                     const char *urls)
{
    for (const char *p = urls; *p; p += strspn(p, " ")) {
        size_t len = strcspn(p, " ");
        ask(r, name, chain, suffix, p, len);
        p += len;
    }
}

souk_err doctor_servers(struct loop *l, const struct network *n, check_fn fn, void *ud,
                        struct err *e)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct round r = {.loop = l, .fn = fn, .ud = ud};
    ask_each(&r, "hub", 0, "/api/v0/models/?page=0&limit=1", n->hub);
    ask_each(&r, "bazaar", 0, "/discovery/resources?type=http&limit=1&offset=0", n->bazaar);
    ask_each(&r, "payment chain", n->payment.chain_id, "", n->payment.rpc);
    ask_each(&r, "inference chain", n->inference.chain_id, "", n->inference.rpc);
    ask_each(&r, "walrus", 0, "/status", n->walrus);
    ask_listings(&r, n);

    struct http *h = http_new(l, e);
    if (!h)
        return e ? e->code : SOUK_ENOMEM;
    for (int i = 0; i < r.n; i++) {
        struct question *q = &r.q[i];
        struct http_request rq = {.url = q->url, .timeout_ms = ANSWER_MS, .body_cap = ANSWER_CAP};
        if (q->chain) {
            rq.headers = headers;
            rq.body = q->body;
            rq.body_len = strlen(q->body);
        }
        if (http_send(h, &rq, answered, q, e))
            r.open++;
    }
    if (r.open)
        loop_run(l);
    http_free(h);
    return SOUK_OK;
}
