#include "ui/widgets/facts.h"

#include "base/banned.h"

static void begin_line(void *ud, struct strip *line)
{
    struct facts *f = ud;
    if (f->first && f->label[0]) {
        strip_str(line, f->label, ST_DIM);
        strip_str(line, " ", ST_DIM); /* a label that is too long still ends somewhere */
    }
    f->first = false;
    strip_pad(line, FACT_LABEL);
}

void facts_init(struct facts *f, struct doc *d, int width, enum text_charset cs)
{
    *f = (struct facts){.doc = d, .width = width, .cs = cs};
}

void fact_begin(struct facts *f, const char *label)
{
    f->label = label;
    f->first = true;
    wrap_init(&f->wrap, f->doc, f->width, f->cs, begin_line, f);
}

void fact_end(struct facts *f)
{
    wrap_end(&f->wrap);
    if (f->first) { /* nothing was said */
        wrap_own(&f->wrap, "–", ST_DIM);
        wrap_end(&f->wrap);
    }
}

void fact_own(struct facts *f, const char *label, const char *own, enum style s)
{
    fact_begin(f, label);
    wrap_own(&f->wrap, own, s);
    fact_end(f);
}

void fact_text(struct facts *f, const char *label, struct untrusted u, enum style s)
{
    fact_begin(f, label);
    wrap_text(&f->wrap, u, s);
    fact_end(f);
}

void fact_strip(struct facts *f, const char *label, const struct strip *s)
{
    struct strip line;
    strip_init(&line, f->cs);
    f->label = label;
    f->first = true;
    begin_line(f, &line);
    for (int i = 0; i < s->n && line.n < STRIP_MAX; i++) {
        line.cell[line.n++] = s->cell[i];
        line.width += s->cell[i].width;
    }
    doc_add(f->doc, &line);
}

void fact_blank(struct facts *f)
{
    doc_blank(f->doc);
}

void fact_title(struct facts *f, const char *own)
{
    struct strip s;
    strip_init(&s, f->cs);
    strip_str(&s, own, ST_TITLE);
    doc_add(f->doc, &s);
}
