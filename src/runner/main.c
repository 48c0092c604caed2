#include <stdio.h>

#include "base/err.h"

#include "base/banned.h"

int main(void)
{
    fputs("souk-runner: not built yet\n", stderr);
    return SOUK_EFAIL;
}
