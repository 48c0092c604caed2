#include "ui/backend.h"

#include "base/banned.h"

void backend_free(struct backend *b)
{
    if (b) {
        b->ops->free(b);
    }
}
