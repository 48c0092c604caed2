/*
 * Blob metadata from any server. What is believed proves itself and is written back as it came; so
 * that more than noise gets there, the same bytes are tried again under the ID they give.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "walrus/walrus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

static void check_good(const struct walrus_meta *m, const uint8_t *p, size_t n)
{
    const struct walrus_shape *s = &m->shape;
    struct buf b;
    uint64_t at = 0, from, len;
    buf_init(&b, 1 << 20);
    walrus_meta_write(m, &b);
    check(!b.bad && b.len == n && memcmp(b.p, p, n) == 0);
    buf_release(&b);
    check(s->shards >= WALRUS_SHARDS_MIN && s->shards <= WALRUS_SHARDS_MAX);
    check(s->symbol >= 2 && s->symbol % 2 == 0 && s->symbol <= 65534);
    check(s->size <= (uint64_t)s->rows * s->columns * s->symbol);
    for (unsigned r = 0; r < s->rows; r++, at += len) {
        walrus_row_range(s, r, &from, &len);
        check(from == at);
    }
    check(at == s->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct walrus_meta m, again;
    struct err e;
    souk_err r = walrus_meta_parse(data, n, &m, &e);
    check(r == SOUK_OK || r == SOUK_EINPUT || r == SOUK_EVERIFY);
    if (r == SOUK_OK) {
        check_good(&m, data, n);
    } else if (r == SOUK_EVERIFY) {
        uint8_t *own = mem_alloc(n);
        check(own != NULL);
        memcpy(own, data, n);
        memcpy(own, m.id.b, sizeof m.id.b);
        check(walrus_meta_parse(own, n, &again, &e) == SOUK_OK);
        check_good(&again, own, n);
        walrus_meta_release(&again);
        mem_free(own);
    }
    walrus_meta_release(&m);
    return 0;
}
