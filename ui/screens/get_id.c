/* Get by ID: nobody said which file a model is, but its author may have told the user. */
#include "base/mem.h"
#include "ui/getting.h"
#include "ui/screens/form_screen.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

static bool fill(struct form_screen *s)
{
    return form_add(s->form, untrusted("blob ID"),
                    untrusted("43 characters, as the author or the Hub's web page shows it"),
                    untrusted(""));
}

/* What is pasted may have blanks around it, or be a link that ends in the ID. */
static bool find_id(const char *text, blob_id *out)
{
    struct untrusted u = untrusted(text);
    while (u.n && u.p[u.n - 1] == ' ')
        u.n--;
    while (u.n && *u.p == ' ')
        u = untrusted_n(u.p + 1, u.n - 1);
    if (u.n > BLOB_ID_TEXT && u.p[u.n - BLOB_ID_TEXT - 1] == '/')
        u = untrusted_n(u.p + u.n - BLOB_ID_TEXT, BLOB_ID_TEXT);
    return blob_id_parse(u, out);
}

static void submit(struct form_screen *s)
{
    struct get_target *t = s->own;
    if (!find_id(form_value(s->form, 0), &t->id)) {
        form_screen_fault(s, 0,
                          "not a blob ID: 43 letters, digits, - and _, in the one spelling that "
                          "stands for it");
        return;
    }
    t->has_id = true;
    struct getting *g = s->d->getting;
    struct get_target mine = *t;
    app_pop(s->app); /* the form is gone from here on */
    getting_start(g, &mine);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    static const struct form_kind kind = {
        .intro = "No listing, file list or description says which file this model is. With its "
                 "blob ID it can be had all the same, and is proved to be what the ID names; that "
                 "the ID is the author's, you must know.",
        .button = "Get it",
        .fill = fill,
        .submit = submit,
        .own_size = sizeof(struct get_target),
    };
    souk_err c = form_screen_open(a, &kind, self, e);
    if (c == SOUK_OK)
        *(struct get_target *)((struct form_screen *)*self)->own = *(const struct get_target *)arg;
    return c;
}

static void crumb(void *self, struct strip *out)
{
    const struct get_target *t = ((struct form_screen *)self)->own;
    strip_str(out, "get ", ST_DIM);
    strip_untrusted(out, untrusted(t->name), ST_STRONG);
}

const struct screen_ops screen_get_id = {
    .name = "get-id",
    .title = "Get",
    .open = open_screen,
    .close = form_screen_close,
    .draw = form_screen_draw,
    .event = form_screen_event,
    .crumb = crumb,
};
