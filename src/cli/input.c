#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/banned.h"

souk_err input_file(const char *path, struct buf *out, struct err *e)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(e, SOUK_EINPUT, "the input file %s cannot be opened: %s", path,
                       strerror(errno));
    char piece[65536];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) > 0 && !out->bad)
        buf_add(out, piece, (size_t)n);
    int why = n < 0 ? errno : 0;
    if (!standard)
        close(fd);
    if (why)
        return err_set(e, SOUK_EINPUT, "the input file %s cannot be read: %s", path, strerror(why));
    return buf_check(out, "the input", e);
}
