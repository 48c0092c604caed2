/* The model a person named. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "hub/hub.h"
#include "market/catalog.h"
#include "market/catalog/search.h"
#include "store/catalog_rows.h"

#include "base/banned.h"

enum { CANDIDATES = 5, WORD_MAX = 1024, LIST_MAX = 400 };

struct finding {
    int64_t id; /* the first one */
    size_t n;
    struct buf list; /* the first CANDIDATES as author/name, comma-separated */
};

static souk_err on_found(void *ud, const struct found_row *row, struct err *e)
{
    struct finding *f = ud;
    (void)e;
    if (f->n++ == 0) {
        f->id = row->id;
    }
    if (f->n <= CANDIDATES && f->list.len < LIST_MAX) {
        buf_adds(&f->list, f->n > 1 ? ", " : "");
        buf_add(&f->list, row->author.p, row->author.n);
        buf_addc(&f->list, '/');
        buf_add(&f->list, row->name.p, row->name.n);
    }
    return SOUK_OK;
}

/* author/name, wherever the slash stands that makes it one: both may have slashes. */
static souk_err by_author(struct store *s, const char *word, bool nocase, struct finding *f,
                          struct err *e)
{
    souk_err rc = SOUK_OK;
    for (const char *slash = strchr(word, '/'); slash && !rc; slash = strchr(slash + 1, '/')) {
        rc = store_find_of_author(s, untrusted_n(word, (size_t)(slash - word)),
                                  untrusted(slash + 1), nocase, on_found, f, e);
    }
    return rc;
}

static souk_err by_id(struct store *s, const char *word, struct finding *f, struct err *e)
{
    bytes32 lid;
    struct untrusted u = untrusted(word);
    if (bytes32_parse(u.p, u.n, &lid)) {
        return store_find(s, FIND_LID, untrusted_n((const char *)lid.b, sizeof lid.b), on_found, f,
                          e);
    }
    if (hub_blob_id_ok(u) || hub_ipfs_id_ok(u)) {
        return store_find(s, FIND_BLOB, u, on_found, f, e);
    }
    return SOUK_OK;
}

/* Exactly first, then whatever the case of its letters; the first way that finds anything counts.
 */
static souk_err look(struct store *s, const char *word, struct finding *f, struct err *e)
{
    souk_err rc = by_author(s, word, false, f, e);
    if (!rc && f->n == 0) {
        rc = store_find(s, FIND_NAME, untrusted(word), on_found, f, e);
    }
    if (!rc && f->n == 0) {
        rc = by_id(s, word, f, e);
    }
    if (!rc && f->n == 0) {
        rc = by_author(s, word, true, f, e);
    }
    if (!rc && f->n == 0) {
        rc = store_find(s, FIND_NAME_NOCASE, untrusted(word), on_found, f, e);
    }
    return rc;
}

static souk_err on_near(void *ud, const struct catalog_row *r, struct err *e)
{
    struct buf *list = ud;
    (void)e;
    buf_adds(list, list->len ? ", " : "");
    buf_add(list, r->author.p, r->author.n);
    buf_addc(list, '/');
    buf_add(list, r->name.p, r->name.n);
    return SOUK_OK;
}

/* The first few models a search for the word finds by name, or by author and task. */
static souk_err near(struct store *s, const char *word, struct buf *list, struct err *e)
{
    struct search_result found;
    size_t n = 0;
    souk_err rc = search(s, word, &found, e);
    for (uint8_t tier = TIER_NAME; tier >= TIER_NAMES; tier--) {
        for (size_t id = 0; id < found.n && !rc && n < CANDIDATES && list->len < LIST_MAX; id++) {
            if (found.tier[id] == tier && id > 0) {
                n++;
                rc = store_catalog_row(s, WINDOW_ALL, (int64_t)id, on_near, list, e);
            }
        }
    }
    search_release(&found);
    return rc;
}

static souk_err conclude(struct store *s, const char *word, struct finding *f, struct err *e)
{
    if (f->n == 1) {
        return SOUK_OK;
    }
    if (f->n > 1) {
        souk_err rc = buf_check(&f->list, "the list of candidates", e);
        return rc ? rc
                  : err_set(e, SOUK_EINPUT, "\"%s\" is the name of %zu models: say which of %s%s",
                            word, f->n, f->list.p, f->n > CANDIDATES ? ", ..." : "");
    }
    souk_err rc = near(s, word, &f->list, e);
    if (!rc) {
        rc = buf_check(&f->list, "the list of near names", e);
    }
    if (rc) {
        return rc;
    }
    return f->list.len ? err_set(e, SOUK_ENOTFOUND, "no model \"%s\"; near it: %s", word, f->list.p)
                       : err_set(e, SOUK_ENOTFOUND, "no model \"%s\" in the cache", word);
}

souk_err model_find(struct store *s, const char *word, int64_t *id, struct err *e)
{
    struct finding f = {.id = 0};
    if (strlen(word) > WORD_MAX) {
        return err_set(e, SOUK_ENOTFOUND, "no model has a name of %zu bytes", strlen(word));
    }
    buf_init(&f.list, 64 << 10);
    souk_err rc = store_snapshot(s, e);
    if (!rc) {
        rc = look(s, word, &f, e);
        if (!rc) {
            rc = conclude(s, word, &f, e);
        }
        store_snapshot_end(s);
    }
    *id = rc ? 0 : f.id;
    buf_release(&f.list);
    return rc;
}
