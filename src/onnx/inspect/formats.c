/* Which format a file has, by its first bytes, and what can be done with it. */
#include <string.h>

#include "onnx/inspect/internal.h"

#include "base/banned.h"

static const struct {
    const char *name, *advice;
} formats[FORMAT_COUNT] = {
    [FORMAT_UNKNOWN] = {"unknown", "no model format that souk knows"},
    [FORMAT_ONNX] = {"ONNX", "souk run runs it, shut in"},
    [FORMAT_SAFETENSORS] = {"safetensors",
                            "weights alone: safe to load, but the program they belong to is not "
                            "in it; export the model to ONNX to run it here"},
    [FORMAT_GGUF] = {"GGUF", "a language model for llama.cpp or ollama, which run it"},
    [FORMAT_PICKLE] = {"Python pickle",
                       "a program that runs when it is loaded: souk never does; ask its author "
                       "for ONNX or safetensors"},
    [FORMAT_TORCH] = {"PyTorch file",
                      "a pickle, a program that runs when it is loaded: souk never does; ask its "
                      "author for ONNX or safetensors"},
    [FORMAT_KERAS] = {"HDF5 or Keras",
                      "may hold code in its layers; export the model to ONNX to run it here"},
    [FORMAT_TFLITE] = {"TensorFlow Lite", "convert it to ONNX to run it here"},
    [FORMAT_ORT] = {"ONNX Runtime's own format",
                    "bound to versions of that engine; ask its author for ONNX"},
    [FORMAT_ZIP] = {"zip archive", "unpack it and look at what is inside"},
    [FORMAT_TEXT] = {"text", "no model; the model may be another file of this version"},
};

const char *format_name(enum model_format f)
{
    return formats[(unsigned)f < FORMAT_COUNT ? f : FORMAT_UNKNOWN].name;
}

const char *format_advice(enum model_format f)
{
    return formats[(unsigned)f < FORMAT_COUNT ? f : FORMAT_UNKNOWN].advice;
}

enum { HEAD = 1024 };

static bool begins(const uint8_t *p, size_t n, const char *magic, size_t len)
{
    return n >= len && memcmp(p, magic, len) == 0;
}
#define BEGINS(p, n, magic) begins(p, n, magic, sizeof magic - 1)

/* --- zip: PyTorch and Keras are zips with certain names in them */

enum { ZIP_ENTRIES = 4096, ZIP_END = 22, ZIP_COMMENT = 4096 - ZIP_END };

static bool ends(const char *p, size_t n, const char *with)
{
    size_t len = strlen(with);
    return n >= len && memcmp(p + n - len, with, len) == 0;
}

static enum model_format format_of_entry(const char *name, size_t n)
{
    if (ends(name, n, ".pkl") || ends(name, n, ".pickle"))
        return FORMAT_TORCH;
    if (ends(name, n, ".weights.h5"))
        return FORMAT_KERAS;
    return FORMAT_ZIP;
}

/* Where the directory of a zip begins, by the record at its end; false: there is none. */
static bool zip_directory(struct source *s, uint64_t *at)
{
    size_t n = source_left(s, 0, ZIP_END + ZIP_COMMENT);
    uint64_t from = s->size - n;
    const uint8_t *p = source_look(s, from, n);
    for (size_t i = p && n >= ZIP_END ? n - ZIP_END + 1 : 0; i-- > 0;) {
        if (memcmp(p + i, "PK\5\6", 4) == 0) {
            *at = le32(p + i + 16);
            return true;
        }
    }
    return false;
}

/* What the entries from `at` on tell. A record of the directory is 46 bytes and its name; the one
 * before a file itself 30. */
static enum model_format format_of_entries(struct source *s, uint64_t at, bool directory)
{
    size_t fixed = directory ? 46 : 30;
    for (int i = 0; i < ZIP_ENTRIES && source_left(s, at, fixed) == fixed; i++) {
        const uint8_t *p = source_look(s, at, fixed);
        if (!p || memcmp(p, directory ? "PK\1\2" : "PK\3\4", 4) != 0)
            break;
        const uint8_t *lengths = p + (directory ? 28 : 26); /* of name, extra; then of a comment */
        size_t name = (size_t)(le32(lengths) & 0xffff), extra = le32(lengths) >> 16;
        uint64_t next = at + fixed + name + extra;
        next += directory ? le32(p + 32) & 0xffff : (uint64_t)le32(p + 18);
        size_t n = source_left(s, at + fixed, name < SOURCE_LOOK_MAX ? name : SOURCE_LOOK_MAX);
        const uint8_t *text = source_look(s, at + fixed, n);
        enum model_format f = text ? format_of_entry((const char *)text, n) : FORMAT_ZIP;
        if (f != FORMAT_ZIP)
            return f;
        at = next;
    }
    return FORMAT_ZIP;
}

/* By the directory; files beyond 4 GiB and cut ones have none that is found, but a first entry. */
static enum model_format zip_format(struct source *s)
{
    uint64_t at = 0;
    enum model_format f = FORMAT_ZIP;
    if (zip_directory(s, &at))
        f = format_of_entries(s, at, true);
    return f == FORMAT_ZIP ? format_of_entries(s, 0, false) : f;
}

/* --- the others */

/* Protocol 2 to 5 begin with their number; torch.save's before its zips had one of its own. */
static enum model_format pickle_format(const uint8_t *p, size_t n)
{
    if (n < 4 || p[0] != 0x80 || p[1] < 2 || p[1] > 5)
        return FORMAT_UNKNOWN;
    return BEGINS(p + 2, n - 2, "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") ? FORMAT_TORCH
                                                                                    : FORMAT_PICKLE;
}

/* Protocols 0 and 1 are text of a kind: a mark or a global, and a full stop at the end. */
static bool is_old_pickle(struct source *s, const uint8_t *p, size_t n)
{
    bool start = BEGINS(p, n, "(dp") || BEGINS(p, n, "(lp") || BEGINS(p, n, "(i") ||
                 BEGINS(p, n, "ccopy_reg\n") || BEGINS(p, n, "c__builtin__\n") ||
                 BEGINS(p, n, "csklearn") || BEGINS(p, n, "cnumpy") || BEGINS(p, n, "cjoblib") ||
                 BEGINS(p, n, "cposix\n") || BEGINS(p, n, "cos\n");
    const uint8_t *last = start ? source_look(s, s->size - 1, 1) : NULL;
    return last && *last == '.';
}

/* The header's length, then a JSON object. */
static bool is_safetensors(const uint8_t *p, size_t n)
{
    size_t i = 9;
    while (i < n && i < 64 && (p[i] == ' ' || p[i] == '\n' || p[i] == '\t' || p[i] == '\r'))
        i++;
    return i < n && p[8] == '{' && (p[i] == '"' || p[i] == '}');
}

static bool is_text(const uint8_t *p, size_t n, bool whole)
{
    for (size_t i = 0; i < n;) {
        uint32_t cp;
        bool valid;
        if (p[i] < 0x20 && !strchr("\t\n\r\f\033", p[i]))
            return false;
        if (p[i] == 0)
            return false;
        size_t used = utf8_get((const char *)p + i, n - i, &cp, &valid);
        if (!valid) /* a character that the end of the look cuts is none of the file's faults */
            return !whole && n - i < 4 && i > 0;
        i += used;
    }
    return true;
}

static bool is_hdf5(struct source *s, const uint8_t *p, size_t n)
{
    if (BEGINS(p, n, "\x89HDF\r\n\x1a\n"))
        return true;
    if (source_left(s, 512, 8) < 8) /* it may begin with a block of its user's */
        return false;
    p = source_look(s, 512, 8);
    return p && BEGINS(p, 8, "\x89HDF\r\n\x1a\n");
}

enum model_format format_of(struct source *s)
{
    uint8_t head[HEAD];
    size_t n = source_left(s, 0, HEAD);
    if (source_copy(s, 0, head, n) != SOUK_OK)
        return FORMAT_UNKNOWN;
    if (BEGINS(head, n, "GGUF"))
        return FORMAT_GGUF;
    if (BEGINS(head, n, "PK\3\4") || BEGINS(head, n, "PK\5\6"))
        return zip_format(s);
    if (n >= 8 && memcmp(head + 4, "TFL3", 4) == 0)
        return FORMAT_TFLITE;
    /* Before ONNX: a producer's name can begin so, and the engine would look at this first. */
    if (n >= 8 && memcmp(head + 4, "ORTM", 4) == 0)
        return FORMAT_ORT;
    if (is_hdf5(s, head, n))
        return FORMAT_KERAS;
    if (is_safetensors(head, n))
        return FORMAT_SAFETENSORS;
    if (is_onnx(s))
        return FORMAT_ONNX;
    enum model_format pickle = pickle_format(head, n);
    if (pickle != FORMAT_UNKNOWN)
        return pickle;
    if (is_old_pickle(s, head, n))
        return FORMAT_PICKLE;
    return is_text(head, n, n == s->size) ? FORMAT_TEXT : FORMAT_UNKNOWN;
}
