/* What the signer decides, without a process around it: which transactions need a yes, which are
 * never signed, and that a yes or a no means what was asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "decisions.h"
#include "signer/decide.h"
#include "signer/sandbox.h"
#include "signer/witness.h"

#include "base/banned.h"

static struct decisions d;
static struct vault v;
static struct buf frame, reply;
static struct decision dec;
static char dir[64];
static struct err e;
static address coin;
static const struct limits *usdc, *opg;

static const struct limits *limits_named(const char *symbol)
{
    for (size_t i = 0; i < d.n_limits; i++) {
        if (d.limits[i].asset.chain == 8453 && strcmp(d.limits[i].asset.symbol, symbol) == 0)
            return &d.limits[i];
    }
    fail_msg("no limits of %s", symbol);
    return NULL;
}

/* Limits for network fees: one call 1000, a day 3000. */
static struct limits fees(void)
{
    struct limits l = {.per_call = u256_from_u64(1000),
                       .per_day = u256_from_u64(3000),
                       .per_week = NO_CAP,
                       .per_author = NO_CAP,
                       .per_model = NO_CAP};
    l.asset = (struct asset){.chain = 8453, .symbol = "ETH", .decimals = 18};
    return l;
}

static int setup(void **state)
{
    (void)state;
    assert_false(secret_start(&e));
    assert_false(key_start(&e));
    decisions_load(&d);
    clock_fix(d.now);
    usdc = limits_named("USDC");
    opg = limits_named("OPG");
    snprintf(dir, sizeof dir, "/tmp/souk-decide-XXXXXX");
    assert_non_null(mkdtemp(dir));
    int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    v = (struct vault){.card = {.name = "w", .kind = WALLET_KEY, .accounts = 1}};
    assert_false(key_new(d.key, &v.key[0], &e));
    v.card.account[0] = key_account(v.key[0]);
    uint8_t lk[32] = {7};
    assert_false(ledger_open(dirfd, "w", lk, &v.ledger, &e));
    close(dirfd);
    for (size_t i = 0; i < d.n_limits; i++)
        assert_false(ledger_add_limits(v.ledger, &d.limits[i], d.now, &e));
    struct limits l = fees();
    assert_false(ledger_add_limits(v.ledger, &l, d.now, &e));
    buf_init(&frame, FRAME_MAX);
    buf_init(&reply, FRAME_MAX);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    vault_close(&v);
    buf_release(&frame);
    buf_release(&reply);
    char cmd[128];
    snprintf(cmd, sizeof cmd, "%s/w.ledger", dir);
    unlink(cmd);
    snprintf(cmd, sizeof cmd, "%s/w.head", dir);
    unlink(cmd);
    return rmdir(dir);
}

static struct wire begin(enum signer_op op)
{
    struct wire w = wire_writer(&frame);
    uint8_t o = (uint8_t)op;
    buf_clear(&frame);
    wire_u8(&w, &o);
    return w;
}

struct heard {
    souk_err code;
    enum refusal refusal;
    char text[ERR_MSG_MAX];
    struct wire w; /* at the op's own fields */
};

static struct heard run(const struct asking *a)
{
    struct heard h = {0};
    decide(&v, (const uint8_t *)frame.p, frame.len, a, &dec, &reply);
    if (dec.verdict == VERDICT_ASK || dec.verdict == VERDICT_MALFORMED) {
        assert_int_equal(reply.len, 0);
        return h;
    }
    h.w = wire_reader(reply.p, reply.len);
    h.code = (souk_err)wire_choice(&h.w, 0, 0, UINT8_MAX);
    h.refusal = (enum refusal)wire_choice(&h.w, 0, 0, REFUSE_COUNT - 1);
    wire_text(&h.w, h.text, sizeof h.text);
    assert_false(h.w.bad);
    return h;
}

static const struct asking nobody = {0}, somebody = {.gate = true};

static struct asking yes_to_it(void)
{
    assert_int_equal(dec.verdict, VERDICT_ASK);
    return (struct asking){.yes = dec.question.faults};
}

/* --- payments */

static struct pay_request payment(unsigned n, uint64_t amount)
{
    struct pay_request p = {.call = {{(uint8_t)n, 1}}, .quoted = NO_CAP};
    snprintf(p.subject, sizeof p.subject, "m/x");
    snprintf(p.author, sizeof p.author, "m");
    p.typed = (struct typed){.kind = TYPED_EIP3009,
                             .chain = 8453,
                             .token = usdc->asset.token,
                             .from = d.payer,
                             .to = d.pinned,
                             .amount = u256_from_u64(amount),
                             .valid_before = (uint64_t)d.now + 300};
    memcpy(p.typed.name, usdc->asset.name, sizeof p.typed.name);
    memcpy(p.typed.version, usdc->asset.version, sizeof p.typed.version);
    p.typed.nonce = p.call;
    return p;
}

static struct heard pay(struct pay_request *p, const struct asking *a, struct signer_answer *out)
{
    struct wire w = begin(OP_PAY);
    wire_pay(&w, p);
    struct heard h = run(a);
    *out = (struct signer_answer){0};
    if (h.w.at && h.w.at != h.w.end) {
        wire_answer(&h.w, out);
        assert_true(wire_done(&h.w));
    }
    return h;
}

static bool is_signed(const struct typed *t, const signature *s)
{
    address who;
    return sig_recover(typed_digest(t, NULL, NULL), s, &who) && address_eq(who, d.payer);
}

static void what_is_beyond_is_asked_and_then_counts(void **state)
{
    (void)state;
    struct signer_answer a;
    struct pay_request p = payment(1, 60000); /* 50000 a call */
    assert_int_equal(pay(&p, &nobody, &a).refusal, REFUSE_OVER_CALL);
    pay(&p, &somebody, &a);
    assert_int_equal(dec.verdict, VERDICT_ASK);
    assert_non_null(strstr(dec.question.text, "Pay 0.06 USDC\n"));
    assert_non_null(strstr(dec.question.text, "valid for 5 minutes"));
    assert_non_null(strstr(dec.question.text, "on chain 8453 (Base)"));
    assert_non_null(strstr(dec.question.text, "\nNot covered: more than your limit for one call"));
    struct asking yes = yes_to_it();
    struct asking no = {.no = true};
    assert_int_equal(pay(&p, &no, &a).refusal, REFUSE_OVER_CALL);
    assert_int_equal(pay(&p, &yes, &a).code, SOUK_OK);
    assert_true(is_signed(&p.typed, &a.sig));
    size_t n;
    assert_true(ledger_entries(v.ledger, &n)[0].quoted_yes);
    p = payment(2, 1);
    pay(&p, &nobody, &a);
    uint64_t day;
    assert_true(u256_fits_u64(a.spent.day, &day) && day == 60000);
}

/* The question said one thing; meanwhile there is another. */
static void a_yes_covers_what_it_was_asked_and_no_more(void **state)
{
    (void)state;
    struct signer_answer a;
    struct pay_request p = payment(1, 60000);
    pay(&p, &somebody, &a);
    struct asking yes = yes_to_it();
    assert_false(ledger_add_pin(v.ledger, "m/x", usdc->asset.token, d.now, &e));
    assert_int_equal(pay(&p, &yes, &a).refusal, REFUSE_PAY_TO_CHANGED);
    assert_false(ledger_add_pin(v.ledger, "m/x", d.pinned, d.now, &e));
    assert_false(ledger_add_kill(v.ledger, true, d.now, &e));
    assert_int_equal(pay(&p, &yes, &a).refusal, REFUSE_KILLED);
    assert_false(ledger_add_kill(v.ledger, false, d.now, &e));
    clock_advance(301);
    assert_int_equal(pay(&p, &yes, &a).refusal, REFUSE_EXPIRED);
    size_t n;
    ledger_entries(v.ledger, &n);
    assert_int_equal(n, 0);
}

/* Nothing stands against it any more, but the user said no. */
static void a_no_stays_a_no(void **state)
{
    (void)state;
    struct signer_answer a;
    struct pay_request p = payment(1, 100);
    struct asking no = {.no = true};
    assert_int_equal(pay(&p, &no, &a).refusal, REFUSE_NEEDS_YES);
    assert_true(a.sig.b[64] == 0);
}

static void what_never_yields_is_not_even_asked(void **state)
{
    (void)state;
    struct signer_answer a;
    struct pay_request p = payment(1, 60000);
    p.typed.to = PERMIT2;
    assert_int_equal(pay(&p, &somebody, &a).refusal, REFUSE_PAY_TO);
    struct asking all = {.yes = UINT32_MAX};
    assert_int_equal(pay(&p, &all, &a).refusal, REFUSE_PAY_TO);
    p = payment(1, 60000);
    p.typed.valid_before += 1000;
    assert_int_equal(pay(&p, &all, &a).refusal, REFUSE_WINDOW);
    p = payment(1, 60000);
    p.typed.kind = TYPED_PERMIT;
    assert_int_equal(pay(&p, &all, &a).refusal, REFUSE_METHOD);
    p = payment(1, 60000);
    p.subject[0] = '\0';
    assert_int_equal(pay(&p, &all, &a).code, SOUK_EINPUT);
    assert_int_equal(dec.verdict, VERDICT_ANSWER);
}

static void a_call_signed_once_is_never_signed_with_other_terms(void **state)
{
    (void)state;
    struct signer_answer a, b;
    struct pay_request p = payment(1, 100);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
    assert_int_equal(pay(&p, &nobody, &b).code, SOUK_OK);
    assert_true(b.again);
    assert_memory_equal(a.sig.b, b.sig.b, sizeof a.sig.b);
    size_t n;
    ledger_entries(v.ledger, &n);
    assert_int_equal(n, 1);
    struct asking all = {.yes = UINT32_MAX};
    struct pay_request other = p;
    other.typed.nonce.b[9] ^= 1;
    assert_int_equal(pay(&other, &all, &b).refusal, REFUSE_ANOTHER);
    assert_int_equal(b.sig.b[64], 0);
    other = p;
    other.typed.kind = TYPED_EXACT;
    assert_int_equal(pay(&other, &all, &b).refusal, REFUSE_ANOTHER);
    assert_false(ledger_add_kill(v.ledger, true, d.now, &e));
    assert_int_equal(pay(&p, &nobody, &b).refusal, REFUSE_KILLED);
    assert_int_equal(b.sig.b[64], 0);
}

/* Names come from the front end: with another author's name the same payee gets no more. */
static void an_authors_limit_holds_for_the_payee_too(void **state)
{
    (void)state;
    struct limits l = *usdc;
    l.per_author = u256_from_u64(1000);
    assert_false(ledger_add_limits(v.ledger, &l, d.now, &e));
    struct signer_answer a;
    struct pay_request p = payment(1, 900);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
    p = payment(2, 101);
    snprintf(p.author, sizeof p.author, "someone-else");
    snprintf(p.subject, sizeof p.subject, "someone-else/y");
    assert_int_equal(pay(&p, &nobody, &a).refusal, REFUSE_OVER_AUTHOR);
    p.typed.amount = u256_from_u64(100);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
}

static struct pay_request by_permit2(unsigned n)
{
    struct pay_request p = payment(n, 1000);
    p.typed.kind = TYPED_UPTO;
    p.typed.token = opg->asset.token;
    p.typed.facilitator = d.payer;
    p.permit = p.typed;
    p.permit.kind = TYPED_PERMIT;
    snprintf(p.permit.name, sizeof p.permit.name, "OpenGradient");
    snprintf(p.permit.version, sizeof p.permit.version, "1");
    p.has_permit = true;
    return p;
}

static void a_permit_is_signed_beside_its_payment_alone(void **state)
{
    (void)state;
    struct signer_answer a;
    struct pay_request p = by_permit2(1);
    assert_int_equal(pay(&p, &nobody, &a).refusal, REFUSE_DOMAIN); /* the table has no name */
    struct limits l = *opg;
    memcpy(l.asset.name, p.permit.name, sizeof l.asset.name);
    memcpy(l.asset.version, p.permit.version, sizeof l.asset.version);
    assert_false(ledger_add_limits(v.ledger, &l, d.now, &e));
    p.permit.amount = NO_CAP;
    assert_int_equal(pay(&p, &nobody, &a).refusal, REFUSE_PERMIT);
    assert_int_equal(a.sig.b[64], 0);
    p = by_permit2(1);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
    assert_true(is_signed(&p.typed, &a.sig));
    assert_true(is_signed(&p.permit, &a.permit_sig));
    assert_non_null(strstr(a.meaning, "Pay up to 0.000000000000001 OPG"));
    signature first = a.permit_sig;
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
    assert_true(a.again);
    assert_memory_equal(a.permit_sig.b, first.b, sizeof first.b);
    p.permit.amount = NO_CAP;
    assert_int_equal(pay(&p, &nobody, &a).refusal, REFUSE_PERMIT);
    l.asset.can = ASSET_PERMIT2;
    assert_false(ledger_add_limits(v.ledger, &l, d.now, &e));
    p = by_permit2(2);
    assert_int_equal(pay(&p, &nobody, &a).refusal, REFUSE_METHOD);
}

/* --- transactions */

static struct buf data;

static struct tx_request tx_to(address to)
{
    struct tx_request t = {0};
    t.tx = (struct tx){.type = TX_1559,
                       .chain = 8453,
                       .nonce = 3,
                       .max_fee = u256_from_u64(2),
                       .max_priority = u256_from_u64(1),
                       .gas = 100,
                       .to = to,
                       .data = (const uint8_t *)data.p,
                       .data_len = data.len};
    return t;
}

struct sent {
    struct heard h;
    struct signer_answer a;
    bytes32 hash;
    const uint8_t *raw;
    size_t n;
};

static struct sent send_tx(struct tx_request *t, const struct asking *a)
{
    struct sent s = {0};
    struct wire w = begin(OP_TX);
    wire_tx_request(&w, t);
    s.h = run(a);
    if (s.h.w.at && s.h.w.at != s.h.w.end) {
        wire_answer(&s.h.w, &s.a);
        wire_hash(&s.h.w, &s.hash);
        wire_blob(&s.h.w, &s.raw, &s.n, FRAME_MAX);
        assert_true(wire_done(&s.h.w));
    }
    return s;
}

#define REFUSED(t, a, why) assert_int_equal(send_tx(t, a).h.refusal, REFUSE_##why)

static void check_sent(const struct sent *s, const struct tx_request *t)
{
    struct tx back;
    signature sig;
    address who;
    assert_int_equal(s->h.code, SOUK_OK);
    assert_false(tx_decode(s->raw, s->n, &back, &sig, &e));
    assert_true(sig_recover(tx_digest(&t->tx), &sig, &who) && address_eq(who, d.payer));
    bytes32 h = tx_hash(s->raw, s->n);
    assert_memory_equal(h.b, s->hash.b, sizeof h.b);
}

static void approvals_within_a_weeks_budget_go_through(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct limits l = *usdc;
    l.per_week = u256_from_u64(5000);
    assert_false(ledger_add_limits(v.ledger, &l, d.now, &e));
    struct signer_answer a;
    struct pay_request p = payment(1, 1000);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
    call_approve(&data, PERMIT2, u256_from_u64(4000));
    struct tx_request t = tx_to(usdc->asset.token);
    struct sent s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    assert_non_null(strstr(s.a.meaning, "spend up to 0.004 USDC"));
    assert_non_null(strstr(s.a.meaning, "network fee at most 0.0000000000000002 ETH"));
    buf_clear(&data);
    call_approve(&data, PERMIT2, u256_from_u64(4001));
    t = tx_to(usdc->asset.token);
    REFUSED(&t, &nobody, NEEDS_YES);
    send_tx(&t, &somebody);
    struct asking yes = yes_to_it();
    s = send_tx(&t, &yes);
    check_sent(&s, &t);
    buf_clear(&data);
    call_approve(&data, d.pinned, u256_from_u64(1)); /* not Permit2 */
    t = tx_to(usdc->asset.token);
    REFUSED(&t, &nobody, NEEDS_YES);
    buf_clear(&data);
    call_approve(&data, PERMIT2, u256_from_u64(1)); /* a token without limits */
    t = tx_to(d.pinned);
    REFUSED(&t, &nobody, NEEDS_YES);
    buf_clear(&data);
    call_approve(&data, PERMIT2, U256_ZERO);
    t = tx_to(usdc->asset.token);
    t.tx.nonce = 9;
    s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    buf_release(&data);
}

static void an_approval_without_bound_is_never_signed(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct asking all = {.yes = UINT32_MAX, .gate = true};
    call_approve(&data, PERMIT2, NO_CAP);
    struct tx_request t = tx_to(usdc->asset.token);
    REFUSED(&t, &all, UNLIMITED);
    buf_clear(&data);
    u256 half = {{0, 0, 0, (uint64_t)1 << 63}};
    call_approve(&data, PERMIT2, half);
    t = tx_to(usdc->asset.token);
    REFUSED(&t, &all, UNLIMITED);
    assert_string_equal(refusal_code(REFUSE_UNLIMITED), "unlimited_approval");
    buf_release(&data);
}

static void sending_is_always_asked_for(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct asking all = {.yes = UINT32_MAX};
    call_transfer(&data, d.pinned, u256_from_u64(5000000));
    struct tx_request t = tx_to(usdc->asset.token);
    REFUSED(&t, &nobody, NEEDS_YES);
    send_tx(&t, &somebody);
    assert_non_null(strstr(dec.question.text, "Send 5 USDC\nto 0x 845C 7A19"));
    struct asking yes = yes_to_it();
    struct sent s = send_tx(&t, &yes);
    check_sent(&s, &t);
    size_t before, after;
    ledger_txs(v.ledger, &before);
    s = send_tx(&t, &nobody); /* once more: the same bytes, and no new record */
    check_sent(&s, &t);
    ledger_txs(v.ledger, &after);
    assert_int_equal(after, before);
    /* The very same, dearer: it was allowed. Another amount was not. */
    t.tx.max_fee = u256_from_u64(3);
    s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    buf_clear(&data);
    call_transfer(&data, d.pinned, u256_from_u64(5000001));
    t = tx_to(usdc->asset.token);
    REFUSED(&t, &nobody, NEEDS_YES);
    buf_clear(&data);
    call_transfer(&data, usdc->asset.token, u256_from_u64(1));
    t = tx_to(usdc->asset.token);
    REFUSED(&t, &all, PAY_TO);
    buf_clear(&data);
    t = tx_to(d.pinned); /* the chain's coin */
    t.tx.value = u256_from_u64(1);
    REFUSED(&t, &nobody, NEEDS_YES);
    s = send_tx(&t, &all);
    check_sent(&s, &t);
    t = tx_to(PERMIT2);
    t.tx.value = u256_from_u64(1);
    REFUSED(&t, &all, PAY_TO);
    t = tx_to(coin);
    REFUSED(&t, &all, PAY_TO);
    buf_release(&data);
}

/* --- listings */

static const address contract = {{0x11, 0x22, [19] = 0x33}};

static struct listing_terms terms(void)
{
    return (struct listing_terms){.author = untrusted("mira"),
                                  .name = untrusted("eth-volatility"),
                                  .blob_id =
                                      untrusted("KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A"),
                                  .endpoint = untrusted("https://api.example/v1"),
                                  .price = u256_from_u64(1500),
                                  .asset = usdc->asset.token,
                                  .pay_to = d.payer};
}

static struct tx_request tx_list(const struct listing_terms *t)
{
    buf_clear(&data);
    call_list(&data, t);
    return tx_to(contract);
}

static void question_says(const char *words)
{
    assert_int_equal(dec.verdict, VERDICT_ASK);
    if (!strstr(dec.question.text, words))
        fail_msg("\"%s\" does not say \"%s\"", dec.question.text, words);
}

static void listing_is_always_asked_for_in_plain_words(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct listing_terms l = terms();
    struct tx_request t = tx_list(&l);
    REFUSED(&t, &nobody, NEEDS_YES);
    struct asking no = {.no = true};
    REFUSED(&t, &no, NEEDS_YES);
    send_tx(&t, &somebody);
    question_says("List \"eth-volatility\" of \"mira\"\nat 0.0015 USDC a call\npaid to 0x ");
    question_says("\nwhich is account 0 of this wallet\nfile "
                  "\"KjZv9fQQ6ceGsl0YjP-5xIhbrmFV_1ftBjlo7yn4T2A\"\ncalled at "
                  "\"https://api.example/v1\"\nat the contract 0x 1122 ");
    question_says(" on chain 8453 (Base)");
    struct asking yes = yes_to_it();
    struct sent s = send_tx(&t, &yes);
    check_sent(&s, &t);
    /* Another price is another listing: asked anew. */
    l.price = u256_from_u64(1501);
    t = tx_list(&l);
    REFUSED(&t, &nobody, NEEDS_YES);
    l.pay_to = d.pinned;
    t = tx_list(&l);
    send_tx(&t, &somebody);
    question_says("\nwhich is NOT an account of this wallet\n");
    v.ahead[0] = d.pinned; /* an account that was made while this was open */
    v.n_ahead = 1;
    send_tx(&t, &somebody);
    question_says("\nwhich is account 1 of this wallet\n");
    t = tx_list(&l);
    t.tx.to = listings_address();
    send_tx(&t, &somebody);
    question_says(" (ModelListings)\n");
    buf_release(&data);
}

static void a_listing_that_pays_nobody_is_never_signed(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct asking all = {.yes = UINT32_MAX, .gate = true};
    const address bad[] = {coin, usdc->asset.token, PERMIT2, EXACT_PROXY, UPTO_PROXY, contract};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct listing_terms l = terms();
        l.pay_to = bad[i];
        struct tx_request t = tx_list(&l);
        REFUSED(&t, &all, PAY_TO);
    }
    struct listing_terms l = terms();
    l.asset = coin;
    struct tx_request t = tx_list(&l);
    REFUSED(&t, &all, METHOD);
    l = terms();
    t = tx_list(&l);
    t.tx.value = u256_from_u64(1);
    REFUSED(&t, &all, UNKNOWN_CALL);
    l.name = untrusted("");
    t = tx_list(&l);
    REFUSED(&t, &all, UNKNOWN_CALL);
    l = terms(); /* for nothing, to nobody */
    l.price = U256_ZERO;
    l.pay_to = l.asset = coin;
    t = tx_list(&l);
    send_tx(&t, &somebody);
    question_says("\nfor nothing\nfile ");
    buf_release(&data);
}

static void the_longest_listing_fits_into_a_question(void **state)
{
    (void)state;
    static char text[LISTING_NAME_MAX];
    memset(text, 0x80, sizeof text); /* no byte of it can be shown as it is */
    buf_init(&data, 4096);
    struct listing_terms l = {.author = untrusted_n(text, LISTING_AUTHOR_MAX),
                              .name = untrusted_n(text, LISTING_NAME_MAX),
                              .blob_id = untrusted_n(text, LISTING_BLOB_ID_MAX),
                              .endpoint = untrusted_n(text, LISTING_ENDPOINT_MAX),
                              .price = NO_CAP,
                              .asset = contract,
                              .pay_to = d.pinned};
    struct tx_request t = tx_list(&l);
    t.tx.max_fee = (u256){{0, 0, UINT64_MAX, 0}};
    send_tx(&t, &somebody);
    question_says("Not covered: ");
    buf_release(&data);
}

static void taking_back_and_deploying_are_asked_for_too(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct asking all = {.yes = UINT32_MAX, .gate = true};
    call_delist(&data, untrusted("eth-volatility"));
    struct tx_request t = tx_to(contract);
    REFUSED(&t, &nobody, NEEDS_YES);
    send_tx(&t, &somebody);
    question_says("Take back the listing of \"eth-volatility\"\nat the contract 0x 1122 ");
    struct asking yes = yes_to_it();
    struct sent s = send_tx(&t, &yes);
    check_sent(&s, &t);
    buf_clear(&data);
    call_deploy_listings(&data);
    t = tx_to(contract); /* not the proxy: who knows what it does with this */
    REFUSED(&t, &all, UNKNOWN_CALL);
    t = tx_to(CREATE2_PROXY);
    REFUSED(&t, &nobody, NEEDS_YES);
    send_tx(&t, &somebody);
    question_says("Put the contract ModelListings on the chain, for everyone\nat 0x ");
    yes = yes_to_it();
    s = send_tx(&t, &yes);
    check_sent(&s, &t);
    data.p[data.len - 1] ^= 1; /* not our code any more */
    t = tx_to(CREATE2_PROXY);
    REFUSED(&t, &all, UNKNOWN_CALL);
    assert_false(ledger_add_kill(v.ledger, true, d.now, &e));
    data.p[data.len - 1] ^= 1;
    t = tx_to(CREATE2_PROXY);
    t.tx.nonce = 7;
    REFUSED(&t, &all, KILLED);
    struct listing_terms l = terms();
    t = tx_list(&l);
    REFUSED(&t, &all, KILLED);
    buf_release(&data);
}

static void what_is_not_known_is_never_signed(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct asking all = {.yes = UINT32_MAX, .gate = true};
    buf_adds(&data, "any bytes at all");
    struct tx_request t = tx_to(usdc->asset.token);
    REFUSED(&t, &all, UNKNOWN_CALL);
    buf_clear(&data);
    call_transfer(&data, d.pinned, u256_from_u64(1));
    t = tx_to(usdc->asset.token);
    t.tx.value = u256_from_u64(1); /* coin along with a call */
    REFUSED(&t, &all, UNKNOWN_CALL);
    t.tx.value = U256_ZERO;
    t.tx.creates = true;
    REFUSED(&t, &all, UNKNOWN_CALL);
    t.tx.creates = false;
    t.tx.type = TX_LEGACY;
    REFUSED(&t, &all, UNKNOWN_CALL);
    t.tx.type = TX_1559;
    t.tx.chain = 0;
    REFUSED(&t, &all, UNKNOWN_CALL);
    t.tx.chain = 8453;
    t.tx.max_fee = NO_CAP;
    REFUSED(&t, &all, UNKNOWN_CALL);
    t = tx_to(usdc->asset.token);
    t.account = 1;
    REFUSED(&t, &all, PAYER);
    buf_release(&data);
}

static void fees_have_limits_and_a_replacement_counts_once(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct tx_request t = tx_to(d.payer); /* nothing, to oneself */
    t.tx.max_fee = u256_from_u64(10);     /* 1000 */
    struct sent s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    t.tx.max_fee = u256_from_u64(11);
    REFUSED(&t, &nobody, FEE);
    send_tx(&t, &somebody);
    assert_int_equal(dec.verdict, VERDICT_ASK);
    for (uint64_t i = 0; i < 5; i++) { /* in the same place again and again */
        t.tx.max_fee = u256_from_u64(5 + i);
        s = send_tx(&t, &nobody);
        check_sent(&s, &t);
    }
    for (uint64_t i = 0; i < 2; i++) {
        t.tx.nonce = 10 + i;
        t.tx.max_fee = u256_from_u64(10);
        s = send_tx(&t, &nobody);
        check_sent(&s, &t);
    }
    t.tx.nonce = 20;
    t.tx.max_fee = t.tx.max_priority; /* 3000 are used up */
    REFUSED(&t, &nobody, FEE);
    t.tx.nonce = 11; /* but in the place of one of them */
    s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    t.tx.chain = 84532; /* no limits for fees there */
    REFUSED(&t, &nobody, FEE);
    buf_release(&data);
}

static void after_the_kill_switch_only_undoing_is_signed(void **state)
{
    (void)state;
    buf_init(&data, 4096);
    struct signer_answer a;
    struct pay_request p = payment(1, 100);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
    begin(OP_KILL);
    assert_int_equal(run(&nobody).code, SOUK_OK);
    struct asking all = {.yes = UINT32_MAX, .gate = true};
    p = payment(2, 100);
    assert_int_equal(pay(&p, &all, &a).refusal, REFUSE_KILLED);
    call_transfer(&data, d.pinned, u256_from_u64(1));
    struct tx_request t = tx_to(usdc->asset.token);
    REFUSED(&t, &all, KILLED);
    buf_clear(&data);
    call_approve(&data, PERMIT2, u256_from_u64(1));
    t = tx_to(usdc->asset.token);
    REFUSED(&t, &all, KILLED);
    buf_clear(&data);
    call_approve(&data, PERMIT2, U256_ZERO);
    t = tx_to(usdc->asset.token);
    struct sent s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    buf_clear(&data);
    call_invalidate_nonces(&data, u256_from_u64(5), NO_CAP);
    t = tx_to(PERMIT2);
    s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    t = tx_to(usdc->asset.token);
    REFUSED(&t, &all, UNKNOWN_CALL); /* not at Permit2 */
    struct wire w = begin(OP_CANCEL);
    bytes32 call = payment(1, 100).call;
    wire_hash(&w, &call);
    struct heard h = run(&nobody);
    assert_int_equal(h.code, SOUK_OK);
    signature sig;
    wire_raw(&h.w, sig.b, sizeof sig.b);
    struct typed cancel = payment(1, 100).typed;
    cancel.kind = TYPED_CANCEL;
    assert_true(is_signed(&cancel, &sig));
    buf_clear(&data);
    call_cancel_authorization(&data, d.payer, call, &sig);
    t = tx_to(usdc->asset.token);
    s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    buf_clear(&data);
    call_cancel_authorization(&data, d.pinned, call, &sig); /* not ours */
    t = tx_to(usdc->asset.token);
    REFUSED(&t, &all, UNKNOWN_CALL);
    buf_clear(&data);
    t = tx_to(d.payer); /* drops what is stuck */
    s = send_tx(&t, &nobody);
    check_sent(&s, &t);
    begin(OP_REVIVE);
    assert_int_equal(run(&nobody).refusal, REFUSE_NEEDS_YES);
    run(&somebody);
    struct asking yes = yes_to_it();
    assert_int_equal(run(&yes).code, SOUK_OK);
    p = payment(2, 100);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
    buf_release(&data);
}

/* --- what it allows */

static struct heard set_limits(const struct limits *l, const struct asking *a)
{
    struct limits copy = *l;
    struct wire w = begin(OP_SET_LIMITS);
    wire_limits(&w, &copy);
    return run(a);
}

static void only_tightening_needs_no_yes(void **state)
{
    (void)state;
    struct limits l = *usdc;
    l.per_call = u256_from_u64(1);
    assert_int_equal(set_limits(&l, &nobody).code, SOUK_OK);
    l.per_call = u256_from_u64(2);
    assert_int_equal(set_limits(&l, &nobody).refusal, REFUSE_NEEDS_YES);
    set_limits(&l, &somebody);
    assert_non_null(strstr(dec.question.text, "0.000002 (was 0.000001)"));
    assert_non_null(strstr(dec.question.text, "token at 0x 8335 89fC D6eD"));
    l.per_call = u256_from_u64(1);
    l.asset.decimals = 2; /* 1 would now look like 0.01 */
    assert_int_equal(set_limits(&l, &nobody).refusal, REFUSE_NEEDS_YES);
    l = *usdc;
    l.per_call = u256_from_u64(1);
    l.asset.can |= ASSET_PERMIT2;
    assert_int_equal(set_limits(&l, &nobody).refusal, REFUSE_NEEDS_YES);
    l = *usdc;
    l.asset.token = d.pinned; /* a new one */
    assert_int_equal(set_limits(&l, &nobody).refusal, REFUSE_NEEDS_YES);
    set_limits(&l, &somebody);
    struct asking yes = yes_to_it();
    assert_int_equal(set_limits(&l, &yes).code, SOUK_OK);
    snprintf(l.asset.symbol, sizeof l.asset.symbol, "US\x1b[m");
    assert_int_equal(set_limits(&l, &somebody).code, SOUK_EINPUT);
    l = *usdc;
    l.per_day = NO_CAP;
    assert_int_equal(set_limits(&l, &somebody).code, SOUK_EINPUT);
}

static void a_payee_is_changed_by_the_user_alone(void **state)
{
    (void)state;
    struct signer_answer a;
    struct pay_request p = payment(1, 100);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
    p = payment(2, 100);
    p.typed.to = d.limits[0].asset.token;
    p.typed.to.b[0] ^= 1;
    assert_int_equal(pay(&p, &nobody, &a).refusal, REFUSE_PAY_TO_CHANGED);
    struct wire w = begin(OP_REPIN);
    char subject[LABEL_MAX] = "m/x";
    address to = p.typed.to;
    wire_text(&w, subject, sizeof subject);
    wire_address(&w, &to);
    assert_int_equal(run(&nobody).refusal, REFUSE_NEEDS_YES);
    run(&somebody);
    assert_non_null(strstr(dec.question.text, "no longer\n0x 845C"));
    struct asking yes = yes_to_it();
    assert_int_equal(run(&yes).code, SOUK_OK);
    assert_int_equal(pay(&p, &nobody, &a).code, SOUK_OK);
}

static void messages_are_shown_whole_and_asked_for(void **state)
{
    (void)state;
    const uint8_t text[] = "I am \x1b[31mme\n";
    const uint8_t *p = text;
    size_t n = sizeof text - 1;
    uint32_t account = 0;
    struct wire w = begin(OP_MESSAGE);
    wire_u32(&w, &account);
    wire_blob(&w, &p, &n, WIRE_MESSAGE_MAX);
    assert_int_equal(run(&nobody).refusal, REFUSE_NEEDS_YES);
    run(&somebody);
    assert_null(strchr(dec.question.text, '\x1b'));
    struct asking yes = yes_to_it();
    struct heard h = run(&yes);
    assert_int_equal(h.code, SOUK_OK);
    signature sig;
    address who;
    wire_raw(&h.w, sig.b, sizeof sig.b);
    assert_true(sig_recover(sig_message_digest(text, n), &sig, &who));
    assert_true(address_eq(who, d.payer));
}

/* --- frames */

static void what_is_no_request_does_nothing(void **state)
{
    (void)state;
    struct pay_request p = payment(1, 100);
    struct asking all = {.yes = UINT32_MAX};
    struct wire w = begin(OP_PAY);
    wire_pay(&w, &p);
    char whole[FRAME_MAX];
    size_t n = frame.len;
    memcpy(whole, frame.p, n);
    for (size_t cut = 0; cut < n; cut++) {
        buf_clear(&frame);
        buf_add(&frame, whole, cut);
        run(&all);
        assert_int_equal(dec.verdict, VERDICT_MALFORMED);
    }
    buf_clear(&frame);
    buf_add(&frame, whole, n);
    buf_addc(&frame, 'x');
    run(&all);
    assert_int_equal(dec.verdict, VERDICT_MALFORMED);
    for (int op = 0; op < 256; op += op == 0 ? OP_END : 1) {
        buf_clear(&frame);
        buf_addc(&frame, (char)op);
        run(&all);
        assert_int_equal(dec.verdict, VERDICT_MALFORMED);
    }
    ledger_entries(v.ledger, &n);
    assert_int_equal(n, 0);
}

static void with_a_broken_ledger_nothing_is_signed(void **state)
{
    (void)state;
    struct ledger *l = v.ledger;
    v.ledger = NULL;
    err_set(&v.ledger_err, SOUK_EVERIFY, "somebody was here");
    struct signer_answer a;
    struct pay_request p = payment(1, 100);
    struct asking all = {.yes = UINT32_MAX, .gate = true};
    struct heard h = pay(&p, &all, &a);
    assert_int_equal(h.refusal, REFUSE_LEDGER);
    assert_non_null(strstr(h.text, "somebody was here"));
    begin(OP_STATE);
    h = run(&nobody);
    struct signer_state st = {0};
    wire_state(&h.w, &st);
    assert_true(wire_done(&h.w) && st.ledger_broken);
    assert_int_equal(set_limits(usdc, &all).refusal, REFUSE_LEDGER);
    begin(OP_KILL);
    run(&nobody);
    assert_int_equal(dec.verdict, VERDICT_LOCK);
    v.ledger = l;
}

/* --- the witness's word */

static void only_a_whole_answer_to_this_question_counts(void **state)
{
    (void)state;
    struct testimony t;
#define TX "0x1111111111111111111111111111111111111111111111111111111111111111"
    assert_true(testimony_parse("7 settled 12 " TX, 7, &t));
    uint64_t n;
    assert_true(t.state == ENTRY_SETTLED && u256_fits_u64(t.charged, &n) && n == 12);
    assert_int_equal(t.tx.b[31], 0x11);
    assert_true(testimony_parse("7 lapsed 0 " TX, 7, &t) && t.state == ENTRY_LAPSED);
    assert_true(testimony_parse("7 cancelled 0 " TX, 7, &t) && t.state == ENTRY_CANCELLED);
    assert_true(testimony_parse("7 open 0 " TX, 7, &t) && t.state == ENTRY_OPEN);
    static const char *const wrong[] = {"",
                                        "7",
                                        "8 settled 12 " TX,
                                        "7 settled -1 " TX,
                                        "7 settled 12 0x11",
                                        "7 gone 1 " TX,
                                        "7 settled 12",
                                        "7 settled 12 " TX " x",
                                        "7  settled 12 " TX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(testimony_parse(wrong[i], 7, &t));
}

/* --- the sandbox */

static int in_sandbox(void)
{
    int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int file = openat(dirfd, "w.ledger", O_RDWR | O_CLOEXEC);
    if (dirfd < 0 || file < 0 || sandbox_enter(dirfd, NULL))
        return 1;
    char c;
    if (pread(file, &c, 1, 0) != 1 || fdatasync(file) != 0)
        return 2;
    if (open("/etc/passwd", O_RDONLY) >= 0 || openat(dirfd, "w.head", O_RDONLY) >= 0)
        return 3;
    if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || socket(AF_INET, SOCK_STREAM, 0) >= 0)
        return 4;
    char *argv[] = {NULL};
    if (execv("/bin/true", argv) == 0 || fork() >= 0)
        return 5;
    if (ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0 || kill(getppid(), SIGCONT) == 0)
        return 6;
    if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        return 7;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || mprotect(p, 4096, PROT_READ | PROT_EXEC) == 0)
        return 8;
    if (unlink("/tmp") == 0 || rename("/tmp/a", "/tmp/b") == 0)
        return 9;
    /* A terminal is asked, never typed into: elsewhere the first would be ENOTTY, as the second is.
     */
    struct termios t;
    if (ioctl(file, TIOCSTI, &c) == 0 || errno != EPERM || tcgetattr(file, &t) == 0 ||
        errno != ENOTTY)
        return 10;
    return 0;
}

static void the_sandbox_leaves_what_is_open_and_nothing_else(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(in_sandbox());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_beyond_is_asked_and_then_counts),
        TEST(a_yes_covers_what_it_was_asked_and_no_more),
        TEST(a_no_stays_a_no),
        TEST(what_never_yields_is_not_even_asked),
        TEST(a_call_signed_once_is_never_signed_with_other_terms),
        TEST(an_authors_limit_holds_for_the_payee_too),
        TEST(a_permit_is_signed_beside_its_payment_alone),
        TEST(approvals_within_a_weeks_budget_go_through),
        TEST(an_approval_without_bound_is_never_signed),
        TEST(sending_is_always_asked_for),
        TEST(listing_is_always_asked_for_in_plain_words),
        TEST(a_listing_that_pays_nobody_is_never_signed),
        TEST(the_longest_listing_fits_into_a_question),
        TEST(taking_back_and_deploying_are_asked_for_too),
        TEST(what_is_not_known_is_never_signed),
        TEST(fees_have_limits_and_a_replacement_counts_once),
        TEST(after_the_kill_switch_only_undoing_is_signed),
        TEST(only_tightening_needs_no_yes),
        TEST(a_payee_is_changed_by_the_user_alone),
        TEST(messages_are_shown_whole_and_asked_for),
        TEST(what_is_no_request_does_nothing),
        TEST(with_a_broken_ledger_nothing_is_signed),
        TEST(only_a_whole_answer_to_this_question_counts),
        TEST(the_sandbox_leaves_what_is_open_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
