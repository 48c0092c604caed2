/*
 * filter.h: the query language of catalog.h, parsed. Internal to views.
 *
 * What is no facet, state or comparison stays a word; nothing is an error.
 */
#ifndef SOUK_MARKET_FILTER_H
#define SOUK_MARKET_FILTER_H

#include "market/catalog/internal.h"

enum { FILTER_TERMS = 24, FILTER_TEXT = 256 };

enum term_kind {
    TERM_AUTHOR,
    TERM_TASK,
    TERM_ALIVE,
    TERM_LISTED,
    TERM_PROVEN,
    TERM_FREE,
    TERM_NEVER,
    TERM_GENUINE,
    TERM_GROWING,
    TERM_SHRINKING,
    TERM_NUMBER,
};
enum text_match { MATCH_BEGINS, MATCH_IS, MATCH_HAS };
enum comparison { CMP_LT, CMP_LE, CMP_EQ, CMP_GE, CMP_GT };
enum number_of {
    OF_PRICE,
    OF_CALLS,
    OF_PAYERS,
    OF_PAYMENTS,
    OF_SETTLEMENTS,
    OF_INFERENCES,
    OF_INCOME,
    OF_GENUINE,
    OF_GROWTH,
};

struct term {
    enum term_kind kind;
    bool not ;
    enum text_match how;
    char text[FILTER_TEXT]; /* folded */
    enum comparison cmp;
    enum number_of of;
    u256 number;       /* digits of the number, without its point */
    unsigned decimals; /* digits after the point */
    bool negative;     /* of growth alone: nothing else can be */
};

struct filter {
    struct term term[FILTER_TERMS];
    size_t terms;
    char words[2 * FILTER_TEXT]; /* what is left, blank-separated */
};

void filter_parse(const struct query *q, struct filter *out);
bool filter_pass(const struct filter *f, const struct catalog_data *c, uint32_t row);

#endif
