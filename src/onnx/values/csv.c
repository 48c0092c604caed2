#include "onnx/values/csv.h"

#include <string.h>

#include "base/banned.h"

void csv_init(struct csv *c, struct untrusted text, struct arena *a)
{
    *c = (struct csv){.p = text.p, .end = text.p, .fresh = true, .line = 1, .a = a};
    if (text.n > 0)
        c->end += text.n;
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0) /* a byte order mark */
        c->p += 3;
}

static bool at_line_end(const struct csv *c)
{
    return c->p == c->end || *c->p == '\n' || *c->p == '\r';
}

static void skip_line_end(struct csv *c)
{
    if (c->p < c->end && *c->p == '\r')
        c->p++;
    if (c->p < c->end && *c->p == '\n')
        c->p++;
}

/* Past the closing quote; counts the doubled ones. */
static bool find_quote(struct csv *c, size_t *doubled)
{
    for (c->p++; c->p < c->end; c->p++) {
        if (*c->p != '"')
            continue;
        if (c->p + 1 == c->end || c->p[1] != '"') {
            c->p++;
            return true;
        }
        c->p++;
        ++*doubled;
    }
    return false;
}

static struct untrusted single_quotes(struct csv *c, struct untrusted raw)
{
    size_t n = 0;
    char *copy = arena_alloc(c->a, raw.n);
    for (size_t i = 0; copy && i < raw.n; i++) {
        copy[n++] = raw.p[i];
        i += raw.p[i] == '"';
    }
    if (!copy)
        err_nomem(&c->err);
    return untrusted_n(copy, n);
}

static bool take_quoted(struct csv *c, struct untrusted *field)
{
    const char *from = c->p + 1;
    size_t doubled = 0, lines = 0;
    if (!find_quote(c, &doubled)) {
        err_set(&c->err, SOUK_EINPUT, "the quote in line %zu, column %zu is not closed", c->line,
                c->column);
        return false;
    }
    *field = untrusted_n(from, (size_t)(c->p - 1 - from));
    for (const char *p = from; p < c->p; p++)
        lines += *p == '\n';
    if (doubled)
        *field = single_quotes(c, *field);
    if (c->p < c->end && *c->p != ',' && !at_line_end(c))
        err_set(&c->err, SOUK_EINPUT, "something follows the quoted field in line %zu, column %zu",
                c->line, c->column);
    c->line += lines;
    return c->err.code == SOUK_OK;
}

bool csv_next(struct csv *c, struct untrusted *field, bool *last)
{
    if (c->fresh) {
        if (c->column > 0)
            c->line++;
        for (; c->p < c->end && at_line_end(c); c->line++)
            skip_line_end(c);
        c->column = 0;
        if (c->p == c->end)
            return false;
    }
    c->column++;
    if (c->p < c->end && *c->p == '"') {
        if (!take_quoted(c, field))
            return false;
    } else {
        const char *from = c->p;
        while (!at_line_end(c) && *c->p != ',')
            c->p++;
        *field = untrusted_n(from, (size_t)(c->p - from));
    }
    *last = c->fresh = at_line_end(c);
    if (*last)
        skip_line_end(c);
    else
        c->p++; /* the comma */
    return true;
}
