/*
 * Lines of text and Markdown from strangers: whatever comes in, what goes out is drawable, within
 * its width, bounded, and made in bounded time; and nothing leaks when memory runs out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "ui/backend.h"
#include "ui/widgets/markdown.h"
#include "ui/widgets/textview.h"
#include "base/banned.h"

static void doc_text(const struct doc *d, struct buf *out)
{
    for (size_t i = 0; i < d->n; i++) {
        for (int x = 0; x < d->line[i].n; x++) {
            for (int k = 0; k < CELL_CPS && d->line[i].cells[x].cp[k]; k++) {
                char utf8[5];
                buf_add(out, utf8, utf8_put(utf8, d->line[i].cells[x].cp[k]));
            }
        }
        buf_addc(out, '\n');
    }
}

static void assert_doc(const struct doc *d, const char *want)
{
    struct buf b;
    buf_init(&b, 1 << 24);
    doc_text(d, &b);
    assert_string_equal(b.p, want);
    buf_release(&b);
}

static void assert_sound(const struct doc *d, int width)
{
    assert_true(d->n <= DOC_LINES_MAX);
    for (size_t i = 0; i < d->n; i++) {
        int w = 0;
        for (int x = 0; x < d->line[i].n; x++) {
            const struct cell *k = &d->line[i].cells[x];
            assert_true(text_drawable(k->cp[0]));
            assert_true(k->style < ST_COUNT);
            w += k->width;
        }
        assert_true(w <= width);
    }
}

static void assert_renders(const char *markdown, int width, const char *want)
{
    struct doc d;
    doc_init(&d);
    markdown_render(&d, untrusted(markdown), width, TEXT_UNICODE);
    assert_sound(&d, width);
    assert_doc(&d, want);
    assert_false(d.cut);
    doc_release(&d);
}

static void test_wrapping(void **state)
{
    (void)state;
    struct doc d;
    doc_init(&d);
    doc_wrap(&d, untrusted("The quick  brown fox\n\njumps over東京東京東京 averyverylongword"), 10,
             TEXT_UNICODE, ST_NORMAL);
    assert_sound(&d, 10);
    assert_doc(&d, "The quick\nbrown fox\n\njumps\nover東京東\n京東京\naveryveryl\nongword\n");
    doc_release(&d);
}

static void test_markdown_subset(void **state)
{
    (void)state;
    assert_renders("# Title\nSome *words* and **more** `code`.\n", 40,
                   "Title\n\nSome words and more code.\n");
    assert_renders("- one\n- two\n  - deep\n\n1. first\n2. second\n\n> quoted\n> on\n", 20,
                   "• one\n• two\n  • deep\n\n1.  first\n2.  second\n\n│ quoted on\n");
    assert_renders("- a long item that wraps\n\n> a long quote that wraps\n", 14,
                   "• a long item\n  that wraps\n\n│ a long quote\n│ that wraps\n");
    assert_renders("```py\nx  = 1\n\n  y\n```\nafter", 20, "  x  = 1\n\n    y\n\nafter\n");
    assert_renders("|a|b|\n|---|---|\n|1|2|\n", 20, "a │ b\n1 │ 2\n");
    assert_renders("one  \ntwo\nthree", 20, "one\ntwo three\n");
    assert_renders("a\n\n---\n\nb", 8, "a\n\n────────\n\nb\n");
    assert_renders("&lt;b&gt; &amp; &#x41;&#66; &unknown;", 40, "<b> & AB &unknown;\n");
    assert_renders("", 20, "");
    assert_renders("\n\n\n", 20, "");
}

static void test_links_name_their_host(void **state)
{
    (void)state;
    assert_renders("[bank](https://user:pw@evil.example:8080/bank.com?x)", 60,
                   "bank (evil.example:8080)\n");
    assert_renders("[mail](mailto:a@b)", 40, "mail (mailto:a@b)\n");
    assert_renders("[x](javascript:alert(1))", 40, "x (javascript:alert(1))\n");
    assert_renders("![cat](http://h/cat.png)", 40, "[image: cat]\n");
    assert_renders("[a](https://good.example\\@evil.example/)", 60, "a (evil.example)\n");
    assert_renders("[a](https://good.example\\\\@evil.example/)", 60, "a (good.example)\n");
}

static void test_html_is_text(void **state)
{
    (void)state;
    assert_renders("<script>alert(1)</script>", 60, "<script>alert(1)</script>\n");
    assert_renders("a <b>bold</b>", 60, "a <b>bold</b>\n");
    assert_renders("<!-- hidden -->", 60, "<!-- hidden -->\n");
}

static void test_escapes_are_made_visible(void **state)
{
    (void)state;
    struct doc d;
    doc_init(&d);
    markdown_render(&d,
                    untrusted("a\033[31m `\033]52;c;x\a` &#27;[2J &#x202e;x\n\n```\n\033c\n```\n"),
                    40, TEXT_UNICODE);
    assert_sound(&d, 40);
    assert_doc(&d, "a␛[31m ␛]52;c;x␇ ␛[2J \xef\xbf\xbdx\n\n  ␛c\n");
    assert_int_equal(d.hidden, 6);
    doc_release(&d);
}

static void repeat(struct buf *b, const char *s, size_t n)
{
    buf_clear(b);
    while (b->len < n) {
        buf_adds(b, s);
    }
}

static void test_hostile_markdown_is_bounded(void **state)
{
    (void)state;
    static const char *const bombs[] = {
        "[",
        "](",
        "*a_ ",
        "`",
        "> ",
        "- ",
        "1. ",
        "<",
        "&",
        "!",
        "|",
        "|-",
        "\\",
        "#",
        "\n",
        "~",
        "[a](b",
        "**",
        "_*",
        "- - ",
        ">- ",
        "|\n|---|\n",
        "a|b\n---|---\n",
        "\t",
        "[x]: y\n",
        "<a ",
        "&#",
        "\xe2\x80\xae",
        "\xff",
        "\xcc\x81",
        "東",
        "x",
        "``` ",
        "$$",
        "[^1]",
    };
    struct buf b;
    buf_init(&b, MARKDOWN_MAX * 2);
    for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
        repeat(&b, bombs[i], MARKDOWN_MAX);
        for (int width = 1; width <= 300; width += 149) {
            struct doc d;
            doc_init(&d);
            markdown_render(&d, untrusted_n(b.p, b.len), width, i % 2 ? TEXT_ASCII : TEXT_UNICODE);
            assert_sound(&d, width < 8 ? 8 : width);
            doc_release(&d);
        }
    }
    buf_release(&b);
}

static void test_a_table_bomb_is_cut(void **state)
{
    (void)state;
    struct buf b; /* many columns and many short rows: lines x columns of output */
    buf_init(&b, MARKDOWN_MAX);
    for (int i = 0; i < 8000; i++) {
        buf_adds(&b, "|a");
    }
    buf_adds(&b, "\n");
    for (int i = 0; i < 8000; i++) {
        buf_adds(&b, "|---");
    }
    buf_adds(&b, "\n");
    while (b.len + 3 < MARKDOWN_MAX) {
        buf_adds(&b, "|\n");
    }
    struct doc d;
    doc_init(&d);
    markdown_render(&d, untrusted_n(b.p, b.len), 80, TEXT_UNICODE);
    assert_sound(&d, 80);
    assert_true(d.cut);
    doc_release(&d);
    buf_release(&b);
}

static void test_too_long_says_so(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, MARKDOWN_MAX * 3);
    repeat(&b, "a\n\n", MARKDOWN_MAX / 2);
    struct doc d;
    doc_init(&d);
    markdown_render(&d, untrusted_n(b.p, b.len), 40, TEXT_UNICODE);
    assert_true(d.cut);
    assert_int_equal(d.n, DOC_LINES_MAX);
    struct canvas *c = canvas_new(40, 5, TEXT_UNICODE, NULL);
    struct textview v;
    textview_init(&v);
    textview_show(&v, &d);
    textview_draw(&v, c, canvas_rect(c), true);
    assert_true(textview_action(&v, ACT_BOTTOM));
    canvas_clear(c);
    textview_draw(&v, c, canvas_rect(c), true);
    assert_true(test_has_text(c, "the rest is too long"));
    doc_release(&d);
    repeat(&b, "x ", MARKDOWN_MAX + 2);
    markdown_render(&d, untrusted_n(b.p, b.len), 200, TEXT_UNICODE);
    assert_true(d.cut);
    doc_release(&d);
    canvas_free(c);
    buf_release(&b);
}

static void test_textview_scrolls(void **state)
{
    (void)state;
    struct doc d;
    doc_init(&d);
    doc_wrap(&d, untrusted("1\n2\n3\n4\n5\n6\n7\n8\n9"), 20, TEXT_UNICODE, ST_NORMAL);
    struct textview v;
    textview_init(&v);
    assert_true(textview_action(&v, ACT_DOWN)); /* nothing to show yet */
    textview_show(&v, &d);
    struct canvas *c = canvas_new(10, 4, TEXT_UNICODE, NULL);
    textview_draw(&v, c, canvas_rect(c), false);
    static const struct {
        enum action act;
        size_t top;
    } steps[] = {{ACT_UP, 0},   {ACT_DOWN, 1},    {ACT_PAGE_DOWN, 4}, {ACT_BOTTOM, 5},
                 {ACT_DOWN, 5}, {ACT_PAGE_UP, 2}, {ACT_HALF_DOWN, 4}, {ACT_TOP, 0}};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        assert_true(textview_action(&v, steps[i].act));
        assert_int_equal(v.top, steps[i].top);
    }
    assert_false(textview_action(&v, ACT_OPEN));
    struct mouse wheel = {.what = MOUSE_WHEEL_DOWN};
    assert_true(textview_wheel(&v, &wheel));
    assert_int_equal(v.top, 3);
    struct doc less;
    doc_init(&less);
    doc_blank(&less);
    textview_show(&v, &less);
    assert_int_equal(v.top, 0);
    doc_release(&less);
    doc_release(&d);
    canvas_free(c);
}

static const char everything[] = "# T\n\ntext *a* **b** `c` [d](http://e/f) ![g](h)\n\n- i\n- "
                                 "j\n\n1. k\n\n> l\n\n```\nm\n```\n\n"
                                 "|n|o|\n|---|---|\n|p|q|\n\n---\n\na line of text that is long "
                                 "enough to need an allocation of its own";

static void test_without_memory(void **state)
{
    (void)state;
    struct doc d;
    doc_init(&d);
    unsigned long before = mem_count();
    markdown_render(&d, untrusted(everything), 30, TEXT_UNICODE);
    unsigned long n = mem_count() - before;
    size_t lines = d.n;
    assert_false(d.cut);
    assert_true(n >= 2);
    doc_release(&d);
    for (unsigned long i = 1; i <= n; i++) {
        for (int forever = 0; forever < 2; forever++) {
            mem_fail_at(i, forever);
            markdown_render(&d, untrusted(everything), 30, TEXT_UNICODE);
            mem_fail_at(0, false);
            assert_true(d.cut);
            assert_true(d.n <= lines);
            assert_sound(&d, 30);
            doc_release(&d);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrapping),
        cmocka_unit_test(test_markdown_subset),
        cmocka_unit_test(test_links_name_their_host),
        cmocka_unit_test(test_html_is_text),
        cmocka_unit_test(test_escapes_are_made_visible),
        cmocka_unit_test(test_hostile_markdown_is_bounded),
        cmocka_unit_test(test_a_table_bomb_is_cut),
        cmocka_unit_test(test_too_long_says_so),
        cmocka_unit_test(test_textview_scrolls),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
