/* The devnet's profile, out of the status file its supervisor keeps while it runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/paths.h"
#include "market/config_internal.h"

#include "base/banned.h"

enum { STATUS_MAX = 64 << 10 };

static souk_err read_status(const char *path, struct buf *b, struct err *e)
{
    char part[4096];
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return err_set(e, SOUK_ENOTFOUND,
                       "the devnet is not running: start it with `souk devnet up`");
    if (fd < 0)
        return err_set(e, SOUK_EINPUT, "%s: %s", path, strerror(errno));
    while ((n = read(fd, part, sizeof part)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0)
            buf_add(b, part, (size_t)n);
    }
    int bad = n < 0 ? errno : 0;
    close(fd);
    if (bad != 0)
        return err_set(e, SOUK_EINPUT, "%s: %s", path, strerror(bad));
    return buf_check(b, path, e);
}

/* Sets a key from a member, unless it is absent, or the configuration file has the word. */
static souk_err take(struct network *n, const char *key, const json *obj, const char *member,
                     struct err *e)
{
    const char *text = json_cstr(obj, member);
    char number[24];
    int64_t v;
    if (text == NULL && json_int(obj, member, &v)) {
        snprintf(number, sizeof number, "%lld", (long long)v);
        text = number;
    }
    if (text == NULL || network_key_from_file(n, key))
        return SOUK_OK;
    return network_set(n, key, text, e);
}

static souk_err take_text(char *out, size_t room, const json *t, const char *member, struct err *e)
{
    const char *text = json_cstr(t, member);
    if (text == NULL)
        return SOUK_OK;
    if (strlen(text) >= room)
        return err_set(e, SOUK_EINPUT, "a token's %s is too long", member);
    memcpy(out, text, strlen(text) + 1);
    return SOUK_OK;
}

static souk_err take_token(struct network *n, const char *symbol, const json *t, struct err *e)
{
    /* The devnet's chain is ours alone: every token on it is quiet enough to be read whole. */
    struct token one = {.whole_log = true};
    const char *addr = json_cstr(t, "address");
    int64_t decimals;
    if (symbol == NULL || addr == NULL || !json_int(t, "decimals", &decimals) || decimals < 0 ||
        decimals > 77 || strlen(symbol) >= sizeof one.symbol ||
        !address_parse(addr, strlen(addr), &one.addr))
        return err_set(e, SOUK_EINPUT, "a token without symbol, address or decimals");
    memcpy(one.symbol, symbol, strlen(symbol) + 1);
    one.decimals = (unsigned)decimals;
    souk_err c = take_text(one.name, sizeof one.name, t, "name", e);
    if (c == SOUK_OK)
        c = take_text(one.version, sizeof one.version, t, "version", e);
    const json *can = json_first(json_get(t, "can"));
    for (; can != NULL && c == SOUK_OK; can = json_next(can)) {
        const char *word = cJSON_IsString(can) ? can->valuestring : "";
        c = token_add_ability(&one, word, strlen(word), e);
    }
    return c == SOUK_OK ? network_put_token(n, &one, e) : c;
}

/* tokens: [{symbol, address, decimals}, …], or {symbol: {address, decimals}, …}. */
static souk_err take_tokens(struct network *n, const json *tokens, struct err *e)
{
    souk_err c = SOUK_OK;
    if (network_key_from_file(n, "token") || tokens == NULL)
        return SOUK_OK;
    n->tokens = 0;
    for (const json *t = tokens->child; t != NULL && c == SOUK_OK; t = t->next)
        c = take_token(n, t->string != NULL ? t->string : json_cstr(t, "symbol"), t, e);
    return c;
}

static souk_err take_all(struct network *n, const json *status, struct err *e)
{
    const json *pay = json_get(status, "payment_chain"),
               *infer = json_get(status, "inference_chain");
    const json *contracts = json_get(status, "contracts");
    const struct {
        const char *key;
        const json *obj;
        const char *member;
    } map[] = {
        {"hub", status, "hub"},
        {"bazaar", status, "bazaar"},
        {"walrus", status, "walrus"},
        {"walrus_nodes", status, "walrus_nodes"},
        {"walrus_publisher", status, "walrus_publisher"},
        {"walrus_epoch_hours", status, "walrus_epoch_hours"},
        {"payment_rpc", pay, "rpc"},
        {"payment_chain_id", pay, "chain_id"},
        {"inference_rpc", infer, "rpc"},
        {"inference_chain_id", infer, "chain_id"},
        {"listings", contracts, "listings"},
        {"inference_emitter", contracts, "inference"},
        {"exact_proxy", contracts, "exact_proxy"},
        {"upto_proxy", contracts, "upto_proxy"},
        {"channels", contracts, "channel"},
        {"escrows", contracts, "escrow"},
        {"facilitators", contracts, "facilitators"},
        {"tee_registry", contracts, "tee_registry"},
    };
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++) {
        souk_err c = take(n, map[i].key, map[i].obj, map[i].member, e);
        if (c != SOUK_OK)
            return c;
    }
    return take_tokens(n, json_get(status, "tokens"), e);
}

/* The supervisor holds a lock beside the document; one killed by force leaves the document alone.
 */
static bool abandoned(void)
{
    char path[PATH_BUF];
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int fd = paths_get(PATH_STATE, "devnet/lock", path, NULL) == SOUK_OK
                 ? open(path, O_RDONLY | O_CLOEXEC)
                 : -1;
    bool free = fd >= 0 && fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type == F_UNLCK;
    if (fd >= 0)
        close(fd);
    return free;
}

souk_err network_from_devnet(struct network *n, struct err *e)
{
    char path[PATH_BUF];
    struct err mine = {0};
    struct buf b;
    if (e == NULL)
        e = &mine;
    souk_err c = paths_get(PATH_STATE, "devnet/status.json", path, e);
    if (c != SOUK_OK)
        return c;
    buf_init(&b, STATUS_MAX);
    c = read_status(path, &b, e);
    if (c == SOUK_OK) {
        json *status = json_parse(b.p, b.len, "the devnet's status file", e);
        if (status == NULL)
            c = SOUK_EINPUT;
        else if (!json_bool(status, "running", false) || abandoned())
            c = err_set(e, SOUK_ENOTFOUND,
                        "the devnet is not running: start it with `souk devnet up`");
        else if ((c = take_all(n, status, e)) != SOUK_OK)
            c = err_prefix(e, "%s", path);
        json_free(status);
    }
    buf_release(&b);
    return c;
}
