/* sse.h: a stream in any pieces gives the same events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "x402/sse.h"

#include "base/banned.h"

static struct buf seen; /* "name|data;" for each event */

static void note(void *ud, struct untrusted name, struct untrusted data)
{
    (void)ud;
    buf_add(&seen, name.p, name.n);
    buf_addc(&seen, '|');
    buf_add(&seen, data.p, data.n);
    buf_addc(&seen, ';');
}

/* In pieces of that size. */
static void expect(const char *stream, const char *events)
{
    size_t n = strlen(stream);
    for (size_t piece = 1; piece <= n; piece++) {
        struct sse s;
        struct err e;
        buf_clear(&seen);
        sse_init(&s, note, NULL);
        for (size_t at = 0; at < n; at += piece)
            assert_int_equal(sse_feed(&s, stream + at, n - at < piece ? n - at : piece, &e),
                             SOUK_OK);
        assert_string_equal(seen.p, events);
        sse_release(&s);
    }
}

static void reads_events_in_any_pieces(void **state)
{
    (void)state;
    buf_init(&seen, 4 << 20);
    expect("data: {\"a\":1}\n\ndata: [DONE]\n\n", "|{\"a\":1};|[DONE];");
    expect("data:x\n\n", "|x;");
    expect("data:  x \n\n", "| x ;");
    expect("data: a\r\ndata: b\r\n\r\n", "|a\nb;");
    expect("data: a\rdata: b\r\rdata: c\n\r\n", "|a\nb;|c;");
    expect("event: x402-settlement\ndata: {}\n\ndata: y\n\n", "x402-settlement|{};|y;");
    expect("event: a\nevent: b\ndata: 1\n\n", "b|1;");
    expect("event: lost\n\ndata: 1\n\n", "|1;");
    expect("data\n\n", "|;");
    expect("data:\ndata:\n\n", "|\n;");
    expect(": a comment\n:\nid: 7\nretry: 10\nunknown: x\ndata: y\n\n", "|y;");
    expect("data: a:b: c\n\n", "|a:b: c;");
    expect("Data: no\n data: no\ndata: yes\n\n", "|yes;");
    expect("\n\n\n", "");
    expect("data: never ended\n", "");
    expect("data: never ended", "");
    expect("\xef\xbb\xbf"
           "data: x\n\n",
           "|x;");
    expect("data: x\n\n\xef\xbb\xbf"
           "data: y\n\n",
           "|x;"); /* only at the start */
    expect("\n\xef\xbb\xbf"
           "data: y\n\n",
           "");
    buf_release(&seen);
}

static void gives_up_on_what_never_ends(void **state)
{
    (void)state;
    static char piece[4096];
    const char *const starts[] = {"data: ", ": "};
    buf_init(&seen, 4 << 20);
    memset(piece, 'x', sizeof piece);
    for (size_t i = 0; i < 2; i++) { /* one line without an end */
        struct sse s;
        struct err e;
        souk_err rc = SOUK_OK;
        size_t fed = 0;
        sse_init(&s, note, NULL);
        sse_feed(&s, starts[i], strlen(starts[i]), &e);
        for (; rc == SOUK_OK && fed < 2 * SSE_EVENT_CAP; fed += sizeof piece)
            rc = sse_feed(&s, piece, sizeof piece, &e);
        assert_int_equal(rc, SOUK_ENOMEM);
        assert_true(fed <= SSE_EVENT_CAP + sizeof piece);
        assert_int_equal(sse_feed(&s, "\n\n", 2, &e), SOUK_ENOMEM); /* and stays given up */
        sse_release(&s);
    }
    struct sse s;
    struct err e;
    souk_err rc = SOUK_OK;
    sse_init(&s, note, NULL);
    for (size_t fed = 0; rc == SOUK_OK && fed < 2 * SSE_EVENT_CAP; fed += sizeof piece) {
        rc = sse_feed(&s, "data:", 5, &e); /* many lines of one event */
        if (rc == SOUK_OK)
            rc = sse_feed(&s, piece, sizeof piece, &e);
        if (rc == SOUK_OK)
            rc = sse_feed(&s, "\n", 1, &e);
    }
    assert_int_equal(rc, SOUK_ENOMEM);
    assert_int_equal(seen.len, 0);
    sse_release(&s);
    sse_init(&s, note, NULL); /* many events may be more than one may be */
    for (size_t fed = 0; fed < 2 * SSE_EVENT_CAP; fed += sizeof piece) {
        assert_int_equal(sse_feed(&s, "data:", 5, &e), SOUK_OK);
        assert_int_equal(sse_feed(&s, piece, sizeof piece, &e), SOUK_OK);
        assert_int_equal(sse_feed(&s, "\n\n", 2, &e), SOUK_OK);
    }
    assert_true(seen.len > 2 * SSE_EVENT_CAP);
    sse_release(&s);
    buf_release(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_events_in_any_pieces),
        cmocka_unit_test(gives_up_on_what_never_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
