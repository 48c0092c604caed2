/* A seller's answer against what was computed here; the first byte chooses the model and what it
 * gave. Whatever the answer is, something sound is said of it. */
#include "values_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct model_info *m = signature_model(signatures[data[0] % SIGNATURES]);
    struct values here;
    struct agreement a;
    struct err e;
    check(values_generate(m, data[0] / SIGNATURES, NULL, &here, &e) == SOUK_OK);
    check_values(&here);
    agree_json(&here, untrusted_n((const char *)data + 1, n - 1), AGREE_RTOL, AGREE_ATOL, &a);
    check(a.is == AGREE_YES || a.is == AGREE_NO || a.is == AGREE_NOTHING);
    check(a.words[0] && memchr(a.words, '\0', sizeof a.words));
    check(a.is != AGREE_NOTHING || a.compared == 0);
    values_release(&here);
    model_info_free(m);
    return 0;
}
