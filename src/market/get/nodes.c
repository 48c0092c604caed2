/* The metadata of a blob, of the storage nodes in turn. It proves itself, so any will do. */
#include <string.h>

#include "base/mem.h"
#include "market/get/internal.h"

#include "base/banned.h"

enum { META_MAX = 128 << 10, META_MS = 20000, META_STALL_MS = 8000 };

static void answered(void *ud, struct http_response *r)
{
    struct get *g = ud;
    g->meta_call = NULL;
    if (g->ending) {
        get_turn(g);
        return;
    }
    if (r->err.code == SOUK_OK && r->status == 200 && r->body.len > 0) {
        struct work *w = work_new(g, WORK_META);
        if (w != NULL) {
            w->p = (uint8_t *)buf_detach(&r->body, &w->n);
            work_submit(w);
            return; /* it is known, or the next one is asked, when that was looked at */
        }
    }
    nodes_next(g);
    get_turn(g);
}

static bool send(struct get *g, const char *node)
{
    struct buf url;
    buf_init(&url, CONFIG_URL + 128);
    walrus_url_metadata(&url, node, &g->target.id);
    const struct http_request rq = {.url = url.p,
                                    .body_cap = META_MAX,
                                    .timeout_ms = META_MS,
                                    .stall_ms = META_STALL_MS,
                                    .public_only = g->public_only};
    if (!url.bad)
        g->meta_call = http_send(g->http, &rq, answered, g, NULL);
    buf_release(&url);
    return g->meta_call != NULL;
}

void nodes_next(struct get *g)
{
    while (g->node < g->n_nodes) {
        if (send(g, g->nodes[g->node++]))
            return;
    }
    g->meta_over = true; /* nobody has it: the whole is encoded in the end */
}

void nodes_ask(struct get *g)
{
    g->meta_wanted = true;
    nodes_next(g);
}
