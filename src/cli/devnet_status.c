#include "cli/devnet_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "market/devnet_wallet.h"

#include "base/banned.h"

static void copy_json(struct json_out *o, const char *key, const json *v)
{
    if (cJSON_IsObject(v) || cJSON_IsArray(v)) {
        bool object = cJSON_IsObject(v);
        (object ? json_obj_open : json_arr_open)(o, key);
        for (const json *i = v->child; i; i = i->next)
            copy_json(o, object ? i->string : NULL, i);
        (object ? json_obj_close : json_arr_close)(o);
    } else if (cJSON_IsString(v)) {
        json_out_cstr(o, key, v->valuestring);
    } else if (cJSON_IsNumber(v)) {
        json_out_int(o, key, (int64_t)v->valuedouble);
    } else if (cJSON_IsBool(v)) {
        json_out_bool(o, key, cJSON_IsTrue(v));
    } else {
        json_out_null(o, key);
    }
}

enum { WALRUS_EPOCH_HOURS = 24 }; /* lib/walrus.mjs counts them so */

/* The gateway alone speaks TLS: with a certificate that the TEERegistry names, and no authority. */
static void url_json(struct json_out *o, const char *key, int port, bool tls)
{
    char url[64];
    snprintf(url, sizeof url, "http%s://127.0.0.1:%d", tls ? "s" : "", port);
    json_out_cstr(o, key, url);
}

static void chain_json(struct json_out *o, const json *world, const char *key, int port)
{
    int64_t id = 0;
    json_int(json_get(world, key), "chain_id", &id);
    json_obj_open(o, key);
    url_json(o, "rpc", port, false);
    json_out_int(o, "chain_id", id);
    json_obj_close(o);
}

/* The world lists its tokens; here each stands under its symbol. */
static void tokens_json(struct json_out *o, const json *world)
{
    json_obj_open(o, "tokens");
    const json *list = json_get(world, "tokens");
    for (const json *t = json_first(list); t; t = json_next(t))
        if (json_cstr(t, "symbol"))
            copy_json(o, json_cstr(t, "symbol"), t);
    json_obj_close(o);
}

/* The key itself is in no status: it went into a wallet of this name (devnet.c). */
static void wallet_json(struct json_out *o, const json *world)
{
    json_obj_open(o, "wallet");
    json_out_cstr(o, "address", json_cstr(json_get(world, "wallet"), "address"));
    json_out_cstr(o, "name", DEVNET_WALLET);
    json_out_cstr(o, "password", DEVNET_WALLET);
    json_obj_close(o);
}

static void status_json(struct buf *out, const struct devnet *d, const json *world)
{
    static const struct {
        const char *key;
        enum devnet_port port;
    } urls[] = {
        {"hub", PORT_HUB},
        {"walrus", PORT_WALRUS},
        {"walrus_nodes", PORT_WALRUS}, /* one server is all of Walrus here */
        {"walrus_publisher", PORT_WALRUS},
        {"seller", PORT_SELLER},
        {"bazaar", PORT_FACILITATOR},
        {"facilitator", PORT_FACILITATOR},
        {"gateway", PORT_GATEWAY},
    };
    char ledger[PATH_BUF + 16];
    struct json_out o;
    json_out_init(&o, out);
    json_obj_open(&o, NULL);
    json_out_bool(&o, "running", true);
    json_out_int(&o, "pid", getpid());
    json_out_int(&o, "port", d->port);
    json_out_cstr(&o, "network", "devnet");
    chain_json(&o, world, "payment_chain", d->port + PORT_PAYMENT);
    chain_json(&o, world, "inference_chain", d->port + PORT_INFERENCE);
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        url_json(&o, urls[i].key, d->port + (int)urls[i].port, urls[i].port == PORT_GATEWAY);
    json_out_int(&o, "walrus_epoch_hours", WALRUS_EPOCH_HOURS);
    copy_json(&o, "contracts", json_get(world, "contracts"));
    tokens_json(&o, world);
    wallet_json(&o, world);
    copy_json(&o, "history", json_get(world, "history"));
    snprintf(ledger, sizeof ledger, "%s/ledger.jsonl", d->world);
    json_out_cstr(&o, "ledger", ledger);
    json_obj_close(&o);
    buf_addc(out, '\n');
}

souk_err status_write(const struct devnet *d, const json *world, struct err *e)
{
    char path[PATH_BUF + 16], tmp[PATH_BUF + 24];
    struct buf out;
    buf_init(&out, STATUS_CAP);
    status_json(&out, d, world);
    snprintf(path, sizeof path, "%s/status.json", d->state);
    snprintf(tmp, sizeof tmp, "%s.new", path);
    souk_err code = buf_check(&out, "the devnet's status", e);
    FILE *f = code ? NULL : fopen(tmp, "we");
    bool ok = f && fwrite(out.p, 1, out.len, f) == out.len;
    if (f)
        ok = fclose(f) == 0 && ok;
    if (!code && (!ok || rename(tmp, path) != 0)) {
        code = err_set(e, SOUK_EFAIL, "%s: %s", path, strerror(errno));
        unlink(tmp);
    }
    buf_release(&out);
    return code;
}

void status_remove(const struct devnet *d)
{
    char path[PATH_BUF + 16];
    snprintf(path, sizeof path, "%s/status.json", d->state);
    unlink(path);
}
