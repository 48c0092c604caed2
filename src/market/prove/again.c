/*
 * The same blocks read again by the same sync, from another node, into a cache of its own; then the
 * digests of both. The cache is a file beside the real one and goes when it was compared; one that
 * a killed program left behind goes at the next proof.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "market/explain/internal.h"
#include "market/prove/internal.h"

#include "base/banned.h"

/* --- the file */

#define PREFIX "prove-"

static void remove_file(const char *path)
{
    static const char *const suffix[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_BUF + 16];
    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffix[i]);
        unlink(name);
    }
}

/* Names are prove-PID.db: whose program is gone goes too. */
static void sweep(void)
{
    char dir[PATH_BUF], path[PATH_BUF + 300];
    const struct dirent *f;
    if (paths_get(PATH_CACHE, NULL, dir, NULL) != SOUK_OK)
        return;
    DIR *d = opendir(dir);
    while (d != NULL && (f = readdir(d)) != NULL) {
        char *end;
        if (strncmp(f->d_name, PREFIX, strlen(PREFIX)) != 0)
            continue;
        long pid = strtol(f->d_name + strlen(PREFIX), &end, 10);
        bool gone = pid <= 0 || (kill((pid_t)pid, 0) != 0 && errno == ESRCH) || pid == getpid();
        if (strncmp(end, ".db", 3) == 0 && gone) {
            snprintf(path, sizeof path, "%s/%s", dir, f->d_name);
            unlink(path);
        }
    }
    if (d != NULL)
        closedir(d);
}

static souk_err open_other(struct prove *p, struct err *e)
{
    char leaf[48];
    sweep();
    snprintf(leaf, sizeof leaf, PREFIX "%ld.db", (long)getpid());
    souk_err c = paths_get(PATH_CACHE, leaf, p->path, e);
    return c == SOUK_OK ? store_open(p->path, STORE_WRITE, &p->temp, e) : c;
}

void again_tidy(struct prove *p)
{
    sync_free(p->sync);
    p->sync = NULL;
    store_close(p->temp);
    p->temp = NULL;
    if (p->path[0] != '\0')
        remove_file(p->path);
    p->path[0] = '\0';
}

/* --- where they differ */

struct block_sum {
    uint64_t block, rows;
    uint8_t sum[32];
};

struct summing {
    struct row_digest digest;
    struct buf out; /* block_sums */
    struct block_sum now;
    const atomic_bool *stop;
    bool any;
};

static void sum_end(struct summing *s)
{
    if (!s->any)
        return;
    row_digest_end(&s->digest, s->now.sum);
    buf_add(&s->out, &s->now, sizeof s->now);
}

static souk_err on_row(void *ud, const struct proof_row *r, struct err *e)
{
    struct summing *s = ud;
    if (!s->any || s->now.block != r->block) {
        sum_end(s);
        if (atomic_load(s->stop))
            return err_set(e, SOUK_ECANCEL, "stopped");
        s->any = true;
        s->now = (struct block_sum){.block = r->block};
        row_digest_begin(&s->digest);
    }
    s->now.rows++;
    row_digest_add(&s->digest, r);
    return SOUK_OK;
}

static souk_err sums(struct prove *p, struct store *s, const struct digest_proof *d,
                     struct summing *out, struct err *e)
{
    enum { SUMS_MAX = 1 << 30 };
    *out = (struct summing){.stop = &p->stop};
    buf_init(&out->out, SUMS_MAX);
    souk_err c = store_each_proof_row(s, d->chain, d->filter, 0, d->last, on_row, out, e);
    if (c != SOUK_OK)
        return c;
    sum_end(out);
    return buf_check(&out->out, "the list of blocks", e);
}

static struct block_sum sum_at(const struct summing *s, size_t i)
{
    struct block_sum one = {.block = UINT64_MAX};
    if ((i + 1) * sizeof one <= s->out.len)
        memcpy(&one, s->out.p + i * sizeof one, sizeof one);
    return one;
}

static void say_difference(const struct summing *ours, const struct summing *theirs,
                           struct digest_proof *d)
{
    for (size_t i = 0;; i++) {
        struct block_sum a = sum_at(ours, i), b = sum_at(theirs, i);
        uint64_t first = a.block < b.block ? a.block : b.block;
        if (first == UINT64_MAX) /* a rare thing: rows of one block of another order */
            break;
        if (a.block == b.block && a.rows == b.rows && memcmp(a.sum, b.sum, sizeof a.sum) == 0)
            continue;
        snprintf(d->words, sizeof d->words,
                 "block %llu is the first that differs: %llu row%s here, %llu there",
                 (unsigned long long)first, (unsigned long long)(a.block == first ? a.rows : 0),
                 a.block == first && a.rows == 1 ? "" : "s",
                 (unsigned long long)(b.block == first ? b.rows : 0));
        return;
    }
    snprintf(d->words, sizeof d->words, "the rows differ");
}

static souk_err find_difference(struct prove *p, struct digest_proof *d, struct err *e)
{
    struct summing ours, theirs = {.any = false};
    buf_init(&theirs.out, 0);
    souk_err c = sums(p, p->s, d, &ours, e);
    if (c == SOUK_OK)
        c = sums(p, p->temp, d, &theirs, e);
    if (c == SOUK_OK)
        say_difference(&ours, &theirs, d);
    buf_release(&ours.out);
    buf_release(&theirs.out);
    return c;
}

/* --- comparing */

static void unchecked(struct digest_proof *d, const char *why)
{
    d->state = PROOF_UNCHECKED;
    snprintf(d->words, sizeof d->words, "%s", why);
}

static souk_err compare_one(struct prove *p, struct digest_proof *d, struct err *e)
{
    const struct kept *k = kept_named(p, d->filter);
    struct cursor there = {.block = 0};
    bool any = store_cursor_get(p->temp, d->chain, d->filter, &there);
    if (!any || there.block < d->last) {
        char why[ERR_MSG_MAX];
        snprintf(why, sizeof why, "the node at %s gave the blocks up to %llu of %llu only%s%.300s",
                 d->place, (unsigned long long)there.block, (unsigned long long)d->last,
                 p->sync_err.code != SOUK_OK ? ": " : "",
                 p->sync_err.code != SOUK_OK ? p->sync_err.msg : "");
        unchecked(d, why);
        return SOUK_OK;
    }
    souk_err c =
        digest_rows(p->temp, d->chain, d->filter, d->last, &p->stop, d->theirs, &d->rows_there, e);
    if (c != SOUK_OK)
        return c;
    bool same = memcmp(d->ours, d->theirs, sizeof d->ours) == 0;
    bool other_block = there.block == k->cursor.block &&
                       memcmp(&there.hash, &k->cursor.hash, sizeof there.hash) != 0;
    d->state = same && !other_block ? PROOF_OK : PROOF_FAILED;
    if (same && other_block)
        snprintf(d->words, sizeof d->words,
                 "the rows are the same, but the node's block %llu is another one than the cache's",
                 (unsigned long long)there.block);
    return same ? SOUK_OK : find_difference(p, d, e);
}

/* Filters of a chain that ended at different blocks have not seen the same payees and payers. */
static bool even(const struct prove *p, const struct digest_proof *d)
{
    return strcmp(d->filter, FILTER_FUNDING) != 0 ||
           d->last == kept_named(p, FILTER_PAYEES)->cursor.block;
}

static souk_err compare(struct prove *p, struct err *e)
{
    souk_err c = SOUK_OK;
    for (size_t i = 0; i < p->out.digests && c == SOUK_OK; i++) {
        struct digest_proof *d = &p->out.digest[i];
        const char *why = p->chain[kept_named(p, d->filter)->chain].why;
        if (why[0] != '\0')
            unchecked(d, why);
        else if (!even(p, d))
            unchecked(d, "it was not read to the same block as the payees; sync again first");
        else
            c = compare_one(p, d, e);
    }
    return c;
}

static void compared(struct prove *p)
{
    again_tidy(p);
    balance_start(p);
}

/* --- reading */

static void on_state(void *ud, const struct sync_state *st)
{
    struct prove *p = ud;
    prove_tell(p, st->source, st->done, st->total);
}

static void wait_for_idle(void *ud)
{
    struct prove *p = ud;
    p->timer = 0;
    if (!sync_idle(p->sync)) {
        p->timer = loop_timer(p->loop, 1, wait_for_idle, p);
        return;
    }
    sync_free(p->sync);
    p->sync = NULL;
    if (p->cancelled) {
        const struct err e = {SOUK_ECANCEL, "stopped"};
        prove_end(p, &e);
        return;
    }
    prove_tell(p, "comparing", 0, 0);
    prove_job(p, compare, compared);
}

static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct prove *p = ud;
    (void)failed;
    p->sync_err = *first;
    p->timer = loop_timer(p->loop, 0, wait_for_idle, p);
}

bool again_cancel(struct prove *p)
{
    if (p->sync == NULL)
        return false;
    sync_cancel(p->sync);
    return true;
}

static uint64_t last_of(const struct prove *p, unsigned chain)
{
    uint64_t last = 0;
    for (size_t i = 0; i < FILTERS; i++) {
        const struct kept *k = &p->kept[i];
        if (k->there && k->chain == chain && k->cursor.block > last)
            last = k->cursor.block;
    }
    return last;
}

static void opened(struct prove *p)
{
    const struct sync_events ev = {.state = on_state, .done = on_done, .ud = p};
    struct sync_options o = {
        .rows_only = true, .payment_end = last_of(p, 0), .inference_end = last_of(p, 1)};
    struct network *n = &p->other;
    struct err e = {0};
    *n = *p->net;
    n->hub[0] = n->bazaar[0] = '\0';
    n->cross_check = false;
    snprintf(n->payment.rpc, sizeof n->payment.rpc, "%s",
             o.payment_end > 0 && p->chain[0].why[0] == '\0' ? p->chain[0].url : "");
    snprintf(n->inference.rpc, sizeof n->inference.rpc, "%s",
             o.inference_end > 0 && p->chain[1].why[0] == '\0' ? p->chain[1].url : "");
    p->sync = sync_start(p->loop, p->http, p->temp, n, &o, &ev, &e);
    if (p->sync == NULL)
        prove_end(p, &e);
}

void again_start(struct prove *p)
{
    prove_job(p, open_other, opened);
}
