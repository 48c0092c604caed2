#include "onnx/run/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"

#include "base/banned.h"

/* --- writing */

void wire_out_init(struct wire_out *w, int fd)
{
    w->fd = fd;
    w->bad = false;
    w->n = 0;
}

static void put(struct wire_out *w, const void *p, size_t n)
{
    const uint8_t *at = p;
    while (n && !w->bad) {
        ssize_t k = write(w->fd, at, n);
        if (k < 0 && errno != EINTR)
            w->bad = true;
        at += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
}

bool wire_flush(struct wire_out *w)
{
    put(w, w->b, w->n);
    w->n = 0;
    return !w->bad;
}

static void add(struct wire_out *w, const void *p, size_t n)
{
    if (n > sizeof w->b - w->n)
        wire_flush(w);
    if (n > sizeof w->b) {
        put(w, p, n);
        return;
    }
    if (n)
        memcpy(w->b + w->n, p, n);
    w->n += n;
}

static void head(struct wire_out *w, enum wire_kind k, size_t n)
{
    uint8_t h[WIRE_HEAD];
    uint32_t len = (uint32_t)n;
    memcpy(h, &len, sizeof len);
    h[4] = (uint8_t)k;
    add(w, h, sizeof h);
}

void wire_frame(struct wire_out *w, enum wire_kind k, const void *body, size_t n)
{
    if (n > WIRE_BODY)
        BUG("a frame of %zu bytes", n);
    head(w, k, n);
    add(w, body, n);
}

/* Elements go out in frames that are as full as may be. */
struct pieces {
    struct wire_out *w;
    uint64_t left; /* of all */
    size_t open;   /* of the frame that was begun */
};

static void piece(struct pieces *s, const void *p, size_t n)
{
    const uint8_t *at = p;
    while (n) {
        if (!s->open) {
            s->open = s->left < WIRE_BODY ? (size_t)s->left : WIRE_BODY;
            head(s->w, WIRE_DATA, s->open);
        }
        size_t k = n < s->open ? n : s->open;
        add(s->w, at, k);
        at += k;
        n -= k;
        s->open -= k;
        s->left -= k;
    }
}

static void elements(struct wire_out *w, const struct value *v, uint64_t bytes)
{
    struct pieces s = {.w = w, .left = bytes};
    if (v->elem != ELEM_STRING) {
        piece(&s, v->data, (size_t)bytes);
        return;
    }
    for (size_t i = 0; i < v->count; i++) {
        uint32_t n = (uint32_t)v->text[i].n;
        piece(&s, &n, sizeof n);
    }
    for (size_t i = 0; i < v->count; i++)
        piece(&s, v->text[i].p, v->text[i].n);
}

static uint64_t bytes_of(const struct value *v)
{
    uint64_t n = 0;
    if (v->elem != ELEM_STRING)
        return (uint64_t)v->count * elem_size(v->elem);
    for (size_t i = 0; i < v->count; i++)
        n += sizeof(uint32_t) + v->text[i].n;
    return n;
}

void wire_value(struct wire_out *w, struct untrusted name, const struct value *v)
{
    uint8_t b[3 + sizeof(uint64_t) + VALUES_RANK * sizeof(int64_t) + WIRE_NAME];
    size_t n = 0, named = name.n < WIRE_NAME ? name.n : WIRE_NAME;
    size_t rank = v->kind == VALUE_TENSOR ? v->rank : 0;
    uint64_t size = v->kind == VALUE_TENSOR ? bytes_of(v) : v->items;
    if (rank > VALUES_RANK)
        BUG("a tensor of rank %zu", rank);
    b[n++] = (uint8_t)v->kind;
    b[n++] = (uint8_t)v->elem;
    b[n++] = (uint8_t)rank;
    memcpy(b + n, &size, sizeof size);
    n += sizeof size;
    memcpy(b + n, v->dim, rank * sizeof *v->dim);
    n += rank * sizeof *v->dim;
    if (named)
        memcpy(b + n, name.p, named);
    wire_frame(w, WIRE_VALUE, b, n + named);
    if (v->kind == VALUE_TENSOR)
        elements(w, v, size);
    else
        for (size_t i = 0; i < v->items; i++)
            wire_value(w, (struct untrusted){0}, &v->item[i]);
}

void wire_values(struct wire_out *w, const struct values *v)
{
    uint32_t n = (uint32_t)v->n;
    wire_frame(w, WIRE_VALUES, &n, sizeof n);
    for (size_t i = 0; i < v->n; i++)
        wire_value(w, v->of[i].name, &v->of[i].v);
}

/* --- frames */

void wire_in_init(struct wire_in *in)
{
    buf_init(&in->held, 2 * (WIRE_HEAD + WIRE_BODY));
}

void wire_in_release(struct wire_in *in)
{
    buf_release(&in->held);
}

/* Moves bytes until so many are held. */
static bool hold(struct wire_in *in, size_t want, const uint8_t **p, size_t *n)
{
    size_t k = want > in->held.len ? want - in->held.len : 0;
    k = k < *n ? k : *n;
    buf_add(&in->held, *p, k);
    *p += k;
    *n -= k;
    return in->held.len >= want;
}

static size_t body_of(const uint8_t *h, souk_err *bad)
{
    uint32_t n;
    memcpy(&n, h, sizeof n);
    if (n > WIRE_BODY || h[4] < WIRE_TASK || h[4] > WIRE_END)
        *bad = SOUK_EINPUT;
    return n;
}

static bool held_next(struct wire_in *in, const uint8_t **p, size_t *n, struct wire_frame *f,
                      souk_err *bad)
{
    if (!hold(in, WIRE_HEAD, p, n))
        return false;
    size_t body = body_of((const uint8_t *)in->held.p, bad);
    if (*bad || !hold(in, WIRE_HEAD + body, p, n))
        return false;
    *f = (struct wire_frame){.kind = (enum wire_kind)in->held.p[4],
                             .p = (const uint8_t *)in->held.p + WIRE_HEAD,
                             .n = body};
    return true;
}

bool wire_next(struct wire_in *in, const uint8_t **p, size_t *n, struct wire_frame *f,
               souk_err *bad)
{
    *bad = SOUK_OK;
    /* The one handed out last was held, and is done with. */
    if (in->held.len >= WIRE_HEAD) {
        uint32_t body;
        memcpy(&body, in->held.p, sizeof body);
        if (in->held.len == WIRE_HEAD + (size_t)body)
            buf_clear(&in->held);
    }
    bool found = false;
    if (in->held.len || *n < WIRE_HEAD) {
        found = held_next(in, p, n, f, bad);
    } else {
        size_t body = body_of(*p, bad);
        if (!*bad && *n - WIRE_HEAD < body) {
            found = held_next(in, p, n, f, bad);
        } else if (!*bad) {
            *f = (struct wire_frame){
                .kind = (enum wire_kind)(*p)[4], .p = *p + WIRE_HEAD, .n = body};
            *p += WIRE_HEAD + body;
            *n -= WIRE_HEAD + body;
            found = true;
        }
    }
    if (in->held.bad)
        *bad = SOUK_ENOMEM;
    return found && !*bad;
}

void wire_get(struct wire_body *b, void *out, size_t n)
{
    if (n > (size_t)(b->end - b->at))
        b->bad = true;
    if (b->bad) {
        memset(out, 0, n);
        return;
    }
    if (n)
        memcpy(out, b->at, n);
    b->at += n;
}

uint8_t wire_get8(struct wire_body *b)
{
    uint8_t v;
    wire_get(b, &v, sizeof v);
    return v;
}

uint32_t wire_get32(struct wire_body *b)
{
    uint32_t v;
    wire_get(b, &v, sizeof v);
    return v;
}

uint64_t wire_get64(struct wire_body *b)
{
    uint64_t v;
    wire_get(b, &v, sizeof v);
    return v;
}

souk_err wire_over_memory(uint64_t bytes, struct err *e)
{
    char size[HUMAN_BUF];
    if (bytes % (1 << 20) == 0)
        snprintf(size, sizeof size, "%llu MiB", (unsigned long long)(bytes >> 20));
    return err_set(e, SOUK_ELIMIT,
                   "the model took more memory than the %s it was given (--memory raises it)",
                   bytes % (1 << 20) == 0 ? size : human_size(size, bytes));
}
