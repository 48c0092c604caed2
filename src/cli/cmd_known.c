/* souk known: whose addresses are, as the user knows better than the rules. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/out.h"
#include "market/genuine.h"

#include "base/banned.h"

static souk_err as_json(const struct known *k, struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, 64 << 20);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_cstr(&o, "file", k->path);
    json_arr_open(&o, "addresses");
    for (size_t i = 0; i < k->n; i++) {
        json_obj_open(&o, NULL);
        out_address_json(&o, "address", k->row[i].a);
        json_out_cstr(&o, "is", known_kind_name(k->row[i].kind));
        json_out_str(&o, "words", untrusted(k->row[i].words));
        json_obj_close(&o);
    }
    json_arr_close(&o);
    json_obj_close(&o);
    souk_err rc = out_json(&b, e);
    buf_release(&b);
    return rc;
}

static souk_err list(const struct options *o, struct err *e)
{
    struct known k;
    souk_err rc = known_load(&k, e);
    if (rc)
        return rc;
    if (o->set[OPT_JSON]) {
        rc = as_json(&k, e);
    } else if (k.n == 0) {
        say(o, "%s says nothing yet: souk known 0xADDRESS author NAME, hub, or trusted", k.path);
    } else {
        struct out_table t;
        char text[ADDRESS_BUF];
        out_init(&t, "ADDRESS IS WORDS");
        for (size_t i = 0; i < k.n; i++) {
            out_cell(&t, untrusted(address_format(k.row[i].a, text)));
            out_cell(&t, untrusted(known_kind_name(k.row[i].kind)));
            out_cell(&t, untrusted(k.row[i].words));
        }
        rc = out_print(&t, false, e);
        out_release(&t);
    }
    known_release(&k);
    return rc;
}

/* The arguments from the third on, as the shell cut them. */
static bool join(const struct options *o, char *out, size_t room)
{
    size_t len = 0;
    out[0] = '\0';
    for (int i = 2; i < o->args; i++) {
        int n = snprintf(out + len, room - len, "%s%s", i > 2 ? " " : "", o->arg[i]);
        if (n < 0 || (size_t)n >= room - len)
            return false;
        len += (size_t)n;
    }
    return true;
}

souk_err cmd_known(const struct options *o, struct err *e)
{
    address a;
    char words[1024];
    if (o->args == 0)
        return list(o, e);
    if (!address_parse(o->arg[0], strlen(o->arg[0]), &a))
        return err_set(e, SOUK_EUSAGE,
                       "\"%.60s\" is not an address: 0x and 40 hex digits are wanted", o->arg[0]);
    const char *is = o->args > 1 ? o->arg[1] : "";
    bool forget = strcmp(is, "forget") == 0;
    int kind = known_kind_of(is, strlen(is));
    if (kind < 0 && !forget)
        return err_set(e, SOUK_EUSAGE,
                       "what is it? souk known 0xADDRESS author NAME, hub, trusted, or forget");
    if (forget && o->args > 2)
        return err_set(e, SOUK_EUSAGE, "after `forget` nothing follows");
    if (!join(o, words, sizeof words))
        return err_set(e, SOUK_EUSAGE, "that is too long for a line");
    souk_err rc = known_set(a, kind, words, e);
    if (!rc)
        say(o, "%s; the next sync judges by it", forget ? "forgotten" : "written down");
    return rc;
}
