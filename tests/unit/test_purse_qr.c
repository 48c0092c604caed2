/* The QR code: both drawings show the same modules, and they are the address's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <qrencode.h>

#include "base/mem.h"
#include "market/purse.h"

#include "base/banned.h"

enum { QUIET = 4, SIDE_MOST = 64 };

static const char text[] = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

static address it(void)
{
    address a;
    assert_true(address_parse(text, strlen(text), &a));
    return a;
}

static void draw(bool ascii, struct buf *out)
{
    struct err e;
    buf_init(out, 1 << 16);
    if (purse_qr(it(), 8453, ascii, out, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
}

/* Reads '##' and blanks; how many modules a side has. */
static int read_ascii(const struct buf *b, bool m[SIDE_MOST][SIDE_MOST])
{
    int y = 0;
    for (const char *p = b->p; *p != '\0'; y++) {
        const char *end = strchr(p, '\n');
        assert_non_null(end);
        for (int x = 0; p + 2 * x < end; x++) {
            assert_true(p[2 * x] == p[2 * x + 1] && (p[2 * x] == '#' || p[2 * x] == ' '));
            m[y][x] = p[2 * x] == '#';
        }
        p = end + 1;
    }
    return y;
}

static void read_blocks(const struct buf *b, bool m[SIDE_MOST][SIDE_MOST])
{
    static const char *const cell[] = {"\u2588", "\u2580", "\u2584", " "};
    int x = 0, y = 0;
    for (const char *p = b->p; *p != '\0';) {
        int k = 0;
        if (*p == '\n') {
            p++;
            y += 2;
            x = 0;
            continue;
        }
        while (k < 4 && strncmp(p, cell[k], strlen(cell[k])) != 0)
            k++;
        assert_true(k < 4);
        p += strlen(cell[k]);
        m[y][x] = k >= 2; /* the upper one is dark */
        m[y + 1][x++] = k % 2 == 1;
    }
}

static void both_drawings_are_the_code(void **state)
{
    (void)state;
    static bool a[SIDE_MOST][SIDE_MOST], b[SIDE_MOST][SIDE_MOST];
    char words[96];
    struct buf ascii, blocks;
    draw(true, &ascii);
    draw(false, &blocks);
    int side = read_ascii(&ascii, a);
    read_blocks(&blocks, b);
    snprintf(words, sizeof words, "ethereum:%s@8453", text);
    QRcode *q = QRcode_encodeString8bit(words, 0, QR_ECLEVEL_M);
    assert_non_null(q);
    assert_int_equal(side, q->width + 2 * QUIET);
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            bool inside = x >= QUIET && y >= QUIET && x < side - QUIET && y < side - QUIET;
            bool dark = inside && (q->data[(y - QUIET) * q->width + x - QUIET] & 1) != 0;
            assert_int_equal(a[y][x], dark);
            assert_int_equal(b[y][x], dark);
        }
    }
    QRcode_free(q);
    buf_release(&ascii);
    buf_release(&blocks);
}

static void too_little_room_is_said(void **state)
{
    (void)state;
    struct buf b;
    struct err e;
    buf_init(&b, 100);
    assert_int_equal(purse_qr(it(), 1, true, &b, &e), SOUK_ENOMEM);
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_drawings_are_the_code),
        cmocka_unit_test(too_little_room_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
