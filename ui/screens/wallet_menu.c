#include "ui/screens/wallet_menu.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/purser.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

enum { LABEL = WALLET_NAME + ADDRESS_BUF + 32, ITEMS = 64 };

/* The wallets of this machine, and what each line of the menu means. */
struct menu_job {
    struct purser_job j; /* first */
    struct domain *d;
    struct wallet_card *card;
    size_t n, broken;
    struct {
        bool make;
        unsigned account; /* of the wallet that is open; else: a wallet by its name */
        char wallet[WALLET_NAME];
    } line[ITEMS];
};

static void list_run(struct purser_job *j)
{
    struct menu_job *k = (struct menu_job *)j;
    char dir[PATH_BUF];
    if (signer_dir(dir, &j->err) == SOUK_OK)
        wallet_cards(dir, &k->card, &k->n, &k->broken, &j->err);
}

static void chosen(void *ud, long i)
{
    struct menu_job *k = ud;
    struct domain *d = k->d;
    struct purse *purse = NULL;
    struct err e = {0};
    if (i >= 0 && k->line[i].make) {
        app_push(d->app, &screen_new_wallet, NULL);
    } else if (i >= 0 && k->line[i].wallet[0]) {
        if (purser_choose(d->purser, k->line[i].wallet, &e) != SOUK_OK)
            app_toast_err(d->app, &e);
    } else if (i >= 0 && purser_purse(d->purser, &purse, &e) == SOUK_OK) {
        purse_set_account(purse, k->line[i].account);
        purser_tell(d->purser);
    }
    mem_free(k);
}

static void add_accounts(struct menu_job *k, struct purse *purse, struct menu_item *item,
                         char label[][LABEL], size_t *n)
{
    const struct wallet_card *card = purse_card(purse);
    for (unsigned i = 0; i < card->accounts && *n < ITEMS / 2; i++, ++*n) {
        char full[ADDRESS_BUF]; /* to tell them apart; the screen has the chosen one in full */
        address_format(card->account[i], full);
        snprintf(label[*n], LABEL, "%s, account %u  %.8s…%s", card->name, i + 1, full, full + 36);
        item[*n] =
            (struct menu_item){.label = untrusted(label[*n]), .on = i == purse_account(purse)};
        k->line[*n].account = i;
    }
}

static void list_done(struct purser_job *j)
{
    static const char *const kinds[] = {
        [WALLET_WATCH] = "watch-only", [WALLET_KEY] = "a key", [WALLET_WORDS] = "words"};
    struct menu_job *got = (struct menu_job *)j;
    struct domain *d = purser_domain(j->p);
    struct purse *purse = NULL;
    struct menu_item item[ITEMS] = {0};
    char label[ITEMS][LABEL];
    size_t n = 0;
    struct menu_job *k = mem_zalloc(sizeof *k); /* lives as long as the menu */
    if (!k)
        return;
    k->d = d;
    if (purser_purse(j->p, &purse, NULL) == SOUK_OK)
        add_accounts(k, purse, item, label, &n);
    for (size_t i = 0; i < got->n && n < ITEMS - 1; i++) {
        const struct wallet_card *c = &got->card[i];
        if (purse && strcmp(c->name, purse_card(purse)->name) == 0)
            continue;
        snprintf(label[n], LABEL, "wallet %s", c->name);
        item[n] = (struct menu_item){.label = untrusted(label[n]), .hint = kinds[c->kind]};
        snprintf(k->line[n++].wallet, WALLET_NAME, "%s", c->name);
    }
    k->line[n].make = true;
    item[n++] = (struct menu_item){.label = untrusted("make, import or watch another one…")};
    app_menu(d->app, "Wallets", item, n, 0, chosen, k);
    if (got->broken)
        app_toast(d->app, ST_WARN, "%zu wallet files cannot be read: see souk wallet list",
                  got->broken);
}

static void list_release(struct purser_job *j)
{
    mem_free(((struct menu_job *)j)->card);
}

void wallet_menu(struct domain *d)
{
    struct menu_job *k = mem_zalloc(sizeof *k);
    if (!k)
        return;
    k->j.run = list_run;
    k->j.done = list_done;
    k->j.release = list_release;
    purser_submit(d->purser, &k->j);
}
