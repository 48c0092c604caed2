/*
 * Fuzz target: PAYMENT-REQUIRED, as bytes, or (first byte odd) as the JSON inside it, so that the
 * fuzzer need not learn base64. The promises are in x402_checks.h.
 */
#include <stdint.h>

#include "tests/fuzz/x402_checks.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct x402_terms t = check_terms();
    struct x402_demand *d;
    struct buf header;
    struct err e;
    buf_init(&header, 4 << 20);
    if (n > 0 && data[0] % 2)
        x402_base64_encode(data + 1, n - 1, &header);
    else if (n > 0)
        buf_add(&header, data + 1, n - 1);
    CHECK(x402_demand_read(header.p, NULL, 0, &t, &d, &e) == SOUK_OK);
    check_demand(d, &t);
    x402_demand_free(d);
    buf_release(&header);
    return 0;
}
