/* Any bytes as a model file; what begins like ONNX is read as ONNX. */
#include "onnx_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    check_inspect(data, n);
    return 0;
}
