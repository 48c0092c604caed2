#include "onnx_make.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* --- the wire format */

void pbw_number(struct buf *b, uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        buf_addc(b, (char)((v & 0x7f) | 0x80));
    buf_addc(b, (char)v);
}

void pbw_varint(struct buf *b, unsigned field, uint64_t v)
{
    pbw_number(b, (uint64_t)field << 3);
    pbw_number(b, v);
}

void pbw_bytes(struct buf *b, unsigned field, const void *p, size_t n)
{
    pbw_number(b, (uint64_t)field << 3 | 2);
    pbw_number(b, n);
    if (n)
        buf_add(b, p, n);
}

void pbw_str(struct buf *b, unsigned field, const char *s)
{
    pbw_bytes(b, field, s, strlen(s));
}

void pbw_message(struct buf *b, unsigned field, struct buf *message)
{
    pbw_bytes(b, field, message->p, message->len);
    buf_release(message);
}

/* Calls put() with each word of a text. */
static void each_word(const char *text, char between, struct buf *b, unsigned field,
                      void (*put)(struct buf *b, unsigned field, const char *word))
{
    while (text && *text) {
        const char *end = strchr(text, between);
        size_t n = end ? (size_t)(end - text) : strlen(text);
        char word[256] = "";
        memcpy(word, text, n < sizeof word ? n : sizeof word - 1);
        put(b, field, word);
        text += n + (end != NULL);
    }
}

/* --- messages */

static void put_dim(struct buf *shape, unsigned field, const char *word)
{
    struct buf dim;
    buf_init(&dim, ONNX_MAKE_CAP);
    if (*word == '-' || (*word >= '0' && *word <= '9'))
        pbw_varint(&dim, 1, (uint64_t)strtoll(word, NULL, 10));
    else if (strcmp(word, "?") != 0)
        pbw_str(&dim, 2, word);
    pbw_message(shape, field, &dim);
}

void onnx_put_type(struct buf *out, enum elem t, const char *dims)
{
    struct buf tensor, shape;
    buf_init(out, ONNX_MAKE_CAP);
    buf_init(&tensor, ONNX_MAKE_CAP);
    buf_init(&shape, ONNX_MAKE_CAP);
    pbw_varint(&tensor, 1, t);
    each_word(dims, ',', &shape, 1, put_dim);
    if (dims)
        pbw_message(&tensor, 2, &shape);
    pbw_message(out, 1, &tensor);
}

void onnx_put_value(struct buf *out, const char *name, struct buf *type)
{
    buf_init(out, ONNX_MAKE_CAP);
    pbw_str(out, 1, name);
    if (type)
        pbw_message(out, 2, type);
}

static void put_size(struct buf *tensor, unsigned field, const char *word)
{
    pbw_varint(tensor, field, (uint64_t)strtoll(word, NULL, 10));
}

void onnx_put_tensor(struct buf *out, const char *name, enum elem t, const char *dims,
                     const void *raw, size_t n)
{
    buf_init(out, ONNX_MAKE_CAP);
    each_word(dims, ',', out, 1, put_size);
    pbw_varint(out, 2, t);
    pbw_str(out, 8, name);
    pbw_bytes(out, 9, raw, n);
}

void onnx_put_external(struct buf *out, const char *name, const char *place, size_t place_len)
{
    struct buf entry;
    buf_init(out, ONNX_MAKE_CAP);
    buf_init(&entry, ONNX_MAKE_CAP);
    pbw_varint(out, 1, 4);
    pbw_varint(out, 2, ELEM_FLOAT);
    pbw_str(out, 8, name);
    pbw_str(&entry, 1, "location");
    pbw_bytes(&entry, 2, place, place_len);
    pbw_message(out, 13, &entry);
    pbw_varint(out, 14, 1);
}

void onnx_put_node(struct buf *out, const char *op, const char *domain, const char *inputs,
                   const char *outputs)
{
    buf_init(out, ONNX_MAKE_CAP);
    each_word(inputs, ' ', out, 1, pbw_str);
    each_word(outputs, ' ', out, 2, pbw_str);
    pbw_str(out, 4, op);
    if (*domain)
        pbw_str(out, 7, domain);
}

/* type: AttributeProto.AttributeType */
static void put_attribute(struct buf *node, const char *name, unsigned type, struct buf *value)
{
    struct buf attribute;
    buf_init(&attribute, ONNX_MAKE_CAP);
    pbw_str(&attribute, 1, name);
    buf_add(&attribute, value->p, value->len);
    pbw_varint(&attribute, 20, type);
    buf_release(value);
    pbw_message(node, 5, &attribute);
}

void onnx_attr_int(struct buf *node, const char *name, int64_t v)
{
    struct buf value;
    buf_init(&value, ONNX_MAKE_CAP);
    pbw_varint(&value, 3, (uint64_t)v);
    put_attribute(node, name, 2, &value);
}

void onnx_attr_str(struct buf *node, const char *name, const char *s)
{
    struct buf value;
    buf_init(&value, ONNX_MAKE_CAP);
    pbw_str(&value, 4, s);
    put_attribute(node, name, 3, &value);
}

void onnx_attr_floats(struct buf *node, const char *name, const float *v, size_t n)
{
    struct buf value;
    buf_init(&value, ONNX_MAKE_CAP);
    for (size_t i = 0; i < n; i++) {
        pbw_number(&value, 7 << 3 | 5);
        buf_add(&value, &v[i], sizeof v[i]);
    }
    put_attribute(node, name, 6, &value);
}

void onnx_attr_ints(struct buf *node, const char *name, const int64_t *v, size_t n)
{
    struct buf value;
    buf_init(&value, ONNX_MAKE_CAP);
    for (size_t i = 0; i < n; i++)
        pbw_varint(&value, 8, (uint64_t)v[i]);
    put_attribute(node, name, 7, &value);
}

void onnx_attr_strs(struct buf *node, const char *name, const char *words)
{
    struct buf value;
    buf_init(&value, ONNX_MAKE_CAP);
    each_word(words, ' ', &value, 9, pbw_str);
    put_attribute(node, name, 8, &value);
}

void onnx_attr_tensor(struct buf *node, const char *name, struct buf *tensor)
{
    struct buf value;
    buf_init(&value, ONNX_MAKE_CAP);
    pbw_message(&value, 5, tensor);
    put_attribute(node, name, 4, &value);
}

void onnx_attr_graph(struct buf *node, const char *name, struct buf *graph)
{
    struct buf value;
    buf_init(&value, ONNX_MAKE_CAP);
    pbw_message(&value, 6, graph);
    put_attribute(node, name, 5, &value);
}

/* --- models */

void onnx_make_init(struct onnx_make *m, int64_t ir, int64_t opset)
{
    buf_init(&m->model, ONNX_MAKE_CAP);
    buf_init(&m->graph, ONNX_MAKE_CAP);
    if (ir)
        pbw_varint(&m->model, 1, (uint64_t)ir);
    pbw_str(&m->model, 2, "souk-test");
    pbw_str(&m->graph, 2, "g");
    if (opset)
        onnx_make_opset(m, "", opset);
}

void onnx_make_opset(struct onnx_make *m, const char *domain, int64_t version)
{
    struct buf opset;
    buf_init(&opset, ONNX_MAKE_CAP);
    pbw_str(&opset, 1, domain);
    pbw_varint(&opset, 2, (uint64_t)version);
    pbw_message(&m->model, 8, &opset);
}

void onnx_make_meta(struct onnx_make *m, const char *key, const char *value)
{
    struct buf pair;
    buf_init(&pair, ONNX_MAKE_CAP);
    pbw_str(&pair, 1, key);
    pbw_str(&pair, 2, value);
    pbw_message(&m->model, 14, &pair);
}

static void put_port(struct onnx_make *m, unsigned field, const char *name, enum elem t,
                     const char *dims)
{
    struct buf type, value;
    onnx_put_type(&type, t, dims);
    onnx_put_value(&value, name, &type);
    pbw_message(&m->graph, field, &value);
}

void onnx_make_input(struct onnx_make *m, const char *name, enum elem t, const char *dims)
{
    put_port(m, 11, name, t, dims);
}

void onnx_make_output(struct onnx_make *m, const char *name, enum elem t, const char *dims)
{
    put_port(m, 12, name, t, dims);
}

void onnx_make_weight(struct onnx_make *m, const char *name, enum elem t, const char *dims,
                      const void *raw, size_t n)
{
    struct buf tensor;
    onnx_put_tensor(&tensor, name, t, dims, raw, n);
    pbw_message(&m->graph, 5, &tensor);
}

void onnx_make_node(struct onnx_make *m, const char *op, const char *domain, const char *inputs,
                    const char *outputs, struct buf *attributes)
{
    struct buf node;
    onnx_put_node(&node, op, domain, inputs, outputs);
    if (attributes) {
        buf_add(&node, attributes->p, attributes->len);
        buf_release(attributes);
    }
    pbw_message(&m->graph, 1, &node);
}

void onnx_make_done(struct onnx_make *m, struct buf *out)
{
    pbw_message(&m->model, 7, &m->graph);
    *out = m->model;
    if (out->bad)
        abort();
}

int onnx_make_file(const struct buf *b)
{
    int fd = memfd_create("model", MFD_CLOEXEC);
    if (fd < 0 || write(fd, b->p, b->len) != (ssize_t)b->len)
        abort();
    return fd;
}
