/*
 * What a gateway says: server-sent events shown as they come, or one JSON document. Kept are the
 * text, the frame with the enclave's proof, and what it says it cost.
 */
#include "market/purchase/internal.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/mem.h"

#include "base/banned.h"

static bool is(struct untrusted u, const char *word)
{
    return u.n == strlen(word) && (u.n == 0 || memcmp(u.p, word, u.n) == 0);
}

static const json *choice_of(const json *frame)
{
    return json_first(json_get(frame, "choices"));
}

/* Servers write the last piece as "message", others' completions as "text". */
static struct untrusted content_of(const json *choice)
{
    const char *const where[] = {"delta", "message"};
    for (size_t i = 0; i < 2; i++) {
        struct untrusted u = json_str(json_get(choice, where[i]), "content");
        if (u.n > 0)
            return u;
    }
    return json_str(choice, "text");
}

static void keep_proof(struct chat *c, json *frame)
{
    json_free(c->last);
    c->last = frame;
}

static void note_error(struct chat *c, const json *frame)
{
    const json *error = json_get(frame, "error");
    struct untrusted words =
        cJSON_IsObject(error) ? json_str(error, "message") : json_str(frame, "error");
    if (error == NULL || c->err.code != SOUK_OK)
        return;
    err_set(&c->err, SOUK_ENET, "the gateway broke off: %.*s", (int)(words.n < 200 ? words.n : 200),
            words.n > 0 ? words.p : "");
}

static void on_settlement(struct chat *c, const json *frame)
{
    const char *receipt = json_cstr(frame, "paymentResponse");
    if (receipt == NULL || c->receipt != NULL)
        return;
    c->receipt = mem_strdup(receipt);
}

static void on_event(void *ud, struct untrusted name, struct untrusted data)
{
    struct chat *c = ud;
    if (is(data, "[DONE]")) {
        c->ended = true;
        return;
    }
    json *frame = json_parse(data.p, data.n, "the gateway's stream", NULL);
    if (frame == NULL)
        return; /* a comment, or what is meant for others */
    if (is(name, "x402-settlement"))
        on_settlement(c, frame);
    note_error(c, frame);
    const json *choice = choice_of(frame);
    struct untrusted piece = content_of(choice);
    buf_add(&c->text, piece.p, piece.n);
    if (!c->bad)
        c->bad = !tell_text(c->x, piece);
    if (json_get(frame, "tee_signature") != NULL || json_get(frame, "usage") != NULL)
        keep_proof(c, frame);
    else
        json_free(frame);
}

void chat_init(struct chat *c, struct purchase *x)
{
    *c = (struct chat){.x = x};
    buf_init(&c->raw, ANSWER_CAP);
    buf_init(&c->text, ANSWER_CAP);
    sse_init(&c->sse, on_event, c);
}

void chat_release(struct chat *c)
{
    sse_release(&c->sse);
    buf_release(&c->raw);
    buf_release(&c->text);
    json_free(c->last);
    mem_free(c->receipt);
    c->last = NULL;
    c->receipt = NULL;
}

/* False: stop, nobody listens any more or it cannot be read. */
bool chat_feed(struct chat *c, const char *type, const char *p, size_t n)
{
    if (strncasecmp(type, "text/event-stream", strlen("text/event-stream")) != 0) {
        buf_add(&c->raw, p, n);
        return buf_check(&c->raw, "the gateway's answer", &c->err) == SOUK_OK;
    }
    c->streaming = true;
    if (sse_feed(&c->sse, p, n, &c->err) != SOUK_OK)
        return false;
    return !c->bad && buf_check(&c->text, "the gateway's answer", &c->err) == SOUK_OK;
}

void chat_end(struct chat *c)
{
    if (c->x->ans.body.len > 0) /* not a 2xx: http gathered it */
        buf_add(&c->raw, c->x->ans.body.p, c->x->ans.body.len);
    if (c->streaming) {
        if (!c->ended && c->err.code == SOUK_OK)
            err_set(&c->err, SOUK_ENET, "the gateway's answer broke off before its end");
        return;
    }
    if (c->raw.len == 0 || c->x->ans.status < 200 || c->x->ans.status >= 300)
        return;
    json *whole = json_parse(c->raw.p, c->raw.len, "the gateway's answer", &c->err);
    if (whole == NULL)
        return;
    struct untrusted text = content_of(choice_of(whole));
    buf_add(&c->text, text.p, text.n);
    keep_proof(c, whole);
}

const char *chat_verdict(const struct chat *c, const struct call *call, const struct enclave *n)
{
    struct tee_proof proof = tee_proof_read(c->last);
    const json *choice = choice_of(c->last);
    const json *tools = json_get(json_get(choice, "message"), "tool_calls");
    /* What the enclave hashes follows its reason to stop, even when it said something as well. */
    bool called = c->text.len == 0 || is(json_str(choice, "finish_reason"), "tool_calls");
    if (!proof.present)
        return tee_verdict_code(TEE_UNSIGNED);
    if (!n->known)
        return tee_verdict_code(TEE_OTHER_KEY);
    return tee_verdict_code(tee_verify(&proof, untrusted_n(call->body, call->body_len),
                                       untrusted_n(c->text.p, c->text.len), called ? tools : NULL,
                                       (const uint8_t *)n->key.p, n->key.len, clock_now()));
}

/* "opengradient": {"cost_opg": "…"}: atomic units, or OPG with a point. */
u256 chat_cost(const struct chat *c, unsigned decimals)
{
    const char *text = json_cstr(json_get(c->last, "opengradient"), "cost_opg");
    u256 v = U256_ZERO;
    if (text == NULL)
        return v;
    bool ok = strchr(text, '.') != NULL ? u256_parse_decimal(text, decimals, &v)
                                        : u256_from_dec(text, strlen(text), &v);
    return ok ? v : U256_ZERO;
}
