#include "ui/widgets/markdown.h"

#include <md4c.h>
#include <string.h>

#include "ui/widgets/wrap.h"
#include "base/banned.h"

enum {
    DEPTH_MAX = 16,
    CALLBACKS_MAX = 200000, /* a table may ask for lines x columns of the input */
    HOST_MAX = 64,
};

struct level {
    bool quote;
    bool ordered;
    bool item_open; /* its bullet is still to be drawn */
    unsigned number;
};

struct md {
    struct wrap w;
    struct level level[DEPTH_MAX];
    int depth;                                 /* may pass DEPTH_MAX: deeper ones are flat */
    int heading;                               /* 0: none */
    int code, strong, em, link, image, struck; /* nesting counts: never negative */
    bool code_block, head_row;
    int cell; /* of a table row */
    bool gap; /* a blank line is due before the next block */
    unsigned long calls;
};

static enum style style_of(const struct md *m)
{
    if (m->heading) {
        return m->heading == 1 ? ST_TITLE : ST_STRONG;
    }
    if (m->code_block || m->code) {
        return ST_CODE;
    }
    if (m->link) {
        return ST_LINK;
    }
    if (m->strong || m->head_row) {
        return ST_STRONG;
    }
    if (m->image || m->struck) {
        return ST_DIM;
    }
    return m->em ? ST_ACCENT : ST_NORMAL;
}

/* What stands before each line: bars of quotes, bullets, indents; only as far as it leaves room. */
static void begin_line(void *ud, struct strip *line)
{
    struct md *m = ud;
    int deep = m->depth < DEPTH_MAX ? m->depth : DEPTH_MAX;
    for (int i = 0; i < deep && line->width < m->w.width / 2; i++) {
        struct level *l = &m->level[i];
        if (l->quote) {
            strip_glyph(line, GL_VLINE, ST_BORDER);
            strip_glyph(line, GL_SPACE, ST_NORMAL);
        } else if (!l->item_open) {
            strip_pad(line, line->width + (l->ordered ? 4 : 2));
        } else if (l->ordered) {
            int to = line->width + 4;
            strip_strf(line, ST_DIM, "%u.", l->number % 1000);
            strip_pad(line, to);
        } else {
            strip_glyph(line, GL_BULLET, ST_DIM);
            strip_glyph(line, GL_SPACE, ST_NORMAL);
        }
        l->item_open = false;
    }
    if (m->code_block) {
        strip_pad(line, line->width + 2);
    }
}

/* Between blocks: the running line ends, and a blank one goes where it helps. */
static void block_break(struct md *m)
{
    wrap_end(&m->w);
    if (m->gap) {
        doc_blank(m->w.doc);
        m->gap = false;
    }
}

static void push(struct md *m, struct level l)
{
    if (m->depth < DEPTH_MAX) {
        m->level[m->depth] = l;
    }
    m->depth++;
}

static int stop(struct md *m)
{
    if (++m->calls > CALLBACKS_MAX) {
        m->w.doc->cut = true;
    }
    return m->w.doc->cut;
}

static void rule(struct md *m)
{
    block_break(m);
    struct strip s;
    strip_init(&s, m->w.line.cs);
    for (int i = 0; i < m->w.width; i++) {
        strip_glyph(&s, GL_HLINE, ST_BORDER);
    }
    doc_add(m->w.doc, &s);
    m->gap = true;
}

static void enter_item(struct md *m)
{
    wrap_end(&m->w);
    if (m->depth && m->depth <= DEPTH_MAX) {
        struct level *l = &m->level[m->depth - 1];
        l->item_open = true;
        l->number++;
    }
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *ud)
{
    struct md *m = ud;
    switch (type) {
    case MD_BLOCK_QUOTE:
        block_break(m);
        push(m, (struct level){.quote = true});
        break;
    case MD_BLOCK_UL:
        block_break(m);
        push(m, (struct level){0});
        break;
    case MD_BLOCK_OL:
        block_break(m);
        push(m,
             (struct level){.ordered = true, .number = ((MD_BLOCK_OL_DETAIL *)detail)->start - 1});
        break;
    case MD_BLOCK_LI:
        enter_item(m);
        break;
    case MD_BLOCK_HR:
        rule(m);
        break;
    case MD_BLOCK_H:
        block_break(m);
        m->heading = (int)((MD_BLOCK_H_DETAIL *)detail)->level;
        break;
    case MD_BLOCK_CODE:
        block_break(m);
        m->code_block = true;
        break;
    case MD_BLOCK_P:
    case MD_BLOCK_TABLE:
        block_break(m);
        break;
    case MD_BLOCK_THEAD:
        m->head_row = true;
        break;
    case MD_BLOCK_TR:
        wrap_end(&m->w);
        m->cell = 0;
        break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD:
        if (m->cell++) {
            wrap_own(&m->w, " │ ", ST_BORDER);
        }
        break;
    default:
        break;
    }
    return stop(m);
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *ud)
{
    struct md *m = ud;
    (void)detail;
    switch (type) {
    case MD_BLOCK_QUOTE:
    case MD_BLOCK_UL:
    case MD_BLOCK_OL:
        wrap_end(&m->w);
        m->depth--;
        m->gap = true;
        break;
    case MD_BLOCK_H:
        wrap_end(&m->w);
        m->heading = 0;
        m->gap = true;
        break;
    case MD_BLOCK_CODE:
        wrap_end(&m->w);
        m->code_block = false;
        m->gap = true;
        break;
    case MD_BLOCK_THEAD:
        wrap_end(&m->w);
        m->head_row = false;
        break;
    case MD_BLOCK_P:
    case MD_BLOCK_TABLE:
        wrap_end(&m->w);
        m->gap = true;
        break;
    case MD_BLOCK_LI:
    case MD_BLOCK_TR:
        wrap_end(&m->w);
        break;
    default:
        break;
    }
    return stop(m);
}

static int *span_count(struct md *m, MD_SPANTYPE type)
{
    switch (type) {
    case MD_SPAN_EM:
        return &m->em;
    case MD_SPAN_STRONG:
        return &m->strong;
    case MD_SPAN_A:
        return &m->link;
    case MD_SPAN_IMG:
        return &m->image;
    case MD_SPAN_CODE:
        return &m->code;
    default:
        return &m->struck;
    }
}

static int enter_span(MD_SPANTYPE type, void *detail, void *ud)
{
    struct md *m = ud;
    (void)detail;
    ++*span_count(m, type);
    if (type == MD_SPAN_IMG) {
        wrap_own(&m->w, "[image: ", ST_DIM);
    }
    return stop(m);
}

/* Where a link really goes: between "://" and the path, without a user part; else all of it. */
static struct untrusted host_of(const MD_ATTRIBUTE *href)
{
    const char *p = href->text, *end = p + href->size;
    for (const char *s = p; s + 3 <= end; s++) {
        if (!memcmp(s, "://", 3)) {
            p = s + 3;
            for (s = p; s < end && !strchr("/?#\\", *s); s++) {
                if (*s == '@') {
                    p = s + 1;
                }
            }
            end = s;
            break;
        }
    }
    size_t n = (size_t)(end - p);
    return untrusted_n(p, n < HOST_MAX ? n : HOST_MAX);
}

static int leave_span(MD_SPANTYPE type, void *detail, void *ud)
{
    struct md *m = ud;
    --*span_count(m, type);
    if (type == MD_SPAN_IMG) {
        wrap_own(&m->w, "]", ST_DIM);
    } else if (type == MD_SPAN_A) {
        wrap_own(&m->w, " (", ST_DIM);
        wrap_text(&m->w, host_of(&((MD_SPAN_A_DETAIL *)detail)->href), ST_DIM);
        wrap_own(&m->w, ")", ST_DIM);
    }
    return stop(m);
}

static void code_lines(struct md *m, const char *p, size_t n)
{
    while (n) {
        const char *nl = memchr(p, '\n', n);
        size_t len = nl ? (size_t)(nl - p) : n;
        wrap_raw(&m->w, untrusted_n(p, len), ST_CODE);
        if (nl) {
            if (!m->w.open) {
                doc_blank(m->w.doc);
            }
            wrap_end(&m->w);
            len++;
        }
        p += len;
        n -= len;
    }
}

/* The few named entities people write, and numbers. The rest is shown as it stands. */
static void entity(struct md *m, const char *p, size_t n)
{
    static const struct {
        const char *name;
        uint32_t cp;
    } known[] = {
        {"&amp;", '&'},   {"&lt;", '<'},        {"&gt;", '>'},       {"&quot;", '"'},
        {"&apos;", '\''}, {"&nbsp;", ' '},      {"&ndash;", 0x2013}, {"&mdash;", 0x2014},
        {"&copy;", 0xA9}, {"&hellip;", 0x2026},
    };
    uint32_t cp = 0;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].name) == n && !memcmp(known[i].name, p, n)) {
            cp = known[i].cp;
        }
    }
    if (n > 3 && p[1] == '#') {
        bool hex = p[2] == 'x' || p[2] == 'X';
        for (size_t i = hex ? 3 : 2; i + 1 < n && cp < 0x110000; i++) {
            int digit = p[i] <= '9' ? p[i] - '0' : (p[i] | 32) - 'a' + 10;
            cp = cp * (hex ? 16 : 10) + (uint32_t)digit;
        }
        cp = cp ? cp : 0xFFFD;
    }
    char utf8[5];
    if (cp) {
        n = utf8_put(utf8, cp);
        p = utf8;
    }
    wrap_text(&m->w, untrusted_n(p, n), style_of(m));
}

static int text(MD_TEXTTYPE type, const MD_CHAR *p, MD_SIZE n, void *ud)
{
    struct md *m = ud;
    if (m->code_block) {
        code_lines(m, p, n);
    } else if (type == MD_TEXT_BR) {
        wrap_end(&m->w);
    } else if (type == MD_TEXT_SOFTBR) {
        wrap_own(&m->w, " ", style_of(m));
    } else if (type == MD_TEXT_ENTITY) {
        entity(m, p, n);
    } else {
        wrap_text(&m->w, untrusted_n(p, n), style_of(m));
    }
    return stop(m);
}

void markdown_render(struct doc *out, struct untrusted src, int width, enum text_charset cs)
{
    struct md m = {0};
    wrap_init(&m.w, out, width, cs, begin_line, &m);
    const MD_PARSER parser = {
        .flags =
            MD_FLAG_NOHTML | MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_COLLAPSEWHITESPACE,
        .enter_block = enter_block,
        .leave_block = leave_block,
        .enter_span = enter_span,
        .leave_span = leave_span,
        .text = text,
    };
    size_t n = src.n < MARKDOWN_MAX ? src.n : MARKDOWN_MAX;
    if (n && md_parse(src.p, (MD_SIZE)n, &parser, &m) < 0) {
        out->cut = true; /* the parser found no memory */
    }
    wrap_end(&m.w);
    out->cut = out->cut || n < src.n;
}
