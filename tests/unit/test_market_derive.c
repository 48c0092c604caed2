/* Every rule of derive.h, in small markets made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "market/health.h"
#include "market_world.h"

#define NONE  "\xe2\x80\x93" /* the dash of no income */
#define CID_A "jKzAHsOHS1zA193_9N-n5H_IjupBjKce08qMLLseRe8"
#define CID_B "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M"
#define CID_C "KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A"
#define IPFS  "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG"

/* One author "mira", owner "o", model m at price 1000 paid to "p", proven. */
static void simple(struct world *w)
{
    put_model(w, "mira", "m", vouching("o"));
    put_listing(
        w,
        (struct w_listing){
            .owner = "o", .author = "mira", .name = "m", .pay_to = "p", .price = 1000, .day = 1});
}

static uint8_t mark_of(struct world *w, const char *name)
{
    struct catalog *c;
    ok(catalog_load(w->w, WINDOW_ALL, &c, E));
    uint8_t mark = row_named(c, name)->mark;
    catalog_unref(c);
    return mark;
}

/* How the last span of a payee is attributed. */
static int how_of(struct world *w, const char *payee)
{
    int64_t how = 0;
    address a = addr_of(payee);
    struct query_run q = query_open(w->w, "SELECT s.how FROM span s JOIN addr a ON a.id = s.payee"
                                          " WHERE a.a = ? ORDER BY s.block DESC, s.log DESC");
    query_blob(&q, a.b, sizeof a.b);
    ok(query_one(&q, 0, &how, E));
    return (int)how;
}

static void own_payee(void **state)
{
    struct world *w = *state;
    simple(w);
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 99});
    put_pay(
        w, (struct w_pay){.payee = "p", .amount = 7, .day = 99, .payer = "other"}); /* any amount */
    put_pay(w, (struct w_pay){.payee = "p", .amount = 5, .day = 99, .scheme = PAY_UPTO});
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "2 1 0 2 0.001012 USDC");
    assert_string_equal(author_text(w, "mira", WINDOW_ALL), "2 1 0 2 0.001012 USDC (" NONE ")");
    assert_int_equal(mark_of(w, "m"), MARK_PROVEN);
    assert_int_equal(how_of(w, "p"), BY_PAYEE);
}

static void plain_transfers_and_strangers_do_not_count(void **state)
{
    struct world *w = *state;
    simple(w);
    put_flow(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 99}, FLOW_PLAIN);
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 99, .tier = TIER_LISTED});
    put_pay(w, (struct w_pay){.payee = "stranger", .amount = 1000, .day = 99});
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "0 0 0 0 " NONE);
    struct health *h;
    char text[64];
    ok(health_load(w->w, WINDOW_ALL, &h, E));
    assert_int_equal(h->payments, 0);
    assert_int_equal(h->unlisted_payments, 1);
    assert_string_equal(income_format(&h->unlisted, text, sizeof text), "0.001 USDC");
    health_free(h);
}

static void before_the_listing_is_nobodys(void **state)
{
    struct world *w = *state;
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 0});
    simple(w);
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 1}); /* same block, later log */
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "1 0 0 1 0.001 USDC");
}

static void delisted_keeps_its_payments(void **state)
{
    struct world *w = *state;
    simple(w);
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 2});
    put_listing(w, (struct w_listing){.owner = "o", .name = "m", .day = 3, .delist = true});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 4}); /* named it before */
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "2 0 0 1 0.002 USDC");
    assert_int_equal(mark_of(w, "m"), MARK_UNLISTED);
}

static void moved_payee_keeps_both(void **state)
{
    struct world *w = *state;
    simple(w);
    put_listing(
        w,
        (struct w_listing){
            .owner = "o", .author = "mira", .name = "m", .pay_to = "q", .price = 1000, .day = 10});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1, .day = 20});
    put_pay(w, (struct w_pay){.payee = "q", .amount = 2, .day = 20});
    put_pay(w, (struct w_pay){.payee = "q", .amount = 4, .day = 5}); /* not named yet */
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "2 0 0 1 0.000003 USDC");
}

static void impostor_gets_nothing(void **state)
{
    struct world *w = *state;
    simple(w);
    put_listing(w, (struct w_listing){.owner = "thief",
                                      .author = "mira",
                                      .name = "m",
                                      .pay_to = "t",
                                      .price = 800,
                                      .day = 5,
                                      .blob = CID_A});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 99});
    put_pay(w, (struct w_pay){.payee = "t", .amount = 800, .day = 99});
    put_infer(w, CID_A, 99, 0);
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "1 0 0 1 0.001 USDC");
    assert_string_equal(author_text(w, "mira", WINDOW_ALL), "1 0 0 1 0.001 USDC (" NONE ")");
    assert_int_equal(how_of(w, "t"), BY_NOBODY);
    /* ... nor is it hidden: the page shows it beside the model. */
    struct model_page *p;
    int64_t id;
    ok(model_find(w->w, "mira/m", &id, E));
    ok(model_page_load(w->w, id, WINDOW_ALL, &p, E));
    assert_int_equal(p->listings, 2);
    assert_true(p->listing[0].proven && p->listing[0].chosen && p->listing[0].active);
    assert_false(p->listing[1].proven || p->listing[1].chosen);
    assert_int_equal(p->listing[1].payments, 1);
    assert_int_equal(p->prices, 1);
    model_page_free(p);
    struct health *h;
    ok(health_load(w->w, WINDOW_ALL, &h, E));
    assert_int_equal(h->unlisted_payments, 0); /* a listing names it, if a false one */
    assert_int_equal(h->unknown_inferences, 1);
    health_free(h);
}

static void proven_needs_the_owner_in_the_description(void **state)
{
    struct world *w = *state;
    put_model(w, "mira", "m", "Beware: the listing of 0x1234 is a copy and not ours.");
    put_listing(
        w,
        (struct w_listing){
            .owner = "o", .author = "mira", .name = "m", .pay_to = "p", .price = 1000, .day = 1});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 99});
    world_derive(w);
    assert_int_equal(mark_of(w, "m"), MARK_UNPROVEN); /* shown, marked so */
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "1 0 0 1 0.001 USDC");
    put_model(w, "mira", "m", vouching("o")); /* the author adds the line */
    assert_true(derive_stale(w->w));
    world_derive(w);
    assert_int_equal(mark_of(w, "m"), MARK_PROVEN);
    put_model(w, "mira", "m", vouching("somebody else"));
    world_derive(w);
    assert_int_equal(mark_of(w, "m"), MARK_UNPROVEN);
}

static void proven_delisted_is_not_replaced_by_an_impostor(void **state)
{
    struct world *w = *state;
    simple(w);
    put_listing(w, (struct w_listing){.owner = "o", .name = "m", .day = 3, .delist = true});
    put_listing(
        w,
        (struct w_listing){
            .owner = "thief", .author = "mira", .name = "m", .pay_to = "t", .price = 1, .day = 5});
    put_pay(w, (struct w_pay){.payee = "t", .amount = 1, .day = 99});
    world_derive(w);
    assert_int_equal(mark_of(w, "m"), MARK_UNLISTED);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "0 0 0 0 " NONE);
}

/* mira's a and b share a payTo at these prices. */
static void sharing(struct world *w, uint64_t a, uint64_t b)
{
    put_model(w, "mira", "a", vouching("o"));
    put_model(w, "mira", "b", vouching("o"));
    put_listing(
        w, (struct w_listing){
               .owner = "o", .author = "mira", .name = "a", .pay_to = "p", .price = a, .day = 1});
    put_listing(
        w, (struct w_listing){
               .owner = "o", .author = "mira", .name = "b", .pay_to = "p", .price = b, .day = 1});
}

static void shared_payee_is_told_by_price(void **state)
{
    struct world *w = *state;
    sharing(w, 1000, 2000);
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 50});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 2000, .day = 50});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 2000, .day = 51, .payer = "two"});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1500, .day = 50}); /* neither */
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 50, .asset = "OPG"});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 50, .scheme = PAY_UPTO});
    world_derive(w);
    assert_string_equal(figures_text(w, "a", WINDOW_ALL), "1 0 0 1 0.001 USDC");
    assert_string_equal(figures_text(w, "b", WINDOW_ALL), "2 0 0 2 0.004 USDC");
    assert_string_equal(author_text(w, "mira", WINDOW_ALL),
                        "5 1 0 2 0.0075 USDC + <0.000001 OPG (0.0025 USDC + <0.000001 OPG)");
}

static void shared_payee_with_one_price_is_the_authors(void **state)
{
    struct world *w = *state;
    sharing(w, 1000, 1000);
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 50});
    world_derive(w);
    assert_string_equal(figures_text(w, "a", WINDOW_ALL), "0 0 0 0 " NONE);
    assert_string_equal(figures_text(w, "b", WINDOW_ALL), "0 0 0 0 " NONE);
    assert_string_equal(author_text(w, "mira", WINDOW_ALL), "1 0 0 1 0.001 USDC (0.001 USDC)");
    assert_int_equal(how_of(w, "p"), BY_PRICE); /* by which none can be told */
    struct author_page *p;
    ok(author_page_load(w->w, "mira", WINDOW_ALL, &p, E));
    assert_int_equal(p->calls_n, 1);
    assert_int_equal(p->call_model[0].n, 0);
    author_page_free(p);
}

static void price_is_that_of_the_time(void **state)
{
    struct world *w = *state;
    sharing(w, 1000, 2000);
    put_listing(
        w,
        (struct w_listing){
            .owner = "o", .author = "mira", .name = "a", .pay_to = "p", .price = 3000, .day = 20});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 10}); /* a */
    put_pay(w, (struct w_pay){.payee = "p", .amount = 3000, .day = 10}); /* nobody's yet */
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 30}); /* no longer a's */
    put_pay(w, (struct w_pay){.payee = "p", .amount = 3000, .day = 30}); /* a */
    put_listing(w, (struct w_listing){.owner = "o", .name = "b", .day = 40, .delist = true});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 2000, .day = 50}); /* b has no price now */
    world_derive(w);
    assert_string_equal(figures_text(w, "a", WINDOW_ALL), "2 0 0 1 0.004 USDC");
    assert_string_equal(figures_text(w, "b", WINDOW_ALL), "0 0 0 0 " NONE);
    assert_string_equal(author_text(w, "mira", WINDOW_ALL), "5 0 0 1 0.01 USDC (0.006 USDC)");
}

static void two_authors_one_payee(void **state)
{
    struct world *w = *state;
    put_model(w, "mira", "a", vouching("o"));
    put_model(w, "kmong", "b", "no word about it");
    put_listing(
        w, (struct w_listing){
               .owner = "o", .author = "mira", .name = "a", .pay_to = "p", .price = 1, .day = 1});
    put_listing(
        w, (struct w_listing){
               .owner = "x", .author = "kmong", .name = "b", .pay_to = "p", .price = 1, .day = 1});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1, .day = 50});
    world_derive(w); /* the proven one has it */
    assert_string_equal(figures_text(w, "a", WINDOW_ALL), "1 0 0 1 0.000001 USDC");
    assert_string_equal(figures_text(w, "b", WINDOW_ALL), "0 0 0 0 " NONE);

    put_model(w, "kmong", "b", vouching("x")); /* both proven: nobody */
    world_derive(w);
    assert_string_equal(figures_text(w, "a", WINDOW_ALL), "0 0 0 0 " NONE);
    assert_string_equal(figures_text(w, "b", WINDOW_ALL), "0 0 0 0 " NONE);
    assert_int_equal(how_of(w, "p"), BY_NOBODY);

    put_model(w, "mira", "a", "nothing");
    put_model(w, "kmong", "b", "nothing"); /* neither: nobody */
    world_derive(w);
    assert_string_equal(author_text(w, "mira", WINDOW_ALL), "0 0 0 0 " NONE " (" NONE ")");
    assert_int_equal(how_of(w, "p"), BY_NOBODY);
}

static void listing_of_no_model(void **state)
{
    struct world *w = *state;
    put_model(w, "mira", "m", "");
    put_listing(w, (struct w_listing){.owner = "o",
                                      .author = "mira",
                                      .name = "M",
                                      .pay_to = "p",
                                      .price = 1,
                                      .day = 1}); /* names are exact */
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1, .day = 50});
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "0 0 0 0 " NONE);
    assert_int_equal(how_of(w, "p"), BY_NOBODY);
}

static void cids(void **state)
{
    struct world *w = *state;
    int64_t files = put_model(w, "mira", "files", "");
    put_model(w, "mira", "listed", vouching("o"));
    put_model(w, "mira", "stated", "Model CID: " CID_C "\n");
    put_model(w, "mira", "ipfs", "old id " IPFS ".");
    put_listing(w, (struct w_listing){.owner = "o",
                                      .author = "mira",
                                      .name = "listed",
                                      .pay_to = "p",
                                      .price = 1,
                                      .day = 1,
                                      .blob = CID_A});
    put_listing(w, (struct w_listing){.owner = "o",
                                      .author = "mira",
                                      .name = "listed",
                                      .pay_to = "p",
                                      .price = 1,
                                      .day = 5,
                                      .blob = "v2"});
    put_file(w, files, "1.00", "a.onnx", CID_B);
    put_file(w, files, "0.10", "a.onnx", CID_A); /* a listing's claim is stronger */
    put_infer(w, CID_A, 90, 0);                  /* any version it ever named */
    put_infer(w, "v2", 90, 0);
    put_infer(w, CID_B, 90, 0);
    put_infer(w, CID_C, 90, 0);
    put_infer(w, IPFS, 90, 0);
    put_infer(w, "nobody's", 90, 0);
    world_derive(w);
    assert_string_equal(figures_text(w, "listed", WINDOW_ALL), "0 0 2 0 " NONE);
    assert_string_equal(figures_text(w, "files", WINDOW_ALL), "0 0 1 0 " NONE);
    assert_string_equal(figures_text(w, "stated", WINDOW_ALL), "0 0 1 0 " NONE);
    assert_string_equal(figures_text(w, "ipfs", WINDOW_ALL), "0 0 1 0 " NONE);
    assert_string_equal(author_text(w, "mira", WINDOW_ALL), "0 0 5 0 " NONE " (" NONE ")");

    struct catalog *c;
    ok(catalog_load(w->w, WINDOW_ALL, &c, E));
    assert_string_equal(row_named(c, "listed")->brief->blob_id, "v2");
    assert_int_equal(row_named(c, "listed")->brief->blob_from, BLOB_LISTING);
    assert_string_equal(row_named(c, "files")->brief->blob_id, CID_B); /* 1.00 is after 0.10 */
    assert_int_equal(row_named(c, "files")->brief->blob_from, BLOB_FILES);
    assert_int_equal(row_named(c, "stated")->brief->blob_from, BLOB_DESCRIPTION);
    assert_string_equal(row_named(c, "ipfs")->brief->blob_id, IPFS);
    catalog_unref(c);
}

/* Renamed on the Hub: the old name's record stays for its history, the calls follow the new name.
 */
static void calls_follow_a_renamed_model(void **state)
{
    struct world *w = *state;
    put_model(w, "mira", "old", "It is " CID_A ".");
    put_infer(w, CID_A, 90, 0);
    world_derive(w);
    assert_string_equal(figures_text(w, "old", WINDOW_ALL), "0 0 1 0 " NONE);
    int64_t gone;
    ok(store_begin(w->w, E));
    ok(store_models_sweep(w->w, INT64_MAX, &gone, E)); /* nothing was seen since: all are gone */
    ok(store_commit(w->w, E));
    assert_int_equal(gone, 1);
    world_derive(w);
    assert_string_equal(figures_text(w, "old", WINDOW_ALL), "0 0 1 0 " NONE);
    put_model(w, "mira", "new", "It is " CID_A ".");
    world_derive(w);
    assert_string_equal(figures_text(w, "new", WINDOW_ALL), "0 0 1 0 " NONE);
    assert_string_equal(figures_text(w, "old", WINDOW_ALL), "0 0 0 0 " NONE);
}

static void contested_cid_is_nobodys(void **state)
{
    struct world *w = *state;
    put_model(w, "mira", "a", "It is " CID_A ".");
    put_model(w, "kmong", "b", "Based on " CID_A "!");
    put_infer(w, CID_A, 90, 0);
    world_derive(w);
    assert_string_equal(figures_text(w, "a", WINDOW_ALL), "0 0 0 0 " NONE);
    assert_string_equal(figures_text(w, "b", WINDOW_ALL), "0 0 0 0 " NONE);
    struct health *h;
    ok(health_load(w->w, WINDOW_ALL, &h, E));
    assert_int_equal(h->unknown_inferences, 0); /* claimed, but not one model's */
    assert_int_equal(h->inferences, 0);
    health_free(h);
    put_model(w, "kmong", "b", "Nothing."); /* now it is a's alone */
    world_derive(w);
    assert_string_equal(figures_text(w, "a", WINDOW_ALL), "0 0 1 0 " NONE);
}

static void windows(void **state)
{
    struct world *w = *state;
    simple(w);
    /* A window is what is later than as_of less its length: day 93, hour 0 is just outside 7 days.
     */
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1, .day = 93, .hour = 0, .payer = "x"});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 10, .day = 93, .hour = 1, .payer = "y"});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 100, .day = 71, .payer = "y"});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1000, .day = 11, .payer = "z"});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 10000, .day = 2, .payer = "y"});
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_7D), "1 0 0 1 0.00001 USDC");
    assert_string_equal(figures_text(w, "m", WINDOW_30D), "3 0 0 2 0.000111 USDC");
    assert_string_equal(figures_text(w, "m", WINDOW_90D), "4 0 0 3 0.001111 USDC");
    assert_string_equal(figures_text(w, "m", WINDOW_ALL), "5 0 0 3 0.011111 USDC");

    struct catalog *c;
    ok(catalog_load(w->w, WINDOW_7D, &c, E));
    const struct figures *f = row_named(c, "m")->figures;
    assert_int_equal(c->as_of, at(W_NOW, 0));
    assert_int_equal(f->last, at(93, 1));
    assert_int_equal(f->spark[SPARK_DAYS - 1], 0); /* day 99, which midnight has just ended */
    assert_int_equal(f->spark[SPARK_DAYS - 7], 2); /* day 93 */
    assert_int_equal(f->spark[1], 1);              /* day 71 */
    unsigned sum = 0;
    for (int i = 0; i < SPARK_DAYS; i++) {
        sum += f->spark[i];
    }
    assert_int_equal(sum, 3); /* as the 30 days */
    catalog_unref(c);

    /* As time goes on and nothing comes in, figures go out of the window. */
    struct cursor cur = {.block = block_at(150, 0), .time = at(150, 0)};
    ok(store_begin(w->w, E));
    ok(store_cursor_set(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, &cur, E));
    ok(store_commit(w->w, E));
    assert_true(derive_stale(w->w));
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_30D), "0 0 0 0 " NONE);
    assert_string_equal(figures_text(w, "m", WINDOW_90D), "3 0 0 2 0.000111 USDC");
}

static void window_of_inferences_alone(void **state)
{
    struct world *w = *state;
    put_model(w, "mira", "m", CID_A);
    put_infer(w, CID_A, 39, 0);
    put_infer(w, CID_A, 10, 0);
    ok(store_begin(w->w, E));
    ok(store_cursor_set(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, NULL, E));
    struct cursor cur = {.block = block_at(40, 0), .time = at(40, 0)};
    ok(store_cursor_set(w->w, W_INFER_CHAIN, FILTER_INFERENCES, &cur, E));
    ok(store_commit(w->w, E));
    world_derive(w);
    assert_string_equal(figures_text(w, "m", WINDOW_7D), "0 0 1 0 " NONE);
    assert_string_equal(figures_text(w, "m", WINDOW_30D), "0 0 1 0 " NONE); /* day 10 is just out */
    assert_string_equal(figures_text(w, "m", WINDOW_90D), "0 0 2 0 " NONE);
    /* Payments of busy tokens alone are payments that are read. */
    cur = (struct cursor){.block = block_at(60, 0), .time = at(60, 0)};
    ok(store_begin(w->w, E));
    ok(store_cursor_set(w->w, W_PAY_CHAIN, FILTER_PAYEES, &cur, E));
    ok(store_commit(w->w, E));
    world_derive(w);
    assert_int_equal(store_meta_int(w->w, "as_of", 0), at(60, 0));
    assert_string_equal(figures_text(w, "m", WINDOW_30D), "0 0 1 0 " NONE);
    assert_string_equal(figures_text(w, "m", WINDOW_7D), "0 0 0 0 " NONE);
}

static void sums_beyond_64_bits(void **state)
{
    struct world *w = *state;
    simple(w);
    u256 big = {{0, 0, UINT64_MAX, 0}}; /* 2^192 - 2^128 */
    put_pay(w, (struct w_pay){.payee = "p", .big = big, .asset = "OPG", .day = 99});
    put_pay(w, (struct w_pay){.payee = "p", .big = big, .asset = "OPG", .day = 98});
    put_pay(w, (struct w_pay){.payee = "p", .amount = UINT64_MAX, .day = 98});
    put_pay(w, (struct w_pay){.payee = "p", .amount = 1, .day = 98});
    world_derive(w);
    struct catalog *c;
    ok(catalog_load(w->w, WINDOW_30D, &c, E));
    const struct income *in = &row_named(c, "m")->figures->income;
    assert_int_equal(in->n, 2);
    assert_string_equal(in->of[0].symbol, "USDC"); /* the profile's order */
    assert_true(u256_cmp(in->of[0].value, (u256){{0, 1, 0, 0}}) == 0);
    assert_true(u256_cmp(in->of[1].value, (u256){{0, 0, UINT64_MAX - 1, 1}}) == 0);
    catalog_unref(c);
    struct model_page *p;
    ok(model_page_load(w->w, 1, WINDOW_30D, &p, E));
    assert_string_equal(p->income_asset.symbol, "USDC");
    uint64_t unit = 0;
    assert_true(u256_fits_u64(p->income_asset.value, &unit));
    assert_int_equal(unit, 10); /* 2^64 does not fit a series: in tens */
    assert_true(p->income.v[p->income.n - 3] == UINT64_C(1844674407370955161));
    model_page_free(p);
}

static void payers_are_a_union(void **state)
{
    struct world *w = *state;
    sharing(w, 1000, 2000);
    for (int i = 0; i < 6; i++) { /* the same two pay both models, by payment and by session */
        put_pay(w, (struct w_pay){.payee = "p",
                                  .amount = 1000u + 1000u * (i % 2 == 0),
                                  .payer = i % 3 ? "x" : "y",
                                  .day = 95 + i % 2});
    }
    put_pay(w,
            (struct w_pay){.payee = "p", .amount = 3, .payer = "z", .scheme = PAY_UPTO, .day = 96});
    world_derive(w);
    assert_string_equal(author_text(w, "mira", WINDOW_7D), "6 1 0 3 0.009003 USDC (0.000003 USDC)");
    struct health *h;
    ok(health_load(w->w, WINDOW_7D, &h, E));
    assert_int_equal(h->payers, 3);
    assert_int_equal(h->payments, 6);
    assert_int_equal(h->settlements, 1);
    assert_int_equal(h->authors_earning, 1);
    assert_int_equal(h->paid, 2);
    assert_int_equal(h->paid_by_3, 0);
    health_free(h);
    struct author_page *p;
    ok(author_page_load(w->w, "mira", WINDOW_7D, &p, E));
    assert_int_equal(p->payers_new, 3);
    assert_int_equal(p->payers_returning, 0);
    author_page_free(p);
}

/* --- the same rows in any order give the same figures -------------------------------------------
 */

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* A market with everything in it; its chain rows put in the order of a shuffle. */
static void put_market(struct world *w, uint64_t shuffle)
{
    enum { ROWS = 400, AUTHORS = 5, MODELS = 20 };
    char name[32], author[32], owner[32], payee[32], payer[32], cid[32];
    int order[ROWS];
    for (int i = 0; i < MODELS; i++) {
        snprintf(name, sizeof name, "m%d", i);
        snprintf(author, sizeof author, "author%d", i % AUTHORS);
        snprintf(owner, sizeof owner, "o%d", i % AUTHORS);
        put_model(w, author, name, i % 4 ? vouching(owner) : "nothing");
    }
    for (int i = 0; i < ROWS; i++) {
        order[i] = i;
    }
    seed = shuffle * 2654435761u + 88172645463325252u;
    for (int i = ROWS - 1; i > 0 && shuffle; i--) {
        int k = (int)draw((uint64_t)i + 1), x = order[i];
        order[i] = order[k];
        order[k] = x;
    }
    for (int i = 0; i < ROWS; i++) {
        seed = (uint64_t)order[i] * 7919 + 88172645463325252u;
        for (int k = 0; k < 5; k++) {
            draw(2);
        }
        int m = (int)draw(MODELS), day = 1 + (int)draw(98);
        w->log = (uint64_t)order[i];
        snprintf(name, sizeof name, "m%d", m);
        snprintf(author, sizeof author, "author%d", m % AUTHORS);
        snprintf(owner, sizeof owner, "o%d", draw(8) ? m % AUTHORS : 77);
        snprintf(payee, sizeof payee, "p%d", m % 12); /* some shared, some across authors */
        snprintf(payer, sizeof payer, "payer%d", (int)draw(9));
        snprintf(cid, sizeof cid, "cid%d", m);
        switch (draw(10)) {
        case 0:
            put_listing(w, (struct w_listing){.owner = owner,
                                              .author = author,
                                              .name = name,
                                              .pay_to = payee,
                                              .price = 1 + draw(3),
                                              .blob = cid,
                                              .day = day / 3,
                                              .delist = draw(5) == 0});
            break;
        case 1:
        case 2:
            put_infer(w, cid, day, 0);
            break;
        default:
            put_pay(w, (struct w_pay){.payer = payer,
                                      .payee = payee,
                                      .amount = 1 + draw(3),
                                      .asset = draw(3) ? "USDC" : "OPG",
                                      .day = day,
                                      .scheme = draw(6) ? PAY_EIP3009 : PAY_UPTO});
        }
    }
}

/* All derived rows with names for numbers that depend on the order of arrival. */
static void dump(struct world *w, struct buf *out)
{
    static const char *const sql[] = {
        "SELECT win, model, calls, payments, settlements, inferences, payers, back, last FROM stat"
        " ORDER BY 1, 2",
        "SELECT win, author, calls, payments, settlements, inferences, payers, fresh, last FROM"
        " author_stat ORDER BY 1, 2",
        "SELECT win, payments, settlements, inferences, payers, strays, unknown FROM market_stat"
        " ORDER BY 1",
        "SELECT week, payments, settlements, inferences, payers, fresh FROM weekly ORDER BY 1",
        "SELECT who, hex(v) FROM spark ORDER BY 1",
        "SELECT week, payers, d7, d30, hex(back) FROM cohort ORDER BY 1",
        "SELECT who, ratio, low, high FROM trend ORDER BY 1",
        "SELECT a.a, s.block, s.log, s.who, s.how FROM span s JOIN addr a ON a.id = s.payee"
        " ORDER BY 1, 2, 3",
        "SELECT block, log, who, how FROM pay_model ORDER BY 1, 2",
        "SELECT c.text, m.model, m.how FROM cid_model m JOIN cid c ON c.id = m.cid ORDER BY 1",
        "SELECT p.win, hex(a.a), p.payments, p.settlements FROM payee_stat p JOIN addr a ON"
        " a.id = p.payee ORDER BY 1, 2",
        "SELECT id, mark, ever, hex(price), listed_at, blob_id, blob_from FROM model ORDER BY 1",
        "SELECT who, length(v) FROM days ORDER BY 1"};
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        sqlite3_stmt *st;
        assert_int_equal(sqlite3_prepare_v2(store_db(w->w), sql[i], -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW) {
            for (int k = 0; k < sqlite3_column_count(st); k++) {
                const char *v = (const char *)sqlite3_column_text(st, k);
                buf_addf(out, "%s ", v ? v : "NULL");
            }
            buf_addc(out, '\n');
        }
        sqlite3_finalize(st);
    }
    for (int m = 0; m < 20; m++) {
        char name[32];
        snprintf(name, sizeof name, "m%d", m);
        buf_addf(out, "%s\n", figures_text(w, name, WINDOW_30D));
    }
    for (int a = 0; a < 5; a++) {
        char name[32];
        snprintf(name, sizeof name, "author%d", a);
        buf_addf(out, "%s\n", author_text(w, name, WINDOW_ALL));
    }
}

static void any_order_gives_the_same(void **state)
{
    struct buf first, other;
    buf_init(&first, 1 << 22);
    buf_init(&other, 1 << 22);
    (void)state;
    for (uint64_t shuffle = 0; shuffle < 6; shuffle++) {
        struct world w;
        world_open(&w);
        put_market(&w, shuffle);
        world_derive(&w);
        buf_clear(&other);
        dump(&w, shuffle ? &other : &first);
        if (shuffle) {
            assert_string_equal(first.p, other.p);
        }
        /* Again from nothing derived, and again with nothing changed. */
        ok(store_meta_set_int(w.w, "derived_raw", -1, E));
        world_derive(&w);
        world_derive(&w);
        buf_clear(&other);
        dump(&w, &other);
        assert_string_equal(first.p, other.p);
        world_close(&w);
    }
    assert_true(first.len > 5000);
    buf_release(&first);
    buf_release(&other);
}

/* Deriving after each step ends where deriving once does. */
static void step_by_step_gives_the_same(void **state)
{
    struct world *w = *state;
    struct buf once, steps;
    buf_init(&once, 1 << 22);
    buf_init(&steps, 1 << 22);
    put_market(w, 3);
    world_derive(w);
    dump(w, &once);
    struct cursor c = {.block = block_at(40, 0), .time = at(40, 0)};
    ok(store_begin(w->w, E));
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, c.block, &c, E));
    ok(store_commit(w->w, E));
    world_derive(w); /* and with less than there was */
    dump(w, &steps);
    assert_string_not_equal(once.p, steps.p);
    put_market(w, 5);
    c = (struct cursor){.block = block_at(W_NOW, 0), .time = at(W_NOW, 0)};
    ok(store_begin(w->w, E));
    ok(store_cursor_set(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, &c, E));
    ok(store_commit(w->w, E));
    world_derive(w);
    buf_clear(&steps);
    dump(w, &steps);
    assert_string_equal(once.p, steps.p);
    buf_release(&once);
    buf_release(&steps);
}

/* Without memory derive says so and leaves the figures that were there. */
static void without_memory(void **state)
{
    struct world *w = *state;
    put_market(w, 1);
    world_derive(w);
    put_pay(w, (struct w_pay){.payee = "p1", .amount = 1, .day = 99});
    struct buf before, after;
    buf_init(&before, 1 << 22);
    buf_init(&after, 1 << 22);
    dump(w, &before);
    unsigned long n = 0, failed = 0;
    for (;; n++) {
        struct err e = {0};
        mem_fail_at(n + 1, false);
        souk_err rc = derive(w->w, &w->net, &e);
        mem_fail_at(0, false);
        if (rc == SOUK_OK) {
            break;
        }
        assert_int_equal(rc, SOUK_ENOMEM);
        failed++;
        assert_true(derive_stale(w->w));
    }
    assert_true(failed > 20);
    assert_false(derive_stale(w->w));
    dump(w, &after);
    assert_string_not_equal(before.p, after.p);
    buf_release(&before);
    buf_release(&after);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(own_payee),
        T(plain_transfers_and_strangers_do_not_count),
        T(before_the_listing_is_nobodys),
        T(delisted_keeps_its_payments),
        T(moved_payee_keeps_both),
        T(impostor_gets_nothing),
        T(proven_needs_the_owner_in_the_description),
        T(proven_delisted_is_not_replaced_by_an_impostor),
        T(shared_payee_is_told_by_price),
        T(shared_payee_with_one_price_is_the_authors),
        T(price_is_that_of_the_time),
        T(two_authors_one_payee),
        T(listing_of_no_model),
        T(cids),
        T(calls_follow_a_renamed_model),
        T(contested_cid_is_nobodys),
        T(windows),
        T(window_of_inferences_alone),
        T(sums_beyond_64_bits),
        T(payers_are_a_union),
        cmocka_unit_test(any_order_gives_the_same),
        T(step_by_step_gives_the_same),
        T(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
