/*
 * Watching: the list and its file, what is said when payments land, what is kept of them, and
 * Activity, where they are shown.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/paths.h"
#include "drawn.h"
#include "fixture.h"
#include "ui/backend.h"
#include "ui/screens/screens.h"
#include "ui/watching.h"

static struct world {
    char *dir;
    struct loop *loop;
    struct backend *backend;
    struct app *app;
    struct domain d;
} world;

static void on_turn(void *ud)
{
    (void)ud;
    if (loop_idle(world.loop))
        loop_stop(world.loop, 0);
}

/* Until nothing is under way. */
static void settle(void)
{
    app_on_turn(world.app, on_turn, NULL);
    loop_run(world.loop);
}

static int setup(void **state)
{
    (void)state;
    static const struct screen_ops *const tabs[] = {&screen_activity};
    struct err e = {0};
    memset(&world, 0, sizeof world);
    clock_fix(FIXTURE_NOW);
    world.dir = fixture_empty();
    paths_override(world.dir);
    world.loop = loop_new(NULL);
    world.backend = backend_test_new(120, 24, TEXT_UNICODE, NULL);
    const struct market_options o = {.network = "devnet", .offline = true};
    struct market *m = NULL;
    if (market_open(world.loop, &o, &m, &e) != SOUK_OK)
        return -1;
    domain_init(&world.d, m, WINDOW_30D);
    struct app_config cfg = {.loop = world.loop,
                             .backend = world.backend,
                             .domain = &world.d,
                             .tabs = tabs,
                             .n_tabs = 1};
    world.app = app_new(&cfg, NULL);
    world.d.app = world.app;
    world.d.watching = watching_new(&world.d);
    return world.app && world.d.watching ? 0 : -1;
}

static void leave(void)
{
    app_free(world.app);
    watching_stop(world.d.watching);
    domain_release(&world.d);
    market_close(world.d.market);
    backend_free(world.backend);
    loop_free(world.loop);
}

static int clean(void **state)
{
    (void)state;
    fixture_free(world.dir);
    paths_override(NULL);
    return 0;
}

static int teardown(void **state)
{
    settle();
    leave();
    return clean(state);
}

static bool says(const char *words)
{
    app_draw_now(world.app);
    return test_has_text(app_canvas(world.app), words);
}

/* --- payments */

static struct news_row payment(unsigned i, unsigned micro)
{
    struct news_row r = {
        .call = {.time = FIXTURE_NOW - 40 * (int64_t)i,
                 .block = 1000 + i,
                 .tx = "0x7be1000000000000000000000000000000000000000000000000000000"
                       "0000aa",
                 .amount = {.value = u256_from_u64(micro), .symbol = "USDC", .decimals = 6}},
        .payer_known = true,
        .author = "mira",
        .model = "eth-vol-garch",
        .word = "mira"};
    r.call.payer.b[0] = 0x8f;
    r.call.payer.b[19] = (uint8_t)i;
    return r;
}

static void land(const struct news_row *row, size_t n)
{
    watching_take(world.d.watching, &(struct news){.row = row, .n = n});
}

/* --- tests */

static void test_toggle(void **state)
{
    (void)state;
    struct watch_list l = {.n = 0};
    struct err e = {0};
    assert_int_equal(watching_count(world.d.watching), 0);
    watching_toggle(world.d.watching, "mira");
    assert_true(says("watching mira"));
    assert_true(watching_has(world.d.watching, "mira"));
    settle();
    assert_int_equal(watch_load("devnet", &l, &e), SOUK_OK);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.word[0], "mira");
    watch_release(&l);
    /* Twice while the file is being written: the last word counts. */
    watching_toggle(world.d.watching, "vol.labs");
    watching_toggle(world.d.watching, "mira");
    assert_true(says("no longer watching mira"));
    settle();
    assert_int_equal(watch_load("devnet", &l, &e), SOUK_OK);
    assert_int_equal(l.n, 1);
    assert_string_equal(l.word[0], "vol.labs");
    watch_release(&l);
    watching_toggle(world.d.watching, "two\nlines");
    assert_int_equal(watching_count(world.d.watching), 1);
}

static void test_one(void **state)
{
    (void)state;
    struct news_row r = payment(1, 4000);
    r.payer_new = true;
    land(&r, 1);
    assert_true(says("+0.004 USDC  mira/eth-vol-garch, from 0x"));
    assert_true(says("(new)"));
    r.refund = true;
    r.payer_new = false;
    land(&r, 1);
    assert_true(says("−0.004 USDC  mira/eth-vol-garch, given back to 0x"));
    assert_int_equal(watching_landed(world.d.watching), 2);
}

/* Of several, the sum of each asset by itself; what went back is in none of them. */
static void test_sum(void **state)
{
    (void)state;
    struct news_row r[4];
    for (unsigned i = 0; i < 4; i++)
        r[i] = payment(i, 4000);
    r[2].call.amount =
        (struct amount){.value = u256_from_u64(20), .asset.b = {1}, .symbol = "OPG", .decimals = 3};
    r[3].refund = true;
    land(r, 4);
    assert_true(says("3 payments to whom you watch: +0.008 USDC, +0.02 OPG (Activity)"));
    assert_int_equal(watching_landed(world.d.watching), 4);
    r[0].refund = r[1].refund = r[2].refund = true;
    land(r, 4);
    assert_true(says("4 payments to whom you watch were given back (Activity)"));
}

static void list_file(char path[PATH_BUF])
{
    assert_int_equal(paths_get(PATH_STATE, "watch-devnet", path, NULL), SOUK_OK);
}

static void file_has(const char *word, bool yes)
{
    struct watch_list l;
    struct err e = {0};
    assert_int_equal(watch_load("devnet", &l, &e), SOUK_OK);
    assert_int_equal(watch_has(&l, word), yes);
    watch_release(&l);
}

/* Another souk has changed the list meanwhile: what it watches stays. */
static void test_shared(void **state)
{
    (void)state;
    struct watch_list l = {.n = 0};
    struct err e = {0};
    watching_toggle(world.d.watching, "mira");
    settle();
    assert_int_equal(watch_toggle(&l, "vol.labs", &e), SOUK_OK);
    assert_int_equal(watch_toggle(&l, "ines", &e), SOUK_OK);
    assert_int_equal(watch_save("devnet", &l, &e), SOUK_OK);
    watch_release(&l);
    watching_toggle(world.d.watching, "ines"); /* it is there already, as is wanted */
    assert_true(says("watching ines"));
    settle();
    file_has("vol.labs", true);
    file_has("ines", true);
    file_has("mira", false);
}

/* A list that cannot be read is not written over. */
static void test_unreadable(void **state)
{
    (void)state;
    char path[PATH_BUF];
    struct stat st;
    list_file(path);
    assert_int_equal(mkdir(path, 0700), 0);
    watching_toggle(world.d.watching, "mira");
    assert_true(says("watch-devnet"));
    assert_false(watching_has(world.d.watching, "mira"));
    settle();
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
}

/* Who quits at once has said it even so. */
static void test_quit(void **state)
{
    (void)state;
    watching_toggle(world.d.watching, "mira");
    watching_toggle(world.d.watching, "vol.labs");
    leave();
    file_has("mira", true);
    file_has("vol.labs", true);
}

static void test_kept(void **state)
{
    (void)state;
    enum { MORE = 7 };
    for (unsigned i = 0; i < WATCH_KEPT + MORE; i++) {
        struct news_row r = payment(i, 1000 + i);
        land(&r, 1);
    }
    assert_int_equal(watching_landed(world.d.watching), WATCH_KEPT);
    for (unsigned i = 0; i < WATCH_KEPT; i++)
        assert_int_equal(watching_at(world.d.watching, i)->amount.value.w[0],
                         1000 + WATCH_KEPT + MORE - 1 - i);
}

static void draw_activity(void *self, struct canvas *c, struct rect area)
{
    screen_activity.draw(self, c, area);
}

static void *open_activity(void)
{
    void *self = NULL;
    struct err e = {0};
    assert_int_equal(screen_activity.open(world.app, NULL, &self, &e), SOUK_OK);
    settle();
    return self;
}

static void test_activity(void **state)
{
    (void)state;
    void *s = open_activity();
    snprintf(world.d.told_how, sizeof world.d.told_how, "polling every 4 s");
    check_at("activity-nobody-watched", draw_activity, s, 80, 24);
    watching_toggle(world.d.watching, "mira");
    settle();
    check_at("activity-none-landed", draw_activity, s, 80, 24);
    struct news_row r[9];
    for (unsigned i = 0; i < 9; i++)
        r[i] = payment(9 - i, 4000 * (i + 1));
    r[1].payer_new = true;
    r[2].payer_known = false;
    r[2].bits = 1u << RULE_UNKNOWN;
    r[4].refund = true;
    r[5].model = "";
    r[6].bits = 1u << RULE_SELF | 1u << RULE_DUST;
    land(r, 9);
    check("activity-landed", draw_activity, s);
    assert_true(screen_activity.action(s, ACT_NEXT_PANE));
    check("activity-landed-chosen", draw_activity, s);
    assert_true(screen_activity.action(s, ACT_DOWN));
    assert_true(screen_activity.offers(s, ACT_COPY));
    survive(draw_activity, s);
    screen_activity.close(s);
}

/* Names that are attacks: in the toast, and in the table. */
static void test_hostile(void **state)
{
    (void)state;
    void *s = open_activity();
    for (size_t i = 0; i < fixture_attacks(); i++) {
        char text[512];
        struct untrusted a = fixture_attack(i);
        struct news_row r = payment(1, 4000);
        snprintf(text, sizeof text, "%.*s", (int)(a.n < sizeof text ? a.n : sizeof text - 1), a.p);
        r.author = r.model = r.word = text;
        land(&r, 1);
        app_draw_now(world.app);
        survive(draw_activity, s);
        watching_toggle(world.d.watching, text);
        app_draw_now(world.app);
        const struct canvas *c = app_canvas(world.app);
        for (int y = 0; y < canvas_rect(c).h; y++)
            for (int x = 0; x < canvas_rect(c).w; x++)
                for (int k = 0; k < CELL_CPS && canvas_row(c, y)[x].cp[k]; k++)
                    assert_true(text_drawable(canvas_row(c, y)[x].cp[k]));
        settle();
    }
    screen_activity.close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_toggle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sum, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shared, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unreadable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_quit, setup, clean),
        cmocka_unit_test_setup_teardown(test_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(test_activity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
