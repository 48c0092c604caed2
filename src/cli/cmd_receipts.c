/* souk receipts: what was bought, and what the chain says of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/out.h"
#include "cli/receipt.h"

#include "base/banned.h"

enum { DOC_CAP = 256 << 20, SHOWN = 1000 };

struct ending {
    struct paying *p;
    struct err err;
};

static void on_step(void *ud, enum purchase_step s, const char *words)
{
    struct ending *end = ud;
    (void)s;
    if (words)
        say(end->p->o, "%s", words);
}

static void on_done(void *ud, const struct purchase_row *row, const struct err *e)
{
    struct ending *end = ud;
    (void)row;
    if (e)
        end->err = *e;
}

/* Closes the books on what is open, or goes on with one. */
static souk_err bring_up_to_date(struct paying *p, int64_t id, struct err *e)
{
    struct ending end = {.p = p};
    struct purchase_events ev = {.step = on_step, .done = on_done};
    struct purchase *x = id ? purchase_resume(p->market, p->purse, id, &ev, &end, e)
                            : purchase_settle_all(p->market, p->purse, &ev, &end, e);
    if (!x)
        return e->code;
    souk_err r = purchase_wait(p->market, x, e);
    if (!r && end.err.code) {
        *e = end.err;
        r = e->code;
    }
    return r;
}

static souk_err list_json(struct paying *p, const struct purchase_row *row, size_t n, struct err *e)
{
    struct buf b;
    struct json_out j;
    buf_init(&b, DOC_CAP);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_cstr(&j, "network", market_network(p->market)->name);
    json_arr_open(&j, "receipts");
    for (size_t i = 0; i < n; i++)
        receipt_json(&j, NULL, p, &row[i], false);
    json_arr_close(&j);
    json_obj_close(&j);
    souk_err r = out_json(&b, e);
    buf_release(&b);
    return r;
}

static souk_err list_table(struct paying *p, const struct purchase_row *row, size_t n,
                           struct err *e)
{
    char when[HUMAN_BUF], m[MONEY_BUF + 8], hash[HASH_BUF];
    bool csv = p->o->set[OPT_CSV];
    if (n == 0 && !csv) {
        say(p->o, "nothing was bought on the network %s yet", market_network(p->market)->name);
        return SOUK_OK;
    }
    struct out_table t;
    out_init(&t, ">ID TIME STATE >CHARGED FOR TRANSACTION");
    for (size_t i = 0; i < n; i++) {
        out_cellf(&t, "%lld", (long long)row[i].id);
        out_cell(&t, untrusted(csv ? human_iso(when, row[i].made) : human_time(when, row[i].made)));
        out_cell(&t, untrusted(purchase_state_name(row[i].state)));
        out_cell(&t, untrusted(receipt_charge(p, &row[i], m)));
        out_cell(&t, row[i].subject);
        out_cell(&t, untrusted(row[i].has_tx ? bytes32_format(row[i].tx, hash) : "–"));
    }
    souk_err r = out_print(&t, csv, e);
    out_release(&t);
    return r;
}

static souk_err show_all(struct paying *p, struct err *e)
{
    struct arena a;
    struct purchase_row *row;
    size_t n;
    int64_t limit;
    souk_err r = options_int(p->o, OPT_LIMIT, SHOWN, 0, 1000000, &limit, e);
    if (r)
        return r;
    arena_init(&a, DOC_CAP);
    r = purchase_list(purse_purchases(p->purse), false, (size_t)limit, &a, &row, &n, e);
    if (!r)
        r = p->o->set[OPT_JSON] ? list_json(p, row, n, e) : list_table(p, row, n, e);
    arena_release(&a);
    return r;
}

static souk_err show_one(struct paying *p, int64_t id, struct err *e)
{
    struct arena a;
    struct purchase_row row;
    arena_init(&a, DOC_CAP);
    souk_err r = purchase_get(purse_purchases(p->purse), id, &a, &row, e);
    if (!r && p->o->set[OPT_JSON]) {
        struct buf b;
        struct json_out j;
        buf_init(&b, DOC_CAP);
        json_out_init(&j, &b);
        receipt_json(&j, NULL, p, &row, true);
        r = out_json(&b, e);
        buf_release(&b);
    } else if (!r) {
        receipt_print(p, &row);
        if (row.answer.n) {
            putchar('\n');
            answer_print(row.answer);
            putchar('\n');
        }
    }
    arena_release(&a);
    return r;
}

souk_err cmd_receipts(const struct options *o, struct err *e)
{
    char *end;
    int64_t id = o->args ? strtoll(o->arg[0], &end, 10) : 0;
    if (o->args > 1 || (o->args && (*end || end == o->arg[0] || id <= 0)))
        return err_set(e, SOUK_EUSAGE, "usage: souk receipts, or souk receipts ID (a number)");
    if (o->set[OPT_RESUME] && !id)
        return err_set(e, SOUK_EUSAGE, "say which: souk receipts ID --resume");
    struct paying p;
    souk_err r = paying_open(o, WITH_WALLET, &p, e);
    if (r)
        return r;
    struct err late = {0};
    if (o->set[OPT_RESUME])
        r = paying_unlock(&p, e);
    if (!r && !o->set[OPT_OFFLINE])
        bring_up_to_date(&p, o->set[OPT_RESUME] ? id : 0, &late);
    if (!r && late.code == SOUK_ECANCEL) {
        *e = late;
        r = late.code;
    }
    if (!r)
        r = id ? show_one(&p, id, e) : show_all(&p, e);
    if (!r && late.code && o->set[OPT_RESUME]) {
        *e = late;
        r = late.code;
    } else if (!r && late.code) {
        say(o, "not brought up to date with the chain: %s", late.msg);
    }
    paying_close(&p);
    return r;
}
