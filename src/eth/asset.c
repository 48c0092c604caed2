#include "eth/asset.h"

#include "base/banned.h"

bool asset_is_coin(const struct asset *a)
{
    return address_is_zero(a->token);
}
