#include "signer/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <termios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/banned.h"

enum { DESCRIPTORS = 64 };

static const int calls[] = {
    /* what is open is read and written */
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(readv),
    SCMP_SYS(writev),
    SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),
    SCMP_SYS(lseek),
    SCMP_SYS(fdatasync),
    SCMP_SYS(fsync),
    SCMP_SYS(ftruncate),
    SCMP_SYS(close),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(flock),
    /* clients of the socket that listens */
    SCMP_SYS(accept4),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(getsockopt),
    SCMP_SYS(shutdown),
    /* time, signals, randomness */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(getrandom),
    SCMP_SYS(restart_syscall),
    /* memory: Argon2, secrets */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(mlock),
    SCMP_SYS(munlock),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    /* itself */
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(geteuid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

/* What a question at a terminal needs; not TIOCSTI, which types for the user. */
static const unsigned terminal[] = {TCGETS, TCSETS, TCFLSH};

static int rules(scmp_filter_ctx f, int socket_dir)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof calls / sizeof *calls; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
    for (size_t i = 0; rc == 0 && i < sizeof terminal / sizeof *terminal; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_EQ, terminal[i], 0));
    /* No new code: memory is never made executable. */
    static const int maps[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    for (size_t i = 0; rc == 0 && i < 2; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, maps[i], 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(unlinkat), 2,
                              SCMP_A0(SCMP_CMP_EQ, (unsigned)socket_dir, 0),
                              SCMP_A2(SCMP_CMP_EQ, 0, 0));
    if (rc == 0) /* abort() */
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                              SCMP_A0(SCMP_CMP_EQ, (unsigned)getpid(), 0));
    return rc ? rc : seccomp_load(f);
}

souk_err sandbox_enter(int socket_dir, struct err *e)
{
    const struct rlimit none = {0, 0}, few = {DESCRIPTORS, DESCRIPTORS};
    if (setrlimit(RLIMIT_CORE, &none) != 0 || setrlimit(RLIMIT_NOFILE, &few) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_set(e, SOUK_EFAIL, "the signer cannot shut itself in: %s", strerror(errno));
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = f ? rules(f, socket_dir) : -ENOMEM;
    seccomp_release(f);
    return rc ? err_set(e, SOUK_EFAIL, "the signer cannot shut itself in (seccomp): %s",
                        strerror(-rc))
              : SOUK_OK;
}
