/* market/follow: a new block starts a sync of its chain; stopping is the end of all events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "chain_double.h"
#include "market/derive.h"
#include "market/follow.h"
#include "tree.h"

static char dir[] = "/tmp/souk-follow-XXXXXX";
static struct fake_chain chain;
static struct fake_node node;
static struct loop *loop;
static struct market *market;

struct seen {
    unsigned done, hub, payments; /* syncs that ended; ends of these sources */
    unsigned failed;
    char how[64];
};

static int set_up(void **state)
{
    char path[PATH_BUF];
    struct err e;
    const struct market_options o = {.network = "mine"};
    (void)state;
    chain = (struct fake_chain){.id = 7, .latest = 20};
    fake_node_start(&node, &chain);
    assert_non_null(mkdtemp(dir));
    paths_override(dir);
    assert_int_equal(paths_get(PATH_CONFIG, "config", path, &e), SOUK_OK);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "[network.mine]\npayment_chain_id = 7\npayment_rpc = %s\npoll_seconds = 1\n"
            "token = OPG 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0 18 whole\n",
            node_url(node.node));
    assert_int_equal(fclose(f), 0);
    loop = loop_new(&e);
    assert_non_null(loop);
    if (market_open(loop, &o, &market, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    market_close(market);
    loop_free(loop);
    fake_node_stop(&node);
    paths_override(NULL);
    tree_remove(dir);
    return 0;
}

static void on_state(void *ud, const struct sync_state *st)
{
    struct seen *s = ud;
    if (st->phase == SYNC_OK || st->phase == SYNC_FAILED)
        s->payments += strcmp(st->source, "payments") == 0;
}

static void on_done(void *ud, unsigned failed, const struct err *first)
{
    struct seen *s = ud;
    (void)first;
    s->done++;
    s->failed += failed;
}

static void on_how(void *ud, const char *words)
{
    struct seen *s = ud;
    snprintf(s->how, sizeof s->how, "%s", words);
}

static struct follow *start(struct seen *s)
{
    struct err e;
    const struct follow_events ev = {
        .sync = {.state = on_state, .done = on_done, .ud = s}, .how = on_how, .ud = s};
    struct follow *f = follow_start(market, &ev, &e);
    if (f == NULL)
        fail_msg("%s", e.msg);
    return f;
}

static void until_done(struct seen *s, unsigned times)
{
    while (s->done < times)
        loop_step(loop, -1);
}

static uint64_t read_to(void)
{
    struct cursor c = {.block = 0};
    store_cursor_get(market_reader(market), 7, FILTER_PAYMENTS, &c);
    return c.block;
}

static void test_new_blocks(void **state)
{
    struct seen s = {0};
    (void)state;
    struct follow *f = start(&s);
    assert_string_equal(s.how, "polling every 1 s");
    until_done(&s, 1);
    assert_int_equal(s.failed, 0);
    assert_int_equal(read_to(), 20);
    until_done(&s, 2); /* what came between the sync and the first look is not lost */
    chain.latest = 25;
    until_done(&s, 3);
    assert_int_equal(read_to(), 25);
    assert_int_equal(s.payments, 3);
    follow_now(f);
    until_done(&s, 4);
    node.down = true; /* said once, by a sync that fails */
    until_done(&s, 5);
    assert_int_equal(s.failed, 1);
    node.down = false;
    chain.latest = 26;
    until_done(&s, 6);
    assert_int_equal(read_to(), 26);
    follow_stop(f);
}

/* In the middle of a sync: it is broken off, and nobody hears of it. */
static void test_stop(void **state)
{
    struct seen s = {0};
    (void)state;
    struct follow *f = start(&s);
    loop_step(loop, 0);
    follow_stop(f);
    while (market_syncing(market))
        loop_step(loop, -1);
    assert_int_equal(s.done, 0);
}

/* Figures that take an hour are not made again for each block; a plain sync makes them. */
static void test_dear_figures_lag(void **state)
{
    static const struct sync_options plain = {.following = false};
    struct seen s = {0};
    struct store *w;
    struct err e;
    (void)state;
    assert_int_equal(store_open(market_cache(market), STORE_WRITE, &w, &e), SOUK_OK);
    assert_int_equal(store_begin(w, &e), SOUK_OK);
    assert_int_equal(store_meta_set_int(w, "figures_ms", 3600000, &e), SOUK_OK);
    assert_int_equal(store_meta_set_int(w, "figures_at", clock_now(), &e), SOUK_OK);
    assert_int_equal(store_commit(w, &e), SOUK_OK);
    store_close(w);
    chain.latest = 30;
    struct follow *f = start(&s);
    until_done(&s, 1);
    follow_stop(f);
    while (market_syncing(market))
        loop_step(loop, -1);
    assert_int_equal(read_to(), 30);
    assert_true(derive_stale(market_reader(market)));
    const struct sync_events ev = {.done = on_done, .ud = &s};
    assert_int_equal(market_sync(market, &plain, &ev, &e), SOUK_OK);
    until_done(&s, 2);
    assert_false(derive_stale(market_reader(market)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop),
        cmocka_unit_test(test_new_blocks),
        cmocka_unit_test(test_dear_figures_lag),
    };
    return cmocka_run_group_tests_name("market/follow", tests, set_up, tear_down);
}
