#include "fixture_content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

enum { HOUR = 3600, DAY = 86400 };

static struct untrusted said(const struct fixture_content *f, const char *honest)
{
    return f->attack.n ? f->attack : untrusted(honest);
}

/* A text that the domain keeps as a C string: an attack up to its first NUL. */
static void say(const struct fixture_content *f, char *out, size_t room, const char *honest)
{
    struct untrusted u = said(f, honest);
    snprintf(out, room, "%.*s", (int)u.n, u.p);
}

static void id_of(unsigned n, char out[BLOB_ID_BUF])
{
    blob_id id;
    for (size_t i = 0; i < sizeof id.b; i++)
        id.b[i] = (uint8_t)(n * 37 + i * 11);
    blob_id_format(&id, out);
}

static void make_rows(struct fixture_content *f)
{
    static const struct {
        const char *author, *model, *version, *file, *source;
        uint64_t size;
        int64_t got, used;
        enum verified verified;
        bool partial;
    } rows[FIXTURE_ROWS] = {
        {"OpenGradient", "og-1hr-volatility-ethusdt", "0.06", "model.onnx",
         "aggregator.example:443", 7060, 3 * HOUR, 600, VERIFIED_STRICT, false},
        {"mira", "eth-vol-garch", "1.2", "garch.onnx", "aggregator.example:443", 41200000, 2 * DAY,
         DAY, VERIFIED_ROWS, false},
        {"", "", "", "my-own.onnx", "", 1810, 4 * DAY, 0, VERIFIED_STRICT, false},
        {"vol.labs", "eth-skew-surface", "3", "skew.onnx", "walrus.example", 612000000, 9 * DAY,
         8 * DAY, VERIFIED_ROWS, false},
        {"kmong", "a-model-with-a-name-that-is-much-longer-than-its-column-will-ever-be", "0.1",
         "weights.safetensors", "walrus.example", 11300000000, 30 * DAY, 0, VERIFIED_ROWS, false},
        {"", "", "", "", "aggregator.example:443", 3200000, 40 * DAY, 0, VERIFIED_NO, true},
    };
    for (unsigned i = 0; i < FIXTURE_ROWS; i++) {
        struct library_row *r = &f->row[i];
        id_of(i, r->id);
        r->size = rows[i].size;
        r->about = (struct library_about){.author = said(f, rows[i].author),
                                          .model = said(f, rows[i].model),
                                          .version = said(f, rows[i].version),
                                          .file = said(f, rows[i].file),
                                          .source = said(f, rows[i].source),
                                          .got = FIXTURE_NOW - rows[i].got,
                                          .verified = rows[i].verified};
        r->used = rows[i].used ? FIXTURE_NOW - rows[i].used : 0;
        r->partial = rows[i].partial;
        f->shelf.bytes += r->size;
    }
    f->shelf.row = f->row;
    f->shelf.n = FIXTURE_ROWS;
    f->shelf.budget = 20000000000;
}

static void make_coming(struct fixture_content *f)
{
    static const enum coming_state states[FIXTURE_COMING] = {COMING_RUNS, COMING_RUNS, COMING_WAITS,
                                                             COMING_FAILED, COMING_STOPS};
    for (unsigned i = 0; i < FIXTURE_COMING; i++) {
        struct coming *c = &f->coming[i];
        char id[BLOB_ID_BUF];
        id_of(20 + i, id);
        blob_id_parse(untrusted(id), &c->target.id);
        c->state = states[i];
        c->target.has_id = true;
        c->target.model = i + 1;
        c->target.size = 48000000;
        say(f, c->target.author, sizeof c->target.author, "mira");
        say(f, c->target.name, sizeof c->target.name, "btc-fee-forecast");
        say(f, c->target.version, sizeof c->target.version, "2.0");
    }
    struct get_progress *p = &f->coming[0].progress;
    *p = (struct get_progress){.step = GET_COMING,
                               .done = 20640000,
                               .total = 48000000,
                               .rate = 12400000,
                               .left = 95,
                               .by_rows = true,
                               .refetched = 2};
    say(f, p->host, sizeof p->host, "aggregator.example:443");
    snprintf(p->words, sizeof p->words, "walrus.example gave two bad rows");
    f->coming[1].progress = (struct get_progress){
        .step = GET_CHECKING, .done = 31000000, .total = 48000000, .left = -1};
    f->coming[4].progress = (struct get_progress){.done = 9000000, .total = 48000000, .left = -1};
    err_set(&f->coming[3].failed, SOUK_ENOTFOUND, "%s",
            "no aggregator has it any more: its storage ended with epoch 31 (about Aug 2026)");
}

static void make_entries(struct fixture_content *f)
{
    for (size_t i = 0; i < FIXTURE_COMING; i++)
        f->entry[i].coming = &f->coming[i];
    for (size_t i = 0; i < FIXTURE_ROWS; i++)
        f->entry[FIXTURE_COMING + i].row = &f->row[i];
}

static struct value_type tensor(enum elem t, const struct dim *d, size_t rank)
{
    return (struct value_type){
        .kind = TYPE_TENSOR, .elem = t, .has_shape = true, .dim = d, .rank = rank};
}

static void make_info(struct fixture_content *f)
{
    struct model_info *m = &f->info;
    f->dim[0] = (struct dim){-1, said(f, "batch")};
    f->dim[1] = (struct dim){4, {NULL, 0}};
    f->dim[2] = (struct dim){1, {NULL, 0}};
    f->port[0] =
        (struct port){said(f, "open_high_low_close"), tensor(ELEM_FLOAT, f->dim, 2), false};
    f->port[1] = (struct port){said(f, "temperature"), tensor(ELEM_DOUBLE, f->dim + 2, 1), true};
    f->port[2] = (struct port){said(f, "label"), tensor(ELEM_INT64, f->dim, 1), false};
    f->inner[0] = tensor(ELEM_FLOAT, NULL, 0);
    f->inner[1] = (struct value_type){.kind = TYPE_MAP, .elem = ELEM_INT64, .of = &f->inner[0]};
    f->port[3] =
        (struct port){said(f, "probabilities"), {.kind = TYPE_SEQUENCE, .of = &f->inner[1]}, false};
    f->opset[0] = (struct model_pair){untrusted(""), untrusted("15")};
    f->opset[1] = (struct model_pair){said(f, "ai.onnx.ml"), untrusted("2")};
    f->meta[0] = (struct model_pair){said(f, "trained_on"), said(f, "ETHUSDT, thirty minutes")};
    f->meta[1] = (struct model_pair){said(f, "licence"), said(f, "MIT")};
    static const char *const ops[] = {"MatMul", "Add", "Relu", "ArrayFeatureExtractor", "Reshape"};
    for (size_t i = 0; i < 5; i++)
        f->op[i] = (struct op_count){said(f, i == 3 ? "ai.onnx.ml" : ""), said(f, ops[i]), 12 - i};
    *m = (struct model_info){.format = FORMAT_ONNX,
                             .size = 7060,
                             .ir_version = 8,
                             .producer = said(f, "skl2onnx"),
                             .producer_version = said(f, "1.14.1"),
                             .graph = said(f, "volatility"),
                             .description = said(f, "One hour ahead, from ten candles."),
                             .opset = f->opset,
                             .opsets = 2,
                             .input = f->port,
                             .inputs = 2,
                             .output = f->port + 2,
                             .outputs = 2,
                             .parameters = 1234,
                             .parameter_bytes = 4936,
                             .nodes = 17,
                             .op = f->op,
                             .ops = 5,
                             .meta = f->meta,
                             .metas = 2};
    f->model = (struct inspected){.refs = 1, .row = f->row[0], .file = {.fd = -1, .info = m}};
    f->external[0] = said(f, "weights.bin");
    f->weight[0] = (struct weight){said(f, "model.embed.weight"), said(f, "F16"),
                                   said(f, "[32000,4096]"), 262144000};
    f->stored = (struct stored){
        .is = STORED_UNTIL, .end_epoch = 61, .epoch = 33, .end = FIXTURE_NOW + 400 * DAY};
    say(f, f->stored.node, sizeof f->stored.node, "node.example");
}

static void make_shown(struct fixture_content *f)
{
    struct run_shown *a = f->shown = run_shown_new();
    static const char outputs[] = "{\"label\":[3],\"probabilities\":[[0.125,0.25,0.5,0.125]]}";
    a->out = calloc(2, sizeof *a->out);
    a->n = 2;
    a->out[0] = (struct run_output){.name = said(f, "label"),
                                    .type = said(f, "int64[1]"),
                                    .words = said(f, "3"),
                                    .has_stats = true,
                                    .stats = {3, 3, 3, 0, 0}};
    a->out[1] = (struct run_output){.name = said(f, "probabilities"),
                                    .type = said(f, "float32[1,4]"),
                                    .words = said(f, "0.125 0.25 0.5 0.125"),
                                    .has_stats = true,
                                    .stats = {0.125, 0.5, 0.25, 1, 2}};
    struct untrusted text = said(f, outputs);
    buf_add(&a->json, text.p, text.n);
    snprintf(a->engine, sizeof a->engine, "1.27.0");
    a->session_ns = 4210000;
    a->first_ns = 182000;
    a->peak_rss = 61000000;
}

void fixture_repeated(struct fixture_content *f)
{
    struct run_shown *a = f->shown;
    a->repeats = a->samples = 1000;
    a->p50_ns = 8350;
    a->p95_ns = 11900;
    a->p99_ns = 21000;
    a->fastest_ns = 7900;
    a->slowest_ns = 21000;
    a->total_ns = 9012345;
    for (unsigned i = 0; i < RUN_BINS; i++)
        a->bin[i] = i < 3 ? i * 60 : 700 / (i * i / 4 + 1);
}

static void make_past(struct fixture_content *f)
{
    for (int i = 0; i < FIXTURE_PAST; i++) {
        struct run_row *r = &f->past[i];
        *r = (struct run_row){.id = 40 - i,
                              .time = FIXTURE_NOW - 90 - i * 5 * HOUR,
                              .engine = said(f, "1.27.0"),
                              .first_ns = 182000 + i * 1000,
                              .session_ns = 4210000};
    }
    f->past[1].repeats = 1000;
    f->past[1].p50_ns = 8350;
    f->past[1].p95_ns = 11900;
    f->past[2].error = said(f, "the model was stopped after 60 s; give it more with --timeout");
    f->past[2].first_ns = 0;
}

void fixture_content(struct fixture_content *f, struct untrusted attack)
{
    *f = (struct fixture_content){.attack = attack};
    make_rows(f);
    make_coming(f);
    make_entries(f);
    make_info(f);
    make_shown(f);
    make_past(f);
}

void fixture_content_end(struct fixture_content *f)
{
    free(f->shown->out);
    run_shown_free(f->shown);
}
