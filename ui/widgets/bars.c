#include "ui/widgets/bars.h"

#include "base/banned.h"

enum { LEVELS = 8, LEVELS_MAX = STRIP_MAX };

static size_t spark_width(int cols, size_t n)
{
    size_t room = cols > 0 ? (size_t)cols : 0;
    if (room > LEVELS_MAX) {
        room = LEVELS_MAX;
    }
    return n < room ? n : room;
}

void spark_scale(const uint32_t *v, size_t n, uint8_t *level, size_t cols)
{
    uint64_t sum[LEVELS_MAX], top = 0;
    if (cols > LEVELS_MAX) {
        BUG("a sparkline of %zu columns", cols);
    }
    for (size_t i = 0; i < cols; i++) {
        sum[i] = 0;
        for (size_t k = i * n / cols; k < (i + 1) * n / cols; k++) {
            sum[i] += v[k];
        }
        top = sum[i] > top ? sum[i] : top;
    }
    for (size_t i = 0; i < cols; i++) {
        level[i] = (uint8_t)(sum[i] ? 1 + sum[i] * (LEVELS - 1) / top : 0);
    }
}

void spark_levels(struct strip *out, const uint8_t *level, size_t n, enum style s)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        any = any || level[i];
    }
    for (size_t i = 0; i < n; i++) {
        if (any) {
            strip_cp(out, glyph_vbar(level[i], out->cs), s);
        } else {
            strip_glyph(out, GL_DOT, ST_DIM);
        }
    }
}

void spark_strip(struct strip *out, int cols, const uint32_t *v, size_t n, enum style s)
{
    uint8_t level[LEVELS_MAX];
    size_t width = spark_width(cols, n);
    spark_scale(v, n, level, width);
    spark_levels(out, level, width, s);
}

int spark_draw(struct canvas *c, int x, int y, int cols, const uint32_t *v, size_t n, enum style s)
{
    struct strip t;
    strip_init(&t, canvas_charset(c));
    spark_strip(&t, cols, v, n, s);
    return canvas_strip(c, x, y, cols, &t);
}

/* Eighths of a column that part of whole fills in cols columns; something is never nothing. */
static int eighths(int cols, uint64_t part, uint64_t whole)
{
    if (!whole || !part || cols <= 0) {
        return 0;
    }
    while (whole > UINT32_MAX) { /* so that the product below fits */
        whole >>= 1;
        part >>= 1;
    }
    if (part >= whole) {
        return cols * LEVELS;
    }
    int n = (int)(part * (uint64_t)(cols * LEVELS) / whole);
    return n ? n : 1;
}

int bar_draw(struct canvas *c, int x, int y, int cols, uint64_t part, uint64_t whole, enum style s)
{
    int n = eighths(cols, part, whole);
    for (int i = 0; i < n / LEVELS; i++) {
        canvas_glyph(c, x + i, y, GL_BLOCK, s);
    }
    if (n % LEVELS) {
        canvas_cp(c, x + n / LEVELS, y, glyph_hbar(n % LEVELS, canvas_charset(c)), s);
    }
    return (n + LEVELS - 1) / LEVELS;
}

void gauge_strip(struct strip *out, int cols, uint64_t part, uint64_t whole, enum style s)
{
    bool ascii = out->cs == TEXT_ASCII && cols > 2;
    int room = ascii ? cols - 2 : cols, n = eighths(room, part, whole);
    if (ascii) {
        strip_str(out, "[", ST_BORDER);
    }
    for (int i = 0; i < room; i++) {
        if (i * LEVELS >= n) {
            strip_glyph(out, GL_SHADE, ST_DIM);
        } else if (n - i * LEVELS >= LEVELS) {
            strip_glyph(out, GL_BLOCK, s);
        } else {
            strip_cp(out, glyph_hbar(n % LEVELS, out->cs), s);
        }
    }
    if (ascii) {
        strip_str(out, "]", ST_BORDER);
    }
}

void gauge_draw(struct canvas *c, int x, int y, int cols, uint64_t part, uint64_t whole,
                enum style s)
{
    struct strip t;
    strip_init(&t, canvas_charset(c));
    gauge_strip(&t, cols, part, whole, s);
    canvas_strip(c, x, y, cols, &t);
}

void share_strip(struct strip *out, uint64_t part, uint64_t whole, enum style s)
{
    if (!whole) {
        strip_str(out, "   –", ST_DIM);
        return;
    }
    part = part > whole ? whole : part;
    while (whole > UINT32_MAX) { /* so that the products below fit */
        whole >>= 1;
        part >>= 1;
    }
    int level = (int)((part * LEVELS + whole - 1) / whole);
    strip_cp(out, glyph_vbar(level, out->cs), s);
    strip_strf(out, part ? ST_NORMAL : ST_DIM, "%3u", (unsigned)((part * 100 + whole / 2) / whole));
}
