/* sync_decode: which answers about a range are believed, and which are sent back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "market/sync/internal.h"

#define ZEROS   "00000000000000000000000000000000000000000000000000000000000000"
#define HASH(x) "0x" ZEROS x
#define BLOCK(id, number, hash, parent)               \
    "{\"id\":" id ",\"result\":{\"number\":\"" number \
    "\",\"hash\":\"" HASH(hash) "\",\"parentHash\":\"" HASH(parent) "\",\"timestamp\":\"0x64\"}}"
#define LOG_ALL(from, data, block, hash, index, rest)              \
    "{\"address\":\"0x00000000000000000000000000000000000000" from \
    "\",\"topics\":[],\"data\":\"0x" data "\","                    \
    "\"blockNumber\":\"" block                                     \
    "\",\"blockHash\":\"" HASH(hash) "\",\"logIndex\":\"" index    \
                                     "\",\"transactionHash\":\"" HASH("77") "\"" rest "}"
#define LOG_OF(from, block, hash, index, rest)   LOG_ALL(from, "", block, hash, index, rest)
#define LOG_WITH(data, block, hash, index, rest) LOG_ALL("f4", data, block, hash, index, rest)
#define LOG(block, hash, index, rest)            LOG_OF("f4", block, hash, index, rest)
/* Blocks 10 to 12, hashes 0a to 0c. */
#define ANSWER(logs)                                              \
    "[" BLOCK("1", "0xa", "0a", "09") "," BLOCK("2", "0xc", "0c", \
                                                "0b") ",{\"id\":3,\"result\":[" logs "]}]"
#define TIMED ",\"blockTimestamp\":\"0x5a\""

static struct network net;
static struct sync sync_of;
static struct chain chain;
static struct filter filter;

static int set_up(void **state)
{
    (void)state;
    net.inference_emitter.b[19] = 0xf4;
    sync_of.net = &net;
    chain = (struct chain){.s = &sync_of, .label = "the test chain"};
    filter = (struct filter){.chain = &chain, .kind = LOGS_INFERENCES, .name = "inferences"};
    return 0;
}

static enum verdict read_range(struct batch *b, uint64_t first, uint64_t last, const char *text,
                               struct err *e)
{
    struct buf body;
    uint64_t blocks;
    buf_init(&body, 1 << 20);
    buf_adds(&body, text);
    batch_init(b, &filter, first, last);
    b->asked = 3;
    enum verdict v = batch_read(b, &body, &blocks, e);
    buf_release(&body);
    return v;
}

static void expect(const char *text, enum verdict verdict, const char *words)
{
    struct batch b;
    struct err e = {0};
    assert_int_equal(read_range(&b, 10, 12, text, &e), verdict);
    if (strstr(e.msg, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.msg, words);
    batch_release(&b);
}

static void test_good(void **state)
{
    struct batch b;
    struct err e = {0};
    (void)state;
    /* Out of order, one twice, times given only where they are needed. */
    const char *text =
        ANSWER(LOG("0xc", "0c", "0x1", "") "," LOG("0xb", "0b", "0x0", TIMED) "," LOG(
            "0xc", "0c", "0x0", "") "," LOG("0xb", "0b", "0x0", TIMED));
    assert_int_equal(read_range(&b, 10, 12, text, &e), BATCH_OK);
    assert_int_equal(b.logs, 3);
    assert_int_equal(b.log[0].block, 11);
    assert_int_equal(b.log[0].time, 0x5a);
    assert_int_equal(b.log[1].block, 12);
    assert_int_equal(b.log[1].index, 0);
    assert_int_equal(b.log[1].time, 0x64);
    batch_release(&b);
    expect(ANSWER(""), BATCH_OK, "");
}

static void test_refused(void **state)
{
    (void)state;
    expect(ANSWER(LOG("0xb", "0b", "0x0", ",\"removed\":true")), BATCH_REFUSED, "taken back");
    expect(ANSWER(LOG("0xd", "0d", "0x0", "")), BATCH_REFUSED, "other blocks");
    expect(ANSWER(LOG_OF("f5", "0xb", "0b", "0x0", "")), BATCH_REFUSED, "other contracts");
    expect(ANSWER(LOG("0xc", "0b", "0x0", "")), BATCH_REFUSED, "another block");
    expect(ANSWER(LOG("0xc", "0c", "0x0", TIMED)), BATCH_REFUSED, "another time");
    expect(ANSWER(LOG("0xb", "0b", "0x0", TIMED) "," LOG("0xb", "0e", "0x1", TIMED)), BATCH_REFUSED,
           "two hashes");
    expect(ANSWER(LOG("0xb", "0b", "0x0", TIMED) "," LOG_WITH("01", "0xb", "0b", "0x0", TIMED)),
           BATCH_REFUSED, "same place");
    expect(ANSWER("{\"address\":1}"), BATCH_REFUSED, "cannot be read");
    expect(
        "[" BLOCK("1", "0xa", "0a", "09") ",{\"id\":2,\"result\":null},{\"id\":3,\"result\":[]}]",
        BATCH_REFUSED, "all of these blocks");
    expect("[" BLOCK("1", "0xb", "0a", "09") "," BLOCK("2", "0xc", "0c",
                                                       "0b") ",{\"id\":3,\"result\":[]}]",
           BATCH_REFUSED, "other blocks");
    expect("[" BLOCK("1", "0xa", "0a", "09") "," BLOCK("2", "0xc", "0c",
                                                       "0b") ",{\"id\":3,\"result\":{}}]",
           BATCH_REFUSED, "no list");
    expect("[" BLOCK("1", "0xa", "0a", "09") "," BLOCK(
               "2", "0xc", "0c", "0b") ",{\"id\":3,\"Result\":[7],\"result\":7}]",
           BATCH_REFUSED, "no list");
    expect("[", BATCH_REFUSED, "the test chain");
    expect("<html>", BATCH_REFUSED, "the test chain");
    expect("", BATCH_REFUSED, "the test chain");
}

static void test_one_block(void **state)
{
    struct batch b;
    struct err e = {0};
    (void)state;
    assert_int_equal(read_range(&b, 10, 10,
                                "[" BLOCK("1", "0xa", "0a", "09") "," BLOCK(
                                    "2", "0xa", "1a", "09") ",{\"id\":3,\"result\":[]}]",
                                &e),
                     BATCH_REFUSED);
    batch_release(&b);
}

static void test_node_errors(void **state)
{
    (void)state;
    expect("[" BLOCK("1", "0xa", "0a", "09") "," BLOCK(
               "2", "0xc", "0c", "0b") ",{\"id\":3,\"error\":{\"code\":-32005,\"message\":\"query "
                                       "returned more than 10000 results\"}}]",
           BATCH_SMALLER, "10000 results");
    expect("[" BLOCK("1", "0xa", "0a", "09") "," BLOCK(
               "2", "0xc", "0c",
               "0b") ",{\"id\":3,\"error\":{\"code\":-32603,\"message\":\"disk on fire\"}}]",
           BATCH_REFUSED, "disk on fire");
}

static void test_follows_the_cursor(void **state)
{
    (void)state;
    filter.has_cursor = true;
    filter.cursor.block = 9;
    filter.cursor.hash.b[31] = 0x09;
    expect(ANSWER(""), BATCH_OK, "");
    filter.cursor.hash.b[31] = 0x08;
    expect(ANSWER(""), BATCH_REORG, "");
    filter.cursor.block = 8; /* not its neighbour: nothing to compare */
    expect(ANSWER(""), BATCH_OK, "");
    filter.has_cursor = false;
}

static enum verdict read_more(struct batch *b, const char *text, struct err *e)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_adds(&body, text);
    enum verdict v = batch_read_more(b, &body, e);
    buf_release(&body);
    return v;
}

static void test_times(void **state)
{
    static const char *const wrong[] = {"{\"id\":1,\"result\":null}", BLOCK("1", "0xa", "0b", "0a"),
                                        BLOCK("1", "0xb", "0e", "0a")};
    struct batch b;
    struct err e = {0};
    (void)state;
    for (size_t i = 0; i <= sizeof wrong / sizeof wrong[0]; i++) {
        struct rpc_call call[BATCH_MORE_MAX];
        struct buf text;
        size_t n = 0;
        assert_int_equal(read_range(&b, 10, 12, ANSWER(LOG("0xb", "0b", "0x0", "")), &e),
                         BATCH_MORE);
        buf_init(&text, 1 << 16);
        assert_int_equal(batch_ask_more(&b, &text, call, &n, &e), SOUK_OK);
        assert_int_equal(n, 1);
        assert_string_equal(call[0].method, "eth_getBlockByNumber");
        assert_string_equal(call[0].params, "[\"0xb\",false]");
        buf_release(&text);
        if (i < sizeof wrong / sizeof wrong[0]) {
            assert_int_equal(read_more(&b, wrong[i], &e), BATCH_REFUSED);
        } else {
            assert_int_equal(read_more(&b, BLOCK("1", "0xb", "0b", "0a"), &e), BATCH_OK);
            assert_int_equal(b.log[0].time, 0x64);
        }
        batch_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_one_block),
        cmocka_unit_test(test_node_errors),
        cmocka_unit_test(test_follows_the_cursor),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
