#include "fixture_pay.h"

#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "fixture_internal.h"

static const char offer_json[] = "{}";

static u256 units(const char *decimal, unsigned decimals)
{
    u256 v = U256_ZERO;
    if (!u256_parse_decimal(decimal, decimals, &v))
        fixture_must(SOUK_EINPUT, &(struct err){.msg = "not an amount"});
    return v;
}

static bytes32 hash_of(const char *label)
{
    return keccak256(label, strlen(label));
}

static struct untrusted said(const struct fixture_pay *f, const char *honest)
{
    return f->attack.n ? f->attack : untrusted(honest);
}

/* A text that the domain keeps as a C string: an attack up to its first NUL. */
static void say(const struct fixture_pay *f, char *out, size_t room, const char *honest)
{
    struct untrusted u = said(f, honest);
    snprintf(out, room, "%.*s", (int)u.n, u.p);
}

static struct asset token(struct network *n, const char *symbol, unsigned decimals)
{
    struct token *t = &n->token[n->tokens++];
    struct asset a = {.chain = PAY_CHAIN, .token = world_address(symbol), .decimals = decimals};
    snprintf(a.symbol, sizeof a.symbol, "%s", symbol);
    snprintf(t->symbol, sizeof t->symbol, "%s", symbol);
    t->addr = a.token;
    t->decimals = decimals;
    return a;
}

static void make_network(struct fixture_pay *f)
{
    struct network *n = &f->network;
    snprintf(n->name, sizeof n->name, "devnet");
    snprintf(n->coin, sizeof n->coin, "ETH");
    n->payment.chain_id = PAY_CHAIN;
    n->local = true;
    f->usdc = token(n, "USDC", 6);
    f->opg = token(n, "OPG", 18);
    f->eth = (struct asset){.chain = PAY_CHAIN, .symbol = "ETH", .decimals = 18};
}

static struct amount amount_of(const struct asset *a, const char *decimal)
{
    struct amount m = {.value = units(decimal, a->decimals), .asset = a->token};
    snprintf(m.symbol, sizeof m.symbol, "%s", a->symbol);
    m.decimals = a->decimals;
    return m;
}

static struct limits limits_of(const struct asset *a, const char *call, const char *day,
                               const char *week)
{
    return (struct limits){.asset = *a,
                           .per_call = units(call, a->decimals),
                           .per_day = units(day, a->decimals),
                           .per_week = units(week, a->decimals),
                           .per_author = NO_CAP,
                           .per_model = NO_CAP};
}

static void make_offers(struct fixture_pay *f)
{
    struct x402_offer base = {.version = 2,
                              .scheme = X402_EXACT,
                              .method = X402_EIP3009,
                              .flow = X402_AUTHORIZATION,
                              .chain = PAY_CHAIN,
                              .asset = f->usdc,
                              .token = f->usdc.token,
                              .pay_to = world_address("mira"),
                              .amount = units("0.01", 6),
                              .window = 120,
                              .network_text = said(f, "eip155:84532"),
                              .scheme_text = said(f, "exact"),
                              .raw = offer_json,
                              .raw_len = sizeof offer_json - 1};
    struct x402_offer *o = f->demand.offer;
    for (int i = 0; i < 5; i++)
        o[i] = base;
    o[1].method = X402_PERMIT2;
    o[1].asset = f->opg;
    o[1].token = f->opg.token;
    o[1].amount = units("0.2", 18);
    o[2].amount = units("25", 6);
    o[3].scheme = X402_OTHER_SCHEME;
    o[3].scheme_text = said(f, "lottery");
    o[3].fault = X402_BAD_SCHEME;
    o[4].chain = 0;
    o[4].asset = (struct asset){.chain = 0};
    o[4].network_text = said(f, "solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp");
    o[4].fault = X402_BAD_NETWORK;
    f->demand.offers = 5;
    f->demand.version = 2;
    f->demand.url = said(f, "https://models.example/v1/models/og-1hr-volatility-ethusdt");
}

static void make_quote(struct fixture_pay *f)
{
    struct quote *q = &f->quote;
    struct target *t = &f->target;
    t->from_catalog = true;
    t->model = 1;
    t->mark = MARK_PROVEN;
    say(f, t->subject, sizeof t->subject, "OpenGradient/og-1hr-volatility-ethusdt");
    say(f, t->author, sizeof t->author, "OpenGradient");
    say(f, t->url, sizeof t->url, "https://models.example/v1/models/og-1hr-volatility-ethusdt");
    t->has_price = true;
    t->price = amount_of(&f->usdc, "0.01");
    t->pay_to = world_address("mira");
    make_offers(f);
    q->target = *t;
    q->demand = &f->demand;
    q->offers = f->demand.offers;
    for (size_t i = 0; i < q->offers; i++)
        q->offer[i] = (struct quote_offer){.offer = &f->demand.offer[i], .affordable = true};
    q->offer[1].needs_allowance = true;
    q->offer[2].refusal = REFUSE_OVER_CALL;
    q->chosen = 0;
    q->payee_since = FIXTURE_NOW - 40 * DAY;
    q->payee_paid = 12;
    q->payer = world_address("me");
    q->unlocked = true;
    q->limits = limits_of(&f->usdc, "0.1", "1", "5");
    q->spent = (struct spent){.day = units("0.043", 6), .week = units("0.31", 6)};
    q->time = FIXTURE_NOW;
}

/* The lines that quote_describe would write; a stranger's text is one line of it. */
static void line(struct buf *out, const char *label, const char *own, struct untrusted theirs)
{
    buf_addf(out, "%-9s%s", label, own);
    text_add(out, theirs, 0, TEXT_UNICODE);
    buf_addc(out, '\n');
}

static void make_words(struct fixture_pay *f)
{
    char to[ADDRESS_BUF], text[256];
    address_format(world_address("mira"), to);
    buf_init(&f->words, 1 << 16);
    buf_init(&f->warned, 1 << 16);
    buf_init(&f->refused, 1 << 16);
    struct buf *w = &f->words;
    line(w, "pay", "0.01 USDC (exactly)", untrusted(""));
    line(w, "for", "one call of ", said(f, "OpenGradient/og-1hr-volatility-ethusdt"));
    snprintf(text, sizeof text, "%s, first paid 2026-08-12, 12 times", to);
    line(w, "to", text, untrusted(""));
    line(w, "from", address_format(world_address("me"), to), untrusted(""));
    line(w, "at", "", f->demand.url);
    line(w, "chain", "84532, by exact", untrusted(""));
    line(w, "valid", "2 minutes from the signature (until about 2026-09-21 14:15:20 UTC)",
         untrusted(""));
    line(w, "limit", "1.0 % of what you allow in 24 hours; after it 0.053 USDC of 1 USDC are used",
         untrusted(""));
    w = &f->warned;
    line(w, "pay", "0.2 OPG (at most; the seller says how much of it, up to all)", untrusted(""));
    address_format(world_address("kmong"), to);
    snprintf(text, sizeof text, "%s, never paid before", to);
    line(w, "to", text, untrusted(""));
    line(w, "at", "", f->demand.url);
    line(w, "!",
         "This listing is not proven: the model's author does not vouch for it. Anyone can "
         "list a copy of somebody's model.",
         untrusted(""));
    line(w, "!", "The listing says 0.01 USDC per call.", untrusted(""));
    line(w, "!",
         "Permit2 may not move your OPG yet: first a transaction of yours approves exactly "
         "0.2 OPG, for which you pay the network's fee.",
         untrusted(""));
    line(&f->refused, "to", to, untrusted(""));
    line(&f->refused, "!",
         "It cannot be taken: it wants payment on a chain this network does not "
         "use.",
         untrusted(""));
}

static void make_receipts(struct fixture_pay *f)
{
    static const enum purchase_state states[6] = {PURCHASE_SENT,     PURCHASE_SETTLED,
                                                  PURCHASE_ANSWERED, PURCHASE_DISPUTED,
                                                  PURCHASE_LAPSED,   PURCHASE_FREE};
    for (int i = 0; i < 6; i++) {
        struct purchase_row *r = &f->receipt[i];
        bool answered = states[i] != PURCHASE_SENT && states[i] != PURCHASE_LAPSED;
        bool charged = states[i] == PURCHASE_SETTLED || states[i] == PURCHASE_DISPUTED ||
                       states[i] == PURCHASE_ANSWERED;
        *r = (struct purchase_row){
            .id = 40 - i,
            .call = hash_of("call"),
            .made = FIXTURE_NOW - 60 - i * 7000,
            .updated = FIXTURE_NOW - 20,
            .state = states[i],
            .subject = said(f, "OpenGradient/og-1hr-volatility-ethusdt"),
            .author = said(f, "OpenGradient"),
            .method = untrusted("POST"),
            .url = said(f, "https://models.example/v1/models/og-1hr-volatility-ethusdt"),
            .body = said(f, "{\"open_high_low_close\":[[1.5,2.25,1.25,2]]}"),
            .chain = PAY_CHAIN,
            .scheme = TYPED_EIP3009,
            .asset = f->usdc.token,
            .payer = world_address("me"),
            .pay_to = world_address("mira"),
            .amount = units("0.01", 6),
            .quoted = units("0.01", 6),
            .nonce = hash_of("nonce"),
            .valid_before = FIXTURE_NOW + 75 - i * 7000,
            .pay_header = untrusted("PAYMENT-SIGNATURE"),
            .pay_value = untrusted("eyJ4NDAyVmVyc2lvbiI6Mn0="),
            .has_tx = charged,
            .tx = hash_of("tx"),
            .charged = units(states[i] == PURCHASE_DISPUTED ? "0.03" : "0.01", 6),
            .charged_known = charged,
            .charged_by_chain = states[i] != PURCHASE_ANSWERED,
            .block = charged && states[i] != PURCHASE_ANSWERED ? 18204 : 0,
            .status = answered ? 200 : 0,
            .answer_type = said(f, "application/json"),
            .answer =
                answered ? said(f, "{\"model\":\"og-1hr-volatility\",\"Y\":[0.0123456789012345678],"
                                   "\"shape\":[1,1],\"notes\":{\"unit\":\"std dev\"}}")
                         : untrusted(""),
        };
    }
    f->receipt[0].words = said(f, "no answer came within 30 s");
    f->receipt[3].words = said(f, "charged 0.03 USDC where 0.01 USDC was signed");
    f->receipt[1].tee = said(f, "");
}

static void make_wallet(struct fixture_pay *f)
{
    struct purse_state *st = &f->state;
    snprintf(st->card.name, sizeof st->card.name, "main");
    st->card.kind = WALLET_WORDS;
    st->card.accounts = 2;
    st->card.account[0] = world_address("me");
    st->card.account[1] = world_address("me too");
    st->unlocked = st->verified = st->memory_locked = true;
    st->locks_at = FIXTURE_NOW + 530;
    st->limits = 2;
    st->limit[0].limits = limits_of(&f->usdc, "0.1", "1", "5");
    st->limit[0].limits.per_author = units("0.5", 6);
    st->limit[0].spent = f->quote.spent;
    st->limit[1].limits = limits_of(&f->opg, "0.5", "2", "10");
    st->limit[1].spent = (struct spent){.day = units("1.85", 18), .week = units("10", 18)};
    for (int i = 0; i < 2; i++) {
        struct entry *en = &f->open[i];
        en->seq = (uint64_t)i + 1;
        en->typed = (struct typed){.kind = i ? TYPED_UPTO : TYPED_EIP3009,
                                   .chain = PAY_CHAIN,
                                   .token = i ? f->opg.token : f->usdc.token,
                                   .from = world_address("me"),
                                   .to = world_address("mira"),
                                   .amount = units(i ? "0.2" : "0.01", i ? 18 : 6),
                                   .valid_before = (uint64_t)(FIXTURE_NOW + 75 + 200 * i),
                                   .nonce = hash_of("nonce")};
        say(f, en->subject, sizeof en->subject, "OpenGradient/og-1hr-volatility-ethusdt");
        say(f, en->author, sizeof en->author, "OpenGradient");
        en->at = FIXTURE_NOW - 45;
    }
    st->open = f->open;
    st->n_open = 2;
    f->balances = (struct balances){.who = world_address("me"),
                                    .of = {{amount_of(&f->usdc, "12.5"), U256_ZERO},
                                           {amount_of(&f->opg, "3.2"), units("0.5", 18)},
                                           {amount_of(&f->eth, "0.987654321"), U256_ZERO}},
                                    .n = 3,
                                    .block = 18204,
                                    .time = FIXTURE_NOW - 240};
    f->allowed[0] = (struct allowance_row){
        .asset = f->opg, .spender = PERMIT2, .amount = units("0.5", 18), .spender_name = "Permit2"};
    f->allowed[1] = (struct allowance_row){
        .asset = f->usdc, .spender = world_address("dex"), .amount = NO_CAP, .unlimited = true};
}

static void make_sent(struct fixture_pay *f)
{
    static const struct {
        int kind;
        unsigned state;
        const char *amount;
    } made[5] = {{CALL_TRANSFER, SENT_PENDING, "2.5"},
                 {CALL_APPROVE, SENT_MINED, "0.01"},
                 {CALL_APPROVE, SENT_FAILED, "0"},
                 {CALL_CANCEL, SENT_MINED, "0"},
                 {CALL_NOTHING, SENT_REPLACED, "0.1"}};
    for (int i = 0; i < 5; i++) {
        bool coin = made[i].kind == CALL_NOTHING;
        f->sent[i] = (struct sent_row){.id = 9 - i,
                                       .made = FIXTURE_NOW - 100 - i * 90000,
                                       .chain = PAY_CHAIN,
                                       .from = world_address("me"),
                                       .to = world_address(i % 2 ? "mira" : "kmong"),
                                       .token = coin ? f->eth.token : f->usdc.token,
                                       .kind = made[i].kind,
                                       .amount = units(made[i].amount, coin ? 18 : 6),
                                       .value = units(coin ? made[i].amount : "0", 18),
                                       .nonce = (uint64_t)(7 - i),
                                       .hash = hash_of("sent"),
                                       .state = made[i].state};
    }
    f->draft = (struct draft){.tx = {.chain = PAY_CHAIN, .nonce = 7, .type = TX_1559},
                              .meaning = {.kind = CALL_TRANSFER},
                              .asset = f->usdc,
                              .amount = units("2.5", 6),
                              .who = world_address("kmong"),
                              .first_time = true,
                              .fee_most = units("0.00021", 18),
                              .fee_likely = units("0.00007", 18),
                              .balance_after = units("10", 6),
                              .coin_after = units("0.98", 18),
                              .needs_password = true};
    say(f, f->draft.meaning_text, sizeof f->draft.meaning_text,
        "Send 2.5 USDC on chain 84532 to the address above.");
}

void fixture_pay_end(struct fixture_pay *f)
{
    struct buf *const all[] = {&f->words, &f->warned, &f->refused};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->p)
            buf_release(all[i]);
}

void fixture_pay(struct fixture_pay *f, struct untrusted attack)
{
    fixture_pay_end(f);
    memset(f, 0, sizeof *f);
    f->attack = attack;
    make_network(f);
    make_quote(f);
    make_words(f);
    make_receipts(f);
    make_wallet(f);
    make_sent(f);
}
