#include "cli/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static const struct {
    const char *name, *args, *help;
} commands[CMD_COUNT] = {
#define X(id, name, args, help) {name, args, help},
    COMMAND_LIST(X)
#undef X
};

static const struct {
    const char *name, *arg;
    unsigned on;
    const char *help;
} options[OPT_COUNT] = {
#define X(id, name, arg, on, help) {name, arg, on, help},
    OPTION_LIST(X)
#undef X
};

enum { WORD_MOST = 24 }; /* longer words are nobody's slip of the finger */

/* How many letters to insert, drop or change make one word the other. */
static int distance(const char *a, size_t n, const char *b)
{
    int d[WORD_MOST + 1][WORD_MOST + 1];
    size_t m = strlen(b);
    if (n > WORD_MOST || m > WORD_MOST)
        return WORD_MOST;
    for (size_t i = 0; i <= n; i++) {
        for (size_t j = 0; j <= m; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = (int)(i + j);
                continue;
            }
            int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best)
                best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best)
                best = d[i][j - 1] + 1;
            d[i][j] = best;
        }
    }
    return d[n][m];
}

/* The one of count words (by name(i)) that was probably meant, or NULL: the closest, if one
 * correction for each begun three letters is enough, else one that begins so. */
static const char *nearest(const char *word, size_t n, const char *(*name)(int i), int count)
{
    const char *close = NULL, *begun = NULL;
    int most = (int)(n + 2) / 3 + 1;
    for (int i = 0; i < count; i++) {
        int far = distance(word, n, name(i));
        if (name(i)[0] && far < most && far < (int)strlen(name(i))) {
            most = far;
            close = name(i);
        }
        if (!begun && n >= 2 && strncmp(name(i), word, n) == 0)
            begun = name(i);
    }
    return close ? close : begun;
}

static const char *command_name(int i)
{
    return commands[i].help[0] ? commands[i].name : "";
}

static const char *option_name(int i)
{
    return options[i].name;
}

static souk_err unknown_command(const char *word, struct err *e)
{
    const char *near = nearest(word, strlen(word), command_name, CMD_COUNT);
    if (near)
        return err_set(e, SOUK_EUSAGE, "there is no command \"%s\"; did you mean \"souk %s\"?",
                       word, near);
    return err_set(e, SOUK_EUSAGE, "there is no command \"%s\"; `souk help` lists them", word);
}

static souk_err unknown_option(const char *word, size_t n, struct err *e)
{
    const char *near = nearest(word, n, option_name, OPT_COUNT);
    if (near)
        return err_set(e, SOUK_EUSAGE, "there is no option --%.*s; did you mean --%s?", (int)n,
                       word, near);
    return err_set(e, SOUK_EUSAGE, "there is no option --%.*s; `souk help` lists them", (int)n,
                   word);
}

static souk_err take_option(struct options *o, int argc, char **argv, int *i, struct err *e)
{
    const char *word = argv[*i] + 2;
    size_t len = strcspn(word, "=");
    for (int id = 0; id < OPT_COUNT; id++) {
        if (strlen(options[id].name) != len || strncmp(options[id].name, word, len) != 0)
            continue;
        bool takes = options[id].arg[0] != '\0';
        if (!takes && word[len] == '=')
            return err_set(e, SOUK_EUSAGE, "--%s takes no value", options[id].name);
        if (takes && word[len] == '=') {
            o->value[id] = word + len + 1;
        } else if (takes) {
            /* a value that looks like an option is given as --name=--value, or was forgotten */
            if (*i + 1 >= argc || strncmp(argv[*i + 1], "--", 2) == 0)
                return err_set(e, SOUK_EUSAGE, "--%s needs a value: --%s %s", options[id].name,
                               options[id].name, options[id].arg);
            o->value[id] = argv[++*i];
        }
        o->set[id] = true;
        return SOUK_OK;
    }
    return unknown_option(word, len, e);
}

static souk_err check_fit(const struct options *o, struct err *e)
{
    for (int id = 0; id < OPT_COUNT; id++)
        if (o->set[id] && !(options[id].on & (1u << o->command)))
            return err_set(e, SOUK_EUSAGE, "--%s does not go with `souk%s%s`; see `souk help%s%s`",
                           options[id].name, o->command == CMD_UI ? "" : " ",
                           commands[o->command].name, o->command == CMD_UI ? "" : " ",
                           commands[o->command].name);
    return SOUK_OK;
}

souk_err options_parse(int argc, char **argv, struct options *o, struct err *e)
{
    *o = (struct options){.command = CMD_UI};
    bool have_command = false, only_args = false;
    for (int i = 1; i < argc; i++) {
        if (!only_args && strcmp(argv[i], "--") == 0) {
            only_args = true;
        } else if (!only_args && strncmp(argv[i], "--", 2) == 0) {
            if (take_option(o, argc, argv, &i, e))
                return e ? e->code : SOUK_EUSAGE;
        } else if (!only_args && argv[i][0] == '-' && argv[i][1] == 'h' && !argv[i][2]) {
            o->set[OPT_HELP] = true;
        } else if (!only_args && argv[i][0] == '-' && argv[i][1] != '\0') {
            return err_set(e, SOUK_EUSAGE, "options are long here: `%s` is none; see `souk help`",
                           argv[i]);
        } else if (!have_command) {
            int c = 1;
            while (c < CMD_COUNT && strcmp(commands[c].name, argv[i]) != 0)
                c++;
            if (c == CMD_COUNT)
                return unknown_command(argv[i], e);
            o->command = (enum command_id)c;
            have_command = true;
        } else if (o->args == ARGS_MAX) {
            return err_set(e, SOUK_EUSAGE, "too many arguments from \"%s\" on", argv[i]);
        } else {
            o->arg[o->args++] = argv[i];
        }
    }
    if (o->set[OPT_HELP] || o->set[OPT_VERSION])
        return SOUK_OK;
    return check_fit(o, e);
}

souk_err options_int(const struct options *o, enum option_id id, int64_t absent, int64_t min,
                     int64_t max, int64_t *out, struct err *e)
{
    *out = absent;
    if (!o->set[id])
        return SOUK_OK;
    char *end;
    const char *text = o->value[id];
    bool digits =
        text[0] == '-' ? text[1] >= '0' && text[1] <= '9' : text[0] >= '0' && text[0] <= '9';
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (!digits || errno || *end || v < min || v > max)
        return err_set(e, SOUK_EUSAGE, "--%s takes a number from %lld to %lld, not \"%s\"",
                       options[id].name, (long long)min, (long long)max, text);
    *out = v;
    return SOUK_OK;
}

static void print_options(enum command_id about)
{
    for (int id = 0; id < OPT_COUNT; id++) {
        if (!(options[id].on & (1u << about)))
            continue;
        char left[48];
        snprintf(left, sizeof left, "--%s%s%s", options[id].name, options[id].arg[0] ? " " : "",
                 options[id].arg);
        printf("  %-26s %s\n", left, options[id].help);
    }
}

void options_help(enum command_id about)
{
    if (about != CMD_HELP && about != CMD_UI) {
        printf("souk %s %s\n  %s\n\n", commands[about].name, commands[about].args,
               commands[about].help);
        print_options(about);
        return;
    }
    puts("souk: a marketplace for AI models, in the terminal\n");
    for (int c = 0; c < CMD_COUNT; c++) {
        char left[64];
        if (!commands[c].help[0])
            continue;
        snprintf(left, sizeof left, "souk %s %s", commands[c].name, commands[c].args);
        printf("  %-44s %s\n", left, commands[c].help);
    }
    puts("\nOptions of plain `souk` (most go with every command; `souk help COMMAND` tells):");
    print_options(CMD_UI);
    puts(
        "\nMODEL is author/name, a unique name, a blob id, or a listing id (0x…).\n"
        "Exit codes: 0 done, 2 usage, 3 network, 4 verification failed, 5 refused by your limits,\n"
        "6 payment outcome unknown, 7 not found, 8 bad input, 130 interrupted.");
}
