#include "x402_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"

#include "base/banned.h"

const char *const X402_WORLD_URL = "https://api.example.org/v1/models/m1";
const address X402_WORLD_PAYER = {{0x6B, 0x6B, 0xDD, 0xaa, 0x18, 0x15, 0x14, 0xE2, 0xba, 0x4D,
                                   0x39, 0x28, 0xbf, 0x65, 0x28, 0x28, 0x0B, 0xE6, 0xd2, 0x71}};
const address X402_WORLD_PAY_TO = {{0x84, 0x5C, 0x7A, 0x19, 0x79, 0x40, 0xa2, 0x76, 0x5F, 0x77,
                                    0x17, 0xA5, 0xd0, 0x73, 0xd2, 0x95, 0xfE, 0x06, 0x33, 0x7C}};
const struct asset X402_WORLD_ASSETS[3] = {
    {.chain = 8453,
     .token = {{0x83, 0x35, 0x89, 0xfC, 0xD6, 0xeD, 0xb6, 0xE0, 0x8f, 0x4c,
                0x7C, 0x32, 0xD4, 0xf7, 0x1b, 0x54, 0xbd, 0xA0, 0x29, 0x13}},
     .symbol = "USDC",
     .decimals = 6,
     .name = "USD Coin",
     .version = "2",
     .can = ASSET_EIP3009 | ASSET_EIP2612 | ASSET_PERMIT2},
    {.chain = 8453,
     .token = {{0xFb, 0xC2, 0x05, 0x1A, 0xE2, 0x26, 0x56, 0x86, 0xa4, 0x69,
                0x42, 0x1b, 0x2C, 0x5A, 0x2D, 0x54, 0x62, 0xFb, 0xF5, 0xeB}},
     .symbol = "OPG",
     .decimals = 18,
     .can = ASSET_PERMIT2},
    {.chain = 84532,
     .token = {{0x03, 0x6C, 0xbD, 0x53, 0x84, 0x2c, 0x54, 0x26, 0x63, 0x4e,
                0x79, 0x29, 0x54, 0x1e, 0xC2, 0x31, 0x8f, 0x3d, 0xCF, 0x7e}},
     .symbol = "USDC",
     .decimals = 6,
     .name = "USDC",
     .version = "2",
     .can = ASSET_EIP3009},
};
const char X402_WORLD_OFFER[] =
    "{\"scheme\":\"exact\",\"network\":\"eip155:8453\",\"amount\":\"10000\","
    "\"asset\":\"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913\","
    "\"payTo\":\"0x845C7A197940a2765F7717A5d073d295fE06337C\",\"maxTimeoutSeconds\":60,"
    "\"extra\":{\"name\":\"USD Coin\",\"version\":\"2\"}";

struct x402_terms x402_world_terms(void)
{
    return (struct x402_terms){
        .asset = X402_WORLD_ASSETS, .assets = 3, .url = X402_WORLD_URL, .payer = X402_WORLD_PAYER};
}

struct x402_demand *x402_world_header(const char *text, size_t n, const struct x402_terms *t)
{
    struct buf b;
    struct x402_demand *d;
    struct err e;
    buf_init(&b, 16 << 20);
    x402_base64_encode(text, n, &b);
    assert_int_equal(buf_check(&b, "a header", NULL), SOUK_OK);
    assert_int_equal(x402_demand_read(b.p, "{}", 2, t, &d, &e), SOUK_OK);
    buf_release(&b);
    return d;
}

struct x402_demand *x402_world_body(const char *text, const struct x402_terms *t)
{
    struct x402_demand *d;
    struct err e;
    assert_int_equal(x402_demand_read(NULL, text, strlen(text), t, &d, &e), SOUK_OK);
    return d;
}

char *x402_world_text(const json *j)
{
    char *p = cJSON_PrintUnformatted(j); /* in mem.h's memory: json.c set the hooks */
    assert_non_null(p);
    return p;
}

char *x402_world_decode(const char *value)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    if (!x402_base64_decode(value, strlen(value), &b))
        fail_msg("no base64: %s", value);
    char *p = buf_detach(&b, NULL);
    assert_non_null(p);
    return p;
}
