/*
 * Figures derived from sums are those derived row by row, and those counted by hand: random
 * markets with shared and contested payees, prices and addresses that change, delistings, refunds,
 * channels without a payer, and reorganisations.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "market/derive/internal.h"
#include "market/packed.h"
#include "market_world.h"
#include "store/page_rows.h"

enum { AUTHORS = 5, MODELS = 15, PAYEES = 10, PAYERS = 13, DAYS = 130 };

static uint64_t seed;

static uint64_t draw(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

/* --- a random market */

static void name_of(char out[32], const char *what, uint64_t n)
{
    snprintf(out, 32, "%s%u", what, (unsigned)n);
}

static void random_listing(struct world *w, int64_t hour)
{
    char author[32], name[32], owner[32], payee[32], key[80], cid[32];
    uint64_t m = draw(MODELS);
    name_of(author, "author", m % AUTHORS);
    name_of(name, "m", m);
    name_of(owner, "o", draw(9) ? m % AUTHORS : 77); /* now and then a stranger's */
    name_of(payee, "p", draw(12) ? m % PAYEES : draw(PAYEES));
    name_of(cid, "cid", m);
    snprintf(key, sizeof key, "%s %s", owner, name);
    struct listing_in in = {.listed = draw(6) != 0,
                            .owner = addr_of(owner),
                            .id = keccak256(key, strlen(key)),
                            .author = untrusted(author),
                            .name = untrusted(name),
                            .blob_id = untrusted(cid),
                            .price = u256_from_u64(1 + draw(3)),
                            .asset = addr_of(draw(4) ? "USDC" : "OPG"),
                            .pay_to = addr_of(payee),
                            .chain = W_PAY_CHAIN,
                            .block = (uint64_t)hour + 1000,
                            .log = w->log++,
                            .time = at(0, 0) + hour * 3600};
    ok(store_listing_put(w->w, &in, w->src, E));
}

static void random_payment(struct world *w, int64_t hour)
{
    static const enum pay_scheme schemes[] = {PAY_EIP3009, PAY_EIP3009, PAY_EIP3009, PAY_PERMIT2,
                                              PAY_ESCROW,  PAY_UPTO,    PAY_BATCH,   PAY_REFUND};
    char payer[32], payee[32];
    name_of(payer, "payer", draw(3) ? draw(4) : draw(PAYERS));
    name_of(payee, "p", draw(12) ? draw(PAYEES) : 50 + draw(3)); /* or one that nobody lists */
    enum pay_scheme scheme = schemes[draw(sizeof schemes / sizeof *schemes)];
    bool nobody = scheme == PAY_BATCH ? draw(2) : scheme == PAY_ESCROW && draw(3) == 0;
    address zero = {{0}};
    struct pay_in in = {.chain = W_PAY_CHAIN,
                        .block = (uint64_t)hour + 1000,
                        .log = w->log++,
                        .tx = keccak256(&w->log, sizeof w->log),
                        .payer = nobody ? zero : addr_of(payer),
                        .payee = addr_of(payee),
                        .asset = addr_of(draw(9) == 0 ? "UNKNOWN"
                                         : draw(4)    ? "USDC"
                                                      : "OPG"),
                        .amount = u256_from_u64(1 + draw(3)),
                        .scheme = scheme,
                        .tier = draw(10) ? TIER_PROVED : TIER_LISTED,
                        .time = at(0, 0) + hour * 3600};
    ok(store_pay_put(w->w, &in, w->src, E));
}

static void random_flow(struct world *w, int64_t hour)
{
    char from[32], to[32];
    name_of(from, "payer", draw(PAYERS));
    name_of(to, "p", draw(PAYEES + 3));
    struct flow_in in = {.chain = W_PAY_CHAIN,
                         .block = (uint64_t)hour + 1000,
                         .log = w->log++,
                         .tx = keccak256(&w->log, sizeof w->log),
                         .from = addr_of(from),
                         .to = addr_of(to),
                         .asset = addr_of("USDC"),
                         .amount = u256_from_u64(1 + draw(50)),
                         .kind = draw(4) ? FLOW_PLAIN : FLOW_DEPOSIT,
                         .time = at(0, 0) + hour * 3600};
    ok(store_flow_put(w->w, &in, w->src, E));
}

static void random_inference(struct world *w, int64_t hour)
{
    char cid[32];
    name_of(cid, "cid", draw(MODELS + 2));
    struct infer_in in = {.chain = W_INFER_CHAIN,
                          .block = (uint64_t)hour + 1000,
                          .log = w->log++,
                          .tx = keccak256(&w->log, sizeof w->log),
                          .cid = untrusted(cid),
                          .time = at(0, 0) + hour * 3600};
    ok(store_infer_put(w->w, &in, w->src, E));
}

static void cursor_at(struct world *w, int64_t hour)
{
    struct cursor c = {.block = (uint64_t)hour + 1000, .time = at(0, 0) + hour * 3600};
    ok(store_cursor_set(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, &c, E));
}

/* n rows between two hours, in the chain's order. */
static void random_rows(struct world *w, int64_t from, int64_t to, int n)
{
    int64_t hour = from;
    ok(store_begin(w->w, E));
    for (int i = 0; i < n; i++) {
        hour += (int64_t)draw((uint64_t)(2 * (to - hour) / (n - i) + 1));
        hour = hour > to ? to : hour;
        uint64_t kind = draw(20);
        if (kind < 2) {
            random_listing(w, hour);
        } else if (kind < 4) {
            random_inference(w, hour);
        } else if (kind < 5) {
            random_flow(w, hour);
        } else {
            random_payment(w, hour);
        }
    }
    cursor_at(w, to);
    ok(store_commit(w->w, E));
}

static void random_market(struct world *w, uint64_t s)
{
    char author[32], name[32], owner[32];
    seed = s * 2654435761u + 88172645463325252u;
    world_open(w);
    for (uint64_t i = 0; i < MODELS; i++) {
        name_of(author, "author", i % AUTHORS);
        name_of(name, "m", i);
        name_of(owner, "o", i % AUTHORS);
        put_model(w, author, name, i % 4 ? vouching(owner) : "nothing");
    }
    ok(store_begin(w->w, E));
    for (int i = 0; i < 12; i++) { /* most are listed before they are paid */
        random_listing(w, (int64_t)draw(30));
    }
    ok(store_commit(w->w, E));
}

/* --- what was derived, as text */

static void dump_table(struct world *w, const char *table, struct buf *out)
{
    char sql[128];
    sqlite3_stmt *st;
    snprintf(sql, sizeof sql, "SELECT * FROM %s ORDER BY 1, 2", table);
    assert_int_equal(sqlite3_prepare_v2(store_db(w->w), sql, -1, &st, NULL), SQLITE_OK);
    buf_addf(out, "%s\n", table);
    while (sqlite3_step(st) == SQLITE_ROW) {
        for (int k = 0; k < sqlite3_column_count(st); k++) {
            if (sqlite3_column_type(st, k) != SQLITE_BLOB) {
                const char *v = (const char *)sqlite3_column_text(st, k);
                buf_addf(out, "%s ", v ? v : "NULL");
                continue;
            }
            const uint8_t *b = sqlite3_column_blob(st, k);
            for (int i = 0; i < sqlite3_column_bytes(st, k); i++) {
                buf_addf(out, "%02x", b[i]);
            }
            buf_addc(out, ' ');
        }
        buf_addc(out, '\n');
    }
    sqlite3_finalize(st);
}

static const char *const tables[] = {
    "stat",  "author_stat", "payee_stat", "market_stat", "weekly",    "cohort", "trend",
    "spark", "days",        "span",       "cid_model",   "pay_model", "model"};

static void dump(struct world *w, struct buf *out)
{
    buf_clear(out);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        dump_table(w, tables[i], out);
    }
    assert_int_equal(out->bad, SOUK_OK);
}

/* --- counting by hand */

enum { ROWS = 4096 };

struct hand {
    struct made_row row[ROWS];
    int64_t author[ROWS];
    size_t n;
    int64_t now; /* the author under way */
};

static souk_err on_made(void *ud, const struct made_row *r, struct err *e)
{
    struct hand *h = ud;
    (void)e;
    assert_true(h->n < ROWS);
    h->author[h->n] = h->now;
    h->row[h->n++] = *r;
    return SOUK_OK;
}

struct sums {
    uint64_t payments, settlements, payers, fresh, unknown, usdc, usdc_back;
};

/* who: a model, an author negated, 0 all. */
static struct sums by_hand(struct world *w, const struct hand *h, int64_t who, int64_t since)
{
    struct sums s = {0};
    int64_t usdc = addr_id(w, "USDC"), opg = addr_id(w, "OPG");
    for (size_t i = 0; i < h->n; i++) {
        const struct made_row *r = &h->row[i];
        bool mine = who > 0 ? r->who == who : who == 0 || h->author[i] == -who;
        if (!mine || (r->asset != usdc && r->asset != opg)) {
            continue;
        }
        uint64_t amount = 0;
        assert_true(u256_fits_u64(r->amount, &amount));
        bool in = r->time > since, refund = r->scheme == PAY_REFUND;
        if (in && r->asset == usdc) {
            s.usdc += refund ? 0 : amount;
            s.usdc_back += refund ? amount : 0;
        }
        if (refund || !in) {
            continue;
        }
        s.payments += pay_is_call(r->scheme);
        s.settlements += pay_is_settlement(r->scheme);
        s.unknown += r->payer_id == 0;
        bool again = r->payer_id == 0, before = false; /* counted, or had paid before */
        for (size_t k = 0; k < h->n && !again; k++) {
            const struct made_row *q = &h->row[k];
            bool his = (who > 0 ? q->who == who : who == 0 || h->author[k] == -who) &&
                       q->payer_id == r->payer_id && q->scheme != PAY_REFUND &&
                       (q->asset == usdc || q->asset == opg);
            again = his && k < i && q->time > since;
            before |= his && q->time <= since;
        }
        s.payers += !again;
        s.fresh += !again && !before;
    }
    return s;
}

static int64_t one(struct world *w, const char *sql, int64_t win, int64_t who)
{
    int64_t v = 0;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(store_db(w->w), sql, -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_int64(st, 1, win);
    if (sqlite3_bind_parameter_count(st) > 1) {
        sqlite3_bind_int64(st, 2, who);
    }
    if (sqlite3_step(st) == SQLITE_ROW) {
        v = sqlite3_column_int64(st, 0);
    }
    sqlite3_finalize(st);
    return v;
}

static uint64_t usdc_of(struct world *w, const char *sql, int64_t win, int64_t who)
{
    uint64_t v = 0;
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(store_db(w->w), sql, -1, &st, NULL), SQLITE_OK);
    sqlite3_bind_int64(st, 1, win);
    if (sqlite3_bind_parameter_count(st) > 1) {
        sqlite3_bind_int64(st, 2, who);
    }
    if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_bytes(st, 0) > 0) {
        struct untrusted in =
            untrusted_n(sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0));
        assert_true(u256_fits_u64(unpack_asset(in, addr_id(w, "USDC")), &v));
    }
    sqlite3_finalize(st);
    return v;
}

/* Did this payer pay on one of these days? */
static bool paid_on(const struct hand *h, const bool *counts, int64_t payer, int64_t from,
                    int64_t to)
{
    for (size_t i = 0; i < h->n; i++) {
        int64_t day = day_of_time(h->row[i].time);
        if (counts[i] && h->row[i].payer_id == payer && day >= from && day <= to) {
            return true;
        }
    }
    return false;
}

/* Weekly payers, new ones, and who came back: day by day. */
static void check_weeks(struct world *w, const struct hand *h)
{
    static bool counts[ROWS];
    int64_t usdc = addr_id(w, "USDC"), opg = addr_id(w, "OPG"), payers = 0, people = 0;
    int64_t week0 = week_of_day(20000), weeks = DAYS / 7 + 3;
    int64_t top = one(w, "SELECT max(id) FROM addr WHERE ? = 0", 0, 0);
    for (size_t i = 0; i < h->n; i++) {
        counts[i] = h->row[i].payer_id && h->row[i].scheme != PAY_REFUND &&
                    (h->row[i].asset == usdc || h->row[i].asset == opg);
    }
    for (int64_t k = 0; k < weeks; k++) {
        int64_t monday = day_of_week(week0 + k), week_payers = 0, fresh = 0, d7 = 0, d30 = 0,
                next = 0;
        for (int64_t p = 1; p <= top; p++) {
            bool now = paid_on(h, counts, p, monday, monday + 6);
            bool first = now && !paid_on(h, counts, p, 0, monday - 1);
            week_payers += now;
            fresh += first;
            int64_t day = monday;
            while (first && !paid_on(h, counts, p, day, day)) {
                day++;
            }
            d7 += first && paid_on(h, counts, p, day + 7, day + 13);
            d30 += first && paid_on(h, counts, p, day + 30, day + 36);
            next += first && paid_on(h, counts, p, monday + 14, monday + 20);
        }
#define WEEK(x)   one(w, "SELECT " x " FROM weekly WHERE week = ?", week0 + k, 0)
#define COHORT(x) one(w, "SELECT " x " FROM cohort WHERE week = ?", week0 + k, 0)
        assert_int_equal(week_payers, WEEK("payers"));
        assert_int_equal(fresh, WEEK("fresh"));
        assert_int_equal(fresh, COHORT("payers"));
        assert_int_equal(d7, COHORT("d7"));
        assert_int_equal(d30, COHORT("d30"));
        if (fresh) {
            assert_true(next < 10); /* the second of back, as little-endian hexadecimals */
            assert_int_equal(1, one(w,
                                    "SELECT substr(hex(back), 9, 8) = '0' || ?2 || '000000' FROM"
                                    " cohort WHERE week = ?1",
                                    week0 + k, next));
        }
        payers += week_payers;
        people += fresh;
    }
    assert_true(people > 3 && payers > people);
}

static void check_by_hand(struct world *w)
{
    struct hand *h = calloc(1, sizeof *h);
    int64_t authors = one(w, "SELECT max(id) FROM author WHERE ? = 0", 0, 0);
    int64_t as_of = store_meta_int(w->w, "as_of", 0);
    assert_non_null(h);
    for (h->now = 1; h->now <= authors; h->now++) {
        ok(store_each_made(w->w, h->now, 0, INT64_MIN, on_made, h, E));
    }
    for (int win = 0; win < WINDOW_COUNT; win++) {
        int64_t seconds = window_seconds((enum window)win);
        int64_t since = seconds ? as_of - seconds : INT64_MIN;
        struct sums all = by_hand(w, h, 0, since);
#define MARKET(x) one(w, "SELECT " x " FROM market_stat WHERE win = ?", win, 0)
        assert_int_equal(all.payments, MARKET("payments"));
        assert_int_equal(all.settlements, MARKET("settlements"));
        assert_int_equal(all.payers, MARKET("payers"));
        assert_int_equal(all.fresh, MARKET("fresh"));
        assert_int_equal(all.unknown, MARKET("payer_unknown"));
        uint64_t net = all.usdc > all.usdc_back ? all.usdc - all.usdc_back : 0;
        assert_int_equal(net, usdc_of(w, "SELECT income FROM market_stat WHERE win = ?", win, 0));
        assert_int_equal(all.usdc_back,
                         usdc_of(w, "SELECT refunded FROM market_stat WHERE win = ?", win, 0));
        for (int64_t a = 1; a <= authors; a++) {
            struct sums s = by_hand(w, h, -a, since);
#define AUTHOR(x) one(w, "SELECT " x " FROM author_stat WHERE win = ? AND author = ?", win, a)
            assert_int_equal(s.payments, AUTHOR("payments"));
            assert_int_equal(s.settlements, AUTHOR("settlements"));
            assert_int_equal(s.payers, AUTHOR("payers"));
            assert_int_equal(s.fresh, AUTHOR("fresh"));
            assert_int_equal(s.unknown, AUTHOR("unknown"));
        }
        for (int64_t m = 1; m <= MODELS; m++) {
            struct sums s = by_hand(w, h, m, since);
#define MODEL(x) one(w, "SELECT " x " FROM stat WHERE win = ? AND model = ?", win, m)
            assert_int_equal(s.payments, MODEL("payments"));
            assert_int_equal(s.settlements, MODEL("settlements"));
            assert_int_equal(s.payers, MODEL("payers"));
            if (s.payments + s.settlements) {
                net = s.usdc > s.usdc_back ? s.usdc - s.usdc_back : 0;
                assert_int_equal(net, usdc_of(w,
                                              "SELECT income FROM stat WHERE win = ? AND"
                                              " model = ?",
                                              win, m));
            }
        }
    }
    check_weeks(w, h);
    assert_true(h->n > 30);
    free(h);
}

/* --- tests */

static void same_both_ways(struct world *w, struct buf *sums, struct buf *rows)
{
    ok(derive(w->w, &w->net, E));
    dump(w, sums);
    check_by_hand(w);
    ok(derive_by_rows(w->w, &w->net, E));
    dump(w, rows);
    assert_string_equal(sums->p, rows->p);
    ok(store_meta_set_int(w->w, "derived_raw", -1, E)); /* back by sums, from the other's tables */
    ok(derive(w->w, &w->net, E));
    dump(w, rows);
    assert_string_equal(sums->p, rows->p);
}

static void sums_and_rows_agree(void **state)
{
    struct buf sums, rows;
    (void)state;
    buf_init(&sums, 1 << 24);
    buf_init(&rows, 1 << 24);
    for (uint64_t s = 1; s <= 6; s++) {
        struct world w;
        random_market(&w, s);
        random_rows(&w, 10, 1400, 250);
        same_both_ways(&w, &sums, &rows);
        random_rows(&w, 1400, DAYS * 24 + (int64_t)draw(24), 250); /* some time of a day */
        if (s % 2) {
            ok(store_index(w.w, NULL, E));
        }
        same_both_ways(&w, &sums, &rows);
        assert_true(sums.len > 20000);

        /* A reorganisation takes some away; others come. */
        int64_t fork = DAYS * 24 - 60 * 24 - (int64_t)draw(500);
        struct cursor c = {.block = (uint64_t)fork + 1000, .time = at(0, 0) + fork * 3600};
        ok(store_begin(w.w, E));
        ok(store_unwind(w.w, W_PAY_CHAIN, FILTER_PAYMENTS, c.block, &c, E));
        ok(store_commit(w.w, E));
        same_both_ways(&w, &sums, &rows);
        random_rows(&w, fork, DAYS * 24 + 5, 150);
        same_both_ways(&w, &sums, &rows);
        world_close(&w);
    }
    buf_release(&sums);
    buf_release(&rows);
}

/* Midnight, where a window begins with a day, and one second before and after. */
static void windows_begin_at_any_second(void **state)
{
    struct buf sums, rows;
    (void)state;
    buf_init(&sums, 1 << 24);
    buf_init(&rows, 1 << 24);
    struct world w;
    random_market(&w, 9);
    random_rows(&w, 10, DAYS * 24, 400);
    for (int64_t off = -1; off <= 1; off++) {
        struct cursor c = {.block = 1000 + DAYS * 24, .time = at(DAYS, 0) + off};
        ok(store_begin(w.w, E));
        ok(store_cursor_set(w.w, W_PAY_CHAIN, FILTER_PAYMENTS, &c, E));
        ok(store_commit(w.w, E));
        same_both_ways(&w, &sums, &rows);
    }
    world_close(&w);
    buf_release(&sums);
    buf_release(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_rows_agree),
        cmocka_unit_test(windows_begin_at_any_second),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
