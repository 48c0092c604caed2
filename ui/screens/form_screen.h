/*
 * form_screen.h: a screen that is one form: what is shared by Send, Limits and New wallet.
 */
#ifndef SOUK_UI_FORM_SCREEN_H
#define SOUK_UI_FORM_SCREEN_H

#include "ui/domain.h"
#include "ui/purser.h"
#include "ui/widgets/form.h"

struct form_screen;

struct form_kind {
    const char *intro, *button;             /* ours */
    bool (*fill)(struct form_screen *s);    /* its fields; false: no memory */
    void (*changed)(struct form_screen *s); /* a field was edited; may be NULL */
    void (*submit)(struct form_screen *s);  /* the button */
    void (*close)(struct form_screen *s);   /* what hangs on own; may be NULL */
    size_t own_size;                        /* of *own, zeroed */
};

struct form_screen {
    struct app *app;
    struct domain *d;
    const struct form_kind *kind;
    struct form *form;
    struct err failed; /* of the last try; shown above the form */
    const char *busy;  /* ours: what is under way, and the form waits; NULL */
    void *own;
};

souk_err form_screen_open(struct app *a, const struct form_kind *kind, void **self, struct err *e);
void form_screen_close(void *self);
void form_screen_draw(void *self, struct canvas *c, struct rect area);
bool form_screen_event(void *self, const struct event *ev);

/* Says what is wrong with a field and goes there. Always false. */
bool form_screen_fault(struct form_screen *s, size_t field, const char *words);

#endif
