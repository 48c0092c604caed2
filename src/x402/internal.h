/* internal.h: what the files of x402 share. */
#ifndef SOUK_X402_INTERNAL_H
#define SOUK_X402_INTERNAL_H

#include "net/url.h"
#include "x402/x402.h"

/* A piece of the text of a demand, as it was sent. */
struct slice {
    const char *p;
    size_t n;
};

/*
 * The text of each member of a strictly parsed object or array, found by walking text and tree side
 * by side:
 *
 *     for (struct raw_walk w = raw_walk(text, tree); raw_step(&w);)
 *         … w.member, w.key (with its quotes), w.value
 *
 * It ends early when the two do not belong together.
 */
struct raw_walk {
    const json *member, *next;
    struct slice key, value;
    const char *at, *end;
    bool object;
};
struct raw_walk raw_walk(struct slice parent, const json *tree);
bool raw_step(struct raw_walk *w);
/* Of one of its children. */
bool raw_member(struct slice parent, const json *tree, const json *member, struct slice *out);

/* What a demand points into. */
struct x402_own {
    struct buf text; /* the JSON, decoded */
    json *tree;
    struct slice resource, extensions; /* raw; p NULL: none to echo */
    const json *extensions_tree;
};

/* Reads one of a demand's offers; its fault says why it cannot be paid. */
void offer_read(int version, const json *j, const struct x402_terms *t, const struct url *asked,
                struct x402_offer *o);
/* Is this resource of the server that was asked? Paths are, as is what says nothing. */
bool resource_is_of(struct untrusted resource, const struct url *asked);

bool is_word(struct untrusted s, const char *word);
struct untrusted cut_text(struct untrusted s); /* to X402_TEXT, between characters */

/* The names of the extensions souk knows. */
#define EXT_PERMIT   "eip2612GasSponsoring"
#define EXT_APPROVAL "erc20ApprovalGasSponsoring"
#define EXT_ID       "payment-identifier"
/* What the server says under `info` of an extension; NULL: it does not offer it. */
const json *extension_info(const json *extensions, const char *name);

#endif
