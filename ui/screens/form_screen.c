#include "ui/screens/form_screen.h"

#include "base/mem.h"
#include "ui/screens/parts.h"

#include "base/banned.h"

enum { WIDTH = 84, ROOMY = 12 };

void form_screen_close(void *self)
{
    struct form_screen *s = self;
    if (s->kind->close && s->own)
        s->kind->close(s);
    form_free(s->form);
    mem_free(s->own);
    mem_free(s);
}

souk_err form_screen_open(struct app *a, const struct form_kind *kind, void **self, struct err *e)
{
    struct form_screen *s = mem_zalloc(sizeof *s);
    if (!s)
        return err_nomem(e);
    s->app = a;
    s->d = app_domain(a);
    s->kind = kind;
    s->own = mem_zalloc(kind->own_size);
    s->form = s->own ? form_new(kind->button) : NULL;
    if (!s->d->purser || !s->form || !kind->fill(s)) {
        form_screen_close(s);
        return err_nomem(e);
    }
    *self = s;
    return SOUK_OK;
}

void form_screen_draw(void *self, struct canvas *c, struct rect area)
{
    struct form_screen *s = self;
    if (area.w > WIDTH)
        area.w = WIDTH;
    int y = area.y;
    if (area.h > ROOMY) { /* else the fields need the rows more */
        rect_cut_top(&area, 1);
        y = part_words(c, area, area.x + 1, area.y, s->kind->intro, ST_DIM) + 1;
    }
    if (s->failed.code)
        y = part_text(c, area, area.x + 1, y, untrusted(s->failed.msg), ST_BAD) + 1;
    if (s->busy)
        y = part_words(c, area, area.x + 1, y, s->busy, ST_ACCENT) + 1;
    int rest = area.y + area.h - y;
    form_draw(s->form, c, (struct rect){area.x + 1, y, area.w - 2, rest > 1 ? rest : 1});
}

bool form_screen_event(void *self, const struct event *ev)
{
    struct form_screen *s = self;
    enum form_event got = s->busy ? FORM_IGNORED : form_event(s->form, ev);
    if (got == FORM_CHANGED) {
        form_fault(s->form, form_focus(s->form), NULL);
        if (s->kind->changed)
            s->kind->changed(s);
    } else if (got == FORM_DONE) {
        s->failed = (struct err){0};
        s->kind->submit(s);
    } else if (got == FORM_CANCEL) {
        app_pop(s->app);
    }
    return got != FORM_IGNORED;
}

bool form_screen_fault(struct form_screen *s, size_t field, const char *words)
{
    form_fault(s->form, field, words);
    form_focus_on(s->form, field);
    return false;
}
