/*
 * fixture_content: what the Library, File and Run screens draw, filled in by hand: no disk, no
 * server, no engine. attack: every text a stranger can set is one of fixture.h's attacks.
 */
#ifndef SOUK_TESTS_FIXTURE_CONTENT_H
#define SOUK_TESTS_FIXTURE_CONTENT_H

#include "ui/screens/here.h"
#include "ui/screens/inspect.h"
#include "ui/screens/library.h"
#include "ui/screens/run.h"

enum { FIXTURE_ROWS = 6, FIXTURE_COMING = 5, FIXTURE_PAST = 4 };

struct fixture_content {
    struct library_row row[FIXTURE_ROWS];
    struct library_list shelf;
    struct coming coming[FIXTURE_COMING];
    struct library_entry entry[FIXTURE_ROWS + FIXTURE_COMING];
    struct inspected model;
    struct model_info info;
    struct stored stored;
    struct run_shown *shown;
    struct run_row past[FIXTURE_PAST];
    struct port port[4];
    struct model_pair opset[2], meta[3];
    struct op_count op[5];
    struct weight weight[3];
    struct dim dim[8];
    struct value_type inner[2];
    struct untrusted external[2];
    struct untrusted attack; /* the texts of strangers; empty: honest ones */
};

void fixture_content(struct fixture_content *f, struct untrusted attack); /* zeroed before */
/* The run of `shown` was repeated a thousand times. */
void fixture_repeated(struct fixture_content *f);
void fixture_content_end(struct fixture_content *f);

#endif
