/*
 * tty_guard: an allow-list over the raw bytes a program writes to its terminal.
 *
 * It answers one question: could a terminfo-driven curses program, drawing only clean text, have
 * written this? Allowed are
 *   - strictly valid UTF-8 of visible characters, at most four combining marks on each, emoji
 *     joined by U+200D, variation selectors U+FE0E and U+FE0F behind a character;
 *   - BS HT LF CR SO SI;
 *   - cursor movement, erasing, inserting, deleting, scrolling, repeating, the scroll region, SGR;
 *   - the modes curses and souk set: cursor keys, wrap, cursor, reverse video (flash), alternate
 *     screen, mouse, bracketed paste, synchronized output, insert; the keypad, the two character
 *     sets, saved cursor, the title stack that goes with xterm's alternate screen.
 * Everything else is a violation: other control characters, C1 controls, DEL, queries, reports,
 * printing, control strings (OSC, DCS, APC, PM, SOS), sequences longer than any of ours; and code
 * points that change or hide text without being seen: bidi controls, zero-width and blank-looking
 * characters, line separators, tags, private use, noncharacters.
 *
 * A policy may let single control strings through: our own title, OSC 52 and OSC 8 are built from
 * constants, and a test that expects them names them.
 *
 * A guard is a plain state machine over a stream: no allocation but its list, no clock, no I/O.
 */
#ifndef SOUK_TESTS_TTY_GUARD_H
#define SOUK_TESTS_TTY_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TTY_VIOLATIONS_MAX 32

struct tty_violation {
    size_t offset;     /* of the first byte of the offending sequence in the output */
    const char *what;  /* a constant */
    char context[192]; /* what was written up to and with the offence, made printable */
};

struct tty_policy {
    /*
     * NULL-terminated; each the whole body of an OSC ("2;souk"), or, ending in '*', how it begins
     * ("52;c;*"); the rest must then be printable ASCII. At most 60 bytes. NULL: no OSC at all.
     */
    const char *const *osc;
    bool bell; /* BEL may ring */
};

struct tty_guard {
    struct tty_policy policy;
    struct tty_violation list[TTY_VIOLATIONS_MAX];
    size_t violations; /* all of them, also those not listed */

    /* private */
    int state;
    size_t offset, start; /* bytes seen; where the current sequence began */
    char recent[32];      /* the last bytes seen, a ring */
    char seq[64];         /* parameters and intermediates, or the body of a control string */
    size_t seq_len;
    bool flagged; /* the current sequence has been reported */
    uint32_t code, least, before;
    int missing, marks;
    bool joining;
};

void tty_guard_init(struct tty_guard *g, const struct tty_policy *policy);

/*
 * Check the next bytes. Returns how many of them are complete: the rest belongs to a sequence or a
 * character that has not ended yet.
 */
size_t tty_guard_feed(struct tty_guard *g, const char *bytes, size_t len);

/* The output has ended: an unfinished sequence is a violation. */
void tty_guard_finish(struct tty_guard *g);

/* Report what somebody else found in the current position. */
void tty_guard_report(struct tty_guard *g, const char *what, const char *context, size_t len);

#endif
