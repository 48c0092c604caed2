/* Search among 2,000 long descriptions, as a person types; and models by what they are called. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "market/catalog/search.h"
#include "market/catalog/typo.h"
#include "market_world.h"

enum { MODELS = 2000 };

static const char *const subjects[] = {"volatility", "return", "sentiment", "credit", "fraud",
                                       "liquidity",  "bridge", "weather",   "gas",    "churn"};
static const char *const things[] = {"ethusdt", "btcusdt", "solusdt", "wallet", "pool", "news"};
static const char *const words[] = {
    "the",     "model",    "of",      "and",    "predicts",  "from",     "input",  "output",
    "with",    "trained",  "candles", "prices", "float32",   "tensor",   "linear", "gradient",
    "boosted", "network",  "layers",  "window", "features",  "standard", "regime", "signal",
    "a",       "is",       "for",     "in",     "returns",   "minutes",  "market", "data",
    "volume",  "ethereum", "bitcoin", "chain",  "estimates", "score",    "risk",   "hourly"};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct world world;
static struct catalog *catalog;
static uint64_t seed = 99;

static uint64_t draw(uint64_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 33) % below;
}

static void put(const char *author, const char *name, const char *task, const char *description)
{
    int64_t id;
    bool changed;
    struct model_in m = {.author = untrusted(author),
                         .name = untrusted(name),
                         .task = untrusted(task),
                         .description = untrusted(description)};
    ok(store_model_put(world.w, &m, world.src, 1, &id, &changed, E));
}

static int group_setup(void **state)
{
    struct buf d;
    (void)state;
    world_open(&world);
    buf_init(&d, 1 << 16);
    ok(store_begin(world.w, E));
    for (int i = 0; i < MODELS; i++) {
        char name[96], author[32];
        const char *subject = subjects[draw(COUNT(subjects))], *thing = things[draw(COUNT(things))];
        snprintf(name, sizeof name, "%s-%s-%d", thing, draw(3) ? subject : "model", i);
        snprintf(author, sizeof author, "author%d", i % 300);
        buf_clear(&d);
        buf_addf(&d, "# %s for %s\n\n", subject, thing);
        for (size_t want = 400 + draw(3000); d.len < want;) {
            buf_adds(&d, draw(30) ? words[draw(COUNT(words))] : subjects[draw(COUNT(subjects))]);
            buf_adds(&d, " ");
        }
        put(author, name, draw(2) ? "Risk Models" : "Time Series", d.p);
    }
    put("OpenGradient", "og-1hr-volatility-ethusdt", "Volatility",
        "Predicts the standard deviation of one-minute returns over the next hour.");
    put("kmong", "caf\xc3\xa9-\xe6\x97\xa5\xe6\x9c\xac", "", "zyzzyva appears once");
    put("kmong", "twin", "", "one of two");
    put("mira", "twin", "", "two of two");
    put("mira", "a/b c", "",
        "a name with a slash; Model CID: "
        "KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A");
    ok(store_commit(world.w, E));
    put_listing(
        &world,
        (struct w_listing){
            .owner = "o", .author = "mira", .name = "a/b c", .pay_to = "p", .price = 1, .day = 1});
    world_derive(&world);
    ok(catalog_load(world.w, WINDOW_30D, &catalog, E));
    buf_release(&d);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    catalog_unref(catalog);
    world_close(&world);
    return 0;
}

static struct view *search_for(const char *text)
{
    struct view *v;
    struct query q = {.sort = SORT_MATCH};
    snprintf(q.text, sizeof q.text, "%s", text);
    ok(view_make(catalog, &q, world.w, &v, E));
    return v;
}

static const char *name_at(const struct view *v, uint32_t i)
{
    return i < v->n ? catalog->row[v->row[i]].name : "";
}

/* Is the one among the first few? */
static bool finds(const char *text, const char *name, uint32_t within)
{
    struct view *v = search_for(text);
    bool found = false;
    for (uint32_t i = 0; i < v->n && i < within; i++) {
        found |= strcmp(name_at(v, i), name) == 0;
    }
    view_free(v);
    return found;
}

static void finds_what_is_meant(void **state)
{
    const char *og = "og-1hr-volatility-ethusdt";
    (void)state;
    assert_true(finds("og volatility", og, 1));
    assert_true(finds("og-1hr-volatility-ethusdt", og, 1));
    assert_true(finds("OG 1HR", og, 1));
    assert_true(finds("opengradient vol", og, 1));
    assert_true(finds("opengradient volatilty", og, 1));
    /* Among the hundred or so that are about just that, all have both words in the name first. */
    assert_true(finds("eth volatility", og, 200));
    assert_true(finds("eth vol", og, 200));
    assert_true(finds("volatilty eth", og, 200));
    assert_true(finds("ethvol", og, 200));
    assert_true(finds("volatility task:volatility", og, 1));
}

/* Each letter typed shows it still: no step of typing hides what the whole word finds. */
static void as_it_is_typed(void **state)
{
    const char *whole = "ethusdt volatility 1hr";
    (void)state;
    for (size_t n = 1; n <= strlen(whole); n++) {
        char text[64];
        snprintf(text, sizeof text, "%.*s", (int)n, whole);
        if (!finds(text, "og-1hr-volatility-ethusdt", MODELS)) {
            fail_msg("\"%s\" hides it", text);
        }
    }
}

static void tiers(void **state)
{
    (void)state;
    struct view *v = search_for("volatility ethusdt");
    bool seen_other = false;
    unsigned named = 0;
    assert_true(v->n > 100);
    for (uint32_t i = 0; i < v->n; i++) {
        const char *name = name_at(v, i);
        bool both = strstr(name, "volatility") && strstr(name, "ethusdt");
        named += both;
        seen_other |= !both;
        assert_false(both && seen_other);
    }
    assert_true(named > 10 && seen_other);
    view_free(v);
}

static void all_words_are_needed(void **state)
{
    (void)state;
    struct view *v = search_for("zyzzyva volatility");
    assert_int_equal(v->n, 0);
    view_free(v);
    v = search_for("zyzzyva once");
    assert_int_equal(v->n, 1);
    assert_string_equal(v->note, "");
    view_free(v);
}

static void notes(void **state)
{
    (void)state;
    struct view *v = search_for("volatilty");
    assert_string_equal(v->note, "no \"volatilty\": showing \"volatility\"");
    assert_true(v->n > 100);
    view_free(v);
    v = search_for("ethvol");
    assert_string_equal(v->note, "no \"ethvol\": showing \"eth vol\"");
    view_free(v);
    v = search_for("sentimnet predcits"); /* two swapped, each a word of its own */
    assert_string_equal(v->note, "no \"sentimnet\": showing \"sentiment\"; "
                                 "no \"predcits\": showing \"predicts\"");
    assert_true(v->n > 0);
    view_free(v);
    v = search_for("qqqqqqqq");
    assert_int_equal(v->n, 0);
    assert_string_equal(v->note, "");
    view_free(v);
    v = search_for("vol"); /* too short to be forgiven, and found */
    assert_string_equal(v->note, "");
    view_free(v);
    v = search_for("\x1b[31mvolatilty\xff"); /* a note holds letters and digits only */
    for (const char *p = v->note; *p; p++) {
        assert_true(*p >= ' ' && *p < 0x7f);
    }
    view_free(v);
}

static void other_scripts(void **state)
{
    (void)state;
    assert_true(finds("cafe", "caf\xc3\xa9-\xe6\x97\xa5\xe6\x9c\xac", 1)); /* without its accent */
    assert_true(finds("CAF\xc3\x89", "caf\xc3\xa9-\xe6\x97\xa5\xe6\x9c\xac", 1));
    assert_true(finds("\xe6\x97\xa5", "caf\xc3\xa9-\xe6\x97\xa5\xe6\x9c\xac", 1));
}

/* Nothing a person types is read as the syntax of the index, nor makes the search fail. */
static void hostile_queries(void **state)
{
    static const char *const hostile[] = {"\"",
                                          "\"\"\"",
                                          "*",
                                          "^",
                                          "name : x",
                                          "{name} : x",
                                          "NEAR(a b)",
                                          "a AND",
                                          "OR",
                                          "NOT",
                                          "-",
                                          "(",
                                          ")",
                                          "a\"*",
                                          "a + b",
                                          "'; DROP TABLE model; --",
                                          "\xff\xfe\xc3",
                                          "%s%n",
                                          "task:",
                                          "author:~",
                                          "price<",
                                          ":::",
                                          "-\"",
                                          "rowid:1",
                                          "model_text"};
    (void)state;
    for (size_t i = 0; i < COUNT(hostile); i++) {
        struct view *v = search_for(hostile[i]);
        view_free(v);
    }
    char longest[256];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct view *v = search_for(longest);
    assert_int_equal(v->n, 0);
    view_free(v);
}

/* What is remembered is forgotten when the text in the cache changes. */
static void sees_new_models(void **state)
{
    (void)state;
    assert_false(finds("brandnewword", "fresh", 10));
    ok(store_begin(world.w, E));
    put("mira", "fresh", "", "brandnewword");
    ok(store_commit(world.w, E));
    struct catalog *old = catalog;
    ok(catalog_load(world.w, WINDOW_30D, &catalog, E));
    catalog_unref(old);
    assert_true(finds("brandnewword", "fresh", 1));
    assert_true(finds("brandnewwrod", "fresh", 1));
}

static void distances(void **state)
{
    static const struct {
        const char *typed, *word;
        int most, whole, beginning;
    } cases[] = {{"volatilty", "volatility", 2, 1, 1},
                 {"volatility", "volatility", 2, 0, 0},
                 {"voaltility", "volatility", 2, 1, 1},
                 {"vloat", "volatility", 1, 2, 1},
                 {"abcd", "abcde", 1, 1, 0},
                 {"abcd", "xbcd", 1, 1, 1},
                 {"abcd", "badc", 2, 2, 2},
                 {"abcd", "efgh", 2, 3, 3},
                 {"abcdef", "abc", 2, 3, 3},
                 {"ca", "abc", 2, 3, 1}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int whole, beginning;
        typo_distance(cases[i].typed, strlen(cases[i].typed), cases[i].word, strlen(cases[i].word),
                      cases[i].most, &whole, &beginning);
        int far = cases[i].most + 1;
        assert_int_equal(whole, cases[i].whole < far ? cases[i].whole : far);
        assert_int_equal(beginning, cases[i].beginning < far ? cases[i].beginning : far);
    }
}

/* --- model_find */

static int64_t find(const char *word)
{
    int64_t id;
    ok(model_find(world.w, word, &id, E));
    return id;
}

static void by_name(void **state)
{
    (void)state;
    int64_t og = find("OpenGradient/og-1hr-volatility-ethusdt"), slash = find("mira/a/b c");
    assert_int_equal(find("og-1hr-volatility-ethusdt"), og);
    assert_int_equal(find("opengradient/OG-1HR-volatility-ethusdt"), og);
    assert_int_equal(find("OG-1hr-Volatility-ethusdt"), og);
    assert_int_equal(find("a/b c"), slash);
    assert_int_equal(find("KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A"), slash);
    char lid[HASH_BUF];
    assert_int_equal(find(bytes32_format(keccak256("o a/b c", 7), lid)), slash);
    assert_int_not_equal(find("mira/twin"), find("kmong/twin"));
}

static void by_name_fails(void **state)
{
    struct err e;
    int64_t id = 5;
    (void)state;
    assert_int_equal(model_find(world.w, "twin", &id, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "2 models"));
    assert_non_null(strstr(e.msg, "kmong/twin"));
    assert_non_null(strstr(e.msg, "mira/twin"));
    assert_int_equal(id, 0);
    assert_int_equal(model_find(world.w, "og-1hr-volatilty-ethusd", &id, &e), SOUK_ENOTFOUND);
    assert_non_null(strstr(e.msg, "OpenGradient/og-1hr-volatility-ethusdt"));
    assert_int_equal(model_find(world.w, "qqqqqqqqq", &id, &e), SOUK_ENOTFOUND);
    assert_string_equal(e.msg, "no model \"qqqqqqqqq\" in the cache");
    assert_int_equal(model_find(world.w, "", &id, &e), SOUK_ENOTFOUND);
    assert_int_equal(model_find(world.w, "jKzAHsOHS1zA193_9N-n5H_IjupBjKce08qMLLseRe8", &id, &e),
                     SOUK_ENOTFOUND);
    char none[HASH_BUF];
    assert_int_equal(model_find(world.w, bytes32_format(keccak256("x", 1), none), &id, &e),
                     SOUK_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_is_meant),
        cmocka_unit_test(as_it_is_typed),
        cmocka_unit_test(tiers),
        cmocka_unit_test(all_words_are_needed),
        cmocka_unit_test(notes),
        cmocka_unit_test(other_scripts),
        cmocka_unit_test(hostile_queries),
        cmocka_unit_test(sees_new_models),
        cmocka_unit_test(distances),
        cmocka_unit_test(by_name),
        cmocka_unit_test(by_name_fails),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
