#include "node_double.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#include "base/banned.h"

enum { REQUEST_MAX = 1 << 20 };

struct node_double {
    node_fn fn;
    void *ud;
    int listener;
    char url[64];
    pthread_t thread;
    atomic_bool stopping;
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

/* One request: head and body by Content-Length; *body leads into b. */
static bool read_request(int fd, struct buf *b, const char **body, size_t *n)
{
    char part[4096];
    for (;;) {
        const char *end = strstr(b->p, "\r\n\r\n");
        const char *length = end != NULL ? strcasestr(b->p, "Content-Length:") : NULL;
        if (end != NULL) {
            *body = end + 4;
            *n = length != NULL ? strtoul(length + strlen("Content-Length:"), NULL, 10) : 0;
            if (b->len >= (size_t)(*body - b->p) + *n)
                return true;
        }
        ssize_t k = recv(fd, part, sizeof part, 0);
        if (k <= 0)
            return false;
        buf_add(b, part, (size_t)k);
    }
}

static void answer_one(struct node_double *n, const json *call, struct buf *out)
{
    struct buf result;
    int64_t id = 0;
    buf_init(&result, REQUEST_MAX);
    json_int(call, "id", &id);
    const char *wrong = n->fn(n->ud, json_cstr(call, "method"), json_get(call, "params"), &result);
    buf_addf(out, "{\"jsonrpc\":\"2.0\",\"id\":%lld,", (long long)id);
    if (wrong != NULL)
        buf_addf(out, "\"error\":{\"code\":-32000,\"message\":\"%s\"}}", wrong);
    else
        buf_addf(out, "\"result\":%s}", result.p);
    buf_release(&result);
}

static void answer(struct node_double *n, const char *body, size_t len, struct buf *out)
{
    json *j = json_parse(body, len, "a request", NULL);
    must(j != NULL, "node: the request is no JSON");
    if (!cJSON_IsArray(j)) {
        answer_one(n, j, out);
    } else {
        buf_addc(out, '[');
        for (const json *c = json_first(j); c != NULL; c = json_next(c)) {
            if (c != json_first(j))
                buf_addc(out, ',');
            answer_one(n, c, out);
        }
        buf_addc(out, ']');
    }
    json_free(j);
}

/* Each connection has one request: no state to keep between them. */
static void serve(struct node_double *n, int fd)
{
    struct buf in, out, head;
    const char *body;
    size_t len;
    buf_init(&in, REQUEST_MAX);
    buf_init(&out, 8 * REQUEST_MAX);
    buf_init(&head, 256);
    if (read_request(fd, &in, &body, &len)) {
        answer(n, body, len, &out);
        buf_addf(&head,
                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                 "Connection: close\r\n\r\n",
                 out.len);
        send(fd, head.p, head.len, MSG_NOSIGNAL | MSG_MORE);
        send(fd, out.p, out.len, MSG_NOSIGNAL);
    }
    buf_release(&in);
    buf_release(&out);
    buf_release(&head);
    close(fd);
}

static void *run(void *ud)
{
    struct node_double *n = ud;
    for (;;) {
        int fd = accept(n->listener, NULL, NULL);
        if (atomic_load(&n->stopping)) {
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        if (fd >= 0)
            serve(n, fd);
    }
}

struct node_double *node_start(node_fn fn, void *ud)
{
    struct node_double *n = mem_zalloc(sizeof *n);
    must(n != NULL, "node: memory");
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    n->fn = fn;
    n->ud = ud;
    n->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(n->listener >= 0, "node: socket");
    must(bind(n->listener, (struct sockaddr *)&at, size) == 0, "node: bind");
    must(listen(n->listener, 16) == 0, "node: listen");
    must(getsockname(n->listener, (struct sockaddr *)&at, &size) == 0, "node: getsockname");
    snprintf(n->url, sizeof n->url, "http://127.0.0.1:%d", ntohs(at.sin_port));
    must(pthread_create(&n->thread, NULL, run, n) == 0, "node: thread");
    return n;
}

void node_stop(struct node_double *n)
{
    atomic_store(&n->stopping, true);
    shutdown(n->listener, SHUT_RDWR); /* wakes accept */
    pthread_join(n->thread, NULL);
    close(n->listener);
    mem_free(n);
}

const char *node_url(const struct node_double *n)
{
    return n->url;
}
