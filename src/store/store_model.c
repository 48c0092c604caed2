/* Models, their files, and the offers of x402 Bazaar: writing. */
#include <string.h>

#include "store/query.h"

#include "base/banned.h"

/* What tells whether a record changed: a hash over the hashes of its fields. */
static bytes32 model_hash(const struct model_in *m)
{
    const struct untrusted field[] = {m->author, m->name, m->task, m->llm_path, m->description};
    bytes32 h[sizeof field / sizeof *field];
    for (size_t i = 0; i < sizeof field / sizeof *field; i++) {
        h[i] = keccak256(field[i].p ? field[i].p : "", field[i].n);
    }
    return keccak256(h, sizeof h);
}

/* Absent and empty are the same to us. */
static struct untrusted or_empty(struct untrusted u)
{
    return u.p ? u : untrusted("");
}

static souk_err author_id(struct store *s, struct untrusted name, int64_t *id, struct err *e)
{
    struct query_run q = query_open(s, "SELECT id FROM author WHERE name = ?");
    query_text(&q, or_empty(name));
    souk_err rc = query_one(&q, 0, id, e);
    if (rc || *id) {
        return rc;
    }
    q = query_open(s, "INSERT INTO author(name) VALUES(?)");
    query_text(&q, or_empty(name));
    rc = query_do(&q, e);
    *id = sqlite3_last_insert_rowid(store_db(s));
    return rc;
}

static souk_err text_put(struct store *s, int64_t id, const struct model_in *m, struct err *e)
{
    struct query_run q = query_open(
        s, "INSERT OR REPLACE INTO model_name(rowid, name, author, task) VALUES(?, ?, ?, ?)");
    query_int(&q, id);
    query_text(&q, or_empty(m->name));
    query_text(&q, or_empty(m->author));
    query_text(&q, or_empty(m->task));
    souk_err rc = query_do(&q, e);
    if (rc) {
        return rc;
    }
    q = query_open(s, "INSERT OR REPLACE INTO model_text(rowid, description) VALUES(?, ?)");
    query_int(&q, id);
    query_text(&q, or_empty(m->description));
    return query_do(&q, e);
}

static souk_err seen_again(struct store *s, int64_t id, int64_t src, int64_t now, struct err *e)
{
    struct query_run q =
        query_open(s, "UPDATE model SET last_seen = ?, src = ?, gone = 0 WHERE id = ?");
    query_int(&q, now);
    query_int(&q, src);
    query_int(&q, id);
    return query_do(&q, e);
}

static souk_err write_model(struct store *s, int64_t *id, int64_t author, const struct model_in *m,
                            const bytes32 *hash, int64_t src, int64_t now, struct err *e)
{
    struct query_run q =
        *id ? query_open(s, "UPDATE model SET task = ?1, llm_path = ?2, hash = ?3, last_seen = ?4,"
                            " src = ?5, gone = 0, read = 0 WHERE id = ?6")
            : query_open(s, "INSERT INTO model(task, llm_path, hash, last_seen, src, author, name,"
                            " first_seen) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?4)");
    query_text(&q, or_empty(m->task));
    query_text(&q, or_empty(m->llm_path));
    query_blob(&q, hash->b, sizeof hash->b);
    query_int(&q, now);
    query_int(&q, src);
    query_int(&q, *id ? *id : author);
    if (!*id) {
        query_text(&q, or_empty(m->name));
    }
    souk_err rc = query_do(&q, e);
    if (!rc && !*id) {
        *id = sqlite3_last_insert_rowid(store_db(s));
    }
    return rc;
}

souk_err store_model_put(struct store *s, const struct model_in *m, int64_t src, int64_t now,
                         int64_t *id, bool *changed, struct err *e)
{
    bytes32 hash = model_hash(m), old = {{0}};
    int64_t author, have = 0, gone = 0;
    *id = 0;
    *changed = false;
    souk_err rc = author_id(s, m->author, &author, e);
    if (rc) {
        return rc;
    }
    struct query_run q =
        query_open(s, "SELECT id, hash, gone FROM model WHERE author = ? AND name = ?");
    query_int(&q, author);
    query_text(&q, or_empty(m->name));
    if (query_next(&q)) {
        have = query_col_int(&q, 0);
        old = query_col_bytes32(&q, 1);
        gone = query_col_int(&q, 2);
    }
    rc = query_close(&q, e);
    if (rc) {
        return rc;
    }
    *id = have;
    if (gone) {
        store_touched(s);
        *changed = true;
    }
    if (have && memcmp(&hash, &old, sizeof hash) == 0) {
        return seen_again(s, have, src, now, e);
    }
    *changed = true;
    store_text_touched(s);
    rc = write_model(s, id, author, m, &hash, src, now, e);
    return rc ? rc : text_put(s, *id, m, e);
}

souk_err store_models_touch_page(struct store *s, const char *place, int64_t page, int64_t now,
                                 struct err *e)
{
    struct query_run q =
        query_open(s, "UPDATE model SET last_seen = ?, gone = 0 WHERE src IN"
                      " (SELECT id FROM source WHERE kind = ? AND place = ? AND first = ?)");
    query_int(&q, now);
    query_int(&q, SOURCE_HUB);
    query_text(&q, untrusted(place));
    query_int(&q, page);
    return query_do(&q, e);
}

souk_err store_models_sweep(struct store *s, int64_t since, int64_t *gone, struct err *e)
{
    struct query_run q =
        query_open(s, "UPDATE model SET gone = 1 WHERE gone = 0 AND last_seen < ?");
    query_int(&q, since);
    souk_err rc = query_do(&q, e);
    *gone = rc ? 0 : sqlite3_changes(store_db(s));
    if (*gone) {
        store_touched(s);
    }
    /* What is first seen later than this was not there before: an upload. */
    if (!rc && !store_meta_int(s, "hub_complete", 0)) {
        rc = store_meta_set_int(s, "hub_complete", since, e);
    }
    return rc;
}

souk_err store_file_put(struct store *s, int64_t model, const struct file_in *f, int64_t src,
                        struct err *e)
{
    struct query_run q = query_open(
        s,
        "INSERT INTO file(model, version, name, size, blob_id, notes, src)"
        " VALUES(?, ?, ?, ?, nullif(?, ''), ?, ?) ON CONFLICT DO UPDATE SET size ="
        " excluded.size, blob_id = excluded.blob_id, notes = excluded.notes, src = excluded.src");
    query_int(&q, model);
    query_text(&q, or_empty(f->version));
    query_text(&q, or_empty(f->name));
    query_int(&q, f->size);
    query_text(&q, or_empty(f->blob_id));
    query_text(&q, f->notes);
    query_int(&q, src);
    store_touched(s);
    return query_do(&q, e);
}

souk_err store_offers_clear(struct store *s, struct err *e)
{
    struct query_run q = query_open(s, "DELETE FROM offer");
    souk_err rc = query_do(&q, e);
    if (!rc) {
        q = query_open(s, "DELETE FROM source WHERE kind = ?");
        query_int(&q, SOURCE_BAZAAR);
        rc = query_do(&q, e);
    }
    return rc;
}

souk_err store_offer_put(struct store *s, const struct offer_in *o, int64_t src, struct err *e)
{
    int64_t asset = store_addr(s, o->asset, e);
    int64_t pay_to = asset ? store_addr(s, o->pay_to, e) : 0;
    if (!pay_to) {
        return e ? e->code : SOUK_EFAIL;
    }
    struct query_run q =
        query_open(s, "INSERT OR REPLACE INTO offer(resource, n, scheme, chain, amount, asset,"
                      " pay_to, description, updated, src, example)"
                      " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    query_text(&q, or_empty(o->resource));
    query_int(&q, o->n);
    query_text(&q, or_empty(o->scheme));
    query_int(&q, o->chain);
    query_u256(&q, o->amount);
    query_int(&q, asset);
    query_int(&q, pay_to);
    query_text(&q, or_empty(o->description));
    query_int(&q, o->updated);
    query_int(&q, src);
    query_text(&q, o->example);
    return query_do(&q, e);
}
