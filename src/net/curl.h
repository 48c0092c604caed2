/*
 * curl.h: libcurl, loaded when it is first needed.
 *
 * A program linked with libcurl maps and relocates some thirty libraries before
 * main(): about 6 ms, as much as the rest of the start together, and a souk that
 * shows its cache needs none of them. So the library is opened with dlopen by
 * the first request, on a worker. The functions in use are listed once; their
 * types come from curl's own header, so a wrong call does not compile.
 *
 * Needs libcurl 7.87 with its threaded (or c-ares) name resolver: a lookup must
 * not stop the loop, nor must giving one up (CURLOPT_QUICK_EXIT).
 */
#ifndef SOUK_NET_CURL_H
#define SOUK_NET_CURL_H

#include <curl/curl.h>

#include "base/err.h"

#define CURL_FUNCTIONS(X)  \
    X(global_init)         \
    X(version_info)        \
    X(getdate)             \
    X(slist_append)        \
    X(slist_free_all)      \
    X(easy_init)           \
    X(easy_setopt)         \
    X(easy_getinfo)        \
    X(easy_cleanup)        \
    X(easy_pause)          \
    X(easy_strerror)       \
    X(easy_perform)        \
    X(easy_send)           \
    X(easy_recv)           \
    X(multi_init)          \
    X(multi_setopt)        \
    X(multi_add_handle)    \
    X(multi_remove_handle) \
    X(multi_socket_action) \
    X(multi_info_read)     \
    X(multi_cleanup)

struct curl_api {
#define X(name) __typeof__(&curl_##name) name;
    CURL_FUNCTIONS(X)
#undef X
};

/*
 * The loaded library, for as long as the process lives. NULL with a message
 * when there is none that fits; asking again tries again. Any thread; slow the
 * first time.
 */
const struct curl_api *curl_load(struct err *e);

#endif
