/*
 * Publish: a model put up for sale, or what is listed changed. The form; what then happens is a
 * screen of its own (publishing.c), from which one comes back here.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/library.h"
#include "market/publish.h"
#include "ui/screens/form_screen.h"
#include "ui/screens/money.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

enum {
    F_FILE,
    F_AUTHOR,
    F_NAME,
    F_PRICE,
    F_TOKEN,
    F_ENDPOINT,
    F_PAID,
    F_ADDRESS,
    F_EPOCHS,
    F_KEPT,
    FIELDS
};
enum { PAID_OWN, PAID_HERE, PAID_THERE };
enum { EPOCHS_MAX = 53, DECIMAL = 10 };

struct publish_own {
    struct asset asset[CONFIG_TOKENS + 1];
    size_t tokens;
    bool listed;       /* to be changed: what is left empty stays */
    struct asset paid; /* its token; symbol "?": none of the profile's */
    char path[PATH_BUF];
};

/* --- from the form */

static bool empty(const struct form_screen *s, size_t field, const char *words)
{
    if (form_value(s->form, field)[0])
        return false;
    form_screen_fault((struct form_screen *)s, field, words);
    return true;
}

/* A path; or the ID of a file in the library. Whether it can be read is found out later, by a
 * worker. */
static bool read_file(struct form_screen *s, struct publish_request *rq)
{
    struct publish_own *o = s->own;
    const char *text = form_value(s->form, F_FILE), *home = getenv("HOME");
    blob_id id;
    rq->file = NULL;
    if (!text[0])
        return o->listed ||
               form_screen_fault(s, F_FILE, "say which file: its path, or a blob ID in Library");
    if (blob_id_parse(untrusted(text), &id)) {
        struct err e = {0};
        if (library_find(&id, o->path, &e) != SOUK_OK)
            return form_screen_fault(s, F_FILE, "the library has no whole file of this blob ID");
    } else {
        bool tilde = text[0] == '~' && text[1] == '/' && home;
        size_t n = strlen(text) + (tilde ? strlen(home) : 0);
        if (n >= sizeof o->path)
            return form_screen_fault(s, F_FILE, "that path is too long");
        snprintf(o->path, sizeof o->path, "%s%s", tilde ? home : "", text + (tilde ? 1 : 0));
    }
    rq->file = o->path;
    return true;
}

static bool read_names(struct form_screen *s, struct publish_request *rq)
{
    rq->author = form_value(s->form, F_AUTHOR);
    rq->name = form_value(s->form, F_NAME);
    if (empty(s, F_NAME, "the model's name on the Hub: buyers find it by this") ||
        empty(s, F_AUTHOR, "the author's name on the Hub"))
        return false;
    if (strlen(rq->name) > LISTING_NAME_MAX)
        return form_screen_fault(s, F_NAME, "the contract takes 512 bytes at most");
    if (strlen(rq->author) > LISTING_AUTHOR_MAX)
        return form_screen_fault(s, F_AUTHOR, "the contract takes 256 bytes at most");
    return true;
}

/* The first choice of a listing that is changed is the token it has. */
static const struct asset *chosen_token(const struct form_screen *s)
{
    const struct publish_own *o = s->own;
    size_t i = form_chosen(s->form, F_TOKEN);
    if (o->listed && i-- == 0)
        return o->paid.symbol[0] != '?' ? &o->paid : NULL;
    return i < o->tokens ? &o->asset[i] : NULL;
}

static bool read_price(struct form_screen *s, struct publish_request *rq)
{
    struct publish_own *o = s->own;
    const char *text = form_value(s->form, F_PRICE);
    char words[FORM_WORDS];
    if (!text[0] && o->listed && !form_chosen(s->form, F_TOKEN))
        return true;
    rq->asset = chosen_token(s);
    if (!rq->asset)
        return form_screen_fault(s, F_TOKEN, "calls are paid in a token of this network");
    if (empty(s, F_PRICE, "the price of a call, such as 0.05; 0 is for nothing"))
        return false;
    rq->has_price = u256_parse_decimal(text, rq->asset->decimals, &rq->price);
    if (rq->has_price)
        return true;
    snprintf(words, sizeof words, "no amount of %s: digits and a point, at most %u behind it",
             rq->asset->symbol, rq->asset->decimals);
    return form_screen_fault(s, F_PRICE, words);
}

static bool read_payee(struct form_screen *s, struct publish_request *rq, address mine)
{
    const char *text = form_value(s->form, F_ADDRESS);
    size_t how = form_chosen(s->form, F_PAID);
    rq->has_pay_to = how != PAID_OWN;
    rq->pay_to = mine;
    if (how != PAID_THERE)
        return true;
    if (!address_parse(text, strlen(text), &rq->pay_to))
        return form_screen_fault(s, F_ADDRESS,
                                 "not an address: 0x and 40 hex digits; with letters of both cases "
                                 "its checksum must be right");
    if (address_is_zero(rq->pay_to))
        return form_screen_fault(s, F_ADDRESS, "what is paid to this address is lost");
    return true;
}

static bool read_rest(struct form_screen *s, struct publish_request *rq)
{
    struct publish_own *o = s->own;
    struct err e = {0};
    const char *text = form_value(s->form, F_EPOCHS);
    char *end = NULL;
    unsigned long epochs = strtoul(text, &end, DECIMAL);
    rq->permanent = form_chosen(s->form, F_KEPT) == 1;
    rq->epochs = (unsigned)epochs;
    rq->endpoint = form_value(s->form, F_ENDPOINT);
    if (!rq->endpoint[0] && !o->listed)
        rq->endpoint = NULL; /* a listing that this form does not know of keeps its own */
    if (text[0] < '0' || text[0] > '9' || *end || epochs < 1 || epochs > EPOCHS_MAX)
        return form_screen_fault(s, F_EPOCHS, "a number of epochs from 1 to 53");
    if (rq->endpoint && publish_endpoint(market_network(s->d->market), untrusted(rq->endpoint), &e))
        return form_screen_fault(s, F_ENDPOINT, e.msg);
    return true;
}

static void submit(struct form_screen *s)
{
    struct publish_request rq = {.list = true};
    struct purse *purse = NULL;
    for (size_t i = 0; i < FIELDS; i++)
        form_fault(s->form, i, NULL);
    struct err e = {0};
    souk_err c = purser_purse(s->d->purser, &purse, &e);
    if (c == SOUK_ENOTFOUND)
        err_set(&e, c, "there is no wallet on this network yet: w in Wallet (5) makes one");
    if (c != SOUK_OK) {
        s->failed = e;
        return;
    }
    if (read_file(s, &rq) && read_names(s, &rq) && read_price(s, &rq) &&
        read_payee(s, &rq, purse_address(purse)) && read_rest(s, &rq))
        app_push(s->app, &screen_publishing, &rq);
}

/* --- the form */

static bool add_text(struct form_screen *s, const char *label, const char *hint)
{
    return form_add(s->form, untrusted(label), untrusted(hint), untrusted(""));
}

static bool add_tokens(struct form_screen *s)
{
    struct publish_own *o = s->own;
    const char *name[CONFIG_TOKENS + 2];
    size_t n = 0,
           assets = network_assets(market_network(s->d->market), o->asset, CONFIG_TOKENS + 1);
    o->tokens = assets ? assets - 1 : 0; /* the last is the coin, which nobody pays with */
    if (o->listed)
        name[n++] = "as it is listed";
    for (size_t i = 0; i < o->tokens; i++)
        name[n++] = o->asset[i].symbol;
    if (!n)
        name[n++] = "none";
    return form_add_choice(s->form, "token", "left and right change it", name, n, 0);
}

static bool fill(struct form_screen *s)
{
    static const char *const paid[] = {"an account of its own", "this account", "another address"};
    static const char *const kept[] = {"may be deleted before", "kept until then"};
    return add_text(s, "file", "its path, or the blob ID of one in Library (6)") &&
           add_text(s, "author", "your name on the Hub") &&
           add_text(s, "name", "the model's name on the Hub") &&
           add_text(s, "price", "of one call, such as 0.05; 0 is for nothing") && add_tokens(s) &&
           add_text(s, "endpoint", "https://…, where it is called; nothing: it is not, yet") &&
           form_add_choice(s->form, "paid to",
                           "what each model earns can be told apart when each has an account; one "
                           "that is listed keeps what it has",
                           paid, sizeof paid / sizeof *paid, PAID_OWN) &&
           add_text(s, "address", "only when it is paid to another one: 0x…") &&
           form_add(s->form, untrusted("epochs"),
                    untrusted("how long Walrus stores it; two weeks each on its mainnet, 53 at "
                              "most"),
                    untrusted("10")) &&
           form_add_choice(s->form, "storage", "whether whoever paid for it may delete it", kept,
                           sizeof kept / sizeof *kept, 0);
}

static bool fill_change(struct form_screen *s)
{
    ((struct publish_own *)s->own)->listed = true;
    return fill(s);
}

/* What cannot be typed cannot be the key of a listing that is to be changed. */
static souk_err put_name(struct form_screen *s, struct untrusted name, struct err *e)
{
    form_set(s->form, F_NAME, name);
    const char *is = form_value(s->form, F_NAME);
    if (strlen(is) == name.n && memcmp(is, name.p, name.n) == 0)
        return SOUK_OK;
    return err_set(e, SOUK_EINPUT,
                   "its name holds what cannot be typed, so it cannot be changed here; X withdraws "
                   "it");
}

static souk_err show_listed(struct form_screen *s, const struct own_listing *l, struct err *e)
{
    struct publish_own *o = s->own;
    char text[U256_FMT];
    o->paid = money_asset(market_network(s->d->market), l->price.asset);
    form_set(s->form, F_AUTHOR, l->author);
    form_set(s->form, F_ENDPOINT, l->endpoint);
    if (o->paid.symbol[0] != '?')
        form_set(s->form, F_PRICE, untrusted(money_plain(l->price.value, &o->paid, text)));
    form_focus_on(s->form, F_PRICE);
    return put_name(s, l->name, e);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    static const struct form_kind fresh = {
        .intro = "The file is stored on Walrus, read back and compared, and listed with a price. "
                 "Nothing is signed before you have seen it.",
        .button = "Publish it",
        .fill = fill,
        .submit = submit,
        .own_size = sizeof(struct publish_own),
    };
    static const struct form_kind change = {
        .intro = "A listing is changed: give a file for a new version; without one the file stays. "
                 "Nothing is signed before you have seen it.",
        .button = "Change it",
        .fill = fill_change,
        .submit = submit,
        .own_size = sizeof(struct publish_own),
    };
    const struct publish_arg *p = arg;
    souk_err c = form_screen_open(a, p && p->listed ? &change : &fresh, self, e);
    if (c != SOUK_OK || !p)
        return c;
    struct form_screen *s = *self;
    form_set(s->form, F_FILE, untrusted(p->file));
    form_set(s->form, F_AUTHOR, untrusted(p->author));
    form_set(s->form, F_NAME, untrusted(p->name));
    if (p->listed)
        c = show_listed(s, p->listed, e);
    if (c != SOUK_OK)
        form_screen_close(s);
    return c;
}

void publish_of_row(struct app *a, const struct library_row *r)
{
    char author[LISTING_AUTHOR_MAX + 1], name[LISTING_NAME_MAX + 1];
    const struct library_about *k = &r->about;
    snprintf(author, sizeof author, "%.*s", (int)k->author.n, k->author.n ? k->author.p : "");
    snprintf(name, sizeof name, "%.*s", (int)k->model.n, k->model.n ? k->model.p : "");
    app_push(a, &screen_publish,
             &(struct publish_arg){.file = r->id, .author = author, .name = name});
}

const struct screen_ops screen_publish = {
    .name = "publish",
    .title = "Publish",
    .open = open_screen,
    .close = form_screen_close,
    .draw = form_screen_draw,
    .event = form_screen_event,
};
