/* souk wallet: its own keys, files and signer. Money is in cmd_purse.c and cmd_send.c. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/cmd_wallet.h"
#include "cli/out.h"

#include "base/banned.h"

/* --- souk-signer's own commands: it talks to the user itself */

/* Its arguments, and the descriptors it inherits. */
struct errand {
    const char *argv[24];
    int n;
    int keep[6];
    int kept;
    char fd[5][12];
    char dir[PATH_BUF];
};

static void add(struct errand *j, const char *word)
{
    if (j->n + 1 >= (int)(sizeof j->argv / sizeof *j->argv))
        BUG("too many words for souk-signer");
    j->argv[j->n++] = word;
}

static void add_option(struct errand *j, const struct options *o, enum option_id id,
                       const char *name)
{
    if (!o->set[id])
        return;
    add(j, name);
    if (o->value[id])
        add(j, o->value[id]);
}

static souk_err add_fd(struct errand *j, const struct options *o, enum option_id id,
                       const char *name, struct err *e)
{
    int fd;
    souk_err r = option_fd(o, id, &fd, e);
    if (r || fd < 0)
        return r;
    char *text = j->fd[j->kept];
    snprintf(text, sizeof j->fd[0], "%d", fd);
    add(j, name);
    add(j, text);
    j->keep[j->kept++] = fd;
    return SOUK_OK;
}

static souk_err run_errand(struct errand *j, const struct options *o, struct err *e)
{
    souk_err r = signer_dir(j->dir, e);
    if (!r)
        r = add_fd(j, o, OPT_PASSWORD_FD, "--password-fd", e);
    if (!r)
        r = add_fd(j, o, OPT_SECRET_FD, "--secret-fd", e);
    if (!r)
        r = add_fd(j, o, OPT_PASSPHRASE_FD, "--passphrase-fd", e);
    if (!r)
        r = add_fd(j, o, OPT_NEW_PASSWORD_FD, "--new-password-fd", e);
    if (!r)
        r = add_fd(j, o, OPT_WORDS_FD, "--words-fd", e);
    if (r)
        return r;
    add(j, "--dir");
    add(j, j->dir);
    j->argv[j->n] = NULL;
    j->keep[j->kept] = -1;
    return signer_run(j->argv, j->keep, e);
}

/* A new wallet is what its network pays with, when that had none; says what to do next. */
static souk_err welcome(const struct options *o, const char *name, struct err *e)
{
    char dir[PATH_BUF], a[ADDRESS_BUF], chosen[WALLET_NAME];
    struct wallet_card card;
    souk_err r = signer_dir(dir, e);
    if (!r)
        r = wallet_card_read(dir, name, &card, e);
    if (r)
        return r;
    printf("%s\n", address_format(card.account[0], a));
    struct config *c = mem_zalloc(sizeof *c);
    if (!c)
        return err_nomem(e);
    const char *network = o->value[OPT_NETWORK];
    if (!network && !config_load(c, NULL))
        network = c->default_network;
    if (network && purse_chosen(network, chosen, NULL) == SOUK_ENOTFOUND &&
        !purse_choose(network, name, NULL))
        say(o, "the network %s pays with it from now on (`souk wallet use` changes that)", network);
    if (card.kind != WALLET_WATCH)
        say(o, "nothing is paid before you set limits, such as: souk limits set USDC --per-call "
               "0.05 --per-day 1 --per-week 5");
    mem_free(c);
    return SOUK_OK;
}

static souk_err make(const char *what, const struct options *o, struct err *e)
{
    struct errand j = {0};
    add(&j, what);
    add(&j, o->arg[1]);
    add_option(&j, o, OPT_WORDS, "--words");
    add_option(&j, o, OPT_ACCOUNTS, "--accounts");
    add_option(&j, o, OPT_V3, "--v3");
    add_option(&j, o, OPT_PLAY, "--play");
    souk_err r = run_errand(&j, o, e);
    return r ? r : welcome(o, o->arg[1], e);
}

static souk_err do_create(const struct options *o, struct err *e)
{
    return make("create", o, e);
}

static souk_err do_import(const struct options *o, struct err *e)
{
    return make("import", o, e);
}

static souk_err do_export(const struct options *o, struct err *e)
{
    if (!o->set[OPT_V3] && !o->set[OPT_SHOW_WORDS])
        return err_set(e, SOUK_EUSAGE,
                       "say what to export: --v3 FILE (for other wallets), or --show-words");
    struct errand j = {0};
    add(&j, "export");
    add(&j, o->arg[1]);
    add_option(&j, o, OPT_V3, "--v3");
    add_option(&j, o, OPT_ACCOUNT, "--account");
    if (o->set[OPT_SHOW_WORDS])
        add(&j, "--words");
    return run_errand(&j, o, e);
}

static souk_err do_accounts(const struct options *o, struct err *e)
{
    if (!o->set[OPT_ACCOUNTS])
        return err_set(e, SOUK_EUSAGE, "say how many: --accounts N");
    struct errand j = {0};
    add(&j, "accounts");
    add(&j, o->arg[1]);
    add_option(&j, o, OPT_ACCOUNTS, "--count");
    return run_errand(&j, o, e);
}

static souk_err do_password(const struct options *o, struct err *e)
{
    struct errand j = {0};
    add(&j, "password");
    add(&j, o->arg[1]);
    return run_errand(&j, o, e);
}

/* --- files */

static souk_err do_watch(const struct options *o, struct err *e)
{
    char dir[PATH_BUF];
    address a;
    if (!address_parse(o->arg[2], strlen(o->arg[2]), &a))
        return err_set(e, SOUK_EINPUT, "\"%s\" is no address, or its checksum is wrong", o->arg[2]);
    souk_err r = signer_dir(dir, e);
    if (!r)
        r = wallet_watch(dir, o->arg[1], a, e);
    return r ? r : welcome(o, o->arg[1], e);
}

static const char *kind_name(const struct wallet_card *c)
{
    static const char *const names[] = {"watch-only", "key", "words"};
    return names[c->kind];
}

static bool is_unlocked(const struct wallet_card *c)
{
    struct signer *s;
    if (c->kind == WALLET_WATCH || signer_connect(c->name, &s, NULL))
        return false;
    signer_close(s);
    return true;
}

static void card_json(struct json_out *j, const struct wallet_card *c)
{
    json_obj_open(j, NULL);
    json_out_cstr(j, "name", c->name);
    json_out_cstr(j, "kind", kind_name(c));
    json_out_bool(j, "unlocked", is_unlocked(c));
    json_out_bool(j, "play", c->play);
    json_arr_open(j, "accounts");
    for (unsigned i = 0; i < c->accounts; i++)
        out_address_json(j, NULL, c->account[i]);
    json_arr_close(j);
    json_obj_close(j);
}

static souk_err list_json(const struct wallet_card *card, size_t n, struct err *e)
{
    struct buf b;
    struct json_out j;
    buf_init(&b, 1 << 20);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_arr_open(&j, "wallets");
    for (size_t i = 0; i < n; i++)
        card_json(&j, &card[i]);
    json_arr_close(&j);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err do_list(const struct options *o, struct err *e)
{
    char dir[PATH_BUF], a[ADDRESS_BUF];
    struct wallet_card *card = NULL;
    size_t n = 0, broken = 0;
    souk_err r = signer_dir(dir, e);
    if (!r)
        r = wallet_cards(dir, &card, &n, &broken, e);
    if (r)
        return r;
    if (broken)
        say(o, "%zu wallet file%s cannot be read and %s left out", broken, broken == 1 ? "" : "s",
            broken == 1 ? "is" : "are");
    if (o->set[OPT_JSON]) {
        r = list_json(card, n, e);
    } else if (n == 0) {
        say(o, "there is no wallet yet: `souk wallet create NAME` makes one");
    } else {
        struct out_table t;
        out_init(&t, "WALLET KIND STATE >ACCOUNTS ADDRESS");
        for (size_t i = 0; i < n; i++) {
            out_cell(&t, untrusted(card[i].name));
            out_cellf(&t, "%s%s", kind_name(&card[i]), card[i].play ? ", play money" : "");
            out_cell(&t, untrusted(card[i].kind == WALLET_WATCH ? "no key"
                                   : is_unlocked(&card[i])      ? "unlocked"
                                                                : "locked"));
            out_cellf(&t, "%u", card[i].accounts);
            out_cell(&t, untrusted(address_format(card[i].account[0], a)));
        }
        r = out_print(&t, false, e);
        out_release(&t);
    }
    mem_free(card);
    return r;
}

static souk_err do_use(const struct options *o, struct err *e)
{
    char dir[PATH_BUF];
    struct wallet_card card;
    struct config *c = mem_zalloc(sizeof *c);
    if (!c)
        return err_nomem(e);
    souk_err r = signer_dir(dir, e);
    if (!r)
        r = wallet_card_read(dir, o->arg[1], &card, e);
    if (!r)
        r = config_load(c, e);
    const char *network = o->set[OPT_NETWORK] ? o->value[OPT_NETWORK] : c->default_network;
    if (!r && !config_network(c, network))
        r = err_set(e, SOUK_ENOTFOUND, "there is no network \"%s\"; see `souk networks`", network);
    if (!r)
        r = purse_choose(network, o->arg[1], e);
    if (!r)
        say(o, "the network %s pays with the wallet %s", network, o->arg[1]);
    mem_free(c);
    return r;
}

/* --- the signer */

static souk_err with_signer(const struct options *o,
                            souk_err (*act)(struct signer *, struct paying *, struct err *),
                            struct err *e)
{
    struct paying p;
    struct signer *s = NULL;
    souk_err r = paying_open(o, WITH_WALLET, &p, e);
    if (r)
        return r;
    r = signer_connect(purse_card(p.purse)->name, &s, e);
    if (!r)
        r = act(s, &p, e);
    if (s)
        signer_close(s);
    paying_close(&p);
    return r;
}

static souk_err act_lock(struct signer *s, struct paying *p, struct err *e)
{
    souk_err r = signer_lock(s, e);
    if (!r)
        say(p->o, "the wallet %s is locked", purse_card(p->purse)->name);
    return r;
}

static souk_err do_lock(const struct options *o, struct err *e)
{
    souk_err r = with_signer(o, act_lock, e);
    if (r == SOUK_ENOTFOUND && strstr(e->msg, "locked")) {
        say(o, "it was locked already");
        return SOUK_OK;
    }
    return r;
}

static souk_err do_unlock(const struct options *o, struct err *e)
{
    struct paying p;
    souk_err r = paying_open(o, WITH_WALLET, &p, e);
    if (r)
        return r;
    r = paying_unlock(&p, e);
    if (!r)
        say(o, "the wallet %s is unlocked; it locks itself when nothing is asked of it for a while",
            purse_card(p.purse)->name);
    paying_close(&p);
    return r;
}

static souk_err act_revive(struct signer *s, struct paying *p, struct err *e)
{
    return signer_revive(s, p->gate, e);
}

static souk_err do_revive(const struct options *o, struct err *e)
{
    souk_err r = with_signer(o, act_revive, e);
    if (!r)
        say(o, "the kill switch is off: what your limits cover is signed again");
    return r;
}

static souk_err act_pin(struct signer *s, struct paying *p, struct err *e)
{
    address a;
    const char *text = p->o->arg[2];
    if (!address_parse(text, strlen(text), &a))
        return err_set(e, SOUK_EINPUT, "\"%s\" is no address, or its checksum is wrong", text);
    return signer_repin(s, p->o->arg[1], a, p->gate, e);
}

static souk_err do_pin(const struct options *o, struct err *e)
{
    return with_signer(o, act_pin, e);
}

static souk_err act_sign(struct signer *s, struct paying *p, struct err *e)
{
    signature sig;
    char hex[SIG_HEX];
    const char *text = p->o->arg[1];
    souk_err r = signer_message(s, purse_account(p->purse), text, strlen(text), p->gate, &sig, e);
    if (!r)
        puts(hex_encode(sig.b, sizeof sig.b, hex));
    return r;
}

static souk_err do_sign(const struct options *o, struct err *e)
{
    return with_signer(o, act_sign, e);
}

/* --- the table */

static const struct verb {
    const char *name, *args;
    int least, most; /* arguments after it */
    souk_err (*run)(const struct options *o, struct err *e);
} verbs[] = {
    {"create", "NAME", 1, 1, do_create},
    {"import", "NAME", 1, 1, do_import},
    {"export", "NAME", 1, 1, do_export},
    {"list", "", 0, 0, do_list},
    {"use", "NAME", 1, 1, do_use},
    {"watch", "NAME ADDRESS", 2, 2, do_watch},
    {"accounts", "NAME", 1, 1, do_accounts},
    {"password", "NAME", 1, 1, do_password},
    {"address", "", 0, 0, purse_do_address},
    {"balance", "[ADDRESS]", 0, 1, purse_do_balance},
    {"send", "AMOUNT|all TOKEN ADDRESS", 3, 3, purse_do_send},
    {"approve", "AMOUNT TOKEN [SPENDER]", 2, 3, purse_do_approve},
    {"revoke", "TOKEN [SPENDER]", 1, 2, purse_do_revoke},
    {"allowances", "", 0, 0, purse_do_allowances},
    {"history", "", 0, 0, purse_do_history},
    {"speed-up", "ID", 1, 1, purse_do_speed_up},
    {"drop", "ID", 1, 1, purse_do_drop},
    {"sign", "TEXT", 1, 1, do_sign},
    {"unlock", "", 0, 0, do_unlock},
    {"lock", "", 0, 0, do_lock},
    {"kill", "", 0, 0, purse_do_kill},
    {"revive", "", 0, 0, do_revive},
    {"pin", "SUBJECT ADDRESS", 2, 2, do_pin},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

souk_err cmd_wallet(const struct options *o, struct err *e)
{
    const char *word = o->args ? o->arg[0] : "list";
    char all[256] = "";
    for (int i = 0; i < VERBS; i++) {
        const struct verb *v = &verbs[i];
        int n = o->args ? o->args - 1 : 0;
        if (strcmp(v->name, word) == 0)
            return n >= v->least && n <= v->most
                       ? v->run(o, e)
                       : err_set(e, SOUK_EUSAGE, "usage: souk wallet %s %s", v->name, v->args);
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", v->name);
    }
    return err_set(e, SOUK_EUSAGE, "`souk wallet` does not know \"%s\"; it knows %s", word, all);
}
