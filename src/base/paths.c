#include "base/paths.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

static const struct {
    const char *name; /* below an override */
    const char *env;
    const char *home; /* below $HOME, when env does not say */
} kinds[] = {
    [PATH_CONFIG] = {"config", "XDG_CONFIG_HOME", ".config"},
    [PATH_CACHE] = {"cache", "XDG_CACHE_HOME", ".cache"},
    [PATH_STATE] = {"state", "XDG_STATE_HOME", ".local/state"},
    [PATH_DATA] = {"data", "XDG_DATA_HOME", ".local/share"},
};

/* One byte more than a path may have: a directory too long stays too long, and paths_get says so.
 */
static char override[PATH_BUF + 1];

void paths_override(const char *dir)
{
    snprintf(override, sizeof override, "%s", dir ? dir : "");
}

const char *paths_overridden(void)
{
    return override[0] ? override : NULL;
}

static souk_err too_long(struct err *e)
{
    return err_set(e, SOUK_EINPUT, "a path is longer than %d bytes: choose a shorter directory",
                   PATH_BUF - 1);
}

/* Writes a/b/c, leaving out what is NULL. */
static souk_err join(char out[PATH_BUF], const char *a, const char *b, const char *c, struct err *e)
{
    int n = snprintf(out, PATH_BUF, "%s%s%s%s%s", a, b ? "/" : "", b ? b : "", c ? "/" : "",
                     c ? c : "");
    return n < 0 || n >= PATH_BUF ? too_long(e) : SOUK_OK;
}

static souk_err dir_of(enum path_kind kind, char out[PATH_BUF], struct err *e)
{
    if (override[0]) {
        return join(out, override, kinds[kind].name, NULL, e);
    }
    const char *dir = getenv(kinds[kind].env);
    if (dir && dir[0] == '/') {
        return join(out, dir, "souk", NULL, e);
    }
    const char *home = getenv("HOME");
    if (!home || home[0] != '/') {
        return err_set(e, SOUK_EINPUT, "HOME is not set to a directory: set it, or say --data DIR");
    }
    return join(out, home, kinds[kind].home, "souk", e);
}

/* mkdir -p of path[0..n), every new directory for the user alone. */
static souk_err make_dirs(char *path, size_t n, struct err *e)
{
    for (size_t i = 1; i <= n; i++) {
        if (i < n && path[i] != '/') {
            continue;
        }
        char after = path[i];
        path[i] = '\0';
        struct stat st;
        int failed = 0;
        if (mkdir(path, 0700) != 0) {
            failed = errno; /* EROFS and EACCES too may mean that it is there already */
            if (stat(path, &st) == 0) {
                failed = S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
            }
        }
        if (failed) {
            return err_set(e, SOUK_EFAIL, "cannot make the directory %s: %s", path,
                           strerror(failed));
        }
        path[i] = after;
    }
    return SOUK_OK;
}

/* A leaf may be made of a name in a configuration file: it must not lead out of the directory. */
static bool leads_out(const char *leaf)
{
    if (leaf[0] == '/') {
        return true;
    }
    for (const char *p = leaf; p; p = strchr(p, '/')) {
        p += *p == '/';
        if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0')) {
            return true;
        }
    }
    return false;
}

souk_err paths_get(enum path_kind kind, const char *leaf, char out[PATH_BUF], struct err *e)
{
    if (leaf && leads_out(leaf)) {
        return err_set(e, SOUK_EINPUT, "\"%s\" cannot be a file name: use a name without \"..\"",
                       leaf);
    }
    char dir[PATH_BUF];
    souk_err rc = dir_of(kind, dir, e);
    if (!rc) {
        rc = join(out, dir, leaf, NULL, e);
    }
    if (rc) {
        return rc;
    }
    return make_dirs(out, leaf ? (size_t)(strrchr(out, '/') - out) : strlen(out), e);
}

/* The directory this program lies in; "" when that cannot be known. */
static void own_dir(char out[PATH_BUF])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_BUF - 1);
    out[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(out, '/');
    if (slash) {
        *slash = '\0';
    }
}

souk_err paths_program(const char *name, char out[PATH_BUF], struct err *e)
{
    char dir[PATH_BUF];
    own_dir(dir);
    if (dir[0] && join(out, dir, name, NULL, NULL) == SOUK_OK && access(out, X_OK) == 0) {
        return SOUK_OK;
    }
    return err_set(e, SOUK_ENOTFOUND,
                   "the program %s is not beside this one, in %s: install souk "
                   "again",
                   name, dir);
}

souk_err paths_asset(const char *leaf, char out[PATH_BUF], struct err *e)
{
    const char *env = getenv("SOUK_ASSETS");
    if (env && env[0]) {
        souk_err rc = join(out, env, leaf, NULL, e);
        if (rc || access(out, F_OK) == 0) {
            return rc;
        }
        return err_set(e, SOUK_ENOTFOUND,
                       "there is no %s: SOUK_ASSETS must name souk's assets directory", out);
    }
    char dir[PATH_BUF];
    own_dir(dir);
    if (dir[0] && join(out, dir, "assets", leaf, NULL) == SOUK_OK && access(out, F_OK) == 0) {
        return SOUK_OK;
    }
    if (dir[0] && join(out, dir, "../share/souk", leaf, NULL) == SOUK_OK &&
        access(out, F_OK) == 0) {
        return SOUK_OK;
    }
    return err_set(e, SOUK_ENOTFOUND,
                   "souk's own file %s is neither in %s/assets nor in %s/../share/souk: install "
                   "souk again, or set SOUK_ASSETS",
                   leaf, dir, dir);
}
