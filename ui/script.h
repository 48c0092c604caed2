/*
 * script.h: the program driven by a file: tests, demos, bug reports.
 *
 * One command a line; blank lines and lines starting with # are skipped:
 *
 *   j  <Down><C-d>/  <Enter>   keys in key_parse notation, as many as the line has
 *   key j                      the same, for keys that look like a command
 *   type some text             each character as a key
 *   paste some text            as one paste event
 *   do sort                    an action by its name
 *   wait idle                  until the loop is idle and nothing is left to draw
 *   wait text "37 of"          until it is on the screen (30 s at most, then a failure)
 *   expect text "…"            now; a failure ends the script with code 1
 *   expect no text "…"
 *   dump [NAME]                the screen to DIR/NAME.screen, or to stdout
 *   styles [NAME]              the same with the style letters
 *   resize 120 40              test backend only
 *   clock +30s                 also m, h, d; when the clock is fixed
 *   quit                       code 0, or the assertion's
 *
 * Every command but `key`, `wait` and `expect` waits for idle first, so a
 * script says what a person would do and sees what a person would see. The
 * end of the file is `quit`.
 */
#ifndef SOUK_UI_SCRIPT_H
#define SOUK_UI_SCRIPT_H

#include "base/err.h"
#include "ui/app.h"

struct script;

/* path "-" is stdin. dump_dir NULL: dumps go to stdout. */
struct script *script_new(struct app *a, const char *path, const char *dump_dir, struct err *e);
void script_free(struct script *s);
/* Call before app_run: the script then takes its turns by itself and quits the app. */
void script_start(struct script *s);

#endif
