#include "vectors.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"

#include "base/banned.h"

static json *load(const char *path, struct buf *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    buf_init(text, 64 << 20);
    char piece[65536];
    for (ssize_t n; (n = read(fd, piece, sizeof piece)) > 0;)
        buf_add(text, piece, (size_t)n);
    close(fd);
    struct err e = {0};
    json *j = json_parse(text->p, text->len, path, &e);
    if (!j)
        fail_msg("%s", e.msg);
    return j;
}

json *vectors_load_text(const char *name, struct buf *text)
{
    char path[256];
    snprintf(path, sizeof path, "tests/vectors/%s", name);
    json *j = load(path, text);
    if (!j)
        fail_msg("%s is missing: run from the repository's root", path);
    return j;
}

json *vectors_load(const char *name)
{
    struct buf text;
    json *j = vectors_load_text(name, &text);
    buf_release(&text);
    return j;
}

json *vectors_optional(const char *name)
{
    char path[1024];
    const char *shared = getenv("SOUK_SHARED");
    snprintf(path, sizeof path, "%s/data/%s", shared ? shared : "../shared", name);
    struct buf text;
    json *j = load(path, &text);
    if (j)
        buf_release(&text);
    return j;
}

size_t vector_bytes(const json *obj, const char *key, uint8_t *out, size_t room)
{
    const char *s = json_cstr(obj, key);
    size_t n = s ? strlen(s) : 0;
    if (n < 2 || n % 2 || (n - 2) / 2 > room || !hex_decode(s, n, out, (n - 2) / 2))
        fail_msg("%s is no hex of at most %zu bytes: %s", key, room, s ? s : "missing");
    return (n - 2) / 2;
}

bytes32 vector_bytes32(const json *obj, const char *key)
{
    bytes32 h = {{0}};
    assert_int_equal(vector_bytes(obj, key, h.b, sizeof h.b), sizeof h.b);
    return h;
}

address vector_address(const json *obj, const char *key)
{
    address a = {{0}};
    assert_int_equal(vector_bytes(obj, key, a.b, sizeof a.b), sizeof a.b);
    return a;
}

u256 vector_u256(const json *obj, const char *key)
{
    u256 v = U256_ZERO;
    const char *s = json_cstr(obj, key);
    if (!s || !u256_from_dec(s, strlen(s), &v))
        fail_msg("%s is no decimal number: %s", key, s ? s : "missing");
    return v;
}

uint64_t vector_u64(const json *obj, const char *key)
{
    int64_t i;
    if (json_int(obj, key, &i))
        return (uint64_t)i;
    uint64_t v = 0;
    if (!u256_fits_u64(vector_u256(obj, key), &v))
        fail_msg("%s is beyond 64 bits", key);
    return v;
}
