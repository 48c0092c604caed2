/*
 * The input of a call: a form from an example, and the request's body from the form.
 *
 * An object's members are fields whose values are JSON; anything else is one field with the whole
 * text. What is not JSON is the field's fault and nothing is sent.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "ui/screens/call.h"

#include "base/banned.h"

static const char button[] = "Ask the price";

/* What kind of value stands there, for the hint. */
static const char *kind_of(const json *j)
{
    if (cJSON_IsArray(j))
        return cJSON_IsArray(json_first(j)) ? "JSON: a list of lists" : "JSON: a list";
    return cJSON_IsObject(j)   ? "JSON: an object"
           : cJSON_IsString(j) ? "JSON: a text in quotes"
           : cJSON_IsNumber(j) ? "JSON: a number"
           : cJSON_IsBool(j)   ? "JSON: true or false"
                               : "JSON";
}

/* A member's value in the bytes it came as, which may hold more digits than a double. */
static struct untrusted member_bytes(const char *p, size_t n, size_t *at)
{
    size_t i = *at, start, depth = 0;
    bool string = false;
    while (i < n && p[i] != ':') { /* over the name */
        if (p[i] == '"')
            for (i++; i < n && p[i] != '"'; i++)
                i += p[i] == '\\';
        i++;
    }
    start = i < n ? i + 1 : n;
    for (i = start; i < n; i++) {
        if (string && p[i] == '\\')
            i++;
        else if (p[i] == '"')
            string = !string;
        else if (!string && (p[i] == '{' || p[i] == '['))
            depth++;
        else if (!string && depth && (p[i] == '}' || p[i] == ']'))
            depth--;
        else if (!string && !depth && (p[i] == ',' || p[i] == '}'))
            break;
    }
    *at = i < n ? i + 1 : n;
    size_t end = i < n ? i : n;
    while (start < end && strchr(" \t\r\n", p[start]))
        start++;
    while (end > start && strchr(" \t\r\n", p[end - 1]))
        end--;
    return untrusted_n(p + start, end - start);
}

/* NULL: not an object with members to fill in, or too many of them. */
static struct form *fields(struct untrusted text, struct err *e)
{
    json *j = json_parse(text.p, text.n, "the example", e);
    const json *m = cJSON_IsObject(j) ? j->child : NULL;
    struct form *f = m && cJSON_GetArraySize(j) <= FORM_FIELDS ? form_new(button) : NULL;
    size_t at = f ? (size_t)((const char *)memchr(text.p, '{', text.n) - text.p) + 1 : 0;
    for (; f && m; m = m->next) {
        struct untrusted value = member_bytes(text.p, text.n, &at);
        if (value.n > FORM_VALUE_MAX ||
            !form_add(f, untrusted(m->string), untrusted(kind_of(m)), value)) {
            form_free(f);
            f = NULL;
        }
    }
    json_free(j);
    return f;
}

static struct form *one_field(const char *label, const char *hint, struct untrusted value)
{
    struct form *f = form_new(button);
    if (f && !form_add(f, untrusted(label), untrusted(hint), value)) {
        form_free(f);
        f = NULL;
    }
    return f;
}

struct form *call_form(const struct target *t, struct untrusted example, enum call_input_kind *kind)
{
    struct err ignored = {0};
    if (t->gateway) {
        *kind = INPUT_PROMPT;
        return one_field("prompt", "what you want to ask", untrusted(""));
    }
    struct form *f = *kind == INPUT_JSON || !example.n ? NULL : fields(example, &ignored);
    *kind = f ? INPUT_FIELDS : INPUT_JSON;
    return f ? f : one_field("input", "the whole request as JSON", example);
}

struct form *call_form_pasted(struct untrusted text, enum call_input_kind *kind)
{
    struct err ignored = {0};
    struct form *f = text.n && memchr(text.p, '{', text.n) ? fields(text, &ignored) : NULL;
    if (f)
        *kind = INPUT_FIELDS;
    return f;
}

/* True when the field holds one JSON value. */
static bool check(struct form *f, size_t i)
{
    struct err e = {0};
    const char *v = form_value(f, i);
    json *j = json_parse_strict(v, strlen(v), "this", &e);
    form_fault(f, i, j ? NULL : !v[0] ? "a value is needed here" : e.msg);
    json_free(j);
    return j;
}

bool call_body(struct form *f, enum call_input_kind kind, const struct target *t, struct buf *out)
{
    struct err e = {0};
    bool ok = true;
    buf_clear(out);
    if (kind == INPUT_PROMPT) {
        bool fine = target_prompt(t, untrusted(form_value(f, 0)), true, out, &e) == SOUK_OK;
        form_fault(f, 0, fine ? NULL : e.msg);
        return fine;
    }
    for (size_t i = form_count(f); i-- > 0;) {
        if (!check(f, i)) {
            form_focus_on(f, i);
            ok = false;
        }
    }
    if (kind == INPUT_JSON) {
        buf_adds(out, form_value(f, 0));
        return ok && !out->bad;
    }
    buf_addc(out, '{');
    for (size_t i = 0; i < form_count(f); i++) {
        struct buf name;
        struct json_out o;
        buf_init(&name, FORM_VALUE_MAX);
        json_out_init(&o, &name);
        json_out_str(&o, NULL, form_label(f, i));
        buf_addf(out, "%s%s:%s", i ? "," : "", name.p, form_value(f, i));
        ok = ok && !name.bad;
        buf_release(&name);
    }
    buf_addc(out, '}');
    return ok && !out->bad;
}
