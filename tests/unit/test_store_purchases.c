/* The record of purchases: every field comes back, what was reported as kept is kept. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "eth/contracts.h"
#include "eth/typed.h"
#include "store/purchases.h"
#include "store/query.h"

#include "base/banned.h"

static char dir[] = "/tmp/souk-purchases-XXXXXX", path[64];

static void ok_at(int line, souk_err c, const struct err *e)
{
    if (c != SOUK_OK)
        fail_msg("line %d: %s", line, e->msg);
}
#define OK(call)                     \
    do {                             \
        struct err e = {0};          \
        ok_at(__LINE__, (call), &e); \
    } while (0)

static int remove_files(void **state)
{
    (void)state;
    char beside[80];
    unlink(path);
    snprintf(beside, sizeof beside, "%s-wal", path);
    unlink(beside);
    snprintf(beside, sizeof beside, "%s-shm", path);
    unlink(beside);
    return 0;
}

static struct untrusted text(const char *s)
{
    return untrusted(s);
}

static u256 num(uint64_t high, uint64_t low)
{
    return (u256){{low, 0, 0, high}};
}

/* A row with something else in every field. */
static struct purchase_row full_row(uint8_t k)
{
    static const char odd[] = "a\0b\xff\x1b[2J";
    struct purchase_row r = {
        .made = 1000 + k,
        .updated = 2000 + k,
        .state = PURCHASE_SENT,
        .subject = text("mira/volatility"),
        .author = text("mira"),
        .model = text("mira/volatility"),
        .method = text("POST"),
        .url = text("https://seller.example/x?y=1"),
        .body = untrusted_n(odd, sizeof odd - 1),
        .headers = text("Content-Type: application/json\n"),
        .chain = 8453,
        .scheme = TYPED_UPTO,
        .amount = num(7, k),
        .quoted = num(0, 5),
        .valid_before = 99999,
        .pay_header = text("PAYMENT-SIGNATURE"),
        .pay_value = text("eyJ4In0="),
        .has_tx = true,
        .charged = num(0, 3),
        .charged_known = true,
        .charged_by_chain = true,
        .block = 4711,
        .status = 200,
        .answer_type = text("application/octet-stream"),
        .answer = untrusted_n(odd, sizeof odd - 1),
        .words = text("it was slow"),
        .tee = text("verified"),
        .session = 3,
        .session_id = text("s-1"),
        .cost = num(1, 1),
        .plan = text("{\"validAfter\":1}"),
    };
    memset(r.call.b, 0x10 + k, sizeof r.call.b);
    memset(r.asset.b, 0x20, sizeof r.asset.b);
    memset(r.payer.b, 0x30, sizeof r.payer.b);
    memset(r.pay_to.b, 0x40, sizeof r.pay_to.b);
    memset(r.nonce.b, 0x50, sizeof r.nonce.b);
    memset(r.tx.b, 0x60, sizeof r.tx.b);
    return r;
}

static void same_text(struct untrusted a, struct untrusted b)
{
    assert_int_equal(a.n, b.n);
    assert_int_equal(a.p == NULL, b.p == NULL);
    if (a.n > 0)
        assert_memory_equal(a.p, b.p, a.n);
}

#define SAME(field) assert_memory_equal(&a->field, &b->field, sizeof a->field)

static void same_small(const struct purchase_row *a, const struct purchase_row *b)
{
    SAME(call), SAME(made), SAME(updated), SAME(state), SAME(chain), SAME(scheme), SAME(asset);
    SAME(payer), SAME(pay_to), SAME(amount), SAME(quoted), SAME(nonce), SAME(valid_before);
    SAME(has_tx), SAME(tx), SAME(charged), SAME(charged_known), SAME(charged_by_chain);
    SAME(block), SAME(status), SAME(session), SAME(cost);
    same_text(a->subject, b->subject);
    same_text(a->author, b->author);
    same_text(a->model, b->model);
    same_text(a->method, b->method);
    same_text(a->url, b->url);
    same_text(a->pay_header, b->pay_header);
    same_text(a->answer_type, b->answer_type);
    same_text(a->words, b->words);
    same_text(a->tee, b->tee);
    same_text(a->session_id, b->session_id);
}

static void same_row(const struct purchase_row *a, const struct purchase_row *b)
{
    same_small(a, b);
    same_text(a->body, b->body);
    same_text(a->headers, b->headers);
    same_text(a->pay_value, b->pay_value);
    same_text(a->answer, b->answer);
    same_text(a->plan, b->plan);
}

static void every_field_comes_back(void **state)
{
    (void)state;
    struct purchases *p;
    struct purchase_row row = full_row(1), empty = {.made = 1}, got;
    struct arena a;
    struct stat st;
    int64_t id, id2;
    arena_init(&a, 1 << 20);
    OK(purchases_open(path, &p, &e));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    OK(purchase_add(p, &row, &id, &e));
    OK(purchase_add(p, &empty, &id2, &e));
    purchases_close(p);
    OK(purchases_open(path, &p, &e));
    OK(purchase_get(p, id, &a, &got, &e));
    assert_int_equal(got.id, id);
    same_row(&got, &row);
    OK(purchase_get(p, id2, &a, &got, &e));
    same_row(&got, &empty); /* also that nothing is nothing */
    OK(purchase_find(p, row.call, &a, &got, &e));
    assert_int_equal(got.id, id);
    purchases_close(p);
    arena_release(&a);
}

static void a_save_changes_all_but_the_call(void **state)
{
    (void)state;
    struct purchases *p;
    struct purchase_row row = full_row(1), other = full_row(2), got;
    struct arena a;
    struct err why = {0};
    int64_t id;
    arena_init(&a, 1 << 20);
    OK(purchases_open(path, &p, &e));
    OK(purchase_add(p, &row, &id, &e));
    /* One call has one row. */
    assert_int_not_equal(purchase_add(p, &row, &id, &why), SOUK_OK);
    OK(purchase_find(p, row.call, &a, &got, &e));
    other.id = id = got.id;
    other.state = PURCHASE_DISPUTED;
    other.has_tx = other.charged_known = other.charged_by_chain = false;
    other.body = other.answer = other.plan = untrusted(NULL);
    OK(purchase_save(p, &other, &e));
    OK(purchase_get(p, id, &a, &got, &e));
    memcpy(&other.call, &row.call, sizeof row.call);
    other.made = row.made;
    memset(&other.tx, 0, sizeof other.tx);
    other.charged = U256_ZERO;
    same_row(&got, &other);
    other.id = 77;
    assert_int_equal(purchase_save(p, &other, &why), SOUK_ENOTFOUND);
    assert_int_equal(purchase_get(p, 77, &a, &got, &why), SOUK_ENOTFOUND);
    memset(&row.call, 0xee, sizeof row.call);
    assert_int_equal(purchase_find(p, row.call, &a, &got, &why), SOUK_ENOTFOUND);
    purchases_close(p);
    arena_release(&a);
}

static void an_answer_is_cut(void **state)
{
    (void)state;
    static char long_answer[PURCHASE_ANSWER + 7];
    struct purchases *p;
    struct purchase_row row = full_row(1), got;
    struct arena a;
    int64_t id;
    arena_init(&a, 4 << 20);
    memset(long_answer, 'x', sizeof long_answer);
    row.answer = untrusted_n(long_answer, sizeof long_answer);
    OK(purchases_open(path, &p, &e));
    OK(purchase_add(p, &row, &id, &e));
    OK(purchase_get(p, id, &a, &got, &e));
    assert_int_equal(got.answer.n, PURCHASE_ANSWER);
    purchases_close(p);
    arena_release(&a);
}

static void lists_newest_first(void **state)
{
    (void)state;
    struct purchases *p;
    struct purchase_row *list, row;
    struct arena a;
    int64_t id;
    size_t n;
    arena_init(&a, 1 << 20);
    OK(purchases_open(path, &p, &e));
    for (uint8_t s = 0; s < PURCHASE_STATES; s++) {
        row = full_row(s);
        row.state = s;
        OK(purchase_add(p, &row, &id, &e));
    }
    OK(purchase_list(p, false, 100, &a, &list, &n, &e));
    assert_int_equal(n, PURCHASE_STATES);
    for (size_t i = 0; i < n; i++) {
        row = full_row((uint8_t)(PURCHASE_STATES - 1 - i));
        row.state = (enum purchase_state)(PURCHASE_STATES - 1 - i);
        same_small(&list[i], &row);
        assert_null(list[i].body.p); /* the heavy ones stay where they are */
        assert_null(list[i].answer.p);
        assert_null(list[i].pay_value.p);
    }
    OK(purchase_list(p, true, 100, &a, &list, &n, &e));
    assert_int_equal(n, 4);
    assert_int_equal(list[0].state, PURCHASE_REFUSED);
    assert_int_equal(list[3].state, PURCHASE_SIGNED);
    OK(purchase_list(p, true, 2, &a, &list, &n, &e));
    assert_int_equal(n, 2);
    purchases_close(p);
    arena_release(&a);
}

static struct sent_row full_sent(uint8_t k)
{
    struct sent_row r = {
        .made = 10 + k,
        .chain = 84532,
        .kind = CALL_TRANSFER,
        .amount = num(0, 12),
        .nonce = 40 + k,
        .max_fee = num(0, 13),
        .max_priority = num(0, 14),
        .gas = 65000,
        .data = untrusted_n("\xa9\x05\0x", 4),
        .value = num(2, 0),
        .raw = untrusted_n("\x02\xf8\0", 3),
        .state = SENT_REPLACED,
        .block = 9,
        .fee_paid = num(0, 15),
    };
    memset(r.from.b, 0x70 + k % 2, sizeof r.from.b);
    memset(r.to.b, 0x71, sizeof r.to.b);
    memset(r.token.b, 0x72, sizeof r.token.b);
    memset(r.hash.b, 0x80 + k, sizeof r.hash.b);
    return r;
}

static void same_sent(const struct sent_row *a, const struct sent_row *b)
{
    SAME(made), SAME(chain), SAME(from), SAME(to), SAME(token), SAME(kind), SAME(amount);
    SAME(nonce), SAME(max_fee), SAME(max_priority), SAME(gas), SAME(value), SAME(hash);
    SAME(state), SAME(block), SAME(fee_paid);
    same_text(a->data, b->data);
    same_text(a->raw, b->raw);
}

static void transactions_come_back(void **state)
{
    (void)state;
    struct purchases *p;
    struct sent_row row[3], *list;
    struct arena a;
    int64_t id;
    size_t n;
    arena_init(&a, 1 << 20);
    OK(purchases_open(path, &p, &e));
    for (uint8_t k = 0; k < 3; k++) {
        row[k] = full_sent(k);
        OK(sent_add(p, &row[k], &id, &e));
        row[k].id = id;
    }
    row[1].state = SENT_PENDING;
    row[1].gas = 1;
    row[1].raw = untrusted(NULL);
    OK(sent_save(p, &row[1], &e));
    OK(sent_list(p, NULL, 100, &a, &list, &n, &e));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        same_sent(&list[i], &row[2 - i]);
    OK(sent_list(p, &row[0].from, 100, &a, &list, &n, &e));
    assert_int_equal(n, 2);
    same_sent(&list[1], &row[0]);
    purchases_close(p);
    arena_release(&a);
}

/* --- the file */

static void raw_sql(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    struct purchases *p;
    struct store *s;
    struct err why = {0};
    OK(purchases_open(path, &p, &e));
    purchases_close(p);
    raw_sql("PRAGMA user_version = 9");
    assert_int_equal(purchases_open(path, &p, &why), SOUK_EINPUT);
    assert_null(p);
    assert_non_null(strstr(why.msg, "this record of purchases was written by a newer souk"));
    remove_files(NULL);
    OK(store_open(path, STORE_WRITE, &s, &e)); /* a cache is no record of purchases */
    store_close(s);
    assert_int_equal(purchases_open(path, &p, &why), SOUK_EINPUT);
    assert_non_null(strstr(why.msg, "not a record of purchases"));
    remove_files(NULL);
    OK(purchases_open(path, &p, &e)); /* nor the other way round */
    purchases_close(p);
    assert_int_equal(store_open(path, STORE_WRITE, &s, &why), SOUK_EINPUT);
    assert_non_null(strstr(why.msg, "not a cache"));
}

static void damage_is_named_and_nothing_deleted(void **state)
{
    (void)state;
    struct purchases *p;
    struct purchase_row row = full_row(1), *list;
    struct arena a;
    struct err why = {0};
    struct stat before, after;
    int64_t id;
    size_t n;
    arena_init(&a, 1 << 20);
    OK(purchases_open(path, &p, &e));
    for (uint8_t k = 0; k < 60; k++) {
        memset(&row.call, k, sizeof row.call);
        OK(purchase_add(p, &row, &id, &e));
    }
    purchases_close(p);
    assert_int_equal(stat(path, &before), 0);
    FILE *f = fopen(path, "r+");
    for (long at = 4096; at < before.st_size; at += 64) {
        fseek(f, at, SEEK_SET);
        fputs("garbage", f);
    }
    fclose(f);
    souk_err c = purchases_open(path, &p, &why);
    if (c == SOUK_OK) {
        c = purchase_list(p, false, 100, &a, &list, &n, &why);
        purchases_close(p);
    }
    assert_int_equal(c, SOUK_EINPUT);
    assert_non_null(strstr(why.msg, "move it away and keep it"));
    assert_null(strstr(why.msg, "delete"));
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    arena_release(&a);
}

/* Killed at any moment: what a call reported as written is there, whole, and the file is sound. */
static void a_kill_loses_nothing_reported(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 12; round++) {
        int reports[2];
        struct purchases *p;
        struct purchase_row got, want;
        struct arena a;
        uint8_t k, last = 0;
        bool some = false;
        remove_files(NULL);
        assert_int_equal(pipe(reports), 0);
        pid_t child = fork();
        if (child == 0) {
            struct err e;
            int64_t id;
            close(reports[0]);
            if (purchases_open(path, &p, &e) != SOUK_OK)
                _exit(1);
            for (k = 1;; k = (uint8_t)(k + 1)) {
                struct purchase_row r = full_row(k);
                if (k == 200 || purchase_add(p, &r, &id, &e) != SOUK_OK)
                    _exit(1);
                r.id = id;
                r.state = PURCHASE_ANSWERED;
                if (purchase_save(p, &r, &e) != SOUK_OK || write(reports[1], &k, 1) != 1)
                    _exit(1);
            }
        }
        close(reports[1]);
        for (unsigned i = 0; i < 1 + round * 5 && read(reports[0], &k, 1) == 1; i++)
            last = k, some = true;
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        while (read(reports[0], &k, 1) == 1)
            last = k;
        close(reports[0]);
        assert_true(some);
        OK(purchases_open(path, &p, &e));
        arena_init(&a, 1 << 20);
        for (k = 1; k <= last; k++) {
            want = full_row(k);
            want.state = PURCHASE_ANSWERED;
            OK(purchase_find(p, want.call, &a, &got, &e));
            same_row(&got, &want);
        }
        arena_release(&a);
        purchases_close(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_field_comes_back, remove_files),
        cmocka_unit_test_teardown(a_save_changes_all_but_the_call, remove_files),
        cmocka_unit_test_teardown(an_answer_is_cut, remove_files),
        cmocka_unit_test_teardown(lists_newest_first, remove_files),
        cmocka_unit_test_teardown(transactions_come_back, remove_files),
        cmocka_unit_test_teardown(other_files_are_refused, remove_files),
        cmocka_unit_test_teardown(damage_is_named_and_nothing_deleted, remove_files),
        cmocka_unit_test_teardown(a_kill_loses_nothing_reported, remove_files),
    };
    if (mkdtemp(dir) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/p.db", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    rmdir(dir);
    return failed;
}
