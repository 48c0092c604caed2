#include "cli/page.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "market/stats.h"

#include "base/banned.h"

enum { ROW_CAP = 1 << 16 };

void page_title(const char *title, const char *remark)
{
    putchar('\n');
    text_fputs(stdout, untrusted(title));
    if (remark[0]) {
        fputs("  ", stdout);
        text_fputs(stdout, untrusted(remark));
    }
    putchar('\n');
}

void page_line(const char *label, const char *fmt, ...)
{
    char words[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    struct page_row r;
    page_row(&r, label);
    text_add(&r.b, untrusted(words), PAGE_COLS - PAGE_LABEL, r.cs);
    page_row_end(&r);
}

void page_text(const char *label, const char *fmt, ...)
{
    enum { ROOM = PAGE_COLS - PAGE_LABEL };
    char text[2048];
    const char *words = text;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    do {
        size_t n = strlen(words), cut = n;
        if (n > ROOM) {
            for (cut = ROOM; cut > 0 && words[cut] != ' '; cut--) {
            }
            cut = cut ? cut : strcspn(words, " "); /* one word longer than a line */
        }
        page_line(label, "%.*s", (int)cut, words);
        words += cut;
        words += strspn(words, " ");
        label = "";
    } while (*words);
}

void page_row(struct page_row *r, const char *label)
{
    buf_init(&r->b, ROW_CAP);
    r->cs = text_locale_charset();
    if (label)
        page_cell(r, label, PAGE_LABEL - 1);
}

void page_cell(struct page_row *r, const char *s, int cols)
{
    if (cols)
        text_add_padded(&r->b, untrusted(s), cols, r->cs);
    else
        text_add(&r->b, untrusted(s), 0, r->cs);
    buf_addc(&r->b, ' ');
}

void page_row_end(struct page_row *r)
{
    size_t n = r->b.len;
    while (n && r->b.p[n - 1] == ' ')
        n--;
    if (n)
        fwrite(r->b.p, 1, n, stdout);
    putchar('\n');
    buf_release(&r->b);
}

const char *page_ppm(char out[HUMAN_BUF], uint32_t ppm)
{
    return human_percent(out, ppm, PPM);
}

const char *page_hash(char out[HASH_BUF], const uint8_t b[32])
{
    return hex_encode(b, 32, out) + 2; /* without 0x, as digests are written */
}

void page_provenance(const char *label, const struct provenance *p, const char *finality)
{
    char a[HUMAN_BUF], b[HUMAN_BUF];
    if (!p->place[0]) {
        page_line(label, "not read yet");
        return;
    }
    page_line(label, "%s", p->place);
    if (p->chain) {
        page_line("", "chain %lld, blocks %s to %s%s%s", (long long)p->chain,
                  human_count(a, (uint64_t)p->first), human_count(b, (uint64_t)p->last),
                  finality[0] ? ", finality: " : "", finality);
        if (p->hash[0])
            page_line("", "%s", p->hash);
    }
    page_line("", "read %s", human_time(a, p->time));
}

void json_out_ratio(struct json_out *o, const char *key, double v)
{
    char text[32];
    if (!isfinite(v)) {
        json_out_null(o, key);
        return;
    }
    int n = snprintf(text, sizeof text, "%.6g", v);
    json_out_raw(o, key, text, (size_t)n);
}
