/* The real souk-signer, over its socket: paying, asking at a terminal, locking, the chain's word,
 * and what nobody else may see of its memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/paths.h"
#include "signer_world.h"
#include "wallet/wire.h"

#include "base/banned.h"

#define NO_TX "0x0000000000000000000000000000000000000000000000000000000000000000"

static struct signer_world w;
static struct err e;

static int setup(void **state)
{
    (void)state;
    signer_world_make(&w);
    world_unlock(&w, w.d.now);
    world_set_limits(&w);
    return 0;
}

static int setup_locked(void **state)
{
    (void)state;
    signer_world_make(&w);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    signer_world_remove(&w);
    return 0;
}

static bool signed_by_payer(const struct typed *t, const signature *s)
{
    address who;
    return sig_recover(typed_digest(t, NULL, NULL), s, &who) && address_eq(who, w.d.payer);
}

static struct signer_answer pay(unsigned call, souk_err want)
{
    struct signer_payment p = world_payment(&w, call);
    struct signer_answer a;
    souk_err rc = signer_pay(w.s, &p, &a, &e);
    if (rc != want)
        fail_msg("%d: %s", rc, rc ? e.msg : "");
    return a;
}

static struct signer_state state_now(void)
{
    struct signer_state st;
    if (signer_state(w.s, &st, &e))
        fail_msg("%s", e.msg);
    return st;
}

/* --- paying */

static void it_pays_within_the_limits_and_never_twice(void **state)
{
    (void)state;
    struct signer_payment p = world_payment(&w, 1);
    struct signer_answer a, again;
    p.try_only = true;
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_OK);
    assert_int_equal(a.refusal, REFUSE_NOT);
    assert_int_equal(a.sig.b[64], 0);
    p.quoted = u256_from_u64(9999);
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_OK);
    assert_int_equal(a.refusal, REFUSE_OVER_QUOTE);
    p.try_only = false;
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
    assert_int_equal(a.refusal, REFUSE_OVER_QUOTE);
    assert_string_equal(e.msg, "not signed: more than the price you were shown");
    p.quoted = NO_CAP;
    a = pay(1, SOUK_OK);
    assert_true(signed_by_payer(&p.typed, &a.sig));
    assert_false(a.again);
    assert_non_null(strstr(a.meaning, "Pay 0.01 USDC\nto 0x 845C 7A19 7940"));
    again = pay(1, SOUK_OK);
    assert_true(again.again && again.pinned);
    assert_memory_equal(again.sig.b, a.sig.b, sizeof a.sig.b);
    assert_int_equal(again.pinned_paid, 1);
    p.typed.amount = u256_from_u64(9999);
    assert_int_equal(signer_pay(w.s, &p, &again, &e), SOUK_ELIMIT);
    assert_int_equal(again.refusal, REFUSE_ANOTHER);
}

static void it_tells_what_it_holds(void **state)
{
    (void)state;
    pay(1, SOUK_OK);
    pay(2, SOUK_OK);
    struct signer_state st = state_now();
    assert_int_equal(st.open, 2);
    assert_true(st.witness && !st.killed && !st.ledger_broken);
    assert_int_equal(st.locks_at, w.d.now + SIGNER_LOCK_AFTER);
    assert_string_equal(st.card.name, "w");
    assert_true(st.card.play && address_eq(st.card.account[0], w.d.payer));
    struct limit_state l[8];
    size_t n;
    assert_false(signer_limits(w.s, l, 8, &n, &e));
    assert_int_equal(n, w.d.n_limits);
    struct signer_payment p = world_payment(&w, 1);
    uint64_t day = 0;
    for (size_t i = 0; i < n; i++) {
        if (address_eq(l[i].limits.asset.token, p.typed.token))
            assert_true(u256_fits_u64(l[i].spent.day, &day));
    }
    assert_int_equal(day, 20000);
    struct entry open[4];
    assert_false(signer_open(w.s, open, 4, &n, &e));
    assert_int_equal(n, 2);
    bytes32 newest = world_call(2);
    assert_memory_equal(open[0].call.b, newest.b, sizeof newest.b);
    assert_false(signer_open(w.s, open, 1, &n, &e));
    assert_int_equal(n, 2);
}

/* Every decision of the vectors, each in a wallet of its own whose past is as the case says. */
static void every_decision_is_the_same_over_the_socket(void **state)
{
    (void)state;
    for (size_t i = 0; i < w.d.n; i++) {
        const struct decision_case *c = &w.d.c[i];
        enum refusal r = REFUSE_ASSET;
        for (size_t o = 0; o < c->offers && r != REFUSE_NOT; o++) {
            struct signer_payment p = world_payment(&w, 1000);
            p.subject = "case/model";
            p.author = "case";
            struct signer_payment before = p;
            struct signer_answer a;
            signer_world_remove(&w);
            signer_world_make(&w);
            world_unlock(&w, w.d.now);
            world_set_limits(&w);
            before.typed = p.typed = w.d.c[i].typed[o];
            before.call = world_call(1001);
            before.typed.nonce = before.call;
            before.typed.to = w.d.pinned;
            before.typed.amount = u256_from_u64(1); /* pins the payee */
            if (signer_pay(w.s, &before, &a, &e) == SOUK_ELIMIT &&
                (a.refusal == REFUSE_ASSET || a.refusal == REFUSE_NETWORK))
                goto judge; /* never could be paid */
            u256 sum = u256_is_zero(c->spent[o].author) ? c->spent[o].day : c->spent[o].author;
            if (u256_sub(sum, u256_from_u64(1), &before.typed.amount) &&
                !u256_is_zero(before.typed.amount)) {
                before.call = world_call(1002);
                before.typed.nonce = before.call;
                bool author = !u256_is_zero(c->spent[o].author);
                before.author = author ? "case" : "other";
                before.subject = author ? "case/other" : "other/model";
                before.typed.to = w.d.payer;
                before.typed.to.b[3] ^= 0x55;
                before.gate = world_gate(WORLD_PASSWORD);
                if (signer_pay(w.s, &before, &a, &e))
                    fail_msg("%s: %s", c->name, e.msg);
                close(before.gate);
            }
            if (c->killed)
                assert_false(signer_kill(w.s, &e));
        judge:
            p.quoted = c->quoted;
            souk_err rc = signer_pay(w.s, &p, &a, &e);
            assert_int_equal(rc, a.refusal ? SOUK_ELIMIT : SOUK_OK);
            assert_int_equal(signed_by_payer(&p.typed, &a.sig), a.refusal == REFUSE_NOT);
            r = a.refusal;
        }
        if (strcmp(refusal_code(r), c->reason) != 0)
            fail_msg("%s: %s, not %s", c->name, refusal_code(r), c->reason);
    }
}

/* --- the user's yes */

static void the_password_says_yes_and_nothing_else_does(void **state)
{
    (void)state;
    struct signer_payment p = world_payment(&w, 1);
    struct signer_answer a;
    p.typed.amount = u256_from_u64(60000);
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
    assert_int_equal(a.refusal, REFUSE_OVER_CALL);
    static const char *const wrong[] = {"wrong", "", "Correct horse", "correct horse ",
                                        ("a\nb\nc\n" WORLD_PASSWORD)};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        p.gate = world_gate(wrong[i]);
        assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
        assert_int_equal(a.refusal, REFUSE_OVER_CALL);
        assert_int_equal(a.sig.b[64], 0);
        close(p.gate);
    }
    p.gate = world_gate("wrong\n" WORLD_PASSWORD); /* the second of three tries */
    assert_false(signer_pay(w.s, &p, &a, &e));
    assert_true(signed_by_payer(&p.typed, &a.sig));
    close(p.gate);
    int dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    p = world_payment(&w, 2);
    p.typed.amount = u256_from_u64(60000);
    p.gate = dir;
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
    close(dir);
}

static void ten_wrong_passwords_lock_it(void **state)
{
    (void)state;
    struct signer_payment p = world_payment(&w, 1);
    struct signer_answer a;
    p.typed.amount = u256_from_u64(60000);
    souk_err rc = SOUK_ELIMIT;
    int asked = 0;
    while (rc == SOUK_ELIMIT && asked < 20) {
        p.gate = world_gate("a\nb\nc");
        rc = signer_pay(w.s, &p, &a, &e);
        close(p.gate);
        asked++;
    }
    assert_int_equal(rc, SOUK_ENOTFOUND);
    assert_int_equal(asked, 5); /* 3, 3, 3, 1, and nobody there */
}

/* A terminal that we hold the other end of. */
struct terminal {
    int master, slave;
    char seen[16384];
    size_t n;
};

static void terminal_open_pair(struct terminal *t)
{
    *t = (struct terminal){0};
    assert_int_equal(openpty(&t->master, &t->slave, NULL, NULL, NULL), 0);
}

static void terminal_close(struct terminal *t)
{
    close(t->master);
    close(t->slave);
}

static void wait_for(struct terminal *t, const char *text)
{
    while (!strstr(t->seen, text)) {
        ssize_t n = read(t->master, t->seen + t->n, sizeof t->seen - 1 - t->n);
        assert_true(n > 0);
        t->n += (size_t)n;
        t->seen[t->n] = '\0';
    }
}

static void type(struct terminal *t, const char *s)
{
    assert_int_equal(write(t->master, s, strlen(s)), strlen(s));
}

/* A payment asked for on a thread of its own, because it takes as long as the user. */
struct asking_thread {
    pthread_t id;
    struct signer *s;
    struct signer_payment p;
    struct signer_answer a;
    souk_err rc;
    struct err e;
};

static void *ask_on_thread(void *ud)
{
    struct asking_thread *t = ud;
    t->rc = signer_pay(t->s, &t->p, &t->a, &t->e);
    return NULL;
}

static void begin_asking(struct asking_thread *t, unsigned call, int gate)
{
    *t = (struct asking_thread){0};
    assert_false(signer_connect("w", &t->s, &e));
    t->p = world_payment(&w, call);
    t->p.typed.amount = u256_from_u64(60000);
    t->p.gate = gate;
    assert_int_equal(pthread_create(&t->id, NULL, ask_on_thread, t), 0);
}

static void end_asking(struct asking_thread *t)
{
    pthread_join(t->id, NULL);
    signer_close(t->s);
}

static bool echoes(int fd)
{
    struct termios t;
    assert_int_equal(tcgetattr(fd, &t), 0);
    return (t.c_lflag & (ECHO | ICANON | ISIG)) == (ECHO | ICANON | ISIG);
}

static void at_a_terminal_it_shows_what_it_asks(void **state)
{
    (void)state;
    struct terminal t;
    struct asking_thread ask;
    terminal_open_pair(&t);
    type(&t, WORLD_PASSWORD "\n"); /* typed ahead: does not count */
    begin_asking(&ask, 1, t.slave);
    wait_for(&t, "says yes, an empty line no: ");
    assert_non_null(strstr(t.seen, "Pay 0.06 USDC\r\n"));
    assert_non_null(strstr(t.seen, "to 0x 845C 7A19 7940 a276 5F77 17A5 d073 d295 fE06 337C\r\n"));
    assert_non_null(strstr(t.seen, "Not covered: more than your limit for one call\r\n"));
    assert_false(echoes(t.slave));
    type(&t, "wrong\r");
    wait_for(&t, "Once more: ");
    type(&t, "junk\x15"
             "correct hors\xc3\xa9\x7f"
             "e\r"); /* line killed, a character of two bytes taken back */
    end_asking(&ask);
    assert_int_equal(ask.rc, SOUK_OK);
    assert_true(signed_by_payer(&ask.p.typed, &ask.a.sig));
    assert_true(echoes(t.slave));
    assert_null(strstr(strstr(t.seen, "empty line no: "), "correct"));
    terminal_close(&t);
}

static void at_a_terminal_no_is_easy(void **state)
{
    (void)state;
    static const char *const no[] = {"\r", "\x1b", "\x03", "\x04", "a\rb\rc\r", "abc\x1b"};
    for (unsigned i = 0; i < sizeof no / sizeof *no; i++) {
        struct terminal t;
        struct asking_thread ask;
        terminal_open_pair(&t);
        begin_asking(&ask, i, t.slave);
        wait_for(&t, "an empty line no: ");
        type(&t, no[i]);
        end_asking(&ask);
        assert_int_equal(ask.rc, SOUK_ELIMIT);
        assert_int_equal(ask.a.refusal, REFUSE_OVER_CALL);
        assert_true(echoes(t.slave));
        terminal_close(&t);
    }
    /* The terminal goes away. */
    struct terminal t;
    struct asking_thread ask;
    terminal_open_pair(&t);
    begin_asking(&ask, 99, t.slave);
    wait_for(&t, "an empty line no: ");
    terminal_close(&t);
    end_asking(&ask);
    assert_int_equal(ask.rc, SOUK_ELIMIT);
}

/* While the user thinks, another asks; and the kill switch is thrown. */
static void a_question_holds_up_nothing_that_must_be_prompt(void **state)
{
    (void)state;
    struct terminal t, t2;
    struct asking_thread first, second;
    pay(1, SOUK_OK);
    terminal_open_pair(&t);
    terminal_open_pair(&t2);
    begin_asking(&first, 2, t.slave);
    wait_for(&t, "an empty line no: ");
    begin_asking(&second, 3, t2.slave); /* waits its turn */
    assert_int_equal(state_now().open, 1);
    signature cancel;
    assert_false(signer_cancel(w.s, world_call(1), &cancel, &e));
    struct entry en;
    assert_false(signer_check(w.s, world_call(1), &en, &e));
    assert_false(signer_kill(w.s, &e));
    end_asking(&first);
    assert_int_equal(first.a.refusal, REFUSE_KILLED);
    assert_true(echoes(t.slave));
    end_asking(&second);
    assert_int_equal(second.a.refusal, REFUSE_KILLED);
    terminal_close(&t);
    terminal_close(&t2);
}

static void who_hangs_up_takes_his_question_along(void **state)
{
    (void)state;
    struct terminal t, t2;
    struct asking_thread first, second;
    terminal_open_pair(&t);
    terminal_open_pair(&t2);
    begin_asking(&first, 1, t.slave);
    wait_for(&t, "an empty line no: ");
    begin_asking(&second, 2, t2.slave);
    /* The first one's connection breaks. */
    struct {
        int fd;
    } *inside = (void *)first.s;
    shutdown(inside->fd, SHUT_RDWR);
    end_asking(&first);
    assert_int_equal(first.rc, SOUK_ENOTFOUND);
    wait_for(&t2, "an empty line no: ");
    assert_true(echoes(t.slave));
    type(&t2, WORLD_PASSWORD "\r");
    end_asking(&second);
    assert_int_equal(second.rc, SOUK_OK);
    struct entry en[2];
    size_t n;
    assert_false(signer_open(w.s, en, 2, &n, &e));
    assert_int_equal(n, 1);
    terminal_close(&t);
    terminal_close(&t2);
}

/* --- other clients */

static void slow_and_many_clients_keep_nobody_waiting(void **state)
{
    (void)state;
    enum { MANY = 40 };
    int fd[MANY];
    for (int i = 0; i < MANY; i++) {
        fd[i] = world_connect();
        const uint8_t part[] = {200, 0, 0, 0, OP_PAY, 1, 2};
        assert_int_equal(send(fd[i], part, (size_t)(i % 7), MSG_NOSIGNAL), i % 7);
        if (i % 10 == 0)
            assert_int_equal(state_now().open, 0);
    }
    pay(1, SOUK_OK);
    /* Asks without ever reading an answer. */
    int deaf = world_connect();
    const uint8_t ask[] = {1, 0, 0, 0, OP_LIMITS};
    struct pollfd p = {.fd = deaf, .events = POLLOUT};
    while (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) &&
           send(deaf, ask, sizeof ask, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
    }
    assert_int_equal(state_now().open, 1);
    pay(2, SOUK_OK);
    for (int i = 0; i < MANY; i++)
        close(fd[i]);
    close(deaf);
}

static void a_second_signer_for_the_same_wallet_does_not_start(void **state)
{
    (void)state;
    char dir[PATH_BUF], sockets[PATH_BUF], fd[16];
    signer_gate g = world_gate(WORLD_PASSWORD);
    assert_false(signer_dir(dir, &e));
    snprintf(sockets, sizeof sockets, "%s/other", w.dir);
    assert_int_equal(mkdir(sockets, 0700), 0);
    snprintf(fd, sizeof fd, "%d", g);
    const char *const argv[] = {"serve",     "w",      "--dir",         dir, "--socket", sockets,
                                "--network", "devnet", "--password-fd", fd,  NULL};
    const int keep[] = {g, -1};
    assert_int_equal(signer_run(argv, keep, &e), SOUK_EFAIL);
    assert_non_null(strstr(e.msg, "unlocked already"));
    close(g);
    pay(1, SOUK_OK);
}

/* --- locking */

static void locked_means_that_there_is_no_process(void **state)
{
    (void)state;
    char path[PATH_BUF];
    assert_false(paths_get(PATH_STATE, "signer/w", path, &e));
    assert_int_equal(access(path, F_OK), 0);
    world_lock(&w);
    assert_int_equal(access(path, F_OK), -1);
    struct signer *s;
    assert_int_equal(signer_connect("w", &s, &e), SOUK_ENOTFOUND);
    assert_string_equal(e.msg, "the wallet w is locked: unlock it first");
    static const int ending[] = {SIGTERM, SIGHUP, SIGINT};
    for (size_t i = 0; i < 3; i++) {
        world_unlock(&w, w.d.now);
        int fd = world_connect();
        assert_int_equal(kill(w.pid, ending[i]), 0);
        world_wait_closed(fd);
        close(fd);
        world_lock(&w);
        assert_int_equal(access(path, F_OK), -1);
    }
    /* Killed without a chance to tidy up: its socket is replaced. */
    world_unlock(&w, w.d.now);
    int fd = world_connect();
    assert_int_equal(kill(w.pid, SIGKILL), 0);
    world_wait_closed(fd);
    close(fd);
    world_lock(&w);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(signer_connect("w", &s, &e), SOUK_ENOTFOUND);
    world_unlock(&w, w.d.now);
    pay(1, SOUK_OK);
}

static void it_locks_itself(void **state)
{
    (void)state;
    assert_false(world_unlock_at(&w, w.d.now, 1, &e));
    int fd = world_connect();
    world_wait_closed(fd); /* nobody asked for anything */
    close(fd);
    world_lock(&w);
}

static void a_wrong_password_unlocks_nothing(void **state)
{
    (void)state;
    struct signer_start st = {.wallet = "w", .network = "devnet", .gate = world_gate("wrong")};
    assert_int_equal(signer_unlock(&st, &e), SOUK_EVERIFY);
    close(st.gate);
    struct signer *s;
    assert_int_equal(signer_connect("w", &s, &e), SOUK_ENOTFOUND);
    st.gate = -1;
    assert_int_equal(signer_unlock(&st, &e), SOUK_EINPUT);
    st.gate = world_gate(WORLD_PASSWORD);
    st.wallet = "nobody";
    assert_int_equal(signer_unlock(&st, &e), SOUK_ENOTFOUND);
    close(st.gate);
    st.gate = world_gate(WORLD_PASSWORD);
    st.wallet = "w";
    if (signer_unlock(&st, &e))
        fail_msg("%s", e.msg);
    close(st.gate);
    assert_false(signer_connect("w", &w.s, &e));
    struct ucred peer;
    socklen_t n = sizeof peer;
    int fd = world_connect();
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n), 0);
    close(fd);
    w.pid = peer.pid;
}

/* --- time and the record */

static void a_clock_turned_back_refills_nothing(void **state)
{
    (void)state;
    struct signer_payment p = world_payment(&w, 1);
    struct signer_answer a;
    for (unsigned i = 0; i < 20; i++) { /* a whole day's budget */
        p = world_payment(&w, i);
        p.typed.amount = u256_from_u64(50000);
        if (signer_pay(w.s, &p, &a, &e))
            fail_msg("%s", e.msg);
    }
    p = world_payment(&w, 100);
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
    assert_int_equal(a.refusal, REFUSE_OVER_DAY);
    world_unlock(&w, w.d.now - SPAN_DAY);
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
    assert_int_equal(a.refusal, REFUSE_OVER_DAY);
    p.typed.valid_before -= SPAN_DAY; /* as that clock would have it */
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
    assert_int_equal(a.refusal, REFUSE_EXPIRED);
    assert_non_null(strstr(e.msg, "clock is 1440 minutes behind"));
    /* A year on the day is another, and back again it is not. */
    int64_t year = 365 * (int64_t)SPAN_DAY;
    world_unlock(&w, w.d.now + year);
    for (unsigned i = 0; i < 21; i++) {
        p = world_payment(&w, 200 + i);
        p.typed.amount = u256_from_u64(50000);
        p.typed.valid_before += (uint64_t)year;
        assert_int_equal(signer_pay(w.s, &p, &a, &e), i < 20 ? SOUK_OK : SOUK_ELIMIT);
    }
    world_unlock(&w, w.d.now + SPAN_DAY);
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_ELIMIT);
    assert_int_equal(a.refusal, REFUSE_OVER_DAY);
}

static void a_changed_record_stops_all_paying(void **state)
{
    (void)state;
    pay(1, SOUK_OK);
    pay(2, SOUK_OK);
    world_lock(&w);
    char path[PATH_BUF];
    assert_false(paths_get(PATH_DATA, "wallets/w.ledger", path, &e));
    assert_int_equal(truncate(path, 200), 0);
    world_unlock(&w, w.d.now);
    struct signer_answer a = pay(3, SOUK_ELIMIT);
    assert_int_equal(a.refusal, REFUSE_LEDGER);
    assert_non_null(strstr(e.msg, "was changed by someone"));
    assert_true(state_now().ledger_broken);
}

static void the_kill_switch_survives_a_restart(void **state)
{
    (void)state;
    assert_false(signer_kill(w.s, &e));
    assert_int_equal(pay(1, SOUK_ELIMIT).refusal, REFUSE_KILLED);
    world_unlock(&w, w.d.now);
    assert_true(state_now().killed);
    assert_int_equal(pay(1, SOUK_ELIMIT).refusal, REFUSE_KILLED);
    assert_int_equal(signer_revive(w.s, -1, &e), SOUK_ELIMIT);
    signer_gate g = world_gate(WORLD_PASSWORD);
    assert_false(signer_revive(w.s, g, &e));
    close(g);
    pay(1, SOUK_OK);
}

/* --- the chain's word */

static uint64_t spent_today(void)
{
    struct signer_payment p = world_payment(&w, 12345);
    struct signer_answer a;
    uint64_t day = 0;
    p.try_only = true;
    assert_int_equal(signer_pay(w.s, &p, &a, &e), SOUK_OK);
    assert_true(u256_fits_u64(a.spent.day, &day));
    return day;
}

static void only_the_witness_releases_what_was_reserved(void **state)
{
    (void)state;
    struct entry en;
    for (unsigned i = 1; i <= 3; i++)
        pay(i, SOUK_OK);
    assert_int_equal(spent_today(), 30000);
    world_answer(&w, "settled 4000 "
                     "0x2222222222222222222222222222222222222222222222222222222222222222");
    assert_false(signer_check(w.s, world_call(1), &en, &e));
    assert_int_equal(en.state, ENTRY_SETTLED);
    assert_int_equal(en.tx.b[0], 0x22);
    assert_int_equal(spent_today(), 24000);
    /* It may still be used: nobody can say that it lapsed. */
    world_answer(&w, "lapsed 0 " NO_TX);
    assert_false(signer_check(w.s, world_call(2), &en, &e));
    assert_int_equal(en.state, ENTRY_OPEN);
    assert_int_equal(spent_today(), 24000);
    world_answer(&w, "cancelled 0 " NO_TX);
    assert_false(signer_check(w.s, world_call(3), &en, &e));
    assert_int_equal(en.state, ENTRY_CANCELLED);
    assert_int_equal(spent_today(), 14000);
    assert_int_equal(signer_check(w.s, world_call(4), &en, &e), SOUK_ENOTFOUND);
    /* What the witness was asked. */
    char path[PATH_BUF], text[4096];
    snprintf(path, sizeof path, "%s/questions", w.dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    assert_true(n > 0);
    text[n] = '\0';
    char want[512], from[ADDRESS_BUF], to[ADDRESS_BUF], token[ADDRESS_BUF], nonce[HASH_BUF];
    struct signer_payment p = world_payment(&w, 1);
    snprintf(want, sizeof want, "1 8453 %s %s %s 10000 %s %llu %lld 0x",
             address_format(p.typed.token, token), address_format(p.typed.from, from),
             address_format(p.typed.to, to), bytes32_format(p.typed.nonce, nonce),
             (unsigned long long)p.typed.valid_before, (long long)w.d.now);
    assert_int_equal(strncmp(text, want, strlen(want)), 0);
}

/* What has run out is asked about without anybody's asking. */
static void it_asks_by_itself_what_became_of_old_signatures(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 2; i++)
        pay(i, SOUK_OK);
    world_answer(&w, "lapsed 0 " NO_TX);
    world_unlock(&w, w.d.now + 3600);
    struct signer_state st = state_now();
    for (int i = 0; i < 10000 && st.open == 2; i++)
        st = state_now();
    assert_int_equal(st.open, 1); /* one now, the other in half a minute */
}

static void without_a_witness_nothing_is_released(void **state)
{
    (void)state;
    char path[PATH_BUF];
    pay(1, SOUK_OK);
    world_lock(&w);
    snprintf(path, sizeof path, "%s/bin/souk", w.dir);
    assert_int_equal(unlink(path), 0);
    world_unlock(&w, w.d.now);
    assert_false(state_now().witness);
    struct entry en;
    assert_int_equal(signer_check(w.s, world_call(1), &en, &e), SOUK_ENET);
    pay(2, SOUK_OK);
}

/* --- what others may see of it */

static void status_line(const char *name, char out[128])
{
    char path[64], text[8192];
    snprintf(path, sizeof path, "/proc/%d/status", (int)w.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    assert_true(n > 0);
    text[n] = '\0';
    const char *at = strstr(text, name);
    assert_non_null(at);
    snprintf(out, 128, "%.*s", (int)strcspn(at + strlen(name), "\n"), at + strlen(name));
}

static void it_has_shut_itself_in(void **state)
{
    (void)state;
    char line[128];
    status_line("Seccomp:\t", line);
    assert_string_equal(line, "2");
    status_line("NoNewPrivs:\t", line);
    assert_string_equal(line, "1");
    status_line("VmLck:\t", line);
    assert_true(atoi(line) > 0);
    assert_true(state_now().memory_locked);
    struct rlimit l;
    assert_int_equal(prlimit(w.pid, RLIMIT_CORE, NULL, &l), 0);
    assert_int_equal(l.rlim_max, 0);
    assert_int_equal(prlimit(w.pid, RLIMIT_NOFILE, NULL, &l), 0);
    assert_true(l.rlim_max <= 64);
    assert_int_equal(getpgid(w.pid), w.pid); /* a session of its own */
}

/* Where in the signer's memory these bytes lie: in mappings that are locked and kept out of dumps,
 * and elsewhere. */
struct found {
    unsigned safe, elsewhere;
};

static void look_in(int mem, uint64_t from, uint64_t to, bool safe, const void *what, size_t n,
                    struct found *f)
{
    enum { PIECE = 1 << 20, OVERLAP = 64 };
    static uint8_t piece[PIECE + OVERLAP];
    for (; from < to; from += PIECE) {
        size_t want = to - from < sizeof piece ? (size_t)(to - from) : sizeof piece;
        ssize_t got = pread(mem, piece, want, (off_t)from);
        const uint8_t *at = piece, *end = piece + (got > 0 ? got : 0);
        while ((at = memmem(at, (size_t)(end - at), what, n)) && at < piece + PIECE) {
            *(safe ? &f->safe : &f->elsewhere) += 1;
            at++;
        }
    }
}

static struct found look_for(const void *what, size_t n)
{
    char path[64], line[512];
    struct found f = {0};
    snprintf(path, sizeof path, "/proc/%d/mem", (int)w.pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/smaps", (int)w.pid);
    FILE *maps = fopen(path, "re");
    assert_true(mem >= 0 && maps);
    unsigned long long from = 0, to = 0, resident = 0, a, b;
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%llx-%llx ", &a, &b) == 2) {
            from = a;
            to = b;
        } else if (sscanf(line, "Rss: %llu", &resident) == 1) {
            continue;
        } else if (strncmp(line, "VmFlags:", 8) == 0 && resident && to - from < (1ull << 32)) {
            /* The sanitizers' shadow is larger. */
            look_in(mem, from, to, strstr(line, " lo") && strstr(line, " dd"), what, n, &f);
        }
    }
    fclose(maps);
    close(mem);
    return f;
}

/* Root sees it: the key is where it belongs, and the password is nowhere any more. */
static void its_secrets_lie_in_locked_memory_alone(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        print_message("skipped: only root can look into it\n");
        skip();
    }
    struct terminal t;
    struct asking_thread ask;
    pay(1, SOUK_OK);
    terminal_open_pair(&t);
    begin_asking(&ask, 2, t.slave);
    wait_for(&t, "an empty line no: ");
    type(&t, WORLD_PASSWORD "\r");
    end_asking(&ask);
    assert_int_equal(ask.rc, SOUK_OK);
    terminal_close(&t);
    struct found key = look_for(w.d.key, sizeof w.d.key);
    assert_true(key.safe >= 1); /* or this test sees nothing */
    assert_int_equal(key.elsewhere, 0);
    struct found password = look_for(WORLD_PASSWORD, strlen(WORLD_PASSWORD));
    assert_int_equal(password.safe, 0);
    assert_int_equal(password.elsewhere, 0);
}

/* As the same user, who is not root: its memory is closed. */
static int look_as_nobody(void)
{
    char path[64];
    if (setgid(65534) || setuid(65534))
        return 1;
    world_unlock(&w, w.d.now);
    world_set_limits(&w);
    static const char *const closed[] = {"mem", "environ", "maps", "fd"};
    int bad = 0;
    for (size_t i = 0; i < sizeof closed / sizeof *closed; i++) {
        snprintf(path, sizeof path, "/proc/%d/%s", (int)w.pid, closed[i]);
        bad |= open(path, O_RDONLY | O_CLOEXEC) >= 0 ? 2 : 0;
    }
    bad |= ptrace(PTRACE_SEIZE, w.pid, 0, 0) == 0 ? 4 : 0;
    struct signer_payment p = world_payment(&w, 1);
    struct signer_answer a;
    bad |= signer_pay(w.s, &p, &a, &e) ? 8 : 0;
    world_lock(&w);
    return bad;
}

static bool others_may_run(char *path)
{
    struct stat st;
    for (;;) {
        if (stat(path, &st) != 0 || !(st.st_mode & S_IXOTH))
            return false;
        char *slash = strrchr(path, '/');
        if (!slash || slash == path)
            return true;
        *slash = '\0';
    }
}

static void its_memory_is_closed_to_its_own_user(void **state)
{
    (void)state;
    char self[PATH_BUF];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    signer_world_give(&w, 65534, 65534);
    if (geteuid() != 0 || !others_may_run(self)) {
        print_message("skipped: needs root, and a build directory that others may enter\n");
        skip();
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(look_as_nobody());
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(f)   cmocka_unit_test_setup_teardown(f, setup, teardown)
#define LOCKED(f) cmocka_unit_test_setup_teardown(f, setup_locked, teardown)
    const struct CMUnitTest tests[] = {
        TEST(it_pays_within_the_limits_and_never_twice),
        TEST(it_tells_what_it_holds),
        TEST(every_decision_is_the_same_over_the_socket),
        TEST(the_password_says_yes_and_nothing_else_does),
        TEST(ten_wrong_passwords_lock_it),
        TEST(at_a_terminal_it_shows_what_it_asks),
        TEST(at_a_terminal_no_is_easy),
        TEST(a_question_holds_up_nothing_that_must_be_prompt),
        TEST(who_hangs_up_takes_his_question_along),
        TEST(slow_and_many_clients_keep_nobody_waiting),
        TEST(a_second_signer_for_the_same_wallet_does_not_start),
        TEST(locked_means_that_there_is_no_process),
        TEST(it_locks_itself),
        LOCKED(a_wrong_password_unlocks_nothing),
        TEST(a_clock_turned_back_refills_nothing),
        TEST(a_changed_record_stops_all_paying),
        TEST(the_kill_switch_survives_a_restart),
        TEST(only_the_witness_releases_what_was_reserved),
        TEST(it_asks_by_itself_what_became_of_old_signatures),
        TEST(without_a_witness_nothing_is_released),
        TEST(it_has_shut_itself_in),
        TEST(its_secrets_lie_in_locked_memory_alone),
        LOCKED(its_memory_is_closed_to_its_own_user),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
