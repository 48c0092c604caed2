/* souk publish: stores a model, lists it at a price, or changes what is listed. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/paying.h"
#include "market/publish.h"

#include "base/banned.h"

struct run {
    struct paying p;
    struct publish *x;
    enum publish_step step;
    bool over, on_line; /* on_line: progress stands on the terminal's line */
    char said[128];
    struct publish_result r;
    struct err err;  /* how it ended */
    struct err mine; /* why this command stopped it */
};

/* --- progress */

static void clear_line(struct run *r)
{
    if (r->on_line)
        fputs("\r\033[K", stderr);
    r->on_line = false;
}

static void show_line(struct run *r, const char *what, uint64_t done, uint64_t total)
{
    char a[HUMAN_BUF], b[HUMAN_BUF];
    clear_line(r);
    fprintf(stderr, "%s: %s of %s", what, human_size(a, done), human_size(b, total));
    r->on_line = true;
}

static void stop(struct run *r, const struct err *e)
{
    r->mine = *e;
    publish_cancel(r->x);
}

static void on_step(void *ud, enum publish_step s, const char *words, uint64_t done, uint64_t total)
{
    static const char *const doing[] = {
        [PUBLISH_COMPUTE] = "computing the blob ID",
        [PUBLISH_STORE] = "storing",
        [PUBLISH_PROVE] = "reading it back",
    };
    struct run *r = ud;
    struct err e = {0};
    r->step = s;
    if (words && strcmp(words, r->said) != 0) {
        clear_line(r);
        say(r->p.o, "%s", words);
        snprintf(r->said, sizeof r->said, "%s", words);
    } else if (!words && total > 0 && s <= PUBLISH_PROVE && !r->p.o->set[OPT_QUIET] &&
               isatty(STDERR_FILENO)) {
        show_line(r, doing[s], done, total);
    }
    /* Unlocked before it is drafted, so that the signer's own words are there to be agreed to. */
    if (s == PUBLISH_LIST && paying_unlock(&r->p, &e))
        stop(r, &e);
}

/* --- questions */

static void on_address(void *ud, unsigned accounts)
{
    struct run *r = ud;
    struct paying *p = &r->p;
    struct err e = {0};
    clear_line(r);
    if (accounts > 0) {
        say(p->o, "each model is paid at an address of its own: the wallet gets another account");
        publish_add_account(p->purse, accounts, p->gate, &e);
    } else if (p->tty < 0) {
        err_set(&e, SOUK_ELIMIT,
                "the wallet %s has one address alone, and nobody is here to say that all its "
                "models may be paid there: say so with --pay-to",
                purse_card(p->purse)->name);
    } else {
        say(p->o, "this wallet has one address alone: what its models earn could not be told "
                  "apart. A wallet of words (`souk wallet create`) has one for each.");
        paying_ask(p, "Be paid at that one address?", &e);
    }
    publish_address(r->x, &e);
}

static void show_text(const struct options *o, const char *label, struct untrusted v)
{
    struct buf b;
    buf_init(&b, 4096);
    text_add(&b, v, 400, text_locale_charset());
    say(o, "%-9s %s", label, b.bad ? "?" : b.p);
    buf_release(&b);
}

static void show_terms(const struct paying *p, const struct draft *d,
                       const struct listing_terms *before)
{
    const struct listing_terms *t = &d->meaning.terms;
    char price[MONEY_BUF], was[MONEY_BUF], to[ADDRESS_BUF];
    show_text(p->o, before ? "change" : "list", t->name);
    show_text(p->o, "author", t->author);
    show_text(p->o, "file", t->blob_id);
    money(t->price, &d->asset, price);
    if (before &&
        (u256_cmp(before->price, t->price) != 0 || !address_eq(before->asset, t->asset))) {
        struct asset a = paying_asset_at(p, before->asset);
        say(p->o, "price     %s a call (was %s)", price, money(before->price, &a, was));
    } else {
        say(p->o, "price     %s a call", price);
    }
    if (!address_is_zero(t->pay_to))
        say(p->o, "paid to   %s", address_format(t->pay_to, to));
    if (before && !address_eq(before->pay_to, t->pay_to))
        say(p->o, "          (was %s)", address_format(before->pay_to, to));
    show_text(p->o, "called at", t->endpoint.n > 0 ? t->endpoint : untrusted("nowhere"));
}

static void on_agree(void *ud, const struct draft *d, const struct publish_result *so_far,
                     const struct listing_terms *before)
{
    struct run *r = ud;
    struct paying *p = &r->p;
    struct asset all[CONFIG_TOKENS + 1];
    size_t n = network_assets(market_network(p->market), all, CONFIG_TOKENS + 1);
    char a[MONEY_BUF], b[MONEY_BUF];
    struct err e = {0};
    (void)so_far;
    clear_line(r);
    show_terms(p, d, before);
    say(p->o, "fee       at most %s, likely %s", money(d->fee_most, &all[n - 1], a),
        money(d->fee_likely, &all[n - 1], b));
    if (d->meaning_text[0])
        say(p->o, "signer    %s", d->meaning_text);
    if (!d->needs_password && !p->o->set[OPT_YES] && paying_ask(p, "List it?", &e))
        stop(r, &e);
    else
        publish_go(r->x, p->gate);
}

static void on_done(void *ud, const struct publish_result *res, const struct err *e)
{
    struct run *r = ud;
    clear_line(r);
    r->over = true;
    r->r = *res;
    if (e)
        r->err = *e;
}

static void on_signal(void *ud, int signo)
{
    struct run *r = ud;
    (void)signo;
    if (r->x)
        publish_cancel(r->x);
}

/* --- what is asked for */

/* The token of a price: the one named, that of the listing, or the profile's first. */
static souk_err choose_asset(const struct paying *p, struct asset *out, struct err *e)
{
    const struct options *o = p->o;
    struct asset all[CONFIG_TOKENS + 1];
    struct own_listings *l;
    size_t n = network_assets(market_network(p->market), all, CONFIG_TOKENS + 1);
    if (o->set[OPT_ASSET])
        return paying_asset(p, o->value[OPT_ASSET], out, e);
    *out = all[0];
    if (n < 2)
        return err_set(e, SOUK_EINPUT, "the network %s has no token to be paid in",
                       market_network(p->market)->name);
    souk_err r = own_listings_load(market_reader(p->market), purse_address(p->purse), &l, e);
    if (r)
        return r;
    for (size_t i = 0; i < l->n; i++) {
        const struct untrusted name = l->row[i].name;
        if (name.n == strlen(o->value[OPT_NAME]) && memcmp(name.p, o->value[OPT_NAME], name.n) == 0)
            *out = paying_asset_at(p, l->row[i].price.asset);
    }
    own_listings_free(l);
    return SOUK_OK;
}

static souk_err read_price(const struct paying *p, struct publish_request *rq, struct asset *a,
                           struct err *e)
{
    const struct options *o = p->o;
    if (!o->set[OPT_PRICE] && !o->set[OPT_ASSET])
        return SOUK_OK;
    souk_err r = choose_asset(p, a, e);
    if (r)
        return r;
    if (asset_is_coin(a))
        return err_set(e, SOUK_EINPUT, "calls are paid in tokens, not in the chain's own coin");
    rq->asset = a;
    rq->has_price = o->set[OPT_PRICE];
    return rq->has_price ? paying_amount(o->value[OPT_PRICE], a, &rq->price, e) : SOUK_OK;
}

static souk_err read_request(const struct paying *p, struct publish_request *rq, struct asset *a,
                             struct err *e)
{
    const struct options *o = p->o;
    int64_t epochs;
    *rq = (struct publish_request){.file = o->args > 0 ? o->arg[0] : NULL,
                                   .author = o->value[OPT_AUTHOR],
                                   .name = o->value[OPT_NAME],
                                   .endpoint = o->value[OPT_ENDPOINT],
                                   .permanent = o->set[OPT_PERMANENT],
                                   .list = !o->set[OPT_STORE_ONLY]};
    souk_err r = options_int(o, OPT_EPOCHS, 0, 1, 53, &epochs, e);
    if (r)
        return r;
    rq->epochs = (unsigned)epochs;
    if (!rq->list)
        return SOUK_OK;
    if (!rq->name)
        return err_set(e, SOUK_EUSAGE, "say the model's name on the Hub: --name");
    rq->has_pay_to = o->set[OPT_PAY_TO];
    if (rq->has_pay_to &&
        !address_parse(o->value[OPT_PAY_TO], strlen(o->value[OPT_PAY_TO]), &rq->pay_to))
        return err_set(e, SOUK_EINPUT, "\"%s\" is no address, or its checksum is wrong",
                       o->value[OPT_PAY_TO]);
    return read_price(p, rq, a, e);
}

/* --- what came of it */

static souk_err print_json(const struct publish_result *x, struct err *e)
{
    static const bytes32 none;
    struct buf b;
    struct json_out j;
    char id[BLOB_ID_BUF], h[HASH_BUF];
    buf_init(&b, 1 << 16);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_cstr(&j, "blob_id", x->has_id ? blob_id_format(&x->id, id) : NULL);
    json_out_bool(&j, "stored_now", x->stored_now);
    json_out_bool(&j, "was_there", x->was_there);
    if (x->stored.end_epoch > 0)
        json_out_int(&j, "end_epoch", (int64_t)x->stored.end_epoch);
    else
        json_out_null(&j, "end_epoch");
    json_out_bool(&j, "listed", x->listed);
    json_out_bool(&j, "unchanged", x->unchanged);
    json_out_cstr(&j, "listing", x->listed ? bytes32_format(x->listing, h) : NULL);
    if (x->listed) {
        out_address_json(&j, "owner", x->owner);
        out_address_json(&j, "pay_to", x->pay_to);
    }
    json_out_cstr(&j, "tx",
                  memcmp(&x->tx, &none, sizeof none) != 0 ? bytes32_format(x->tx, h) : NULL);
    json_out_cstr(&j, "proof_line", x->listed ? x->proof_line : NULL);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static void print_stored(const struct publish_result *x)
{
    const struct stored *s = &x->stored;
    struct buf b;
    buf_init(&b, 1024);
    if (s->is == STORED_WHILE_KEPT && s->end_epoch > 0) /* the publisher's word */
        buf_addf(&b, "can be deleted; at most until epoch %llu, says %s",
                 (unsigned long long)s->end_epoch, s->node);
    else if (s->is != STORED_UNKNOWN)
        stored_words(s, &b);
    if (b.len > 0 && !b.bad)
        out_field("storage", untrusted(b.p));
    buf_release(&b);
}

static souk_err print_result(const struct options *o, const struct publish_result *x, struct err *e)
{
    char id[BLOB_ID_BUF], h[HASH_BUF], to[ADDRESS_BUF];
    if (o->set[OPT_JSON])
        return print_json(x, e);
    if (!x->listed) {
        puts(blob_id_format(&x->id, id));
        return SOUK_OK;
    }
    if (x->has_id)
        out_fieldf("blob ID", "%s", blob_id_format(&x->id, id));
    print_stored(x);
    out_fieldf("listing", "%s", bytes32_format(x->listing, h));
    if (!address_is_zero(x->pay_to))
        out_fieldf("paid to", "%s", address_format(x->pay_to, to));
    if (x->unchanged)
        say(o, "it was listed so already: nothing was sent");
    else
        out_fieldf("transaction", "%s", bytes32_format(x->tx, h));
    say(o, "Until the model's description on the Hub has this line, the listing is shown as not "
           "proven:");
    puts(x->proof_line);
    return SOUK_OK;
}

static souk_err carry_out(struct run *r, struct err *e)
{
    static const struct publish_events ev = {on_step, on_address, on_agree, on_done};
    struct publish_request rq;
    struct asset a;
    char id[BLOB_ID_BUF];
    souk_err c = read_request(&r->p, &rq, &a, e);
    if (!c)
        c = loop_signal(r->p.loop, SIGINT, on_signal, r, e);
    if (!c)
        c = loop_signal(r->p.loop, SIGTERM, on_signal, r, e);
    if (!c && !(r->x = publish_start(r->p.market, r->p.purse, &rq, &ev, r, e)))
        c = e->code;
    if (c)
        return c;
    while (!r->over)
        loop_step(r->p.loop, -1);
    r->x = NULL;
    if (!r->err.code)
        return print_result(r->p.o, &r->r, e);
    if (r->r.stored_now)
        say(r->p.o, "the file is stored as %s", blob_id_format(&r->r.id, id));
    *e = r->mine.code ? r->mine : r->err;
    return e->code;
}

souk_err cmd_publish(const struct options *o, struct err *e)
{
    struct run r = {0};
    if (o->args > 1)
        return err_set(e, SOUK_EUSAGE, "one file is published at a time");
    if (o->args == 0 && o->set[OPT_STORE_ONLY])
        return err_set(e, SOUK_EUSAGE, "say which file is to be stored");
    if (o->set[OPT_STORE_ONLY] && (o->set[OPT_PRICE] || o->set[OPT_ENDPOINT] || o->set[OPT_PAY_TO]))
        return err_set(e, SOUK_EUSAGE,
                       "--store-only lists nothing: it goes with no price, endpoint "
                       "or payee");
    souk_err c = paying_open(o, o->set[OPT_STORE_ONLY] ? WALLET_OR_NONE : WITH_WALLET, &r.p, e);
    if (c)
        return c;
    c = carry_out(&r, e);
    paying_close(&r.p);
    return c;
}
