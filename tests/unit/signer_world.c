#include "signer_world.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/paths.h"
#include "tree.h"
#include "wallet/key.h"
#include "wallet/socket.h"

#include "base/banned.h"

static void run(const char *const *argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (status != 0)
        fail_msg("%s failed", argv[0]);
}

static void put_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
}

/* Where a program beside this one would be: there the launcher looks for souk-signer. */
static void beside(char out[PATH_BUF])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_BUF - 32);
    assert_true(n > 0);
    out[n] = '\0';
    snprintf(strrchr(out, '/'), 32, "/souk-signer");
}

/* The program as it was built: above build/san/tests/unit, or above build/tests/unit. */
static void built(char out[PATH_BUF])
{
    static const char *const up[] = {"../../souk-signer", "../../../souk-signer"};
    char dir[PATH_BUF];
    beside(dir);
    *strrchr(dir, '/') = '\0';
    for (size_t i = 0; i < 2; i++) {
        if (snprintf(out, PATH_BUF, "%s/%s", dir, up[i]) < PATH_BUF && access(out, X_OK) == 0)
            return;
    }
    fail_msg("souk-signer is not built");
}

static void make_programs(const struct signer_world *w)
{
    char from[PATH_BUF], to[PATH_BUF], link[PATH_BUF];
    built(from);
    snprintf(to, sizeof to, "%s/bin", w->dir);
    assert_int_equal(mkdir(to, 0755), 0);
    snprintf(to, sizeof to, "%s/bin/souk-signer", w->dir);
    run((const char *const[]){"cp", "-L", from, to, NULL});
    beside(link);
    unlink(link);
    assert_int_equal(symlink(to, link), 0);
    snprintf(to, sizeof to, "%s/bin/souk", w->dir);
    put_file(to,
             "#!/bin/sh\n"
             "dir=$(dirname \"$0\")/..\n"
             "while read -r id rest; do\n"
             "  echo \"$rest\" >>\"$dir/questions\"\n"
             "  echo \"$id $(cat \"$dir/answer\")\"\n"
             "done\n",
             0755);
}

static void make_wallet(const struct signer_world *w)
{
    char dir[PATH_BUF];
    struct err e;
    struct wallet_card card;
    struct wallet_secret *s = secret_alloc(sizeof *s);
    struct secret_text *password = secret_alloc(sizeof *password);
    assert_true(s && password);
    s->kind = WALLET_KEY;
    memcpy(s->key, w->d.key, sizeof s->key);
    password->n = strlen(WORLD_PASSWORD);
    memcpy(password->s, WORLD_PASSWORD, password->n);
    if (signer_dir(dir, &e) || keyfile_create(dir, "w", s, 1, password, KDF_PLAY, &card, &e))
        fail_msg("%s", e.msg);
    assert_true(address_eq(card.account[0], w->d.payer));
    secret_free(s);
    secret_free(password);
}

void signer_world_make(struct signer_world *w)
{
    struct err e;
    *w = (struct signer_world){0};
    if (secret_start(&e) || key_start(&e))
        fail_msg("%s", e.msg);
    decisions_load(&w->d);
    snprintf(w->dir, sizeof w->dir, "/tmp/souk-signer-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    paths_override(w->dir);
    make_programs(w);
    make_wallet(w);
    world_answer(w, "open 0 0x0000000000000000000000000000000000000000000000000000000000000000");
}

void signer_world_give(struct signer_world *w, uid_t uid, gid_t gid)
{
    char owner[64];
    snprintf(owner, sizeof owner, "%u:%u", (unsigned)uid, (unsigned)gid);
    if (geteuid() == 0)
        run((const char *const[]){"chown", "-R", owner, w->dir, NULL});
}

void signer_world_remove(struct signer_world *w)
{
    char link[PATH_BUF];
    world_lock(w);
    beside(link);
    unlink(link);
    assert_int_equal(tree_remove(w->dir), 0);
    paths_override(NULL);
}

signer_gate world_gate(const char *password)
{
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    assert_int_equal(write(p[1], password, strlen(password)), strlen(password));
    assert_int_equal(write(p[1], "\n", 1), 1);
    close(p[1]);
    return p[0];
}

int world_connect(void)
{
    char path[PATH_BUF];
    int dir = -1, fd = -1;
    struct err e;
    if (paths_get(PATH_STATE, "signer", path, &e) || socket_dir(path, &dir, &e) ||
        socket_connect(dir, "w", &fd, &e))
        fail_msg("%s", e.msg);
    close(dir);
    return fd;
}

/* Which process listens: asked of the kernel on a connection of our own. */
static pid_t signer_pid(void)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    int fd = world_connect();
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n), 0);
    close(fd);
    return peer.pid;
}

souk_err world_unlock_at(struct signer_world *w, int64_t clock, int lock_after, struct err *e)
{
    char dir[PATH_BUF], sockets[PATH_BUF], at[32], after[16], fd[16];
    world_lock(w);
    signer_gate g = world_gate(WORLD_PASSWORD);
    souk_err rc = signer_dir(dir, e);
    if (!rc)
        rc = paths_get(PATH_STATE, "signer/.", sockets, e);
    if (!rc)
        rc = paths_get(PATH_STATE, "signer", sockets, e);
    snprintf(at, sizeof at, "%lld", (long long)clock);
    snprintf(after, sizeof after, "%d", lock_after ? lock_after : SIGNER_LOCK_AFTER);
    snprintf(fd, sizeof fd, "%d", g);
    const char *const argv[] = {"serve",        "w",         "--dir",         dir,       "--socket",
                                sockets,        "--network", "devnet",        "--clock", at,
                                "--lock-after", after,       "--password-fd", fd,        NULL};
    const int keep[] = {g, -1};
    if (!rc)
        rc = signer_run(argv, keep, e);
    close(g);
    if (!rc)
        rc = signer_connect("w", &w->s, e);
    w->pid = rc ? 0 : signer_pid();
    return rc;
}

void world_unlock(struct signer_world *w, int64_t clock)
{
    struct err e = {0};
    if (world_unlock_at(w, clock, 0, &e))
        fail_msg("%s", e.msg);
}

void world_wait_closed(int fd)
{
    char c;
    while (recv(fd, &c, 1, 0) > 0) {
    }
}

/* Ended, or waiting to be reaped by whoever adopted it: its memory is gone then too. */
static bool has_ended(pid_t pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *name_end = strrchr(text, ')');
    return !name_end || name_end[2] == 'Z' || name_end[2] == 'X';
}

/* The socket closes a little before its process has ended. */
static void wait_gone(pid_t pid)
{
    for (int i = 0; i < 5000 && !has_ended(pid); i++)
        usleep(1000);
    assert_true(has_ended(pid));
}

void world_lock(struct signer_world *w)
{
    if (!w->s)
        return;
    signer_lock(w->s, NULL);
    signer_close(w->s);
    w->s = NULL;
    wait_gone(w->pid);
}

void world_set_limits(struct signer_world *w)
{
    for (size_t i = 0; i < w->d.n_limits; i++) {
        struct err e = {0};
        signer_gate g = world_gate(WORLD_PASSWORD);
        if (signer_set_limits(w->s, &w->d.limits[i], g, &e))
            fail_msg("%s", e.msg);
        close(g);
    }
}

void world_answer(struct signer_world *w, const char *line)
{
    char path[PATH_BUF];
    snprintf(path, sizeof path, "%s/answer", w->dir);
    put_file(path, line, 0600);
}

bytes32 world_call(unsigned n)
{
    bytes32 h = {{0xCA}};
    memcpy(h.b + 1, &n, sizeof n);
    return h;
}

struct signer_payment world_payment(const struct signer_world *w, unsigned call)
{
    struct signer_payment p = {
        .call = world_call(call), .quoted = NO_CAP, .subject = "m/x", .author = "m", .gate = -1};
    for (size_t i = 0; i < w->d.n_limits; i++) {
        const struct asset *a = &w->d.limits[i].asset;
        if (a->chain != 8453 || !(a->can & ASSET_EIP3009))
            continue;
        p.typed = (struct typed){.kind = TYPED_EIP3009,
                                 .chain = a->chain,
                                 .token = a->token,
                                 .from = w->d.payer,
                                 .to = w->d.pinned,
                                 .amount = u256_from_u64(10000),
                                 .valid_before = (uint64_t)w->d.now + 300};
        memcpy(p.typed.name, a->name, sizeof p.typed.name);
        memcpy(p.typed.version, a->version, sizeof p.typed.version);
        p.typed.nonce = p.call;
    }
    return p;
}
