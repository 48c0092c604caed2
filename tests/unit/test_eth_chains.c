/* chains.h: version 1's names, and CAIP-2 to the letter. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "eth/chains.h"
#include "vectors.h"

#include "base/banned.h"

static void knows_every_name(void **state)
{
    (void)state;
    json *all = vectors_load("x402-vectors.json");
    const json *names = json_get(json_get(all, "constants"), "v1Networks");
    size_t n = 0;
    for (const json *j = names->child; j; j = j->next, n++)
        assert_int_equal(chain_of_name(untrusted(j->string)), (uint64_t)j->valuedouble);
    assert_int_equal(n, 23);
    assert_int_equal(chain_of_name(untrusted("og-devnet")), 10744);
    static const char *const none[] = {"", "Base", "base ", "bas", "base-", "solana", "8453"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        assert_int_equal(chain_of_name(untrusted(none[i])), 0);
    assert_int_equal(chain_of_name(untrusted_n("base\0", 5)), 0);
    json_free(all);
}

static void reads_caip2_to_the_letter(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool right;
        uint64_t chain;
    } rows[] = {
        {"eip155:1", true, 1},
        {"eip155:84532", true, 84532},
        {"eip155:9007199254740992", true, UINT64_C(1) << 53},
        {"solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", true, 0},
        {"cosmos:cosmoshub-3", true, 0},
        {"a-b:A_z", true, 0},
        {"eip155:9007199254740993", false, 0},
        {"eip155:18446744073709551617", false, 0},
        {"eip155:0", false, 0},
        {"eip155:01", false, 0},
        {"eip155:", false, 0},
        {"eip155:1 ", false, 0},
        {"eip155:0x1", false, 0},
        {"eip155:1:1", false, 0},
        {"eip155:*", false, 0},
        {"EIP155:1", false, 0},
        {":1", false, 0},
        {"ab:1", false, 0},
        {"abcdefghi:1", false, 0},
        {"abc:", false, 0},
        {"abc:a b", false, 0},
        {"abc:0123456789abcdef0123456789abcdef0", false, 0},
        {"abc", false, 0},
        {"", false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t chain = 7;
        if (chain_of_caip2(untrusted(rows[i].text), &chain) != rows[i].right)
            fail_msg("%s", rows[i].text);
        if (rows[i].right)
            assert_int_equal(chain, rows[i].chain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_every_name),
        cmocka_unit_test(reads_caip2_to_the_letter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
