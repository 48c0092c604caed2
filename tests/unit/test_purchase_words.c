/*
 * Buying, as far as it needs no peer: where a request may go, what a target is called, what is kept
 * for a resume, what the chain's word makes of a row, what an enclave's stream says, the dialog.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "market/purchase/internal.h"
#include "market_world.h"
#include "vectors.h"
#include "x402_world.h"

#include "base/banned.h"

static struct network net;

static int setup(void **state)
{
    (void)state;
    net = (struct network){.name = "live", .coin = "ETH", .payment = {.chain_id = 8453}};
    for (size_t i = 0; i < 2; i++) {
        const struct asset *a = &X402_WORLD_ASSETS[i];
        struct token *t = &net.token[net.tokens++];
        t->addr = a->token;
        t->decimals = a->decimals;
        t->can = a->can;
        memcpy(t->symbol, a->symbol, sizeof t->symbol);
        memcpy(t->name, a->name, sizeof t->name);
        memcpy(t->version, a->version, sizeof t->version);
    }
    clock_fix(1800000000);
    return 0;
}

/* --- where a request may go */

static void trust(const char *url, bool catalog, bool local, bool want, bool want_public)
{
    struct network n = net;
    struct err e = {0};
    bool public_only = false;
    n.local = local;
    souk_err rc = trust_url(&n, url, catalog, &public_only, &e);
    if ((rc == SOUK_OK) != want)
        fail_msg("%s, catalogue %d, devnet %d: %d %s", url, catalog, local, rc, e.msg);
    if (want)
        assert_int_equal(public_only, want_public);
    else
        assert_int_equal(rc, SOUK_EINPUT);
}

static void requests_go_only_where_they_may(void **state)
{
    (void)state;
    /* typed by the user */
    trust("https://api.example.org/x", false, false, true, false);
    trust("https://10.1.2.3/x", false, false, true, false);
    trust("http://127.0.0.1:8080/x", false, false, true, false);
    trust("http://localhost/x", false, false, true, false);
    trust("http://[::1]:9/x", false, false, true, false);
    trust("http://api.example.org/x", false, false, false, false);
    trust("http://10.1.2.3/x", false, false, false, false);
    trust("http://127.0.0.1.example.org/x", false, false, false, false);
    trust("http://user@127.0.0.1/x", false, false, false, false);
    trust("ftp://example.org/x", false, false, false, false);
    /* named by a listing: https to a public address */
    trust("https://api.example.org/x", true, false, true, true);
    trust("http://api.example.org/x", true, false, false, false);
    trust("http://127.0.0.1/x", true, false, false, false);
    trust("https://127.0.0.1/x", true, false, false, false);
    trust("https://localhost:8443/x", true, false, false, false);
    trust("https://[::1]/x", true, false, false, false);
    /* on the devnet */
    trust("http://127.0.0.1:4402/x", true, true, true, false);
    trust("https://127.0.0.1:4402/x", true, true, true, false);
    trust("http://api.example.org/x", true, true, false, false);
}

/* --- targets */

static void a_target_is_what_the_listing_proves(void **state)
{
    struct world w;
    struct target t;
    struct err e = {0};
    char thief[ADDRESS_BUF], want[LABEL_MAX];
    (void)state;
    world_open(&w);
    int64_t good = put_model(&w, "mira", "vol", vouching("mira"));
    int64_t bare = put_model(&w, "mira", "bare", "");
    int64_t copy = put_model(&w, "kmong", "copy", "");
    put_listing(&w, (struct w_listing){.owner = "mira",
                                       .author = "mira",
                                       .name = "vol",
                                       .pay_to = "till",
                                       .price = 1000,
                                       .day = 5,
                                       .endpoint = "https://mira.example/v1/vol"});
    put_listing(&w, (struct w_listing){.owner = "thief",
                                       .author = "kmong",
                                       .name = "copy",
                                       .pay_to = "thief",
                                       .price = 10,
                                       .day = 5,
                                       .endpoint = "https://thief.example/copy"});
    world_derive(&w);
    ok(target_of_model(NULL, w.w, good, &t, E));
    assert_string_equal(t.subject, "mira/vol");
    assert_string_equal(t.author, "mira");
    assert_string_equal(t.url, "https://mira.example/v1/vol");
    assert_int_equal(t.mark, MARK_PROVEN);
    assert_true(t.from_catalog && t.has_price && !t.gateway);
    assert_true(address_eq(t.pay_to, addr_of("till")));
    /* Paying a listing without proof must not teach souk who the model's payee is. */
    ok(target_of_model(NULL, w.w, copy, &t, E));
    snprintf(want, sizeof want, "%s listed as kmong/copy", address_format(addr_of("thief"), thief));
    assert_string_equal(t.subject, want);
    assert_string_equal(t.author, thief);
    assert_int_equal(t.mark, MARK_UNPROVEN);
    assert_int_equal(target_of_model(NULL, w.w, bare, &t, &e), SOUK_ENOTFOUND);
    assert_non_null(strstr(e.msg, "mira/bare"));
    world_close(&w);
}

/* --- what a row keeps */

static const char call_body[] = "{\"x\":[1]}";

/* A purchase that has its offer, as the intent finds it. */
static struct purchase *bought(const char *demand)
{
    struct purchase *x = mem_zalloc(sizeof *x);
    struct target t = {.from_catalog = true, .subject = "mira/vol", .author = "mira"};
    struct x402_terms terms;
    struct err e = {0};
    assert_non_null(x);
    x->net = &net;
    arena_init(&x->arena, ROW_MEMORY);
    snprintf(t.url, sizeof t.url, "%s", X402_WORLD_URL);
    x->q = quote_make(&net, &t);
    assert_non_null(x->q);
    const struct call_input in = {.body = call_body, .body_len = sizeof call_body - 1};
    assert_true(call_copy(&x->q->call, &in));
    struct buf b64;
    buf_init(&b64, X402_HEADER_CAP);
    x402_base64_encode(demand, strlen(demand), &b64);
    buf_adds(&x->q->header, b64.p);
    quote_terms(x, &terms, t.url, true);
    terms.payer = X402_WORLD_PAYER;
    assert_int_equal(x402_demand_read(b64.p, "", 0, &terms, &x->q->pub.demand, &e), SOUK_OK);
    buf_release(&b64);
    x->q->pub.offers = x->q->pub.demand->offers;
    for (size_t i = 0; i < x->q->pub.offers; i++) {
        x->q->pub.offer[i].offer = &x->q->pub.demand->offer[i];
        x->q->pub.offer[i].amount = (struct amount){
            .value = x->q->pub.demand->offer[i].amount, .symbol = "USDC", .decimals = 6};
        x->q->pub.offer[i].affordable = x->q->pub.offer[i].confirmed = true;
    }
    return x;
}

static void unbought(struct purchase *x)
{
    quote_free(x->q != NULL ? &x->q->pub : NULL);
    arena_release(&x->arena);
    mem_free(x);
}

static const char permit2_demand[] =
    "{\"x402Version\":2,\"error\":\"Payment required\",\"resource\":{\"url\":"
    "\"https://api.example.org/v1/models/m1\"},\"accepts\":["
    "{\"scheme\":\"exact\",\"network\":\"eip155:8453\",\"amount\":\"20000\",\"asset\":"
    "\"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913\",\"payTo\":"
    "\"0x209693Bc6afc0C5328bA36FaF03C514EF312287C\",\"maxTimeoutSeconds\":60,\"extra\":{\"name\":"
    "\"USD Coin\",\"version\":\"2\"}},"
    "{\"scheme\":\"upto\",\"network\":\"eip155:8453\",\"amount\":\"10000\",\"asset\":"
    "\"0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913\",\"payTo\":"
    "\"0x209693Bc6afc0C5328bA36FaF03C514EF312287C\",\"maxTimeoutSeconds\":60,\"extra\":{\"name\":"
    "\"USD Coin\",\"version\":\"2\",\"assetTransferMethod\":\"permit2\",\"facilitatorAddress\":"
    "\"0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC\"}}],"
    "\"extensions\":{\"eip2612GasSponsoring\":{\"info\":{\"description\":\"d\",\"version\":\"1\"},"
    "\"schema\":{}},\"payment-identifier\":{\"info\":{\"required\":false}}}}";

static void header_of(struct purchase *x, struct buf *out)
{
    signature s = {{1}}, p = {{2}};
    const struct x402_extras extras = {.permit = x->has_permit ? &x->permit : NULL,
                                       .permit_sig = x->has_permit ? &p : NULL,
                                       .payment_id = x->payment_id};
    buf_init(out, 1 << 20);
    x402_payment_header(x->q->pub.demand, x->q->pub.offer[x->consent.offer].offer, &x->typed, &s,
                        &extras, out);
    assert_int_equal(out->bad, SOUK_OK);
    assert_true(out->len > 0);
}

/* After a crash: nothing but the row, and the same message and the same bytes. */
static void a_resume_makes_the_same_header(void **state)
{
    struct purchase *x = bought(permit2_demand), *y = mem_zalloc(sizeof *y);
    const struct x402_offer *o = &x->q->pub.demand->offer[1];
    struct err e = {0};
    struct buf a, b;
    (void)state;
    assert_int_equal(o->fault, X402_FINE);
    x->consent.offer = 1;
    x->typed = x402_typed(o, X402_WORLD_PAYER, clock_now(), keccak256("n", 1));
    x->permit = x402_permit(o, &x->typed, u256_from_u64(7));
    x->has_permit = true;
    x->expect = u256_from_u64(250);
    snprintf(x->payment_id, sizeof x->payment_id, "pay_%032d", 5);
    assert_int_equal(plan_write(x, &e), SOUK_OK);

    struct purchase_row r = {.subject = untrusted("mira/vol"),
                             .author = untrusted("mira"),
                             .method = untrusted("POST"),
                             .url = untrusted(X402_WORLD_URL),
                             .body = untrusted(call_body),
                             .chain = 8453,
                             .scheme = (int)x->typed.kind,
                             .asset = x->typed.token,
                             .payer = x->typed.from,
                             .pay_to = x->typed.to,
                             .amount = x->typed.amount,
                             .nonce = x->typed.nonce,
                             .valid_before = (int64_t)x->typed.valid_before,
                             .plan = x->row.plan};
    y->net = &net;
    arena_init(&y->arena, ROW_MEMORY);
    y->row = r;
    assert_int_equal(plan_read(y, &e), SOUK_OK);
    assert_memory_equal(typed_digest(&x->typed, NULL, NULL).b,
                        typed_digest(&y->typed, NULL, NULL).b, 32);
    assert_memory_equal(typed_digest(&x->permit, NULL, NULL).b,
                        typed_digest(&y->permit, NULL, NULL).b, 32);
    assert_int_equal(u256_cmp(y->expect, x->expect), 0);
    assert_int_equal(u256_cmp(plan_expect(&r), x->expect), 0);
    header_of(x, &a);
    header_of(y, &b);
    assert_int_equal(a.len, b.len);
    assert_memory_equal(a.p, b.p, a.len);
    buf_release(&a);
    buf_release(&b);

    /* A record that was tampered with or cut is an error, not another payment. */
    y->row.plan.n /= 2;
    quote_free(&y->q->pub);
    y->q = NULL;
    assert_int_not_equal(plan_read(y, &e), SOUK_OK);
    unbought(x);
    unbought(y);
}

/* --- the chain's word */

static void closes(enum purchase_state from, int scheme, enum fate_kind kind, uint64_t charged,
                   uint64_t expect, uint64_t receipt, enum purchase_state want, const char *word)
{
    struct purchase_row r = {.state = from,
                             .scheme = scheme,
                             .amount = u256_from_u64(1000),
                             .charged_known = receipt > 0,
                             .charged = u256_from_u64(receipt)};
    const struct fate f = {.kind = kind, .charged = u256_from_u64(charged), .has_tx = true};
    struct buf words;
    buf_init(&words, 1024);
    row_close(&r, &f, expect > 0 ? u256_from_u64(expect) : NO_CAP, &X402_WORLD_ASSETS[0], &words);
    if (r.state != want || strstr(words.p, word) == NULL)
        fail_msg("%s, fate %d, %d charged: %s, \"%s\"", purchase_state_name(from), kind,
                 (int)charged, purchase_state_name(r.state), words.p);
    if (kind == FATE_SETTLED && from != PURCHASE_DISPUTED) {
        assert_true(r.charged_by_chain && r.charged_known && r.has_tx);
        assert_int_equal(u256_cmp(r.charged, f.charged), 0);
    }
    buf_release(&words);
}

static void the_chain_closes_the_books(void **state)
{
    (void)state;
    closes(PURCHASE_ANSWERED, TYPED_EIP3009, FATE_SETTLED, 1000, 0, 0, PURCHASE_SETTLED, "");
    closes(PURCHASE_ANSWERED, TYPED_EIP3009, FATE_SETTLED, 1000, 0, 1000, PURCHASE_SETTLED, "");
    closes(PURCHASE_ANSWERED, TYPED_EIP3009, FATE_SETTLED, 1001, 0, 0, PURCHASE_DISPUTED, "more");
    closes(PURCHASE_SENT, TYPED_EIP3009, FATE_SETTLED, 1000, 0, 0, PURCHASE_DISPUTED, "not served");
    closes(PURCHASE_SIGNED, TYPED_EXACT, FATE_SETTLED, 1000, 0, 0, PURCHASE_DISPUTED, "not served");
    closes(PURCHASE_REFUSED, TYPED_EXACT, FATE_SETTLED, 1000, 0, 0, PURCHASE_DISPUTED,
           "not served");
    /* upto: by the receipt, by the listing, by the signature */
    closes(PURCHASE_ANSWERED, TYPED_UPTO, FATE_SETTLED, 25, 25, 25, PURCHASE_SETTLED, "");
    closes(PURCHASE_ANSWERED, TYPED_UPTO, FATE_SETTLED, 26, 0, 25, PURCHASE_DISPUTED, "more");
    closes(PURCHASE_ANSWERED, TYPED_UPTO, FATE_SETTLED, 26, 25, 0, PURCHASE_DISPUTED, "more");
    closes(PURCHASE_ANSWERED, TYPED_UPTO, FATE_SETTLED, 999, 0, 0, PURCHASE_SETTLED, "");
    closes(PURCHASE_ANSWERED, TYPED_UPTO, FATE_SETTLED, 1000, 0, 0, PURCHASE_SETTLED, "all that");
    closes(PURCHASE_SENT, TYPED_UPTO, FATE_LAPSED, 0, 0, 0, PURCHASE_LAPSED, "nothing");
    closes(PURCHASE_ANSWERED, TYPED_UPTO, FATE_LAPSED, 0, 0, 0, PURCHASE_LAPSED, "nothing");
    closes(PURCHASE_REFUSED, TYPED_EIP3009, FATE_CANCELLED, 0, 0, 0, PURCHASE_CANCELLED, "void");
    closes(PURCHASE_SENT, TYPED_EIP3009, FATE_OPEN, 0, 0, 0, PURCHASE_SENT, "");
    closes(PURCHASE_DISPUTED, TYPED_EIP3009, FATE_SETTLED, 1000, 0, 0, PURCHASE_DISPUTED, "");
}

/* --- sessions */

static struct purchases *kept;
static uint8_t calls;

static int64_t put_call(struct purchase_row r)
{
    struct err e = {0};
    int64_t id = 0;
    r.call.b[0] = ++calls;
    r.made = r.updated = clock_now();
    r.method = untrusted("POST");
    r.url = untrusted("https://gate.example/v1/chat/completions");
    r.scheme = TYPED_UPTO;
    r.payer = X402_WORLD_PAYER;
    if (purchase_add(kept, &r, &id, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    return id;
}

static int64_t put_session(uint64_t cost, int64_t left)
{
    return put_call((struct purchase_row){.state = PURCHASE_ANSWERED,
                                          .amount = u256_from_u64(100),
                                          .cost = u256_from_u64(cost),
                                          .valid_before = clock_now() + left,
                                          .session_id = untrusted("abc")});
}

static int64_t draw(int64_t session, enum purchase_state s, uint64_t cost)
{
    return put_call(
        (struct purchase_row){.state = s, .session = session, .cost = u256_from_u64(cost)});
}

static struct purchase_row row_of(int64_t id, struct arena *a)
{
    struct purchase_row r;
    struct err e = {0};
    if (purchase_get(kept, id, a, &r, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    return r;
}

static void end_session(int64_t id, uint64_t charged, enum purchase_state want)
{
    struct arena a;
    struct err e = {0};
    arena_init(&a, ROW_MEMORY);
    struct purchase_row own = row_of(id, &a);
    own.state = PURCHASE_SETTLED;
    own.charged = u256_from_u64(charged);
    own.charged_known = own.charged_by_chain = own.has_tx = true;
    assert_int_equal(session_settle(kept, &own, &a, &e), SOUK_OK);
    assert_int_equal(own.state, want);
    assert_int_equal(purchase_save(kept, &own, &e), SOUK_OK);
    arena_release(&a);
}

static enum purchase_state state_of(int64_t id)
{
    struct arena a;
    arena_init(&a, ROW_MEMORY);
    enum purchase_state s = row_of(id, &a).state;
    arena_release(&a);
    return s;
}

static void sessions_serve_while_they_may(void **state)
{
    static const char url[] = "https://gate.example/v1/chat/completions";
    struct call c = {.method = (char *)(uintptr_t) "POST"},
                get = {.method = (char *)(uintptr_t) "GET"};
    char dir[] = "/tmp/souk-session-XXXXXX", path[64];
    struct err e = {0};
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/p.db", dir);
    assert_int_equal(purchases_open(path, &kept, &e), SOUK_OK);
    assert_int_equal(session_find(kept, &c, url, X402_WORLD_PAYER), 0);
    put_session(10, 100); /* its deadline is too near */
    assert_int_equal(session_find(kept, &c, url, X402_WORLD_PAYER), 0);
    int64_t id = put_session(40, 600);
    assert_int_equal(session_find(kept, &c, url, X402_WORLD_PAYER), id);
    assert_int_equal(session_find(kept, &get, url, X402_WORLD_PAYER), 0);
    assert_int_equal(session_find(kept, &c, "https://gate.example/v1/other", X402_WORLD_PAYER), 0);
    assert_int_equal(session_find(kept, &c, url, X402_WORLD_PAY_TO), 0);

    int64_t served = draw(id, PURCHASE_ANSWERED, 30), lost = draw(id, PURCHASE_SENT, 0);
    assert_int_equal(session_find(kept, &c, url, X402_WORLD_PAYER), id);
    int64_t last = draw(id, PURCHASE_ANSWERED, 30);
    assert_int_equal(session_find(kept, &c, url, X402_WORLD_PAYER), 0); /* used up */

    /* What the calls told adds up to what was taken: the lost one was not charged. */
    end_session(id, 100, PURCHASE_SETTLED);
    assert_int_equal(state_of(served), PURCHASE_SETTLED);
    assert_int_equal(state_of(last), PURCHASE_SETTLED);
    assert_int_equal(state_of(lost), PURCHASE_LAPSED);

    /* More was taken than that: the lost one was charged, or nobody can say for what. */
    id = put_session(10, 600);
    lost = draw(id, PURCHASE_SENT, 0);
    end_session(id, 15, PURCHASE_SETTLED);
    assert_int_equal(state_of(lost), PURCHASE_DISPUTED);
    id = put_session(10, 600);
    served = draw(id, PURCHASE_ANSWERED, 10);
    end_session(id, 21, PURCHASE_DISPUTED);
    assert_int_equal(state_of(served), PURCHASE_SETTLED);
    purchases_close(kept);
    unlink(path);
    rmdir(dir);
}

/* --- an enclave's stream */

static char heard[512];

static void on_text(void *ud, struct untrusted piece)
{
    size_t n = strlen(heard);
    (void)ud;
    snprintf(heard + n, sizeof heard - n, "%.*s|", (int)piece.n, piece.p);
}

static struct purchase listener(void)
{
    struct purchase x = {.ev = {.text = on_text}, .ans = {.status = 200}};
    heard[0] = '\0';
    return x;
}

static void feed(struct purchase *x, const char *text, size_t step)
{
    for (size_t at = 0, n = strlen(text); at < n; at += step)
        assert_true(chat_feed(&x->chat, "text/event-stream; charset=utf-8", text + at,
                              n - at < step ? n - at : step));
    chat_end(&x->chat);
}

static const char stream[] =
    "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"Hel\"}}]}\n\n"
    ": a comment\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n\n"
    "event: x402-settlement\ndata: {\"success\":true,\"paymentResponse\":\"e30=\"}\n\n"
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{},"
    "\"opengradient\":{\"cost_opg\":\"1500\"}}\n\n";

static void a_stream_is_heard_as_it_comes(void **state)
{
    struct call call = {.body = (char *)(uintptr_t) "{}", .body_len = 2};
    struct enclave nobody = {.known = false};
    (void)state;
    for (size_t step = 1; step < 90; step += 11) {
        struct purchase x = listener();
        chat_init(&x.chat, &x);
        feed(&x, stream, step);
        assert_string_equal(heard, "Hel|lo|");
        assert_string_equal(x.chat.text.p, "Hello");
        assert_string_equal(x.chat.receipt, "e30=");
        assert_int_equal(u256_cmp(chat_cost(&x.chat, 18), u256_from_u64(1500)), 0);
        assert_string_equal(chat_verdict(&x.chat, &call, &nobody), tee_verdict_code(TEE_UNSIGNED));
        assert_int_equal(x.chat.err.code, SOUK_ENET); /* no [DONE] */
        chat_release(&x.chat);
        x = listener();
        chat_init(&x.chat, &x);
        feed(&x, "data: {\"error\":\"out of memory\"}\n\ndata: [DONE]\n\n", step);
        assert_non_null(strstr(x.chat.err.msg, "out of memory"));
        chat_release(&x.chat);
        x = listener();
        chat_init(&x.chat, &x);
        feed(&x, "data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: [DONE]\n\n", step);
        assert_int_equal(x.chat.err.code, SOUK_OK);
        assert_string_equal(x.chat.text.p, "a");
        chat_release(&x.chat);
    }
}

static void a_whole_answer_is_read_too(void **state)
{
    static const char body[] = "{\"choices\":[{\"message\":{\"content\":\"Hi\"}}],\"opengradient\":"
                               "{\"cost_opg\":\"0.5\"}}";
    struct purchase x = listener();
    (void)state;
    chat_init(&x.chat, &x);
    assert_true(chat_feed(&x.chat, "application/json", body, sizeof body - 1));
    chat_end(&x.chat);
    assert_string_equal(x.chat.text.p, "Hi");
    assert_string_equal(x.chat.raw.p, body);
    assert_int_equal(u256_cmp(chat_cost(&x.chat, 2), u256_from_u64(50)), 0);
    chat_release(&x.chat);
}

/* The enclave signs the tool calls when they are why it stopped, whatever it said before. */
static void tool_calls_are_what_is_signed(void **state)
{
    (void)state;
    json *all = vectors_load("x402-vectors.json");
    const json *tee = json_get(all, "tee"), *v = json_first(json_get(tee, "cases"));
    while (v && strcmp(json_cstr(v, "name"), "tools") != 0)
        v = json_next(v);
    assert_non_null(v);
    const char *const finish[] = {"tool_calls", "stop"};
    const char *const verdict[] = {tee_verdict_code(TEE_VERIFIED),
                                   tee_verdict_code(TEE_OTHER_OUTPUT)};
    char *request = cJSON_PrintUnformatted(json_get(v, "requestBody"));
    struct call call = {.body = request, .body_len = strlen(request)};
    struct enclave known = {.known = true};
    uint8_t der[1024];
    size_t n = vector_bytes(tee, "publicKeySpkiDerHex", der, sizeof der);
    buf_init(&known.key, sizeof der);
    buf_add(&known.key, der, n);
    clock_fix((int64_t)vector_u64(v, "tee_timestamp"));
    for (size_t i = 0; i < 2; i++) {
        struct purchase x = listener();
        char body[4096];
        snprintf(body, sizeof body,
                 "{\"choices\":[{\"message\":{\"content\":\"Let me look.\",\"tool_calls\":%s},"
                 "\"finish_reason\":\"%s\"}],\"tee_request_hash\":\"%s\",\"tee_output_hash\":"
                 "\"%s\",\"tee_timestamp\":%llu,\"tee_signature\":\"%s\",\"tee_id\":\"%s\"}",
                 json_cstr(v, "output"), finish[i], json_cstr(v, "tee_request_hash"),
                 json_cstr(v, "tee_output_hash"),
                 (unsigned long long)vector_u64(v, "tee_timestamp"), json_cstr(v, "tee_signature"),
                 json_cstr(v, "tee_id"));
        chat_init(&x.chat, &x);
        assert_true(chat_feed(&x.chat, "application/json", body, strlen(body)));
        chat_end(&x.chat);
        assert_string_equal(chat_verdict(&x.chat, &call, &known), verdict[i]);
        chat_release(&x.chat);
    }
    clock_fix(1800000000);
    buf_release(&known.key);
    cJSON_free(request);
    json_free(all);
}

/* --- the dialog */

static const char *described(struct purchase *x, int offer)
{
    static struct buf b;
    struct err e = {0};
    buf_release(&b);
    buf_init(&b, 64 << 10);
    assert_int_equal(quote_describe(&x->q->pub, offer, &b, &e), SOUK_OK);
    return b.p;
}

static void has(const char *text, const char *what)
{
    if (strstr(text, what) == NULL)
        fail_msg("no \"%s\" in\n%s", what, text);
}

static void hasnt(const char *text, const char *what)
{
    if (strstr(text, what) != NULL)
        fail_msg("\"%s\" in\n%s", what, text);
}

static void the_dialog_says_what_matters(void **state)
{
    struct purchase *x = bought(permit2_demand);
    struct quote_box *q = x->q;
    (void)state;
    q->pub.payer = X402_WORLD_PAYER;
    q->known[0].limits.per_day = u256_from_u64(1000000);
    q->known[0].spent.day = u256_from_u64(30000);
    const char *text = described(x, 0);
    has(text, "0.02 USDC (exactly)");
    has(text, "one call of mira/vol");
    has(text, "0x209693Bc6afc0C5328bA36FaF03C514EF312287C, never paid before");
    has(text, "2.0 % of what you allow in 24 hours; after it 0.05 USDC of 1 USDC");
    has(text, "8453");
    hasnt(text, "!");
    q->known[0].since = 1700000000;
    q->known[0].paid = 4;
    has(described(x, 0), "first paid 2023-11-14, 4 times");

    q->pub.not_proven = q->pub.payer_has_code = q->pub.publishes = true;
    q->known[0].changed = true;
    q->pub.offer[0].refusal = REFUSE_OVER_DAY;
    q->pub.offer[0].affordable = false;
    q->pub.offer[0].needs_allowance = true;
    q->pub.target.pay_to = X402_WORLD_PAYER;
    q->pub.target.has_price = true;
    q->pub.target.price = q->pub.offer[0].amount;
    q->pub.target.price.value = u256_from_u64(5);
    text = described(x, 0);
    has(text, "not proven");
    has(text, "EIP-7702");
    has(text, "published");
    has(text, "went to another address");
    has(text, refusal_words(REFUSE_OVER_DAY));
    has(text, "balance is smaller");
    has(text, "a transaction of yours approves exactly 0.02 USDC");
    has(text, "this money would go elsewhere");
    has(text, "The listing says 0.000005");

    text = described(x, 1);
    has(text, "0.01 USDC (at most; the seller says how much of it, up to all)");
    q->known[1].took_all = 3;
    has(described(x, 1), "3 times before");

    /* Strangers' words stay in their line. */
    snprintf(q->pub.target.subject, sizeof q->pub.target.subject, "a\nto 0xfriend\x1b[2J");
    text = described(x, 0);
    hasnt(text, "\nto 0xfriend");
    hasnt(text, "\x1b");
    unbought(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_go_only_where_they_may),
        cmocka_unit_test(a_target_is_what_the_listing_proves),
        cmocka_unit_test(a_resume_makes_the_same_header),
        cmocka_unit_test(the_chain_closes_the_books),
        cmocka_unit_test(sessions_serve_while_they_may),
        cmocka_unit_test(a_stream_is_heard_as_it_comes),
        cmocka_unit_test(a_whole_answer_is_read_too),
        cmocka_unit_test(tool_calls_are_what_is_signed),
        cmocka_unit_test(the_dialog_says_what_matters),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
