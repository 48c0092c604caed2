#include "eth/typed.h"

#include <stdio.h>
#include <string.h>

#include "diff.h"

#include "base/banned.h"

/* KIND CHAIN TOKEN NAME VERSION FROM TO AMOUNT AFTER BEFORE NONCE FACILITATOR -> domain hash digest
 */
bool diff_typed(const struct ask *q, struct buf *out)
{
    if (strcmp(ask_word(q, 0), "typed") != 0)
        return false;
    struct typed t = {.kind = (enum typed_kind)ask_u64(q, 1),
                      .chain = ask_u64(q, 2),
                      .token = ask_address(q, 3),
                      .from = ask_address(q, 6),
                      .to = ask_address(q, 7),
                      .amount = ask_u256(q, 8),
                      .valid_after = ask_u64(q, 9),
                      .valid_before = ask_u64(q, 10),
                      .nonce = ask_bytes32(q, 11),
                      .facilitator = ask_address(q, 12)};
    snprintf(t.name, sizeof t.name, "%s", ask_text(q, 4));
    snprintf(t.version, sizeof t.version, "%s", ask_text(q, 5));
    bytes32 domain, hash, digest = typed_digest(&t, &domain, &hash);
    say_bytes(out, domain.b, sizeof domain.b);
    say_bytes(out, hash.b, sizeof hash.b);
    say_bytes(out, digest.b, sizeof digest.b);
    return true;
}
