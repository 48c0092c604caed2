#include "ui/widgets/docview.h"

#include "base/banned.h"

enum { MARGINS = 3, WIDTH_MIN = 20 };

void docview_init(struct docview *v)
{
    doc_init(&v->text);
    textview_init(&v->view);
    v->width = 0;
}

void docview_release(struct docview *v)
{
    doc_release(&v->text);
}

void docview_stale(struct docview *v)
{
    v->width = 0;
}

void docview_again(struct docview *v)
{
    textview_init(&v->view);
    v->width = 0;
}

int docview_width(struct rect area)
{
    return area.w - MARGINS > WIDTH_MIN ? area.w - MARGINS : WIDTH_MIN;
}

bool docview_begin(struct docview *v, int width)
{
    if (v->width == width)
        return false;
    doc_release(&v->text);
    v->width = width;
    return true;
}

void docview_draw(struct docview *v, struct canvas *c, struct rect area, bool focused)
{
    textview_show(&v->view, &v->text);
    textview_draw(&v->view, c, (struct rect){area.x + 1, area.y, area.w - 1, area.h}, focused);
}
