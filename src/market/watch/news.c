/* What landed since a place in the chain, of those watched. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/pages/internal.h"
#include "market/watch.h"
#include "store/rollup.h"
#include "store/watch_rows.h"

#include "base/banned.h"

enum { NEWS_MEMORY = 16 << 20, PAYEES_MOST = 1 << 20 };

struct news_data {
    struct news pub; /* first */
    struct arena arena;
};

/* What the words of the list mean: authors, and addresses. Of several words the first counts. */
struct watched {
    int64_t id; /* of an author, or of an address */
    size_t word;
};

struct reading {
    struct page_load load;
    struct news *news;
    const struct watch_list *list;
    struct watched *author, *payee; /* by id */
    size_t authors, payees, payee_room;
    struct news_row *row;
    size_t max;
    struct chain_head head;
    uint64_t told; /* the last block told in part, when there was more */
    size_t word;   /* being looked up */
};

/* --- who is watched */

static souk_err add_payee(struct reading *r, int64_t id, struct err *e)
{
    struct watched *grown = r->payees < PAYEES_MOST
                                ? mem_grow(r->payee, r->payees, &r->payee_room, sizeof *grown)
                                : NULL;
    if (!grown)
        return err_nomem(e);
    r->payee = grown;
    r->payee[r->payees++] = (struct watched){id, r->word};
    return SOUK_OK;
}

static souk_err on_payee(void *ud, const struct payee_id_row *row, struct err *e)
{
    return add_payee(ud, row->payee, e);
}

static souk_err look_up(struct reading *r, const char *word, struct err *e)
{
    address a;
    bool owner = false;
    int64_t id = 0;
    souk_err rc;
    if (!address_parse(word, strlen(word), &a)) {
        rc = store_author_find(r->load.s, untrusted(word), &id, e);
        if (!rc && !id)
            rc = err_set(e, SOUK_ENOTFOUND,
                         "there is no author \"%.80s\" in the cache; `souk authors` lists them",
                         word);
        if (!rc)
            r->author[r->authors++] = (struct watched){id, r->word};
        return rc;
    }
    rc = store_is_owner(r->load.s, a, &owner, e);
    if (!rc && owner)
        rc = store_each_payee_of_owner(r->load.s, a, on_payee, r, e);
    /* One that is not in the cache has not been paid yet. */
    if (!rc && store_addr_find(r->load.s, a, &id))
        rc = add_payee(r, id, e);
    return rc;
}

static int by_id(const void *x, const void *y)
{
    const struct watched *a = x, *b = y;
    if (a->id != b->id)
        return a->id < b->id ? -1 : 1;
    return (a->word > b->word) - (a->word < b->word);
}

static const struct watched *find(const struct watched *w, size_t n, int64_t id)
{
    const struct watched key = {id, 0};
    size_t lo = 0, hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (by_id(&w[mid], &key) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && w[lo].id == id ? &w[lo] : NULL;
}

static souk_err look_up_all(struct reading *r, struct err *e)
{
    r->author = arena_alloc(r->load.a, (r->list->n + 1) * sizeof *r->author);
    souk_err rc = r->author ? SOUK_OK : err_nomem(e);
    for (r->word = 0; r->word < r->list->n && !rc; r->word++)
        rc = look_up(r, r->list->word[r->word], e);
    if (rc)
        return rc;
    if (r->authors > 1)
        qsort(r->author, r->authors, sizeof *r->author, by_id);
    if (r->payees > 1)
        qsort(r->payee, r->payees, sizeof *r->payee, by_id);
    return SOUK_OK;
}

/* --- how far */

/*
 * Where every filter of payments has been: one that lags behind may still bring rows below what
 * another has read.
 */
static bool place_now(struct store *s, int64_t chain, struct watch_place *out)
{
    struct cursor a, b;
    bool quiet = store_cursor_get(s, chain, FILTER_PAYMENTS, &a);
    bool busy = store_cursor_get(s, chain, FILTER_PAYEES, &b);
    if (!quiet && !busy)
        return false;
    const struct cursor *c = !busy || (quiet && a.block < b.block) ? &a : &b;
    *out = (struct watch_place){c->block, c->hash};
    return true;
}

static bool same_hash(bytes32 a, bytes32 b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/*
 * From which block on: the place, or, when its block was taken back, the newest checkpoint below
 * it. A place whose hash is not known (all zero) is believed, and one older than every checkpoint.
 */
static souk_err start_of(struct reading *r, int64_t chain, const struct watch_place *after,
                         uint64_t *from, struct err *e)
{
    static const char *const filters[] = {FILTER_PAYMENTS, FILTER_PAYEES};
    static const bytes32 unknown;
    struct cursor *c = arena_alloc(r->load.a, STORE_CHECKPOINTS * sizeof *c);
    bool there = false;
    uint64_t below = 0, oldest = UINT64_MAX;
    if (!c)
        return err_nomem(e);
    for (int f = 0; f < 2; f++) {
        size_t n = store_checkpoints(r->load.s, chain, filters[f], c, STORE_CHECKPOINTS);
        for (size_t i = 0; i < n; i++) {
            there |= c[i].block == after->block && same_hash(c[i].hash, after->hash);
            if (c[i].block < after->block && c[i].block > below)
                below = c[i].block;
            oldest = c[i].block < oldest ? c[i].block : oldest;
        }
    }
    bool believed = there || same_hash(after->hash, unknown) || after->block < oldest;
    r->news->forked = !believed;
    *from = believed ? after->block : below;
    return SOUK_OK;
}

/* --- the rows */

static const char *kept_text(struct reading *r, struct untrusted t)
{
    return t.p ? arena_strndup(r->load.a, t.p, t.n) : "";
}

static souk_err on_news(void *ud, const struct news_detail *d, struct err *e)
{
    struct reading *r = ud;
    const struct watched *w = find(r->author, r->authors, d->author_id);
    if (!w || d->author_id == 0)
        w = find(r->payee, r->payees, d->payee_id);
    if (!w || r->news->more)
        return SOUK_OK;
    if (r->news->n == r->max) {
        r->news->more = true;
        r->told = d->block;
        return SOUK_OK;
    }
    struct news_row *row = &r->row[r->news->n++];
    *row = (struct news_row){
        .call = {.kind = pay_is_settlement(d->scheme) ? CALL_SETTLEMENT : CALL_PAYMENT,
                 .time = d->time,
                 .block = d->block,
                 .payer = d->payer,
                 .amount = amount_of(&r->load.assets, d->asset, d->amount)},
        .refund = d->scheme == PAY_REFUND,
        .payer_known = d->first != 0,
        .payer_new = d->first != 0 && d->first == d->time,
        .log = d->log,
        .payee = d->payee,
        .author = kept_text(r, d->author),
        .model = kept_text(r, d->model),
        .word = r->list->word[w->word],
        .bits = d->bits,
        .finality = finality_at(&r->head, d->block)};
    bytes32_format(d->tx, row->call.tx);
    return row->author && row->model ? SOUK_OK : err_nomem(e);
}

/* A block is told whole or not at all, for the next place is a block. */
static void cut_last_block(struct reading *r)
{
    size_t n = r->news->n;
    while (n > 0 && r->row[n - 1].call.block == r->told)
        n--;
    if (n == 0)
        return; /* one block with more than max: cut inside it, nothing else would go on */
    r->news->n = n;
    r->told--;
}

static souk_err read_news(struct reading *r, const struct network *n,
                          const struct watch_place *after, struct err *e)
{
    int64_t chain = n->payment.chain_id;
    uint64_t from = 0;
    if (!place_now(r->load.s, chain, &r->news->upto) || !after)
        return SOUK_OK;
    souk_err rc = start_of(r, chain, after, &from, e);
    if (!rc)
        rc = look_up_all(r, e);
    if (rc)
        return rc;
    store_head_get(r->load.s, chain, &r->head);
    rc = store_each_news(r->load.s, chain, from, r->news->upto.block, on_news, r, e);
    if (!rc && r->news->more) {
        cut_last_block(r);
        r->news->upto = (struct watch_place){.block = r->told};
    }
    for (size_t i = 0; i < r->news->n; i++)
        r->row[i].call.chain = chain;
    return rc;
}

souk_err news_load(struct store *s, const struct network *n, const struct watch_list *l,
                   const struct watch_place *after, size_t max, struct news **out, struct err *e)
{
    struct news_data *d = mem_zalloc(sizeof *d);
    *out = NULL;
    if (!d)
        return err_nomem(e);
    arena_init(&d->arena, NEWS_MEMORY);
    struct reading r = {.news = &d->pub, .list = l, .max = max};
    souk_err rc = page_begin(&r.load, s, &d->arena, WINDOW_ALL, e);
    if (!rc) {
        r.row = arena_alloc(&d->arena, (max + 1) * sizeof *r.row);
        d->pub.row = r.row;
        rc = r.row ? read_news(&r, n, after, e) : err_nomem(e);
        page_end(&r.load);
    }
    mem_free(r.payee);
    if (rc) {
        news_free(&d->pub);
        return rc;
    }
    *out = &d->pub;
    return SOUK_OK;
}

void news_free(struct news *n)
{
    if (n) {
        struct news_data *d = (struct news_data *)n;
        arena_release(&d->arena);
        mem_free(d);
    }
}
