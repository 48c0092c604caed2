/* The watch list, and the news for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/paths.h"
#include "market/watch.h"
#include "market_world.h"

#include "base/banned.h"

/* --- the list */

static void list_file(void **state)
{
    char dir[] = "/tmp/souk-watch-XXXXXX", path[PATH_BUF];
    struct watch_list l, back;
    (void)state;
    assert_non_null(mkdtemp(dir));
    paths_override(dir);
    ok(watch_load("devnet", &l, E));
    assert_int_equal(l.n, 0);
    ok(watch_toggle(&l, "Mira Labs", E));
    ok(watch_toggle(&l, "=SUM(A1)\x1b[31m", E));
    ok(watch_save("devnet", &l, E));
    ok(watch_load("devnet", &back, E));
    assert_int_equal(back.n, l.n);
    assert_true(watch_has(&back, "Mira Labs"));
    assert_false(watch_has(&back, "mira labs"));
    ok(watch_toggle(&back, "Mira Labs", E));
    assert_false(watch_has(&back, "Mira Labs"));
    ok(watch_save("devnet", &back, E));
    watch_release(&l);
    watch_release(&back);
    ok(watch_load("opengradient", &l, E)); /* each network has its own */
    assert_int_equal(l.n, 0);
    snprintf(path, sizeof path, "%s/state/watch-devnet", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/state", dir);
    rmdir(path);
    rmdir(dir);
    paths_override(NULL);
}

static void list_words(void **state)
{
    static const char *const lower = "0x52908400098527886e0f7030069857d2e4169ee7",
                             *const upper = "0x52908400098527886E0F7030069857D2E4169EE7";
    struct watch_list l = {.n = 0};
    struct err e;
    char name[32];
    (void)state;
    assert_int_equal(watch_toggle(&l, "", &e), SOUK_EINPUT);
    assert_int_equal(watch_toggle(&l, "two\nlines", &e), SOUK_EINPUT);
    ok(watch_toggle(&l, lower, E));
    assert_true(watch_has(&l, upper));
    ok(watch_toggle(&l, upper, E));
    assert_int_equal(l.n, 0);
    for (int i = 0; i < WATCH_MAX; i++) {
        snprintf(name, sizeof name, "author %d", i);
        ok(watch_toggle(&l, name, E));
    }
    assert_int_equal(watch_toggle(&l, "one more", &e), SOUK_EINPUT);
    ok(watch_toggle(&l, "author 7", E));
    assert_int_equal(l.n, WATCH_MAX - 1);
    watch_release(&l);
}

/* --- news */

static void move_cursor(struct world *w, int day, int hour, const char *hash)
{
    struct cursor c = {
        .block = block_at(day, hour), .hash = keccak256(hash, strlen(hash)), .time = at(day, hour)};
    ok(store_begin(w->w, E));
    ok(store_cursor_set(w->w, W_PAY_CHAIN, FILTER_PAYMENTS, &c, E));
    ok(store_commit(w->w, E));
    ok(derive(w->w, &w->net, E));
}

static struct news *news(struct world *w, const char *word, const struct watch_place *after,
                         size_t max)
{
    struct watch_list l = {.word = {(char *)(uintptr_t)word}, .n = 1};
    struct news *n;
    ok(news_load(w->w, &w->net, &l, after, max, &n, E));
    return n;
}

/* Two models of mira's at addresses of their own, one of otto's; all paid on day 90. */
static void market(struct world *w)
{
    world_open(w);
    put_model(w, "mira", "vol", vouching("mira key"));
    put_model(w, "mira", "skew", vouching("mira key"));
    put_model(w, "otto", "risk", vouching("otto key"));
    put_listing(w, (struct w_listing){.owner = "mira key",
                                      .author = "mira",
                                      .name = "vol",
                                      .pay_to = "p vol",
                                      .price = 10,
                                      .day = 80});
    put_listing(w, (struct w_listing){.owner = "mira key",
                                      .author = "mira",
                                      .name = "skew",
                                      .pay_to = "p skew",
                                      .price = 10,
                                      .day = 80});
    put_listing(w, (struct w_listing){.owner = "otto key",
                                      .author = "otto",
                                      .name = "risk",
                                      .pay_to = "p risk",
                                      .price = 10,
                                      .day = 80});
    put_pay(w, (struct w_pay){.payer = "ann", .payee = "p vol", .amount = 10, .day = 90});
    move_cursor(w, 91, 0, "91");
}

static void told_once_and_in_order(void **state)
{
    struct world w;
    (void)state;
    market(&w);
    struct news *n = news(&w, "mira", NULL, 10);
    struct watch_place place = n->upto;
    assert_int_equal(n->n, 0);
    assert_int_equal(place.block, block_at(91, 0));
    news_free(n);

    put_pay(&w,
            (struct w_pay){.payer = "bob", .payee = "p skew", .amount = 10, .day = 92, .hour = 2});
    put_pay(&w, (struct w_pay){.payer = "ann",
                               .payee = "p skew",
                               .amount = 30,
                               .day = 92,
                               .hour = 1,
                               .scheme = PAY_UPTO});
    put_pay(&w,
            (struct w_pay){.payer = "ann", .payee = "p risk", .amount = 10, .day = 92, .hour = 3});
    put_pay(&w, (struct w_pay){.payer = "bob",
                               .payee = "p skew",
                               .amount = 4,
                               .day = 92,
                               .hour = 4,
                               .scheme = PAY_REFUND});
    put_pay(&w, (struct w_pay){.payer = "eve",
                               .payee = "p skew",
                               .amount = 4,
                               .day = 92,
                               .hour = 4,
                               .tier = TIER_LISTED});
    move_cursor(&w, 93, 0, "93");
    n = news(&w, "mira", &place, 10);
    assert_int_equal(n->n, 3);
    assert_false(n->forked);
    assert_false(n->more);
    assert_int_equal(n->row[0].call.kind, CALL_SETTLEMENT);
    assert_false(n->row[0].payer_new); /* ann had paid vol before: an author is one */
    assert_true(n->row[1].payer_new);
    assert_string_equal(n->row[1].author, "mira");
    assert_string_equal(n->row[1].model, "skew");
    assert_true(n->row[2].refund);
    assert_int_equal(n->upto.block, block_at(93, 0));
    place = n->upto;
    news_free(n);
    n = news(&w, "mira", &place, 10);
    assert_int_equal(n->n, 0);
    news_free(n);
    world_close(&w);
}

static void words_and_whom_they_mean(void **state)
{
    struct world w;
    struct err e;
    char owner[ADDRESS_BUF], payee[ADDRESS_BUF], nobody[ADDRESS_BUF];
    (void)state;
    market(&w);
    struct watch_place place = {.block = block_at(91, 0)};
    put_pay(&w, (struct w_pay){.payer = "bob", .payee = "p vol", .amount = 10, .day = 92});
    put_pay(&w, (struct w_pay){.payer = "bob", .payee = "p skew", .amount = 10, .day = 92});
    put_pay(&w, (struct w_pay){.payer = "bob", .payee = "a stranger", .amount = 10, .day = 92});
    move_cursor(&w, 93, 0, "93");
    const struct {
        const char *word;
        size_t n;
    } all[] = {
        {"mira", 2},
        {address_format(addr_of("mira key"), owner), 2},
        {address_format(addr_of("p vol"), payee), 1},
        {address_format(addr_of("never seen"), nobody), 0},
        {"otto", 0},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct news *n = news(&w, all[i].word, &place, 10);
        assert_int_equal(n->n, all[i].n);
        news_free(n);
    }
    struct news *n = news(&w, address_format(addr_of("a stranger"), nobody), &place, 10);
    assert_int_equal(n->n, 1); /* no listing names it: it is paid all the same */
    assert_string_equal(n->row[0].author, "");
    news_free(n);
    struct watch_list l = {.word = {(char *)(uintptr_t) "nobody of that name"}, .n = 1};
    assert_int_equal(news_load(w.w, &w.net, &l, &place, 10, &n, &e), SOUK_ENOTFOUND);
    world_close(&w);
}

/* The block of the place was taken back: what came instead is told, from the fork on. */
static void a_fork(void **state)
{
    struct world w;
    (void)state;
    market(&w);
    put_pay(&w, (struct w_pay){.payer = "bob", .payee = "p vol", .amount = 10, .day = 92});
    move_cursor(&w, 93, 0, "93");
    struct news *n = news(&w, "mira", NULL, 10);
    struct watch_place place = n->upto;
    news_free(n);
    struct cursor fork = {.block = block_at(91, 0), .hash = keccak256("91", 2), .time = at(91, 0)};
    ok(store_begin(w.w, E));
    ok(store_unwind(w.w, W_PAY_CHAIN, FILTER_PAYMENTS, fork.block, &fork, E));
    ok(store_commit(w.w, E));
    put_pay(&w,
            (struct w_pay){.payer = "ann", .payee = "p vol", .amount = 77, .day = 91, .hour = 5});
    move_cursor(&w, 93, 0, "93 anew");
    n = news(&w, "mira", &place, 10);
    assert_true(n->forked);
    assert_int_equal(n->n, 1);
    assert_true(u256_cmp(n->row[0].call.amount.value, u256_from_u64(77)) == 0);
    news_free(n);
    world_close(&w);
}

/* More than asked for: cut between blocks, and nothing is told twice or never. */
static void in_portions(void **state)
{
    struct world w;
    size_t told = 0, rounds = 0;
    bool more = true;
    (void)state;
    market(&w);
    for (int i = 0; i < 12; i++)
        put_pay(&w, (struct w_pay){.payer = "bob",
                                   .payee = "p vol",
                                   .amount = (uint64_t)i + 1,
                                   .day = 92,
                                   .hour = i / 2});
    move_cursor(&w, 93, 0, "93");
    struct watch_place place = {.block = block_at(91, 0)};
    for (; more && rounds < 20; rounds++) {
        struct news *n = news(&w, "mira", &place, 3);
        for (size_t i = 0; i < n->n; i++)
            assert_true(u256_cmp(n->row[i].call.amount.value, u256_from_u64(++told)) == 0);
        place = n->upto;
        more = n->more;
        news_free(n);
    }
    assert_int_equal(told, 12);
    assert_int_equal(place.block, block_at(93, 0));
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_file),
        cmocka_unit_test(list_words),
        cmocka_unit_test(told_once_and_in_order),
        cmocka_unit_test(words_and_whom_they_mean),
        cmocka_unit_test(a_fork),
        cmocka_unit_test(in_portions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
