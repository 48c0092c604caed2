#include "onnx/inspect/protobuf.h"

#include <string.h>

#include "base/banned.h"

enum { VARINT_MAX = 10, FIELD_MAX = (1 << 29) - 1 };

static bool broken(struct pb *m, const char *what)
{
    if (!m->src->err.code)
        err_set(&m->src->err, SOUK_EINPUT, "at byte %llu %s", (unsigned long long)m->at, what);
    m->end = m->at;
    return false;
}

struct pb pb_whole(struct source *s)
{
    return (struct pb){.src = s, .end = s->size};
}

struct pb pb_inside(const struct pb *m, const struct pb_field *f)
{
    return (struct pb){.src = m->src, .at = f->at, .end = f->at + f->len};
}

bool pb_varint(struct pb *m, uint64_t *v)
{
    if (m->at >= m->end || m->src->err.code)
        return false;
    size_t room = m->end - m->at < VARINT_MAX ? (size_t)(m->end - m->at) : VARINT_MAX;
    const uint8_t *p = source_look(m->src, m->at, room);
    if (!p)
        return false;
    uint64_t n = 0;
    for (size_t i = 0; i < room; i++) {
        if (i == VARINT_MAX - 1 && p[i] > 1)
            break;
        n |= (uint64_t)(p[i] & 0x7f) << (7 * i);
        if (p[i] < 0x80) {
            m->at += i + 1;
            *v = n;
            return true;
        }
    }
    return broken(m, room < VARINT_MAX ? "it is cut short" : "a number is too long");
}

static bool fixed(struct pb *m, struct pb_field *f, size_t n)
{
    if (m->end - m->at < n)
        return broken(m, "it is cut short");
    const uint8_t *p = source_look(m->src, m->at, n);
    if (!p)
        return false;
    f->value = n == 4 ? le32(p) : le64(p);
    m->at += n;
    return true;
}

bool pb_next(struct pb *m, struct pb_field *f)
{
    uint64_t tag, start = m->at;
    if (!pb_varint(m, &tag))
        return false;
    *f = (struct pb_field){.number = (uint32_t)(tag >> 3), .wire = (enum pb_wire)(tag & 7)};
    if (tag >> 3 == 0 || tag >> 3 > FIELD_MAX) {
        m->at = start;
        return broken(m, "there is no field");
    }
    switch (f->wire) {
    case PB_VARINT:
        return pb_varint(m, &f->value) || broken(m, "it is cut short");
    case PB_64:
        return fixed(m, f, 8);
    case PB_32:
        return fixed(m, f, 4);
    case PB_BYTES:
        if (!pb_varint(m, &f->len))
            return broken(m, "it is cut short");
        if (f->len > m->end - m->at)
            return broken(m, "it is cut short: a field is longer than what is left");
        f->at = m->at;
        m->at += f->len;
        return true;
    }
    m->at = start;
    return broken(m, "there is a kind of field that no model has");
}

bool pb_is(const struct pb_field *f, uint32_t number, enum pb_wire w)
{
    return f->number == number && f->wire == w;
}

struct untrusted pb_text(const struct pb *m, const struct pb_field *f, size_t max, struct arena *a,
                         bool *cut)
{
    size_t n = f->len < max ? (size_t)f->len : max;
    char *p = arena_alloc(a, n + 1);
    if (cut)
        *cut = f->len > max;
    if (!p)
        source_nomem(m->src, a, n + 1);
    if (!p || source_copy(m->src, f->at, p, n) != SOUK_OK)
        return untrusted_n(NULL, 0);
    return untrusted_n(p, n);
}

bool pb_text_is(const struct pb *m, const struct pb_field *f, const char *word)
{
    size_t n = strlen(word);
    if (f->len != n)
        return false;
    const uint8_t *p = source_look(m->src, f->at, n);
    return p && memcmp(p, word, n) == 0;
}
