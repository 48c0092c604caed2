/* --sensitivity: what the thresholds do to the lower bound of genuine spending. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/explain_print.h"
#include "cli/out.h"
#include "cli/page.h"
#include "cli/progress.h"
#include "market/genuine.h"
#include "market/health.h"

#include "base/banned.h"

static void on_progress(void *ud, unsigned done)
{
    progress_tell(ud, done, THRESHOLDS);
}

/* --- text */

void sensitivity_print(const struct sensitivity *t, const struct health *h)
{
    struct buf same;
    struct page_row r;
    char money[U256_FMT + 16], text[U256_FMT + 32];
    static const char *const head[] = {"at half", "as it is", "half as much again"};
    struct amount a = h->income_asset;
    page_line("window", "%s", window_name(h->window));
    a.value = t[0].low[1];
    page_line("genuine", "at least %s, by the thresholds as they are",
              amount_format(&a, money, sizeof money));
    page_title("THRESHOLDS", "each by itself: its value, and what is then at least genuine");
    page_row(&r, NULL);
    page_cell(&r, "", 17);
    for (int k = 0; k < 3; k++)
        page_cell(&r, head[k], -20);
    page_row_end(&r);
    buf_init(&same, 4096);
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        const char *name = threshold_at(t[i].threshold)->name;
        if (!sensitivity_moves(&t[i])) {
            buf_addf(&same, "%s%s", same.len ? ", " : "", name);
            continue;
        }
        page_row(&r, NULL);
        page_cell(&r, name, 17);
        for (int k = 0; k < 3; k++) {
            a.value = t[i].low[k];
            snprintf(text, sizeof text, "%u: %s", t[i].value[k],
                     amount_format(&a, money, sizeof money));
            page_cell(&r, text, -20);
        }
        page_row_end(&r);
    }
    if (same.len && !same.bad)
        page_text("no change by", "%s", same.p);
    buf_release(&same);
}

/* --- JSON */

void sensitivity_json(struct json_out *o, const struct sensitivity *t, const struct health *h)
{
    struct amount a = h->income_asset;
    static const char *const keys[] = {"half", "as_is", "half_more"};
    json_obj_open(o, NULL);
    json_out_cstr(o, "window", window_name(h->window));
    a.value = t[0].low[1];
    out_amount_json(o, "low", &a);
    json_arr_open(o, "thresholds");
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        json_obj_open(o, NULL);
        json_out_cstr(o, "name", threshold_at(t[i].threshold)->name);
        json_out_cstr(o, "text", threshold_at(t[i].threshold)->text);
        for (int k = 0; k < 3; k++) {
            json_obj_open(o, keys[k]);
            json_out_int(o, "value", t[i].value[k]);
            a.value = t[i].low[k];
            out_amount_json(o, "low", &a);
            json_obj_close(o);
        }
        json_obj_close(o);
    }
    json_arr_close(o);
    json_obj_close(o);
}

static souk_err judge(const struct options *o, struct session *s, const struct health *h,
                      struct sensitivity *t, struct err *e)
{
    struct known known;
    struct progress p;
    souk_err r = known_load(&known, e);
    if (r)
        return r;
    progress_begin(&p, o, "judging anew", 0);
    r = genuine_sensitivity(s->store, market_network(s->market), &market_config(s->market)->rules,
                            &known, s->window, h->income_asset.asset, stop_flag(), on_progress, &p,
                            t, e);
    progress_end(&p);
    known_release(&known);
    return r;
}

souk_err sensitivity_command(const struct options *o, struct session *s, struct err *e)
{
    struct health *h;
    struct sensitivity *t = mem_array(THRESHOLDS, sizeof *t);
    souk_err r = t ? health_load(s->store, s->window, &h, e) : err_nomem(e);
    if (r) {
        mem_free(t);
        return r;
    }
    r = judge(o, s, h, t, e);
    if (!r && o->set[OPT_JSON]) {
        struct buf b;
        struct json_out out;
        buf_init(&b, SESSION_DOC_CAP);
        json_out_init(&out, &b);
        sensitivity_json(&out, t, h);
        r = out_json(&b, e);
        buf_release(&b);
    } else if (!r) {
        sensitivity_print(t, h);
    }
    health_free(h);
    mem_free(t);
    return r;
}
