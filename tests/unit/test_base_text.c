/* text.h: what outside bytes become, and what they can never become. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/banned.h"

#define BAD "\xEF\xBF\xBD" /* U+FFFD */

/* The sanitised text of in[0..n), and how much of it was hidden, must be these. */
static void check_n(const char *in, size_t n, enum text_charset cs, const char *want,
                    unsigned hidden)
{
    struct buf b;
    struct line_text t;
    buf_init(&b, 1 << 20);
    text_add(&b, untrusted_n(in, n), 0, cs);
    assert_string_equal(b.p, want);
    text_line(&t, untrusted_n(in, n), SIZE_MAX, cs);
    assert_int_equal(t.hidden, hidden);
    assert_false(t.cut);
    text_release(&t);
    buf_release(&b);
}

static void check(const char *in, const char *want, unsigned hidden)
{
    check_n(in, strlen(in), TEXT_UNICODE, want, hidden);
}

static void check_ascii(const char *in, const char *want)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    text_add(&b, untrusted(in), 0, TEXT_ASCII);
    assert_string_equal(b.p, want);
    buf_release(&b);
}

static void honest_text_stays(void **state)
{
    (void)state;
    static const char *const honest[] = {
        "",
        "eth-volatility v2 (30m)",
        "Crème brûlée",
        "e\xCC\x81",
        "שלום עולם",
        "مرحبا بالعالم",
        "模型市场",
        "モデル",
        "모델",
        "हिन्दी",
        "ไทยสบาย",
        "Модель GPT",
        "🙂🚀",
        "1\xE2\x83\xA3",
        "🇫🇷",
        "│─┐ ▁▂▃ ⣿",
        "␛ already a picture",
        BAD,
    };
    for (size_t i = 0; i < sizeof honest / sizeof honest[0]; i++) {
        check(honest[i], honest[i], 0);
    }
}

static void controls_become_pictures(void **state)
{
    (void)state;
    check("\x1b[31mred\x1b[0m", "␛[31mred␛[0m", 2);
    check("\x1b]0;title\x07", "␛]0;title␇", 2);
    check("a\bb\x7f", "a␈b␡", 2);
    check_n("a\0b", 3, TEXT_UNICODE, "a␀b", 1);
    check("\xC2\x9B"
          "31m",
          BAD "31m", 1); /* C1 CSI, as UTF-8 */
    check("\x9B"
          "31m",
          BAD "31m", 1); /* and as a byte */
    check("\xC2\x85", BAD, 1);
    for (int c = 0; c < 0x20; c++) {
        char in = (char)c, want[5] = " ";
        bool blank = c == '\t' || c == '\n';
        if (!blank) {
            utf8_put(want, 0x2400u + (uint32_t)c);
        }
        check_n(&in, 1, TEXT_UNICODE, want, !blank);
    }
}

static void line_ends_become_one_space(void **state)
{
    (void)state;
    check("a\tb\nc\r\nd", "a b c d", 0);
    check("a\xE2\x80\xA8"
          "b\xE2\x80\xA9"
          "c",
          "a b c", 0);
    check("hidden\rshown", "hidden␍shown", 1); /* CR alone would overwrite */
    check("\r", "␍", 1);
}

static void bad_utf8_is_replaced(void **state)
{
    (void)state;
    check("\xC0\xAF", BAD BAD, 2);         /* overlong */
    check("\xE0\x80\xAF", BAD BAD BAD, 3); /* overlong */
    check("\xF0\x80\x80\xAF", BAD BAD BAD BAD, 4);
    check("\xED\xA0\x80", BAD BAD BAD, 3);         /* surrogate */
    check("\xF4\x90\x80\x80", BAD BAD BAD BAD, 4); /* above U+10FFFF */
    check("\xFF\xFE", BAD BAD, 2);
    check("\xE8\xAA", BAD BAD, 2);      /* cut */
    check("\xE8\xAAz", BAD BAD "z", 2); /* a bad head eats nothing behind it */
    check("\xEF\xBF\xBF", BAD, 1);      /* noncharacter U+FFFF */
    check("\xEF\xB7\x90", BAD, 1);      /* noncharacter U+FDD0 */
}

static void invisible_and_bidi_are_replaced(void **state)
{
    (void)state;
    static const uint32_t denied[] = {
        0xAD,    0x34F,   0x61C,   0x115F,  0x1160,   0x17B4,   0x180B, 0x180E,  0x200B,
        0x200C,  0x200D,  0x200E,  0x200F,  0x202A,   0x202B,   0x202C, 0x202D,  0x202E,
        0x2060,  0x2064,  0x2066,  0x2067,  0x2068,   0x2069,   0x206F, 0x3164,  0xFE00,
        0xFEFF,  0xFFA0,  0xFFF0,  0xFFF9,  0xFFFB,   0xE000,   0xF8FF, 0x1D173, 0xE0001,
        0xE0041, 0xE0100, 0xE0FFF, 0xF0000, 0x10FFFD, 0x10FFFF, 0x378,  0x1F3FB,
    };
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++) {
        char in[8] = "a", out[5];
        utf8_put(out, denied[i]);
        snprintf(in + 1, sizeof in - 1, "%sb", out);
        assert_false(text_drawable(denied[i]));
        assert_int_equal(text_cp_width(denied[i]), 1);
        check(in, "a" BAD "b", 1);
    }
}

static void emoji_glue_is_dropped_only_after_emoji(void **state)
{
    (void)state;
    check("👩\xE2\x80\x8D🚀", "👩🚀", 0); /* ZWJ */
    check("👍🏽!", "👍!", 0);      /* skin tone */
    check("👍🏽🏽!", "👍!", 0);
    check("❤\xEF\xB8\x8F", "❤", 0); /* VS16 */
    check("👩🏽\xE2\x80\x8D❤\xEF\xB8\x8F\xE2\x80\x8D👨", "👩❤👨", 0);
    check("1\xEF\xB8\x8F\xE2\x83\xA3", "1\xE2\x83\xA3", 0);
    check("👩\xE2\x80\x8D", "👩" BAD, 1); /* ZWJ to nothing */
    check("👩\xE2\x80\x8D"
          "a",
          "👩" BAD "a", 1);
    check("a\xE2\x80\x8D🚀", "a" BAD "🚀", 1);
    check("👩\xE2\x80\x8D\xE2\x80\x8D🚀", "👩" BAD BAD "🚀", 2);
    check("a🏽", "a" BAD, 1);
    check("\xEF\xB8\x8F", BAD, 1);                  /* VS16 on nothing */
    check("a\xEF\xB8\x8F\xEF\xB8\x8F", "a" BAD, 1); /* no message in selectors */
}

static void marks_are_capped(void **state)
{
    (void)state;
    check("z\xCC\x80\xCC\x81\xCC\x82\xCC\x83", "z\xCC\x80\xCC\x81\xCC\x82\xCC\x83", 0);
    check("z\xCC\x80\xCC\x81\xCC\x82\xCC\x83\xCC\x84\xCC\x85y",
          "z\xCC\x80\xCC\x81\xCC\x82\xCC\x83y", 2);
    check("\xCC\x80", BAD, 1); /* nothing to stand on */
    check("\xCC\x80\xCC\x81", BAD "\xCC\x81", 1);
    check("\n\xCC\x80", " \xCC\x80", 0);
}

static void widths_are_those_of_wcwidth(void **state)
{
    (void)state;
    static const struct {
        uint32_t cp;
        int width;
    } known[] = {
        {' ', 1},     {'~', 1},     {0xE9, 1},   {0x301, 0},  {0x20E3, 0}, {0x5D0, 1},
        {0x93F, 1},   {0x94D, 0},   {0x1100, 2}, {0x1161, 0}, {0x11A8, 0}, {0x2026, 1},
        {0x2502, 1},  {0x2764, 1},  {0x28FF, 1}, {0x3000, 2}, {0x3248, 2}, {0x4DC0, 2},
        {0x4E00, 2},  {0xAC00, 2},  {0xFF21, 2}, {0xFF71, 1}, {0xFFFD, 1}, {0x1F1EB, 1},
        {0x1F642, 2}, {0x20000, 2},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(text_drawable(known[i].cp));
        assert_int_equal(text_cp_width(known[i].cp), known[i].width);
    }
}

/* Over all of Unicode: a drawable code point comes out as it went in, any other does not come out.
 */
static void every_code_point_keeps_the_rules(void **state)
{
    (void)state;
    for (uint32_t cp = 1; cp <= 0x10FFFF; cp++) {
        char in[8] = ".";
        size_t n = 1 + utf8_put(in + 1, cp);
        struct line_text t;
        text_line(&t, untrusted_n(in, n), 8, TEXT_UNICODE);
        int width = 0;
        bool seen = false;
        for (size_t g = 0; g < t.n; g++) {
            width += t.glyph[g].width;
            assert_int_equal(t.glyph[g].width, text_cp_width(t.glyph[g].cp[0]));
            for (const uint32_t *c = t.glyph[g].cp; *c; c++) {
                assert_true(text_drawable(*c));
                seen = seen || *c == cp;
            }
        }
        assert_int_equal(width, t.width);
        assert_true(seen == text_drawable(cp));
    }
}

static void lines_grow_and_are_cut(void **state)
{
    (void)state;
    char text[1000];
    memset(text, 'x', sizeof text);
    struct line_text t;
    text_line(&t, untrusted_n(text, sizeof text), SIZE_MAX, TEXT_UNICODE);
    assert_int_equal(t.n, 1000);
    assert_int_equal(t.width, 1000);
    assert_false(t.cut);
    text_release(&t);
    text_release(&t); /* twice does no harm */

    for (size_t max = 0; max < 200; max++) {
        text_line(&t, untrusted_n(text, 150), max, TEXT_UNICODE);
        assert_int_equal(t.n, max < 150 ? max : 150);
        assert_true(t.cut == (max < 150));
        text_release(&t);
    }
    text_line(&t, untrusted("e\xCC\x81z"), 1, TEXT_UNICODE);
    assert_true(t.cut);
    assert_int_equal(t.glyph[0].cp[1], 0x301); /* the mark belongs to the last glyph */
    text_release(&t);

    mem_fail_at(1, true);
    text_line(&t, untrusted_n(text, sizeof text), SIZE_MAX, TEXT_UNICODE);
    mem_fail_at(0, false);
    assert_int_equal(t.n, LINE_INLINE);
    assert_true(t.cut);
    text_release(&t);
    text_line(&t, untrusted(NULL), 5, TEXT_UNICODE);
    assert_int_equal(t.n, 0);
    text_release(&t);
}

static void check_cut(const char *in, int cols, enum text_charset cs, const char *want,
                      const char *padded, const char *right)
{
    struct buf b;
    buf_init(&b, 1000);
    buf_adds(&b, "|");
    text_add(&b, untrusted(in), cols, cs);
    assert_string_equal(b.p + 1, want);
    buf_clear(&b);
    buf_adds(&b, "|");
    text_add_padded(&b, untrusted(in), cols, cs);
    assert_string_equal(b.p + 1, padded);
    buf_clear(&b);
    buf_adds(&b, "|");
    text_add_padded(&b, untrusted(in), -cols, cs);
    assert_string_equal(b.p + 1, right);
    assert_int_equal(b.p[0], '|');
    buf_release(&b);
}

static void columns_are_exact(void **state)
{
    (void)state;
    check_cut("model", 6, TEXT_UNICODE, "model", "model ", " model");
    check_cut("model", 5, TEXT_UNICODE, "model", "model", "model");
    check_cut("model", 4, TEXT_UNICODE, "mod…", "mod…", "mod…");
    check_cut("model", 1, TEXT_UNICODE, "…", "…", "…");
    check_cut("model", 4, TEXT_ASCII, "mod~", "mod~", "mod~");
    check_cut("模型市", 6, TEXT_UNICODE, "模型市", "模型市", "模型市");
    check_cut("模型市", 5, TEXT_UNICODE, "模型…", "模型…", "模型…");
    check_cut("模型市", 4, TEXT_UNICODE, "模…", "模… ",
              " 模…"); /* the cell that cannot be filled */
    check_cut("模", 1, TEXT_UNICODE, "…", "…", "…");
    check_cut("e\xCC\x81"
              "e\xCC\x81",
              2, TEXT_UNICODE,
              "e\xCC\x81"
              "e\xCC\x81",
              "e\xCC\x81"
              "e\xCC\x81",
              "e\xCC\x81"
              "e\xCC\x81");
    check_cut("", 3, TEXT_UNICODE, "", "   ", "   ");

    struct buf b;
    buf_init(&b, 100);
    text_add_padded(&b, untrusted("model"), 0, TEXT_UNICODE);
    assert_int_equal(b.len, 0);
    for (int cols = 1; cols < 200; cols++) { /* a full buffer is only full */
        text_add_padded(&b, untrusted("模型"), cols % 2 ? cols : -cols, TEXT_UNICODE);
    }
    assert_int_equal(b.bad, SOUK_ENOMEM);
    assert_int_equal(strlen(b.p), b.len);
    buf_release(&b);
}

static void ascii_mode_writes_ascii(void **state)
{
    (void)state;
    check_ascii("plain\ttext", "plain text");
    check_ascii("“it’s” – 2×3 …", "\"it's\" - 2x3 ~");
    check_ascii("模型\x1b[31m é e\xCC\x81 🙂", "???[31m ? e ?");
    check_ascii("\xC2\x9B\xE2\x80\xAE", "??");
    for (uint32_t cp = 1; cp <= 0x10FFFF; cp++) {
        char in[5];
        struct line_text t;
        text_line(&t, untrusted_n(in, utf8_put(in, cp)), 8, TEXT_ASCII);
        assert_int_equal(t.n, 1);
        assert_int_equal(t.width, 1);
        assert_true(t.glyph[0].cp[0] >= 0x20 && t.glyph[0].cp[0] < 0x7F);
        assert_int_equal(t.glyph[0].cp[1], 0);
    }
}

static void collect(void *ud, struct untrusted one)
{
    buf_add(ud, one.p, one.n);
    buf_addc(ud, '|');
}

static void check_lines(const char *in, size_t max, size_t seen, const char *want)
{
    struct buf b;
    buf_init(&b, 1000);
    assert_int_equal(text_each_line(untrusted(in), max, collect, &b), seen);
    assert_string_equal(b.p, want);
    buf_release(&b);
}

static void blocks_split_into_lines(void **state)
{
    (void)state;
    check_lines("", 9, 0, "");
    check_lines("one", 9, 1, "one|");
    check_lines("one\n", 9, 1, "one|");
    check_lines("one\n\ntwo", 9, 3, "one||two|");
    check_lines("a\r\nb\xE2\x80\xA8"
                "c\xE2\x80\xA9"
                "d",
                9, 4, "a|b|c|d|");
    check_lines("a\rb", 9, 1, "a\rb|"); /* CR alone is no end: the line shows it */
    check_lines("\n\n\n\n", 2, 2, "||");
    check_lines("a\xE2\x80", 9, 1, "a\xE2\x80|");
    check_lines("a\r", 9, 1, "a\r|");
}

static void utf8_goes_round(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        bool surrogate = cp >= 0xD800 && cp < 0xE000, valid;
        char s[5];
        size_t n = utf8_put(s, cp);
        uint32_t back;
        assert_int_equal(s[n], 0);
        assert_int_equal(utf8_get(s, n, &back, &valid), n);
        assert_true(valid);
        assert_int_equal(back, surrogate ? 0xFFFD : cp);
        for (size_t cut = 1; cut < n; cut++) {
            assert_int_equal(utf8_get(s, cut, &back, &valid), 1);
            assert_false(valid);
        }
    }
    uint32_t cp;
    assert_int_equal(utf8_get(NULL, 0, &cp, NULL), 0);
    char s[5];
    assert_int_equal(utf8_put(s, 0x110000), 3);
    assert_string_equal(s, BAD);
}

static void fputs_writes_the_sanitised_line(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    assert_non_null(setlocale(LC_CTYPE, "C"));
    assert_int_equal(text_locale_charset(), TEXT_ASCII);
    FILE *f = open_memstream(&text, &n);
    text_fputs(f, untrusted("é\x1b["));
    fclose(f);
    assert_string_equal(text, "??[");
    free(text);
    assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
    assert_int_equal(text_locale_charset(), TEXT_UNICODE);
    f = open_memstream(&text, &n);
    char big[5000];
    memset(big, '\x1b', sizeof big);
    text_fputs(f, untrusted_n(big, sizeof big));
    text_fputs(f, untrusted("é"));
    fclose(f);
    assert_int_equal(n, 3 * sizeof big + 2);
    assert_memory_equal(text + n - 5, "␛é", 5);
    assert_null(memchr(text, 0x1b, n));
    free(text);
    setlocale(LC_CTYPE, "C");
}

static void equal_is_byte_for_byte(void **state)
{
    (void)state;
    assert_true(untrusted_eq(untrusted("a b"), untrusted_n("a bc", 3)));
    assert_true(untrusted_eq(untrusted(NULL), untrusted("")));
    assert_false(untrusted_eq(untrusted("a"), untrusted("A")));
    assert_false(untrusted_eq(untrusted("a"), untrusted("a ")));
    assert_false(untrusted_eq(untrusted_n("a\0b", 3), untrusted_n("a\0c", 3)));
}

static void look_alikes_are_noticed(void **state)
{
    (void)state;
    assert_true(text_mixed_scripts(untrusted("Оpеn")));           /* Cyrillic O and e */
    assert_true(text_mixed_scripts(untrusted("my-gpt4о")));       /* Cyrillic o behind a digit */
    assert_true(text_mixed_scripts(untrusted("ΑI_agent")));       /* Greek Alpha */
    assert_true(text_mixed_scripts(untrusted("a\xE2\x80\x8Bа"))); /* parted by nothing visible */
    assert_false(text_mixed_scripts(untrusted("")));
    assert_false(text_mixed_scripts(untrusted("OpenGradient-2")));
    assert_false(text_mixed_scripts(untrusted("Модель GPT")));
    assert_false(text_mixed_scripts(untrusted("α-helix")));
    assert_false(text_mixed_scripts(untrusted("模型GPT")));
    assert_false(text_mixed_scripts(untrusted("5×3 über façade ﬁ")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(honest_text_stays),
        cmocka_unit_test(controls_become_pictures),
        cmocka_unit_test(line_ends_become_one_space),
        cmocka_unit_test(bad_utf8_is_replaced),
        cmocka_unit_test(invisible_and_bidi_are_replaced),
        cmocka_unit_test(emoji_glue_is_dropped_only_after_emoji),
        cmocka_unit_test(marks_are_capped),
        cmocka_unit_test(widths_are_those_of_wcwidth),
        cmocka_unit_test(every_code_point_keeps_the_rules),
        cmocka_unit_test(lines_grow_and_are_cut),
        cmocka_unit_test(columns_are_exact),
        cmocka_unit_test(ascii_mode_writes_ascii),
        cmocka_unit_test(blocks_split_into_lines),
        cmocka_unit_test(utf8_goes_round),
        cmocka_unit_test(fputs_writes_the_sanitised_line),
        cmocka_unit_test(equal_is_byte_for_byte),
        cmocka_unit_test(look_alikes_are_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
