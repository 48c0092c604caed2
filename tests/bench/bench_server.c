#include "bench_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "eth/events.h"
#include "base/json.h"
#include "synth.h"

enum {
    PAGE = 100,
    DESCRIPTION = 2048,
    RANGE = 200, /* blocks, and two logs in each */
    HEAD = 100000000,
    BLOCK_S = 2,
    PIECE = 16 << 10,
    PAUSE_US = 2000,
    REQUEST_MAX = 256 << 10,
    ANSWER_MAX = 16 << 20,
    PAYEES = 5000, /* of 100,000 models every 20th has been paid before */
    PAYERS = 1000,
};

static const char inference_path[] = "/inference";

/* Shared with the child. */
struct counters {
    atomic_uint pages, ranges;
    atomic_ulong logs;
};

struct server {
    pid_t pid;
    int port;
    struct counters *counters;
};

struct connection {
    int fd;
    struct counters *counters;
    char request[REQUEST_MAX + 1];
    size_t got;      /* bytes of requests read; what follows the first one stays for the next */
    unsigned ranges; /* in the answer being made */
    unsigned long logs;
};

/* --- the Hub ----------------------------------------------------------------------------- */

static void add_model(struct buf *b, unsigned page, unsigned i)
{
    static const char *const words[] = {"the",    "model",  "predicts", "volatility", "of",
                                        "token",  "prices", "from",     "hourly",     "candles",
                                        "tensor", "layers", "window",   "signal",     "risk"};
    unsigned number = page / 2 * PAGE + i, draw = page * 7919 + i * 104729 + 1;
    buf_addf(b,
             "%s{\"name\":\"bench-model-%u\",\"authorUsername\":\"maker%u\","
             "\"taskName\":\"Regression\",\"description\":\"# Reading %u\\n\\n",
             i ? "," : "", number, number % 300, page);
    for (size_t end = b->len + DESCRIPTION; b->len < end;) {
        draw = draw * 1664525 + 1013904223;
        if (draw >> 27 == 0) /* a word nobody else has */
            buf_addf(b, "w%u ", draw >> 8);
        else
            buf_addf(b, "%s ", words[(draw >> 16) % (sizeof(words) / sizeof(*words))]);
    }
    buf_adds(b, "\"}");
}

static void answer_page(struct buf *b, const char *target)
{
    const char *at = strstr(target, "page=");
    unsigned page = at ? (unsigned)strtoul(at + 5, NULL, 10) : 0;
    buf_adds(b, "{\"models\":[");
    for (unsigned i = 0; i < PAGE; i++)
        add_model(b, page, i);
    buf_adds(b, "]}");
}

/* --- the chains -------------------------------------------------------------------------- */

static bytes32 block_hash(uint64_t no)
{
    char text[32];
    if (no == SYNTH_BLOCK)
        return synth_block_hash();
    return keccak256(text, (size_t)snprintf(text, sizeof(text), "b%llu", (unsigned long long)no));
}

static uint64_t block_time(uint64_t no)
{
    return SYNTH_END + (no > SYNTH_BLOCK ? (no - SYNTH_BLOCK) * BLOCK_S : 0);
}

static void add_block(struct buf *b, uint64_t no)
{
    char hash[HASH_BUF], parent[HASH_BUF];
    buf_addf(b,
             "{\"number\":\"0x%llx\",\"hash\":\"%s\",\"parentHash\":\"%s\","
             "\"timestamp\":\"0x%llx\",\"gasLimit\":\"0x1c9c380\",\"transactions\":[]}",
             (unsigned long long)no, bytes32_format(block_hash(no), hash),
             bytes32_format(block_hash(no - 1), parent), (unsigned long long)block_time(no));
}

static void add_word(struct buf *b, address a)
{
    char hex[2 * sizeof(a.b) + 3];
    buf_addf(b, "\"0x%024d%s\"", 0, hex_encode(a.b, sizeof(a.b), hex) + 2);
}

/* What both logs of a block's payment have behind their topics. */
static void add_place(struct buf *b, uint64_t no, bytes32 hash, int index)
{
    char block[HASH_BUF], tx[HASH_BUF];
    bytes32 id = keccak256(&no, sizeof(no));
    buf_addf(b,
             "\"blockNumber\":\"0x%llx\",\"blockHash\":\"%s\",\"blockTimestamp\":\"0x%llx\","
             "\"transactionHash\":\"%s\",\"transactionIndex\":\"0x0\",\"logIndex\":\"0x%x\","
             "\"removed\":false}",
             (unsigned long long)no, bytes32_format(hash, block),
             (unsigned long long)block_time(no), bytes32_format(id, tx), (unsigned)index);
}

/* A payment by authorisation: AuthorizationUsed, Transfer. */
static void add_payment(struct buf *b, uint64_t no)
{
    address token = synth_address("token", 0), payer = synth_address("payer", no % PAYERS),
            payee = synth_address("payTo", no * 7919 % PAYEES * 20);
    char from[2 * sizeof(token.b) + 3], topic[HASH_BUF], nonce[HASH_BUF];
    bytes32 hash = block_hash(no);
    hex_encode(token.b, sizeof(token.b), from);
    buf_addf(b, "{\"address\":\"%s\",\"topics\":[\"%s\",", from,
             bytes32_format(event_topic(EV_AUTHORIZATION_USED), topic));
    add_word(b, payer);
    buf_addf(b, ",\"%s\"],\"data\":\"0x\",", bytes32_format(hash, nonce));
    add_place(b, no, hash, 0);
    buf_addf(b, ",{\"address\":\"%s\",\"topics\":[\"%s\",", from,
             bytes32_format(event_topic(EV_TRANSFER), topic));
    add_word(b, payer);
    buf_addc(b, ',');
    add_word(b, payee);
    buf_addf(b, "],\"data\":\"0x%064llx\",", (unsigned long long)(no % 500 + 1) * 100);
    add_place(b, no, hash, 1);
}

static uint64_t quantity(const json *j)
{
    return cJSON_IsString(j) ? strtoull(j->valuestring, NULL, 16) : 0;
}

static void add_logs(struct connection *c, struct buf *b, const json *filter, bool inference)
{
    uint64_t first = quantity(json_get(filter, "fromBlock"));
    uint64_t last = quantity(json_get(filter, "toBlock"));
    buf_addc(b, '[');
    for (uint64_t no = first; no <= last && !inference; no++) {
        if (no > first)
            buf_addc(b, ',');
        add_payment(b, no);
        c->logs += 2;
    }
    buf_addc(b, ']');
    c->ranges += !inference;
}

static void answer_call(struct connection *c, struct buf *b, const json *call, bool inference)
{
    const char *method = json_cstr(call, "method");
    const json *arg = json_first(json_get(call, "params"));
    int64_t id = 0;
    json_int(call, "id", &id);
    buf_addf(b, "{\"jsonrpc\":\"2.0\",\"id\":%lld,\"", (long long)id);
    if (method && strcmp(method, "eth_chainId") == 0) {
        buf_addf(b, "result\":\"0x%x\"",
                 inference ? (unsigned)SYNTH_INFERENCE_CHAIN : (unsigned)SYNTH_PAYMENT_CHAIN);
    } else if (method && strcmp(method, "eth_blockNumber") == 0) {
        buf_addf(b, "result\":\"0x%x\"", (unsigned)HEAD);
    } else if (method && strcmp(method, "eth_getBlockByNumber") == 0) {
        buf_adds(b, "result\":");
        add_block(b, quantity(arg));
    } else if (method && strcmp(method, "eth_getLogs") == 0) {
        buf_adds(b, "result\":");
        add_logs(c, b, arg, inference);
    } else {
        buf_adds(b, "error\":{\"code\":-32601,\"message\":\"no such method\"}");
    }
    buf_addc(b, '}');
}

static void answer_rpc(struct connection *c, struct buf *b, const char *body, size_t n,
                       bool inference)
{
    json *tree = json_parse(body, n, "a question", NULL);
    if (cJSON_IsArray(tree)) {
        buf_addc(b, '[');
        for (const json *j = json_first(tree); j; j = json_next(j)) {
            if (j != json_first(tree))
                buf_addc(b, ',');
            answer_call(c, b, j, inference);
        }
        buf_addc(b, ']');
    } else {
        answer_call(c, b, tree, inference);
    }
    json_free(tree);
}

/* --- HTTP -------------------------------------------------------------------------------- */

static bool send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

static bool dribble(int fd, const char *status, const struct buf *body)
{
    char head[160];
    int n = snprintf(head, sizeof(head),
                     "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                     status, body->len);
    bool ok = send_all(fd, head, (size_t)n);
    for (size_t at = 0; at < body->len && ok; at += PIECE) {
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_US * 1000L}, NULL);
        ok = send_all(fd, body->p + at, body->len - at < PIECE ? body->len - at : PIECE);
    }
    return ok;
}

/* Reads until a whole request is there: its length, of which *head is up to the body. 0: over. */
static size_t read_request(struct connection *c, size_t *head)
{
    for (;;) {
        c->request[c->got] = '\0';
        const char *end = strstr(c->request, "\r\n\r\n");
        if (end) {
            const char *length = strcasestr(c->request, "\r\ncontent-length:");
            *head = (size_t)(end - c->request) + 4;
            size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
            if (body > REQUEST_MAX - *head)
                return 0;
            if (c->got >= *head + body)
                return *head + body;
        }
        ssize_t n = recv(c->fd, c->request + c->got, REQUEST_MAX - c->got, 0);
        if (n <= 0)
            return 0;
        c->got += (size_t)n;
    }
}

static bool answer(struct connection *c, size_t head, size_t length)
{
    struct buf b;
    const char *target = strchr(c->request, ' ');
    bool rpc = strncmp(c->request, "POST ", 5) == 0;
    bool models = target && strncmp(target + 1, "/api/v0/models/?", 16) == 0;
    buf_init(&b, ANSWER_MAX);
    c->ranges = 0;
    c->logs = 0;
    if (rpc)
        answer_rpc(c, &b, c->request + head, length - head,
                   strncmp(target + 1, inference_path, sizeof(inference_path) - 1) == 0);
    else if (models)
        answer_page(&b, target);
    bool ok = dribble(c->fd, rpc || models ? "200 OK" : "404 Not Found", &b);
    if (ok) {
        atomic_fetch_add(&c->counters->pages, models);
        atomic_fetch_add(&c->counters->ranges, c->ranges);
        atomic_fetch_add(&c->counters->logs, c->logs);
    }
    buf_release(&b);
    return ok;
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    size_t head, length;
    while ((length = read_request(c, &head)) > 0 && answer(c, head, length)) {
        c->got -= length;
        memmove(c->request, c->request + length, c->got);
    }
    close(c->fd);
    free(c);
    return NULL;
}

static void accept_all(int listener, struct counters *counters)
{
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        struct connection *c = fd >= 0 ? calloc(1, sizeof(*c)) : NULL;
        if (!c)
            _exit(1);
        c->fd = fd;
        c->counters = counters;
        if (pthread_create(&thread, NULL, serve, c) != 0)
            _exit(1);
        pthread_detach(thread);
    }
}

/* --- the child --------------------------------------------------------------------------- */

static int listen_somewhere(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &len) != 0)
        return -1;
    *port = ntohs(a.sin_port);
    return fd;
}

struct server *server_start(void)
{
    struct server *s = calloc(1, sizeof(*s));
    int listener = s ? listen_somewhere(&s->port) : -1;
    void *shared =
        mmap(NULL, sizeof(*s->counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (listener < 0 || shared == MAP_FAILED || (s->pid = fork()) < 0) {
        perror("bench: server");
        free(s);
        return NULL;
    }
    s->counters = shared;
    if (s->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        accept_all(listener, s->counters);
    }
    close(listener);
    return s;
}

void server_stop(struct server *s)
{
    if (!s)
        return;
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    munmap(s->counters, sizeof(*s->counters));
    free(s);
}

struct server_count server_count(const struct server *s)
{
    return (struct server_count){.pages = atomic_load(&s->counters->pages),
                                 .ranges = atomic_load(&s->counters->ranges),
                                 .logs = atomic_load(&s->counters->logs)};
}

bool server_write_config(const struct server *s, const char *path)
{
    char token[ADDRESS_BUF];
    FILE *f = fopen(path, "we");
    if (!f)
        return false;
    fprintf(f,
            "[network.bench]\n"
            "hub = http://127.0.0.1:%d\n"
            "payment_rpc = http://127.0.0.1:%d/payment\n"
            "payment_chain_id = %d\npayment_max_range = %d\n"
            "inference_rpc = http://127.0.0.1:%d%s\n"
            "inference_chain_id = %d\ninference_max_range = %d\n"
            "token = USDC %s 6 whole\n",
            s->port, s->port, SYNTH_PAYMENT_CHAIN, RANGE, s->port, inference_path,
            SYNTH_INFERENCE_CHAIN, RANGE, address_format(synth_address("token", 0), token));
    return fclose(f) == 0;
}
