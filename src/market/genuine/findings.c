/* What to tell of a judgement: one finding for what belongs together, with rows to show for it. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "market/genuine/internal.h"
#include "store/genuine_rows.h"

#include "base/banned.h"

enum { KEYS_MAX = 1 << 28, SHOWN_PAYMENTS = 40, SHOWN_TRANSFERS = 24, WORDS = 160 };

struct found {
    enum rule rule;
    uint32_t author;
    unsigned slot;
    int64_t who;           /* a model; 0: several, or the author alone */
    uint32_t payee, payer; /* actors; NOBODY: several */
    uint32_t key;          /* pair, group or cohort */
    int64_t since, until;
    uint64_t payments, payers;
    u256 amount;
    unsigned shown, shown_payments, shown_transfers;
    unsigned share; /* funded: per mille of inflow */
};

void findings_init(struct findings_made *f)
{
    map_init(&f->by_key, KEYS_MAX);
    map_init(&f->by_payer, KEYS_MAX);
    f->found = (struct list){.size = sizeof(struct found)};
}

void findings_release(struct findings_made *f)
{
    map_release(&f->by_key);
    map_release(&f->by_payer);
    list_release(&f->found);
}

/* What payments of one finding have in common, besides the rule. */
static uint64_t key_of(const struct findings_made *f, enum rule rule, uint32_t pair,
                       uint32_t author, unsigned slot)
{
    const struct pair *p = pair == NOBODY ? NULL : AT(f->win->pair, struct pair, pair);
    switch (rule) {
    case RULE_SELF:
    case RULE_FUNDED:
    case RULE_RETURN:
    case RULE_BURST:
        return pair;
    case RULE_SHARED:
        return p ? p->group : NOBODY;
    case RULE_COHORT:
        return p ? p->cohort : NOBODY;
    case RULE_CYCLE:
    case RULE_DUST:
    case RULE_ONE:
    case RULE_UNKNOWN:
    case RULE_COUNT:
        break;
    }
    return (uint64_t)author << 3 | slot;
}

static struct found *put(struct findings_made *f, enum rule rule, uint32_t pair, uint32_t author,
                         unsigned slot, struct err *e)
{
    uint64_t key = key_of(f, rule, pair, author, slot);
    uint32_t *at = map_put(&f->by_key, (key << 4 | (unsigned)rule) + 1, (uint32_t)f->found.n);
    if (at && *at < f->found.n) {
        return AT(f->found, struct found, *at);
    }
    struct found *x = at ? list_add(&f->found) : NULL;
    if (x) {
        x->rule = rule;
        x->author = author;
        x->slot = slot;
        x->key = (uint32_t)key;
    } else {
        err_nomem(e);
    }
    return x;
}

/* Findings are numbered from 1 as they come up, which is the order of the chain. */
static int64_t id_of(const struct findings_made *f, const struct found *x)
{
    return (int64_t)(x - (const struct found *)f->found.p) + 1;
}

static souk_err show(struct findings_made *f, struct found *x, unsigned *shown, unsigned most,
                     struct place at, struct err *e)
{
    if (*shown >= most) {
        return SOUK_OK;
    }
    ++*shown;
    return store_finding_row_put(f->w, id_of(f, x), x->shown++, f->chain, at.block, at.log, e);
}

souk_err findings_transfer(struct findings_made *f, enum rule rule, uint32_t pair, uint32_t author,
                           unsigned slot, struct place at, struct err *e)
{
    struct found *x = put(f, rule, pair, author, slot, e);
    return x ? show(f, x, &x->shown_transfers, SHOWN_TRANSFERS, at, e) : SOUK_ENOMEM;
}

static souk_err count_payer(struct findings_made *f, struct found *x, const struct judged *j,
                            struct err *e)
{
    size_t before = f->by_payer.n;
    uint32_t payer = j->payer == NOBODY ? (uint32_t)f->p->payer.n : j->payer;
    if (!map_put(&f->by_payer, ((uint64_t)id_of(f, x) << 32 | payer) + 1, 0)) {
        return err_nomem(e);
    }
    x->payers += f->by_payer.n > before;
    return SOUK_OK;
}

static souk_err add(struct findings_made *f, struct found *x, const struct judged *j, struct err *e)
{
    uint32_t payer = j->payer == NOBODY ? NOBODY : *AT(f->p->payer, uint32_t, j->payer);
    int64_t model = j->who > 0 ? j->who : 0;
    if (x->payments == 0) {
        x->who = model;
        x->payee = j->payee;
        x->payer = payer;
        x->since = j->time;
    }
    x->who = x->who == model ? model : 0;
    x->payee = x->payee == j->payee ? j->payee : NOBODY;
    x->payer = x->payer == payer ? payer : NOBODY;
    x->until = j->time;
    x->payments++;
    x->share = j->funded_share > x->share ? j->funded_share : x->share;
    (void)u256_add(x->amount, x->rule == RULE_FUNDED ? j->funded : j->amount, &x->amount);
    souk_err rc = count_payer(f, x, j, e);
    return rc ? rc : show(f, x, &x->shown_payments, SHOWN_PAYMENTS, j->at, e);
}

souk_err findings_payment(struct findings_made *f, const struct judged *j, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (unsigned r = 0; r < RULE_COUNT && !rc; r++) {
        if (j->bits >> r & 1) {
            struct found *x = put(f, (enum rule)r, j->pair, j->author, j->slot, e);
            rc = x ? add(f, x, j, e) : SOUK_ENOMEM;
        }
    }
    return rc;
}

/* --- words */

static void shared_words(const struct findings_made *f, const struct found *x, char out[WORDS])
{
    const struct group *g = AT(f->crowds->group, struct group, x->key);
    char text[ADDRESS_BUF];
    address a = {{0}};
    (void)store_addr_get(f->w, actor_at(f->p, g->funder)->id, &a);
    snprintf(out, WORDS, "%u payers were first funded by %s within %u hours of one another",
             g->payers, address_format(a, text), f->r->shared_hours);
}

static void funded_words(const struct found *x, char out[WORDS])
{
    if (x->share) {
        snprintf(out, WORDS, "up to %u.%u %% of what this payer received came from the author",
                 x->share / 10, x->share % 10);
    } else {
        snprintf(out, WORDS, "this payer's first money came from the author");
    }
}

static void words_of(const struct findings_made *f, const struct found *x, char out[WORDS])
{
    const struct rules *r = f->r;
    const struct cohort *c;
    switch (x->rule) {
    case RULE_SELF:
        snprintf(out, WORDS, "the payer is one of the author's own addresses: own use");
        return;
    case RULE_FUNDED:
        funded_words(x, out);
        return;
    case RULE_SHARED:
        shared_words(f, x, out);
        return;
    case RULE_RETURN:
        snprintf(out, WORDS,
                 "what was paid within %u days went back to the payer, in %u turns or more",
                 r->window_days, r->return_trips);
        return;
    case RULE_CYCLE:
        snprintf(out, WORDS, "the money went round %u times or more, and nobody kept it",
                 r->cycle_times);
        return;
    case RULE_COHORT:
        c = AT(f->crowds->cohort, struct cohort, x->key);
        snprintf(out, WORDS,
                 "%u of the day's %u new payers began within %u minutes and behave alike",
                 c->payers, c->of, r->cohort_minutes);
        return;
    case RULE_BURST:
        snprintf(out, WORDS, "more than %u payments a minute for %u minutes or more, evenly spaced",
                 r->burst_per_minute, r->burst_minutes);
        return;
    case RULE_DUST:
        snprintf(out, WORDS, "below %u millionths of a dollar each", r->dust_micro);
        return;
    case RULE_ONE:
        snprintf(out, WORDS, "one payer made %u.%u %% or more of %u days' income",
                 r->one_share / 10, r->one_share % 10, r->window_days);
        return;
    case RULE_UNKNOWN:
        snprintf(out, WORDS, "the logs do not say who paid");
        return;
    case RULE_COUNT:
        break;
    }
    BUG("a finding without a rule");
}

/* --- writing */

static int64_t address_id(const struct findings_made *f, uint32_t actor)
{
    return actor == NOBODY ? 0 : actor_at(f->p, actor)->id;
}

static souk_err write_linked(struct findings_made *f, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (uint32_t i = 0; i < f->win->pair.n && f->r->on & 1u << RULE_SHARED && !rc; i++) {
        const struct pair *p = AT(f->win->pair, struct pair, i);
        if (p->group == NOBODY) {
            continue;
        }
        const struct group *g = AT(f->crowds->group, struct group, p->group);
        uint32_t stands = f->crowds->cluster[p->payer];
        const struct linked_out out = {.author = author_at(f->p, p->author),
                                       .asset = f->p->asset[p->slot].addr,
                                       .payer = address_id(f, *AT(f->p->payer, uint32_t, p->payer)),
                                       .funder = address_id(f, g->funder),
                                       .cluster =
                                           address_id(f, *AT(f->p->payer, uint32_t, stands))};
        rc = store_linked_put(f->w, &out, e);
    }
    return rc;
}

souk_err findings_write(struct findings_made *f, struct err *e)
{
    souk_err rc = write_linked(f, e);
    for (size_t i = 0; i < f->found.n && !rc; i++) {
        const struct found *x = AT(f->found, struct found, i);
        char words[WORDS];
        if (x->payments == 0) { /* a transfer, but no payment that the rule is about */
            rc = store_finding_drop(f->w, id_of(f, x), e);
            continue;
        }
        words_of(f, x, words);
        int64_t author = author_at(f->p, x->author);
        const struct finding_out out = {.id = id_of(f, x),
                                        .rule = (int)x->rule,
                                        .who = x->who ? x->who : -author,
                                        .author = author,
                                        .payee = address_id(f, x->payee),
                                        .payer = address_id(f, x->payer),
                                        .since = x->since,
                                        .until = x->until,
                                        .payments = x->payments,
                                        .payers = x->payers,
                                        .asset = f->p->asset[x->slot].addr,
                                        .amount = x->amount,
                                        .words = words};
        rc = store_finding_put(f->w, &out, e);
    }
    return rc;
}
