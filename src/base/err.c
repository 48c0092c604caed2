#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#undef err_set /* the analyser's */
#undef err_nomem

/* The length of s without a UTF-8 sequence that was cut in two at its end. */
static size_t whole_chars(const char *s, size_t n)
{
    size_t back = 0;
    while (back < 3 && back < n && ((unsigned char)s[n - 1 - back] & 0xC0) == 0x80) {
        back++;
    }
    if (back == n) {
        return n;
    }
    unsigned char lead = (unsigned char)s[n - 1 - back];
    size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    return want > back + 1 ? n - 1 - back : n;
}

static void format(char out[ERR_MSG_MAX], const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Formats through a buffer of its own: the arguments may point into out. */
static void format(char out[ERR_MSG_MAX], const char *fmt, va_list ap)
{
    char text[ERR_MSG_MAX];
    int n = vsnprintf(text, sizeof text, fmt, ap);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len >= sizeof text) {
        len = whole_chars(text, sizeof text - 1);
    }
    memcpy(out, text, len);
    out[len] = '\0';
}

souk_err err_set(struct err *e, souk_err code, const char *fmt, ...)
{
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        format(e->msg, fmt, ap);
        va_end(ap);
        e->code = code;
    }
    return code;
}

souk_err err_prefix(struct err *e, const char *fmt, ...)
{
    if (!e) {
        return SOUK_EFAIL;
    }
    char what[ERR_MSG_MAX];
    va_list ap;
    va_start(ap, fmt);
    format(what, fmt, ap);
    va_end(ap);
    return err_set(e, e->code, "%s: %s", what, e->msg);
}

souk_err err_nomem(struct err *e)
{
    return err_set(e, SOUK_ENOMEM, "out of memory: close something else, or ask for less at once");
}

/* Outlives the stack: a handler of SIGABRT prints it again (bug_words). */
static char last_words[ERR_MSG_MAX + 160];

const char *bug_words(void)
{
    return last_words;
}

void bug_at(const char *file, int line, const char *fmt, ...)
{
    char what[ERR_MSG_MAX];
    va_list ap;
    va_start(ap, fmt);
    format(what, fmt, ap);
    va_end(ap);
    snprintf(last_words, sizeof last_words, "souk: bug at %.100s:%d: %s\n", file, line, what);
    fputs(last_words, stderr);
    abort();
}
