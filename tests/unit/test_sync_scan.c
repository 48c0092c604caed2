/* sync_scan: what the fast way reads, the general way reads the same; the rest it leaves alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "market/sync/internal.h"

#define H32 "0x1111111111111111111111111111111111111111111111111111111111111111"
#define LOG(index)                                                                               \
    "{\"address\":\"0x00000000000000000000000000000000000000F4\",\"topics\":[\"" H32 "\",\"" H32 \
    "\"],\"data\":\"0x00ff7a\",\"blockHash\":\"" H32 "\",\"blockNumber\":\"0x1f\","              \
    "\"blockTimestamp\":\"0x69200000\",\"transactionHash\":\"" H32                               \
    "\",\"transactionIndex\":\"0x0\",\"logIndex\":\"" index "\",\"removed\":false}"

static const char batch[] = "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"number\":\"0x1f\"}},\n"
                            " {\"jsonrpc\":\"2.0\",\"id\":2,\"result\":[" LOG("0x0") ", " LOG(
                                "0x1") "]},"
                                       "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":[]}]";
static const char single[] = "{\"id\":1,\"result\":[" LOG("0x7") "],\"jsonrpc\":\"2.0\"}";

enum { LISTS = 4, LOGS = 16 };

struct outcome {
    struct arena memory;
    struct buf rest;
    struct scanned list[LISTS];
    size_t lists;
    bool ok;
};

static void scan(struct outcome *o, const char *text, size_t n)
{
    struct buf body;
    buf_init(&body, 1 << 20);
    buf_add(&body, text, n);
    arena_init(&o->memory, 1 << 20);
    buf_init(&o->rest, 1 << 20);
    o->lists = 0;
    o->ok = scan_logs(&body, &o->memory, &o->rest, o->list, LISTS, &o->lists);
    buf_release(&body);
}

static void drop(struct outcome *o)
{
    arena_release(&o->memory);
    buf_release(&o->rest);
}

static void assert_same_log(const struct eth_log *a, const struct eth_log *b)
{
    assert_true(address_eq(a->from, b->from));
    assert_int_equal(a->topics, b->topics);
    assert_memory_equal(a->topic, b->topic, sizeof a->topic);
    assert_int_equal(a->data_len, b->data_len);
    if (a->data_len > 0)
        assert_memory_equal(a->data, b->data, a->data_len);
    assert_int_equal(a->block, b->block);
    assert_int_equal(a->index, b->index);
    assert_memory_equal(&a->tx, &b->tx, sizeof a->tx);
    assert_memory_equal(&a->block_hash, &b->block_hash, sizeof a->block_hash);
    assert_int_equal(a->time, b->time);
    assert_int_equal(a->removed, b->removed);
}

/* Every list the scan took, against the tree of the same text. */
static void assert_as_the_tree(const struct outcome *o, const char *text, size_t n)
{
    struct arena memory;
    struct err e;
    json *whole = json_parse(text, n, "the text", &e);
    json *rest = json_parse(o->rest.p, o->rest.len, "the rest", NULL);
    if (rest == NULL) {
        json_free(whole);
        return; /* the caller goes on with the rest, and is told what is wrong with it */
    }
    if (whole == NULL)
        fail_msg("taken, but %s: %.*s", e.msg, (int)n, text);
    arena_init(&memory, 1 << 20);
    const json *a = cJSON_IsArray(whole) ? json_first(whole) : whole;
    const json *r = cJSON_IsArray(rest) ? json_first(rest) : rest;
    for (; a != NULL; a = json_next(a), r = json_next(r)) {
        const json *list = json_get(a, "result"), *k = json_first(json_get(r, "result"));
        if (!cJSON_IsArray(list))
            continue;
        assert_true(cJSON_IsNumber(k) && (size_t)k->valueint < o->lists);
        const struct scanned *s = &o->list[k->valueint];
        assert_int_equal(cJSON_GetArraySize(list), s->n);
        size_t i = 0;
        for (const json *j = json_first(list); j != NULL; j = json_next(j), i++) {
            struct eth_log log;
            if (eth_log_parse(j, &memory, &log, &e) != SOUK_OK)
                fail_msg("taken, but %s", e.msg);
            assert_same_log(&s->log[i], &log);
        }
    }
    arena_release(&memory);
    json_free(whole);
    json_free(rest);
}

static void test_plain(void **state)
{
    struct outcome o;
    (void)state;
    scan(&o, batch, strlen(batch));
    assert_true(o.ok);
    assert_int_equal(o.lists, 2);
    assert_int_equal(o.list[0].n, 2);
    assert_int_equal(o.list[1].n, 0);
    assert_int_equal(o.list[0].log[1].index, 1);
    assert_int_equal(o.list[0].log[0].time, 0x69200000);
    assert_int_equal(o.list[0].log[0].data_len, 3);
    assert_int_equal(o.list[0].log[0].data[1], 0xff);
    assert_as_the_tree(&o, batch, strlen(batch));
    drop(&o);
    scan(&o, single, strlen(single));
    assert_true(o.ok);
    assert_string_equal(o.rest.p, "{\"id\":1,\"result\":[0],\"jsonrpc\":\"2.0\"}");
    assert_as_the_tree(&o, single, strlen(single));
    drop(&o);
}

static void test_left_alone(void **state)
{
    static const char *const odd[] = {
        "",
        "[",
        "<html>",
        "{\"id\":1,\"result\":[1]}",
        "{\"id\":1,\"result\":[" LOG("0x1") ",]}",
        "{\"id\":1,\"result\":[" LOG("0x1"),
        "{\"id\":1,\"result\":[" LOG("\\u0030x1") "]}",
        "{\"id\":1,\"result\":[" LOG("0x1\",\"logIndex\":\"0x2") "]}",
        "{\"id\":1,\"result\":[" LOG("0x1\",\"more\":{\"a\":1},\"z\":\"") "]}",
        "{\"id\":1,\"result\":[" LOG("1") "]}",
        "{\"id\":1,\"result\":[" LOG("0xffffffffffffffff") "]}",
        "{\"id\":1,\"result\":[" LOG("0x1") "]} x",
        "{\"id\":1,\"result\":[{}]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct outcome o;
        scan(&o, odd[i], strlen(odd[i]));
        if (o.ok)
            fail_msg("taken: %s", odd[i]);
        drop(&o);
    }
}

static void test_errors_go_through(void **state)
{
    static const char text[] = "[{\"id\":1,\"error\":{\"code\":-32005,\"message\":\"too many\"}},"
                               "{\"id\":2,\"result\":null}]";
    struct outcome o;
    (void)state;
    scan(&o, text, strlen(text));
    assert_true(o.ok);
    assert_int_equal(o.lists, 0);
    assert_string_equal(o.rest.p, text);
    drop(&o);
}

/* A list more than there is room for. */
static void test_room(void **state)
{
    char text[512] = "[";
    struct outcome o;
    (void)state;
    for (int i = 0; i <= LISTS; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s{\"id\":%d,\"result\":[]}",
                 i > 0 ? "," : "", i + 1);
    strncat(text, "]", 2);
    scan(&o, text, strlen(text));
    assert_false(o.ok);
    drop(&o);
}

/* Bytes changed, cut and doubled at random, always the same ones. */
static void test_mutations(void **state)
{
    uint64_t seed = 88172645463325252u;
    unsigned taken = 0;
    (void)state;
    for (int round = 0; round < 20000; round++) {
        static const char bytes[] = "{}[]\",:0123abcxX\\ \n\ttrue-e.\x80";
        const char *from = round % 2 == 0 ? batch : single;
        char text[2048];
        size_t n = strlen(from);
        struct outcome o;
        memcpy(text, from, n);
        for (int k = round % 3; k >= 0; k--) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            size_t at = (size_t)(seed % n);
            char byte = bytes[(seed >> 32) % (sizeof bytes - 1)];
            if (seed >> 62 == 0)
                memmove(text + at, text + at + 1, --n - at);
            else
                text[at] = byte;
        }
        scan(&o, text, n);
        taken += o.ok;
        if (o.ok)
            assert_as_the_tree(&o, text, n);
        drop(&o);
    }
    assert_in_range(taken, 1000, 19000); /* both ways were gone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_left_alone),
        cmocka_unit_test(test_errors_go_through),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_mutations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
