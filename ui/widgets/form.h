/*
 * form.h: labelled lines to fill in, one below the other, and a button at the end.
 *
 * Text fields edit as edit.h does; choices go round with Left and Right. Up,
 * Down and Tab move; Enter goes to the next field and, on the button, ends the
 * form. What is wrong with a field is its owner's to say (form_fault), in
 * words below the form while the field is focused, and a sign beside it.
 *
 * Labels, hints and values are untrusted and copied.
 */
#ifndef SOUK_UI_FORM_H
#define SOUK_UI_FORM_H

#include "ui/canvas.h"
#include "ui/input.h"

enum { FORM_FIELDS = 24, FORM_CHOICES = 12, FORM_VALUE_MAX = 32 * 1024, FORM_WORDS = 160 };

struct form;

struct form *form_new(const char *button); /* ours; NULL without memory */
void form_free(struct form *f);
/* False: no memory, or FORM_FIELDS are there already. hint: what belongs there. */
bool form_add(struct form *f, struct untrusted label, struct untrusted hint,
              struct untrusted value);
/* option: ours, copied; FORM_CHOICES at most. */
bool form_add_choice(struct form *f, const char *label, const char *hint, const char *const *option,
                     size_t n, size_t chosen);

size_t form_count(const struct form *f);
struct untrusted form_label(const struct form *f, size_t i);
const char *form_value(const struct form *f, size_t i); /* of a choice: the option's text */
size_t form_chosen(const struct form *f, size_t i);     /* of a choice: its index */
void form_set(struct form *f, size_t i, struct untrusted value);
void form_fault(struct form *f, size_t i, const char *words); /* copied; NULL or "": it is fine */
bool form_has_fault(const struct form *f);
size_t form_focus(const struct form *f); /* form_count(): the button */
void form_focus_on(struct form *f, size_t i);

enum form_event { FORM_IGNORED, FORM_HANDLED, FORM_CHANGED, FORM_DONE, FORM_CANCEL };
enum form_event form_event(struct form *f, const struct event *ev);

/* Fields, a blank, the button, and below it words on the focused field. */
int form_rows(const struct form *f); /* what it would like to have */
void form_draw(struct form *f, struct canvas *c, struct rect area);
void form_show(struct form *f, struct canvas *c, struct rect area); /* keys go elsewhere */

#endif
