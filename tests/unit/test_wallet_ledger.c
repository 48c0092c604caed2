/* The record of what was signed: what it adds up to, that it survives a restart and a crash at any
 * byte, and that nobody changes it unnoticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "wallet/ledger.h"

#include "base/banned.h"

static char dir[64];
static int dirfd_;
static const uint8_t key[32] = {1, 2, 3};
static struct err e;

enum { NOW = 1767225600 };

static int setup(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/souk-ledger-XXXXXX");
    assert_non_null(mkdtemp(dir));
    dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return secret_start(&e) == SOUK_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    unlinkat(dirfd_, "w.ledger", 0);
    unlinkat(dirfd_, "w.head", 0);
    unlinkat(dirfd_, "v.ledger", 0);
    unlinkat(dirfd_, "v.head", 0);
    close(dirfd_);
    return rmdir(dir);
}

static struct ledger *opened(void)
{
    struct ledger *l = NULL;
    if (ledger_open(dirfd_, "w", key, &l, &e))
        fail_msg("%s", e.msg);
    return l;
}

static souk_err reopen(void)
{
    struct ledger *l = NULL;
    souk_err rc = ledger_open(dirfd_, "w", key, &l, &e);
    ledger_close(l);
    return rc;
}

static address addr(uint8_t n)
{
    address a = {{0xAA, n}};
    return a;
}

static bytes32 call_no(unsigned n)
{
    bytes32 h = {{0}};
    memcpy(h.b, &n, sizeof n);
    return h;
}

static struct entry entry_no(unsigned n, uint64_t amount, int64_t at)
{
    struct entry en = {.call = call_no(n), .subject = "mira/eth", .author = "mira", .at = at};
    en.typed = (struct typed){.kind = TYPED_EIP3009,
                              .chain = 8453,
                              .token = addr(1),
                              .name = "USD Coin",
                              .version = "2",
                              .from = addr(2),
                              .to = addr(3),
                              .amount = u256_from_u64(amount),
                              .valid_before = (uint64_t)at + 300};
    return en;
}

static void add_entry(struct ledger *l, unsigned n, uint64_t amount, int64_t at)
{
    struct entry en = entry_no(n, amount, at);
    if (ledger_add_entry(l, &en, &e))
        fail_msg("%s", e.msg);
}

static uint64_t low(u256 v)
{
    uint64_t n = 0;
    assert_true(u256_fits_u64(v, &n));
    return n;
}

static struct spent spent(const struct ledger *l, int64_t now)
{
    return ledger_spent(l, 8453, addr(1), "mira", "mira/eth", now);
}

/* --- what it adds up to */

static void check_story(const struct ledger *l)
{
    size_t n;
    const struct limits *lim = ledger_limits(l, &n);
    assert_int_equal(n, 2);
    assert_int_equal(low(lim[0].per_call), 70); /* the newer word */
    assert_string_equal(lim[0].asset.symbol, "USDC");
    const struct entry *en = ledger_entries(l, &n);
    assert_int_equal(n, 5);
    assert_int_equal(ledger_open_count(l), 2);
    assert_string_equal(en[0].subject, "mira/eth");
    assert_int_equal(en[1].state, ENTRY_SETTLED);
    assert_int_equal(low(en[1].charged), 4);
    assert_int_equal(en[2].state, ENTRY_LAPSED);
    assert_int_equal(ledger_entry(l, call_no(3))->state, ENTRY_CANCELLED);
    assert_null(ledger_entry(l, call_no(77)));
    /* 10 + 4 + 0 + 0; the fifth is another author's and model's */
    struct spent s = spent(l, NOW + 100);
    assert_int_equal(low(s.author), 14);
    assert_int_equal(low(s.model), 14);
    assert_int_equal(low(s.day), 14 + 50);
    assert_int_equal(low(s.week), 14 + 50);
    assert_int_equal(low(ledger_spent_payee(l, 8453, addr(1), addr(3), NOW + 100)), 14);
    assert_int_equal(low(ledger_spent(l, 1, addr(1), "mira", "mira/eth", NOW).week), 0);
    int64_t since;
    uint64_t paid;
    assert_true(address_eq(*ledger_pin(l, "mira/eth", &since, &paid), addr(3)));
    assert_int_equal(since, NOW);
    assert_int_equal(paid, 4);
    assert_true(address_eq(*ledger_pin(l, "other/btc", &since, &paid), addr(9)));
    assert_int_equal(since, NOW + 50);
    assert_int_equal(paid, 0);
    assert_null(ledger_pin(l, "unknown", NULL, NULL));
    assert_true(ledger_killed(l));
    const struct ledger_tx *tx = ledger_txs(l, &n);
    assert_int_equal(n, 2);
    assert_int_equal(low(ledger_spent(l, 8453, (address){{0}}, "", "", NOW + 100).day), 900);
    assert_int_equal(tx[1].meaning.kind, CALL_NOTHING);
}

static void it_remembers_across_a_restart(void **state)
{
    (void)state;
    struct ledger *l = opened();
    struct limits lim = {.per_call = u256_from_u64(100), .per_day = u256_from_u64(1000)};
    lim.asset = (struct asset){.chain = 8453, .token = addr(1), .symbol = "USDC", .decimals = 6};
    assert_false(ledger_add_limits(l, &lim, NOW, &e));
    struct limits other = lim;
    other.asset.token = addr(7);
    assert_false(ledger_add_limits(l, &other, NOW, &e));
    lim.per_call = u256_from_u64(70);
    assert_false(ledger_add_limits(l, &lim, NOW, &e));
    for (unsigned i = 0; i < 4; i++)
        add_entry(l, i, 10, NOW);
    struct entry en = entry_no(4, 50, NOW);
    snprintf(en.author, sizeof en.author, "other");
    snprintf(en.subject, sizeof en.subject, "other/btc");
    en.typed.to = addr(4);
    assert_false(ledger_add_entry(l, &en, &e));
    bytes32 tx = {{9}};
    assert_false(ledger_add_outcome(l, call_no(1), ENTRY_SETTLED, u256_from_u64(4), tx, NOW, &e));
    assert_false(ledger_add_outcome(l, call_no(2), ENTRY_LAPSED, U256_ZERO, tx, NOW, &e));
    assert_false(ledger_add_outcome(l, call_no(3), ENTRY_CANCELLED, U256_ZERO, tx, NOW, &e));
    assert_false(ledger_add_pin(l, "other/btc", addr(9), NOW + 50, &e));
    assert_false(ledger_add_kill(l, true, NOW + 50, &e));
    struct tx t = {.type = TX_1559, .chain = 8453, .nonce = 5, .gas = 21000, .to = addr(2)};
    assert_false(ledger_add_tx(l, &t, addr(2), tx, u256_from_u64(400), NOW + 60, &e));
    /* In the same place, dearer: one of them is mined, not both. */
    assert_false(ledger_add_tx(l, &t, addr(2), tx, u256_from_u64(900), NOW + 70, &e));
    check_story(l);
    ledger_close(l);
    l = opened();
    check_story(l);
    assert_int_equal(ledger_now(l, NOW - 86400), NOW + 70);
    assert_int_equal(ledger_now(l, NOW + 86400), NOW + 86400);
    ledger_close(l);
    assert_false(ledger_peek(dirfd_, "w", &l, &e));
    check_story(l);
    assert_false(ledger_writable(l));
    assert_int_equal(ledger_add_kill(l, false, NOW, &e), SOUK_EFAIL);
    ledger_close(l);
}

static void windows_roll(void **state)
{
    (void)state;
    struct ledger *l = opened();
    add_entry(l, 1, 10, NOW);
    add_entry(l, 2, 5, NOW + 3600);
    assert_int_equal(low(spent(l, NOW + SPAN_DAY - 1).day), 15);
    assert_int_equal(low(spent(l, NOW + SPAN_DAY).day), 5);
    assert_int_equal(low(spent(l, NOW + SPAN_DAY).model), 5);
    assert_int_equal(low(spent(l, NOW + SPAN_DAY).week), 15);
    assert_int_equal(low(spent(l, NOW + SPAN_WEEK).week), 5);
    assert_int_equal(low(spent(l, NOW + SPAN_WEEK + 3600).week), 0);
    ledger_close(l);
}

static void a_clock_turned_back_frees_nothing(void **state)
{
    (void)state;
    struct ledger *l = opened();
    add_entry(l, 1, 10, NOW);
    add_entry(l, 2, 10, NOW - 3 * SPAN_DAY); /* counts from when the ledger says it is */
    int64_t now = ledger_now(l, NOW - 30 * SPAN_DAY);
    assert_int_equal(now, NOW);
    assert_int_equal(low(spent(l, now).day), 20);
    ledger_close(l);
    l = opened();
    assert_int_equal(low(spent(l, ledger_now(l, 0)).day), 20);
    assert_int_equal(ledger_entry(l, call_no(2))->at, NOW);
    ledger_close(l);
}

static void outcomes_go_one_way(void **state)
{
    (void)state;
    struct ledger *l = opened();
    bytes32 tx = {{1}};
    add_entry(l, 1, 10, NOW);
    struct entry again = entry_no(1, 10, NOW);
    assert_int_equal(ledger_add_entry(l, &again, &e), SOUK_EINPUT);
    assert_int_equal(ledger_add_outcome(l, call_no(2), ENTRY_LAPSED, U256_ZERO, tx, NOW, &e),
                     SOUK_EINPUT);
    assert_int_equal(ledger_add_outcome(l, call_no(1), ENTRY_OPEN, U256_ZERO, tx, NOW, &e),
                     SOUK_EINPUT);
    assert_false(ledger_add_outcome(l, call_no(1), ENTRY_LAPSED, U256_ZERO, tx, NOW, &e));
    assert_int_equal(low(spent(l, NOW).day), 0);
    /* The chain changed its mind: the sum may grow again, and then it stays. */
    assert_false(ledger_add_outcome(l, call_no(1), ENTRY_SETTLED, u256_from_u64(10), tx, NOW, &e));
    assert_int_equal(low(spent(l, NOW).day), 10);
    assert_int_equal(ledger_add_outcome(l, call_no(1), ENTRY_LAPSED, U256_ZERO, tx, NOW, &e),
                     SOUK_EINPUT);
    assert_int_equal(ledger_add_outcome(l, call_no(1), ENTRY_SETTLED, U256_ZERO, tx, NOW, &e),
                     SOUK_EINPUT);
    ledger_close(l);
}

static void sums_beyond_all_numbers_are_over_every_cap(void **state)
{
    (void)state;
    struct ledger *l = opened();
    for (unsigned i = 0; i < 2; i++) {
        struct entry en = entry_no(i, 0, NOW);
        en.typed.amount = NO_CAP;
        assert_false(ledger_add_entry(l, &en, &e));
    }
    assert_int_equal(u256_cmp(spent(l, NOW).day, NO_CAP), 0);
    ledger_close(l);
}

/* --- on disk */

static size_t load(const char *leaf, uint8_t *p, size_t room)
{
    int fd = openat(dirfd_, leaf, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, p, room);
    close(fd);
    assert_true(n >= 0 && (size_t)n < room);
    return (size_t)n;
}

static void store(const char *leaf, const uint8_t *p, size_t n)
{
    int fd = openat(dirfd_, leaf, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, p, n), n);
    close(fd);
}

enum { FILE_ROOM = 16384 };
static uint8_t ledger_was[FILE_ROOM], head_was[FILE_ROOM], now_is[FILE_ROOM];
static size_t ledger_n, head_n;

/* Limits and three payments. */
static void write_three(void)
{
    unlinkat(dirfd_, "w.ledger", 0);
    unlinkat(dirfd_, "w.head", 0);
    struct ledger *l = opened();
    for (unsigned i = 0; i < 3; i++)
        add_entry(l, i, 10, NOW);
    ledger_close(l);
    ledger_n = load("w.ledger", ledger_was, sizeof ledger_was);
    head_n = load("w.head", head_was, sizeof head_was);
}

static void restore(void)
{
    store("w.ledger", ledger_was, ledger_n);
    store("w.head", head_was, head_n);
}

static void any_changed_bit_is_noticed(void **state)
{
    (void)state;
    write_three();
    assert_false(reopen());
    for (size_t i = 0; i < ledger_n; i++) {
        restore();
        memcpy(now_is, ledger_was, ledger_n);
        now_is[i] ^= (uint8_t)(1u << i % 8);
        store("w.ledger", now_is, ledger_n);
        if (reopen() != SOUK_EVERIFY)
            fail_msg("bit %zu of byte %zu of the ledger is nobody's business", i % 8, i);
    }
    assert_non_null(strstr(e.msg, "was changed by someone"));
}

static void a_cut_ledger_is_noticed_at_any_length(void **state)
{
    (void)state;
    write_three();
    for (size_t n = 0; n < ledger_n; n++) {
        restore();
        store("w.ledger", ledger_was, n);
        if (reopen() != SOUK_EVERIFY)
            fail_msg("cut to %zu of %zu bytes, and believed", n, ledger_n);
    }
    unlinkat(dirfd_, "w.ledger", 0);
    assert_int_equal(reopen(), SOUK_EVERIFY);
}

static void an_old_copy_or_another_wallets_is_noticed(void **state)
{
    (void)state;
    write_three();
    struct ledger *l = opened();
    add_entry(l, 3, 10, NOW);
    ledger_close(l);
    store("w.ledger", ledger_was, ledger_n);
    assert_int_equal(reopen(), SOUK_EVERIFY);
    /* Without its head. */
    restore();
    unlinkat(dirfd_, "w.head", 0);
    assert_int_equal(reopen(), SOUK_EVERIFY);
    store("w.head", head_was, 0);
    assert_int_equal(reopen(), SOUK_EVERIFY);
    /* Under another name, with another key. */
    restore();
    store("v.ledger", ledger_was, ledger_n);
    store("v.head", head_was, head_n);
    assert_int_equal(ledger_open(dirfd_, "v", key, &l, &e), SOUK_EVERIFY);
    uint8_t wrong[32] = {1, 2, 4};
    assert_int_equal(ledger_open(dirfd_, "w", wrong, &l, &e), SOUK_EVERIFY);
    assert_false(reopen());
}

/* A crash leaves the newest record in pieces, or whole with the head behind by one. */
static void a_crash_at_any_byte_is_mended(void **state)
{
    (void)state;
    write_three();
    struct ledger *l = opened();
    add_entry(l, 3, 10, NOW);
    ledger_close(l);
    uint8_t grown[FILE_ROOM];
    size_t n = load("w.ledger", grown, sizeof grown);
    for (size_t cut = ledger_n; cut <= n; cut++) {
        store("w.ledger", grown, cut);
        store("w.head", head_was, head_n); /* as it was before the fourth */
        l = opened();
        size_t entries;
        ledger_entries(l, &entries);
        assert_int_equal(entries, cut == n ? 4 : 3);
        add_entry(l, 9, 10, NOW); /* and it goes on */
        ledger_close(l);
        l = opened();
        ledger_entries(l, &entries);
        assert_int_equal(entries, cut == n ? 5 : 4);
        ledger_close(l);
    }
    /* Torn where the disk had given the room, but not the bytes. */
    memcpy(now_is, grown, n);
    memset(now_is + ledger_n + 10, 0, n - ledger_n - 10);
    store("w.ledger", now_is, n);
    store("w.head", head_was, head_n);
    assert_false(reopen());
    assert_int_equal(load("w.ledger", now_is, sizeof now_is), ledger_n);
}

static void two_records_beyond_the_head_are_no_crash(void **state)
{
    (void)state;
    write_three();
    struct ledger *l = opened();
    add_entry(l, 3, 10, NOW);
    add_entry(l, 4, 10, NOW);
    ledger_close(l);
    store("w.head", head_was, head_n);
    assert_int_equal(reopen(), SOUK_EVERIFY);
    /* Nor are many bytes of rubbish. */
    restore();
    memcpy(now_is, ledger_was, ledger_n);
    memset(now_is + ledger_n, 7, 8000);
    store("w.ledger", now_is, ledger_n + 8000);
    assert_int_equal(reopen(), SOUK_EVERIFY);
}

/* The head is written in place: a torn one leaves its elder, and the ledger one ahead. */
static void a_torn_head_is_mended(void **state)
{
    (void)state;
    write_three();
    struct ledger *l = opened();
    add_entry(l, 3, 10, NOW);
    ledger_close(l);
    uint8_t head[FILE_ROOM];
    size_t n = load("w.head", head, sizeof head);
    size_t at = 0;
    while (at < n && head[at] == head_was[at])
        at++;
    assert_true(at < n); /* where the fourth was written */
    head[at] ^= 1;
    store("w.head", head, n);
    l = opened();
    size_t entries;
    ledger_entries(l, &entries);
    assert_int_equal(entries, 4);
    ledger_close(l);
}

static void one_at_a_time_and_for_its_owner_alone(void **state)
{
    (void)state;
    struct ledger *l = opened(), *second;
    assert_int_equal(ledger_open(dirfd_, "w", key, &second, &e), SOUK_EFAIL);
    assert_non_null(strstr(e.msg, "unlocked already"));
    ledger_close(l);
    assert_int_equal(fchmodat(dirfd_, "w.ledger", 0640, 0), 0);
    assert_int_equal(ledger_open(dirfd_, "w", key, &l, &e), SOUK_EINPUT);
    assert_int_equal(fchmodat(dirfd_, "w.ledger", 0600, 0), 0);
    unlinkat(dirfd_, "w.head", 0);
    assert_int_equal(symlinkat("w.ledger", dirfd_, "w.head"), 0);
    assert_int_equal(ledger_open(dirfd_, "w", key, &l, &e), SOUK_EFAIL);
}

static void a_wallet_that_never_signed_is_empty(void **state)
{
    (void)state;
    struct ledger *l;
    assert_false(ledger_peek(dirfd_, "w", &l, &e));
    size_t n;
    ledger_entries(l, &n);
    assert_int_equal(n, 0);
    ledger_close(l);
    assert_int_equal(faccessat(dirfd_, "w.ledger", F_OK, 0), -1); /* looking makes nothing */
    assert_false(reopen());
    assert_false(reopen());
}

static void without_memory_nothing_is_written(void **state)
{
    (void)state;
    struct ledger *l = opened();
    unsigned failed = 0;
    for (unsigned long nth = 1; failed < 1000; nth++) {
        struct entry en = entry_no((unsigned)nth, 1, NOW);
        uint8_t p[64 * 1024];
        size_t before = load("w.ledger", p, sizeof p);
        mem_fail_at(nth % 8 + 1, true);
        souk_err rc = ledger_add_entry(l, &en, &e);
        mem_fail_at(0, false);
        size_t after = load("w.ledger", p, sizeof p);
        assert_int_equal(rc != SOUK_OK, before == after);
        assert_int_equal(ledger_entry(l, en.call) != NULL, rc == SOUK_OK);
        failed += rc != SOUK_OK;
        if (nth == 120)
            break;
    }
    assert_true(failed > 10);
    ledger_close(l);
    assert_false(reopen());
}

/* A year of heavy use still opens and adds up. */
static void many_records(void **state)
{
    (void)state;
    struct ledger *l = opened();
    for (unsigned i = 0; i < 3000; i++) {
        struct entry en = entry_no(i, 1, NOW + i);
        snprintf(en.subject, sizeof en.subject, "mira/m%u", i % 700);
        assert_false(ledger_add_entry(l, &en, &e));
    }
    ledger_close(l);
    l = opened();
    struct spent s = ledger_spent(l, 8453, addr(1), "mira", "mira/m7", NOW + 3000);
    assert_int_equal(low(s.author), 3000);
    assert_int_equal(low(s.model), 5);
    for (unsigned i = 0; i < 3000; i++)
        assert_int_equal(ledger_entry(l, call_no(i))->at, NOW + i);
    ledger_close(l);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_remembers_across_a_restart),
        TEST(windows_roll),
        TEST(a_clock_turned_back_frees_nothing),
        TEST(outcomes_go_one_way),
        TEST(sums_beyond_all_numbers_are_over_every_cap),
        TEST(any_changed_bit_is_noticed),
        TEST(a_cut_ledger_is_noticed_at_any_length),
        TEST(an_old_copy_or_another_wallets_is_noticed),
        TEST(a_crash_at_any_byte_is_mended),
        TEST(two_records_beyond_the_head_are_no_crash),
        TEST(a_torn_head_is_mended),
        TEST(one_at_a_time_and_for_its_owner_alone),
        TEST(a_wallet_that_never_signed_is_empty),
        TEST(without_memory_nothing_is_written),
        TEST(many_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
