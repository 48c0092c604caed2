/*
 * What must hold of anything inspect accepts: what it hands out lies in its memory; what it says of
 * the weights' places is true: no accepted one leads out of the model's folder.
 */
#ifndef SOUK_FUZZ_ONNX_CHECKS_H
#define SOUK_FUZZ_ONNX_CHECKS_H

#include <stdlib.h>
#include <string.h>

#include "onnx/inspect.h"

static void check(bool right)
{
    if (!right)
        abort();
}

static volatile char sink;

static void readable(struct untrusted u)
{
    check(u.n <= INSPECT_TEXT);
    for (size_t i = 0; i < u.n; i++)
        sink = u.p[i];
}

static void pairs(const struct model_pair *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        readable(p[i].key);
        readable(p[i].value);
    }
}

static void ports(const struct port *p, size_t n)
{
    check(n <= INSPECT_VALUES);
    for (size_t i = 0; i < n; i++) {
        struct buf b;
        readable(p[i].name);
        check(p[i].type.rank <= INSPECT_RANK);
        buf_init(&b, 1 << 20);
        value_type_format(&p[i].type, &b);
        check(b.len > 0);
        buf_release(&b);
    }
}

/* Written apart from external.c: no part of it is "..", and it does not begin at the root. */
static void inside(struct untrusted place)
{
    check(place.n > 0 && place.p[0] != '/' && !memchr(place.p, '\0', place.n));
    for (size_t i = 0; i + 1 < place.n; i++) {
        bool begins = i == 0 || place.p[i - 1] == '/' || place.p[i - 1] == '\\';
        bool ends = i + 2 == place.n || place.p[i + 2] == '/' || place.p[i + 2] == '\\';
        check(!(begins && ends && place.p[i] == '.' && place.p[i + 1] == '.'));
    }
}

static void check_inspect(const uint8_t *data, size_t n)
{
    struct model_info *m;
    struct err e = {0}, why = {0};
    souk_err r = model_inspect_bytes(data, n, &m, &e);
    check((r == SOUK_OK) == (m != NULL));
    check(r == SOUK_OK || (r == SOUK_EINPUT && e.msg[0]));
    if (!m)
        return;
    check((unsigned)m->format < FORMAT_COUNT && m->size == n);
    readable(m->producer);
    readable(m->graph);
    readable(m->description);
    pairs(m->opset, m->opsets);
    pairs(m->meta, m->metas);
    ports(m->input, m->inputs);
    ports(m->output, m->outputs);
    for (size_t i = 0; i < m->ops; i++) {
        check(m->op[i].n > 0 && (i == 0 || m->op[i - 1].n >= m->op[i].n));
        readable(m->op[i].op);
    }
    for (size_t i = 0; i < m->externals; i++)
        inside(m->external[i]);
    for (size_t i = 0; i < m->weights; i++) {
        readable(m->weight[i].name);
        readable(m->weight[i].shape);
    }
    check((model_runnable(m, &why) == SOUK_OK) == (why.code == SOUK_OK));
    model_info_free(m);
}

#endif
