#include <string.h>

#include "hub/internal.h"

#include "base/banned.h"

/* The longest prefix of s within cap that does not end inside a UTF-8 sequence. */
static size_t fitting(struct untrusted s, size_t cap)
{
    if (s.n <= cap)
        return s.n;
    for (size_t n = cap; n > 0 && cap - n < 4; n--) {
        if (((unsigned char)s.p[n] & 0xc0) != 0x80)
            return n;
    }
    return cap; /* not UTF-8 anyway */
}

/* A zero byte becomes U+FFFD, as in JSON (json.h): one name is the same name from every source. */
static struct untrusted without_zeros(struct intake *in, struct untrusted s)
{
    size_t zeros = 0, n = 0;
    for (size_t i = 0; i < s.n; i++)
        zeros += s.p[i] == '\0';
    if (zeros == 0)
        return s;
    char *out = arena_alloc(in->a, s.n + 2 * zeros);
    in->nomem |= !out;
    for (size_t i = 0; i < s.n && out; i++) {
        memcpy(out + n, s.p[i] ? s.p + i : "\xEF\xBF\xBD", s.p[i] ? 1 : 3);
        n += s.p[i] ? 1 : 3;
    }
    return (struct untrusted){out, n};
}

struct untrusted hub_copy(struct intake *in, struct untrusted s, size_t cap, bool *cut)
{
    struct untrusted none = {NULL, 0};
    if (s.p && memchr(s.p, '\0', s.n))
        s = without_zeros(in, s);
    if (!s.p || in->nomem)
        return none;
    size_t n = fitting(s, cap);
    char *copy = arena_strndup(in->a, s.p, n);
    if (!copy) {
        in->nomem = true;
        return none;
    }
    *cut |= n < s.n;
    return (struct untrusted){copy, n};
}

struct untrusted hub_member(struct intake *in, const json *obj, const char *key, size_t cap,
                            bool *cut)
{
    return hub_copy(in, json_str(obj, key), cap, cut);
}

/* What a server says went wrong: {"detail": "…"}, {"detail": [{"msg": "…"}]}, {"error": "…"}. */
static struct untrusted complaint(const json *answer)
{
    static const char *const keys[] = {"detail", "error", "message"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct untrusted s = json_str(answer, keys[i]);
        if (!s.p)
            s = json_str(json_first(json_get(answer, keys[i])), "msg");
        if (!s.p)
            s = json_str(json_get(answer, keys[i]), "message");
        if (s.p)
            return s;
    }
    return (struct untrusted){NULL, 0};
}

souk_err hub_not_what(const json *answer, const char *who, const char *what, struct err *e)
{
    struct untrusted words = complaint(answer);
    if (words.p)
        return err_set(e, SOUK_ENET, "%s answered: %.*s", who, (int)fitting(words, 300), words.p);
    return err_set(e, SOUK_ENET,
                   "%s answered JSON that is not %s. Is its address right in the configuration?",
                   who, what);
}

souk_err hub_take_list(const json *answer, const struct hub_kind *kind, struct arena *a,
                       struct hub_taken *out, struct err *e)
{
    struct intake in = {a, false};
    const json *list = cJSON_IsArray(answer) ? answer : json_get(answer, kind->key);
    *out = (struct hub_taken){0};
    if (!cJSON_IsArray(list))
        return hub_not_what(answer, kind->who, kind->what, e);
    for (const json *j = json_first(list); j; j = json_next(j))
        out->seen++;
    if (out->seen == 0)
        return SOUK_OK;

    size_t room = out->seen < HUB_PAGE_MAX ? out->seen : HUB_PAGE_MAX;
    char *record = out->record = arena_alloc(a, room * kind->size);
    in.nomem = !record;
    for (const json *j = json_first(list); j && out->count < room && !in.nomem; j = json_next(j)) {
        if (kind->take(&in, j, record)) {
            out->count++;
            record += kind->size;
        } else {
            memset(record, 0, kind->size);
        }
    }
    if (in.nomem) {
        *out = (struct hub_taken){0};
        return err_nomem(e);
    }
    return SOUK_OK;
}
