/*
 * engine.h: which ONNX Runtime is used.
 *
 * The library is found at run time and opened by souk-runner alone; souk is not linked with it.
 * Looked at in this order, the first that is usable wins:
 *
 *   the configuration's `engine = /path/to/libonnxruntime.so`
 *   DATA/engine/libonnxruntime.so      where `souk doctor --engine` puts the pinned one
 *   the devnet's npm package onnxruntime-node
 *   the system's libonnxruntime.so.1
 *
 * Usable is 1.24.1 to 1.28: before, a model could read any file of the user's by "external data";
 * from 1.29 on the published Linux build reports to its maker. Telemetry is switched off whatever
 * the version. Only functions of API version 14 are used, by their place in the table, which
 * only ever grows.
 */
#ifndef SOUK_ONNX_ENGINE_H
#define SOUK_ONNX_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/paths.h"

enum { ENGINE_PLACES = 4, ENGINE_VERSION = 32 };
#define ENGINE_LEAF "engine/libonnxruntime.so" /* below DATA */

struct engine_search {
    char place[ENGINE_PLACES][PATH_BUF]; /* absolute paths, or a bare name for the system's */
    unsigned places;
};
/* configured: the configuration's, "" none. Only places that exist are listed (and the system's).
 */
void engine_places(const char *configured, struct engine_search *out);

/* True when a version is in the window; else *why says why not, in words (ours). */
bool engine_version_ok(const char *version, const char **why);

/* What each place holds, asked of souk-runner: blocks for some 20 ms a place. */
struct engine_found {
    const char *place;
    char version[ENGINE_VERSION]; /* "": it could not be loaded */
    bool usable;
    char words[ERR_MSG_MAX]; /* why not; "" when usable */
};
size_t engine_probe(const struct engine_search *s, struct engine_found out[ENGINE_PLACES]);

#endif
