/*
 * GGUF, versions 2 and 3: "GGUF", version, how many tensors, how many pairs; the pairs; what each
 * tensor is. Numbers little-endian, strings with a 64 bit length before them. Every string must be
 * stepped over one by one (a vocabulary has a quarter of a million), so their number is bounded.
 */
#include <stdio.h>
#include <string.h>

#include "onnx/inspect/internal.h"

#include "base/banned.h"

enum {
    ITEMS_MAX = 8 << 20, /* strings, pairs and tensors that are stepped over */
    ARRAY_DEPTH = 4,
    DIMS_MAX = 8,
    VALUE_BUF = 256
};

enum gguf_type { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64, TYPES };
static const uint8_t sizes[TYPES] = {
    [U8] = 1,  [I8] = 1,   [U16] = 2, [I16] = 2, [U32] = 4, [I32] = 4,
    [F32] = 4, [BOOL] = 1, [U64] = 8, [I64] = 8, [F64] = 8,
};

/* What a tensor's elements are: so many bytes for a block of so many. By ggml's numbers. */
static const struct {
    const char *name;
    uint16_t block, bytes;
} kinds[] = {
    [0] = {"F32", 1, 4},         [1] = {"F16", 1, 2},         [2] = {"Q4_0", 32, 18},
    [3] = {"Q4_1", 32, 20},      [6] = {"Q5_0", 32, 22},      [7] = {"Q5_1", 32, 24},
    [8] = {"Q8_0", 32, 34},      [9] = {"Q8_1", 32, 36},      [10] = {"Q2_K", 256, 84},
    [11] = {"Q3_K", 256, 110},   [12] = {"Q4_K", 256, 144},   [13] = {"Q5_K", 256, 176},
    [14] = {"Q6_K", 256, 210},   [15] = {"Q8_K", 256, 292},   [16] = {"IQ2_XXS", 256, 66},
    [17] = {"IQ2_XS", 256, 74},  [18] = {"IQ3_XXS", 256, 98}, [19] = {"IQ1_S", 256, 50},
    [20] = {"IQ4_NL", 32, 18},   [21] = {"IQ3_S", 256, 110},  [22] = {"IQ2_S", 256, 82},
    [23] = {"IQ4_XS", 256, 136}, [24] = {"I8", 1, 1},         [25] = {"I16", 1, 2},
    [26] = {"I32", 1, 4},        [27] = {"I64", 1, 8},        [28] = {"F64", 1, 8},
    [29] = {"IQ1_M", 256, 56},   [30] = {"BF16", 1, 2},
};

struct gguf {
    struct inspector *in;
    uint64_t at;
    uint64_t items;
};

static uint64_t number(struct gguf *g, size_t n)
{
    const uint8_t *p = source_look(g->in->src, g->at, n);
    uint64_t v = 0;
    for (size_t i = n; p && i-- > 0;)
        v = v << 8 | p[i];
    g->at += n;
    return v;
}

/* A string's bytes are stepped over; kept when `out` is given. */
static void string(struct gguf *g, struct untrusted *out)
{
    struct inspector *in = g->in;
    uint64_t len = number(g, 8);
    if (failed(in))
        return;
    if (len > in->src->size - g->at) {
        fail(in, "a string of %llu bytes is longer than the file", (unsigned long long)len);
        return;
    }
    if (++g->items > ITEMS_MAX)
        fail(in, "it has more than %d strings", ITEMS_MAX);
    if (out) {
        size_t n = len < INSPECT_TEXT ? (size_t)len : INSPECT_TEXT;
        char *p = arena_alloc(&in->info->arena, n + 1);
        if (!p)
            source_nomem(in->src, &in->info->arena, n + 1);
        else if (source_copy(in->src, g->at, p, n) == SOUK_OK)
            *out = untrusted_n(p, n);
    }
    g->at += len;
}

static void skip_array(struct gguf *g, unsigned depth, uint64_t *type, uint64_t *count)
{
    struct inspector *in = g->in;
    *type = number(g, 4);
    *count = number(g, 8);
    if (failed(in))
        return;
    if (*type >= TYPES || depth > ARRAY_DEPTH) {
        fail(in, "a list has elements of a kind that does not exist");
    } else if (sizes[*type]) {
        uint64_t bytes = mul_sat(*count, sizes[*type]);
        if (bytes > in->src->size - g->at)
            fail(in, "a list of %llu numbers is longer than the file", (unsigned long long)*count);
        else
            g->at += bytes;
    } else {
        uint64_t t, n;
        for (uint64_t i = 0; i < *count && !failed(in); i++) {
            if (*type == STRING)
                string(g, NULL);
            else if (++g->items > ITEMS_MAX)
                fail(in, "it has more than %d lists", ITEMS_MAX);
            else
                skip_array(g, depth + 1, &t, &n);
        }
    }
}

static float bits_to_float(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static double bits_to_double(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static void number_words(enum gguf_type type, uint64_t v, char out[VALUE_BUF])
{
    unsigned bits = 8u * sizes[type];
    int64_t s = (int64_t)(v << (64 - bits)) >> (64 - bits);
    switch (type) {
    case I8:
    case I16:
    case I32:
    case I64:
        snprintf(out, VALUE_BUF, "%lld", (long long)s);
        break;
    case F32:
        snprintf(out, VALUE_BUF, "%.9g", (double)bits_to_float((uint32_t)v));
        break;
    case F64:
        snprintf(out, VALUE_BUF, "%.17g", bits_to_double(v));
        break;
    case BOOL:
        snprintf(out, VALUE_BUF, "%s", v ? "true" : "false");
        break;
    default:
        snprintf(out, VALUE_BUF, "%llu", (unsigned long long)v);
    }
}

static const char *type_name(uint64_t t)
{
    static const char *const name[TYPES] = {"uint8",  "int8",    "uint16", "int16",  "uint32",
                                            "int32",  "float32", "bool",   "string", "list",
                                            "uint64", "int64",   "float64"};
    return t < TYPES ? name[t] : "?";
}

static struct untrusted kept_words(struct inspector *in, const char *words)
{
    char *p = arena_strdup(&in->info->arena, words);
    if (!p)
        source_nomem(in->src, &in->info->arena, strlen(words));
    return untrusted(p);
}

static void read_pair(struct gguf *g)
{
    struct inspector *in = g->in;
    struct model_pair pair = {0};
    char words[VALUE_BUF];
    uint64_t inner, count;
    bool keep = in->info->metas_all++ < INSPECT_PAIRS;
    string(g, keep ? &pair.key : NULL);
    uint64_t type = number(g, 4);
    if (failed(in))
        return;
    if (type >= TYPES) {
        fail(in, "a value is of a kind that does not exist (%llu)", (unsigned long long)type);
    } else if (type == STRING) {
        string(g, keep ? &pair.value : NULL);
    } else {
        if (type == ARRAY) {
            skip_array(g, 1, &inner, &count);
            snprintf(words, sizeof words, "%llu of %s", (unsigned long long)count,
                     type_name(inner));
        } else {
            number_words((enum gguf_type)type, number(g, sizes[type]), words);
        }
        if (keep && !failed(in))
            pair.value = kept_words(in, words);
    }
    struct model_pair *to =
        keep ? grow(in, &in->metas, sizeof *to, INSPECT_PAIRS, "pairs of metadata") : NULL;
    if (to)
        *to = pair;
}

static void read_tensor_info(struct gguf *g)
{
    struct inspector *in = g->in;
    struct model_info *info = in->info;
    struct weight w = {0};
    char shape[DIMS_MAX * 21] = "";
    uint64_t elements = 1;
    bool keep = info->weights_all++ < INSPECT_WEIGHTS;
    string(g, keep ? &w.name : NULL);
    uint64_t dims = number(g, 4);
    if (dims > DIMS_MAX)
        fail(in, "a tensor has %llu dimensions", (unsigned long long)dims);
    for (size_t i = 0, n = 0; i < dims && !failed(in); i++) {
        uint64_t d = number(g, 8);
        elements = mul_sat(elements, d);
        n += (size_t)snprintf(shape + n, sizeof shape - n, "%s%llu", i ? "x" : "",
                              (unsigned long long)d);
    }
    uint64_t kind = number(g, 4);
    number(g, 8); /* where it lies behind the header */
    bool known = kind < sizeof kinds / sizeof *kinds && kinds[kind].name;
    w.bytes = known ? mul_sat(elements / kinds[kind].block, kinds[kind].bytes) : 0;
    info->parameters = add_sat(info->parameters, elements);
    info->parameter_bytes = add_sat(info->parameter_bytes, w.bytes);
    if (!failed(in) && w.bytes > info->size)
        fail(in, "a tensor is larger than the file (\"%.*s\")",
             w.name.n < 100 ? (int)w.name.n : 100, w.name.n ? w.name.p : "");
    struct weight *to =
        keep ? grow(in, &in->weights, sizeof *to, INSPECT_WEIGHTS, "weights") : NULL;
    if (!to)
        return;
    w.type = known ? untrusted(kinds[kind].name) : untrusted("?");
    w.shape = kept_words(in, shape);
    *to = w;
}

void read_gguf(struct inspector *in)
{
    struct gguf g = {.in = in, .at = 4};
    uint64_t version = number(&g, 4), tensors = number(&g, 8), pairs = number(&g, 8);
    if (failed(in))
        return;
    if (version != 2 && version != 3) {
        fail(in,
             version & 0xffff ? "version %llu is not one that souk reads (2 and 3)"
                              : "its numbers are big-endian (%llu)",
             (unsigned long long)version);
        return;
    }
    /* A pair takes at least 13 bytes, what a tensor is 24. */
    if (pairs > in->src->size / 13 || tensors > in->src->size / 24) {
        fail(in, "it says that it has %llu tensors and %llu pairs of metadata: more than fit",
             (unsigned long long)tensors, (unsigned long long)pairs);
        return;
    }
    in->info->model_version = (int64_t)version;
    for (uint64_t i = 0; i < pairs && !failed(in); i++)
        read_pair(&g);
    for (uint64_t i = 0; i < tensors && !failed(in); i++)
        read_tensor_info(&g);
}
