#include "ui/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "ui/glyphs.h"
#include "base/banned.h"

enum state {
    GROUND,
    UTF8,      /* seq holds the first bytes of a character */
    ESCAPE,    /* ESC */
    CSI,       /* ESC [ */
    SS3,       /* ESC O */
    CONSOLE,   /* ESC [ [ : F1..F5 of the Linux console */
    OLD_MOUSE, /* ESC [ M and three bytes */
    STRING,    /* OSC, DCS, APC, PM, SOS: swallowed up to its end */
    STRING_ESC,
    PASTE, /* seq holds what may be the beginning of the end mark */
};

static const char paste_end[] = "\033[201~";

void input_init(struct input *in)
{
    *in = (struct input){.state = GROUND};
    buf_init(&in->paste, PASTE_MAX);
}

void input_release(struct input *in)
{
    buf_release(&in->paste);
}

static void enter(struct input *in, enum state s)
{
    in->state = (int)s;
    in->len = 0;
    in->overlong = false;
}

static void emit_key(event_fn emit, void *ud, uint32_t code, int mods)
{
    struct event ev = {.kind = EV_KEY, .key = {code, (uint8_t)mods}};
    emit(ud, &ev);
}

/* --- single bytes */

static void ground_byte(struct input *in, unsigned char b, int mods, event_fn emit, void *ud)
{
    enter(in, GROUND);
    if (b >= 0x80) {
        in->alt = mods & MOD_ALT;
        in->seq[in->len++] = b;
        in->state = UTF8;
    } else if (b == '\r' || b == '\n') {
        emit_key(emit, ud, K_ENTER, mods);
    } else if (b == '\t') {
        emit_key(emit, ud, K_TAB, mods);
    } else if (b == 0x7F || b == 0x08) {
        emit_key(emit, ud, K_BACKSPACE, mods);
    } else if (b == 0) {
        emit_key(emit, ud, ' ', mods | MOD_CTRL);
    } else if (b < 0x1B) {
        emit_key(emit, ud, b + 'a' - 1u, mods | MOD_CTRL);
    } else if (b < 0x20) {
        emit_key(emit, ud, b + '@' + 0u, mods | MOD_CTRL);
    } else {
        emit_key(emit, ud, b, mods);
    }
}

/* Returns false when the byte does not continue the character: it then begins anew. */
static bool utf8_byte(struct input *in, unsigned char b, event_fn emit, void *ud)
{
    if ((b & 0xC0) != 0x80) {
        enter(in, GROUND);
        return false;
    }
    in->seq[in->len++] = b;
    uint32_t cp;
    bool valid;
    utf8_get((const char *)in->seq, in->len, &cp, &valid);
    if (valid || in->len == 4) {
        enter(in, GROUND);
        if (valid && cp >= 0xA0) {
            emit_key(emit, ud, cp, in->alt ? MOD_ALT : 0);
        }
    }
    return true;
}

static bool escape_byte(struct input *in, unsigned char b, event_fn emit, void *ud)
{
    switch (b) {
    case '[':
        enter(in, CSI);
        return true;
    case 'O':
        enter(in, SS3);
        return true;
    case ']':
    case 'P':
    case '_':
    case '^':
    case 'X':
        enter(in, STRING);
        in->seq[0] = b;
        return true;
    case 0x1B: /* two ESC keys, or ESC and a sequence */
        emit_key(emit, ud, K_ESC, 0);
        return true;
    default:
        ground_byte(in, b, MOD_ALT, emit, ud);
        return true;
    }
}

/* --- sequences */

enum { PARAMS_MAX = 4 };

/* Numbers between semicolons (a colon's subparameters are skipped); missing ones are 0. */
static int params(const struct input *in, size_t from, int out[PARAMS_MAX])
{
    int n = 0;
    bool skip = false;
    memset(out, 0, PARAMS_MAX * sizeof out[0]);
    for (size_t i = from; i < in->len; i++) {
        unsigned char b = in->seq[i];
        if (b == ';') {
            skip = false;
            if (++n == PARAMS_MAX) {
                return n;
            }
        } else if (b == ':') {
            skip = true;
        } else if (b >= '0' && b <= '9' && !skip && out[n] < 0x110000) {
            out[n] = out[n] * 10 + (b - '0');
        }
    }
    return n + 1;
}

static int mods_of(int param)
{
    int bits = param > 0 ? param - 1 : 0;
    return (bits & 1 ? MOD_SHIFT : 0) | (bits & 2 ? MOD_ALT : 0) | (bits & 4 ? MOD_CTRL : 0);
}

static uint32_t letter_key(unsigned char final)
{
    switch (final) {
    case 'A':
        return K_UP;
    case 'B':
        return K_DOWN;
    case 'C':
        return K_RIGHT;
    case 'D':
        return K_LEFT;
    case 'H':
        return K_HOME;
    case 'F':
        return K_END;
    case 'P':
        return K_F1;
    case 'Q':
        return K_F2;
    case 'S':
        return K_F4;
    default:
        return 0;
    }
}

static uint32_t number_key(int n)
{
    static const uint32_t keys[] = {
        [1] = K_HOME, [2] = K_INSERT, [3] = K_DELETE, [4] = K_END,  [5] = K_PGUP,
        [6] = K_PGDN, [7] = K_HOME,   [8] = K_END,    [11] = K_F1,  [12] = K_F2,
        [13] = K_F3,  [14] = K_F4,    [15] = K_F5,    [17] = K_F6,  [18] = K_F7,
        [19] = K_F8,  [20] = K_F9,    [21] = K_F10,   [23] = K_F11, [24] = K_F12,
    };
    return n > 0 && n < (int)(sizeof keys / sizeof keys[0]) ? keys[n] : 0;
}

/* A key told by its code point (CSI u, modifyOtherKeys), in our own terms. */
static void code_key(int cp, int mods, event_fn emit, void *ud)
{
    uint32_t code = (uint32_t)cp;
    if (cp == 13) {
        code = K_ENTER;
    } else if (cp == 9) {
        code = mods & MOD_SHIFT ? K_BACKTAB : K_TAB;
        mods &= ~MOD_SHIFT;
    } else if (cp == 27) {
        code = K_ESC;
    } else if (cp == 127 || cp == 8) {
        code = K_BACKSPACE;
    } else if (cp < 0x20 || cp >= 0x110000 || (cp >= 0xD800 && cp < 0xF900)) {
        return; /* controls, surrogates, and the private codes of keys we have no name for */
    } else {
        mods &= ~MOD_SHIFT;
    }
    emit_key(emit, ud, code, mods);
}

static void emit_mouse(int code, int x, int y, bool release, event_fn emit, void *ud)
{
    struct mouse m = {.x = x > 0 ? x - 1 : 0, .y = y > 0 ? y - 1 : 0};
    m.mods = (uint8_t)((code & 4 ? MOD_SHIFT : 0) | (code & 8 ? MOD_ALT : 0) |
                       (code & 16 ? MOD_CTRL : 0));
    if (code & 64) {
        if ((code & 3) > 1 || release) {
            return; /* sideways */
        }
        m.what = code & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
    } else {
        m.button = (code & 3) == 3 ? 0 : (code & 3) + 1;
        m.what = code & 32 ? MOUSE_DRAG : release || !m.button ? MOUSE_RELEASE : MOUSE_PRESS;
    }
    struct event ev = {.kind = EV_MOUSE, .mouse = m};
    emit(ud, &ev);
}

static void start_paste(struct input *in)
{
    enter(in, PASTE);
    buf_clear(&in->paste);
    in->paste_cut = false;
}

static void tilde(struct input *in, const int p[PARAMS_MAX], event_fn emit, void *ud)
{
    uint32_t code = number_key(p[0]);
    if (p[0] == 200) {
        start_paste(in);
    } else if (p[0] == 27) {
        code_key(p[2], mods_of(p[1]), emit, ud);
    } else if (code) {
        emit_key(emit, ud, code, mods_of(p[1]));
    }
}

static void csi_final(struct input *in, unsigned char final, event_fn emit, void *ud)
{
    int p[PARAMS_MAX];
    bool mouse = in->len && in->seq[0] == '<';
    bool private = in->len && strchr("<=>?", in->seq[0]);
    bool overlong = in->overlong;
    int n = params(in, private ? 1 : 0, p);
    enter(in, GROUND);
    if (overlong || (private && !mouse)) {
        return; /* an answer to a question nobody asked */
    }
    uint32_t code = letter_key(final);
    struct event focus = {.kind = EV_FOCUS, .focused = final == 'I'};
    if (mouse) {
        if ((final == 'M' || final == 'm') && n == 3) {
            emit_mouse(p[0], p[1], p[2], final == 'm', emit, ud);
        }
    } else if (code) {
        emit_key(emit, ud, code, mods_of(p[1]));
    } else if (final == 'Z') {
        emit_key(emit, ud, K_BACKTAB, 0);
    } else if (final == 'I' || final == 'O') {
        emit(ud, &focus);
    } else if (final == 'u') {
        code_key(p[0], mods_of(p[1]), emit, ud);
    } else if (final == '~') {
        tilde(in, p, emit, ud);
    }
}

static bool csi_byte(struct input *in, unsigned char b, event_fn emit, void *ud)
{
    if (b < 0x20 || b >= 0x7F) { /* broken off */
        enter(in, GROUND);
        return false;
    }
    if (b == '[' && in->len == 0) {
        enter(in, CONSOLE);
    } else if (b == 'M' && in->len == 0) {
        enter(in, OLD_MOUSE);
    } else if (b >= 0x40) {
        csi_final(in, b, emit, ud);
    } else if (in->len < SEQ_MAX) {
        in->seq[in->len++] = b;
    } else {
        in->overlong = true;
    }
    return true;
}

static bool ss3_byte(struct input *in, unsigned char b, event_fn emit, void *ud)
{
    static const char pad_from[] = "jklmnopqrstuvwxyX", pad_to[] = "*+,-./0123456789=";
    enter(in, GROUND);
    if (b < 0x20 || b >= 0x7F) {
        return false;
    }
    const char *pad = strchr(pad_from, b);
    uint32_t code = b == 'R' ? (uint32_t)K_F3 : b == 'M' ? (uint32_t)K_ENTER : letter_key(b);
    if (pad) {
        code = (unsigned char)pad_to[pad - pad_from];
    }
    if (code) {
        emit_key(emit, ud, code, 0);
    }
    return true;
}

static void old_mouse_byte(struct input *in, unsigned char b, event_fn emit, void *ud)
{
    in->seq[in->len++] = b;
    if (in->len == 3) {
        int code = in->seq[0] - 32, x = in->seq[1] - 32, y = in->seq[2] - 32;
        enter(in, GROUND);
        if (code >= 0) {
            emit_mouse(code, x, y, false, emit, ud);
        }
    }
}

/* Cancel, and ^C as the way out of a string that never ends. */
static bool string_byte(struct input *in, unsigned char b)
{
    if (b == 0x1B) {
        in->state = STRING_ESC;
    } else if (b == 0x07 || b == 0x18 || b == 0x1A) {
        enter(in, GROUND);
    } else if (b == 0x03) {
        enter(in, GROUND);
        return false;
    } else {
        in->len = 1;
    }
    return true;
}

/* --- paste */

static void paste_add(struct input *in, const unsigned char *p, size_t n)
{
    size_t room = PASTE_MAX - in->paste.len;
    if (n > room) {
        in->paste_cut = true;
        n = room;
    }
    buf_add(&in->paste, p, n);
}

static void paste_byte(struct input *in, unsigned char b, event_fn emit, void *ud)
{
    if (b != (unsigned char)paste_end[in->len]) {
        paste_add(in, in->seq, in->len);
        in->len = 0;
    }
    if (b != (unsigned char)paste_end[in->len]) {
        paste_add(in, &b, 1);
        return;
    }
    in->seq[in->len++] = b;
    if (in->len == sizeof paste_end - 1) {
        enter(in, GROUND);
        struct event ev = {.kind = EV_PASTE,
                           .paste = untrusted_n(in->paste.p, in->paste.len),
                           .cut = in->paste_cut || in->paste.bad};
        emit(ud, &ev);
        buf_release(&in->paste);
    }
}

/* --- the machine */

/* False: the byte ended what was before it and has to be looked at again. */
static bool step(struct input *in, unsigned char b, event_fn emit, void *ud)
{
    switch ((enum state)in->state) {
    case UTF8:
        return utf8_byte(in, b, emit, ud);
    case ESCAPE:
        return escape_byte(in, b, emit, ud);
    case CSI:
        return csi_byte(in, b, emit, ud);
    case SS3:
        return ss3_byte(in, b, emit, ud);
    case CONSOLE:
        enter(in, GROUND);
        if (b >= 'A' && b <= 'E') {
            emit_key(emit, ud, (uint32_t)K_F1 + b - 'A', 0);
        }
        return b >= 0x20;
    case OLD_MOUSE:
        old_mouse_byte(in, b, emit, ud);
        return true;
    case STRING:
        return string_byte(in, b);
    case STRING_ESC:
        enter(in, b == '\\' ? GROUND : ESCAPE);
        return b == '\\';
    case PASTE:
        paste_byte(in, b, emit, ud);
        return true;
    case GROUND:
        break;
    }
    if (b == 0x1B) {
        enter(in, ESCAPE);
    } else {
        ground_byte(in, b, 0, emit, ud);
    }
    return true;
}

void input_feed(struct input *in, const char *p, size_t n, event_fn emit, void *ud)
{
    for (size_t i = 0; i < n; i++) {
        while (!step(in, (unsigned char)p[i], emit, ud)) {
        }
    }
}

bool input_pending(const struct input *in)
{
    bool opened = in->state == CSI || in->state == SS3 || in->state == STRING;
    return in->state == ESCAPE || in->state == STRING_ESC || (opened && !in->len);
}

void input_flush(struct input *in, event_fn emit, void *ud)
{
    if (!input_pending(in)) {
        return;
    }
    enum state was = (enum state)in->state;
    uint32_t opener = in->seq[0];
    enter(in, GROUND);
    if (was == ESCAPE || was == STRING_ESC) {
        emit_key(emit, ud, K_ESC, 0);
    } else {
        emit_key(emit, ud, was == CSI ? '[' : was == SS3 ? 'O' : opener, MOD_ALT);
    }
}

/* --- keys and their names */

bool key_is_text(struct key k)
{
    return k.code >= 0x20 && k.code < K_BASE && !(k.mods & (MOD_CTRL | MOD_ALT));
}

bool key_eq(struct key a, struct key b)
{
    return a.code == b.code && a.mods == b.mods;
}

static const struct {
    uint32_t code;
    const char *name;
} names[] = {{' ', "Space"},
             {'<', "lt"},
             {'>', "gt"},
#define NAME(id, name) {K_##id, name},
             KEYS(NAME)
#undef NAME
};

static const char *name_of(uint32_t code)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].code == code) {
            return names[i].name;
        }
    }
    return NULL;
}

static bool code_named(const char *s, size_t n, uint32_t *code)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].name) == n && !strncasecmp(names[i].name, s, n)) {
            *code = names[i].code;
            return true;
        }
    }
    bool valid;
    return utf8_get(s, n, code, &valid) == n && valid && *code > 0x20;
}

size_t key_parse(const char *s, struct key *out)
{
    *out = (struct key){0, 0};
    if (*s != '<') {
        bool valid;
        size_t used = utf8_get(s, strlen(s), &out->code, &valid);
        return valid && out->code > 0x20 && out->code != 0x7F ? used : 0;
    }
    const char *end = strchr(s, '>');
    if (!end) {
        return 0;
    }
    size_t total = (size_t)(end - s) + 1;
    s++;
    if (code_named(s, (size_t)(end - s), &out->code)) { /* first: S-Tab is a key of its own */
        return total;
    }
    while (end - s > 2 && s[1] == '-') {
        out->mods |= s[0] == 'C' ? MOD_CTRL : s[0] == 'A' ? MOD_ALT : s[0] == 'S' ? MOD_SHIFT : 128;
        s += 2;
        if (code_named(s, (size_t)(end - s), &out->code)) {
            return out->mods & 128 ? 0 : total;
        }
    }
    return 0;
}

char *key_name(struct key k, char out[KEY_NAME_MAX])
{
    char text[5] = "";
    const char *name = name_of(k.code);
    if (!name) {
        utf8_put(text, k.code);
        name = text;
    }
    if (name == text && !k.mods) {
        snprintf(out, KEY_NAME_MAX, "%s", name);
    } else {
        snprintf(out, KEY_NAME_MAX, "<%s%s%s%s>", k.mods & MOD_CTRL ? "C-" : "",
                 k.mods & MOD_ALT ? "A-" : "", k.mods & MOD_SHIFT ? "S-" : "", name);
    }
    return out;
}

char *key_label(struct key k, enum text_charset cs, char out[KEY_NAME_MAX])
{
    char text[5];
    static const char *const arrows[] = {"↑", "↓", "←", "→"};
    const char *name = name_of(k.code);
    if (k.code == '<' || k.code == '>') {
        name = k.code == '<' ? "<" : ">";
    } else if (k.code >= K_UP && k.code <= K_RIGHT && cs == TEXT_UNICODE) {
        name = arrows[k.code - K_UP];
    } else if (!name) {
        utf8_put(text, k.code);
        name = text;
    }
    snprintf(out, KEY_NAME_MAX, "%s%s%s%s", k.mods & MOD_CTRL ? "^" : "",
             k.mods & MOD_ALT ? "alt-" : "", k.mods & MOD_SHIFT ? "shift-" : "", name);
    return out;
}
