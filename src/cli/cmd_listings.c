/* souk listings: what this wallet has listed; taking one back; the contract itself. */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/cmd_wallet.h"
#include "cli/out.h"
#include "cli/session.h"
#include "market/publish.h"

#include "base/banned.h"

static void proof_line(const struct own_listings *l, char out[64])
{
    char owner[ADDRESS_BUF];
    snprintf(out, 64, "souk-listing: %s", address_format(l->owner, owner));
}

/* --- yours */

static souk_err show_json(const struct paying *p, const struct own_listings *l, struct err *e)
{
    const struct network *n = market_network(p->market);
    char id[HASH_BUF], line[64];
    struct buf b;
    struct json_out j;
    proof_line(l, line);
    buf_init(&b, SESSION_DOC_CAP);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    out_address_json(&j, "owner", l->owner);
    if (n->has_listings)
        out_address_json(&j, "contract", n->listings);
    else
        json_out_cstr(&j, "contract", NULL);
    json_out_cstr(&j, "proof_line", line);
    json_arr_open(&j, "listings");
    for (size_t i = 0; i < l->n; i++) {
        const struct own_listing *r = &l->row[i];
        json_obj_open(&j, NULL);
        json_out_cstr(&j, "id", bytes32_format(r->id, id));
        json_out_str(&j, "author", r->author);
        json_out_str(&j, "name", r->name);
        json_out_bool(&j, "active", r->active);
        json_out_bool(&j, "proven", r->proven);
        json_out_str(&j, "blob_id", r->blob_id);
        out_amount_json(&j, "price", &r->price);
        out_address_json(&j, "pay_to", r->pay_to);
        json_out_str(&j, "endpoint", r->endpoint);
        json_out_int(&j, "time", r->time);
        json_out_int(&j, "payments", (int64_t)r->payments);
        json_out_int(&j, "settlements", (int64_t)r->settlements);
        out_income_json(&j, "income", &r->income);
        json_obj_close(&j);
    }
    json_arr_close(&j);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err show_text(const struct paying *p, const struct own_listings *l, struct err *e)
{
    struct out_table t;
    char price[64], income[256], to[ADDRESS_BUF], line[64];
    bool unproven = false;
    if (l->n == 0) {
        say(p->o, "the cache knows no listing of this account: `souk sync` reads them, `souk "
                  "publish` makes one");
        return SOUK_OK;
    }
    out_init(&t, "NAME STATE >PRICE >PAYMENTS >SETTLEMENTS >INCOME PAID-TO");
    for (size_t i = 0; i < l->n; i++) {
        const struct own_listing *r = &l->row[i];
        unproven |= r->active && !r->proven;
        out_cell(&t, r->name);
        out_cellf(&t, "%s", !r->active ? "withdrawn" : r->proven ? "proven" : "not proven");
        out_cell(&t, untrusted(amount_format(&r->price, price, sizeof price)));
        out_cellf(&t, "%llu", (unsigned long long)r->payments);
        out_cellf(&t, "%llu", (unsigned long long)r->settlements);
        out_cell(&t, untrusted(show_income(&r->income, income)));
        out_cellf(&t, "%s", address_format(r->pay_to, to));
    }
    souk_err r = out_print(&t, false, e);
    out_release(&t);
    proof_line(l, line);
    if (!r && unproven) {
        say(p->o,
            "not proven: the model's description on the Hub must have this line, and the cache "
            "must have read it since (`souk sync`):");
        say(p->o, "%s", line);
    }
    return r;
}

static souk_err act_show(struct paying *p, struct err *e)
{
    struct own_listings *l;
    souk_err r = own_listings_load(market_reader(p->market), purse_address(p->purse), &l, e);
    if (r)
        return r;
    if (!market_network(p->market)->has_listings)
        say(p->o, "the network %s has no contract for listings: see `souk listings deploy`",
            market_network(p->market)->name);
    r = p->o->set[OPT_JSON] ? show_json(p, l, e) : show_text(p, l, e);
    own_listings_free(l);
    return r;
}

/* --- taking one back */

/* The transaction is data: alone, or as JSON. */
static souk_err carry_out(struct paying *p, const struct draft_request *rq, struct err *e)
{
    bytes32 tx;
    char hash[HASH_BUF];
    struct buf b;
    struct json_out j;
    souk_err r = paying_carry_out(p, rq, &tx, e);
    if (r)
        return r;
    bytes32_format(tx, hash);
    if (!p->o->set[OPT_JSON]) {
        puts(hash);
        return SOUK_OK;
    }
    buf_init(&b, 4096);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_cstr(&j, "tx", hash);
    json_obj_close(&j);
    r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err act_withdraw(struct paying *p, struct err *e)
{
    const struct draft_request rq = {.kind = DRAFT_DELIST,
                                     .terms = {.name = untrusted(p->o->arg[1])}};
    return carry_out(p, &rq, e);
}

/* --- the contract */

struct got_look {
    struct listings_state s;
    struct err err;
};

static void take_look(void *ud, const struct listings_state *s, const struct err *e)
{
    struct got_look *g = ud;
    if (e)
        g->err = *e;
    else
        g->s = *s;
}

static souk_err look(struct paying *p, struct listings_state *out, struct err *e)
{
    struct got_look g = {0};
    souk_err r = purse_wait(p->purse, listings_look(p->purse, take_look, &g), e);
    *out = g.s;
    return r;
}

static souk_err tell_json(const struct listings_state *s, const bytes32 *tx, struct err *e)
{
    char hash[HASH_BUF];
    struct buf b;
    struct json_out j;
    buf_init(&b, 4096);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    out_address_json(&j, "contract", s->at);
    json_out_bool(&j, "configured", s->configured);
    json_out_bool(&j, "deployed", s->there);
    json_out_bool(&j, "ours", s->ours);
    json_out_cstr(&j, "tx", tx ? bytes32_format(*tx, hash) : NULL);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err tell(struct paying *p, const struct listings_state *s, const bytes32 *tx,
                     struct err *e)
{
    char at[ADDRESS_BUF];
    address_format(s->at, at);
    if (!s->configured) {
        say(p->o,
            "to use it, write into the configuration (`souk config` tells where), under "
            "[network.%s]:",
            market_network(p->market)->name);
        say(p->o, "listings = %s", at);
    }
    if (p->o->set[OPT_JSON])
        return tell_json(s, tx, e);
    puts(at);
    return SOUK_OK;
}

static souk_err act_deploy(struct paying *p, struct err *e)
{
    const struct draft_request rq = {.kind = DRAFT_DEPLOY};
    struct listings_state s;
    char at[ADDRESS_BUF];
    souk_err r = look(p, &s, e);
    if (r)
        return r;
    address_format(s.at, at);
    if (s.there && s.ours) {
        say(p->o, "the contract is there already: nothing needs to be done");
        return tell(p, &s, NULL, e);
    }
    if (s.there) /* only one that was configured */
        return err_set(e, SOUK_EINPUT,
                       "the configuration names the contract %s, which is another one than this "
                       "souk would deploy; take `listings` out of it first",
                       at);
    if (s.configured && !address_eq(s.at, listings_address()))
        return err_set(e, SOUK_EINPUT,
                       "the configuration says that the contract is at %s, and it is always put at "
                       "%s: correct `listings` first",
                       at, address_format(listings_address(), at));
    if (!s.can_deploy)
        return err_set(e, SOUK_EINPUT,
                       "this chain has no deployment proxy (0x4e59b448…), so the contract "
                       "cannot be put at its usual address");
    bytes32 tx;
    r = paying_carry_out(p, &rq, &tx, e);
    if (!r)
        r = look(p, &s, e);
    if (!r && !s.ours)
        return err_set(e, SOUK_EVERIFY,
                       "the transaction was mined, and the contract is not at %s: is this node "
                       "right?",
                       at);
    return r ? r : tell(p, &s, &tx, e);
}

souk_err cmd_listings(const struct options *o, struct err *e)
{
    const char *verb = o->args > 0 ? o->arg[0] : "show";
    if (strcmp(verb, "show") == 0 && o->args <= 1)
        return with_purse(o, act_show, e);
    if (strcmp(verb, "withdraw") == 0 && o->args == 2)
        return with_purse(o, act_withdraw, e);
    if (strcmp(verb, "deploy") == 0 && o->args == 1)
        return with_purse(o, act_deploy, e);
    if (strcmp(verb, "withdraw") == 0)
        return err_set(e, SOUK_EUSAGE, "say which: souk listings withdraw NAME");
    return err_set(e, SOUK_EUSAGE, "it is: souk listings [show | withdraw NAME | deploy]");
}
