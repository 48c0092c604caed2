/* The pages: one model, authors, the market's health, the activity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "market/health.h"
#include "market/publish.h"
#include "market/derive/tally.h"
#include "market/packed.h"
#include "market_world.h"
#include "store/rollup.h"
#include "store/page_rows.h"

#define CID_A "jKzAHsOHS1zA193_9N-n5H_IjupBjKce08qMLLseRe8"
#define DASH  "\xe2\x80\x93"

static void put_offer(struct world *w, const char *resource, const char *pay_to, uint64_t amount)
{
    struct offer_in o = {.resource = untrusted(resource),
                         .scheme = untrusted("exact"),
                         .description = untrusted("says the seller"),
                         .chain = W_PAY_CHAIN,
                         .amount = u256_from_u64(amount),
                         .asset = addr_of("USDC"),
                         .pay_to = addr_of(pay_to),
                         .updated = at(50, 0)};
    ok(store_begin(w->w, E));
    ok(store_offer_put(w->w, &o, w->src, E));
    ok(store_commit(w->w, E));
}

/*
 * mira: "main" (own payTo, two prices, calls and inferences), "s1" and "s2" sharing one; kmong:
 * "idle", never called; an author without a name. A thief copies "main".
 */
static int setup(void **state)
{
    world_setup(state);
    struct world *w = *state;
    put_model(w, "mira", "main", vouching("o"));
    put_model(w, "mira", "s1", vouching("o"));
    put_model(w, "mira", "s2", vouching("o"));
    put_model(w, "kmong", "idle", "");
    put_model(w, NULL, "orphan", "");
    put_listing(w, (struct w_listing){.owner = "o",
                                      .author = "mira",
                                      .name = "main",
                                      .pay_to = "pm",
                                      .price = 1000,
                                      .day = 1,
                                      .blob = CID_A,
                                      .endpoint = "http://seller/main"});
    put_listing(w, (struct w_listing){.owner = "o",
                                      .author = "mira",
                                      .name = "main",
                                      .pay_to = "pm",
                                      .price = 3000,
                                      .day = 60,
                                      .blob = CID_A,
                                      .endpoint = "http://seller/main"});
    put_listing(w, (struct w_listing){.owner = "thief",
                                      .author = "mira",
                                      .name = "main",
                                      .pay_to = "pt",
                                      .price = 10,
                                      .day = 70});
    for (int i = 1; i < 3; i++) {
        char name[16];
        snprintf(name, sizeof name, "s%d", i);
        put_listing(w, (struct w_listing){.owner = "o",
                                          .author = "mira",
                                          .name = name,
                                          .pay_to = "shared",
                                          .price = 500,
                                          .day = 1});
    }
    put_file(w, 1, "1.00", "m.onnx", CID_A);
    put_offer(w, "http://seller/main", "pm", 3000);
    put_offer(w, "http://seller/main2", "pm", 4000);
    put_offer(w, "http://seller/other", "shared", 5000);
    put_offer(w, "http://thief/main", "pt", 9);
    put_pay(w, (struct w_pay){.payee = "pm", .amount = 1000, .day = 50, .payer = "old"});
    put_pay(w, (struct w_pay){.payee = "pm", .amount = 3000, .day = 90, .payer = "old"});
    put_pay(w, (struct w_pay){.payee = "pm", .amount = 3000, .day = 90, .payer = "new", .hour = 5});
    put_pay(w, (struct w_pay){.payee = "pm", .amount = 3000, .day = 92, .payer = "new"});
    put_pay(w, (struct w_pay){
                   .payee = "pm", .amount = 9999, .day = 93, .payer = "new", .scheme = PAY_UPTO});
    put_pay(w, (struct w_pay){.payee = "shared", .amount = 500, .day = 94, .payer = "new"});
    put_pay(w, (struct w_pay){.payee = "pt", .amount = 10, .day = 95, .payer = "victim"});
    put_pay(w, (struct w_pay){.payee = "nowhere", .amount = 77, .day = 95});
    world_source(w, FILTER_INFERENCES, W_INFER_CHAIN);
    put_infer(w, CID_A, 91, 3);
    put_infer(w, CID_A, 91, 4);
    put_infer(w, "unknown", 91, 5);
    world_derive(w);
    return 0;
}

static uint64_t sum(const struct series *s)
{
    uint64_t all = 0;
    for (size_t i = 0; i < s->n; i++) {
        all += s->v[i];
    }
    return all;
}

/* The value of one of the test's days. */
static uint64_t on_day(const struct series *s, int day)
{
    int64_t i = 20000 + day - s->first_day;
    assert_true(i >= 0 && (size_t)i < s->n);
    return s->v[i];
}

static void model_page(void **state)
{
    struct world *w = *state;
    struct model_page *p;
    char text[96];
    ok(model_page_load(w->w, 1, WINDOW_30D, &p, E));
    assert_string_equal(p->row.name, "main");
    assert_int_equal(p->as_of, at(W_NOW, 0));
    assert_int_equal(p->row.figures->payments, 3);
    assert_int_equal(p->row.figures->settlements, 1);
    assert_int_equal(p->row.figures->inferences, 2);
    assert_int_equal(p->row.figures->calls, 5);
    assert_int_equal(p->row.figures->payers, 2);
    assert_int_equal(p->returning, 1); /* "new" paid on two days and more, "old" on one */
    assert_string_equal(amount_format(p->row.price, text, sizeof text), "0.003 USDC");
    assert_memory_equal(p->description.p, "A model.", 8);
    assert_memory_equal(p->blob_id.p, CID_A, p->blob_id.n);
    assert_int_equal(p->blob_from, BLOB_LISTING);
    assert_false(p->legacy_blob);
    assert_string_equal(p->hub.place, "http://node");
    assert_string_equal(p->chain.place, "http://node");
    assert_int_equal(p->chain.last, (int64_t)block_at(W_NOW, 0));

    assert_int_equal(p->calls.n, 30);
    assert_int_equal(p->calls.first_day + 29, 20000 + W_NOW);
    assert_int_equal(on_day(&p->calls, 90), 2);
    assert_int_equal(on_day(&p->calls, 91), 2);
    assert_int_equal(on_day(&p->paid, 91), 0);
    assert_int_equal(on_day(&p->settlements, 93), 1);
    assert_int_equal(on_day(&p->income, 93), 9999);
    assert_int_equal(sum(&p->calls), 5);
    assert_int_equal(sum(&p->income), 18999);
    assert_string_equal(p->income_asset.symbol, "USDC");
    assert_true(u256_cmp(p->income_asset.value, u256_from_u64(1)) == 0);

    assert_int_equal(p->calls_n, 7); /* all, newest first, both chains */
    assert_int_equal(p->call[0].kind, CALL_SETTLEMENT);
    assert_int_equal(p->call[2].kind, CALL_INFERENCE);
    assert_int_equal(p->call[2].chain, W_INFER_CHAIN);
    assert_true(address_eq(p->call[0].payer, addr_of("new")));
    for (size_t i = 1; i < p->calls_n; i++) {
        assert_true(p->call[i - 1].time >= p->call[i].time);
        assert_int_equal(strlen(p->call[i].tx), 66);
    }

    assert_int_equal(p->listings, 2);
    assert_true(p->listing[0].chosen && p->listing[0].proven && p->listing[0].active);
    assert_int_equal(p->listing[0].time, at(60, 0)); /* of its latest event */
    assert_int_equal(p->listing[0].payments, 3);
    assert_string_equal(income_format(&p->listing[0].income, text, sizeof text), "0.018999 USDC");
    assert_false(p->listing[1].chosen);
    assert_int_equal(p->listing[1].payments, 1);
    assert_int_equal(p->prices, 2);
    assert_int_equal(p->price[0].time, at(60, 0));
    assert_true(u256_cmp(p->price[1].price.value, u256_from_u64(1000)) == 0);

    assert_int_equal(p->files, 1);
    assert_int_equal(p->offers, 3); /* at its endpoint, to its payTo, to the thief's */
    for (size_t i = 0; i < p->offers; i++) {
        assert_int_equal(p->offer[i].same_payee, address_eq(p->offer[i].pay_to, addr_of("pm")));
        assert_false(address_eq(p->offer[i].pay_to, addr_of("shared")));
    }
    model_page_free(p);

    ok(model_page_load(w->w, 1, WINDOW_ALL, &p, E));
    assert_int_equal(p->calls.n, 51); /* from its first day on */
    assert_int_equal(sum(&p->calls), 6);
    model_page_free(p);
    ok(model_page_load(w->w, 2, WINDOW_7D, &p, E)); /* shares its payTo */
    assert_int_equal(p->offers, 0);
    assert_int_equal(p->listing[0].payments, 1);   /* to the address */
    assert_int_equal(p->row.figures->payments, 0); /* but not known to be this model's */
    assert_string_equal(p->income_asset.symbol, "USDC");
    assert_int_equal(p->calls.n, 7);
    model_page_free(p);
    struct err e;
    assert_int_equal(model_page_load(w->w, 99, WINDOW_7D, &p, &e), SOUK_ENOTFOUND);
    assert_null(p);
}

static void authors(void **state)
{
    struct world *w = *state;
    struct author_list *l;
    uint32_t order[2];
    assert_string_equal(author_text(w, "mira", WINDOW_30D), "4 1 2 2 0.019499 USDC (0.0005 USDC)");
    assert_string_equal(author_text(w, "kmong", WINDOW_30D), "0 0 0 0 " DASH " (" DASH ")");
    ok(author_list_load(w->w, WINDOW_30D, &l, E));
    assert_int_equal(l->n, 2); /* nobody is no author */
    assert_string_equal(l->row[0].author, "mira");
    assert_int_equal(l->row[0].models, 3);
    assert_int_equal(l->row[0].listed, 3);
    assert_non_null(l->row[0].figures.spark);
    author_order(l, SORT_AUTHOR, false, order);
    assert_int_equal(order[0], 1);
    author_order(l, SORT_INCOME, false, order);
    assert_int_equal(order[0], 0);
    author_order(l, SORT_INCOME, true, order);
    assert_int_equal(order[0], 1);
    assert_true(author_sortable(SORT_LAST) && !author_sortable(SORT_PRICE));
    author_list_free(l);
}

static void author_page(void **state)
{
    struct world *w = *state;
    struct author_page *p;
    char hex[ADDRESS_BUF];
    struct err e;
    ok(author_page_load(w->w, "mira", WINDOW_30D, &p, E));
    assert_int_equal(p->models, 3);
    assert_string_equal(p->model[0].name, "main");
    assert_int_equal(p->model[0].figures->calls, 5);
    assert_int_equal(p->payers_new, 1);
    assert_int_equal(p->payers_returning, 1); /* "old" had paid before */
    assert_int_equal(p->calls_n, 6);          /* no inferences */
    assert_int_equal(p->call_model[0].n, 0);  /* to the shared address: no one model's */
    assert_memory_equal(p->call_model[1].p, "main", 4);
    assert_int_equal(sum(&p->calls), 6);
    assert_int_equal(sum(&p->income), 19499);
    author_page_free(p);
    static const char *const addresses[] = {"o", "pm", "shared"};
    for (size_t i = 0; i < 3; i++) { /* owner or payTo of a listing he vouches for */
        ok(author_page_load(w->w, address_format(addr_of(addresses[i]), hex), WINDOW_7D, &p, E));
        assert_string_equal(p->row.author, "mira");
        author_page_free(p);
    }
    ok(author_page_load(w->w, "MIRA", WINDOW_7D, &p, E));
    author_page_free(p);
    static const char *const strangers[] = {"thief", "pt", "nobody"};
    for (size_t i = 0; i < 3; i++) { /* a copy does not make a thief the author */
        assert_int_equal(
            author_page_load(w->w, address_format(addr_of(strangers[i]), hex), WINDOW_7D, &p, &e),
            SOUK_ENOTFOUND);
    }
    assert_int_equal(author_page_load(w->w, "mir", WINDOW_7D, &p, &e), SOUK_ENOTFOUND);
    assert_string_equal(e.msg, "no author \"mir\" in the cache");
}

/* The payer of this name; NULL: not among them. */
static const struct payer_row *payer_named(const struct payer_row *p, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (address_eq(p[i].payer, addr_of(name))) {
            return &p[i];
        }
    }
    return NULL;
}

static void what_an_author_needs(void **state)
{
    struct world *w = *state;
    struct author_page *p;
    struct model_page *m;
    char text[96];
    address nobody = {{0}};
    put_listing(w, (struct w_listing){.owner = "o",
                                      .author = "mira",
                                      .name = "main",
                                      .pay_to = "pm",
                                      .price = 2000,
                                      .day = 92,
                                      .hour = 12});
    put_flow(w, (struct w_pay){.payee = "pm", .amount = 70, .day = 95}, FLOW_PLAIN);
    put_flow(w, (struct w_pay){.payee = "shared", .amount = 5, .day = 40}, FLOW_PLAIN);
    put_flow(w, (struct w_pay){.payee = "pm", .amount = 90, .day = 95}, FLOW_WITHDRAWAL);
    put_flow(w, (struct w_pay){.payee = "pt", .amount = 90, .day = 95}, FLOW_PLAIN); /* a thief's */
    put_pay(w, (struct w_pay){
                   .payee = "pm", .amount = 1000, .day = 96, .payer = "new", .scheme = PAY_REFUND});
    struct pay_in in = {.chain = W_PAY_CHAIN, /* a channel's: no log names the payer */
                        .block = block_at(97, 0),
                        .log = w->log++,
                        .payer = nobody,
                        .payee = addr_of("pm"),
                        .asset = addr_of("USDC"),
                        .amount = u256_from_u64(400),
                        .scheme = PAY_BATCH,
                        .tier = TIER_PROVED,
                        .time = at(97, 0)};
    ok(store_begin(w->w, E));
    ok(store_pay_put(w->w, &in, w->src, E));
    ok(store_commit(w->w, E));
    world_derive(w);
    for (int indexed = 0; indexed < 2; indexed++) { /* slower without, and the same */
        ok(author_page_load(w->w, "mira", WINDOW_30D, &p, E));
        assert_int_equal(p->row.figures.payments, 4);
        assert_int_equal(p->row.figures.settlements, 2);
        assert_int_equal(p->row.figures.payers, 2); /* nobody is no payer */
        assert_int_equal(p->payers_unknown, 1);
        assert_string_equal(income_format(&p->refunded, text, sizeof text), "0.001 USDC");
        assert_string_equal(income_format(&p->row.figures.income, text, sizeof text),
                            "0.018899 USDC");
        assert_int_equal(p->inflows, 1);
        assert_string_equal(income_format(&p->inflow, text, sizeof text), "0.00007 USDC");
        assert_int_equal(p->addresses, 2);
        assert_false(p->row.figures.judged);

        assert_int_equal(p->payers_n, 2);
        const struct payer_row *new = payer_named(p->payer, 2, "new");
        const struct payer_row *old = payer_named(p->payer, 2, "old");
        assert_ptr_equal(new, &p->payer[0]); /* the largest first */
        assert_int_equal(new->payments, 3);
        assert_int_equal(new->settlements, 1);
        assert_int_equal(new->first, at(90, 5));
        assert_int_equal(new->last, at(94, 0));
        assert_true(new->fresh && !old->fresh);
        assert_int_equal(old->payments, 2); /* in all, not in the window alone */
        assert_string_equal(income_format(&old->paid, text, sizeof text), "0.004 USDC");

        assert_int_equal(p->shared_n, 1);
        assert_true(address_eq(p->shared[0].payee, addr_of("shared")));
        assert_int_equal(p->shared[0].models, 2);
        assert_int_equal(p->shared[0].payments, 1);
        assert_string_equal(income_format(&p->shared[0].income, text, sizeof text), "0.0005 USDC");

        assert_int_equal(p->changes, 2);
        const struct price_change *c = &p->change[0]; /* the newest: day 92 */
        assert_memory_equal(c->model.p, "main", 4);
        assert_int_equal(c->was.value.w[0], 3000);
        assert_int_equal(c->now.value.w[0], 2000);
        assert_int_equal(c->before.payments, 2); /* day 90; not that of day 92 itself */
        assert_int_equal(c->before.income.value.w[0], 6000);
        assert_int_equal(c->after.payments, 0);
        assert_int_equal(c->after.income.value.w[0], 10399); /* sessions; the refund is a day's */
        assert_int_equal(c->days_after, 7);
        assert_int_equal(p->change[1].time, at(60, 0));

        assert_true(p->note[0].best && !p->note[0].idle); /* main */
        assert_int_equal(p->note[0].last, at(97, 0));
        assert_true(p->note[1].idle && p->note[1].last == 0 && !p->note[1].best);
        assert_int_equal(p->assets, 1);
        assert_string_equal(p->asset[0].unit.symbol, "USDC");
        assert_int_equal(sum(&p->asset[0].income), 19899); /* by day, none below nothing */
        assert_int_equal(p->chain.last, (int64_t)block_at(W_NOW, 0));
        author_page_free(p);

        ok(model_page_load(w->w, 1, WINDOW_30D, &m, E));
        assert_int_equal(m->payers_unknown, 1);
        assert_int_equal(m->payers_n, 2);
        assert_true(address_eq(m->payer[0].payer, addr_of("new")));
        assert_int_equal(m->payer[0].payments, 2); /* to the shared address is not this model's */
        assert_int_equal(m->changes, 2);
        assert_string_equal(income_format(&m->refunded, text, sizeof text), "0.001 USDC");
        model_page_free(m);
        ok(store_index(w->w, NULL, E));
    }
}

struct booked {
    size_t n, refunds, unattributed;
    uint64_t sum, final;
    int64_t last;
};

static souk_err on_book(void *ud, const struct book_row *r, struct err *e)
{
    struct booked *b = ud;
    (void)e;
    b->n++;
    b->refunds += r->refund;
    b->unattributed += r->model.n == 0;
    b->sum += r->refund ? 0 : r->amount.value.w[0];
    assert_true(r->time >= b->last); /* the chain's order */
    b->last = r->time;
    assert_int_equal(strlen(r->tx), 66);
    assert_string_equal(r->finality, r->block <= b->final ? "final" : "unsafe");
    return b->n == 5 ? SOUK_ECANCEL : SOUK_OK;
}

static void books(void **state)
{
    struct world *w = *state;
    struct booked b = {.final = block_at(90, 0)};
    struct err e;
    struct chain_head head = {.latest = block_at(99, 0), .final = block_at(90, 0)};
    put_pay(w,
            (struct w_pay){.payee = "pm", .amount = 7, .day = 93, .hour = 1, .scheme = PAY_REFUND});
    ok(store_begin(w->w, E));
    ok(store_head_put(w->w, W_PAY_CHAIN, &head, E));
    ok(store_commit(w->w, E));
    world_derive(w);
    /* Days 50, 90, 90 and 5 hours, 92, 93; then the refund and the shared address are not asked. */
    assert_int_equal(author_book(w->w, "mira", WINDOW_ALL, on_book, &b, &e), SOUK_ECANCEL);
    assert_int_equal(b.n, 5);
    assert_int_equal(b.sum, 1000 + 3 * 3000 + 9999);
    b = (struct booked){.final = block_at(90, 0)};
    ok(author_book(w->w, "mira", WINDOW_7D, on_book, &b, E)); /* after day 93, 0:00 */
    assert_int_equal(b.n, 2);
    assert_int_equal(b.refunds, 1);
    assert_int_equal(b.unattributed, 1);
    assert_int_equal(author_book(w->w, "nobody", WINDOW_7D, on_book, &b, &e), SOUK_ENOTFOUND);
}

/* A payee that was another's once: his payments of then are not this author's. */
static void payers_of_what_is_his(void **state)
{
    struct world *w = *state;
    struct author_page *p;
    struct model_page *m;
    put_model(w, "kmong", "busy", vouching("k"));
    put_model(w, "kmong", "twin", vouching("k"));
    put_pay(w, (struct w_pay){.payee = "pk", .amount = 50, .day = 95, .payer = "early"});
    put_listing(w, (struct w_listing){.owner = "k",
                                      .author = "kmong",
                                      .name = "busy",
                                      .pay_to = "pk",
                                      .price = 60,
                                      .day = 96});
    put_pay(w, (struct w_pay){.payee = "pk", .amount = 60, .day = 97, .payer = "late"});
    put_listing(w, (struct w_listing){.owner = "k",
                                      .author = "kmong",
                                      .name = "twin",
                                      .pay_to = "pk",
                                      .price = 70,
                                      .day = 98});
    put_pay(w, (struct w_pay){.payee = "pk", .amount = 60, .day = 99, .payer = "one"});
    put_pay(w, (struct w_pay){.payee = "pk", .amount = 70, .day = 99, .payer = "two"});
    world_derive(w);
    ok(author_page_load(w->w, "kmong", WINDOW_30D, &p, E));
    assert_int_equal(p->row.figures.payments, 3);
    assert_int_equal(p->payers_n, 3);
    assert_null(payer_named(p->payer, p->payers_n, "early"));
    assert_int_equal(p->calls_n, 3);
    author_page_free(p);
    ok(model_page_load(w->w, 6, WINDOW_30D, &m, E));
    assert_string_equal(m->row.name, "busy");
    assert_int_equal(m->payers_n, 2); /* late, and one by the price */
    assert_non_null(payer_named(m->payer, 2, "late"));
    assert_non_null(payer_named(m->payer, 2, "one"));
    assert_int_equal(m->calls_n, 2);
    model_page_free(m);
    ok(model_page_load(w->w, 7, WINDOW_30D, &m, E));
    assert_int_equal(m->payers_n, 1);
    assert_non_null(payer_named(m->payer, 1, "two"));
    model_page_free(m);
}

static void health(void **state)
{
    struct world *w = *state;
    struct health *h;
    char text[96];
    ok(health_load(w->w, WINDOW_30D, &h, E));
    assert_int_equal(h->stored, 5);
    assert_int_equal(h->listed, 3);
    assert_int_equal(h->proven, 3);
    assert_int_equal(h->called_ever, 1);
    assert_int_equal(h->called, 1);
    assert_int_equal(h->paid, 1);
    assert_int_equal(h->paid_by_3, 0);
    assert_int_equal(h->payments, 4);
    assert_int_equal(h->settlements, 1);
    assert_int_equal(h->inferences, 2);
    assert_int_equal(h->calls, 6);
    assert_int_equal(h->payers, 2);
    assert_int_equal(h->authors, 2);
    assert_int_equal(h->authors_earning, 1);
    assert_int_equal(h->unlisted_payments, 1);
    assert_int_equal(h->unknown_inferences, 1);
    assert_string_equal(income_format(&h->income, text, sizeof text), "0.019499 USDC");
    assert_string_equal(income_format(&h->unattributed, text, sizeof text), "0.0005 USDC");
    assert_string_equal(income_format(&h->unlisted, text, sizeof text), "0.000077 USDC");
    assert_int_equal(h->earners.half, 1);
    assert_int_equal(h->everyone.n, 1); /* kmong lists nothing */
    assert_true(u256_cmp(h->quartile[1].value, u256_from_u64(19499)) == 0);
    assert_int_equal(h->lorenz[LORENZ_POINTS], PPM);
    assert_int_equal(h->prices, 3);
    assert_string_equal(h->price[0].author, "mira");
    assert_string_equal(h->price[0].model, "main");
    assert_string_equal(amount_format(&h->price[0].price, text, sizeof text), "0.003 USDC");
    assert_int_equal(h->price[0].payments, 3);
    assert_string_equal(amount_format(&h->price[0].income, text, sizeof text), "0.018999 USDC");
    assert_int_equal(h->price[1].payments + h->price[2].payments, 0); /* not known whose */
    assert_string_equal(h->inferences_from.place, "http://node");
    assert_string_equal(h->hub_from.place, "");

    /* Whole weeks only: day 20050 is in the week of 20045 (a Monday), which is not known to be
       whole; 20100 is in that of 20094, which is not over. */
    assert_int_equal(h->weekly.payments.first_day, 20052);
    assert_int_equal(h->weekly.payments.n, 6);
    assert_int_equal((h->weekly.payments.first_day + 3) % 7, 0);
    assert_int_equal(h->weekly.payments.v[5], 3); /* days 87 .. 93 */
    assert_int_equal(sum(&h->weekly.payments), 3);
    assert_int_equal(sum(&h->weekly.settlements), 1);
    assert_int_equal(h->weekly.payers.v[5], 2);
    assert_int_equal(h->weekly.fresh.v[5], 1);
    assert_int_equal(h->weekly.income.v[5], 18999);
    assert_int_equal(sum(&h->weekly.returning), 1); /* "old" */
    assert_int_equal(sum(&h->weekly.inferences), 2);
    assert_int_equal(h->weekly.fresh_from, 5); /* 35 days after the week of the first payment */
    assert_false(h->grow_payments.known);      /* there are six whole weeks */
    assert_int_equal(h->weekly.uploads.n, 0);  /* when the first ones came is not known */
    health_free(h);
}

static void put_judged(struct world *w, int64_t who, uint64_t low, uint64_t high, int strict,
                       int clusters, int payments)
{
    struct buf l, h, bits;
    int64_t usdc;
    assert_true(store_addr_find(w->w, addr_of("USDC"), &usdc));
    buf_init(&l, 1000), buf_init(&h, 1000), buf_init(&bits, 1000);
    pack_income(&l, (uint32_t)usdc, u256_from_u64(low));
    pack_income(&h, (uint32_t)usdc, u256_from_u64(high));
    for (uint32_t i = 0; i < RULE_COUNT; i++) {
        pack_u32(&bits, 10 + i);
    }
    struct query_run q = query_open(w->w, "INSERT INTO genuine_stat(win, who, low, high, strict,"
                                          " loose, clusters, payments, bits, sums)"
                                          " VALUES(1, ?, ?, ?, ?, 9, ?, ?, ?, x'')");
    query_int(&q, who);
    query_blob(&q, l.p, l.len);
    query_blob(&q, h.p, h.len);
    query_int(&q, strict);
    query_int(&q, clusters);
    query_int(&q, payments);
    query_blob(&q, bits.p, bits.len);
    ok(query_do(&q, E));
    if (who == 0) {
        q = query_open(w->w,
                       "INSERT INTO genuine_week(week, low, high, median) VALUES(?, ?, ?, ?)");
        query_int(&q, week_of_day(20000 + 90));
        query_blob(&q, l.p, l.len);
        query_blob(&q, h.p, h.len);
        query_blob(&q, l.p, l.len);
        ok(query_do(&q, E));
    }
    buf_release(&l), buf_release(&h), buf_release(&bits);
}

static void genuine(void **state)
{
    struct world *w = *state;
    struct health *h;
    char text[96];
    ok(health_load(w->w, WINDOW_30D, &h, E));
    assert_int_equal(h->judged_at, 0); /* nothing was judged: nothing is said */
    assert_int_equal(h->excluded_high, 0);
    health_free(h);
    put_judged(w, 0, 4875, 14624, 1, 0, 0); /* of 19499 */
    put_judged(w, 1, 1, 1, 2, 3, 9);
    put_judged(w, 2, 1, 1, 1, 3, 8);
    put_judged(w, 3, 1, 1, 0, 2, 9);
    put_judged(w, -1, 1, 1, 1, 3, 9); /* an author is no model */
    ok(store_begin(w->w, E));
    ok(store_meta_set_int(w->w, "judged_at", at(99, 0), E));
    ok(store_meta_set_int(w->w, "judged_rules", -2, E));
    ok(store_commit(w->w, E));
    ok(health_load(w->w, WINDOW_30D, &h, E));
    assert_int_equal(h->judged_at, at(99, 0));
    assert_true(h->rules_print == UINT64_MAX - 1);
    assert_string_equal(income_format(&h->low, text, sizeof text), "0.004875 USDC");
    assert_string_equal(income_format(&h->high, text, sizeof text), "0.014624 USDC");
    assert_int_equal(h->excluded_low, 250012);
    assert_int_equal(h->excluded_high, 749987);
    assert_int_equal(h->genuine, 2);
    assert_int_equal(h->healthy, 1);
    assert_int_equal(h->payers_strict, 1);
    assert_int_equal(h->payers_loose, 9);
    assert_int_equal(h->with_bit[RULE_FUNDED], 11);
    assert_int_equal(h->with_bit[RULE_COUNT - 1], 10 + RULE_COUNT - 1);
    assert_int_equal(h->weekly.low.v[5], 4875);
    assert_int_equal(h->weekly.high.v[5], 14624);
    assert_int_equal(h->weekly.median.v[5], 4875);
    assert_int_equal(sum(&h->weekly.low), 4875);
    health_free(h);
    ok(health_load(w->w, WINDOW_7D, &h, E)); /* another window's */
    assert_int_equal(h->genuine + h->payers_loose, 0);
    health_free(h);
}

static void uploads(void **state)
{
    struct world *w = *state;
    struct health *h;
    int64_t gone, id;
    bool changed;
    struct sync_state st = {.source = "hub", .phase = SYNC_OK, .ok_at = at(40, 0)};
    ok(store_begin(w->w, E));
    ok(store_models_sweep(w->w, at(1, 0), &gone, E)); /* all were seen on day 0: gone */
    assert_int_equal(gone, 5);
    for (int day = 2; day < 40; day += 5) {
        char name[16];
        snprintf(name, sizeof name, "new%d", day);
        struct model_in m = {.author = untrusted("mira"), .name = untrusted(name)};
        ok(store_model_put(w->w, &m, w->src, at(day, 0), &id, &changed, E));
    }
    ok(store_sync_state_put(w->w, &st, E));
    ok(store_commit(w->w, E));
    ok(health_load(w->w, WINDOW_ALL, &h, E));
    assert_int_equal(h->stored, 8);
    /* From the Monday after day 1 (20003) to the Sunday before day 40 (20037). */
    assert_int_equal(h->weekly.uploads.first_day, 20003);
    assert_int_equal(h->weekly.uploads.n, 5);
    assert_int_equal(sum(&h->weekly.uploads), 7); /* days 7, 12, ... 37, not 2 */
    health_free(h);
}

static void half_of_income(void **state)
{
    static const struct {
        uint64_t income[5];
        uint64_t half, median;
    } cases[] = {{{10, 10, 10, 10, 10}, 3, 10},
                 {{100, 1, 1, 1, 1}, 1, 1},
                 {{50, 50, 0, 0, 0}, 1, 0},
                 {{0, 0, 0, 0, 0}, 0, 0},
                 {{40, 30, 20, 10, 0}, 2, 20}};
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        struct world w;
        struct health *h;
        world_open(&w);
        for (int i = 0; i < 5; i++) {
            char author[16], payee[16];
            snprintf(author, sizeof author, "a%d", i);
            snprintf(payee, sizeof payee, "p%d", i);
            put_model(&w, author, "m", vouching(author));
            put_listing(&w, (struct w_listing){.owner = author,
                                               .author = author,
                                               .name = "m",
                                               .pay_to = payee,
                                               .price = 1,
                                               .day = 1});
            if (cases[c].income[i]) {
                put_pay(&w,
                        (struct w_pay){.payee = payee, .amount = cases[c].income[i], .day = 99});
            }
        }
        world_derive(&w);
        ok(health_load(w.w, WINDOW_7D, &h, E));
        assert_int_equal(h->earners.half, cases[c].half);
        assert_true(u256_cmp(h->quartile[1].value, u256_from_u64(cases[c].median)) == 0);
        assert_string_equal(h->quartile[1].symbol, "USDC");
        health_free(h);
        world_close(&w);
    }
}

static void activity(void **state)
{
    struct world *w = *state;
    struct activity *a;
    struct sync_state st = {.source = "payments", .phase = SYNC_FAILED, .message = "no answer"};
    ok(store_begin(w->w, E));
    ok(store_sync_state_put(w->w, &st, E));
    ok(store_commit(w->w, E));
    ok(activity_load(w->w, &a, E));
    assert_int_equal(a->n, 1);
    assert_string_equal(a->state[0].message, "no answer");
    assert_int_equal(a->models, 5);
    assert_int_equal(a->listings, 5);
    assert_int_equal(a->payments, 8);
    assert_int_equal(a->inferences, 3);
    assert_int_equal(a->offers, 4);
    assert_true(a->size_bytes > 4096);
    assert_int_equal(a->sources, 2);
    assert_int_equal(a->source[0].chain, W_INFER_CHAIN); /* newest first */
    activity_free(a);
}

static void own_listings(void **state)
{
    struct world *w = *state;
    struct own_listings *l;
    char text[96];
    bool yes;
    put_listing(w, (struct w_listing){
                       .owner = "o", .author = "mira", .name = "s2", .day = 96, .delist = true});
    put_listing(w, (struct w_listing){.owner = "o",
                                      .author = "nobody",
                                      .name = "away",
                                      .pay_to = "pa",
                                      .price = 0,
                                      .day = 97});
    ok(own_listings_load(w->w, addr_of("o"), &l, E));
    assert_int_equal(l->n, 4);
    const struct own_listing *away = &l->row[0], *first = &l->row[1], *s1 = &l->row[2],
                             *s2 = &l->row[3]; /* by name */
    assert_memory_equal(first->name.p, "main", 4);
    assert_memory_equal(first->blob_id.p, CID_A, 43);
    assert_memory_equal(first->endpoint.p, "http://seller/main", 18);
    assert_true(first->active && first->proven);
    assert_string_equal(amount_format(&first->price, text, sizeof text), "0.003 USDC");
    assert_true(address_eq(first->pay_to, addr_of("pm")));
    assert_int_equal(first->payments, 4);
    assert_int_equal(first->settlements, 1);
    assert_string_equal(income_format(&first->income, text, sizeof text), "0.019999 USDC");
    assert_true(s1->active && s1->proven && s1->payments == 1);
    assert_true(!s2->active && s2->price.value.w[0] == 500); /* what it was is still told */
    assert_true(away->active && !away->proven && away->payments == 0);
    own_listings_free(l);
    ok(own_listings_load(w->w, addr_of("thief"), &l, E));
    assert_int_equal(l->n, 1);
    assert_false(l->row[0].proven);
    own_listings_free(l);
    ok(own_listings_load(NULL, addr_of("o"), &l, E)); /* no cache yet */
    assert_int_equal(l->n, 0);
    own_listings_free(l);
    ok(store_is_payee(w->w, addr_of("pm"), &yes, E));
    assert_true(yes);
    ok(store_is_payee(w->w, addr_of("o"), &yes, E));
    assert_false(yes);
}

/* Of an empty cache every page loads, and says nothing that is not so. */
static void empty_cache(void **state)
{
    struct world w;
    struct store *s;
    struct health *h;
    struct author_list *l;
    struct activity *a;
    (void)state;
    world_open(&w);
    char path[112];
    snprintf(path, sizeof path, "%s/empty.db", w.dir);
    ok(store_open(path, STORE_WRITE, &s, E));
    ok(health_load(s, WINDOW_30D, &h, E));
    assert_int_equal(h->stored + h->authors + h->weekly.calls.n + h->earners.half, 0);
    assert_string_equal(h->payments_from.place, "");
    health_free(h);
    ok(author_list_load(s, WINDOW_30D, &l, E));
    assert_int_equal(l->n, 0);
    author_list_free(l);
    ok(activity_load(s, &a, E));
    assert_int_equal(a->n + a->models + a->sources, 0);
    activity_free(a);
    store_close(s);
    unlink(path);
    world_close(&w);
}

/* Each load with each allocation failing: an error, no leak, and it works again after. */
static souk_err load_one(struct world *w, int which, struct err *e)
{
    struct model_page *m = NULL;
    struct author_list *l = NULL;
    struct author_page *a = NULL;
    struct health *h = NULL;
    struct activity *y = NULL;
    souk_err rc = which == 0   ? model_page_load(w->w, 1, WINDOW_ALL, &m, e)
                  : which == 1 ? author_list_load(w->w, WINDOW_ALL, &l, e)
                  : which == 2 ? author_page_load(w->w, "mira", WINDOW_ALL, &a, e)
                  : which == 3 ? health_load(w->w, WINDOW_ALL, &h, e)
                               : activity_load(w->w, &y, e);
    model_page_free(m);
    author_list_free(l);
    author_page_free(a);
    health_free(h);
    activity_free(y);
    return rc;
}

static void without_memory(void **state)
{
    struct world *w = *state;
    for (int which = 0; which < 5; which++) {
        unsigned long n = 1;
        for (;; n++) {
            struct err e = {0};
            mem_fail_at(n, false);
            souk_err rc = load_one(w, which, &e);
            mem_fail_at(0, false);
            if (rc == SOUK_OK) {
                break;
            }
            assert_int_equal(rc, SOUK_ENOMEM);
        }
        assert_true(n > 2);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(model_page),
        T(authors),
        T(author_page),
        T(what_an_author_needs),
        T(payers_of_what_is_his),
        T(books),
        T(health),
        T(genuine),
        T(uploads),
        T(activity),
        cmocka_unit_test(half_of_income),
        cmocka_unit_test_setup_teardown(own_listings, setup, world_teardown),
        cmocka_unit_test(empty_cache),
        T(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
