/* A question in words, as the body a gateway's chat endpoint takes (facts: OpenAI's shape). */
#include "market/purchase.h"

#include "base/banned.h"

enum { BODY_CAP = 1 << 20, MAX_TOKENS = 512 };

souk_err target_prompt(const struct target *t, struct untrusted words, bool stream, struct buf *out,
                       struct err *e)
{
    struct json_out o;
    if (words.n == 0)
        return err_set(e, SOUK_EINPUT, "there is nothing to ask: the prompt is empty");
    if (words.n > BODY_CAP / 2)
        return err_set(e, SOUK_EINPUT, "the prompt is longer than %d KiB", BODY_CAP / 2 / 1024);
    json_out_init(&o, out);
    json_obj_open(&o, NULL);
    json_out_str(&o, "model", untrusted(t->llm));
    json_arr_open(&o, "messages");
    json_obj_open(&o, NULL);
    json_out_cstr(&o, "role", "user");
    json_out_str(&o, "content", words);
    json_obj_close(&o);
    json_arr_close(&o);
    json_out_int(&o, "max_tokens", MAX_TOKENS);
    if (stream)
        json_out_bool(&o, "stream", true);
    json_obj_close(&o);
    return buf_check(out, "the request", e);
}
