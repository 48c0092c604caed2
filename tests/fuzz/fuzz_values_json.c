/*
 * JSON as a model's inputs; the first byte chooses the model. What is let in is sound, written it
 * reads back as the same, and it agrees with itself.
 */
#include "values_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* A map may have had a key twice, which no writer keeps; such texts agree no more. */
static bool holds_map(const struct model_info *m)
{
    for (size_t i = 0; i < m->inputs; i++)
        for (const struct value_type *t = &m->input[i].type; t; t = t->of)
            if (t->kind == TYPE_MAP)
                return true;
    return false;
}

static void there_and_back(const struct model_info *m, const struct values *v)
{
    struct values back;
    struct err e;
    struct agreement a;
    char *text = values_text(v, true);
    if (!text)
        return;
    check(values_from_json(m, untrusted(text), &back, &e) == SOUK_OK);
    char *again = values_text(&back, true);
    if (!strstr(text, "\\ufffd")) /* what was no UTF-8 is the character itself from then on */
        check(again && strcmp(text, again) == 0);
    agree_json(&back, untrusted(text), 0, 0, &a); /* not v: its texts may be no UTF-8 */
    check(a.is == AGREE_YES || v->n == 0 || holds_map(m));
    values_release(&back);
    mem_free(text);
    mem_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct model_info *m = signature_model(signatures[data[0] % SIGNATURES]);
    struct values v;
    struct err e = {0};
    souk_err rc = values_from_json(m, untrusted_n((const char *)data + 1, n - 1), &v, &e);
    if (rc == SOUK_OK) {
        check_values(&v);
        there_and_back(m, &v);
    } else {
        check(rc == SOUK_EINPUT && e.msg[0] && v.n == 0);
    }
    values_release(&v);
    model_info_free(m);
    return 0;
}
