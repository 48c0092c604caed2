#include "ui/watching.h"

#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "base/mem.h"

#include "base/banned.h"

enum { NEWS_MAX = 500, NETWORK_MAX = 32 };

struct watching {
    struct domain *d;
    char network[NETWORK_MAX];
    struct watch_list list;
    bool stopped, dying; /* dying: watching_free was called while a job was out */
    bool placed;         /* the place is where the cache was when souk opened, or later */
    struct watch_place place;
    bool looking, again, writing, rewrite;
    char told[ERR_MSG_MAX];         /* why the last look failed, once said */
    struct landed kept[WATCH_KEPT]; /* a ring */
    size_t n, next;
};

/* --- copies of the list, for workers */

static bool copy_list(const struct watch_list *from, struct watch_list *to)
{
    struct err e;
    *to = (struct watch_list){.n = 0};
    for (size_t i = 0; i < from->n; i++) {
        if (watch_toggle(to, from->word[i], &e)) {
            watch_release(to);
            return false;
        }
    }
    return true;
}

/* --- what landed */

static void keep(struct watching *w, const struct news_row *n)
{
    struct landed *l = &w->kept[w->next];
    w->next = (w->next + 1) % WATCH_KEPT;
    w->n += w->n < WATCH_KEPT;
    *l = (struct landed){.time = n->call.time,
                         .refund = n->refund,
                         .payer_known = n->payer_known,
                         .payer_new = n->payer_new,
                         .amount = n->call.amount,
                         .payer = n->call.payer,
                         .bits = n->bits};
    snprintf(l->author, sizeof l->author, "%s", n->author[0] ? n->author : n->word);
    snprintf(l->model, sizeof l->model, "%s", n->model);
    snprintf(l->tx, sizeof l->tx, "%s", n->call.tx);
}

static void say_one(struct watching *w, const struct landed *l)
{
    char money[U256_FMT + 16], payer[ADDRESS_BUF], from[64] = "";
    if (l->payer_known) {
        address_format(l->payer, payer);
        snprintf(from, sizeof from, ", %s %.6s…%s%s", l->refund ? "given back to" : "from", payer,
                 payer + 36, l->payer_new ? " (new)" : "");
    }
    app_toast(w->d->app, ST_MONEY, "%s%s  %s%s%s%s", l->refund ? "−" : "+",
              amount_format(&l->amount, money, sizeof money), l->author, l->model[0] ? "/" : "",
              l->model, from);
}

/* Of many, the sum of each asset: assets are never added to each other. What went back is in none.
 */
static void say_sum(struct watching *w, const struct news *n)
{
    struct amount sum[INCOME_MAX];
    size_t assets = 0, counted = 0;
    char money[U256_FMT + 16], text[INCOME_MAX * 64], count[HUMAN_BUF];
    size_t len = 0;
    for (size_t i = 0; i < n->n; i++) {
        const struct amount *a = &n->row[i].call.amount;
        size_t k = 0;
        while (k < assets && !address_eq(sum[k].asset, a->asset))
            k++;
        if (n->row[i].refund || k == INCOME_MAX)
            continue;
        counted++;
        if (k == assets) {
            sum[assets] = *a;
            sum[assets++].value = U256_ZERO;
        }
        (void)u256_add(sum[k].value, a->value, &sum[k].value);
    }
    if (!assets) {
        app_toast(w->d->app, ST_MONEY, "%s payments to whom you watch were given back (Activity)",
                  human_count(count, n->n));
        return;
    }
    text[0] = '\0';
    for (size_t k = 0; k < assets; k++) {
        int more = snprintf(text + len, sizeof text - len, "%s+%s", k > 0 ? ", " : "",
                            amount_format(&sum[k], money, sizeof money));
        len += more > 0 && (size_t)more < sizeof text - len ? (size_t)more : 0;
    }
    app_toast(w->d->app, ST_MONEY, "%s payments to whom you watch: %s (Activity)",
              human_count(count, counted), text);
}

void watching_take(struct watching *w, const struct news *n)
{
    for (size_t i = 0; i < n->n; i++)
        keep(w, &n->row[i]);
    if (n->n == 1)
        say_one(w, watching_at(w, 0));
    else if (n->n > 1)
        say_sum(w, n);
    if (n->n > 0)
        app_dirty(w->d->app);
}

/* --- looking, in the background */

struct look_job {
    struct market_job mj;
    struct watching *w; /* NULL: it is gone */
    const struct network *net;
    struct watch_list list;
    bool placed;
    struct watch_place place;
    struct news *news;
};

static void look_run(struct market_job *mj, struct store *s)
{
    struct look_job *j = (struct look_job *)mj;
    if (s)
        news_load(s, j->net, &j->list, j->placed ? &j->place : NULL, NEWS_MAX, &j->news, &mj->err);
}

/* A name that no author has stops the news of all: said once, where there are authors to know. */
static void say_failure(struct watching *w, const struct err *e)
{
    bool known = w->d->catalog && w->d->catalog->total > 0;
    if (e->code && e->code != SOUK_ECANCEL && known && strcmp(w->told, e->msg) != 0)
        app_toast_err(w->d->app, e);
    snprintf(w->told, sizeof w->told, "%s", e->code && known ? e->msg : "");
}

static void look_done(struct market_job *mj)
{
    struct look_job *j = (struct look_job *)mj;
    struct watching *w = j->w;
    bool again = w->again;
    w->looking = w->again = false;
    if (j->news && !w->stopped) {
        w->place = j->news->upto;
        w->placed = w->placed || w->place.block > 0;
        again |= j->news->more;
        watching_take(w, j->news);
    }
    if (!w->stopped)
        say_failure(w, j->news ? &(struct err){0} : &mj->err);
    news_free(j->news);
    watch_release(&j->list);
    mem_free(j);
    if (w->dying)
        watching_free(w);
    else if (again)
        watching_look(w);
}

void watching_look(struct watching *w)
{
    if (!w || w->stopped)
        return;
    if (w->looking) {
        w->again = true;
        return;
    }
    struct look_job *j = mem_zalloc(sizeof *j);
    if (!j || !copy_list(&w->list, &j->list)) {
        mem_free(j);
        return;
    }
    j->w = w;
    j->net = market_network(w->d->market);
    j->placed = w->placed;
    j->place = w->place;
    j->mj.run = look_run;
    j->mj.done = look_done;
    w->looking = true;
    market_submit(w->d->market, &j->mj);
}

/* --- the list */

struct save_job {
    struct job job;
    struct watching *w;
    char network[NETWORK_MAX];
    struct watch_list list;
    struct err err;
};

static void save(struct watching *w);

static void save_run(struct job *j)
{
    struct save_job *s = (struct save_job *)j;
    watch_save(s->network, &s->list, &s->err);
}

static void save_done(struct job *j)
{
    struct save_job *s = (struct save_job *)j;
    struct watching *w = s->w;
    bool again = w->rewrite;
    w->writing = w->rewrite = false;
    if (s->err.code && !w->stopped)
        app_toast_err(w->d->app, &s->err);
    /* The loop goes, and jobs that had not begun with it: what was asked for is written even so. */
    if (w->dying && (again || atomic_load(&j->cancelled)))
        watch_save(w->network, &w->list, &s->err);
    watch_release(&s->list);
    mem_free(s);
    if (w->dying)
        watching_free(w);
    else if (again)
        save(w);
}

static void save(struct watching *w)
{
    if (w->writing) {
        w->rewrite = true;
        return;
    }
    struct save_job *s = mem_zalloc(sizeof *s);
    if (!s || !copy_list(&w->list, &s->list)) {
        mem_free(s);
        return;
    }
    s->w = w;
    snprintf(s->network, sizeof s->network, "%s", w->network);
    s->job.run = save_run;
    s->job.done = save_done;
    w->writing = true;
    loop_submit(market_loop(w->d->market), LANE_CONTENT, &s->job);
}

bool watching_has(const struct watching *w, const char *word)
{
    return w && watch_has(&w->list, word);
}

size_t watching_count(const struct watching *w)
{
    return w ? w->list.n : 0;
}

/* The list as the file has it now: another souk may have changed it, and one that cannot be read
 * is not written over. */
static souk_err read_again(struct watching *w, struct err *e)
{
    struct watch_list now;
    souk_err c = w->writing ? SOUK_OK : watch_load(w->network, &now, e);
    if (c || w->writing)
        return c;
    watch_release(&w->list);
    w->list = now;
    return SOUK_OK;
}

void watching_toggle(struct watching *w, const char *word)
{
    struct err e = {0};
    if (!w)
        return;
    bool wanted = !watch_has(&w->list, word);
    souk_err c = read_again(w, &e);
    if (!c && watch_has(&w->list, word) != wanted)
        c = watch_toggle(&w->list, word, &e);
    if (c) {
        app_toast_err(w->d->app, &e);
        return;
    }
    save(w);
    app_toast(w->d->app, ST_GOOD,
              watch_has(&w->list, word) ? "watching %s: each payment is told as it lands"
                                        : "no longer watching %s",
              word);
    app_dirty(w->d->app);
}

/* --- life */

struct watching *watching_new(struct domain *d)
{
    struct err e = {0};
    struct watching *w = mem_zalloc(sizeof *w);
    if (!w)
        return NULL;
    w->d = d;
    snprintf(w->network, sizeof w->network, "%s", market_network(d->market)->name);
    if (read_again(w, &e)) /* a small file, as the configuration is */
        app_toast_err(d->app, &e);
    return w;
}

void watching_stop(struct watching *w)
{
    if (w)
        w->stopped = true;
}

/* While a job of ours is out, it frees us. */
void watching_free(struct watching *w)
{
    if (!w)
        return;
    w->stopped = w->dying = true;
    if (w->looking || w->writing)
        return;
    watch_release(&w->list);
    mem_free(w);
}

size_t watching_landed(const struct watching *w)
{
    return w ? w->n : 0;
}

const struct landed *watching_at(const struct watching *w, size_t i)
{
    return &w->kept[(w->next + WATCH_KEPT - 1 - i) % WATCH_KEPT];
}
