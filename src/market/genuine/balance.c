#include "market/genuine/balance.h"

#include "base/mem.h"
#include "market/genuine/wide.h"

#include "base/banned.h"

souk_err balances_init(struct balances *b, const struct people *p, struct err *e)
{
    size_t n = p->payer.n * p->assets;
    *b = (struct balances){.p = p, .fund = {.size = sizeof(struct fund)}};
    b->purse = mem_array(n + 1, sizeof *b->purse);
    for (size_t i = 0; i < n && b->purse; i++) {
        b->purse[i].fund = NOBODY;
    }
    return b->purse ? SOUK_OK : err_nomem(e);
}

void balances_release(struct balances *b)
{
    MEM_FREE(b->purse);
    list_release(&b->fund);
}

static struct purse *purse_of(const struct balances *b, uint32_t payer, unsigned slot)
{
    return &b->purse[(size_t)payer * b->p->assets + slot];
}

const struct purse *balances_purse(const struct balances *b, uint32_t payer, unsigned slot)
{
    return purse_of(b, payer, slot);
}

struct fund *balances_fund(const struct balances *b, const struct purse *p, uint32_t author)
{
    for (uint32_t i = p->fund; i != NOBODY;) {
        struct fund *f = AT(b->fund, struct fund, i);
        if (f->author == author) {
            return f;
        }
        i = f->next;
    }
    return NULL;
}

u256 balances_out(struct balances *b, uint32_t payer, unsigned slot, u256 v, uint32_t author)
{
    struct purse *p = purse_of(b, payer, slot);
    bool seen = u256_cmp(v, p->there) <= 0; /* else some of it is older than the index */
    u256 his = U256_ZERO;
    for (uint32_t i = p->fund; i != NOBODY;) {
        struct fund *f = AT(b->fund, struct fund, i);
        u256 part = !seen                    ? f->left
                    : u256_is_zero(p->there) ? U256_ZERO
                                             : wide_part(v, f->left, p->there);
        (void)u256_sub(f->left, part, &f->left);
        his = f->author == author ? part : his;
        i = f->next;
    }
    (void)u256_sub(p->there, v, &p->there); /* down to nothing */
    return his;
}

static struct fund *put_fund(struct balances *b, struct purse *p, uint32_t author)
{
    struct fund *f = balances_fund(b, p, author);
    if (!f && (f = list_add(&b->fund))) {
        *f = (struct fund){.author = author, .next = p->fund};
        p->fund = (uint32_t)b->fund.n - 1;
    }
    return f;
}

souk_err balances_in(struct balances *b, uint32_t payer, const struct move *m, struct err *e)
{
    struct purse *p = purse_of(b, payer, m->slot);
    const struct actor *from = actor_at(b->p, m->from);
    (void)u256_add(p->there, m->amount, &p->there);
    (void)u256_add(p->in, m->amount, &p->in);
    for (uint32_t k = 0; k < from->controls && !from->hub_said; k++) {
        uint32_t author = *AT(b->p->control, uint32_t, from->control + k);
        if (people_controls(b->p, author, m->to)) {
            continue;
        }
        struct fund *f = put_fund(b, p, author);
        if (!f) {
            return err_nomem(e);
        }
        (void)u256_add(f->left, m->amount, &f->left);
        (void)u256_add(f->own, m->amount, &f->own);
        if (f->from_n < FUNDED_SHOWN) {
            f->from[f->from_n++] = m->at;
        }
    }
    return SOUK_OK;
}

void balances_back(struct balances *b, uint32_t payer, unsigned slot, u256 v)
{
    struct purse *p = purse_of(b, payer, slot);
    (void)u256_add(p->there, v, &p->there);
}
