/*
 * Every sequence a terminal may send, in one piece and split at each byte, must give the same
 * events; what nobody asked for must give none; names of keys must come back as they went.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "ui/actions.h"
#include "ui/input.h"
#include "base/banned.h"

/* Events in words: "<Up>", "paste(text)", "mouse(press 1 9 4)". */
static void in_words(void *ud, const struct event *ev)
{
    static const char *const what[] = {"press", "release", "drag", "up", "down"};
    struct buf *out = ud;
    char name[KEY_NAME_MAX];
    switch (ev->kind) {
    case EV_KEY:
        buf_adds(out, key_name(ev->key, name));
        break;
    case EV_PASTE:
        buf_adds(out, ev->cut ? "cut(" : "paste(");
        buf_add(out, ev->paste.p, ev->paste.n);
        buf_adds(out, ")");
        break;
    case EV_MOUSE:
        buf_addf(out, "mouse(%s %d %d,%d %d)", what[ev->mouse.what], ev->mouse.button, ev->mouse.x,
                 ev->mouse.y, ev->mouse.mods);
        break;
    case EV_FOCUS:
        buf_adds(out, ev->focused ? "focus(in)" : "focus(out)");
        break;
    }
}

/* What comes of p, given in pieces cut at `split`; the flush stands for 25 quiet milliseconds. */
static void decode(const char *p, size_t n, size_t split, struct buf *out)
{
    struct input in;
    input_init(&in);
    buf_clear(out);
    input_feed(&in, p, split, in_words, out);
    input_feed(&in, p + split, n - split, in_words, out);
    input_flush(&in, in_words, out);
    assert_false(input_pending(&in));
    input_release(&in);
}

struct sample {
    const char *bytes, *events;
};

static const struct sample samples[] = {
    {"jk", "jk"},
    {"\r", "<Enter>"},
    {"\n", "<Enter>"},
    {"\t", "<Tab>"},
    {"\177\b", "<BS><BS>"},
    {"\001\003\032", "<C-a><C-c><C-z>"},
    {"\034\037", "<C-\\><C-_>"},
    {" <", "<Space><lt>"},
    {"é東😀", "é東😀"},
    {"\033", "<Esc>"},
    {"\033\033", "<Esc><Esc>"},
    {"\033x", "<A-x>"},
    {"\033é", "<A-é>"},
    {"\033\r", "<A-Enter>"},
    {"\033[A\033[B\033[C\033[D", "<Up><Down><Right><Left>"},
    {"\033OA\033OH\033OF", "<Up><Home><End>"},
    {"\033[H\033[F\033[1~\033[4~\033[7~\033[8~", "<Home><End><Home><End><Home><End>"},
    {"\033[2~\033[3~\033[5~\033[6~", "<Insert><Delete><PgUp><PgDn>"},
    {"\033[1;5A\033[1;3B\033[1;2C\033[5;6~", "<C-Up><A-Down><S-Right><C-S-PgUp>"},
    {"\033[Z", "<S-Tab>"},
    {"\033OP\033OQ\033OR\033OS", "<F1><F2><F3><F4>"},
    {"\033[11~\033[15~\033[17~\033[21~\033[23~\033[24~", "<F1><F5><F6><F10><F11><F12>"},
    {"\033[[A\033[[E", "<F1><F5>"},
    {"\033[1;5P", "<C-F1>"},
    {"\033OM\033Op\033Ok", "<Enter>0+"},
    {"\033[27;5;97~", "<C-a>"},
    {"\033[97;5u\033[13u\033[27u\033[9;2u\033[127u", "<C-a><Enter><Esc><S-Tab><BS>"},
    {"\033[57399u\033[1u", ""},
    {"\033[<0;10;5M\033[<0;10;5m", "mouse(press 1 9,4 0)mouse(release 1 9,4 0)"},
    {"\033[<2;1;1M\033[<64;3;4M\033[<65;3;4M",
     "mouse(press 3 0,0 0)mouse(up 0 2,3 0)mouse(down 0 2,3 0)"},
    {"\033[<66;3;4M\033[<67;3;4M", ""},
    {"\033[<32;10;5M\033[<20;1;2M", "mouse(drag 1 9,4 0)mouse(press 1 0,1 5)"},
    {"\033[M !!", "mouse(press 1 0,0 0)"},
    {"\033[I\033[O", "focus(in)focus(out)"},
    {"\033[200~a\nb\033[201~j", "paste(a\nb)j"},
    {"\033[200~\033[201\033[20\033[201~", "paste(\033[201\033[20)"},
    {"\033[200~\033\033[201~", "paste(\033)"},
    /* answers to questions nobody asked */
    {"\033[?1;2cj", "j"},
    {"\033[>41;354;0cj", "j"},
    {"\033[24;80Rj", "j"},
    {"\033[0nj", "j"},
    {"\033[8;24;80tj", "j"},
    {"\033[?2026;2$yj", "j"},
    {"\033]11;rgb:0000/0000/0000\007j", "j"},
    {"\033]52;c;aGVsbG8=\033\\j", "j"},
    {"\033P>|xterm(370)\033\\j", "j"},
    {"\033_Gi=1;OK\033\\j", "j"},
    {"\033]never ends\003j", "<C-c>j"},
    {"\033]never ends\033[Aj", "<Up>j"},
    /* broken off, or no sequence at all */
    {"\033[1;5\033[A", "<Up>"},
    {"\033[1;5\003", "<C-c>"},
    {"\033[", "<A-[>"},
    {"\033O", "<A-O>"},
    {"\033]", "<A-]>"},
    {"\033[99~\033[xj", "j"},
    {"\xc3"
     "j",
     "j"},
    {"\xff\xfe"
     "j",
     "j"},
    {"\xe2\x82", ""},
    {"\xc0\x80\xed\xa0\x80j", "j"},
};

static void test_sequences_whole_and_split(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        size_t n = strlen(samples[i].bytes);
        for (size_t split = 0; split <= n; split++) {
            decode(samples[i].bytes, n, split, &out);
            assert_string_equal(out.p, samples[i].events);
        }
    }
    buf_release(&out);
}

static void test_sequences_one_after_another(void **state)
{
    (void)state;
    struct buf bytes, want, out;
    buf_init(&bytes, 65536);
    buf_init(&want, 65536);
    buf_init(&out, 65536);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        /* Those whose end only silence tells are told apart by nothing here. */
        struct input in;
        input_init(&in);
        input_feed(&in, samples[i].bytes, strlen(samples[i].bytes), in_words, &out);
        if (!input_pending(&in) && strcmp(samples[i].bytes, "\xe2\x82") != 0) {
            buf_adds(&bytes, samples[i].bytes);
            buf_adds(&want, samples[i].events);
        }
        input_release(&in);
    }
    assert_true(want.len > 300);
    for (size_t split = 0; split <= bytes.len; split++) {
        decode(bytes.p, bytes.len, split, &out);
        assert_string_equal(out.p, want.p);
    }
    buf_release(&bytes);
    buf_release(&want);
    buf_release(&out);
}

static void test_only_an_escape_waits(void **state)
{
    (void)state;
    static const char *const waiting[] = {"\033", "\033[", "\033O", "\033]", "\033]x\033"};
    static const char *const settled[] = {"", "j", "\033[A", "\033[1;", "\033]11", "\033[200~x"};
    struct buf out;
    buf_init(&out, 4096);
    for (size_t i = 0; i < sizeof waiting / sizeof waiting[0]; i++) {
        struct input in;
        input_init(&in);
        input_feed(&in, waiting[i], strlen(waiting[i]), in_words, &out);
        assert_true(input_pending(&in));
        input_release(&in);
    }
    for (size_t i = 0; i < sizeof settled / sizeof settled[0]; i++) {
        struct input in;
        input_init(&in);
        input_feed(&in, settled[i], strlen(settled[i]), in_words, &out);
        assert_false(input_pending(&in));
        input_release(&in);
    }
    buf_release(&out);
}

static void test_a_paste_is_capped(void **state)
{
    (void)state;
    struct buf bytes, out;
    buf_init(&bytes, 1 << 20);
    buf_init(&out, 1 << 20);
    buf_adds(&bytes, "\033[200~");
    for (size_t i = 0; i < PASTE_MAX + 10; i++) {
        buf_addc(&bytes, 'x');
    }
    buf_adds(&bytes, "\033[201~j");
    decode(bytes.p, bytes.len, 100, &out);
    assert_int_equal(out.len, strlen("cut()") + PASTE_MAX + 1);
    assert_memory_equal(out.p, "cut(", 4);
    assert_string_equal(out.p + out.len - 2, ")j");
    buf_release(&bytes);
    buf_release(&out);
}

static void test_overlong_sequences_are_dropped(void **state)
{
    (void)state;
    struct buf bytes, out;
    buf_init(&bytes, 1 << 20);
    buf_init(&out, 4096);
    buf_adds(&bytes, "\033[");
    for (int i = 0; i < 100000; i++) {
        buf_addc(&bytes, '1');
    }
    buf_adds(&bytes, "~j\033[99999999999999999999;99999999999999999999Aj");
    decode(bytes.p, bytes.len, 50000, &out);
    assert_memory_equal(out.p, "j", 1);
    assert_int_equal(out.p[out.len - 1], 'j');
    buf_release(&bytes);
    buf_release(&out);
}

static void test_key_names_round_trip(void **state)
{
    (void)state;
    static const uint32_t codes[] = {'a',       'Z', '/', '>', '<', ' ', 0xE9, 0x6771, 0x1F600,
#define CODE(id, name) K_##id,
                                     KEYS(CODE)
#undef CODE
    };
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        for (int mods = 0; mods < 8; mods++) {
            struct key k = {codes[i], (uint8_t)mods}, back;
            char name[KEY_NAME_MAX];
            if (k.code == K_TAB && (mods & MOD_SHIFT)) {
                continue; /* is K_BACKTAB: no decoder says it this way */
            }
            key_name(k, name);
            assert_int_equal(key_parse(name, &back), strlen(name));
            assert_true(key_eq(k, back));
        }
    }
}

static void test_notation(void **state)
{
    (void)state;
    struct key k;
    assert_int_equal(key_parse("jk", &k), 1);
    assert_int_equal(key_parse("<c-d>", &k), 0);
    assert_int_equal(key_parse("<C-d>x", &k), 5);
    assert_true(key_eq(k, (struct key){'d', MOD_CTRL}));
    assert_int_equal(key_parse("<down>", &k), 6);
    assert_int_equal(k.code, K_DOWN);
    static const char *const wrong[] = {"",     "<", "<>",   "<Nope>", "<X-a>",
                                        "<C->", " ", "\x01", "\xff"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(key_parse(wrong[i], &k), 0);
    }
    char label[KEY_NAME_MAX];
    assert_string_equal(key_label((struct key){K_UP, 0}, TEXT_UNICODE, label), "↑");
    assert_string_equal(key_label((struct key){K_UP, 0}, TEXT_ASCII, label), "Up");
    assert_string_equal(key_label((struct key){'d', MOD_CTRL}, TEXT_ASCII, label), "^d");
    assert_string_equal(key_label((struct key){'<', 0}, TEXT_ASCII, label), "<");
}

/* --- the table of actions */

static void test_no_key_and_no_name_stands_twice(void **state)
{
    (void)state;
    for (int a = ACT_NONE + 1; a < ACT_COUNT; a++) {
        const struct action_info *info = action_info((enum action)a);
        int keys = 0;
        for (const char *p = info->keys; *p; p += strspn(p, " ")) {
            struct key k;
            size_t used = key_parse(p, &k);
            assert_true(used > 0);
            assert_int_equal(action_for_key(k), a);
            p += used;
            keys++;
        }
        assert_true(keys > 0);
        assert_int_equal(action_by_name(info->name), a);
        assert_true(strlen(info->word) > 0 && strlen(info->help) > 0);
        assert_true(strlen(info->help) <= 60); /* a line of the help on 80 columns */
    }
}

static void test_nothing_essential_on_keys_that_get_lost(void **state)
{
    (void)state;
    /* Shift with arrows, Alt and function keys are swallowed by terminals: never the first key. */
    for (int a = ACT_NONE + 1; a < ACT_COUNT; a++) {
        struct key k;
        key_parse(action_info((enum action)a)->keys, &k);
        assert_false(k.mods & MOD_ALT);
        assert_false(k.mods & MOD_SHIFT);
        assert_false(k.code >= K_F1 && k.code <= K_F12);
    }
    assert_int_equal(action_for_key((struct key){'~', 0}), ACT_NONE);
    assert_int_equal(action_for_key((struct key){'j', MOD_ALT}), ACT_NONE);
    assert_int_equal(action_by_name("fly"), ACT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences_whole_and_split),
        cmocka_unit_test(test_sequences_one_after_another),
        cmocka_unit_test(test_only_an_escape_waits),
        cmocka_unit_test(test_a_paste_is_capped),
        cmocka_unit_test(test_overlong_sequences_are_dropped),
        cmocka_unit_test(test_key_names_round_trip),
        cmocka_unit_test(test_notation),
        cmocka_unit_test(test_no_key_and_no_name_stands_twice),
        cmocka_unit_test(test_nothing_essential_on_keys_that_get_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
