#include <string.h>

#include "market/purse/internal.h"

#include "base/banned.h"

enum { LOOK_BACK = 5000, MEMORY = 64 << 20, ENDS = 2 /* bytes: four hex digits */ };

static const u256 PRIORITY_LEAST = {{1000000, 0, 0, 0}};   /* 0.001 gwei */
static const u256 PRIORITY_MOST = {{2000000000, 0, 0, 0}}; /* 2 gwei, or the base fee */

uint64_t next_nonce(uint64_t node, const struct sent_row *row, size_t n, address from,
                    int64_t chain)
{
    for (size_t i = 0; i < n; i++) {
        if (row[i].state == SENT_PENDING && row[i].chain == chain &&
            address_eq(row[i].from, from) && row[i].nonce >= node)
            node = row[i].nonce + 1;
    }
    return node;
}

bool looks_like(address a, address b)
{
    return !address_eq(a, b) && memcmp(a.b, b.b, ENDS) == 0 &&
           memcmp(a.b + sizeof a.b - ENDS, b.b + sizeof b.b - ENDS, ENDS) == 0;
}

souk_err recipient_check(struct purse *p, address who, bool *first_time, bool *like_another,
                         struct err *e)
{
    struct purchase_row *bought;
    struct sent_row *sent;
    struct arena a;
    size_t n = 0, m = 0;
    *first_time = true;
    *like_another = false;
    arena_init(&a, MEMORY);
    souk_err c = sent_list(p->purchases, NULL, LOOK_BACK, &a, &sent, &n, e);
    if (c == SOUK_OK)
        c = purchase_list(p->purchases, false, LOOK_BACK, &a, &bought, &m, e);
    for (size_t i = 0; i < n && c == SOUK_OK; i++) {
        if (address_eq(sent[i].to, who) && sent[i].state != SENT_DROPPED)
            *first_time = false;
        *like_another |= looks_like(sent[i].to, who);
    }
    for (size_t i = 0; i < m && c == SOUK_OK; i++)
        *like_another |= looks_like(bought[i].pay_to, who);
    for (unsigned i = 0; i < p->card.accounts && c == SOUK_OK; i++)
        *like_another |= looks_like(p->card.account[i], who);
    *like_another = *like_another && *first_time; /* one that was paid before is itself */
    arena_release(&a);
    return c;
}

static u256 larger(u256 a, u256 b)
{
    return u256_cmp(a, b) > 0 ? a : b;
}

static u256 bumped(u256 old)
{
    u256 sum;
    uint64_t rest;
    u256_add(old, u256_divmod_u64(old, 8, &rest), &sum);
    u256_add(sum, u256_from_u64(1), &sum);
    return sum;
}

void fees_choose(const struct fees *f, const struct tx *old, u256 *max_fee, u256 *max_priority)
{
    u256 most = larger(f->base, PRIORITY_MOST), twice;
    *max_priority = larger(f->priority, PRIORITY_LEAST);
    if (u256_cmp(*max_priority, most) > 0)
        *max_priority = most;
    u256_mul_u64(f->base, 2, &twice);
    u256_add(twice, *max_priority, max_fee);
    if (old != NULL) {
        *max_priority = larger(*max_priority, bumped(old->max_priority));
        *max_fee = larger(*max_fee, bumped(old->max_fee));
        *max_fee = larger(*max_fee, *max_priority);
    }
}
