/*
 * Fuzz target: whatever comes in, what text.h lets out keeps its promises.
 *
 *   clang -std=c11 -D_GNU_SOURCE -Isrc -fsanitize=fuzzer,address,undefined \
 *         tests/fuzz/fuzz_text.c src/base/{err,mem,buf,text}.c -lutf8proc -o fuzz_text
 *
 * 1. no denied code point comes out, in no glyph and by no sink;
 * 2. the widths of the glyphs sum up to the width of the line, and padding is exact;
 * 3. sanitising what came out again changes nothing, and hides nothing more;
 * 4. in ASCII mode every glyph is one printable ASCII byte;
 * 5. splitting into lines loses no byte but line ends.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/banned.h"

#define CHECK(what)                           \
    do {                                      \
        if (!(what)) {                        \
            BUG("broken promise: %s", #what); \
        }                                     \
    } while (0)

enum { OUT_MAX = 1 << 20 };

/* What must never come out, written down once more: text_drawable is not its own witness. */
static bool is_denied(uint32_t cp)
{
    static const uint32_t ranges[][2] = {
        {0, 0x1F},          {0x7F, 0x9F},       {0xAD, 0xAD},          {0x61C, 0x61C},
        {0x115F, 0x1160},   {0x180B, 0x180F},   {0x200B, 0x200F},      {0x2028, 0x202E},
        {0x2060, 0x206F},   {0x3164, 0x3164},   {0xD800, 0xF8FF},      {0xFDD0, 0xFDEF},
        {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},      {0xFFF0, 0xFFFB},
        {0x1F3FB, 0x1F3FF}, {0xE0000, 0xE0FFF}, {0xF0000, UINT32_MAX},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (cp >= ranges[i][0] && cp <= ranges[i][1]) {
            return true;
        }
    }
    return (cp & 0xFFFE) == 0xFFFE;
}

/* Columns of sanitised UTF-8, by the public rules alone. */
static int columns(const char *p, size_t n, enum text_charset cs)
{
    int cols = 0;
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        bool valid;
        i += utf8_get(p + i, n - i, &cp, &valid);
        CHECK(valid);
        CHECK(text_drawable(cp) && !is_denied(cp));
        CHECK(cs == TEXT_UNICODE || (cp >= 0x20 && cp < 0x7F));
        cols += text_cp_width(cp);
    }
    return cols;
}

static void check_line(struct untrusted u, size_t max, enum text_charset cs)
{
    struct line_text t;
    text_line(&t, u, max, cs);
    int width = 0;
    CHECK(t.n <= max);
    for (size_t i = 0; i < t.n; i++) {
        const struct glyph *g = &t.glyph[i];
        CHECK(g->cp[0] && (g->width == 1 || g->width == 2));
        CHECK(g->width == text_cp_width(g->cp[0]));
        CHECK(g->cp[GLYPH_MAX - 1] == 0);
        for (int k = 0; g->cp[k]; k++) {
            CHECK(text_drawable(g->cp[k]) && !is_denied(g->cp[k]));
            CHECK(k == 0 || text_cp_width(g->cp[k]) == 0);
            CHECK(cs == TEXT_UNICODE || (k == 0 && g->cp[k] < 0x7F));
        }
        width += g->width;
    }
    CHECK(width == t.width);
    text_release(&t);
}

static void check_fixed_point(struct untrusted u, enum text_charset cs)
{
    struct buf once, twice;
    buf_init(&once, OUT_MAX);
    buf_init(&twice, OUT_MAX);
    text_add(&once, u, 0, cs);
    text_add(&twice, untrusted_n(once.p, once.len), 0, cs);
    CHECK(once.len == twice.len && memcmp(once.p, twice.p, once.len) == 0);

    struct line_text first, again;
    text_line(&first, u, SIZE_MAX, cs);
    text_line(&again, untrusted_n(once.p, once.len), SIZE_MAX, cs);
    CHECK(again.hidden == 0);
    CHECK(first.n == again.n && first.width == again.width);
    for (size_t i = 0; i < first.n; i++) {
        const struct glyph *a = &first.glyph[i], *b = &again.glyph[i];
        CHECK(a->width == b->width && memcmp(a->cp, b->cp, sizeof a->cp) == 0);
    }
    CHECK(columns(once.p, once.len, cs) == first.width);
    text_release(&first);
    text_release(&again);
    buf_release(&once);
    buf_release(&twice);
}

static void check_columns(struct untrusted u, int cols, enum text_charset cs)
{
    struct buf b;
    buf_init(&b, OUT_MAX);
    text_add(&b, u, cols, cs);
    CHECK(columns(b.p, b.len, cs) <= cols);
    buf_clear(&b);
    text_add_padded(&b, u, cols, cs);
    CHECK(columns(b.p, b.len, cs) == cols);
    buf_clear(&b);
    text_add_padded(&b, u, -cols, cs);
    CHECK(columns(b.p, b.len, cs) == cols);
    buf_release(&b);
}

static void count_bytes(void *ud, struct untrusted one)
{
    *(size_t *)ud += one.n;
    CHECK(!one.n || !memchr(one.p, '\n', one.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 65536) {
        return 0;
    }
    size_t n = size - 1;
    char *exact = mem_alloc(n); /* of its own size: a byte read too much is seen */
    CHECK(exact);
    if (n) {
        memcpy(exact, data + 1, n);
    }
    struct untrusted u = untrusted_n(exact, n);
    for (int ascii = 0; ascii < 2; ascii++) {
        enum text_charset cs = ascii ? TEXT_ASCII : TEXT_UNICODE;
        check_line(u, SIZE_MAX, cs);
        check_line(u, data[0], cs);
        check_fixed_point(u, cs);
        check_columns(u, data[0] + 1, cs);
    }
    size_t bytes = 0;
    size_t lines = text_each_line(u, SIZE_MAX, count_bytes, &bytes);
    CHECK(bytes <= n && bytes + 3 * lines >= n);
    text_mixed_scripts(u);
    mem_free(exact);
    return 0;
}
