/*
 * What was paid for, asked again here: the input inside the body of a request.
 *
 * Sellers take a model's inputs by their names, bare or under "input"; OpenGradient's nodes take
 * lists of numbers and strings, under "model_input" with what else they want to know. The names
 * that the model has are taken from wherever they are, as the very text that was sent, because a
 * parsed number may have lost its last digits.
 */
#include <string.h>

#include "base/json.h"
#include "market/running.h"

#include "base/banned.h"

enum { NESTED_MAX = 4, TEXT_CAP = 16 << 20 };

static const char *const wrappers[] = {"input",      "inputs", "model_input",
                                       "modelInput", "data",   "instances"};

static bool is_input(const struct model_info *m, const char *key)
{
    for (size_t i = 0; i < m->inputs; i++) {
        struct untrusted name = m->input[i].name;
        if (name.n == strlen(key) && memcmp(name.p, key, name.n) == 0)
            return true;
    }
    return false;
}

/* --- the text of an object's members. It was parsed before, so it is sound. */

struct member {
    struct untrusted whole, value; /* "key": value; value */
};

static size_t after_string(struct untrusted t, size_t at)
{
    for (at++; at < t.n && t.p[at] != '"'; at++)
        at += t.p[at] == '\\';
    return at + 1;
}

static size_t after_blanks(struct untrusted t, size_t at)
{
    while (at < t.n && (unsigned char)t.p[at] <= ' ')
        at++;
    return at;
}

/* Where the value that begins at `at` ends: a comma or bracket that is not inside it. */
static size_t after_value(struct untrusted t, size_t at)
{
    for (size_t depth = 0; at < t.n;) {
        char c = t.p[at];
        if (c == '"') {
            at = after_string(t, at);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']'))
            break;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at++;
    }
    return at < t.n ? at : t.n;
}

/* The member at *at, which is moved to the next. */
static struct member next_member(struct untrusted t, size_t *at)
{
    size_t from = after_blanks(t, *at);
    size_t value = after_blanks(t, after_string(t, from)) + 1; /* behind the colon */
    size_t end = after_value(t, value);
    if (from > t.n || value > t.n) {
        *at = t.n;
        return (struct member){0};
    }
    *at = end + 1;
    return (struct member){untrusted_n(t.p + from, end - from),
                           untrusted_n(t.p + value, end - value)};
}

static size_t members_begin(struct untrusted t)
{
    const char *open = memchr(t.p, '{', t.n);
    return open ? (size_t)(open - t.p) + 1 : t.n;
}

/* --- choosing */

static void keep_inputs(const struct model_info *m, const json *j, struct untrusted text,
                        struct buf *out)
{
    size_t at = members_begin(text);
    buf_clear(out);
    for (const json *c = j->child; c; c = c->next) {
        struct member one = next_member(text, &at);
        if (!is_input(m, c->string))
            continue;
        buf_addc(out, out->len ? ',' : '{');
        buf_add(out, one.whole.p, one.whole.n);
    }
    if (out->len)
        buf_addc(out, '}');
}

static bool is_og(const json *j)
{
    return cJSON_IsArray(json_get(j, "numbers")) || cJSON_IsArray(json_get(j, "strings"));
}

static bool choose(const struct model_info *m, struct untrusted text, unsigned depth,
                   struct buf *out)
{
    json *j = json_parse(text.p, text.n, "the request", NULL);
    bool found = false;
    if (cJSON_IsObject(j)) {
        keep_inputs(m, j, text, out);
        found = out->len > 0;
        for (size_t w = 0; !found && depth < NESTED_MAX && w < sizeof wrappers / sizeof *wrappers;
             w++) {
            size_t at = members_begin(text);
            for (const json *c = j->child; c && !found; c = c->next) {
                struct member one = next_member(text, &at);
                if (strcmp(c->string, wrappers[w]) == 0)
                    found = choose(m, one.value, depth + 1, out);
            }
        }
    }
    if (!found && j && (is_og(j) || (!cJSON_IsObject(j) && m->inputs == 1))) {
        buf_clear(out);
        buf_add(out, text.p, text.n);
        found = true;
    }
    json_free(j);
    return found;
}

static souk_err no_input(const struct model_info *m, struct err *e)
{
    struct untrusted name = m->inputs ? m->input[0].name : untrusted("");
    return err_set(e, SOUK_EINPUT, "the request has no input of this model in it (\"%.*s\"%s)",
                   name.n < 100 ? (int)name.n : 100, name.n ? name.p : "",
                   m->inputs > 1 ? ", …" : "");
}

souk_err running_receipt_input(const struct model_info *m, struct untrusted body,
                               struct values *out, struct err *e)
{
    struct buf text;
    values_init(out);
    json *j = json_parse(body.p ? body.p : "", body.n, "the request", e);
    if (!j) /* it was stored by this souk: not the network's fault */
        return err_set(e, SOUK_EINPUT, "the request is no JSON: it cannot be asked here");
    json_free(j);
    buf_init(&text, TEXT_CAP);
    souk_err r = choose(m, body, 0, &text) ? buf_check(&text, "the request", e) : no_input(m, e);
    if (r == SOUK_OK)
        r = values_from_json(m, untrusted_n(text.p, text.len), out, e);
    buf_release(&text);
    return r;
}
