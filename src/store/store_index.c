/*
 * The indexes that a first fill does without: kept up row by row they would cost ten times what
 * making them at the end does. Without one every query still answers, reading more.
 */
#include "store/query.h"
#include "store/rollup.h"

#include "base/banned.h"

/* Each ends with the table's key: chain, block, log. */
static const char *const indexes[] = {
    "CREATE INDEX IF NOT EXISTS pay_by_payee ON pay(payee)",
    "CREATE INDEX IF NOT EXISTS pay_by_payer ON pay(payer)",
    "CREATE INDEX IF NOT EXISTS flow_by_target ON flow(target)",
    "CREATE INDEX IF NOT EXISTS flow_by_source ON flow(source)",
    "CREATE INDEX IF NOT EXISTS infer_by_cid ON infer(cid, time)",
};

souk_err store_index(struct store *s, struct err *e)
{
    souk_err rc = SOUK_OK;
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes && !rc; i++) {
        struct query_run q = query_open(s, indexes[i]);
        rc = query_do(&q, e);
    }
    return rc;
}
