#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/human.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/banned.h"

enum {
    LOG_LINE_MAX = 1024,
    LOG_FILE_MAX = 1024 * 1024,
    LOG_KEEP = LOG_FILE_MAX / 2,
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int fd = -1; /* under lock */

souk_err log_open(const char *path, struct err *e)
{
    int now = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (now < 0) {
        return err_set(e, SOUK_EFAIL, "cannot open the log %s: %s", path, strerror(errno));
    }
    log_close();
    pthread_mutex_lock(&lock);
    fd = now;
    pthread_mutex_unlock(&lock);
    return SOUK_OK;
}

void log_close(void)
{
    pthread_mutex_lock(&lock);
    if (fd >= 0) {
        close(fd);
        fd = -1;
    }
    pthread_mutex_unlock(&lock);
}

/* Keeps the younger half, from a line's beginning. In place: another souk may have it open too. */
static void cut_in_half(off_t size)
{
    char *half = mem_alloc(LOG_KEEP);
    if (!half) {
        return; /* the next line tries again */
    }
    ssize_t n = pread(fd, half, LOG_KEEP, size - LOG_KEEP);
    char *from = n > 0 ? memchr(half, '\n', (size_t)n) : NULL;
    if (from && ftruncate(fd, 0) == 0) {
        from++;
        ssize_t written = write(fd, from, (size_t)(half + n - from));
        (void)written; /* a full disk costs us old lines, nothing more */
    }
    mem_free(half);
}

static void put(const char *level, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void put(const char *level, const char *fmt, va_list ap)
{
    char raw[LOG_LINE_MAX], when[HUMAN_BUF];
    struct buf line;
    if (vsnprintf(raw, sizeof raw, fmt, ap) < 0) {
        return;
    }
    buf_init(&line, 4 * LOG_LINE_MAX); /* a bad byte grows to three */
    buf_addf(&line, "%s %s ", human_iso(when, clock_now()), level);
    text_add(&line, untrusted(raw), 0, TEXT_UNICODE);
    if (line.len > LOG_LINE_MAX - 1) {
        line.len = LOG_LINE_MAX - 1;
        while (((unsigned char)line.p[line.len] & 0xC0) == 0x80) {
            line.len--;
        }
    }
    buf_addc(&line, '\n');
    pthread_mutex_lock(&lock);
    struct stat st;
    if (fd >= 0 && !line.bad && write(fd, line.p, line.len) > 0 && fstat(fd, &st) == 0 &&
        S_ISREG(st.st_mode) && st.st_size > LOG_FILE_MAX) {
        cut_in_half(st.st_size);
    }
    pthread_mutex_unlock(&lock);
    buf_release(&line);
}

void log_info(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put("info", fmt, ap);
    va_end(ap);
}

void log_warn(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put("warn", fmt, ap);
    va_end(ap);
}
