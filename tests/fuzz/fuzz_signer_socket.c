/*
 * Fuzz target: frames as a client may send them, straight into the signer's decisions.
 *
 * The input is a list of frames: a byte of what the user says to questions, two of length, the
 * frame. Promises:
 *
 * 1. whatever comes is answered by a whole answer, asked about, or refused as no request;
 * 2. without a yes, nothing beyond the limits is in the ledger, and nothing is signed that is not
 *    written down;
 * 3. with a no, nothing changes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "signer/decide.h"

#include "base/banned.h"

#define CHECK(what)                           \
    do {                                      \
        if (!(what)) {                        \
            BUG("broken promise: %s", #what); \
        }                                     \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { NOW = 1767225600, DAY_CAP = 1000000, CALL_CAP = 50000, FRAMES = 64 };

static int dirfd_ = -1;
static char dir[] = "/dev/shm/souk-fuzz-XXXXXX";
static struct vault v;
static bool said_yes; /* to anything, since the vault was made */

static struct limits limits_of(uint8_t token, unsigned can)
{
    struct limits l = {.per_call = u256_from_u64(CALL_CAP),
                       .per_day = u256_from_u64(DAY_CAP),
                       .per_week = NO_CAP,
                       .per_author = NO_CAP,
                       .per_model = NO_CAP};
    l.asset = (struct asset){.chain = 8453,
                             .symbol = "USDC",
                             .decimals = 6,
                             .name = "USD Coin",
                             .version = "2",
                             .can = can};
    l.asset.token.b[19] = token;
    return l;
}

static void make_vault(void)
{
    struct err e;
    uint8_t key[32] = {1};
    static const unsigned can[] = {0, ASSET_EIP3009, ASSET_PERMIT2 | ASSET_EIP2612};
    ledger_close(v.ledger);
    v.ledger = NULL;
    unlinkat(dirfd_, "w.ledger", 0);
    unlinkat(dirfd_, "w.head", 0);
    CHECK(ledger_open(dirfd_, "w", key, &v.ledger, &e) == SOUK_OK);
    for (uint8_t i = 0; i < 3; i++) {
        struct limits l = limits_of(i, can[i]);
        CHECK(ledger_add_limits(v.ledger, &l, NOW, &e) == SOUK_OK);
    }
    v.witness = true;
    said_yes = false;
}

static void tidy(void)
{
    unlinkat(dirfd_, "w.ledger", 0);
    unlinkat(dirfd_, "w.head", 0);
    rmdir(dir);
}

static void start(void)
{
    struct err e;
    uint8_t secret[32] = {9};
    CHECK(secret_start(&e) == SOUK_OK && key_start(&e) == SOUK_OK);
    clock_fix(NOW);
    CHECK(mkdtemp(dir) && atexit(tidy) == 0);
    dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    v.card = (struct wallet_card){.name = "w", .kind = WALLET_KEY, .accounts = 1, .play = true};
    CHECK(key_new(secret, &v.key[0], &e) == SOUK_OK);
    v.card.account[0] = key_account(v.key[0]);
    make_vault();
}

static size_t records(void)
{
    size_t limits, entries, txs;
    ledger_limits(v.ledger, &limits);
    ledger_entries(v.ledger, &entries);
    ledger_txs(v.ledger, &txs);
    return limits + entries + txs + ledger_killed(v.ledger);
}

static void check_sums(void)
{
    size_t n;
    const struct entry *en = ledger_entries(v.ledger, &n);
    u256 sum[3] = {{{0}}};
    for (size_t i = 0; i < n; i++) {
        const struct typed *t = &en[i].typed;
        uint8_t k = t->token.b[19];
        uint64_t amount;
        CHECK(k < 3 && t->chain == 8453 && !en[i].quoted_yes);
        CHECK(u256_fits_u64(t->amount, &amount) && amount > 0 && amount <= CALL_CAP);
        CHECK(t->valid_before > NOW && t->valid_before <= NOW + WINDOW_MAX);
        CHECK(!policy_bad_payee(t->to, t->from, t->token));
        CHECK(u256_add(sum[k], t->amount, &sum[k]));
    }
    for (size_t k = 0; k < 3; k++)
        CHECK(u256_cmp(sum[k], u256_from_u64(DAY_CAP)) <= 0);
}

static void check_answer(const struct buf *reply)
{
    struct wire w = wire_reader(reply->p, reply->len);
    char text[ERR_MSG_MAX];
    wire_choice(&w, 0, 0, UINT8_MAX);
    wire_choice(&w, 0, 0, REFUSE_COUNT - 1);
    wire_text(&w, text, sizeof text);
    CHECK(!w.bad && !reply->bad && reply->len <= FRAME_MAX);
}

static void one_frame(const uint8_t *p, size_t n, uint8_t user)
{
    struct buf reply;
    struct decision d;
    struct asking a = {.gate = user & 1};
    buf_init(&reply, FRAME_MAX);
    decide(&v, p, n, &a, &d, &reply);
    CHECK(d.verdict != VERDICT_ASK || (a.gate && d.question.faults && d.question.text[0]));
    if (d.verdict == VERDICT_ASK) {
        size_t before = records();
        a = (struct asking){.no = !(user & 2), .yes = user & 2 ? d.question.faults : 0};
        said_yes |= a.yes != 0;
        decide(&v, p, n, &a, &d, &reply);
        CHECK(d.verdict == VERDICT_ANSWER);
        CHECK(a.yes || records() == before);
    }
    if (d.verdict == VERDICT_ANSWER || d.verdict == VERDICT_LOCK)
        check_answer(&reply);
    buf_release(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (dirfd_ < 0)
        start();
    for (int i = 0; i < FRAMES && n > 3; i++) {
        size_t len = (size_t)(data[1] | data[2] << 8);
        len = len < n - 3 ? len : n - 3;
        one_frame(data + 3, len, data[0]);
        data += 3 + len;
        n -= 3 + len;
    }
    if (!said_yes)
        check_sums();
    /* Anew, once it is full, killed or no longer as it was. */
    size_t txs;
    ledger_txs(v.ledger, &txs);
    if (said_yes || ledger_killed(v.ledger) || records() > 60 || txs > 20)
        make_vault();
    return 0;
}
