#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "eth/eth.h"

/* Messages in hex around the block size of 136 bytes, and their digests. */
static const struct {
    const char *message, *digest;
} digests[] = {
    {"0x", "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
    {"0x30", "0x044852b2a670ade5407e78fb2863c51de9fcb96542a07186fe3aeda6bb8a116d"},
    {"0xfdd87a03362f225f192e0ebcd5bab56cdd9248f4b0ab99347e7be2218ee854",
     "0x7cba1f26f8877e0365f0a6c20de13b35bd1daa7c30e04ed0ec4724607483214e"},
    {"0x8b10841c0da3b1946aec1e78b426331fb6f3d147f7e8e8b12b52608e3cc8d2a6",
     "0x4ca068e8ace944490947038328e9033aa24c4ae7d6fdae5c99664870e4d5710c"},
    {"0xda2c36d4d3c22b933bf73527044bf2a3d4177a2d06e239f1ee3ba0b75dcef402e350cd22a077ac9268d1a4"
     "651caf157db8335486ada56af09f4f3a67f013527c36a6cc68e9e8ae25ea880e22d13706a6b36dfa75499242"
     "2ed4ee8e1477f64c39c8b357824b90be65e8dc3174c842782bc76dddb1f4d1c483055318bd7ea6101d9cbe1f"
     "af0e56c8",
     "0x59b289cfd4904f00e4c0ee6eaa235334baae4d2438403831144332053f7fcac9"},
    {"0x125f3ff7b76debe06dcc515c33459111c1d1e8e4ccdf312bc6418eabe2839bc00719047e7978a811951729"
     "51848aeb17a0a638238c0bb79a58a5e1764336190884f5eb369ed08f5e6ea90b1a7ccbf55b260010904be0a2"
     "84dc0c205dd9b5fc7ef470b3c3b5bd7858d2858f606e43d2cbacc66f0a00c115d5f0ce8fdca5498820bf1710"
     "aca7e6c31a",
     "0xd5d1968462cb7e1833c54b7e1519f11dcc57c805b576786b0ed2441aee9dfec9"},
    {"0x406b8d1a8afbe3432491cb54d80fea04b5c169752f0c3a5f502cd01c717925bad152c143efbd814fc25f6f"
     "80c2919ef5bd9e5ae539a401c465ff5a424b5dc6d9a042e92a522345e1c440c7c4edbb98bd8cef08816dce93"
     "206779852e72a6a3babec54f2c95af9b18fbd9725a28f43fc04e9d19909ebb0664a43e6a516cdb487881a6bf"
     "6195f062b4ba",
     "0x17c8e8e284596dd12b5eedd6835e910406714adb17982078e362dcbeb2a8509a"},
    {"0xf803e3a383947bc03be61de0d4828db8ebcd39093a4ca8fe7ac84923c3b5fdda3aa84c365d893468d8a53b"
     "c560483de7bc388a24ec22edbe92a0f6abf20ae5a054b38bd4359ffff9e6dc65a9de6ecb94073037019504bb"
     "ea6c75a53fe48b43d3d581992d1de71d12b3377e0530a7f25e8032910296ebee29c70f8a8f1dc1fe910abcbe"
     "760e680038a7cb56ce55fa929c3bbf2017edf842d1b9011f67a3825e82d7fa933017acbd94dd60f9543307d3"
     "faf6ee3144c7da816e3e68d1aefe46e79ba4b42bca7673546bd99b22f4a43a4b232187a3d532e5f097612f34"
     "00a187d3bed11cb5e81f2085ac701d7f7d15b2f3f1c07a408e9e17ed5a76ce80ab3b353864d53c07d935ef74"
     "ffcd2af7a1f9c2730c",
     "0xbf55838c35843e36cc170678adfcee2cc8bcca06b56f57b414d78f7d35cf87d2"},
};

static void keccak_gives_known_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof digests / sizeof *digests; i++) {
        uint8_t message[300];
        char hex[HASH_BUF];
        size_t n = (strlen(digests[i].message) - 2) / 2;
        assert_true(hex_decode(digests[i].message, strlen(digests[i].message), message, n));
        assert_string_equal(bytes32_format(keccak256(message, n), hex), digests[i].digest);
    }
}

/* Every length from 0 to 600: the digest of all their digests in a row. */
static void keccak_is_right_at_every_length(void **state)
{
    (void)state;
    static uint8_t all[601 * 32];
    char message[600], hex[HASH_BUF];
    memset(message, 'a', sizeof message);
    for (size_t n = 0; n <= sizeof message; n++) {
        bytes32 h = keccak256(message, n);
        memcpy(all + 32 * n, h.b, 32);
    }
    assert_string_equal(bytes32_format(keccak256(all, sizeof all), hex),
                        "0xc1a0ea9459c444fd5cb0262618e67ca0293371902d17bbdd10581c9eeefbcbce");
}

/* Selectors of the contracts we know: the first four bytes of a signature's digest. */
static void selectors_are_right(void **state)
{
    (void)state;
    static const struct {
        const char *signature, *selector;
    } known[] = {
        {"run(string,uint8,((string,(int128,int128)[],uint32[])[],(string,string[])[]))",
         "0xcbf09d80"},
        {"runModelInference((uint8,string,((string,(int128,int128)[],uint32[])[],(string,string[])"
         "[])))",
         "0x7289e9c2"},
        {"batchSettle(bytes32,uint256,bytes)", "0x1b243ae6"},
        {"settleIndividual(bytes32,bytes32,bytes32,uint256,address,bytes,bytes)", "0x90480ad1"},
        {"batchSettle(bytes32,uint256)", "0x609580f6"},
        {"settle(bytes32,bytes32)", "0xd32a9cd9"},
        {"settleWithMetadata(bytes32,bytes32,string,bytes,bytes)", "0xa1ccc828"},
        {"getAllTasks()", "0x779900b4"},
        {"registerTask(address,uint256,uint256)", "0x31a7e88c"},
        {"modelId()", "0x43cdaad2"},
        {"run()", "0xc0406226"},
        {"getInferenceResult()", "0x1b9fc701"},
        {"getLastInferenceResults(uint256)", "0x9e30396c"},
        {"getActiveTEEs(uint8)", "0x4b6014da"},
        {"getTEE(bytes32)", "0x418b207d"},
        {"getTEETypes()", "0x971cfbf1"},
        {"isTEEActive(bytes32)", "0xa3bf31f1"},
        {"heartbeat(bytes32,uint256,bytes)", "0x42830ad8"},
        {"verifySignatureNoTimestamp(bytes32,bytes32,bytes32,uint256,bytes)", "0x810f2337"},
        {"settle(((address,uint256),uint256,uint256),uint256,address,(address,address,uint256),byt"
         "es)",
         "0xff11e7b4"},
        {"settleWithPermit((uint256,uint256,bytes32,bytes32,uint8),((address,uint256),uint256,uint"
         "256),uint256,address,(address,address,uint256),bytes)",
         "0x016c1748"},
        {"settle(((address,uint256),uint256,uint256),address,(address,uint256),bytes)",
         "0x13cd3b53"},
        {"permitWitnessTransferFrom(((address,uint256),uint256,uint256),(address,uint256),address,"
         "bytes32,string,bytes)",
         "0x137c29fe"},
        {"balanceOf(address)", "0x70a08231"},
        {"allowance(address,address)", "0xdd62ed3e"},
        {"approve(address,uint256)", "0x095ea7b3"},
        {"transfer(address,uint256)", "0xa9059cbb"},
        {"totalSupply()", "0x18160ddd"},
        {"decimals()", "0x313ce567"},
        {"symbol()", "0x95d89b41"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        char hex[HASH_BUF];
        bytes32 h = keccak256(known[i].signature, strlen(known[i].signature));
        assert_string_equal(hex_encode(h.b, 4, hex), known[i].selector);
    }
}

static const char *const checksummed[] = {
    "0x32D33E17F0F2127B243489f05d85524e4b6F3210", "0x74d7ae52aA0F2dA04DDCb515647734D5F8914B94",
    "0x981Eb5b88223f139d6976A0b65a264B67fCE8AB3", "0x91539d33aB6C69eE70dFd8caD692a7fAD001b1DE",
    "0x3FDf52843c9312fB92AA335747fEB134015be8FC", "0xCe8aAd179002653403cE2245FFae5f39b5Ab5F21",
    "0x957C9FBAa4FF76e24e4D582E9776E3E6Cf65162C", "0x173e11b0f0667115734D735CE91E2428283ca70c",
    "0x0E332b9c5C6743135d25f3C2874d62A152E2b148", "0xC4A9eB2d4015E2b0B58Bc1ba4C376530f4C67959",
    "0x514f4e88564BEf8C59b8D7b0e985f639DDECF8D7", "0x46B5A6D5485a3e3CAa9307FB4C4440D1D78fde6c",
    "0x794123a952f983d92A3d6D49e035DaCC5fcF2bed", "0xB2b6cbEbB6caDb565ACED6c461EeF58C30cA9E48",
    "0xeFCF93689a807053313599745350ED5eeB1386e5", "0x06A21032C9aF9b365fa5fe8c1568D528c07DCBE4",
    "0x8B0B6AE53C4Ac9BAA4Ba46800827a4e715415bDf", "0xAC72A21d787FC943392AA8B013589047699bCecc",
    "0xCA3090004b58A8853C73a78fE45650d77d5c18fc", "0xB53923555C0e4d914404074c2b764e9114b0Bd11",
    "0x000000000022D473030F116dDEE9F6B43aC78BA3", "0x402085c248EeA27D92E8b30b2C58ed07f9E20001",
    "0x4020A4f3b7b90ccA423B9fabCc0CE57C6C240002", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "0xFbC2051AE2265686a469421b2C5A2D5462FbF5eB",
};

static void addresses_carry_a_checksum(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof checksummed / sizeof *checksummed; i++) {
        const char *right = checksummed[i];
        char text[ADDRESS_BUF];
        address a, b;
        assert_true(address_parse(right, 42, &a));
        assert_string_equal(address_format(a, text), right);
        for (size_t k = 2; k < 42; k++) /* all lower and all upper case carry none */
            text[k] = (char)(right[k] >= 'A' && right[k] <= 'F' ? right[k] + 32 : right[k]);
        assert_true(address_parse(text, 42, &b) && address_eq(a, b));
        for (size_t k = 2; k < 42; k++)
            text[k] = (char)(text[k] >= 'a' ? text[k] - 32 : text[k]);
        assert_true(address_parse(text, 42, &b) && address_eq(a, b));
        for (size_t k = 2; k < 42; k++) { /* one letter in the wrong case */
            memcpy(text, right, sizeof text);
            text[k] = (char)(text[k] ^ 32);
            if (right[k] >= 'A')
                assert_false(address_parse(text, 42, &b));
        }
    }
}

static void addresses_that_are_none(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n;
    } wrong[] = {
        {"0x32D33E17F0F2127B243489f05d85524e4b6F321", 41},
        {"0x32D33E17F0F2127B243489f05d85524e4b6F32100", 43},
        {" 0x32D33E17F0F2127B243489f05d85524e4b6F3210", 43},
        {"0x32D33E17F0F2127B243489f05d85524e4b6F3210\n", 43},
        {"0x32D33E17\xe2\x80\x8b"
         "F0F2127B243489f05d85524e4b6F3210",
         45},
        {"0x\xef\xbc\x92"
         "D33E17F0F2127B243489f05d85524e4b6F32",
         41},
        {"0x32D33E17F0F2127B243489f05d85524e4b6F3210\0garbage", 50},
        {"32D33E17F0F2127B243489f05d85524e4b6F321012", 42},
        {"0x32D33E17F0F2127B243489f05d85524e4b6F321g", 42},
        {"", 0},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        address a;
        assert_false(address_parse(wrong[i].text, wrong[i].n, &a));
    }
    assert_true(address_is_zero((address){{0}}));
    assert_false(address_is_zero((address){{[19] = 1}}));
}

static void hex_is_exact(void **state)
{
    (void)state;
    uint8_t out[4] = {0};
    char text[16];
    uint64_t v;
    assert_true(hex_decode("0xDEADbeef", 10, out, 4));
    assert_string_equal(hex_encode(out, 4, text), "0xdeadbeef");
    assert_true(hex_decode("0x", 2, out, 0));
    assert_string_equal(hex_encode(out, 0, text), "0x");
    assert_false(hex_decode("0xDEADbeef", 10, out, 3));
    assert_false(hex_decode("0xDEADbee", 9, out, 4));
    assert_false(hex_decode("0xDEADbeeg", 10, out, 4));
    assert_false(hex_decode("DEADbeef00", 10, out, 4));
    assert_false(hex_decode("0", 1, out, 0));

    assert_true(hex_u64("0x0", 3, &v) && v == 0);
    assert_true(hex_u64("0x2a", 4, &v) && v == 42);
    assert_true(hex_u64("0xffffffffffffffff", 18, &v) && v == UINT64_MAX);
    assert_false(hex_u64("0x10000000000000000", 19, &v));
    assert_false(hex_u64("0x", 2, &v));
    assert_false(hex_u64("42", 2, &v));
    assert_false(hex_u64("0x-1", 4, &v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keccak_gives_known_digests),
        cmocka_unit_test(keccak_is_right_at_every_length),
        cmocka_unit_test(selectors_are_right),
        cmocka_unit_test(addresses_carry_a_checksum),
        cmocka_unit_test(addresses_that_are_none),
        cmocka_unit_test(hex_is_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
