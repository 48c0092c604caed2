/*
 * Orders of a whole catalogue, one for each column, made at its first use. A view then only walks
 * an order and takes what passes, so sorting again costs what filtering costs.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "market/catalog/internal.h"

#include "base/banned.h"

enum { FEW = 64 };

/* A row on its way to its place. */
struct item {
    uint64_t key;
    uint32_t row;
};

/* Sorts by key, ascending, keeping the order of equal ones: one pass for each byte that differs. */
static void radix(struct item *item, struct item *spare, size_t n)
{
    uint64_t all_or = 0, all_and = UINT64_MAX;
    struct item *from = item, *to = spare;
    for (size_t i = 0; i < n; i++) {
        all_or |= item[i].key;
        all_and &= item[i].key;
    }
    for (int shift = 0; shift < 64; shift += 8) {
        if (((all_or ^ all_and) >> shift & 0xff) == 0) {
            continue;
        }
        size_t at[257] = {0};
        for (size_t i = 0; i < n; i++) {
            at[(from[i].key >> shift & 0xff) + 1]++;
        }
        for (int b = 0; b < 256; b++) {
            at[b + 1] += at[b];
        }
        for (size_t i = 0; i < n; i++) {
            to[at[from[i].key >> shift & 0xff]++] = from[i];
        }
        struct item *swap = from;
        from = to;
        to = swap;
    }
    if (from != item) {
        memcpy(item, from, n * sizeof *item);
    }
}

/* --- numbers */

static uint64_t number_of(const struct model_row *r, enum sort_key k)
{
    uint64_t bits;
    _Static_assert(sizeof bits == sizeof r->figures->trend.ratio, "a double has 64 bits");
    switch (k) {
    case SORT_CALLS:
        return r->figures->calls;
    case SORT_PAYERS:
        return r->figures->payers;
    case SORT_PAYMENTS:
        return r->figures->payments;
    case SORT_LAST:
        return (uint64_t)r->figures->last;
    case SORT_GROWTH: /* not negative: such doubles sort as their bits do */
        memcpy(&bits, &r->figures->trend.ratio, sizeof bits);
        return bits;
    case SORT_NEW: /* listed ones by their listing; the Hub has no dates for the others */
        return r->listed_at ? (uint64_t)r->listed_at | (uint64_t)1 << 62 : (uint64_t)r->first_seen;
    default:
        BUG("column %d is no number", k);
    }
}

static void by_number(const struct catalog_data *c, enum sort_key k, struct item *item,
                      struct item *spare, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        item[i].key = ~number_of(&c->pub.row[item[i].row], k); /* the largest first */
    }
    radix(item, spare, n);
}

/* --- text */

static uint8_t folded(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

/* Eight letters from `depth` on as a number that sorts like them; *ended: the text ends there. */
static uint64_t letters(const char *s, size_t depth, bool *ended)
{
    uint64_t key = 0;
    s += depth;
    *ended = false;
    for (int i = 0; i < 8; i++) {
        key = key << 8 | (*s ? folded(*s) : 0);
        *ended |= !*s;
        s += *s != 0;
    }
    return key;
}

static const char *text_of(const struct model_row *r, enum sort_key k)
{
    return k == SORT_NAME ? r->name : k == SORT_AUTHOR ? r->author : r->task;
}

/* Few rows at a time: cheaper than the counting of a radix sort. Keeps the order of equal ones. */
static void insert(struct item *item, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct item one = item[i];
        size_t at = i;
        for (; at > 0 && item[at - 1].key > one.key; at--) {
            item[at] = item[at - 1];
        }
        item[at] = one;
    }
}

/* By eight letters; then each run of equal ones by the next eight. */
static void by_text(const struct catalog_data *c, enum sort_key k, struct item *item,
                    struct item *spare, size_t n, size_t depth)
{
    bool ended = true, one;
    for (size_t i = 0; i < n; i++) {
        item[i].key = letters(text_of(&c->pub.row[item[i].row], k), depth, &one);
    }
    if (n < FEW) {
        insert(item, n);
    } else {
        radix(item, spare, n);
    }
    for (size_t i = 0, run; i < n; i += run) {
        for (run = 1; i + run < n && item[i + run].key == item[i].key; run++) {
        }
        letters(text_of(&c->pub.row[item[i].row], k), depth, &ended);
        if (run > 1 && !ended) {
            by_text(c, k, item + i, spare, run, depth + 8);
        }
    }
}

/* --- amounts */

static int by_income(const void *x, const void *y, void *ud)
{
    const struct item *a = x, *b = y;
    const struct model_row *row = ((const struct catalog_data *)ud)->pub.row;
    int c = income_cmp(&row[b->row].figures->income, &row[a->row].figures->income);
    return c ? c : (a->key > b->key) - (a->key < b->key);
}

static int by_genuine(const void *x, const void *y, void *ud)
{
    const struct item *a = x, *b = y;
    const struct model_row *row = ((const struct catalog_data *)ud)->pub.row;
    int c = income_cmp(&row[b->row].figures->low, &row[a->row].figures->low);
    return c ? c : (a->key > b->key) - (a->key < b->key);
}

static int by_price(const void *x, const void *y, void *ud)
{
    const struct item *a = x, *b = y;
    const struct model_row *row = ((const struct catalog_data *)ud)->pub.row;
    const struct amount *p = row[a->row].price, *q = row[b->row].price;
    int c = p->rank != q->rank ? (p->rank < q->rank ? -1 : 1) : memcmp(&p->asset, &q->asset, 20);
    c = c ? c : u256_cmp(p->value, q->value);
    return c ? c : (a->key > b->key) - (a->key < b->key);
}

static bool has_value(const struct model_row *r, enum sort_key k)
{
    switch (k) {
    case SORT_PRICE:
        return r->price != NULL;
    case SORT_INCOME:
        return r->figures->income.n > 0;
    case SORT_GENUINE:
        return r->figures->low.n > 0;
    case SORT_GROWTH:
        return r->figures->trend.known;
    case SORT_TASK:
        return r->task[0] != '\0';
    default:
        return true;
    }
}

/* Puts rows without a value last, in the order they had. Returns how many have one. */
static uint32_t part(const struct catalog_data *c, enum sort_key k, struct item *item,
                     struct item *spare)
{
    uint32_t n = c->pub.n, with = 0, without = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (has_value(&c->pub.row[item[i].row], k)) {
            item[with++] = item[i];
        } else {
            spare[without++] = item[i];
        }
    }
    memcpy(item + with, spare, without * sizeof *item);
    return with;
}

static void by_amount(struct catalog_data *c, enum sort_key k, struct item *item, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        item[i].key = i; /* equal ones keep their order */
    }
    if (n > 1) {
        qsort_r(item, n, sizeof *item,
                k == SORT_PRICE    ? by_price
                : k == SORT_INCOME ? by_income
                                   : by_genuine,
                c);
    }
}

/* --- orders */

static const uint32_t *order_locked(struct catalog_data *c, enum sort_key k);

/* Fills item[] with the rows in the order that equal ones keep: by calls, or as they came. */
static bool start(struct catalog_data *c, enum sort_key k, struct item *item, struct item *spare)
{
    uint32_t n = c->pub.n;
    const uint32_t *base = k == SORT_CALLS ? NULL : order_locked(c, SORT_CALLS);
    if (k != SORT_CALLS && !base) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        item[i].row = base ? base[i] : i;
    }
    if (k == SORT_CALLS && c->by_id) { /* a head is in this order already */
        for (uint32_t i = 0; i < n; i++) {
            item[i].key = ~c->pub.row[i].figures->settlements;
        }
        radix(item, spare, n);
    }
    return true;
}

static void sort(struct catalog_data *c, enum sort_key k, struct item *item, struct item *spare)
{
    c->valued[k] = part(c, k, item, spare);
    if (k == SORT_NAME || k == SORT_AUTHOR || k == SORT_TASK) {
        by_text(c, k, item, spare, c->valued[k], 0);
    } else if (k == SORT_PRICE || k == SORT_INCOME || k == SORT_GENUINE) {
        by_amount(c, k, item, c->valued[k]);
    } else {
        by_number(c, k, item, spare, c->valued[k]);
    }
    if (k == SORT_INCOME || k == SORT_GENUINE) {
        c->valued[k] = c->pub.n; /* no income is an income of nothing */
    }
}

static const uint32_t *order_locked(struct catalog_data *c, enum sort_key k)
{
    uint32_t n = c->pub.n;
    if (c->order[k]) {
        return c->order[k];
    }
    struct item *item = mem_array(n, sizeof *item), *spare = mem_array(n, sizeof *spare);
    uint32_t *order = mem_array(n, sizeof *order);
    if (item && spare && order && start(c, k, item, spare)) {
        sort(c, k, item, spare);
        for (uint32_t i = 0; i < n; i++) {
            order[i] = item[i].row;
        }
        c->order[k] = order;
        order = NULL;
    }
    mem_free(order);
    mem_free(item);
    mem_free(spare);
    return c->order[k];
}

const uint32_t *catalog_order(struct catalog_data *c, enum sort_key k)
{
    pthread_mutex_lock(&c->lock);
    const uint32_t *order = order_locked(c, k);
    pthread_mutex_unlock(&c->lock);
    return order;
}
