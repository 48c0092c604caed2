#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/shelf.h"
#include "cli/out.h"

#include "base/banned.h"

enum { DOC_CAP = 64 << 10 };

struct getting {
    const struct options *o;
    struct loop *loop;
    struct market *market;
    struct get_target target;
    struct get *get; /* NULL before and after */
    struct progress_line line;
    unsigned refetched;
    bool was_here, interrupted;
    struct err err;
};

/* --- progress */

static void on_progress(void *ud, const struct get_progress *p)
{
    struct getting *g = ud;
    struct buf b;
    char a[HUMAN_BUF], c[HUMAN_BUF];
    g->refetched = p->refetched;
    buf_init(&b, 1024);
    if (p->step == GET_CHECKING) {
        buf_adds(&b, "proving it");
        if (p->total > 0)
            buf_addf(&b, ": %s", human_percent(a, p->done, p->total));
    } else if (p->step == GET_ASKING) {
        buf_addf(&b, "asking %s", p->host);
    } else {
        buf_addf(&b, "%s", human_size(a, p->done));
        if (p->total > 0)
            buf_addf(&b, " of %s, %s", human_size(a, p->total),
                     human_percent(c, p->done, p->total));
        if (p->rate > 0)
            buf_addf(&b, ", %s/s", human_size(a, p->rate));
        if (p->left >= 60)
            buf_addf(&b, ", %lld:%02lld min left", (long long)(p->left / 60),
                     (long long)(p->left % 60));
        else if (p->left >= 0)
            buf_addf(&b, ", %lld s left", (long long)p->left);
        if (p->host[0] != '\0')
            buf_addf(&b, ", from %s", p->host);
    }
    if (p->words[0] != '\0')
        buf_addf(&b, "; %s", p->words);
    progress_show(&g->line, &b);
    buf_release(&b);
}

/* --- what it says */

static souk_err print_json(const struct getting *g, const struct library_row *row, const char *path,
                           const struct stored *s, struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, DOC_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    library_row_json(&o, row, path);
    json_out_bool(&o, "was_here", g->was_here);
    json_out_int(&o, "refetched_parts", g->refetched);
    stored_json(&o, "stored", s);
    json_obj_close(&o);
    souk_err rc = out_json(&b, e);
    buf_release(&b);
    return rc;
}

static void print_text(const struct library_row *row, const char *path, const struct stored *s)
{
    struct buf b;
    char size[HUMAN_BUF];
    buf_init(&b, 4096);
    if (row->about.model.n > 0) {
        library_row_name(row, &b);
        out_field("model", untrusted_n(b.p, b.len));
    }
    if (row->about.version.n > 0)
        out_field("version", row->about.version);
    if (row->about.file.n > 0)
        out_field("file", row->about.file);
    out_fieldf("blob id", "%s", row->id);
    out_fieldf("size", "%s", human_size(size, row->size));
    out_fieldf("proof", "%s", verified_name(row->about.verified));
    if (row->about.source.n > 0)
        out_field("from", row->about.source);
    buf_clear(&b);
    stored_words(s, &b);
    if (s->is != STORED_UNKNOWN)
        out_field("storage", untrusted_n(b.p, b.len));
    out_field("path", untrusted(path));
    buf_release(&b);
}

static souk_err print_row(const struct getting *g, const struct library_row *row,
                          const struct stored *s, struct err *e)
{
    char path[PATH_BUF];
    blob_id id;
    if (!blob_id_parse(untrusted(row->id), &id))
        BUG("a row without an ID");
    souk_err rc = library_find(&id, path, e);
    if (rc != SOUK_OK)
        return rc;
    if (g->o->set[OPT_JSON])
        return print_json(g, row, path, s, e);
    if (g->o->set[OPT_PATH])
        puts(path);
    else
        print_text(row, path, s);
    return SOUK_OK;
}

static void on_done(void *ud, const struct library_row *row, const struct stored *s,
                    const struct err *e)
{
    struct getting *g = ud;
    char size[HUMAN_BUF];
    g->get = NULL;
    progress_clear(&g->line);
    g->err = *e;
    if (row != NULL) {
        if (g->was_here)
            say(g->o, "it is here already");
        else
            say(g->o, "got %s, %s", human_size(size, row->size),
                verified_name(row->about.verified));
        if (g->refetched > 0)
            say(g->o, "%u part%s came wrong and came again from elsewhere", g->refetched,
                g->refetched == 1 ? "" : "s");
        g->err = (struct err){0};
        print_row(g, row, s, &g->err);
    }
    loop_stop(g->loop, 0);
}

static void on_signal(void *ud, int signo)
{
    struct getting *g = ud;
    (void)signo;
    if (g->get != NULL && !g->interrupted)
        get_cancel(g->get);
    g->interrupted = true;
}

/* --- what is meant */

/* A model nothing is known of here, but for what the user says: "author/name[@version]". */
static void take_words(const char *what, struct get_target *t)
{
    const char *slash = strchr(what, '/'), *name = slash != NULL ? slash + 1 : what;
    const char *at = strrchr(name, '@');
    size_t n = at != NULL ? (size_t)(at - name) : strlen(name);
    *t = (struct get_target){.size = -1};
    snprintf(t->author, sizeof t->author, "%.*s", slash != NULL ? (int)(slash - what) : 0, what);
    snprintf(t->name, sizeof t->name, "%.*s", (int)n, name);
    snprintf(t->version, sizeof t->version, "%s", at != NULL ? at + 1 : "");
}

/* The user's word counts where nobody else's does. */
static souk_err take_given(struct getting *g, souk_err found, struct err *e)
{
    const char *text = g->o->value[OPT_BLOB];
    struct get_target *t = &g->target;
    char told[BLOB_ID_BUF];
    blob_id id;
    if (!blob_id_parse(untrusted(text), &id))
        return err_set(e, SOUK_EINPUT,
                       "\"%.60s\" is no blob ID: 43 letters, digits, - and _ are wanted", text);
    if (found == SOUK_ENOTFOUND)
        take_words(g->o->arg[0], t);
    else if (found != SOUK_OK)
        return found;
    if (t->has_id && !blob_hash_eq(&t->id, &id))
        return err_set(e, SOUK_EINPUT,
                       "%.100s is known to be %s, not %s; to get that one, name it alone",
                       g->o->arg[0], blob_id_format(&t->id, told), text);
    t->id = id;
    t->has_id = true;
    t->legacy = false;
    t->here = library_find(&id, NULL, NULL) == SOUK_OK;
    return SOUK_OK;
}

static souk_err find(struct getting *g, struct err *e)
{
    const struct options *o = g->o;
    const struct get_target *t = &g->target;
    const struct network *n = market_network(g->market);
    souk_err rc = get_find(g->market, o->arg[0], o->value[OPT_FILE], true, &g->target, e);
    if (o->set[OPT_BLOB])
        rc = take_given(g, rc, e);
    if (rc != SOUK_OK || t->has_id || t->legacy)
        return rc;
    return err_set(e, SOUK_ENOTFOUND,
                   "nobody tells which file %.100s/%.100s is, neither a listing nor the Hub: look "
                   "its blob ID up on its page (%.100s) and give it with --blob-id",
                   t->author, t->name, n->hub_web[0] != '\0' ? n->hub_web : n->hub);
}

/* --- */

static souk_err run(struct getting *g, const struct get_options *go, struct err *e)
{
    static const struct get_events events = {.progress = on_progress, .done = on_done};
    souk_err rc = find(g, e);
    if (rc == SOUK_OK)
        rc = loop_signal(g->loop, SIGINT, on_signal, g, e);
    if (rc == SOUK_OK)
        rc = loop_signal(g->loop, SIGTERM, on_signal, g, e);
    if (rc != SOUK_OK)
        return rc;
    g->was_here = g->target.here;
    g->get = get_start(g->market, &g->target, go, &events, g, e);
    if (g->get == NULL)
        return e->code;
    loop_run(g->loop);
    *e = g->err;
    return e->code;
}

souk_err cmd_get(const struct options *o, struct err *e)
{
    struct get_options go = {.strict = o->set[OPT_STRICT]};
    struct getting g = {.o = o, .line = progress_line(o)};
    struct market_options mo = {.network = o->value[OPT_NETWORK], .offline = o->set[OPT_OFFLINE]};
    if (o->args != 1)
        return err_set(e, SOUK_EUSAGE, "name one model: souk get MODEL[@VERSION], or a blob ID");
    souk_err rc = shelf_threads(o, &go.threads, e);
    if (rc != SOUK_OK)
        return rc;
    g.loop = loop_new(e);
    if (g.loop == NULL)
        return e->code;
    rc = market_open(g.loop, &mo, &g.market, e);
    if (rc == SOUK_OK)
        rc = run(&g, &go, e);
    market_close(g.market);
    loop_free(g.loop);
    return rc;
}
