/*
 * The app on the test backend: who gets an event, how often it draws, what lies on top, and the
 * script driver that everything else is tested with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ui/app.h"
#include "ui/script.h"
#include "base/banned.h"

/* One kind of screen that remembers what happened to it. */
struct probe {
    struct app *app;
    char last[32]; /* name of the last action it got */
    char typed[64];
    bool typing;
    unsigned long draws;
};

static struct {
    int open, shown, updates;
    struct probe *newest;
    bool refuse, answer, answered;
    long picked;
    int synced;
} seen;

static souk_err probe_open(struct app *a, void *arg, void **self, struct err *e)
{
    (void)arg;
    if (seen.refuse) {
        return err_set(e, SOUK_ENOTFOUND, "no such model: \033[31mx");
    }
    struct probe *p = mem_zalloc(sizeof *p);
    if (!p) {
        return err_nomem(e);
    }
    p->app = a;
    seen.newest = p;
    seen.open++;
    *self = p;
    return SOUK_OK;
}

static void probe_close(void *self)
{
    seen.open--;
    mem_free(self);
}

static void probe_draw(void *self, struct canvas *c, struct rect area)
{
    struct probe *p = self;
    p->draws++;
    canvas_strf(c, area.x, area.y, area.w, ST_NORMAL, "did %s typed %s", p->last, p->typed);
    canvas_untrusted(c, -3, -3, 10, untrusted("outside"), ST_BAD);
    canvas_fill(c, (struct rect){0, 0, 9, 1}, GL_CROSS, ST_BAD); /* on the header: clipped */
    if (strcmp(p->last, "compare") == 0) {
        canvas_ago(c, area.x, area.y + 1, 20, clock_now() - 120, ST_DIM);
    }
}

static bool probe_event(void *self, const struct event *ev)
{
    struct probe *p = self;
    if (!p->typing || ev->kind != EV_KEY || !key_is_text(ev->key)) {
        p->typing = false;
        return false;
    }
    size_t n = strlen(p->typed);
    if (n + 1 < sizeof p->typed) {
        p->typed[n] = (char)ev->key.code;
    }
    return true;
}

static void answered(void *ud, bool yes)
{
    (void)ud;
    seen.answered = true;
    seen.answer = yes;
}

static void picked(void *ud, long index)
{
    (void)ud;
    seen.picked = index;
}

static const struct screen_ops probe_above;

static bool probe_action(void *self, enum action act)
{
    struct probe *p = self;
    static const struct menu_item two[] = {{.label = {"one", 3}}, {.label = {"two", 3}}};
    snprintf(p->last, sizeof p->last, "%s", action_info(act)->name);
    switch (act) {
    case ACT_OPEN:
        app_push(p->app, &probe_above, NULL);
        snprintf(p->last, sizeof p->last, "pushed"); /* its state is still its own */
        return true;
    case ACT_CLEAR:
        app_pop(p->app);
        snprintf(p->last, sizeof p->last, "popped");
        return true;
    case ACT_FILTER:
        p->typing = true;
        return true;
    case ACT_MARK:
        app_confirm(p->app, "Pay?", untrusted("all of it"), "Yes", answered, NULL);
        return true;
    case ACT_SORT:
        app_menu(p->app, "Pick", two, 2, 0, picked, NULL);
        return true;
    case ACT_COPY:
        app_copy(p->app, untrusted("an\033id"), "id");
        return true;
    case ACT_EXPLAIN:
        app_replace(p->app, &probe_above, NULL);
        return true;
    default:
        return action_info(act)->group == GROUP_SCREEN;
    }
}

static void probe_update(void *self)
{
    (void)self;
    seen.updates++;
}

static void probe_shown(void *self, bool on)
{
    (void)self;
    seen.shown += on ? 1 : -1;
}

static bool probe_offers(void *self, enum action act)
{
    (void)self;
    return act != ACT_DEVNET;
}

static void probe_crumb(void *self, struct strip *s)
{
    (void)self;
    strip_untrusted(s, untrusted("mira/x\033"), ST_TITLE);
}

static const enum action acts[] = {ACT_OPEN,  ACT_FILTER,  ACT_MARK,    ACT_SORT,   ACT_COPY,
                                   ACT_CLEAR, ACT_COMPARE, ACT_EXPLAIN, ACT_DEVNET, ACT_NONE};

static const struct screen_ops probe_market = {
    .name = "market",
    .title = "Market",
    .actions = acts,
    .open = probe_open,
    .close = probe_close,
    .draw = probe_draw,
    .event = probe_event,
    .action = probe_action,
    .update = probe_update,
    .shown = probe_shown,
    .offers = probe_offers,
};
static const struct screen_ops probe_health = {
    .name = "health",
    .title = "Health",
    .open = probe_open,
    .close = probe_close,
    .draw = probe_draw,
    .shown = probe_shown,
};
static const struct screen_ops probe_above = {
    .name = "model",
    .title = "Model",
    .actions = acts,
    .open = probe_open,
    .close = probe_close,
    .draw = probe_draw,
    .action = probe_action,
    .shown = probe_shown,
    .update = probe_update,
    .crumb = probe_crumb,
};

static const struct screen_ops *const tabs[] = {&probe_market, &probe_health};

struct world {
    struct loop *loop;
    struct backend *backend;
    struct app *app;
};

static int setup(void **state)
{
    memset(&seen, 0, sizeof seen);
    seen.picked = -99;
    clock_fix(1760000000);
    struct world *w = mem_zalloc(sizeof *w);
    w->loop = loop_new(NULL);
    w->backend = backend_test_new(70, 10, TEXT_UNICODE, NULL);
    struct app_config cfg = {.loop = w->loop, .backend = w->backend, .tabs = tabs, .n_tabs = 2};
    w->app = app_new(&cfg, NULL);
    *state = w;
    return w->app ? 0 : -1;
}

static int teardown(void **state)
{
    struct world *w = *state;
    app_free(w->app);
    backend_free(w->backend);
    loop_free(w->loop);
    mem_free(w);
    return seen.open; /* every screen was closed */
}

static void press(struct world *w, const char *keys)
{
    while (*keys) {
        struct event ev = {.kind = EV_KEY};
        size_t used = key_parse(keys, &ev.key);
        assert_true(used > 0);
        app_feed(w->app, &ev);
        keys += used;
    }
}

static bool shows(struct world *w, const char *text)
{
    app_draw_now(w->app);
    return test_has_text(app_canvas(w->app), text);
}

static void test_a_flood_is_drawn_once(void **state)
{
    struct world *w = *state;
    app_draw_now(w->app);
    unsigned long draws = seen.newest->draws;
    for (int i = 0; i < 1000; i++) {
        press(w, "j");
    }
    loop_step(w->loop, 0);
    while (!app_settled(w->app)) {
        loop_step(w->loop, -1);
    }
    assert_int_equal(seen.newest->draws, draws + 1);
    unsigned long written = test_cells_written(w->backend);
    loop_step(w->loop, 0);
    app_draw_now(w->app);
    assert_int_equal(seen.newest->draws, draws + 1); /* nothing happened: nothing is drawn */
    assert_int_equal(test_cells_written(w->backend), written);
    assert_true(loop_idle(w->loop));
}

static void test_who_gets_an_event(void **state)
{
    struct world *w = *state;
    press(w, "C");
    assert_string_equal(seen.newest->last, "compare");
    press(w, "D"); /* not offered now */
    assert_string_equal(seen.newest->last, "compare");
    press(w, "f"); /* not one of its actions */
    assert_string_equal(seen.newest->last, "compare");
    press(w, "/hQ");
    assert_string_equal(seen.newest->typed, "hQ");
    press(w, "<Down>x");
    assert_true(shows(w, "typed hQ"));
}

static void test_screens_stack(void **state)
{
    struct world *w = *state;
    struct probe *root = seen.newest;
    assert_int_equal(seen.shown, 1);
    press(w, "<Enter>");
    assert_int_equal(seen.open, 2);
    assert_int_equal(seen.shown, 1);
    assert_string_equal(root->last, "pushed");
    assert_true(shows(w, "Market › mira/x␛"));
    press(w, "<Enter>x"); /* leaves from within its own callback */
    assert_int_equal(seen.open, 3);
    app_draw_now(w->app);
    assert_int_equal(seen.open, 2);
    press(w, "e");
    app_draw_now(w->app);
    assert_int_equal(seen.open, 2);
    app_changed(w->app);
    assert_int_equal(seen.updates, 2);
    press(w, "2");
    app_draw_now(w->app);
    assert_int_equal(seen.open, 2); /* both roots; what was above is gone */
    assert_int_equal(seen.shown, 1);
    press(w, "1");
    assert_true(shows(w, "did pushed")); /* a tab keeps its state */
    press(w, "9");
    for (int i = 0; i < 40; i++) {
        press(w, "<Enter>");
    }
    assert_true(shows(w, "too many screens"));
}

static void test_a_screen_that_cannot_open_says_why(void **state)
{
    struct world *w = *state;
    seen.refuse = true;
    press(w, "<Enter>");
    assert_true(shows(w, "✗ no such model: ␛[31mx"));
    assert_int_equal(seen.open, 1);
    press(w, "j");
    assert_false(shows(w, "no such model"));
}

static void test_typed_ahead_keys_never_confirm(void **state)
{
    struct world *w = *state;
    press(w, "<Space>y<Enter>"); /* all before the question could be read */
    assert_false(seen.answered);
    assert_true(shows(w, "Pay?"));
    press(w, "<Enter>");
    assert_true(seen.answered);
    assert_false(seen.answer);
    press(w, "<Space>");
    app_draw_now(w->app);
    struct event paste = {.kind = EV_PASTE, .paste = untrusted("y\r")};
    app_feed(w->app, &paste);
    assert_true(app_has_overlay(w->app));
    press(w, "y<Enter>");
    assert_true(seen.answer);
    assert_false(app_has_overlay(w->app));
}

static void test_one_overlay_at_a_time(void **state)
{
    struct world *w = *state;
    press(w, "s");
    assert_true(shows(w, "Pick"));
    app_confirm(w->app, "Pay?", untrusted("x"), "Yes", answered, NULL);
    assert_int_equal(seen.picked, -1); /* the menu was cancelled */
    app_message(w->app, "Words", untrusted("to read"));
    assert_true(seen.answered && !seen.answer);
    assert_true(shows(w, "to read"));
    press(w, "<Esc>s<Down><Enter>");
    assert_int_equal(seen.picked, 1);
}

static void sync_now(void *ud)
{
    ++*(int *)ud;
}

static void test_palette_and_help_are_the_table(void **state)
{
    struct world *w = *state;
    press(w, "<F1>");
    assert_true(shows(w, "On this screen"));
    press(w, "<Esc>:sync");
    assert_true(shows(w, "nothing matches")); /* nobody takes it yet */
    press(w, "<Esc>");
    app_on(w->app, ACT_SYNC, sync_now, &seen.synced);
    press(w, "S:sync<Enter>");
    assert_int_equal(seen.synced, 2);
    press(w, ":sort<Enter>");
    assert_true(shows(w, "Pick"));
    press(w, "<Esc>");
    assert_false(app_do(w->app, ACT_FACETS));
    assert_true(app_do(w->app, ACT_SORT));
}

/* `?` asks about the figure where the screen has one, for the keys where it has none. */
static void test_question_mark(void **state)
{
    struct world *w = *state;
    app_draw_now(w->app);
    assert_true(shows(w, "F1 help"));
    press(w, "?");
    assert_false(shows(w, "On this screen"));
    assert_true(shows(w, "Market › mira/x␛")); /* what this probe does to explain */
    press(w, "2");
    app_draw_now(w->app);
    assert_true(shows(w, "? help"));
    press(w, "?");
    assert_true(shows(w, "On this screen"));
}

static void test_copy_and_toasts(void **state)
{
    struct world *w = *state;
    press(w, "y");
    assert_true(shows(w, "id copied"));
    press(w, "j");
    assert_false(shows(w, "id copied"));
    app_toast(w->app, ST_WARN, "careful: %s", "\033]0;x\a");
    assert_true(shows(w, "careful: ␛]0;x␇"));
}

static void test_mouse_on_the_tabs(void **state)
{
    struct world *w = *state;
    app_draw_now(w->app);
    struct event click = {.kind = EV_MOUSE,
                          .mouse = {.what = MOUSE_PRESS, .button = 1, .x = 18, .y = 0}};
    app_feed(w->app, &click);
    assert_int_equal(seen.open, 2);
}

static void test_every_size(void **state)
{
    struct world *w = *state;
    for (int width = 1; width < 90; width += 4) {
        for (int height = 1; height < 12; height++) {
            app_resize(w->app, width, height);
            press(w, "<F1>");
            app_draw_now(w->app);
            press(w, "<Esc>s");
            app_draw_now(w->app);
            press(w, "<Esc><Space>");
            app_draw_now(w->app);
            press(w, "<Esc>");
            app_draw_now(w->app);
        }
    }
    app_resize(w->app, 10, 3);
    assert_true(shows(w, "too small"));
    app_resize(w->app, 70, 10);
    assert_true(shows(w, "Market"));
}

static void test_leaving(void **state)
{
    struct world *w = *state;
    press(w, "<Enter>q");
    loop_step(w->loop, 0);
    press(w, "q");
    assert_int_equal(app_run(w->app), 0);
    press(w, "<Enter>"); /* too late */
    assert_int_equal(seen.open, 1);
}

/* --- scripts */

static char *temporary(const char *text)
{
    static char path[] = "/tmp/souk-script-XXXXXX";
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    return path;
}

/* Runs it to its end; what it complains about goes nowhere. */
static int run_script_in(struct world *w, const char *text, const char *dir)
{
    char *path = temporary(text);
    struct script *s = script_new(w->app, path, dir, NULL);
    assert_non_null(s);
    unlink(path);
    fflush(stderr);
    int keep = dup(STDERR_FILENO);
    assert_non_null(freopen("/dev/null", "w", stderr));
    script_start(s);
    int code = app_run(w->app);
    fflush(stderr);
    dup2(keep, STDERR_FILENO);
    close(keep);
    app_on_turn(w->app, NULL, NULL);
    script_free(s);
    return code;
}

static int run_script(struct world *w, const char *text)
{
    return run_script_in(w, text, NULL);
}

static void test_script_passes(void **state)
{
    struct world *w = *state;
    assert_int_equal(run_script(w, "# a comment\n\n"
                                   "wait idle\n"
                                   "expect text \"Market\"\r\n"
                                   "expect no text \"typed hello\"\n"
                                   "/\n"
                                   "type hello you\n"
                                   "expect text \"typed hello you\"\n"
                                   "  <Down><Down> C\n"
                                   "expect text \"2 m ago\"\n"
                                   "clock +1m\n"
                                   "expect text \"did compare\"\n"
                                   "do sort\n"
                                   "wait text \"Pick\"\n"
                                   "key <Esc>\n"
                                   "resize 40 8\n"
                                   "paste words\n"),
                     0);
    assert_int_equal(clock_now(), 1760000060);
    assert_int_equal(canvas_rect(app_canvas(w->app)).w, 40);
}

static void assert_fails(void **state, const char *text)
{
    assert_int_equal(run_script(*state, text), 1);
}

static void test_script_fails(void **state)
{
    static const char *const wrong[] = {
        "expect text \"not there\"\n",
        "expect no text \"Market\"\n",
        "expect text Market\n",
        "expect\n",
        "wait\n",
        "do fly\n",
        "do facets\n",
        "<Nope>\n",
        "resize x y\n",
        "clock 5\n",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_fails(state, wrong[i]);
        teardown(state);
        assert_int_equal(setup(state), 0);
    }
}

static void test_script_dumps(void **state)
{
    struct world *w = *state;
    char dir[] = "/tmp/souk-dumps-XXXXXX", path[64], line[256];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/first.screen", dir);
    const char *text = "styles first\nquit\nexpect text \"never run\"\n";
    assert_int_equal(run_script_in(w, text, dir), 0);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    assert_memory_equal(line, " souk 1 Market", 14);
    fclose(f);
    unlink(path);
    assert_int_equal(rmdir(dir), 0);
}

static void test_without_memory(void **state)
{
    struct world *w = *state;
    press(w, "s");
    app_draw_now(w->app);
    press(w, "<Esc>");
    for (unsigned long i = 1; i <= 6; i++) {
        static const char *const keys[] = {"s", "<Space>", "?", ":", "<Enter>", "y"};
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++) {
            mem_fail_at(i, true);
            press(w, keys[k]);
            app_draw_now(w->app);
            mem_fail_at(0, false);
            press(w, app_has_overlay(w->app) ? "<Esc>" : "j");
            app_draw_now(w->app);
        }
    }
    mem_fail_at(1, true);
    press(w, "<Space>");
    mem_fail_at(0, false);
    assert_true(seen.answered && !seen.answer); /* a question that cannot be asked is a no */
    assert_true(shows(w, "taken as no"));
    while (seen.open > 1) {
        press(w, "q");
        app_draw_now(w->app);
    }
}

static void test_app_needs_memory(void **state)
{
    struct world *w = *state;
    for (unsigned long i = 1; i <= 3; i++) {
        struct err e = {0};
        struct app_config cfg = {.loop = w->loop, .backend = w->backend, .tabs = tabs, .n_tabs = 2};
        mem_fail_at(i, false);
        struct app *a = app_new(&cfg, &e);
        mem_fail_at(0, false);
        assert_null(a);
        assert_int_not_equal(e.code, SOUK_OK);
    }
}

/* --- lending the terminal */

static struct {
    struct world *w;
    struct backend_ops ops;
    int key[2]; /* a pipe the app reads its keys from */
    int step;
    unsigned long draws;
} loan;

static int loan_input(struct backend *b)
{
    (void)b;
    return loan.key[0];
}

static int loan_open(struct backend *b)
{
    (void)b;
    return open("/dev/null", O_RDWR | O_CLOEXEC);
}

static void after_loan(void *ud)
{
    (void)ud;
    assert_int_equal(seen.newest->draws, loan.draws); /* many turns, not one frame */
    assert_false(app_settled(loan.w->app));
    app_take_terminal(loan.w->app);
    loan.step = 2;
}

static void loan_turn(void *ud)
{
    (void)ud;
    struct app *a = loan.w->app;
    if (loan.step == 0 && seen.newest->draws) {
        assert_true(app_lend_terminal(a, "yours") >= 0);
        loan.draws = seen.newest->draws;
        app_dirty(a);
        assert_int_equal(write(loan.key[1], "C", 1), 1);
        loan.step = 1;
        loop_timer(loan.w->loop, 3 * 8, after_loan, NULL); /* some frames' time */
    } else if (loan.step == 1) {
        app_dirty(a);
        app_draw_now(a);
    } else if (loan.step == 2 && strcmp(seen.newest->last, "compare") == 0) {
        assert_true(shows(loan.w, "did compare")); /* a pipe cannot forget: it is read now */
        app_quit(a, 7);
    }
}

static void test_nothing_is_drawn_while_the_terminal_is_lent(void **state)
{
    struct world *w = *state;
    memset(&loan, 0, sizeof loan);
    loan.w = w;
    assert_int_equal(pipe2(loan.key, O_CLOEXEC), 0);
    const struct backend_ops *before = w->backend->ops;
    loan.ops = *before;
    loan.ops.input_fd = loan_input;
    loan.ops.open_terminal = loan_open;
    w->backend->ops = &loan.ops;
    app_on_turn(w->app, loan_turn, NULL);
    assert_int_equal(app_run(w->app), 7);
    assert_int_equal(loan.step, 2);
    w->backend->ops = before;
    close(loan.key[0]);
    close(loan.key[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_flood_is_drawn_once),
        TEST(test_who_gets_an_event),
        TEST(test_screens_stack),
        TEST(test_a_screen_that_cannot_open_says_why),
        TEST(test_typed_ahead_keys_never_confirm),
        TEST(test_one_overlay_at_a_time),
        TEST(test_palette_and_help_are_the_table),
        TEST(test_question_mark),
        TEST(test_copy_and_toasts),
        TEST(test_mouse_on_the_tabs),
        TEST(test_every_size),
        TEST(test_leaving),
        TEST(test_script_passes),
        TEST(test_script_fails),
        TEST(test_script_dumps),
        TEST(test_nothing_is_drawn_while_the_terminal_is_lent),
        TEST(test_without_memory),
        TEST(test_app_needs_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
