#include <stdlib.h>
#include <string.h>

#include "diff.h"

#include "base/banned.h"

static void say_if(struct buf *out, bool fits, u256 v)
{
    if (fits)
        say_u256(out, v);
    else
        say(out, "-");
}

/* A B M -> A+B A-B A*M A/M A%M, the sign of A-B, permille(A, B) */
static void arithmetic(const struct ask *q, struct buf *out)
{
    u256 a = ask_u256(q, 1), b = ask_u256(q, 2), v;
    uint64_t m = ask_u64(q, 3), rest;
    bool fits = u256_add(a, b, &v);
    say_if(out, fits, v);
    fits = u256_sub(a, b, &v);
    say_if(out, fits, v);
    fits = u256_mul_u64(a, m, &v);
    say_if(out, fits, v);
    say_u256(out, u256_divmod_u64(a, m, &rest));
    say_u64(out, rest);
    say_u64(out, (uint64_t)(u256_cmp(a, b) + 1));
    say_u64(out, u256_permille(a, b));
}

bool diff_numbers(const struct ask *q, struct buf *out)
{
    const char *what = ask_word(q, 0);
    u256 v = U256_ZERO;
    char text[U256_FMT];
    if (strcmp(what, "num") == 0) {
        arithmetic(q, out);
    } else if (strcmp(what, "dec") == 0) { /* TEXT */
        struct untrusted s = ask_bytes(q, 1);
        bool good = u256_from_dec(s.p, s.n, &v);
        say_if(out, good, v);
    } else if (strcmp(what, "par") == 0) { /* TEXT DECIMALS */
        bool good = u256_parse_decimal(ask_text(q, 1), (unsigned)ask_u64(q, 2), &v);
        say_if(out, good, v);
    } else if (strcmp(what, "fmt") == 0) { /* RAW DECIMALS MAX_FRAC, "-" for exact */
        int most = ask_none(q, 3) ? -1 : (int)ask_u64(q, 3);
        say(out, u256_format(ask_u256(q, 1), (unsigned)ask_u64(q, 2), most, text));
    } else {
        return false;
    }
    return true;
}
