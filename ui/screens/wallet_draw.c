/* The Wallet screen's looks: a pure function of its state. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ui/screens/parts.h"
#include "ui/screens/wallet.h"

#include "base/banned.h"

enum { WIDE = 110, GAUGE = 16, GAUGE_WIDE = 30, DETAIL_ROWS = 4, TX_SHOWN = 13 };

const struct column wallet_open_columns[OPEN_COLS] = {
    [OPEN_LAPSES] = {"LAPSES IN", 9, 9, ALIGN_RIGHT, 0, 0, false, false},
    [OPEN_AMOUNT] = {"AT MOST", 12, 18, ALIGN_RIGHT, 0, 0, false, false},
    [OPEN_SUBJECT] = {"FOR", 16, 40, ALIGN_LEFT, 0, 1, false, false},
    [OPEN_HOW] = {"HOW", 8, 10, ALIGN_LEFT, 3, 0, false, false},
    [OPEN_PAYEE] = {"PAY TO", 13, 42, ALIGN_LEFT, 2, 0, false, false},
};
const struct column wallet_allowed_columns[ALLOWED_COLS] = {
    [ALLOWED_AMOUNT] = {"MAY TAKE", 18, 28, ALIGN_RIGHT, 0, 0, false, false},
    [ALLOWED_SPENDER] = {"WHO", 12, 20, ALIGN_LEFT, 1, 0, false, false},
    [ALLOWED_ADDRESS] = {"ADDRESS", 20, 42, ALIGN_LEFT, 0, 1, false, false},
};
const struct column wallet_sent_columns[SENT_COLS] = {
    [SENT_WHEN] = {"WHEN", 8, 9, ALIGN_RIGHT, 0, 0, false, false},
    [SENT_WHAT] = {"WHAT", 8, 10, ALIGN_LEFT, 1, 0, false, false},
    [SENT_AMOUNT] = {"AMOUNT", 12, 20, ALIGN_RIGHT, 0, 0, false, false},
    [SENT_STATE] = {"STATE", 10, 12, ALIGN_LEFT, 0, 0, false, false},
    [SENT_TO] = {"TO", 13, 42, ALIGN_LEFT, 2, 1, false, false},
    [SENT_TX] = {"TRANSACTION", 13, 66, ALIGN_LEFT, 3, 1, false, false},
};

/* --- cells */

static const struct entry *open_entry(const struct wallet_screen *s, size_t row)
{
    return &s->state->open[row];
}

static void open_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct wallet_screen *s = ud;
    const struct entry *en = open_entry(s, row);
    struct asset a = money_asset(s->network, en->typed.token);
    char text[MONEY_BUF];
    switch (col) {
    case OPEN_LAPSES:
        if ((int64_t)en->typed.valid_before <= clock_now())
            strip_str(out, "over", ST_DIM); /* the chain has still to say that it was not used */
        else
            strip_str(out, time_left((int64_t)en->typed.valid_before, clock_now(), text),
                      ST_NORMAL);
        break;
    case OPEN_AMOUNT:
        strip_str(out, money_text(en->typed.amount, &a, text), ST_MONEY);
        break;
    case OPEN_SUBJECT:
        strip_untrusted(out, untrusted(en->subject), ST_STRONG);
        break;
    case OPEN_HOW:
        strip_str(out,
                  en->typed.kind == TYPED_EIP3009 ? "EIP-3009"
                  : en->typed.kind == TYPED_UPTO  ? "up to"
                                                  : "Permit2",
                  ST_DIM);
        break;
    case OPEN_PAYEE:
        strip_str(out, address_format(en->typed.to, text), ST_CODE);
        break;
    default:
        break;
    }
}

static void allowed_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct wallet_screen *s = ud;
    const struct allowance_row *r = &s->allowed[row];
    char text[MONEY_BUF];
    switch (col) {
    case ALLOWED_AMOUNT:
        if (r->unlimited)
            strip_strf(out, ST_BAD, "all %s, without bound", r->asset.symbol);
        else
            strip_str(out, money_text(r->amount, &r->asset, text), ST_MONEY);
        break;
    case ALLOWED_SPENDER:
        strip_str(out, r->spender_name ? r->spender_name : "not known",
                  r->spender_name ? ST_STRONG : ST_WARN);
        break;
    case ALLOWED_ADDRESS:
        strip_str(out, address_format(r->spender, text), ST_CODE);
        break;
    default:
        break;
    }
}

static const char *sent_what(const struct sent_row *r)
{
    switch (r->kind) {
    case CALL_APPROVE:
        return u256_is_zero(r->amount) ? "revoke" : "approve";
    case CALL_CANCEL:
    case CALL_INVALIDATE:
        return "cancel";
    case CALL_LIST:
        return "list";
    case CALL_DELIST:
        return "delist";
    case CALL_DEPLOY:
        return "deploy";
    case CALL_NOTHING:
        return u256_is_zero(r->value) ? "drop" : "send";
    default:
        return "send";
    }
}

static void sent_state(const struct sent_row *r, struct strip *out)
{
    static const struct {
        const char *words;
        enum style style;
    } look[] = {
        [SENT_PENDING] = {"▸ pending", ST_ACCENT}, [SENT_MINED] = {"✓ mined", ST_GOOD},
        [SENT_FAILED] = {"✗ failed", ST_BAD},      [SENT_REPLACED] = {"– replaced", ST_DIM},
        [SENT_DROPPED] = {"– dropped", ST_DIM},
    };
    strip_str(out, look[r->state].words, look[r->state].style);
}

static void sent_cell(void *ud, size_t row, int col, struct strip *out)
{
    struct wallet_screen *s = ud;
    const struct sent_row *r = &s->sent[row];
    struct asset a = money_asset(s->network, r->token);
    char text[MONEY_BUF];
    switch (col) {
    case SENT_WHEN:
        strip_str(out, human_age(text, clock_now() - r->made), ST_NORMAL);
        break;
    case SENT_WHAT:
        strip_str(out, sent_what(r), ST_NORMAL);
        break;
    case SENT_AMOUNT:
        if (!u256_is_zero(r->amount))
            strip_str(out, money_text(r->amount, &a, text), ST_MONEY);
        break;
    case SENT_STATE:
        sent_state(r, out);
        break;
    case SENT_TO:
        strip_str(out, address_format(r->to, text), ST_CODE);
        break;
    case SENT_TX:
        strip_str(out, bytes32_format(r->hash, text), ST_CODE);
        break;
    default:
        break;
    }
}

const struct table_ops wallet_open_ops = {open_cell, NULL};
const struct table_ops wallet_allowed_ops = {allowed_cell, NULL};
const struct table_ops wallet_sent_ops = {sent_cell, NULL};

struct table *wallet_pane_table(const struct wallet_screen *s)
{
    return s->pane == WALLET_OPEN      ? s->open_table
           : s->pane == WALLET_ALLOWED ? s->allowed_table
           : s->pane == WALLET_HISTORY ? s->sent_table
                                       : NULL;
}

/* --- head */

enum style wallet_lock_words(const struct purse_state *st, int64_t now, char out[64])
{
    char left[HUMAN_BUF];
    if (st->card.kind == WALLET_WATCH) {
        snprintf(out, 64, "watch-only: it has no key");
        return ST_DIM;
    }
    if (st->killed) {
        snprintf(out, 64, "✗ KILLED: nothing is signed");
        return ST_BAD;
    }
    if (st->unlocked) {
        snprintf(out, 64, "◆ unlocked, locks in %s", time_left(st->locks_at, now, left));
        return ST_WARN;
    }
    snprintf(out, 64, "locked");
    return ST_GOOD;
}

static void draw_head(const struct wallet_screen *s, struct canvas *c, struct rect r)
{
    static const char *const kinds[] = {
        [WALLET_WATCH] = "an address", [WALLET_KEY] = "a key", [WALLET_WORDS] = "words"};
    char lock[64], groups[GROUPS_BUF];
    const struct wallet_card *card = &s->state->card;
    enum style look = wallet_lock_words(s->state, clock_now(), lock);
    struct strip st;
    strip_init(&st, canvas_charset(c));
    strip_untrusted(&st, untrusted(card->name), ST_TITLE);
    strip_strf(&st, ST_DIM, "  %s", kinds[card->kind]);
    if (card->accounts > 1)
        strip_strf(&st, ST_NORMAL, " · account %u of %u", s->account + 1, card->accounts);
    if (card->play)
        strip_str(&st, " · play money", ST_WARN);
    canvas_strip(c, r.x + 1, r.y, r.w - 2, &st);
    canvas_note_age(c);
    canvas_str(c, r.x, r.y, -(r.w - 1), lock, look);
    canvas_str(c, r.x + 1, r.y + 1, r.w - 2, address_groups(s->who, groups), ST_CODE);
}

static void draw_tabs(const struct wallet_screen *s, struct canvas *c, struct rect r)
{
    static const char *const names[WALLET_PANES] = {"Overview", "Signatures", "Allowances",
                                                    "History"};
    const size_t counts[WALLET_PANES] = {0, s->state->n_open, s->n_allowed, s->n_sent};
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    int x = r.x + 1;
    for (int i = 0; i < WALLET_PANES; i++) {
        char text[64], n[HUMAN_BUF];
        snprintf(text, sizeof text, counts[i] ? " %s %s " : " %s ", names[i],
                 human_count(n, counts[i]));
        bool on = i == (int)s->pane;
        x += canvas_strf(c, x, r.y, r.x + r.w - x, on ? ST_SORTED : ST_DIM, on ? "[%s]" : " %s ",
                         text);
    }
}

/* --- overview */

static int draw_balances(const struct wallet_screen *s, struct canvas *c, struct rect r)
{
    int y = r.y, col = r.w >= WIDE ? 34 : 26;
    char text[MONEY_BUF], n[HUMAN_BUF];
    canvas_str(c, r.x + 1, y, col - 1, "BALANCE", ST_HEADER);
    canvas_str(c, r.x + 3 + col, y++, r.w - col - 4, "PERMIT2 MAY TAKE", ST_HEADER);
    if (!s->has_balances)
        canvas_str(c, r.x + 1, y++, r.w - 2, s->balances_err.code ? "not known" : "asking…",
                   ST_DIM);
    for (size_t i = 0; s->has_balances && i < s->balances.n && y < r.y + r.h; i++) {
        const struct balance *b = &s->balances.of[i];
        amount_format(&b->amount, text, sizeof text);
        canvas_str(c, r.x + 1, y, -(col - 1), text,
                   u256_is_zero(b->amount.value) ? ST_DIM : ST_MONEY);
        struct asset a = {.decimals = b->amount.decimals};
        snprintf(a.symbol, sizeof a.symbol, "%s", b->amount.symbol);
        if (i + 1 < s->balances.n) /* the coin knows no allowances */
            canvas_str(c, r.x + 3 + col, y, r.w - col - 4,
                       u256_is_zero(b->permit2) ? "nothing" : money_text(b->permit2, &a, text),
                       u256_is_zero(b->permit2) ? ST_DIM : ST_MONEY);
        y++;
    }
    if (s->balances_err.code)
        y = part_text(c, r, r.x + 1, y, untrusted(s->balances_err.msg), ST_BAD);
    if (s->has_balances) {
        int used = canvas_strf(c, r.x + 1, y, r.w - 2, ST_DIM, "%s, block %s, ", s->network->name,
                               human_count(n, s->balances.block));
        canvas_ago(c, r.x + 1 + used, y++, r.w - 2 - used, s->balances.time, ST_DIM);
        if (s->balances.has_code)
            y = part_words(c, r, r.x + 1, y,
                           "△ this account has code on the chain (EIP-7702): signatures may not "
                           "count, and others may move what it holds",
                           ST_BAD);
    }
    return y + 1;
}

static int draw_limit(const struct limit_row *l, struct canvas *c, struct rect r, int y)
{
    int cols = r.w >= WIDE ? GAUGE_WIDE : GAUGE;
    const struct asset *a = &l->limits.asset;
    char text[MONEY_BUF];
    struct strip st;
    canvas_str(c, r.x + 1, y, 8, a->symbol, ST_STRONG);
    strip_init(&st, canvas_charset(c));
    strip_str(&st, "24 h  ", ST_DIM);
    money_gauge(&st, cols, l->spent.day, l->limits.per_day, a);
    strip_strf(&st, ST_DIM, " · a call %s", money_text(l->limits.per_call, a, text));
    canvas_strip(c, r.x + 10, y++, r.w - 11, &st);
    strip_init(&st, canvas_charset(c));
    strip_str(&st, " 7 d  ", ST_DIM);
    money_gauge(&st, cols, l->spent.week, l->limits.per_week, a);
    if (u256_cmp(l->limits.per_author, NO_CAP) != 0)
        strip_strf(&st, ST_DIM, " · an author %s", money_text(l->limits.per_author, a, text));
    if (u256_cmp(l->limits.per_model, NO_CAP) != 0)
        strip_strf(&st, ST_DIM, " · a model %s", money_text(l->limits.per_model, a, text));
    canvas_strip(c, r.x + 10, y++, r.w - 11, &st);
    return y;
}

static int draw_limits(const struct wallet_screen *s, struct canvas *c, struct rect r, int y)
{
    canvas_str(c, r.x + 1, y++, r.w - 2, "LIMITS", ST_HEADER);
    for (size_t i = 0; i < s->state->limits && y < r.y + r.h; i++)
        y = draw_limit(&s->state->limit[i], c, r, y);
    if (!s->state->limits) {
        canvas_str(c, r.x + 1, y, 1, "b", ST_KEY);
        y = part_words(c, r, r.x + 3, y, "sets limits: a token without limits is never paid with",
                       ST_WARN);
    }
    if (s->state->limits && !s->state->verified)
        canvas_str(c, r.x + 1, y++, r.w - 2,
                   "as last written down; the signer verifies them when it is unlocked", ST_DIM);
    return y + 1;
}

static int draw_open(const struct wallet_screen *s, struct canvas *c, struct rect r, int y)
{
    const struct purse_state *st = s->state;
    int64_t last = 0, now = clock_now();
    char left[HUMAN_BUF];
    size_t n = 0; /* whose time is not over */
    for (size_t i = 0; i < st->n_open; i++) {
        int64_t until = (int64_t)st->open[i].typed.valid_before;
        n += until > now;
        if (until > last)
            last = until;
    }
    if (n)
        canvas_strf(c, r.x + 1, y++, r.w - 2, ST_WARN,
                    n == 1 ? "%zu signature may still be used; it lapses in %s"
                           : "%zu signatures may still be used; the last lapses in %s",
                    n, time_left(last, now, left));
    if (st->n_open > n)
        canvas_strf(
            c, r.x + 1, y++, r.w - 2, ST_DIM,
            "%zu more whose time is over: the unlocked signer asks the chain what they took",
            st->n_open - n);
    if (!st->n_open)
        canvas_str(c, r.x + 1, y++, r.w - 2, "No signature is open.", ST_DIM);
    if (st->unlocked && !st->memory_locked)
        y = part_words(c, r, r.x + 1, y,
                       "△ the signer's memory could not be locked: keys may reach the swap space",
                       ST_WARN);
    return y + 1;
}

static void draw_overview(const struct wallet_screen *s, struct canvas *c, struct rect r)
{
    int y = draw_balances(s, c, r);
    if (s->state->card.kind != WALLET_WATCH) {
        y = draw_limits(s, c, r, y);
        y = draw_open(s, c, r, y);
    }
    if (s->n_sent && y + 3 < r.y + r.h) {
        struct rect rest = {r.x, y, r.w, r.y + r.h - y};
        table_draw(s->sent_table, c, rest, false, NULL);
    }
}

/* --- the selected row in full: a table cell may cut what decides */

static void draw_detail(const struct wallet_screen *s, struct canvas *c, struct rect r)
{
    size_t row = table_selected(wallet_pane_table(s));
    char text[HASH_BUF], groups[GROUPS_BUF];
    address who = {{0}};
    if (s->pane == WALLET_OPEN)
        who = open_entry(s, row)->typed.to;
    else if (s->pane == WALLET_ALLOWED)
        who = s->allowed[row].spender;
    else
        who = s->sent[row].to;
    canvas_hline(c, r.x, r.y, r.w, ST_BORDER);
    canvas_str(c, r.x + 1, r.y + 1, 8, s->pane == WALLET_ALLOWED ? "who" : "to", ST_DIM);
    canvas_str(c, r.x + 10, r.y + 1, r.w - 11, address_groups(who, groups), ST_CODE);
    canvas_str(c, r.x + 1, r.y + 2, 8, s->pane == WALLET_HISTORY ? "tx" : "", ST_DIM);
    if (s->pane == WALLET_HISTORY)
        canvas_str(c, r.x + 10, r.y + 2, r.w - 11, bytes32_format(s->sent[row].hash, text),
                   ST_CODE);
    else if (s->pane == WALLET_OPEN)
        canvas_strf(c, r.x + 1, r.y + 2, r.w - 2, ST_DIM, "nonce    %s",
                    bytes32_format(open_entry(s, row)->typed.nonce, text));
    static const char *const words[WALLET_PANES] = {
        [WALLET_OPEN] = "X makes it void on chain: that costs gas, and it lapses by itself anyway",
        [WALLET_ALLOWED] = "X takes it back",
        [WALLET_HISTORY] = "pending: p sends it again with a higher fee, X puts nothing in its "
                           "place",
    };
    canvas_str(c, r.x + 1, r.y + 3, r.w - 2, words[s->pane], ST_DIM);
}

static const char *empty_words(const struct wallet_screen *s)
{
    switch (s->pane) {
    case WALLET_OPEN:
        return "No signature is open: nothing that was signed can still be used.";
    case WALLET_ALLOWED:
        return s->allowed            ? "Nobody may take anything."
               : s->allowed_err.code ? "Not known."
                                     : "asking…";
    default:
        return s->sent_read ? "Nothing was sent from here." : "reading…";
    }
}

static void draw_none(struct canvas *c, struct rect area)
{
    struct rect r = rect_center(area, 70, 10);
    canvas_str(c, r.x, r.y, r.w, "There is no wallet on this network yet.", ST_TITLE);
    canvas_str(c, r.x, r.y + 2, 1, "w", ST_KEY);
    int y = part_words(c, r, r.x + 4, r.y + 2,
                       "make one, or import words, a private key or a key file", ST_NORMAL);
    part_words(c, r, r.x + 4, y + 1,
               "Keys live in a process of their own, souk-signer. It shows the words and asks for "
               "the password itself, at the terminal: the screen you see here never holds them.",
               ST_DIM);
}

void wallet_draw(struct wallet_screen *s, struct canvas *c, struct rect area)
{
    if (s->none) {
        draw_none(c, area);
        return;
    }
    if (!s->state) {
        if (s->failed.code)
            part_text(c, area, area.x + 1, area.y + 1, untrusted(s->failed.msg), ST_BAD);
        else
            canvas_str(c, area.x + 1, area.y + 1, area.w - 2, "reading…", ST_DIM);
        return;
    }
    draw_head(s, c, rect_cut_top(&area, 2));
    part_failure(&s->failed, c, &area, 0);
    draw_tabs(s, c, rect_cut_top(&area, 1));
    struct table *t = wallet_pane_table(s);
    if (!t) {
        draw_overview(s, c, area);
        return;
    }
    if (s->pane == WALLET_ALLOWED && s->allowed_err.code) {
        int y = part_text(c, area, area.x + 1, area.y, untrusted(s->allowed_err.msg), ST_BAD);
        rect_cut_top(&area, y - area.y);
    }
    if (table_rows(t) && area.h > 2 * DETAIL_ROWS)
        draw_detail(s, c, rect_cut_bottom(&area, DETAIL_ROWS));
    table_draw(t, c, area, true, empty_words(s));
}
