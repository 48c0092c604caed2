#include "base/text.h"

#include <langinfo.h>
#include <limits.h>
#include <string.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/banned.h"

enum {
    CP_BAD = 0xFFFD, /* stands for what cannot be shown */
    CP_ZWJ = 0x200D,
    CP_ELLIPSIS = 0x2026,
    CP_LINE_SEP = 0x2028, /* 2029 is the paragraph separator */
    MARKS_MAX = GLYPH_MAX - 2,
};

struct untrusted untrusted(const char *s)
{
    return (struct untrusted){s, s ? strlen(s) : 0};
}

struct untrusted untrusted_n(const char *p, size_t n)
{
    return (struct untrusted){p, n};
}

bool untrusted_eq(struct untrusted a, struct untrusted b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* --- UTF-8 */

size_t utf8_put(char out[5], uint32_t cp)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000)) {
        cp = CP_BAD;
    }
    size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = n; i-- > 1; cp >>= 6) {
        out[i] = (char)(0x80 | (cp & 0x3F));
    }
    out[0] = (char)(lead[n] | cp);
    out[n] = '\0';
    return n;
}

size_t utf8_get(const char *p, size_t n, uint32_t *cp, bool *valid)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    *cp = CP_BAD;
    if (valid) {
        *valid = false;
    }
    if (n == 0) {
        return 0;
    }
    unsigned char c = (unsigned char)p[0];
    size_t len = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    if (len == 0 || len > n) {
        return 1;
    }
    uint32_t v = len == 1 ? c : c & (0x7Fu >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char next = (unsigned char)p[i];
        if ((next & 0xC0) != 0x80) {
            return 1;
        }
        v = v << 6 | (next & 0x3F);
    }
    if (v < least[len] || v > 0x10FFFF || (v >= 0xD800 && v < 0xE000)) {
        return 1;
    }
    *cp = v;
    if (valid) {
        *valid = true;
    }
    return len;
}

/* --- what a code point is */

/* utf8proc's property table is itself a two-stage table: one look-up, no call of ours to cache. */
static const utf8proc_property_t *property(uint32_t cp)
{
    return utf8proc_get_property((utf8proc_int32_t)cp);
}

static bool is_skin_tone(uint32_t cp)
{
    return cp >= 0x1F3FB && cp <= 0x1F3FF;
}

/* Vowels and finals of Hangul written in pieces: terminals draw them onto the cell before. */
static bool is_jamo_tail(uint32_t cp)
{
    return (cp > 0x1160 && cp < 0x1200) || (cp >= 0xD7B0 && cp < 0xD800);
}

/* Wide for terminals although Unicode calls them neutral: circled numbers, Yijing hexagrams. */
static bool is_wide_by_custom(uint32_t cp)
{
    return (cp >= 0x3248 && cp <= 0x324F) || (cp >= 0x4DC0 && cp <= 0x4DFF);
}

/* Columns of a code point: 0 for a mark, 1, 2; -1 when it must not reach a terminal. */
static int columns_of(uint32_t cp)
{
    if (cp < 0xA0) {
        return cp >= 0x20 && cp < 0x7F ? 1 : -1;
    }
    if (cp > 0x10FFFF || is_skin_tone(cp)) {
        return -1;
    }
    const utf8proc_property_t *prop = property(cp);
    switch (prop->category) {
    case UTF8PROC_CATEGORY_CC: /* controls */
    case UTF8PROC_CATEGORY_CF: /* format: bidi, zero width, tags */
    case UTF8PROC_CATEGORY_CS: /* surrogates */
    case UTF8PROC_CATEGORY_CO: /* private use */
    case UTF8PROC_CATEGORY_CN: /* unassigned, noncharacters */
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return -1;
    default:
        break;
    }
    if (prop->ignorable) { /* fillers, variation selectors, joiners: drawn as nothing */
        return -1;
    }
    if (prop->category == UTF8PROC_CATEGORY_MN || prop->category == UTF8PROC_CATEGORY_ME ||
        is_jamo_tail(cp)) {
        return 0;
    }
    return prop->charwidth == 2 || is_wide_by_custom(cp) ? 2 : 1;
}

bool text_drawable(uint32_t cp)
{
    return columns_of(cp) >= 0;
}

int text_cp_width(uint32_t cp)
{
    int columns = columns_of(cp);
    return columns < 0 ? 1 : columns;
}

static bool is_pictograph(uint32_t cp)
{
    return cp >= 0xA9 && property(cp)->boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
}

/* What typographers use and ASCII can say. */
static char to_ascii(uint32_t cp)
{
    if (cp < 0x7F) {
        return (char)cp;
    }
    switch (cp) {
    case 0xA0:
        return ' ';
    case 0x2010:
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
        return '-';
    case 0x2018:
    case 0x2019:
        return '\'';
    case 0x201C:
    case 0x201D:
        return '"';
    case 0x2022:
    case 0xB7:
        return '*';
    case 0xD7:
        return 'x';
    case CP_ELLIPSIS:
        return '~';
    default:
        return '?';
    }
}

/* --- the sanitiser */

/* Walks over outside bytes, glyph by glyph. */
struct scan {
    const char *p, *end;
    enum text_charset cs;
    unsigned hidden;
};

static struct scan scan_of(struct untrusted u, enum text_charset cs)
{
    return (struct scan){.p = u.p, .end = u.n ? u.p + u.n : u.p, .cs = cs};
}

/* The next code point that begins a glyph, or its visible stand-in. */
static struct glyph take_base(struct scan *s)
{
    uint32_t cp;
    bool valid;
    s->p += utf8_get(s->p, (size_t)(s->end - s->p), &cp, &valid);
    int columns = valid ? columns_of(cp) : -1;
    if (columns > 0) {
        return (struct glyph){.cp = {cp}, .width = (uint8_t)columns};
    }
    bool crlf = cp == '\r' && s->p < s->end && *s->p == '\n';
    if (crlf) {
        s->p++;
    }
    if (crlf || cp == '\t' || cp == '\n' || cp == CP_LINE_SEP || cp == CP_LINE_SEP + 1) {
        return (struct glyph){.cp = {' '}, .width = 1};
    }
    s->hidden++;
    uint32_t picture = cp < 0x20 ? 0x2400 + cp : cp == 0x7F ? 0x2421 : CP_BAD;
    return (struct glyph){.cp = {picture}, .width = 1};
}

/* Takes what belongs to the glyph begun with g->cp[0]: marks stay, emoji glue is dropped. */
static void take_followers(struct scan *s, struct glyph *g)
{
    bool emoji = is_pictograph(g->cp[0]);
    bool selected = false; /* a variation selector was seen */
    int marks = 0;
    while (s->p < s->end && (unsigned char)*s->p >= 0xCC) { /* the first mark is U+0300, CC 80 */
        uint32_t cp, after;
        bool valid;
        size_t n = utf8_get(s->p, (size_t)(s->end - s->p), &cp, &valid);
        if (!valid) {
            return;
        }
        if (columns_of(cp) == 0) {
            if (marks < MARKS_MAX) {
                g->cp[++marks] = cp;
            } else {
                s->hidden++;
            }
        } else if (cp == 0xFE0E || cp == 0xFE0F) {
            if (selected) {
                return;
            }
            selected = true;
        } else if (emoji && cp == CP_ZWJ) {
            const char *next = s->p + n;
            utf8_get(next, (size_t)(s->end - next), &after, &valid);
            if (!valid || !is_pictograph(after)) {
                return;
            }
        } else if (!emoji || !is_skin_tone(cp)) {
            return;
        }
        s->p += n;
    }
}

/* Fills *g with the next glyph; false at the end. */
static bool next_glyph(struct scan *s, struct glyph *g)
{
    if (s->p == s->end) {
        return false;
    }
    unsigned char c = (unsigned char)*s->p;
    if (c >= 0x20 && c < 0x7F) {
        s->p++;
        *g = (struct glyph){.cp = {c}, .width = 1};
    } else {
        *g = take_base(s);
    }
    if (s->p < s->end && (unsigned char)*s->p >= 0xCC) {
        take_followers(s, g);
    }
    if (s->cs == TEXT_ASCII && (g->cp[0] >= 0x7F || g->cp[1])) {
        *g = (struct glyph){.cp = {(unsigned char)to_ascii(g->cp[0])}, .width = 1};
    }
    return true;
}

/* --- lines */

/* Room for one more glyph, of max at most. */
static bool line_grow(struct line_text *t, size_t *room, size_t max)
{
    size_t more = *room > max / 2 ? max : *room * 2;
    if (more > SIZE_MAX / sizeof(struct glyph)) {
        return false;
    }
    bool inside = t->glyph == t->local;
    struct glyph *g = mem_resize(inside ? NULL : t->glyph, more * sizeof *g);
    if (!g) {
        return false;
    }
    if (inside) {
        memcpy(g, t->local, t->n * sizeof *g);
    }
    t->glyph = g;
    *room = more;
    return true;
}

void text_line(struct line_text *out, struct untrusted u, size_t max_glyphs, enum text_charset cs)
{
    struct scan s = scan_of(u, cs);
    size_t room = LINE_INLINE;
    out->glyph = out->local;
    out->n = 0;
    out->width = 0;
    out->cut = false;
    while (s.p < s.end) {
        if (out->n == max_glyphs || (out->n == room && !line_grow(out, &room, max_glyphs))) {
            out->cut = true;
            break;
        }
        struct glyph *g = &out->glyph[out->n++];
        next_glyph(&s, g);
        out->width += g->width;
    }
    out->hidden = s.hidden;
}

void text_release(struct line_text *t)
{
    if (t->glyph != t->local) {
        mem_free(t->glyph);
    }
    t->glyph = t->local;
    t->n = 0;
    t->width = 0;
}

/* Bytes of the line end at p, 0 when there is none. */
static size_t line_end(const char *p, const char *end)
{
    size_t left = (size_t)(end - p);
    if (*p == '\n') {
        return 1;
    }
    if (*p == '\r') {
        return left > 1 && p[1] == '\n' ? 2 : 0;
    }
    return left > 2 && (!memcmp(p, "\xE2\x80\xA8", 3) || !memcmp(p, "\xE2\x80\xA9", 3)) ? 3 : 0;
}

size_t text_each_line(struct untrusted u, size_t max_lines,
                      void (*line)(void *ud, struct untrusted one), void *ud)
{
    const char *p = u.p;
    const char *end = u.n ? u.p + u.n : u.p;
    size_t seen = 0;
    while (p < end && seen < max_lines) {
        const char *start = p;
        size_t over = 0;
        while (p < end && !(over = line_end(p, end))) {
            p++;
        }
        line(ud, untrusted_n(start, (size_t)(p - start)));
        p += over;
        seen++;
    }
    return seen;
}

/* --- sinks */

static size_t glyph_utf8(char out[4 * GLYPH_MAX + 1], const struct glyph *g)
{
    if (g->cp[0] < 0x7F && !g->cp[1]) {
        out[0] = (char)g->cp[0];
        return 1;
    }
    size_t n = 0;
    for (const uint32_t *cp = g->cp; *cp; cp++) {
        n += utf8_put(out + n, *cp);
    }
    return n;
}

/* text_add, and returns the columns it used. */
static int add_columns(struct buf *b, struct untrusted u, int max_cols, enum text_charset cs)
{
    struct scan s = scan_of(u, cs);
    struct glyph g;
    int limit = max_cols > 0 ? max_cols : INT_MAX;
    int cols = 0, fit_cols = 0; /* fit: the longest prefix that leaves a column for the mark */
    size_t fit_len = b->len;
    while (!b->bad && next_glyph(&s, &g)) {
        if (g.width > limit - cols) {
            if (b->len > fit_len) {
                b->len = fit_len;
                b->p[fit_len] = '\0';
            }
            char mark[5];
            buf_add(b, mark, utf8_put(mark, cs == TEXT_ASCII ? '~' : CP_ELLIPSIS));
            return fit_cols + 1;
        }
        char utf8[4 * GLYPH_MAX + 1];
        buf_add(b, utf8, glyph_utf8(utf8, &g));
        cols += g.width;
        if (cols < limit) {
            fit_cols = cols;
            fit_len = b->len;
        }
    }
    return cols;
}

void text_add(struct buf *b, struct untrusted u, int max_cols, enum text_charset cs)
{
    add_columns(b, u, max_cols, cs);
}

void text_add_padded(struct buf *b, struct untrusted u, int cols, enum text_charset cs)
{
    if (cols == 0 || cols == INT_MIN) {
        return;
    }
    size_t start = b->len;
    int width = cols < 0 ? -cols : cols;
    int used = add_columns(b, u, width, cs);
    size_t text = b->len - start;
    for (int i = used; i < width; i++) {
        buf_addc(b, ' ');
    }
    if (cols < 0 && !b->bad && text) {
        size_t pad = b->len - start - text;
        memmove(b->p + start + pad, b->p + start, text);
        memset(b->p + start, ' ', pad);
    }
}

enum text_charset text_locale_charset(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0 ? TEXT_UNICODE : TEXT_ASCII;
}

void text_fputs(FILE *f, struct untrusted u)
{
    struct scan s = scan_of(u, text_locale_charset());
    struct glyph g;
    char out[1024]; /* stderr has no buffer of its own */
    size_t n = 0;
    while (next_glyph(&s, &g)) {
        if (n + 4 * GLYPH_MAX + 1 > sizeof out) {
            fwrite(out, 1, n, f);
            n = 0;
        }
        n += glyph_utf8(out + n, &g);
    }
    if (n > 0) {
        fwrite(out, 1, n, f);
    }
}

/* --- look-alikes */

enum script { SCRIPT_OTHER = 0, SCRIPT_LATIN = 1, SCRIPT_GREEK = 2, SCRIPT_CYRILLIC = 4 };

static enum script script_of(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
        enum script script;
    } ranges[] = {
        {'A', 'Z', SCRIPT_LATIN},        {'a', 'z', SCRIPT_LATIN},
        {0xC0, 0xD6, SCRIPT_LATIN},      {0xD8, 0xF6, SCRIPT_LATIN},
        {0xF8, 0x2AF, SCRIPT_LATIN},     {0x370, 0x373, SCRIPT_GREEK},
        {0x376, 0x37D, SCRIPT_GREEK},    {0x37F, 0x3FF, SCRIPT_GREEK},
        {0x400, 0x52F, SCRIPT_CYRILLIC}, {0x1C80, 0x1C8F, SCRIPT_CYRILLIC},
        {0x1E00, 0x1EFF, SCRIPT_LATIN},  {0x1F00, 0x1FFF, SCRIPT_GREEK},
        {0x2C60, 0x2C7F, SCRIPT_LATIN},  {0xA640, 0xA69F, SCRIPT_CYRILLIC},
        {0xA722, 0xA7FF, SCRIPT_LATIN},  {0xAB30, 0xAB64, SCRIPT_LATIN},
        {0xFF21, 0xFF3A, SCRIPT_LATIN},  {0xFF41, 0xFF5A, SCRIPT_LATIN},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (cp <= ranges[i].last) {
            return cp >= ranges[i].first ? ranges[i].script : SCRIPT_OTHER;
        }
    }
    return SCRIPT_OTHER;
}

static bool is_word_part(uint32_t cp)
{
    utf8proc_propval_t c = property(cp)->category;
    return (c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_NO) || c == UTF8PROC_CATEGORY_PC ||
           c == UTF8PROC_CATEGORY_CF; /* an invisible character parts nothing */
}

bool text_mixed_scripts(struct untrusted u)
{
    unsigned word = 0;
    for (size_t i = 0; i < u.n;) {
        uint32_t cp;
        i += utf8_get(u.p + i, u.n - i, &cp, NULL);
        word = is_word_part(cp) ? word | script_of(cp) : 0;
        if (word & (word - 1)) {
            return true;
        }
    }
    return false;
}
