/* Call other: something that is not in the table: an address of the user's own, a gateway's model.
 */
#include "ui/screens/form_screen.h"
#include "ui/screens/screens.h"

#include "base/banned.h"

static bool fill(struct form_screen *s)
{
    return form_add(s->form, untrusted("call"),
                    untrusted("https://…, gateway:MODEL, author/model, a blob or listing id"),
                    untrusted(""));
}

static void submit(struct form_screen *s)
{
    struct call_arg arg = {.what = form_value(s->form, 0)};
    if (!arg.what[0])
        form_screen_fault(s, 0, "say what is to be called");
    else
        app_replace(s->app, &screen_call, &arg);
}

static souk_err open_screen(struct app *a, void *arg, void **self, struct err *e)
{
    static const struct form_kind kind = {
        .intro =
            "What answers with a price (x402) can be called; what it costs is asked first, and "
            "nothing is signed before you said yes to it.",
        .button = "Go on",
        .fill = fill,
        .submit = submit,
        .own_size = 1,
    };
    (void)arg;
    return form_screen_open(a, &kind, self, e);
}

const struct screen_ops screen_call_other = {
    .name = "call-other",
    .title = "Call",
    .open = open_screen,
    .close = form_screen_close,
    .draw = form_screen_draw,
    .event = form_screen_event,
};
