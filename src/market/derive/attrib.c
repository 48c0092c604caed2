#include "market/derive/attrib_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "hub/hub.h"

#include "base/banned.h"

enum { TEXT_MAX = 256 << 20 }; /* bytes of all strings */

/* --- loading */

static bool keep(struct attrib *a, struct untrusted in, struct untrusted *out)
{
    *out = in;
    if (in.p) {
        out->p = arena_strndup(&a->arena, in.p, in.n);
    }
    return !in.p || out->p;
}

static souk_err on_listing(void *ud, const struct listing_event *l, struct err *e)
{
    struct attrib *a = ud;
    struct event_row *r = list_add(&a->event);
    if (!r || !keep(a, l->blob_id, &r->blob_id) || !keep(a, l->endpoint, &r->endpoint)) {
        return err_nomem(e);
    }
    r->block = l->block;
    r->log = l->log;
    r->lid = l->lid;
    r->owner_address = l->owner_address;
    r->model = l->listed ? l->model : 0;
    r->owner = l->owner;
    r->asset = l->asset;
    r->pay_to = l->pay_to;
    r->time = l->time;
    r->price = l->price;
    r->listed = l->listed;
    r->next = UINT32_MAX;
    return SOUK_OK;
}

static souk_err on_model(void *ud, const struct derived_model *m, struct err *e)
{
    struct attrib *a = ud;
    struct model_author *r = list_add(&a->model);
    if (!r) {
        return err_nomem(e);
    }
    *r = (struct model_author){m->id, m->author};
    return SOUK_OK;
}

/* Compares versions as numbers between dots: 0.10 is after 0.9, "1.00" after "0.06". */
static int version_cmp(struct untrusted a, struct untrusted b)
{
    size_t i = 0, j = 0;
    while (i < a.n || j < b.n) {
        uint64_t x = 0, y = 0;
        for (; i < a.n && a.p[i] != '.'; i++) {
            x = x * 10 + (uint64_t)(a.p[i] & 15);
        }
        for (; j < b.n && b.p[j] != '.'; j++) {
            y = y * 10 + (uint64_t)(b.p[j] & 15);
        }
        if (x != y) {
            return x < y ? -1 : 1;
        }
        i++;
        j++;
    }
    return 0;
}

static bool ends_in_onnx(struct untrusted name)
{
    return name.n >= 5 && memcmp(name.p + name.n - 5, ".onnx", 5) == 0;
}

/* Keeps one file for each model: of the newest version, a model file before any other. */
static souk_err on_file(void *ud, const struct file_blob *f, struct err *e)
{
    struct attrib *a = ud;
    struct model_file *last = a->file.n ? (struct model_file *)a->file.p + a->file.n - 1 : NULL;
    if (last && last->model == f->model) {
        int c = version_cmp(f->version, last->version);
        if (c < 0 || (c == 0 && (ends_in_onnx(last->name) || !ends_in_onnx(f->name)))) {
            return SOUK_OK;
        }
    } else {
        last = list_add(&a->file);
    }
    if (!last || !keep(a, f->version, &last->version) || !keep(a, f->name, &last->name) ||
        !keep(a, f->blob_id, &last->blob_id)) {
        return err_nomem(e);
    }
    last->model = f->model;
    return SOUK_OK;
}

int64_t attrib_author(const struct attrib *a, int64_t model)
{
    const struct model_author *row = a->model.p;
    size_t lo = 0, hi = a->model.n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (row[mid].id < model) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < a->model.n && row[lo].id == model ? row[lo].author : 0;
}

/* --- listings: proven, chosen */

/* qsort has no argument for the events, so keys are sorted. */
struct sort_key {
    int64_t by;
    uint32_t event;
};

static int by_key(const void *x, const void *y)
{
    const struct sort_key *a = x, *b = y;
    if (a->by != b->by) {
        return a->by < b->by ? -1 : 1;
    }
    return a->event < b->event ? -1 : a->event > b->event;
}

/* The listed events sorted by one of their fields, then by their place on the chain. */
static souk_err order_events(struct attrib *a, size_t field, struct list *out, struct err *e)
{
    struct list keys = {.size = sizeof(struct sort_key)};
    out->size = sizeof(uint32_t);
    souk_err rc = SOUK_OK;
    for (uint32_t i = 0; i < a->event.n && !rc; i++) {
        const struct event_row *ev = event_at(a, i);
        struct sort_key *k = ev->listed ? list_add(&keys) : NULL;
        if (k) {
            k->event = i;
            memcpy(&k->by, (const char *)ev + field, sizeof k->by);
        } else if (ev->listed) {
            rc = err_nomem(e);
        }
    }
    list_sort(&keys, by_key);
    for (size_t i = 0; i < keys.n && !rc; i++) {
        uint32_t *at = list_add(out);
        if (!at) {
            rc = err_nomem(e);
        } else {
            *at = ((struct sort_key *)keys.p)[i].event;
        }
    }
    list_release(&keys);
    return rc;
}

static int by_lid(const void *x, const void *y)
{
    const struct event_row *a = *(const struct event_row *const *)x;
    const struct event_row *b = *(const struct event_row *const *)y;
    int c = memcmp(&a->lid, &b->lid, sizeof a->lid);
    return c ? c : a < b ? -1 : a > b;
}

/* Chains the events of each listing. */
static souk_err link_events(struct attrib *a, struct err *e)
{
    struct event_row *first = a->event.p;
    struct event_row **at = mem_array(a->event.n, sizeof *at);
    if (!at) {
        return err_nomem(e);
    }
    for (size_t i = 0; i < a->event.n; i++) {
        at[i] = first + i;
    }
    if (a->event.n > 1) {
        qsort(at, a->event.n, sizeof *at, by_lid);
    }
    for (size_t i = 0; i + 1 < a->event.n; i++) {
        if (memcmp(&at[i]->lid, &at[i + 1]->lid, sizeof at[i]->lid) == 0) {
            at[i]->next = (uint32_t)(at[i + 1] - first);
        }
    }
    mem_free(at);
    return SOUK_OK;
}

/* Rules 1 and 2, for the events of one model: at[0..n). */
static souk_err choose(struct attrib *a, struct store *s, const uint32_t *at, size_t n,
                       struct err *e)
{
    struct event_row *ev = a->event.p;
    struct arena scratch;
    struct untrusted description;
    bool any = false;
    arena_init(&scratch, TEXT_MAX);
    souk_err rc = store_description(s, ev[at[0]].model, &scratch, &description, e);
    for (size_t i = 0; i < n && !rc; i++) {
        struct event_row *r = &ev[at[i]];
        r->author = attrib_author(a, r->model);
        r->proven = i > 0 && ev[at[i - 1]].owner == r->owner
                        ? ev[at[i - 1]].proven
                        : hub_description_names_listing(description, r->owner_address);
        any |= r->proven;
    }
    for (size_t i = 0; i < n && !rc; i++) {
        ev[at[i]].chosen = ev[at[i]].proven == any;
    }
    arena_release(&scratch);
    return rc;
}

static souk_err choose_all(struct attrib *a, struct store *s, struct err *e)
{
    const uint32_t *at = a->by_model.p;
    souk_err rc = SOUK_OK;
    for (size_t i = 0, n; i < a->by_model.n && !rc; i += n) {
        int64_t model = event_at(a, at[i])->model;
        for (n = 1; i + n < a->by_model.n && event_at(a, at[i + n])->model == model; n++) {
        }
        if (model) {
            rc = choose(a, s, at + i, n, e);
        }
    }
    return rc;
}

static souk_err load(struct attrib *a, struct store *s, const struct network *n, struct err *e)
{
    souk_err rc = attrib_descriptions(a, s, e);
    a->event.size = sizeof(struct event_row);
    a->model.size = sizeof(struct model_author);
    a->file.size = sizeof(struct model_file);
    if (!rc) {
        rc = store_each_listing_event(s, n->payment.chain_id, on_listing, a, e);
    }
    if (!rc) {
        rc = store_each_model(s, on_model, a, e);
    }
    if (!rc) {
        rc = store_each_file_blob(s, on_file, a, e);
    }
    if (!rc) {
        rc = link_events(a, e);
    }
    if (!rc) {
        rc = order_events(a, offsetof(struct event_row, model), &a->by_model, e);
    }
    if (!rc) {
        rc = order_events(a, offsetof(struct event_row, pay_to), &a->by_payee, e);
    }
    if (!rc) {
        rc = choose_all(a, s, e);
    }
    return rc ? rc : attrib_claims(a, s, e);
}

souk_err attrib_load(struct store *s, const struct network *n, struct attrib **out, struct err *e)
{
    struct attrib *a = mem_zalloc(sizeof *a);
    if (!a) {
        return err_nomem(e);
    }
    arena_init(&a->arena, TEXT_MAX);
    souk_err rc = load(a, s, n, e);
    if (rc) {
        attrib_free(a);
        a = NULL;
    }
    *out = a;
    return rc;
}

void attrib_free(struct attrib *a)
{
    if (a) {
        arena_release(&a->arena);
        struct list *const lists[] = {&a->event, &a->by_payee, &a->by_model, &a->model,
                                      &a->claim, &a->file,     &a->stated};
        for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
            list_release(lists[i]);
        }
        mem_free(a);
    }
}

souk_err attrib_each_chosen(const struct attrib *a,
                            souk_err (*fn)(void *ud, const struct attrib_listing *l, struct err *e),
                            void *ud, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (uint32_t i = 0; i < a->event.n && !rc; i++) {
        const struct event_row *ev = event_at(a, i);
        const struct attrib_listing l = {.author = ev->author,
                                         .model = ev->model,
                                         .owner = ev->owner,
                                         .pay_to = ev->pay_to,
                                         .asset = ev->asset,
                                         .price = ev->price};
        if (ev->listed && ev->chosen) {
            rc = fn(ud, &l, e);
        }
    }
    return rc;
}

/* --- a model's derived columns */

static const struct model_file *file_of(const struct attrib *a, int64_t model)
{
    const struct model_file *f = a->file.p;
    size_t lo = 0, hi = a->file.n;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (f[mid].model < model) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo < a->file.n && f[lo].model == model ? &f[lo] : NULL;
}

/* The listing a model stands under, and the file it names: the latest chosen ones, active first. */
static void from_listings(const struct attrib *a, struct derived_model *m, struct range r)
{
    const struct event_row *now = NULL, *since = NULL, *blob = NULL;
    bool blob_active = false;
    for (size_t i = 0; i < r.n; i++) {
        const struct event_row *ev = event_at(a, r.at[i]);
        if (!ev->chosen) {
            continue;
        }
        bool active = ev->next == UINT32_MAX;
        since = since ? since : ev;
        if (active) {
            now = ev;
        }
        if (ev->blob_id.p && (active || !blob_active)) {
            blob = ev;
            blob_active = active;
        }
    }
    if (now) {
        m->mark = now->proven ? MARK_PROVEN : MARK_UNPROVEN;
        m->price = now->price;
        m->asset = now->asset;
        m->pay_to = now->pay_to;
        m->owner = now->owner;
        m->endpoint = now->endpoint;
        m->listed_at = since->time;
    }
    if (blob) {
        m->blob_id = blob->blob_id;
        m->blob_from = BLOB_LISTING;
    }
}

void attrib_model(const struct attrib *a, struct derived_model *m)
{
    const struct model_file *f = file_of(a, m->id);
    *m = (struct derived_model){
        .id = m->id, .author = m->author, .ever = m->ever, .stated = m->stated};
    from_listings(a, m, range_of(a, &a->by_model, offsetof(struct event_row, model), m->id));
    if (!m->blob_id.p && f) {
        m->blob_id = f->blob_id;
        m->blob_from = BLOB_FILES;
    } else if (!m->blob_id.p && m->stated.p) {
        m->blob_id = m->stated;
        m->blob_from = BLOB_DESCRIPTION;
    }
}
