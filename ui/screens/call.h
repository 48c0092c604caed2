/*
 * call.h: the Call screen from within: its state, and how it is drawn. call.c is what happens.
 *
 *   ASK     the input: fields made from an example, one JSON text, or a prompt
 *   QUOTE   the price is being asked for; nothing is signed
 *   OFFERS  what it would cost, and why some offers are not acceptable
 *   PAY     the steps of a payment that was agreed to
 *   DONE    the answer, and the receipt
 */
#ifndef SOUK_UI_CALL_H
#define SOUK_UI_CALL_H

#include "ui/domain.h"
#include "ui/screens/money.h"
#include "ui/widgets/form.h"
#include "ui/widgets/table.h"
#include "ui/widgets/textview.h"

enum call_phase { CALL_FIND, CALL_ASK, CALL_QUOTE, CALL_OFFERS, CALL_PAY, CALL_DONE };
enum call_input_kind { INPUT_FIELDS, INPUT_JSON, INPUT_PROMPT };

enum { OFFER_PRICE, OFFER_HOW, OFFER_CHAIN, OFFER_PAYEE, OFFER_STATE, OFFER_COLS };
extern const struct column call_offer_columns[OFFER_COLS];

enum { CALL_WORDS = 160, CALL_TEXT_MAX = 1 << 20 };

struct call_screen {
    struct app *app;
    struct domain *d;
    const struct network *network;
    enum call_phase phase;
    struct err failed; /* of the last thing tried; code 0: nothing is wrong */

    struct target target;
    struct form *form;
    enum call_input_kind input;
    struct buf body; /* the request, as made from the form */

    bool no_wallet; /* there is none on this network: nothing can be paid */
    struct quote *quote;
    struct table *offers;

    enum purchase_step step;
    char words[CALL_WORDS]; /* of the step */
    struct buf text;        /* of a streamed answer, so far */

    struct arena arena; /* of the receipt */
    struct purchase_row receipt;
    bool has_receipt, receipt_shown; /* the whole receipt instead of the answer */
    struct doc doc;
    int doc_width; /* 0: to be made */
    struct textview view;

    struct call_flow *flow; /* call.c's own: who works, and what was agreed to */
};

void call_draw(struct call_screen *s, struct canvas *c, struct rect area);
/* A cell of the table of offers; ud is a struct call_screen *. */
void call_offer_cell(void *ud, size_t row, int col, struct strip *out);

/* call_input.c: the form and the request. */
/* A form for a target: from its example (JSON text, or empty). NULL without memory. */
struct form *call_form(const struct target *t, struct untrusted example,
                       enum call_input_kind *kind);
/* The form's content as the request's body; faults go to their fields: then false. */
bool call_body(struct form *f, enum call_input_kind kind, const struct target *t, struct buf *out);
/* Fields from a whole JSON object that was pasted; NULL: it is none. */
struct form *call_form_pasted(struct untrusted text, enum call_input_kind *kind);

/* answer.c: an answer as lines: JSON indented as it came, everything else as text. */
void answer_doc(struct doc *d, struct untrusted answer, int width, enum text_charset cs);

#endif
