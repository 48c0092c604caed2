#include "net/curl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

enum { CURL_OLDEST = 0x075700 };

/* The library is process-wide, and so is what we know of it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct curl_api api;
static bool loaded;

static souk_err find_function(void *library, const char *name, void *slot, struct err *e)
{
    void *f = dlsym(library, name);
    if (!f)
        return err_set(e, SOUK_EFAIL, "libcurl has no %s; install Debian's libcurl4", name);
    memcpy(slot, &f, sizeof f); /* POSIX promises what ISO C does not: a function fits a void * */
    return SOUK_OK;
}

static souk_err check_version(struct err *e)
{
    const curl_version_info_data *v = api.version_info(CURLVERSION_NOW);
    if (v->version_num < CURL_OLDEST)
        return err_set(e, SOUK_EFAIL, "libcurl %s is too old; souk needs 7.87 or newer",
                       v->version);
    if (!(v->features & CURL_VERSION_ASYNCHDNS))
        return err_set(e, SOUK_EFAIL,
                       "this libcurl (%s) looks names up synchronously, which would freeze the "
                       "screen; install one with a threaded resolver",
                       v->version);
    return SOUK_OK;
}

static souk_err open_library(struct err *e)
{
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return err_set(e, SOUK_EFAIL, "libcurl cannot be loaded (%s); install libcurl4", dlerror());
#define X(name)                                                \
    if (find_function(library, "curl_" #name, &api.name, e)) { \
        dlclose(library);                                      \
        return SOUK_EFAIL;                                     \
    }
    CURL_FUNCTIONS(X)
#undef X
    if (check_version(e)) {
        dlclose(library);
        return SOUK_EFAIL;
    }
    if (api.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(e, SOUK_EFAIL, "libcurl did not start");
    return SOUK_OK;
}

const struct curl_api *curl_load(struct err *e)
{
    pthread_mutex_lock(&lock);
    if (!loaded)
        loaded = open_library(e) == SOUK_OK;
    pthread_mutex_unlock(&lock);
    return loaded ? &api : NULL;
}
