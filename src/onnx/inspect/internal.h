/* What the parts of inspect share: one reader at work on one file. Its one error is src->err. */
#ifndef SOUK_ONNX_INSPECT_INTERNAL_H
#define SOUK_ONNX_INSPECT_INTERNAL_H

#include "onnx/inspect.h"
#include "onnx/inspect/protobuf.h"

enum {
    INSPECT_MEMORY = 64 << 20, /* of a description */
    INSPECT_OPS_SHOWN = 64,
    INSPECT_OPS = 4096, /* different ones */
    INSPECT_PAIRS = 256,
    INSPECT_WEIGHTS = 256,
    INSPECT_FUNCTIONS = 65536,
    INSPECT_EXTERNAL = 4096,
    INSPECT_ALL_INPUTS = 65536, /* before IR 4 every weight was one */
    INSPECT_NAME = 256,         /* of an op or its domain */
};

/* A list that grows in the arena: pieces left behind are at most as much again. */
struct grown {
    void *p;
    size_t n, room;
};

struct op_table;

struct inspector {
    struct source *src;
    struct model_info *info;
    unsigned depth; /* graphs and types that we are inside of */
    struct op_table *ops;
    struct grown inputs, outputs, opsets, metas, externals, functions, weights;
    uint32_t *names; /* hash table of the inputs' names: index + 1; 0 empty */
    size_t names_room;
};

/* Room for one more element, zeroed; NULL and src->err past max ("more than 4096 outputs") or
 * without memory. */
void *grow(struct inspector *in, struct grown *g, size_t size, size_t max, const char *what);
/* A failure in the file. */
void fail(struct inspector *in, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool failed(const struct inspector *in);

uint64_t add_sat(uint64_t a, uint64_t b);
uint64_t mul_sat(uint64_t a, uint64_t b);
uint64_t hash_bytes(uint64_t h, const char *p, size_t n); /* begin with 0 */

/* formats.c: what it is by its first bytes. ONNX also when it is one, but broken. */
enum model_format format_of(struct source *s);
bool is_onnx(struct source *s); /* model.c: its outermost fields are a model's */

void read_onnx(struct inspector *in);
void read_safetensors(struct inspector *in);
void read_gguf(struct inspector *in);

/* graph.c */
void read_graph(struct inspector *in, struct pb graph, bool main);
void read_function(struct inspector *in, struct pb function);

/* types.c */
void read_port(struct inspector *in, struct pb value_info, struct port *out);

/* tensor.c: elements and bytes are added to. name (may be NULL): of the tensor. */
struct tensor_sum {
    uint64_t elements, bytes;
};
void read_tensor(struct inspector *in, struct pb tensor, struct tensor_sum *sum,
                 struct untrusted *name);
void read_sparse(struct inspector *in, struct pb sparse, struct tensor_sum *sum,
                 struct untrusted *name);

/* external.c: NULL when a weight's place is inside the model's folder, else what is wrong. */
const char *external_wrong(struct untrusted place);

/* ops.c */
struct op_table *op_table_new(void);
void op_table_free(struct op_table *t);
void count_op(struct inspector *in, struct untrusted domain, struct untrusted op);
void sort_ops(struct inspector *in);

#endif
