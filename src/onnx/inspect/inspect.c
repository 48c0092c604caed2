#include "onnx/inspect.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/inspect/internal.h"

#include "base/banned.h"

/* --- what the parts share */

bool failed(const struct inspector *in)
{
    return in->src->err.code != SOUK_OK;
}

void fail(struct inspector *in, const char *fmt, ...)
{
    char words[ERR_MSG_MAX];
    if (failed(in))
        return;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    err_set(&in->src->err, SOUK_EINPUT, "%s", words);
}

uint64_t add_sat(uint64_t a, uint64_t b)
{
    return b > UINT64_MAX - a ? UINT64_MAX : a + b;
}

uint64_t mul_sat(uint64_t a, uint64_t b)
{
    return a && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

void *grow(struct inspector *in, struct grown *g, size_t size, size_t max, const char *what)
{
    if (failed(in))
        return NULL;
    if (g->n == max) {
        fail(in, "it has more than %zu %s", max, what);
        return NULL;
    }
    if (g->n == g->room) {
        size_t room = g->room ? g->room * 2 : 8;
        void *more = arena_alloc(&in->info->arena, room * size);
        if (!more) {
            source_nomem(in->src, &in->info->arena, room * size);
            return NULL;
        }
        if (g->n)
            memcpy(more, g->p, g->n * size);
        g->p = more;
        g->room = room;
    }
    return (char *)g->p + size * g->n++;
}

/* --- element types */

static const struct {
    const char *name;
    size_t size;
} elems[ELEM_COUNT] = {
    [ELEM_NONE] = {"?", 0},
    [ELEM_FLOAT] = {"float32", 4},
    [ELEM_UINT8] = {"uint8", 1},
    [ELEM_INT8] = {"int8", 1},
    [ELEM_UINT16] = {"uint16", 2},
    [ELEM_INT16] = {"int16", 2},
    [ELEM_INT32] = {"int32", 4},
    [ELEM_INT64] = {"int64", 8},
    [ELEM_STRING] = {"string", 0},
    [ELEM_BOOL] = {"bool", 1},
    [ELEM_FLOAT16] = {"float16", 2},
    [ELEM_DOUBLE] = {"float64", 8},
    [ELEM_UINT32] = {"uint32", 4},
    [ELEM_UINT64] = {"uint64", 8},
    [ELEM_COMPLEX64] = {"complex64", 8},
    [ELEM_COMPLEX128] = {"complex128", 16},
    [ELEM_BFLOAT16] = {"bfloat16", 2},
};

const char *elem_name(enum elem t)
{
    return (unsigned)t < ELEM_COUNT ? elems[t].name : "?";
}

size_t elem_size(enum elem t)
{
    return (unsigned)t < ELEM_COUNT ? elems[t].size : 0;
}

/* --- the whole */

static void read_all(struct inspector *in)
{
    struct model_info *info = in->info;
    if (in->src->size == 0) {
        fail(in, "it is empty");
        return;
    }
    info->format = format_of(in->src);
    if (failed(in))
        return;
    if (info->format == FORMAT_ONNX)
        read_onnx(in);
    else if (info->format == FORMAT_SAFETENSORS)
        read_safetensors(in);
    else if (info->format == FORMAT_GGUF)
        read_gguf(in);
    info->meta = in->metas.p;
    info->metas = in->metas.n;
    info->weight = in->weights.p;
    info->weights = in->weights.n;
}

static souk_err inspect(struct source *s, struct model_info **out, struct err *e)
{
    struct inspector in = {.src = s, .info = mem_zalloc(sizeof *in.info), .ops = op_table_new()};
    *out = NULL;
    souk_err r = in.info && in.ops ? SOUK_OK : err_nomem(e);
    if (!r) {
        arena_init(&in.info->arena, INSPECT_MEMORY);
        in.info->size = s->size;
        read_all(&in);
        r = s->err.code;
        if (r == SOUK_EINPUT && in.info->format != FORMAT_UNKNOWN)
            err_set(e, r, "not a sound %s file: %s", format_name(in.info->format), s->err.msg);
        else if (r)
            err_set(e, r, "%s", s->err.msg);
    }
    mem_free(in.names);
    op_table_free(in.ops);
    if (r)
        model_info_free(in.info);
    else
        *out = in.info;
    return r;
}

souk_err model_inspect(int fd, struct model_info **out, struct err *e)
{
    struct source s;
    *out = NULL;
    souk_err r = source_open(&s, fd, e);
    if (!r)
        r = inspect(&s, out, e);
    source_release(&s);
    return r;
}

souk_err model_inspect_bytes(const uint8_t *p, size_t n, struct model_info **out, struct err *e)
{
    struct source s;
    source_bytes(&s, p, n);
    return inspect(&s, out, e);
}

void model_info_free(struct model_info *m)
{
    if (!m)
        return;
    arena_release(&m->arena);
    mem_free(m);
}
