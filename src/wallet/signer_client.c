#include "wallet/signer.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "wallet/socket.h"
#include "wallet/wire.h"

#include "base/banned.h"

struct signer {
    int fd;
    struct buf out; /* the request under way */
    uint8_t in[FRAME_MAX];
    size_t n;
};

souk_err signer_connect(const char *wallet, struct signer **out, struct err *e)
{
    char path[PATH_BUF];
    int dir = -1;
    struct err why = {0};
    *out = NULL;
    if (!wallet_name_ok(wallet))
        return err_set(e, SOUK_EINPUT, "\"%s\" cannot be a wallet's name", wallet);
    struct signer *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->fd = -1;
    buf_init(&s->out, FRAME_HEAD + FRAME_MAX);
    souk_err rc = paths_get(PATH_STATE, "signer", path, &why);
    if (!rc)
        rc = socket_dir(path, &dir, &why);
    if (!rc)
        rc = socket_connect(dir, wallet, &s->fd, &why);
    if (dir >= 0)
        close(dir);
    if (!rc && !socket_peer_is_us(s->fd))
        rc = err_set(&why, SOUK_EFAIL, "what listens as the signer of %s is not yours", wallet);
    if (rc) {
        signer_close(s);
        return rc == SOUK_ENOTFOUND
                   ? err_set(e, rc, "the wallet %s is locked: unlock it first", wallet)
                   : err_set(e, rc, "%s", why.msg);
    }
    *out = s;
    return SOUK_OK;
}

void signer_close(struct signer *s)
{
    if (!s)
        return;
    if (s->fd >= 0)
        close(s->fd);
    buf_release(&s->out);
    mem_free(s);
}

/* --- a request: begin, fields, exchange, the answer's fields, end */

static struct wire begin(struct signer *s, enum signer_op op)
{
    struct wire w = wire_writer(&s->out);
    uint32_t len = 0;
    uint8_t o = (uint8_t)op;
    buf_clear(&s->out);
    wire_u32(&w, &len); /* filled in when it is known */
    wire_u8(&w, &o);
    return w;
}

static bool receive(struct signer *s, uint8_t *p, size_t n)
{
    while (n) {
        ssize_t k = socket_recv(s->fd, p, n, NULL, 0);
        if (k <= 0)
            return false;
        p += k;
        n -= (size_t)k;
    }
    return true;
}

static souk_err gone(struct err *e)
{
    return err_set(e, SOUK_ENOTFOUND, "the signer has gone: the wallet is locked now");
}

static souk_err nonsense(struct err *e)
{
    return err_set(e, SOUK_EFAIL,
                   "the signer's answer cannot be read: lock the wallet, and unlock "
                   "it with the souk-signer that belongs to this souk");
}

/* Sends the request and reads the answer up to the op's own fields, which *w then holds. */
static souk_err exchange(struct signer *s, signer_gate gate, struct wire *w, enum refusal *refusal,
                         struct err *e)
{
    souk_err rc = buf_check(&s->out, "a request to the signer", e);
    if (rc)
        return rc;
    size_t len = s->out.len - FRAME_HEAD;
    for (size_t i = 0; i < FRAME_HEAD; i++)
        s->out.p[i] = (char)(uint8_t)(len >> 8 * i);
    uint8_t head[FRAME_HEAD];
    if (!socket_send(s->fd, s->out.p, s->out.len, gate) || !receive(s, head, sizeof head))
        return gone(e);
    struct wire h = wire_reader(head, sizeof head);
    uint32_t n = 0;
    wire_u32(&h, &n);
    if (n > FRAME_MAX)
        return nonsense(e);
    if (!receive(s, s->in, n))
        return gone(e);
    *w = wire_reader(s->in, n);
    char text[ERR_MSG_MAX];
    souk_err code = (souk_err)wire_choice(w, 0, 0, UINT8_MAX);
    enum refusal r = (enum refusal)wire_choice(w, 0, 0, REFUSE_COUNT - 1);
    wire_text(w, text, sizeof text);
    if (w->bad)
        return nonsense(e);
    if (refusal)
        *refusal = r;
    return code ? err_set(e, code, "%s", text) : SOUK_OK;
}

static souk_err end(const struct wire *w, struct err *e)
{
    return wire_done(w) ? SOUK_OK : nonsense(e);
}

/* An op without fields, answered without fields. */
static souk_err bare(struct signer *s, enum signer_op op, signer_gate gate, struct err *e)
{
    struct wire w = begin(s, op);
    souk_err rc = exchange(s, gate, &w, NULL, e);
    return rc ? rc : end(&w, e);
}

/* --- what it holds */

souk_err signer_state(struct signer *s, struct signer_state *out, struct err *e)
{
    *out = (struct signer_state){0};
    struct wire w = begin(s, OP_STATE);
    souk_err rc = exchange(s, -1, &w, NULL, e);
    if (rc)
        return rc;
    wire_state(&w, out);
    return end(&w, e);
}

souk_err signer_limits(struct signer *s, struct limit_state *out, size_t max, size_t *n,
                       struct err *e)
{
    struct wire w = begin(s, OP_LIMITS);
    souk_err rc = exchange(s, -1, &w, NULL, e);
    *n = 0;
    if (rc)
        return rc;
    uint32_t count = 0;
    wire_u32(&w, &count);
    for (uint32_t i = 0; i < count && i < LIMITS_MAX && !w.bad; i++) {
        struct limit_state one = {0};
        wire_limits(&w, &one.limits);
        wire_spent(&w, &one.spent);
        if (i < max)
            out[i] = one;
    }
    *n = count;
    return end(&w, e);
}

souk_err signer_open(struct signer *s, struct entry *out, size_t max, size_t *n, struct err *e)
{
    struct wire w = begin(s, OP_OPEN);
    souk_err rc = exchange(s, -1, &w, NULL, e);
    *n = 0;
    if (rc)
        return rc;
    uint32_t count = 0;
    wire_u32(&w, &count);
    for (uint32_t i = 0; i < count && i < OPEN_MAX && !w.bad; i++) {
        struct entry one = {0};
        wire_entry(&w, &one);
        if (i < max)
            out[i] = one;
    }
    *n = count;
    return end(&w, e);
}

/* --- paying */

static bool put_label(char to[LABEL_MAX], const char *s)
{
    size_t n = s ? strlen(s) : 0;
    if (n >= LABEL_MAX)
        return false;
    if (n)
        memcpy(to, s, n);
    to[n] = '\0';
    return true;
}

static souk_err label_too_long(struct err *e)
{
    return err_set(e, SOUK_EINPUT, "the name of what is paid is longer than %d bytes",
                   LABEL_MAX - 1);
}

/* A refusal brings the whole answer too; an error brings none. */
static souk_err with_answer(souk_err rc, struct wire *w, struct signer_answer *out,
                            enum refusal refusal, struct err *e)
{
    if (rc && (rc != SOUK_ELIMIT || w->bad || w->at == w->end)) {
        out->refusal = refusal;
        return rc;
    }
    wire_answer(w, out);
    return w->bad ? nonsense(e) : rc;
}

souk_err signer_pay(struct signer *s, const struct signer_payment *p, struct signer_answer *out,
                    struct err *e)
{
    struct pay_request rq = {.call = p->call,
                             .typed = p->typed,
                             .quoted = p->quoted,
                             .has_permit = p->permit,
                             .try_only = p->try_only};
    *out = (struct signer_answer){0};
    if (p->permit)
        rq.permit = *p->permit;
    if (!put_label(rq.subject, p->subject) || !put_label(rq.author, p->author))
        return label_too_long(e);
    struct wire w = begin(s, OP_PAY);
    wire_pay(&w, &rq);
    enum refusal r = REFUSE_NOT;
    souk_err rc = exchange(s, p->gate, &w, &r, e);
    rc = with_answer(rc, &w, out, r, e);
    return rc ? rc : end(&w, e);
}

souk_err signer_check(struct signer *s, bytes32 call, struct entry *out, struct err *e)
{
    *out = (struct entry){0};
    struct wire w = begin(s, OP_CHECK);
    wire_hash(&w, &call);
    souk_err rc = exchange(s, -1, &w, NULL, e);
    if (rc)
        return rc;
    wire_entry(&w, out);
    return end(&w, e);
}

/* --- transactions, cancellations, messages */

souk_err signer_tx(struct signer *s, const struct signer_tx *t, struct buf *raw, bytes32 *hash,
                   struct signer_answer *out, struct err *e)
{
    struct tx_request rq = {.tx = t->tx, .account = t->account, .try_only = t->try_only};
    *out = (struct signer_answer){0};
    *hash = (bytes32){{0}};
    if (t->tx.access_list_len || t->tx.data_len > WIRE_DATA_MAX)
        return err_set(e, SOUK_EINPUT,
                       "souk signs no transaction with an access list, or with "
                       "more than %d bytes of data",
                       WIRE_DATA_MAX);
    struct wire w = begin(s, OP_TX);
    wire_tx_request(&w, &rq);
    enum refusal r = REFUSE_NOT;
    souk_err rc = exchange(s, t->gate, &w, &r, e);
    rc = with_answer(rc, &w, out, r, e);
    if (rc)
        return rc;
    const uint8_t *p = NULL;
    size_t n = 0;
    wire_hash(&w, hash);
    wire_blob(&w, &p, &n, FRAME_MAX);
    rc = end(&w, e);
    if (!rc && raw) {
        buf_add(raw, p, n);
        rc = buf_check(raw, "the transaction", e);
    }
    return rc;
}

static souk_err signature_of(struct signer *s, signer_gate gate, struct wire *w, signature *out,
                             struct err *e)
{
    *out = (signature){{0}};
    souk_err rc = exchange(s, gate, w, NULL, e);
    if (rc)
        return rc;
    wire_raw(w, out->b, sizeof out->b);
    return end(w, e);
}

souk_err signer_cancel(struct signer *s, bytes32 call, signature *out, struct err *e)
{
    struct wire w = begin(s, OP_CANCEL);
    wire_hash(&w, &call);
    return signature_of(s, -1, &w, out, e);
}

souk_err signer_message(struct signer *s, unsigned account, const void *p, size_t n,
                        signer_gate gate, signature *out, struct err *e)
{
    if (n > WIRE_MESSAGE_MAX)
        return err_set(e, SOUK_EINPUT, "a message to be signed has at most %d bytes",
                       WIRE_MESSAGE_MAX);
    struct wire w = begin(s, OP_MESSAGE);
    uint32_t a = account;
    const uint8_t *bytes = p;
    wire_u32(&w, &a);
    wire_blob(&w, &bytes, &n, WIRE_MESSAGE_MAX);
    return signature_of(s, gate, &w, out, e);
}

/* --- what it allows */

souk_err signer_set_limits(struct signer *s, const struct limits *l, signer_gate gate,
                           struct err *e)
{
    struct limits copy = *l;
    struct wire w = begin(s, OP_SET_LIMITS);
    wire_limits(&w, &copy);
    souk_err rc = exchange(s, gate, &w, NULL, e);
    return rc ? rc : end(&w, e);
}

souk_err signer_repin(struct signer *s, const char *subject, address payee, signer_gate gate,
                      struct err *e)
{
    char label[LABEL_MAX];
    if (!put_label(label, subject))
        return label_too_long(e);
    struct wire w = begin(s, OP_REPIN);
    wire_text(&w, label, sizeof label);
    wire_address(&w, &payee);
    souk_err rc = exchange(s, gate, &w, NULL, e);
    return rc ? rc : end(&w, e);
}

souk_err signer_lock(struct signer *s, struct err *e)
{
    return bare(s, OP_LOCK, -1, e);
}

souk_err signer_kill(struct signer *s, struct err *e)
{
    return bare(s, OP_KILL, -1, e);
}

souk_err signer_revive(struct signer *s, signer_gate gate, struct err *e)
{
    return bare(s, OP_REVIVE, gate, e);
}
