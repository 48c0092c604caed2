/* Receipts and headers, from a node's JSON to the bytes that are hashed. */
#include <string.h>

#include "eth/rlp.h"
#include "eth/trie.h"

#include "base/banned.h"

/* --- members */

enum { SIZE_ANY = -1 };

static souk_err bad(struct err *e, const char *thing, const char *key)
{
    return err_set(e, SOUK_ENET, "the node gave a %s whose %s is missing or cannot be read", thing,
                   key);
}

/* A member's bytes, in the arena; want: exactly so many, or any number with SIZE_ANY. */
static bool get_bytes(const json *j, const char *key, int want, struct arena *a,
                      struct trie_item *out)
{
    struct untrusted s = json_str(j, key);
    if (s.p == NULL || s.n < 2 || s.n % 2 != 0)
        return false;
    out->n = (s.n - 2) / 2;
    uint8_t *p = arena_alloc(a, out->n + 1);
    out->p = p;
    return (want == SIZE_ANY || out->n == (size_t)want) && p != NULL &&
           hex_decode(s.p, s.n, p, out->n);
}

/* A quantity of any size up to 32 bytes: the header's numbers are. */
static bool get_number(const json *j, const char *key, u256 *out)
{
    struct untrusted s = json_str(j, key);
    char digits[67];
    uint8_t be[32];
    if (s.p == NULL || s.n < 3 || s.n > 66 || s.p[0] != '0' || s.p[1] != 'x')
        return false;
    memset(digits, '0', sizeof digits);
    digits[1] = 'x';
    memcpy(digits + 66 - (s.n - 2), s.p + 2, s.n - 2);
    if (!hex_decode(digits, 66, be, sizeof be))
        return false;
    *out = u256_from_be(be);
    return true;
}

static bool has(const json *j, const char *key)
{
    const json *m = json_get(j, key);
    return m != NULL && !cJSON_IsNull(m);
}

/* --- receipts */

enum { TYPE_DEPOSIT = 0x7e, TYPE_POST_EXEC = 0x7d, TYPE_LAST = 4 };

struct receipt_parts {
    unsigned type;
    struct trie_item root; /* before EIP-658; else absent and there is a status */
    u256 status, gas, nonce, version;
    bool versioned;
    struct trie_item bloom;
    struct eth_log *log;
    size_t logs;
};

static souk_err read_type(const json *j, struct receipt_parts *r, struct err *e)
{
    u256 type = U256_ZERO;
    uint64_t v = 0;
    if (has(j, "type") && (!get_number(j, "type", &type) || !u256_fits_u64(type, &v)))
        return bad(e, "receipt", "type");
    if (v > TYPE_LAST && v != TYPE_DEPOSIT && v != TYPE_POST_EXEC)
        return err_set(e, SOUK_ENET, "the block has a receipt of type 0x%llx, which is not known",
                       (unsigned long long)v);
    r->type = (unsigned)v;
    return SOUK_OK;
}

static souk_err read_logs(const json *j, struct arena *a, struct receipt_parts *r, struct err *e)
{
    const json *logs = json_get(j, "logs");
    size_t n = 0;
    if (!cJSON_IsArray(logs))
        return bad(e, "receipt", "list of logs");
    for (const json *l = json_first(logs); l != NULL; l = json_next(l))
        n++;
    r->log = arena_alloc(a, (n + 1) * sizeof *r->log);
    if (r->log == NULL)
        return err_nomem(e);
    for (const json *l = json_first(logs); l != NULL; l = json_next(l)) {
        souk_err c = eth_log_parse(l, a, &r->log[r->logs++], e);
        if (c != SOUK_OK)
            return c;
    }
    return SOUK_OK;
}

static souk_err read_receipt(const json *j, struct arena *a, struct receipt_parts *r, struct err *e)
{
    souk_err c = read_type(j, r, e);
    if (c != SOUK_OK)
        return c;
    if (has(j, "status") ? !get_number(j, "status", &r->status)
                         : !get_bytes(j, "root", 32, a, &r->root))
        return bad(e, "receipt", "status");
    if (!get_number(j, "cumulativeGasUsed", &r->gas))
        return bad(e, "receipt", "cumulativeGasUsed");
    if (!get_bytes(j, "logsBloom", BLOOM, a, &r->bloom))
        return bad(e, "receipt", "logsBloom");
    /* A deposit's nonce is hashed since Canyon alone, which is when the version came. */
    r->versioned = r->type == TYPE_DEPOSIT && has(j, "depositReceiptVersion");
    if (r->versioned && (!get_number(j, "depositReceiptVersion", &r->version) ||
                         !get_number(j, "depositNonce", &r->nonce)))
        return bad(e, "receipt", "depositNonce");
    return read_logs(j, a, r, e);
}

static void put_log(const struct eth_log *l, struct rlp_out *o)
{
    struct rlp_out data = {0};
    size_t topics = l->topics * (1 + sizeof(bytes32));
    struct rlp_out head = {0};
    rlp_bytes(&data, l->data, l->data_len);
    rlp_list(&head, topics);
    rlp_list(o, 1 + sizeof l->from.b + head.n + topics + data.n);
    rlp_bytes(o, l->from.b, sizeof l->from.b);
    rlp_list(o, topics);
    for (unsigned i = 0; i < l->topics; i++)
        rlp_bytes(o, l->topic[i].b, sizeof l->topic[i].b);
    rlp_bytes(o, l->data, l->data_len);
}

static void put_logs(const struct receipt_parts *r, struct rlp_out *o)
{
    for (size_t i = 0; i < r->logs; i++)
        put_log(&r->log[i], o);
}

static void put_parts(const struct receipt_parts *r, struct rlp_out *o)
{
    struct rlp_out logs = {0};
    if (r->root.p != NULL)
        rlp_bytes(o, r->root.p, r->root.n);
    else
        rlp_u256(o, r->status);
    rlp_u256(o, r->gas);
    rlp_bytes(o, r->bloom.p, r->bloom.n);
    put_logs(r, &logs);
    rlp_list(o, logs.n);
    put_logs(r, o);
    if (r->versioned) {
        rlp_u256(o, r->nonce);
        rlp_u256(o, r->version);
    }
}

static void put_receipt(const struct receipt_parts *r, struct rlp_out *o)
{
    struct rlp_out parts = {0};
    uint8_t type = (uint8_t)r->type;
    put_parts(r, &parts);
    if (type != 0)
        rlp_raw(o, &type, 1);
    rlp_list(o, parts.n);
    put_parts(r, o);
}

souk_err receipt_encode(const json *receipt, struct arena *a, struct trie_item *out, struct err *e)
{
    struct receipt_parts r = {0};
    struct rlp_out size = {0};
    souk_err c = read_receipt(receipt, a, &r, e);
    if (c != SOUK_OK)
        return c;
    put_receipt(&r, &size);
    uint8_t *p = arena_alloc(a, size.n);
    if (p == NULL)
        return err_nomem(e);
    put_receipt(&r, &(struct rlp_out){.place = p});
    *out = (struct trie_item){p, size.n};
    return SOUK_OK;
}

souk_err receipts_root(const json *receipts, struct arena *a, bytes32 *root, struct err *e)
{
    size_t n = 0;
    if (!cJSON_IsArray(receipts))
        return err_set(e, SOUK_ENET, "the node gave no list of receipts");
    for (const json *r = json_first(receipts); r != NULL; r = json_next(r))
        n++;
    struct trie_item *item = arena_alloc(a, (n + 1) * sizeof *item);
    if (item == NULL)
        return err_nomem(e);
    n = 0;
    for (const json *r = json_first(receipts); r != NULL; r = json_next(r)) {
        souk_err c = receipt_encode(r, a, &item[n++], e);
        if (c != SOUK_OK)
            return c;
    }
    *root = trie_list_root(item, n);
    return SOUK_OK;
}

/* --- headers */

/*
 * The fields in their order, and how each is written. The last ones came with forks: a header has
 * the first so many of them.
 */
enum field_form { NUMBER = -2, EXTRA = SIZE_ANY /* any number of bytes */ };

static const struct {
    const char *key;
    int form; /* or so many bytes */
    bool fork;
} fields[] = {
    {"parentHash", 32, false},
    {"sha3Uncles", 32, false},
    {"miner", 20, false},
    {"stateRoot", 32, false},
    {"transactionsRoot", 32, false},
    {"receiptsRoot", 32, false},
    {"logsBloom", BLOOM, false},
    {"difficulty", NUMBER, false},
    {"number", NUMBER, false},
    {"gasLimit", NUMBER, false},
    {"gasUsed", NUMBER, false},
    {"timestamp", NUMBER, false},
    {"extraData", EXTRA, false},
    {"mixHash", 32, false},
    {"nonce", 8, false},
    {"baseFeePerGas", NUMBER, true}, /* London */
    {"withdrawalsRoot", 32, true},   /* Shanghai */
    {"blobGasUsed", NUMBER, true},   /* Cancun */
    {"excessBlobGas", NUMBER, true},
    {"parentBeaconBlockRoot", 32, true},
    {"requestsHash", 32, true}, /* Prague */
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

struct header {
    struct {
        struct trie_item bytes;
        u256 number;
    } field[FIELDS];
    size_t n;
};

static souk_err read_header(const json *block, struct arena *a, struct header *h, struct err *e)
{
    bool over = false;
    for (size_t i = 0; i < FIELDS; i++) {
        bool there = has(block, fields[i].key);
        over |= fields[i].fork && !there;
        if (over && !there)
            continue;
        bool good = fields[i].form == NUMBER
                        ? get_number(block, fields[i].key, &h->field[i].number)
                        : get_bytes(block, fields[i].key, fields[i].form, a, &h->field[i].bytes);
        if (!good || over) /* over: a fork's field without those before it */
            return bad(e, "block", fields[i].key);
        h->n = i + 1;
    }
    return SOUK_OK;
}

static void put_header(const struct header *h, struct rlp_out *o)
{
    for (size_t i = 0; i < h->n; i++) {
        if (fields[i].form == NUMBER)
            rlp_u256(o, h->field[i].number);
        else
            rlp_bytes(o, h->field[i].bytes.p, h->field[i].bytes.n);
    }
}

souk_err header_hash(const json *block, bytes32 *hash, bytes32 *root, struct err *e)
{
    struct header h = {.n = 0};
    struct keccak k = {{0}, 0};
    struct rlp_out size = {0}, out = {.hash = &k};
    struct arena a;
    arena_init(&a, 1 << 20);
    souk_err c = read_header(block, &a, &h, e);
    if (c == SOUK_OK) {
        put_header(&h, &size);
        rlp_list(&out, size.n);
        put_header(&h, &out);
        *hash = keccak_end(&k);
        memcpy(root->b, h.field[5].bytes.p, sizeof root->b);
    }
    arena_release(&a);
    return c;
}
