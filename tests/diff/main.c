#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"

#include "base/banned.h"

static _Noreturn void give_up(const struct ask *q, size_t i, const char *what)
{
    fprintf(stderr, "ethdiff: word %zu of \"%s\" is no %s: %s\n", i, q->n ? q->word[0] : "", what,
            i < q->n ? q->word[i] : "missing");
    exit(2);
}

const char *ask_word(const struct ask *q, size_t i)
{
    if (i >= q->n)
        give_up(q, i, "word");
    return q->word[i];
}

bool ask_none(const struct ask *q, size_t i)
{
    return strcmp(ask_word(q, i), "-") == 0;
}

u256 ask_u256(const struct ask *q, size_t i)
{
    u256 v;
    const char *s = ask_word(q, i);
    if (!u256_from_dec(s, strlen(s), &v))
        give_up(q, i, "number");
    return v;
}

uint64_t ask_u64(const struct ask *q, size_t i)
{
    uint64_t v;
    if (!u256_fits_u64(ask_u256(q, i), &v))
        give_up(q, i, "64-bit number");
    return v;
}

struct untrusted ask_bytes(const struct ask *q, size_t i)
{
    const char *s = ask_word(q, i);
    size_t n = strlen(s) / 2;
    char *p = arena_alloc(q->a, n + 1);
    if (n == 0 || !p || !hex_decode(s, strlen(s), (uint8_t *)p, n - 1))
        give_up(q, i, "hex");
    return (struct untrusted){p, n - 1};
}

const char *ask_text(const struct ask *q, size_t i)
{
    return ask_bytes(q, i).p; /* arena memory is zeroed, and one longer */
}

address ask_address(const struct ask *q, size_t i)
{
    address a;
    const char *s = ask_word(q, i);
    if (!address_parse(s, strlen(s), &a))
        give_up(q, i, "address");
    return a;
}

bytes32 ask_bytes32(const struct ask *q, size_t i)
{
    bytes32 h;
    const char *s = ask_word(q, i);
    if (!bytes32_parse(s, strlen(s), &h))
        give_up(q, i, "32 bytes");
    return h;
}

void say(struct buf *out, const char *word)
{
    if (out->len > 0)
        buf_addc(out, ' ');
    buf_adds(out, word);
}

void say_u256(struct buf *out, u256 v)
{
    char text[U256_DEC];
    say(out, u256_to_dec(v, text));
}

void say_u64(struct buf *out, uint64_t v)
{
    say_u256(out, u256_from_u64(v));
}

void say_bytes(struct buf *out, const void *p, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    say(out, "0x");
    for (size_t i = 0; i < n; i++) {
        uint8_t b = ((const uint8_t *)p)[i];
        buf_addc(out, digit[b >> 4]);
        buf_addc(out, digit[b & 15]);
    }
}

void say_address(struct buf *out, address a)
{
    char text[ADDRESS_BUF];
    say(out, address_format(a, text));
}

static void split(char *line, struct ask *q)
{
    q->n = 0;
    for (char *p = line; p; p = strchr(p, ' ')) {
        if (q->n > 0)
            *p++ = '\0';
        if (q->n == DIFF_WORDS)
            give_up(q, q->n, "place for another");
        q->word[q->n++] = p;
    }
}

int main(void)
{
    static char line[DIFF_LINE];
    struct buf out;
    buf_init(&out, 4 * (size_t)DIFF_LINE);
    while (fgets(line, sizeof line, stdin)) {
        struct arena a;
        struct ask q = {.a = &a};
        arena_init(&a, 4 * (size_t)DIFF_LINE);
        buf_clear(&out);
        line[strcspn(line, "\n")] = '\0';
        split(line, &q);
        if (!diff_numbers(&q, &out) && !diff_rlp(&q, &out) && !diff_abi(&q, &out) &&
            !diff_typed(&q, &out) && !diff_tx(&q, &out) && !diff_values(&q, &out) &&
            !diff_genuine(&q, &out))
            give_up(&q, 0, "question");
        if (buf_check(&out, "the answer", NULL))
            give_up(&q, 0, "question with a small answer");
        puts(out.p);
        arena_release(&a);
    }
    buf_release(&out);
    return ferror(stdin) || fflush(stdout) ? 2 : 0;
}
