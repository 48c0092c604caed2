#include <string.h>

#include "x402/internal.h"

#include "base/banned.h"

/* Each step takes the place it starts at and gives the one after, NULL past the end. The text was
 * parsed before, so these only have to find the borders again. */

static const char *blank(const char *p, const char *end)
{
    while (p && p < end && (unsigned char)*p <= ' ')
        p++;
    return p && p < end ? p : NULL;
}

static const char *string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\')
            p++;
    return p < end ? p + 1 : NULL;
}

static const char *value(const char *p, const char *end)
{
    size_t depth = 0;
    if (*p != '{' && *p != '[' && *p != '"') {
        while (p < end && (unsigned char)*p > ' ' && !strchr(",]}", *p))
            p++;
        return p;
    }
    do {
        if (*p == '"') {
            p = string(p, end);
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
    } while (p && p < end && depth > 0);
    return p && depth == 0 ? p : NULL;
}

struct raw_walk raw_walk(struct slice parent, const json *tree)
{
    struct raw_walk w = {.end = parent.p + parent.n, .object = cJSON_IsObject(tree)};
    const char *p = blank(parent.p, w.end);
    w.at = p && *p == (w.object ? '{' : '[') ? p : NULL;
    w.next = w.at ? tree->child : NULL;
    return w;
}

/* The key and its colon; *p is then on the value. */
static bool take_key(const char **p, const char *end, struct slice *key)
{
    if (!*p || **p != '"')
        return false;
    key->p = *p;
    *p = string(*p, end);
    key->n = *p ? (size_t)(*p - key->p) : 0;
    *p = blank(*p, end);
    if (!*p || **p != ':')
        return false;
    *p = blank(*p + 1, end);
    return true;
}

bool raw_step(struct raw_walk *w)
{
    const char *p = w->at ? blank(w->at + 1, w->end) : NULL; /* over the bracket or the comma */
    w->member = w->next;
    w->key = (struct slice){NULL, 0};
    if (!w->member || (w->object && !take_key(&p, w->end, &w->key)))
        return false;
    const char *to = p ? value(p, w->end) : NULL;
    if (!to)
        return false;
    w->value = (struct slice){p, (size_t)(to - p)};
    w->next = w->member->next;
    w->at = blank(to, w->end);
    if (w->next && (!w->at || *w->at != ','))
        w->at = NULL;
    return true;
}

bool raw_member(struct slice parent, const json *tree, const json *member, struct slice *out)
{
    struct raw_walk w = raw_walk(parent, tree);
    while (raw_step(&w)) {
        if (w.member == member) {
            *out = w.value;
            return true;
        }
    }
    return false;
}
