#include "ui/widgets/chart.h"

#include <stdio.h>
#include <string.h>

#include "base/human.h"
#include "ui/widgets/bars.h"
#include "base/banned.h"

enum {
    MIN_W = 16,
    MIN_H = 4,
    DOTS_X = 2, /* of a braille cell */
    DOTS_Y = 4,
    POINTS_MAX = 2 * CANVAS_MAX_W,
    DATE_EVERY = 12, /* columns between dates, at least */
    TICK_ROWS = 2,   /* rows between values, at least */
    TICKS_MAX = 5,
    GAP_FROM = 3, /* columns of a bar that leaves one free */
};

/* Where things go; all derived from chart and area. */
struct frame {
    struct rect plot; /* the data alone */
    int label_w;
    bool title;
    uint64_t step; /* between ticks */
    int ticks;     /* above 0; 0: all values are 0 */
    uint64_t top;
    size_t n;       /* values of the longest series */
    uint32_t ascii; /* what stands for dots without Unicode */
};

uint64_t chart_nice_above(uint64_t v)
{
    static const uint64_t mantissa[] = {1, 2, 5};
    for (uint64_t ten = 1;; ten *= 10) {
        for (int i = 0; i < 3; i++) {
            if (mantissa[i] * ten >= v) {
                return mantissa[i] * ten;
            }
        }
        if (ten > UINT64_MAX / 50) {
            return v;
        }
    }
}

/* --- values: at most as many points as there are dots; each the mean of its share */

static size_t points(const struct chart_series *s, size_t room, uint64_t out[POINTS_MAX])
{
    size_t m = s->n < room ? s->n : room;
    for (size_t i = 0; i < m; i++) {
        size_t from = i * s->n / m, to = (i + 1) * s->n / m;
        uint64_t mean = 0, rest = 0;
        for (size_t k = from; k < to; k++) {
            mean += s->v[k] / (to - from);
            rest += s->v[k] % (to - from);
        }
        /* NOLINTNEXTLINE(clang-analyzer-core.DivideZero) */
        out[i] = mean + rest / (to - from);
    }
    return m;
}

static void write_value(const struct chart *ch, uint64_t v, char out[CHART_LABEL])
{
    if (ch->unit) {
        ch->unit(ch->unit_ud, v, out);
    } else {
        human_short(out, v);
    }
}

static int label_width(const struct chart *ch, uint64_t v)
{
    char label[CHART_LABEL];
    write_value(ch, v, label);
    struct line_text t;
    text_line(&t, untrusted(label), CHART_LABEL, TEXT_UNICODE);
    int w = t.width;
    text_release(&t);
    return w;
}

static struct frame frame_of(const struct chart *ch, struct rect area)
{
    struct frame f = {.plot = area,
                      .title = ch->title || ch->hover >= 0,
                      .ascii = ch->kind == CHART_LINE ? '*' : '#'};
    bool legend = false;
    uint64_t max = 0;
    for (int s = 0; s < ch->n_series; s++) {
        const struct chart_series *one = &ch->series[s];
        legend = legend || one->label;
        f.n = one->n > f.n ? one->n : f.n;
        for (size_t i = 0; i < one->n; i++) {
            max = one->v[i] > max ? one->v[i] : max;
        }
    }
    f.title = f.title || legend;
    rect_cut_top(&f.plot, f.title);
    rect_cut_bottom(&f.plot, 2);
    if (max) {
        int want = f.plot.h / TICK_ROWS;
        want = want < 1 ? 1 : want > TICKS_MAX ? TICKS_MAX : want;
        f.step = chart_nice_above(max / (uint64_t)want + (max % (uint64_t)want != 0));
        f.ticks = (int)(max / f.step + (max % f.step != 0));
        f.top = f.step * (uint64_t)f.ticks;
    }
    for (int i = 0; i <= f.ticks; i++) {
        int w = label_width(ch, f.step * (uint64_t)i);
        f.label_w = w > f.label_w ? w : f.label_w;
    }
    if (f.label_w > area.w / 3) {
        f.label_w = area.w / 3;
    }
    rect_cut_left(&f.plot, f.label_w + 2);
    if (ch->kind == CHART_STACK && f.n && f.plot.w >= (int)f.n) {
        f.plot.w -= f.plot.w % (int)f.n; /* bars of one width */
    }
    return f;
}

/* Rows of dots above the axis: 0 .. dots-1. */
static int height(uint64_t v, uint64_t top, int dots)
{
    while (top > UINT32_MAX) {
        top >>= 1;
        v >>= 1;
    }
    return top ? (int)(v * (uint64_t)(dots - 1) / top) : 0;
}

/* --- dots */

static void dot(struct canvas *c, const struct frame *f, int dx, int dy, enum style s)
{
    static const uint8_t bit[DOTS_Y][DOTS_X] = {
        {0x40, 0x80}, {0x04, 0x20}, {0x02, 0x10}, {0x01, 0x08}}; /* from the bottom */
    int x = f->plot.x + dx / DOTS_X, y = f->plot.y + f->plot.h - 1 - dy / DOTS_Y;
    if (!rect_has(canvas_rect(c), x, y)) {
        return;
    }
    if (canvas_charset(c) == TEXT_ASCII) {
        canvas_cp(c, x, y, f->ascii, s);
        return;
    }
    uint32_t there = canvas_row(c, y)[x].cp[0];
    uint32_t dots = there >= 0x2800 && there < 0x2900 ? there : 0x2800;
    canvas_cp(c, x, y, dots | bit[dy % DOTS_Y][dx % DOTS_X], s);
}

static void run_of_dots(struct canvas *c, const struct frame *f, int dx, int from, int to,
                        enum style s)
{
    for (int dy = from < to ? from : to; dy <= (from < to ? to : from); dy++) {
        dot(c, f, dx, dy, s);
    }
}

/* The height at a column of dots, on the straight line between its neighbours. */
static int line_height(const uint64_t *v, size_t n, int dx, int w, uint64_t top, int dots)
{
    if (n == 1 || w < 2) {
        return height(v[0], top, dots);
    }
    size_t along = (size_t)dx * (n - 1), i = along / (size_t)(w - 1);
    int part = (int)(along % (size_t)(w - 1));
    int a = height(v[i], top, dots);
    int b = i + 1 < n ? height(v[i + 1], top, dots) : a;
    return a + (b - a) * part / (w - 1);
}

static void draw_line(struct canvas *c, const struct frame *f, const uint64_t *v, size_t n,
                      enum style s)
{
    int w = f->plot.w * DOTS_X, dots = f->plot.h * DOTS_Y;
    int before = line_height(v, n, 0, w, f->top, dots);
    for (int dx = 0; dx < w; dx++) {
        int y = line_height(v, n, dx, w, f->top, dots);
        int from = y > before ? before + 1 : y < before ? before - 1 : y;
        run_of_dots(c, f, dx, from, y, s);
        before = y;
    }
}

/* Of the dots of a bar's part those that are set: all of the last, fewer the farther from it. */
static bool in_pattern(int dx, int dy, int from_last)
{
    return from_last == 0 || (from_last == 1 ? (dx + dy) % 2 == 0 : dx % 2 == 0 && dy % 2 == 0);
}

/* Outer parts first: where two meet in a cell the inner one has it. */
static void draw_stack(const struct chart *ch, struct canvas *c, struct frame *f)
{
    int dots = f->plot.h * DOTS_Y, n = (int)f->n;
    for (int s = 0; s < ch->n_series; s++) {
        const struct chart_series *one = &ch->series[s], *in = one + 1;
        int from_last = ch->n_series - 1 - s;
        f->ascii = from_last == 0 ? '#' : from_last == 1 ? ':' : '.';
        for (int i = 0; i < n && (size_t)i < one->n; i++) {
            int x = i * f->plot.w / n, w = (i + 1) * f->plot.w / n - x;
            int top = height(one->v[i], f->top, dots);
            bool inner = from_last && (size_t)i < in->n && in->v[i];
            int from = inner ? height(in->v[i], f->top, dots) + 1 : 0;
            w -= w >= GAP_FROM; /* a gap between bars that can afford it */
            for (int dx = x * DOTS_X; one->v[i] && dx < (x + w) * DOTS_X; dx++) {
                for (int dy = from; dy <= top; dy++) {
                    if (in_pattern(dx, dy, from_last)) {
                        dot(c, f, dx, dy, one->style);
                    }
                }
            }
        }
    }
}

static void draw_bars(struct canvas *c, const struct frame *f, const uint64_t *v, size_t n,
                      enum style s)
{
    int w = f->plot.w * DOTS_X, dots = f->plot.h * DOTS_Y;
    for (int dx = 0; dx < w; dx++) {
        uint64_t value = v[(size_t)dx * n / (size_t)w];
        if (value) {
            run_of_dots(c, f, dx, 0, height(value, f->top, dots), s);
        }
    }
}

/* --- around the data */

static void draw_axes(const struct chart *ch, const struct frame *f, struct canvas *c)
{
    int axis_x = f->plot.x - 1, axis_y = f->plot.y + f->plot.h;
    canvas_vline(c, axis_x, f->plot.y, f->plot.h, ST_AXIS);
    canvas_hline(c, f->plot.x, axis_y, f->plot.w, ST_AXIS);
    canvas_glyph(c, axis_x, axis_y, GL_CROSSING, ST_AXIS);
    for (int i = 0; i <= f->ticks; i++) {
        char label[CHART_LABEL];
        uint64_t v = f->step * (uint64_t)i;
        int up = i ? height(v, f->top, f->plot.h * DOTS_Y) / DOTS_Y : -1;
        int y = axis_y - 1 - up;
        write_value(ch, v, label);
        canvas_strf(c, axis_x - 1 - f->label_w, y, -f->label_w, ST_DIM, "%s", label);
        if (i) {
            canvas_glyph(c, axis_x, y, GL_T_LEFT, ST_AXIS);
        }
    }
}

/* The value under a column of cells. */
static size_t index_of_column(const struct chart *ch, const struct frame *f, int col)
{
    size_t w = (size_t)f->plot.w;
    if (ch->kind != CHART_LINE || w < 2) {
        return (size_t)col * f->n / (w ? w : 1);
    }
    return ((size_t)col * (f->n - 1) + (w - 1) / 2) / (w - 1);
}

static int column_of_index(const struct chart *ch, const struct frame *f, size_t i)
{
    if (ch->kind != CHART_LINE || f->n < 2) {
        return (int)((i * (size_t)f->plot.w + (size_t)f->plot.w / 2) / f->n);
    }
    return (int)(i * (size_t)(f->plot.w - 1) / (f->n - 1));
}

static void draw_dates(const struct chart *ch, const struct frame *f, struct canvas *c)
{
    int y = f->plot.y + f->plot.h;
    int count = f->plot.w / DATE_EVERY;
    bool each = ch->kind != CHART_LINE && f->n <= (size_t)count + 1; /* one under each bar */
    for (int i = 0; i < (each ? (int)f->n : count + 1); i++) {
        char day[HUMAN_BUF];
        int col = each    ? column_of_index(ch, f, (size_t)i)
                  : count ? i * (f->plot.w - 1) / count
                          : 0;
        human_day_short(day, ch->t0 + (int64_t)index_of_column(ch, f, col) * ch->step);
        int len = (int)strlen(day);
        int at = col - len / 2;
        at = at < 0 ? 0 : at + len > f->plot.w ? f->plot.w - len : at;
        canvas_glyph(c, f->plot.x + col, y, GL_T_DOWN, ST_AXIS);
        canvas_strf(c, f->plot.x + at, y + 1, len, ST_DIM, "%s", day);
    }
}

static void legend_entry(const struct chart *ch, const struct chart_series *s, struct strip *out)
{
    strip_glyph(out, GL_MARK, s->style);
    strip_glyph(out, GL_SPACE, ST_NORMAL);
    if (s->label) {
        strip_str(out, s->label, ST_DIM);
        strip_glyph(out, GL_SPACE, ST_NORMAL);
    }
    if (ch->hover >= 0 && (size_t)ch->hover < s->n) {
        char value[CHART_LABEL];
        write_value(ch, s->v[ch->hover], value);
        strip_strf(out, ST_STRONG, "%s ", value);
    }
}

static void draw_head(const struct chart *ch, const struct frame *f, struct canvas *c,
                      struct rect area)
{
    struct strip s;
    strip_init(&s, canvas_charset(c));
    if (ch->hover >= 0 && (size_t)ch->hover < f->n) {
        char day[HUMAN_BUF];
        human_day_short(day, ch->t0 + ch->hover * ch->step);
        strip_strf(&s, ST_ACCENT, "%s  ", day);
    }
    for (int i = 0; i < ch->n_series; i++) {
        if (ch->series[i].label || ch->hover >= 0) {
            legend_entry(ch, &ch->series[i], &s);
        }
    }
    int used = canvas_strip(c, area.x, area.y, -area.w, &s);
    if (ch->title) {
        canvas_str(c, area.x, area.y, area.w - used - 1, ch->title, ST_TITLE);
    }
}

static void draw_small(const struct chart *ch, struct canvas *c, struct rect area)
{
    uint64_t v[POINTS_MAX], top = 0;
    uint32_t scaled[STRIP_MAX];
    if (!ch->n_series || area.w < 1 || area.h < 1) {
        return;
    }
    size_t n = points(&ch->series[0], (size_t)area.w < STRIP_MAX ? (size_t)area.w : STRIP_MAX, v);
    for (size_t i = 0; i < n; i++) {
        top = v[i] > top ? v[i] : top;
    }
    for (size_t i = 0; i < n; i++) {
        scaled[i] = (uint32_t)(top > UINT32_MAX ? v[i] / (top / UINT32_MAX + 1) : v[i]);
    }
    spark_draw(c, area.x, area.y + area.h - 1, area.w, scaled, n, ch->series[0].style);
}

void chart_draw(const struct chart *ch, struct canvas *c, struct rect area)
{
    if (area.w < MIN_W || area.h < MIN_H) {
        draw_small(ch, c, area);
        return;
    }
    struct frame f = frame_of(ch, area);
    struct rect before = canvas_clip(c, area);
    if (f.title) {
        draw_head(ch, &f, c, area);
    }
    if (!f.n || f.plot.w < 2 || f.plot.h < 1) {
        canvas_str(c, f.plot.x, f.plot.y, f.plot.w, "no data", ST_DIM);
        canvas_unclip(c, before);
        return;
    }
    draw_axes(ch, &f, c);
    draw_dates(ch, &f, c);
    uint64_t v[POINTS_MAX];
    if (ch->kind == CHART_STACK && f.top) {
        draw_stack(ch, c, &f);
    }
    for (int s = 0; ch->kind != CHART_STACK && s < ch->n_series && f.top; s++) {
        size_t n = points(&ch->series[s], (size_t)f.plot.w * DOTS_X, v);
        if (n) {
            (ch->kind == CHART_BARS ? draw_bars : draw_line)(c, &f, v, n, ch->series[s].style);
        }
    }
    if (ch->hover >= 0 && (size_t)ch->hover < f.n) {
        canvas_glyph(c, f.plot.x + column_of_index(ch, &f, (size_t)ch->hover), f.plot.y + f.plot.h,
                     GL_UP, ST_ACCENT);
    }
    canvas_unclip(c, before);
}

long chart_index_at(const struct chart *ch, struct rect area, int x)
{
    if (area.w < MIN_W || area.h < MIN_H) {
        return -1;
    }
    struct frame f = frame_of(ch, area);
    if (!f.n || x < f.plot.x || x >= f.plot.x + f.plot.w) {
        return -1;
    }
    return (long)index_of_column(ch, &f, x - f.plot.x);
}
