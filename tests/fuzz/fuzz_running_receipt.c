/*
 * Any bytes as the body of a paid request, asked again of a model with two inputs. It ends, and
 * what it takes has the model's names.
 */
#include <stdlib.h>
#include <string.h>

#include "market/running.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct dim dims[] = {{.size = -1}, {.size = 2}};
    static const struct port ports[] = {
        {.name = {"x", 1},
         .type =
             {.kind = TYPE_TENSOR, .elem = ELEM_FLOAT, .has_shape = true, .dim = dims, .rank = 2}},
        {.name = {"s", 1},
         .type =
             {.kind = TYPE_TENSOR, .elem = ELEM_STRING, .has_shape = true, .dim = dims, .rank = 1}},
    };
    struct model_info m = {.format = FORMAT_ONNX, .input = ports, .inputs = 1};
    struct values v;
    struct err e = {0};
    if (n > 0 && data[0] == 'S') { /* a model of two inputs */
        m.inputs = 2;
        data++;
        n--;
    }
    souk_err r = running_receipt_input(&m, untrusted_n((const char *)data, n), &v, &e);
    if (r == SOUK_OK) {
        for (size_t i = 0; i < v.n; i++) {
            if (v.of[i].name.n != 1 || !strchr("xs", v.of[i].name.p[0]))
                abort();
        }
    } else if (e.msg[0] == '\0') {
        abort();
    }
    values_release(&v);
    return 0;
}
