/*
 * Which input is meant, and which are missing: what all readers say about it alike.
 */
#include <string.h>

#include "onnx/values/internal.h"

#include "base/banned.h"

enum { PORTS_SHOWN = 4, PORT_NAME_SHOWN = 60 };

static void add_name(struct buf *b, struct untrusted name)
{
    buf_addc(b, '"');
    buf_add(b, name.p, name.n < PORT_NAME_SHOWN ? name.n : PORT_NAME_SHOWN);
    buf_adds(b, name.n > PORT_NAME_SHOWN ? "…\"" : "\"");
}

/* "x" (float32[1,4]), "y" (int64[]), … */
static void add_ports(struct buf *b, const struct model_info *m)
{
    char type[TYPE_WORDS];
    for (size_t i = 0; i < m->inputs && i < PORTS_SHOWN; i++) {
        buf_adds(b, i ? ", " : "");
        add_name(b, m->input[i].name);
        buf_addf(b, " (%s)", type_words(&m->input[i].type, type));
    }
    if (m->inputs > PORTS_SHOWN)
        buf_addf(b, " and %zu more", m->inputs - PORTS_SHOWN);
}

static souk_err say(struct buf *b, struct err *e)
{
    souk_err rc = b->bad && !b->over ? err_nomem(e) : err_set(e, SOUK_EINPUT, "%s", b->p);
    buf_release(b);
    return rc;
}

souk_err port_unknown(const struct model_info *m, struct untrusted name, struct err *e)
{
    struct buf b;
    buf_init(&b, 4 * ERR_MSG_MAX);
    buf_adds(&b, "the model has no input ");
    add_name(&b, name);
    buf_adds(&b, m->inputs ? "; it has " : ", and takes none");
    add_ports(&b, m);
    return say(&b, e);
}

souk_err port_missing(const struct port *p, struct err *e)
{
    char type[TYPE_WORDS];
    struct buf b;
    buf_init(&b, 4 * ERR_MSG_MAX);
    buf_adds(&b, "the input ");
    add_name(&b, p->name);
    buf_addf(&b, " (%s) is missing", type_words(&p->type, type));
    return say(&b, e);
}

const struct port *port_alone(const struct model_info *m, struct err *e)
{
    size_t needed = 0, which = 0;
    for (size_t i = 0; i < m->inputs; i++)
        if ((m->inputs == 1 || !m->input[i].has_default) && needed++ == 0)
            which = i;
    if (needed == 1)
        return &m->input[which];
    struct buf b;
    buf_init(&b, 4 * ERR_MSG_MAX);
    buf_addf(&b, "the model has %zu inputs%s", m->inputs,
             m->inputs ? ", so each needs its name: " : "");
    add_ports(&b, m);
    say(&b, e);
    return NULL;
}
