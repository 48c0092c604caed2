/*
 * csv.h: comma-separated values (RFC 4180), field by field, where they lie.
 *
 * Lines end with CR LF, LF or CR; empty lines are skipped; a field in quotes may hold commas, line
 * ends and doubled quotes.
 */
#ifndef SOUK_ONNX_VALUES_CSV_H
#define SOUK_ONNX_VALUES_CSV_H

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"

struct csv {
    const char *p, *end;
    size_t line, column; /* of the field that was taken last, from 1 */
    bool fresh;          /* the next field begins a line */
    struct arena *a;     /* for fields with doubled quotes */
    struct err err;      /* SOUK_OK, or why there are no more fields */
};

void csv_init(struct csv *c, struct untrusted text, struct arena *a);
/* False at the end and when it is broken. last: of its line. */
bool csv_next(struct csv *c, struct untrusted *field, bool *last);

#endif
