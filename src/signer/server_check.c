#include "signer/server_internal.h"

#include <string.h>

#include "base/clock.h"

#include "base/banned.h"

enum { OWN_EVERY_MS = 30000, OWN_GRACE = 60 };

static void next_check(struct server *s)
{
    struct client *c = NULL;
    for (size_t i = 0; i < CLIENTS; i++) {
        struct client *k = &s->client[i];
        if (k->fd >= 0 && k->state == CLIENT_CHECK && (!c || k->last < c->last))
            c = k;
    }
    const struct entry *en = c && s->v->ledger ? ledger_entry(s->v->ledger, c->call) : NULL;
    struct err e = {0};
    if (c && (!en || witness_ask(s->w, en, &e))) {
        decide_checked(s->v, c->call, &e, &s->reply);
        server_reply(s, c);
    }
}

/* What has run out and is still open is asked about unbidden, one after another. */
static const struct entry *own_next(struct server *s)
{
    const struct vault *v = s->v;
    size_t n = 0;
    if (!v->ledger || ledger_open_count(v->ledger) == 0)
        return NULL;
    const struct entry *en = ledger_entries(v->ledger, &n), *first = NULL;
    int64_t now = vault_now(v);
    for (size_t i = n; i-- > 0 && en[i].at > now - SPAN_WEEK;) {
        if (en[i].state != ENTRY_OPEN || (int64_t)en[i].typed.valid_before + OWN_GRACE > now)
            continue;
        if (en[i].seq > s->own_seq)
            first = &en[i]; /* the oldest after the one asked for last */
        else if (!first || first->seq <= s->own_seq)
            first = &en[i]; /* or from the start again */
    }
    return first;
}

static void ask_own(struct server *s)
{
    s->own_at = clock_mono_ms() + OWN_EVERY_MS;
    const struct entry *en = own_next(s);
    if (en) {
        s->own_seq = en->seq;
        witness_ask(s->w, en, NULL);
    }
}

static void believe(struct server *s, bytes32 call, const struct testimony *t)
{
    const struct entry *en = s->v->ledger ? ledger_entry(s->v->ledger, call) : NULL;
    int64_t now = vault_now(s->v);
    if (!en || t->state == ENTRY_OPEN || t->state == en->state)
        return;
    /* A signature that may still be used is not released, whoever says it lapsed. */
    if (t->state == ENTRY_LAPSED && now <= (int64_t)en->typed.valid_before)
        return;
    ledger_add_outcome(s->v->ledger, call, t->state, t->charged, t->tx, now, NULL);
}

static void hear(struct server *s)
{
    struct testimony t;
    struct err e;
    bytes32 call = s->w->call;
    if (witness_hear(s->w, &t, &e)) {
        if (!e.code)
            believe(s, call, &t);
        for (size_t i = 0; i < CLIENTS; i++) {
            struct client *c = &s->client[i];
            if (c->fd < 0 || c->state != CLIENT_CHECK ||
                memcmp(c->call.b, call.b, sizeof call.b) != 0)
                continue;
            decide_checked(s->v, call, &e, &s->reply);
            server_reply(s, c);
        }
    }
}

void server_checks(struct server *s, bool spoke)
{
    if (s->w->asked || spoke)
        hear(s); /* its end too is heard here */
    if (!s->w->asked)
        next_check(s);
    if (!s->w->asked && s->w->fd >= 0 && clock_mono_ms() >= s->own_at)
        ask_own(s);
    s->v->witness = s->w->fd >= 0;
}
