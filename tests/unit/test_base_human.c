/* human.h: numbers as people read them, at their edges. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/human.h"
#include "base/banned.h"

#define SAYS(call, want)                \
    do {                                \
        char out[HUMAN_BUF];            \
        assert_ptr_equal((call), out);  \
        assert_string_equal(out, want); \
    } while (0)

static void counts(void **state)
{
    (void)state;
    SAYS(human_count(out, 0), "0");
    SAYS(human_count(out, 999), "999");
    SAYS(human_count(out, 1000), "1,000");
    SAYS(human_count(out, 12481), "12,481");
    SAYS(human_count(out, 123456), "123,456");
    SAYS(human_count(out, UINT64_MAX), "18,446,744,073,709,551,615");
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},           {"512", 512},          {"512B", 512},      {"64K", 64000},
        {"64k", 64000},     {"1.5G", 1500000000u}, {"2GiB", 2u << 30}, {"20GB", 20000000000u},
        {"0.25M", 250000u}, {"3T", 3000000000000u}};
    static const char *const bad[] = {"",        "G",     "-1",  "1.5", "1,5G",
                                      "12X",     "1GiBs", "1 G", ".5G", "99999999999999999999",
                                      "1000001T"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint64_t n = 1;
        assert_true(human_size_parse(good[i].text, &n));
        assert_int_equal(n, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t n = 1;
        assert_false(human_size_parse(bad[i], &n));
        assert_int_equal(n, 1);
    }
}

static void short_numbers_round_into_the_next_unit(void **state)
{
    (void)state;
    SAYS(human_short(out, 0), "0");
    SAYS(human_short(out, 999), "999");
    SAYS(human_short(out, 1000), "1k");
    SAYS(human_short(out, 1049), "1k");
    SAYS(human_short(out, 1050), "1.1k");
    SAYS(human_short(out, 12481), "12.5k");
    SAYS(human_short(out, 99949), "99.9k");
    SAYS(human_short(out, 99950), "100k");
    SAYS(human_short(out, 999499), "999k");
    SAYS(human_short(out, 999500), "1M");
    SAYS(human_short(out, 1234567), "1.2M");
    SAYS(human_short(out, UINT64_MAX), "18.4E");
    SAYS(human_size(out, 0), "0 B");
    SAYS(human_size(out, 999), "999 B");
    SAYS(human_size(out, 7123), "7.1 KB");
    SAYS(human_size(out, 2500000000u), "2.5 GB");
}

static void ages(void **state)
{
    (void)state;
    SAYS(human_age(out, INT64_MIN), "just now"); /* a clock that went back */
    SAYS(human_age(out, 59), "just now");
    SAYS(human_age(out, 60), "1 m");
    SAYS(human_age(out, 3599), "59 m");
    SAYS(human_age(out, 3600), "1 h");
    SAYS(human_age(out, 86399), "23 h");
    SAYS(human_age(out, 86400), "1 d");
    SAYS(human_age(out, 86400 * 400), "400 d");
}

static void dates(void **state)
{
    (void)state;
    const int64_t t = 1795225022;
    SAYS(human_day(out, t), "2026-11-21");
    SAYS(human_day_short(out, t), "Nov 21");
    SAYS(human_time(out, t), "2026-11-21 01:37:02 UTC");
    SAYS(human_iso(out, t), "2026-11-21T01:37:02Z");
    SAYS(human_iso(out, 0), "1970-01-01T00:00:00Z");
    SAYS(human_iso(out, -1), "1969-12-31T23:59:59Z");
    SAYS(human_day_short(out, 951782400), "Feb 29");
    SAYS(human_day(out, 253402300799), "9999-12-31");
    SAYS(human_day(out, 253402300800), "?");
    SAYS(human_iso(out, INT64_MAX), "?");
    SAYS(human_time(out, INT64_MIN), "?");
    SAYS(human_day_short(out, INT64_MAX), "?");
}

static void percentages(void **state)
{
    (void)state;
    SAYS(human_percent(out, 0, 0), "–");
    SAYS(human_percent(out, 5, 0), "–");
    SAYS(human_percent(out, 0, 7), "0.0 %");
    SAYS(human_percent(out, 21, 200), "10.5 %");
    SAYS(human_percent(out, 2, 3), "66.7 %");
    SAYS(human_percent(out, 1, 1), "100.0 %");
    SAYS(human_percent(out, 9999, 10000), "100.0 %");
    SAYS(human_percent(out, 5, 2), "250.0 %");
    SAYS(human_percent(out, UINT64_MAX, UINT64_MAX), "100.0 %");
    SAYS(human_percent(out, UINT64_MAX / 2, UINT64_MAX), "50.0 %");
    SAYS(human_percent(out, UINT64_MAX, 1), "9223372036854775800.0 %"); /* capped, not wrapped */
    SAYS(human_percents(out, 211250, 750020, 1000000, " to "), "21.1 to 75.1 %"); /* outwards */
    SAYS(human_percents(out, 1, 2, 1000000, "-"), "0.0-0.1 %");
    SAYS(human_percents(out, 0, 1000000, 1000000, "-"), "0.0-100.0 %");
    SAYS(human_percents(out, 999999, 1000000, 1000000, "-"), "99.9-100.0 %");
    SAYS(human_percents(out, 512960, 512960, 1000000, "-"), "51.3 %"); /* one share: rounded */
    SAYS(human_percents(out, UINT32_MAX, UINT32_MAX, UINT32_MAX, "-"), "100.0 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(short_numbers_round_into_the_next_unit),
        cmocka_unit_test(ages),
        cmocka_unit_test(dates),
        cmocka_unit_test(percentages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
