/*
 * Pictures on a test canvas: bars in parts, shares, curves and points in both charsets; and the
 * cursor that goes over figures.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "shows.h"
#include "ui/widgets/bars.h"
#include "ui/widgets/chart.h"
#include "ui/widgets/plot.h"
#include "ui/widgets/spots.h"
#include "base/banned.h"

/* --- bars in parts */

static const uint64_t whole[4] = {8, 16, 0, 20}, part[4] = {6, 8, 0, 15}, least[4] = {2, 8, 0, 0};

static struct chart stack(int n)
{
    struct chart ch = {.kind = CHART_STACK,
                       .series = {{NULL, whole, 4, ST_CHART3},
                                  {NULL, part, 4, ST_CHART2},
                                  {NULL, least, 4, ST_CHART1}},
                       .n_series = n,
                       .t0 = 1761955200, /* 2025-11-01 */
                       .step = 7 * 86400,
                       .hover = -1};
    return ch;
}

static void test_stack(void **state)
{
    (void)state;
    struct canvas *c = make(26, 8, TEXT_UNICODE);
    struct chart ch = stack(3);
    chart_draw(&ch, c, canvas_rect(c));
    assert_shows(c, "20 ┤               ⡂⡂⡂⡂\n"
                    "   │     ⡂⡂⡂⡂      ⡢⡢⡢⡢\n"
                    "   │     ⡂⡂⡂⡂      ⡪⡪⡪⡪\n"
                    "10 ┤⡀⡀⡀⡀ ⣦⣦⣦⣦      ⡪⡪⡪⡪\n"
                    "   │⡢⡢⡢⡢ ⣿⣿⣿⣿      ⡪⡪⡪⡪\n"
                    "   │⣾⣾⣾⣾ ⣿⣿⣿⣿      ⡪⡪⡪⡪\n"
                    " 0 ┼┬──────────────────┬\n"
                    "    Nov 1         Nov 22\n");
    canvas_clear(c);
    ch = stack(1); /* one part: solid */
    chart_draw(&ch, c, canvas_rect(c));
    assert_shows(c, "20 ┤               ⣿⣿⣿⣿\n"
                    "   │     ⣶⣶⣶⣶      ⣿⣿⣿⣿\n"
                    "   │     ⣿⣿⣿⣿      ⣿⣿⣿⣿\n"
                    "10 ┤⣤⣤⣤⣤ ⣿⣿⣿⣿      ⣿⣿⣿⣿\n"
                    "   │⣿⣿⣿⣿ ⣿⣿⣿⣿      ⣿⣿⣿⣿\n"
                    "   │⣿⣿⣿⣿ ⣿⣿⣿⣿      ⣿⣿⣿⣿\n"
                    " 0 ┼┬──────────────────┬\n"
                    "    Nov 1         Nov 22\n");
    canvas_free(c);
}

static void test_stack_in_ascii(void **state)
{
    (void)state;
    struct canvas *c = make(26, 8, TEXT_ASCII);
    struct chart ch = stack(3);
    chart_draw(&ch, c, canvas_rect(c));
    assert_shows(c, "20 +               ....\n"
                    "   |     ....      ::::\n"
                    "   |     ....      ::::\n"
                    "10 +.... ####      ::::\n"
                    "   |:::: ####      ::::\n"
                    "   |#### ####      ::::\n"
                    " 0 ++------------------+\n"
                    "    Nov 1         Nov 22\n");
    canvas_free(c);
}

/* A part that is missing, more bars than columns, and no room at all. */
static void test_stack_at_every_size(void **state)
{
    (void)state;
    uint64_t many[300];
    for (size_t i = 0; i < 300; i++)
        many[i] = i;
    for (int w = 1; w < 90; w += 4)
        for (int h = 1; h < 12; h++) {
            struct canvas *c = make(w, h, TEXT_UNICODE);
            struct chart ch = stack(3);
            ch.series[1].n = 0;
            chart_draw(&ch, c, canvas_rect(c));
            ch.series[0].v = many;
            ch.series[0].n = 300;
            chart_draw(&ch, c, canvas_rect(c));
            canvas_free(c);
        }
}

static void test_shares(void **state)
{
    (void)state;
    static const struct {
        uint64_t part, whole;
        const char *unicode, *ascii;
    } rows[] = {
        {0, 0, "   –", "   -"},    {0, 7, "   0", "   0"},
        {1, 1000, "▁  0", ".  0"}, {1, 2, "▄ 50", "- 50"},
        {7, 7, "█100", "#100"},    {9, 7, "█100", "#100"},
        {62, 100, "▅ 62", "= 62"}, {UINT64_MAX / 2, UINT64_MAX, "▄ 50", "- 50"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (int ascii = 0; ascii < 2; ascii++) {
            char want[32];
            struct strip s;
            struct canvas *c = make(4, 1, ascii ? TEXT_ASCII : TEXT_UNICODE);
            strip_init(&s, canvas_charset(c));
            share_strip(&s, rows[i].part, rows[i].whole, ST_CHART1);
            assert_int_equal(s.width, 4);
            canvas_strip(c, 0, 0, 4, &s);
            snprintf(want, sizeof want, "%s\n", ascii ? rows[i].ascii : rows[i].unicode);
            assert_shows(c, want);
            canvas_free(c);
        }
    }
}

/* --- plots */

static const struct plot square = {
    .title = "curve", .x_low = "poor", .x_high = "rich", .y_low = "0", .y_high = "all"};

static void test_curve(void **state)
{
    (void)state;
    static const uint32_t bent[5] = {0, 0, 100000, 300000, PLOT_FULL};
    struct canvas *c = make(24, 9, TEXT_UNICODE);
    plot_curve(&square, c, canvas_rect(c), bent, 5);
    assert_shows(c, "curve\n"
                    "all│                  ⠄⡜\n"
                    "   │               ⠄⠈⢀⠎\n"
                    "   │          ⢀ ⠂⠈  ⢠⠊\n"
                    "   │       ⢀ ⠂     ⡠⠃\n"
                    "   │    ⠠ ⠁     ⣀⠤⠒⠁\n"
                    "  0│⣀⣠⣀⣁⣀⣀⣀⠤⠤⠔⠊⠉\n"
                    "   ┼────────────────────\n"
                    "    poor            rich\n");
    canvas_free(c);
    c = make(24, 9, TEXT_ASCII);
    plot_curve(&square, c, canvas_rect(c), bent, 5);
    assert_shows(c, "curve\n"
                    "all|                  .*\n"
                    "   |               ..**\n"
                    "   |          . ..  **\n"
                    "   |       . .     **\n"
                    "   |    . .     ****\n"
                    "  0|************\n"
                    "   +--------------------\n"
                    "    poor            rich\n");
    canvas_free(c);
}

static void test_points(void **state)
{
    (void)state;
    struct plot_point v[10] = {{0, 0}, {PLOT_FULL, PLOT_FULL}, {500000, 0}, {500000, 0}};
    for (int i = 4; i < 10; i++)
        v[i] = (struct plot_point){0, PLOT_FULL + 5}; /* beyond: at the end */
    struct canvas *c = make(24, 9, TEXT_UNICODE);
    plot_points(&square, c, canvas_rect(c), v, 10);
    assert_shows(c, "curve\n"
                    "all│●                  ·\n"
                    "   │\n"
                    "   │\n"
                    "   │\n"
                    "   │\n"
                    "  0│·        ○\n"
                    "   ┼────────────────────\n"
                    "    poor            rich\n");
    canvas_free(c);
}

static void test_plots_at_every_size(void **state)
{
    (void)state;
    static const uint32_t v[2] = {0, PLOT_FULL};
    static const struct plot_point p[1] = {{5, 5}};
    for (int w = 1; w < 60; w += 3)
        for (int h = 1; h < 12; h++) {
            struct canvas *c = make(w, h, TEXT_UNICODE);
            plot_curve(&square, c, canvas_rect(c), v, 2);
            plot_curve(&square, c, canvas_rect(c), v, 0);
            plot_points(&square, c, canvas_rect(c), p, 1);
            canvas_free(c);
        }
}

/* --- the cursor over figures */

/*      0         1
 *      0123456789012345
 *   0    11      22
 *   1    333
 *   3            44
 */
static void put(struct spots *s, struct canvas *c)
{
    spots_begin(s, canvas_rect(c));
    spots_add(s, 1, (struct rect){2, 0, 2, 1});
    spots_add(s, 2, (struct rect){10, 0, 2, 1});
    spots_add(s, 3, (struct rect){2, 1, 3, 1});
    spots_add(s, 4, (struct rect){10, 3, 2, 1});
    spots_add(s, 5, (struct rect){0, 0, 0, 1}); /* nothing was drawn: not a place */
    spots_end(s, c, true);
}

static void test_the_cursor_goes_to_what_is_near(void **state)
{
    (void)state;
    static const struct {
        int from;
        enum action act;
        int to;
    } moves[] = {
        {1, ACT_DOWN, 3},  {3, ACT_DOWN, 4}, {4, ACT_DOWN, 4},  {4, ACT_UP, 2},
        {2, ACT_DOWN, 3},  {1, ACT_UP, 1},   {1, ACT_RIGHT, 2}, {2, ACT_LEFT, 1},
        {3, ACT_RIGHT, 3}, {4, ACT_LEFT, 4}, {4, ACT_TOP, 1},   {1, ACT_BOTTOM, 4},
    };
    struct canvas *c = make(16, 5, TEXT_UNICODE);
    for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
        struct spots s = {.at = moves[i].from};
        put(&s, c);
        bool moved = spots_move(&s, moves[i].act);
        assert_int_equal(s.at, moves[i].to);
        assert_int_equal(moved, moves[i].from != moves[i].to);
    }
    canvas_free(c);
}

static enum spots_event press(struct spots *s, int x, int y)
{
    return spots_mouse(s, &(struct mouse){.what = MOUSE_PRESS, .x = x, .y = y, .button = 1});
}

static void test_the_cursor_stays_with_its_number(void **state)
{
    (void)state;
    struct canvas *c = make(16, 5, TEXT_UNICODE);
    struct spots s = {.at = 77}; /* of another page: the first it is */
    put(&s, c);
    assert_int_equal(s.at, 1);
    assert_int_equal(canvas_row(c, 0)[2].over, OVER_SELECTED);
    assert_int_equal(press(&s, 11, 3), SPOTS_MOVED);
    assert_int_equal(press(&s, 12, 3), SPOTS_IGNORED);
    put(&s, c);
    assert_int_equal(s.at, 4);
    assert_int_equal(press(&s, 10, 3), SPOTS_OPEN);
    spots_begin(&s, (struct rect){0, 1, 16, 4});
    spots_add(&s, 1, (struct rect){2, 0, 2, 1}); /* scrolled off */
    spots_end(&s, c, true);
    assert_int_equal(s.at, 1);
    assert_int_equal(press(&s, 2, 0), SPOTS_IGNORED);
    spots_begin(&s, canvas_rect(c));
    spots_end(&s, c, true);
    assert_null(spots_selected(&s));
    assert_false(spots_move(&s, ACT_DOWN));
    assert_false(spots_move(&s, ACT_OPEN));
    for (int i = 0; i < SPOTS_MAX + 5; i++)
        spots_add(&s, i, (struct rect){0, i, 1, 1});
    assert_int_equal(s.n, SPOTS_MAX);
    canvas_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stack),
        cmocka_unit_test(test_stack_in_ascii),
        cmocka_unit_test(test_stack_at_every_size),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_curve),
        cmocka_unit_test(test_points),
        cmocka_unit_test(test_plots_at_every_size),
        cmocka_unit_test(test_the_cursor_goes_to_what_is_near),
        cmocka_unit_test(test_the_cursor_stays_with_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
