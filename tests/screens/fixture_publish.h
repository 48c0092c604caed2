/*
 * fixture_publish: what the Publish and Listings screens draw, filled in by hand: no chain, no
 * signer, no store. attack: every text a stranger can set is one of fixture.h's attacks.
 */
#ifndef SOUK_TESTS_FIXTURE_PUBLISH_H
#define SOUK_TESTS_FIXTURE_PUBLISH_H

#include "fixture_pay.h"
#include "ui/screens/listings.h"
#include "ui/screens/publishing.h"

enum { FIXTURE_OWN = 5 };

struct fixture_publish {
    struct fixture_pay pay; /* for its network and tokens */
    struct own_listing row[FIXTURE_OWN];
    struct own_listings list;
    struct amount income[FIXTURE_OWN][2];
    struct draft draft;
    struct listing_terms before;
    struct publishing_screen screen;
    struct untrusted attack;
};

void fixture_publish(struct fixture_publish *f, struct untrusted attack); /* zeroed before */
void fixture_publish_end(struct fixture_publish *f);

#endif
