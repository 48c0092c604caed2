/*
 * Library, File and Run as they are drawn, from states filled in by hand (fixture_content.h): every
 * state at several sizes, in ASCII, and with hostile texts wherever a stranger has a say.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "drawn.h"
#include "fixture.h"
#include "fixture_content.h"

static struct fixture_content honest, *fix = &honest;

/* --- library */

static void draw_library(void *state, struct canvas *c, struct rect area)
{
    library_draw(state, c, area);
}

static void library_init(struct library_screen *s)
{
    *s = (struct library_screen){.shelf = &fix->shelf,
                                 .entry = fix->entry,
                                 .n = FIXTURE_ROWS + FIXTURE_COMING,
                                 .sort = LIB_GOT,
                                 .desc = true};
    s->table = table_new(library_columns, LIB_COLS, &library_ops, s);
    table_set_rows(s->table, s->n);
    library_sort(s);
}

static void test_library(void **state)
{
    (void)state;
    struct library_screen s;
    library_init(&s);
    check("library", draw_library, &s);
    table_select(s.table, 3); /* a failure is told in full */
    check_at("library-failed", draw_library, &s, 80, 24);
    table_select(s.table, 5);
    check_at("library-here", draw_library, &s, 80, 24);
    snprintf(s.checked, sizeof s.checked, "%s", s.entry[5].row->id);
    s.check_done = 3;
    s.check_total = 4;
    err_set(&s.failed, SOUK_EVERIFY,
            "the file is not what its ID names any more; X takes it away, d gets it again");
    check("library-checking", draw_library, &s);
    table_free(s.table);
}

static void test_library_order(void **state)
{
    (void)state;
    static const struct {
        int col;
        bool desc;
        const char *first;
    } order[] = {{LIB_SIZE, true, "weights.safetensors"},
                 {LIB_SIZE, false, "my-own.onnx"},
                 {LIB_USED, true, "model.onnx"},
                 {LIB_MODEL, false, ""},
                 {LIB_GOT, false, ""}};
    struct library_screen s;
    library_init(&s);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        s.sort = order[i].col;
        s.desc = order[i].desc;
        library_sort(&s);
        for (size_t k = 0; k < FIXTURE_COMING; k++)
            assert_ptr_equal(s.entry[k].coming, &fix->coming[k]);
        struct untrusted file = s.entry[FIXTURE_COMING].row->about.file;
        assert_int_equal(file.n, strlen(order[i].first));
        assert_memory_equal(file.p, order[i].first, file.n);
    }
    table_free(s.table);
}

static void test_library_empty(void **state)
{
    (void)state;
    struct library_screen s;
    struct library_list none = {.budget = 20000000000};
    library_init(&s);
    s.n = 0;
    table_set_rows(s.table, 0);
    s.shelf = &none;
    check("library-empty", draw_library, &s);
    s.shelf = NULL;
    check_at("library-reading", draw_library, &s, 80, 24);
    err_set(&s.failed, SOUK_EFAIL, "/home/me/.local/share/souk/models: Permission denied");
    check_at("library-unread", draw_library, &s, 80, 24);
    table_free(s.table);
}

/* --- a file */

static void draw_file(void *state, struct canvas *c, struct rect area)
{
    struct doc d;
    struct facts f;
    struct textview v;
    doc_init(&d);
    textview_init(&v);
    facts_init(&f, &d, area.w > 23 ? area.w - 3 : 20, canvas_charset(c));
    inspect_doc(state, &f);
    textview_show(&v, &d);
    textview_draw(&v, c, area, true);
    doc_release(&d);
}

static void test_file(void **state)
{
    (void)state;
    struct inspect_view v = {.model = &fix->model, .stored = &fix->stored};
    check("file", draw_file, &v);
    v.stored = NULL;
    fix->info.has_external = fix->info.custom_ops = true;
    fix->info.external = fix->external;
    fix->info.externals = 1;
    err_set(&fix->model.unfit, SOUK_EINPUT, "its weights are in other files, which Walrus has not");
    check_at("file-unfit", draw_file, &v, 80, 24);
    v.stored_failed = "no storage node could be asked";
    fix->info.format = FORMAT_PICKLE;
    check_at("file-pickle", draw_file, &v, 80, 24);
    fix->info.format = FORMAT_SAFETENSORS;
    fix->info.weight = fix->weight;
    fix->info.weights = 1;
    fix->info.weights_all = 291;
    check_at("file-safetensors", draw_file, &v, 80, 24);
    fix->model.file.info = NULL;
    err_set(&fix->model.failed, SOUK_EINPUT, "the graph ends in the middle of a node");
    check_at("file-broken", draw_file, &v, 80, 24);
    fixture_content_end(fix);
    fixture_content(fix, untrusted(""));
}

static void draw_here(void *state, struct canvas *c, struct rect area)
{
    here_draw(state, c, area);
}

static void test_here(void **state)
{
    (void)state;
    struct here h = {.row = &fix->row[0], .model = &fix->model};
    check_at("here", draw_here, &h, 80, 24);
    h = (struct here){.coming = &fix->coming[0]};
    check_at("here-coming", draw_here, &h, 80, 24);
    h.coming = &fix->coming[3];
    check_at("here-failed", draw_here, &h, 80, 24);
    struct canvas *c = canvas_new(80, 22, TEXT_UNICODE, NULL);
    assert_int_equal(here_draw(&(struct here){0}, c, canvas_rect(c)), 0);
    canvas_free(c);
}

/* --- run */

static void draw_run(void *state, struct canvas *c, struct rect area)
{
    run_draw(state, c, area);
}

static void run_init(struct run_screen *s, enum run_phase phase)
{
    static char prices[] = "[[1.5,2.25,1.25,2]]", heat[] = "[0.7]";
    char *text[] = {prices, heat};
    struct run_options o = {.text = {"", "2", "1000"}};
    *s = (struct run_screen){.phase = phase, .model = &fix->model, .n_past = FIXTURE_PAST};
    snprintf(s->label, sizeof s->label, "%.*s", 200,
             fix->attack.n ? fix->attack.p : "OpenGradient/og-1hr-volatility-ethusdt");
    snprintf(s->seller.url, sizeof s->seller.url, "https://models.example/v1");
    s->seller.has_price = true;
    s->seller.price = (struct amount){.value = {{10000, 0, 0, 0}}, .symbol = "USDC", .decimals = 6};
    s->form = run_form(&fix->info, RUN_FIELDS, text, &o);
    s->past = fix->past;
    s->answer = fix->shown;
    s->outputs = table_new(run_output_columns, OUT_COLS, &run_output_ops, s);
    s->past_table = table_new(run_past_columns, PAST_COLS, &run_past_ops, s);
    table_set_rows(s->outputs, fix->shown->n);
    table_set_rows(s->past_table, FIXTURE_PAST);
    docview_init(&s->doc);
}

static void run_end(struct run_screen *s)
{
    form_free(s->form);
    table_free(s->outputs);
    table_free(s->past_table);
    docview_release(&s->doc);
}

static void test_run_form(void **state)
{
    (void)state;
    struct run_screen s;
    run_init(&s, RUN_ASK);
    check("run-form", draw_run, &s);
    struct run_options o;
    assert_true(run_form_options(s.form, &fix->info, &o));
    assert_int_equal(o.threads, 2);
    assert_int_equal(o.repeat, 1000);
    form_fault(s.form, 0, "float32[batch,4] is wanted; 3 numbers were given");
    form_set(s.form, 3, untrusted("many"));
    assert_false(run_form_options(s.form, &fix->info, &o));
    check_at("run-form-wrong", draw_run, &s, 80, 24);
    s.n_past = 0;
    check_at("run-form-first", draw_run, &s, 80, 24);
    run_end(&s);
}

static void test_run_states(void **state)
{
    (void)state;
    struct run_screen s;
    run_init(&s, RUN_FIND);
    check_at("run-reading", draw_run, &s, 80, 24);
    s.phase = RUN_ABSENT;
    s.model = NULL;
    check("run-absent", draw_run, &s);
    s.model = &fix->model;
    s.phase = RUN_BUSY;
    snprintf(s.words, sizeof s.words, "running");
    s.step = 412;
    s.steps = 1000;
    check("run-busy", draw_run, &s);
    s.phase = RUN_ASK;
    err_set(&s.failed, SOUK_ENOTFOUND,
            "there is no usable ONNX Runtime: /usr/lib/libonnxruntime.so.1 is 1.14.1, older than "
            "1.24.1");
    check("run-no-engine", draw_run, &s);
    err_set(&s.failed, SOUK_ELIMIT, "the model asked for more than the 540 MB it may take");
    check_at("run-failed", draw_run, &s, 80, 24);
    run_end(&s);
}

static void test_run_done(void **state)
{
    (void)state;
    struct run_screen s;
    run_init(&s, RUN_DONE);
    s.focus = RUN_ON_OUTPUT;
    check("run-done", draw_run, &s);
    fixture_repeated(fix);
    table_select(s.outputs, 1);
    check("run-repeated", draw_run, &s);
    s.as_json = true;
    check("run-json", draw_run, &s);
    s.focus = RUN_ON_PAST;
    fix->shown->past = FIXTURE_NOW - 90000;
    check_at("run-past", draw_run, &s, 80, 24);
    run_end(&s);
    fixture_content_end(fix);
    fixture_content(fix, untrusted(""));
}

/* --- strangers */

static void test_hostile(void **state)
{
    (void)state;
    struct fixture_content *f = calloc(1, sizeof *f);
    fix = f;
    for (size_t i = 0; i < fixture_attacks(); i++) {
        struct library_screen l;
        fixture_content(f, fixture_attack(i));
        fixture_repeated(f);
        library_init(&l);
        for (size_t row = 0; row < l.n; row += 3) {
            table_select(l.table, row);
            survive(draw_library, &l);
        }
        table_free(l.table);
        struct inspect_view v = {.model = &f->model, .stored = &f->stored};
        survive(draw_file, &v);
        f->info.weight = f->weight;
        f->info.weights = f->info.weights_all = 1;
        f->info.format = FORMAT_GGUF;
        survive(draw_file, &v);
        struct here h = {.row = &f->row[0], .model = &f->model};
        survive(draw_here, &h);
        h = (struct here){.coming = &f->coming[0]};
        survive(draw_here, &h);
        for (int phase = RUN_FIND; phase <= RUN_DONE; phase++) {
            struct run_screen s;
            run_init(&s, (enum run_phase)phase);
            s.focus = (enum run_focus)(i % 3);
            s.as_json = i % 2;
            snprintf(s.words, sizeof s.words, "%.*s", (int)fixture_attack(i).n,
                     fixture_attack(i).p);
            survive(draw_run, &s);
            err_set(&s.failed, SOUK_EINPUT, "%.*s", (int)fixture_attack(i).n, fixture_attack(i).p);
            survive(draw_run, &s);
            run_end(&s);
        }
        fixture_content_end(f);
    }
    fix = &honest;
    free(f);
}

static int setup(void **state)
{
    (void)state;
    clock_fix(FIXTURE_NOW);
    fixture_content(fix, untrusted(""));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_content_end(fix);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library),       cmocka_unit_test(test_library_order),
        cmocka_unit_test(test_library_empty), cmocka_unit_test(test_file),
        cmocka_unit_test(test_here),          cmocka_unit_test(test_run_form),
        cmocka_unit_test(test_run_states),    cmocka_unit_test(test_run_done),
        cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
