#include "runner/jail_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/banned.h"

static const int allowed[] = {
    /* memory */
    SCMP_SYS(brk),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    /* threads */
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    /* time, signals, randomness */
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getrandom),
    SCMP_SYS(close),
};

/* No model needs these; one that tries has taken the engine over. */
static const int hostile[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(socket),
    SCMP_SYS(socketpair),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kill),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(bpf),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(mount),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(pidfd_getfd),
};

/* To read the weights that lie beside a model; which files, is landlock's to say. */
static const int reading[] = {
    SCMP_SYS(read),       SCMP_SYS(pread64),   SCMP_SYS(lseek),    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat), SCMP_SYS(statx),     SCMP_SYS(stat),     SCMP_SYS(lstat),
    SCMP_SYS(access),     SCMP_SYS(faccessat), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
    SCMP_SYS(getcwd),
};

static int add_all(scmp_filter_ctx f, uint32_t action, const int *calls, size_t n)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++)
        rc = seccomp_rule_add(f, action, calls[i], 0);
    return rc;
}
#define ADD_ALL(f, action, list) add_all(f, action, list, sizeof(list) / sizeof *(list))

static int writes(scmp_filter_ctx f, const struct jail *j)
{
    const int to[] = {STDOUT_FILENO, STDERR_FILENO, j->answer};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof to / sizeof *to; i++) {
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                              SCMP_A0(SCMP_CMP_EQ, (unsigned)to[i], 0));
        if (rc == 0)
            rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(writev), 1,
                                  SCMP_A0(SCMP_CMP_EQ, (unsigned)to[i], 0));
    }
    return rc;
}

static int rules(scmp_filter_ctx f, const struct jail *j)
{
    int rc = ADD_ALL(f, SCMP_ACT_ALLOW, allowed);
    if (rc == 0)
        rc = ADD_ALL(f, SCMP_ACT_KILL_PROCESS, hostile);
    if (rc == 0)
        rc = writes(f, j);
    if (rc == 0 && j->folder < 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(pread64), 1,
                              SCMP_A0(SCMP_CMP_EQ, (unsigned)j->status, 0));
    /* No new code: memory is never made executable. */
    static const int maps[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    for (size_t i = 0; rc == 0 && i < 2; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, maps[i], 1,
                              SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (rc == 0) /* abort() */
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                              SCMP_A0(SCMP_CMP_EQ, (unsigned)getpid(), 0));
    if (rc == 0 && j->threads) {
        /* clone3 hides its flags behind a pointer; without it glibc asks clone. */
        rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
        if (rc == 0)
            rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    }
    if (rc == 0 && j->folder >= 0) {
        rc = ADD_ALL(f, SCMP_ACT_ALLOW, reading);
        if (rc == 0)
            rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT, O_RDONLY));
    }
    return rc ? rc : seccomp_load(f);
}

int jail_calls(const struct jail *j)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = f ? rules(f, j) : -ENOMEM;
    seccomp_release(f);
    return rc;
}
