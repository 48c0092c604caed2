#include "drawn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "golden.h"
#include "ui/backend.h"

static const struct {
    int w, h;
} sizes[] = {{80, 24}, {120, 40}, {200, 60}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void dump_at(const char *name, draw_fn draw, void *state, int w, int h, enum text_charset cs,
                    int *bad)
{
    char full[96];
    struct buf out;
    struct canvas *c = canvas_new(w, h - 2, cs, NULL); /* header and footer are the app's */
    buf_init(&out, 1 << 20);
    draw(state, c, canvas_rect(c));
    test_dump(c, w < 200, &out);
    snprintf(full, sizeof full, "%s-%dx%d", name, w, h);
    *bad += !golden_same(full, out.p, out.len);
    buf_release(&out);
    canvas_free(c);
}

void check_at(const char *name, draw_fn draw, void *state, int w, int h)
{
    int bad = 0;
    dump_at(name, draw, state, w, h, TEXT_UNICODE, &bad);
    assert_int_equal(bad, 0);
}

void check(const char *name, draw_fn draw, void *state)
{
    int bad = 0;
    char ascii[64];
    for (size_t i = 0; i < SIZES; i++)
        dump_at(name, draw, state, sizes[i].w, sizes[i].h, TEXT_UNICODE, &bad);
    struct canvas *c = canvas_new(80, 22, TEXT_ASCII, NULL);
    struct buf out;
    buf_init(&out, 1 << 20);
    draw(state, c, canvas_rect(c));
    test_dump(c, false, &out);
    for (size_t i = 0; i < out.len; i++)
        if ((unsigned char)out.p[i] >= 0x7f)
            fail_msg("%s is not ASCII: %.40s", name, out.p + i);
    snprintf(ascii, sizeof ascii, "ascii-%s", name);
    bad += !golden_same(ascii, out.p, out.len);
    buf_release(&out);
    canvas_free(c);
    assert_int_equal(bad, 0);
}

void survive(draw_fn draw, void *state)
{
    static const int w[] = {1, 19, 40, 80, 120, 200}, h[] = {1, 3, 9, 22, 58};
    for (size_t i = 0; i < sizeof w / sizeof *w; i++)
        for (size_t j = 0; j < sizeof h / sizeof *h; j++) {
            struct canvas *c = canvas_new(w[i], h[j], TEXT_UNICODE, NULL);
            draw(state, c, canvas_rect(c));
            for (int y = 0; y < h[j]; y++)
                for (int x = 0; x < w[i]; x++)
                    for (int k = 0; k < CELL_CPS && canvas_row(c, y)[x].cp[k]; k++)
                        assert_true(text_drawable(canvas_row(c, y)[x].cp[k]));
            canvas_free(c);
        }
}
