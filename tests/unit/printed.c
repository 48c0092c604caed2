#include "printed.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int kept = -1, memory = -1;

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(1);
}

void print_begin(void)
{
    fflush(stdout);
    kept = dup(STDOUT_FILENO);
    memory = memfd_create("stdout", 0);
    if (kept < 0 || memory < 0 || dup2(memory, STDOUT_FILENO) < 0)
        give_up("standard output");
}

char *printed(void)
{
    struct stat st;
    if (fflush(stdout) != 0 || dup2(kept, STDOUT_FILENO) < 0 || fstat(memory, &st) != 0)
        give_up("standard output");
    char *text = malloc((size_t)st.st_size + 1);
    if (!text || pread(memory, text, (size_t)st.st_size, 0) != st.st_size)
        give_up("what was printed");
    text[st.st_size] = '\0';
    close(kept);
    close(memory);
    return text;
}

static void page_path(const char *name, char path[PATH_MAX])
{
    char here[PATH_MAX];
    snprintf(here, sizeof here, "%s", __FILE__); /* relative to where the tests are run from */
    *strrchr(here, '/') = '\0';
    snprintf(path, PATH_MAX, "%.*s/pages/%s.txt", PATH_MAX - 64, here, name);
}

bool page_same(const char *name, const char *text)
{
    char path[PATH_MAX];
    page_path(name, path);
    size_t n = strlen(text), at = 0;
    FILE *f = fopen(path, getenv("GENERATE") ? "we" : "re");
    if (!f)
        give_up(path);
    if (getenv("GENERATE")) {
        if (fwrite(text, 1, n, f) != n || fclose(f) != 0)
            give_up(path);
        return true;
    }
    char want[1024];
    bool same = true;
    for (int line = 1; same && fgets(want, sizeof want, f); line++) {
        size_t w = strlen(want);
        same = strncmp(text + at, want, w) == 0;
        if (!same)
            fprintf(stderr, "%s, line %d (GENERATE=1 takes the new one):\n  - %s  + %.*s\n", path,
                    line, want, (int)strcspn(text + at, "\n"), text + at);
        at += same ? w : 0;
    }
    fclose(f);
    if (same && text[at])
        fprintf(stderr, "%s has no line for: %.*s\n", path, (int)strcspn(text + at, "\n"),
                text + at);
    return same && !text[at];
}

bool fits_80(const char *text)
{
    while (*text) {
        size_t n = strcspn(text, "\n"), columns = 0;
        for (size_t i = 0; i < n; i++)
            columns += ((unsigned char)text[i] & 0xc0) != 0x80; /* no wide ones are expected */
        if (columns > 80) {
            fprintf(stderr, "%zu columns: %.*s\n", columns, (int)n, text);
            return false;
        }
        text += n + (text[n] == '\n');
    }
    return true;
}
