/*
 * Fuzz target: a ledger that somebody else wrote.
 *
 * Promises: read without its key it is a number of whole records and the end of the rest; what it
 * says can be asked for without harm; with the key it is never believed.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wallet/ledger.h"

#include "base/banned.h"

#define CHECK(what)                           \
    do {                                      \
        if (!(what)) {                        \
            BUG("broken promise: %s", #what); \
        }                                     \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int dirfd_ = -1;
static char dir[] = "/dev/shm/souk-fuzz-XXXXXX";

static void tidy(void)
{
    unlinkat(dirfd_, "w.ledger", 0);
    unlinkat(dirfd_, "w.head", 0);
    rmdir(dir);
}

static void start(void)
{
    CHECK(secret_start(NULL) == SOUK_OK && mkdtemp(dir) && atexit(tidy) == 0);
    dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void put(const char *leaf, const void *p, size_t n)
{
    int fd = openat(dirfd_, leaf, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, p, n) == (ssize_t)n);
    close(fd);
}

static void ask_everything(const struct ledger *l)
{
    size_t n, open = 0;
    const struct entry *en = ledger_entries(l, &n);
    for (size_t i = 0; i < n; i++) {
        int64_t since;
        uint64_t paid;
        CHECK(ledger_entry(l, en[i].call) == &en[i]);
        CHECK(memchr(en[i].subject, 0, sizeof en[i].subject));
        CHECK(ledger_pin(l, en[i].subject, &since, &paid));
        CHECK(i == 0 || en[i].at >= en[i - 1].at);
        const struct typed *t = &en[i].typed;
        struct spent s = ledger_spent(l, t->chain, t->token, en[i].author, en[i].subject, en[i].at);
        CHECK(u256_cmp(s.model, s.day) <= 0 && u256_cmp(s.author, s.day) <= 0 &&
              u256_cmp(s.day, s.week) <= 0);
        CHECK(u256_cmp(ledger_spent_payee(l, t->chain, t->token, t->to, en[i].at), s.day) <= 0);
        open += en[i].state == ENTRY_OPEN;
    }
    CHECK(open == ledger_open_count(l));
    ledger_limits(l, &n);
    ledger_txs(l, &n);
    CHECK(!ledger_writable(l));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char magic[16] = "souk ledger 1\n";
    static uint8_t file[1 << 16];
    static const uint8_t key[32] = {3};
    struct ledger *l = NULL;
    struct err e;
    if (dirfd_ < 0)
        start();
    if (n > sizeof file - sizeof magic)
        return 0;
    memcpy(file, magic, sizeof magic);
    if (n)
        memcpy(file + sizeof magic, data, n);
    put("w.ledger", file, sizeof magic + n);
    unlinkat(dirfd_, "w.head", 0);
    if (ledger_peek(dirfd_, "w", &l, &e) == SOUK_OK)
        ask_everything(l);
    else
        CHECK(e.code == SOUK_EVERIFY && e.msg[0]);
    ledger_close(l);
    l = NULL;
    CHECK(ledger_open(dirfd_, "w", key, &l, &e) == SOUK_EVERIFY && !l);
    put("w.head", data, n);
    CHECK(ledger_open(dirfd_, "w", key, &l, &e) == SOUK_EVERIFY && !l);
    return 0;
}
