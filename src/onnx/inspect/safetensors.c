/*
 * safetensors: eight bytes of length, so much JSON, then the weights.
 *
 *     {"__metadata__": {"format": "pt"}, "a.weight": {"dtype": "F32", "shape": [2, 3],
 *      "data_offsets": [0, 24]}, …}
 */
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "onnx/inspect/internal.h"

#include "base/banned.h"

enum { HEADER_MAX = 32 << 20, SHAPE_BUF = 256 };

static struct untrusted kept(struct inspector *in, const char *p, size_t n)
{
    n = n < INSPECT_TEXT ? n : INSPECT_TEXT;
    char *copy = arena_strndup(&in->info->arena, p, n);
    if (!copy)
        source_nomem(in->src, &in->info->arena, n);
    return untrusted_n(copy, copy ? n : 0);
}

static void read_metadata(struct inspector *in, const json *meta)
{
    for (const json *j = meta ? meta->child : NULL; j && !failed(in); j = j->next) {
        if (!cJSON_IsString(j) || in->info->metas_all++ >= INSPECT_PAIRS)
            continue;
        struct model_pair *p = grow(in, &in->metas, sizeof *p, INSPECT_PAIRS, "pairs of metadata");
        if (p)
            *p = (struct model_pair){kept(in, j->string, strlen(j->string)),
                                     kept(in, j->valuestring, strlen(j->valuestring))};
    }
}

/* An element of an array, as a count. */
static bool whole_number(const json *j, uint64_t *out)
{
    if (!cJSON_IsNumber(j) || !(j->valuedouble >= 0 && j->valuedouble < 9007199254740992.0))
        return false;
    *out = (uint64_t)j->valuedouble;
    return (double)*out == j->valuedouble;
}

static void read_weight(struct inspector *in, const json *j, uint64_t data)
{
    struct model_info *info = in->info;
    const json *shape = json_get(j, "shape"), *offsets = json_get(j, "data_offsets");
    uint64_t from, to, dim, elements = 1;
    struct buf words;
    if (!cJSON_IsArray(shape) || !whole_number(json_first(offsets), &from) ||
        !whole_number(json_next(json_first(offsets)), &to)) {
        fail(in, "a weight has no shape or no place (\"%.100s\")", j->string);
        return;
    }
    if (from > to || to > data) {
        fail(in, "a weight lies outside the file (\"%.100s\")", j->string);
        return;
    }
    buf_init(&words, SHAPE_BUF);
    for (const json *d = json_first(shape); d; d = json_next(d)) {
        if (!whole_number(d, &dim)) {
            fail(in, "a weight has a shape that is none (\"%.100s\")", j->string);
            break;
        }
        elements = mul_sat(elements, dim);
        buf_addf(&words, "%s%llu", d == json_first(shape) ? "" : "x", (unsigned long long)dim);
    }
    info->weights_all++;
    info->parameters = add_sat(info->parameters, elements);
    info->parameter_bytes = add_sat(info->parameter_bytes, to - from);
    if (!failed(in) && info->weights_all <= INSPECT_WEIGHTS) {
        struct weight *w = grow(in, &in->weights, sizeof *w, INSPECT_WEIGHTS, "weights");
        struct untrusted type = json_str(j, "dtype");
        if (w)
            *w = (struct weight){kept(in, j->string, strlen(j->string)),
                                 kept(in, type.n ? type.p : "", type.n),
                                 kept(in, words.p, words.len), to - from};
    }
    buf_release(&words);
}

void read_safetensors(struct inspector *in)
{
    const uint8_t *p = source_look(in->src, 0, 8);
    uint64_t len = p ? le64(p) : 0, left = in->src->size - 8;
    struct err e;
    if (len > left) {
        fail(in, "its header should be %llu bytes, and %llu are there", (unsigned long long)len,
             (unsigned long long)left);
        return;
    }
    if (len > HEADER_MAX) {
        fail(in, "its header is %llu bytes; souk reads up to %d", (unsigned long long)len,
             HEADER_MAX);
        return;
    }
    char *text = mem_alloc(len + 1);
    if (!text) {
        err_nomem(&in->src->err);
        return;
    }
    json *j = NULL;
    if (source_copy(in->src, 8, text, len) == SOUK_OK) {
        j = json_parse(text, len, "its header", &e);
        if (!j)
            err_set(&in->src->err, e.code == SOUK_ENOMEM ? SOUK_ENOMEM : SOUK_EINPUT, "%s", e.msg);
        else if (!cJSON_IsObject(j))
            fail(in, "its header is no JSON object");
    }
    mem_free(text);
    for (const json *w = j ? j->child : NULL; w && !failed(in); w = w->next) {
        if (strcmp(w->string, "__metadata__") == 0)
            read_metadata(in, w);
        else
            read_weight(in, w, left - len);
    }
    json_free(j);
}
