/*
 * New wallet: made or imported by souk-signer at the terminal, where alone words, keys and
 * passwords are seen; or an address to watch, which has no secret.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/screens/form_screen.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

enum { F_HOW, F_NAME, F_FROM };
enum how { HOW_12, HOW_24, HOW_IMPORT, HOW_V3, HOW_WATCH, HOWS };

struct new_own {
    struct new_job *job;
};

struct new_job {
    struct purser_job j;   /* first */
    struct form_screen *s; /* NULL: it has gone */
    enum how how;
    char name[WALLET_NAME], from[PATH_BUF];
    address watched;
};

static bool fill(struct form_screen *s)
{
    static const char *const how[HOWS] = {
        [HOW_12] = "new, 12 words",
        [HOW_24] = "new, 24 words",
        [HOW_IMPORT] = "words or a private key",
        [HOW_V3] = "a key file of another wallet (V3)",
        [HOW_WATCH] = "an address, to watch",
    };
    return form_add_choice(s->form, "from", "left and right change it", how, HOWS, 0) &&
           form_add(s->form, untrusted("name"), untrusted("a-z, 0-9, - and _; 32 at most"),
                    untrusted("main")) &&
           form_add(s->form, untrusted("file, address"),
                    untrusted("only for a key file (its path) or an address to watch"),
                    untrusted(""));
}

static void run(struct purser_job *j)
{
    struct new_job *k = (struct new_job *)j;
    char dir[PATH_BUF];
    if (signer_dir(dir, &j->err) != SOUK_OK)
        return;
    const char *create[] = {
        "create", k->name, "--dir", dir, "--words", k->how == HOW_24 ? "24" : "12", NULL};
    const char *import[] = {"import", k->name, "--dir", dir, k->how == HOW_V3 ? "--v3" : NULL,
                            k->from,  NULL};
    if (k->how == HOW_WATCH)
        wallet_watch(dir, k->name, k->watched, &j->err);
    else
        signer_run(k->how <= HOW_24 ? create : import, NULL, &j->err);
}

static void done(struct purser_job *j)
{
    struct new_job *k = (struct new_job *)j;
    struct form_screen *s = k->s;
    if (!s)
        return;
    ((struct new_own *)s->own)->job = NULL;
    s->busy = NULL;
    s->failed = j->err;
    if (!j->err.code && purser_choose(j->p, k->name, &s->failed) == SOUK_OK) {
        app_toast(s->app, ST_GOOD, "the wallet %s is this network's now; b sets its limits",
                  k->name);
        app_pop(s->app);
    }
    app_dirty(s->app);
}

static bool read_form(struct form_screen *s, struct new_job *k)
{
    const char *name = form_value(s->form, F_NAME), *from = form_value(s->form, F_FROM);
    k->how = (enum how)form_chosen(s->form, F_HOW);
    if (!wallet_name_ok(name))
        return form_screen_fault(s, F_NAME, "a name of a-z, 0-9, - and _, 32 at most");
    snprintf(k->name, sizeof k->name, "%s", name);
    if (k->how == HOW_WATCH && !address_parse(from, strlen(from), &k->watched))
        return form_screen_fault(s, F_FROM, "not an address: 0x and 40 hex digits");
    if (k->how == HOW_V3 && (!from[0] || strlen(from) >= sizeof k->from))
        return form_screen_fault(s, F_FROM, "the path of the key file is needed");
    snprintf(k->from, sizeof k->from, "%.*s", (int)sizeof k->from - 1, from);
    return true;
}

static void submit(struct form_screen *s)
{
    struct new_own *o = s->own;
    struct new_job *k = o->job ? NULL : mem_zalloc(sizeof *k);
    if (!k)
        return;
    if (!read_form(s, k)) {
        mem_free(k);
        return;
    }
    k->s = s;
    k->j.run = run;
    k->j.done = done;
    o->job = k;
    s->busy = "▸ making it…";
    if (k->how == HOW_WATCH)
        purser_submit(s->d->purser, &k->j);
    else if (!purser_submit_at_terminal(s->d->purser, &k->j,
                                        "souk-signer has the terminal: what you type now goes to "
                                        "it alone. Ctrl-C goes back to souk."))
        s->busy = NULL, o->job = NULL;
}

static void close_own(struct form_screen *s)
{
    struct new_own *o = s->own;
    if (o->job)
        o->job->s = NULL;
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    static const struct form_kind kind = {
        .intro = "souk-signer, a process of its own, takes the terminal for a while: it shows or "
                 "asks for the words and the password. This screen never sees them.",
        .button = "Go on at the terminal",
        .fill = fill,
        .submit = submit,
        .close = close_own,
        .own_size = sizeof(struct new_own),
    };
    (void)arg;
    return form_screen_open(a, &kind, self, e);
}

const struct screen_ops screen_new_wallet = {
    .name = "new-wallet",
    .title = "New wallet",
    .open = open_screen,
    .close = form_screen_close,
    .draw = form_screen_draw,
    .event = form_screen_event,
};
