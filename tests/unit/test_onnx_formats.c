/* Telling formats apart, and describing safetensors and GGUF by their headers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "onnx_make.h"

static souk_err inspect(const void *p, size_t n, struct model_info **m, struct err *e)
{
    *e = (struct err){0};
    return model_inspect_bytes(p, n, m, e);
}

static void is(const char *bytes, size_t n, enum model_format f)
{
    struct model_info *m;
    struct err e;
    if (inspect(bytes, n, &m, &e) != SOUK_OK)
        fail_msg("%s: %s", format_name(f), e.msg);
    if (m->format != f)
        fail_msg("%s was taken for %s", format_name(f), format_name(m->format));
    assert_int_equal(model_runnable(m, &e), f == FORMAT_ONNX ? SOUK_OK : SOUK_EINPUT);
    if (f != FORMAT_ONNX)
        assert_non_null(strstr(e.msg, format_name(f)));
    model_info_free(m);
}
#define IS(bytes, format) is(bytes, sizeof bytes - 1, format)

static void test_first_bytes(void **state)
{
    (void)state;
    IS("{\"hello\": 1}\n", FORMAT_TEXT);
    IS("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", FORMAT_TEXT);
    IS("# Ein Modell f\xc3\xbcr alles\n", FORMAT_TEXT);
    IS("<!DOCTYPE html><html></html>", FORMAT_TEXT);
    IS("\x89HDF\r\n\x1a\n\0\0\0\0", FORMAT_KERAS);
    IS("\x1c\0\0\0TFL3\x14\0\0\0", FORMAT_TFLITE);
    IS("\x10\0\0\0ORTM\0\0\0\0", FORMAT_ORT);
    IS("\x08\x08\x12\x04ORTM\x3a\x00", FORMAT_ORT); /* sound ONNX as well */
    IS("\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.", FORMAT_PICKLE);
    IS("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", FORMAT_TORCH);
    IS("(dp0\nS'a'\np1\nI1\ns.", FORMAT_PICKLE);
    IS("cos\nsystem\n(S'id'\ntR.", FORMAT_PICKLE);
    IS("\x93NUMPY\x01\0v\0", FORMAT_UNKNOWN);
    IS("\x7f"
       "ELF\x02\x01\x01\0",
       FORMAT_UNKNOWN);
    IS("\0\0\0\0", FORMAT_UNKNOWN);
    IS("\x08\x03\x10\x01\x4a\x0c"
       "0123456789ab",
       FORMAT_UNKNOWN); /* a TensorProto */
    IS("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", FORMAT_ZIP);
}

static void test_hdf5_behind_a_block_of_its_users(void **state)
{
    (void)state;
    char bytes[600] = {0};
    memcpy(bytes + 512, "\x89HDF\r\n\x1a\n", 8);
    is(bytes, sizeof bytes, FORMAT_KERAS);
}

/* --- zips */

static void put16(struct buf *b, unsigned v)
{
    buf_addc(b, (char)v);
    buf_addc(b, (char)(v >> 8));
}

static void put32(struct buf *b, uint32_t v)
{
    put16(b, v & 0xffff);
    put16(b, v >> 16);
}

static void put64(struct buf *b, uint64_t v)
{
    put32(b, (uint32_t)v);
    put32(b, (uint32_t)(v >> 32));
}

/* Stored files of four bytes. With streamed entries the sizes are told only in the directory. */
static void put_zip(struct buf *out, const char *const *names, bool streamed, bool directory)
{
    struct buf dir;
    unsigned n = 0;
    buf_init(out, ONNX_MAKE_CAP);
    buf_init(&dir, ONNX_MAKE_CAP);
    for (; names[n]; n++) {
        uint32_t size = streamed ? 0 : 4, at = (uint32_t)out->len;
        unsigned len = (unsigned)strlen(names[n]);
        buf_add(out, "PK\3\4\x14\0\0\0\0\0\0\0\0\0\0\0\0\0", 18);
        put32(out, size);
        put32(out, size);
        put16(out, len);
        put16(out, 2); /* an extra field */
        buf_adds(out, names[n]);
        buf_add(out, "xxdata", 6);
        buf_add(&dir, "PK\1\2\x14\0\x14\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
        put32(&dir, 4);
        put32(&dir, 4);
        put16(&dir, len);
        put16(&dir, 0);
        put16(&dir, 3); /* a comment */
        buf_add(&dir, "\0\0\0\0\0\0\0\0", 8);
        put32(&dir, at);
        buf_adds(&dir, names[n]);
        buf_adds(&dir, "abc");
    }
    uint32_t at = (uint32_t)out->len;
    if (directory) {
        buf_add(out, dir.p, dir.len);
        buf_add(out, "PK\5\6\0\0\0\0", 8);
        put16(out, n);
        put16(out, n);
        put32(out, (uint32_t)dir.len);
        put32(out, at);
        put16(out, 5);
        buf_adds(out, "hello");
    }
    buf_release(&dir);
}

static void test_zips(void **state)
{
    (void)state;
    static const char *const torch[] = {"m/version", "m/data.pkl", "m/data/0", NULL};
    static const char *const keras[] = {"metadata.json", "config.json", "model.weights.h5", NULL};
    static const char *const other[] = {"README.md", "model.onnx", NULL};
    static const struct {
        const char *const *names;
        bool streamed, directory;
        enum model_format f;
    } cases[] = {
        {torch, false, true, FORMAT_TORCH},  {torch, true, true, FORMAT_TORCH},
        {torch, false, false, FORMAT_TORCH}, {keras, false, true, FORMAT_KERAS},
        {other, true, true, FORMAT_ZIP},     {other, false, false, FORMAT_ZIP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        put_zip(&b, cases[i].names, cases[i].streamed, cases[i].directory);
        is(b.p, b.len, cases[i].f);
        for (size_t n = 4; n < b.len; n++) { /* cut anywhere it is still a zip, and no crash */
            struct model_info *m;
            struct err e;
            assert_int_equal(inspect(b.p, n, &m, &e), SOUK_OK);
            assert_true(m->format == FORMAT_ZIP || m->format == cases[i].f);
            model_info_free(m);
        }
        buf_release(&b);
    }
}

/* --- safetensors */

static void put_safetensors(struct buf *b, const char *header, size_t data)
{
    buf_init(b, ONNX_MAKE_CAP);
    put64(b, strlen(header));
    buf_adds(b, header);
    for (size_t i = 0; i < data; i++)
        buf_addc(b, 0);
}

static void same(struct untrusted u, const char *s)
{
    if (u.n != strlen(s) || (u.n && memcmp(u.p, s, u.n) != 0))
        fail_msg("\"%.*s\" is not \"%s\"", (int)u.n, u.n ? u.p : "", s);
}

static void test_safetensors(void **state)
{
    (void)state;
    struct buf b;
    struct model_info *m;
    struct err e;
    put_safetensors(&b,
                    "{\"__metadata__\":{\"format\":\"pt\"},"
                    "\"a.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
                    "\"scalar\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[24,26]}}  ",
                    26);
    assert_int_equal(inspect(b.p, b.len, &m, &e), SOUK_OK);
    assert_int_equal(m->format, FORMAT_SAFETENSORS);
    assert_int_equal(m->metas, 1);
    same(m->meta[0].key, "format");
    same(m->meta[0].value, "pt");
    assert_int_equal(m->weights, 2);
    same(m->weight[0].name, "a.weight");
    same(m->weight[0].type, "F32");
    same(m->weight[0].shape, "2x3");
    assert_int_equal(m->weight[0].bytes, 24);
    same(m->weight[1].shape, "");
    assert_int_equal(m->parameters, 7);
    assert_int_equal(m->parameter_bytes, 26);
    model_info_free(m);
    for (size_t n = 1; n < b.len; n++) { /* cut: an error, or too short to be anything */
        souk_err r = inspect(b.p, n, &m, &e);
        assert_true(r == SOUK_EINPUT || (r == SOUK_OK && m->format != FORMAT_SAFETENSORS));
        if (n > 20)
            assert_int_equal(r, SOUK_EINPUT);
        model_info_free(m);
    }
    buf_release(&b);
}

static void test_safetensors_that_lie(void **state)
{
    (void)state;
    static const struct {
        const char *header, *word;
    } cases[] = {
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,9]}}", "outside the file"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "outside the file"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
         "a shape that is none"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,8]}}",
         "a shape that is none"},
        {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "no shape"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", "no place"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-1,8]}}", "no place"},
        {"{\"a\":7}", "no shape"},
        {"{\"a\":", "header"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        struct model_info *m;
        struct err e;
        put_safetensors(&b, cases[i].header, 8);
        assert_int_equal(inspect(b.p, b.len, &m, &e), SOUK_EINPUT);
        if (!strstr(e.msg, cases[i].word))
            fail_msg("\"%s\" does not say \"%s\"", e.msg, cases[i].word);
        buf_release(&b);
    }
    static const uint64_t lengths[] = {UINT64_C(1) << 63, UINT64_MAX, 1000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct buf b;
        struct model_info *m;
        struct err e;
        buf_init(&b, 4096);
        put64(&b, lengths[i]);
        buf_adds(&b, "{\"a\":{}}");
        assert_int_equal(inspect(b.p, b.len, &m, &e), SOUK_EINPUT);
        assert_non_null(strstr(e.msg, "its header should be"));
        buf_release(&b);
    }
    struct buf b; /* shapes that bomb: the count saturates */
    struct model_info *m;
    struct err e;
    put_safetensors(&b,
                    "{\"a\":{\"dtype\":\"F32\",\"shape\":[9007199254740991,9007199254740991],"
                    "\"data_offsets\":[0,8]}}",
                    8);
    assert_int_equal(inspect(b.p, b.len, &m, &e), SOUK_OK);
    assert_int_equal(m->parameters, UINT64_MAX);
    model_info_free(m);
    buf_release(&b);
}

/* --- GGUF */

static void put_string(struct buf *b, const char *s)
{
    put64(b, strlen(s));
    buf_adds(b, s);
}

static void put_gguf(struct buf *b, uint32_t version, uint64_t tensors, uint64_t pairs)
{
    buf_init(b, ONNX_MAKE_CAP);
    buf_adds(b, "GGUF");
    put32(b, version);
    put64(b, tensors);
    put64(b, pairs);
}

static void put_pair(struct buf *b, const char *key, uint32_t type)
{
    put_string(b, key);
    put32(b, type);
}

static void put_tensor(struct buf *b, const char *name, uint32_t kind, uint64_t x, uint64_t y)
{
    put_string(b, name);
    put32(b, 2);
    put64(b, x);
    put64(b, y);
    put32(b, kind);
    put64(b, 0);
}

static void a_gguf(struct buf *b)
{
    put_gguf(b, 3, 2, 7);
    put_pair(b, "general.architecture", 8);
    put_string(b, "llama");
    put_pair(b, "llama.context_length", 4);
    put32(b, 4096);
    put_pair(b, "llama.rope.freq_base", 6);
    put32(b, 0x461c4000); /* 10000.0 */
    put_pair(b, "negative", 1);
    buf_addc(b, (char)0xff);
    put_pair(b, "yes", 7);
    buf_addc(b, 1);
    put_pair(b, "tokenizer.ggml.tokens", 9);
    put32(b, 8);
    put64(b, 2);
    put_string(b, "<s>");
    put_string(b, "</s>");
    put_pair(b, "tokenizer.ggml.scores", 9);
    put32(b, 6);
    put64(b, 3);
    buf_add(b, "123456789012", 12);
    put_tensor(b, "token_embd.weight", 0, 4, 8);
    put_tensor(b, "blk.0.attn_q.weight", 12, 256, 2);
    while (b->len < 1000) /* the weights */
        buf_addc(b, 0);
}

static void test_gguf(void **state)
{
    (void)state;
    struct buf b;
    struct model_info *m;
    struct err e;
    a_gguf(&b);
    if (inspect(b.p, b.len, &m, &e) != SOUK_OK)
        fail_msg("%s", e.msg);
    assert_int_equal(m->format, FORMAT_GGUF);
    assert_int_equal(m->metas, 7);
    same(m->meta[0].key, "general.architecture");
    same(m->meta[0].value, "llama");
    same(m->meta[1].value, "4096");
    same(m->meta[2].value, "10000");
    same(m->meta[3].value, "-1");
    same(m->meta[4].value, "true");
    same(m->meta[5].value, "2 of string");
    same(m->meta[6].value, "3 of float32");
    assert_int_equal(m->weights_all, 2);
    same(m->weight[0].type, "F32");
    same(m->weight[0].shape, "4x8");
    assert_int_equal(m->weight[0].bytes, 128);
    same(m->weight[1].type, "Q4_K");
    assert_int_equal(m->weight[1].bytes, 288);
    assert_int_equal(m->parameters, 32 + 512);
    model_info_free(m);
    for (size_t n = 5; n < b.len - 600; n++) /* cut inside the header */
        assert_int_equal(inspect(b.p, n, &m, &e), SOUK_EINPUT);
    buf_release(&b);
}

static void gguf_refused(struct buf *b, const char *word)
{
    struct model_info *m;
    struct err e;
    while (b->len < 200)
        buf_addc(b, 0);
    assert_int_equal(inspect(b->p, b->len, &m, &e), SOUK_EINPUT);
    if (!strstr(e.msg, word))
        fail_msg("\"%s\" does not say \"%s\"", e.msg, word);
    buf_release(b);
}

static void test_gguf_that_lies(void **state)
{
    (void)state;
    struct buf b;
    put_gguf(&b, 3, UINT64_C(1) << 60, 0);
    gguf_refused(&b, "1152921504606846976 tensors");
    put_gguf(&b, 3, 0, UINT64_C(1) << 60);
    gguf_refused(&b, "1152921504606846976 pairs");
    put_gguf(&b, 1, 0, 0);
    gguf_refused(&b, "version 1");
    put_gguf(&b, 0x03000000, 0, 0);
    gguf_refused(&b, "big-endian");
    put_gguf(&b, 3, 0, 1);
    put64(&b, UINT64_MAX); /* a key */
    gguf_refused(&b, "longer than the file");
    put_gguf(&b, 3, 0, 1);
    put_pair(&b, "k", 8);
    put64(&b, UINT64_C(1) << 62);
    gguf_refused(&b, "longer than the file");
    put_gguf(&b, 3, 0, 1);
    put_pair(&b, "k", 99);
    gguf_refused(&b, "a kind that does not exist");
    put_gguf(&b, 3, 0, 1);
    put_pair(&b, "k", 9);
    put32(&b, 10);
    put64(&b, UINT64_C(1) << 61); /* times eight: nothing is left of it */
    gguf_refused(&b, "a list of 2305843009213693952 numbers");
    put_gguf(&b, 3, 0, 1);
    put_pair(&b, "k", 9);
    for (int i = 0; i < 8; i++) { /* lists in lists */
        put32(&b, 9);
        put64(&b, 1);
    }
    gguf_refused(&b, "a kind that does not exist");
    put_gguf(&b, 3, 1, 0);
    put_string(&b, "w");
    put32(&b, 4000000000u);
    gguf_refused(&b, "4000000000 dimensions");
    put_gguf(&b, 3, 1, 0);
    put_tensor(&b, "w", 0, UINT64_C(1) << 40, UINT64_C(1) << 40);
    gguf_refused(&b, "larger than the file (\"w\")");
}

/* A hundred million empty strings would take a second to step over; nobody has so many. */
static void test_gguf_with_a_vocabulary_without_end(void **state)
{
    (void)state;
    enum { STRINGS = (8 << 20) + 10 };
    struct buf b;
    struct model_info *m;
    struct err e;
    static const char none[8 * 1024] = {0};
    put_gguf(&b, 3, 0, 1);
    put_pair(&b, "k", 9);
    put32(&b, 8);
    put64(&b, STRINGS);
    for (size_t i = 0; i < STRINGS; i += 1024)
        buf_add(&b, none, sizeof none);
    assert_int_equal(inspect(b.p, b.len, &m, &e), SOUK_EINPUT);
    assert_non_null(strstr(e.msg, "more than 8388608 strings"));
    buf_release(&b);
}

/* Advice is one line for every format. */
static void test_advice(void **state)
{
    (void)state;
    for (enum model_format f = 0; f < FORMAT_COUNT; f++) {
        assert_true(strlen(format_name(f)) > 2);
        assert_true(strlen(format_advice(f)) > 10);
        assert_null(strchr(format_advice(f), '\n'));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_bytes),
        cmocka_unit_test(test_hdf5_behind_a_block_of_its_users),
        cmocka_unit_test(test_zips),
        cmocka_unit_test(test_safetensors),
        cmocka_unit_test(test_safetensors_that_lie),
        cmocka_unit_test(test_gguf),
        cmocka_unit_test(test_gguf_that_lies),
        cmocka_unit_test(test_gguf_with_a_vocabulary_without_end),
        cmocka_unit_test(test_advice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
