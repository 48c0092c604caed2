#include "cli/devnet_internal.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/banned.h"

const char *const port_name[PORTS] = {
    [PORT_PAYMENT] = "payment chain",
    [PORT_INFERENCE] = "inference chain",
    [PORT_HUB] = "Hub",
    [PORT_WALRUS] = "Walrus",
    [PORT_SELLER] = "seller",
    [PORT_FACILITATOR] = "facilitator",
    [PORT_GATEWAY] = "gateway",
};

enum { PLACES = 100, PLACE_STEP = 10 };

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool port_free(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    int one = 1; /* as the servers do: connections of the last run in TIME_WAIT are no obstacle */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in a = loopback(port);
    bool ok = bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 1) == 0;
    close(fd);
    return ok;
}

bool port_answers(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct sockaddr_in a = loopback(port);
    bool ok = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    close(fd);
    return ok;
}

/* Abstract names live in the network namespace, as ports do, and end with their holder. */
static int claim(int port)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int n = snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "souk-devnet-port-%d", port);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (bind(fd, (struct sockaddr *)&a, size) != 0 || !port_free(port))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

void ports_release(struct devnet *d)
{
    for (int i = 0; i < PORTS; i++) {
        if (d->claim[i] >= 0)
            close(d->claim[i]);
        d->claim[i] = -1;
    }
}

/* Claims all from `first` on; the index of the one that is taken (none is claimed then), or -1. */
static int claim_all(struct devnet *d, int first)
{
    for (int i = 0; i < PORTS; i++) {
        d->claim[i] = claim(first + i);
        if (d->claim[i] < 0) {
            ports_release(d);
            return i;
        }
    }
    d->port = first;
    return -1;
}

/*
 * Listings name the seller's address, so a world belongs to its ports: "any free" tries fixed
 * places in turn, and the usual one finds the usual world in the cache.
 */
souk_err ports_choose(struct devnet *d, struct err *e)
{
    int first = d->o->port ? d->o->port : devnet_defaults.port;
    int taken = claim_all(d, first);
    for (int i = 1; d->o->port == 0 && taken >= 0 && i < PLACES; i++) {
        first = devnet_defaults.port + i * PLACE_STEP;
        taken = claim_all(d, first);
    }
    if (taken < 0)
        return SOUK_OK;
    return err_set(e, SOUK_EFAIL,
                   "port %d (the devnet's %s) is in use: stop what uses it, or choose other ports "
                   "with --port N (0: any that are free)",
                   first + taken, port_name[taken]);
}

/* The inode of the socket that listens on 127.0.0.1:port, or 0. */
static unsigned long listener_inode(int port)
{
    char line[256], want[16], local[32];
    unsigned long inode = 0, found = 0;
    unsigned st;
    snprintf(want, sizeof want, "%08X:%04X", (unsigned)htonl(INADDR_LOOPBACK), (unsigned)port);
    FILE *f = fopen("/proc/net/tcp", "re");
    while (f && !found && fgets(line, sizeof line, f))
        if (sscanf(line, " %*d: %31s %*s %x %*s %*s %*s %*s %*s %lu", local, &st, &inode) == 3 &&
            st == 0x0A && strcmp(local, want) == 0)
            found = inode;
    if (f)
        fclose(f);
    return found;
}

bool port_is_of(int port, pid_t pid)
{
    unsigned long inode = listener_inode(port);
    if (!inode)
        return false;
    char want[48], dir[48];
    snprintf(want, sizeof want, "socket:[%lu]", inode);
    snprintf(dir, sizeof dir, "/proc/%ld/fd", (long)pid);
    DIR *d = opendir(dir);
    bool found = false;
    for (struct dirent *f; d && !found && (f = readdir(d));) {
        char link[64];
        ssize_t n = readlinkat(dirfd(d), f->d_name, link, sizeof link - 1);
        link[n > 0 ? n : 0] = '\0';
        found = strcmp(link, want) == 0;
    }
    if (d)
        closedir(d);
    return found;
}
