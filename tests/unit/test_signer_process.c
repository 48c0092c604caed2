/* The real souk-signer, over its socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "base/paths.h"
#include "signer_world.h"

#include "base/banned.h"

static struct signer_world w;
static struct err e;

static int setup(void **state)
{
    (void)state;
    signer_world_make(&w);
    world_unlock(&w, w.d.now);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    signer_world_remove(&w);
    return 0;
}

static bool signed_by_payer(const struct typed *t, const signature *s)
{
    address who;
    return sig_recover(typed_digest(t, NULL, NULL), s, &who) && address_eq(who, w.d.payer);
}

static void it_pays_within_the_limits_and_never_twice(void **state)
{
    (void)state;
    struct signer_payment p = world_payment(&w, 1);
    struct signer_answer a, again;
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
    assert_int_equal(a.refusal, REFUSE_NETWORK); /* nothing was allowed yet */
    world_set_limits(&w);
    p.try_only = true;
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_OK);
    assert_int_equal(a.refusal, REFUSE_NOT);
    assert_true(sig_parse(a.sig.b, sizeof a.sig.b, &a.sig) == false);
    p.try_only = false;
    if (signer_pay(w.s, &p, &a, &e))
        fail_msg("%s", e.msg);
    assert_true(signed_by_payer(&p.typed, &a.sig));
    assert_false(a.again);
    assert_non_null(strstr(a.meaning, "Pay 0.01 USDC\nto 0x 845C 7A19 7940"));
    assert_false(signer_pay(w.s, &p, &again, &e));
    assert_true(again.again);
    assert_memory_equal(again.sig.b, a.sig.b, sizeof a.sig.b);
    assert_int_equal(again.pinned_paid, 1);
    p.typed.amount = u256_from_u64(9999);
    assert_int_equal(signer_pay(w.s, &p, &again, &e), SOUK_ELIMIT);
    assert_int_equal(again.refusal, REFUSE_ANOTHER);
    struct signer_state st;
    assert_false(signer_state(w.s, &st, &e));
    assert_int_equal(st.open, 1);
    assert_true(st.witness);
    assert_string_equal(st.card.name, "w");
    assert_true(address_eq(st.card.account[0], w.d.payer));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_pays_within_the_limits_and_never_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
