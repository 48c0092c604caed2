#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "market/purse/internal.h"

#include "base/banned.h"

enum { STATE_MEMORY = 16 << 20 };

static souk_err take_signer(struct purse *p, struct purse_state *out, struct err *e)
{
    struct signer *s = NULL;
    struct signer_state now;
    souk_err c = signer_connect(p->card.name, &s, e);
    if (c == SOUK_OK)
        c = signer_state(s, &now, e);
    signer_close(s);
    if (c != SOUK_OK)
        return c;
    out->unlocked = out->verified = true;
    out->card = now.card;
    out->killed = now.killed;
    out->memory_locked = now.memory_locked;
    out->locks_at = now.locks_at;
    return SOUK_OK;
}

static souk_err take_ledger(struct ledger *l, struct purse_state *out, struct err *e)
{
    size_t limits, entries;
    int64_t now = ledger_now(l, clock_now());
    const struct limits *limit = ledger_limits(l, &limits);
    const struct entry *entry = ledger_entries(l, &entries);
    if (!out->unlocked)
        out->killed = ledger_killed(l);
    for (size_t i = 0; i < limits && out->limits < sizeof out->limit / sizeof out->limit[0]; i++) {
        const struct asset *a = &limit[i].asset;
        out->limit[out->limits++] =
            (struct limit_row){limit[i], ledger_spent(l, a->chain, a->token, "", "", now)};
    }
    for (size_t i = 0; i < entries; i++)
        out->n_open += entry[i].state == ENTRY_OPEN;
    out->open = arena_alloc(&out->arena, (out->n_open + 1) * sizeof *out->open);
    if (out->open == NULL)
        return err_nomem(e);
    for (size_t i = entries, k = 0; i-- > 0;) { /* newest first */
        if (entry[i].state == ENTRY_OPEN)
            out->open[k++] = entry[i];
    }
    return SOUK_OK;
}

souk_err purse_state_load(struct purse *p, struct purse_state *out, struct err *e)
{
    struct ledger *l = NULL;
    struct err locked = {0};
    char dir[PATH_BUF];
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, STATE_MEMORY);
    out->card = p->card;
    souk_err c = take_signer(p, out, &locked);
    if (c != SOUK_OK && c != SOUK_ENOTFOUND) {
        if (e != NULL)
            *e = locked;
        return c;
    }
    c = signer_dir(dir, e);
    if (c != SOUK_OK)
        return c;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, SOUK_EFAIL, "%s: %s", dir, strerror(errno));
    c = ledger_peek(fd, p->card.name, &l, e);
    close(fd);
    if (c == SOUK_OK)
        c = take_ledger(l, out, e);
    ledger_close(l);
    return c;
}

void purse_state_release(struct purse_state *s)
{
    arena_release(&s->arena);
    s->open = NULL;
    s->n_open = 0;
}
