/* A front end that was taken over: 100,000 requests, garbage, damaged and well-formed ones, without
 * the password. Whatever comes back signed is counted here, by the rules of the limits alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/paths.h"
#include "signer_world.h"
#include "wallet/socket.h"
#include "wallet/wire.h"

#include "base/banned.h"

enum { REQUESTS = 100000 };

static struct signer_world w;
static struct err e;
static int fd = -1;
static struct buf frame, data;

/* --- chance */

static uint64_t seed = 0x9E3779B97F4A7C15u;

static uint64_t any(uint64_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed % below;
}

static bool one_in(unsigned n)
{
    return any(n) == 0;
}

static const struct limits *any_limits(void)
{
    return &w.d.limits[any(w.d.n_limits)];
}

static address any_address(void)
{
    address a = {{0}};
    switch (any(8)) {
    case 0:
        return a;
    case 1:
        return w.d.payer;
    case 2:
        return PERMIT2;
    case 3:
        return one_in(2) ? EXACT_PROXY : UPTO_PROXY;
    case 4:
        return any_limits()->asset.token;
    case 5:
        return w.d.pinned;
    default:
        a.b[0] = 0xBB;
        a.b[19] = (uint8_t)any(4);
        return a;
    }
}

static u256 any_amount(const struct limits *l)
{
    u256 v = l->per_call;
    switch (any(8)) {
    case 0:
        return U256_ZERO;
    case 1:
        return NO_CAP;
    case 2:
        v.w[3] = any(UINT64_MAX);
        return v;
    case 3:
        u256_add(v, u256_from_u64(1), &v);
        return v;
    case 4:
        return v;
    default:
        return u256_divmod_u64(v, 1 + any(60), &(uint64_t){0});
    }
}

/* --- what is asked for */

static struct wire begin(enum signer_op op)
{
    struct wire out = wire_writer(&frame);
    uint8_t o = (uint8_t)op;
    uint32_t len = 0;
    buf_clear(&frame);
    wire_u32(&out, &len);
    wire_u8(&out, &o);
    return out;
}

static struct typed any_typed(void)
{
    const struct limits *l = any_limits();
    struct typed t = {.kind = (enum typed_kind)(1 + any(5)),
                      .chain = one_in(10) ? any(3) : l->asset.chain,
                      .token = one_in(10) ? any_address() : l->asset.token,
                      .from = one_in(10) ? any_address() : w.d.payer,
                      .to = one_in(2) ? any_address() : w.d.pinned,
                      .amount = any_amount(l),
                      .valid_after = one_in(10) ? any(UINT64_MAX) : 0,
                      .valid_before = (uint64_t)w.d.now + any(700),
                      .facilitator = one_in(4) ? any_address() : w.d.pinned};
    if (one_in(20))
        t.valid_before = any(UINT64_MAX);
    if (!one_in(8))
        t.kind = l->asset.can & ASSET_EIP3009 ? TYPED_EIP3009 : TYPED_UPTO;
    memcpy(t.name, l->asset.name, sizeof t.name);
    memcpy(t.version, l->asset.version, sizeof t.version);
    if (one_in(10))
        t.name[0] ^= 1;
    t.nonce.b[any(32)] = (uint8_t)any(256);
    return t;
}

static void ask_payment(void)
{
    struct pay_request p = {.call = world_call((unsigned)any(60000)),
                            .typed = any_typed(),
                            .quoted = one_in(8) ? u256_from_u64(any(60000)) : NO_CAP,
                            .has_permit = one_in(5)};
    snprintf(p.subject, sizeof p.subject, "a%u/m%u", (unsigned)any(50), (unsigned)any(50));
    snprintf(p.author, sizeof p.author, "a%u", (unsigned)any(50));
    p.permit = one_in(2) ? p.typed : any_typed();
    if (one_in(2))
        p.permit.kind = TYPED_PERMIT;
    struct wire out = begin(OP_PAY);
    wire_pay(&out, &p);
}

static void any_call(address *to)
{
    const struct limits *l = any_limits();
    signature s = {{0}};
    buf_clear(&data);
    *to = one_in(4) ? any_address() : l->asset.token;
    switch (any(7)) {
    case 0:
        call_transfer(&data, any_address(), any_amount(l));
        break;
    case 1:
    case 2:
        call_approve(&data, one_in(3) ? any_address() : PERMIT2, any_amount(l));
        break;
    case 3:
        call_cancel_authorization(&data, any_address(), world_call(1), &s);
        break;
    case 4:
        call_invalidate_nonces(&data, u256_from_u64(any(9)), NO_CAP);
        *to = one_in(2) ? PERMIT2 : *to;
        break;
    case 5:
        for (uint64_t n = any(100); n > 0; n--)
            buf_addc(&data, (char)any(256));
        break;
    default:
        *to = any_address();
        break;
    }
}

static void ask_tx(void)
{
    struct tx_request t = {.account = one_in(10) ? (uint32_t)any(UINT32_MAX) : 0};
    any_call(&t.tx.to);
    t.tx.type = one_in(8) ? (enum tx_type)any(3) : TX_1559;
    t.tx.chain = one_in(8) ? any(UINT64_MAX) : any_limits()->asset.chain;
    t.tx.nonce = any(300);
    t.tx.max_fee = u256_from_u64(any(200));
    t.tx.max_priority = U256_ZERO;
    t.tx.gas = one_in(8) ? any(UINT64_MAX) : any(1000);
    t.tx.creates = one_in(20);
    t.tx.value = one_in(4) ? any_amount(any_limits()) : U256_ZERO;
    t.tx.data = (const uint8_t *)data.p;
    t.tx.data_len = data.len;
    struct wire out = begin(OP_TX);
    wire_tx_request(&out, &t);
}

static void ask_other(void)
{
    static const uint8_t text[] = "give me all of it";
    const uint8_t *p = text;
    size_t n = sizeof text;
    uint32_t account = 0;
    bytes32 call = world_call((unsigned)any(60000));
    char subject[LABEL_MAX] = "a1/m1";
    address payee = any_address();
    struct limits l = *any_limits();
    struct wire out;
    switch (any(5)) {
    case 0:
        out = begin(OP_MESSAGE);
        wire_u32(&out, &account);
        wire_blob(&out, &p, &n, WIRE_MESSAGE_MAX);
        break;
    case 1:
        l.per_day = one_in(2) ? NO_CAP : l.per_day;
        u256_add(l.per_call, u256_from_u64(1), &l.per_call);
        out = begin(OP_SET_LIMITS);
        wire_limits(&out, &l);
        break;
    case 2:
        out = begin(OP_REPIN);
        wire_text(&out, subject, sizeof subject);
        wire_address(&out, &payee);
        break;
    case 3:
        out = begin(OP_CANCEL);
        wire_hash(&out, &call);
        break;
    default:
        begin(one_in(2) ? OP_REVIVE : one_in(2) ? OP_OPEN : OP_LIMITS);
        break;
    }
}

static void damage(void)
{
    for (uint64_t n = 1 + any(3); n > 0 && frame.len > FRAME_HEAD; n--)
        frame.p[FRAME_HEAD + any(frame.len - FRAME_HEAD)] ^= (char)(1u << any(8));
    if (one_in(4))
        frame.len = FRAME_HEAD + any(frame.len - FRAME_HEAD + 1);
    if (one_in(8))
        buf_addc(&frame, (char)any(256));
}

static void garbage(void)
{
    begin(OP_STATE);
    frame.len = FRAME_HEAD;
    for (uint64_t n = any(300); n > 0; n--)
        buf_addc(&frame, (char)any(256));
}

/* Lock and kill switch would end the test; whoever can send them can also just end the process. */
static bool would_end_it(void)
{
    return frame.len == FRAME_HEAD + 1 &&
           (frame.p[FRAME_HEAD] == OP_LOCK || frame.p[FRAME_HEAD] == OP_KILL);
}

static void make_request(void)
{
    do {
        if (one_in(5))
            garbage();
        else if (one_in(2))
            ask_payment();
        else if (one_in(2))
            ask_tx();
        else
            ask_other();
        if (one_in(4))
            damage();
    } while (would_end_it());
    size_t len = frame.len - FRAME_HEAD;
    for (size_t i = 0; i < FRAME_HEAD; i++)
        frame.p[i] = (char)(uint8_t)(len >> 8 * i);
}

/* --- what came back */

static struct {
    u256 day[8], fees;
    bytes32 call[4096];
    size_t signed_, txs, refused, closed, answers;
} tally;

static u256 plus(u256 a, u256 b)
{
    u256 sum;
    assert_true(u256_add(a, b, &sum));
    return sum;
}

static void at_most(u256 v, u256 cap)
{
    assert_true(u256_cmp(v, cap) <= 0);
}

static void count_payment(struct wire *in)
{
    struct wire rq = wire_reader(frame.p + FRAME_HEAD + 1, frame.len - FRAME_HEAD - 1);
    struct pay_request p = {0};
    struct signer_answer a = {0};
    wire_pay(&rq, &p);
    wire_answer(in, &a);
    assert_true(wire_done(&rq) && wire_done(in));
    address who;
    if (p.try_only || !sig_recover(typed_digest(&p.typed, NULL, NULL), &a.sig, &who))
        return;
    const struct typed *t = &p.typed;
    const struct limits *l = limits_find(w.d.limits, w.d.n_limits, t->chain, t->token);
    assert_non_null(l);
    assert_true(address_eq(who, w.d.payer) && address_eq(t->from, who));
    assert_true(t->kind == TYPED_EIP3009 || t->kind == TYPED_EXACT || t->kind == TYPED_UPTO);
    assert_false(policy_bad_payee(t->to, t->from, t->token));
    assert_true(t->valid_before > (uint64_t)w.d.now &&
                t->valid_before <= (uint64_t)w.d.now + WINDOW_MAX);
    assert_true(!u256_is_zero(t->amount));
    at_most(t->amount, l->per_call);
    at_most(t->amount, p.quoted);
    if (t->kind == TYPED_EIP3009)
        assert_true(strcmp(t->name, l->asset.name) == 0 &&
                    strcmp(t->version, l->asset.version) == 0);
    if (p.has_permit) {
        assert_int_equal(p.permit.kind, TYPED_PERMIT);
        assert_int_equal(u256_cmp(p.permit.amount, t->amount), 0);
        assert_true(address_eq(p.permit.token, t->token) && address_eq(p.permit.from, who));
    }
    for (size_t i = 0; i < tally.signed_; i++) {
        if (memcmp(&tally.call[i], &p.call, sizeof p.call) == 0) {
            assert_true(a.again); /* the same once more: counted already */
            return;
        }
    }
    assert_false(a.again);
    assert_true(tally.signed_ < sizeof tally.call / sizeof *tally.call);
    tally.call[tally.signed_++] = p.call;
    size_t i = (size_t)(l - w.d.limits);
    tally.day[i] = plus(tally.day[i], t->amount);
    at_most(tally.day[i], l->per_day);
}

static void count_tx(struct wire *in)
{
    struct signer_answer a = {0};
    bytes32 hash;
    const uint8_t *raw = NULL;
    size_t n = 0;
    wire_answer(in, &a);
    wire_hash(in, &hash);
    wire_blob(in, &raw, &n, FRAME_MAX);
    assert_true(wire_done(in));
    if (n == 0)
        return; /* only asked what it would be */
    struct tx t;
    signature s;
    u256 fee, total;
    assert_false(tx_decode(raw, n, &t, &s, &e));
    assert_true(tx_most(&t, &fee, &total) && t.type == TX_1559 && !t.creates);
    struct call_meaning m = call_meaning(t.data, t.data_len);
    assert_true(u256_is_zero(t.value));
    switch (m.kind) {
    case CALL_APPROVE:
        assert_int_equal(m.amount.w[3] >> 63, 0);
        if (!u256_is_zero(m.amount)) {
            const struct limits *l = limits_find(w.d.limits, w.d.n_limits, t.chain, t.to);
            assert_true(l && address_eq(m.who, PERMIT2));
            u256 week = U256_ZERO;
            for (int i = 0; i < 7; i++)
                week = plus(week, l->per_day);
            at_most(m.amount, week);
        }
        break;
    case CALL_CANCEL:
        assert_true(address_eq(m.who, w.d.payer));
        break;
    case CALL_INVALIDATE:
        assert_true(address_eq(t.to, PERMIT2));
        break;
    case CALL_NOTHING:
        assert_true(address_eq(t.to, w.d.payer));
        break;
    case CALL_OTHER:
    case CALL_TRANSFER:
    case CALL_LIST:
    case CALL_DELIST:
    case CALL_DEPLOY:
        fail_msg("signed without a yes: %d", (int)m.kind);
    }
    at_most(fee, u256_from_u64(100000));
    tally.txs++;
}

static void hear(const uint8_t *p, size_t n)
{
    struct wire in = wire_reader(p, n);
    char text[ERR_MSG_MAX];
    souk_err code = (souk_err)wire_choice(&in, 0, 0, UINT8_MAX);
    enum refusal r = (enum refusal)wire_choice(&in, 0, 0, REFUSE_COUNT - 1);
    wire_text(&in, text, sizeof text);
    assert_false(in.bad);
    tally.answers++;
    tally.refused += r != REFUSE_NOT;
    if (code)
        return;
    switch (frame.p[FRAME_HEAD]) {
    case OP_PAY:
        count_payment(&in);
        break;
    case OP_TX:
        count_tx(&in);
        break;
    case OP_MESSAGE:
    case OP_REPIN:
    case OP_REVIVE:
        fail_msg("done without a yes: %d", frame.p[FRAME_HEAD]);
    case OP_SET_LIMITS: {
        /* A damaged one may have become tighter; then it holds from now on. */
        struct wire rq = wire_reader(frame.p + FRAME_HEAD + 1, frame.len - FRAME_HEAD - 1);
        struct limits l = {0};
        wire_limits(&rq, &l);
        const struct limits *was =
            limits_find(w.d.limits, w.d.n_limits, l.asset.chain, l.asset.token);
        assert_non_null(was);
        at_most(l.per_call, was->per_call);
        at_most(l.per_day, was->per_day);
        break;
    }
    default:
        break;
    }
}

static void reconnect(void)
{
    if (fd >= 0)
        close(fd);
    fd = world_connect();
}

static bool receive(uint8_t *p, size_t n)
{
    for (ssize_t k; n; p += k, n -= (size_t)k) {
        k = recv(fd, p, n, 0);
        if (k <= 0)
            return false;
    }
    return true;
}

static void exchange(void)
{
    static uint8_t in[FRAME_MAX];
    uint8_t head[FRAME_HEAD];
    uint32_t n = 0;
    int gate = one_in(2000) ? world_gate("not the password") : -1;
    bool ok = socket_send(fd, frame.p, frame.len, gate) && receive(head, sizeof head);
    if (ok) {
        struct wire h = wire_reader(head, sizeof head);
        wire_u32(&h, &n);
        assert_true(n <= sizeof in);
        ok = receive(in, n);
    }
    if (gate >= 0)
        close(gate);
    if (ok) {
        hear(in, n);
    } else {
        tally.closed++;
        reconnect();
    }
}

/* What the record says, whatever came back. */
static void check_ledger(void)
{
    char path[PATH_BUF];
    struct ledger *l;
    size_t n;
    assert_false(signer_dir(path, &e));
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_false(ledger_peek(dir, "w", &l, &e));
    close(dir);
    const struct entry *en = ledger_entries(l, &n);
    u256 sum[8] = {{{0}}};
    for (size_t i = 0; i < n; i++) {
        const struct limits *of =
            limits_find(w.d.limits, w.d.n_limits, en[i].typed.chain, en[i].typed.token);
        assert_non_null(of);
        assert_false(en[i].quoted_yes);
        size_t k = (size_t)(of - w.d.limits);
        sum[k] = plus(sum[k], en[i].typed.amount);
    }
    for (size_t k = 0; k < w.d.n_limits; k++) {
        at_most(sum[k], w.d.limits[k].per_day);
        at_most(tally.day[k], sum[k]); /* nothing came back that is not written down */
    }
    assert_int_equal(n, tally.signed_);
    u256 fees = ledger_spent(l, 8453, (address){{0}}, NULL, NULL, w.d.now).day;
    at_most(fees, u256_from_u64(1000000));
    ledger_close(l);
}

static void nothing_beyond_the_limits_is_ever_signed(void **state)
{
    (void)state;
    world_unlock(&w, w.d.now);
    world_set_limits(&w);
    struct limits fees = {.per_call = u256_from_u64(100000),
                          .per_day = u256_from_u64(1000000),
                          .per_week = NO_CAP,
                          .per_author = NO_CAP,
                          .per_model = NO_CAP};
    fees.asset = (struct asset){.chain = 8453, .symbol = "ETH", .decimals = 18};
    signer_gate g = world_gate(WORLD_PASSWORD);
    assert_false(signer_set_limits(w.s, &fees, g, &e));
    close(g);
    reconnect();
    for (int i = 0; i < REQUESTS; i++) {
        make_request();
        exchange();
        if (i % 20000 == 0) { /* the password resets the count of wrong ones */
            g = world_gate(WORLD_PASSWORD);
            assert_false(signer_repin(w.s, "somebody/else", w.d.pinned, g, &e));
            close(g);
        }
    }
    close(fd);
    check_ledger();
    print_message(
        "%zu answers, %zu refused, %zu closed; %zu payments and %zu transactions signed\n",
        tally.answers, tally.refused, tally.closed, tally.signed_, tally.txs);
    assert_true(tally.signed_ > 20 && tally.txs > 20 && tally.refused > REQUESTS / 4);
}

static int setup(void **state)
{
    (void)state;
    buf_init(&frame, FRAME_HEAD + FRAME_MAX);
    buf_init(&data, WIRE_DATA_MAX);
    signer_world_make(&w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    signer_world_remove(&w);
    buf_release(&frame);
    buf_release(&data);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_beyond_the_limits_is_ever_signed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
