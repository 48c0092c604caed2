#include "cli/chart.h"

#include <string.h>

#include "base/text.h"

#include "base/banned.h"

/* Eight steps, from the lowest and from the left. */
static const char *const rising[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const growing[] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};
static const char ascii[] = "_.,-=+*#";

static char *put(char *at, const char *glyph)
{
    size_t n = strlen(glyph);
    memcpy(at, glyph, n + 1);
    return at + n;
}

/* floor(part · steps / whole) without the product, which may not fit. */
static uint64_t scaled(uint64_t part, uint64_t whole, uint64_t steps)
{
    return whole == 0      ? 0
           : part >= whole ? steps
           : whole >> 32   ? part / (whole / steps + 1)
                           : part * steps / whole;
}

const char *chart_bar(char out[CHART_BUF], uint64_t part, uint64_t whole, int cols)
{
    char *at = out;
    uint64_t eighths = scaled(part, whole, (uint64_t)cols * 8);
    eighths = part && !eighths ? 1 : eighths;
    *at = '\0';
    if (text_locale_charset() == TEXT_ASCII) {
        for (uint64_t i = 0; i < (eighths + 7) / 8; i++)
            at = put(at, "#");
        return out;
    }
    for (; eighths >= 8; eighths -= 8)
        at = put(at, growing[7]);
    if (eighths)
        put(at, growing[(eighths - 1) % 8]);
    return out;
}

const char *chart_spark(char out[CHART_BUF], const uint64_t *v, size_t n)
{
    bool plain = text_locale_charset() == TEXT_ASCII;
    char *at = out;
    uint64_t largest = 0;
    size_t first = n > CHART_COLS ? n - CHART_COLS : 0;
    for (size_t i = first; i < n; i++)
        largest = v[i] > largest ? v[i] : largest;
    *at = '\0';
    for (size_t i = first; i < n; i++) {
        uint64_t step = scaled(v[i], largest, 7);
        step = v[i] && !step ? 1 : step; /* the lowest is for nothing at all */
        const char one[2] = {ascii[step], '\0'};
        at = put(at, plain ? one : rising[step]);
    }
    return out;
}
