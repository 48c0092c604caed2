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
#include "ui/rerun.h"
#include "ui/screens/money.h"
#include "ui/widgets/form.h"
#include "ui/widgets/table.h"
#include "ui/widgets/docview.h"

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
    bool given;      /* it began with an input of the user's, not with an example */
    struct buf body; /* the request, as made from the form */

    bool no_wallet; /* there is none on this network: nothing can be paid */
    struct quote *quote;
    struct table *offers;
    struct buf described; /* the selected offer, in market's words (quote_describe) */

    enum purchase_step step;
    char words[CALL_WORDS]; /* of the step */
    struct buf text;        /* of a streamed answer, so far */

    struct arena arena; /* of the receipt */
    struct purchase_row receipt;
    bool has_receipt, receipt_shown; /* the whole receipt instead of the answer */
    struct docview doc;

    struct rerun *rerun; /* the answer, held against a run here; NULL: not of the market */

    struct call_flow *flow; /* NULL where it is only drawn */
};

/* What is unusual is a question of its own, in this order, each once; the last is the money. */
enum call_ask_kind { ASK_PROVEN, ASK_PAYEE, ASK_CHANGED, ASK_CODE, ASK_PUBLIC, ASK_MONEY, ASKS };

struct call_flow {
    struct page_job *finding;
    struct buf example;
    struct purse *purse; /* what the quote was made with */
    struct purchase *work;
    struct consent consent;
    enum call_ask_kind ask;
    bool lent;
    bool compare; /* as soon as there is an answer */
};

void call_draw(struct call_screen *s, struct canvas *c, struct rect area);
/* What is said of an offer, with the gauge where its token's limits are known. */
struct pay_ask call_pay_ask(const struct call_screen *s, size_t row);
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

/* call_pay.c: from a chosen offer to the receipt. */
void call_choose(struct call_screen *s); /* the selected offer: the questions begin */
void call_step(void *ud, enum purchase_step step, const char *words); /* purchase_events.step */
struct call_input call_input_of(const struct call_screen *s);

void call_answered(struct call_screen *s); /* there is an answer: can it be compared? */

/* answer.c: an answer as lines: JSON indented as it came, everything else as text. */
void answer_doc(struct doc *d, struct untrusted answer, int width, enum text_charset cs);

#endif
