/* Databases as endpoints: their addresses, and how a question to nobody ends. What a database
 * answers is tested against a real one: tests/interop/postgres.test.mjs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "net/rpc.h"
#include "net/sql.h"

#include "base/banned.h"

static void addresses(void **state)
{
    static const struct {
        const char *url;
        bool ours;
        const char *fault; /* part of it */
    } all[] = {
        {"postgresql://reader@db.example:5433/chain", true, NULL},
        {"POSTGRES://db.example/chain?options=-csearch_path%3Dmine", true, NULL},
        {"postgresql:///chain?host=%2Frun%2Fpostgresql", true, NULL},
        {"postgresql://[::1]:5432/chain", true, NULL},
        {"postgresql://reader:secret@db.example/chain", true, "password"},
        {"postgresql://db.example/chain?user=a&PassWord=secret", true, "password"},
        {"postgresql://db.example/ch\tain", true, "character"},
        {"postgresql://db.example/ch\xc3\xa4", true, "character"},
        {"http://postgresql://", false, NULL},
        {"postgres:/db", false, NULL},
        {"", false, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t n = strlen(all[i].url);
        assert_int_equal(sql_is_url(all[i].url, n), all[i].ours);
        if (!all[i].ours)
            continue;
        const char *fault = sql_url_fault(all[i].url, n);
        assert_int_equal(fault == NULL, all[i].fault == NULL);
        if (fault)
            assert_non_null(strstr(fault, all[i].fault));
    }
}

struct asked {
    struct loop *loop;
    struct err err;
    int times;
};

static void on_reply(void *ud, struct rpc_reply *r)
{
    struct asked *a = ud;
    a->err = r->err;
    a->times++;
    loop_stop(a->loop, 0);
}

static const struct rpc_call head = {"eth_blockNumber", "[]"};

static void nobody_there(void **state)
{
    struct err e;
    struct asked a = {.loop = loop_new(&e)};
    struct http *h = http_new(a.loop, &e);
    struct rpc *r = rpc_new(h, "postgresql://reader@127.0.0.1:1/chain", "the payment chain", &e);
    (void)state;
    assert_non_null(r);
    assert_int_equal(rpc_send(r, &head, 1, on_reply, &a, &e), SOUK_OK);
    loop_run(a.loop);
    assert_int_equal(a.times, 1);
    assert_int_equal(a.err.code, SOUK_ENET);
    assert_non_null(strstr(a.err.msg, "127.0.0.1:1: the database cannot be reached"));
    assert_null(strchr(a.err.msg, '\n'));
    rpc_free(r);
    http_free(h);
    loop_free(a.loop);
}

/* A question that nobody waits for any more calls nobody, and what it needed lives until its end.
 */
static void dropped(void **state)
{
    struct err e;
    struct asked a = {.loop = loop_new(&e)};
    struct http *h = http_new(a.loop, &e);
    struct rpc *r = rpc_new(h, "postgresql://reader@127.0.0.1:1/chain", "the payment chain", &e);
    (void)state;
    for (int i = 0; i < 8; i++) {
        assert_int_equal(rpc_send(r, &head, 1, on_reply, &a, &e), SOUK_OK);
        for (int k = 0; k < i; k++)
            loop_step(a.loop, 0);
        rpc_cancel(r);
    }
    assert_int_equal(rpc_send(r, &head, 1, on_reply, &a, &e), SOUK_OK);
    loop_step(a.loop, 0);
    rpc_free(r);
    http_free(h);
    loop_free(a.loop);
    assert_int_equal(a.times, 0);
}

static void a_password_is_refused(void **state)
{
    struct err e;
    struct loop *l = loop_new(&e);
    struct http *h = http_new(l, &e);
    (void)state;
    assert_null(rpc_new(h, "postgresql://reader:secret@127.0.0.1/x", "the payment chain", &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    assert_null(strstr(e.msg, "secret"));
    http_free(h);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(dropped),
        cmocka_unit_test(a_password_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
