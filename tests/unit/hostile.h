/*
 * hostile.h: an HTTP server on the loopback, in a thread of the test, that says exactly what it is
 * told, byte by byte, and misbehaves on order.
 *
 * Answers are queued; a request takes the first one that fits its path, and the last one that fits
 * stays for all that follow. Without any, the connection is closed at once.
 */
#ifndef SOUK_TESTS_HOSTILE_H
#define SOUK_TESTS_HOSTILE_H

#include <stddef.h>

struct hostile;

enum hostile_end {
    HOSTILE_CLOSE,   /* closes after the bytes */
    HOSTILE_KEEP,    /* waits for the next request on the same connection */
    HOSTILE_HOLD,    /* says nothing more, keeps the connection until the client leaves */
    HOSTILE_ENDLESS, /* repeats `tail` as fast as it can until the client leaves */
    HOSTILE_DRIBBLE  /* repeats `tail` with 5 ms in between until the client leaves */
};

struct hostile_answer {
    const char *path;  /* fits requests whose target begins so; NULL fits all */
    const void *bytes; /* the whole answer, head and body */
    size_t n;          /* 0: it is a string */
    enum hostile_end end;
    const char *tail;
};

struct hostile *hostile_start(void); /* aborts when it cannot */
void hostile_stop(struct hostile *h);
const char *hostile_url(const struct hostile *h); /* "http://127.0.0.1:<port>" */

void hostile_queue(struct hostile *h, struct hostile_answer a); /* copies */
/* A proper answer with Content-Length. headers: "Name: value\r\n" lines or "". */
void hostile_say(struct hostile *h, const char *path, int status, const char *headers,
                 const char *body);
void hostile_forget(struct hostile *h); /* starts afresh: no answers, nothing counted */

size_t hostile_count(struct hostile *h); /* requests so far */
/* The request's head and body, valid until hostile_stop; NULL when none. */
const char *hostile_request(struct hostile *h, size_t i);
size_t hostile_sent(struct hostile *h); /* bytes sent so far */

#endif
