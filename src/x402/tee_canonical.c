/*
 * A chat request as OpenGradient's gateway hashes it: some of its members, in Python's JSON.
 * Source: its chat_controller.py and the official client's checks (facts on x402, section 3.5).
 */
#include <string.h>

#include "x402/python.h"
#include "x402/tee.h"

#include "base/banned.h"

enum { CANONICAL_CAP = 8 << 20 };

/* A value of the request with its text. */
struct part {
    const json *j; /* NULL: not there */
    struct slice raw;
};

static struct part part_of(struct part parent, const char *key)
{
    struct part p = {json_get(parent.j, key), {NULL, 0}};
    if (p.j && !raw_member(parent.raw, parent.j, p.j, &p.raw))
        p.j = NULL;
    return p;
}

static bool put(struct buf *out, const char *before, struct part p)
{
    buf_adds(out, before);
    if (p.j)
        return py_value(out, p.j, p.raw);
    buf_adds(out, "null");
    return true;
}

static void put_text(struct buf *out, const char *before, const json *s, const char *absent)
{
    buf_adds(out, before);
    py_string(out, cJSON_IsString(s) ? s->valuestring : absent);
}

/* --- messages */

static void put_tool_call(struct buf *out, const json *call)
{
    const json *function = json_get(call, "function");
    put_text(out, "{\"function\": {\"arguments\": ", json_get(function, "arguments"), "");
    put_text(out, ", \"name\": ", json_get(function, "name"), "");
    put_text(out, "}, \"id\": ", json_get(call, "id"), "");
    put_text(out, ", \"type\": ", json_get(call, "type"), "function");
    buf_addc(out, '}');
}

static void put_tool_calls(struct buf *out, const json *calls)
{
    buf_addc(out, '[');
    for (const json *c = json_first(calls); c; c = json_next(c)) {
        put_tool_call(out, c);
        buf_adds(out, c->next ? ", " : "");
    }
    buf_addc(out, ']');
}

/* What a user sends: text word for word, of anything attached only its type and file name. */
static bool put_piece(struct buf *out, struct part piece)
{
    const json *type = json_get(piece.j, "type"),
               *file = json_get(json_get(piece.j, "file"), "filename");
    if (cJSON_IsString(piece.j) ||
        (cJSON_IsString(type) && strcmp(type->valuestring, "text") == 0)) {
        put_text(out, "{\"text\": ", cJSON_IsString(piece.j) ? piece.j : json_get(piece.j, "text"),
                 "");
        buf_adds(out, ", \"type\": \"text\"}");
        return true;
    }
    if (!cJSON_IsObject(piece.j))
        return false;
    file = py_falsy(file) ? json_get(piece.j, "filename") : file;
    buf_addc(out, '{');
    if (!py_falsy(file))
        put_text(out, "\"filename\": ", file, "");
    bool right = put(out, py_falsy(file) ? "\"type\": " : ", \"type\": ", part_of(piece, "type"));
    buf_addc(out, '}');
    return right;
}

static bool put_user_content(struct buf *out, struct part content)
{
    if (cJSON_IsString(content.j))
        return put(out, "{\"content\": ", content);
    if (!cJSON_IsArray(content.j))
        return false;
    bool right = true;
    buf_adds(out, "{\"content\": [");
    for (struct raw_walk w = raw_walk(content.raw, content.j); right && raw_step(&w);) {
        right = put_piece(out, (struct part){w.member, w.value});
        buf_adds(out, w.next ? ", " : "");
    }
    buf_addc(out, ']');
    return right;
}

static bool put_message(struct buf *out, struct part m)
{
    struct untrusted role = json_str(m.j, "role");
    struct part content = part_of(m, "content");
    const json *calls = json_get(m.j, "tool_calls");
    bool right;
    if (is_word(role, "user")) {
        right = put_user_content(out, content);
        buf_adds(out, ", \"role\": \"user\"}");
    } else if (is_word(role, "system") || is_word(role, "developer")) {
        right = put(out, "{\"content\": ", content);
        buf_adds(out, ", \"role\": \"system\"}");
    } else if (is_word(role, "assistant")) {
        right = true;
        if (py_falsy(content.j))
            buf_adds(out, "{\"content\": \"\"");
        else
            right = put(out, "{\"content\": ", content);
        buf_adds(out, ", \"role\": \"assistant\"");
        if (json_first(calls)) {
            buf_adds(out, ", \"tool_calls\": ");
            put_tool_calls(out, calls);
        }
        buf_addc(out, '}');
    } else if (is_word(role, "tool")) {
        right = put(out, "{\"content\": ", content);
        right &= put(out, ", \"role\": \"tool\", \"tool_call_id\": ", part_of(m, "tool_call_id"));
        buf_addc(out, '}');
    } else if (is_word(role, "function")) {
        right = put(out, "{\"content\": ", content);
        right &= put(out, ", \"name\": ", part_of(m, "name"));
        buf_adds(out, ", \"role\": \"function\"}");
    } else {
        return false;
    }
    return right;
}

static bool put_messages(struct buf *out, struct part messages)
{
    bool right = cJSON_IsArray(messages.j);
    buf_adds(out, "\"messages\": [");
    if (!right)
        return false;
    for (struct raw_walk w = raw_walk(messages.raw, messages.j); right && raw_step(&w);) {
        right = put_message(out, (struct part){w.member, w.value});
        buf_adds(out, w.next ? ", " : "");
    }
    buf_addc(out, ']');
    return right;
}

/* --- the request */

static bool put_optional(struct buf *out, const char *before, struct part p)
{
    return py_falsy(p.j) || put(out, before, p);
}

/* The members in alphabetical order; what is not here is not hashed. */
static bool put_request(struct buf *out, struct part r)
{
    const json *temperature = json_get(r.j, "temperature"), *most = json_get(r.j, "max_tokens");
    bool right = cJSON_IsString(json_get(r.j, "model"));
    buf_addc(out, '{');
    if (most && !cJSON_IsNull(most)) {
        right = right && put(out, "\"max_tokens\": ", part_of(r, "max_tokens"));
        buf_adds(out, ", ");
    }
    right = right && put_messages(out, part_of(r, "messages"));
    right = right && put(out, ", \"model\": ", part_of(r, "model"));
    right = right && put_optional(out, ", \"response_format\": ", part_of(r, "response_format"));
    right = right && put_optional(out, ", \"stop\": ", part_of(r, "stop"));
    buf_adds(out, ", \"temperature\": ");
    if (!temperature || cJSON_IsNull(temperature))
        py_float(out, 0);
    else if (cJSON_IsNumber(temperature))
        py_float(out, temperature->valuedouble);
    else
        return false;
    right = right && put_optional(out, ", \"tools\": ", part_of(r, "tools"));
    buf_adds(out, py_falsy(json_get(r.j, "web_search")) ? "}" : ", \"web_search\": true}");
    return right;
}

souk_err tee_canonical(struct untrusted request, struct buf *out, struct err *e)
{
    struct err local = {0};
    struct buf text;
    e = e ? e : &local;
    json *j = json_parse_strict(request.p, request.n, "the request", e);
    if (!j) {
        e->code =
            e->code == SOUK_ENOMEM ? SOUK_ENOMEM : SOUK_EINPUT; /* it is ours, not a server's */
        return e->code;
    }
    buf_init(&text, CANONICAL_CAP);
    bool right = put_request(&text, (struct part){j, {request.p, request.n}});
    json_free(j);
    souk_err rc = buf_check(&text, "the request", e);
    if (!rc && !right)
        rc = err_set(e, SOUK_EINPUT, "the request is no chat that an enclave signs");
    if (!rc)
        buf_add(out, text.p, text.len);
    buf_release(&text);
    return rc ? rc : buf_check(out, "the request", e);
}

bytes32 tee_tool_calls_hash(const json *tool_calls, bool *ok)
{
    struct buf text;
    bytes32 h = {{0}};
    buf_init(&text, CANONICAL_CAP);
    put_tool_calls(&text, tool_calls);
    *ok = cJSON_IsArray(tool_calls) && !text.bad;
    if (*ok)
        h = keccak256(text.p, text.len);
    buf_release(&text);
    return h;
}
