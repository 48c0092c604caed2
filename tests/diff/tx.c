#include "eth/tx.h"

#include <string.h>

#include "diff.h"

#include "base/banned.h"

/* TYPE CHAIN NONCE PRIORITY FEE GAS TO VALUE DATA ACCESS_LIST SIGNATURE -> raw, digest, hash */
static void encode(const struct ask *q, struct buf *out)
{
    struct untrusted data = ask_bytes(q, 9), sig = ask_bytes(q, 11);
    struct tx t = {.type = (enum tx_type)ask_u64(q, 1),
                   .chain = ask_u64(q, 2),
                   .nonce = ask_u64(q, 3),
                   .max_priority = ask_u256(q, 4),
                   .max_fee = ask_u256(q, 5),
                   .gas = ask_u64(q, 6),
                   .creates = ask_none(q, 7),
                   .value = ask_u256(q, 8),
                   .data = (const uint8_t *)data.p,
                   .data_len = data.n};
    if (!t.creates)
        t.to = ask_address(q, 7);
    if (!ask_none(q, 10)) {
        struct untrusted list = ask_bytes(q, 10);
        t.access_list = (const uint8_t *)list.p;
        t.access_list_len = list.n;
    }
    signature s;
    if (!sig_parse((const uint8_t *)sig.p, sig.n, &s))
        BUG("the asker's signature is none");
    struct buf raw;
    buf_init(&raw, DIFF_LINE);
    tx_encode(&t, &s, &raw);
    say_bytes(out, raw.p, raw.len);
    say_bytes(out, tx_digest(&t).b, 32);
    say_bytes(out, tx_hash((const uint8_t *)raw.p, raw.len).b, 32);
    buf_release(&raw);
}

/* BYTES -> the words of encode(), and who signed; or "-" and why not */
static void decode(const struct ask *q, struct buf *out)
{
    struct untrusted raw = ask_bytes(q, 1);
    struct tx t;
    signature s;
    struct err e = {0};
    address from;
    if (tx_decode((const uint8_t *)raw.p, raw.n, &t, &s, &e)) {
        say(out, "-");
        say(out, e.msg);
        return;
    }
    say_u64(out, t.type);
    say_u64(out, t.chain);
    say_u64(out, t.nonce);
    say_u256(out, t.max_priority);
    say_u256(out, t.max_fee);
    say_u64(out, t.gas);
    if (t.creates)
        say(out, "-");
    else
        say_address(out, t.to);
    say_u256(out, t.value);
    say_bytes(out, t.data, t.data_len);
    if (t.access_list)
        say_bytes(out, t.access_list, t.access_list_len);
    else
        say(out, "-");
    say_bytes(out, s.b, sizeof s.b);
    if (sig_recover(tx_digest(&t), &s, &from))
        say_address(out, from);
    else
        say(out, "-");
}

bool diff_tx(const struct ask *q, struct buf *out)
{
    const char *what = ask_word(q, 0);
    if (strcmp(what, "tx.enc") == 0)
        encode(q, out);
    else if (strcmp(what, "tx.dec") == 0)
        decode(q, out);
    else
        return false;
    return true;
}
