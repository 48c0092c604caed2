/*
 * pq.h: libpq, PostgreSQL's own client library, loaded when it is first needed.
 *
 * Few users have a database of raw logs, and libpq brings TLS, Kerberos and LDAP with it: so, as
 * with libcurl (curl.h), it is opened with dlopen by the first question, on a worker. The types
 * come from its own header, so a wrong call does not compile.
 */
#ifndef SOUK_NET_PQ_H
#define SOUK_NET_PQ_H

#include <libpq-fe.h>

#include "base/err.h"

#define PQ_FUNCTIONS(X)   \
    X(connectStart)       \
    X(connectPoll)        \
    X(status)             \
    X(errorMessage)       \
    X(socket)             \
    X(finish)             \
    X(setNoticeProcessor) \
    X(sendQueryParams)    \
    X(consumeInput)       \
    X(isBusy)             \
    X(getResult)          \
    X(resultStatus)       \
    X(resultErrorField)   \
    X(ntuples)            \
    X(getvalue)           \
    X(getisnull)          \
    X(clear)

struct pq_api {
#define X(name) __typeof__(&PQ##name) name;
    PQ_FUNCTIONS(X)
#undef X
};

/* For as long as the process lives; NULL with a message when there is none. Any thread. */
const struct pq_api *pq_load(struct err *e);

#endif
