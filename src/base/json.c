/*
 * json.c: see json.h.
 *
 * cJSON is lenient and recursive, so each text is read over once before it: that pass bounds
 * nesting and the number of values, finds out whether the text was cut, and repairs the two
 * escapes on which cJSON would cut a string or refuse the page.
 */
#include "base/json.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum { MAX_DEPTH = 64, MAX_VALUES = 2 << 20, WRITE_DEPTH = 32 };

/* --- memory: cJSON says NULL both for nonsense and for no memory; this tells them apart --------
 */

static _Thread_local bool out_of_memory;

static void *alloc_for_cjson(size_t n)
{
    void *p = mem_alloc(n);
    if (!p)
        out_of_memory = true;
    return p;
}

static void set_hooks(void)
{
    cJSON_Hooks hooks = {.malloc_fn = alloc_for_cjson, .free_fn = mem_free};
    cJSON_InitHooks(&hooks);
}

/* --- the first pass */

struct scan {
    const char *p;
    size_t n, at;
    const char *what;
    char *copy; /* the text with repaired escapes, when one was needed */
    unsigned depth;
    size_t values;
    bool strict; /* refuse what would be repaired */
};

static souk_err refuse(struct scan *s, const char *why, struct err *e)
{
    return err_set(e, SOUK_ENET, "%s is not valid JSON: %s at byte %zu", s->what, why, s->at);
}

static souk_err cut_off(struct scan *s, struct err *e)
{
    return err_set(e, SOUK_ENET, "%s is cut off after %zu bytes", s->what, s->n);
}

/* The four hex digits at p as a number, -1 when they are not. */
static int hex4(const char *p)
{
    int v = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int d = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

static bool is_high(int u)
{
    return u >= 0xd800 && u <= 0xdbff;
}

static bool is_low(int u)
{
    return u >= 0xdc00 && u <= 0xdfff;
}

/* \uXXXX with s->at on the backslash: steps over it, or over both of a pair. */
static souk_err scan_unicode(struct scan *s, struct err *e)
{
    if (s->n - s->at < 6)
        return cut_off(s, e);
    int u = hex4(s->p + s->at + 2);
    if (u < 0)
        return refuse(s, "a bad \\u escape", e);
    const char *second = s->p + s->at + 6;
    if (is_high(u) && s->n - s->at >= 12 && second[0] == '\\' && second[1] == 'u' &&
        is_low(hex4(second + 2))) {
        s->at += 12;
        return SOUK_OK;
    }
    if (u == 0 || is_high(u) || is_low(u)) {
        if (s->strict)
            return refuse(s, "an escape for no character", e);
        if (!s->copy && !(s->copy = mem_strndup(s->p, s->n)))
            return err_nomem(e);
        memcpy(s->copy + s->at, "\\ufffd", 6);
    }
    s->at += 6;
    return SOUK_OK;
}

/* A string with s->at on its first quote. */
static souk_err scan_string(struct scan *s, struct err *e)
{
    s->at++;
    const char *from = s->p + s->at, *quote = memchr(from, '"', s->n - s->at);
    if (!quote)
        return cut_off(s, e);
    size_t plain = (size_t)(quote - from); /* nearly all strings have nothing to look at */
    if (!s->strict && !memchr(from, '\\', plain) && !memchr(from, '\0', plain)) {
        s->at += plain + 1;
        return SOUK_OK;
    }
    while (s->at < s->n) {
        char c = s->p[s->at];
        if (c == '"') {
            s->at++;
            return SOUK_OK;
        }
        if (c == '\0')
            return refuse(s, "a NUL byte", e);
        if (c != '\\') {
            uint32_t cp;
            bool valid = true;
            size_t used = s->strict ? utf8_get(s->p + s->at, s->n - s->at, &cp, &valid) : 1;
            if (!valid || (s->strict && (unsigned char)c < ' '))
                return refuse(s, valid ? "a control character in a string" : "not UTF-8", e);
            s->at += used;
        } else if (s->n - s->at < 2) {
            break;
        } else if (s->p[s->at + 1] == 'u') {
            if (scan_unicode(s, e))
                return e->code;
        } else {
            s->at += 2;
        }
    }
    return cut_off(s, e);
}

static souk_err scan_one(struct scan *s, struct err *e)
{
    char c = s->p[s->at];
    switch (c) {
    case '"':
        return scan_string(s, e);
    case '{':
    case '[':
        if (++s->depth > MAX_DEPTH)
            return refuse(s, "values are nested too deeply", e);
        s->values++;
        break;
    case '}':
    case ']':
        if (s->depth-- == 0)
            return refuse(s, "a bracket too many", e);
        break;
    case ',':
        s->values++;
        break;
    default:
        if ((unsigned char)c < ' ' && c != '\n' && c != '\r' && c != '\t')
            return refuse(s, "a control character", e);
        break;
    }
    s->at++;
    return SOUK_OK;
}

static souk_err scan(struct scan *s, struct err *e)
{
    size_t first = 0;
    while (first < s->n && memchr(" \t\r\n", s->p[first], 4))
        first++;
    if (first == s->n)
        return err_set(e, SOUK_ENET, "%s is empty", s->what);
    if (s->p[first] == '<')
        return err_set(e, SOUK_ENET, "%s is a web page where JSON was expected", s->what);
    while (s->at < s->n) {
        souk_err bad = scan_one(s, e);
        if (bad)
            return bad;
        if (s->values > MAX_VALUES)
            return err_set(e, SOUK_ENET, "%s holds more than %d values", s->what, MAX_VALUES);
    }
    return s->depth ? cut_off(s, e) : SOUK_OK;
}

static json *parse(const char *p, size_t n, const char *what, bool strict, struct err *e)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_hooks);

    struct err local;
    struct scan s = {.p = p, .n = n, .what = what, .strict = strict};
    json *tree = NULL;
    if (scan(&s, e ? e : &local) == SOUK_OK) {
        const char *text = s.copy ? s.copy : p, *end = text;
        out_of_memory = false;
        tree = cJSON_ParseWithLengthOpts(text, n, &end, 0);
        s.at = (size_t)(end - text);
        while (tree && s.at < n && memchr(" \t\r\n", text[s.at], 4))
            s.at++;
        if (!tree && out_of_memory) {
            err_nomem(e);
        } else if (!tree) {
            refuse(&s, "unexpected text", e);
        } else if (s.at < n) {
            refuse(&s, "something follows the value", e);
            json_free(tree);
            tree = NULL;
        }
    }
    mem_free(s.copy);
    return tree;
}

json *json_parse(const char *p, size_t n, const char *what, struct err *e)
{
    return parse(p, n, what, false, e);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name that stands twice in an object; NULL: none. *bad: no memory to tell. */
static const char *twice(const json *object, bool *bad)
{
    size_t n = 0;
    for (const json *m = object->child; m; m = m->next)
        n++;
    const char **name = n > 1 ? mem_array(n, sizeof *name) : NULL, *found = NULL;
    *bad = n > 1 && !name;
    if (!name)
        return NULL;
    size_t i = 0;
    for (const json *m = object->child; m; m = m->next)
        name[i++] = m->string;
    qsort(name, n, sizeof *name, by_text);
    for (i = 1; i < n && !found; i++)
        if (strcmp(name[i - 1], name[i]) == 0)
            found = name[i];
    mem_free(name);
    return found;
}

/* As deep as the parser let it be: MAX_DEPTH. */
static souk_err refuse_twins(const json *j, const char *what, struct err *e)
{
    bool bad = false;
    const char *name = cJSON_IsObject(j) ? twice(j, &bad) : NULL;
    if (bad)
        return err_nomem(e);
    if (name)
        return err_set(e, SOUK_ENET, "%s names \"%s\" twice in one object", what, name);
    for (const json *m = j->child; m; m = m->next)
        if (refuse_twins(m, what, e))
            return e->code;
    return SOUK_OK;
}

json *json_parse_strict(const char *p, size_t n, const char *what, struct err *e)
{
    struct err local = {0};
    struct err *said = e ? e : &local;
    json *tree = parse(p, n, what, true, said);
    if (tree && refuse_twins(tree, what, said)) {
        json_free(tree);
        tree = NULL;
    }
    return tree;
}

void json_free(json *j)
{
    cJSON_Delete(j);
}

/* --- reading */

const json *json_get(const json *obj, const char *key)
{
    return cJSON_IsObject(obj) ? cJSON_GetObjectItemCaseSensitive(obj, key) : NULL;
}

const char *json_cstr(const json *obj, const char *key)
{
    return cJSON_GetStringValue(json_get(obj, key));
}

struct untrusted json_str(const json *obj, const char *key)
{
    return untrusted(json_cstr(obj, key));
}

bool json_int(const json *obj, const char *key, int64_t *out)
{
    const double beyond = 9007199254740992.0; /* 2^53, which 2^53 + 1 also reads as */
    const json *j = json_get(obj, key);
    if (!cJSON_IsNumber(j) || !(fabs(j->valuedouble) < beyond) ||
        trunc(j->valuedouble) != j->valuedouble)
        return false;
    *out = (int64_t)j->valuedouble;
    return true;
}

bool json_bool(const json *obj, const char *key, bool absent)
{
    const json *j = json_get(obj, key);
    return cJSON_IsBool(j) ? cJSON_IsTrue(j) : absent;
}

const json *json_first(const json *array)
{
    return cJSON_IsArray(array) ? array->child : NULL;
}

const json *json_next(const json *item)
{
    return item ? item->next : NULL;
}

/* --- writing */

static void put_escape(struct buf *b, uint32_t cp)
{
    if (cp > 0xffff) {
        cp -= 0x10000;
        buf_addf(b, "\\u%04x\\u%04x", 0xd800u + (unsigned)(cp >> 10),
                 0xdc00u + (unsigned)(cp & 0x3ff));
    } else {
        buf_addf(b, "\\u%04x", (unsigned)cp);
    }
}

enum { MARKS_MAX = GLYPH_MAX - 2 }; /* on one letter, as text.h draws them */

/* marks: how many combining marks stand before this character. */
static void put_char(struct buf *b, const char *p, size_t n, uint32_t cp, bool valid, int marks)
{
    switch (cp) {
    case '"':
        buf_adds(b, "\\\"");
        break;
    case '\\':
        buf_adds(b, "\\\\");
        break;
    case '\n':
        buf_adds(b, "\\n");
        break;
    case '\r':
        buf_adds(b, "\\r");
        break;
    case '\t':
        buf_adds(b, "\\t");
        break;
    default:
        if (!valid)
            buf_adds(b, "\\ufffd");
        else if (cp < ' ' || !text_drawable(cp) || (marks >= MARKS_MAX && text_cp_width(cp) == 0))
            put_escape(b, cp);
        else
            buf_add(b, p, n);
    }
}

static void put_string(struct buf *b, const char *p, size_t n)
{
    int marks = 0;
    buf_addc(b, '"');
    for (size_t i = 0; i < n;) {
        size_t plain = i; /* a run of ordinary ASCII goes over in one piece */
        while (plain < n && p[plain] >= ' ' && p[plain] < 0x7f && p[plain] != '"' &&
               p[plain] != '\\')
            plain++;
        buf_add(b, p + i, plain - i);
        marks = plain > i ? 0 : marks;
        i = plain;
        if (i < n) {
            uint32_t cp;
            bool valid;
            size_t used = utf8_get(p + i, n - i, &cp, &valid);
            put_char(b, p + i, used, cp, valid, marks);
            marks = text_cp_width(cp) == 0 ? marks + 1 : 0;
            i += used;
        }
    }
    buf_addc(b, '"');
}

void json_out_init(struct json_out *o, struct buf *b)
{
    *o = (struct json_out){.b = b};
}

static void begin(struct json_out *o, const char *key)
{
    if (o->comma[o->depth])
        buf_addc(o->b, ',');
    o->comma[o->depth] = true;
    if (key) {
        put_string(o->b, key, strlen(key));
        buf_addc(o->b, ':');
    }
}

static void open_with(struct json_out *o, const char *key, char bracket)
{
    begin(o, key);
    buf_addc(o->b, bracket);
    if (++o->depth >= WRITE_DEPTH)
        BUG("JSON output nested beyond %d", WRITE_DEPTH);
    o->comma[o->depth] = false;
}

static void close_with(struct json_out *o, char bracket)
{
    if (o->depth-- == 0)
        BUG("JSON output closed once too often");
    buf_addc(o->b, bracket);
}

void json_obj_open(struct json_out *o, const char *key)
{
    open_with(o, key, '{');
}

void json_obj_close(struct json_out *o)
{
    close_with(o, '}');
}

void json_arr_open(struct json_out *o, const char *key)
{
    open_with(o, key, '[');
}

void json_arr_close(struct json_out *o)
{
    close_with(o, ']');
}

void json_out_str(struct json_out *o, const char *key, struct untrusted v)
{
    begin(o, key);
    put_string(o->b, v.p, v.n);
}

void json_out_cstr(struct json_out *o, const char *key, const char *v)
{
    if (v)
        json_out_str(o, key, untrusted(v));
    else
        json_out_null(o, key);
}

void json_out_int(struct json_out *o, const char *key, int64_t v)
{
    begin(o, key);
    buf_addf(o->b, "%lld", (long long)v);
}

void json_out_bool(struct json_out *o, const char *key, bool v)
{
    begin(o, key);
    buf_adds(o->b, v ? "true" : "false");
}

void json_out_null(struct json_out *o, const char *key)
{
    begin(o, key);
    buf_adds(o->b, "null");
}

void json_out_raw(struct json_out *o, const char *key, const char *p, size_t n)
{
    begin(o, key);
    buf_add(o->b, p, n);
}
