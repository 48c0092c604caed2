#include "typed_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "eth/eth.h"

#include "base/banned.h"

enum { NAMES = 16, NAME = 64, BYTES = 4096 };

static const json *fields_of(const json *types, const char *type)
{
    return json_get(types, type);
}

/* "Item[2][]" -> "Item" */
static void base_of(const char *type, char out[NAME])
{
    size_t n = strcspn(type, "[");
    assert_true(n < NAME);
    memcpy(out, type, n);
    out[n] = '\0';
}

struct names {
    char name[NAMES][NAME];
    size_t n;
};

static void collect(const json *types, const char *type, struct names *all)
{
    for (size_t i = 0; i < all->n; i++) {
        if (strcmp(all->name[i], type) == 0)
            return;
    }
    assert_true(all->n < NAMES);
    base_of(type, all->name[all->n++]);
    for (const json *f = json_first(fields_of(types, type)); f; f = json_next(f)) {
        char base[NAME];
        base_of(json_cstr(f, "type"), base);
        if (fields_of(types, base))
            collect(types, base, all);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

bytes32 typed_json_type_hash(const json *types, const char *type)
{
    struct names all = {.n = 0};
    struct buf text;
    buf_init(&text, BYTES);
    collect(types, type, &all);
    qsort(all.name[1], all.n - 1, NAME, by_name); /* the type itself stays first */
    for (size_t i = 0; i < all.n; i++) {
        buf_addf(&text, "%s(", all.name[i]);
        for (const json *f = json_first(fields_of(types, all.name[i])); f; f = json_next(f))
            buf_addf(&text, "%s %s%s", json_cstr(f, "type"), json_cstr(f, "name"),
                     json_next(f) ? "," : "");
        buf_addc(&text, ')');
    }
    assert_int_equal(buf_check(&text, "the type", NULL), SOUK_OK);
    bytes32 h = keccak256(text.p, text.len);
    buf_release(&text);
    return h;
}

static bytes32 word_of_integer(const json *v)
{
    bytes32 be;
    u256 n = U256_ZERO;
    if (cJSON_IsNumber(v)) {
        assert_true(v->valuedouble >= 0);
        n = u256_from_u64((uint64_t)v->valuedouble);
    } else {
        const char *s = v->valuestring;
        bool minus = *s == '-';
        assert_true(u256_from_dec(s + minus, strlen(s + minus), &n));
        if (minus) { /* two's complement: ~(n - 1) */
            assert_true(u256_sub(n, u256_from_u64(1), &n));
            for (int i = 0; i < 4; i++)
                n.w[i] = ~n.w[i];
        }
    }
    u256_to_be(n, be.b);
    return be;
}

static size_t bytes_of(const json *v, uint8_t out[BYTES])
{
    const char *s = v->valuestring;
    size_t n = (strlen(s) - 2) / 2;
    assert_true(n <= BYTES && hex_decode(s, strlen(s), out, n));
    return n;
}

static bytes32 word_of(const json *types, const char *type, const json *v);

/* The last pair of brackets is the outermost array. */
static bytes32 word_of_array(const json *types, const char *type, const json *v)
{
    char item[NAME];
    struct keccak k = {{0}, 0};
    size_t n = (size_t)(strrchr(type, '[') - type);
    assert_true(n < NAME);
    memcpy(item, type, n);
    item[n] = '\0';
    for (const json *i = json_first(v); i; i = json_next(i))
        keccak_add(&k, word_of(types, item, i).b, 32);
    return keccak_end(&k);
}

static bytes32 word_of(const json *types, const char *type, const json *v)
{
    bytes32 w = {{0}};
    uint8_t bytes[BYTES];
    if (strchr(type, '['))
        return word_of_array(types, type, v);
    if (fields_of(types, type))
        return typed_json_struct_hash(types, type, v);
    if (strcmp(type, "string") == 0)
        return keccak256(v->valuestring, strlen(v->valuestring));
    if (strcmp(type, "bytes") == 0)
        return keccak256(bytes, bytes_of(v, bytes));
    if (strcmp(type, "bool") == 0) {
        w.b[31] = cJSON_IsTrue(v) ? 1 : 0;
    } else if (strcmp(type, "address") == 0) {
        assert_int_equal(bytes_of(v, bytes), 20);
        memcpy(w.b + 12, bytes, 20);
    } else if (strncmp(type, "bytes", 5) == 0) {
        size_t n = bytes_of(v, bytes);
        assert_true(n <= 32);
        memcpy(w.b, bytes, n);
    } else if (strstr(type, "int")) {
        w = word_of_integer(v);
    } else {
        fail_msg("%s is no type", type);
    }
    return w;
}

bytes32 typed_json_struct_hash(const json *types, const char *type, const json *value)
{
    struct keccak k = {{0}, 0};
    keccak_add(&k, typed_json_type_hash(types, type).b, 32);
    for (const json *f = json_first(fields_of(types, type)); f; f = json_next(f)) {
        const json *v = json_get(value, json_cstr(f, "name"));
        if (!v)
            fail_msg("%s has no %s", type, json_cstr(f, "name"));
        keccak_add(&k, word_of(types, json_cstr(f, "type"), v).b, 32);
    }
    return keccak_end(&k);
}
