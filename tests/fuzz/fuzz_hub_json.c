/*
 * Every reader of hub.h over arbitrary bytes: an answer from the Hub or the Bazaar, a description,
 * a name that goes into a URL. Nothing crashes, every cap holds, every string is terminated, and a
 * refused answer leaves nothing behind.
 */
#include <stdlib.h>
#include <string.h>

#include "hub/hub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

static void check_text(struct untrusted u, size_t cap)
{
    if (u.p)
        check(u.n <= cap && strlen(u.p) == u.n);
    else
        check(u.n == 0);
}

static void check_model(const struct hub_model *m)
{
    check(m->name.n > 0);
    check_text(m->name, HUB_NAME_MAX);
    check_text(m->author, HUB_AUTHOR_MAX);
    check_text(m->task, HUB_TASK_MAX);
    check_text(m->description, HUB_DESCRIPTION_MAX);
    check_text(m->llm_path, HUB_LLM_PATH_MAX);
}

static void check_counts(souk_err rc, size_t count, size_t seen, size_t skipped)
{
    check(count <= HUB_PAGE_MAX && count + skipped == seen);
    check(rc == SOUK_OK || seen == 0);
}

static void read_rest(const char *p, size_t n, struct arena *a)
{
    struct hub_models models;
    struct hub_model model;
    struct hub_versions versions;
    struct hub_files files;
    struct err e;
    souk_err rc = hub_models_parse(p, n, a, &models, &e);
    check_counts(rc, models.count, models.seen, models.skipped);
    for (size_t i = 0; i < models.count; i++)
        check_model(&models.model[i]);
    if (hub_model_parse(p, n, a, &model, &e) == SOUK_OK)
        check_model(&model);

    rc = hub_versions_parse(p, n, a, &versions, &e);
    check_counts(rc, versions.count, versions.seen, versions.skipped);
    for (size_t i = 0; i < versions.count; i++) {
        check_text(versions.version[i].version, HUB_VERSION_MAX);
        check_text(versions.version[i].notes, HUB_NOTES_MAX);
    }
    rc = hub_files_parse(p, n, a, &files, &e);
    check_counts(rc, files.count, files.seen, files.skipped);
    for (size_t i = 0; i < files.count; i++) {
        check_text(files.file[i].name, HUB_NAME_MAX);
        check_text(files.file[i].blob_id, HUB_BLOB_ID_MAX);
        check(files.file[i].size >= -1);
    }
}

static void read_bazaar(const char *p, size_t n, struct arena *a)
{
    struct hub_bazaar page;
    struct err e;
    uint64_t next;
    souk_err rc = hub_bazaar_parse(p, n, a, &page, &e);
    check_counts(rc, page.count, page.seen, page.skipped);
    for (size_t i = 0; i < page.count; i++) {
        const struct hub_resource *r = &page.resource[i];
        check(hub_url_ok(r->url) && r->updated >= 0 && r->offers <= HUB_OFFERS_MAX);
        check_text(r->url, HUB_URL_MAX);
        check_text(r->description, HUB_SUMMARY_MAX);
        check_text(r->method, 16);
        for (size_t k = 0; k < r->offers; k++)
            check(r->offer[k].chain > 0 && r->offer[k].scheme.n > 0);
    }
    if (hub_bazaar_more(&page, 0, &next))
        check(next > 0);
}

static void read_description(struct untrusted text)
{
    char id[HUB_BLOB_ID + 1];
    size_t count = hub_description_blob_id(text, id);
    check(count <= HUB_IDS_MAX && (count == 1) == hub_blob_id_ok(untrusted(id)));
    hub_description_names_listing(text, (address){{0}});
    hub_ipfs_id_ok(text);
    hub_chain_id(text);
}

/* Whatever a model is called, its URL is one segment below /models and safe to call. */
static void build_url(struct untrusted name)
{
    static const char start[] = "http://h/api/v0/models/";
    struct buf b;
    buf_init(&b, 4096);
    if (name.n > 100)
        name.n = 100;
    hub_url_model(&b, "http://h", name, (struct untrusted){NULL, 0});
    check(b.bad != SOUK_OK ||
          (hub_url_ok(untrusted_n(b.p, b.len)) && !strpbrk(b.p + sizeof start - 1, "/?#") &&
           strcmp(b.p + sizeof start - 1, "..") != 0));
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a;
    const char *p = (const char *)data;
    arena_init(&a, 32 << 20);
    read_rest(p, n, &a);
    read_bazaar(p, n, &a);
    read_description(untrusted_n(p, n));
    build_url(untrusted_n(p, n));
    arena_release(&a);
    return 0;
}
