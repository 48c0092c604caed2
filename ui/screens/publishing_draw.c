/* A publish as it is drawn: its steps, the terms to be agreed to, and the end with the line for the
 * Hub. */
#include <stdio.h>
#include <string.h>

#include "ui/screens/parts.h"
#include "ui/screens/publishing.h"
#include "ui/widgets/bars.h"

#include "base/banned.h"

enum { WIDTH = 96, GAUGE_COLS = 20, WORD_COLS = 24 };

static const char *const step_words[] = {
    [PUBLISH_COMPUTE] = "compute the blob ID",    [PUBLISH_STORE] = "store it on Walrus",
    [PUBLISH_PROVE] = "read it back, compare",    [PUBLISH_ADDRESS] = "an address to be paid at",
    [PUBLISH_LIST] = "the listing, to be agreed", [PUBLISH_MINING] = "sign, send, be mined",
};

/* --- the steps */

static void progress(const struct publishing_screen *s, struct strip *out)
{
    char a[HUMAN_BUF], b[HUMAN_BUF];
    if (s->has_file && s->total && s->done <= s->total && s->step <= PUBLISH_PROVE) {
        gauge_strip(out, GAUGE_COLS, s->done, s->total, ST_CHART1);
        strip_strf(out, ST_DIM, " %s of %s", human_size(a, s->done), human_size(b, s->total));
    } else if (s->words[0]) {
        strip_untrusted(out, untrusted(s->words), ST_DIM);
    }
}

static bool is_shown(const struct publishing_screen *s, int step)
{
    return s->has_file || (step != PUBLISH_STORE && step != PUBLISH_PROVE);
}

static int draw_steps(const struct publishing_screen *s, struct canvas *c, struct rect r)
{
    int y = r.y;
    for (int i = PUBLISH_COMPUTE; i < PUBLISH_DONE && y < r.y + r.h; i++) {
        bool before = i < (int)s->step, now = i == (int)s->step, bad = now && s->over;
        struct strip st;
        if (!is_shown(s, i))
            continue;
        strip_init(&st, canvas_charset(c));
        strip_str(&st,
                  before ? "✓ "
                  : bad  ? "✗ "
                  : now  ? "▸ "
                         : "· ",
                  before ? ST_GOOD
                  : bad  ? ST_BAD
                  : now  ? ST_ACCENT
                         : ST_DIM);
        strip_str(&st, i == PUBLISH_COMPUTE && !s->has_file ? "what is listed now" : step_words[i],
                  now      ? ST_STRONG
                  : before ? ST_NORMAL
                           : ST_DIM);
        strip_pad(&st, WORD_COLS + 4);
        if (now && !bad)
            progress(s, &st);
        canvas_strip(c, r.x + 1, y++, r.w - 2, &st);
    }
    return y;
}

static void draw_head(const struct publishing_screen *s, struct canvas *c, struct rect r)
{
    struct strip st;
    strip_init(&st, canvas_charset(c));
    strip_untrusted(&st, untrusted(s->author), ST_DIM);
    strip_str(&st, "/", ST_DIM);
    strip_untrusted(&st, untrusted(s->name), ST_TITLE);
    canvas_strip(c, r.x + 1, r.y, r.w - 2, &st);
}

static void draw_work(const struct publishing_screen *s, struct canvas *c, struct rect r)
{
    int y = draw_steps(s, c, r) + 1;
    char id[BLOB_ID_BUF];
    if (s->over) {
        y = part_text(c, r, r.x + 1, y, untrusted(s->failed.msg), ST_BAD) + 1;
        if (s->result.stored_now) {
            canvas_str(c, r.x + 1, y, r.w - 2, "The file is stored all the same, as", ST_DIM);
            canvas_str(c, r.x + 1, y + 1, r.w - 2, blob_id_format(&s->result.id, id), ST_CODE);
            y += 3;
        }
        part_words(c, r, r.x + 1, y,
                   "q goes back to the form, as it was filled in. Publishing again is safe: what "
                   "is stored is not stored twice, what is listed so is not listed again.",
                   ST_DIM);
        return;
    }
    part_words(c, r, r.x + 1, y,
               s->stopping                 ? "stopping…"
               : s->step == PUBLISH_MINING ? "q stops waiting; what is signed is sent all the same."
                                           : "q stops it; nothing was signed yet.",
               ST_DIM);
}

/* --- the end */

static void stored_fact(const struct stored *st, struct facts *f)
{
    struct buf b;
    buf_init(&b, 1024);
    if (st->is == STORED_UNKNOWN)
        buf_adds(&b, "it was there before; until when, `Enter` on it in Library tells");
    else
        buf_addf(&b, "%s epoch %llu, reported by %s",
                 st->is == STORED_WHILE_KEPT ? "deletable, at most until" : "until",
                 (unsigned long long)st->end_epoch, st->node);
    fact_text(f, "stored", untrusted_n(b.p, b.len), ST_NORMAL);
    buf_release(&b);
}

static void end_doc(const struct publishing_screen *s, struct facts *f)
{
    const struct publish_result *r = &s->result;
    char id[BLOB_ID_BUF], h[HASH_BUF], groups[GROUPS_BUF];
    fact_own(f, "✓",
             r->unchanged ? "It was listed so already: nothing was sent."
                          : "It is listed, and mined.",
             ST_GOOD);
    fact_blank(f);
    if (r->has_id)
        fact_own(f, "blob", blob_id_format(&r->id, id), ST_CODE);
    if (s->has_file)
        stored_fact(&r->stored, f);
    fact_own(f, "listing", bytes32_format(r->listing, h), ST_CODE);
    if (!address_is_zero(r->pay_to))
        fact_own(f, "paid to", address_groups(r->pay_to, groups), ST_CODE);
    if (!r->unchanged)
        fact_own(f, "sent as", bytes32_format(r->tx, h), ST_CODE);
    fact_blank(f);
    fact_title(f, "Prove that it is yours, if that is not done yet");
    fact_own(f, "",
             "Anybody can list any name. Paste this line into the model's description on the Hub, "
             "which only its author can edit; until then everybody is shown the listing as not "
             "proven. y copies it.",
             ST_NORMAL);
    fact_blank(f);
    fact_own(f, "", r->proof_line, ST_STRONG);
}

static void draw_end(struct publishing_screen *s, struct canvas *c, struct rect r)
{
    int width = docview_width(r);
    if (docview_begin(&s->doc, width < WIDTH ? width : WIDTH)) {
        struct facts f;
        facts_init(&f, &s->doc.text, s->doc.width, canvas_charset(c));
        end_doc(s, &f);
    }
    docview_draw(&s->doc, c, r, true);
}

void publishing_draw(struct publishing_screen *s, struct canvas *c, struct rect area)
{
    draw_head(s, c, rect_cut_top(&area, 1));
    rect_cut_top(&area, 1);
    if (s->over && !s->failed.code)
        draw_end(s, c, area);
    else
        draw_work(s, c, area);
}

/* --- what is agreed to */

static void price_fact(const struct publish_ask *a, struct facts *f)
{
    const struct listing_terms *t = &a->draft->meaning.terms, *was = a->before;
    char x[MONEY_BUF], y[MONEY_BUF];
    fact_begin(f, "price");
    wrap_own(&f->wrap, money_text(t->price, &a->draft->asset, x), ST_MONEY);
    wrap_own(&f->wrap, " a call", ST_NORMAL);
    if (was && (u256_cmp(was->price, t->price) != 0 || !address_eq(was->asset, t->asset))) {
        struct asset old = money_asset(a->network, was->asset);
        wrap_own(&f->wrap, ", was ", ST_DIM);
        wrap_own(&f->wrap, money_text(was->price, &old, y), ST_MONEY);
    }
    fact_end(f);
}

/* A text of the listing, and below it what it was. */
static void text_fact(struct facts *f, const char *label, struct untrusted now,
                      const struct untrusted *was, enum style s)
{
    fact_text(f, label, now.n ? now : untrusted("nowhere, yet"), now.n ? s : ST_DIM);
    if (!was || untrusted_eq(now, *was))
        return;
    fact_begin(f, "");
    wrap_own(&f->wrap, "was ", ST_DIM);
    wrap_text(&f->wrap, was->n ? *was : untrusted("nowhere"), ST_DIM);
    fact_end(f);
}

void publish_ask_doc(void *ud, struct doc *d, int width, enum text_charset cs)
{
    const struct publish_ask *a = ud;
    const struct draft *t = a->draft;
    const struct listing_terms *now = &t->meaning.terms, *was = a->before;
    struct asset coin = money_asset(a->network, (address){{0}});
    struct facts f;
    char x[MONEY_BUF], y[MONEY_BUF], words[2 * MONEY_BUF + 32], to[GROUPS_BUF];
    facts_init(&f, d, width, cs);
    text_fact(&f, "model", now->name, NULL, ST_STRONG);
    text_fact(&f, "author", now->author, was ? &was->author : NULL, ST_NORMAL);
    text_fact(&f, "blob", now->blob_id, was ? &was->blob_id : NULL, ST_CODE);
    price_fact(a, &f);
    if (!address_is_zero(now->pay_to))
        fact_own(&f, "paid to", address_groups(now->pay_to, to), ST_CODE);
    if (was && !address_eq(was->pay_to, now->pay_to)) {
        fact_begin(&f, "");
        wrap_own(&f.wrap, "△ was ", ST_WARN);
        wrap_own(&f.wrap, address_groups(was->pay_to, to), ST_WARN);
        fact_end(&f);
    }
    text_fact(&f, "at", now->endpoint, was ? &was->endpoint : NULL, ST_LINK);
    snprintf(words, sizeof words, "likely %s, at most %s", money_text(t->fee_likely, &coin, x),
             money_text(t->fee_most, &coin, y));
    fact_own(&f, "fee", words, ST_NORMAL);
    snprintf(words, sizeof words, "%s, chain %llu", a->network->name,
             (unsigned long long)t->tx.chain);
    if (t->meaning_text[0]) /* names the chain as well; 24 rows are few */
        fact_text(&f, "signer", untrusted(t->meaning_text), ST_NORMAL);
    else
        fact_own(&f, "on", words, ST_NORMAL);
    if (t->needs_password)
        fact_own(&f, "", "The signer asks for the password at the terminal.", ST_DIM);
}
