#include "net/pq.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

/* The library is process-wide, and so is what we know of it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pq_api api;
static bool loaded;

static bool find_function(void *library, const char *name, void *slot, struct err *e)
{
    void *f = dlsym(library, name);
    if (!f)
        err_set(e, SOUK_EFAIL, "libpq has no %s; install Debian's libpq5", name);
    memcpy(slot, &f, sizeof f); /* POSIX promises what ISO C does not: a function fits a void * */
    return f != NULL;
}

static bool open_library(struct err *e)
{
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        err_set(e, SOUK_EFAIL, "libpq cannot be loaded (%s); install libpq5", dlerror());
        return false;
    }
#define X(name)                                              \
    if (!find_function(library, "PQ" #name, &api.name, e)) { \
        dlclose(library);                                    \
        return false;                                        \
    }
    PQ_FUNCTIONS(X)
#undef X
    return true;
}

const struct pq_api *pq_load(struct err *e)
{
    pthread_mutex_lock(&lock);
    if (!loaded)
        loaded = open_library(e);
    pthread_mutex_unlock(&lock);
    return loaded ? &api : NULL;
}
