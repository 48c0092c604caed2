#include "runner/jail.h"

#include <errno.h>
#include <linux/landlock.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner/jail_calls.h"
#include "runner/last_words.h"
#include "runner/runner.h"

#include "base/banned.h"

#if defined(__SANITIZE_ADDRESS__)
#define ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASAN 1
#endif
#endif
#ifndef ASAN
#define ASAN 0
#endif

enum { FOLDER_DESCRIPTORS = 64, STACK = 1 << 20, LEAST = 8 << 20 };

/* Of newer kernels than the headers of Debian 12 know. */
struct ruleset {
    uint64_t fs, net, scoped;
};
#define FS_ABI1    ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
#define FS_REFER   (1ULL << 13)
#define FS_TRUNC   (1ULL << 14)
#define FS_IOCTL   (1ULL << 15)
#define NET_TCP    3ULL /* bind, connect */
#define SCOPE_BOTH 3ULL /* abstract sockets, signals */

static souk_err failed(struct err *e, const char *what)
{
    return err_set(e, SOUK_EFAIL, "souk-runner cannot shut itself in (%s): %s", what,
                   strerror(errno));
}

souk_err jail_prepare(int64_t parent, struct err *e)
{
    const struct rlimit none = {0, 0};
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return failed(e, "parent");
    if (getppid() != (pid_t)parent) /* it died before */
        return err_set(e, SOUK_ECANCEL, "souk is gone");
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
        return failed(e, "core");
    return SOUK_OK;
}

static bool limit(int what, uint64_t soft, uint64_t hard)
{
    struct rlimit old, now = {soft, hard};
    if (getrlimit((__rlimit_resource_t)what, &old) != 0)
        return false;
    if (now.rlim_max > old.rlim_max)
        now.rlim_max = old.rlim_max;
    if (now.rlim_cur > now.rlim_max)
        now.rlim_cur = now.rlim_max;
    return setrlimit((__rlimit_resource_t)what, &now) == 0;
}

static souk_err set_limits(const struct jail *j, struct err *e)
{
    unsigned files = j->folder < 0 ? 0 : FOLDER_DESCRIPTORS;
    if (!limit(RLIMIT_FSIZE, 0, 0) || !limit(RLIMIT_NOFILE, files, files) ||
        !limit(RLIMIT_MEMLOCK, 0, 0) || !limit(RLIMIT_MSGQUEUE, 0, 0) ||
        !limit(RLIMIT_CPU, j->seconds, j->seconds + 1ULL) ||
        (!j->threads && !limit(RLIMIT_NPROC, 0, 0)) ||
        (!ASAN && !limit(RLIMIT_AS, j->memory, j->memory)))
        return failed(e, "rlimit");
    return SOUK_OK;
}

static souk_err enter_landlock(int folder, struct err *e)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1) {
        if (folder < 0)
            return SOUK_OK; /* seccomp does it */
        return err_set(e, SOUK_EFAIL,
                       "this kernel has no Landlock, without which a model with weights in other "
                       "files cannot be shut in");
    }
    struct ruleset r = {.fs = FS_ABI1};
    r.fs |= (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNC : 0) | (abi >= 5 ? FS_IOCTL : 0);
    r.net = abi >= 4 ? NET_TCP : 0;
    r.scoped = abi >= 6 ? SCOPE_BOTH : 0;
    size_t size = abi >= 6 ? sizeof r : abi >= 4 ? 2 * sizeof r.fs : sizeof r.fs;
    int rules = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
    if (rules < 0)
        return failed(e, "landlock");
    struct landlock_path_beneath_attr below = {.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE |
                                                                 LANDLOCK_ACCESS_FS_READ_DIR,
                                               .parent_fd = folder};
    long rc = folder < 0
                  ? 0
                  : syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
    if (rc == 0)
        rc = syscall(SYS_landlock_restrict_self, rules, 0);
    souk_err out = rc == 0 ? SOUK_OK : failed(e, "landlock");
    close(rules);
    return out;
}

/* The stack as large as it will be needed: once memory is short it cannot grow, and a fault is what
 * comes of that. */
__attribute__((noinline)) static void grow_stack(void)
{
    volatile char deep[STACK];
    deep[0] = 0;
    (void)deep[0];
}

/* Less than what the engine has taken already would end in faults that explain nothing. */
static souk_err check_memory(uint64_t given, int status, struct err *e)
{
    uint64_t needed = (status_bytes(status, "VmSize:") + LEAST) >> 20;
    if (given >> 20 >= needed || ASAN)
        return SOUK_OK;
    return err_set(
        e, SOUK_ELIMIT,
        "the engine and this model need at least %llu MiB of memory, and were given %llu "
        "(--memory raises it)",
        (unsigned long long)needed, (unsigned long long)(given >> 20));
}

souk_err jail_enter(const struct jail *j, struct err *e)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return failed(e, "privileges");
    grow_stack();
    souk_err r = check_memory(j->memory, j->status, e);
    if (!r)
        r = enter_landlock(j->folder, e);
    if (!r)
        r = set_limits(j, e);
    if (r)
        return r;
    if (!ASAN)
        last_words(j->memory, j->answer, j->status);
    int rc = jail_calls(j);
    if (rc == -ENOMEM)
        return err_nomem(e);
    return rc ? err_set(e, SOUK_EFAIL, "souk-runner cannot shut itself in (seccomp): %s",
                        strerror(-rc))
              : SOUK_OK;
}
