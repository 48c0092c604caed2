#include "market/catalog/typo.h"

#include "base/err.h"

#include "base/banned.h"

static int least(int a, int b)
{
    return a < b ? a : b;
}

void typo_distance(const char *typed, size_t n, const char *word, size_t m, int most, int *whole,
                   int *beginning)
{
    /* Three rows of the usual table: row[i % 3][j] is the distance of typed[..i] and word[..j]. */
    int row[3][TYPO_WORD + 1];
    *whole = *beginning = most + 1;
    if (n > TYPO_WORD) {
        BUG("a word of %zu letters", n);
    }
    if (m > n + (size_t)most) {
        m = n + (size_t)most + 1; /* what is beyond cannot be near; one more keeps `whole` honest */
    }
    if (m > TYPO_WORD) {
        m = TYPO_WORD;
    }
    for (size_t j = 0; j <= m; j++) {
        row[0][j] = (int)j;
    }
    for (size_t i = 1; i <= n; i++) {
        int *now = row[i % 3], *up = row[(i + 2) % 3], *upper = row[(i + 1) % 3];
        int best = now[0] = (int)i;
        for (size_t j = 1; j <= m; j++) {
            int d = up[j - 1] + (typed[i - 1] != word[j - 1]);
            d = least(d, least(up[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && typed[i - 1] == word[j - 2] && typed[i - 2] == word[j - 1]) {
                d = least(d, upper[j - 2] + 1);
            }
            now[j] = d;
            best = least(best, d);
        }
        if (best > most) {
            return;
        }
    }
    for (size_t j = 0; j <= m; j++) {
        /* NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
        *beginning = least(*beginning, row[n % 3][j]);
    }
    *whole = least(*whole, row[n % 3][m]);
}
