#include "ui/widgets/table.h"

#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

struct table {
    const struct column *columns;
    int n;
    const struct table_ops *ops;
    void *ud;
    const char *title[TABLE_COLUMNS_MAX]; /* overrides; NULL: the column's */
    size_t rows, selected, first;
    int sort;
    bool desc;
    /* as of the last draw */
    struct rect area;
    int w[TABLE_COLUMNS_MAX], x[TABLE_COLUMNS_MAX];
    bool drawn;
};

enum { WHEEL_ROWS = 3 };

struct table *table_new(const struct column *columns, int n, const struct table_ops *ops, void *ud)
{
    if (n < 1 || n > TABLE_COLUMNS_MAX) {
        BUG("a table of %d columns", n);
    }
    struct table *t = mem_zalloc(sizeof *t);
    if (t) {
        t->columns = columns;
        t->n = n;
        t->ops = ops;
        t->ud = ud;
        t->sort = -1;
    }
    return t;
}

void table_free(struct table *t)
{
    mem_free(t);
}

/* --- rows */

size_t table_visible(const struct table *t)
{
    return t->area.h > 1 ? (size_t)t->area.h - 1 : 0;
}

/* Scrolls as little as possible to have the selection in view, and no empty rows at the end. */
static void follow(struct table *t)
{
    size_t page = table_visible(t);
    if (!page) {
        return;
    }
    if (t->selected < t->first) {
        t->first = t->selected;
    } else if (t->selected >= t->first + page) {
        t->first = t->selected - page + 1;
    }
    size_t last_first = t->rows > page ? t->rows - page : 0;
    if (t->first > last_first) {
        t->first = last_first;
    }
}

void table_select(struct table *t, size_t row)
{
    t->selected = row < t->rows ? row : t->rows ? t->rows - 1 : 0;
    follow(t);
}

void table_set_rows(struct table *t, size_t rows)
{
    t->rows = rows;
    table_select(t, t->selected);
}

size_t table_rows(const struct table *t)
{
    return t->rows;
}

size_t table_selected(const struct table *t)
{
    return t->selected;
}

size_t table_first(const struct table *t)
{
    return t->first;
}

int table_width(const struct table *t, int col)
{
    return t->w[col];
}

/* --- order */

void table_set_sort(struct table *t, int col, bool desc)
{
    if (col >= t->n) {
        BUG("no column %d to sort by", col);
    }
    t->sort = col;
    t->desc = desc;
}

void table_sort_by(const struct table *t, int *col, bool *desc)
{
    *col = t->sort;
    *desc = t->desc;
}

void table_set_title(struct table *t, int col, const char *title)
{
    if (col < 0 || col >= t->n) {
        BUG("no column %d to name", col);
    }
    t->title[col] = title;
}

static bool can_sort(const struct table *t, int col)
{
    return t->columns[col].sortable && (!t->drawn || t->w[col] > 0);
}

static enum table_event sort_by(struct table *t, int col)
{
    t->desc = col == t->sort ? !t->desc : t->columns[col].desc_first;
    t->sort = col;
    return TABLE_SORT;
}

/* To the next sortable column in a direction; after the last one the first comes again. */
static enum table_event sort_move(struct table *t, int by)
{
    int col = t->sort;
    for (int i = 0; i < t->n; i++) {
        col = (col + by + t->n) % t->n;
        if (col != t->sort && can_sort(t, col)) {
            return sort_by(t, col);
        }
    }
    return TABLE_MOVED;
}

/* --- input */

static enum table_event move(struct table *t, size_t rows, bool down)
{
    if (down) {
        table_select(t, rows < t->rows - t->selected ? t->selected + rows : t->rows);
    } else {
        table_select(t, rows < t->selected ? t->selected - rows : 0);
    }
    return TABLE_MOVED;
}

enum table_event table_action(struct table *t, enum action act)
{
    size_t page = table_visible(t) > 1 ? table_visible(t) - 1 : 1;
    size_t half = page > 2 ? (page + 1) / 2 : 1;
    switch (act) {
    case ACT_UP:
    case ACT_DOWN:
        return move(t, 1, act == ACT_DOWN);
    case ACT_PAGE_UP:
    case ACT_PAGE_DOWN:
        return move(t, page, act == ACT_PAGE_DOWN);
    case ACT_HALF_UP:
    case ACT_HALF_DOWN:
        return move(t, half, act == ACT_HALF_DOWN);
    case ACT_TOP:
    case ACT_BOTTOM:
        return move(t, t->rows, act == ACT_BOTTOM);
    case ACT_OPEN:
        return t->rows ? TABLE_OPEN : TABLE_MOVED;
    case ACT_SORT_LEFT:
        return sort_move(t, -1);
    case ACT_SORT_RIGHT:
        return sort_move(t, 1);
    case ACT_REVERSE:
        return t->sort < 0 ? TABLE_MOVED : sort_by(t, t->sort);
    default:
        return TABLE_IGNORED;
    }
}

static enum table_event click_header(struct table *t, int x)
{
    for (int col = 0; col < t->n; col++) {
        if (x >= t->x[col] && x < t->x[col] + t->w[col] + TABLE_GAP && can_sort(t, col)) {
            return sort_by(t, col);
        }
    }
    return TABLE_MOVED;
}

enum table_event table_mouse(struct table *t, const struct mouse *m)
{
    if (!rect_has(t->area, m->x, m->y)) {
        return TABLE_IGNORED;
    }
    if (m->what == MOUSE_WHEEL_UP || m->what == MOUSE_WHEEL_DOWN) {
        return move(t, WHEEL_ROWS, m->what == MOUSE_WHEEL_DOWN);
    }
    if (m->what != MOUSE_PRESS || m->button != 1) {
        return TABLE_IGNORED;
    }
    if (m->y == t->area.y) {
        return click_header(t, m->x - t->area.x);
    }
    size_t row = t->first + (size_t)(m->y - t->area.y - 1);
    if (row >= t->rows) {
        return TABLE_MOVED;
    }
    bool again = row == t->selected;
    table_select(t, row);
    return again ? TABLE_OPEN : TABLE_MOVED;
}

/* --- layout */

static int needed(const int w[], int n)
{
    int sum = 0;
    for (int i = 0; i < n; i++) {
        sum += w[i] ? w[i] + TABLE_GAP : 0;
    }
    return sum ? sum - TABLE_GAP : 0;
}

/* Makes what has to stay fit: less useful columns go, then the widest shrink. */
static void squeeze(const struct column *columns, int n, int room, int w[])
{
    while (needed(w, n) > room) {
        int victim = -1, widest = 0;
        for (int i = 0; i < n; i++) {
            if (w[i] && columns[i].drop &&
                (victim < 0 || columns[i].drop >= columns[victim].drop)) {
                victim = i;
            }
            widest = w[i] > w[widest] ? i : widest;
        }
        if (victim >= 0) {
            w[victim] = 0;
        } else if (w[widest] > 1) {
            w[widest]--;
        } else {
            return;
        }
    }
}

static int widen(const struct column *columns, int n, int spare, int w[])
{
    for (bool more = true; spare > 0 && more;) {
        more = false;
        for (int i = 0; i < n && spare > 0; i++) {
            if (w[i] && w[i] < columns[i].pref) {
                w[i]++;
                spare--;
                more = true;
            }
        }
    }
    return spare;
}

static void grow(const struct column *columns, int n, int spare, int w[])
{
    int shares = 0;
    for (int i = 0; i < n; i++) {
        shares += w[i] ? columns[i].grow : 0;
    }
    for (int i = 0; i < n && shares > 0 && spare > 0; i++) {
        if (w[i] && columns[i].grow) {
            int part = spare * columns[i].grow / shares;
            w[i] += part;
            spare -= part;
            shares -= columns[i].grow;
        }
    }
}

/* Takes off the luxuries, the dearest first, that would keep an essential column from its width. */
static void renounce(const struct column *columns, int n, int room, int w[])
{
    for (;;) {
        int wanted = -TABLE_GAP, victim = -1;
        for (int i = 0; i < n; i++) {
            bool essential = columns[i].drop == 0 && columns[i].grow;
            wanted += w[i] ? (essential ? columns[i].pref : w[i]) + TABLE_GAP : 0;
            if (w[i] && columns[i].drop >= TABLE_LUXURY &&
                (victim < 0 || columns[i].drop > columns[victim].drop)) {
                victim = i;
            }
        }
        if (wanted <= room || victim < 0) {
            return;
        }
        w[victim] = 0;
    }
}

void table_layout(const struct column *columns, int n, int width, int w[], int x[])
{
    int room = width - TABLE_GUTTER;
    for (int i = 0; i < n; i++) {
        w[i] = columns[i].min;
    }
    renounce(columns, n, room, w);
    squeeze(columns, n, room, w);
    grow(columns, n, widen(columns, n, room - needed(w, n), w), w);
    int at = TABLE_GUTTER;
    for (int i = 0; i < n; i++) {
        x[i] = at;
        at += w[i] ? w[i] + TABLE_GAP : 0;
    }
}

/* --- drawing */

static void draw_title(const struct table *t, struct canvas *c, int col)
{
    const char *title = t->title[col] ? t->title[col] : t->columns[col].title;
    bool sorted = col == t->sort;
    int x = t->area.x + t->x[col], w = t->w[col];
    int room = sorted ? w - 1 : w;
    bool right = t->columns[col].align == ALIGN_RIGHT;
    enum style s = sorted ? ST_SORTED : ST_HEADER;
    int used = canvas_str(c, x, t->area.y, right ? -room : room, title, s);
    if (sorted) {
        canvas_glyph(c, right ? x + w - 1 : x + used, t->area.y, t->desc ? GL_DESC : GL_ASC, s);
    }
}

static void draw_row(struct table *t, struct canvas *c, size_t row, int y, bool focused)
{
    bool selected = row == t->selected;
    if (selected) {
        canvas_glyph(c, t->area.x, y, GL_SELECT, ST_ACCENT);
    }
    if (t->ops->marked && t->ops->marked(t->ud, row)) {
        canvas_glyph(c, t->area.x + 1, y, GL_MARK, ST_MARKED);
    }
    struct strip s;
    for (int col = 0; col < t->n; col++) {
        if (t->w[col]) {
            strip_init(&s, canvas_charset(c));
            t->ops->cell(t->ud, row, col, &s);
            int w = t->columns[col].align == ALIGN_RIGHT ? -t->w[col] : t->w[col];
            canvas_strip(c, t->area.x + t->x[col], y, w, &s);
        }
    }
    if (selected) {
        struct rect bar = {t->area.x, y, t->area.w, 1};
        canvas_over(c, bar, focused ? OVER_SELECTED : OVER_UNFOCUSED);
        if (focused) {
            canvas_cursor(c, t->area.x + TABLE_GUTTER, y, false);
        }
    }
}

void table_draw(struct table *t, struct canvas *c, struct rect area, bool focused,
                const char *empty)
{
    t->area = area;
    t->drawn = true;
    table_layout(t->columns, t->n, area.w, t->w, t->x);
    follow(t);
    struct rect before = canvas_clip(c, area);
    for (int col = 0; col < t->n; col++) {
        if (t->w[col]) {
            draw_title(t, c, col);
        }
    }
    if (!t->rows && empty) {
        canvas_str(c, area.x + TABLE_GUTTER, area.y + 2, area.w - TABLE_GUTTER, empty, ST_DIM);
    }
    size_t page = table_visible(t);
    for (size_t i = 0; i < page && t->first + i < t->rows; i++) {
        draw_row(t, c, t->first + i, area.y + 1 + (int)i, focused);
    }
    canvas_unclip(c, before);
}
