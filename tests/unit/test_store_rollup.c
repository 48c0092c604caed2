/* The sums beside the rows equal what the rows give, whatever came, went and came again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "market_world.h"
#include "store/rollup.h"
#include "tree.h"

enum { CHAINS = 2, NAMES = 5, ASSETS = 2, CIDS = 3, BLOCKS = 60 };

static const char *const names[NAMES] = {"ann", "ben", "cat", "dan", "eve"};
static const char *const assets[ASSETS] = {"USDC", "OPG"};
static const char *const cids[CIDS] = {"cid-1", "cid-2", "cid-3"};

static uint64_t seed;

static uint64_t random_below(uint64_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % n;
}

/* --- what is there, as text */

static void add_amount(struct buf *b, u256 v)
{
    char dec[U256_DEC];
    buf_addf(b, " %s", u256_to_dec(v, dec));
}

static souk_err edge_text(void *ud, const struct edge_row *r, struct err *e)
{
    struct buf *b = ud;
    (void)e;
    assert_int_equal(r->first_day, r->first / W_DAY);
    assert_true(r->days_n > 0 && (r->days[0] & 1) && r->days[r->days_n - 1]);
    buf_addf(b, "edge %lld %lld %lld: %llu %llu %lld %lld", (long long)r->payee,
             (long long)r->payer, (long long)r->asset, (unsigned long long)r->payments,
             (unsigned long long)r->settlements, (long long)r->first, (long long)r->last);
    add_amount(b, r->amount);
    for (size_t i = 0; i < 8 * r->days_n; i++) {
        if (r->days[i / 8] & 1u << (i % 8)) {
            buf_addf(b, " %lld", (long long)(r->first_day + (int64_t)i));
        }
    }
    buf_addc(b, '\n');
    return SOUK_OK;
}

static souk_err day_text(void *ud, const struct day_row *r, struct err *e)
{
    struct buf *b = ud;
    (void)e;
    buf_addf(b, "day %lld %lld %lld: %llu %llu", (long long)r->payee, (long long)r->day,
             (long long)r->asset, (unsigned long long)r->payments,
             (unsigned long long)r->settlements);
    add_amount(b, r->amount);
    add_amount(b, r->refunded);
    buf_addc(b, '\n');
    return SOUK_OK;
}

static souk_err infer_text(void *ud, const struct infer_day_row *r, struct err *e)
{
    (void)e;
    buf_addf(ud, "infer %lld %lld: %llu %lld\n", (long long)r->cid, (long long)r->day,
             (unsigned long long)r->n, (long long)r->last);
    return SOUK_OK;
}

struct called {
    struct store *s;
    struct buf *b;
    int64_t chain;
};

static souk_err called_text(void *ud, const struct who_row *r, struct err *e)
{
    const struct called *c = ud;
    return store_each_infer_day_of(c->s, c->chain, r->who, infer_text, c->b, e);
}

static void sums_text(struct store *s, struct buf *b)
{
    for (int64_t chain = 1; chain <= CHAINS; chain++) {
        ok(store_each_edge(s, chain, 0, edge_text, b, E));
        ok(store_each_day(s, chain, 0, day_text, b, E));
        struct called c = {s, b, chain};
        ok(store_each_called(s, chain, called_text, &c, E));
    }
}

/* --- the same from the raw rows, the plain way: every key there may be, over all rows */

struct raw {
    int64_t chain, payee, payer, asset, time, block;
    u256 amount;
    int scheme; /* 0: an inference, payee its cid */
};

static size_t read_raw(struct store *s, struct raw *out, size_t max)
{
    size_t n = 0;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(store_db(s),
                                        "SELECT chain, payee, payer, asset, time, block, scheme,"
                                        " amount FROM pay WHERE tier = 3 UNION ALL SELECT chain,"
                                        " cid, 0, 0, time, block, 0, x'' FROM infer",
                                        -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        uint8_t be[32] = {0};
        size_t len = (size_t)sqlite3_column_bytes(st, 7);
        assert_true(n < max && len <= sizeof be);
        if (len > 0) {
            memcpy(be + sizeof be - len, sqlite3_column_blob(st, 7), len);
        }
        out[n++] = (struct raw){.chain = sqlite3_column_int64(st, 0),
                                .payee = sqlite3_column_int64(st, 1),
                                .payer = sqlite3_column_int64(st, 2),
                                .asset = sqlite3_column_int64(st, 3),
                                .time = sqlite3_column_int64(st, 4),
                                .block = sqlite3_column_int64(st, 5),
                                .scheme = sqlite3_column_int(st, 6),
                                .amount = u256_from_be(be)};
    }
    sqlite3_finalize(st);
    return n;
}

static int by_edge_then_time(const void *pa, const void *pb)
{
    const struct raw *a = pa, *b = pb;
    const int64_t x[] = {a->scheme == 0, a->payee, a->payer, a->asset, a->time},
                  y[] = {b->scheme == 0, b->payee, b->payer, b->asset, b->time};
    for (size_t i = 0; i < 5; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

static int by_day(const void *pa, const void *pb)
{
    const struct raw *a = pa, *b = pb;
    const int64_t x[] = {a->scheme == 0, a->payee, a->time / W_DAY, a->asset, a->time},
                  y[] = {b->scheme == 0, b->payee, b->time / W_DAY, b->asset, b->time};
    for (size_t i = 0; i < 5; i++) {
        if (x[i] != y[i]) {
            return x[i] < y[i] ? -1 : 1;
        }
    }
    return 0;
}

static void recompute_edges(struct raw *r, size_t n, struct buf *b)
{
    qsort(r, n, sizeof *r, by_edge_then_time);
    for (size_t i = 0, end; i < n && r[i].scheme; i = end) {
        uint64_t calls = 0, settled = 0;
        u256 amount = U256_ZERO;
        int64_t first = -1, last = -1, told = -1;
        struct buf days;
        buf_init(&days, 1 << 20);
        for (end = i; end < n && r[end].scheme && r[end].payee == r[i].payee &&
                      r[end].payer == r[i].payer && r[end].asset == r[i].asset;
             end++) {
            bool call = r[end].scheme == PAY_EIP3009 || r[end].scheme == PAY_PERMIT2 ||
                        r[end].scheme == PAY_ESCROW;
            bool settlement = r[end].scheme == PAY_UPTO || r[end].scheme == PAY_BATCH;
            if (!call && !settlement) {
                continue;
            }
            calls += call;
            settled += settlement;
            u256_add(amount, r[end].amount, &amount);
            first = first < 0 ? r[end].time : first;
            last = r[end].time;
            if (last / W_DAY != told && last / W_DAY < first / W_DAY + 36525) {
                buf_addf(&days, " %lld", (long long)(last / W_DAY));
            }
            told = last / W_DAY;
        }
        if (first >= 0) {
            buf_addf(b, "edge %lld %lld %lld: %llu %llu %lld %lld", (long long)r[i].payee,
                     (long long)r[i].payer, (long long)r[i].asset, (unsigned long long)calls,
                     (unsigned long long)settled, (long long)first, (long long)last);
            add_amount(b, amount);
            buf_addf(b, "%s\n", days.p);
        }
        buf_release(&days);
    }
}

static void recompute_days(struct raw *r, size_t n, struct buf *b)
{
    qsort(r, n, sizeof *r, by_day);
    for (size_t i = 0, end; i < n; i = end) {
        uint64_t calls = 0, settled = 0, rows = 0;
        u256 amount = U256_ZERO, refunded = U256_ZERO;
        int64_t day = r[i].time / W_DAY;
        bool inference = r[i].scheme == 0, refunds = false;
        for (end = i; end < n && (r[end].scheme == 0) == inference && r[end].payee == r[i].payee &&
                      r[end].time / W_DAY == day && r[end].asset == r[i].asset;
             end++) {
            int scheme = r[end].scheme;
            rows++;
            calls += scheme == PAY_EIP3009 || scheme == PAY_PERMIT2 || scheme == PAY_ESCROW;
            settled += scheme == PAY_UPTO || scheme == PAY_BATCH;
            refunds |= scheme == PAY_REFUND;
            if (scheme != PAY_PLAIN) {
                u256 *to = scheme == PAY_REFUND ? &refunded : &amount;
                u256_add(*to, r[end].amount, to);
            }
        }
        if (inference) {
            buf_addf(b, "infer %lld %lld: %llu %lld\n", (long long)r[i].payee, (long long)day,
                     (unsigned long long)rows, (long long)r[end - 1].time);
        } else if (calls || settled || refunds) {
            buf_addf(b, "day %lld %lld %lld: %llu %llu", (long long)r[i].payee, (long long)day,
                     (long long)r[i].asset, (unsigned long long)calls, (unsigned long long)settled);
            add_amount(b, amount);
            add_amount(b, refunded);
            buf_addc(b, '\n');
        }
    }
}

static void check_sums(struct store *s)
{
    enum { ROWS = 4096 };
    static struct raw row[ROWS], mine[ROWS];
    struct buf is, should;
    size_t n = read_raw(s, row, ROWS);
    buf_init(&is, 1 << 24);
    buf_init(&should, 1 << 24);
    sums_text(s, &is);
    for (int64_t chain = 1; chain <= CHAINS; chain++) {
        size_t k = 0;
        for (size_t i = 0; i < n; i++) {
            if (row[i].chain == chain) {
                mine[k++] = row[i];
            }
        }
        recompute_edges(mine, k, &should);
        recompute_days(mine, k, &should);
    }
    assert_false(is.bad || should.bad);
    assert_string_equal(is.p, should.p);
    buf_release(&is);
    buf_release(&should);
}

/* --- what happens at random */

struct play {
    char dir[64], path[96];
    struct store *w;
    int64_t src[CHAINS + 1][2]; /* of payments, of inferences */
};

/* Mostly a few days, not in the order of blocks; now and then far away. */
static int64_t some_time(void)
{
    int64_t day = (int64_t)random_below(12);
    if (random_below(40) == 0) {
        day = 20000 + (int64_t)random_below(60000);
    }
    return day * W_DAY + (int64_t)random_below(W_DAY);
}

static u256 some_amount(void)
{
    u256 v = u256_from_u64(random_below(1000));
    if (random_below(30) == 0) {
        v.w[3] = UINT64_MAX - random_below(3); /* a few of these do not fit */
    }
    return v;
}

static void put_row(struct play *p, int64_t chain, uint64_t block, uint64_t log)
{
    static const enum pay_scheme schemes[] = {PAY_EIP3009, PAY_EIP3009, PAY_PERMIT2, PAY_UPTO,
                                              PAY_BATCH,   PAY_ESCROW,  PAY_REFUND,  PAY_PLAIN};
    address zero = {{0}};
    if (random_below(3) == 0) {
        struct infer_in in = {.chain = chain,
                              .block = block,
                              .log = log,
                              .cid = untrusted(cids[random_below(CIDS)]),
                              .time = some_time()};
        ok(store_infer_put(p->w, &in, p->src[chain][1], E));
        return;
    }
    struct pay_in in = {.chain = chain,
                        .block = block,
                        .log = log,
                        .payer = random_below(6) == 0 ? zero : addr_of(names[random_below(NAMES)]),
                        .payee = addr_of(names[random_below(2)]),
                        .asset = addr_of(assets[random_below(ASSETS)]),
                        .amount = some_amount(),
                        .scheme = schemes[random_below(8)],
                        .tier = random_below(10) == 0 ? TIER_LISTED : TIER_PROVED,
                        .time = some_time()};
    ok(store_pay_put(p->w, &in, p->src[chain][0], E));
}

static void some_rows(struct play *p)
{
    for (uint64_t n = 1 + random_below(25); n > 0; n--) {
        put_row(p, 1 + (int64_t)random_below(CHAINS), random_below(BLOCKS), random_below(4));
    }
}

static void some_unwind(struct play *p)
{
    uint64_t block = random_below(10) == 0 ? 0 : BLOCKS / 2 + random_below(BLOCKS / 2);
    struct cursor c = {.block = block};
    bool pays = random_below(2) == 0;
    int64_t chain = 1 + (int64_t)random_below(CHAINS);
    const char *filter = pays ? FILTER_PAYMENTS : FILTER_INFERENCES;
    ok(store_unwind(p->w, chain, filter, block, block ? &c : NULL, E));
    /* What is written next needs a range to belong to. */
    struct source_row r = {
        .kind = SOURCE_LOGS, .place = "n", .chain = chain, .filter = filter, .last = BLOCKS};
    ok(store_source_add(p->w, &r, &p->src[chain][!pays], E));
}

/* A full sync: all of some blocks goes and most of it comes again, sometimes a little different. */
static void some_replacement(struct play *p)
{
    enum { MOST = 512 };
    static struct raw row[MOST * 8];
    int64_t chain = 1 + (int64_t)random_below(CHAINS);
    int64_t first = (int64_t)random_below(BLOCKS), last = first + (int64_t)random_below(20);
    size_t n = read_raw(p->w, row, MOST * 8);
    ok(store_forget_range(p->w, chain, FILTER_PAYMENTS, (uint64_t)first, (uint64_t)last, E));
    struct source_row r = {.kind = SOURCE_LOGS,
                           .place = "n",
                           .chain = chain,
                           .filter = FILTER_PAYMENTS,
                           .last = BLOCKS};
    ok(store_source_add(p->w, &r, &p->src[chain][0], E));
    for (size_t i = 0; i < n; i++) {
        const struct raw *x = &row[i];
        if (!x->scheme || x->chain != chain || x->block < first || x->block > last ||
            random_below(8) == 0) {
            continue;
        }
        struct pay_in in = {.chain = chain,
                            .block = (uint64_t)x->block,
                            .log = 10 + i,
                            .amount = x->amount,
                            .scheme = (enum pay_scheme)x->scheme,
                            .tier = TIER_PROVED,
                            .time = x->time + (random_below(8) == 0 ? W_DAY : 0)};
        assert_true(store_addr_get(p->w, x->payee, &in.payee));
        assert_true(store_addr_get(p->w, x->asset, &in.asset));
        assert_true(x->payer == 0 || store_addr_get(p->w, x->payer, &in.payer));
        ok(store_pay_put(p->w, &in, p->src[chain][0], E));
    }
}

static void add_sources(struct play *p)
{
    for (int64_t chain = 1; chain <= CHAINS; chain++) {
        struct source_row r = {
            .kind = SOURCE_LOGS, .place = "n", .chain = chain, .last = BLOCKS + 1};
        r.filter = FILTER_PAYMENTS;
        ok(store_source_add(p->w, &r, &p->src[chain][0], E));
        r.filter = FILTER_INFERENCES;
        ok(store_source_add(p->w, &r, &p->src[chain][1], E));
    }
}

static void step(struct play *p)
{
    int64_t kept[CHAINS + 1][2];
    memcpy(kept, p->src, sizeof kept);
    ok(store_begin(p->w, E));
    for (uint64_t n = 1 + random_below(3); n > 0; n--) {
        switch (random_below(6)) {
        case 0:
            some_unwind(p);
            break;
        case 1:
        case 2:
            some_replacement(p);
            break;
        default:
            some_rows(p);
            break;
        }
    }
    if (random_below(5) == 0) {
        store_rollback(p->w);
        memcpy(p->src, kept, sizeof kept);
    } else {
        ok(store_commit(p->w, E));
    }
}

static void sums_equal_the_rows(void **state)
{
    (void)state;
    for (uint64_t round = 1; round <= 12; round++) {
        struct play p = {.dir = "/tmp/souk-rollup-XXXXXX"};
        unsigned behind = 0;
        seed = round * 7919;
        assert_non_null(mkdtemp(p.dir));
        snprintf(p.path, sizeof p.path, "%s/cache.db", p.dir);
        ok(store_open(p.path, STORE_WRITE, &p.w, E));
        ok(store_begin(p.w, E));
        add_sources(&p);
        ok(store_commit(p.w, E));
        bool late = round % 3 == 0; /* the first fill is a large one */
        uint64_t indexed = late ? 40 : random_below(60);
        for (uint64_t i = 0; i < 60; i++) {
            rollup_fill_after(p.w, late ? 30 : 0);
            step(&p);
            behind += store_behind(p.w);
            if (!store_behind(p.w) || random_below(3) == 0) {
                ok(store_sum(p.w, NULL, E));
                check_sums(p.w);
            }
            if (i == indexed) {
                ok(store_index(p.w, NULL, E));
                ok(store_index(p.w, NULL, E)); /* they are there: nothing to do */
            }
            if (random_below(10) == 0) {
                store_close(p.w);
                ok(store_open(p.path, STORE_WRITE, &p.w, E));
                ok(store_sum(p.w, NULL, E));
                check_sums(p.w);
            }
        }
        assert_true(late == (behind > 0));
        store_close(p.w);
        assert_int_equal(tree_remove(p.dir), 0);
    }
}

static void put_pay_now(struct world *w)
{
    struct pay_in in = {.chain = W_PAY_CHAIN,
                        .block = 500,
                        .payer = addr_of("late"),
                        .payee = addr_of("payee"),
                        .asset = addr_of("USDC"),
                        .amount = u256_from_u64(3),
                        .scheme = PAY_EIP3009,
                        .tier = TIER_PROVED,
                        .time = at(1, 0)};
    ok(store_pay_put(w->w, &in, w->src, E));
}

/* More rows in one transaction than are remembered, put and then taken back. */
static void more_than_fits(void **state)
{
    enum { MANY = 70000 };
    struct world *w = *state;
    ok(store_begin(w->w, E));
    for (int i = 0; i < MANY; i++) {
        struct pay_in in = {.chain = W_PAY_CHAIN,
                            .block = (uint64_t)i + 1,
                            .payer = addr_of(names[i % 2]),
                            .payee = addr_of("payee"),
                            .asset = addr_of("USDC"),
                            .amount = u256_from_u64(3),
                            .scheme = PAY_EIP3009,
                            .tier = TIER_PROVED,
                            .time = i};
        ok(store_pay_put(w->w, &in, w->src, E));
    }
    ok(store_commit(w->w, E));
    assert_int_equal(world_int(w, "SELECT sum(payments) FROM edge"), MANY);
    assert_int_equal(world_int(w, "SELECT payments FROM day"), MANY);
    ok(store_begin(w->w, E));
    struct cursor c = {.block = 10};
    ok(store_unwind(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, c.block, &c, E));
    put_pay_now(w);
    ok(store_commit(w->w, E));
    assert_true(store_behind(w->w));
    ok(store_sum(w->w, NULL, E));
    assert_false(store_behind(w->w));
    assert_int_equal(world_int(w, "SELECT sum(payments) FROM edge"), 11);
    assert_int_equal(world_int(w, "SELECT sum(payments) FROM day"), 11);
    assert_int_equal(
        world_int(w, "SELECT count(*) FROM pay WHERE block NOT BETWEEN (SELECT first FROM"
                     " extent x WHERE x.day = time / 86400) AND (SELECT last FROM extent x"
                     " WHERE x.day = time / 86400)"),
        0);
}

static souk_err ten_and_back(struct world *w, uint64_t block, struct err *e)
{
    struct cursor c = {.block = block};
    struct source_row r = {.kind = SOURCE_LOGS,
                           .place = "n",
                           .chain = 1,
                           .filter = FILTER_PAYMENTS,
                           .first = (int64_t)block,
                           .last = (int64_t)block + 9};
    int64_t src = 0;
    souk_err rc = store_begin(w->w, e);
    if (!rc) {
        rc = store_source_add(w->w, &r, &src, e);
    }
    for (uint64_t i = 0; i < 10 && !rc; i++) {
        struct pay_in in = {.chain = 1,
                            .block = block + i,
                            .payer = addr_of(names[i % 3]),
                            .payee = addr_of("payee"),
                            .asset = addr_of("USDC"),
                            .amount = u256_from_u64(i),
                            .scheme = PAY_EIP3009,
                            .tier = TIER_PROVED,
                            .time = (int64_t)i * W_DAY};
        rc = store_pay_put(w->w, &in, src, e);
    }
    if (!rc) {
        rc = store_unwind(w->w, 1, FILTER_PAYMENTS, block, &c, e);
    }
    if (!rc) {
        rc = store_commit(w->w, e);
    }
    if (rc) {
        store_rollback(w->w);
    }
    return rc;
}

/* Without memory at any place the transaction is undone, and the next one goes well. */
static void memory_runs_out(void **state)
{
    struct world *w = *state;
    unsigned failures = 0;
    bool more = true;
    for (unsigned long nth = 1; more; nth++) {
        struct err e;
        store_close(w->w); /* what was grown before is not there */
        ok(store_open(w->path, STORE_WRITE, &w->w, E));
        unsigned long before = mem_count();
        mem_fail_at(nth, false);
        souk_err rc = ten_and_back(w, 100, &e);
        mem_fail_at(0, false);
        more = mem_count() - before >= nth;
        assert_true(!rc || rc == SOUK_ENOMEM);
        failures += rc != SOUK_OK;
        check_sums(w->w);
    }
    assert_true(failures >= 3);
    ok(ten_and_back(w, 200, E));
    check_sums(w->w);
    assert_int_equal(world_int(w, "SELECT sum(payments) FROM edge"), 2); /* the first of each ten */
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_equal_the_rows),
        T(more_than_fits),
        T(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
