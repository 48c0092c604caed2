/*
 * Where a weight may lie that is not in the model's file: in the model's folder or below it.
 *
 * Engines before 1.24 followed any path, and read memory at an address for one magic path. Souk
 * looks at every place before any engine does, also at those the engine would not use, because two
 * halves of a message may be merged into one.
 */
#include <string.h>

#include "onnx/inspect/internal.h"

#include "base/banned.h"

enum { PLACE_MAX = 1024 };

static bool is_slash(char c)
{
    return c == '/' || c == '\\'; /* a backslash climbs where models are made */
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const char *external_wrong(struct untrusted place)
{
    if (place.n == 0)
        return "a weight lies in a file without a name";
    if (place.n > PLACE_MAX)
        return "a weight lies in a file with an endless name";
    for (size_t i = 0; i < place.n; i++) {
        if ((unsigned char)place.p[i] < 0x20 || place.p[i] == 0x7f)
            return "a weight lies in a file with control characters in its name";
    }
    if (is_slash(place.p[0]) || place.p[0] == '~' ||
        (place.n > 1 && place.p[1] == ':' && is_letter(place.p[0])))
        return "a weight lies outside the model's folder";
    if (memmem(place.p, place.n, "_ORT_MEM_ADDR_", 14))
        return "a weight is said to lie in the engine's memory";
    for (size_t from = 0; from <= place.n;) {
        size_t to = from;
        while (to < place.n && !is_slash(place.p[to]))
            to++;
        const char *part = place.p + from;
        size_t n = to - from;
        if (n == 2 && part[0] == '.' && part[1] == '.')
            return "a weight lies outside the model's folder";
        if (n == 1 && part[0] == '*')
            return "a weight is said to lie in the engine's memory";
        if (to == place.n && (n == 0 || (n == 1 && part[0] == '.')))
            return "a weight lies in a folder, not in a file";
        from = to + 1;
    }
    return NULL;
}
