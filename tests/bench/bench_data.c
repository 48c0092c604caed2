#include "bench_data.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *join(const char *dir, const char *name)
{
    char *path;
    if (asprintf(&path, "%s/%s", dir, name) < 0) {
        fputs("bench: out of memory\n", stderr);
        exit(EXIT_FAILURE);
    }
    return path;
}

bool data_have(const char *program)
{
    const char *path = getenv("PATH");
    for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
        size_t n = strcspn(p, ":");
        char file[4096];
        snprintf(file, sizeof(file), "%.*s/%s", (int)n, p, program);
        if (access(file, X_OK) == 0)
            return true;
        p += n + (p[n] == ':');
    }
    return false;
}

char *data_root(void)
{
    const char *tmp = getenv("TMPDIR");
    char *root = join(tmp ? tmp : "/tmp", "souk-bench-XXXXXX");
    if (!mkdtemp(root)) {
        fprintf(stderr, "bench: cannot make %s: %s\n", root, strerror(errno));
        exit(EXIT_FAILURE);
    }
    return root;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

void data_remove(const char *root)
{
    nftw(root, remove_entry, 32, FTW_DEPTH | FTW_PHYS);
}

/* Run a program in `dir`, at home there, silently; its input comes from `feed`, if there is one. */
static bool run(const char *dir, const char *const argv[], void (*feed)(FILE *, int), int arg)
{
    int fds[2], status;
    if (pipe2(fds, O_CLOEXEC) != 0)
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(fds[0], STDIN_FILENO);
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
        if (chdir(dir) != 0)
            _exit(127);
        setenv("HOME", dir, 1);
        setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    close(fds[0]);
    FILE *f = fdopen(fds[1], "w");
    if (feed)
        feed(f, arg);
    fclose(f);
    bool ok = pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
    if (!ok)
        fprintf(stderr, "bench: %s failed\n", argv[0]);
    return ok;
}

static void feed_commits(FILE *f, int commits)
{
    for (int i = 1; i <= commits; i++) {
        char message[64];
        int n = snprintf(message, sizeof(message), "commit number %d of the benchmark", i);
        fprintf(f,
                "commit refs/heads/master\ncommitter Bench %d <bench@localhost> %d +0000\n"
                "data %d\n%s\n",
                i % 97, 1600000000 + i * 60, n, message);
        if (i == 1)
            fputs("M 100644 inline file\ndata 5\ntext\n\n", f);
    }
}

char *data_repository(const char *root, const char *name, int commits)
{
    char *dir = join(root, name);
    bool ok =
        mkdir(dir, 0700) == 0 &&
        run(dir, (const char *[]){"git", "init", "-q", "-b", "master", NULL}, NULL, 0) &&
        run(dir, (const char *[]){"git", "fast-import", "--quiet", NULL}, feed_commits, commits) &&
        run(dir, (const char *[]){"git", "reset", "-q", "--hard", NULL}, NULL, 0) &&
        /* As git gc does; without it git sorts all commits before tig sees the first. */
        run(dir, (const char *[]){"git", "commit-graph", "write", "--reachable", NULL}, NULL, 0);
    if (!ok) {
        free(dir);
        return NULL;
    }
    return dir;
}

char *data_directory(const char *root, int files)
{
    char *dir = join(root, "files");
    bool ok = mkdir(dir, 0700) == 0;
    for (int i = 1; i <= files && ok; i++) {
        char name[32];
        snprintf(name, sizeof(name), "file-%06d.txt", i);
        char *path = join(dir, name);
        int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        ok = fd >= 0 && close(fd) == 0;
        free(path);
    }
    if (!ok) {
        fprintf(stderr, "bench: cannot fill %s: %s\n", dir, strerror(errno));
        free(dir);
        return NULL;
    }
    return dir;
}

static bool write_feed(const char *home)
{
    char *dir = join(home, ".newsboat"), *feed = join(home, "feed.xml"), *urls = join(dir, "urls");
    bool ok = mkdir(dir, 0700) == 0;
    FILE *f = ok ? fopen(urls, "we") : NULL;
    ok = f && fprintf(f, "file://%s\n", feed) > 0 && fclose(f) == 0;
    f = ok ? fopen(feed, "we") : NULL;
    if (f) {
        fputs("<rss version=\"2.0\"><channel><title>Bench feed</title>"
              "<link>http://localhost/</link><description>d</description>\n",
              f);
        for (int i = 1; i <= ARTICLES; i++)
            fprintf(f,
                    "<item><title>Article %d of the benchmark</title>"
                    "<link>http://localhost/%d</link><guid>%d</guid>"
                    "<description>The text of an article about as long as a model's "
                    "summary.</description></item>\n",
                    i, i, i);
        fputs("</channel></rss>\n", f);
    }
    ok = f && fclose(f) == 0;
    free(dir);
    free(feed);
    free(urls);
    return ok;
}

char *data_newsboat_home(const char *root)
{
    char *home = join(root, "newsboat");
    bool ok = mkdir(home, 0700) == 0 && write_feed(home) &&
              run(home, (const char *[]){"newsboat", "-x", "reload", NULL}, NULL, 0);
    if (!ok) {
        free(home);
        return NULL;
    }
    return home;
}

static bool copy_file(const char *from, const char *to)
{
    struct stat st;
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = in >= 0 && out >= 0 && fstat(in, &st) == 0;
    for (off_t at = 0; ok && at < st.st_size;)
        ok = sendfile(out, in, &at, (size_t)(st.st_size - at)) > 0;
    if (in >= 0)
        close(in);
    return out >= 0 && close(out) == 0 && ok;
}

char *data_souk(const char *root, const char *from)
{
    char *dir = join(root, "souk"), *cache = join(dir, "cache"), *config = join(dir, "config");
    char *old = join(from, "cache/devnet.db"), *new = join(cache, "bench.db");
    bool ok = mkdir(dir, 0700) == 0 && mkdir(cache, 0700) == 0 && mkdir(config, 0700) == 0 &&
              copy_file(old, new);
    if (!ok) {
        fprintf(stderr, "bench: cannot copy %s: %s\n", old, strerror(errno));
        free(dir);
        dir = NULL;
    }
    free(cache);
    free(config);
    free(old);
    free(new);
    return dir;
}
