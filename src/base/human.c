#include "base/human.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/banned.h"

char *human_count(char out[HUMAN_BUF], uint64_t n)
{
    char digits[HUMAN_BUF];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    char *p = out;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) {
            *p++ = ',';
        }
        *p++ = digits[i];
    }
    *p = '\0';
    return out;
}

/* n / by, rounded; by is even. No sum here can overflow. */
static uint64_t div_round(uint64_t n, uint64_t by)
{
    return n / by + (n % by >= by / 2);
}

/* At most three digits and one decimal, in the smallest fitting unit; units[] starts at 1. */
static char *scaled(char out[HUMAN_BUF], uint64_t n, const char *const units[7])
{
    if (n < 1000) {
        snprintf(out, HUMAN_BUF, "%" PRIu64 "%s", n, units[0]);
        return out;
    }
    uint64_t unit = 1000;
    int i = 1;
    while (i < 6 && div_round(n, unit) >= 1000) {
        unit *= 1000;
        i++;
    }
    uint64_t tenths = div_round(n, unit / 10);
    if (tenths < 1000 && tenths % 10) {
        snprintf(out, HUMAN_BUF, "%" PRIu64 ".%d%s", tenths / 10, (int)(tenths % 10), units[i]);
    } else {
        snprintf(out, HUMAN_BUF, "%" PRIu64 "%s", div_round(n, unit), units[i]);
    }
    return out;
}

char *human_short(char out[HUMAN_BUF], uint64_t n)
{
    static const char *const units[] = {"", "k", "M", "G", "T", "P", "E"};
    return scaled(out, n, units);
}

char *human_size(char out[HUMAN_BUF], uint64_t bytes)
{
    static const char *const units[] = {" B", " KB", " MB", " GB", " TB", " PB", " EB"};
    return scaled(out, bytes, units);
}

char *human_age(char out[HUMAN_BUF], int64_t seconds)
{
    static const struct {
        int64_t seconds;
        char unit;
    } steps[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        if (seconds >= steps[i].seconds) {
            snprintf(out, HUMAN_BUF, "%" PRId64 " %c", seconds / steps[i].seconds, steps[i].unit);
            return out;
        }
    }
    snprintf(out, HUMAN_BUF, "just now");
    return out;
}

/* Times may come from a server: false for a year that has not four digits, and out is "?". */
static bool utc(char out[HUMAN_BUF], int64_t unix_seconds, struct tm *tm)
{
    time_t t = (time_t)unix_seconds;
    if (gmtime_r(&t, tm) && tm->tm_year >= 1000 - 1900 && tm->tm_year <= 9999 - 1900) {
        return true;
    }
    snprintf(out, HUMAN_BUF, "?");
    return false;
}

char *human_day(char out[HUMAN_BUF], int64_t unix_seconds)
{
    struct tm tm;
    if (utc(out, unix_seconds, &tm)) {
        strftime(out, HUMAN_BUF, "%Y-%m-%d", &tm);
    }
    return out;
}

char *human_day_short(char out[HUMAN_BUF], int64_t unix_seconds)
{
    /* Not strftime's %b: the words must not change with the locale. */
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;
    if (utc(out, unix_seconds, &tm)) {
        snprintf(out, HUMAN_BUF, "%s %d", months[tm.tm_mon], tm.tm_mday);
    }
    return out;
}

char *human_time(char out[HUMAN_BUF], int64_t unix_seconds)
{
    struct tm tm;
    if (utc(out, unix_seconds, &tm)) {
        strftime(out, HUMAN_BUF, "%Y-%m-%d %H:%M:%S UTC", &tm);
    }
    return out;
}

char *human_iso(char out[HUMAN_BUF], int64_t unix_seconds)
{
    struct tm tm;
    if (utc(out, unix_seconds, &tm)) {
        strftime(out, HUMAN_BUF, "%Y-%m-%dT%H:%M:%SZ", &tm);
    }
    return out;
}

char *human_percent(char out[HUMAN_BUF], uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        snprintf(out, HUMAN_BUF, "–");
        return out;
    }
    uint64_t hundreds = part / whole;
    uint64_t rest = part % whole;
    while (whole > UINT64_MAX / 2000) { /* so that the product below fits; the tenth stays right */
        rest >>= 1;
        whole >>= 1;
    }
    uint64_t tenths = (rest * 1000 + whole / 2) / whole; /* 0 to 1000 */
    if (hundreds > UINT64_MAX / 200) {
        hundreds = UINT64_MAX / 200;
    }
    snprintf(out, HUMAN_BUF, "%" PRIu64 ".%d %%", hundreds * 100 + tenths / 10, (int)(tenths % 10));
    return out;
}

char *human_percents(char out[HUMAN_BUF], uint32_t low, uint32_t high, uint32_t whole,
                     const char *between)
{
    uint64_t from = (uint64_t)low * 1000 / whole;
    uint64_t to = ((uint64_t)high * 1000 + whole - 1) / whole;
    if (low == high || from == to) {
        return human_percent(out, low, whole);
    }
    snprintf(out, HUMAN_BUF, "%" PRIu64 ".%d%s%" PRIu64 ".%d %%", from / 10, (int)(from % 10),
             between, to / 10, (int)(to % 10));
    return out;
}

bool human_size_parse(const char *s, uint64_t *out)
{
    static const char units[] = "KMGT";
    enum { WHOLE_MOST = 1000000 };
    uint64_t whole = 0, part = 0, scale = 1, unit = 1;
    const char *p = s, *u;
    for (; *p >= '0' && *p <= '9' && whole <= UINT64_MAX / 100; p++)
        whole = whole * 10 + (uint64_t)(*p - '0');
    bool ok = p != s;
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9' && scale < 1000; p++) {
            part = part * 10 + (uint64_t)(*p - '0');
            scale *= 10;
        }
    }
    if (*p && (u = strchr(units, *p & ~0x20)) != NULL) {
        bool binary = p[1] == 'i';
        for (int i = 0; i <= u - units; i++)
            unit *= binary ? 1024 : 1000;
        p += binary ? 2 : 1;
    }
    p += *p == 'B';
    ok = ok && *p == '\0' && (unit > 1 ? whole <= WHOLE_MOST : scale == 1);
    if (ok)
        *out = whole * unit + part * unit / scale;
    return ok;
}
