/* The watch list, as a file. */
#include "market/watch.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/paths.h"

#include "base/banned.h"

enum { LINE_MAX_ = 1024 };

void watch_release(struct watch_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        mem_free(l->word[i]);
    *l = (struct watch_list){.n = 0};
}

static bool word_ok(const char *word)
{
    return word[0] && strlen(word) < LINE_MAX_ && !strpbrk(word, "\r\n");
}

static bool is_address(const char *word)
{
    address a;
    return address_parse(word, strlen(word), &a);
}

/* Addresses are the same in any case, names are not. */
static size_t find(const struct watch_list *l, const char *word)
{
    bool hex = is_address(word);
    for (size_t i = 0; i < l->n; i++) {
        if (hex ? strcasecmp(l->word[i], word) == 0 : strcmp(l->word[i], word) == 0)
            return i;
    }
    return l->n;
}

bool watch_has(const struct watch_list *l, const char *word)
{
    return find(l, word) < l->n;
}

souk_err watch_toggle(struct watch_list *l, const char *word, struct err *e)
{
    size_t at = find(l, word);
    if (at < l->n) {
        mem_free(l->word[at]);
        memmove(l->word + at, l->word + at + 1, (l->n - at - 1) * sizeof l->word[0]);
        l->n--;
        return SOUK_OK;
    }
    if (!word_ok(word))
        return err_set(e, SOUK_EINPUT, "that cannot be watched: a name or an address is wanted");
    if (l->n == WATCH_MAX)
        return err_set(e, SOUK_EINPUT, "the watch list is full: %d lines", WATCH_MAX);
    l->word[l->n] = mem_strdup(word);
    if (!l->word[l->n])
        return err_nomem(e);
    l->n++;
    return SOUK_OK;
}

static souk_err list_path(const char *network, char path[PATH_BUF], struct err *e)
{
    char leaf[64];
    snprintf(leaf, sizeof leaf, "watch-%s", network);
    return paths_get(PATH_STATE, leaf, path, e);
}

static souk_err read_lines(FILE *f, struct watch_list *l, struct err *e)
{
    char line[LINE_MAX_ + 2];
    while (fgets(line, sizeof line, f)) {
        size_t n = strcspn(line, "\r\n");
        line[n] = '\0';
        if (!word_ok(line) || watch_has(l, line))
            continue; /* an edited file: blank lines and doubles harm nobody */
        souk_err rc = watch_toggle(l, line, e);
        if (rc)
            return rc;
    }
    return ferror(f) ? err_set(e, SOUK_EFAIL, "the watch list cannot be read") : SOUK_OK;
}

souk_err watch_load(const char *network, struct watch_list *out, struct err *e)
{
    char path[PATH_BUF];
    *out = (struct watch_list){.n = 0};
    souk_err rc = list_path(network, path, e);
    if (rc)
        return rc;
    FILE *f = fopen(path, "re");
    if (!f)
        return errno == ENOENT ? SOUK_OK : err_set(e, SOUK_EFAIL, "%s: %s", path, strerror(errno));
    rc = read_lines(f, out, e);
    fclose(f);
    if (rc) {
        err_prefix(e, "%s", path);
        watch_release(out);
    }
    return rc;
}

souk_err watch_save(const char *network, const struct watch_list *l, struct err *e)
{
    char path[PATH_BUF], fresh[PATH_BUF + 8];
    souk_err rc = list_path(network, path, e);
    if (rc)
        return rc;
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *f = fopen(fresh, "we");
    bool ok = f != NULL;
    for (size_t i = 0; i < l->n && ok; i++)
        ok = fprintf(f, "%s\n", l->word[i]) > 0;
    if (f)
        ok = fclose(f) == 0 && ok;
    if (ok && rename(fresh, path) == 0)
        return SOUK_OK;
    err_set(e, SOUK_EFAIL, "the watch list cannot be written to %s: %s", path, strerror(errno));
    unlink(fresh);
    return SOUK_EFAIL;
}
