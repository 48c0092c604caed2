#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json.h"
#include "market/library/internal.h"

#include "base/banned.h"

enum { FIELD_MAX = 512 };

static const char *const words[] = {
    [VERIFIED_NO] = "no", [VERIFIED_ROWS] = "rows", [VERIFIED_STRICT] = "strict"};

const char *verified_name(enum verified v)
{
    static const char *const names[] = {[VERIFIED_NO] = "not verified",
                                        [VERIFIED_ROWS] = "verified",
                                        [VERIFIED_STRICT] = "verified, strict"};
    return names[v];
}

static bool take(struct arena *a, const json *o, const char *key, struct untrusted *out)
{
    struct untrusted u = json_str(o, key);
    char *copy = arena_strndup(a, u.p != NULL ? u.p : "", u.n < FIELD_MAX ? u.n : FIELD_MAX);
    if (copy == NULL)
        return false;
    *out = untrusted(copy);
    return true;
}

/* One that cannot be read says nothing: the content is what counts. */
souk_err about_read(int dir, struct arena *a, struct library_about *out, struct err *e)
{
    struct buf b;
    struct untrusted how = {NULL, 0};
    json *o = NULL;
    memset(out, 0, sizeof *out);
    buf_init(&b, ABOUT_MAX);
    if (leaf_read(dir, ABOUT, &b, NULL) == SOUK_OK)
        o = json_parse(b.p, b.len, ABOUT, NULL);
    bool ok = take(a, o, "author", &out->author) && take(a, o, "model", &out->model) &&
              take(a, o, "version", &out->version) && take(a, o, "file", &out->file) &&
              take(a, o, "source", &out->source) && take(a, o, "verified", &how);
    if (!json_int(o, "got", &out->got) || out->got < 0)
        out->got = 0;
    for (int v = VERIFIED_ROWS; ok && v <= VERIFIED_STRICT; v++) {
        if (strcmp(how.p, words[v]) == 0)
            out->verified = (enum verified)v;
    }
    json_free(o);
    buf_release(&b);
    return ok ? SOUK_OK : err_nomem(e);
}

souk_err about_write(int dir, const struct library_about *about, struct err *e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, ABOUT_MAX);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    json_out_str(&o, "author", about->author);
    json_out_str(&o, "model", about->model);
    json_out_str(&o, "version", about->version);
    json_out_str(&o, "file", about->file);
    json_out_str(&o, "source", about->source);
    json_out_int(&o, "got", about->got);
    json_out_cstr(&o, "verified", words[about->verified]);
    json_obj_close(&o);
    buf_addc(&b, '\n');
    souk_err rc = buf_check(&b, "what is known of a model", e);
    if (rc == SOUK_OK)
        rc = leaf_write(dir, ABOUT, b.p, b.len, e);
    buf_release(&b);
    return rc;
}

int64_t about_used(int dir)
{
    struct stat st;
    if (fstatat(dir, ABOUT, &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_mtime < 0)
        return 0;
    return st.st_mtime;
}

void about_use(int dir, int64_t when)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = when}};
    utimensat(dir, ABOUT, times, AT_SYMLINK_NOFOLLOW); /* a read-only disk has no memory */
}
