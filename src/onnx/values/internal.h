/*
 * internal.h: what the readers of values share. Not for callers of values.h.
 */
#ifndef SOUK_ONNX_VALUES_INTERNAL_H
#define SOUK_ONNX_VALUES_INTERNAL_H

#include "onnx/values/jtext.h"
#include "onnx/values/number.h"
#include "onnx/values.h"

enum { TYPE_WORDS = 160, SHAPE_WORDS = 160 };

/* One value being read: what it is called in messages, and where it goes. */
struct reading {
    struct values *out;
    const char *noun; /* "input", "output" */
    struct untrusted name;
    bool nulls; /* null is a NaN: so JavaScript writes it */
    struct err *e;
};
/* SOUK_EINPUT: `input "x": …` */
souk_err read_fail(const struct reading *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
const char *type_words(const struct value_type *t, char out[TYPE_WORDS]);
const char *shape_words(const int64_t *dim, size_t rank, char out[SHAPE_WORDS]);
const char *index_words(const size_t *at, size_t n, char out[SHAPE_WORDS]); /* "[2][1]" */
/* The index of element i in a shape; "" in a scalar. */
const char *place_words(const int64_t *dim, size_t rank, size_t i, char out[SHAPE_WORDS]);

/* What was given: numbers in a shape. Bare: the shape is how they were nested, no more. */
struct given {
    int64_t dim[VALUES_RANK + 1]; /* one more for the halves of complex numbers, while nested */
    size_t rank, count;           /* elements */
    bool bare;
};
/* Makes the tensor of type t that takes them; SOUK_EINPUT when it cannot. */
souk_err tensor_fit(const struct reading *r, const struct value_type *t, const struct given *g,
                    struct value *out);
/* Its shape when it takes so many numbers in a row, which at most one free dim decides. */
souk_err row_fit(const struct reading *r, const struct value_type *t, size_t count, int64_t *dim);

/* Number i of a tensor (of complex ones, the halves are counted) from text, which may be in quotes;
 * and the message for one that was not taken, "element [2][1]" being its place. */
enum number_fault element_put(const struct value *v, size_t i, struct untrusted text, int shift);
souk_err element_fail(const struct reading *r, const struct value *v, enum number_fault f,
                      struct untrusted text, const char *place);
/* The same of a string; copied. */
souk_err element_text(const struct reading *r, const struct value *v, size_t i,
                      struct untrusted text);

/* One JSON value as type t. */
souk_err value_from_json(const struct reading *r, const struct value_type *t, struct jtext v,
                         struct value *out);
/* One member of OpenGradient's "numbers" or "strings": {"name","values","shape"}. */
souk_err value_from_og(const struct reading *r, const struct value_type *t, struct jtext v,
                       struct value *out);
/* "shape": a list of sizes whose product is g->count, into g; SOUK_EINPUT. */
souk_err shape_from_json(const struct reading *r, struct jtext v, struct given *g);

/* Adds one more, of kind NONE; the address holds until the next. NULL: no memory. */
struct value *values_append(struct values *v, struct untrusted name);

/* The ports a text must fill. */
souk_err port_unknown(const struct model_info *m, struct untrusted name, struct err *e);
souk_err port_missing(const struct port *p, struct err *e);
/* The one input that needs no name: NULL and e when there are several, or none. */
const struct port *port_alone(const struct model_info *m, struct err *e);

#endif
