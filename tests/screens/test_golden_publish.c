/*
 * Publishing and Listings as they are drawn, from states filled in by hand (fixture_publish.h):
 * every step and end at several sizes, in ASCII, and with hostile texts wherever a stranger has a
 * say.
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
#include "fixture_publish.h"
#include "ui/widgets/dialog.h"

static struct fixture_publish honest, *fix = &honest;

/* --- the steps */

static void draw_publishing(void *state, struct canvas *c, struct rect area)
{
    publishing_draw(state, c, area);
}

static void words(struct publishing_screen *s, enum publish_step step, const char *text)
{
    s->step = step;
    snprintf(s->words, sizeof s->words, "%s", text);
}

static void test_steps(void **state)
{
    (void)state;
    struct publishing_screen *s = &fix->screen;
    words(s, PUBLISH_COMPUTE, "reading what is listed");
    check_at("publish-looking", draw_publishing, s, 80, 24);
    s->done = 31000000;
    s->total = 48000000;
    words(s, PUBLISH_STORE, "");
    check("publish-storing", draw_publishing, s);
    s->done = s->total = 0;
    words(s, PUBLISH_PROVE, "reading it back from aggregator.example");
    s->stopping = true;
    check_at("publish-stopping", draw_publishing, s, 80, 24);
    s->stopping = false;
    words(s, PUBLISH_MINING, "signed; waiting for its block");
    check_at("publish-mining", draw_publishing, s, 80, 24);
    s->has_file = false; /* only the terms are changed */
    words(s, PUBLISH_LIST, "preparing the transaction");
    check_at("publish-changing", draw_publishing, s, 80, 24);
    s->has_file = true;
}

static void test_ends(void **state)
{
    (void)state;
    struct publishing_screen *s = &fix->screen;
    s->over = true;
    words(s, PUBLISH_PROVE, "");
    err_set(&s->failed, SOUK_EVERIFY,
            "aggregator.example serves another file under this blob ID: nothing was listed");
    check("publish-failed", draw_publishing, s);
    s->result.stored_now = false;
    words(s, PUBLISH_COMPUTE, "");
    err_set(&s->failed, SOUK_ENOTFOUND, "/home/me/model.onnx: No such file or directory");
    check_at("publish-no-file", draw_publishing, s, 80, 24);
    s->failed = (struct err){0};
    s->step = PUBLISH_DONE;
    check("publish-done", draw_publishing, s);
    s->result.unchanged = true;
    s->result.stored = (struct stored){0};
    docview_stale(&s->doc);
    check_at("publish-unchanged", draw_publishing, s, 80, 24);
    fixture_publish_end(fix);
    fixture_publish(fix, untrusted(""));
}

/* --- what is agreed to */

static void draw_ask(void *state, struct canvas *c, struct rect area)
{
    const struct publish_ask *a = state;
    struct dialog *d = dialog_new_made(a->before ? "Change the listing" : "List the model",
                                       publish_ask_doc, state, "Yes, list it");
    dialog_draw(d, c, area);
    dialog_free(d);
}

static void test_agreeing(void **state)
{
    (void)state;
    struct publish_ask a = {&fix->draft, NULL, &fix->pay.network};
    check("publish-dialog", draw_ask, &a);
    a.before = &fix->before;
    check("publish-dialog-change", draw_ask, &a);
    fix->draft.meaning_text[0] = '\0'; /* a locked wallet's signer says nothing */
    fix->draft.meaning.terms.endpoint = untrusted("");
    a.before = NULL;
    check_at("publish-dialog-locked", draw_ask, &a, 80, 24);
    fixture_publish_end(fix);
    fixture_publish(fix, untrusted(""));
}

/* --- listings */

static void draw_listings(void *state, struct canvas *c, struct rect area)
{
    listings_draw(state, c, area);
}

static void listings_init(struct listings_screen *s)
{
    *s = (struct listings_screen){.list = &fix->list};
    s->table = table_new(own_columns, OWN_COLS, &own_ops, s);
    table_set_rows(s->table, fix->list.n);
}

static void test_listings(void **state)
{
    (void)state;
    struct listings_screen s;
    listings_init(&s);
    check("listings", draw_listings, &s);
    table_select(s.table, 1);
    check("listings-unproven", draw_listings, &s);
    table_select(s.table, 4);
    check_at("listings-withdrawn", draw_listings, &s, 80, 24);
    check_at("listings-low", draw_listings, &s, 60, 12);
    err_set(&s.failed, SOUK_ENET, "no node of this network could be reached");
    check_at("listings-failed", draw_listings, &s, 80, 24);
    table_free(s.table);
}

static void test_no_listings(void **state)
{
    (void)state;
    struct listings_screen s;
    struct own_listings none = {0};
    listings_init(&s);
    table_set_rows(s.table, 0);
    s.list = &none;
    check("listings-empty", draw_listings, &s);
    s.no_contract = true;
    check_at("listings-no-contract", draw_listings, &s, 80, 24);
    s.no_contract = false;
    s.list = NULL;
    check_at("listings-reading", draw_listings, &s, 80, 24);
    s.none = true;
    check_at("listings-no-wallet", draw_listings, &s, 80, 24);
    table_free(s.table);
}

/* --- strangers */

static void test_hostile(void **state)
{
    (void)state;
    struct fixture_publish *f = calloc(1, sizeof *f);
    fix = f;
    for (size_t i = 0; i < fixture_attacks(); i++) {
        struct untrusted attack = fixture_attack(i);
        fixture_publish(f, attack);
        struct publishing_screen *s = &f->screen;
        for (int step = PUBLISH_COMPUTE; step < PUBLISH_DONE; step++) {
            s->step = (enum publish_step)step;
            snprintf(s->words, sizeof s->words, "%.*s", (int)attack.n, attack.p);
            survive(draw_publishing, s);
        }
        s->over = true;
        survive(draw_publishing, s);
        err_set(&s->failed, SOUK_EINPUT, "%.*s", (int)attack.n, attack.p);
        survive(draw_publishing, s);
        struct publish_ask a = {&f->draft, i % 2 ? &f->before : NULL, &f->pay.network};
        survive(draw_ask, &a);
        struct listings_screen l;
        listings_init(&l);
        for (size_t row = 0; row < FIXTURE_OWN; row++) {
            table_select(l.table, row);
            survive(draw_listings, &l);
        }
        table_free(l.table);
        fixture_publish_end(f);
    }
    fix = &honest;
    free(f);
}

static int setup(void **state)
{
    (void)state;
    clock_fix(FIXTURE_NOW);
    fixture_publish(fix, untrusted(""));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_publish_end(fix);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),       cmocka_unit_test(test_ends),
        cmocka_unit_test(test_agreeing),    cmocka_unit_test(test_listings),
        cmocka_unit_test(test_no_listings), cmocka_unit_test(test_hostile),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
