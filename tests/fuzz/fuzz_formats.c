/*
 * The other formats. The first byte chooses what the rest is: 1 the inside of a GGUF, 2 the header
 * of safetensors, whose length is put before it, 3 a zip's entries; else the whole file.
 */
#include "onnx_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct buf b;
    buf_init(&b, 1 << 24);
    if (n == 0)
        return 0;
    switch (data[0]) {
    case 1:
        buf_add(&b, "GGUF\3\0\0\0", 8);
        break;
    case 2:
        for (size_t i = 0; i < 8; i++)
            buf_addc(&b, (char)((uint64_t)(n - 1) >> (8 * i)));
        break;
    case 3:
        buf_add(&b, "PK\3\4", 4);
        break;
    default:;
    }
    if (n > 1)
        buf_add(&b, data + 1, n - 1);
    check_inspect((const uint8_t *)b.p, b.len);
    buf_release(&b);
    return 0;
}
