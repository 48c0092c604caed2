/* internal.h: what the files of hub share: strangers' JSON into capped strings of an arena. */
#ifndef SOUK_HUB_INTERNAL_H
#define SOUK_HUB_INTERNAL_H

#include "hub/hub.h"
#include "base/json.h"

/*
 * One answer being read into an arena. The first allocation that fails sets
 * nomem; later copies then give nothing, and the reader checks once, at the end.
 */
struct intake {
    struct arena *a;
    bool nomem;
};

/* A copy of at most cap bytes of s, cut between code points and *cut set when there were more. */
struct untrusted hub_copy(struct intake *in, struct untrusted s, size_t cap, bool *cut);
/* The same from a member of an object; absent or of another type gives {NULL, 0}. */
struct untrusted hub_member(struct intake *in, const json *obj, const char *key, size_t cap,
                            bool *cut);

/* A kind of list: where it is in an answer and how one element becomes a record. */
struct hub_kind {
    const char *who;  /* "the Hub", for messages */
    const char *what; /* "a list of models" */
    const char *key;  /* the answer is an array, or an object with the array under this key */
    size_t size;      /* of a record */
    /* Fills a zeroed record; false when the element cannot be used. */
    bool (*take)(struct intake *in, const json *element, void *record);
};

struct hub_taken {
    void *record; /* count of them, in the arena; NULL when there are none */
    size_t count, seen;
};

souk_err hub_take_list(const json *answer, const struct hub_kind *kind, struct arena *a,
                       struct hub_taken *out, struct err *e);

/* The error for an answer that is something else; quotes what the server complains of. */
souk_err hub_not_what(const json *answer, const char *who, const char *what, struct err *e);

#endif
