/* An author's payments one by one, for his books. */

#include "base/mem.h"
#include "market/map.h"
#include "market/pages/internal.h"

#include "base/banned.h"

enum { MODELS_MAX = 1 << 20 };

struct book {
    struct page_load load;
    struct arena arena;
    struct map by_model; /* to the place of its name */
    struct untrusted *name;
    size_t names, room;
    struct chain_head head;
    int64_t chain;
    souk_err (*fn)(void *ud, const struct book_row *r, struct err *e);
    void *ud;
};

static souk_err on_model(void *ud, const struct catalog_row *r, struct err *e)
{
    struct book *b = ud;
    struct untrusted *grown = mem_grow(b->name, b->names, &b->room, sizeof *grown);
    if (!grown) {
        return err_nomem(e);
    }
    b->name = grown;
    if (!map_put(&b->by_model, (uint64_t)r->id, (uint32_t)b->names) ||
        !page_copy(&b->arena, r->name, &b->name[b->names])) {
        return err_nomem(e);
    }
    b->names++;
    return SOUK_OK;
}

static const char *scheme_word(int scheme)
{
    static const char *const words[] = {
        [PAY_EIP3009] = "eip3009", [PAY_PERMIT2] = "permit2", [PAY_UPTO] = "upto",
        [PAY_BATCH] = "batch",     [PAY_ESCROW] = "escrow",   [PAY_REFUND] = "refund"};
    const char *word =
        scheme > 0 && (size_t)scheme < sizeof words / sizeof *words ? words[scheme] : NULL;
    return word ? word : "other";
}

static souk_err on_made(void *ud, const struct made_row *r, struct err *e)
{
    struct book *b = ud;
    const uint32_t *at = r->who > 0 ? map_get(&b->by_model, (uint64_t)r->who) : NULL;
    struct book_row row = {.time = r->time,
                           .chain = b->chain,
                           .block = r->block,
                           .log = r->log,
                           .model = at ? b->name[*at] : untrusted_n("", 0),
                           .payer = r->payer,
                           .amount = amount_of(&b->load.assets, r->asset, r->amount),
                           .refund = r->scheme == PAY_REFUND,
                           .scheme = scheme_word(r->scheme),
                           .finality = finality_name(finality_at(&b->head, r->block)),
                           .bits = r->bits};
    bytes32_format(r->tx, row.tx);
    /* Another token than the profile's is in no figure. */
    return row.amount.rank < INCOME_MAX ? b->fn(b->ud, &row, e) : SOUK_OK;
}

static souk_err tell(struct book *b, const char *who, struct err *e)
{
    struct page_load *p = &b->load;
    int64_t id, seconds = window_seconds(p->window);
    souk_err rc = author_find(p->s, who, &id, e);
    if (!rc) {
        rc = store_each_of_author(p->s, (int)p->window, id, on_model, b, e);
    }
    b->chain = store_meta_int(p->s, "derived_payment_chain", 0);
    store_head_get(p->s, b->chain, &b->head);
    return rc ? rc
              : store_each_made(p->s, id, 0, seconds ? p->as_of - seconds : INT64_MIN, on_made, b,
                                e);
}

souk_err author_book(struct store *s, const char *who, enum window w,
                     souk_err (*fn)(void *ud, const struct book_row *r, struct err *e), void *ud,
                     struct err *e)
{
    struct book b = {.fn = fn, .ud = ud};
    arena_init(&b.arena, PAGE_MAX);
    map_init(&b.by_model, MODELS_MAX);
    souk_err rc = page_begin(&b.load, s, &b.arena, w, e);
    if (!rc) {
        rc = tell(&b, who, e);
        page_end(&b.load);
    }
    map_release(&b.by_model);
    mem_free(b.name);
    arena_release(&b.arena);
    return rc;
}
