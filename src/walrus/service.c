#include "walrus/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#include "base/banned.h"

enum { QUOTED = 400, OBJECT_MAX = 128 };

/* --- URLs */

static void add_base(struct buf *b, const char *base)
{
    size_t n = strlen(base);
    while (n > 0 && base[n - 1] == '/')
        n--;
    buf_add(b, base, n);
}

static void add_blob(struct buf *b, const char *base, const blob_id *id, const char *behind)
{
    char text[BLOB_ID_BUF];
    add_base(b, base);
    buf_addf(b, "/v1/blobs/%s%s", blob_id_format(id, text), behind);
}

void walrus_url_blob(struct buf *b, const char *base, const blob_id *id)
{
    add_blob(b, base, id, "");
}

void walrus_url_metadata(struct buf *b, const char *base, const blob_id *id)
{
    add_blob(b, base, id, "/metadata");
}

void walrus_url_status(struct buf *b, const char *base, const blob_id *id)
{
    add_blob(b, base, id, "/status");
}

void walrus_url_health(struct buf *b, const char *base)
{
    add_base(b, base);
    buf_adds(b, "/v1/health");
}

void walrus_url_publish(struct buf *b, const char *base, unsigned epochs, bool permanent)
{
    add_base(b, base);
    buf_addf(b, "/v1/blobs?epochs=%u%s", epochs, permanent ? "&permanent=true" : "");
}

/* --- ranges */

char *walrus_range(char out[WALRUS_RANGE], uint64_t first, uint64_t last)
{
    snprintf(out, WALRUS_RANGE, "Range: bytes=%" PRIu64 "-%" PRIu64, first, last);
    return out;
}

/* The digits at u's beginning, which they leave. */
static bool take_number(struct untrusted *u, uint64_t *out)
{
    uint64_t v = 0;
    size_t i = 0;
    if (u->n == 0)
        return false;
    for (; i < u->n && u->p[i] >= '0' && u->p[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(u->p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    *u = untrusted_n(u->p + i, u->n - i);
    return i > 0;
}

static bool take_word(struct untrusted *u, const char *word)
{
    size_t n = strlen(word);
    if (u->n < n || memcmp(u->p, word, n) != 0)
        return false;
    *u = untrusted_n(u->p + n, u->n - n);
    return true;
}

bool walrus_content_range(struct untrusted value, uint64_t *first, uint64_t *last, uint64_t *total)
{
    return take_word(&value, "bytes ") && take_number(&value, first) && take_word(&value, "-") &&
           take_number(&value, last) && take_word(&value, "/") && take_number(&value, total) &&
           value.n == 0 && *first <= *last && *last < *total;
}

/* --- what an answer means */

/* {"error":{"message":…}}, or a short plain text; never markup. */
static void quote(const struct http_response *r, char out[QUOTED])
{
    struct buf b;
    struct untrusted said = {NULL, 0};
    json *answer = NULL;
    buf_init(&b, QUOTED - 1);
    if (r->body.len > 0 && r->body.p[0] == '{') {
        answer = json_parse(r->body.p, r->body.len, "an answer", NULL);
        said = json_str(json_get(answer, "error"), "message");
    } else if (r->body.len > 0 && r->body.p[0] != '<') {
        said = untrusted_n(r->body.p, r->body.len);
    }
    if (said.n > 0) {
        buf_adds(&b, ": \"");
        text_add(&b, said, 80, TEXT_UNICODE);
        buf_adds(&b, "\"");
    }
    snprintf(out, QUOTED, "%s", b.bad ? "" : b.p);
    json_free(answer);
    buf_release(&b);
}

static enum blob_answer meaning(long status)
{
    switch (status) {
    case 200:
    case 206:
        return BLOB_BYTES;
    case 404:
    case 410:
        return BLOB_GONE;
    case 451:
        return BLOB_FORBIDDEN;
    case 403:
        return BLOB_TOO_LARGE;
    case 429:
    case 503:
        return BLOB_LATER;
    case 400:
    case 416:
        return BLOB_RANGE;
    default:
        return BLOB_OTHER;
    }
}

enum blob_answer walrus_answer(const struct http_response *r, const char *url, struct err *words)
{
    char host[104], said[QUOTED];
    if (r->err.code != SOUK_OK) {
        if (words != NULL)
            *words = r->err;
        return BLOB_UNREACHABLE;
    }
    http_host(url, host);
    quote(r, said);
    enum blob_answer a = meaning(r->status);
    switch (a) {
    case BLOB_BYTES:
        break;
    case BLOB_GONE:
        err_set(words, SOUK_ENOTFOUND, "%s does not have it%s", host, said);
        break;
    case BLOB_FORBIDDEN:
        err_set(words, SOUK_ENET, "%s will not hand it out (451)%s", host, said);
        break;
    case BLOB_TOO_LARGE:
        err_set(words, SOUK_ENET, "%s does not hand out files of this size (403)%s", host, said);
        break;
    case BLOB_LATER:
        err_set(words, SOUK_ENET, "%s has no time now (%ld)%s", host, r->status, said);
        break;
    case BLOB_RANGE:
        err_set(words, SOUK_ENET, "%s refuses what was asked for (%ld)%s", host, r->status, said);
        break;
    default:
        err_set(words, SOUK_ENET,
                r->status >= 300 && r->status < 400
                    ? "%s points elsewhere (%ld), and souk follows nobody%s"
                    : "%s answered with an error (%ld)%s",
                host, r->status, said);
    }
    return a;
}

/* --- a publisher */

/* Numbers come as such, or as strings where they may be large. Absent or no number: 0. */
static uint64_t number_of(const json *obj, const char *key)
{
    int64_t v;
    uint64_t n;
    if (json_int(obj, key, &v))
        return v > 0 ? (uint64_t)v : 0;
    struct untrusted text = json_str(obj, key);
    return take_number(&text, &n) && text.n == 0 ? n : 0;
}

static souk_err keep(struct arena *a, struct untrusted u, struct untrusted *out, struct err *e)
{
    char *copy = arena_strndup(a, u.p != NULL ? u.p : "", u.n < OBJECT_MAX ? u.n : OBJECT_MAX);
    if (copy == NULL)
        return err_nomem(e);
    *out = untrusted_n(copy, strlen(copy));
    return SOUK_OK;
}

static souk_err quoting(struct err *e, struct untrusted said, const char *what)
{
    char drawn[QUOTED];
    struct buf b;
    buf_init(&b, QUOTED - 1);
    text_add(&b, said, 80, TEXT_UNICODE);
    snprintf(drawn, sizeof drawn, "%s", b.bad ? "?" : b.p);
    buf_release(&b);
    return said.n > 0 ? err_set(e, SOUK_ENET, "%s: \"%s\"", what, drawn)
                      : err_set(e, SOUK_ENET, "%s", what);
}

static souk_err take_new(const json *made, struct arena *a, struct blob_stored *out, struct err *e)
{
    const json *blob = json_get(made, "blobObject"), *storage = json_get(blob, "storage");
    if (!blob_id_parse(json_str(blob, "blobId"), &out->id))
        return err_set(e, SOUK_ENET,
                       "the publisher does not say under which ID it stored the file");
    out->certified = number_of(blob, "certifiedEpoch") > 0;
    out->deletable = json_bool(blob, "deletable", false);
    out->end_epoch = number_of(storage, "endEpoch");
    out->size = number_of(blob, "size");
    return keep(a, json_str(blob, "id"), &out->object, e);
}

static souk_err take_known(const json *known, struct arena *a, struct blob_stored *out,
                           struct err *e)
{
    if (!blob_id_parse(json_str(known, "blobId"), &out->id))
        return err_set(e, SOUK_ENET,
                       "the publisher does not say under which ID the file is stored");
    out->was_there = out->certified = true;
    out->end_epoch = number_of(known, "endEpoch");
    return keep(a, json_str(known, "object"), &out->object, e);
}

souk_err walrus_stored_parse(const char *p, size_t n, struct arena *a, struct blob_stored *out,
                             struct err *e)
{
    souk_err rc;
    memset(out, 0, sizeof *out);
    out->object = untrusted("");
    json *answer = json_parse(p, n, "the publisher's answer", e);
    if (answer == NULL)
        return e != NULL ? e->code : SOUK_ENET;
    const json *made = json_get(answer, "newlyCreated"),
               *known = json_get(answer, "alreadyCertified"), *error = json_get(answer, "error");
    if (made != NULL)
        rc = take_new(made, a, out, e);
    else if (known != NULL)
        rc = take_known(known, a, out, e);
    else if (json_get(answer, "markedInvalid") != NULL)
        rc =
            err_set(e, SOUK_EVERIFY,
                    "the network has marked this blob invalid: somebody stored it wrongly encoded");
    else
        rc = quoting(e,
                     cJSON_IsString(error) ? json_str(answer, "error") : json_str(error, "message"),
                     "the publisher did not store it");
    json_free(answer);
    return rc;
}

/* --- a storage node */

static const json *data_of(const json *answer)
{
    const json *success = json_get(answer, "success");
    return json_get(success, "data");
}

souk_err walrus_status_parse(const char *p, size_t n, struct blob_status *out, struct err *e)
{
    souk_err rc = SOUK_OK;
    memset(out, 0, sizeof *out);
    json *answer = json_parse(p, n, "the storage node's answer", e);
    if (answer == NULL)
        return e != NULL ? e->code : SOUK_ENET;
    const json *data = data_of(answer), *permanent = json_get(data, "permanent");
    if (cJSON_IsString(data) && strcmp(data->valuestring, "nonexistent") == 0) {
        out->is = STORED_NOT;
    } else if (permanent != NULL) {
        out->is = STORED_PERMANENT;
        out->end_epoch = number_of(permanent, "endEpoch");
    } else if (json_get(data, "deletable") != NULL) {
        out->is = STORED_DELETABLE;
    } else if (json_get(data, "invalid") != NULL) {
        out->is = STORED_INVALID;
    } else {
        rc = quoting(e, json_str(json_get(answer, "error"), "message"),
                     "the storage node says nothing of this blob");
    }
    json_free(answer);
    return rc;
}

bool walrus_epoch_parse(const char *p, size_t n, uint64_t *epoch)
{
    json *answer = json_parse(p, n, "the storage node's answer", NULL);
    const json *data = data_of(answer);
    *epoch = number_of(data != NULL ? data : answer, "epoch");
    json_free(answer);
    return *epoch > 0;
}
