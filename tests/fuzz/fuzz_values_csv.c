/* Rows of text as a model's inputs; the first byte chooses the model. What is let in is sound. */
#include "values_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct model_info *m = signature_model(signatures[data[0] % SIGNATURES]);
    struct values v;
    struct err e = {0};
    souk_err rc = values_from_csv(m, untrusted_n((const char *)data + 1, n - 1), &v, &e);
    if (rc == SOUK_OK)
        check_values(&v);
    else
        check(rc == SOUK_EINPUT && e.msg[0] && v.n == 0);
    values_release(&v);
    if (values_read(m, untrusted_n((const char *)data + 1, n - 1), &v, &e) == SOUK_OK)
        check_values(&v);
    values_release(&v);
    model_info_free(m);
    return 0;
}
