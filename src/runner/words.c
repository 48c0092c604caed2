/*
 * The engine speaks to its own developers: "Non-zero status code returned while running Add node.
 * Name:'x' Status Message: /onnxruntime_src/onnxruntime/core/a.cc:12 virtual bool
 * onnxruntime::F::G(int) const [with T = float] x > 0 was false. \n". What is left for a user is
 * what was said, without where in its source.
 */
#include <stdbool.h>
#include <string.h>

#include "runner/ort.h"

#include "base/banned.h"

/* Past "(int, const std::pair<a, b>&)", which begins at p; p when it never ends. */
static const char *past_brackets(const char *p, char open, char close)
{
    int depth = 0;
    for (const char *s = p; *s; s++) {
        depth += *s == open;
        depth -= *s == close;
        if (depth == 0)
            return s + 1;
    }
    return p;
}

/* Where the words go on after "/path/file.cc:12 a function's whole signature". */
static const char *past_place(const char *p)
{
    p += strcspn(p, " \n");
    p += strspn(p, " ");
    const char *open = strchr(p, '('), *scope = strstr(p, "::");
    /* A signature has its arguments within a line or so, and is scoped; else these are words. */
    if (!open || !scope || scope > open || memchr(p, '\n', (size_t)(open - p)))
        return p;
    const char *after = past_brackets(open, '(', ')');
    if (after == open)
        return p;
    p = after;
    while (p[0] == ':' && p[1] == ':') { /* a lambda in it */
        p += strcspn(p, " (");
        if (*p == '(')
            p = past_brackets(p, '(', ')');
    }
    static const char constant[] = " const";
    if (strncmp(p, constant, sizeof constant - 1) == 0)
        p += sizeof constant - 1;
    if (p[0] == ' ' && p[1] == '[' && strncmp(p, " [with ", 7) == 0)
        p = past_brackets(p + 1, '[', ']');
    return p;
}

static bool is_place(const char *p)
{
    if (*p != '/')
        return false;
    size_t n = strcspn(p, " \n'\"");
    for (const char *s = p; s + 3 < p + n; s++)
        if ((strncmp(s, ".cc:", 4) == 0 || strncmp(s, ".h:", 3) == 0))
            return true;
    return false;
}

void ort_clean(const char *words, char out[ERR_MSG_MAX])
{
    size_t n = 0;
    for (const char *p = words; *p && n < ERR_MSG_MAX - 1;) {
        if (is_place(p)) {
            p = past_place(p);
            continue;
        }
        char c = *p++;
        if ((unsigned char)c < ' ' || c == 0x7f)
            c = ' ';
        if (c != ' ' || (n && out[n - 1] != ' '))
            out[n++] = c;
    }
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}
