#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "signer/signer.h"

#include "base/banned.h"

static souk_err number(const struct arg *a, const char *s, int *out, struct err *e)
{
    char *end;
    errno = 0;
    long v = strtol(s, &end, 10);
    if (s[0] < '0' || s[0] > '9' || *end || errno || v < a->min || v > a->max)
        return err_set(e, SOUK_EUSAGE, "%s takes a number from %d to %d, not \"%.40s\"", a->name,
                       a->min, a->max, s);
    *out = (int)v;
    return SOUK_OK;
}

static souk_err descriptor(const struct arg *a, const char *s, struct err *e)
{
    struct arg range = {.name = a->name, .max = INT_MAX};
    souk_err r = number(&range, s, a->to, e);
    if (!r && fcntl(*(int *)a->to, F_SETFD, FD_CLOEXEC) != 0)
        r = err_set(e, SOUK_EUSAGE, "%s: descriptor %d is not open", a->name, *(int *)a->to);
    return r;
}

static souk_err take(const struct arg *a, char ***at, struct err *e)
{
    if (a->kind == ARG_FLAG) {
        *(bool *)a->to = true;
        return SOUK_OK;
    }
    const char *value = *++*at;
    if (!value)
        return err_set(e, SOUK_EUSAGE, "%s needs a value behind it", a->name);
    if (a->kind == ARG_NUMBER)
        return number(a, value, a->to, e);
    if (a->kind == ARG_FD)
        return descriptor(a, value, e);
    *(const char **)a->to = value;
    return SOUK_OK;
}

static const struct arg *find(const struct arg *args, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(args[i].name, name) == 0)
            return &args[i];
    }
    return NULL;
}

souk_err args_parse(char **argv, const struct arg *args, size_t n, const char **name, struct err *e)
{
    *name = NULL;
    for (char **at = argv; *at; at++) {
        const struct arg *a = find(args, n, *at);
        souk_err r = SOUK_OK;
        if (a)
            r = take(a, &at, e);
        else if ((*at)[0] == '-' || *name)
            r = err_set(e, SOUK_EUSAGE, "\"%.40s\" is not understood here", *at);
        else
            *name = *at;
        if (r)
            return r;
    }
    souk_err r = args_need(*name, "the wallet's name", e);
    if (!r && !wallet_name_ok(*name))
        r = err_set(e, SOUK_EINPUT,
                    "\"%.40s\" cannot be a wallet's name: 1 to %d of a-z, 0-9, - and _", *name,
                    WALLET_NAME - 1);
    return r;
}

souk_err args_need(const void *given, const char *option, struct err *e)
{
    return given ? SOUK_OK : err_set(e, SOUK_EUSAGE, "%s is missing", option);
}
