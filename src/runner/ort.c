#include "runner/ort.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

struct base { /* OrtApiBase: never changes */
    void (*const *(*get_api)(uint32_t version))(void);
    const char *(*version)(void);
};

void ort_prepare(void)
{
    setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    setenv("TZ", "UTC0", 1);
}

static souk_err fill(struct ort *out, void (*const *table)(void), const char *path, struct err *e)
{
    if (!table)
        return err_set(e, SOUK_EFAIL, "%s has no API of version %d", path, ORT_API);
#define X(slot, name, ret, args)                                     \
    {                                                                \
        _Static_assert(slot < ORT_SLOTS, "in the table");            \
        out->name = (ret(*) args)table[slot];                        \
        if (!out->name)                                              \
            return err_set(e, SOUK_EFAIL, "%s has no " #name, path); \
    }
    ORT_CALLS(X)
#undef X
    return SOUK_OK;
}

souk_err ort_open(const char *path, bool usable, struct ort *out, struct err *e)
{
    *out = (struct ort){0};
    void *lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(e, SOUK_EFAIL, "%s", dlerror());
    const struct base *(*entry)(void);
    void *symbol = dlsym(lib, "OrtGetApiBase");
    memcpy(&entry, &symbol, sizeof entry);
    const struct base *b = symbol ? entry() : NULL;
    const char *why = NULL;
    souk_err r = SOUK_OK;
    if (!b)
        r = err_set(e, SOUK_EFAIL, "%s is not ONNX Runtime", path);
    if (!r)
        snprintf(out->version, sizeof out->version, "%s", b->version());
    if (!r && usable && !engine_version_ok(out->version, &why))
        r = err_set(e, SOUK_EFAIL, "%s is version %s: %s", path, out->version, why);
    if (!r && usable)
        r = fill(out, b->get_api(ORT_API), path, e);
    if (r)
        dlclose(lib);
    return r;
}

souk_err ort_fail(const struct ort *o, ort_status *s, struct err *e)
{
    if (!s)
        return SOUK_OK;
    const char *words = o->GetErrorMessage(s);
    char clean[ERR_MSG_MAX];
    ort_clean(words, clean);
    bool memory = strstr(words, "bad_alloc") || strstr(words, "bad allocation") ||
                  strstr(words, "Failed to allocate memory");
    o->ReleaseStatus(s);
    return err_set(e, memory ? SOUK_ENOMEM : SOUK_EINPUT, "%s", clean);
}
