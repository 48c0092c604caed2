#include "market/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

/* --- how unequal */

__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

/*
 * Shares do not need 256 bits: every amount is taken without its lowest `shift` bits, such that
 * their total has at most 62. The products below then fit into 128 bits, and nothing is rounded
 * where the total has no more than that to begin with.
 */
enum { TOTAL_BITS = 62 };

static unsigned bits_of(u256 v)
{
    for (int i = 3; i >= 0; i--) {
        if (v.w[i]) {
            return (unsigned)i * 64 + 64 - (unsigned)__builtin_clzll(v.w[i]);
        }
    }
    return 0;
}

static unsigned shift_for(const u256 *v, size_t n)
{
    u256 total = U256_ZERO;
    unsigned bits;
    size_t i = 0;
    while (i < n && u256_add(total, v[i], &total)) {
        i++;
    }
    bits = i == n ? bits_of(total) : 256 + bits_of(u256_from_u64(n));
    return bits > TOTAL_BITS ? bits - TOTAL_BITS : 0;
}

/* v >> shift, where that has at most 62 bits. */
static uint64_t scaled(u256 v, unsigned shift)
{
    unsigned word = shift / 64, bit = shift % 64;
    if (word > 3) {
        return 0;
    }
    uint64_t low = v.w[word] >> bit;
    return bit && word < 3 ? low | v.w[word + 1] << (64 - bit) : low;
}

/* floor(part · 10^6 / whole), by long division; part <= whole < 2^124. */
static uint32_t ppm(u128 part, u128 whole)
{
    uint32_t out = 0;
    if (whole == 0) {
        return 0;
    }
    for (unsigned place = PPM; place; place /= 10) {
        out = out * 10 + (uint32_t)(part / whole);
        part = part % whole * 10;
    }
    return out;
}

uint32_t amount_share(u256 part, u256 whole)
{
    unsigned shift = shift_for(&whole, 1);
    if (u256_cmp(part, whole) >= 0) {
        return u256_is_zero(whole) ? 0 : PPM;
    }
    return ppm(scaled(part, shift), scaled(whole, shift));
}

void concentration(const u256 *sorted, size_t n, struct concentration *out)
{
    *out = (struct concentration){.n = n};
    unsigned shift = shift_for(sorted, n);
    u128 squares = 0, top = 0;
    i128 weighted = 0; /* sum of (2i - n - 1) · x_i, i from 1 */
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t x = scaled(sorted[i], shift);
        total += x;
        squares += (u128)x * x;
        weighted += ((i128)(2 * i + 1) - (i128)n) * (i128)x;
    }
    if (total == 0) {
        return;
    }
    if (n > 1 && weighted > 0) { /* G · n / (n - 1) = weighted / ((n - 1) · total) */
        out->gini = ppm((u128)weighted, (u128)(n - 1) * total);
    }
    out->hhi = ppm(squares, (u128)total * total);
    out->effective = (double)total * (double)total / (double)squares;
    for (size_t i = 1; i <= n && (i <= 10 || !out->half); i++) {
        top += scaled(sorted[n - i], shift);
        out->top1 = i == 1 ? ppm(top, total) : out->top1;
        out->top10 = i <= 10 ? ppm(top, total) : out->top10;
        out->half = !out->half && 2 * top >= total ? i : out->half;
    }
}

void lorenz(const u256 *sorted, size_t n, uint32_t *out, size_t points)
{
    unsigned shift = shift_for(sorted, n);
    u128 total = 0, held = 0; /* held: by the poorest i */
    for (size_t i = 0; i < n; i++) {
        total += scaled(sorted[i], shift);
    }
    size_t i = 0;
    for (size_t k = 0; k <= points; k++) {
        u128 place = (u128)k * n; /* in parts of one amount: `points` of them each */
        for (; (u128)(i + 1) * points <= place; i++) {
            held += scaled(sorted[i], shift);
        }
        u128 part = place - (u128)i * points;
        u128 more = i < n ? part * scaled(sorted[i], shift) : 0;
        out[k] = ppm(held * points + more, total * points);
    }
}

static u256 median(const u256 *sorted, size_t n)
{
    u256 low = sorted[(n - 1) / 2], high = sorted[n / 2], apart, mean;
    uint64_t rem;
    (void)u256_sub(high, low, &apart); /* low + (high - low) / 2: their sum may not fit */
    (void)u256_add(low, u256_divmod_u64(apart, 2, &rem), &mean);
    return mean;
}

void quartiles(const u256 *sorted, size_t n, u256 out[3])
{
    size_t half = n / 2;
    out[0] = out[1] = out[2] = n ? median(sorted, n) : U256_ZERO;
    if (half) {
        out[0] = median(sorted, half);
        out[2] = median(sorted + n - half, half);
    }
}

static int ascending(const void *a, const void *b)
{
    return u256_cmp(*(const u256 *)a, *(const u256 *)b);
}

void u256_sort(u256 *v, size_t n)
{
    if (n > 1) {
        qsort(v, n, sizeof *v, ascending);
    }
}

/* --- growth */

static const double Z95 = 1.959963984540054; /* of the normal distribution, both sides */

/*
 * The 95 % point of Student's t, both sides, for an even number of degrees, whose distribution is a
 * finite sum (Abramowitz and Stegun 26.7.4): with a = atan(t / sqrt(df)),
 *     P(|T| < t) = sin a · (1 + 1/2 cos² a + (1·3)/(2·4) cos⁴ a + … up to cos^(df-2) a)
 */
static double student_t95(size_t df)
{
    double low = 0, high = acos(-1) / 2;
    for (int step = 0; step < 60; step++) {
        double a = (low + high) / 2, c = cos(a) * cos(a), term = 1, sum = 1;
        for (size_t k = 1; 2 * k < df; k++) {
            term *= c * (double)(2 * k - 1) / (double)(2 * k);
            sum += term;
        }
        *(sin(a) * sum < 0.95 ? &low : &high) = a;
    }
    return tan(low) * sqrt((double)df);
}

/* Pearson's chi-squared of periods against their mean. */
static double pearson(const uint64_t *v, size_t n, double sum)
{
    double mean = sum / (double)n, x2 = 0;
    for (size_t i = 0; i < n && mean > 0; i++) {
        double off = (double)v[i] - mean;
        x2 += off * off / mean;
    }
    return x2;
}

static double sum_of(const uint64_t *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)v[i];
    }
    return sum;
}

static uint64_t count_of(const uint64_t *v, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum = sum + v[i] < sum ? UINT64_MAX : sum + v[i];
    }
    return sum;
}

/*
 * The model: a Poisson number of events a period, of mean size `unit`, and more variable than that:
 * variance D · m_j at mean m_j (j before, recent). With S_j the sums and h periods in each,
 *     D   = max(unit, (X²_before + X²_recent) / (2h - 2)),   X² Pearson's
 *     log(S_1 / S_0) ± t(2h - 2) · sqrt(D · (1 / S_0 + 1 / S_1))
 * (sizes that differ only add to the variance, so `unit` is the least that D can be). Where one sum
 * is nothing the ratio has no logarithm: half an event is then added to both, for the end of the
 * interval that exists.
 */
static void compare(const uint64_t *v, size_t h, double unit, struct growth *g)
{
    double s0 = sum_of(v, h), s1 = sum_of(v + h, h);
    double x2 = pearson(v, h, s0) + pearson(v + h, h, s1);
    double d = fmax(unit, x2 / (double)(2 * h - 2));
    double more = s0 <= 0 || s1 <= 0 ? unit / 2 : 0;
    double a = s0 + more, b = s1 + more;
    double reach = student_t95(2 * h - 2) * sqrt(d * (1 / a + 1 / b));
    g->ratio = s0 > 0 ? s1 / s0 : (double)INFINITY;
    g->low = s1 > 0 ? b / a * exp(-reach) : 0;
    g->high = s0 > 0 ? b / a * exp(reach) : (double)INFINITY;
}

static void grow(const uint64_t *v, const uint64_t *events, size_t n, size_t half,
                 struct growth *out)
{
    *out = (struct growth){0};
    if (half < 2 || n < 2 * half) {
        return;
    }
    const uint64_t *part = v + n - 2 * half;
    out->before = count_of(part, half);
    out->recent = count_of(part + half, half);
    uint64_t all = count_of(events ? events + n - 2 * half : part, 2 * half);
    if (all < GROWTH_FLOOR || (out->before == 0 && out->recent == 0)) {
        return;
    }
    out->known = true;
    compare(part, half, events ? sum_of(part, 2 * half) / (double)all : 1, out);
    double z = mann_kendall(v, n);
    out->direction = z > Z95 ? 1 : z < -Z95 ? -1 : 0;
}

void growth(const uint64_t *v, size_t n, size_t half, struct growth *out)
{
    grow(v, NULL, n, half, out);
}

void growth_of_sum(const uint64_t *v, const uint64_t *events, size_t n, size_t half,
                   struct growth *out)
{
    grow(v, events, n, half, out);
}

/*
 * S = sum over i < j of sign(v_j - v_i); its variance without a trend is
 * (n(n-1)(2n+5) - sum over groups of t equal values of t(t-1)(2t+5)) / 18.
 */
double mann_kendall(const uint64_t *v, size_t n)
{
    double s = 0, ties = 0, m = (double)n;
    for (size_t i = 0; i < n; i++) {
        size_t same = 0;
        for (size_t j = 0; j < n; j++) {
            s += j <= i || v[j] == v[i] ? 0 : v[j] > v[i] ? 1 : -1;
            same += v[j] == v[i];
        }
        double t = (double)same; /* each of the group adds its part */
        ties += (t - 1) * (2 * t + 5);
    }
    double variance = (m * (m - 1) * (2 * m + 5) - ties) / 18;
    return variance <= 0 || fabs(s) < 1 ? 0 : (s > 0 ? s - 1 : s + 1) / sqrt(variance);
}

/* --- shares */

struct share wilson(uint64_t k, uint64_t n)
{
    struct share out = {.k = k, .n = n, .high = PPM};
    if (n == 0) {
        return out;
    }
    double m = (double)n, p = (double)k / m, z2 = Z95 * Z95;
    double middle = (p + z2 / (2 * m)) / (1 + z2 / m);
    double reach = Z95 / (1 + z2 / m) * sqrt(p * (1 - p) / m + z2 / (4 * m * m));
    out.point = ppm(k, n);
    out.low = k ? (uint32_t)(fmax(0, middle - reach) * PPM) : 0; /* exact at the ends */
    out.high = k < n ? (uint32_t)(fmin(1, middle + reach) * PPM) : PPM;
    return out;
}
