#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/mem.h"
#include "eth/events.h"

static const char *const topics[EV_COUNT] = {
    [EV_TRANSFER] = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
    [EV_AUTHORIZATION_USED] = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5",
    [EV_AUTHORIZATION_CANCELED] =
        "0x1cdd46ff242716cdaa72d159d339a485b3438398348d68f09d7c8c0a59353d81",
    [EV_APPROVAL] = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925",
    [EV_NONCE_INVALIDATION] = "0x3704902f963766a4e561bbaab6e6cdc1b1dd12f6e9e99648da8843b3f46b918d",
    [EV_SETTLED] = "0x97088ec3606cfe8cc112180570d03fcde05f9b8e1bfef8e27784eaf5dd5691b6",
    [EV_SETTLED_WITH_PERMIT] = "0xde5b89d10fc800c459329c382fabfcad0be0ed7e5328e01fae04e507b09ef5d8",
    [EV_CHANNEL_SETTLED] = "0x7337b4386b690fdb8ba66905b92b9d45d33bc6626ee2620c905fb150ec0cc47d",
    [EV_PAYMENT_AUTHORIZED] = "0x1c81fb2e3bab27f6bb09bee9a0dddf61600b7cbaf2c12683e4864e0cbdb9d284",
    [EV_PAYMENT_CHARGED] = "0x943ae4341dd799d7aeedc501f616cd26b134639e0bc2ec059581ba3ebbf1e7d0",
    [EV_PAYMENT_CAPTURED] = "0xe749f7bbd01b49bb05abf26ca492cb4dfdea6bedeada8a40fdccd478c73a74e2",
    [EV_PAYMENT_CHARGED_FEE] = "0x137b0e73e4453f43c2e1ad2552980a0e0c7e988764619974ca26d37a7159940c",
    [EV_PAYMENT_CAPTURED_FEE] =
        "0xac1e0db1957daedbc6944bcb4c8dc947ff8101d710671ac2ec26309f7f38d58e",
    [EV_PAYMENT_VOIDED] = "0xcadce8c3acb008e3e1c64ca7f60d22a3c87069183182b7dbb9e4d8cfb3a15842",
    [EV_PAYMENT_RECLAIMED] = "0x78e1d723d17e13b7f40eeab9bf6dd9148a630bafde4203ab7bb5fca983516d17",
    [EV_PAYMENT_REFUNDED] = "0x1bf415371b303ca6b8bbb4ce479b177cba5ad15dbe0c9a7750a588aa6bcd25b2",
    [EV_LISTED] = "0x45834afc119c60a37614e478b08621c0d4a749fffe564407f11bd7f8d4aa1988",
    [EV_DELISTED] = "0x423a99dfc3ec74876c7cbbbf8e0eb07f1c40990b5adbf8f18cdedd39806b0fec",
    [EV_MODEL_INFERENCE] = "0x1b283af3452f3718585ce100f80d9aa81fc60924db4a582a36db6aae3b109d87",
};

static void topics_follow_from_signatures(void **state)
{
    (void)state;
    for (int k = EV_NONE + 1; k < EV_COUNT; k++) {
        const char *signature = event_signature((enum event_kind)k);
        char hex[HASH_BUF], again[HASH_BUF];
        bytes32_format(event_topic((enum event_kind)k), hex);
        assert_string_equal(hex, topics[k]);
        assert_string_equal(hex, bytes32_format(keccak256(signature, strlen(signature)), again));
    }
}

/* Events of the chains we read, known from their published ABIs, whether we decode them or not. */
static void published_topics_are_what_we_compute(void **state)
{
    (void)state;
    static const struct {
        const char *signature, *topic;
    } published[] = {
        {"ModelInferenceEvent(string,(uint8,string,((string,(int128,int128)[],uint32[])[],"
         "(string,string[])[])),((string,(int128,int128)[],uint32[])[],(string,string[])[]"
         ",(string,string)[],bool))",
         "0x1b283af3452f3718585ce100f80d9aa81fc60924db4a582a36db6aae3b109d87"},
        {"LLMCompletionEvent(string,(uint8,string,string,uint32,string[],uint32),(string))",
         "0x51fe69d513d73ecde3fa3bf17584f7d2acfd5f0b13d367e898d6e11e742127a3"},
        {"LLMChat(string,(uint8,string,(string,string,string,string,(string,string,string)"
         "[])[],(string,string,string)[],string,uint32,string[],uint32),(string,(string,st"
         "ring,string,string,(string,string,string)[])))",
         "0x4c92d3df7819fcd1c9f9663332f0a599a65eefdad2eaf9193cffb9dbf1919c3b"},
        {"InferenceResult(((string,(int128,int128)[],uint32[])[],(string,string[])[],(stri"
         "ng,string)[],bool))",
         "0xc1396ff68bc2d8630100df29ce5561fa99078c602e8676ab72a53e37095d7168"},
        {"LLMChatResult((string,(string,string,string,string,(string,string,string)[])))",
         "0x53fcd580be8545626a896d86eb76e16597d793de715dda5d21df71d303d1ff96"},
        {"LLMCompletionResult((string))",
         "0xe522a1a92cb132ca102e36a004efceb8c83284b64164e0d128ddce12e86cab7b"},
        {"InferenceResultEmitted(address,((string,(int128,int128)[],uint32[])[],(string,st"
         "ring[])[],(string,string)[],bool))",
         "0x5a1ed425a160d1bc929890b991acc0e3d25a6f5db1ac65c07ee4c917708f76d4"},
        {"TaskRegistered(address,address,uint256,uint256)",
         "0x2f401f04107164177693d79d92457c4baa184a9b5a5265d3e6d4ab0ab6716724"},
        {"TaskUpdated(address,address,uint256,uint256)",
         "0x8e337393daef41df7da28202ae5795388856a55cccc6993dc6c60991de8af034"},
        {"TaskStopped(address,address)",
         "0x241f6a996425ccc55c93e17e9edc6e85a05deaf40ba91ab84dd4a4ccfa04070a"},
        {"BatchSettlement(bytes32,uint256,bytes)",
         "0xc2aff8d8a10a4543baabf39bd9ff45e7fc3881d19098df350a3b7f339e911127"},
        {"IndividualSettlement(bytes32,address,bytes32,bytes32,uint256,bytes,bytes)",
         "0x74e71a1981c03bd0c36f3b1227f3ee2a34dca5d6fef25c4b2787e033ab60b782"},
        {"Settlement(bytes32,bytes32)",
         "0x2dec475996b83d8f0b0b5863ea37b28d71de0e635fecf1042fd2c6e41b2bdda3"},
        {"BatchSettlement(bytes32,uint256)",
         "0xfa7c610716cb742e297d9aaa305f688a478691d7bdda909887be587592075db0"},
        {"SettlementWithMetadata(bytes32,bytes32,string,bytes,bytes)",
         "0x699118b9cf4c170299a3cd2b24610f4bdd66f1492695baf29c49077ef64c056c"},
        {"TEERegistered(bytes32,address,uint8)",
         "0x97d0af70a4d2c616e9c1093d5f57c8b31b3a7d824f1d335e5d5416402ec14931"},
        {"HeartbeatReceived(bytes32,uint256)",
         "0x3cf0bf7708060bf073b6ddb921eef0485b3eb9da828e0ed751fa6582ef337f57"},
        {"TEEEnabled(bytes32)",
         "0xcfe7e61b35fbf35c6b0d5c7ebe6feb619ab832dc476c4a02dbdc041fb92b5ca6"},
        {"TEEDisabled(bytes32)",
         "0x01c235337ed5406ee8cebb3f299d60f237a2837430f8a14fbc81f94ce50236b6"},
        {"TEETypeAdded(uint8,string)",
         "0xed0161664cf318441e585cccad9fa9fc770298b648a49635dda84ac6f0adc908"},
        {"PCRApproved(bytes32,uint8,string)",
         "0x98c6d69cba0181c4e436357d22ac56e02ec472c03f04df0fbf89d1bb614af2fe"},
        {"PCRRevoked(bytes32,uint8)",
         "0xd5a6741f8bbaee4cc3ea05953ea04c6a1863ce4c66a52da653dd0a315f84c2fb"},
        {"Settled()", "0x97088ec3606cfe8cc112180570d03fcde05f9b8e1bfef8e27784eaf5dd5691b6"},
        {"SettledWithPermit()",
         "0xde5b89d10fc800c459329c382fabfcad0be0ed7e5328e01fae04e507b09ef5d8"},
        {"Transfer(address,address,uint256)",
         "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"},
        {"Approval(address,address,uint256)",
         "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"},
        {"SettlementVerified(bytes32,bytes32,bytes32,bytes32,uint256)",
         "0x6e835ea462afbe274ad3d204474da2e32c8fcdf59965bde81bae1e1403598a87"},
        {"OHTTPConfigUpdated(bytes32,uint8,uint16,uint16,uint16,bytes32,bytes32)",
         "0x270cbcca96faea5dae0e7979e460bb2e7fefcbfb98224e1cbe6528ddc3a1cb1e"},
        {"SentTransferRemote(bytes32,address,uint32,bytes32,uint256,uint256)",
         "0x4287699a39021436ef4c9f44c2d33db797d7925707a3e381e0ee955efe234cf6"},
    };
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        char hex[HASH_BUF];
        const char *signature = published[i].signature;
        assert_string_equal(bytes32_format(keccak256(signature, strlen(signature)), hex),
                            published[i].topic);
    }
}

/* --- logs, as a node gives them -------------------------------------------------------------- */

#define BLOCK_HASH "0xb10c000000000000000000000000000000000000000000000000000000000001"
#define TX_HASH    "0x7e57000000000000000000000000000000000000000000000000000000000002"
#define PLACE                                                                          \
    "\"blockNumber\":\"0x1b4\",\"blockHash\":\"" BLOCK_HASH "\",\"logIndex\":\"0x3\"," \
    "\"transactionIndex\":\"0x0\",\"transactionHash\":\"" TX_HASH "\",\"removed\":false"
#define WORD_ALICE "0x000000000000000000000000833589fcd6edb6e08f4c7c32d4f71b54bda02913"
#define WORD_BOB   "0x0000000000000000000000009deebb5d1b22e4a6e027977cead13893a7e4cc1a"
#define WORD_ID    "0x1d00000000000000000000000000000000000000000000000000000000000001"
#define TOKEN      "0xFbC2051AE2265686a469421b2C5A2D5462FbF5eB"
#define LOG(topic_list, data) \
    "{\"address\":\"" TOKEN "\",\"topics\":[" topic_list "],\"data\":\"" data "\"," PLACE "}"
#define TRANSFER_TOPIC "\"0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef\""
#define TRANSFER(data) LOG(TRANSFER_TOPIC ",\"" WORD_ALICE "\",\"" WORD_BOB "\"", data)
#define WORD_2         "0000000000000000000000000000000000000000000000000000000000000002"
#define WORD_1E18      "0x0000000000000000000000000000000000000000000000000de0b6b3a7640001"

/* Made by viem's encodeAbiParameters: no code of ours stands on both sides of these tests. */
static const char inference_data[] =
    "0x00000000000000000000000000000000000000000000000000000000000000600000000000000000000000"
    "0000000000000000000000000000000000000000a00000000000000000000000000000000000000000000000"
    "0000000000000004600000000000000000000000000000000000000000000000000000000000000012307836"
    "6631652d696e666572656e63652d310000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000002000000000000000000000000000000000000000000000000000000"
    "000000006000000000000000000000000000000000000000000000000000000000000000c000000000000000"
    "0000000000000000000000000000000000000000000000002b684a44324a6133616b5a46743141324c542d44"
    "5f316f784f437a5f4f74754759773456396545316d33394d0000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000400000000000000000000000"
    "0000000000000000000000000000000000000001c00000000000000000000000000000000000000000000000"
    "0000000000000000010000000000000000000000000000000000000000000000000000000000000020000000"
    "0000000000000000000000000000000000000000000000000000000060000000000000000000000000000000"
    "00000000000000000000000000000000a0000000000000000000000000000000000000000000000000000000"
    "000000010000000000000000000000000000000000000000000000000000000000000000136f70656e5f6869"
    "67685f6c6f775f636c6f73650000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000001ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffcf"
    "c700000000000000000000000000000000000000000000000000000000000000030000000000000000000000"
    "0000000000000000000000000000000000000000010000000000000000000000000000000000000000000000"
    "0000000000000000010000000000000000000000000000000000000000000000000000000000000001000000"
    "0000000000000000000000000000000000000000000000000000000020000000000000000000000000000000"
    "0000000000000000000000000000000040000000000000000000000000000000000000000000000000000000"
    "000000008000000000000000000000000000000000000000000000000000000000000000056c6162656c0000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000100000000000000000000000000000000000000000000000000000000000000"
    "2000000000000000000000000000000000000000000000000000000000000000027570000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000800000000000000000000000000000000000000000000000000000000000000200000000"
    "0000000000000000000000000000000000000000000000000000000220000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000001000000000000000000000000000000000000000000000000000000000000002000000000000000"
    "0000000000000000000000000000000000000000000000006000000000000000000000000000000000000000"
    "000000000000000000000000a000000000000000000000000000000000000000000000000000000000000001"
    "0000000000000000000000000000000000000000000000000000000000000000136f70656e5f686967685f6c"
    "6f775f636c6f7365000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000001ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffcfc7000000"
    "0000000000000000000000000000000000000000000000000000000003000000000000000000000000000000"
    "0000000000000000000000000000000001000000000000000000000000000000000000000000000000000000"
    "0000000001000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000100000000000000000000000000000000000000"
    "0000000000000000000000002000000000000000000000000000000000000000000000000000000000000000"
    "4000000000000000000000000000000000000000000000000000000000000000800000000000000000000000"
    "0000000000000000000000000000000000000000016a00000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000077b2261"
    "223a317d00000000000000000000000000000000000000000000000000";
static const char simulation_data[] =
    "0x00000000000000000000000000000000000000000000000000000000000000600000000000000000000000"
    "0000000000000000000000000000000000000000800000000000000000000000000000000000000000000000"
    "0000000000000001c00000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000060000000000000000000000000000000000000000000000000000000"
    "00000000c0000000000000000000000000000000000000000000000000000000000000002e516d5268637044"
    "586659434b73696d546d4a597241564d34426276636b35395a62326f6e6a334d4876394b77354e0000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "4000000000000000000000000000000000000000000000000000000000000000600000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000080000000"
    "00000000000000000000000000000000000000000000000000000000a0000000000000000000000000000000"
    "00000000000000000000000000000000c0000000000000000000000000000000000000000000000000000000"
    "0000000001000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000";
static const char listed_data[] =
    "0x00000000000000000000000000000000000000000000000000000000000000e00000000000000000000000"
    "0000000000000000000000000000000000000001200000000000000000000000000000000000000000000000"
    "000000000000000160000000000000000000000000000000000000000000000000ab54a98ceb1f0ad2000000"
    "000000000000000000833589fcd6edb6e08f4c7c32d4f71b54bda029130000000000000000000000009deebb"
    "5d1b22e4a6e027977cead13893a7e4cc1a000000000000000000000000000000000000000000000000000000"
    "00000001c0000000000000000000000000000000000000000000000000000000000000000c4f70656e477261"
    "6469656e74000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000156f672f31687220766f6c6174696c69747920e29ca800000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000002b684a44324a6133616b5a46"
    "743141324c542d445f316f784f437a5f4f74754759773456396545316d33394d000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000000000001d687474"
    "70733a2f2f73656c6c65722e6578616d706c652f76312f72756e000000";

/* PaymentInfo of payer 0xa1, receiver 0xb2, token 0x70; 900 of it; a fee of 2.5 %, or of 22. */
#define AUTHORIZED                                                                               \
    "0x000000000000000000000000000000000000000000000000000000000000000b000000000000000000000000" \
    "00000000000000000000000000000000000000a1000000000000000000000000000000000000000000000000"   \
    "00000000000000b2000000000000000000000000000000000000000000000000000000000000007000000000"   \
    "000000000000000000000000000000000000000000000000000003e800000000000000000000000000000000"   \
    "0000000000000000000000000000000100000000000000000000000000000000000000000000000000000000"   \
    "0000000200000000000000000000000000000000000000000000000000000000000000030000000000000000"   \
    "0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"   \
    "0000000000000000000001f40000000000000000000000000000000000000000000000000000000000000000"   \
    "0000000000000000000000000000000000000000000000000000000000000007000000000000000000000000"   \
    "0000000000000000000000000000000000000384000000000000000000000000000000000000000000000000"   \
    "00000000000000c0"
static const char authorized_data[] = AUTHORIZED;
static const char charged_data[] =
    AUTHORIZED "00000000000000000000000000000000000000000000000000000000000000fa"
               "00000000000000000000000000000000000000000000000000000000000000fe";
static const char charged_fee_data[] =
    AUTHORIZED "0000000000000000000000000000000000000000000000000000000000000016"
               "00000000000000000000000000000000000000000000000000000000000000fe";
static const char captured_data[] =
    "0x0000000000000000000000000000000000000000000000000000000000000384000000000000000000000000"
    "00000000000000000000000000000000000000fa000000000000000000000000000000000000000000000000"
    "00000000000000fe";
static const char captured_fee_data[] =
    "0x0000000000000000000000000000000000000000000000000000000000000384000000000000000000000000"
    "0000000000000000000000000000000000000016000000000000000000000000000000000000000000000000"
    "00000000000000fe";
static const char amount_data[] =
    "0x0000000000000000000000000000000000000000000000000000000000000384";
static const char refunded_data[] =
    "0x0000000000000000000000000000000000000000000000000000000000000384000000000000000000000000"
    "00000000000000000000000000000000000000c0";

static souk_err parse(struct arena *a, const char *text, struct eth_log *log, struct err *e)
{
    json *j = json_parse(text, strlen(text), "the log", e);
    assert_non_null(j);
    souk_err rc = eth_log_parse(j, a, log, e);
    json_free(j); /* the log must not need the tree */
    return rc;
}

static void good(struct arena *a, const char *text, struct eth_log *log)
{
    struct err e;
    assert_int_equal(parse(a, text, log, &e), SOUK_OK);
}

/* A log of this kind with this data, its topics 1 and 2 an address and a word. */
static struct eth_log log_of(struct arena *a, enum event_kind k, unsigned count, const char *data)
{
    struct eth_log log = {.topics = count};
    size_t n = (strlen(data) - 2) / 2;
    uint8_t *bytes = arena_alloc(a, n + 1);
    assert_non_null(bytes);
    assert_true(hex_decode(data, strlen(data), bytes, n));
    log.topic[0] = event_topic(k);
    assert_true(bytes32_parse(WORD_ALICE, 66, &log.topic[1]));
    assert_true(bytes32_parse(WORD_ID, 66, &log.topic[2]));
    log.data = bytes;
    log.data_len = n;
    return log;
}

static void assert_text(struct untrusted u, const char *want)
{
    assert_int_equal(u.n, strlen(want));
    assert_memory_equal(u.p, want, u.n);
}

static void assert_address(address a, const char *want)
{
    char text[ADDRESS_BUF];
    assert_string_equal(address_format(a, text), want);
}

static void a_log_is_read_whole(void **state)
{
    (void)state;
    struct arena a;
    struct eth_log log;
    char hex[HASH_BUF];
    arena_init(&a, 1 << 20);
    good(&a, TRANSFER(WORD_1E18), &log);
    assert_address(log.from, TOKEN);
    assert_int_equal(log.topics, 3);
    assert_string_equal(bytes32_format(log.topic[2], hex), WORD_BOB);
    assert_int_equal(log.data_len, 32);
    assert_int_equal(log.data[31], 1);
    assert_int_equal(log.block, 436);
    assert_int_equal(log.index, 3);
    assert_string_equal(bytes32_format(log.block_hash, hex), BLOCK_HASH);
    assert_string_equal(bytes32_format(log.tx, hex), TX_HASH);
    assert_int_equal(log.time, 0);
    assert_false(log.removed);

    good(&a,
         "{\"address\":\"" TOKEN "\",\"topics\":[],\"data\":\"0x\",\"removed\":true,"
         "\"blockTimestamp\":\"0x6920a1c2\"," PLACE "}",
         &log);
    assert_int_equal(log.topics, 0);
    assert_int_equal(log.data_len, 0);
    assert_non_null(log.data);
    assert_int_equal(log.time, 0x6920a1c2);
    assert_true(log.removed);
    arena_release(&a);
}

static void a_broken_log_is_an_error_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } broken[] = {
        {"7", "address"},
        {"{}", "address"},
        {"{\"address\":\"0x12\"}", "address"},
        {"{\"address\":\"" TOKEN "\"," PLACE ",\"data\":\"0x\"}", "topics"},
        {LOG("\"0x12\"", "0x"), "topics"},
        {LOG("3", "0x"), "topics"},
        {LOG(TRANSFER_TOPIC "," TRANSFER_TOPIC "," TRANSFER_TOPIC "," TRANSFER_TOPIC
                            "," TRANSFER_TOPIC,
             "0x"),
         "topics"},
        {LOG("", "0x1"), "data"},
        {LOG("", "0xzz"), "data"},
        {LOG("", "zz"), "data"},
        {LOG("", ""), "data"},
        {"{\"address\":\"" TOKEN "\",\"topics\":[]," PLACE "}", "data"},
        {"{\"address\":\"" TOKEN "\",\"topics\":[],\"data\":\"0x\",\"blockNumber\":null}", "block"},
        {"{\"address\":\"" TOKEN "\",\"topics\":[],\"data\":\"0x\","
         "\"blockNumber\":\"0xffffffffffffffff\"," PLACE "}",
         "block"},
        {"{\"address\":\"" TOKEN "\",\"topics\":[],\"data\":\"0x\",\"blockNumber\":\"0x1\","
         "\"blockHash\":\"" BLOCK_HASH "\",\"logIndex\":\"0x0\"}",
         "place"},
    };
    struct arena a;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct eth_log log;
        struct err e;
        assert_int_equal(parse(&a, broken[i].text, &log, &e), SOUK_ENET);
        assert_non_null(strstr(e.msg, broken[i].word));
    }
    arena_release(&a);
}

static void a_log_larger_than_the_arena_is_refused(void **state)
{
    (void)state;
    struct arena a;
    struct eth_log log;
    struct err e;
    arena_init(&a, 16);
    assert_int_equal(parse(&a, TRANSFER(WORD_1E18), &log, &e), SOUK_ENOMEM);
    arena_release(&a);
}

static void a_block_header_is_read(void **state)
{
    (void)state;
    static const char text[] = "{\"number\":\"0x10\",\"hash\":\"" BLOCK_HASH
                               "\",\"parentHash\":\"" TX_HASH "\",\"timestamp\":\"0x65\"}";
    static const char *const broken[] = {
        "null",
        "{}",
        "{\"number\":null,\"hash\":\"" BLOCK_HASH "\",\"parentHash\":\"" TX_HASH
        "\",\"timestamp\":\"0x65\"}",
        "{\"number\":\"0x10\",\"hash\":\"" BLOCK_HASH "\",\"parentHash\":\"" TX_HASH
        "\",\"timestamp\":\"0xffffffffffffffff\"}",
    };
    struct eth_block b;
    struct err e;
    char hex[HASH_BUF];
    json *j = json_parse(text, strlen(text), "the block", &e);
    assert_int_equal(eth_block_parse(j, &b, &e), SOUK_OK);
    assert_int_equal(b.number, 16);
    assert_int_equal(b.time, 101);
    assert_string_equal(bytes32_format(b.hash, hex), BLOCK_HASH);
    assert_string_equal(bytes32_format(b.parent, hex), TX_HASH);
    json_free(j);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        j = json_parse(broken[i], strlen(broken[i]), "the block", &e);
        assert_int_equal(eth_block_parse(j, &b, &e), SOUK_ENET);
        json_free(j);
    }
    assert_int_equal(eth_block_parse(NULL, &b, &e), SOUK_ENET);
}

/* --- decoding -------------------------------------------------------------------------------- */

static void transfers_and_authorizations(void **state)
{
    (void)state;
    struct arena a;
    struct eth_log log;
    struct event ev;
    char text[U256_DEC], hex[HASH_BUF];
    arena_init(&a, 1 << 20);
    good(&a, TRANSFER(WORD_1E18), &log);
    assert_int_equal(event_decode(&log, &ev), EV_TRANSFER);
    assert_int_equal(ev.kind, EV_TRANSFER);
    assert_address(ev.transfer.from, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_address(ev.transfer.to, "0x9deEBB5D1b22e4a6e027977CeAd13893A7E4cC1a");
    assert_string_equal(u256_to_dec(ev.transfer.value, text), "1000000000000000001");

    log = log_of(&a, EV_AUTHORIZATION_USED, 3, "0x");
    assert_int_equal(event_decode(&log, &ev), EV_AUTHORIZATION_USED);
    assert_address(ev.authorization.authorizer, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_string_equal(bytes32_format(ev.authorization.nonce, hex), WORD_ID);

    log = log_of(&a, EV_AUTHORIZATION_CANCELED, 3, "0x");
    assert_int_equal(event_decode(&log, &ev), EV_AUTHORIZATION_CANCELED);
    assert_address(ev.authorization.authorizer, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_string_equal(bytes32_format(ev.authorization.nonce, hex), WORD_ID);

    log = log_of(&a, EV_NONCE_INVALIDATION, 2, WORD_1E18 WORD_2);
    assert_int_equal(event_decode(&log, &ev), EV_NONCE_INVALIDATION);
    assert_address(ev.invalidation.owner, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_string_equal(u256_to_dec(ev.invalidation.word, text), "1000000000000000001");
    assert_string_equal(u256_to_dec(ev.invalidation.mask, text), "2");
    log = log_of(&a, EV_NONCE_INVALIDATION, 2, WORD_1E18);
    assert_int_equal(event_decode(&log, &ev), EV_NONE);

    log = log_of(&a, EV_SETTLED, 1, "0x");
    assert_int_equal(event_decode(&log, &ev), EV_SETTLED);
    log = log_of(&a, EV_SETTLED_WITH_PERMIT, 1, "0x");
    assert_int_equal(event_decode(&log, &ev), EV_SETTLED_WITH_PERMIT);
    arena_release(&a);
}

static void assert_amount(u256 v, uint64_t want)
{
    assert_int_equal(u256_cmp(v, u256_from_u64(want)), 0);
}

static void channels(void **state)
{
    (void)state;
    struct arena a;
    struct event ev;
    arena_init(&a, 1 << 20);
    struct eth_log log = log_of(&a, EV_CHANNEL_SETTLED, 4, amount_data);
    assert_int_equal(event_decode(&log, &ev), EV_NONE); /* topic 2 is no address */
    assert_true(bytes32_parse(WORD_BOB, 66, &log.topic[2]));
    assert_int_equal(event_decode(&log, &ev), EV_CHANNEL_SETTLED);
    assert_address(ev.settled.receiver, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_address(ev.settled.token, "0x9deEBB5D1b22e4a6e027977CeAd13893A7E4cC1a");
    assert_true(address_is_zero(ev.settled.sender));
    assert_amount(ev.settled.amount, 900);
    log.topics = 3;
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    arena_release(&a);
}

static void escrows(void **state)
{
    (void)state;
    static const struct {
        enum event_kind kind, as;
        const char *data;
        bool info;
        uint64_t fee;
    } all[] = {
        {EV_PAYMENT_AUTHORIZED, EV_PAYMENT_AUTHORIZED, authorized_data, true, 0},
        {EV_PAYMENT_CHARGED, EV_PAYMENT_CHARGED, charged_data, true, 22},
        {EV_PAYMENT_CHARGED_FEE, EV_PAYMENT_CHARGED, charged_fee_data, true, 22},
        {EV_PAYMENT_CAPTURED, EV_PAYMENT_CAPTURED, captured_data, false, 22},
        {EV_PAYMENT_CAPTURED_FEE, EV_PAYMENT_CAPTURED, captured_fee_data, false, 22},
        {EV_PAYMENT_VOIDED, EV_PAYMENT_VOIDED, amount_data, false, 0},
        {EV_PAYMENT_RECLAIMED, EV_PAYMENT_RECLAIMED, amount_data, false, 0},
        {EV_PAYMENT_REFUNDED, EV_PAYMENT_REFUNDED, refunded_data, false, 0},
    };
    struct arena a;
    struct event ev;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct eth_log log = log_of(&a, all[i].kind, 2, all[i].data);
        assert_int_equal(event_decode(&log, &ev), all[i].as);
        assert_memory_equal(&ev.escrow.hash, &log.topic[1], sizeof(bytes32));
        assert_amount(ev.escrow.amount, 900);
        assert_amount(ev.escrow.fee, all[i].fee);
        assert_int_equal(ev.escrow.payer.b[19], all[i].info ? 0xa1 : 0);
        assert_int_equal(ev.escrow.receiver.b[19], all[i].info ? 0xb2 : 0);
        assert_int_equal(ev.escrow.token.b[19], all[i].info ? 0x70 : 0);
        log.data_len -= 32;
        assert_int_equal(event_decode(&log, &ev), EV_NONE);
        log = log_of(&a, all[i].kind, 3, all[i].data);
        assert_int_equal(event_decode(&log, &ev), EV_NONE);
    }
    /* A fee larger than what it is taken off. */
    struct eth_log log = log_of(&a, EV_PAYMENT_CAPTURED, 2, captured_fee_data);
    assert_int_equal(event_decode(&log, &ev), EV_PAYMENT_CAPTURED);
    uint8_t *data = arena_alloc(&a, log.data_len);
    memcpy(data, log.data, log.data_len);
    log.data = data;
    data[32 + 30] = 0x27, data[32 + 31] = 0x11; /* 100.01 % */
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    log.topic[0] = event_topic(EV_PAYMENT_CAPTURED_FEE);
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    arena_release(&a);
}

static void listings(void **state)
{
    (void)state;
    struct arena a;
    struct event ev;
    char text[U256_DEC], hex[HASH_BUF];
    arena_init(&a, 1 << 20);
    struct eth_log log = log_of(&a, EV_LISTED, 3, listed_data);
    assert_int_equal(event_decode(&log, &ev), EV_LISTED);
    assert_address(ev.listed.owner, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_string_equal(bytes32_format(ev.listed.id, hex), WORD_ID);
    assert_text(ev.listed.author, "OpenGradient");
    assert_text(ev.listed.name, "og/1hr volatility \xe2\x9c\xa8");
    assert_text(ev.listed.blob_id, "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M");
    assert_string_equal(u256_to_dec(ev.listed.price, text), "12345678901234567890");
    assert_address(ev.listed.asset, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_address(ev.listed.pay_to, "0x9deEBB5D1b22e4a6e027977CeAd13893A7E4cC1a");
    assert_text(ev.listed.endpoint, "https://seller.example/v1/run");

    log = log_of(&a, EV_DELISTED, 3, "0x");
    assert_int_equal(event_decode(&log, &ev), EV_DELISTED);
    assert_address(ev.listed.owner, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913");
    assert_string_equal(bytes32_format(ev.listed.id, hex), WORD_ID);
    assert_int_equal(ev.listed.name.n, 0);
    arena_release(&a);
}

static void inferences_with_and_without_tensors(void **state)
{
    (void)state;
    struct arena a;
    struct event ev;
    arena_init(&a, 1 << 20);
    struct eth_log log = log_of(&a, EV_MODEL_INFERENCE, 1, inference_data);
    assert_int_equal(event_decode(&log, &ev), EV_MODEL_INFERENCE);
    assert_text(ev.inference.id, "0x6f1e-inference-1");
    assert_text(ev.inference.cid, "hJD2Ja3akZFt1A2LT-D_1oxOCz_OtuGYw4V9eE1m39M");
    assert_int_equal(ev.inference.mode, 2);
    assert_false(ev.inference.simulation);

    log = log_of(&a, EV_MODEL_INFERENCE, 1, simulation_data);
    assert_int_equal(event_decode(&log, &ev), EV_MODEL_INFERENCE);
    assert_int_equal(ev.inference.id.n, 0);
    assert_text(ev.inference.cid, "QmRhcpDXfYCKsimTmJYrAVM4Bbvck59Zb2onj3MHv9Kw5N");
    assert_int_equal(ev.inference.mode, 0);
    assert_true(ev.inference.simulation);
    arena_release(&a);
}

static void the_right_topic_with_the_wrong_shape_is_nothing(void **state)
{
    (void)state;
    struct arena a;
    struct event ev;
    struct eth_log log;
    arena_init(&a, 1 << 20);

    good(&a, TRANSFER("0x"), &log); /* no amount */
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    assert_int_equal(ev.kind, EV_NONE);
    good(&a, LOG(TRANSFER_TOPIC ",\"" WORD_ALICE "\"", WORD_1E18), &log); /* nothing indexed */
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    good(&a, LOG(TRANSFER_TOPIC ",\"" WORD_ALICE "\",\"" WORD_BOB "\",\"" WORD_ID "\"", WORD_1E18),
         &log); /* ERC-721 */
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    good(&a, LOG(TRANSFER_TOPIC ",\"" WORD_ALICE "\",\"" WORD_ID "\"", WORD_1E18),
         &log); /* no address */
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    good(&a, LOG("\"" WORD_ID "\"", "0x"), &log); /* somebody's own event */
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    good(&a, LOG("", "0x"), &log);
    assert_int_equal(event_decode(&log, &ev), EV_NONE);
    arena_release(&a);
}

/* What the parts read of an encoding were, after which its length no longer matters. */
static void assert_decodes_safely(const struct eth_log *log)
{
    struct event ev;
    enum event_kind k = event_decode(log, &ev);
    const char *first = (const char *)log->data, *end = first + log->data_len;
    if (k == EV_LISTED) {
        assert_true(ev.listed.name.p >= first && ev.listed.name.p + ev.listed.name.n <= end);
        assert_true(ev.listed.endpoint.p + ev.listed.endpoint.n <= end);
    } else if (k == EV_MODEL_INFERENCE) {
        assert_true(ev.inference.cid.p >= first && ev.inference.cid.p + ev.inference.cid.n <= end);
    }
}

/* Every prefix, and every byte of the offsets and lengths replaced: never a byte outside. */
static void mangled_data_stays_inside_its_bytes(void **state)
{
    (void)state;
    static const struct {
        enum event_kind kind;
        unsigned topics;
        const char *data;
    } whole[] = {
        {EV_LISTED, 3, listed_data},
        {EV_MODEL_INFERENCE, 1, inference_data},
        {EV_MODEL_INFERENCE, 1, simulation_data},
        {EV_PAYMENT_CHARGED, 2, charged_data},
    };
    struct arena a;
    arena_init(&a, 16 << 20);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        struct eth_log log = log_of(&a, whole[i].kind, whole[i].topics, whole[i].data);
        size_t full = log.data_len;
        for (size_t n = 0; n < full; n++) {
            uint8_t *exact = mem_alloc(n + !n); /* its own block, so that ASan sees its end */
            memcpy(exact, log.data, n);
            struct eth_log cut = log;
            cut.data = exact;
            cut.data_len = n;
            assert_decodes_safely(&cut);
            mem_free(exact);
        }
        uint8_t *mangled = mem_alloc(full);
        memcpy(mangled, log.data, full);
        log.data = mangled;
        for (size_t at = 0; at < full; at++) {
            uint8_t was = mangled[at];
            mangled[at] = 0xff;
            assert_decodes_safely(&log);
            mangled[at] = (uint8_t)(was ^ 0x20);
            assert_decodes_safely(&log);
            mangled[at] = was;
        }
        mem_free(mangled);
    }
    arena_release(&a);
}

static void without_memory_a_log_is_refused(void **state)
{
    (void)state;
    struct err e;
    json *j = json_parse(TRANSFER(WORD_1E18), strlen(TRANSFER(WORD_1E18)), "the log", &e);
    for (unsigned long n = 1;; n++) {
        struct arena a;
        struct eth_log log;
        arena_init(&a, 1 << 20);
        mem_fail_at(n, false);
        souk_err rc = eth_log_parse(j, &a, &log, &e);
        mem_fail_at(0, false);
        arena_release(&a);
        if (rc == SOUK_OK) {
            assert_true(n > 1);
            break;
        }
        assert_int_equal(rc, SOUK_ENOMEM);
    }
    json_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_follow_from_signatures),
        cmocka_unit_test(published_topics_are_what_we_compute),
        cmocka_unit_test(a_log_is_read_whole),
        cmocka_unit_test(a_broken_log_is_an_error_in_words),
        cmocka_unit_test(a_log_larger_than_the_arena_is_refused),
        cmocka_unit_test(a_block_header_is_read),
        cmocka_unit_test(transfers_and_authorizations),
        cmocka_unit_test(channels),
        cmocka_unit_test(escrows),
        cmocka_unit_test(listings),
        cmocka_unit_test(inferences_with_and_without_tensors),
        cmocka_unit_test(the_right_topic_with_the_wrong_shape_is_nothing),
        cmocka_unit_test(mangled_data_stays_inside_its_bytes),
        cmocka_unit_test(without_memory_a_log_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
