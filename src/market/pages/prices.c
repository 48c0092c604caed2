/* The listings of one model walked for what was paid where, for how much, and what followed. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/hub.h"
#include "market/derive/tally.h"
#include "market/pages/internal.h"

#include "base/banned.h"

enum { CHANGES_MAX = 1 << 16, ADDRESSES_MAX = 1 << 20 };

/* A payee or a change of one model, before it is known which of his listings are chosen. */
struct candidate {
    bool proven, change;
    int64_t payee;
    struct price_change c;
};

struct walk {
    struct walked *out;
    struct untrusted description;
    bytes32 lid;
    bool any, proven, any_proven; /* of the listing under way; of the model */
    struct amount price;          /* of the listing under way */
    struct candidate *row;
    size_t n, room;
};

static struct candidate *candidate(struct walk *w)
{
    struct candidate *grown =
        w->n < CHANGES_MAX ? mem_grow(w->row, w->n, &w->room, sizeof *grown) : NULL;
    if (!grown) {
        return NULL;
    }
    w->row = grown;
    w->row[w->n] = (struct candidate){.proven = w->proven};
    return &w->row[w->n++];
}

static souk_err on_listing(void *ud, const struct listing_detail *d, struct err *e)
{
    struct walk *w = ud;
    bool another = !w->any || memcmp(&w->lid, &d->lid, sizeof w->lid) != 0;
    if (!d->of_model) {
        w->any &= !another; /* a listing withdrawn, or moved to another model, is still the same */
        return SOUK_OK;
    }
    struct amount price = amount_of(&w->out->load->assets, d->asset, d->price);
    w->proven = hub_description_names_listing(w->description, d->owner);
    w->any_proven |= w->proven;
    struct candidate *c = candidate(w);
    if (!c) {
        return err_nomem(e);
    }
    c->payee = d->pay_to_id;
    c->change = !another && (!address_eq(price.asset, w->price.asset) ||
                             u256_cmp(price.value, w->price.value) != 0);
    c->c = (struct price_change){.time = d->time, .was = w->price, .now = price};
    w->lid = d->lid;
    w->price = price;
    w->any = true;
    return SOUK_OK;
}

/* --- what followed */

static void add_day(struct price_week *w, const struct day *d, int64_t asset)
{
    w->payments += d->payments;
    (void)u256_add(w->income.value, unpack_asset(d->income, asset), &w->income.value);
}

static int64_t asset_id(const struct assets *as, address a)
{
    for (size_t i = 0; i < as->n; i++) {
        if (address_eq(as->known[i].address, a)) {
            return as->known[i].addr;
        }
    }
    return 0;
}

static void compare(const struct page_load *p, struct untrusted days, struct price_change *c)
{
    int64_t changed = day_of_time(c->time), asset = asset_id(&p->assets, c->now.asset);
    int64_t over = day_of_time(p->as_of) - 1 - changed;
    struct day d;
    c->before.income = c->after.income = c->now;
    c->before.income.value = c->after.income.value = U256_ZERO;
    c->days_after = over < 0 ? 0 : over > 7 ? 7 : (unsigned)over;
    while (unpack_day(&days, &d)) {
        if (d.day >= changed - 7 && d.day < changed) {
            add_day(&c->before, &d, asset);
        } else if (d.day > changed && d.day <= changed + 7) {
            add_day(&c->after, &d, asset);
        }
    }
}

/* --- taking what the chosen listings gave */

static bool take_address(struct walked *w, int64_t payee, struct untrusted model)
{
    for (size_t i = w->addresses; i-- > w->of_model;) {
        if (w->address[i].payee == payee) {
            return true; /* of this model already */
        }
    }
    struct walked_address *grown =
        w->addresses < ADDRESSES_MAX
            ? mem_grow(w->address, w->addresses, &w->address_room, sizeof *grown)
            : NULL;
    if (!grown) {
        return false;
    }
    w->address = grown;
    w->address[w->addresses++] = (struct walked_address){payee, model};
    return true;
}

static bool take_change(struct walked *w, const struct price_change *c)
{
    struct price_change *grown = mem_grow(w->change, w->changes, &w->change_room, sizeof *grown);
    if (!grown) {
        return false;
    }
    w->change = grown;
    w->change[w->changes++] = *c;
    return true;
}

static souk_err take(struct walk *w, int64_t model, struct untrusted name, struct err *e)
{
    struct walked *out = w->out;
    struct untrusted days = {NULL, 0};
    bool read = false;
    out->of_model = out->addresses;
    for (size_t i = 0; i < w->n; i++) {
        struct candidate *c = &w->row[i];
        if (c->proven != w->any_proven) {
            continue;
        }
        if (!take_address(out, c->payee, name)) {
            return err_nomem(e);
        }
        if (!c->change) {
            continue;
        }
        souk_err rc = read ? SOUK_OK : store_days(out->load->s, model, out->load->a, &days, e);
        if (rc) {
            return rc;
        }
        read = true;
        c->c.model = name;
        compare(out->load, days, &c->c);
        if (!take_change(out, &c->c)) {
            return err_nomem(e);
        }
    }
    return SOUK_OK;
}

souk_err walk_model(struct walked *out, int64_t model, const char *author, const char *name,
                    struct err *e)
{
    struct walk w = {.out = out};
    souk_err rc = store_description(out->load->s, model, out->load->a, &w.description, e);
    if (!rc) {
        rc = store_each_listing_of(out->load->s, untrusted(author), untrusted(name), on_listing, &w,
                                   e);
    }
    if (!rc) {
        rc = take(&w, model, untrusted(name), e);
    }
    mem_free(w.row);
    return rc;
}

static int by_time(const void *x, const void *y)
{
    const struct price_change *a = x, *b = y;
    return a->time > b->time ? -1 : a->time < b->time;
}

static int by_payee(const void *x, const void *y)
{
    const struct walked_address *a = x, *b = y;
    return a->payee < b->payee ? -1 : a->payee > b->payee;
}

souk_err walked_changes(struct walked *w, const struct price_change **out, size_t *n, struct err *e)
{
    if (w->changes > 1) {
        qsort(w->change, w->changes, sizeof *w->change, by_time);
    }
    if (w->addresses > 1) {
        qsort(w->address, w->addresses, sizeof *w->address, by_payee);
    }
    *n = w->changes < PRICE_CHANGES ? w->changes : PRICE_CHANGES;
    struct price_change *c = arena_alloc(w->load->a, (*n + 1) * sizeof *c);
    if (!c) {
        return err_nomem(e);
    }
    if (*n) {
        memcpy(c, w->change, *n * sizeof *c);
    }
    *out = c;
    return SOUK_OK;
}

bool walked_paid_at(const struct walked *w, int64_t payee)
{
    struct walked_address key = {.payee = payee};
    return w->addresses && bsearch(&key, w->address, w->addresses, sizeof key, by_payee);
}

void walked_release(struct walked *w)
{
    mem_free(w->change);
    mem_free(w->address);
}
