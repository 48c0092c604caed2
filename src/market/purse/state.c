#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "market/purse/internal.h"

#include "base/banned.h"

enum { STATE_MEMORY = 16 << 20 };

enum { LIMITS = CONFIG_TOKENS + 8, OPEN_MOST = 4096 };

static souk_err ask_signer(struct signer *s, struct purse_state *out, struct err *e)
{
    struct signer_state now;
    struct limit_state limit[LIMITS];
    size_t n = 0;
    souk_err c = signer_state(s, &now, e);
    if (c == SOUK_OK)
        c = signer_limits(s, limit, LIMITS, &n, e);
    if (c != SOUK_OK)
        return c;
    for (size_t i = 0; i < n && i < LIMITS; i++)
        out->limit[out->limits++] = (struct limit_row){limit[i].limits, limit[i].spent};
    out->open = arena_alloc(&out->arena, (now.open + 1) * sizeof *out->open);
    if (out->open == NULL)
        return err_nomem(e);
    c = signer_open(s, out->open, now.open, &n, e);
    out->n_open = n < now.open ? n : now.open;
    out->unlocked = true;
    out->verified = !now.ledger_broken;
    out->card = now.card;
    out->killed = now.killed;
    out->memory_locked = now.memory_locked;
    out->locks_at = now.locks_at;
    return c;
}

static souk_err take_signer(struct purse *p, struct purse_state *out, struct err *e)
{
    struct signer *s = NULL;
    souk_err c = signer_connect(p->card.name, &s, e);
    if (c == SOUK_OK)
        c = ask_signer(s, out, e);
    signer_close(s);
    return c;
}

souk_err purse_peek(struct purse *p, struct ledger **out, struct err *e)
{
    char dir[PATH_BUF];
    souk_err c = signer_dir(dir, e);
    *out = NULL;
    if (c != SOUK_OK)
        return c;
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, SOUK_EFAIL, "%s: %s", dir, strerror(errno));
    c = ledger_peek(fd, p->card.name, out, e);
    close(fd);
    return c;
}

static souk_err take_ledger(struct ledger *l, struct purse_state *out, struct err *e)
{
    size_t limits, entries;
    int64_t now = ledger_now(l, clock_now());
    const struct limits *limit = ledger_limits(l, &limits);
    const struct entry *entry = ledger_entries(l, &entries);
    out->killed = ledger_killed(l);
    for (size_t i = 0; i < limits && out->limits < LIMITS; i++) {
        const struct asset *a = &limit[i].asset;
        out->limit[out->limits++] =
            (struct limit_row){limit[i], ledger_spent(l, a->chain, a->token, NULL, NULL, now)};
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
    struct err mine = {0};
    e = e != NULL ? e : &mine;
    memset(out, 0, sizeof *out);
    arena_init(&out->arena, STATE_MEMORY);
    out->card = p->card;
    souk_err c = take_signer(p, out, e);
    if (c != SOUK_ENOTFOUND) /* unlocked; or it has gone wrong */
        return c;
    *e = (struct err){0};
    purse_state_release(out);
    *out = (struct purse_state){.card = p->card, .arena = out->arena};
    c = purse_peek(p, &l, e);
    if (c == SOUK_OK)
        c = take_ledger(l, out, e);
    ledger_close(l);
    return c;
}

void purse_check_open(struct purse *p)
{
    struct purse_state st;
    struct signer *s = NULL;
    struct entry now;
    if (purse_state_load(p, &st, NULL) == SOUK_OK && st.n_open > 0 &&
        signer_connect(st.card.name, &s, NULL) == SOUK_OK) {
        for (size_t i = 0; i < st.n_open; i++) {
            if (signer_check(s, st.open[i].call, &now, NULL) != SOUK_OK)
                break; /* the others would not be told either */
        }
    }
    signer_close(s);
    purse_state_release(&st);
}

void purse_state_release(struct purse_state *s)
{
    arena_release(&s->arena);
    s->open = NULL;
    s->n_open = 0;
}
