/* Which ops a model uses, how often, and whether an engine will know them. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/inspect/internal.h"

#include "base/banned.h"

enum { SLOTS = 2 * INSPECT_OPS };

struct op_table {
    struct op_count *slot[SLOTS]; /* in the arena */
    size_t used;
};

struct op_table *op_table_new(void)
{
    return mem_zalloc(sizeof(struct op_table));
}

void op_table_free(struct op_table *t)
{
    mem_free(t);
}

uint64_t hash_bytes(uint64_t h, const char *p, size_t n)
{
    h ^= 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)p[i]) * 0x100000001b3u;
    return h ^ h >> 29;
}

static struct untrusted kept(struct inspector *in, struct untrusted t)
{
    char *p = arena_strndup(&in->info->arena, t.p, t.n);
    if (!p)
        source_nomem(in->src, &in->info->arena, t.n + 1);
    return untrusted_n(p, p ? t.n : 0);
}

void count_op(struct inspector *in, struct untrusted domain, struct untrusted op)
{
    struct op_table *t = in->ops;
    in->info->nodes++;
    size_t i = hash_bytes(hash_bytes(0, domain.p, domain.n), op.p, op.n) % SLOTS;
    for (; t->slot[i]; i = (i + 1) % SLOTS) {
        if (untrusted_eq(t->slot[i]->op, op) && untrusted_eq(t->slot[i]->domain, domain)) {
            t->slot[i]->n++;
            return;
        }
    }
    if (t->used == INSPECT_OPS) {
        fail(in, "it uses more than %d different ops", INSPECT_OPS);
        return;
    }
    struct op_count *c = arena_alloc(&in->info->arena, sizeof *c);
    if (!c) {
        source_nomem(in->src, &in->info->arena, sizeof *c);
        return;
    }
    *c = (struct op_count){.domain = kept(in, domain), .op = kept(in, op), .n = 1};
    t->slot[i] = c;
    t->used++;
}

static int by_use(const void *a, const void *b)
{
    const struct op_count *x = *(struct op_count *const *)a, *y = *(struct op_count *const *)b;
    if (x->n != y->n)
        return x->n < y->n ? 1 : -1;
    size_t n = x->op.n < y->op.n ? x->op.n : y->op.n;
    int c = n ? memcmp(x->op.p, y->op.p, n) : 0;
    if (c == 0 && x->op.n != y->op.n)
        return x->op.n < y->op.n ? -1 : 1;
    return c;
}

/* ONNX's own domains and those that ONNX Runtime brings. */
static bool is_known(struct untrusted domain)
{
    static const char *const known[] = {
        "",
        "ai.onnx",
        "ai.onnx.ml",
        "ai.onnx.training",
        "ai.onnx.preview",
        "ai.onnx.preview.training",
        "com.microsoft",
        "com.microsoft.experimental",
        "com.microsoft.nchwc",
        "com.ms.internal.nhwc",
        "org.pytorch.aten",
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (untrusted_eq(domain, untrusted(known[i])))
            return true;
    }
    return false;
}

static bool is_local(const struct inspector *in, const struct op_count *c)
{
    const struct model_pair *f = in->functions.p;
    for (size_t i = 0; i < in->functions.n; i++) {
        if (untrusted_eq(f[i].key, c->domain) && untrusted_eq(f[i].value, c->op))
            return true;
    }
    return false;
}

void sort_ops(struct inspector *in)
{
    struct op_table *t = in->ops;
    struct model_info *m = in->info;
    size_t n = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        struct op_count *c = t->slot[i];
        if (!c)
            continue;
        t->slot[i] = NULL;
        t->slot[n++] = c;
    }
    qsort(t->slot, n, sizeof t->slot[0], by_use);
    for (size_t i = 0; i < n && !m->custom_ops; i++) {
        m->custom_ops = !is_known(t->slot[i]->domain) && !is_local(in, t->slot[i]);
        if (m->custom_ops) {
            m->custom_domain = t->slot[i]->domain;
            m->custom_op = t->slot[i]->op;
        }
    }
    size_t shown = n < INSPECT_OPS_SHOWN ? n : INSPECT_OPS_SHOWN;
    struct op_count *list = arena_alloc(&m->arena, shown * sizeof *list);
    if (!list) {
        source_nomem(in->src, &m->arena, shown * sizeof *list);
        return;
    }
    for (size_t i = 0; i < shown; i++)
        list[i] = *t->slot[i];
    m->op = list;
    m->ops = shown;
    m->ops_all = n;
}
