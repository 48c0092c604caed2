/* The blob ID, computed here; then, unless an aggregator has it, the file to the publisher, whose
 * answer must name the same ID. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/human.h"
#include "market/publish/internal.h"
#include "walrus/encode.h"

#include "base/banned.h"

enum {
    EPOCHS = 10,
    ANSWER = 256 << 10,
    UPLOAD_MS = 12 * 3600 * 1000,
    /* The publisher encodes the file and waits for a thousand shards' nodes, in silence. */
    SILENCE_MS = 5 * 60 * 1000,
    ASK_MS = 3 * 60 * 1000,
    SAY_EVERY_MS = 100,
};

/* --- computing */

static void encoded(void *ud, uint64_t done, uint64_t total)
{
    struct publish *x = ud;
    atomic_store(&x->total, total);
    atomic_store(&x->done, done);
}

static souk_err open_file(struct publish *x, struct err *e)
{
    struct stat st;
    x->fd = open(x->rq.file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (x->fd < 0 || fstat(x->fd, &st) != 0)
        return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EINPUT, "%s: %s", x->rq.file,
                       strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(e, SOUK_EINPUT, "%s is no file", x->rq.file);
    if (st.st_size == 0)
        return err_set(e, SOUK_EINPUT, "%s is empty", x->rq.file);
    x->size = (uint64_t)st.st_size;
    return SOUK_OK;
}

static void compute_run(struct job *j)
{
    struct publish *x = (struct publish *)j;
    const struct encode_options o = {.cancel = &x->cancel, .progress = encoded, .ud = x};
    if (open_file(x, &x->err) == SOUK_OK)
        walrus_encode_fd(x->fd, &o, &x->meta, &x->err);
}

static void look_for_it(struct publish *x);

static void computed(struct publish *x)
{
    char text[BLOB_ID_BUF];
    x->r.id = x->meta.id;
    x->r.has_id = true;
    blob_id_format(&x->r.id, text);
    publish_say(x, PUBLISH_COMPUTE, text, x->size, x->size);
    x->at_aggregator = 0;
    look_for_it(x);
}

void compute_begin(struct publish *x)
{
    if (x->rq.file != NULL) {
        publish_say(x, PUBLISH_COMPUTE, "computing the blob ID", 0, 0);
        publish_job(x, LANE_CONTENT, compute_run, computed);
        return;
    }
    x->r.has_id = blob_id_parse(x->terms.blob_id, &x->r.id);
    address_begin(x);
}

/* --- is it stored already? */

static void upload(struct publish *x);

void publish_blob_url(struct publish *x)
{
    struct buf b;
    buf_init(&b, sizeof x->url - 1);
    walrus_url_blob(&b, x->aggregator[x->at_aggregator], &x->r.id);
    /* The profile's addresses are shorter: config.h. */
    memcpy(x->url, b.bad == SOUK_OK ? b.p : "", b.bad == SOUK_OK ? b.len + 1 : 1);
    buf_release(&b);
}

static void found_or_not(void *ud, struct http_response *r)
{
    struct publish *x = ud;
    uint64_t first, last, total;
    enum blob_answer a = walrus_answer(r, x->url, NULL);
    bool here = a == BLOB_BYTES && r->status == 206 && r->header[0] != NULL &&
                walrus_content_range(untrusted(r->header[0]), &first, &last, &total) &&
                total == x->size;
    /* For longer, or for good: that is the publisher's to do, also with one that is there. */
    bool more = (x->rq.permanent || x->rq.epochs > 0) && x->net->walrus_publisher[0] != '\0';
    x->http = NULL;
    if (!publish_woken(x))
        return;
    if (here && !more) {
        x->r.was_there = true;
        prove_begin(x);
    } else if (!here && a != BLOB_GONE && ++x->at_aggregator < x->aggregators) {
        look_for_it(x);
    } else {
        upload(x);
    }
}

static void look_for_it(struct publish *x)
{
    static const char *const want[] = {"content-range", NULL};
    const char *const headers[] = {"Range: bytes=0-0", NULL};
    struct http_request rq = {.headers = headers,
                              .want = want,
                              .body_cap = ANSWER,
                              .timeout_ms = ASK_MS,
                              .stall_ms = ASK_MS};
    publish_blob_url(x);
    publish_say(x, PUBLISH_STORE, "asking whether it is stored already", 0, 0);
    publish_ask(x, &rq, found_or_not);
}

/* --- uploading */

static size_t give(void *ud, uint64_t at, char *out, size_t n)
{
    struct publish *x = ud;
    ssize_t k;
    do
        k = pread(x->fd, out, n, (off_t)at);
    while (k < 0 && errno == EINTR);
    int64_t now = clock_mono_ms();
    if (now - x->said_at >= SAY_EVERY_MS) {
        x->said_at = now;
        publish_say(x, PUBLISH_STORE, NULL, at, x->size);
    }
    return k > 0 ? (size_t)k : 0;
}

/* What the publisher's refusal means, and what to do about it. */
static souk_err refusal(const struct publish *x, const struct http_response *r, struct err *e)
{
    char host[104], size[HUMAN_BUF];
    http_host(x->url, host);
    human_size(size, x->size);
    switch (r->status) {
    case 413:
        return err_set(e, SOUK_EINPUT,
                       "%s takes no file of %s: publishers have limits of their own, often 10 MiB. "
                       "Use one that takes it (walrus_publisher in the configuration)",
                       host, size);
    case 429:
    case 503:
        return err_set(e, SOUK_ENET,
                       "%s has too much to do (%ld) and stored nothing: publish again later", host,
                       r->status);
    case 451:
        return err_set(e, SOUK_EINPUT, "%s refuses to store this very file (451)", host);
    case 504:
        return err_set(e, SOUK_EUNKNOWN,
                       "%s gave up waiting for the storage nodes (504); it may be stored all the "
                       "same: publish again, which asks first",
                       host);
    default:
        walrus_answer(r, x->url, e);
        return err_prefix(e, "the file was not stored");
    }
}

static souk_err take_stored(struct publish *x, const struct http_response *r, struct err *e)
{
    struct blob_stored s;
    char host[104], said[BLOB_ID_BUF], is[BLOB_ID_BUF];
    http_host(x->url, host);
    if (r->err.code != SOUK_OK) {
        *e = r->err;
        return err_prefix(e, "the upload did not come to its end (publish again; nothing is lost)");
    }
    if (r->status != 200)
        return refusal(x, r, e);
    souk_err c = walrus_stored_parse(r->body.p, r->body.len, &x->memory, &s, e);
    if (c != SOUK_OK)
        return c;
    if (!blob_hash_eq(&s.id, &x->r.id))
        return err_set(e, SOUK_EVERIFY,
                       "%s says that it stored %s, and the file is %s: either the file was changed "
                       "meanwhile, or that publisher is not to be trusted. Nothing was listed",
                       host, blob_id_format(&s.id, said), blob_id_format(&x->r.id, is));
    x->r.stored_now = !s.was_there;
    x->r.was_there = s.was_there;
    if (!s.was_there || s.end_epoch > 0) {
        x->r.stored.is = s.was_there || !s.deletable ? STORED_UNTIL : STORED_WHILE_KEPT;
        x->r.stored.end_epoch = s.end_epoch;
        memcpy(x->r.stored.node, host, sizeof host);
    }
    return SOUK_OK;
}

static void uploaded(void *ud, struct http_response *r)
{
    struct publish *x = ud;
    struct err e = {0};
    souk_err c = take_stored(x, r, &e);
    x->http = NULL;
    if (!publish_woken(x))
        return;
    if (c != SOUK_OK)
        publish_end(x, &e);
    else
        prove_begin(x);
}

static void upload(struct publish *x)
{
    struct http_request rq = {.read = give,
                              .body_len = (size_t)x->size,
                              .body_cap = ANSWER,
                              .timeout_ms = UPLOAD_MS,
                              .stall_ms = SILENCE_MS};
    struct buf b;
    struct err e;
    if (x->net->walrus_publisher[0] == '\0') {
        err_set(&e, SOUK_EINPUT,
                "the file is not on Walrus yet, and the network %s has no publisher: name one "
                "(walrus_publisher in the configuration), or store it by other means, and publish "
                "again",
                x->net->name);
        publish_end(x, &e);
        return;
    }
    buf_init(&b, sizeof x->url - 1);
    walrus_url_publish(&b, x->net->walrus_publisher, x->rq.epochs > 0 ? x->rq.epochs : EPOCHS,
                       x->rq.permanent);
    memcpy(x->url, b.bad == SOUK_OK ? b.p : "", b.bad == SOUK_OK ? b.len + 1 : 1);
    buf_release(&b);
    publish_say(x, PUBLISH_STORE, "sending it to the publisher", 0, x->size);
    publish_ask(x, &rq, uploaded);
}
