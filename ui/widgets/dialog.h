/*
 * dialog.h: words in a box: a message, or a question whose default is No.
 *
 * Yes needs two steps, Left/Right/Tab (or y) to go there and Enter; Esc, n and
 * q are No. Pasted text never answers; where the words do not fit the screen, Enter on
 * Yes scrolls until the last of them was on it. In a message the moving keys scroll,
 * any other key closes.
 */
#ifndef SOUK_UI_DIALOG_H
#define SOUK_UI_DIALOG_H

#include "ui/canvas.h"
#include "ui/input.h"
#include "ui/widgets/textview.h"

struct dialog;

/* `yes` is the label of the dangerous answer; NULL: a message. NULL without memory. */
struct dialog *dialog_new(const char *title, struct untrusted body, const char *yes);
/* A message of lines already made; takes over the contents of *d and leaves it empty. */
struct dialog *dialog_new_doc(const char *title, struct doc *d);
/*
 * A question whose lines are made anew for each width, by `make` (width: columns it may use); what
 * it needs must live as long as the dialog.
 */
typedef void (*dialog_make_fn)(void *ud, struct doc *d, int width, enum text_charset cs);
struct dialog *dialog_new_made(const char *title, dialog_make_fn make, void *ud, const char *yes);
void dialog_free(struct dialog *d);

enum dialog_event { DIALOG_HANDLED, DIALOG_YES, DIALOG_NO };
enum dialog_event dialog_event(struct dialog *d, const struct event *ev);
void dialog_draw(struct dialog *d, struct canvas *c, struct rect area);

#endif
