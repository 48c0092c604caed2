/* From the key `d` on a model to a file that can be asked for: the cache, the Hub, the user. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/getting.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

struct ask_key {
    int64_t model;
    bool has_version, has_file;
    char version[64], file[256];
};

struct get_ask {
    struct get_ask *next;
    struct getting *g;
    struct ask_key key;
    struct page_job *job;
    bool asked_hub;
};

static souk_err load(struct store *st, const void *key, enum window w, void **out, struct err *e)
{
    struct ask_key k;
    struct get_target *t = mem_zalloc(sizeof *t);
    (void)w;
    memcpy(&k, key, sizeof k);
    if (!t)
        return err_nomem(e);
    souk_err c = get_of_model(st, k.model, k.has_version ? k.version : NULL,
                              k.has_file ? k.file : NULL, t, e);
    if (c == SOUK_OK)
        *out = t;
    else
        mem_free(t);
    return c;
}

static void drop(void *target)
{
    mem_free(target);
}

static void forget(struct get_ask *a)
{
    for (struct get_ask **p = getting_asks(a->g); *p; p = &(*p)->next) {
        if (*p == a) {
            *p = a->next;
            break;
        }
    }
    mem_free(a);
}

static void look(struct get_ask *a);

static void hub_said(void *ud, const struct err *e)
{
    (void)e; /* without its word the user is asked */
    look(ud);
}

static void toggle(struct getting *g, const struct get_target *t)
{
    char id[BLOB_ID_BUF];
    const struct coming *c = getting_find(g, untrusted(blob_id_format(&t->id, id)));
    if (c && !coming_is_over(c))
        getting_cancel(g, c);
    else
        getting_start(g, t);
}

static void take(void *self, void *page, const struct err *e)
{
    struct get_ask *a = self;
    struct get_target *t = page;
    struct domain *d = getting_domain(a->g);
    a->job = NULL;
    if (t && !t->has_id && !t->legacy && !a->asked_hub && !market_offline(d->market)) {
        mem_free(t);
        a->asked_hub = true;
        app_toast(d->app, ST_NORMAL, "asking the Hub which file it is…");
        market_files(d->market, a->key.model, hub_said, a);
        return;
    }
    if (!t)
        app_toast_err(d->app, e);
    else if (t->legacy)
        app_toast(d->app, ST_BAD,
                  "its id is an old IPFS one: it cannot be had from Walrus, nor be verified");
    else if (!t->has_id)
        app_push(d->app, &screen_get_id, t);
    else if (t->here)
        app_toast(d->app, ST_GOOD, "it is on this disk already; r runs it, 6 shows it");
    else
        toggle(a->g, t);
    mem_free(t);
    forget(a);
}

static void look(struct get_ask *a)
{
    a->job = page_job_start(getting_domain(a->g), &a->key, sizeof a->key, load, take, drop, a);
    if (!a->job)
        forget(a);
}

void getting_model(struct getting *g, int64_t model, const char *version, const char *file)
{
    const struct coming *c = file ? NULL : getting_find_model(g, model);
    if (c && !coming_is_over(c)) {
        getting_cancel(g, c);
        return;
    }
    struct get_ask *a = mem_zalloc(sizeof *a);
    if (!a)
        return;
    a->g = g;
    a->key.model = model;
    a->key.has_version = version != NULL;
    a->key.has_file = file != NULL;
    snprintf(a->key.version, sizeof a->key.version, "%s", version ? version : "");
    snprintf(a->key.file, sizeof a->key.file, "%s", file ? file : "");
    a->next = *getting_asks(g);
    *getting_asks(g) = a;
    look(a);
}

void getting_asks_drop(struct getting *g)
{
    for (struct get_ask *a; (a = *getting_asks(g));) {
        page_job_drop(a->job);
        market_files_drop(getting_domain(g)->market, a);
        forget(a);
    }
}
