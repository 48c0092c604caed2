#include "cli/shelf.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"

#include "base/banned.h"

enum { THREADS_MOST = 16, NARROW = 80 };

souk_err shelf_threads(const struct options *o, unsigned *out, struct err *e)
{
    int64_t n;
    souk_err rc = options_int(o, OPT_THREADS, 0, 1, THREADS_MOST, &n, e);
    *out = (unsigned)n;
    return rc;
}

static const char *proof_word(const struct library_row *r)
{
    static const char *const words[] = {
        [VERIFIED_NO] = "no", [VERIFIED_ROWS] = "rows", [VERIFIED_STRICT] = "strict"};
    return words[r->about.verified];
}

static void time_json(struct json_out *o, const char *key, int64_t t)
{
    if (t > 0)
        json_out_int(o, key, t);
    else
        json_out_null(o, key);
}

void library_row_json(struct json_out *o, const struct library_row *r, const char *path)
{
    const struct {
        const char *key;
        struct untrusted value;
    } fields[] = {{"author", r->about.author},
                  {"model", r->about.model},
                  {"version", r->about.version},
                  {"file", r->about.file},
                  {"source", r->about.source}};
    json_out_cstr(o, "blob_id", r->id);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i].value.n > 0)
            json_out_str(o, fields[i].key, fields[i].value);
        else
            json_out_null(o, fields[i].key);
    }
    json_out_int(o, "size", (int64_t)r->size);
    json_out_cstr(o, "verified", proof_word(r));
    time_json(o, "got", r->about.got);
    time_json(o, "used", r->used);
    json_out_bool(o, "partial", r->partial);
    if (path != NULL)
        json_out_str(o, "path", untrusted(path));
    else
        json_out_null(o, "path");
}

void stored_json(struct json_out *o, const char *key, const struct stored *s)
{
    static const char *const words[] = {[STORED_UNKNOWN] = "unknown",
                                        [STORED_UNTIL] = "until",
                                        [STORED_WHILE_KEPT] = "deletable",
                                        [STORED_NO_MORE] = "no more"};
    json_obj_open(o, key);
    json_out_cstr(o, "is", words[s->is]);
    time_json(o, "end_epoch", (int64_t)s->end_epoch);
    time_json(o, "epoch", (int64_t)s->epoch);
    time_json(o, "end", s->end);
    json_out_cstr(o, "reported_by", s->node[0] != '\0' ? s->node : NULL);
    json_obj_close(o);
}

void library_row_name(const struct library_row *r, struct buf *out)
{
    const struct library_about *a = &r->about;
    if (a->author.n > 0) {
        buf_add(out, a->author.p, a->author.n);
        buf_addc(out, '/');
    }
    if (a->model.n > 0)
        buf_add(out, a->model.p, a->model.n);
    else if (a->file.n > 0)
        buf_add(out, a->file.p, a->file.n);
    else
        buf_adds(out, "–");
}

/* --- progress */

struct progress_line progress_line(const struct options *o)
{
    return (struct progress_line){.wanted = !o->set[OPT_QUIET] && isatty(STDERR_FILENO)};
}

void progress_show(struct progress_line *p, const struct buf *text)
{
    struct winsize w = {0};
    struct buf line;
    if (!p->wanted)
        return;
    int cols = ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : NARROW;
    buf_init(&line, 8192);
    text_add(&line, untrusted_n(text->p, text->len), cols - 1, text_locale_charset());
    fprintf(stderr, "\r\033[K%s", line.p);
    fflush(stderr);
    buf_release(&line);
    p->shown = true;
}

void progress_clear(struct progress_line *p)
{
    if (p->shown)
        fputs("\r\033[K", stderr);
    p->shown = false;
}
