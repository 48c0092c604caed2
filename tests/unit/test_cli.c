#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/mem.h"
#include "cli/options.h"
#include "cli/out.h"

/* --- options -------------------------------------------------------------------------------- */

static souk_err parse(struct options *o, struct err *e, const char *const *words)
{
    int n = 0;
    while (words[n])
        n++;
    return options_parse(n, (char **)(uintptr_t)words, o, e);
}
#define PARSE(...) parse(&o, &e, (const char *const[]){"souk", __VA_ARGS__, NULL})

static void says(const struct err *e, const char *words)
{
    if (!strstr(e->msg, words))
        fail_msg("\"%s\" does not say \"%s\"", e->msg, words);
    assert_null(strchr(e->msg, '\n'));
}
#define REFUSED(words, ...)                                \
    do {                                                   \
        e = (struct err){0};                               \
        assert_int_equal(PARSE(__VA_ARGS__), SOUK_EUSAGE); \
        assert_int_equal(e.code, SOUK_EUSAGE);             \
        says(&e, words);                                   \
    } while (0)

static void test_plain(void **state)
{
    (void)state;
    struct options o;
    struct err e = {0};
    assert_int_equal(parse(&o, &e, (const char *const[]){"souk", NULL}), SOUK_OK);
    assert_int_equal(o.command, CMD_UI);
    assert_int_equal(PARSE("models", "eth", "volatility", "--json"), SOUK_OK);
    assert_int_equal(o.command, CMD_MODELS);
    assert_int_equal(o.args, 2);
    assert_string_equal(o.arg[0], "eth");
    assert_string_equal(o.arg[1], "volatility");
    assert_true(o.set[OPT_JSON]);
    assert_false(o.set[OPT_CSV]);
    assert_int_equal(PARSE("--json", "models"), SOUK_OK); /* before the command as well */
    assert_true(o.set[OPT_JSON]);
    assert_int_equal(PARSE("show", "-"), SOUK_OK);
    assert_string_equal(o.arg[0], "-");
}

static void test_values(void **state)
{
    (void)state;
    struct options o;
    struct err e = {0};
    assert_int_equal(PARSE("models", "--task", "text", "--author=a=b", "--sort="), SOUK_OK);
    assert_string_equal(o.value[OPT_TASK], "text");
    assert_string_equal(o.value[OPT_AUTHOR], "a=b");
    assert_string_equal(o.value[OPT_SORT], "");
    assert_int_equal(PARSE("models", "--task=--odd"), SOUK_OK);
    assert_string_equal(o.value[OPT_TASK], "--odd");
    assert_int_equal(PARSE("models", "--task", "one", "--task", "two"), SOUK_OK);
    assert_string_equal(o.value[OPT_TASK], "two");
    REFUSED("--limit needs a value: --limit N", "models", "--limit");
    REFUSED("--task needs a value: --task TASK", "models", "--task", "--json");
    REFUSED("--json takes no value", "models", "--json=yes");
}

static void test_end_of_options(void **state)
{
    (void)state;
    struct options o;
    struct err e = {0};
    assert_int_equal(PARSE("show", "--", "--json", "-h", "--"), SOUK_OK);
    assert_int_equal(o.args, 3);
    assert_string_equal(o.arg[0], "--json");
    assert_string_equal(o.arg[2], "--");
    assert_false(o.set[OPT_JSON]);
    assert_int_equal(PARSE("--", "models"), SOUK_OK);
    assert_int_equal(o.command, CMD_MODELS);
}

static void test_unknown_words(void **state)
{
    (void)state;
    struct options o;
    struct err e;
    REFUSED("did you mean \"souk models\"?", "modles");
    REFUSED("did you mean \"souk models\"?", "model");
    REFUSED("did you mean \"souk health\"?", "halth");
    REFUSED("did you mean \"souk compare\"?", "comp");
    REFUSED("did you mean \"souk devnet\"?", "devent");
    REFUSED("no command \"xyzzy\"; `souk help` lists them", "xyzzy");
    REFUSED("no command \"\"; `souk help` lists them", "");
    REFUSED("no command \"q\"; `souk help` lists them", "q");
    REFUSED("no option --jsno; did you mean --json?", "models", "--jsno");
    REFUSED("no option --limits; did you mean --limit?", "models", "--limits=3");
    REFUSED("no option --auth; did you mean --author?", "models", "--auth", "x");
    REFUSED("no option --zzzzzz; `souk help` lists them", "models", "--zzzzzz");
    REFUSED("no option --; `souk help`", "models", "--=x");
    REFUSED("options are long here: `-j` is none", "models", "-j");
    REFUSED("options are long here: `-help`", "-help");

    char endless[5000];
    memset(endless, 'm', sizeof endless);
    endless[sizeof endless - 1] = '\0';
    REFUSED("there is no command \"mmm", endless);
    memcpy(endless, "--", 2);
    REFUSED("there is no option --mmm", endless);
}

static void test_places(void **state)
{
    (void)state;
    struct options o;
    struct err e;
    REFUSED("--csv does not go with `souk sync`; see `souk help sync`", "sync", "--csv");
    REFUSED("--json does not go with `souk`; see `souk help`", "--json");
    REFUSED("--watch does not go with `souk models`", "--watch", "models");
    char souk[] = "souk", show[] = "show", one[] = "one", last[] = "the last";
    char *many[ARGS_MAX + 3] = {souk, show};
    for (int i = 2; i < ARGS_MAX + 3; i++)
        many[i] = i == ARGS_MAX + 2 ? last : one;
    assert_int_equal(options_parse(ARGS_MAX + 3, many, &o, &e), SOUK_EUSAGE);
    assert_string_equal(e.msg, "too many arguments from \"the last\" on");
}

static void test_help_comes_first(void **state)
{
    (void)state;
    struct options o;
    struct err e = {0};
    assert_int_equal(PARSE("-h"), SOUK_OK);
    assert_true(o.set[OPT_HELP]);
    assert_int_equal(PARSE("sync", "--csv", "--help"),
                     SOUK_OK); /* help on what does not fit, too */
    assert_true(o.set[OPT_HELP]);
    assert_int_equal(o.command, CMD_SYNC);
    assert_int_equal(PARSE("--version"), SOUK_OK);
    assert_true(o.set[OPT_VERSION]);
    assert_int_equal(PARSE("help", "models"), SOUK_OK);
    assert_int_equal(o.command, CMD_HELP);
    assert_string_equal(o.arg[0], "models");
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok;
        int64_t value;
    } cases[] = {
        {"5", true, 5},    {"10", true, 10},
        {"-5", true, -5},  {"-6", false, 0},
        {"11", false, 0},  {"", false, 0},
        {"5x", false, 0},  {"0x5", false, 0},
        {" 5", false, 0},  {"+5", false, 0},
        {"-", false, 0},   {"5.0", false, 0},
        {"- 5", false, 0}, {"9223372036854775808", false, 0},
        {"007", true, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct options o = {.set[OPT_LIMIT] = true, .value[OPT_LIMIT] = cases[i].text};
        struct err e = {0};
        int64_t v = 77;
        souk_err r = options_int(&o, OPT_LIMIT, 3, -5, 10, &v, &e);
        assert_int_equal(r, cases[i].ok ? SOUK_OK : SOUK_EUSAGE);
        if (cases[i].ok)
            assert_int_equal(v, cases[i].value);
        else
            says(&e, "--limit takes a number from -5 to 10, not \"");
    }
    struct options none = {.command = CMD_UI};
    int64_t v = 77;
    assert_int_equal(options_int(&none, OPT_LIMIT, 3, -5, 10, &v, NULL), SOUK_OK);
    assert_int_equal(v, 3);
}

/* --- what commands print -------------------------------------------------------------------- */

static char printed[1 << 16];

static void print_to(int fd, struct out_table *t, bool csv)
{
    fflush(stdout);
    int kept = dup(STDOUT_FILENO);
    assert_true(dup2(fd, STDOUT_FILENO) >= 0);
    souk_err r = out_print(t, csv, NULL);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    assert_int_equal(r, SOUK_OK);
}

/* What out_print writes to a file. */
static const char *print(struct out_table *t, bool csv)
{
    int fd = memfd_create("stdout", 0);
    print_to(fd, t, csv);
    ssize_t n = pread(fd, printed, sizeof printed - 1, 0);
    assert_true(n >= 0);
    printed[n] = '\0';
    close(fd);
    return printed;
}

/* What it writes to a terminal. */
static const char *print_on_terminal(struct out_table *t, bool csv)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    struct termios raw;
    assert_int_equal(tcgetattr(slave, &raw), 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(slave, TCSANOW, &raw), 0);
    print_to(slave, t, csv);
    ssize_t n = read(master, printed, sizeof printed - 1);
    assert_true(n >= 0);
    printed[n] = '\0';
    close(slave);
    close(master);
    return printed;
}

static void row(struct out_table *t, const char *a, const char *b)
{
    out_cell(t, untrusted(a));
    out_cell(t, untrusted(b));
}

static const char *csv_of(const char *cell)
{
    struct out_table t;
    out_init(&t, "ONE >TWO");
    row(&t, cell, "x");
    print(&t, true);
    out_release(&t);
    const char *head = "one,two\r\n";
    assert_memory_equal(printed, head, strlen(head));
    size_t n = strlen(printed);
    assert_string_equal(printed + n - 4, ",x\r\n");
    printed[n - 4] = '\0';
    return printed + strlen(head);
}

static void test_csv_quoting(void **state)
{
    (void)state;
    assert_string_equal(csv_of(""), "");
    assert_string_equal(csv_of("plain words"), "plain words");
    assert_string_equal(csv_of("a,b"), "\"a,b\"");
    assert_string_equal(csv_of("say \"hi\""), "\"say \"\"hi\"\"\"");
    assert_string_equal(csv_of("\""), "\"\"\"\"");
    assert_string_equal(csv_of("two\nlines"), "\"two\nlines\"");
    assert_string_equal(csv_of("two\r\nlines"), "\"two\r\nlines\"");
    assert_string_equal(csv_of("\xe5\xb8\x82\xe5\xa0\xb4"), "\xe5\xb8\x82\xe5\xa0\xb4");
    assert_string_equal(csv_of("\x1b[31mraw"), "\x1b[31mraw"); /* a file gets exact bytes */
}

static void test_csv_formulas(void **state)
{
    (void)state;
    assert_string_equal(csv_of("=1+1"), "\"'=1+1\"");
    assert_string_equal(csv_of("@SUM(A1)"), "\"'@SUM(A1)\"");
    assert_string_equal(csv_of("+cmd|' /C calc'!A0"), "\"'+cmd|' /C calc'!A0\"");
    assert_string_equal(csv_of("-2+3"), "\"'-2+3\"");
    assert_string_equal(csv_of("-x"), "\"'-x\"");
    assert_string_equal(csv_of("\t=1"), "\"'\t=1\"");
    assert_string_equal(csv_of("\r=1"), "\"'\r=1\"");
    assert_string_equal(csv_of("=\"a\",1"), "\"'=\"\"a\"\",1\"");
    assert_string_equal(csv_of("-"), "-");
    assert_string_equal(csv_of("-12.5"), "-12.5"); /* numbers stay numbers */
    assert_string_equal(csv_of("1+1"), "1+1");
}

static void test_csv_on_a_terminal(void **state)
{
    (void)state;
    struct out_table t;
    out_init(&t, "ONE TWO");
    row(&t, "\x1b[31mred\x07", "x\ny");
    print_on_terminal(&t, true);
    assert_null(strchr(printed, '\x1b'));
    assert_null(strchr(printed, '\x07'));
    assert_non_null(strstr(printed, "[31mred"));
    assert_non_null(strstr(printed, ",x y\r\n"));
    out_release(&t);
}

static void test_text_alignment(void **state)
{
    (void)state;
    struct out_table t;
    out_init(&t, "MODEL >CALLS LAST");
    const char *rows[][3] = {
        {"\xe5\xb8\x82\xe5\xa0\xb4", "7", "a"}, /* two characters, four columns */
        {"gpt-5", "1200", "bc"},
        {"e\xcc\x81t\xc3\xa9", "-", ""}}; /* a combining accent has no column */
    for (size_t i = 0; i < 3; i++)
        for (size_t c = 0; c < 3; c++)
            out_cell(&t, untrusted(rows[i][c]));
    assert_string_equal(print(&t, false), "MODEL  CALLS  LAST\n"
                                          "\xe5\xb8\x82\xe5\xa0\xb4       7  a\n"
                                          "gpt-5   1200  bc\n"
                                          "e\xcc\x81t\xc3\xa9        -  \n");
    out_release(&t);
}

static void test_text_is_sanitised(void **state)
{
    (void)state;
    struct out_table t;
    out_init(&t, "MODEL OWNER");
    row(&t,
        "\x1b]0;title\x07"
        "a\rb\nc",
        "\xe2\x80\xaetxt.exe"); /* a right-to-left override */
    print(&t, false);
    for (const char *p = printed; *p; p++)
        if ((unsigned char)*p < 0x20 && *p != '\n')
            fail_msg("byte %02x came through", (unsigned char)*p);
    assert_null(strstr(printed, "\xe2\x80\xae"));
    size_t lines = 0;
    for (const char *p = printed; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 2); /* the title and one row: no cell makes a line of its own */
    out_release(&t);
}

static void test_text_width(void **state)
{
    (void)state;
    char name[200], id[67];
    memset(name, 'n', sizeof name - 1);
    memset(id, 'f', sizeof id - 1);
    name[sizeof name - 1] = id[sizeof id - 1] = '\0';
    struct out_table t;
    out_init(&t, "MODEL TRANSACTION");
    row(&t, name, id);
    print(&t, false);
    const char *second = strchr(printed, '\n') + 1;
    assert_non_null(strstr(second, "nnn\xe2\x80\xa6  fff")); /* cut, and told so */
    assert_non_null(strstr(second, id));                     /* a transaction id never is */
    assert_int_equal(strchr(printed, 'T') - printed, OUT_WIDE + 2);
    out_release(&t);
}

/* Without memory the table says so, and prints nothing wrong. */
static void test_out_of_memory(void **state)
{
    (void)state;
    unsigned long before = mem_count(), after;
    struct out_table t;
    out_init(&t, "ONE TWO");
    row(&t, "a", "b");
    print(&t, true);
    out_release(&t);
    after = mem_count();
    for (unsigned long nth = 1; nth <= after - before; nth++) {
        mem_fail_at(nth, false);
        out_init(&t, "ONE TWO");
        row(&t, "a", "b");
        int fd = memfd_create("stdout", 0), kept = dup(STDOUT_FILENO);
        dup2(fd, STDOUT_FILENO);
        struct err e = {0};
        souk_err r = out_print(&t, true, &e);
        dup2(kept, STDOUT_FILENO);
        close(kept);
        ssize_t n = pread(fd, printed, sizeof printed - 1, 0);
        mem_fail_at(0, false);
        close(fd);
        out_release(&t);
        printed[n > 0 ? n : 0] = '\0';
        const char *whole = "one,two\r\na,b\r\n";
        if (r)
            assert_memory_equal(printed, whole, (size_t)n);
        else
            assert_string_equal(printed, whole);
        assert_int_equal(r == SOUK_OK, e.msg[0] == '\0');
    }
}

/* What was not read yet has no provenance: not page 0 of nowhere in 1970. */
static void test_unread_provenance_is_null(void **state)
{
    (void)state;
    struct buf b;
    struct json_out o;
    buf_init(&b, 1024);
    json_out_init(&o, &b);
    json_obj_open(&o, NULL);
    out_provenance_json(&o, "unread", &(struct provenance){.place = ""});
    out_provenance_json(&o, "read",
                        &(struct provenance){.place = "http://hub", .first = 3, .time = 9});
    json_obj_close(&o);
    assert_string_equal(
        b.p, "{\"unread\":null,\"read\":{\"source\":\"http://hub\",\"page\":3,\"at\":9}}");
    buf_release(&b);
}

int main(void)
{
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_end_of_options),
        cmocka_unit_test(test_unknown_words),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_help_comes_first),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_csv_quoting),
        cmocka_unit_test(test_csv_formulas),
        cmocka_unit_test(test_csv_on_a_terminal),
        cmocka_unit_test(test_text_alignment),
        cmocka_unit_test(test_text_is_sanitised),
        cmocka_unit_test(test_text_width),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_unread_provenance_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
