/* The key of a certificate, out of bytes that a chain's registry gave. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "net/http_internal.h"
#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char key[PIN_KEY];
    if (trust_key_of(data, size, key) &&
        (strncmp(key, "sha256//", 8) != 0 || strlen(key) != PIN_KEY - 1))
        __builtin_trap();
    return 0;
}
