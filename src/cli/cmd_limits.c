/* souk limits: what may be paid without asking again. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/paying.h"

#include "base/banned.h"

static const struct cap {
    enum option_id option;
    const char *key, *title;
    size_t at; /* of the u256 in struct limits */
} caps[] = {
    {OPT_PER_CALL, "per_call", "PER-CALL", offsetof(struct limits, per_call)},
    {OPT_PER_DAY, "per_day", "PER-DAY", offsetof(struct limits, per_day)},
    {OPT_PER_WEEK, "per_week", "PER-WEEK", offsetof(struct limits, per_week)},
    {OPT_PER_AUTHOR, "per_author", "PER-AUTHOR", offsetof(struct limits, per_author)},
    {OPT_PER_MODEL, "per_model", "PER-MODEL", offsetof(struct limits, per_model)},
};
enum { CAPS = sizeof caps / sizeof *caps };

static u256 *cap_of(struct limits *l, int i)
{
    return (u256 *)(void *)((char *)l + caps[i].at);
}

static souk_err state_json(const struct purse_state *st, struct err *e)
{
    struct buf b;
    struct json_out j;
    buf_init(&b, 1 << 20);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_cstr(&j, "wallet", st->card.name);
    json_out_bool(&j, "unlocked", st->unlocked);
    json_out_bool(&j, "verified", st->verified);
    json_out_bool(&j, "killed", st->killed);
    json_out_int(&j, "open", (int64_t)st->n_open);
    json_arr_open(&j, "limits");
    for (size_t i = 0; i < st->limits; i++) {
        struct limits l = st->limit[i].limits;
        json_obj_open(&j, NULL);
        json_out_int(&j, "chain", (int64_t)l.asset.chain);
        for (int c = 0; c < CAPS; c++) {
            if (u256_cmp(*cap_of(&l, c), NO_CAP) == 0)
                json_out_null(&j, caps[c].key);
            else
                money_json(&j, caps[c].key, *cap_of(&l, c), &l.asset);
        }
        money_json(&j, "spent_day", st->limit[i].spent.day, &l.asset);
        money_json(&j, "spent_week", st->limit[i].spent.week, &l.asset);
        json_obj_close(&j);
    }
    json_arr_close(&j);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err show_state(const struct options *o, const struct purse_state *st, struct err *e)
{
    char m[MONEY_BUF];
    if (st->killed)
        say(o, "the kill switch is on: nothing is signed; `souk wallet revive` ends that");
    if (!st->verified && st->limits)
        say(o, "the wallet is locked: what follows is read without proof that nobody changed it");
    if (st->limits == 0) {
        say(o, "no limits are set, so nothing is paid. For example: souk limits set USDC "
               "--per-call 0.05 --per-day 1 --per-week 5");
        return SOUK_OK;
    }
    struct out_table t;
    out_init(&t, "TOKEN >CHAIN >PER-CALL >PER-DAY >SPENT-24H >PER-WEEK >SPENT-7D >PER-AUTHOR "
                 ">PER-MODEL");
    for (size_t i = 0; i < st->limits; i++) {
        const struct limits *l = &st->limit[i].limits;
        const struct spent *s = &st->limit[i].spent;
        out_cell(&t, untrusted(l->asset.symbol));
        out_cellf(&t, "%llu", (unsigned long long)l->asset.chain);
        out_cell(&t, untrusted(limit_words(l->per_call, &l->asset, m)));
        out_cell(&t, untrusted(limit_words(l->per_day, &l->asset, m)));
        out_cell(&t, untrusted(money(s->day, &l->asset, m)));
        out_cell(&t, untrusted(limit_words(l->per_week, &l->asset, m)));
        out_cell(&t, untrusted(money(s->week, &l->asset, m)));
        out_cell(&t, untrusted(limit_words(l->per_author, &l->asset, m)));
        out_cell(&t, untrusted(limit_words(l->per_model, &l->asset, m)));
    }
    souk_err r = out_print(&t, false, e);
    out_release(&t);
    return r;
}

static const struct limits *current(const struct purse_state *st, const struct asset *a)
{
    for (size_t i = 0; i < st->limits; i++)
        if (st->limit[i].limits.asset.chain == a->chain &&
            address_eq(st->limit[i].limits.asset.token, a->token))
            return &st->limit[i].limits;
    return NULL;
}

static souk_err set(struct paying *p, const struct purse_state *st, struct err *e)
{
    struct asset a;
    struct signer *s;
    souk_err r = paying_asset(p, p->o->arg[1], &a, e);
    if (r)
        return r;
    const struct limits *now = current(st, &a);
    struct limits l =
        now ? *now : (struct limits){.per_week = NO_CAP, .per_author = NO_CAP, .per_model = NO_CAP};
    l.asset = a;
    bool any = false;
    for (int c = 0; c < CAPS && !r; c++) {
        const char *text = p->o->value[caps[c].option];
        if (!text)
            continue;
        any = true;
        if (strcmp(text, "none") == 0)
            *cap_of(&l, c) = NO_CAP;
        else
            r = paying_amount(text, &a, cap_of(&l, c), e);
    }
    if (!r && (!any || (!now && !(p->o->set[OPT_PER_CALL] && p->o->set[OPT_PER_DAY]))))
        r = err_set(e, SOUK_EUSAGE,
                    "say which: --per-call and --per-day%s, and --per-week, --per-author, "
                    "--per-model (an amount of %s, or none)",
                    now ? "" : " are needed at first", a.symbol);
    if (!r)
        r = paying_unlock(p, e);
    if (!r)
        r = signer_connect(purse_card(p->purse)->name, &s, e);
    if (r)
        return r;
    r = signer_set_limits(s, &l, p->gate, e);
    signer_close(s);
    return r;
}

souk_err cmd_limits(const struct options *o, struct err *e)
{
    bool sets = o->args > 0 && strcmp(o->arg[0], "set") == 0;
    if ((o->args > 0 && !sets) || (sets && o->args != 2))
        return err_set(e, SOUK_EUSAGE,
                       "usage: souk limits, or souk limits set TOKEN --per-call "
                       "AMOUNT --per-day AMOUNT …");
    struct paying p;
    struct purse_state st = {0};
    souk_err r = paying_open(o, WITH_WALLET, &p, e);
    if (r)
        return r;
    r = purse_state_load(p.purse, &st, e);
    if (!r && sets) {
        r = set(&p, &st, e);
        if (!r) {
            purse_state_release(&st);
            st = (struct purse_state){0};
            r = purse_state_load(p.purse, &st, e);
        }
    }
    if (!r)
        r = o->set[OPT_JSON] ? state_json(&st, e) : show_state(o, &st, e);
    purse_state_release(&st);
    paying_close(&p);
    return r;
}
