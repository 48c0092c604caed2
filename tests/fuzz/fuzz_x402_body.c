/* Fuzz target: the body of a 402 answer, where version 1 stands. Promises: x402_checks.h. */
#include <stdint.h>

#include "tests/fuzz/x402_checks.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct x402_terms t = check_terms();
    struct x402_demand *d;
    struct err e;
    CHECK(x402_demand_read(NULL, (const char *)data, n, &t, &d, &e) == SOUK_OK);
    check_demand(d, &t);
    x402_demand_free(d);
    return 0;
}
