#include <inttypes.h>
#include <string.h>

#include "hub/internal.h"
#include "net/http.h"

#include "base/banned.h"

static void add_base(struct buf *b, const char *base)
{
    size_t n = strlen(base);
    while (n > 0 && base[n - 1] == '/')
        n--;
    buf_add(b, base, n);
}

static void add_segment(struct buf *b, struct untrusted s)
{
    /* A model may be called "..": written plainly, it would climb out of the folder. */
    bool dots = (s.n == 1 || s.n == 2) && memcmp(s.p, "..", s.n) == 0;
    buf_addc(b, '/');
    if (dots)
        buf_adds(b, s.n == 1 ? "%2E" : "%2E%2E");
    else
        http_escape(b, s.p, s.n);
}

static void add_author(struct buf *b, struct untrusted author)
{
    if (author.n == 0)
        return;
    buf_adds(b, "?authorUsername=");
    http_escape(b, author.p, author.n);
}

static void add_model(struct buf *b, const char *base, struct untrusted name)
{
    add_base(b, base);
    buf_adds(b, "/api/v0/models");
    add_segment(b, name);
}

void hub_url_models(struct buf *b, const char *base, uint64_t page, unsigned limit)
{
    add_base(b, base);
    buf_addf(b, "/api/v0/models/?page=%" PRIu64 "&limit=%u", page, limit);
}

void hub_url_model(struct buf *b, const char *base, struct untrusted name, struct untrusted author)
{
    add_model(b, base, name);
    add_author(b, author);
}

void hub_url_versions(struct buf *b, const char *base, struct untrusted name,
                      struct untrusted author)
{
    add_model(b, base, name);
    buf_adds(b, "/versions");
    add_author(b, author);
}

void hub_url_files(struct buf *b, const char *base, struct untrusted name, struct untrusted author,
                   struct untrusted version)
{
    add_model(b, base, name);
    buf_adds(b, "/versions");
    add_segment(b, version);
    buf_adds(b, "/files");
    add_author(b, author);
}

void hub_url_bazaar(struct buf *b, const char *base, uint64_t offset, unsigned limit)
{
    add_base(b, base);
    buf_addf(b, "/discovery/resources?type=http&limit=%u&offset=%" PRIu64, limit, offset);
}

/* The first of several keys that is there and not empty: the Hub's are known only by hearsay. */
static struct untrusted any_member(struct intake *in, const json *j, const char *const *keys,
                                   size_t cap, bool *cut)
{
    for (; *keys; keys++) {
        struct untrusted s = json_str(j, *keys);
        if (s.n > 0)
            return hub_copy(in, s, cap, cut);
    }
    return (struct untrusted){NULL, 0};
}

static bool take_model(struct intake *in, const json *j, void *record)
{
    struct hub_model *m = record;
    m->name = hub_member(in, j, "name", HUB_NAME_MAX, &m->cut);
    if (m->name.n == 0)
        return false;
    m->author = hub_member(in, j, "authorUsername", HUB_AUTHOR_MAX, &m->cut);
    m->task = hub_member(in, j, "taskName", HUB_TASK_MAX, &m->cut);
    m->description = hub_member(in, j, "description", HUB_DESCRIPTION_MAX, &m->cut);
    m->llm_path = hub_member(in, j, "llmPath", HUB_LLM_PATH_MAX, &m->cut);
    return true;
}

static bool take_version(struct intake *in, const json *j, void *record)
{
    static const char *const version_keys[] = {"versionString", "version", "name", NULL};
    static const char *const notes_keys[] = {"notes", "releaseNotes", NULL};
    struct hub_version *v = record;
    if (cJSON_IsString(j)) {
        v->version = hub_copy(in, untrusted(j->valuestring), HUB_VERSION_MAX, &v->cut);
        return v->version.n > 0;
    }
    v->version = any_member(in, j, version_keys, HUB_VERSION_MAX, &v->cut);
    v->notes = any_member(in, j, notes_keys, HUB_NOTES_MAX, &v->cut);
    return v->version.n > 0;
}

static bool take_file(struct intake *in, const json *j, void *record)
{
    static const char *const blob_keys[] = {"blobId",   "blob_id",  "walrusBlobId", "ipfsCid",
                                            "modelCid", "modelCID", "cid",          NULL};
    struct hub_file *f = record;
    f->name = hub_member(in, j, "name", HUB_NAME_MAX, &f->cut);
    f->blob_id = any_member(in, j, blob_keys, HUB_BLOB_ID_MAX, &f->cut);
    if (!json_int(j, "size", &f->size) || f->size < 0)
        f->size = -1;
    return f->name.n > 0;
}

static souk_err read_list(const char *p, size_t n, const struct hub_kind *kind, struct arena *a,
                          struct hub_taken *out, struct err *e)
{
    struct err why;
    *out = (struct hub_taken){0};
    json *answer = json_parse(p, n, "the Hub's answer", &why);
    if (!answer)
        return err_set(e, why.code, "%s", why.msg);
    souk_err rc = hub_take_list(answer, kind, a, out, e);
    json_free(answer);
    return rc;
}

souk_err hub_models_parse(const char *p, size_t n, struct arena *a, struct hub_models *out,
                          struct err *e)
{
    static const struct hub_kind kind = {"the Hub", "a list of models", "models",
                                         sizeof(struct hub_model), take_model};
    struct hub_taken t;
    souk_err rc = read_list(p, n, &kind, a, &t, e);
    *out = (struct hub_models){t.record, t.count, t.seen, t.seen - t.count};
    return rc;
}

souk_err hub_versions_parse(const char *p, size_t n, struct arena *a, struct hub_versions *out,
                            struct err *e)
{
    static const struct hub_kind kind = {"the Hub", "a list of versions", "versions",
                                         sizeof(struct hub_version), take_version};
    struct hub_taken t;
    souk_err rc = read_list(p, n, &kind, a, &t, e);
    *out = (struct hub_versions){t.record, t.count, t.seen, t.seen - t.count};
    return rc;
}

souk_err hub_files_parse(const char *p, size_t n, struct arena *a, struct hub_files *out,
                         struct err *e)
{
    static const struct hub_kind kind = {"the Hub", "a list of files", "files",
                                         sizeof(struct hub_file), take_file};
    struct hub_taken t;
    souk_err rc = read_list(p, n, &kind, a, &t, e);
    *out = (struct hub_files){t.record, t.count, t.seen, t.seen - t.count};
    return rc;
}

souk_err hub_model_parse(const char *p, size_t n, struct arena *a, struct hub_model *out,
                         struct err *e)
{
    struct err why;
    struct intake in = {a, false};
    souk_err rc = SOUK_OK;
    *out = (struct hub_model){0};
    json *answer = json_parse(p, n, "the Hub's answer", &why);
    if (!answer)
        return err_set(e, why.code, "%s", why.msg);
    const json *wrapped = json_get(answer, "model");
    if (!take_model(&in, cJSON_IsObject(wrapped) ? wrapped : answer, out) && !in.nomem)
        rc = hub_not_what(answer, "the Hub", "a model", e);
    else if (in.nomem)
        rc = err_nomem(e);
    if (rc != SOUK_OK)
        *out = (struct hub_model){0};
    json_free(answer);
    return rc;
}
