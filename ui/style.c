#include "ui/style.h"

#include <stddef.h>
#include <string.h>

#include "base/err.h"
#include "base/banned.h"

struct theme {
    const char *name;
    int32_t fg[ST_COUNT];
    struct {
        int32_t fg, bg; /* fg -1: the role's own */
    } over[OVER_COUNT];
};

static const struct theme themes[] = {
    {
        .name = "dark",
        .fg =
            {
#define DARK(id, letter, dark, light, eight, attr, mono) dark,
                STYLES(DARK)
#undef DARK
            },
        .over = {{-1, -1}, {0xffffff, 0x264f78}, {-1, 0x2c313a}},
    },
    {
        .name = "light",
        .fg =
            {
#define LIGHT(id, letter, dark, light, eight, attr, mono) light,
                STYLES(LIGHT)
#undef LIGHT
            },
        .over = {{-1, -1}, {0x000000, 0xbcd8ff}, {-1, 0xe6e8eb}},
    },
};

/* What does not depend on the theme. */
static const struct {
    char letter;
    int8_t eight;
    uint8_t attr, mono;
} roles[ST_COUNT] = {
#define ROLE(id, letter, dark, light, eight, attr, mono) {letter, eight, attr, mono},
    STYLES(ROLE)
#undef ROLE
};

const struct theme *theme_find(const char *name)
{
    for (size_t i = 0; name && i < sizeof themes / sizeof themes[0]; i++) {
        if (!strcmp(themes[i].name, name)) {
            return &themes[i];
        }
    }
    return name ? NULL : &themes[0];
}

static int32_t square(int32_t v)
{
    return v * v;
}

static int32_t distance(int32_t a, int32_t b)
{
    return square((a >> 16) - (b >> 16)) + square((a >> 8 & 255) - (b >> 8 & 255)) +
           square((a & 255) - (b & 255));
}

/* The nearest of the 6x6x6 cube and the 24 greys of the 256 colour palette. */
static int32_t to_256(int32_t rgb)
{
    static const int32_t steps[] = {0, 95, 135, 175, 215, 255};
    int32_t part[3];
    for (int i = 0; i < 3; i++) {
        int32_t v = rgb >> (16 - 8 * i) & 255;
        part[i] = v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
    }
    int32_t cube = 16 + 36 * part[0] + 6 * part[1] + part[2];
    int32_t cube_rgb = steps[part[0]] << 16 | steps[part[1]] << 8 | steps[part[2]];
    int32_t mean = ((rgb >> 16) + (rgb >> 8 & 255) + (rgb & 255)) / 3;
    int32_t level = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
    int32_t grey = 8 + 10 * level;
    int32_t grey_rgb = grey << 16 | grey << 8 | grey;
    return distance(rgb, grey_rgb) < distance(rgb, cube_rgb) ? 232 + level : cube;
}

static int32_t color(enum color_depth d, int32_t rgb)
{
    return rgb < 0 || d == COLORS_TRUE ? rgb : to_256(rgb);
}

static struct look look_mono(enum style s, int over)
{
    struct look k = {-1, -1, roles[s].mono};
    if (over == OVER_SELECTED) {
        k.attr = ATTR_REVERSE;
    } else if (over == OVER_UNFOCUSED) {
        k.attr |= ATTR_BOLD;
    }
    return k;
}

struct look theme_look(const struct theme *t, enum color_depth d, enum style s, int over)
{
    if (s >= ST_COUNT || over < 0 || over >= OVER_COUNT) {
        BUG("no style %d with %d", (int)s, over);
    }
    if (d == COLORS_NONE) {
        return look_mono(s, over);
    }
    /* The selection bar is one look across the row: it reads better, and costs few bytes a key. */
    if (d == COLORS_8) {
        if (over == OVER_SELECTED) {
            return (struct look){-1, -1, ATTR_REVERSE | ATTR_BOLD};
        }
        uint8_t bold = over == OVER_UNFOCUSED ? ATTR_BOLD : 0;
        return (struct look){roles[s].eight, -1, (uint8_t)(roles[s].attr | bold)};
    }
    if (over == OVER_SELECTED) {
        return (struct look){color(d, t->over[over].fg), color(d, t->over[over].bg), ATTR_BOLD};
    }
    /* A terminal with colours has greys: dim on top of them would be unreadable. */
    uint8_t attr = t->fg[s] < 0 ? roles[s].attr : roles[s].attr & (uint8_t)~ATTR_DIM;
    return (struct look){color(d, t->fg[s]), color(d, t->over[over].bg), attr};
}

char style_letter(enum style s, int over)
{
    return over == OVER_SELECTED ? '#' : over == OVER_UNFOCUSED ? '%' : roles[s].letter;
}
