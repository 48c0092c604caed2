#include "market/heads.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "eth/eth.h"
#include "net/ws.h"

#include "base/banned.h"

enum { WAIT_FIRST_MS = 1000, WAIT_MOST_MS = 60000 };

struct heads {
    struct loop *loop;
    struct heads_events ev;
    char *url;
    struct ws *ws;
    bool subscribed;
    int64_t wait;
    uint64_t timer;
};

static void connect_again(void *ud);

static void say(struct heads *h, bool yes)
{
    if (h->subscribed != yes) {
        h->subscribed = yes;
        h->ev.subscribed(h->ev.ud, yes); /* may close us: the last thing */
    }
}

static void later(struct heads *h)
{
    h->timer = loop_timer(h->loop, h->wait, connect_again, h);
    h->wait = h->wait * 2 < WAIT_MOST_MS ? h->wait * 2 : WAIT_MOST_MS;
}

static void on_open(void *ud)
{
    static const char ask[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_subscribe\",\"params\":[\"newHeads\"]}";
    struct heads *h = ud;
    struct err e;
    if (ws_send(h->ws, ask, sizeof ask - 1, &e) != SOUK_OK)
        log_info("new blocks: %s", e.msg);
}

/* The answer to our question, with the subscription's name; or a head. */
static void on_message(void *ud, const char *p, size_t n)
{
    struct heads *h = ud;
    json *j = json_parse(p, n, "", NULL);
    const json *number = json_get(json_get(json_get(j, "params"), "result"), "number");
    bool accepted = cJSON_IsString(json_get(j, "result"));
    uint64_t block = 0;
    bool head =
        cJSON_IsString(number) && hex_u64(number->valuestring, strlen(number->valuestring), &block);
    if (cJSON_IsObject(json_get(j, "error")))
        log_info("new blocks: the node does not subscribe");
    json_free(j);
    if (accepted || head)
        h->wait = WAIT_FIRST_MS;
    if (head)
        h->ev.block(h->ev.ud, block); /* may close us: the last thing */
    else if (accepted)
        say(h, true);
}

static void on_closed(void *ud, const struct err *why)
{
    struct heads *h = ud;
    log_info("new blocks: %s", why->msg);
    ws_close(h->ws);
    h->ws = NULL;
    later(h);
    say(h, false);
}

static void connect_again(void *ud)
{
    struct heads *h = ud;
    const struct ws_events ev = {on_open, on_message, on_closed, h};
    struct err e;
    h->timer = 0;
    h->ws = ws_open(h->loop, h->url, &ev, &e);
    if (!h->ws)
        later(h);
}

struct heads *heads_open(struct loop *l, const char *url, const struct heads_events *ev,
                         struct err *e)
{
    if (!ws_is_url(url, strlen(url))) {
        err_set(e, SOUK_EINPUT, "\"%.60s\" is no address such as wss://host/path", url);
        return NULL;
    }
    struct heads *h = mem_zalloc(sizeof *h);
    if (h)
        h->url = mem_strdup(url);
    if (!h || !h->url) {
        mem_free(h);
        err_nomem(e);
        return NULL;
    }
    h->loop = l;
    h->ev = *ev;
    h->wait = WAIT_FIRST_MS;
    connect_again(h);
    return h;
}

void heads_close(struct heads *h)
{
    if (!h)
        return;
    loop_timer_cancel(h->loop, h->timer);
    ws_close(h->ws);
    mem_free(h->url);
    mem_free(h);
}
