#include <string.h>

#include "base/mem.h"
#include "ui/backend.h"
#include "base/banned.h"

struct backend_test {
    struct backend base;
    struct canvas *shown; /* what a terminal would show */
    bool forgotten;
    unsigned long written;
};

static struct backend_test *self(struct backend *b)
{
    return (struct backend_test *)b;
}

static void test_size(struct backend *b, int *w, int *h)
{
    struct rect r = canvas_rect(self(b)->shown);
    *w = r.w;
    *h = r.h;
}

static void test_present(struct backend *b, const struct canvas *c)
{
    struct backend_test *t = self(b);
    struct rect r = canvas_rect(c), have = canvas_rect(t->shown);
    bool all = t->forgotten || r.w != have.w || r.h != have.h;
    if (all && canvas_resize(t->shown, r.w, r.h, NULL)) {
        return;
    }
    for (int y = 0; y < r.h; y++) {
        const struct cell *from = canvas_row(c, y), *to = canvas_row(t->shown, y);
        for (int x = 0; x < r.w; x++) {
            t->written += all || memcmp(&from[x], &to[x], sizeof from[x]) != 0;
        }
    }
    canvas_copy(t->shown, c);
    t->forgotten = false;
}

static void test_forget(struct backend *b)
{
    self(b)->forgotten = true;
}

static int test_input_fd(struct backend *b)
{
    (void)b;
    return -1;
}

static int test_open_terminal(struct backend *b)
{
    (void)b;
    return -1;
}

static void test_nothing(struct backend *b)
{
    (void)b;
}

static void test_mouse(struct backend *b, bool on)
{
    (void)b;
    (void)on;
}

static void test_resize(struct backend *b, int w, int h)
{
    struct backend_test *t = self(b);
    t->forgotten = true;
    (void)canvas_resize(t->shown, w, h, NULL); /* without memory it keeps its size, and says so */
}

static bool test_copy(struct backend *b, const char *base64)
{
    (void)b;
    (void)base64;
    return true;
}

static void test_free(struct backend *b)
{
    canvas_free(self(b)->shown);
    mem_free(b);
}

static const struct backend_ops ops = {
    .size = test_size,
    .present = test_present,
    .forget = test_forget,
    .input_fd = test_input_fd,
    .open_terminal = test_open_terminal,
    .suspend = test_nothing,
    .resume = test_nothing,
    .mouse = test_mouse,
    .resize = test_resize,
    .copy = test_copy,
    .free = test_free,
};

struct backend *backend_test_new(int w, int h, enum text_charset cs, struct err *e)
{
    struct backend_test *t = mem_zalloc(sizeof *t);
    struct canvas *shown = t ? canvas_new(w, h, cs, e) : NULL;
    if (!shown) {
        mem_free(t);
        err_nomem(e);
        return NULL;
    }
    *t = (struct backend_test){.base = {&ops, cs}, .shown = shown, .forgotten = true};
    return &t->base;
}

unsigned long test_cells_written(const struct backend *b)
{
    return ((const struct backend_test *)b)->written;
}

/* --- dumps */

static void row_text(const struct cell *row, int w, struct buf *out)
{
    for (int x = 0; x < w; x++) {
        for (int i = 0; i < CELL_CPS && row[x].cp[i]; i++) {
            char utf8[5];
            buf_add(out, utf8, utf8_put(utf8, row[x].cp[i]));
        }
    }
}

static void end_row(struct buf *out, char blank)
{
    while (out->len && out->p[out->len - 1] == blank && !out->bad) {
        out->p[--out->len] = '\0';
    }
    buf_addc(out, '\n');
}

static bool style_seen(const struct canvas *c, enum style s)
{
    struct rect r = canvas_rect(c);
    for (int y = 0; y < r.h; y++) {
        const struct cell *row = canvas_row(c, y);
        for (int x = 0; x < r.w; x++) {
            if (row[x].style == s && !row[x].over) {
                return true;
            }
        }
    }
    return false;
}

static void legend(const struct canvas *c, struct buf *out)
{
    static const char *const names[ST_COUNT] = {
#define NAME(id, ...) #id,
        STYLES(NAME)
#undef NAME
    };
    for (int s = ST_NORMAL + 1; s < ST_COUNT; s++) {
        if (style_seen(c, (enum style)s)) {
            buf_addf(out, "%c %s\n", style_letter((enum style)s, OVER_NONE), names[s]);
        }
    }
}

void test_dump(const struct canvas *c, bool with_styles, struct buf *out)
{
    struct rect r = canvas_rect(c);
    for (int y = 0; y < r.h; y++) {
        row_text(canvas_row(c, y), r.w, out);
        end_row(out, ' ');
    }
    if (!with_styles) {
        return;
    }
    buf_adds(out, "--\n");
    for (int y = 0; y < r.h; y++) {
        const struct cell *row = canvas_row(c, y);
        for (int x = 0; x < r.w; x++) {
            buf_addc(out, style_letter((enum style)row[x].style, row[x].over));
        }
        end_row(out, style_letter(ST_NORMAL, OVER_NONE));
    }
    legend(c, out);
}

bool test_has_text(const struct canvas *c, const char *text)
{
    struct rect r = canvas_rect(c);
    struct buf row;
    buf_init(&row, (size_t)CANVAS_MAX_W * CELL_CPS * 4);
    bool found = false;
    for (int y = 0; y < r.h && !found; y++) {
        buf_clear(&row);
        row_text(canvas_row(c, y), r.w, &row);
        found = strstr(row.p, text);
    }
    buf_release(&row);
    return found;
}
