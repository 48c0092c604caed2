/*
 * scale DIR EVENTS: adds EVENTS settlements to the cache that synth_cache made below DIR, as a
 * first fill would (rows, sums; then the indexes), and says what that and everything after it took:
 * figures, judging, and what each screen loads. Seconds of CPU beside those of the clock, for a
 * machine that does other things too.
 *
 * A tenth as many payers as settlements, who come one after the other; most payments are of the
 * last tenth of them, each to one of four payees of his own; payees have a long tail, and a sixth
 * are strangers. The same every time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/mem.h"
#include "base/paths.h"
#include "market/catalog.h"
#include "market/derive.h"
#include "market/genuine.h"
#include "market/health.h"
#include "market/pages.h"
#include "store/rollup.h"
#include "synth.h"

#include "base/banned.h"

enum { A_RANGE = 4000, A_STEP = 1000000, PAYEES = 12000, DAY = 86400, BLOCK_SECONDS = 2 };

static uint64_t seed = 2463534242u;

static uint64_t draw(uint64_t below)
{
    return synth_draw(&seed, below);
}

/* --- the clock */

static double at(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct span {
    double wall, cpu;
};

static struct span begin(void)
{
    return (struct span){at(CLOCK_MONOTONIC), at(CLOCK_PROCESS_CPUTIME_ID)};
}

static void say(struct span s, const char *what)
{
    printf("  %-34s %9.3f s  %9.3f CPU s\n", what, at(CLOCK_MONOTONIC) - s.wall,
           at(CLOCK_PROCESS_CPUTIME_ID) - s.cpu);
    fflush(stdout);
}

/* --- filling */

static address *payee, *payer;
static size_t payers;

static void make_addresses(uint64_t events)
{
    payers = events / 10 + 1;
    payee = mem_array(PAYEES, sizeof *payee);
    payer = mem_array(payers, sizeof *payer);
    if (!payee || !payer) {
        exit(1);
    }
    for (size_t i = 0; i < PAYEES; i++) {
        payee[i] = i < PAYEES * 5 / 6 ? synth_address("payTo", i * 10) : synth_address("other", i);
    }
    for (size_t i = 0; i < payers; i++) {
        payer[i] = synth_address("payer", i);
    }
}

/* One who has come by now, mostly not long ago; and one of his payees. */
static void draw_pair(uint64_t i, struct pay_in *p)
{
    uint64_t come = i / 10 + 1, recent = payers / 10 + 1, who = draw(come);
    if (draw(10) > 0 && come > recent) {
        who = come - 1 - draw(recent);
    }
    uint64_t his = who * 4 + draw(4), mixed = his * 0x9e3779b97f4a7c15u >> 20;
    p->payer = payer[who];
    p->payee = payee[mixed % (mixed / PAYEES % PAYEES + 1)];
}

/* One range of logs, in one transaction with its cursor. */
static void put_range(struct store *w, uint64_t first, uint64_t n, uint64_t events)
{
    struct err e = {0};
    bytes32 hash = synth_block_hash();
    int64_t src = 0, time = 0;
    uint64_t block = 0;
    struct source_row r = {.kind = SOURCE_LOGS,
                           .place = "http://127.0.0.1:0",
                           .chain = SYNTH_PAYMENT_CHAIN,
                           .filter = FILTER_PAYMENTS,
                           .first = SYNTH_BLOCK + 1 + (int64_t)first,
                           .last = SYNTH_BLOCK + (int64_t)(first + n),
                           .hash = &hash,
                           .time = SYNTH_END};
    synth_must(store_begin(w, &e), &e);
    synth_must(store_source_add(w, &r, &src, &e), &e);
    for (uint64_t i = first; i < first + n; i++) {
        block = SYNTH_BLOCK + 1 + i;
        time = SYNTH_END + (int64_t)(i * SYNTH_DAYS * DAY / events);
        struct pay_in p = {.chain = SYNTH_PAYMENT_CHAIN,
                           .block = block,
                           .log = i % 300,
                           .asset = synth_address("token", 0),
                           .amount = u256_from_u64(100 * (1 + draw(5000))),
                           .scheme = draw(10) ? PAY_EIP3009 : PAY_UPTO,
                           .tier = TIER_PROVED,
                           .time = time};
        draw_pair(i, &p);
        for (size_t k = 0; k < sizeof p.tx.b; k += 8) {
            uint64_t x = draw(UINT64_MAX);
            memcpy(p.tx.b + k, &x, sizeof x);
        }
        synth_must(store_pay_put(w, &p, src, &e), &e);
    }
    struct cursor c = {.block = block, .hash = hash, .time = time};
    synth_must(store_cursor_set(w, SYNTH_PAYMENT_CHAIN, FILTER_PAYMENTS, &c, &e), &e);
    synth_must(store_commit(w, &e), &e);
}

static void fill(struct store *w, uint64_t events)
{
    struct span s = begin();
    for (uint64_t i = 0; i < events; i += A_RANGE) {
        char words[64];
        put_range(w, i, events - i < A_RANGE ? events - i : A_RANGE, events);
        if ((i + A_RANGE) % A_STEP == 0 || i + A_RANGE >= events) {
            snprintf(words, sizeof words, "settlements up to %llu",
                     (unsigned long long)i + A_RANGE);
            say(s, words);
            s = begin();
        }
    }
}

/* --- what is done with it */

static void figures(struct store *w)
{
    struct err e = {0};
    static struct network n;
    static struct known k;
    n.payment.chain_id = SYNTH_PAYMENT_CHAIN;
    n.inference.chain_id = SYNTH_INFERENCE_CHAIN;
    struct span s = begin();
    synth_must(store_index(w, NULL, &e), &e);
    say(s, "indexes");
    s = begin();
    synth_must(store_sum(w, NULL, &e), &e);
    say(s, "sums");
    s = begin();
    synth_must(derive(w, &n, &e), &e);
    say(s, "figures");
    s = begin();
    synth_must(known_load(&k, &e), &e);
    synth_must(genuine_judge(w, &n, &rules_default, &k, NULL, &e), &e);
    known_release(&k);
    say(s, "judging");
    store_checkpoint(w);
}

static void screens(struct store *r)
{
    struct err e = {0};
    struct catalog *c;
    struct health *h;
    struct model_page *m;
    struct author_list *list;
    struct author_page *a;
    struct span s = begin();
    synth_must(catalog_load(r, WINDOW_30D, &c, &e), &e);
    say(s, "Market: the catalogue");
    catalog_unref(c);
    s = begin();
    synth_must(catalog_head(r, WINDOW_30D, 100, &c, &e), &e);
    say(s, "Market: its first rows");
    int64_t busiest = c->n > 0 ? c->row[0].id : 1;
    char author[160];
    snprintf(author, sizeof author, "%s", c->n > 0 ? c->row[0].author : "author0");
    catalog_unref(c);
    s = begin();
    synth_must(model_page_load(r, busiest, WINDOW_30D, &m, &e), &e);
    say(s, "Model: the busiest");
    model_page_free(m);
    s = begin();
    synth_must(author_list_load(r, WINDOW_30D, &list, &e), &e);
    say(s, "Authors");
    author_list_free(list);
    s = begin();
    synth_must(author_page_load(r, author, WINDOW_30D, &a, &e), &e);
    say(s, "Author: of the busiest");
    author_page_free(a);
    s = begin();
    synth_must(health_load(r, WINDOW_30D, &h, &e), &e);
    say(s, "Health");
    health_free(h);
}

int main(int argc, char **argv)
{
    struct err e = {0};
    char path[PATH_BUF];
    struct store *w, *r;
    struct stat st;
    uint64_t events = argc == 3 ? strtoull(argv[2], NULL, 10) : 0;
    if (events == 0) {
        fprintf(stderr, "usage: scale DIR EVENTS\n");
        return 2;
    }
    paths_override(argv[1]);
    synth_must(paths_get(PATH_CACHE, "devnet.db", path, &e), &e);
    synth_must(store_open(path, STORE_WRITE, &w, &e), &e);
    int64_t before = stat(path, &st) == 0 ? st.st_size : 0;
    make_addresses(events);
    fill(w, events);
    figures(w);
    synth_must(store_open(path, STORE_READ, &r, &e), &e);
    screens(r);
    store_close(r);
    store_close(w);
    if (stat(path, &st) == 0) {
        printf("  %.0f MB, %.1f bytes a settlement\n", (double)st.st_size / 1e6,
               (double)(st.st_size - before) / (double)events);
    }
    mem_free(payee);
    mem_free(payer);
    return 0;
}
