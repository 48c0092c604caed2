/* The market's health: who came back. */
#include <string.h>

#include "market/derive/tally.h"
#include "market/pages/health_internal.h"

#include "base/banned.h"

_Static_assert((int)COHORT_WEEKS == (int)COHORT_BACK, "the page shows all the weeks there are");

struct came {
    struct health *page;
    int64_t today, last_week; /* the day of as_of; the last whole week */
    struct share d7, d30;
};

/*
 * A cohort counts where its time has come: the last of its payers came on the week's last day, and
 * that day's horizon must be over. What is not over yet would look like people who stayed away.
 */
static void count_back(struct share *s, const struct came *c, int64_t sunday, int horizon,
                       uint64_t back, uint64_t payers)
{
    if (sunday + horizon < c->today) {
        s->k += back;
        s->n += payers;
    }
}

static souk_err on_cohort(void *ud, const struct cohort_out *r, struct err *e)
{
    struct came *c = ud;
    struct health *h = c->page;
    const struct series *w = &h->weekly.fresh;
    int64_t monday = day_of_week(r->week);
    (void)e;
    /* Those before look new and may not be; the week under way is not whole. */
    if (monday < w->first_day + 7 * (int64_t)h->weekly.fresh_from || r->week > c->last_week) {
        return SOUK_OK;
    }
    count_back(&c->d7, c, monday + 6, 13, r->d7, r->payers);
    count_back(&c->d30, c, monday + 6, 36, r->d30, r->payers);
    if (h->cohorts == COHORTS) {
        memmove(h->cohort, h->cohort + 1, (COHORTS - 1) * sizeof *h->cohort);
        h->cohorts--;
    }
    struct cohort *out = &h->cohort[h->cohorts++];
    int64_t passed = c->last_week - r->week;
    *out = (struct cohort){.first_day = monday, .payers = r->payers};
    out->weeks = passed < COHORT_WEEKS ? (unsigned)passed : COHORT_WEEKS;
    memcpy(out->back, r->back, out->weeks * sizeof *out->back);
    return SOUK_OK;
}

souk_err health_load_cohorts(struct health_load *l, struct err *e)
{
    struct came c = {.page = l->page, .today = day_of_time(l->load.as_of)};
    c.last_week = week_of_day(c.today) - 1;
    souk_err rc = store_each_cohort(l->load.s, on_cohort, &c, e);
    l->page->d7 = wilson(c.d7.k, c.d7.n);
    l->page->d30 = wilson(c.d30.k, c.d30.n);
    return rc;
}
