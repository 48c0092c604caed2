/* A proof against a node of two blocks: stopped at any moment, short of memory, lied to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/mem.h"
#include "base/paths.h"
#include "eth/events.h"
#include "market/prove.h"
#include "market_world.h"
#include "node_double.h"
#include "store/proof_rows.h"
#include "tree.h"
#include "vectors.h"

enum { LAST = 2 };

/* The node: anvil's first two blocks, out of block-vectors.json. */
static struct {
    json *vectors;
    const json *of[LAST + 1]; /* {block, receipts} by number */
    const char *logs;         /* the answer to eth_getLogs */
    const char *no_receipts;  /* the error of eth_getBlockReceipts */
    bool spoil;               /* the receipts of block 2 */
} chain;

static struct {
    char dir[64];
    struct node_double *node;
    pid_t child;
    char apart[64];
    struct store *s;
    int64_t src;
    struct network net;
    struct loop *loop;
    struct http *http;
} w;

static void put_json(struct buf *out, const json *j)
{
    char *text = cJSON_PrintUnformatted(j);
    buf_adds(out, text != NULL ? text : "null");
    cJSON_free(text);
}

static uint64_t number_of(const json *params)
{
    const char *text = cJSON_IsString(json_first(params)) ? json_first(params)->valuestring : "";
    uint64_t n = 0;
    return hex_u64(text, strlen(text), &n) ? n : LAST;
}

static const char *answer(void *ud, const char *method, const json *params, struct buf *out)
{
    uint64_t n = number_of(params);
    (void)ud;
    if (strcmp(method, "eth_chainId") == 0) {
        buf_adds(out, "\"0x14a34\"");
    } else if (strcmp(method, "eth_blockNumber") == 0) {
        buf_adds(out, "\"0x2\"");
    } else if (strcmp(method, "eth_getLogs") == 0) {
        buf_adds(out, chain.logs);
    } else if (n > LAST || chain.of[n] == NULL) {
        buf_adds(out, "null");
    } else if (strcmp(method, "eth_getBlockByNumber") == 0) {
        put_json(out, json_get(chain.of[n], "block"));
    } else if (strcmp(method, "eth_getBlockReceipts") == 0) {
        if (chain.no_receipts != NULL)
            return chain.no_receipts;
        json *r = cJSON_Duplicate(json_get(chain.of[n], "receipts"), true);
        for (json *one = r->child; one != NULL; one = one->next)
            cJSON_AddStringToObject(one, "transactionHash",
                                    "0x11111111111111111111111111111111"
                                    "11111111111111111111111111111111");
        if (chain.spoil && n == LAST)
            cJSON_DeleteItemFromArray(r, 0);
        put_json(out, r);
        json_free(r);
    } else {
        return "no such method";
    }
    return NULL;
}

/* The same node in a process of its own, which does not feel what memory this one has. Its address
 * is in w.apart. */
static void start_apart(void)
{
    int link[2];
    assert_int_equal(pipe(link), 0);
    w.child = fork();
    assert_true(w.child >= 0);
    if (w.child == 0) {
        const char *url = node_url(node_start(answer, NULL));
        if (write(link[1], url, strlen(url) + 1) > 0) {
            for (;;)
                pause();
        }
        _exit(1);
    }
    assert_true(read(link[0], w.apart, sizeof w.apart - 1) > 0);
    close(link[0]);
    close(link[1]);
}

static int setup(void **state)
{
    char path[PATH_BUF];
    struct cursor c = {.block = LAST, .time = 1};
    (void)state;
    chain.vectors = vectors_load("block-vectors.json");
    for (const json *b = json_first(json_get(chain.vectors, "blocks")); b != NULL;
         b = json_next(b)) {
        if (strcmp(json_cstr(b, "what"), "prague: empty") == 0)
            chain.of[1] = b;
        if (strcmp(json_cstr(b, "what"), "prague: transactions") == 0)
            chain.of[2] = b;
    }
    chain.logs = "[]";
    start_apart(); /* before there are threads */
    snprintf(w.dir, sizeof w.dir, "/tmp/souk-prove-XXXXXX");
    assert_non_null(mkdtemp(w.dir));
    paths_override(w.dir);
    w.node = node_start(answer, NULL);
    w.net = (struct network){.name = "test", .tokens = 1, .local = true};
    w.net.payment =
        (struct chain_config){.chain_id = W_PAY_CHAIN, .start_block = 1, .max_range = 100};
    w.net.inference.chain_id = W_INFER_CHAIN;
    snprintf(w.net.payment.rpc, sizeof w.net.payment.rpc, "%s", node_url(w.node));
    w.net.token[0] =
        (struct token){.symbol = "USDC", .addr = addr_of("USDC"), .decimals = 6, .whole_log = true};
    ok(paths_get(PATH_CACHE, "test.db", path, E));
    ok(store_open(path, STORE_WRITE, &w.s, E));
    c.hash = vector_bytes32(json_get(chain.of[LAST], "block"), "hash");
    struct source_row r = {.kind = SOURCE_LOGS,
                           .place = "http://node",
                           .chain = W_PAY_CHAIN,
                           .filter = FILTER_PAYMENTS,
                           .first = 1,
                           .last = LAST,
                           .hash = &c.hash,
                           .time = 1};
    ok(store_begin(w.s, E));
    ok(store_source_add(w.s, &r, &w.src, E));
    ok(store_cursor_set(w.s, W_PAY_CHAIN, FILTER_PAYMENTS, &c, E));
    ok(store_commit(w.s, E));
    w.loop = loop_new(NULL);
    w.http = http_new(w.loop, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    http_free(w.http);
    loop_free(w.loop);
    store_close(w.s);
    node_stop(w.node);
    kill(w.child, SIGKILL);
    waitpid(w.child, NULL, 0);
    json_free(chain.vectors);
    paths_override(NULL);
    return tree_remove(w.dir);
}

/* --- a proof, waited for */

struct ending {
    bool over;
    struct err err;
    const struct proofs *p;
};

static void on_done(void *ud, const struct proofs *p, const struct err *e)
{
    struct ending *end = ud;
    assert_false(end->over);
    *end = (struct ending){true, *e, p};
}

static struct prove *begin(struct ending *end)
{
    struct prove_options o = {.sample = 4, .payees = 10};
    struct prove_events ev = {.done = on_done, .ud = end};
    struct err e = {0};
    *end = (struct ending){.over = false};
    struct prove *p = prove_start(w.loop, w.http, w.s, &w.net, &o, &ev, &e);
    if (p == NULL)
        *end = (struct ending){true, e, NULL};
    return p;
}

static void nothing_is_left(void)
{
    char dir[128];
    const struct dirent *f;
    snprintf(dir, sizeof dir, "%s/cache", w.dir);
    DIR *d = opendir(dir);
    assert_non_null(d);
    while ((f = readdir(d)) != NULL)
        assert_null(strstr(f->d_name, "prove-"));
    closedir(d);
}

static struct prove *whole(struct ending *end)
{
    struct prove *p = begin(end);
    while (!end->over)
        loop_step(w.loop, -1);
    nothing_is_left();
    return p;
}

/* --- tests */

static void two_honest_blocks(void **state)
{
    (void)state;
    struct ending end;
    struct prove *p = whole(&end);
    if (end.err.code != SOUK_OK)
        fail_msg("%s", end.err.msg);
    assert_int_equal(end.p->digests, 1);
    assert_int_equal(end.p->receipts, 2); /* there are no more to sample */
    for (size_t i = 0; i < 2; i++) {
        const struct receipt_proof *r = &end.p->receipt[i];
        if (r->state != PROOF_OK)
            fail_msg("block %d: %s", (int)r->block, r->words);
        assert_int_equal(r->receipts, r->block == 1 ? 0 : 5);
        assert_int_equal(r->logs, r->block == 1 ? 0 : 12);
    }
    assert_int_equal(end.p->passed, 3);
    assert_int_equal(end.p->failed + end.p->unchecked, 0);
    prove_free(p);
}

static void a_row_that_is_made_up_and_a_receipt_that_is_missing(void **state)
{
    (void)state;
    struct ending end;
    const struct pay_in made_up = {.chain = W_PAY_CHAIN,
                                   .block = LAST,
                                   .log = 3,
                                   .payer = addr_of("payer"),
                                   .payee = addr_of("payee"),
                                   .asset = addr_of("USDC"),
                                   .amount = u256_from_u64(7),
                                   .scheme = PAY_EIP3009,
                                   .tier = TIER_PROVED};
    ok(store_begin(w.s, E));
    ok(store_pay_put(w.s, &made_up, w.src, E));
    ok(store_commit(w.s, E));
    struct prove *p = whole(&end);
    assert_int_equal(end.err.code, SOUK_OK);
    assert_int_equal(end.p->failed, 2);
    assert_string_equal(end.p->digest[0].words,
                        "block 2 is the first that differs: 1 row here, 0 there");
    for (size_t i = 0; i < 2; i++) {
        const struct receipt_proof *r = &end.p->receipt[i];
        assert_int_equal(r->state, r->block == LAST ? PROOF_FAILED : PROOF_OK);
        if (r->block == LAST)
            assert_non_null(strstr(r->words, "a payment at log 3 that the block does not have"));
    }
    prove_free(p);
    struct query_run q = query_open(w.s, "DELETE FROM pay");
    ok(query_do(&q, E));

    chain.spoil = true;
    p = whole(&end);
    chain.spoil = false;
    assert_int_equal(end.p->failed, 1);
    assert_int_equal(end.p->passed, 2);
    prove_free(p);
}

/* A log that the block's own bloom does not know is not believed at all. */
static void a_log_that_is_made_up(void **state)
{
    (void)state;
    struct ending end;
    char log[1000], hash[HASH_BUF], token[2 * 20 + 3], topic[HASH_BUF];
    bytes32_format(vector_bytes32(json_get(chain.of[LAST], "block"), "hash"), hash);
    hex_encode(addr_of("USDC").b, 20, token);
    bytes32_format(event_topic(EV_TRANSFER), topic);
    snprintf(log, sizeof log,
             "[{\"address\":\"%s\",\"topics\":[\"%s\",\"0x%064d\",\"0x%064d\"],"
             "\"data\":\"0x%064d\",\"blockNumber\":\"0x2\",\"blockHash\":\"%s\","
             "\"transactionHash\":\"0x%064d\",\"logIndex\":\"0x30\",\"removed\":false}]",
             token, topic, 5, 6, 7, hash, 8);
    chain.logs = log;
    struct prove *p = whole(&end);
    chain.logs = "[]";
    assert_int_equal(end.err.code, SOUK_OK);
    assert_int_equal(end.p->digest[0].state, PROOF_UNCHECKED);
    assert_non_null(strstr(end.p->digest[0].words, "bloom"));
    prove_free(p);
}

static void a_node_without_receipts_leaves_them_unchecked(void **state)
{
    (void)state;
    struct ending end;
    chain.no_receipts = "history has been pruned";
    struct prove *p = whole(&end);
    chain.no_receipts = NULL;
    assert_int_equal(end.p->failed, 0);
    assert_int_equal(end.p->unchecked, 2);
    assert_non_null(strstr(end.p->receipt[0].words, "pruned"));
    prove_free(p);
}

/* After each number of turns of the loop, as far as a whole proof has any. */
static void it_can_be_stopped_at_any_moment(void **state)
{
    (void)state;
    bool finished = false;
    for (unsigned turns = 0; !finished; turns++) {
        struct ending end;
        struct prove *p = begin(&end);
        assert_non_null(p);
        for (unsigned i = 0; i < turns && !end.over; i++)
            loop_step(w.loop, -1);
        finished = end.over;
        prove_cancel(p);
        while (!end.over)
            loop_step(w.loop, -1);
        if (!finished && end.err.code != SOUK_OK) /* OK: it was at its end already */
            assert_int_equal(end.err.code, SOUK_ECANCEL);
        nothing_is_left();
        prove_free(p);
    }
}

/* Without memory it ends, and claims nothing that it has not seen. */
static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    struct ending end;
    snprintf(w.net.payment.rpc, sizeof w.net.payment.rpc, "%s", w.apart);
    unsigned long before = mem_count();
    struct prove *p = whole(&end);
    unsigned long all = mem_count() - before, step = all / 25 + 1;
    prove_free(p);
    for (unsigned long n = 1; n <= all; n += step) {
        mem_fail_at(n, false);
        p = whole(&end);
        mem_fail_at(0, false);
        if (end.err.code == SOUK_OK)
            assert_int_equal(end.p->failed, 0);
        prove_free(p);
    }
    p = whole(&end);
    assert_int_equal(end.err.code, SOUK_OK);
    assert_int_equal(end.p->passed, 3);
    prove_free(p);
}

static void put_cursor(struct store *s, uint64_t block)
{
    struct cursor c = {.block = block, .hash = keccak256(&block, sizeof block)};
    ok(store_begin(s, E));
    ok(store_cursor_set(s, 7, "f", &c, E));
    ok(store_commit(s, E));
}

static uint64_t anchor_after(struct store *s, uint64_t block)
{
    struct cursor c;
    if (!store_anchor_after(s, 7, block, &c))
        return 0;
    bytes32 want = keccak256(&c.block, sizeof c.block);
    assert_memory_equal(&c.hash, &want, sizeof want);
    return c.block;
}

/* The newest of each 256 blocks, whatever becomes of the checkpoints; none of a fork. */
static void hashes_are_kept(void **state)
{
    (void)state;
    static const uint64_t blocks[] = {10, 200, 255, 256, 300, 1000, 1001};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        put_cursor(w.s, blocks[i]);
    assert_int_equal(anchor_after(w.s, 0), 255);
    assert_int_equal(anchor_after(w.s, 256), 300);
    assert_int_equal(anchor_after(w.s, 301), 1001);
    assert_int_equal(anchor_after(w.s, 1002), 0);
    struct cursor fork = {.block = 290};
    fork.hash = keccak256(&fork.block, sizeof fork.block);
    ok(store_begin(w.s, E));
    ok(store_unwind(w.s, 7, "f", 290, &fork, E));
    ok(store_commit(w.s, E));
    assert_int_equal(anchor_after(w.s, 0), 255);
    assert_int_equal(anchor_after(w.s, 256), 290);
    assert_int_equal(anchor_after(w.s, 291), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_honest_blocks),
        cmocka_unit_test(a_row_that_is_made_up_and_a_receipt_that_is_missing),
        cmocka_unit_test(a_log_that_is_made_up),
        cmocka_unit_test(a_node_without_receipts_leaves_them_unchecked),
        cmocka_unit_test(it_can_be_stopped_at_any_moment),
        cmocka_unit_test(memory_may_run_out_anywhere),
        cmocka_unit_test(hashes_are_kept),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
