#include "base/ini.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/banned.h"

enum { INI_MAX = 64 * 1024 };

static const char blanks[] = " \t\r";

/* Cuts the blanks off both ends, in place. */
static char *trim(char *s)
{
    s += strspn(s, blanks);
    size_t n = strlen(s);
    while (n && strchr(blanks, s[n - 1])) {
        n--;
    }
    s[n] = '\0';
    return s;
}

/* Understands one trimmed line; *section moves on when the line begins one. */
static souk_err parse_line(char *line, const char **section, ini_set_fn set, void *ud,
                           struct err *e)
{
    if (*line == '\0' || *line == '#') {
        return SOUK_OK;
    }
    if (*line == '[') {
        size_t n = strlen(line);
        if (line[n - 1] != ']') {
            return err_set(e, SOUK_EINPUT, "the section \"%s\" has no closing \"]\"", line);
        }
        line[n - 1] = '\0';
        *section = trim(line + 1);
        if (**section == '\0') {
            return err_set(e, SOUK_EINPUT, "the section has no name");
        }
        return SOUK_OK;
    }
    char *equals = strchr(line, '=');
    if (!equals || equals == line) {
        return err_set(e, SOUK_EINPUT, "\"%s\" is not of the form key = value", line);
    }
    *equals = '\0';
    return set(ud, *section, trim(line), trim(equals + 1), e);
}

souk_err ini_parse(const char *name, const char *text, size_t len, ini_set_fn set, void *ud,
                   struct err *e)
{
    struct err own = {SOUK_OK, ""};
    e = e ? e : &own; /* err_prefix needs one */
    if (len > INI_MAX) {
        return err_set(e, SOUK_EINPUT, "%s: larger than %d KiB: this is no configuration file",
                       name, INI_MAX / 1024);
    }
    if (len && memchr(text, '\0', len)) {
        return err_set(e, SOUK_EINPUT, "%s: has a zero byte: this is no text file", name);
    }
    char *copy = mem_strndup(text, len);
    if (!copy) {
        return err_nomem(e);
    }
    souk_err rc = SOUK_OK;
    const char *section = "";
    char *line = copy;
    for (unsigned n = 1; line && !rc; n++) {
        char *end = strchr(line, '\n');
        if (end) {
            *end++ = '\0';
        }
        rc = parse_line(trim(line), &section, set, ud, e);
        if (rc) {
            err_prefix(e, "%s:%u", name, n);
        }
        line = end;
    }
    mem_free(copy);
    return rc;
}

souk_err ini_read(const char *path, ini_set_fn set, void *ud, struct err *e)
{
    FILE *f = fopen(path, "rbe");
    if (!f) {
        return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EINPUT, "cannot open %s: %s",
                       path, strerror(errno));
    }
    souk_err rc;
    char *text = mem_alloc(INI_MAX + 1); /* one more, so that ini_parse sees what is too large */
    if (text) {
        size_t n = fread(text, 1, INI_MAX + 1, f);
        rc = ferror(f) ? err_set(e, SOUK_EINPUT, "cannot read %s: %s", path, strerror(errno))
                       : ini_parse(path, text, n, set, ud, e);
    } else {
        rc = err_nomem(e);
    }
    mem_free(text);
    fclose(f);
    return rc;
}
