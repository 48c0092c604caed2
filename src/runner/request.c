/* What souk asks for: frames in a memory file. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner/runner.h"

#include "base/banned.h"

static bool text(struct wire_body *b, char out[PATH_BUF])
{
    size_t n = (size_t)(b->end - b->at);
    if (n >= PATH_BUF)
        return false;
    wire_get(b, out, n);
    out[n] = '\0';
    return true;
}

static souk_err take(struct request *r, struct wire_values_in *values, const struct wire_frame *f)
{
    struct wire_body b = {.at = f->p, .end = f->p + f->n};
    switch (f->kind) {
    case WIRE_TASK:
        wire_get(&b, &r->task, sizeof r->task);
        return b.bad ? SOUK_EINPUT : SOUK_OK;
    case WIRE_PLACE:
        if (r->engine.places == ENGINE_PLACES || !text(&b, r->engine.place[r->engine.places]))
            return SOUK_EINPUT;
        r->engine.places++;
        return SOUK_OK;
    case WIRE_FOLDER:
        return text(&b, r->folder) ? SOUK_OK : SOUK_EINPUT;
    case WIRE_VALUES:
    case WIRE_VALUE:
    case WIRE_DATA:
        return wire_values_take(values, f);
    default:
        return SOUK_EINPUT;
    }
}

static souk_err parse(struct request *r, const uint8_t *p, size_t n)
{
    struct wire_in in;
    struct wire_values_in values;
    struct wire_frame f;
    souk_err bad = SOUK_OK, rc = SOUK_OK;
    wire_in_init(&in);
    wire_values_init(&values, &r->inputs, VALUES_MEMORY);
    while (!rc && wire_next(&in, &p, &n, &f, &bad) && f.kind != WIRE_END)
        rc = take(r, &values, &f);
    rc = rc ? rc : bad;
    if (!rc && !wire_values_whole(&values))
        rc = SOUK_EINPUT;
    wire_in_release(&in);
    return rc;
}

souk_err request_read(int fd, struct request *out, struct err *e)
{
    struct stat st;
    *out = (struct request){0};
    values_init(&out->inputs);
    void *p = MAP_FAILED;
    if (fstat(fd, &st) == 0 && st.st_size > 0)
        p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return err_set(e, SOUK_EUSAGE,
                       "this program runs models for souk, which starts it: say "
                       "souk run");
    souk_err r = parse(out, p, (size_t)st.st_size);
    munmap(p, (size_t)st.st_size);
    if (r == SOUK_ENOMEM)
        return err_nomem(e);
    return r ? err_set(e, SOUK_EFAIL, "souk and souk-runner do not fit: install souk again")
             : SOUK_OK;
}
