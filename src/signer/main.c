/*
 * souk-signer: the process that holds the keys. souk starts it; see wallet/signer.h.
 */
#include <stdio.h>

#include "base/banned.h"

int main(void)
{
    fputs("souk-signer: nothing to do\n", stderr);
    return 2;
}
