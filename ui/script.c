#include "ui/script.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/banned.h"

enum { SCRIPT_MAX = 1024 * 1024, WAIT_MS = 30000, DUMP_MAX = 16 * 1024 * 1024 };

struct script {
    struct app *app;
    char *name, *dump_dir;
    struct buf text;
    char *next; /* the line to run next; each ends in a NUL */
    int line;
    uint64_t timer; /* runs while a line waits */
    bool done;
};

/* --- reading */

static souk_err read_all(int fd, struct buf *out, const char *name, struct err *e)
{
    char bytes[4096];
    ssize_t n;
    while ((n = read(fd, bytes, sizeof bytes)) != 0) {
        if (n < 0 && errno != EINTR) {
            return err_set(e, SOUK_EINPUT, "%s cannot be read: %s", name, strerror(errno));
        }
        buf_add(out, bytes, n > 0 ? (size_t)n : 0);
    }
    return buf_check(out, name, e);
}

static void cut_lines(struct script *s)
{
    for (size_t i = 0; i < s->text.len; i++) {
        char *c = &s->text.p[i];
        if (*c == '\n') {
            *c = '\0';
            /* cppcheck-suppress objectIndex ; it takes text.p for an object of its own */
        } else if (*c == '\r' && c[1] == '\n') {
            memmove(c, c + 1, s->text.len - i); /* with the NUL at the end */
            s->text.len--;
            i--;
        }
    }
    s->next = s->text.p;
    s->line = 1;
}

struct script *script_new(struct app *a, const char *path, const char *dump_dir, struct err *e)
{
    struct script *s = mem_zalloc(sizeof *s);
    if (!s) {
        err_nomem(e);
        return NULL;
    }
    buf_init(&s->text, SCRIPT_MAX);
    s->app = a;
    s->name = mem_strdup(path);
    s->dump_dir = dump_dir ? mem_strdup(dump_dir) : NULL;
    bool std = !strcmp(path, "-");
    int fd = std ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    souk_err rc = SOUK_OK;
    if (!s->name || (dump_dir && !s->dump_dir)) {
        rc = err_nomem(e);
    } else if (fd < 0) {
        rc = err_set(e, SOUK_EINPUT, "the script %s cannot be opened: %s", path, strerror(errno));
    } else {
        rc = read_all(fd, &s->text, path, e);
    }
    if (fd >= 0 && !std) {
        close(fd);
    }
    if (rc) {
        script_free(s);
        return NULL;
    }
    cut_lines(s);
    return s;
}

void script_free(struct script *s)
{
    if (s) {
        mem_free(s->name);
        mem_free(s->dump_dir);
        buf_release(&s->text);
        mem_free(s);
    }
}

/* --- failing */

static void end(struct script *s, int code)
{
    s->done = true;
    loop_timer_cancel(app_loop(s->app), s->timer);
    s->timer = 0;
    app_quit(s->app, code);
}

static void complain(struct script *s, const char *what, const char *about)
{
    struct buf b;
    buf_init(&b, DUMP_MAX);
    buf_addf(&b, "%s:%d: %s: %s\n", s->name, s->line, what, about);
    fputs(b.p, stderr);
    buf_clear(&b);
    test_dump(app_canvas(s->app), false, &b);
    fputs(b.p, stderr);
    buf_release(&b);
    end(s, 1);
}

/* --- commands */

static void feed_key(struct script *s, struct key k)
{
    struct event ev = {.kind = EV_KEY, .key = k};
    app_feed(s->app, &ev);
}

static void run_keys(struct script *s, const char *p)
{
    for (; *p; p += strspn(p, " \t")) {
        struct key k;
        size_t used = key_parse(p, &k);
        if (!used) {
            complain(s, "not a key", p);
            return;
        }
        feed_key(s, k);
        p += used;
    }
}

static void run_type(struct script *s, const char *p)
{
    size_t n = strlen(p);
    while (n) {
        struct key k = {0};
        size_t used = utf8_get(p, n, &k.code, NULL);
        feed_key(s, k);
        p += used;
        n -= used;
    }
}

static void run_paste(struct script *s, const char *p)
{
    struct event ev = {.kind = EV_PASTE, .paste = untrusted(p)};
    app_feed(s->app, &ev);
}

static void run_do(struct script *s, const char *name)
{
    enum action act = action_by_name(name);
    if (act == ACT_NONE || !app_do(s->app, act)) {
        complain(s, act == ACT_NONE ? "no such action" : "nobody takes the action", name);
    }
}

static void write_dump(struct script *s, const char *name, bool styles)
{
    struct buf b;
    char path[PATH_MAX];
    buf_init(&b, DUMP_MAX);
    test_dump(app_canvas(s->app), styles, &b);
    FILE *f = stdout;
    if (*name && s->dump_dir) {
        snprintf(path, sizeof path, "%s/%s.screen", s->dump_dir, name);
        f = fopen(path, "we");
    }
    if (!f) {
        complain(s, strerror(errno), path);
    } else {
        if (f == stdout && *name) {
            fprintf(f, "== %s\n", name);
        }
        fwrite(b.p, 1, b.len, f);
        if (f == stdout) {
            fflush(f);
        } else {
            fclose(f);
        }
    }
    buf_release(&b);
}

static void run_dump(struct script *s, const char *name)
{
    write_dump(s, name, false);
}

static void run_styles(struct script *s, const char *name)
{
    write_dump(s, name, true);
}

static void run_resize(struct script *s, const char *p)
{
    int w = 0, h = 0;
    if (sscanf(p, "%d %d", &w, &h) != 2 || w < 1 || h < 1) {
        complain(s, "not a size", p);
    } else {
        app_resize(s->app, w, h);
    }
}

static void run_clock(struct script *s, const char *p)
{
    long n = 0;
    char unit = 's';
    if (sscanf(p, "+%ld%c", &n, &unit) < 1 || n < 0 || !strchr("smhd", unit)) {
        complain(s, "not a time, as in +30s", p);
    } else if (!clock_is_fixed()) {
        complain(s, "the clock is not fixed", p);
    } else {
        clock_advance(n * (unit == 's' ? 1 : unit == 'm' ? 60 : unit == 'h' ? 3600 : 86400));
        app_dirty(s->app);
    }
}

static void run_quit(struct script *s, const char *p)
{
    (void)p;
    end(s, 0);
}

/* Takes the quotes off; the end is the last one of the line. */
static char *quoted(struct script *s, char *p)
{
    size_t n = strlen(p);
    if (n < 2 || p[0] != '"' || p[n - 1] != '"') {
        complain(s, "not a text between quotes", p);
        return NULL;
    }
    p[n - 1] = '\0';
    return p + 1;
}

static char *after(char *p, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(p, word, n) != 0 || (p[n] && p[n] != ' ')) {
        return NULL;
    }
    p += n;
    return p + strspn(p, " ");
}

static void run_expect(struct script *s, char *p)
{
    char *no = after(p, "no");
    char *text = after(no ? no : p, "text");
    text = text ? quoted(s, text) : NULL;
    if (!text) {
        if (!s->done) {
            complain(s, "expect what?", p);
        }
    } else if (test_has_text(app_canvas(s->app), text) == (no != NULL)) {
        complain(s, no ? "on the screen" : "not on the screen", text);
    }
}

/* True when it came; false: this line has to be looked at again. */
static bool run_wait(struct script *s, char *p)
{
    char *text = after(p, "text");
    if (!text) {
        if (!after(p, "idle")) {
            complain(s, "wait for what?", p);
        }
        return app_settled(s->app);
    }
    char copy[256];
    snprintf(copy, sizeof copy, "%s", text); /* quoted() cuts it, and the line may be run again */
    char *want = quoted(s, copy);
    return !want || test_has_text(app_canvas(s->app), want);
}

static const struct {
    const char *word;
    void (*run)(struct script *s, const char *rest);
} commands[] = {
    {"key", run_keys},      {"type", run_type},   {"paste", run_paste},
    {"do", run_do},         {"dump", run_dump},   {"styles", run_styles},
    {"resize", run_resize}, {"clock", run_clock}, {"quit", run_quit},
};

/* --- the turns */

/* Runs one line; false when it has to wait. */
static bool run_line(struct script *s, char *p)
{
    char *rest;
    if (!*p || *p == '#') {
        return true;
    }
    if ((rest = after(p, "wait"))) {
        return run_wait(s, rest);
    }
    if (!app_settled(s->app)) {
        return false;
    }
    if ((rest = after(p, "expect"))) {
        run_expect(s, rest);
        return true;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if ((rest = after(p, commands[i].word))) {
            commands[i].run(s, rest);
            return true;
        }
    }
    run_keys(s, p);
    return true;
}

static void wait_expired(void *ud)
{
    struct script *s = ud;
    s->timer = 0;
    complain(s, "waited too long", s->next);
}

static void take_turn(void *ud)
{
    struct script *s = ud;
    while (!s->done && s->next < s->text.p + s->text.len) {
        size_t n = strlen(s->next); /* of the whole line: running it may cut it */
        if (!run_line(s, s->next + strspn(s->next, " \t"))) {
            if (!s->timer) {
                s->timer = loop_timer(app_loop(s->app), WAIT_MS, wait_expired, s);
            }
            return;
        }
        loop_timer_cancel(app_loop(s->app), s->timer);
        s->timer = 0;
        s->next += n + 1;
        s->line++;
        app_draw_now(s->app);
    }
    if (!s->done && app_settled(s->app)) {
        end(s, 0);
    }
}

void script_start(struct script *s)
{
    app_on_turn(s->app, take_turn, s);
}
