/* The texts of questions, the reading of answers, and when two of them say the same. */
#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "market/nodes_internal.h"

#include "base/banned.h"

enum { CANON_MAX = 8 << 20 };

/* --- questions */

void asking_init(struct asking *k)
{
    k->n = 0;
    buf_init(&k->text, ASK_TEXT_MAX);
}

void asking_add(struct asking *k, const char *method, enum ask_at at, enum ask_same same,
                const char *what, const char *fmt, ...)
{
    va_list ap;
    if (k->n == ASKING_MAX)
        BUG("more than %d questions at once", ASKING_MAX);
    k->q[k->n++] = (struct question){method, k->text.len, at, same, what};
    va_start(ap, fmt);
    buf_vaddf(&k->text, fmt, ap);
    va_end(ap);
    buf_addc(&k->text, '\0');
}

void asking_call(struct asking *k, address to, struct buf *data, const char *what)
{
    char hex[2 * 20 + 3];
    char *bytes = mem_alloc(2 * data->len + 3);
    if (bytes == NULL || data->bad != SOUK_OK)
        k->text.bad = SOUK_ENOMEM;
    asking_add(k, "eth_call", AT_LAST, SAME_VALUE, what, "{\"to\":\"%s\",\"data\":\"%s\"}",
               hex_encode(to.b, 20, hex),
               bytes != NULL ? hex_encode((const uint8_t *)data->p, data->len, bytes) : "");
    mem_free(bytes);
    buf_release(data);
}

void asking_block(struct asking *k, uint64_t number, const char *what)
{
    asking_add(k, "eth_getBlockByNumber", AT_NONE, SAME_BLOCK, what, "\"0x%llx\",false",
               (unsigned long long)number);
}

/* --- answers */

bool answer_u64(const struct rpc_result *r, uint64_t *out)
{
    return cJSON_IsString(r->value) &&
           hex_u64(r->value->valuestring, strlen(r->value->valuestring), out);
}

bool answer_u256(const struct rpc_result *r, u256 *out)
{
    uint8_t be[32];
    char even[2 + 64 + 1] = "0x";
    const char *s = cJSON_IsString(r->value) ? r->value->valuestring : "";
    size_t n = strlen(s);
    if (n < 3 || n > 2 + 64 || s[0] != '0' || s[1] != 'x')
        return false;
    memset(even + 2, '0', 64);
    memcpy(even + 2 + 64 - (n - 2), s + 2, n - 2);
    if (!hex_decode(even, 2 + 64, be, sizeof be))
        return false;
    *out = u256_from_be(be);
    return true;
}

bool answer_bytes(const struct rpc_result *r, struct buf *out)
{
    const char *s = cJSON_IsString(r->value) ? r->value->valuestring : "";
    size_t n = strlen(s), at = out->len;
    if (n < 2 || n % 2 != 0)
        return false;
    uint8_t *bytes = mem_alloc(n / 2);
    bool ok = bytes != NULL && hex_decode(s, n, bytes, n / 2 - 1);
    if (ok)
        buf_add(out, bytes, n / 2 - 1);
    mem_free(bytes);
    return ok && out->bad == SOUK_OK && out->len == at + n / 2 - 1;
}

souk_err answer_failed(const struct rpc_result *r, const char *what, struct err *e)
{
    if (r->value != NULL)
        return err_set(e, SOUK_ENET, "a node's answer about %s cannot be read", what);
    return err_set(e, SOUK_ENET, "a node answered with an error about %s: %.*s", what,
                   (int)(r->message.n < 200 ? r->message.n : 200),
                   r->message.p != NULL ? r->message.p : "");
}

/* --- the same? */

static void canon_text(struct buf *b, struct untrusted u)
{
    buf_addf(b, "%zu:", u.n);
    for (size_t i = 0; i < u.n; i++)
        buf_addc(b, (char)(u.p[i] >= 'A' && u.p[i] <= 'Z' ? u.p[i] - 'A' + 'a' : u.p[i]));
}

static void canon_members(struct buf *b, const json *j, const char *const *names)
{
    for (; *names != NULL; names++)
        canon_text(b, json_str(j, *names));
}

static void canon_logs(struct buf *b, const json *list)
{
    static const char *const names[] = {"address",         "data",     "blockNumber", "blockHash",
                                        "transactionHash", "logIndex", NULL};
    for (const json *l = json_first(list); l != NULL; l = json_next(l)) {
        canon_members(b, l, names);
        for (const json *t = json_first(json_get(l, "topics")); t != NULL; t = json_next(t))
            canon_text(b, untrusted(cJSON_IsString(t) ? t->valuestring : ""));
        buf_addc(b, ';');
    }
}

/* A text that is the same for answers that say the same. */
static void canon(struct buf *b, const json *j, enum ask_same same)
{
    static const char *const block[] = {"number", "hash", "timestamp", "baseFeePerGas", NULL};
    static const char *const tx[] = {"hash",  "transactionHash", "blockHash", "blockNumber",
                                     "input", "status",          NULL};
    buf_addc(b, cJSON_IsNull(j) ? '0' : '1');
    switch (same) {
    case SAME_VALUE:
        canon_text(b, untrusted(cJSON_IsString(j) ? j->valuestring : ""));
        return;
    case SAME_BLOCK:
        canon_members(b, j, block);
        return;
    case SAME_LOGS:
        canon_logs(b, j);
        return;
    case SAME_TX:
        canon_members(b, j, tx);
        return;
    case SAME_ANY:
        return;
    }
}

bool answers_same(const json *x, const json *y, enum ask_same same)
{
    struct buf a, b;
    if (same == SAME_ANY)
        return true;
    buf_init(&a, CANON_MAX);
    buf_init(&b, CANON_MAX);
    canon(&a, x, same);
    canon(&b, y, same);
    bool is =
        a.bad == SOUK_OK && b.bad == SOUK_OK && a.len == b.len && memcmp(a.p, b.p, a.len) == 0;
    buf_release(&a);
    buf_release(&b);
    return is;
}
