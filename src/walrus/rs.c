#include "walrus/rs.h"

#include <string.h>

#include "base/mem.h"
#include "walrus/rs_internal.h"

#include "base/banned.h"

static unsigned power_of_two(unsigned n)
{
    unsigned p = 1;
    while (p < n)
        p *= 2;
    return p;
}

struct rs *rs_new(unsigned sources, unsigned recovery)
{
    if (sources < 1 || recovery < 1 || sources > 65536 - recovery)
        BUG("a code of %u and %u symbols", sources, recovery);
    struct rs *r = mem_zalloc(sizeof *r);
    if (!r)
        return NULL;
    unsigned s = power_of_two(sources), t = power_of_two(recovery);
    r->sources = sources;
    r->recovery = recovery;
    /* The second half of the rule is reed-solomon-simd's own, and Walrus inherited it. */
    r->high = s > t || (s == t && sources <= recovery);
    r->rows = r->high ? t : s;
    unsigned end = r->rows + (r->high ? s : t); /* no block begins there or behind */
    r->by = mem_array(end / 2 + 1, sizeof *r->by);
    if (!r->by) {
        rs_free(r);
        return NULL;
    }
    field_basis products;
    field_products(products);
    for (unsigned i = 0; i < end / 2 + 1; i++)
        field_multiplier(products, (uint16_t)(2 * i), &r->by[i]);
    return r;
}

void rs_free(struct rs *r)
{
    if (r)
        mem_free(r->by);
    mem_free(r);
}

/* Words take more room for each byte of a symbol, and gain nothing from long rows. */
static size_t piece_of(enum walrus_cpu cpu, size_t len)
{
    size_t most = cpu == WALRUS_CPU_PORTABLE ? RS_PIECE / 4 : RS_PIECE;
    return len < most ? len : most;
}

size_t rs_scratch(const struct rs *r, size_t len)
{
    return (2 * rs_row(r->rows) + 1) * rs_pitch(piece_of(WALRUS_CPU_BEST, len)) + RS_CHUNK;
}

void rs_encode(const struct rs *r, enum walrus_cpu cpu, const uint8_t *const *source,
               uint8_t *const *out, size_t len, void *scratch)
{
    if (len % 2)
        BUG("symbols of %zu bytes", len);
    struct rs_piece p = {.r = r, .source = source, .out = out, .scratch = scratch};
    p.scratch += -(uintptr_t)scratch % RS_CHUNK;
    for (unsigned i = 0; i < r->sources; i++)
        if (source[i])
            p.sources = i + 1;
    if (p.sources == 0) {
        for (unsigned i = 0; i < r->recovery; i++)
            if (out[i])
                memset(out[i], 0, len);
        return;
    }
    cpu = r->rows > 1 ? walrus_cpu_pick(cpu) : WALRUS_CPU_PORTABLE;
    for (; p.from < len; p.from += p.len) {
        p.len = piece_of(cpu, len - p.from);
#if defined(__x86_64__)
        if (cpu == WALRUS_CPU_AVX512)
            rs_avx512(&p);
        else if (cpu == WALRUS_CPU_AVX2)
            rs_avx2(&p);
        else
#endif
            rs_portable(&p);
    }
}
