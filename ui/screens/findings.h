/*
 * findings.h: what the rules found: the findings, how many payments each rule concerns, and what
 * other thresholds would say. findings.c is what happens, findings_draw.c how it looks.
 */
#ifndef SOUK_UI_FINDINGS_H
#define SOUK_UI_FINDINGS_H

#include "market/genuine.h"
#include "ui/trying.h"
#include "ui/widgets/table.h"

struct findings_arg {
    int64_t who;       /* 0 the market, a model's id, an author's id negated */
    const char *label; /* whose: outside text; NULL: the market's */
};
struct evidence_arg {
    const struct finding_row *finding;
};

extern const struct screen_ops screen_findings; /* arg: const struct findings_arg * */
extern const struct screen_ops screen_evidence; /* arg: const struct evidence_arg * */

/* --- from within */

enum findings_pane { FINDINGS_LIST, FINDINGS_RULES, FINDINGS_OTHER, FINDINGS_PANES };

enum {
    FINDING_RULE,
    FINDING_WHO,
    FINDING_PAYEE,
    FINDING_PAYERS,
    FINDING_PAYMENTS,
    FINDING_AMOUNT,
    FINDING_WHEN,
    FINDING_COLS
};
enum { TRY_NAME, TRY_LESS, TRY_NOW, TRY_MORE, TRY_TEXT, TRY_COLS };
enum {
    EVIDENCE_WHEN,
    EVIDENCE_WHAT,
    EVIDENCE_FROM,
    EVIDENCE_TO,
    EVIDENCE_AMOUNT,
    EVIDENCE_TX,
    EVIDENCE_COLS
};
extern const struct column finding_columns[FINDING_COLS], try_columns[TRY_COLS],
    evidence_columns[EVIDENCE_COLS];
extern const struct table_ops finding_ops, try_ops; /* ud: a struct findings_screen * */
extern const struct table_ops evidence_ops;         /* ud: a struct evidence_screen * */

enum { FINDINGS_MOST = 500, FINDINGS_LABEL = 256, WORDS_MOST = 512 };

struct findings_screen {
    struct app *app;
    struct domain *d;
    int64_t who;
    char label[FINDINGS_LABEL];
    struct findings *f; /* NULL: not loaded yet */
    struct page_job *job;
    bool again; /* what is asked has changed since the job began */
    struct err failed;
    enum findings_pane pane;
    struct table *list, *tries;
    struct trying *trying; /* NULL: not now */
    unsigned tried;        /* thresholds done, while trying */
    struct amount unit;    /* what the tries are in; value unused; symbol "": nothing was found */
    struct sensitivity row[THRESHOLDS];
    bool has_rows;
    struct err try_failed;
};

struct evidence_screen {
    struct app *app;
    struct domain *d;
    int64_t id;
    enum rule rule;
    char author[FINDINGS_LABEL], model[FINDINGS_LABEL],
        words[WORDS_MOST]; /* the first two outside text */
    struct evidence *v;    /* NULL: not loaded yet */
    struct page_job *job;
    struct err failed;
    struct table *table;
};

void findings_draw(struct findings_screen *s, struct canvas *c, struct rect area);
void evidence_draw(struct evidence_screen *s, struct canvas *c, struct rect area);

#endif
