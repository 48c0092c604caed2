/*
 * The form: moving, typing, pasting, choices, what is wrong with a field, and how it looks when
 * there is little room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/mem.h"
#include "ui/backend.h"
#include "ui/widgets/form.h"
#include "base/banned.h"

static const char *const coins[] = {"USDC", "OPG", "ETH"};

static struct form *make(void)
{
    struct form *f = form_new("Ask the price");
    assert_true(form_add(f, untrusted("prompt"), untrusted("words"), untrusted("")));
    assert_true(form_add_choice(f, "token", "what is sent", coins, 3, 1));
    assert_true(form_add(f, untrusted("to\033[2J"), untrusted("an address"), untrusted("0x1\n2")));
    return f;
}

static enum form_event press(struct form *f, const char *keys)
{
    enum form_event last = FORM_IGNORED;
    while (*keys) {
        struct event ev = {.kind = EV_KEY};
        size_t used = key_parse(keys, &ev.key);
        assert_true(used > 0);
        last = form_event(f, &ev);
        keys += used;
    }
    return last;
}

static void test_filling_in(void **state)
{
    (void)state;
    struct form *f = make();
    assert_int_equal(press(f, "hi<Space>?q"), FORM_CHANGED); /* keys are text here */
    assert_string_equal(form_value(f, 0), "hi ?q");
    assert_int_equal(press(f, "<Enter>"), FORM_HANDLED);
    assert_int_equal(form_focus(f), 1);
    assert_string_equal(form_value(f, 1), "OPG");
    assert_int_equal(press(f, "<Right><Right>"), FORM_CHANGED);
    assert_string_equal(form_value(f, 1), "USDC");
    assert_int_equal(press(f, "<Left>"), FORM_CHANGED);
    assert_int_equal(form_chosen(f, 1), 2);
    assert_int_equal(press(f, "x"), FORM_IGNORED);
    assert_string_equal(form_value(f, 2), "0x1 2"); /* a value never holds a line end */
    assert_int_equal(press(f, "<Tab><Enter>"), FORM_HANDLED);
    assert_int_equal(press(f, "<Enter>"), FORM_DONE);
    assert_int_equal(press(f, "<Down>"), FORM_HANDLED); /* round */
    assert_int_equal(form_focus(f), 0);
    assert_int_equal(press(f, "<Up>x"), FORM_IGNORED); /* the button takes no text */
    assert_int_equal(press(f, "<Esc>"), FORM_CANCEL);
    assert_int_equal(press(f, "<C-c>"), FORM_CANCEL);
    form_free(f);
}

static void test_pasting(void **state)
{
    (void)state;
    struct form *f = make();
    struct event ev = {.kind = EV_PASTE, .paste = untrusted("[1,\n 2]\n")};
    assert_int_equal(form_event(f, &ev), FORM_CHANGED);
    assert_string_equal(form_value(f, 0), "[1,  2] ");
    press(f, "<Tab>");
    assert_int_equal(form_event(f, &ev), FORM_HANDLED); /* a choice is not pasted over */
    assert_string_equal(form_value(f, 1), "OPG");
    press(f, "<Tab><Tab>");
    assert_int_equal(form_event(f, &ev), FORM_HANDLED); /* and the button is not pressed */
    char *big = mem_alloc(2 * FORM_VALUE_MAX);
    memset(big, '7', 2 * FORM_VALUE_MAX);
    form_set(f, 0, untrusted_n(big, 2 * FORM_VALUE_MAX));
    assert_int_equal(strlen(form_value(f, 0)), FORM_VALUE_MAX);
    mem_free(big);
    form_free(f);
}

static void test_faults(void **state)
{
    (void)state;
    struct form *f = make();
    struct canvas *c = canvas_new(40, 9, TEXT_UNICODE, NULL);
    form_draw(f, c, canvas_rect(c));
    assert_true(test_has_text(c, "words")); /* the focused field's hint */
    form_fault(f, 0, "a prompt cannot be empty");
    assert_true(form_has_fault(f));
    canvas_clear(c);
    form_draw(f, c, canvas_rect(c));
    assert_true(test_has_text(c, "✗"));
    assert_true(test_has_text(c, "a prompt cannot be empty"));
    assert_true(test_has_text(c, "Ask the price"));
    assert_true(test_has_text(c, "to␛[2J")); /* a label from outside is text */
    form_fault(f, 0, NULL);
    assert_false(form_has_fault(f));
    canvas_free(c);
    form_free(f);
}

/* The focused field and the button are there at any size. */
static void test_little_room(void **state)
{
    (void)state;
    struct form *f = form_new("Go");
    for (int i = 0; i < FORM_FIELDS; i++) {
        char name[8] = {'f', (char)('a' + i), '\0'};
        assert_true(form_add(f, untrusted(name), untrusted(""), untrusted("1")));
    }
    assert_false(form_add(f, untrusted("more"), untrusted(""), untrusted("")));
    for (int w = 1; w < 60; w += 7) {
        for (int h = 1; h < 12; h++) {
            struct canvas *c = canvas_new(w, h, TEXT_UNICODE, NULL);
            for (size_t i = 0; i <= FORM_FIELDS; i += 5) {
                form_focus_on(f, i);
                canvas_clear(c);
                form_draw(f, c, canvas_rect(c));
                char name[8] = {'f', (char)('a' + (int)i), '\0'};
                if (w > 20 && h > 4 && i < FORM_FIELDS) {
                    assert_true(test_has_text(c, name));
                }
                if (w > 20) {
                    assert_true(test_has_text(c, "Go"));
                }
            }
            canvas_free(c);
        }
    }
    form_free(f);
}

static void test_mouse(void **state)
{
    (void)state;
    struct form *f = make();
    struct canvas *c = canvas_new(40, 9, TEXT_UNICODE, NULL);
    form_draw(f, c, (struct rect){2, 1, 38, 8});
    struct event ev = {.kind = EV_MOUSE, .mouse = {.what = MOUSE_PRESS, .x = 5, .y = 3}};
    assert_int_equal(form_event(f, &ev), FORM_HANDLED);
    assert_int_equal(form_focus(f), 2);
    ev.mouse.y = 0;
    assert_int_equal(form_event(f, &ev), FORM_IGNORED);
    canvas_free(c);
    form_free(f);
}

static void test_without_memory(void **state)
{
    (void)state;
    for (unsigned long i = 1; i < 12; i++) {
        mem_fail_at(i, true);
        struct form *f = form_new("Go");
        bool ok = f && form_add(f, untrusted("a"), untrusted("b"), untrusted("c")) &&
                  form_add_choice(f, "token", "", coins, 3, 0);
        mem_fail_at(0, false);
        if (f) {
            assert_true(ok ? form_count(f) == 2 : form_count(f) < 2);
            press(f, "x<Tab><Tab>");
        }
        form_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filling_in), cmocka_unit_test(test_pasting),
        cmocka_unit_test(test_faults),     cmocka_unit_test(test_little_room),
        cmocka_unit_test(test_mouse),      cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
