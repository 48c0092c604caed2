/*
 * What is drawn stays inside its clip and its columns, whatever the text: wide, combining, written
 * from the right, hostile. Both charsets; every failing allocation.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "shows.h"
#include "base/banned.h"

/* Every row is w columns of whole glyphs: a wide one is followed by its right half, and only it. */
static void assert_sound(const struct canvas *c)
{
    struct rect r = canvas_rect(c);
    for (int y = 0; y < r.h; y++) {
        const struct cell *row = canvas_row(c, y);
        for (int x = 0; x < r.w; x++) {
            if (row[x].width == 2) {
                assert_true(x + 1 < r.w);
                assert_int_equal(row[x + 1].width, 0);
                assert_int_equal(row[x + 1].cp[0], 0);
                x++;
            } else {
                assert_int_equal(row[x].width, 1);
                assert_true(text_drawable(row[x].cp[0]));
            }
        }
    }
}

static void test_text_is_cut_with_an_ellipsis(void **state)
{
    (void)state;
    struct canvas *c = make(10, 5, TEXT_UNICODE);
    assert_int_equal(canvas_untrusted(c, 0, 0, 5, untrusted("abcde"), ST_NORMAL), 5);
    assert_int_equal(canvas_untrusted(c, 0, 1, 5, untrusted("abcdef"), ST_NORMAL), 5);
    assert_int_equal(canvas_untrusted(c, 0, 2, -6, untrusted("abc"), ST_NORMAL), 3);
    assert_int_equal(canvas_untrusted(c, 0, 3, -5, untrusted("abcdef"), ST_NORMAL), 5);
    assert_int_equal(canvas_untrusted(c, 0, 4, 0, untrusted("abc"), ST_NORMAL), 0);
    assert_shows(c, "abcde\nabcd…\n   abc\nabcd…\n\n");
    canvas_free(c);
}

static void test_wide_glyphs_are_never_halved(void **state)
{
    (void)state;
    struct canvas *c = make(8, 6, TEXT_UNICODE);
    assert_int_equal(canvas_untrusted(c, 0, 0, 8, untrusted("東京"), ST_NORMAL), 4);
    assert_int_equal(canvas_untrusted(c, 0, 1, 3, untrusted("東京"), ST_NORMAL), 3);
    assert_int_equal(canvas_untrusted(c, 0, 2, 2, untrusted("東京"), ST_NORMAL), 1);
    canvas_untrusted(c, 7, 3, 4, untrusted("東"), ST_NORMAL); /* its right half is outside */
    canvas_untrusted(c, 0, 4, 8, untrusted("東京東京"), ST_NORMAL);
    canvas_str(c, 1, 4, 1, "x", ST_NORMAL); /* on a right half */
    canvas_str(c, 4, 4, 1, "y", ST_NORMAL); /* on a left half */
    canvas_untrusted(c, 0, 5, 8, untrusted("東京"), ST_NORMAL);
    canvas_untrusted(c, 1, 5, 8, untrusted("京"), ST_NORMAL); /* across two */
    assert_sound(c);
    assert_shows(c, "東京\n東…\n…\n\n x京y 京\n 京\n");
    canvas_free(c);
}

static void test_scripts_of_the_world(void **state)
{
    (void)state;
    struct canvas *c = make(20, 6, TEXT_UNICODE);
    assert_int_equal(canvas_untrusted(c, 0, 0, 20, untrusted("e\xcc\x81tude"), ST_NORMAL), 5);
    assert_int_equal(canvas_untrusted(c, 0, 1, 20, untrusted("שלום"), ST_NORMAL), 4);
    assert_int_equal(canvas_untrusted(c, 0, 2, 20, untrusted("مرحبا"), ST_NORMAL), 5);
    assert_int_equal(canvas_untrusted(c, 0, 3, 20, untrusted("🚀東"), ST_NORMAL), 4);
    assert_int_equal(canvas_untrusted(c, 0, 4, 20, untrusted("नमस्ते"), ST_NORMAL) > 0, 1);
    assert_int_equal(canvas_row(c, 0)[0].cp[1], 0x301); /* a mark stays with its letter */
    assert_int_equal(canvas_row(c, 1)[0].cp[0], 0x5E9);
    assert_sound(c);
    canvas_free(c);
}

static void test_hostile_text_cannot_leave_its_cell(void **state)
{
    (void)state;
    static const char hostile[] = "a\033[31mb\xe2\x80\xae"
                                  "c\xc2\x9b"
                                  "31md\xf3\xa0\x81\x81\r\n\a";
    struct canvas *c = make(40, 1, TEXT_UNICODE);
    canvas_untrusted(c, 0, 0, 40, untrusted(hostile), ST_NORMAL);
    assert_sound(c);
    canvas_strf(c, 0, 0, 40, ST_NORMAL, "%s", hostile); /* the second guard */
    assert_sound(c);
    canvas_free(c);
}

static void test_clip_holds(void **state)
{
    (void)state;
    struct canvas *c = make(10, 4, TEXT_UNICODE);
    canvas_fill(c, canvas_rect(c), GL_DOT, ST_DIM);
    struct rect outer = canvas_clip(c, (struct rect){2, 1, 6, 2});
    struct rect inner = canvas_clip(c, (struct rect){4, 0, 100, 100});
    canvas_fill(c, (struct rect){-5, -5, 100, 100}, GL_CROSS, ST_BAD);
    canvas_unclip(c, inner);
    canvas_untrusted(c, -2, 1, 100, untrusted("0123456789"), ST_NORMAL);
    canvas_untrusted(c, 7, 2, 2, untrusted("東"), ST_NORMAL);
    canvas_unclip(c, outer);
    canvas_str(c, 0, 3, 10, "ab", ST_NORMAL);
    canvas_str(c, 0, -1, 10, "no", ST_NORMAL);
    canvas_str(c, 0, 4, 10, "no", ST_NORMAL);
    assert_shows(c, "··········\n··456789··\n····✗✗✗✗··\nab········\n");
    assert_sound(c);
    canvas_free(c);
}

static void test_shapes(void **state)
{
    (void)state;
    static const enum text_charset sets[] = {TEXT_UNICODE, TEXT_ASCII};
    static const char *const want[] = {"┌───┐\n│   │\n└───┘\n", "+---+\n|   |\n+---+\n"};
    for (int i = 0; i < 2; i++) {
        struct canvas *c = make(6, 3, sets[i]);
        canvas_box(c, (struct rect){0, 0, 5, 3}, ST_BORDER);
        canvas_box(c, (struct rect){5, 0, 1, 3}, ST_BORDER); /* too small to be one */
        assert_shows(c, want[i]);
        canvas_free(c);
    }
}

static void test_rectangles(void **state)
{
    (void)state;
    struct rect r = {2, 3, 10, 5};
    struct rect top = rect_cut_top(&r, 2), left = rect_cut_left(&r, 4);
    struct rect right = rect_cut_right(&r, 99);
    assert_memory_equal(&top, &((struct rect){2, 3, 10, 2}), sizeof top);
    assert_memory_equal(&left, &((struct rect){2, 5, 4, 3}), sizeof left);
    assert_memory_equal(&right, &((struct rect){6, 5, 6, 3}), sizeof right);
    assert_int_equal(r.w, 0);
    struct rect bottom = rect_cut_bottom(&top, -3);
    assert_int_equal(bottom.h, 0);
    struct rect mid = rect_center((struct rect){0, 0, 10, 4}, 4, 99);
    assert_memory_equal(&mid, &((struct rect){3, 0, 4, 4}), sizeof mid);
    assert_true(rect_has(mid, 3, 0) && !rect_has(mid, 7, 0));
    assert_int_equal(rect_inset(mid, 3, 1).w, 0);
}

static void test_ascii_twins_keep_the_layout(void **state)
{
    (void)state;
    static const char words[] = "✓ ok · 12 – 30 › a… ▾▴●○ “x” ≥≈±×";
    struct canvas *u = make(60, 2, TEXT_UNICODE), *a = make(60, 2, TEXT_ASCII);
    assert_int_equal(canvas_str(u, 0, 0, 60, words, ST_NORMAL),
                     canvas_str(a, 0, 0, 60, words, ST_NORMAL));
    assert_int_equal(canvas_strf(u, 0, 1, 60, ST_NORMAL, "%s", words),
                     canvas_strf(a, 0, 1, 60, ST_NORMAL, "%s", words));
    assert_shows(a, "+ ok . 12 - 30 > a~ v^*o \"x\" >~~x\n+ ok . 12 - 30 > a~ v^*o \"x\" >~~x\n");
    for (int g = 0; g < GL_COUNT; g++) {
        uint32_t cp = glyph_cp((enum glyph_id)g, TEXT_UNICODE);
        assert_true(text_drawable(cp));
        assert_int_equal(text_cp_width(cp), 1);
        uint32_t twin = glyph_cp((enum glyph_id)g, TEXT_ASCII);
        assert_true(twin >= 0x20 && twin < 0x7F);
    }
    for (int level = 0; level <= 8; level++) {
        assert_int_equal(text_cp_width(glyph_vbar(level, TEXT_UNICODE)), 1);
        assert_true(glyph_vbar(level, TEXT_ASCII) < 0x7F && glyph_hbar(level, TEXT_ASCII) < 0x7F);
        uint32_t bar = glyph_vbar(level, TEXT_UNICODE);
        assert_int_equal(glyph_ascii(bar), glyph_vbar(level, TEXT_ASCII));
    }
    canvas_free(u);
    canvas_free(a);
}

static void test_strips(void **state)
{
    (void)state;
    struct canvas *c = make(20, 4, TEXT_UNICODE);
    struct strip s;
    strip_init(&s, TEXT_UNICODE);
    strip_untrusted(&s, untrusted("東x"), ST_STRONG);
    strip_glyph(&s, GL_CHECK, ST_GOOD);
    strip_pad(&s, 6);
    strip_strf(&s, ST_MONEY, "%d USDC", 5);
    assert_int_equal(s.width, 12);
    assert_int_equal(canvas_strip(c, 0, 0, 20, &s), 12);
    assert_int_equal(canvas_strip(c, 0, 1, -20, &s), 12);
    assert_int_equal(canvas_strip(c, 0, 2, 9, &s), 9);
    assert_int_equal(canvas_row(c, 0)[3].style, ST_GOOD);
    assert_int_equal(canvas_row(c, 2)[8].style, ST_MONEY); /* the ellipsis is of what it cuts */
    for (int i = 0; i < STRIP_MAX; i++) {
        strip_str(&s, "ab", ST_NORMAL);
    }
    assert_true(s.cut);
    assert_int_equal(s.n, STRIP_MAX);
    assert_shows(c, "東x✓  5 USDC\n        東x✓  5 USDC\n東x✓  5 …\n\n");
    assert_sound(c);
    canvas_free(c);
}

static void test_ages_mark_the_frame(void **state)
{
    (void)state;
    clock_fix(1760000000);
    struct canvas *c = make(20, 2, TEXT_UNICODE);
    assert_false(canvas_has_age(c));
    canvas_ago(c, 0, 0, 20, 1760000000 - 180, ST_DIM);
    canvas_ago(c, 0, 1, 20, 1760000000 + 5, ST_DIM); /* clocks differ: not the future */
    assert_true(canvas_has_age(c));
    assert_shows(c, "3 m ago\njust now\n");
    canvas_clear(c);
    assert_false(canvas_has_age(c));
    canvas_free(c);
}

static void test_sizes_have_bounds(void **state)
{
    (void)state;
    struct canvas *c = make(0, -7, TEXT_UNICODE);
    struct rect r = canvas_rect(c);
    assert_true(r.w == 1 && r.h == 1);
    assert_int_equal(canvas_resize(c, 100000, 100000, NULL), SOUK_OK);
    r = canvas_rect(c);
    assert_true(r.w == CANVAS_MAX_W && r.h == CANVAS_MAX_H);
    canvas_fill(c, r, GL_BLOCK, ST_NORMAL);
    canvas_cursor(c, 99999, -4, true);
    int x, y;
    bool visible;
    canvas_cursor_get(c, &x, &y, &visible);
    assert_true(x == CANVAS_MAX_W - 1 && y == 0 && visible);
    canvas_free(c);
}

static void test_without_memory(void **state)
{
    (void)state;
    for (unsigned long i = 1; i <= 2; i++) {
        struct err e = {0};
        mem_fail_at(i, false);
        assert_null(canvas_new(80, 24, TEXT_UNICODE, &e));
        mem_fail_at(0, false);
        assert_int_equal(e.code, SOUK_ENOMEM);
    }
    struct canvas *c = make(80, 2, TEXT_UNICODE);
    canvas_str(c, 0, 0, 80, "kept", ST_NORMAL);
    mem_fail_at(1, false);
    assert_int_equal(canvas_resize(c, 200, 60, NULL), SOUK_ENOMEM);
    mem_fail_at(0, false);
    assert_shows(c, "kept\n\n"); /* the old size, and what was there */
    char text[200];
    memset(text, 'x', sizeof text);
    mem_fail_at(1, true);
    int used = canvas_untrusted(c, 0, 1, 80, untrusted_n(text, sizeof text), ST_NORMAL);
    mem_fail_at(0, false);
    assert_int_equal(used, LINE_INLINE + 1); /* what fits without memory, and says it was cut */
    assert_int_equal(canvas_row(c, 1)[LINE_INLINE].cp[0], 0x2026);
    canvas_free(c);
}

/* --- styles */

static void test_no_meaning_by_colour_alone(void **state)
{
    (void)state;
    const struct theme *t = theme_find(NULL);
    static const enum style matter[] = {ST_TITLE, ST_HEADER, ST_SORTED, ST_WARN,
                                        ST_BAD,   ST_LINK,   ST_KEY};
    uint8_t plain = theme_look(t, COLORS_NONE, ST_NORMAL, OVER_NONE).attr;
    for (size_t i = 0; i < sizeof matter / sizeof matter[0]; i++) {
        assert_int_not_equal(theme_look(t, COLORS_NONE, matter[i], OVER_NONE).attr, plain);
    }
    for (int s = 0; s < ST_COUNT; s++) {
        struct look k = theme_look(t, COLORS_NONE, (enum style)s, OVER_NONE);
        assert_true(k.fg == -1 && k.bg == -1);
        struct look bar = theme_look(t, COLORS_NONE, (enum style)s, OVER_SELECTED);
        assert_true(bar.attr & ATTR_REVERSE);
        bar = theme_look(t, COLORS_8, (enum style)s, OVER_SELECTED);
        assert_true(bar.attr & ATTR_REVERSE);
    }
}

static void test_themes_and_depths(void **state)
{
    (void)state;
    assert_non_null(theme_find("dark"));
    assert_ptr_equal(theme_find(NULL), theme_find("dark"));
    assert_null(theme_find("nope"));
    const struct theme *t = theme_find("light");
    assert_non_null(t);
    for (int s = 0; s < ST_COUNT; s++) {
        for (int over = 0; over < OVER_COUNT; over++) {
            struct look k = theme_look(t, COLORS_256, (enum style)s, over);
            assert_true(k.fg >= -1 && k.fg < 256 && k.bg >= -1 && k.bg < 256);
            k = theme_look(t, COLORS_8, (enum style)s, over);
            assert_true(k.fg >= -1 && k.fg < 8 && k.bg >= -1 && k.bg < 8);
        }
    }
    struct look exact = theme_look(t, COLORS_TRUE, ST_MONEY, OVER_NONE);
    assert_int_equal(exact.fg, 0x7a5c00);
    struct look near = theme_look(theme_find("dark"), COLORS_256, ST_ACCENT, OVER_NONE);
    assert_int_equal(near.fg, 75); /* 0x61afef: 5fafff of the cube */
}

static void test_letters_are_unique(void **state)
{
    (void)state;
    for (int a = 0; a < ST_COUNT; a++) {
        for (int b = 0; b < a; b++) {
            assert_int_not_equal(style_letter((enum style)a, 0), style_letter((enum style)b, 0));
        }
        assert_int_equal(style_letter((enum style)a, OVER_SELECTED), '#');
    }
}

static void test_backend_counts_what_changed(void **state)
{
    (void)state;
    struct backend *b = backend_test_new(10, 2, TEXT_UNICODE, NULL);
    struct canvas *c = make(10, 2, TEXT_UNICODE);
    canvas_str(c, 0, 0, 10, "abc", ST_NORMAL);
    b->ops->present(b, c);
    unsigned long first = test_cells_written(b);
    assert_int_equal(first, 20);
    b->ops->present(b, c);
    assert_int_equal(test_cells_written(b), first);
    canvas_str(c, 1, 0, 10, "x", ST_NORMAL);
    b->ops->present(b, c);
    assert_int_equal(test_cells_written(b), first + 1);
    b->ops->forget(b);
    b->ops->present(b, c);
    assert_int_equal(test_cells_written(b), first + 21);
    assert_true(test_has_text(c, "axc"));
    assert_false(test_has_text(c, "abc"));
    canvas_free(c);
    backend_free(b);
}

static void test_dump_has_styles_and_a_legend(void **state)
{
    (void)state;
    struct canvas *c = make(6, 2, TEXT_UNICODE);
    canvas_str(c, 0, 0, 6, "ab", ST_BAD);
    canvas_str(c, 3, 1, 6, "x", ST_MONEY);
    canvas_over(c, (struct rect){0, 1, 3, 1}, OVER_SELECTED);
    struct buf b;
    buf_init(&b, 4096);
    test_dump(c, true, &b);
    assert_string_equal(b.p, "ab\n   x\n--\nbb\n###$\nb BAD\n$ MONEY\n");
    buf_release(&b);
    canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_cut_with_an_ellipsis),
        cmocka_unit_test(test_wide_glyphs_are_never_halved),
        cmocka_unit_test(test_scripts_of_the_world),
        cmocka_unit_test(test_hostile_text_cannot_leave_its_cell),
        cmocka_unit_test(test_clip_holds),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_rectangles),
        cmocka_unit_test(test_ascii_twins_keep_the_layout),
        cmocka_unit_test(test_strips),
        cmocka_unit_test(test_ages_mark_the_frame),
        cmocka_unit_test(test_sizes_have_bounds),
        cmocka_unit_test(test_without_memory),
        cmocka_unit_test(test_no_meaning_by_colour_alone),
        cmocka_unit_test(test_themes_and_depths),
        cmocka_unit_test(test_letters_are_unique),
        cmocka_unit_test(test_backend_counts_what_changed),
        cmocka_unit_test(test_dump_has_styles_and_a_legend),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
