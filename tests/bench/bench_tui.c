/*
 * bench_tui: how fast souk's screen is, as ratios to programs people know.
 *
 * souk, tig, htop, nnn, newsboat and minicurses (the floor) run on one pseudo-terminal each, 80x24,
 * in interleaved rounds, so that whatever disturbs the machine disturbs all of them alike. Figures
 * are min / median / p95; a goal passes or fails by the median, and by a ratio where it is one.
 * Only ratios within one run mean anything.
 *
 * First content: the expected text (for souk: a table that fills the screen) has been read from the
 * terminal; counted from just before fork. Loaded: the last byte before 250 ms of silence; for souk
 * the header says that the whole table is there. A key's answer ends with the last byte before
 * 60 ms of silence; while souk syncs it is never silent, and there the answer is that the selection
 * stands on another model.
 */
#include <getopt.h>
#include <libgen.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_data.h"
#include "bench_server.h"
#include "bench_stats.h"
#include "tests/tty/tty.h"

enum {
    SETTLE_MS = 250, /* silence after which a program has finished starting */
    ANSWER_MS = 60,  /* ... has finished answering a key */
    FLOOD = 1000,
    STORM = 50, /* resizes in a second */
    BUSY_PAUSE_MS = 15,
    BUSY_LEAST = 10, /* pages and ranges written, or nothing was measured */
    NAME_BYTES = 32, /* of a row: enough of the model's name */
    COUNT_BYTES = 256,
};

enum who { MINI, TIG, TIG_BIG, NNN_BIG, HTOP, NEWSBOAT, SOUK, SOUK_BIG, SUBJECTS };

struct subject {
    const char *name;
    const char *argv[10]; /* no argv[0]: it takes no part */
    char *cwd, *home;     /* owned */
    const char *content;  /* text of its first useful screen; NULL: souk's own condition */
    const char *loaded;   /* text that shows that all is loaded; NULL: silence alone */
    const char *quit;
    bool list; /* takes part in the tests of keys: j and PageDown move in 100,000 rows */

    struct series start, load, rss_mb, quit_ms, key, key_first, key_bytes, page, page_bytes, flood,
        flood_bytes, filter, sort, sort_first, storm;
    bool gave_up;
    int missed;       /* keys that were not answered */
    int stty_changed; /* exits that left the terminal's settings changed */
    double idle_cpu, idle_wakes, idle_bytes;
    int storm_wrong;
    double storm_growth;
};

/* Keys while souk syncs: with what was served and shown meanwhile. */
struct busy {
    struct series first, last, own; /* own: last, less what the machine kept us waiting */
    int missed, reloads;            /* keys; times that the table got a new count of models */
    double seconds, cpu;            /* of souk, all threads: per cent of one processor */
    struct server_count served;
};

struct bench {
    struct subject s[SUBJECTS];
    struct busy busy;
    int rounds, keys, busy_keys, idle_s, storms;
    bool busy_only;
    int passed, failed, unknown;
};

static double ms_between(int64_t from, int64_t to)
{
    return (double)(to - from) / 1e6;
}

/* --- sessions ---------------------------------------------------------------------------- */

static struct tty *spawn(const struct subject *s, int cols, int rows)
{
    static const char *const env[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM=1",
                                      NULL};
    struct tty *t = tty_spawn(&(struct tty_opts){
        .argv = s->argv, .cwd = s->cwd, .home = s->home, .env = env, .cols = cols, .rows = rows});
    tty_set_deadline(t, 20000);
    return t;
}

/* souk's table is there when three quarters of the rows have something on them. */
static bool table_is_full(struct tty *t, void *unused)
{
    (void)unused;
    int cols, rows, full = 0;
    tty_size(t, &cols, &rows);
    for (int r = 0; r < rows; r++) {
        char *row = tty_row(t, r);
        full += row[0] != '\0';
        free(row);
    }
    return full * 4 >= rows * 3;
}

static bool table_is_complete(struct tty *t, void *count)
{
    return tty_find(t, count, NULL, NULL) && !tty_find(t, "loading", NULL, NULL);
}

static bool wait_content(struct tty *t, const struct subject *s)
{
    return s->content ? tty_wait_text(t, s->content)
                      : tty_wait(t, table_is_full, NULL, "a table that fills the screen");
}

static bool wait_loaded(struct tty *t, const struct subject *s)
{
    if (!s->content)
        return tty_wait(t, table_is_complete, (void *)(uintptr_t)s->loaded, "the whole table");
    return (!s->loaded || tty_wait_text(t, s->loaded)) && tty_wait_quiet(t, SETTLE_MS);
}

/* A wait that fails makes the program's figures meaningless: it takes no further part. */
static bool give_up(struct subject *s, struct tty *t, const char *when)
{
    s->gave_up = true;
    fprintf(stderr, "bench: %s, %s: %s", s->name, when, tty_error(t));
    s->argv[0] = NULL;
    tty_free(t);
    return false;
}

static struct tty *open_loaded(struct subject *s, int cols, int rows)
{
    struct tty *t = spawn(s, cols, rows);
    if (wait_content(t, s) && wait_loaded(t, s) && tty_wait_quiet(t, SETTLE_MS))
        return t;
    give_up(s, t, "start");
    return NULL;
}

static bool quit(struct subject *s, struct tty *t)
{
    tty_mark(t);
    tty_keys(t, s->quit);
    int64_t begin = tty_burst(t).mark_ns;
    if (!tty_wait_exit(t, NULL))
        return give_up(s, t, "quit");
    series_add(&s->quit_ms, ms_between(begin, tty_exit_time(t)));
    char *before = tty_stty_before(t), *after = tty_stty(t);
    s->stty_changed += strcmp(before, after) != 0;
    free(before);
    free(after);
    tty_free(t);
    return true;
}

/* --- what is measured -------------------------------------------------------------------- */

static void measure_start(struct subject *s)
{
    struct tty *t = spawn(s, 80, 24);
    if (!wait_content(t, s)) {
        give_up(s, t, "first content");
        return;
    }
    struct tty_burst b = tty_burst(t);
    double content = ms_between(b.mark_ns, b.last_ns);
    if (!wait_loaded(t, s)) {
        give_up(s, t, "loading");
        return;
    }
    b = tty_burst(t);
    double load = ms_between(b.mark_ns, b.last_ns);
    if (!s->content)
        tty_wait_quiet(t, SETTLE_MS);
    double rss = (double)tty_usage(t).rss_kib / 1024;
    if (!quit(s, t))
        return;
    series_add(&s->start, content);
    series_add(&s->load, load);
    series_add(&s->rss_mb, rss);
}

/* One key and its answer. Any of the series may be NULL. */
static void measure_key(struct subject *s, struct tty *t, const char *key, struct series *first,
                        struct series *last, struct series *bytes)
{
    tty_mark(t);
    tty_keys(t, key);
    tty_set_deadline(t, 1000);
    bool answered = tty_wait_output(t) && tty_wait_quiet(t, ANSWER_MS);
    tty_set_deadline(t, 20000);
    struct tty_burst b = tty_burst(t);
    if (!answered) {
        s->missed++;
        return;
    }
    if (first)
        series_add(first, ms_between(b.mark_ns, b.first_ns));
    if (last)
        series_add(last, ms_between(b.mark_ns, b.last_ns));
    if (bytes)
        series_add(bytes, (double)b.bytes);
}

static void measure_flood(struct subject *s, struct tty *t)
{
    char keys[FLOOD];
    memset(keys, 'j', sizeof(keys));
    tty_mark(t);
    tty_send(t, keys, sizeof(keys));
    if (!tty_wait_output(t) || !tty_wait_quiet(t, SETTLE_MS)) {
        s->missed++;
        return;
    }
    struct tty_burst b = tty_burst(t);
    series_add(&s->flood, ms_between(b.mark_ns, b.last_ns));
    series_add(&s->flood_bytes, (double)b.bytes);
}

/* From there on every j scrolls, which is the dearer kind. */
static void to_last_row(struct tty *t)
{
    for (int i = 0; i < 24; i++) {
        tty_mark(t);
        tty_keys(t, "j");
        tty_wait_output(t);
        tty_wait_quiet(t, ANSWER_MS / 4);
    }
}

static void measure_keys(struct bench *b)
{
    struct tty *t[SUBJECTS] = {0};
    for (int i = 0; i < SUBJECTS; i++)
        if (b->s[i].argv[0] && b->s[i].list)
            t[i] = open_loaded(&b->s[i], 80, 24);
    for (int i = 0; i < SUBJECTS; i++)
        if (t[i])
            to_last_row(t[i]);
    for (int n = 0; n < b->keys; n++)
        for (int i = 0; i < SUBJECTS; i++)
            if (t[i])
                measure_key(&b->s[i], t[i], "j", &b->s[i].key_first, &b->s[i].key,
                            &b->s[i].key_bytes);
    for (int n = 0; n < b->keys; n++)
        for (int i = 0; i < SUBJECTS; i++)
            if (t[i])
                measure_key(&b->s[i], t[i], "<PageDown>", NULL, &b->s[i].page, &b->s[i].page_bytes);
    for (int n = 0; n < b->rounds; n++)
        for (int i = 0; i < SUBJECTS; i++)
            if (t[i])
                measure_flood(&b->s[i], t[i]);
    for (int i = 0; i < SUBJECTS; i++)
        if (t[i])
            quit(&b->s[i], t[i]);
}

/* Typing into souk's filter (no blanks: they need not change the screen), moving its sort column.
 */
static void measure_filter_and_sort(struct bench *b)
{
    static const char word[] = "volatil";
    for (int i = SOUK; i <= SOUK_BIG; i++) {
        struct subject *s = &b->s[i];
        struct tty *t = s->argv[0] ? open_loaded(s, 80, 24) : NULL;
        if (!t)
            continue;
        for (int n = 0; n < b->keys; n += (int)sizeof(word) - 1) {
            measure_key(s, t, "/", NULL, NULL, NULL);
            for (const char *c = word; *c; c++)
                measure_key(s, t, (char[]){*c, '\0'}, NULL, &s->filter, NULL);
            measure_key(s, t, "<Esc>", NULL, NULL, NULL);
        }
        for (int n = 0; n < b->keys; n++)
            measure_key(s, t, n / 5 % 2 ? "<lt>" : ">", &s->sort_first, &s->sort, NULL);
        quit(s, t);
    }
}

static void measure_idle(struct bench *b)
{
    static const enum who who[] = {MINI, TIG_BIG, HTOP, SOUK, SOUK_BIG};
    enum { N = sizeof(who) / sizeof(who[0]) };
    struct tty *t[N] = {0};
    struct tty_usage before[N];
    for (int i = 0; i < N; i++)
        if (b->s[who[i]].argv[0])
            t[i] = open_loaded(&b->s[who[i]], 80, 24);
    for (int i = 0; i < N; i++)
        if (t[i]) {
            before[i] = tty_usage(t[i]);
            tty_mark(t[i]);
        }
    int64_t begin = tty_now();
    while (ms_between(begin, tty_now()) < b->idle_s * 1000.0)
        for (int i = 0; i < N; i++)
            if (t[i])
                tty_run(t[i], 50 * 1000000);
    double seconds = ms_between(begin, tty_now()) / 1000;
    for (int i = 0; i < N; i++) {
        if (!t[i])
            continue;
        struct subject *s = &b->s[who[i]];
        struct tty_usage after = tty_usage(t[i]);
        s->idle_cpu = (double)(after.cpu_ns - before[i].cpu_ns) / 1e9 / seconds * 100;
        s->idle_wakes = (double)(after.voluntary - before[i].voluntary) / seconds;
        s->idle_bytes = (double)tty_burst(t[i]).bytes / seconds;
        quit(s, t[i]);
    }
}

static char *fresh_screen(struct subject *s, int cols, int rows)
{
    struct tty *t = open_loaded(s, cols, rows);
    char *text = t ? tty_text(t) : NULL;
    if (t)
        quit(s, t);
    return text;
}

/* 50 resizes in a second; then the screen must be that of a fresh start at the last size. */
static void measure_storm(struct bench *b, struct subject *s)
{
    static const int sizes[][2] = {{120, 40}, {40, 10}, {200, 60}, {80, 24}, {100, 30}};
    enum { N = sizeof(sizes) / sizeof(sizes[0]) };
    char *expected = s->argv[0] ? fresh_screen(s, sizes[N - 1][0], sizes[N - 1][1]) : NULL;
    struct tty *t = expected ? open_loaded(s, 80, 24) : NULL;
    double rss = 0;
    for (int n = 0; t && n < b->storms; n++) {
        for (int i = 0; i < STORM; i++) {
            if (i == STORM - 1)
                tty_mark(t);
            tty_resize(t, sizes[i % N][0], sizes[i % N][1]);
            if (i < STORM - 1)
                tty_run(t, 1000 * INT64_C(1000000) / STORM);
        }
        tty_wait_quiet(t, SETTLE_MS);
        struct tty_burst burst = tty_burst(t);
        series_add(&s->storm, burst.bytes ? ms_between(burst.mark_ns, burst.last_ns) : 0);
        char *text = tty_text(t);
        if (strcmp(text, expected) != 0 && s->storm_wrong++ == 0)
            fprintf(stderr, "bench: %s after resizing:\n%s--- fresh:\n%s---\n", s->name, text,
                    expected);
        free(text);
        double now = (double)tty_usage(t).rss_kib;
        if (n == 0)
            rss = now;
        s->storm_growth = now / rss - 1;
    }
    if (t)
        quit(s, t);
    free(expected);
}

/* --- while it syncs ---------------------------------------------------------------------- */

/* The beginning of the selected row: of its name, which tells the rows apart. */
static void selected_name(struct tty *t, char out[NAME_BYTES])
{
    int cols, rows;
    out[0] = '\0';
    tty_size(t, &cols, &rows);
    for (int r = 0; r < rows; r++) {
        if (tty_cell(t, r, 0).chars[0] != 0x258c) /* the mark of the selection */
            continue;
        char *row = tty_row(t, r);
        snprintf(out, NAME_BYTES, "%s", row);
        free(row);
        return;
    }
}

static bool selection_moved(struct tty *t, void *before)
{
    char now[NAME_BYTES];
    selected_name(t, now);
    return now[0] != '\0' && strcmp(now, before) != 0;
}

static bool loading_is_over(struct tty *t, void *unused)
{
    (void)unused;
    return table_is_full(t, NULL) && !tty_find(t, "loading", NULL, NULL);
}

/* The row that tells how many models there are. */
static bool count_changed(struct tty *t, char before[COUNT_BYTES])
{
    char *row = tty_row(t, 1);
    bool changed = strcmp(row, before) != 0;
    snprintf(before, COUNT_BYTES, "%s", row);
    free(row);
    return changed;
}

static bool is_served(struct tty *t, void *server)
{
    (void)t;
    struct server_count n = server_count(server);
    return n.pages >= BUSY_LEAST && n.ranges >= BUSY_LEAST;
}

/* Ms for which souk's screen thread could have run and had no processor, since its start. */
static double waited_ms(const struct tty *t)
{
    char path[64];
    unsigned long long ran, waited = 0;
    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)tty_pid(t));
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%llu %llu", &ran, &waited) != 2)
        waited = 0;
    if (f)
        fclose(f);
    return (double)waited / 1e6;
}

/* Figures are derived seldom, so that it may take more keys than asked for until they have been. */
static void busy_keys(struct busy *y, struct tty *t, int keys)
{
    char before[NAME_BYTES], count[COUNT_BYTES] = "";
    count_changed(t, count);
    tty_set_deadline(t, 1000);
    for (int n = 0; n < keys || (n < 5 * keys && y->reloads == 0); n++) {
        selected_name(t, before);
        double waited = waited_ms(t);
        tty_mark(t);
        tty_keys(t, "j");
        bool moved = tty_wait(t, selection_moved, before, "the next model");
        struct tty_burst b = tty_burst(t);
        y->missed += !moved;
        if (moved) {
            series_add(&y->first, ms_between(b.mark_ns, b.first_ns));
            series_add(&y->last, ms_between(b.mark_ns, b.last_ns));
            series_add(&y->own, ms_between(b.mark_ns, b.last_ns) - (waited_ms(t) - waited));
        }
        y->reloads += count_changed(t, count);
        tty_run(t, BUSY_PAUSE_MS * INT64_C(1000000));
    }
    tty_set_deadline(t, 20000);
}

static void measure_busy_with(struct bench *b, struct server *server, const char *data)
{
    struct busy *y = &b->busy;
    struct subject s = {.name = "souk, syncing",
                        .argv = {b->s[SOUK_BIG].argv[0], "--network", "bench", "--data", data},
                        .quit = "Q"};
    struct tty *t = spawn(&s, 80, 24);
    if (!tty_wait(t, loading_is_over, NULL, "the whole table") ||
        !tty_wait(t, is_served, server, "pages and ranges that were served")) {
        give_up(&s, t, "syncing");
        return;
    }
    to_last_row(t);
    struct server_count before = server_count(server);
    struct tty_usage usage = tty_usage(t);
    int64_t begin = tty_now();
    busy_keys(y, t, b->busy_keys);
    y->seconds = ms_between(begin, tty_now()) / 1000;
    y->cpu = (double)(tty_usage(t).cpu_ns - usage.cpu_ns) / 1e9 / y->seconds * 100;
    struct server_count after = server_count(server);
    y->served = (struct server_count){.pages = after.pages - before.pages,
                                      .ranges = after.ranges - before.ranges,
                                      .logs = after.logs - before.logs};
    if (quit(&s, t))
        series_release(&s.quit_ms);
}

static void measure_busy(struct bench *b, const char *root, const char *big)
{
    char path[4200];
    if (!b->s[SOUK_BIG].argv[0])
        return;
    struct server *server = server_start();
    char *data = server ? data_souk(root, big) : NULL;
    if (data) {
        snprintf(path, sizeof(path), "%s/config/config", data);
        if (server_write_config(server, path))
            measure_busy_with(b, server, data);
        else
            perror(path);
    }
    free(data);
    server_stop(server);
}

/* Were pages and ranges written and figures derived while the keys were pressed? */
static bool was_busy(const struct busy *y)
{
    return y->served.pages >= BUSY_LEAST && y->served.ranges >= BUSY_LEAST && y->reloads > 0;
}

/* --- printing ---------------------------------------------------------------------------- */

static void heading(const char *title, const char *columns)
{
    printf("\n%s\n  %-24s %s\n", title, "", columns);
}

static void print_series(const struct series *v, int decimals)
{
    if (v->n)
        printf("  %9.*f %9.*f %9.*f", decimals, series_min(v), decimals, series_median(v), decimals,
               series_p95(v));
    else
        printf("  %9s %9s %9s", "-", "-", "-");
}

#define THREE "      min    median       p95"

static void print_start(const struct bench *b)
{
    heading("Start, 80x24: ms to first content, ms to loaded, MB resident, ms from quit to exit",
            THREE "  " THREE "  " THREE "  " THREE);
    for (int i = 0; i < SUBJECTS; i++) {
        const struct subject *s = &b->s[i];
        if (!s->start.n)
            continue;
        printf("  %-24s", s->name);
        print_series(&s->start, 2);
        print_series(&s->load, 2);
        print_series(&s->rss_mb, 1);
        print_series(&s->quit_ms, 2);
        printf("\n");
    }
}

static void print_keys(const struct bench *b)
{
    heading("One j in 100,000 rows: ms to last byte, bytes; PageDown: ms, bytes; keys unanswered",
            THREE "  " THREE "  " THREE "  " THREE);
    for (int i = 0; i < SUBJECTS; i++) {
        const struct subject *s = &b->s[i];
        if (!s->key.n)
            continue;
        printf("  %-24s", s->name);
        print_series(&s->key, 2);
        print_series(&s->key_bytes, 0);
        print_series(&s->page, 2);
        print_series(&s->page_bytes, 0);
        printf("  %d\n", s->missed);
    }
    heading("Flood of 1,000 x j: ms to last byte, bytes", THREE "  " THREE);
    for (int i = 0; i < SUBJECTS; i++) {
        const struct subject *s = &b->s[i];
        if (!s->flood.n)
            continue;
        printf("  %-24s", s->name);
        print_series(&s->flood, 1);
        print_series(&s->flood_bytes, 0);
        printf("\n");
    }
    heading("Filter: ms per keystroke; sort by the next column: ms to first byte, to last byte",
            THREE "  " THREE "  " THREE);
    for (int i = SOUK; i <= SOUK_BIG; i++) {
        const struct subject *s = &b->s[i];
        printf("  %-24s", s->name);
        print_series(&s->filter, 2);
        print_series(&s->sort_first, 2);
        print_series(&s->sort, 2);
        printf("\n");
    }
}

static void print_rest(const struct bench *b)
{
    heading("Idle", "    CPU %  wake-ups/s   bytes/s");
    for (int i = 0; i < SUBJECTS; i++)
        if (!isnan(b->s[i].idle_cpu))
            printf("  %-24s %9.3f   %9.2f %9.1f\n", b->s[i].name, b->s[i].idle_cpu,
                   b->s[i].idle_wakes, b->s[i].idle_bytes);
    heading("50 resizes in 1 s: ms to the last byte after the last one; wrong screens; growth",
            THREE);
    for (int i = 0; i < SUBJECTS; i++) {
        const struct subject *s = &b->s[i];
        if (!s->storm.n)
            continue;
        printf("  %-24s", s->name);
        print_series(&s->storm, 2);
        printf("  %d of %zu  %+.1f %%\n", s->storm_wrong, s->storm.n, s->storm_growth * 100);
    }
}

static void print_busy(const struct busy *y)
{
    heading("One j while 100,000 models sync: ms to the first byte; to the next model selected",
            "   median       p95       p99       max");
    const struct series *all[] = {&y->first, &y->last, &y->own};
    static const char *const names[] = {"first byte", "answer", "... less the run queue"};
    for (int i = 0; i < 3 && y->last.n; i++)
        printf("  %-24s %9.2f %9.2f %9.2f %9.2f\n", names[i], series_median(all[i]),
               series_p95(all[i]), series_p99(all[i]), series_max(all[i]));
    printf("  %zu keys answered, %d not, in %.1f s; served meanwhile: %u Hub pages, %u ranges of "
           "%lu logs;\n  the table came anew %d times; souk used %.0f %% of a processor%s\n",
           y->last.n, y->missed, y->seconds, y->served.pages, y->served.ranges, y->served.logs,
           y->reloads, y->cpu, was_busy(y) ? "" : ": NOT BUSY, nothing measured");
}

/* --- goals ------------------------------------------------------------------------------- */

static void goal(struct bench *b, const char *id, const char *what, double value, double limit,
                 const char *unit)
{
    char figure[32] = "-";
    if (!isnan(value))
        snprintf(figure, sizeof(figure), "%.3f", value);
    b->unknown += isnan(value);
    b->passed += value <= limit;
    b->failed += value > limit;
    printf("  %-4s %-58s %9s <= %-7.4g %-9s %s\n", id, what, figure, limit, unit,
           isnan(value)     ? "-"
           : value <= limit ? "pass"
                            : "FAIL");
}

static void ratio(struct bench *b, const char *id, const char *what, const struct series *ours,
                  const struct series *theirs, double limit)
{
    goal(b, id, what, series_median(ours) / series_median(theirs), limit, "x");
}

static void goals_of_start(struct bench *b)
{
    const struct subject *s = b->s;
    ratio(b, "P1", "first content, 2,000 models / tig", &s[SOUK].start, &s[TIG].start, 0.7);
    ratio(b, "P1", "... / newsboat", &s[SOUK].start, &s[NEWSBOAT].start, 0.65);
    ratio(b, "P1", "... / htop", &s[SOUK].start, &s[HTOP].start, 0.15);
    ratio(b, "P1", "... / minicurses", &s[SOUK].start, &s[MINI].start, 5);
    ratio(b, "P2", "first content, 100,000 models / 2,000 models", &s[SOUK_BIG].start,
          &s[SOUK].start, 1.2);
    ratio(b, "P3", "100,000 models loaded / tig, 100,000 commits", &s[SOUK_BIG].load,
          &s[TIG_BIG].load, 0.2);
    ratio(b, "P3", "... / nnn, 100,000 files", &s[SOUK_BIG].load, &s[NNN_BIG].load, 1);
}

static void goals_of_keys(struct bench *b)
{
    const struct subject *s = b->s;
    ratio(b, "P4", "one j, 100,000 models / tig", &s[SOUK_BIG].key, &s[TIG_BIG].key, 1.2);
    goal(b, "P4", "one j, 95th percentile", series_p95(&s[SOUK_BIG].key), 5, "ms");
    ratio(b, "P5", "bytes for one j / tig", &s[SOUK_BIG].key_bytes, &s[TIG_BIG].key_bytes, 0.25);
    ratio(b, "P5", "bytes for PageDown / tig", &s[SOUK_BIG].page_bytes, &s[TIG_BIG].page_bytes, 1);
    ratio(b, "P6", "flood of 1,000 j, time / tig", &s[SOUK_BIG].flood, &s[TIG_BIG].flood, 0.3);
    ratio(b, "P6", "flood of 1,000 j, bytes / tig", &s[SOUK_BIG].flood_bytes,
          &s[TIG_BIG].flood_bytes, 0.05);
    goal(b, "P7", "a letter in the filter, 2,000 models", series_median(&s[SOUK].filter), 2, "ms");
    goal(b, "P7", "a letter in the filter, 100,000 models", series_median(&s[SOUK_BIG].filter), 16,
         "ms");
    goal(b, "P8", "sort by another column, 100,000 models", series_median(&s[SOUK_BIG].sort), 60,
         "ms");
}

static double count_if(bool measured, int n)
{
    return measured ? (double)n : (double)NAN;
}

static void goals_of_sync(struct bench *b)
{
    bool busy = was_busy(&b->busy);
    goal(b, "P12", "one j while it syncs, 99th percentile",
         busy ? series_p99(&b->busy.last) : (double)NAN, 16, "ms");
    goal(b, "P12", "keys not answered while it syncs", count_if(busy, b->busy.missed), 0, "keys");
}

static void goals_of_cost(struct bench *b)
{
    const struct subject *s = b->s;
    ratio(b, "P9", "resident, 2,000 models / newsboat", &s[SOUK].rss_mb, &s[NEWSBOAT].rss_mb, 0.8);
    ratio(b, "P9", "resident, 100,000 models / tig", &s[SOUK_BIG].rss_mb, &s[TIG_BIG].rss_mb, 1.5);
    goal(b, "P10", "idle CPU, 100,000 models", s[SOUK_BIG].idle_cpu, 0.005, "%");
    goal(b, "P10", "idle wake-ups", s[SOUK_BIG].idle_wakes, 0.05, "/s");
    goal(b, "P10", "idle output", s[SOUK_BIG].idle_bytes, 0, "bytes/s");
    bool stormed = s[SOUK].storm.n > 0, exited = s[SOUK].quit_ms.n > 0;
    goal(b, "P14", "last byte after the last of 50 resizes", series_median(&s[SOUK].storm), 50,
         "ms");
    goal(b, "P14", "wrong screens", count_if(stormed, s[SOUK].storm_wrong), 0, "screens");
    goal(b, "P14", "memory gained by further storms", stormed ? s[SOUK].storm_growth : (double)NAN,
         0.05, "of all");
    goal(b, "P15", "quit to exit", series_median(&s[SOUK].quit_ms), 20, "ms");
    goal(b, "P15", "exits with other terminal settings than before",
         count_if(exited, s[SOUK].stty_changed + s[SOUK_BIG].stty_changed), 0, "exits");
    goal(b, "", "keys that were not answered",
         count_if(exited, s[SOUK].missed + s[SOUK_BIG].missed), 0, "keys");
}

/* --- setting up -------------------------------------------------------------------------- */

static const char usage_text[] =
    "usage: bench_tui [OPTION]...\n"
    "  --souk PATH        the program; without it only its peers are measured\n"
    "  --data2k DIR       its data directory with 2,000 models in the cache\n"
    "  --data100k DIR     ... with 100,000\n"
    "  --minicurses PATH  the floor (beside this program)\n"
    "  --rounds N         starts and floods of each program (30)\n"
    "  --busy             only the keys while souk syncs\n"
    "  --quick            few rounds: to see that it works, not to measure\n"
    "Exit status: 0 if no goal failed, 1 if one did or a program did not start, 2 usage.\n";

static void add_peers(struct bench *b, const char *root, const char *minicurses)
{
    char *small = NULL, *big = NULL, *files = NULL, *home = NULL;
    if (data_have("git") && data_have("tig")) {
        small = data_repository(root, "small", 5);
        big = data_repository(root, "big", BIG);
    }
    if (data_have("nnn"))
        files = data_directory(root, BIG);
    if (data_have("newsboat"))
        home = data_newsboat_home(root);
    b->s[MINI] = (struct subject){.name = "minicurses, 100,000 rows",
                                  .argv = {minicurses},
                                  .content = "row 23",
                                  .quit = "q",
                                  .list = true};
    b->s[TIG] = (struct subject){.name = "tig, 5 commits",
                                 .argv = {small ? "tig" : NULL},
                                 .cwd = small,
                                 .content = "commit number",
                                 .quit = "Q"};
    b->s[TIG_BIG] = (struct subject){.name = "tig, 100,000 commits",
                                     .argv = {big ? "tig" : NULL},
                                     .cwd = big,
                                     .content = "commit number",
                                     .loaded = "of 100000",
                                     .quit = "Q",
                                     .list = true};
    b->s[NNN_BIG] = (struct subject){.name = "nnn, 100,000 files",
                                     .argv = {files ? "nnn" : NULL},
                                     .cwd = files,
                                     .content = "file-000001",
                                     .quit = "q",
                                     .list = true};
    b->s[HTOP] = (struct subject){
        .name = "htop", .argv = {data_have("htop") ? "htop" : NULL}, .content = "PID", .quit = "q"};
    b->s[NEWSBOAT] = (struct subject){.name = "newsboat, 2,000 articles",
                                      .argv = {home ? "newsboat" : NULL},
                                      .home = home,
                                      .content = "Bench feed",
                                      .quit = "Q"};
}

/* The programs run in directories of their own. NULL stays NULL. */
static char *absolute(const char *path)
{
    char *full = path ? realpath(path, NULL) : NULL;
    if (path && !full) {
        perror(path);
        exit(2);
    }
    return full;
}

static void add_souk(struct subject *s, const char *name, const char *program, const char *data,
                     const char *count, bool list)
{
    *s = (struct subject){
        .name = name,
        .argv = {program, "--network", "devnet", "--offline", "--data", data},
        .loaded = count,
        .quit = "Q",
        .list = list,
    };
    if (!program || !data)
        s->argv[0] = NULL;
}

static void run(struct bench *b, const char *root, const char *big)
{
    if (b->busy_only) {
        measure_busy(b, root, big);
        print_busy(&b->busy);
        goals_of_sync(b);
        return;
    }
    for (int n = 0; n < b->rounds; n++)
        for (int i = 0; i < SUBJECTS; i++)
            if (b->s[i].argv[0])
                measure_start(&b->s[i]);
    print_start(b);
    fflush(stdout);
    measure_keys(b);
    measure_filter_and_sort(b);
    print_keys(b);
    fflush(stdout);
    measure_idle(b);
    measure_storm(b, &b->s[MINI]);
    measure_storm(b, &b->s[TIG]);
    measure_storm(b, &b->s[SOUK]);
    print_rest(b);
    fflush(stdout);
    measure_busy(b, root, big);
    print_busy(&b->busy);
    printf("\nGoals (medians of this run)\n");
    goals_of_start(b);
    goals_of_keys(b);
    goals_of_sync(b);
    goals_of_cost(b);
    printf("\n%d goals passed, %d failed, %d not measured\n", b->passed, b->failed, b->unknown);
}

static void release(struct subject *s)
{
    struct series *all[] = {&s->start,     &s->load,       &s->rss_mb,    &s->quit_ms,
                            &s->key,       &s->page,       &s->flood,     &s->flood_bytes,
                            &s->filter,    &s->sort,       &s->storm,     &s->key_first,
                            &s->key_bytes, &s->page_bytes, &s->sort_first};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        series_release(all[i]);
    free(s->cwd);
    free(s->home);
}

struct choice {
    char *souk, *small, *big, *minicurses;
};

static void parse(struct choice *c, struct bench *b, int argc, char **argv)
{
    static const struct option options[] = {
        {"souk", required_argument, NULL, 's'},
        {"data2k", required_argument, NULL, '2'},
        {"data100k", required_argument, NULL, '1'},
        {"minicurses", required_argument, NULL, 'm'},
        {"rounds", required_argument, NULL, 'r'},
        {"quick", no_argument, NULL, 'q'},
        {"busy", no_argument, NULL, 'b'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int opt;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 's') {
            c->souk = absolute(optarg);
        } else if (opt == '2') {
            c->small = absolute(optarg);
        } else if (opt == '1') {
            c->big = absolute(optarg);
        } else if (opt == 'm') {
            c->minicurses = absolute(optarg);
        } else if (opt == 'r') {
            b->rounds = atoi(optarg);
        } else if (opt == 'b') {
            b->busy_only = true;
        } else if (opt == 'q') {
            b->rounds = 3;
            b->keys = 10;
            b->busy_keys = 300;
            b->idle_s = 4;
            b->storms = 2;
        } else {
            fputs(usage_text, opt == 'h' ? stdout : stderr);
            exit(opt == 'h' ? 0 : 2);
        }
    }
    if (optind < argc || b->rounds < 1) {
        fputs(usage_text, stderr);
        exit(2);
    }
}

/* The floor is built into the same directory as this program. */
static char *beside_us(const char *name)
{
    char self[4096] = "", path[4200];
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        exit(2);
    snprintf(path, sizeof(path), "%s/%s", dirname(self), name);
    return absolute(path);
}

int main(int argc, char **argv)
{
    static struct bench b = {
        .rounds = 30, .keys = 60, .busy_keys = 1000, .idle_s = 20, .storms = 5};
    struct choice c = {0};
    parse(&c, &b, argc, argv);
    if (!c.minicurses)
        c.minicurses = beside_us("minicurses");
    char *root = data_root();
    if (!b.busy_only)
        add_peers(&b, root, c.minicurses);
    add_souk(&b.s[SOUK], "souk, 2,000 models", c.souk, c.small, "of 2,000", false);
    add_souk(&b.s[SOUK_BIG], "souk, 100,000 models", c.souk, c.big, "of 100,000", true);
    for (int i = 0; i < SUBJECTS; i++)
        b.s[i].idle_cpu = b.s[i].idle_wakes = b.s[i].idle_bytes = NAN;
    run(&b, root, c.big);
    data_remove(root);
    free(root);
    bool gave_up = false;
    for (int i = 0; i < SUBJECTS; i++) {
        gave_up = gave_up || b.s[i].gave_up;
        release(&b.s[i]);
    }
    series_release(&b.busy.first);
    series_release(&b.busy.last);
    series_release(&b.busy.own);
    free(c.souk);
    free(c.small);
    free(c.big);
    free(c.minicurses);
    return b.failed > 0 || gave_up;
}
