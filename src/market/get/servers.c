#include <string.h>

#include "base/mem.h"
#include "market/get/internal.h"

#include "base/banned.h"

enum { LATER_MS = 400, LATER_MOST_S = 20, GIVENS_MOST = 1 << 20 };

unsigned urls_split(char *list, char **out, unsigned most)
{
    unsigned n = 0;
    for (char *p = list + strspn(list, " "); *p != '\0' && n < most;) {
        out[n++] = p;
        p += strcspn(p, " ");
        if (*p != '\0')
            *p++ = '\0';
        p += strspn(p, " ");
    }
    return n;
}

void servers_init(struct get *g, const char *urls)
{
    char *word[SERVERS];
    memcpy(g->urls, urls, strlen(urls) + 1);
    g->servers = urls_split(g->urls, word, SERVERS);
    for (unsigned i = 0; i < g->servers; i++) {
        g->server[i].url = word[i];
        http_host(word[i], g->server[i].host);
    }
}

/* --- who next */

unsigned server_next(struct get *g, uint32_t not, int64_t *wait)
{
    int64_t now = clock_mono_ms();
    *wait = -1;
    for (int suspects = 0; suspects < 2; suspects++) {
        for (unsigned i = 0; i < g->servers; i++) {
            unsigned s = (g->at + i) % g->servers; /* who serves goes on serving */
            const struct server *one = &g->server[s];
            if (one->done_with || (not >> s & 1) != 0 || one->suspect != (suspects == 1))
                continue;
            if (one->later <= now)
                return s;
            if (*wait < 0 || one->later - now < *wait)
                *wait = one->later - now;
        }
        if (*wait >= 0)
            break; /* better to wait for an honest one than to start anew with a suspect */
    }
    return SERVERS;
}

void server_done_with(struct get *g, unsigned s, const struct err *why)
{
    g->server[s].done_with = true;
    g->server[s].said = *why;
}

void server_failed(struct get *g, unsigned s, enum blob_answer a, int64_t after,
                   const struct err *why)
{
    struct server *one = &g->server[s];
    int64_t ms = (int64_t)LATER_MS << one->fails;
    one->said = *why;
    one->fails++;
    if (after >= 0)
        ms = (after < LATER_MOST_S ? after : LATER_MOST_S) * 1000;
    one->later = clock_mono_ms() + ms;
    one->gone = a == BLOB_GONE;
    if (a == BLOB_RANGE && one->refused_range < 2) {
        one->later = 0;
        one->fails = 0;
        one->refused_range++;
    } else if (a == BLOB_GONE || a == BLOB_FORBIDDEN || a == BLOB_TOO_LARGE || a == BLOB_RANGE ||
               one->fails >= FAILS) {
        one->done_with = true;
    }
    /* A suspect goes on alone until it is done with: another would have to begin anew. */
    bool stays = !one->done_with && (one->suspect || a == BLOB_RANGE);
    if (g->at == s && !stays)
        g->at = (s + 1) % g->servers;
}

/* --- who gave what */

bool given_add(struct get *g, uint64_t from, uint32_t by)
{
    if (g->givens > 0 && (g->given[g->givens - 1].by == by || g->givens == GIVENS_MOST)) {
        g->given[g->givens - 1].by |= by;
        return true;
    }
    if (g->givens == g->given_room) {
        size_t room = g->given_room > 0 ? g->given_room * 2 : 16;
        struct given *more = mem_resize(g->given, room * sizeof *more);
        if (more == NULL)
            return false;
        g->given = more;
        g->given_room = room;
    }
    g->given[g->givens++] = (struct given){from, by};
    return true;
}

uint32_t given_by(const struct get *g, uint64_t from, uint64_t to)
{
    uint32_t by = 0;
    for (size_t i = 0; i < g->givens; i++) {
        uint64_t end = i + 1 < g->givens ? g->given[i + 1].from : UINT64_MAX;
        if (g->given[i].from < to && end > from)
            by |= g->given[i].by;
    }
    return by;
}

void servers_blame(struct get *g)
{
    uint32_t by = given_by(g, 0, UINT64_MAX);
    if (by == 0 && g->told_by < g->servers)
        by = 1u << g->told_by; /* it said that there is nothing */
    for (unsigned s = 0; s < g->servers; s++) {
        struct server *one = &g->server[s];
        if (by == 1u << s) {
            err_set(&one->said, SOUK_EVERIFY, "%s gave another file under this ID", one->host);
            one->liar = one->done_with = true;
        } else if ((by >> s & 1) != 0) {
            one->suspect = true;
            one->fails = 0;
        }
    }
}

/* --- nobody left */

void servers_conclude(const struct get *g, struct err *e)
{
    const struct server *liar = NULL, *other = NULL;
    unsigned gone = 0, silent = 0;
    for (unsigned s = 0; s < g->servers; s++) {
        const struct server *one = &g->server[s];
        if (one->liar || one->said.code == SOUK_EVERIFY)
            liar = liar != NULL ? liar : one;
        else if (one->gone)
            gone++;
        else
            silent++, other = other != NULL ? other : one;
    }
    if (liar != NULL)
        err_set(e, SOUK_EVERIFY,
                "what came is not what the blob ID names, so it was thrown away: %s",
                liar->said.msg);
    else if (g->limit.code != SOUK_OK)
        *e = g->limit;
    else if (gone > 0 && silent == 0)
        err_set(e, SOUK_ENOTFOUND, "it is no longer stored, or never was: %s",
                gone == 1 && g->servers == 1 ? g->server[0].said.msg : "all aggregators say so");
    else if (gone > 0)
        err_set(e, SOUK_ENET,
                "%u of %u aggregators do not have it, and of the others nothing is known; the "
                "first: %s",
                gone, g->servers, other->said.msg);
    else if (g->servers == 1)
        *e = other->said;
    else
        err_set(e, SOUK_ENET, "none of %u aggregators hands it out; the first: %s", g->servers,
                other->said.msg);
}
