/*
 * One request to one aggregator. What is asked for is [from, to); what comes is looked at before a
 * byte of it is kept: a range must be the one that was asked for, a whole body (servers that ignore
 * ranges) begins at 0 and is cut to what is missing.
 */
#include <string.h>

#include "base/mem.h"
#include "market/get/internal.h"

#include "base/banned.h"

enum { ALL_DAY_MS = 24 * 3600 * 1000, CONNECT_MS = 8000 };
enum { WANT_RANGE, WANT_LENGTH, WANT_ENCODING };

/* --- the bytes */

/* Hands the chunk to the disk; at the end of a row that was asked for again, with its number. */
static void flush(struct get *g, int row)
{
    struct pull *p = &g->pull;
    struct work *w = p->chunk_n > 0 ? work_new(g, WORK_WRITE) : NULL;
    if (w != NULL) {
        w->p = p->chunk;
        w->n = p->chunk_n;
        w->at = p->chunk_at;
        w->row = row;
        p->chunk = NULL;
        g->writing++;
        work_submit(w);
    }
    MEM_FREE(p->chunk);
    p->chunk_n = 0;
}

static bool keep(struct get *g, const char *bytes, size_t n)
{
    struct pull *p = &g->pull;
    while (n > 0) {
        size_t some = n < CHUNK - p->chunk_n ? n : CHUNK - p->chunk_n;
        if (p->chunk == NULL) {
            p->chunk = mem_alloc(CHUNK);
            p->chunk_at = p->at;
            if (p->chunk == NULL) {
                struct err e;
                err_nomem(&e);
                get_fail(g, &e);
                return false;
            }
        }
        memcpy(p->chunk + p->chunk_n, bytes, some);
        p->chunk_n += some;
        p->at += some;
        bytes += some;
        n -= some;
        if (p->chunk_n == CHUNK)
            flush(g, p->row >= 0 && p->at == p->to ? p->row : -1);
    }
    return true;
}

static bool deliver(struct get *g, const char *bytes, size_t n)
{
    struct pull *p = &g->pull;
    uint64_t skip = p->body < p->at ? p->at - p->body : 0;
    if (p->to != 0 && p->body + n > p->to) /* more than was wanted: a whole body, or a liar's */
        n = p->to > p->body ? (size_t)(p->to - p->body) : 0;
    p->body += n;
    if (skip < n) {
        uint64_t before = p->at;
        if (p->row < 0 && !given_add(g, before, 1u << p->server)) {
            err_nomem(&p->err);
            return false;
        }
        if (!keep(g, bytes + skip, n - (size_t)skip))
            return false;
        g->source = g->server[p->server].host;
        g->server[p->server].fails = 0;
        if (p->row < 0)
            g->have = p->at;
    }
    if (!get_knows_total(g) && g->have + STEP / 2 > g->room_asked)
        get_room(g, g->have + STEP);
    if (g->writing > CHUNKS_MOST && !p->paused) {
        p->paused = true;
        http_pause(p->call, true);
    }
    return true;
}

void pull_go_on(struct get *g)
{
    struct pull *p = &g->pull;
    if (!p->paused || g->writing > CHUNKS_FEW)
        return;
    p->paused = false;
    g->byte_at = clock_mono_ms();
    if (p->call != NULL)
        http_pause(p->call, false);
}

/* --- the head */

static bool lied(struct pull *p, const char *host, const char *what)
{
    p->end = PULL_LIED;
    err_set(&p->err, SOUK_ENET, "%s %s", host, what);
    return false;
}

static bool told_total(struct get *g, uint64_t total)
{
    struct pull *p = &g->pull;
    p->news = !get_knows_total(g) || g->total != total;
    if (get_total(g, p->server, total, &p->err))
        return true;
    if (p->end == PULL_OPEN)
        p->end = p->err.code == SOUK_ECANCEL ? PULL_STOPPED : PULL_LIED;
    return false;
}

static bool length_of(const struct http_response *r, uint64_t *out)
{
    const char *length = r->header[WANT_LENGTH], *encoding = r->header[WANT_ENCODING];
    char as_range[96];
    uint64_t a, b;
    if (length == NULL || length[0] == '\0' || strlen(length) > 20 ||
        (encoding != NULL && strcmp(encoding, "identity") != 0))
        return false;
    if (strcmp(length, "0") == 0) {
        *out = 0;
        return true;
    }
    snprintf(as_range, sizeof as_range, "bytes 0-0/%s", length); /* the same digits, as strictly */
    return walrus_content_range(untrusted(as_range), &a, &b, out);
}

static bool look_at_head(struct get *g, const struct http_response *r)
{
    struct pull *p = &g->pull;
    const char *host = g->server[p->server].host;
    uint64_t first, last, total;
    p->told = true;
    if (r->status == 206) {
        const char *range = r->header[WANT_RANGE];
        if (!p->ranged || range == NULL ||
            !walrus_content_range(untrusted(range), &first, &last, &total) || first != p->from ||
            last >= p->to)
            return lied(p, host, "answered with another range than it was asked for");
        p->body = first;
        p->to = last + 1;
        if (p->probe)
            p->at = p->to; /* its byte comes again with the others, when there is room for them */
        return told_total(g, total);
    }
    if (r->status != 200)
        return lied(p, host, "answered in a way souk does not know");
    p->whole = true;
    p->body = 0;
    if (p->row < 0) {
        p->to = 0;
        if (p->probe)
            p->at = g->have;
    }
    if (!length_of(r, &total))
        return true;
    if (!told_total(g, total))
        return false;
    if (p->row < 0)
        p->to = total;
    return true;
}

static bool on_bytes(void *ud, const struct http_response *r, const char *bytes, size_t n)
{
    struct get *g = ud;
    struct pull *p = &g->pull;
    g->byte_at = clock_mono_ms();
    if (p->end != PULL_OPEN || (!p->told && !look_at_head(g, r)))
        return false;
    if (p->to == 0 && p->body > UNSAID)
        return lied(p, g->server[p->server].host, "goes on and on, without saying how large it is");
    if (p->to != 0 && p->body >= p->to) {
        p->end = PULL_ENOUGH;
        return false;
    }
    if (!deliver(g, bytes, n))
        return false;
    if (p->whole && p->to != 0 && p->body >= p->to && p->row >= 0)
        p->end = PULL_ENOUGH;
    return p->end == PULL_OPEN && !g->ending;
}

/* --- the end */

/* A complete answer of status 200 or 206: is it all that was wanted? */
static bool all_came(struct get *g, const struct http_response *r)
{
    struct pull *p = &g->pull;
    char words[96];
    if (!p->told && !look_at_head(g, r)) /* no byte came: an empty file, or an empty lie */
        return false;
    if (p->to == 0 && p->whole && !get_knows_total(g))
        return told_total(g, p->body);
    if (p->to == 0 && p->whole)
        p->to = g->total;
    if (p->body >= p->to)
        return true;
    snprintf(words, sizeof words, "sent %llu bytes less than it said",
             (unsigned long long)(p->to - p->body));
    return lied(p, g->server[p->server].host, words);
}

/* A server that refused a range and then says its size: either the range was wrong, by another's
 * word about the size, or it gives none of that kind. */
static void good_answer(struct get *g)
{
    struct server *one = &g->server[g->pull.server];
    one->fails = 0;
    g->at = g->pull.server;
    if (g->pull.probe && !g->pull.whole && one->refused_range == 1)
        one->refused_range = g->pull.news ? 0 : 2;
}

static void on_done(void *ud, struct http_response *r)
{
    struct get *g = ud;
    struct pull *p = &g->pull;
    uint64_t came = p->row < 0 ? g->have : 0;
    bool good = r->err.code == SOUK_OK && (r->status == 200 || r->status == 206);
    good = p->end == PULL_ENOUGH || (p->end == PULL_OPEN && good && all_came(g, r));
    p->call = NULL;
    p->paused = false;
    flush(g, good ? p->row : -1);
    if (good) {
        good_answer(g);
    } else if (p->end == PULL_LIED) {
        server_done_with(g, p->server, &p->err);
    } else if (p->end == PULL_SILENT) {
        server_failed(g, p->server, BLOB_UNREACHABLE, -1, &p->err);
    } else if (p->end == PULL_OPEN && p->err.code != SOUK_OK) {
        get_fail(g, &p->err);
    } else if (p->end == PULL_OPEN && !g->ending) {
        struct err words;
        enum blob_answer a = walrus_answer(r, g->server[p->server].url, &words);
        bool came_far = came > p->from && p->told;
        server_failed(g, p->server, a, came_far ? 0 : r->retry_after, &words);
    }
    get_turn(g);
}

/* --- the beginning */

static void choose_range(struct get *g, unsigned server, int row)
{
    struct pull *p = &g->pull;
    uint64_t piece = g->o.piece != 0 ? g->o.piece : PIECE, len;
    uint64_t stated = g->target.size > 0 ? (uint64_t)g->target.size : 0;
    unsigned refused = g->server[server].refused_range;
    p->ranged = refused < 2;
    p->at = g->have;
    if (row >= 0) {
        walrus_row_range(&g->k.meta.shape, (unsigned)row, &p->from, &len);
        p->at = p->from;
        p->to = p->from + len;
    } else if (!p->ranged) {
        p->from = p->to = 0;
    } else if (refused == 0 && g->total != 0) {
        p->from = g->have;
        p->to = g->total - g->have < piece ? g->total : g->have + piece;
    } else if (refused == 0 && stated > g->have && stated <= piece) {
        p->from = g->have;
        p->to = stated;
    } else {
        p->probe = true;
        p->from = 0;
        p->to = 1;
    }
}

void pull_start(struct get *g, unsigned server, int row)
{
    static const char *const want[] = {"Content-Range", "Content-Length", "Content-Encoding", NULL};
    struct pull *p = &g->pull;
    char range[WALRUS_RANGE];
    struct buf url;
    struct err e;
    *p = (struct pull){.server = server, .row = row};
    choose_range(g, server, row);
    const char *headers[] = {"Accept-Encoding: identity", NULL, NULL};
    if (p->ranged)
        headers[1] = walrus_range(range, p->from, p->to - 1);
    buf_init(&url, CONFIG_URL + 128);
    walrus_url_blob(&url, g->server[server].url, &g->target.id);
    const struct http_request rq = {.url = url.p,
                                    .headers = headers,
                                    .body_cap = 1ull << BYTES_MOST_SHIFT,
                                    .timeout_ms = ALL_DAY_MS,
                                    .connect_ms = CONNECT_MS,
                                    .stall_ms = ALL_DAY_MS, /* get.c looks after it */
                                    .public_only = g->public_only,
                                    .want = want,
                                    .stream = on_bytes};
    if (buf_check(&url, "the aggregator's address", &e) == SOUK_OK)
        p->call = http_send(g->http, &rq, on_done, g, &e);
    buf_release(&url);
    g->at = server;
    g->byte_at = p->window_at = clock_mono_ms();
    p->window = p->at;
    if (p->call == NULL) {
        server_done_with(g, server, &e);
        get_turn(g); /* to somebody else, when whoever called this is through */
    }
}

void pull_stop(struct get *g, enum pull_end why)
{
    struct pull *p = &g->pull;
    if (p->call == NULL)
        return;
    if (p->end == PULL_OPEN)
        p->end = why;
    http_cancel(p->call);
}
