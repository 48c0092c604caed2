/*
 * x402_world.h: demands made from JSON, and what a payer knows, for the tests of x402.
 */
#ifndef SOUK_TESTS_X402_WORLD_H
#define SOUK_TESTS_X402_WORLD_H

#include "x402/x402.h"

/* A payer at https://api.example.org/v1/models/m1 who knows USDC (EIP-3009, EIP-2612 and Permit2)
 * and OPG (Permit2) on Base, and USDC on Base Sepolia. */
extern const char *const X402_WORLD_URL;
extern const struct asset X402_WORLD_ASSETS[3];
extern const address X402_WORLD_PAYER, X402_WORLD_PAY_TO;
struct x402_terms x402_world_terms(void);

/* As version 2 sends it, in the header; as a body. They fail the test without memory. Free both. */
struct x402_demand *x402_world_header(const char *text, size_t n, const struct x402_terms *t);
struct x402_demand *x402_world_body(const char *text, const struct x402_terms *t);

/* A tree as compact text; mem_free it. */
char *x402_world_text(const json *j);
/* The JSON inside a header value; mem_free it. Fails the test when there is none. */
char *x402_world_decode(const char *value);

/* {"scheme":"exact",…} for 10000 of Base's USDC, without the closing brace: more can be added. */
extern const char X402_WORLD_OFFER[];

#endif
