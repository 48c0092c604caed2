/*
 * fixture_health: what the Health, Explain, Findings and Evidence screens draw, filled in by hand:
 * a market of 2,000 models with rings and farms in it. attack: every text a stranger can set is one
 * of fixture.h's attacks.
 */
#ifndef SOUK_TESTS_FIXTURE_HEALTH_H
#define SOUK_TESTS_FIXTURE_HEALTH_H

#include "ui/screens/explain.h"
#include "ui/screens/findings.h"
#include "ui/screens/health.h"

enum {
    FIXTURE_WEEKS = 14,
    FIXTURE_SERIES = 13,
    FIXTURE_PRICES = 30,
    FIXTURE_FINDINGS = 7,
    FIXTURE_EVIDENCE = 6,
    FIXTURE_BASES = 3,
    FIXTURE_CALLS = 5
};

struct fixture_health {
    struct health health;
    uint64_t week[FIXTURE_SERIES][FIXTURE_WEEKS];
    struct amount money[16];
    struct price_point price[FIXTURE_PRICES];
    struct finding_row finding[FIXTURE_FINDINGS];
    struct findings findings;
    struct evidence_row row[FIXTURE_EVIDENCE];
    struct evidence evidence;
    struct sensitivity tried[THRESHOLDS];
    struct basis basis[FIXTURE_BASES];
    struct call_row call[FIXTURE_CALLS];
    struct untrusted call_model[FIXTURE_CALLS];
    struct explanation explanation;
    char attack[16 * 1024]; /* the texts of strangers, terminated; "": honest ones */
};

void fixture_health(struct fixture_health *f, struct untrusted attack); /* zeroed before */
/* The same before anybody judged it. */
void fixture_health_unjudged(struct fixture_health *f);
/* A market that is just a shelf: models, and nothing else. */
void fixture_health_bare(struct fixture_health *f);

#endif
