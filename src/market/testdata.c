#include "market/testdata.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

static bool is_set(const char *dir)
{
    char path[PATH_BUF];
    const char *const first[] = {"input_0.pb", "output_0.pb"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        int n = snprintf(path, sizeof path, "%s/%s", dir, first[i]);
        if (n < PATH_BUF && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

souk_err testdata_find(const char *dir, struct arena *a, char **out[], size_t *n, struct err *e)
{
    char path[PATH_BUF];
    *n = 0;
    *out = arena_alloc(a, TESTDATA_SETS * sizeof **out);
    if (!*out)
        return err_nomem(e);
    if (strlen(dir) >= PATH_BUF - sizeof "/test_data_set_255")
        return err_set(e, SOUK_EINPUT, "the path of %.60s… is too long", dir);
    bool alone = is_set(dir);
    for (size_t i = 0; i < TESTDATA_SETS; i++) {
        snprintf(path, sizeof path, "%s/test_data_set_%zu", dir, i);
        const char *set = alone ? dir : path;
        if (!is_set(set))
            break;
        char *copy = arena_strdup(a, set);
        if (!copy)
            return err_nomem(e);
        (*out)[(*n)++] = copy;
        if (alone)
            break;
    }
    return *n ? SOUK_OK
              : err_set(e, SOUK_ENOTFOUND, "%s has neither input_0.pb nor test_data_set_0", dir);
}

/* One file, as a value of this port. SOUK_ENOTFOUND: it is not there. */
static souk_err add(struct values *v, const char *path, const struct port *p, struct err *e)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EINPUT, "%s cannot be read: %s",
                       path, strerror(errno));
    void *bytes = MAP_FAILED;
    bool empty = fstat(fd, &st) == 0 && st.st_size == 0; /* a value of defaults alone */
    if (!empty)
        bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    souk_err r = !empty && bytes == MAP_FAILED
                     ? err_set(e, SOUK_EINPUT, "%s cannot be read: %s", path, strerror(errno))
                     : values_add_pb(v, p->name, &p->type, empty ? (const uint8_t *)"" : bytes,
                                     empty ? 0 : (size_t)st.st_size, e);
    if (bytes != MAP_FAILED)
        munmap(bytes, (size_t)st.st_size);
    close(fd);
    if (r)
        err_prefix(e, "%s", path);
    return r;
}

/* The i-th port that must be given; after those, the ones that may be. */
static const struct port *input_at(const struct model_info *m, size_t i)
{
    for (int optional = 0; optional < 2; optional++)
        for (size_t k = 0; k < m->inputs; k++)
            if (m->input[k].has_default == (optional == 1) && i-- == 0)
                return &m->input[k];
    return NULL;
}

static souk_err read_all(const char *set, const char *what, const struct model_info *m,
                         struct values *out, struct err *e)
{
    char path[PATH_BUF];
    bool inputs = strcmp(what, "input") == 0;
    for (size_t i = 0;; i++) {
        const struct port *p = inputs ? input_at(m, i) : i < m->outputs ? &m->output[i] : NULL;
        int n = snprintf(path, sizeof path, "%s/%s_%zu.pb", set, what, i);
        if (n >= PATH_BUF || access(path, F_OK) != 0)
            return SOUK_OK;
        if (!p)
            return err_set(e, SOUK_EINPUT, "%s: the model has no %s %zu", path, what, i);
        souk_err r = add(out, path, p, e);
        if (r)
            return r;
    }
}

souk_err testdata_read(const char *set, const struct model_info *m, struct values *inputs,
                       struct values *expected, struct err *e)
{
    values_init(inputs);
    values_init(expected);
    souk_err r = read_all(set, "input", m, inputs, e);
    return r ? r : read_all(set, "output", m, expected, e);
}
