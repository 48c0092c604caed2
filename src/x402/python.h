/* python.h: JSON as Python's json.dumps(…, sort_keys=True) writes it, for hashes made there. */
#ifndef SOUK_X402_PYTHON_H
#define SOUK_X402_PYTHON_H

#include "x402/internal.h"

void py_float(struct buf *out, double v); /* repr() */
void py_string(struct buf *out, const char *s);
/* Any value with its text. False when the two do not fit; no memory is the buffer's to tell. */
bool py_value(struct buf *out, const json *j, struct slice raw);
/* Is it None, False, 0, "", [], {} or not there? */
bool py_falsy(const json *j);

#endif
