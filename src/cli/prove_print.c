/* --prove: the cache held against the chain. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/explain_print.h"
#include "cli/out.h"
#include "cli/page.h"
#include "market/prove.h"

#include "base/banned.h"

enum { SAMPLE = 16, PAYEES = 50 };

struct proving {
    const struct options *o;
    struct loop *loop;
    struct prove *prove;
    bool shown, interrupted;
    const struct proofs *proofs;
    struct err failed;
};

/* --- while it runs */

static void clear_line(struct proving *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}

static void on_progress(void *ud, const char *what, int64_t done, int64_t total)
{
    struct proving *p = ud;
    char a[HUMAN_BUF], b[HUMAN_BUF];
    if (p->o->set[OPT_QUIET] || !isatty(STDERR_FILENO))
        return;
    clear_line(p);
    text_fputs(stderr, untrusted(what));
    fprintf(stderr, ": %s", human_count(a, (uint64_t)done));
    if (total > 0)
        fprintf(stderr, " of %s", human_count(b, (uint64_t)total));
    p->shown = true;
}

static void on_done(void *ud, const struct proofs *proofs, const struct err *e)
{
    struct proving *p = ud;
    clear_line(p);
    p->proofs = proofs;
    if (e)
        p->failed = *e;
    loop_stop(p->loop, 0);
}

static void on_signal(void *ud, int signo)
{
    struct proving *p = ud;
    (void)signo;
    if (!p->interrupted)
        prove_cancel(p->prove);
    p->interrupted = true;
}

/* --- text */

static const char *state_name(enum proof_state s)
{
    return s == PROOF_OK ? "proved" : s == PROOF_FAILED ? "FAILED" : "unchecked";
}

static void print_digest(const struct digest_proof *d)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], n[HUMAN_BUF], m[HUMAN_BUF], hex[HASH_BUF];
    page_line(d->filter, "%s: chain %lld, blocks %s to %s", state_name(d->state),
              (long long)d->chain, human_count(a, d->first), human_count(b, d->last));
    if (d->place[0])
        page_line("", "asked %s%s", d->place, d->same_node ? ": the node it was read from" : "");
    if (d->state == PROOF_OK || d->state == PROOF_FAILED) {
        page_line("", "%s rows here, %s there", human_count(n, d->rows),
                  human_count(m, d->rows_there));
        page_line(" here", "%s", page_hash(hex, d->ours));
        page_line(" there", "%s", page_hash(hex, d->theirs));
    }
    if (d->words[0])
        page_text("", "%s", d->words);
}

/* Why things were not checked: mostly all for one reason (a node that is down, or keeps no old
 * state), which is told once. */
enum { REASONS = 8 };
struct reasons {
    const char *words[REASONS]; /* the last one: of all further reasons */
    size_t times[REASONS], n;
};

static void reasons_add(struct reasons *r, const char *words)
{
    size_t at = 0;
    while (at < r->n && strcmp(r->words[at], words) != 0)
        at++;
    if (at == REASONS) {
        r->times[REASONS - 1]++;
        r->words[REASONS - 1] = "for several other reasons (--json tells all)";
        return;
    }
    r->n += at == r->n;
    r->words[at] = words;
    r->times[at]++;
}

static void reasons_print(const struct reasons *r)
{
    char n[HUMAN_BUF];
    for (size_t i = 0; i < r->n; i++) {
        page_line("unchecked", "%s of them:", human_count(n, r->times[i]));
        page_text("", "%s", r->words[i]);
    }
}

/* What did not come out, in full. */
static void print_balance(const struct balance_proof *b)
{
    char in[U256_FMT + 16], out[U256_FMT + 16], payee[ADDRESS_BUF], first[HUMAN_BUF],
        last[HUMAN_BUF];
    page_line(state_name(b->state), "%s", address_format(b->payee, payee));
    page_line("", "blocks %s to %s: in %s, out %s", human_count(first, b->first),
              human_count(last, b->last), amount_format(&b->in, in, sizeof in),
              amount_format(&b->out, out, sizeof out));
    page_line("", "there %s before, %s after", amount_format(&b->before, in, sizeof in),
              amount_format(&b->after, out, sizeof out));
    if (b->words[0])
        page_text("", "%s", b->words);
}

static bool moved(const struct balance_proof *b)
{
    return !u256_is_zero(b->in.value) || !u256_is_zero(b->out.value);
}

static void print_balances(const struct proofs *p)
{
    char in[U256_FMT + 16], out[U256_FMT + 16], payee[ADDRESS_BUF];
    size_t proved = 0, still = 0;
    struct reasons why = {.n = 0};
    page_title("BALANCES", "what came in less what went out is what the token says is there");
    for (size_t i = 0; i < p->balances; i++) {
        const struct balance_proof *b = &p->balance[i];
        if (b->state == PROOF_FAILED)
            print_balance(b);
        else if (b->state != PROOF_OK)
            reasons_add(&why, b->words);
        proved += b->state == PROOF_OK;
        still += b->state == PROOF_OK && !moved(b);
    }
    if (proved > still)
        page_line("", "%28s %17s %17s", "", "in", "out");
    for (size_t i = 0; i < p->balances; i++) {
        const struct balance_proof *b = &p->balance[i];
        struct page_row r;
        if (b->state != PROOF_OK || !moved(b))
            continue;
        page_row(&r, NULL);
        page_cell(&r, address_format(b->payee, payee), 42);
        page_cell(&r, amount_format(&b->in, in, sizeof in), -17);
        page_cell(&r, amount_format(&b->out, out, sizeof out), -17);
        page_row_end(&r);
    }
    reasons_print(&why);
    if (proved)
        page_line("proved", "%zu, of these %zu where nothing moved (--json tells all)", proved,
                  still);
    if (p->balances == 0)
        page_line("", "no payee to check");
}

static void print_receipts(const struct proofs *p)
{
    char a[HUMAN_BUF], b[HUMAN_BUF], c[HUMAN_BUF], d[HUMAN_BUF];
    struct reasons why = {.n = 0};
    page_title("RECEIPTS", "all receipts of a block hash to what its header says");
    for (size_t i = 0; i < p->receipts; i++) {
        const struct receipt_proof *x = &p->receipt[i];
        if (x->state != PROOF_OK && x->state != PROOF_FAILED) {
            reasons_add(&why, x->words);
            continue;
        }
        page_line(state_name(x->state), "chain %lld, block %s: %s receipts, %s logs, %s of ours",
                  (long long)x->chain, human_count(a, x->block), human_count(b, x->receipts),
                  human_count(c, x->logs), human_count(d, x->rows));
        if (x->words[0])
            page_text("", "%s", x->words);
    }
    reasons_print(&why);
    if (p->receipts == 0)
        page_line("", "no block to check");
}

void proofs_print(const struct proofs *p)
{
    fputs("DIGESTS  the rows of the cache, and the same blocks read again\n", stdout);
    for (size_t i = 0; i < p->digests; i++)
        print_digest(&p->digest[i]);
    print_balances(p);
    print_receipts(p);
    printf("\n%u proved, %u failed, %u could not be checked\n", p->passed, p->failed, p->unchecked);
}

/* --- JSON */

static void state_json(struct json_out *o, enum proof_state s, const char *words)
{
    json_out_cstr(o, "state",
                  s == PROOF_OK       ? "proved"
                  : s == PROOF_FAILED ? "failed"
                                      : "unchecked");
    if (words[0])
        json_out_str(o, "words", untrusted(words));
    else
        json_out_null(o, "words");
}

static void digest_json(struct json_out *o, const struct digest_proof *d)
{
    char hex[HASH_BUF];
    bool read = d->state == PROOF_OK || d->state == PROOF_FAILED;
    json_obj_open(o, NULL);
    json_out_cstr(o, "filter", d->filter);
    state_json(o, d->state, d->words);
    json_out_int(o, "chain", d->chain);
    json_out_int(o, "first_block", (int64_t)d->first);
    json_out_int(o, "last_block", (int64_t)d->last);
    json_out_str(o, "asked", untrusted(d->place));
    json_out_bool(o, "same_node", d->same_node);
    json_out_int(o, "rows", (int64_t)d->rows);
    json_out_int(o, "rows_there", (int64_t)d->rows_there);
    json_out_cstr(o, "digest", read ? page_hash(hex, d->ours) : NULL);
    json_out_cstr(o, "digest_there", read ? page_hash(hex, d->theirs) : NULL);
    json_obj_close(o);
}

void proofs_json(struct json_out *o, const struct proofs *p)
{
    json_obj_open(o, NULL);
    json_out_int(o, "proved", p->passed);
    json_out_int(o, "failed", p->failed);
    json_out_int(o, "unchecked", p->unchecked);
    json_arr_open(o, "digests");
    for (size_t i = 0; i < p->digests; i++)
        digest_json(o, &p->digest[i]);
    json_arr_close(o);
    json_arr_open(o, "balances");
    for (size_t i = 0; i < p->balances; i++) {
        const struct balance_proof *x = &p->balance[i];
        json_obj_open(o, NULL);
        out_address_json(o, "payee", x->payee);
        state_json(o, x->state, x->words);
        json_out_int(o, "first_block", (int64_t)x->first);
        json_out_int(o, "last_block", (int64_t)x->last);
        out_amount_json(o, "in", &x->in);
        out_amount_json(o, "out", &x->out);
        out_amount_json(o, "before", x->state == PROOF_UNCHECKED ? NULL : &x->before);
        out_amount_json(o, "after", x->state == PROOF_UNCHECKED ? NULL : &x->after);
        json_obj_close(o);
    }
    json_arr_close(o);
    json_arr_open(o, "receipts");
    for (size_t i = 0; i < p->receipts; i++) {
        const struct receipt_proof *x = &p->receipt[i];
        json_obj_open(o, NULL);
        json_out_int(o, "chain", x->chain);
        json_out_int(o, "block", (int64_t)x->block);
        state_json(o, x->state, x->words);
        json_out_int(o, "receipts", (int64_t)x->receipts);
        json_out_int(o, "logs", (int64_t)x->logs);
        json_out_int(o, "rows", (int64_t)x->rows);
        json_obj_close(o);
    }
    json_arr_close(o);
    json_obj_close(o);
}

static souk_err report(const struct proving *p, struct err *e)
{
    souk_err r = SOUK_OK;
    if (p->failed.code) {
        *e = p->failed;
        return e->code;
    }
    if (p->o->set[OPT_JSON]) {
        struct buf b;
        struct json_out o;
        buf_init(&b, SESSION_DOC_CAP);
        json_out_init(&o, &b);
        proofs_json(&o, p->proofs);
        r = out_json(&b, e);
        buf_release(&b);
    } else {
        proofs_print(p->proofs);
    }
    if (!r && p->proofs->failed)
        r = err_set(e, SOUK_EVERIFY,
                    "%u of the checks failed: the cache, or the node asked, does not hold the "
                    "chain's history; `souk sync --full` reads everything again",
                    p->proofs->failed);
    else if (!r && p->proofs->passed == 0)
        r = err_set(e, SOUK_ENET, "nothing could be checked: no node answered what was asked");
    return r;
}

souk_err prove_command(const struct options *o, struct session *s, struct err *e)
{
    struct proving p = {.o = o, .loop = s->loop};
    struct prove_events ev = {.progress = on_progress, .done = on_done, .ud = &p};
    struct prove_options po = {
        .rpc = o->value[OPT_RPC], .inference_rpc = o->value[OPT_INFERENCE_RPC], .payees = PAYEES};
    int64_t sample;
    struct http *http;
    souk_err r = options_int(o, OPT_SAMPLE, SAMPLE, 0, SAMPLE_MOST, &sample, e);
    if (!r && o->set[OPT_OFFLINE])
        r = err_set(e, SOUK_EUSAGE, "--prove asks a node, which --offline forbids");
    if (r)
        return r;
    const struct network *n = market_network(s->market);
    if (n->local && !po.rpc && n->payment.rpc[0] == '\0')
        return err_set(e, SOUK_ENET, "the devnet is not running: start it with `souk devnet up`");
    po.sample = (unsigned)sample;
    http = market_http(s->market);
    r = http ? loop_signal(s->loop, SIGINT, on_signal, &p, e) : err_nomem(e);
    if (!r)
        r = loop_signal(s->loop, SIGTERM, on_signal, &p, e);
    if (!r) {
        p.prove = prove_start(s->loop, http, s->store, n, &po, &ev, e);
        r = p.prove ? SOUK_OK : e->code;
    }
    if (!r) {
        loop_run(s->loop);
        r = report(&p, e);
    }
    prove_free(p.prove);
    loop_signal_off(s->loop, SIGINT);
    loop_signal_off(s->loop, SIGTERM);
    return r;
}
