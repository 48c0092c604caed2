/*
 * Components by Tarjan's algorithm, without recursion. The edges' numbers lie in one array; a
 * component's edges are a stretch of it, and what is left of a component after its failing members
 * were taken away is a stretch of that, to be looked at again.
 */
#include "market/genuine/circle.h"

#include <string.h>

#include "base/mem.h"
#include "market/genuine/wide.h"
#include "market/map.h"

#include "base/banned.h"

#define NOWHERE UINT32_MAX

struct node {
    uint32_t name;
    uint32_t number, low; /* Tarjan's; number 0: not seen */
    uint32_t edge;        /* the next one to follow; NOWHERE: none */
    uint32_t component;
    uint32_t ins, outs;
    bool waits, gone;
    u256 in, out;
};

struct stretch {
    size_t from, n;
};

struct finder {
    const struct edge *edge;
    uint32_t authors, margin;
    struct node *node;
    uint32_t *from, *to; /* of each edge, as places in node */
    uint32_t *next;      /* the next edge from the same node */
    uint32_t *order;     /* numbers of edges; stretches of it are components */
    uint32_t *spare;
    uint32_t *stack, *path; /* Tarjan's, and the walk to where it is */
    struct stretch *todo;
    uint32_t *member;
    size_t n, nodes, todos;
    uint32_t components;
    circle_fn fn;
    void *ud;
};

/* --- components of the edges order[s.from .. s.from + s.n) */

static void begin(struct finder *f, struct stretch s)
{
    for (size_t i = s.from; i < s.from + s.n; i++) {
        uint32_t both[2] = {f->from[f->order[i]], f->to[f->order[i]]};
        for (int k = 0; k < 2; k++) {
            struct node *v = &f->node[both[k]];
            v->number = 0;
            v->edge = NOWHERE;
            v->waits = false;
        }
    }
    for (size_t i = s.from + s.n; i-- > s.from;) { /* backwards: followed in their order */
        uint32_t e = f->order[i];
        f->next[e] = f->node[f->from[e]].edge;
        f->node[f->from[e]].edge = e;
    }
}

static void close_component(struct finder *f, size_t *waiting, uint32_t root)
{
    uint32_t v;
    f->components++;
    do {
        v = f->stack[--*waiting];
        f->node[v].waits = false;
        f->node[v].component = f->components;
    } while (v != root);
}

static void walk(struct finder *f, uint32_t root, uint32_t *count)
{
    size_t depth = 0, waiting = 0;
    f->path[depth++] = root;
    while (depth) {
        uint32_t at = f->path[depth - 1];
        struct node *v = &f->node[at];
        if (v->number == 0) {
            v->number = v->low = ++*count;
            v->waits = true;
            f->stack[waiting++] = at;
        }
        if (v->edge != NOWHERE) {
            uint32_t e = v->edge;
            struct node *w = &f->node[f->to[e]];
            if (w->number == 0) {
                f->path[depth++] = f->to[e]; /* comes back to this edge when w is done */
                continue;
            }
            if (w->waits && w->low < v->low) {
                v->low = w->low;
            }
            v->edge = f->next[e];
            continue;
        }
        if (v->low == v->number) {
            close_component(f, &waiting, at);
        }
        depth--;
    }
}

/* --- is it a circle? */

static bool fails(const struct finder *f, const struct node *v)
{
    bool more = u256_cmp(v->in, v->out) > 0;
    u256 least = more ? v->out : v->in, most = more ? v->in : v->out;
    return !wide_at_least(least, 1000, most, 1000 - f->margin);
}

/* The sums of each member within the component; f->member lists them. */
static size_t add_up(struct finder *f, struct stretch s)
{
    size_t members = 0;
    for (size_t i = s.from; i < s.from + s.n; i++) {
        uint32_t both[2] = {f->from[f->order[i]], f->to[f->order[i]]};
        for (int k = 0; k < 2; k++) {
            struct node *v = &f->node[both[k]];
            v->in = v->out = U256_ZERO;
            v->ins = v->outs = 0;
            v->gone = true; /* for a moment: listed once */
        }
    }
    for (size_t i = s.from; i < s.from + s.n; i++) {
        const struct edge *e = &f->edge[f->order[i]];
        uint32_t both[2] = {f->from[f->order[i]], f->to[f->order[i]]};
        struct node *a = &f->node[both[0]], *b = &f->node[both[1]];
        (void)u256_add(a->out, e->amount, &a->out);
        (void)u256_add(b->in, e->amount, &b->in);
        a->outs = a->outs > UINT32_MAX - e->n ? UINT32_MAX : a->outs + e->n;
        b->ins = b->ins > UINT32_MAX - e->n ? UINT32_MAX : b->ins + e->n;
        for (int k = 0; k < 2; k++) {
            if (f->node[both[k]].gone) {
                f->node[both[k]].gone = false;
                f->member[members++] = both[k];
            }
        }
    }
    return members;
}

static souk_err found(struct finder *f, size_t members, struct err *e)
{
    uint32_t rounds = UINT32_MAX;
    for (size_t i = 0; i < members; i++) {
        const struct node *v = &f->node[f->member[i]];
        rounds = v->ins < rounds ? v->ins : rounds;
        rounds = v->outs < rounds ? v->outs : rounds;
        f->member[i] = v->name;
    }
    return f->fn(f->ud, f->member, members, rounds, e);
}

/* One component: a circle, or less those of its members that fail, to be looked at again. */
static souk_err judge(struct finder *f, struct stretch s, struct err *e)
{
    size_t members = add_up(f, s), bad = 0, strangers = 0, left = 0;
    for (size_t i = 0; i < members; i++) {
        const struct node *v = &f->node[f->member[i]];
        if (fails(f, v)) {
            bad++;
            strangers += v->name >= f->authors;
        }
    }
    if (bad == 0) {
        return found(f, members, e);
    }
    for (size_t i = 0; i < members; i++) {
        struct node *v = &f->node[f->member[i]];
        v->gone = fails(f, v) && (strangers == 0 || v->name >= f->authors);
    }
    for (size_t i = s.from; i < s.from + s.n; i++) {
        uint32_t at = f->order[i];
        if (!f->node[f->from[at]].gone && !f->node[f->to[at]].gone) {
            f->order[s.from + left++] = at;
        }
    }
    if (left) {
        f->todo[f->todos++] = (struct stretch){s.from, left};
    }
    return SOUK_OK;
}

/* Orders a stretch by component, edges between components last, and keeps their order else. first:
 * the number of the first component. Returns how many edges are within one. */
static size_t by_component(struct finder *f, struct stretch s, uint32_t first)
{
    uint32_t *start = f->path; /* the walk is over; no more components than nodes */
    uint32_t many = f->components - first;
    size_t within = 0;
    memset(start, 0, many * sizeof *start);
    for (size_t i = s.from; i < s.from + s.n; i++) {
        uint32_t c = f->node[f->from[f->order[i]]].component;
        if (c == f->node[f->to[f->order[i]]].component) {
            start[c - first - 1]++;
            within++;
        }
    }
    uint32_t sum = 0;
    for (uint32_t c = 0; c < many; c++) {
        uint32_t n = start[c];
        start[c] = sum;
        sum += n;
    }
    for (size_t i = s.from; i < s.from + s.n; i++) {
        uint32_t c = f->node[f->from[f->order[i]]].component;
        if (c == f->node[f->to[f->order[i]]].component) {
            f->spare[start[c - first - 1]++] = f->order[i];
        }
    }
    memcpy(f->order + s.from, f->spare, within * sizeof *f->order);
    return within;
}

static souk_err look(struct finder *f, struct stretch s, struct err *e)
{
    uint32_t count = 0, first = f->components;
    begin(f, s);
    for (size_t i = s.from; i < s.from + s.n; i++) {
        uint32_t v = f->from[f->order[i]];
        if (f->node[v].number == 0) {
            walk(f, v, &count);
        }
    }
    s.n = by_component(f, s, first);
    souk_err rc = SOUK_OK;
    for (size_t i = 0, n; i < s.n && !rc; i += n) {
        uint32_t c = f->node[f->from[f->order[s.from + i]]].component;
        for (n = 1; i + n < s.n && f->node[f->from[f->order[s.from + i + n]]].component == c; n++) {
        }
        rc = judge(f, (struct stretch){s.from + i, n}, e);
    }
    return rc;
}

/* --- all of it */

/* Numbers the nodes in the order in which edges name them. */
static souk_err number(struct finder *f, struct err *e)
{
    struct map places;
    souk_err rc = SOUK_OK;
    map_init(&places, f->n * 2 + 1);
    for (size_t i = 0; i < f->n && !rc; i++) {
        uint32_t name[2] = {f->edge[i].from, f->edge[i].to}, place[2] = {0, 0};
        for (int k = 0; k < 2 && !rc; k++) {
            uint32_t *at = map_put(&places, (uint64_t)name[k] + 1, (uint32_t)f->nodes);
            if (!at) {
                rc = err_nomem(e);
            } else {
                place[k] = *at;
                if (*at == f->nodes) {
                    f->node[f->nodes++] = (struct node){.name = name[k]};
                }
            }
        }
        f->from[i] = place[0];
        f->to[i] = place[1];
        f->order[i] = (uint32_t)i;
    }
    map_release(&places);
    return rc;
}

souk_err circles_find(const struct edge *edge, size_t n, uint32_t authors, uint32_t margin,
                      circle_fn fn, void *ud, struct err *e)
{
    struct finder f = {
        .edge = edge, .authors = authors, .margin = margin, .n = n, .fn = fn, .ud = ud};
    souk_err rc = SOUK_OK;
    if (n == 0) {
        return SOUK_OK;
    }
    size_t nodes = n + n;
    uint32_t *memory = mem_array(5 * n + 3 * nodes, sizeof *memory);
    f.node = mem_array(nodes, sizeof *f.node);
    f.todo = mem_array(n, sizeof *f.todo);
    if (!memory || !f.node || !f.todo) {
        rc = err_nomem(e);
    } else {
        f.from = memory;
        f.to = f.from + n;
        f.next = f.to + n;
        f.order = f.next + n;
        f.spare = f.order + n;
        f.stack = f.spare + n;
        f.path = f.stack + nodes;
        f.member = f.path + nodes;
        rc = number(&f, e);
    }
    if (!rc) {
        f.todo[f.todos++] = (struct stretch){0, n};
    }
    while (f.todos && !rc) {
        rc = look(&f, f.todo[--f.todos], e);
    }
    mem_free(memory);
    mem_free(f.node);
    mem_free(f.todo);
    return rc;
}
