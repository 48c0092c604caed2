#include "fixture_internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "market/library.h"
#include "tests/unit/onnx_make.h"
#include "walrus/encode.h"

enum { HOUR = 3600 };

/* As if it had been got so long ago, and never used since. */
static void add(const char *dir, const struct buf *content, struct library_about about, int64_t ago)
{
    struct err e = {0};
    struct walrus_meta meta;
    char path[PATH_BUF], id[BLOB_ID_BUF], leaf[PATH_BUF];
    snprintf(path, sizeof path, "%s/content", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, content->p, content->len) != (ssize_t)content->len)
        fixture_must(SOUK_EFAIL, &(struct err){.msg = "a model's file"});
    fixture_must(walrus_encode_fd(fd, NULL, &meta, &e), &e);
    about.got = FIXTURE_NOW - ago;
    about.verified = VERIFIED_STRICT;
    fixture_must(library_add(fd, &meta, &about, &e), &e);
    snprintf(leaf, sizeof leaf, "models/%s/about.json", blob_id_format(&meta.id, id));
    fixture_must(paths_get(PATH_DATA, leaf, path, &e), &e);
    struct timespec then[2] = {{.tv_sec = about.got}, {.tv_sec = about.got}};
    if (utimensat(AT_FDCWD, path, then, 0) != 0)
        fixture_must(SOUK_EFAIL, &(struct err){.msg = "its time cannot be set"});
    walrus_meta_release(&meta);
    close(fd);
}

static void make_model(struct buf *out)
{
    struct onnx_make m;
    onnx_make_init(&m, 8, 17);
    onnx_make_input(&m, "open_high_low_close", ELEM_FLOAT, "batch,4");
    onnx_make_input(&m, "window", ELEM_INT64, "1");
    onnx_make_output(&m, "volatility", ELEM_FLOAT, "batch,4");
    onnx_make_node(&m, "Relu", "", "open_high_low_close", "volatility", NULL);
    onnx_make_meta(&m, "trained_on", "nothing at all");
    onnx_make_done(&m, out);
}

void fixture_library(const char *dir)
{
    static const char weights[] =
        "\x5d\0\0\0\0\0\0\0"
        "{\"__metadata__\":{\"licence\":\"MIT\"},\"w\":{\"dtype\":\"F32\","
        "\"shape\":[2,2],\"data_offsets\":[0,16]}}   "
        "0123456789abcdef";
    static const char pickle[] = "\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94.";
    struct buf content;
    clock_fix(FIXTURE_NOW);
    paths_override(dir);
    make_model(&content);
    add(dir, &content,
        (struct library_about){.author = untrusted("nobody"),
                               .model = untrusted("untitled"),
                               .version = untrusted("0.1"),
                               .file = untrusted("model.onnx"),
                               .source = untrusted("aggregator.example")},
        3 * HOUR);
    buf_clear(&content);
    buf_add(&content, weights, sizeof weights - 1);
    add(dir, &content, (struct library_about){.file = untrusted("my-own.safetensors")}, 2 * DAY);
    buf_clear(&content);
    buf_add(&content, pickle, sizeof pickle - 1);
    add(dir, &content,
        (struct library_about){.author = untrusted("mira"),
                               .model = untrusted("eth-vol-garch"),
                               .version = untrusted("0.9"),
                               .file = untrusted("model.pkl"),
                               .source = untrusted("walrus.example:31415")},
        40 * DAY);
    buf_release(&content);
    paths_override(NULL);
}

/* The texts of a file end at a NUL, and are cut where inspect cuts them. */
static void make_hostile(size_t i, struct buf *out)
{
    struct onnx_make m;
    char text[1024], name[1100];
    struct untrusted a = fixture_attack(i);
    size_t n = a.n < sizeof text - 1 ? a.n : sizeof text - 1;
    memcpy(text, a.p, n);
    text[n] = '\0';
    snprintf(name, sizeof name, "x%02zu %s", i, text);
    onnx_make_init(&m, 8, 17);
    onnx_make_input(&m, name, ELEM_FLOAT, text[0] && !strchr(text, ',') ? text : "?");
    onnx_make_output(&m, text, ELEM_FLOAT, "1");
    onnx_make_node(&m, "Relu", i % 2 ? "" : text, "x", "y", NULL);
    if (i % 2 == 0) /* operators of nobody knows whom: such a model cannot be run */
        onnx_make_opset(&m, text, 1);
    onnx_make_meta(&m, text, text);
    onnx_make_done(&m, out);
}

void fixture_hostile_library(const char *dir)
{
    clock_fix(FIXTURE_NOW);
    paths_override(dir);
    for (size_t i = 0; i < fixture_attacks(); i++) {
        struct buf content;
        struct untrusted a = fixture_attack(i);
        a = untrusted_n(a.p, a.n < 200 ? a.n : 200);
        make_hostile(i, &content);
        add(dir, &content,
            (struct library_about){.author = a, .model = a, .version = a, .file = a, .source = a},
            (int64_t)(i + 1) * HOUR);
        buf_release(&content);
    }
    paths_override(NULL);
}
