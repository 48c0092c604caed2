#include <string.h>

#include "diff.h"
#include "onnx/values/number.h"

#include "base/banned.h"

static enum elem ask_elem(const struct ask *q, size_t i)
{
    for (int t = 1; t < ELEM_COUNT; t++)
        if (strcmp(elem_name((enum elem)t), ask_word(q, i)) == 0)
            return (enum elem)t;
    return ELEM_DOUBLE;
}

/* The bits of a number as a number, and back: of 2, 4 or 8 bytes. */
union bits {
    uint64_t of8;
    uint32_t of4;
    uint16_t of2;
};

static uint64_t bits_out(enum elem t, const union bits *b)
{
    return elem_size(t) == 8 ? b->of8 : elem_size(t) == 4 ? b->of4 : b->of2;
}

static void bits_in(enum elem t, uint64_t v, union bits *b)
{
    if (elem_size(t) == 8)
        b->of8 = v;
    else if (elem_size(t) == 4)
        b->of4 = (uint32_t)v;
    else
        b->of2 = (uint16_t)v;
}

bool diff_values(const struct ask *q, struct buf *out)
{
    static const char *const faults[] = {
        [NUMBER_NONE] = "none", [NUMBER_FRACTION] = "fraction", [NUMBER_RANGE] = "range"};
    const char *what = ask_word(q, 0);
    union bits b = {0};
    if (strcmp(what, "elem.write") == 0) { /* TYPE BITS -> TEXT */
        char text[NUMBER_BUF];
        enum elem t = ask_elem(q, 1);
        bits_in(t, ask_u64(q, 2), &b);
        number_write(t, &b, text);
        say(out, text);
    } else if (strcmp(what, "elem.read") == 0) { /* TYPE TEXT -> BITS, or what is wrong */
        enum elem t = ask_elem(q, 1);
        struct untrusted s = ask_bytes(q, 2);
        enum number_fault f = number_read(t, s.p, s.n, 0, &b);
        if (f)
            say(out, faults[f]);
        else
            say_u64(out, bits_out(t, &b));
    } else {
        return false;
    }
    return true;
}
