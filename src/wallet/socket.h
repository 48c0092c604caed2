/*
 * socket.h: the Unix socket between signer and clients, at both ends.
 *
 * Named NAME in a directory that only its owner may enter; reached through the
 * directory's descriptor, so that a long path does not matter. Both ends
 * ask the kernel who the other is. A descriptor (the gate) may travel along.
 */
#ifndef SOUK_WALLET_SOCKET_H
#define SOUK_WALLET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* The directory, which must be ours alone. */
souk_err socket_dir(const char *path, int *fd, struct err *e);
/* Replaces the socket of one that is dead; SOUK_EFAIL when one is alive. */
souk_err socket_listen(int dirfd, const char *name, int *fd, struct err *e);
/* SOUK_ENOTFOUND: nobody listens. */
souk_err socket_connect(int dirfd, const char *name, int *fd, struct err *e);
/* The other end runs for the same user. */
bool socket_peer_is_us(int fd);

/* At most n bytes, as recv(2) says it; a descriptor that came along replaces *passed (which is
 * closed), and is closed on exec. passed NULL: what comes is closed. */
ssize_t socket_recv(int fd, void *p, size_t n, int *passed, int flags);
/* All of it; pass: a descriptor to go along, -1: none. False: the other end is gone. */
bool socket_send(int fd, const void *p, size_t n, int pass);

#endif
