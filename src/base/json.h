/*
 * json.h: JSON from strangers, by cJSON, with exact integers.
 *
 * json_parse refuses (SOUK_ENET) what is not one complete JSON value, a NUL
 * byte, nesting beyond 64, and, so that a small body cannot become a large
 * tree, more than 2^21 values; how many bytes there may be is the business of
 * whoever read them (http's body cap). What somebody wrote into a string must
 * not make a whole page unreadable, so inside strings it repairs instead: the
 * escapes \u0000 and of a lone surrogate read as U+FFFD, and bytes that are
 * not UTF-8 pass as they came (strings are untrusted anyway). A string
 * therefore never holds a NUL. Of members with the same name the first counts.
 *
 * The tree is read through accessors that never fail: a missing or mistyped
 * member reads as absent, because servers leave fields out. cJSON keeps
 * numbers as doubles: json_int gives only integers a double holds exactly
 * (|n| < 2^53); larger ones come as strings in every protocol we speak and
 * are read with u256_from_dec.
 *
 * Writing: json_out_* append to a buffer. The output is exact data and needs
 * no sanitiser: every code point that may not reach a terminal (text.h), and
 * combining marks piled higher than it draws them, are written as \u escapes,
 * which a reader turns back into the same string.
 */
#ifndef SOUK_BASE_JSON_H
#define SOUK_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

typedef cJSON json;

/* what names the source for the message ("the Hub's model list"). json_free the result. */
json *json_parse(const char *p, size_t n, const char *what, struct err *e);
/*
 * For what money or keys hang on: refuses in addition members with the same name in one object, and
 * bytes that are not UTF-8 or control characters inside strings, where json_parse repairs.
 */
json *json_parse_strict(const char *p, size_t n, const char *what, struct err *e);
void json_free(json *j);

const json *json_get(const json *obj, const char *key);      /* NULL when absent or not an object */
struct untrusted json_str(const json *obj, const char *key); /* {NULL,0} when absent or no string */
const char *json_cstr(const json *obj, const char *key);     /* NULL when absent or no string */
bool json_int(const json *obj, const char *key, int64_t *out);
bool json_bool(const json *obj, const char *key, bool absent);
const json *json_first(const json *array); /* NULL when empty or not an array */
const json *json_next(const json *item);

/* Writers. A key may be NULL (array element). The writer puts commas itself. */
struct json_out {
    struct buf *b;
    int depth;
    bool comma[32];
};
void json_out_init(struct json_out *o, struct buf *b);
void json_obj_open(struct json_out *o, const char *key);
void json_obj_close(struct json_out *o);
void json_arr_open(struct json_out *o, const char *key);
void json_arr_close(struct json_out *o);
void json_out_str(struct json_out *o, const char *key,
                  struct untrusted v); /* invalid UTF-8 -> U+FFFD */
void json_out_cstr(struct json_out *o, const char *key, const char *v); /* NULL -> null */
void json_out_int(struct json_out *o, const char *key, int64_t v);
void json_out_bool(struct json_out *o, const char *key, bool v);
void json_out_null(struct json_out *o, const char *key);
/* What is JSON by itself, as it stands: a number whose digits must not change. */
void json_out_raw(struct json_out *o, const char *key, const char *p, size_t n);

#endif
