#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/devnet.h"
#include "cli/out.h"
#include "ui/ui.h"

#include "base/banned.h"

/* The UI; when its user asked for the devnet, that is started and the UI opens on it. */
static souk_err run_ui(const struct options *o, struct err *e)
{
    struct devnet_options d;
    souk_err r = devnet_options_from(o, &d, e);
    if (r)
        return r;
    d.owned = true;
    d.port = o->set[OPT_PORT] ? d.port : 0; /* whoever just wants to look need not choose ports */
    d.traffic = o->set[OPT_TRAFFIC] ? d.traffic : 20;
    struct ui_options u = {
        .network = o->value[OPT_NETWORK],
        .offline = o->set[OPT_OFFLINE],
        .no_color = o->set[OPT_NO_COLOR],
        .theme = o->value[OPT_THEME],
        .script = o->value[OPT_SCRIPT],
        .term = o->value[OPT_TERM],
        .window = o->value[OPT_WINDOW],
    };
    bool devnet = o->set[OPT_DEVNET], started = false, ours = false;
    if (devnet && u.network && strcmp(u.network, "devnet") != 0)
        return err_set(e, SOUK_EUSAGE, "--devnet opens the network devnet, not %s", u.network);
    for (;;) {
        if (devnet) {
            r = devnet_up(&d, &started, e);
            if (r)
                return r;
            u.network = "devnet";
            ours = ours || started;
        }
        enum ui_exit how;
        r = ui_run(&u, &how, e);
        if (r || how != UI_EXIT_DEVNET) {
            if (ours) /* it would go with us anyway; this waits until it is gone */
                devnet_down(&started, NULL);
            return r;
        }
        devnet = true;
        u.offline = false; /* asked for by hand, and all on this machine */
    }
}

static souk_err run(const struct options *o, struct err *e)
{
    static souk_err (*const command[CMD_COUNT])(const struct options *, struct err *) = {
        [CMD_UI] = run_ui,           [CMD_SYNC] = cmd_sync,         [CMD_MODELS] = cmd_models,
        [CMD_SHOW] = cmd_show,       [CMD_COMPARE] = cmd_compare,   [CMD_HEALTH] = cmd_health,
        [CMD_WATCH] = cmd_watch,     [CMD_KNOWN] = cmd_known,       [CMD_AUTHORS] = cmd_authors,
        [CMD_AUTHOR] = cmd_author,   [CMD_NETWORKS] = cmd_networks, [CMD_CONFIG] = cmd_config,
        [CMD_DOCTOR] = cmd_doctor,   [CMD_DEVNET] = cmd_devnet,     [CMD_WITNESS] = cmd_witness,
        [CMD_GET] = cmd_get,         [CMD_LIBRARY] = cmd_library,   [CMD_BLOB_ID] = cmd_blob_id,
        [CMD_VERIFY] = cmd_verify,   [CMD_INSPECT] = cmd_inspect,   [CMD_RUN] = cmd_run,
        [CMD_PUBLISH] = cmd_publish, [CMD_LISTINGS] = cmd_listings, [CMD_QUOTE] = cmd_quote,
        [CMD_CALL] = cmd_call,       [CMD_RECEIPTS] = cmd_receipts, [CMD_LIMITS] = cmd_limits,
        [CMD_WALLET] = cmd_wallet,
    };
    if (o->set[OPT_VERSION]) {
        puts("souk " SOUK_VERSION);
        return SOUK_OK;
    }
    if (o->set[OPT_HELP] || o->command == CMD_HELP) {
        enum command_id about = o->command;
        if (o->command == CMD_HELP && o->args > 0) {
            char *words[] = {(char *)"souk", (char *)o->arg[0], NULL};
            struct options which;
            souk_err r = options_parse(2, words, &which, e);
            if (r)
                return r;
            about = which.command;
        }
        options_help(about);
        return SOUK_OK;
    }
    return command[o->command](o, e);
}

/* A descriptor opened later must not become somebody's standard output. */
static void fill_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char **argv)
{
    fill_standard_streams();
    setlocale(LC_CTYPE, "");
    mallopt(M_ARENA_MAX, 1); /* workers take turns anyway; more arenas cost memory and mprotects */
    signal(SIGPIPE, SIG_IGN);
    struct options o;
    struct err e = {0};
    souk_err r = options_parse(argc, argv, &o, &e);
    int64_t fixed = 0;
    if (!r)
        r = options_int(&o, OPT_CLOCK, 0, 0, 4000000000, &fixed, &e);
    if (!r) {
        if (o.set[OPT_CLOCK])
            clock_fix(fixed);
        if (o.set[OPT_DATA])
            paths_override(o.value[OPT_DATA]);
        char log[PATH_BUF];
        if (!paths_get(PATH_STATE, "log", log, NULL))
            log_open(log, NULL);
        r = run(&o, &e);
        if (!r)
            r = out_flush(&e);
    }
    if (r && e.msg[0]) {
        fputs("souk: ", stderr);
        text_fputs(stderr, untrusted(e.msg));
        fputc('\n', stderr);
    }
    log_close();
    return (int)r;
}
