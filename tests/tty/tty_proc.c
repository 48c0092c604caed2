/* What a process tree costs, from /proc. A process that ends while it is read counts as gone. */
#include "tty_internal.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct process {
    pid_t pid, parent;
    uint64_t reaped_ticks; /* CPU time of the children it has waited for */
    bool ours;
};

static bool read_stat(pid_t pid, struct process *p)
{
    char path[64], line[1024];
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    bool ok = fgets(line, sizeof(line), f) != NULL;
    fclose(f);
    const char *rest = ok ? strrchr(line, ')') : NULL; /* the name may hold anything */
    uint64_t user, system;
    int parent;
    /* pid (name) state ppid ... 13 more fields ... cutime cstime */
    ok = rest && sscanf(rest + 1,
                        " %*c %d %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64 " %" SCNu64,
                        &parent, &user, &system) == 3;
    if (ok)
        *p = (struct process){.pid = pid, .parent = parent, .reaped_ticks = user + system};
    return ok;
}

static struct process *list_processes(size_t *n)
{
    struct process *list = NULL;
    size_t cap = 0;
    *n = 0;
    DIR *dir = opendir("/proc");
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        if (*n == cap) {
            cap = cap * 2 + 64;
            list = realloc(list, cap * sizeof(*list));
            if (!list)
                tty_die("out of memory");
        }
        *n += read_stat((pid_t)atoi(e->d_name), &list[*n]);
    }
    if (dir)
        closedir(dir);
    return list;
}

/* Add the fields of a status file that we know. */
static void add_status(const char *path, bool memory, struct tty_usage *u)
{
    char line[256];
    FILE *f = fopen(path, "re");
    if (!f)
        return;
    while (fgets(line, sizeof(line), f)) {
        uint64_t value;
        if (memory && sscanf(line, "VmRSS: %" SCNu64, &value) == 1)
            u->rss_kib += value;
        else if (memory && sscanf(line, "VmHWM: %" SCNu64, &value) == 1)
            u->peak_kib += value;
        else if (!memory && sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &value) == 1)
            u->voluntary += value;
    }
    fclose(f);
}

static void add_threads(pid_t pid, struct tty_usage *u)
{
    char path[300];
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *dir = opendir(path);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        if (!isdigit((unsigned char)e->d_name[0]))
            continue;
        u->threads++;
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/status", pid, e->d_name);
        add_status(path, false, u);
        snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", pid, e->d_name);
        FILE *f = fopen(path, "re");
        int64_t ns;
        if (f && fscanf(f, "%" SCNd64, &ns) == 1)
            u->cpu_ns += ns;
        if (f)
            fclose(f);
    }
    if (dir)
        closedir(dir);
}

static void add_process(const struct process *p, struct tty_usage *u)
{
    char path[64];
    u->processes++;
    u->cpu_ns += (int64_t)p->reaped_ticks * (INT64_C(1000000000) / sysconf(_SC_CLK_TCK));
    snprintf(path, sizeof(path), "/proc/%d/status", p->pid);
    add_status(path, true, u);
    add_threads(p->pid, u);
}

struct tty_usage tty_proc_usage(pid_t root)
{
    size_t n;
    struct process *list = list_processes(&n);
    struct tty_usage u = {0};
    /* A child may be listed before its parent: look until nobody new is found. */
    for (bool found = true; found;) {
        found = false;
        for (size_t i = 0; i < n; i++) {
            bool child = list[i].pid == root;
            for (size_t j = 0; j < n && !child; j++)
                child = list[j].ours && list[j].pid == list[i].parent;
            if (child && !list[i].ours) {
                list[i].ours = found = true;
                add_process(&list[i], &u);
            }
        }
    }
    free(list);
    return u;
}
