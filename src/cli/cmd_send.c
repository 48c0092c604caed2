/* souk wallet: what moves money or permission to: drafted, shown, agreed to, sent. And the switch
 * that stops it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/cmd_wallet.h"

#include "base/banned.h"

struct got_draft {
    struct draft d;
    struct err err;
};

static void take_draft(void *ud, const struct draft *d, const struct err *e)
{
    struct got_draft *g = ud;
    if (e) {
        g->err = *e;
        return;
    }
    draft_copy(&g->d, d);
}

struct got_sent {
    bytes32 hash;
    int state;
    int64_t block;
    struct err err;
};

static void take_sent(void *ud, const struct sent_row *r, const struct err *e)
{
    struct got_sent *g = ud;
    if (e)
        g->err = *e;
    if (r) {
        g->hash = r->hash;
        g->state = (int)r->state;
        g->block = r->block;
    }
}

static void show_draft(struct paying *p, const struct draft *d)
{
    static const char *const calls[] = {
        [CALL_CANCEL] = "cancel   an open signature, so that nobody can use it any more",
        [CALL_INVALIDATE] = "cancel   an open signature, so that nobody can use it any more",
        [CALL_LIST] = "list     a model",
        [CALL_DELIST] = "withdraw a listing",
        [CALL_DEPLOY] = "deploy   the contract for listings, ModelListings",
    };
    struct asset all[CONFIG_TOKENS + 1];
    size_t n = network_assets(market_network(p->market), all, CONFIG_TOKENS + 1);
    const struct asset *coin = &all[n - 1];
    char a[MONEY_BUF], b[MONEY_BUF], who[ADDRESS_BUF];
    unsigned kind = d->meaning.kind;
    bool moves = kind == CALL_NOTHING || kind == CALL_TRANSFER || kind == CALL_APPROVE;
    if (moves)
        say(p->o, "%-8s %s", kind == CALL_APPROVE ? "allow" : "send",
            money(d->amount, &d->asset, a));
    else
        say(p->o, "%s", calls[kind]);
    if (moves)
        say(p->o, "%-8s %s%s", d->meaning.kind == CALL_APPROVE ? "to be moved by" : "to",
            address_format(d->who, who), d->first_time ? " (for the first time)" : "");
    if (d->like_another)
        say(p->o, "WARNING  this address looks like one you used before, and is not: compare every "
                  "digit");
    say(p->o, "fee      at most %s, likely %s", money(d->fee_most, coin, a),
        money(d->fee_likely, coin, b));
    if (moves && kind != CALL_APPROVE)
        say(p->o, "leaves   %s", money(d->balance_after, &d->asset, a));
    if (d->meaning_text[0])
        say(p->o, "signer   %s", d->meaning_text);
}

static souk_err send_draft(struct paying *p, struct draft *d, bytes32 *tx, struct err *e)
{
    static const char *const states[] = {"sent, not in a block yet", "done", "failed on chain",
                                         "replaced", "dropped"};
    struct got_sent g = {0};
    char hash[HASH_BUF];
    souk_err r = purse_wait(p->purse, purse_send(p->purse, d, p->gate, true, take_sent, &g), e);
    if (!r && g.err.code) {
        *e = g.err;
        r = e->code;
    }
    if (r)
        return r;
    if (tx)
        *tx = g.hash;
    else
        printf("%s\n", bytes32_format(g.hash, hash));
    say(p->o, "%s%s", states[g.state], g.state == SENT_MINED ? "" : ": `souk wallet history`");
    return g.state == SENT_FAILED
               ? err_set(e, SOUK_EFAIL,
                         "the chain took the transaction and it failed; only its "
                         "fee was paid")
               : SOUK_OK;
}

souk_err paying_carry_out(struct paying *p, const struct draft_request *rq, bytes32 *tx,
                          struct err *e)
{
    struct got_draft g = {0};
    souk_err r = paying_unlock(p, e);
    if (!r)
        r = purse_wait(p->purse, purse_draft(p->purse, rq, take_draft, &g), e);
    if (!r && g.err.code) {
        *e = g.err;
        r = e->code;
    }
    if (r)
        return r;
    show_draft(p, &g.d);
    if (!g.d.needs_password && !p->o->set[OPT_YES])
        r = paying_ask(p, "Send this transaction?", e);
    return r ? r : send_draft(p, &g.d, tx, e);
}

static souk_err act_send(struct paying *p, struct err *e)
{
    const char *const *arg = p->o->arg + 1;
    struct asset a;
    struct draft_request rq = {.kind = DRAFT_SEND, .asset = &a, .all = strcmp(arg[0], "all") == 0};
    souk_err r = paying_asset(p, arg[1], &a, e);
    if (!r && !rq.all)
        r = paying_amount(arg[0], &a, &rq.amount, e);
    if (!r && !address_parse(arg[2], strlen(arg[2]), &rq.who))
        r = err_set(e, SOUK_EINPUT, "\"%s\" is no address, or its checksum is wrong", arg[2]);
    return r ? r : paying_carry_out(p, &rq, NULL, e);
}

souk_err purse_do_send(const struct options *o, struct err *e)
{
    return with_purse(o, act_send, e);
}

/* The spender named at arg i, or Permit2. */
static souk_err spender_at(struct paying *p, int i, address *out, struct err *e)
{
    *out = PERMIT2;
    if (p->o->args <= i || address_parse(p->o->arg[i], strlen(p->o->arg[i]), out))
        return SOUK_OK;
    return err_set(e, SOUK_EINPUT, "\"%s\" is no address, or its checksum is wrong", p->o->arg[i]);
}

static souk_err act_approve(struct paying *p, struct err *e)
{
    struct asset a;
    struct draft_request rq = {.kind = DRAFT_APPROVE, .asset = &a};
    souk_err r = paying_asset(p, p->o->arg[2], &a, e);
    if (!r)
        r = paying_amount(p->o->arg[1], &a, &rq.amount, e);
    if (!r)
        r = spender_at(p, 3, &rq.who, e);
    return r ? r : paying_carry_out(p, &rq, NULL, e);
}

souk_err purse_do_approve(const struct options *o, struct err *e)
{
    return with_purse(o, act_approve, e);
}

static souk_err act_revoke(struct paying *p, struct err *e)
{
    struct asset a;
    struct draft_request rq = {.kind = DRAFT_APPROVE, .asset = &a};
    souk_err r = paying_asset(p, p->o->arg[1], &a, e);
    if (!r)
        r = spender_at(p, 2, &rq.who, e);
    return r ? r : paying_carry_out(p, &rq, NULL, e);
}

souk_err purse_do_revoke(const struct options *o, struct err *e)
{
    return with_purse(o, act_revoke, e);
}

/* --- what is stuck */

static souk_err replace(struct paying *p, enum draft_kind kind, struct err *e)
{
    char *end;
    struct draft_request rq = {.kind = kind, .replaces = strtoll(p->o->arg[1], &end, 10)};
    if (*end || end == p->o->arg[1] || rq.replaces <= 0)
        return err_set(e, SOUK_EUSAGE, "\"%s\" is no number of `souk wallet history`",
                       p->o->arg[1]);
    return paying_carry_out(p, &rq, NULL, e);
}

static souk_err act_speed_up(struct paying *p, struct err *e)
{
    return replace(p, DRAFT_SPEED_UP, e);
}

souk_err purse_do_speed_up(const struct options *o, struct err *e)
{
    return with_purse(o, act_speed_up, e);
}

static souk_err act_drop(struct paying *p, struct err *e)
{
    return replace(p, DRAFT_DROP, e);
}

souk_err purse_do_drop(const struct options *o, struct err *e)
{
    return with_purse(o, act_drop, e);
}

/* --- the kill switch: first nothing is signed any more, then what is open is made void */

static souk_err cancel_all(struct paying *p, const struct purse_state *st, struct err *e)
{
    souk_err first = SOUK_OK;
    for (size_t i = 0; i < st->n_open; i++) {
        struct draft_request rq = {.kind = DRAFT_CANCEL, .call = st->open[i].call};
        struct got_draft g = {0};
        struct err bad = {0};
        souk_err r = purse_wait(p->purse, purse_draft(p->purse, &rq, take_draft, &g), &bad);
        if (!r && g.err.code)
            bad = g.err;
        if (!bad.code)
            send_draft(p, &g.d, NULL, &bad);
        if (!bad.code)
            continue;
        say(p->o, "not cancelled (%.100s): %s", st->open[i].subject, bad.msg);
        first = first ? first
                      : err_set(e, bad.code,
                                "not everything could be cancelled, see "
                                "above; `souk wallet kill` tries again");
    }
    return first;
}

static souk_err act_kill(struct paying *p, struct err *e)
{
    struct signer *s;
    struct purse_state st = {0};
    souk_err r = signer_connect(purse_card(p->purse)->name, &s, e);
    if (r == SOUK_ENOTFOUND) {
        say(p->o, "the wallet is locked: nothing is being signed. To stop it for later too, and to "
                  "cancel what is open, it must be unlocked once");
        r = paying_unlock(p, e);
        if (!r)
            r = signer_connect(purse_card(p->purse)->name, &s, e);
    }
    if (r)
        return r;
    r = signer_kill(s, e);
    signer_close(s);
    if (r)
        return r;
    say(p->o, "the kill switch is on: nothing is signed any more (`souk wallet revive` ends that)");
    if (p->o->set[OPT_OFFLINE])
        return SOUK_OK;
    purse_check_open(p->purse); /* what was taken already needs no cancelling */
    r = purse_state_load(p->purse, &st, e);
    if (!r && st.n_open == 0) {
        say(p->o, "no signature is open: there is nothing to cancel");
    } else if (!r) {
        say(p->o, "%zu signature%s may still be used by who holds %s:", st.n_open,
            st.n_open == 1 ? "" : "s", st.n_open == 1 ? "it" : "them");
        for (size_t i = 0; i < st.n_open; i++) {
            char m[MONEY_BUF], when[HUMAN_BUF];
            struct asset a = paying_asset_at(p, st.open[i].typed.token);
            say(p->o, "  up to %s for %.100s, until %s", money(st.open[i].typed.amount, &a, m),
                st.open[i].subject, human_time(when, (int64_t)st.open[i].typed.valid_before));
        }
        if (!p->o->set[OPT_YES])
            r = paying_ask(p, "Cancel them on chain? Each costs a network fee.", e);
        if (!r)
            r = cancel_all(p, &st, e);
    }
    purse_state_release(&st);
    return r;
}

souk_err purse_do_kill(const struct options *o, struct err *e)
{
    return with_purse(o, act_kill, e);
}
