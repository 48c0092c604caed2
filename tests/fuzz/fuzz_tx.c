/*
 * Raw transactions. What is read is written back as the same bytes, points into them, and can be
 * asked for its digest, its signer and its cost; what is refused says why.
 */
#include <stdlib.h>
#include <string.h>

#include "eth/contracts.h"
#include "eth/tx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

static void inside(const uint8_t *p, size_t len, const uint8_t *data, size_t n)
{
    check(p >= data && len <= n && p + len <= data + n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct tx t, zero;
    signature s;
    struct err e = {0};
    address from;
    u256 fee, total;
    souk_err r = tx_decode(data, n, &t, &s, &e);
    if (r) {
        memset(&zero, 0, sizeof zero);
        check(r == SOUK_EINPUT && e.code == r && e.msg[0] && memcmp(&t, &zero, sizeof t) == 0);
        return 0;
    }
    inside(t.data, t.data_len, data, n);
    if (t.access_list)
        inside(t.access_list, t.access_list_len, data, n);
    check(t.type == TX_LEGACY || t.chain != 0);
    check(u256_cmp(t.max_priority, t.max_fee) <= 0);
    check(!sig_fault(s.b, sizeof s.b));
    tx_most(&t, &fee, &total);
    sig_recover(tx_digest(&t), &s, &from);
    call_meaning(t.data, t.data_len);

    struct buf out;
    buf_init(&out, n);
    tx_encode(&t, &s, &out);
    check(buf_check(&out, "", NULL) == SOUK_OK && out.len == n && memcmp(out.p, data, n) == 0);
    buf_release(&out);
    return 0;
}
