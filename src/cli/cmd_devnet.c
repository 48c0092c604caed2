#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/devnet.h"
#include "base/json.h"

#include "base/banned.h"

souk_err devnet_options_from(const struct options *o, struct devnet_options *d, struct err *e)
{
    *d = devnet_defaults;
    d->quiet = o->set[OPT_QUIET];
    int64_t port = d->port;
    souk_err r = options_int(o, OPT_SEED, d->seed, 0, INT32_MAX, &d->seed, e);
    if (!r)
        r = options_int(o, OPT_N_MODELS, d->models, 60, 2000, &d->models, e);
    if (!r)
        r = options_int(o, OPT_N_AUTHORS, d->authors, 12, 2000, &d->authors, e);
    if (!r)
        r = options_int(o, OPT_N_PAYMENTS, d->payments, 300, 1000000, &d->payments, e);
    if (!r)
        r = options_int(o, OPT_N_INFERENCES, d->inferences, 300, 1000000, &d->inferences, e);
    if (!r)
        r = options_int(o, OPT_N_DAYS, d->days, 12, 1000, &d->days, e);
    if (!r)
        r = options_int(o, OPT_END, 0, 1600000000, 4000000000, &d->end, e);
    if (!r)
        r = options_int(o, OPT_TRAFFIC, 0, 0, 3600, &d->traffic, e);
    if (!r)
        r = options_int(o, OPT_PORT, d->port, 0, 65528, &port, e);
    d->port = (int)port;
    return r;
}

static void print_status(const char *text, size_t n)
{
    json *j = json_parse(text, n, "the devnet's status", NULL);
    static const char *const keys[] = {"hub", "walrus", "seller", "bazaar", "gateway", "ledger"};
    if (!j || !json_bool(j, "running", false)) {
        puts("the devnet is not running; `souk devnet up` starts it");
        json_free(j);
        return;
    }
    static const char *const chains[] = {"payment_chain", "inference_chain"};
    for (size_t i = 0; i < 2; i++) {
        int64_t id = 0;
        const json *c = json_get(j, chains[i]);
        json_int(c, "chain_id", &id);
        printf("%-16s %s (chain %lld)\n", i == 0 ? "payment chain" : "inference chain",
               json_cstr(c, "rpc"), (long long)id);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_cstr(j, keys[i]))
            printf("%-16s %s\n", keys[i], json_cstr(j, keys[i]));
    json_free(j);
}

static souk_err status(const struct options *o, struct err *e)
{
    struct buf b;
    bool running;
    buf_init(&b, 64 << 10);
    souk_err r = devnet_status(&b, &running, e);
    if (!r && o->set[OPT_JSON])
        fwrite(b.p, 1, b.len, stdout);
    else if (!r)
        print_status(b.p, b.len);
    buf_release(&b);
    return r;
}

souk_err cmd_devnet(const struct options *o, struct err *e)
{
    const char *verb = o->args == 1 ? o->arg[0] : "";
    bool yes = false;
    if (strcmp(verb, "up") == 0) {
        struct devnet_options d;
        souk_err r = devnet_options_from(o, &d, e);
        if (!r)
            r = devnet_up(&d, &yes, e);
        if (r)
            return r;
        say(o,
            yes ? "the devnet is up; `souk --network devnet` opens it, `souk devnet down` ends it"
                : "the devnet is up already");
        return o->set[OPT_JSON] ? status(o, e) : SOUK_OK;
    }
    if (strcmp(verb, "down") == 0) {
        souk_err r = devnet_down(&yes, e);
        if (!r)
            say(o, yes ? "the devnet is down" : "the devnet was not running");
        return r;
    }
    if (strcmp(verb, "status") == 0)
        return status(o, e);
    if (strcmp(verb, "reset") == 0) {
        souk_err r = devnet_reset(e);
        if (!r)
            say(o, "the devnet's worlds are gone; the next start makes a new one");
        return r;
    }
    return err_set(e, SOUK_EUSAGE, "say what to do: souk devnet up, down, status or reset");
}
