/*
 * explain.h: where a figure comes from, as a screen of its own over any other.
 *
 *     app_push(a, &screen_explain, &(struct explain_arg){.metric = m, .who = id, .label = name});
 *     explain_menu(...)   asks which figure first: for pages without a cursor over their figures
 *
 * It tells of one moment: what is read while it is open does not change it.
 */
#ifndef SOUK_UI_EXPLAIN_H
#define SOUK_UI_EXPLAIN_H

#include "market/explain.h"
#include "ui/digesting.h"
#include "ui/widgets/docview.h"
#include "ui/widgets/table.h"

struct explain_arg {
    enum metric metric;
    int64_t who;       /* 0 the market, a model's id, an author's id negated */
    const char *label; /* whose: outside text; NULL: the market's */
};

extern const struct screen_ops screen_explain; /* arg: const struct explain_arg * */

/* Which of these figures of one model or author; then its explanation. */
void explain_menu(struct app *a, const enum metric *m, size_t n, int64_t who, const char *label);

/* --- from within: explain.c is what happens, explain_doc.c how it reads. */

enum explain_pane { EXPLAIN_FROM, EXPLAIN_ROWS, EXPLAIN_PANES };
enum { EXPLAIN_LABEL = 256 };

struct explain_screen {
    struct app *app;
    struct domain *d;
    enum metric metric;
    int64_t who;
    char label[EXPLAIN_LABEL];
    struct explanation *x; /* NULL: not loaded yet */
    struct page_job *job;
    struct err failed;
    enum explain_pane pane;
    struct docview doc;
    struct table *rows;
    struct digesting *digesting; /* NULL: not now */
    struct err digest_failed;
};

extern const struct table_ops explain_row_ops; /* ud: a struct explain_screen * */
void explain_draw(struct explain_screen *s, struct canvas *c, struct rect area);

#endif
