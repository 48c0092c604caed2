/*
 * rs_passes.h: the code over vectors, for a file that says what a vector is. No header in the usual
 * sense: rs_avx2.c and rs_avx512.c include it once each, after
 *
 *   WAY               the target attribute
 *   LAYERS            of butterflies in one pass, 2 or 3: as many as the registers hold
 *   vec, GRAIN        the elements of so many bytes of a row, one or two chunks
 *   constant          a multiplier as butterflies want it, and constant_of(&multiplier)
 *   load, store       in scratch, in an order of its own
 *   take, give        of the caller's symbols
 *   take_tail(p, n), give_tail(p, n, v)   of a symbol's last n bytes, less than GRAIN
 *   plus(x, y)        XOR
 *   plus_times(x, &c, y)   x + c * y
 *   FROM_MEMORY()     said before each grain: a place to keep the compiler from holding constants
 *                     in registers that it does not have
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
    size_t len;          /* of a row */
    unsigned layer;      /* the first; others above it */
    unsigned begin, end; /* rows, as far as they are not to be left out */
    unsigned p0;         /* position of row 0 */
    bool sum;            /* add to what is in `out` */
};

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
#define LOAD(i)      (v[i] = load(g->in[i] + at))
#define TAKE(i)      (v[i] = take(g->in[i] + at))
#define TAKE_TAIL(i) (v[i] = take_tail(g->in[i] + at, left))
#define STORE(i)     store(g->out[i] + at, v[i])
#define SUM(i)       store(g->out[i] + at, plus(load(g->out[i] + at), v[i]))
#define GIVE(i)      give(g->out[i] + at, v[i])
#define GIVE_TAIL(i) give_tail(g->out[i] + at, left, v[i])

/* Where the rows of one group lie. */
struct group {
    const uint8_t *in[8];
    uint8_t *out[8];
};

/* Rows first + k * d, k < n. */
INLINE void find(const struct pass *p, struct group *g, unsigned first, unsigned d, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        unsigned i = first + k * d;
        if (p->in.symbol)
            g->in[k] = i < p->in.n && p->in.symbol[i] ? p->in.symbol[i] + p->in.from : zeros;
        else
            g->in[k] = i < p->in.n ? p->in.base + rs_row(i) * p->in.pitch : zeros;
        if (p->out.out)
            g->out[k] = i < p->out.n && p->out.out[i] ? p->out.out[i] + p->out.from : p->spare;
        else
            g->out[k] = p->out.base + rs_row(i) * p->out.pitch;
    }
}

enum from { FROM_SCRATCH, FROM_SYMBOLS };
enum to { TO_SCRATCH, TO_SUM, TO_SYMBOLS };

INLINE void grain(const struct group *g, const constant *c, size_t at, size_t left, enum from from,
                  enum to to, bool forward, unsigned layers)
{
    vec v[8];
    FROM_MEMORY();
    if (from == FROM_SCRATCH)
        EACH_ROW(LOAD);
    else if (left >= GRAIN)
        EACH_ROW(TAKE);
    else
        EACH_ROW(TAKE_TAIL);
    if (forward)
        forward_block(v, c, layers);
    else
        inverse_block(v, c, layers);
    if (to == TO_SCRATCH)
        EACH_ROW(STORE);
    else if (to == TO_SUM)
        EACH_ROW(SUM);
    else if (left >= GRAIN)
        EACH_ROW(GIVE);
    else
        EACH_ROW(GIVE_TAIL);
}

/* One group of rows, for all of their length. */
INLINE void along(const struct pass *p, const struct group *g, const constant *c, enum from from,
                  enum to to, bool forward, unsigned layers)
{
    size_t at = 0;
    for (; p->len - at >= GRAIN; at += GRAIN)
        grain(g, c, at, GRAIN, from, to, forward, layers);
    if (at < p->len)
        grain(g, c, at, p->len - at, from, to, forward, layers);
}

INLINE void groups(const struct rs *r, const struct pass *p, enum from from, enum to to,
                   bool forward, unsigned layers)
{
    const unsigned d = 1u << p->layer, n = 1u << layers;
    struct group g;
    constant c[7];
    for (unsigned b = p->begin; b < p->end; b += d * n) {
        constants(c, r, p->p0 + b, p->layer, layers);
        for (unsigned i = b; i < b + d; i++) {
            find(p, &g, i, d, n);
            along(p, &g, c, from, to, forward, layers);
        }
    }
}

INLINE void pass_of(const struct rs *r, const struct pass *p, bool forward, unsigned layers)
{
    if (forward && p->out.out)
        groups(r, p, FROM_SCRATCH, TO_SYMBOLS, true, layers);
    else if (forward)
        groups(r, p, FROM_SCRATCH, TO_SCRATCH, true, layers);
    else if (p->in.symbol && p->sum)
        groups(r, p, FROM_SYMBOLS, TO_SUM, false, layers);
    else if (p->in.symbol)
        groups(r, p, FROM_SYMBOLS, TO_SCRATCH, false, layers);
    else if (p->sum)
        groups(r, p, FROM_SCRATCH, TO_SUM, false, layers);
    else
        groups(r, p, FROM_SCRATCH, TO_SCRATCH, false, layers);
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

/* A whole transform: what it begins with, works in, and ends as; one pass of it at a time. */
struct transform {
    const struct rs *r;
    struct pass p; /* all that passes have in common */
    struct rows from, work, to;
    unsigned layers, rows; /* all of them; rows that are not zero, or that are wanted */
    bool sum;
};

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/*
 * `layers` layers over the rows from `begin` on. Depth first: a part small enough for the nearest
 * cache is done with before the next is begun.
 */
static void inverse(const struct transform *t, unsigned begin, unsigned layers)
{
    unsigned n = layers % LAYERS ? layers % LAYERS : LAYERS, below = layers - n;
    if (below > LAYERS) {
        for (unsigned i = 0; i < 1u << n && begin + (i << below) < t->rows; i++)
            inverse(t, begin + (i << below), below);
    } else if (below) {
        struct pass p = t->p;
        p.in = t->from;
        p.out = t->work;
        p.begin = begin;
        p.end = smaller(begin + (1u << layers), t->rows);
        pass(t->r, &p, false, below);
    }
    struct pass p = t->p;
    bool last = layers == t->layers;
    p.in = below ? t->work : t->from;
    if (below) /* written so far */
        p.in.n = (t->rows + (1u << below) - 1) >> below << below;
    p.out = last ? t->to : t->work;
    p.sum = last && t->sum;
    p.layer = below;
    p.begin = begin;
    p.end = begin + 1;
    pass(t->r, &p, false, n);
}

static void forward(const struct transform *t, unsigned begin, unsigned layers)
{
    unsigned n = layers % LAYERS ? layers % LAYERS : LAYERS, below = layers - n;
    struct pass p = t->p;
    p.in = layers == t->layers ? t->from : t->work;
    p.out = below ? t->work : t->to;
    p.layer = below;
    p.begin = begin;
    p.end = begin + 1;
    pass(t->r, &p, true, n);
    if (below > LAYERS) {
        for (unsigned i = 0; i < 1u << n && begin + (i << below) < t->rows; i++)
            forward(t, begin + (i << below), below);
    } else if (below) {
        p.in = t->work;
        p.out = t->to;
        p.layer = 0;
        p.end = smaller(begin + (1u << layers), t->rows);
        pass(t->r, &p, true, below);
    }
}

static void encode_piece(const struct rs_piece *q)
{
    const struct rs *r = q->r;
    size_t pitch = rs_pitch(q->len);
    struct rows sum = {.base = q->scratch, .pitch = pitch, .n = r->rows}, more = sum;
    more.base += rs_row(r->rows) * pitch;
    struct transform t = {.r = r};
    t.p.len = q->len;
    t.p.spare = more.base + rs_row(r->rows) * pitch;
    do /* there are two rows at least */
        t.layers++;
    while (1u << t.layers < r->rows);
    t.to = sum;
    for (unsigned k = 0; k < q->sources && (k == 0 || r->high); k += r->rows) {
        t.rows = smaller(q->sources - k, r->rows);
        t.from = (struct rows){.symbol = q->source + k, .from = q->from, .n = t.rows};
        t.work = k ? more : sum;
        t.sum = k > 0;
        t.p.p0 = r->high ? r->rows + k : 0;
        inverse(&t, 0, t.layers);
    }
    t.from = sum;
    t.work = r->high ? sum : more;
    for (unsigned k = 0; k < r->recovery; k += r->rows) {
        t.rows = smaller(r->recovery - k, r->rows);
        t.to = (struct rows){.out = q->out + k, .from = q->from, .n = t.rows};
        t.p.p0 = r->high ? 0 : r->rows + k;
        forward(&t, 0, t.layers);
    }
}
