#include "eth/events.h"

#include <pthread.h>
#include <string.h>

#include "base/banned.h"

#define X(name, sig) [name] = sig,
static const char *const signatures[EV_COUNT] = {EVENT_LIST(X)};
#undef X

static bytes32 topics[EV_COUNT];
static pthread_once_t topics_once = PTHREAD_ONCE_INIT;

static void compute_topics(void)
{
    for (int k = EV_NONE + 1; k < EV_COUNT; k++)
        topics[k] = keccak256(signatures[k], strlen(signatures[k]));
}

static void check_kind(enum event_kind k)
{
    if ((int)k <= EV_NONE || k >= EV_COUNT)
        BUG("no event has kind %d", (int)k);
}

const char *event_signature(enum event_kind k)
{
    check_kind(k);
    return signatures[k];
}

bytes32 event_topic(enum event_kind k)
{
    check_kind(k);
    pthread_once(&topics_once, compute_topics);
    return topics[k];
}

static enum event_kind kind_of(const struct eth_log *log)
{
    if (log->topics == 0)
        return EV_NONE;
    pthread_once(&topics_once, compute_topics);
    for (int k = EV_NONE + 1; k < EV_COUNT; k++) {
        if (memcmp(&log->topic[0], &topics[k], sizeof topics[k]) == 0)
            return (enum event_kind)k;
    }
    return EV_NONE;
}

static address topic_address(const struct eth_log *log, unsigned i, bool *bad)
{
    struct abi_reader r;
    abi_reader_init(&r, log->topic[i].b, sizeof log->topic[i].b);
    address a = abi_address(&r);
    *bad |= r.bad;
    return a;
}

/*
 * ModelInferenceEvent(string inferenceID,
 *                     (uint8 mode, string modelCID, ModelInput input) request,
 *                     (numbers[], strings[], jsons[], bool is_simulation_result) response)
 * The tensors are offsets in the heads and are skipped unread: tens of thousands of these are
 * decoded in a sync, and only who was asked, and how, is wanted.
 */
static void decode_inference(struct abi_reader *r, struct event *out)
{
    out->inference.id = abi_bytes(r);
    struct abi_reader request = abi_tuple(r);
    struct abi_reader response = abi_tuple(r);
    uint64_t mode = abi_u64(&request);
    out->inference.mode = (unsigned)(mode & 0xff);
    out->inference.cid = abi_bytes(&request);
    for (int i = 0; i < 3; i++)
        abi_u64(&response);
    out->inference.simulation = abi_bool(&response);
    r->bad |= request.bad || response.bad || mode > 0xff;
}

/* Listed(address indexed owner, bytes32 indexed id, string author, string name, string blobId,
 *        uint256 price, address asset, address payTo, string endpoint) */
static void decode_listed(struct abi_reader *r, struct event *out)
{
    out->listed.author = abi_bytes(r);
    out->listed.name = abi_bytes(r);
    out->listed.blob_id = abi_bytes(r);
    out->listed.price = abi_u256(r);
    out->listed.asset = abi_address(r);
    out->listed.pay_to = abi_address(r);
    out->listed.endpoint = abi_bytes(r);
}

/* Every word of these is in its place, nothing is dynamic. */
static void decode_escrow(enum event_kind k, struct abi_reader *r, struct event *out)
{
    bool absolute = k == EV_PAYMENT_CHARGED_FEE || k == EV_PAYMENT_CAPTURED_FEE;
    bool charged = k == EV_PAYMENT_CHARGED || k == EV_PAYMENT_CHARGED_FEE;
    if (charged || k == EV_PAYMENT_AUTHORIZED) {
        abi_address(r); /* the operator */
        out->escrow.payer = abi_address(r);
        out->escrow.receiver = abi_address(r);
        out->escrow.token = abi_address(r);
        for (int i = 0; i < 8; i++)
            abi_u256(r);
    }
    out->escrow.amount = abi_u256(r);
    if (charged || k == EV_PAYMENT_AUTHORIZED || k == EV_PAYMENT_REFUNDED)
        abi_address(r); /* the collector */
    if (!charged && !absolute && k != EV_PAYMENT_CAPTURED)
        return;
    out->escrow.fee = abi_u256(r);
    abi_address(r); /* who gets it */
    u256 most = absolute ? out->escrow.amount : u256_from_u64(10000), part;
    r->bad |= u256_cmp(out->escrow.fee, most) > 0;
    uint64_t rest;
    if (!absolute) { /* in hundredths of a percent, of what fits in 120 bits */
        r->bad |= !u256_mul_u64(out->escrow.amount, out->escrow.fee.w[0], &part);
        out->escrow.fee = u256_divmod_u64(part, 10000, &rest);
    }
}

static enum event_kind older_name(enum event_kind k)
{
    return k == EV_PAYMENT_CHARGED_FEE    ? EV_PAYMENT_CHARGED
           : k == EV_PAYMENT_CAPTURED_FEE ? EV_PAYMENT_CAPTURED
                                          : k;
}

/* How many topics (with topic 0) each kind has: what the signature does not tell. */
static const unsigned topic_count[EV_COUNT] = {
    [EV_TRANSFER] = 3,
    [EV_AUTHORIZATION_USED] = 3,
    [EV_AUTHORIZATION_CANCELED] = 3,
    [EV_APPROVAL] = 3,
    [EV_NONCE_INVALIDATION] = 2,
    [EV_SETTLED] = 1,
    [EV_SETTLED_WITH_PERMIT] = 1,
    [EV_CHANNEL_SETTLED] = 4,
    [EV_PAYMENT_AUTHORIZED] = 2,
    [EV_PAYMENT_CHARGED] = 2,
    [EV_PAYMENT_CAPTURED] = 2,
    [EV_PAYMENT_CHARGED_FEE] = 2,
    [EV_PAYMENT_CAPTURED_FEE] = 2,
    [EV_PAYMENT_VOIDED] = 2,
    [EV_PAYMENT_RECLAIMED] = 2,
    [EV_PAYMENT_REFUNDED] = 2,
    [EV_LISTED] = 3,
    [EV_DELISTED] = 3,
    [EV_MODEL_INFERENCE] = 1,
};

enum event_kind event_decode(const struct eth_log *log, struct event *out)
{
    struct abi_reader r;
    bool bad = false;
    memset(out, 0, sizeof *out);
    enum event_kind k = kind_of(log);
    if (k == EV_NONE || log->topics != topic_count[k])
        return EV_NONE;
    abi_reader_init(&r, log->data, log->data_len);

    switch (k) {
    case EV_TRANSFER:
        out->transfer.from = topic_address(log, 1, &bad);
        out->transfer.to = topic_address(log, 2, &bad);
        out->transfer.value = abi_u256(&r);
        break;
    case EV_APPROVAL:
        out->approval.owner = topic_address(log, 1, &bad);
        out->approval.spender = topic_address(log, 2, &bad);
        out->approval.value = abi_u256(&r);
        break;
    case EV_NONCE_INVALIDATION:
        out->invalidation.owner = topic_address(log, 1, &bad);
        out->invalidation.word = abi_u256(&r);
        out->invalidation.mask = abi_u256(&r);
        break;
    case EV_AUTHORIZATION_USED:
    case EV_AUTHORIZATION_CANCELED:
        out->authorization.authorizer = topic_address(log, 1, &bad);
        out->authorization.nonce = log->topic[2];
        break;
    case EV_CHANNEL_SETTLED:
        out->settled.receiver = topic_address(log, 1, &bad);
        out->settled.token = topic_address(log, 2, &bad);
        out->settled.sender = topic_address(log, 3, &bad);
        out->settled.amount = abi_u256(&r);
        break;
    case EV_PAYMENT_AUTHORIZED:
    case EV_PAYMENT_CHARGED:
    case EV_PAYMENT_CAPTURED:
    case EV_PAYMENT_CHARGED_FEE:
    case EV_PAYMENT_CAPTURED_FEE:
    case EV_PAYMENT_VOIDED:
    case EV_PAYMENT_RECLAIMED:
    case EV_PAYMENT_REFUNDED:
        out->escrow.hash = log->topic[1];
        decode_escrow(k, &r, out);
        break;
    case EV_LISTED:
    case EV_DELISTED:
        out->listed.owner = topic_address(log, 1, &bad);
        out->listed.id = log->topic[2];
        if (k == EV_LISTED)
            decode_listed(&r, out);
        break;
    case EV_MODEL_INFERENCE:
        decode_inference(&r, out);
        break;
    case EV_SETTLED:
    case EV_SETTLED_WITH_PERMIT:
    case EV_NONE:
    case EV_COUNT:
        break;
    }
    if (bad || r.bad) {
        memset(out, 0, sizeof *out);
        return EV_NONE;
    }
    out->kind = older_name(k);
    return out->kind;
}
