/*
 * protobuf.h: the wire format of Protocol Buffers, read field by field.
 *
 *     struct pb m = pb_whole(&source);
 *     struct pb_field f;
 *     while (pb_next(&m, &f))
 *         if (pb_is(&f, 7, PB_BYTES))
 *             read_graph(pb_inside(&m, &f));
 *     // then ask m.src->err
 *
 * A message is a range of a source; a field's bytes are a range inside it, proved to lie there
 * before anything uses them. Nothing recurses here, nothing is copied, and what is not asked for is
 * skipped by its length. Groups, which nothing uses any more, are refused. As protobuf wants it, a
 * field whose wire type is not the expected one counts as unknown: pb_is tells.
 */
#ifndef SOUK_ONNX_INSPECT_PROTOBUF_H
#define SOUK_ONNX_INSPECT_PROTOBUF_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "onnx/inspect/source.h"

enum pb_wire { PB_VARINT = 0, PB_64 = 1, PB_BYTES = 2, PB_32 = 5 };

struct pb { /* what is left of a message */
    struct source *src;
    uint64_t at, end;
};
struct pb_field {
    uint32_t number;
    enum pb_wire wire;
    uint64_t value; /* of a varint; of a 32 or 64 bit field its bits */
    uint64_t at;    /* of PB_BYTES: where they lie */
    uint64_t len;
};

struct pb pb_whole(struct source *s);
struct pb pb_inside(const struct pb *m, const struct pb_field *f); /* f is PB_BYTES */

/* False at the message's end, and when it is broken: then src->err says so. */
bool pb_next(struct pb *m, struct pb_field *f);
bool pb_is(const struct pb_field *f, uint32_t number, enum pb_wire w);
/* Varints one after the other, as in a packed field; the same falses. */
bool pb_varint(struct pb *m, uint64_t *v);

/* The field's bytes, at most max of them, terminated, in the arena. {NULL, 0} and src->err without
 * memory. *cut (may be NULL) is set when there were more. */
struct untrusted pb_text(const struct pb *m, const struct pb_field *f, size_t max, struct arena *a,
                         bool *cut);
bool pb_text_is(const struct pb *m, const struct pb_field *f, const char *word);

#endif
