#include "market/catalog/filter.h"

#include <ctype.h>
#include <string.h>

#include "base/banned.h"

/* ASCII only: the language's own words, and names as people type them. */
static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 32 : c);
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* --- parsing */

static const struct {
    const char *word;
    enum term_kind kind;
} states[] = {{"alive", TERM_ALIVE},     {"listed", TERM_LISTED},      {"proven", TERM_PROVEN},
              {"free", TERM_FREE},       {"never", TERM_NEVER},        {"genuine", TERM_GENUINE},
              {"growing", TERM_GROWING}, {"shrinking", TERM_SHRINKING}};

static const struct {
    const char *word;
    enum number_of of;
} numbers[] = {{"price", OF_PRICE},
               {"calls", OF_CALLS},
               {"payers", OF_PAYERS},
               {"payments", OF_PAYMENTS},
               {"settlements", OF_SETTLEMENTS},
               {"inferences", OF_INFERENCES},
               {"income", OF_INCOME},
               {"genuine", OF_GENUINE},
               {"growth", OF_GROWTH}};

static bool parse_state(const char *s, struct term *t)
{
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcmp(s, states[i].word) == 0) {
            t->kind = states[i].kind;
            return true;
        }
    }
    return false;
}

/* author:x author:~x author:"x" task:... */
static bool parse_facet(const char *s, struct term *t)
{
    static const char author[] = "author:", task[] = "task:";
    if (strncmp(s, author, sizeof author - 1) == 0) {
        t->kind = TERM_AUTHOR;
        s += sizeof author - 1;
    } else if (strncmp(s, task, sizeof task - 1) == 0) {
        t->kind = TERM_TASK;
        s += sizeof task - 1;
    } else {
        return false;
    }
    t->how = MATCH_BEGINS;
    /* NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
    if (*s == '~') {
        t->how = MATCH_HAS;
        s++;
    }
    if (*s == '"') {
        t->how = t->how == MATCH_HAS ? MATCH_HAS : MATCH_IS;
        s++;
    }
    size_t n = strcspn(s, "\"");
    memcpy(t->text, s, n);
    t->text[n] = '\0';
    return n > 0 || t->how == MATCH_IS;
}

static const char *parse_comparison(const char *s, enum comparison *out)
{
    bool equal = s[0] && s[1] == '=';
    switch (s[0]) {
    case '<':
        *out = equal ? CMP_LE : CMP_LT;
        return s + 1 + equal;
    case '>':
        *out = equal ? CMP_GE : CMP_GT;
        return s + 1 + equal;
    case '=':
        *out = CMP_EQ;
        return s + 1;
    default:
        return NULL;
    }
}

static bool times_ten(u256 *v)
{
    u256 sum = U256_ZERO;
    bool fits = true;
    for (int i = 0; i < 10; i++) {
        fits = u256_add(sum, *v, &sum) && fits;
    }
    *v = sum;
    return fits;
}

/* 12, 0.5, .5, 1.5k, 2m, and a % of growth */
static bool parse_number(const char *s, struct term *t)
{
    char digits[U256_DEC];
    size_t n = 0;
    bool point = false;
    t->decimals = 0;
    for (; (*s >= '0' && *s <= '9') || (*s == '.' && !point); s++) {
        if (*s == '.') {
            point = true;
        } else if (n < sizeof digits - 1) {
            digits[n++] = *s;
            t->decimals += point;
        } else {
            return false;
        }
    }
    unsigned zeros = *s == 'k' ? 3 : *s == 'm' ? 6 : 0;
    s += *s == '%';
    if (s[zeros != 0] || !u256_from_dec(digits, n, &t->number)) {
        return false;
    }
    for (; zeros > 0; zeros--) {
        if (t->decimals > 0) {
            t->decimals--;
        } else if (!times_ten(&t->number)) {
            return false;
        }
    }
    return true;
}

static bool parse_compare(const char *s, struct term *t)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        size_t n = strlen(numbers[i].word);
        const char *rest =
            strncmp(s, numbers[i].word, n) == 0 ? parse_comparison(s + n, &t->cmp) : NULL;
        t->negative = rest && *rest == '-' && numbers[i].of == OF_GROWTH;
        if (rest && parse_number(rest + t->negative, t)) {
            t->kind = TERM_NUMBER;
            t->of = numbers[i].of;
            return true;
        }
    }
    return false;
}

/* One blank-separated piece of the query; quotes keep blanks. Returns what follows. */
static const char *next_piece(const char *s, char out[FILTER_TEXT])
{
    size_t n = 0;
    bool quoted = false;
    while (blank(*s)) {
        s++;
    }
    for (; *s && (quoted || !blank(*s)); s++) {
        quoted ^= *s == '"';
        if (n < FILTER_TEXT - 1) {
            out[n++] = *s;
        }
    }
    out[n] = '\0';
    return s;
}

static void add_word(struct filter *f, const char *piece)
{
    size_t have = strlen(f->words), n = strlen(piece);
    if (have + n + 2 <= sizeof f->words) {
        f->words[have] = ' ';
        memcpy(f->words + have + 1, piece, n + 1);
    }
}

static void add_piece(struct filter *f, const char *piece)
{
    struct term t = {.not = piece[0] == '-' || piece[0] == '!'};
    char folded[FILTER_TEXT];
    size_t n = 0;
    for (const char *s = piece + t.not ; *s; s++) {
        folded[n++] = fold(*s);
    }
    folded[n] = '\0';
    if (f->terms < FILTER_TERMS &&
        (parse_state(folded, &t) || parse_facet(folded, &t) || parse_compare(folded, &t))) {
        f->term[f->terms++] = t;
    } else {
        add_word(f, piece);
    }
}

static void add_menu(struct filter *f, enum term_kind kind, const char *text)
{
    struct term t = {.kind = kind, .how = MATCH_IS};
    size_t n = 0;
    for (; n < FILTER_TEXT - 1 && text[n]; n++) {
        t.text[n] = fold(text[n]);
    }
    if (n) {
        f->term[f->terms++] = t;
    }
}

void filter_parse(const struct query *q, struct filter *out)
{
    char piece[FILTER_TEXT];
    *out = (struct filter){0};
    const struct {
        bool on;
        enum term_kind kind;
    } switches[] = {{q->alive, TERM_ALIVE}, {q->listed, TERM_LISTED}, {q->proven, TERM_PROVEN}};
    for (size_t i = 0; i < sizeof switches / sizeof switches[0]; i++) {
        if (switches[i].on) {
            out->term[out->terms++] = (struct term){.kind = switches[i].kind};
        }
    }
    add_menu(out, TERM_TASK, q->task);
    add_menu(out, TERM_AUTHOR, q->author);
    for (const char *s = q->text;;) {
        s = next_piece(s, piece);
        if (!piece[0]) {
            return;
        }
        add_piece(out, piece);
    }
}

/* --- asking */

/* Does s begin with the folded word, or (whole) is it the word? */
static bool begins(const char *s, const char *word, bool whole)
{
    while (*word && fold(*s) == *word) {
        s++;
        word++;
    }
    return !*word && (!whole || !*s);
}

static bool text_passes(const struct term *t, const char *s)
{
    if (t->how != MATCH_HAS) {
        return begins(s, t->text, t->how == MATCH_IS);
    }
    while (*s && !begins(s, t->text, false)) {
        s++;
    }
    return *s != '\0';
}

static bool compares(int c, enum comparison cmp)
{
    switch (cmp) {
    case CMP_LT:
        return c < 0;
    case CMP_LE:
        return c <= 0;
    case CMP_EQ:
        return c == 0;
    case CMP_GE:
        return c >= 0;
    case CMP_GT:
        return c > 0;
    default:
        return false;
    }
}

/* value / 10^decimals against the term's number, exactly. */
static int against(u256 value, unsigned decimals, const struct term *t)
{
    u256 number = t->number;
    bool fits = true;
    for (unsigned d = t->decimals; d < decimals; d++) {
        fits = times_ten(&number) && fits;
    }
    if (!fits) {
        return -1; /* the number is beyond any amount */
    }
    for (unsigned d = decimals; d < t->decimals; d++) {
        fits = times_ten(&value) && fits;
    }
    return fits ? u256_cmp(value, number) : 1;
}

/* Of an income, what is in the profile's first asset, in whole units. */
static bool income_passes(const struct term *t, const struct income *in)
{
    bool first = in->n > 0 && in->of[0].rank == 0;
    return compares(against(first ? in->of[0].value : U256_ZERO, first ? in->of[0].decimals : 0, t),
                    t->cmp);
}

static bool growth_passes(const struct term *t, const struct trend *g)
{
    uint64_t digits = UINT64_MAX;
    (void)u256_fits_u64(t->number, &digits);
    double wanted = (double)digits, percent = (g->ratio - 1) * 100;
    for (unsigned i = 0; i < t->decimals; i++) {
        wanted /= 10;
    }
    wanted = t->negative ? -wanted : wanted;
    return g->known && compares((percent > wanted) - (percent < wanted), t->cmp);
}

static bool number_passes(const struct term *t, const struct model_row *r)
{
    uint64_t v = 0;
    switch (t->of) {
    case OF_PRICE:
        return r->price && compares(against(r->price->value, r->price->decimals, t), t->cmp);
    case OF_INCOME:
        return income_passes(t, &r->figures->income);
    case OF_GENUINE:
        return r->figures->judged && income_passes(t, &r->figures->low);
    case OF_GROWTH:
        return growth_passes(t, &r->figures->trend);
    case OF_CALLS:
        v = r->figures->calls;
        break;
    case OF_PAYERS:
        v = r->figures->payers;
        break;
    case OF_PAYMENTS:
        v = r->figures->payments;
        break;
    case OF_SETTLEMENTS:
        v = r->figures->settlements;
        break;
    case OF_INFERENCES:
        v = r->figures->inferences;
        break;
    default:
        BUG("no such number: %d", t->of);
    }
    return compares(against(u256_from_u64(v), 0, t), t->cmp);
}

static bool term_passes(const struct term *t, const struct catalog_data *c, uint32_t row)
{
    const struct model_row *r = &c->pub.row[row];
    switch (t->kind) {
    case TERM_AUTHOR:
        return text_passes(t, r->author);
    case TERM_TASK:
        return text_passes(t, r->task);
    case TERM_ALIVE:
        return r->figures->calls + r->figures->settlements > 0;
    case TERM_LISTED:
        return r->mark != MARK_UNLISTED;
    case TERM_PROVEN:
        return r->mark == MARK_PROVEN;
    case TERM_FREE:
        return r->price && u256_is_zero(r->price->value);
    case TERM_NEVER:
        return !c->ever[row];
    case TERM_GENUINE:
        return r->figures->genuine_payers > 0;
    case TERM_GROWING:
        return r->figures->trend.known && r->figures->trend.low > 1;
    case TERM_SHRINKING:
        return r->figures->trend.known && r->figures->trend.high < 1;
    case TERM_NUMBER:
        return number_passes(t, r);
    default:
        BUG("no such term: %d", t->kind);
    }
}

bool filter_pass(const struct filter *f, const struct catalog_data *c, uint32_t row)
{
    for (size_t i = 0; i < f->terms; i++) {
        if (term_passes(&f->term[i], c, row) == f->term[i].not ) {
            return false;
        }
    }
    return true;
}
