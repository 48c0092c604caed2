#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/shelf.h"
#include "cli/out.h"
#include "cli/progress.h"

#include "base/banned.h"

enum { DOC_CAP = 64 << 20 };

/* --- the list */

static souk_err path_of(const struct library_row *r, char path[PATH_BUF])
{
    blob_id id;
    path[0] = '\0';
    return r->partial || !blob_id_parse(untrusted(r->id), &id) ? SOUK_ENOTFOUND
                                                               : library_find(&id, path, NULL);
}

static souk_err list_json(const struct library_list *l, struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, DOC_CAP);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_int(&o, "bytes", (int64_t)l->bytes);
    json_out_int(&o, "budget", (int64_t)l->budget);
    json_arr_open(&o, "models");
    for (size_t i = 0; i < l->n; i++) {
        char path[PATH_BUF];
        json_obj_open(&o, NULL);
        library_row_json(&o, &l->row[i], path_of(&l->row[i], path) == SOUK_OK ? path : NULL);
        json_obj_close(&o);
    }
    json_arr_close(&o);
    json_obj_close(&o);
    souk_err rc = out_json(&b, e);
    buf_release(&b);
    return rc;
}

static void age(struct out_table *t, int64_t then)
{
    char text[HUMAN_BUF];
    out_cell(t, untrusted(then > 0 ? human_age(text, clock_now() - then) : "–"));
}

static souk_err list_table(const struct library_list *l, bool csv, struct err *e)
{
    struct out_table t;
    struct buf name;
    char a[HUMAN_BUF], b[HUMAN_BUF];
    out_init(&t, csv ? "MODEL VERSION FILE >SIZE PROOF GOT USED BLOB_ID"
                     : "MODEL VERSION >SIZE PROOF >GOT >USED BLOB_ID");
    buf_init(&name, 4096);
    for (size_t i = 0; i < l->n; i++) {
        const struct library_row *r = &l->row[i];
        buf_clear(&name);
        library_row_name(r, &name);
        out_cell(&t, untrusted_n(name.p, name.len));
        out_cell(&t, r->about.version);
        if (csv)
            out_cell(&t, r->about.file);
        if (csv)
            out_cellf(&t, "%llu", (unsigned long long)r->size);
        else
            out_cell(&t, untrusted(human_size(a, r->size)));
        out_cell(&t, untrusted(r->partial ? "in part" : verified_name(r->about.verified)));
        if (csv) {
            out_cellf(&t, "%lld", (long long)r->about.got);
            out_cellf(&t, "%lld", (long long)r->used);
        } else {
            age(&t, r->about.got);
            age(&t, r->used);
        }
        out_cell(&t, untrusted(r->id));
    }
    souk_err rc = l->n > 0 || csv ? out_print(&t, csv, e) : SOUK_OK;
    if (rc == SOUK_OK && !csv)
        printf("%s%zu file%s, %s of %s\n", l->n > 0 ? "\n" : "", l->n, l->n == 1 ? "" : "s",
               human_size(a, l->bytes), human_size(b, l->budget));
    buf_release(&name);
    out_release(&t);
    return rc;
}

static souk_err list(const struct options *o, struct err *e)
{
    struct config c;
    struct library_list *l;
    souk_err rc = config_load(&c, e);
    if (rc == SOUK_OK)
        rc = library_load(c.library_budget, &l, e);
    if (rc != SOUK_OK)
        return rc;
    rc = o->set[OPT_JSON] ? list_json(l, e) : list_table(l, o->set[OPT_CSV], e);
    library_free(l);
    return rc;
}

/* --- check */

static souk_err print_proof(const struct options *o, const char *id, enum verified how,
                            struct err *e)
{
    struct buf b;
    struct json_out j;
    if (!o->set[OPT_JSON]) {
        printf("%s  %s\n", id, verified_name(how));
        return SOUK_OK;
    }
    buf_init(&b, 4096);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_cstr(&j, "blob_id", id);
    json_out_cstr(&j, "verified", how == VERIFIED_ROWS ? "rows" : "strict");
    json_obj_close(&j);
    souk_err rc = out_json(&b, e);
    buf_release(&b);
    return rc;
}

static souk_err check(const struct options *o, const blob_id *id, struct err *e)
{
    struct progress line;
    enum verified how;
    char text[BLOB_ID_BUF];
    struct library_check_options lo = {.strict = o->set[OPT_STRICT],
                                       .cancel = stop_flag(),
                                       .progress = progress_tell,
                                       .ud = &line};
    souk_err rc = shelf_threads(o, &lo.threads, e);
    if (rc != SOUK_OK)
        return rc;
    progress_begin(&line, o, "proving", 0);
    rc = library_check(id, &lo, &how, e);
    progress_end(&line);
    return rc == SOUK_OK ? print_proof(o, blob_id_format(id, text), how, e) : rc;
}

/* --- */

static souk_err print_path(const struct options *o, const blob_id *id, struct err *e)
{
    char path[PATH_BUF];
    souk_err rc = library_find(id, path, e);
    if (rc != SOUK_OK)
        return rc;
    if (o->set[OPT_JSON]) {
        struct buf b;
        struct json_out out;
        buf_init(&b, 4096);
        json_out_init(&out, &b);
        json_obj_open(&out, NULL);
        json_out_str(&out, "path", untrusted(path));
        json_obj_close(&out);
        rc = out_json(&b, e);
        buf_release(&b);
    } else {
        puts(path);
    }
    return rc;
}

souk_err cmd_library(const struct options *o, struct err *e)
{
    const char *verb = o->args > 0 ? o->arg[0] : "";
    bool path = strcmp(verb, "path") == 0, prove = strcmp(verb, "check") == 0,
         rm = strcmp(verb, "rm") == 0;
    blob_id id;
    if (o->args == 0)
        return list(o, e);
    if (!path && !prove && !rm)
        return err_set(e, SOUK_EUSAGE,
                       "souk library lists it; or path, check or rm MODEL, not \"%s\"", verb);
    if (o->args != 2)
        return err_set(e, SOUK_EUSAGE, "name one model: souk library %s MODEL", verb);
    souk_err rc = library_named(o->arg[1], &id, e);
    if (rc != SOUK_OK)
        return rc;
    if (path)
        return print_path(o, &id, e);
    if (prove)
        return check(o, &id, e);
    rc = library_remove(&id, e);
    if (rc == SOUK_OK)
        say(o, "removed");
    return rc;
}
