/* nodes_internal.h: what nodes.c (who is asked, and when) and nodes_text.c (what) share. */
#ifndef SOUK_MARKET_NODES_INTERNAL_H
#define SOUK_MARKET_NODES_INTERNAL_H

#include "market/nodes.h"

enum { ASK_TEXT_MAX = 4 << 20 };

bool answers_same(const json *x, const json *y, enum ask_same same);

#endif
