/* sync_pay: which Transfer of a transaction was a payment, and which proof belongs to which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

enum { ROOM = 64, WORDS = 16 };

/* Addresses are one byte repeated: tokens 0xA., people 1, 2, 3…, the proxies 0xE0 and 0xE1, a
 * channel 0xE2, an escrow 0xE3, its operator's store 0xE4, collectors 0xE5. */
enum {
    USDC = 0xa0,
    OPG = 0xa1,
    EXACT = 0xe0,
    UPTO = 0xe1,
    CHANNEL = 0xe2,
    ESCROW = 0xe3,
    STORE = 0xe4,
    COLLECTOR = 0xe5,
    FEES = 0xe6
};

struct tx {
    struct eth_log log[ROOM];
    uint8_t value[ROOM][32 * WORDS];
    size_t n;
    uint64_t next; /* log index */
};

static struct network net;

static address who(int c)
{
    address a;
    memset(a.b, c, sizeof a.b);
    return a;
}

static bytes32 topic_of(int c)
{
    bytes32 t = {{0}};
    memset(t.b + 12, c, 20);
    return t;
}

static struct eth_log *add(struct tx *t, int from, enum event_kind k, unsigned topics)
{
    struct eth_log *l = &t->log[t->n++];
    *l = (struct eth_log){.from = who(from), .topics = topics, .index = t->next++, .block = 7};
    l->topic[0] = event_topic(k);
    return l;
}

static void transfer(struct tx *t, int token, int from, int to, uint64_t amount)
{
    uint8_t *value = t->value[t->n];
    struct eth_log *l = add(t, token, EV_TRANSFER, 3);
    l->topic[1] = topic_of(from);
    l->topic[2] = topic_of(to);
    u256_to_be(u256_from_u64(amount), value);
    l->data = value;
    l->data_len = 32;
}

static void used(struct tx *t, int token, int payer)
{
    struct eth_log *l = add(t, token, EV_AUTHORIZATION_USED, 3);
    l->topic[1] = topic_of(payer);
}

static void settled(struct tx *t, int proxy)
{
    add(t, proxy, EV_SETTLED, 1);
}

/* What a transaction before this one told of an escrow's payment. */
static struct escrow_in before;
static bool told_before(void *ud, bytes32 hash, struct escrow_in *out)
{
    (void)ud;
    *out = before;
    return memcmp(&before.hash, &hash, sizeof hash) == 0 && !address_is_zero(before.payer);
}

static bool sure;
static size_t pair(const struct tx *t, struct paid *out)
{
    const struct pay_facts facts = {.net = &net, .escrow = told_before};
    return pay_pair(&facts, t->log, t->n, out, &sure);
}

/* The transfers in order, as letters: 3 EIP-3009, 2 Permit2, u upto, b channel, e escrow, r refund;
 * d deposit, w withdrawal, - nothing. */
static void expect(const struct tx *t, const char *letters)
{
    static const char letter[] = {
        [PAY_EIP3009] = '3', [PAY_PERMIT2] = '2', [PAY_UPTO] = 'u',  [PAY_BATCH] = 'b',
        [PAY_ESCROW] = 'e',  [PAY_REFUND] = 'r',  [PAY_PLAIN] = '-',
    };
    static const char flow[] = {[FLOW_PLAIN] = '-', [FLOW_DEPOSIT] = 'd', [FLOW_WITHDRAWAL] = 'w'};
    struct paid out[ROOM];
    char got[ROOM + 1] = "";
    size_t n = pair(t, out);
    for (size_t i = 0; i < n; i++) {
        got[i] = out[i].scheme == PAY_PLAIN ? flow[out[i].flow] : letter[out[i].scheme];
        if (out[i].scheme != PAY_PLAIN)
            assert_int_equal(out[i].flow, FLOW_PLAIN);
    }
    assert_string_equal(got, letters);
}

static void word_at(uint8_t *data, size_t i, int a)
{
    memset(data + 32 * i, 0, 12);
    memset(data + 32 * i + 12, a, 20);
}

/* An escrow's event. info: PaymentInfo of payer 1, receiver 2, and this token; fee: what stands in
 * its place in the event, UINT64_MAX: there is none. */
static void escrow(struct tx *t, int from, enum event_kind k, int hash, int token, uint64_t amount,
                   uint64_t fee)
{
    uint8_t *data = t->value[t->n];
    struct eth_log *l = add(t, from, k, 2);
    size_t n = 0;
    memset(data, 0, 32 * WORDS);
    memset(l->topic[1].b, hash, sizeof(bytes32));
    if (k == EV_PAYMENT_AUTHORIZED || k == EV_PAYMENT_CHARGED || k == EV_PAYMENT_CHARGED_FEE) {
        word_at(data, 1, 1);
        word_at(data, 2, 2);
        word_at(data, 3, token);
        n = 12;
    }
    u256_to_be(u256_from_u64(amount), data + 32 * n++);
    if (n > 1 || k == EV_PAYMENT_REFUNDED)
        word_at(data, n++, COLLECTOR);
    if (fee != UINT64_MAX) {
        u256_to_be(u256_from_u64(fee), data + 32 * n++);
        word_at(data, n++, FEES);
    }
    l->data = data;
    l->data_len = 32 * n;
}

static void channel_settled(struct tx *t, int from, int token, int receiver, uint64_t amount)
{
    uint8_t *value = t->value[t->n];
    struct eth_log *l = add(t, from, EV_CHANNEL_SETTLED, 4);
    l->topic[1] = topic_of(receiver);
    l->topic[2] = topic_of(token);
    l->topic[3] = topic_of(9);
    u256_to_be(u256_from_u64(amount), value);
    l->data = value;
    l->data_len = 32;
}

static void test_fields(void **state)
{
    struct tx t = {0};
    struct paid out[ROOM];
    (void)state;
    used(&t, USDC, 1);
    transfer(&t, USDC, 1, 2, 250);
    assert_int_equal(pair(&t, out), 1);
    assert_true(address_eq(out[0].from, who(1)) && address_eq(out[0].to, who(2)));
    assert_true(address_eq(out[0].payer, who(1)));
    assert_true(address_eq(out[0].payee, who(2)));
    assert_int_equal(u256_cmp(out[0].amount, u256_from_u64(250)), 0);
    assert_ptr_equal(out[0].log, &t.log[1]);
}

static void test_authorised(void **state)
{
    struct tx t = {0};
    (void)state;
    transfer(&t, USDC, 1, 2, 5); /* plain, of the same payer */
    used(&t, USDC, 1);
    transfer(&t, USDC, 1, 3, 6);
    expect(&t, "-3");
    used(&t, USDC, 1); /* without a neighbour: what is left of his, before */
    expect(&t, "33");
    used(&t, USDC, 1); /* one too many proves nothing */
    expect(&t, "33");
}

static void test_authorised_neighbour_first(void **state)
{
    struct tx t = {0};
    (void)state;
    used(&t, USDC, 1); /* its own transfer is further on */
    used(&t, USDC, 1);
    transfer(&t, USDC, 1, 2, 5);
    t.next++; /* a log that was not asked for */
    transfer(&t, USDC, 1, 3, 6);
    transfer(&t, USDC, 1, 4, 7);
    expect(&t, "33-");
}

static void test_authorised_by_another(void **state)
{
    struct tx t = {0};
    (void)state;
    used(&t, USDC, 9);
    transfer(&t, USDC, 1, 2, 5);
    used(&t, OPG, 1);
    transfer(&t, USDC, 1, 2, 5);
    expect(&t, "--");
}

static void test_settled(void **state)
{
    struct tx t = {0};
    (void)state;
    transfer(&t, OPG, 1, 2, 5);
    settled(&t, EXACT);
    transfer(&t, OPG, 1, 2, 6);
    settled(&t, UPTO);
    transfer(&t, OPG, 3, 2, 7);
    expect(&t, "2u-");
}

static void test_settled_nearest_before(void **state)
{
    struct tx t = {0};
    (void)state;
    settled(&t, EXACT); /* nothing stands before it */
    transfer(&t, OPG, 1, 2, 1);
    transfer(&t, OPG, 1, 2, 2);
    settled(&t, EXACT);
    expect(&t, "-2");
    settled(&t, UPTO);
    expect(&t, "u2");
    settled(&t, UPTO);
    expect(&t, "u2");
}

static void test_settled_leaves_authorised(void **state)
{
    struct tx t = {0};
    (void)state;
    transfer(&t, OPG, 1, 2, 1);
    used(&t, USDC, 4);
    transfer(&t, USDC, 4, 2, 2);
    settled(&t, EXACT); /* the nearest has its proof already */
    expect(&t, "23");
}

static void test_settled_by_a_stranger(void **state)
{
    struct tx t = {0};
    (void)state;
    transfer(&t, OPG, 1, 2, 1);
    settled(&t, 0x55); /* anyone may emit Settled() */
    settled(&t, OPG);
    expect(&t, "-");
}

/* What a gap may hide decides; with the gap filled it is sure. */
static void test_settled_over_a_gap(void **state)
{
    struct tx t = {0};
    (void)state;
    transfer(&t, OPG, 1, 2, 1);
    settled(&t, EXACT);
    expect(&t, "2");
    assert_true(sure);
    t.next++;
    transfer(&t, OPG, 3, 4, 1);
    t.next++; /* another token's Transfer, whose settlement this is */
    settled(&t, EXACT);
    expect(&t, "22");
    assert_false(sure);
}

/* --- payment channels */

/* As the collector for EIP-3009 does it. */
static void collect(struct tx *t, int token, int payer, int to, uint64_t amount)
{
    used(t, token, payer);
    transfer(t, token, payer, COLLECTOR, amount);
    transfer(t, token, COLLECTOR, to, amount);
}

static void test_channel_settles(void **state)
{
    struct tx t = {0};
    struct paid out[ROOM];
    (void)state;
    transfer(&t, USDC, CHANNEL, 2, 50); /* a refund to one who is paid the same, too */
    transfer(&t, USDC, CHANNEL, 2, 50);
    channel_settled(&t, CHANNEL, USDC, 2, 50);
    transfer(&t, OPG, CHANNEL, 3, 7);
    channel_settled(&t, CHANNEL, OPG, 3, 7);
    expect(&t, "wbb");
    pair(&t, out);
    assert_true(address_is_zero(out[1].payer)); /* many payers' money: nobody's */
    assert_true(address_eq(out[1].payee, who(2)));
    assert_true(address_eq(out[2].payee, who(3)));
}

static void test_channel_settles_exactly(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 5; wrong++) {
        struct tx t = {0};
        transfer(&t, USDC, CHANNEL, 2, 50);
        channel_settled(&t, wrong == 0 ? 0x77 : CHANNEL, wrong == 1 ? OPG : USDC,
                        wrong == 2 ? 3 : 2, wrong == 3 ? 51 : 50);
        expect(&t, wrong == 4 ? "b" : "w");
        if (wrong == 4) { /* nor a second time */
            channel_settled(&t, CHANNEL, USDC, 2, 50);
            expect(&t, "b");
        }
    }
}

static void test_channel_deposits(void **state)
{
    struct tx t = {0};
    (void)state;
    transfer(&t, OPG, 1, CHANNEL, 9); /* by Permit2 */
    expect(&t, "d");
    collect(&t, USDC, 3, CHANNEL, 50);
    expect(&t, "ddd");
    used(&t, USDC, 3); /* his payment in the same transaction is one all the same */
    transfer(&t, USDC, 3, 2, 50);
    expect(&t, "ddd3");
    transfer(&t, USDC, CHANNEL, 3, 20);
    expect(&t, "ddd3w");
}

/* An authorisation that a deposit used up does not reach for another transfer of the payer's. */
static void test_channel_deposit_uses_its_authorisation(void **state)
{
    struct tx t = {0};
    (void)state;
    collect(&t, USDC, 3, CHANNEL, 50);
    transfer(&t, USDC, 3, 2, 50);
    expect(&t, "dd-");
    settled(&t, EXACT);
    expect(&t, "dd2");
}

/* --- escrows */

static void authorize(struct tx *t, int hash, int token, uint64_t amount)
{
    escrow(t, ESCROW, EV_PAYMENT_AUTHORIZED, hash, token, amount, UINT64_MAX);
    collect(t, token, 1, STORE, amount);
}

static void capture(struct tx *t, int hash, int token, uint64_t amount, uint64_t bps)
{
    uint64_t fee = amount * bps / 10000;
    escrow(t, ESCROW, EV_PAYMENT_CAPTURED, hash, 0, amount, bps);
    if (fee > 0)
        transfer(t, token, STORE, FEES, fee);
    transfer(t, token, STORE, 2, amount - fee);
}

static void test_authorize_then_capture(void **state)
{
    struct tx t = {0};
    struct paid out[ROOM];
    (void)state;
    authorize(&t, 5, USDC, 1000);
    expect(&t, "dd"); /* no income yet */
    capture(&t, 5, USDC, 400, 0);
    capture(&t, 5, USDC, 600, 250);
    expect(&t, "dde-e");
    pair(&t, out);
    assert_true(address_eq(out[4].payer, who(1)) && address_eq(out[4].payee, who(2)));
    assert_int_equal(u256_cmp(out[4].amount, u256_from_u64(585)), 0);
}

static void test_capture_of_another_transaction(void **state)
{
    struct tx t = {0};
    struct paid out[ROOM];
    (void)state;
    capture(&t, 5, USDC, 400, 250);
    expect(&t, "-e");
    pair(&t, out);
    assert_true(address_is_zero(out[1].payer)); /* nobody told whose */
    before = (struct escrow_in){.payer = who(1), .payee = who(2), .asset = who(USDC)};
    memset(before.hash.b, 5, sizeof(bytes32));
    expect(&t, "-e");
    pair(&t, out);
    assert_true(address_eq(out[1].payer, who(1)));
    before.asset = who(OPG); /* known, and then exactly */
    expect(&t, "--");
    before = (struct escrow_in){.chain = 0};
}

/* Two in one transaction of equal amounts, and of unknown payers: each takes what is behind it. */
static void test_captures_side_by_side(void **state)
{
    struct tx t = {0};
    (void)state;
    transfer(&t, USDC, 8, 2, 400);
    capture(&t, 5, USDC, 400, 0);
    capture(&t, 6, USDC, 400, 0);
    transfer(&t, USDC, 8, 2, 400);
    expect(&t, "-ee-");
}

static void test_charge(void **state)
{
    static const struct {
        enum event_kind kind;
        uint64_t fee;
    } version[] = {{EV_PAYMENT_CHARGED, 250}, {EV_PAYMENT_CHARGED_FEE, 25}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tx t = {0};
        struct paid out[ROOM];
        escrow(&t, ESCROW, version[i].kind, 5, USDC, 1000, version[i].fee);
        transfer(&t, USDC, COLLECTOR, 2, 975); /* a collector that wants to be taken for it */
        used(&t, USDC, 1);
        transfer(&t, USDC, 1, COLLECTOR, 1200); /* more than is charged; the rest goes back */
        transfer(&t, USDC, COLLECTOR, 1, 200);
        transfer(&t, USDC, COLLECTOR, STORE, 1000);
        transfer(&t, USDC, STORE, FEES, 25);
        transfer(&t, USDC, STORE, 2, 975);
        expect(&t, "-dwd-e");
        pair(&t, out);
        assert_true(address_eq(out[5].payer, who(1)) && address_eq(out[5].payee, who(2)));
    }
}

static void test_charge_by_permit2(void **state)
{
    struct tx t = {0};
    (void)state;
    escrow(&t, ESCROW, EV_PAYMENT_CHARGED, 5, OPG, 1000, 0);
    transfer(&t, OPG, 1, STORE, 1000);
    transfer(&t, OPG, STORE, 2, 1000);
    transfer(&t, OPG, 1, 2, 1000);
    settled(&t, EXACT);
    expect(&t, "de2");
}

static void test_voided_and_reclaimed(void **state)
{
    struct tx t = {0};
    (void)state;
    authorize(&t, 5, USDC, 1000);
    capture(&t, 5, USDC, 400, 0);
    escrow(&t, ESCROW, EV_PAYMENT_VOIDED, 5, 0, 600, UINT64_MAX);
    transfer(&t, USDC, STORE, 1, 600);
    expect(&t, "ddew");
    escrow(&t, ESCROW, EV_PAYMENT_RECLAIMED, 6, 0, 70, UINT64_MAX); /* of another transaction's */
    transfer(&t, USDC, STORE, 3, 70);
    expect(&t, "ddeww");
}

static void test_refunded(void **state)
{
    struct tx t = {0};
    struct paid out[ROOM];
    (void)state;
    authorize(&t, 5, USDC, 1000);
    capture(&t, 5, USDC, 1000, 0);
    escrow(&t, ESCROW, EV_PAYMENT_REFUNDED, 5, 0, 300, UINT64_MAX);
    transfer(&t, USDC, 7, STORE, 300);
    transfer(&t, USDC, STORE, 1, 300);
    expect(&t, "ddedr");
    pair(&t, out);
    assert_true(address_eq(out[4].payer, who(1)) && address_eq(out[4].payee, who(2)));
    t = (struct tx){0};
    escrow(&t, ESCROW, EV_PAYMENT_REFUNDED, 5, 0, 300, UINT64_MAX); /* of what, nobody knows */
    transfer(&t, USDC, STORE, 1, 300);
    expect(&t, "-");
}

static void test_escrow_forged(void **state)
{
    struct tx t = {0};
    (void)state;
    escrow(&t, 0x77, EV_PAYMENT_CHARGED, 5, USDC, 1000, 0);
    transfer(&t, USDC, 1, STORE, 1000);
    transfer(&t, USDC, STORE, 2, 1000);
    expect(&t, "--");
    /* What the escrow says of a worthless token moves no other. */
    escrow(&t, ESCROW, EV_PAYMENT_CHARGED, 5, 0xaf, 1000, 0);
    transfer(&t, USDC, 1, 2, 1000);
    expect(&t, "---");
    /* And an unknown capture reaches no further than right behind it. */
    escrow(&t, ESCROW, EV_PAYMENT_CAPTURED, 6, 0, 1000, 0);
    t.next += 2;
    transfer(&t, USDC, 1, 2, 1000);
    expect(&t, "----");
}

/* Everything at once, as one multicall may do it. */
static void test_side_by_side(void **state)
{
    struct tx t = {0};
    (void)state;
    authorize(&t, 5, USDC, 1000);
    used(&t, USDC, 1);
    transfer(&t, USDC, 1, 2, 1000); /* the same payer's exact payment of the same amount */
    transfer(&t, USDC, CHANNEL, 2, 1000);
    channel_settled(&t, CHANNEL, USDC, 2, 1000);
    capture(&t, 5, USDC, 1000, 0);
    transfer(&t, USDC, 1, 2, 1000);
    settled(&t, UPTO);
    collect(&t, USDC, 1, CHANNEL, 1000);
    transfer(&t, USDC, 1, 2, 1000);
    expect(&t, "dd3beudd-");
}

static void test_misshapen(void **state)
{
    struct tx t = {0};
    (void)state;
    transfer(&t, OPG, 1, 2, 1);
    t.log[0].topics = 4; /* an NFT's Transfer */
    transfer(&t, OPG, 1, 2, 1);
    t.log[1].data_len = 31;
    settled(&t, EXACT);
    expect(&t, "");
    expect(&(struct tx){0}, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_authorised),
        cmocka_unit_test(test_authorised_neighbour_first),
        cmocka_unit_test(test_authorised_by_another),
        cmocka_unit_test(test_settled),
        cmocka_unit_test(test_settled_nearest_before),
        cmocka_unit_test(test_settled_leaves_authorised),
        cmocka_unit_test(test_settled_by_a_stranger),
        cmocka_unit_test(test_settled_over_a_gap),
        cmocka_unit_test(test_channel_settles),
        cmocka_unit_test(test_channel_settles_exactly),
        cmocka_unit_test(test_channel_deposits),
        cmocka_unit_test(test_channel_deposit_uses_its_authorisation),
        cmocka_unit_test(test_authorize_then_capture),
        cmocka_unit_test(test_capture_of_another_transaction),
        cmocka_unit_test(test_captures_side_by_side),
        cmocka_unit_test(test_charge),
        cmocka_unit_test(test_charge_by_permit2),
        cmocka_unit_test(test_voided_and_reclaimed),
        cmocka_unit_test(test_refunded),
        cmocka_unit_test(test_escrow_forged),
        cmocka_unit_test(test_side_by_side),
        cmocka_unit_test(test_misshapen),
    };
    net.exact_proxy = who(EXACT);
    net.upto_proxy = who(UPTO);
    net.channel[net.channels++] = who(CHANNEL);
    net.escrow[net.escrows++] = who(ESCROW);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
