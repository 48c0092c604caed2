/*
 * A node's log and what it may hold. The first byte chooses: 0 reads the rest as the JSON of a log
 * or a block; else it is the kind of an event, the second byte its number of topics, and the rest
 * topics 1.. and the data. Whatever is decoded lies inside the log's bytes, and a listing made of
 * it keeps its caps.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "eth/events.h"
#include "hub/hub.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

static void check_inside(struct untrusted u, const struct eth_log *log)
{
    const char *first = (const char *)log->data;
    check(u.p >= first && u.n <= log->data_len && u.p + u.n <= first + log->data_len);
}

static void check_listing(const struct event *ev, struct arena *a)
{
    struct hub_listing l;
    struct err e;
    check(hub_listing_from_event(ev, a, &l, &e) == SOUK_OK);
    check(l.active == (ev->kind == EV_LISTED));
    check(l.name.n <= HUB_NAME_MAX && l.author.n <= HUB_AUTHOR_MAX &&
          l.blob_id.n <= HUB_BLOB_ID_MAX && l.endpoint.n <= HUB_URL_MAX);
    check(l.endpoint.n == 0 || (l.flags & HUB_LISTING_BAD_ENDPOINT) || hub_url_ok(l.endpoint));
}

static void decode(const struct eth_log *log, struct arena *a)
{
    struct event ev;
    enum event_kind k = event_decode(log, &ev);
    check(k == ev.kind);
    if (k == EV_LISTED) {
        check_inside(ev.listed.author, log);
        check_inside(ev.listed.name, log);
        check_inside(ev.listed.blob_id, log);
        check_inside(ev.listed.endpoint, log);
    } else if (k == EV_MODEL_INFERENCE) {
        check_inside(ev.inference.id, log);
        check_inside(ev.inference.cid, log);
        check(ev.inference.mode <= 255);
    }
    if (k == EV_LISTED || k == EV_DELISTED)
        check_listing(&ev, a);
}

static void from_json(const char *p, size_t n, struct arena *a)
{
    struct eth_log log;
    struct eth_block block;
    struct err e;
    json *j = json_parse(p, n, "the log", &e);
    if (!j)
        return;
    if (eth_log_parse(j, a, &log, &e) == SOUK_OK) {
        check(log.topics <= LOG_TOPICS && log.data && log.time >= 0);
        decode(&log, a);
    }
    if (eth_block_parse(j, &block, &e) == SOUK_OK)
        check(block.time >= 0);
    json_free(j);
}

static void from_bytes(enum event_kind k, const uint8_t *p, size_t n, struct arena *a)
{
    struct eth_log log = {.topics = 1 + p[0] % LOG_TOPICS};
    p++, n--;
    log.topic[0] = event_topic(k);
    for (unsigned i = 1; i < log.topics && n >= 32; i++, p += 32, n -= 32)
        memcpy(log.topic[i].b, p, 32);
    log.data = p;
    log.data_len = n;
    decode(&log, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a;
    arena_init(&a, 16 << 20);
    if (n > 0 && data[0] == 0)
        from_json((const char *)data + 1, n - 1, &a);
    else if (n > 1)
        from_bytes((enum event_kind)(1 + data[0] % (EV_COUNT - 1)), data + 1, n - 1, &a);
    arena_release(&a);
    return 0;
}
