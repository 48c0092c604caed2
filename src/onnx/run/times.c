#include "onnx/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

static int ascending(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int64_t run_percentile(const struct run_times *t, unsigned permille)
{
    if (!t->samples)
        return 0;
    int64_t *v = mem_array(t->samples, sizeof *v);
    if (!v)
        return 0;
    memcpy(v, t->sample, t->samples * sizeof *v);
    qsort(v, t->samples, sizeof *v, ascending);
    size_t rank = (t->samples * permille + 999) / 1000;
    int64_t out = v[rank ? (rank < t->samples ? rank : t->samples) - 1 : 0];
    mem_free(v);
    return out;
}
