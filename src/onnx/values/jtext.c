#include "onnx/values/jtext.h"

#include <string.h>

#include "base/err.h"
#include "base/banned.h"

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* --- the check */

enum expect { A_VALUE, A_VALUE_OR_END, A_KEY, A_KEY_OR_END, A_COMMA, NOTHING };

struct check {
    const char *p, *end, *start;
    uint64_t object; /* one bit for each open bracket, the innermost lowest */
    unsigned depth;
    const char *why;
};

static bool fault(struct check *c, const char *why)
{
    c->why = why;
    return false;
}

static bool check_string(struct check *c)
{
    for (c->p++; c->p < c->end; c->p++) {
        if (*c->p == '"') {
            c->p++;
            return true;
        }
        if ((unsigned char)*c->p < ' ')
            return fault(c, "a control character in a text");
        if (*c->p != '\\')
            continue;
        if (++c->p == c->end)
            break;
        if (*c->p == 'u') {
            if (c->end - c->p < 5)
                break;
            for (int i = 0; i < 4; i++)
                if (!is_digit(*++c->p) && (*c->p < 'a' || *c->p > 'f') &&
                    (*c->p < 'A' || *c->p > 'F'))
                    return fault(c, "a bad \\u escape");
        } else if (*c->p == '\0' || !strchr("\"\\/bfnrt", *c->p)) {
            return fault(c, "an unknown escape");
        }
    }
    return fault(c, "a text without an end");
}

static size_t count_digits(struct check *c)
{
    const char *from = c->p;
    while (c->p < c->end && is_digit(*c->p))
        c->p++;
    return (size_t)(c->p - from);
}

static bool check_word(struct check *c)
{
    static const char *const words[] = {"true",     "false",     "null", "NaN",
                                        "Infinity", "-Infinity", NULL};
    for (const char *const *w = words; *w; w++) {
        size_t n = strlen(*w);
        if ((size_t)(c->end - c->p) >= n && memcmp(c->p, *w, n) == 0) {
            c->p += n;
            return true;
        }
    }
    return fault(c, "something that is no value");
}

static bool check_number(struct check *c)
{
    const char *from = c->p;
    if (*c->p == '-')
        c->p++;
    if (c->p == c->end || !is_digit(*c->p)) {
        c->p = from;
        return check_word(c);
    }
    bool zero = *c->p == '0';
    if (count_digits(c) > 1 && zero)
        return fault(c, "a number that begins with 0");
    if (c->p < c->end && *c->p == '.') {
        c->p++;
        if (count_digits(c) == 0)
            return fault(c, "a number that ends with its point");
    }
    if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
        c->p++;
        if (c->p < c->end && (*c->p == '-' || *c->p == '+'))
            c->p++;
        if (count_digits(c) == 0)
            return fault(c, "a number without its exponent");
    }
    return true;
}

static bool check_open(struct check *c, enum expect *next)
{
    bool object = *c->p == '{';
    if (c->depth == JTEXT_DEPTH)
        return fault(c, "values nested too deeply");
    c->object = c->object << 1 | object;
    c->depth++;
    c->p++;
    *next = object ? A_KEY_OR_END : A_VALUE_OR_END;
    return true;
}

static bool check_close(struct check *c, enum expect *next)
{
    if (c->depth == 0 || ((c->object & 1) != 0) != (*c->p == '}'))
        return fault(c, "a bracket that closes nothing");
    c->object >>= 1;
    c->p++;
    *next = --c->depth ? A_COMMA : NOTHING;
    return true;
}

static bool check_key(struct check *c)
{
    if (*c->p != '"')
        return fault(c, "something where a name in quotes is wanted");
    if (!check_string(c))
        return false;
    while (c->p < c->end && is_space(*c->p))
        c->p++;
    if (c->p == c->end || *c->p != ':')
        return fault(c, "a name without a colon");
    c->p++;
    return true;
}

static bool check_one(struct check *c, enum expect *next)
{
    char ch = *c->p;
    enum expect now = *next;
    if (now == NOTHING)
        return fault(c, "something behind the value");
    if (ch == ']' || ch == '}')
        return c->depth && now == A_VALUE ? fault(c, "a missing value")
               : now == A_KEY             ? fault(c, "a comma too many")
                                          : check_close(c, next);
    if (now == A_COMMA) {
        if (ch != ',')
            return fault(c, "something where a comma is wanted");
        c->p++;
        *next = c->object & 1 ? A_KEY : A_VALUE;
        return true;
    }
    if (now == A_KEY || now == A_KEY_OR_END) {
        *next = A_VALUE;
        return check_key(c);
    }
    if (ch == '{' || ch == '[')
        return check_open(c, next);
    *next = c->depth ? A_COMMA : NOTHING;
    return ch == '"' ? check_string(c) : check_number(c);
}

static souk_err say_where(const struct check *c, const char *what, struct err *e)
{
    size_t line = 1, column = 1;
    for (const char *p = c->start; p < c->p && p < c->end; p++) {
        column = *p == '\n' ? 1 : column + ((*p & 0xC0) != 0x80);
        line += *p == '\n';
    }
    return err_set(e, SOUK_EINPUT, "%s is not JSON: %s in line %zu, column %zu", what, c->why, line,
                   column);
}

souk_err jtext_check(struct untrusted text, const char *what, struct jtext *out, struct err *e)
{
    struct check c = {.p = text.p, .start = text.p, .end = text.p};
    enum expect next = A_VALUE;
    if (text.n > 0)
        c.end += text.n;
    if (text.n >= 3 && memcmp(text.p, "\xEF\xBB\xBF", 3) == 0) /* a byte order mark */
        c.p += 3;
    const char *from = NULL, *to = NULL;
    for (;; to = c.p) {
        while (c.p < c.end && is_space(*c.p))
            c.p++;
        if (c.p == c.end)
            break;
        if (!from)
            from = c.p;
        if (!check_one(&c, &next))
            return say_where(&c, what, e);
    }
    if (!from)
        return err_set(e, SOUK_EINPUT, "%s is empty", what);
    if (next != NOTHING) {
        c.why = "the end comes too early";
        return say_where(&c, what, e);
    }
    *out = (struct jtext){from, (size_t)(to - from)};
    return SOUK_OK;
}

/* --- walking, in a text that was checked: nothing here can go wrong but for an end */

char jtext_kind(struct jtext v)
{
    char c = v.n ? *v.p : 0;
    return c == '-' || c == 'N' || c == 'I' || is_digit(c) ? '0' : c;
}

static bool is_mark(char c)
{
    return c == ',' || c == ']' || c == '[' || c == '}' || c == '{' || c == ':';
}

/* Behind the string that begins at p. */
static const char *string_end(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p < end ? p + 1 : end;
}

char jtext_token(const char **at, const char *end, struct jtext *out)
{
    const char *p = *at;
    while (p < end && is_space(*p))
        p++;
    if (p == end)
        return 0;
    const char *from = p;
    if (*p == '"')
        p = string_end(p, end);
    else if (is_mark(*p))
        p++;
    else
        while (p < end && !is_space(*p) && !is_mark(*p))
            p++;
    *out = (struct jtext){from, (size_t)(p - from)};
    *at = p;
    return jtext_kind(*out);
}

static void take_value(struct jtext_walk *w, struct jtext *out)
{
    struct jtext t = {w->p, 0};
    int depth = 0;
    const char *from = NULL;
    do {
        char kind = jtext_token(&w->p, w->end, &t);
        if (!kind)
            BUG("a value without an end: the text was not checked");
        if (!from)
            from = t.p;
        depth += (kind == '[' || kind == '{') - (kind == ']' || kind == '}');
    } while (depth > 0);
    *out = (struct jtext){from, (size_t)(w->p - from)};
}

struct jtext_walk jtext_walk(struct jtext v)
{
    char kind = jtext_kind(v);
    if (kind != '{' && kind != '[')
        return (struct jtext_walk){v.p, v.p, false};
    return (struct jtext_walk){v.p + 1, v.p + v.n - 1, kind == '{'};
}

bool jtext_next(struct jtext_walk *w, struct jtext *key, struct jtext *value)
{
    struct jtext t = {NULL, 0};
    while (w->p < w->end && (is_space(*w->p) || *w->p == ','))
        w->p++;
    if (w->p == w->end)
        return false;
    if (w->object) {
        jtext_token(&w->p, w->end, &t);
        while (*w->p != ':')
            w->p++;
        w->p++;
    }
    if (key)
        *key = t;
    take_value(w, value);
    return true;
}

bool jtext_member(struct jtext object, const char *name, struct jtext *value)
{
    struct jtext key;
    struct jtext_walk w = jtext_walk(object);
    if (!w.object)
        return false;
    while (jtext_next(&w, &key, value))
        if (jtext_is(key, untrusted(name)))
            return true;
    return false;
}

/* --- strings */

static uint32_t hex4(const char *p)
{
    uint32_t v = 0;
    for (int i = 0; i < 4; i++)
        v = v << 4 | (uint32_t)(is_digit(p[i]) ? p[i] - '0' : (p[i] | 32) - 'a' + 10);
    return v;
}

/* One character of a string, which may be an escape: its bytes in out, how many; *p moves on. */
static size_t take_char(const char **p, const char *end, char out[5])
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *s = *p;
    if (*s != '\\') {
        out[0] = *s;
        *p = s + 1;
        return 1;
    }
    if (s[1] != 'u') {
        const char *known = strchr(from, s[1]);
        out[0] = known ? to[known - from] : s[1];
        *p = s + 2;
        return 1;
    }
    uint32_t cp = hex4(s + 2);
    s += 6;
    if (cp >= 0xD800 && cp < 0xDC00 && end - s >= 6 && s[0] == '\\' && s[1] == 'u') {
        uint32_t low = hex4(s + 2);
        if (low >= 0xDC00 && low < 0xE000) {
            cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
            s += 6;
        }
    }
    *p = s;
    return utf8_put(out, cp); /* U+FFFD for what is left of a pair */
}

struct untrusted jtext_string(struct jtext v, struct arena *a)
{
    const char *p = v.p + 1, *end = v.p + v.n - 1;
    size_t n = 0;
    if (!memchr(p, '\\', (size_t)(end - p)))
        return untrusted_n(p, (size_t)(end - p));
    char *text = arena_alloc(a, (size_t)(end - p) + 1); /* an escape is longer than what it says */
    while (text && p < end) {
        char c[5];
        size_t k = take_char(&p, end, c);
        memcpy(text + n, c, k);
        n += k;
    }
    return untrusted_n(text, n);
}

bool jtext_is(struct jtext key, struct untrusted name)
{
    const char *p = key.p + 1, *end = key.p + key.n - 1;
    size_t at = 0;
    while (p < end) {
        char c[5];
        size_t k = take_char(&p, end, c);
        if (k > name.n - at || memcmp(name.p + at, c, k) != 0)
            return false;
        at += k;
    }
    return at == name.n;
}
