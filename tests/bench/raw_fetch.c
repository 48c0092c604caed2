/*
 * The ceiling of an indexer: the same eth_getLogs answers from the same node, read from bare
 * sockets and thrown away. Nothing is parsed beyond where an answer ends.
 *   raw_fetch PORT HEAD BLOCKS FLIGHT FILTER
 * FILTER is the "address":…,"topics":… of the question; BLOCKS a request, FLIGHT requests at once.
 * Prints the bytes of the answers.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/banned.h"

enum { FLIGHT_MAX = 16, PIECE = 1 << 18, HEAD_MAX = 4096 };

struct line {
    int fd;
    bool asked, in_body;
    size_t head_n;
    char head[HEAD_MAX + 1];
    uint64_t left; /* of the body */
};

static uint64_t bytes;

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

static int dial(const char *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        die("connect");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void ask(struct line *l, uint64_t first, uint64_t last, const char *filter)
{
    static char body[8192], all[9216];
    int n = snprintf(body, sizeof body,
                     "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_getLogs\",\"params\":[{"
                     "\"fromBlock\":\"0x%llx\",\"toBlock\":\"0x%llx\",%s}]}",
                     (unsigned long long)first, (unsigned long long)last, filter);
    int m = snprintf(all, sizeof all,
                     "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                     "Content-Length: %d\r\n\r\n%s",
                     n, body);
    if (n >= (int)sizeof body || write(l->fd, all, (size_t)m) != m) {
        die("write");
    }
    l->asked = true;
    l->in_body = false;
    l->head_n = 0;
}

/* The head is through at its empty line; its length says where the body ends. */
static size_t read_head(struct line *l, const char *p, size_t n)
{
    size_t was = l->head_n, take = n < HEAD_MAX - was ? n : HEAD_MAX - was;
    memcpy(l->head + was, p, take);
    l->head_n += take;
    l->head[l->head_n] = '\0';
    const char *end = strstr(l->head, "\r\n\r\n");
    if (!end) {
        return take;
    }
    const char *len = strcasestr(l->head, "\r\ncontent-length:");
    if (!len || len > end) {
        fprintf(stderr, "raw_fetch: an answer without its length\n");
        exit(1);
    }
    l->left = strtoull(len + 17, NULL, 10);
    l->in_body = true;
    return (size_t)(end + 4 - l->head) - was;
}

static void take(struct line *l)
{
    static char piece[PIECE];
    ssize_t got = read(l->fd, piece, sizeof piece);
    if (got <= 0) {
        die("read");
    }
    size_t at = 0, n = (size_t)got;
    if (!l->in_body) {
        at = read_head(l, piece, n);
    }
    if (l->in_body) {
        bytes += n - at;
        l->left -= n - at;
        l->asked = l->left > 0;
    }
}

int main(int argc, char **argv)
{
    if (argc != 6) {
        fprintf(stderr, "usage: raw_fetch PORT HEAD BLOCKS FLIGHT FILTER\n");
        return 2;
    }
    static struct line line[FLIGHT_MAX];
    uint64_t head = strtoull(argv[2], NULL, 10), blocks = strtoull(argv[3], NULL, 10), next = 0;
    size_t flight = strtoull(argv[4], NULL, 10), busy = 1;
    struct pollfd fds[FLIGHT_MAX];
    flight = flight < 1 ? 1 : flight > FLIGHT_MAX ? FLIGHT_MAX : flight;
    for (size_t i = 0; i < flight; i++) {
        line[i].fd = dial(argv[1]);
        fds[i] = (struct pollfd){line[i].fd, POLLIN, 0};
    }
    while (busy > 0) {
        busy = 0;
        for (size_t i = 0; i < flight; i++) {
            if (!line[i].asked && next <= head) {
                uint64_t last = next + blocks - 1;
                ask(&line[i], next, last < head ? last : head, argv[5]);
                next = last + 1;
            }
            busy += line[i].asked;
            fds[i].events = line[i].asked ? POLLIN : 0;
        }
        if (busy > 0 && poll(fds, flight, -1) < 0) {
            die("poll");
        }
        for (size_t i = 0; i < flight && busy > 0; i++) {
            if (fds[i].revents != 0) {
                take(&line[i]);
            }
        }
    }
    printf("%llu\n", (unsigned long long)bytes);
    return 0;
}
