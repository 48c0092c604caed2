/*
 * souk-signer: the process that holds the keys. souk starts it; see wallet/signer.h.
 */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "signer/signer.h"

#include "base/banned.h"

static const struct {
    const char *name;
    souk_err (*run)(char **argv, struct err *e);
} commands[] = {
    {"create", cmd_create},     {"import", cmd_import},     {"export", cmd_export},
    {"accounts", cmd_accounts}, {"password", cmd_password}, {"serve", cmd_serve},
};

/* A descriptor opened later must not become somebody's standard output. */
static void fill_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

static souk_err run(int argc, char **argv, struct err *e)
{
    for (size_t i = 0; argc > 1 && i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        souk_err r = key_start(e);
        if (!r)
            r = commands[i].run(argv + 2, e);
        warn_unlocked();
        return r;
    }
    return err_set(e, SOUK_EUSAGE,
                   "this program holds the keys for souk, which starts it: say souk wallet");
}

int main(int argc, char **argv)
{
    struct err e = {0};
    souk_err r = secret_harden(&e); /* before anything secret can be here */
    fill_standard_streams();
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    umask(0077);
    if (!r)
        r = run(argc, argv, &e);
    if (r && e.msg[0]) {
        fputs("souk-signer: ", stderr);
        text_fputs(stderr, untrusted(e.msg));
        fputc('\n', stderr);
    }
    return (int)r;
}
