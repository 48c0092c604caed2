/*
 * input.h: from the terminal's bytes to events. Pure: no terminal, no clock, no loop.
 *
 * Bytes may arrive split anywhere. A lone ESC is ambiguous: after each feed the
 * owner asks input_pending() and, when nothing followed within 25 ms, calls
 * input_flush(). Replies to questions nobody asked (DA, DSR, OSC, DCS answers;
 * a hostile page can provoke them) are swallowed whole. Pasted text comes as
 * one event, at most PASTE_MAX bytes (the rest is dropped and `cut` is set),
 * and is untrusted like anything from outside.
 */
#ifndef SOUK_UI_INPUT_H
#define SOUK_UI_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

/* Keys that are not a code point. */
/* clang-format off */
#define KEYS(X)                                                                                    \
    X(UP, "Up") X(DOWN, "Down") X(LEFT, "Left") X(RIGHT, "Right") X(HOME, "Home") X(END, "End")    \
    X(PGUP, "PgUp") X(PGDN, "PgDn") X(INSERT, "Insert") X(DELETE, "Delete") X(ENTER, "Enter")      \
    X(ESC, "Esc") X(TAB, "Tab") X(BACKTAB, "S-Tab") X(BACKSPACE, "BS") X(F1, "F1") X(F2, "F2")     \
    X(F3, "F3") X(F4, "F4") X(F5, "F5") X(F6, "F6") X(F7, "F7") X(F8, "F8") X(F9, "F9")            \
    X(F10, "F10") X(F11, "F11") X(F12, "F12")
/* clang-format on */

enum key_code {
    K_BASE = 0x110000,
#define KEY_CODE(id, name) K_##id,
    KEYS(KEY_CODE)
#undef KEY_CODE
        K_END_OF_KEYS
};

enum { MOD_CTRL = 1, MOD_ALT = 2, MOD_SHIFT = 4 }; /* shift only on keys that are not text */

/* code: a code point (a letter with MOD_CTRL is lower case; space is 0x20) or a key_code. */
struct key {
    uint32_t code;
    uint8_t mods;
};

enum mouse_what { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_DRAG, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct mouse {
    enum mouse_what what;
    int x, y;   /* cells, from 0 */
    int button; /* 1 left, 2 middle, 3 right; 0 for the wheel */
    uint8_t mods;
};

enum event_kind { EV_KEY, EV_PASTE, EV_MOUSE, EV_FOCUS };

struct event {
    enum event_kind kind;
    struct key key;         /* EV_KEY */
    struct untrusted paste; /* EV_PASTE; valid during the call */
    bool cut;
    struct mouse mouse; /* EV_MOUSE */
    bool focused;       /* EV_FOCUS */
};

typedef void (*event_fn)(void *ud, const struct event *ev);

enum { PASTE_MAX = 64 * 1024, SEQ_MAX = 64, INPUT_ESC_MS = 25 };

struct input {
    int state; /* private from here on */
    unsigned char seq[SEQ_MAX];
    size_t len;
    bool overlong, alt, paste_cut;
    struct buf paste;
};

void input_init(struct input *in);
void input_release(struct input *in);
void input_feed(struct input *in, const char *p, size_t n, event_fn emit, void *ud);
bool input_pending(const struct input *in); /* an ESC or the start of a sequence is waiting */
void input_flush(struct input *in, event_fn emit, void *ud);

/* True when the key stands for itself as text (no ctrl, no alt). */
bool key_is_text(struct key k);
bool key_eq(struct key a, struct key b);

/*
 * The notation of scripts and bindings: a text character stands for itself;
 * others in angle brackets: <Down> <C-d> <A-x> <S-Tab> <F5> <Space> <lt> <gt>.
 * key_parse reads one key at the start of s, returns bytes used, 0 when it is none.
 */
size_t key_parse(const char *s, struct key *out);
enum { KEY_NAME_MAX = 16 };
char *key_name(struct key k, char out[KEY_NAME_MAX]); /* as key_parse reads it */
/* As people read it in a footer: "↑", "^d", "enter", "space", "F5". */
char *key_label(struct key k, enum text_charset cs, char out[KEY_NAME_MAX]);

#endif
