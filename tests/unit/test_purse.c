/* The purse: what there is, transactions drafted, signed by the real signer, sent, hurried, lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "market/publish.h"
#include "purse_world.h"

#include "base/banned.h"

static struct purse_world w;
static struct err e;

static int setup(void **state)
{
    (void)state;
    e = (struct err){0};
    purse_world_make(&w, 1);
    return 0;
}

static int setup_two(void **state)
{
    (void)state;
    e = (struct err){0};
    purse_world_make(&w, 2);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    purse_world_remove(&w);
    return 0;
}

static void ok(souk_err c)
{
    if (c != SOUK_OK)
        fail_msg("%d: %s", c, e.msg);
}

static void refused(souk_err c, souk_err want, const char *words)
{
    if (c != want || strstr(e.msg, words) == NULL)
        fail_msg("%d \"%s\", not %d \"%s\"", c, e.msg, want, words);
}

static address who(uint8_t first, uint8_t last)
{
    address a;
    memset(a.b, 0x55, sizeof a.b);
    a.b[0] = first;
    a.b[19] = last;
    return a;
}

static u256 num(uint64_t v)
{
    return u256_from_u64(v);
}

static void same(u256 a, uint64_t b)
{
    char x[U256_DEC];
    if (u256_cmp(a, num(b)) != 0)
        fail_msg("%s is not %llu", u256_to_dec(a, x), (unsigned long long)b);
}

static struct draft_request sending(uint64_t amount)
{
    return (struct draft_request){
        .kind = DRAFT_SEND, .asset = &w.usdc, .who = who(1, 2), .amount = num(amount)};
}

static struct draft drafted(const struct draft_request *rq)
{
    struct draft d;
    ok(world_draft(&w, rq, &d, &e));
    return d;
}

/* --- what there is */

static struct balances seen;

static void take_balances(void *ud, const struct balances *b, const struct err *why)
{
    (void)ud;
    (void)why;
    if (b != NULL)
        seen = *b;
}

static souk_err balances(void)
{
    return purse_wait(w.p, purse_balances(w.p, purse_address(w.p), take_balances, NULL), &e);
}

static void balances_come_without_multicall(void **state)
{
    (void)state;
    w.chain.allowance = num(77);
    w.chain.code = true;
    for (int i = 0; i < 2; i++) {
        ok(balances());
        assert_int_equal(seen.n, 2);
        same(seen.of[0].amount.value, 10000000);
        same(seen.of[0].permit2, 77);
        assert_string_equal(seen.of[0].amount.symbol, "USDC");
        same(seen.of[1].amount.value, 50000000000000000);
        assert_int_equal(seen.block, 1000);
        assert_int_equal(seen.time, 1767225600);
        assert_true(seen.has_code);
    }
}

static void a_node_on_another_chain_is_not_believed(void **state)
{
    (void)state;
    w.chain.id = 1;
    refused(balances(), SOUK_EVERIFY, "is on chain 1, not 8453");
}

static void a_node_that_is_behind_gets_time(void **state)
{
    (void)state;
    ok(balances()); /* no Multicall3 is known now: two calls each time */
    w.chain.behind = 4;
    ok(balances());
    assert_int_equal(w.chain.behind, 0);
    w.chain.behind = 100;
    refused(balances(), SOUK_ENET, "header not found");
}

static void two_nodes_must_agree(void **state)
{
    (void)state;
    struct draft_request rq = sending(5);
    struct draft d;
    ok(balances());
    w.other.usdc = num(999999999);
    refused(balances(), SOUK_EVERIFY, "differ about your balances");
    w.other.usdc = w.chain.usdc;
    w.other.nonce = 9;
    refused(world_draft(&w, &rq, &d, &e), SOUK_EVERIFY, "differ about your transactions");
    w.other.nonce = w.chain.nonce;
    w.other.base *= 1000;
    refused(world_draft(&w, &rq, &d, &e), SOUK_EVERIFY, "differ about the newest block");
    w.other.base = w.chain.base;
    w.other.block = w.chain.block + 3; /* one is ahead: then the older block counts */
    w.other.mines = false;
    node_stop(w.second);
    w.second = NULL;
    refused(balances(), SOUK_ENET, "two nodes must answer and agree");
}

/* --- drafting */

static void a_draft_says_what_will_be(void **state)
{
    (void)state;
    struct draft_request rq = sending(2500000);
    struct draft d = drafted(&rq);
    assert_int_equal(d.tx.nonce, 7);
    assert_int_equal(d.tx.gas, 75000);
    same(d.tx.max_priority, 1500000);
    same(d.tx.max_fee, 2 * 5000000 + 1500000);
    same(d.fee_most, 75000ull * 11500000);
    same(d.fee_likely, 60000ull * 6500000);
    same(d.balance_after, 7500000);
    same(d.coin_after, 50000000000000000 - 60000ull * 6500000);
    assert_int_equal(d.meaning.kind, CALL_TRANSFER);
    assert_true(address_eq(d.meaning.who, rq.who));
    same(d.meaning.amount, 2500000);
    assert_true(d.needs_password);
    assert_true(d.first_time);
    assert_false(d.like_another);
    assert_non_null(strstr(d.meaning_text, "2.5 USDC"));
    assert_int_equal(w.chain.asked_raw, 0);
}

static void all_of_it(void **state)
{
    (void)state;
    struct draft_request rq = sending(0);
    rq.all = true;
    struct draft d = drafted(&rq);
    same(d.amount, 10000000);
    same(d.balance_after, 0);
    d.tx.data = d.data;
    same(call_meaning(d.tx.data, d.tx.data_len).amount, 10000000);
    rq.asset = &w.coin;
    w.chain.gas = 21000;
    d = drafted(&rq);
    assert_int_equal(d.tx.gas, 21000);
    same(d.tx.value, 50000000000000000 - 21000ull * 11500000);
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    struct draft d;
    struct draft_request rq = sending(10000001);
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "there are 10 USDC, and 10.000001");
    rq = sending(0);
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "no amount");
    rq = sending(1);
    rq.who = w.usdc.token;
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "address of a contract");
    memset(&rq.who, 0, sizeof rq.who);
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "zero address");
    rq = sending(1);
    w.chain.refuse_gas = "execution reverted: paused";
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "execution reverted: paused");
    w.chain.refuse_gas = NULL;
    w.chain.coin = num(1000);
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "network fee");
    rq = (struct draft_request){
        .kind = DRAFT_APPROVE, .asset = &w.usdc, .who = PERMIT2, .amount = NO_CAP};
    refused(world_draft(&w, &rq, &d, &e), SOUK_ELIMIT, "without bound");
    rq = (struct draft_request){.kind = DRAFT_SPEED_UP, .replaces = 4};
    refused(world_draft(&w, &rq, &d, &e), SOUK_ENOTFOUND, "no transaction 4");
}

static void a_fee_a_thousand_times_too_high_is_refused(void **state)
{
    (void)state;
    struct draft d;
    struct draft_request rq = sending(5);
    w.chain.base = 7000000000; /* 7 gwei: 0.00105 at most */
    refused(world_draft(&w, &rq, &d, &e), SOUK_ELIMIT, "your limit for one call is 0.001");
    w.chain.base = 5000000;
    w.chain.priority = 1500000000000; /* the tip is held down by itself */
    d = drafted(&rq);
    same(d.tx.max_priority, 2000000000);
    w.chain.priority = 1500000;
    w.chain.gas = 60000000;
    refused(world_draft(&w, &rq, &d, &e), SOUK_EVERIFY, "60000000 gas, which cannot be");
}

/* --- listings */

static struct draft_request listing(void)
{
    struct draft_request rq = {.kind = DRAFT_LIST};
    rq.terms =
        (struct listing_terms){.author = untrusted("mira"),
                               .name = untrusted("eth-volatility"),
                               .blob_id = untrusted("KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A"),
                               .endpoint = untrusted("https://api.example/v1"),
                               .price = num(1500),
                               .asset = w.usdc.token,
                               .pay_to = who(0x11, 0x22)};
    w.chain.listings = true;
    return rq;
}

static void keep_draft(void *ud, const struct draft *d, const struct err *why)
{
    if (why == NULL)
        draft_copy(ud, d);
}

static void a_listing_is_drafted_and_sent(void **state)
{
    (void)state;
    struct draft_request rq = listing();
    struct sent_row row;
    char name[] = "eth-volatility"; /* the caller's until purse_draft has returned */
    rq.terms.name = untrusted(name);
    struct draft d;
    struct purse_call *c = purse_draft(w.p, &rq, keep_draft, &d);
    memset(name, 'x', sizeof name - 1);
    ok(purse_wait(w.p, c, &e));
    assert_true(address_eq(d.tx.to, listings_address()) && u256_is_zero(d.tx.value));
    assert_int_equal(d.meaning.kind, CALL_LIST);
    assert_true(d.meaning.terms.name.n == 14 &&
                memcmp(d.meaning.terms.name.p, "eth-volatility", 14) == 0);
    assert_string_equal(d.asset.symbol, "USDC");
    same(d.amount, 1500);
    assert_true(d.needs_password);
    assert_non_null(strstr(d.meaning_text, "List \"eth-volatility\" of \"mira\""));
    assert_non_null(strstr(d.meaning_text, "at 0.0015 USDC a call"));
    ok(world_send(&w, &d, true, &row, &e));
    assert_int_equal(row.kind, CALL_LIST);
    assert_true(address_eq(row.to, listings_address()));
    assert_int_equal(call_meaning(w.chain.tx[0].tx.data, w.chain.tx[0].tx.data_len).kind,
                     CALL_LIST);
    rq.kind = DRAFT_DELIST;
    ok(world_draft(&w, &rq, &d, &e));
    assert_int_equal(d.meaning.kind, CALL_DELIST);
    assert_non_null(strstr(d.meaning_text, "Take back the listing of"));
    w.chain.refuse_gas = "execution reverted";
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "is anything of that name listed");
}

static void what_could_not_be_listed_is_said(void **state)
{
    (void)state;
    static char text[LISTING_NAME_MAX + 1];
    struct draft d;
    struct draft_request rq = listing();
    memset(text, 'x', sizeof text);
    w.chain.listings = false;
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "there is no contract at");
    rq = listing();
    rq.terms.name = untrusted_n(text, sizeof text);
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "may have 512 bytes, and has 513");
    rq = listing();
    rq.terms.name = untrusted("");
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "needs the model's name");
    rq = listing();
    rq.terms.asset = who(1, 2);
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "one of the tokens");
    const address nobody[] = {{{0}}, PERMIT2, w.usdc.token, listings_address()};
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        rq = listing();
        rq.terms.pay_to = nobody[i];
        refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "nobody could be paid");
    }
    rq.terms.price = num(0); /* nobody needs to be */
    rq.terms.pay_to = nobody[0];
    ok(world_draft(&w, &rq, &d, &e));
    assert_int_equal(w.chain.asked_raw, 0);
}

struct got_look {
    struct listings_state s;
    struct err err;
};

static void keep_look(void *ud, const struct listings_state *s, const struct err *why)
{
    struct got_look *g = ud;
    if (s != NULL)
        g->s = *s;
    else
        g->err = *why;
}

static struct listings_state look(void)
{
    struct got_look g = {0};
    ok(purse_wait(w.p, listings_look(w.p, keep_look, &g), &e));
    assert_true(g.s.configured && address_eq(g.s.at, listings_address()));
    return g.s;
}

static void the_contract_is_deployed_by_the_proxy(void **state)
{
    (void)state;
    const struct draft_request rq = {.kind = DRAFT_DEPLOY};
    struct draft d;
    struct sent_row row;
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "no deployment proxy");
    struct listings_state s = look();
    assert_true(!s.there && !s.ours && !s.can_deploy);
    w.chain.proxy = true;
    w.chain.gas = 366492;
    s = look();
    assert_true(s.can_deploy && s.gas == 366492 && !s.there);
    ok(world_draft(&w, &rq, &d, &e));
    assert_int_equal(d.meaning.kind, CALL_DEPLOY);
    assert_true(address_eq(d.tx.to, CREATE2_PROXY));
    ok(world_send(&w, &d, true, &row, &e));
    assert_int_equal(row.kind, CALL_DEPLOY);
    w.chain.listings = true;
    w.chain.refuse_gas = "execution reverted";
    s = look();
    assert_true(s.there && s.ours && s.gas == 0);
    w.chain.other_listings = true;
    s = look();
    assert_true(s.there && !s.ours);
}

static void a_locked_wallet_still_drafts(void **state)
{
    (void)state;
    struct draft_request rq = sending(5);
    struct sent_row row;
    world_lock(&w.s);
    struct draft d = drafted(&rq);
    assert_string_equal(d.meaning_text, "");
    assert_true(d.needs_password);
    refused(world_send(&w, &d, true, &row, &e), SOUK_ENOTFOUND, "locked");
    assert_int_equal(row.id, 0);
    assert_int_equal(w.chain.asked_raw, 0);
}

/* --- sending */

static void sent_and_mined(void **state)
{
    (void)state;
    struct draft_request rq = sending(2500000);
    struct draft d = drafted(&rq);
    struct sent_row row;
    ok(world_send(&w, &d, true, &row, &e));
    assert_int_equal(row.state, SENT_MINED);
    assert_int_equal(row.block, 1001);
    same(row.fee_paid, 700);
    assert_int_equal(w.chain.n, 1);
    assert_memory_equal(&w.chain.tx[0].hash, &row.hash, sizeof row.hash);
    row = world_row(&w, 0);
    assert_int_equal(row.state, SENT_MINED);
    assert_int_equal(row.kind, CALL_TRANSFER);
    assert_true(address_eq(row.to, rq.who));
    assert_true(address_eq(row.token, w.usdc.token));
    same(row.amount, 2500000);
    /* The same again is no first time; one that looks like it is pointed out. */
    d = drafted(&rq);
    assert_false(d.first_time);
    assert_int_equal(d.tx.nonce, 8);
    rq.who.b[10] ^= 1;
    d = drafted(&rq);
    assert_true(d.first_time);
    assert_true(d.like_another);
}

static void the_next_number_is_above_our_own(void **state)
{
    (void)state;
    struct draft_request rq = sending(1);
    struct draft d = drafted(&rq);
    struct sent_row row;
    w.chain.mines = false;
    ok(world_send(&w, &d, false, &row, &e));
    assert_int_equal(row.state, SENT_PENDING);
    d = drafted(&rq); /* this node does not show what waits */
    assert_int_equal(d.tx.nonce, 8);
    ok(world_send(&w, &d, false, &row, &e));
    chain_mine(&w.chain, 0);
    ok(world_refresh(&w, &e));
    assert_int_equal(world_row(&w, 1).state, SENT_MINED);
    assert_int_equal(world_row(&w, 0).state, SENT_PENDING);
    assert_int_equal(w.chain.asked_raw, 2); /* the node still has it */
}

static void hurried(void **state)
{
    (void)state;
    struct draft_request rq = sending(1);
    struct draft d = drafted(&rq);
    struct sent_row row, old;
    w.chain.mines = false;
    ok(world_send(&w, &d, false, &old, &e));
    rq = (struct draft_request){.kind = DRAFT_SPEED_UP, .replaces = old.id};
    d = drafted(&rq);
    assert_int_equal(d.tx.nonce, 7);
    same(d.tx.max_fee, 11500000 + 11500000 / 8 + 1);
    same(d.tx.max_priority, 1500000 + 1500000 / 8 + 1);
    assert_int_equal(d.meaning.kind, CALL_TRANSFER);
    same(d.amount, 1);
    assert_int_equal(d.replaces, old.id);
    assert_false(d.needs_password); /* the very same was allowed before */
    w.chain.mines = true;
    ok(world_send(&w, &d, true, &row, &e));
    assert_int_equal(world_row(&w, 0).state, SENT_MINED);
    assert_int_equal(world_row(&w, 1).state, SENT_REPLACED);
    refused(world_draft(&w, &rq, &d, &e), SOUK_EINPUT, "no longer pending");
}

static void dropped(void **state)
{
    (void)state;
    struct draft_request rq = sending(1);
    struct draft d = drafted(&rq);
    struct sent_row row, old;
    w.chain.mines = false;
    ok(world_send(&w, &d, false, &old, &e));
    rq = (struct draft_request){.kind = DRAFT_DROP, .replaces = old.id};
    w.chain.gas = 21000;
    d = drafted(&rq);
    assert_int_equal(d.meaning.kind, CALL_NOTHING);
    assert_true(address_eq(d.tx.to, purse_address(w.p)));
    same(d.tx.value, 0);
    same(d.tx.max_fee, 11500000 + 11500000 / 8 + 1);
    ok(world_send(&w, &d, false, &row, &e));
    /* The first one is mined all the same: then the second can no longer be. */
    chain_mine(&w.chain, 0);
    ok(world_refresh(&w, &e));
    assert_int_equal(world_row(&w, 1).state, SENT_MINED);
    assert_int_equal(world_row(&w, 0).state, SENT_REPLACED);
}

static void a_refused_one_gives_its_number_back(void **state)
{
    (void)state;
    struct draft_request rq = sending(1);
    struct draft d = drafted(&rq);
    struct sent_row row;
    w.chain.refuse_raw = "transaction underpriced";
    refused(world_send(&w, &d, true, &row, &e), SOUK_ENET, "transaction underpriced");
    assert_int_equal(world_row(&w, 0).state, SENT_DROPPED);
    w.chain.refuse_raw = NULL;
    d = drafted(&rq);
    assert_int_equal(d.tx.nonce, 7); /* so that never both can be mined */
}

static void kept_before_it_is_sent_and_sent_again(void **state)
{
    (void)state;
    struct draft_request rq = sending(1);
    struct draft d = drafted(&rq);
    struct sent_row row;
    w.chain.mines = false;
    w.chain.id = 5; /* the node is of no use */
    refused(world_send(&w, &d, true, &row, &e), SOUK_EUNKNOWN, "signed and kept");
    assert_true(row.id > 0);
    assert_int_equal(world_row(&w, 0).state, SENT_PENDING);
    assert_int_equal(w.chain.asked_raw, 0);
    w.chain.id = 8453;
    ok(world_refresh(&w, &e));
    assert_int_equal(w.chain.n, 1);
    assert_memory_equal(&w.chain.tx[0].hash, &row.hash, sizeof row.hash); /* the same bytes */
    w.chain.tx[0].forgotten = true; /* and again, when the node has forgotten it */
    ok(world_refresh(&w, &e));
    assert_int_equal(w.chain.n, 2);
    assert_memory_equal(w.chain.tx[1].raw, w.chain.tx[0].raw, w.chain.tx[0].len);
    w.chain.nonce = 8; /* another took its number */
    w.chain.tx[1].forgotten = true;
    ok(world_refresh(&w, &e));
    assert_int_equal(world_row(&w, 0).state, SENT_DROPPED);
}

/* --- cancelling, allowances, limits */

static void an_open_signature_is_cancelled(void **state)
{
    (void)state;
    struct signer_payment p = world_payment(&w.s, 3);
    struct signer_answer a;
    struct purse_state s;
    ok(signer_pay(w.s.s, &p, &a, &e));
    struct draft_request rq = {.kind = DRAFT_CANCEL, .call = p.call};
    struct draft d = drafted(&rq);
    assert_int_equal(d.meaning.kind, CALL_CANCEL);
    assert_memory_equal(&d.meaning.nonce, &p.typed.nonce, sizeof p.typed.nonce);
    assert_true(address_eq(d.meaning.who, p.typed.from));
    assert_true(address_eq(d.tx.to, p.typed.token));
    assert_false(d.needs_password);
    const struct typed cancel = {.kind = TYPED_CANCEL,
                                 .chain = 8453,
                                 .token = p.typed.token,
                                 .name = "USD Coin",
                                 .version = "2",
                                 .from = p.typed.from,
                                 .nonce = p.typed.nonce};
    signature sig; /* v, r, s behind selector, authorizer and nonce */
    memcpy(sig.b, d.data + 4 + 96, 64);
    sig.b[64] = d.data[4 + 95];
    address by;
    assert_true(sig_recover(typed_digest(&cancel, NULL, NULL), &sig, &by));
    assert_true(address_eq(by, p.typed.from));
    ok(purse_state_load(w.p, &s, &e));
    assert_true(s.unlocked && s.verified && !s.killed);
    assert_int_equal(s.n_open, 1);
    assert_memory_equal(&s.open[0].call, &p.call, sizeof p.call);
    assert_true(s.limits >= 2);
    purse_state_release(&s);
    world_lock(&w.s);
    ok(purse_state_load(w.p, &s, &e));
    assert_true(!s.unlocked && !s.verified);
    assert_int_equal(s.n_open, 1);
    bool spent = false;
    for (size_t i = 0; i < s.limits; i++)
        spent |= address_eq(s.limit[i].limits.asset.token, w.usdc.token) &&
                 s.limit[i].limits.asset.chain == 8453 &&
                 u256_cmp(s.limit[i].spent.day, num(10000)) == 0;
    assert_true(spent);
    purse_state_release(&s);
    memset(&rq.call, 1, sizeof rq.call);
    refused(world_draft(&w, &rq, &d, &e), SOUK_ENOTFOUND, "no such call");
}

static struct allowance_row given[8];
static size_t n_given;

static void take_allowances(void *ud, const struct allowance_row *r, size_t n,
                            const struct err *why)
{
    (void)ud;
    (void)why;
    n_given = n;
    if (n > 0)
        memcpy(given, r, n * sizeof *r);
}

static souk_err allowances(void)
{
    return purse_wait(w.p, purse_allowances(w.p, purse_address(w.p), take_allowances, NULL), &e);
}

static void allowances_by_logs_and_by_heart(void **state)
{
    (void)state;
    char text[1024], owner[ADDRESS_BUF];
    snprintf(text, sizeof text,
             "[{\"address\":\"0x833589fcd6edb6e08f4c7c32d4f71b54bda02913\",\"topics\":["
             "\"0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925\","
             "\"0x000000000000000000000000%s\","
             "\"0x0000000000000000000000001111111111111111111111111111111111111111\"],"
             "\"data\":\"0x%064x\",\"blockNumber\":\"0x5\",\"blockHash\":\"0x%064x\","
             "\"transactionHash\":\"0x%064x\",\"logIndex\":\"0x0\"}]",
             address_format(purse_address(w.p), owner) + 2, 9, 5, 6);
    w.chain.logs = text;
    ok(allowances());
    assert_int_equal(n_given, 0); /* all are 0 by now */
    w.chain.allowance = num(12);
    w.chain.range = 30; /* fewer than the profile would ask for */
    ok(allowances());
    assert_int_equal(n_given, 4); /* Permit2, two proxies, and who the log named */
    assert_string_equal(given[0].spender_name, "Permit2");
    assert_null(given[3].spender_name);
    assert_int_equal(given[3].spender.b[5], 0x11);
    same(given[3].amount, 12);
    assert_false(given[3].unlimited);
    w.chain.allowance = NO_CAP;
    ok(allowances());
    assert_true(given[0].unlimited);
}

static void a_call_may_be_dropped(void **state)
{
    (void)state;
    struct draft_request rq = sending(1);
    struct draft d;
    purse_drop(purse_draft(w.p, &rq, NULL, NULL));
    purse_drop(purse_balances(w.p, purse_address(w.p), take_balances, NULL));
    struct purse_call *c = purse_draft(w.p, &rq, NULL, NULL);
    loop_step(w.loop, -1); /* on its lane now */
    purse_drop(c);
    ok(world_draft(&w, &rq, &d, &e));
}

static void who_is_chosen(void **state)
{
    (void)state;
    char name[WALLET_NAME];
    /* The only one there is has a weak lock, for play money: not taken unasked. */
    refused(purse_chosen("t", name, &e), SOUK_ENOTFOUND, "no wallet yet");
    ok(purse_chosen("devnet", name, &e));
    assert_string_equal(name, "w");
    ok(purse_choose("t", "w", &e));
    ok(purse_chosen("t", name, &e));
    assert_string_equal(name, "w");
    assert_int_equal(purse_choose("t", "nobody", &e), SOUK_ENOTFOUND);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(balances_come_without_multicall),
        TEST(a_node_on_another_chain_is_not_believed),
        TEST(a_node_that_is_behind_gets_time),
        cmocka_unit_test_setup_teardown(two_nodes_must_agree, setup_two, teardown),
        TEST(a_draft_says_what_will_be),
        TEST(all_of_it),
        TEST(what_cannot_be_is_said),
        TEST(a_fee_a_thousand_times_too_high_is_refused),
        TEST(a_listing_is_drafted_and_sent),
        TEST(what_could_not_be_listed_is_said),
        TEST(the_contract_is_deployed_by_the_proxy),
        TEST(a_locked_wallet_still_drafts),
        TEST(sent_and_mined),
        TEST(the_next_number_is_above_our_own),
        TEST(hurried),
        TEST(dropped),
        TEST(a_refused_one_gives_its_number_back),
        TEST(kept_before_it_is_sent_and_sent_again),
        TEST(an_open_signature_is_cancelled),
        TEST(allowances_by_logs_and_by_heart),
        TEST(a_call_may_be_dropped),
        TEST(who_is_chosen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
