#include "ui/widgets/chrome.h"

#include <string.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/banned.h"

enum { BRAND_W = 6, STATUS_W = 26 /* what the right side needs to say all of it, mostly */ };

static enum glyph_id light_sign(enum style light)
{
    return light == ST_GOOD   ? GL_MARK
           : light == ST_WARN ? GL_WARN
           : light == ST_BAD  ? GL_CROSS
                              : GL_RING;
}

static void freshness(int64_t seconds, bool offline, struct strip *s)
{
    char age[HUMAN_BUF];
    human_age(age, seconds > 0 ? seconds : 0);
    if (seconds < 60) {
        strip_str(s, offline ? "just synced" : "synced just now", ST_DIM);
    } else {
        strip_strf(s, ST_DIM, offline ? "%s old" : "synced %s ago", age);
    }
}

/* How much the right side says. What is useful least goes first, and whole; the sign always stays.
 */
enum telling { TELL_ALL, TELL_STATE, TELL_NETWORK, TELL_SIGN };

/* What the sign means, in words. Returns whether an age is among them. */
static bool state_words(const struct app_status *st, enum telling t, struct strip *s)
{
    bool all = t == TELL_ALL, doing = st->activity[0], aged = all && !doing && st->synced_at;
    if (st->offline && (all || !doing)) {
        strip_str(s, " offline", ST_WARN);
        if (all) {
            strip_str(s, doing || st->synced_at ? "," : ", never synced", ST_WARN);
        }
    }
    if (doing) {
        strip_glyph(s, GL_SPACE, ST_NORMAL);
        strip_untrusted(s, untrusted(st->activity), ST_ACCENT);
    } else if (aged) {
        strip_glyph(s, GL_SPACE, ST_NORMAL);
        freshness(clock_now() - st->synced_at, st->offline, s);
    } else if (!st->offline && !st->synced_at) {
        strip_str(s, " never synced", ST_STALE);
    }
    return aged;
}

/* Returns whether an age is in it. */
static bool status_text(const struct app_status *st, enum telling t, struct strip *s)
{
    bool aged = st->lock;
    if (!st->network) {
        return false;
    }
    if (st->lock) { /* an open wallet is more important than the rest */
        strip_str(s, st->lock, st->lock_style);
        strip_str(s, " · ", ST_DIM);
    }
    if (t < TELL_SIGN) {
        strip_str(s, st->network, ST_STRONG);
        strip_glyph(s, GL_SPACE, ST_NORMAL);
    }
    strip_glyph(s, light_sign(st->light), st->light);
    if (t < TELL_NETWORK) {
        aged |= state_words(st, t, s);
    }
    strip_glyph(s, GL_SPACE, ST_NORMAL);
    return aged;
}

/* The most that fits into so many columns. */
static void status_fit(const struct app_status *st, int room, struct canvas *c, struct strip *s)
{
    bool aged = false;
    for (int t = TELL_ALL; t <= TELL_SIGN; t++) {
        strip_init(s, canvas_charset(c));
        aged = status_text(st, (enum telling)t, s);
        if (s->width <= room) {
            break;
        }
    }
    if (aged) {
        canvas_note_age(c);
    }
}

/* How close the tabs stand: columns from a number to its title, and between two tabs. */
struct spacing {
    int title, gap;
};

static int tabs_width(const struct header *h, struct spacing sp)
{
    int w = 0;
    for (int i = 0; i < h->n_tabs; i++) {
        w += (int)strlen(h->tab[i]) + 1 + sp.title + sp.gap;
    }
    return w;
}

/* "1 Market  2 Health" where there is room, else "1 Market 2 Health", else "1Market 2Health". */
static struct spacing tab_spacing(const struct header *h, int width)
{
    static const struct spacing wide[] = {{1, 2}, {1, 1}};
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        if (BRAND_W + tabs_width(h, wide[i]) + STATUS_W <= width) {
            return wide[i];
        }
    }
    return (struct spacing){0, 1};
}

/* Tabs from left to right; returns the one at column `x`, drawing when there is a canvas. */
static int tabs(const struct header *h, int width, struct spacing sp, struct canvas *c,
                struct rect row, int x)
{
    int at = BRAND_W;
    for (int i = 0; i < h->n_tabs; i++) {
        int w = (int)strlen(h->tab[i]) + 1 + sp.title;
        if (at + w > width) {
            break;
        }
        if (x >= at && x < at + w) {
            return i;
        }
        if (c) {
            canvas_strf(c, row.x + at, row.y, 1, ST_KEY, "%d", i + 1);
            canvas_str(c, row.x + at + 1 + sp.title, row.y, w - 1 - sp.title, h->tab[i],
                       i == h->at ? ST_TITLE : ST_DIM);
            if (i == h->at) {
                canvas_over(c, (struct rect){row.x + at, row.y, w, 1}, OVER_UNFOCUSED);
            }
        }
        at += w + sp.gap;
    }
    return -1;
}

void header_draw(const struct header *h, struct canvas *c, struct rect row)
{
    struct strip s;
    struct spacing sp = tab_spacing(h, row.w);
    int room = row.w - BRAND_W;
    int left = h->crumb ? h->crumb->width + 1 : tabs_width(h, sp);
    int parts = h->crumb ? 3 : 4, least = (room + parts - 1) / parts;
    int right = room - left > least ? room - left : least;
    status_fit(&h->status, right, c, &s);
    right = s.width < right ? s.width : right;
    canvas_strip(c, row.x + row.w - right, row.y, right, &s);
    canvas_str(c, row.x + 1, row.y, BRAND_W - 1, "souk", ST_ACCENT);
    if (h->crumb) {
        canvas_strip(c, row.x + BRAND_W, row.y, room - right - 1, h->crumb);
    } else {
        tabs(h, row.w - right - 1, sp, c, row, -1);
    }
}

int header_tab_at(const struct header *h, int width, int x)
{
    return h->crumb ? -1 : tabs(h, width, tab_spacing(h, width), NULL, (struct rect){0}, x);
}

/* asks: `?` explains the figure under the cursor, so that help is F1. */
static int footer_entry(enum action a, bool asks, struct canvas *c, int x, int y, int room)
{
    char key[KEY_NAME_MAX];
    struct strip s;
    strip_init(&s, canvas_charset(c));
    strip_strf(&s, ST_KEY, "%s",
               asks && a == ACT_EXPLAIN ? "?"
               : asks && a == ACT_HELP  ? "F1"
                                        : action_key_label(a, canvas_charset(c), key));
    strip_glyph(&s, GL_SPACE, ST_NORMAL);
    strip_str(&s, action_info(a)->word, ST_DIM);
    if (s.width > room) {
        return 0;
    }
    canvas_strip(c, x, y, room, &s);
    return s.width + 2;
}

void footer_draw(const enum action *actions, size_t n, struct canvas *c, struct rect row)
{
    static const enum action always[] = {ACT_PALETTE, ACT_HELP, ACT_BACK};
    enum { ALWAYS = sizeof always / sizeof always[0], ALWAYS_W = 27 /* what they take */ };
    int x = row.x + 1, end = row.x + row.w;
    bool asks = false;
    for (size_t i = 0; i < n; i++) {
        asks = asks || actions[i] == ACT_EXPLAIN;
    }
    for (size_t i = 0; i < n; i++) {
        x += footer_entry(actions[i], asks, c, x, row.y, end - ALWAYS_W - asks - x);
    }
    for (size_t i = 0; i < ALWAYS; i++) {
        x += footer_entry(always[i], asks, c, x, row.y, end - x);
    }
}
