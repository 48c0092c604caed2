#include <qrencode.h>
#include <stdio.h>

#include "market/purse/internal.h"

#include "base/banned.h"

enum { QUIET = 4 }; /* modules of margin that readers want */

static bool dark(const QRcode *q, int x, int y)
{
    x -= QUIET;
    y -= QUIET;
    return x >= 0 && y >= 0 && x < q->width && y < q->width && (q->data[y * q->width + x] & 1) != 0;
}

/* Two modules a cell, one above the other; the light ones are drawn. */
static void add_blocks(const QRcode *q, int side, struct buf *out)
{
    static const char *const cell[] = {"\u2588", "\u2580", "\u2584", " "};
    for (int y = 0; y < side; y += 2) {
        for (int x = 0; x < side; x++) {
            bool upper = dark(q, x, y), lower = y + 1 >= side || dark(q, x, y + 1);
            buf_adds(out, cell[upper * 2 + lower]);
        }
        buf_addc(out, '\n');
    }
}

static void add_ascii(const QRcode *q, int side, struct buf *out)
{
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++)
            buf_adds(out, dark(q, x, y) ? "##" : "  ");
        buf_addc(out, '\n');
    }
}

souk_err purse_qr(address a, uint64_t chain, bool ascii, struct buf *out, struct err *e)
{
    char text[96], hex[ADDRESS_BUF];
    snprintf(text, sizeof text, "ethereum:%s@%llu", address_format(a, hex),
             (unsigned long long)chain);
    QRcode *q = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (q == NULL)
        return err_nomem(e);
    int side = q->width + 2 * QUIET;
    if (ascii)
        add_ascii(q, side, out);
    else
        add_blocks(q, side, out);
    QRcode_free(q);
    return buf_check(out, "the QR code", e);
}
