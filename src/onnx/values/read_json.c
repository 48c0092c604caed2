/*
 * Which of the forms a JSON text has, and whose its values are.
 */
#include <string.h>

#include "base/mem.h"
#include "onnx/values/internal.h"

#include "base/banned.h"

struct inputs {
    const struct model_info *m;
    struct values *out;
    struct jtext *given; /* for each port; p NULL: not given */
    bool og;
    struct err *e;
};

static const struct port *port_named(const struct model_info *m, struct jtext key)
{
    for (size_t i = 0; i < m->inputs; i++)
        if (jtext_is(key, m->input[i].name))
            return &m->input[i];
    return NULL;
}

static souk_err give(struct inputs *in, struct jtext key, struct jtext value)
{
    const struct port *p = port_named(in->m, key);
    if (!p) {
        struct untrusted name = jtext_string(key, &in->out->arena);
        return name.p ? port_unknown(in->m, name, in->e) : err_nomem(in->e);
    }
    struct reading r = {.noun = "input", .name = p->name, .e = in->e};
    struct jtext *place = &in->given[p - in->m->input];
    if (place->p)
        return read_fail(&r, "it is given twice");
    *place = value;
    return SOUK_OK;
}

static souk_err give_members(struct inputs *in, struct jtext v)
{
    struct jtext key, value;
    struct jtext_walk w = jtext_walk(v);
    souk_err rc = SOUK_OK;
    while (rc == SOUK_OK && jtext_next(&w, &key, &value))
        rc = give(in, key, value);
    return rc;
}

static souk_err give_og(struct inputs *in, struct jtext v, const char *part)
{
    struct jtext list, one, name;
    if (!jtext_member(v, part, &list))
        return SOUK_OK;
    if (jtext_kind(list) != '[')
        return err_set(in->e, SOUK_EINPUT, "\"%s\" is no list of inputs", part);
    struct jtext_walk w = jtext_walk(list);
    souk_err rc = SOUK_OK;
    while (rc == SOUK_OK && jtext_next(&w, NULL, &one)) {
        if (!jtext_member(one, "name", &name) || jtext_kind(name) != '"')
            return err_set(in->e, SOUK_EINPUT, "an input in \"%s\" has no name", part);
        rc = give(in, name, one);
    }
    return rc;
}

static souk_err give_alone(struct inputs *in, struct jtext v)
{
    const struct port *p = port_alone(in->m, in->e);
    if (!p)
        return SOUK_EINPUT;
    in->given[p - in->m->input] = v;
    return SOUK_OK;
}

static bool names_an_input(const struct model_info *m, struct jtext v)
{
    struct jtext key, value;
    struct jtext_walk w = jtext_walk(v);
    while (jtext_next(&w, &key, &value))
        if (port_named(m, key))
            return true;
    return false;
}

static bool is_list(struct jtext v, const char *name)
{
    struct jtext one;
    return jtext_member(v, name, &one) && jtext_kind(one) == '[';
}

/* An object that is the value of the only input, and not a list of inputs. */
static bool is_value(const struct model_info *m, struct jtext v)
{
    struct jtext one;
    const struct port *p = m->inputs ? port_alone(m, NULL) : NULL;
    return p && (p->type.kind == TYPE_MAP || jtext_member(v, "data", &one));
}

static souk_err sort_out(struct inputs *in, struct jtext v, bool inside)
{
    static const char *const around[] = {"input", "inputs"};
    struct jtext inner;
    if (jtext_kind(v) != '{')
        return give_alone(in, v);
    if (names_an_input(in->m, v))
        return give_members(in, v);
    if (is_list(v, "numbers") || is_list(v, "strings")) {
        in->og = true;
        souk_err rc = give_og(in, v, "numbers");
        return rc ? rc : give_og(in, v, "strings");
    }
    for (size_t i = 0; i < 2 && !inside; i++)
        if (jtext_member(v, around[i], &inner))
            return sort_out(in, inner, true);
    return is_value(in->m, v) ? give_alone(in, v) : give_members(in, v);
}

/* In the model's order, whatever the text's. */
static souk_err read_all(const struct inputs *in)
{
    for (size_t i = 0; i < in->m->inputs; i++) {
        const struct port *p = &in->m->input[i];
        struct reading r = {.out = in->out, .noun = "input", .name = p->name, .e = in->e};
        if (!in->given[i].p) {
            if (p->has_default)
                continue;
            return port_missing(p, in->e);
        }
        struct value *v = values_append(in->out, p->name);
        if (!v)
            return err_nomem(in->e);
        souk_err rc = in->og ? value_from_og(&r, &p->type, in->given[i], v)
                             : value_from_json(&r, &p->type, in->given[i], v);
        if (rc)
            return rc;
    }
    return SOUK_OK;
}

souk_err values_from_json(const struct model_info *m, struct untrusted text, struct values *out,
                          struct err *e)
{
    struct inputs in = {.m = m, .out = out, .e = e};
    struct jtext v;
    values_init(out);
    souk_err rc = jtext_check(text, "the input", &v, e);
    if (rc)
        return rc;
    in.given = mem_array(m->inputs ? m->inputs : 1, sizeof *in.given);
    if (!in.given)
        return err_nomem(e);
    rc = sort_out(&in, v, false);
    if (rc == SOUK_OK)
        rc = read_all(&in);
    mem_free(in.given);
    if (rc)
        values_release(out);
    return rc;
}
