/* What descriptions state, and whose the CIDs are that were called. */
#include <string.h>

#include "hub/hub.h"
#include "market/derive/attrib_internal.h"

#include "base/banned.h"

struct stated_row {
    int64_t model;
    char id[48];
};

/* --- what descriptions state */

/* The one IPFS id in a description; "" for none or several. */
static void ipfs_id(struct untrusted d, char out[48])
{
    out[0] = '\0';
    for (size_t i = 0; i < d.n;) {
        size_t start = i;
        while (i < d.n &&
               ((d.p[i] | 32) >= 'a' ? (d.p[i] | 32) <= 'z' : d.p[i] >= '0' && d.p[i] <= '9')) {
            i++;
        }
        struct untrusted word = untrusted_n(d.p + start, i - start);
        i += i == start;
        if (!hub_ipfs_id_ok(word) || (out[0] && memcmp(out, word.p, word.n) == 0)) {
            continue;
        }
        if (out[0]) {
            out[0] = '\0';
            return;
        }
        memcpy(out, word.p, word.n);
        out[word.n] = '\0';
    }
}

static souk_err on_unread(void *ud, const struct description_row *row, struct err *e)
{
    struct attrib *a = ud;
    struct stated_row *r = list_add(&a->stated);
    if (!r) {
        return err_nomem(e);
    }
    r->model = row->model;
    char id[HUB_BLOB_ID + 1];
    size_t n = hub_description_blob_id(row->description, id);
    if (n == 0) {
        ipfs_id(row->description, r->id);
    } else {
        memcpy(r->id, id, sizeof id); /* empty when there are several */
    }
    return SOUK_OK;
}

souk_err attrib_descriptions(struct attrib *a, struct store *s, struct err *e)
{
    a->stated.size = sizeof(struct stated_row);
    souk_err rc = store_each_unread(s, on_unread, a, e);
    for (size_t i = 0; i < a->stated.n && !rc; i++) {
        struct stated_row *r = (struct stated_row *)a->stated.p + i;
        rc = store_stated_put(s, r->model, r->id, e);
    }
    return rc;
}

/* --- CIDs */

static souk_err claim_add(struct attrib *a, int64_t cid, int64_t model, int level, struct err *e)
{
    struct claim *c = list_add(&a->claim);
    if (!c) {
        return err_nomem(e);
    }
    *c = (struct claim){cid, model, level};
    return SOUK_OK;
}

static souk_err on_file_claim(void *ud, const struct cid_claim *c, struct err *e)
{
    return claim_add(ud, c->cid, c->model, c->gone ? 4 : 2, e);
}

static souk_err on_stated_claim(void *ud, const struct cid_claim *c, struct err *e)
{
    return claim_add(ud, c->cid, c->model, c->gone ? 5 : 3, e);
}

static int by_claim(const void *x, const void *y)
{
    const struct claim *a = x, *b = y;
    if (a->cid != b->cid) {
        return a->cid < b->cid ? -1 : 1;
    }
    if (a->level != b->level) {
        return a->level - b->level;
    }
    return a->model < b->model ? -1 : a->model > b->model;
}

/* Rule 5: leaves one claim for each CID; model 0 where it is contested. */
static void decide(struct attrib *a)
{
    struct claim *c = a->claim.p;
    size_t out = 0;
    list_sort(&a->claim, by_claim);
    for (size_t i = 0; i < a->claim.n; i++) {
        if (out == 0 || c[out - 1].cid != c[i].cid) {
            c[out++] = c[i];
        } else if (c[out - 1].level == c[i].level && c[out - 1].model != c[i].model) {
            c[out - 1].model = 0; /* stays so: no model has id 0 */
        }
    }
    a->claim.n = out;
}

souk_err attrib_claims(struct attrib *a, struct store *s, struct err *e)
{
    souk_err rc = SOUK_OK;
    a->claim.size = sizeof(struct claim);
    for (uint32_t i = 0; i < a->event.n && !rc; i++) {
        const struct event_row *ev = event_at(a, i);
        int64_t cid = 0;
        if (ev->chosen && ev->blob_id.p) {
            rc = store_cid_find(s, ev->blob_id, &cid, e);
        }
        if (!rc && cid) {
            rc = claim_add(a, cid, ev->model, 1, e);
        }
    }
    if (!rc) {
        rc = store_each_file_claim(s, on_file_claim, a, e);
    }
    if (!rc) {
        rc = store_each_stated_claim(s, on_stated_claim, a, e);
    }
    decide(a);
    return rc;
}
