#include "wallet/secret.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sodium.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/banned.h"

static atomic_bool unlocked; /* some block lies in memory that may be swapped */

enum { STACK_WIPED = 64 << 10 }; /* deeper than any library call here goes */

souk_err secret_random(void *p, size_t n, struct err *e)
{
    uint8_t *at = p;
    while (n) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return err_set(e, SOUK_EFAIL, "the system gives no random numbers: %s",
                           strerror(errno));
        at += got;
        n -= (size_t)got;
    }
    return SOUK_OK;
}

/* A source that repeats itself would sign away keys: it is caught before the first is made. */
static souk_err test_random(struct err *e)
{
    enum { DRAWS = 8, BYTES = 32 };
    uint8_t draw[DRAWS][BYTES];
    for (int i = 0; i < DRAWS; i++) {
        souk_err r = secret_random(draw[i], BYTES, e);
        if (r)
            return r;
        bool bad = sodium_is_zero(draw[i], BYTES);
        for (int j = 0; j < i; j++)
            bad = bad || memcmp(draw[i], draw[j], BYTES) == 0;
        if (bad)
            return err_set(e, SOUK_EFAIL,
                           "the system's random numbers are not random: no key can "
                           "be made or used here");
    }
    return SOUK_OK;
}

souk_err secret_start(struct err *e)
{
    static atomic_bool started;
    if (atomic_load(&started))
        return SOUK_OK;
    if (sodium_init() < 0)
        return err_set(e, SOUK_EFAIL, "libsodium does not start: install it again");
    souk_err r = test_random(e);
    if (!r)
        atomic_store(&started, true);
    return r;
}

souk_err secret_harden(struct err *e)
{
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return err_set(e, SOUK_EFAIL, "cannot shut this process off from others: %s",
                       strerror(errno));
    return SOUK_OK;
}

void *secret_alloc(size_t n)
{
    void *p = mem_refused() ? NULL : sodium_malloc(n ? n : 1);
    if (!p)
        return NULL;
    memset(p, 0, n);
    /* sodium_malloc locks too, and forgets to say when it could not. Locks do not add up. The
     * sanitizers make mlock() say yes and do nothing, so the kernel is asked. */
    if (syscall(SYS_mlock, p, n ? n : 1) != 0)
        atomic_store(&unlocked, true);
    return p;
}

void secret_free(void *p)
{
    sodium_free(p);
}

bool secret_locked(void)
{
    return !atomic_load(&unlocked);
}

void secret_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

void secret_wipe_stack(void)
{
    sodium_stackzero(STACK_WIPED);
}

souk_err secret_text_new(struct secret_text **out, struct err *e)
{
    *out = secret_alloc(sizeof **out);
    return *out ? SOUK_OK : err_nomem(e);
}

static bool is_utf8(const struct secret_text *t)
{
    uint32_t cp;
    bool valid = true;
    for (size_t at = 0; valid && at < t->n;)
        at += utf8_get(t->s + at, t->n - at, &cp, &valid);
    return valid;
}

/* Byte by byte: what follows the line is somebody else's. */
static souk_err read_line(int fd, struct secret_text *t, struct err *e)
{
    for (;;) {
        char *c = &t->s[t->n];
        ssize_t got = read(fd, c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(e, SOUK_EINPUT, "a secret could not be read from descriptor %d: %s", fd,
                           strerror(errno));
        if (got == 0 && t->n == 0)
            return err_set(e, SOUK_EINPUT, "descriptor %d ended before a secret came", fd);
        if (got == 0 || *c == '\n')
            break;
        if (*c == '\0')
            return err_set(e, SOUK_EINPUT, "a secret cannot hold a NUL byte");
        if (++t->n == SECRET_TEXT_MAX)
            return err_set(e, SOUK_EINPUT, "a secret is longer than %d bytes", SECRET_TEXT_MAX - 1);
    }
    if (t->n && t->s[t->n - 1] == '\r')
        t->n--;
    t->s[t->n] = '\0';
    if (!is_utf8(t))
        return err_set(e, SOUK_EINPUT, "a secret must be text in UTF-8");
    return SOUK_OK;
}

souk_err secret_read_line(int fd, struct secret_text **out, struct err *e)
{
    souk_err r = secret_text_new(out, e);
    if (!r)
        r = read_line(fd, *out, e);
    if (r) {
        secret_free(*out);
        *out = NULL;
    }
    return r;
}
