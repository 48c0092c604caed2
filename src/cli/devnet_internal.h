/*
 * devnet_internal.h: what the devnet's files share.
 *
 *   devnet.c        up, down, status, reset; the locks
 *   devnet_world.c  finding Node.js and the packages; making and keeping worlds
 *   devnet_run.c    the supervisor and its children
 *   devnet_status.c the status document
 *   devnet_ports.c  seven ports in a row, and who listens on them
 *   devnet_proc.c   programs: arguments, starting one, running one to its end
 *
 * In the state directory, `devnet/` holds
 *   turn         flock: one souk at a time starts, stops or resets
 *   lock         fcntl lock of the supervisor, so the kernel tells its pid; gone with it
 *   alive        flock of the supervisor and, by inheritance, of every child: free means all gone
 *   status.json  while it runs: the document `souk devnet status --json` prints
 *   log          what the children said since the last start
 */
#ifndef SOUK_CLI_DEVNET_INTERNAL_H
#define SOUK_CLI_DEVNET_INTERNAL_H

#include <sys/types.h>

#include "base/paths.h"
#include "cli/devnet.h"
#include "base/json.h"

enum devnet_port {
    PORT_PAYMENT,
    PORT_INFERENCE,
    PORT_HUB,
    PORT_WALRUS,
    PORT_SELLER,
    PORT_FACILITATOR,
    PORT_GATEWAY,
    PORTS,
};

/* STATUS_CAP bounds the status document and the world's own description. */
enum { STATUS_CAP = 64 << 10, GONE_MS = 10000 };

/* What one start works with; all paths are absolute. */
struct devnet {
    const struct devnet_options *o;
    int64_t end;            /* of the history, settled once for all programs */
    int signals;            /* signalfd: the user wants us to stop; -1: nobody asks */
    int port;               /* the payment chain's; the others follow */
    int claim[PORTS];       /* see ports_choose */
    char scripts[PATH_BUF]; /* assets/devnet */
    char anvil[PATH_BUF + 64];
    char world[PATH_BUF]; /* the generated world's directory */
    char state[PATH_BUF]; /* see above */
};

/* --- devnet_proc.c */

enum { ARGS_MOST = 48, NOTE_MAX = 256 };

struct args {
    char *v[ARGS_MOST + 1];
    int n;
    char text[ARGS_MOST][PATH_BUF + 64];
};

void args_add(struct args *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

struct proc_io {
    int in, out, err; /* -1: /dev/null */
    int keep;         /* one more descriptor the program inherits; -1: none */
    int at_our_death; /* the signal it then gets */
};

/* Starts a program with these descriptors and no other; -1 with errno. It exits with 127 when it
 * could not be executed. */
pid_t proc_start(struct args *a, const struct proc_io *io);

/*
 * Runs a program to its end. out: what it printed; line(ud, words) is called for each line of its
 * stderr. *code: its exit status, -1 when a signal ended it. When signals (or -1) becomes
 * readable the program is asked to stop and then made to: SOUK_ECANCEL once it is gone.
 */
souk_err proc_run(struct args *a, int signals, struct buf *out,
                  void (*line)(void *ud, const char *words), void *ud, int *code, struct err *e);

/* Whether the user asked us to stop, by d->signals (or -1), within this time; asked once each. */
bool stop_wanted(int signals, int wait_ms);

/* Of the lines a program says while failing, keeps the one to show: the last that is neither
 * blank nor part of a stack trace. */
void note_words(char note[NOTE_MAX], const char *line);

/* The whole file, up to b's cap. */
souk_err devnet_file_read(const char *path, struct buf *b, struct err *e);

/* --- devnet_ports.c */

extern const char *const port_name[PORTS];

/*
 * Sets d->port. Each port is found free and claimed among souks by the name of an abstract socket,
 * so that two starts never meet on one; d->claim must stay open while the devnet lives.
 */
souk_err ports_choose(struct devnet *d, struct err *e);
void ports_release(struct devnet *d);
bool port_answers(int port);
/* Whether it is this process that listens there, and not a stranger. */
bool port_is_of(int port, pid_t pid);

/* --- devnet_world.c */

souk_err world_parts(struct devnet *d, struct err *e); /* d->scripts, d->anvil */
/* Sets d->world to a whole world of these parameters, which is made when the cache has none. */
souk_err world_ensure(struct devnet *d, struct err *e);
souk_err world_forget_all(struct err *e);
/* Of a path that exists; in place. */
souk_err path_make_absolute(char path[PATH_BUF], struct err *e);

/* --- devnet_status.c */

/* Writes the calling supervisor's status.json, whole or not at all; world: its contracts.json. */
souk_err status_write(const struct devnet *d, const json *world, struct err *e);
void status_remove(const struct devnet *d);

/* --- devnet_run.c */

/* Starts the supervisor; when this returns all servers answer, or none of its processes is left. */
souk_err run_launch(struct devnet *d, struct err *e);

/* --- devnet.c */

/* Opens a file of the state directory, making it; -1 with a message. */
int state_open(const char *state, const char *leaf, int flags, struct err *e);
/* Waits until no process of the devnet is left; false when some are after GONE_MS. */
bool state_wait_gone(const char *state);

#endif
