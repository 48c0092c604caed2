#include "x402/python.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum { DIGITS = 17, FLOAT_TEXT = 32 }; /* as many digits as a double can need */

/* One more in the last place of "d.ddde…"; false when that would carry over the first digit. */
static bool step_up(char *text)
{
    for (char *p = strchr(text, 'e') - 1; p >= text; p--) {
        if (*p != '.' && *p < '9') {
            ++*p;
            return true;
        }
        *p = *p == '9' ? '0' : *p;
    }
    return false;
}

/* n digits of v that read back as v, if there are any. Below a power of two doubles lie closer than
 * above it, so the nearest n digits may be another double's while the next ones up are not. */
static bool digits(double v, int n, char text[FLOAT_TEXT])
{
    snprintf(text, FLOAT_TEXT, "%.*e", n - 1, v);
    return strtod(text, NULL) == v || (step_up(text) && strtod(text, NULL) == v);
}

/*
 * The shortest digits that read back as the same double; then plain between 1e-4 and 1e16, with an
 * exponent of at least two digits beyond.
 */
void py_float(struct buf *out, double v)
{
    char text[FLOAT_TEXT], digit[DIGITS + 1];
    if (!isfinite(v)) {
        buf_adds(out, isnan(v) ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
        return;
    }
    int n = 1;
    while (!digits(fabs(v), n, text)) /* 17 are always enough */
        n++;
    int e = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
    digit[0] = text[0];
    memcpy(digit + 1, text + 2, (size_t)n - 1); /* over the point */
    digit[n] = '\0';
    buf_adds(out, signbit(v) ? "-" : "");
    if (e < -4 || e >= 16)
        buf_addf(out, "%c%s%se%c%02d", digit[0], n > 1 ? "." : "", digit + 1, e < 0 ? '-' : '+',
                 abs(e));
    else if (e < 0)
        buf_addf(out, "0.%.*s%s", -e - 1, "000", digit);
    else if (n <= e + 1)
        buf_addf(out, "%s%.*s.0", digit, e + 1 - n, "0000000000000000");
    else
        buf_addf(out, "%.*s.%s", e + 1, digit, digit + e + 1);
}

static void put_u(struct buf *out, uint32_t unit)
{
    buf_addf(out, "\\u%04x", (unsigned)unit);
}

static void put_char(struct buf *out, uint32_t cp)
{
    static const char named[] = "\"\\\n\r\t\f\b", as[] = "\"\\nrtfb";
    const char *at = cp && cp < 0x80 ? strchr(named, (int)cp) : NULL;
    if (at) {
        buf_addc(out, '\\');
        buf_addc(out, as[at - named]);
    } else if (cp >= ' ' && cp < 0x7f) {
        buf_addc(out, (char)cp);
    } else if (cp > 0xffff) {
        put_u(out, 0xd800 + ((cp - 0x10000) >> 10));
        put_u(out, 0xdc00 + ((cp - 0x10000) & 0x3ff));
    } else {
        put_u(out, cp);
    }
}

void py_string(struct buf *out, const char *s)
{
    size_t n = strlen(s);
    buf_addc(out, '"');
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        i += utf8_get(s + i, n - i, &cp, NULL);
        put_char(out, cp);
    }
    buf_addc(out, '"');
}

/* An integer keeps its digits, whatever its size; what has a point or an exponent is a float. */
static void put_number(struct buf *out, const json *j, struct slice raw)
{
    bool whole = true;
    for (size_t i = 0; i < raw.n; i++)
        whole &= raw.p[i] == '-' || (raw.p[i] >= '0' && raw.p[i] <= '9');
    if (!whole)
        py_float(out, j->valuedouble);
    else if (raw.n == 2 && memcmp(raw.p, "-0", 2) == 0)
        buf_addc(out, '0');
    else
        buf_add(out, raw.p, raw.n);
}

struct member {
    const json *j;
    struct slice raw;
};

/* By code points, as Python compares: UTF-8 has the same order. */
static int by_name(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    return strcmp(x->j->string, y->j->string);
}

static bool put_members(struct buf *out, const json *j, struct slice raw)
{
    bool object = cJSON_IsObject(j), right = true;
    size_t n = 0, i = 0;
    for (const json *m = j->child; m; m = m->next)
        n++;
    struct member *all = mem_array(n + 1, sizeof *all);
    if (!all) {
        out->bad = SOUK_ENOMEM;
        return false;
    }
    for (struct raw_walk w = raw_walk(raw, j); raw_step(&w);)
        all[i++] = (struct member){w.member, w.value};
    right = i == n;
    if (object && right)
        qsort(all, n, sizeof *all, by_name);
    buf_addc(out, object ? '{' : '[');
    for (i = 0; i < n && right; i++) {
        buf_adds(out, i ? ", " : "");
        if (object) {
            py_string(out, all[i].j->string);
            buf_adds(out, ": ");
        }
        right = py_value(out, all[i].j, all[i].raw);
    }
    buf_addc(out, object ? '}' : ']');
    mem_free(all);
    return right;
}

bool py_value(struct buf *out, const json *j, struct slice raw)
{
    if (cJSON_IsObject(j) || cJSON_IsArray(j)) /* as deep as the parser let it be */
        return put_members(out, j, raw);
    if (cJSON_IsString(j))
        py_string(out, j->valuestring);
    else if (cJSON_IsNumber(j))
        put_number(out, j, raw);
    else
        buf_adds(out, cJSON_IsTrue(j) ? "true" : cJSON_IsFalse(j) ? "false" : "null");
    return true;
}

bool py_falsy(const json *j)
{
    if (!j || cJSON_IsNull(j) || cJSON_IsFalse(j))
        return true;
    if (cJSON_IsNumber(j))
        return j->valuedouble == 0;
    if (cJSON_IsString(j))
        return j->valuestring[0] == '\0';
    return (cJSON_IsArray(j) || cJSON_IsObject(j)) && !j->child;
}
