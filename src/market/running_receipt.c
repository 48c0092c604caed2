/*
 * What was paid for, asked again here: the input inside the body of a request.
 *
 * Sellers take a model's inputs by their names, bare or under "input"; OpenGradient's nodes take
 * lists of numbers and strings, under "model_input" with what else they want to know. What the
 * model has a name for is taken from wherever it is, as the very text that was sent: a parsed
 * number may have lost its last digits.
 */
#include <string.h>

#include "market/running.h"
#include "onnx/values/jtext.h"

#include "base/banned.h"

enum { NESTED_MAX = 4, TEXT_CAP = 16 << 20 };

static const char *const wrappers[] = {"input",      "inputs", "model_input",
                                       "modelInput", "data",   "instances"};

static bool is_input(const struct model_info *m, struct jtext key)
{
    for (size_t i = 0; i < m->inputs; i++) {
        if (jtext_is(key, m->input[i].name))
            return true;
    }
    return false;
}

/* The members that are inputs, as an object of their own; nothing when there are none. */
static void keep_inputs(const struct model_info *m, struct jtext object, struct buf *out)
{
    struct jtext_walk w = jtext_walk(object);
    struct jtext key, value;
    buf_clear(out);
    while (jtext_next(&w, &key, &value)) {
        if (!is_input(m, key))
            continue;
        buf_addc(out, out->len ? ',' : '{');
        buf_add(out, key.p, key.n);
        buf_addc(out, ':');
        buf_add(out, value.p, value.n);
    }
    if (out->len)
        buf_addc(out, '}');
}

static bool is_og(struct jtext object)
{
    struct jtext list;
    return (jtext_member(object, "numbers", &list) && jtext_kind(list) == '[') ||
           (jtext_member(object, "strings", &list) && jtext_kind(list) == '[');
}

static bool choose(const struct model_info *m, struct jtext v, unsigned depth, struct buf *out)
{
    struct jtext inner;
    bool object = jtext_kind(v) == '{';
    if (object) {
        keep_inputs(m, v, out);
        if (out->len)
            return true;
        for (size_t i = 0; depth < NESTED_MAX && i < sizeof wrappers / sizeof *wrappers; i++) {
            if (jtext_member(v, wrappers[i], &inner) && choose(m, inner, depth + 1, out))
                return true;
        }
    }
    if (object ? !is_og(v) : m->inputs != 1)
        return false;
    buf_clear(out);
    buf_add(out, v.p, v.n);
    return true;
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
    struct jtext v;
    values_init(out);
    souk_err r = jtext_check(body, "the request", &v, e);
    if (r != SOUK_OK)
        return r;
    buf_init(&text, TEXT_CAP);
    r = choose(m, v, 0, &text) ? buf_check(&text, "the request", e) : no_input(m, e);
    if (r == SOUK_OK)
        r = values_from_json(m, untrusted_n(text.p, text.len), out, e);
    buf_release(&text);
    return r;
}
