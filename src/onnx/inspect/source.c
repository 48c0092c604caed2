#include "onnx/inspect/source.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#include "base/banned.h"

/* After a jump this much is read: most things jumped to are short. */
enum { FIRST_FILL = 4 << 10 };
_Static_assert((int)FIRST_FILL >= (int)SOURCE_LOOK_MAX, "a look fits a read");

souk_err source_open(struct source *s, int fd, struct err *e)
{
    struct stat st;
    *s = (struct source){.fd = fd};
    if (fstat(fd, &st) != 0)
        return err_set(e, SOUK_EFAIL, "it cannot be read: %s", strerror(errno));
    if (S_ISDIR(st.st_mode))
        return err_set(e, SOUK_EINPUT, "it is a folder: name the model's file");
    if (!S_ISREG(st.st_mode))
        return err_set(e, SOUK_EINPUT, "it is no regular file");
    s->size = (uint64_t)st.st_size;
    s->window = mem_alloc(SOURCE_WINDOW);
    s->mem = s->window;
    return s->window ? SOUK_OK : err_nomem(e);
}

void source_bytes(struct source *s, const uint8_t *p, size_t n)
{
    *s = (struct source){.fd = -1, .mem = p, .have = n, .size = n};
}

void source_release(struct source *s)
{
    MEM_FREE(s->window);
    s->mem = NULL;
    s->have = 0;
}

static souk_err read_at(struct source *s, uint64_t at, uint8_t *to, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(s->fd, to + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(&s->err, SOUK_EFAIL, "it cannot be read: %s", strerror(errno));
        if (got == 0)
            return err_set(&s->err, SOUK_EINPUT, "it became shorter while it was read");
        done += (size_t)got;
    }
    return SOUK_OK;
}

size_t source_left(const struct source *s, uint64_t at, size_t n)
{
    uint64_t left = at < s->size ? s->size - at : 0;
    return left < n ? (size_t)left : n;
}

const uint8_t *source_look(struct source *s, uint64_t at, size_t n)
{
    if (n > SOURCE_LOOK_MAX)
        BUG("a look of %zu bytes", n);
    if (s->err.code)
        return NULL;
    if (n == 0)
        return (const uint8_t *)"";
    if (at >= s->from && at - s->from <= s->have && n <= s->have - (at - s->from))
        return s->mem + (at - s->from);
    if (source_left(s, at, n) < n) {
        err_set(&s->err, SOUK_EINPUT, "it ends too early");
        return NULL;
    }
    bool straight = at >= s->from && at - s->from <= s->have && s->have > 0;
    s->fill = !straight ? FIRST_FILL : s->fill * 4 < SOURCE_WINDOW ? s->fill * 4 : SOURCE_WINDOW;
    size_t take = source_left(s, at, s->fill);
    s->have = 0;
    if (read_at(s, at, s->window, take) != SOUK_OK)
        return NULL;
    s->from = at;
    s->have = take;
    return s->mem;
}

souk_err source_copy(struct source *s, uint64_t at, void *to, size_t n)
{
    if (s->err.code || n == 0)
        return s->err.code;
    if (at > s->size || n > s->size - at)
        return err_set(&s->err, SOUK_EINPUT, "it ends too early");
    if (at >= s->from && at - s->from <= s->have && n <= s->have - (at - s->from)) {
        memcpy(to, s->mem + (at - s->from), n);
        return SOUK_OK;
    }
    if (n > SOURCE_LOOK_MAX)
        return read_at(s, at, to, n);
    const uint8_t *p = source_look(s, at, n);
    if (p)
        memcpy(to, p, n);
    return s->err.code;
}

void source_nomem(struct source *s, const struct arena *a, size_t n)
{
    if (s->err.code)
        return;
    if (n > a->cap - a->used)
        err_set(&s->err, SOUK_EINPUT, "there is more in it than a model has to say of itself");
    else
        err_nomem(&s->err);
}

uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

uint64_t le64(const uint8_t *p)
{
    return le32(p) | (uint64_t)le32(p + 4) << 32;
}
