/* souk health: the vital signs, and where they come from. */
#include "cli/cli.h"
#include "cli/health_print.h"
#include "cli/out.h"
#include "cli/session.h"

#include "base/banned.h"

static souk_err vital_signs(const struct options *o, struct session *s, struct err *e)
{
    struct health *h;
    souk_err r = health_load(s->store, s->window, &h, e);
    if (r)
        return r;
    if (o->set[OPT_JSON]) {
        struct buf b;
        struct json_out out;
        buf_init(&b, SESSION_DOC_CAP);
        json_out_init(&out, &b);
        health_json(&out, h);
        r = out_json(&b, e);
        buf_release(&b);
    } else {
        health_print(h);
    }
    health_free(h);
    return r;
}

souk_err cmd_health(const struct options *o, struct err *e)
{
    struct session s;
    souk_err r = session_open(o, &s, e);
    if (r)
        return r;
    r = vital_signs(o, &s, e);
    session_close(&s);
    return r;
}
