/*
 * onnx_make.h: ONNX models made on the spot, byte by byte, so that no test needs a file.
 *
 *     struct onnx_make m;
 *     onnx_make_init(&m, 8, 17);
 *     onnx_make_input(&m, "x", ELEM_FLOAT, "batch,4");
 *     onnx_make_output(&m, "y", ELEM_FLOAT, "batch,4");
 *     onnx_make_node(&m, "Relu", "", "x", "y", NULL);
 *     struct buf model;
 *     onnx_make_done(&m, &model);     // release it
 *
 * The pieces below (pbw_*, onnx_put_*) make what no exporter would.
 */
#ifndef SOUK_TESTS_ONNX_MAKE_H
#define SOUK_TESTS_ONNX_MAKE_H

#include "base/buf.h"
#include "onnx/inspect.h"

enum { ONNX_MAKE_CAP = 256 << 20 };

/* --- the wire format */
void pbw_number(struct buf *b, uint64_t v); /* a bare varint */
void pbw_varint(struct buf *b, unsigned field, uint64_t v);
void pbw_bytes(struct buf *b, unsigned field, const void *p, size_t n);
void pbw_str(struct buf *b, unsigned field, const char *s);
void pbw_message(struct buf *b, unsigned field, struct buf *message); /* which is released */

/* --- messages of ONNX, without the field that holds them; each begins with buf_init. dims:
 * "batch,4": a number, a name, "?" for neither; NULL: no shape; "": a scalar. */
void onnx_put_type(struct buf *out, enum elem t, const char *dims);       /* TypeProto: a tensor */
void onnx_put_value(struct buf *out, const char *name, struct buf *type); /* ValueInfoProto */
/* TensorProto with raw data; dims as numbers. */
void onnx_put_tensor(struct buf *out, const char *name, enum elem t, const char *dims,
                     const void *raw, size_t n);
/* One whose data lies elsewhere. */
void onnx_put_external(struct buf *out, const char *name, const char *place, size_t place_len);
/* inputs, outputs: names with blanks between them. */
void onnx_put_node(struct buf *out, const char *op, const char *domain, const char *inputs,
                   const char *outputs);
/* AttributeProtos, added to a node (its field 5). */
void onnx_attr_int(struct buf *node, const char *name, int64_t v);
void onnx_attr_floats(struct buf *node, const char *name, const float *v, size_t n);
void onnx_attr_ints(struct buf *node, const char *name, const int64_t *v, size_t n);
void onnx_attr_str(struct buf *node, const char *name, const char *s);
void onnx_attr_strs(struct buf *node, const char *name, const char *words);    /* blanks between */
void onnx_attr_tensor(struct buf *node, const char *name, struct buf *tensor); /* released */
void onnx_attr_graph(struct buf *node, const char *name, struct buf *graph);   /* released */

/* --- a whole model */
struct onnx_make {
    struct buf model, graph;
};
void onnx_make_init(struct onnx_make *m, int64_t ir, int64_t opset); /* opset 0: none stated */
void onnx_make_opset(struct onnx_make *m, const char *domain, int64_t version);
void onnx_make_meta(struct onnx_make *m, const char *key, const char *value);
void onnx_make_input(struct onnx_make *m, const char *name, enum elem t, const char *dims);
void onnx_make_output(struct onnx_make *m, const char *name, enum elem t, const char *dims);
void onnx_make_weight(struct onnx_make *m, const char *name, enum elem t, const char *dims,
                      const void *raw, size_t n);
void onnx_make_node(struct onnx_make *m, const char *op, const char *domain, const char *inputs,
                    const char *outputs, struct buf *attributes); /* released; NULL: none */
void onnx_make_done(struct onnx_make *m, struct buf *out);        /* m is released */

/* Writes bytes to a file that has no name any more; the descriptor. */
int onnx_make_file(const struct buf *b);

#endif
