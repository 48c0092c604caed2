/* A receipt as a page: what was asked, agreed to, signed, answered, and what the chain says. */
#include <stdio.h>
#include <string.h>

#include "ui/screens/money.h"

#include "base/banned.h"

static void time_fact(struct facts *f, const char *label, int64_t at)
{
    char text[HUMAN_BUF];
    fact_own(f, label, human_time(text, at), ST_NORMAL);
}

static void hash_fact(struct facts *f, const char *label, bytes32 h)
{
    char text[HASH_BUF];
    fact_own(f, label, bytes32_format(h, text), ST_CODE);
}

static void state(const struct purchase_row *r, int64_t now, struct facts *f)
{
    char text[HUMAN_BUF + 64], left[HUMAN_BUF];
    bool may_be_used = r->state == PURCHASE_SIGNED || r->state == PURCHASE_SENT ||
                       r->state == PURCHASE_REFUSED || r->state == PURCHASE_ANSWERED;
    fact_own(f, "state", purchase_state_words(r->state), purchase_state_style(r->state));
    if (r->words.n)
        fact_text(f, "", r->words, r->state == PURCHASE_DISPUTED ? ST_BAD : ST_WARN);
    if (may_be_used && r->valid_before > now) {
        snprintf(text, sizeof text, "the money is reserved for %s more at most",
                 time_left(r->valid_before, now, left));
        fact_own(f, "", text, ST_DIM);
    } else if (may_be_used) {
        fact_own(f, "", "its time is over; the chain has still to say what became of it", ST_DIM);
    }
}

static void paid(const struct purchase_row *r, const struct asset *a, struct facts *f)
{
    char x[MONEY_BUF], text[MONEY_BUF + 64];
    if (r->session) {
        snprintf(text, sizeof text, "drawn from the session of receipt %lld",
                 (long long)r->session);
        fact_own(f, "paid", text, ST_NORMAL);
        if (!u256_is_zero(r->cost))
            fact_own(f, "", money_text(r->cost, a, x), ST_MONEY);
        return;
    }
    fact_begin(f, "paid");
    if (r->charged_known) {
        wrap_own(&f->wrap, money_text(r->charged, a, x), ST_MONEY);
        wrap_own(&f->wrap,
                 r->charged_by_chain ? ", by the chain's word" : ", by the seller's word so far",
                 r->charged_by_chain ? ST_GOOD : ST_WARN);
    } else {
        wrap_own(&f->wrap, "not known yet", ST_DIM);
    }
    fact_end(f);
    if (r->has_tx)
        hash_fact(f, "in", r->tx);
    if (r->block) {
        char block[HUMAN_BUF];
        snprintf(text, sizeof text, "block %s of chain %lld",
                 human_count(block, (uint64_t)r->block), (long long)r->chain);
        fact_own(f, "", text, ST_DIM);
    }
}

static void agreed(const struct purchase_row *r, const struct network *n, const struct asset *a,
                   struct facts *f)
{
    static const char *const schemes[] = {
        [TYPED_EIP3009] = "exact, by the token (EIP-3009)",
        [TYPED_EXACT] = "exact, by Permit2",
        [TYPED_UPTO] = "up to, by Permit2",
    };
    char x[MONEY_BUF], who[GROUPS_BUF], text[128];
    bool known = r->scheme == TYPED_EIP3009 || r->scheme == TYPED_EXACT || r->scheme == TYPED_UPTO;
    fact_title(f, "What was agreed to");
    fact_own(f, "shown", money_text(r->quoted, a, x), ST_MONEY);
    fact_begin(f, "signed");
    wrap_own(&f->wrap, money_text(r->amount, a, x), ST_MONEY);
    wrap_own(&f->wrap, ", ", ST_DIM);
    wrap_own(&f->wrap, known ? schemes[r->scheme] : "not known how", ST_DIM);
    fact_end(f);
    fact_own(f, "to", address_groups(r->pay_to, who), ST_CODE);
    fact_own(f, "from", address_groups(r->payer, who), ST_CODE);
    snprintf(text, sizeof text, "%s, chain %lld", n->name, (long long)r->chain);
    fact_own(f, "on", text, ST_NORMAL);
    hash_fact(f, "nonce", r->nonce);
    time_fact(f, "valid to", r->valid_before);
    if (r->pay_value.n) { /* what was sent, for comparing: the value itself is long */
        fact_begin(f, "header");
        wrap_text(&f->wrap, r->pay_header, ST_NORMAL);
        wrap_own(&f->wrap, " keccak ", ST_DIM);
        char hash[HASH_BUF];
        wrap_own(&f->wrap, bytes32_format(keccak256(r->pay_value.p, r->pay_value.n), hash),
                 ST_CODE);
        fact_end(f);
    }
}

static void verdict(const struct purchase_row *r, struct facts *f)
{
    for (int v = TEE_VERIFIED; v <= TEE_FORGED; v++) {
        const char *code = tee_verdict_code((enum tee_verdict)v);
        if (r->tee.n == strlen(code) && memcmp(r->tee.p, code, r->tee.n) == 0) {
            fact_begin(f, "enclave");
            wrap_own(&f->wrap, v == TEE_VERIFIED ? "✓ " : "✗ ",
                     v == TEE_VERIFIED ? ST_GOOD : ST_BAD);
            wrap_own(&f->wrap, tee_verdict_words((enum tee_verdict)v), ST_NORMAL);
            fact_end(f);
            return;
        }
    }
    fact_text(f, "enclave", r->tee, ST_WARN);
}

static void answer(const struct purchase_row *r, struct facts *f)
{
    char text[HUMAN_BUF + 32], size[HUMAN_BUF];
    fact_title(f, "Request and answer");
    fact_begin(f, "asked");
    wrap_text(&f->wrap, r->method, ST_NORMAL);
    wrap_own(&f->wrap, " ", ST_NORMAL);
    wrap_text(&f->wrap, r->url, ST_LINK);
    fact_end(f);
    if (r->body.n)
        fact_text(f, "with", r->body, ST_CODE);
    if (r->tee.n)
        verdict(r, f);
    if (!r->status) {
        fact_own(f, "answer", "none came", ST_WARN);
        return;
    }
    fact_begin(f, "answer");
    snprintf(text, sizeof text, "HTTP %d, %s, ", r->status, human_size(size, r->answer.n));
    wrap_own(&f->wrap, text, r->status < 300 ? ST_NORMAL : ST_WARN);
    wrap_text(&f->wrap, r->answer_type, ST_DIM);
    fact_end(f);
    if (r->answer.n)
        doc_wrap(f->doc, r->answer, f->width, f->cs, ST_NORMAL);
}

void receipt_doc(const struct purchase_row *r, const struct network *n, int64_t now,
                 struct facts *f)
{
    struct asset a = money_asset(n, r->asset);
    fact_text(f, "call of", r->subject, ST_STRONG);
    time_fact(f, "made", r->made);
    state(r, now, f);
    if (r->state != PURCHASE_FREE && r->state != PURCHASE_INTENT) {
        paid(r, &a, f);
        fact_blank(f);
        if (!r->session)
            agreed(r, n, &a, f);
    }
    fact_blank(f);
    answer(r, f);
}

static bool keep(struct arena *a, struct untrusted *u)
{
    const char *p = u->n ? arena_strndup(a, u->p, u->n) : "";
    *u = untrusted_n(p, p ? u->n : 0);
    return p;
}

bool receipt_copy(struct arena *a, const struct purchase_row *from, struct purchase_row *to)
{
    *to = *from;
    struct untrusted *const text[] = {
        &to->subject, &to->author,      &to->model, &to->method,     &to->url,
        &to->body,    &to->headers,     &to->plan,  &to->pay_header, &to->pay_value,
        &to->answer,  &to->answer_type, &to->words, &to->tee,        &to->session_id,
    };
    bool ok = true;
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        ok = keep(a, text[i]) && ok;
    return ok;
}
