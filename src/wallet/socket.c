#include "wallet/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/banned.h"

enum { BACKLOG = 16, PASS_MAX = 4 };

souk_err socket_dir(const char *path, int *fd, struct err *e)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (*fd < 0)
        return err_set(e, errno == ENOENT ? SOUK_ENOTFOUND : SOUK_EFAIL, "cannot open %s: %s", path,
                       strerror(errno));
    if (fstat(*fd, &st) != 0 || st.st_uid != geteuid() || (st.st_mode & 077)) {
        close(*fd);
        *fd = -1;
        return err_set(e, SOUK_EINPUT, "others may enter %s: chmod 700 it", path);
    }
    return SOUK_OK;
}

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static struct sockaddr_un named(int dirfd, const char *name)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/%s", dirfd, name);
    return a;
}

souk_err socket_connect(int dirfd, const char *name, int *fd, struct err *e)
{
    struct sockaddr_un a = named(dirfd, name);
    *fd = new_socket();
    if (*fd >= 0 && connect(*fd, (const struct sockaddr *)&a, sizeof a) == 0)
        return SOUK_OK;
    int why = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    bool nobody = why == ENOENT || why == ECONNREFUSED;
    return err_set(e, nobody ? SOUK_ENOTFOUND : SOUK_EFAIL, "cannot reach the signer of %s: %s",
                   name, strerror(why));
}

souk_err socket_listen(int dirfd, const char *name, int *fd, struct err *e)
{
    int other;
    if (socket_connect(dirfd, name, &other, NULL) == SOUK_OK) {
        close(other);
        *fd = -1;
        return err_set(e, SOUK_EFAIL, "the wallet %s is unlocked already", name);
    }
    struct sockaddr_un a = named(dirfd, name);
    *fd = new_socket();
    int rc = *fd < 0 ? -1 : bind(*fd, (const struct sockaddr *)&a, sizeof a);
    if (rc != 0 && errno == EADDRINUSE && unlinkat(dirfd, name, 0) == 0)
        rc = bind(*fd, (const struct sockaddr *)&a, sizeof a);
    if (rc == 0 && listen(*fd, BACKLOG) == 0)
        return SOUK_OK;
    int why = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    return err_set(e, SOUK_EFAIL, "cannot listen for %s: %s", name, strerror(why));
}

bool socket_peer_is_us(int fd)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.uid == geteuid();
}

union control {
    struct cmsghdr align;
    char b[CMSG_SPACE(PASS_MAX * sizeof(int))];
};

static void keep(int fd, int *passed)
{
    if (!passed) {
        close(fd);
        return;
    }
    if (*passed >= 0)
        close(*passed);
    *passed = fd;
}

ssize_t socket_recv(int fd, void *p, size_t n, int *passed, int flags)
{
    union control c;
    struct iovec io = {.iov_base = p, .iov_len = n};
    struct msghdr m = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = c.b, .msg_controllen = sizeof c.b};
    ssize_t got = recvmsg(fd, &m, flags | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return got;
    for (struct cmsghdr *h = CMSG_FIRSTHDR(&m); h; h = CMSG_NXTHDR(&m, h)) {
        if (h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS)
            continue;
        size_t fds = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < fds; i++) {
            int one;
            memcpy(&one, CMSG_DATA(h) + i * sizeof one, sizeof one);
            keep(one, passed);
        }
    }
    return got;
}

bool socket_send(int fd, const void *p, size_t n, int pass)
{
    union control c = {0};
    const char *at = p;
    while (n) {
        struct iovec io = {.iov_base = (void *)(uintptr_t)at, .iov_len = n};
        struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1};
        if (pass >= 0) {
            m.msg_control = c.b;
            m.msg_controllen = CMSG_SPACE(sizeof pass);
            struct cmsghdr *h = CMSG_FIRSTHDR(&m);
            h->cmsg_level = SOL_SOCKET;
            h->cmsg_type = SCM_RIGHTS;
            h->cmsg_len = CMSG_LEN(sizeof pass);
            memcpy(CMSG_DATA(h), &pass, sizeof pass);
        }
        ssize_t k = sendmsg(fd, &m, MSG_NOSIGNAL);
        if (k < 0 && errno == EINTR)
            continue;
        if (k <= 0)
            return false;
        at += k;
        n -= (size_t)k;
        pass = -1; /* it went with the first piece */
    }
    return true;
}
