/*
 * What is in force now. The cache, brought up to the chain first, has all but the newest blocks
 * (sync waits until they are settled); for those, what we sent ourselves is kept in the purchases'
 * database, with its call data. One of ours that has no block yet is waited for: doing it again
 * would pay twice, and could take another receiving address.
 */
#include <string.h>

#include "market/publish/internal.h"
#include "store/page_rows.h"

#include "base/banned.h"

enum {
    ROWS = 2000,
    ROWS_MEMORY = 64 << 20,
    SYNC_POLL_MS = 100,
    PENDING_MS = 1000,
    PENDING_LOOKS = 600,
};

/* --- bringing the cache up */

static void look_at_sent(struct publish *x);

static void sync_state_of(void *ud, const struct sync_state *st)
{
    struct publish *x = ud;
    publish_say(x, PUBLISH_COMPUTE, "reading what is listed", st->done > 0 ? (uint64_t)st->done : 0,
                st->total > 0 ? (uint64_t)st->total : 0);
}

static void synced(void *ud, unsigned failed, const struct err *first)
{
    struct publish *x = ud;
    struct err e = *first;
    if (!publish_woken(x))
        return;
    if (failed == 0) {
        look_at_sent(x);
        return;
    }
    err_prefix(&e, "what is listed now could not be read");
    publish_end(x, &e);
}

static void sync_over(struct publish *x);

static void sync_it(struct publish *x)
{
    const struct sync_options o = {.only = "listings"};
    const struct sync_events ev = {.state = sync_state_of, .done = synced, .ud = x};
    struct err e = {0};
    if (market_sync(x->m, &o, &ev, &e) != SOUK_OK)
        publish_end(x, &e);
    else
        x->waits = WAITS_SYNC;
}

/* Somebody else's sync reads the listings too, but may have begun before ours changed them. */
static void sync_over(struct publish *x)
{
    if (market_syncing(x->m))
        publish_later(x, SYNC_POLL_MS, sync_over);
    else
        sync_it(x);
}

void look_begin(struct publish *x)
{
    struct err e;
    if (!listing_id(x->owner, untrusted(x->rq.name), &x->id)) {
        err_nomem(&e);
        publish_end(x, &e);
        return;
    }
    x->r.listing = x->id;
    publish_say(x, PUBLISH_COMPUTE, "reading what is listed", 0, 0);
    sync_over(x);
}

/* --- what the cache says */

static bool copy_terms(struct publish *x, const struct listing_terms *in, struct listing_terms *out)
{
    *out = *in;
    return publish_copy(x, in->author, &out->author) && publish_copy(x, in->name, &out->name) &&
           publish_copy(x, in->blob_id, &out->blob_id) &&
           publish_copy(x, in->endpoint, &out->endpoint);
}

static souk_err on_event(void *ud, const struct listing_detail *d, struct err *e)
{
    struct publish *x = ud;
    if (memcmp(&d->lid, &x->id, sizeof d->lid) != 0)
        return SOUK_OK;
    x->now.active = d->listed;
    x->now.block = d->block;
    if (!d->listed)
        return SOUK_OK;
    const struct listing_terms t = {.author = d->author,
                                    .name = d->name,
                                    .blob_id = d->blob_id,
                                    .endpoint = d->endpoint,
                                    .price = d->price,
                                    .pay_to = d->pay_to};
    x->now.known = true;
    /* The asset's number until the address is asked for, once. */
    x->asset_number = d->asset;
    return copy_terms(x, &t, &x->now.terms) ? SOUK_OK : err_nomem(e);
}

static void cache_run(struct publish *x, struct store *s)
{
    x->now = (struct in_force){0};
    if (s != NULL && store_each_listing_by(s, x->owner, on_event, x, &x->err) == SOUK_OK &&
        x->now.known)
        x->now.terms.asset = store_address(s, x->asset_number);
}

/* --- what we sent ourselves */

/* A row of ours that lists or takes back, from this account. */
static bool is_ours(const struct publish *x, const struct sent_row *r, struct call_meaning *m)
{
    if ((r->kind != CALL_LIST && r->kind != CALL_DELIST) || r->chain != x->net->payment.chain_id ||
        !address_eq(r->from, x->owner))
        return false;
    *m = call_meaning((const uint8_t *)r->data.p, r->data.n);
    return m->kind == CALL_LIST || m->kind == CALL_DELIST;
}

static souk_err take_row(struct publish *x, const struct sent_row *r, const struct call_meaning *m,
                         struct err *e)
{
    struct in_force *s = &x->sent;
    const struct untrusted name = untrusted(x->rq.name);
    bool may_be = r->state == SENT_PENDING || r->state == SENT_MINED;
    if (m->kind == CALL_LIST && may_be)
        x->payee[x->payees++] = m->terms.pay_to;
    if (!address_eq(r->to, x->net->listings) || m->terms.name.n != name.n ||
        memcmp(m->terms.name.p, name.p, name.n) != 0)
        return SOUK_OK;
    x->pending |= r->state == SENT_PENDING;
    if (r->state != SENT_MINED || (uint64_t)r->block < s->block)
        return SOUK_OK;
    s->block = (uint64_t)r->block;
    s->active = m->kind == CALL_LIST;
    if (!s->active)
        return SOUK_OK;
    s->known = true;
    x->r.tx = r->hash;
    return copy_terms(x, &m->terms, &s->terms) ? SOUK_OK : err_nomem(e);
}

static void sent_run(struct job *j)
{
    struct publish *x = (struct publish *)j;
    struct sent_row *row;
    struct arena a;
    size_t n = 0;
    arena_init(&a, ROWS_MEMORY);
    x->sent = (struct in_force){0};
    x->pending = false;
    x->payees = 0;
    souk_err c = sent_list(purse_purchases(x->p), &x->owner, ROWS, &a, &row, &n, &x->err);
    x->payee = c == SOUK_OK ? arena_alloc(&x->memory, (n + 1) * sizeof *x->payee) : NULL;
    if (c == SOUK_OK && x->payee == NULL)
        c = err_nomem(&x->err);
    while (c == SOUK_OK && n-- > 0) { /* oldest first */
        struct call_meaning m;
        if (is_ours(x, &row[n], &m))
            c = take_row(x, &row[n], &m, &x->err);
    }
    arena_release(&a);
}

static void refreshed(void *ud, const struct err *e)
{
    struct publish *x = ud;
    if (!publish_woken(x))
        return;
    if (e != NULL)
        publish_end(x, e);
    else
        publish_later(x, x->looks++ == 0 ? 0 : PENDING_MS, look_at_sent);
}

static void merged(struct publish *x)
{
    struct err e = {0};
    if (x->sent.known && x->sent.block > x->now.block) {
        x->now = x->sent;
    } else if (x->sent.block > x->now.block) { /* taken back since */
        x->now.active = false;
        x->now.block = x->sent.block;
    }
    if (terms_choose(x, &e) != SOUK_OK)
        publish_end(x, &e);
    else
        compute_begin(x);
}

static void looked_at_sent(struct publish *x)
{
    struct err e;
    if (!x->pending) {
        publish_query(x, cache_run, merged);
        return;
    }
    if (x->looks > PENDING_LOOKS) {
        err_set(&e, SOUK_EUNKNOWN,
                "an earlier transaction about this listing is not in a block yet: see `souk wallet "
                "history`, where it can be hurried or dropped");
        publish_end(x, &e);
        return;
    }
    publish_say(x, PUBLISH_COMPUTE, "waiting for the block of an earlier transaction about it", 0,
                0);
    x->purse_call = purse_history_refresh(x->p, refreshed, x);
    x->waits = WAITS_PURSE;
    if (x->purse_call == NULL) {
        err_nomem(&e);
        publish_end(x, &e);
    }
}

static void look_at_sent(struct publish *x)
{
    publish_job(x, LANE_SIGN, sent_run, looked_at_sent);
}
