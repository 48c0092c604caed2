/*
 * run.h: the Run screen from within: its state, and how it is drawn. run.c is what happens.
 *
 *   FIND     which file the model is, and what is in it
 *   ABSENT   it is not on this disk
 *   ASK      its inputs: a field each, or one JSON text; below them what was run before
 *   BUSY     the steps of a run
 *   DONE     the outputs, how long it took, and what was run before
 *
 * In a wide window the form stays at the left of what came out.
 */
#ifndef SOUK_UI_RUN_H
#define SOUK_UI_RUN_H

#include "market/purchase.h"
#include "ui/getting.h"
#include "ui/inspecting.h"
#include "ui/widgets/form.h"
#include "ui/widgets/table.h"
#include "ui/widgets/docview.h"

enum run_phase { RUN_FIND, RUN_ABSENT, RUN_ASK, RUN_BUSY, RUN_DONE };
enum run_focus { RUN_ON_FORM, RUN_ON_OUTPUT, RUN_ON_PAST };
enum run_input_kind { RUN_FIELDS, RUN_JSON };

enum { OUT_NAME, OUT_TYPE, OUT_MIN, OUT_MAX, OUT_MEAN, OUT_VALUES, OUT_COLS };
enum { PAST_WHEN, PAST_STATE, PAST_LATENCY, PAST_REPEAT, PAST_ENGINE, PAST_COLS };
extern const struct column run_output_columns[OUT_COLS], run_past_columns[PAST_COLS];
extern const struct table_ops run_output_ops, run_past_ops; /* ud: a struct run_screen * */

enum { RUN_WORDS = 160, RUN_BINS = 40, RUN_LABEL = 512 };

/* One output, ready to be drawn; texts in the answer's arena. */
struct run_output {
    struct untrusted name, type, words;
    bool has_stats;
    struct value_stats stats;
};

/* What a run gave. Made on a worker: outputs can be large. */
struct run_shown {
    struct values outputs;
    struct run_output *out;
    size_t n;
    struct buf json; /* the outputs, or the past run's */
    bool cut;        /* they are too many to be shown whole */
    char engine[ENGINE_VERSION];
    bool varied;
    int64_t session_ns, first_ns, p50_ns, p95_ns, p99_ns, total_ns;
    int64_t fastest_ns, slowest_ns; /* the ends of bin[] */
    uint64_t repeats, samples /* of them kept; total_ns is theirs */, peak_rss;
    uint32_t bin[RUN_BINS]; /* how many runs took so long */
    int64_t past;           /* of the history: when; 0: just now */
    struct arena arena;
};
struct run_shown *run_shown_new(void);
void run_shown_free(struct run_shown *a); /* NULL is a no-op */
/* From a result's outputs and samples, taken over; blocks for large ones. */
void run_shown_take(struct run_shown *a, struct values *outputs, struct run_times *t);

struct run_screen {
    struct app *app;
    struct domain *d;
    const struct network *network;
    enum run_phase phase;
    enum run_focus focus;
    struct err failed; /* of the last thing tried; code 0: nothing is wrong */

    char label[RUN_LABEL];   /* "author/name", or the file's */
    struct get_target what;  /* the file, as far as it is known */
    struct target seller;    /* who sells calls of it; subject "": nobody known */
    struct inspected *model; /* NULL: not read */

    struct form *form;
    enum run_input_kind input;

    char words[RUN_WORDS]; /* of the step under way */
    uint64_t step, steps;
    struct run_shown *answer; /* NULL: nothing was run yet */
    bool as_json;             /* the outputs as one text */
    struct table *outputs;
    struct docview doc;

    struct arena past_arena;
    struct run_row *past;
    size_t n_past;
    struct table *past_table;

    struct run_flow *flow; /* run.c's own; NULL where it is only drawn */
};

void run_draw(struct run_screen *s, struct canvas *c, struct rect area);

/* --- run_input.c: between the form and the values of a run. */

/* The last fields of the form; the first only where the model leaves a size to choose. */
enum run_option { RUN_SIZES, RUN_THREADS, RUN_REPEAT, RUN_OPTIONS };
enum { RUN_OPTION_TEXT = 256, RUN_INPUTS = FORM_FIELDS - RUN_OPTIONS };
struct run_options {
    char text[RUN_OPTIONS][RUN_OPTION_TEXT];
    unsigned threads, repeat;
};

/* text: the inputs' values, one each (NULL: empty), or of RUN_JSON the whole. o: may be NULL. NULL
 * without memory. */
struct form *run_form(const struct model_info *m, enum run_input_kind kind, char *const *text,
                      const struct run_options *o);
size_t run_form_inputs(const struct form *f, const struct model_info *m); /* fields before them */
/* Faults go to their fields: then false. The texts are taken in any case. */
bool run_form_options(struct form *f, const struct model_info *m, struct run_options *out);

enum run_from { RUN_FROM_FIELDS, RUN_FROM_TEXT, RUN_FROM_EXAMPLE };
struct run_input {
    enum run_from from;
    char *text[FORM_FIELDS]; /* of FIELDS one an input, else text[0]: JSON or CSV; owned */
    size_t n;
    char sizes[RUN_OPTION_TEXT]; /* of free dimensions, for what is made up */
    /* --- what came of it */
    bool made; /* values are there */
    struct values values;
    size_t bad_field; /* where the fault lies; n: nowhere in particular */
};
/* Blocks. An example that does not fit is passed over: then values are made up. */
souk_err run_input_read(struct run_input *in, const struct model_info *m, struct err *e);
/* The values as the fields show them (mem; NULL: without memory). "random" for large ones where
 * made_up. */
char *run_field_text(const struct values *v, size_t i, bool made_up);
void run_input_release(struct run_input *in);

#endif
