#include "golden.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void give_up(const char *path, const char *what)
{
    fprintf(stderr, "golden: %s %s\n", path, what);
    exit(1);
}

static void golden_path(const char *name, char path[PATH_MAX])
{
    char here[PATH_MAX];
    snprintf(here, sizeof here, "%s", __FILE__); /* relative to where the tests are run from */
    *strrchr(here, '/') = '\0';
    snprintf(path, PATH_MAX, "%.*s/golden/%s.screen", PATH_MAX - 64, here, name);
}

static void write_golden(const char *path, const char *text, size_t n)
{
    FILE *f = fopen(path, "we");
    if (!f || fwrite(text, 1, n, f) != n || fclose(f) != 0)
        give_up(path, "cannot be written");
}

static char *read_golden(const char *path, size_t *n)
{
    FILE *f = fopen(path, "re");
    enum { MOST = 1 << 20 };
    char *text = malloc(MOST);
    if (!f || !text) {
        fprintf(stderr, "golden: %s is not there; GENERATE=1 writes it\n", path);
        free(text);
        return f ? (fclose(f), NULL) : NULL;
    }
    *n = fread(text, 1, MOST - 1, f);
    text[*n] = '\0';
    fclose(f);
    return text;
}

/* The lines that differ, as a diff would show them, a dozen at most. */
static void show_difference(const char *name, const char *want, const char *got)
{
    int shown = 0;
    fprintf(stderr, "%s differs (GENERATE=1 takes the new one):\n", name);
    for (int line = 1; (*want || *got) && shown < 12; line++) {
        size_t w = strcspn(want, "\n"), g = strcspn(got, "\n");
        if (w != g || memcmp(want, got, w) != 0) {
            fprintf(stderr, "%4d - %.*s\n     + %.*s\n", line, (int)w, want, (int)g, got);
            shown++;
        }
        want += w + (want[w] == '\n');
        got += g + (got[g] == '\n');
    }
}

bool golden_same(const char *name, const char *got, size_t n)
{
    char path[PATH_MAX];
    golden_path(name, path);
    if (getenv("GENERATE")) {
        write_golden(path, got, n);
        return true;
    }
    size_t wn;
    char *want = read_golden(path, &wn), *mine = strndup(got, n);
    bool ok = want && mine && wn == n && memcmp(want, mine, n) == 0;
    if (want && mine && !ok)
        show_difference(name, want, mine);
    free(want);
    free(mine);
    return ok;
}
