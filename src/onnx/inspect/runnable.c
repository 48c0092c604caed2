/* Can souk run it? What can be said before an engine looks. */
#include "onnx/inspect.h"

#include "base/banned.h"

static souk_err no(struct err *e, const char *what, struct untrusted name, const char *why)
{
    return err_set(e, SOUK_EINPUT, "%s \"%.*s\" %s", what, name.n < 100 ? (int)name.n : 100,
                   name.n ? name.p : "", why);
}

/* Why a caller cannot give such a value; NULL when he can. */
static const char *cannot_give(const struct value_type *t)
{
    switch (t->kind) {
    case TYPE_UNKNOWN:
        return "has no type that is known";
    case TYPE_SPARSE:
        return "is a sparse tensor, which souk cannot make";
    case TYPE_TENSOR:
        return t->elem == ELEM_NONE ? "has an element type that souk cannot make" : NULL;
    case TYPE_MAP:
        return t->elem == ELEM_NONE ? "has an element type that souk cannot make"
                                    : cannot_give(t->of);
    case TYPE_SEQUENCE:
    case TYPE_OPTIONAL:
        break;
    }
    return cannot_give(t->of);
}

souk_err model_runnable(const struct model_info *m, struct err *e)
{
    if (m->format != FORMAT_ONNX)
        return err_set(e, SOUK_EINPUT, "souk runs ONNX models, and this is %s: %s",
                       format_name(m->format), format_advice(m->format));
    if (m->ir_version <= 0)
        return err_set(e, SOUK_EINPUT, "it does not say its IR version: no engine takes it");
    if (m->opsets == 0 && m->ir_version >= 3)
        return err_set(e, SOUK_EINPUT, "it does not say its opset: no engine takes it");
    if (m->outputs == 0)
        return err_set(e, SOUK_EINPUT, "it has no outputs");
    if (m->custom_ops)
        return no(e, "it needs ops of the domain", m->custom_domain,
                  "that no engine has by itself");
    for (size_t i = 0; i < m->inputs; i++) {
        const struct port *p = &m->input[i];
        const char *why = cannot_give(&p->type);
        if (p->name.n >= INSPECT_TEXT)
            return no(e, "its input", p->name, "has an endless name");
        if (why && !p->has_default)
            return no(e, "its input", p->name, why);
    }
    return SOUK_OK;
}
