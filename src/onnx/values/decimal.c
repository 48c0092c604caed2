#include "onnx/values/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/banned.h"

enum { EXPONENT_FAR = 1000000000 }; /* any number with such an exponent is zero or infinite */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void trim_end(struct decimal *d)
{
    while (d->n > 0 && d->digit[d->n - 1] == '0') {
        d->n--;
        d->exponent++;
    }
    if (d->n == 0)
        d->exponent = 0;
}

/* One digit more; the exponent is that of the digits seen so far. */
static void push(struct decimal *d, char c, bool fraction)
{
    if (d->n == 0 && c == '0') { /* leading */
        d->exponent -= fraction;
    } else if (d->n < DECIMAL_DIGITS) {
        d->digit[d->n++] = c;
        d->exponent -= fraction;
    } else {
        if (c != '0')
            d->digit[DECIMAL_DIGITS - 1] |= 1; /* not exactly what is there: '0'|1 is '1' */
        d->exponent += !fraction;
    }
}

/* e+12 and the like from p[at..n); false: something else is there. */
static bool parse_exponent(const char *p, size_t n, size_t at, int64_t *out)
{
    int64_t v = 0;
    if (at == n)
        return true;
    if (p[at] != 'e' && p[at] != 'E')
        return false;
    at++;
    bool negative = at < n && p[at] == '-';
    if (at < n && (p[at] == '-' || p[at] == '+'))
        at++;
    if (at == n)
        return false;
    for (; at < n; at++) {
        if (!is_digit(p[at]))
            return false;
        if (v < EXPONENT_FAR)
            v = v * 10 + (p[at] - '0');
    }
    *out += negative ? -v : v;
    return true;
}

bool decimal_parse(const char *p, size_t n, struct decimal *d)
{
    size_t at = 0;
    bool any = false, fraction = false;
    d->negative = n > 0 && p[0] == '-';
    d->n = 0;
    d->exponent = 0;
    if (n > 0 && (p[0] == '-' || p[0] == '+'))
        at++;
    for (; at < n; at++) {
        if (is_digit(p[at])) {
            push(d, p[at], fraction);
            any = true;
        } else if (p[at] == '.' && !fraction) {
            fraction = true;
        } else {
            break;
        }
    }
    if (!any || !parse_exponent(p, n, at, &d->exponent))
        return false;
    trim_end(d);
    return true;
}

bool decimal_u64(const struct decimal *d, uint64_t *out)
{
    enum { MOST = 20 }; /* digits of 2^64 */
    uint64_t v = 0;
    if (d->n == 0) {
        *out = 0;
        return true;
    }
    if (d->exponent < 0 || d->exponent > MOST || d->n > MOST)
        return false;
    for (size_t i = 0; i < d->n + (size_t)d->exponent; i++) {
        uint64_t digit = i < d->n ? (uint64_t)(d->digit[i] - '0') : 0;
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

/* Both parts are exact as doubles, so that one division or product rounds once. */
static bool quick(const struct decimal *d, double *out)
{
    static const double power[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    uint64_t m = 0;
    if (d->n > 15 || d->exponent > 22 || d->exponent < -22)
        return false;
    for (size_t i = 0; i < d->n; i++)
        m = m * 10 + (uint64_t)(d->digit[i] - '0');
    *out = d->exponent < 0 ? (double)m / power[-d->exponent] : (double)m * power[d->exponent];
    return true;
}

double decimal_double(const struct decimal *d)
{
    double v;
    if (!quick(d, &v)) {
        char text[DECIMAL_DIGITS + 16]; /* without a point: no locale has a say */
        int64_t e = d->exponent < -EXPONENT_FAR  ? -EXPONENT_FAR
                    : d->exponent > EXPONENT_FAR ? EXPONENT_FAR
                                                 : d->exponent;
        memcpy(text, d->digit, d->n);
        snprintf(text + d->n, sizeof text - d->n, "e%" PRId64, e);
        v = strtod(text, NULL);
    }
    return d->negative ? -v : v;
}

int decimal_compare(const struct decimal *d, double v)
{
    enum { EXACT = 770 }; /* no double has more digits than 767 */
    struct decimal other;
    decimal_from(v, EXACT, &other);
    int64_t top = (int64_t)d->n + d->exponent, other_top = (int64_t)other.n + other.exponent;
    if (d->n == 0 || other.n == 0)
        return (d->n > 0) - (other.n > 0);
    if (top != other_top)
        return top > other_top ? 1 : -1;
    int c = memcmp(d->digit, other.digit, d->n < other.n ? d->n : other.n);
    return c != 0 ? (c > 0) - (c < 0) : (d->n > other.n) - (d->n < other.n);
}

void decimal_from(double v, int digits, struct decimal *d)
{
    char text[DECIMAL_DIGITS + 32];
    if (digits < 1 || digits > DECIMAL_DIGITS)
        BUG("%d digits", digits);
    snprintf(text, sizeof text, "%.*e", digits - 1, v);
    const char *p = text;
    d->negative = false;
    d->n = 0;
    for (; *p != 'e'; p++)
        if (is_digit(*p)) /* and not the locale's point */
            d->digit[d->n++] = *p;
    d->exponent = strtol(p + 1, NULL, 10) - (digits - 1);
    trim_end(d);
    if (d->n > 0 && d->digit[0] == '0') /* 0e+00 has only zeros, and they are trimmed */
        BUG("\"%s\" begins with a zero", text);
}

void decimal_next(struct decimal *d, int digits)
{
    while (d->n < (size_t)digits) {
        d->digit[d->n++] = '0';
        d->exponent--;
    }
    size_t i = d->n;
    while (i > 0 && d->digit[i - 1] == '9')
        d->digit[--i] = '0';
    if (i > 0) {
        d->digit[i - 1]++;
    } else { /* 999 becomes 1000 */
        d->digit[0] = '1';
        d->exponent++;
    }
    trim_end(d);
}

static size_t zeros(char *out, int64_t n)
{
    memset(out, '0', (size_t)n);
    return (size_t)n;
}

size_t decimal_write(const struct decimal *d, char out[DECIMAL_BUF])
{
    char *p = out;
    int64_t n = (int64_t)d->n, point = n + d->exponent; /* digits before the point */
    if (n > 17)
        BUG("%zu digits to write", d->n);
    if (d->negative)
        *p++ = '-';
    if (n == 0) {
        *p++ = '0';
    } else if (point > 21 || point < -5) {
        *p++ = d->digit[0];
        if (n > 1) {
            *p++ = '.';
            memcpy(p, d->digit + 1, d->n - 1);
            p += n - 1;
        }
        p += snprintf(p, 8, "e%+d", (int)point - 1);
    } else if (point >= n) {
        memcpy(p, d->digit, d->n);
        p += n;
        p += zeros(p, point - n);
    } else if (point > 0) {
        memcpy(p, d->digit, (size_t)point);
        p += point;
        *p++ = '.';
        memcpy(p, d->digit + point, (size_t)(n - point));
        p += n - point;
    } else {
        *p++ = '0';
        *p++ = '.';
        p += zeros(p, -point);
        memcpy(p, d->digit, d->n);
        p += n;
    }
    *p = '\0';
    return (size_t)(p - out);
}
