/*
 * Logs out of an answer's text without a tree of it.
 *
 * Nearly all bytes of a sync are eth_getLogs answers, and half the time to read one goes into a
 * node for every value of it. What nodes really send is plain: objects of short strings without
 * escapes. This reads exactly that, and takes its hands off anything else: then the caller goes
 * the general way (rpc_parse, eth_log_parse), which also finds the words for what is wrong. So
 * whatever is read here is read the same there, which a test sees to.
 */
#include <pthread.h>
#include <string.h>

#include "market/sync/internal.h"

#include "base/banned.h"

enum { LOG_TEXT = 512 }; /* a log with two topics has more */

enum { A_BYTE = 256 };
static uint16_t pairs[1 << 16]; /* by two characters as they lie: their byte + A_BYTE, or 0 */
static pthread_once_t pairs_once = PTHREAD_ONCE_INIT;

static void fill_pairs(void)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    for (unsigned i = 0; digits[i] != '\0'; i++) {
        for (unsigned k = 0; digits[k] != '\0'; k++) {
            const char two[2] = {digits[i], digits[k]};
            unsigned hi = i < 16 ? i : i - 6, lo = k < 16 ? k : k - 6;
            uint16_t at;
            memcpy(&at, two, sizeof at);
            pairs[at] = (uint16_t)(A_BYTE + (hi << 4 | lo));
        }
    }
}

struct scan {
    const char *p, *end;
    struct arena *memory;
    struct buf *rest;   /* the answer, each list of logs replaced by [its number] */
    const char *copied; /* up to here the text is in rest */
    struct scanned *list;
    size_t room, lists;
};

static inline char peek(struct scan *s)
{
    if (s->end > s->p && *s->p > ' ')
        return *s->p;
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t'))
        s->p++;
    return s->p < s->end ? *s->p : '\0';
}

static bool take(struct scan *s, char c)
{
    if (peek(s) != c)
        return false;
    s->p++;
    return true;
}

/* A string without escapes. */
static bool take_string(struct scan *s, struct untrusted *out)
{
    if (!take(s, '"'))
        return false;
    const char *quote = memchr(s->p, '"', (size_t)(s->end - s->p));
    if (quote == NULL)
        return false;
    *out = untrusted_n(s->p, (size_t)(quote - s->p));
    s->p = quote + 1;
    return memchr(out->p, '\\', out->n) == NULL;
}

static bool take_word(struct scan *s, const char *word)
{
    size_t n = strlen(word);
    peek(s);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

/* --- one log */

static bool hex_bytes(const char *p, uint8_t *out, size_t want)
{
    uint16_t all = A_BYTE;
    for (size_t i = 0; i < want; i++) {
        uint16_t at;
        memcpy(&at, p + 2 * i, sizeof at);
        all &= pairs[at];
        out[i] = (uint8_t)pairs[at];
    }
    return (all & A_BYTE) != 0;
}

/* A string of just so many bytes; its end need not be looked for. */
static bool take_hex(struct scan *s, uint8_t *out, size_t want)
{
    if (!take(s, '"') || (size_t)(s->end - s->p) < 2 * want + 3 || s->p[0] != '0' ||
        s->p[1] != 'x' || s->p[2 * want + 2] != '"' || !hex_bytes(s->p + 2, out, want))
        return false;
    s->p += 2 * want + 3;
    return true;
}

static bool hex_number(struct untrusted s, uint64_t *out)
{
    return hex_u64(s.p, s.n, out) && *out <= INT64_MAX;
}

static bool take_topics(struct scan *s, struct eth_log *out)
{
    if (!take(s, '['))
        return false;
    while (peek(s) != ']') {
        if ((out->topics > 0 && !take(s, ',')) || out->topics == LOG_TOPICS ||
            !take_hex(s, out->topic[out->topics].b, 32))
            return false;
        out->topics++;
    }
    return take(s, ']');
}

static bool take_data(struct scan *s, struct eth_log *out)
{
    static const uint8_t nothing[1];
    struct untrusted t;
    if (!take_string(s, &t) || t.n < 2 || t.n % 2 != 0 || t.p[0] != '0' || t.p[1] != 'x')
        return false;
    uint8_t *data = arena_alloc(s->memory, t.n / 2);
    out->data_len = (t.n - 2) / 2;
    out->data = out->data_len > 0 ? data : nothing;
    return data != NULL && hex_bytes(t.p + 2, data, out->data_len);
}

enum log_key {
    ADDRESS,
    TOPICS,
    DATA,
    BLOCK,
    BLOCK_HASH,
    INDEX,
    TX,
    NEEDED,
    REMOVED = NEEDED,
    TIME,
    KEYS
};

static const struct {
    const char *name;
    size_t n;
} keys[KEYS] = {
    [ADDRESS] = {"address", 7},
    [TOPICS] = {"topics", 6},
    [DATA] = {"data", 4},
    [BLOCK] = {"blockNumber", 11},
    [BLOCK_HASH] = {"blockHash", 9},
    [INDEX] = {"logIndex", 8},
    [TX] = {"transactionHash", 15},
    [REMOVED] = {"removed", 7},
    [TIME] = {"blockTimestamp", 14},
};

static bool take_member(struct scan *s, enum log_key k, struct eth_log *out)
{
    struct untrusted t;
    uint64_t time;
    switch (k) {
    case TOPICS:
        return take_topics(s, out);
    case DATA:
        return take_data(s, out);
    case REMOVED:
        out->removed = peek(s) == 't';
        return take_word(s, out->removed ? "true" : "false");
    case ADDRESS:
        return take_hex(s, out->from.b, sizeof out->from.b);
    case BLOCK_HASH:
        return take_hex(s, out->block_hash.b, sizeof out->block_hash.b);
    case TX:
        return take_hex(s, out->tx.b, sizeof out->tx.b);
    default:
        break;
    }
    if (!take_string(s, &t))
        return false;
    switch (k) {
    case BLOCK:
        return hex_number(t, &out->block);
    case INDEX:
        return hex_number(t, &out->index);
    case TIME:
        if (!hex_number(t, &time) || time > UINT32_MAX) /* later ones are not for here */
            return false;
        out->time = (int64_t)time;
        return true;
    default:
        return true; /* another member, whose string does not matter */
    }
}

static bool take_log(struct scan *s, struct eth_log *out)
{
    unsigned seen = 0;
    *out = (struct eth_log){.topics = 0};
    if (!take(s, '{'))
        return false;
    for (bool first = true; peek(s) != '}'; first = false) {
        struct untrusted name;
        enum log_key k = 0;
        if ((!first && !take(s, ',')) || !take_string(s, &name) || !take(s, ':'))
            return false;
        while (k < KEYS && (keys[k].n != name.n || memcmp(keys[k].name, name.p, name.n) != 0))
            k++;
        if (k < KEYS && (seen & (1u << k)) != 0) /* twice: who knows which one counts */
            return false;
        seen |= k < KEYS ? 1u << k : 0;
        if (!take_member(s, k, out))
            return false;
    }
    return take(s, '}') && (seen & ((1u << NEEDED) - 1)) == (1u << NEEDED) - 1;
}

/* --- lists */

/* At first for as many as the rest of the text may hold: mostly that is all there will ever be. */
static bool more_room(struct scan *s, struct scanned *list, size_t *room)
{
    size_t wider = *room == 0 ? (size_t)(s->end - s->p) / LOG_TEXT + 1 : *room * 2;
    struct eth_log *log = arena_alloc(s->memory, wider * sizeof *log);
    if (log == NULL)
        return false;
    if (list->n > 0)
        memcpy(log, list->log, list->n * sizeof *log);
    list->log = log;
    *room = wider;
    return true;
}

static bool take_list(struct scan *s)
{
    size_t room = 0;
    struct scanned *list = &s->list[s->lists];
    if (s->lists == s->room || !take(s, '['))
        return false;
    buf_add(s->rest, s->copied, (size_t)(s->p - s->copied));
    buf_addf(s->rest, "%zu", s->lists++);
    *list = (struct scanned){NULL, 0};
    while (peek(s) != ']') {
        if ((list->n > 0 && !take(s, ',')) || (list->n == room && !more_room(s, list, &room)) ||
            !take_log(s, &list->log[list->n]))
            return false;
        list->n++;
    }
    s->copied = s->p;
    return take(s, ']');
}

/* Over any other value, up to what follows it. Nesting is left to the parser of the rest. */
static bool skip(struct scan *s)
{
    unsigned depth = 0;
    do {
        char c = peek(s);
        struct untrusted text;
        if (c == '"') {
            if (!take_string(s, &text))
                return false;
            continue;
        }
        if (c == '\0' || (depth == 0 && (c == ',' || c == '}' || c == ']')))
            return false;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        s->p++;
    } while (depth > 0 || (peek(s) != ',' && peek(s) != '}' && peek(s) != '\0'));
    return true;
}

static bool take_answer(struct scan *s)
{
    if (!take(s, '{'))
        return false;
    for (bool first = true; peek(s) != '}'; first = false) {
        struct untrusted name;
        if ((!first && !take(s, ',')) || !take_string(s, &name) || !take(s, ':'))
            return false;
        bool result = name.n == 6 && memcmp(name.p, "result", 6) == 0;
        if (result && peek(s) == '[' ? !take_list(s) : !skip(s))
            return false;
    }
    return take(s, '}');
}

bool scan_logs(const struct buf *body, struct arena *memory, struct buf *rest, struct scanned *list,
               size_t room, size_t *lists)
{
    struct scan s = {.p = body->p,
                     .end = body->p + body->len,
                     .memory = memory,
                     .rest = rest,
                     .copied = body->p,
                     .list = list,
                     .room = room};
    pthread_once(&pairs_once, fill_pairs);
    bool batch = take(&s, '[');
    do {
        if (!take_answer(&s))
            return false;
    } while (batch && take(&s, ','));
    if ((batch && !take(&s, ']')) || peek(&s) != '\0' || s.p != s.end)
        return false;
    buf_add(rest, s.copied, (size_t)(s.end - s.copied));
    *lists = s.lists;
    return !rest->bad;
}
