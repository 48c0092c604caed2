/*
 * The engine speaks to its own developers: "Non-zero status code returned while running Add node.
 * Name:'x' Status Message: /onnxruntime_src/onnxruntime/core/a.cc:12 virtual bool
 * onnxruntime::F::G(int) const [with T = float] x > 0 was false. \n". What is left for a user is
 * what was said, without where in its source.
 */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "runner/ort.h"

#include "base/banned.h"

/* "dir/file.cc:12", "file.h:3": the length; 0: none begins here. */
static size_t place(const char *p)
{
    size_t n = strcspn(p, " \n'\"(");
    for (size_t i = 1; i + 2 < n; i++) {
        size_t end = strncmp(p + i, ".cc:", 4) == 0 ? 4 : strncmp(p + i, ".h:", 3) == 0 ? 3 : 0;
        if (end && isdigit((unsigned char)p[i + end]))
            return n;
    }
    return 0;
}

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

/* Past a function's whole signature; p when there is none. */
static const char *past_signature(const char *p)
{
    const char *open = strchr(p, '('), *scope = strstr(p, "::");
    if (!open || !scope || scope > open || memchr(p, '\n', (size_t)(open - p)))
        return p;
    const char *after = past_brackets(open, '(', ')');
    if (after == open)
        return p;
    if (strncmp(after, "::<", 3) == 0) /* a lambda in it */
        after = past_brackets(after + 2, '<', '>');
    static const char constant[] = " const", with[] = " [with ";
    if (strncmp(after, constant, sizeof constant - 1) == 0)
        after += sizeof constant - 1;
    if (strncmp(after, with, sizeof with - 1) == 0)
        after = past_brackets(after + 1, '[', ']');
    return after;
}

/* Past a place and the function it is in: by its signature after a whole path, else by its name. */
static const char *past_place(const char *p, size_t n)
{
    bool whole = *p == '/';
    p += n;
    p += strspn(p, " ");
    if (whole)
        return past_signature(p);
    return isalpha((unsigned char)*p) ? p + strcspn(p, " \n") : p;
}

void ort_clean(const char *words, char out[ERR_MSG_MAX])
{
    size_t n = 0;
    bool begins = true; /* a word */
    for (const char *p = words; *p && n < ERR_MSG_MAX - 1;) {
        size_t where = begins ? place(p) : 0;
        if (where) {
            p = past_place(p, where);
            continue;
        }
        char c = *p++;
        if ((unsigned char)c < ' ' || c == 0x7f)
            c = ' ';
        begins = c == ' ';
        if (c != ' ' || (n && out[n - 1] != ' '))
            out[n++] = c;
    }
    while (n && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}
