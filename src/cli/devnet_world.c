#include "cli/devnet_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include "base/banned.h"

enum { KEY_MAX = 80, KEEP_DAYS = 3, NODE_MAJOR = 18, NODE_MINOR = 20 };

/* --- what must be there */

static void no_words(void *ud, const char *words)
{
    (void)ud;
    (void)words;
}

static souk_err check_node(int signals, struct err *e)
{
    struct args *a = mem_zalloc(sizeof *a);
    if (!a)
        return err_nomem(e);
    struct buf out;
    buf_init(&out, 4096);
    args_add(a, "node");
    args_add(a, "--version");
    int code, major = 0, minor = 0;
    souk_err r = proc_run(a, signals, &out, no_words, NULL, &code, e);
    if (!r && code == 127)
        r = err_set(e, SOUK_EFAIL,
                    "the devnet needs Node.js %d.%d or newer and found none: run `make deps`",
                    NODE_MAJOR, NODE_MINOR);
    else if (!r && (code != 0 || sscanf(out.p, "v%d.%d", &major, &minor) != 2))
        r = err_set(e, SOUK_EFAIL, "`node --version` does not work here: the devnet needs Node.js");
    else if (!r && (major < NODE_MAJOR || (major == NODE_MAJOR && minor < NODE_MINOR)))
        r = err_set(e, SOUK_EFAIL,
                    "the devnet needs Node.js %d.%d or newer, and the `node` on the PATH is %.*s",
                    NODE_MAJOR, NODE_MINOR, (int)strcspn(out.p, "\r\n"), out.p);
    buf_release(&out);
    mem_free(a);
    return r;
}

/* The supervisor works in "/": relative paths end here. */
souk_err path_make_absolute(char path[PATH_BUF], struct err *e)
{
    char real[PATH_MAX];
    if (!realpath(path, real))
        return err_set(e, SOUK_EFAIL, "%s: %s", path, strerror(errno));
    if (snprintf(path, PATH_BUF, "%s", real) >= PATH_BUF)
        return err_set(e, SOUK_EINPUT, "the path %.200s… is too long", real);
    return SOUK_OK;
}

souk_err world_parts(struct devnet *d, struct err *e)
{
    if (paths_asset("devnet", d->scripts, e))
        return err_prefix(e, "the devnet's files are missing");
    souk_err r = path_make_absolute(d->scripts, e);
    if (!r)
        r = check_node(d->signals, e);
    if (r)
        return r;
    static const char *const builds[] = {"linux-amd64", "linux-arm64"};
    for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
        snprintf(d->anvil, sizeof d->anvil, "%s/node_modules/@foundry-rs/anvil-%s/bin/anvil",
                 d->scripts, builds[i]);
        if (access(d->anvil, X_OK) == 0)
            return SOUK_OK;
    }
    return err_set(e, SOUK_EFAIL,
                   "the devnet's packages are not installed: run `make deps` (it needs the network "
                   "once)");
}

/* --- running the generator */

static void world_args(struct args *a, const struct devnet *d, const char *script)
{
    const struct devnet_options *o = d->o;
    const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        {"--seed", o->seed},         {"--models", o->models},         {"--authors", o->authors},
        {"--payments", o->payments}, {"--inferences", o->inferences}, {"--days", o->days},
        {"--end", d->end},
    };
    args_add(a, "node");
    args_add(a, "%s/%s", d->scripts, script);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        args_add(a, "%s", numbers[i].name);
        args_add(a, "%lld", (long long)numbers[i].value);
    }
    args_add(a, "--seller");
    args_add(a, "http://127.0.0.1:%d", d->port + PORT_SELLER);
    args_add(a, "--anvil");
    args_add(a, "%s", d->anvil);
}

struct talk {
    bool progress; /* shown on stderr */
    char note[NOTE_MAX];
};

static void hear(void *ud, const char *words)
{
    struct talk *t = ud;
    double part;
    char what[128] = "", shown[256];
    if (sscanf(words, "progress: %lf %127[^\n]", &part, what) < 1) {
        note_words(t->note, words);
    } else if (t->progress) {
        snprintf(shown, sizeof shown, "building the market: %3.0f %%  %-40.40s", part * 100, what);
        fputc('\r', stderr);
        text_fputs(stderr, untrusted(shown));
    }
}

/* Runs a script of the generator with this world's parameters; dir: where to build, or NULL. */
static souk_err run_script(const struct devnet *d, const char *script, const char *dir,
                           struct buf *out, struct err *e)
{
    struct args *a = mem_zalloc(sizeof *a);
    if (!a)
        return err_nomem(e);
    world_args(a, d, script);
    if (dir) {
        args_add(a, "--dir");
        args_add(a, "%s", dir);
    }
    struct talk t = {.progress = dir && !d->o->quiet && isatty(STDERR_FILENO)};
    int code;
    souk_err r = proc_run(a, d->signals, out, hear, &t, &code, e);
    if (t.progress)
        fprintf(stderr, "\r%70s\r", "");
    mem_free(a);
    if (r)
        return r;
    if (code != 0 && strstr(t.note, "Cannot find "))
        return err_set(e, SOUK_EFAIL, "the devnet's packages are incomplete (%s): run `make deps`",
                       t.note);
    if (code != 0)
        return err_set(e, SOUK_EFAIL, "the devnet's history could not be made: %s",
                       t.note[0] ? t.note : "its program was killed");
    return buf_check(out, "the devnet's answer", e);
}

/* --- worlds in the cache */

/* Removes a world, which is a flat directory, or a file kept beside the worlds. */
static bool remove_world(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *f; d && (f = readdir(d));)
        if (strcmp(f->d_name, ".") != 0 && strcmp(f->d_name, "..") != 0)
            unlinkat(dirfd(d), f->d_name, 0);
    if (d)
        closedir(d);
    return (d ? rmdir(path) : unlink(path)) == 0 || errno == ENOENT;
}

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), t = strlen(tail);
    return n >= t && strcmp(s + n - t, tail) == 0;
}

/* Removes all worlds, or, unless `all`, what an interrupted making left and the worlds that were
 * not used for days: each day's default history is a new one. */
static souk_err remove_worlds(const char *worlds, bool all, struct err *e)
{
    souk_err r = SOUK_OK;
    DIR *d = opendir(worlds);
    for (struct dirent *f; d && (f = readdir(d));) {
        char path[2 * PATH_BUF];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", worlds, f->d_name);
        if (f->d_name[0] == '.' || lstat(path, &st) != 0)
            continue;
        bool old = time(NULL) - st.st_mtime > KEEP_DAYS * 86400;
        if ((all || ends_with(path, ".tmp") || old) && !remove_world(path))
            r = err_set(e, SOUK_EFAIL, "%s could not be removed: %s", path, strerror(errno));
    }
    if (d)
        closedir(d);
    return r;
}

static souk_err worlds_dir(char out[PATH_BUF], struct err *e)
{
    souk_err r = paths_get(PATH_CACHE, "devnet", out, e);
    if (!r && mkdir(out, 0700) < 0 && errno != EEXIST)
        r = err_set(e, SOUK_EFAIL, "cannot make the directory %s: %s", out, strerror(errno));
    return r ? r : path_make_absolute(out, e);
}

static souk_err make_world(const struct devnet *d, struct err *e)
{
    if (!d->o->quiet)
        fprintf(stderr, "souk: making the devnet's history (once; later starts take seconds)\n");
    struct buf out;
    buf_init(&out, 4096);
    souk_err r = run_script(d, "build.mjs", d->world, &out, e);
    buf_release(&out);
    return r;
}

souk_err world_ensure(struct devnet *d, struct err *e)
{
    char worlds[PATH_BUF];
    souk_err r = worlds_dir(worlds, e);
    if (r)
        return r;
    struct buf key;
    buf_init(&key, 4096);
    r = run_script(d, "key.mjs", NULL, &key, e);
    int n = r ? 0 : (int)strspn(key.p, "0123456789abcdef");
    if (!r && (n == 0 || n > KEY_MAX))
        r = err_set(e, SOUK_EFAIL, "the devnet's generator gives no key: install souk again");
    if (!r && snprintf(d->world, PATH_BUF, "%s/%.*s", worlds, n, key.p) >= PATH_BUF)
        r = err_set(e, SOUK_EINPUT, "the path %s is too long", worlds);
    buf_release(&key);
    if (r)
        return r;
    if (access(d->world, R_OK | X_OK) != 0) {
        r = make_world(d, e);
        remove_worlds(worlds, false, NULL);
    } else {
        utimensat(AT_FDCWD, d->world, NULL, 0); /* used today */
    }
    return r;
}

souk_err world_forget_all(struct err *e)
{
    char path[PATH_BUF];
    souk_err r = worlds_dir(path, e);
    if (!r)
        r = remove_worlds(path, true, e);
    static const char *const files[] = {"devnet.db", "devnet.db-wal", "devnet.db-shm"};
    for (size_t i = 0; !r && i < sizeof files / sizeof *files; i++) {
        r = paths_get(PATH_CACHE, files[i], path, e);
        if (!r && unlink(path) != 0 && errno != ENOENT)
            r = err_set(e, SOUK_EFAIL, "%s could not be removed: %s", path, strerror(errno));
    }
    return r;
}
