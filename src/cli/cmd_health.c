/* souk health: the vital signs, and where they come from. */
#include "cli/cli.h"
#include "cli/explain_print.h"
#include "cli/health_print.h"
#include "cli/out.h"

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

/* One reading at a time, and options only where they mean something. */
static souk_err check(const struct options *o, struct err *e)
{
    static const enum option_id readings[] = {OPT_EXPLAIN, OPT_SENSITIVITY, OPT_FINDINGS,
                                              OPT_PROVE};
    static const enum option_id of_prove[] = {OPT_RPC, OPT_INFERENCE_RPC, OPT_SAMPLE};
    static const char *const names[OPT_COUNT] = {
        [OPT_EXPLAIN] = "--explain",   [OPT_SENSITIVITY] = "--sensitivity",
        [OPT_FINDINGS] = "--findings", [OPT_PROVE] = "--prove",
        [OPT_RPC] = "--rpc",           [OPT_INFERENCE_RPC] = "--inference-rpc",
        [OPT_SAMPLE] = "--sample"};
    const char *first = NULL;
    enum metric m;
    if (o->args)
        return err_set(e, SOUK_EUSAGE, "souk health takes no argument, not \"%s\"", o->arg[0]);
    for (size_t i = 0; i < sizeof readings / sizeof *readings; i++) {
        if (!o->set[readings[i]])
            continue;
        if (first)
            return err_set(e, SOUK_EUSAGE, "%s and %s are two questions: ask one at a time", first,
                           names[readings[i]]);
        first = names[readings[i]];
    }
    for (size_t i = 0; i < sizeof of_prove / sizeof *of_prove; i++) {
        if (o->set[of_prove[i]] && !o->set[OPT_PROVE])
            return err_set(e, SOUK_EUSAGE, "%s goes with --prove", names[of_prove[i]]);
    }
    if (o->set[OPT_PROVE] && o->set[OPT_WINDOW])
        return err_set(e, SOUK_EUSAGE,
                       "--prove checks everything that was read: it takes no --window");
    return o->set[OPT_EXPLAIN] ? metric_parse(o->value[OPT_EXPLAIN], &m, e) : SOUK_OK;
}

souk_err cmd_health(const struct options *o, struct err *e)
{
    struct session s;
    souk_err r = check(o, e);
    if (!r)
        r = session_open(o, &s, e);
    if (r)
        return r;
    r = o->set[OPT_EXPLAIN]       ? explain_command(o, &s, 0, e)
        : o->set[OPT_FINDINGS]    ? findings_command(o, &s, 0, e)
        : o->set[OPT_SENSITIVITY] ? sensitivity_command(o, &s, e)
        : o->set[OPT_PROVE]       ? prove_command(o, &s, e)
                                  : vital_signs(o, &s, e);
    session_close(&s);
    return r;
}
