/* Words to models, through FTS5; and one model by what a person calls it. */
#include <string.h>

#include "base/buf.h"
#include "store/catalog_rows.h"
#include "store/query.h"

#include "base/banned.h"

/* --- tokens */

/* FTS5's own interface: the documented way to its tokenizers. */
static fts5_api *fts5(struct store *s)
{
    fts5_api *api = NULL;
    struct query_run q = query_open(s, "SELECT fts5(?)");
    if (q.st) {
        sqlite3_bind_pointer(q.st, 1, (void *)&api, "fts5_api_ptr", NULL);
    }
    query_next(&q);
    query_close(&q, NULL);
    return api;
}

struct token_run {
    souk_err (*fn)(void *ud, struct untrusted token, struct err *e);
    void *ud;
    struct err *e;
    souk_err rc;
};

static int on_token(void *ctx, int flags, const char *p, int n, int start, int end)
{
    struct token_run *r = ctx;
    (void)flags;
    (void)start;
    (void)end;
    r->rc = r->fn(r->ud, untrusted_n(p, (size_t)n), r->e);
    return r->rc ? SQLITE_ABORT : SQLITE_OK;
}

souk_err store_tokens(struct store *s, struct untrusted text,
                      souk_err (*fn)(void *ud, struct untrusted token, struct err *e), void *ud,
                      struct err *e)
{
    const char *args[] = {"remove_diacritics", "2"};
    struct token_run run = {fn, ud, e, SOUK_OK};
    fts5_tokenizer type;
    Fts5Tokenizer *t = NULL;
    void *context = NULL;
    fts5_api *api = fts5(s);
    if (!api || api->xFindTokenizer(api, "unicode61", &context, &type) != SQLITE_OK) {
        return err_set(e, SOUK_EFAIL, "this SQLite has no full-text search (FTS5)");
    }
    if (type.xCreate(context, args, 2, &t) != SQLITE_OK) {
        return err_nomem(e);
    }
    int rc = type.xTokenize(t, &run, FTS5_TOKENIZE_QUERY, text.p, (int)text.n, on_token);
    type.xDelete(t);
    return rc == SQLITE_NOMEM ? err_nomem(e) : run.rc;
}

/* --- search */

/* The one way a token gets into a MATCH expression: as an FTS5 string, its quotes doubled. */
static void quote(struct buf *b, struct untrusted token)
{
    buf_addc(b, '"');
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] == '"') {
            buf_addc(b, '"');
        }
        buf_addc(b, token.p[i] ? token.p[i] : ' ');
    }
    buf_addc(b, '"');
}

souk_err store_search(struct store *s, enum search_in in, struct untrusted token, bool whole,
                      souk_err (*fn)(void *ud, int64_t id), void *ud, struct err *e)
{
    enum { MATCH_MAX = 4096 };
    struct buf match;
    buf_init(&match, MATCH_MAX);
    buf_adds(&match, in == SEARCH_NAME ? "name : " : "");
    quote(&match, token);
    buf_adds(&match, whole ? "" : " *");
    souk_err rc = buf_check(&match, "a word to search for", e);
    if (rc) {
        buf_release(&match);
        return rc;
    }
    struct query_run q =
        in == SEARCH_TEXT ? query_open(s, "SELECT rowid FROM model_text WHERE model_text MATCH ?")
                          : query_open(s, "SELECT rowid FROM model_name WHERE model_name MATCH ?");
    query_text(&q, untrusted_n(match.p, match.len));
    while (!rc && query_next(&q)) {
        rc = fn(ud, query_col_int(&q, 0));
    }
    souk_err closed = query_close(&q, e);
    buf_release(&match);
    return closed ? closed : rc ? err_nomem(e) : SOUK_OK;
}

souk_err store_each_word(struct store *s, bool names, ROW_FN(vocab_row), void *ud, struct err *e)
{
    struct query_run q = names ? query_open(s, "SELECT term, doc FROM name_vocab")
                               : query_open(s, "SELECT term, doc FROM text_vocab");
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct vocab_row row = {query_col_text(&q, 0), query_col_int(&q, 1)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

/* --- one model */

static souk_err each_found(struct query_run q, ROW_FN(found_row), void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    while (!rc && query_next(&q)) {
        struct found_row row = {query_col_int(&q, 0), query_col_text(&q, 1), query_col_text(&q, 2)};
        rc = fn(ud, &row, e);
    }
    return query_end(&q, rc, e);
}

#define FOUND "SELECT m.id, a.name, m.name FROM model m JOIN author a ON a.id = m.author "

souk_err store_find(struct store *s, enum find_by by, struct untrusted word, ROW_FN(found_row),
                    void *ud, struct err *e)
{
    struct query_run q;
    switch (by) {
    case FIND_NAME:
        q = query_open(s, FOUND "WHERE m.name = ? ORDER BY m.id");
        break;
    case FIND_NAME_NOCASE:
        q = query_open(s, FOUND "WHERE m.name = ? COLLATE NOCASE ORDER BY m.id");
        break;
    case FIND_BLOB: /* the one it stands for first, then any version ever named */
        q = query_open(s, FOUND "WHERE m.blob_id = ?1 OR m.id IN (SELECT model FROM file WHERE"
                                " blob_id = ?1) ORDER BY m.blob_id IS NOT ?1, m.id");
        break;
    case FIND_LID:
        q = query_open(s,
                       FOUND "WHERE (a.name, m.name) = (SELECT author, name FROM listing_event"
                             " WHERE lid = ? AND kind = 1 ORDER BY block DESC, log DESC LIMIT 1)");
        break;
    default:
        BUG("no such way to find a model: %d", by);
    }
    if (by == FIND_LID) {
        query_blob(&q, word.p, word.n);
    } else {
        query_text(&q, word);
    }
    return each_found(q, fn, ud, e);
}

souk_err store_find_of_author(struct store *s, struct untrusted author, struct untrusted name,
                              bool nocase, ROW_FN(found_row), void *ud, struct err *e)
{
    struct query_run q =
        nocase ? query_open(s, FOUND "WHERE a.name = ? COLLATE NOCASE AND m.name = ? COLLATE NOCASE"
                                     " ORDER BY m.id")
               : query_open(s, FOUND "WHERE a.name = ? AND m.name = ? ORDER BY m.id");
    query_text(&q, author);
    query_text(&q, name);
    return each_found(q, fn, ud, e);
}
