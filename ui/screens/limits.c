/*
 * Limits: what the signer signs without asking. It alone keeps them; making them wider is asked for
 * at the terminal, with the password.
 */
#include <string.h>

#include "base/mem.h"
#include "ui/screens/form_screen.h"
#include "ui/screens/money.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

enum { F_TOKEN, F_CALL, F_DAY, F_WEEK, F_AUTHOR, F_MODEL };

struct limits_own {
    struct asset asset[CONFIG_TOKENS + 1];
    size_t assets, shown; /* shown: the token whose limits stand in the form */
    struct limits_job *job;
    struct purse_state state;
    bool has_state;
};

struct limits_job {
    struct purser_job j;   /* first */
    struct form_screen *s; /* NULL: it has gone */
    struct purse *purse;   /* read: the state; NULL: set */
    struct purse_state state;
    char wallet[WALLET_NAME], network[sizeof((struct network *)NULL)->name];
    struct limits limits;
};

static bool fill(struct form_screen *s);

/* --- what they are now */

static const struct limits *known(const struct limits_own *o, size_t i)
{
    for (size_t k = 0; o->has_state && k < o->state.limits; k++)
        if (address_eq(o->state.limit[k].limits.asset.token, o->asset[i].token))
            return &o->state.limit[k].limits;
    return NULL;
}

static void put(struct form_screen *s, size_t field, const u256 *v, const struct asset *a)
{
    char text[U256_FMT];
    bool none = !v || u256_cmp(*v, NO_CAP) == 0;
    form_set(s->form, field, untrusted(none ? "" : money_plain(*v, a, text)));
}

static void show(struct form_screen *s)
{
    struct limits_own *o = s->own;
    size_t i = form_chosen(s->form, F_TOKEN);
    const struct limits *l = known(o, i);
    const struct asset *a = &o->asset[i];
    o->shown = i;
    put(s, F_CALL, l ? &l->per_call : NULL, a);
    put(s, F_DAY, l ? &l->per_day : NULL, a);
    put(s, F_WEEK, l ? &l->per_week : NULL, a);
    put(s, F_AUTHOR, l ? &l->per_author : NULL, a);
    put(s, F_MODEL, l ? &l->per_model : NULL, a);
}

static void changed(struct form_screen *s)
{
    struct limits_own *o = s->own;
    if (form_chosen(s->form, F_TOKEN) != o->shown)
        show(s);
}

static void read_run(struct purser_job *j)
{
    struct limits_job *k = (struct limits_job *)j;
    purse_state_load(k->purse, &k->state, &j->err);
}

static void read_done(struct purser_job *j)
{
    struct limits_job *k = (struct limits_job *)j;
    struct form_screen *s = k->s;
    if (!s)
        return;
    struct limits_own *o = s->own;
    o->job = NULL;
    s->failed = j->err;
    if (!j->err.code) {
        o->state = k->state;
        o->has_state = true;
        memset(&k->state, 0, sizeof k->state);
        arena_init(&k->state.arena, 1);
        show(s);
    }
    app_dirty(s->app);
}

static void job_release(struct purser_job *j)
{
    purse_state_release(&((struct limits_job *)j)->state);
}

/* --- setting them */

static bool amount(struct form_screen *s, size_t field, bool needed, const struct asset *a,
                   u256 *out)
{
    const char *text = form_value(s->form, field);
    if (!text[0] && !needed) {
        *out = NO_CAP;
        return true;
    }
    if (u256_parse_decimal(text, a->decimals, out))
        return true;
    return form_screen_fault(s, field,
                             needed ? "an amount is needed here, such as 0.25"
                                    : "an amount such as 0.25, or nothing for no such limit");
}

static void set_run(struct purser_job *j)
{
    struct limits_job *k = (struct limits_job *)j;
    struct signer_start st = {.wallet = k->wallet, .network = k->network, .gate = j->gate};
    struct signer *signer = NULL;
    souk_err c = signer_connect(k->wallet, &signer, &j->err);
    if (c == SOUK_ENOTFOUND) { /* locked: unlocking is the first question */
        j->err = (struct err){0};
        if (signer_unlock(&st, &j->err) == SOUK_OK)
            signer_connect(k->wallet, &signer, &j->err);
    }
    if (!j->err.code)
        signer_set_limits(signer, &k->limits, j->gate, &j->err);
    signer_close(signer);
}

static void set_done(struct purser_job *j)
{
    struct limits_job *k = (struct limits_job *)j;
    struct form_screen *s = k->s;
    if (!s)
        return;
    ((struct limits_own *)s->own)->job = NULL;
    s->busy = NULL;
    s->failed = j->err;
    if (!j->err.code) {
        app_toast(s->app, ST_GOOD, "the limits are set");
        purser_tell(j->p);
        app_pop(s->app);
    }
    app_dirty(s->app);
}

static void submit(struct form_screen *s)
{
    struct limits_own *o = s->own;
    size_t i = form_chosen(s->form, F_TOKEN);
    struct limits l = {.asset = o->asset[i]};
    if (!amount(s, F_MODEL, false, &l.asset, &l.per_model) ||
        !amount(s, F_AUTHOR, false, &l.asset, &l.per_author) ||
        !amount(s, F_WEEK, false, &l.asset, &l.per_week) ||
        !amount(s, F_DAY, true, &l.asset, &l.per_day) ||
        !amount(s, F_CALL, true, &l.asset, &l.per_call) || o->job)
        return;
    struct limits_job *k = mem_zalloc(sizeof *k);
    if (!k) {
        err_nomem(&s->failed);
        return;
    }
    arena_init(&k->state.arena, 1);
    k->s = s;
    k->limits = l;
    memcpy(k->wallet, purser_lock(s->d->purser)->wallet, sizeof k->wallet);
    memcpy(k->network, market_network(s->d->market)->name, sizeof k->network);
    k->j.run = set_run;
    k->j.done = set_done;
    k->j.release = job_release;
    o->job = k;
    s->busy = "▸ the signer asks at the terminal…";
    if (!purser_submit_at_terminal(s->d->purser, &k->j,
                                   "The signer is asked for other limits; it asks you."))
        s->busy = NULL, o->job = NULL;
}

/* --- life */

static bool fill(struct form_screen *s)
{
    struct limits_own *o = s->own;
    const char *symbol[CONFIG_TOKENS + 1];
    struct purse *purse = NULL;
    arena_init(&o->state.arena, 1);
    o->assets = network_assets(market_network(s->d->market), o->asset, CONFIG_TOKENS + 1);
    for (size_t i = 0; i < o->assets; i++)
        symbol[i] = o->asset[i].symbol;
    static const struct {
        const char *label, *hint;
    } text[] = {
        {"a call", "the most one call may cost"},
        {"24 hours", "the most in any 24 hours"},
        {"7 days", "the most in any 7 days; nothing: no such limit"},
        {"an author", "the most to one author in 24 hours; nothing: no such limit"},
        {"a model", "the most to one model in 24 hours; nothing: no such limit"},
    };
    bool ok = form_add_choice(s->form, "token", "left and right change it", symbol, o->assets, 0);
    for (size_t i = 0; ok && i < sizeof text / sizeof *text; i++)
        ok = form_add(s->form, untrusted(text[i].label), untrusted(text[i].hint), untrusted(""));
    struct limits_job *k = ok ? mem_zalloc(sizeof *k) : NULL;
    if (!k)
        return false;
    if (purser_purse(s->d->purser, &purse, &s->failed) != SOUK_OK) {
        mem_free(k);
        return true;
    }
    arena_init(&k->state.arena, 1);
    k->s = s;
    k->purse = purse;
    k->j.run = read_run;
    k->j.done = read_done;
    k->j.release = job_release;
    o->job = k;
    purser_submit(s->d->purser, &k->j);
    return true;
}

static void close_own(struct form_screen *s)
{
    struct limits_own *o = s->own;
    if (o->job)
        o->job->s = NULL;
    purse_state_release(&o->state);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    static const struct form_kind kind = {
        .intro = "Within these the signer signs without asking; beyond them it asks for the "
                 "password, each time. A token without limits is never paid with.",
        .button = "Set them",
        .fill = fill,
        .changed = changed,
        .submit = submit,
        .close = close_own,
        .own_size = sizeof(struct limits_own),
    };
    (void)arg;
    return form_screen_open(a, &kind, self, e);
}

const struct screen_ops screen_limits = {
    .name = "limits",
    .title = "Limits",
    .open = open_screen,
    .close = form_screen_close,
    .draw = form_screen_draw,
    .event = form_screen_event,
};
