/*
 * values.h: what goes into a model and comes out of it: tensors, sequences, maps.
 *
 * A `struct values` is a list of named values in one arena. Tensors are row-major; numbers lie as
 * the engine wants them (float16 and bfloat16 as their 16 bits), strings as untrusted text. Built
 * once, then only read.
 */
#ifndef SOUK_ONNX_VALUES_H
#define SOUK_ONNX_VALUES_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "onnx/inspect.h"

enum { VALUES_MEMORY = 1 << 30, VALUES_RANK = INSPECT_RANK, VALUES_DEPTH = 8 };

struct value {
    enum { VALUE_NONE, VALUE_TENSOR, VALUE_SEQUENCE, VALUE_MAP } kind; /* NONE: an empty optional */
    /* --- tensor */
    enum elem elem;
    size_t rank;
    int64_t dim[VALUES_RANK];
    size_t count;                 /* product of the dims; 1 for a scalar */
    void *data;                   /* count * elem_size; NULL for strings */
    const struct untrusted *text; /* of strings */
    /* --- sequence: its items. map: item[0] the keys, item[1] the values, tensors of one rank */
    struct value *item;
    size_t items;
};

struct named_value {
    struct untrusted name;
    struct value v;
};

struct values {
    struct named_value *of;
    size_t n;
    struct arena arena;
};

void values_init(struct values *v);
void values_release(struct values *v);
const struct value *values_find(const struct values *v, struct untrusted name); /* NULL */
/* A tensor of zeros (strings: empty) in v's arena; SOUK_EINPUT when the dims are not sane. */
souk_err tensor_make(struct values *v, struct value *out, enum elem t, const int64_t *dim,
                     size_t rank, struct err *e);

/* One number as a double, for showing and comparing; of int64 beyond 2^53 not exact. */
double tensor_number(const struct value *t, size_t i);
float half_to_float(uint16_t h);
uint16_t float_to_half(float f); /* nearest, ties to even */
float bfloat_to_float(uint16_t h);
uint16_t float_to_bfloat(float f);

/* --- reading, held against the model's inputs: names, types, ranks, fixed dims. Errors name the
 * input, what it should be and what was given. Integers are exact whatever their size, as numbers
 * or in quotes, and must fit their type; other numbers are rounded once, to the nearest, and must
 * not become infinite. NaN and infinities are words: "NaN", "inf", "-Infinity". *out is initialised
 * here, and empty after a failure. */

/*
 * JSON: {"name": nested arrays or one number, …}; or {"name": {"shape": […], "data": […]}}; an
 * array or number alone when the model has one input; or what OpenGradient's nodes take:
 * {"numbers":[{"name","values":[{"value","decimals"}],"shape"}],"strings":[{"name","values",
 * "shape"}]}. An object under "input", "inputs" is looked into when the model has no input of that
 * name. Flat data for a shape with one free dim is cut to fit, and one of a batch may come without
 * the batch. A sequence is an array, a map an object, an empty optional null, a complex number a
 * pair.
 */
souk_err values_from_json(const struct model_info *m, struct untrusted text, struct values *out,
                          struct err *e);
/*
 * CSV rows (RFC 4180; a first line of words names the columns). One input with a free first
 * dimension: each line is one row of it; without: all lines together fill it. Several inputs: the
 * columns are named after them, "name" or "name[3]".
 */
souk_err values_from_csv(const struct model_info *m, struct untrusted text, struct values *out,
                         struct err *e);
/* Either, told apart by its first character. */
souk_err values_read(const struct model_info *m, struct untrusted text, struct values *out,
                     struct err *e);

/*
 * Made from the signature, for inputs without a default: seeded, small non-negative integers (0 to
 * 9) for integers, -1 to 1 for floats, false and true, short words. dims: "batch=2,sequence=16",
 * for free dims by name, or by input and place "x[0]=2"; the rest is 1. NULL: none.
 */
souk_err values_generate(const struct model_info *m, uint64_t seed, const char *dims,
                         struct values *out, struct err *e);

/* A TensorProto, or what else the type is (SequenceProto, MapProto, OptionalProto): ONNX's test
 * data. The value has the type and shape that its file says; but uint16 for bfloat16 is its bits,
 * as old tests keep it. Appends to v, which is initialised; type NULL is a tensor. */
souk_err values_add_pb(struct values *v, struct untrusted name, const struct value_type *type,
                       const uint8_t *p, size_t n, struct err *e);

/* --- writing. Numbers round-trip: shortest form that reads back the same. NaN and infinities are
 * the strings "NaN", "Infinity", "-Infinity", for JSON has none. */

/* One member per value: {"shape":[…],"type":"float32","data":[nested]}; sequences as arrays, maps
 * as objects. */
void values_json(struct json_out *o, const char *key, const struct values *v);
/* Nested arrays alone, as values_from_json takes them: what a form or an example shows. */
void values_plain_json(struct json_out *o, const char *key, const struct values *v);
/* As OpenGradient's nodes answer: [{"name","shape","result",type: "number"|"string"}]. */
void values_og_json(struct json_out *o, const char *key, const struct values *v);
/* And as they are asked (see values_from_json). SOUK_EINPUT: a value has no such form (NaN). */
souk_err values_og_request(struct json_out *o, const struct values *v, struct err *e);

/* What a tensor is like, for a table: NaNs are counted, not in the rest. */
struct value_stats {
    double min, max, mean;
    size_t nans;
    size_t largest; /* index: the class a classifier means */
};
bool value_stats(const struct value *v, struct value_stats *out); /* false: no numbers in it */
/* The first elements in one line, "0.12 0.70 0.18 … (1,000)". */
void value_words(const struct value *v, size_t max_elements, struct buf *out);

#endif
