#include "signer/witness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#include "base/banned.h"

extern char **environ;

void witness_start(struct witness *w, const char *souk, const char *network, const char *data)
{
    *w = (struct witness){.fd = -1};
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return;
    const char *argv[] = {souk, "witness", "--network", network, data ? "--data" : NULL,
                          data, NULL};
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t at;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&fa);
    posix_spawnattr_init(&at);
    posix_spawn_file_actions_adddup2(&fa, pair[1], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&fa, pair[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&fa, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_setsigmask(&at, &none);
    posix_spawnattr_setflags(&at, POSIX_SPAWN_SETSIGMASK);
    pid_t pid;
    if (posix_spawn(&pid, souk, &fa, &at, (char *const *)argv, environ) == 0)
        w->fd = pair[0];
    else
        close(pair[0]);
    close(pair[1]);
    posix_spawn_file_actions_destroy(&fa);
    posix_spawnattr_destroy(&at);
}

void witness_end(struct witness *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

souk_err witness_ask(struct witness *w, const struct entry *en, struct err *e)
{
    const struct typed *t = &en->typed;
    char token[ADDRESS_BUF], from[ADDRESS_BUF], to[ADDRESS_BUF], facilitator[ADDRESS_BUF];
    char amount[U256_DEC], nonce[HASH_BUF], line[WITNESS_LINE];
    int n = snprintf(line, sizeof line, "%llu %d %llu %s %s %s %s %s %llu %lld %s\n",
                     (unsigned long long)++w->id, (int)t->kind, (unsigned long long)t->chain,
                     address_format(t->token, token), address_format(t->from, from),
                     address_format(t->to, to), u256_to_dec(t->amount, amount),
                     bytes32_format(t->nonce, nonce), (unsigned long long)t->valid_before,
                     (long long)en->at, address_format(t->facilitator, facilitator));
    if (n < 0 || n >= (int)sizeof line)
        BUG("a question to the witness is longer than %d bytes", WITNESS_LINE);
    if (w->fd < 0 || send(w->fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) != n) {
        witness_end(w);
        return err_set(e, SOUK_ENET,
                       "the signer's witness has gone, so the chain cannot be asked: "
                       "lock the wallet and unlock it again");
    }
    w->asked = true;
    w->call = en->call;
    w->until = clock_mono_ms() + WITNESS_WAIT_MS;
    return SOUK_OK;
}

/* The next word of *s, of at most room - 1 bytes. */
static bool word(const char **s, char *out, size_t room)
{
    size_t n = strcspn(*s, " ");
    if (n == 0 || n >= room)
        return false;
    memcpy(out, *s, n);
    out[n] = '\0';
    *s += n;
    *s += **s == ' ';
    return true;
}

bool testimony_parse(const char *line, uint64_t id, struct testimony *out)
{
    static const struct {
        const char *word;
        enum entry_state state;
    } fates[] = {{"open", ENTRY_OPEN},
                 {"settled", ENTRY_SETTLED},
                 {"lapsed", ENTRY_LAPSED},
                 {"cancelled", ENTRY_CANCELLED}};
    char own[24], said[24], fate[16], charged[U256_DEC], tx[HASH_BUF];
    snprintf(own, sizeof own, "%llu", (unsigned long long)id);
    if (!word(&line, said, sizeof said) || strcmp(said, own) != 0 ||
        !word(&line, fate, sizeof fate) || !word(&line, charged, sizeof charged) ||
        !word(&line, tx, sizeof tx) || *line)
        return false;
    *out = (struct testimony){0};
    size_t i = 0, n = sizeof fates / sizeof *fates;
    while (i < n && strcmp(fates[i].word, fate) != 0)
        i++;
    if (i == n || !u256_from_dec(charged, strlen(charged), &out->charged) ||
        !bytes32_parse(tx, strlen(tx), &out->tx))
        return false;
    out->state = fates[i].state;
    return true;
}

/* Takes one line out of what came; false: none is whole. */
static bool next_line(struct witness *w, char line[WITNESS_LINE])
{
    char *end = memchr(w->line, '\n', w->n);
    if (!end)
        return false;
    size_t n = (size_t)(end - w->line);
    memcpy(line, w->line, n);
    line[n] = '\0';
    memmove(w->line, end + 1, w->n - n - 1);
    w->n -= n + 1;
    return true;
}

bool witness_hear(struct witness *w, struct testimony *out, struct err *e)
{
    *e = (struct err){0};
    ssize_t k = w->fd < 0 ? 0 : recv(w->fd, w->line + w->n, sizeof w->line - w->n, MSG_DONTWAIT);
    bool quiet = k < 0 && (errno == EAGAIN || errno == EINTR);
    w->n += k > 0 ? (size_t)k : 0;
    char line[WITNESS_LINE];
    while (next_line(w, line)) {
        if (w->asked && testimony_parse(line, w->id, out)) {
            w->asked = false;
            return true;
        }
    }
    if ((k <= 0 && !quiet) || w->n == sizeof w->line)
        witness_end(w); /* gone, or talking without an end */
    bool late = clock_mono_ms() >= w->until;
    if (!w->asked || (w->fd >= 0 && !late))
        return false;
    w->asked = false;
    err_set(e, SOUK_ENET,
            late ? "the chain did not say in time what became of this payment"
                 : "the signer's witness has gone, so the chain cannot be asked");
    return true;
}
