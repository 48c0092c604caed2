#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "hub/hub.h"

static void assert_text(struct untrusted u, const char *want)
{
    assert_int_equal(u.n, strlen(want));
    assert_memory_equal(u.p, want, u.n);
}

static const char *url(struct buf *b)
{
    assert_int_equal(b->bad, SOUK_OK);
    return b->p;
}

static void urls_name_exactly_one_model(void **state)
{
    (void)state;
    static const char base[] = "https://hub.example/";
    const struct untrusted none = {NULL, 0};
    struct buf b;
    buf_init(&b, 4096);
    hub_url_models(&b, base, 16, 100);
    assert_string_equal(url(&b), "https://hub.example/api/v0/models/?page=16&limit=100");
    buf_clear(&b);
    hub_url_model(&b, "https://hub.example", untrusted("og/1hr vol?&#%"), untrusted("a&b=c"));
    assert_string_equal(url(&b), "https://hub.example/api/v0/models/og%2F1hr%20vol%3F%26%23%25"
                                 "?authorUsername=a%26b%3Dc");
    buf_clear(&b);
    hub_url_model(&b, base, untrusted("\xe2\x9c\xa8"), none);
    assert_string_equal(url(&b), "https://hub.example/api/v0/models/%E2%9C%A8");
    buf_clear(&b);
    hub_url_model(&b, base, untrusted(".."), none); /* must not climb out of /models */
    assert_string_equal(url(&b), "https://hub.example/api/v0/models/%2E%2E");
    buf_clear(&b);
    hub_url_versions(&b, base, untrusted("a.b"), untrusted("me"));
    assert_string_equal(url(&b),
                        "https://hub.example/api/v0/models/a.b/versions?authorUsername=me");
    buf_clear(&b);
    hub_url_files(&b, base, untrusted("m"), none, untrusted("1.00/.."));
    assert_string_equal(url(&b), "https://hub.example/api/v0/models/m/versions/1.00%2F../files");
    buf_clear(&b);
    hub_url_bazaar(&b, "http://127.0.0.1:4022", 40, 20);
    assert_string_equal(url(&b),
                        "http://127.0.0.1:4022/discovery/resources?type=http&limit=20&offset=40");
    buf_release(&b);
}

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static struct hub_models models(const char *text)
{
    struct hub_models m;
    struct err e;
    assert_int_equal(hub_models_parse(text, strlen(text), &arena, &m, &e), SOUK_OK);
    assert_int_equal(m.seen, m.count + m.skipped);
    return m;
}

static void a_page_is_read_field_by_field(void **state)
{
    (void)state;
    struct hub_models m =
        models("{\"models\":[{\"name\":\"og/vol \\u2728\",\"taskName\":\"Risk Models\","
               "\"authorUsername\":\"OpenGradient\",\"description\":\"# A\\n\\u001b[2J\","
               "\"llmPath\":\"openai/gpt\",\"tags\":[1,{}],\"likes\":1e400},"
               "{\"name\":\"b\",\"taskName\":null,\"authorUsername\":null,\"description\":7}],"
               "\"total\":9}");
    assert_int_equal(m.count, 2);
    assert_text(m.model[0].name, "og/vol \xe2\x9c\xa8");
    assert_text(m.model[0].task, "Risk Models");
    assert_text(m.model[0].author, "OpenGradient");
    assert_text(m.model[0].description, "# A\n\033[2J"); /* kept as it is: text.h draws it */
    assert_text(m.model[0].llm_path, "openai/gpt");
    assert_false(m.model[0].cut);
    assert_text(m.model[1].name, "b");
    assert_null(m.model[1].author.p);
    assert_null(m.model[1].task.p);
    assert_null(m.model[1].description.p);
    assert_null(m.model[1].llm_path.p);
}

static void a_bare_array_and_an_empty_page_are_pages(void **state)
{
    (void)state;
    assert_text(models("[{\"name\":\"x\"}]").model[0].name, "x");
    assert_int_equal(models("[]").seen, 0);
    assert_int_equal(models("{\"models\":[]}").seen, 0);
}

static void records_without_a_name_are_counted_and_skipped(void **state)
{
    (void)state;
    struct hub_models m = models("[{\"name\":\"\"},null,7,\"x\",[],{\"authorUsername\":\"a\"},"
                                 "{\"name\":null},{\"Name\":\"wrong key\"},{\"name\":\"ok\"}]");
    assert_int_equal(m.seen, 9);
    assert_int_equal(m.count, 1);
    assert_text(m.model[0].name, "ok");
    assert_null(m.model[0].author.p); /* nothing is left of the skipped ones */
}

/* A page of one model whose `key` is `n` bytes of filler and then a two-byte letter. */
static struct hub_model long_member(const char *key, size_t n)
{
    struct buf b;
    buf_init(&b, 1 << 20);
    buf_addf(&b, "[{%s\"%s\":\"", strcmp(key, "name") == 0 ? "" : "\"name\":\"n\",", key);
    for (size_t i = 0; i < n; i++)
        buf_addc(&b, 'x');
    buf_adds(&b, "\xc3\xa9\"}]");
    struct hub_model m = models(url(&b)).model[0];
    buf_release(&b);
    return m;
}

static void long_fields_are_cut_between_letters_and_marked(void **state)
{
    (void)state;
    struct hub_model m = long_member("name", HUB_NAME_MAX - 2);
    assert_int_equal(m.name.n, HUB_NAME_MAX);
    assert_false(m.cut);
    m = long_member("name", HUB_NAME_MAX - 1); /* the letter would straddle the cap */
    assert_int_equal(m.name.n, HUB_NAME_MAX - 1);
    assert_true(m.cut);
    m = long_member("authorUsername", HUB_AUTHOR_MAX - 1);
    assert_int_equal(m.author.n, HUB_AUTHOR_MAX - 1);
    assert_true(m.cut);
    m = long_member("taskName", 5000);
    assert_int_equal(m.task.n, HUB_TASK_MAX);
    assert_true(m.cut);
    m = long_member("description", 100000);
    assert_int_equal(m.description.n, HUB_DESCRIPTION_MAX);
    assert_int_equal(m.description.p[m.description.n], '\0');
    assert_true(m.cut);
}

static void a_page_has_at_most_a_thousand_models(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 1 << 20);
    for (int i = 0; i < 1500; i++)
        buf_addf(&b, "%s{\"name\":\"m%d\"}", i ? "," : "[", i);
    buf_addc(&b, ']');
    struct hub_models m = models(url(&b));
    assert_int_equal(m.seen, 1500);
    assert_int_equal(m.count, HUB_PAGE_MAX);
    assert_text(m.model[999].name, "m999");
    buf_release(&b);
}

static void what_is_no_list_is_said_in_words(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } cases[] = {
        {"{\"detail\":\"Not authenticated\"}", "the Hub answered: Not authenticated"},
        {"{\"detail\":[{\"loc\":[\"query\"],\"msg\":\"page must be a number\"}]}",
         "the Hub answered: page must be a number"},
        {"{\"error\":\"overloaded\"}", "the Hub answered: overloaded"},
        {"{\"error\":{\"message\":\"no\"}}", "the Hub answered: no"},
        {"{\"models\":{}}", "not a list of models"},
        {"{}", "not a list of models"},
        {"42", "not a list of models"},
        {"null", "not a list of models"},
        {"\"models\"", "not a list of models"},
        {"<html>", "the Hub's answer"},
        {"[{\"name\":", "the Hub's answer"},
        {"", "the Hub's answer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hub_models m;
        struct err e;
        memset(&m, 0xff, sizeof m);
        assert_int_equal(hub_models_parse(cases[i].text, strlen(cases[i].text), &arena, &m, &e),
                         SOUK_ENET);
        assert_non_null(strstr(e.msg, cases[i].word));
        assert_true(m.model == NULL && m.count == 0 && m.seen == 0 && m.skipped == 0);
    }
}

static void one_model_is_read(void **state)
{
    (void)state;
    static const char plain[] = "{\"name\":\"m\",\"llmPath\":\"openai/x\"}";
    static const char wrapped[] = "{\"model\":{\"name\":\"w\",\"authorUsername\":\"a\"}}";
    static const char refused[] = "{\"detail\":\"Model not found\"}";
    struct hub_model m;
    struct err e;
    assert_int_equal(hub_model_parse(plain, strlen(plain), &arena, &m, &e), SOUK_OK);
    assert_text(m.name, "m");
    assert_text(m.llm_path, "openai/x");
    assert_int_equal(hub_model_parse(wrapped, strlen(wrapped), &arena, &m, &e), SOUK_OK);
    assert_text(m.name, "w");
    assert_text(m.author, "a");
    assert_int_equal(hub_model_parse(refused, strlen(refused), &arena, &m, &e), SOUK_ENET);
    assert_string_equal(e.msg, "the Hub answered: Model not found");
    assert_int_equal(hub_model_parse("[]", 2, &arena, &m, &e), SOUK_ENET);
    assert_non_null(strstr(e.msg, "not a model"));
    assert_null(m.name.p);
}

static void versions_are_read_in_any_known_shape(void **state)
{
    (void)state;
    static const char text[] = "{\"versions\":[{\"versionString\":\"1.00\",\"notes\":\"first\"},"
                               "{\"version\":\"1.01\"},\"2.00\",7,{}]}";
    struct hub_versions v;
    struct err e;
    assert_int_equal(hub_versions_parse(text, strlen(text), &arena, &v, &e), SOUK_OK);
    assert_int_equal(v.seen, 5);
    assert_int_equal(v.count, 3);
    assert_int_equal(v.skipped, 2);
    assert_text(v.version[0].version, "1.00");
    assert_text(v.version[0].notes, "first");
    assert_text(v.version[1].version, "1.01");
    assert_text(v.version[2].version, "2.00");
}

static void files_are_read_with_any_known_id(void **state)
{
    (void)state;
    static const char text[] =
        "[{\"name\":\"a.onnx\",\"size\":261,\"blobId\":\"W1\"},"
        "{\"name\":\"b.onnx\",\"size\":-5,\"blob_id\":\"\",\"ipfsCid\":\"Q2\"},"
        "{\"name\":\"c.onnx\",\"size\":\"many\",\"cid\":null},{\"size\":4}]";
    struct hub_files f;
    struct err e;
    assert_int_equal(hub_files_parse(text, strlen(text), &arena, &f, &e), SOUK_OK);
    assert_int_equal(f.seen, 4);
    assert_int_equal(f.count, 3);
    assert_int_equal(f.skipped, 1);
    assert_text(f.file[0].name, "a.onnx");
    assert_text(f.file[0].blob_id, "W1");
    assert_int_equal(f.file[0].size, 261);
    assert_text(f.file[1].blob_id, "Q2");
    assert_int_equal(f.file[1].size, -1);
    assert_null(f.file[2].blob_id.p);
    assert_int_equal(f.file[2].size, -1);
    assert_int_equal(hub_files_parse("{\"files\":[{\"name\":\"d\"}]}", 24, &arena, &f, &e),
                     SOUK_OK);
    assert_text(f.file[0].name, "d");
}

/* Each allocation fails in turn: the parser says so and leaves nothing half-made. */
static void without_memory_nothing_is_half_read(void **state)
{
    (void)state;
    static const char list[] = "{\"models\":[{\"name\":\"a\",\"description\":\"d\"},"
                               "{\"name\":\"b\",\"authorUsername\":\"x\"}]}";
    static const char one[] = "{\"name\":\"a\",\"description\":\"d\"}";
    bool list_done = false, one_done = false;
    for (unsigned long n = 1; !list_done || !one_done; n++) {
        struct arena a;
        struct hub_models m;
        struct hub_model single;
        struct err e;
        arena_init(&a, 1 << 20);
        mem_fail_at(n, false);
        souk_err rc = hub_models_parse(list, strlen(list), &a, &m, &e);
        mem_fail_at(0, false);
        list_done = rc == SOUK_OK;
        assert_int_equal(m.count, list_done ? 2 : 0);
        assert_true(list_done || rc == SOUK_ENOMEM);
        arena_release(&a);

        arena_init(&a, 1 << 20);
        mem_fail_at(n, false);
        rc = hub_model_parse(one, strlen(one), &a, &single, &e);
        mem_fail_at(0, false);
        one_done = rc == SOUK_OK;
        assert_true(one_done ? single.name.n == 1 : single.name.p == NULL);
        assert_true(one_done || rc == SOUK_ENOMEM);
        arena_release(&a);
        assert_true(n > 1 || !list_done);
    }
}

/* The arena's cap is the parser's cap. */
static void an_arena_that_is_full_is_an_error(void **state)
{
    (void)state;
    struct arena a;
    struct hub_models m;
    struct err e;
    arena_init(&a, 64);
    assert_int_equal(hub_models_parse("[{\"name\":\"m\"}]", 14, &a, &m, &e), SOUK_ENOMEM);
    assert_int_equal(m.count, 0);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_name_exactly_one_model),
        cmocka_unit_test(a_page_is_read_field_by_field),
        cmocka_unit_test(a_bare_array_and_an_empty_page_are_pages),
        cmocka_unit_test(records_without_a_name_are_counted_and_skipped),
        cmocka_unit_test(long_fields_are_cut_between_letters_and_marked),
        cmocka_unit_test(a_page_has_at_most_a_thousand_models),
        cmocka_unit_test(what_is_no_list_is_said_in_words),
        cmocka_unit_test(one_model_is_read),
        cmocka_unit_test(versions_are_read_in_any_known_shape),
        cmocka_unit_test(files_are_read_with_any_known_id),
        cmocka_unit_test(without_memory_nothing_is_half_read),
        cmocka_unit_test(an_arena_that_is_full_is_an_error),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
