/*
 * Getting, where a test of the whole program would have to wait: servers that fall silent, stopping
 * and dropping in the middle, no memory. And which file of a model is meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/paths.h"
#include "hostile.h"
#include "market/get.h"
#include "market_world.h"
#include "tree.h"
#include "walrus/encode.h"

/* --- a full disk: this program's own pwrite, which the library's writing goes through */

static bool full;

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    if (full) {
        errno = ENOSPC;
        return -1;
    }
    return (ssize_t)syscall(SYS_pwrite64, fd, p, n, at);
}

/* --- the frame */

static const char content[] = "fifty bytes of what is not a model, but will do it";
enum { SIZE = sizeof content - 1, HALF = 20 };
static char home[] = "/tmp/souk-get-XXXXXX";
static struct hostile *one, *two;
static struct loop *loop;
static struct market *market;
static blob_id id;
static char part_path[PATH_BUF], id_text[BLOB_ID_BUF];

static void write_text(const char *leaf, const char *text)
{
    char path[PATH_BUF];
    snprintf(path, sizeof path, "%s/%s", home, leaf);
    for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int set_up(void **state)
{
    (void)state;
    struct walrus_meta meta;
    struct err e;
    assert_non_null(mkdtemp(home));
    paths_override(home);
    assert_int_equal(walrus_encode(content, SIZE, NULL, &meta, &e), SOUK_OK);
    id = meta.id;
    walrus_meta_release(&meta);
    blob_id_format(&id, id_text);
    snprintf(part_path, sizeof part_path, "%s/data/models/%s.part/content", home, id_text);
    one = hostile_start();
    two = hostile_start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hostile_stop(one);
    hostile_stop(two);
    return tree_remove(home);
}

/* On the devnet's profile, or on one that is not local. */
static void open_market(const char *network, bool offline)
{
    char text[512];
    struct err e;
    snprintf(text, sizeof text, "{\"running\":true,\"walrus\":\"%s %s\"}", hostile_url(one),
             hostile_url(two));
    write_text("state/devnet/status.json", text);
    snprintf(text, sizeof text, "[network.far]\nwalrus = %s\n", hostile_url(one));
    write_text("config/config", text);
    const struct market_options o = {.network = network, .offline = offline};
    loop = loop_new(&e);
    assert_non_null(loop);
    if (market_open(loop, &o, &market, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
}

static void close_market(void)
{
    market_close(market);
    loop_free(loop);
}

static int opened(void **state)
{
    (void)state;
    hostile_forget(one);
    hostile_forget(two);
    library_remove(&id, NULL);
    open_market("devnet", false);
    return 0;
}

static int closed(void **state)
{
    (void)state;
    close_market();
    return 0;
}

struct got {
    struct get *g;
    int calls;
    struct err err;
    bool here, cancel_at_bytes, drop_at_bytes;
    uint64_t seen;
};

static void on_done(void *ud, const struct library_row *row, const struct stored *s,
                    const struct err *e)
{
    struct got *g = ud;
    assert_int_equal(s->is, STORED_UNKNOWN); /* there are no nodes */
    g->calls++;
    g->err = *e;
    g->here = row != NULL;
}

static void on_progress(void *ud, const struct get_progress *p)
{
    struct got *g = ud;
    if (p->step != GET_CHECKING)
        assert_true(p->total == 0 || p->done <= p->total);
    g->seen = p->done;
    if (p->done == HALF && g->cancel_at_bytes) {
        g->cancel_at_bytes = false;
        get_cancel(g->g);
    } else if (p->done == HALF && g->drop_at_bytes) {
        get_drop(g->g);
        g->drop_at_bytes = false;
        g->g = NULL;
    }
}

static const struct get_events events = {on_progress, on_done};

static void begin(struct got *g, const struct get_options *o)
{
    struct get_target t = {.id = id, .has_id = true, .size = SIZE};
    g->calls = 0;
    g->g = get_start(market, &t, o, &events, g, &g->err);
}

static void run(struct got *g, const struct get_options *o)
{
    begin(g, o);
    assert_non_null(g->g);
    while (g->calls == 0)
        loop_step(loop, -1);
    assert_int_equal(g->calls, 1);
}

/* Bytes [from, to) of it, of which `come` come. */
static void say(struct hostile *h, int from, int to, int come, enum hostile_end end)
{
    char answer[512];
    snprintf(answer, sizeof answer,
             "HTTP/1.1 206 Partial\r\nContent-Range: bytes %d-%d/%d\r\nContent-Length: %d\r\n\r\n"
             "%.*s",
             from, to - 1, SIZE, to - from, come, content + from);
    hostile_queue(h, (struct hostile_answer){.bytes = answer, .end = end});
}

static off_t part_size(void)
{
    struct stat st;
    return stat(part_path, &st) == 0 ? st.st_size : -1;
}

/* --- */

static void test_whole(void **state)
{
    (void)state;
    struct got g = {0};
    say(one, 0, SIZE, SIZE, HOSTILE_KEEP);
    run(&g, NULL);
    assert_true(g.here);
    assert_int_equal(g.seen, SIZE);
    assert_int_equal(library_find(&id, NULL, &g.err), SOUK_OK);
    assert_int_equal(hostile_count(one), 1); /* the size was stated: no probe */
    assert_non_null(strstr(hostile_request(one, 0), "Range: bytes=0-49\r\n"));
    assert_non_null(strstr(hostile_request(one, 0), "Accept-Encoding: identity\r\n"));
}

/* One that falls silent is left; the next one goes on where it stopped. */
static void test_silence(void **state)
{
    (void)state;
    const struct get_options o = {.stall_ms = 50};
    struct got g = {0};
    say(one, 0, SIZE, HALF, HOSTILE_HOLD);
    say(two, HALF, SIZE, SIZE - HALF, HOSTILE_KEEP);
    run(&g, &o);
    assert_true(g.here);
    assert_non_null(strstr(hostile_request(two, 0), "Range: bytes=20-49\r\n"));
}

/* Next to nothing is as good as silence: a byte every 5 ms, where there is somebody else. */
static void test_crawling(void **state)
{
    (void)state;
    const struct get_options o = {.stall_ms = 50};
    struct got g = {0};
    char head[256];
    snprintf(head, sizeof head,
             "HTTP/1.1 206 Partial\r\nContent-Range: bytes 0-%d/%d\r\nContent-Length: %d\r\n\r\n",
             SIZE - 1, SIZE, SIZE);
    hostile_queue(one, (struct hostile_answer){.bytes = head, .end = HOSTILE_DRIBBLE, .tail = "x"});
    hostile_say(two, NULL, 200, "", content); /* ignores ranges */
    run(&g, &o);
    assert_true(g.here);
    assert_true(hostile_count(two) > 0);
    assert_int_equal(hostile_count(one), 1);
}

static void test_disk_full(void **state)
{
    (void)state;
    struct got g = {0};
    say(one, 0, SIZE, HALF, HOSTILE_CLOSE);
    hostile_say(two, NULL, 404, "", "");
    run(&g, NULL);
    assert_int_equal(part_size(), HALF);
    hostile_forget(one);
    say(one, HALF, SIZE, SIZE - HALF, HOSTILE_KEEP);
    full = true;
    run(&g, NULL);
    full = false;
    assert_int_equal(g.err.code, SOUK_EFAIL);
    assert_non_null(strstr(g.err.msg, "the disk is full"));
    assert_int_equal(part_size(), HALF); /* what came before is kept */
    run(&g, NULL);
    assert_true(g.here);
}

static void test_silence_of_all(void **state)
{
    (void)state;
    const struct get_options o = {.stall_ms = 30};
    struct got g = {0};
    hostile_queue(one, (struct hostile_answer){.bytes = "HTTP/1.1 206", .end = HOSTILE_HOLD});
    hostile_queue(two, (struct hostile_answer){.bytes = "", .end = HOSTILE_HOLD});
    run(&g, &o);
    assert_false(g.here);
    assert_int_equal(g.err.code, SOUK_ENET);
    assert_non_null(strstr(g.err.msg, "has sent nothing"));
    assert_int_equal(part_size(), -1); /* nothing came, nothing is left */
}

static void test_stopped(void **state)
{
    (void)state;
    struct got g = {.cancel_at_bytes = true};
    say(one, 0, SIZE, HALF, HOSTILE_HOLD);
    run(&g, NULL);
    assert_int_equal(g.err.code, SOUK_ECANCEL);
    assert_int_equal(part_size(), HALF);
    hostile_forget(one);
    say(one, HALF, SIZE, SIZE - HALF, HOSTILE_KEEP);
    run(&g, NULL);
    assert_true(g.here);
    assert_non_null(strstr(hostile_request(one, 0), "Range: bytes=20-49\r\n"));
}

static void test_dropped(void **state)
{
    (void)state;
    struct got g = {.drop_at_bytes = true};
    say(one, 0, SIZE, HALF, HOSTILE_HOLD);
    begin(&g, NULL);
    while (g.drop_at_bytes)
        loop_step(loop, -1);
    while (!loop_idle(loop))
        loop_step(loop, -1);
    assert_int_equal(g.calls, 0);
    assert_int_equal(part_size(), HALF);

    begin(&g, NULL); /* and at once: whatever is under way then */
    get_drop(g.g);
    get_drop(NULL);
    close_market();
    open_market("devnet", false);
    assert_int_equal(g.calls, 0);
    assert_int_equal(part_size(), HALF);
}

/* --- who may not be asked */

static void test_refused(void **state)
{
    (void)state;
    struct got g = {0};
    struct get_target t = {.id = id, .size = -1};
    struct err e;
    assert_null(get_start(market, &t, NULL, &events, &g, &e));
    assert_int_equal(e.code, SOUK_ENOTFOUND);
    t.legacy = true;
    assert_null(get_start(market, &t, NULL, &events, &g, &e));
    assert_int_equal(e.code, SOUK_EINPUT);
    close_market();
    open_market("devnet", true);
    begin(&g, NULL);
    assert_null(g.g);
    assert_int_equal(g.err.code, SOUK_EUSAGE);
    assert_null(stored_ask(market, &id, NULL, NULL, &e));
    close_market();
    open_market("far", false); /* a network of strangers has no server on this machine */
    run(&g, NULL);
    assert_non_null(strstr(g.err.msg, "public addresses only"));
    assert_int_equal(hostile_count(one), 0);
}

/* --- no memory */

static void test_no_memory(void **state)
{
    (void)state;
    struct got g = {0};
    hostile_say(one, NULL, 404, "", "no");
    hostile_say(two, NULL, 404, "", "no");
    run(&g, NULL); /* libcurl is loaded now */
    assert_int_equal(g.err.code, SOUK_ENOTFOUND);
    for (unsigned long n = 1; n < 300; n++) {
        mem_fail_at(n, false);
        begin(&g, NULL);
        while (g.g != NULL && g.calls == 0)
            loop_step(loop, -1);
        mem_fail_at(0, false);
        assert_true(g.err.code != SOUK_OK);
        assert_true(g.err.msg[0] != '\0');
        assert_int_equal(part_size(), -1);
        if (g.err.code == SOUK_ENOTFOUND && n > 40)
            return;
    }
    fail_msg("it never came right");
}

/* --- how long it is stored */

static void on_stored(void *ud, const struct stored *s, const struct err *e)
{
    struct stored *out = ud;
    *out = *s;
    out->epoch += e->code == SOUK_OK ? 1000 : 0;
}

static struct stored stored_by(const char *status, const char *health)
{
    char text[512];
    struct stored s = {.end_epoch = 77};
    struct err e;
    hostile_forget(one);
    hostile_say(one, "/v1/health", 200, "", health);
    hostile_say(one, NULL, 200, "", status);
    close_market();
    open_market("devnet", false);
    snprintf(text, sizeof text,
             "{\"running\":true,\"walrus_nodes\":\"http://127.0.0.1:1 %s\",\"walrus_epoch_hours\":"
             "24}",
             hostile_url(one));
    write_text("state/devnet/status.json", text);
    market_close(market);
    const struct market_options o = {.network = "devnet"};
    assert_int_equal(market_open(loop, &o, &market, &e), SOUK_OK);
    assert_non_null(stored_ask(market, &id, on_stored, &s, &e));
    while (s.end_epoch == 77)
        loop_step(loop, -1);
    return s;
}

static void test_stored(void **state)
{
    (void)state;
    static const char permanent[] = "{\"success\":{\"data\":{\"permanent\":{\"endEpoch\":30}}}}";
    struct buf b;
    struct err e;
    buf_init(&b, 4096);
    struct stored s = stored_by(permanent, "{\"success\":{\"data\":{\"epoch\":20}}}");
    assert_int_equal(s.is, STORED_UNTIL); /* the first node is dead, the second one asked */
    assert_int_equal(s.epoch, 1020);
    assert_in_range(s.end - clock_now(), 10 * 86400 - 60, 10 * 86400);
    stored_words(&s, &b);
    assert_non_null(strstr(b.p, "stored until epoch 30 (about 2"));
    s = stored_by(permanent, "nonsense");
    assert_int_equal(s.is, STORED_UNTIL);
    assert_int_equal(s.end, 0);
    s = stored_by(permanent, "{\"success\":{\"data\":{\"epoch\":30}}}");
    assert_int_equal(s.is, STORED_NO_MORE); /* the end is exclusive */
    s = stored_by("{\"success\":{\"data\":{\"deletable\":{}}}}", "{}");
    assert_int_equal(s.is, STORED_WHILE_KEPT);
    s = stored_by("{\"success\":{\"data\":\"nonexistent\"}}", "{}");
    assert_int_equal(s.is, STORED_NO_MORE);
    s = stored_by("<html>", "{}");
    assert_int_equal(s.is, STORED_UNKNOWN);
    assert_int_equal(s.epoch, 0);
    buf_clear(&b);
    stored_words(&s, &b);
    assert_non_null(strstr(b.p, "not known"));
    stored_ask_drop(stored_ask(market, &id, on_stored, &s, &e));
    stored_ask_drop(NULL);
    buf_release(&b);
}

/* --- which file */

#define ID_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ID_B "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ID_C "CAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define QM   "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnuX6G"

static void is(struct store *s, int64_t model, const char *version, const char *file,
               const char *blob, const char *name)
{
    struct get_target t;
    struct err e;
    char text[BLOB_ID_BUF] = "";
    if (get_of_model(s, model, version, file, &t, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    if (t.has_id)
        blob_id_format(&t.id, text);
    assert_string_equal(text, blob);
    assert_string_equal(t.file, name);
}

static void is_not(struct store *s, int64_t model, const char *version, const char *file,
                   souk_err code, const char *words)
{
    struct get_target t;
    struct err e;
    assert_int_equal(get_of_model(s, model, version, file, &t, &e), code);
    if (strstr(e.msg, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.msg, words);
}

static void test_which(void **state)
{
    (void)state;
    struct world w;
    struct get_target t;
    struct err e;
    world_open(&w);
    int64_t m = put_model(&w, "mira", "tail-risk", "");
    int64_t told = put_model(&w, "mira", "told", "Model CID: " ID_C);
    int64_t old = put_model(&w, "mira", "old", "");
    int64_t none = put_model(&w, "mira", "none", "");
    put_file(&w, m, "1.00", "a.onnx", ID_A);
    put_file(&w, m, "1.01", "a.onnx", ID_B);
    put_file(&w, m, "1.01", "readme.md", ID_C);
    put_file(&w, m, "1.02", "a.onnx", NULL);
    put_file(&w, m, "2.00", "a.onnx", ID_A);
    put_file(&w, m, "2.00", "b.onnx", ID_B);
    put_file(&w, told, "1.00", "c.onnx", ID_C);
    put_file(&w, told, "0.90", "z.bin", ID_A);
    put_file(&w, old, "1.00", "a.onnx", QM);
    world_derive(&w);
    is(w.w, m, "1.00", NULL, ID_A, "a.onnx");
    is(w.w, m, "1.01", NULL, ID_B, "a.onnx"); /* the only .onnx */
    is(w.w, m, "1.01", "readme.md", ID_C, "readme.md");
    is(w.w, m, "1.02", NULL, "", "a.onnx"); /* the Hub tells no ID */
    is(w.w, m, NULL, "b.onnx", ID_B, "b.onnx");
    is_not(w.w, m, "2.00", NULL, SOUK_EINPUT, "a.onnx, b.onnx");
    is_not(w.w, m, "2.00", "c.onnx", SOUK_ENOTFOUND, "a.onnx, b.onnx");
    is_not(w.w, m, "3.00", NULL, SOUK_ENOTFOUND, "2.00, 1.02, 1.01, 1.00");
    is(w.w, told, NULL, NULL, ID_C, "c.onnx"); /* its own word */
    is(w.w, told, "0.90", NULL, ID_A, "z.bin");
    is(w.w, none, NULL, NULL, "", "");
    is_not(w.w, none, "1.00", NULL, SOUK_ENOTFOUND, "no versions");
    assert_int_equal(get_of_model(w.w, old, NULL, NULL, &t, &e), SOUK_OK);
    assert_true(t.legacy);
    assert_false(t.has_id);
    assert_string_equal(t.author, "mira");
    assert_int_not_equal(get_of_model(w.w, 999, NULL, NULL, &t, &e), SOUK_OK);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_whole, opened, closed),
        cmocka_unit_test_setup_teardown(test_silence, opened, closed),
        cmocka_unit_test_setup_teardown(test_silence_of_all, opened, closed),
        cmocka_unit_test_setup_teardown(test_crawling, opened, closed),
        cmocka_unit_test_setup_teardown(test_disk_full, opened, closed),
        cmocka_unit_test_setup_teardown(test_stopped, opened, closed),
        cmocka_unit_test_setup_teardown(test_dropped, opened, closed),
        cmocka_unit_test_setup_teardown(test_refused, opened, closed),
        cmocka_unit_test_setup_teardown(test_no_memory, opened, closed),
        cmocka_unit_test_setup_teardown(test_stored, opened, closed),
        cmocka_unit_test(test_which),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
