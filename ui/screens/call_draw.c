/* The Call screen's looks: a pure function of its state. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ui/screens/call.h"
#include "ui/screens/parts.h"

#include "base/banned.h"

enum { OFFER_WIDTH = 100, JSON_FORM_ROWS = 7 };

const struct column call_offer_columns[OFFER_COLS] = {
    [OFFER_PRICE] = {"PRICE", 13, 18, ALIGN_RIGHT, 0, 0, false, false},
    [OFFER_HOW] = {"HOW", 14, 16, ALIGN_LEFT, 2, 0, false, false},
    [OFFER_CHAIN] = {"CHAIN", 7, 9, ALIGN_LEFT, 3, 0, false, false},
    [OFFER_PAYEE] = {"PAY TO", 13, 42, ALIGN_LEFT, 4, 0, false, false},
    [OFFER_STATE] = {"", 26, 46, ALIGN_LEFT, 0, 1, false, false},
};

static void how_cell(const struct x402_offer *o, struct strip *out)
{
    if (o->scheme == X402_OTHER_SCHEME) {
        strip_untrusted(out, o->scheme_text, ST_WARN);
        return;
    }
    strip_str(out,
              o->scheme == X402_EXACT  ? "exact"
              : o->scheme == X402_UPTO ? "up to"
                                       : "channel",
              ST_NORMAL);
    strip_str(out,
              o->method == X402_EIP3009   ? ", EIP-3009"
              : o->method == X402_PERMIT2 ? ", Permit2"
                                          : "",
              ST_DIM);
}

static void price_cell(const struct x402_offer *o, struct strip *out)
{
    char text[MONEY_BUF], number[U256_DEC];
    if (o->asset.symbol[0])
        strip_str(out, money_text(o->amount, &o->asset, text), ST_MONEY);
    else
        strip_strf(out, ST_WARN, "%s of ?", u256_to_dec(o->amount, number));
}

static void state_cell(const struct quote *q, size_t row, struct strip *out)
{
    const struct quote_offer *o = &q->offer[row];
    if (o->offer->fault != X402_FINE)
        strip_strf(out, ST_BAD, "✗ %s", x402_fault_words(o->offer->fault));
    else if (refusal_yields(o->refusal))
        strip_strf(out, ST_WARN, "△ %s", refusal_words(o->refusal));
    else if (o->refusal != REFUSE_NOT)
        strip_strf(out, ST_BAD, "✗ %s", refusal_words(o->refusal));
    else if (!o->affordable)
        strip_str(out, "✗ more than you have", ST_BAD);
    else if (o->needs_allowance && !o->sponsored)
        strip_str(out, "needs an approval first", ST_WARN);
    else
        strip_str(out, (int)row == q->chosen ? "✓ the cheapest that fits" : "fits", ST_GOOD);
}

void call_offer_cell(void *ud, size_t row, int col, struct strip *out)
{
    const struct quote *q = ((struct call_screen *)ud)->quote;
    const struct x402_offer *o = q->offer[row].offer;
    char to[ADDRESS_BUF];
    switch (col) {
    case OFFER_PRICE:
        price_cell(o, out);
        break;
    case OFFER_HOW:
        how_cell(o, out);
        break;
    case OFFER_CHAIN:
        if (o->chain)
            strip_strf(out, ST_NORMAL, "%llu", (unsigned long long)o->chain);
        else
            strip_untrusted(out, o->network_text, ST_WARN);
        break;
    case OFFER_PAYEE:
        strip_str(out, address_format(o->pay_to, to), ST_CODE);
        break;
    case OFFER_STATE:
        state_cell(q, row, out);
        break;
    default:
        break;
    }
}

/* --- head */

static void draw_head(const struct call_screen *s, struct canvas *c, struct rect r)
{
    const struct target *t = &s->target;
    char price[256];
    struct strip st;
    strip_init(&st, canvas_charset(c));
    if (t->from_catalog) {
        part_mark(t->mark, &st);
        strip_str(&st, " ", ST_NORMAL);
    }
    strip_untrusted(&st, untrusted(t->gateway && t->llm[0] ? t->llm : t->subject), ST_TITLE);
    if (t->gateway)
        strip_str(&st, "  in an enclave of OpenGradient's gateway", ST_DIM);
    int used = 0;
    if (t->has_price)
        used = canvas_strf(c, r.x, r.y, -(r.w - 1), ST_MONEY, "%s per call",
                           amount_format(&t->price, price, sizeof price));
    else if (!t->gateway)
        used = canvas_str(c, r.x, r.y, -(r.w - 1), "price not listed", ST_DIM);
    canvas_strip(c, r.x + 1, r.y, r.w - used - 3, &st);
    canvas_untrusted(c, r.x + 1, r.y + 1, r.w - 2, untrusted(t->url), ST_LINK);
    canvas_hline(c, r.x, r.y + 2, r.w, ST_BORDER);
}

/* --- phases */

static void draw_json(const char *text, struct canvas *c, struct rect r)
{
    struct doc d;
    doc_init(&d);
    answer_doc(&d, untrusted(text), r.w - 2 > 10 ? r.w - 2 : 10, canvas_charset(c));
    for (int i = 0; i < r.h && (size_t)i < d.n; i++)
        canvas_cells(c, r.x + 1, r.y + i, r.w - 2, d.line[i].cells, d.line[i].n);
    doc_release(&d);
}

static void draw_ask(struct call_screen *s, struct canvas *c, struct rect r)
{
    static const char *const titles[] = {
        [INPUT_FIELDS] = "The model's inputs, filled in with an example",
        [INPUT_JSON] = "The request, as JSON",
        [INPUT_PROMPT] = "Your prompt",
    };
    struct rect top = rect_cut_top(&r, 2);
    canvas_str(c, top.x + 1, top.y, top.w - 2,
               s->given && s->input == INPUT_FIELDS ? "The model's inputs, as they were run here"
                                                    : titles[s->input],
               ST_TITLE);
    struct rect foot = rect_cut_bottom(&r, r.h > 6 ? 1 : 0);
    if (foot.h)
        canvas_str(c, foot.x + 1, foot.y, foot.w - 2,
                   "Asking the price signs nothing and pays nothing.", ST_DIM);
    struct rect form = {r.x + 1, r.y, r.w - 2, r.h};
    if (s->input == INPUT_JSON && r.h > 2 * JSON_FORM_ROWS) { /* a line shows little of it */
        form.h = JSON_FORM_ROWS;
        rect_cut_top(&r, form.h);
        draw_json(form_value(s->form, 0), c, r);
    }
    form_draw(s->form, c, form);
}

static void draw_no_wallet(struct canvas *c, struct rect r)
{
    int y = part_words(c, r, r.x + 1, r.y,
                       "There is no wallet on this network yet, so nothing can be paid.", ST_WARN);
    canvas_str(c, r.x + 1, y, 1, "w", ST_KEY);
    part_words(c, r, r.x + 3, y,
               "makes one or imports one; the words and the password are typed at the terminal, "
               "to souk-signer, and souk never sees them",
               ST_NORMAL);
}

struct pay_ask call_pay_ask(const struct call_screen *s, size_t row)
{
    const struct quote *q = s->quote;
    bool ours = row < q->offers && q->limits.asset.symbol[0] &&
                address_eq(q->offer[row].offer->token, q->limits.asset.token);
    return (struct pay_ask){.words = untrusted_n(s->described.p, s->described.len),
                            .limits = ours ? &q->limits : NULL,
                            .spent = &q->spent};
}

static void draw_offers(struct call_screen *s, struct canvas *c, struct rect r)
{
    const struct quote *q = s->quote;
    struct rect top = rect_cut_top(&r, 1);
    if (q->chosen >= 0)
        canvas_strf(c, top.x + 1, top.y, top.w - 2, ST_TITLE,
                    q->offers == 1 ? "One offer. Nothing is signed yet."
                                   : "%zu offers. Nothing is signed yet.",
                    q->offers);
    else
        canvas_str(c, top.x + 1, top.y, top.w - 2, "None of these offers can be accepted.", ST_BAD);
    int rows = (int)q->offers + 1, most = r.h / 3 > 3 ? r.h / 3 : 3;
    table_draw(s->offers, c, rect_cut_top(&r, rows < most ? rows : most), true, NULL);
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    rect_cut_top(&r, 1);
    if (s->no_wallet) {
        draw_no_wallet(c, rect_cut_bottom(&r, r.h < 4 ? r.h : 4));
    }
    size_t row = table_selected(s->offers);
    struct pay_ask ask = call_pay_ask(s, row);
    struct doc d;
    doc_init(&d);
    pay_ask_doc(&ask, &d, r.w - 2 < OFFER_WIDTH ? r.w - 2 : OFFER_WIDTH, canvas_charset(c));
    for (int i = 0; i < r.h && (size_t)i < d.n; i++)
        canvas_cells(c, r.x + 1, r.y + i, r.w - 2, d.line[i].cells, d.line[i].n);
    doc_release(&d);
}

static const char *const step_words[] = {
    [STEP_QUOTING] = "ask the price",
    [STEP_APPROVING] = "approve, on chain",
    [STEP_SIGNING] = "sign",
    [STEP_SENDING] = "send",
    [STEP_ANSWER] = "answer",
    [STEP_SETTLING] = "settle, on chain",
    [STEP_DONE] = "done",
};

static int draw_steps(const struct call_screen *s, struct canvas *c, struct rect r)
{
    int y = r.y;
    for (int i = STEP_APPROVING; i < STEP_DONE && y < r.y + r.h; i++) {
        bool before = i < (int)s->step, now = i == (int)s->step;
        if (i == STEP_APPROVING && !now)
            continue; /* most payments need none */
        canvas_str(c, r.x + 1, y, 1,
                   before ? "✓"
                   : now  ? "▸"
                          : "·",
                   before ? ST_GOOD
                   : now  ? ST_ACCENT
                          : ST_DIM);
        int used = canvas_str(c, r.x + 3, y, r.w - 4, step_words[i],
                              now      ? ST_STRONG
                              : before ? ST_NORMAL
                                       : ST_DIM);
        if (now && s->words[0])
            canvas_untrusted(c, r.x + 5 + used, y, r.w - 6 - used, untrusted(s->words), ST_DIM);
        y++;
    }
    return y;
}

static void draw_pay(struct call_screen *s, struct canvas *c, struct rect r)
{
    int y = draw_steps(s, c, r);
    rect_cut_top(&r, y - r.y + 1);
    struct rect foot = rect_cut_bottom(&r, r.h > 2 ? 2 : 0);
    if (foot.h)
        part_words(c, foot, foot.x + 1, foot.y,
                   s->step >= STEP_SENDING
                       ? "q stops waiting; the payment stays, and Receipts tells what became of it."
                       : "q stops waiting; nothing was sent yet.",
                   ST_DIM);
    if (!s->text.len || r.h < 1)
        return;
    struct doc d;
    doc_init(&d);
    doc_wrap(&d, untrusted_n(s->text.p, s->text.len), r.w - 2, canvas_charset(c), ST_NORMAL);
    size_t first = d.n > (size_t)r.h ? d.n - (size_t)r.h : 0; /* the end is what is coming */
    for (size_t i = first; i < d.n; i++)
        canvas_cells(c, r.x + 1, r.y + (int)(i - first), r.w - 2, d.line[i].cells, d.line[i].n);
    doc_release(&d);
}

/* "✓ paid 0.01 USDC in block 18,204": what it came to, in one line. */
static void outcome(const struct call_screen *s, struct strip *out)
{
    const struct purchase_row *p = &s->receipt;
    struct asset a = money_asset(s->network, p->asset);
    char x[MONEY_BUF], block[HUMAN_BUF], left[HUMAN_BUF];
    enum style st = purchase_state_style(p->state);
    strip_str(out, st == ST_GOOD ? "✓ " : st == ST_BAD ? "✗ " : "· ", st);
    strip_str(out, purchase_state_words(p->state), st);
    if (p->charged_known && p->state != PURCHASE_FREE)
        strip_strf(out, ST_MONEY, " %s", money_text(p->charged, &a, x));
    if (p->block)
        strip_strf(out, ST_DIM, " in block %s", human_count(block, (uint64_t)p->block));
    if (p->state == PURCHASE_SENT && p->valid_before > clock_now())
        strip_strf(out, ST_WARN, "; %s reserved for %s more", money_text(p->amount, &a, x),
                   time_left(p->valid_before, clock_now(), left));
    if (p->status)
        strip_strf(out, p->status < 300 ? ST_DIM : ST_WARN, " · HTTP %d", p->status);
    if (p->tee.n) {
        bool good = p->tee.n == strlen(tee_verdict_code(TEE_VERIFIED)) &&
                    memcmp(p->tee.p, tee_verdict_code(TEE_VERIFIED), p->tee.n) == 0;
        strip_str(out,
                  good ? " · ✓ signed by the enclave" : " · ✗ enclave: ", good ? ST_GOOD : ST_BAD);
        if (!good)
            strip_untrusted(out, p->tee, ST_BAD);
    }
    if (p->id)
        strip_strf(out, ST_DIM, " · receipt %lld", (long long)p->id);
}

static void make_doc(struct call_screen *s, enum text_charset cs)
{
    struct doc *d = &s->doc.text;
    int width = s->doc.width;
    if (s->receipt_shown) {
        struct facts f;
        facts_init(&f, d, width, cs);
        receipt_doc(&s->receipt, s->network, clock_now(), &f);
    } else if (s->text.len) { /* it was shown as it came: words */
        doc_wrap(d, untrusted_n(s->text.p, s->text.len), width, cs, ST_NORMAL);
    } else {
        answer_doc(d, s->receipt.answer, width, cs);
    }
}

static void draw_done(struct call_screen *s, struct canvas *c, struct rect r)
{
    struct strip st;
    if (!s->has_receipt)
        return;
    strip_init(&st, canvas_charset(c));
    outcome(s, &st);
    struct rect top = rect_cut_top(&r, 1);
    canvas_strip(c, top.x + 1, top.y, top.w - 2, &st);
    if (s->receipt.words.n) {
        struct rect words = rect_cut_top(&r, r.h > 8 ? 2 : 1);
        part_text(c, words, words.x + 3, words.y, s->receipt.words, ST_WARN);
    }
    strip_init(&st, canvas_charset(c));
    if (s->rerun && rerun_line(s->rerun, &st)) {
        top = rect_cut_top(&r, 1);
        canvas_strip(c, top.x + 1, top.y, top.w - 2, &st);
    }
    top = rect_cut_top(&r, 1);
    canvas_hline(c, top.x, top.y, top.w, ST_BORDER);
    canvas_str(c, top.x + 1, top.y, top.w - 2, s->receipt_shown ? " Receipt " : " Answer ",
               ST_TITLE);
    if (docview_begin(&s->doc, docview_width(r)))
        make_doc(s, canvas_charset(c));
    if (!s->doc.text.n)
        canvas_str(c, r.x + 1, r.y, r.w - 2, "No answer came.", ST_DIM);
    docview_draw(&s->doc, c, r, true);
}

void call_draw(struct call_screen *s, struct canvas *c, struct rect area)
{
    if (s->phase == CALL_FIND) {
        part_failure(&s->failed, c, &area, 1);
        if (!s->failed.code)
            canvas_str(c, area.x + 1, area.y, area.w - 2, "reading…", ST_DIM);
        return;
    }
    draw_head(s, c, rect_cut_top(&area, 3));
    part_failure(&s->failed, c, &area, 1);
    switch (s->phase) {
    case CALL_FIND:
        break;
    case CALL_ASK:
        draw_ask(s, c, area);
        break;
    case CALL_QUOTE:
        canvas_str(c, area.x + 1, area.y, area.w - 2, "▸ asking the price…", ST_ACCENT);
        if (s->words[0])
            canvas_untrusted(c, area.x + 3, area.y + 1, area.w - 4, untrusted(s->words), ST_DIM);
        break;
    case CALL_OFFERS:
        draw_offers(s, c, area);
        break;
    case CALL_PAY:
        draw_pay(s, c, area);
        break;
    case CALL_DONE:
        draw_done(s, c, area);
        break;
    }
}
