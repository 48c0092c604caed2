/*
 * What Walrus servers say, over arbitrary bytes: a Content-Range, a publisher's answer, a storage
 * node's, an error page. Nothing crashes, what passes is sane, and no byte that a terminal should
 * not see gets into a message.
 */
#include <stdlib.h>
#include <string.h>

#include "walrus/service.h"

#include "base/banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(bool right)
{
    if (!right)
        abort();
}

static void check_words(const struct err *e)
{
    check(e->msg[0] != '\0');
    for (const char *p = e->msg; *p != '\0'; p++)
        check((unsigned char)*p >= ' ' && *p != 0x7f);
}

static void read_answers(const char *p, size_t n)
{
    struct blob_stored stored;
    struct blob_status status;
    struct arena a;
    struct err e;
    uint64_t epoch;
    arena_init(&a, 1 << 16);
    if (walrus_stored_parse(p, n, &a, &stored, &e) != SOUK_OK)
        check_words(&e);
    else
        check(strlen(stored.object.p) == stored.object.n);
    if (walrus_status_parse(p, n, &status, &e) != SOUK_OK)
        check_words(&e);
    check(walrus_epoch_parse(p, n, &epoch) == (epoch > 0));
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const char *p = (const char *)data;
    uint64_t first, last, total;
    struct err e = {0};
    if (walrus_content_range(untrusted_n(p, n), &first, &last, &total))
        check(first <= last && last < total);
    read_answers(p, n);

    struct http_response r = {.status = n > 0 ? 200 + data[0] * 2 : 404};
    buf_init(&r.body, 1 << 20);
    buf_add(&r.body, p, n);
    if (walrus_answer(&r, "https://a.example/", &e) != BLOB_BYTES)
        check_words(&e);
    buf_release(&r.body);
    return 0;
}
