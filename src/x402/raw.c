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

bool raw_member(struct slice parent, const json *tree, const json *member, struct slice *key,
                struct slice *out)
{
    bool object = cJSON_IsObject(tree);
    const char *end = parent.p + parent.n, *p = blank(parent.p, end);
    if (!p || *p != (object ? '{' : '['))
        return false;
    for (const json *at = tree->child; at; at = at->next) {
        struct slice name = {NULL, 0};
        p = blank(p + 1, end); /* over the bracket or the comma */
        if (object) {
            if (!p || *p != '"')
                return false;
            name.p = p;
            p = string(p, end);
            name.n = p ? (size_t)(p - name.p) : 0;
            p = blank(p, end);
            if (!p || *p != ':')
                return false;
            p = blank(p + 1, end);
        }
        const char *from = p, *to = p ? value(p, end) : NULL;
        if (!to)
            return false;
        if (at == member) {
            if (key)
                *key = name;
            *out = (struct slice){from, (size_t)(to - from)};
            return true;
        }
        p = blank(to, end);
        if (!p || *p != ',')
            return false;
    }
    return false;
}
