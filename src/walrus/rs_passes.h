/*
 * rs_passes.h: the code over vectors, for a file that says what a vector is. No header in the usual
 * sense: rs_avx2.c and rs_avx512.c include it once each, after
 *
 *   WAY               the target attribute
 *   LAYERS            of butterflies in one pass, 2 or 3: as many as the registers hold
 *   vec               RS_CHUNK bytes of a row: 32 low bytes, 32 high bytes
 *   constant          a multiplier as butterflies want it, and constant_of(&multiplier)
 *   load, store       a whole chunk, anywhere in memory
 *   load_tail(p, half), store_tail(p, half, v)   a symbol's last one: 2 * half bytes
 *   plus(x, y)        XOR
 *   plus_times(x, &c, y)   x + c * y
 *
 * A pass takes 2^LAYERS rows at a time through so many layers in registers. The first one reads
 * the caller's symbols, the last of a forward transform writes the caller's, the others
 * work in scratch. Rows that are zero are read from `zeros`; rows that nobody wants are
 * written to a spare one.
 */
#define INLINE WAY static inline __attribute__((always_inline))

static const uint8_t zeros[RS_PIECE];

/* Rows of a transform: in scratch, or the caller's symbols from byte `from` on. */
struct rows {
    uint8_t *base; /* in scratch, pitch bytes apart */
    size_t pitch;
    const uint8_t *const *symbol; /* else: to read; NULL in it: zero */
    uint8_t *const *out;          /* else: to write; NULL in it: not wanted */
    size_t from;
    unsigned n; /* how many there are; behind are zeros, or the spare row */
};

struct pass {
    struct rows in, out;
    uint8_t *spare;
    size_t chunks, half; /* whole chunks of a row, and half of what is behind them */
    unsigned layer;      /* the first; others above it */
    unsigned p0, rows;   /* position of row 0; blocks from here on may be left out */
    bool sum;            /* add to what is in `out` */
};

/* Once a row and pass, for all of its length. */
static const uint8_t *row_in(const struct pass *p, unsigned i)
{
    if (i >= p->in.n)
        return zeros;
    if (!p->in.symbol)
        return p->in.base + i * p->in.pitch;
    return p->in.symbol[i] ? p->in.symbol[i] + p->in.from : zeros;
}

static uint8_t *row_out(const struct pass *p, unsigned i)
{
    if (!p->out.out)
        return p->out.base + i * p->out.pitch;
    return i < p->out.n && p->out.out[i] ? p->out.out[i] + p->out.from : p->spare;
}

/* Of a block at this position: its first layer's, then the layers' above. */
INLINE void constants(constant *c, const struct rs *r, unsigned position, unsigned layer,
                      unsigned layers)
{
    const struct multiplier *m = r->by;
    unsigned at = position >> layer >> 1;
    c[0] = constant_of(&m[at]);
    if (layers == 2) {
        c[1] = constant_of(&m[at + 1]);
        c[2] = constant_of(&m[at / 2]);
    } else if (layers == 3) {
        c[1] = constant_of(&m[at + 1]);
        c[2] = constant_of(&m[at + 2]);
        c[3] = constant_of(&m[at + 3]);
        c[4] = constant_of(&m[at / 2]);
        c[5] = constant_of(&m[at / 2 + 1]);
        c[6] = constant_of(&m[at / 4]);
    }
}

#define INVERSE(x, y, c) (v[y] = plus(v[y], v[x]), v[x] = plus_times(v[x], &c, v[y]))
#define FORWARD(x, y, c) (v[x] = plus_times(v[x], &c, v[y]), v[y] = plus(v[y], v[x]))

INLINE void inverse_block(vec *v, const constant *c, unsigned layers)
{
    INVERSE(0, 1, c[0]);
    if (layers > 1)
        INVERSE(2, 3, c[1]);
    if (layers == 2) {
        INVERSE(0, 2, c[2]);
        INVERSE(1, 3, c[2]);
    }
    if (layers == 3) {
        INVERSE(4, 5, c[2]);
        INVERSE(6, 7, c[3]);
        INVERSE(0, 2, c[4]);
        INVERSE(1, 3, c[4]);
        INVERSE(4, 6, c[5]);
        INVERSE(5, 7, c[5]);
        INVERSE(0, 4, c[6]);
        INVERSE(1, 5, c[6]);
        INVERSE(2, 6, c[6]);
        INVERSE(3, 7, c[6]);
    }
}

INLINE void forward_block(vec *v, const constant *c, unsigned layers)
{
    if (layers == 3) {
        FORWARD(0, 4, c[6]);
        FORWARD(1, 5, c[6]);
        FORWARD(2, 6, c[6]);
        FORWARD(3, 7, c[6]);
        FORWARD(0, 2, c[4]);
        FORWARD(1, 3, c[4]);
        FORWARD(4, 6, c[5]);
        FORWARD(5, 7, c[5]);
        FORWARD(4, 5, c[2]);
        FORWARD(6, 7, c[3]);
    }
    if (layers == 2) {
        FORWARD(0, 2, c[2]);
        FORWARD(1, 3, c[2]);
    }
    if (layers > 1)
        FORWARD(2, 3, c[1]);
    FORWARD(0, 1, c[0]);
}

#define EACH_ROW(DO)      \
    do {                  \
        DO(0);            \
        DO(1);            \
        if (layers > 1) { \
            DO(2);        \
            DO(3);        \
        }                 \
        if (layers > 2) { \
            DO(4);        \
            DO(5);        \
            DO(6);        \
            DO(7);        \
        }                 \
    } while (0)
#define LOAD(i)       (v[i] = load(in[i] + at))
#define STORE(i)      store(out[i] + at, v[i])
#define SUM(i)        store(out[i] + at, plus(load(out[i] + at), v[i]))
#define LOAD_TAIL(i)  (v[i] = load_tail(in[i] + at, p->half))
#define STORE_TAIL(i) store_tail(out[i] + at, p->half, v[i])

INLINE void block(vec *v, const constant *c, bool forward, unsigned layers)
{
    if (forward)
        forward_block(v, c, layers);
    else
        inverse_block(v, c, layers);
}

/* One group of rows, for all of their length. */
INLINE void along(const struct pass *p, const constant *c, const uint8_t *const *in,
                  uint8_t *const *out, bool forward, unsigned layers)
{
    vec v[8];
    size_t at = 0;
    for (; at < p->chunks * RS_CHUNK; at += RS_CHUNK) {
        EACH_ROW(LOAD);
        block(v, c, forward, layers);
        if (p->sum)
            EACH_ROW(SUM);
        else
            EACH_ROW(STORE);
    }
    if (!p->half)
        return;
    if (p->in.symbol)
        EACH_ROW(LOAD_TAIL);
    else
        EACH_ROW(LOAD);
    block(v, c, forward, layers);
    if (p->out.out)
        EACH_ROW(STORE_TAIL);
    else if (p->sum)
        EACH_ROW(SUM);
    else
        EACH_ROW(STORE);
}

INLINE void pass_of(const struct rs *r, const struct pass *p, bool forward, unsigned layers)
{
    const unsigned d = 1u << p->layer, n = 1u << layers;
    const uint8_t *in[8];
    uint8_t *out[8];
    constant c[7];
    for (unsigned b = 0; b < p->rows; b += d * n) {
        constants(c, r, p->p0 + b, p->layer, layers);
        for (unsigned i = b; i < b + d; i++) {
            for (unsigned k = 0; k < n; k++) {
                in[k] = row_in(p, i + k * d);
                out[k] = row_out(p, i + k * d);
            }
            along(p, c, in, out, forward, layers);
        }
    }
}

WAY static void pass(const struct rs *r, const struct pass *p, bool forward, unsigned layers)
{
    if (layers == 1 && forward)
        pass_of(r, p, true, 1);
    else if (layers == 1)
        pass_of(r, p, false, 1);
    else if (layers == 2 && forward)
        pass_of(r, p, true, 2);
    else if (layers == 2)
        pass_of(r, p, false, 2);
#if LAYERS == 3
    else if (forward)
        pass_of(r, p, true, 3);
    else
        pass_of(r, p, false, 3);
#endif
}

static unsigned layers_of(const struct rs *r)
{
    unsigned layers = 0;
    while (1u << layers < r->rows)
        layers++;
    return layers;
}

/* p.in, p.rows of it other than zero, by way of w into p.out, which may be w. */
static void inverse(const struct rs *r, struct pass p, const struct rows *w)
{
    const struct rows end = p.out;
    const bool sum = p.sum;
    unsigned all = layers_of(r);
    for (unsigned done = 0, n; done < all; done += n) {
        n = all - done < LAYERS ? all - done : LAYERS;
        bool last = done + n == all;
        p.layer = done;
        p.out = last ? end : *w;
        p.sum = last && sum;
        pass(r, &p, false, n);
        p.rows = (p.rows + (1u << (done + n)) - 1) >> (done + n) << (done + n);
        p.in = *w;
        p.in.n = p.rows;
    }
}

/* p.in by way of w into p.out, p.rows of it wanted. */
static void forward(const struct rs *r, struct pass p, const struct rows *w)
{
    const struct rows end = p.out;
    for (unsigned left = layers_of(r), n; left > 0; left -= n) {
        n = left % LAYERS ? left % LAYERS : LAYERS;
        p.layer = left - n;
        p.out = p.layer ? *w : end;
        pass(r, &p, true, n);
        p.in = *w;
    }
}

static void encode_piece(const struct rs_piece *q)
{
    const struct rs *r = q->r;
    struct pass p = {.chunks = q->len / RS_CHUNK, .half = q->len % RS_CHUNK / 2};
    size_t pitch = rs_pitch(q->len);
    struct rows sum = {.base = q->scratch, .pitch = pitch, .n = r->rows}, w = sum;
    w.base += r->rows * pitch;
    p.spare = w.base + r->rows * pitch;
    for (unsigned k = 0; k < q->sources && (k == 0 || r->high); k += r->rows) {
        p.rows = q->sources - k < r->rows ? q->sources - k : r->rows;
        p.in = (struct rows){.symbol = q->source + k, .from = q->from, .n = p.rows};
        p.out = sum;
        p.sum = k > 0;
        p.p0 = r->high ? r->rows + k : 0;
        inverse(r, p, k ? &w : &sum);
    }
    p.sum = false;
    for (unsigned k = 0; k < r->recovery; k += r->rows) {
        p.rows = r->recovery - k < r->rows ? r->recovery - k : r->rows;
        p.in = sum;
        p.out = (struct rows){.out = q->out + k, .from = q->from, .n = p.rows};
        p.p0 = r->high ? 0 : r->rows + k;
        forward(r, p, r->high ? &sum : &w);
    }
}
