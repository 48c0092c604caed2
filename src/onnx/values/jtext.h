/*
 * jtext.h: JSON read where it lies, for tensors.
 *
 * base/json.h makes a tree of doubles: an int64 would lose digits and a million elements would be
 * a million nodes. Here a text is checked once, strictly, and then walked in place; numbers stay
 * the digits they were written as. Beyond JSON the words NaN, Infinity and -Infinity are taken,
 * because Python writes them.
 *
 * A `struct jtext` is one value of a checked text, from its first byte to its last.
 */
#ifndef SOUK_ONNX_VALUES_JTEXT_H
#define SOUK_ONNX_VALUES_JTEXT_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

enum { JTEXT_DEPTH = 64 };

struct jtext {
    const char *p;
    size_t n;
};

/* SOUK_EINPUT with line and column: "the input is not JSON: … in line 3, column 7". */
souk_err jtext_check(struct untrusted text, const char *what, struct jtext *out, struct err *e);

/* '{' '[' '"', 't' 'f' and 'n' of true, false, null, '0' for numbers and the words above. */
char jtext_kind(struct jtext v);

/* Walks an array or object: members come one by one, false at the end. Nothing else has any. */
struct jtext_walk {
    const char *p, *end;
    bool object;
};
struct jtext_walk jtext_walk(struct jtext v);
/* key: may be NULL */
bool jtext_next(struct jtext_walk *w, struct jtext *key, struct jtext *value);

/* Of an object's member, the first of that name; of nothing else. */
bool jtext_member(struct jtext object, const char *name, struct jtext *value);

/* A string without its escapes (a lone surrogate is U+FFFD), in a when it had any; else in place.
 * p is NULL without memory. */
struct untrusted jtext_string(struct jtext v, struct arena *a);
bool jtext_is(struct jtext key, struct untrusted name); /* is this string that name? */

/* The next scalar, bracket, comma or colon of a checked text at p < end, for walking through
 * nested arrays in one go: returns its kind as jtext_kind (or ']' '}' ',' ':'), 0 at the end. */
char jtext_token(const char **p, const char *end, struct jtext *out);

#endif
