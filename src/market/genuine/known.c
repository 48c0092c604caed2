#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/paths.h"
#include "market/genuine.h"

#include "base/banned.h"

enum { KNOWN_BYTES = 4 << 20, KNOWN_ROWS = 65536, WORDS_MAX = 200 };

static const char *const kind_names[KNOWN_KINDS] = {
    [KNOWN_AUTHOR] = "author", [KNOWN_HUB] = "hub", [KNOWN_TRUSTED] = "trusted"};

static const char blanks[] = " \t\r";

/* One line, cut into its words. rest: up to its end, blanks cut off. */
struct line {
    const char *p;
    size_t n;
    const char *rest;
    size_t rest_n;
};

static struct line first_word(const char *p, size_t n)
{
    while (n && strchr(blanks, *p)) {
        p++;
        n--;
    }
    while (n && strchr(blanks, p[n - 1])) {
        n--;
    }
    struct line l = {p, 0, p, n};
    while (l.n < n && !strchr(blanks, p[l.n])) {
        l.n++;
    }
    l.rest += l.n;
    l.rest_n -= l.n;
    while (l.rest_n && strchr(blanks, *l.rest)) {
        l.rest++;
        l.rest_n--;
    }
    return l;
}

static bool says_something(struct line l)
{
    return l.n && *l.p != '#';
}

const char *known_kind_name(enum known_kind k)
{
    return kind_names[k];
}

int known_kind_of(const char *word, size_t n)
{
    for (int k = 0; k < KNOWN_KINDS; k++) {
        if (strlen(kind_names[k]) == n && memcmp(kind_names[k], word, n) == 0) {
            return k;
        }
    }
    return -1;
}

static souk_err check_words(int kind, size_t n, struct err *e)
{
    if (kind == KNOWN_AUTHOR && n == 0) {
        return err_set(e, SOUK_EINPUT, "the author's name is missing: 0xADDRESS author NAME");
    }
    if (n > WORDS_MAX) {
        return err_set(e, SOUK_EINPUT, "more than %d bytes behind the address", WORDS_MAX);
    }
    return SOUK_OK;
}

static souk_err read_row(const char *p, size_t n, struct known_row *row, struct err *e)
{
    struct line l = first_word(p, n);
    if (!address_parse(l.p, l.n, &row->a)) {
        return err_set(e, SOUK_EINPUT,
                       "\"%.*s\" is not an address: 0x and 40 hex digits are wanted, in one case "
                       "or with a right checksum",
                       (int)(l.n < 60 ? l.n : 60), l.p);
    }
    struct line k = first_word(l.rest, l.rest_n);
    int kind = known_kind_of(k.p, k.n);
    if (kind < 0) {
        return err_set(e, SOUK_EINPUT,
                       "\"%.*s\" says nothing: author NAME, hub or trusted is wanted",
                       (int)(k.n < 40 ? k.n : 40), k.p);
    }
    souk_err rc = check_words(kind, k.rest_n, e);
    if (rc) {
        return rc;
    }
    row->kind = (enum known_kind)kind;
    row->words = mem_strndup(k.rest, k.rest_n);
    return row->words ? SOUK_OK : err_nomem(e);
}

static souk_err add_row(struct known *k, const char *p, size_t n, unsigned line, struct err *e)
{
    if ((k->n & (k->n - 1)) == 0) { /* room is the next power of two */
        struct known_row *grown = mem_resize(k->row, (k->n ? k->n * 2 : 1) * sizeof *grown);
        if (!grown) {
            return err_nomem(e);
        }
        k->row = grown;
    }
    if (k->n == KNOWN_ROWS) {
        return err_set(e, SOUK_EINPUT, "more than %d addresses", KNOWN_ROWS);
    }
    struct known_row *row = &k->row[k->n];
    *row = (struct known_row){.line = line};
    souk_err rc = read_row(p, n, row, e);
    k->n += rc == SOUK_OK;
    return rc;
}

static int by_address(const void *x, const void *y)
{
    const struct known_row *a = x, *b = y;
    int c = memcmp(a->a.b, b->a.b, sizeof a->a.b);
    return c ? c : a->line < b->line ? -1 : a->line > b->line;
}

/* Sorts; no address may be told of twice. */
static souk_err settle(struct known *k, const char *name, struct err *e)
{
    if (k->n > 1) {
        qsort(k->row, k->n, sizeof *k->row, by_address);
    }
    for (size_t i = 1; i < k->n; i++) {
        if (address_eq(k->row[i].a, k->row[i - 1].a)) {
            return err_set(e, SOUK_EINPUT, "%s:%u: this address is on line %u already", name,
                           k->row[i].line, k->row[i - 1].line);
        }
    }
    return SOUK_OK;
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        h = (h ^ ((const uint8_t *)p)[i]) * 0x100000001b3u;
    }
    return h;
}

/* What the file says, not how: order, remarks and blanks change nothing. */
static uint64_t print_of(const struct known *k)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (size_t i = 0; i < k->n; i++) {
        const struct known_row *r = &k->row[i];
        uint8_t kind = (uint8_t)r->kind;
        h = mix(mix(h, r->a.b, sizeof r->a.b), &kind, 1);
        if (r->kind == KNOWN_AUTHOR) {
            h = mix(h, r->words, strlen(r->words) + 1);
        }
    }
    return h;
}

souk_err known_parse(const char *name, const char *text, size_t n, struct known *k, struct err *e)
{
    struct err own = {SOUK_OK, ""};
    e = e ? e : &own; /* err_prefix needs one */
    souk_err rc = SOUK_OK;
    if (n > KNOWN_BYTES || (n && memchr(text, '\0', n))) {
        return err_set(e, SOUK_EINPUT, "%s: this is no list of addresses", name);
    }
    unsigned line = 1;
    for (size_t at = 0; at < n && !rc; line++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end ? (size_t)(end - (text + at)) : n - at;
        if (says_something(first_word(text + at, len))) {
            rc = add_row(k, text + at, len, line, e);
            if (rc) {
                err_prefix(e, "%s:%u", name, line);
            }
        }
        at += len + 1;
    }
    if (!rc) {
        rc = settle(k, name, e);
    }
    k->print = print_of(k);
    return rc;
}

void known_release(struct known *k)
{
    for (size_t i = 0; i < k->n; i++) {
        mem_free(k->row[i].words);
    }
    mem_free(k->row);
    k->row = NULL;
    k->n = 0;
}

/* The file's bytes; nothing when there is no file. */
static souk_err read_file(const char *path, struct buf *b, bool *found, struct err *e)
{
    char part[4096];
    FILE *f = fopen(path, "rbe");
    *found = f != NULL;
    if (!f) {
        return errno == ENOENT
                   ? SOUK_OK
                   : err_set(e, SOUK_EINPUT, "cannot open %s: %s", path, strerror(errno));
    }
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;) {
        buf_add(b, part, n);
    }
    souk_err rc = ferror(f) ? err_set(e, SOUK_EINPUT, "cannot read %s: %s", path, strerror(errno))
                            : buf_check(b, path, e);
    fclose(f);
    return rc;
}

souk_err known_load(struct known *k, struct err *e)
{
    struct buf b;
    memset(k, 0, sizeof *k);
    souk_err rc = paths_get(PATH_CONFIG, "known", k->path, e);
    if (rc) {
        return rc;
    }
    buf_init(&b, KNOWN_BYTES);
    rc = read_file(k->path, &b, &k->found, e);
    if (!rc) {
        rc = known_parse(k->path, b.p, b.len, k, e);
    }
    buf_release(&b);
    if (rc) {
        known_release(k);
    }
    return rc;
}

/* --- changing it */

/* Written beside and put in its place: the file is the old one or the new one, never half of it. */
static souk_err write_file(const char *path, const struct buf *b, struct err *e)
{
    char fresh[PATH_BUF + 8];
    snprintf(fresh, sizeof fresh, "%s.new", path);
    FILE *f = fopen(fresh, "wbe");
    bool good =
        f && fwrite(b->p, 1, b->len, f) == b->len && fflush(f) == 0 && fsync(fileno(f)) == 0;
    good = f && fclose(f) == 0 && good;
    if (!good || rename(fresh, path) != 0) {
        err_set(e, SOUK_EINPUT, "cannot write %s: %s; nothing was changed", path, strerror(errno));
        unlink(fresh);
        return SOUK_EINPUT;
    }
    return SOUK_OK;
}

static void put_row(struct buf *b, address a, int kind, const char *words)
{
    char text[ADDRESS_BUF];
    bool more = words && words[0];
    buf_addf(b, "%s %s%s%s\n", address_format(a, text), kind_names[kind], more ? " " : "",
             more ? words : "");
}

/* The old text with this address's line replaced, taken away, or added at the end. All other lines
 * stay as the user wrote them. */
static bool edit(const struct buf *old, address a, int kind, const char *words, struct buf *b)
{
    bool there = false;
    for (size_t at = 0; at < old->len;) {
        const char *p = old->p + at, *end = memchr(p, '\n', old->len - at);
        size_t len = end ? (size_t)(end - p) : old->len - at;
        struct line l = first_word(p, len);
        address of;
        if (says_something(l) && address_parse(l.p, l.n, &of) && address_eq(of, a)) {
            there = true;
            if (kind >= 0) {
                put_row(b, a, kind, words);
            }
        } else {
            buf_add(b, p, len);
            buf_addc(b, '\n');
        }
        at += len + 1;
    }
    if (!there && kind >= 0) {
        put_row(b, a, kind, words);
    }
    return there;
}

souk_err known_set(address a, int kind, const char *words, struct err *e)
{
    struct known k;
    struct buf old, b;
    words = words ? words + strspn(words, blanks) : ""; /* blanks alone say nothing */
    if (kind >= KNOWN_KINDS || (kind >= 0 && strpbrk(words, "\n\r"))) {
        return err_set(e, SOUK_EINPUT, "a remark is one line");
    }
    souk_err rc = kind < 0 ? SOUK_OK : check_words(kind, strlen(words), e);
    if (!rc) {
        rc = known_load(&k, e); /* a file with a wrong line is not written over */
    }
    if (rc) {
        return rc;
    }
    buf_init(&old, KNOWN_BYTES);
    buf_init(&b, KNOWN_BYTES);
    bool found = false;
    rc = read_file(k.path, &old, &found, e);
    if (!rc && !edit(&old, a, kind, words, &b) && kind < 0) {
        char text[ADDRESS_BUF];
        rc = err_set(e, SOUK_ENOTFOUND, "%s says nothing of %s", k.path, address_format(a, text));
    }
    if (!rc) {
        rc = buf_check(&b, k.path, e);
    }
    if (!rc) { /* what is written can be read again */
        known_release(&k);
        rc = known_parse(k.path, b.p, b.len, &k, e);
    }
    if (!rc) {
        rc = write_file(k.path, &b, e);
    }
    buf_release(&old);
    buf_release(&b);
    known_release(&k);
    return rc;
}
