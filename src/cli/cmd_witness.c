/* `souk witness`: started by souk-signer, never by hand; so it is in no help. */
#include "cli/cli.h"
#include "market/witness.h"

#include "base/banned.h"

souk_err cmd_witness(const struct options *o, struct err *e)
{
    if (!o->set[OPT_NETWORK])
        return err_set(e, SOUK_EUSAGE, "which --network it looks at must be said");
    return witness_run(o->value[OPT_NETWORK], e);
}
