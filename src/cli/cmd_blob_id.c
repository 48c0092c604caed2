/* souk blob-id: what a file is called on Walrus. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "cli/content.h"
#include "cli/out.h"

#include "base/banned.h"

souk_err content_options(const struct options *o, const char *what, struct content_work *w,
                         struct progress *p, struct err *e)
{
    int64_t shards, threads;
    struct stat st;
    if (strcmp(o->arg[0], "-") == 0)
        return err_set(e, SOUK_EUSAGE,
                       "the file is read more than once: name it, it cannot come from a pipe");
    souk_err r = options_int(o, OPT_SHARDS, 0, WALRUS_SHARDS_MIN, WALRUS_SHARDS_MAX, &shards, e);
    if (!r)
        r = options_int(o, OPT_THREADS, 0, 1, 1024, &threads, e);
    if (r)
        return r;
    progress_begin(p, o, what, stat(o->arg[0], &st) == 0 ? (uint64_t)st.st_size : 0);
    *w = (struct content_work){.shards = (unsigned)shards,
                               .threads = (unsigned)threads,
                               .cancel = stop_flag(),
                               .progress = progress_tell,
                               .ud = p};
    return SOUK_OK;
}

static souk_err print_json(const struct options *o, const struct content_name *c, struct err *e)
{
    struct buf b;
    struct json_out j;
    buf_init(&b, 65536);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_cstr(&j, "file", o->arg[0]);
    json_out_cstr(&j, "blob_id", c->id);
    json_out_int(&j, "size", (int64_t)c->shape.size);
    json_out_int(&j, "shards", c->shape.shards);
    json_out_int(&j, "symbol_size", c->shape.symbol);
    json_out_cstr(&j, "root_hash", c->root);
    json_out_cstr(&j, "metadata", o->value[OPT_METADATA]);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

souk_err cmd_blob_id(const struct options *o, struct err *e)
{
    struct content_work w;
    struct content_name c;
    struct progress p;
    if (o->args != 1)
        return err_set(e, SOUK_EUSAGE, "usage: souk blob-id FILE");
    souk_err r = content_options(o, "encoding", &w, &p, e);
    if (r)
        return r;
    r = content_name(o->arg[0], o->value[OPT_METADATA], &w, &c, e);
    progress_end(&p);
    if (r)
        return r;
    if (o->set[OPT_JSON])
        return print_json(o, &c, e);
    return out_line(c.id, e);
}
