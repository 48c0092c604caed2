/* shows.h: test canvases, and what stands on them. Include it after cmocka.h. */
#ifndef SOUK_TESTS_SHOWS_H
#define SOUK_TESTS_SHOWS_H

#include "ui/backend.h"
#include "ui/canvas.h"

static void assert_shows(const struct canvas *c, const char *want)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    test_dump(c, false, &b);
    assert_string_equal(b.p, want);
    buf_release(&b);
}

static struct canvas *make(int w, int h, enum text_charset cs)
{
    struct canvas *c = canvas_new(w, h, cs, NULL);
    assert_non_null(c);
    return c;
}

#endif
