#include "eth/rlp.h"

#include <string.h>

#include "diff.h"

#include "base/banned.h"

/* "[0x61,[],0x]": one item off *s. */
static void put(const struct ask *q, const char **s, struct buf *out)
{
    struct rlp_out to = {.buf = out};
    if (**s == '[') {
        struct buf payload;
        buf_init(&payload, DIFF_LINE);
        ++*s;
        while (**s != ']') {
            put(q, s, &payload);
            *s += **s == ',';
        }
        ++*s;
        rlp_list(&to, payload.len);
        rlp_raw(&to, payload.p, payload.len);
        buf_release(&payload);
    } else {
        size_t n = strcspn(*s, ",]"), len = n / 2 - 1;
        uint8_t *p = arena_alloc(q->a, n);
        if (!p || !hex_decode(*s, n, p, len))
            BUG("no RLP item: %s", *s);
        rlp_bytes(&to, p, len);
        *s += n;
    }
}

static void tell(struct rlp_item i, struct buf *out)
{
    struct buf hex;
    if (!i.list) {
        buf_init(&hex, DIFF_LINE);
        say_bytes(&hex, i.p, i.n);
        buf_adds(out, hex.p);
        buf_release(&hex);
        return;
    }
    struct rlp_reader r = {i.p, i.p + i.n};
    bool bad = false, more = false;
    buf_addc(out, '[');
    for (struct rlp_item part; rlp_next(&r, &part, &bad); more = true) {
        if (more)
            buf_addc(out, ',');
        tell(part, out);
    }
    buf_addc(out, ']');
    if (bad)
        BUG("rlp_fault let a bad item through");
}

bool diff_rlp(const struct ask *q, struct buf *out)
{
    const char *what = ask_word(q, 0);
    if (strcmp(what, "rlp.enc") == 0) { /* EXPRESSION */
        const char *s = ask_word(q, 1);
        struct buf rlp;
        buf_init(&rlp, DIFF_LINE);
        put(q, &s, &rlp);
        say_bytes(out, rlp.p, rlp.len);
        buf_release(&rlp);
    } else if (strcmp(what, "rlp.dec") == 0) { /* BYTES */
        struct untrusted u = ask_bytes(q, 1);
        const uint8_t *p = (const uint8_t *)u.p;
        struct rlp_item item;
        if (rlp_fault(p, u.n, RLP_DEPTH))
            say(out, "-");
        else if (!rlp_whole(p, u.n, &item))
            BUG("rlp_fault and rlp_whole differ");
        else
            tell(item, out);
    } else {
        return false;
    }
    return true;
}
