/* sync against node doubles: cross-checked ranges, omissions, limits, tiers, finality. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chain_double.h"
#include "market/sync.h"
#include "store/store.h"

enum { NODES = 3, CHAIN = 84532 };
enum { TOKEN = 0xa0, BUSY = 0xa1, LISTINGS = 0xb0, EXACT = 0xe0, ESCROW = 0xe3 };

static struct fake_chain chain;
static struct fake_node node[NODES];
static struct network net;
static struct loop *loop;
static struct http *http;
static struct store *store;
static char dir[64], path[96];

static address who(int c)
{
    address a;
    memset(a.b, c, sizeof a.b);
    return a;
}

static int set_up(void **state)
{
    struct err e;
    (void)state;
    memset(&chain, 0, sizeof chain);
    chain = (struct fake_chain){.id = CHAIN, .latest = 60};
    for (int i = 0; i < NODES; i++)
        fake_node_start(&node[i], &chain);
    net = (struct network){.name = "test", .local = true, .cross_check = true};
    net.payment.chain_id = CHAIN;
    net.payment.max_range = 16;
    net.token[net.tokens++] =
        (struct token){.symbol = "OPG", .addr = who(TOKEN), .decimals = 18, .whole_log = true};
    net.exact_proxy = who(EXACT);
    snprintf(dir, sizeof dir, "/tmp/souk-nodes-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/test.db", dir);
    assert_int_equal(store_open(path, STORE_WRITE, &store, &e), SOUK_OK);
    loop = loop_new(&e);
    assert_non_null(loop);
    http = http_new(loop, &e);
    assert_non_null(http);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const suffix[] = {"", "-wal", "-shm"};
    (void)state;
    http_free(http);
    loop_free(loop);
    store_close(store);
    for (int i = 0; i < NODES; i++)
        fake_node_stop(&node[i]);
    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        char file[128];
        snprintf(file, sizeof file, "%s%s", path, suffix[i]);
        unlink(file);
    }
    assert_int_equal(rmdir(dir), 0);
    return 0;
}

/* So many nodes are configured. */
static void use(int nodes)
{
    net.payment.rpc[0] = '\0';
    for (int i = 0; i < nodes; i++) {
        size_t n = strlen(net.payment.rpc);
        snprintf(net.payment.rpc + n, sizeof net.payment.rpc - n, " %s", node_url(node[i].node));
    }
}

struct outcome {
    bool over;
    unsigned failed;
    struct err first;
    char note[ERR_MSG_MAX]; /* the last word about the payments */
};

static void on_state(void *ud, const struct sync_state *st)
{
    struct outcome *o = ud;
    if (strcmp(st->source, "payments") == 0)
        snprintf(o->note, sizeof o->note, "%s", st->message != NULL ? st->message : "");
}

static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct outcome *o = ud;
    o->over = true;
    o->failed = failed;
    o->first = *first;
}

static struct outcome run_with(const char *only, bool full)
{
    struct outcome o = {.over = false};
    struct err e;
    const struct sync_options opt = {.only = only, .full = full};
    const struct sync_events ev = {.state = on_state, .done = on_done, .ud = &o};
    struct sync *s = sync_start(loop, http, store, &net, &opt, &ev, &e);
    if (s == NULL)
        fail_msg("%s", e.msg);
    while (!o.over || !sync_idle(s))
        loop_step(loop, -1);
    sync_free(s);
    return o;
}

static struct outcome run(void)
{
    return run_with("listings,payments", false);
}

static void good(struct outcome o)
{
    if (o.failed > 0)
        fail_msg("%s", o.first.msg);
}

static void says(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, words);
}

static const char *text_of(const char *sql)
{
    static char out[512];
    sqlite3_stmt *st;
    assert_int_equal(sqlite3_prepare_v2(store_db(store), sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    const char *t = (const char *)sqlite3_column_text(st, 0);
    snprintf(out, sizeof out, "%s", t != NULL ? t : "");
    sqlite3_finalize(st);
    return out;
}

static long count(const char *sql)
{
    return strtol(text_of(sql), NULL, 10);
}

/* A transfer in every third block. */
static void fill(void)
{
    for (unsigned b = 1; b <= 60; b += 3)
        chain_transfer(&chain, b, b, who(TOKEN), who(1), who(2), b);
}

static void places_are_crossed(bool crossed)
{
    assert_int_equal(count("SELECT count(*) FROM source WHERE place LIKE '% %'") > 0, crossed);
    assert_int_equal(count("SELECT count(*) FROM source WHERE place NOT LIKE '% %'") > 0, !crossed);
}

static void test_two_agree(void **state)
{
    (void)state;
    fill();
    use(2);
    good(run());
    assert_int_equal(count("SELECT count(*) FROM flow"), 20);
    places_are_crossed(true);
    assert_int_equal(node[0].logs_asked, node[1].logs_asked);
}

static void test_switched_off(void **state)
{
    (void)state;
    fill();
    use(2);
    net.cross_check = false;
    good(run());
    places_are_crossed(false);
    assert_int_equal(node[1].logs_asked, 0);
}

/* One answer in five leaves everything out: asked again, nothing is lost and nobody is blamed. */
static void test_now_and_then_wrong(void **state)
{
    (void)state;
    fill();
    use(2);
    node[1].omit_each = 5;
    good(run());
    assert_int_equal(count("SELECT count(*) FROM flow"), 20);
    places_are_crossed(true);
}

static void test_two_disagree(void **state)
{
    (void)state;
    fill();
    use(2);
    node[1].hide_one = true;
    struct outcome o = run();
    assert_int_equal(o.failed, 1);
    assert_int_equal(o.first.code, SOUK_ENET);
    says(o.first.msg, "two nodes disagree about blocks 0 to 15");
    says(o.first.msg, "has 5 logs, ");
    says(o.first.msg, " 4");
    assert_int_equal(count("SELECT count(*) FROM flow"), 0);
    assert_int_equal(count("SELECT count(*) FROM cursor"), 0);
}

static void test_a_third_decides(void **state)
{
    (void)state;
    fill();
    use(3);
    node[0].hide_one = true;
    good(run());
    assert_int_equal(count("SELECT count(*) FROM flow"), 20);
    const char *place = text_of("SELECT place FROM source ORDER BY id LIMIT 1");
    assert_null(strstr(place, node_url(node[0].node) + strlen("http://")));
    places_are_crossed(true);
}

/* On different forks: nothing of it is written either. */
static void test_two_forks(void **state)
{
    static struct fake_chain other;
    (void)state;
    fill();
    other = chain;
    other.forked = 40;
    other.fork = 1;
    node[1].chain = &other;
    use(2);
    struct outcome o = run();
    assert_int_equal(o.failed, 1);
    says(o.first.msg, "different blocks");
    assert_true(count("SELECT max(block) FROM cursor") < 48);
}

static void test_one_is_down(void **state)
{
    (void)state;
    fill();
    use(2);
    for (int down = 0; down < 2; down++) {
        node[down].down = true;
        struct outcome o = run_with("payments", true);
        good(o);
        says(o.note, "not cross-checked: ");
        assert_int_equal(count("SELECT count(*) FROM flow"), 20);
        node[down].down = false;
    }
    places_are_crossed(false);
}

/* The second node does not have the newest blocks yet. */
static void test_one_is_behind(void **state)
{
    (void)state;
    fill();
    use(2);
    node[1].behind = 5;
    struct outcome o = run();
    good(o);
    assert_string_equal(o.note, "");
    assert_int_equal(count("SELECT max(block) FROM cursor"), 55); /* as far as both are */
    places_are_crossed(true);
}

/* Far behind: it is not waited for. */
static void test_one_is_asleep(void **state)
{
    (void)state;
    fill();
    use(2);
    chain.latest = 200;
    node[0].behind = 100;
    struct outcome o = run();
    good(o);
    says(o.note, "not cross-checked: ");
    says(o.note, "100 blocks behind");
    assert_int_equal(count("SELECT max(block) FROM cursor"), 200);
}

static void test_one_is_of_another_chain(void **state)
{
    static struct fake_chain other;
    (void)state;
    fill();
    other = chain;
    other.id = 7;
    node[0].chain = &other;
    use(2);
    struct outcome o = run();
    good(o);
    says(o.note, "is on chain 7, not 84532");
    assert_int_equal(node[0].logs_asked, 0);
    use(1);
    o = run();
    assert_int_equal(o.failed, 1);
    says(o.first.msg, "is on chain 7, not 84532: nothing of it was read");
    net.cross_check = false;
    use(2);
    good(run());
}

static const char *heads(void)
{
    return text_of("SELECT latest || ' ' || safe || ' ' || final FROM head");
}

static void test_finality(void **state)
{
    static struct fake_chain other;
    (void)state;
    fill();
    use(1);
    good(run());
    assert_string_equal(heads(), "60 0 0");
    chain.safe = 50;
    chain.final = 40;
    good(run());
    assert_string_equal(heads(), "60 50 40");
    other = chain;
    other.final = 30;
    node[1].chain = &other;
    use(2);
    good(run());
    assert_string_equal(heads(), "60 50 30"); /* the least of what they say */
}

/* With one node alone, the bloom of a block tells that a list is empty which should not be. */
static void test_omission_with_one_node(void **state)
{
    (void)state;
    for (unsigned b = 1; b <= 60; b++)
        chain_transfer(&chain, b, b, who(TOKEN), who(1), who(2), b);
    use(1);
    node[0].omit_each = 3;
    good(run());
    assert_int_equal(count("SELECT count(*) FROM flow"), 60);
}

/* Other contracts' logs may be what the bloom knows: then an empty list stays one. */
static void test_bloom_of_others(void **state)
{
    (void)state;
    struct eth_log *l;
    for (unsigned b = 1; b <= 60; b++) {
        l = chain_add(&chain, b, b, who(TOKEN), EV_APPROVAL);
        l->topics = 1;
        chain_transfer(&chain, b, b, who(0x77), who(1), who(2), 1);
    }
    use(1);
    good(run());
    assert_int_equal(count("SELECT count(*) FROM flow"), 0);
    assert_int_equal(count("SELECT max(block) FROM cursor"), 60);
}

/* --- busy tokens */

static void with_listings(void)
{
    net.has_listings = true;
    net.listings = who(LISTINGS);
    net.token[net.tokens++] = (struct token){.symbol = "USDC", .addr = who(BUSY), .decimals = 6};
}

/* Payee 2 of owner 3; 1 pays him; strangers 8 and 9 move much else. */
static void market(void)
{
    chain_transfer(&chain, 2, 1, who(BUSY), who(7), who(1), 500); /* funds the payer */
    chain_transfer(&chain, 3, 2, who(BUSY), who(8), who(2), 40);  /* before anybody listed him */
    chain_listed(&chain, 5, 3, who(LISTINGS), who(3), who(2), who(BUSY));
    chain_transfer(&chain, 8, 4, who(BUSY), who(8), who(9), 1000); /* nobody's concern */
    chain_payment(&chain, 20, 5, who(BUSY), who(1), who(2), 5);
    chain_transfer(&chain, 21, 6, who(BUSY), who(8), who(2), 6); /* plain, to the payee */
    chain_transfer(&chain, 22, 7, who(BUSY), who(2), who(1), 5); /* back to the payer */
    chain_transfer(&chain, 30, 8, who(BUSY), who(3), who(7), 9); /* the owner's */
    chain_transfer(&chain, 31, 9, who(BUSY), who(1), who(2), 0);
}

static const char *rows(void)
{
    return text_of("SELECT (SELECT group_concat(block || ':' || scheme || ':' || tier, ' ') FROM"
                   " (SELECT * FROM pay ORDER BY block, log)) || ' | ' ||"
                   " coalesce((SELECT group_concat(block || ':' || kind, ' ') FROM"
                   " (SELECT * FROM flow ORDER BY block, log)), '')");
}

static void test_busy_token(void **state)
{
    (void)state;
    with_listings();
    market();
    use(2);
    good(run());
    assert_string_equal(rows(), "20:1:3 | 2:1 3:1 21:1 22:1 30:1");
    assert_int_equal(count("SELECT min(upto) FROM traced"), 60);
    good(run()); /* nothing new: nothing is read twice */
    good(run_with("listings,payments", true));
    assert_string_equal(rows(), "20:1:3 | 2:1 3:1 21:1 22:1 30:1");
}

/* Somebody who pays for the first time later: what he got before is read then. */
static void test_funding_of_somebody_new(void **state)
{
    (void)state;
    with_listings();
    market();
    use(1);
    chain_transfer(&chain, 33, 10, who(BUSY), who(7), who(4), 70);
    good(run());
    assert_string_equal(rows(), "20:1:3 | 2:1 3:1 21:1 22:1 30:1");
    chain.latest = 80;
    chain_payment(&chain, 70, 11, who(BUSY), who(4), who(2), 5);
    chain_transfer(&chain, 75, 12, who(BUSY), who(4), who(9), 1);
    good(run());
    assert_string_equal(rows(), "20:1:3 70:1:3 | 2:1 3:1 21:1 22:1 30:1 33:1 75:1");
    assert_int_equal(count("SELECT min(upto) FROM traced"), 80);
    assert_int_equal(count("SELECT max(block) FROM cursor WHERE filter = 'funding'"), 80);
    /* And after a reorganisation all of it again. */
    chain.forked = 74;
    chain.fork = 1;
    chain.latest = 81;
    good(run());
    assert_string_equal(rows(), "20:1:3 70:1:3 | 2:1 3:1 21:1 22:1 30:1 33:1 75:1");
    assert_int_equal(count("SELECT min(upto) FROM traced"), 81);
}

/* P2: a plain transfer that a known facilitator sent. */
static void test_tiers(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        address token = who(whole ? TOKEN : BUSY);
        if (whole == 0)
            with_listings();
        chain.n = 0;
        chain.forked = 1; /* another chain: what was there goes */
        chain.fork = (uint8_t)(whole + 1);
        net.facilitators = 0;
        net.facilitator[net.facilitators++] = who(0x99);
        chain_listed(&chain, 5, 3, who(LISTINGS), who(3), who(2), token);
        chain_transfer(&chain, 10, 4, token, who(1), who(2), 5);
        chain.log[chain.n - 1].sender = who(0x99);
        chain_transfer(&chain, 11, 5, token, who(1), who(2), 5);
        chain.log[chain.n - 1].sender = who(0x98);
        chain_payment(&chain, 12, 6, token, who(1), who(2), 5);
        chain.log[chain.n - 1].sender = who(0x99);
        chain_transfer(&chain, 13, 7, token, who(1), who(6), 5); /* to nobody known */
        chain.log[chain.n - 1].sender = who(0x99);
        use(1);
        good(run());
        assert_string_equal(rows(), "10:9:2 12:1:3 | 11:1 13:1");
    }
}

static struct eth_log *escrow_log(uint64_t block, unsigned tx, enum event_kind k, size_t words)
{
    struct eth_log *l = chain_add(&chain, block, tx, who(ESCROW), k);
    l->topics = 2;
    memset(l->topic[1].b, 5, sizeof(bytes32));
    l->data_len = 32 * words;
    return l;
}

static void put_word(size_t i, int a, uint64_t v)
{
    uint8_t *at = chain.log[chain.n - 1].data + 32 * i;
    if (a != 0)
        memset(at + 12, a, 20);
    else
        u256_to_be(u256_from_u64(v), at);
}

/* An authorisation is no income, what is captured of it is; both find each other over transactions.
 * A busy token's refund is found by the escrow's event alone. */
static void test_escrow(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        int token = whole ? TOKEN : BUSY;
        if (whole == 0)
            with_listings();
        net.escrows = 0;
        net.escrow[net.escrows++] = who(ESCROW);
        chain.n = 0;
        chain.forked = 1;
        chain.fork = (uint8_t)(whole + 1);
        chain_listed(&chain, 5, 3, who(LISTINGS), who(3), who(2), who(token));
        escrow_log(10, 4, EV_PAYMENT_AUTHORIZED, 14);
        put_word(1, 1, 0);
        put_word(2, 2, 0);
        put_word(3, token, 0);
        put_word(12, 0, 100);
        chain_transfer(&chain, 10, 4, who(token), who(1), who(0xe4), 100);
        escrow_log(20, 5, EV_PAYMENT_CAPTURED, 3);
        put_word(0, 0, 100);
        chain_transfer(&chain, 20, 5, who(token), who(0xe4), who(2), 100);
        escrow_log(30, 6, EV_PAYMENT_REFUNDED, 2);
        put_word(0, 0, 30);
        chain_transfer(&chain, 30, 6, who(token), who(0x70), who(0xe4), 30);
        chain_transfer(&chain, 30, 6, who(token), who(0xe4), who(1), 30);
        use(1);
        good(run());
        /* Of the busy one the payer's deposit is known only as a transfer. */
        assert_string_equal(rows(), whole ? "20:5:3 30:6:3 | 10:2 30:2" : "20:5:3 30:6:3 | 10:1");
        assert_int_equal(count("SELECT count(*) FROM pay p JOIN addr a ON a.id = p.payer"
                               " JOIN addr b ON b.id = p.payee WHERE hex(a.a) LIKE '0101%'"
                               " AND hex(b.a) LIKE '0202%'"),
                         2);
    }
}

static void test_range_limits(void **state)
{
    (void)state;
    fill();
    use(1);
    for (node[0].max_range = 1; node[0].max_range < 10; node[0].max_range += 4) {
        good(run_with("payments", true));
        assert_int_equal(count("SELECT count(*) FROM flow"), 20);
    }
}

#define NODES_TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NODES_TEST(test_two_agree),
        NODES_TEST(test_switched_off),
        NODES_TEST(test_now_and_then_wrong),
        NODES_TEST(test_two_disagree),
        NODES_TEST(test_a_third_decides),
        NODES_TEST(test_two_forks),
        NODES_TEST(test_one_is_down),
        NODES_TEST(test_one_is_behind),
        NODES_TEST(test_one_is_asleep),
        NODES_TEST(test_one_is_of_another_chain),
        NODES_TEST(test_finality),
        NODES_TEST(test_omission_with_one_node),
        NODES_TEST(test_bloom_of_others),
        NODES_TEST(test_range_limits),
        NODES_TEST(test_busy_token),
        NODES_TEST(test_funding_of_somebody_new),
        NODES_TEST(test_tiers),
        NODES_TEST(test_escrow),
    };
    return cmocka_run_group_tests_name("sync/nodes", tests, NULL, NULL);
}
