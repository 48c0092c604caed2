#include "market/genuine.h"

#include "market/derive.h"
#include "market/genuine/internal.h"
#include "store/genuine_rows.h"

#include "base/banned.h"

static const char key_raw[] = "judged_raw", key_rules[] = "judged_rules",
                  key_known[] = "judged_known", key_chain[] = "judged_chain";

bool genuine_stale(struct store *s, const struct rules *r, const struct known *k)
{
    return store_meta_int(s, key_raw, -1) != store_raw_version(s) ||
           store_meta_int(s, key_rules, 0) != (int64_t)rules_print(r) ||
           store_meta_int(s, key_known, 0) != (int64_t)(k ? k->print : 0);
}

static souk_err remember(struct store *w, const struct network *n, const struct rules *r,
                         const struct known *k, struct err *e)
{
    struct cursor c = {0};
    (void)derive_payments_to(w, n->payment.chain_id, &c);
    const struct {
        const char *key;
        int64_t v;
    } meta[] = {
        {key_raw, store_raw_version(w)},
        {key_rules, (int64_t)rules_print(r)},
        {key_known, (int64_t)(k ? k->print : 0)},
        {key_chain, n->payment.chain_id},
        {"judged_at", c.time},
        {"judged_as_of", store_meta_int(w, "as_of", 0)},
    };
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof meta / sizeof *meta && !rc; i++) {
        rc = store_meta_set_int(w, meta[i].key, meta[i].v, e);
    }
    return rc;
}

souk_err judge_all(struct store *s, const struct network *n, const struct rules *r,
                   const struct known *k, const atomic_bool *stop, bool write, struct sums *out,
                   struct people *p, struct err *e)
{
    struct windows w = {0};
    struct crowds c = {0};
    struct findings_made f = {
        .w = s, .p = p, .win = &w, .crowds = &c, .r = r, .chain = n->payment.chain_id};
    findings_init(&f);
    souk_err rc = people_load(p, s, n, r, k, stop, e);
    if (!rc) {
        rc = windows_run(&w, p, s, n, r, stop, e);
    }
    if (!rc) {
        rc = crowds_find(&c, &w, e);
    }
    if (!rc) {
        rc = sums_init(out, p, r, store_meta_int(s, "as_of", 0), e);
    }
    if (!rc) {
        rc = verdicts_run(p, &w, &c, s, n, r, stop, out, write ? &f : NULL, e);
    }
    if (!rc) {
        rc = sums_finish(out, e);
    }
    if (!rc && write) {
        rc = findings_write(&f, e);
    }
    if (!rc && write) {
        rc = sums_write(out, s, e);
    }
    findings_release(&f);
    crowds_release(&c);
    windows_release(&w);
    return rc;
}

souk_err genuine_judge(struct store *w, const struct network *n, const struct rules *r,
                       const struct known *k, const atomic_bool *stop, struct err *e)
{
    struct sums sums = {0};
    struct people p = {0};
    if (!genuine_stale(w, r, k) && store_meta_int(w, key_chain, -1) == n->payment.chain_id) {
        return SOUK_OK;
    }
    souk_err rc = store_begin(w, e);
    if (rc) {
        return rc;
    }
    rc = store_genuine_clear(w, e);
    if (!rc) {
        rc = judge_all(w, n, r, k, stop, true, &sums, &p, e);
    }
    if (!rc) {
        rc = remember(w, n, r, k, e);
    }
    if (!rc) {
        rc = store_commit(w, e);
    }
    if (rc) {
        store_rollback(w);
    }
    sums_release(&sums);
    people_release(&p);
    return rc;
}
