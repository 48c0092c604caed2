/*
 * Widgets on a test canvas: the table's layout at every width, charts against goldens in both
 * charsets, editing, menus, questions whose default is no.
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
#include "ui/widgets/bars.h"
#include "ui/widgets/chart.h"
#include "ui/widgets/chrome.h"
#include "ui/widgets/dialog.h"
#include "ui/widgets/edit.h"
#include "ui/widgets/menu.h"
#include "ui/widgets/table.h"
#include "base/banned.h"

/* --- the table */

static const struct column columns[] = {
    {.title = "MODEL", .min = 12, .pref = 30, .grow = 2, .sortable = true},
    {.title = "AUTHOR", .min = 8, .pref = 14, .drop = 3, .grow = 1, .sortable = true},
    {.title = "PRICE",
     .min = 10,
     .pref = 12,
     .align = ALIGN_RIGHT,
     .sortable = true,
     .desc_first = true},
    {.title = "PAYERS",
     .min = 6,
     .pref = 6,
     .align = ALIGN_RIGHT,
     .drop = 2,
     .sortable = true,
     .desc_first = true},
    {.title = "30 DAYS", .min = 10, .pref = 20, .drop = 5},
    {.title = "WORDS", .min = 10, .pref = 10, .drop = 5},
};
enum { N = sizeof columns / sizeof columns[0] };

static void test_layout_at_every_width(void **state)
{
    (void)state;
    for (int width = 1; width <= 240; width++) {
        int w[N], x[N], at = TABLE_GUTTER, last = 0, kept_drop = 0, gone_drop = 255;
        table_layout(columns, N, width, w, x);
        for (int i = 0; i < N; i++) {
            assert_int_equal(x[i], at);
            assert_true(w[i] >= 0);
            at += w[i] ? w[i] + TABLE_GAP : 0;
            last = w[i] ? x[i] + w[i] : last;
            if (columns[i].drop && w[i]) {
                kept_drop = columns[i].drop > kept_drop ? columns[i].drop : kept_drop;
                assert_true(w[i] >= columns[i].min);
            } else if (columns[i].drop) {
                gone_drop = columns[i].drop < gone_drop ? columns[i].drop : gone_drop;
            }
        }
        assert_true(w[0] > 0 && w[2] > 0); /* the name and the price never go */
        assert_true(kept_drop <= gone_drop);
        if (width >= 10) {
            assert_true(last <= width);
        }
        if (width >= 120) {
            assert_int_equal(last, width); /* what grows takes the spare room */
        }
    }
}

static void test_layout_by_hand(void **state)
{
    (void)state;
    int w[N], x[N];
    table_layout(columns, N, 44, w, x);
    static const int want44[N] = {12, 8, 10, 6, 0, 0};
    assert_memory_equal(w, want44, sizeof want44);
    table_layout(columns, N, 24, w, x);
    static const int want24[N] = {10, 0, 10, 0, 0, 0};
    assert_memory_equal(w, want24, sizeof want24);
    table_layout(columns, N, 67, w, x); /* of equals the right one goes first */
    static const int want67[N] = {15, 11, 12, 6, 13, 0};
    assert_memory_equal(w, want67, sizeof want67);
}

static unsigned long asked; /* cells asked for */

static void cell(void *ud, size_t row, int col, struct strip *out)
{
    (void)ud;
    asked++;
    switch (col) {
    case 0:
        strip_untrusted(out, untrusted(row == 1 ? "東京モデル volatility" : "og-volatility"),
                        ST_STRONG);
        strip_str(out, row ? " ✓" : " ?", row ? ST_GOOD : ST_WARN);
        break;
    case 2:
        strip_strf(out, ST_MONEY, "0.0%d USDC", (int)(row % 90) + 10);
        break;
    default:
        strip_strf(out, ST_NORMAL, "%zu", row);
    }
}

static bool marked(void *ud, size_t row)
{
    (void)ud;
    return row == 2;
}

static const struct table_ops ops = {cell, marked};

static struct table *hundred_thousand(struct canvas *c)
{
    struct table *t = table_new(columns, N, &ops, NULL);
    assert_non_null(t);
    table_set_rows(t, 100000);
    table_draw(t, c, canvas_rect(c), true, NULL);
    return t;
}

static void test_table_golden(void **state)
{
    (void)state;
    static const enum text_charset sets[] = {TEXT_UNICODE, TEXT_ASCII};
    static const char *const want[] = {
        "  MODEL           AUTHOR        PRICE▾\n"
        "▌ og-volatility…  0         0.010 USDC\n"
        "  東京モデル vo…  1         0.011 USDC\n"
        " ●og-volatility…  2         0.012 USDC\n",
        "  MODEL           AUTHOR        PRICEv\n"
        "> og-volatility~  0         0.010 USDC\n"
        "  ????? volatil~  1         0.011 USDC\n"
        " *og-volatility~  2         0.012 USDC\n",
    };
    for (int i = 0; i < 2; i++) {
        static const struct column narrow[] = {
            {.title = "MODEL", .min = 14, .pref = 14, .sortable = true},
            {.title = "AUTHOR", .min = 8, .pref = 8},
            {.title = "PRICE", .min = 9, .pref = 10, .align = ALIGN_RIGHT, .sortable = true},
        };
        struct canvas *c = make(38, 4, sets[i]);
        struct table *t = table_new(narrow, 3, &ops, NULL);
        table_set_rows(t, 3);
        table_set_sort(t, 2, true);
        table_draw(t, c, canvas_rect(c), true, NULL);
        assert_shows(c, want[i]);
        table_free(t);
        canvas_free(c);
    }
}

static void test_only_visible_rows_are_asked_for(void **state)
{
    (void)state;
    struct canvas *c = make(200, 20, TEXT_UNICODE);
    asked = 0;
    struct table *t = hundred_thousand(c);
    assert_int_equal(asked, 19 * N);
    assert_int_equal(table_visible(t), 19);
    table_free(t);
    canvas_free(c);
}

static void test_table_moves(void **state)
{
    (void)state;
    struct canvas *c = make(80, 11, TEXT_UNICODE); /* a header and ten rows */
    struct table *t = hundred_thousand(c);
    static const struct {
        enum action act;
        size_t selected, first;
    } steps[] = {
        {ACT_UP, 0, 0},           {ACT_DOWN, 1, 0},
        {ACT_PAGE_DOWN, 10, 1},   {ACT_HALF_DOWN, 15, 6},
        {ACT_UP, 14, 6},          {ACT_BOTTOM, 99999, 99990},
        {ACT_DOWN, 99999, 99990}, {ACT_PAGE_UP, 99990, 99990},
        {ACT_UP, 99989, 99989},   {ACT_HALF_UP, 99984, 99984},
        {ACT_TOP, 0, 0},
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_int_equal(table_action(t, steps[i].act), TABLE_MOVED);
        assert_int_equal(table_selected(t), steps[i].selected);
        assert_int_equal(table_first(t), steps[i].first);
    }
    assert_int_equal(table_action(t, ACT_OPEN), TABLE_OPEN);
    assert_int_equal(table_action(t, ACT_FILTER), TABLE_IGNORED);
    table_select(t, 50);
    table_set_rows(t, 5);
    assert_int_equal(table_selected(t), 4);
    assert_int_equal(table_first(t), 0);
    table_set_rows(t, 0);
    assert_int_equal(table_selected(t), 0);
    assert_int_equal(table_action(t, ACT_OPEN), TABLE_MOVED);
    for (int act = ACT_NONE + 1; act < ACT_COUNT; act++) {
        table_action(t, (enum action)act); /* none of them minds an empty table */
    }
    canvas_clear(c);
    table_draw(t, c, canvas_rect(c), true, "Nothing here.");
    assert_true(test_has_text(c, "Nothing here."));
    table_free(t);
    canvas_free(c);
}

static void assert_sort(const struct table *t, int col, bool desc)
{
    int have;
    bool have_desc;
    table_sort_by(t, &have, &have_desc);
    assert_int_equal(have, col);
    assert_int_equal(have_desc, desc);
}

static void test_table_sorts_by_plain_keys(void **state)
{
    (void)state;
    struct canvas *c = make(44, 5, TEXT_UNICODE); /* room for the first four columns */
    struct table *t = hundred_thousand(c);
    assert_int_equal(table_action(t, ACT_REVERSE), TABLE_MOVED); /* no order yet */
    assert_int_equal(table_action(t, ACT_SORT_RIGHT), TABLE_SORT);
    assert_sort(t, 0, false);
    table_action(t, ACT_SORT_RIGHT);
    table_action(t, ACT_SORT_RIGHT);
    assert_sort(t, 2, true); /* numbers start from the top */
    assert_int_equal(table_action(t, ACT_REVERSE), TABLE_SORT);
    assert_sort(t, 2, false);
    table_action(t, ACT_SORT_RIGHT);
    assert_sort(t, 3, true);
    assert_int_equal(table_action(t, ACT_SORT_RIGHT), TABLE_SORT); /* round, past dropped ones */
    assert_sort(t, 0, false);
    assert_int_equal(table_action(t, ACT_SORT_LEFT), TABLE_SORT);
    assert_sort(t, 3, true);
    table_free(t);
    canvas_free(c);
}

static void test_table_mouse(void **state)
{
    (void)state;
    struct canvas *c = make(44, 8, TEXT_UNICODE);
    struct table *t = table_new(columns, N, &ops, NULL);
    table_set_rows(t, 100);
    table_draw(t, c, (struct rect){0, 2, 44, 6}, true, NULL);
    struct mouse press = {.what = MOUSE_PRESS, .button = 1, .x = 5, .y = 5};
    assert_int_equal(table_mouse(t, &press), TABLE_MOVED);
    assert_int_equal(table_selected(t), 2);
    assert_int_equal(table_mouse(t, &press), TABLE_OPEN);
    struct mouse header = {.what = MOUSE_PRESS, .button = 1, .x = 3, .y = 2};
    assert_int_equal(table_mouse(t, &header), TABLE_SORT);
    assert_sort(t, 0, false);
    assert_int_equal(table_mouse(t, &header), TABLE_SORT);
    assert_sort(t, 0, true);
    struct mouse wheel = {.what = MOUSE_WHEEL_DOWN, .x = 5, .y = 5};
    assert_int_equal(table_mouse(t, &wheel), TABLE_MOVED);
    assert_int_equal(table_selected(t), 5);
    struct mouse outside = {.what = MOUSE_PRESS, .button = 1, .x = 5, .y = 1};
    assert_int_equal(table_mouse(t, &outside), TABLE_IGNORED);
    struct mouse right = {.what = MOUSE_PRESS, .button = 3, .x = 5, .y = 5};
    assert_int_equal(table_mouse(t, &right), TABLE_IGNORED);
    table_free(t);
    canvas_free(c);
}

static void test_the_cursor_is_on_the_selected_row(void **state)
{
    (void)state;
    struct canvas *c = make(60, 10, TEXT_UNICODE);
    struct table *t = hundred_thousand(c);
    table_select(t, 3);
    table_draw(t, c, canvas_rect(c), true, NULL);
    int x, y;
    bool visible;
    canvas_cursor_get(c, &x, &y, &visible);
    assert_int_equal(y, 4);
    assert_int_equal(x, TABLE_GUTTER);
    assert_false(visible);
    assert_int_equal(canvas_row(c, 4)[59].over, OVER_SELECTED);
    table_free(t);
    canvas_free(c);
}

/* --- pictures */

static void test_sparklines(void **state)
{
    (void)state;
    static const uint32_t rising[] = {0, 1, 2, 3, 4, 5, 6, 7}, none[8] = {0};
    uint32_t many[100];
    for (uint32_t i = 0; i < 100; i++) {
        many[i] = 1000000000 + i * 30000000;
    }
    struct canvas *c = make(10, 4, TEXT_UNICODE);
    assert_int_equal(spark_draw(c, 0, 0, 10, rising, 8, ST_CHART1), 8);
    assert_int_equal(spark_draw(c, 0, 1, 10, none, 8, ST_CHART1), 8);
    assert_int_equal(spark_draw(c, 0, 2, 10, many, 100, ST_CHART1), 10);
    assert_int_equal(spark_draw(c, 0, 3, 10, many, 0, ST_CHART1), 0);
    assert_shows(c, " ▂▃▄▅▆▇█\n········\n▃▃▄▄▅▅▆▆▇█\n\n");
    canvas_free(c);
    c = make(10, 1, TEXT_ASCII);
    spark_draw(c, 0, 0, 10, rising, 8, ST_CHART1);
    assert_shows(c, " ,:-=+*#\n");
    canvas_free(c);
}

static void test_bars_and_gauges(void **state)
{
    (void)state;
    struct canvas *c = make(10, 7, TEXT_UNICODE);
    assert_int_equal(bar_draw(c, 0, 0, 10, 1, 1, ST_CHART1), 10);
    assert_int_equal(bar_draw(c, 0, 1, 10, 32, 100, ST_CHART1), 4);
    assert_int_equal(bar_draw(c, 0, 2, 10, 1, 1000000, ST_CHART1),
                     1); /* something is not nothing */
    assert_int_equal(bar_draw(c, 0, 3, 10, 0, 7, ST_CHART1), 0);
    assert_int_equal(bar_draw(c, 0, 3, 10, 5, 0, ST_CHART1), 0);
    assert_int_equal(bar_draw(c, 0, 4, 10, UINT64_MAX / 2, UINT64_MAX, ST_CHART1), 5);
    assert_int_equal(bar_draw(c, 0, 5, 10, UINT64_MAX, 3, ST_CHART1), 10);
    gauge_draw(c, 0, 6, 10, 1, 2, ST_CHART1);
    assert_shows(c, "██████████\n███▏\n▏\n\n████▉\n██████████\n█████░░░░░\n");
    canvas_free(c);
    c = make(10, 2, TEXT_ASCII);
    bar_draw(c, 0, 0, 10, 45, 100, ST_CHART1);
    gauge_draw(c, 0, 1, 10, 1, 2, ST_CHART1);
    assert_shows(c, "####=\n[####....]\n");
    canvas_free(c);
}

static struct chart two_weeks(const uint64_t *v)
{
    return (struct chart){
        .title = "calls per day",
        .series = {{NULL, v, 15, ST_CHART1}},
        .n_series = 1,
        .t0 = 1761955200, /* 2025-11-01 */
        .step = 86400,
        .hover = -1,
    };
}

static const uint64_t calls[15] = {0,  10,  20,  40,  80,  120, 90, 60,
                                   90, 150, 200, 260, 300, 420, 480};

static void test_chart_golden_unicode(void **state)
{
    (void)state;
    struct chart ch = two_weeks(calls);
    struct canvas *c = make(40, 10, TEXT_UNICODE);
    chart_draw(&ch, c, canvas_rect(c));
    assert_shows(c, "calls per day\n"
                    "600 ┤\n"
                    "    │                                  ⡠\n"
                    "400 ┤                               ⢀⠔⠉\n"
                    "    │                            ⢀⣀⠔⠁\n"
                    "200 ┤                        ⣀⠤⠒⠊⠁\n"
                    "    │           ⢀⡠⠤⠤⣀⡀   ⣀⠤⠔⠉\n"
                    "    │⣀⣀⣀⣀⣀⣀⣀⡠⠤⠒⠉⠁    ⠈⠑⠊⠉\n"
                    "  0 ┼┬────────────────┬────────────────┬\n"
                    "     Nov 1          Nov 8         Nov 15\n");
    canvas_free(c);
}

static void test_chart_golden_ascii(void **state)
{
    (void)state;
    struct chart ch = two_weeks(calls);
    ch.kind = CHART_BARS;
    struct canvas *c = make(40, 10, TEXT_ASCII);
    chart_draw(&ch, c, canvas_rect(c));
    assert_shows(c, "calls per day\n"
                    "600 +\n"
                    "    |                                 ##\n"
                    "400 +                              #####\n"
                    "    |                            #######\n"
                    "200 +                       ############\n"
                    "    |            #####  ################\n"
                    "    |  #################################\n"
                    "  0 ++----------------+----------------+\n"
                    "     Nov 1          Nov 8         Nov 15\n");
    canvas_free(c);
}

static void test_chart_with_nothing_or_little(void **state)
{
    (void)state;
    static const uint64_t zero[15] = {0}, huge[2] = {UINT64_MAX, 1};
    for (int w = 0; w <= 50; w++) {
        for (int h = 0; h <= 12; h++) {
            struct canvas *c = make(w ? w : 1, h ? h : 1, TEXT_UNICODE);
            struct chart ch = two_weeks(zero);
            chart_draw(&ch, c, (struct rect){0, 0, w, h});
            ch.series[0].v = huge;
            ch.series[0].n = 2;
            ch.hover = 1;
            ch.kind = w % 2 ? CHART_BARS : CHART_LINE;
            chart_draw(&ch, c, (struct rect){0, 0, w, h});
            ch.series[0].n = 1;
            chart_draw(&ch, c, (struct rect){0, 0, w, h});
            ch.series[0].n = 0;
            chart_draw(&ch, c, (struct rect){0, 0, w, h});
            ch.n_series = 0;
            chart_draw(&ch, c, (struct rect){0, 0, w, h});
            canvas_free(c);
        }
    }
    struct chart ch = two_weeks(zero);
    struct canvas *c = make(40, 10, TEXT_UNICODE);
    chart_draw(&ch, c, canvas_rect(c));
    assert_true(test_has_text(c, "0 ┼")); /* the axis stands without data */
    canvas_free(c);
}

static void test_chart_hover(void **state)
{
    (void)state;
    struct chart ch = two_weeks(calls);
    struct canvas *c = make(60, 10, TEXT_UNICODE);
    struct rect area = canvas_rect(c);
    assert_int_equal(chart_index_at(&ch, area, 0), -1);
    assert_int_equal(chart_index_at(&ch, area, 59), 14);
    assert_int_equal(chart_index_at(&ch, area, 5), 0);
    ch.hover = chart_index_at(&ch, area, 59);
    chart_draw(&ch, c, area);
    assert_true(test_has_text(c, "Nov 15"));
    assert_true(test_has_text(c, "480"));
    canvas_free(c);
}

static void test_nice_numbers(void **state)
{
    (void)state;
    static const uint64_t pairs[][2] = {
        {0, 1},    {1, 1},     {2, 2},     {3, 5},      {6, 10},
        {99, 100}, {101, 200}, {201, 500}, {501, 1000}, {4999999, 5000000}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        assert_int_equal(chart_nice_above(pairs[i][0]), pairs[i][1]);
    }
    assert_true(chart_nice_above(UINT64_MAX) == UINT64_MAX);
}

/* --- editing */

static enum edit_event press(struct edit *e, const char *keys)
{
    enum edit_event last = EDIT_IGNORED;
    while (*keys) {
        struct event ev = {.kind = EV_KEY};
        size_t used = key_parse(keys, &ev.key);
        assert_true(used > 0);
        last = edit_event(e, &ev);
        keys += used;
    }
    return last;
}

static void test_editing(void **state)
{
    (void)state;
    struct edit e;
    edit_init(&e);
    assert_int_equal(press(&e, "eth<Space>vol"), EDIT_CHANGED);
    assert_string_equal(e.text, "eth vol");
    assert_int_equal(press(&e, "<C-a>x<C-e>y<Left><Left><Delete>"), EDIT_CHANGED);
    assert_string_equal(e.text, "xeth voy");
    assert_int_equal(press(&e, "<C-w>"), EDIT_CHANGED);
    assert_string_equal(e.text, "xeth y");
    press(&e, "<C-u>");
    assert_string_equal(e.text, "y");
    assert_int_equal(press(&e, "<BS>"), EDIT_MOVED);
    assert_int_equal(press(&e, "<C-k>é東<Left>a<BS><BS>"), EDIT_CHANGED);
    assert_string_equal(e.text, "東");
    assert_int_equal(press(&e, "<Enter>"), EDIT_DONE);
    assert_int_equal(press(&e, "<Esc>"), EDIT_CANCEL);
    assert_int_equal(press(&e, "<C-c>"), EDIT_CANCEL);
    assert_int_equal(press(&e, "<A-x>"), EDIT_IGNORED);
    assert_int_equal(press(&e, "<PgUp>"), EDIT_IGNORED);
    edit_set(&e, "second");
    press(&e, "<Enter>");
    edit_set(&e, "");
    press(&e, "<Up>");
    assert_string_equal(e.text, "second");
    press(&e, "<Up><Up>");
    assert_string_equal(e.text, "東");
    press(&e, "<Down><Down>");
    assert_string_equal(e.text, "");
    edit_release(&e);
}

static void test_marks_belong_to_their_letter(void **state)
{
    (void)state;
    struct edit e;
    edit_init(&e);
    edit_set(&e, "ae\xcc\x81");
    assert_int_equal(press(&e, "<BS>"), EDIT_CHANGED);
    assert_string_equal(e.text, "a");
    edit_release(&e);
}

static void test_paste_into_a_line(void **state)
{
    (void)state;
    struct edit e;
    edit_init(&e);
    struct event ev = {.kind = EV_PASTE, .paste = untrusted("a\r\nb\tc\033[31m\xff")};
    assert_int_equal(edit_event(&e, &ev), EDIT_CHANGED);
    assert_string_equal(e.text, "a b c[31m\xef\xbf\xbd");
    char big[4 * EDIT_MAX];
    memset(big, 'x', sizeof big);
    ev.paste = untrusted_n(big, sizeof big);
    edit_event(&e, &ev);
    assert_int_equal(e.len, EDIT_MAX);
    assert_int_equal(press(&e, "z"), EDIT_MOVED); /* full */
    edit_release(&e);
}

static void test_a_line_can_be_made_roomier(void **state)
{
    (void)state;
    struct edit e;
    edit_init(&e);
    edit_set(&e, "kept");
    mem_fail_at(1, true);
    assert_false(edit_grow(&e, 4 * EDIT_MAX));
    mem_fail_at(0, false);
    assert_true(edit_grow(&e, 4 * EDIT_MAX));
    assert_true(edit_grow(&e, 8)); /* roomier it stays */
    char big[5 * EDIT_MAX];
    memset(big, 'x', sizeof big);
    edit_event(&e, &(struct event){.kind = EV_PASTE, .paste = untrusted_n(big, sizeof big)});
    assert_int_equal(e.len, 4 * EDIT_MAX);
    assert_memory_equal(e.text, "keptxxx", 7);
    edit_release(&e);
    assert_int_equal(e.cap, EDIT_MAX);
}

static void test_the_caret_stays_in_sight(void **state)
{
    (void)state;
    struct edit e;
    edit_init(&e);
    edit_set(&e, "0123456789東京");
    struct canvas *c = make(12, 1, TEXT_UNICODE);
    edit_draw(&e, c, 2, 0, 8, ST_NORMAL, true);
    int x, y;
    bool visible;
    canvas_cursor_get(c, &x, &y, &visible);
    assert_int_equal(x, 9);
    assert_true(visible);
    assert_shows(c, "  789東京\n");
    canvas_free(c);
    edit_release(&e);
}

/* --- menus */

static void test_fuzzy(void **state)
{
    (void)state;
    assert_int_equal(menu_fuzzy("xyz", "sort by name", 12), 0);
    assert_true(menu_fuzzy("", "anything", 8) > 0);
    assert_true(menu_fuzzy("SORT", "sort", 4) > 0);
    assert_true(menu_fuzzy("sbn", "sort by name", 12) > menu_fuzzy("sbn", "absorb none", 11));
    assert_true(menu_fuzzy("sort", "sort", 4) > menu_fuzzy("sort", "s o r t", 7));
    assert_true(menu_fuzzy("name", "name", 4) >
                menu_fuzzy("name", "a long line that has name", 25));
}

static enum menu_event menu_press(struct menu *m, const char *keys)
{
    enum menu_event last = MENU_HANDLED;
    while (*keys) {
        struct event ev = {.kind = EV_KEY};
        keys += key_parse(keys, &ev.key);
        last = menu_event(m, &ev);
    }
    return last;
}

static const struct menu_item items[] = {
    {.label = {"calls", 5}, .on = true},
    {.label = {"income", 6}, .hint = "I"},
    {.label = {"\033[31mname", 9}, .count = 12345, .has_count = true},
};

static void test_menu(void **state)
{
    (void)state;
    struct canvas *c = make(30, 8, TEXT_UNICODE);
    struct menu *m = menu_new("Sort", items, 3, 1);
    menu_draw(m, c, canvas_rect(c));
    assert_shows(c, "\n"
                    "┌─ Sort ──────────── 3 of 3 ─┐\n"
                    "│ ›                          │\n"
                    "│ ✓ calls                    │\n"
                    "│▌  income                 I │\n"
                    "│   ␛[31mname         12,345 │\n"
                    "└────────────────────────────┘\n"
                    "\n");
    assert_int_equal(menu_press(m, "<Down><Down><Up><Enter>"), MENU_CHOSEN);
    assert_int_equal(menu_selected(m), 1);
    assert_int_equal(menu_press(m, "nam"), MENU_HANDLED);
    assert_int_equal(menu_press(m, "<Enter>"), MENU_CHOSEN);
    assert_int_equal(menu_selected(m), 2);
    assert_int_equal(menu_press(m, "qqq<Enter>"), MENU_HANDLED); /* nothing matches */
    canvas_clear(c);
    menu_draw(m, c, canvas_rect(c));
    assert_true(test_has_text(c, "nothing matches"));
    assert_int_equal(menu_press(m, "<Down><Esc>"), MENU_CANCEL);
    struct event click = {.kind = EV_MOUSE, .mouse = {.what = MOUSE_PRESS, .button = 1}};
    assert_int_equal(menu_event(m, &click), MENU_CANCEL); /* beside it */
    menu_press(m, "<C-u>");
    click.mouse.x = 5;
    click.mouse.y = 3;
    assert_int_equal(menu_event(m, &click), MENU_CHOSEN);
    assert_int_equal(menu_selected(m), 0);
    menu_free(m);
    canvas_free(c);
}

static void test_menu_without_memory(void **state)
{
    (void)state;
    unsigned long before = mem_count();
    menu_free(menu_new("Sort", items, 3, 0));
    unsigned long n = mem_count() - before;
    assert_true(n > 3);
    for (unsigned long i = 1; i <= n; i++) {
        mem_fail_at(i, false);
        assert_null(menu_new("Sort", items, 3, 0));
        mem_fail_at(0, false);
    }
}

/* --- questions */

static enum dialog_event dialog_press(struct dialog *d, const char *keys)
{
    enum dialog_event last = DIALOG_HANDLED;
    while (*keys) {
        struct event ev = {.kind = EV_KEY};
        keys += key_parse(keys, &ev.key);
        last = dialog_event(d, &ev);
    }
    return last;
}

static void test_the_default_is_no(void **state)
{
    (void)state;
    static const struct {
        const char *keys;
        enum dialog_event want;
    } answers[] = {
        {"<Enter>", DIALOG_NO},   {"<Esc>", DIALOG_NO},           {"n", DIALOG_NO},
        {"q", DIALOG_NO},         {"<C-c>", DIALOG_NO},           {"y", DIALOG_HANDLED},
        {"y<Enter>", DIALOG_YES}, {"<Right><Enter>", DIALOG_YES}, {"<Tab><Tab><Enter>", DIALOG_NO},
        {"Y<Enter>", DIALOG_NO},  {"<Space><Enter>", DIALOG_NO},  {"<A-Enter>", DIALOG_HANDLED},
        {"y<Esc>", DIALOG_NO},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct dialog *d = dialog_new("Pay?", untrusted("0.01 USDC"), "Yes");
        assert_int_equal(dialog_press(d, answers[i].keys), answers[i].want);
        dialog_free(d);
    }
    struct dialog *d = dialog_new("Pay?", untrusted("0.01 USDC"), "Yes");
    struct event paste = {.kind = EV_PASTE, .paste = untrusted("y\r")};
    assert_int_equal(dialog_event(d, &paste), DIALOG_HANDLED);
    assert_int_equal(dialog_press(d, "<Enter>"), DIALOG_NO); /* and it changed nothing */
    dialog_free(d);
}

static void make_lines(void *ud, struct doc *d, int width, enum text_charset cs)
{
    struct strip s;
    for (int i = 1; i <= 9; i++) {
        strip_init(&s, cs);
        strip_strf(&s, ST_NORMAL, "line %d of %d columns", i, width);
        doc_add(d, &s);
    }
    ++*(int *)ud;
}

/* What nobody has seen whole nobody can agree to. */
static void test_yes_waits_for_the_last_line(void **state)
{
    (void)state;
    int made = 0;
    struct dialog *d = dialog_new_made("Pay?", make_lines, &made, "Yes");
    struct canvas *c = make(40, 8, TEXT_UNICODE);
    dialog_draw(d, c, canvas_rect(c));
    dialog_draw(d, c, canvas_rect(c));
    assert_int_equal(made, 1); /* once for a width */
    assert_true(test_has_text(c, "line 1 of 35 columns"));
    assert_false(test_has_text(c, "line 9"));
    assert_int_equal(dialog_press(d, "y<Enter>"), DIALOG_HANDLED);
    dialog_draw(d, c, canvas_rect(c));
    assert_int_equal(dialog_press(d, "<Enter>"), DIALOG_HANDLED);
    dialog_draw(d, c, canvas_rect(c));
    assert_true(test_has_text(c, "line 9"));
    assert_int_equal(dialog_press(d, "<Enter>"), DIALOG_YES);
    assert_int_equal(canvas_resize(c, 60, 20, NULL), SOUK_OK);
    dialog_draw(d, c, canvas_rect(c));
    assert_int_equal(made, 2);
    assert_true(test_has_text(c, "line 9 of 55 columns"));
    canvas_free(c);
    dialog_free(d);
}

static void test_dialog_shows_hostile_words_as_words(void **state)
{
    (void)state;
    struct dialog *d = dialog_new("Pay?", untrusted("to \033[2J\nand a long line of words"), "Yes");
    struct canvas *c = make(24, 9, TEXT_UNICODE);
    dialog_draw(d, c, canvas_rect(c));
    assert_shows(c, "\n"
                    "┌─ Pay? ───────────────┐\n"
                    "│ to ␛[2J              │\n"
                    "│ and a long line of   │\n"
                    "│ words                │\n"
                    "│                      │\n"
                    "│     [ No ]     Yes   │\n"
                    "└──────────────────────┘\n"
                    "\n");
    dialog_free(d);
    canvas_free(c);
}

static void test_messages_scroll_and_close(void **state)
{
    (void)state;
    struct dialog *d = dialog_new("Read", untrusted("1\n2\n3\n4\n5\n6\n7\n8\n9"), NULL);
    struct canvas *c = make(30, 6, TEXT_UNICODE);
    dialog_draw(d, c, canvas_rect(c));
    assert_true(test_has_text(c, "│ 4"));
    assert_false(test_has_text(c, "│ 5"));
    assert_int_equal(dialog_press(d, "jj"), DIALOG_HANDLED);
    canvas_clear(c);
    dialog_draw(d, c, canvas_rect(c));
    assert_true(test_has_text(c, "│ 6"));
    assert_int_equal(dialog_press(d, "x"), DIALOG_NO);
    dialog_free(d);
    canvas_free(c);
}

/* --- header and footer */

static void test_chrome(void **state)
{
    (void)state;
    struct canvas *c = make(70, 3, TEXT_UNICODE);
    struct header h = {.tab = {"Market", "Health"}, .n_tabs = 2, .at = 0};
    h.status = (struct app_status){.network = "devnet", .light = ST_GOOD, .offline = true};
    snprintf(h.status.activity, sizeof h.status.activity, "syncing\033[31m 43 %%");
    header_draw(&h, c, (struct rect){0, 0, 70, 1});
    static const enum action acts[] = {ACT_OPEN, ACT_FILTER, ACT_MARK, ACT_COMPARE, ACT_SORT};
    footer_draw(acts, 5, c, (struct rect){0, 1, 70, 1});
    footer_draw(acts, 5, c, (struct rect){0, 2, 40, 1});
    assert_shows(c, " souk 1 Market  2 Health          devnet ● offline, syncing␛[31m 43 %\n"
                    " Enter open  / search  Space mark  s sort  : palette  ? help  q back\n"
                    " Enter open  : palette  ? help  q back\n");
    assert_int_equal(header_tab_at(&h, 70, 8), 0);
    assert_int_equal(header_tab_at(&h, 70, 18), 1);
    assert_int_equal(header_tab_at(&h, 70, 60), -1);
    canvas_free(c);
}

/* The header's right side loses whole words, the least useful first, and never the sign. */
static void test_status_fits(void **state)
{
    (void)state;
    struct header h = {.tab = {"Market", "Health", "Authors", "Activity", "Wallet", "Library"},
                       .n_tabs = 6};
    const struct {
        struct app_status is;
        int width;
        const char *shown;
    } cases[] = {
        {{.network = "devnet", .light = ST_GOOD, .synced_at = 1000},
         100,
         " souk 1 Market  2 Health  3 Authors  4 Activity  5 Wallet  6 Library        "
         "devnet ● synced 5 m ago"},
        {{.network = "devnet", .light = ST_GOOD, .synced_at = 1000},
         80,
         " souk 1Market 2Health 3Authors 4Activity 5Wallet 6Library              devnet ●"},
        {{.network = "devnet", .light = ST_DIM, .synced_at = 1000, .offline = true},
         80,
         " souk 1Market 2Health 3Authors 4Activity 5Wallet 6Library      devnet ○ offline"},
        {{.network = "devnet", .light = ST_WARN},
         80,
         " souk 1Market 2Health 3Authors 4Activity 5Wallet 6Library devnet △ never synced"},
        {{.network = "devnet", .light = ST_GOOD, .synced_at = 1000, .activity = "syncing 43 %"},
         80,
         " souk 1Market 2Health 3Authors 4Activity 5Wallet 6Library devnet ● syncing 43 %"},
        {{.network = "devnet", .light = ST_GOOD, .synced_at = 1000, .lock = "open 10 m"},
         80,
         " souk 1Market 2Health 3Authors 4Activity 5Wallet 6Library  open 10 m · devnet ●"},
        {{.network = "opengradient", .light = ST_BAD, .synced_at = 1000, .lock = "open 10 m"},
         80,
         " souk 1Market 2Health 3Authors 4Activity 5Wallet 6Library         open 10 m · ✗"},
    };
    clock_fix(1300);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[256];
        struct canvas *c = make(cases[i].width, 1, TEXT_UNICODE);
        h.status = cases[i].is;
        header_draw(&h, c, (struct rect){0, 0, cases[i].width, 1});
        snprintf(line, sizeof line, "%s\n", cases[i].shown);
        assert_shows(c, line);
        canvas_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout_at_every_width),
        cmocka_unit_test(test_layout_by_hand),
        cmocka_unit_test(test_table_golden),
        cmocka_unit_test(test_only_visible_rows_are_asked_for),
        cmocka_unit_test(test_table_moves),
        cmocka_unit_test(test_table_sorts_by_plain_keys),
        cmocka_unit_test(test_table_mouse),
        cmocka_unit_test(test_the_cursor_is_on_the_selected_row),
        cmocka_unit_test(test_sparklines),
        cmocka_unit_test(test_bars_and_gauges),
        cmocka_unit_test(test_chart_golden_unicode),
        cmocka_unit_test(test_chart_golden_ascii),
        cmocka_unit_test(test_chart_with_nothing_or_little),
        cmocka_unit_test(test_chart_hover),
        cmocka_unit_test(test_nice_numbers),
        cmocka_unit_test(test_editing),
        cmocka_unit_test(test_marks_belong_to_their_letter),
        cmocka_unit_test(test_paste_into_a_line),
        cmocka_unit_test(test_a_line_can_be_made_roomier),
        cmocka_unit_test(test_the_caret_stays_in_sight),
        cmocka_unit_test(test_fuzzy),
        cmocka_unit_test(test_menu),
        cmocka_unit_test(test_menu_without_memory),
        cmocka_unit_test(test_the_default_is_no),
        cmocka_unit_test(test_yes_waits_for_the_last_line),
        cmocka_unit_test(test_dialog_shows_hostile_words_as_words),
        cmocka_unit_test(test_messages_scroll_and_close),
        cmocka_unit_test(test_chrome),
        cmocka_unit_test(test_status_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
