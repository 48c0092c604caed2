#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "signer/signer.h"

#include "base/banned.h"

enum { COLUMNS = 3, ASKED = 3, TRIES = 3, WIDTH = 12 };

static const char enter[] = "\033[?1049h\033[2J\033[H";
static const char leave[] = "\033[2J\033[H\033[?1049l"; /* wiped: some terminals keep it */

/* The i-th word, from 0, and its length. */
static const char *word_at(const struct secret_text *words, size_t i, size_t *n)
{
    const char *p = words->s;
    for (; i && *p; i--) {
        p += strcspn(p, " ");
        p += *p == ' ';
    }
    *n = strcspn(p, " ");
    return p;
}

static size_t word_count(const struct secret_text *words)
{
    size_t n = 1;
    for (const char *p = words->s; (p = strchr(p, ' ')); p++)
        n++;
    return n;
}

/* One word with its number. It goes from secret memory to the terminal, through nothing else. */
static souk_err put_word(int tty, const struct secret_text *words, size_t i, struct err *e)
{
    char number[32];
    size_t n;
    const char *word = word_at(words, i, &n);
    snprintf(number, sizeof number, "%4zu. ", i + 1);
    souk_err r = terminal_say(tty, number, e);
    if (!r)
        r = fd_put(tty, word, n, e);
    return r;
}

static souk_err put_words(int tty, const struct secret_text *words, struct err *e)
{
    static const char blanks[WIDTH + 1] = "            ";
    size_t count = word_count(words), rows = (count + COLUMNS - 1) / COLUMNS, n;
    souk_err r = SOUK_OK;
    for (size_t row = 0; !r && row < rows; row++) {
        for (size_t i = row; !r && i < count; i += rows) {
            word_at(words, i, &n);
            r = put_word(tty, words, i, e);
            if (!r)
                r = terminal_say(tty, blanks + (n < WIDTH ? n : WIDTH), e);
        }
        if (!r)
            r = terminal_say(tty, "\n", e);
    }
    return r;
}

souk_err words_show(int tty, const struct secret_text *words, const char *note, struct err *e)
{
    static const char head[] = "These words are the wallet: whoever has them has its money, and "
                               "without them nobody\ncan bring it back. Write them on paper, in "
                               "this order:\n\n";
    struct secret_text *nothing = NULL;
    souk_err r = terminal_say(tty, enter, e);
    if (!r)
        r = terminal_say(tty, head, e);
    if (!r)
        r = put_words(tty, words, e);
    if (!r && note)
        r = terminal_say(tty, note, e);
    if (!r)
        r = secret_prompt(tty, "\nPress Enter when you have them; Ctrl-C stops. ", &nothing, e);
    secret_free(nothing);
    terminal_say(tty, leave, NULL);
    return r;
}

/* Three places in the words, in order. */
static souk_err choose(size_t count, size_t place[ASKED], struct err *e)
{
    size_t chosen = 0;
    while (chosen < ASKED) {
        uint8_t draw;
        souk_err r = secret_random(&draw, sizeof draw, e);
        if (r)
            return r;
        if (draw >= 256 / count * count)
            continue; /* else the first words would come up more often */
        size_t at = chosen, want = draw % count;
        bool had = false;
        for (size_t i = 0; i < chosen; i++)
            had = had || place[i] == want;
        if (had)
            continue;
        for (; at > 0 && place[at - 1] > want; at--)
            place[at] = place[at - 1];
        place[at] = want;
        chosen++;
    }
    return SOUK_OK;
}

static bool is_word(const struct secret_text *answer, const char *word, size_t n)
{
    const char *s = answer->s + strspn(answer->s, " \t");
    return strncasecmp(s, word, n) == 0 && s[n + strspn(s + n, " \t")] == '\0';
}

souk_err words_confirm(int tty, const struct secret_text *words, struct err *e)
{
    size_t place[ASKED], n;
    souk_err r = choose(word_count(words), place, e);
    for (int i = 0, tries = 0; !r && i < ASKED;) {
        char prompt[64];
        struct secret_text *answer;
        const char *word = word_at(words, place[i], &n);
        snprintf(prompt, sizeof prompt,
                 "%sWord %zu (it is not shown): ", tries ? "That is another word. " : "",
                 place[i] + 1);
        r = secret_prompt(tty, prompt, &answer, e);
        if (r)
            break;
        bool right = is_word(answer, word, n);
        secret_free(answer);
        i += right;
        tries = right ? 0 : tries + 1;
        if (tries == TRIES)
            r = err_set(e, SOUK_EINPUT,
                        "the words are not written down right: no wallet was made, start again");
    }
    return r;
}
