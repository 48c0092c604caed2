/*
 * inspect.h: what a model file is, read without any engine and without running anything of it.
 *
 * ONNX is a protobuf (onnx.proto3 of the ONNX project, fields named beside the reader's code); it
 * is read by a reader of our own that touches each byte once, bounds depth and counts, and never
 * trusts a length. Other formats are told apart by their first bytes and described as far as their
 * headers go. A pickle is named as what it is, code that would run, and never opened.
 *
 * All strings are outside text, copied into the info's arena and cut at INSPECT_TEXT bytes.
 */
#ifndef SOUK_ONNX_INSPECT_H
#define SOUK_ONNX_INSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum model_format {
    FORMAT_UNKNOWN,
    FORMAT_ONNX,
    FORMAT_SAFETENSORS,
    FORMAT_GGUF,
    FORMAT_PICKLE, /* .pkl, .joblib: unsafe, never loaded */
    FORMAT_TORCH,  /* a zip with a pickle inside (.pt, .pth): the same */
    FORMAT_KERAS,  /* HDF5 or .keras */
    FORMAT_TFLITE,
    FORMAT_ORT, /* ONNX Runtime's own: another program than an ONNX reader would see in it */
    FORMAT_ZIP,
    FORMAT_TEXT, /* JSON, a README: no model */
    FORMAT_COUNT
};
const char *format_name(enum model_format f);   /* "ONNX", "Python pickle" */
const char *format_advice(enum model_format f); /* one line: what can be done with it; ours */

/* Element types, by ONNX's own numbers (TensorProto.DataType). */
enum elem {
    ELEM_NONE,
    ELEM_FLOAT,
    ELEM_UINT8,
    ELEM_INT8,
    ELEM_UINT16,
    ELEM_INT16,
    ELEM_INT32,
    ELEM_INT64,
    ELEM_STRING,
    ELEM_BOOL,
    ELEM_FLOAT16,
    ELEM_DOUBLE,
    ELEM_UINT32,
    ELEM_UINT64,
    ELEM_COMPLEX64,
    ELEM_COMPLEX128,
    ELEM_BFLOAT16,
    ELEM_COUNT
};
const char *elem_name(enum elem t); /* "float32"; "?" for what is none */
size_t elem_size(enum elem t);      /* bytes; 0 for strings and none */

enum { INSPECT_TEXT = 4096, INSPECT_RANK = 16, INSPECT_VALUES = 4096, INSPECT_DEPTH = 32 };

struct dim {
    int64_t size;          /* -1: free */
    struct untrusted name; /* of a free one: "batch"; empty: unnamed */
};

struct value_type {
    enum { TYPE_UNKNOWN, TYPE_TENSOR, TYPE_SEQUENCE, TYPE_MAP, TYPE_OPTIONAL, TYPE_SPARSE } kind;
    enum elem elem;  /* of a tensor; of a map its key; NONE also for what souk cannot make */
    uint64_t number; /* the element type as the file has it, which may be one after ELEM_COUNT */
    bool has_shape;  /* false: not even the rank is known */
    const struct dim *dim;
    size_t rank;
    const struct value_type *of; /* of a sequence, map, optional: what is inside */
};
/* "float32[batch,4]", "float32[?]", "float32[]" a scalar, "float32" of unknown rank,
 * "sequence<map<int64,float32>>": outside text inside. */
void value_type_format(const struct value_type *t, struct buf *out);

struct port { /* an input or output */
    struct untrusted name;
    struct value_type type;
    bool has_default; /* an input with an initializer: need not be given */
};

struct model_pair { /* opset: domain, version; metadata: key, value; GGUF, safetensors: key, value
                     */
    struct untrusted key, value;
};
struct op_count {
    struct untrusted domain, op;
    uint64_t n;
};
struct weight { /* safetensors, GGUF: a tensor of the file */
    struct untrusted name, type, shape;
    uint64_t bytes;
};

struct model_info {
    enum model_format format;
    uint64_t size; /* of the file */
    /* --- ONNX */
    int64_t ir_version, model_version;
    struct untrusted producer, producer_version, domain, graph, description;
    const struct model_pair *opset; /* key: the domain, "" is ai.onnx; value: the number */
    size_t opsets;
    /* Inputs: those that a caller gives, defaults among them; before IR 4 an input with an
     * initializer is none: it could not be given. */
    const struct port *input, *output;
    size_t inputs, outputs;
    /* Elements of all initializers and constants, and the numbers in attributes of ai.onnx.ml
     * (trees and linear models keep theirs there); saturates. */
    uint64_t parameters;
    uint64_t parameter_bytes;         /* as stored */
    bool has_external;                /* weights in other files beside it */
    const struct untrusted *external; /* their names, each once: sane ones */
    size_t externals;
    uint64_t nodes;            /* of the graph, everything nested in it, and local functions */
    size_t functions;          /* local ones: ops that the model brings itself */
    const struct op_count *op; /* most used first; at most 64 */
    size_t ops, ops_all;
    bool custom_ops;                /* a domain that no engine knows by itself: */
    struct untrusted custom_domain; /* the first such, */
    struct untrusted custom_op;     /* and what is used of it */
    /* --- all */
    const struct model_pair *meta; /* at most 256 */
    size_t metas, metas_all;
    const struct weight *weight; /* at most 256 */
    size_t weights, weights_all;
    struct arena arena;
};

/*
 * Reads an open file, from its beginning, wherever its offset is. SOUK_EINPUT: broken, or made to
 * do harm; the message names what: "a weight lies outside the model's folder
 * (\"../../etc/passwd\")". A file of another format is no error. Blocks for milliseconds (a 2 GB
 * file: weights are skipped, not read).
 */
souk_err model_inspect(int fd, struct model_info **out, struct err *e);
souk_err model_inspect_bytes(const uint8_t *p, size_t n, struct model_info **out, struct err *e);
void model_info_free(struct model_info *m);

/* SOUK_OK when it is an ONNX model souk can run; else why not, in one line. */
souk_err model_runnable(const struct model_info *m, struct err *e);

#endif
