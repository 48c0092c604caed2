#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eth/eth.h"

static uint8_t data[512];

static struct abi_reader reader(const char *hex)
{
    struct abi_reader r;
    size_t n = (strlen(hex) - 2) / 2;
    assert_true(n <= sizeof data && hex_decode(hex, strlen(hex), data, n));
    abi_reader_init(&r, data, n);
    return r;
}

#define ZEROS_24      "000000000000000000000000000000000000000000000000"
#define WORD(last_16) ZEROS_24 last_16
#define FFS_64        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void words(void **state)
{
    (void)state;
    char text[U256_DEC], hex[HASH_BUF];
    struct abi_reader r = reader("0x" FFS_64 WORD("0de0b6b3a7640001") WORD("0000000000000001")
                                     WORD("0000000000000000") FFS_64);
    assert_string_equal(
        u256_to_dec(abi_u256(&r), text),
        "115792089237316195423570985008687907853269984665640564039457584007913129639935");
    assert_true(abi_u64(&r) == 1000000000000000001);
    assert_true(abi_bool(&r));
    assert_false(abi_bool(&r));
    assert_string_equal(bytes32_format(abi_bytes32(&r), hex), "0x" FFS_64);
    assert_false(r.bad);
    abi_u256(&r);
    assert_true(r.bad); /* nothing is left */
}

static void strings(void **state)
{
    (void)state;
    struct abi_reader r = reader("0x" WORD("0000000000000020") WORD(
        "0000000000000003") "4f50470000000000000000000000000000000000000000000000000000000000");
    struct untrusted s = abi_bytes(&r);
    assert_false(r.bad);
    assert_int_equal(s.n, 3);
    assert_memory_equal(s.p, "OPG", 3);

    r = reader("0x" WORD("0000000000000020") WORD("0000000000000000"));
    s = abi_bytes(&r);
    assert_false(r.bad);
    assert_int_equal(s.n, 0);

    /* A short last word is what hand-written encoders leave; the bytes are all there. */
    r = reader("0x" WORD("0000000000000020") WORD("0000000000000003") "4f5047");
    assert_int_equal(abi_bytes(&r).n, 3);
    assert_false(r.bad);
}

static void results_that_must_be_refused(void **state)
{
    (void)state;
    struct abi_reader r = reader("0x"); /* no contract at that address: not a zero balance */
    assert_true(u256_is_zero(abi_u256(&r)) && r.bad);
    r = reader("0x00000000000000000000000000000000000000000000000000000000000000");
    abi_u256(&r);
    assert_true(r.bad);
    r = reader("0x" WORD("0000000000000002"));
    assert_false(abi_bool(&r));
    assert_true(r.bad);
    r = reader("0x" FFS_64);
    assert_true(abi_u64(&r) == 0 && r.bad);
    r = reader("0x0100000000000000000000000000000000000000000000000000000000000000");
    assert_true(address_is_zero(abi_address(&r)) && r.bad);

    static const char *const bad_strings[] = {
        "0x",
        "0x" FFS_64,
        "0x" WORD("0000000000000021") WORD("0000000000000000"),
        "0x" WORD("0000000000000040") WORD("0000000000000000"),
        "0x" WORD("0000000000000020") WORD("0000000000000001"),
        "0x" WORD("0000000000000020") FFS_64,
        "0x" WORD("0000000000000020") WORD("ffffffffffffffff") WORD("0000000000000000"),
    };
    for (size_t i = 0; i < sizeof bad_strings / sizeof *bad_strings; i++) {
        r = reader(bad_strings[i]);
        assert_null(abi_bytes(&r).p);
        assert_true(r.bad);
    }
}

/* (uint256, (string, bool), uint256): offsets count from the start of their own tuple. */
static void tuples_have_their_own_base(void **state)
{
    (void)state;
    struct abi_reader r = reader("0x" WORD("0000000000000007") WORD("0000000000000060")
                                     WORD("0000000000000009") WORD("0000000000000040")
                                         WORD("0000000000000001") WORD("0000000000000002") "6869");
    assert_true(abi_u64(&r) == 7);
    struct abi_reader t = abi_tuple(&r);
    struct untrusted s = abi_bytes(&t);
    assert_int_equal(s.n, 2);
    assert_memory_equal(s.p, "hi", 2);
    assert_true(abi_bool(&t));
    assert_true(abi_u64(&r) == 9);
    assert_false(r.bad || t.bad);

    r = reader("0x" WORD("0000000000000021"));
    t = abi_tuple(&r);
    assert_true(r.bad && t.bad);
}

static void a_failure_is_remembered(void **state)
{
    (void)state;
    struct abi_reader r = reader("0x" WORD("0000000000000002") WORD("0000000000000001"));
    abi_bool(&r);
    assert_true(abi_u64(&r) == 0); /* would be 1 */
    assert_null(abi_bytes(&r).p);
    assert_true(abi_tuple(&r).bad);
    assert_true(r.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(strings),
        cmocka_unit_test(results_that_must_be_refused),
        cmocka_unit_test(tuples_have_their_own_base),
        cmocka_unit_test(a_failure_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
