#include "tty_guard.h"

#include <stdio.h>
#include <string.h>

enum state { GROUND, UTF8, ESC, CHARSET, CSI, STRING, STRING_ESC };

enum { BEL = 0x07, ESCAPE = 0x1b, ZWJ = 0x200d, VS15 = 0xfe0e, VS16 = 0xfe0f };

struct range {
    uint32_t first, last;
};

/* Formatting, invisible, blank-looking and unassignable code points, in order. */
static const struct range forbidden[] = {
    {0x007f, 0x009f},   {0x00ad, 0x00ad},   {0x034f, 0x034f},    {0x061c, 0x061c}, {0x070f, 0x070f},
    {0x115f, 0x1160},   {0x17b4, 0x17b5},   {0x180b, 0x180f},    {0x200b, 0x200c}, {0x200e, 0x200f},
    {0x2028, 0x202e},   {0x2060, 0x206f},   {0x3164, 0x3164},    {0xd800, 0xf8ff}, {0xfdd0, 0xfdef},
    {0xfe00, 0xfe0d},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},    {0xfff0, 0xfffb}, {0xfffe, 0xffff},
    {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

static const struct range combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe20, 0xfe2f},
};

/* What emoji sequences are made of. */
static const struct range pictographs[] = {
    {0x2190, 0x21ff},
    {0x2600, 0x27bf},
    {0x2b00, 0x2bff},
    {0x1f000, 0x1faff},
};

#define IN_RANGES(table, code) in_ranges(table, sizeof(table) / sizeof((table)[0]), code)

static bool in_ranges(const struct range *table, size_t n, uint32_t code)
{
    for (size_t i = 0; i < n; i++)
        if (code >= table[i].first && code <= table[i].last)
            return true;
    return false;
}

void tty_guard_init(struct tty_guard *g, const struct tty_policy *policy)
{
    memset(g, 0, sizeof(*g));
    if (policy)
        g->policy = *policy;
}

static size_t put_visible(char *out, size_t room, unsigned char byte)
{
    char piece[8];
    int n;
    if (byte == ESCAPE)
        n = snprintf(piece, sizeof(piece), "\\e");
    else if (byte < ' ' || byte >= 0x7f)
        n = snprintf(piece, sizeof(piece), "\\x%02x", byte);
    else
        n = snprintf(piece, sizeof(piece), "%c", byte);
    if (n < 0 || (size_t)n >= room)
        return 0;
    memcpy(out, piece, (size_t)n + 1);
    return (size_t)n;
}

void tty_guard_report(struct tty_guard *g, const char *what, const char *context, size_t len)
{
    if (g->violations < TTY_VIOLATIONS_MAX) {
        struct tty_violation *v = &g->list[g->violations];
        v->offset = g->start;
        v->what = what;
        size_t used = 0;
        for (size_t i = 0; i < len; i++)
            used += put_visible(v->context + used, sizeof(v->context) - used,
                                (unsigned char)context[i]);
    }
    g->violations++;
}

/* Once per sequence: its tail must not fill the list. */
static void violate(struct tty_guard *g, const char *what)
{
    if (g->flagged)
        return;
    g->flagged = true;
    char context[sizeof(g->recent)];
    size_t n = g->offset < sizeof(context) ? g->offset : sizeof(context);
    for (size_t i = 0; i < n; i++)
        context[i] = g->recent[(g->offset - n + i) % sizeof(g->recent)];
    tty_guard_report(g, what, context, n);
}

static void ground(struct tty_guard *g)
{
    g->state = GROUND;
    g->flagged = false;
}

/* A control sequence has been completed: whatever comes next does not combine with what was. */
static void end_sequence(struct tty_guard *g)
{
    g->before = 0;
    g->marks = 0;
    ground(g);
}

/* --- text -------------------------------------------------------------------------------- */

static void check_code(struct tty_guard *g, uint32_t code)
{
    bool picture = IN_RANGES(pictographs, code);
    if (g->joining && !picture)
        violate(g, "zero-width joiner outside an emoji sequence");
    g->joining = false;

    if (IN_RANGES(forbidden, code)) {
        violate(g, code < 0xa0 ? "C1 control or DEL" : "invisible or formatting code point");
    } else if (code == ZWJ) {
        if (g->before != VS16 && !IN_RANGES(pictographs, g->before))
            violate(g, "zero-width joiner outside an emoji sequence");
        g->joining = true;
    } else if (code == VS15 || code == VS16) {
        if (g->before <= ' ' || g->before == VS15 || g->before == VS16)
            violate(g, "variation selector without a character");
    } else if (IN_RANGES(combining, code)) {
        if (!g->before)
            violate(g, "combining mark without a character");
        else if (++g->marks > 4)
            violate(g, "more than four combining marks");
    } else {
        g->marks = 0;
    }
    g->before = code;
    ground(g);
}

static void begin_code(struct tty_guard *g, unsigned char byte)
{
    g->state = UTF8;
    if (byte < 0x80) {
        check_code(g, byte);
    } else if (byte >= 0xc2 && byte <= 0xdf) {
        g->code = byte & 0x1fu;
        g->missing = 1;
        g->least = 0x80;
    } else if (byte >= 0xe0 && byte <= 0xef) {
        g->code = byte & 0x0fu;
        g->missing = 2;
        g->least = 0x800;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
        g->code = byte & 0x07u;
        g->missing = 3;
        g->least = 0x10000;
    } else {
        violate(g, "invalid UTF-8");
        ground(g);
    }
}

static void begin(struct tty_guard *g, unsigned char byte);

static void continue_code(struct tty_guard *g, unsigned char byte)
{
    if ((byte & 0xc0) != 0x80) {
        violate(g, "invalid UTF-8");
        ground(g);
        begin(g, byte);
        return;
    }
    g->code = g->code << 6 | (byte & 0x3fu);
    if (--g->missing > 0)
        return;
    if (g->code < g->least || g->code > 0x10ffff) {
        violate(g, "invalid UTF-8");
        ground(g);
    } else {
        check_code(g, g->code);
    }
}

/* --- control sequences ------------------------------------------------------------------- */

/* Does the ';'-separated list consist of numbers of `set` alone (itself such a list)? */
static bool all_in(const char *list, const char *set)
{
    for (;;) {
        size_t n = strcspn(list, ";");
        const char *s = set;
        while (*s && !(strcspn(s, ";") == n && !strncmp(s, list, n)))
            s += strcspn(s, ";") + (s[strcspn(s, ";")] == ';');
        if (n == 0 || !*s)
            return false;
        if (!list[n])
            return true;
        list += n + 1;
    }
}

/* At most `max` numbers, separated by ';'. */
static bool numbers(const char *list, int max)
{
    int separators = 0;
    for (; *list; list++) {
        if (*list == ';')
            separators++;
        else if (*list < '0' || *list > '9')
            return false;
    }
    return separators < max;
}

static bool csi_allowed(const char *params, char final)
{
    if (params[0] == '?') {
        if (final == 'c') /* the Linux console's cursor shapes */
            return !strcmp(params, "?0") || !strcmp(params, "?1") || !strcmp(params, "?8");
        return (final == 'h' || final == 'l') &&
               all_in(params + 1, "1;5;7;12;25;1000;1002;1003;1006;1034;1049;2004;2026");
    }
    if (strchr("ABCDGd@LMPXSTZbg", final)) /* move, insert, delete, erase, scroll, tabs, repeat */
        return numbers(params, 1);
    switch (final) {
    case 'H':
    case 'r':
        return numbers(params, 2);
    case 'J':
    case 'K':
        return !*params || all_in(params, "0;1;2");
    case 'h':
    case 'l': /* insert mode; screen's and tmux's normal cursor */
        return all_in(params, "4;34");
    case 'm':
        return params[strspn(params, "0123456789;:")] == '\0';
    case 't': /* xterm's title stack, part of its smcup and rmcup */
        return !strcmp(params, "22;0;0") || !strcmp(params, "23;0;0");
    default:
        return false;
    }
}

static void continue_csi(struct tty_guard *g, unsigned char byte)
{
    if (byte >= 0x40 && byte <= 0x7e) {
        g->seq[g->seq_len] = '\0';
        if (!csi_allowed(g->seq, (char)byte))
            violate(g, "control sequence that curses does not write");
        end_sequence(g);
    } else if (byte < ' ' || byte > 0x7e) {
        violate(g, "broken control sequence");
        end_sequence(g);
        begin(g, byte);
    } else if (g->seq_len + 1 < sizeof(g->seq)) {
        g->seq[g->seq_len++] = (char)byte;
    } else {
        violate(g, "control sequence too long");
    }
}

/* --- control strings --------------------------------------------------------------------- */

/* Can what has come so far of an OSC (all of it, if `whole`) be one that the policy allows? */
static bool osc_allowed(const struct tty_guard *g, bool whole)
{
    for (const char *const *p = g->policy.osc; p && *p; p++) {
        size_t n = strlen(*p);
        bool open = n > 0 && (*p)[n - 1] == '*';
        n -= open;
        size_t common = g->seq_len < n ? g->seq_len : n;
        if (memcmp(g->seq, *p, common) != 0)
            continue;
        if (g->seq_len < n ? !whole : open || g->seq_len == n)
            return true;
    }
    return false;
}

static void continue_string(struct tty_guard *g, unsigned char byte)
{
    if (byte == ESCAPE) {
        g->state = STRING_ESC;
    } else if (byte == BEL) {
        if (!osc_allowed(g, true))
            violate(g, "OSC");
        end_sequence(g);
    } else if (byte < ' ' || byte > 0x7e) {
        violate(g, "control or other byte in a control string");
    } else {
        /* The head is enough: no constant of a policy is longer. */
        if (g->seq_len < sizeof(g->seq))
            g->seq[g->seq_len++] = (char)byte;
        if (!osc_allowed(g, false))
            violate(g, "OSC");
    }
}

/* --- the machine ------------------------------------------------------------------------- */

static void after_esc(struct tty_guard *g, unsigned char byte)
{
    g->seq_len = 0;
    if (byte == '[') {
        g->state = CSI;
    } else if (byte == '(' || byte == ')') {
        g->state = CHARSET;
    } else if (byte == ']') {
        g->state = STRING;
        if (!osc_allowed(g, false))
            violate(g, "OSC");
    } else if (byte && strchr("P^_X", byte)) {
        g->state = STRING;
        violate(g, "DCS, PM, APC or SOS");
    } else {
        if (!byte || !strchr("78=>DEMg", byte))
            violate(g, "escape sequence that curses does not write");
        end_sequence(g);
        if (byte < ' ')
            begin(g, byte);
    }
}

/* After ESC in a control string: its terminator, or the start of something else. */
static void end_string(struct tty_guard *g, unsigned char byte)
{
    bool terminated = byte == '\\';
    if (!terminated)
        violate(g, "control string cut short");
    else if (!osc_allowed(g, true))
        violate(g, "OSC");
    end_sequence(g);
    if (!terminated) {
        g->start = g->offset - 2;
        after_esc(g, byte);
    }
}

static void begin(struct tty_guard *g, unsigned char byte)
{
    g->start = g->offset - 1;
    if (g->joining && byte < 0x80) {
        violate(g, "zero-width joiner outside an emoji sequence");
        g->joining = g->flagged = false;
    }
    if (byte == ESCAPE) {
        g->state = ESC;
    } else if (byte >= ' ') {
        begin_code(g, byte);
    } else {
        bool known = byte == BEL ? g->policy.bell : byte && strchr("\b\t\n\r\x0e\x0f", byte);
        if (!known)
            violate(g, "control character");
        end_sequence(g);
    }
}

static void step(struct tty_guard *g, unsigned char byte)
{
    g->recent[g->offset++ % sizeof(g->recent)] = (char)byte;
    switch ((enum state)g->state) {
    case GROUND:
        begin(g, byte);
        break;
    case UTF8:
        continue_code(g, byte);
        break;
    case ESC:
        after_esc(g, byte);
        break;
    case CHARSET:
        if (byte != '0' && byte != 'A' && byte != 'B')
            violate(g, "unknown character set");
        end_sequence(g);
        break;
    case CSI:
        continue_csi(g, byte);
        break;
    case STRING:
        continue_string(g, byte);
        break;
    case STRING_ESC:
        end_string(g, byte);
        break;
    }
}

size_t tty_guard_feed(struct tty_guard *g, const char *bytes, size_t len)
{
    size_t complete = 0;
    for (size_t i = 0; i < len; i++) {
        step(g, (unsigned char)bytes[i]);
        if (g->state == GROUND)
            complete = i + 1;
    }
    return complete;
}

void tty_guard_finish(struct tty_guard *g)
{
    if (g->state != GROUND)
        violate(g, "unfinished sequence at the end");
    ground(g);
}
