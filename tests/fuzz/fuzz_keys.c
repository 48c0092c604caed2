/*
 * Fuzz target: what a terminal (or who can make it answer) sends us.
 *
 *   clang -std=c11 -D_GNU_SOURCE -Isrc -I. -fsanitize=fuzzer,address,undefined \
 *         tests/fuzz/fuzz_keys.c ui/{input,glyphs}.c src/base/{err,mem,buf,text}.c -lutf8proc
 *
 * The first byte says where the bytes are split. Promises:
 *
 * 1. how the bytes are split changes nothing;
 * 2. every key is a code point that can be text, or one of ours, and its name reads back as it;
 * 3. a paste is at most PASTE_MAX bytes;
 * 4. after a quiet moment, nothing is pending.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ui/input.h"
#include "base/banned.h"

#define CHECK(what)                           \
    do {                                      \
        if (!(what)) {                        \
            BUG("broken promise: %s", #what); \
        }                                     \
    } while (0)

enum { LOG_MAX = 1 << 22 };

static void check_key(struct key k)
{
    CHECK(k.mods < 8);
    CHECK(k.code >= 0x20 && k.code < K_END_OF_KEYS && k.code != K_BASE);
    CHECK(k.code < 0x7F || k.code >= 0xA0);
    char name[KEY_NAME_MAX], label[KEY_NAME_MAX];
    struct key back;
    key_name(k, name);
    key_label(k, TEXT_ASCII, label);
    if (k.code == K_TAB && (k.mods & MOD_SHIFT)) {
        return; /* is told as K_BACKTAB */
    }
    CHECK(key_parse(name, &back) == strlen(name) && key_eq(k, back));
}

static void record(void *ud, const struct event *ev)
{
    struct buf *log = ud;
    buf_addf(log, "%d ", ev->kind);
    if (ev->kind == EV_KEY) {
        check_key(ev->key);
        buf_addf(log, "%x %d;", (unsigned)ev->key.code, ev->key.mods);
    } else if (ev->kind == EV_PASTE) {
        CHECK(ev->paste.n <= PASTE_MAX);
        buf_add(log, ev->paste.p, ev->paste.n);
        buf_addf(log, "%d;", ev->cut);
    } else if (ev->kind == EV_MOUSE) {
        CHECK(ev->mouse.x >= 0 && ev->mouse.y >= 0 && ev->mouse.button <= 3);
        buf_addf(log, "%d %d %d %d %d;", ev->mouse.what, ev->mouse.x, ev->mouse.y, ev->mouse.button,
                 ev->mouse.mods);
    }
}

static void run(const char *p, size_t n, size_t split, struct buf *log)
{
    struct input in;
    buf_init(log, LOG_MAX);
    input_init(&in);
    input_feed(&in, p, split, record, log);
    input_feed(&in, p + split, n - split, record, log);
    input_flush(&in, record, log);
    CHECK(!input_pending(&in));
    input_release(&in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0) {
        return 0;
    }
    const char *p = (const char *)data + 1;
    n--;
    struct buf whole, split;
    run(p, n, n, &whole);
    run(p, n, n ? data[0] % n : 0, &split);
    CHECK(whole.len == split.len && !memcmp(whole.p, split.p, whole.len));
    buf_release(&whole);
    buf_release(&split);
    return 0;
}
