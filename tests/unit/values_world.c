#include "values_world.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

static struct untrusted take(const char **p, const char *end_at)
{
    size_t n = strcspn(*p, end_at);
    struct untrusted u = {*p, n};
    *p += n;
    return u;
}

static enum elem elem_of(struct untrusted name)
{
    for (int t = ELEM_NONE + 1; t < ELEM_COUNT; t++)
        if (strlen(elem_name((enum elem)t)) == name.n &&
            memcmp(elem_name((enum elem)t), name.p, name.n) == 0)
            return (enum elem)t;
    return ELEM_NONE;
}

static void take_dims(struct arena *a, const char **p, struct value_type *t)
{
    struct dim *dim = arena_alloc(a, VALUES_RANK * sizeof *dim);
    if (!dim)
        abort();
    t->has_shape = true;
    t->dim = dim;
    for ((*p)++; **p != ']'; t->rank++) {
        struct untrusted word = take(p, ",]");
        char *end;
        dim[t->rank].size = strtoll(word.p, &end, 10);
        if (end != word.p + word.n) {
            dim[t->rank].size = -1;
            if (*word.p != '?')
                dim[t->rank].name = word;
        }
        *p += **p == ',';
    }
    (*p)++;
}

static struct value_type take_type(struct arena *a, const char **p)
{
    static const struct {
        const char *word;
        unsigned kind;
    } outer[] = {{"sequence", TYPE_SEQUENCE}, {"map", TYPE_MAP}, {"optional", TYPE_OPTIONAL}};
    struct value_type t = {.kind = TYPE_TENSOR};
    struct untrusted word = take(p, "<[ >,=");
    for (size_t i = 0; i < sizeof outer / sizeof *outer; i++)
        if (strlen(outer[i].word) == word.n && memcmp(outer[i].word, word.p, word.n) == 0)
            t.kind = outer[i].kind;
    if (t.kind == TYPE_TENSOR) {
        t.elem = elem_of(word);
        if (**p == '[')
            take_dims(a, p, &t);
        return t;
    }
    (*p)++; /* < */
    if (t.kind == TYPE_MAP) {
        t.elem = elem_of(take(p, ","));
        (*p)++;
    }
    struct value_type *of = arena_alloc(a, sizeof *of);
    if (!of)
        abort();
    *of = take_type(a, p);
    t.of = of;
    (*p)++; /* > */
    return t;
}

struct model_info *signature_model(const char *signature)
{
    enum { MOST = 32 };
    struct model_info *m = mem_zalloc(sizeof *m);
    if (!m)
        abort();
    arena_init(&m->arena, 1 << 20);
    const char *p = arena_strdup(&m->arena, signature);
    struct port *port = arena_alloc(&m->arena, MOST * sizeof *port);
    if (!p || !port)
        abort();
    m->format = FORMAT_ONNX;
    m->input = port;
    while (*p) {
        struct port *one = &port[m->inputs++];
        one->name = take(&p, ":");
        p++;
        one->type = take_type(&m->arena, &p);
        one->has_default = *p == '=';
        p += strspn(p, "= ");
    }
    return m;
}

char *values_text(const struct values *v, bool typed)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, 64 << 20);
    json_out_init(&o, &b);
    if (typed)
        values_json(&o, NULL, v);
    else
        values_plain_json(&o, NULL, v);
    return buf_detach(&b, NULL);
}
