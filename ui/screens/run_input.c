/*
 * The inputs of a run: a form from what the model takes, and values from the form.
 *
 * A field holds JSON, or numbers with blanks or commas between them, or the word `random` (with a
 * seed behind it, if one likes): then the values are made up, as large as the shape asks.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "ui/screens/run.h"

#include "base/banned.h"

enum { HINT_MAX = 512, JSON_MAX = 64 << 20, FEW = 64, NUMBERS_MAX = FORM_VALUE_MAX };

static const char button[] = "Run it";

/* --- the form */

static bool add_input(struct form *f, const struct port *p, const char *text)
{
    struct buf hint;
    buf_init(&hint, HINT_MAX);
    value_type_format(&p->type, &hint);
    buf_adds(&hint, p->type.kind == TYPE_TENSOR && p->type.elem == ELEM_STRING
                        ? ": JSON texts, one word, or random"
                        : ": numbers, JSON, or random");
    if (p->has_default)
        buf_adds(&hint, "; empty: the model's default");
    bool ok = form_add(f, p->name, untrusted_n(hint.p, hint.len), untrusted(text ? text : ""));
    buf_release(&hint);
    return ok;
}

/* Is there any dimension whose size is to be chosen? */
static bool has_free_dim(const struct model_info *m)
{
    for (size_t i = 0; i < m->inputs; i++)
        for (size_t k = 0; k < m->input[i].type.rank; k++)
            if (m->input[i].type.dim[k].size < 0)
                return true;
    return false;
}

static bool add_option(struct form *f, const struct run_options *o, enum run_option which)
{
    static const struct {
        const char *label, *hint, *value;
    } of[RUN_OPTIONS] = {
        {"sizes", "of free dimensions, for what is random: batch=2,x[0]=3", ""},
        {"threads", "processor threads of the engine, 1 to 64", "1"},
        {"repeat", "timed runs after the first: latency and throughput; 0 for none", "0"},
    };
    const char *value = o && o->text[which][0] ? o->text[which] : of[which].value;
    return form_add(f, untrusted(of[which].label), untrusted(of[which].hint), untrusted(value));
}

struct form *run_form(const struct model_info *m, enum run_input_kind kind, char *const *text,
                      const struct run_options *o)
{
    struct form *f = form_new(button);
    bool ok = f != NULL;
    if (kind == RUN_JSON)
        ok = ok && form_add(f, untrusted("inputs"),
                            untrusted("all of them as one JSON object; paste JSON, or CSV rows"),
                            untrusted(text[0] ? text[0] : ""));
    for (size_t i = 0; ok && kind == RUN_FIELDS && i < m->inputs; i++)
        ok = add_input(f, &m->input[i], text[i]);
    ok = ok && (!has_free_dim(m) || add_option(f, o, RUN_SIZES)) && add_option(f, o, RUN_THREADS) &&
         add_option(f, o, RUN_REPEAT);
    if (!ok) {
        form_free(f);
        return NULL;
    }
    return f;
}

static bool read_count(struct form *f, size_t i, unsigned least, unsigned most, const char *words,
                       unsigned *out)
{
    const char *v = form_value(f, i);
    char *end;
    unsigned long n = strtoul(v, &end, 10);
    bool ok = v[0] >= '0' && v[0] <= '9' && !*end && n >= least && n <= most;
    form_fault(f, i, ok ? NULL : words);
    if (!ok)
        form_focus_on(f, i);
    *out = ok ? (unsigned)n : 0;
    return ok;
}

size_t run_form_inputs(const struct form *f, const struct model_info *m)
{
    return form_count(f) - RUN_OPTIONS + !has_free_dim(m);
}

bool run_form_options(struct form *f, const struct model_info *m, struct run_options *out)
{
    size_t at = run_form_inputs(f, m);
    for (size_t i = has_free_dim(m) ? RUN_SIZES : RUN_THREADS; i < RUN_OPTIONS; i++)
        snprintf(out->text[i], RUN_OPTION_TEXT, "%s", form_value(f, at++));
    bool ok =
        read_count(f, at - 1, 0, RUN_REPEAT_MAX, "a number from 0 to 1,000,000", &out->repeat);
    return read_count(f, at - 2, 1, RUN_THREADS_MAX, "a number from 1 to 64", &out->threads) && ok;
}

/* --- values from texts */

/* "random", "random 7": made up, from this seed. */
static bool is_random(const char *text, uint64_t *seed)
{
    static const char word[] = "random";
    *seed = 1;
    if (strncmp(text, word, sizeof word - 1) != 0)
        return false;
    text += sizeof word - 1;
    char *end;
    if (*text == ' ')
        *seed = strtoull(text, &end, 10);
    else
        end = (char *)(uintptr_t)text;
    return !*end;
}

/* Everything between a one-member object's colon and its brace. */
static struct untrusted only_member(const struct buf *b)
{
    size_t i = 2; /* {" */
    while (i < b->len && b->p[i] != '"')
        i += b->p[i] == '\\' ? 2 : 1;
    i += 2; /* ": */
    return i < b->len ? untrusted_n(b->p + i, b->len - i - 1) : untrusted("");
}

static void one_as_json(const struct values *v, size_t i, struct buf *out)
{
    struct values one = {.of = &v->of[i], .n = 1};
    struct json_out o;
    json_out_init(&o, out);
    values_plain_json(&o, NULL, &one);
}

char *run_field_text(const struct values *v, size_t i, bool made_up)
{
    struct buf text;
    const struct value *of = &v->of[i].v;
    if (made_up && of->kind == VALUE_TENSOR && of->count > FEW)
        return mem_strdup("random");
    buf_init(&text, FORM_VALUE_MAX + HINT_MAX);
    one_as_json(v, i, &text);
    struct untrusted value = only_member(&text);
    char *copy = text.bad ? NULL : mem_strndup(value.p, value.n);
    buf_release(&text);
    return copy;
}

/* Numbers with blanks, commas or line ends between them, as a JSON list. False: it is none. */
static bool numbers(const char *text, struct buf *out)
{
    bool first = true;
    buf_addc(out, '[');
    for (const char *p = text + strspn(text, " ,\t\r\n"); *p; p += strspn(p, " ,\t\r\n")) {
        size_t n = strcspn(p, " ,\t\r\n");
        if (!strchr("+-.0123456789", *p))
            return false;
        if (!first)
            buf_addc(out, ',');
        first = false;
        buf_add(out, p, n);
        p += n;
    }
    buf_addc(out, ']');
    return !first && !out->bad;
}

/* What stands in a field, as JSON, appended. */
static souk_err field_json(const char *text, const struct port *p, struct buf *out, struct err *e)
{
    struct buf list;
    struct err why = {0};
    souk_err c = SOUK_OK;
    json *j = json_parse_strict(text, strlen(text), "this", &why);
    if (j) {
        json_free(j);
        buf_adds(out, text);
        return SOUK_OK;
    }
    buf_init(&list, NUMBERS_MAX + HINT_MAX);
    bool bracket = strchr("[{\"", text[strspn(text, " ")]);
    if (!bracket && numbers(text, &list)) {
        buf_add(out, list.p, list.len);
    } else if (!bracket && p->type.kind == TYPE_TENSOR && p->type.elem == ELEM_STRING) {
        struct json_out o;
        json_out_init(&o, out);
        json_out_cstr(&o, NULL, text);
    } else if (bracket) {
        c = err_set(e, SOUK_EINPUT, "%s", why.msg);
    } else {
        c = err_set(e, SOUK_EINPUT, "neither numbers nor JSON, nor the word random");
    }
    buf_release(&list);
    return c;
}

static souk_err made_up_json(const struct run_input *in, const struct model_info *m, size_t i,
                             uint64_t seed, struct buf *out, struct err *e)
{
    struct values gen;
    souk_err c = values_generate(m, seed, in->sizes[0] ? in->sizes : NULL, &gen, e);
    for (size_t k = 0; c == SOUK_OK && k < gen.n; k++) {
        struct buf one;
        if (gen.of[k].name.n != m->input[i].name.n ||
            memcmp(gen.of[k].name.p, m->input[i].name.p, gen.of[k].name.n) != 0)
            continue;
        buf_init(&one, JSON_MAX);
        one_as_json(&gen, k, &one);
        struct untrusted text = only_member(&one);
        buf_add(out, text.p, text.n);
        c = buf_check(&one, "a made-up input", e);
        buf_release(&one);
    }
    values_release(&gen);
    return c;
}

/* Nothing but `random` of one seed: no text needs to be made of it. */
static bool all_random(const struct run_input *in, uint64_t *seed)
{
    uint64_t other;
    for (size_t i = 0; i < in->n; i++)
        if (!in->text[i] || !is_random(in->text[i], i ? &other : seed) || (i && other != *seed))
            return false;
    return in->n > 0;
}

static souk_err add_member(struct run_input *in, const struct model_info *m, size_t i,
                           struct buf *out, struct err *e)
{
    const struct port *p = &m->input[i];
    const char *text = in->text[i] ? in->text[i] : "";
    uint64_t seed;
    struct json_out o;
    if (!text[strspn(text, " ")] && p->has_default)
        return SOUK_OK;
    in->bad_field = i;
    if (!text[strspn(text, " ")])
        return err_set(e, SOUK_EINPUT, "a value is needed here, or random");
    if (out->len > 1)
        buf_addc(out, ',');
    json_out_init(&o, out);
    json_out_str(&o, NULL, p->name);
    buf_addc(out, ':');
    souk_err c =
        is_random(text, &seed) ? made_up_json(in, m, i, seed, out, e) : field_json(text, p, out, e);
    in->bad_field = c == SOUK_OK ? in->n : i;
    return c;
}

static souk_err read_fields(struct run_input *in, const struct model_info *m, struct err *e)
{
    struct buf all;
    uint64_t seed = 1;
    souk_err c = SOUK_OK;
    if (all_random(in, &seed))
        return values_generate(m, seed, in->sizes[0] ? in->sizes : NULL, &in->values, e);
    buf_init(&all, JSON_MAX);
    buf_addc(&all, '{');
    for (size_t i = 0; c == SOUK_OK && i < in->n && i < m->inputs; i++)
        c = add_member(in, m, i, &all, e);
    buf_addc(&all, '}');
    if (c == SOUK_OK)
        c = buf_check(&all, "the input", e);
    if (c == SOUK_OK)
        c = values_from_json(m, untrusted_n(all.p, all.len), &in->values, e);
    buf_release(&all);
    return c;
}

souk_err run_input_read(struct run_input *in, const struct model_info *m, struct err *e)
{
    struct untrusted text = untrusted(in->text[0]);
    souk_err c = SOUK_EINPUT;
    in->bad_field = in->n;
    values_init(&in->values);
    if (in->from == RUN_FROM_FIELDS)
        c = read_fields(in, m, e);
    else if (in->from == RUN_FROM_TEXT || text.n)
        c = values_read(m, text, &in->values, e);
    if (c != SOUK_OK && in->from == RUN_FROM_EXAMPLE) {
        values_release(&in->values);
        c = values_generate(m, 1, NULL, &in->values, e);
    }
    in->made = true;
    return c;
}

void run_input_release(struct run_input *in)
{
    for (size_t i = 0; i < FORM_FIELDS; i++)
        MEM_FREE(in->text[i]);
    if (in->made)
        values_release(&in->values);
    in->made = false;
}
