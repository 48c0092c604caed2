/* souk wallet: what it holds, what it has allowed, what it has sent. */
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/cmd_wallet.h"
#include "cli/out.h"

#include "base/banned.h"

enum { DOC_CAP = 4 << 20 };

/* --- what is there */

souk_err purse_do_address(const struct options *o, struct err *e)
{
    struct paying p;
    char a[ADDRESS_BUF];
    souk_err r = paying_open(o, WITH_WALLET, &p, e);
    if (r)
        return r;
    puts(address_format(purse_address(p.purse), a));
    if (o->set[OPT_QR]) {
        struct buf b;
        buf_init(&b, 1 << 20);
        r = purse_qr(purse_address(p.purse), (uint64_t)market_network(p.market)->payment.chain_id,
                     text_locale_charset() == TEXT_ASCII, &b, e);
        if (!r)
            fwrite(b.p, 1, b.len, stdout);
        buf_release(&b);
    }
    paying_close(&p);
    return r;
}

struct got_balances {
    struct balances b;
    struct err err;
};

static void take_balances(void *ud, const struct balances *b, const struct err *e)
{
    struct got_balances *g = ud;
    if (e)
        g->err = *e;
    else
        g->b = *b;
}

static souk_err balances_json(const struct balances *b, struct err *e)
{
    struct buf doc;
    struct json_out j;
    buf_init(&doc, DOC_CAP);
    json_out_init(&j, &doc);
    json_obj_open(&j, NULL);
    out_address_json(&j, "address", b->who);
    json_out_int(&j, "block", (int64_t)b->block);
    json_out_int(&j, "time", b->time);
    json_out_bool(&j, "has_code", b->has_code);
    json_arr_open(&j, "balances");
    for (size_t i = 0; i < b->n; i++) {
        json_obj_open(&j, NULL);
        out_amount_json(&j, "balance", &b->of[i].amount);
        struct amount allowed = b->of[i].amount;
        allowed.value = b->of[i].permit2;
        out_amount_json(&j, "permit2_allowance", &allowed);
        json_obj_close(&j);
    }
    json_arr_close(&j);
    json_obj_close(&j);
    souk_err r = out_json(&doc, e);
    buf_release(&doc);
    return r;
}

static souk_err show_balances(const struct balances *b, struct err *e)
{
    char number[U256_FMT], a[ADDRESS_BUF], when[HUMAN_BUF];
    out_fieldf("address", "%s", address_format(b->who, a));
    out_fieldf("as of", "block %llu, %s", (unsigned long long)b->block, human_time(when, b->time));
    if (b->has_code)
        out_fieldf("note", "this account has code (EIP-7702): tokens may refuse its signatures");
    struct out_table t;
    out_init(&t, "TOKEN >BALANCE >PERMIT2-MAY-MOVE");
    for (size_t i = 0; i < b->n; i++) {
        const struct balance *x = &b->of[i];
        out_cell(&t, untrusted(x->amount.symbol));
        out_cell(&t, untrusted(u256_format(x->amount.value, x->amount.decimals, -1, number)));
        out_cell(&t, untrusted(address_is_zero(x->amount.asset) ? "–"
                               : u256_cmp(x->permit2, NO_CAP) == 0
                                   ? "without bound"
                                   : u256_format(x->permit2, x->amount.decimals, -1, number)));
    }
    souk_err r = out_print(&t, false, e);
    out_release(&t);
    return r;
}

souk_err purse_do_balance(const struct options *o, struct err *e)
{
    struct paying p;
    struct got_balances g = {0};
    souk_err r = paying_open(o, WITH_WALLET, &p, e);
    if (r)
        return r;
    address who = purse_address(p.purse);
    if (o->args > 1 && !address_parse(o->arg[1], strlen(o->arg[1]), &who))
        r = err_set(e, SOUK_EINPUT, "\"%s\" is no address, or its checksum is wrong", o->arg[1]);
    if (!r)
        r = purse_wait(p.purse, purse_balances(p.purse, who, take_balances, &g), e);
    if (!r && g.err.code) {
        *e = g.err;
        r = e->code;
    }
    if (!r)
        r = o->set[OPT_JSON] ? balances_json(&g.b, e) : show_balances(&g.b, e);
    paying_close(&p);
    return r;
}

souk_err with_purse(const struct options *o, souk_err (*act)(struct paying *p, struct err *e),
                    struct err *e)
{
    struct paying p;
    souk_err r = paying_open(o, WITH_WALLET, &p, e);
    if (r)
        return r;
    r = act(&p, e);
    paying_close(&p);
    return r;
}

/* --- allowances */

enum { SHOWN_MAX = 256 };

struct got_allowances {
    struct allowance_row row[SHOWN_MAX];
    size_t n;
    struct err err;
};

static void take_allowances(void *ud, const struct allowance_row *r, size_t n, const struct err *e)
{
    struct got_allowances *g = ud;
    if (e)
        g->err = *e;
    for (g->n = 0; !e && g->n < n && g->n < SHOWN_MAX; g->n++)
        g->row[g->n] = r[g->n];
}

static souk_err allowances_json(const struct got_allowances *g, struct err *e)
{
    struct buf b;
    struct json_out j;
    buf_init(&b, DOC_CAP);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_arr_open(&j, "allowances");
    for (size_t i = 0; i < g->n; i++) {
        json_obj_open(&j, NULL);
        out_address_json(&j, "spender", g->row[i].spender);
        json_out_cstr(&j, "name", g->row[i].spender_name);
        money_json(&j, "amount", g->row[i].amount, &g->row[i].asset);
        json_out_bool(&j, "unlimited", g->row[i].unlimited);
        json_obj_close(&j);
    }
    json_arr_close(&j);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err act_allowances(struct paying *p, struct err *e)
{
    static struct got_allowances g;
    char m[MONEY_BUF], a[ADDRESS_BUF];
    souk_err r = purse_wait(
        p->purse, purse_allowances(p->purse, purse_address(p->purse), take_allowances, &g), e);
    if (!r && g.err.code) {
        *e = g.err;
        r = e->code;
    }
    if (r)
        return r;
    if (p->o->set[OPT_JSON])
        return allowances_json(&g, e);
    if (g.n == 0) {
        say(p->o, "nobody may move anything of this account");
        return SOUK_OK;
    }
    struct out_table t;
    out_init(&t, "TOKEN >MAY-MOVE SPENDER");
    for (size_t i = 0; i < g.n; i++) {
        const struct allowance_row *x = &g.row[i];
        out_cell(&t, untrusted(x->asset.symbol));
        out_cell(&t, untrusted(x->unlimited ? "without bound" : money(x->amount, &x->asset, m)));
        out_cellf(&t, "%s%s%s", address_format(x->spender, a), x->spender_name ? " " : "",
                  x->spender_name ? x->spender_name : "");
    }
    r = out_print(&t, false, e);
    out_release(&t);
    return r;
}

souk_err purse_do_allowances(const struct options *o, struct err *e)
{
    return with_purse(o, act_allowances, e);
}

/* --- history */

static void take_err(void *ud, const struct err *e)
{
    if (e)
        *(struct err *)ud = *e;
}

static const char *sent_state(const struct sent_row *r)
{
    static const char *const names[] = {"pending", "mined", "failed", "replaced", "dropped"};
    return names[r->state];
}

static const char *sent_kind(const struct sent_row *r)
{
    static const char *const names[] = {"other",  "coin", "transfer", "approve", "cancel",
                                        "cancel", "list", "delist",   "deploy"};
    return names[r->kind];
}

static souk_err history_json(struct paying *p, const struct sent_row *row, size_t n, struct err *e)
{
    struct buf b;
    struct json_out j;
    char hash[HASH_BUF];
    buf_init(&b, DOC_CAP);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_arr_open(&j, "history");
    for (size_t i = 0; i < n; i++) {
        struct asset a = paying_asset_at(p, row[i].token);
        json_obj_open(&j, NULL);
        json_out_int(&j, "id", row[i].id);
        json_out_int(&j, "time", row[i].made);
        json_out_cstr(&j, "kind", sent_kind(&row[i]));
        json_out_cstr(&j, "state", sent_state(&row[i]));
        out_address_json(&j, "to", row[i].to);
        money_json(&j, "amount", row[i].amount, &a);
        json_out_int(&j, "nonce", (int64_t)row[i].nonce);
        json_out_cstr(&j, "tx", bytes32_format(row[i].hash, hash));
        json_out_int(&j, "block", row[i].block);
        json_obj_close(&j);
    }
    json_arr_close(&j);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err history_table(struct paying *p, const struct sent_row *row, size_t n, struct err *e)
{
    char when[HUMAN_BUF], m[MONEY_BUF], a[ADDRESS_BUF], hash[HASH_BUF];
    struct out_table t;
    out_init(&t, ">ID TIME KIND STATE >AMOUNT TO TRANSACTION");
    for (size_t i = 0; i < n; i++) {
        struct asset as = paying_asset_at(p, row[i].token);
        out_cellf(&t, "%lld", (long long)row[i].id);
        out_cell(&t, untrusted(human_time(when, row[i].made)));
        out_cell(&t, untrusted(sent_kind(&row[i])));
        out_cell(&t, untrusted(sent_state(&row[i])));
        out_cell(&t, untrusted(money(row[i].amount, &as, m)));
        out_cell(&t, untrusted(address_format(row[i].to, a)));
        out_cell(&t, untrusted(bytes32_format(row[i].hash, hash)));
    }
    souk_err r = n ? out_print(&t, false, e) : SOUK_OK;
    out_release(&t);
    if (n == 0)
        say(p->o, "this account has sent nothing by souk");
    return r;
}

static souk_err act_history(struct paying *p, struct err *e)
{
    struct err late = {0};
    souk_err r = SOUK_OK;
    if (!p->o->set[OPT_OFFLINE])
        r = purse_wait(p->purse, purse_history_refresh(p->purse, take_err, &late), e);
    if (r == SOUK_ECANCEL)
        return r;
    if (r || late.code)
        say(p->o, "not brought up to date: %s", late.code ? late.msg : e->msg);
    struct arena a;
    struct sent_row *row;
    size_t n;
    address who = purse_address(p->purse);
    arena_init(&a, DOC_CAP);
    r = sent_list(purse_purchases(p->purse), &who, SHOWN_MAX, &a, &row, &n, e);
    if (!r)
        r = p->o->set[OPT_JSON] ? history_json(p, row, n, e) : history_table(p, row, n, e);
    arena_release(&a);
    return r;
}

souk_err purse_do_history(const struct options *o, struct err *e)
{
    return with_purse(o, act_history, e);
}
