#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "eth/trie.h"
#include "vectors.h"

/*
 * block-vectors.json: blocks of anvil under each fork's rules, with the receipts of calls that log
 * (three logs), fail, and of every type of transaction; Ethereum's genesis; a block of an OP-stack
 * chain. And the receipts roots of blocks with n plain transfers.
 */

static void same(bytes32 have, bytes32 want, const char *what)
{
    char h[HASH_BUF], w[HASH_BUF];
    if (memcmp(&have, &want, sizeof have) != 0)
        fail_msg("%s: %s, not %s", what, bytes32_format(have, h), bytes32_format(want, w));
}

static void headers_and_receipts_of_every_fork(void **state)
{
    (void)state;
    json *v = vectors_load("block-vectors.json");
    size_t blocks = 0, receipts = 0;
    for (const json *b = json_first(json_get(v, "blocks")); b != NULL; b = json_next(b)) {
        const json *block = json_get(b, "block");
        bytes32 hash = {{0}}, named = hash, root = hash;
        struct arena a;
        struct err e = {0};
        arena_init(&a, 1 << 20);
        if (header_hash(block, &hash, &named, &e) != SOUK_OK ||
            receipts_root(json_get(b, "receipts"), &a, &root, &e) != SOUK_OK)
            fail_msg("%s: %s", json_cstr(b, "what"), e.msg);
        same(hash, vector_bytes32(block, "hash"), json_cstr(b, "what"));
        same(named, vector_bytes32(block, "receiptsRoot"), json_cstr(b, "what"));
        same(root, named, json_cstr(b, "what"));
        for (const json *r = json_first(json_get(b, "receipts")); r != NULL; r = json_next(r))
            receipts++;
        blocks++;
        arena_release(&a);
    }
    assert_int_equal(blocks, 15);
    assert_int_equal(receipts, 27);
    json_free(v);
}

/* Before EIP-658 a receipt had the state's root where the status is now. */
static void a_receipt_before_the_status(void **state)
{
    (void)state;
    char text[1200], zeros[513];
    struct trie_item item;
    struct arena a;
    struct err e = {0};
    memset(zeros, '0', 512);
    zeros[512] = '\0';
    int n = snprintf(text, sizeof text,
                     "{\"root\":\"0x%.62s2a\",\"cumulativeGasUsed\":\"0x5208\",\"logsBloom\":"
                     "\"0x%s\",\"logs\":[]}",
                     zeros, zeros);
    json *j = json_parse(text, (size_t)n, "a receipt", &e);
    arena_init(&a, 1 << 16);
    assert_int_equal(receipt_encode(j, &a, &item, &e), SOUK_OK);
    /* f90129, a0 and the root, 82 5208, b90100 and the bloom, c0 */
    assert_int_equal(item.n, 3 + 33 + 3 + 3 + 256 + 1);
    static const uint8_t head[] = {0xf9, 0x01, 0x28, 0xa0};
    assert_memory_equal(item.p, head, sizeof head);
    assert_int_equal(item.p[35], 0x2a);
    static const uint8_t gas[] = {0x82, 0x52, 0x08, 0xb9, 0x01, 0x00};
    assert_memory_equal(item.p + 36, gas, sizeof gas);
    assert_int_equal(item.p[item.n - 1], 0xc0);
    json_free(j);
    arena_release(&a);
}

/* The receipt of a plain transfer, the i-th of a block of nothing else. */
static void transfer(uint8_t out[400], size_t i, struct trie_item *item)
{
    uint64_t gas = 21000 * (i + 1);
    size_t bytes = gas > 0xffffff ? 4 : gas > 0xffff ? 3 : 2, payload = 1 + 1 + bytes + 3 + 256 + 1;
    uint8_t *p = out;
    *p++ = 0xf9;
    *p++ = (uint8_t)(payload >> 8);
    *p++ = (uint8_t)payload;
    *p++ = 0x01;
    *p++ = (uint8_t)(0x80 + bytes);
    for (size_t k = bytes; k > 0; k--)
        *p++ = (uint8_t)(gas >> (8 * (k - 1)));
    *p++ = 0xb9;
    *p++ = 0x01;
    *p++ = 0x00;
    memset(p, 0, 256);
    p += 256;
    *p++ = 0xc0;
    *item = (struct trie_item){out, (size_t)(p - out)};
}

static void roots_of_long_lists(void **state)
{
    (void)state;
    enum { MOST = 300 };
    json *v = vectors_load("block-vectors.json");
    uint8_t(*bytes)[400] = mem_array(MOST, sizeof *bytes);
    struct trie_item *item = mem_array(MOST, sizeof *item);
    size_t lists = 0;
    assert_non_null(bytes);
    assert_non_null(item);
    for (size_t i = 0; i < MOST; i++)
        transfer(bytes[i], i, &item[i]);
    for (const json *t = json_first(json_get(v, "transfers")); t != NULL; t = json_next(t)) {
        char what[40];
        uint64_t n = vector_u64(t, "n");
        assert_true(n <= MOST);
        snprintf(what, sizeof what, "%u receipts", (unsigned)n);
        same(trie_list_root(item, n), vector_bytes32(t, "root"), what);
        lists++;
    }
    assert_int_equal(lists, 14);
    mem_free(bytes);
    mem_free(item);
    json_free(v);
}

/* Items so short that nodes lie inside the nodes above them, worked out by hand. */
static void roots_of_short_items(void **state)
{
    (void)state;
    static const uint8_t one[] = {0x01}, two[] = {0x02};
    const struct trie_item both[] = {{one, 1}, {two, 1}};
    same(trie_list_root(NULL, 0), keccak256("\x80", 1), "no item");
    /* key 80: a leaf of the even path 8, 0 */
    static const uint8_t leaf[] = {0xc4, 0x82, 0x20, 0x80, 0x01};
    same(trie_list_root(both, 1), keccak256(leaf, sizeof leaf), "one item");
    /* keys 80 and 01: a branch, below 0 a leaf of the odd path 1, below 8 one of the odd path 0 */
    uint8_t branch[1 + 16 + 2 * 2 + 1], *p = branch;
    *p++ = 0xc0 + sizeof branch - 1;
    *p++ = 0xc2, *p++ = 0x31, *p++ = 0x02;
    memset(p, 0x80, 7), p += 7;
    *p++ = 0xc2, *p++ = 0x30, *p++ = 0x01;
    memset(p, 0x80, 8), p += 8;
    assert_ptr_equal(p, branch + sizeof branch);
    same(trie_list_root(both, 2), keccak256(branch, sizeof branch), "two items");
}

/* Takes a member away or makes nonsense of it. */
static void spoil(json *j, const char *key, int how)
{
    cJSON_DeleteItemFromObjectCaseSensitive(j, key);
    if (how == 1)
        cJSON_AddItemToObject(j, key, cJSON_CreateString("0x1zz"));
    if (how == 2)
        cJSON_AddItemToObject(j, key, cJSON_CreateNumber(7));
}

static void what_cannot_be_read_is_said(void **state)
{
    (void)state;
    static const char *const header[] = {"parentHash", "miner",      "receiptsRoot", "logsBloom",
                                         "number",     "nonce",      "extraData",    "gasUsed",
                                         "mixHash",    "difficulty", "stateRoot",    "timestamp"},
                             *const receipt[] = {"status", "cumulativeGasUsed", "logsBloom",
                                                 "logs"};
    json *v = vectors_load("block-vectors.json");
    const json *b = json_first(json_get(v, "blocks"));
    while (json_first(json_get(b, "receipts")) == NULL)
        b = json_next(b);
    bytes32 hash, root;
    struct trie_item item;
    struct arena a;
    struct err e;
    arena_init(&a, 1 << 20);
    for (int how = 0; how < 3; how++) {
        for (size_t i = 0; i < sizeof header / sizeof header[0]; i++) {
            json *copy = cJSON_Duplicate(json_get(b, "block"), true);
            spoil(copy, header[i], how);
            assert_int_equal(header_hash(copy, &hash, &root, &e), SOUK_ENET);
            assert_non_null(strstr(e.msg, header[i]));
            json_free(copy);
        }
        for (size_t i = 0; i < sizeof receipt / sizeof receipt[0]; i++) {
            json *copy = cJSON_Duplicate(json_first(json_get(b, "receipts")), true);
            spoil(copy, receipt[i], how);
            assert_int_equal(receipt_encode(copy, &a, &item, &e), SOUK_ENET);
            assert_non_null(strstr(e.msg, receipt[i]));
            json_free(copy);
        }
    }
    json *copy = cJSON_Duplicate(json_first(json_get(b, "receipts")), true);
    cJSON_ReplaceItemInObjectCaseSensitive(copy, "type", cJSON_CreateString("0x64"));
    assert_int_equal(receipt_encode(copy, &a, &item, &e), SOUK_ENET);
    assert_non_null(strstr(e.msg, "type 0x64"));
    json_free(copy);
    /* A field of a later fork without those before it belongs to no header. */
    copy = cJSON_Duplicate(json_get(b, "block"), true);
    cJSON_DeleteItemFromObjectCaseSensitive(copy, "baseFeePerGas");
    cJSON_AddItemToObject(copy, "blobGasUsed", cJSON_CreateString("0x0"));
    assert_int_equal(header_hash(copy, &hash, &root, &e), SOUK_ENET);
    assert_non_null(strstr(e.msg, "blobGasUsed"));
    json_free(copy);
    assert_int_equal(receipts_root(NULL, &a, &root, &e), SOUK_ENET);
    arena_release(&a);
    json_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_receipts_of_every_fork),
        cmocka_unit_test(a_receipt_before_the_status),
        cmocka_unit_test(roots_of_long_lists),
        cmocka_unit_test(roots_of_short_items),
        cmocka_unit_test(what_cannot_be_read_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
