/*
 * ui.h: the terminal UI's front door, all that main() knows of it.
 */
#ifndef SOUK_UI_UI_H
#define SOUK_UI_UI_H

#include <stdbool.h>

#include "base/err.h"

struct ui_options {
    const char *network; /* NULL: the configured default */
    bool offline, no_color;
    const char *theme;  /* NULL: the configured one */
    const char *script; /* keys from this file, "-" standard input; NULL: from the terminal */
    const char *term;   /* "WxH": with a script, draw on a grid instead of the terminal */
    const char *window; /* "30d"; NULL: the default */
};

enum ui_exit {
    UI_EXIT_QUIT,
    UI_EXIT_DEVNET, /* the user asked for the built-in market: start it and come back */
};

/* Runs until the user leaves. The terminal is as it was, whatever happens. */
souk_err ui_run(const struct ui_options *o, enum ui_exit *how, struct err *e);

#endif
