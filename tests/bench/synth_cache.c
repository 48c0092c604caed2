/*
 * synth-cache DIR N [NETWORK]: writes the cache of a market of N models below DIR, for benchmarks.
 *
 * Everything goes through the store and derive, as a sync would do it, so the derived tables are
 * true to the raw ones. A tenth of the models is listed, a twentieth has figures; descriptions are
 * of 200 to 2,000 bytes with common and rare words. The same every time. Then:
 *
 *     souk --data DIR --offline --network NETWORK
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/paths.h"
#include "market/derive.h"
#include "store/store.h"
#include "synth.h"

#include "base/banned.h"

enum {
    DAYS = SYNTH_DAYS,
    DAY = 86400,
    END = SYNTH_END,
    BATCH = 5000,
    MODELS_MOST = 1000000,
    PAYMENTS_EACH = 6, /* on average, of a model with figures */
    PAYMENT_CHAIN = SYNTH_PAYMENT_CHAIN,
    INFERENCE_CHAIN = SYNTH_INFERENCE_CHAIN,
};

static const char *const subjects[] = {"volatility", "return",   "sentiment", "credit",  "fraud",
                                       "liquidity",  "bridge",   "weather",   "protein", "toxicity",
                                       "translate",  "summary",  "whale",     "gas",     "spread",
                                       "momentum",   "drawdown", "default",   "churn",   "anomaly"};
static const char *const things[] = {"ethusdt",  "btcusdt", "solusdt", "wallet", "token",
                                     "pool",     "news",    "tweet",   "image",  "audio",
                                     "contract", "vault",   "swap",    "loan",   "nft"};
static const char *const spans[] = {"1hr", "6h", "1d", "30min", "weekly", "tiny", "small", "large"};
static const char *const tasks[] = {"Risk Models",     "Volatility",     "Price Prediction",
                                    "Classification",  "Regression",     "Text Generation",
                                    "Image Detection", "Recommendation", "Time Series",
                                    "Embedding",       "Scoring",        ""};
static const char *const words[] = {
    "the",    "model",    "of",       "and",     "predicts", "from",      "input",  "output",
    "with",   "trained",  "on",       "candles", "prices",   "float32",   "tensor", "ONNX",
    "a",      "is",       "for",      "in",      "returns",  "minutes",   "market", "data",
    "linear", "gradient", "boosted",  "forest",  "network",  "layers",    "opset",  "window",
    "risk",   "score",    "features", "mean",    "standard", "deviation", "regime", "signal"};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static uint64_t seed = 88172645463325252u;

static uint64_t draw(uint64_t below)
{
    return synth_draw(&seed, below);
}

static void description(struct buf *b, uint64_t i, const char *subject, const char *thing)
{
    size_t want = 200 + (size_t)draw(draw(4) ? 900 : 1800);
    char owner[ADDRESS_BUF];
    buf_clear(b);
    buf_addf(b, "# %s of %s\n\n", subject, thing);
    while (b->len < want) {
        uint64_t r = draw(100);
        if (r < 92) {
            buf_adds(b, words[draw(draw(2) ? COUNT(words) : 12)]);
        } else if (r < 97) {
            buf_adds(b, draw(2) ? subjects[draw(COUNT(subjects))] : things[draw(COUNT(things))]);
        } else { /* rare words, as identifiers and names are */
            buf_addf(b, "%c%c%llu", (char)('a' + draw(26)), (char)('a' + draw(26)),
                     (unsigned long long)draw(3000));
        }
        buf_adds(b, draw(12) ? " " : ".\n");
    }
    if (i % 10 == 0 && i % 80 != 0) {
        buf_addf(b, "\nsouk-listing: %s\n", address_format(synth_address("owner", i), owner));
    }
}

static void put_model(struct store *w, uint64_t i, uint64_t models, int64_t src, struct buf *text)
{
    struct err e = {0};
    char name[96], author[32];
    const char *subject = subjects[draw(COUNT(subjects))], *thing = things[draw(COUNT(things))];
    int64_t id;
    bool changed;
    snprintf(name, sizeof name, "%s-%s-%s-%llu", spans[draw(COUNT(spans))], subject, thing,
             (unsigned long long)i);
    if (i == models / 2) { /* the one everybody looks for */
        snprintf(name, sizeof name, "og-1hr-volatility-ethusdt");
    }
    snprintf(author, sizeof author, "author%llu", (unsigned long long)(i % (models / 8 + 1)));
    description(text, i, subject, thing);
    struct model_in m = {.author = untrusted(author),
                         .name = untrusted(name),
                         .task = untrusted(tasks[draw(COUNT(tasks))]),
                         .description = untrusted_n(text->p, text->len)};
    synth_must(store_model_put(w, &m, src, END - DAYS * DAY, &id, &changed, &e), &e);
    if (i % 10 != 0) {
        return;
    }
    bytes32 lid = keccak256(name, strlen(name));
    struct listing_in l = {.listed = true,
                           .owner = synth_address("owner", i),
                           .id = lid,
                           .author = m.author,
                           .name = m.name,
                           .endpoint = untrusted("http://127.0.0.1:18404/v1/models/x"),
                           .price = u256_from_u64(100 * (1 + draw(5000))),
                           .asset = synth_address("token", 0),
                           .pay_to = synth_address("payTo", i),
                           .chain = PAYMENT_CHAIN,
                           .block = 1,
                           .log = i,
                           .time = END - DAYS * DAY};
    synth_must(store_listing_put(w, &l, src, &e), &e);
}

static int64_t source(struct store *w, enum source_kind kind, int64_t chain, const char *filter)
{
    struct err e = {0};
    int64_t id;
    bytes32 hash = synth_block_hash();
    struct source_row r = {.kind = kind,
                           .place = "http://127.0.0.1:0",
                           .chain = chain,
                           .filter = filter,
                           .first = 1,
                           .last = DAYS * 24,
                           .hash = chain ? &hash : NULL,
                           .time = END};
    synth_must(store_source_add(w, &r, &id, &e), &e);
    return id;
}

/* Payments, hour by hour, most of them to the first listings: a long tail. */
static void put_payments(struct store *w, uint64_t models)
{
    struct err e = {0};
    uint64_t alive = models / 20 + 1, n = alive * PAYMENTS_EACH;
    synth_must(store_begin(w, &e), &e);
    int64_t src = source(w, SOURCE_LOGS, PAYMENT_CHAIN, FILTER_PAYMENTS);
    for (uint64_t k = 0; k < n; k++) {
        uint64_t hour = k * DAYS * 24 / n, listing = draw(draw(alive) + 1) * 20;
        char tx[32];
        int len = snprintf(tx, sizeof tx, "tx %llu", (unsigned long long)k);
        struct pay_in p = {.chain = PAYMENT_CHAIN,
                           .block = 2 + hour,
                           .log = k,
                           .tx = keccak256(tx, (size_t)len),
                           .payer = synth_address("payer", draw(n / 8 + 3)),
                           .payee = synth_address("payTo", listing),
                           .asset = synth_address("token", 0),
                           .amount = u256_from_u64(100 * (1 + draw(5000))),
                           .scheme = draw(10) ? PAY_EIP3009 : PAY_UPTO,
                           .tier = TIER_PROVED,
                           .time = END - DAYS * DAY + (int64_t)hour * 3600};
        synth_must(store_pay_put(w, &p, src, &e), &e);
    }
    struct cursor c = {.block = SYNTH_BLOCK, .hash = synth_block_hash(), .time = END};
    synth_must(store_cursor_set(w, PAYMENT_CHAIN, FILTER_PAYMENTS, &c, &e), &e);
    synth_must(store_commit(w, &e), &e);
}

static void put_models(struct store *w, uint64_t models)
{
    struct err e = {0};
    struct buf text;
    buf_init(&text, 1 << 20);
    for (uint64_t i = 0; i < models;) {
        synth_must(store_begin(w, &e), &e);
        if (i == 0) {
            synth_must(store_asset_put(w, PAYMENT_CHAIN, synth_address("token", 0), "USDC", 6, &e),
                       &e);
        }
        int64_t src = source(w, SOURCE_HUB, 0, NULL);
        for (uint64_t end = i + BATCH; i < models && i < end; i++) {
            put_model(w, i, models, src, &text);
        }
        synth_must(store_commit(w, &e), &e);
    }
    buf_release(&text);
}

static void finish(struct store *w)
{
    struct err e = {0};
    static struct network n;
    n.payment.chain_id = PAYMENT_CHAIN;
    n.inference.chain_id = INFERENCE_CHAIN;
    struct sync_state st = {.source = "hub", .phase = SYNC_OK, .finished = END, .ok_at = END};
    synth_must(store_begin(w, &e), &e);
    synth_must(store_sync_state_put(w, &st, &e), &e);
    synth_must(store_commit(w, &e), &e);
    synth_must(derive(w, &n, &e), &e);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    char path[PATH_BUF], leaf[64];
    struct store *w;
    long models = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
    if (argc < 3 || argc > 4 || models < 1 || models > MODELS_MOST) {
        fprintf(stderr, "usage: synth-cache DIR N [NETWORK]   (N from 1 to %d)\n", MODELS_MOST);
        return 2;
    }
    paths_override(argv[1]);
    snprintf(leaf, sizeof leaf, "%s.db", argc > 3 ? argv[3] : "devnet");
    synth_must(paths_get(PATH_CACHE, leaf, path, &e), &e);
    if (access(path, F_OK) == 0) {
        fprintf(stderr, "synth-cache: %s exists: remove it first\n", path);
        return 1;
    }
    synth_must(store_open(path, STORE_WRITE, &w, &e), &e);
    put_models(w, (uint64_t)models);
    put_payments(w, (uint64_t)models);
    finish(w);
    store_close(w);
    return 0;
}
