#include "fixture_internal.h"

#include <stdio.h>
#include <string.h>

enum shape { FLAT, GROW, FADE, SPIKE, FRESH };
enum { OPG = 1, PROVEN = 2, GONE = 4, FILES = 8, IPFS = 16, LONG = 32, SESSIONS = 64, QUIET = 128 };

/* One model of the market. payee NULL: the owner's own address; owner NULL: not listed. */
struct spec {
    const char *author, *name, *task, *owner, *payee, *price;
    int payments, payers, inferences;
    enum shape shape;
    unsigned flags;
};

static const struct spec specs[] = {
    {"OpenGradient", "og-1hr-volatility-ethusdt", "Risk Models", "og", "og/1hr", "0.010", 900, 64,
     140, GROW, PROVEN | FILES | LONG},
    {"mira", "eth-vol-garch", "Risk Models", "mira", "mira/garch", "0.004", 320, 31, 60, GROW,
     PROVEN | FILES},
    {"vol.labs", "eth-skew-surface", "Risk Models", "vol", NULL, "0.02", 110, 3, 0, SPIKE, OPG},
    {"kmong", "eth-6h-return", "Time Series", NULL, NULL, NULL, 0, 0, 0, FLAT, FILES},
    {"OpenGradient", "og-30min-return-suiusdt", "Time Series", "og", "og/30min", "0.008", 260, 40,
     500, FLAT, PROVEN | FILES},
    {"deepnorth", "macro-regime-detector", "Classification", "dn", "dn/regime", "0.25", 45, 20, 0,
     FADE, PROVEN | OPG},
    {"deepnorth", "credit-default-hazard", "Risk Models", "dn", "dn/hazard", "1.5", 12, 5, 3, FLAT,
     PROVEN},
    /* One address for three models: two told apart by price, and two that are not. */
    {"houseofmodels", "btc-fee-oracle", "Time Series", "house", "house/till", "0.001", 180, 25, 0,
     GROW, PROVEN},
    {"houseofmodels", "eth-fee-oracle", "Time Series", "house", "house/till", "0.001", 90, 25, 0,
     GROW, PROVEN},
    {"houseofmodels", "l2-fee-oracle", "Time Series", "house", "house/till", "0.003", 70, 18, 0,
     FLAT, PROVEN},
    {"streamhouse", "chat-tutor-8b", "LLM", "stream", "stream/chat", "0.05", 60, 14, 0, GROW,
     PROVEN | SESSIONS | OPG},
    {"0xfree", "spam-filter-tiny", "Classification", NULL, NULL, NULL, 0, 0, 320, GROW, FILES},
    {"数据实验室", "以太坊波动率模型", "风险模型", "zh", "zh/1", "0.006", 40, 9, 10, GROW,
     PROVEN | FILES},
    {"יעל כהן", "תחזית-תנודתיות-v2", "Time Series", "he", "he/1", "0.005", 25, 6, 0, FLAT, PROVEN},
    {"سارة", "توقعات السوق", "Time Series", "ar", "ar/1", "0.005", 20, 6, 0, FLAT, PROVEN},
    {"🚀 rocketlab", "🔥 meme-sentiment 👨‍👩‍👧", "Classification", "rocket",
     "rocket/1", "0.002", 75, 2, 0, SPIKE, PROVEN},
    {"a-very-long-author-name-that-goes-on-and-on-and-on-until-nobody-reads-it",
     "a-model-whose-name-says-everything-there-is-to-say-about-it-including-its-window-its-"
     "features-its-target-and-the-day-it-was-trained",
     "Time Series", "long", "long/1", "0.0125", 30, 8, 0, FLAT, PROVEN | LONG},
    {"mіra", "eth-vol-garch", "Risk Models", "fake", "fake/garch", "0.004", 15, 2, 0, FRESH, 0},
    {"Éloïse", "prévision-été", "Time Series", "el", "el/1", "0.002", 8, 3, 0, FADE, PROVEN},
    {"tinygrad.fans", "family/large v2 (beta)", "Image", "tiny", "tiny/1", "0.09", 6, 3, 30, FLAT,
     PROVEN | FILES},
    {"oldtimer", "resnet-50-ipfs", "Image", NULL, NULL, NULL, 0, 0, 45, FADE, IPFS},
    {"leaver", "model-taken-down", "Image", "leaver", NULL, "0.01", 9, 4, 0, FADE, PROVEN | GONE},
    {"nobody", "untitled", "", NULL, NULL, NULL, 0, 0, 0, FLAT, QUIET},
};
enum { SPECS = sizeof specs / sizeof *specs, PLAIN = 60 - SPECS };

static const char blob_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* A blob id, or an old IPFS one, that looks like one and is the same each time. */
static void make_blob(struct world *w, bool ipfs, char out[48])
{
    int n = ipfs ? 46 : 43;
    for (int i = 0; i < n; i++)
        out[i] = blob_digits[ipfs ? world_random(w, 8) : world_random(w, 64)];
    if (ipfs)
        memcpy(out, "Qm", 2);
    else
        out[42] = blob_digits[world_random(w, 16) * 4]; /* its last two bits are zero */
    out[n] = '\0';
}

static int64_t moment(struct world *w, enum shape shape)
{
    int64_t a = world_random(w, HISTORY), b = world_random(w, HISTORY);
    switch (shape) {
    case GROW:
        a = a > b ? a : b;
        break;
    case FADE:
        a = a < b ? a : b;
        break;
    case SPIKE:
        a = HISTORY - (a % 2 ? 4 : 17) * DAY + a % DAY;
        break;
    case FRESH:
        a = HISTORY - a % (5 * DAY);
        break;
    case FLAT:
        break;
    }
    return FIXTURE_NOW - HISTORY + a - 60;
}

static const char words[] =
    "# %s\n\n"
    "Predicts the **standard deviation** of one-minute returns over the next hour from ten "
    "30-minute candles. Trained on two years of trades; see the [notes](https://example.org/notes) "
    "for how it was evaluated.\n\n"
    "## Inputs\n\n"
    "| name | type | meaning |\n|---|---|---|\n"
    "| `open_high_low_close` | float32[10,4] | ten candles, oldest first |\n\n"
    "- normalised by the last close\n- no missing candles: repeat the last one\n\n"
    "```python\nmodel.run({\"open_high_low_close\": candles})\n```\n\n"
    "> Past volatility says little about a night with news.\n\n";

static void put_model(struct world *w, const struct spec *s, const char *blob, int64_t *id)
{
    struct err e = {0};
    char text[4096], owner[ADDRESS_BUF];
    size_t n = 0;
    if (s->flags & LONG)
        n += (size_t)snprintf(text + n, sizeof text - n, words, s->name);
    else if (!(s->flags & QUIET))
        n += (size_t)snprintf(text + n, sizeof text - n, "%s by %s, for %s. Nothing fancy.\n\n",
                              s->name, s->author, s->task);
    if (s->flags & IPFS)
        n += (size_t)snprintf(text + n, sizeof text - n, "The file: %s\n\n", blob);
    if (s->owner && s->flags & PROVEN)
        n += (size_t)snprintf(text + n, sizeof text - n, "souk-listing: %s\n",
                              address_format(world_address(s->owner), owner));
    struct model_in in = {.author = untrusted(s->author),
                          .name = untrusted(s->name),
                          .task = untrusted(s->task),
                          .description = untrusted_n(text, n)};
    bool changed;
    int64_t seen = s->flags & GONE ? FIXTURE_NOW - 9 * DAY : FIXTURE_NOW - 4;
    fixture_must(store_model_put(w->store, &in, w->hub, seen, id, &changed, &e), &e);
}

static void put_files(struct world *w, const struct spec *s, int64_t id, const char *blob)
{
    struct err e = {0};
    static const char *const versions[] = {"0.04", "0.05", "0.06"};
    for (int v = 0; v < 3 && s->flags & FILES; v++) {
        char other[48];
        make_blob(w, false, other);
        struct file_in f = {.version = untrusted(versions[v]),
                            .name = untrusted("model.onnx"),
                            .blob_id = untrusted(v == 2 ? blob : other),
                            .notes = untrusted("retrained"),
                            .size = 7100 + v * 812};
        fixture_must(store_file_put(w->store, id, &f, w->hub, &e), &e);
    }
}

static void put_listing(struct world *w, const struct spec *s, const char *blob)
{
    char endpoint[128];
    struct listing_in l = world_listing(w, s->owner, FIXTURE_NOW - HISTORY);
    if (s->flags & OPG)
        l.asset = w->opg;
    if (s->payee)
        l.pay_to = world_address(s->payee);
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:18404/v1/models/%s",
             s->payee ? s->payee : s->owner);
    l.author = untrusted(strcmp(s->owner, "fake") == 0 ? "mira" : s->author);
    l.name = untrusted(s->name);
    l.blob_id = untrusted(blob);
    l.endpoint = untrusted(endpoint);
    l.price = world_amount(w, l.asset, s->price);
    world_list(w, &l);
    struct err e = {0};
    struct offer_in o = {.resource = l.endpoint,
                         .scheme = untrusted(s->flags & SESSIONS ? "upto" : "exact"),
                         .description = untrusted("one prediction"),
                         .chain = PAY_CHAIN,
                         .amount = l.price,
                         .asset = l.asset,
                         .pay_to = l.pay_to,
                         .updated = FIXTURE_NOW - 2 * DAY};
    fixture_must(store_offer_put(w->store, &o, w->bazaar, &e), &e);
}

static void put_calls(struct world *w, const struct spec *s, const char *blob)
{
    address asset = s->flags & OPG ? w->opg : w->usdc;
    for (int i = 0; i < s->payments; i++) {
        char payer[32];
        uint32_t a = world_random(w, (uint32_t)s->payers), b = world_random(w, (uint32_t)s->payers);
        snprintf(payer, sizeof payer, "payer %u", a < b ? a : b);
        u256 amount = world_amount(w, asset, s->price);
        enum pay_scheme scheme = s->flags & SESSIONS ? PAY_UPTO
                                 : s->flags & OPG    ? PAY_PERMIT2
                                                     : PAY_EIP3009;
        for (uint32_t more = scheme == PAY_UPTO ? world_random(w, 9) : 0; more > 0; more--)
            u256_add(amount, world_amount(w, asset, s->price), &amount);
        world_pay(w, world_address(payer), world_address(s->payee ? s->payee : s->owner), asset,
                  amount, scheme, moment(w, s->shape));
    }
    for (int i = 0; i < s->inferences; i++)
        world_infer(w, untrusted(blob), moment(w, s->shape));
}

static void put_spec(struct world *w, const struct spec *s)
{
    char blob[48];
    int64_t id;
    make_blob(w, s->flags & IPFS, blob);
    put_model(w, s, blob, &id);
    put_files(w, s, id, blob);
    if (s->owner)
        put_listing(w, s, blob);
    put_calls(w, s, blob);
}

/* The long tail: models like any other, half of them never called. */
static void put_plain(struct world *w, int i)
{
    static const char *const families[] = {"arb-window", "basis-spread", "cex-flow",
                                           "dex-depth",  "entropy-gate", "funding-rate",
                                           "gas-nowcast"};
    static const char *const tasks[] = {"Time Series", "Risk Models", "Classification", "Tabular",
                                        "Image"};
    char author[32], name[48], owner[32], payee[32], price[16];
    snprintf(author, sizeof author, "maker-%02d", i % 11);
    snprintf(name, sizeof name, "%s-%02d", families[i % 7], i);
    snprintf(owner, sizeof owner, "maker-%02d", i % 11);
    snprintf(payee, sizeof payee, "maker-%02d/%d", i % 11, i);
    snprintf(price, sizeof price, "0.00%d", i % 9 + 1);
    struct spec s = {.author = author,
                     .name = name,
                     .task = tasks[i % 5],
                     .owner = i % 3 == 2 ? NULL : owner,
                     .payee = payee,
                     .price = price,
                     .payments = i % 4 ? 0 : 24 - i / 2,
                     .payers = 1 + i % 6,
                     .shape = (enum shape)(i % 3),
                     .flags = i % 5 == 4 ? 0 : PROVEN};
    if (!s.owner)
        s.payments = 0;
    put_spec(w, &s);
}

static void change_price(struct world *w)
{
    struct listing_in l = world_listing(w, "mira", FIXTURE_NOW - 90);
    l.author = untrusted("mira");
    l.name = untrusted("eth-vol-garch");
    l.pay_to = world_address("mira/garch");
    l.price = world_amount(w, w->usdc, "0.005");
    l.endpoint = untrusted("http://127.0.0.1:18404/v1/models/mira");
    world_list(w, &l);
}

static void withdraw(struct world *w)
{
    struct listing_in l = world_listing(w, "el", FIXTURE_NOW - 3 * DAY);
    l.name = untrusted("prévision-été");
    l.listed = false;
    world_list(w, &l);
}

/* Not all of it is customers' money: an author who tries his own model, and one with puppets. */
static void put_own_money(struct world *w)
{
    enum { PUPPETS = 4, EACH = 9 };
    u256 price = world_amount(w, w->usdc, "1.5"), small = world_amount(w, w->opg, "0.02");
    for (int i = 0; i < 5; i++)
        world_pay(w, world_address("dn"), world_address("dn/hazard"), w->usdc, price, PAY_EIP3009,
                  FIXTURE_NOW - 6 * DAY + i * 3600);
    for (int p = 0; p < PUPPETS; p++) {
        char name[32];
        snprintf(name, sizeof name, "puppet %d", p);
        int64_t start = FIXTURE_NOW - 24 * DAY + p * 600;
        world_flow(w, world_address("vol"), world_address(name), w->opg,
                   world_amount(w, w->opg, "0.25"), start);
        for (int i = 1; i <= EACH; i++)
            world_pay(w, world_address(name), world_address("vol"), w->opg, small, PAY_PERMIT2,
                      start + i * DAY);
    }
}

static void put_states(struct world *w)
{
    world_state(w, "hub", SYNC_OK, 60, 60, "60 models, 1 gone");
    world_state(w, "listings", SYNC_OK, 86400, 86400, "45 events");
    world_state(
        w, "bazaar", SYNC_FAILED, 0, 0,
        "http://127.0.0.1:18405/discovery/resources answered 503; what was read before stays");
    world_state(w, "payments", SYNC_OK, 86400, 86400, "up to block 86,401");
    world_state(w, "inferences", SYNC_STOPPED, 41000, 86400, "stopped at block 41,000 of 86,401");
    world_state(w, "figures", SYNC_OK, 0, 0, "");
}

char *fixture_market(void)
{
    struct err e = {0};
    char *dir = fixture_empty();
    struct world w;
    int64_t gone;
    world_open(&w, dir);
    for (size_t i = 0; i < SPECS; i++)
        put_spec(&w, &specs[i]);
    for (int i = 0; i < PLAIN; i++)
        put_plain(&w, i);
    change_price(&w);
    withdraw(&w);
    put_own_money(&w);
    /* A stranger's payments to nobody's address, and calls of a file nobody has. */
    for (int i = 0; i < 7; i++) {
        world_pay(&w, world_address("stranger"), world_address("elsewhere"), w.usdc,
                  world_amount(&w, w.usdc, "0.01"), PAY_EIP3009, FIXTURE_NOW - i * DAY - 60);
        world_infer(&w, untrusted("unknownunknownunknownunknownunknownunknown0"),
                    FIXTURE_NOW - i * DAY - 60);
    }
    fixture_must(store_models_sweep(w.store, FIXTURE_NOW - DAY, &gone, &e), &e);
    put_states(&w);
    world_close(&w);
    return dir;
}
