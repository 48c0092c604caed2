/* souk verify: is a file what a blob ID names? */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/content.h"
#include "cli/out.h"

#include "base/banned.h"

static souk_err print_json(const struct options *o, const struct content_proof *c, struct err *e)
{
    struct buf b;
    struct json_out j;
    buf_init(&b, 65536);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_cstr(&j, "file", o->arg[0]);
    json_out_cstr(&j, "blob_id", o->arg[1]);
    json_out_bool(&j, "verified", c->how != VERIFIED_NO);
    json_out_bool(&j, "strict", c->how == VERIFIED_STRICT);
    json_out_cstr(&j, "is", c->is[0] ? c->is : NULL);
    json_out_int(&j, "size", (int64_t)c->size);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

souk_err cmd_verify(const struct options *o, struct err *e)
{
    struct content_work w;
    struct content_proof c;
    struct progress p;
    char line[64];
    if (o->args != 2)
        return err_set(e, SOUK_EUSAGE, "usage: souk verify FILE BLOB_ID");
    souk_err r = content_options(o, "checking", &w, &p, e);
    if (r)
        return r;
    r = content_verify(o->arg[0], o->arg[1], o->value[OPT_METADATA], o->set[OPT_STRICT], &w, &c, e);
    progress_end(&p);
    if (r && r != SOUK_EVERIFY)
        return r;
    if (o->set[OPT_JSON]) {
        souk_err said = print_json(o, &c, r ? NULL : e);
        return r ? r : said;
    }
    if (r)
        return r;
    snprintf(line, sizeof line, "%s", c.how == VERIFIED_STRICT ? "verified, strict" : "verified");
    return out_line(line, e);
}
