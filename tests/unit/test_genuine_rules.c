/* rules and known: names, thresholds, [genuine] in the configuration, the user's list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/paths.h"
#include "market/config.h"
#include "market/genuine.h"

static char dir[] = "/tmp/souk-rules-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    paths_override(dir);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const leaves[] = {"config/known", "config/config", "config", "state/devnet",
                                         "state"};
    char path[128];
    (void)state;
    paths_override(NULL);
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, leaves[i]);
        remove(path);
    }
    assert_int_equal(rmdir(dir), 0);
    return 0;
}

static void write_file(const char *leaf, const char *text)
{
    char path[PATH_BUF];
    assert_int_equal(paths_get(PATH_CONFIG, leaf, path, NULL), SOUK_OK);
    if (text == NULL) {
        unlink(path);
        return;
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void assert_says(const char *text, const char *words)
{
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", text, words);
}

/* --- rules */

static void every_rule_and_threshold_has_its_name(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RULE_COUNT; i++) {
        assert_non_null(rule_name((enum rule)i));
        assert_non_null(rule_text((enum rule)i));
    }
    assert_int_equal(rule_effect(RULE_SHARED), RULE_CLUSTER);
    assert_int_equal(rule_effect(RULE_UNKNOWN), RULE_EXCLUDE);
    assert_int_equal(rule_effect(RULE_BURST), RULE_TAG);
    struct rules d = rules_default;
    for (unsigned i = 0; i < THRESHOLDS; i++) {
        const struct threshold *t = threshold_at(i);
        assert_in_range(*threshold_of(&d, i), t->least, t->most);
    }
}

static struct rules set(const char *key, const char *value)
{
    struct rules r = rules_default;
    struct err e = {0};
    if (rules_set(&r, key, value, &e) != SOUK_OK)
        fail_msg("%s = %s: %s", key, value, e.msg);
    return r;
}

static void refuse(const char *key, const char *value, const char *words)
{
    struct rules r = rules_default;
    struct err e = {0};
    assert_int_equal(rules_set(&r, key, value, &e), SOUK_EINPUT);
    assert_says(e.msg, words);
    assert_int_equal(rules_print(&r), rules_print(&rules_default));
}

static void thresholds_are_read_in_both_ways(void **state)
{
    (void)state;
    assert_int_equal(set("funded_share", "0.5").funded_share, 500);
    assert_int_equal(set("funded_share", "0.25").funded_share, 250);
    assert_int_equal(set("funded_share", "0.001").funded_share, 1);
    assert_int_equal(set("funded_share", "1.0").funded_share, 1000);
    assert_int_equal(set("funded_share", "1").funded_share, 1); /* a thousandth */
    assert_int_equal(set("cohort_cv", "1.5").cohort_cv, 1500);
    assert_int_equal(set("hub_fundees", "1000000").hub_fundees, 1000000);
    assert_int_equal(set("dust_micro", "0").dust_micro, 0);
    refuse("funded_share", "1.001", "funded_share: \"1.001\" is no share from 1 to 1000");
    refuse("funded_share", "0.0005", "no share");
    refuse("funded_share", "0", "no share");
    refuse("funded_share", ".5", "no share");
    refuse("funded_share", "5.", "no share");
    refuse("funded_share", "-1", "no share");
    refuse("funded_share", "", "no share");
    refuse("window_days", "7.5", "window_days: \"7.5\" is not a number from 1 to 90");
    refuse("window_days", "91", "not a number from 1 to 90");
    refuse("window_days", "99999999999999999999", "not a number");
    refuse("windowdays", "7", "[genuine] has no setting \"windowdays\"");
}

static void rules_are_switched_off_by_name(void **state)
{
    char text[128];
    struct rules r = set("off", "  cohort\tburst ");
    (void)state;
    assert_int_equal(r.on, rules_default.on & ~(1u << RULE_COHORT) & ~(1u << RULE_BURST));
    assert_string_equal(rules_off(&r, text, sizeof text), "cohort burst");
    assert_int_equal(rules_set(&r, "off", "self", NULL), SOUK_OK); /* a second line adds */
    assert_string_equal(rules_off(&r, text, sizeof text), "self cohort burst");
    assert_string_equal(rules_off(&rules_default, text, sizeof text), "");
    assert_int_equal(set("off", "").on, rules_default.on);
    refuse("off", "cohort selfish", "there is no rule \"selfish\": self, funded, shared, return");
}

static void every_switch_and_threshold_moves_the_fingerprint(void **state)
{
    uint64_t seen[RULE_COUNT + THRESHOLDS + 1] = {rules_print(&rules_default)};
    size_t n = 1;
    (void)state;
    for (unsigned i = 0; i < RULE_COUNT + THRESHOLDS; i++) {
        struct rules r = rules_default;
        if (i < RULE_COUNT)
            r.on &= ~(1u << i);
        else
            ++*threshold_of(&r, i - RULE_COUNT);
        seen[n] = rules_print(&r);
        for (size_t k = 0; k < n; k++)
            assert_int_not_equal(seen[k], seen[n]);
        n++;
    }
}

struct listing {
    unsigned lines, from_file;
    char off[64], share[16];
};

static void on_line(void *ud, const char *section, const char *key, const char *value, bool mine)
{
    struct listing *l = ud;
    if (strcmp(section, "genuine") != 0)
        return;
    l->lines++;
    l->from_file += mine;
    if (strcmp(key, "off") == 0)
        snprintf(l->off, sizeof l->off, "%s", value);
    if (strcmp(key, "funded_share") == 0)
        snprintf(l->share, sizeof l->share, "%s", value);
}

static void the_configuration_has_them(void **state)
{
    struct config c;
    struct err e = {0};
    struct listing l = {0};
    (void)state;
    write_file("config", "[genuine]\noff = dust\nfunded_share = 0.75\n");
    if (config_load(&c, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    assert_int_equal(c.rules.funded_share, 750);
    assert_int_equal(c.rules.on, rules_default.on & ~(1u << RULE_DUST));
    config_each(&c, on_line, &l);
    assert_int_equal(l.lines, 1 + THRESHOLDS);
    assert_int_equal(l.from_file, 2);
    assert_string_equal(l.off, "dust");
    assert_string_equal(l.share, "750");

    write_file("config", "[genuine]\nburst_cv = much\n");
    assert_int_equal(config_load(&c, &e), SOUK_EINPUT);
    assert_says(e.msg, "config:2: burst_cv: \"much\" is no share");
    write_file("config", NULL);
    assert_int_equal(config_load(&c, &e), SOUK_OK);
    assert_int_equal(rules_print(&c.rules), rules_print(&rules_default));
}

/* --- known */

#define A1 "0x1111111111111111111111111111111111111111"
#define A2 "0x2222222222222222222222222222222222222222"
#define A3 "0x3333333333333333333333333333333333333333"

static struct known load(const char *text)
{
    struct known k;
    struct err e = {0};
    write_file("known", text);
    if (known_load(&k, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    return k;
}

static void refuse_known(const char *text, const char *words)
{
    struct known k;
    struct err e = {0};
    write_file("known", text);
    assert_int_equal(known_load(&k, &e), SOUK_EINPUT);
    assert_says(e.msg, words);
}

static void no_file_is_an_empty_list(void **state)
{
    struct known k = load(NULL);
    (void)state;
    assert_false(k.found);
    assert_int_equal(k.n, 0);
    assert_says(k.path, "/config/known");
    known_release(&k);
}

static void the_file_is_read_in_all_its_forms(void **state)
{
    struct known k = load("# mine\n\n" A3 "\ttrusted\n  " A1 " author Ann of Arbor \r\n" A2
                          " hub the bridge # really");
    (void)state;
    assert_true(k.found);
    assert_int_equal(k.n, 3);
    assert_int_equal(k.row[0].kind, KNOWN_AUTHOR);
    assert_string_equal(k.row[0].words, "Ann of Arbor");
    assert_int_equal(k.row[0].line, 4);
    assert_int_equal(k.row[1].kind, KNOWN_HUB);
    assert_string_equal(k.row[1].words, "the bridge # really");
    assert_int_equal(k.row[2].kind, KNOWN_TRUSTED);
    assert_string_equal(k.row[2].words, "");
    uint64_t print = k.print;
    known_release(&k);

    k = load(A1 " author Ann of Arbor\n" A2 " hub\n" A3 " trusted since May\n");
    assert_int_equal(k.print, print); /* says the same */
    known_release(&k);
    k = load(A1 " author Ann of Harbor\n" A2 " hub\n" A3 " trusted\n");
    assert_int_not_equal(k.print, print);
    known_release(&k);
    k = load(A1 " author Ann of Arbor\n" A2 " trusted\n" A3 " trusted\n");
    assert_int_not_equal(k.print, print);
    known_release(&k);
}

static void wrong_lines_are_named(void **state)
{
    (void)state;
    refuse_known(A1 " hub\n0x12 hub\n", "known:2: \"0x12\" is not an address");
    refuse_known("0xAbcdef1111111111111111111111111111111111 hub\n", "right checksum");
    refuse_known(A1 "\n", "known:1: \"\" says nothing: author NAME, hub or trusted is wanted");
    refuse_known(A1 " friend\n", "\"friend\" says nothing");
    refuse_known(A1 " author \n", "known:1: the author's name is missing");
    refuse_known(A1 " hub\n# two\n" A1 " trusted\n", "known:3: this address is on line 1 already");
    char long_line[400];
    snprintf(long_line, sizeof long_line, "%s hub %0300d\n", A1, 0);
    refuse_known(long_line, "more than 200 bytes");
    struct known k = {0};
    struct err e = {0};
    assert_int_equal(known_parse("known", A1 " hub\0", 48, &k, &e), SOUK_EINPUT);
    assert_says(e.msg, "this is no list of addresses");
    known_release(&k);
}

static address addr(const char *s)
{
    address a;
    assert_true(address_parse(s, strlen(s), &a));
    return a;
}

static const char *file_text(void)
{
    static char text[1024];
    char path[PATH_BUF];
    assert_int_equal(paths_get(PATH_CONFIG, "known", path, NULL), SOUK_OK);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text - 1, f);
    text[n] = '\0';
    assert_int_equal(fclose(f), 0);
    return text;
}

static void lines_are_added_replaced_and_taken_away(void **state)
{
    struct err e = {0};
    (void)state;
    write_file("known", NULL);
    assert_int_equal(known_set(addr(A1), KNOWN_HUB, NULL, &e), SOUK_OK);
    assert_string_equal(file_text(), A1 " hub\n");
    write_file("known", "# mine\n" A1 " hub\n\n" A2 " trusted"); /* no newline at its end */
    assert_int_equal(known_set(addr(A3), KNOWN_TRUSTED, "", &e), SOUK_OK);
    assert_int_equal(known_set(addr(A1), KNOWN_AUTHOR, "Ann", &e), SOUK_OK);
    assert_string_equal(file_text(),
                        "# mine\n" A1 " author Ann\n\n" A2 " trusted\n" A3 " trusted\n");
    assert_int_equal(known_set(addr(A2), -1, NULL, &e), SOUK_OK);
    assert_string_equal(file_text(), "# mine\n" A1 " author Ann\n\n" A3 " trusted\n");
    assert_int_equal(known_set(addr(A2), -1, NULL, &e), SOUK_ENOTFOUND);
    assert_says(e.msg, "known says nothing of " A2);
    assert_int_equal(known_set(addr(A2), KNOWN_AUTHOR, "", &e), SOUK_EINPUT);
    assert_int_equal(known_set(addr(A2), KNOWN_AUTHOR, " \t", &e), SOUK_EINPUT); /* nor blanks */
    assert_int_equal(known_set(addr(A2), KNOWN_HUB, "two\nlines", &e), SOUK_EINPUT);
    assert_string_equal(file_text(), "# mine\n" A1 " author Ann\n\n" A3 " trusted\n");

    write_file("known", "nonsense\n"); /* is not written over */
    assert_int_equal(known_set(addr(A2), KNOWN_HUB, "", &e), SOUK_EINPUT);
    assert_string_equal(file_text(), "nonsense\n");
}

static void without_memory_it_says_so(void **state)
{
    struct known k;
    struct err e = {0};
    souk_err rc = SOUK_ENOMEM;
    (void)state;
    write_file("known", A1 " author Ann\n" A2 " hub\n" A3 " trusted\n");
    for (unsigned long i = 1; rc != SOUK_OK; i++) {
        mem_fail_at(i, true);
        rc = known_load(&k, &e);
        mem_fail_at(0, false);
        assert_true(rc == SOUK_OK || rc == SOUK_ENOMEM);
    }
    assert_int_equal(k.n, 3);
    known_release(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_and_threshold_has_its_name),
        cmocka_unit_test(thresholds_are_read_in_both_ways),
        cmocka_unit_test(rules_are_switched_off_by_name),
        cmocka_unit_test(every_switch_and_threshold_moves_the_fingerprint),
        cmocka_unit_test(the_configuration_has_them),
        cmocka_unit_test(no_file_is_an_empty_list),
        cmocka_unit_test(the_file_is_read_in_all_its_forms),
        cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(lines_are_added_replaced_and_taken_away),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
