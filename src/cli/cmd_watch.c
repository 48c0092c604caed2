#include "cli/cli.h"

#include "base/banned.h"

souk_err cmd_watch(const struct options *o, struct err *e)
{
    (void)o;
    return err_set(e, SOUK_EFAIL, "souk watch is not built yet");
}
