/* Who is paid, and the transaction that says so. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "market/publish/internal.h"
#include "store/page_rows.h"

#include "base/banned.h"

/* --- the receiving address: an account behind the first that no listing names */

static void draft_it(struct publish *x);

static void used_run(struct publish *x, struct store *s)
{
    const struct wallet_card *card = purse_card(x->p);
    for (unsigned i = 0; i < card->accounts; i++) {
        bool used = i == 0 || i == x->account;
        for (size_t k = 0; k < x->payees; k++)
            used |= address_eq(x->payee[k], card->account[i]);
        if (!used && s != NULL && store_is_payee(s, card->account[i], &used, &x->err) != SOUK_OK)
            return;
        x->used[i] = used;
    }
}

static void ask_user(struct publish *x, unsigned accounts)
{
    x->waits = WAITS_USER;
    if (!x->dropped)
        x->ev.address(x->ud, accounts);
}

static void used_known(struct publish *x)
{
    const struct wallet_card *card = purse_card(x->p);
    struct err e;
    unsigned i = 0;
    while (i < card->accounts && x->used[i])
        i++;
    if (i < card->accounts) {
        x->terms.pay_to = card->account[i];
        draft_it(x);
        return;
    }
    /* A wallet brought back from its words may have many behind: not one password for each. */
    unsigned more = x->asked < 5 ? 1u << x->asked : 32;
    if (card->accounts == WALLET_ACCOUNTS) {
        err_set(&e, SOUK_EINPUT,
                "all %d accounts of the wallet %s are named by listings: name the address that is "
                "to be paid (--pay-to), or list with another wallet",
                WALLET_ACCOUNTS, card->name);
        publish_end(x, &e);
        return;
    }
    x->asked++;
    ask_user(x, card->accounts + more < WALLET_ACCOUNTS ? card->accounts + more : WALLET_ACCOUNTS);
}

static void choose_account(struct publish *x)
{
    publish_query(x, used_run, used_known);
}

void publish_address(struct publish *x, const struct err *e)
{
    struct err mine = {0};
    if (x->waits != WAITS_USER || x->step != PUBLISH_ADDRESS)
        BUG("a publish that does not wait for an address got one");
    if (e != NULL && e->code != SOUK_OK)
        mine = *e;
    else
        purse_reload(x->p, &mine);
    if (!publish_woken(x))
        return;
    if (mine.code != SOUK_OK) {
        publish_end(x, &mine);
    } else if (purse_card(x->p)->kind != WALLET_WORDS) {
        x->terms.pay_to = x->owner;
        draft_it(x);
    } else {
        choose_account(x);
    }
}

void address_begin(struct publish *x)
{
    struct listing_terms *t = &x->terms;
    char *id;
    struct err e;
    if (!x->rq.list) {
        publish_say(x, PUBLISH_DONE, NULL, 0, 0);
        publish_end(x, NULL);
        return;
    }
    if (x->rq.file != NULL) {
        id = arena_alloc(&x->memory, BLOB_ID_BUF);
        if (id == NULL) {
            err_nomem(&e);
            publish_end(x, &e);
            return;
        }
        t->blob_id = untrusted(blob_id_format(&x->r.id, id));
    }
    publish_say(x, PUBLISH_ADDRESS, NULL, 0, 0);
    if (!address_is_zero(t->pay_to) || u256_is_zero(t->price))
        draft_it(x);
    else if (purse_card(x->p)->kind == WALLET_WORDS)
        choose_account(x);
    else
        ask_user(x, 0);
}

souk_err publish_add_account(struct purse *p, unsigned accounts, signer_gate gate, struct err *e)
{
    char dir[PATH_BUF], count[16], fd[16];
    souk_err c = signer_dir(dir, e);
    if (c != SOUK_OK)
        return c;
    if (gate < 0)
        return err_set(e, SOUK_ELIMIT,
                       "the wallet %s needs one more account, to be paid at, and there is no "
                       "terminal to ask for its password: use --password-fd, or name an address "
                       "with --pay-to",
                       purse_card(p)->name);
    snprintf(count, sizeof count, "%u", accounts);
    snprintf(fd, sizeof fd, "%d", gate);
    bool terminal = isatty(gate) == 1; /* it asks at its own, which is the same */
    const int keep[] = {gate, -1};
    const char *const argv[] = {"accounts",
                                purse_card(p)->name,
                                "--dir",
                                dir,
                                "--count",
                                count,
                                terminal ? NULL : "--password-fd",
                                fd,
                                NULL};
    return signer_run(argv, terminal ? NULL : keep, e);
}

/* --- the transaction */

static void finish(struct publish *x)
{
    char owner[ADDRESS_BUF];
    x->r.listed = true;
    x->r.pay_to = x->terms.pay_to;
    snprintf(x->r.proof_line, sizeof x->r.proof_line, "souk-listing: %s",
             address_format(x->owner, owner));
    publish_say(x, PUBLISH_DONE, NULL, 0, 0);
    publish_end(x, NULL);
}

static void drafted(void *ud, const struct draft *d, const struct err *e)
{
    struct publish *x = ud;
    if (!publish_woken(x))
        return;
    if (e != NULL) {
        publish_end(x, e);
        return;
    }
    draft_copy(&x->draft, d);
    x->r.pay_to = x->terms.pay_to;
    x->waits = WAITS_USER;
    if (!x->dropped)
        x->ev.agree(x->ud, &x->draft, &x->r, x->now.known && x->now.active ? &x->now.terms : NULL);
}

static void wait_for(struct publish *x, struct purse_call *c)
{
    struct err e;
    x->purse_call = c;
    x->waits = WAITS_PURSE;
    if (c != NULL)
        return;
    err_nomem(&e);
    publish_end(x, &e);
}

static void draft_it(struct publish *x)
{
    const struct draft_request rq = {.kind = DRAFT_LIST, .terms = x->terms};
    x->r.unchanged = terms_in_force(x);
    if (x->r.unchanged) {
        finish(x);
        return;
    }
    publish_say(x, PUBLISH_LIST, "preparing the transaction", 0, 0);
    wait_for(x, purse_draft(x->p, &rq, drafted, x));
}

static void sent(void *ud, const struct sent_row *row, const struct err *e)
{
    struct publish *x = ud;
    if (row != NULL)
        x->r.tx = row->hash;
    if (!publish_woken(x))
        return;
    if (e != NULL)
        publish_end(x, e);
    else
        finish(x);
}

static void on_signed(void *ud)
{
    publish_say(ud, PUBLISH_MINING, "signed; waiting for its block", 0, 0);
}

void publish_go(struct publish *x, signer_gate gate)
{
    if (x->waits != WAITS_USER || x->step != PUBLISH_LIST)
        BUG("a publish that asked for no agreement got one");
    publish_say(x, PUBLISH_MINING, NULL, 0, 0);
    struct purse_call *c = purse_send(x->p, &x->draft, gate, true, sent, x);
    if (c != NULL)
        purse_on_signed(c, on_signed);
    wait_for(x, c);
}
