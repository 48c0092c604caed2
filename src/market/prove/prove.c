/* The order of things: the nodes, what the cache holds, then each proof in turn. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/prove/internal.h"

#include "base/banned.h"

enum { MEMORY = 256 << 20 };

static const struct err stopped = {SOUK_ECANCEL, "stopped"};

void prove_tell(struct prove *p, const char *what, int64_t done, int64_t total)
{
    if (p->ev.progress != NULL)
        p->ev.progress(p->ev.ud, what, done, total);
}

/* --- the end */

static void count(struct proofs *o, enum proof_state s)
{
    o->failed += s == PROOF_FAILED;
    o->passed += s == PROOF_OK;
    o->unchecked += s != PROOF_FAILED && s != PROOF_OK;
}

static void count_all(struct proofs *o)
{
    for (size_t i = 0; i < o->digests; i++)
        count(o, o->digest[i].state);
    for (size_t i = 0; i < o->balances; i++)
        count(o, o->balance[i].state);
    for (size_t i = 0; i < o->receipts; i++)
        count(o, o->receipt[i].state);
}

static void tell_end(void *ud)
{
    struct prove *p = ud;
    p->timer = 0;
    p->ended = true;
    count_all(&p->out);
    p->ev.done(p->ev.ud, &p->out, &p->err);
}

void prove_end(struct prove *p, const struct err *e)
{
    p->err = e != NULL ? *e : (struct err){.code = SOUK_OK};
    p->ending = true;
    again_tidy(p);
    p->timer = loop_timer(p->loop, 0, tell_end, p);
    if (p->timer == 0)
        tell_end(p);
}

/* --- jobs and questions */

static void job_run(struct job *j)
{
    struct prove *p = (struct prove *)((char *)j - offsetof(struct prove, job));
    p->work(p, &p->err);
}

static void job_done(struct job *j)
{
    struct prove *p = (struct prove *)((char *)j - offsetof(struct prove, job));
    p->working = false;
    if (p->cancelled)
        prove_end(p, &stopped);
    else if (p->err.code != SOUK_OK) {
        struct err e = p->err;
        prove_end(p, &e);
    } else {
        p->then(p);
    }
}

void prove_job(struct prove *p, souk_err (*work)(struct prove *, struct err *),
               void (*then)(struct prove *))
{
    p->work = work;
    p->then = then;
    p->err = (struct err){.code = SOUK_OK};
    p->job = (struct job){.run = job_run, .done = job_done};
    p->working = true;
    loop_submit(p->loop, LANE_QUERY, &p->job);
}

static void answered(void *ud, struct rpc_reply *r)
{
    struct prove *p = ud;
    buf_release(&p->body);
    p->body = r->body;
    buf_init(&r->body, 0);
    p->heard = r->err;
    p->answer(p);
}

void prove_ask(struct prove *p, unsigned chain, const struct rpc_call *call, size_t n,
               void (*answer)(struct prove *))
{
    struct err e = {0};
    p->answer = answer;
    p->asked = n;
    if (rpc_send(p->chain[chain].rpc, call, n, answered, p, &e) != SOUK_OK)
        prove_end(p, &e);
}

/* --- the nodes */

/* Word k of a blank-separated list; false: there are fewer. */
static bool word(const char *list, unsigned k, char out[CONFIG_URL])
{
    size_t n;
    for (;; k--, list += n) {
        list += strspn(list, " ");
        n = strcspn(list, " ");
        if (n == 0 || n >= CONFIG_URL)
            return false;
        if (k == 0)
            break;
    }
    memcpy(out, list, n);
    out[n] = '\0';
    return true;
}

static souk_err choose(struct prove *p, unsigned i, const char *asked, struct err *e)
{
    struct witness *w = &p->chain[i];
    w->cfg = i == 0 ? &p->net->payment : &p->net->inference;
    w->label = i == 0 ? "the payment chain" : "the inference chain";
    if (asked != NULL && asked[0] != '\0') {
        if (strlen(asked) >= sizeof w->url)
            return err_set(e, SOUK_EUSAGE, "the address of a node is too long");
        snprintf(w->url, sizeof w->url, "%s", asked);
    } else if (!word(w->cfg->rpc, 1, w->url)) {
        w->same_node = word(w->cfg->rpc, 0, w->url);
    }
    if (w->url[0] == '\0') {
        snprintf(w->why, sizeof w->why, "%s has no node to ask", w->label);
        return SOUK_OK;
    }
    http_host(w->url, w->place);
    w->rpc = rpc_new(p->http, w->url, w->label, e);
    return w->rpc != NULL ? SOUK_OK : e != NULL ? e->code : SOUK_EFAIL;
}

static void looked(struct prove *p)
{
    again_start(p);
}

static void hello(struct prove *p);

static void hello_answered(struct prove *p)
{
    struct witness *w = &p->chain[p->at];
    struct rpc_result res[1];
    struct err e = p->heard;
    json *tree = NULL;
    uint64_t id = 0;
    if (e.code == SOUK_OK)
        rpc_parse(&p->body, 1, res, &tree, &e);
    const char *text =
        e.code == SOUK_OK && cJSON_IsString(res[0].value) ? res[0].value->valuestring : "";
    if (e.code == SOUK_OK && !hex_u64(text, strlen(text), &id))
        err_set(&e, SOUK_ENET, "the node at %s does not say which chain it is on", w->place);
    else if (e.code == SOUK_OK && id != (uint64_t)w->cfg->chain_id)
        err_set(&e, SOUK_ENET, "the node at %s is on chain %llu, not %lld", w->place,
                (unsigned long long)id, (long long)w->cfg->chain_id);
    if (e.code != SOUK_OK)
        memcpy(w->why, e.msg, sizeof w->why);
    json_free(tree);
    p->at++;
    hello(p);
}

/* Asks each node which chain it is on: one of another proves nothing. */
static void hello(struct prove *p)
{
    static const struct rpc_call call = {"eth_chainId", "[]"};
    while (p->at < CHAINS && p->chain[p->at].why[0] != '\0')
        p->at++;
    if (p->at < CHAINS)
        prove_ask(p, (unsigned)p->at, &call, 1, hello_answered);
    else
        prove_job(p, look, looked);
}

static void begin(void *ud)
{
    struct prove *p = ud;
    p->timer = 0;
    prove_tell(p, "looking at what there is", 0, 0);
    hello(p);
}

/* --- from outside */

struct prove *prove_start(struct loop *l, struct http *h, struct store *s, const struct network *n,
                          const struct prove_options *o, const struct prove_events *ev,
                          struct err *e)
{
    struct prove *p = mem_zalloc(sizeof *p);
    if (p == NULL) {
        err_nomem(e);
        return NULL;
    }
    p->loop = l;
    p->http = h;
    p->s = s;
    p->net = n;
    p->ev = *ev;
    p->sample = o->sample < SAMPLE_MOST ? o->sample : SAMPLE_MOST;
    p->payees = o->payees;
    arena_init(&p->memory, MEMORY);
    buf_init(&p->body, 0);
    if (choose(p, 0, o->rpc, e) == SOUK_OK && choose(p, 1, o->inference_rpc, e) == SOUK_OK) {
        p->timer = loop_timer(l, 0, begin, p);
        if (p->timer != 0)
            return p;
        err_nomem(e);
    }
    p->ended = true; /* it never began */
    prove_free(p);
    return NULL;
}

void prove_cancel(struct prove *p)
{
    if (p->cancelled || p->ending)
        return;
    p->cancelled = true;
    atomic_store(&p->stop, true);
    if (p->working || again_cancel(p))
        return; /* it will come to its end by itself */
    for (unsigned i = 0; i < CHAINS; i++) {
        if (p->chain[i].rpc != NULL)
            rpc_cancel(p->chain[i].rpc);
    }
    loop_timer_cancel(p->loop, p->timer);
    prove_end(p, &stopped);
}

void prove_free(struct prove *p)
{
    if (p == NULL)
        return;
    if (!p->ended)
        BUG("a proof is freed before its end");
    for (unsigned i = 0; i < CHAINS; i++)
        rpc_free(p->chain[i].rpc);
    receipts_release(p);
    buf_release(&p->body);
    arena_release(&p->memory);
    mem_free(p);
}
