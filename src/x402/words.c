/* Codes and words: what is wrong with an offer, and what a protocol error means. */
#include <string.h>
#include <strings.h>

#include "x402/x402.h"

#include "base/banned.h"

#define X(id, code, words) {code, words},
static const struct {
    const char *code, *words;
} faults[] = {{"", ""}, X402_FAULTS(X)};
#undef X

const char *x402_fault_code(enum x402_fault f)
{
    return faults[f].code;
}

const char *x402_fault_words(enum x402_fault f)
{
    return faults[f].words;
}

/*
 * Facilitators name one thing in several ways ("invalid_exact_evm_nonce_already_used",
 * "permit2_invalid_nonce"), so a code is known by a part of it. The first line that fits counts;
 * codes are compared without regard to case.
 */
static const struct {
    const char *part, *words;
} errors[] = {
    {"settlement_pending",
     "the payment was sent and is not confirmed yet; do not pay again, the chain will tell"},
    {"invalid_batch_settlement",
     "the seller speaks of payment channels (batch-settlement), which souk does not use"},

    {"2612_amount_mismatch", "the sponsored approval was not for the amount of the payment"},
    {"eip2612",
     "the seller's facilitator refused the sponsored approval; approve Permit2 yourself"},
    {"erc20_approval",
     "the seller's facilitator wants an approval without bound, which souk never signs"},
    {"allowance_required",
     "Permit2 may not move this token yet: approve the amount once, then call again"},
    {"proxy_not_deployed", "the contract that settles such payments is not on this chain"},

    {"nonce_already_used",
     "this payment was settled before; the chain tells when, do not pay again"},
    {"permit2_invalid_nonce",
     "this payment was settled before; the chain tells when, do not pay again"},

    {"insufficient_balance", "the account holds too little of the token"},
    {"insufficient_funds", "the account holds too little of the token"},

    {"settlement_exceeds_amount",
     "the seller tried to charge more than was signed for; nothing was taken"},
    {"amount_exceeds_permitted",
     "the seller tried to charge more than was signed for; nothing was taken"},
    {"unauthorized_facilitator", "another facilitator tried to settle the payment; it may not"},
    {"facilitator_mismatch", "the payment names another facilitator than the one that settles"},

    {"valid_before", "the payment's time was over when it was settled; check this machine's clock"},
    {"deadline_expired",
     "the payment's time was over when it was settled; check this machine's clock"},
    {"valid_after", "the payment is not valid yet; check this machine's clock"},
    {"not_yet_valid", "the payment is not valid yet; check this machine's clock"},
    {"too_early", "the payment is not valid yet; check this machine's clock"},
    {"deadline missing or too soon",
     "the gateway wants an authorization that lives longer; ask for a new offer"},

    {"value_mismatch", "the amount is not the one that was asked for; ask for a new offer"},
    {"amount_mismatch", "the amount is not the one that was asked for; ask for a new offer"},
    {"authorization_value", "the amount is not the one that was asked for; ask for a new offer"},
    {"permit2_invalid_amount", "the amount is not the one that was asked for; ask for a new offer"},
    {"recipient_mismatch", "the payee is not the one that was asked for; ask for a new offer"},
    {"invalid_destination", "the payee is not the one that was asked for; ask for a new offer"},
    {"token_mismatch", "the token is not the one that was asked for; ask for a new offer"},
    {"token_name_mismatch",
     "the token's name in its signature domain is not what the facilitator knows"},
    {"token_version_mismatch",
     "the token's version in its signature domain is not what the facilitator knows"},
    {"missing_eip712_domain", "the offer does not give the token's signature domain"},
    {"permit2_spender", "the payment names another settling contract than the facilitator's"},
    {"network_mismatch", "the payment is for another chain than the facilitator expects"},
    {"invalid_network", "the facilitator does not serve this chain"},
    {"eip3009_not_supported", "the token cannot be moved by a signed authorization (EIP-3009)"},
    {"asset_not_deployed", "there is no such token on this chain"},
    {"extension_echo_mismatch", "the seller says its extensions came back changed"},
    {"no matching payment requirements",
     "the seller no longer makes the offer that was paid; ask for a new one"},

    {"invalid_owner", "the signature is not the payer's"},
    {"failed_to_parse_signature", "the facilitator could not read the signature"},
    {"undeployed_smart_wallet", "the facilitator takes the payer for a contract that is not there"},
    {"smart_wallet_deployment_failed",
     "the facilitator takes the payer for a contract that is not there"},
    {"factory_not_allowed", "the facilitator takes the payer for a contract that is not there"},
    {"_signature", "the facilitator says the signature is not the payer's for these terms"},

    {"simulation_failed",
     "the payment would fail on chain: too little money or allowance, or it was used already"},
    {"transaction_failed",
     "the settling transaction failed on chain; ask the chain what was taken"},
    {"invalid_transaction_state",
     "the settling transaction failed on chain; ask the chain what was taken"},
    {"transfer_event_mismatch",
     "the chain did not show the transfer that was signed; ask it what was taken"},
    {"unexpected_verify_error", "the facilitator failed while checking; nothing was taken by that"},
    {"unexpected_settle_error",
     "the facilitator failed while settling; ask the chain what was taken"},

    {"invalid_x402_version", "the seller speaks another version of x402 than it asked for"},
    {"invalid_scheme", "the facilitator does not know this payment scheme"},
    {"unsupported_scheme", "the facilitator does not know this payment scheme"},
    {"evm_scheme", "the facilitator does not know this payment scheme"},
    {"unsupported_payload_type", "the facilitator does not know this kind of payment"},
    {"invalid_payment_requirements", "the seller's own offer is not one its facilitator accepts"},
    {"invalid_payload", "the facilitator could not read the payment"},

    {"session expired or exhausted",
     "the paid session is over; the next call asks for a new offer"},
    {"payment required", "the seller asks for payment"},
    {"x-payment header is required", "the seller asks for payment"},
    {"payment-signature header is required", "the seller asks for payment"},
    {"pricing unavailable", "the gateway does not know today's price; try again later"},
};

static bool holds(struct untrusted s, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; n <= s.n && i <= s.n - n; i++)
        if (strncasecmp(s.p + i, part, n) == 0)
            return true;
    return false;
}

const char *x402_error_words(struct untrusted code)
{
    if (code.n > X402_TEXT)
        code.n = X402_TEXT; /* a code is short; what follows one is somebody's prose */
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (holds(code, errors[i].part))
            return errors[i].words;
    return NULL;
}
