#include "cli/receipt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/human.h"
#include "cli/out.h"

#include "base/banned.h"

static const char *scheme_name(int kind)
{
    switch (kind) {
    case TYPED_EIP3009:
        return "exact, by EIP-3009";
    case TYPED_EXACT:
        return "exact, through Permit2";
    case TYPED_UPTO:
        return "up to, through Permit2";
    default:
        return "none";
    }
}

/* A header was made for it, and it is not that of somebody else's session. */
static bool was_signed(const struct purchase_row *r)
{
    return r->pay_header.n > 0 && r->session == 0;
}

char *receipt_charge(const struct paying *p, const struct purchase_row *r, char out[MONEY_BUF + 8])
{
    struct asset a = paying_asset_at(p, r->asset);
    char m[MONEY_BUF];
    bool over = r->state == PURCHASE_LAPSED || r->state == PURCHASE_CANCELLED;
    if (over || r->state == PURCHASE_FREE)
        snprintf(out, MONEY_BUF + 8, "nothing");
    else if (r->session)
        snprintf(out, MONEY_BUF + 8, "%s", u256_is_zero(r->cost) ? "?" : money(r->cost, &a, m));
    else if (r->charged_known)
        snprintf(out, MONEY_BUF + 8, "%s", money(r->charged, &a, m));
    else if (was_signed(r))
        snprintf(out, MONEY_BUF + 8, "up to %s", money(r->amount, &a, m));
    else
        snprintf(out, MONEY_BUF + 8, "nothing");
    return out;
}

void receipt_json(struct json_out *j, const char *key, const struct paying *p,
                  const struct purchase_row *r, bool answer)
{
    struct asset a = paying_asset_at(p, r->asset);
    char hash[HASH_BUF];
    json_obj_open(j, key);
    json_out_int(j, "id", r->id);
    json_out_cstr(j, "state", purchase_state_name(r->state));
    json_out_int(j, "time", r->made);
    json_out_int(j, "updated", r->updated);
    json_out_str(j, "subject", r->subject);
    json_out_str(j, "model", r->model);
    json_out_str(j, "method", r->method);
    json_out_str(j, "url", r->url);
    json_out_int(j, "chain", r->chain);
    json_out_cstr(j, "scheme", scheme_name(r->scheme));
    out_address_json(j, "payer", r->payer);
    out_address_json(j, "pay_to", r->pay_to);
    if (was_signed(r)) {
        money_json(j, "signed", r->amount, &a);
        json_out_cstr(j, "nonce", bytes32_format(r->nonce, hash));
        json_out_int(j, "valid_before", r->valid_before);
    } else {
        json_out_null(j, "signed");
        json_out_null(j, "nonce");
        json_out_null(j, "valid_before");
    }
    if (r->charged_known)
        money_json(j, "charged", r->charged, &a);
    else
        json_out_null(j, "charged");
    json_out_bool(j, "by_chain", r->charged_by_chain);
    json_out_cstr(j, "tx", r->has_tx ? bytes32_format(r->tx, hash) : NULL);
    json_out_int(j, "block", r->block);
    json_out_int(j, "status", r->status);
    json_out_str(j, "words", r->words);
    json_out_cstr(j, "tee", r->tee.n ? r->tee.p : NULL);
    if (r->session)
        json_out_int(j, "session", r->session);
    else
        json_out_null(j, "session");
    if (u256_is_zero(r->cost))
        json_out_null(j, "cost");
    else
        money_json(j, "cost", r->cost, &a);
    if (answer) {
        json_out_str(j, "answer_type", r->answer_type);
        json_out_str(j, "answer", r->answer);
    }
    json_obj_close(j);
}

void receipt_print(const struct paying *p, const struct purchase_row *r)
{
    struct asset a = paying_asset_at(p, r->asset);
    char when[HUMAN_BUF], m[MONEY_BUF + 8], addr[ADDRESS_BUF], hash[HASH_BUF];
    out_fieldf("receipt", "%lld", (long long)r->id);
    out_fieldf("state", "%s", purchase_state_name(r->state));
    if (r->words.n)
        out_field("", r->words);
    out_fieldf("time", "%s", human_time(when, r->made));
    out_field("for", r->subject);
    out_fieldf("request", "%.*s %.*s", (int)r->method.n, r->method.p, (int)r->url.n, r->url.p);
    out_fieldf("charged", "%s%s", receipt_charge(p, r, m),
               r->charged_known && !r->charged_by_chain ? " (by the seller's word so far)" : "");
    if (was_signed(r)) {
        out_fieldf("signed", "%s%s, %s", r->scheme == TYPED_UPTO ? "up to " : "",
                   money(r->amount, &a, m), scheme_name(r->scheme));
        out_fieldf("from", "%s", address_format(r->payer, addr));
        out_fieldf("to", "%s", address_format(r->pay_to, addr));
        out_fieldf("valid until", "%s", human_time(when, r->valid_before));
        out_fieldf("nonce", "%s", bytes32_format(r->nonce, hash));
    }
    if (r->has_tx)
        out_fieldf("transaction", "%s", bytes32_format(r->tx, hash));
    if (r->block)
        out_fieldf("block", "%lld on chain %lld", (long long)r->block, (long long)r->chain);
    if (r->session)
        out_fieldf("session", "of receipt %lld: paid with its one signature",
                   (long long)r->session);
    if (r->tee.n)
        out_field("enclave", r->tee);
}

static void answer_line(void *ud, struct untrusted line)
{
    (void)ud;
    text_fputs(stdout, line);
    putchar('\n');
}

void answer_print(struct untrusted answer)
{
    if (!isatty(STDOUT_FILENO))
        fwrite(answer.p, 1, answer.n, stdout);
    else
        text_each_line(answer, SIZE_MAX, answer_line, NULL);
}
