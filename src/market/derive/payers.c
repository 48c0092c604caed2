#include "market/derive/payers.h"

#include <string.h>

#include "base/mem.h"

#include "base/banned.h"

enum {
    MOST = 1 << 28,
    EARLY = 37, /* days that are remembered one by one: up to 36 after the first */
};

struct market_payer {
    int64_t first;  /* time of his first payment */
    uint64_t early; /* bit k: paid k days after the day of the first */
    uint8_t in;     /* bits of windows */
};

void payers_init(struct payers *p, const struct tally *t, int64_t first, int64_t last)
{
    *p = (struct payers){.t = t, .week0 = week_of_day(first)};
    int64_t weeks = week_of_day(last) - p->week0 + 1;
    p->weeks = weeks > 0 ? (size_t)weeks : 1;
    p->words = (p->weeks + 63) / 64;
    map_init(&p->by_payer, MOST);
}

void payers_release(struct payers *p)
{
    map_release(&p->by_payer);
    mem_free(p->payer);
    mem_free(p->week);
    *p = (struct payers){.n = 0};
}

static bool room(struct payers *p)
{
    if (p->n < p->room) {
        return true;
    }
    size_t more = p->room ? p->room * 2 : 64;
    struct market_payer *payer = mem_resize(p->payer, more * sizeof *payer);
    if (!payer) {
        return false;
    }
    p->payer = payer;
    uint64_t *week = mem_resize(p->week, more * p->words * sizeof *week);
    if (!week) {
        return false;
    }
    p->week = week;
    p->room = more;
    return true;
}

static size_t week_at(const struct payers *p, int64_t day)
{
    int64_t i = week_of_day(day) - p->week0;
    return i < 0 ? 0 : (size_t)i < p->weeks ? (size_t)i : p->weeks - 1;
}

bool payers_add(struct payers *p, int64_t payer, int64_t first, const uint8_t *days, size_t bytes,
                uint8_t in)
{
    uint32_t *at = map_put(&p->by_payer, (uint64_t)payer, UINT32_MAX);
    if (!at || (*at == UINT32_MAX && !room(p))) {
        return false;
    }
    if (*at == UINT32_MAX) {
        *at = (uint32_t)p->n++;
        p->payer[*at] = (struct market_payer){.first = first};
        memset(p->week + *at * p->words, 0, p->words * sizeof *p->week);
    }
    struct market_payer *m = &p->payer[*at];
    uint64_t *week = p->week + *at * p->words;
    int64_t day0 = day_of_time(first), was = day_of_time(m->first);
    if (day0 < was) { /* the days remembered are counted from an earlier one now */
        m->early = was - day0 < EARLY ? m->early << (was - day0) : 0;
        was = day0;
    }
    m->first = first < m->first ? first : m->first;
    m->in |= in;
    for (size_t i = 0; i < bytes * 8; i++) {
        if (days[i / 8] == 0) {
            i |= 7;
        } else if (days[i / 8] >> (i % 8) & 1) {
            int64_t day = day0 + (int64_t)i;
            size_t w = week_at(p, day);
            week[w / 64] |= (uint64_t)1 << (w % 64);
            if (day - was < EARLY) {
                m->early |= (uint64_t)1 << (day - was);
            }
        }
    }
    m->early &= ((uint64_t)1 << EARLY) - 1;
    return true;
}

void payers_windows(const struct payers *p, struct tally_window win[WINDOW_COUNT])
{
    for (size_t i = 0; i < p->n; i++) {
        const struct market_payer *m = &p->payer[i];
        for (int w = 0; w < WINDOW_COUNT; w++) {
            unsigned in = m->in >> w & 1u;
            win[w].payers += in;
            win[w].fresh += in && m->first > p->t->since[w];
        }
    }
}

static bool paid_in(const struct payers *p, size_t payer, size_t week)
{
    return p->week[payer * p->words + week / 64] >> (week % 64) & 1;
}

void payers_weekly(const struct payers *p, struct payers_week *out)
{
    for (size_t i = 0; i < p->n; i++) {
        out[week_at(p, day_of_time(p->payer[i].first))].fresh++;
        for (size_t w = 0; w < p->weeks; w++) {
            out[w].payers += paid_in(p, i, w);
        }
    }
}

/* Any of the days from..to after the first. */
static bool came_back(const struct market_payer *m, unsigned from, unsigned to)
{
    uint64_t days = ((uint64_t)1 << (to + 1)) - ((uint64_t)1 << from);
    return (m->early & days) != 0;
}

void payers_cohorts(const struct payers *p, struct cohort_out *out)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct market_payer *m = &p->payer[i];
        size_t first = week_at(p, day_of_time(m->first));
        struct cohort_out *c = &out[first];
        c->payers++;
        c->d7 += came_back(m, 7, 13);
        c->d30 += came_back(m, 30, 36);
        for (size_t k = 0; k < COHORT_BACK && first + k + 1 < p->weeks; k++) {
            c->back[k] += paid_in(p, i, first + k + 1);
        }
    }
}
