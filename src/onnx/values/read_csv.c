/*
 * Rows of numbers as inputs. The text is walked twice: for its size, then for its numbers.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "onnx/values/csv.h"
#include "onnx/values/internal.h"

#include "base/banned.h"

struct column {
    size_t port, index; /* which number of a row of which input */
};

struct table {
    const struct model_info *m;
    struct untrusted text;
    struct values *out;
    struct err *e;
    struct untrusted *first; /* the fields of the first line */
    struct column *column;
    size_t columns, lines; /* lines of numbers: without the names */
    size_t *width;         /* of each input: how many columns it has */
    struct value *value;   /* of each input */
    bool header;
};

static struct untrusted trimmed(struct untrusted u)
{
    while (u.n > 0 && (*u.p == ' ' || *u.p == '\t'))
        u.p++, u.n--;
    while (u.n > 0 && (u.p[u.n - 1] == ' ' || u.p[u.n - 1] == '\t'))
        u.n--;
    return u;
}

/* --- the first line */

static souk_err take_first(struct table *t)
{
    struct csv c;
    struct untrusted field;
    bool last = false;
    size_t room = 0;
    csv_init(&c, t->text, &t->out->arena);
    while (!last && csv_next(&c, &field, &last)) {
        if (t->columns == room) {
            room = room ? 2 * room : 64;
            struct untrusted *more = mem_resize(t->first, room * sizeof *more);
            if (!more)
                return err_nomem(t->e);
            t->first = more;
        }
        t->first[t->columns++] = field;
    }
    if (c.err.code)
        return err_set(t->e, c.err.code, "%s", c.err.msg);
    return t->columns ? SOUK_OK : err_set(t->e, SOUK_EINPUT, "the input is empty");
}

/* "name" or "name[3]": the port and the index; false: no such input. */
static bool find_column(const struct model_info *m, struct untrusted field, struct column *out)
{
    int64_t index = 0;
    field = trimmed(field);
    size_t whole = field.n;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < m->inputs; i++)
            if (m->input[i].name.n == whole && whole > 0 &&
                memcmp(m->input[i].name.p, field.p, whole) == 0) {
                *out = (struct column){i, (size_t)index};
                return true;
            }
        const char *open =
            whole > 2 && field.p[whole - 1] == ']' ? memrchr(field.p, '[', whole) : NULL;
        if (!open ||
            number_read(ELEM_INT64, open + 1, (size_t)(field.p + whole - 1 - (open + 1)), 0,
                        &index) != NUMBER_OK ||
            index < 0)
            return false;
        whole = (size_t)(open - field.p);
    }
    return false;
}

/* Words name columns: a line with no number in it, or one with only inputs' names. */
static bool is_header(const struct table *t, const struct port *only, bool *named)
{
    struct column c;
    double number;
    bool numbers = false, words = false;
    *named = true;
    for (size_t i = 0; i < t->columns; i++) {
        struct untrusted field = trimmed(t->first[i]);
        *named = *named && find_column(t->m, field, &c);
        words = words || field.n > 0;
        numbers = numbers || number_read(ELEM_DOUBLE, field.p, field.n, 0, &number) == NUMBER_OK ||
                  number_read(ELEM_BOOL, field.p, field.n, 0, &number) == NUMBER_OK;
    }
    return *named || (only && only->type.elem != ELEM_STRING && words && !numbers);
}

static souk_err misnamed(const struct table *t, size_t i, const char *how)
{
    struct untrusted name = t->first[i];
    return err_set(t->e, SOUK_EINPUT,
                   "column %zu, \"%.*s\", is %s: an input of n numbers has the columns name[0] to "
                   "name[n-1]",
                   i + 1, (int)(name.n < 60 ? name.n : 60), name.p, how);
}

/* Each index of an input once: as many columns as numbers, none beyond, none twice. */
static souk_err check_columns(const struct table *t)
{
    bool *seen = mem_array(t->columns, sizeof *seen);
    size_t *first = mem_array(t->m->inputs + 1, sizeof *first); /* of each input in seen */
    souk_err rc = seen && first ? SOUK_OK : err_nomem(t->e);
    for (size_t i = 0; rc == SOUK_OK && i < t->m->inputs; i++)
        first[i + 1] = first[i] + t->width[i];
    for (size_t i = 0; rc == SOUK_OK && i < t->columns; i++) {
        const struct column *c = &t->column[i];
        bool *at = c->index < t->width[c->port] ? &seen[first[c->port] + c->index] : NULL;
        if (!at || *at)
            rc = misnamed(t, i, at ? "there twice" : "out of place");
        else
            *at = true;
    }
    mem_free(seen);
    mem_free(first);
    return rc;
}

static souk_err name_columns(struct table *t)
{
    for (size_t i = 0; i < t->columns; i++) {
        struct column *c = &t->column[i];
        if (!find_column(t->m, t->first[i], c))
            return port_unknown(t->m, trimmed(t->first[i]), t->e);
        t->width[c->port]++;
    }
    return check_columns(t);
}

static souk_err plan_columns(struct table *t)
{
    bool named;
    const struct port *only = port_alone(t->m, NULL);
    t->header = is_header(t, only, &named);
    t->column = mem_array(t->columns, sizeof *t->column);
    t->width = mem_array(t->m->inputs + 1, sizeof *t->width);
    t->value = mem_array(t->m->inputs + 1, sizeof *t->value);
    if (!t->column || !t->width || !t->value)
        return err_nomem(t->e);
    if ((t->header && named) || !only) {
        if (!only && !t->header)
            return port_alone(t->m, t->e) ? SOUK_OK : SOUK_EINPUT;
        return name_columns(t);
    }
    size_t port = (size_t)(only - t->m->input);
    t->width[port] = t->columns;
    for (size_t i = 0; i < t->columns; i++)
        t->column[i] = (struct column){port, i};
    return SOUK_OK;
}

/* --- the size */

static souk_err count_lines(struct table *t)
{
    struct csv c;
    struct untrusted field;
    bool last;
    csv_init(&c, t->text, &t->out->arena);
    while (csv_next(&c, &field, &last)) {
        if (c.column > t->columns || (last && c.column < t->columns))
            return err_set(t->e, SOUK_EINPUT, "line %zu has %s fields than the first line's %zu",
                           c.line, c.column < t->columns ? "fewer" : "more", t->columns);
        t->lines += last;
    }
    t->lines -= t->header;
    if (c.err.code)
        return err_set(t->e, c.err.code, "%s", c.err.msg);
    return t->lines ? SOUK_OK
                    : err_set(t->e, SOUK_EINPUT, "the input has names of columns, and no numbers");
}

/* A line is a row where the first dimension is free; else all lines together are the input. */
static souk_err shape(const struct reading *r, const struct value_type *type, size_t lines,
                      size_t width, struct value *out)
{
    struct given g = {.rank = 1, .count = lines * width, .bare = true};
    size_t tail = type->rank ? type->rank - 1 : 0;
    g.dim[0] = (int64_t)g.count;
    if (!type->has_shape) {
        g.rank = 2;
        g.dim[0] = (int64_t)lines;
        g.dim[1] = (int64_t)width;
    } else if (tail > 0 && type->dim[0].size < 0) {
        struct value_type row = *type;
        row.dim++;
        row.rank = tail;
        bool line_of_row = row.dim[tail - 1].size == (int64_t)width && tail > 1;
        if (!line_of_row) {
            struct err why;
            struct reading quiet = *r;
            quiet.e = &why;
            g.bare = false;
            g.rank = type->rank;
            g.dim[0] = (int64_t)lines;
            if (row_fit(&quiet, &row, width, g.dim + 1))
                return err_set(r->e, SOUK_EINPUT, "a line of the text is a row: %s", why.msg);
        }
    }
    return tensor_fit(r, type, &g, out);
}

static souk_err make_values(struct table *t)
{
    for (size_t i = 0; i < t->m->inputs; i++) {
        const struct port *p = &t->m->input[i];
        struct reading r = {.out = t->out, .noun = "input", .name = p->name, .e = t->e};
        char type[TYPE_WORDS];
        if (t->width[i] == 0 && p->has_default)
            continue;
        if (t->width[i] == 0)
            return port_missing(p, t->e);
        if (p->type.kind != TYPE_TENSOR || elem_parts(p->type.elem) > 1)
            return read_fail(&r, "CSV cannot hold %s", type_words(&p->type, type));
        souk_err rc = shape(&r, &p->type, t->lines, t->width[i], &t->value[i]);
        struct value *v = rc ? NULL : values_append(t->out, p->name);
        if (!v)
            return rc ? rc : err_nomem(t->e);
        *v = t->value[i];
    }
    return SOUK_OK;
}

/* --- the numbers */

static souk_err put_field(const struct table *t, const struct csv *c, size_t line,
                          struct untrusted field)
{
    const struct column *at = &t->column[c->column - 1];
    const struct value *v = &t->value[at->port];
    struct reading r = {
        .out = t->out, .noun = "input", .name = t->m->input[at->port].name, .e = t->e};
    size_t i = line * t->width[at->port] + at->index;
    if (v->elem == ELEM_STRING)
        return element_text(&r, v, i, field);
    char place[64];
    struct untrusted text = trimmed(field);
    enum number_fault fault = element_put(v, i, text, 0);
    if (fault == NUMBER_OK)
        return SOUK_OK;
    snprintf(place, sizeof place, "line %zu, column %zu", c->line, c->column);
    return element_fail(&r, v, fault, text, place);
}

static souk_err fill(const struct table *t)
{
    struct csv c;
    struct untrusted field;
    bool last;
    size_t line = 0, skip = t->header;
    souk_err rc = SOUK_OK;
    csv_init(&c, t->text, &t->out->arena);
    while (rc == SOUK_OK && csv_next(&c, &field, &last)) {
        if (!skip)
            rc = put_field(t, &c, line, field);
        if (last && !skip)
            line++;
        else if (last)
            skip = 0;
    }
    if (rc == SOUK_OK && c.err.code)
        rc = err_set(t->e, c.err.code, "%s", c.err.msg);
    return rc;
}

souk_err values_from_csv(const struct model_info *m, struct untrusted text, struct values *out,
                         struct err *e)
{
    struct table t = {.m = m, .text = text, .out = out, .e = e};
    values_init(out);
    souk_err rc = take_first(&t);
    if (rc == SOUK_OK)
        rc = plan_columns(&t);
    if (rc == SOUK_OK)
        rc = count_lines(&t);
    if (rc == SOUK_OK)
        rc = make_values(&t);
    if (rc == SOUK_OK)
        rc = fill(&t);
    mem_free(t.first);
    mem_free(t.column);
    mem_free(t.width);
    mem_free(t.value);
    if (rc)
        values_release(out);
    return rc;
}

souk_err values_read(const struct model_info *m, struct untrusted text, struct values *out,
                     struct err *e)
{
    size_t i = text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (i < text.n && memchr(" \t\r\n", text.p[i], 4))
        i++;
    bool braces = i == text.n || text.p[i] == '{' || text.p[i] == '[';
    return braces ? values_from_json(m, text, out, e) : values_from_csv(m, text, out, e);
}
