/* config: the built-in profiles, the file over them, the devnet's status file, and bad lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/paths.h"
#include "market/config.h"

static char dir[] = "/tmp/souk-config-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(dir));
    paths_override(dir);
    return 0;
}

static int tear_down(void **state)
{
    static const char *const leaves[] = {"config/config", "state/devnet/status.json",
                                         "state/devnet", "state", "config"};
    char path[128];
    (void)state;
    paths_override(NULL);
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, leaves[i]);
        remove(path);
    }
    assert_int_equal(rmdir(dir), 0);
    return 0;
}

static void write_file(enum path_kind kind, const char *leaf, const char *text)
{
    char path[PATH_BUF];
    struct err e;
    assert_int_equal(paths_get(kind, leaf, path, &e), SOUK_OK);
    if (text == NULL) {
        unlink(path);
        return;
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fputs(text, f) < 0, 0);
    assert_int_equal(fclose(f), 0);
}

static struct config load(const char *file)
{
    struct config c;
    struct err e = {0};
    write_file(PATH_CONFIG, "config", file);
    if (config_load(&c, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    return c;
}

static void refused(const char *file, const char *words)
{
    struct config c;
    struct err e = {0};
    write_file(PATH_CONFIG, "config", file);
    assert_int_equal(config_load(&c, &e), SOUK_EINPUT);
    if (strstr(e.msg, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.msg, words);
}

static address addr(const char *s)
{
    address a;
    assert_true(address_parse(s, strlen(s), &a));
    return a;
}

static void test_built_in(void **state)
{
    (void)state;
    struct config c = load(NULL);
    assert_false(c.file_found);
    assert_string_equal(c.default_network, "opengradient");
    struct network *n = config_network(&c, "opengradient");
    assert_non_null(n);
    assert_string_equal(n->hub, "https://hub-api.opengradient.ai");
    assert_string_equal(n->bazaar, "");
    assert_int_equal(n->payment.chain_id, 8453);
    assert_int_equal(n->inference.chain_id, 10740);
    assert_false(n->has_listings);
    assert_false(n->local);
    assert_true(n->payment.max_range > 0 && n->inference.max_range > 0);
    assert_int_equal(n->tokens, 2);
    const struct token *usdc = network_token(n, addr("0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"));
    assert_non_null(usdc);
    assert_string_equal(usdc->symbol, "USDC");
    assert_int_equal(usdc->decimals, 6);
    assert_false(usdc->whole_log);
    assert_string_equal(usdc->name, "USD Coin");
    assert_string_equal(usdc->version, "2");
    assert_int_equal(usdc->can, ASSET_EIP3009 | ASSET_EIP2612 | ASSET_PERMIT2);
    assert_string_equal(n->token[1].name, "OpenGradient");
    assert_string_equal(n->token[1].version, "1");
    assert_int_equal(n->token[1].can, ASSET_EIP2612 | ASSET_PERMIT2);
    assert_true(n->has_tee_registry);
    assert_string_equal(n->gateway, "");
    assert_string_equal(n->coin, "ETH");
    assert_null(network_token(n, addr("0x0000000000000000000000000000000000000001")));
    assert_true(config_network(&c, "devnet")->local);
    assert_string_equal(config_network(&c, "devnet")->hub, "");
    assert_false(config_network(&c, "devnet")->has_tee_registry);
    assert_null(config_network(&c, "mainnet"));
}

static void test_file(void **state)
{
    (void)state;
    struct config c = load("network = mine\n"
                           "theme = paper\n"
                           "[network.opengradient]\n"
                           "payment_rpc =  http://one.example   https://two.example:8545/key \n"
                           "listings = 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0\n"
                           "token = EURC 0x60a3E35Cc302bFA44Cb288Bc5a4F316Fdb1adb42 6 whole\n"
                           "payment_max_range = 500\n"
                           "[network.mine]\n"
                           "hub = http://127.0.0.1:4080\n");
    assert_true(c.file_found);
    assert_string_equal(c.default_network, "mine");
    assert_string_equal(c.theme, "paper");
    struct network *n = config_network(&c, "opengradient");
    assert_string_equal(n->payment.rpc, "http://one.example https://two.example:8545/key");
    assert_true(n->has_listings);
    assert_int_equal(n->payment.max_range, 500);
    assert_int_equal(n->tokens, 3);
    assert_true(n->token[2].whole_log);
    assert_string_equal(n->hub, "https://hub-api.opengradient.ai");
    struct network *mine = config_network(&c, "mine");
    assert_non_null(mine);
    assert_string_equal(mine->hub, "http://127.0.0.1:4080");
    assert_int_equal(mine->inference_emitter.b[19], 0xf4);
    assert_int_equal(mine->payment.max_range, 10000);
}

static void test_taking_away(void **state)
{
    struct network n;
    struct err e;
    (void)state;
    memset(&n, 0, sizeof n);
    assert_int_equal(network_set(&n, "listings", "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0", &e),
                     SOUK_OK);
    assert_true(n.has_listings);
    assert_int_equal(network_set(&n, "listings", "none", &e), SOUK_OK);
    assert_false(n.has_listings);
    assert_int_equal(
        network_set(&n, "tee_registry", "0x703cB174AEadB35D611858369B4b1111dC9Abda6", &e), SOUK_OK);
    assert_true(n.has_tee_registry && !n.has_listings);
    assert_int_equal(network_set(&n, "tee_registry", "", &e), SOUK_OK);
    assert_false(n.has_tee_registry);
    assert_int_equal(network_set(&n, "hub", "http://a.example", &e), SOUK_OK);
    assert_int_equal(network_set(&n, "hub", "", &e), SOUK_OK);
    assert_string_equal(n.hub, "");
    for (int i = 0; i < 2; i++) /* the same address again replaces */
        assert_int_equal(network_set(&n, "token",
                                     i ? "OPG 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0 18"
                                       : "OLD 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0 9",
                                     &e),
                         SOUK_OK);
    assert_int_equal(n.tokens, 1);
    assert_string_equal(n.token[0].symbol, "OPG");
}

#define SOME "0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0"

static void test_chain_keys(void **state)
{
    (void)state;
    struct config c =
        load("[network.mine]\n"
             "payment_rpc = https://a.example postgresql://me@db.example/logs?x=1\n"
             "payment_ws = wss://a.example:8546/key\n"
             "channels = none\n"
             "escrows = " SOME "\n"
             "facilitators = " SOME "  0x90F79bf6EB2c4f870365E785982E1f101E93b906 " SOME "\n"
             "poll_seconds = 12\n"
             "cross_check = off\n");
    struct network *n = config_network(&c, "opengradient");
    assert_true(n->cross_check);
    assert_int_equal(n->poll_seconds, 4);
    assert_int_equal(config_network(&c, "devnet")->poll_seconds, 2);
    assert_int_equal(n->channels, 1);
    assert_true(address_eq(n->channel[0], addr("0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003")));
    assert_int_equal(n->escrows, 2);
    assert_true(address_eq(n->escrow[1], addr("0xf96815976523E00e65Be8f34cA5e64b4f41EB19c")));
    assert_int_equal(n->facilitators, 0);
    assert_string_equal(n->payment.ws, "");
    n = config_network(&c, "mine");
    assert_string_equal(n->payment.rpc, "https://a.example postgresql://me@db.example/logs?x=1");
    assert_string_equal(n->payment.ws, "wss://a.example:8546/key");
    assert_int_equal(n->channels, 0);
    assert_int_equal(n->escrows, 1);
    assert_int_equal(n->facilitators, 2); /* the one that stands twice is one */
    assert_int_equal(n->poll_seconds, 12);
    assert_false(n->cross_check);
}

static void test_bad_chain_keys(void **state)
{
    (void)state;
    refused("[network.x]\npayment_ws = https://a\n", "ws://");
    refused("[network.x]\npayment_ws = ws://\n", "not an address");
    refused("[network.x]\ninference_ws = ws://a wss://b\n", "one address");
    refused("[network.x]\nhub = postgresql://a/b\n", "not an address");
    refused("[network.x]\npayment_rpc = postgresql://me:secret@a/b\n", "password");
    refused("[network.x]\npayment_rpc = mysql://a/b\n", "postgresql://host");
    refused("[network.x]\nchannels = " SOME " " SOME " " SOME " " SOME " " SOME " 0x1\n",
            "not an address");
    refused("[network.x]\nescrows = " SOME " 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e1"
            " 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e2 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e3"
            " 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e4\n",
            "more than 4");
    refused("[network.x]\nfacilitators = " SOME ",\n", "facilitators");
    refused("[network.x]\npoll_seconds = 0\n", "from 1");
    refused("[network.x]\ncross_check = yes\n", "neither on nor off");
}

static void put(struct network *n, const char *value)
{
    struct err e = {0};
    if (network_set(n, "token", value, &e) != SOUK_OK)
        fail_msg("%s: %s", value, e.msg);
}

static void test_token_domain(void **state)
{
    struct network n;
    (void)state;
    memset(&n, 0, sizeof n);
    put(&n, "EURC " SOME " 6  can=permit2,eip3009 name=\"Euro  Coin\"\twhole version=2");
    const struct token *t = &n.token[0];
    assert_string_equal(t->name, "Euro  Coin");
    assert_string_equal(t->version, "2");
    assert_int_equal(t->can, ASSET_PERMIT2 | ASSET_EIP3009);
    assert_true(t->whole_log);
    put(&n, "EUR " SOME " 6"); /* what is not said stays, but for `whole` */
    assert_int_equal(n.tokens, 1);
    assert_string_equal(t->symbol, "EUR");
    assert_string_equal(t->name, "Euro  Coin");
    assert_int_equal(t->can, ASSET_PERMIT2 | ASSET_EIP3009);
    assert_false(t->whole_log);
    put(&n, "EUR " SOME " 6 can=");
    assert_int_equal(t->can, 0);
    put(&n, "EUR " SOME " 6 can=permit2 name= version=");
    assert_string_equal(t->name, "");
    assert_int_equal(t->can, ASSET_PERMIT2);
}

static void test_bad_tokens(void **state)
{
    (void)state;
    refused("[network.x]\ntoken = A " SOME " 6 name=\"open\n", "not closed");
    refused("[network.x]\ntoken = A " SOME " 6 can=eip3009\n", "name=");
    refused("[network.x]\ntoken = A " SOME " 6 can=eip3009 name=A\n", "version=");
    refused("[network.x]\ntoken = A " SOME " 6 can=eip7702\n", "eip7702");
    refused("[network.x]\ntoken = A " SOME " 6 can=,\n", "not \"\"");
    refused("[network.x]\ntoken = A " SOME " 6 name=\x1b[31m version=1\n", "character");
    refused("[network.x]\ntoken = A " SOME " 6 name=a version=\"1 2\"\n", "character");
    refused("[network.x]\ntoken = A " SOME " 6x\n", "SYMBOL");
    refused("[network.x]\ntoken = A " SOME " +6\n", "SYMBOL");
    refused("[network.x]\ntoken = ABCDEFGHIJKL " SOME " 6\n", "SYMBOL");
    refused("[network.x]\ntoken = A " SOME " 6 version=12345678901234567\n", "too long");
    refused("[network.x]\ntoken = A " SOME " 6 name=1234567890123456789012345678901234567890"
            "123456789012345678901234567890123456789012345678901234567890\n",
            "too long");
    refused("[network.x]\ncoin = TWELVELETTERS\n", "symbol");
    refused("[network.x]\ncoin =\n", "symbol");
    refused("[network.x]\ngateway = ftp://a\n", "not an address");
}

static void test_bad_lines(void **state)
{
    (void)state;
    refused("# fine\n[network.x]\nhub = ftp://a\n", "config:3");
    refused("[network.x]\nhub = http://a http://b\n", "one address");
    refused("[network.x]\nhub = http://user:secret@a\n", "not an address");
    refused("[network.x]\npayment_max_range = 0\n", "from 1");
    refused("[network.x]\npayment_chain_id = -1\n", "number");
    refused("[network.x]\npayment_start_block = 99999999999999999999999\n", "number");
    refused("[network.x]\nlistings = 0x12\n", "listings");
    refused("[network.x]\nexact_proxy = 0x402085C248EeA27D92E8b30b2C58ed07f9E20001\n", "checksum");
    refused("[network.x]\ntoken = USDC 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0\n", "SYMBOL");
    refused("[network.x]\ntoken = USDC 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0 99\n", "77");
    refused("[network.x]\ntoken = USDC 0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0 6 all\n",
            "whole");
    refused("[network.x]\ncolour = red\n", "no setting \"colour\"");
    refused("[network.A B]\nhub = http://a\n", "no section");
    refused("[net]\nhub = http://a\n", "no section");
    refused("colour = red\n", "no setting \"colour\"");
    refused("network = nowhere\n", "nowhere");
    refused(
        "[network.a]\nhub = http://a\n[network.b]\nhub = http://a\n[network.c]\nhub = http://a\n"
        "[network.d]\nhub = http://a\n[network.e]\nhub = http://a\n[network.f]\nhub = http://a\n"
        "[network.g]\nhub = http://a\n",
        "more than 8");
}

static const char status[] =
    "{\"running\":true,\"payment_chain\":{\"rpc\":\"http://127.0.0.1:1\",\"chain_id\":84532},"
    "\"inference_chain\":{\"rpc\":\"http://127.0.0.1:2\",\"chain_id\":10741},"
    "\"hub\":\"http://127.0.0.1:3\",\"walrus\":\"http://127.0.0.1:4\","
    "\"walrus_nodes\":\"http://127.0.0.1:4 http://127.0.0.1:6\",\"walrus_epoch_hours\":24,"
    "\"walrus_publisher\":\"http://127.0.0.1:4\",\"bazaar\":\"http://"
    "127.0.0.1:5\","
    "\"contracts\":{\"listings\":\"0x9fe46736679d2d9a65f0992f2272de9f3c7fa6e0\","
    "\"channel\":\"0x8464135c8f25da09e49bc8782676a84730c318bc\","
    "\"facilitators\":\"0x90f79bf6eb2c4f870365e785982e1f101e93b906\","
    "\"tee_registry\":\"0xe7f1725e7734ce288f8367e1bb143e90bb3f0512\"},"
    "\"tokens\":[{\"symbol\":\"USDC\",\"address\":\"0x5fbdb2315678afecb367f032d93f642f64180aa3\","
    "\"decimals\":6,\"name\":\"USD Coin\",\"version\":\"2\",\"can\":[\"eip3009\",\"permit2\"]}]}";

static void test_devnet(void **state)
{
    (void)state;
    write_file(PATH_STATE, "devnet/status.json", status);
    struct config c = load("[network.devnet]\nhub = http://127.0.0.1:9\n");
    struct network *n = config_network(&c, "devnet");
    assert_string_equal(n->hub, "http://127.0.0.1:9"); /* the file has the last word */
    assert_string_equal(n->payment.rpc, "http://127.0.0.1:1");
    assert_int_equal(n->inference.chain_id, 10741);
    assert_true(n->has_listings);
    assert_int_equal(n->tokens, 1);
    assert_true(n->token[0].whole_log);
    assert_string_equal(n->token[0].name, "USD Coin");
    assert_string_equal(n->token[0].version, "2");
    assert_int_equal(n->token[0].can, ASSET_EIP3009 | ASSET_PERMIT2);
    assert_true(n->has_tee_registry);
    assert_string_equal(n->walrus_nodes, "http://127.0.0.1:4 http://127.0.0.1:6");
    assert_string_equal(n->walrus_publisher, "http://127.0.0.1:4");
    assert_int_equal(n->walrus_epoch_hours, 24);
    assert_string_equal(n->coin, "ETH");
    assert_int_equal(n->inference_emitter.b[19], 0xf4);
    assert_int_equal(n->channels, 1);
    assert_int_equal(n->channel[0].b[0], 0x84);
    assert_int_equal(n->escrows, 2); /* not said: the canonical ones */
    assert_int_equal(n->facilitators, 1);
}

static void test_devnet_broken(void **state)
{
    struct network n;
    struct err e;
    (void)state;
    struct config c = load(NULL);
    n = *config_network(&c, "devnet");
    write_file(PATH_STATE, "devnet/status.json", NULL);
    assert_int_equal(network_from_devnet(&n, &e), SOUK_ENOTFOUND);
    assert_non_null(strstr(e.msg, "devnet up"));
    write_file(PATH_STATE, "devnet/status.json", "{\"running\":false}");
    assert_int_equal(network_from_devnet(&n, &e), SOUK_ENOTFOUND);
    write_file(PATH_STATE, "devnet/status.json", "{\"running\":tr");
    assert_int_equal(network_from_devnet(&n, &e), SOUK_EINPUT);
    write_file(PATH_STATE, "devnet/status.json",
               "{\"running\":true,\"hub\":\"file:///etc/passwd\"}");
    assert_int_equal(network_from_devnet(&n, &e), SOUK_EINPUT);
    write_file(PATH_STATE, "devnet/status.json",
               "{\"running\":true,\"tokens\":[{\"symbol\":\"USDC\",\"decimals\":6}]}");
    assert_int_equal(network_from_devnet(&n, &e), SOUK_EINPUT);
    write_file(PATH_STATE, "devnet/status.json",
               "{\"running\":true,\"tokens\":[{\"symbol\":\"USDC\",\"decimals\":6,\"address\":"
               "\"" SOME "\",\"can\":[6]}]}");
    assert_int_equal(network_from_devnet(&n, &e), SOUK_EINPUT);
    load(NULL); /* a broken devnet is nobody else's trouble */
    write_file(PATH_STATE, "devnet/status.json", NULL);
}

struct seen {
    unsigned from_file, rpc, tokens, domains, lists;
};

static void count(void *ud, const char *section, const char *key, const char *value, bool from_file)
{
    struct seen *s = ud;
    assert_non_null(value);
    s->from_file += from_file;
    s->tokens += strcmp(key, "token") == 0;
    s->domains +=
        strcmp(value, "USDC 0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913 6 name=\"USD Coin\" "
                      "version=2 can=eip3009,eip2612,permit2") == 0;
    s->lists += strcmp(key, "escrows") == 0 && strstr(value, "420cff 0xf968") != NULL;
    s->lists += strcmp(key, "facilitators") == 0 && strcmp(value, "none") == 0;
    s->rpc += strcmp(section, "network.opengradient") == 0 && strcmp(key, "payment_rpc") == 0 &&
              strcmp(value, "http://one.example") == 0;
}

static void test_each(void **state)
{
    struct seen s = {0};
    (void)state;
    struct config c =
        load("theme = dark\n[network.opengradient]\npayment_rpc = http://one.example\n");
    config_each(&c, count, &s);
    assert_int_equal(s.from_file, 2);
    assert_int_equal(s.rpc, 1);
    assert_int_equal(s.tokens, 2);
    assert_int_equal(s.domains, 1);
    assert_int_equal(s.lists, 4); /* of two networks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_built_in),       cmocka_unit_test(test_file),
        cmocka_unit_test(test_taking_away),    cmocka_unit_test(test_bad_lines),
        cmocka_unit_test(test_token_domain),   cmocka_unit_test(test_bad_tokens),
        cmocka_unit_test(test_devnet),         cmocka_unit_test(test_devnet_broken),
        cmocka_unit_test(test_each),           cmocka_unit_test(test_chain_keys),
        cmocka_unit_test(test_bad_chain_keys),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
