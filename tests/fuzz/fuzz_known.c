/*
 * The user's file of known addresses, from arbitrary bytes: nothing crashes, rows are in order and
 * no address twice, every string is one line, and a refused text says where.
 */
#include <stdlib.h>
#include <string.h>

#include "market/genuine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct known k = {0};
    struct err e = {0};
    souk_err rc = known_parse("known", (const char *)data, n, &k, &e);
    check(rc == SOUK_OK || strncmp(e.msg, "known:", 6) == 0);
    for (size_t i = 0; i < k.n && rc == SOUK_OK; i++) {
        check(i == 0 || memcmp(k.row[i - 1].a.b, k.row[i].a.b, sizeof k.row[i].a.b) < 0);
        check(strpbrk(k.row[i].words, "\n") == NULL && k.row[i].line > 0);
        check(k.row[i].kind != KNOWN_AUTHOR || k.row[i].words[0] != '\0');
    }
    known_release(&k);
    return 0;
}
