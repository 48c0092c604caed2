/*
 * ws.h: a WebSocket client (RFC 6455) for subscriptions to a node: text messages, both ways.
 *
 * libcurl connects (name, TLS, certificates) on LANE_WAIT and gives the socket; the loop then reads
 * and writes it. Framing, masking, pings and closing are libwslay's; the handshake is here. (Debian
 * 12's libcurl is built without its own WebSockets.)
 *
 * What comes is outside bytes: messages above WS_MESSAGE_MAX, binary ones, pings in masses, and a
 * handshake that is not exactly an acceptance of ours end the connection with a reason.
 */
#ifndef SOUK_NET_WS_H
#define SOUK_NET_WS_H

#include <stddef.h>

#include "net/loop.h"

enum { WS_MESSAGE_MAX = 1 << 20, WS_HEAD_MAX = 8 << 10 };

struct ws;
struct ws_events {
    void (*open)(void *ud);
    void (*message)(void *ud, const char *p, size_t n); /* text, not terminated */
    /* The connection could not be made, or ended; nothing comes after it but ws_close's due. */
    void (*closed)(void *ud, const struct err *why);
    void *ud;
};

/* ws:// or wss://. NULL only without memory or for another address; all else comes by closed. */
struct ws *ws_open(struct loop *l, const char *url, const struct ws_events *ev, struct err *e);
souk_err ws_send(struct ws *w, const char *text, size_t n, struct err *e); /* after open */
/* No event comes any more; frees it. From inside an event too. */
void ws_close(struct ws *w);

bool ws_is_url(const char *p, size_t n);

/*
 * Whether head (n bytes, with its empty line) accepts the key that was sent. For ws.c and tests.
 * key: 24 characters of base64.
 */
bool ws_accepted(const char *head, size_t n, const char *key);

#endif
