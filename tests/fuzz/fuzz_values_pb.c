/* Bytes as a tensor, sequence, map or optional of a file; the first byte chooses. What is let in
 * is sound and can be written. */
#include "values_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const types[] = {"x:float32[?]", "x:bfloat16", "x:sequence<int64[?]>",
                                        "x:map<int64,float32>", "x:optional<sequence<string>>"};
    if (n == 0)
        return 0;
    struct model_info *m = signature_model(types[data[0] % (sizeof types / sizeof *types)]);
    struct values v;
    struct err e = {0};
    values_init(&v);
    v.arena.cap = 1 << 20;
    souk_err rc = values_add_pb(&v, untrusted("x"), &m->input[0].type, data + 1, n - 1, &e);
    if (rc == SOUK_OK) {
        check_values(&v);
        mem_free(values_text(&v, true));
    } else {
        check((rc == SOUK_EINPUT || rc == SOUK_ENOMEM) && e.msg[0] && v.n == 0);
    }
    values_release(&v);
    model_info_free(m);
    return 0;
}
