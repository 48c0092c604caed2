/* souk networks, souk config, souk doctor: what is set, and whether it works. */
#include <curl/curlver.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "cli/cli.h"
#include "cli/devnet.h"
#include "cli/out.h"
#include "market/doctor.h"
#include "market/market.h"

#include "base/banned.h"

static void chain_json(struct json_out *o, const char *key, const struct chain_config *c)
{
    json_obj_open(o, key);
    json_out_int(o, "chain_id", c->chain_id);
    json_out_cstr(o, "rpc", c->rpc);
    json_out_int(o, "start_block", (int64_t)c->start_block);
    json_out_int(o, "confirmations", c->confirmations);
    json_out_int(o, "max_range", (int64_t)c->max_range);
    json_obj_close(o);
}

static void network_json(struct json_out *o, const struct network *n, bool is_default)
{
    json_obj_open(o, NULL);
    json_out_cstr(o, "name", n->name);
    json_out_bool(o, "default", is_default);
    json_out_cstr(o, "hub", n->hub);
    json_out_cstr(o, "bazaar", n->bazaar[0] ? n->bazaar : NULL);
    json_out_cstr(o, "walrus", n->walrus);
    chain_json(o, "payment_chain", &n->payment);
    chain_json(o, "inference_chain", &n->inference);
    if (n->has_listings)
        out_address_json(o, "listings", n->listings);
    else
        json_out_null(o, "listings");
    out_address_json(o, "inference_emitter", n->inference_emitter);
    json_arr_open(o, "tokens");
    for (unsigned i = 0; i < n->tokens; i++) {
        json_obj_open(o, NULL);
        json_out_cstr(o, "symbol", n->token[i].symbol);
        out_address_json(o, "address", n->token[i].addr);
        json_out_int(o, "decimals", n->token[i].decimals);
        json_obj_close(o);
    }
    json_arr_close(o);
    json_obj_close(o);
}

static void print_network(const struct network *n, bool is_default)
{
    char a[ADDRESS_BUF];
    out_fieldf("network", "%s%s", n->name, is_default ? " (default)" : "");
    if (n->local && !n->hub[0]) {
        out_fieldf("", "not running: `souk devnet up` starts it");
        return;
    }
    out_field("  hub", untrusted(n->hub));
    out_fieldf("  bazaar", "%s", n->bazaar[0] ? n->bazaar : "none");
    out_field("  walrus", untrusted(n->walrus));
    out_fieldf("  payments", "chain %lld, %s", (long long)n->payment.chain_id, n->payment.rpc);
    out_fieldf("  inferences", "chain %lld, %s", (long long)n->inference.chain_id,
               n->inference.rpc);
    out_fieldf("  listings", "%s",
               n->has_listings ? address_format(n->listings, a)
                               : "none: `souk doctor` tells whether somebody has deployed one");
    for (unsigned i = 0; i < n->tokens; i++)
        out_fieldf(i ? "" : "  tokens", "%-6s %s, %u decimals", n->token[i].symbol,
                   address_format(n->token[i].addr, a), n->token[i].decimals);
}

souk_err cmd_networks(const struct options *o, struct err *e)
{
    struct config *c = mem_zalloc(sizeof *c);
    if (!c)
        return err_nomem(e);
    souk_err r = config_load(c, e);
    struct buf b;
    struct json_out out = {0};
    buf_init(&b, 1 << 20);
    json_out_init(&out, &b);
    json_obj_open(&out, NULL);
    json_arr_open(&out, "networks");
    for (unsigned i = 0; !r && i < c->networks; i++) {
        struct network *n = &c->network[i];
        bool is_default = strcmp(n->name, c->default_network) == 0;
        if (n->local)
            network_from_devnet(n, NULL); /* not running is an answer too */
        if (o->set[OPT_JSON])
            network_json(&out, n, is_default);
        else
            print_network(n, is_default);
    }
    json_arr_close(&out);
    json_obj_close(&out);
    if (!r && o->set[OPT_JSON])
        r = out_json(&b, e);
    buf_release(&b);
    mem_free(c);
    return r;
}

struct config_out {
    struct json_out *json; /* NULL: text */
    char section[64];
};

static void config_line(void *ud, const char *section, const char *key, const char *value,
                        bool from_file)
{
    struct config_out *w = ud;
    if (w->json) {
        json_obj_open(w->json, NULL);
        json_out_cstr(w->json, "section", section);
        json_out_cstr(w->json, "key", key);
        json_out_str(w->json, "value", untrusted(value));
        json_out_cstr(w->json, "from", from_file ? "file" : "default");
        json_obj_close(w->json);
        return;
    }
    if (section[0] && strcmp(section, w->section) != 0)
        printf("\n[%s]\n", section);
    snprintf(w->section, sizeof w->section, "%s", section);
    char line[1400];
    snprintf(line, sizeof line, "%s = %s%s", key, value, from_file ? "    # from the file" : "");
    text_fputs(stdout, untrusted(line));
    putchar('\n');
}

souk_err cmd_config(const struct options *o, struct err *e)
{
    struct config *c = mem_zalloc(sizeof *c);
    if (!c)
        return err_nomem(e);
    souk_err r = config_load(c, e);
    struct buf b;
    struct json_out out = {0};
    struct config_out w = {.json = o->set[OPT_JSON] ? &out : NULL};
    buf_init(&b, 1 << 20);
    json_out_init(&out, &b);
    json_obj_open(&out, NULL);
    json_out_cstr(&out, "file", c->path);
    json_out_bool(&out, "found", c->file_found);
    json_arr_open(&out, "settings");
    if (!r) {
        if (!w.json)
            printf("# %s%s\n", c->path, c->file_found ? "" : " (not there: all defaults)");
        config_each(c, config_line, &w);
    }
    json_arr_close(&out);
    json_obj_close(&out);
    if (!r && w.json)
        r = out_json(&b, e);
    buf_release(&b);
    mem_free(c);
    return r;
}

/* --- doctor */

struct doctor_out {
    struct json_out *json; /* NULL: text */
    unsigned bad;
};

static void print_check(void *ud, const struct check *c)
{
    static const char *const words[] = {"ok", "note", "bad"};
    static const char *const signs[] = {"✓", "·", "✗"};
    struct doctor_out *w = ud;
    w->bad += c->state == CHECK_BAD;
    if (w->json) {
        json_obj_open(w->json, NULL);
        json_out_cstr(w->json, "check", c->name);
        json_out_cstr(w->json, "state", words[c->state]);
        json_out_str(w->json, "text", untrusted(c->text));
        json_obj_close(w->json);
        return;
    }
    printf("%s %-16s ", signs[c->state], c->name);
    text_fputs(stdout, untrusted(c->text));
    putchar('\n');
}

static void check_devnet(struct doctor_out *w)
{
    struct check c = {.name = "devnet"};
    struct err e = {0};
    if (devnet_parts(&e)) {
        c.state = CHECK_NOTE; /* only the built-in market needs it */
        snprintf(c.text, sizeof c.text, "%s", e.msg);
    } else {
        snprintf(c.text, sizeof c.text, "its parts are installed");
    }
    print_check(w, &c);
}

souk_err cmd_doctor(const struct options *o, struct err *e)
{
    struct market *m = NULL;
    souk_err got = o->set[OPT_ENGINE] ? doctor_get_engine(e) : SOUK_OK;
    if (got)
        return got;
    struct loop *l = loop_new(e);
    if (!l)
        return e->code;
    struct market_options mo = {.network = o->value[OPT_NETWORK], .offline = o->set[OPT_OFFLINE]};
    struct buf b;
    struct json_out out = {0};
    struct doctor_out w = {.json = o->set[OPT_JSON] ? &out : NULL};
    buf_init(&b, 1 << 20);
    json_out_init(&out, &b);
    json_obj_open(&out, NULL);
    json_arr_open(&out, "checks");

    struct check version = {.name = "souk", .state = CHECK_OK};
    snprintf(version.text, sizeof version.text, "version %s", SOUK_VERSION);
    print_check(&w, &version);
    souk_err r = market_open(l, &mo, &m, e);
    if (r) {
        struct check c = {.name = "network", .state = CHECK_BAD};
        snprintf(c.text, sizeof c.text, "%s", e->msg);
        print_check(&w, &c);
        r = SOUK_OK;
    } else {
        const struct network *n = market_network(m);
        struct check c = {.name = "network", .state = CHECK_OK};
        snprintf(c.text, sizeof c.text, "%s, configuration %.400s", n->name,
                 market_config(m)->file_found ? market_config(m)->path : "all defaults");
        print_check(&w, &c);
        doctor_local(n, print_check, &w);
        doctor_engine(market_config(m), print_check, &w);
        if (!market_offline(m))
            r = doctor_servers(l, n, print_check, &w, e);
    }
    check_devnet(&w);
    json_arr_close(&out);
    json_obj_close(&out);
    if (!r && w.json)
        r = out_json(&b, e);
    buf_release(&b);
    market_close(m);
    loop_free(l);
    if (!r && w.bad)
        return err_set(e, SOUK_EFAIL, "%u thing%s to mend, see above", w.bad,
                       w.bad == 1 ? "" : "s");
    return r;
}
