/*
 * screens.h: the screens. Each is one file of this folder: a state, and a struct screen_ops.
 * Their domain (app_domain) is a struct domain.
 */
#ifndef SOUK_UI_SCREENS_H
#define SOUK_UI_SCREENS_H

#include "ui/app.h"

extern const struct screen_ops screen_market;   /* tab */
extern const struct screen_ops screen_health;   /* tab */
extern const struct screen_ops screen_authors;  /* tab */
extern const struct screen_ops screen_activity; /* tab */
extern const struct screen_ops screen_wallet;   /* tab */
extern const struct screen_ops screen_library;  /* tab */

extern const struct screen_ops screen_model;   /* arg: const int64_t *, the model's id */
extern const struct screen_ops screen_compare; /* arg: NULL; compares the domain's marked models */
extern const struct screen_ops screen_author;  /* arg: const char *, the author's name */

extern const struct screen_ops screen_call;       /* arg: const struct call_arg * */
extern const struct screen_ops screen_call_other; /* arg: NULL; asks what, then is screen_call */
extern const struct screen_ops screen_receipts;   /* arg: NULL */
extern const struct screen_ops screen_receipt;    /* arg: const int64_t *, its number */
extern const struct screen_ops screen_send;       /* arg: NULL */
extern const struct screen_ops screen_receive;    /* arg: NULL */
extern const struct screen_ops screen_limits;     /* arg: NULL */
extern const struct screen_ops screen_new_wallet; /* arg: NULL */

extern const struct screen_ops screen_inspect; /* arg: const char *, a blob ID in the library */
extern const struct screen_ops screen_run;     /* arg: const struct run_arg * */
extern const struct screen_ops screen_get_id;  /* arg: const struct get_target * (market/get.h) */

extern const struct screen_ops screen_publish;    /* arg: const struct publish_arg *, or NULL */
extern const struct screen_ops screen_publishing; /* arg: const struct publish_request * */
extern const struct screen_ops screen_listings;   /* arg: NULL */

/* What a publish begins with. */
struct publish_arg {
    const char *file, *author, *name; /* NULL: not known */
    const struct own_listing *listed; /* to be changed; the file may stay away then */
};

struct library_row;
void publish_of_row(struct app *a, const struct library_row *r); /* one of the library */

struct run_arg {
    int64_t model;       /* of the catalogue, when blob is NULL */
    const char *blob;    /* in the library */
    const char *label;   /* beside blob: its name, or "" */
    const char *version; /* beside model: the version and the file of it; NULL: its own word */
    const char *file;
};

struct call_arg {
    int64_t model;          /* of the catalogue, when what is NULL */
    const char *what;       /* what target_find understands */
    struct untrusted input; /* JSON to begin with; empty: an example */
    bool compare;           /* the answer with that of the same input, run here */
};

#endif
