/* sync_pay: which Transfer of a transaction was a payment, and which proof belongs to which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "eth/events.h"
#include "market/sync/internal.h"

enum { ROOM = 32 };

/* Addresses are one byte repeated: tokens 0xA., people 1, 2, 3…, the proxies 0xE0 and 0xE1. */
enum { USDC = 0xa0, OPG = 0xa1, EXACT = 0xe0, UPTO = 0xe1 };

struct tx {
    struct eth_log log[ROOM];
    uint8_t value[ROOM][32];
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

/* The schemes of the transfers in order, as letters: 3 EIP-3009, 2 Permit2, u upto, - nothing. */
static void expect(const struct tx *t, const char *letters)
{
    static const char letter[] = {
        [PAY_EIP3009] = '3', [PAY_PERMIT2] = '2', [PAY_UPTO] = 'u', [PAY_PLAIN] = '-'};
    struct paid out[ROOM];
    char got[ROOM + 1] = "";
    size_t n = pay_pair(&net, t->log, t->n, out);
    for (size_t i = 0; i < n; i++)
        got[i] = letter[out[i].scheme];
    assert_string_equal(got, letters);
}

static void test_fields(void **state)
{
    struct tx t = {0};
    struct paid out[ROOM];
    (void)state;
    used(&t, USDC, 1);
    transfer(&t, USDC, 1, 2, 250);
    assert_int_equal(pay_pair(&net, t.log, t.n, out), 1);
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
        cmocka_unit_test(test_misshapen),
    };
    net.exact_proxy = who(EXACT);
    net.upto_proxy = who(UPTO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
