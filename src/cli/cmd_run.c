/* souk run: a model run on this machine, shut in. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "cli/cli.h"
#include "cli/input.h"
#include "cli/out.h"
#include "cli/paying.h"
#include "cli/run_print.h"
#include "market/testdata.h"

#include "base/banned.h"

enum { INPUT_CAP = 1 << 30, EXAMPLE_CAP = 300, DOC_CAP = 64 << 20 };

struct run_cmd {
    const struct options *o;
    struct paying p; /* with --receipt alone it has a purse */
    struct model_file model;
    struct running_options asked;
    enum run_form form;
    /* --- the purchase whose input is run */
    struct arena receipt;
    struct purchase_row row;
    /* --- the run under way */
    struct running *running;
    bool shown; /* there is a line of progress */
    bool worked;
    struct run_result result;
    int64_t history;
    struct err err;
};

/* --- options */

static souk_err read_options(struct run_cmd *c, struct err *e)
{
    static const char *const forms[] = {"table", "json", "og"};
    const struct options *o = c->o;
    int64_t repeat, warmup, threads, level, seconds;
    souk_err r = options_int(o, OPT_REPEAT, 0, 0, RUN_REPEAT_MAX, &repeat, e);
    if (!r)
        r = options_int(o, OPT_WARMUP, repeat < 10 ? repeat : 10, 0, RUN_REPEAT_MAX, &warmup, e);
    if (!r)
        r = options_int(o, OPT_THREADS, 1, 1, RUN_THREADS_MAX, &threads, e);
    if (!r)
        r = options_int(o, OPT_LEVEL, -1, 0, 99, &level, e);
    if (!r)
        r = options_int(o, OPT_TIMEOUT, RUN_TIMEOUT_MS / 1000, 1, 1000000, &seconds, e);
    if (r)
        return r;
    if (level > 2 && level != 99)
        return err_set(e, SOUK_EUSAGE, "--level is one of 0, 1, 2, 99");
    c->asked = (struct running_options){.threads = (unsigned)threads,
                                        .repeat = (unsigned)repeat,
                                        .warmup = (unsigned)warmup,
                                        .level = (int)level,
                                        .timeout_ms = (int)(seconds * 1000)};
    const char *memory = o->value[OPT_MEMORY], *as = o->value[OPT_AS];
    if (memory && (!human_size_parse(memory, &c->asked.memory) || !c->asked.memory))
        return err_set(e, SOUK_EUSAGE, "--memory is a size such as 512M or 2G, not \"%s\"", memory);
    while (as && c->form <= FORM_OG && strcmp(as, forms[c->form]) != 0)
        c->form++;
    if (c->form > FORM_OG)
        return err_set(e, SOUK_EUSAGE, "--as is one of table, json, og, not \"%s\"", as);
    int ways = o->set[OPT_INPUT] + o->set[OPT_GENERATE] + o->set[OPT_CHECK] + o->set[OPT_RECEIPT];
    if (ways > 1)
        return err_set(e, SOUK_EUSAGE,
                       "one of --input, --generate, --check and --receipt says what goes in");
    if ((o->set[OPT_SEED] || o->set[OPT_DIMS]) && !o->set[OPT_GENERATE])
        return err_set(e, SOUK_EUSAGE, "--seed and --dims are for --generate");
    return SOUK_OK;
}

/* --- what goes in */

static souk_err open_receipt(struct run_cmd *c, struct err *e)
{
    int64_t id;
    souk_err r = options_int(c->o, OPT_RECEIPT, 0, 1, INT64_MAX, &id, e);
    if (!r)
        r = paying_open(c->o, WALLET_OR_NONE, &c->p, e);
    if (!r && !c->p.purse)
        r = err_set(e, SOUK_ENOTFOUND, "there is no wallet here, and so no receipt");
    if (!r)
        r = purchase_get(purse_purchases(c->p.purse), id, &c->receipt, &c->row, e);
    return r;
}

static souk_err open_market(struct run_cmd *c, struct err *e)
{
    struct market_options mo = {.network = c->o->value[OPT_NETWORK], .offline = true};
    c->p.loop = loop_new(e);
    return c->p.loop ? market_open(c->p.loop, &mo, &c->p.market, e) : SOUK_ENOMEM;
}

static souk_err open_model(struct run_cmd *c, struct err *e)
{
    char name[512];
    const char *what = c->o->arg[0];
    if (!what) {
        snprintf(name, sizeof name, "%.*s", (int)c->row.model.n, c->row.model.p);
        what = name;
        if (!name[0])
            return err_set(e, SOUK_EUSAGE,
                           "the receipt names no model: say which, `souk run FILE --receipt %s`",
                           c->o->value[OPT_RECEIPT]);
    }
    souk_err r = model_file_open(c->p.market, what, &c->model, e);
    return r ? r : model_runnable(c->model.info, e);
}

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), k = strlen(end);
    return n >= k && strcmp(s + n - k, end) == 0;
}

static souk_err given(struct run_cmd *c, struct values *in, struct err *e)
{
    const struct model_info *m = c->model.info;
    const char *input = c->o->value[OPT_INPUT];
    struct buf b;
    if (input[0] != '@')
        return values_read(m, untrusted(input), in, e);
    buf_init(&b, INPUT_CAP);
    souk_err r = input_file(input + 1, &b, e);
    if (!r && !ends_with(input, ".pb")) {
        r = values_read(m, untrusted_n(b.p, b.len), in, e);
    } else if (!r) {
        values_init(in);
        r = m->inputs == 1
                ? values_add_pb(in, m->input[0].name, &m->input[0].type, (const uint8_t *)b.p,
                                b.len, e)
                : err_set(e, SOUK_EINPUT,
                          "%s is one tensor, and the model has %zu inputs: --check reads several",
                          input + 1, m->inputs);
    }
    buf_release(&b);
    return r;
}

/* Nothing was said of what goes in: what could be, is. */
static souk_err ask_for_input(struct run_cmd *c, struct err *e)
{
    const struct model_info *m = c->model.info;
    struct values v;
    struct buf b;
    struct json_out j;
    run_signature(c->o, m);
    buf_init(&b, EXAMPLE_CAP);
    json_out_init(&j, &b);
    souk_err r = values_generate(m, 1, NULL, &v, e);
    if (!r)
        values_plain_json(&j, NULL, &v);
    values_release(&v);
    if (!r && !b.bad)
        r = err_set(e, SOUK_EUSAGE,
                    "say what goes in: --input JSON or @FILE, such as --input '%s'; or --generate",
                    b.p);
    else
        r = err_set(e, SOUK_EUSAGE, "say what goes in: --input JSON or @FILE, or --generate");
    buf_release(&b);
    return r;
}

static size_t must_be_given(const struct model_info *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->inputs; i++)
        n += !m->input[i].has_default;
    return n;
}

static souk_err make_input(struct run_cmd *c, struct values *in, struct err *e)
{
    const struct options *o = c->o;
    int64_t seed;
    values_init(in);
    if (o->set[OPT_RECEIPT])
        return running_receipt_input(c->model.info, c->row.body, in, e);
    if (o->set[OPT_INPUT])
        return given(c, in, e);
    if (!o->set[OPT_GENERATE])
        return must_be_given(c->model.info) ? ask_for_input(c, e) : SOUK_OK;
    souk_err r = options_int(o, OPT_SEED, 1, 0, INT64_MAX, &seed, e);
    return r ? r : values_generate(c->model.info, (uint64_t)seed, o->value[OPT_DIMS], in, e);
}

/* --- running */

static void clear_progress(struct run_cmd *c)
{
    if (c->shown)
        fputs("\r\033[K", stderr);
    c->shown = false;
}

static void on_step(void *ud, const char *words, uint64_t n, uint64_t total)
{
    struct run_cmd *c = ud;
    char a[HUMAN_BUF], b[HUMAN_BUF];
    if (c->o->set[OPT_QUIET] || !isatty(STDERR_FILENO))
        return; /* progress is for people watching */
    clear_progress(c);
    fputs(words, stderr);
    if (total)
        fprintf(stderr, ": %s of %s", human_count(a, n), human_count(b, total));
    c->shown = true;
}

static void on_done(void *ud, struct run_result *r, int64_t history, const struct err *e)
{
    struct run_cmd *c = ud;
    c->running = NULL;
    c->worked = r != NULL;
    if (r) {
        c->result = *r;
        *r = (struct run_result){0};
    } else {
        c->err = *e;
    }
    c->history = history;
    loop_stop(c->p.loop, 0);
}

static void on_signal(void *ud, int signo)
{
    struct run_cmd *c = ud;
    (void)signo;
    if (c->running)
        running_cancel(c->running);
}

/* Waits for it; the result is to be released. */
static souk_err run_with(struct run_cmd *c, const struct values *in, struct err *e)
{
    static const struct running_events events = {.step = on_step, .done = on_done};
    c->running = running_start(c->p.market, &c->model, in, &c->asked, &events, c, e);
    if (!c->running)
        return e->code;
    loop_run(c->p.loop);
    clear_progress(c);
    if (!c->worked)
        *e = c->err;
    return c->worked ? SOUK_OK : e->code;
}

static souk_err judged(const struct agreement *a, struct err *e)
{
    if (a->is == AGREE_YES)
        return SOUK_OK;
    return err_set(e, SOUK_EVERIFY, "%s: %s",
                   a->is == AGREE_NO ? "the seller's answer is another"
                                     : "there is nothing to compare the seller's answer with",
                   a->words);
}

static souk_err run_once(struct run_cmd *c, struct err *e)
{
    struct values in;
    struct agreement a;
    souk_err r = make_input(c, &in, e);
    if (!r)
        r = run_with(c, &in, e);
    values_release(&in);
    if (r)
        return r;
    bool paid = c->o->set[OPT_RECEIPT];
    if (paid)
        agree_json(&c->result.outputs, c->row.answer, AGREE_RTOL, AGREE_ATOL, &a);
    struct run_report p = {.o = c->o,
                           .form = c->form,
                           .model = &c->model,
                           .r = &c->result,
                           .asked = &c->asked,
                           .history = c->history,
                           .agreement = paid ? &a : NULL};
    r = run_print(&p, e);
    run_result_release(&c->result);
    if (!r && paid) {
        r = judged(&a, e);
        if (!r)
            say(c->o, "the seller's answer: %s", a.words);
    }
    return r;
}

/* --- held against what is expected */

struct checked {
    struct json_out *json; /* NULL: text */
    size_t passed, failed;
};

static void tell_set(struct checked *k, const char *set, bool passed, const char *words)
{
    const char *slash = strrchr(set, '/');
    const char *name = slash && slash[1] ? slash + 1 : set;
    k->passed += passed;
    k->failed += !passed;
    if (!k->json) {
        printf("%-4s ", passed ? "ok" : "not");
        text_fputs(stdout, untrusted(name));
        fputs(": ", stdout);
        text_fputs(stdout, untrusted(words));
        putchar('\n');
        return;
    }
    json_obj_open(k->json, NULL);
    json_out_str(k->json, "set", untrusted(name));
    json_out_bool(k->json, "passed", passed);
    json_out_str(k->json, "words", untrusted(words));
    json_obj_close(k->json);
}

/* An error of a run is one set's; only stopping ends them all. */
static souk_err check_set(struct run_cmd *c, struct checked *k, const char *set, struct err *e)
{
    struct values in, expected;
    struct agreement a;
    souk_err r = testdata_read(set, c->model.info, &in, &expected, e);
    if (!r)
        r = run_with(c, &in, e);
    if (!r) {
        agree_values(&c->result.outputs, &expected, TESTDATA_RTOL, TESTDATA_ATOL, &a);
        tell_set(k, set, a.is == AGREE_YES, a.words);
        run_result_release(&c->result);
    } else if (r != SOUK_ECANCEL) {
        tell_set(k, set, false, e->msg);
    }
    values_release(&in);
    values_release(&expected);
    return r;
}

static souk_err check(struct run_cmd *c, struct err *e)
{
    struct arena a;
    struct buf b;
    struct json_out j = {0};
    char **set;
    size_t n;
    struct checked k = {.json = c->o->set[OPT_JSON] ? &j : NULL};
    arena_init(&a, 1 << 20);
    buf_init(&b, DOC_CAP);
    json_out_init(&j, &b);
    json_obj_open(&j, NULL);
    json_out_str(&j, "model", untrusted(c->model.label));
    json_arr_open(&j, "sets");
    c->asked.no_history = true;
    souk_err failed = SOUK_OK, r = testdata_find(c->o->value[OPT_CHECK], &a, &set, &n, e);
    for (size_t i = 0; !r && i < n; i++) {
        souk_err one = check_set(c, &k, set[i], e);
        failed = failed ? failed : one;
        r = one == SOUK_ECANCEL ? one : SOUK_OK;
    }
    json_arr_close(&j);
    json_out_int(&j, "passed", (int64_t)k.passed);
    json_out_int(&j, "failed", (int64_t)k.failed);
    json_obj_close(&j);
    if (!r && k.json)
        r = out_json(&b, e);
    buf_release(&b);
    arena_release(&a);
    if (r || !k.failed)
        return r;
    fflush(stdout);
    return err_set(e, failed ? failed : SOUK_EVERIFY, "%zu of %zu set%s differ%s, see above",
                   k.failed, k.passed + k.failed, k.passed + k.failed == 1 ? "" : "s",
                   k.failed == 1 ? "s" : "");
}

souk_err cmd_run(const struct options *o, struct err *e)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct run_cmd c = {.o = o, .p = {.tty = -1, .gate = -1}, .model.fd = -1};
    if (o->args != 1 && !(o->args == 0 && o->set[OPT_RECEIPT]))
        return err_set(e, SOUK_EUSAGE, "usage: souk run FILE|MODEL");
    arena_init(&c.receipt, DOC_CAP);
    souk_err r = read_options(&c, e);
    if (!r)
        r = o->set[OPT_RECEIPT] ? open_receipt(&c, e) : open_market(&c, e);
    for (size_t i = 0; !r && i < sizeof signals / sizeof *signals; i++)
        r = loop_signal(c.p.loop, signals[i], on_signal, &c, e);
    if (!r)
        r = open_model(&c, e);
    if (!r)
        r = o->set[OPT_CHECK] ? check(&c, e) : run_once(&c, e);
    model_file_close(&c.model);
    paying_close(&c.p);
    arena_release(&c.receipt);
    return r;
}
