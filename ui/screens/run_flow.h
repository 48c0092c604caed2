/*
 * run_flow.h: what the Run screen has under way. run.c: the file, and the keys; run_work.c: from
 * the form to an answer; run_past.c: what was run before.
 */
#ifndef SOUK_UI_RUN_FLOW_H
#define SOUK_UI_RUN_FLOW_H

#include "ui/screens/run.h"

struct run_flow {
    struct page_job *finding;
    struct inspecting *reading;
    struct buf example; /* the seller's, JSON; "" none */
    struct prep_work *preparing;
    struct running *running;
    unsigned repeat; /* of that */
    struct answer_work *answering;
    struct past_work *listing, *opening;
};

void run_read(struct run_screen *s); /* the file, if it is here */

/* --- run_work.c */
void run_prefill(struct run_screen *s);                        /* the first form */
bool run_pasted(struct run_screen *s, struct untrusted paste); /* false: into the field with it */
void run_fill(struct run_screen *s, struct untrusted text);    /* the form, from an input's text */
void run_toggle_json(struct run_screen *s);
void run_start(struct run_screen *s);
void run_stop(struct run_screen *s);
void run_call(struct run_screen *s); /* to the Call screen, with this input */
void run_get_file(struct run_screen *s);
void run_work_drop(struct run_screen *s);

/* --- run_past.c */
void run_past_read(struct run_screen *s);
void run_past_open(struct run_screen *s); /* the selected one */

#endif
