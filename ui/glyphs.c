#include "ui/glyphs.h"

#include <stddef.h>

#include "base/err.h"
#include "base/banned.h"

static const struct {
    uint32_t cp;
    char ascii;
} table[GL_COUNT] = {
#define ROW(id, cp, ascii) {cp, ascii},
    GLYPHS(ROW)
#undef ROW
};

uint32_t glyph_cp(enum glyph_id g, enum text_charset cs)
{
    if (g >= GL_COUNT) {
        BUG("no glyph %d", (int)g);
    }
    return cs == TEXT_ASCII ? (uint32_t)(unsigned char)table[g].ascii : table[g].cp;
}

uint32_t glyph_vbar(int level, enum text_charset cs)
{
    static const char ascii[] = " .,:-=+*#";
    level = level < 0 ? 0 : level > 8 ? 8 : level;
    if (cs == TEXT_ASCII) {
        return (unsigned char)ascii[level];
    }
    return level ? 0x2580u + (uint32_t)level : ' ';
}

uint32_t glyph_hbar(int level, enum text_charset cs)
{
    level = level < 0 ? 0 : level > 8 ? 8 : level;
    if (cs == TEXT_ASCII) {
        return level == 0 ? ' ' : level < 4 ? '-' : level < 8 ? '=' : '#';
    }
    return level ? 0x2590u - (uint32_t)level : ' ';
}

uint32_t glyph_ascii(uint32_t cp)
{
    if (cp < 0x7F) {
        return cp;
    }
    for (size_t i = 0; i < GL_COUNT; i++) {
        if (table[i].cp == cp) {
            return (unsigned char)table[i].ascii;
        }
    }
    if (cp > 0x2580 && cp <= 0x2588) {
        return glyph_vbar((int)(cp - 0x2580), TEXT_ASCII);
    }
    if (cp > 0x2588 && cp < 0x2590) {
        return glyph_hbar((int)(0x2590 - cp), TEXT_ASCII);
    }
    if (cp >= 0x2800 && cp < 0x2900) { /* braille: any dot is a dot */
        return cp == 0x2800 ? ' ' : '*';
    }
    return '?';
}
