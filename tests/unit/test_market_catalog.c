/* The catalogue, its head, and views of it: filters, orders, facets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/mem.h"
#include "market/packed.h"
#include "market_world.h"
#include "store/rollup.h"

/*
 * Eight models: a to d listed by their authors (USDC 500 and 20000, OPG 10^16 and 0), e by a
 * stranger, f to h not; a, b, d and f were called in the last 30 days, c before.
 */
static int setup(void **state)
{
    static const struct {
        const char *author, *name, *pay_to, *asset;
        uint64_t price;
    } listed[] = {{"mira", "Alpha", "pa", "USDC", 500},
                  {"mira", "beta", "pb", "USDC", 20000},
                  {"Kmong", "gamma", "pc", "OPG", 10000000000000000},
                  {"kmong2", "delta", "pd", "OPG", 0}};
    world_setup(state);
    struct world *w = *state;
    for (size_t i = 0; i < 4; i++) {
        put_model(w, listed[i].author, listed[i].name, vouching(listed[i].author));
        put_listing(w, (struct w_listing){.owner = listed[i].author,
                                          .author = listed[i].author,
                                          .name = listed[i].name,
                                          .pay_to = listed[i].pay_to,
                                          .asset = listed[i].asset,
                                          .price = listed[i].price,
                                          .day = 1 + (int)i});
    }
    put_model(w, "vol.labs", "epsilon", "");
    put_model(w, "vol.labs", "Zeta", "jKzAHsOHS1zA193_9N-n5H_IjupBjKce08qMLLseRe8");
    put_model(w, NULL, "eta", "");
    struct model_in m = {
        .author = untrusted("mira"), .name = untrusted("theta"), .task = untrusted("Volatility")};
    int64_t id;
    bool changed;
    ok(store_begin(w->w, E));
    ok(store_model_put(w->w, &m, w->src, at(0, 0), &id, &changed, E));
    ok(store_commit(w->w, E));
    put_listing(w, (struct w_listing){.owner = "x",
                                      .author = "vol.labs",
                                      .name = "epsilon",
                                      .pay_to = "pe",
                                      .price = 1,
                                      .day = 9});
    for (int i = 0; i < 12; i++) {
        put_pay(
            w, (struct w_pay){.payee = "pa", .amount = 500, .day = 90, .payer = i % 3 ? "x" : "y"});
    }
    put_pay(w, (struct w_pay){.payee = "pb", .amount = 20000, .day = 95});
    put_pay(w, (struct w_pay){.payee = "pc", .amount = 1, .asset = "OPG", .day = 20});
    put_pay(w, (struct w_pay){
                   .payee = "pd", .amount = 77, .asset = "OPG", .day = 96, .scheme = PAY_UPTO});
    put_infer(w, "jKzAHsOHS1zA193_9N-n5H_IjupBjKce08qMLLseRe8", 97, 0);
    world_derive(w);
    return 0;
}

/* The names a query shows, in order. */
static const char *shows(struct world *w, enum window win, struct query q)
{
    static char out[512];
    struct catalog *c;
    struct view *v;
    ok(catalog_load(w->w, win, &c, E));
    ok(view_make(c, &q, w->w, &v, E));
    out[0] = '\0';
    for (uint32_t i = 0; i < v->n; i++) {
        size_t n = strlen(out);
        snprintf(out + n, sizeof out - n, "%s%s", i ? " " : "", c->row[v->row[i]].name);
    }
    catalog_unref(c); /* the view keeps it */
    assert_true(v->catalog->n == 8);
    view_free(v);
    return out;
}

static const char *text(struct world *w, const char *words)
{
    struct query q = {.sort = SORT_NAME};
    snprintf(q.text, sizeof q.text, "%s", words);
    return shows(w, WINDOW_30D, q);
}

static const char *sorted(struct world *w, enum sort_key k, bool reverse)
{
    return shows(w, WINDOW_30D, (struct query){.sort = k, .reverse = reverse});
}

static void rows(void **state)
{
    struct world *w = *state;
    struct catalog *c;
    char buf[64];
    ok(catalog_load(w->w, WINDOW_30D, &c, E));
    assert_int_equal(c->n, 8);
    assert_int_equal(c->total, 8);
    assert_int_equal(c->listed, 5);
    assert_int_equal(c->proven, 4);
    assert_int_equal(c->alive, 4);
    assert_int_equal(c->as_of, at(W_NOW, 0));
    assert_int_equal(c->as_of_block, block_at(W_NOW, 0));
    assert_int_equal(c->tasks, 2);
    assert_string_equal(c->task[0].value, "Risk Models");
    assert_int_equal(c->task[0].count, 7);
    const struct model_row *a = row_named(c, "Alpha");
    assert_string_equal(a->author, "mira");
    assert_string_equal(amount_format(a->price, buf, sizeof buf), "0.0005 USDC");
    assert_int_equal(a->listed_at, at(1, 0));
    assert_true(address_eq(a->brief->pay_to, addr_of("pa")));
    assert_true(address_eq(a->brief->owner, addr_of("mira")));
    assert_false(a->has_blob);
    assert_string_equal(a->hub->place, "http://node");
    const struct model_row *g = row_named(c, "gamma"), *z = row_named(c, "Zeta");
    assert_int_equal(g->figures->calls, 0);
    assert_null(g->figures->spark);
    assert_true(z->has_blob);
    assert_null(z->price);
    assert_int_equal(z->brief->blob_from, BLOB_DESCRIPTION);
    assert_int_equal(z->figures->spark[SPARK_DAYS - 3], 1); /* day 97; the last is day 99 */
    assert_string_equal(row_named(c, "eta")->author, "");
    assert_null(row_named(c, "eta")->brief);
    catalog_unref(c);
}

/* What the judge finds and how a model grows, put there by hand. */
static void put_judgement(struct world *w)
{
    int64_t usdc;
    assert_true(store_addr_find(w->w, addr_of("USDC"), &usdc));
    const struct trend_out trend[] = {{1, 1.3, 1.1, 1.6}, {2, 0.5, 0.3, 0.8}, {4, 1.05, 0.7, 1.5}};
    ok(store_begin(w->w, E));
    for (size_t i = 0; i < sizeof trend / sizeof *trend; i++) {
        ok(store_trend_put(w->w, &trend[i], E));
    }
    /* Alpha between 1 and 2 USDC, of two payers; beta between none and 3. */
    for (int64_t m = 1; m <= 2; m++) {
        struct buf low, high;
        buf_init(&low, 64);
        buf_init(&high, 64);
        pack_income(&low, (uint32_t)usdc, u256_from_u64(m == 1 ? 1000000 : 0));
        pack_income(&high, (uint32_t)usdc, u256_from_u64((uint64_t)m * 1000000 + 1000000));
        struct query_run q = query_open(
            w->w, "INSERT INTO genuine_stat(win, who, low, high, strict, loose, clusters,"
                  " payments, bits, sums) VALUES(?, ?, ?, ?, ?, 0, 0, 0, x'', x'')");
        query_int(&q, WINDOW_30D);
        query_int(&q, m);
        query_blob(&q, low.len ? low.p : NULL, low.len);
        query_blob(&q, high.p, high.len);
        query_int(&q, m == 1 ? 2 : 0);
        ok(query_do(&q, E));
        buf_release(&low);
        buf_release(&high);
    }
    ok(store_meta_set_int(w->w, "judged_at", at(99, 0), E));
    ok(store_commit(w->w, E));
}

static void genuine_and_growth(void **state)
{
    struct world *w = *state;
    struct catalog *c;
    char out[64];
    ok(catalog_load(w->w, WINDOW_30D, &c, E));
    assert_false(row_named(c, "Alpha")->figures->judged);
    assert_int_equal(row_named(c, "Alpha")->figures->low.n, 0);
    catalog_unref(c);
    assert_string_equal(text(w, "genuine>=0"), ""); /* not judged: not known, not nothing */
    assert_string_equal(text(w, "genuine"), "");
    put_judgement(w);
    ok(catalog_load(w->w, WINDOW_30D, &c, E));
    const struct figures *f = row_named(c, "Alpha")->figures;
    assert_true(f->judged && f->trend.known && f->trend.low > 1.05 && f->trend.high < 1.7);
    assert_string_equal(income_format(&f->low, out, sizeof out), "1 USDC");
    assert_string_equal(income_format(&f->high, out, sizeof out), "2 USDC");
    assert_int_equal(f->genuine_payers, 2);
    f = row_named(c, "gamma")->figures; /* nothing in the window, and that is known */
    assert_true(f->judged && !f->trend.known && f->low.n == 0);
    catalog_unref(c);
    ok(catalog_head(w->w, WINDOW_30D, 2, &c, E)); /* the same of a head, and of one row */
    assert_int_equal(c->row[0].figures->genuine_payers, 2);
    assert_true(c->row[0].figures->trend.known);
    catalog_unref(c);
    assert_string_equal(text(w, "genuine"), "Alpha");
    assert_string_equal(text(w, "genuine>0.5"), "Alpha");
    assert_string_equal(text(w, "genuine>1"), "");
    assert_string_equal(text(w, "genuine<=0 alive"), "beta delta Zeta");
    assert_string_equal(text(w, "income>0.01"), "beta");
    assert_string_equal(text(w, "income>=0.006"), "Alpha beta");
    assert_string_equal(text(w, "growing"), "Alpha");
    assert_string_equal(text(w, "shrinking"), "beta");
    assert_string_equal(text(w, "growth>4"), "Alpha delta");
    assert_string_equal(text(w, "growth>31%"), "");
    assert_string_equal(text(w, "growth<-49.5"), "beta");
    assert_string_equal(text(w, "-growing alive"), "beta delta Zeta");
    assert_string_equal(text(w, "income>-5"), ""); /* no amount is below nothing: a word */
    assert_memory_equal(sorted(w, SORT_GENUINE, false), "Alpha ", 6);
    assert_memory_equal(sorted(w, SORT_GROWTH, false), "Alpha delta beta ", 17);
    assert_memory_equal(sorted(w, SORT_GROWTH, true), "beta delta Alpha ", 17);
}

static void filters(void **state)
{
    struct world *w = *state;
    assert_string_equal(text(w, ""), "Alpha beta delta epsilon eta gamma theta Zeta");
    assert_string_equal(text(w, "alive"), "Alpha beta delta Zeta");
    assert_string_equal(text(w, "-alive"), "epsilon eta gamma theta");
    assert_string_equal(text(w, "!alive listed"), "epsilon gamma");
    assert_string_equal(text(w, "listed -proven"), "epsilon");
    assert_string_equal(text(w, "never"), "epsilon eta theta");
    assert_string_equal(text(w, "free"), "delta");
    assert_string_equal(text(w, "author:mira"), "Alpha beta theta");
    assert_string_equal(text(w, "author:KMO"), "delta gamma"); /* begins so, in any case */
    assert_string_equal(text(w, "author:\"kmong\""), "gamma"); /* in quotes: is so */
    assert_string_equal(text(w, "author:~ONG"), "delta gamma");
    assert_string_equal(text(w, "-author:~o"), "Alpha beta eta theta");
    assert_string_equal(text(w, "task:vol"), "theta");
    assert_string_equal(text(w, "task:\"risk models\" author:mira"), "Alpha beta");
    assert_string_equal(text(w, "price<0.01"), "Alpha delta epsilon");
    assert_string_equal(text(w, "price<=0.01"), "Alpha delta epsilon gamma");
    assert_string_equal(text(w, "price=0.0005"), "Alpha");
    assert_string_equal(text(w, "price=.00050000000000000000000000001"), "");
    assert_string_equal(text(w, "price>0.00000000000000000000000001 price<1"),
                        "Alpha beta epsilon gamma");
    assert_string_equal(text(w, "calls>=12"), "Alpha");
    assert_string_equal(text(w, "calls>1k"), "");
    assert_string_equal(text(w, "calls<0.002k calls>0"), "beta Zeta");
    assert_string_equal(text(w, "payers=2"), "Alpha");
    assert_string_equal(text(w, "settlements>0"), "delta");
    assert_string_equal(text(w, "inferences>0"), "Zeta");
    assert_string_equal(
        text(w, "price<99999999999999999999999999999999999999999999999999999999999"),
        "Alpha beta delta epsilon gamma");
    /* What is not understood is a word; nothing fails. */
    assert_string_equal(text(w, "price<abc"), "");
    assert_string_equal(text(w, "alpha:beta"), "");
    assert_string_equal(text(w, "author:"), "");
    assert_string_equal(text(w, "\"\" ( ) * ^ AND OR NOT NEAR"), "");
    assert_string_equal(text(w, "alpha* OR"), "");
    assert_string_equal(text(w, "\"alpha"), "Alpha");
    assert_string_equal(text(w, "alp mir"), "Alpha"); /* words: of name and author */
    assert_string_equal(text(w, "risk mira"), "Alpha beta");
}

static void menus(void **state)
{
    struct world *w = *state;
    assert_string_equal(
        shows(w, WINDOW_30D, (struct query){.sort = SORT_NAME, .alive = true, .author = "mira"}),
        "Alpha beta");
    assert_string_equal(
        shows(w, WINDOW_30D, (struct query){.sort = SORT_NAME, .task = "Risk Model"}),
        ""); /* exact */
    assert_string_equal(
        shows(w, WINDOW_30D,
              (struct query){.sort = SORT_NAME, .task = "volatility", .text = "author:mira"}),
        "theta");
    assert_string_equal(shows(w, WINDOW_ALL, (struct query){.sort = SORT_NAME, .alive = true}),
                        "Alpha beta delta gamma Zeta");
}

static void orders(void **state)
{
    struct world *w = *state;
    /* By calls; then settlements; then as the Hub has them. */
    assert_string_equal(sorted(w, SORT_CALLS, false),
                        "Alpha beta Zeta delta gamma epsilon eta theta");
    assert_string_equal(sorted(w, SORT_CALLS, true),
                        "theta eta epsilon gamma delta Zeta beta Alpha");
    /* USDC before OPG, which nothing adds to it; then by calls. */
    assert_string_equal(sorted(w, SORT_INCOME, false),
                        "beta Alpha delta Zeta gamma epsilon eta theta");
    assert_string_equal(sorted(w, SORT_PRICE, false),
                        "epsilon Alpha beta delta gamma Zeta eta theta");
    /* The dearest first, but what has no price stays last. */
    assert_string_equal(sorted(w, SORT_PRICE, true),
                        "gamma delta beta Alpha epsilon Zeta eta theta");
    assert_string_equal(sorted(w, SORT_NAME, false),
                        "Alpha beta delta epsilon eta gamma theta Zeta");
    assert_string_equal(sorted(w, SORT_NAME, true),
                        "Zeta theta gamma eta epsilon delta beta Alpha");
    assert_string_equal(sorted(w, SORT_AUTHOR, false),
                        "eta gamma delta Alpha beta theta Zeta epsilon");
    assert_string_equal(sorted(w, SORT_TASK, false),
                        "Alpha beta Zeta delta gamma epsilon eta theta");
    assert_string_equal(sorted(w, SORT_PAYERS, false),
                        "Alpha beta delta Zeta gamma epsilon eta theta");
    assert_string_equal(sorted(w, SORT_LAST, false),
                        "Zeta delta beta Alpha gamma epsilon eta theta");
    assert_string_equal(sorted(w, SORT_NEW, false),
                        "epsilon delta gamma beta Alpha Zeta eta theta");
    assert_string_equal(sorted(w, SORT_MATCH, false), sorted(w, SORT_MATCH, false));
    for (int k = 0; k < SORT_COUNT; k++) {
        enum sort_key parsed;
        assert_true(sort_parse(sort_name((enum sort_key)k), &parsed));
        assert_int_equal(parsed, k);
    }
}

/* Long names that differ late, many equal ones: against a plain comparison. */
static void order_of_text(void **state)
{
    enum { N = 700 };
    struct world w;
    struct catalog *c;
    struct view *v;
    uint64_t seed = 7;
    (void)state;
    world_open(&w);
    ok(store_begin(w.w, E));
    for (int i = 0; i < N; i++) {
        char name[64], author[16];
        int64_t id;
        bool changed;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        snprintf(name, sizeof name, "%s%s%c%d", seed >> 40 & 1 ? "A common Beginning of " : "",
                 seed >> 41 & 1 ? "a long name" : "A LONG", (char)('A' + (seed >> 50) % 50),
                 (int)(seed >> 33) % 9);
        snprintf(author, sizeof author, "a%d", i);
        struct model_in m = {.author = untrusted(author), .name = untrusted(name)};
        ok(store_model_put(w.w, &m, w.src, 1, &id, &changed, E));
    }
    ok(store_commit(w.w, E));
    ok(catalog_load(w.w, WINDOW_ALL, &c, E));
    ok(view_make(c, &(struct query){.sort = SORT_NAME}, NULL, &v, E));
    assert_int_equal(v->n, N);
    for (uint32_t i = 1; i < v->n; i++) {
        const struct model_row *a = &c->row[v->row[i - 1]], *b = &c->row[v->row[i]];
        int cmp = strcasecmp(a->name, b->name);
        assert_true(cmp < 0 || (cmp == 0 && a->id < b->id));
    }
    view_free(v);
    catalog_unref(c);
    world_close(&w);
}

/* The head is the beginning of the full view by calls, whatever its length. */
static void head(void **state)
{
    struct world *w = *state;
    for (uint32_t limit = 0; limit <= 10; limit++) {
        for (int win = 0; win < WINDOW_COUNT; win++) {
            struct catalog *h, *c;
            struct view *v, *hv;
            struct query q = {.sort = SORT_CALLS};
            ok(catalog_head(w->w, (enum window)win, limit, &h, E));
            ok(catalog_load(w->w, (enum window)win, &c, E));
            ok(view_make(c, &q, w->w, &v, E));
            ok(view_make(h, &q, NULL, &hv, E));
            assert_int_equal(h->n, limit < 8 ? limit : 8);
            assert_int_equal(h->total, 8);
            assert_int_equal(h->listed, c->listed);
            assert_int_equal(h->proven, c->proven);
            assert_int_equal(h->alive, c->alive);
            assert_int_equal(h->as_of, c->as_of);
            for (uint32_t i = 0; i < h->n; i++) {
                const struct model_row *x = &h->row[i], *y = &c->row[v->row[i]];
                assert_int_equal(x->id, y->id);
                assert_int_equal(hv->row[i], i);
                assert_string_equal(x->author, y->author);
                assert_string_equal(x->task, y->task);
                assert_int_equal(x->figures->calls, y->figures->calls);
                assert_int_equal(income_cmp(&x->figures->income, &y->figures->income), 0);
                assert_int_equal(x->figures->spark != NULL, y->figures->spark != NULL);
                assert_int_equal(x->brief != NULL, y->brief != NULL);
            }
            view_free(v);
            view_free(hv);
            catalog_unref(c);
            catalog_unref(h);
        }
    }
}

static void empty(void **state)
{
    struct world w;
    struct catalog *c;
    struct view *v;
    (void)state;
    world_open(&w);
    ok(catalog_head(w.w, WINDOW_30D, 60, &c, E));
    assert_int_equal(c->n + c->total, 0);
    catalog_unref(c);
    ok(catalog_load(w.w, WINDOW_30D, &c, E));
    ok(view_make(c, &(struct query){.text = "volatility", .sort = SORT_PRICE}, w.w, &v, E));
    assert_int_equal(v->n, 0);
    view_free(v);
    catalog_unref(c);
    world_close(&w);
}

static void *make_views(void *arg)
{
    struct catalog *c = arg;
    for (int i = 0; i < 40; i++) {
        struct view *v;
        struct query q = {.sort = (enum sort_key)(i % SORT_COUNT)};
        if (view_make(c, &q, NULL, &v, NULL) != SOUK_OK || v->n != c->n) {
            return c;
        }
        view_free(v);
    }
    catalog_unref(c);
    return NULL;
}

static void shared_between_threads(void **state)
{
    struct world *w = *state;
    struct catalog *c;
    pthread_t t[4];
    ok(catalog_load(w->w, WINDOW_30D, &c, E));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&t[i], NULL, make_views, catalog_ref(c)), 0);
    }
    catalog_unref(c);
    for (int i = 0; i < 4; i++) {
        void *bad;
        pthread_join(t[i], &bad);
        assert_null(bad);
    }
}

static void without_memory(void **state)
{
    struct world *w = *state;
    struct query q = {.text = "alpha volatilty", .sort = SORT_PRICE};
    unsigned long failed = 0;
    for (unsigned long n = 1;; n++) {
        struct catalog *c = NULL, *h = NULL;
        struct view *v = NULL;
        struct err e = {0};
        mem_fail_at(n, false);
        souk_err rc = catalog_head(w->w, WINDOW_30D, 3, &h, &e);
        rc = rc ? rc : catalog_load(w->w, WINDOW_30D, &c, &e);
        rc = rc ? rc : view_make(c, &q, w->w, &v, &e);
        mem_fail_at(0, false);
        view_free(v);
        catalog_unref(c);
        catalog_unref(h);
        if (!rc) {
            break;
        }
        assert_int_equal(rc, SOUK_ENOMEM);
        failed++;
        w->w = (store_close(w->w), NULL); /* a new connection: nothing remembered */
        ok(store_open(w->path, STORE_WRITE, &w->w, E));
    }
    assert_true(failed > 20);
}

static void incomes(void **state)
{
    struct amount usdc = {.value = {{5, 0, 0, 0}}, .symbol = "USDC", .decimals = 6, .rank = 0};
    struct amount more = {.value = {{6, 0, 0, 0}}, .symbol = "USDC", .decimals = 6, .rank = 0};
    struct amount opg = {.value = {{0, 1, 0, 0}}, .symbol = "OPG", .decimals = 18, .rank = 1};
    struct amount both[] = {usdc, opg}, both_more[] = {more, opg};
    struct income none = {NULL, 0}, a = {&usdc, 1}, b = {&opg, 1}, c = {both, 2},
                  d = {both_more, 2};
    const struct income *const ascending[] = {&none, &b, &a, &c, &d};
    char text_buf[64], small[8];
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < 5; k++) {
            int cmp = income_cmp(ascending[i], ascending[k]);
            assert_int_equal((cmp > 0) - (cmp < 0), (i > k) - (i < k));
        }
    }
    assert_string_equal(income_format(&c, text_buf, sizeof text_buf),
                        "0.000005 USDC + 18.446744 OPG");
    assert_string_equal(income_format(&none, text_buf, sizeof text_buf), "\xe2\x80\x93");
    assert_string_equal(income_format(&c, small, sizeof small), "0.00000"); /* cut, terminated */
    enum window win;
    for (int i = 0; i < WINDOW_COUNT; i++) {
        assert_true(window_parse(window_name((enum window)i), &win));
        assert_int_equal(win, i);
    }
    assert_false(window_parse("1y", &win));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(rows),
        T(filters),
        T(genuine_and_growth),
        T(menus),
        T(orders),
        cmocka_unit_test(order_of_text),
        T(head),
        cmocka_unit_test(empty),
        T(shared_between_threads),
        T(without_memory),
        cmocka_unit_test(incomes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
