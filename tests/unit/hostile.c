#include "hostile.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_ANSWERS = 512, MAX_REQUESTS = 2048, MAX_CONNECTIONS = 256, REQUEST_MAX = 256 << 10 };

struct entry {
    char *path, *bytes, *tail;
    size_t n;
    enum hostile_end end;
    bool used;
};

struct connection {
    struct hostile *h;
    pthread_t thread;
    int fd;
};

struct hostile {
    int listener;
    char url[64];
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    bool stopping;
    struct entry answers[MAX_ANSWERS];
    size_t n_answers, first_answer; /* those before are forgotten, but may still be read */
    char *requests[MAX_REQUESTS];
    size_t n_requests, first_request, sent;
    struct connection connections[MAX_CONNECTIONS];
    size_t n_connections;
};

static void must(bool ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

static char *copy(const void *p, size_t n)
{
    char *c = malloc(n + 1);
    must(c != NULL, "hostile: malloc");
    memcpy(c, p, n);
    c[n] = '\0';
    return c;
}

/* Takes the answer for a target; the caller reads it without the lock, so entries never move. */
static struct entry *choose(struct hostile *h, const char *target)
{
    struct entry *last = NULL;
    pthread_mutex_lock(&h->lock);
    for (size_t i = h->first_answer; i < h->n_answers; i++) {
        struct entry *a = &h->answers[i];
        if (a->path && strncmp(target, a->path, strlen(a->path)) != 0)
            continue;
        last = a;
        if (!a->used)
            break;
    }
    if (last)
        last->used = true;
    pthread_mutex_unlock(&h->lock);
    return last;
}

static bool send_all(struct hostile *h, int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = send(fd, p, n, MSG_NOSIGNAL);
        if (w <= 0)
            return false;
        p += w;
        n -= (size_t)w;
        pthread_mutex_lock(&h->lock);
        h->sent += (size_t)w;
        pthread_mutex_unlock(&h->lock);
    }
    return true;
}

/* Reads one request into buf; false at the end of the connection. */
static bool read_request(int fd, char *buf)
{
    size_t have = 0, want = 0;
    while (!want || have < want) {
        if (have >= REQUEST_MAX - 1)
            return false;
        ssize_t r = recv(fd, buf + have, REQUEST_MAX - 1 - have, 0);
        if (r <= 0)
            return false;
        have += (size_t)r;
        buf[have] = '\0';
        char *end = strstr(buf, "\r\n\r\n");
        if (!want && end) {
            char *length = strcasestr(buf, "\r\nContent-Length:");
            want = (size_t)(end + 4 - buf);
            if (length && length < end)
                want += strtoul(length + 17, NULL, 10);
        }
    }
    return true;
}

static void note_request(struct hostile *h, const char *buf)
{
    pthread_mutex_lock(&h->lock);
    must(h->n_requests < MAX_REQUESTS, "hostile: too many requests");
    h->requests[h->n_requests++] = copy(buf, strlen(buf));
    pthread_mutex_unlock(&h->lock);
}

/* True when the client left or sent something, false after ms. */
static bool client_stirs(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, ms) > 0;
}

/* False: the connection is to be closed. */
static bool answer(struct hostile *h, int fd, const struct entry *a)
{
    if (!a || !send_all(h, fd, a->bytes, a->n))
        return false;
    switch (a->end) {
    case HOSTILE_KEEP:
        return true;
    case HOSTILE_HOLD:
        client_stirs(fd, -1);
        return false;
    case HOSTILE_ENDLESS:
        while (send_all(h, fd, a->tail, strlen(a->tail)))
            ;
        return false;
    case HOSTILE_DRIBBLE:
        while (!client_stirs(fd, 5) && send_all(h, fd, a->tail, strlen(a->tail)))
            ;
        return false;
    case HOSTILE_CLOSE:
        break;
    }
    return false;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    char *buf = malloc(REQUEST_MAX);
    must(buf != NULL, "hostile: malloc");
    while (read_request(c->fd, buf)) {
        char target[1024] = "";
        sscanf(buf, "%*s %1023s", target);
        note_request(c->h, buf);
        if (!answer(c->h, c->fd, choose(c->h, target)))
            break;
    }
    free(buf);
    shutdown(c->fd, SHUT_RDWR); /* hostile_stop closes it: the number must stay ours till then */
    return NULL;
}

static void *accept_all(void *arg)
{
    struct hostile *h = arg;
    for (;;) {
        int fd = accept(h->listener, NULL, NULL);
        pthread_mutex_lock(&h->lock);
        if (fd < 0 || h->stopping) {
            pthread_mutex_unlock(&h->lock);
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        must(h->n_connections < MAX_CONNECTIONS, "hostile: too many connections");
        struct connection *c = &h->connections[h->n_connections++];
        c->h = h;
        c->fd = fd;
        must(pthread_create(&c->thread, NULL, serve, c) == 0, "hostile: thread");
        pthread_mutex_unlock(&h->lock);
    }
}

struct hostile *hostile_start(void)
{
    struct hostile *h = calloc(1, sizeof *h);
    must(h != NULL, "hostile: calloc");
    pthread_mutex_init(&h->lock, NULL);
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    must(h->listener >= 0 && bind(h->listener, (struct sockaddr *)&a, len) == 0 &&
             listen(h->listener, 64) == 0 &&
             getsockname(h->listener, (struct sockaddr *)&a, &len) == 0,
         "hostile: listen");
    snprintf(h->url, sizeof h->url, "http://127.0.0.1:%d", ntohs(a.sin_port));
    must(pthread_create(&h->thread, NULL, accept_all, h) == 0, "hostile: thread");
    return h;
}

void hostile_stop(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    h->stopping = true;
    pthread_mutex_unlock(&h->lock);
    shutdown(h->listener, SHUT_RDWR);
    pthread_join(h->thread, NULL);
    close(h->listener);
    for (size_t i = 0; i < h->n_connections; i++)
        shutdown(h->connections[i].fd, SHUT_RDWR);
    for (size_t i = 0; i < h->n_connections; i++) {
        pthread_join(h->connections[i].thread, NULL);
        close(h->connections[i].fd);
    }
    for (size_t i = 0; i < h->n_answers; i++) {
        free(h->answers[i].path);
        free(h->answers[i].bytes);
        free(h->answers[i].tail);
    }
    for (size_t i = 0; i < h->n_requests; i++)
        free(h->requests[i]);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

const char *hostile_url(const struct hostile *h)
{
    return h->url;
}

void hostile_queue(struct hostile *h, struct hostile_answer a)
{
    pthread_mutex_lock(&h->lock);
    must(h->n_answers < MAX_ANSWERS, "hostile: too many answers");
    struct entry *e = &h->answers[h->n_answers++];
    e->n = a.n ? a.n : strlen(a.bytes);
    e->bytes = copy(a.bytes, e->n);
    e->path = a.path ? copy(a.path, strlen(a.path)) : NULL;
    e->tail = a.tail ? copy(a.tail, strlen(a.tail)) : NULL;
    e->end = a.end;
    e->used = false;
    pthread_mutex_unlock(&h->lock);
}

void hostile_say(struct hostile *h, const char *path, int status, const char *headers,
                 const char *body)
{
    char *all = NULL;
    must(asprintf(&all, "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body),
                  headers, body) >= 0,
         "hostile: asprintf");
    hostile_queue(h, (struct hostile_answer){.path = path, .bytes = all, .end = HOSTILE_KEEP});
    free(all);
}

void hostile_forget(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    h->first_answer = h->n_answers;
    h->first_request = h->n_requests;
    h->sent = 0;
    pthread_mutex_unlock(&h->lock);
}

size_t hostile_count(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    size_t n = h->n_requests - h->first_request;
    pthread_mutex_unlock(&h->lock);
    return n;
}

const char *hostile_request(struct hostile *h, size_t i)
{
    pthread_mutex_lock(&h->lock);
    i += h->first_request;
    const char *r = i < h->n_requests ? h->requests[i] : NULL;
    pthread_mutex_unlock(&h->lock);
    return r;
}

size_t hostile_sent(struct hostile *h)
{
    pthread_mutex_lock(&h->lock);
    size_t n = h->sent;
    pthread_mutex_unlock(&h->lock);
    return n;
}
