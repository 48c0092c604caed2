/* The user's side: keys, pasted text, the mouse. libvterm encodes them as the child's modes ask. */
#include "tty_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    VTermKey key;
    uint32_t code; /* when it is not a key of its own */
} names[] = {
    {"Up", VTERM_KEY_UP, 0},         {"Down", VTERM_KEY_DOWN, 0},
    {"Left", VTERM_KEY_LEFT, 0},     {"Right", VTERM_KEY_RIGHT, 0},
    {"Home", VTERM_KEY_HOME, 0},     {"End", VTERM_KEY_END, 0},
    {"PageUp", VTERM_KEY_PAGEUP, 0}, {"PageDown", VTERM_KEY_PAGEDOWN, 0},
    {"Insert", VTERM_KEY_INS, 0},    {"Delete", VTERM_KEY_DEL, 0},
    {"Enter", VTERM_KEY_ENTER, 0},   {"Tab", VTERM_KEY_TAB, 0},
    {"Esc", VTERM_KEY_ESCAPE, 0},    {"Backspace", VTERM_KEY_BACKSPACE, 0},
    {"Space", VTERM_KEY_NONE, ' '},  {"lt", VTERM_KEY_NONE, '<'},
};

/* One character of UTF-8 from a string that the test's author wrote. */
static uint32_t take_code(const char **s)
{
    const unsigned char *p = (const unsigned char *)*s;
    int more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
    uint32_t code = more ? *p & (0x3fu >> more) : *p;
    for (int i = 0; i < more && p[1]; i++)
        code = code << 6 | (*++p & 0x3fu);
    *s = (const char *)p + 1;
    return code;
}

static void press_code(struct tty *t, uint32_t code, VTermModifier mod)
{
    /* libvterm encodes some control characters in a way that few programs know. */
    if (mod & VTERM_MOD_CTRL)
        code &= 0x1f;
    vterm_keyboard_unichar(t->vt, code, mod & VTERM_MOD_ALT);
}

static void press_named(struct tty *t, const char *name, VTermModifier mod)
{
    int f;
    char end;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i].name) != 0)
            continue;
        if (names[i].code)
            press_code(t, names[i].code, mod);
        else
            vterm_keyboard_key(t->vt, names[i].key, mod);
        return;
    }
    if (sscanf(name, "F%d%c", &f, &end) == 1 && f >= 1 && f <= 12) {
        vterm_keyboard_key(t->vt, (VTermKey)VTERM_KEY_FUNCTION(f), mod);
        return;
    }
    const char *rest = name;
    uint32_t code = take_code(&rest);
    if (!code || *rest)
        tty_die("no key is called <%s>", name);
    press_code(t, code, mod);
}

static const char *press_bracketed(struct tty *t, const char *keys)
{
    char name[32];
    const char *end = strchr(keys, '>');
    if (!end || (size_t)(end - keys) >= sizeof(name))
        tty_die("a key name does not end: <%s", keys);
    memcpy(name, keys, (size_t)(end - keys));
    name[end - keys] = '\0';
    VTermModifier mod = VTERM_MOD_NONE;
    const char *p = name;
    while (p[0] && p[1] == '-' && p[2]) {
        if (*p == 'S')
            mod |= VTERM_MOD_SHIFT;
        else if (*p == 'C')
            mod |= VTERM_MOD_CTRL;
        else if (*p == 'M')
            mod |= VTERM_MOD_ALT;
        else
            tty_die("no modifier is called %c- in <%s>", *p, name);
        p += 2;
    }
    press_named(t, p, mod);
    return end + 1;
}

void tty_keys(struct tty *t, const char *keys)
{
    while (*keys) {
        if (*keys == '<')
            keys = press_bracketed(t, keys + 1);
        else
            press_code(t, take_code(&keys), VTERM_MOD_NONE);
    }
    tty_flush(t);
}

void tty_paste(struct tty *t, const char *text)
{
    vterm_keyboard_start_paste(t->vt);
    tty_str_put(&t->out, text, strlen(text));
    vterm_keyboard_end_paste(t->vt);
    tty_flush(t);
}

void tty_click(struct tty *t, int button, int row, int col)
{
    vterm_mouse_move(t->vt, row, col, VTERM_MOD_NONE);
    vterm_mouse_button(t->vt, button, true, VTERM_MOD_NONE);
    if (button <= 3)
        vterm_mouse_button(t->vt, button, false, VTERM_MOD_NONE);
    tty_flush(t);
}
