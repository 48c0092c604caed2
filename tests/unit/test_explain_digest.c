/* Digests: the same for the same rows however they came in, another for any other row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "market/explain.h"
#include "market_world.h"

enum { LAST = 100, ROWS = 8 };

/* One of each kind of row; `odd` differs from the others in one field. */
struct rows {
    struct pay_in pay[3];
    struct flow_in flow[3];
    struct listing_in listing[2];
    struct infer_in infer[2];
};

static bytes32 hash_of(const char *name)
{
    return keccak256(name, strlen(name));
}

static struct rows sample(void)
{
    struct rows r = {.pay = {{.block = 10, .log = 2, .amount = u256_from_u64(1000)},
                             {.block = 10, .log = 7, .scheme = PAY_UPTO},
                             {.block = 60, .log = 0, .amount = U256_ZERO}},
                     .flow = {{.block = 10, .log = 4, .amount = u256_from_u64(5)},
                              {.block = 59, .log = 1, .kind = FLOW_DEPOSIT},
                              {.block = LAST, .log = 3}},
                     .listing = {{.block = 3, .log = 1, .listed = true}, {.block = 70, .log = 1}},
                     .infer = {{.block = 5, .log = 0}, {.block = 80, .log = 9}}};
    for (int i = 0; i < 3; i++) {
        struct pay_in *p = &r.pay[i];
        p->chain = W_PAY_CHAIN;
        p->tx = hash_of("pay");
        p->payer = addr_of("payer");
        p->payee = addr_of("payee");
        p->asset = addr_of("USDC");
        p->scheme = p->scheme ? p->scheme : PAY_EIP3009;
        p->tier = TIER_PROVED;
        struct flow_in *f = &r.flow[i];
        f->chain = W_PAY_CHAIN;
        f->tx = hash_of("flow");
        f->from = addr_of("payee");
        f->to = addr_of("exchange");
        f->asset = addr_of("OPG");
        f->kind = f->kind ? f->kind : FLOW_PLAIN;
    }
    r.pay[1].payer = (address){{0}}; /* nobody knows */
    for (int i = 0; i < 2; i++) {
        struct listing_in *l = &r.listing[i];
        l->chain = W_PAY_CHAIN;
        l->tx = hash_of("listing");
        l->owner = addr_of("owner");
        l->id = hash_of("id");
        l->author = untrusted("ann");
        l->name = untrusted("risk");
        l->blob_id = untrusted("blob");
        l->endpoint = untrusted("https://e");
        l->price = u256_from_u64(1000);
        l->asset = addr_of("USDC");
        l->pay_to = addr_of("payee");
        r.infer[i].chain = W_INFER_CHAIN;
        r.infer[i].tx = hash_of("infer");
        r.infer[i].cid = untrusted("blob");
    }
    return r;
}

static const struct {
    const char *filter;
    int64_t chain;
} filters[] = {{FILTER_PAYMENTS, W_PAY_CHAIN},
               {FILTER_LISTINGS, W_PAY_CHAIN},
               {FILTER_INFERENCES, W_INFER_CHAIN}};
enum { FILTERS = 3 };

static bool in_cut(uint64_t block, uint64_t first, uint64_t last)
{
    return block >= first && block <= last;
}

/* The rows of blocks first to last, read in one step, from `place`. */
static void fill(struct store *w, const struct rows *r, uint64_t first, uint64_t last,
                 const char *place)
{
    int64_t src[FILTERS];
    bytes32 hash = keccak256(&last, sizeof last);
    struct cursor c = {last, hash, (int64_t)last};
    ok(store_begin(w, E));
    for (int i = 0; i < FILTERS; i++) {
        struct source_row s = {.kind = SOURCE_LOGS,
                               .place = place,
                               .chain = filters[i].chain,
                               .filter = filters[i].filter,
                               .first = (int64_t)first,
                               .last = (int64_t)last,
                               .hash = &hash,
                               .time = (int64_t)last};
        ok(store_source_add(w, &s, &src[i], E));
        ok(store_cursor_set(w, filters[i].chain, filters[i].filter, &c, E));
    }
    for (int i = 0; i < 3; i++) {
        if (in_cut(r->pay[i].block, first, last))
            ok(store_pay_put(w, &r->pay[i], src[0], E));
        if (in_cut(r->flow[i].block, first, last))
            ok(store_flow_put(w, &r->flow[i], src[0], E));
        if (i < 2 && in_cut(r->listing[i].block, first, last))
            ok(store_listing_put(w, &r->listing[i], src[1], E));
        if (i < 2 && in_cut(r->infer[i].block, first, last))
            ok(store_infer_put(w, &r->infer[i], src[2], E));
    }
    ok(store_commit(w, E));
}

struct digests {
    uint8_t of[FILTERS][32];
    uint64_t rows;
};

static struct digests digests_at(struct store *s, uint64_t last)
{
    struct digests d = {.rows = 0};
    for (int i = 0; i < FILTERS; i++) {
        uint64_t rows;
        ok(digest_rows(s, filters[i].chain, filters[i].filter, last, NULL, d.of[i], &rows, E));
        d.rows += rows;
    }
    return d;
}

static struct digests digests_of(const struct rows *r, size_t cuts, const uint64_t *cut)
{
    struct world w;
    uint64_t first = 0;
    world_open(&w);
    for (size_t i = 0; i < cuts; i++) {
        fill(w.w, r, first, cut[i], i % 3 ? "http://other" : "http://node");
        first = cut[i] + 1;
    }
    fill(w.w, r, first, LAST, "http://node");
    struct digests d = digests_at(w.w, LAST);
    world_close(&w);
    return d;
}

static void hex_of(const uint8_t d[32], char out[65])
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", d[i]);
}

/* Computed from the format as explain.h states it, by another program. */
static void the_format_is_what_the_header_says(void **state)
{
    (void)state;
    static const char *const want[FILTERS] = {
        "a785cfcded4ee88f26b4af6cafae0154bfea24a7c1b743b3e8d3466fba41f82f",
        "812a495e4fc022e83506fc30625363cbb456ec0b21802acbae7365b0b9307fa2",
        "ef2d752dd19a86b20394a7ecdaa37d88a7cd9aaeef889b5de7bb5ac3818f1a8f"};
    struct rows r = sample();
    struct digests d = digests_of(&r, 0, NULL);
    assert_int_equal(d.rows, 3 + 3 + 2 + 2);
    for (int i = 0; i < FILTERS; i++) {
        char text[65];
        hex_of(d.of[i], text);
        assert_string_equal(text, want[i]);
    }
}

static void cuttings_do_not_matter(void **state)
{
    (void)state;
    struct rows r = sample();
    struct digests want = digests_of(&r, 0, NULL);
    static const uint64_t cuts[][4] = {{9}, {10}, {3, 59}, {5, 10, 58, 60}, {0, 1, 2, 99}};
    static const size_t n[] = {1, 1, 2, 4, 4};
    for (size_t i = 0; i < 5; i++) {
        struct digests d = digests_of(&r, n[i], cuts[i]);
        assert_memory_equal(&d, &want, sizeof d);
    }
    uint64_t each[LAST];
    for (uint64_t b = 0; b < LAST; b++)
        each[b] = b;
    struct digests d = digests_of(&r, LAST, each);
    assert_memory_equal(&d, &want, sizeof d);
}

static void a_reorganisation_leaves_no_trace(void **state)
{
    (void)state;
    struct rows r = sample(), other = sample();
    struct digests want = digests_of(&r, 0, NULL);
    other.pay[2].amount = u256_from_u64(7); /* in the blocks that will be gone */
    other.flow[1].block = 57;
    other.infer[1].cid = untrusted("another");
    other.listing[1].block = 69;
    for (uint64_t fork = 50; fork <= 56; fork += 3) {
        struct world w;
        bytes32 hash = keccak256(&fork, sizeof fork);
        struct cursor c = {fork, hash, (int64_t)fork};
        world_open(&w);
        fill(w.w, &other, 0, 30, "http://node");
        fill(w.w, &other, 31, LAST, "http://node");
        struct digests before = digests_at(w.w, fork);
        ok(store_begin(w.w, E));
        for (int i = 0; i < FILTERS; i++)
            ok(store_unwind(w.w, filters[i].chain, filters[i].filter, fork, &c, E));
        ok(store_commit(w.w, E));
        struct digests unwound = digests_at(w.w, LAST);
        assert_memory_equal(&unwound, &before, sizeof before);
        fill(w.w, &r, fork + 1, LAST, "http://other");
        struct digests d = digests_at(w.w, LAST);
        assert_memory_equal(&d, &want, sizeof d);
        world_close(&w);
    }
}

/* Each change of one field of one row, and which filter's digest must move by it. */
static void any_other_row_is_another_digest(void **state)
{
    (void)state;
    struct rows r = sample();
    struct digests base = digests_of(&r, 0, NULL);
    int changes = 0;
#define CHANGED(which, statement)                                         \
    do {                                                                  \
        r = sample();                                                     \
        statement;                                                        \
        struct digests d = digests_of(&r, 0, NULL);                       \
        for (int i = 0; i < FILTERS; i++) {                               \
            if ((memcmp(d.of[i], base.of[i], 32) != 0) != (i == (which))) \
                fail_msg("%s: %s", #statement, filters[i].filter);        \
        }                                                                 \
        changes++;                                                        \
    } while (0)
    CHANGED(0, r.pay[0].block = 11);
    CHANGED(0, r.pay[0].log = 3);
    CHANGED(0, r.pay[0].tx.b[31] ^= 1);
    CHANGED(0, r.pay[0].payer.b[0] ^= 1);
    CHANGED(0, r.pay[0].payee.b[19] ^= 1);
    CHANGED(0, r.pay[0].asset = addr_of("OPG"));
    CHANGED(0, r.pay[0].amount.w[0] = 1001);
    CHANGED(0, r.pay[0].amount.w[3] = 1);
    CHANGED(0, r.pay[0].scheme = PAY_PERMIT2);
    CHANGED(0, r.pay[0].tier = TIER_LISTED);
    CHANGED(0, r.pay[1].payer = addr_of("payer"));
    CHANGED(0, r.pay[2].block = LAST + 1);
    CHANGED(0, r.flow[0].block = 9);
    CHANGED(0, r.flow[0].log = 5);
    CHANGED(0, r.flow[0].tx.b[0] ^= 1);
    CHANGED(0, r.flow[0].from = addr_of("payer"));
    CHANGED(0, r.flow[0].to = addr_of("payer"));
    CHANGED(0, r.flow[0].asset = addr_of("USDC"));
    CHANGED(0, r.flow[0].amount.w[0] = 6);
    CHANGED(0, r.flow[0].kind = FLOW_WITHDRAWAL);
    CHANGED(1, r.listing[0].block = 4);
    CHANGED(1, r.listing[0].log = 2);
    CHANGED(1, r.listing[0].tx.b[7] ^= 1);
    CHANGED(1, r.listing[0].listed = false);
    CHANGED(1, r.listing[0].owner.b[7] ^= 1);
    CHANGED(1, r.listing[0].id.b[7] ^= 1);
    CHANGED(1, r.listing[0].author = untrusted("anne"));
    CHANGED(1, r.listing[0].name = untrusted("risks"));
    CHANGED(1, (r.listing[0].author = untrusted("annr"), r.listing[0].name = untrusted("isk")));
    CHANGED(1, r.listing[0].blob_id = untrusted("blog"));
    CHANGED(1, r.listing[0].endpoint = untrusted(""));
    CHANGED(1, r.listing[0].price.w[1] = 1);
    CHANGED(1, r.listing[0].asset = addr_of("OPG"));
    CHANGED(1, r.listing[0].pay_to = addr_of("owner"));
    CHANGED(2, r.infer[0].block = 6);
    CHANGED(2, r.infer[0].log = 1);
    CHANGED(2, r.infer[0].tx.b[7] ^= 1);
    CHANGED(2, r.infer[0].cid = untrusted("blo"));
    assert_int_equal(changes, 38);
}

/* What a cache calls its addresses does not show, nor do rows behind the end. */
static void ids_and_later_rows_do_not_show(void **state)
{
    (void)state;
    struct rows r = sample(), more = sample();
    struct digests want = digests_of(&r, 0, NULL);
    struct world w;
    world_open(&w);
    ok(store_begin(w.w, E));
    for (int i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        assert_true(store_addr(w.w, addr_of(name), NULL) > 0);
    }
    assert_true(store_addr(w.w, addr_of("exchange"), NULL) > 0);
    ok(store_commit(w.w, E));
    fill(w.w, &r, 0, LAST, "http://node");
    for (int i = 0; i < 3; i++) {
        more.pay[i].block += LAST;
        more.flow[i].block += LAST + 1;
    }
    fill(w.w, &more, LAST + 1, 2 * LAST + 1, "http://node");
    struct digests d = digests_at(w.w, LAST);
    assert_memory_equal(&d, &want, sizeof d);
    world_close(&w);
}

static void it_can_be_stopped(void **state)
{
    (void)state;
    struct world w;
    uint8_t out[32];
    uint64_t rows;
    struct err e;
    atomic_bool stop = true;
    world_open(&w);
    ok(store_begin(w.w, E));
    struct infer_in in = {.chain = W_INFER_CHAIN, .cid = untrusted("x")};
    for (in.block = 0; in.block < 5000; in.block++)
        ok(store_infer_put(w.w, &in, 0, E));
    struct source_row s = {.kind = SOURCE_LOGS,
                           .place = "http://node",
                           .chain = W_INFER_CHAIN,
                           .filter = FILTER_INFERENCES,
                           .last = 5000};
    bytes32 hash = hash_of("end");
    s.hash = &hash;
    int64_t src;
    ok(store_source_add(w.w, &s, &src, E));
    for (in.block = 0, in.log = 1; in.block < 5000; in.block++)
        ok(store_infer_put(w.w, &in, src, E));
    ok(store_commit(w.w, E));
    assert_int_equal(
        digest_rows(w.w, W_INFER_CHAIN, FILTER_INFERENCES, 5000, &stop, out, &rows, &e),
        SOUK_ECANCEL);
    stop = false;
    ok(digest_rows(w.w, W_INFER_CHAIN, FILTER_INFERENCES, 5000, &stop, out, &rows, E));
    assert_int_equal(rows, 5000);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_what_the_header_says),
        cmocka_unit_test(cuttings_do_not_matter),
        cmocka_unit_test(a_reorganisation_leaves_no_trace),
        cmocka_unit_test(any_other_row_is_another_digest),
        cmocka_unit_test(ids_and_later_rows_do_not_show),
        cmocka_unit_test(it_can_be_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
