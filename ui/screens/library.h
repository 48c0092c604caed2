/*
 * library.h: the Library screen from within: its state, and how it is drawn. library.c is what
 * happens.
 *
 * What is coming stands above what is here; a file that is here in part and on its way is one row.
 */
#ifndef SOUK_UI_LIBRARY_H
#define SOUK_UI_LIBRARY_H

#include "ui/getting.h"
#include "ui/widgets/table.h"

enum { LIB_MODEL, LIB_VERSION, LIB_SIZE, LIB_STATE, LIB_GOT, LIB_USED, LIB_ID, LIB_COLS };
extern const struct column library_columns[LIB_COLS];
extern const struct table_ops library_ops; /* ud: a struct library_screen * */

struct library_entry {
    const struct coming *coming;   /* NULL: it is not on its way */
    const struct library_row *row; /* NULL: nothing of it is here yet */
};

struct library_screen {
    struct app *app;
    struct domain *d;
    const struct library_list *shelf; /* NULL: not read yet */
    struct err failed;                /* of the last thing tried, or of reading */
    struct library_entry *entry;      /* in the order shown; mem */
    size_t n;
    struct table *table;
    int sort; /* LIB_* */
    bool desc;
    char checked[BLOB_ID_BUF]; /* being checked; "" none */
    uint64_t check_done, check_total;
    struct library_flow *flow; /* library.c's own; NULL where it is only drawn */
};

/* Its model's name as far as it is known: author/name, or the file's; {NULL, 0}: only an ID. */
struct untrusted library_author(const struct library_entry *e);
struct untrusted library_name(const struct library_entry *e);
char *library_id(const struct library_entry *e, char out[BLOB_ID_BUF]);
void library_sort(struct library_screen *s);
/* In words for a cell: "no longer stored", "nobody could be reached". */
const char *library_failure(const struct err *e);

void library_draw(struct library_screen *s, struct canvas *c, struct rect area);

#endif
