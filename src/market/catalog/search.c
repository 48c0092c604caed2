#include "market/catalog/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "market/catalog/typo.h"
#include "store/catalog_rows.h"

#include "base/banned.h"

enum {
    TOKEN_MAX = 64,      /* bytes of a token that are looked at */
    TOKENS_MAX = 12,     /* tokens of a query */
    KEPT = 24,           /* tokens remembered */
    WORDS_MAX = 1 << 21, /* words of the vocabulary */
    WORDS_BYTES = 64 << 20,
    SHORT = 2,     /* letters up to which descriptions are asked for whole words */
    TYPO_FROM = 4, /* letters from which one slip is forgiven */
    TYPO_TWO = 8,  /* and two */
    REPLACEMENTS = 3,
    SPLIT_PART = 3, /* least letters of each half of a split word */
    FEW = 3,        /* fewer hits than this may be somebody's slip too */
    RARE = 20000,   /* a description's word is kept that one in so many models has */
    MUCH_MORE = 8,  /* if a near word is in so many times more models */
};

/* Where one token was found: a tier for each model id. */
struct found {
    char token[TOKEN_MAX + 1];
    uint8_t *tier;
    size_t n;
    uint32_t hits;
    unsigned long used; /* when, in calls */
};

struct word {
    const char *p;
    uint32_t n;
    uint32_t models;
};

/* What a connection remembers. */
struct memory {
    int64_t version; /* of the text all this came from */
    struct found found[KEPT];
    unsigned long clock;
    bool words_read;
    struct arena arena;
    struct word *word; /* sorted */
    size_t words, room;
    int64_t least; /* models a word of a description must be in to be known */
};

struct token {
    char p[TOKEN_MAX + 1];
    size_t n;
};

/* --- memory */

static void forget(struct memory *m)
{
    for (int i = 0; i < KEPT; i++) {
        mem_free(m->found[i].tier);
    }
    arena_release(&m->arena);
    mem_free(m->word);
    *m = (struct memory){.clock = m->clock};
    arena_init(&m->arena, WORDS_BYTES);
}

static void memory_free(void *p)
{
    if (p) {
        forget(p);
        mem_free(p);
    }
}

static struct memory *memory_of(struct store *s)
{
    void **slot = store_attachment(s, memory_free);
    if (!*slot) {
        *slot = mem_zalloc(sizeof(struct memory));
        if (*slot) {
            forget(*slot);
        }
    }
    struct memory *m = *slot;
    int64_t version = store_text_version(s);
    if (m && m->version != version) {
        forget(m);
        m->version = version;
    }
    return m;
}

/* --- one token */

struct marking {
    struct found *f;
    uint8_t tier;
};

static souk_err mark(void *ud, int64_t id)
{
    struct marking *m = ud;
    if (id >= 0 && (size_t)id < m->f->n) {
        uint8_t *t = &m->f->tier[id];
        m->f->hits += *t == TIER_NONE;
        *t = *t > m->tier ? *t : m->tier;
    }
    return SOUK_OK;
}

static souk_err look_up(struct store *s, struct found *f, struct err *e)
{
    struct untrusted token = untrusted(f->token);
    bool whole = token.n <= SHORT;
    struct marking m = {f, TIER_TEXT};
    souk_err rc = store_search(s, SEARCH_TEXT, token, whole, mark, &m, e);
    if (!rc) {
        m.tier = TIER_NAMES;
        rc = store_search(s, SEARCH_NAMES, token, false, mark, &m, e);
    }
    if (!rc) {
        m.tier = TIER_NAME;
        rc = store_search(s, SEARCH_NAME, token, false, mark, &m, e);
    }
    return rc;
}

/* Finds a token, in memory or in the cache. The result is the memory's, until KEPT others came. */
static souk_err find_token(struct store *s, struct memory *m, const char *token,
                           const struct found **out, struct err *e)
{
    struct found *oldest = &m->found[0];
    uint32_t models;
    for (int i = 0; i < KEPT; i++) {
        struct found *f = &m->found[i];
        if (f->tier && strcmp(f->token, token) == 0) {
            f->used = ++m->clock;
            *out = f;
            return SOUK_OK;
        }
        if (f->used < oldest->used) {
            oldest = f;
        }
    }
    souk_err rc = store_model_count(s, &models, e);
    if (rc) {
        return rc;
    }
    mem_free(oldest->tier);
    *oldest = (struct found){.n = (size_t)models + 1, .used = ++m->clock};
    snprintf(oldest->token, sizeof oldest->token, "%s", token);
    oldest->tier = mem_zalloc(oldest->n);
    if (!oldest->tier) {
        return err_nomem(e);
    }
    rc = look_up(s, oldest, e);
    if (rc) {
        MEM_FREE(oldest->tier);
    }
    *out = oldest;
    return rc;
}

/* --- the vocabulary */

static bool plain(struct untrusted w)
{
    for (size_t i = 0; i < w.n; i++) {
        if ((w.p[i] < 'a' || w.p[i] > 'z') && (w.p[i] < '0' || w.p[i] > '9')) {
            return false;
        }
    }
    return true;
}

/* Only plain words: they alone are compared, and may stand in a note. */
static souk_err on_word(void *ud, const struct vocab_row *row, struct err *e)
{
    struct memory *m = ud;
    if (row->models < m->least || row->word.n < SPLIT_PART || row->word.n > TYPO_WORD ||
        !plain(row->word) || m->words == WORDS_MAX) {
        return SOUK_OK;
    }
    struct word *grown = mem_grow(m->word, m->words, &m->room, sizeof *grown);
    if (!grown) {
        return err_nomem(e);
    }
    m->word = grown;
    const char *p = arena_strndup(&m->arena, row->word.p, row->word.n);
    if (!p) {
        return err_nomem(e);
    }
    m->word[m->words++] = (struct word){p, (uint32_t)row->word.n, (uint32_t)row->models};
    return SOUK_OK;
}

static int by_word(const void *x, const void *y)
{
    return strcmp(((const struct word *)x)->p, ((const struct word *)y)->p);
}

static souk_err read_words(struct store *s, struct memory *m, struct err *e)
{
    if (m->words_read) {
        return SOUK_OK;
    }
    uint32_t models;
    m->words = 0;
    m->least = 1;
    souk_err rc = store_model_count(s, &models, e);
    if (!rc) {
        rc = store_each_word(s, true, on_word, m, e);
    }
    if (!rc) { /* of very many descriptions only the words that are not one author's own */
        m->least = 1 + models / RARE;
        rc = store_each_word(s, false, on_word, m, e);
    }
    if (rc) {
        return rc;
    }
    if (m->words) {
        qsort(m->word, m->words, sizeof *m->word, by_word);
    }
    size_t out = 0;
    for (size_t i = 0; i < m->words; i++) {
        if (out && strcmp(m->word[out - 1].p, m->word[i].p) == 0) {
            m->word[out - 1].models += m->word[i].models;
        } else {
            m->word[out++] = m->word[i];
        }
    }
    m->words = out;
    m->words_read = true;
    return SOUK_OK;
}

/* In how many models are words that begin so? (Counts one twice that has two of them.) */
static uint64_t beginning(const struct memory *m, const char *p, size_t n)
{
    size_t lo = 0, hi = m->words;
    uint64_t models = 0;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (strncmp(m->word[mid].p, p, n) < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (; lo < m->words && strncmp(m->word[lo].p, p, n) == 0; lo++) {
        models += m->word[lo].models;
    }
    return models;
}

/* --- tokens that are nowhere */

struct near {
    const struct word *w;
    int score; /* smaller is nearer: twice the distance, and 1 for a mere beginning */
};

static bool nearer(struct near a, struct near b)
{
    return a.score != b.score ? a.score < b.score : a.w->models > b.w->models;
}

/* The nearest words, the most common first; all at the same distance. Returns how many. */
static size_t near_words(const struct memory *m, const struct token *t,
                         struct near out[REPLACEMENTS])
{
    int most = t->n >= TYPO_TWO ? 2 : 1;
    size_t n = 0;
    for (size_t i = 0; i < m->words; i++) {
        const struct word *w = &m->word[i];
        int whole, begins;
        if (w->n + (size_t)most < t->n || strncmp(w->p, t->p, t->n) == 0) {
            continue; /* too short, or found already */
        }
        typo_distance(t->p, t->n, w->p, w->n, most, &whole, &begins);
        struct near c = {w, whole <= most ? 2 * whole : 2 * begins + 1};
        if (c.score > 2 * most + 1 || (n && c.score > out[0].score)) {
            continue;
        }
        if (n && c.score < out[0].score) {
            n = 0;
        }
        if (n == REPLACEMENTS && !nearer(c, out[n - 1])) {
            continue;
        }
        size_t at = n < REPLACEMENTS ? n++ : n - 1;
        for (; at > 0 && nearer(c, out[at - 1]); at--) {
            out[at] = out[at - 1];
        }
        out[at] = c;
    }
    return n;
}

/* The place to split "ethvol" so that the rarer half is as common as can be; 0: none. */
static size_t split_at(const struct memory *m, const struct token *t)
{
    size_t best = 0;
    uint64_t most = 0;
    for (size_t at = SPLIT_PART; at + SPLIT_PART <= t->n; at++) {
        uint64_t a = beginning(m, t->p, at), b = beginning(m, t->p + at, t->n - at);
        uint64_t rarer = a < b ? a : b;
        if (rarer > most) {
            most = rarer;
            best = at;
        }
    }
    return best;
}

static void note(struct search_result *r, const char *text)
{
    size_t n = strlen(r->note);
    snprintf(r->note + n, sizeof r->note - n, "%s%s", n ? "; " : "", text);
}

/* --- all tokens */

/* Joins what was found for a token into tier[]: the better place of either. */
static void join(uint8_t *tier, size_t n, const struct found *f)
{
    for (size_t i = 0; i < n && i < f->n; i++) {
        tier[i] = tier[i] > f->tier[i] ? tier[i] : f->tier[i];
    }
}

/* Narrows what was found so far: the worse place of both. */
static void narrow(uint8_t *tier, size_t n, const uint8_t *other, size_t other_n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t o = i < other_n ? other[i] : TIER_NONE;
        tier[i] = tier[i] < o ? tier[i] : o;
    }
}

/* Joins what the nearest words are in to tier[]; shown names them. */
static souk_err join_near(struct store *s, struct memory *m, const struct near *near, size_t n,
                          struct search_result *r, uint8_t *tier, char shown[96], struct err *e)
{
    const struct found *f;
    souk_err rc = SOUK_OK;
    shown[0] = '\0';
    for (size_t i = 0; i < n && !rc; i++) {
        size_t used = strlen(shown);
        snprintf(shown + used, 96 - used, "%s\"%s\"", i ? ", " : "", near[i].w->p);
        rc = find_token(s, m, near[i].w->p, &f, e);
        if (!rc) {
            join(tier, r->n, f);
        }
    }
    return rc;
}

static souk_err join_halves(struct store *s, struct memory *m, const struct token *t, size_t at,
                            struct search_result *r, uint8_t *tier, struct err *e)
{
    const struct found *f;
    struct token first = {.n = at};
    memcpy(first.p, t->p, at);
    souk_err rc = find_token(s, m, first.p, &f, e);
    if (!rc) {
        join(tier, r->n, f);
        rc = find_token(s, m, t->p + at, &f, e);
    }
    if (!rc) {
        char text[sizeof r->note];
        narrow(tier, r->n, f->tier, f->n);
        snprintf(text, sizeof text, "no \"%s\": showing \"%s %s\"", t->p, first.p, t->p + at);
        note(r, text);
    }
    return rc;
}

/* Fills tier[], which holds what few hits there are, with what the token may have meant. */
static souk_err replaced(struct store *s, struct memory *m, const struct token *t, uint32_t hits,
                         struct search_result *r, uint8_t *tier, struct err *e)
{
    struct near near[REPLACEMENTS];
    char shown[96], text[sizeof r->note];
    size_t n = near_words(m, t, near);
    if (hits > 0 && (n == 0 || near[0].w->models < hits * MUCH_MORE)) {
        return SOUK_OK; /* rare, but what was asked for */
    }
    if (n > 0) {
        souk_err rc = join_near(s, m, near, n, r, tier, shown, e);
        snprintf(text, sizeof text, hits ? "few \"%s\": also showing %s" : "no \"%s\": showing %s",
                 t->p, shown);
        note(r, text);
        return rc;
    }
    size_t at = split_at(m, t);
    return at ? join_halves(s, m, t, at, r, tier, e) : SOUK_OK;
}

static souk_err add_token(struct store *s, struct memory *m, const struct token *t,
                          struct search_result *r, struct err *e)
{
    const struct found *f;
    souk_err rc = find_token(s, m, t->p, &f, e);
    if (rc) {
        return rc;
    }
    uint32_t hits = f->hits;
    if (hits >= FEW || t->n < TYPO_FROM || t->n > TYPO_WORD || !plain(untrusted(t->p))) {
        narrow(r->tier, r->n, f->tier, f->n);
        return SOUK_OK;
    }
    uint8_t *tier = mem_zalloc(r->n);
    if (!tier) {
        return err_nomem(e);
    }
    join(tier, r->n, f);
    rc = read_words(s, m, e);
    if (!rc) {
        rc = replaced(s, m, t, hits, r, tier, e);
    }
    if (!rc) {
        narrow(r->tier, r->n, tier, r->n);
    }
    mem_free(tier);
    return rc;
}

struct tokens {
    struct token t[TOKENS_MAX];
    size_t n;
};

/* Keeps a token once; a very long one by its beginning, cut between characters. */
static souk_err on_token(void *ud, struct untrusted token, struct err *e)
{
    struct tokens *ts = ud;
    struct token t = {.n = token.n < TOKEN_MAX ? token.n : TOKEN_MAX};
    (void)e;
    while (t.n > 0 && t.n < token.n && (token.p[t.n] & 0xC0) == 0x80) {
        t.n--;
    }
    memcpy(t.p, token.p, t.n);
    for (size_t i = 0; i < ts->n; i++) {
        if (strcmp(ts->t[i].p, t.p) == 0) {
            return SOUK_OK;
        }
    }
    if (ts->n < TOKENS_MAX && t.n > 0) {
        ts->t[ts->n++] = t;
    }
    return SOUK_OK;
}

static souk_err search_snapshot(struct store *s, const struct tokens *ts, struct search_result *out,
                                struct err *e)
{
    uint32_t models;
    struct memory *m = memory_of(s);
    if (!m) {
        return err_nomem(e);
    }
    souk_err rc = store_model_count(s, &models, e);
    if (rc) {
        return rc;
    }
    out->n = (size_t)models + 1;
    out->tier = mem_alloc(out->n);
    if (!out->tier) {
        return err_nomem(e);
    }
    memset(out->tier, TIER_NAME, out->n);
    for (size_t i = 0; i < ts->n && !rc; i++) {
        rc = add_token(s, m, &ts->t[i], out, e);
    }
    return rc;
}

souk_err search(struct store *s, const char *words, struct search_result *out, struct err *e)
{
    struct tokens ts = {.n = 0};
    *out = (struct search_result){.n = 0};
    souk_err rc = store_tokens(s, untrusted(words), on_token, &ts, e);
    if (rc || ts.n == 0) {
        return rc;
    }
    out->words = true;
    rc = store_snapshot(s, e);
    if (rc) {
        return rc;
    }
    rc = search_snapshot(s, &ts, out, e);
    store_snapshot_end(s);
    if (rc) {
        search_release(out);
    }
    return rc;
}

void search_release(struct search_result *r)
{
    MEM_FREE(r->tier);
    r->n = 0;
}
