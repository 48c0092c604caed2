/* ttyshot: run a program in a terminal of a given size, play keys, keep a picture of the screen. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tty.h"
#include "tty_svg.h"

static const char usage_text[] =
    "usage: ttyshot [OPTION]... -o FILE [STEP]... -- PROGRAM [ARGUMENT]...\n"
    "Run PROGRAM in a terminal, play the steps in their order, write its screen to FILE.\n"
    "\n"
    "  -o FILE         .svg, .png, .txt (the text) or .looks (text and attributes); - is text\n"
    "  -s WxH          size (80x24)\n"
    "  -T TERM         terminal type (xterm-256color)\n"
    "  -C DIR          working directory (a new empty home)\n"
    "  -e NAME=VALUE   add to the environment\n"
    "  -N              set NO_COLOR\n"
    "  -d MS           deadline of each wait (10000)\n"
    "steps:\n"
    "  -w TEXT         wait until TEXT is on the screen\n"
    "  -n TEXT         wait until TEXT is not on the screen\n"
    "  -q MS           wait for MS of silence; the last step is always -q 150\n"
    "  -k KEYS         press keys: text, <Down>, <C-l>, <Enter>, ...\n"
    "  -r WxH          resize\n"
    "\n"
    "Exit status: 0; 1 if a wait failed (the screen is written all the same); 2 usage; 3 if the\n"
    "program wrote what a curses program does not, which is then listed on stderr.\n";

enum { STEPS_MAX = 256, ENV_MAX = 64 };

struct step {
    int what;
    const char *arg;
};

struct plan {
    struct tty_opts opts;
    const char *env[ENV_MAX + 1];
    const char *out;
    int deadline_ms;
    struct step steps[STEPS_MAX];
    size_t n_steps, n_env;
};

_Noreturn static void usage(void)
{
    fputs(usage_text, stderr);
    exit(2);
}

static void parse_size(const char *s, int *cols, int *rows)
{
    char end;
    if (sscanf(s, "%dx%d%c", cols, rows, &end) != 2 || *cols < 1 || *rows < 1 || *cols > 1000 ||
        *rows > 1000)
        usage();
}

static void parse(struct plan *p, int argc, char **argv)
{
    int opt;
    while ((opt = getopt(argc, argv, "+o:s:T:C:e:Nd:w:n:q:k:r:h")) != -1) {
        switch (opt) {
        case 'o':
            p->out = optarg;
            break;
        case 's':
            parse_size(optarg, &p->opts.cols, &p->opts.rows);
            break;
        case 'T':
            p->opts.term = optarg;
            break;
        case 'C':
            p->opts.cwd = optarg;
            break;
        case 'e':
            if (p->n_env == ENV_MAX)
                usage();
            p->env[p->n_env++] = optarg;
            break;
        case 'N':
            p->opts.no_color = true;
            break;
        case 'd':
            p->deadline_ms = atoi(optarg);
            break;
        case 'w':
        case 'n':
        case 'q':
        case 'k':
        case 'r':
            if (p->n_steps == STEPS_MAX)
                usage();
            p->steps[p->n_steps++] = (struct step){opt, optarg};
            break;
        case 'h':
            fputs(usage_text, stdout);
            exit(0);
        default:
            usage();
        }
    }
    if (optind == argc || !p->out)
        usage();
    p->opts.argv = (const char *const *)(argv + optind);
    p->opts.env = p->env;
}

static bool play(struct tty *t, const struct step *step)
{
    int cols, rows;
    switch (step->what) {
    case 'w':
        return tty_wait_text(t, step->arg);
    case 'n':
        return tty_wait_no_text(t, step->arg);
    case 'q':
        return tty_wait_quiet(t, atoi(step->arg));
    case 'k':
        tty_keys(t, step->arg);
        return true;
    default:
        parse_size(step->arg, &cols, &rows);
        tty_resize(t, cols, rows);
        return true;
    }
}

static bool write_file(const char *path, const char *text, const char *more)
{
    FILE *f = strcmp(path, "-") != 0 ? fopen(path, "we") : stdout;
    if (!f)
        return false;
    fputs(text, f);
    fputs(more, f);
    return fflush(f) == 0 && !ferror(f) && (f == stdout || fclose(f) == 0);
}

/* Hand the SVG to a converter: rsvg-convert, or ImageMagick where that is not installed. */
static bool write_png(const char *path, const char *svg)
{
    int fds[2], status;
    if (pipe(fds) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[0], STDIN_FILENO);
        close(fds[0]);
        close(fds[1]);
        execlp("rsvg-convert", "rsvg-convert", "--zoom=2", "--output", path, (char *)NULL);
        execlp("convert", "convert", "-density", "192", "svg:-", path, (char *)NULL);
        _exit(127);
    }
    close(fds[0]);
    if (pid < 0)
        return false;
    FILE *f = fdopen(fds[1], "w");
    bool written = f && fputs(svg, f) >= 0;
    if (f)
        fclose(f);
    return waitpid(pid, &status, 0) == pid && written && status == 0;
}

static bool has_suffix(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && !strcmp(s + n - m, suffix);
}

static bool write_screen(const struct tty *t, const char *path)
{
    bool svg = has_suffix(path, ".svg"), png = has_suffix(path, ".png");
    char *text = svg || png ? tty_svg(t) : tty_text(t);
    char *looks = has_suffix(path, ".looks") ? tty_looks(t) : strdup("");
    bool ok = png ? write_png(path, text) : write_file(path, text, looks);
    if (!ok)
        fprintf(stderr, "ttyshot: cannot write %s%s\n", path,
                png ? " (is rsvg-convert, package librsvg2-bin, installed?)" : "");
    free(text);
    free(looks);
    return ok;
}

int main(int argc, char **argv)
{
    static struct plan p = {.deadline_ms = 10000};
    parse(&p, argc, argv);
    struct tty *t = tty_spawn(&p.opts);
    tty_set_deadline(t, p.deadline_ms);
    bool ok = true;
    for (size_t i = 0; i < p.n_steps && ok; i++)
        ok = play(t, &p.steps[i]);
    ok = ok && tty_wait_quiet(t, 150);
    if (!ok)
        fprintf(stderr, "ttyshot: %s", tty_error(t));
    ok = write_screen(t, p.out) && ok;
    char *report = tty_violation_report(t);
    if (*report)
        fprintf(stderr, "ttyshot: this is not what a curses program writes:\n%s", report);
    int status = !ok ? 1 : *report ? 3 : 0;
    free(report);
    tty_free(t);
    return status;
}
