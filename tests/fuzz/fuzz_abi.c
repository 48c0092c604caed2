/*
 * What contracts answer, and what call data means. The first byte chooses: 0 call data, else a type
 * of answer. What is read lies inside the bytes; call data that is understood is written back as
 * the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "eth/contracts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

static void inside(struct untrusted u, const uint8_t *p, size_t n)
{
    const char *first = (const char *)p;
    check(u.p >= first && u.n <= n && u.p + u.n <= first + n);
}

static void meaning(const uint8_t *p, size_t n)
{
    struct call_meaning m = call_meaning(p, n);
    struct buf out;
    buf_init(&out, 1 << 16);
    switch (m.kind) {
    case CALL_OTHER:
        check(address_is_zero(m.who) && u256_is_zero(m.amount));
        break;
    case CALL_NOTHING:
        check(n == 0);
        break;
    case CALL_TRANSFER:
        call_transfer(&out, m.who, m.amount);
        break;
    case CALL_APPROVE:
        call_approve(&out, m.who, m.amount);
        break;
    case CALL_CANCEL: {
        signature s; /* not part of the meaning: taken as it lies there */
        memcpy(s.b, p + 4 + 3 * 32, 64);
        s.b[64] = p[4 + 3 * 32 - 1];
        call_cancel_authorization(&out, m.who, m.nonce, &s);
        break;
    }
    case CALL_INVALIDATE:
        call_invalidate_nonces(&out, m.word, m.amount);
        break;
    case CALL_LIST:
        call_list(&out, &m.terms);
        break;
    case CALL_DELIST:
        call_delist(&out, m.terms.name);
        break;
    case CALL_DEPLOY:
        call_deploy_listings(&out);
        break;
    }
    if (m.kind != CALL_OTHER)
        check(out.len == n && (n == 0 || memcmp(out.p, p, n) == 0));
    buf_release(&out);
}

static void words(const uint8_t *p, size_t n)
{
    u256 v;
    bool yes = false;
    uint8_t small = 0;
    address a;
    bytes32 h;
    struct untrusted s;
    bool is_number = result_u256(p, n, &v);
    check(is_number == (n == 32) && result_bytes32(p, n, &h) == is_number);
    if (result_bool(p, n, &yes))
        check(p[31] == (yes ? 1 : 0));
    if (result_u8(p, n, &small))
        check(is_number && v.w[0] == small);
    if (result_address(p, n, &a))
        check(memcmp(a.b, p + 12, 20) == 0);
    if (result_string(p, n, &s))
        inside(s, p, n);
}

static void tees(const uint8_t *p, size_t n)
{
    struct arena a;
    struct tee *t;
    size_t count;
    arena_init(&a, 1 << 20);
    if (result_tees(p, n, &a, &t, &count)) {
        check(count <= 1000 && (count == 0) == !t);
        for (size_t i = 0; i < count; i++) {
            inside(t[i].endpoint, p, n);
            inside(t[i].public_key, p, n);
            inside(t[i].certificate, p, n);
        }
    } else {
        check(!t && count == 0);
    }
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    enum { MANY = 8 };
    if (n == 0)
        return 0;
    const uint8_t *p = data + 1;
    struct call3_result r[MANY];
    size_t want = data[0] / 4 % (MANY + 1);
    n--;
    switch (data[0] % 4) {
    case 0:
        meaning(p, n);
        break;
    case 1:
        words(p, n);
        break;
    case 2:
        tees(p, n);
        break;
    default:
        if (result_aggregate3(p, n, r, want)) {
            for (size_t i = 0; i < want; i++)
                inside(r[i].data, p, n);
        }
    }
    return 0;
}
